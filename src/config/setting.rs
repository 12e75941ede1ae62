//! How each type of setting is read and what it accepts.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;

use super::address::{HostName, LoopbackAddress, WebOrigin};
use super::authority::{AcmeDirectory, Contact};
use super::key::{Range, Raw};
use super::updates::{FeedPlace, UpdateWindow};
use crate::platform::secret::Secret;

/// The longest text a setting may hold, in bytes.
const TEXT_BYTES_MAX: usize = 4096;
/// The most entries a list may hold.
const LIST_ENTRIES_MAX: usize = 256;

/// The shape of a value in the file; decides how the text of a variable or flag is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Secret,
    Whole,
    Switch,
    List,
}

impl Kind {
    /// Takes the text of an environment variable or flag.
    pub(super) fn parse(self, text: &str) -> Result<Raw, String> {
        match self {
            Self::Text | Self::Secret => Ok(Raw::Text(text.to_owned())),
            Self::Whole => match text.trim().parse() {
                Ok(number) => Ok(Raw::Whole(number)),
                Err(_) => Err(format!("must be a whole number, not {text:?}")),
            },
            Self::Switch => match text.trim() {
                "true" => Ok(Raw::Switch(true)),
                "false" => Ok(Raw::Switch(false)),
                _ => Err(format!("must be true or false, not {text:?}")),
            },
            Self::List => {
                let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
                Ok(Raw::List(entries.map(ToOwned::to_owned).collect()))
            }
        }
    }
}

/// A type that a setting can have.
pub(super) trait Setting: Sized {
    const KIND: Kind;
    /// What a value looks like, in words, for messages and the reference.
    const SHAPE: &'static str;

    fn read(raw: &Raw, range: Range) -> Result<Self, String>;
}

/// Checks a value without keeping it.
pub(super) fn check<T: Setting>(raw: &Raw, range: Range) -> Result<(), String> {
    T::read(raw, range).map(drop)
}

/// A setting that is one of a few words.
pub(super) trait Choice: Sized + Copy + 'static {
    const WORDS: &'static [(&'static str, Self)];
    const SHAPE: &'static str;
}

impl<T: Choice> Setting for T {
    const KIND: Kind = Kind::Text;
    const SHAPE: &'static str = <T as Choice>::SHAPE;

    fn read(raw: &Raw, _: Range) -> Result<Self, String> {
        let word = text_of::<Self>(raw)?;
        let found = Self::WORDS.iter().find(|(name, _)| *name == word);
        found.map(|(_, choice)| *choice).ok_or_else(|| unlike::<Self>(word))
    }
}

impl Setting for u64 {
    const KIND: Kind = Kind::Whole;
    const SHAPE: &'static str = "a whole number";

    fn read(raw: &Raw, range: Range) -> Result<Self, String> {
        let Raw::Whole(number) = raw else { return Err(wrong_type::<Self>(raw)) };
        if !(range.min..=range.max).contains(number) {
            return Err(format!("must be from {} to {}, not {number}", range.min, range.max));
        }
        Self::try_from(*number).map_err(|_| format!("must not be negative, not {number}"))
    }
}

impl Setting for usize {
    const KIND: Kind = Kind::Whole;
    const SHAPE: &'static str = <u64 as Setting>::SHAPE;

    fn read(raw: &Raw, range: Range) -> Result<Self, String> {
        let number = <u64 as Setting>::read(raw, range)?;
        Self::try_from(number).map_err(|_| format!("is too large for this machine: {number}"))
    }
}

impl Setting for bool {
    const KIND: Kind = Kind::Switch;
    const SHAPE: &'static str = "true or false";

    fn read(raw: &Raw, _: Range) -> Result<Self, String> {
        match raw {
            Raw::Switch(on) => Ok(*on),
            _ => Err(wrong_type::<Self>(raw)),
        }
    }
}

impl Setting for PathBuf {
    const KIND: Kind = Kind::Text;
    const SHAPE: &'static str = "a path";

    fn read(raw: &Raw, _: Range) -> Result<Self, String> {
        match text_of::<Self>(raw)? {
            "" => Err("must not be empty".to_owned()),
            path => Ok(Self::from(path)),
        }
    }
}

/// An empty text means "not set" for these.
macro_rules! optional {
    ($type:ty, $shape:literal, $read:expr) => {
        impl Setting for Option<$type> {
            const KIND: Kind = Kind::Text;
            const SHAPE: &'static str = $shape;

            fn read(raw: &Raw, _: Range) -> Result<Self, String> {
                match text_of::<Self>(raw)? {
                    "" => Ok(None),
                    text => $read(text).map(Some).ok_or_else(|| unlike::<Self>(text)),
                }
            }
        }
    };
}

optional!(PathBuf, "a path, or empty", |text: &str| Some(PathBuf::from(text)));
optional!(
    SocketAddr,
    "an IP address with a port such as `0.0.0.0:8443` or `[::]:8443`, or empty for off",
    |text: &str| text.parse::<SocketAddr>().ok()
);
optional!(jiff::tz::TimeZone, "a time zone such as `Europe/Berlin`, or empty", |text: &str| {
    jiff::tz::TimeZone::get(text).ok()
});
optional!(
    LoopbackAddress,
    "a loopback address with a port such as `127.0.0.1:8080`, or empty for off",
    LoopbackAddress::parse
);
optional!(
    WebOrigin,
    "an address such as `https://box.example.org` without a path, or empty",
    WebOrigin::parse
);

optional!(
    FeedPlace,
    "an address that begins with `https`, the absolute path of a folder, or empty",
    FeedPlace::parse
);
optional!(
    UpdateWindow,
    "times of day such as `02:00-04:00` or `Sat,Sun 02:00-04:00`, or empty",
    UpdateWindow::parse
);
optional!(Contact, "a mail address such as `ops@example.org`, or empty", Contact::parse);

impl Setting for AcmeDirectory {
    const KIND: Kind = Kind::Text;
    const SHAPE: &'static str = "`letsencrypt`, `staging` or an address that begins with `https`";

    fn read(raw: &Raw, _: Range) -> Result<Self, String> {
        let text = text_of::<Self>(raw)?;
        Self::parse(text).ok_or_else(|| unlike::<Self>(text))
    }
}

impl Setting for String {
    const KIND: Kind = Kind::Text;
    const SHAPE: &'static str = "a text, or empty";

    fn read(raw: &Raw, _: Range) -> Result<Self, String> {
        text_of::<Self>(raw).map(ToOwned::to_owned)
    }
}

macro_rules! list {
    ($type:ty, $shape:literal, $read:expr) => {
        impl Setting for Vec<$type> {
            const KIND: Kind = Kind::List;
            const SHAPE: &'static str = $shape;

            fn read(raw: &Raw, _: Range) -> Result<Self, String> {
                let Raw::List(entries) = raw else { return Err(wrong_type::<Self>(raw)) };
                if entries.len() > LIST_ENTRIES_MAX {
                    return Err(format!("must have at most {LIST_ENTRIES_MAX} entries"));
                }
                let read_one = |text: &String| $read(text).ok_or_else(|| unlike::<Self>(text));
                entries.iter().map(read_one).collect()
            }
        }
    };
}

list!(WebOrigin, "a list of origins such as `https://app.example.org`", WebOrigin::parse);
list!(
    HostName,
    "a list of host names and IP addresses such as `[\"box.lan\", \"192.168.1.5\"]`",
    HostName::parse
);
list!(IpNet, "a list of networks such as `[\"192.168.1.0/24\", \"::1\"]`", |text: &str| match text
    .parse::<IpNet>(
) {
    Ok(network) => Some(network.trunc()),
    Err(_) => text.parse::<IpAddr>().ok().map(IpNet::from),
});

impl Setting for Secret {
    const KIND: Kind = Kind::Secret;
    const SHAPE: &'static str = "a secret text, or empty";

    /// Says nothing of the value, whatever is wrong with it.
    fn read(raw: &Raw, range: Range) -> Result<Self, String> {
        let secret = text_of::<Self>(raw)?;
        let length = i64::try_from(secret.len()).unwrap_or(i64::MAX);
        if !secret.is_empty() && !(range.min..=range.max).contains(&length) {
            return Err(format!("must have {} to {} characters", range.min, range.max));
        }
        Ok(Self::new(secret))
    }
}

fn text_of<T: Setting>(raw: &Raw) -> Result<&str, String> {
    let Raw::Text(text) = raw else { return Err(wrong_type::<T>(raw)) };
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("must have at most {TEXT_BYTES_MAX} bytes"));
    }
    if text.chars().any(char::is_control) {
        return Err("must not hold control characters".to_owned());
    }
    Ok(text)
}

fn wrong_type<T: Setting>(raw: &Raw) -> String {
    format!("must be {}, not {}", T::SHAPE, raw.type_name())
}

fn unlike<T: Setting>(text: &str) -> String {
    format!("must be {}, not {text:?}", T::SHAPE)
}

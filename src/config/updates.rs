//! `[updates]`: where releases of the box come from, and when it takes them.

use std::fmt;
use std::path::PathBuf;

use super::key::{Declared, Fallback, Range, section, text, whole};
use super::setting::Choice;
use crate::platform::updates::release::Channel;

section! {
    /// Where new releases come from, whose signatures are believed, and when they are taken.
    Updates = "updates" {
        /// The feed of signed releases: an address that begins with `https` (or with `http` on
        /// this machine), or a folder. Empty: the box asks nobody, and releases come as files.
        feed: Option<FeedPlace> = text(""),
        /// Which releases are taken: `stable`, `beta` or `staging`.
        channel: Channel = text("stable"),
        /// The first root of the feed, a `1.root.json`: it says whose signatures are believed.
        root: Option<PathBuf> = text(""),
        /// `manual`: a person confirms each update. `auto-patch`: releases that change no
        /// database are taken by themselves in the window. `security-only`: of those only the ones
        /// that mend a weakness.
        policy: UpdatePolicy = text("manual"),
        /// When updates begin by themselves, such as `02:00-04:00` or `Sat,Sun 02:00-04:00`, in
        /// the zone of `notices.time_zone`. Empty: at any time.
        window: Option<UpdateWindow> = text(""),
        /// How long a new release is watched before it is kept.
        probation_seconds: u64 = whole(600, "seconds", 5, 86_400),
        /// How long a rehearsal may show nothing new before it is taken to hang. One change of a
        /// very large database shows nothing while it runs.
        rehearsal_silence_seconds: u64 = whole(300, "seconds", 5, 86_400),
        /// How large a release may be that is sent to the box as a file.
        bundle_size_bytes_max: u64 = BUNDLE,
    }
}

const BUNDLE: Declared = Declared {
    default: Fallback::Whole(1_073_741_824),
    range: Range { min: 1_048_576, max: 17_179_869_184, unit: "bytes" },
};

impl Choice for Channel {
    const WORDS: &'static [(&'static str, Self)] =
        &[("staging", Self::Staging), ("beta", Self::Beta), ("stable", Self::Stable)];
    const SHAPE: &'static str = "`stable`, `beta` or `staging`";
}

/// Which updates begin without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdatePolicy {
    Manual,
    AutoPatch,
    SecurityOnly,
}

impl UpdatePolicy {
    pub fn name(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::AutoPatch => "auto-patch",
            Self::SecurityOnly => "security-only",
        }
    }
}

impl Choice for UpdatePolicy {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("manual", Self::Manual),
        ("auto-patch", Self::AutoPatch),
        ("security-only", Self::SecurityOnly),
    ];
    const SHAPE: &'static str = "`manual`, `auto-patch` or `security-only`";
}

/// Where a feed is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedPlace {
    /// The address of the folder that holds `metadata/` and `targets/`.
    Web(String),
    Folder(PathBuf),
}

impl FeedPlace {
    /// Reads an address or an absolute path. Plain HTTP is for this machine alone.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.starts_with('/') {
            return Some(Self::Folder(PathBuf::from(text)));
        }
        let (scheme, rest) = text.split_once("://")?;
        let host = rest.split('/').next()?;
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"@#?\"<>\\".contains(&byte);
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let is_here = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
        let is_safe = scheme == "https" || (scheme == "http" && is_here);
        let fits = is_safe && !name.is_empty() && text.bytes().all(is_plain);
        fits.then(|| Self::Web(text.trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for FeedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Web(address) => f.write_str(address),
            Self::Folder(path) => path.display().fmt(f),
        }
    }
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MINUTES_PER_DAY: u16 = 24 * 60;

/// Part of some days of the week. It may go over midnight; then the day is the one it begins on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpdateWindow {
    /// Monday first.
    days: [bool; 7],
    /// Minutes after midnight.
    from: u16,
    until: u16,
}

impl UpdateWindow {
    /// Reads `02:00-04:00`, with days in front such as `Sat,Sun` or `Mon-Fri`.
    pub fn parse(text: &str) -> Option<Self> {
        let (days, hours) = match text.trim().rsplit_once(' ') {
            Some((days, hours)) => (days_of(days.trim())?, hours),
            None => ([true; 7], text.trim()),
        };
        let (from, until) = hours.split_once('-')?;
        let (from, until) = (minutes(from)?, minutes(until)?);
        (from != until).then_some(Self { days, from, until })
    }

    /// Whether a time of day is in it. `day` counts from Monday, 0 to 6; `minute` from midnight.
    pub fn holds(&self, day: u8, minute: u16) -> bool {
        let is_on = |day: u8| self.days.get(usize::from(day % 7)).copied().unwrap_or_default();
        if self.from < self.until {
            return is_on(day) && (self.from..self.until).contains(&minute);
        }
        let is_of_yesterday = minute < self.until && is_on(day + 6);
        is_of_yesterday || (minute >= self.from && is_on(day))
    }
}

impl fmt::Display for UpdateWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days.contains(&false) {
            let on = DAYS.iter().zip(self.days).filter(|(_, is_on)| *is_on);
            write!(f, "{} ", on.map(|(name, _)| *name).collect::<Vec<_>>().join(","))?;
        }
        let Self { from, until, .. } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
    }
}

fn days_of(text: &str) -> Option<[bool; 7]> {
    let number = |name: &str| DAYS.iter().position(|day| day.eq_ignore_ascii_case(name.trim()));
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(part)?, number(part)?),
        };
        let length = (last + 7 - first) % 7;
        for day in first..=first + length {
            *days.get_mut(day % 7)? = true;
        }
    }
    Some(days)
}

fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|one| one.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
    let total = hour * 60 + minute;
    (minute < 60 && total < MINUTES_PER_DAY).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_a_safe_address_or_a_folder() {
        let web = FeedPlace::parse("https://updates.example.com/holdfast/").unwrap();
        assert_eq!(web.to_string(), "https://updates.example.com/holdfast");
        assert_eq!(
            FeedPlace::parse("http://127.0.0.1:8000"),
            Some(FeedPlace::Web("http://127.0.0.1:8000".to_owned()))
        );
        assert_eq!(FeedPlace::parse("/srv/feed"), Some(FeedPlace::Folder("/srv/feed".into())));
        for bad in [
            "http://updates.example.com",
            "https://",
            "https://a@b/",
            "ftp://a",
            "feed",
            "https://:1/",
            "http://127.0.0.1.example.com/",
        ] {
            assert_eq!(FeedPlace::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_window_may_name_days_and_go_over_midnight() {
        let every = UpdateWindow::parse("02:00-04:00").unwrap();
        assert!(every.holds(0, 120) && every.holds(6, 239));
        assert!(!every.holds(0, 240) && !every.holds(0, 119));

        let late = UpdateWindow::parse("Fri,Sat 23:00-01:30").unwrap();
        assert!(late.holds(4, 23 * 60) && late.holds(5, 89), "Friday night");
        assert!(late.holds(6, 0), "after Saturday");
        assert!(!late.holds(4, 0), "Thursday was none");
        assert_eq!(late.to_string(), "Fri,Sat 23:00-01:30");

        let over = UpdateWindow::parse("Sat-Mon 10:00-11:00").unwrap();
        assert!(over.holds(5, 600) && over.holds(6, 600) && over.holds(0, 600));
        assert!(!over.holds(1, 600));
    }

    #[test]
    fn what_is_no_window_is_refused() {
        let bad = [
            "",
            "2:00-4:00",
            "02:00",
            "02:00-02:00",
            "25:00-26:00",
            "02:60-03:00",
            "Foo 02:00-03:00",
        ];
        for text in bad {
            assert_eq!(UpdateWindow::parse(text), None, "{text}");
        }
    }
}

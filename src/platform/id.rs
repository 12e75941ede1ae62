//! Ids: UUIDv7 made in the app, typed by what they name.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use uuid::Uuid;

use super::clock::Moment;

/// The id of a `T`. `Id<Item>` and `Id<Location>` cannot be mistaken for each other.
pub struct Id<T> {
    uuid: Uuid,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, of: PhantomData }
    }

    pub const fn uuid(self) -> Uuid {
        self.uuid
    }

    /// When the id was made, by the clock of its maker.
    pub fn made_at(self) -> Option<Moment> {
        let (seconds, nanos) = self.uuid.get_timestamp()?.to_unix();
        let millis = i64::try_from(seconds).ok()?.checked_mul(1_000)?;
        millis.checked_add(i64::from(nanos / 1_000_000)).map(Moment)
    }

    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.uuid.as_bytes()
    }

    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::from_uuid(Uuid::from_bytes(bytes))
    }

    /// The same id seen as the id of something else, e.g. of any object in the audit log.
    pub const fn cast<U>(self) -> Id<U> {
        Id::from_uuid(self.uuid)
    }
}

/// Any object, where the kind is said beside it.
pub enum Anything {}
pub type ObjectId = Id<Anything>;

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.as_hyphenated().fmt(f)
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<T> FromStr for Id<T> {
    type Err = uuid::Error;

    /// Reads the hyphenated form only, so that one object has one spelling.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return Uuid::parse_str("").map(Self::from_uuid);
        }
        Uuid::try_parse(text).map(Self::from_uuid)
    }
}

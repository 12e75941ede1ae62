//! Randomness: secrets from the operating system, ids that sort by time.

use uuid::Uuid;

use super::clock::Clock;
use super::id::Id;

/// Makes ids and secrets. Ids carry the clock's time, so tests with a fixed clock get ids of
/// that time.
#[derive(Debug, Clone)]
pub struct Random {
    clock: Clock,
}

impl Random {
    pub fn new(clock: Clock) -> Self {
        Self { clock }
    }

    /// Makes a UUIDv7: 48 bits of time, 74 random bits.
    pub fn id<T>(&self) -> Id<T> {
        let millis = u64::try_from(self.clock.now().0).unwrap_or(0);
        Id::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid())
    }

    /// Fills `N` bytes from the operating system's generator.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        getrandom::fill(&mut bytes).expect("the operating system always has randomness");
        bytes
    }

    pub fn uuid(&self) -> Uuid {
        self.id::<()>().uuid()
    }
}

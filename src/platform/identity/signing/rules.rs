//! How long a key signs, and how long it is still believed.

use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::id::Id;

/// A key signs for so long.
pub const SIGNS_FOR: Duration = Duration::from_hours(90 * 24);
/// No access token lives longer, so a key is believed for so long after it signed the last one.
pub const TOKEN_LIFE_MAX: Duration = Duration::from_hours(1);
pub const KEY_BYTES: usize = 32;

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub id: KeyId,
    pub public_key: [u8; KEY_BYTES],
    /// While it signs.
    pub sealed_seed: Option<Vec<u8>>,
    pub created_at: Moment,
    pub retired_at: Option<Moment>,
}
pub type KeyId = Id<Kept>;

impl Kept {
    /// Whether tokens may still be in use that it signed.
    pub fn is_believed(&self, now: Moment) -> bool {
        self.retired_at.is_none_or(|at| now < at.plus(TOKEN_LIFE_MAX))
    }
}

/// Whether a key made then has signed long enough.
pub fn is_due(created_at: Moment, now: Moment) -> bool {
    now.since(created_at) >= SIGNS_FOR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_signs_ninety_days_and_is_believed_until_its_last_token_is_over() {
        let made = Moment(0);
        let retired = made.plus(SIGNS_FOR);
        let kept = |retired_at| Kept {
            id: Id::from_bytes([1; 16]),
            public_key: [0; KEY_BYTES],
            sealed_seed: None,
            created_at: made,
            retired_at,
        };
        let millisecond = Duration::from_millis(1);

        assert!(!is_due(made, retired.minus(millisecond)));
        assert!(is_due(made, retired));
        assert!(kept(None).is_believed(retired.plus(SIGNS_FOR)));
        let over = retired.plus(TOKEN_LIFE_MAX);
        assert!(kept(Some(retired)).is_believed(over.minus(millisecond)));
        assert!(!kept(Some(retired)).is_believed(over));
    }
}

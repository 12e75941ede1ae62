//! How packs stand.

use std::time::Duration;

/// Blobs of new packs that are noted in one transaction.
pub(super) const NOTED_AT_ONCE: usize = 5_000;
/// A pack that no base needs is forgotten when it is so old: that of a base that is being made is
/// noted before the base.
pub(super) const UNUSED_KEPT: Duration = Duration::from_hours(48);

/// How a pack stands at a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::platform::backups) enum Standing {
    /// It was fetched back and found whole.
    There,
    /// Something of a base that needs it was found damaged.
    Doubtful,
}

impl Standing {
    pub(in crate::platform::backups) fn name(self) -> &'static str {
        match self {
            Self::There => "there",
            Self::Doubtful => "doubtful",
        }
    }
}

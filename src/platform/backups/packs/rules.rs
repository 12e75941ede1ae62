//! How packs stand.

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

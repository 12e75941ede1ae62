//! What a target did instead of what it was asked.

use std::time::Duration;

use crate::platform::secret::Secret;

/// Characters of what a server said that are shown.
const SAID_MAX: usize = 300;
/// A shorter secret would be found in every text.
const HIDDEN_LENGTH_MIN: usize = 4;

/// Why a target did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub why: Why,
    /// One sentence for a person. No secret is in it.
    pub detail: String,
    /// The target asked not to be tried again before.
    pub retry_after: Option<Duration>,
    /// What HTTP said.
    pub(super) status: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There is no such file.
    Missing,
    /// There is a file of that name already.
    Exists,
    /// The target does not let the box do it.
    Denied,
    /// It has no room left.
    Full,
    /// It cannot be reached, is busy, or broke off: trying again may help.
    Unreachable,
    Other,
}

impl Fault {
    pub fn new(why: Why, detail: impl Into<String>) -> Self {
        Self { why, detail: detail.into(), retry_after: None, status: None }
    }

    pub(super) fn unreachable(detail: impl Into<String>) -> Self {
        Self::new(Why::Unreachable, detail)
    }

    /// Says in front of it what was tried.
    pub(super) fn of(self, what: &str, name: &str) -> Self {
        let detail = match name {
            "" => format!("{what}: {}", self.detail),
            _ => format!("{name} {what}: {}", self.detail),
        };
        Self { detail, ..self }
    }

    /// Without secrets that a server may have said after us.
    pub(super) fn hiding(self, hidden: &[Secret]) -> Self {
        let mut detail = self.detail;
        for secret in hidden.iter().filter(|it| it.reveal().len() >= HIDDEN_LENGTH_MIN) {
            detail = detail.replace(secret.reveal(), "…");
        }
        Self { detail, ..self }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Fault {}

/// What a server said, as a part of a sentence.
pub(super) fn said(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().filter(|one| !one.is_control()).take(SAID_MAX).collect()
}

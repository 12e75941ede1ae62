//! The one-time link, and what the box is called.

use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::id::Id;

/// A link can be used for so long.
pub const LINK_LIFE: Duration = Duration::from_hours(24);
/// Random bytes in a token.
pub const TOKEN_BYTES: usize = 16;
pub const SETUP_THROTTLED: &str = "setup-throttled";

pub const CODES: &[Code] = &[
    code(
        "setup-token-wrong",
        "The set-up link is not the one this box gave last.",
        "Use the newest link; `holdfast setup-link` on the box makes a new one.",
    ),
    code(
        "setup-token-expired",
        "The set-up link is older than 24 hours.",
        "Make a new one with `holdfast setup-link` on the box.",
    ),
    code(
        SETUP_THROTTLED,
        "Too many wrong set-up links were tried from this network.",
        "Wait as long as Retry-After says.",
    ),
    code(
        "setup-done",
        "The box has an operator, so there is no set-up link any more.",
        "Sign in, or let an operator invite you.",
    ),
    code(
        "setup-needed",
        "The box has no operator yet.",
        "Open the set-up link; `holdfast setup-link` makes a new one.",
    ),
];

/// The box itself.
pub enum TheBox {}
pub type BoxId = Id<TheBox>;

/// What is kept of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptLink {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    pub expires_at: Moment,
    /// Somebody asked for it at the command line, so a restart lets it live.
    pub is_asked_for: bool,
}

/// Whether the box belongs to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    Unclaimed,
    /// Its name.
    Claimed(String),
}

/// What a starting box has for the person who will own it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// A link nobody saw yet.
    New(String),
    /// Somebody has one. It cannot be shown again, only its hash is kept.
    Kept {
        until: Moment,
    },
    Claimed,
}

impl KeptLink {
    /// How long a starting box lets the link live. One it printed at an earlier start dies.
    pub fn outlives_restart(self, now: Moment) -> Option<Moment> {
        (self.is_asked_for && now < self.expires_at).then_some(self.expires_at)
    }

    /// Accepts the token this link was made with, while it is fresh. `presented` is its hash, so
    /// comparing it tells nothing about the token.
    pub fn check(link: Option<Self>, presented: &[u8; 32], now: Moment) -> Result<()> {
        let Some(link) = link.filter(|link| link.token_hash == *presented) else {
            let detail = "This is not the set-up link the box gave last.";
            return Err(Error::Denied(Refusal::new("setup-token-wrong", detail)));
        };
        if now >= link.expires_at {
            let detail = "This set-up link is too old. Make a new one with holdfast setup-link.";
            return Err(Error::Denied(Refusal::new("setup-token-expired", detail)));
        }
        Ok(())
    }
}

/// The link people open. What follows `#` stays in the browser and reaches no log.
pub fn link(origin: &str, token: &str) -> String {
    format!("{origin}/setup#token={token}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: KeptLink =
        KeptLink { token_hash: [1; 32], expires_at: Moment(1_000), is_asked_for: false };

    fn code(link: Option<KeptLink>, presented: [u8; 32], now: i64) -> &'static str {
        match KeptLink::check(link, &presented, Moment(now)) {
            Ok(()) => "",
            Err(Error::Denied(refusal)) => refusal.code,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn only_the_last_token_is_good_and_only_for_its_time() {
        assert_eq!(code(Some(LINK), [1; 32], 999), "");
        assert_eq!(code(Some(LINK), [1; 32], 1_000), "setup-token-expired");
        assert_eq!(code(Some(LINK), [2; 32], 999), "setup-token-wrong");
        assert_eq!(code(None, [1; 32], 999), "setup-token-wrong");
    }
    #[test]
    fn a_link_somebody_asked_for_outlives_a_restart_while_it_is_fresh() {
        let asked_for = KeptLink { is_asked_for: true, ..LINK };
        assert_eq!(asked_for.outlives_restart(Moment(999)), Some(Moment(1_000)));
        assert_eq!(asked_for.outlives_restart(Moment(1_000)), None);
        assert_eq!(LINK.outlives_restart(Moment(999)), None);
    }
}

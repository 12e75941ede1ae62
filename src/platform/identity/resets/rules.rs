//! What a reset link is good for.

use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::id::Id;
use crate::platform::identity::{User, UserId};

/// A link for somebody who lost their password can be used for so long.
pub const LIFE: Duration = Duration::from_mins(30);
/// A link for the first password: there is nothing to take over yet, and it has to be delivered.
pub const FIRST_LIFE: Duration = Duration::from_hours(72);

pub const CODES: &[Code] = &[
    code(
        "reset-unknown",
        "The link names no password reset: it was used, replaced by a newer one or not copied as \
         a whole, or the account was disabled.",
        "Sign in if you chose a password with it; otherwise ask an operator for a new link.",
    ),
    code(
        "reset-expired",
        "The link to choose a password is too old.",
        "Ask an operator for a new one.",
    ),
    code(
        "user-disabled",
        "The person was disabled, so a new password would not help them.",
        "Enable them first.",
    ),
];

/// A link that was not used yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reset {
    pub id: ResetId,
    pub user: UserId,
    pub created_at: Moment,
    pub expires_at: Moment,
}
pub type ResetId = Id<Reset>;

impl Reset {
    /// Whether it can still be used.
    pub fn check_fresh(&self, now: Moment) -> Result<()> {
        if now < self.expires_at {
            return Ok(());
        }
        let detail = "This link is too old. Ask an operator for a new one.";
        Err(Error::conflict("reset-expired", detail))
    }
}

/// Whether a link helps this person.
pub fn check_person(user: &User) -> Result<()> {
    if user.disabled_at.is_none() {
        return Ok(());
    }
    let detail = "This person was disabled. Enable them first.";
    Err(Error::conflict("user-disabled", detail))
}

/// One answer for every link that names nothing: a stranger is not told which it was.
pub fn unknown() -> Error {
    let detail = "This link names no password reset. It may have been used before or replaced by \
                  a newer one, or a part of it is missing. Ask an operator for a new one.";
    Error::Denied(Refusal::new("reset-unknown", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_until_its_time_is_over() {
        let reset = Reset {
            id: Id::from_bytes([1; 16]),
            user: Id::from_bytes([2; 16]),
            created_at: Moment(0),
            expires_at: Moment(1_000),
        };

        assert!(reset.check_fresh(Moment(999)).is_ok());
        assert!(reset.check_fresh(Moment(1_000)).is_err());
    }
}

//! What a plan is confirmed by: it names the plan and the moment at which somebody looked at it.

use sha2::{Digest as _, Sha256};

use super::rules::check_digest_age;
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};
use crate::platform::secret::to_hex;

/// The digest of a plan for whoever looks at it now: the moment in milliseconds, in hexadecimal,
/// a hyphen, and a SHA-256 over the salt, that moment and the plan.
pub fn issue(salt: &[u8], plan: &str, at: Moment) -> String {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(at.0.to_be_bytes());
    hash.update(plan.as_bytes());
    format!("{:x}-{}", at.0, to_hex(&hash.finalize()))
}

/// Checks that a digest is one of this plan and was given less than ten minutes ago.
///
/// # Errors
/// `update-plan-other` and `update-plan-old`.
pub fn check(digest: &str, salt: &[u8], plan: &str, now: Moment) -> Result<()> {
    let issued_at = digest.split_once('-').and_then(|(at, _)| i64::from_str_radix(at, 16).ok());
    let issued_at = issued_at.map(Moment).filter(|at| issue(salt, plan, *at) == digest);
    let Some(issued_at) = issued_at else {
        let detail = "This is no digest of the plan as it is now. Look at the plan again.";
        return Err(Error::conflict("update-plan-other", detail));
    };
    check_digest_age(issued_at, now)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{check, issue};
    use crate::platform::clock::Moment;
    use crate::platform::error::Error;

    fn code(outcome: Result<(), Error>) -> Option<&'static str> {
        match outcome {
            Ok(()) => None,
            Err(Error::Conflict(refusal)) => Some(refusal.code),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_digest_is_of_one_plan_and_one_moment() {
        let at = Moment(1_800_000_000_000);
        let digest = issue(b"salt", "plan", at);
        let later = at.plus(Duration::from_mins(10));

        assert_eq!(code(check(&digest, b"salt", "plan", later)), None);
        let other = Some("update-plan-other");
        assert_eq!(code(check(&digest, b"salt", "another", at)), other);
        assert_eq!(code(check(&digest, b"tlas", "plan", at)), other);
        assert_eq!(code(check("", b"salt", "plan", at)), other);
        assert_eq!(code(check(&digest.to_uppercase(), b"salt", "plan", at)), other);
        let old = later.plus(Duration::from_millis(1));
        assert_eq!(code(check(&digest, b"salt", "plan", old)), Some("update-plan-old"));
        let moved = digest.replacen(&format!("{:x}", at.0), &format!("{:x}", old.0), 1);
        assert_eq!(code(check(&moved, b"salt", "plan", old)), other, "the moment is part of it");
    }
}

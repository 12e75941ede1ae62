//! How long somebody waits between wrong tries. Nobody is ever locked out.

use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, code};

/// Wrong tries at one account that cost no waiting.
const FREE_FAILURES: u32 = 5;
const WAIT_FIRST: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_mins(15);
/// Wrong tries are forgotten when so long none was made.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);
/// Refused sign-ins from one network become one audit entry in this time.
pub const REPORT_EVERY: Duration = Duration::from_hours(1);

/// A right password waits so long for the second factor.
pub const PENDING_LIFE: Duration = Duration::from_mins(5);
/// Codes tried for one right password.
pub const PENDING_TRIES: u32 = 5;

pub const CODES: &[Code] = &[
    code(
        "sign-in-again",
        "No sign-in waits for a second factor: five minutes are over, or five codes were wrong.",
        "Sign in with e-mail address and password again.",
    ),
    code(
        "sign-in-failed",
        "E-mail address and password do not fit together.",
        "Check both; an operator can give you a new password.",
    ),
    code(
        "sign-in-throttled",
        "There were too many wrong tries from this network or for this account.",
        "Wait as long as Retry-After says; nobody is locked out.",
    ),
];

/// The answer to a second factor that no sign-in waits for.
pub fn sign_in_again() -> Error {
    let detail = "Sign in with e-mail address and password again.";
    Error::SignInNeeded(Refusal::new("sign-in-again", detail))
}

/// Wrong tries at one account from one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    pub count: u32,
    pub last_at: Moment,
}

impl Failures {
    /// How long the next try has to wait.
    pub fn wait(self, now: Moment) -> Duration {
        let Some(beyond) = self.count.checked_sub(FREE_FAILURES) else { return Duration::ZERO };
        let factor = 1_u32.checked_shl(beyond).unwrap_or(u32::MAX);
        let pause = WAIT_FIRST.saturating_mul(factor).min(WAIT_MAX);
        pause.saturating_sub(now.since(self.last_at))
    }

    pub fn is_forgotten(self, now: Moment) -> bool {
        now.since(self.last_at) > FORGOTTEN_AFTER
    }

    /// With one more wrong try.
    #[must_use]
    pub fn and_one(self, now: Moment) -> Self {
        let count = if self.is_forgotten(now) { 0 } else { self.count };
        Self { count: count.saturating_add(1), last_at: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait_after(count: u32) -> u64 {
        Failures { count, last_at: Moment(0) }.wait(Moment(0)).as_secs()
    }

    #[test]
    fn five_wrong_tries_are_free_and_then_the_wait_doubles_to_a_quarter_of_an_hour() {
        let waits: Vec<u64> = [0, 4, 5, 6, 7, 14, 15, 100].map(wait_after).to_vec();

        assert_eq!(waits, [0, 0, 1, 2, 4, 512, 900, 900]);
    }

    #[test]
    fn waiting_is_enough() {
        let failures = Failures { count: 7, last_at: Moment(0) };

        assert_eq!(failures.wait(Moment(3_000)).as_secs(), 1);
        assert_eq!(failures.wait(Moment(4_000)), Duration::ZERO);
    }

    #[test]
    fn a_quiet_day_forgets() {
        let failures = Failures { count: 50, last_at: Moment(0) };
        let later = Moment(0).plus(Duration::from_hours(25));

        assert_eq!(failures.and_one(later).count, 1);
        assert_eq!(failures.and_one(Moment(1)).count, 51);
    }
}

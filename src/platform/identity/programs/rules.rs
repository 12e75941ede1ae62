//! When a token, an assertion or a one-time value is good.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::identity::sessions::rules::Known;
use crate::platform::identity::signing::rules::TOKEN_LIFE_MAX;

/// Access tokens live so long unless a service account asks for something else.
pub const ACCESS_LIFE: Duration = Duration::from_mins(15);
/// The shortest life worth a request.
const ACCESS_LIFE_MIN: Duration = Duration::from_mins(1);
/// A one-time value can be exchanged for so long.
pub const REFRESH_LIFE: Duration = Duration::from_hours(90 * 24);
/// Whoever lost an answer may ask once more for so long.
pub const RETRY_GRACE: Duration = Duration::from_secs(10);
/// Clocks of others may differ by so much.
const LEEWAY: Duration = Duration::from_mins(1);
/// An assertion may be good for so long.
pub const ASSERTION_LIFE_MAX: Duration = Duration::from_mins(10);
/// What a one-time value begins with, so that leak scanners find it.
pub const REFRESH_PREFIX: &str = "hfr_";
const JTI_LENGTH_MAX: usize = 128;

pub const CODES: &[Code] = &[
    code(
        "access-token-malformed",
        "The bearer value looks like an access token and cannot be read as one.",
        "Send the whole access_token as it was given.",
    ),
    code(
        "access-token-algorithm",
        "The token is signed in another way than this box signs, or not at all.",
        "Send the access_token that this box gave.",
    ),
    code(
        "access-token-type",
        "The token is signed, and is no access token.",
        "Send the access_token of the answer, not another value of it.",
    ),
    code(
        "access-token-key",
        "The token was signed with a key that this box does not have (any more).",
        "Ask this box for a new access token.",
    ),
    code(
        "access-token-signature",
        "The token was altered after it was signed.",
        "Send the access_token as it was given.",
    ),
    code(
        "access-token-issuer",
        "The token was made by another box.",
        "Ask this box for an access token.",
    ),
    code(
        "access-token-audience",
        "The token is meant for somebody else.",
        "Ask this box for an access token.",
    ),
    code(
        "access-token-expired",
        "The access token is over.",
        "Use the refresh token, or sign the program in again.",
    ),
    code(
        "access-token-early",
        "The access token begins in the future: the box's clock was set back.",
        "Check the clock of the box, then ask for a new token.",
    ),
    code(
        "access-token-ended",
        "The sign-in or the account behind the access token was ended or disabled.",
        "Sign the program in again, or ask whoever looks after the account.",
    ),
    code(
        "address-not-allowed",
        "The service account may not be used from this address.",
        "Use it from an address of its list, or let somebody add this one.",
    ),
    code(
        "grant-unsupported",
        "The token endpoint does not know this grant_type.",
        "Use password, refresh_token or client_credentials.",
    ),
    code(
        "token-request-incomplete",
        "A parameter that this grant_type needs is not there, or one came twice.",
        "Send what the API description names for it.",
    ),
    code(
        "refresh-token-unknown",
        "The refresh token is not good: it is over, its sign-in was ended, or it was never given.",
        "Sign the program in again.",
    ),
    code(
        "refresh-token-reused",
        "The refresh token had been used before, so the sign-in was ended: somebody may have \
         copied it.",
        "Sign the program in again. If it happens twice, look for who else has its storage.",
    ),
    code(
        "second-factor-needed",
        "The person has a second factor, so a password alone does not sign a program in.",
        "Send the code of the app, or one from paper, as totp.",
    ),
    code(
        "scope-not-held",
        "A permission in the scope is not held by whoever asks.",
        "Leave it out, or ask an admin of the workspace for it.",
    ),
    code(
        "life-out-of-range",
        "An access token lives 60 to 3,600 seconds.",
        "Choose another expires_in, or leave it out for 900.",
    ),
    code(
        "client-refused",
        "There is no such service account, or the secret or signature does not fit it.",
        "Check client_id and secret or key; a disabled account is refused as well.",
    ),
    code(
        "assertion-malformed",
        "The assertion cannot be read, or a claim is missing.",
        "Send a JWT with iss, sub, aud, exp and jti.",
    ),
    code(
        "assertion-algorithm",
        "The assertion is signed in another way than with Ed25519, or not at all.",
        "Sign it with EdDSA and a registered key.",
    ),
    code(
        "assertion-type",
        "The JWT is something else than an assertion.",
        "Make one with typ JWT, or without a typ.",
    ),
    code(
        "assertion-client",
        "iss, sub and client_id of the assertion do not name the same account.",
        "Set all of them to the client_id.",
    ),
    code(
        "assertion-audience",
        "The assertion is meant for somebody else.",
        "Set aud to the issuer of this box or the address of its token endpoint.",
    ),
    code("assertion-expired", "The assertion is over.", "Make a new one; check the clock."),
    code(
        "assertion-early",
        "The assertion begins in the future.",
        "Check the clocks of the program's machine and of the box.",
    ),
    code(
        "assertion-too-long",
        "The assertion is good for more than ten minutes.",
        "Set exp to at most ten minutes from now.",
    ),
    code(
        "assertion-replayed",
        "The assertion was used before.",
        "Make a new one with another jti for every token.",
    ),
];

/// Whether an access token is good at this time.
pub fn check_access_times(not_before: Moment, expires_at: Moment, now: Moment) -> Result<()> {
    if now >= expires_at {
        return Err(no_access("access-token-expired", "The access token is over."));
    }
    if now.plus(LEEWAY) < not_before {
        return Err(no_access("access-token-early", "The access token begins in the future."));
    }
    Ok(())
}

/// Refuses an access token.
pub fn no_access(code: &'static str, detail: &'static str) -> Error {
    Error::SignInNeeded(Refusal::new(code, detail))
}

/// What is to be done about a presented one-time value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Good: it gets a successor.
    Exchange,
    /// The answer was lost: it gets the same successor again.
    Repeat,
    /// It was used before and comes back too late: the family ends.
    Reused,
    Ended,
}

/// Decides about a presented one-time value.
pub fn turn(known: &Known, now: Moment) -> Turn {
    if known.is_revoked || now >= known.expires_at {
        return Turn::Ended;
    }
    if known.serial == known.newest_serial {
        return Turn::Exchange;
    }
    let is_last = known.serial + 1 == known.newest_serial;
    if is_last && now.since(known.newest_minted_at) <= RETRY_GRACE {
        return Turn::Repeat;
    }
    Turn::Reused
}

/// How long the access token of a service account lives.
pub fn service_life(wished_s: Option<u64>) -> Result<Duration> {
    let Some(wished) = wished_s.map(Duration::from_secs) else { return Ok(ACCESS_LIFE) };
    if (ACCESS_LIFE_MIN..=TOKEN_LIFE_MAX).contains(&wished) {
        return Ok(wished);
    }
    let detail = "An access token lives 60 to 3600 seconds.";
    Err(Error::invalid("expires_in", "life-out-of-range", detail))
}

/// The permissions named in a scope; none when nothing is named.
pub fn scope_of(text: Option<&str>) -> Option<BTreeSet<String>> {
    let named: BTreeSet<String> =
        text.unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect();
    (!named.is_empty()).then_some(named)
}

/// The times of an assertion.
#[derive(Debug, Clone, Copy)]
pub struct AssertionTimes {
    pub begins_at: Option<Moment>,
    pub expires_at: Moment,
}

impl AssertionTimes {
    /// Whether an assertion is good at this time, and not for too long.
    pub fn check(self, now: Moment) -> Result<()> {
        if now >= self.expires_at.plus(LEEWAY) {
            return Err(no_client("assertion-expired", "The assertion is over."));
        }
        if self.begins_at.is_some_and(|begins| now.plus(LEEWAY) < begins) {
            return Err(no_client("assertion-early", "The assertion begins in the future."));
        }
        let from = self.begins_at.map_or(now, |begins| begins.min(now));
        if self.expires_at > from.plus(ASSERTION_LIFE_MAX + LEEWAY) {
            let detail = "The assertion is good for more than ten minutes.";
            return Err(no_client("assertion-too-long", detail));
        }
        Ok(())
    }

    /// Up to when it must be remembered.
    pub fn remembered_until(self) -> Moment {
        self.expires_at.plus(LEEWAY)
    }
}

/// The id of an assertion, which is good once.
pub fn jti(given: Option<&str>) -> Result<&str> {
    given.filter(|jti| (1..=JTI_LENGTH_MAX).contains(&jti.len())).ok_or_else(|| {
        no_client("assertion-malformed", "An assertion needs a jti of 1 to 128 characters.")
    })
}

/// Refuses a service account.
pub fn no_client(code: &'static str, detail: &'static str) -> Error {
    Error::SignInNeeded(Refusal::new(code, detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::id::Id;
    use crate::platform::identity::sessions::rules::Kind;

    const SECOND: Duration = Duration::from_secs(1);

    /// A family whose value 3 was exchanged for value 4 at the time 0.
    fn known(serial: i64) -> Known {
        Known {
            family: Id::from_bytes([1; 16]),
            user: Id::from_bytes([2; 16]),
            kind: Kind::Program,
            serial,
            minted_at: Moment(0),
            expires_at: Moment(0).plus(REFRESH_LIFE),
            last_seen_at: Moment(0),
            is_revoked: false,
            presented_serial: 3,
            presented_at: Moment(0),
            newest_serial: 4,
            newest_minted_at: Moment(0),
        }
    }

    #[test]
    fn a_value_is_good_once_and_may_be_repeated_for_ten_seconds() {
        let at = |serial, seconds| turn(&known(serial), Moment(0).plus(SECOND * seconds));

        assert_eq!(at(4, 0), Turn::Exchange);
        assert_eq!(at(4, 3600), Turn::Exchange);
        assert_eq!(at(3, 10), Turn::Repeat);
        assert_eq!(at(3, 11), Turn::Reused);
        assert_eq!(at(2, 0), Turn::Reused);
    }

    #[test]
    fn an_ended_family_gives_nothing_and_is_not_ended_again() {
        let later = Moment(0).plus(REFRESH_LIFE);
        let revoked = Known { is_revoked: true, ..known(4) };

        assert_eq!(turn(&known(4), later), Turn::Ended);
        assert_eq!(turn(&known(2), later), Turn::Ended);
        assert_eq!(turn(&revoked, Moment(0)), Turn::Ended);
    }

    #[test]
    fn an_hour_off_is_not_good() {
        let code = |times: AssertionTimes| match times.check(Moment(0)) {
            Err(Error::SignInNeeded(refusal)) => refusal.code,
            other => panic!("{other:?}"),
        };
        let hour = Duration::from_hours(1);
        let (before, after) = (Moment(0).minus(hour), Moment(0).plus(hour));
        let soon = Moment(0).plus(SECOND * 300);

        let past = AssertionTimes { begins_at: None, expires_at: before };
        let future = AssertionTimes { begins_at: Some(after), expires_at: after.plus(SECOND) };
        let long = AssertionTimes { begins_at: None, expires_at: after };
        let stretched = AssertionTimes { begins_at: Some(before), expires_at: soon };
        let good = AssertionTimes { begins_at: Some(Moment(0)), expires_at: soon };

        assert_eq!(code(past), "assertion-expired");
        assert_eq!(code(future), "assertion-early");
        assert_eq!(code(long), "assertion-too-long");
        assert_eq!(code(stretched), "assertion-too-long");
        assert!(good.check(Moment(0)).is_ok());
    }

    #[test]
    fn a_service_account_chooses_up_to_an_hour() {
        assert_eq!(service_life(None).unwrap(), ACCESS_LIFE);
        assert_eq!(service_life(Some(3600)).unwrap(), TOKEN_LIFE_MAX);
        for wished in [0, 59, 3601, u64::MAX] {
            assert!(service_life(Some(wished)).is_err(), "{wished}");
        }
    }

    #[test]
    fn a_scope_is_words() {
        assert_eq!(scope_of(Some("  ")), None);
        let named = scope_of(Some("events.read  workspace.read")).unwrap();
        assert_eq!(named.len(), 2);
    }
}

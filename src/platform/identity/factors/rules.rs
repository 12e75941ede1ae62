//! Who needs a second factor, and from when on.

use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::id::Id;
use crate::platform::identity::passkeys;

/// From the moment somebody became owner, admin or operator until they need a second factor.
pub const GRACE: Duration = Duration::from_hours(7 * 24);

pub const CODES: &[Code] = &[
    code(
        "mfa-enrolment-needed",
        "Owners, admins and operators need a second factor seven days after they became that, and \
         whoever lost theirs needs a new one first.",
        "Set one up under Account, Second factor.",
    ),
    code(
        "browser-needed",
        "This is done in a browser that somebody is signed in with; no token may do it.",
        "Sign in with a browser.",
    ),
    code(
        "wrong-code",
        "The code is not right: mistyped, too old, or of another account.",
        "Take the code that the app shows now, and look whether the phone's clock is right.",
    ),
    code(
        "code-used",
        "The code was right and was used before; each is good once.",
        "Wait for the app's next code, or take another backup code.",
    ),
    code(
        "totp-not-begun",
        "There is no secret that waits for its first code.",
        "Begin again: show a new QR code and read it with the app.",
    ),
    code(
        "no-factor",
        "Backup codes stand in for a second factor, and there is none.",
        "Set up an authenticator app or a passkey first.",
    ),
];

/// A secret that was shown and waits for its first code.
pub enum EnrolmentMark {}
pub type EnrolmentId = Id<EnrolmentMark>;

/// How long a secret that was shown waits for its first code.
pub const ENROLMENT_LIFE: Duration = Duration::from_hours(1);

/// What a person has of a second factor, and since when they need one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    pub has_totp: bool,
    /// Passkeys, whether they can be used or not.
    pub has_passkey: bool,
    /// Passkeys that were not stopped.
    pub has_usable_passkey: bool,
    pub backup_codes_left: i64,
    /// Since when the person has a role that needs a second factor.
    pub needed_since: Option<Moment>,
    /// When lost factors were dropped.
    pub lost_at: Option<Moment>,
}

impl Standing {
    pub fn is_enrolled(&self) -> bool {
        self.has_totp || self.has_passkey
    }

    pub fn is_required(&self) -> bool {
        self.needed_since.is_some() || self.lost_at.is_some()
    }

    /// By when a factor has to be there; none when there is one or none is needed.
    pub fn enrol_by(&self) -> Option<Moment> {
        if self.is_enrolled() {
            return None;
        }
        let by_role = self.needed_since.map(|since| since.plus(GRACE));
        [by_role, self.lost_at].into_iter().flatten().min()
    }

    /// Whether nothing else is allowed any more.
    pub fn must_enrol(&self, now: Moment) -> bool {
        self.enrol_by().is_some_and(|by| now >= by)
    }

    /// With what the person proves to be themselves, best first.
    pub fn methods(&self) -> Vec<&'static str> {
        if !self.is_enrolled() {
            return vec!["password"];
        }
        let totp = self.has_totp.then_some("totp");
        let backup = (self.backup_codes_left > 0).then_some("backup");
        let passkey = self.has_usable_passkey.then_some("passkey");
        [totp, backup, passkey].into_iter().flatten().collect()
    }
}

/// The answer to a code that is not right.
pub fn wrong_code() -> Error {
    let detail = "This code is not right. Take the one the app shows now.";
    Refusal::new("wrong-code", detail).field("code", "wrong-code", detail).into()
}

/// The answer to a code that was used before.
pub fn code_used() -> Error {
    let detail = "This code was used already. Wait for the next one.";
    Refusal::new("code-used", detail).field("code", "code-used", detail).into()
}

/// Whether an answer says no to a code or to a device's proof, and to nothing else.
pub fn is_refused_code(error: &Error) -> bool {
    let Error::Rule(Refusal { code, .. }) = error else { return false };
    ["wrong-code", "code-used"].contains(code) || passkeys::rules::is_refused(code)
}

/// The answer to whoever confirms what was not begun.
pub fn not_begun() -> Error {
    let detail = "Begin again: there is no secret that waits for its first code.";
    Error::conflict("totp-not-begun", detail)
}

/// The answer to whoever may only enrol.
pub fn enrolment_needed() -> Error {
    let detail = "You need a second factor first. Set it up under Account, Second factor.";
    Error::Denied(Refusal::new("mfa-enrolment-needed", detail))
}

/// Refuses programs what only a person in a browser may do.
pub fn need_browser(is_token: bool) -> Result<()> {
    if !is_token {
        return Ok(());
    }
    let detail = "Sign in with a browser for this; no token may do it.";
    Err(Error::Denied(Refusal::new("browser-needed", detail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn owner() -> Standing {
        Standing { needed_since: Some(Moment(0)), ..Standing::default() }
    }

    #[test]
    fn a_role_gives_seven_days() {
        let end = Moment(0).plus(GRACE);

        assert_eq!(owner().enrol_by(), Some(end));
        assert!(!owner().must_enrol(end.minus(SECOND)));
        assert!(owner().must_enrol(end));
        assert!(!Standing::default().must_enrol(end), "no role needs it");
    }

    #[test]
    fn whoever_has_a_factor_needs_no_other() {
        let enrolled = Standing { has_totp: true, ..owner() };

        assert_eq!(enrolled.enrol_by(), None);
        assert!(!enrolled.must_enrol(Moment(i64::MAX)));
    }

    #[test]
    fn a_loss_gives_no_time_whatever_the_role() {
        let lost = Standing { lost_at: Some(Moment(5)), ..Standing::default() };

        assert!(lost.is_required());
        assert!(lost.must_enrol(Moment(5)));
        assert!(Standing { lost_at: Some(Moment(5)), ..owner() }.must_enrol(Moment(5)));
    }

    #[test]
    fn a_password_proves_somebody_only_without_a_factor() {
        let enrolled = Standing { has_totp: true, backup_codes_left: 3, ..owner() };

        assert_eq!(owner().methods(), ["password"]);
        assert_eq!(enrolled.methods(), ["totp", "backup"]);
        assert_eq!(Standing { backup_codes_left: 0, ..enrolled }.methods(), ["totp"]);
        let with_passkey = Standing { has_passkey: true, has_usable_passkey: true, ..enrolled };
        assert_eq!(with_passkey.methods(), ["totp", "backup", "passkey"]);
    }

    #[test]
    fn a_stopped_passkey_opens_nothing_and_lets_nobody_in_without_it() {
        let stopped = Standing { has_passkey: true, backup_codes_left: 1, ..owner() };

        assert!(stopped.is_enrolled());
        assert_eq!(stopped.methods(), ["backup"]);
    }
}

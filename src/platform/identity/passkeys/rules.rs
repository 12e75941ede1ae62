//! What a passkey is, where it works, and why one is refused.

use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::id::Id;
use crate::platform::workspaces::rules::clean_name;

/// Passkeys of one person.
pub const PASSKEYS_MAX: usize = 10;
/// How long a question waits for its answer.
pub const CHALLENGE_LIFE: Duration = Duration::from_mins(5);
/// A request that carries what a device answered.
pub const ANSWER_SIZE_BYTES_MAX: usize = 64 * 1024;
/// What a device calls a passkey (`WebAuthn`, 4 "Credential ID").
pub const CREDENTIAL_ID_BYTES_MAX: usize = 1023;
/// What the browser says about a question and its answer.
pub const CLIENT_DATA_BYTES_MAX: usize = 4 * 1024;
/// What a device says when it makes or uses a passkey.
pub const DEVICE_DATA_BYTES_MAX: usize = 16 * 1024;

pub enum PasskeyMark {}
pub type PasskeyId = Id<PasskeyMark>;

/// A person's passkey, as they see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    pub id: PasskeyId,
    pub name: String,
    pub created_at: Moment,
    pub last_used_at: Option<Moment>,
    /// When a copy of it showed up; it opens nothing since then.
    pub stopped_at: Option<Moment>,
}

pub const CODES: &[Code] = &[
    code(
        "passkeys-need-name",
        "Passkeys belong to one name, and the box was not opened under it: they work neither by \
         address, nor under another name, nor without HTTPS.",
        "Open the box at the address the answer names. Where it names none, whoever runs the box \
         has to set server.public_url to an https address with a name.",
    ),
    code(
        "passkeys-many",
        "A person has at most ten passkeys.",
        "Remove one that is not used any more.",
    ),
    code(
        "no-passkey",
        "There is no passkey that works under this name.",
        "Use a code of the authenticator app or a backup code.",
    ),
    code("passkey-known", "This passkey is on the list of somebody already.", "Nothing is to do."),
    code(
        "passkey-challenge-over",
        "No question waits for this answer: five minutes are over, it was answered, or it was \
         asked in another session.",
        "Try the passkey again.",
    ),
    code(
        "passkey-replayed",
        "The answer belongs to another question than the one that waits: it was copied or held \
         back.",
        "Try the passkey again.",
    ),
    code(
        "passkey-wrong-origin",
        "The passkey was used on a page of another site, or in a page that another site shows.",
        "Look at the address of the page: somebody may have sent you to a copy of it.",
    ),
    code(
        "passkey-foreign",
        "The passkey was made for another site.",
        "Take a passkey that was made here.",
    ),
    code(
        "passkey-not-verified",
        "The device did not check who uses it.",
        "Use a device that asks for a PIN, a fingerprint or a face, and set that up.",
    ),
    code(
        "passkey-cloned",
        "The device's count of its uses went back, so there seems to be a copy of the passkey. It \
         was stopped.",
        "Sign in another way, remove the passkey and make a new one. Change your password if you \
         did not do this yourself.",
    ),
    code(
        "passkey-stopped",
        "The passkey was stopped before, because a copy of it showed up.",
        "Sign in another way, remove it and make a new one.",
    ),
    code(
        "passkey-unknown",
        "The passkey is on nobody's list here (any more).",
        "Take another passkey, or another way.",
    ),
    code(
        "passkey-of-another",
        "The passkey belongs to somebody else.",
        "Take one of your own, or sign in as its owner.",
    ),
    code(
        "passkey-too-large",
        "The device's answer is larger than any real one.",
        "Try another device.",
    ),
    code(
        "passkey-unreadable",
        "This is not what a browser sends for a passkey.",
        "Send what navigator.credentials gave, as its toJSON() writes it.",
    ),
    code(
        "passkey-wrong",
        "The device's answer is not right: its signature does not fit, or it is of a kind that is \
         not accepted.",
        "Try the passkey again, or another one.",
    ),
];

/// Answers that are refused, each of which is written to the audit log.
const REFUSED: &[&str] = &[
    "passkey-known",
    "passkey-challenge-over",
    "passkey-replayed",
    "passkey-wrong-origin",
    "passkey-foreign",
    "passkey-not-verified",
    CLONED,
    "passkey-stopped",
    "passkey-unknown",
    "passkey-of-another",
    "passkey-too-large",
    "passkey-unreadable",
    "passkey-wrong",
];

/// The code of a passkey whose count went back.
const CLONED: &str = "passkey-cloned";

/// Whether a code refuses a device's answer.
pub fn is_refused(code: &str) -> bool {
    REFUSED.contains(&code)
}

/// Whether an answer says that a passkey's count went back.
pub fn is_cloned(error: &Error) -> bool {
    matches!(error, Error::Rule(refusal) if refusal.code == CLONED)
}

/// Refuses a device's answer.
pub fn refused(code: &'static str, detail: &str) -> Error {
    Refusal::new(code, detail).field("credential", code, detail).into()
}

pub fn challenge_over() -> Error {
    refused("passkey-challenge-over", "This took too long, or was done already. Try it again.")
}

pub fn cloned() -> Error {
    let detail = "There seems to be a copy of this passkey, so it was stopped. Use another way.";
    refused(CLONED, detail)
}

pub fn stopped() -> Error {
    refused("passkey-stopped", "This passkey was stopped. Use another way, and make a new one.")
}

pub fn unknown() -> Error {
    refused("passkey-unknown", "This passkey is not known here. Use another one.")
}

pub fn of_another() -> Error {
    refused("passkey-of-another", "This passkey belongs to somebody else. Use one of your own.")
}

pub fn known() -> Error {
    refused("passkey-known", "This passkey is set up already.")
}

pub fn unreadable() -> Error {
    refused("passkey-unreadable", "This is not what a browser sends for a passkey.")
}

/// The answer to whoever has no passkey for this name.
pub fn none_here() -> Error {
    Error::conflict("no-passkey", "You have no passkey for this name. Use another way.")
}

/// Where passkeys work, seen from one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The request came under that name.
    pub is_here: bool,
    /// None where the box has no name for it.
    pub origin: Option<String>,
}

impl Offer {
    /// Refuses what cannot work here, and says where it does.
    pub fn need_here(&self) -> Result<()> {
        if self.is_here {
            return Ok(());
        }
        let Some(origin) = &self.origin else {
            let detail = "Passkeys need a name: server.public_url is not an https address with \
                          one.";
            return Err(Error::conflict("passkeys-need-name", detail));
        };
        let detail = format!("Passkeys work at {origin} only. Open the box there.");
        let refusal = Refusal::new("passkeys-need-name", detail).with("passkeys_origin", origin);
        Err(Error::Conflict(refusal))
    }
}

/// Refuses one more passkey for somebody who has too many.
pub fn check_room(passkeys: usize) -> Result<()> {
    if passkeys < PASSKEYS_MAX {
        return Ok(());
    }
    let detail = format!("There are {PASSKEYS_MAX} passkeys already. Remove one first.");
    Err(Error::conflict("passkeys-many", detail))
}

/// Refuses parts of an answer that no device makes so large.
pub fn check_sizes(credential_id: usize, client_data: usize, device_data: usize) -> Result<()> {
    let fits = (1..=CREDENTIAL_ID_BYTES_MAX).contains(&credential_id)
        && client_data <= CLIENT_DATA_BYTES_MAX
        && device_data <= DEVICE_DATA_BYTES_MAX;
    if fits {
        return Ok(());
    }
    Err(refused("passkey-too-large", "The device's answer is larger than any real one."))
}

/// Whether a device's count can follow the one before. Devices that do not count say 0 always.
pub fn is_next(count: u32, before: u32) -> bool {
    count > before || (count == 0 && before == 0)
}

/// Reads what somebody calls a passkey.
pub fn name(text: &str) -> Result<String> {
    clean_name("name", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_only_rises_unless_there_is_none() {
        for (count, before, is_fine) in
            [(1, 0, true), (0, 0, true), (5, 4, true), (4, 4, false), (3, 4, false), (0, 1, false)]
        {
            assert_eq!(is_next(count, before), is_fine, "{count} after {before}");
        }
    }

    #[test]
    fn ten_passkeys_are_enough() {
        assert!(check_room(PASSKEYS_MAX - 1).is_ok());
        assert!(check_room(PASSKEYS_MAX).is_err());
    }

    #[test]
    fn parts_have_bounds() {
        assert!(check_sizes(1, 0, 0).is_ok());
        let most = (CREDENTIAL_ID_BYTES_MAX, CLIENT_DATA_BYTES_MAX, DEVICE_DATA_BYTES_MAX);
        assert!(check_sizes(most.0, most.1, most.2).is_ok());
        assert!(check_sizes(0, 1, 1).is_err());
        assert!(check_sizes(most.0 + 1, 1, 1).is_err());
        assert!(check_sizes(1, most.1 + 1, 1).is_err());
        assert!(check_sizes(1, 1, most.2 + 1).is_err());
    }

    #[test]
    fn every_refusal_is_explained() {
        for refused in REFUSED {
            assert!(CODES.iter().any(|code| code.id == *refused), "{refused}");
        }
    }

    #[test]
    fn whoever_comes_by_address_is_told_the_name() {
        let origin = "https://box.internal";
        let elsewhere = Offer { is_here: false, origin: Some(origin.to_owned()) };
        let Err(Error::Conflict(refusal)) = elsewhere.need_here() else { panic!("let through") };

        assert_eq!(refusal.extra, [("passkeys_origin", origin.to_owned())]);
        assert!(Offer { is_here: true, ..elsewhere }.need_here().is_ok());
    }
}

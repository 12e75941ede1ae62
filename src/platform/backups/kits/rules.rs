//! Which keys backups may be encrypted to.

use crate::platform::backups::archive::Recipient;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Result, code};
use crate::platform::id::Id;

/// Kits that new backups are encrypted to.
pub const KITS_MAX: i64 = 8;
/// Characters of an age recipient.
const RECIPIENT_LENGTH_MAX: usize = 2_000;

pub const CODES: &[Code] = &[
    code(
        "kit-recipient",
        "This is no public key that backups can be encrypted to.",
        "Use the line `public key:` of a recovery kit; it begins with age1.",
    ),
    code("kit-known", "Backups are encrypted to this key already.", "Make a kit with a new key."),
    code("kits-too-many", "There are too many recovery kits.", "Retire one first."),
    code(
        "kit-proof",
        "This is not what was encrypted for the kit.",
        "Open the newest challenge with this kit's private key and send what is in it.",
    ),
    code(
        "kit-last",
        "New backups would be encrypted to nobody.",
        "Make another kit and confirm it first.",
    ),
];

/// A recovery kit as the box knows it: without its private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryKit {
    pub id: RecoveryKitId,
    pub name: String,
    pub recipient: String,
    pub created_at: Moment,
    /// Somebody has shown that they can open what is encrypted to it.
    pub confirmed_at: Option<Moment>,
    pub retired_at: Option<Moment>,
}
pub type RecoveryKitId = Id<RecoveryKit>;

/// Reads a recipient that somebody sent.
pub fn check_recipient(text: &str) -> Result<Recipient> {
    let text = text.trim();
    let read = if text.len() > RECIPIENT_LENGTH_MAX { None } else { text.parse().ok() };
    read.ok_or_else(|| {
        let detail = "Send the public key of a kit; it begins with age1.";
        Error::invalid("recipient", "kit-recipient", detail)
    })
}

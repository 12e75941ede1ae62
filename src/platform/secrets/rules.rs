//! What a sealed field looks like, what it is bound to, and what can be wrong with the key.

use std::path::Path;

use crate::platform::error::{Code, Error, Refusal, code};

/// In front of every sealed field; names the format.
const FORMAT: &[u8; 4] = b"hfs1";
pub(super) const KEY_ID_BYTES: usize = 8;
pub(super) const NONCE_BYTES: usize = 24;
/// What Poly1305 adds.
const TAG_BYTES: usize = 16;
const HEAD_BYTES: usize = FORMAT.len() + KEY_ID_BYTES + NONCE_BYTES;

pub const CODES: &[Code] = &[
    code(
        "master-key-missing",
        "The box has sealed fields and no master key to open them with.",
        "Put master.key back into the data folder, or give it as a systemd credential.",
    ),
    code(
        "master-key-another",
        "The master key is another one than the box sealed its fields with.",
        "Put the right master.key back into the data folder, or correct the systemd credential.",
    ),
    code(
        "master-key-unusable",
        "The master key cannot be read: it is damaged, or others may read its file too.",
        "Let only the box's user read it (chmod 600), and put the right file in its place.",
    ),
    code(
        "master-key-given",
        "systemd gives the box its master key, so the box cannot change it by itself.",
        "Put the new key in place of holdfast-master-key and the old one beside it as \
         holdfast-master-key-previous, then restart the box: it changes the key at its start.",
    ),
    code(
        "sealed-unreadable",
        "A sealed field was altered, exchanged, or sealed with another key.",
        "Take the file it stands in from a backup.",
    ),
];

/// Where the master key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A file in the data folder.
    File,
    /// systemd.
    Credential,
}

impl Source {
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Credential => "credential",
        }
    }
}

/// What a field is sealed for. Each has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Private keys of the box's own certificate authority.
    LocalCa,
    /// The secrets that authenticator apps share with the box.
    Totp,
    /// What is kept of backup codes.
    BackupCodes,
    /// What mail and webhooks need, and mails that wait.
    Notices,
    /// Private halves of the keys that sign access tokens.
    SigningKey,
    /// What signs checkpoints of the audit logs.
    AuditSigning,
    /// What backup targets are opened with.
    BackupTargets,
    /// Accounts with authorities, and keys of the certificates they sign.
    Acme,
}

impl Purpose {
    /// Goes into the derivation of the key, so it never changes.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::LocalCa => "local ca",
            Self::Totp => "totp",
            Self::BackupCodes => "backup codes",
            Self::Notices => "notices",
            Self::SigningKey => "signing key",
            Self::AuditSigning => "audit signing",
            Self::BackupTargets => "backup targets",
            Self::Acme => "acme",
        }
    }
}

/// Where a sealed field stands: nowhere else it opens.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Or the folder.
    pub table: &'a str,
    /// Or the kind of file.
    pub column: &'a str,
    /// The row's id, or the file's number.
    pub row: &'a [u8],
}

impl Place<'_> {
    /// What is authenticated beside the field. Lengths stand in front, so that no two places
    /// read the same.
    pub(super) fn bound(&self, key_id: [u8; KEY_ID_BYTES]) -> Vec<u8> {
        let mut bound = FORMAT.to_vec();
        bound.extend_from_slice(&key_id);
        for part in [self.table.as_bytes(), self.column.as_bytes(), self.row] {
            bound.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bound.extend_from_slice(part);
        }
        bound
    }
}

/// The parts of a sealed field.
pub(super) struct Sealed<'a> {
    pub(super) key_id: [u8; KEY_ID_BYTES],
    pub(super) nonce: [u8; NONCE_BYTES],
    /// With the tag at its end.
    pub(super) text: &'a [u8],
}

impl<'a> Sealed<'a> {
    pub(super) fn write(&self) -> Vec<u8> {
        [FORMAT.as_slice(), &self.key_id, &self.nonce, self.text].concat()
    }

    /// None when this is no sealed field.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (head, text) = bytes.split_at_checked(HEAD_BYTES)?;
        let (format, rest) = head.split_at_checked(FORMAT.len())?;
        let (key_id, nonce) = rest.split_at_checked(KEY_ID_BYTES)?;
        let is_whole = format == FORMAT && text.len() >= TAG_BYTES;
        if !is_whole {
            return None;
        }
        Some(Self { key_id: key_id.try_into().ok()?, nonce: nonce.try_into().ok()?, text })
    }
}

/// What fields begin with that a key sealed.
pub(super) fn prefix(key_id: [u8; KEY_ID_BYTES]) -> Vec<u8> {
    [FORMAT.as_slice(), &key_id].concat()
}

pub(super) fn given_by_systemd() -> Error {
    let detail = "systemd gives the box its master key. Give it the new one, and the old one as \
                  holdfast-master-key-previous, and restart the box.";
    Error::conflict("master-key-given", detail)
}

pub(super) fn missing(data: &Path) -> Error {
    let at = data.display();
    let detail = format!(
        "The master key is missing, and {at} holds what was sealed with it. Put master.key back."
    );
    Refusal::new("master-key-missing", detail).into()
}

pub(super) fn another(data: &Path) -> Error {
    let at = data.display();
    let detail = format!("The master key is not the one that {at} was sealed with.");
    Refusal::new("master-key-another", detail).into()
}

pub(super) fn unusable(path: &Path, why: &str) -> Error {
    let detail = format!("The master key in {} cannot be used: {why}.", path.display());
    Refusal::new("master-key-unusable", detail).into()
}

pub(super) fn unreadable(place: &Place<'_>) -> Error {
    let Place { table, column, .. } = place;
    let detail =
        format!("A sealed {column} of {table} does not open: it was altered or exchanged.");
    Refusal::new("sealed-unreadable", detail).into()
}

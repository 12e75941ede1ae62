//! What a target is, and how it is spoken of.

use std::path::PathBuf;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, code};
use crate::platform::id::Id;
use crate::platform::secret::Secret;

pub const TARGETS_MAX: usize = 10;

pub const CODES: &[Code] = &[
    code(
        "target-kind",
        "Backups cannot go to a target of this kind.",
        "Use folder, s3, sftp, webdav or onedrive.",
    ),
    code(
        "target-path",
        "This is no folder backups can go to.",
        "Write the whole path, outside the data folder of the box.",
    ),
    code(
        "target-setting",
        "A setting is missing, or a target of this kind has none of that name.",
        "The description lists the settings of each kind.",
    ),
    code(
        "target-value",
        "The setting cannot be used as it was written.",
        "The field says what it may be.",
    ),
    code(
        "target-url",
        "This is no address backups can be sent to.",
        "Write it in full, beginning with https. Plain http is for this machine only.",
    ),
    code("target-host", "This is no name or address of a server.", "E.g. backup.example.com."),
    code("target-port", "A port is from 1 to 65535.", "SFTP has 22, as a rule."),
    code(
        "target-host-key",
        "This is no public key of a server.",
        "Write it like ssh-ed25519 AAAA…, or its SHA256:… fingerprint. The test of the target says \
         what the server shows.",
    ),
    code(
        "target-secret",
        "The password or key is missing or cannot be used.",
        "It is asked for again when a target is pointed at another server or user, so that nobody \
         learns it that way.",
    ),
    code("target-known", "Backups go there already.", "Name another place."),
    code("targets-too-many", "There are too many targets.", "Remove one first."),
    code(
        "target-sign-in",
        "Only a OneDrive target is signed in to.",
        "Other kinds have a password or a key in their settings.",
    ),
    code(
        "target-unreachable",
        "The other side did not answer as it should.",
        "The detail says what it said. Try again.",
    ),
];

/// A place that backups are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub id: TargetId,
    pub name: String,
    pub place: Place,
    /// Whether the box keeps a password or a key for it.
    pub has_secret: bool,
    pub created_at: Moment,
    pub last: Option<Tried>,
}
pub type TargetId = Id<Target>;

/// Which kind of place, and where. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder of this machine: another disk, a stick, a mounted share.
    Folder { path: PathBuf },
    /// A bucket of a store that speaks as S3 does.
    S3 { endpoint: String, bucket: String, region: String, access_key: String, prefix: String },
    /// A folder of an SSH server.
    Sftp { host: String, port: u16, user: String, host_key: Option<String>, path: String },
    /// A folder of a WebDAV server.
    WebDav { url: String, user: Option<String>, path: String },
    /// A folder of somebody's OneDrive, through their own registration of an application.
    OneDrive { client_id: String, folder: String },
}

/// What kinds there are, as they are written.
pub const KINDS: [&str; 5] = ["folder", "s3", "sftp", "webdav", "onedrive"];

impl Place {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "folder",
            Self::S3 { .. } => "s3",
            Self::Sftp { .. } => "sftp",
            Self::WebDav { .. } => "webdav",
            Self::OneDrive { .. } => "onedrive",
        }
    }

    /// Where it is, for a log: no user, no key.
    pub fn said(&self) -> String {
        match self {
            Self::Folder { path } => path.to_string_lossy().into_owned(),
            Self::S3 { endpoint, bucket, .. } => format!("{bucket} at {endpoint}"),
            Self::Sftp { host, path, .. } => format!("{host}:{path}"),
            Self::WebDav { url, .. } => url.clone(),
            Self::OneDrive { folder, .. } => folder.clone(),
        }
    }

    /// Whether a secret for this place goes to the same server and user as one for `other`.
    pub fn trusts_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Folder { .. }, Self::Folder { .. }) => true,
            (
                Self::S3 { endpoint, access_key, .. },
                Self::S3 { endpoint: theirs, access_key: their_key, .. },
            ) => (endpoint, access_key) == (theirs, their_key),
            (
                Self::Sftp { host, port, user, host_key, .. },
                Self::Sftp {
                    host: theirs, port: their_port, user: their_user, host_key: key, ..
                },
            ) => {
                let is_same_key = host_key.is_none() || host_key == key;
                is_same_key && (host, port, user) == (theirs, their_port, their_user)
            }
            (
                Self::WebDav { url, user, .. },
                Self::WebDav { url: theirs, user: their_user, .. },
            ) => (url, user) == (theirs, their_user),
            (Self::OneDrive { client_id, .. }, Self::OneDrive { client_id: theirs, .. }) => {
                client_id == theirs
            }
            _ => false,
        }
    }
}

/// What a target is opened with.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Of S3.
    SecretKey(Secret),
    Password(Secret),
    /// Of SSH, as `ssh-keygen` writes it.
    PrivateKey(Secret),
    /// Of OneDrive: what a sign-in left.
    RefreshToken(Secret),
}

impl Credential {
    pub fn secret(&self) -> &Secret {
        match self {
            Self::SecretKey(secret)
            | Self::Password(secret)
            | Self::PrivateKey(secret)
            | Self::RefreshToken(secret) => secret,
        }
    }

    /// How it is written to be sealed.
    pub(super) fn text(&self) -> Secret {
        let kind = match self {
            Self::SecretKey(_) => "secret_key",
            Self::Password(_) => "password",
            Self::PrivateKey(_) => "private_key",
            Self::RefreshToken(_) => "refresh_token",
        };
        Secret::new(format!("{kind}\n{}", self.secret().reveal()))
    }

    /// Reads what `text` wrote.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (kind, secret) = text.split_once('\n')?;
        let secret = Secret::new(secret);
        Some(match kind {
            "secret_key" => Self::SecretKey(secret),
            "password" => Self::Password(secret),
            "private_key" => Self::PrivateKey(secret),
            "refresh_token" => Self::RefreshToken(secret),
            _ => return None,
        })
    }
}

/// How the last try to reach a target ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    pub at: Moment,
    pub is_ok: bool,
    pub detail: String,
    /// What was tried one after the other; none when it was no test.
    pub steps: Vec<Step>,
    /// None before a test got so far.
    pub can_delete: Option<bool>,
}

/// One thing that a test of a target did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `write`, `read`, `list` or `delete`.
    pub name: &'static str,
    pub is_ok: bool,
    /// What failed, in a sentence.
    pub detail: Option<String>,
}

pub const STEPS: [&str; 4] = ["write", "read", "list", "delete"];

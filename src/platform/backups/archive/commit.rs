//! `COMMIT.json`: what makes a folder of parts a backup. Written last and signed by the box, since
//! anybody can encrypt to a public key.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::parts::Part;
use crate::platform::error::{Error, Result};

pub const COMMIT_FILE: &str = "COMMIT.json";
/// The line in front of what is signed, so that the signature is good for nothing else.
pub const SIGNED_AS: &str = "holdfast backup v1\n";

/// What is said of a base, in the order in which it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    pub format: u32,
    pub box_id: String,
    pub box_epoch: u64,
    pub sequence: u64,
    /// RFC 3339 in UTC.
    pub taken_at: String,
    /// SHA-256 of the `COMMIT.json` before it; none for the first.
    pub previous: Option<String>,
    /// Whom it is encrypted to: age recipients.
    pub recipients: Vec<String>,
    /// What its files need on a disk, so that somebody without room hears it before the first byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpacked_bytes: Option<u64>,
    pub parts: Vec<PartEntry>,
    /// The packs that hold its blobs, some of them made with earlier bases. They lie beside the
    /// folder `base`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packs: Vec<PartEntry>,
}

/// What every `COMMIT.json` says, whichever release wrote it: a newer one may say more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CommitHead {
    pub format: u32,
    pub box_epoch: u64,
    pub sequence: u64,
    pub taken_at: String,
}

/// A part as `COMMIT.json` names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartEntry {
    pub name: String,
    pub size_bytes: u64,
    pub sha256: String,
}

impl From<Part> for PartEntry {
    fn from(part: Part) -> Self {
        let Part { name, size_bytes, sha256 } = part;
        Self { name, size_bytes, sha256 }
    }
}

/// The file: what is said, as it was written, and the signature over it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    commit: Box<RawValue>,
    /// Ed25519 over a line that says what is signed and the text of `commit`; standard base64.
    signature: String,
}

/// The text of a file that says something, signed by `sign` behind the line `signed_as`.
pub fn to_signed(
    said: &impl Serialize,
    signed_as: &str,
    sign: impl FnOnce(&str) -> Result<Vec<u8>>,
) -> Result<String> {
    let text = serde_json::to_string(said).map_err(Error::internal)?;
    let signature = STANDARD.encode(sign(&format!("{signed_as}{text}"))?);
    let commit = RawValue::from_string(text).map_err(Error::internal)?;
    let file = serde_json::to_string(&Signed { commit, signature });
    Ok(file.map_err(Error::internal)? + "\n")
}

/// Reads such a file; `keys` gives whose signature counts, by what is said. None: it is not whole,
/// down to the line feed at its end, or none of them signed it.
pub fn from_signed<T: DeserializeOwned>(
    file: &str,
    signed_as: &str,
    keys: impl FnOnce(&T) -> Vec<[u8; 32]>,
) -> Option<T> {
    let signed: Signed = serde_json::from_str(file.strip_suffix('\n')?).ok()?;
    let signature = STANDARD.decode(&signed.signature).ok()?;
    let text = format!("{signed_as}{}", signed.commit.get());
    let said: T = serde_json::from_str(signed.commit.get()).ok()?;
    let is_good = |key: &[u8; 32]| {
        UnparsedPublicKey::new(&ED25519, key).verify(text.as_bytes(), &signature).is_ok()
    };
    keys(&said).iter().any(is_good).then_some(said)
}

impl CommitHead {
    /// Reads a file that one of `keys` (Ed25519) has signed. None: it is not whole, or nobody
    /// known signed it.
    pub fn read_signed(file: &str, keys: &[[u8; 32]]) -> Option<Self> {
        from_signed(file, SIGNED_AS, |_| keys.to_vec())
    }
}

impl Commit {
    /// The text of the file, signed by `sign`.
    pub fn to_file(&self, sign: impl FnOnce(&str) -> Result<Vec<u8>>) -> Result<String> {
        to_signed(self, SIGNED_AS, sign)
    }

    /// Reads a file that one of `keys` (Ed25519) has signed. None: it is not whole, of a
    /// newer format, or nobody known signed it.
    pub fn read_signed(file: &str, keys: &[[u8; 32]]) -> Option<Self> {
        from_signed(file, SIGNED_AS, |_| keys.to_vec())
    }
}

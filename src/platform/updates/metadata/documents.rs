//! One file of metadata, read strictly. Its signatures are another matter.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
pub use tough::schema;
use tough::schema::{Role, RoleType, Root, Signed};

pub use super::strict::canonical;
use super::strict::{self, malformed};
use super::{Reason, Result};
use crate::platform::clock::Moment;
use crate::platform::secret::to_hex;

/// The version of The Update Framework that metadata names.
pub const SPEC_VERSION: &str = "1.0.0";
/// The member of every role beside those of the framework: when it was signed, RFC 3339 in UTC.
/// It moves the floor of time.
pub const SIGNED_AT: &str = "signed_at";
/// Signatures on one file.
const SIGNATURES_MAX: usize = 32;
/// Digits of a key's id and of a signature.
const KEY_ID_DIGITS: usize = 64;
const SIGNATURE_DIGITS: usize = 128;

/// A file of metadata.
#[derive(Debug, Clone)]
pub struct Document<T> {
    /// As it came.
    pub bytes: Vec<u8>,
    pub file: Signed<T>,
    /// What the signatures are of.
    pub(super) signed_bytes: Vec<u8>,
    pub(super) signed_at: Option<Moment>,
}

impl<T: Role + DeserializeOwned> Document<T> {
    /// Reads a file of this role. Only its form is looked at.
    pub fn read(bytes: Vec<u8>) -> Result<Self> {
        Self::read_any(bytes).map_err(|reason| reason.about(&format!("{}.json", T::TYPE)))
    }

    fn read_any(bytes: Vec<u8>) -> Result<Self> {
        let whole = strict::read(&bytes)?;
        let parts = only(&whole, &["signatures", "signed"])?;
        signatures_are_plain(parts.get("signatures"))?;
        let signed = parts.get("signed").ok_or_else(|| malformed("Nothing in it is signed."))?;
        let role = T::TYPE.to_string();
        if signed.get("_type").and_then(Value::as_str) != Some(role.as_str()) {
            return Err(malformed("It is of another role."));
        }
        let version = signed.get("spec_version").and_then(Value::as_str).unwrap_or_default();
        if !version.starts_with("1.0.") {
            return Err(malformed("It follows another version of The Update Framework."));
        }
        members_are_known(T::TYPE, signed)?;
        let unread = |error: serde_json::Error| malformed(&format!("It cannot be read: {error}."));
        let file: Signed<T> = serde_json::from_slice(&bytes).map_err(unread)?;
        let signed_bytes = canonical(signed)?;
        if canonical(&file.signed)? != signed_bytes {
            return Err(malformed("Something in it is not written in the one way it can be."));
        }
        Ok(Self { bytes, file, signed_bytes, signed_at: signed_at(signed)? })
    }
}

impl<T: Role> Document<T> {
    pub fn version(&self) -> u64 {
        self.file.signed.version().get()
    }

    pub fn expires_at(&self) -> Moment {
        Moment(self.file.signed.expires().as_millisecond())
    }

    pub fn sha256(&self) -> String {
        to_hex(&Sha256::digest(&self.bytes))
    }
}

impl Document<Root> {
    /// The ids of the keys of a role, in hexadecimal.
    pub fn key_ids(&self, role: RoleType) -> Vec<String> {
        let keys = self.file.signed.roles.get(&role).map(|keys| keys.keyids.as_slice());
        keys.unwrap_or_default().iter().map(|id| to_hex(id)).collect()
    }
}

/// The members of an object, all of which are in the list.
fn only<'a>(value: &'a Value, known: &[&str]) -> Result<&'a Map<String, Value>> {
    let Value::Object(members) = value else {
        return Err(malformed("Something in it is no object that should be one."));
    };
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(malformed(&format!("It holds the unknown member “{name}”."))),
        None => Ok(members),
    }
}

/// What is outside of what is signed has one form, too.
fn signatures_are_plain(signatures: Option<&Value>) -> Result<()> {
    let Some(Value::Array(signatures)) = signatures else {
        return Err(malformed("It has no list of signatures."));
    };
    if signatures.len() > SIGNATURES_MAX {
        return Err(malformed("It has more signatures than any file may have."));
    }
    for signature in signatures {
        let parts = only(signature, &["keyid", "sig"])?;
        let is = |name: &str, digits: usize| {
            let text = parts.get(name).and_then(Value::as_str);
            text.is_some_and(|text| text.len() == digits && is_lower_hex(text))
        };
        if !is("keyid", KEY_ID_DIGITS) || !is("sig", SIGNATURE_DIGITS) {
            return Err(malformed("A signature is not written as signatures are."));
        }
    }
    Ok(())
}

pub(super) fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|one| matches!(one, b'0'..=b'9' | b'a'..=b'f'))
}

fn signed_at(signed: &Value) -> Result<Option<Moment>> {
    let Some(text) = signed.get(SIGNED_AT) else { return Ok(None) };
    let moment = text.as_str().and_then(|text| text.parse().ok());
    moment.map(Some).ok_or_else(|| malformed("It does not say when it was signed."))
}

/// Refuses members that the framework would let pass unread.
fn members_are_known(role: RoleType, signed: &Value) -> Result<()> {
    let usual = ["_type", "expires", SIGNED_AT, "spec_version", "version"];
    let with = |own: &[&'static str]| [&usual[..], own].concat();
    match role {
        RoleType::Root => {
            let parts = only(signed, &with(&["consistent_snapshot", "keys", "roles"]))?;
            each(parts.get("keys"), |_, key| {
                let key = only(key, &["keytype", "keyval", "scheme"])?;
                only(key.get("keyval").unwrap_or(&Value::Null), &["public"]).map(drop)
            })?;
            each(parts.get("roles"), |_, keys| only(keys, &["keyids", "threshold"]).map(drop))?;
            let roles = parts.get("roles").unwrap_or(&Value::Null);
            only(roles, &["root", "snapshot", "targets", "timestamp"]).map(drop)
        }
        RoleType::Timestamp => {
            let parts = only(signed, &with(&["meta"]))?;
            one_meta(parts.get("meta"), "snapshot.json")
        }
        RoleType::Snapshot => {
            let parts = only(signed, &with(&["meta"]))?;
            one_meta(parts.get("meta"), "targets.json")
        }
        RoleType::Targets | RoleType::DelegatedTargets => {
            let parts = only(signed, &with(&["delegations", "targets"]))?;
            no_delegation(parts.get("delegations"))?;
            each(parts.get("targets"), |name, target| {
                if !is_target_name(name) {
                    return Err(malformed(&format!("No target may be called “{name}”.")));
                }
                let target = only(target, &["custom", "hashes", "length"])?;
                only_hash(target.get("hashes"))
            })
        }
    }
}

fn each(object: Option<&Value>, look: impl Fn(&String, &Value) -> Result<()>) -> Result<()> {
    let Some(Value::Object(members)) = object else {
        return Err(malformed("Something in it is no object that should be one."));
    };
    members.iter().try_for_each(|(name, value)| look(name, value))
}

/// The list of the next file, with its length and hash: without them files could be mixed.
fn one_meta(meta: Option<&Value>, file: &str) -> Result<()> {
    let members = only(meta.unwrap_or(&Value::Null), &[file])?;
    let next = members.get(file).ok_or_else(|| malformed("It does not name the next file."))?;
    let next = only(next, &["hashes", "length", "version"])?;
    if !next.contains_key("length") {
        return Err(malformed("It does not say how long the next file is."));
    }
    only_hash(next.get("hashes"))
}

fn only_hash(hashes: Option<&Value>) -> Result<()> {
    let hashes = only(hashes.unwrap_or(&Value::Null), &["sha256"])?;
    let hash = hashes.get("sha256").and_then(Value::as_str).unwrap_or_default();
    if hash.len() != KEY_ID_DIGITS || !is_lower_hex(hash) {
        return Err(malformed("A hash is not written as hashes are."));
    }
    Ok(())
}

fn no_delegation(delegations: Option<&Value>) -> Result<()> {
    let is_empty = |value: &Value| match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    };
    let is_none = delegations.is_none_or(|it| {
        only(it, &["keys", "roles"]).is_ok_and(|parts| parts.values().all(is_empty))
    });
    if is_none {
        return Ok(());
    }
    let said = "The list of releases passes its trust on to other keys.";
    Err(Reason::new("update-delegation", said))
}

/// Characters of a target's name.
const TARGET_NAME_MAX: usize = 160;

/// Whether a target may be called so: letters, digits, `.`, `_`, `-`, `+`, beginning with a letter
/// or a digit. No name leads into another folder.
pub fn is_target_name(name: &str) -> bool {
    let is_first = name.bytes().next().is_some_and(|one| one.is_ascii_alphanumeric());
    let is_usual = |one: u8| one.is_ascii_alphanumeric() || b"._-+".contains(&one);
    is_first && name.len() <= TARGET_NAME_MAX && name.bytes().all(is_usual)
}

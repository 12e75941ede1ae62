//! Signatures: adding one, and counting who has signed what.

use tough::schema::{Role, Root, Signature, Signed};

use super::keys::{self, KeyId, PrivateKey, is_signed_by};
use crate::platform::error::{Error, Result};
use crate::platform::secret::to_hex;

/// Digits of a key's name that are told to people.
const SHORT_LENGTH: usize = 12;

/// The signatures that a role asks for, and those that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub role: keys::Role,
    /// The version of the root that asks for them.
    pub root: u64,
    pub threshold: u64,
    /// Keys whose signature is there and good.
    pub signed: Vec<KeyId>,
    /// Keys that could still sign.
    pub missing: Vec<KeyId>,
}

impl Need {
    /// What a root asks of something signed.
    pub fn of<T: Role>(root: &Root, role: keys::Role, signed: &Signed<T>) -> Result<Self> {
        let message = message(signed)?;
        let ids = root.roles.get(&role.kind()).map(|keys| keys.keyids.clone()).unwrap_or_default();
        let is_signed = |id: &KeyId| {
            let by_it = signed.signatures.iter().filter(|one| one.keyid == *id);
            root.keys.get(id).is_some_and(|key| {
                by_it.into_iter().any(|one| is_signed_by(key, &message, &one.sig))
            })
        };
        let (signed, missing) = ids.into_iter().partition(is_signed);
        let threshold = root.roles.get(&role.kind()).map_or(1, |keys| keys.threshold.get());
        Ok(Self { role, root: root.version.get(), threshold, signed, missing })
    }

    pub fn is_met(&self) -> bool {
        self.signed.len() as u64 >= self.threshold
    }

    /// Who signed and who still may, in one sentence.
    pub fn told(&self) -> String {
        let Self { role, root, threshold, .. } = self;
        let (have, role) = (self.signed.len(), role.name());
        let by = if self.signed.is_empty() { String::new() } else { " by ".to_owned() };
        let had = format!("{have} of {threshold} {role} signatures{by}{}", names(&self.signed));
        if self.is_met() {
            return format!("{had} (root {root}).");
        }
        format!("{had} (root {root}); still to sign: {}.", names(&self.missing))
    }
}

/// Keys as people tell them apart.
pub(super) fn names(ids: &[KeyId]) -> String {
    ids.iter().map(short).collect::<Vec<_>>().join(", ")
}

/// The first digits of a key's name.
pub fn short(id: &KeyId) -> String {
    to_hex(id).chars().take(SHORT_LENGTH).collect()
}

/// Whether a root lets a key sign for a role.
pub(super) fn counts(root: &Root, role: keys::Role, id: &KeyId) -> bool {
    root.roles.get(&role.kind()).is_some_and(|keys| keys.keyids.contains(id))
}

/// Adds the signature of a key, in the place of an earlier one of the same key.
pub(super) fn sign<T: Role>(signed: &mut Signed<T>, key: &PrivateKey) -> Result<()> {
    let keyid = key.id()?;
    let sig = key.sign(&message(signed)?).into();
    signed.signatures.retain(|one| one.keyid != keyid);
    signed.signatures.push(Signature { keyid, sig });
    signed.signatures.sort_by(|one, other| one.keyid.cmp(&other.keyid));
    Ok(())
}

/// Something that nobody has signed yet.
pub(super) fn unsigned<T>(signed: T) -> Signed<T> {
    Signed { signed, signatures: Vec::new() }
}

fn message<T: Role>(signed: &Signed<T>) -> Result<Vec<u8>> {
    signed.signed.canonical_form().map_err(Error::internal)
}

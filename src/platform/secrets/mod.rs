//! Sealed fields: what the box has to keep and read again, such as private keys, unreadable in a
//! copied file.
//!
//! One master key of 32 bytes. HKDF-SHA-256 makes a key of its own of it for each purpose, and
//! XChaCha20-Poly1305 seals with that. A sealed field says which key it was sealed with and is
//! bound to its place, so that exchanging two of them is noticed.

mod key;
mod rules;
#[cfg(test)]
mod tests;

use std::path::Path;

use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use self::key::MasterKey;
pub use self::rules::{CODES, Place, Purpose};
use self::rules::{KEY_ID_BYTES, NONCE_BYTES, Sealed, unreadable};
use super::error::{Error, Result};
use super::random::Random;

/// Where the derivation starts. Never changes, or nothing could be opened any more.
const SALT: &[u8] = b"holdfast secrets v1";
const KEY_BYTES: usize = 32;

type Key = Zeroizing<[u8; KEY_BYTES]>;

/// Seals and opens.
pub struct Secrets {
    /// What the master key was turned into; the key itself is forgotten.
    derived: Prk,
    key_id: [u8; KEY_ID_BYTES],
    random: Random,
}

impl Secrets {
    /// Takes the master key from `credentials` (what systemd calls `$CREDENTIALS_DIRECTORY`) when
    /// it lies there, else from the data folder, where the first start makes it. Blocks.
    pub fn open(data: &Path, credentials: Option<&Path>, random: &Random) -> Result<Self> {
        let key = MasterKey::find(data, credentials)?;
        let is_new = key.is_none();
        let key = match key {
            Some(key) => key,
            None if key::mark(data)?.is_some() => return Err(rules::missing(data)),
            None => MasterKey::from(Zeroizing::new(random.bytes())),
        };
        let derived = Salt::new(HKDF_SHA256, SALT).extract(key.bytes());
        let whole = expand(&derived, b"key id")?;
        let mut key_id = [0; KEY_ID_BYTES];
        key_id.copy_from_slice(&whole[..KEY_ID_BYTES]);
        if key::mark(data)?.is_some_and(|mark| mark != key_id) {
            return Err(rules::another(data));
        }
        if is_new {
            key.keep(data)?;
        }
        key::write_mark(data, key_id)?;
        Ok(Self { derived, key_id, random: random.clone() })
    }

    /// Seals `plain` for its place.
    pub fn seal(&self, purpose: Purpose, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce = self.random.bytes::<NONCE_BYTES>();
        let aad = place.bound(self.key_id);
        let payload = Payload { msg: plain, aad: &aad };
        let sealed = self.cipher(purpose)?.encrypt(&XNonce::from(nonce), payload);
        let text = sealed.map_err(|_| Error::internal("a field is too long to be sealed"))?;
        Ok(Sealed { key_id: self.key_id, nonce, text: &text }.write())
    }

    /// Opens what `seal` made for the same purpose and place.
    pub fn unseal(
        &self,
        purpose: Purpose,
        place: &Place<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>> {
        let sealed = Sealed::read(sealed).ok_or_else(|| unreadable(place))?;
        if sealed.key_id != self.key_id {
            return Err(unreadable(place));
        }
        let aad = place.bound(sealed.key_id);
        let payload = Payload { msg: sealed.text, aad: &aad };
        let plain = self.cipher(purpose)?.decrypt(&XNonce::from(sealed.nonce), payload);
        plain.map(Zeroizing::new).map_err(|_| unreadable(place))
    }

    fn cipher(&self, purpose: Purpose) -> Result<XChaCha20Poly1305> {
        let key = expand(&self.derived, purpose.name().as_bytes())?;
        XChaCha20Poly1305::new_from_slice(&*key).map_err(Error::internal)
    }
}

fn expand(derived: &Prk, info: &[u8]) -> Result<Key> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let parts = [info];
    let filled = derived.expand(&parts, HKDF_SHA256).and_then(|okm| okm.fill(&mut *key));
    filled.map_err(|_| Error::internal("a key could not be derived"))?;
    Ok(key)
}

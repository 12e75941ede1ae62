//! The keys in hand: the one that seals, and the one before it while its fields are about.

use std::sync::Arc;

use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::KeyInit;
use zeroize::Zeroizing;

use super::key::MasterKey;
use super::rules::{KEY_ID_BYTES, Purpose};
use super::{KEY_BYTES, Key};
use crate::platform::error::{Error, Result};

/// Where the derivation starts. Never changes, or nothing could be opened any more.
const SALT: &[u8] = b"holdfast secrets v1";

/// What a master key was turned into; the key itself is forgotten.
pub(super) struct Derived {
    prk: Prk,
    pub(super) id: [u8; KEY_ID_BYTES],
}

impl Derived {
    pub(super) fn of(key: &MasterKey) -> Result<Self> {
        let prk = Salt::new(HKDF_SHA256, SALT).extract(key.bytes());
        let whole = expand(&prk, b"key id")?;
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&whole[..KEY_ID_BYTES]);
        Ok(Self { prk, id })
    }

    pub(super) fn cipher(&self, purpose: Purpose) -> Result<XChaCha20Poly1305> {
        let key = expand(&self.prk, purpose.name().as_bytes())?;
        XChaCha20Poly1305::new_from_slice(&*key).map_err(Error::internal)
    }
}

#[derive(Clone)]
pub(super) struct Ring {
    pub(super) current: Arc<Derived>,
    pub(super) previous: Option<Arc<Derived>>,
    /// Whether what `previous` sealed may still lie on disk.
    pub(super) is_rotating: bool,
}

impl Ring {
    pub(super) fn of(current: Derived) -> Self {
        Self { current: Arc::new(current), previous: None, is_rotating: false }
    }

    pub(super) fn rotating(current: Derived, previous: Derived) -> Self {
        let previous = Some(Arc::new(previous));
        Self { current: Arc::new(current), previous, is_rotating: true }
    }

    pub(super) fn find(&self, id: [u8; KEY_ID_BYTES]) -> Option<&Derived> {
        let previous = self.previous.as_ref().filter(|key| key.id == id);
        if self.current.id == id { Some(&self.current) } else { previous.map(|key| &**key) }
    }
}

fn expand(derived: &Prk, info: &[u8]) -> Result<Key> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let parts = [info];
    let filled = derived.expand(&parts, HKDF_SHA256).and_then(|okm| okm.fill(&mut *key));
    filled.map_err(|_| Error::internal("a key could not be derived"))?;
    Ok(key)
}

//! Sealed fields: what the box has to keep and read again, such as private keys, unreadable in a
//! copied file.
//!
//! One master key of 32 bytes. HKDF-SHA-256 makes a key of its own of it for each purpose, and
//! XChaCha20-Poly1305 seals with that. A sealed field says which key it was sealed with and is
//! bound to its place, so that exchanging two of them is noticed.
//!
//! The master key is changed in steps that a stop at any moment leaves whole: the new key is
//! written beside the old one and seals from then on, while both open; every field is sealed
//! anew; then the mark names the new key, and its file takes the place of the old one.

mod key;
mod ring;
mod rules;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead, Payload};
use zeroize::Zeroizing;

use self::key::MasterKey;
use self::ring::{Derived, Ring};
pub use self::rules::{CODES, Place, Purpose, Source};
use self::rules::{NONCE_BYTES, Sealed, unreadable};
use super::error::{Error, Result};
use super::random::Random;
use super::secret::to_hex;

const KEY_BYTES: usize = 32;

type Key = Zeroizing<[u8; KEY_BYTES]>;

/// Files of the data folder, by name.
pub type KeyFiles = Vec<(&'static str, Zeroizing<Vec<u8>>)>;

/// Seals and opens. What is sealed for a row is sealed inside the transaction that writes it:
/// then a change of the key finds every field.
pub struct Secrets {
    ring: ArcSwap<Ring>,
    source: Source,
    data: PathBuf,
    /// Where systemd puts credentials.
    credentials: Option<PathBuf>,
    random: Random,
}

impl Secrets {
    /// Takes the master key from `credentials` (what systemd calls `$CREDENTIALS_DIRECTORY`) when
    /// it lies there, else from the data folder, where the first start makes it. Blocks.
    pub fn open(data: &Path, credentials: Option<&Path>, random: &Random) -> Result<Self> {
        let (source, ring) = match MasterKey::credential(credentials)? {
            Some(key) => (Source::Credential, with_credential(data, credentials, &key)?),
            None => (Source::File, with_file(data, random)?),
        };
        if !ring.is_rotating {
            key::write_mark(data, ring.current.id)?;
        }
        let ring = ArcSwap::from_pointee(ring);
        let credentials = credentials.map(Path::to_owned);
        Ok(Self { ring, source, data: data.to_owned(), credentials, random: random.clone() })
    }

    /// Where the master key comes from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Tells the master key from others; no secret. 16 hexadecimal digits.
    pub fn key_id(&self) -> String {
        to_hex(&self.ring.load().current.id)
    }

    /// Whether there may be fields that an older key sealed.
    pub fn is_rotating(&self) -> bool {
        self.ring.load().is_rotating
    }

    /// What a sealed field of the key in use begins with.
    pub fn prefix(&self) -> Vec<u8> {
        rules::prefix(self.ring.load().current.id)
    }

    /// Makes a new master key and seals with it from here on; what the old one sealed opens as
    /// before. Does nothing while that is so already. Blocks.
    pub fn begin_rotation(&self) -> Result<()> {
        let ring = self.ring.load();
        if ring.is_rotating {
            return Ok(());
        }
        if self.source == Source::Credential {
            return Err(rules::given_by_systemd());
        }
        let key = MasterKey::from(Zeroizing::new(self.random.bytes()));
        let current = Derived::of(&key)?;
        key.keep_next(&self.data)?;
        let previous = Some(Arc::clone(&ring.current));
        self.ring.store(Arc::new(Ring { current: Arc::new(current), previous, is_rotating: true }));
        Ok(())
    }

    /// Forgets the old master key on disk. Call it when nothing is left that it sealed. Whoever
    /// read a field just before still opens it. Does nothing when no key is being changed. Blocks.
    pub fn finish_rotation(&self) -> Result<()> {
        let ring = self.ring.load();
        if !ring.is_rotating {
            return Ok(());
        }
        key::write_mark(&self.data, ring.current.id)?;
        match self.source {
            Source::File => key::take_next(&self.data)?,
            Source::Credential => key::remove_file(&self.data)?,
        }
        self.ring.store(Arc::new(Ring { is_rotating: false, ..Ring::clone(&ring) }));
        Ok(())
    }

    /// What a backup has to keep for the box's fields to open again: files of the data folder, by
    /// name. Blocks.
    pub fn to_keep(&self) -> Result<KeyFiles> {
        key::to_keep(&self.data, self.source, self.credentials.as_deref())
    }

    /// The same once more, after the fields were copied: of the two those that open all of them,
    /// though the key may have been changed meanwhile. Blocks.
    pub fn to_keep_since(&self, before: KeyFiles) -> Result<KeyFiles> {
        // While the key was being changed both are among them, and the mark.
        if before.len() > 2 { Ok(before) } else { self.to_keep() }
    }

    /// Seals `plain` for its place.
    pub fn seal(&self, purpose: Purpose, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        let key = Arc::clone(&self.ring.load().current);
        let nonce = self.random.bytes::<NONCE_BYTES>();
        let aad = place.bound(key.id);
        let payload = Payload { msg: plain, aad: &aad };
        let sealed = key.cipher(purpose)?.encrypt(&XNonce::from(nonce), payload);
        let text = sealed.map_err(|_| Error::internal("a field is too long to be sealed"))?;
        Ok(Sealed { key_id: key.id, nonce, text: &text }.write())
    }

    /// Seals anew what an older key sealed for its place. None when the key in use did.
    pub fn seal_anew(
        &self,
        purpose: Purpose,
        place: &Place<'_>,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        if sealed.starts_with(&self.prefix()) {
            return Ok(None);
        }
        let plain = self.unseal(purpose, place, sealed)?;
        self.seal(purpose, place, &plain).map(Some)
    }

    /// Opens what `seal` made for the same purpose and place.
    pub fn unseal(
        &self,
        purpose: Purpose,
        place: &Place<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>> {
        let sealed = Sealed::read(sealed).ok_or_else(|| unreadable(place))?;
        let ring = self.ring.load();
        let key = ring.find(sealed.key_id).ok_or_else(|| unreadable(place))?;
        let aad = place.bound(sealed.key_id);
        let payload = Payload { msg: sealed.text, aad: &aad };
        let plain = key.cipher(purpose)?.decrypt(&XNonce::from(sealed.nonce), payload);
        plain.map(Zeroizing::new).map_err(|_| unreadable(place))
    }
}

/// How the files of a box stand with its master key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Examined {
    /// Nothing was ever sealed.
    NotYet,
    Fits,
    Missing,
    Another,
    /// And why.
    Unusable(String),
}

/// Looks at the key in the data folder without using it, whoever may read it. Blocks.
pub fn examine(data: &Path) -> Examined {
    let read = || -> Result<Examined> {
        let Some(mark) = key::mark(data)? else { return Ok(Examined::NotYet) };
        let kept = [MasterKey::file(data)?, MasterKey::next_file(data)?];
        if kept.iter().all(Option::is_none) {
            return Ok(Examined::Missing);
        }
        for key in kept.into_iter().flatten() {
            if Derived::of(&key)?.id == mark {
                return Ok(Examined::Fits);
            }
        }
        Ok(Examined::Another)
    };
    read().unwrap_or_else(|error| match error {
        Error::Rule(refusal) => Examined::Unusable(refusal.detail),
        other => Examined::Unusable(other.to_string()),
    })
}

/// The key that systemd gives. Another one than the box sealed with is a change of the key, as
/// long as the one before is there too: beside it, or as the file of the time before systemd.
fn with_credential(data: &Path, credentials: Option<&Path>, key: &MasterKey) -> Result<Ring> {
    let current = Derived::of(key)?;
    let Some(mark) = key::mark(data)?.filter(|mark| *mark != current.id) else {
        return Ok(Ring::of(current));
    };
    let before = [MasterKey::previous_credential(credentials)?, MasterKey::file(data)?];
    for key in before.into_iter().flatten() {
        let previous = Derived::of(&key)?;
        if previous.id == mark {
            return Ok(Ring::rotating(current, previous));
        }
    }
    Err(rules::another(data))
}

/// The key in the data folder. A first start makes it; a change that was interrupted goes on.
fn with_file(data: &Path, random: &Random) -> Result<Ring> {
    let mark = key::mark(data)?;
    let Some(key) = MasterKey::file(data)? else {
        if mark.is_some() {
            return Err(rules::missing(data));
        }
        let key = MasterKey::from(Zeroizing::new(random.bytes()));
        key.keep(data)?;
        return Ok(Ring::of(Derived::of(&key)?));
    };
    let current = Derived::of(&key)?;
    let next = MasterKey::next_file(data)?.map(|key| Derived::of(&key)).transpose()?;
    match (next, mark) {
        (Some(next), Some(mark)) if next.id == mark => {
            key::take_next(data)?;
            Ok(Ring::of(next))
        }
        (_, Some(mark)) if mark != current.id => Err(rules::another(data)),
        (Some(next), _) => Ok(Ring::rotating(next, current)),
        (None, _) => Ok(Ring::of(current)),
    }
}

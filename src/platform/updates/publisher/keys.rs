//! Keys that sign a feed's metadata: Ed25519, the private half in an age file behind a passphrase,
//! the public half beside it as the metadata writes it.

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tough::schema::RoleType;
use tough::schema::decoded::{Decoded, Hex};
use tough::schema::key::{Ed25519Key, Ed25519Scheme, Key};
use zeroize::{Zeroize, Zeroizing};

use crate::platform::backups::archive::{self, Lock, Locked, seal, unlock};
use crate::platform::error::{Error, Result, refuse};
use crate::platform::random::Random;
use crate::platform::secret::Secret;

/// A larger file is no key.
const KEY_SIZE_BYTES_MAX: u64 = 64 * 1024;
const SEED_LENGTH: usize = 32;
/// How an age file begins.
const AGE: &[u8] = b"age-encryption.org/";
/// What stands before the seed in a PKCS #8 document of an Ed25519 key.
const PKCS8: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
const ROLE_LINE: &str = "Holdfast release key, role: ";
const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// What the hash of a key is called in metadata.
pub type KeyId = Decoded<Hex>;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Says which keys count. Kept offline.
    Root,
    /// Says which releases there are; `targets` in the metadata. Kept offline.
    Release,
    /// Says which metadata belongs together. Kept where the feed is published from.
    Snapshot,
    /// Says that the feed is alive. Kept where the feed is published from.
    Timestamp,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Root, Self::Release, Self::Snapshot, Self::Timestamp];

    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Release => "release",
            Self::Snapshot => "snapshot",
            Self::Timestamp => "timestamp",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// What the metadata calls it.
    pub fn kind(self) -> RoleType {
        match self {
            Self::Root => RoleType::Root,
            Self::Release => RoleType::Targets,
            Self::Snapshot => RoleType::Snapshot,
            Self::Timestamp => RoleType::Timestamp,
        }
    }
}

/// A private key, in memory for as long as one call takes.
pub struct PrivateKey {
    pub role: Role,
    pair: Ed25519KeyPair,
    seed: Zeroizing<[u8; SEED_LENGTH]>,
}

/// Says the public half alone.
impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, {:?})", self.role.name(), self.pair.public_key())
    }
}

impl PrivateKey {
    pub fn generate(role: Role, random: &Random) -> Result<Self> {
        Self::of_seed(role, Zeroizing::new(random.bytes()))
    }

    /// The key of a seed, for vectors that have to come out the same each time.
    pub fn of_seed(role: Role, seed: Zeroizing<[u8; SEED_LENGTH]>) -> Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).map_err(Error::internal)?;
        Ok(Self { role, pair, seed })
    }

    /// The public half, as metadata names it.
    pub fn public(&self) -> Key {
        public_key(self.pair.public_key().as_ref())
    }

    pub fn id(&self) -> Result<KeyId> {
        id_of(&self.public())
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    /// The key as an age file behind a passphrase. Inside is a PKCS #8 key in PEM below a line that
    /// says its role: what `age -d` gives, `openssl pkey` reads. Blocks for some tenths of a
    /// second.
    pub fn seal(&self, passphrase: &Secret) -> Result<Vec<u8>> {
        let mut document = Zeroizing::new(PKCS8.to_vec());
        document.reserve_exact(SEED_LENGTH);
        document.extend_from_slice(&*self.seed);
        let role = self.role.name();
        let lines = Zeroizing::new(STANDARD.encode(&*document));
        let text = format!("{ROLE_LINE}{role}\n{PEM_BEGIN}\n{}\n{PEM_END}\n", *lines);
        let text = Zeroizing::new(text);
        seal(&Lock::Passphrase(passphrase.clone()), text.as_bytes())
    }

    /// Opens what [`seal`](Self::seal) made. Blocks for some tenths of a second.
    ///
    /// # Errors
    /// `release-key`: it is no such file, or the passphrase is another one.
    pub fn open(sealed: &[u8], passphrase: &Secret) -> Result<Self> {
        let key = archive::Key::Passphrase(passphrase.clone());
        let opened = match unlock(sealed, &key) {
            Ok(opened) => opened,
            Err(Locked::WrongKey) => return refuse("release-key", "The passphrase is wrong."),
            Err(Locked::NotAge | Locked::TooMuchWork) => return refuse("release-key", NO_KEY),
        };
        let mut text = Zeroizing::new(String::with_capacity(1024));
        let read = opened.take(KEY_SIZE_BYTES_MAX).read_to_string(&mut text);
        let parsed = read.ok().and_then(|_| parsed(&text));
        let Some((role, seed)) = parsed else { return refuse("release-key", NO_KEY) };
        Self::of_seed(role, seed)
    }
}

const NO_KEY: &str = "It is no key made by `holdfast release keygen`.";

fn parsed(text: &str) -> Option<(Role, Zeroizing<[u8; SEED_LENGTH]>)> {
    let mut lines = text.lines();
    let role = Role::from_name(lines.next()?.strip_prefix(ROLE_LINE)?)?;
    lines.next().filter(|line| *line == PEM_BEGIN)?;
    let document = Zeroizing::new(STANDARD.decode(lines.next()?).ok()?);
    lines.next().filter(|line| *line == PEM_END)?;
    let mut seed: [u8; SEED_LENGTH] = document.strip_prefix(&PKCS8)?.try_into().ok()?;
    let kept = Zeroizing::new(seed);
    seed.zeroize();
    Some((role, kept))
}

fn public_key(bytes: &[u8]) -> Key {
    Key::Ed25519 {
        keyval: Ed25519Key { public: bytes.to_vec().into(), _extra: HashMap::new() },
        scheme: Ed25519Scheme::Ed25519,
        _extra: HashMap::new(),
    }
}

/// The SHA-256 of the canonical form of a key.
pub fn id_of(key: &Key) -> Result<KeyId> {
    key.key_id().map_err(Error::internal)
}

/// Whether a signature of these bytes was made with this key. Only Ed25519 counts.
pub fn is_signed_by(key: &Key, message: &[u8], signature: &[u8]) -> bool {
    let Key::Ed25519 { keyval, .. } = key else { return false };
    UnparsedPublicKey::new(&ED25519, &*keyval.public).verify(message, signature).is_ok()
}

/// Writes a new key and its public half into new files that do not exist yet: `out` and `out.pub`.
///
/// # Errors
/// The files are there already, or cannot be made.
pub fn write_pair(key: &PrivateKey, passphrase: &Secret, out: &Path) -> Result<PathBuf> {
    let sealed = key.seal(passphrase)?;
    let public = public_path(out);
    let text = serde_json::to_string(&key.public()).map_err(Error::internal)? + "\n";
    for (path, bytes, mode) in [(out, &sealed[..], 0o600), (&public, text.as_bytes(), 0o644)] {
        let made = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
        let mut file = match made {
            Err(error) => {
                let detail = format!("{} cannot be made: {error}.", path.display());
                return refuse("release-key", detail);
            }
            Ok(file) => file,
        };
        file.write_all(bytes)?;
        file.sync_all()?;
    }
    Ok(public)
}

fn public_path(private: &Path) -> PathBuf {
    let mut name = private.as_os_str().to_owned();
    name.push(".pub");
    PathBuf::from(name)
}

/// Reads a public key: a file of one, or the one beside a private key.
///
/// # Errors
/// `release-key`: it is none, or not of Ed25519.
pub fn read_public(path: &Path) -> Result<Key> {
    let bytes = read_bounded(path)?;
    let bytes = if bytes.starts_with(AGE) { read_bounded(&public_path(path))? } else { bytes };
    match serde_json::from_slice(&bytes) {
        Ok(Key::Ed25519 { keyval, .. }) if keyval.public.len() == SEED_LENGTH => {
            Ok(public_key(&keyval.public))
        }
        _ => refuse("release-key", format!("{} is no public key.", path.display())),
    }
}

/// Opens the file of a private key.
///
/// # Errors
/// `release-key`: it is none, or the passphrase is wrong.
pub fn read_private(path: &Path, passphrase: &Secret) -> Result<PrivateKey> {
    let of_file = |error| match error {
        Error::Rule(refusal) => {
            refuse("release-key", format!("{}: {}", path.display(), refusal.detail))
        }
        other => Err(other),
    };
    PrivateKey::open(&read_bounded(path)?, passphrase).or_else(of_file)
}

fn read_bounded(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(KEY_SIZE_BYTES_MAX).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => refuse("release-key", format!("{} cannot be read: {error}.", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::clock::Clock;

    #[test]
    fn a_key_opens_with_its_passphrase_alone() {
        let key = PrivateKey::generate(Role::Root, &Random::new(Clock::System)).unwrap();
        let sealed = key.seal(&Secret::new("lantern otter")).unwrap();

        let opened = PrivateKey::open(&sealed, &Secret::new("lantern otter")).unwrap();

        assert_eq!(opened.role, Role::Root);
        assert_eq!(opened.public(), key.public());
        assert!(PrivateKey::open(&sealed, &Secret::new("lantern")).is_err());
        let signature = opened.sign(b"said");
        assert!(is_signed_by(&key.public(), b"said", &signature));
        assert!(!is_signed_by(&key.public(), b"sald", &signature));
    }

    #[test]
    fn a_seed_makes_one_key() {
        let of = |byte| {
            let seed = Zeroizing::new([byte; SEED_LENGTH]);
            PrivateKey::of_seed(Role::Release, seed).unwrap().id().unwrap()
        };

        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }
}

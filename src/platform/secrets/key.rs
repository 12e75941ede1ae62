//! The master key on disk: its file, and a mark that says which key the box sealed with.

use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use zeroize::{Zeroize, Zeroizing};

use super::rules::{KEY_ID_BYTES, Source, unusable};
use super::{KEY_BYTES, Key, KeyFiles};
use crate::platform::error::{Error, Result};
use crate::platform::secret::to_hex;
use crate::platform::whole_file;

/// In the data folder: 64 hexadecimal digits.
const FILE: &str = "master.key";
/// In the data folder while the key is being changed: the one that takes its place.
const NEXT_FILE: &str = "master.next";
/// In the folder of systemd's credentials.
const CREDENTIAL: &str = "holdfast-master-key";
/// Beside it while the key is being changed: the one it takes the place of.
const PREVIOUS_CREDENTIAL: &str = "holdfast-master-key-previous";
/// In the data folder; no secret. Tells a lost key from a first start.
const MARK: &str = "master.id";
/// More is no key of ours.
const FILE_SIZE_BYTES_MAX: u64 = 1024;
const MODE_SECRET: u32 = 0o600;
/// Bits of a file's mode that let others at it.
const OTHERS: u32 = 0o007;
const GROUP_AND_OTHERS: u32 = 0o077;

pub(super) struct MasterKey(Key);

impl From<Key> for MasterKey {
    fn from(bytes: Key) -> Self {
        Self(bytes)
    }
}

impl MasterKey {
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The key that systemd gives, when it does.
    pub(super) fn credential(folder: Option<&Path>) -> Result<Option<Self>> {
        folder.map_or(Ok(None), |folder| Self::read(&folder.join(CREDENTIAL), OTHERS))
    }

    /// The key before it, when systemd gives that too.
    pub(super) fn previous_credential(folder: Option<&Path>) -> Result<Option<Self>> {
        folder.map_or(Ok(None), |folder| Self::read(&folder.join(PREVIOUS_CREDENTIAL), OTHERS))
    }

    /// The key in the data folder.
    pub(super) fn file(data: &Path) -> Result<Option<Self>> {
        Self::read(&data.join(FILE), GROUP_AND_OTHERS)
    }

    /// The key that takes its place, while it is being changed.
    pub(super) fn next_file(data: &Path) -> Result<Option<Self>> {
        Self::read(&data.join(NEXT_FILE), GROUP_AND_OTHERS)
    }

    /// Reads a key file that none of `forbidden` may read.
    fn read(path: &Path, forbidden: u32) -> Result<Option<Self>> {
        let file = match std::fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(path, &error.to_string())),
        };
        if file.metadata()?.mode() & forbidden != 0 {
            return Err(unusable(path, "others may read it; chmod 600 it"));
        }
        let mut bytes = Zeroizing::new(Vec::new());
        file.take(FILE_SIZE_BYTES_MAX).read_to_end(&mut bytes)?;
        let key = raw(&bytes).or_else(|| from_hex(bytes.trim_ascii()));
        key.map(|key| Some(Self(key))).ok_or_else(|| unusable(path, "it holds no key"))
    }

    /// Writes the file of a new key.
    pub(super) fn keep(&self, data: &Path) -> Result<()> {
        self.write(&data.join(FILE))
    }

    /// Writes the file of a key that is to take the place of the one in use.
    pub(super) fn keep_next(&self, data: &Path) -> Result<()> {
        self.write(&data.join(NEXT_FILE))
    }

    fn write(&self, path: &Path) -> Result<()> {
        whole_file::write(path, &self.text(), MODE_SECRET)
    }

    fn text(&self) -> Zeroizing<Vec<u8>> {
        let mut text = Zeroizing::new(to_hex(self.bytes()).into_bytes());
        text.push(b'\n');
        text
    }
}

/// The files that a backup keeps, by name. A key that systemd gives becomes the file of the data
/// folder, since the machine it comes back to has no such credential.
pub(super) fn to_keep(data: &Path, source: Source, credentials: Option<&Path>) -> Result<KeyFiles> {
    let (key, other) = match source {
        Source::File => (MasterKey::file(data)?, MasterKey::next_file(data)?),
        Source::Credential => {
            let before = MasterKey::previous_credential(credentials)?;
            let before = before.map_or_else(|| MasterKey::file(data), |key| Ok(Some(key)))?;
            match before {
                // As if the change went on from files: the one before, and the one that follows.
                Some(before) => (Some(before), MasterKey::credential(credentials)?),
                None => (MasterKey::credential(credentials)?, None),
            }
        }
    };
    let named = [(FILE, key), (NEXT_FILE, other)];
    let files = named.into_iter().filter_map(|(name, key)| Some((name, key?.text())));
    let mark = std::fs::read(data.join(MARK)).map(Zeroizing::new);
    Ok(files.chain(std::iter::once((MARK, mark?))).collect())
}

/// Puts the next key in the place of the one before, which is gone from then on.
pub(super) fn take_next(data: &Path) -> Result<()> {
    std::fs::rename(data.join(NEXT_FILE), data.join(FILE))?;
    std::fs::File::open(data)?.sync_all()?;
    Ok(())
}

/// Removes the file of a key that a credential has taken the place of.
pub(super) fn remove_file(data: &Path) -> Result<()> {
    match std::fs::remove_file(data.join(FILE)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(std::fs::File::open(data)?.sync_all()?),
    }
}

/// A credential may hold the bytes themselves.
fn raw(bytes: &[u8]) -> Option<Key> {
    Some(Zeroizing::new(<[u8; KEY_BYTES]>::try_from(bytes).ok()?))
}

fn from_hex(text: &[u8]) -> Option<Key> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let is_read = decode(text, key.as_mut_slice());
    if is_read.is_none() {
        key.zeroize();
    }
    is_read.map(|()| key)
}

/// Fills `bytes` from as many pairs of digits; none when the text is anything else.
fn decode(text: &[u8], bytes: &mut [u8]) -> Option<()> {
    if text.len() != bytes.len() * 2 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let digit =
            |at: usize| char::from(pair[at]).to_digit(16).and_then(|it| u8::try_from(it).ok());
        *byte = digit(0)? << 4 | digit(1)?;
    }
    Some(())
}

/// Which key the box sealed with; none before its first start.
pub(super) fn mark(data: &Path) -> Result<Option<[u8; KEY_ID_BYTES]>> {
    let path = data.join(MARK);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::from(error)),
    };
    let mut id = [0; KEY_ID_BYTES];
    match decode(text.trim_ascii(), &mut id) {
        Some(()) => Ok(Some(id)),
        None => Err(unusable(&path, "it holds no id of a key")),
    }
}

/// Notes the key, unless it is noted.
pub(super) fn write_mark(data: &Path, id: [u8; KEY_ID_BYTES]) -> Result<()> {
    if mark(data)? == Some(id) {
        return Ok(());
    }
    whole_file::write(&data.join(MARK), format!("{}\n", to_hex(&id)).as_bytes(), MODE_SECRET)
}

//! The folder of a feed, as it is put on a web server, and beside it what waits for signatures:
//!
//! ```text
//! metadata/1.root.json … N.root.json  N.targets.json  N.snapshot.json  timestamp.json
//! targets/<SHA-256>.<name>
//! staged/root.json  staged/targets.json      not for boxes
//! ```
//!
//! Every file is there whole or not at all, and none of `metadata/` changes but `timestamp.json`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tough::schema::{Role, Root, Signed, Targets};

use crate::platform::error::{Result, refuse};
use crate::platform::secret::to_hex;
use crate::platform::updates::metadata::documents::canonical;
use crate::platform::whole_file;

/// A larger metadata file is refused.
const METADATA_SIZE_BYTES_MAX: u64 = 10 * 1024 * 1024;
const PIECE_BYTES: usize = 256 * 1024;
const FILE_MODE: u32 = 0o644;

/// The folder of a feed.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Held while this process changes the feed.
    lock: Option<File>,
}

/// What a file holds, as metadata says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    pub size_bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

impl Folder {
    /// The folder of a feed, to look at.
    ///
    /// # Errors
    /// `release-feed`: there is none.
    pub fn open(path: &Path) -> Result<Self> {
        let feed = Self { path: path.to_owned(), lock: None };
        if feed.metadata().is_dir() {
            return Ok(feed);
        }
        refuse("release-feed", format!("{} is no feed.", path.display()))
    }

    /// The same, to change.
    ///
    /// # Errors
    /// `release-feed`: there is none, or another process is changing it.
    pub fn change(path: &Path) -> Result<Self> {
        let mut feed = Self::open(path)?;
        feed.lock()?;
        Ok(feed)
    }

    /// Makes the folder of a new feed.
    ///
    /// # Errors
    /// `release-feed`: there is one already.
    pub fn create(path: &Path) -> Result<Self> {
        let mut feed = Self { path: path.to_owned(), lock: None };
        if feed.metadata().exists() || feed.staged().exists() {
            return refuse("release-feed", format!("{} is a feed already.", path.display()));
        }
        for folder in [feed.metadata(), feed.targets(), feed.staged()] {
            fs::create_dir_all(folder)?;
        }
        feed.lock()?;
        Ok(feed)
    }

    fn lock(&mut self) -> Result<()> {
        fs::create_dir_all(self.staged())?;
        let path = self.staged().join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => self.lock = Some(file),
            Err(TryLockError::WouldBlock) => {
                let detail = format!("{} is being changed already.", self.path.display());
                return refuse("release-feed", detail);
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn metadata(&self) -> PathBuf {
        self.path.join("metadata")
    }

    pub fn targets(&self) -> PathBuf {
        self.path.join("targets")
    }

    fn staged(&self) -> PathBuf {
        self.path.join("staged")
    }

    /// Where the bytes of a target lie.
    pub fn target(&self, sha256: &str, name: &str) -> PathBuf {
        self.targets().join(format!("{sha256}.{name}"))
    }

    /// The highest version of a role that is in the feed.
    pub fn newest<T: Role + DeserializeOwned>(&self) -> Result<Option<Signed<T>>> {
        let Some(version) = self.versions::<T>()?.pop() else { return Ok(None) };
        self.version(version)
    }

    /// The versions of a role that are in the feed, in order.
    pub fn versions<T: Role>(&self) -> Result<Vec<u64>> {
        let ending = format!(".{}.json", T::TYPE);
        let mut found = Vec::new();
        for entry in fs::read_dir(self.metadata())? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(&ending));
            found.extend(number.and_then(|number| number.parse::<u64>().ok()));
        }
        found.sort_unstable();
        Ok(found)
    }

    /// One version of a role.
    pub fn version<T: Role + DeserializeOwned>(&self, version: u64) -> Result<Option<Signed<T>>> {
        read(&self.metadata().join(format!("{version}.{}.json", T::TYPE)))
    }

    /// The one that has no number: the timestamp.
    pub fn unnumbered<T: Role + DeserializeOwned>(&self) -> Result<Option<Signed<T>>> {
        read(&self.metadata().join(format!("{}.json", T::TYPE)))
    }

    /// What waits for signatures.
    pub fn waiting<T: Role + DeserializeOwned>(&self) -> Result<Option<Signed<T>>> {
        read(&self.staged().join(format!("{}.json", T::TYPE)))
    }

    /// Puts something where it waits for signatures.
    pub fn stage<T: Role>(&self, signed: &Signed<T>) -> Result<()> {
        fs::create_dir_all(self.staged())?;
        let path = self.staged().join(format!("{}.json", T::TYPE));
        whole_file::write(&path, &canonical(signed)?, FILE_MODE)
    }

    pub fn unstage<T: Role>(&self) -> Result<()> {
        Ok(whole_file::remove_if_there(&self.staged().join(format!("{}.json", T::TYPE)))?)
    }

    /// Puts metadata into the feed and says what the file is called. A numbered file never changes.
    ///
    /// # Errors
    /// `release-feed`: another file has this number.
    pub fn place<T: Role>(&self, signed: &Signed<T>) -> Result<String> {
        let name = signed.signed.filename(true);
        let path = self.metadata().join(&name);
        let bytes = canonical(signed)?;
        let is_numbered = name.starts_with(|first: char| first.is_ascii_digit());
        if is_numbered && path.exists() {
            return refuse("release-feed", format!("{} is there already.", path.display()));
        }
        whole_file::write(&path, &bytes, FILE_MODE)?;
        Ok(name)
    }

    /// Copies a file into the feed as a target.
    pub fn add(&self, name: &str, from: &mut impl Read) -> Result<Sum> {
        fs::create_dir_all(self.targets())?;
        let temporary = self.targets().join(format!("{name}.new"));
        let mut file = File::create(&temporary)?;
        let sum = copy(from, &mut file)?;
        file.sync_all()?;
        let path = self.target(&sum.sha256, name);
        fs::rename(&temporary, &path)?;
        whole_file::sync_folder_of(&path)?;
        Ok(sum)
    }

    /// Accepts a target whose bytes lie in the feed.
    ///
    /// # Errors
    /// `release-feed`: they are missing or others.
    pub fn check(&self, name: &str, wanted: &Sum) -> Result<()> {
        let path = self.target(&wanted.sha256, name);
        let found = match File::open(&path) {
            Ok(mut file) => copy(&mut file, &mut io::sink())?,
            Err(error) => {
                let detail = format!("{} cannot be read: {error}.", path.display());
                return refuse("release-feed", detail);
            }
        };
        if found == *wanted {
            return Ok(());
        }
        refuse("release-feed", format!("{} is not what the metadata says.", path.display()))
    }

    /// The root that counts, which every feed has but a new one.
    pub fn root(&self) -> Result<Option<Signed<Root>>> {
        self.newest()
    }

    /// The list of releases that is being made, or else the one that counts.
    pub fn list(&self) -> Result<Option<Signed<Targets>>> {
        Ok(match self.waiting()? {
            Some(waiting) => Some(waiting),
            None => self.newest()?,
        })
    }
}

/// Copies all, and says what it was.
pub(super) fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<Sum> {
    let mut hash = Sha256::new();
    let mut size_bytes = 0;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = match from.read(&mut piece) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            return Ok(Sum { size_bytes, sha256: to_hex(&hash.finalize()) });
        }
        hash.update(&piece[..read]);
        to.write_all(&piece[..read])?;
        size_bytes += read as u64;
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(METADATA_SIZE_BYTES_MAX).read_to_end(&mut bytes)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match serde_json::from_slice(&bytes) {
        Ok(read) => Ok(Some(read)),
        Err(error) => {
            refuse("release-feed", format!("{} is no metadata: {error}.", path.display()))
        }
    }
}

//! The folder of trusted metadata. It changes as a whole or not at all.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use tough::schema::Root;

use super::chain::{self, Below};
use super::documents::Document;
use super::refresh::Fresh;
use super::targets::{Target, listed, numbers_are_kept};
use super::{Reason, Result};
use crate::platform::clock::Moment;
use crate::platform::whole_file::sync_folder_of;

pub(super) const ROOT: &str = "root.json";
pub(super) const TIMESTAMP: &str = "timestamp.json";
pub(super) const SNAPSHOT: &str = "snapshot.json";
pub(super) const TARGETS: &str = "targets.json";
const FLOORS: &str = "floors.json";
/// Everybody may read it: all of it is public.
const FOLDER_MODE: u32 = 0o755;
const FILE_MODE: u32 = 0o644;
/// No file of the folder is larger.
const FILE_SIZE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Trusted metadata: a root, and the files below it once a feed was taken over. What is here was
/// verified; opening verifies it again.
#[derive(Debug, Clone)]
pub struct Trusted {
    pub(super) folder: PathBuf,
    pub(super) root: Document<Root>,
    pub(super) below: Option<Below>,
    pub(super) floors: Floors,
}

/// What this box has seen, outside of what The Update Framework remembers: that forgets when keys
/// change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Floors {
    /// When the newest metadata was published, milliseconds since 1970.
    pub(super) published_ms: i64,
    /// The highest number of a release; 0 before the first.
    pub(super) seq: u64,
    /// Its SHA-256 by `os-arch`.
    pub(super) sha256: BTreeMap<String, String>,
}

impl Floors {
    /// What holds once this list is trusted.
    pub(super) fn raised(&self, published_at: Option<Moment>, targets: &[Target]) -> Self {
        let releases = || targets.iter().filter_map(|it| Some((it.release.as_ref()?, it)));
        let seq = releases().map(|(it, _)| it.seq).max().unwrap_or(0);
        let newest = releases().filter(|(it, _)| it.seq == seq);
        let hashes =
            newest.map(|(it, target)| (format!("{}-{}", it.os, it.arch), target.sha256.clone()));
        let published_ms = published_at.map_or(0, |it| it.0).max(self.published_ms);
        if seq > self.seq {
            return Self { published_ms, seq, sha256: hashes.collect() };
        }
        let mut sha256 = self.sha256.clone();
        sha256.extend(hashes.filter(|_| seq == self.seq));
        Self { published_ms, seq: self.seq, sha256 }
    }

    /// Whether this list of targets is above what was seen.
    pub(super) fn admit(&self, targets: &[Target]) -> Result<()> {
        let releases = || targets.iter().filter_map(|it| Some((it.release.as_ref()?, it)));
        let seq = releases().map(|(it, _)| it.seq).max().unwrap_or(0);
        if seq < self.seq {
            let said =
                format!("Its newest release has the number {seq}; this box has seen {}.", self.seq);
            return Err(Reason::new("update-seq-below-floor", said));
        }
        for (release, target) in releases().filter(|(it, _)| it.seq == self.seq) {
            let seen = self.sha256.get(&format!("{}-{}", release.os, release.arch));
            if seen.is_some_and(|hash| *hash != target.sha256) {
                let said = format!("Release {} has other content than it had.", release.seq);
                return Err(Reason::new("update-seq-other-hash", said));
            }
        }
        Ok(())
    }
}

impl Trusted {
    /// Opens a folder and verifies it, whatever has run out meanwhile: a box must start after a
    /// year in a cupboard. None: there is nothing yet. What is damaged is refused as
    /// `update-trust-damaged`, what has lost its root alone as `update-trust-root-lost`. Blocks.
    pub fn open(folder: &Path) -> Result<Option<Self>> {
        let Some(root) = read(folder, ROOT)? else {
            return if is_anything_there(folder)? { Err(root_lost(folder)) } else { Ok(None) };
        };
        let opened = Self::verified(folder, root);
        opened.map(Some).map_err(|reason| match reason.code {
            "update-disk-failed" | "update-disk-full" => reason,
            _ => damaged(folder, &reason.detail),
        })
    }

    /// Begins a folder with a root that is trusted because it came with the package. A folder that
    /// was there is replaced. Blocks.
    pub fn begin(folder: &Path, first_root: &[u8]) -> Result<Self> {
        let begun = Self::beginning(folder, first_root)?;
        begun.write()?;
        Ok(begun)
    }

    /// What a folder will hold once it was begun with this root. Nothing is written.
    pub fn beginning(folder: &Path, first_root: &[u8]) -> Result<Self> {
        let root = chain::first_root(first_root.to_vec())?;
        Ok(Self { folder: folder.to_owned(), root, below: None, floors: Floors::default() })
    }

    /// Gives a folder that has lost its root another one, from the package, where everything else
    /// in it was signed by the keys of that one. So nothing that the box has seen is forgotten.
    /// Refused as `update-trust-root-lost` where the keys have changed since. Blocks.
    pub fn begin_again(folder: &Path, first_root: &[u8]) -> Result<Self> {
        let again = Self::verified(folder, first_root.to_vec()).map_err(|reason| {
            let lost = root_lost(folder);
            Reason::new(lost.code, format!("{} {}", lost.detail, reason.detail))
        })?;
        again.write()?;
        Ok(again)
    }

    fn verified(folder: &Path, root: Vec<u8>) -> Result<Self> {
        let root = chain::first_root(root)?;
        let needed =
            |name| read(folder, name)?.ok_or_else(|| damaged(folder, "A file is missing."));
        let floors: Floors = serde_json::from_slice(&needed(FLOORS)?)
            .map_err(|error| damaged(folder, &error.to_string()))?;
        let below = match read(folder, TIMESTAMP)? {
            None if floors != Floors::default() => {
                return Err(damaged(folder, "A file is missing."));
            }
            None => None,
            Some(timestamp) => {
                let keys = &root.file.signed;
                let timestamp = chain::timestamp(keys, None, timestamp)?;
                let snapshot = chain::snapshot(keys, &timestamp, None, needed(SNAPSHOT)?)?;
                let (targets, signers) = chain::targets(keys, &snapshot, None, needed(TARGETS)?)?;
                numbers_are_kept(&[], &listed(&targets))?;
                floors.admit(&listed(&targets))?;
                Some(Below { timestamp, snapshot, targets, signers })
            }
        };
        Ok(Self { folder: folder.to_owned(), root, below, floors })
    }

    /// The targets known now, whatever has run out. None before the first feed was taken over.
    pub fn targets(&self) -> Vec<Target> {
        self.below.as_ref().map(|below| listed(&below.targets)).unwrap_or_default()
    }

    /// The version of the trusted root.
    pub fn root_version(&self) -> u64 {
        self.root.version()
    }

    /// When the first of its files runs out; none before the first feed was taken over.
    pub fn expires_at(&self) -> Option<Moment> {
        self.below.as_ref().map(|it| it.expires_at().min(self.root.expires_at()))
    }

    /// When the newest metadata that was taken over was published; none before the first.
    pub fn published_at(&self) -> Option<Moment> {
        Some(Moment(self.floors.published_ms)).filter(|it| it.0 > 0)
    }

    /// The highest number of a release that this box has seen; 0 before the first.
    pub fn seq_floor(&self) -> u64 {
        self.floors.seq
    }

    /// The ids of the keys that vouch for the targets, in hexadecimal.
    pub fn signers(&self) -> &[String] {
        self.below.as_ref().map(|below| below.signers.as_slice()).unwrap_or_default()
    }

    /// Takes over what a refresh found. After a crash the folder is the old or the new one, whole.
    /// To be called by the one owner of the folder, with a `Fresh` made from this. Blocks.
    pub fn promote(&self, fresh: Fresh) -> Result<Self> {
        let new = Self {
            folder: self.folder.clone(),
            root: fresh.root,
            below: Some(fresh.below),
            floors: fresh.floors,
        };
        new.write()?;
        Ok(new)
    }

    fn write(&self) -> Result<()> {
        let new = self.folder.with_extension("new");
        remove_folder_if_there(&new)?;
        DirBuilder::new().mode(FOLDER_MODE).create(&new)?;
        let floors = serde_json::to_vec(&self.floors).map_err(io::Error::other)?;
        let mut files = vec![(ROOT, &self.root.bytes), (FLOORS, &floors)];
        if let Some(below) = &self.below {
            files.push((TIMESTAMP, &below.timestamp.bytes));
            files.push((SNAPSHOT, &below.snapshot.bytes));
            files.push((TARGETS, &below.targets.bytes));
        }
        for (name, bytes) in files {
            create(&new.join(name), bytes)?;
        }
        File::open(&new)?.sync_all()?;
        match renameat_with(CWD, &new, CWD, &self.folder, RenameFlags::EXCHANGE) {
            Err(rustix::io::Errno::NOENT) => fs::rename(&new, &self.folder)?,
            outcome => outcome.map_err(io::Error::from)?,
        }
        sync_folder_of(&self.folder)?;
        // What lies there now is the old one. It is of no use, and gone before the next write.
        remove_folder_if_there(&new)?;
        Ok(())
    }
}

pub(super) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

pub(super) fn remove_folder_if_there(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn is_anything_there(folder: &Path) -> Result<bool> {
    for name in [FLOORS, TIMESTAMP, SNAPSHOT, TARGETS] {
        if read(folder, name)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn root_lost(folder: &Path) -> Reason {
    let said = format!("{} has lost its root.json.", folder.display());
    Reason::new("update-trust-root-lost", said)
}

fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>> {
    let path = folder.join(name);
    match super::feed::read_file(&path, FILE_SIZE_BYTES_MAX) {
        Err(reason) if reason.code == "update-disk-failed" => Err(reason),
        Err(reason) => Err(damaged(folder, &reason.detail)),
        Ok(bytes) => Ok(bytes),
    }
}

fn damaged(folder: &Path, said: &str) -> Reason {
    Reason::new("update-trust-damaged", format!("{} cannot be used: {said}", folder.display()))
}

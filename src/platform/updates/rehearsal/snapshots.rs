//! The databases as they are before a release changes them, to go back to. Nobody has them open.
//!
//! `<folder>/manifest.json` is written last: without it a snapshot is none. The journal of the
//! update lies beside the folder and is never a part of it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::looking::files_of;
use super::points::point;
use super::report::Done;
use super::rules::{snapshot_there, snapshot_unfit};
use crate::platform::clock::Clock;
use crate::platform::db;
use crate::platform::error::{Error, Result};
use crate::platform::monitoring::ops::VERSION;
use crate::platform::secret::to_hex;
use crate::platform::whole_file;
use crate::platform::workspaces::{self, beside_of};
use crate::platform::{make_private_folder, take_lock};

pub(super) const MANIFEST: &str = "manifest.json";
/// What lies beside a database whose log could not be folded in.
pub(super) const LOG: &str = "-wal";
const FORMAT: u32 = 1;
/// Read and written at once.
const PIECE_BYTES: usize = 1024 * 1024;
/// A longer manifest is none of ours.
const MANIFEST_SIZE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What is in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    /// The version of the release whose data it is.
    pub version: String,
    /// RFC 3339, UTC.
    pub taken_at: String,
    pub files: Vec<Kept>,
}

/// A file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Below the data folder and below the snapshot's.
    pub path: String,
    pub size_bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Reads the manifest of a snapshot.
    ///
    /// # Errors
    /// `update-snapshot-unfit` where there is none, or none that can be read.
    pub fn of(folder: &Path) -> Result<Self> {
        let read = || -> io::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            let file = File::open(folder.join(MANIFEST))?;
            file.take(MANIFEST_SIZE_BYTES_MAX).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(|error| snapshot_unfit(&error.to_string()))?;
        let manifest: Self =
            serde_json::from_slice(&bytes).map_err(|error| snapshot_unfit(&error.to_string()))?;
        if manifest.format != FORMAT {
            return Err(snapshot_unfit("its format is of another version"));
        }
        Ok(manifest)
    }
}

/// Takes a snapshot of the databases in `data` into a folder. What a try before left there is
/// removed, unless it is whole. `tell` hears how many files of how many are done. Blocks for long.
///
/// # Errors
/// `data-in-use` while a box has them open, `update-snapshot-there` when there is one already.
pub fn take(
    data: &Path,
    into: &Path,
    clock: &Clock,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Done> {
    let started = Instant::now();
    let _lock = take_lock(data)?;
    if into.join(MANIFEST).exists() {
        return Err(snapshot_there());
    }
    match std::fs::remove_dir_all(into) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => make_private_folder(&into.join(workspaces::FOLDER))?,
    }
    let files = files_of(data)?;
    let (mut kept, mut done) = (Vec::new(), Done::default());
    for (number, file) in (0..).zip(&files) {
        tell(number, files.len() as u64);
        let name = file.to_str().ok_or_else(|| Error::internal("a name is no text"))?;
        for path in whole_or_with_log(data, name)? {
            let (size_bytes, sha256, is_shared) = copy(&data.join(&path), &into.join(&path))?;
            done.bytes += size_bytes;
            done.shared_files += u64::from(is_shared);
            kept.push(Kept { path, size_bytes, sha256: to_hex(&sha256) });
            point("snapshot-copied");
        }
        done.files += 1;
    }
    File::open(into.join(workspaces::FOLDER))?.sync_all()?;
    whole_file::sync_folder_of(into)?;
    point("snapshot-named");
    let (version, taken_at) = (VERSION.to_owned(), clock.now().to_string());
    let manifest = Manifest { format: FORMAT, version, taken_at, files: kept };
    let text = serde_json::to_vec(&manifest).map_err(Error::internal)?;
    whole_file::write(&into.join(MANIFEST), &text, 0o600)?;
    point("snapshot-whole");
    tell(files.len() as u64, files.len() as u64);
    Ok(done.after(started))
}

/// What has to be copied of a database: the file, and its log where that cannot be folded in
/// because it is damaged.
fn whole_or_with_log(data: &Path, name: &str) -> Result<Vec<String>> {
    let path = data.join(name);
    match db::fold_now(&path) {
        Ok(()) => Ok(vec![name.to_owned()]),
        Err(Error::Damaged(_)) => {
            let log = beside_of(Path::new(name), LOG);
            let has_log = data.join(&log).is_file();
            let log = log.to_str().filter(|_| has_log).map(str::to_owned);
            Ok([name.to_owned()].into_iter().chain(log).collect())
        }
        Err(error) => Err(error),
    }
}

/// Copies a file that nobody changes: its size, its hash, and whether both share their blocks.
/// The copy is on the disk afterwards; its name may not be yet.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(u64, [u8; 32], bool)> {
    let mut source = File::open(from)?;
    let mut copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    // Where the file system can, nothing is written at all.
    let is_shared = rustix::fs::ioctl_ficlone(&copy, &source).is_ok();
    let (mut hash, mut size) = (Sha256::new(), 0);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = source.read(&mut piece)?;
        let read = piece.get(..length).unwrap_or_default();
        if read.is_empty() {
            break;
        }
        hash.update(read);
        if !is_shared {
            copy.write_all(read)?;
        }
        size += length as u64;
    }
    copy.sync_all()?;
    Ok((size, hash.finalize().into(), is_shared))
}

//! The archive of one workspace: how it is written and how it is read. `docs/formats/workspace.md`
//! describes it for strangers. Nothing of one is believed before it was checked.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::rules::{MEMBERS_MAX, Refused};
use crate::platform::backups::archive::{
    COMMIT_FILE, FileEntry, Key, Locked, MANIFEST, SUMS, WORKSPACES, from_signed, unlock,
    write_file,
};
use crate::platform::blobs::BlobHash;
use crate::platform::error::{Error, Result};
use crate::platform::secret::to_hex;

/// The version of the format. A reader refuses a higher one.
pub(super) const FORMAT: u32 = 1;
pub(super) const KIND: &str = "workspace";
/// What the rest of a box has to know of the workspace.
pub(super) const ABOUT: &str = "workspace.json";
/// The line in front of what is signed, so that the signature is good for nothing else.
pub(super) const SIGNED_AS: &str = "holdfast workspace v1\n";
/// Bytes of what is read into memory.
const TEXT_SIZE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// What a file takes on a disk, however small it is.
const MEMBER_SIZE_BYTES_MIN: u64 = 4_096;
/// A stream that asks for a longer memory of what was is none of ours.
const WINDOW_LOG_MAX: u32 = 24;
/// Zeros that a tar is filled up with.
const PADDING_BYTES_MAX: u64 = 1024 * 1024;

/// `MANIFEST.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    /// `workspace`.
    pub(super) kind: String,
    /// Of the program that wrote it.
    pub(super) version: String,
    pub(super) sqlite_version: String,
    pub(super) box_id: String,
    pub(super) box_name: String,
    /// What the audit log's checkpoints are signed with: standard base64.
    pub(super) audit_keys: Vec<String>,
    /// RFC 3339 in UTC.
    pub(super) taken_at: String,
    pub(super) workspace: String,
    pub(super) files: Vec<FileEntry>,
}

/// `workspace.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) name: String,
    pub(super) time_zone: String,
    pub(super) currency: String,
    pub(super) locale: String,
    pub(super) week_start: i64,
    /// Ids of the apps that are on; none: all.
    pub(super) apps: Option<Vec<String>>,
    pub(super) is_sample: bool,
    pub(super) created_at: String,
    pub(super) roles: Vec<RoleAbout>,
    pub(super) people: Vec<PersonAbout>,
}

/// A role that the workspace made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RoleAbout {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) permissions: Vec<String>,
}

/// Somebody who belongs to the workspace, or did something in it. No secret of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PersonAbout {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: Option<String>,
    /// None: they do not belong to it any more, or are no person.
    pub(super) role: Option<String>,
}

/// What `COMMIT.json` says: whose archive this is. The last member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seal {
    pub(super) format: u32,
    pub(super) kind: String,
    pub(super) box_id: String,
    pub(super) taken_at: String,
    /// Of `SHA256SUMS`, which names all other members.
    pub(super) sums_sha256: String,
    /// Ed25519, standard base64: what this is signed with.
    pub(super) signing_key: String,
}

impl Seal {
    pub(super) fn key(&self) -> Option<[u8; 32]> {
        read_key(&self.signing_key)
    }
}

pub(super) fn read_key(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// Where a workspace's file lies in the archive.
pub(super) fn file_path(workspace: &str) -> String {
    format!("{WORKSPACES}/{workspace}.db")
}

/// Below it lie the workspace's files, by what they hash to.
const BLOBS: &str = "blobs";

/// Where a blob lies in the archive.
pub(super) fn blob_path(hash: BlobHash) -> String {
    let name = hash.to_string();
    format!("{BLOBS}/{}/{name}", name.get(..2).unwrap_or_default())
}

/// The blob that a path of an archive is.
fn blob_at(path: &str) -> Option<BlobHash> {
    let hash = path.rsplit('/').next()?.parse().ok()?;
    Some(hash).filter(|hash| blob_path(*hash) == path)
}

/// The blobs that were unpacked into a folder, each with its length. Blocks.
pub(super) fn unpacked_blobs(folder: &Path) -> Result<Vec<(BlobHash, u64)>> {
    let mut found = Vec::new();
    let fans = match std::fs::read_dir(folder.join(BLOBS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        fans => fans?,
    };
    for fan in fans {
        for file in std::fs::read_dir(fan?.path())? {
            let file = file?;
            let hash = file.file_name().to_str().and_then(|name| name.parse().ok());
            if let Some(hash) = hash {
                found.push((hash, file.metadata()?.len()));
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// What was unpacked. All hashes and the signature fit.
pub(super) struct Opened {
    pub(super) manifest: Manifest,
    pub(super) about: About,
    pub(super) seal: Seal,
}

impl Opened {
    /// The one database, as the manifest describes it.
    pub(super) fn file(&self) -> &FileEntry {
        &self.manifest.files[0]
    }
}

/// Bytes that are written of an archive at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) all: u64,
    /// What the files of a workspace may take together on this box.
    pub(super) blobs: u64,
}

/// Unpacks an archive into an empty folder and checks it against what it says of itself. `watch`
/// hears how many bytes of the archive were read and may end it.
pub(super) fn unpack(
    from: File,
    key: &Key,
    into: &Path,
    bounds: Bounds,
    watch: impl FnMut(u64) -> Result<()>,
) -> Result<Opened> {
    let mut source = Source { from, watch, fault: None };
    let taken = take_all(&mut source, key, into, bounds);
    // What ended the reading explains whatever the layers above said of it.
    if let Some(fault) = source.fault.take() {
        return Err(fault);
    }
    let members = taken?;
    Ok(members.check()?)
}

/// What came out: hashes by path, and the texts.
#[derive(Default)]
struct Members {
    sums: BTreeMap<String, String>,
    texts: BTreeMap<String, Vec<u8>>,
}

fn take_all(from: impl Read, key: &Key, into: &Path, bounds: Bounds) -> Result<Members> {
    let opened = unlock(BufReader::new(from), key).map_err(|why| match why {
        Locked::NotAge => Refused::NotAge,
        Locked::WrongKey => Refused::WrongKey,
        Locked::TooMuchWork => Refused::TooMuchWork,
    })?;
    let mut unpacked = zstd::Decoder::new(opened)?;
    unpacked.window_log_max(WINDOW_LOG_MAX)?;
    let mut tar = tar::Archive::new(unpacked);
    let (mut members, mut left) = (Members::default(), bounds);
    // Without what the library does for long names and the like: it reads those into memory.
    for entry in tar.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        let path = member_path(&entry)?;
        if members.sums.len() >= MEMBERS_MAX {
            return Err(Refused::inside(&path, "is one file too many").into());
        }
        let size_bytes = entry.size();
        let taken = size_bytes.max(MEMBER_SIZE_BYTES_MIN);
        let too_large = Refused::TooLarge { bytes: bounds.all };
        left.all = left.all.checked_sub(taken).ok_or(too_large)?;
        if blob_at(&path).is_some() {
            let too_large = Refused::BlobsTooLarge { bytes: bounds.blobs };
            left.blobs = left.blobs.checked_sub(size_bytes).ok_or(too_large)?;
        }
        let sum = take_one(&mut members, &path, size_bytes, &mut entry, into)?;
        if members.sums.insert(path.clone(), sum).is_some() {
            return Err(Refused::inside(&path, "is there twice").into());
        }
    }
    // To its very end: age's last piece counts, too.
    let mut rest = tar.into_inner().take(PADDING_BYTES_MAX + 1);
    let padding = io::copy(&mut rest, &mut io::sink()).map_err(damaged)?;
    if padding > PADDING_BYTES_MAX {
        return Err(Refused::inside("What follows the last file", "is too long").into());
    }
    Ok(members)
}

fn take_one(
    members: &mut Members,
    path: &str,
    size_bytes: u64,
    content: &mut impl Read,
    into: &Path,
) -> Result<String> {
    if [ABOUT, MANIFEST, SUMS, COMMIT_FILE].contains(&path) {
        if size_bytes > TEXT_SIZE_BYTES_MAX {
            return Err(Refused::inside(path, "is too long").into());
        }
        let mut text = Vec::new();
        content.take(TEXT_SIZE_BYTES_MAX).read_to_end(&mut text).map_err(damaged)?;
        let sum = to_hex(&Sha256::digest(&text));
        if members.texts.insert(path.to_owned(), text).is_some() {
            return Err(Refused::inside(path, "is there twice").into());
        }
        return Ok(sum);
    }
    if members.sums.contains_key(path) {
        return Err(Refused::inside(path, "is there twice").into());
    }
    let is_database = path
        .strip_prefix(WORKSPACES)
        .and_then(|rest| rest.strip_prefix('/')?.strip_suffix(".db"))
        .is_some_and(|id| !id.contains('/'));
    if !is_database && blob_at(path).is_none() {
        return Err(Refused::inside(path, "belongs to no workspace").into());
    }
    // Errors of the archive and errors of the disk are told apart.
    let mut failed = false;
    let watched = Told { from: content, failed: &mut failed };
    match write_file(&into.join(path), watched) {
        Ok(sum) => Ok(sum),
        Err(_) if failed => Err(Refused::Damaged.into()),
        Err(why) => Err(disk(&why)),
    }
}

fn disk(why: &crate::platform::backups::archive::Refused) -> Error {
    Error::StorageFailed(why.to_string())
}

fn damaged(_: io::Error) -> Error {
    Refused::Damaged.into()
}

/// A member's path: relative, without steps upwards, a plain file.
fn member_path<R: Read>(entry: &tar::Entry<'_, R>) -> Result<String> {
    let bytes = entry.path_bytes();
    let shown = String::from_utf8_lossy(&bytes).into_owned();
    let path = Path::new(&shown);
    let is_plain = path.components().all(|one| matches!(one, Component::Normal(_)));
    let is_text = std::str::from_utf8(&bytes).is_ok() && !shown.chars().any(char::is_control);
    if !is_plain || !is_text || shown.is_empty() || shown.ends_with('/') || shown.contains("//") {
        let shown: String = shown.chars().filter(|one| !one.is_control()).take(100).collect();
        return Err(Refused::inside(&shown, "has a path that leads elsewhere").into());
    }
    if entry.header().entry_type() != tar::EntryType::Regular {
        return Err(Refused::inside(&shown, "is no plain file").into());
    }
    Ok(shown)
}

impl Members {
    fn text(&self, path: &str) -> std::result::Result<&str, Refused> {
        let text = self.texts.get(path).ok_or_else(|| Refused::inside(path, "is missing"))?;
        std::str::from_utf8(text).map_err(|_| Refused::inside(path, "cannot be read"))
    }

    fn read<T: serde::de::DeserializeOwned>(&self, path: &str) -> std::result::Result<T, Refused> {
        let text = self.text(path)?;
        serde_json::from_str(text).map_err(|_| Refused::inside(path, "cannot be read"))
    }

    fn check(mut self) -> std::result::Result<Opened, Refused> {
        let keys = |seal: &Seal| seal.key().into_iter().collect();
        let seal: Seal =
            from_signed(self.text(COMMIT_FILE)?, SIGNED_AS, keys).ok_or(Refused::Unsigned)?;
        if seal.format > FORMAT {
            let what = format!("it has format {} and this one reads up to {FORMAT}", seal.format);
            return Err(Refused::Newer { what });
        }
        self.sums.remove(COMMIT_FILE);
        if self.sums.remove(SUMS).is_none_or(|sum| sum != seal.sums_sha256) {
            return Err(Refused::Unsigned);
        }
        self.check_sums()?;
        let manifest: Manifest = self.read(MANIFEST)?;
        let is_of_seal = (&manifest.box_id, &manifest.taken_at) == (&seal.box_id, &seal.taken_at);
        let fits = is_of_seal
            && manifest.format == seal.format
            && seal.kind == KIND
            && manifest.kind == KIND
            && manifest.workspace.parse::<crate::platform::workspaces::WorkspaceId>().is_ok();
        let path = file_path(&manifest.workspace);
        let [file] = manifest.files.as_slice() else {
            return Err(Refused::inside(MANIFEST, "names another number of databases than one"));
        };
        let is_there = self.sums.get(&path).is_some_and(|sum| *sum == file.sha256);
        if !fits || file.path != path || !is_there {
            return Err(Refused::inside(MANIFEST, "speaks of another archive"));
        }
        let known = [ABOUT, MANIFEST, path.as_str()];
        for (other, sum) in self.sums.iter().filter(|(one, _)| !known.contains(&one.as_str())) {
            match blob_at(other) {
                Some(hash) if hash.to_string() == *sum => {}
                Some(_) => return Err(Refused::inside(other, "is not what it is called")),
                None => return Err(Refused::inside(other, "belongs to no workspace")),
            }
        }
        Ok(Opened { about: self.read(ABOUT)?, manifest, seal })
    }

    /// Compares what was unpacked with what the archive says.
    fn check_sums(&self) -> std::result::Result<(), Refused> {
        let mut found: BTreeMap<&str, &str> =
            self.sums.iter().map(|(path, sum)| (path.as_str(), sum.as_str())).collect();
        for line in self.text(SUMS)?.lines() {
            let (sum, path) =
                line.split_once("  ").ok_or_else(|| Refused::inside(SUMS, "cannot be read"))?;
            match found.remove(path) {
                None => return Err(Refused::inside(path, "is missing")),
                Some(found) if found != sum => {
                    return Err(Refused::inside(path, "differs from its hash"));
                }
                Some(_) => {}
            }
        }
        match found.into_keys().next() {
            None => Ok(()),
            Some(path) => Err(Refused::inside(path, "is named nowhere")),
        }
    }
}

/// The archive as it is read, with what ended it.
struct Source<W> {
    from: File,
    watch: W,
    fault: Option<Error>,
}

impl<W: FnMut(u64) -> Result<()>> Read for Source<W> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into).map_err(|error| {
            self.fault = Some(Error::StorageFailed(error.to_string()));
            io::Error::other("the archive cannot be read")
        })?;
        if let Err(fault) = (self.watch)(read as u64) {
            self.fault = Some(fault);
            return Err(io::Error::other("the reading ends here"));
        }
        Ok(read)
    }
}

/// Notes that reading failed.
struct Told<'a, R> {
    from: R,
    failed: &'a mut bool,
}

impl<R: Read> Read for Told<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.from.read(into).inspect_err(|_| *self.failed = true)
    }
}

/// SHA-256 of a key, as people compare it.
pub(super) fn key_hash(key: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(key).into()
}

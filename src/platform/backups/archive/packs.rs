//! Packs: blobs beside the bases, each an age file with a tar in it. A member's path is the blob's
//! place below a data folder, and its last name the hash of its bytes. Blobs are not compressed:
//! pictures and documents are already.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use age::stream::StreamWriter;

use super::commit::{Commit, PartEntry};
use super::hashed::{HashedFile, Sum};
use super::kit::{Identity, Recipient};
use super::manifest::{BlobEntry, Manifest};
use super::reader::{Member, Refused, hash_of, member_path, opened, write_file};
use super::writer::header;
use super::{MANIFEST, PART_SIZE_BYTES};
use crate::platform::blobs::BlobHash;
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};

/// Below the folder of a box at a target, beside `base`.
pub const PACKS: &str = "blobs";
/// Bytes of blobs in one pack, which is a little longer then.
const PACKED_BYTES_MAX: u64 = PART_SIZE_BYTES / 16 * 15;

/// What packs of a base are called: `pack-` and the name of its folder in front.
pub fn pack_prefix(base: &str) -> String {
    let base = base.rsplit('/').next().unwrap_or_default();
    format!("pack-{base}-")
}

/// Where a pack lies, from where the folder of its base does: beside `base`.
pub fn pack_place(base: &str, pack: &str) -> String {
    match base.rsplit_once("base/") {
        Some((above, _)) => format!("{above}{PACKS}/{pack}"),
        None => format!("{PACKS}/{pack}"),
    }
}

/// The same on this machine: beside `base`, or below the base when somebody copied it there.
pub fn pack_path(base: &Path, pack: &str) -> PathBuf {
    let above = base.parent().and_then(Path::parent).map(|above| above.join(PACKS).join(pack));
    above.filter(|path| path.is_file()).unwrap_or_else(|| base.join(PACKS).join(pack))
}

/// Writes blobs into packs of a base, one file after the other.
pub struct Packing<'a> {
    folder: PathBuf,
    prefix: String,
    recipients: Vec<&'a Recipient>,
    taken_at: Moment,
    current: Option<Writing>,
    done: Vec<PartEntry>,
}

struct Writing {
    name: String,
    packed_bytes: u64,
    tar: tar::Builder<StreamWriter<HashedFile>>,
}

impl<'a> Packing<'a> {
    pub fn begin(
        folder: &Path,
        base: &str,
        recipients: Vec<&'a Recipient>,
        taken_at: Moment,
    ) -> Self {
        let (folder, prefix) = (folder.to_owned(), pack_prefix(base));
        Self { folder, prefix, recipients, taken_at, current: None, done: Vec::new() }
    }

    /// Adds a blob of exactly so many bytes and gives the name of its pack.
    pub fn add(&mut self, path: &str, size_bytes: u64, from: impl Read) -> Result<String> {
        let is_full = |one: &Writing| one.packed_bytes + size_bytes > PACKED_BYTES_MAX;
        if self.current.as_ref().is_some_and(is_full) {
            self.end_current()?;
        }
        let mut writing = match self.current.take() {
            Some(writing) => writing,
            None => self.begin_next()?,
        };
        let mut header = header(size_bytes, self.taken_at);
        let mut from = from.take(size_bytes);
        writing.tar.append_data(&mut header, path, &mut from)?;
        if from.limit() > 0 {
            return Err(Error::StorageFailed(format!("{path} ended too early")));
        }
        writing.packed_bytes += size_bytes;
        let name = writing.name.clone();
        self.current = Some(writing);
        Ok(name)
    }

    fn begin_next(&self) -> Result<Writing> {
        let name = format!("{}{:04}.tar.age", self.prefix, self.done.len());
        let mut options = OpenOptions::new();
        let file =
            options.write(true).create_new(true).mode(0o600).open(self.folder.join(&name))?;
        let recipients = self.recipients.iter().map(|one| one.age() as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients).map_err(Error::internal)?;
        let tar = tar::Builder::new(encryptor.wrap_output(HashedFile::new(file))?);
        Ok(Writing { name, packed_bytes: 0, tar })
    }

    fn end_current(&mut self) -> Result<()> {
        let Some(Writing { name, tar, .. }) = self.current.take() else { return Ok(()) };
        let Sum { size_bytes, sha256 } = tar.into_inner()?.finish()?.finish()?;
        self.done.push(PartEntry { name, size_bytes, sha256 });
        Ok(())
    }

    /// Ends the last pack and gives all of them, which are on the disk.
    pub fn finish(mut self) -> Result<Vec<PartEntry>> {
        self.end_current()?;
        Ok(self.done)
    }
}

/// Compares a pack that was fetched with what `COMMIT.json` says of it, byte by byte, and leaves it
/// at its beginning.
pub fn check_pack(pack: &PartEntry, file: &mut File) -> Result<(), Refused> {
    let fault = |fault| Err(Refused::Part { name: pack.name.clone(), fault });
    if file.metadata()?.len() != pack.size_bytes {
        return fault("is not as long as it was");
    }
    if hash_of(&mut *file, io::sink())? != pack.sha256 {
        return fault("differs from what was written");
    }
    Ok(file.rewind()?)
}

/// Takes the wanted blobs of a base out of the packs they lie in: `open` gives a pack (none: it is
/// not there), `take` reads a blob to its end and gives the SHA-256 of what it read. A blob that is
/// missing or is not what its name says is refused.
pub fn take_blobs(
    commit: &Commit,
    manifest: &Manifest,
    identity: &Identity,
    mut open: impl FnMut(&PartEntry) -> io::Result<Option<File>>,
    is_wanted: impl Fn(&BlobEntry) -> bool,
    mut take: impl FnMut(Member<'_>) -> Result<String, Refused>,
) -> Result<(), Refused> {
    let inside = |path: &str, fault| Refused::Inside { path: path.to_owned(), fault };
    let mut wanted: BTreeMap<&str, BTreeMap<&str, &BlobEntry>> = BTreeMap::new();
    for blob in manifest.blobs.iter().filter(|blob| is_wanted(blob)) {
        if hash_in(&blob.path).is_none() {
            return Err(inside(&blob.path, "has a path that leads elsewhere"));
        }
        wanted.entry(&blob.pack).or_default().insert(&blob.path, blob);
    }
    for pack in &commit.packs {
        let Some(mut blobs) = wanted.remove(pack.name.as_str()) else { continue };
        let missing = || Refused::Part { name: pack.name.clone(), fault: "is missing" };
        if pack.name.contains(['/', '\\']) || !pack.name.starts_with("pack-") {
            let fault = "has a name that leads elsewhere";
            return Err(Refused::Part { name: pack.name.clone(), fault });
        }
        let mut file = open(pack)?.ok_or_else(missing)?;
        check_pack(pack, &mut file)?;
        let mut seen = BTreeSet::new();
        let mut tar = tar::Archive::new(opened(&mut file, identity)?);
        for entry in tar.entries()? {
            let mut entry = entry?;
            let path = member_path(&entry)?;
            if !seen.insert(path.clone()) {
                return Err(inside(&path, "is there twice"));
            }
            // Blobs that this base does not know belong to others that share the pack.
            let Some(blob) = blobs.remove(path.as_str()) else { continue };
            let size_bytes = entry.size();
            let sum = take(Member { path: &path, size_bytes, content: &mut entry })?;
            if size_bytes != blob.size_bytes || Some(sum.as_str()) != hash_in(&path) {
                return Err(inside(&path, "differs from its hash"));
            }
        }
        io::copy(&mut tar.into_inner(), &mut io::sink())?;
        if let Some(path) = blobs.into_keys().next() {
            return Err(inside(path, "is missing"));
        }
    }
    match wanted.into_keys().next() {
        None => Ok(()),
        Some(_) => Err(inside(MANIFEST, "names a pack that COMMIT.json does not")),
    }
}

/// Writes the wanted blobs of a base below a folder, each at its path. Of one blob after the other
/// only what was checked stays.
pub fn unpack_blobs(
    commit: &Commit,
    manifest: &Manifest,
    identity: &Identity,
    open: impl FnMut(&PartEntry) -> io::Result<Option<File>>,
    is_wanted: impl Fn(&BlobEntry) -> bool,
    into: &Path,
) -> Result<(), Refused> {
    let take = |member: Member<'_>| write_file(&into.join(member.path), member.content);
    take_blobs(commit, manifest, identity, open, is_wanted, take)
}

/// Where a blob lies in packs and below a data folder.
pub fn blob_path(workspace: &str, hash: BlobHash) -> String {
    let hash = hash.to_string();
    format!("{PACKS}/{workspace}/{}/{hash}", &hash[..2])
}

/// The hash that a blob's path names: `blobs/<workspace>/<ab>/<sha256>` and nothing else.
pub fn hash_in(path: &str) -> Option<&str> {
    let mut parts = path.split('/');
    let (folder, workspace) = (parts.next()?, parts.next()?);
    let (fan, hash) = (parts.next()?, parts.next()?);
    let known: BlobHash = hash.parse().ok()?;
    let is_id = uuid::Uuid::try_parse(workspace).is_ok();
    let fits = folder == PACKS && is_id && path == blob_path(workspace, known);
    (fits && hash.starts_with(fan) && parts.next().is_none()).then_some(hash)
}

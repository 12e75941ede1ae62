//! From a place with a base to a folder that a box starts on. Parts are fetched one after the other
//! and are gone again before the next one; nothing is written outside the folder.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime::Handle;
use tracing::warn;

use super::finding::Found;
use crate::platform::backups::archive::{
    BlobEntry, FileEntry, Kit, MANIFEST, Manifest, Member, PartEntry, Refused, SUMS, SYSTEM,
    hash_in, hash_of, pack_path, pack_place, take_blobs, unpack_blobs, walk, write_file,
};
use crate::platform::backups::contents::rules::Depth;
use crate::platform::backups::targets::{Fault, Remote, Why};
use crate::platform::backups::verification::proving::{compare, look_into, signers_of};
use crate::platform::blobs::BlobHash;
use crate::platform::error::Error;
use crate::platform::tasks;
use crate::platform::whole_file::remove_if_there;

/// What of an archive is no part of a data folder.
const LEFT_OUT: [&str; 3] = [MANIFEST, SUMS, "RECOVERY.md"];
/// Below the folder, while it is put together: the part that is being read.
const PART: &str = "part.fetched";
/// Folders of other calls in a place.
const ASIDE_MAX: u32 = 100;
/// Tries for one part.
const TRIES: u32 = 4;
/// The pause before the second try; each one after that is three times as long.
const PAUSE: Duration = Duration::from_secs(1);
/// A place that asks for a longer pause is not waited for.
const PAUSE_MAX: Duration = Duration::from_mins(1);

/// Unpacks a base into `into`, which must not be there, and checks every database against what the
/// manifest says of it. `progress` hears of bytes that were read. On a refusal nothing is left.
pub async fn unpack_checked(
    remote: Remote,
    found: Found,
    kit: Kit,
    into: PathBuf,
    progress: impl FnMut(u64) + Send + 'static,
) -> Result<Manifest, Refused> {
    let runtime = Handle::current();
    let unpacked = tasks::blocking(move || {
        let bringing = Bringing { runtime, remote, found, into };
        Ok(bringing.unpack(&kit, progress))
    });
    unpacked.await.unwrap_or_else(|error| Err(Refused::Disk(error.to_string())))
}

struct Bringing {
    runtime: Handle,
    remote: Remote,
    found: Found,
    into: PathBuf,
}

impl Bringing {
    /// Blocks, as all below.
    fn unpack(&self, kit: &Kit, progress: impl FnMut(u64)) -> Result<Manifest, Refused> {
        fs::create_dir(&self.into)?;
        let outcome = self.unpack_all(kit, progress).and_then(|manifest| {
            let (commit, open) = (&self.found.commit, |pack: &PartEntry| self.bring_pack(pack));
            unpack_blobs(commit, &manifest, &kit.identity, open, |_| true, &self.into)?;
            check(&self.into, &manifest.files)?;
            arrange(&self.into)?;
            Ok(manifest)
        });
        if outcome.is_err() {
            fs::remove_dir_all(&self.into)?;
        }
        outcome
    }

    fn unpack_all(&self, kit: &Kit, progress: impl FnMut(u64)) -> Result<Manifest, Refused> {
        let open = |part: &PartEntry| self.bring(part);
        let take = |Member { path, content, .. }: Member<'_>| {
            if path == PART {
                let fault = "has a name that is taken";
                return Err(Refused::Inside { path: path.to_owned(), fault });
            }
            match path {
                MANIFEST | SUMS => hash_of(content, io::sink()),
                path => write_file(&self.into.join(path), content),
            }
        };
        walk(&self.found.commit, &kit.identity, open, progress, take)
    }

    /// Gets a part. What was fetched has no name any more when it is read.
    fn bring(&self, part: &PartEntry) -> io::Result<Option<File>> {
        let name = self.found.base.place(&part.name);
        match self.remote.on_this_machine(&name) {
            Some(path) => open_near(&path),
            None => self.bring_from(&name, part.size_bytes),
        }
    }

    fn bring_pack(&self, pack: &PartEntry) -> io::Result<Option<File>> {
        let base = &self.found.base.folder;
        match self.remote.on_this_machine(base) {
            Some(near) => open_near(&pack_path(&near, &pack.name)),
            None => self.bring_from(&pack_place(base, &pack.name), pack.size_bytes),
        }
    }

    fn bring_from(&self, name: &str, size_bytes: u64) -> io::Result<Option<File>> {
        let into = self.into.join(PART);
        match self.runtime.block_on(fetch(&self.remote, name, &into, size_bytes)) {
            Ok(()) => {
                let file = File::open(&into)?;
                fs::remove_file(&into)?;
                Ok(Some(file))
            }
            Err(fault) if fault.why == Why::Missing => Ok(None),
            Err(fault) if fault.why == Why::Full => {
                Err(io::Error::other(Refused::Disk(fault.detail)))
            }
            Err(fault) => Err(io::Error::other(Refused::Target(fault.detail))),
        }
    }
}

fn open_near(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

/// Takes one blob out of a base, whichever workspace's it is, into a file that is not there yet.
/// False: the base has none with this hash.
pub async fn bring_blob(
    remote: Remote,
    found: Found,
    kit: Kit,
    hash: BlobHash,
    out: PathBuf,
) -> Result<bool, Refused> {
    let runtime = Handle::current();
    let brought = tasks::blocking(move || {
        let brought = Aside::beside(&out).map_err(Refused::from).and_then(|aside| {
            let bringing = Bringing { runtime, remote, found, into: aside.0.clone() };
            bringing.blob(&kit, hash, &out)
        });
        Ok(brought)
    });
    brought.await.unwrap_or_else(|error| Err(Refused::Disk(error.to_string())))
}

/// A folder of one call alone, so that nothing that somebody has there is in its way. Gone with it.
struct Aside(PathBuf);

impl Aside {
    /// On the disk that the file is going to lie on.
    fn beside(file: &Path) -> io::Result<Self> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let process = std::process::id();
        for number in 0..ASIDE_MAX {
            let path = file.with_file_name(format!(".{name}.{process}.{number}"));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                // Of another call, or of an earlier one that was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Self(path)),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            warn!("{} could not be removed: {error}", self.0.display());
        }
    }
}

impl Bringing {
    fn blob(&self, kit: &Kit, hash: BlobHash, out: &Path) -> Result<bool, Refused> {
        let (commit, key) = (&self.found.commit, &kit.identity);
        let open = |part: &PartEntry| self.bring(part);
        let take = |member: Member<'_>| hash_of(member.content, io::sink());
        let manifest = walk(commit, key, open, |_| {}, take)?;
        let name = hash.to_string();
        let is_it = |blob: &&BlobEntry| hash_in(&blob.path) == Some(name.as_str());
        let Some(path) = manifest.blobs.iter().find(is_it).map(|blob| blob.path.clone()) else {
            return Ok(false);
        };
        let open = |pack: &PartEntry| self.bring_pack(pack);
        let is_wanted = |blob: &BlobEntry| blob.path == path;
        let take = |member: Member<'_>| write_file(out, member.content);
        let taken = take_blobs(commit, &manifest, key, open, is_wanted, take);
        if taken.is_err() {
            // Bytes that are not those that were asked for are not left lying there.
            remove_if_there(out)?;
        }
        taken.map(|()| true)
    }
}

/// Fetches a file of so many bytes; a place that is away or busy for a moment is asked again. Of
/// one that is longer a byte too many comes, which tells it.
async fn fetch(remote: &Remote, name: &str, into: &Path, bytes: u64) -> Result<(), Fault> {
    let mut pause = PAUSE;
    for left in (0..TRIES).rev() {
        let fetched = remote.fetch(name, into.to_owned(), bytes.saturating_add(1)).await;
        let Err(fault) = fetched else { return Ok(()) };
        let wait = fault.retry_after.unwrap_or(pause);
        if fault.why != Why::Unreachable || left == 0 || wait > PAUSE_MAX {
            return Err(fault);
        }
        tokio::time::sleep(wait).await;
        pause *= 3;
    }
    Ok(())
}

/// Checks unpacked databases against what the manifest says of them: damage, rows, audit logs. The
/// box's own file is beside them. Blocks.
pub(in crate::platform::backups) fn check<'a>(
    folder: &Path,
    files: impl IntoIterator<Item = &'a FileEntry>,
) -> Result<(), Refused> {
    let signers = signers_of(&folder.join(SYSTEM)).map_err(|error| match error {
        Error::NotFound => Refused::Inside { path: SYSTEM.to_owned(), fault: "is missing" },
        error => Refused::Disk(format!("{SYSTEM} cannot be read: {error}")),
    })?;
    for file in files {
        let path = folder.join(&file.path);
        if !path.is_file() {
            return Err(Refused::Inside { path: file.path.clone(), fault: "is missing" });
        }
        let (contents, audited) = look_into(&path, &file.path, &signers, Depth::Pages)?;
        compare(file, &contents, audited)?;
    }
    Ok(())
}

/// Puts what was unpacked where a box looks for it.
fn arrange(folder: &Path) -> io::Result<()> {
    for name in LEFT_OUT {
        remove_if_there(&folder.join(name))?;
    }
    let keys = folder.join("keys");
    for entry in fs::read_dir(&keys)?.collect::<io::Result<Vec<_>>>()? {
        fs::rename(entry.path(), folder.join(entry.file_name()))?;
    }
    fs::remove_dir(keys)?;
    // Reading made an index of each log; a box makes its own.
    for entry in
        fs::read_dir(folder)?.chain(fs::read_dir(folder.join("workspaces")).into_iter().flatten())
    {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "db-shm" || ending == "db-wal") {
            fs::remove_file(path)?;
        }
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fetched_for_one_file_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let mine = folder.path().join(PART);
        fs::write(&mine, b"mine").unwrap();

        let out = folder.path().join("photo");
        let (one, two) = (Aside::beside(&out).unwrap(), Aside::beside(&out).unwrap());

        assert_ne!(one.0, two.0);
        assert!([&one, &two].iter().all(|it| it.0.starts_with(folder.path()) && it.0.is_dir()));
        fs::write(one.0.join(PART), b"fetched").unwrap();
        drop((one, two));
        assert_eq!(fs::read(&mine).unwrap(), b"mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

//! From a place with a base to a folder that a box starts on. Parts are fetched one after the other
//! and are gone again before the next one; nothing is written outside the folder.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime::Handle;

use super::finding::Found;
use crate::platform::backups::archive::{
    FileEntry, Kit, MANIFEST, Manifest, Member, PartEntry, Refused, SUMS, SYSTEM, hash_of, walk,
    write_file,
};
use crate::platform::backups::contents::rules::Depth;
use crate::platform::backups::targets::{Fault, Remote, Why};
use crate::platform::backups::verification::proving::{compare, look_into, signers_of};
use crate::platform::error::Error;
use crate::platform::tasks;

/// What of an archive is no part of a data folder.
const LEFT_OUT: [&str; 3] = [MANIFEST, SUMS, "RECOVERY.md"];
/// Below the folder, while it is put together: the part that is being read.
const PART: &str = "part.fetched";
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
        if let Some(path) = self.remote.on_this_machine(&name) {
            return match File::open(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                opened => opened.map(Some),
            };
        }
        let into = self.into.join(PART);
        match self.runtime.block_on(fetch(&self.remote, &name, &into, part.size_bytes)) {
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
        match fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
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

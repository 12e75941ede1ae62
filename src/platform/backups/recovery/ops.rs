//! From a folder of backups and a kit to a data folder that a box starts on. Everything is unpacked
//! and checked beside the folder first; until then nothing is there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::store;
use crate::platform::audit::Entry;
use crate::platform::backups::archive::{
    COMMIT_FILE, Commit, FileEntry, Kit, MANIFEST, Manifest, Refused, SUMS, read_commit, unpack,
};
use crate::platform::backups::bases::ops::KIND;
use crate::platform::backups::contents;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::db::Snapshot;
use crate::platform::error::{Error, Result};

/// Folders looked into for bases.
const BASES_MAX: usize = 10_000;
/// What of an archive is no part of a data folder.
const LEFT_OUT: [&str; 3] = [MANIFEST, SUMS, "RECOVERY.md"];

/// A base that the kit's box signed.
pub struct Found {
    pub folder: PathBuf,
    pub commit: Commit,
}

/// The newest base in a folder of backups, or the folder itself when it is one. Why others are
/// passed over is told when none is left. Blocks.
pub fn newest(from: &Path, kit: &Kit) -> Result<Found, Refused> {
    let mut last = Refused::Unfinished;
    let mut newest: Option<Found> = None;
    for folder in candidates(from)? {
        match read_commit(&folder, kit) {
            Ok(commit) => {
                let order = |commit: &Commit| (commit.box_epoch, commit.sequence);
                if newest.as_ref().is_none_or(|best| order(&commit) > order(&best.commit)) {
                    newest = Some(Found { folder, commit });
                }
            }
            Err(Refused::Unfinished) => {}
            Err(refused) => last = refused,
        }
    }
    newest.ok_or(last)
}

/// Every base of the kit's box in a folder of backups, the oldest first. Blocks.
pub fn all(from: &Path, kit: &Kit) -> Result<Vec<Found>, Refused> {
    let mut found: Vec<Found> = candidates(from)?
        .into_iter()
        .filter_map(|folder| read_commit(&folder, kit).ok().map(|commit| Found { folder, commit }))
        .collect();
    found.sort_by_key(|one| (one.commit.box_epoch, one.commit.sequence));
    Ok(found)
}

/// Folders that may be bases: the one given, those below `base`, and those of boxes below it.
fn candidates(from: &Path) -> io::Result<Vec<PathBuf>> {
    if from.join(COMMIT_FILE).is_file() {
        return Ok(vec![from.to_owned()]);
    }
    let mut boxes = vec![from.to_owned()];
    boxes.extend(folders(from)?.into_iter().filter(|folder| {
        folder.file_name().and_then(|name| name.to_str()).is_some_and(|it| it.starts_with("box-"))
    }));
    let mut found = Vec::new();
    for one in boxes {
        let bases = one.join("base");
        if bases.is_dir() {
            found.extend(folders(&bases)?);
        }
    }
    found.truncate(BASES_MAX);
    Ok(found)
}

fn folders(of: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(of)?.collect::<io::Result<Vec<_>>>()?;
    let mut folders: Vec<_> =
        entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// Unpacks a base into `into`, which must not be there, and checks every database against what the
/// manifest says of it. On a refusal nothing is left. Blocks.
pub fn unpack_checked(
    found: &Found,
    kit: &Kit,
    into: &Path,
    progress: impl FnMut(u64),
) -> Result<Manifest, Refused> {
    fs::create_dir(into)?;
    let outcome = unpack(&found.folder, kit, into, progress).and_then(|unpacked| {
        for file in &unpacked.manifest.files {
            check(into, file)?;
        }
        arrange(into)?;
        Ok(unpacked.manifest)
    });
    if outcome.is_err() {
        fs::remove_dir_all(into)?;
    }
    outcome
}

/// Checks an unpacked database against what the manifest says of it. Blocks.
pub(in crate::platform::backups) fn check(folder: &Path, file: &FileEntry) -> Result<(), Refused> {
    let inside = |fault| Refused::Inside { path: file.path.clone(), fault };
    let snapshot = Snapshot::open(&folder.join(&file.path)).map_err(|_| inside("is missing"))?;
    let read = |error: Error| Refused::Disk(format!("{} cannot be read: {error}", file.path));
    if contents::ops::fault(&snapshot).map_err(read)?.is_some() {
        return Err(inside("is damaged"));
    }
    let found = contents::ops::of(&snapshot).map_err(read)?;
    if found.rows != file.rows {
        return Err(inside("has other rows than it had"));
    }
    if found.audit != file.audit {
        return Err(inside("has another audit log than it had"));
    }
    Ok(())
}

/// Puts what was unpacked where a box looks for it.
fn arrange(folder: &Path) -> io::Result<()> {
    for name in LEFT_OUT {
        fs::remove_file(folder.join(name))?;
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
    fs::File::open(folder)?.sync_all()
}

/// Notes in the box that came back where it came from. Gives its new epoch.
pub async fn note(ctx: &BoxCtx, manifest: &Manifest) -> Result<u64> {
    let (sequence, taken_at) = (manifest.sequence.to_string(), manifest.taken_at.clone());
    ctx.write(move |scope| {
        let epoch = store::begin_epoch(scope, 0)?;
        scope.audit(
            Entry::about("box.recovered", KIND)
                .set("sequence", sequence)
                .set("taken_at", taken_at)
                .set("box_epoch", epoch.to_string()),
        )?;
        Ok(epoch)
    })
    .await
}

/// Begins the epoch after the box's own and after that of another box.
pub(in crate::platform::backups) fn begin_epoch_in(
    scope: &BoxScope<'_>,
    other: u64,
) -> Result<u64> {
    store::begin_epoch(scope, other)
}

//! Going back to a snapshot, while nobody has the data open.
//!
//! Each file is made ready beside its place: copied, compared with the manifest, and given the
//! entries of the log that were written since, so that no checkpoint of before is contradicted.
//! Then the present file gets a second name below `after-<version>`, and the other one takes its
//! place. Whether both names are one file tells, after a kill, whether that was done. Nothing but
//! databases is put back: the journal of the update, keys and files beside the databases stay as
//! they are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::looking::{SYSTEM, files_of};
use super::points::point;
use super::report::Done;
use super::rules::snapshot_unfit;
use super::snapshots::{Kept, LOG, Manifest, copy};
use crate::platform::audit::Entry;
use crate::platform::audit::ops::carrying::{self, beside, part_after};
use crate::platform::audit::ops::tree::catch_up_in;
use crate::platform::audit::store::tree::Tree;
use crate::platform::backups::contents;
use crate::platform::clock::Clock;
use crate::platform::ctx::Unit;
use crate::platform::db::{self, Apart, Snapshot};
use crate::platform::error::{Error, Result};
use crate::platform::secret::to_hex;
use crate::platform::whole_file::{remove_if_there, sync_folder_of};
use crate::platform::workspaces::{self, WorkspaceId, beside_of};
use crate::platform::{make_private_folder, take_lock};

/// What a file is called until it takes its place.
const UNFINISHED: &str = "restoring";
/// What SQLite keeps beside a file while it is open.
const INDEX: &str = "-shm";
/// The object kind of what the logs say of it.
const KIND: &str = "update";

/// A restore: where the data lies, where the snapshot, and which release ran meanwhile.
pub struct Order<'a> {
    pub data: &'a Path,
    pub from: &'a Path,
    /// The version whose data is kept as `after-<version>`, beside the snapshot.
    pub after: &'a str,
    pub clock: &'a Clock,
}

/// Puts the databases back as they are in a snapshot. Cut off, it goes on where it was. `tell`
/// hears how many files of how many are done. Blocks for long.
///
/// # Errors
/// `data-in-use` while a box has them open, `update-snapshot-unfit` when the snapshot is none or
/// not what its manifest says; then nothing is changed that was not put back already.
pub fn restore(order: &Order<'_>, tell: &mut dyn FnMut(u64, u64)) -> Result<Done> {
    let started = Instant::now();
    let _lock = take_lock(order.data)?;
    let manifest = Manifest::of(order.from)?;
    let databases: Vec<&Kept> = manifest.files.iter().filter(|one| is_database(one)).collect();
    for one in &manifest.files {
        check_name(&one.path)?;
    }
    let keep = order.keep()?;
    let (mut done, total) = (Done::default(), databases.len() as u64);
    // The box's own file comes last: what it says of the others is true then.
    let in_order = databases.iter().skip(1).chain(databases.first());
    for (number, one) in (0..).zip(in_order) {
        tell(number, total);
        if !is_put(order, &keep, &one.path)? {
            put_back(order, &manifest, one, &keep, &mut done)?;
        }
        done.files += 1;
    }
    set_strays_aside(order, &manifest, &keep, &mut done)?;
    point("restore-whole");
    tell(total, total);
    Ok(done.after(started))
}

/// Rows of a table that going back would take away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Below the data folder.
    pub file: String,
    pub table: String,
    pub now: u64,
    pub then: u64,
}

/// What there is in the files now and what there was in a snapshot, where that differs. The box may
/// be running. Blocks.
pub fn losses(data: &Path, from: &Path) -> Result<Vec<Loss>> {
    let manifest = Manifest::of(from)?;
    let mut found = Vec::new();
    for file in files_of(data)? {
        let name = file.to_str().ok_or_else(|| Error::internal("a name is no text"))?;
        let now = contents::ops::of(&Snapshot::open(&data.join(&file))?)?.rows;
        let is_kept = manifest.files.iter().any(|one| one.path == name);
        let then = if is_kept {
            contents::ops::of(&Snapshot::open(&from.join(&file))?)?.rows
        } else {
            BTreeMap::new()
        };
        for (table, now) in now {
            let then = then.get(&table).copied().unwrap_or(0);
            if now != then {
                found.push(Loss { file: name.to_owned(), table, now, then });
            }
        }
    }
    Ok(found)
}

impl Order<'_> {
    /// Where the present files go.
    fn keep(&self) -> Result<PathBuf> {
        let is_plain = |one: char| one.is_ascii_alphanumeric() || "-_.+".contains(one);
        if self.after.is_empty() || !self.after.chars().all(is_plain) {
            return Err(snapshot_unfit("the version names no folder"));
        }
        let beside = self.from.parent().unwrap_or(Path::new("."));
        let keep = beside.join(format!("after-{}", self.after));
        make_private_folder(&keep.join(workspaces::FOLDER))?;
        sync_folder_of(&keep)?;
        Ok(keep)
    }
}

fn is_database(kept: &Kept) -> bool {
    Path::new(&kept.path).extension().is_some_and(|end| end == "db")
}

/// A manifest names files of the box and nothing else.
fn check_name(path: &str) -> Result<()> {
    let plain = path.strip_suffix(LOG).unwrap_or(path);
    let of_workspace = plain.strip_prefix("workspaces/").and_then(|name| name.strip_suffix(".db"));
    let is_ours =
        plain == SYSTEM || of_workspace.is_some_and(|id| id.parse::<WorkspaceId>().is_ok());
    if is_ours { Ok(()) } else { Err(snapshot_unfit(&format!("it names {path}"))) }
}

/// Whether the file in place is one that was put there: the one of before has its second name, and
/// that is another file.
fn is_put(order: &Order<'_>, keep: &Path, path: &str) -> Result<bool> {
    let of = |path: PathBuf| match std::fs::metadata(path) {
        Ok(about) => Ok(Some((about.dev(), about.ino()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let (kept, there) = (of(keep.join(path))?, of(order.data.join(path))?);
    Ok(kept.is_some() && there.is_some() && kept != there)
}

fn put_back(
    order: &Order<'_>,
    manifest: &Manifest,
    one: &Kept,
    keep: &Path,
    done: &mut Done,
) -> Result<()> {
    let path = order.data.join(&one.path);
    let ready = beside_of(&path, &format!(".{UNFINISHED}"));
    for beside in ["", LOG, INDEX] {
        remove_if_there(&beside_of(&ready, beside))?;
    }
    done.bytes += take_out(order, one, &ready)?;
    let log = manifest.files.iter().find(|log| log.path == format!("{}{LOG}", one.path));
    point("restore-copied");
    match log {
        // It was damaged then and is put back as it was, with what lay beside it.
        Some(log) => done.bytes += take_out(order, log, &beside_of(&ready, LOG))?,
        None => done.carried_entries += make_ready(order, manifest, &path, &ready)?,
    }
    point("restore-carried");
    set_aside(&path, &keep.join(&one.path))?;
    point("restore-kept");
    for beside in [LOG, INDEX] {
        remove_if_there(&beside_of(&path, beside))?;
    }
    if log.is_some() {
        std::fs::rename(beside_of(&ready, LOG), beside_of(&path, LOG))?;
    }
    std::fs::rename(&ready, &path)?;
    sync_folder_of(&path)?;
    point("restore-named");
    done.restored_files += 1;
    Ok(())
}

/// Takes a file out of the snapshot and compares it with the manifest.
fn take_out(order: &Order<'_>, one: &Kept, to: &Path) -> Result<u64> {
    let (size_bytes, sha256, _) = copy(&order.from.join(&one.path), to)?;
    if (size_bytes, to_hex(&sha256)) == (one.size_bytes, one.sha256.clone()) {
        return Ok(size_bytes);
    }
    remove_if_there(to)?;
    Err(snapshot_unfit(&format!("{} is not what was kept", one.path)))
}

/// Gives a file of the snapshot what the log of the present one has more, and says in it what was
/// done. Gives how many entries it took along.
fn make_ready(order: &Order<'_>, manifest: &Manifest, present: &Path, ready: &Path) -> Result<u64> {
    // Whichever release does it: the file stays as the one of before knows it.
    let begin = |connection: &_| catch_up_in(Tree(connection));
    let mut file = Apart::open(ready, &[], order.clock.now(), begin)?;
    let end = |file: &mut Apart| {
        file.write(|connection| carrying::end_in(&Unit::apart(connection, order.clock)))
    };
    let (before, _) = end(&mut file)?;
    let carried = carry(order, present, &mut file);
    let (entries, head) = end(&mut file)?;
    let mut entry = Entry::about("box.update.restored", KIND)
        .set("version", &manifest.version)
        .set("taken_at", &manifest.taken_at)
        .set("after", order.after)
        .set("entries_then", before.to_string())
        .set("entries_before", entries.to_string())
        .set("head_before", to_hex(&head));
    if let Err(error) = carried {
        // A present file that cannot be read is no reason to go on without the one of before.
        entry = entry.set("not_carried", error.to_string());
    }
    file.write(|connection| Unit::apart(connection, order.clock).audit(entry))?;
    file.close()?;
    for beside in [LOG, INDEX] {
        remove_if_there(&beside_of(ready, beside))?;
    }
    File::open(ready)?.sync_all()?;
    Ok(u64::try_from(entries - before).unwrap_or(0))
}

fn carry(order: &Order<'_>, present: &Path, file: &mut Apart) -> Result<()> {
    let from = match Snapshot::open(present) {
        // A workspace that the release after removed has nothing to be taken along.
        Err(Error::NotFound) => return Ok(()),
        from => from?,
    };
    loop {
        let clock = order.clock;
        let end = file.write(|connection| carrying::end_in(&Unit::apart(connection, clock)))?;
        let part = part_after(&from, end)?;
        if part.is_empty() {
            break;
        }
        file.write(|connection| carrying::carry_in(&Unit::apart(connection, clock), part))?;
    }
    let beside = beside(&from)?;
    file.write(|connection| carrying::set_beside_in(&Unit::apart(connection, order.clock), &beside))
}

/// A second name for a file and its log, before the first is given to another one.
fn set_aside(path: &Path, keep: &Path) -> Result<()> {
    match db::fold_now(path) {
        // What is damaged is kept as it is.
        Ok(()) | Err(Error::NotFound | Error::Damaged(_)) => {}
        Err(error) => return Err(error),
    }
    for beside in ["", LOG] {
        match std::fs::hard_link(beside_of(path, beside), beside_of(keep, beside)) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists
                ) => {}
            linked => linked?,
        }
    }
    Ok(sync_folder_of(keep)?)
}

/// Sets files of workspaces aside that the snapshot does not know: they were made since.
fn set_strays_aside(
    order: &Order<'_>,
    manifest: &Manifest,
    keep: &Path,
    done: &mut Done,
) -> Result<()> {
    for file in files_of(order.data)? {
        let is_known = manifest.files.iter().any(|one| Path::new(&one.path) == file);
        if is_known {
            continue;
        }
        let path = order.data.join(&file);
        set_aside(&path, &keep.join(&file))?;
        point("restore-strays");
        for beside in ["", LOG, INDEX] {
            remove_if_there(&beside_of(&path, beside))?;
        }
        sync_folder_of(&path)?;
        done.set_aside_files += 1;
    }
    Ok(())
}

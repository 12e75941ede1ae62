//! Files of before a restore, and scratch. What is left of a restore that was cut off is told by
//! the names of files alone.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::rules::RestoreId;
use crate::platform::error::Result;
use crate::platform::whole_file::remove_if_there;
use crate::platform::workspaces::{FOLDER, beside_of, give_back_log};

/// Below the data folder: what is unpacked while a restore runs.
pub(super) const SCRATCH: &str = "spool/restores";
/// Below the folder of workspaces: files of before.
const KEPT: &str = "kept";

pub(super) fn scratch_of(data: &Path, id: RestoreId) -> PathBuf {
    data.join(SCRATCH).join(id.to_string())
}

/// Where the file of before a restore lies.
pub(super) fn kept_at(data: &Path, id: RestoreId) -> PathBuf {
    data.join(FOLDER).join(KEPT).join(format!("{id}.db"))
}

/// Whether a restore that was cut off had put its file in place. One that had not is taken back
/// wholly. Blocks.
pub(super) fn was_put(kept: &Path, path: &Path) -> Result<bool> {
    let about = |path: &Path| match fs::metadata(path) {
        Ok(about) => Ok(Some(about.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let Some(before) = about(kept)? else { return Ok(false) };
    if about(path)? != Some(before) {
        return Ok(true);
    }
    // Two names of one file: it is still the workspace's.
    give_back_log(kept, path)?;
    drop_kept(kept)?;
    Ok(false)
}

/// Removes the file of before a restore. Blocks.
pub(super) fn drop_kept(kept: &Path) -> Result<()> {
    for ending in ["-shm", "-wal", ""] {
        remove_if_there(&beside_of(kept, ending))?;
    }
    Ok(())
}

/// Removes a folder with all in it. Blocks.
pub(super) fn drop_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Removes files of before that nobody needs any more. Gives how many. Blocks.
pub(super) fn sweep(data: &Path, needed: &HashSet<RestoreId>) -> Result<usize> {
    let mut count = 0;
    for (id, path) in named(&data.join(FOLDER).join(KEPT), ".db")? {
        if !needed.contains(&id) {
            drop_kept(&path)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Removes scratch that no restore works in. Blocks.
pub(super) fn sweep_scratch(data: &Path, running: &HashSet<RestoreId>) -> Result<()> {
    for (id, path) in named(&data.join(SCRATCH), "")? {
        if !running.contains(&id) {
            drop_folder(&path)?;
        }
    }
    Ok(())
}

fn named(folder: &Path, ending: &str) -> Result<Vec<(RestoreId, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?.collect::<io::Result<Vec<_>>>()?,
    };
    let id = |path: &Path| path.file_name()?.to_str()?.strip_suffix(ending)?.parse().ok();
    Ok(entries.into_iter().filter_map(|one| Some((id(&one.path())?, one.path()))).collect())
}

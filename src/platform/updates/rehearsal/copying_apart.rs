//! A copy of the databases made by a release that does not run the box: the supervisor has a new
//! package's program make it, to try that out before it takes over. The box may run meanwhile.

use std::io;
use std::path::Path;
use std::time::Instant;

use super::copying::{begin, copy_pages};
use super::looking::{SYSTEM, files_of};
use super::migrating::damaged_files;
use super::report::Done;
use super::rules::check_free;
use crate::platform::clock::Clock;
use crate::platform::db::Held;
use crate::platform::error::{Error, Result};
use crate::platform::room::Room;

/// Copies the databases in `data` into a folder that does not exist yet, each file as it is at one
/// moment of its own, as [`copying`](super::copying) does from within the box. Files that are known
/// to be damaged are left out. `tell` hears how many files of how many are done. Blocks for long.
///
/// # Errors
/// `update-room` when the disk gets too full. Nothing of the copy stays then.
pub fn copy(
    data: &Path,
    into: &Path,
    clock: &Clock,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Done> {
    begin(into)?;
    let copied = copy_all(data, into, clock, tell);
    if copied.is_err() {
        std::fs::remove_dir_all(into)?;
    }
    copied
}

fn copy_all(
    data: &Path,
    into: &Path,
    clock: &Clock,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Done> {
    let started = Instant::now();
    let bytes = copy_one(data, into, Path::new(SYSTEM))?;
    let mut done = Done { bytes, files: 1, ..Done::default() };
    let damaged = damaged_files(into, clock)?;
    let files = files_of(data)?;
    let total = files.len() as u64;
    for (number, file) in (1..).zip(files.iter().filter(|file| *file != Path::new(SYSTEM))) {
        tell(number, total);
        if damaged.iter().any(|one| file.ends_with(one)) {
            done.skipped += 1;
            continue;
        }
        match copy_one(data, into, file) {
            Ok(bytes) => {
                done.bytes += bytes;
                done.files += 1;
            }
            // Its workspace was removed meanwhile.
            Err(_) if !data.join(file).exists() => remove(&into.join(file))?,
            Err(error) => return Err(error),
        }
    }
    tell(total, total);
    Ok(done.after(started))
}

fn copy_one(data: &Path, into: &Path, file: &Path) -> Result<u64> {
    let held = Held::ready(&data.join(file))?;
    held.hold()?;
    let room = Room::default();
    copy_pages(&held, &into.join(file), |_| check_free(room.of(into)?.free_bytes, 0))
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::from(error)),
        _ => Ok(()),
    }
}

//! Bringing the data itself along to this release, while nobody has it open.

use std::path::Path;
use std::time::Instant;

use super::looking::{SYSTEM, all_names, files_of, sets_of_workspaces};
use super::points::point;
use super::report::{Done, Failed};
use super::smoke::why;
use crate::platform::audit::ops::tree::catch_up_in;
use crate::platform::audit::store::tree::Tree;
use crate::platform::clock::Clock;
use crate::platform::ctx::BoxScope;
use crate::platform::db::{Apart, Snapshot};
use crate::platform::error::{Error, Result};
use crate::platform::workspaces::{WorkspaceId, damage};
use crate::platform::{Parts, SYSTEM_SET, take_lock};

/// Migrates every database in `data`, each migration of a file in one transaction. Cut off, it goes
/// on where it was. Files that are damaged are left as they are; they stay readable for their
/// workspaces as before. `tell` hears how many files of how many are done. Blocks for long.
///
/// # Errors
/// `data-in-use` while a box has them open. A file that cannot be brought along ends it and is
/// named in what it gives.
pub fn migrate(
    data: &Path,
    parts: &Parts,
    clock: &Clock,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Done> {
    let started = Instant::now();
    let _lock = take_lock(data)?;
    let damaged = damaged_files(data, clock)?;
    let (files, sets) = (files_of(data)?, sets_of_workspaces(parts));
    let mut done = Done::default();
    point("migration-opened");
    for (number, file) in (0..).zip(&files) {
        tell(number, files.len() as u64);
        if damaged.iter().any(|one| file.ends_with(one)) {
            done.skipped += 1;
            continue;
        }
        let sets = if *file == Path::new(SYSTEM) { &[SYSTEM_SET][..] } else { &sets };
        let begin = |connection: &_| catch_up_in(Tree(connection));
        let opened = Apart::open(&data.join(file), sets, clock.now(), begin);
        let migrated = opened.and_then(|opened| {
            for one in opened.applied() {
                if !done.applied.contains(one) {
                    done.applied.push(one.clone());
                }
            }
            done.migrated_files += u64::from(!opened.applied().is_empty());
            opened.close()
        });
        if let Err(error) = migrated {
            done.failed = Some(named(data, file, clock, &error));
            return Ok(done.after(started));
        }
        done.files += 1;
        point("file-migrated");
    }
    point("migration-whole");
    tell(files.len() as u64, files.len() as u64);
    Ok(done.after(started))
}

/// The names of the files that are known to be damaged.
pub(super) fn damaged_files(data: &Path, clock: &Clock) -> Result<Vec<String>> {
    let system = Snapshot::open(&data.join(SYSTEM))?;
    let damaged = damage::ops::list_in(&BoxScope::looking_at(&system, clock))?;
    Ok(damaged.into_iter().map(|one| format!("{}.db", one.workspace)).collect())
}

/// A file that cannot be brought along, with what people call its workspace.
fn named(data: &Path, file: &Path, clock: &Clock, error: &Error) -> Failed {
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    let id = stem.and_then(|stem| stem.parse::<WorkspaceId>().ok());
    let system = Snapshot::open(&data.join(SYSTEM));
    let names = system.and_then(|system| all_names(&BoxScope::looking_at(&system, clock)));
    Failed {
        file: file.display().to_string(),
        workspace: id.map(|id| id.to_string()),
        name: id.and_then(|id| names.ok()?.remove(&id)),
        kind: "migration".to_owned(),
        what: why(error),
    }
}

//! Whether a file from elsewhere has the schema that the migrations of this release make. A
//! database may hold triggers and views that do whatever they were written to do, so nothing of a
//! file is asked before all of its schema is known.

use std::collections::BTreeMap;
use std::path::Path;

use super::rules::Refused;
use super::store::{self, Applied, SchemaRow};
use crate::platform::clock::Moment;
use crate::platform::db::{Begun, DatabaseFile, FileOptions, Migration, MigrationSet, Snapshot};
use crate::platform::error::{Error, Result};

/// Objects of a schema, and characters of what made them.
const OBJECTS_MAX: i64 = 5_000;
const TEXT_LENGTH_MAX: i64 = 4_000_000;
const MIGRATIONS_MAX: usize = 5_000;
/// The table that says what a file went through.
const TABLE: &str = "applied_migrations";

/// Compares. `blank` is a path where a file may be made. Blocks.
pub(super) fn check(
    path: &Path,
    blank: &Path,
    sets: &[MigrationSet],
    name: &str,
    now: Moment,
) -> Result<()> {
    let file = open(path, name)?;
    let (objects, length) = damaged(name, store::schema_size(file.connection()))?;
    if objects > OBJECTS_MAX || length > TEXT_LENGTH_MAX {
        return Err(Refused::inside(name, "has a schema that is none of ours").into());
    }
    let found = damaged(name, store::schema(file.connection()))?;
    let all = made_by(sets, &blank.with_extension("all"), now)?;
    let is_table = |row: &&SchemaRow| row.1 == TABLE;
    if found.iter().find(is_table).is_none_or(|row| !all.contains(row)) {
        return Err(Refused::inside(name, "does not say which release made it").into());
    }
    let applied = damaged(name, store::applied(file.connection(), MIGRATIONS_MAX))?;
    let went_through = went_through(sets, &applied, name)?;
    let expected = made_by(&went_through, blank, now)?;
    match found.symmetric_difference(&expected).next() {
        None => Ok(()),
        Some((kind, object, ..)) => {
            let object: String = object.chars().filter(|one| !one.is_control()).take(100).collect();
            let fault = format!("has another schema than its release made: {kind} {object}");
            Err(Refused::inside(name, fault).into())
        }
    }
}

/// Opens a file that may be anything.
pub(super) fn open(path: &Path, name: &str) -> Result<Snapshot> {
    damaged(name, Snapshot::open(path))
}

/// What SQLite cannot read is the archive's fault.
pub(super) fn damaged<T>(name: &str, outcome: Result<T>) -> Result<T> {
    match outcome {
        Err(Error::StorageFailed(_) | Error::Internal(_) | Error::NotFound | Error::Damaged(_)) => {
            Err(Refused::inside(name, "is no database, or a damaged one").into())
        }
        outcome => outcome,
    }
}

/// The sets as they were when the file was written: the beginning of each.
fn went_through(
    sets: &[MigrationSet],
    applied: &[Applied],
    name: &str,
) -> Result<Vec<MigrationSet>> {
    let mut by_set: BTreeMap<&str, Vec<(i64, &str)>> = BTreeMap::new();
    for (set, number, checksum) in applied {
        by_set.entry(set).or_default().push((*number, checksum));
    }
    let mut before = Vec::new();
    for set in sets {
        let there = by_set.remove(set.name).unwrap_or_default();
        let newest = set.migrations.last().map_or(Ok(0), Migration::number)?;
        if let Some((number, _)) = there.last().filter(|(number, _)| *number > newest) {
            let what = format!("it knows step {number} of {}, this one {newest}", set.name);
            return Err(Refused::Newer { what }.into());
        }
        let is_known = there.len() <= set.migrations.len();
        let mut fits = is_known;
        for (migration, (number, checksum)) in set.migrations.iter().zip(&there) {
            fits &= migration.number()? == *number && migration.checksum() == *checksum;
        }
        if !fits {
            let fault = format!("was made by steps of {} that no release has", set.name);
            return Err(Refused::inside(name, fault).into());
        }
        before.push(MigrationSet { name: set.name, migrations: &set.migrations[..there.len()] });
    }
    match by_set.into_keys().next() {
        None => Ok(before),
        Some(set) => {
            let set: String = set.chars().filter(|one| !one.is_control()).take(100).collect();
            Err(Refused::Newer { what: format!("it knows {set}, which this one does not") }.into())
        }
    }
}

fn made_by(
    sets: &[MigrationSet],
    path: &Path,
    now: Moment,
) -> Result<std::collections::BTreeSet<SchemaRow>> {
    let begin = |_: &_| Ok(Begun::Wholly);
    DatabaseFile::open(path, sets, now, &FileOptions::default(), begin)?.close();
    store::schema(Snapshot::open(path)?.connection())
}

//! Brings a file's schema up to date: numbered files per set, one transaction each, never
//! changed once released.

use std::collections::HashMap;

use rusqlite::{Connection, TransactionBehavior, named_params};
use sha2::{Digest, Sha256};
use tracing::info;

use crate::platform::DATA_NEWER;
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};
use crate::platform::secret::to_hex;

/// What the files of this release are like. It goes up by one with each release that changes a
/// schema.
pub const FORMAT: i64 = if cfg!(feature = "fixture") { 2 } else { 1 };
/// A release runs on the files of the next one, so that one can be undone. What came after that it
/// does not know.
pub const FORMAT_READ_MAX: i64 = FORMAT + 1;

/// One file of a set. `name` is the file's, `NNNN_what.sql`.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    pub name: &'static str,
    pub sql: &'static str,
}

/// The migrations of one part of a file, in order.
#[derive(Debug, Clone, Copy)]
pub struct MigrationSet {
    pub name: &'static str,
    pub migrations: &'static [Migration],
}

/// Lists a set's files: `migration_set!("system", "0001_start.sql", …)`.
#[macro_export]
macro_rules! migration_set {
    ($set:literal, $($file:literal),+ $(,)?) => {
        $crate::platform::db::MigrationSet {
            name: $set,
            migrations: &[$($crate::platform::db::Migration {
                name: $file,
                sql: include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"), "/migrations/", $set, "/", $file
                )),
            }),+],
        }
    };
}

impl Migration {
    /// The number in front of the name.
    pub fn number(&self) -> Result<i64> {
        let digits = self.name.split('_').next().unwrap_or_default();
        digits.parse().map_err(|_| Error::internal(format!("{} has no number", self.name)))
    }

    pub fn checksum(&self) -> String {
        to_hex(&Sha256::digest(self.sql.as_bytes()))
    }
}

/// What a file has had, and what this release would do to it.
pub(super) struct Pending<'a> {
    /// Migrations that were applied, of all sets.
    pub had: usize,
    missing: Vec<(&'a MigrationSet, &'a Migration)>,
}

impl<'a> Pending<'a> {
    /// Compares a file with what this release knows. A migration that was changed after it was
    /// applied is an error; one that only a newer release knows is left alone, because an older
    /// release runs on a newer schema.
    pub(super) fn of(connection: &Connection, sets: &'a [MigrationSet]) -> Result<Self> {
        check_format(connection)?;
        let applied = applied(connection)?;
        let mut missing = Vec::new();
        for set in sets {
            for migration in set.migrations {
                match applied.get(&(set.name.to_owned(), migration.number()?)) {
                    Some(checksum) if *checksum == migration.checksum() => {}
                    Some(_) => {
                        let name = migration.name;
                        let problem =
                            format!("{}/{name} was changed after it was applied", set.name);
                        return Err(Error::internal(problem));
                    }
                    None => missing.push((set, migration)),
                }
            }
        }
        Ok(Self { had: applied.len(), missing })
    }

    /// Whether there is something that would be changed. A new file holds nothing yet.
    pub(super) fn changes_what_is_there(&self) -> bool {
        self.had > 0 && !self.missing.is_empty()
    }

    /// What is missing, as `set/NNNN_what.sql`.
    pub(super) fn names(&self) -> Vec<String> {
        self.missing.iter().map(|(set, one)| format!("{}/{}", set.name, one.name)).collect()
    }

    /// Applies what is missing, in the order of the sets, one transaction each.
    pub(super) fn apply(self, connection: &mut Connection, now: Moment) -> Result<()> {
        #[cfg(feature = "fixture")]
        if self.changes_what_is_there() && !crate::fixture::may_migrate() {
            return Err(Error::internal("this release is made to fail in its migration"));
        }
        self.missing.into_iter().try_for_each(|(set, one)| apply_one(connection, set, one, now))
    }
}

#[cfg(not(feature = "fixture"))]
fn written() -> i64 {
    FORMAT
}

#[cfg(feature = "fixture")]
fn written() -> i64 {
    crate::fixture::format(FORMAT)
}

/// Refuses a file that a release wrote which this one cannot follow, before anything is changed.
fn check_format(connection: &Connection) -> Result<()> {
    let format = format_of(connection)?;
    if format <= FORMAT_READ_MAX {
        return Ok(());
    }
    let detail = format!(
        "The data was written by a newer version of Holdfast (its format is {format}, this version \
         reads up to {FORMAT_READ_MAX}). Nothing was changed. Install the newer version again."
    );
    Err(Error::conflict(DATA_NEWER, detail))
}

pub(super) fn format_of(connection: &Connection) -> Result<i64> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Checksums of what was applied, by set and number.
fn applied(connection: &Connection) -> Result<HashMap<(String, i64), String>> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS applied_migrations (
             set_name TEXT NOT NULL,
             number INTEGER NOT NULL,
             sha256 TEXT NOT NULL,
             applied_at INTEGER NOT NULL,
             PRIMARY KEY (set_name, number)
         ) STRICT, WITHOUT ROWID",
    )?;
    let mut statement =
        connection.prepare("SELECT set_name, number, sha256 FROM applied_migrations")?;
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn apply_one(
    connection: &mut Connection,
    set: &MigrationSet,
    migration: &Migration,
    now: Moment,
) -> Result<()> {
    let (number, checksum) = (migration.number()?, migration.checksum());
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(migration.sql)?;
    transaction.execute(
        "INSERT INTO applied_migrations (set_name, number, sha256, applied_at)
         VALUES (:set, :number, :sha256, :now)",
        named_params! {
            ":set": set.name, ":number": number, ":sha256": checksum, ":now": now,
        },
    )?;
    let format = written();
    if format_of(&transaction)? < format {
        transaction.pragma_update(None, "user_version", format)?;
    }
    transaction.commit()?;
    info!(db.set = set.name, "Applied migration {}/{}", set.name, migration.name);
    Ok(())
}

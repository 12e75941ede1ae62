//! Brings a file's schema up to date: numbered files per set, one transaction each, never
//! changed once released.

use rusqlite::{Connection, TransactionBehavior, named_params};
use sha2::{Digest, Sha256};
use tracing::info;

use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};
use crate::platform::secret::to_hex;

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

/// Applies what is missing, in the order of the sets. A file that was changed after it was
/// applied, or one newer than this program knows, is handled as the product promises: the first
/// is an error, the second is left alone, because an older release runs on a newer schema.
pub(super) fn apply(connection: &mut Connection, sets: &[MigrationSet], now: Moment) -> Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS applied_migrations (
             set_name TEXT NOT NULL,
             number INTEGER NOT NULL,
             sha256 TEXT NOT NULL,
             applied_at INTEGER NOT NULL,
             PRIMARY KEY (set_name, number)
         ) STRICT, WITHOUT ROWID",
    )?;
    for set in sets {
        for migration in set.migrations {
            apply_one(connection, set, migration, now)?;
        }
    }
    Ok(())
}

fn apply_one(
    connection: &mut Connection,
    set: &MigrationSet,
    migration: &Migration,
    now: Moment,
) -> Result<()> {
    let (number, checksum) = (migration.number()?, migration.checksum());
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let applied: Option<String> = transaction
        .query_row(
            "SELECT sha256 FROM applied_migrations WHERE set_name = :set AND number = :number",
            named_params! { ":set": set.name, ":number": number },
            |row| row.get(0),
        )
        .map(Some)
        .or_else(none_if_missing)?;
    if let Some(applied) = applied {
        if applied == checksum {
            return Ok(());
        }
        let problem = format!("{}/{} was changed after it was applied", set.name, migration.name);
        return Err(Error::internal(problem));
    }
    transaction.execute_batch(migration.sql)?;
    transaction.execute(
        "INSERT INTO applied_migrations (set_name, number, sha256, applied_at)
         VALUES (:set, :number, :sha256, :now)",
        named_params! {
            ":set": set.name, ":number": number, ":sha256": checksum, ":now": now,
        },
    )?;
    transaction.commit()?;
    info!(db.set = set.name, "Applied migration {}/{}", set.name, migration.name);
    Ok(())
}

fn none_if_missing<T>(error: rusqlite::Error) -> rusqlite::Result<Option<T>> {
    match error {
        rusqlite::Error::QueryReturnedNoRows => Ok(None),
        other => Err(other),
    }
}

//! Files that no box has open: closed for a while, or brought from elsewhere to be made ready.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, named_params};

use super::damage::fault_beside;
use super::file::{Begun, begin_wholly};
use super::meters::Timing;
use super::migrations::{MigrationSet, Pending, format_of};
use super::open::{self, Snapshot, Synchronous};
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};
use crate::platform::tasks::panic_message;

/// How long whoever still reads a file is waited for; their own deadline is shorter.
const READERS_WAITED_FOR: Duration = Duration::from_secs(10);

/// Folds the log of a closed file into it, so that the file is all there is. `Busy` when somebody
/// reads it for long. A log that is damaged in its middle stays as it is. Blocks.
pub(in crate::platform) fn fold(path: &Path) -> Result<()> {
    fold_within(path, READERS_WAITED_FOR)
}

/// The same for whoever must not wait: `Busy` when anybody reads the file. Blocks shortly.
pub(in crate::platform) fn fold_now(path: &Path) -> Result<()> {
    fold_within(path, Duration::ZERO)
}

fn fold_within(path: &Path, readers_waited_for: Duration) -> Result<()> {
    if !path.is_file() {
        return Err(Error::NotFound);
    }
    if let Some(fault) = fault_beside(path)? {
        return Err(Error::Damaged(fault));
    }
    let connection = open::writing(path, Synchronous::Full, Timing::none())?;
    connection.busy_timeout(readers_waited_for)?;
    let is_busy: bool =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if is_busy { Err(Error::Busy { retry_after_s: 30 }) } else { Ok(()) }
}

/// Works on a file with all rights, in one transaction; the triggers of `asleep`, which keep a box
/// from changing those tables, do nothing meanwhile. Blocks.
pub(in crate::platform) fn alone<T>(
    path: &Path,
    asleep: &[&str],
    work: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    if !path.is_file() {
        return Err(Error::NotFound);
    }
    let mut connection = open::writing(path, Synchronous::Full, Timing::none())?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut triggers = Vec::new();
    for table in asleep {
        triggers.extend(triggers_of(&transaction, table)?);
    }
    for (name, _) in &triggers {
        transaction.execute_batch(&format!("DROP TRIGGER \"{}\"", name.replace('"', "\"\"")))?;
    }
    let done = work(&transaction)?;
    for (_, sql) in &triggers {
        transaction.execute_batch(sql)?;
    }
    transaction.commit()?;
    drop(connection);
    fold(path)?;
    Ok(done)
}

fn triggers_of(connection: &Connection, table: &str) -> Result<Vec<(String, String)>> {
    let mut statement = connection.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = :table",
    )?;
    let rows = statement
        .query_map(named_params! { ":table": table }, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A file that nobody else has open, worked on by this thread alone.
pub(in crate::platform) struct Apart {
    connection: Connection,
    path: PathBuf,
    applied: Vec<String>,
}

impl Apart {
    /// Opens a file that must be there and brings its schema up to date as a box does, without a
    /// copy of before. `begin` is what a box does with the file then, each step in a transaction
    /// of its own. It can be done again after it was cut off. Blocks.
    pub(in crate::platform) fn open(
        path: &Path,
        sets: &[MigrationSet],
        now: Moment,
        begin: impl FnMut(&Connection) -> Result<Begun>,
    ) -> Result<Self> {
        // SQLite would begin an empty one.
        if std::fs::metadata(path).map_or(0, |about| about.len()) == 0 {
            return Err(Error::Damaged("its file is gone or empty".to_owned()));
        }
        if let Some(fault) = fault_beside(path)? {
            return Err(Error::Damaged(fault));
        }
        let mut connection = open::writing(path, Synchronous::Full, Timing::none())?;
        let pending = Pending::of(&connection, sets)?;
        let applied = pending.names();
        pending.apply(&mut connection, now)?;
        open::forbid_schema_changes(&mut connection)?;
        begin_wholly(&mut connection, begin)?;
        Ok(Self { connection, path: path.to_owned(), applied })
    }

    /// Migrations that opening it applied, as `set/NNNN_what.sql`.
    pub(in crate::platform) fn applied(&self) -> &[String] {
        &self.applied
    }

    /// Runs `work` as one transaction.
    pub(in crate::platform) fn write<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Runs `work` in a transaction and takes back what it did, also when it breaks.
    pub(in crate::platform) fn try_out<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&transaction)));
        transaction.rollback()?;
        outcome.unwrap_or_else(|panic| Err(Error::internal(panic_message(&*panic))))
    }

    /// Closes it with nothing left beside it. Blocks.
    pub(in crate::platform) fn close(self) -> Result<()> {
        drop(self.connection);
        fold_now(&self.path)
    }
}

/// The format a file says it has. Blocks.
pub(in crate::platform) fn format_of_file(file: &Snapshot) -> Result<i64> {
    format_of(file.connection())
}

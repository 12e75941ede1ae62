//! Files that no box has open: closed for a while, or brought from elsewhere to be made ready.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, named_params};

use super::damage::fault_beside;
use super::meters::Timing;
use super::open::{self, Synchronous};
use crate::platform::error::{Error, Result};

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

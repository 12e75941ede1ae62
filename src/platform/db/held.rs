//! A moment of a file, held while the file goes on changing.

use std::path::Path;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rusqlite::Connection;

use super::damage::fault_beside;
use super::meters::Timing;
use super::open;
use crate::platform::error::{Error, Result};

/// Every batch of every file of a box passes here. Closed, it holds them all between two commits,
/// so that one moment can be held in many files.
#[derive(Debug, Default)]
pub struct Gate(RwLock<()>);

impl Gate {
    /// Goes through for one batch.
    pub(super) fn pass(&self) -> RwLockReadGuard<'_, ()> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the batches that are on their way and holds up the next ones. Blocks.
    pub(in crate::platform) fn close(&self) -> RwLockWriteGuard<'_, ()> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection of its own to a file that holds one moment of it. As long as it lives the log of
/// the file grows instead of being folded in, so its time has to be bounded.
pub struct Held {
    connection: Connection,
}

impl Held {
    /// Opens the file and holds nothing yet. Blocks.
    pub(in crate::platform) fn ready(path: &Path) -> Result<Self> {
        let connection = open::reading(path, Timing::none(), || false)?;
        Ok(Self { connection })
    }

    /// The same for a file that nobody writes to. A log that is damaged in its middle is an error:
    /// SQLite would read it up to there and take that for its end. Blocks.
    pub(in crate::platform) fn of_closed(path: &Path) -> Result<Self> {
        match fault_beside(path)? {
            Some(fault) => Err(Error::Damaged(fault)),
            None => Self::ready(path),
        }
    }

    /// Holds what is committed now.
    pub(in crate::platform) fn hold(&self) -> Result<()> {
        self.connection.execute_batch("BEGIN")?;
        // A transaction begins with what it reads first.
        self.connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(())
    }

    /// Ends what is asked of it from here on with `Busy` once `is_over` says so, or now.
    pub(in crate::platform) fn end_when(
        &mut self,
        mut is_over: impl FnMut() -> bool + Send + 'static,
    ) -> Result<()> {
        if is_over() {
            return Err(Error::Busy { retry_after_s: 1 });
        }
        open::end_when(&mut self.connection, is_over)
    }

    pub(in crate::platform) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Goes through every page, index and row; what is damaged is the error. Blocks for long.
    pub(in crate::platform) fn check(&self) -> Result<()> {
        open::full_check(&self.connection)
    }

    /// The same without the indexes. Blocks.
    pub(in crate::platform) fn check_quickly(&self) -> Result<()> {
        open::quick_check(&self.connection)
    }
}

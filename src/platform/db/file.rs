//! An open database file: its writer, its readers, and how it is opened and closed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::watch;
use tracing::{info, warn};

use super::before::Before;
use super::damage::fault_beside;
use super::held::Gate;
use super::meters::{FileMeters, Timing};
use super::migrations::{MigrationSet, Pending};
use super::open::{self, Synchronous};
use super::readers::Readers;
use super::writer::Writer;
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};
use crate::platform::systemd::notify;

/// How a file is used. Sizes in bytes, counts as named.
#[derive(Debug, Clone)]
pub struct FileOptions {
    pub queue_commands_max: usize,
    pub readers_max: usize,
    pub read_deadline: Duration,
    pub checkpoint_bytes: u64,
    pub slow_statement: Duration,
    /// Where times are counted; shared by the files of a kind.
    pub meters: Arc<FileMeters>,
    pub synchronous: Synchronous,
    /// Looks through the file whenever it is opened, not only after an unclean stop.
    pub is_always_checked: bool,
    /// Keeps a copy of a file before its schema changes. None: nobody would miss the file.
    pub before: Option<Arc<Before>>,
    /// Shared by all files of a box.
    pub gate: Arc<Gate>,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self {
            queue_commands_max: 1024,
            readers_max: 3,
            read_deadline: Duration::from_secs(5),
            checkpoint_bytes: 16 * 1024 * 1024,
            slow_statement: Duration::from_millis(100),
            meters: Arc::new(FileMeters::new("other")),
            synchronous: Synchronous::Full,
            is_always_checked: false,
            before: None,
            gate: Arc::default(),
        }
    }
}

impl FileOptions {
    pub(super) fn timing(&self) -> Timing {
        Timing::new(self.slow_statement, &self.meters)
    }
}

/// How far the beginning of a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    Wholly,
    /// Another step is needed.
    Partly,
}

/// An open file. Dropping it finishes its queue and closes it.
pub struct DatabaseFile {
    writer: Writer,
    readers: Arc<Readers>,
}

impl DatabaseFile {
    /// Opens a file, checks it after an unclean stop and brings its schema up to date. `begin`
    /// runs before anything else can, each step in a transaction of its own. Blocks.
    pub(in crate::platform) fn open(
        path: &Path,
        sets: &[MigrationSet],
        now: Moment,
        options: &FileOptions,
        begin: impl FnMut(&Connection) -> Result<Begun>,
    ) -> Result<Self> {
        let stopped_uncleanly = log_size_bytes(path) > 0;
        if stopped_uncleanly && let Some(fault) = fault_beside(path)? {
            return Err(Error::Damaged(fault));
        }
        let mut connection = open::writing(path, options.synchronous, options.timing())?;
        if stopped_uncleanly {
            info!(db.path = %path.display(), "Checking {} after an unclean stop", path.display());
            if options.is_always_checked {
                notify::status("Checking the box's own file after an unclean stop");
            }
            open::quick_check(&connection)?;
        } else if options.is_always_checked {
            open::quick_check(&connection)?;
        }
        let pending = Pending::of(&connection, sets)?;
        if options.is_always_checked && pending.changes_what_is_there() {
            notify::status("Migrating the box's own file to this version");
        }
        if let Some(before) = &options.before
            && pending.changes_what_is_there()
        {
            before.keep(&connection, path, pending.had, now);
        }
        pending.apply(&mut connection, now)?;
        open::forbid_schema_changes(&mut connection)?;
        begin_wholly(&mut connection, begin)?;
        // Most files are only read: theirs is given back until somebody writes. With something in
        // the log it stays for the writer, who folds that in.
        let connection = Some(connection).filter(|_| log_size_bytes(path) > 0);
        let writer = Writer::start(path.to_owned(), connection, options)?;
        let readers = Arc::new(Readers::new(path.to_owned(), options));
        Ok(Self { writer, readers })
    }

    /// Opens a damaged file, from which only what can still be read is read. Nothing of it is
    /// changed, nor of the log beside it.
    pub(in crate::platform) fn open_damaged(path: &Path, options: &FileOptions) -> Self {
        let readers = Arc::new(Readers::new(path.to_owned(), options));
        Self { writer: Writer::none(), readers }
    }

    /// Ends all writing at once and leaves the file and its log as they are. Blocks.
    pub(in crate::platform) fn abandon(&self) {
        self.writer.abandon();
    }

    /// Runs `work` in the next commit; the answer comes after it.
    pub(in crate::platform) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.run(work).await
    }

    /// Runs `work` in a transaction and takes back what it did.
    pub(in crate::platform) async fn try_out<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (found, mut finding) = tokio::sync::oneshot::channel();
        let outcome = self.writer.run(move |connection| {
            // Nobody else waits for it.
            drop(found.send(work(connection)?));
            // What fails is taken back.
            Err::<(), _>(Error::Busy { retry_after_s: 0 })
        });
        match (outcome.await, finding.try_recv()) {
            (Err(Error::Busy { .. }), Ok(value)) => Ok(value),
            (Err(error), _) => Err(error),
            (Ok(()), _) => Err(Error::internal("a trial was not taken back")),
        }
    }

    /// Runs `work` on one snapshot of the file.
    pub(in crate::platform) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        Arc::clone(&self.readers).run(work).await
    }

    /// Writes the whole file anew, so that nothing is left in it of what was deleted or changed.
    /// Changes wait meanwhile; reads go on.
    pub(in crate::platform) async fn rewrite(&self) -> Result<()> {
        self.writer.rewrite().await
    }

    /// Changes that wait for their commit.
    pub fn waiting_commands(&self) -> usize {
        self.writer.waiting()
    }

    /// Whether the last commit failed.
    pub fn is_refusing_writes(&self) -> bool {
        self.writer.is_refusing()
    }

    /// Counts commits; changes after each.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.writer.commits()
    }

    /// Finishes what is queued, folds the log into the file and lets go of it. Blocks.
    pub fn close(&self) {
        self.readers.close();
        self.writer.close();
    }
}

/// Begins a file step by step, each in a transaction of its own.
pub(super) fn begin_wholly(
    connection: &mut Connection,
    mut begin: impl FnMut(&Connection) -> Result<Begun>,
) -> Result<()> {
    let mut step = Begun::Partly;
    while step == Begun::Partly {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step = begin(&transaction)?;
        transaction.commit()?;
    }
    Ok(())
}

fn log_size_bytes(path: &Path) -> u64 {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    match std::fs::metadata(&name) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
        Err(error) => {
            warn!("The log of {} cannot be looked at: {error}", path.display());
            1
        }
    }
}

//! A few read-only connections per file. Each read sees one moment of the file and has a
//! deadline.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::file::FileOptions;
use super::open;
use crate::platform::error::{Error, Result};
use crate::platform::tasks;

struct Reader {
    connection: Connection,
    /// Milliseconds after `started` at which the running statement is ended.
    deadline_ms: Arc<AtomicU64>,
}

pub(super) struct Readers {
    path: PathBuf,
    started: Instant,
    deadline: Duration,
    slow: Duration,
    permits: Semaphore,
    idle: Mutex<Vec<Reader>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, options: &FileOptions) -> Self {
        Self {
            path,
            started: Instant::now(),
            deadline: options.read_deadline,
            slow: options.slow_statement,
            permits: Semaphore::new(options.readers_max),
            idle: Mutex::default(),
        }
    }

    /// Reads in one snapshot, away from the async threads.
    pub(super) async fn run<T: Send + 'static>(
        self: Arc<Self>,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let Ok(_permit) = tokio::time::timeout(self.deadline, self.permits.acquire()).await else {
            return Err(Error::Busy { retry_after_s: 1 });
        };
        let readers = Arc::clone(&self);
        tasks::blocking(move || readers.read(work)).await
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = idle.map_or_else(|| self.open(), Ok)?;
        let deadline = self.started.elapsed() + self.deadline;
        reader.deadline_ms.store(millis(deadline), Ordering::Relaxed);
        reader.connection.prepare_cached("BEGIN")?.execute([])?;
        let outcome = work(&reader.connection);
        reader.deadline_ms.store(u64::MAX, Ordering::Relaxed);
        if !reader.connection.is_autocommit() {
            reader.connection.prepare_cached("COMMIT")?.execute([])?;
        }
        // A reader whose work failed in an unknown way is not used again.
        if !matches!(outcome, Err(Error::StorageFailed(_) | Error::Internal(_))) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        }
        outcome
    }

    fn open(&self) -> Result<Reader> {
        let deadline_ms = Arc::new(AtomicU64::new(u64::MAX));
        let (asked, started) = (Arc::clone(&deadline_ms), self.started);
        let passed = move || millis(started.elapsed()) > asked.load(Ordering::Relaxed);
        let connection = open::reading(&self.path, self.slow, passed)?;
        Ok(Reader { connection, deadline_ms })
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

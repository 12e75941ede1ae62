//! One thread per open file that does all its writing, in groups: each batch takes what is
//! queued, never waits for more, and answers only after COMMIT.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};
use tracing::{error, info, warn};

use super::error::leaves_doubt;
use super::file::FileOptions;
use super::meters::FileMeters;
use super::open;
use crate::platform::error::{Error, Result};
use crate::platform::tasks::panic_message;

/// Commands in one commit at most.
const BATCH_COMMANDS_MAX: usize = 256;
/// Work in one commit at most; a single longer command still runs to its end. Long enough for 64
/// callers to share one commit also where other programs take their part of the processors.
const BATCH_WORK_MAX: Duration = Duration::from_millis(10);
/// After so long without a command the log is folded back into the file.
const IDLE_CHECKPOINT: Duration = Duration::from_secs(2);
const PAGE_SIZE_BYTES: u64 = 4096;

/// A queued piece of writing: runs inside the batch's transaction, is told how it ended.
trait Command: Send {
    /// True when its changes stay, false when they are taken back.
    fn run(&mut self, connection: &Connection) -> bool;
    /// What `run` found damaged: then nothing of its batch is kept.
    fn damage(&self) -> Option<&str>;
    /// Takes the result of `run` away: the batch failed as a whole.
    fn fail(&mut self, error: Error);
    fn answer(self: Box<Self>);
}

struct Queued<T, F> {
    work: Option<F>,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Command for Queued<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else { return true };
        let outcome = catch_unwind(AssertUnwindSafe(|| work(connection)))
            .unwrap_or_else(|panic| Err(Error::internal(panic_message(&*panic))));
        self.outcome.insert(outcome).is_ok()
    }

    fn damage(&self) -> Option<&str> {
        match &self.outcome {
            Some(Err(Error::Damaged(found))) => Some(found),
            _ => None,
        }
    }

    fn fail(&mut self, error: Error) {
        self.outcome = Some(Err(error));
    }

    fn answer(self: Box<Self>) {
        if let Some(outcome) = self.outcome {
            // The asker may have gone away meanwhile; the change stands all the same.
            drop(self.reply.send(outcome));
        }
    }
}

/// The queue in front of a file's writing thread.
pub(super) struct Writer {
    queue: Mutex<Option<SyncSender<Box<dyn Command>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    commits: watch::Receiver<u64>,
    state: Arc<State>,
    /// Held where no thread counts commits: whoever waits for one goes on waiting.
    _silent: Option<watch::Sender<u64>>,
}

/// What can be seen of the thread from outside.
#[derive(Default)]
struct State {
    /// Commands queued and not answered.
    waiting: AtomicUsize,
    /// The last commit failed.
    is_refusing: AtomicBool,
    /// The file is damaged: nothing is written any more, not even the log folded in.
    is_abandoned: AtomicBool,
    /// Who waits for the file to be written anew.
    rewrites: Mutex<Vec<oneshot::Sender<Result<()>>>>,
}

impl Writer {
    /// Starts the thread. `connection` is the file's only writing connection; without it one is
    /// opened for the first command, as it is after every rest.
    pub(super) fn start(
        path: PathBuf,
        connection: Option<Connection>,
        options: &FileOptions,
    ) -> Result<Self> {
        let (queue, commands) = sync_channel(options.queue_commands_max);
        let (committed, commits) = watch::channel(0);
        let wal_pages = Arc::new(AtomicU64::new(0));
        let state = Arc::new(State::default());
        let mut thread = Thread {
            state: Arc::clone(&state),
            path,
            connection,
            is_in_doubt: false,
            options: options.clone(),
            committed,
            wal_pages,
        };
        thread.watch_wal()?;
        #[expect(clippy::disallowed_methods, reason = "the one place that starts writing threads")]
        let handle = std::thread::Builder::new()
            .name("holdfast-writer".to_owned())
            .spawn(move || thread.serve(&commands))?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            thread: Mutex::new(Some(handle)),
            commits,
            state,
            _silent: None,
        })
    }

    /// A queue that nobody serves: the file is not written to.
    pub(super) fn none() -> Self {
        let (silent, commits) = watch::channel(0);
        Self {
            queue: Mutex::default(),
            thread: Mutex::default(),
            commits,
            state: Arc::default(),
            _silent: Some(silent),
        }
    }

    /// Queues a command and waits for its commit.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.queue(work)?.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Queues a command; the answer comes after its commit. A full queue is refused at once.
    pub(super) fn queue<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T>>> {
        let (reply, answer) = oneshot::channel();
        let command = Box::new(Queued { work: Some(work), outcome: None, reply });
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(queue) = queue.as_ref() else { return Err(Error::Busy { retry_after_s: 5 }) };
        self.state.waiting.fetch_add(1, Ordering::Relaxed);
        let sent = queue.try_send(command);
        if sent.is_err() {
            self.state.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        match sent {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(_)) => {
                metrics::counter!("holdfast_write_queue_full_total").increment(1);
                Err(Error::Busy { retry_after_s: 1 })
            }
            Err(TrySendError::Disconnected(_)) => Err(ended()),
        }
    }

    /// Has the thread write the whole file anew between two commits.
    pub(super) async fn rewrite(&self) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.state.rewrites.lock().unwrap_or_else(PoisonError::into_inner).push(reply);
        // Whatever is queued makes the thread look.
        self.run(|_| Ok(())).await?;
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    pub(super) fn waiting(&self) -> usize {
        self.state.waiting.load(Ordering::Relaxed)
    }

    pub(super) fn is_refusing(&self) -> bool {
        self.state.is_refusing.load(Ordering::Relaxed)
    }

    /// Counts commits; changes after each.
    pub(super) fn commits(&self) -> watch::Receiver<u64> {
        self.commits.clone()
    }

    /// Ends the thread and leaves the file and its log as they are; what is queued fails. Blocks.
    pub(super) fn abandon(&self) {
        self.state.is_abandoned.store(true, Ordering::Relaxed);
        self.close();
    }

    /// Finishes what is queued, folds the log into the file and ends the thread. Blocks.
    pub(super) fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            error!("A writing thread ended by a panic");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

pub(super) fn ended() -> Error {
    Error::StorageFailed("the writing thread has ended".to_owned())
}

/// What the writing thread owns.
struct Thread {
    state: Arc<State>,
    path: PathBuf,
    /// None while the file rests, and after a failure of the disk until it could be opened again.
    connection: Option<Connection>,
    /// The disk failed since the file was last checked.
    is_in_doubt: bool,
    options: FileOptions,
    committed: watch::Sender<u64>,
    wal_pages: Arc<AtomicU64>,
}

impl Thread {
    fn serve(&mut self, commands: &Receiver<Box<dyn Command>>) {
        let dirty = Cell::new(true);
        loop {
            let first = match commands.recv_timeout(IDLE_CHECKPOINT) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) if dirty.get() => {
                    dirty.set(!self.fold_log(Fold::Everything));
                    self.rest(dirty.get());
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => match commands.recv() {
                    Ok(first) => first,
                    Err(_) => break,
                },
                Err(RecvTimeoutError::Disconnected) => break,
            };
            dirty.set(true);
            self.run_batch(first, commands);
            self.rewrite_if_asked();
            if self.wal_size_bytes() > self.options.checkpoint_bytes {
                self.fold_log(Fold::WhatIsFree);
            }
        }
        self.fold_log(Fold::Everything);
    }

    fn run_batch(&mut self, first: Box<dyn Command>, commands: &Receiver<Box<dyn Command>>) {
        let mut batch = Vec::with_capacity(BATCH_COMMANDS_MAX);
        batch.push(first);
        if let Err(failure) = self.execute(&mut batch, commands) {
            error!(db.path = %self.path.display(), "A commit failed: {failure}");
            self.state.is_refusing.store(true, Ordering::Relaxed);
            metrics::counter!("holdfast_commit_failures_total").increment(1);
            for command in &mut batch {
                command.fail(match &failure {
                    Error::StorageFull => Error::StorageFull,
                    Error::Damaged(found) => Error::Damaged(found.clone()),
                    other => Error::StorageFailed(other.to_string()),
                });
            }
        } else {
            self.state.is_refusing.store(false, Ordering::Relaxed);
            metrics::counter!("holdfast_commits_total").increment(1);
            metrics::counter!("holdfast_committed_commands_total").increment(batch.len() as u64);
            self.committed.send_modify(|count| *count += 1);
        }
        self.state.waiting.fetch_sub(batch.len(), Ordering::Relaxed);
        for command in batch {
            command.answer();
        }
    }

    /// Runs the batch in one transaction. On an error nothing of it was kept, or, after
    /// `StorageFailed`, nobody knows.
    fn execute(
        &mut self,
        batch: &mut Vec<Box<dyn Command>>,
        commands: &Receiver<Box<dyn Command>>,
    ) -> Result<()> {
        if self.state.is_abandoned.load(Ordering::Relaxed) {
            return Err(Error::Damaged("it is not written to any more".to_owned()));
        }
        self.reopen_if_needed()?;
        let Some(connection) = self.connection.as_ref() else {
            return Err(Error::StorageFailed("the file is closed".to_owned()));
        };
        let passing = self.options.gate.pass();
        let outcome = fill_and_commit(connection, batch, commands, &self.options.meters);
        drop(passing);
        let Err(error) = outcome else { return Ok(()) };
        if !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_err() {
            warn!("A failed transaction could not be rolled back");
        }
        if leaves_doubt(&error) {
            // Never commit again over a connection whose last sync failed.
            self.connection = None;
            self.is_in_doubt = true;
        }
        Err(error.into())
    }

    fn reopen_if_needed(&mut self) -> Result<()> {
        if self.connection.is_some() {
            return Ok(());
        }
        // SQLite would begin an empty one.
        if std::fs::metadata(&self.path).map_or(0, |about| about.len()) == 0 {
            return Err(Error::Damaged("the file is missing or empty".to_owned()));
        }
        let mut connection =
            open::writing(&self.path, self.options.synchronous, self.options.timing())?;
        if self.is_in_doubt {
            open::quick_check(&connection)?;
            info!(db.path = %self.path.display(), "Opened again after a failure");
            self.is_in_doubt = false;
        }
        open::forbid_schema_changes(&mut connection)?;
        self.connection = Some(connection);
        self.watch_wal()
    }

    fn watch_wal(&mut self) -> Result<()> {
        let pages_in_log = Arc::clone(&self.wal_pages);
        if let Some(connection) = self.connection.as_mut() {
            connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
                let pages = u64::try_from(pages).unwrap_or(0);
                pages_in_log.store(pages, Ordering::Relaxed);
                Ok(())
            }))?;
        }
        Ok(())
    }

    fn wal_size_bytes(&self) -> u64 {
        self.wal_pages.load(Ordering::Relaxed) * PAGE_SIZE_BYTES
    }

    fn rewrite_if_asked(&mut self) {
        let asked = std::mem::take(
            &mut *self.state.rewrites.lock().unwrap_or_else(PoisonError::into_inner),
        );
        for reply in asked {
            // The one writing connection of the file is another one meanwhile.
            self.connection = None;
            let started = Instant::now();
            let outcome = open::rewrite(&self.path, self.options.synchronous);
            if outcome.is_ok() {
                self.wal_pages.store(0, Ordering::Relaxed);
                let ms = started.elapsed().as_millis();
                info!(db.path = %self.path.display(), db.ms = ms, "Wrote the file anew, {ms} ms");
            }
            // The asker may have gone away meanwhile.
            drop(reply.send(outcome));
        }
    }

    /// Gives back what the file takes in memory: of many open files only the busy ones need theirs.
    /// Most of it is the schema, which every connection holds for itself, so with nothing left in
    /// the log the connection goes; opening it again takes less than a commit.
    fn rest(&mut self, is_dirty: bool) {
        if !is_dirty {
            self.connection = None;
            return;
        }
        let Some(connection) = self.connection.as_ref() else { return };
        if let Err(error) = connection.execute_batch("PRAGMA shrink_memory") {
            warn!(db.path = %self.path.display(), "The page cache could not be freed: {error}");
        }
    }

    /// Folds the log into the file. True when nothing is left in it.
    fn fold_log(&self, how: Fold) -> bool {
        if self.state.is_abandoned.load(Ordering::Relaxed) {
            return true;
        }
        let Some(connection) = self.connection.as_ref() else { return true };
        let sql = match how {
            Fold::WhatIsFree => "PRAGMA wal_checkpoint(PASSIVE)",
            Fold::Everything => "PRAGMA wal_checkpoint(TRUNCATE)",
        };
        let folded = connection.query_row(sql, [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        });
        match folded {
            Ok((busy, in_log, done)) => {
                if in_log == done {
                    self.wal_pages.store(0, Ordering::Relaxed);
                }
                busy == 0
            }
            Err(error) => {
                warn!(db.path = %self.path.display(), "The log could not be folded: {error}");
                false
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Fold {
    WhatIsFree,
    Everything,
}

fn fill_and_commit(
    connection: &Connection,
    batch: &mut Vec<Box<dyn Command>>,
    commands: &Receiver<Box<dyn Command>>,
    meters: &FileMeters,
) -> rusqlite::Result<()> {
    let started = Instant::now();
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    run_first(connection, &mut batch[0])?;
    let mut next = 1;
    loop {
        if batch.len() >= BATCH_COMMANDS_MAX || started.elapsed() > BATCH_WORK_MAX {
            break;
        }
        match commands.try_recv() {
            Ok(command) => batch.push(command),
            Err(_) => break,
        }
        run_in_savepoint(connection, &mut batch[next])?;
        next += 1;
    }
    let committing = Instant::now();
    connection.prepare_cached("COMMIT")?.execute([])?;
    meters.committed(committing.elapsed());
    Ok(())
}

/// Runs the first command of a transaction. It has no neighbours yet, so its failure takes the
/// transaction back. A savepoint would cost more than its own time: inside one, SQLite goes
/// through all it remembers at the end of every statement, which makes long work quadratic.
fn run_first(connection: &Connection, command: &mut Box<dyn Command>) -> rusqlite::Result<()> {
    let kept = command.run(connection);
    check_after(connection, command.as_ref())?;
    if !kept {
        connection.prepare_cached("ROLLBACK")?.execute([])?;
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    }
    Ok(())
}

/// Runs one command so that its failure leaves its neighbours untouched.
fn run_in_savepoint(
    connection: &Connection,
    command: &mut Box<dyn Command>,
) -> rusqlite::Result<()> {
    connection.prepare_cached("SAVEPOINT command")?.execute([])?;
    let kept = command.run(connection);
    check_after(connection, command.as_ref())?;
    if !kept {
        connection.prepare_cached("ROLLBACK TO command")?.execute([])?;
    }
    connection.prepare_cached("RELEASE command")?.execute([])?;
    Ok(())
}

/// SQLite ends the whole transaction by itself when the disk is full or fails: the batch is lost.
/// So is one that came upon damage: who knows what its neighbours read.
fn check_after(connection: &Connection, command: &dyn Command) -> rusqlite::Result<()> {
    if let Some(found) = command.damage() {
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
            Some(found.to_owned()),
        ));
    }
    if !connection.is_autocommit() {
        return Ok(());
    }
    Err(rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL),
        Some("the transaction was ended by the disk".to_owned()),
    ))
}

//! A few read-only connections per file. Each read sees one moment of the file and has a
//! deadline.
//!
//! Reads wait in a queue, and whoever reads takes the next one before it rests: under load a
//! thread stays at work instead of being woken anew for each read, which costs more than the
//! read itself.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::file::FileOptions;
use super::meters::Timing;
use super::open;
use crate::platform::error::{Error, Result};
use crate::platform::tasks::{self, panic_message};

struct Reader {
    connection: Connection,
    /// Milliseconds after `started` at which the running statement is ended.
    deadline_ms: Arc<AtomicU64>,
}

pub(super) struct Readers {
    path: PathBuf,
    started: Instant,
    deadline: Duration,
    timing: Timing,
    threads_max: usize,
    queue_max: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn Read>>,
    idle: Vec<Reader>,
    /// Threads that read at the moment.
    reading: usize,
    /// Nobody keeps a connection any more.
    is_closed: bool,
}

/// A queued piece of reading.
trait Read: Send {
    /// Reads. Gives the reader back when it can be used again.
    fn run(&mut self, readers: &Readers, reader: Option<Reader>) -> Option<Reader>;
    fn answer(self: Box<Self>);
}

struct Queued<T, F> {
    work: Option<F>,
    asked_at: Instant,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Read for Queued<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T> + Send,
{
    fn run(&mut self, readers: &Readers, reader: Option<Reader>) -> Option<Reader> {
        let Some(work) = self.work.take().filter(|_| !self.reply.is_closed()) else {
            return reader;
        };
        if self.asked_at.elapsed() > readers.deadline {
            self.outcome = Some(Err(Error::Busy { retry_after_s: 1 }));
            return reader;
        }
        let read = || {
            let reader = reader.map_or_else(|| readers.open(), Ok)?;
            let outcome = readers.read(&reader, work);
            // A reader whose work failed in an unknown way is not used again.
            let is_good = !matches!(outcome, Err(Error::StorageFailed(_) | Error::Internal(_)))
                && reader.connection.is_autocommit();
            Ok((outcome, Some(reader).filter(|_| is_good)))
        };
        let (outcome, reader) = catch_unwind(AssertUnwindSafe(read))
            .unwrap_or_else(|panic| Err(Error::internal(panic_message(&*panic))))
            .unwrap_or_else(|error| (Err(error), None));
        self.outcome = Some(outcome);
        reader
    }

    fn answer(self: Box<Self>) {
        if let Some(outcome) = self.outcome {
            // The asker may have gone away meanwhile.
            drop(self.reply.send(outcome));
        }
    }
}

impl Readers {
    pub(super) fn new(path: PathBuf, options: &FileOptions) -> Self {
        Self {
            path,
            started: Instant::now(),
            deadline: options.read_deadline,
            timing: options.timing(),
            threads_max: options.readers_max,
            queue_max: options.queue_commands_max,
            state: Mutex::default(),
        }
    }

    /// Reads in one snapshot, away from the async threads. A full queue is refused at once.
    pub(super) async fn run<T: Send + 'static>(
        self: Arc<Self>,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let asked =
            Box::new(Queued { work: Some(work), asked_at: Instant::now(), outcome: None, reply });
        if self.queue(asked)? == Hands::More {
            tasks::start_blocking(move || self.serve());
        }
        answer.await.unwrap_or_else(|_| Err(Error::internal("a reading thread has ended")))
    }

    /// Closes the connections that rest; those that read are closed when they have. Blocks.
    pub(super) fn close(&self) {
        let idle = {
            let mut state = self.state();
            state.is_closed = true;
            std::mem::take(&mut state.idle)
        };
        drop(idle);
    }

    fn queue(&self, asked: Box<dyn Read>) -> Result<Hands> {
        let mut state = self.state();
        if state.waiting.len() >= self.queue_max {
            metrics::counter!("holdfast_read_queue_full_total").increment(1);
            return Err(Error::Busy { retry_after_s: 1 });
        }
        state.waiting.push_back(asked);
        if state.reading >= self.threads_max {
            return Ok(Hands::Enough);
        }
        state.reading += 1;
        Ok(Hands::More)
    }

    /// Reads until nothing waits.
    fn serve(&self) {
        let mut reader = self.state().idle.pop();
        let mut next = self.next(&mut reader);
        while let Some(mut read) = next {
            reader = read.run(self, reader);
            // Whoever asks again once it has the answer finds the reader put away, instead of
            // having another opened, which would hold the whole schema a second time.
            next = self.next(&mut reader);
            read.answer();
        }
    }

    /// The next piece of reading; puts the reader away when there is none.
    fn next(&self, reader: &mut Option<Reader>) -> Option<Box<dyn Read>> {
        let mut state = self.state();
        let next = state.waiting.pop_front();
        if next.is_none() {
            state.reading -= 1;
            let kept = reader.take().filter(|_| !state.is_closed);
            state.idle.extend(kept);
        }
        next
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, reader: &Reader, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let deadline = self.started.elapsed() + self.deadline;
        reader.deadline_ms.store(millis(deadline), Ordering::Relaxed);
        reader.connection.prepare_cached("BEGIN")?.execute([])?;
        let outcome = work(&reader.connection);
        reader.deadline_ms.store(u64::MAX, Ordering::Relaxed);
        if !reader.connection.is_autocommit() {
            reader.connection.prepare_cached("COMMIT")?.execute([])?;
        }
        outcome
    }

    fn open(&self) -> Result<Reader> {
        let deadline_ms = Arc::new(AtomicU64::new(u64::MAX));
        let (asked, started) = (Arc::clone(&deadline_ms), self.started);
        let passed = move || millis(started.elapsed()) > asked.load(Ordering::Relaxed);
        let connection = open::reading(&self.path, self.timing.clone(), passed)?;
        Ok(Reader { connection, deadline_ms })
    }
}

/// Whether a queued read needs another thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hands {
    Enough,
    More,
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

//! Tasks: the only place that starts them. Each has a name, is stopped at shutdown, and a panic
//! in one is logged and counted instead of lost.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::error;

use super::error::{Error, Result};

/// Starts named tasks and stops them together.
#[derive(Clone, Debug)]
pub struct Tasks {
    stop: Arc<watch::Sender<bool>>,
    again: Arc<watch::Sender<u64>>,
    running: Arc<Mutex<JoinSet<()>>>,
}

/// Tells a task that the process is stopping.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Waits until the process stops.
    pub async fn requested(&mut self) {
        // An error means that the sender is gone, which is a stop as well.
        if self.0.wait_for(|stopping| *stopping).await.is_err() {}
    }

    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }
}

/// Tells a task that watches something to look at once, whenever its time is.
#[derive(Clone, Debug)]
pub struct Again(watch::Receiver<u64>);

impl Again {
    /// Waits until everything is looked at again.
    pub async fn requested(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody can ask any more.
            std::future::pending::<()>().await;
        }
    }
}

impl Default for Tasks {
    fn default() -> Self {
        Self {
            stop: Arc::new(watch::Sender::new(false)),
            again: Arc::new(watch::Sender::new(0)),
            running: Arc::default(),
        }
    }
}

impl Tasks {
    /// Starts a task. It must end soon after `Stop` is requested.
    pub fn start<F>(&self, name: &'static str, make: impl FnOnce(Stop) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let work = make(self.stop());
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        while running.try_join_next().is_some() {}
        running.spawn(async move {
            if let Err(cause) = caught(work).await {
                metrics::counter!("holdfast_task_panics_total", "task" => name).increment(1);
                error!(task = name, cause, "Task {name} panicked: {cause}");
            }
        });
    }

    pub fn stop(&self) -> Stop {
        Stop(self.stop.subscribe())
    }

    pub fn again(&self) -> Again {
        Again(self.again.subscribe())
    }

    /// Asks whatever watches something to look at once.
    pub fn look_again(&self) {
        self.again.send_modify(|times| *times += 1);
    }

    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Asks every task and every listener to stop.
    pub fn begin_stop(&self) {
        self.stop.send_replace(true);
    }

    /// Asks every task to stop and waits for them, at most `patience`; then ends the rest.
    pub async fn stop_all(&self, patience: Duration) {
        self.begin_stop();
        let mut running =
            std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        let all_ended = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, all_ended).await.is_err() {
            error!("Tasks did not stop within {} s and were ended", patience.as_secs());
            running.shutdown().await;
        }
    }
}

/// Runs blocking work (SQLite, argon2, files) away from the async threads.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(panic) => Err(Error::internal(panic)),
    }
}

/// How little of the processor long work asks for: what others leave.
const NICENESS: i32 = 19;

/// Runs long blocking work on a thread of its own that steps back behind everything else, so that
/// it neither holds a place among the threads for short work nor keeps people waiting.
#[expect(clippy::disallowed_methods, reason = "only a thread of its own can step back")]
pub async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (answer, answered) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("background".to_owned()).spawn(move || {
        // Linux counts it thread by thread, and hands the disk out by it as well.
        if let Err(error) = rustix::process::nice(NICENESS) {
            tracing::warn!("Long work cannot step back: {error}");
        }
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        // Without anybody who waits the answer is of no use.
        drop(answer.send(match outcome {
            Ok(outcome) => outcome,
            Err(panic) => Err(Error::internal(panic_message(&*panic))),
        }));
    })?;
    answered.await.map_err(Error::internal)?
}

/// Starts a helping thread of work that runs on a thread of its own. It has the same standing.
#[expect(clippy::disallowed_methods, reason = "what helps must not wait for a place")]
pub fn beside<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<std::thread::JoinHandle<T>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}

/// Starts blocking work that answers by itself and does not panic. It must end soon after nobody
/// waits for it any more.
pub fn start_blocking(work: impl FnOnce() + Send + 'static) {
    drop(tokio::task::spawn_blocking(work));
}

/// Does work and turns a panic in it into an error with its message.
pub async fn caught<F: Future>(work: F) -> Result<F::Output, String> {
    CatchPanic(Box::pin(work)).await
}

/// Turns a panic while polling into an error with its message.
struct CatchPanic<F>(std::pin::Pin<Box<F>>);

impl<F: Future> Future for CatchPanic<F> {
    type Output = Result<F::Output, String>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        let poll = std::panic::AssertUnwindSafe(|| self.0.as_mut().poll(context));
        match std::panic::catch_unwind(poll) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => std::task::Poll::Ready(Err(panic_message(&*panic))),
        }
    }
}

/// Reads the message out of a caught panic.
pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown panic".to_owned())
}

//! Guards a connection against clients that send or take too slowly.
//!
//! hyper has one time-out for "no complete head yet", which runs from the last answer on. It
//! would have to be short against slow heads and long for idle keep-alive, so it is given a timer
//! that tells the two apart: the long time while nothing comes, the short one from the first byte.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Read, ReadBufCursor, Timer, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Sleep;

/// What the socket and the timer of one connection share.
pub(super) struct HeadClock {
    head_timeout: Duration,
    is_first: AtomicBool,
    /// Set by every read.
    has_read: AtomicBool,
    /// One timer for all heads: moving it on is cheaper than making one per request.
    sleep: Mutex<Pin<Box<Sleep>>>,
}

impl HeadClock {
    pub(super) fn new(head_timeout: Duration) -> Arc<Self> {
        Arc::new(Self {
            head_timeout,
            is_first: AtomicBool::new(true),
            has_read: AtomicBool::new(false),
            sleep: Mutex::new(Box::pin(tokio::time::sleep(head_timeout))),
        })
    }

    fn sleep(&self) -> MutexGuard<'_, Pin<Box<Sleep>>> {
        self.sleep.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The timer hyper's HTTP/1 connection asks.
pub(super) struct HeadTimer(pub(super) Arc<HeadClock>);

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    /// Called when hyper begins to wait for a head; `deadline` is the idle one.
    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        let clock = Arc::clone(&self.0);
        clock.has_read.store(false, Ordering::Relaxed);
        let is_first = clock.is_first.swap(false, Ordering::Relaxed);
        let wait = if is_first { Wait::Begun } else { Wait::New };
        Box::pin(HeadSleep { clock, deadline, wait })
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

/// Waits for one head.
struct HeadSleep {
    clock: Arc<HeadClock>,
    deadline: Instant,
    wait: Wait,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Not polled yet: the shared timer stands where the last head left it.
    New,
    /// Nothing came yet; the idle time runs.
    Idle,
    /// Bytes came, or it is the first head: the short time runs.
    Begun,
}

impl Future for HeadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let clock = Arc::clone(&self.clock);
        let mut sleep = clock.sleep();
        if self.wait != Wait::Begun {
            if clock.has_read.swap(false, Ordering::Relaxed) {
                self.wait = Wait::Begun;
                sleep.as_mut().reset(tokio::time::Instant::now() + clock.head_timeout);
            } else if self.wait == Wait::New {
                self.wait = Wait::Idle;
                sleep.as_mut().reset(tokio::time::Instant::from_std(self.deadline));
            }
        }
        sleep.as_mut().poll(context)
    }
}

impl hyper::rt::Sleep for HeadSleep {}

/// A socket that notes reads and gives up on clients that take nothing.
pub(super) struct Guarded<T> {
    io: TokioIo<T>,
    clock: Arc<HeadClock>,
    write_timeout: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<T> Guarded<T> {
    pub(super) fn new(io: T, clock: Arc<HeadClock>, write_timeout: Duration) -> Self {
        Self { io: TokioIo::new(io), clock, write_timeout, stalled: None }
    }

    /// Passes a write's outcome on; an error when it has been pending for too long.
    fn watch<R>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let patience = self.write_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: AsyncRead + Unpin> Read for Guarded<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = ready!(Pin::new(&mut self.io).poll_read(context, buffer));
        self.clock.has_read.store(true, Ordering::Relaxed);
        Poll::Ready(outcome)
    }
}

impl<T: AsyncWrite + Unpin> Write for Guarded<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write(context, bytes);
        self.watch(context, outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.io).poll_flush(context);
        self.watch(context, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.io).poll_shutdown(context);
        self.watch(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write_vectored(context, buffers);
        self.watch(context, outcome)
    }
}

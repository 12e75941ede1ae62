//! The gate that every request passes before the application. It counts what runs, holds requests
//! back while the box's files change hands, and sends them on to the worker that took over.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use http::{HeaderValue, Response, header};
use tokio::net::UnixStream;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use crate::http::problem;
use crate::platform::error::{Code, Error, Refusal, code};
use crate::platform::random::Random;
use crate::platform::tasks;
use crate::platform::updates::supervisor::sockets::address_of;

/// How far requests are held back.
#[derive(Debug, Clone, Copy)]
pub struct HoldingBack {
    /// So many at once; further ones are refused. None of their bodies is read meanwhile, so each
    /// holds at most what its connection buffers: 64 KiB.
    pub requests_max: usize,
    /// Each so long before it is refused.
    pub wait_max: Duration,
}

impl Default for HoldingBack {
    fn default() -> Self {
        Self { requests_max: 1_000, wait_max: Duration::from_secs(20) }
    }
}

/// What a refused request is told to wait, seconds.
const RETRY_AFTER_S: u64 = 2;
/// A request that takes longer gets its time before the hold begins.
const SHORT: Duration = Duration::from_secs(2);

const HELD_BACK: &str = "box-switching";
const LOST: &str = "answer-lost";

pub const CODES: &[Code] = &[
    code(
        HELD_BACK,
        "The box is changing to another version, and the request could not wait for it. Nothing \
         was changed.",
        "Try again after a moment.",
    ),
    code(
        LOST,
        "The version of the box that took the request over ended before it answered; what it had \
         begun to write may be kept.",
        "Look whether your change is there before you repeat it, or repeat it with the same \
         Idempotency-Key.",
    ),
];

/// Where a box is on the way of its files to another process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Requests go through.
    Serving,
    /// Requests are held back; what runs may finish.
    Holding,
    /// Nothing runs here any more: what did not finish was cut off.
    Closed,
    /// Requests are passed on to the worker at this socket.
    Forwarding(PathBuf),
}

impl Stage {
    /// Whether this process has nothing to do with the files any more.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Closed | Self::Forwarding(_))
    }
}

/// Requests not let through any more.
const SHUT: u64 = 1 << 63;
/// Somebody waits for requests to leave.
const WATCHED: u64 = 1 << 62;
/// Requests are counted in the second lane at the moment.
const SECOND: u64 = 1 << 61;
/// One request, in either lane.
const ONE: [u64; 2] = [1, 1 << 30];
/// The bits of each lane.
const LANES: [u64; 2] = [(1 << 30) - 1, ((1 << 30) - 1) << 30];

/// The gate of one process. Requests are counted in two lanes, so that those which came before a
/// moment can be told from the others without looking at a clock for each.
#[derive(Debug)]
pub struct Gate {
    /// Flags and the two lanes, in one number: who is counted knows that the gate was open.
    state: AtomicU64,
    stage: watch::Sender<Stage>,
    held_back: AtomicUsize,
    /// Answers that go on until the box ends them.
    streams: AtomicUsize,
    left: Notify,
    bounds: HoldingBack,
    random: Random,
}

/// A request that was let through. Dropped when the last byte of its answer was handed out.
#[derive(Debug)]
pub(super) struct Ticket {
    gate: Arc<Gate>,
    /// None for an answer that goes on until the box ends it.
    lane: Option<usize>,
}

/// What becomes of a request.
pub(super) enum Pass {
    /// The application answers it.
    In(Ticket),
    /// The worker at the other end answers it.
    On(UnixStream),
    /// It could not wait.
    Refused(Response<Body>),
}

impl Gate {
    /// An open gate. `random` gives the ids of refused requests.
    pub fn new(random: Random, bounds: HoldingBack) -> Arc<Self> {
        Arc::new(Self {
            state: AtomicU64::new(0),
            stage: watch::Sender::new(Stage::Serving),
            held_back: AtomicUsize::new(0),
            streams: AtomicUsize::new(0),
            left: Notify::new(),
            bounds,
            random,
        })
    }

    /// An open gate for what needs nothing of the box.
    pub(super) fn apart(&self) -> Arc<Self> {
        Self::new(self.random.clone(), self.bounds)
    }

    pub fn stage(&self) -> watch::Receiver<Stage> {
        self.stage.subscribe()
    }

    pub fn is_serving(&self) -> bool {
        self.state.load(Ordering::Relaxed) & SHUT == 0
    }

    /// Requests that are held back.
    pub fn held_back(&self) -> usize {
        self.held_back.load(Ordering::Relaxed)
    }

    /// Puts no further request through and waits for those that run, event streams left out. It
    /// begins at a moment without a request older than two seconds, and begins anew where one
    /// turns out to take longer, so that slow uploads and downloads get their time before anybody
    /// is held back; when only two seconds of `within` are left it begins in any case. False: some
    /// still run at its end.
    pub async fn hold(&self, within: Duration) -> bool {
        let until = Instant::now() + within;
        let last_moment = until - SHORT.min(within);
        loop {
            // A moment that does not come is not waited for any longer.
            let is_quiet = timeout_at(last_moment, self.quiet()).await.is_ok();
            self.shut();
            let patience = if is_quiet { until.min(Instant::now() + SHORT) } else { until };
            if timeout_at(patience, self.all_left()).await.is_ok() {
                return true;
            }
            if patience == until {
                return false;
            }
            self.open();
        }
    }

    /// Waits until the event streams have ended, as long as `patience`; then cuts off whatever
    /// still runs. The files may be closed afterwards.
    pub async fn close(&self, patience: Duration) {
        self.shut();
        let ended = timeout_at(Instant::now() + patience, self.until(Self::is_empty));
        if ended.await.is_err() {
            tracing::warn!("Requests were cut off, because the files are handed over");
        }
        self.stage.send_if_modified(|stage| {
            let is_news = !stage.is_over();
            if is_news {
                *stage = Stage::Closed;
            }
            is_news
        });
    }

    /// Passes requests on to the worker that answers at this socket, also those that wait.
    pub fn forward(&self, socket: &Path) {
        self.state.fetch_or(SHUT, Ordering::AcqRel);
        self.stage.send_replace(Stage::Forwarding(socket.to_owned()));
    }

    fn shut(&self) {
        self.state.fetch_or(SHUT | WATCHED, Ordering::AcqRel);
        self.stage.send_if_modified(|stage| {
            let is_news = *stage == Stage::Serving;
            if is_news {
                *stage = Stage::Holding;
            }
            is_news
        });
    }

    fn open(&self) {
        self.state.fetch_and(!(SHUT | WATCHED), Ordering::AcqRel);
        self.stage.send_replace(Stage::Serving);
    }

    /// Waits for a moment without a request older than [`SHORT`].
    async fn quiet(&self) {
        self.state.fetch_or(WATCHED, Ordering::AcqRel);
        loop {
            let began = Instant::now();
            // Whoever comes from here on is counted in the other lane.
            let before = self.state.fetch_xor(SECOND, Ordering::AcqRel);
            let lane = LANES[lane_of(before)];
            self.until(|gate| gate.state.load(Ordering::Acquire) & lane == 0).await;
            if began.elapsed() <= SHORT {
                return;
            }
        }
    }

    async fn all_left(&self) {
        let lanes = LANES[0] | LANES[1];
        self.until(|gate| gate.state.load(Ordering::Acquire) & lanes == 0).await;
    }

    fn is_empty(&self) -> bool {
        let is_free = self.state.load(Ordering::Acquire) & (LANES[0] | LANES[1]) == 0;
        is_free && self.streams.load(Ordering::Acquire) == 0
    }

    /// Waits until something is so; it is looked at whenever a request leaves.
    async fn until(&self, is_so: impl Fn(&Self) -> bool) {
        loop {
            let left = self.left.notified();
            if is_so(self) {
                return;
            }
            left.await;
        }
    }

    fn enter(self: &Arc<Self>) -> Option<Ticket> {
        let lane = lane_of(self.state.load(Ordering::Relaxed));
        let before = self.state.fetch_add(ONE[lane], Ordering::AcqRel);
        let ticket = Ticket { gate: Arc::clone(self), lane: Some(lane) };
        (before & SHUT == 0).then_some(ticket)
    }

    /// Lets a request through, now or once the box serves it, here or elsewhere.
    pub(super) async fn pass(self: &Arc<Self>) -> Pass {
        if let Some(ticket) = self.enter() {
            return Pass::In(ticket);
        }
        let Some(_place) = Place::take(self) else {
            return Pass::Refused(self.held_back_refusal());
        };
        let until = Instant::now() + self.bounds.wait_max;
        let mut stage = self.stage();
        loop {
            let now = stage.borrow_and_update().clone();
            match now {
                Stage::Serving => {
                    if let Some(ticket) = self.enter() {
                        return Pass::In(ticket);
                    }
                }
                Stage::Forwarding(socket) => match connect(&socket).await {
                    Ok(stream) => return Pass::On(stream),
                    // Another worker will take its place.
                    Err(error) => tracing::warn!("{} does not answer: {error}", socket.display()),
                },
                Stage::Holding | Stage::Closed => {}
            }
            if !matches!(timeout_at(until, stage.changed()).await, Ok(Ok(()))) {
                return Pass::Refused(self.held_back_refusal());
            }
        }
    }

    fn held_back_refusal(&self) -> Response<Body> {
        let detail = "The box is changing to another version. Nothing was changed; try again.";
        self.refusal(HELD_BACK, detail)
    }

    /// What is answered where the other worker took a request and gave nothing back.
    pub(super) fn lost(&self) -> Response<Body> {
        let detail = "The box changed to another version meanwhile. Look whether your change is \
                      there before you repeat it.";
        self.refusal(LOST, detail)
    }

    fn refusal(&self, code: &'static str, detail: &str) -> Response<Body> {
        let error = Error::Unavailable(Refusal::new(code, detail));
        let mut response = problem::render(&error, &self.random.uuid().to_string(), None);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
        response
    }
}

fn lane_of(state: u64) -> usize {
    usize::from(state & SECOND != 0)
}

/// Connects to a worker. One that has more to accept at the moment than it can is waited for.
async fn connect(socket: &Path) -> io::Result<UnixStream> {
    let (address, _folder) = address_of(socket)?;
    match UnixStream::connect(&address).await {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            let connected = tasks::blocking(move || {
                let stream = std::os::unix::net::UnixStream::connect(address)?;
                stream.set_nonblocking(true)?;
                Ok(stream)
            });
            UnixStream::from_std(connected.await.map_err(io::Error::other)?)
        }
        connected => connected,
    }
}

impl Ticket {
    /// The answer goes on until the box ends it, so nobody waits for it before a hold.
    pub(super) fn goes_on(&mut self) {
        if let Some(lane) = self.lane.take() {
            self.gate.streams.fetch_add(1, Ordering::AcqRel);
            self.gate.leave(lane);
        }
    }
}

impl Gate {
    fn leave(&self, lane: usize) {
        if self.state.fetch_sub(ONE[lane], Ordering::AcqRel) & WATCHED != 0 {
            self.left.notify_waiters();
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(lane) = self.lane {
            return self.gate.leave(lane);
        }
        self.gate.streams.fetch_sub(1, Ordering::AcqRel);
        self.gate.left.notify_waiters();
    }
}

/// One of the places for requests that are held back.
struct Place<'a>(&'a Gate);

impl<'a> Place<'a> {
    fn take(gate: &'a Gate) -> Option<Self> {
        let before = gate.held_back.fetch_add(1, Ordering::Relaxed);
        let place = Self(gate);
        (before < gate.bounds.requests_max).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.held_back.fetch_sub(1, Ordering::Relaxed);
    }
}

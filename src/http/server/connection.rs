//! One connection: handshake, choice of protocol, requests, end.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::Service as _;
use tracing::{debug, error, warn};

use super::farewell::{self, Farewell};
use super::forward::forward;
use super::gate::{Gate, Pass, Stage, Ticket};
use super::guard::{Guarded, HeadClock, HeadTimer};
use super::limits::ServerLimits;
use super::{Application, PeerUser, redirect};

/// The protocol of authorities that look whether a name leads here.
const ACME: &[u8] = crate::platform::tls::acme::challenges::PROTOCOL;
/// The first byte of every TLS record that starts a handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// Where the listener is in its life; connections follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Serving,
    /// One more answer each.
    LameDuck,
    /// Idle connections end; what runs may finish.
    Closing,
}

/// What the connections of a listener share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) application: Application,
    pub(super) gate: Arc<Gate>,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) limits: Arc<ServerLimits>,
}

impl Shared {
    /// Whether a connection has no future, so that its client is told to open another.
    fn is_ending(&self) -> bool {
        *self.phase.borrow() != Phase::Serving || !self.gate.is_serving()
    }
}

/// Who is at the other end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    /// Only of a unix socket.
    pub(super) user: Option<PeerUser>,
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self { address, user: None }
    }
}

/// Waits until the listener's life has come to `phase`.
async fn reached(mut life: watch::Receiver<Phase>, phase: Phase) {
    // An error means that the listener is gone, which is the end as well.
    if life.wait_for(|now| *now >= phase).await.is_err() {}
}

/// Waits until what the application still works on is cut off, where it does for this connection.
async fn cut_off(mut stage: watch::Receiver<Stage>, activity: &Activity) {
    let is_over = stage.wait_for(Stage::is_over).await.is_ok();
    if !is_over || activity.in_here.load(Ordering::Acquire) == 0 {
        pending::<()>().await;
    }
}

/// Serves a TCP connection with TLS; whoever speaks plain HTTP here is sent to HTTPS.
pub(super) async fn serve_tls(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: TlsAcceptor,
    shared: Shared,
) {
    let handshake = async {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first != [TLS_HANDSHAKE] {
            return Ok(Opened::Plain(stream));
        }
        Ok::<_, std::io::Error>(Opened::Tls(Box::new(acceptor.accept(stream).await?)))
    };
    match timeout(shared.limits.handshake_timeout, handshake).await {
        // An authority that looked at the certificate of RFC 8737 wants nothing more.
        Ok(Ok(Opened::Tls(stream))) if stream.get_ref().1.alpn_protocol() == Some(ACME) => {}
        Ok(Ok(Opened::Tls(stream))) => {
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                serve_http2(*stream, peer, shared).await;
            } else {
                serve_http1(*stream, peer.into(), shared).await;
            }
        }
        Ok(Ok(Opened::Plain(stream))) => {
            let application = Application::face("to-https", redirect::to_same_port());
            let gate = shared.gate.apart();
            serve_http1(stream, peer.into(), Shared { application, gate, ..shared }).await;
        }
        Ok(Err(cause)) => debug!("A TLS handshake failed: {cause}"),
        Err(_) => debug!("A TLS handshake took too long"),
    }
}

enum Opened {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::server::TlsStream<TcpStream>>),
}

/// Serves HTTP/1.1 until the client leaves, is too slow, or the listener ends.
pub(super) async fn serve_http1<T>(stream: T, peer: Peer, shared: Shared)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = Arc::clone(&shared.limits);
    let (life, stage) = (shared.phase.clone(), shared.gate.stage());
    let clock = HeadClock::new(limits.head_timeout);
    let io = Guarded::new(stream, Arc::clone(&clock), limits.write_timeout);
    let activity = Arc::new(Activity::default());
    let counted = Arc::clone(&activity);
    let shared = Arc::new(shared);
    let service = service_fn(move |request: Request<Incoming>| {
        let running = Running::start(&counted);
        let shared = Arc::clone(&shared);
        async move {
            let mut response = answer(&shared, peer, running, request).await;
            if shared.is_ending() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(HeadTimer(clock))
        .header_read_timeout(limits.idle_timeout)
        .max_header_size(limits.head_size_bytes_max)
        .max_buf_size(HTTP1_BUFFER_BYTES_MAX)
        .serve_connection(io, service);
    let mut connection = pin!(connection);
    let mut closing = pin!(reached(life, Phase::Closing));
    let mut cut_off = pin!(cut_off(stage, &activity));
    tokio::select! {
        biased;
        outcome = connection.as_mut() => return log_end(outcome),
        () = cut_off.as_mut() => return,
        () = closing.as_mut() => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        biased;
        outcome = connection => log_end(outcome),
        () = cut_off => {}
    }
}

/// What one HTTP/1 connection buffers in either direction.
const HTTP1_BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Serves HTTP/2 until the client leaves, falls silent, or the listener ends.
async fn serve_http2<T>(stream: T, peer: SocketAddr, shared: Shared)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = Arc::clone(&shared.limits);
    let (life, stage) = (shared.phase.clone(), shared.gate.stage());
    let clock = HeadClock::new(limits.head_timeout);
    let stream = Farewell::new(stream, farewell::LATER);
    let io = Guarded::new(stream, clock, limits.write_timeout);
    let activity = Arc::new(Activity::default());
    let counted = Arc::clone(&activity);
    let shared = Arc::new(shared);
    let service = service_fn(move |request: Request<Incoming>| {
        let running = Running::start(&counted);
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(&shared, peer.into(), running, request).await) }
    });
    let connection = http2::Builder::new(StreamTasks::default())
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.head_size_bytes_max).unwrap_or(u32::MAX))
        .max_concurrent_streams(limits.streams_max)
        .keep_alive_interval(limits.http2_ping_interval)
        .keep_alive_timeout(limits.http2_ping_interval)
        .serve_connection(io, service);
    let mut connection = pin!(connection);
    let mut ending = pin!(reached(life, Phase::LameDuck));
    let mut cut_off = pin!(cut_off(stage, &activity));
    let mut silence = pin!(sleep(limits.head_timeout));
    let mut seen = 0;
    loop {
        tokio::select! {
            biased;
            outcome = connection.as_mut() => return log_end(outcome),
            () = cut_off.as_mut() => return,
            () = ending.as_mut() => break,
            () = silence.as_mut() => {}
        }
        let started = activity.started.load(Ordering::Relaxed);
        if started == 0 {
            debug!("An HTTP/2 connection was closed: no request came");
            return;
        }
        if started == seen && started == activity.ended.load(Ordering::Relaxed) {
            break;
        }
        seen = started;
        silence.as_mut().reset(Instant::now() + limits.idle_timeout);
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        biased;
        outcome = connection => log_end(outcome),
        () = cut_off => {}
    }
}

/// Has a request answered: by the application, once the gate lets it through, or by the worker
/// that took over.
async fn answer(
    shared: &Shared,
    peer: Peer,
    mut running: Running,
    mut request: Request<Incoming>,
) -> Response<Watched> {
    let origin = shared.application.origin(request.headers_mut(), peer);
    let response = match shared.gate.pass().await {
        Pass::In(ticket) => {
            running.come_in(ticket);
            request.extensions_mut().insert(ConnectInfo(origin.peer));
            if let Some(user) = peer.user {
                request.extensions_mut().insert(user);
            }
            let response = match shared.application.router(&origin).call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            if is_event_stream(&response) {
                running.goes_on();
            }
            response
        }
        Pass::On(stream) => match forward(stream, &origin, request).await {
            Ok(response) => response.map(axum::body::Body::new),
            Err(cause) => {
                warn!("A request that was passed on got no answer: {cause}");
                shared.gate.lost()
            }
        },
        Pass::Refused(response) => response,
    };
    response.map(|body| Watched { body, _running: running })
}

fn is_event_stream(response: &Response<axum::body::Body>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

fn log_end(outcome: hyper::Result<()>) {
    if let Err(cause) = outcome {
        debug!("A connection ended: {cause}");
    }
}

/// Requests of one connection: begun, and answered to the last byte.
#[derive(Default)]
struct Activity {
    started: AtomicU64,
    ended: AtomicU64,
    /// Those that the application works on now.
    in_here: AtomicU64,
}

struct Running {
    activity: Arc<Activity>,
    ticket: Option<Ticket>,
}

impl Running {
    fn start(activity: &Arc<Activity>) -> Self {
        activity.started.fetch_add(1, Ordering::Relaxed);
        Self { activity: Arc::clone(activity), ticket: None }
    }

    fn come_in(&mut self, ticket: Ticket) {
        self.activity.in_here.fetch_add(1, Ordering::AcqRel);
        self.ticket = Some(ticket);
    }

    fn goes_on(&mut self) {
        if let Some(ticket) = &mut self.ticket {
            ticket.goes_on();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ticket.is_some() {
            self.activity.in_here.fetch_sub(1, Ordering::AcqRel);
        }
        self.activity.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// A body that counts as running until it was sent.
struct Watched {
    body: axum::body::Body,
    _running: Running,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Runs the streams of one HTTP/2 connection; they end with it.
#[derive(Clone, Default)]
struct StreamTasks(Arc<Mutex<JoinSet<()>>>);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for StreamTasks {
    fn execute(&self, stream: F) {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(outcome) = streams.try_join_next() {
            if let Err(cause) = outcome
                && cause.is_panic()
            {
                metrics::counter!("holdfast_task_panics_total", "task" => "stream").increment(1);
                error!("A request panicked: {cause}");
            }
        }
        streams.spawn(stream);
    }
}

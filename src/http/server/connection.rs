//! One connection: handshake, choice of protocol, requests, end.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
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
use tracing::{debug, error};

use super::guard::{Guarded, HeadClock, HeadTimer};
use super::limits::ServerLimits;
use super::redirect;

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
    pub(super) router: Router,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) limits: Arc<ServerLimits>,
}

impl Shared {
    fn is_ending(&self) -> bool {
        *self.phase.borrow() != Phase::Serving
    }
}

/// Waits until the listener's life has come to `phase`.
async fn reached(mut life: watch::Receiver<Phase>, phase: Phase) {
    // An error means that the listener is gone, which is the end as well.
    if life.wait_for(|now| *now >= phase).await.is_err() {}
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
                serve_http1(*stream, peer, shared).await;
            }
        }
        Ok(Ok(Opened::Plain(stream))) => {
            let router = redirect::to_same_port();
            serve_http1(stream, peer, Shared { router, ..shared }).await;
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
pub(super) async fn serve_http1<T>(stream: T, peer: SocketAddr, shared: Shared)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = Arc::clone(&shared.limits);
    let life = shared.phase.clone();
    let clock = HeadClock::new(limits.head_timeout);
    let io = Guarded::new(stream, Arc::clone(&clock), limits.write_timeout);
    let shared = Arc::new(shared);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(&shared, peer, request);
        let shared = Arc::clone(&shared);
        async move {
            let mut response = answer.await;
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
    let outcome = tokio::select! {
        biased;
        outcome = connection.as_mut() => outcome,
        () = closing.as_mut() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    log_end(outcome);
}

/// What one HTTP/1 connection buffers in either direction.
const HTTP1_BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Serves HTTP/2 until the client leaves, falls silent, or the listener ends.
async fn serve_http2<T>(stream: T, peer: SocketAddr, shared: Shared)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = Arc::clone(&shared.limits);
    let life = shared.phase.clone();
    let clock = HeadClock::new(limits.head_timeout);
    let io = Guarded::new(stream, clock, limits.write_timeout);
    let activity = Arc::new(Activity::default());
    let counted = Arc::clone(&activity);
    let service = service_fn(move |request: Request<Incoming>| {
        let running = Running::start(&counted);
        let answer = answer(&shared, peer, request);
        async move {
            let answer = answer.await;
            Ok::<_, Infallible>(answer.map(|body| Watched { body, _running: running }))
        }
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
    let mut silence = pin!(sleep(limits.head_timeout));
    let mut seen = 0;
    loop {
        tokio::select! {
            biased;
            outcome = connection.as_mut() => return log_end(outcome),
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
    log_end(connection.await);
}

/// Calls the router with the peer's address.
fn answer(
    shared: &Shared,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> impl Future<Output = Response<axum::body::Body>> + use<> {
    request.extensions_mut().insert(ConnectInfo(peer));
    let answer = shared.router.clone().call(request);
    async move {
        match answer.await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

fn log_end(outcome: hyper::Result<()>) {
    if let Err(cause) = outcome {
        debug!("A connection ended: {cause}");
    }
}

/// Requests of one HTTP/2 connection: begun, and answered to the last byte.
#[derive(Default)]
struct Activity {
    started: AtomicU64,
    ended: AtomicU64,
}

struct Running(Arc<Activity>);

impl Running {
    fn start(activity: &Arc<Activity>) -> Self {
        activity.started.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(activity))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
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

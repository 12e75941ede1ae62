//! Faces of a box in this process, and clients that see every byte.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::stream;
use holdfast::http::server::{
    Application, Gate, HoldingBack, Listener, Security, ServerLimits, serve,
};
use holdfast::platform::clock::Clock;
use holdfast::platform::random::Random;
use holdfast::platform::tasks::Tasks;
use holdfast::platform::updates::supervisor::sockets::address_of;
use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{Notify, Semaphore, watch};

/// Far longer than anything here takes: an end that comes before it came by itself.
pub(crate) const LONG: Duration = Duration::from_secs(100);

/// Bounds a wait that would otherwise hang the test.
pub(crate) async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("it ends in time")
}

/// Lets a test hold requests back in the application and see them come and go.
#[derive(Clone)]
pub(crate) struct Marks {
    name: &'static str,
    pub(crate) entered: Arc<Notify>,
    pub(crate) release: Arc<Semaphore>,
    pub(crate) left: Arc<Notify>,
    pub(crate) streams_end: Arc<watch::Sender<bool>>,
}

/// Tells when the answer it belongs to was given up or given.
struct Leaving(Arc<Notify>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

fn routes(marks: &Marks) -> Router {
    let hello = |State(marks): State<Marks>, peer: ConnectInfo<SocketAddr>| async move {
        format!("{} saw {}", marks.name, peer.0)
    };
    let wait = |State(marks): State<Marks>| async move {
        let _leaving = Leaving(marks.left);
        marks.entered.notify_one();
        marks.release.acquire().await.expect("it stays open").forget();
        "waited"
    };
    // Gives back what it is sent, piece by piece.
    let echo = |body: Body| async move { body };
    let headers = |headers: HeaderMap| async move {
        let mut names: Vec<String> = headers.keys().map(ToString::to_string).collect();
        names.sort();
        names.join(" ")
    };
    let events = |State(marks): State<Marks>| async move {
        marks.entered.notify_one();
        let mut end = marks.streams_end.subscribe();
        let ending = stream::once(async move {
            end.wait_for(|is_over| *is_over).await.map_err(io::Error::other)?;
            Ok::<_, io::Error>(Bytes::from_static(b"retry: 250\n\n"))
        });
        ([("content-type", "text/event-stream")], Body::from_stream(ending))
    };
    Router::new()
        .route("/", get(hello))
        .route("/wait", get(wait))
        .route("/echo", post(echo))
        .route("/headers", get(headers))
        .route("/events", get(events))
        .with_state(marks.clone())
}

/// One worker: its gate, a public face and a private one.
pub(crate) struct Worker {
    pub(crate) gate: Arc<Gate>,
    pub(crate) marks: Marks,
    pub(crate) at: SocketAddr,
    pub(crate) private: PathBuf,
    listener: std::net::TcpListener,
    tasks: Tasks,
}

impl Worker {
    /// A worker on a socket of its own.
    pub(crate) fn start(name: &'static str, home: &Path, security: Security) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let bounds = HoldingBack { requests_max: 40, wait_max: LONG };
        Self::with(name, home, security, listener, bounds)
    }

    /// The next worker, on the socket of this one. It accepts at once.
    pub(crate) fn next(&self, name: &'static str, home: &Path) -> Self {
        let listener = self.listener.try_clone().expect("a descriptor");
        Self::with(name, home, Security::Plain, listener, HoldingBack::default())
    }

    pub(crate) fn with(
        name: &'static str,
        home: &Path,
        security: Security,
        listener: std::net::TcpListener,
        bounds: HoldingBack,
    ) -> Self {
        let marks = Marks {
            name,
            entered: Arc::default(),
            release: Arc::new(Semaphore::new(0)),
            left: Arc::default(),
            streams_end: Arc::new(watch::Sender::new(false)),
        };
        let gate = Gate::new(Random::new(Clock::System), bounds);
        let tasks = Tasks::default();
        let at = listener.local_addr().expect("an address");
        let shared = listener.try_clone().expect("a descriptor");
        let public = Listener::Tcp(TcpListener::from_std(shared).expect("a socket"));
        let private = home.join(format!("{name}.sock"));
        let (short, _folder) = address_of(&private).expect("a way to it");
        let local = Listener::Unix(UnixListener::bind(short).expect("a socket"));
        let other = Router::new().route("/", get(|| async { "the other face" }));
        let faces = Arc::from([("https", routes(&marks)), ("http", other)]);
        let limits = ServerLimits { head_timeout: LONG, idle_timeout: LONG, ..Default::default() };
        let served = (Application::face("https", routes(&marks)), Arc::clone(&gate));
        let within = limits.clone();
        tasks.start("public", |stop| serve(public, security, served, stop, within));
        let served = (Application::Private { faces }, Arc::clone(&gate));
        tasks.start("private", |stop| serve(local, Security::Plain, served, stop, limits));
        Self { gate, marks, at, private, listener, tasks }
    }

    pub(crate) async fn connect(&self) -> Client<TcpStream> {
        Client::new(TcpStream::connect(self.at).await.expect("a connection"))
    }

    pub(crate) async fn stop(self) {
        self.tasks.stop_all(LONG).await;
    }

    /// Waits until so many requests are held back.
    pub(crate) async fn holds_back(&self, requests: usize) {
        let all = async {
            while self.gate.held_back() != requests {
                tokio::task::yield_now().await;
            }
        };
        in_time(all).await;
    }
}

/// An HTTP/1.1 client that sees every byte.
pub(crate) struct Client<T> {
    pub(crate) stream: T,
    read: Vec<u8>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Client<T> {
    pub(crate) fn new(stream: T) -> Self {
        Self { stream, read: Vec::new() }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.expect("it is taken");
        self.stream.flush().await.expect("it is taken");
    }

    pub(crate) async fn ask(&mut self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: box.lan\r\n\r\n")).await;
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask(path).await;
        self.answer().await
    }

    /// Reads an answer that says its length or comes in chunks.
    pub(crate) async fn answer(&mut self) -> Answer {
        let end = self.find(b"\r\n\r\n").await;
        let head: Vec<u8> = self.read.drain(..end).collect();
        let head = String::from_utf8(head).expect("text").to_ascii_lowercase();
        let body = if head.contains("transfer-encoding: chunked") {
            self.chunks().await
        } else {
            let length = head.split("content-length: ").nth(1).and_then(|it| it.lines().next());
            let length = length.map_or(0, |it| it.parse().expect("a length"));
            self.exactly(length).await
        };
        let body = String::from_utf8(body).expect("text");
        Answer { status: head[9..12].parse().expect("a status"), head, body }
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let end = self.find(b"\r\n").await;
            let size: Vec<u8> = self.read.drain(..end).collect();
            let size = std::str::from_utf8(&size).expect("text").trim();
            let size = usize::from_str_radix(size, 16).expect("a size");
            body.extend(self.exactly(size).await);
            self.exactly(2).await;
            if size == 0 {
                return body;
            }
        }
    }

    async fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.read.len() < length {
            assert!(self.read_more().await, "the connection ended within an answer");
        }
        self.read.drain(..length).collect()
    }

    /// Where this ends for the first time.
    async fn find(&mut self, what: &[u8]) -> usize {
        loop {
            let found = self.read.windows(what.len()).position(|some| some == what);
            if let Some(at) = found {
                return at + what.len();
            }
            assert!(self.read_more().await, "the connection ended before an answer");
        }
    }

    async fn read_more(&mut self) -> bool {
        in_time(self.stream.read_buf(&mut self.read)).await.is_ok_and(|count| count > 0)
    }

    pub(crate) async fn reads(&mut self, text: &str) {
        while !String::from_utf8_lossy(&self.read).contains(text) {
            assert!(self.read_more().await, "the connection ended before {text:?}");
        }
    }

    /// Reads until the server closes; gives what came before.
    pub(crate) async fn is_closed(&mut self) -> String {
        while self.read_more().await {}
        String::from_utf8_lossy(&self.read).into_owned()
    }
}

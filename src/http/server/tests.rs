mod stopping;

use std::net::Ipv4Addr;
use std::sync::Mutex;

use axum::Extension;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, oneshot};
use tokio_rustls::TlsConnector;

use super::*;
use crate::platform::clock::Clock;
use crate::platform::random::Random;
use crate::platform::secrets::Secrets;
use crate::platform::tasks::Tasks;
use crate::platform::tls::{Certificates, Name, Source};

/// Far longer than anything here takes: an end that comes before it came by itself.
const LONG: Duration = Duration::from_secs(100);
const SHORT: Duration = Duration::from_millis(60);

/// Lets a test hold requests back and see them come and go.
#[derive(Clone, Default)]
struct Gate {
    entered: Arc<Notify>,
    release: Arc<Notify>,
    left: Arc<Mutex<Option<oneshot::Sender<()>>>>,
}

fn routes(gate: &Gate, stop: Stop) -> Router {
    let wait = |State(gate): State<Gate>| async move {
        gate.entered.notify_one();
        gate.release.notified().await;
        "waited"
    };
    let events = move |State(gate): State<Gate>| async move {
        gate.entered.notify_one();
        let mut stop = stop.clone();
        let ending = stream::once(async move {
            stop.requested().await;
            Ok::<_, io::Error>(Bytes::from_static(b"bye"))
        });
        Body::from_stream(ending)
    };
    let endless = |State(gate): State<Gate>| async move {
        let leaving = Leaving(gate.left.lock().unwrap().take());
        let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
        Body::from_stream(stream::iter(std::iter::repeat_with(move || {
            let _kept = &leaving;
            Ok::<_, io::Error>(chunk.clone())
        })))
    };
    Router::new()
        .route(
            "/",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }),
        )
        .route("/wait", get(wait))
        .route("/events", get(events))
        .route("/endless", get(endless))
        .with_state(gate.clone())
}

/// Tells when the answer it belongs to was given up.
struct Leaving(Option<oneshot::Sender<()>>);

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(left) = self.0.take() {
            left.send(()).unwrap_or_default();
        }
    }
}

struct TestServer {
    at: SocketAddr,
    gate: Gate,
    stop: Tasks,
    ended: oneshot::Receiver<()>,
    running: Tasks,
    certificates: Option<Arc<Certificates>>,
    _home: Option<tempfile::TempDir>,
}

type Names = Arc<Mutex<Vec<Name>>>;

fn limits() -> ServerLimits {
    ServerLimits { head_timeout: LONG, idle_timeout: LONG, ..ServerLimits::default() }
}

/// A face behind an open gate.
fn open(router: Router) -> (Application, Arc<super::Gate>) {
    let gate = super::Gate::new(Random::new(Clock::System), HoldingBack::default());
    (Application::face("test", router), gate)
}

impl TestServer {
    async fn plain(limits: ServerLimits) -> Self {
        Self::start(Security::Plain, limits).await
    }

    async fn tls(limits: ServerLimits) -> (Self, Names) {
        let home = tempfile::tempdir().unwrap();
        let names = Arc::new(Mutex::new(vec![Name::parse("localhost").unwrap()]));
        let wanted = Arc::clone(&names);
        let certificates = Certificates::open(
            Source::LocalCa {
                directory: home.path().join("tls"),
                label: "test".to_owned(),
                names: Box::new(move || wanted.lock().unwrap().clone()),
                secrets: Arc::new(
                    Secrets::open(home.path(), None, &Random::new(Clock::System)).unwrap(),
                ),
            },
            Clock::System,
        )
        .unwrap();
        let security = Security::Tls(certificates.server_config().unwrap());
        let server = Self::start(security, limits).await;
        (Self { certificates: Some(certificates), _home: Some(home), ..server }, names)
    }

    async fn start(security: Security, limits: ServerLimits) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let at = listener.local_addr().unwrap();
        let (gate, stop, running) = (Gate::default(), Tasks::default(), Tasks::default());
        let router = routes(&gate, stop.stop());
        let (tell, ended) = oneshot::channel();
        let asked = stop.stop();
        running.start("server", |_| async move {
            serve(Listener::Tcp(listener), security, open(router), asked, limits).await;
            tell.send(()).unwrap_or_default();
        });
        Self { at, gate, stop, ended, running, certificates: None, _home: None }
    }

    async fn connect(&self) -> Client<TcpStream> {
        Client::new(TcpStream::connect(self.at).await.unwrap())
    }

    async fn connect_tls(
        &self,
        config: ClientConfig,
    ) -> tokio_rustls::client::TlsStream<TcpStream> {
        let stream = TcpStream::connect(self.at).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    fn client_config(&self, alpn: &[&str]) -> ClientConfig {
        self.client_config_with(alpn, &[&rustls::version::TLS13])
    }

    fn client_config_with(
        &self,
        alpn: &[&str],
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        for root in self.certificates.as_ref().unwrap().roots().iter() {
            roots.add(CertificateDer::from(root.der.clone())).unwrap();
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|one| one.as_bytes().to_vec()).collect();
        config
    }

    /// Waits until a connection opened now and left silent is cut off: a clock of one
    /// `head_timeout`.
    async fn head_timeout_passes(&self) {
        self.connect().await.is_closed().await;
    }

    async fn request_stop(&self) {
        self.stop.stop_all(Duration::ZERO).await;
    }

    async fn has_ended(self) {
        in_time(self.ended).await.unwrap();
        self.running.stop_all(LONG).await;
    }
}

/// Bounds a wait that would otherwise hang the test.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("it ends in time")
}

/// An HTTP/1.1 client that sees every byte.
struct Client<T> {
    stream: T,
    read: Vec<u8>,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Client<T> {
    fn new(stream: T) -> Self {
        Self { stream, read: Vec::new() }
    }

    async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    async fn ask(&mut self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: box.lan\r\n\r\n")).await;
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.ask(path).await;
        self.answer().await
    }

    async fn answer(&mut self) -> Answer {
        let head = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = self.read.drain(..end + 4).collect();
                break String::from_utf8(head).unwrap().to_ascii_lowercase();
            }
            assert!(self.read_more().await, "the connection ended before an answer");
        };
        let length =
            head.split("content-length: ").nth(1).map_or("0", |rest| rest.lines().next().unwrap());
        let length: usize = length.parse().unwrap();
        while self.read.len() < length {
            assert!(self.read_more().await, "the connection ended within an answer");
        }
        let body = String::from_utf8(self.read.drain(..length).collect()).unwrap();
        Answer { status: head[9..12].parse().unwrap(), head, body }
    }

    async fn read_more(&mut self) -> bool {
        in_time(self.stream.read_buf(&mut self.read)).await.is_ok_and(|count| count > 0)
    }

    async fn reads(&mut self, text: &str) {
        while !String::from_utf8_lossy(&self.read).contains(text) {
            assert!(self.read_more().await, "the connection ended before {text:?}");
        }
    }

    /// Reads until the server closes; gives what came before.
    async fn is_closed(&mut self) -> String {
        while self.read_more().await {}
        String::from_utf8_lossy(&self.read).into_owned()
    }
}

#[tokio::test]
async fn handlers_see_the_peer_and_connections_are_kept() {
    let server = TestServer::plain(limits()).await;
    let mut client = server.connect().await;
    let own = client.stream.local_addr().unwrap().to_string();

    let first = client.get("/").await;
    let second = client.get("/").await;

    assert_eq!((first.status, first.body.as_str()), (200, own.as_str()));
    assert_eq!((second.status, second.body), (200, own));
    assert!(!second.head.contains("connection: close"));
}

#[tokio::test]
async fn tls_1_3_and_1_2_serve_http1_to_clients_that_do_not_choose() {
    let (server, _) = TestServer::tls(limits()).await;

    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let stream = server.connect_tls(server.client_config_with(&[], &[version])).await;
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        assert_eq!(Client::new(stream).get("/").await.status, 200);
    }
    let stream = server.connect_tls(server.client_config(&["http/1.1"])).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
    assert_eq!(Client::new(stream).get("/").await.status, 200);
}

type H2Answer = (u16, String);

/// An HTTP/2 client; the second value drives it and must be polled beside.
async fn http2(
    server: &TestServer,
) -> (h2::client::SendRequest<Bytes>, impl Future<Output = Result<(), h2::Error>>) {
    let stream = server.connect_tls(server.client_config(&["h2", "http/1.1"])).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let (client, connection) = in_time(h2::client::handshake(stream)).await.unwrap();
    (client, connection)
}

async fn http2_get(client: &h2::client::SendRequest<Bytes>, path: &str) -> H2Answer {
    let request = http::Request::get(format!("https://box.lan{path}")).body(()).unwrap();
    let mut client = client.clone().ready().await.unwrap();
    let response = client.send_request(request, true).unwrap().0.await.unwrap();
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let mut text = String::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk.unwrap();
        body.flow_control().release_capacity(chunk.len()).unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    (status, text)
}

#[tokio::test]
async fn http2_serves_many_requests_at_once() {
    let (server, _) = TestServer::tls(limits()).await;
    let (client, connection) = http2(&server).await;
    let gate = server.gate.clone();
    let requests = async move {
        let held = http2_get(&client, "/wait");
        let others = async {
            gate.entered.notified().await;
            let other = http2_get(&client, "/").await;
            gate.release.notify_one();
            other
        };
        let answers = tokio::join!(held, others);
        drop(client);
        answers
    };

    let (end, (held, other)) = in_time(async { tokio::join!(connection, requests) }).await;

    end.unwrap();
    assert_eq!(held, (200, "waited".to_owned()));
    assert_eq!(other.0, 200);
    assert!(other.1.starts_with("127.0.0.1:"));
}

#[tokio::test]
async fn a_new_certificate_is_served_while_open_connections_go_on() {
    let (server, names) = TestServer::tls(limits()).await;
    let certificates = server.certificates.clone().unwrap();
    let mut open = Client::new(server.connect_tls(server.client_config(&[])).await);
    assert_eq!(open.get("/").await.status, 200);
    let leaf_of = |stream: &tokio_rustls::client::TlsStream<TcpStream>| {
        stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    };
    let before = leaf_of(&open.stream);

    names.lock().unwrap().push(Name::parse("new.lan").unwrap());
    certificates.check();

    assert_eq!(open.get("/").await.status, 200);
    let fresh = server.connect_tls(server.client_config(&[])).await;
    assert_ne!(leaf_of(&fresh), before);
    assert_eq!(certificates.status().names, ["localhost", "new.lan"]);
}

#[tokio::test]
async fn plain_http_on_the_https_port_is_sent_to_https() {
    let (server, _) = TestServer::tls(limits()).await;
    let mut client = server.connect().await;

    client.send("GET /items?q=1 HTTP/1.1\r\nHost: box.lan:8443\r\n\r\n").await;
    let answer = client.answer().await;

    assert_eq!(answer.status, 308);
    assert!(
        answer.head.contains("location: https://box.lan:8443/items?q=1\r\n"),
        "{}",
        answer.head
    );
}

#[tokio::test]
async fn a_client_that_sends_no_head_is_cut() {
    let server = TestServer::plain(ServerLimits { head_timeout: SHORT, ..limits() }).await;
    let mut silent = server.connect().await;
    let mut slow = server.connect().await;
    slow.send("GET / HTTP/1.1\r\nHo").await;
    let mut later = server.connect().await;
    assert_eq!(later.get("/").await.status, 200);
    later.send("GET / HTTP/1.1\r\nHo").await;

    assert_eq!(silent.is_closed().await, "");
    assert_eq!(slow.is_closed().await, "");
    assert_eq!(later.is_closed().await, "");
}

#[tokio::test]
async fn a_head_that_drips_is_cut_all_the_same() {
    let server = TestServer::plain(ServerLimits { head_timeout: SHORT, ..limits() }).await;
    let mut client = server.connect().await;
    assert_eq!(client.get("/").await.status, 200);
    let (mut read, mut write) = client.stream.split();

    write.write_all(b"GET / HTTP/1.1\r\nX-Drip: ").await.unwrap();
    let drip = async {
        while write.write_all(b"x").await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    let mut rest = Vec::new();
    let cut = read.read_to_end(&mut rest);
    let cut = async {
        tokio::select! { _ = cut => (), () = drip => () }
    };

    in_time(cut).await;
}

#[tokio::test]
async fn an_idle_connection_outlives_the_time_for_a_head_and_ends_at_the_idle_time() {
    let server = TestServer::plain(ServerLimits { head_timeout: SHORT, ..limits() }).await;
    let mut client = server.connect().await;
    assert_eq!(client.get("/").await.status, 200);

    server.head_timeout_passes().await;
    server.head_timeout_passes().await;
    assert_eq!(client.get("/").await.status, 200);

    let server = TestServer::plain(ServerLimits { idle_timeout: SHORT, ..limits() }).await;
    let mut client = server.connect().await;
    assert_eq!(client.get("/").await.status, 200);
    assert_eq!(client.is_closed().await, "");
}

#[tokio::test]
async fn a_request_at_work_is_not_cut_by_the_time_for_heads() {
    let server =
        TestServer::plain(ServerLimits { head_timeout: SHORT, idle_timeout: SHORT, ..limits() })
            .await;
    let mut client = server.connect().await;
    client.ask("/wait").await;
    in_time(server.gate.entered.notified()).await;

    server.head_timeout_passes().await;
    server.head_timeout_passes().await;
    server.gate.release.notify_one();

    assert_eq!(client.answer().await.body, "waited");
}

#[tokio::test]
async fn a_silent_tls_client_is_cut_before_and_after_the_handshake() {
    let before = ServerLimits { handshake_timeout: SHORT, ..limits() };
    let (server, _) = TestServer::tls(before).await;
    assert_eq!(server.connect().await.is_closed().await, "");

    let after = ServerLimits { head_timeout: SHORT, ..limits() };
    let (server, _) = TestServer::tls(after).await;
    for protocol in ["h2", "http/1.1"] {
        let stream = server.connect_tls(server.client_config(&[protocol])).await;
        Client::new(stream).is_closed().await;
    }
}

#[tokio::test]
async fn an_idle_http2_connection_is_told_to_go() {
    let limits = ServerLimits { head_timeout: SHORT, idle_timeout: SHORT, ..limits() };
    let (server, _) = TestServer::tls(limits).await;
    let (client, connection) = http2(&server).await;
    let request = http2_get(&client, "/");

    let (end, answer) = in_time(async { tokio::join!(connection, request) }).await;

    end.unwrap();
    assert_eq!(answer.0, 200);
}

#[tokio::test]
async fn a_client_that_takes_no_answer_is_cut() {
    let server = TestServer::plain(ServerLimits { write_timeout: SHORT, ..limits() }).await;
    let (tell, left) = oneshot::channel();
    *server.gate.left.lock().unwrap() = Some(tell);
    let mut client = server.connect().await;

    client.ask("/endless").await;

    in_time(left).await.unwrap();
}

#[tokio::test]
async fn a_head_over_16_kib_is_refused() {
    let server = TestServer::plain(limits()).await;
    let head = |size: usize| {
        format!("GET / HTTP/1.1\r\nHost: box.lan\r\nX-Long: {}\r\n\r\n", "x".repeat(size))
    };
    let mut client = server.connect().await;
    client.send(&head(15 * 1024)).await;
    assert_eq!(client.answer().await.status, 200);

    client.send(&head(17 * 1024)).await;

    assert_eq!(client.answer().await.status, 431);
    client.is_closed().await;
}

#[tokio::test]
async fn connections_over_the_bound_wait_for_their_turn() {
    let server = TestServer::plain(ServerLimits { connections_max: 1, ..limits() }).await;
    let mut first = server.connect().await;
    assert_eq!(first.get("/").await.status, 200);
    let mut second = server.connect().await;
    second.ask("/").await;
    // Still the first's turn.
    assert_eq!(first.get("/").await.status, 200);
    assert!(second.stream.try_read(&mut [0]).is_err());

    drop(first);

    assert_eq!(second.answer().await.status, 200);
}

#[test]
fn one_address_cannot_take_all_seats() {
    let mut seats = Seats::default();
    let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));

    assert!(seats.take(one, 2) && seats.take(one, 2));
    assert!(!seats.take(one, 2));
    assert!(seats.take(other, 2));
    seats.leave(one);
    assert!(seats.take(one, 2));
    assert!((0..9).all(|_| seats.take(Ipv4Addr::LOCALHOST.into(), 2)));
    for _ in 0..2 {
        seats.leave(one);
    }
    seats.leave(other);
    assert!(seats.0.is_empty());
}

#[tokio::test]
async fn a_unix_socket_tells_who_is_at_the_other_end() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("control.sock");
    let listener = Listener::Unix(UnixListener::bind(&path).unwrap());
    let router = Router::new().route(
        "/",
        get(|Extension(user): Extension<PeerUser>| async move { user.uid.to_string() }),
    );
    let tasks = Tasks::default();
    tasks.start("server", |stop| serve(listener, Security::Plain, open(router), stop, limits()));
    let mut client = Client::new(UnixStream::connect(&path).await.unwrap());

    let answer = client.get("/").await;

    assert_eq!(answer.body, rustix::process::getuid().as_raw().to_string());
    drop(client);
    tasks.stop_all(LONG).await;
}

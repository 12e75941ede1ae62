//! A box with listeners, in a folder of its own.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use holdfast::config::{Config, Sources};
use holdfast::platform::audit::rules::Record;
use holdfast::platform::clock::{Clock, Moment};
use holdfast::platform::ctx::{Actor, BoxCtx, Cause};
use holdfast::platform::identity::users::ops::insert_in;
use holdfast::platform::identity::users::rules::NewUser;
use holdfast::platform::monitoring::logs;
use holdfast::platform::tls::{CertificateStatus, ops};
use holdfast::platform::{Platform, audit, jobs};
use holdfast::wiring::{self, reloading::Reloading, serving::Serving};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What is waited for here comes within seconds.
const PATIENCE: Duration = Duration::from_mins(1);

/// What changes and is told by no job is seen after this time.
const LOOKED_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// A port nobody listens on, and that no other test of this program got. It lies below those that
/// the system gives to connections, so that none takes it before somebody listens there.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 12_000;
    const STEP: u16 = 200;
    let process = u16::try_from(std::process::id() % 80).expect("a small number");
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let ports = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed));
    let mut ports = ports.map(|number| FIRST + process * STEP + number).take(usize::from(STEP));
    ports.find(is_free).expect("a free port")
}

/// Where a box will listen.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    pub https: u16,
    pub http: u16,
}

impl Ports {
    pub fn free() -> Self {
        Self { https: free_port(), http: free_port() }
    }
}

/// What a box is set to.
#[derive(Clone)]
pub struct Settings {
    pub data: PathBuf,
    pub ports: Ports,
    pub values: BTreeMap<&'static str, String>,
}

impl Settings {
    pub fn new(data: &Path, ports: Ports) -> Self {
        let values = BTreeMap::from([
            ("HOLDFAST_SERVER__HTTPS", format!("127.0.0.1:{}", ports.https)),
            ("HOLDFAST_SERVER__HTTP", format!("127.0.0.1:{}", ports.http)),
            ("HOLDFAST_TLS__MODE", "acme".to_owned()),
            ("HOLDFAST_TLS__ACME_TERMS_AGREED", "true".to_owned()),
            ("HOLDFAST_STORAGE__DATA", data.to_str().expect("a plain path").to_owned()),
        ]);
        Self { data: data.to_owned(), ports, values }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.insert(name, value.into());
        self
    }

    pub fn variables(&self) -> Vec<(String, String)> {
        self.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }
}

/// A box that serves.
pub struct Served {
    pub platform: Arc<Platform>,
    pub clock: Clock,
    pub ports: Ports,
    serving: tokio::task::JoinHandle<()>,
}

/// The true time, which the certificates of a test's authority hold at, standing still.
pub fn now() -> Moment {
    Clock::System.now()
}

impl Served {
    pub async fn start(settings: &Settings, at: Moment) -> Self {
        let sources = Sources { variables: settings.variables(), ..Sources::default() };
        let config = Config::load(&sources).expect("a configuration");
        let clock = Clock::fixed(at);
        let its_clock = clock.clone();
        let opened = tokio::task::spawn_blocking(move || wiring::open(config, its_clock));
        let platform = opened.await.expect("no panic").expect("a box");
        let bound = Serving::bind(&platform, Vec::new()).await.expect("listeners");
        let serving = bound.expect("nobody asks it to stop");
        let (_flusher, logs) = logs::start(&platform.config.logs).expect("a log");
        let reloading = Reloading { sources, logs };
        #[expect(clippy::disallowed_methods, reason = "the test is who supervises it")]
        let serving = tokio::spawn(serving.run(reloading, || ()));
        Self { platform, clock, ports: settings.ports, serving }
    }

    /// As SIGTERM does.
    pub async fn stop(self) {
        self.platform.tasks.begin_stop();
        self.serving.await.expect("it stops");
    }

    pub fn ctx(&self) -> BoxCtx {
        BoxCtx::new(&self.platform, Cause::of(Actor::System))
    }

    pub fn status(&self) -> Arc<CertificateStatus> {
        let reach = self.platform.reach.get().expect("it serves");
        reach.certificates.as_ref().expect("certificates").status()
    }

    pub fn standing(&self) -> ops::Standing {
        ops::standing(&self.platform)
    }

    /// Of each name how it stands.
    pub fn states(&self) -> BTreeMap<String, &'static str> {
        let names = self.standing().names.into_iter();
        names.map(|one| (one.name.to_string(), one.state.name())).collect()
    }

    pub fn authority(&self) -> ops::Authority {
        self.standing().authority.expect("an authority")
    }

    /// Looks whether something is due, and does it.
    pub async fn look(&self) {
        let mut told = None;
        ops::look(&self.platform, &mut told).await.expect("a look");
        jobs::runner::run_due(&self.platform).await.expect("a run");
    }

    /// As the button does.
    pub async fn renew(&self) {
        ops::renew(&self.ctx()).await.expect("a job");
        jobs::runner::run_due(&self.platform).await.expect("a run");
    }

    /// Lets time pass and does what is due then.
    pub async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.look().await;
    }

    /// Waits until something holds; looks again and again.
    pub async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let (began, mut changes) = (Instant::now(), self.platform.jobs.changes());
        while !holds(self) {
            let standing = self.standing();
            let error = standing.authority.and_then(|one| one.last_error);
            assert!(began.elapsed() < PATIENCE, "never {what}: {:?} {error:?}", self.states());
            self.look().await;
            if !holds(self) {
                // The box's own runner may have taken the job: it tells of the end.
                drop(tokio::time::timeout(LOOKED_AGAIN_AFTER, changes.recv()).await);
            }
        }
    }

    pub async fn actions(&self) -> Vec<String> {
        self.log().await.into_iter().map(|record| record.action).collect()
    }

    /// How many days before the end of a certificate people were told, each time.
    pub async fn told_days(&self) -> Vec<String> {
        let told = self.log().await.into_iter().filter(|it| it.action == "tls.certificate.ends");
        let days = |record: Record| {
            let changes: serde_json::Value = serde_json::from_str(&record.changes).expect("JSON");
            changes["days"]["to"].as_str().expect("a number").to_owned()
        };
        told.map(days).collect()
    }

    /// The box's own log, oldest entry first.
    async fn log(&self) -> Vec<Record> {
        let filter = audit::ops::Filter::default();
        let entries = audit::ops::list_box(&self.ctx(), filter, 500).await.expect("the log");
        entries.into_iter().map(|entry| entry.record).rev().collect()
    }

    /// Lets somebody run the box.
    pub async fn add_operator(&self) {
        let new = NewUser {
            name: "Mira".to_owned(),
            email: "mira@example.com".to_owned(),
            password_hash: "!".to_owned(),
            is_operator: true,
        };
        self.ctx().write(move |scope| insert_in(scope, &new)).await.expect("a person");
    }

    /// Goes on to so long before a moment.
    pub fn go_to(&self, moment: Moment, before: Duration) {
        self.clock.advance(moment.minus(before).since(self.clock.now()));
    }

    /// The certificate that somebody gets who asks for `name`.
    pub async fn shown(&self, name: &str) -> Shown {
        self.shown_over(name, &[b"http/1.1"]).await.expect("a handshake")
    }

    /// The same in other protocols.
    pub async fn shown_over(&self, name: &str, protocols: &[&[u8]]) -> std::io::Result<Shown> {
        let mut config = of_anybody();
        config.alpn_protocols = protocols.iter().map(|one| one.to_vec()).collect();
        let stream = self.shake(config, name).await?;
        let (_, connection) = stream.get_ref();
        let chain = connection.peer_certificates().expect("a certificate").to_vec();
        Ok(Shown(chain))
    }

    /// Whether somebody who trusts only `root` gets an answer under `name`.
    pub async fn is_trusted(&self, name: &str, root: &CertificateDer<'static>) -> bool {
        let Ok(mut stream) = self.shake(of_whom_trusts(root), name).await else { return false };
        let request = format!("GET /livez HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("a request");
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer).await;
        read.is_ok() && answer.starts_with("HTTP/1.1 200")
    }

    async fn shake(
        &self,
        config: ClientConfig,
        name: &str,
    ) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.https));
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// What plain HTTP answers.
    pub async fn over_http(&self, path: &str) -> String {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.http));
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }
}

/// Of a client that takes every certificate.
pub fn of_anybody() -> ClientConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth()
}

/// Of a client that trusts only what `root` signed.
pub fn of_whom_trusts(root: &CertificateDer<'static>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// A chain that was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown(pub Vec<CertificateDer<'static>>);

impl Shown {
    pub fn issuer(&self) -> String {
        let (_, leaf) = X509Certificate::from_der(&self.0[0]).expect("a certificate");
        leaf.issuer().to_string()
    }

    pub fn is_of_the_box(&self) -> bool {
        self.issuer().contains("Holdfast")
    }
}

/// Looks at every certificate.
#[derive(Debug)]
struct Anybody;

impl rustls::client::danger::ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    /// One answer for both versions.
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        self.verify_tls12_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.signature_verification_algorithms.supported_schemes()
    }
}

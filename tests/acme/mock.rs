//! A small authority that does what it is told, for what pebble does not do: moments of renewal,
//! limits, faults and nonsense. It looks at no signature and at no proof.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use holdfast::platform::clock::Moment;
use rcgen::{CertificateParams, CertificateSigningRequestParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer, PrivateKeyDer};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::pebble::make_pair;

/// What it does out of the ordinary.
#[derive(Debug, Default, Clone)]
pub struct Mood {
    /// Answers every order with this status, these headers and this body.
    pub to_orders: Option<(u16, String, String)>,
    /// Answers everything with it.
    pub to_all: Option<(u16, String, String)>,
    /// The window in which it would like a renewal.
    pub window: Option<(Moment, Moment)>,
    /// Signs for this name, whatever was asked for.
    pub signs_for: Option<String>,
    /// Signs at this time instead of the true one.
    pub signs_at: Option<Moment>,
    /// Answers whoever changes an account with this status and body.
    pub to_changes: Option<(u16, String)>,
}

#[derive(Default)]
struct Seen {
    /// The chain that was signed last.
    chain: String,
    names: Vec<String>,
    orders: usize,
    replaced: Vec<String>,
    /// Whom it may write to, each time it was told.
    contacts: Vec<Value>,
}

pub struct Mock {
    pub mood: Arc<Mutex<Mood>>,
    seen: Arc<Mutex<Seen>>,
    port: u16,
    root: String,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Mock {
    pub async fn start(folder: &Path) -> Self {
        make_pair(folder);
        let chain = CertificateDer::from_pem_file(folder.join("server.pem")).expect("a chain");
        let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .expect("a pair");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().map(|it: SocketAddr| it.port()).expect("its address");
        let (mood, seen) = (Arc::<Mutex<Mood>>::default(), Arc::<Mutex<Seen>>::default());
        let (its_mood, its_seen) = (Arc::clone(&mood), Arc::clone(&seen));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        #[expect(clippy::disallowed_methods, reason = "the test is who supervises it")]
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // One after the other: the box asks so.
                drop(answer(stream, &acceptor, port, (&its_mood, &its_seen)).await);
            }
        });
        let root = folder.join("root.pem").to_str().expect("a plain path").to_owned();
        Self { mood, seen, port, root, task }
    }

    pub fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.port)
    }

    pub fn server_root(&self) -> &str {
        &self.root
    }

    pub fn set(&self, mood: Mood) {
        *self.mood.lock().expect("nobody panicked") = mood;
    }

    pub fn orders(&self) -> usize {
        self.seen.lock().expect("nobody panicked").orders
    }

    pub fn contacts(&self) -> Vec<Value> {
        self.seen.lock().expect("nobody panicked").contacts.clone()
    }

    pub fn replaced(&self) -> Vec<String> {
        self.seen.lock().expect("nobody panicked").replaced.clone()
    }
}

type Shared<'a> = (&'a Arc<Mutex<Mood>>, &'a Arc<Mutex<Seen>>);

async fn answer(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    port: u16,
    shared: Shared<'_>,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let (mut head, mut bytes) = (None, Vec::new());
    let mut buffer = [0; 4096];
    let body = loop {
        let read = stream.read(&mut buffer).await?;
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((before, after)) = text.split_once("\r\n\r\n") else {
            if read == 0 {
                return Ok(());
            }
            continue;
        };
        let length = before.to_lowercase().split("content-length: ").nth(1).map_or(0, |rest| {
            rest.split("\r\n").next().unwrap_or_default().parse::<usize>().unwrap_or(0)
        });
        head.get_or_insert_with(|| before.to_owned());
        if after.len() >= length || read == 0 {
            break after.to_owned();
        }
    };
    let head = head.unwrap_or_default();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let (status, headers, body) = respond(&path, &body, port, shared);
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} So\r\nContent-Length: {length}\r\nReplay-Nonce: n\r\n{headers}\
         Connection: close\r\n\r\n{}",
        if head.starts_with("HEAD") { "" } else { &body }
    );
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

fn payload(body: &str) -> Value {
    let jose: Value = serde_json::from_str(body).unwrap_or_default();
    let payload = jose["payload"].as_str().unwrap_or_default();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap_or_default()).unwrap_or_default()
}

fn respond(path: &str, body: &str, port: u16, shared: Shared<'_>) -> (u16, String, String) {
    let mood = shared.0.lock().expect("nobody panicked").clone();
    let mut seen = shared.1.lock().expect("nobody panicked");
    let at = |path: &str| format!("https://127.0.0.1:{port}{path}");
    let plain = |value: Value| (200, String::new(), value.to_string());
    if let Some(answer) = mood.to_all {
        return answer;
    }
    let order = |state: &str, replaces: Option<&str>| {
        let mut order = json!({ "status": state, "authorizations": [at("/authz/0")],
            "finalize": at("/finalize"), "certificate": at("/certificate") });
        if let Some(replaces) = replaces {
            order["replaces"] = json!(replaces);
        }
        order
    };
    match path {
        "/dir" => {
            let mut directory = json!({ "newNonce": at("/nonce"), "newAccount": at("/account"),
                "newOrder": at("/order"), "meta": { "termsOfService": at("/terms") } });
            if mood.window.is_some() {
                directory["renewalInfo"] = json!(at("/renewal"));
            }
            plain(directory)
        }
        "/nonce" => (200, String::new(), String::new()),
        "/account" => {
            seen.contacts.push(payload(body)["contact"].clone());
            let place = format!("Location: {}\r\n", at("/account/1"));
            (201, place, json!({ "status": "valid" }).to_string())
        }
        "/account/1" => {
            seen.contacts.push(payload(body)["contact"].clone());
            let (status, answer) =
                mood.to_changes.unwrap_or_else(|| (200, json!({ "status": "valid" }).to_string()));
            (status, String::new(), answer)
        }
        "/order" => {
            seen.orders += 1;
            if let Some(answer) = mood.to_orders {
                return answer;
            }
            let asked = payload(body);
            let named = asked["identifiers"].as_array().cloned().unwrap_or_default();
            seen.names =
                named.iter().filter_map(|one| Some(one["value"].as_str()?.into())).collect();
            let replaces = asked["replaces"].as_str();
            seen.replaced.extend(replaces.map(ToOwned::to_owned));
            let place = format!("Location: {}\r\n", at("/order/1"));
            (201, place, order("ready", replaces).to_string())
        }
        "/authz/0" => plain(json!({ "status": "valid", "challenges": [],
            "identifier": { "type": "dns", "value": seen.names[0] } })),
        "/finalize" => {
            let csr = payload(body)["csr"].as_str().unwrap_or_default().to_owned();
            let at = mood.signs_at.unwrap_or_else(crate::boxes::now);
            seen.chain = sign(&csr, mood.signs_for.as_deref(), at);
            plain(order("valid", None))
        }
        "/order/1" => plain(order("valid", None)),
        "/certificate" => (200, String::new(), seen.chain.clone()),
        path if path.starts_with("/renewal/") => {
            let (start, end) = mood.window.expect("it is asked only then");
            let window = json!({ "start": start.to_string(), "end": end.to_string() });
            let headers = "Retry-After: 21600\r\n".to_owned();
            (200, headers, json!({ "suggestedWindow": window }).to_string())
        }
        _ => (404, String::new(), "{}".to_owned()),
    }
}

/// Signs for what was asked, for ninety days.
fn sign(csr: &str, other: Option<&str>, now: Moment) -> String {
    let der = CertificateSigningRequestDer::from(URL_SAFE_NO_PAD.decode(csr).expect("base64"));
    let mut request = CertificateSigningRequestParams::from_der(&der).expect("a request");
    let key = KeyPair::generate().expect("a key");
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    root.distinguished_name.push(rcgen::DnType::CommonName, "Mock root");
    let issuer = Issuer::new(root, key);
    if let Some(other) = other {
        let name = other.try_into().expect("a name");
        request.params.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
    }
    let seconds = now.0 / 1000;
    let at = |seconds| OffsetDateTime::from_unix_timestamp(seconds).expect("a time");
    request.params.not_before = at(seconds - 3600);
    request.params.not_after = at(seconds + 90 * 86_400);
    request.params.use_authority_key_identifier_extension = true;
    request.signed_by(&issuer).expect("a certificate").pem()
}

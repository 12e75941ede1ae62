//! HTTP as targets of backups and feeds of updates are spoken to: the box's own TLS, no redirect
//! followed, every wait bounded, and what a server refuses told in one way.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{Stream, TryStreamExt, try_unfold};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use opendal::{Buffer, HttpBody, HttpTransport};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::faults::{Fault, Why, said};

/// Bytes of a refusal that are read.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a file that are read at once to be sent.
const CHUNK_BYTES: usize = 128 * 1024;
/// Connections kept for the next request.
const IDLE_MAX: usize = 2;
/// How long something is waited that is tried once more.
const PAUSE: Duration = Duration::from_millis(300);
/// A longer wait than this is not asked of anybody.
const RETRY_AFTER_MAX_S: u64 = 24 * 60 * 60;
const CALLER: &str = concat!("Holdfast/", env!("CARGO_PKG_VERSION"));

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(in crate::platform) struct Limits {
    /// Until there is a connection.
    pub(in crate::platform) connect: Duration,
    /// Without a byte going either way.
    pub(in crate::platform) stall: Duration,
}

impl Limits {
    pub(super) const USUAL: Self =
        Self { connect: Duration::from_secs(15), stall: Duration::from_mins(1) };
}

/// What is sent.
pub(in crate::platform) struct Body {
    source: Source,
    /// Counts what went out, to see whether it still moves.
    moved: Arc<AtomicU64>,
}

enum Source {
    Buffer(Buffer),
    /// What is left of so many bytes.
    File(File, u64),
}

impl Body {
    pub(super) fn of(buffer: impl Into<Buffer>) -> Self {
        Self { source: Source::Buffer(buffer.into()), moved: Arc::default() }
    }

    pub(in crate::platform) fn empty() -> Self {
        Self::of(Buffer::new())
    }

    /// So many bytes of a file from where it stands.
    pub(super) fn file(file: File, bytes: u64) -> Self {
        Self { source: Source::File(file, bytes), moved: Arc::default() }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        let bytes = match &mut this.source {
            Source::Buffer(buffer) => match Iterator::next(buffer) {
                Some(bytes) => bytes,
                None => return Poll::Ready(None),
            },
            Source::File(_, 0) => return Poll::Ready(None),
            Source::File(file, left) => {
                let length = CHUNK_BYTES.min(usize::try_from(*left).unwrap_or(CHUNK_BYTES));
                let mut bytes = vec![0; length];
                let mut into = ReadBuf::new(&mut bytes);
                ready!(Pin::new(file).poll_read(cx, &mut into))?;
                let read = into.filled().len();
                if read == 0 {
                    return Poll::Ready(Some(Err(std::io::ErrorKind::UnexpectedEof.into())));
                }
                bytes.truncate(read);
                *left -= read as u64;
                Bytes::from(bytes)
            }
        };
        this.moved.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Buffer(buffer) => buffer.is_empty(),
            Source::File(_, left) => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match &self.source {
            Source::Buffer(buffer) => buffer.len() as u64,
            Source::File(_, left) => *left,
        })
    }
}

/// A server that is spoken to. Connections are kept between requests.
pub(in crate::platform) struct Http {
    tls: Arc<ClientConfig>,
    limits: Limits,
    idle: Mutex<Vec<(String, SendRequest<Body>)>>,
}

impl Http {
    pub(in crate::platform) fn new(tls: Arc<ClientConfig>, limits: Limits) -> Self {
        Self { tls, limits, idle: Mutex::default() }
    }

    /// Sends a request of which nothing is lost when it is sent twice, twice where that helps.
    async fn send_again(&self, request: Request<Buffer>) -> Result<Response<Incoming>, Fault> {
        let (parts, body) = request.into_parts();
        let once = || Request::from_parts(parts.clone(), Body::of(body.clone()));
        match self.send(once()).await {
            Err(fault) if may_help(&fault) && parts.method != Method::POST => {
                tokio::time::sleep(PAUSE).await;
                self.send(once()).await
            }
            outcome => outcome,
        }
    }

    /// Sends a request. What is no answer to it is a fault: refused, busy, full, elsewhere.
    pub(super) async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, Fault> {
        let response = self.exchange(request).await?;
        match refusal(response.status()) {
            None => Ok(response),
            Some(why) => Err(self.refused(why, response).await),
        }
    }

    /// Sends a request and gives whatever was answered.
    pub(in crate::platform) async fn exchange(
        &self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, Fault> {
        let (mut parts, body) = request.into_parts();
        let origin = Origin::of(&parts.uri)?;
        prepare(&mut parts, &origin)?;
        let moved = Arc::clone(&body.moved);
        let mut sender = match self.kept(&origin) {
            Some(sender) => sender,
            None => self.connect(&origin).await?,
        };
        let answer = sender.send_request(Request::from_parts(parts, body));
        let answer = self.while_moving(&moved, answer).await?;
        let answer = answer.map_err(|error| {
            Fault::unreachable(format!("{} broke the connection: {}", origin.host, why(&error)))
        })?;
        self.keep(&origin, sender);
        Ok(answer)
    }

    /// A whole answer that is small.
    pub(super) async fn text(&self, answer: Response<Incoming>) -> Result<String, Fault> {
        let read = Limited::new(answer.into_body(), REFUSAL_BYTES_MAX * 64).collect();
        let read = timeout(self.limits.stall, read).await;
        let broken = || Fault::unreachable("The answer broke off.");
        let bytes = read.map_err(|_| broken())?.map_err(|_| broken())?.to_bytes();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What a refusal says.
    pub(super) async fn refused(&self, why: Why, answer: Response<Incoming>) -> Fault {
        let (status, retry_after) = (answer.status(), retry_after(answer.headers()));
        let read = Limited::new(answer.into_body(), REFUSAL_BYTES_MAX).collect();
        let text = match timeout(self.limits.stall, read).await {
            Ok(Ok(body)) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
            Ok(Err(_)) | Err(_) => String::new(),
        };
        let mut detail = format!("The server answered {status}");
        let told = what_is_told(&text);
        if !told.is_empty() {
            detail = format!("{detail} and said “{}”", told.trim_end_matches('.'));
        }
        if let Some(wait) = retry_after {
            detail = format!("{detail}; it asks to wait {} seconds", wait.as_secs());
        }
        if status.is_redirection() {
            detail.push_str("; redirects are not followed, so name the right address");
        }
        detail.push('.');
        Fault { why, detail, retry_after, status: Some(status.as_u16()) }
    }

    /// An answer, piece by piece.
    pub(in crate::platform) fn pieces(
        http: &Arc<Self>,
        body: Incoming,
    ) -> impl Stream<Item = Result<Bytes, Fault>> + use<> {
        try_unfold((Arc::clone(http), body), |(http, mut body)| async move {
            let next = http.next(&mut body).await?;
            Ok(next.map(|piece| (piece, (http, body))))
        })
    }

    /// The next bytes of an answer; none at its end.
    async fn next(&self, body: &mut Incoming) -> Result<Option<Bytes>, Fault> {
        loop {
            let Ok(frame) = timeout(self.limits.stall, body.frame()).await else {
                return Err(Fault::unreachable("The server sent nothing for too long."));
            };
            match frame {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
                Some(Err(error)) => {
                    let detail = format!("The answer broke off: {}", why(&error));
                    return Err(Fault::unreachable(detail));
                }
            }
        }
    }

    /// Waits for an answer as long as something goes out, and `stall` after that.
    async fn while_moving<T>(
        &self,
        moved: &AtomicU64,
        answer: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let mut answer = std::pin::pin!(answer);
        let mut before = None;
        loop {
            if let Ok(answer) = timeout(self.limits.stall, &mut answer).await {
                return Ok(answer);
            }
            let now = Some(moved.load(Ordering::Relaxed));
            if now == before || now == Some(0) {
                let seconds = self.limits.stall.as_secs().max(1);
                let detail = format!("The server said nothing for {seconds} seconds.");
                return Err(Fault::unreachable(detail));
            }
            before = now;
        }
    }

    fn kept(&self, origin: &Origin) -> Option<SendRequest<Body>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, sender)| sender.is_ready());
        let at = idle.iter().position(|(key, _)| *key == origin.key)?;
        Some(idle.remove(at).1)
    }

    fn keep(&self, origin: &Origin, sender: SendRequest<Body>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((origin.key.clone(), sender));
        if idle.len() > IDLE_MAX {
            idle.remove(0);
        }
    }

    async fn connect(&self, origin: &Origin) -> Result<SendRequest<Body>, Fault> {
        let late = |_| Fault::unreachable(format!("{} did not answer in time.", origin.host));
        timeout(self.limits.connect, self.shake_hands(origin)).await.map_err(late)?
    }

    async fn shake_hands(&self, origin: &Origin) -> Result<SendRequest<Body>, Fault> {
        let host = &origin.host;
        let stream = TcpStream::connect((host.as_str(), origin.port))
            .await
            .map_err(|error| Fault::unreachable(format!("{host} cannot be reached: {error}.")))?;
        drop(stream.set_nodelay(true));
        if !origin.is_tls {
            return speak(stream).await;
        }
        let name = ServerName::try_from(host.clone());
        let name = name.map_err(|_| Fault::new(Why::Other, "No certificate can be for it."))?;
        let connected = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await;
        let stream = connected.map_err(|error| {
            Fault::unreachable(format!("TLS with {host} was not agreed on: {error}."))
        })?;
        speak(stream).await
    }
}

async fn speak<S>(stream: S) -> Result<SendRequest<Body>, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shaken = http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = shaken.map_err(|error| Fault::unreachable(why(&error)))?;
    #[expect(clippy::disallowed_methods, reason = "it ends with the connection it drives")]
    drop(tokio::spawn(async move { drop(connection.await) }));
    Ok(sender)
}

/// Where an address leads.
struct Origin {
    is_tls: bool,
    host: String,
    port: u16,
    /// Tells origins from each other.
    key: String,
}

impl Origin {
    fn of(uri: &Uri) -> Result<Self, Fault> {
        let is_tls = uri.scheme_str() == Some("https");
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() || !is_tls && uri.scheme_str() != Some("http") {
            return Err(Fault::new(Why::Other, "This address cannot be called."));
        }
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let key = format!("{is_tls} {host} {port}");
        Ok(Self { is_tls, host, port, key })
    }
}

/// Writes a request as a server wants it: where to in a header, the rest in the line.
fn prepare(parts: &mut http::request::Parts, origin: &Origin) -> Result<(), Fault> {
    let odd = || Fault::new(Why::Other, "This address cannot be called.");
    if !parts.headers.contains_key(header::HOST) {
        let is_usual = parts.uri.port_u16().is_none();
        let host = parts.uri.host().unwrap_or_default();
        let host = if is_usual { host.to_owned() } else { format!("{host}:{}", origin.port) };
        parts.headers.insert(header::HOST, host.parse().map_err(|_| odd())?);
    }
    let caller = header::HeaderValue::from_static(CALLER);
    parts.headers.entry(header::USER_AGENT).or_insert(caller);
    let line = parts.uri.path_and_query().map_or("/", |line| line.as_str());
    parts.uri = line.parse().map_err(|_| odd())?;
    Ok(())
}

/// Why an answer of such a status is none; none of those that the kinds read themselves.
fn refusal(status: StatusCode) -> Option<Why> {
    match status.as_u16() {
        200..=299 | 304 | 404 | 405 | 409 | 412 | 416 => None,
        401 | 403 | 407 => Some(Why::Denied),
        408 | 425 | 429 | 500 | 502 | 503 | 504 => Some(Why::Unreachable),
        413 | 507 => Some(Why::Full),
        _ => Some(Why::Other),
    }
}

fn may_help(fault: &Fault) -> bool {
    fault.why == Why::Unreachable && fault.retry_after.is_none() && fault.status != Some(429)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(RETRY_AFTER_MAX_S)))
}

/// The sentence in what a store answers in XML or JSON, or its words without the tags.
fn what_is_told(text: &str) -> String {
    let between = |before: &str, after: char| {
        let (_, rest) = text.split_once(before)?;
        rest.split(after).next().map(said).filter(|it| !it.is_empty())
    };
    if let Some(message) = between("<Message>", '<').or_else(|| between("<s:message>", '<')) {
        return message;
    }
    let json: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let of_json = json.as_ref().and_then(|json| {
        let places = ["/error/message", "/error_description", "/message", "/detail"];
        places.iter().find_map(|place| json.pointer(place)?.as_str())
    });
    if let Some(message) = of_json {
        return said(message);
    }
    let mut is_tag = false;
    let is_word = |one: &char| {
        let was_tag = is_tag;
        is_tag = if *one == '<' { true } else { is_tag && *one != '>' };
        !is_tag && !was_tag
    };
    said(&text.chars().filter(is_word).collect::<String>())
}

/// What is behind an error of a connection.
fn why(error: &hyper::Error) -> String {
    let inner = std::error::Error::source(error).map(ToString::to_string);
    inner.unwrap_or_else(|| error.to_string())
}

/// The same for OpenDAL.
pub(super) struct Transport(pub(super) Arc<Http>);

impl HttpTransport for Transport {
    async fn fetch(&self, request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        let (uri, is_head) = (request.uri().clone(), request.method() == Method::HEAD);
        let answer = self.0.send_again(request).await.map_err(wrapped)?;
        let (mut parts, body) = answer.into_parts();
        parts.extensions.insert(uri);
        let length = parts.headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let frames = Http::pieces(&self.0, body).map_ok(Buffer::from).map_err(wrapped);
        let body = HttpBody::new(Box::pin(frames), length.filter(|_| !is_head));
        Ok(Response::from_parts(parts, body))
    }
}

/// A fault on its way through OpenDAL.
fn wrapped(fault: Fault) -> opendal::Error {
    opendal::Error::new(opendal::ErrorKind::Unexpected, fault.detail.clone()).set_source(fault)
}

/// What became of a call through OpenDAL.
pub(super) fn unwrapped(error: &opendal::Error) -> Fault {
    let mut inner: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = inner {
        if let Some(fault) = one.downcast_ref::<Fault>() {
            return fault.clone();
        }
        inner = one.source();
    }
    let why = match error.kind() {
        opendal::ErrorKind::NotFound => Why::Missing,
        opendal::ErrorKind::PermissionDenied => Why::Denied,
        opendal::ErrorKind::AlreadyExists | opendal::ErrorKind::ConditionNotMatch => Why::Exists,
        opendal::ErrorKind::RateLimited => Why::Unreachable,
        _ if error.is_temporary() => Why::Unreachable,
        _ => Why::Other,
    };
    Fault::new(why, said(&what_is_told(error.message())))
}

/// A name in an address, with its slashes.
pub(super) fn encoded(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
    text
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).unwrap_or('0').to_ascii_uppercase()
}

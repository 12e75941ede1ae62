//! The front: every request passes here once, on its way in and out.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Extension, RequestPartsExt};
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use sha2::{Digest, Sha256};
use tracing::{error, info};

use super::address;
use super::answer::{NoFault, OfNobody};
use super::body::{BodyLimit, RETRY_AFTER_S};
use super::compression::{compress, pays};
use super::guard::{
    Admitted, DEVICE_COOKIE, Guard, Incoming, LetThrough, PENDING_COOKIE, SESSION_COOKIE,
};
use super::meter::Meters;
use super::problem::{self, Beside, Pending};
use super::reading::Reading;
use crate::platform::Platform;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::errors::rules::{Kind, Report};
use crate::platform::idempotency::rules::{KEY_LENGTH_MAX, Once};
use crate::platform::identity::sign_in::rules::PENDING_LIFE;
use crate::platform::monitoring::logs::ACCESS;
use crate::platform::monitoring::panics;
use crate::platform::secret::Secret;
use crate::platform::tasks::panic_message;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const USER_AGENT_LENGTH_MAX: usize = 300;
/// Longer paths are cut in the access log.
const LOGGED_PATH_BYTES_MAX: usize = 256;
/// The longest that browsers keep a cookie.
const DEVICE_COOKIE_LIFE: Duration = Duration::from_hours(400 * 24);

const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' \
     data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
);
const PERMISSIONS_POLICY: HeaderValue = HeaderValue::from_static(
    "accelerometer=(), camera=(self), display-capture=(), geolocation=(), gyroscope=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
);

/// What the front knows.
pub struct Front {
    pub platform: Arc<Platform>,
    pub guard: Guard,
    pub meters: Meters,
    pub insist: Insist,
}

/// When browsers are told to come over HTTPS alone: where they trust the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insist {
    Never,
    Always,
    /// Under the names that a public authority signed for.
    WhereTrusted,
}

/// Handles one request.
pub async fn front(State(front): State<Arc<Front>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let about = About::of(&front, &request);
    #[cfg(feature = "fixture")]
    if crate::fixture::is_faulty() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let in_flight = front.platform.watching.traffic.begin();
    let outcome = AssertUnwindSafe(admit_and_run(&front, &about, request, next)).catch_unwind();
    let mut response = match outcome.await {
        Ok(response) => response,
        Err(panic) => {
            metrics::counter!("holdfast_handler_panics_total").increment(1);
            note_panic(&front, &about);
            Error::internal(format!("panic: {}", panic_message(&*panic))).into_response()
        }
    };
    let mut code = "";
    if let Some(Pending(error)) = response.extensions_mut().remove::<Pending>() {
        code = problem::code_of(&error);
        log_fault(&error, &about);
        // What lasts until somebody mends it was told when it was found.
        let is_known = matches!(*error, Error::Unavailable(_));
        if is_fault(&response) && !is_known {
            note_fault(&front, &about, &error);
        }
        let beside = response.extensions_mut().remove::<Beside>();
        let rendered = problem::render(&error, &about.request_id, beside);
        let (parts, body) = rendered.into_parts();
        *response.status_mut() = parts.status;
        response.headers_mut().extend(parts.headers);
        *response.body_mut() = body;
    }
    if about.method == Method::HEAD {
        response = without_body(response);
    }
    let mut response = compress(response, about.accept_encoding.as_ref()).await;
    add_headers(response.headers_mut(), &front, &about);
    drop(in_flight);
    account(&front, &about, &response, code, started.elapsed().saturating_sub(about.sending()));
    response
}

/// Whether the box failed the request.
fn is_fault(response: &Response) -> bool {
    response.status().is_server_error() && response.extensions().get::<NoFault>().is_none()
}

/// What a GET would have said about the body, and no body.
fn without_body(response: Response) -> Response {
    let is_negotiated = pays(&response);
    let (mut parts, body) = response.into_parts();
    if is_negotiated {
        parts.headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    if let Some(size) = body.size_hint().exact().filter(|size| *size > 0) {
        parts.headers.insert(header::CONTENT_LENGTH, size.into());
    }
    Response::from_parts(parts, Body::empty())
}

/// What is known of a request before anything is checked.
struct About {
    method: Method,
    uri: http::Uri,
    template: Option<MatchedPath>,
    request_id: Arc<str>,
    address: Option<std::net::IpAddr>,
    origin: Option<HeaderValue>,
    host: Option<String>,
    accept_encoding: Option<HeaderValue>,
    /// What kind of caller it is, once that is known.
    who: OnceLock<&'static str>,
    /// How long its body took to come, where it was waited for.
    body_came_within: OnceLock<Duration>,
}

impl About {
    fn of(front: &Front, request: &Request) -> Self {
        let headers = request.headers();
        let trusted = &front.platform.config.server.trusted_proxies;
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        if let Some(peer) = peer.filter(|peer| address::is_hidden(peer.0, headers, trusted)) {
            front.platform.forwarded.note(peer.0.ip().to_canonical());
        }
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            template: request.extensions().get::<MatchedPath>().cloned(),
            request_id: request_id(front, headers),
            address: peer.map(|peer| address::client(peer.0, headers, trusted)),
            origin: headers.get(header::ORIGIN).cloned(),
            host: match front.insist {
                Insist::WhereTrusted => {
                    address::host(request.uri(), headers).and_then(address::name_of)
                }
                Insist::Never | Insist::Always => None,
            },
            accept_encoding: headers.get(header::ACCEPT_ENCODING).cloned(),
            who: OnceLock::new(),
            body_came_within: OnceLock::new(),
        }
    }

    fn route(&self) -> &str {
        self.template.as_ref().map_or("", MatchedPath::as_str)
    }

    /// How long the sender of the body was waited for.
    fn sending(&self) -> Duration {
        self.body_came_within.get().copied().unwrap_or_default()
    }

    fn is_api(&self) -> bool {
        self.uri.path().starts_with("/api/")
    }
}

/// The sender's request id when it is harmless, else a new one.
fn request_id(front: &Front, headers: &HeaderMap) -> Arc<str> {
    let sent = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let harmless = sent.filter(|text| {
        (8..=64).contains(&text.len())
            && text.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'-')
    });
    harmless.map_or_else(|| front.platform.random.uuid().to_string().into(), Arc::from)
}

fn about_whom(reading: Reading, response: &Response) -> Reading {
    match response.extensions().get::<OfNobody>() {
        Some(OfNobody) => reading.of_nobody(),
        None => reading,
    }
}

async fn admit_and_run(front: &Front, about: &About, request: Request, next: Next) -> Response {
    if let Err(error) = front.guard.check_host(&about.uri, request.headers()) {
        return error.into_response();
    }
    if let Some(answer) = preflight(front, about) {
        return answer;
    }
    // What it takes to send the body is the line's doing, and has its own bounds.
    let outcome = async {
        let let_in = in_time(front, let_in(front, about, request)).await?;
        match arrive(front, about, let_in).await {
            Ok(arrived) => in_time(front, run(front, about, arrived, next)).await,
            Err(error) => Ok((Extension(NoFault), error).into_response()),
        }
    };
    outcome.await.unwrap_or_else(IntoResponse::into_response)
}

/// The longest time a request may take, its body left out.
fn time_max(front: &Front) -> Duration {
    Duration::from_secs(front.platform.config.server.request_timeout_s)
}

async fn in_time<T>(front: &Front, work: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| Err(Error::TimedOut { retry_after_s: RETRY_AFTER_S });
    tokio::time::timeout(time_max(front), work).await.unwrap_or_else(late)
}

/// A request that was let in by what stands in its head.
struct LetIn {
    parts: Parts,
    body: Body,
    limit: BodyLimit,
    admitted: Admitted,
    /// Value of `{workspace}` in the path.
    workspace: Option<String>,
    /// The last commit of the box's file before.
    commit: u64,
}

impl LetIn {
    /// Whether it changes something for somebody who is known: its body is waited for, whatever
    /// line it comes over, and who asks is looked at again then.
    fn is_waited_for(&self) -> bool {
        let on_box = self.admitted.on_box.as_ref();
        !self.parts.method.is_safe()
            && on_box.is_some_and(|on_box| matches!(on_box.cause.actor, Actor::Principal(_)))
    }
}

async fn let_in(front: &Front, about: &About, request: Request) -> Result<LetIn> {
    let (mut parts, body) = request.into_parts();
    let workspace = workspace_of(about, &mut parts).await?;
    let incoming = incoming(about, &parts, workspace.as_deref());
    let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let stranger = Cause {
        actor: Actor::Stranger,
        address: about.address,
        user_agent: user_agent.map(|text| shortened(text).into()),
        request_id: Some(Arc::clone(&about.request_id)),
        once: None,
    };
    let limit = BodyLimit(
        front
            .guard
            .body_size_bytes_max(&incoming)
            .unwrap_or(front.platform.config.server.body_size_bytes_max),
    );
    let commit = *front.platform.system_commits.borrow();
    let admitted = front.guard.admit(&front.platform, &incoming, stranger).await?;
    let body = limit.enforce(body)?;
    Ok(LetIn { parts, body, limit, admitted, workspace, commit })
}

async fn workspace_of(about: &About, parts: &mut Parts) -> Result<Option<String>> {
    match &about.template {
        Some(template) if template.as_str().contains("{workspace}") => {
            let params = parts.extract::<RawPathParams>().await.map_err(|_| Error::NotFound)?;
            Ok(params.iter().find(|(name, _)| *name == "workspace").map(|(_, id)| id.to_owned()))
        }
        _ => Ok(None),
    }
}

fn incoming<'a>(about: &'a About, parts: &'a Parts, workspace: Option<&'a str>) -> Incoming<'a> {
    Incoming {
        method: &about.method,
        uri: &about.uri,
        headers: &parts.headers,
        template: about.template.as_ref().map(MatchedPath::as_str),
        workspace,
        who: &about.who,
    }
}

/// Takes in the body of a change, over any line from somebody who is known and within the time of
/// a request from a stranger. What that took says nothing of the box, so it is kept apart.
async fn arrive(front: &Front, about: &About, mut let_in: LetIn) -> Result<LetIn> {
    if let_in.parts.method.is_safe() || let_in.admitted.on_box.is_none() {
        return Ok(let_in);
    }
    let (began, limit, is_waited_for) = (Instant::now(), let_in.limit, let_in.is_waited_for());
    let body = std::mem::take(&mut let_in.body);
    let came = if is_waited_for {
        limit.read_over_any_line(body, time_max(front)).await
    } else {
        in_time(front, limit.read(body)).await
    };
    about.body_came_within.get_or_init(|| began.elapsed());
    let_in.body = Body::from(came?);
    Ok(let_in)
}

async fn run(front: &Front, about: &About, arrived: LetIn, next: Next) -> Result<Response> {
    let (request, successor, reading) = admit(front, about, arrived).await?;
    let mut response = next.run(request).await;
    if let Some(reading) = reading.filter(|_| response.status().is_success())
        && let Err(error) = about_whom(reading, &response).note().await
    {
        response = error.into_response();
    }
    response.extensions_mut().insert(LetThrough);
    if let Some(successor) = successor
        && !response.headers().contains_key(header::SET_COOKIE)
        && let Ok(cookie) = session_cookie(&successor, &front.platform)
    {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Looks again where the box's file changed while the body came, and puts into the request who
/// asks.
async fn admit(
    front: &Front,
    about: &About,
    arrived: LetIn,
) -> Result<(Request, Option<Secret>, Option<Reading>)> {
    let is_waited_for = arrived.is_waited_for();
    let LetIn { parts, body, limit, mut admitted, workspace, commit } = arrived;
    let incoming = incoming(about, &parts, workspace.as_deref());
    if is_waited_for && *front.platform.system_commits.borrow() != commit {
        admitted = front.guard.admit_again(&incoming, admitted).await?;
    }
    let reading = admitted
        .on_box
        .as_ref()
        .and_then(|on_box| front.guard.reading(&incoming, on_box, admitted.workspace.as_ref()));
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(limit);
    let Some(mut on_box) = admitted.on_box else { return Ok((request, None, None)) };
    let mut ctx = admitted.workspace;
    if admitted.creates
        && let Some(key) = idempotency_key(&request)?
    {
        let once;
        (request, once) = remember_body(request, limit, key).await?;
        let cause = Cause { once: Some(once), ..(*on_box.cause).clone() };
        on_box = BoxCtx { platform: on_box.platform, cause: Arc::new(cause) };
        ctx = ctx.map(|ctx| crate::platform::ctx::Ctx::new(on_box.clone(), ctx.membership.clone()));
    }
    request.extensions_mut().insert(on_box);
    if let Some(ctx) = ctx {
        request.extensions_mut().insert(ctx);
    }
    Ok((request, admitted.successor, reading))
}

fn shortened(text: &str) -> &str {
    let end =
        (0..=USER_AGENT_LENGTH_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

fn idempotency_key(request: &Request) -> Result<Option<String>> {
    let Some(value) = request.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=KEY_LENGTH_MAX).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => {
            let detail = "An Idempotency-Key has 1 to 128 plain characters.";
            Err(Error::Malformed(Refusal::new("idempotency-key-bad", detail)))
        }
    }
}

/// Reads the body to its end to know what the key stands for, and puts it back.
async fn remember_body(request: Request, limit: BodyLimit, key: String) -> Result<(Request, Once)> {
    let (parts, body) = request.into_parts();
    let bytes = limit.read(body).await?;
    let body_hash = Sha256::digest(&bytes).into();
    let once = Once { key, path: parts.uri.path().to_owned(), body_hash };
    Ok((Request::from_parts(parts, Body::from(bytes)), once))
}

/// Answers a browser's question before a cross-origin request.
fn preflight(front: &Front, about: &About) -> Option<Response> {
    if about.method != Method::OPTIONS || !about.is_api() {
        return None;
    }
    allowed_origin(front, about)?;
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, if-match, idempotency-key, last-event-id, x-request-id",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    Some((StatusCode::NO_CONTENT, allowed).into_response())
}

fn allowed_origin<'a>(front: &Front, about: &'a About) -> Option<&'a HeaderValue> {
    let origin = about.origin.as_ref()?;
    let text = origin.to_str().ok()?;
    let allowed = &front.platform.config.server.cors_origins;
    allowed.iter().any(|one| one.as_str() == text).then_some(origin)
}

/// `Set-Cookie` for a session value.
pub fn session_cookie(value: &Secret, platform: &Platform) -> Result<HeaderValue> {
    let age_s = platform.config.sessions.life_days * 24 * 60 * 60;
    let cookie = format!(
        "{SESSION_COOKIE}={}; Path=/; Max-Age={age_s}; Secure; HttpOnly; SameSite=Strict",
        value.reveal()
    );
    HeaderValue::from_str(&cookie).map_err(Error::internal)
}

/// `Set-Cookie` that lets the browser be known again.
pub fn device_cookie(value: &Secret) -> Result<HeaderValue> {
    let age_s = DEVICE_COOKIE_LIFE.as_secs();
    let cookie = format!(
        "{DEVICE_COOKIE}={}; Path=/; Max-Age={age_s}; Secure; HttpOnly; SameSite=Strict",
        value.reveal()
    );
    HeaderValue::from_str(&cookie).map_err(Error::internal)
}

/// `Set-Cookie` of a sign-in that waits for its second factor.
pub fn pending_cookie(value: &Secret) -> Result<HeaderValue> {
    let age_s = PENDING_LIFE.as_secs();
    let cookie = format!(
        "{PENDING_COOKIE}={}; Path=/; Max-Age={age_s}; Secure; HttpOnly; SameSite=Strict",
        value.reveal()
    );
    HeaderValue::from_str(&cookie).map_err(Error::internal)
}

/// `Set-Cookie` that removes it.
pub fn removed_pending_cookie() -> HeaderValue {
    HeaderValue::from_static(
        "__Host-hf_pending=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict",
    )
}

/// `Set-Cookie` that removes the session.
pub fn removed_cookie() -> HeaderValue {
    HeaderValue::from_static(
        "__Host-hf_session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict",
    )
}

fn is_insisted(front: &Front, about: &About) -> bool {
    let is_trusted = || {
        let certificates = front.platform.reach.get()?.certificates.as_ref()?;
        Some(certificates.is_publicly_trusted(about.host.as_deref()?))
    };
    match front.insist {
        Insist::Never => false,
        Insist::Always => true,
        Insist::WhereTrusted => is_trusted().unwrap_or(false),
    }
}

fn add_headers(headers: &mut HeaderMap, front: &Front, about: &About) {
    if let Ok(id) = HeaderValue::from_str(&about.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if about.is_api() {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    // What people sent is handed out under a stricter one.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(CONTENT_SECURITY_POLICY);
    headers.insert("permissions-policy", PERMISSIONS_POLICY);
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if is_insisted(front, about) {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if !front.platform.config.server.cors_origins.is_empty() {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = allowed_origin(front, about) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(
                "etag, retry-after, x-request-id, idempotency-replayed, ratelimit-limit, \
                 ratelimit-remaining, ratelimit-reset",
            ),
        );
    }
}

/// What the route is called in the list of failures.
fn name_of(about: &About) -> String {
    format!("{} {}", about.method, about.route())
}

/// Keeps the backtrace of a panic with the request it happened in.
fn note_panic(front: &Front, about: &About) {
    if let Some(panic) = panics::take_own() {
        let report = panic.report(front.platform.clock.now());
        let report = report.route(&name_of(about)).request(&about.request_id);
        front.platform.errors.note(report);
    }
}

/// Keeps a fault of ours, by route and code. Its cause loses what looks like a value.
fn note_fault(front: &Front, about: &About, error: &Error) {
    let name = name_of(about);
    let message = format!("{name}: {}", problem::code_of(error));
    let report = Report::new(Kind::Server, &message, front.platform.clock.now());
    let report = report.route(&name).request(&about.request_id).sample(&error.to_string());
    front.platform.errors.note(report);
}

fn log_fault(error: &Error, about: &About) {
    let (method, route, id) = (&about.method, about.route(), &about.request_id);
    match error {
        Error::Internal(cause) => {
            error!(request.id = %id, "{method} {route} failed: {cause}");
        }
        Error::StorageFailed(cause) => {
            error!(request.id = %id, "{method} {route}: the disk failed: {cause}");
        }
        Error::Damaged(found) => {
            error!(request.id = %id, "{method} {route}: a file is damaged: {found}");
        }
        Error::StorageFull => error!(request.id = %id, "{method} {route}: the disk is full"),
        _ => {}
    }
}

/// The path, cut short where it is no route: there anybody can write anything.
fn logged_path(about: &About) -> &str {
    let path = about.uri.path();
    let end = path.len().min(LOGGED_PATH_BYTES_MAX);
    // Paths are ASCII, so every place is a boundary.
    path.get(..end).unwrap_or_default()
}

/// Bytes of the body; none for one that goes on.
fn size_of(response: &Response) -> Option<u64> {
    response.body().size_hint().exact()
}

/// Counts the request and writes its line. `took` is the time to the head of the answer, without
/// what the sender took for the body. Paths may hold ids but never what was typed, so the
/// query is left out.
fn account(front: &Front, about: &About, response: &Response, code: &str, took: Duration) {
    let template = about.template.as_ref().map(MatchedPath::as_str);
    let status = response.status();
    front.meters.of(template, &about.method).count(status, took);
    front.platform.watching.traffic.count(is_fault(response), took);
    if front.platform.config.logs.access {
        let (method, path, id) = (&about.method, logged_path(about), &about.request_id);
        let (route, status) = (about.route(), status.as_u16());
        // A thousand times the time in seconds: milliseconds with all their digits.
        let ms = took.saturating_mul(1_000).as_secs_f64();
        let (who, bytes) = (about.who.get().unwrap_or(&"stranger"), size_of(response));
        info!(
            target: ACCESS,
            request_id = %id, route, status, code, ms, bytes, who, "{method} {path} {status}"
        );
    }
}

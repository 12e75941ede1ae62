//! What the box says to whoever looks after it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::metrics;
use super::ops::{self, BoxFacts, Readiness, VERSION};
use super::rules::{self, Asker, Check, Status};
use super::score::{self, rules::Score};
use crate::http::address;
use crate::http::answer::{Answer, NoFault, ok};
use crate::platform::Platform;
use crate::platform::access::rules::OPERATE;
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::tls::CertificateStatus;

const NEVER_KEPT: (http::HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
const PROMETHEUS: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Below `/api/v1`.
pub fn api_routes() -> Routes {
    Routes::new().routes(routes!(get_box)).routes(routes!(get_version))
}

/// At the root.
pub fn box_routes() -> Routes {
    Routes::new()
        .routes(routes!(get_livez))
        .routes(routes!(get_readyz))
        .routes(routes!(get_health))
        .routes(routes!(get_metrics))
}

/// One word about the process.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProbeResponse {
    /// `ok`, `ready`, `stopping` or `storage-failed`.
    pub status: String,
}

/// Whatever a probe says, it said what it was asked.
fn probe(code: StatusCode, status: &str) -> Response {
    let body = ProbeResponse { status: status.to_owned() };
    (code, [NEVER_KEPT], Extension(NoFault), Json(body)).into_response()
}

/// Ask whether the process is alive.
#[utoipa::path(get, path = "/livez", tag = "monitoring", security(()),
    responses((status = 200, body = ProbeResponse)))]
async fn get_livez() -> Response {
    probe(StatusCode::OK, "ok")
}

/// Ask whether the box takes requests.
///
/// It does not while it stops, and not while its storage refuses changes.
#[utoipa::path(get, path = "/readyz", tag = "monitoring", security(()),
    responses((status = 200, body = ProbeResponse),
        (status = 503, body = ProbeResponse, description = "It does not; `status` says why.")))]
async fn get_readyz(ctx: BoxCtx) -> Response {
    match ops::readiness(&ctx).await {
        Readiness::Ready => probe(StatusCode::OK, "ready"),
        Readiness::Stopping => probe(StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        Readiness::StorageFailed => probe(StatusCode::SERVICE_UNAVAILABLE, "storage-failed"),
    }
}

/// How well one part is.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckResponse {
    /// `ok`, `degraded` or `failing`.
    pub status: String,
    /// How long the check took, milliseconds.
    pub ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl From<Check> for CheckResponse {
    fn from(check: Check) -> Self {
        Self {
            status: check.finding.status.name().to_owned(),
            ms: u64::try_from(check.took.as_millis()).unwrap_or(u64::MAX),
            detail: check.finding.detail,
        }
    }
}

/// One number for how the box does; the manual says how it is reckoned.
#[derive(Debug, Serialize, ToSchema)]
pub struct StabilityResponse {
    /// 0 to 100. Below 85 somebody should look.
    pub score: u64,
    pub parts: Vec<StabilityPartResponse>,
}

/// A part of the stability score.
#[derive(Debug, Serialize, ToSchema)]
pub struct StabilityPartResponse {
    /// E.g. `errors`.
    pub name: String,
    /// What it counts of 100.
    pub weight: u64,
    /// 0 to 100; null where nothing is known, then its weight counts for nothing.
    pub grade: Option<u64>,
    /// What was measured, e.g. `0.280 %`.
    pub measured: Option<String>,
}

impl From<Score> for StabilityResponse {
    fn from(score: Score) -> Self {
        let parts = score.parts.into_iter().map(|part| StabilityPartResponse {
            name: part.name.to_owned(),
            weight: part.weight,
            grade: part.grade,
            measured: part.measured,
        });
        Self { score: score.score, parts: parts.collect() }
    }
}

/// How well the box is.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthResponse {
    /// `ok`, `degraded` (it works, somebody should look) or `failing`.
    pub status: String,
    /// By name, for those who may see the inside: `api`, `database` (the box's own file),
    /// `workspaces` (theirs), `disk`, `certificate`, `jobs`, `backups`, `memory`, `queue`,
    /// `notices`, `clock`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<BTreeMap<String, CheckResponse>>,
    /// For those who may see the inside; null where it could not be reckoned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stability: Option<StabilityResponse>,
    pub timestamp: String,
    pub version: String,
}

/// Check the box.
///
/// Operators, the addresses in `monitoring.allowed` and whoever sends `monitoring.token` see each
/// check; everybody else sees the status.
#[utoipa::path(get, path = "/health", tag = "monitoring", security((), ("session" = [])),
    responses((status = 200, body = HealthResponse),
        (status = 503, body = HealthResponse, description = "A part of it does not work.")))]
async fn get_health(
    ctx: BoxCtx,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Response {
    let checks = ops::health(&ctx).await;
    let status = rules::overall(&checks);
    let may_look = may_look(&ctx, peer, &headers);
    let code = match status {
        Status::Ok | Status::Degraded => StatusCode::OK,
        Status::Failing => StatusCode::SERVICE_UNAVAILABLE,
    };
    let stability = if may_look { score::current(&ctx).await.ok() } else { None };
    let named = checks.into_iter().map(|check| (check.name.to_owned(), check.into()));
    let body = HealthResponse {
        status: status.name().to_owned(),
        checks: may_look.then(|| named.collect()),
        stability: stability.map(StabilityResponse::from),
        timestamp: ctx.now().to_string(),
        version: VERSION.to_owned(),
    };
    (code, [NEVER_KEPT], Extension(NoFault), Json(body)).into_response()
}

/// Read the counters, as Prometheus takes them.
///
/// For operators, the addresses in `monitoring.allowed` and whoever sends `monitoring.token`.
#[utoipa::path(get, path = "/metrics", tag = "monitoring", security((), ("session" = [])),
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = 401, description = "Nobody is signed in, and no token was sent."),
        (status = 403, description = "The caller is no operator.")))]
async fn get_metrics(
    ctx: BoxCtx,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Result<Response> {
    if !may_look(&ctx, peer, &headers) {
        if ctx.principal().is_ok() {
            return Err(Error::Forbidden { needed: OPERATE });
        }
        let detail = "Sign in as an operator, or send the monitoring token.";
        return Err(Error::SignInNeeded(Refusal::new("sign-in-needed", detail)));
    }
    let kind = (header::CONTENT_TYPE, PROMETHEUS);
    Ok(([kind, NEVER_KEPT], metrics(&ctx.platform).await?).into_response())
}

fn may_look(
    ctx: &BoxCtx,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: &HeaderMap,
) -> bool {
    let config = &ctx.platform.config;
    let trusted = &config.server.trusted_proxies;
    let is_hidden =
        peer.is_some_and(|Extension(peer)| address::is_hidden(peer.0, headers, trusted));
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let asker = Asker {
        is_operator: ctx.principal().is_ok_and(|principal| principal.is_operator),
        address: ctx.cause.address.filter(|_| !is_hidden),
        token: sent.and_then(|sent| sent.strip_prefix("Bearer ")).map(str::trim),
    };
    rules::may_look(&asker, &config.monitoring.allowed, &config.monitoring.token)
}

/// What runs here.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionResponse {
    pub version: String,
}

/// Get the version of the box.
#[utoipa::path(get, path = "/version", tag = "monitoring", security(("session" = [])),
    responses((status = 200, body = VersionResponse)))]
async fn get_version() -> Answer<VersionResponse> {
    Ok(ok(VersionResponse { version: VERSION.to_owned() }))
}

/// The certificate people get.
#[derive(Debug, Serialize, ToSchema)]
pub struct CertificateResponse {
    /// `local-ca`, `own`, or `proxy` when a reverse proxy in front holds it.
    pub kind: String,
    pub names: Vec<String>,
    pub not_after: Option<String>,
    /// SHA-256 as `AB:12:…`.
    pub fingerprint: Option<String>,
    /// What is wrong with it, in a sentence.
    pub trouble: Option<String>,
}

impl From<Option<&CertificateStatus>> for CertificateResponse {
    fn from(status: Option<&CertificateStatus>) -> Self {
        let kind = status.map_or("proxy", |status| status.kind.as_str());
        Self {
            kind: kind.to_owned(),
            names: status.map(|status| status.names.clone()).unwrap_or_default(),
            not_after: status.map(|status| status.not_after.to_string()),
            fingerprint: status.map(|status| status.fingerprint.clone()),
            trouble: status.and_then(|status| status.trouble.clone()),
        }
    }
}

/// A setting in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingResponse {
    /// E.g. `server.https`.
    pub key: String,
    /// Text, number, switch or list of texts; null for a secret that is set.
    #[schema(value_type = Value)]
    pub value: Option<Value>,
    /// Who set it: `default`, a file and line, a variable or a flag.
    pub origin: String,
}

/// The box, for its operators.
#[derive(Debug, Serialize, ToSchema)]
pub struct BoxResponse {
    pub name: String,
    pub version: String,
    /// The address people type, where somebody set it.
    pub public_url: Option<String>,
    /// What links begin with: scheme, name and port.
    pub origin: String,
    pub started_at: String,
    pub data_dir_free_bytes: u64,
    pub data_dir_size_bytes: u64,
    /// All database files with their logs.
    pub database_bytes: u64,
    /// Memory of the process.
    pub rss_bytes: u64,
    /// Names it answers to, besides addresses.
    pub names: Vec<String>,
    pub certificate: CertificateResponse,
    /// SHA-256 of the root that signed the certificate; null without a root of its own.
    pub root_fingerprint: Option<String>,
    pub config: Vec<SettingResponse>,
}

/// Get what the box is and how it is set (operators).
#[utoipa::path(get, path = "/box", tag = "monitoring", security(("session" = ["box.operate"])),
    responses((status = 200, body = BoxResponse)))]
async fn get_box(ctx: BoxCtx) -> Answer<BoxResponse> {
    let facts = ops::facts(&ctx).await?;
    Ok(ok(described(&ctx.platform, facts)))
}

fn described(platform: &Platform, facts: BoxFacts) -> BoxResponse {
    let config = &platform.config;
    let certificate = facts.certificate.as_deref();
    let settings = config.effective.values().map(|value| SettingResponse {
        key: value.key.path(),
        value: value.to_json(),
        origin: value.origin.to_string(),
    });
    BoxResponse {
        name: facts.name,
        version: VERSION.to_owned(),
        public_url: config.server.public_url.as_ref().map(ToString::to_string),
        origin: platform.reach.get().map_or_else(String::new, |reach| reach.origin.clone()),
        started_at: facts.started_at.to_string(),
        data_dir_free_bytes: facts.data_free_bytes,
        data_dir_size_bytes: facts.data_size_bytes,
        database_bytes: facts.database_bytes,
        rss_bytes: facts.resident_bytes,
        names: facts.names,
        certificate: certificate.into(),
        root_fingerprint: certificate.and_then(|status| status.root_fingerprint.clone()),
        config: settings.collect(),
    }
}

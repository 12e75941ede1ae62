//! Checkpoints and proofs over HTTP.

use axum::response::{IntoResponse, Response};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::http::answer::{Answer, ok};
use crate::http::extract::{Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::audit::ops::checkpoints::{self as ops, Signed};
use crate::platform::audit::rules::Hash;
use crate::platform::audit::rules::checkpoints::{to_base64, verifier_key};
use crate::platform::ctx::{BoxCtx, Ctx};
use crate::platform::error::{Error, Result};
use crate::platform::qr;

pub fn workspace_routes() -> Routes {
    Routes::new()
        .routes(routes!(list_audit_checkpoints, sign_audit_checkpoint))
        .routes(routes!(get_latest_audit_checkpoint))
        .routes(routes!(prove_audit_entry))
        .routes(routes!(prove_audit_growth))
}

pub fn box_routes() -> Routes {
    Routes::new()
        .routes(routes!(list_box_audit_checkpoints, sign_box_audit_checkpoint))
        .routes(routes!(get_latest_box_audit_checkpoint))
        .routes(routes!(prove_box_audit_entry))
        .routes(routes!(prove_box_audit_growth))
}

/// A signed statement of how a log stood.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditCheckpointResponse {
    /// Entries it is about.
    pub size: u64,
    /// Root of the tree over them, base64.
    pub root: String,
    pub at: String,
    /// The signed note (C2SP tlog-checkpoint), as a verifier takes it.
    pub note: String,
    /// The key that signed it, as verifiers of signed notes take it.
    pub key: String,
}

impl From<Signed> for AuditCheckpointResponse {
    fn from(signed: Signed) -> Self {
        let note = signed.note();
        let Signed { origin, checkpoint } = signed;
        Self {
            size: checkpoint.size,
            root: to_base64(&checkpoint.root),
            at: checkpoint.at.to_string(),
            note,
            key: verifier_key(&origin, &checkpoint.public_key),
        }
    }
}

/// The newest checkpoint, also for a camera.
#[derive(Debug, Serialize, ToSchema)]
pub struct LatestAuditCheckpointResponse {
    #[serde(flatten)]
    pub checkpoint: AuditCheckpointResponse,
    /// The note as a QR code, SVG.
    pub qr_svg: String,
}

/// A part of a list of checkpoints.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CheckpointsQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Which checkpoint a proof leads to.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProofQuery {
    /// Size of a checkpoint; the newest when left out.
    size: Option<u64>,
}

/// Two sizes of a log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GrowthQuery {
    from: u64,
    to: u64,
}

/// Proves that a log only grew.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditConsistencyResponse {
    pub from: u64,
    pub to: u64,
    /// RFC 6962 §2.1.2, base64.
    pub hashes: Vec<String>,
}

fn page_of(found: Vec<Signed>, limit: usize) -> Result<Page<AuditCheckpointResponse>> {
    Ok(Page::of_one_more(found, limit, |last| last.checkpoint.size)?.map(Into::into))
}

fn latest_of(found: Vec<Signed>) -> Result<LatestAuditCheckpointResponse> {
    let Some(newest) = found.into_iter().next() else {
        return Err(Error::conflict(
            "audit-not-signed",
            "The log has no checkpoint yet. Ask for one, or wait a minute.",
        ));
    };
    let qr_svg = qr::svg(&newest.note())?;
    Ok(LatestAuditCheckpointResponse { checkpoint: newest.into(), qr_svg })
}

/// A number in the path; what is none names nothing.
fn number(text: &str) -> Result<u64> {
    text.parse().map_err(|_| Error::NotFound)
}

fn proof_answer(seq: u64, proof: String) -> Response {
    let name = format!("attachment; filename=\"entry-{seq}.tlog-proof\"");
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_DISPOSITION, name.as_str()),
    ];
    (headers, proof).into_response()
}

fn growth_of(query: &GrowthQuery, hashes: &[Hash]) -> AuditConsistencyResponse {
    let hashes = hashes.iter().map(|hash| to_base64(hash)).collect();
    AuditConsistencyResponse { from: query.from, to: query.to, hashes }
}

/// List the signed checkpoints of a workspace's audit log, newest first.
#[utoipa::path(get, path = "/audit/checkpoints", tag = "audit", params(CheckpointsQuery),
    security(("session" = ["audit.read"])),
    responses((status = 200, body = Page<AuditCheckpointResponse>)))]
async fn list_audit_checkpoints(
    ctx: Ctx,
    Query(query): Query<CheckpointsQuery>,
) -> Answer<Page<AuditCheckpointResponse>> {
    let limit = page::limit(query.limit)?;
    let before = page::read_cursor(query.cursor.as_deref())?.unwrap_or(u64::MAX);
    Ok(ok(page_of(ops::list(&ctx, before, limit + 1).await?, limit)?))
}

/// Sign a checkpoint of a workspace's audit log now.
#[utoipa::path(post, path = "/audit/checkpoints", tag = "audit",
    extensions(("x-while-archived" = json!(true))),
    security(("session" = ["audit.read"])),
    responses((status = 200, body = AuditCheckpointResponse)))]
async fn sign_audit_checkpoint(ctx: Ctx) -> Answer<AuditCheckpointResponse> {
    Ok(ok(ops::sign_now(&ctx).await?.into()))
}

/// Get the newest checkpoint of a workspace's audit log with a QR code.
#[utoipa::path(get, path = "/audit/checkpoints/latest", tag = "audit",
    security(("session" = ["audit.read"])),
    responses((status = 200, body = LatestAuditCheckpointResponse),
        (status = 409, description = "Nothing was signed yet.")))]
async fn get_latest_audit_checkpoint(ctx: Ctx) -> Answer<LatestAuditCheckpointResponse> {
    Ok(ok(latest_of(ops::list(&ctx, u64::MAX, 1).await?)?))
}

/// Get a file that proves an entry of a workspace's audit log (C2SP tlog-proof).
#[utoipa::path(get, path = "/audit/proof/{seq}", tag = "audit",
    params(("seq" = String, Path, description = "Number of the entry"), ProofQuery),
    security(("session" = ["audit.read"])),
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = 409, description = "No checkpoint covers the entry yet.")))]
async fn prove_audit_entry(
    ctx: Ctx,
    Path(seq): Path<String>,
    Query(query): Query<ProofQuery>,
) -> Result<Response> {
    let seq = number(&seq)?;
    Ok(proof_answer(seq, ops::prove(&ctx, seq, query.size).await?))
}

/// Prove that a workspace's audit log only grew between two sizes.
#[utoipa::path(get, path = "/audit/consistency", tag = "audit", params(GrowthQuery),
    security(("session" = ["audit.read"])),
    responses((status = 200, body = AuditConsistencyResponse)))]
async fn prove_audit_growth(
    ctx: Ctx,
    Query(query): Query<GrowthQuery>,
) -> Answer<AuditConsistencyResponse> {
    let hashes = ops::between(&ctx, query.from, query.to).await?;
    Ok(ok(growth_of(&query, &hashes)))
}

/// List the signed checkpoints of the box's audit log, newest first (operators).
#[utoipa::path(get, path = "/audit/checkpoints", tag = "audit", params(CheckpointsQuery),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = Page<AuditCheckpointResponse>)))]
async fn list_box_audit_checkpoints(
    ctx: BoxCtx,
    Query(query): Query<CheckpointsQuery>,
) -> Answer<Page<AuditCheckpointResponse>> {
    let limit = page::limit(query.limit)?;
    let before = page::read_cursor(query.cursor.as_deref())?.unwrap_or(u64::MAX);
    Ok(ok(page_of(ops::list_box(&ctx, before, limit + 1).await?, limit)?))
}

/// Sign a checkpoint of the box's audit log now (operators).
#[utoipa::path(post, path = "/audit/checkpoints", tag = "audit",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = AuditCheckpointResponse)))]
async fn sign_box_audit_checkpoint(ctx: BoxCtx) -> Answer<AuditCheckpointResponse> {
    Ok(ok(ops::sign_box_now(&ctx).await?.into()))
}

/// Get the newest checkpoint of the box's audit log with a QR code (operators).
#[utoipa::path(get, path = "/audit/checkpoints/latest", tag = "audit",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = LatestAuditCheckpointResponse),
        (status = 409, description = "Nothing was signed yet.")))]
async fn get_latest_box_audit_checkpoint(ctx: BoxCtx) -> Answer<LatestAuditCheckpointResponse> {
    Ok(ok(latest_of(ops::list_box(&ctx, u64::MAX, 1).await?)?))
}

/// Get a file that proves an entry of the box's audit log (C2SP tlog-proof; operators).
#[utoipa::path(get, path = "/audit/proof/{seq}", tag = "audit",
    params(("seq" = String, Path, description = "Number of the entry"), ProofQuery),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = 409, description = "No checkpoint covers the entry yet.")))]
async fn prove_box_audit_entry(
    ctx: BoxCtx,
    Path(seq): Path<String>,
    Query(query): Query<ProofQuery>,
) -> Result<Response> {
    let seq = number(&seq)?;
    Ok(proof_answer(seq, ops::prove_box(&ctx, seq, query.size).await?))
}

/// Prove that the box's audit log only grew between two sizes (operators).
#[utoipa::path(get, path = "/audit/consistency", tag = "audit", params(GrowthQuery),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = AuditConsistencyResponse)))]
async fn prove_box_audit_growth(
    ctx: BoxCtx,
    Query(query): Query<GrowthQuery>,
) -> Answer<AuditConsistencyResponse> {
    let hashes = ops::between_box(&ctx, query.from, query.to).await?;
    Ok(ok(growth_of(&query, &hashes)))
}

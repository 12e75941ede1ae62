//! Reading and verifying the audit logs.

pub mod checkpoints;
pub mod export;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, Filter, Listed, Raw, Shown, State, Verdict};
use super::rules::checkpoints::to_base64;
use crate::http::answer::{Answer, ok};
use crate::http::extract::{Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::{BoxCtx, Ctx};
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;
use crate::platform::identity::{UserId, users};
use crate::platform::secret::to_hex;

pub fn workspace_routes() -> Routes {
    Routes::new()
        .merge(checkpoints::workspace_routes())
        .merge(export::workspace_routes())
        .routes(routes!(list_audit))
        .routes(routes!(get_audit_state))
        .routes(routes!(get_audit_entry))
        .routes(routes!(verify_audit))
}

pub fn box_routes() -> Routes {
    Routes::new()
        .merge(checkpoints::box_routes())
        .merge(export::box_routes())
        .routes(routes!(list_box_audit))
        .routes(routes!(get_box_audit_state))
        .routes(routes!(get_box_audit_entry))
        .routes(routes!(verify_box_audit))
}

/// Which entries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Id of the person who did it.
    actor: Option<String>,
    /// An action, or the beginning of one: `inventory.item` finds `inventory.item.created`.
    action: Option<String>,
    /// Id of the object it happened to.
    object: Option<String>,
    /// Kind of the object, e.g. `inventory.item`.
    kind: Option<String>,
    /// `ok` or `refused`.
    outcome: Option<String>,
    /// Not before this time.
    from: Option<String>,
    /// Not after this time.
    to: Option<String>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
    /// `workspace` is the workspace's own log; `people` are the entries of the box's log about who
    /// belongs to it. The box's own route has only its own.
    log: Option<String>,
}

/// Which log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Log {
    Own,
    People,
}

impl Log {
    fn read(name: Option<&str>) -> Result<Self> {
        match name {
            None | Some("" | "workspace") => Ok(Self::Own),
            Some("people") => Ok(Self::People),
            Some(_) => Err(filter_bad("log", "Use workspace or people.")),
        }
    }

    /// For routes of the box, whose own log is the only one there.
    fn check_own(name: Option<&str>) -> Result<()> {
        match Self::read(name)? {
            Self::Own => Ok(()),
            Self::People => Err(filter_bad("log", "Ask for the people of a workspace there.")),
        }
    }
}

fn filter_bad(field: &str, detail: &str) -> Error {
    Error::invalid(field, "audit-filter-bad", detail)
}

impl AuditQuery {
    fn filter(&self) -> Result<Filter> {
        let is_refused = match self.outcome.as_deref() {
            None | Some("") => None,
            Some("ok") => Some(false),
            Some("refused") => Some(true),
            Some(_) => return Err(filter_bad("outcome", "Use ok or refused.")),
        };
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Ok(Filter {
            actor: parsed("actor", self.actor.as_deref())?,
            action: given(&self.action),
            object: parsed("object", self.object.as_deref())?,
            kind: given(&self.kind),
            is_refused,
            from: parsed("from", self.from.as_deref())?,
            to: parsed("to", self.to.as_deref())?,
            before: page::read_cursor(self.cursor.as_deref())?,
        })
    }
}

fn parsed<T: std::str::FromStr>(field: &str, text: Option<&str>) -> Result<Option<T>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let detail = "Use an id as it is shown, or a time like 2026-11-21T14:00:00Z.";
    text.parse().map(Some).map_err(|_| filter_bad(field, detail))
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditActorResponse {
    /// `user`, `token`, `service`, `system`, `stranger` or `cli`.
    pub kind: String,
    pub id: Option<String>,
    pub name: Option<String>,
}

/// What it happened to.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditObjectResponse {
    /// E.g. `inventory.item`.
    pub kind: String,
    pub id: Option<String>,
    pub version: Option<i64>,
}

/// One entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntryResponse {
    pub seq: i64,
    pub at: String,
    pub actor: AuditActorResponse,
    /// E.g. `inventory.movement.recorded`.
    pub action: String,
    pub object: AuditObjectResponse,
    /// `ok` or `refused`.
    pub outcome: String,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
    /// Changed fields: `{"name": {"from": "…", "to": "…"}}`.
    #[schema(value_type = Object)]
    pub changes: Map<String, Value>,
    pub prev_hash: String,
    pub hash: String,
}

/// What a verification found.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditVerdictResponse {
    pub ok: bool,
    /// Entries that fit.
    pub checked: u64,
    /// Hash of the last entry that fits.
    pub head: String,
    /// Root of the tree over them, base64.
    pub root: String,
    /// Signed checkpoints that fit.
    pub checkpoints: u64,
    pub first_bad_seq: Option<i64>,
    pub detail: Option<String>,
}

impl From<Verdict> for AuditVerdictResponse {
    fn from(verdict: Verdict) -> Self {
        Self {
            ok: verdict.bad.is_none(),
            checked: verdict.checked,
            head: to_hex(&verdict.head),
            root: to_base64(&verdict.root),
            checkpoints: verdict.checkpoints,
            first_bad_seq: verdict.bad.as_ref().map(|bad| bad.seq),
            detail: verdict.bad.map(|bad| bad.detail),
        }
    }
}

/// An entry as it was hashed.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditRawResponse {
    pub seq: i64,
    /// Id of the log, which is part of the text.
    pub log: String,
    /// The text that the hash is made of: SHA-256 over a zero byte and this.
    pub canonical: String,
    pub prev_hash: String,
    pub hash: String,
    pub entry: AuditEntryResponse,
}

/// How a log stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditStateResponse {
    /// Entries in it.
    pub size: i64,
    /// Hash of the last one.
    pub head: String,
    pub first_at: Option<String>,
    /// When somebody verified it last; each verification is an entry of its own.
    pub last_verified_at: Option<String>,
    /// Whether it was unbroken then.
    pub ok: Option<bool>,
    /// What was signed last.
    pub checkpoint: Option<AuditStateCheckpointResponse>,
}

/// The newest signed checkpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditStateCheckpointResponse {
    pub size: u64,
    /// Base64.
    pub root: String,
    pub at: String,
}

impl From<State> for AuditStateResponse {
    fn from(state: State) -> Self {
        Self {
            size: state.size,
            head: to_hex(&state.head),
            first_at: state.first_at.map(|at| at.to_string()),
            last_verified_at: state.verified.map(|(at, _)| at.to_string()),
            ok: state.verified.map(|(_, ok)| ok),
            checkpoint: state.checkpoint.map(|one| AuditStateCheckpointResponse {
                size: one.size,
                root: to_base64(&one.root),
                at: one.at.to_string(),
            }),
        }
    }
}

/// List a workspace's audit log, newest first.
///
/// A page may hold fewer entries than `limit`, even none, while `next_cursor` says where to look
/// on: one page looks at 20,000 entries.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery),
    extensions(("x-sensitive-read" = json!(true))),
    security(("session" = ["audit.read"])),
    responses((status = 200, body = Page<AuditEntryResponse>)))]
async fn list_audit(ctx: Ctx, Query(query): Query<AuditQuery>) -> Answer<Page<AuditEntryResponse>> {
    let limit = page::limit(query.limit)?;
    let listed = match Log::read(query.log.as_deref())? {
        Log::Own => ops::page(&ctx, query.filter()?, limit).await?,
        Log::People => ops::page_people(&ctx, query.filter()?, limit).await?,
    };
    Ok(ok(entries(&ctx, listed).await?))
}

/// Verify a workspace's audit log.
#[utoipa::path(post, path = "/audit/verify", tag = "audit",
    extensions(("x-while-archived" = json!(true)), ("x-heavy" = json!(true))),
    security(("session" = ["audit.read"])),
    responses((status = 200, body = AuditVerdictResponse)))]
async fn verify_audit(ctx: Ctx) -> Answer<AuditVerdictResponse> {
    Ok(ok(ops::verify_and_note(&ctx).await?.into()))
}

/// List the box's audit log, newest first (operators).
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery),
    extensions(("x-sensitive-read" = json!(true))),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = Page<AuditEntryResponse>)))]
async fn list_box_audit(
    ctx: BoxCtx,
    Query(query): Query<AuditQuery>,
) -> Answer<Page<AuditEntryResponse>> {
    let limit = page::limit(query.limit)?;
    Log::check_own(query.log.as_deref())?;
    let listed = ops::page_box(&ctx, query.filter()?, limit).await?;
    Ok(ok(entries(&ctx, listed).await?))
}

/// Verify the box's audit log (operators).
#[utoipa::path(post, path = "/audit/verify", tag = "audit",
    extensions(("x-heavy" = json!(true))),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = AuditVerdictResponse)))]
async fn verify_box_audit(ctx: BoxCtx) -> Answer<AuditVerdictResponse> {
    Ok(ok(ops::verify_box_and_note(&ctx).await?.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditEntryQuery {
    /// `workspace` or `people`, as in the list.
    log: Option<String>,
}

/// A number in the path; what is none names nothing.
fn number(text: &str) -> Result<i64> {
    text.parse().map_err(|_| Error::NotFound)
}

/// Get an entry of a workspace's audit log with the text its hash is made of.
#[utoipa::path(get, path = "/audit/{seq}", tag = "audit",
    params(("seq" = String, Path, description = "Number of the entry"), AuditEntryQuery),
    extensions(("x-sensitive-read" = json!(true))),
    security(("session" = ["audit.read"])),
    responses((status = 200, body = AuditRawResponse)))]
async fn get_audit_entry(
    ctx: Ctx,
    Path(seq): Path<String>,
    Query(query): Query<AuditEntryQuery>,
) -> Answer<AuditRawResponse> {
    let raw = match Log::read(query.log.as_deref())? {
        Log::Own => ops::raw(&ctx, number(&seq)?).await?,
        Log::People => ops::raw_people(&ctx, number(&seq)?).await?,
    };
    Ok(ok(raw_response(&ctx, raw).await?))
}

/// Get an entry of the box's audit log with the text its hash is made of (operators).
#[utoipa::path(get, path = "/audit/{seq}", tag = "audit",
    params(("seq" = String, Path, description = "Number of the entry")),
    extensions(("x-sensitive-read" = json!(true))),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = AuditRawResponse)))]
async fn get_box_audit_entry(ctx: BoxCtx, Path(seq): Path<String>) -> Answer<AuditRawResponse> {
    let raw = ops::raw_box(&ctx, number(&seq)?).await?;
    Ok(ok(raw_response(&ctx, raw).await?))
}

async fn raw_response(ctx: &BoxCtx, raw: Raw) -> Result<AuditRawResponse> {
    let Raw { shown, log, canonical } = raw;
    let names = names(ctx, std::slice::from_ref(&shown)).await?;
    let name = shown.record.actor_id.and_then(|id| names.get(&id.cast()).cloned());
    Ok(AuditRawResponse {
        seq: shown.record.seq,
        log: log.to_string(),
        canonical,
        prev_hash: to_hex(&shown.record.prev_hash),
        hash: to_hex(&shown.record.hash),
        entry: entry(shown, name),
    })
}

/// Get how long a workspace's audit log is and when it was verified last.
#[utoipa::path(get, path = "/audit/state", tag = "audit",
    security(("session" = ["audit.read"])),
    responses((status = 200, body = AuditStateResponse)))]
async fn get_audit_state(ctx: Ctx) -> Answer<AuditStateResponse> {
    Ok(ok(ops::state(&ctx).await?.into()))
}

/// Get how long the box's audit log is and when it was verified last (operators).
#[utoipa::path(get, path = "/audit/state", tag = "audit",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = AuditStateResponse)))]
async fn get_box_audit_state(ctx: BoxCtx) -> Answer<AuditStateResponse> {
    Ok(ok(ops::state_box(&ctx).await?.into()))
}

async fn names(ctx: &BoxCtx, shown: &[Shown]) -> Result<HashMap<UserId, String>> {
    let actors = shown.iter().filter_map(|one| one.record.actor_id.map(Id::cast)).collect();
    users::ops::names(ctx, actors).await
}

async fn entries(ctx: &BoxCtx, listed: Listed) -> Result<Page<AuditEntryResponse>> {
    let names = names(ctx, &listed.shown).await?;
    let next = listed.next.map(|seq| page::cursor(&seq)).transpose()?;
    let items = listed.shown.into_iter().map(|one| {
        let name = one.record.actor_id.and_then(|id| names.get(&id.cast()).cloned());
        entry(one, name)
    });
    Ok(Page::new(items.collect(), next))
}

fn entry(shown: Shown, name: Option<String>) -> AuditEntryResponse {
    let record = shown.record;
    let mut changes = object(&record.changes);
    let mut personal = object(shown.personal_values.as_deref().unwrap_or("{}"));
    let mut take = |name: &str| match personal.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let (ip, user_agent) = (take("address"), take("user_agent"));
    changes.extend(
        personal
            .into_iter()
            .map(|(field, to)| (field, Value::Object(Map::from_iter([("to".to_owned(), to)])))),
    );
    AuditEntryResponse {
        seq: record.seq,
        at: record.at.to_string(),
        actor: AuditActorResponse {
            kind: record.actor_kind,
            id: record.actor_id.map(|id| id.to_string()),
            name,
        },
        action: record.action,
        object: AuditObjectResponse {
            kind: record.object_kind,
            id: record.object_id.map(|id| id.to_string()),
            version: record.object_version,
        },
        outcome: record.outcome,
        ip,
        user_agent,
        request_id: record.request_id,
        changes,
        prev_hash: to_hex(&record.prev_hash),
        hash: to_hex(&record.hash),
    }
}

fn object(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}

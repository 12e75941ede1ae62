//! Reading and verifying the audit logs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, Filter, Shown, Verdict};
use crate::http::answer::{Answer, ok};
use crate::http::extract::Query;
use crate::http::page::{self, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::{BoxCtx, Ctx};
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;
use crate::platform::identity::{UserId, users};
use crate::platform::secret::to_hex;

pub fn workspace_routes() -> Routes {
    Routes::new().routes(routes!(list_audit)).routes(routes!(verify_audit))
}

pub fn box_routes() -> Routes {
    Routes::new().routes(routes!(list_box_audit)).routes(routes!(verify_box_audit))
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
    /// Not before this time.
    from: Option<String>,
    /// Not after this time.
    to: Option<String>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

impl AuditQuery {
    fn filter(&self) -> Result<Filter> {
        Ok(Filter {
            actor: parsed("actor", self.actor.as_deref())?,
            action: self.action.clone(),
            object: parsed("object", self.object.as_deref())?,
            from: parsed("from", self.from.as_deref())?,
            to: parsed("to", self.to.as_deref())?,
            before: page::read_cursor(self.cursor.as_deref())?,
        })
    }
}

fn parsed<T: std::str::FromStr>(field: &str, text: Option<&str>) -> Result<Option<T>> {
    let Some(text) = text else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        let detail = "Use an id as it is shown, or a time like 2026-11-21T14:00:00Z.";
        Error::invalid(field, "audit-filter-bad", detail)
    })
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditActorResponse {
    /// `user`, `token`, `system`, `stranger` or `cli`.
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
    pub first_bad_seq: Option<i64>,
    pub detail: Option<String>,
}

impl From<Verdict> for AuditVerdictResponse {
    fn from(verdict: Verdict) -> Self {
        Self {
            ok: verdict.bad.is_none(),
            checked: verdict.checked,
            head: to_hex(&verdict.head),
            first_bad_seq: verdict.bad.as_ref().map(|bad| bad.seq),
            detail: verdict.bad.map(|bad| bad.detail),
        }
    }
}

/// List a workspace's audit log, newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery),
    security(("session" = ["audit.read"])),
    responses((status = 200, body = Page<AuditEntryResponse>)))]
async fn list_audit(ctx: Ctx, Query(query): Query<AuditQuery>) -> Answer<Page<AuditEntryResponse>> {
    let limit = page::limit(query.limit)?;
    let shown = ops::list(&ctx, query.filter()?, limit + 1).await?;
    Ok(ok(entries(&ctx, shown, limit).await?))
}

/// Verify a workspace's audit log.
#[utoipa::path(post, path = "/audit/verify", tag = "audit",
    extensions(("x-while-archived" = json!(true))),
    security(("session" = ["audit.read"])),
    responses((status = 200, body = AuditVerdictResponse)))]
async fn verify_audit(ctx: Ctx) -> Answer<AuditVerdictResponse> {
    Ok(ok(ops::verify(&ctx).await?.into()))
}

/// List the box's audit log, newest first (operators).
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = Page<AuditEntryResponse>)))]
async fn list_box_audit(
    ctx: BoxCtx,
    Query(query): Query<AuditQuery>,
) -> Answer<Page<AuditEntryResponse>> {
    let limit = page::limit(query.limit)?;
    let shown = ops::list_box(&ctx, query.filter()?, limit + 1).await?;
    Ok(ok(entries(&ctx, shown, limit).await?))
}

/// Verify the box's audit log (operators).
#[utoipa::path(post, path = "/audit/verify", tag = "audit",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = AuditVerdictResponse)))]
async fn verify_box_audit(ctx: BoxCtx) -> Answer<AuditVerdictResponse> {
    Ok(ok(ops::verify_box(&ctx).await?.into()))
}

async fn entries(
    ctx: &BoxCtx,
    mut shown: Vec<Shown>,
    limit: usize,
) -> Result<Page<AuditEntryResponse>> {
    let has_more = shown.len() > limit;
    shown.truncate(limit);
    let actors: Vec<UserId> =
        shown.iter().filter_map(|one| one.record.actor_id.map(Id::cast)).collect();
    let names = users::ops::names(ctx, actors).await?;
    let next = match shown.last() {
        Some(last) if has_more => Some(page::cursor(&last.record.seq)?),
        _ => None,
    };
    let items = shown.into_iter().map(|one| {
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

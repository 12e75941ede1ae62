//! Failures over HTTP.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, KeptGroup};
use super::rules::{ErrorGroupId, Kind, Report};
use crate::http::answer::{Answer, NoContent, ok};
use crate::http::extract::{Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(report_client_error))
        .routes(routes!(list_errors))
        .routes(routes!(resolve_error))
}

/// Something that broke in a browser. Texts that are too long are cut, and what looks like a
/// value is left out before anything is kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientErrorRequest {
    message: String,
    stack: Option<String>,
    /// The page, without its query.
    path: String,
    /// The request it belongs to, where there is one.
    request_id: Option<String>,
}

/// Report something that broke in the browser; at most 10 in a minute.
#[utoipa::path(post, path = "/client-errors", tag = "monitoring",
    request_body = ClientErrorRequest, extensions(("x-body-size-bytes-max" = json!(65536))),
    security(("session" = [])),
    responses((status = 204)))]
async fn report_client_error(
    ctx: BoxCtx,
    Json(body): Json<ClientErrorRequest>,
) -> Result<NoContent> {
    let report = Report::new(Kind::Browser, &body.message, ctx.now())
        .route(&body.path)
        .request(body.request_id.as_deref().unwrap_or_default())
        .sample(body.stack.as_deref().unwrap_or_default());
    ops::note_of_browser(&ctx, report)?;
    Ok(NoContent)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ErrorsQuery {
    /// `server`, `panic` or `browser`.
    kind: Option<String>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// A kind of failure, however often it happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorGroupResponse {
    pub id: String,
    /// `server`, `panic` or `browser`.
    pub kind: String,
    pub message: String,
    /// Verb and template of the route, or the page of the web UI.
    pub route: Option<String>,
    pub count: i64,
    pub first_at: String,
    pub last_at: String,
    /// Find it in the log of the box.
    pub last_request_id: Option<String>,
    /// What ran when it happened last.
    pub version: String,
    /// The newest backtrace, stack or cause.
    pub sample: Option<String>,
    /// Null while it is open; what comes again is open again.
    pub resolved_at: Option<String>,
}

impl From<KeptGroup> for ErrorGroupResponse {
    fn from(group: KeptGroup) -> Self {
        Self {
            id: group.id.to_string(),
            kind: group.kind.name().to_owned(),
            message: group.message,
            route: group.route,
            count: group.count,
            first_at: group.first_at.to_string(),
            last_at: group.last_at.to_string(),
            last_request_id: group.last_request_id,
            version: group.version,
            sample: group.sample,
            resolved_at: group.resolved_at.map(|at| at.to_string()),
        }
    }
}

/// Where a page begins, as it travels in a cursor.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor(i64, uuid::Uuid);

/// List what went wrong in the program, the failure seen last first (operators).
#[utoipa::path(get, path = "/errors", tag = "monitoring", params(ErrorsQuery),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = Page<ErrorGroupResponse>)))]
async fn list_errors(
    ctx: BoxCtx,
    Query(query): Query<ErrorsQuery>,
) -> Answer<Page<ErrorGroupResponse>> {
    let limit = page::limit(query.limit)?;
    let named = query.kind.as_deref().filter(|name| !name.is_empty());
    let kind = named.map(|name| {
        let unknown =
            || Error::invalid("kind", "error-kind-unknown", "Use server, panic or browser.");
        Kind::from_name(name).ok_or_else(unknown)
    });
    let behind = page::read_cursor::<Cursor>(query.cursor.as_deref())?
        .map(|Cursor(at, id)| (Moment(at), ErrorGroupId::from_uuid(id)));
    let newest = (Moment(i64::MAX), ErrorGroupId::from_bytes([0xff; 16]));
    let kind = kind.transpose()?;
    let groups = ops::list(&ctx, kind, behind.unwrap_or(newest), limit + 1).await?;
    let page = Page::of_one_more(groups, limit, |last| Cursor(last.last_at.0, last.id.uuid()))?;
    Ok(ok(page.map(ErrorGroupResponse::from)))
}

/// Mark a failure as dealt with (operators). When it comes again, it is open again.
#[utoipa::path(post, path = "/errors/{id}/resolve", tag = "monitoring",
    params(("id" = String, Path, description = "Id of the failure")),
    security(("session" = ["box.operate"])),
    responses((status = 204)))]
async fn resolve_error(ctx: BoxCtx, Path(id): Path<ErrorGroupId>) -> Result<NoContent> {
    ops::resolve(&ctx, id).await?;
    Ok(NoContent)
}

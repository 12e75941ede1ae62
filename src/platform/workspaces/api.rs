//! Workspaces over HTTP.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::Workspace;
use crate::http::answer::{Answer, ok};
use crate::http::extract::Query;
use crate::http::page::{self, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::{BoxCtx, Ctx};

pub fn box_routes() -> Routes {
    Routes::new().routes(routes!(list_workspaces))
}

pub fn workspace_routes() -> Routes {
    Routes::new().routes(routes!(get_workspace))
}

/// A workspace and its settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkspaceResponse {
    pub id: String,
    pub name: String,
    /// ISO 4217, e.g. `EUR`.
    pub currency: String,
    /// IANA name, e.g. `Europe/Berlin`.
    pub time_zone: String,
    /// BCP 47, e.g. `en-GB`.
    pub locale: String,
    /// 1 is Monday.
    pub week_start: i64,
    pub version: i64,
    pub created_at: String,
}

impl From<Workspace> for WorkspaceResponse {
    fn from(workspace: Workspace) -> Self {
        Self {
            id: workspace.id.to_string(),
            name: workspace.name,
            currency: workspace.currency,
            time_zone: workspace.time_zone,
            locale: workspace.locale,
            week_start: workspace.week_start,
            version: workspace.version,
            created_at: workspace.created_at.to_string(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WorkspacesQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List the workspaces you belong to; operators see all of the box.
#[utoipa::path(get, path = "/workspaces", tag = "workspaces", params(WorkspacesQuery),
    security(("session" = [])),
    responses((status = 200, body = Page<WorkspaceResponse>)))]
async fn list_workspaces(
    ctx: BoxCtx,
    Query(query): Query<WorkspacesQuery>,
) -> Answer<Page<WorkspaceResponse>> {
    let limit = page::limit(query.limit)?;
    let after = page::read_cursor::<uuid::Uuid>(query.cursor.as_deref())?;
    let after = after.map(crate::platform::id::Id::from_uuid);
    let mut found = if ctx.principal()?.is_operator {
        ops::list_all(&ctx, after, limit + 1).await?
    } else {
        let mut mine: Vec<_> =
            ops::list_mine(&ctx).await?.into_iter().map(|(_, workspace)| workspace).collect();
        mine.sort_by_key(|one| one.id);
        mine.retain(|one| after.is_none_or(|after| one.id > after));
        mine
    };
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = match found.last() {
        Some(last) if has_more => Some(page::cursor(&last.id.uuid())?),
        _ => None,
    };
    Ok(ok(Page::new(found.into_iter().map(Into::into).collect(), next)))
}

/// Get a workspace.
#[utoipa::path(get, path = "", tag = "workspaces",
    security(("session" = ["workspace.read"])),
    responses((status = 200, body = WorkspaceResponse)))]
async fn get_workspace(ctx: Ctx) -> Answer<WorkspaceResponse> {
    let workspace = ops::get(&ctx).await?;
    let version = workspace.version;
    Ok(ok(workspace.into()).version(version))
}

//! Workspaces over HTTP.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::{Change, Draft, State, States, Workspace};
use super::{members, roles};
use crate::http::answer::{Answer, NoContent, Reply, created, ok};
use crate::http::extract::{IfMatch, InWorkspace, Json, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::Platform;
use crate::platform::app::Routes;
use crate::platform::ctx::{BoxCtx, Ctx};
use crate::platform::error::Result;
use crate::platform::idempotency::rules::Created;

pub fn box_routes() -> Routes {
    Routes::new().routes(routes!(list_workspaces, create_workspace))
}

pub fn workspace_routes() -> Routes {
    Routes::new()
        .routes(routes!(get_workspace, change_workspace, delete_workspace))
        .routes(routes!(archive_workspace))
        .routes(routes!(restore_workspace))
        .routes(routes!(wipe_workspace))
        .routes(routes!(get_usage))
        .merge(members::api::routes())
        .merge(roles::api::routes())
}

/// What can be done in a workspace: everything, only reading, or nothing until it is restored.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WorkspaceState {
    Active,
    Archived,
    Deleted,
}

impl From<State> for WorkspaceState {
    fn from(state: State) -> Self {
        match state {
            State::Active => Self::Active,
            State::Archived => Self::Archived,
            State::Deleted => Self::Deleted,
        }
    }
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
    /// The apps switched on, e.g. `inventory`.
    pub apps: Vec<String>,
    /// Made to be played with; can be wiped without grace.
    pub is_sample: bool,
    pub state: WorkspaceState,
    /// When its file was found damaged: it can only be read until an operator restores it.
    pub damaged_at: Option<String>,
    pub archived_at: Option<String>,
    pub deleted_at: Option<String>,
    /// When a deleted workspace is gone for good.
    pub purge_at: Option<String>,
    pub version: i64,
    pub created_at: String,
    pub updated_at: String,
}

impl WorkspaceResponse {
    pub fn of(workspace: Workspace, platform: &Platform) -> Self {
        Self {
            apps: workspace.apps.of_known(&platform.app_ids()),
            state: workspace.state().into(),
            damaged_at: platform.workspaces.damaged_at(workspace.id).map(|at| at.to_string()),
            purge_at: workspace.purge_at().map(|at| at.to_string()),
            id: workspace.id.to_string(),
            name: workspace.name,
            currency: workspace.currency,
            time_zone: workspace.time_zone,
            locale: workspace.locale,
            week_start: workspace.week_start,
            is_sample: workspace.is_sample,
            archived_at: workspace.archived_at.map(|at| at.to_string()),
            deleted_at: workspace.deleted_at.map(|at| at.to_string()),
            version: workspace.version,
            created_at: workspace.created_at.to_string(),
            updated_at: workspace.updated_at.to_string(),
        }
    }
}

/// Which workspaces to list.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StateFilter {
    Active,
    Archived,
    Deleted,
    All,
}

impl From<StateFilter> for States {
    fn from(filter: StateFilter) -> Self {
        match filter {
            StateFilter::Active => Self::Only(State::Active),
            StateFilter::Archived => Self::Only(State::Archived),
            StateFilter::Deleted => Self::Only(State::Deleted),
            StateFilter::All => Self::All,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WorkspacesQuery {
    /// Active and archived ones when left out. Of the deleted ones, operators see all and others
    /// those they own.
    #[param(inline)]
    state: Option<StateFilter>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// A new workspace; what is left out gets a default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWorkspaceRequest {
    /// 1 to 100 characters.
    name: String,
    /// IANA name; `UTC` when left out.
    time_zone: Option<String>,
    /// ISO 4217; `EUR` when left out.
    currency: Option<String>,
    /// BCP 47; `en-GB` when left out.
    locale: Option<String>,
    /// 1 is Monday; 1 when left out.
    week_start: Option<i64>,
    /// The apps to switch on; all when left out.
    apps: Option<Vec<String>>,
    /// Makes it a sample: a job loads a made-up group of kitchens, and it can be wiped at once.
    #[serde(default)]
    load_sample_data: bool,
}

/// Settings to change; fields left out stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateWorkspaceRequest {
    name: Option<String>,
    time_zone: Option<String>,
    currency: Option<String>,
    locale: Option<String>,
    week_start: Option<i64>,
    /// All apps that are to be switched on.
    apps: Option<Vec<String>>,
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
    let states = query.state.map_or(States::Usable, Into::into);
    let found = ops::list(&ctx, states, after, limit + 1).await?;
    let page = Page::of_one_more(found, limit, |last| last.id.uuid())?;
    Ok(ok(page.map(|one| WorkspaceResponse::of(one, &ctx.platform))))
}

/// Make a workspace. The operator who makes it is its owner.
#[utoipa::path(post, path = "/workspaces", tag = "workspaces",
    security(("session" = ["box.operate"])),
    responses((status = 201, body = WorkspaceResponse)))]
async fn create_workspace(
    ctx: BoxCtx,
    Json(body): Json<CreateWorkspaceRequest>,
) -> Answer<WorkspaceResponse> {
    let draft = Draft {
        name: body.name,
        time_zone: body.time_zone,
        currency: body.currency,
        locale: body.locale,
        week_start: body.week_start,
        apps: body.apps,
        is_sample: body.load_sample_data,
    };
    let Created { value, is_replay } = ops::create(&ctx, draft).await?;
    let version = value.version;
    let value = WorkspaceResponse::of(value, &ctx.platform);
    Ok(created(Created { value, is_replay }).version(version))
}

/// Get a workspace.
#[utoipa::path(get, path = "", tag = "workspaces",
    security(("session" = ["workspace.read"])),
    responses((status = 200, body = WorkspaceResponse)))]
async fn get_workspace(ctx: Ctx) -> Answer<WorkspaceResponse> {
    Ok(answer(&ctx, ops::get(&ctx).await?))
}

/// Change a workspace's settings.
#[utoipa::path(patch, path = "", tag = "workspaces",
    params(("If-Match" = String, Header, description = "The version being changed, as its ETag")),
    security(("session" = ["workspace.settings"])),
    responses((status = 200, body = WorkspaceResponse)))]
async fn change_workspace(
    ctx: Ctx,
    IfMatch(version): IfMatch,
    Json(body): Json<UpdateWorkspaceRequest>,
) -> Answer<WorkspaceResponse> {
    let change = Change {
        name: body.name,
        time_zone: body.time_zone,
        currency: body.currency,
        locale: body.locale,
        week_start: body.week_start,
        apps: body.apps,
    };
    Ok(answer(&ctx, ops::change(&ctx, version, change).await?))
}

/// Delete a workspace. Nobody gets in any more; for 30 days its owners and operators can restore
/// it, then it is gone.
#[utoipa::path(delete, path = "", tag = "workspaces",
    extensions(("x-while-archived" = json!(true))),
    params(("If-Match" = String, Header, description = "The version being deleted, as its ETag")),
    security(("session" = ["workspace.delete"])),
    responses((status = 204)))]
async fn delete_workspace(ctx: Ctx, IfMatch(version): IfMatch) -> Result<NoContent> {
    ops::delete(&ctx, version).await?;
    Ok(NoContent)
}

/// Archive a workspace: it can be read and not changed.
#[utoipa::path(post, path = "/archive", tag = "workspaces",
    extensions(("x-while-archived" = json!(true))),
    security(("session" = ["workspace.settings"])),
    responses((status = 200, body = WorkspaceResponse)))]
async fn archive_workspace(ctx: Ctx) -> Answer<WorkspaceResponse> {
    Ok(answer(&ctx, ops::archive(&ctx).await?))
}

/// Restore an archived workspace (its owners and admins) or a deleted one (its owners and
/// operators).
#[utoipa::path(post, path = "/restore", tag = "workspaces",
    security(("session" = [])),
    responses((status = 200, body = WorkspaceResponse)))]
async fn restore_workspace(ctx: BoxCtx, InWorkspace(id): InWorkspace) -> Answer<WorkspaceResponse> {
    Ok(answer(&ctx, ops::restore(&ctx, id).await?))
}

/// Wipe a sample workspace: it is gone at once, with its file.
#[utoipa::path(post, path = "/wipe", tag = "workspaces",
    extensions(("x-while-archived" = json!(true))),
    security(("session" = ["workspace.delete"])),
    responses((status = 204)))]
async fn wipe_workspace(ctx: Ctx) -> Result<NoContent> {
    ops::wipe(&ctx).await?;
    Ok(NoContent)
}

/// How much a workspace holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageResponse {
    pub members: i64,
    /// How many people have each role, e.g. `{"owner": 1, "viewer": 3}`.
    pub members_by_role: BTreeMap<String, i64>,
    pub invitations_waiting: i64,
    /// Its file on the disk of the box.
    pub database_bytes: u64,
    /// Its pictures and documents beside that, small pictures included, each counted once.
    pub file_bytes: u64,
    pub audit_entries: i64,
    /// Of the apps switched on.
    pub objects: Vec<ObjectCountResponse>,
}

/// How much there is of one kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObjectCountResponse {
    /// E.g. `inventory.item`.
    pub kind: String,
    /// E.g. `Items`.
    pub title: String,
    pub count: i64,
}

/// Get how much a workspace holds.
#[utoipa::path(get, path = "/usage", tag = "workspaces",
    security(("session" = ["workspace.settings"])),
    responses((status = 200, body = UsageResponse)))]
async fn get_usage(ctx: Ctx) -> Answer<UsageResponse> {
    let usage = ops::usage(&ctx).await?;
    let objects = usage.objects.into_iter().map(|one| ObjectCountResponse {
        kind: one.kind.to_owned(),
        title: one.title.to_owned(),
        count: one.count,
    });
    Ok(ok(UsageResponse {
        members: usage.members.iter().map(|(_, count)| count).sum(),
        members_by_role: usage.members.into_iter().collect(),
        invitations_waiting: usage.invitations_waiting,
        database_bytes: usage.database_bytes,
        file_bytes: usage.file_bytes,
        audit_entries: usage.audit_entries,
        objects: objects.collect(),
    }))
}

fn answer(ctx: &BoxCtx, workspace: Workspace) -> Reply<WorkspaceResponse> {
    let version = workspace.version;
    ok(WorkspaceResponse::of(workspace, &ctx.platform)).version(version)
}

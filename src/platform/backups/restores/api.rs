//! Restores over HTTP, for operators.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, From, Wish};
use super::rules::{Mode, Restore, RestoreId};
use crate::http::answer::{Answer, ok};
use crate::http::extract::{Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::backups::bases::rules::Backup;
use crate::platform::backups::targets::rules::Target;
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;
use crate::platform::jobs::api::{JobResponse, shown_on_box};
use crate::platform::secret::Secret;
use crate::platform::workspaces::WorkspaceId;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_restores, request_restore))
        .routes(routes!(get_restore))
        .routes(routes!(undo_restore))
}

/// A restore of a workspace, or a look into a backup.
#[derive(Debug, Serialize, ToSchema)]
pub struct RestoreResponse {
    pub id: String,
    pub job_id: String,
    /// None where an undo, or a folder on the machine, needed none of the list.
    pub backup_id: Option<String>,
    /// What was brought back, or what was made.
    pub workspace_id: Option<String>,
    /// `look`, `in_place`, `as_new` or `undo`.
    pub mode: String,
    /// `running`, `done`, `failed` or `undone`.
    pub state: String,
    /// None: somebody at the box's command line.
    pub asked_by: Option<String>,
    pub asked_at: String,
    pub finished_at: Option<String>,
    /// Until then it can be undone.
    pub kept_until: Option<String>,
    /// What was there before is damaged: its file is not put back, and lies in the data folder as
    /// `workspaces/kept/<id>.db` until somebody removes it or a person in it is erased.
    pub was_damaged: bool,
    /// What went wrong, in one sentence.
    pub detail: Option<String>,
    /// What a look found; as the job's result, and whole. Only where one is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub found: Option<Value>,
}

impl std::convert::From<Restore> for RestoreResponse {
    fn from(restore: Restore) -> Self {
        let time = |at: Option<Moment>| at.map(|at| at.to_string());
        Self {
            id: restore.id.to_string(),
            job_id: restore.job.to_string(),
            backup_id: restore.backup.map(|id| id.to_string()),
            workspace_id: restore.workspace.map(|id| id.to_string()),
            mode: restore.mode.name().to_owned(),
            state: restore.state.name().to_owned(),
            asked_by: restore.asked_by.map(|id| id.to_string()),
            asked_at: restore.asked_at.to_string(),
            finished_at: time(restore.finished_at),
            kept_until: time(restore.kept_until),
            was_damaged: restore.was_damaged,
            detail: restore.detail,
            found: None,
        }
    }
}

/// What to bring back from which backup.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreRequest {
    backup_id: String,
    /// Which copy of it; without one, the first that can be had.
    target_id: Option<String>,
    /// The text of the recovery kit, or its line that begins with AGE-SECRET-KEY-1. Kept in memory
    /// for this restore alone.
    #[schema(value_type = String)]
    identity: Secret,
    /// As it is in the backup. Only a look can do without.
    workspace_id: Option<String>,
    /// `look`, `in_place` or `as_new`.
    mode: String,
    /// What a new workspace is called.
    name: Option<String>,
}

impl RestoreRequest {
    fn wish(self) -> Result<Wish> {
        let mode = Mode::asked(&self.mode)?;
        let id = id_in::<Backup>("backup_id", "restore-source", &self.backup_id)?;
        let target = self.target_id.as_deref();
        let target = target.map(|id| id_in::<Target>("target_id", "restore-backup", id));
        let workspace = self.workspace_id.as_deref();
        let workspace = workspace
            .map(|id| -> Result<WorkspaceId> { id_in("workspace_id", "restore-workspace", id) });
        Ok(Wish {
            from: From::Backup { id, target: target.transpose()? },
            identity: self.identity,
            workspace: workspace.transpose()?,
            mode,
            name: self.name,
        })
    }
}

fn id_in<T>(field: &str, code: &'static str, text: &str) -> Result<Id<T>> {
    text.parse().map_err(|_| Error::invalid(field, code, "This is no id."))
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RestoresQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List restores, the newest first (operators).
#[utoipa::path(get, path = "/restores", tag = "backups", params(RestoresQuery),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = Page<RestoreResponse>)))]
async fn list_restores(
    ctx: BoxCtx,
    Query(query): Query<RestoresQuery>,
) -> Answer<Page<RestoreResponse>> {
    let limit = page::limit(query.limit)?;
    let before = page::read_cursor::<uuid::Uuid>(query.cursor.as_deref())?.map(Id::from_uuid);
    let found = ops::list(&ctx, before, limit + 1).await?;
    let page = Page::of_one_more(found, limit, |last| last.id.uuid())?;
    Ok(ok(page.map(Into::into)))
}

/// Bring a workspace back from a backup, or look what is in it (operators).
///
/// `in_place` replaces the workspace by what it was; the file of before is kept for seven days and
/// the audit log goes on without a gap. `as_new` makes another workspace of it, whose owner is the
/// caller. The answer is the job that does it; its result says what came of it.
#[utoipa::path(post, path = "/restores", tag = "backups",
    security(("session" = ["box.operate"])),
    extensions(
        ("x-step-up" = json!(true)), ("x-makes-job" = json!(true)), ("x-heavy" = json!(true)),
    ),
    responses(
        (status = 202, body = JobResponse),
        (status = 409, description = "A restore of the same workspace is under way."),
    ))]
async fn request_restore(ctx: BoxCtx, Json(body): Json<RestoreRequest>) -> Answer<JobResponse> {
    let job = ops::ask(&ctx, body.wish()?).await?;
    let shown = shown_on_box(&ctx, job.value).await?;
    Ok(ok(shown).accepted())
}

/// Get one restore (operators).
#[utoipa::path(get, path = "/restores/{id}", tag = "backups",
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 200, body = RestoreResponse)))]
async fn get_restore(ctx: BoxCtx, Path(id): Path<RestoreId>) -> Answer<RestoreResponse> {
    let (restore, found) = ops::get(&ctx, id).await?;
    let found = found.as_deref().and_then(|json| serde_json::from_str(json).ok());
    Ok(ok(RestoreResponse { found, ..restore.into() }))
}

/// Put the file back that a restore replaced (operators).
#[utoipa::path(post, path = "/restores/{id}/undo", tag = "backups",
    security(("session" = ["box.operate"])),
    extensions(
        ("x-step-up" = json!(true)), ("x-makes-job" = json!(true)), ("x-heavy" = json!(true)),
    ),
    params(("id" = String, Path)),
    responses(
        (status = 202, body = JobResponse),
        (status = 409, description = "It cannot be undone, or not any more."),
    ))]
async fn undo_restore(ctx: BoxCtx, Path(id): Path<RestoreId>) -> Answer<JobResponse> {
    let job = ops::undo(&ctx, id).await?;
    let shown = shown_on_box(&ctx, job.value).await?;
    Ok(ok(shown).accepted())
}

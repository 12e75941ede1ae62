//! Backups over HTTP, for operators.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::Backup;
use crate::http::answer::{Answer, ok};
use crate::http::extract::{Path, Query};
use crate::http::page::{self, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::id::Id;
use crate::platform::jobs::api::{JobResponse, shown_on_box};

pub fn routes() -> Routes {
    Routes::new().routes(routes!(list_backups, run_backup)).routes(routes!(get_backup))
}

/// A base backup.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupResponse {
    pub id: String,
    /// Counts those that were written, from 1.
    pub sequence: Option<u64>,
    /// `running`, `uploaded` (it lies at one target at least) or `failed`.
    pub state: String,
    pub job_id: String,
    pub started_at: String,
    /// The one moment that all of it is of.
    pub taken_at: Option<String>,
    pub finished_at: Option<String>,
    /// Bytes of the files that it holds.
    pub source_bytes: Option<u64>,
    /// Bytes of the backup, compressed and encrypted.
    pub size_bytes: Option<u64>,
    pub workspaces: Option<u64>,
    /// Below the folder of the box at a target.
    pub folder: Option<String>,
    /// What went wrong, in one sentence.
    pub detail: Option<String>,
}

impl From<Backup> for BackupResponse {
    fn from(backup: Backup) -> Self {
        let time = |at: Option<crate::platform::clock::Moment>| at.map(|at| at.to_string());
        Self {
            id: backup.id.to_string(),
            sequence: backup.sequence,
            state: backup.state.name().to_owned(),
            job_id: backup.job.to_string(),
            started_at: backup.started_at.to_string(),
            taken_at: time(backup.taken_at),
            finished_at: time(backup.finished_at),
            source_bytes: backup.source_bytes,
            size_bytes: backup.size_bytes,
            workspaces: backup.workspaces,
            folder: backup.folder,
            detail: backup.detail,
        }
    }
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BackupsQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List backups, the newest first (operators).
#[utoipa::path(get, path = "/backups", tag = "backups", params(BackupsQuery),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = Page<BackupResponse>)))]
async fn list_backups(
    ctx: BoxCtx,
    Query(query): Query<BackupsQuery>,
) -> Answer<Page<BackupResponse>> {
    let limit = page::limit(query.limit)?;
    let before = page::read_cursor::<uuid::Uuid>(query.cursor.as_deref())?.map(Id::from_uuid);
    let found = ops::list(&ctx, before, limit + 1).await?;
    let page = Page::of_one_more(found, limit, |last| last.id.uuid())?;
    Ok(ok(page.map(Into::into)))
}

/// Make a backup now (operators). The answer is the job that makes it; one that is under way is
/// joined.
#[utoipa::path(post, path = "/backups", tag = "backups",
    security(("session" = ["box.operate"])), extensions(("x-makes-job" = json!(true))),
    responses(
        (status = 202, body = JobResponse),
        (status = 409, description = "There is no recovery kit or no target."),
    ))]
async fn run_backup(ctx: BoxCtx) -> Answer<JobResponse> {
    let job = ops::run(&ctx).await?;
    let shown = shown_on_box(&ctx, job.value).await?;
    Ok(ok(shown).accepted())
}

/// Get one backup (operators).
#[utoipa::path(get, path = "/backups/{id}", tag = "backups",
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 200, body = BackupResponse)))]
async fn get_backup(ctx: BoxCtx, Path(id): Path<Id<Backup>>) -> Answer<BackupResponse> {
    Ok(ok(ops::get(&ctx, id).await?.into()))
}

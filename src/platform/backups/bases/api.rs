//! Backups over HTTP, for operators.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, Shown};
use super::returning;
use super::rules::{Backup, Copy, level};
use crate::http::answer::{Answer, ok};
use crate::http::extract::{Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxCtx;
use crate::platform::id::Id;
use crate::platform::jobs::api::{JobResponse, shown_on_box};

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_backups, run_backup))
        .routes(routes!(get_backup))
        .routes(routes!(settle))
}

/// A base backup.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupResponse {
    pub id: String,
    /// Counts those that were written, from 1.
    pub sequence: Option<u64>,
    /// `running`, `uploaded` (it lay at one target at least) or `failed`.
    pub state: String,
    /// How far it is proved: `uploaded`, `verified` (fetched back, opened and found whole) or
    /// `drilled` (opened with a recovery kit); null where no copy of it lies anywhere.
    pub level: Option<String>,
    /// Why it was made: `asked`, `schedule`, `recovery` or `migration`.
    pub reason: String,
    pub job_id: String,
    pub started_at: String,
    /// The one moment that all of it is of.
    pub taken_at: Option<String>,
    pub finished_at: Option<String>,
    pub verified_at: Option<String>,
    pub drilled_at: Option<String>,
    /// Bytes of the files that it holds.
    pub source_bytes: Option<u64>,
    /// Bytes of the backup, compressed and encrypted.
    pub size_bytes: Option<u64>,
    pub workspaces: Option<u64>,
    /// Below the folder of the box at a target.
    pub folder: Option<String>,
    /// What went wrong, in one sentence.
    pub detail: Option<String>,
    pub copies: Vec<BackupCopyResponse>,
}

/// A backup as it lies, or is to lie, at one target.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupCopyResponse {
    pub target_id: String,
    pub target_name: String,
    /// `waiting`, `there`, `failed` (it never got there, or is damaged) or `gone` (removed).
    pub state: String,
    pub uploaded_at: Option<String>,
    pub verified_at: Option<String>,
    /// When its files were last compared with what was written.
    pub checked_at: Option<String>,
    /// What went wrong, in one sentence.
    pub detail: Option<String>,
    /// Something is still to be done for it, not before this time.
    pub next_try_at: Option<String>,
}

fn time(at: Option<Moment>) -> Option<String> {
    at.map(|at| at.to_string())
}

impl From<Copy> for BackupCopyResponse {
    fn from(copy: Copy) -> Self {
        Self {
            target_id: copy.target.to_string(),
            target_name: copy.target_name,
            state: copy.state.name().to_owned(),
            uploaded_at: time(copy.uploaded_at),
            verified_at: time(copy.verified_at),
            checked_at: time(copy.checked_at),
            detail: copy.detail,
            next_try_at: time(copy.next_try_at),
        }
    }
}

impl From<Shown> for BackupResponse {
    fn from(Shown { backup, copies }: Shown) -> Self {
        Self {
            level: level(&backup, &copies).map(|level| level.name().to_owned()),
            copies: copies.into_iter().map(Into::into).collect(),
            id: backup.id.to_string(),
            sequence: backup.sequence,
            state: backup.state.name().to_owned(),
            reason: backup.reason.name().to_owned(),
            job_id: backup.job.to_string(),
            started_at: backup.started_at.to_string(),
            taken_at: time(backup.taken_at),
            finished_at: time(backup.finished_at),
            verified_at: time(backup.verified_at),
            drilled_at: time(backup.drilled_at),
            source_bytes: backup.source_bytes,
            size_bytes: backup.size_bytes,
            workspaces: backup.workspaces,
            folder: backup.folder,
            detail: backup.detail,
        }
    }
}

/// The life of this box among those with its identity.
#[derive(Debug, Serialize, ToSchema)]
pub struct LivingResponse {
    /// Counts its recoveries; backups with a lower one are of an earlier life.
    pub box_epoch: u64,
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
    let page = Page::of_one_more(found, limit, |last| last.backup.id.uuid())?;
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

/// Say that this box is the living one, where another one with its identity was seen at a target
/// (operators). The other one's backups are refused from now on.
#[utoipa::path(post, path = "/backups/living", tag = "backups",
    security(("session" = ["box.operate"])), extensions(("x-step-up" = json!(true))),
    responses(
        (status = 200, body = LivingResponse),
        (status = 409, description = "No other box was seen."),
    ))]
async fn settle(ctx: BoxCtx) -> Answer<LivingResponse> {
    Ok(ok(LivingResponse { box_epoch: returning::settle(&ctx).await? }))
}

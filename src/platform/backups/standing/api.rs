//! How it stands with backups, over HTTP.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops::{self, Whole};
use crate::http::answer::{Answer, ok};
use crate::platform::app::Routes;
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxCtx;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(get_backup_state))
}

/// How it stands with backups as a whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupStateResponse {
    /// Recovery kits in use.
    pub kits: usize,
    /// Whether somebody has shown that they hold one of them.
    pub kit_confirmed: bool,
    pub targets: usize,
    /// When the clock makes the next one; null where the schedule is off.
    pub next_run_at: Option<String>,
    /// The job that makes one now.
    pub running_job: Option<String>,
    /// The moment that the newest one at a target is of.
    pub last_made_at: Option<String>,
    pub last_verified_at: Option<String>,
    /// When somebody last opened one with a kit.
    pub last_drilled_at: Option<String>,
    /// Whether somebody should do that again: once a month.
    pub drill_due: bool,
    /// What is wrong, the worst first.
    pub trouble: Vec<BackupTroubleResponse>,
}

/// Something that is wrong with backups.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupTroubleResponse {
    /// Explained at `/problems/{code}`.
    pub code: String,
    /// The workspace that it is about, where it is about one.
    pub workspace_id: Option<String>,
    /// One sentence for a person.
    pub detail: String,
}

/// Get how it stands with backups as a whole (operators).
#[utoipa::path(get, path = "/backup-state", tag = "backups",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = BackupStateResponse)))]
async fn get_backup_state(ctx: BoxCtx) -> Answer<BackupStateResponse> {
    let Whole { standing, next_run_at, running } = ops::whole(&ctx).await?;
    let now = ctx.now();
    let time = |at: Option<Moment>| at.map(|at| at.to_string());
    let trouble = standing.trouble(now).into_iter();
    Ok(ok(BackupStateResponse {
        kits: standing.kits,
        kit_confirmed: standing.is_kit_confirmed,
        targets: standing.targets,
        next_run_at: time(next_run_at),
        running_job: running.map(|id| id.to_string()),
        last_made_at: time(standing.last_made_at),
        last_verified_at: time(standing.last_verified_at),
        last_drilled_at: time(standing.last_drilled_at),
        drill_due: standing.is_drill_due(now),
        trouble: trouble
            .map(|one| BackupTroubleResponse {
                code: one.code.to_owned(),
                workspace_id: one.workspace.map(|id| id.to_string()),
                detail: one.detail,
            })
            .collect(),
    }))
}

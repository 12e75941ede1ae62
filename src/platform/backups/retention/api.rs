//! How long backups are kept, over HTTP.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops::{self, Plan, Planned};
use super::rules::Retention;
use crate::http::answer::{Answer, ok};
use crate::http::extract::Json;
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::jobs::api::{JobResponse, shown_on_box};

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(get_backup_settings, change_backup_settings))
        .routes(routes!(get_backup_plan))
        .routes(routes!(prune_backups))
}

/// How many backups are kept: the newest verified one of so many days, weeks, months and years.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupRetention {
    pub daily: u32,
    pub weekly: u32,
    pub monthly: u32,
    pub yearly: u32,
    /// So many that were verified are kept in any case; 1 at least.
    pub verified_min: u32,
}

impl From<Retention> for BackupRetention {
    fn from(retention: Retention) -> Self {
        let Retention { daily, weekly, monthly, yearly, verified_min } = retention;
        Self { daily, weekly, monthly, yearly, verified_min }
    }
}

impl From<BackupRetention> for Retention {
    fn from(retention: BackupRetention) -> Self {
        let BackupRetention { daily, weekly, monthly, yearly, verified_min } = retention;
        Self { daily, weekly, monthly, yearly, verified_min }
    }
}

/// What is decided about backups.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupSettingsResponse {
    pub retention: BackupRetention,
}

/// What is to be decided about backups.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupSettingsRequest {
    retention: BackupRetention,
}

/// What becomes of one backup.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlannedBackupResponse {
    pub backup_id: String,
    pub sequence: Option<u64>,
    pub taken_at: Option<String>,
    pub keep: bool,
    /// `newest` (nothing newer was verified yet), `verified` (one of the last that were),
    /// `daily`, `weekly`, `monthly`, `yearly`; empty when it goes.
    pub why: Vec<String>,
    pub size_bytes: Option<u64>,
}

impl From<Planned> for PlannedBackupResponse {
    fn from(Planned { backup, why }: Planned) -> Self {
        Self {
            backup_id: backup.id.to_string(),
            sequence: backup.sequence,
            taken_at: backup.taken_at.map(|at| at.to_string()),
            keep: !why.is_empty(),
            why: why.into_iter().map(|why| why.name().to_owned()).collect(),
            size_bytes: backup.size_bytes,
        }
    }
}

/// What becomes of all backups that lie at a target, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupPlanResponse {
    pub items: Vec<PlannedBackupResponse>,
    /// Why none of them goes now.
    pub paused: Option<String>,
}

/// Get how long backups are kept (operators).
#[utoipa::path(get, path = "/backup-settings", tag = "backups",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = BackupSettingsResponse)))]
async fn get_backup_settings(ctx: BoxCtx) -> Answer<BackupSettingsResponse> {
    Ok(ok(BackupSettingsResponse { retention: ops::settings(&ctx).await?.into() }))
}

/// Decide how long backups are kept (operators). Nothing goes before the next backup was verified.
#[utoipa::path(patch, path = "/backup-settings", tag = "backups",
    request_body = BackupSettingsRequest,
    security(("session" = ["box.operate"])), extensions(("x-step-up" = json!(true))),
    responses((status = 200, body = BackupSettingsResponse)))]
async fn change_backup_settings(
    ctx: BoxCtx,
    Json(body): Json<BackupSettingsRequest>,
) -> Answer<BackupSettingsResponse> {
    let changed = ops::change(&ctx, body.retention.into()).await?;
    Ok(ok(BackupSettingsResponse { retention: changed.into() }))
}

/// Get which backups are kept and which go, and why (operators).
#[utoipa::path(get, path = "/backups/plan", tag = "backups",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = BackupPlanResponse)))]
async fn get_backup_plan(ctx: BoxCtx) -> Answer<BackupPlanResponse> {
    let Plan { backups, paused } = ops::plan(&ctx).await?;
    let items = backups.into_iter().map(Into::into).collect();
    Ok(ok(BackupPlanResponse { items, paused }))
}

/// Remove the backups that the plan says (operators).
#[utoipa::path(post, path = "/backups/prune", tag = "backups",
    security(("session" = ["box.operate"])),
    extensions(("x-makes-job" = json!(true)), ("x-step-up" = json!(true))),
    responses((status = 202, body = JobResponse)))]
async fn prune_backups(ctx: BoxCtx) -> Answer<JobResponse> {
    let job = ops::ask_for_prune(&ctx).await?;
    Ok(ok(shown_on_box(&ctx, job.value).await?).accepted())
}

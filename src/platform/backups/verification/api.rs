//! Looks at backups that lie somewhere, over HTTP.

use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops;
use crate::http::answer::{Answer, accepted};
use crate::http::extract::{Json, Path};
use crate::platform::app::Routes;
use crate::platform::backups::bases::rules::Backup;
use crate::platform::ctx::BoxCtx;
use crate::platform::id::Id;
use crate::platform::jobs::api::{JobResponse, shown_on_box};

pub fn routes() -> Routes {
    Routes::new().routes(routes!(verify_backup)).routes(routes!(drill_backup))
}

/// What opens the backup.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrillRequest {
    /// A recovery kit, or its line that begins with `AGE-SECRET-KEY-1`. It is kept in memory until
    /// the drill is done, and nowhere else.
    identity: String,
}

/// Compare every copy of a backup with what was written, byte by byte (operators).
#[utoipa::path(post, path = "/backups/{id}/verify", tag = "backups",
    security(("session" = ["box.operate"])), extensions(("x-makes-job" = json!(true))),
    params(("id" = String, Path)),
    responses(
        (status = 202, body = JobResponse),
        (status = 409, description = "No copy of it lies anywhere."),
    ))]
async fn verify_backup(ctx: BoxCtx, Path(id): Path<Id<Backup>>) -> Answer<JobResponse> {
    let asked = ops::ask_for_check(&ctx, id).await?;
    let is_replay = asked.is_replay;
    let value = shown_on_box(&ctx, asked.value).await?;
    Ok(accepted(crate::platform::idempotency::rules::Created { value, is_replay }))
}

/// Open a backup with a recovery kit, as after a fire, and look through all of it (operators).
#[utoipa::path(post, path = "/backups/{id}/drill", tag = "backups", request_body = DrillRequest,
    security(("session" = ["box.operate"])),
    extensions(("x-makes-job" = json!(true)), ("x-step-up" = json!(true))),
    params(("id" = String, Path)),
    responses(
        (status = 202, body = JobResponse),
        (status = 409, description = "No copy of it lies anywhere, or a drill is under way."),
    ))]
async fn drill_backup(
    ctx: BoxCtx,
    Path(id): Path<Id<Backup>>,
    Json(body): Json<DrillRequest>,
) -> Answer<JobResponse> {
    let asked = ops::ask_for_drill(&ctx, id, &body.identity).await?;
    let is_replay = asked.is_replay;
    let value = shown_on_box(&ctx, asked.value).await?;
    Ok(accepted(crate::platform::idempotency::rules::Created { value, is_replay }))
}

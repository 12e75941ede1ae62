//! Changing schedules over HTTP, for operators.

use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops;
use crate::http::answer::{Answer, ok};
use crate::http::extract::{Json, Path};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::jobs::api::{JobScheduleResponse, schedule_on_box};

pub fn routes() -> Routes {
    Routes::new().routes(routes!(change_schedule))
}

/// A schedule as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeScheduleRequest {
    /// Minute, hour, day of the month, month, day of the week; null: as the program brings it.
    cron: Option<String>,
    /// Whether it runs by itself at all.
    is_on: bool,
}

/// Decide when jobs of a kind run by themselves, on the whole box (operators).
#[utoipa::path(patch, path = "/jobs/schedules/{kind}", tag = "jobs",
    request_body = ChangeScheduleRequest, security(("session" = ["box.operate"])),
    params(("kind" = String, Path, description = "E.g. `platform.backup`.")),
    responses((status = 200, body = JobScheduleResponse)))]
async fn change_schedule(
    ctx: BoxCtx,
    Path(kind): Path<String>,
    Json(body): Json<ChangeScheduleRequest>,
) -> Answer<JobScheduleResponse> {
    let changed = ops::change(&ctx, &kind, body.cron.as_deref(), body.is_on).await?;
    Ok(ok(schedule_on_box(&ctx, changed).await?))
}

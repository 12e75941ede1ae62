//! The master key over HTTP. The key itself never is.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops::{self, MasterKeyState};
use crate::http::answer::{Answer, ok};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::jobs::api::{JobResponse, shown_on_box};

pub fn routes() -> Routes {
    Routes::new().routes(routes!(get_master_key)).routes(routes!(rotate_keys))
}

/// The key that everything sealed is sealed with.
#[derive(Debug, Serialize, ToSchema)]
pub struct MasterKeyResponse {
    /// Tells it from others; no secret.
    pub id: String,
    /// `file` in the data folder, or `credential` of systemd.
    pub source: String,
    /// Whether a new one is being taken in.
    pub is_rotating: bool,
}

impl From<MasterKeyState> for MasterKeyResponse {
    fn from(state: MasterKeyState) -> Self {
        let source = state.source.name().to_owned();
        Self { id: state.id, source, is_rotating: state.is_rotating }
    }
}

/// Say which master key the box uses (operators).
#[utoipa::path(get, path = "/keys", tag = "keys", security(("session" = ["box.operate"])),
    responses((status = 200, body = MasterKeyResponse)))]
async fn get_master_key(ctx: BoxCtx) -> Answer<MasterKeyResponse> {
    Ok(ok(ops::state(&ctx.platform).into()))
}

/// Change the master key: everything sealed is sealed anew with a new one (operators). The answer
/// is the job that does it; one that is under way already is joined.
#[utoipa::path(post, path = "/keys/rotate", tag = "keys",
    security(("session" = ["box.operate"])),
    extensions(("x-makes-job" = json!(true)), ("x-step-up" = json!(true))),
    responses(
        (status = 202, body = JobResponse),
        (status = 409, description = "systemd gives the box its key."),
    ))]
async fn rotate_keys(ctx: BoxCtx) -> Answer<JobResponse> {
    let job = ops::rotate(&ctx).await?;
    Ok(ok(shown_on_box(&ctx, job).await?).accepted())
}

//! Reset links over HTTP.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops::{self, Issued};
use crate::http::address::network;
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::extract::{Json, Path};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::id::Id;
use crate::platform::identity::User;
use crate::platform::secret::Secret;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(create_reset_link))
        .routes(routes!(inspect_reset))
        .routes(routes!(reset_password))
}

/// A link with which a person chooses a password. Shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResetLinkResponse {
    pub link: String,
    pub expires_at: String,
}

impl From<Issued> for ResetLinkResponse {
    fn from(issued: Issued) -> Self {
        Self { link: issued.link, expires_at: issued.expires_at.to_string() }
    }
}

/// A link to be looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InspectResetRequest {
    /// What follows `#token=` in the link.
    #[schema(value_type = String)]
    token: Secret,
}

/// Whose password a link resets.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResetPreviewResponse {
    pub name: String,
    pub email: String,
    pub expires_at: String,
}

/// A link and the new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPasswordRequest {
    /// What follows `#token=` in the link.
    #[schema(value_type = String)]
    token: Secret,
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 256)]
    password: Secret,
}

/// Make a link with which a person chooses a new password; the one before it dies. Nothing else
/// changes until it is used.
#[utoipa::path(post, path = "/users/{id}/reset-link", tag = "users",
    extensions(("x-step-up" = json!(true))),
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 201, body = ResetLinkResponse)))]
async fn create_reset_link(ctx: BoxCtx, Path(id): Path<Id<User>>) -> Answer<ResetLinkResponse> {
    Ok(created(ops::issue(&ctx, id).await?))
}

/// Show whose password a reset link is for.
#[utoipa::path(post, path = "/auth/reset/inspect", tag = "sign-in", security(()),
    responses(
        (status = 200, body = ResetPreviewResponse),
        (status = 404, description = "The link names no reset (any more)."),
    ))]
async fn inspect_reset(
    ctx: BoxCtx,
    Json(body): Json<InspectResetRequest>,
) -> Answer<ResetPreviewResponse> {
    let network = ctx.cause.address.map(network);
    let (user, reset) = ops::inspect(&ctx, &body.token, network).await?;
    let expires_at = reset.expires_at.to_string();
    Ok(ok(ResetPreviewResponse { name: user.name, email: user.email, expires_at }))
}

/// Choose a new password with a reset link. All sessions of the person end; sign in afterwards.
#[utoipa::path(post, path = "/auth/reset", tag = "sign-in", security(()),
    responses(
        (status = 204),
        (status = 404, description = "The link names no reset (any more)."),
    ))]
async fn reset_password(ctx: BoxCtx, Json(body): Json<ResetPasswordRequest>) -> Result<NoContent> {
    let network = ctx.cause.address.map(network);
    ops::reset(&ctx, &body.token, body.password, network).await?;
    Ok(NoContent)
}

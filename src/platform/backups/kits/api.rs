//! Recovery kits over HTTP, for operators. Their private keys never come here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops;
use super::rules::RecoveryKit;
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::extract::{Json, Path};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_kits, add_kit))
        .routes(routes!(retire_kit))
        .routes(routes!(challenge_kit))
        .routes(routes!(confirm_kit))
}

/// A recovery kit, without its private key.
#[derive(Debug, Serialize, ToSchema)]
pub struct KitResponse {
    pub id: String,
    pub name: String,
    /// Its public key, an age recipient.
    pub recipient: String,
    pub created_at: String,
    /// When somebody last showed that they hold it; null: never.
    pub confirmed_at: Option<String>,
    /// Since when no new backup is encrypted to it.
    pub retired_at: Option<String>,
}

impl From<RecoveryKit> for KitResponse {
    fn from(kit: RecoveryKit) -> Self {
        Self {
            id: kit.id.to_string(),
            name: kit.name,
            recipient: kit.recipient,
            created_at: kit.created_at.to_string(),
            confirmed_at: kit.confirmed_at.map(|at| at.to_string()),
            retired_at: kit.retired_at.map(|at| at.to_string()),
        }
    }
}

/// What the kits of this box begin with, and all of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct KitsResponse {
    pub box_id: String,
    pub box_name: String,
    /// Ed25519, standard base64: whoever restores knows by it whose backup it is.
    pub signing_key: String,
    pub items: Vec<KitResponse>,
    pub next_cursor: Option<String>,
}

/// The public half of a kit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddKitRequest {
    name: String,
    /// An age recipient, e.g. `age1…`.
    recipient: String,
}

/// Something only the kit opens.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeResponse {
    /// An age file, standard base64.
    pub challenge: String,
}

/// What the challenge held.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmKitRequest {
    /// Standard base64.
    proof: String,
}

/// List the recovery kits and what identifies the box (operators).
#[utoipa::path(get, path = "/backup-kits", tag = "backups",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = KitsResponse)))]
async fn list_kits(ctx: BoxCtx) -> Answer<KitsResponse> {
    let (box_id, box_name, signing_key) = ops::identity(&ctx).await?;
    let items = ops::list(&ctx).await?.into_iter().map(Into::into).collect();
    Ok(ok(KitsResponse {
        box_id,
        box_name,
        signing_key: STANDARD.encode(signing_key),
        items,
        next_cursor: None,
    }))
}

/// Have backups encrypted to a kit's public key (operators).
#[utoipa::path(post, path = "/backup-kits", tag = "backups",
    security(("session" = ["box.operate"])), extensions(("x-step-up" = json!(true))),
    responses(
        (status = 201, body = KitResponse),
        (status = 409, description = "It is known already, or there are too many."),
    ))]
async fn add_kit(ctx: BoxCtx, Json(body): Json<AddKitRequest>) -> Answer<KitResponse> {
    Ok(created(ops::add(&ctx, &body.name, &body.recipient).await?))
}

/// Have no new backup encrypted to a kit; those that are still open with it (operators).
#[utoipa::path(delete, path = "/backup-kits/{id}", tag = "backups",
    security(("session" = ["box.operate"])), extensions(("x-step-up" = json!(true))),
    params(("id" = String, Path)),
    responses(
        (status = 204),
        (status = 409, description = "It is the only one."),
    ))]
async fn retire_kit(ctx: BoxCtx, Path(id): Path<Id<RecoveryKit>>) -> Result<NoContent> {
    ops::retire(&ctx, id).await?;
    Ok(NoContent)
}

/// Get something that only who holds the kit can read (operators). The one before it is void.
#[utoipa::path(post, path = "/backup-kits/{id}/challenge", tag = "backups",
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 200, body = ChallengeResponse)))]
async fn challenge_kit(ctx: BoxCtx, Path(id): Path<Id<RecoveryKit>>) -> Answer<ChallengeResponse> {
    let challenge = STANDARD.encode(ops::challenge(&ctx, id).await?);
    Ok(ok(ChallengeResponse { challenge }))
}

/// Show that you hold a kit, by what its challenge held (operators).
#[utoipa::path(post, path = "/backup-kits/{id}/confirm", tag = "backups",
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 200, body = KitResponse)))]
async fn confirm_kit(
    ctx: BoxCtx,
    Path(id): Path<Id<RecoveryKit>>,
    Json(body): Json<ConfirmKitRequest>,
) -> Answer<KitResponse> {
    let proof = STANDARD
        .decode(body.proof.trim())
        .map_err(|_| Error::invalid("proof", "kit-proof", "Write it in base64."))?;
    Ok(ok(ops::confirm(&ctx, id, &proof).await?.into()))
}

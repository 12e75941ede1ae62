//! The caller's passkeys over HTTP. What devices are asked and what they answer is JSON as
//! `WebAuthn` defines it, in its own spelling.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops::{self, Added};
use super::rules::{ANSWER_SIZE_BYTES_MAX, Passkey, PasskeyId};
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::extract::{Host, Json, Path};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::idempotency::rules::Created;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(begin_passkey))
        .routes(routes!(add_passkey))
        .routes(routes!(rename_passkey, remove_passkey))
}

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasskeyResponse {
    pub id: String,
    pub name: String,
    pub created_at: String,
    pub last_used_at: Option<String>,
    /// Since when it opens nothing, because a copy of it showed up; null as long as it is good.
    pub stopped_at: Option<String>,
}

impl From<Passkey> for PasskeyResponse {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id.to_string(),
            name: passkey.name,
            created_at: passkey.created_at.to_string(),
            last_used_at: passkey.last_used_at.map(|at| at.to_string()),
            stopped_at: passkey.stopped_at.map(|at| at.to_string()),
        }
    }
}

/// A passkey that was set up.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasskeyAddedResponse {
    pub id: String,
    pub name: String,
    pub created_at: String,
    pub last_used_at: Option<String>,
    pub stopped_at: Option<String>,
    /// Ten, shown once; left out when the person had a factor before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_codes: Option<Vec<String>>,
}

impl From<Added> for PasskeyAddedResponse {
    fn from(added: Added) -> Self {
        let PasskeyResponse { id, name, created_at, last_used_at, stopped_at } =
            added.passkey.into();
        let backup_codes = added.backup_codes;
        Self { id, name, created_at, last_used_at, stopped_at, backup_codes }
    }
}

/// What a device is asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasskeyOptionsResponse {
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON()` or `parseRequestOptionsFromJSON()`.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub options: Value,
}

/// What a device answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyAnswerRequest {
    /// What `navigator.credentials` gave, as its `toJSON()` writes it.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub credential: Value,
}

/// A passkey that a device made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyRequest {
    /// What you call it.
    name: String,
    /// What `navigator.credentials.create()` gave, as its `toJSON()` writes it.
    #[schema(value_type = BTreeMap<String, Value>)]
    credential: Value,
}

/// A passkey's new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyNameRequest {
    name: String,
}

/// Ask a device for a new passkey. The question waits for five minutes, in this session.
#[utoipa::path(post, path = "/me/mfa/passkeys/start", tag = "me", security(("session" = [])),
    extensions(("x-while-enrolling" = json!(true)), ("x-step-up" = json!(true))),
    responses(
        (status = 200, body = PasskeyOptionsResponse),
        (status = 409, description = "Passkeys work under another name, or there are too many."),
    ))]
async fn begin_passkey(ctx: BoxCtx, Host(host): Host) -> Answer<PasskeyOptionsResponse> {
    Ok(ok(PasskeyOptionsResponse { options: ops::begin_adding(&ctx, &host).await? }))
}

/// Set up the passkey that a device made. With the first factor come backup codes.
#[utoipa::path(post, path = "/me/mfa/passkeys", tag = "me", security(("session" = [])),
    extensions(
        ("x-while-enrolling" = json!(true)),
        ("x-step-up" = json!(true)),
        ("x-body-size-bytes-max" = json!(ANSWER_SIZE_BYTES_MAX)),
    ),
    responses(
        (status = 201, body = PasskeyAddedResponse),
        (status = 409, description = "There are too many."),
    ))]
async fn add_passkey(
    ctx: BoxCtx,
    Json(body): Json<PasskeyRequest>,
) -> Answer<PasskeyAddedResponse> {
    let Created { value, is_replay } = ops::add(&ctx, &body.name, body.credential).await?;
    Ok(created(Created { value: PasskeyAddedResponse::from(value), is_replay }))
}

/// Call a passkey otherwise.
#[utoipa::path(patch, path = "/me/mfa/passkeys/{id}", tag = "me", security(("session" = [])),
    extensions(("x-step-up" = json!(true))), params(("id" = String, Path)),
    responses((status = 200, body = PasskeyResponse)))]
async fn rename_passkey(
    ctx: BoxCtx,
    Path(id): Path<PasskeyId>,
    Json(body): Json<PasskeyNameRequest>,
) -> Answer<PasskeyResponse> {
    Ok(ok(ops::rename(&ctx, id, &body.name).await?.into()))
}

/// Remove a passkey. Backup codes go with the last factor.
#[utoipa::path(delete, path = "/me/mfa/passkeys/{id}", tag = "me", security(("session" = [])),
    extensions(("x-step-up" = json!(true))), params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove_passkey(ctx: BoxCtx, Path(id): Path<PasskeyId>) -> Result<NoContent> {
    ops::remove(&ctx, id).await?;
    Ok(NoContent)
}

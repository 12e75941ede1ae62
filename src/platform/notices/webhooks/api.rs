//! Receivers over HTTP, for operators.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops::{self, Made};
use super::rules::{Draft, Webhook};
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::extract::{Json, Path};
use crate::http::page::{OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;
use crate::platform::notices::mail::api::LastAttemptResponse;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_webhooks, create_webhook))
        .routes(routes!(change_webhook, remove_webhook))
        .routes(routes!(test_webhook))
}

/// A receiver of signed calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookResponse {
    pub id: String,
    pub name: String,
    pub url: String,
    /// Empty for all kinds.
    pub kinds: Vec<String>,
    /// Null: of the box and of every workspace.
    pub workspace_id: Option<String>,
    pub allow_private: bool,
    pub enabled: bool,
    pub created_at: String,
    pub last: Option<LastAttemptResponse>,
    /// What calls are signed with. Shown once, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl From<Webhook> for WebhookResponse {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id.to_string(),
            name: webhook.name,
            url: webhook.url,
            kinds: webhook.kinds,
            workspace_id: webhook.workspace.map(|id| id.to_string()),
            allow_private: webhook.may_be_private,
            enabled: webhook.is_enabled,
            created_at: webhook.created_at.to_string(),
            last: webhook.last.map(Into::into),
            secret: None,
        }
    }
}

impl From<Made> for WebhookResponse {
    fn from(made: Made) -> Self {
        Self { secret: Some(made.secret.reveal().to_owned()), ..made.webhook.into() }
    }
}

/// A receiver.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhookRequest {
    name: String,
    /// The full address, beginning with https.
    url: String,
    /// Kinds of notices; none for all.
    #[serde(default)]
    kinds: Vec<String>,
    /// Only what happens in one workspace.
    workspace_id: Option<String>,
    /// Whether it may lie in the own network, and be called over plain HTTP.
    #[serde(default)]
    allow_private: bool,
}

/// What to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeWebhookRequest {
    name: Option<String>,
    url: Option<String>,
    kinds: Option<Vec<String>>,
    allow_private: Option<bool>,
    enabled: Option<bool>,
}

/// List receivers (operators).
#[utoipa::path(get, path = "/box/webhooks", tag = "notices",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = Page<WebhookResponse>)))]
async fn list_webhooks(ctx: BoxCtx) -> Answer<Page<WebhookResponse>> {
    let all = ops::list(&ctx).await?;
    Ok(ok(Page::new(all.into_iter().map(Into::into).collect(), None)))
}

/// Name a receiver (operators). The answer holds the secret that calls are signed with.
#[utoipa::path(post, path = "/box/webhooks", tag = "notices",
    security(("session" = ["box.operate"])),
    responses(
        (status = 201, body = WebhookResponse),
        (status = 409, description = "There are too many receivers."),
    ))]
async fn create_webhook(
    ctx: BoxCtx,
    Json(body): Json<CreateWebhookRequest>,
) -> Answer<WebhookResponse> {
    let workspace = match body.workspace_id {
        None => None,
        Some(id) => Some(id.parse().map_err(|_| {
            Error::invalid("workspace_id", "workspace-unknown", "There is no such workspace.")
        })?),
    };
    let draft = Draft {
        name: Some(body.name),
        url: Some(body.url),
        kinds: Some(body.kinds),
        may_be_private: Some(body.allow_private),
        is_enabled: None,
    };
    Ok(created(ops::create(&ctx, draft, workspace).await?))
}

/// Change a receiver (operators).
#[utoipa::path(patch, path = "/box/webhooks/{id}", tag = "notices",
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 200, body = WebhookResponse)))]
async fn change_webhook(
    ctx: BoxCtx,
    Path(id): Path<Id<Webhook>>,
    Json(body): Json<ChangeWebhookRequest>,
) -> Answer<WebhookResponse> {
    let draft = Draft {
        name: body.name,
        url: body.url,
        kinds: body.kinds,
        may_be_private: body.allow_private,
        is_enabled: body.enabled,
    };
    Ok(ok(ops::change(&ctx, id, draft).await?.into()))
}

/// Remove a receiver and what waits for it (operators).
#[utoipa::path(delete, path = "/box/webhooks/{id}", tag = "notices",
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 204)))]
async fn remove_webhook(ctx: BoxCtx, Path(id): Path<Id<Webhook>>) -> Result<NoContent> {
    ops::remove(&ctx, id).await?;
    Ok(NoContent)
}

/// Call a receiver right now and say how that ended (operators).
#[utoipa::path(post, path = "/box/webhooks/{id}/test", tag = "notices",
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 200, body = LastAttemptResponse)))]
async fn test_webhook(ctx: BoxCtx, Path(id): Path<Id<Webhook>>) -> Answer<LastAttemptResponse> {
    Ok(ok(ops::test(&ctx, id).await?.into()))
}

//! Service accounts over HTTP.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::keys;
use super::ops::{self, Draft, Shown};
use super::rules::{Account, Key, Wish};
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::extract::{Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::id::Id;
use crate::platform::identity::users::api::PersonRef;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_service_accounts, create_service_account))
        .routes(routes!(get_service_account, change_service_account, delete_service_account))
        .routes(routes!(renew_service_secret))
        .routes(routes!(add_service_key))
        .routes(routes!(remove_service_key))
}

/// A registered key.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceKeyResponse {
    pub id: String,
    pub name: String,
    pub created_at: String,
}

impl From<Key> for ServiceKeyResponse {
    fn from(key: Key) -> Self {
        Self { id: key.id.to_string(), name: key.name, created_at: key.created_at.to_string() }
    }
}

/// A service account.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceAccountResponse {
    pub id: String,
    pub name: String,
    /// What it calls itself at the token endpoint.
    pub client_id: String,
    /// Null for an account of the box.
    pub workspace_id: Option<String>,
    pub permissions: Vec<String>,
    /// Release channels it may serve; empty for none.
    pub channels: Vec<String>,
    /// Where it may be used from; empty for everywhere.
    pub allow_cidrs: Vec<String>,
    pub disabled: bool,
    pub has_secret: bool,
    pub keys: Vec<ServiceKeyResponse>,
    pub created_at: String,
    pub created_by: Option<PersonRef>,
    /// To within five minutes.
    pub last_used_at: Option<String>,
    pub last_used_from: Option<String>,
    /// `hfs_…`. Shown once, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
}

impl From<Shown> for ServiceAccountResponse {
    fn from(shown: Shown) -> Self {
        let account = shown.account;
        let maker = account.created_by.map(Id::cast).zip(shown.created_by);
        Self {
            id: account.id.to_string(),
            client_id: account.id.to_string(),
            name: account.name,
            workspace_id: account.workspace.map(|id| id.to_string()),
            permissions: account.permissions.into_iter().collect(),
            channels: account.channels,
            allow_cidrs: account.networks.iter().map(ToString::to_string).collect(),
            disabled: account.disabled_at.is_some(),
            has_secret: account.has_secret,
            keys: shown.keys.into_iter().map(Into::into).collect(),
            created_at: account.created_at.to_string(),
            created_by: maker.map(Into::into),
            last_used_at: account.last_used_at.map(|at| at.to_string()),
            last_used_from: account.last_used_from,
            client_secret: shown.secret.map(|secret| secret.reveal().to_owned()),
        }
    }
}

/// A service account to be made. Without a public key it gets a secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateServiceAccountRequest {
    name: String,
    /// Left out, it is the box's own, and only operators make it.
    workspace_id: Option<String>,
    /// At most your own there. An account of the box has `box.operate`.
    permissions: Vec<String>,
    channels: Option<Vec<String>>,
    allow_cidrs: Option<Vec<String>>,
    /// Ed25519: a JWK, PEM, or base64 of its 32 bytes.
    #[schema(value_type = Option<Value>)]
    public_key: Option<Value>,
}

/// What is to be different. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateServiceAccountRequest {
    name: Option<String>,
    disabled: Option<bool>,
    permissions: Option<Vec<String>>,
    channels: Option<Vec<String>>,
    allow_cidrs: Option<Vec<String>>,
}

/// A key to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddServiceKeyRequest {
    name: String,
    /// Ed25519: a JWK, PEM, or base64 of its 32 bytes.
    #[schema(value_type = Value)]
    public_key: Value,
}

/// A new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceSecretResponse {
    /// `hfs_…`. Shown once.
    pub client_secret: String,
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ServiceAccountsQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List service accounts, newest first: those of workspaces whose people you look after; all for
/// an operator.
#[utoipa::path(get, path = "/service-accounts", tag = "programs", params(ServiceAccountsQuery),
    security(("session" = [])),
    responses((status = 200, body = Page<ServiceAccountResponse>)))]
async fn list_service_accounts(
    ctx: BoxCtx,
    Query(query): Query<ServiceAccountsQuery>,
) -> Answer<Page<ServiceAccountResponse>> {
    let limit = page::limit(query.limit)?;
    let before = page::read_cursor::<uuid::Uuid>(query.cursor.as_deref())?.map(Id::from_uuid);
    let found = ops::list(&ctx, before, limit + 1).await?;
    let page = Page::of_one_more(found, limit, |last| last.account.id.uuid())?;
    Ok(ok(page.map(Into::into)))
}

/// Make a service account. Its secret is in this answer and never shown again.
#[utoipa::path(post, path = "/service-accounts", tag = "programs",
    extensions(("x-step-up" = json!(true))), security(("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it repeatable")),
    responses((status = 201, body = ServiceAccountResponse)))]
async fn create_service_account(
    ctx: BoxCtx,
    Json(body): Json<CreateServiceAccountRequest>,
) -> Answer<ServiceAccountResponse> {
    let public_key = match &body.public_key {
        Some(key) => Some(keys::read(key)?),
        None => None,
    };
    let wish = Wish {
        name: Some(body.name),
        permissions: Some(body.permissions),
        channels: body.channels,
        allow_cidrs: body.allow_cidrs,
        is_disabled: None,
    };
    let draft = Draft { workspace: body.workspace_id, wish, public_key };
    Ok(created(ops::create(&ctx, draft).await?))
}

/// Get a service account.
#[utoipa::path(get, path = "/service-accounts/{id}", tag = "programs",
    security(("session" = [])), params(("id" = String, Path)),
    responses((status = 200, body = ServiceAccountResponse)))]
async fn get_service_account(
    ctx: BoxCtx,
    Path(id): Path<Id<Account>>,
) -> Answer<ServiceAccountResponse> {
    Ok(ok(ops::get(&ctx, id).await?.into()))
}

/// Change a service account. It acts on the next request of the account.
#[utoipa::path(patch, path = "/service-accounts/{id}", tag = "programs",
    extensions(("x-step-up" = json!(true))), security(("session" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ServiceAccountResponse)))]
async fn change_service_account(
    ctx: BoxCtx,
    Path(id): Path<Id<Account>>,
    Json(body): Json<UpdateServiceAccountRequest>,
) -> Answer<ServiceAccountResponse> {
    let wish = Wish {
        name: body.name,
        permissions: body.permissions,
        channels: body.channels,
        allow_cidrs: body.allow_cidrs,
        is_disabled: body.disabled,
    };
    Ok(ok(ops::change(&ctx, id, wish).await?.into()))
}

/// Delete a service account: its tokens, secret and keys die at once.
#[utoipa::path(delete, path = "/service-accounts/{id}", tag = "programs",
    extensions(("x-step-up" = json!(true))), security(("session" = [])),
    params(("id" = String, Path)), responses((status = 204)))]
async fn delete_service_account(ctx: BoxCtx, Path(id): Path<Id<Account>>) -> Result<NoContent> {
    ops::delete(&ctx, id).await?;
    Ok(NoContent)
}

/// Give a service account a new secret. The old one and every token die at once.
#[utoipa::path(post, path = "/service-accounts/{id}/secret", tag = "programs",
    extensions(("x-step-up" = json!(true))), security(("session" = [])),
    params(("id" = String, Path)), responses((status = 200, body = ServiceSecretResponse)))]
async fn renew_service_secret(
    ctx: BoxCtx,
    Path(id): Path<Id<Account>>,
) -> Answer<ServiceSecretResponse> {
    let secret = ops::renew_secret(&ctx, id).await?;
    Ok(ok(ServiceSecretResponse { client_secret: secret.reveal().to_owned() }))
}

/// Register a public key that the account signs its assertions with.
#[utoipa::path(post, path = "/service-accounts/{id}/keys", tag = "programs",
    extensions(("x-step-up" = json!(true))), security(("session" = [])),
    params(("id" = String, Path)), responses((status = 201, body = ServiceKeyResponse)))]
async fn add_service_key(
    ctx: BoxCtx,
    Path(id): Path<Id<Account>>,
    Json(body): Json<AddServiceKeyRequest>,
) -> Answer<ServiceKeyResponse> {
    let key = keys::read(&body.public_key)?;
    Ok(created(ops::add_key(&ctx, id, body.name, key).await?))
}

/// Remove a key. Every token of the account dies at once.
#[utoipa::path(delete, path = "/service-accounts/{id}/keys/{key}", tag = "programs",
    extensions(("x-step-up" = json!(true))), security(("session" = [])),
    params(("id" = String, Path), ("key" = String, Path)), responses((status = 204)))]
async fn remove_service_key(
    ctx: BoxCtx,
    Path((id, key)): Path<(Id<Account>, Id<Key>)>,
) -> Result<NoContent> {
    ops::remove_key(&ctx, id, key).await?;
    Ok(NoContent)
}

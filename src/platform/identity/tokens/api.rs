//! Personal tokens over HTTP.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, Token};
use super::rules::Draft;
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::extract::{Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::id::Id;
use crate::platform::identity::sessions::rules::Family;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(list_tokens, create_token)).routes(routes!(revoke_token))
}

/// A personal token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTokenRequest {
    /// What it is for.
    name: String,
    #[schema(minimum = 1, maximum = 365)]
    expires_in_days: i64,
    /// Binds it to one of your workspaces.
    workspace_id: Option<String>,
    /// Narrows it to some of your permissions.
    permissions: Option<Vec<String>>,
}

/// A personal token.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenResponse {
    pub id: String,
    pub name: String,
    pub created_at: String,
    pub expires_at: String,
    /// To within five minutes; null when it was never used.
    pub last_used_at: Option<String>,
    /// The only workspace it can be used in; null for all of yours.
    pub workspace_id: Option<String>,
    /// All it may do; null for all that you may.
    pub permissions: Option<Vec<String>>,
    /// `hfp_…`, sent as `Authorization: Bearer`. Shown once, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl From<Token> for TokenResponse {
    fn from(token: Token) -> Self {
        let listed = token.listed;
        let permissions = listed.permissions.as_deref();
        let was_used = listed.last_seen_at > listed.created_at;
        Self {
            id: listed.id.to_string(),
            permissions: permissions.and_then(|json| serde_json::from_str(json).ok()),
            name: listed.name,
            created_at: listed.created_at.to_string(),
            expires_at: listed.expires_at.to_string(),
            last_used_at: was_used.then(|| listed.last_seen_at.to_string()),
            workspace_id: listed.workspace.map(|id| id.to_string()),
            token: token.value.map(|value| value.reveal().to_owned()),
        }
    }
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TokensQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List your personal tokens that can be used, newest first.
#[utoipa::path(get, path = "/me/tokens", tag = "me", params(TokensQuery),
    security(("session" = [])),
    responses((status = 200, body = Page<TokenResponse>)))]
async fn list_tokens(ctx: BoxCtx, Query(query): Query<TokensQuery>) -> Answer<Page<TokenResponse>> {
    let (limit, cursor) = (page::limit(query.limit)?, query.cursor.as_deref());
    let newest = |one: &Token| Reverse((one.listed.created_at.0, one.listed.id.uuid()));
    let page = Page::of_all(ops::list(&ctx).await?, limit, cursor, newest)?;
    Ok(ok(page.map(Into::into)))
}

/// Make a personal token. Its value is in this answer and never shown again.
#[utoipa::path(post, path = "/me/tokens", tag = "me", extensions(("x-step-up" = json!(true))),
    security(("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it repeatable")),
    responses((status = 201, body = TokenResponse)))]
async fn create_token(ctx: BoxCtx, Json(body): Json<CreateTokenRequest>) -> Answer<TokenResponse> {
    let draft = Draft {
        name: body.name,
        expires_in_days: body.expires_in_days,
        workspace: body.workspace_id,
        permissions: body.permissions,
    };
    Ok(created(ops::create(&ctx, draft).await?))
}

/// Revoke a personal token.
#[utoipa::path(delete, path = "/me/tokens/{id}", tag = "me", security(("session" = [])),
    params(("id" = String, Path)), responses((status = 204)))]
async fn revoke_token(ctx: BoxCtx, Path(id): Path<Id<Family>>) -> Result<NoContent> {
    ops::revoke(&ctx, id).await?;
    Ok(NoContent)
}

//! Signing in and out over HTTP.

use axum::response::{AppendHeaders, IntoResponse};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops::{self, Attempt};
use crate::http::address::network;
use crate::http::answer::{NoContent, ok};
use crate::http::extract::Json;
use crate::http::front::{device_cookie, removed_cookie, session_cookie};
use crate::http::guard;
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::identity::User;
use crate::platform::identity::sessions;
use crate::platform::secret::Secret;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(sign_in)).routes(routes!(sign_out)).routes(routes!(register))
}

/// E-mail address and password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    email: String,
    #[schema(value_type = String, format = Password)]
    password: Secret,
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserResponse {
    pub id: String,
    pub name: String,
    pub email: String,
    /// BCP 47, e.g. `en`.
    pub language: String,
    pub is_operator: bool,
}

impl From<User> for UserResponse {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name,
            email: user.email,
            language: user.language,
            is_operator: user.is_operator,
        }
    }
}

/// Who is signed in now.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoginResponse {
    pub user: UserResponse,
}

/// Sign in. The answer sets the session cookie.
#[utoipa::path(post, path = "/auth/login", tag = "sign-in", security(()),
    responses(
        (status = 200, body = LoginResponse),
        (status = 401, description = "E-mail address and password do not fit together."),
    ))]
async fn sign_in(
    ctx: BoxCtx,
    headers: HeaderMap,
    Json(body): Json<LoginRequest>,
) -> Result<impl IntoResponse> {
    let attempt = Attempt {
        email: body.email,
        password: body.password,
        device: guard::cookie(&headers, guard::DEVICE_COOKIE),
        old_session: guard::session_cookie(&headers),
        network: ctx.cause.address.map(network),
    };
    let signed_in = ops::sign_in(&ctx, attempt).await?;
    let cookies: AppendHeaders<[(HeaderName, HeaderValue); 2]> = AppendHeaders([
        (header::SET_COOKIE, session_cookie(&signed_in.session, &ctx.platform)?),
        (header::SET_COOKIE, device_cookie(&signed_in.device)?),
    ]);
    Ok((cookies, ok(LoginResponse { user: signed_in.user.into() })))
}

/// Sign out: the session, or the token that was sent, ends.
#[utoipa::path(post, path = "/auth/logout", tag = "sign-in",
    extensions(("x-while-enrolling" = json!(true))), security(("session" = [])),
    responses((status = 204)))]
async fn sign_out(ctx: BoxCtx) -> Result<impl IntoResponse> {
    sessions::ops::sign_out(&ctx).await?;
    Ok(([(header::SET_COOKIE, removed_cookie())], NoContent))
}

/// Register. Closed: people are invited.
#[utoipa::path(post, path = "/auth/register", tag = "sign-in", security(()),
    responses((status = 403, description = "Nobody can register on this box.")))]
async fn register() -> Result<NoContent> {
    let detail = "Nobody can register here. Ask an operator to invite you.";
    Err(Error::Denied(Refusal::new("registration-closed", detail)))
}

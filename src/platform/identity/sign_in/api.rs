//! Signing in and out over HTTP.

use axum::response::{AppendHeaders, IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops::{self, Attempt, Outcome, SignedIn};
use crate::http::address::network;
use crate::http::answer::{Answer, NoContent, ok};
use crate::http::extract::{Host, Json};
use crate::http::front::{
    device_cookie, pending_cookie, removed_cookie, removed_pending_cookie, session_cookie,
};
use crate::http::guard;
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::identity::factors::api::CodeRequest;
use crate::platform::identity::passkeys::api::{PasskeyAnswerRequest, PasskeyOptionsResponse};
use crate::platform::identity::passkeys::rules::ANSWER_SIZE_BYTES_MAX;
use crate::platform::identity::{User, sessions};
use crate::platform::secret::Secret;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(sign_in))
        .routes(routes!(finish_by_totp))
        .routes(routes!(finish_by_backup_code))
        .routes(routes!(begin_finish_by_passkey))
        .routes(routes!(finish_by_passkey))
        .routes(routes!(ask_for_help))
        .routes(routes!(sign_out))
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

/// Who is signed in now, or what is still needed.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct LoginResponse {
    /// Left out while a second factor is awaited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserResponse>,
    /// True while a second factor is awaited; else left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa_required: Option<bool>,
    /// What the second factor can be: `totp`, `backup`, `passkey`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
    /// The only place where a passkey works; left out while none is awaited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passkeys_origin: Option<String>,
}

/// Who is signed in now.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedInResponse {
    pub user: UserResponse,
}

/// Sign in. The answer sets the session cookie; or, for people with a second factor, another one
/// with which it is awaited for five minutes.
#[utoipa::path(post, path = "/auth/login", tag = "sign-in", security(()),
    responses(
        (status = 200, body = LoginResponse),
        (status = 401, description = "E-mail address and password do not fit together."),
    ))]
async fn sign_in(
    ctx: BoxCtx,
    headers: HeaderMap,
    Json(body): Json<LoginRequest>,
) -> Result<Response> {
    let attempt = Attempt {
        email: body.email,
        password: body.password,
        device: guard::cookie(&headers, guard::DEVICE_COOKIE),
        old_session: guard::session_cookie(&headers),
        network: ctx.cause.address.map(network),
    };
    match ops::sign_in(&ctx, attempt).await? {
        Outcome::SignedIn(signed_in) => {
            let cookies = cookies(&ctx, &signed_in)?;
            let body = LoginResponse { user: Some(signed_in.user.into()), ..Default::default() };
            Ok((cookies, ok(body)).into_response())
        }
        Outcome::Pending { cookie, methods, passkeys_origin } => {
            let methods = Some(methods.into_iter().map(str::to_owned).collect());
            let body =
                LoginResponse { mfa_required: Some(true), methods, passkeys_origin, user: None };
            Ok(([(header::SET_COOKIE, pending_cookie(&cookie)?)], ok(body)).into_response())
        }
    }
}

/// End a waiting sign-in with a code of the authenticator app.
#[utoipa::path(post, path = "/auth/mfa/totp", tag = "sign-in", security(()),
    responses(
        (status = 200, body = SignedInResponse),
        (status = 401, description = "No sign-in waits (any more)."),
    ))]
async fn finish_by_totp(
    ctx: BoxCtx,
    headers: HeaderMap,
    Json(body): Json<CodeRequest>,
) -> Result<Response> {
    finish(&ctx, &headers, &body.code).await
}

/// End a waiting sign-in with a backup code, which is used up by it.
#[utoipa::path(post, path = "/auth/mfa/backup", tag = "sign-in", security(()),
    responses(
        (status = 200, body = SignedInResponse),
        (status = 401, description = "No sign-in waits (any more)."),
    ))]
async fn finish_by_backup_code(
    ctx: BoxCtx,
    headers: HeaderMap,
    Json(body): Json<CodeRequest>,
) -> Result<Response> {
    finish(&ctx, &headers, &body.code).await
}

/// Ask a device for a passkey's proof. The question waits for five minutes, for this sign-in.
#[utoipa::path(post, path = "/auth/mfa/passkey/start", tag = "sign-in", security(()),
    responses(
        (status = 200, body = PasskeyOptionsResponse),
        (status = 401, description = "No sign-in waits (any more)."),
        (status = 409, description = "Passkeys work under another name, or there is none."),
    ))]
async fn begin_finish_by_passkey(
    ctx: BoxCtx,
    headers: HeaderMap,
    Host(host): Host,
) -> Answer<PasskeyOptionsResponse> {
    let pending = guard::cookie(&headers, guard::PENDING_COOKIE);
    let options = ops::ask_passkey(&ctx, pending.as_ref(), &host).await?;
    Ok(ok(PasskeyOptionsResponse { options }))
}

/// End a waiting sign-in with a passkey's proof.
#[utoipa::path(post, path = "/auth/mfa/passkey", tag = "sign-in", security(()),
    extensions(("x-body-size-bytes-max" = json!(ANSWER_SIZE_BYTES_MAX))),
    responses(
        (status = 200, body = SignedInResponse),
        (status = 401, description = "No sign-in waits (any more)."),
    ))]
async fn finish_by_passkey(
    ctx: BoxCtx,
    headers: HeaderMap,
    Json(body): Json<PasskeyAnswerRequest>,
) -> Result<Response> {
    let pending = guard::cookie(&headers, guard::PENDING_COOKIE);
    let network = ctx.cause.address.map(network);
    let signed_in = ops::with_passkey(&ctx, pending.as_ref(), body.credential, network).await?;
    finished(&ctx, signed_in)
}

/// Ask for help: the factors are lost. An operator, or an admin of a workspace you belong to, can
/// then vouch for you.
#[utoipa::path(post, path = "/auth/mfa/help", tag = "sign-in", security(()),
    responses(
        (status = 202, description = "Somebody will look at it."),
        (status = 401, description = "No sign-in waits (any more)."),
    ))]
async fn ask_for_help(ctx: BoxCtx, headers: HeaderMap) -> Result<StatusCode> {
    let pending = guard::cookie(&headers, guard::PENDING_COOKIE);
    ops::ask_for_help(&ctx, pending.as_ref()).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn finish(ctx: &BoxCtx, headers: &HeaderMap, code: &Secret) -> Result<Response> {
    let pending = guard::cookie(headers, guard::PENDING_COOKIE);
    let network = ctx.cause.address.map(network);
    let signed_in = ops::with_code(ctx, pending.as_ref(), code, network).await?;
    finished(ctx, signed_in)
}

fn finished(ctx: &BoxCtx, signed_in: SignedIn) -> Result<Response> {
    let cookies = cookies(ctx, &signed_in)?;
    let gone = [(header::SET_COOKIE, removed_pending_cookie())];
    let body = SignedInResponse { user: signed_in.user.into() };
    Ok((AppendHeaders(gone), cookies, ok(body)).into_response())
}

type Cookies = AppendHeaders<[(HeaderName, HeaderValue); 2]>;

fn cookies(ctx: &BoxCtx, signed_in: &SignedIn) -> Result<Cookies> {
    Ok(AppendHeaders([
        (header::SET_COOKIE, session_cookie(&signed_in.session, &ctx.platform)?),
        (header::SET_COOKIE, device_cookie(&signed_in.device)?),
    ]))
}

/// Sign out: the session, or the token that was sent, ends.
#[utoipa::path(post, path = "/auth/logout", tag = "sign-in",
    extensions(("x-while-enrolling" = json!(true))), security(("session" = [])),
    responses((status = 204)))]
async fn sign_out(ctx: BoxCtx) -> Result<impl IntoResponse> {
    sessions::ops::sign_out(&ctx).await?;
    Ok(([(header::SET_COOKIE, removed_cookie())], NoContent))
}

//! Proving once more who one is, over HTTP.

use axum::response::{IntoResponse, Response};
use http::header;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops;
use crate::http::answer::{Answer, ok};
use crate::http::extract::{Host, Json};
use crate::http::front::session_cookie;
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::identity::passkeys::api::PasskeyOptionsResponse;
use crate::platform::identity::passkeys::rules::ANSWER_SIZE_BYTES_MAX;
use crate::platform::secret::Secret;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(step_up)).routes(routes!(begin_step_up_by_passkey))
}

/// What proves that it is you.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepUpRequest {
    /// Of the authenticator app or from paper.
    #[schema(value_type = Option<String>)]
    code: Option<Secret>,
    /// For people without a second factor.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Secret>,
    /// What a device answered to the question of `start`, as `toJSON()` writes it.
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    credential: Option<Value>,
}

/// Until when the session may do more.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepUpResponse {
    pub elevated_until: String,
}

/// Prove once more that it is you. For ten minutes this session may do what asks for it; its
/// cookie changes.
#[utoipa::path(post, path = "/auth/step-up", tag = "sign-in", security(("session" = [])),
    extensions(
        ("x-while-enrolling" = json!(true)),
        ("x-body-size-bytes-max" = json!(ANSWER_SIZE_BYTES_MAX)),
    ),
    responses((status = 200, body = StepUpResponse)))]
async fn step_up(ctx: BoxCtx, Json(body): Json<StepUpRequest>) -> Result<Response> {
    let elevated = match (body.code, body.password, body.credential) {
        (Some(code), None, None) => ops::by_code(&ctx, &code).await?,
        (None, Some(password), None) => ops::by_password(&ctx, password).await?,
        (None, None, Some(answer)) => ops::by_passkey(&ctx, answer).await?,
        _ => {
            let detail = "Send a code or a passkey's proof, or your password if you have neither.";
            return Err(Error::invalid("code", "missing", detail));
        }
    };
    let cookie = session_cookie(&elevated.session, &ctx.platform)?;
    let body = StepUpResponse { elevated_until: elevated.until.to_string() };
    Ok(([(header::SET_COOKIE, cookie)], ok(body)).into_response())
}

/// Ask a device for a passkey's proof. The question waits for five minutes, for this session.
#[utoipa::path(post, path = "/auth/step-up/passkey/start", tag = "sign-in",
    security(("session" = [])), extensions(("x-while-enrolling" = json!(true))),
    responses(
        (status = 200, body = PasskeyOptionsResponse),
        (status = 409, description = "Passkeys work under another name, or there is none."),
    ))]
async fn begin_step_up_by_passkey(ctx: BoxCtx, Host(host): Host) -> Answer<PasskeyOptionsResponse> {
    Ok(ok(PasskeyOptionsResponse { options: ops::ask_passkey(&ctx, &host).await? }))
}

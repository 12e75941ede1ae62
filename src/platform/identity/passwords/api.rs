//! Telling people how good a password is while they type it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Lane;
use super::rules::CONTEXT_TEXTS_MAX;
use crate::http::address::network;
use crate::http::answer::{Answer, ok};
use crate::http::extract::Json;
use crate::platform::app::Routes;
use crate::platform::ctx::{Actor, BoxCtx};
use crate::platform::error::Error;
use crate::platform::secret::Secret;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(password_strength))
}

/// A password that somebody thinks of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordStrengthRequest {
    #[schema(value_type = String, format = Password)]
    password: Secret,
    /// Texts about the person and the place, such as name and e-mail address; at most 20.
    #[serde(default)]
    context: Vec<String>,
}

/// How good it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasswordStrengthResponse {
    /// 0 (guessed at once) to 4; from 3 on it is accepted.
    pub score: u8,
    /// What is wrong with it, e.g. `password-common`; null when it is good enough.
    pub code: Option<String>,
    /// One sentence for a person; null when it is good enough.
    pub detail: Option<String>,
}

/// Estimate a password. Nothing is kept.
#[utoipa::path(post, path = "/auth/password-strength", tag = "sign-in",
    security((), ("session" = [])), extensions(("x-while-enrolling" = json!(true))),
    responses((status = 200, body = PasswordStrengthResponse)))]
async fn password_strength(
    ctx: BoxCtx,
    Json(body): Json<PasswordStrengthRequest>,
) -> Answer<PasswordStrengthResponse> {
    if body.context.len() > CONTEXT_TEXTS_MAX {
        let detail = format!("At most {CONTEXT_TEXTS_MAX} texts are taken into account.");
        return Err(Error::invalid("context", "context-too-long", detail));
    }
    let platform = &ctx.platform;
    let is_signed_in = matches!(ctx.cause.actor, Actor::Principal(_));
    // Whoever is known was counted as that, whatever strangers of their network do.
    if let Some(address) = ctx.cause.address.filter(|_| !is_signed_in) {
        platform.sign_ins.estimates.take(network(address), ctx.now())?;
    }
    let lane = if is_signed_in { Lane::Known } else { Lane::Stranger };
    let strength = platform.passwords.strength(lane, body.password, body.context).await?;
    let (code, detail) = strength.fault.map(|one| (one.code.to_owned(), one.detail)).unzip();
    Ok(ok(PasswordStrengthResponse { score: strength.score, code, detail }))
}

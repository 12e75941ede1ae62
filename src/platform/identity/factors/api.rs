//! The caller's second factor over HTTP.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops::{self, Begun};
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::extract::{Host, Json};
use crate::platform::app::Routes;
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::passkeys;
use crate::platform::identity::passkeys::api::PasskeyResponse;
use crate::platform::qr;
use crate::platform::secret::Secret;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(get_factors))
        .routes(routes!(begin_totp, remove_totp))
        .routes(routes!(confirm_totp))
        .routes(routes!(make_backup_codes))
}

/// What the person has of a second factor.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own in the JSON")]
pub struct FactorsResponse {
    /// A role of theirs needs one.
    pub required: bool,
    /// They have one.
    pub enrolled: bool,
    /// By when they need one; null when they have it or need none.
    pub enrol_by: Option<String>,
    /// Nothing else is allowed before they have one.
    pub must_enrol: bool,
    pub totp: TotpResponse,
    pub backup_codes_left: i64,
    pub passkeys: Vec<PasskeyResponse>,
    /// The request came under the name that passkeys work at.
    pub passkeys_offered: bool,
    /// Where they work; null where the box has no name for it.
    pub passkeys_origin: Option<String>,
}

/// The authenticator app.
#[derive(Debug, Serialize, ToSchema)]
pub struct TotpResponse {
    pub enabled: bool,
    pub since: Option<String>,
}

/// A secret to be read by an app.
#[derive(Debug, Serialize, ToSchema)]
pub struct TotpSecretResponse {
    /// To be typed where no camera is.
    pub secret: String,
    /// `otpauth://totp/…`.
    pub uri: String,
    /// The same as a picture.
    pub qr_svg: String,
}

impl TotpSecretResponse {
    fn of(begun: Begun) -> Result<Self> {
        let qr_svg = qr::svg(&begun.uri)?;
        Ok(Self { secret: begun.secret, uri: begun.uri, qr_svg })
    }
}

/// A code that somebody typed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// Blanks and dashes do not count.
    #[schema(value_type = String)]
    pub code: Secret,
}

/// Codes on paper, each good once.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupCodesResponse {
    /// Ten. Shown once.
    pub backup_codes: Vec<String>,
}

/// Show what you have of a second factor.
#[utoipa::path(get, path = "/me/mfa", tag = "me", security(("session" = [])),
    extensions(("x-while-enrolling" = json!(true))),
    responses((status = 200, body = FactorsResponse)))]
async fn get_factors(ctx: BoxCtx, Host(host): Host) -> Answer<FactorsResponse> {
    let since: Option<Moment> = ops::totp_since(&ctx).await?;
    let passkeys = passkeys::ops::list(&ctx).await?;
    let offer = ctx.platform.passkeys.offer(&host);
    let standing = ctx.principal()?.factors;
    Ok(ok(FactorsResponse {
        required: standing.is_required(),
        enrolled: standing.is_enrolled(),
        enrol_by: standing.enrol_by().map(|at| at.to_string()),
        must_enrol: standing.must_enrol(ctx.now()),
        totp: TotpResponse { enabled: since.is_some(), since: since.map(|at| at.to_string()) },
        backup_codes_left: standing.backup_codes_left,
        passkeys: passkeys.into_iter().map(Into::into).collect(),
        passkeys_offered: offer.is_here,
        passkeys_origin: offer.origin,
    }))
}

/// Begin to set up an authenticator app. It counts only when its first code was confirmed; an app
/// that is in use stays in use until then.
#[utoipa::path(post, path = "/me/mfa/totp", tag = "me", security(("session" = [])),
    extensions(("x-while-enrolling" = json!(true)), ("x-step-up" = json!(true))),
    responses((status = 201, body = TotpSecretResponse)))]
async fn begin_totp(ctx: BoxCtx) -> Answer<TotpSecretResponse> {
    let Created { value, is_replay } = ops::begin_totp(&ctx).await?;
    Ok(created(Created { value: TotpSecretResponse::of(value)?, is_replay }))
}

/// Confirm the authenticator app with its first code. The answer has new backup codes; older ones
/// die.
#[utoipa::path(post, path = "/me/mfa/totp/confirm", tag = "me", security(("session" = [])),
    extensions(("x-while-enrolling" = json!(true)), ("x-step-up" = json!(true))),
    responses((status = 200, body = BackupCodesResponse)))]
async fn confirm_totp(ctx: BoxCtx, Json(body): Json<CodeRequest>) -> Answer<BackupCodesResponse> {
    Ok(ok(BackupCodesResponse { backup_codes: ops::confirm_totp(&ctx, &body.code).await? }))
}

/// Remove the authenticator app. Backup codes go with the last factor.
#[utoipa::path(delete, path = "/me/mfa/totp", tag = "me", security(("session" = [])),
    extensions(("x-step-up" = json!(true))),
    responses((status = 204), (status = 404, description = "There is none.")))]
async fn remove_totp(ctx: BoxCtx) -> Result<NoContent> {
    ops::remove_totp(&ctx).await?;
    Ok(NoContent)
}

/// Make new backup codes; the old ones die.
#[utoipa::path(post, path = "/me/mfa/backup-codes", tag = "me", security(("session" = [])),
    extensions(("x-step-up" = json!(true))),
    responses((status = 200, body = BackupCodesResponse)))]
async fn make_backup_codes(ctx: BoxCtx) -> Answer<BackupCodesResponse> {
    Ok(ok(BackupCodesResponse { backup_codes: ops::new_codes(&ctx).await? }))
}

//! Certificates over HTTP, for operators.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::acme::NameState;
use super::ops::{self, Authority, Standing};
use crate::http::answer::{Answer, ok};
use crate::platform::app::Routes;
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxCtx;
use crate::platform::jobs::api::{JobResponse, shown_on_box};

pub fn routes() -> Routes {
    Routes::new().routes(routes!(get_tls)).routes(routes!(renew_certificate))
}

/// How a name of the box stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct TlsNameResponse {
    pub name: String,
    /// `public`: browsers trust its certificate. `local`: the box's own root signs for it.
    /// `refused`: the authority would not, so the own root does. `waiting`: the authority is going
    /// to be asked.
    pub state: String,
    /// Why it is not public.
    pub detail: Option<String>,
}

impl From<NameState> for TlsNameResponse {
    fn from(one: NameState) -> Self {
        let (name, state) = (one.name.to_string(), one.state.name().to_owned());
        Self { name, state, detail: one.detail }
    }
}

/// How it stands with a public authority.
#[derive(Debug, Serialize, ToSchema)]
pub struct TlsAuthorityResponse {
    /// Where it says what it can do.
    pub directory: String,
    /// The address of its terms; null before it was asked, or when it has none.
    pub terms_url: Option<String>,
    pub terms_agreed: bool,
    /// The address of the box's account with it.
    pub account: Option<String>,
    /// Who signed the certificate in use.
    pub issuer: Option<String>,
    pub obtained_at: Option<String>,
    /// When the certificate in use is to be renewed.
    pub renewal_at: Option<String>,
    /// Whether the authority chose that time.
    pub is_renewal_suggested: bool,
    pub last_attempt_at: Option<String>,
    /// When the authority is asked next.
    pub next_attempt_at: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// Why there is no newer certificate.
    pub last_error: Option<String>,
}

impl From<Authority> for TlsAuthorityResponse {
    fn from(one: Authority) -> Self {
        let text = |moment: Option<Moment>| moment.map(|moment| moment.to_string());
        Self {
            directory: one.directory,
            terms_url: one.terms,
            terms_agreed: one.is_agreed,
            account: one.account,
            issuer: one.issuer,
            obtained_at: text(one.obtained_at),
            renewal_at: text(one.renewal_at),
            is_renewal_suggested: one.is_renewal_suggested,
            last_attempt_at: text(one.tried_at),
            next_attempt_at: text(one.next_at),
            failures: one.failures,
            last_error: one.last_error,
        }
    }
}

/// The box's certificates.
#[derive(Debug, Serialize, ToSchema)]
pub struct TlsResponse {
    /// `local-ca`, `own`, `acme`, or `proxy` when a reverse proxy in front has the certificate.
    pub mode: String,
    pub names: Vec<TlsNameResponse>,
    pub not_before: Option<String>,
    pub not_after: Option<String>,
    /// SHA-256 of the certificate as `AB:12:…`.
    pub fingerprint: Option<String>,
    /// The same of the box's own root.
    pub root_fingerprint: Option<String>,
    /// What is wrong, in a sentence.
    pub trouble: Option<String>,
    /// In mode `acme`.
    pub authority: Option<TlsAuthorityResponse>,
}

impl From<Standing> for TlsResponse {
    fn from(standing: Standing) -> Self {
        let status = standing.certificate.as_deref();
        let text = |moment: Moment| moment.to_string();
        Self {
            mode: status.map_or("proxy", |status| status.kind.as_str()).to_owned(),
            names: standing.names.into_iter().map(Into::into).collect(),
            not_before: status.map(|status| text(status.not_before)),
            not_after: status.map(|status| text(status.not_after)),
            fingerprint: status.map(|status| status.fingerprint.clone()),
            root_fingerprint: status.and_then(|status| status.root_fingerprint.clone()),
            trouble: status.and_then(|status| status.trouble.clone()),
            authority: standing.authority.map(Into::into),
        }
    }
}

/// Say how the box's certificates stand (operators).
#[utoipa::path(get, path = "/tls", tag = "tls", security(("session" = ["box.operate"])),
    responses((status = 200, body = TlsResponse)))]
async fn get_tls(ctx: BoxCtx) -> Answer<TlsResponse> {
    Ok(ok(ops::standing(&ctx.platform).into()))
}

/// Ask the authority for a new certificate (operators). The answer is the job that does it; one
/// that is under way already is joined.
#[utoipa::path(post, path = "/tls/renew", tag = "tls",
    security(("session" = ["box.operate"])),
    extensions(("x-makes-job" = json!(true))),
    responses(
        (status = 202, body = JobResponse),
        (status = 409, description = "No authority is asked for certificates, or it wants to be \
            left alone for a while."),
    ))]
async fn renew_certificate(ctx: BoxCtx) -> Answer<JobResponse> {
    let job = ops::renew(&ctx).await?;
    Ok(ok(shown_on_box(&ctx, job).await?).accepted())
}

//! First run over HTTP. On a claimed box none of this exists.

use axum::extract::FromRequestParts;
use axum::response::IntoResponse;
use http::header;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops::{self, Request};
use super::rules::Claim;
use crate::http::address::network;
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::extract::Json;
use crate::http::front::session_cookie;
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::sign_in::api::UserResponse;
use crate::platform::secret::Secret;
use crate::platform::tls::host_name;
use crate::platform::workspaces::api::WorkspaceResponse;
use crate::platform::workspaces::rules::Draft;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(get_setup, set_up)).routes(routes!(check_setup_link))
}

/// The context on a box nobody owns yet. On any other the address does not exist, whatever is
/// sent to it.
struct Unclaimed(BoxCtx);

impl<S: Send + Sync> FromRequestParts<S> for Unclaimed {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let ctx = BoxCtx::from_request_parts(parts, state).await?;
        match ops::claim(&ctx).await? {
            Claim::Unclaimed => Ok(Self(ctx)),
            Claim::Claimed(_) => Err(Error::NotFound),
        }
    }
}

/// A box that waits for its first operator.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetupStateResponse {
    /// Always true: a claimed box answers 404.
    pub needs_setup: bool,
    pub box_name_suggestion: String,
    /// Names the box answers to.
    pub names: Vec<String>,
    /// SHA-256 of the box's own root certificate as `AB:12:…`; null with another certificate.
    pub fingerprint: Option<String>,
    /// Where to get that root; null with another certificate.
    pub trust_url: Option<String>,
}

/// The first operator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupOperator {
    name: String,
    email: String,
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 256)]
    password: Secret,
}

/// The first workspace; what is left out gets a default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupWorkspace {
    name: String,
    /// ISO 4217; `EUR` when left out.
    currency: Option<String>,
    /// IANA name; `UTC` when left out.
    time_zone: Option<String>,
    /// BCP 47; `en-GB` when left out.
    locale: Option<String>,
}

/// Everything a new box needs to know.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// What follows `#token=` in the set-up link.
    #[schema(value_type = String)]
    token: Secret,
    box_name: String,
    operator: SetupOperator,
    workspace: SetupWorkspace,
    /// Makes a second workspace with a made-up group of kitchens, which a job loads.
    #[serde(default)]
    load_sample_data: bool,
}

/// A token to be looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupCheckRequest {
    #[schema(value_type = String)]
    token: Secret,
}

/// The first operator, signed in, and the first workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetupResponse {
    pub user: UserResponse,
    pub workspace: WorkspaceResponse,
}

/// Say what a new box suggests. 404 for ever after it was set up.
#[utoipa::path(get, path = "/setup", tag = "setup", security(()),
    responses((status = 200, body = SetupStateResponse)))]
async fn get_setup(Unclaimed(ctx): Unclaimed) -> Answer<SetupStateResponse> {
    let reach = ctx.platform.reach.get();
    let certificates = reach.and_then(|reach| reach.certificates.as_ref());
    let fingerprint = certificates.and_then(|one| one.status().root_fingerprint.clone());
    let origin = reach.filter(|_| fingerprint.is_some()).map(|reach| &reach.origin);
    Ok(ok(SetupStateResponse {
        needs_setup: true,
        box_name_suggestion: host_name(),
        names: reach.map(|reach| reach.names.clone()).unwrap_or_default(),
        trust_url: origin.map(|origin| format!("{origin}/trust")),
        fingerprint,
    }))
}

/// Set up the box: its name, its first operator, its first workspace. Signs the operator in.
#[utoipa::path(post, path = "/setup", tag = "setup", security(()),
    responses(
        (status = 201, body = SetupResponse),
        (status = 403, description = "The set-up link is wrong or too old."),
        (status = 404, description = "The box was set up before."),
    ))]
async fn set_up(
    Unclaimed(ctx): Unclaimed,
    Json(body): Json<SetupRequest>,
) -> Result<impl IntoResponse> {
    let workspace = Draft {
        name: body.workspace.name,
        time_zone: body.workspace.time_zone,
        currency: body.workspace.currency,
        locale: body.workspace.locale,
        ..Draft::default()
    };
    let request = Request {
        token: body.token,
        box_name: body.box_name,
        name: body.operator.name,
        email: body.operator.email,
        password: body.operator.password,
        workspace,
        with_sample: body.load_sample_data,
    };
    let claimed = ops::set_up(&ctx, request, ctx.cause.address.map(network)).await?;
    let cookie = session_cookie(&claimed.session, &ctx.platform)?;
    let workspace = WorkspaceResponse::of(claimed.workspace, &ctx.platform);
    let body = SetupResponse { user: claimed.user.into(), workspace };
    let answer = created::<_, SetupResponse>(Created { value: body, is_replay: false });
    Ok(([(header::SET_COOKIE, cookie)], answer))
}

/// Check a set-up link before filling in the form.
#[utoipa::path(post, path = "/setup/check", tag = "setup", security(()),
    responses(
        (status = 204),
        (status = 403, description = "The set-up link is wrong or too old."),
        (status = 404, description = "The box was set up before."),
    ))]
async fn check_setup_link(
    Unclaimed(ctx): Unclaimed,
    Json(body): Json<SetupCheckRequest>,
) -> Result<NoContent> {
    ops::check_token(&ctx, &body.token, ctx.cause.address.map(network)).await?;
    Ok(NoContent)
}

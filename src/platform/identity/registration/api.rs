//! Registration over HTTP.

use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, Draft};
use super::rules::{Change, Registration, Settings, Wish};
use crate::http::address::network;
use crate::http::answer::{Answer, NoContent, ok, people};
use crate::http::extract::{Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::access::api::RoleName;
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;
use crate::platform::secret::Secret;
use crate::platform::workspaces::WorkspaceId;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(get_registration, change_registration))
        .routes(routes!(register, get_registration_offer))
        .routes(routes!(confirm_registration))
        .routes(routes!(list_registrations))
        .routes(routes!(renew_registration))
        .routes(routes!(refuse_registration))
}

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationMode {
    /// Nobody: people are invited.
    Closed,
    /// Whoever has an address of one of the domains.
    Domains,
}

/// Who may register, and what they get.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegistrationSettingsResponse {
    pub mode: RegistrationMode,
    pub domains: Vec<String>,
    pub role: Option<RoleName>,
    pub workspace_id: Option<String>,
}

impl From<Settings> for RegistrationSettingsResponse {
    fn from(settings: Settings) -> Self {
        let mode =
            if settings.is_open { RegistrationMode::Domains } else { RegistrationMode::Closed };
        Self {
            mode,
            domains: settings.domains,
            role: settings.place.map(|place| place.role.into()),
            workspace_id: settings.place.map(|place| place.workspace.to_string()),
        }
    }
}

/// What to change; what is left out stays, null takes it away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRegistrationRequest {
    mode: Option<RegistrationMode>,
    /// E.g. `example.com`.
    domains: Option<Vec<String>>,
    #[serde(default, deserialize_with = "chosen")]
    #[schema(value_type = Option<RoleName>)]
    role: Wish<RoleName>,
    #[serde(default, deserialize_with = "chosen")]
    #[schema(value_type = Option<String>)]
    workspace_id: Wish<String>,
}

/// Tells null from what was left out.
fn chosen<'de, T: Deserialize<'de>, D: Deserializer<'de>>(reader: D) -> Result<Wish<T>, D::Error> {
    Option::deserialize(reader).map(Wish::Set)
}

/// Whether people can register.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegistrationOfferResponse {
    pub is_open: bool,
}

/// Somebody who wants an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    email: String,
    name: String,
}

/// What happens next; the same whether the address has an account or not.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegisterResponse {
    /// A link is mailed to the address. False: the box sends no mail, and an operator has it.
    pub is_mailed: bool,
}

/// The token of a link and the password of the new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmRegistrationRequest {
    /// What follows `#token=` in the link.
    #[schema(value_type = String)]
    token: Secret,
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 256)]
    password: Secret,
}

/// Somebody who has not confirmed their address.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegistrationResponse {
    pub id: String,
    pub name: String,
    pub email: String,
    pub created_at: String,
    pub expires_at: String,
    /// What to send to the person. Shown once, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl From<Registration> for RegistrationResponse {
    fn from(registration: Registration) -> Self {
        Self {
            id: registration.id.to_string(),
            name: registration.name,
            email: registration.email,
            created_at: registration.created_at.to_string(),
            expires_at: registration.expires_at.to_string(),
            link: None,
        }
    }
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RegistrationsQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Show who may register (operators).
#[utoipa::path(get, path = "/box/registration", tag = "people",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = RegistrationSettingsResponse)))]
async fn get_registration(ctx: BoxCtx) -> Answer<RegistrationSettingsResponse> {
    Ok(ok(ops::settings(&ctx).await?.into()))
}

/// Choose who may register and what they get (operators).
#[utoipa::path(patch, path = "/box/registration", tag = "people",
    extensions(("x-step-up" = json!(true))),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = RegistrationSettingsResponse)))]
async fn change_registration(
    ctx: BoxCtx,
    Json(body): Json<ChangeRegistrationRequest>,
) -> Answer<RegistrationSettingsResponse> {
    let workspace = match body.workspace_id {
        Wish::LeftOut => Wish::LeftOut,
        Wish::Set(id) => Wish::Set(id.map(|id| workspace_of(&id)).transpose()?),
    };
    let role = match body.role {
        Wish::LeftOut => Wish::LeftOut,
        Wish::Set(role) => Wish::Set(role.map(Into::into)),
    };
    let is_open = body.mode.map(|mode| mode == RegistrationMode::Domains);
    let change = Change { is_open, domains: body.domains, workspace, role };
    Ok(ok(ops::set(&ctx, change).await?.into()))
}

fn workspace_of(id: &str) -> Result<WorkspaceId> {
    let unknown = || {
        Error::invalid("workspace_id", "workspace-unknown", "There is no such workspace in use.")
    };
    id.parse().map_err(|_| unknown())
}

/// Say whether people can register on this box.
#[utoipa::path(get, path = "/auth/register", tag = "sign-in", security(()),
    responses((status = 200, body = RegistrationOfferResponse)))]
async fn get_registration_offer(ctx: BoxCtx) -> Answer<RegistrationOfferResponse> {
    let is_open = ops::settings(&ctx).await?.is_open;
    Ok(ok(RegistrationOfferResponse { is_open }))
}

/// Register, where that is open to the address. Whoever gets its link confirms it and chooses the
/// password.
#[utoipa::path(post, path = "/auth/register", tag = "sign-in", security(()),
    request_body = RegisterRequest,
    responses(
        (status = 202, body = RegisterResponse),
        (status = 403, description = "Nobody can register on this box."),
    ))]
async fn register(ctx: BoxCtx, body: Result<Json<RegisterRequest>, Response>) -> Response {
    // A closed box says so, whatever was sent.
    if let Err(closed) = ops::check_open(&ctx).await {
        return closed.into_response();
    }
    let Json(body) = match body {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let network = ctx.cause.address.map(network);
    let draft = Draft { name: body.name, email: body.email, network };
    match ops::register(&ctx, draft).await {
        Ok(is_mailed) => ok(RegisterResponse { is_mailed }).accepted().into_response(),
        Err(error) => error.into_response(),
    }
}

/// Confirm an address with its link and choose the password. Sign in afterwards.
#[utoipa::path(post, path = "/auth/register/confirm", tag = "sign-in", security(()),
    responses(
        (status = 204),
        (status = 404, description = "The link names no registration (any more)."),
    ))]
async fn confirm_registration(
    ctx: BoxCtx,
    Json(body): Json<ConfirmRegistrationRequest>,
) -> Result<NoContent> {
    let network = ctx.cause.address.map(network);
    ops::confirm(&ctx, &body.token, body.password, network).await?;
    Ok(NoContent)
}

/// List people who have not confirmed their address, newest first (operators).
#[utoipa::path(get, path = "/box/registrations", tag = "people", params(RegistrationsQuery),
    extensions(("x-sensitive-read" = json!(true))),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = Page<RegistrationResponse>)))]
async fn list_registrations(
    ctx: BoxCtx,
    Query(query): Query<RegistrationsQuery>,
) -> Answer<Page<RegistrationResponse>> {
    let limit = page::limit(query.limit)?;
    let before = page::read_cursor::<uuid::Uuid>(query.cursor.as_deref())?.map(Id::from_uuid);
    let found = ops::list(&ctx, before, limit + 1).await?;
    let page = Page::of_one_more(found, limit, |last| last.id.uuid())?;
    Ok(people(page.map(Into::into)))
}

/// Make a link for somebody who waits, to give it to them; the one before it dies (operators).
#[utoipa::path(post, path = "/box/registrations/{id}/link", tag = "people",
    extensions(("x-step-up" = json!(true))),
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 200, body = RegistrationResponse)))]
async fn renew_registration(
    ctx: BoxCtx,
    Path(id): Path<Id<Registration>>,
) -> Answer<RegistrationResponse> {
    let (link, registration) = ops::renew(&ctx, id).await?;
    Ok(ok(RegistrationResponse { link: Some(link), ..registration.into() }))
}

/// Turn somebody down who waits (operators).
#[utoipa::path(delete, path = "/box/registrations/{id}", tag = "people",
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 204)))]
async fn refuse_registration(ctx: BoxCtx, Path(id): Path<Id<Registration>>) -> Result<NoContent> {
    ops::refuse(&ctx, id).await?;
    Ok(NoContent)
}

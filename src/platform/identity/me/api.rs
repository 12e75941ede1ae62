//! The signed-in person's own account over HTTP.

use axum::response::{IntoResponse, Response};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops;
use crate::http::answer::{Answer, NoContent, ok};
use crate::http::extract::{IfMatch, Json};
use crate::http::front::session_cookie;
use crate::platform::Platform;
use crate::platform::app::Routes;
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::identity::factors::Standing;
use crate::platform::identity::users::rules::Change;
use crate::platform::identity::{User, users};
use crate::platform::secret::Secret;
use crate::platform::workspaces;
use crate::platform::workspaces::api::WorkspaceState;
use crate::platform::workspaces::ops::Mine;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(get_me, change_me))
        .routes(routes!(get_me_by_alias))
        .routes(routes!(change_password))
}

/// The signed-in person and the workspaces they belong to.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeResponse {
    pub id: String,
    pub name: String,
    pub email: String,
    /// BCP 47, e.g. `en`.
    pub language: String,
    /// How the screens look: `system`, `light` or `dark`.
    pub theme: Theme,
    pub is_operator: bool,
    pub version: i64,
    pub mfa: MeFactorResponse,
    /// Up to when this session may do what needs a fresh proof; null for programs, and when that
    /// is over.
    pub elevated_until: Option<String>,
    pub workspaces: Vec<MeWorkspaceResponse>,
}

/// How the person stands with a second factor.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeFactorResponse {
    /// A role of theirs needs one.
    pub required: bool,
    /// They have one.
    pub enrolled: bool,
    /// By when they need one; null when they have it or need none.
    pub enrol_by: Option<String>,
    /// Nothing else is allowed before they have one.
    pub must_enrol: bool,
}

impl MeFactorResponse {
    pub fn of(standing: &Standing, now: Moment) -> Self {
        Self {
            required: standing.is_required(),
            enrolled: standing.is_enrolled(),
            enrol_by: standing.enrol_by().map(|at| at.to_string()),
            must_enrol: standing.must_enrol(now),
        }
    }
}

/// How the screens look.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

/// A workspace and what the person may do there.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeWorkspaceResponse {
    pub id: String,
    pub name: String,
    /// A built-in role such as `manager`, or the id of one that the workspace made.
    pub role: String,
    /// What people call the role.
    pub role_name: String,
    /// E.g. `inventory.move`.
    pub permissions: Vec<String>,
    /// ISO 4217, e.g. `EUR`.
    pub currency: String,
    /// IANA name, e.g. `Europe/Berlin`.
    pub time_zone: String,
    /// BCP 47, e.g. `en-GB`.
    pub locale: String,
    /// 1 is Monday.
    pub week_start: i64,
    /// The apps switched on, e.g. `inventory`.
    pub apps: Vec<String>,
    /// `active`, or `archived`: read only.
    pub state: WorkspaceState,
    /// Made to be played with.
    pub is_sample: bool,
    /// When its file was found damaged: it can only be read until an operator restores it.
    pub damaged_at: Option<String>,
}

impl MeWorkspaceResponse {
    fn of(mine: Mine, platform: &Platform) -> Self {
        let Mine { membership, workspace, role } = mine;
        Self {
            apps: workspace.apps.of_known(&platform.app_ids()),
            state: workspace.state().into(),
            is_sample: workspace.is_sample,
            damaged_at: platform.workspaces.damaged_at(workspace.id).map(|at| at.to_string()),
            id: workspace.id.to_string(),
            name: workspace.name,
            role: role.role.to_string(),
            role_name: role.name,
            permissions: membership.grant.iter().map(str::to_owned).collect(),
            currency: workspace.currency,
            time_zone: workspace.time_zone,
            locale: workspace.locale,
            week_start: workspace.week_start,
        }
    }
}

/// What to change; fields left out stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMeRequest {
    name: Option<String>,
    language: Option<String>,
    theme: Option<Theme>,
}

/// The present password and the one to come.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePasswordRequest {
    #[schema(value_type = String, format = Password)]
    current: Secret,
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 256)]
    new: Secret,
}

/// Get the signed-in person.
#[utoipa::path(get, path = "/me", tag = "me", extensions(("x-while-enrolling" = json!(true))),
    security(("session" = [])),
    responses((status = 200, body = MeResponse)))]
async fn get_me(ctx: BoxCtx) -> Answer<MeResponse> {
    let user = users::ops::me(&ctx).await?;
    let version = user.version;
    Ok(ok(me(&ctx, user).await?).version(version))
}

/// Get the signed-in person (another address of `/me`).
#[utoipa::path(get, path = "/auth/me", tag = "me", extensions(("x-while-enrolling" = json!(true))),
    security(("session" = [])),
    responses((status = 200, body = MeResponse)))]
async fn get_me_by_alias(ctx: BoxCtx) -> Answer<MeResponse> {
    get_me(ctx).await
}

/// Change the signed-in person's name, language or theme.
#[utoipa::path(patch, path = "/me", tag = "me", security(("session" = [])),
    params(("If-Match" = String, Header, description = "The version that is changed")),
    responses((status = 200, body = MeResponse)))]
async fn change_me(
    ctx: BoxCtx,
    IfMatch(version): IfMatch,
    Json(body): Json<UpdateMeRequest>,
) -> Answer<MeResponse> {
    ctx.principal()?.need_whole()?;
    let theme = body.theme.map(|theme| theme.name().to_owned());
    let change = Change { name: body.name, language: body.language, theme };
    let user = users::ops::change_me(&ctx, version, change).await?;
    let version = user.version;
    Ok(ok(me(&ctx, user).await?).version(version))
}

/// Change the password. All other sessions end, and this one goes on under a new cookie.
#[utoipa::path(put, path = "/me/password", tag = "me", security(("session" = [])),
    responses((status = 204)))]
async fn change_password(ctx: BoxCtx, Json(body): Json<ChangePasswordRequest>) -> Result<Response> {
    let session = ops::change_password(&ctx, body.current, body.new).await?;
    let mut response = NoContent.into_response();
    if let Some(session) = session {
        let cookie = session_cookie(&session, &ctx.platform)?;
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn me(ctx: &BoxCtx, user: User) -> Result<MeResponse> {
    let mine = workspaces::ops::list_mine(ctx).await?.into_iter();
    let workspaces = mine.map(|one| MeWorkspaceResponse::of(one, &ctx.platform)).collect();
    let principal = ctx.principal()?;
    let elevated_until = principal.elevated_until.filter(|until| ctx.now() < *until);
    Ok(MeResponse {
        mfa: MeFactorResponse::of(&principal.factors, ctx.now()),
        elevated_until: elevated_until.map(|at| at.to_string()),
        id: user.id.to_string(),
        name: user.name,
        email: user.email,
        language: user.language,
        theme: Theme::named(&user.theme),
        is_operator: principal.is_operator,
        version: user.version,
        workspaces,
    })
}

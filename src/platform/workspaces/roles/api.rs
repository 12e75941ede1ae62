//! Roles over HTTP.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops::{self, Shown};
use super::rules::Wish;
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::extract::{IfMatch, Json, Path};
use crate::http::page::{OneName as _, Page};
use crate::platform::access::PermissionSpec;
use crate::platform::access::rules::{ALWAYS, CustomRoleMark};
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::Result;
use crate::platform::id::Id;

/// Below `/api/v1/workspaces/{workspace}`.
pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_roles, create_role))
        .routes(routes!(change_role, delete_role))
        .routes(routes!(list_permissions))
}

/// What a member of the workspace can be.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleResponse {
    /// Of a built-in role its name.
    pub id: String,
    pub name: String,
    pub description: String,
    /// E.g. `inventory.move`.
    pub permissions: Vec<String>,
    /// Comes with the program and is the same everywhere.
    pub is_builtin: bool,
    /// How many people have it.
    pub members: i64,
    /// Whoever has it needs a second factor, as owners and admins do.
    pub needs_factor: bool,
    /// Lets people do no more than you may: you may give it away, and change it where it is the
    /// workspace's own.
    pub may_give: bool,
    /// 1 of a built-in role.
    pub version: i64,
}

impl From<Shown> for RoleResponse {
    fn from(shown: Shown) -> Self {
        Self {
            id: shown.role.to_string(),
            name: shown.name,
            description: shown.description,
            permissions: shown.grant.iter().map(str::to_owned).collect(),
            is_builtin: shown.version.is_none(),
            members: shown.members,
            needs_factor: shown.needs_factor,
            may_give: shown.may_give,
            version: shown.version.unwrap_or(1),
        }
    }
}

/// A role to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRoleRequest {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[schema(max_length = 500)]
    description: Option<String>,
    /// At most your own. What everybody in a workspace may is added.
    permissions: Vec<String>,
}

/// What is to be different. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRoleRequest {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[schema(max_length = 500)]
    description: Option<String>,
    /// At most your own.
    permissions: Option<Vec<String>>,
}

/// Which roles can have a permission.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GoesWith {
    /// Every role has it.
    EveryRole,
    /// Owners alone have it.
    Ownership,
    /// Whoever makes a role decides.
    Choice,
}

impl GoesWith {
    fn of(spec: &PermissionSpec) -> Self {
        match spec {
            _ if ALWAYS.contains(&spec.id) => Self::EveryRole,
            _ if spec.is_for_owners() => Self::Ownership,
            _ => Self::Choice,
        }
    }
}

/// Something a role may let people do.
#[derive(Debug, Serialize, ToSchema)]
pub struct PermissionResponse {
    /// E.g. `inventory.move`.
    pub id: String,
    pub title: String,
    /// What it belongs to, e.g. `inventory`.
    pub area: String,
    pub goes_with: GoesWith,
    /// Whoever has it needs a second factor.
    pub needs_factor: bool,
    /// You have it, also where its app is switched off.
    pub is_yours: bool,
}

impl PermissionResponse {
    fn of(spec: &PermissionSpec, ctx: &Ctx) -> Self {
        Self {
            is_yours: ctx.membership.whole.allows(spec.id),
            id: spec.id.to_owned(),
            title: spec.title.to_owned(),
            area: spec.id.split('.').next().unwrap_or_default().to_owned(),
            goes_with: GoesWith::of(spec),
            needs_factor: spec.needs_factor(),
        }
    }
}

/// List the roles of the workspace: the built-in ones, then its own.
#[utoipa::path(get, path = "/roles", tag = "people",
    security(("session" = ["people.read"])),
    responses((status = 200, body = Page<RoleResponse>)))]
async fn list_roles(ctx: Ctx) -> Answer<Page<RoleResponse>> {
    let all = ops::list(&ctx).await?.into_iter().map(Into::into);
    Ok(ok(Page::new(all.collect(), None)))
}

/// Make a role. It may do at most what you may.
#[utoipa::path(post, path = "/roles", tag = "people",
    extensions(("x-step-up" = json!(true))),
    security(("session" = ["people.manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it repeatable")),
    responses((status = 201, body = RoleResponse)))]
async fn create_role(ctx: Ctx, Json(body): Json<CreateRoleRequest>) -> Answer<RoleResponse> {
    let wish = Wish {
        name: Some(body.name),
        description: body.description,
        permissions: Some(body.permissions),
    };
    Ok(created(ops::create(&ctx, wish).await?))
}

/// Change a role. It acts at once on everybody who has it, also where they are signed in.
#[utoipa::path(patch, path = "/roles/{id}", tag = "people",
    extensions(("x-step-up" = json!(true))),
    security(("session" = ["people.manage"])),
    params(
        ("id" = String, Path),
        ("If-Match" = String, Header, description = "The version that is changed"),
    ),
    responses((status = 200, body = RoleResponse)))]
async fn change_role(
    ctx: Ctx,
    Path(id): Path<Id<CustomRoleMark>>,
    IfMatch(version): IfMatch,
    Json(body): Json<UpdateRoleRequest>,
) -> Answer<RoleResponse> {
    let wish =
        Wish { name: body.name, description: body.description, permissions: body.permissions };
    let shown = ops::change(&ctx, id, version, wish).await?;
    let version = shown.version.unwrap_or(version);
    Ok(ok(RoleResponse::from(shown)).version(version))
}

/// Delete a role that nobody has and nobody is invited to.
#[utoipa::path(delete, path = "/roles/{id}", tag = "people",
    extensions(("x-step-up" = json!(true))),
    security(("session" = ["people.manage"])),
    params(
        ("id" = String, Path),
        ("If-Match" = String, Header, description = "The version that is deleted"),
    ),
    responses(
        (status = 204),
        (status = 409, description = "Somebody has it, or is invited to it."),
    ))]
async fn delete_role(
    ctx: Ctx,
    Path(id): Path<Id<CustomRoleMark>>,
    IfMatch(version): IfMatch,
) -> Result<NoContent> {
    ops::delete(&ctx, id, version).await?;
    Ok(NoContent)
}

/// List what roles of the workspace can let people do.
#[utoipa::path(get, path = "/permissions", tag = "people",
    security(("session" = ["people.read"])),
    responses((status = 200, body = Page<PermissionResponse>)))]
async fn list_permissions(ctx: Ctx) -> Answer<Page<PermissionResponse>> {
    let specs = ctx.platform.roles.permissions().iter();
    let all = specs.map(|spec| PermissionResponse::of(spec, &ctx));
    Ok(ok(Page::new(all.collect(), None)))
}

//! People over HTTP, for operators.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, Details, Made};
use super::rules::{Edit, User, UserId};
use crate::http::answer::{Answer, NoContent, Reply, created, ok, people};
use crate::http::extract::{IfMatch, Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::access::NamedRole;
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::id::Id;
use crate::platform::workspaces::WorkspaceId;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_users, create_user))
        .routes(routes!(get_user, change_user))
        .routes(routes!(sign_out_user))
}

/// Somebody, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonRef {
    pub id: String,
    pub name: String,
}

impl From<(UserId, String)> for PersonRef {
    fn from((id, name): (UserId, String)) -> Self {
        Self { id: id.to_string(), name }
    }
}

/// A person as operators see them.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserDetailsResponse {
    pub id: String,
    pub name: String,
    pub email: String,
    pub is_operator: bool,
    pub is_disabled: bool,
    pub disabled_at: Option<String>,
    pub created_at: String,
    /// When they last used the box, to within five minutes; null when they never did.
    pub last_seen_at: Option<String>,
    pub version: i64,
    /// Browsers they are signed in with.
    pub sessions: i64,
    pub workspaces: Vec<UserWorkspaceResponse>,
}

/// A workspace somebody belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserWorkspaceResponse {
    pub id: String,
    pub name: String,
    /// A built-in role such as `manager`, or the id of one that the workspace made.
    pub role: String,
    /// What people call the role.
    pub role_name: String,
}

impl From<(WorkspaceId, String, NamedRole)> for UserWorkspaceResponse {
    fn from((id, name, role): (WorkspaceId, String, NamedRole)) -> Self {
        Self { id: id.to_string(), name, role: role.role.to_string(), role_name: role.name }
    }
}

impl From<Details> for UserDetailsResponse {
    fn from(details: Details) -> Self {
        let user = details.user;
        Self {
            id: user.id.to_string(),
            name: user.name,
            email: user.email,
            is_operator: user.is_operator,
            is_disabled: user.disabled_at.is_some(),
            disabled_at: user.disabled_at.map(|at| at.to_string()),
            created_at: user.created_at.to_string(),
            last_seen_at: details.last_seen_at.map(|at| at.to_string()),
            version: user.version,
            sessions: details.sessions,
            workspaces: details.workspaces.into_iter().map(Into::into).collect(),
        }
    }
}

/// Which people to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsersQuery {
    /// A part of the name or of the e-mail address.
    q: Option<String>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// A person to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUserRequest {
    name: String,
    email: String,
    /// Whether they run the box.
    #[serde(default)]
    is_operator: bool,
}

/// A new person, and the link with which they choose their password.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreateUserResponse {
    pub user: UserDetailsResponse,
    /// Good for 72 hours. Shown once.
    pub link: String,
}

impl From<Made> for CreateUserResponse {
    fn from(made: Made) -> Self {
        Self { user: made.details.into(), link: made.issued.link }
    }
}

/// What to change; fields left out stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateUserRequest {
    name: Option<String>,
    is_operator: Option<bool>,
    /// A disabled person cannot sign in; their sessions and tokens end.
    disabled: Option<bool>,
}

/// List the people of the box, in the order they came.
#[utoipa::path(get, path = "/users", tag = "users", params(UsersQuery),
    extensions(("x-sensitive-read" = json!(true))),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = Page<UserDetailsResponse>)))]
async fn list_users(
    ctx: BoxCtx,
    Query(query): Query<UsersQuery>,
) -> Answer<Page<UserDetailsResponse>> {
    let limit = page::limit(query.limit)?;
    let after = page::read_cursor::<uuid::Uuid>(query.cursor.as_deref())?.map(Id::from_uuid);
    let found = ops::list(&ctx, query.q.as_deref(), after, limit + 1).await?;
    let page = Page::of_one_more(found, limit, |last| last.user.id.uuid())?;
    Ok(people(page.map(Into::into)))
}

/// Add a person. They belong to no workspace yet, and choose their password with the link.
#[utoipa::path(post, path = "/users", tag = "users",
    extensions(("x-step-up" = json!(true))),
    security(("session" = ["box.operate"])),
    responses((status = 201, body = CreateUserResponse)))]
async fn create_user(
    ctx: BoxCtx,
    Json(body): Json<CreateUserRequest>,
) -> Answer<CreateUserResponse> {
    Ok(created(ops::create(&ctx, body.name, body.email, body.is_operator).await?))
}

/// Get a person.
#[utoipa::path(get, path = "/users/{id}", tag = "users",
    extensions(("x-sensitive-read" = json!(true))),
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 200, body = UserDetailsResponse)))]
async fn get_user(ctx: BoxCtx, Path(id): Path<Id<User>>) -> Answer<UserDetailsResponse> {
    Ok(answer(ops::details(&ctx, id).await?))
}

/// Change a person: their name, whether they run the box, whether they can sign in.
#[utoipa::path(patch, path = "/users/{id}", tag = "users",
    extensions(("x-step-up" = json!(true))),
    security(("session" = ["box.operate"])),
    params(
        ("id" = String, Path),
        ("If-Match" = String, Header, description = "The version that is changed"),
    ),
    responses((status = 200, body = UserDetailsResponse)))]
async fn change_user(
    ctx: BoxCtx,
    Path(id): Path<Id<User>>,
    IfMatch(version): IfMatch,
    Json(body): Json<UpdateUserRequest>,
) -> Answer<UserDetailsResponse> {
    let edit = Edit { name: body.name, is_operator: body.is_operator, is_disabled: body.disabled };
    Ok(answer(ops::edit(&ctx, id, version, edit).await?))
}

/// Sign a person out of every browser.
#[utoipa::path(post, path = "/users/{id}/sign-out", tag = "users",
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 204)))]
async fn sign_out_user(ctx: BoxCtx, Path(id): Path<Id<User>>) -> Result<NoContent> {
    ops::sign_out(&ctx, id).await?;
    Ok(NoContent)
}

fn answer(details: Details) -> Reply<UserDetailsResponse> {
    let version = details.user.version;
    ok(details.into()).version(version)
}

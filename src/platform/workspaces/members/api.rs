//! Members over HTTP.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::Member;
use crate::http::answer::{Answer, NoContent, ok, people};
use crate::http::extract::{IfMatch, Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::access::AnyRole;
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;
use crate::platform::identity::{User, UserId};

/// Below `/api/v1/workspaces/{workspace}`.
pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_members))
        .routes(routes!(change_member, remove_member))
        .routes(routes!(leave_workspace))
        .routes(routes!(transfer_ownership))
}

/// Somebody who belongs to the workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberResponse {
    pub user_id: String,
    pub name: String,
    pub email: String,
    /// A built-in role such as `manager`, or the id of one that the workspace made.
    pub role: String,
    /// What people call the role.
    pub role_name: String,
    pub version: i64,
    pub joined_at: String,
    /// When they last used the box, to within five minutes; null when they never did.
    pub last_seen_at: Option<String>,
    /// True for the person who asks.
    pub is_you: bool,
    /// Was disabled by an operator and cannot sign in.
    pub is_disabled: bool,
}

impl MemberResponse {
    fn of(member: Member, caller: UserId) -> Self {
        Self {
            is_you: member.user == caller,
            user_id: member.user.to_string(),
            name: member.name,
            email: member.email,
            role: member.role.to_string(),
            role_name: member.role_name,
            version: member.version,
            joined_at: member.joined_at.to_string(),
            last_seen_at: member.last_seen_at.map(|at| at.to_string()),
            is_disabled: member.is_disabled,
        }
    }
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MembersQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The role a member is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMemberRequest {
    /// A built-in role such as `manager`, or the id of one that the workspace made.
    #[schema(example = "counter")]
    role: String,
}

/// Who is to own the workspace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferOwnershipRequest {
    /// A member.
    user_id: String,
}

/// List who belongs to the workspace.
#[utoipa::path(get, path = "/members", tag = "people", params(MembersQuery),
    extensions(("x-sensitive-read" = json!(true))),
    security(("session" = ["people.read"])),
    responses((status = 200, body = Page<MemberResponse>)))]
async fn list_members(ctx: Ctx, Query(query): Query<MembersQuery>) -> Answer<Page<MemberResponse>> {
    let limit = page::limit(query.limit)?;
    let after = page::read_cursor::<uuid::Uuid>(query.cursor.as_deref())?.map(Id::from_uuid);
    let found = ops::list(&ctx, after, limit + 1).await?;
    let page = Page::of_one_more(found, limit, |last| last.user.uuid())?;
    let caller = ctx.principal()?.user;
    Ok(people(page.map(|one| MemberResponse::of(one, caller))))
}

/// Give a member another role. It acts at once, also where the person is signed in.
#[utoipa::path(patch, path = "/members/{user}", tag = "people",
    extensions(("x-step-up" = json!(true))),
    security(("session" = ["people.manage"])),
    params(
        ("user" = String, Path),
        ("If-Match" = String, Header, description = "The version that is changed"),
    ),
    responses((status = 200, body = MemberResponse)))]
async fn change_member(
    ctx: Ctx,
    Path(user): Path<Id<User>>,
    IfMatch(version): IfMatch,
    Json(body): Json<UpdateMemberRequest>,
) -> Answer<MemberResponse> {
    let role = AnyRole::named("role", &body.role)?;
    let member = ops::change_role(&ctx, user, version, role).await?;
    let version = member.version;
    Ok(ok(MemberResponse::of(member, ctx.principal()?.user)).version(version))
}

/// Remove a member. They lose sight of the workspace at once.
#[utoipa::path(delete, path = "/members/{user}", tag = "people",
    security(("session" = ["people.manage"])), extensions(("x-while-archived" = json!(true))),
    params(
        ("user" = String, Path),
        ("If-Match" = String, Header, description = "The version that is removed"),
    ),
    responses((status = 204)))]
async fn remove_member(
    ctx: Ctx,
    Path(user): Path<Id<User>>,
    IfMatch(version): IfMatch,
) -> Result<NoContent> {
    ops::remove(&ctx, user, version).await?;
    Ok(NoContent)
}

/// Leave the workspace. Its last owner cannot.
#[utoipa::path(post, path = "/leave", tag = "people",
    security(("session" = ["workspace.read"])), extensions(("x-while-archived" = json!(true))),
    responses((status = 204)))]
async fn leave_workspace(ctx: Ctx) -> Result<NoContent> {
    ops::leave(&ctx).await?;
    Ok(NoContent)
}

/// Hand the workspace over: a member becomes its owner, and you become an admin.
#[utoipa::path(post, path = "/transfer-ownership", tag = "people",
    extensions(("x-step-up" = json!(true))),
    security(("session" = ["workspace.transfer"])),
    responses((status = 200, body = MemberResponse)))]
async fn transfer_ownership(
    ctx: Ctx,
    Json(body): Json<TransferOwnershipRequest>,
) -> Answer<MemberResponse> {
    let heir = body.user_id.parse().map_err(|_| {
        let detail = "Take the id of somebody from the list of members.";
        Error::invalid("user_id", "member-unknown", detail)
    })?;
    let member = ops::transfer(&ctx, heir).await?;
    let version = member.version;
    Ok(ok(MemberResponse::of(member, ctx.principal()?.user)).version(version))
}

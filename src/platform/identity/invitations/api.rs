//! Invitations over HTTP.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, Acceptance, Listed, Preview};
use super::rules::{Fitness, Invitation};
use crate::http::address::network;
use crate::http::answer::{Answer, NoContent, created, ok, people};
use crate::http::extract::{Json, Path, Query};
use crate::http::front::session_cookie;
use crate::http::page::{self, OneName as _, Page};
use crate::platform::access::AnyRole;
use crate::platform::app::Routes;
use crate::platform::ctx::{BoxCtx, Ctx};
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;
use crate::platform::identity::sign_in::api::UserResponse;
use crate::platform::identity::users::api::PersonRef;
use crate::platform::secret::Secret;
use crate::platform::workspaces::api::WorkspaceResponse;

/// Where the UI sends a token, so that it stands in no address.
const TOKEN_HEADER: &str = "invitation-token";

pub fn routes() -> Routes {
    Routes::new().routes(routes!(inspect_invitation)).routes(routes!(accept_invitation))
}

/// Below `/api/v1/workspaces/{workspace}`.
pub fn workspace_routes() -> Routes {
    Routes::new()
        .routes(routes!(list_invitations, create_invitation))
        .routes(routes!(revoke_invitation))
}

/// Whether an invitation can still be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InvitationState {
    Waiting,
    Expired,
    /// Whoever made it may not give that role any more, so its link does not work.
    Lapsed,
}

/// An invitation that was not accepted yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationResponse {
    pub id: String,
    pub email: String,
    /// A built-in role such as `manager`, or the id of one that the workspace made.
    pub role: String,
    /// What people call the role.
    pub role_name: String,
    pub state: InvitationState,
    pub created_at: String,
    pub expires_at: String,
    pub invited_by: Option<PersonRef>,
    /// What to send to the person. Shown once, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl From<Listed> for InvitationResponse {
    fn from(listed: Listed) -> Self {
        let invitation = listed.invitation;
        let state = match listed.fitness {
            Fitness::Good => InvitationState::Waiting,
            Fitness::Expired => InvitationState::Expired,
            Fitness::Lapsed => InvitationState::Lapsed,
        };
        Self {
            id: invitation.id.to_string(),
            email: invitation.email,
            role: invitation.role.to_string(),
            role_name: invitation.role_name,
            state,
            created_at: invitation.created_at.to_string(),
            expires_at: invitation.expires_at.to_string(),
            invited_by: listed.invited_by.map(Into::into),
            link: listed.link,
        }
    }
}

/// Whom to invite, and as what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInvitationRequest {
    email: String,
    /// A built-in role such as `manager`, or the id of one that the workspace made.
    #[schema(example = "counter")]
    role: String,
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvitationsQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Which invitation to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InspectQuery {
    /// What follows `#token=` in the link; better sent as `Invitation-Token`.
    #[param(value_type = Option<String>)]
    token: Option<Secret>,
}

/// What an invited person sees before they decide.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationPreviewResponse {
    pub workspace_name: String,
    pub box_name: String,
    /// The address the invitation is for.
    pub email: String,
    /// A built-in role such as `manager`, or the id of one that the workspace made.
    pub role: String,
    /// What people call the role.
    pub role_name: String,
    /// Name of whoever made it; null when they are gone.
    pub invited_by: Option<String>,
    pub expires_at: String,
    /// Somebody on this box has the address: they sign in to accept.
    pub has_account: bool,
}

impl From<Preview> for InvitationPreviewResponse {
    fn from(preview: Preview) -> Self {
        Self {
            workspace_name: preview.workspace.name,
            box_name: preview.box_name,
            email: preview.invitation.email,
            role: preview.invitation.role.to_string(),
            role_name: preview.invitation.role_name,
            invited_by: preview.invited_by,
            expires_at: preview.invitation.expires_at.to_string(),
            has_account: preview.has_account,
        }
    }
}

/// The link's token; name and password for a person who is new on this box.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitationRequest {
    /// What follows `#token=` in the link.
    #[schema(value_type = String)]
    token: Secret,
    /// Needed without an account, ignored with one.
    name: Option<String>,
    /// Needed without an account, ignored with one.
    #[schema(value_type = Option<String>, format = Password, min_length = 12, max_length = 256)]
    password: Option<Secret>,
}

/// Who came in, and where.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcceptResponse {
    pub user: UserResponse,
    pub workspace: WorkspaceResponse,
}

/// List invitations that nobody accepted yet, newest first.
#[utoipa::path(get, path = "/invitations", tag = "people", params(InvitationsQuery),
    extensions(("x-sensitive-read" = json!(true))),
    security(("session" = ["people.manage"])),
    responses((status = 200, body = Page<InvitationResponse>)))]
async fn list_invitations(
    ctx: Ctx,
    Query(query): Query<InvitationsQuery>,
) -> Answer<Page<InvitationResponse>> {
    let limit = page::limit(query.limit)?;
    let before = page::read_cursor::<uuid::Uuid>(query.cursor.as_deref())?.map(Id::from_uuid);
    let found = ops::list(&ctx, before, limit + 1).await?;
    let page = Page::of_one_more(found, limit, |last| last.invitation.id.uuid())?;
    Ok(people(page.map(Into::into)))
}

/// Invite somebody. The answer holds the link to send; an earlier one for the address dies.
#[utoipa::path(post, path = "/invitations", tag = "people",
    extensions(("x-step-up" = json!(true))),
    security(("session" = ["people.manage"])),
    responses((status = 201, body = InvitationResponse)))]
async fn create_invitation(
    ctx: Ctx,
    Json(body): Json<CreateInvitationRequest>,
) -> Answer<InvitationResponse> {
    let role = AnyRole::named("role", &body.role)?;
    Ok(created(ops::invite(&ctx, &body.email, role).await?))
}

/// Withdraw an invitation. Its link stops working.
#[utoipa::path(delete, path = "/invitations/{id}", tag = "people",
    security(("session" = ["people.manage"])),
    params(("id" = String, Path)), responses((status = 204)))]
async fn revoke_invitation(ctx: Ctx, Path(id): Path<Id<Invitation>>) -> Result<NoContent> {
    ops::revoke(&ctx, id).await?;
    Ok(NoContent)
}

/// Show an invitation to whoever holds its link.
#[utoipa::path(get, path = "/invitations/inspect", tag = "sign-in", security(()),
    params(
        InspectQuery,
        ("Invitation-Token" = Option<String>, Header,
            description = "What follows `#token=` in the link"),
    ),
    responses(
        (status = 200, body = InvitationPreviewResponse),
        (status = 404, description = "The link names no invitation (any more)."),
        (status = 409, description = "The invitation expired."),
    ))]
async fn inspect_invitation(
    ctx: BoxCtx,
    headers: HeaderMap,
    Query(query): Query<InspectQuery>,
) -> Answer<InvitationPreviewResponse> {
    let named = headers.get(TOKEN_HEADER).and_then(|value| value.to_str().ok()).map(Secret::new);
    let token = named.or(query.token).ok_or_else(|| {
        let detail = "Send what follows #token= in the link.";
        Error::invalid("token", "missing", detail)
    })?;
    let preview = ops::inspect(&ctx, &token, ctx.cause.address.map(network)).await?;
    Ok(ok(preview.into()))
}

/// Accept an invitation: signed in as its address, or as a person who is new on this box. The
/// answer signs a new person in.
#[utoipa::path(post, path = "/invitations/accept", tag = "sign-in",
    security((), ("session" = [])),
    responses(
        (status = 200, body = AcceptResponse),
        (status = 401, description = "The address has an account: sign in first."),
        (status = 403, description = "The request came from a foreign page or a narrowed token."),
        (status = 404, description = "The link names no invitation (any more)."),
    ))]
async fn accept_invitation(
    ctx: BoxCtx,
    Json(body): Json<AcceptInvitationRequest>,
) -> Result<Response> {
    let acceptance = Acceptance {
        token: body.token,
        name: body.name,
        password: body.password,
        network: ctx.cause.address.map(network),
    };
    let accepted = ops::accept(&ctx, acceptance).await?;
    let cookie =
        accepted.session.as_ref().map(|it| session_cookie(it, &ctx.platform)).transpose()?;
    let body = AcceptResponse {
        user: accepted.user.into(),
        workspace: WorkspaceResponse::of(accepted.workspace, &ctx.platform),
    };
    let mut response = ok(body).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

//! Requests for a way in without a factor, over HTTP.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, Verdict};
use super::rules::Request;
use crate::http::answer::{Answer, NoContent, people};
use crate::http::extract::{Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::id::Id;
use crate::platform::identity::User;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_mfa_requests))
        .routes(routes!(approve_mfa_request))
        .routes(routes!(refuse_mfa_request))
}

/// Somebody who lost every factor and asks for a way in.
#[derive(Debug, Serialize, ToSchema)]
pub struct MfaRequestResponse {
    pub id: String,
    pub user: MfaRequestUser,
    pub asked_at: String,
    /// Where it was asked from.
    pub address: Option<String>,
}

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
pub struct MfaRequestUser {
    pub id: String,
    pub name: String,
    pub email: String,
}

impl From<(Request, User)> for MfaRequestResponse {
    fn from((request, user): (Request, User)) -> Self {
        Self {
            id: request.id.to_string(),
            user: MfaRequestUser { id: user.id.to_string(), name: user.name, email: user.email },
            asked_at: request.asked_at.to_string(),
            address: request.address,
        }
    }
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MfaRequestsQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List people who lost their second factor and whom you can vouch for, newest first.
#[utoipa::path(get, path = "/mfa-requests", tag = "users", params(MfaRequestsQuery),
    extensions(("x-sensitive-read" = json!(true))),
    security(("session" = [])),
    responses((status = 200, body = Page<MfaRequestResponse>)))]
async fn list_mfa_requests(
    ctx: BoxCtx,
    Query(query): Query<MfaRequestsQuery>,
) -> Answer<Page<MfaRequestResponse>> {
    let (limit, cursor) = (page::limit(query.limit)?, query.cursor.as_deref());
    let newest = |(one, _): &(Request, User)| Reverse(one.id.uuid());
    let page = Page::of_all(ops::list(&ctx).await?, limit, cursor, newest)?;
    Ok(people(page.map(Into::into)))
}

/// Vouch for somebody: their next sign-in within 24 hours needs no factor, drops the old ones and
/// can only set up a new one.
#[utoipa::path(post, path = "/mfa-requests/{id}/approve", tag = "users",
    security(("session" = [])), extensions(("x-step-up" = json!(true))),
    params(("id" = String, Path)), responses((status = 204)))]
async fn approve_mfa_request(ctx: BoxCtx, Path(id): Path<Id<Request>>) -> Result<NoContent> {
    ops::decide(&ctx, id, Verdict::Approve).await?;
    Ok(NoContent)
}

/// Do not vouch for somebody. They can ask again.
#[utoipa::path(post, path = "/mfa-requests/{id}/refuse", tag = "users",
    security(("session" = [])), extensions(("x-step-up" = json!(true))),
    params(("id" = String, Path)), responses((status = 204)))]
async fn refuse_mfa_request(ctx: BoxCtx, Path(id): Path<Id<Request>>) -> Result<NoContent> {
    ops::decide(&ctx, id, Verdict::Refuse).await?;
    Ok(NoContent)
}

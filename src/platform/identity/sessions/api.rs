//! Where somebody is signed in, over HTTP.

use std::cmp::Reverse;

use axum::response::{IntoResponse, Response};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::{Family, FamilyId, Kind, Listed};
use crate::http::answer::{Answer, NoContent, ok};
use crate::http::extract::{Path, Query};
use crate::http::front::removed_cookie;
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::id::Id;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(list_sessions, end_other_sessions)).routes(routes!(end_session))
}

/// A browser or a program somebody is signed in with.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionResponse {
    pub id: String,
    /// `browser` or `program`.
    pub kind: &'static str,
    /// What a program called itself; empty for a browser.
    pub name: String,
    pub created_at: String,
    pub expires_at: String,
    /// To within five minutes.
    pub last_seen_at: String,
    /// Where the sign-in came from.
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    /// True for the session that asks.
    pub is_current: bool,
}

impl SessionResponse {
    fn of((kind, listed): (Kind, Listed), current: FamilyId) -> Self {
        Self {
            kind: if kind == Kind::Program { "program" } else { "browser" },
            name: listed.name,
            is_current: listed.id == current,
            id: listed.id.to_string(),
            created_at: listed.created_at.to_string(),
            expires_at: listed.expires_at.to_string(),
            last_seen_at: listed.last_seen_at.to_string(),
            ip: listed.address,
            user_agent: listed.user_agent,
        }
    }
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionsQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List where you are signed in, newest first.
#[utoipa::path(get, path = "/me/sessions", tag = "me", params(SessionsQuery),
    security(("session" = [])),
    responses((status = 200, body = Page<SessionResponse>)))]
async fn list_sessions(
    ctx: BoxCtx,
    Query(query): Query<SessionsQuery>,
) -> Answer<Page<SessionResponse>> {
    let (limit, cursor) = (page::limit(query.limit)?, query.cursor.as_deref());
    let current = ctx.principal()?.family;
    let newest = |(_, one): &(Kind, Listed)| Reverse((one.created_at.0, one.id.uuid()));
    let page = Page::of_all(ops::list(&ctx).await?, limit, cursor, newest)?;
    Ok(ok(page.map(|one| SessionResponse::of(one, current))))
}

/// Sign out everywhere else: all your sessions end but the one that asks.
#[utoipa::path(delete, path = "/me/sessions", tag = "me", security(("session" = [])),
    responses((status = 204)))]
async fn end_other_sessions(ctx: BoxCtx) -> Result<NoContent> {
    ops::end_others(&ctx).await?;
    Ok(NoContent)
}

/// Sign out one of your browsers or programs.
#[utoipa::path(delete, path = "/me/sessions/{id}", tag = "me", security(("session" = [])),
    params(("id" = String, Path)), responses((status = 204)))]
async fn end_session(ctx: BoxCtx, Path(id): Path<Id<Family>>) -> Result<Response> {
    ops::end(&ctx, id).await?;
    let mut response = NoContent.into_response();
    if id == ctx.principal()?.family {
        response.headers_mut().insert(header::SET_COOKIE, removed_cookie());
    }
    Ok(response)
}

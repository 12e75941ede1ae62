//! Updates of the box over HTTP.

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::ops::{history, status};
use super::report::{UpdateEntry, UpdatesStatusResponse};
use super::rules::UpdateId;
use crate::http::answer::{Answer, ok};
use crate::http::extract::{Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::id::Id;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(get_updates_status))
        .routes(routes!(list_updates))
        .routes(routes!(get_update))
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UpdatesQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// See how updates of the box stand: what runs, what is offered, what goes on.
#[utoipa::path(get, path = "/platform/updates/status", tag = "updates",
    security(("session" = ["updates.check"])),
    responses((status = 200, body = UpdatesStatusResponse)))]
async fn get_updates_status(ctx: BoxCtx) -> Answer<UpdatesStatusResponse> {
    Ok(ok(status::status(&ctx).await?))
}

/// List the updates that were tried, the newest first.
#[utoipa::path(get, path = "/platform/updates/history", tag = "updates",
    security(("session" = ["updates.check"])), params(UpdatesQuery),
    responses((status = 200, body = Page<UpdateEntry>)))]
async fn list_updates(ctx: BoxCtx, Query(query): Query<UpdatesQuery>) -> Answer<Page<UpdateEntry>> {
    let limit = page::limit(query.limit)?;
    let before = page::read_cursor::<uuid::Uuid>(query.cursor.as_deref())?.map(Id::from_uuid);
    let found = history::list(&ctx, before, limit + 1).await?;
    let id = |entry: &UpdateEntry| entry.id.parse::<UpdateId>().ok().map(Id::uuid);
    let page = Page::of_one_more(found, limit, |last| id(last).unwrap_or_default())?;
    Ok(ok(page))
}

/// Get one update of the history.
#[utoipa::path(get, path = "/platform/updates/history/{id}", tag = "updates",
    security(("session" = ["updates.check"])), params(("id" = String, Path)),
    responses((status = 200, body = UpdateEntry)))]
async fn get_update(ctx: BoxCtx, Path(id): Path<UpdateId>) -> Answer<UpdateEntry> {
    Ok(ok(history::get(&ctx, id).await?))
}

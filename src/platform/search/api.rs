//! The search over HTTP.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::{HITS_DEFAULT, Hit, Typed};
use crate::http::answer::{Answer, ok};
use crate::http::extract::Query;
use crate::http::page;
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;

pub fn workspace_routes() -> Routes {
    Routes::new().routes(routes!(search))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// What to look for: a scanned code, a number, words, beginnings or parts of words.
    q: String,
    /// 1 to 200 hits; 20 when left out.
    limit: Option<i64>,
}

/// Something that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchHitResponse {
    /// E.g. `inventory.item`, `inventory.location`, `inventory.movement`, `inventory.supplier`,
    /// `workspace.member`.
    pub kind: String,
    pub id: String,
    pub title: String,
    /// What tells it from others of that name.
    pub subtitle: String,
    /// What it belongs to, where it has no page of its own: for a movement its item.
    pub parent_id: Option<String>,
    /// `exact`, `word` or `part`: how well it fits.
    pub score_class: String,
}

/// What was found, best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchResponse {
    pub items: Vec<SearchHitResponse>,
}

/// Search everything you may see in a workspace.
///
/// What fits exactly comes first: a code, a number, a whole name. Nothing typed is read as search
/// syntax. Prices are neither searched nor shown.
#[utoipa::path(get, path = "/search", tag = "search", params(SearchQuery),
    security(("session" = ["workspace.read"])),
    responses((status = 200, body = SearchResponse)))]
async fn search(ctx: Ctx, Query(query): Query<SearchQuery>) -> Answer<SearchResponse> {
    let limit = match query.limit {
        None => HITS_DEFAULT,
        wished => page::limit(wished)?,
    };
    let found = match Typed::read(&query.q) {
        None => Vec::new(),
        Some(typed) => ops::find(&ctx, typed, limit).await?,
    };
    Ok(ok(SearchResponse { items: found.into_iter().map(response).collect() }))
}

fn response((kind, hit): (&'static str, Hit)) -> SearchHitResponse {
    SearchHitResponse {
        kind: kind.to_owned(),
        id: hit.id.to_string(),
        title: hit.title,
        subtitle: hit.subtitle,
        parent_id: hit.parent.map(|id| id.to_string()),
        score_class: hit.fit.name().to_owned(),
    }
}

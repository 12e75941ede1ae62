//! Saved filters over HTTP. Everybody reaches their own; that of another person is not there.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops;
use super::rules::{KeptSavedFilter, SavedFilterId, SavedFilterInput};
use crate::apps::inventory::items::rules::listing::Sort;
use crate::http::answer::{Answer, NoContent, Reply, created, ok};
use crate::http::extract::{IfMatch, Json, Path};
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::Result;
use crate::platform::idempotency::rules::Created;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(list_saved_filters, create_saved_filter)).routes(routes!(
        get_saved_filter,
        update_saved_filter,
        delete_saved_filter
    ))
}

/// What the caller looks for among items, under a name.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedFilterResponse {
    pub id: String,
    pub version: i64,
    pub name: String,
    /// These fields are the query parameters of the list of items.
    pub q: Option<String>,
    pub category: Option<String>,
    /// Id of a place, which may be deleted by now.
    pub location: Option<String>,
    pub low: bool,
    /// Null: in the order that the list has by itself.
    pub sort: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

impl From<KeptSavedFilter> for SavedFilterResponse {
    fn from(filter: KeptSavedFilter) -> Self {
        let KeptSavedFilter { draft, .. } = filter;
        Self {
            id: filter.id.to_string(),
            version: filter.version,
            name: draft.name,
            q: Some(draft.search).filter(|search| !search.is_empty()),
            category: draft.category,
            location: draft.location.map(|id| id.to_string()),
            low: draft.is_low,
            sort: draft.sort.map(Sort::written),
            created_at: filter.created_at.to_string(),
            updated_at: filter.updated_at.to_string(),
        }
    }
}

/// All saved filters of the caller, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedFiltersResponse {
    pub items: Vec<SavedFilterResponse>,
}

/// A saved filter as it is to be. Fields that only answers have are taken and ignored, so that an
/// answer can be sent back changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields that only answers have are taken and ignored")]
pub struct SavedFilterRequest {
    /// Unique among those of the caller; case does not matter.
    pub name: String,
    /// What to look for.
    pub q: Option<String>,
    pub category: Option<String>,
    /// Id of a place: only what there is some of there.
    pub location: Option<String>,
    /// True for what is below its minimum.
    pub low: Option<bool>,
    /// `name`, `item_number`, `on_hand` or `updated_at`, with `-` in front for the other way
    /// round.
    pub sort: Option<String>,
    #[schema(ignore)]
    id: Option<IgnoredAny>,
    #[schema(ignore)]
    version: Option<IgnoredAny>,
    #[schema(ignore)]
    created_at: Option<IgnoredAny>,
    #[schema(ignore)]
    updated_at: Option<IgnoredAny>,
}

impl From<SavedFilterRequest> for SavedFilterInput {
    fn from(request: SavedFilterRequest) -> Self {
        Self {
            name: request.name,
            q: request.q,
            category: request.category,
            location: request.location,
            is_low: request.low == Some(true),
            sort: request.sort,
        }
    }
}

/// List the caller's saved filters by name, all of them: there are 50 at most.
#[utoipa::path(get, path = "/saved-filters", tag = "inventory",
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = SavedFiltersResponse)))]
async fn list_saved_filters(ctx: Ctx) -> Answer<SavedFiltersResponse> {
    let items = ops::list(&ctx).await?.into_iter().map(Into::into).collect();
    Ok(ok(SavedFiltersResponse { items }))
}

/// Save a filter of the list of items for the caller alone.
#[utoipa::path(post, path = "/saved-filters", tag = "inventory", request_body = SavedFilterRequest,
    security(("session" = ["inventory.read"])),
    responses((status = 201, body = SavedFilterResponse)))]
async fn create_saved_filter(
    ctx: Ctx,
    Json(body): Json<SavedFilterRequest>,
) -> Answer<SavedFilterResponse> {
    let Created { value, is_replay } = ops::create(&ctx, body.into()).await?;
    let version = value.version;
    Ok(created(Created { value, is_replay }).version(version))
}

/// Get a saved filter of the caller's.
#[utoipa::path(get, path = "/saved-filters/{id}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the saved filter")),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = SavedFilterResponse)))]
async fn get_saved_filter(ctx: Ctx, Path(id): Path<SavedFilterId>) -> Answer<SavedFilterResponse> {
    Ok(answer(ops::get(&ctx, id).await?))
}

/// Rename a saved filter of the caller's, or change what it looks for.
#[utoipa::path(put, path = "/saved-filters/{id}", tag = "inventory",
    request_body = SavedFilterRequest,
    params(("id" = String, Path, description = "Id of the saved filter"),
        ("If-Match" = String, Header, description = "The version being changed, as its ETag")),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = SavedFilterResponse)))]
async fn update_saved_filter(
    ctx: Ctx,
    Path(id): Path<SavedFilterId>,
    IfMatch(version): IfMatch,
    Json(body): Json<SavedFilterRequest>,
) -> Answer<SavedFilterResponse> {
    Ok(answer(ops::update(&ctx, id, version, body.into()).await?))
}

/// Delete a saved filter of the caller's, for good.
#[utoipa::path(delete, path = "/saved-filters/{id}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the saved filter"),
        ("If-Match" = String, Header, description = "The version being deleted, as its ETag")),
    security(("session" = ["inventory.read"])),
    responses((status = 204)))]
async fn delete_saved_filter(
    ctx: Ctx,
    Path(id): Path<SavedFilterId>,
    IfMatch(version): IfMatch,
) -> Result<NoContent> {
    ops::delete(&ctx, id, version).await?;
    Ok(NoContent)
}

fn answer(filter: KeptSavedFilter) -> Reply<SavedFilterResponse> {
    let version = filter.version;
    ok(filter.into()).version(version)
}

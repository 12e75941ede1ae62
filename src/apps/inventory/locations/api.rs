//! Places over HTTP.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::{self, KeptLocation, LOCATIONS_MAX, LocationId, LocationInput, Shown};
use crate::apps::inventory::items::api::zone_name;
use crate::apps::inventory::texts;
use crate::http::answer::{Answer, NoContent, Reply, created, ok};
use crate::http::extract::{IfMatch, Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_locations, create_location))
        .routes(routes!(get_location, update_location, delete_location))
        .routes(routes!(restore_location))
}

/// A place where things are kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct LocationResponse {
    pub id: String,
    pub version: i64,
    /// Short, e.g. `FRZ-1`.
    pub code: String,
    pub name: String,
    /// `dry`, `cooler` or `freezer`.
    pub temp_zone: Option<String>,
    /// The place it stands below.
    pub parent_id: Option<String>,
    pub active: bool,
    /// How many items there are some of here.
    pub stock_items: i64,
    pub created_at: String,
    pub updated_at: String,
    pub deleted_at: Option<String>,
}

impl From<KeptLocation> for LocationResponse {
    fn from(place: KeptLocation) -> Self {
        Self {
            id: place.id.to_string(),
            version: place.version,
            code: place.code,
            name: place.name,
            temp_zone: zone_name(place.temp_zone),
            parent_id: place.parent.map(|parent| parent.to_string()),
            active: place.is_active,
            stock_items: place.stock_items,
            created_at: place.created_at.to_string(),
            updated_at: place.updated_at.to_string(),
            deleted_at: place.deleted_at.map(|at| at.to_string()),
        }
    }
}

/// A place as it is to be. Fields that only answers have are taken and ignored, so that an answer
/// can be sent back changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields that only answers have are taken and ignored")]
pub struct LocationRequest {
    pub code: String,
    pub name: String,
    /// `dry`, `cooler`, `freezer` or nothing.
    pub temp_zone: Option<String>,
    /// The place it stands below; nothing for the top.
    pub parent_id: Option<String>,
    /// True when left out.
    pub active: Option<bool>,
    #[schema(ignore)]
    id: Option<IgnoredAny>,
    #[schema(ignore)]
    version: Option<IgnoredAny>,
    #[schema(ignore)]
    stock_items: Option<IgnoredAny>,
    #[schema(ignore)]
    created_at: Option<IgnoredAny>,
    #[schema(ignore)]
    updated_at: Option<IgnoredAny>,
    #[schema(ignore)]
    deleted_at: Option<IgnoredAny>,
}

impl TryFrom<LocationRequest> for LocationInput {
    type Error = Error;

    fn try_from(request: LocationRequest) -> Result<Self> {
        let parent = request.parent_id.filter(|parent| !parent.is_empty());
        let parent = parent.map(|parent| parent.parse().map_err(|_| rules::parent_unknown()));
        Ok(Self {
            code: request.code,
            name: request.name,
            temp_zone: request.temp_zone,
            parent: parent.transpose()?,
            is_active: request.active.unwrap_or(true),
        })
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LocationsQuery {
    /// True to list deleted places as well.
    deleted: Option<bool>,
    /// 1 to 1,000 rows; all when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

impl LocationsQuery {
    fn limit(&self) -> Result<usize> {
        let Some(wished) = self.limit else { return Ok(LOCATIONS_MAX) };
        let limit =
            usize::try_from(wished).ok().filter(|limit| (1..=LOCATIONS_MAX).contains(limit));
        limit.ok_or_else(|| {
            let detail = format!("A page of places has 1 to {LOCATIONS_MAX} rows.");
            Error::invalid("limit", "limit-out-of-range", detail)
        })
    }
}

/// List places by code.
#[utoipa::path(get, path = "/locations", tag = "inventory", params(LocationsQuery),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = Page<LocationResponse>)))]
async fn list_locations(
    ctx: Ctx,
    Query(query): Query<LocationsQuery>,
) -> Answer<Page<LocationResponse>> {
    let limit = query.limit()?;
    let after: Option<(String, i64)> = page::read_cursor(query.cursor.as_deref())?;
    let shown = if query.deleted == Some(true) { Shown::All } else { Shown::Living };
    let found = ops::list(&ctx, shown, after.unwrap_or_default(), limit + 1).await?;
    let key = |place: &KeptLocation| (texts::rules::identity_key(&place.code), place.rid);
    Ok(ok(Page::of_one_more(found, limit, key)?.map(Into::into)))
}

/// Add a place.
#[utoipa::path(post, path = "/locations", tag = "inventory", request_body = LocationRequest,
    security(("session" = ["inventory.write"])),
    responses((status = 201, body = LocationResponse)))]
async fn create_location(ctx: Ctx, Json(body): Json<LocationRequest>) -> Answer<LocationResponse> {
    let Created { value, is_replay } = ops::create(&ctx, body.try_into()?).await?;
    let version = value.version;
    Ok(created(Created { value, is_replay }).version(version))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LocationQuery {
    /// True to get the place even when it is deleted.
    deleted: Option<bool>,
}

/// Get a place.
#[utoipa::path(get, path = "/locations/{id}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the place"), LocationQuery),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = LocationResponse)))]
async fn get_location(
    ctx: Ctx,
    Path(id): Path<LocationId>,
    Query(query): Query<LocationQuery>,
) -> Answer<LocationResponse> {
    Ok(answer(match query.deleted {
        Some(true) => ops::get_any(&ctx, id).await?,
        _ => ops::get(&ctx, id).await?,
    }))
}

/// Change a place.
#[utoipa::path(put, path = "/locations/{id}", tag = "inventory", request_body = LocationRequest,
    params(("id" = String, Path, description = "Id of the place"),
        ("If-Match" = String, Header, description = "The version being changed, as its ETag")),
    security(("session" = ["inventory.write"])),
    responses((status = 200, body = LocationResponse)))]
async fn update_location(
    ctx: Ctx,
    Path(id): Path<LocationId>,
    IfMatch(version): IfMatch,
    Json(body): Json<LocationRequest>,
) -> Answer<LocationResponse> {
    Ok(answer(ops::update(&ctx, id, version, body.try_into()?).await?))
}

/// Delete an empty place. It can be restored.
#[utoipa::path(delete, path = "/locations/{id}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the place"),
        ("If-Match" = String, Header, description = "The version being deleted, as its ETag")),
    security(("session" = ["inventory.write"])),
    responses((status = 204)))]
async fn delete_location(
    ctx: Ctx,
    Path(id): Path<LocationId>,
    IfMatch(version): IfMatch,
) -> Result<NoContent> {
    ops::delete(&ctx, id, version).await?;
    Ok(NoContent)
}

/// Restore a place that was deleted in the last 30 days: one's own deletions, admins anybody's.
#[utoipa::path(post, path = "/locations/{id}/restore", tag = "inventory",
    params(("id" = String, Path, description = "Id of the place")),
    security(("session" = ["inventory.write"])),
    responses((status = 200, body = LocationResponse)))]
async fn restore_location(ctx: Ctx, Path(id): Path<LocationId>) -> Answer<LocationResponse> {
    Ok(answer(ops::restore(&ctx, id).await?))
}

fn answer(place: KeptLocation) -> Reply<LocationResponse> {
    let version = place.version;
    ok(place.into()).version(version)
}

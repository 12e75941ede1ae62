//! Items over HTTP.

mod dto;

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::ops;
use super::rules::ItemId;
use super::rules::listing::{Key, Listing, Position, Sort};
use crate::apps::inventory::locations::rules::LocationId;
use crate::apps::inventory::search;
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::extract::{IfMatch, Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::idempotency::rules::Created;

pub use dto::{
    BarcodeRequest, BarcodeResponse, CategoriesResponse, CategoryResponse, ItemChangeRequest,
    ItemRequest, ItemResponse, ItemsChangeRequest, ItemsChangeResponse, Prices, Shows, zone_name,
};

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_items, create_item))
        .routes(routes!(change_items))
        .routes(routes!(list_categories))
        .routes(routes!(get_item, update_item, delete_item))
        .routes(routes!(restore_item))
}

/// Which items to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemsQuery {
    /// What to look for: a scanned code, a number, words or parts of words.
    q: Option<String>,
    category: Option<String>,
    /// Id of a place: only what there is some of there.
    location: Option<String>,
    /// True for what is below its minimum. Refused for those who count blind
    /// (`quantities-hidden`), as is to sort by `on_hand`.
    low: Option<bool>,
    /// `name`, `item_number`, `on_hand` or `updated_at`, with `-` in front for the other way
    /// round. Without it a search shows what fits best first, a list goes by name.
    sort: Option<String>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
    /// True to count all of them, to 10,000.
    total: Option<bool>,
}

impl ItemsQuery {
    fn listing(&self) -> Result<Listing> {
        let query = self.q.as_deref().and_then(search::rules::read);
        let is_search = self.q.as_deref().is_some_and(|text| !text.trim().is_empty());
        if is_search && query.is_none() {
            let detail = "Remove the invisible control characters.";
            return Err(Error::invalid("q", "text-hidden-characters", detail));
        }
        let sort = match self.sort.as_deref() {
            Some(text) => Sort::read(text).ok_or_else(|| {
                let detail = "Sort by name, item_number, on_hand or updated_at.";
                Error::invalid("sort", "sort-unknown", detail)
            })?,
            None if query.is_some() => Sort::BY_FIT,
            None => Sort::BY_NAME,
        };
        let category = self.category.clone().filter(|category| !category.is_empty());
        let location = self.location.as_deref().map(location_id).transpose()?;
        Ok(Listing { search: query, category, location, is_low: self.low == Some(true), sort })
    }
}

fn location_id(text: &str) -> Result<LocationId> {
    text.parse().map_err(|_| {
        Error::invalid("location", "unknown-location", "There is no place with this id.")
    })
}

/// Where a page begins, as it travels in a cursor.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    /// A text or a number; none stands behind every text.
    k: Option<KeyText>,
    r: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum KeyText {
    Number(i64),
    Text(String),
}

impl From<Position> for Cursor {
    fn from(position: Position) -> Self {
        let k = match position.key {
            Key::Number(number) => Some(KeyText::Number(number)),
            Key::Text(text) => Some(KeyText::Text(text)),
            Key::AfterTexts => None,
        };
        Self { k, r: position.rid }
    }
}

impl From<Cursor> for Position {
    fn from(cursor: Cursor) -> Self {
        let key = match cursor.k {
            Some(KeyText::Number(number)) => Key::Number(number),
            Some(KeyText::Text(text)) => Key::Text(text),
            None => Key::AfterTexts,
        };
        Self { key, rid: cursor.r }
    }
}

fn position(cursor: Option<&str>, sort: Sort) -> Result<Position> {
    let cursor: Option<Cursor> = page::read_cursor(cursor)?;
    let position = cursor.map_or_else(|| Position::start(sort), Position::from);
    if position.fits(sort) {
        return Ok(position);
    }
    let refusal = Refusal::new("cursor-bad", "This cursor belongs to a list of another order.");
    Err(Error::Malformed(refusal))
}

/// List items.
#[utoipa::path(get, path = "/items", tag = "inventory", params(ItemsQuery),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = Page<ItemResponse>)))]
async fn list_items(ctx: Ctx, Query(query): Query<ItemsQuery>) -> Answer<Page<ItemResponse>> {
    let (listing, limit) = (query.listing()?, page::limit(query.limit)?);
    let position = position(query.cursor.as_deref(), listing.sort)?;
    let count_max = (query.total == Some(true)).then_some(page::TOTAL_MAX + 1);
    let listed = ops::list(&ctx, listing, position, limit, count_max).await?;
    let next = listed.next.map(|next| page::cursor(&Cursor::from(next))).transpose()?;
    let shows = Shows::to(&ctx).await?;
    let items = listed.items.into_iter().map(|item| ItemResponse::new(item, &shows)).collect();
    Ok(ok(Page::new(items, next).total(listed.total)))
}

/// Add an item.
#[utoipa::path(post, path = "/items", tag = "inventory", request_body = ItemRequest,
    security(("session" = ["inventory.write"])),
    responses((status = 201, body = ItemResponse)))]
async fn create_item(ctx: Ctx, Json(body): Json<ItemRequest>) -> Answer<ItemResponse> {
    let Created { value: item, is_replay } = ops::create(&ctx, body.into()).await?;
    let version = item.version;
    let value = ItemResponse::new(item, &Shows::to(&ctx).await?);
    Ok(created(Created { value, is_replay }).version(version))
}

/// Categories in use, with how many items each has.
#[utoipa::path(get, path = "/items/categories", tag = "inventory",
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = CategoriesResponse)))]
async fn list_categories(ctx: Ctx) -> Answer<CategoriesResponse> {
    let categories = ops::categories(&ctx).await?;
    let items = categories
        .into_iter()
        .map(|(category, count)| CategoryResponse { category, count })
        .collect();
    Ok(ok(CategoriesResponse { items }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemQuery {
    /// True to get the item even when it is deleted.
    deleted: Option<bool>,
}

/// Get an item.
#[utoipa::path(get, path = "/items/{id}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item"), ItemQuery),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = ItemResponse)))]
async fn get_item(
    ctx: Ctx,
    Path(id): Path<ItemId>,
    Query(query): Query<ItemQuery>,
) -> Answer<ItemResponse> {
    let item = match query.deleted {
        Some(true) => ops::get_any(&ctx, id).await?,
        _ => ops::get(&ctx, id).await?,
    };
    answer(&ctx, item).await
}

/// Change an item. `unit_cost` is kept when it is left out.
#[utoipa::path(put, path = "/items/{id}", tag = "inventory", request_body = ItemRequest,
    params(("id" = String, Path, description = "Id of the item"),
        ("If-Match" = String, Header, description = "The version being changed, as its ETag")),
    security(("session" = ["inventory.write"])),
    responses((status = 200, body = ItemResponse)))]
async fn update_item(
    ctx: Ctx,
    Path(id): Path<ItemId>,
    IfMatch(version): IfMatch,
    Json(body): Json<ItemRequest>,
) -> Answer<ItemResponse> {
    let item = ops::update(&ctx, id, version, body.into()).await?;
    answer(&ctx, item).await
}

/// Change several items at once, all of them or none: category, zone, minimum and maximum. An item
/// that somebody else changed meanwhile is refused as `items-changed`, one that already is as it is
/// to be stays as it is.
#[utoipa::path(post, path = "/items/bulk", tag = "inventory", request_body = ItemsChangeRequest,
    security(("session" = ["inventory.write"])),
    responses((status = 200, body = ItemsChangeResponse)))]
async fn change_items(
    ctx: Ctx,
    Json(body): Json<ItemsChangeRequest>,
) -> Answer<ItemsChangeResponse> {
    let changes = body.inputs()?;
    let items = ops::change_several(&ctx, changes).await?;
    let shows = Shows::to(&ctx).await?;
    let items = items.into_iter().map(|item| ItemResponse::new(item, &shows)).collect();
    Ok(ok(ItemsChangeResponse { items }))
}

/// Delete an item that is not in stock. It can be restored.
#[utoipa::path(delete, path = "/items/{id}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item"),
        ("If-Match" = String, Header, description = "The version being deleted, as its ETag")),
    security(("session" = ["inventory.write"])),
    responses((status = 204)))]
async fn delete_item(
    ctx: Ctx,
    Path(id): Path<ItemId>,
    IfMatch(version): IfMatch,
) -> Result<NoContent> {
    ops::delete(&ctx, id, version).await?;
    Ok(NoContent)
}

/// Restore an item that was deleted in the last 30 days: one's own deletions, admins anybody's.
#[utoipa::path(post, path = "/items/{id}/restore", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item")),
    security(("session" = ["inventory.write"])),
    responses((status = 200, body = ItemResponse)))]
async fn restore_item(ctx: Ctx, Path(id): Path<ItemId>) -> Answer<ItemResponse> {
    let item = ops::restore(&ctx, id).await?;
    answer(&ctx, item).await
}

async fn answer(ctx: &Ctx, item: super::rules::KeptItem) -> Answer<ItemResponse> {
    let version = item.version;
    Ok(ok(ItemResponse::new(item, &Shows::to(ctx).await?)).version(version))
}

//! Stock over HTTP.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::{Difference, Stock, StockFilter, StockKey};
use crate::apps::inventory::counts;
use crate::apps::inventory::counts::rules::hiding::Hidden;
use crate::apps::inventory::items::rules::ItemId;
use crate::http::answer::{Answer, ok};
use crate::http::extract::{Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_stock))
        .routes(routes!(list_item_stock))
        .routes(routes!(check_integrity))
}

/// How much of an item is at a place.
#[derive(Debug, Serialize, ToSchema)]
pub struct StockResponse {
    pub item_id: String,
    pub item_number: String,
    pub item_name: String,
    pub unit: String,
    pub location_id: String,
    pub location_code: String,
    pub location_name: String,
    /// Absent for those who count it blind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qty: Option<String>,
}

impl StockResponse {
    fn new(stock: Stock, hidden: &Hidden) -> Self {
        let is_told = !hidden.hides(stock.item.id, stock.place.id);
        Self {
            item_id: stock.item.id.to_string(),
            item_number: stock.item.item_number,
            item_name: stock.item.name,
            unit: stock.item.unit,
            location_id: stock.place.id.to_string(),
            location_code: stock.place.code,
            location_name: stock.place.name,
            qty: is_told.then(|| stock.qty.to_string()),
        }
    }
}

/// Which stock to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StockQuery {
    item_id: Option<String>,
    location_id: Option<String>,
    /// As it was at this time; now when left out. Without an item it adds the ledger up, which
    /// counts against the limit of exports and reports.
    at: Option<String>,
    /// True for what was booked below zero and not settled yet. Refused for those who count blind
    /// (`quantities-hidden`).
    below_zero: Option<bool>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

impl StockQuery {
    fn filter(&self) -> Result<StockFilter> {
        let at = self.at.as_deref().filter(|text| !text.is_empty()).map(|text| {
            let detail = "Use a time with its offset, like 2026-11-21T14:00:00Z.";
            text.parse().map_err(|_| Error::invalid("at", "moment-bad", detail))
        });
        Ok(StockFilter {
            item: parsed("item_id", "unknown-item", self.item_id.as_deref())?,
            place: parsed("location_id", "unknown-location", self.location_id.as_deref())?,
            at: at.transpose()?,
            is_below_zero: self.below_zero == Some(true),
        })
    }
}

fn parsed<T: std::str::FromStr>(
    field: &str,
    code: &'static str,
    text: Option<&str>,
) -> Result<Option<T>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let wrong = |_| Error::invalid(field, code, "Use an id as it is shown.");
    text.parse().map(Some).map_err(wrong)
}

/// Where a page begins, as it travels in a cursor.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor(String, i64, i64);

fn after(cursor: Option<&str>) -> Result<StockKey> {
    let cursor: Option<Cursor> = page::read_cursor(cursor)?;
    let key = |Cursor(name_key, item_rid, place_rid)| StockKey { name_key, item_rid, place_rid };
    Ok(cursor.map_or_else(StockKey::start, key))
}

/// Says how much is where, as far as the caller is told.
async fn page_of(ctx: &Ctx, listed: ops::Listed) -> Answer<Page<StockResponse>> {
    let hidden = counts::ops::hidden(ctx).await?;
    let stocks = listed.stocks.into_iter();
    let rows = stocks.map(|stock| StockResponse::new(stock, &hidden)).collect();
    let next = listed.next.map(|key| Cursor(key.name_key, key.item_rid, key.place_rid));
    let next = next.map(|next| page::cursor(&next)).transpose()?;
    Ok(ok(Page::new(rows, next)))
}

/// List what is where, now or at a time, by item name.
#[utoipa::path(get, path = "/stock", tag = "inventory", params(StockQuery),
    extensions(("x-heavy-where" = json!({ "given": "at", "without": "item_id" }))),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = Page<StockResponse>)))]
async fn list_stock(ctx: Ctx, Query(query): Query<StockQuery>) -> Answer<Page<StockResponse>> {
    let (limit, after) = (page::limit(query.limit)?, after(query.cursor.as_deref())?);
    page_of(&ctx, ops::list(&ctx, query.filter()?, after, limit).await?).await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemStockQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List where an item is.
#[utoipa::path(get, path = "/items/{id}/stock", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item"), ItemStockQuery),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = Page<StockResponse>)))]
async fn list_item_stock(
    ctx: Ctx,
    Path(id): Path<ItemId>,
    Query(query): Query<ItemStockQuery>,
) -> Answer<Page<StockResponse>> {
    let limit = page::limit(query.limit)?;
    let after = after(query.cursor.as_deref())?;
    page_of(&ctx, ops::list_of_item(&ctx, id, after, limit).await?).await
}

/// What the self-check found.
#[derive(Debug, Serialize, ToSchema)]
pub struct IntegrityResponse {
    pub ok: bool,
    /// Sums compared.
    pub checked: i64,
    /// At most 100.
    pub differences: Vec<DifferenceResponse>,
}

/// Something that is not the sum of its ledger.
#[derive(Debug, Serialize, ToSchema)]
pub struct DifferenceResponse {
    pub item_id: Option<String>,
    pub location_id: Option<String>,
    /// What differs: `stock`, `on-hand`, `value`, `worth-of-nothing`, `minimum`, `transfer` or
    /// `search`.
    pub kind: String,
    pub expected: String,
    pub found: String,
}

impl From<Difference> for DifferenceResponse {
    fn from(difference: Difference) -> Self {
        Self {
            item_id: difference.item.map(|id| id.to_string()),
            location_id: difference.place.map(|id| id.to_string()),
            kind: difference.kind.to_owned(),
            expected: difference.expected,
            found: difference.found,
        }
    }
}

/// Add the whole ledger up again and compare it with what is shown.
#[utoipa::path(post, path = "/integrity", tag = "inventory",
    extensions(("x-while-archived" = json!(true)), ("x-heavy" = json!(true))),
    security(("session" = ["inventory.write"])),
    responses((status = 200, body = IntegrityResponse)))]
async fn check_integrity(ctx: Ctx) -> Answer<IntegrityResponse> {
    let findings = ops::check(&ctx).await?;
    Ok(ok(IntegrityResponse {
        ok: findings.differences.is_empty(),
        checked: findings.checked,
        differences: findings.differences.into_iter().map(Into::into).collect(),
    }))
}

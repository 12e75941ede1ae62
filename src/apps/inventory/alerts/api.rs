//! Low stock over HTTP.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, Low};
use crate::http::answer::{Answer, ok};
use crate::http::extract::Query;
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(list_low_stock))
}

/// An item below its minimum.
#[derive(Debug, Serialize, ToSchema)]
pub struct LowStockResponse {
    pub item_id: String,
    pub item_number: String,
    pub item_name: String,
    pub unit: String,
    pub category: Option<String>,
    /// Over all places.
    pub on_hand: String,
    pub min_qty: String,
    pub max_qty: Option<String>,
    /// When it fell below its minimum; null for what was never above.
    pub since: Option<String>,
    /// On drafts and orders on their way. Absent for roles that may not see prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_order: Option<String>,
    /// What an order drafted from the list would ask for: zero when enough is coming. Absent for
    /// roles that may not see prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_order: Option<String>,
}

impl From<Low> for LowStockResponse {
    fn from(Low { item, restock }: Low) -> Self {
        Self {
            item_id: item.item.id.to_string(),
            item_number: item.item.item_number,
            item_name: item.item.name,
            unit: item.item.unit,
            category: item.category,
            on_hand: item.on_hand.to_string(),
            min_qty: item.min.to_string(),
            max_qty: item.max.map(|max| max.to_string()),
            since: item.since.map(|at| at.to_string()),
            on_order: restock.map(|restock| restock.on_order.to_string()),
            to_order: restock.map(|restock| restock.to_order.unwrap_or_default().to_string()),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LowStockQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
    /// True to count all of them, to 10,000.
    total: Option<bool>,
}

/// List the items that are below their minimum, by name.
#[utoipa::path(get, path = "/stock/low", tag = "inventory", params(LowStockQuery),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = Page<LowStockResponse>)))]
async fn list_low_stock(
    ctx: Ctx,
    Query(query): Query<LowStockQuery>,
) -> Answer<Page<LowStockResponse>> {
    let limit = page::limit(query.limit)?;
    let after: Option<(String, i64)> = page::read_cursor(query.cursor.as_deref())?;
    let count_max = (query.total == Some(true)).then_some(page::TOTAL_MAX + 1);
    let listed = ops::list(&ctx, after.unwrap_or_default(), limit + 1, count_max).await?;
    let key = |low: &Low| (low.item.name_key.clone(), low.item.rid);
    let page = Page::of_one_more(listed.items, limit, key)?.map(Into::into);
    Ok(ok(page.total(listed.total)))
}

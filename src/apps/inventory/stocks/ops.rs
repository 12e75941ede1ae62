//! Reading stock and checking it.

use super::rules::{DIFFERENCES_MAX, Findings, Stock, StockFilter, StockKey};
use super::store;
use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::items;
use crate::apps::inventory::items::rules::ItemId;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::Result;

/// A page of stock.
pub struct Listed {
    pub stocks: Vec<Stock>,
    /// Where the next page begins; none on the last.
    pub next: Option<StockKey>,
}

pub async fn list(ctx: &Ctx, filter: StockFilter, after: StockKey, limit: usize) -> Result<Listed> {
    ctx.read(move |scope| page(scope, &filter, &after, limit)).await
}

/// Where an item is; unknown items are not found.
pub async fn list_of_item(
    ctx: &Ctx,
    item: ItemId,
    after: StockKey,
    limit: usize,
) -> Result<Listed> {
    let filter = StockFilter { item: Some(item), ..StockFilter::default() };
    ctx.read(move |scope| {
        items::ops::get_in(scope, item)?;
        page(scope, &filter, &after, limit)
    })
    .await
}

fn page(scope: &Scope<'_>, filter: &StockFilter, after: &StockKey, limit: usize) -> Result<Listed> {
    let mut stocks = store::list(scope, filter, after, limit + 1)?;
    let has_more = stocks.len() > limit;
    stocks.truncate(limit);
    let next = stocks.last().filter(|_| has_more).map(|stock| stock.key.clone());
    Ok(Listed { stocks, next })
}

/// How much of an item is at a place, for other resources of the app; none when nothing was ever
/// moved there.
pub fn at_in(scope: &Scope<'_>, item_rid: i64, place_rid: i64) -> Result<Option<Qty>> {
    store::at(scope, item_rid, place_rid)
}

/// Adds the whole ledger up again and compares.
pub async fn check(ctx: &Ctx) -> Result<Findings> {
    ctx.read(|scope| {
        let mut differences = store::wrong_stocks(scope)?;
        differences.extend(store::wrong_totals(scope)?);
        differences.extend(store::wrong_transfers(scope)?);
        differences.extend(store::unsearchable(scope)?);
        differences.truncate(DIFFERENCES_MAX);
        Ok(Findings { checked: store::sums(scope)?, differences })
    })
    .await
}

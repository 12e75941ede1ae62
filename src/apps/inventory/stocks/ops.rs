//! Reading stock and checking it.

use super::rules::{DIFFERENCES_MAX, Findings, ItemRange, Progress, Stock, StockFilter, StockKey};
use super::store;
use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::counts;
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

/// Lists what is where.
///
/// # Errors
/// `quantities-hidden`: what is below zero is not told to those who count blind.
pub async fn list(ctx: &Ctx, filter: StockFilter, after: StockKey, limit: usize) -> Result<Listed> {
    ctx.read(move |scope| {
        if filter.is_below_zero {
            counts::ops::hidden_in(scope)?.check_told()?;
        }
        page(scope, &filter, &after, limit)
    })
    .await
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

/// The first page of stock inside the caller's transaction, for other resources of the app.
pub fn page_in(scope: &Scope<'_>, limit: usize) -> Result<Listed> {
    page(scope, &StockFilter::default(), &StockKey::start(), limit)
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
    check_telling(ctx, |_| Ok(())).await
}

/// The same, telling after each range of items how far it is; an error from there ends it.
///
/// Every range is a read of its own, so none comes near the deadline and writes go on meanwhile.
/// The result is right all the same: a movement and all that follows from it (its sums, both legs
/// of a transfer) are written in one transaction and concern one item, so within one snapshot
/// they agree, whenever it was taken. What is posted between two reads belongs to a range that was
/// compared before it or to one that will be compared with it; items made meanwhile have the
/// highest numbers, and the last range has no upper end. No range depends on what another saw.
pub async fn check_telling(
    ctx: &Ctx,
    mut tell: impl FnMut(Progress) -> Result<()> + Send,
) -> Result<Findings> {
    let mut findings = Findings::default();
    let mut after = 0;
    loop {
        let (range, found) = ctx.read(move |scope| check_range(scope, after)).await?;
        findings.checked += found.checked;
        findings.differences.extend(found.differences);
        findings.differences.truncate(DIFFERENCES_MAX);
        tell(range.progress())?;
        if range.is_last() {
            return Ok(findings);
        }
        after = range.upto;
    }
}

fn check_range(scope: &Scope<'_>, after: i64) -> Result<(ItemRange, Findings)> {
    let (last, full_at) = store::bounds(scope, after)?;
    let range = ItemRange::next(after, last, full_at);
    let mut differences = store::wrong_stocks(scope, range)?;
    differences.extend(store::wrong_totals(scope, range)?);
    differences.extend(store::wrong_transfers(scope, range)?);
    differences.extend(store::unsearchable(scope, range)?);
    Ok((range, Findings { checked: store::sums(scope, range)?, differences }))
}

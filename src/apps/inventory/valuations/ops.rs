//! Reading what stock is worth.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::rules::{self, AsOf, Group, Holdings, Part, Place, Row, Subject, Worth};
use super::store;
use crate::apps::inventory::amounts::Money;
use crate::apps::inventory::counts;
use crate::apps::inventory::exports::ops::note_report;
use crate::apps::inventory::locations::rules::LocationId;
use crate::apps::inventory::movements::rules as movements;
use crate::apps::inventory::movements::rules::ItemName;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::workspaces;

/// What to report.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub as_of: AsOf,
    pub group: Group,
    /// Only this category; inside none: what has no category.
    pub category: Option<Option<String>>,
    /// Only what lies at this place.
    pub place: Option<LocationId>,
}

/// Where a page of items begins behind: a worth and the item's row.
pub type Position = (Money, i64);

/// Which rows: groups come all at once, items in pages.
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    pub after: Option<Position>,
    pub limit: usize,
}

/// What stock was worth, the dearest first.
pub struct Report {
    /// The last moment that counts.
    pub at: Moment,
    pub total: Worth,
    pub rows: Vec<Row>,
    /// Where the next page begins; none on the last.
    pub next: Option<Position>,
}

pub async fn report(ctx: &Ctx, wanted: Wanted, slice: Slice) -> Result<Report> {
    let now = ctx.now();
    let moment = match wanted.as_of {
        AsOf::Now => None,
        AsOf::Day(_) => {
            let zone = workspaces::ops::get(ctx).await?.time_zone;
            let zone = jiff::tz::TimeZone::get(&zone).map_err(Error::internal)?;
            wanted.as_of.moment(&zone, now)?
        }
    };
    ctx.read(move |scope| report_in(scope, &wanted, moment, moment.unwrap_or(now), slice)).await
}

/// The whole report, for a file; the audit log is told who takes it.
pub async fn export(ctx: &Ctx, wanted: Wanted) -> Result<Report> {
    let report = report(ctx, wanted, Slice { after: None, limit: usize::MAX }).await?;
    note_report(ctx, "valuation").await?;
    Ok(report)
}

/// Every place by its row, for other reports; deleted ones had stock once.
pub fn places_in(scope: &Scope<'_>) -> Result<HashMap<i64, Place>> {
    store::places(scope)
}

/// The items of some rows, by row, for other reports.
pub fn items_in(scope: &Scope<'_>, rids: &[i64]) -> Result<HashMap<i64, ItemName>> {
    store::items(scope, rids)
}

fn report_in(
    scope: &Scope<'_>,
    wanted: &Wanted,
    moment: Option<Moment>,
    at: Moment,
    slice: Slice,
) -> Result<Report> {
    counts::ops::hidden_in(scope)?.check_told()?;
    let holdings = match moment {
        None => store::holdings_now(scope)?,
        Some(moment) => store::holdings_at(scope, moment)?,
    };
    let parts = parts(scope, wanted, &holdings)?;
    let items: HashSet<i64> = parts.iter().map(|part| part.item).collect();
    let value = parts.iter().try_fold(Worth::default(), |sum, part| sum.with(part.value))?.value;
    let total = Worth { value, items: items.len() as u64 };
    let (rows, next) = match wanted.group {
        Group::Category => (by_category(scope, &parts)?, None),
        Group::Location => (by_place(scope, &parts)?, None),
        Group::Item => by_item(scope, parts, slice)?,
    };
    Ok(Report { at, total, rows, next })
}

/// The parts of the worth that were asked for.
fn parts(scope: &Scope<'_>, wanted: &Wanted, holdings: &Holdings) -> Result<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::with_capacity(holdings.len());
    let is_by_place = wanted.place.is_some() || wanted.group == Group::Location;
    for (item, holding) in holdings {
        let item = *item;
        if is_by_place {
            let spread = holding.spread().into_iter();
            parts.extend(spread.map(|(place, qty, value)| Part { item, place, qty, value }));
        } else {
            let (qty, value) = (holding.totals.qty, holding.totals.value);
            parts.push(Part { item, place: None, qty, value });
        }
    }
    if let Some(place) = wanted.place {
        let places = store::places(scope)?;
        let found = places.iter().find(|(_, one)| one.name.id == place).map(|(rid, _)| *rid);
        let rid = found.ok_or_else(|| movements::place_unknown("location_id"))?;
        parts.retain(|part| part.place == Some(rid));
    }
    if let Some(category) = &wanted.category {
        let categories = store::categories(scope)?;
        parts.retain(|part| categories.get(&part.item) == category.as_ref());
    }
    Ok(parts)
}

fn by_category(scope: &Scope<'_>, parts: &[Part]) -> Result<Vec<Row>> {
    let categories = store::categories(scope)?;
    let groups = rules::grouped(parts, |part| categories.get(&part.item))?;
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(category, worth)| (Reverse(worth.value), *category));
    let row = |(category, worth): (Option<&String>, Worth)| Row {
        subject: Subject::Category(category.cloned()),
        worth,
    };
    Ok(groups.into_iter().map(row).collect())
}

fn by_place(scope: &Scope<'_>, parts: &[Part]) -> Result<Vec<Row>> {
    let mut places = store::places(scope)?;
    let groups = rules::grouped(parts, |part| part.place)?;
    let row = |(place, worth): (Option<i64>, Worth)| Row {
        subject: Subject::Place(place.and_then(|rid| places.remove(&rid))),
        worth,
    };
    let mut rows: Vec<Row> = groups.into_iter().map(row).collect();
    rows.sort_by_cached_key(|row| {
        let code = match &row.subject {
            Subject::Place(Some(place)) => place.name.code.clone(),
            _ => String::new(),
        };
        (Reverse(row.worth.value), code)
    });
    Ok(rows)
}

fn by_item(
    scope: &Scope<'_>,
    mut parts: Vec<Part>,
    slice: Slice,
) -> Result<(Vec<Row>, Option<Position>)> {
    let order = |part: &Part| (Reverse(part.value), part.item);
    parts.sort_unstable_by_key(order);
    let behind = |(value, item): Position| {
        parts.partition_point(|part| order(part) <= (Reverse(value), item))
    };
    let begin = slice.after.map_or(0, behind);
    let page = parts.get(begin..).unwrap_or_default();
    let (page, has_more) = match page.get(..slice.limit) {
        Some(full) => (full, page.len() > full.len()),
        None => (page, false),
    };
    let rids: Vec<i64> = page.iter().map(|part| part.item).collect();
    let mut names = store::items(scope, &rids)?;
    let row = |part: &Part| {
        let name = names.remove(&part.item)?;
        let worth = Worth { value: part.value, items: 1 };
        Some(Row { subject: Subject::Item(name, part.qty), worth })
    };
    let rows = page.iter().filter_map(row).collect();
    Ok((rows, page.last().filter(|_| has_more).map(|part| (part.value, part.item))))
}

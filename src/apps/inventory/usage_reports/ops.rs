//! Reading what was used over a period.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use super::rules::{Figures, Ledger, Row, Sums, Unit};
use super::store::{self, Catalogue};
use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::counts;
use crate::apps::inventory::exports::ops::note_report;
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::locations::rules::LocationId;
use crate::apps::inventory::movements::rules as movements;
use crate::apps::inventory::periods::rules::{Period, Step};
use crate::apps::inventory::valuations;
use crate::apps::inventory::valuations::rules::{Group, Subject};
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::workspaces;

/// What to report.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Days like 2026-03-31.
    pub from: Option<String>,
    pub to: Option<String>,
    pub step: Option<Step>,
    pub group: Group,
    /// Only this category; inside none: what has no category.
    pub category: Option<Option<String>>,
    pub place: Option<LocationId>,
    pub item: Option<ItemId>,
}

/// Where a page of items begins behind: a used value in ten-thousandths and the item's row.
pub type Position = (i64, i64);

/// Which rows: groups come all at once, items in pages.
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    pub after: Option<Position>,
    pub limit: usize,
}

/// What was used, the most valuable first.
pub struct Report {
    pub period: Period,
    pub step: Step,
    pub total: Total,
    pub steps: Vec<(Range<usize>, Total)>,
    pub rows: Vec<Row>,
    /// Where the next page begins; none on the last.
    pub next: Option<Position>,
}

/// Figures with the name of their unit.
pub struct Total {
    pub figures: Figures,
    pub unit: Option<String>,
}

pub async fn report(ctx: &Ctx, wanted: Wanted, slice: Slice) -> Result<Report> {
    let workspace = workspaces::ops::get(ctx).await?;
    let zone = jiff::tz::TimeZone::get(&workspace.time_zone).map_err(Error::internal)?;
    let period = Period::read(wanted.from.as_deref(), wanted.to.as_deref(), &zone, ctx.now())?;
    let (step, steps) = period.steps(wanted.step, workspace.week_start)?;
    ctx.read(move |scope| report_in(scope, &wanted, period, (step, steps), slice)).await
}

/// The whole report, for a file; the audit log is told who takes it.
pub async fn export(ctx: &Ctx, wanted: Wanted) -> Result<Report> {
    let report = report(ctx, wanted, Slice { after: None, limit: usize::MAX }).await?;
    note_report(ctx, "usage").await?;
    Ok(report)
}

fn report_in(
    scope: &Scope<'_>,
    wanted: &Wanted,
    period: Period,
    (step, runs): (Step, Vec<Range<usize>>),
    slice: Slice,
) -> Result<Report> {
    counts::ops::hidden_in(scope)?.check_told()?;
    let unknown = || Error::invalid("item_id", "unknown-item", "There is no such item.");
    let item = match wanted.item {
        Some(id) => Some(store::item(scope, id)?.ok_or_else(unknown)?),
        None => None,
    };
    let place = match wanted.place {
        Some(id) => Some(place_rid(scope, id)?),
        None => None,
    };
    let catalogue = store::catalogue(scope, item)?;
    // A category that no item has is the number of none.
    let number_of = |name: &String| catalogue.categories.iter().position(|one| one == name);
    let category = wanted.category.as_ref();
    let category = category.map(|name| name.as_ref().map(|n| number_of(n).unwrap_or(usize::MAX)));
    let asked =
        Ledger { period: &period, group: wanted.group, place, category, items: &catalogue.items };
    let found = asked.reckon(|take| store::ledger(scope, item, period.end(), take))?;
    let steps = found.steps(&runs);
    let steps = runs.into_iter().zip(steps).map(|(run, sums)| {
        let total = catalogue.total(&sums, run.len())?;
        Ok((run, total))
    });
    let steps = steps.collect::<Result<Vec<_>>>()?;
    let total = catalogue.total(&found.total, period.days())?;
    let (rows, next) = rows(scope, &catalogue, wanted.group, found.rows, (&period, slice))?;
    Ok(Report { period, step, total, steps, rows, next })
}

fn place_rid(scope: &Scope<'_>, id: LocationId) -> Result<i64> {
    let places = valuations::ops::places_in(scope)?;
    let found = places.iter().find(|(_, place)| place.name.id == id).map(|(rid, _)| *rid);
    found.ok_or_else(|| movements::place_unknown("location_id"))
}

impl Catalogue {
    fn total(&self, sums: &Sums, days: usize) -> Result<Total> {
        let figures = sums.figures(days)?;
        Ok(Total { unit: self.unit(figures.unit), figures })
    }

    fn unit(&self, unit: Unit) -> Option<String> {
        match unit {
            Unit::One(number) => self.units.get(number).cloned(),
            Unit::None | Unit::Mixed => None,
        }
    }
}

/// The rows that were asked for, in their order.
fn rows(
    scope: &Scope<'_>,
    catalogue: &Catalogue,
    group: Group,
    sums: HashMap<Option<i64>, Sums>,
    (period, slice): (&Period, Slice),
) -> Result<(Vec<Row>, Option<Position>)> {
    let figures = |(key, sums): (Option<i64>, Sums)| Ok((key, sums.figures(period.days())?));
    let mut found = sums.into_iter().map(figures).collect::<Result<Vec<_>>>()?;
    let position = |(key, figures): &(Option<i64>, Figures)| {
        (figures.used_value.ten_thousandths(), key.unwrap_or_default())
    };
    let order = |(value, key): Position| (Reverse(value), key);
    found.sort_unstable_by_key(|row| order(position(row)));
    let mut next = None;
    if group == Group::Item {
        if let Some(after) = slice.after {
            found.retain(|row| order(position(row)) > order(after));
        }
        let has_more = found.len() > slice.limit;
        found.truncate(slice.limit);
        next = found.last().filter(|_| has_more).map(position);
    }
    let named = named(scope, catalogue, group, found)?;
    Ok((named, next))
}

fn named(
    scope: &Scope<'_>,
    catalogue: &Catalogue,
    group: Group,
    found: Vec<(Option<i64>, Figures)>,
) -> Result<Vec<Row>> {
    let unit = |figures: &Figures| catalogue.unit(figures.unit);
    let rids: Vec<i64> = found.iter().filter_map(|(key, _)| *key).collect();
    Ok(match group {
        Group::Category => {
            let name = |key: Option<i64>| {
                let number = key.and_then(|number| usize::try_from(number).ok());
                number.and_then(|number| catalogue.categories.get(number).cloned())
            };
            let row = |(key, figures): (Option<i64>, Figures)| Row {
                subject: Subject::Category(name(key)),
                unit: unit(&figures),
                figures,
            };
            found.into_iter().map(row).collect()
        }
        Group::Location => {
            let mut places = valuations::ops::places_in(scope)?;
            let row = |(key, figures): (Option<i64>, Figures)| Row {
                subject: Subject::Place(key.and_then(|rid| places.remove(&rid))),
                unit: unit(&figures),
                figures,
            };
            found.into_iter().map(row).collect()
        }
        Group::Item => {
            let mut names = valuations::ops::items_in(scope, &rids)?;
            let row = |(key, figures): (Option<i64>, Figures)| {
                let name = names.remove(&key?)?;
                let unit = Some(name.unit.clone());
                let used = figures.used_qty.unwrap_or(Qty::ZERO);
                Some(Row { subject: Subject::Item(name, used), unit, figures })
            };
            found.into_iter().filter_map(row).collect()
        }
    })
}

//! Reading how exact the books were.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;

use super::rules::{AppliedCount, Figures, Group, Line, Row, Subject, Sums};
use super::store::{self, Of};
use crate::apps::inventory::counts;
use crate::apps::inventory::exports::ops::note_report;
use crate::apps::inventory::periods::rules::Period;
use crate::apps::inventory::valuations;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::workspaces;

/// What to report.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Days like 2026-03-31.
    pub from: Option<String>,
    pub to: Option<String>,
    pub group: Group,
}

/// Which rows: categories and places come all at once, counts in pages behind the row of one.
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    pub after: Option<i64>,
    pub limit: usize,
}

/// How exact the books were: counts the newest first, others with the largest differences first.
pub struct Report {
    pub period: Period,
    pub total: Figures,
    /// How many counts were applied.
    pub counts: usize,
    pub rows: Vec<Row>,
    /// Where the next page begins; none on the last.
    pub next: Option<i64>,
}

pub async fn report(ctx: &Ctx, wanted: Wanted, slice: Slice) -> Result<Report> {
    let zone = workspaces::ops::get(ctx).await?.time_zone;
    let zone = jiff::tz::TimeZone::get(&zone).map_err(Error::internal)?;
    let period = Period::read(wanted.from.as_deref(), wanted.to.as_deref(), &zone, ctx.now())?;
    ctx.read(move |scope| report_in(scope, wanted.group, period, slice)).await
}

/// The whole report, for a file; the audit log is told who takes it.
pub async fn export(ctx: &Ctx, wanted: Wanted) -> Result<Report> {
    let report = report(ctx, wanted, Slice { after: None, limit: usize::MAX }).await?;
    note_report(ctx, "count-accuracy").await?;
    Ok(report)
}

fn report_in(scope: &Scope<'_>, group: Group, period: Period, slice: Slice) -> Result<Report> {
    counts::ops::hidden_in(scope)?.check_told()?;
    let range = (Moment(period.before().0 + 1), period.end());
    let applied = store::counts(scope, range)?;
    let counts = applied.len();
    let (total, rows, next) = match group {
        Group::Count => {
            let (total, sums) = grouped(scope, range, |of| of.count)?;
            let (rows, next) = by_count(applied, &sums, slice)?;
            (total, rows, next)
        }
        Group::Category => {
            let (total, sums) = grouped(scope, range, |of| of.category)?;
            let subject = |name: Option<String>| Some(Subject::Category(name));
            (total, by_difference(sums, subject)?, None)
        }
        Group::Location => {
            let (total, sums) = grouped(scope, range, |of| of.place)?;
            let mut places = valuations::ops::places_in(scope)?;
            let subject = |rid: i64| places.remove(&rid).map(Subject::Place);
            (total, by_difference(sums, subject)?, None)
        }
    };
    Ok(Report { period, total: total.figures()?, counts, rows, next })
}

/// Adds the lines up, in all and by what they have in common.
fn grouped<K: Hash + Eq>(
    scope: &Scope<'_>,
    range: (Moment, Moment),
    key: impl Fn(Of) -> K,
) -> Result<(Sums, HashMap<K, Sums>)> {
    let mut total = Sums::default();
    let mut groups: HashMap<K, Sums> = HashMap::new();
    store::lines(scope, range, |of, line: Line| {
        total.add(line);
        groups.entry(key(of)).or_default().add(line);
    })?;
    Ok((total, groups))
}

fn by_count(
    applied: Vec<AppliedCount>,
    sums: &HashMap<i64, Sums>,
    slice: Slice,
) -> Result<(Vec<Row>, Option<i64>)> {
    let seen = slice.after.and_then(|after| applied.iter().position(|one| one.rid == after));
    let mut rest: Vec<_> = applied.into_iter().skip(seen.map_or(0, |seen| seen + 1)).collect();
    let has_more = rest.len() > slice.limit;
    rest.truncate(slice.limit);
    let next = rest.last().filter(|_| has_more).map(|one| one.rid);
    let row = |count: AppliedCount| {
        let figures = sums.get(&count.rid).copied().unwrap_or_default().figures()?;
        Ok(Row { subject: Subject::Count(count), figures })
    };
    Ok((rest.into_iter().map(row).collect::<Result<_>>()?, next))
}

fn by_difference<K>(
    sums: HashMap<K, Sums>,
    mut subject: impl FnMut(K) -> Option<Subject>,
) -> Result<Vec<Row>> {
    let mut rows = Vec::with_capacity(sums.len());
    for (key, sums) in sums {
        let figures = sums.figures()?;
        rows.extend(subject(key).map(|subject| Row { subject, figures }));
    }
    rows.sort_by_cached_key(|row| {
        let name = match &row.subject {
            Subject::Count(count) => count.name.clone(),
            Subject::Category(name) => name.clone().unwrap_or_default(),
            Subject::Place(place) => place.name.code.clone(),
        };
        (Reverse(row.figures.off), name)
    });
    Ok(rows)
}

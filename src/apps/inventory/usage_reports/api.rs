//! What was used over HTTP.

mod dto;

use axum::response::{IntoResponse, Response};
use http::header;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::ops::{self, Report, Slice, Wanted};
use crate::apps::inventory::imports::rules::writer::{defused, push_row};
use crate::apps::inventory::movements::rules::place_unknown;
use crate::apps::inventory::periods::rules::Step;
use crate::apps::inventory::valuations::rules::Group;
use crate::http::answer::{Answer, ok};
use crate::http::extract::Query;
use crate::http::page;
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};

use dto::Cursor;
pub use dto::{UsageReportFigures, UsageReportResponse, UsageReportRow, UsageReportStep};

/// Items in a page at most: the report is made anew for each.
const ROWS_MAX: usize = 2_000;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(report_usage)).routes(routes!(export_usage))
}

/// What to report.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// The first day where the workspace is, like `2026-03-01`; 29 days before the last when left
    /// out.
    from: Option<String>,
    /// The last day; today when left out. At most 1,100 days.
    to: Option<String>,
    /// `day`, `week` or `month`, at most 400 of them; as fits the period when left out.
    step: Option<String>,
    /// `category`, `location` or `item`; `category` when left out.
    group: Option<String>,
    /// Only items of this category; empty: those without one.
    category: Option<String>,
    /// Only what lies at this place and is used there.
    location_id: Option<String>,
    item_id: Option<String>,
    /// Items come in pages of 1 to 2,000 rows, 50 when left out; groups come all at once.
    limit: Option<i64>,
    cursor: Option<String>,
}

impl UsageQuery {
    fn wanted(&self) -> Result<Wanted> {
        let id = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let place = id(&self.location_id).map(|text| text.parse());
        let item = id(&self.item_id).map(|text| text.parse());
        let no_item = |_| Error::invalid("item_id", "unknown-item", "Use an id as it is shown.");
        let category = self.category.clone();
        Ok(Wanted {
            from: self.from.clone(),
            to: self.to.clone(),
            step: self.step.as_deref().map(Step::from_name).transpose()?,
            group: self.group.as_deref().map_or(Ok(Group::Category), Group::from_name)?,
            category: category.map(|text| Some(text).filter(|text| !text.is_empty())),
            place: place.transpose().map_err(|_| place_unknown("location_id"))?,
            item: item.transpose().map_err(no_item)?,
        })
    }
}

/// What was used between two days, what stock was worth on average, how often it was turned over
/// and how long it lasts: in all, step by step, and by category, place or item.
#[utoipa::path(get, path = "/reports/usage", tag = "inventory", params(UsageQuery),
    security(("session" = ["inventory.prices"])),
    extensions(("x-heavy" = json!(true))),
    responses((status = 200, body = UsageReportResponse)))]
async fn report_usage(ctx: Ctx, Query(query): Query<UsageQuery>) -> Answer<UsageReportResponse> {
    let cursor: Option<Cursor> = page::read_cursor(query.cursor.as_deref())?;
    let after = cursor.map(|Cursor(value, item)| (value, item));
    let (wanted, limit) = (query.wanted()?, page::limit_within(query.limit, ROWS_MAX)?);
    let group = wanted.group;
    let mut report = ops::report(&ctx, wanted, Slice { after, limit }).await?;
    let next = report.next.take().map(|(value, item)| page::cursor(&Cursor(value, item)));
    Ok(ok(UsageReportResponse::new(group, report, next.transpose()?)))
}

/// What a file of the report holds.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageFileQuery {
    /// The first day where the workspace is; 29 days before the last when left out.
    from: Option<String>,
    /// The last day; today when left out.
    to: Option<String>,
    /// `day`, `week` or `month`; as fits the period when left out.
    step: Option<String>,
    /// `category`, `location` or `item`; `category` when left out.
    group: Option<String>,
    /// `groups` for a row of each category, place or item (when left out), or `steps` for a row of
    /// each step.
    rows: Option<String>,
    category: Option<String>,
    location_id: Option<String>,
    item_id: Option<String>,
}

/// The same report as a CSV file, with all its rows; needs `inventory.export` as well.
#[utoipa::path(get, path = "/reports/usage.csv", tag = "inventory", params(UsageFileQuery),
    security(("session" = ["inventory.prices"])),
    extensions(("x-heavy" = json!(true))),
    responses((status = 200, body = String, content_type = "text/csv")))]
async fn export_usage(ctx: Ctx, Query(query): Query<UsageFileQuery>) -> Result<Response> {
    let is_by_step = match query.rows.as_deref() {
        None | Some("groups") => false,
        Some("steps") => true,
        Some(_) => return Err(Error::invalid("rows", "report-group", "Use groups or steps.")),
    };
    let UsageFileQuery { from, to, step, group, category, location_id, item_id, .. } = query;
    let (limit, cursor) = (None, None);
    let query = UsageQuery { from, to, step, group, category, location_id, item_id, limit, cursor };
    let wanted = query.wanted()?;
    let group = wanted.group;
    let report = ops::export(&ctx, wanted).await?;
    let of = if is_by_step { report.step.name() } else { group.name() };
    let (from, to) = (report.period.from, report.period.to);
    let name = format!("attachment; filename=\"usage-{of}-{from}-{to}.csv\"");
    let csv = if is_by_step { steps_csv(report) } else { rows_csv(group, report) };
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, &name)];
    Ok((headers, csv).into_response())
}

/// What every row of a file ends with.
const FIGURES: [&str; 8] = [
    "used_qty",
    "unit",
    "used_value",
    "opening_value",
    "closing_value",
    "average_value",
    "turnover",
    "days_of_stock",
];

fn cells(figures: UsageReportFigures) -> [String; 8] {
    [
        figures.used_qty.unwrap_or_default(),
        defused(&figures.unit.unwrap_or_default()),
        figures.used_value,
        figures.opening_value,
        figures.closing_value,
        figures.average_value,
        figures.turnover.unwrap_or_default(),
        figures.days_of_stock.unwrap_or_default(),
    ]
}

fn push(csv: &mut String, head: &[&str], figures: &[impl AsRef<str>]) {
    push_row(csv, head.iter().copied().chain(figures.iter().map(AsRef::as_ref)));
}

fn steps_csv(report: Report) -> String {
    let mut csv = String::new();
    push(&mut csv, &["from", "to"], &FIGURES);
    for step in dto::steps(&report.period, report.steps) {
        push(&mut csv, &[&step.from, &step.to], &cells(step.figures));
    }
    csv
}

fn rows_csv(group: Group, report: Report) -> String {
    let mut csv = String::new();
    match group {
        Group::Category => push(&mut csv, &["category", "items"], &FIGURES),
        Group::Location => push(&mut csv, &["location_code", "location_name", "items"], &FIGURES),
        Group::Item => push(&mut csv, &["item_number", "item_name"], &FIGURES),
    }
    for row in report.rows {
        let row = UsageReportRow::from(row);
        let [code, name] = [row.code, row.name].map(|text| defused(&text.unwrap_or_default()));
        let (items, figures) = (row.figures.items.to_string(), cells(row.figures));
        match group {
            Group::Category => push(&mut csv, &[&name, &items], &figures),
            Group::Location => push(&mut csv, &[&code, &name, &items], &figures),
            Group::Item => push(&mut csv, &[&code, &name], &figures),
        }
    }
    csv
}

//! How exact the books were, over HTTP.

use axum::response::{IntoResponse, Response};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, Report, Slice, Wanted};
use super::rules::{Figures, Group, Row, Subject};
use crate::apps::inventory::imports::rules::writer::{defused, push_row};
use crate::http::answer::{Answer, ok};
use crate::http::extract::Query;
use crate::http::page;
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::Result;

/// Counts in a page at most.
const ROWS_MAX: usize = 2_000;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(report_count_accuracy)).routes(routes!(export_count_accuracy))
}

/// What to report.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccuracyQuery {
    /// The first day where the workspace is, like `2026-03-01`; 29 days before the last when left
    /// out.
    from: Option<String>,
    /// The last day; today when left out. At most 1,100 days.
    to: Option<String>,
    /// `count`, `category` or `location`; `count` when left out.
    group: Option<String>,
    /// Counts come in pages of 1 to 2,000 rows, 50 when left out; the others come all at once.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// How exact the books were.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccuracyResponse {
    /// The first and the last day, where the workspace is.
    pub from: String,
    pub to: String,
    /// What a row is: `count`, `category` or `location`.
    pub group: String,
    /// How many counts were applied in the period.
    pub counts: u64,
    pub total: AccuracyFigures,
    /// Counts the newest first, others with the largest differences first.
    pub items: Vec<AccuracyRow>,
    /// Give it as `cursor` to get the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// How many lines agreed, and how much worth.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccuracyFigures {
    /// Lines that were counted and approved.
    pub lines: u64,
    /// Those of them for which nothing was posted.
    pub agreed_lines: u64,
    /// A share of one; absent without lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_accuracy: Option<String>,
    /// What the books said was there.
    pub expected_value: String,
    /// What was too much and what was too little, added up without their signs.
    pub difference_value: String,
    /// The same with their signs: below zero was missing.
    pub net_value: String,
    /// A share of one, below zero where more was off than expected; absent where nothing of worth
    /// was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_accuracy: Option<String>,
}

impl From<Figures> for AccuracyFigures {
    fn from(figures: Figures) -> Self {
        Self {
            lines: figures.lines,
            agreed_lines: figures.agreed,
            line_accuracy: figures.line_accuracy.map(|share| share.to_string()),
            expected_value: figures.expected.to_string(),
            difference_value: figures.off.to_string(),
            net_value: figures.net.to_string(),
            value_accuracy: figures.value_accuracy.map(|share| share.to_string()),
        }
    }
}

/// How exact the books were in a count, a category or at a place.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccuracyRow {
    /// Of the count or the place; null for a category.
    pub id: Option<String>,
    /// Of a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Null: without a category.
    pub name: Option<String>,
    /// When the count was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<String>,
    #[serde(flatten)]
    pub figures: AccuracyFigures,
}

impl From<Row> for AccuracyRow {
    fn from(row: Row) -> Self {
        let figures = row.figures.into();
        let (id, code, name, approved_at) = match row.subject {
            Subject::Count(count) => {
                let at = count.approved_at.to_string();
                (Some(count.id.to_string()), None, Some(count.name), Some(at))
            }
            Subject::Category(name) => (None, None, name, None),
            Subject::Place(place) => {
                let name = place.name;
                (Some(name.id.to_string()), Some(name.code), Some(name.name), None)
            }
        };
        Self { id, code, name, approved_at, figures }
    }
}

fn group_of(name: Option<&str>) -> Result<Group> {
    name.map_or(Ok(Group::Count), Group::from_name)
}

/// How well the books agreed with what was counted, over the counts that were applied between two
/// days: by count, category or place.
#[utoipa::path(get, path = "/reports/count-accuracy", tag = "inventory", params(AccuracyQuery),
    security(("session" = ["inventory.prices"])),
    extensions(("x-heavy" = json!(true))),
    responses((status = 200, body = AccuracyResponse)))]
async fn report_count_accuracy(
    ctx: Ctx,
    Query(query): Query<AccuracyQuery>,
) -> Answer<AccuracyResponse> {
    let after: Option<i64> = page::read_cursor(query.cursor.as_deref())?;
    let limit = page::limit_within(query.limit, ROWS_MAX)?;
    let group = group_of(query.group.as_deref())?;
    let wanted = Wanted { from: query.from, to: query.to, group };
    let Report { period, total, counts, rows, next } =
        ops::report(&ctx, wanted, Slice { after, limit }).await?;
    Ok(ok(AccuracyResponse {
        from: period.from.to_string(),
        to: period.to.to_string(),
        group: group.name().to_owned(),
        counts: counts as u64,
        total: total.into(),
        items: rows.into_iter().map(Into::into).collect(),
        next_cursor: next.map(|rid| page::cursor(&rid)).transpose()?,
    }))
}

/// What a file of the report holds.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccuracyFileQuery {
    /// The first day where the workspace is; 29 days before the last when left out.
    from: Option<String>,
    /// The last day; today when left out.
    to: Option<String>,
    /// `count`, `category` or `location`; `count` when left out.
    group: Option<String>,
}

/// The same report as a CSV file, with all its rows; needs `inventory.export` as well.
#[utoipa::path(get, path = "/reports/count-accuracy.csv", tag = "inventory",
    params(AccuracyFileQuery),
    security(("session" = ["inventory.prices"])),
    extensions(("x-heavy" = json!(true))),
    responses((status = 200, body = String, content_type = "text/csv")))]
async fn export_count_accuracy(
    ctx: Ctx,
    Query(query): Query<AccuracyFileQuery>,
) -> Result<Response> {
    let group = group_of(query.group.as_deref())?;
    let report = ops::export(&ctx, Wanted { from: query.from, to: query.to, group }).await?;
    let (of, from, to) = (group.name(), report.period.from, report.period.to);
    let name = format!("attachment; filename=\"count-accuracy-{of}-{from}-{to}.csv\"");
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, &name)];
    Ok((headers, csv(group, report)).into_response())
}

/// What every row of a file ends with.
const FIGURES: [&str; 7] = [
    "lines",
    "agreed_lines",
    "line_accuracy",
    "expected_value",
    "difference_value",
    "net_value",
    "value_accuracy",
];

fn csv(group: Group, report: Report) -> String {
    let mut csv = String::new();
    let head: &[&str] = match group {
        Group::Count => &["count", "approved_at"],
        Group::Category => &["category"],
        Group::Location => &["location_code", "location_name"],
    };
    push_row(&mut csv, head.iter().copied().chain(FIGURES));
    for row in report.rows {
        let AccuracyRow { code, name, approved_at, figures, .. } = row.into();
        let [code, name] = [code, name].map(|text| defused(&text.unwrap_or_default()));
        let head = match group {
            Group::Count => vec![name, approved_at.unwrap_or_default()],
            Group::Category => vec![name],
            Group::Location => vec![code, name],
        };
        let figures = [
            figures.lines.to_string(),
            figures.agreed_lines.to_string(),
            figures.line_accuracy.unwrap_or_default(),
            figures.expected_value,
            figures.difference_value,
            figures.net_value,
            figures.value_accuracy.unwrap_or_default(),
        ];
        push_row(&mut csv, head.iter().chain(&figures).map(String::as_str));
    }
    csv
}

//! How the report of what was used is written.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::apps::inventory::periods::rules::Period;
use crate::apps::inventory::usage_reports::ops::{Report, Total};
use crate::apps::inventory::usage_reports::rules::{Figures, Row};
use crate::apps::inventory::valuations::rules::{Group, Subject};

/// Where a page begins, as it travels in a cursor: ten-thousandths and a row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Cursor(pub(super) i64, pub(super) i64);

/// What was used between two days.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageReportResponse {
    /// The first and the last day, where the workspace is.
    pub from: String,
    pub to: String,
    /// The first and the last moment that count.
    pub from_moment: String,
    pub to_moment: String,
    /// How many days there are.
    pub days: u64,
    /// What a row is: `category`, `location` or `item`.
    pub group: String,
    /// How long a step is: `day`, `week` or `month`.
    pub step: String,
    pub total: UsageReportFigures,
    /// The period from its beginning to its end; the first and the last may be shorter.
    pub steps: Vec<UsageReportStep>,
    /// The largest used value first.
    pub items: Vec<UsageReportRow>,
    /// Give it as `cursor` to get the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// What was used, and of how much.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageReportFigures {
    /// Absent where what was used has several units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_qty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    pub used_value: String,
    /// What stock was worth before the first day, and at the end of the last.
    pub opening_value: String,
    pub closing_value: String,
    /// What stock was worth at the end of a day, on average over the days.
    pub average_value: String,
    /// Used value by average value; absent where nothing was worth anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turnover: Option<String>,
    /// Days by turnover; absent where nothing was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_of_stock: Option<String>,
    /// How many items were worth something or used; 0 for a step.
    pub items: u64,
}

impl UsageReportFigures {
    fn new(figures: Figures, unit: Option<String>) -> Self {
        Self {
            used_qty: figures.used_qty.map(|qty| qty.to_string()),
            unit,
            used_value: figures.used_value.to_string(),
            opening_value: figures.opening.to_string(),
            closing_value: figures.closing.to_string(),
            average_value: figures.average.to_string(),
            turnover: figures.turnover.map(|turnover| turnover.to_string()),
            days_of_stock: figures.days_of_stock.map(|days| days.to_string()),
            items: figures.items,
        }
    }
}

/// A part of the period.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageReportStep {
    /// The first and the last day.
    pub from: String,
    pub to: String,
    #[serde(flatten)]
    pub figures: UsageReportFigures,
}

/// What was used of a category, at a place or of an item.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageReportRow {
    /// Of the place or the item; null for a category, and for worth that lies nowhere.
    pub id: Option<String>,
    /// The place's code or the item's number.
    pub code: Option<String>,
    /// Null: without a category, or nowhere.
    pub name: Option<String>,
    #[serde(flatten)]
    pub figures: UsageReportFigures,
}

impl From<Row> for UsageReportRow {
    fn from(row: Row) -> Self {
        let figures = UsageReportFigures::new(row.figures, row.unit);
        let (id, code, name) = match row.subject {
            Subject::Category(name) => (None, None, name),
            Subject::Place(None) => (None, None, None),
            Subject::Place(Some(place)) => {
                (Some(place.name.id.to_string()), Some(place.name.code), Some(place.name.name))
            }
            Subject::Item(item, _) => {
                (Some(item.id.to_string()), Some(item.item_number), Some(item.name))
            }
        };
        Self { id, code, name, figures }
    }
}

/// The steps with their days.
pub(super) fn steps(period: &Period, steps: Vec<(Range<usize>, Total)>) -> Vec<UsageReportStep> {
    let step = |(run, total): (Range<usize>, Total)| UsageReportStep {
        from: period.day(run.start).to_string(),
        to: period.day(run.end - 1).to_string(),
        figures: UsageReportFigures::new(total.figures, total.unit),
    };
    steps.into_iter().map(step).collect()
}

impl UsageReportResponse {
    pub(super) fn new(group: Group, report: Report, next_cursor: Option<String>) -> Self {
        let period = report.period;
        Self {
            from: period.from.to_string(),
            to: period.to.to_string(),
            from_moment: crate::platform::clock::Moment(period.before().0 + 1).to_string(),
            to_moment: period.end().to_string(),
            days: period.days() as u64,
            group: group.name().to_owned(),
            step: report.step.name().to_owned(),
            total: UsageReportFigures::new(report.total.figures, report.total.unit),
            steps: steps(&period, report.steps),
            items: report.rows.into_iter().map(Into::into).collect(),
            next_cursor,
        }
    }
}

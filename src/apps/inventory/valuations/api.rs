//! The worth of stock over HTTP.

use axum::response::{IntoResponse, Response};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, Report, Slice, Wanted};
use super::rules::{AsOf, Group, Row, Subject};
use crate::apps::inventory::amounts::Money;
use crate::apps::inventory::imports::rules::writer::{defused, push_row};
use crate::apps::inventory::movements::rules::Totals;
use crate::http::answer::{Answer, ok};
use crate::http::extract::Query;
use crate::http::page;
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};

/// Items in a page at most: the report is made anew for each.
const ROWS_MAX: usize = 2_000;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(report_valuation)).routes(routes!(export_valuation))
}

/// What to report.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ValuationQuery {
    /// As of the end of this day where the workspace is, like `2026-03-31`; now when left out.
    at: Option<String>,
    /// `category`, `location` or `item`; `category` when left out.
    group: Option<String>,
    /// Only items of this category; empty: those without one.
    category: Option<String>,
    /// Only what lies at this place.
    location_id: Option<String>,
    /// Items come in pages of 1 to 2,000 rows, 50 when left out; groups come all at once.
    limit: Option<i64>,
    cursor: Option<String>,
}

impl ValuationQuery {
    fn wanted(&self) -> Result<Wanted> {
        let place = self.location_id.as_deref().filter(|text| !text.is_empty()).map(str::parse);
        let unknown = |_| crate::apps::inventory::movements::rules::place_unknown("location_id");
        let category = self.category.as_ref();
        Ok(Wanted {
            as_of: AsOf::read(self.at.as_deref())?,
            group: self.group.as_deref().map_or(Ok(Group::Category), Group::from_name)?,
            category: category.map(|text| Some(text.clone()).filter(|text| !text.is_empty())),
            place: place.transpose().map_err(unknown)?,
        })
    }
}

/// What stock was worth.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValuationResponse {
    /// The last moment that counts.
    pub at: String,
    /// What a row is: `category`, `location` or `item`.
    pub group: String,
    pub total: WorthResponse,
    /// The dearest first.
    pub items: Vec<ValuationRow>,
    /// Give it as `cursor` to get the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// A worth and how many items it covers.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorthResponse {
    pub value: String,
    pub items: u64,
}

/// What a category, a place or an item was worth.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValuationRow {
    /// Of the place or the item; null for a category, and for worth that lies nowhere.
    pub id: Option<String>,
    /// The place's code or the item's number.
    pub code: Option<String>,
    /// Null: without a category, or nowhere.
    pub name: Option<String>,
    /// The place it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Of an item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What one was worth on average; absent where nothing was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_value: Option<String>,
    pub value: String,
    /// How many items the row covers.
    pub items: u64,
}

impl From<Row> for ValuationRow {
    fn from(row: Row) -> Self {
        let value = row.worth.value;
        let blank = Self {
            id: None,
            code: None,
            name: None,
            parent_id: None,
            qty: None,
            unit: None,
            unit_value: None,
            value: value.to_string(),
            items: row.worth.items,
        };
        match row.subject {
            Subject::Category(name) => Self { name, ..blank },
            Subject::Place(None) => blank,
            Subject::Place(Some(place)) => Self {
                id: Some(place.name.id.to_string()),
                code: Some(place.name.code),
                name: Some(place.name.name),
                parent_id: place.parent.map(|id| id.to_string()),
                ..blank
            },
            Subject::Item(item, qty) => Self {
                id: Some(item.id.to_string()),
                code: Some(item.item_number),
                name: Some(item.name),
                qty: Some(qty.to_string()),
                unit: Some(item.unit),
                unit_value: Totals { qty, value }.average().map(|average| average.to_string()),
                ..blank
            },
        }
    }
}

/// Where a page begins, as it travels in a cursor: ten-thousandths and a row.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor(i64, i64);

/// What stock was worth, now or at the end of a day, by category, place or item.
#[utoipa::path(get, path = "/reports/valuation", tag = "inventory", params(ValuationQuery),
    security(("session" = ["inventory.prices"])),
    extensions(("x-heavy" = json!(true))),
    responses((status = 200, body = ValuationResponse)))]
async fn report_valuation(
    ctx: Ctx,
    Query(query): Query<ValuationQuery>,
) -> Answer<ValuationResponse> {
    let cursor: Option<Cursor> = page::read_cursor(query.cursor.as_deref())?;
    let after = cursor.map(|Cursor(value, item)| (Money::from_ten_thousandths(value), item));
    let (wanted, limit) = (query.wanted()?, page::limit_within(query.limit, ROWS_MAX)?);
    let group = wanted.group.name().to_owned();
    let Report { at, total, rows, next } =
        ops::report(&ctx, wanted, Slice { after, limit }).await?;
    let next = next.map(|(value, item)| page::cursor(&Cursor(value.ten_thousandths(), item)));
    Ok(ok(ValuationResponse {
        at: at.to_string(),
        group,
        total: WorthResponse { value: total.value.to_string(), items: total.items },
        items: rows.into_iter().map(Into::into).collect(),
        next_cursor: next.transpose()?,
    }))
}

/// The same report as a CSV file, with all its rows; needs `inventory.export` as well.
#[utoipa::path(get, path = "/reports/valuation.csv", tag = "inventory", params(ValuationQuery),
    security(("session" = ["inventory.prices"])),
    extensions(("x-heavy" = json!(true))),
    responses((status = 200, body = String, content_type = "text/csv")))]
async fn export_valuation(ctx: Ctx, Query(query): Query<ValuationQuery>) -> Result<Response> {
    if query.cursor.is_some() || query.limit.is_some() {
        let field = if query.cursor.is_some() { "cursor" } else { "limit" };
        return Err(Error::invalid(field, "unknown-field", "The file has all rows at once."));
    }
    let wanted = query.wanted()?;
    let group = wanted.group;
    let report = ops::export(&ctx, wanted).await?;
    let day = query.at.filter(|day| !day.is_empty());
    let day = day.unwrap_or_else(|| report.at.to_string().chars().take(10).collect());
    let name = format!("attachment; filename=\"valuation-{}-{day}.csv\"", group.name());
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, &name)];
    Ok((headers, csv(group, report)).into_response())
}

fn csv(group: Group, report: Report) -> String {
    let mut csv = String::new();
    match group {
        Group::Category => push_row(&mut csv, ["category", "items", "value"]),
        Group::Location => push_row(&mut csv, ["location_code", "location_name", "items", "value"]),
        Group::Item => {
            let columns = ["item_number", "item_name", "unit", "qty", "unit_value", "value"];
            push_row(&mut csv, columns);
        }
    }
    for row in report.rows {
        let row = ValuationRow::from(row);
        let [code, name, unit] =
            [row.code, row.name, row.unit].map(|text| defused(&text.unwrap_or_default()));
        let [qty, average] = [row.qty, row.unit_value].map(Option::unwrap_or_default);
        let items = row.items.to_string();
        match group {
            Group::Category => push_row(&mut csv, [&*name, &items, &row.value]),
            Group::Location => push_row(&mut csv, [&*code, &name, &items, &row.value]),
            Group::Item => push_row(&mut csv, [&*code, &name, &unit, &qty, &average, &row.value]),
        }
    }
    csv
}

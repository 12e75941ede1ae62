//! Rows of opening stock: what was there before the first movement.

use super::Action;
use super::plan::{Change, OpeningChange, Step};
use super::table::{RowFault, TableRow};
use crate::apps::inventory::amounts::{AmountFault, Money, Qty};
use crate::apps::inventory::items::rules::{ITEM_NUMBER_CHARS_MAX, KeptItem};
use crate::apps::inventory::locations::rules::{KeptLocation, LOCATION_CODE_CHARS_MAX};
use crate::apps::inventory::texts::rules as texts;

/// The keys of the item and the place that a row speaks of.
pub fn keys(row: &TableRow) -> (Option<String>, Option<String>) {
    let key = |column: &str, chars_max: usize| {
        let text = texts::one_line(row.filled(column)?, chars_max).ok()?;
        Some(texts::identity_key(&text))
    };
    (key("item_number", ITEM_NUMBER_CHARS_MAX), key("location_code", LOCATION_CODE_CHARS_MAX))
}

/// Decides what a row does. `on_hand` is none where nothing was ever moved.
pub fn plan(
    row: &TableRow,
    item: Option<&KeptItem>,
    place: Option<&KeptLocation>,
    on_hand: Option<Qty>,
) -> Result<Step, Vec<RowFault>> {
    let mut faults = Vec::new();
    if item.is_none() {
        let detail = "There is no item with this number.".to_owned();
        faults.push(RowFault::cell(row, "item_number", "unknown-item", detail));
    }
    match place {
        None => {
            let detail = "There is no place with this code.".to_owned();
            faults.push(RowFault::cell(row, "location_code", "unknown-location", detail));
        }
        Some(place) if !place.is_active => {
            let detail = "This place is not in use any more.".to_owned();
            faults.push(RowFault::cell(row, "location_code", "location-inactive", detail));
        }
        Some(_) => {}
    }
    let mut amount = |column: &str, fault: AmountFault| {
        faults.push(RowFault::cell(row, column, fault.code(), fault.to_string()));
    };
    let qty = Qty::parse(row.cell("qty").unwrap_or_default());
    let qty = qty.map_err(|fault| amount("qty", fault)).ok();
    let cost = row.filled("unit_cost").map(Money::parse_price).transpose();
    let cost = cost.map_err(|fault| amount("unit_cost", fault)).ok();
    let (Some(item), Some(place), Some(qty), Some(cost)) = (item, place, qty, cost) else {
        return Err(faults);
    };
    if !faults.is_empty() {
        return Err(faults);
    }
    let target = Some((item.id.cast(), 0));
    if on_hand.unwrap_or_default() == qty {
        return Ok(Step::skip(row.line, target));
    }
    if let Some(on_hand) = on_hand {
        let detail =
            format!("There were movements already; {on_hand} is there. Adjust it instead.");
        return Err(vec![RowFault::cell(row, "qty", "stock-exists", detail)]);
    }
    if qty.is_negative() {
        let fault = AmountFault::Negative;
        return Err(vec![RowFault::cell(row, "qty", fault.code(), fault.to_string())]);
    }
    if !qty.is_multiple_of(item.qty_step) {
        let detail = format!("The quantity must be a multiple of {}.", item.qty_step);
        return Err(vec![RowFault::cell(row, "qty", "qty-step", detail)]);
    }
    let unit_cost = cost.or(item.cost.price);
    let change = OpeningChange { item: item.id, place: place.id, qty, unit_cost };
    let change = Change::Opening(change);
    Ok(Step { line: row.line, action: Action::Create, target, change })
}

//! Brings the rules what they need to know of each row.

use std::collections::HashMap;

use crate::apps::inventory::imports::rules::orders::Ordered;
use crate::apps::inventory::imports::rules::plan::{Change, Plan, Seen, Step};
use crate::apps::inventory::imports::rules::{
    self, ImportKind, RowFault, TableRow, locations as location_rows, opening, orders as order_rows,
};
use crate::apps::inventory::items::rules::KeptItem;
use crate::apps::inventory::locations::rules::KeptLocation;
use crate::apps::inventory::texts::rules as texts;
use crate::apps::inventory::{counts, items, locations, orders, stocks, suppliers};
use crate::platform::ctx::Scope;
use crate::platform::error::Result;

/// What a file would do now.
pub(super) fn plan(scope: &Scope<'_>, kind: ImportKind, rows: &[TableRow]) -> Result<Plan> {
    if rules::speaks_of_prices(rows) {
        scope.need("inventory.prices")?;
    }
    match kind {
        ImportKind::Items => plan_items(scope, rows),
        ImportKind::Locations => Ok(location_rows::plan(rows, &locations::ops::all_in(scope)?)),
        ImportKind::OpeningStock => plan_opening(scope, rows),
        ImportKind::PurchaseOrders => plan_orders(scope, rows),
    }
}

fn plan_items(scope: &Scope<'_>, rows: &[TableRow]) -> Result<Plan> {
    let mut plan = Plan::default();
    let (mut numbers, mut codes) = (Seen::default(), Seen::default());
    for row in rows {
        let key = rules::items::number_key(row);
        let existing = match &key {
            Some(key) => items::ops::by_number_in(scope, key)?,
            None => None,
        };
        let supplier = match &existing {
            Some(item) => items::ops::supplier_in(scope, item.rid)?,
            None => None,
        };
        let mut faults = Vec::new();
        faults.extend(key.and_then(|key| numbers.first(row, "item_number", key).err()));
        match rules::items::plan(row, existing, supplier.as_ref()) {
            Ok(step) => {
                faults.extend(item_faults(scope, row, &step, &mut codes)?);
                plan.add(row, if faults.is_empty() { Ok(step) } else { Err(faults) });
            }
            Err(found) => {
                faults.extend(found);
                plan.add(row, Err(faults));
            }
        }
    }
    Ok(plan)
}

/// What only a look at the other items can tell.
fn item_faults(
    scope: &Scope<'_>,
    row: &TableRow,
    step: &Step,
    codes: &mut Seen,
) -> Result<Vec<RowFault>> {
    let Change::Item(change) = &step.change else { return Ok(Vec::new()) };
    let mut faults = Vec::new();
    let own = change.existing.as_ref();
    for barcode in &change.draft.barcodes {
        faults.extend(codes.first(row, "barcodes", barcode.code.clone()).err());
        let owner = items::ops::barcode_owner_in(scope, &barcode.code, own.map(|item| item.rid))?;
        if let Some(owner) = owner {
            let detail = format!("Item {owner} already has the code {}.", barcode.code);
            faults.push(RowFault::cell(row, "barcodes", "barcode-taken", detail));
        }
    }
    if let Some(item) = own
        && item.unit != change.draft.unit
        && items::ops::has_stock_in(scope, item.rid)?
    {
        let detail = format!("There is stock counted in {}.", item.unit);
        faults.push(RowFault::cell(row, "unit", "unit-in-use", detail));
    }
    Ok(faults)
}

fn plan_opening(scope: &Scope<'_>, rows: &[TableRow]) -> Result<Plan> {
    // Which rows are skipped and which are refused tells what is there.
    counts::ops::hidden_in(scope)?.check_told()?;
    let places: HashMap<String, KeptLocation> = locations::ops::all_in(scope)?
        .into_iter()
        .map(|place| (texts::identity_key(&place.code), place))
        .collect();
    let (mut plan, mut seen) = (Plan::default(), Seen::default());
    for row in rows {
        let (item_key, place_key) = opening::keys(row);
        let item: Option<KeptItem> = match &item_key {
            Some(key) => items::ops::by_number_in(scope, key)?,
            None => None,
        };
        let place = place_key.as_ref().and_then(|key| places.get(key));
        let on_hand = match (&item, place) {
            (Some(item), Some(place)) => stocks::ops::at_in(scope, item.rid, place.rid)?,
            _ => None,
        };
        let twice = item_key.zip(place_key).and_then(|(item, place)| {
            seen.first(row, "item_number", format!("{item}\u{1f}{place}")).err()
        });
        let outcome = opening::plan(row, item.as_ref(), place, on_hand);
        plan.add(
            row,
            match (outcome, twice) {
                (Ok(step), None) => Ok(step),
                (Ok(_), Some(twice)) => Err(vec![twice]),
                (Err(faults), twice) => Err(faults.into_iter().chain(twice).collect()),
            },
        );
    }
    Ok(plan)
}

fn plan_orders(scope: &Scope<'_>, rows: &[TableRow]) -> Result<Plan> {
    // Which rows are skipped and which are refused tells what was ordered, and for how much.
    orders::ops::need_all(scope)?;
    let groups = order_rows::groups(rows);
    let mut outcomes: Vec<_> = rows.iter().map(order_rows::without_number).collect();
    for group in &groups {
        let existing = orders::ops::by_number_in(scope, &group.po_number)?;
        let kept = existing.as_ref().map(|full| (&full.order, full.lines.as_slice()));
        let supplier = match order_rows::supplier_of(group) {
            Some(name) => suppliers::ops::named_in(scope, &name)?,
            None => existing.as_ref().and_then(|full| full.order.supplier_rid),
        };
        let ordered =
            |(_, row): &(usize, &TableRow)| ordered(scope, row, existing.as_ref(), supplier);
        let items: Vec<_> = group.rows.iter().map(ordered).collect::<Result<_>>()?;
        let planned = order_rows::plan(group, &items, kept);
        for ((position, _), outcome) in group.rows.iter().zip(planned) {
            outcomes[*position] = outcome;
        }
    }
    let mut plan = Plan::default();
    for (row, outcome) in rows.iter().zip(outcomes) {
        plan.add(row, outcome);
    }
    Ok(plan)
}

/// The item of a row: the order's own of that number, which may have been deleted since, else the
/// one that there is.
fn ordered(
    scope: &Scope<'_>,
    row: &TableRow,
    existing: Option<&orders::ops::Full>,
    supplier: Option<i64>,
) -> Result<Option<Ordered>> {
    let Some(key) = order_rows::item_key(row) else { return Ok(None) };
    let lines = existing.map_or(&[][..], |full| full.lines.as_slice());
    let own = order_rows::ordered_before(lines, &key);
    let living = items::ops::by_number_in(scope, &key)?;
    let Some(item) = living.filter(|item| own.is_none_or(|own| own == item.id)) else {
        return Ok(own.map(|id| Ordered { id, qty_step: None, usual: None }));
    };
    let terms = match supplier {
        Some(supplier) => suppliers::ops::terms_in(scope, supplier, item.rid)?,
        None => None,
    };
    let usual = terms.and_then(|terms| terms.last_price).or(item.cost.price);
    Ok(Some(Ordered { id: item.id, qty_step: Some(item.qty_step), usual }))
}

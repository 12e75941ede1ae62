//! What is tried of this app before another release takes over.

use super::items::rules::{Item, ItemInput, KeptItem};
use super::locations::rules::{KeptLocation, LocationInput};
use super::movements::rules::{MovementInput, MovementType, Remarks};
use super::{items, locations, movements, search, stocks, usage};
use crate::platform::app::{SmokeKind, SmokeSpec};
use crate::platform::ctx::Scope;
use crate::platform::error::{Error, Result};
use crate::platform::id::ObjectId;
use crate::platform::search::rules::Typed;
use crate::platform::updates::rehearsal::rules::differs;

/// Rows that a check reads at most.
const ROWS_MAX: usize = 50;
/// What a check receives and takes back.
const RECEIVED: &str = "5";

pub const CHECKS: &[SmokeSpec] = &[
    read("items-read", "List items and open each", read_items),
    read("ledger-read", "Read the newest movements", read_ledger),
    read("stock-read", "Read what is where", read_stock),
    read("search-read", "Find an item by its name", find_item),
    read("usage-read", "Count what there is", count),
    write("item-renamed", "Add an item and rename it", rename_item),
    write("receipt-reversed", "Receive goods and take it back", reverse_receipt),
];

const fn read(
    name: &'static str,
    title: &'static str,
    run: fn(&Scope<'_>) -> Result<()>,
) -> SmokeSpec {
    SmokeSpec { name, title, kind: SmokeKind::Read, run }
}

const fn write(
    name: &'static str,
    title: &'static str,
    run: fn(&Scope<'_>) -> Result<()>,
) -> SmokeSpec {
    SmokeSpec { name, title, kind: SmokeKind::Write, run }
}

fn read_items(scope: &Scope<'_>) -> Result<()> {
    for listed in items::ops::first_in(scope, ROWS_MAX)? {
        if items::ops::get_in(scope, listed.id)? != listed {
            return Err(differs(format!("Item {} differs from its line.", listed.id)));
        }
    }
    Ok(())
}

fn read_ledger(scope: &Scope<'_>) -> Result<()> {
    for movement in movements::ops::page_in(scope, ROWS_MAX)?.movements {
        items::ops::get_in(scope, movement.item.id)?;
    }
    Ok(())
}

fn read_stock(scope: &Scope<'_>) -> Result<()> {
    stocks::ops::page_in(scope, ROWS_MAX).map(drop)
}

fn find_item(scope: &Scope<'_>) -> Result<()> {
    let Some(item) = items::ops::first_in(scope, 1)?.pop() else { return Ok(()) };
    // A name without letters or digits is not looked for by words.
    let Some(typed) = Typed::read(&item.item_number) else { return Ok(()) };
    let hits = search::ops::items_in(scope, &typed, ROWS_MAX)?;
    let id: ObjectId = item.id.cast();
    if hits.iter().any(|hit| hit.id == id) {
        return Ok(());
    }
    Err(differs(format!("Item {} is not found by its number.", item.id)))
}

fn count(scope: &Scope<'_>) -> Result<()> {
    (usage::ops::SPEC.count)(scope).map(drop)
}

/// An item that nobody else has.
fn new_item(scope: &Scope<'_>) -> Result<KeptItem> {
    let draft = items::rules::check(&new_input(scope)).map_err(Error::Invalid)?;
    let id = items::ops::create_in(scope, &draft, None)?;
    items::ops::get_in(scope, id)
}

fn new_input(scope: &Scope<'_>) -> ItemInput {
    ItemInput {
        item_number: scope.new_id::<Item>().to_string(),
        name: "Tried out".to_owned(),
        unit: "pc".to_owned(),
        ..ItemInput::default()
    }
}

/// A place in use, or a new one where there is none.
fn open_place(scope: &Scope<'_>) -> Result<KeptLocation> {
    let known = locations::ops::all_in(scope)?.into_iter().find(|place| place.is_active);
    if let Some(place) = known {
        return Ok(place);
    }
    let input = LocationInput {
        code: "tried-out".to_owned(),
        name: "Tried out".to_owned(),
        temp_zone: None,
        parent: None,
        is_active: true,
    };
    let draft = locations::rules::check(&input).map_err(Error::Invalid)?;
    locations::ops::create_in(scope, &draft)?;
    locations::ops::by_code_in(scope, &draft.code_key())?.ok_or(Error::NotFound)
}

fn rename_item(scope: &Scope<'_>) -> Result<()> {
    let item = new_item(scope)?;
    let mut draft = item.as_draft();
    "Renamed".clone_into(&mut draft.name);
    items::ops::update_in(scope, &item, &draft)?;
    let renamed = items::ops::get_in(scope, item.id)?;
    if renamed.name == "Renamed" && renamed.version == item.version + 1 {
        return Ok(());
    }
    Err(differs(format!("An item is called {} after it was renamed.", renamed.name)))
}

fn reverse_receipt(scope: &Scope<'_>) -> Result<()> {
    let (item, place) = (new_item(scope)?, open_place(scope)?);
    let input = MovementInput {
        kind: MovementType::Receive,
        qty: RECEIVED.to_owned(),
        unit_cost: Some("2.50".to_owned()),
        note: None,
        reference: None,
        effective_at: None,
        override_reason: None,
    };
    let draft = movements::rules::check(&input, scope.now())?;
    let posted = movements::ops::record_in(scope, item.id, place.id, &draft, None)?;
    let there = stocks::ops::at_in(scope, item.rid, place.rid)?;
    if there != Some(draft.qty) {
        return Err(differs("What was received is not there."));
    }
    movements::ops::reverse_in(scope, posted.movement.id, &Remarks::default(), scope.now())?;
    let left = stocks::ops::at_in(scope, item.rid, place.rid)?.unwrap_or_default();
    if left.is_zero() { Ok(()) } else { Err(differs("What was taken back is still there.")) }
}

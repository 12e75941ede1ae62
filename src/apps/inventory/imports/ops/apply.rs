//! Does what a plan says, through the same operations that people use.

use crate::apps::inventory::imports::rules::plan::{
    Change, ItemChange, LocationChange, OpeningChange, OrderChange, Plan,
};
use crate::apps::inventory::items::rules::Given;
use crate::apps::inventory::locations::rules::{LocationDraft, parent_unknown};
use crate::apps::inventory::movements::rules::{MovementDraft, MovementType, Remarks};
use crate::apps::inventory::{items, locations, movements, orders};
use crate::platform::ctx::Scope;
use crate::platform::error::Result;

/// Marks movements that were there before the first one.
const OPENING: &str = "opening";

pub(super) fn apply(scope: &Scope<'_>, plan: Plan) -> Result<()> {
    let mut steps = plan.steps;
    // From the top of the tree down, so that every parent is there before its children.
    steps.sort_by_key(|step| match &step.change {
        Change::Location(change) => change.level,
        _ => 0,
    });
    for step in steps {
        match step.change {
            Change::None => {}
            Change::Item(change) => apply_item(scope, &change)?,
            Change::Location(change) => apply_location(scope, *change)?,
            Change::Opening(change) => apply_opening(scope, change)?,
            Change::Order(change) => apply_order(scope, *change)?,
        }
    }
    Ok(())
}

fn apply_item(scope: &Scope<'_>, change: &ItemChange) -> Result<()> {
    let Some(existing) = &change.existing else {
        let supplier = match &change.supplier {
            Given::Keep => None,
            Given::To(link) => link.as_ref(),
        };
        return items::ops::create_in(scope, &change.draft, supplier).map(|_| ());
    };
    items::ops::update_in(scope, existing, &change.draft)?;
    match &change.supplier {
        Given::Keep => Ok(()),
        Given::To(link) => items::ops::set_supplier_in(scope, existing.id, link.as_ref()),
    }
}

fn apply_location(scope: &Scope<'_>, change: LocationChange) -> Result<()> {
    let parent = match &change.parent_key {
        None => None,
        Some(key) => {
            let parent = locations::ops::by_code_in(scope, key)?.ok_or_else(parent_unknown)?;
            Some(parent.id)
        }
    };
    let draft = LocationDraft { parent, ..change.draft };
    match &change.existing {
        None => locations::ops::create_in(scope, &draft).map(|_| ()),
        Some(existing) => locations::ops::update_in(scope, existing, &draft).map(|_| ()),
    }
}

fn apply_opening(scope: &Scope<'_>, change: OpeningChange) -> Result<()> {
    let draft = MovementDraft {
        kind: MovementType::Adjust,
        qty: change.qty,
        unit_cost: change.unit_cost,
        remarks: Remarks::default(),
        effective_at: scope.now(),
    };
    movements::ops::record_in(scope, change.item, change.place, &draft, Some(OPENING)).map(|_| ())
}

fn apply_order(scope: &Scope<'_>, change: OrderChange) -> Result<()> {
    let OrderChange { existing, supplier, draft } = change;
    orders::ops::import_in(scope, existing.as_ref(), supplier.as_deref(), draft)
}

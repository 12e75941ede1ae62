//! What people do with orders.

mod importing;
mod receiving;
mod restocking;

use super::rules::receiving::Tolerance;
use super::rules::{
    self, KeptLine, KeptOrder, LineDraft, Listing, NewLine, OrderDraft, OrderId, OrderInput, Status,
};
use super::store::{self, NewOrder};
use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::items;
use crate::apps::inventory::items::rules::check_version;
use crate::apps::inventory::movements::rules::item_unknown;
use crate::apps::inventory::suppliers;
use crate::apps::inventory::suppliers::rules::KeptSupplier;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result, refuse};
use crate::platform::idempotency::rules::Created;

pub use importing::{by_number_in, import_in, need_all};
pub use receiving::{Received, receipts, receive, reverse, taken_back_in};
pub use restocking::{Needs, Restock, from_low_stock, restock_in};

/// Audit and event kind.
pub const KIND: &str = "inventory.order";
/// Numbers that are tried for an order that came without one.
const NUMBERS_TRIED_MAX: usize = 1_000;
/// Numbers of orders that are named when an item cannot be deleted.
const ORDERS_NAMED_MAX: usize = 20;

/// An order with its lines.
#[derive(Debug, Clone)]
pub struct Full {
    pub order: KeptOrder,
    pub lines: Vec<KeptLine>,
}

/// Orders before a moment and a row, newest first.
pub async fn list(
    ctx: &Ctx,
    listing: Listing,
    before: (Moment, i64),
    limit: usize,
    count_max: Option<u64>,
) -> Result<(Vec<KeptOrder>, Option<u64>)> {
    ctx.read(move |scope| {
        let total = count_max.map(|max| store::count(scope, &listing, max)).transpose()?;
        Ok((store::list(scope, &listing, before, limit)?, total))
    })
    .await
}

pub async fn get(ctx: &Ctx, id: OrderId) -> Result<Full> {
    ctx.read(move |scope| full(scope, id)).await
}

/// An order without its lines, for other resources of the app.
pub fn get_in(scope: &Scope<'_>, id: OrderId) -> Result<KeptOrder> {
    store::get(scope, id)
}

/// An order for a file, which needs the permission to export as well.
pub async fn export(ctx: &Ctx, id: OrderId) -> Result<Full> {
    ctx.read(move |scope| {
        scope.need("inventory.export")?;
        full(scope, id)
    })
    .await
}

fn full(scope: &Scope<'_>, id: OrderId) -> Result<Full> {
    let order = store::get(scope, id)?;
    let lines = store::lines(scope, order.rid)?;
    Ok(Full { order, lines })
}

pub async fn create(ctx: &Ctx, input: OrderInput) -> Result<Created<Full>> {
    let draft = rules::check(&input).map_err(Error::Invalid)?;
    ctx.create(full, move |scope| {
        scope.need("inventory.write")?;
        let id = create_in(scope, &draft)?;
        Ok((id, full(scope, id)?))
    })
    .await
}

/// Makes a draft inside the caller's transaction.
fn create_in(scope: &Scope<'_>, draft: &OrderDraft) -> Result<OrderId> {
    let supplier = supplier(scope, draft)?;
    let lines = look_up(scope, draft, supplier.as_ref())?;
    let po_number = match &draft.po_number {
        Some(number) => number.clone(),
        None => next_number(scope)?,
    };
    let key = free_number(scope, &po_number, None)?;
    let new = new_order(draft, supplier.as_ref(), &po_number, &key, &lines)?;
    let id = scope.new_id();
    let rid = store::insert(scope, id, &new)?;
    store::replace_lines(scope, rid, &lines)?;
    let entry = Entry::new("inventory.order.created", KIND, id).version(1);
    scope.audit(describe(entry, None, &store::get(scope, id)?))?;
    Ok(id)
}

pub async fn update(ctx: &Ctx, id: OrderId, version: i64, input: OrderInput) -> Result<Full> {
    let draft = rules::check(&input).map_err(Error::Invalid)?;
    ctx.write(move |scope| {
        scope.need("inventory.write")?;
        let kept = store::get(scope, id)?;
        check_version(kept.version, version)?;
        update_in(scope, &kept, &draft)?;
        full(scope, id)
    })
    .await
}

/// Changes a draft inside the caller's transaction.
fn update_in(scope: &Scope<'_>, kept: &KeptOrder, draft: &OrderDraft) -> Result<()> {
    rules::check_draft(kept)?;
    let supplier = supplier(scope, draft)?;
    let lines = look_up(scope, draft, supplier.as_ref())?;
    let po_number = draft.po_number.clone().unwrap_or_else(|| kept.po_number.clone());
    let key = free_number(scope, &po_number, Some(kept.rid))?;
    let new = new_order(draft, supplier.as_ref(), &po_number, &key, &lines)?;
    store::update(scope, kept.rid, &new)?;
    store::replace_lines(scope, kept.rid, &lines)?;
    let entry = Entry::new("inventory.order.changed", KIND, kept.id).version(kept.version + 1);
    scope.audit(describe(entry, Some(kept), &store::get(scope, kept.id)?))?;
    Ok(())
}

/// Copies an order into a new draft with today's number and without what arrived.
pub async fn duplicate(ctx: &Ctx, id: OrderId) -> Result<Created<Full>> {
    ctx.create(full, move |scope| {
        scope.need("inventory.write")?;
        let Full { order, lines } = full(scope, id)?;
        let line = |line: KeptLine| LineDraft {
            item: line.item.id,
            req_qty: line.req_qty,
            unit_price: Some(line.unit_price),
            note: line.note,
        };
        let copy = OrderDraft {
            po_number: None,
            supplier: order.supplier,
            expected_on: None,
            notes: order.notes,
            lines: lines.into_iter().map(line).collect(),
        };
        let id = create_in(scope, &copy)?;
        Ok((id, full(scope, id)?))
    })
    .await
}

/// Says that the order was sent to the supplier: it is on its way and does not change any more.
pub async fn submit(ctx: &Ctx, id: OrderId) -> Result<Full> {
    let target = (Status::Submitted, false, "inventory.order.submitted");
    change_status(ctx, id, target, rules::check_submit).await
}

/// Closes an order although not all has arrived.
pub async fn close(ctx: &Ctx, id: OrderId) -> Result<Full> {
    let target = (Status::Received, true, "inventory.order.closed-short");
    change_status(ctx, id, target, rules::check_close).await
}

/// Cancels an order of which nothing is there.
pub async fn cancel(ctx: &Ctx, id: OrderId) -> Result<Full> {
    let target = (Status::Canceled, false, "inventory.order.canceled");
    change_status(ctx, id, target, rules::check_cancel).await
}

async fn change_status(
    ctx: &Ctx,
    id: OrderId,
    (status, is_short, action): (Status, bool, &'static str),
    check: fn(&KeptOrder) -> Result<()>,
) -> Result<Full> {
    ctx.write(move |scope| {
        scope.need("inventory.write")?;
        let kept = store::get(scope, id)?;
        check(&kept)?;
        if status == Status::Submitted {
            check_items(scope, kept.rid)?;
        }
        store::set_status(scope, kept.rid, status, is_short)?;
        let entry = Entry::new(action, KIND, id).version(kept.version + 1);
        let entry = entry.set("po_number", kept.po_number);
        scope.audit(entry.set("total_cost", kept.total_cost.to_string()))?;
        full(scope, id)
    })
    .await
}

/// What may have changed since the draft was written: an item that was deleted cannot arrive.
fn check_items(scope: &Scope<'_>, order_rid: i64) -> Result<()> {
    for (position, line) in store::lines(scope, order_rid)?.iter().enumerate() {
        let item = items::ops::get_in(scope, line.item.id)?;
        if item.deleted_at.is_some() {
            return Err(rules::in_line(position, item_unknown()));
        }
        rules::check_step(position, line.req_qty, item.qty_step)?;
    }
    Ok(())
}

/// How a workspace orders.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub over_receipt: Tolerance,
    pub version: i64,
}

pub async fn settings(ctx: &Ctx) -> Result<Settings> {
    ctx.read(settings_in).await
}

fn settings_in(scope: &Scope<'_>) -> Result<Settings> {
    let kept = store::settings(scope)?;
    Ok(Settings { over_receipt: kept.tolerance, version: kept.version })
}

pub async fn set_settings(ctx: &Ctx, version: i64, over_receipt: Tolerance) -> Result<Settings> {
    ctx.write(move |scope| {
        scope.need("inventory.write")?;
        let kept = store::settings(scope)?;
        check_version(kept.version, version)?;
        if kept.tolerance == over_receipt {
            return settings_in(scope);
        }
        store::set_tolerance(scope, over_receipt)?;
        let entry = Entry::about("inventory.order.settings-changed", KIND);
        scope.audit(entry.changed(
            "over_receipt",
            Some(kept.tolerance.to_string()),
            Some(over_receipt.to_string()),
        ))?;
        settings_in(scope)
    })
    .await
}

/// Numbers of the orders that may still bring an item, for other resources of the app.
pub fn open_with_in(scope: &Scope<'_>, item_rid: i64) -> Result<Vec<String>> {
    store::open_with(scope, item_rid, ORDERS_NAMED_MAX)
}

fn supplier(scope: &Scope<'_>, draft: &OrderDraft) -> Result<Option<KeptSupplier>> {
    draft.supplier.map(|id| suppliers::ops::living_in(scope, id)).transpose()
}

/// Looks the items of a draft up, with the supplier's packs and, where none was written, prices.
fn look_up(
    scope: &Scope<'_>,
    draft: &OrderDraft,
    supplier: Option<&KeptSupplier>,
) -> Result<Vec<NewLine>> {
    let look = |(position, line): (usize, &LineDraft)| {
        let unknown = || rules::in_line(position, item_unknown());
        let item = items::ops::get_in(scope, line.item).map_err(|error| match error {
            Error::NotFound => unknown(),
            other => other,
        })?;
        if item.deleted_at.is_some() {
            return Err(unknown());
        }
        rules::check_step(position, line.req_qty, item.qty_step)?;
        let terms = match supplier {
            Some(supplier) => suppliers::ops::terms_in(scope, supplier.rid, item.rid)?,
            None => None,
        };
        let usual = terms.as_ref().and_then(|terms| terms.last_price).or(item.cost.price);
        Ok(NewLine {
            item_rid: item.rid,
            req_qty: line.req_qty,
            unit_price: line.unit_price.or(usual).unwrap_or(Money::ZERO),
            pack_qty: terms.map_or(Qty::ONE, |terms| terms.pack_qty),
            note: line.note.clone(),
        })
    };
    draft.lines.iter().enumerate().map(look).collect()
}

fn new_order<'a>(
    draft: &'a OrderDraft,
    supplier: Option<&'a KeptSupplier>,
    po_number: &'a str,
    po_number_key: &'a str,
    lines: &[NewLine],
) -> Result<NewOrder<'a>> {
    let supplier = supplier.map(|supplier| (supplier.rid, supplier.draft.name.as_str()));
    Ok(NewOrder { po_number, po_number_key, supplier, draft, total: rules::total(lines)? })
}

/// The key of a number that no other order has.
fn free_number(scope: &Scope<'_>, po_number: &str, but: Option<i64>) -> Result<String> {
    let key = rules::number_key(po_number);
    if store::is_number_taken(scope, &key, but)? {
        return Err(rules::number_taken(po_number));
    }
    Ok(key)
}

/// The next number that no order has.
fn next_number(scope: &Scope<'_>) -> Result<String> {
    let mut number = store::settings(scope)?.last_number;
    for _ in 0..NUMBERS_TRIED_MAX {
        number += 1;
        let name = rules::made_number(number);
        if !store::is_number_taken(scope, &rules::number_key(&name), None)? {
            store::set_last_number(scope, number)?;
            return Ok(name);
        }
    }
    refuse("order-numbers-used-up", "Give this order a number of your own.")
}

/// What an entry calls a part of an order, and how it is read.
type Part<T> = (&'static str, fn(&KeptOrder) -> T);

/// Adds what changed. Notes and suppliers may speak of people, so they are kept beside the chain.
fn describe(mut entry: Entry, before: Option<&KeptOrder>, after: &KeptOrder) -> Entry {
    let fields: [Part<Option<String>>; 4] = [
        ("po_number", |order| Some(order.po_number.clone())),
        ("expected_on", |order| order.expected_on.clone()),
        ("total_cost", |order| Some(order.total_cost.to_string())),
        ("lines", |order| Some(order.lines.to_string())),
    ];
    for (name, field) in fields {
        entry = entry.changed(name, before.and_then(field), field(after));
    }
    let (supplier, notes) = before.map_or(("", ""), |order| (&order.supplier_name, &order.notes));
    for (name, before, after) in
        [("supplier", supplier, &after.supplier_name), ("notes", notes, &after.notes)]
    {
        if before != after {
            entry = entry.personal(name, after);
        }
    }
    entry
}

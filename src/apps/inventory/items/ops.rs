//! What people do with items.

mod several;

use super::rules::costing::{CostMethod, ItemCost};
use super::rules::listing::{Listing, Position, Sort};
use super::rules::{
    self, Given, ItemDraft, ItemId, ItemInput, KeptItem, barcode_taken, check_version, number_taken,
};
use super::store::{self, Forgettable};
use crate::apps::inventory::RESTORE_ANY;
use crate::apps::inventory::alerts;
use crate::apps::inventory::comments;
use crate::apps::inventory::counts;
use crate::apps::inventory::files;
use crate::apps::inventory::orders;
use crate::apps::inventory::search;
use crate::apps::inventory::suppliers;
use crate::apps::inventory::suppliers::rules::SupplierLink;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::recycle_bin::ops::check_restore_in;
use crate::platform::recycle_bin::rules::{Deleted, Stretch};

pub use several::change_several;

/// Audit and event kind.
pub const KIND: &str = "inventory.item";
/// Different categories in one answer.
pub const CATEGORIES_MAX: usize = 1_000;

/// A page of a list.
pub struct Listed {
    pub items: Vec<KeptItem>,
    /// Where the next page begins; none on the last.
    pub next: Option<Position>,
    /// Counted to the bound that was asked for.
    pub total: Option<u64>,
}

pub async fn list(
    ctx: &Ctx,
    listing: Listing,
    position: Position,
    limit: usize,
    count_max: Option<u64>,
) -> Result<Listed> {
    ctx.read(move |scope| {
        if listing.tells_quantities() {
            counts::ops::hidden_in(scope)?.check_told()?;
        }
        let search = listing.search.clone().map(|query| search::ops::told_in(scope, query));
        let mut found = match &search {
            Some(query) => store::search(scope, &listing, query, &position, limit + 1)?,
            None => store::list(scope, &listing, &position, limit + 1)?
                .into_iter()
                .map(|item| (item, 0))
                .collect(),
        };
        let has_more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| has_more);
        let next = last.map(|(item, tier)| Position::behind(item, *tier, listing.sort));
        let total = match (count_max, &search) {
            (None, _) => None,
            (Some(max), Some(query)) => Some(store::count_found(scope, &listing, query, max)?),
            (Some(max), None) => Some(store::count(scope, &listing, max)?),
        };
        Ok(Listed { items: found.into_iter().map(|(item, _)| item).collect(), next, total })
    })
    .await
}

/// Categories in use, with how many items each has.
pub async fn categories(ctx: &Ctx) -> Result<Vec<(String, i64)>> {
    ctx.read(|scope| store::categories(scope, CATEGORIES_MAX)).await
}

/// An item that is not deleted.
pub async fn get(ctx: &Ctx, id: ItemId) -> Result<KeptItem> {
    ctx.read(move |scope| living(scope, id)).await
}

/// An item, deleted or not.
pub async fn get_any(ctx: &Ctx, id: ItemId) -> Result<KeptItem> {
    ctx.read(move |scope| store::get(scope, id)).await
}

fn living(scope: &Scope<'_>, id: ItemId) -> Result<KeptItem> {
    let item = store::get(scope, id)?;
    if item.deleted_at.is_some() { Err(Error::NotFound) } else { Ok(item) }
}

pub async fn create(ctx: &Ctx, input: ItemInput) -> Result<Created<KeptItem>> {
    let draft = rules::check(&input).map_err(Error::Invalid)?;
    ctx.create(store::get, move |scope| {
        let id = create_in(scope, &draft, None)?;
        Ok((id, store::get(scope, id)?))
    })
    .await
}

/// Makes an item, and says who delivers it first, inside the caller's transaction.
pub fn create_in(
    scope: &Scope<'_>,
    draft: &ItemDraft,
    link: Option<&SupplierLink>,
) -> Result<ItemId> {
    check_price(scope, draft)?;
    draft.cost(ItemCost::default()).check()?;
    check_unique(scope, draft, None)?;
    let supplier = supplier_row(scope, link)?;
    let id = scope.new_id();
    let rid = store::insert(scope, id, draft, supplier.map_or("", |(_, sku)| sku))?;
    if let Some((supplier, sku)) = supplier {
        suppliers::ops::add_first_in(scope, rid, supplier, sku)?;
    }
    let entry = Entry::new("inventory.item.created", KIND, id).version(1);
    scope.audit(describe_supplier(describe(entry, None, draft), link))?;
    Ok(id)
}

pub async fn update(ctx: &Ctx, id: ItemId, version: i64, input: ItemInput) -> Result<KeptItem> {
    let draft = rules::check(&input).map_err(Error::Invalid)?;
    ctx.write(move |scope| {
        let kept = living(scope, id)?;
        check_version(kept.version, version)?;
        update_in(scope, &kept, &draft)?;
        store::get(scope, id)
    })
    .await
}

/// Writes a draft over an item inside the caller's transaction. False when it says what is kept.
pub fn update_in(scope: &Scope<'_>, kept: &KeptItem, draft: &ItemDraft) -> Result<bool> {
    check_price(scope, draft)?;
    let cost = draft.cost(kept.cost);
    let draft = draft.over(kept.cost);
    let before = kept.as_draft();
    if draft == before {
        return Ok(false);
    }
    cost.check()?;
    rules::check_unit(&kept.unit, &draft.unit, store::has_stock(scope, kept.rid)?)?;
    check_unique(scope, &draft, Some(kept.rid))?;
    store::update(scope, kept.rid, &draft, cost)?;
    if draft.min_qty != before.min_qty {
        alerts::ops::look_at_end(scope, kept.rid);
    }
    if draft.barcodes != before.barcodes {
        store::replace_barcodes(scope, kept.rid, &draft.barcodes)?;
    }
    let entry = Entry::new("inventory.item.changed", KIND, kept.id).version(kept.version + 1);
    scope.audit(describe(entry, Some(&before), &draft))?;
    Ok(true)
}

pub async fn delete(ctx: &Ctx, id: ItemId, version: i64) -> Result<()> {
    ctx.write(move |scope| {
        let kept = living(scope, id)?;
        check_version(kept.version, version)?;
        let has_stock = store::has_stock(scope, kept.rid)?;
        let orders = orders::ops::open_with_in(scope, kept.rid)?;
        rules::check_delete(has_stock, &orders, scope.may("inventory.prices"))?;
        store::delete(scope, kept.rid)?;
        alerts::ops::look_at_end(scope, kept.rid);
        let entry = Entry::new("inventory.item.deleted", KIND, id).version(kept.version + 1);
        scope.audit(entry.set("item_number", kept.item_number))?;
        Ok(())
    })
    .await
}

pub async fn restore(ctx: &Ctx, id: ItemId) -> Result<KeptItem> {
    ctx.write(move |scope| {
        let kept = store::get(scope, id)?;
        let Some(deleted_at) = kept.deleted_at else { return Ok(kept) };
        check_restore_in(scope, deleted_at, kept.deleted_by, RESTORE_ANY)?;
        check_still_free(scope, &kept)?;
        store::restore(scope, kept.rid)?;
        alerts::ops::look_at_end(scope, kept.rid);
        let entry = Entry::new("inventory.item.restored", KIND, id).version(kept.version + 1);
        scope.audit(entry.set("item_number", kept.item_number))?;
        store::get(scope, id)
    })
    .await
}

/// Refuses to bring back an item whose number or code another one has by now.
fn check_still_free(scope: &Scope<'_>, kept: &KeptItem) -> Result<()> {
    if let Some(owner) = store::by_number(scope, &kept.as_draft().item_number_key())? {
        return Err(rules::number_taken_meanwhile(&owner));
    }
    for (position, barcode) in kept.barcodes.iter().enumerate() {
        if let Some(owner) = store::barcode_owner(scope, &barcode.code, Some(kept.rid))? {
            return Err(rules::barcode_taken_meanwhile(position, &barcode.code, &owner));
        }
    }
    Ok(())
}

/// The first items by name inside the caller's transaction, for other resources of the app.
pub fn first_in(scope: &Scope<'_>, limit: usize) -> Result<Vec<KeptItem>> {
    let listing = Listing {
        search: None,
        category: None,
        location: None,
        is_low: false,
        sort: Sort::BY_NAME,
    };
    store::list(scope, &listing, &Position::start(listing.sort), limit)
}

/// Items that are below their minimum, by name, for other resources of the app.
pub fn low_in(scope: &Scope<'_>, limit: usize) -> Result<Vec<KeptItem>> {
    let listing =
        Listing { search: None, category: None, location: None, is_low: true, sort: Sort::BY_NAME };
    store::list(scope, &listing, &Position::start(listing.sort), limit)
}

/// Brings what the search knows of the suppliers' codes of an item up to date.
pub fn refresh_skus_in(scope: &Scope<'_>, rid: i64) -> Result<()> {
    store::refresh_skus(scope, rid)
}

/// Items in the recycle bin.
pub fn deleted_in(scope: &Scope<'_>, stretch: Stretch, limit: usize) -> Result<Vec<Deleted>> {
    store::deleted(scope, stretch, limit)
}

/// Removes items that were deleted before a moment and that nothing ever happened to.
pub fn forget_in(scope: &Scope<'_>, before: Moment, limit: usize) -> Result<usize> {
    let forgotten = store::forgettable(scope, before, limit)?;
    for Forgettable { rid, id, version, name } in &forgotten {
        files::ops::remove_all_in(scope, *id)?;
        comments::ops::remove_all_in(scope, *id)?;
        store::forget(scope, *rid)?;
        let entry = Entry::new("inventory.item.forgotten", KIND, *id).version(*version);
        scope.audit(entry.set("item_number", name))?;
    }
    Ok(forgotten.len())
}

/// The item, deleted or not, for other resources of the app.
pub fn get_in(scope: &Scope<'_>, id: ItemId) -> Result<KeptItem> {
    store::get(scope, id)
}

/// The item with this number, for other resources of the app.
pub fn by_number_in(scope: &Scope<'_>, key: &str) -> Result<Option<KeptItem>> {
    store::by_number(scope, key)
}

/// The number of the item that has a code, for other resources of the app.
pub fn barcode_owner_in(scope: &Scope<'_>, code: &str, but: Option<i64>) -> Result<Option<String>> {
    store::barcode_owner(scope, code, but)
}

/// Who delivers an item first, for other resources of the app.
pub fn supplier_in(scope: &Scope<'_>, rid: i64) -> Result<Option<SupplierLink>> {
    suppliers::ops::first_in(scope, rid)
}

/// Sets who delivers an item inside the caller's transaction.
pub fn set_supplier_in(scope: &Scope<'_>, id: ItemId, link: Option<&SupplierLink>) -> Result<()> {
    let item = store::get(scope, id)?;
    suppliers::ops::set_first_in(scope, item.rid, supplier_row(scope, link)?)?;
    store::refresh_skus(scope, item.rid)?;
    let entry = Entry::new("inventory.item.supplier-changed", KIND, id).version(item.version);
    scope.audit(describe_supplier(entry, link))?;
    Ok(())
}

/// The row of who delivers an item, made when it is new, and what they call the item.
fn supplier_row<'a>(
    scope: &Scope<'_>,
    link: Option<&'a SupplierLink>,
) -> Result<Option<(i64, &'a str)>> {
    let Some(link) = link else { return Ok(None) };
    let (rid, _) = suppliers::ops::ensure_in(scope, &link.name)?;
    Ok(Some((rid, &link.sku)))
}

/// Adds who delivers the item. They may be a person, so the name is kept beside the chain.
fn describe_supplier(entry: Entry, link: Option<&SupplierLink>) -> Entry {
    match link {
        None => entry,
        Some(link) => entry.personal("supplier", &link.name).set("supplier_sku", &link.sku),
    }
}

/// Whether there is some of an item anywhere, for other resources of the app.
pub fn has_stock_in(scope: &Scope<'_>, rid: i64) -> Result<bool> {
    store::has_stock(scope, rid)
}

/// Who cannot see prices cannot set them either.
fn check_price(scope: &Scope<'_>, draft: &ItemDraft) -> Result<()> {
    match (draft.unit_cost, draft.cost_method) {
        (Given::Keep, Given::Keep) => Ok(()),
        _ => scope.need("inventory.prices"),
    }
}

fn check_unique(scope: &Scope<'_>, draft: &ItemDraft, but: Option<i64>) -> Result<()> {
    if store::is_number_taken(scope, &draft.item_number_key(), but)? {
        return Err(number_taken(&draft.item_number));
    }
    for (position, barcode) in draft.barcodes.iter().enumerate() {
        if let Some(owner) = store::barcode_owner(scope, &barcode.code, but)? {
            return Err(barcode_taken(position, &barcode.code, &owner));
        }
    }
    Ok(())
}

/// Adds what changed. Notes may speak of people, so they are kept beside the chain.
fn describe(mut entry: Entry, before: Option<&ItemDraft>, after: &ItemDraft) -> Entry {
    let fields: [(&'static str, Field); 11] = [
        ("item_number", |item| Some(item.item_number.clone())),
        ("name", |item| Some(item.name.clone())),
        ("unit", |item| Some(item.unit.clone())),
        ("qty_step", |item| Some(item.qty_step.to_string())),
        ("category", |item| item.category.clone()),
        ("min_qty", |item| item.min_qty.map(|qty| qty.to_string())),
        ("max_qty", |item| item.max_qty.map(|qty| qty.to_string())),
        ("unit_cost", |item| item.unit_cost.or(None).map(|cost| cost.to_string())),
        ("cost_method", |item| {
            let method = item.cost_method.or(CostMethod::Average);
            (method != CostMethod::Average).then(|| method.name().to_owned())
        }),
        ("temp_zone", |item| item.temp_zone.map(|zone| zone.name().to_owned())),
        ("barcodes", |item| {
            let codes: Vec<_> = item.barcodes.iter().map(|one| one.code.as_str()).collect();
            (!codes.is_empty()).then(|| codes.join(" "))
        }),
    ];
    for (name, field) in fields {
        entry = entry.changed(name, before.and_then(field), field(after));
    }
    if before.map_or("", |item| item.notes.as_str()) != after.notes {
        entry = entry.personal("notes", after.notes.clone());
    }
    entry
}

type Field = fn(&ItemDraft) -> Option<String>;

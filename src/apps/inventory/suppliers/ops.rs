//! What people do with suppliers.

use super::rules::{
    self, Delivered, Deliverer, KeptSupplier, SupplierDraft, SupplierId, SupplierInput,
    SupplierLink, Terms, TermsInput,
};
use super::store::{self, Forgettable};
use crate::apps::inventory::RESTORE_ANY;
use crate::apps::inventory::items;
use crate::apps::inventory::items::rules::{ItemId, check_version};
use crate::apps::inventory::movements::rules::item_unknown;
use crate::apps::inventory::texts::rules as texts;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::recycle_bin::ops::check_restore_in;
use crate::platform::recycle_bin::rules::{Deleted, Stretch};

/// Audit and event kind.
pub const KIND: &str = "inventory.supplier";
/// Numbers of orders that are named when a supplier cannot be deleted.
const ORDERS_NAMED_MAX: usize = 20;

/// Suppliers behind a name, by name.
pub async fn list(ctx: &Ctx, after: (String, i64), limit: usize) -> Result<Vec<KeptSupplier>> {
    ctx.read(move |scope| store::list(scope, (&after.0, after.1), limit)).await
}

/// A supplier that is not deleted.
pub async fn get(ctx: &Ctx, id: SupplierId) -> Result<KeptSupplier> {
    ctx.read(move |scope| living(scope, id)).await
}

fn living(scope: &Scope<'_>, id: SupplierId) -> Result<KeptSupplier> {
    let supplier = store::get(scope, id)?;
    if supplier.deleted_at.is_some() { Err(Error::NotFound) } else { Ok(supplier) }
}

/// A supplier that is not deleted, for an order that names it.
pub fn living_in(scope: &Scope<'_>, id: SupplierId) -> Result<KeptSupplier> {
    living(scope, id).map_err(|error| match error {
        Error::NotFound => rules::supplier_unknown(),
        other => other,
    })
}

pub async fn create(ctx: &Ctx, input: SupplierInput) -> Result<Created<KeptSupplier>> {
    let draft = rules::check(&input).map_err(Error::Invalid)?;
    ctx.create(store::get, move |scope| {
        scope.need("inventory.write")?;
        check_name(scope, &draft, None)?;
        let id = scope.new_id();
        store::insert(scope, id, &draft)?;
        let entry = Entry::new("inventory.supplier.created", KIND, id).version(1);
        scope.audit(describe(entry, None, &draft))?;
        Ok((id, store::get(scope, id)?))
    })
    .await
}

pub async fn update(
    ctx: &Ctx,
    id: SupplierId,
    version: i64,
    input: SupplierInput,
) -> Result<KeptSupplier> {
    let draft = rules::check(&input).map_err(Error::Invalid)?;
    ctx.write(move |scope| {
        scope.need("inventory.write")?;
        let kept = living(scope, id)?;
        check_version(kept.version, version)?;
        if draft == kept.draft {
            return Ok(kept);
        }
        check_name(scope, &draft, Some(kept.rid))?;
        store::update(scope, kept.rid, &draft)?;
        let entry = Entry::new("inventory.supplier.changed", KIND, id).version(kept.version + 1);
        scope.audit(describe(entry, Some(&kept.draft), &draft))?;
        store::get(scope, id)
    })
    .await
}

pub async fn delete(ctx: &Ctx, id: SupplierId, version: i64) -> Result<()> {
    ctx.write(move |scope| {
        scope.need("inventory.write")?;
        let kept = living(scope, id)?;
        check_version(kept.version, version)?;
        rules::check_delete(&store::open_orders(scope, kept.rid, ORDERS_NAMED_MAX)?)?;
        store::delete(scope, kept.rid)?;
        let entry = Entry::new("inventory.supplier.deleted", KIND, id).version(kept.version + 1);
        scope.audit(entry.personal("name", kept.draft.name))?;
        Ok(())
    })
    .await
}

pub async fn restore(ctx: &Ctx, id: SupplierId) -> Result<KeptSupplier> {
    ctx.write(move |scope| {
        scope.need("inventory.write")?;
        let kept = store::get(scope, id)?;
        let Some(deleted_at) = kept.deleted_at else { return Ok(kept) };
        check_restore_in(scope, deleted_at, kept.deleted_by, RESTORE_ANY)?;
        check_name(scope, &kept.draft, Some(kept.rid)).map_err(Error::into_conflict)?;
        store::restore(scope, kept.rid)?;
        let entry = Entry::new("inventory.supplier.restored", KIND, id).version(kept.version + 1);
        scope.audit(entry.personal("name", kept.draft.name))?;
        store::get(scope, id)
    })
    .await
}

/// Suppliers in the recycle bin.
pub fn deleted_in(scope: &Scope<'_>, stretch: Stretch, limit: usize) -> Result<Vec<Deleted>> {
    store::deleted(scope, stretch, limit)
}

/// Removes suppliers that were deleted before a moment and that nothing names.
pub fn forget_in(scope: &Scope<'_>, before: Moment, limit: usize) -> Result<usize> {
    let forgotten = store::forgettable(scope, before, limit)?;
    for Forgettable { rid, id, version } in &forgotten {
        store::forget(scope, *rid)?;
        scope.audit(Entry::new("inventory.supplier.forgotten", KIND, *id).version(*version))?;
    }
    Ok(forgotten.len())
}

/// What a supplier delivers, behind an item's row.
pub async fn items(
    ctx: &Ctx,
    id: SupplierId,
    after: i64,
    limit: usize,
) -> Result<(KeptSupplier, Vec<Delivered>)> {
    ctx.read(move |scope| {
        let supplier = living(scope, id)?;
        let items = store::items(scope, supplier.rid, after, limit)?;
        Ok((supplier, items))
    })
    .await
}

/// Says what a supplier calls and asks for an item. Gives the supplier, whose version counts it.
pub async fn set_terms(
    ctx: &Ctx,
    id: SupplierId,
    item: ItemId,
    version: i64,
    input: TermsInput,
) -> Result<KeptSupplier> {
    let terms = rules::check_terms(&input).map_err(Error::Invalid)?;
    ctx.write(move |scope| {
        scope.need("inventory.write")?;
        let kept = living(scope, id)?;
        check_version(kept.version, version)?;
        let item = items::ops::get_in(scope, item).map_err(|_| item_unknown())?;
        if item.deleted_at.is_some() {
            return Err(item_unknown());
        }
        let deliverers = store::deliverers(scope, item.rid)?;
        let changed =
            rules::with_terms(deliverers.clone(), kept.rid, terms.clone(), input.is_preferred)?;
        if changed == deliverers {
            return Ok(kept);
        }
        replace_in(scope, item.rid, &changed)?;
        store::touch(scope, kept.rid)?;
        let entry = Entry::new("inventory.supplier.item-changed", KIND, id);
        let entry = describe_terms(entry.version(kept.version + 1), &item.item_number, &terms);
        scope.audit(entry)?;
        store::get(scope, id)
    })
    .await
}

/// Takes an item away from what a supplier delivers.
pub async fn remove_terms(ctx: &Ctx, id: SupplierId, item: ItemId, version: i64) -> Result<()> {
    ctx.write(move |scope| {
        scope.need("inventory.write")?;
        let kept = living(scope, id)?;
        check_version(kept.version, version)?;
        let item = items::ops::get_in(scope, item)?;
        let mut deliverers = store::deliverers(scope, item.rid)?;
        let before = deliverers.len();
        deliverers.retain(|one| one.supplier_rid != kept.rid);
        if deliverers.len() == before {
            return Err(Error::NotFound);
        }
        replace_in(scope, item.rid, &deliverers)?;
        store::touch(scope, kept.rid)?;
        let entry = Entry::new("inventory.supplier.item-removed", KIND, id);
        scope.audit(entry.version(kept.version + 1).set("item_number", item.item_number))?;
        Ok(())
    })
    .await
}

fn replace_in(scope: &Scope<'_>, item_rid: i64, deliverers: &[Deliverer]) -> Result<()> {
    store::replace_deliverers(scope, item_rid, deliverers)?;
    items::ops::refresh_skus_in(scope, item_rid)
}

/// Who delivers an item first, for other resources of the app.
pub fn preferred_in(scope: &Scope<'_>, item_rid: i64) -> Result<Option<(SupplierId, Deliverer)>> {
    store::preferred(scope, item_rid)
}

/// What a supplier calls and asks for an item, for other resources of the app.
pub fn terms_in(scope: &Scope<'_>, supplier_rid: i64, item_rid: i64) -> Result<Option<Terms>> {
    let found = store::deliverers(scope, item_rid)?;
    let found = found.into_iter().find(|one| one.supplier_rid == supplier_rid);
    Ok(found.map(|one| one.terms))
}

/// Who delivers an item first, and what they call it, for other resources of the app.
pub fn first_in(scope: &Scope<'_>, item_rid: i64) -> Result<Option<SupplierLink>> {
    store::first(scope, item_rid)
}

/// Puts down who delivers a new item, inside the caller's transaction.
pub fn add_first_in(scope: &Scope<'_>, item_rid: i64, supplier_rid: i64, sku: &str) -> Result<()> {
    store::insert_first(scope, item_rid, supplier_rid, sku)
}

/// Puts another supplier in the place of an item's first one, inside the caller's transaction.
/// Who delivered it before keeps their pack and price.
pub fn set_first_in(scope: &Scope<'_>, item_rid: i64, supplier: Option<(i64, &str)>) -> Result<()> {
    let deliverers = store::deliverers(scope, item_rid)?;
    let changed = rules::with_first(deliverers, supplier);
    store::replace_deliverers(scope, item_rid, &changed)
}

/// The row of the supplier with this name, for other resources of the app.
pub fn named_in(scope: &Scope<'_>, name: &str) -> Result<Option<i64>> {
    Ok(store::by_name(scope, &texts::identity_key(name))?.map(|(rid, _)| rid))
}

/// The row and the id of the supplier with this name, who is made when there is none, inside the
/// caller's transaction.
pub fn ensure_in(scope: &Scope<'_>, name: &str) -> Result<(i64, SupplierId)> {
    let key = texts::identity_key(name);
    if let Some(found) = store::by_name(scope, &key)? {
        return Ok(found);
    }
    let id = scope.new_id();
    let input = SupplierInput { name: name.to_owned(), ..SupplierInput::default() };
    let draft = rules::check(&input).map_err(Error::Invalid)?;
    let rid = store::insert(scope, id, &draft)?;
    let entry = Entry::new("inventory.supplier.created", KIND, id).version(1);
    scope.audit(entry.personal("name", name))?;
    Ok((rid, id))
}

fn check_name(scope: &Scope<'_>, draft: &SupplierDraft, but: Option<i64>) -> Result<()> {
    let owner = store::by_name(scope, &draft.name_key())?;
    if owner.is_some_and(|(owner, _)| Some(owner) != but) {
        return Err(rules::name_taken(&draft.name));
    }
    Ok(())
}

/// Adds what changed. A supplier may be a person, so their texts are kept beside the chain.
fn describe(mut entry: Entry, before: Option<&SupplierDraft>, after: &SupplierDraft) -> Entry {
    let days = |draft: &SupplierDraft| draft.lead_days.map(|days| days.to_string());
    entry = entry.changed("lead_days", before.and_then(days), days(after));
    let texts = |one: &SupplierDraft| {
        [&one.name, &one.email, &one.phone, &one.notes].map(ToOwned::to_owned)
    };
    let names = ["name", "email", "phone", "notes"];
    let (before, after) = (before.map(texts).unwrap_or_default(), texts(after));
    for ((name, before), after) in names.into_iter().zip(before).zip(after) {
        if before != after {
            entry = entry.personal(name, after);
        }
    }
    entry
}

fn describe_terms(entry: Entry, item_number: &str, terms: &Terms) -> Entry {
    let price = terms.last_price.map_or_else(String::new, |price| price.to_string());
    entry
        .set("item_number", item_number)
        .set("supplier_sku", &terms.sku)
        .set("pack_qty", terms.pack_qty.to_string())
        .set("last_price", price)
}

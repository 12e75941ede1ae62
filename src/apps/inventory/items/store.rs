//! The SQL of items.

mod list;
mod recycle;
mod row;
mod search;

use rusqlite::{OptionalExtension, named_params};

use super::rules::{Barcode, ItemDraft, ItemId, KeptItem};
use crate::apps::inventory::amounts::Money;
use crate::apps::inventory::suppliers::rules::SupplierLink;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};

pub(super) use list::{categories, count, list};
pub(super) use recycle::{Forgettable, deleted, forget, forgettable};
pub(super) use search::{count_found, search};

/// The item with its barcodes, deleted or not.
pub(super) fn get(scope: &Scope<'_>, id: ItemId) -> Result<KeptItem> {
    let mut statement = scope.prepare_cached(concat!(
        "SELECT ",
        row::columns!(),
        " FROM items AS i
         JOIN item_totals AS t ON t.item_id = i.rid
         LEFT JOIN item_barcodes AS b ON b.item_id = i.rid
         WHERE i.id = :id ORDER BY b.position"
    ))?;
    let mut rows = statement.query(named_params! { ":id": id })?;
    row::items(&mut rows)?.pop().ok_or(Error::NotFound)
}

/// The item with this number, if it is not deleted.
pub(super) fn by_number(scope: &Scope<'_>, key: &str) -> Result<Option<KeptItem>> {
    let mut statement = scope.prepare_cached(concat!(
        "SELECT ",
        row::columns!(),
        " FROM items AS i
         JOIN item_totals AS t ON t.item_id = i.rid
         LEFT JOIN item_barcodes AS b ON b.item_id = i.rid
         WHERE i.item_number_key = :key AND i.deleted_at IS NULL ORDER BY b.position"
    ))?;
    let mut rows = statement.query(named_params! { ":key": key })?;
    Ok(row::items(&mut rows)?.pop())
}

/// Whether another item has the number.
pub(super) fn is_number_taken(scope: &Scope<'_>, key: &str, but: Option<i64>) -> Result<bool> {
    let owner: Option<i64> = scope
        .prepare_cached(
            "SELECT rid FROM items WHERE item_number_key = :key AND deleted_at IS NULL",
        )?
        .query_row(named_params! { ":key": key }, |row| row.get(0))
        .optional()?;
    Ok(owner.is_some_and(|owner| Some(owner) != but))
}

/// The number of another item that has the code.
pub(super) fn barcode_owner(
    scope: &Scope<'_>,
    code: &str,
    but: Option<i64>,
) -> Result<Option<String>> {
    let owner: Option<(i64, String)> = scope
        .prepare_cached(
            "SELECT i.rid, i.item_number FROM item_barcodes AS b
             JOIN items AS i ON i.rid = b.item_id
             WHERE b.code = :code AND b.is_active = 1",
        )?
        .query_row(named_params! { ":code": code }, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(owner.filter(|(rid, _)| Some(*rid) != but).map(|(_, number)| number))
}

/// Inserts a new item with who delivers it first. What the search knows of the supplier is there
/// from the start: indexing the item once costs half of what indexing it and changing it would.
pub(super) fn insert(
    scope: &Scope<'_>,
    id: ItemId,
    draft: &ItemDraft,
    supplier: Option<(i64, &str)>,
) -> Result<()> {
    let rid = scope
        .prepare_cached(
            "INSERT INTO items (id, item_number, item_number_key, name, name_key, unit, qty_step,
                 category, min_qty, max_qty, unit_cost, temp_zone, notes, supplier_skus,
                 created_at, created_by, updated_at, updated_by)
             VALUES (:id, :item_number, :item_number_key, :name, :name_key, :unit, :qty_step,
                 :category, :min_qty, :max_qty, :unit_cost, :temp_zone, :notes, :supplier_skus,
                 :now, :user, :now, :user)",
        )?
        .insert(named_params! {
            ":id": id, ":item_number": draft.item_number,
            ":item_number_key": draft.item_number_key(), ":name": draft.name,
            ":name_key": draft.name_key(), ":unit": draft.unit, ":qty_step": draft.qty_step,
            ":category": draft.category, ":min_qty": draft.min_qty, ":max_qty": draft.max_qty,
            ":unit_cost": draft.unit_cost.or(None), ":temp_zone": zone(draft),
            ":notes": draft.notes, ":supplier_skus": supplier.map_or("", |(_, sku)| sku),
            ":now": scope.now(), ":user": scope.user(),
        })?;
    insert_barcodes(scope, rid, &draft.barcodes)?;
    supplier.map_or(Ok(()), |(supplier, sku)| insert_supplier(scope, rid, supplier, sku))
}

/// Writes the draft over an item and counts its version up.
pub(super) fn update(
    scope: &Scope<'_>,
    rid: i64,
    draft: &ItemDraft,
    unit_cost: Option<Money>,
) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE items SET item_number = :item_number, item_number_key = :item_number_key,
                 name = :name, name_key = :name_key, unit = :unit, qty_step = :qty_step,
                 category = :category, min_qty = :min_qty, max_qty = :max_qty,
                 unit_cost = :unit_cost, temp_zone = :temp_zone, notes = :notes,
                 version = version + 1, updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! {
            ":rid": rid, ":item_number": draft.item_number,
            ":item_number_key": draft.item_number_key(), ":name": draft.name,
            ":name_key": draft.name_key(), ":unit": draft.unit, ":qty_step": draft.qty_step,
            ":category": draft.category, ":min_qty": draft.min_qty, ":max_qty": draft.max_qty,
            ":unit_cost": unit_cost, ":temp_zone": zone(draft), ":notes": draft.notes,
            ":now": scope.now(), ":user": scope.user(),
        })?;
    Ok(())
}

/// Writes the item's codes anew.
pub(super) fn replace_barcodes(scope: &Scope<'_>, rid: i64, barcodes: &[Barcode]) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM item_barcodes WHERE item_id = :rid")?
        .execute(named_params! { ":rid": rid })?;
    insert_barcodes(scope, rid, barcodes)
}

fn insert_barcodes(scope: &Scope<'_>, rid: i64, barcodes: &[Barcode]) -> Result<()> {
    let mut statement = scope.prepare_cached(
        "INSERT INTO item_barcodes (item_id, position, code, kind, pack_qty)
         VALUES (:rid, :position, :code, :kind, :pack_qty)",
    )?;
    for (position, barcode) in barcodes.iter().enumerate() {
        statement.execute(named_params! {
            ":rid": rid, ":position": integer(position),
            ":code": barcode.code, ":kind": barcode.kind.name(), ":pack_qty": barcode.pack_qty,
        })?;
    }
    Ok(())
}

/// Who delivers the item first, and what they call it.
pub(super) fn first_supplier(scope: &Scope<'_>, rid: i64) -> Result<Option<SupplierLink>> {
    Ok(scope
        .prepare_cached(
            "SELECT s.name, l.sku FROM item_suppliers AS l
             JOIN suppliers AS s ON s.rid = l.supplier_id
             WHERE l.item_id = :rid ORDER BY l.position LIMIT 1",
        )?
        .query_row(named_params! { ":rid": rid }, |row| {
            Ok(SupplierLink { name: row.get(0)?, sku: row.get(1)? })
        })
        .optional()?)
}

/// Sets who delivers the item first, and what the search knows of it.
pub(super) fn set_supplier(
    scope: &Scope<'_>,
    rid: i64,
    supplier: Option<(i64, &str)>,
) -> Result<()> {
    let supplier_rid = supplier.map(|(supplier_rid, _)| supplier_rid);
    scope
        .prepare_cached(
            "DELETE FROM item_suppliers
             WHERE item_id = :rid AND (position = 0 OR supplier_id = :supplier)",
        )?
        .execute(named_params! { ":rid": rid, ":supplier": supplier_rid })?;
    if let Some((supplier_rid, sku)) = supplier {
        insert_supplier(scope, rid, supplier_rid, sku)?;
    }
    scope
        .prepare_cached(
            "UPDATE items SET supplier_skus = COALESCE((
                 SELECT group_concat(sku, ' ') FROM item_suppliers
                 WHERE item_id = :rid AND sku <> ''), '')
             WHERE rid = :rid",
        )?
        .execute(named_params! { ":rid": rid })?;
    Ok(())
}

fn insert_supplier(scope: &Scope<'_>, rid: i64, supplier: i64, sku: &str) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO item_suppliers (item_id, position, supplier_id, sku)
             VALUES (:rid, 0, :supplier, :sku)",
        )?
        .execute(named_params! { ":rid": rid, ":supplier": supplier, ":sku": sku })?;
    Ok(())
}

/// Hides an item; its codes and its number are free from then on.
pub(super) fn delete(scope: &Scope<'_>, rid: i64) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE items SET deleted_at = :now, deleted_by = :user, version = version + 1,
                 updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! { ":rid": rid, ":now": scope.now(), ":user": scope.user() })?;
    scope
        .prepare_cached("UPDATE item_barcodes SET is_active = 0 WHERE item_id = :rid")?
        .execute(named_params! { ":rid": rid })?;
    Ok(())
}

/// Brings a hidden item back with its codes.
pub(super) fn restore(scope: &Scope<'_>, rid: i64) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE items SET deleted_at = NULL, deleted_by = NULL, version = version + 1,
                 updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! { ":rid": rid, ":now": scope.now(), ":user": scope.user() })?;
    scope
        .prepare_cached("UPDATE item_barcodes SET is_active = 1 WHERE item_id = :rid")?
        .execute(named_params! { ":rid": rid })?;
    Ok(())
}

/// Whether there is some of the item at any place, even less than nothing.
pub(super) fn has_stock(scope: &Scope<'_>, rid: i64) -> Result<bool> {
    Ok(scope
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM stocks WHERE item_id = :rid AND qty <> 0)")?
        .query_row(named_params! { ":rid": rid }, |row| row.get(0))?)
}

/// Whether the item is on an order that may still bring some.
pub(super) fn has_open_orders(scope: &Scope<'_>, rid: i64) -> Result<bool> {
    Ok(scope
        .prepare_cached(
            "SELECT EXISTS (
                 SELECT 1 FROM purchase_order_lines AS l
                 JOIN purchase_orders AS o ON o.rid = l.purchase_order_id
                 WHERE l.item_id = :rid AND o.status IN ('draft', 'submitted'))",
        )?
        .query_row(named_params! { ":rid": rid }, |row| row.get(0))?)
}

fn zone(draft: &ItemDraft) -> Option<&'static str> {
    draft.temp_zone.map(super::rules::TempZone::name)
}

//! The SQL of items.

mod list;
mod recycle;
mod row;
mod search;

use rusqlite::{OptionalExtension, named_params};

use super::rules::costing::ItemCost;
use super::rules::{Barcode, ItemDraft, ItemId, KeptItem};
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

/// Inserts a new item and gives its row. What the search knows of its supplier is there from the
/// start: indexing the item once costs half of what indexing it and changing it would.
pub(super) fn insert(
    scope: &Scope<'_>,
    id: ItemId,
    draft: &ItemDraft,
    supplier_sku: &str,
) -> Result<i64> {
    let cost = draft.cost(ItemCost::default());
    let rid = scope
        .prepare_cached(
            "INSERT INTO items (id, item_number, item_number_key, name, name_key, unit, qty_step,
                 category, min_qty, max_qty, unit_cost, cost_method, temp_zone, notes,
                 supplier_skus, created_at, created_by, updated_at, updated_by)
             VALUES (:id, :item_number, :item_number_key, :name, :name_key, :unit, :qty_step,
                 :category, :min_qty, :max_qty, :unit_cost, :cost_method, :temp_zone, :notes,
                 :supplier_skus, :now, :user, :now, :user)",
        )?
        .insert(named_params! {
            ":id": id, ":item_number": draft.item_number,
            ":item_number_key": draft.item_number_key(), ":name": draft.name,
            ":name_key": draft.name_key(), ":unit": draft.unit, ":qty_step": draft.qty_step,
            ":category": draft.category, ":min_qty": draft.min_qty, ":max_qty": draft.max_qty,
            ":unit_cost": cost.price, ":cost_method": cost.method.name(), ":temp_zone": zone(draft),
            ":notes": draft.notes, ":supplier_skus": supplier_sku,
            ":now": scope.now(), ":user": scope.user(),
        })?;
    insert_barcodes(scope, rid, &draft.barcodes)?;
    Ok(rid)
}

/// Writes the draft over an item and counts its version up.
pub(super) fn update(scope: &Scope<'_>, rid: i64, draft: &ItemDraft, cost: ItemCost) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE items SET item_number = :item_number, item_number_key = :item_number_key,
                 name = :name, name_key = :name_key, unit = :unit, qty_step = :qty_step,
                 category = :category, min_qty = :min_qty, max_qty = :max_qty,
                 unit_cost = :unit_cost, cost_method = :cost_method, temp_zone = :temp_zone,
                 notes = :notes, version = version + 1, updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! {
            ":rid": rid, ":item_number": draft.item_number,
            ":item_number_key": draft.item_number_key(), ":name": draft.name,
            ":name_key": draft.name_key(), ":unit": draft.unit, ":qty_step": draft.qty_step,
            ":category": draft.category, ":min_qty": draft.min_qty, ":max_qty": draft.max_qty,
            ":unit_cost": cost.price, ":cost_method": cost.method.name(),
            ":temp_zone": zone(draft), ":notes": draft.notes,
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

/// Writes down the suppliers' codes of an item for the search.
pub(super) fn refresh_skus(scope: &Scope<'_>, rid: i64) -> Result<()> {
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

fn zone(draft: &ItemDraft) -> Option<&'static str> {
    draft.temp_zone.map(super::rules::TempZone::name)
}

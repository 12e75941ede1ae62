//! The SQL of suppliers.

mod recycle;

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{
    Delivered, Deliverer, KeptSupplier, SupplierDraft, SupplierId, SupplierLink, Terms,
};
use crate::apps::inventory::movements::rules::ItemName;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};

pub(super) use recycle::{Forgettable, deleted, forget, forgettable};

/// What `supplier` reads, of `suppliers AS s`.
macro_rules! columns {
    () => {
        "s.rid, s.id, s.version, s.name, s.email, s.phone, s.lead_days, s.notes,
         (SELECT COUNT(*) FROM item_suppliers AS l JOIN items AS i ON i.rid = l.item_id
          WHERE l.supplier_id = s.rid AND i.deleted_at IS NULL),
         (SELECT COUNT(*) FROM purchase_orders AS o
          WHERE o.supplier_id = s.rid AND o.status = 'submitted'),
         s.created_at, s.updated_at, s.deleted_at, s.deleted_by"
    };
}

/// The row and the id of the supplier with this name.
pub(super) fn by_name(scope: &Scope<'_>, key: &str) -> Result<Option<(i64, SupplierId)>> {
    let sql = "SELECT rid, id FROM suppliers WHERE name_key = :key AND deleted_at IS NULL";
    Ok(scope
        .prepare_cached(sql)?
        .query_row(named_params! { ":key": key }, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Suppliers behind a name, by name.
pub(super) fn list(
    scope: &Scope<'_>,
    after: (&str, i64),
    limit: usize,
) -> Result<Vec<KeptSupplier>> {
    let mut statement = scope.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM suppliers AS s
         WHERE s.deleted_at IS NULL AND (s.name_key, s.rid) > (:name_key, :rid)
         ORDER BY s.name_key, s.rid LIMIT :limit"
    ))?;
    let rows = statement.query_map(
        named_params! { ":name_key": after.0, ":rid": after.1, ":limit": integer(limit) },
        supplier,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The supplier, deleted or not.
pub(super) fn get(scope: &Scope<'_>, id: SupplierId) -> Result<KeptSupplier> {
    let found = scope
        .prepare_cached(concat!("SELECT ", columns!(), " FROM suppliers AS s WHERE s.id = :id"))?
        .query_row(named_params! { ":id": id }, supplier)
        .optional()?;
    found.ok_or(Error::NotFound)
}

/// Inserts a supplier and gives its row.
pub(super) fn insert(scope: &Scope<'_>, id: SupplierId, draft: &SupplierDraft) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "INSERT INTO suppliers (id, name, name_key, email, phone, lead_days, notes,
                 created_at, created_by, updated_at, updated_by)
             VALUES (:id, :name, :key, :email, :phone, :lead_days, :notes,
                 :now, :user, :now, :user)",
        )?
        .insert(named_params! {
            ":id": id, ":name": draft.name, ":key": draft.name_key(), ":email": draft.email,
            ":phone": draft.phone, ":lead_days": draft.lead_days, ":notes": draft.notes,
            ":now": scope.now(), ":user": scope.user(),
        })?)
}

pub(super) fn update(scope: &Scope<'_>, rid: i64, draft: &SupplierDraft) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE suppliers SET name = :name, name_key = :key, email = :email, phone = :phone,
                 lead_days = :lead_days, notes = :notes,
                 version = version + 1, updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! {
            ":rid": rid, ":name": draft.name, ":key": draft.name_key(), ":email": draft.email,
            ":phone": draft.phone, ":lead_days": draft.lead_days, ":notes": draft.notes,
            ":now": scope.now(), ":user": scope.user(),
        })?;
    Ok(())
}

/// Counts a change of what the supplier delivers as one of the supplier.
pub(super) fn touch(scope: &Scope<'_>, rid: i64) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE suppliers SET version = version + 1, updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! { ":rid": rid, ":now": scope.now(), ":user": scope.user() })?;
    Ok(())
}

/// Hides a supplier; the name is free from then on.
pub(super) fn delete(scope: &Scope<'_>, rid: i64) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE suppliers SET deleted_at = :now, deleted_by = :user, version = version + 1,
                 updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! { ":rid": rid, ":now": scope.now(), ":user": scope.user() })?;
    Ok(())
}

/// Brings a hidden supplier back.
pub(super) fn restore(scope: &Scope<'_>, rid: i64) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE suppliers SET deleted_at = NULL, deleted_by = NULL, version = version + 1,
                 updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! { ":rid": rid, ":now": scope.now(), ":user": scope.user() })?;
    Ok(())
}

/// Numbers of the supplier's orders that are not at their end, oldest first.
pub(super) fn open_orders(scope: &Scope<'_>, rid: i64, limit: usize) -> Result<Vec<String>> {
    let mut statement = scope.prepare_cached(
        "SELECT po_number FROM purchase_orders
         WHERE supplier_id = :rid AND status IN ('draft', 'submitted')
         ORDER BY created_at, rid LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows =
        statement.query_map(named_params! { ":rid": rid, ":limit": limit }, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What a supplier delivers, behind an item, by the items' rows.
pub(super) fn items(
    scope: &Scope<'_>,
    rid: i64,
    after: i64,
    limit: usize,
) -> Result<Vec<Delivered>> {
    let mut statement = scope.prepare_cached(
        "SELECT i.rid, i.id, i.item_number, i.name, i.unit, l.sku, l.pack_qty, l.last_price,
             l.position = (SELECT MIN(o.position) FROM item_suppliers AS o
                 WHERE o.item_id = l.item_id)
         FROM item_suppliers AS l JOIN items AS i ON i.rid = l.item_id
         WHERE l.supplier_id = :rid AND l.item_id > :after AND i.deleted_at IS NULL
         ORDER BY l.item_id LIMIT :limit",
    )?;
    let rows = statement.query_map(
        named_params! { ":rid": rid, ":after": after, ":limit": integer(limit) },
        |row| {
            Ok(Delivered {
                item_rid: row.get(0)?,
                item: ItemName {
                    id: row.get(1)?,
                    item_number: row.get(2)?,
                    name: row.get(3)?,
                    unit: row.get(4)?,
                },
                terms: terms(row, 5)?,
                is_preferred: row.get(8)?,
            })
        },
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Who delivers an item, in the item's order.
pub(super) fn deliverers(scope: &Scope<'_>, item_rid: i64) -> Result<Vec<Deliverer>> {
    let mut statement = scope.prepare_cached(
        "SELECT supplier_id, sku, pack_qty, last_price FROM item_suppliers
         WHERE item_id = :item ORDER BY position",
    )?;
    let rows = statement.query_map(named_params! { ":item": item_rid }, |row| {
        Ok(Deliverer { supplier_rid: row.get(0)?, terms: terms(row, 1)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Who delivers an item first and is not deleted.
pub(super) fn preferred(
    scope: &Scope<'_>,
    item_rid: i64,
) -> Result<Option<(SupplierId, Deliverer)>> {
    Ok(scope
        .prepare_cached(
            "SELECT s.id, l.supplier_id, l.sku, l.pack_qty, l.last_price
             FROM item_suppliers AS l JOIN suppliers AS s ON s.rid = l.supplier_id
             WHERE l.item_id = :item AND s.deleted_at IS NULL ORDER BY l.position LIMIT 1",
        )?
        .query_row(named_params! { ":item": item_rid }, |row| {
            let deliverer = Deliverer { supplier_rid: row.get(1)?, terms: terms(row, 2)? };
            Ok((row.get(0)?, deliverer))
        })
        .optional()?)
}

/// Who delivers an item first, deleted or not, and what they call it.
pub(super) fn first(scope: &Scope<'_>, item_rid: i64) -> Result<Option<SupplierLink>> {
    Ok(scope
        .prepare_cached(
            "SELECT s.name, l.sku FROM item_suppliers AS l
             JOIN suppliers AS s ON s.rid = l.supplier_id
             WHERE l.item_id = :item ORDER BY l.position LIMIT 1",
        )?
        .query_row(named_params! { ":item": item_rid }, |row| {
            Ok(SupplierLink { name: row.get(0)?, sku: row.get(1)? })
        })
        .optional()?)
}

/// Puts down the first who delivers an item.
pub(super) fn insert_first(
    scope: &Scope<'_>,
    item_rid: i64,
    supplier_rid: i64,
    sku: &str,
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO item_suppliers (item_id, position, supplier_id, sku)
             VALUES (:item, 0, :supplier, :sku)",
        )?
        .execute(named_params! { ":item": item_rid, ":supplier": supplier_rid, ":sku": sku })?;
    Ok(())
}

/// Puts down who delivers an item, in this order.
pub(super) fn replace_deliverers(
    scope: &Scope<'_>,
    item_rid: i64,
    deliverers: &[Deliverer],
) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM item_suppliers WHERE item_id = :item")?
        .execute(named_params! { ":item": item_rid })?;
    let mut statement = scope.prepare_cached(
        "INSERT INTO item_suppliers (item_id, position, supplier_id, sku, pack_qty, last_price)
         VALUES (:item, :position, :supplier, :sku, :pack_qty, :last_price)",
    )?;
    for (position, one) in deliverers.iter().enumerate() {
        statement.execute(named_params! {
            ":item": item_rid, ":position": integer(position), ":supplier": one.supplier_rid,
            ":sku": one.terms.sku, ":pack_qty": one.terms.pack_qty,
            ":last_price": one.terms.last_price,
        })?;
    }
    Ok(())
}

fn terms(row: &Row<'_>, first: usize) -> rusqlite::Result<Terms> {
    Ok(Terms {
        sku: row.get(first)?,
        pack_qty: row.get(first + 1)?,
        last_price: row.get(first + 2)?,
    })
}

fn supplier(row: &Row<'_>) -> rusqlite::Result<KeptSupplier> {
    Ok(KeptSupplier {
        rid: row.get(0)?,
        id: row.get(1)?,
        version: row.get(2)?,
        draft: SupplierDraft {
            name: row.get(3)?,
            email: row.get(4)?,
            phone: row.get(5)?,
            lead_days: row.get(6)?,
            notes: row.get(7)?,
        },
        items: row.get(8)?,
        open_orders: row.get(9)?,
        created_at: row.get(10)?,
        updated_at: row.get(11)?,
        deleted_at: row.get(12)?,
        deleted_by: row.get(13)?,
    })
}

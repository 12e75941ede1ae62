//! The SQL of orders.

mod receipts;
mod settings;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ValueRef};
use rusqlite::{OptionalExtension, Row, Statement, named_params};

use super::rules::{
    KeptLine, KeptOrder, Listing, NewLine, OrderDraft, OrderId, OrderLineId, ReceiptState, Status,
};
use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::movements::rules::ItemName;
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};

pub(super) use receipts::{
    NewReceiptLine, insert_receipt, insert_receipt_line, order_of_line, receipt, receipt_by_op,
    receipts, receipts_count,
};
pub(super) use settings::{set_last_number, set_tolerance, settings};

/// What `order` reads, of `purchase_orders AS o` and its supplier `s`.
macro_rules! columns {
    () => {
        "o.rid, o.id, o.version, o.po_number, s.id, o.supplier_id, o.supplier_name, o.status,
         o.is_short,
         EXISTS (SELECT 1 FROM purchase_order_lines AS l
             WHERE l.purchase_order_id = o.rid AND l.received_qty > 0),
         EXISTS (SELECT 1 FROM purchase_order_lines AS l
             WHERE l.purchase_order_id = o.rid AND l.received_qty < l.req_qty),
         o.expected_on, o.notes, o.total_cost,
         (SELECT COUNT(*) FROM purchase_order_lines AS l WHERE l.purchase_order_id = o.rid),
         o.created_at, o.created_by, o.updated_at, o.submitted_at, o.closed_at"
    };
}

macro_rules! expected {
    () => {
        " AND (:first IS NULL OR o.expected_on >= :first)
          AND (:last IS NULL OR o.expected_on <= :last) "
    };
}

/// A page of orders, newest first; each filter has a statement that walks its index.
macro_rules! page {
    ($filter:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM purchase_orders AS o LEFT JOIN suppliers AS s ON s.rid = o.supplier_id
             WHERE ",
            $filter,
            " (o.created_at, o.rid) < (:at, :rid)",
            expected!(),
            "ORDER BY o.created_at DESC, o.rid DESC LIMIT :limit"
        )
    };
}

const ALL: &str = page!("");
const OF_STATUS: &str = page!("o.status = :status AND");
const OF_SUPPLIER: &str = page!(
    "o.supplier_id = (SELECT rid FROM suppliers WHERE id = :supplier)
     AND (:status IS NULL OR o.status = :status) AND"
);

/// How many there are, counted to a bound.
macro_rules! count {
    ($filter:literal) => {
        concat!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM purchase_orders AS o WHERE ",
            $filter,
            expected!(),
            "LIMIT :limit)"
        )
    };
}

const COUNT: &str = count!(
    "(:supplier IS NULL OR o.supplier_id = (SELECT rid FROM suppliers WHERE id = :supplier))"
);
const COUNT_OF_STATUS: &str = count!(
    "o.status = :status AND (:supplier IS NULL
         OR o.supplier_id = (SELECT rid FROM suppliers WHERE id = :supplier))"
);

/// Orders before a moment and a row, newest first.
pub(super) fn list(
    scope: &Scope<'_>,
    listing: &Listing,
    before: (Moment, i64),
    limit: usize,
) -> Result<Vec<KeptOrder>> {
    let sql = match (listing.supplier, listing.status) {
        (Some(_), _) => OF_SUPPLIER,
        (None, Some(_)) => OF_STATUS,
        (None, None) => ALL,
    };
    let mut statement = scope.prepare_cached(sql)?;
    bind_filter(&mut statement, listing, integer(limit))?;
    bind(&mut statement, ":at", &before.0)?;
    bind(&mut statement, ":rid", &before.1)?;
    let rows = statement.raw_query().mapped(order);
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many orders there are, counted to `max`.
pub(super) fn count(scope: &Scope<'_>, listing: &Listing, max: u64) -> Result<u64> {
    let sql = if listing.status.is_some() { COUNT_OF_STATUS } else { COUNT };
    let mut statement = scope.prepare_cached(sql)?;
    bind_filter(&mut statement, listing, integer(max))?;
    let counted: Option<i64> = statement.raw_query().mapped(|row| row.get(0)).next().transpose()?;
    Ok(u64::try_from(counted.unwrap_or_default()).unwrap_or_default())
}

fn bind_filter(statement: &mut Statement<'_>, listing: &Listing, limit: i64) -> Result<()> {
    let (first, last) = &listing.expected;
    bind(statement, ":status", &listing.status.map(Status::name))?;
    bind(statement, ":supplier", &listing.supplier)?;
    bind(statement, ":first", first)?;
    bind(statement, ":last", last)?;
    bind(statement, ":limit", &limit)
}

/// Binds a parameter where the statement has it.
fn bind(statement: &mut Statement<'_>, name: &str, value: &dyn ToSql) -> Result<()> {
    if let Some(index) = statement.parameter_index(name)? {
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

pub(super) fn get(scope: &Scope<'_>, id: OrderId) -> Result<KeptOrder> {
    let found = scope
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM purchase_orders AS o LEFT JOIN suppliers AS s ON s.rid = o.supplier_id
             WHERE o.id = :id"
        ))?
        .query_row(named_params! { ":id": id }, order)
        .optional()?;
    found.ok_or(Error::NotFound)
}

/// The order with this number.
pub(super) fn by_number(scope: &Scope<'_>, key: &str) -> Result<Option<KeptOrder>> {
    Ok(scope
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM purchase_orders AS o LEFT JOIN suppliers AS s ON s.rid = o.supplier_id
             WHERE o.po_number_key = :key"
        ))?
        .query_row(named_params! { ":key": key }, order)
        .optional()?)
}

/// The lines of an order in their order.
pub(super) fn lines(scope: &Scope<'_>, order_rid: i64) -> Result<Vec<KeptLine>> {
    let mut statement = scope.prepare_cached(
        "SELECT l.rid, l.id, l.item_id, i.id, i.item_number, i.name, i.unit,
             COALESCE((SELECT d.sku FROM item_suppliers AS d
                 WHERE d.item_id = l.item_id AND d.supplier_id = o.supplier_id), ''),
             l.req_qty, l.unit_price, l.received_qty, l.pack_qty, l.note
         FROM purchase_order_lines AS l
         JOIN purchase_orders AS o ON o.rid = l.purchase_order_id
         JOIN items AS i ON i.rid = l.item_id
         WHERE l.purchase_order_id = :order ORDER BY l.position",
    )?;
    let rows = statement.query_map(named_params! { ":order": order_rid }, |row| {
        Ok(KeptLine {
            rid: row.get(0)?,
            id: row.get(1)?,
            item_rid: row.get(2)?,
            item: ItemName {
                id: row.get(3)?,
                item_number: row.get(4)?,
                name: row.get(5)?,
                unit: row.get(6)?,
            },
            supplier_sku: row.get(7)?,
            req_qty: row.get(8)?,
            unit_price: row.get(9)?,
            received_qty: row.get(10)?,
            pack_qty: row.get(11)?,
            note: row.get(12)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What is to be written of an order.
pub(super) struct NewOrder<'a> {
    pub(super) po_number: &'a str,
    pub(super) po_number_key: &'a str,
    pub(super) supplier: Option<(i64, &'a str)>,
    pub(super) draft: &'a OrderDraft,
    pub(super) total: Money,
}

/// Inserts a draft and gives its row.
pub(super) fn insert(scope: &Scope<'_>, id: OrderId, new: &NewOrder<'_>) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "INSERT INTO purchase_orders (id, po_number, po_number_key, supplier_id,
                 supplier_name, expected_on, notes, total_cost,
                 created_at, created_by, updated_at, updated_by)
             VALUES (:id, :number, :key, :supplier, :supplier_name, :expected_on, :notes, :total,
                 :now, :user, :now, :user)",
        )?
        .insert(named_params! {
            ":id": id, ":number": new.po_number, ":key": new.po_number_key,
            ":supplier": new.supplier.map(|(rid, _)| rid),
            ":supplier_name": new.supplier.map_or("", |(_, name)| name),
            ":expected_on": new.draft.expected_on, ":notes": new.draft.notes,
            ":total": new.total, ":now": scope.now(), ":user": scope.user(),
        })?)
}

/// Writes a draft anew, without its lines.
pub(super) fn update(scope: &Scope<'_>, rid: i64, new: &NewOrder<'_>) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE purchase_orders SET po_number = :number, po_number_key = :key,
                 supplier_id = :supplier, supplier_name = :supplier_name,
                 expected_on = :expected_on, notes = :notes, total_cost = :total,
                 version = version + 1, updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! {
            ":rid": rid, ":number": new.po_number, ":key": new.po_number_key,
            ":supplier": new.supplier.map(|(rid, _)| rid),
            ":supplier_name": new.supplier.map_or("", |(_, name)| name),
            ":expected_on": new.draft.expected_on, ":notes": new.draft.notes,
            ":total": new.total, ":now": scope.now(), ":user": scope.user(),
        })?;
    Ok(())
}

/// Puts down the lines of a draft, of which nothing can have arrived.
pub(super) fn replace_lines(scope: &Scope<'_>, rid: i64, lines: &[NewLine]) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM purchase_order_lines WHERE purchase_order_id = :order")?
        .execute(named_params! { ":order": rid })?;
    let mut statement = scope.prepare_cached(
        "INSERT INTO purchase_order_lines (id, purchase_order_id, position, item_id, req_qty,
             unit_price, pack_qty, note)
         VALUES (:id, :order, :position, :item, :req_qty, :unit_price, :pack_qty, :note)",
    )?;
    for (position, line) in lines.iter().enumerate() {
        let id: OrderLineId = scope.new_id();
        statement.execute(named_params! {
            ":id": id, ":order": rid, ":position": integer(position), ":item": line.item_rid,
            ":req_qty": line.req_qty, ":unit_price": line.unit_price,
            ":pack_qty": line.pack_qty, ":note": line.note,
        })?;
    }
    Ok(())
}

/// Brings an order to another state and counts the change.
pub(super) fn set_status(
    scope: &Scope<'_>,
    rid: i64,
    status: Status,
    is_short: bool,
) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE purchase_orders SET status = :status, is_short = :is_short,
                 submitted_at = CASE WHEN :status = 'submitted'
                     THEN COALESCE(submitted_at, :now) ELSE submitted_at END,
                 closed_at = CASE WHEN :status IN ('received', 'canceled')
                     THEN COALESCE(closed_at, :now) END,
                 version = version + 1, updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! {
            ":rid": rid, ":status": status.name(), ":is_short": is_short, ":now": scope.now(),
            ":user": scope.user(),
        })?;
    Ok(())
}

/// Whether another order has the number.
pub(super) fn is_number_taken(scope: &Scope<'_>, key: &str, but: Option<i64>) -> Result<bool> {
    let owner: Option<i64> = scope
        .prepare_cached("SELECT rid FROM purchase_orders WHERE po_number_key = :key")?
        .query_row(named_params! { ":key": key }, |row| row.get(0))
        .optional()?;
    Ok(owner.is_some_and(|owner| Some(owner) != but))
}

/// Numbers of the orders that may still bring an item, oldest first.
pub(super) fn open_with(scope: &Scope<'_>, item_rid: i64, limit: usize) -> Result<Vec<String>> {
    let mut statement = scope.prepare_cached(
        "SELECT DISTINCT o.po_number FROM purchase_order_lines AS l
         JOIN purchase_orders AS o ON o.rid = l.purchase_order_id
         WHERE l.item_id = :item AND o.status IN ('draft', 'submitted')
         ORDER BY o.created_at, o.rid LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows = statement
        .query_map(named_params! { ":item": item_rid, ":limit": limit }, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What is ordered of an item and what of it came, by line of drafts and orders on their way.
pub(super) fn on_order(scope: &Scope<'_>, item_rid: i64) -> Result<Vec<(Qty, Qty)>> {
    let mut statement = scope.prepare_cached(
        "SELECT l.req_qty, l.received_qty FROM purchase_order_lines AS l
         JOIN purchase_orders AS o ON o.rid = l.purchase_order_id
         WHERE l.item_id = :item AND o.status IN ('draft', 'submitted')",
    )?;
    let rows = statement
        .query_map(named_params! { ":item": item_rid }, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn order(row: &Row<'_>) -> rusqlite::Result<KeptOrder> {
    Ok(KeptOrder {
        rid: row.get(0)?,
        id: row.get(1)?,
        version: row.get(2)?,
        po_number: row.get(3)?,
        supplier: row.get(4)?,
        supplier_rid: row.get(5)?,
        supplier_name: row.get(6)?,
        status: row.get(7)?,
        is_short: row.get(8)?,
        receipt_state: ReceiptState::of(row.get(9)?, row.get(10)?),
        expected_on: row.get(11)?,
        notes: row.get(12)?,
        total_cost: row.get(13)?,
        lines: row.get(14)?,
        created_at: row.get(15)?,
        created_by: row.get(16)?,
        updated_at: row.get(17)?,
        submitted_at: row.get(18)?,
        closed_at: row.get(19)?,
    })
}

impl FromSql for Status {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::tests::{empty_file, walks};

    #[test]
    fn each_list_walks_its_index() {
        let (_folder, connection) = empty_file();
        walks(&connection, ALL, "purchase_orders_created");
        walks(&connection, OF_STATUS, "purchase_orders_status");
        walks(&connection, COUNT_OF_STATUS, "purchase_orders_status");
        walks(&connection, OF_SUPPLIER, "purchase_orders_supplier");
    }
}

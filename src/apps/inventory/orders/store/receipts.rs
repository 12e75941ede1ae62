//! The SQL of receipts.

use rusqlite::{OptionalExtension, Row, named_params};

use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::movements::rules::{ItemName, PlaceName};
use crate::apps::inventory::orders::rules::OrderId;
use crate::apps::inventory::orders::rules::receiving::{
    ClientOpId, KeptReceipt, KeptReceiptLine, ReceiptId,
};
use crate::platform::ctx::Scope;
use crate::platform::error::{Error, Result};

/// What `line` reads of a receipt line, its movement and what took that back.
const LINES: &str = "
    SELECT p.id, p.rid, i.id, i.item_number, i.name, i.unit, c.id, c.code, c.name, l.qty,
        l.unit_price, m.value, m.id, b.id
    FROM receipt_lines AS l
    JOIN purchase_order_lines AS p ON p.rid = l.purchase_order_line_id
    JOIN items AS i ON i.rid = p.item_id
    JOIN locations AS c ON c.rid = l.location_id
    JOIN movements AS m ON m.receipt_line_id = l.rid AND m.reverses_seq IS NULL
    LEFT JOIN movements AS b ON b.reverses_seq = m.seq
    WHERE l.receipt_id = :receipt ORDER BY l.rid";

/// The receipts of an order, oldest first.
pub(in crate::apps::inventory::orders) fn receipts(
    scope: &Scope<'_>,
    order_rid: i64,
) -> Result<Vec<KeptReceipt>> {
    let mut statement = scope.prepare_cached(
        "SELECT rid, id, delivery_reference, received_at, received_by FROM receipts
         WHERE purchase_order_id = :order ORDER BY received_at, rid",
    )?;
    let found = statement.query_map(named_params! { ":order": order_rid }, head)?;
    let found: Vec<KeptReceipt> = found.collect::<rusqlite::Result<_>>()?;
    found.into_iter().map(|receipt| with_lines(scope, receipt)).collect()
}

/// How many receipts an order has.
pub(in crate::apps::inventory::orders) fn receipts_count(
    scope: &Scope<'_>,
    order_rid: i64,
) -> Result<i64> {
    Ok(scope
        .prepare_cached("SELECT COUNT(*) FROM receipts WHERE purchase_order_id = :order")?
        .query_row(named_params! { ":order": order_rid }, |row| row.get(0))?)
}

/// A receipt of an order.
pub(in crate::apps::inventory::orders) fn receipt(
    scope: &Scope<'_>,
    order_rid: i64,
    id: ReceiptId,
) -> Result<KeptReceipt> {
    let found = scope
        .prepare_cached(
            "SELECT rid, id, delivery_reference, received_at, received_by FROM receipts
             WHERE purchase_order_id = :order AND id = :id",
        )?
        .query_row(named_params! { ":order": order_rid, ":id": id }, head)
        .optional()?;
    with_lines(scope, found.ok_or(Error::NotFound)?)
}

/// The receipt that an operation made, with its order and what was asked.
pub(in crate::apps::inventory::orders) fn receipt_by_op(
    scope: &Scope<'_>,
    client_op: ClientOpId,
) -> Result<Option<(ReceiptId, OrderId, Vec<u8>)>> {
    Ok(scope
        .prepare_cached(
            "SELECT r.id, o.id, COALESCE(r.request_hash, x'') FROM receipts AS r
             JOIN purchase_orders AS o ON o.rid = r.purchase_order_id
             WHERE r.client_op = :client_op",
        )?
        .query_row(named_params! { ":client_op": client_op }, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?)
}

/// Inserts a receipt without lines and gives its row.
pub(in crate::apps::inventory::orders) fn insert_receipt(
    scope: &Scope<'_>,
    id: ReceiptId,
    order_rid: i64,
    client_op: ClientOpId,
    request_hash: [u8; 32],
    delivery_reference: &str,
) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "INSERT INTO receipts (id, purchase_order_id, client_op, request_hash,
                 delivery_reference, received_at, received_by)
             VALUES (:id, :order, :client_op, :hash, :reference, :now, :user)",
        )?
        .insert(named_params! {
            ":id": id, ":order": order_rid, ":client_op": client_op, ":hash": request_hash,
            ":reference": delivery_reference, ":now": scope.now(), ":user": scope.user(),
        })?)
}

/// A line of a receipt to insert.
pub(in crate::apps::inventory::orders) struct NewReceiptLine {
    pub(in crate::apps::inventory::orders) receipt_rid: i64,
    pub(in crate::apps::inventory::orders) line_rid: i64,
    pub(in crate::apps::inventory::orders) place_rid: i64,
    pub(in crate::apps::inventory::orders) qty: Qty,
    pub(in crate::apps::inventory::orders) unit_price: Money,
}

/// Inserts a line and gives its row.
pub(in crate::apps::inventory::orders) fn insert_receipt_line(
    scope: &Scope<'_>,
    new: &NewReceiptLine,
) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "INSERT INTO receipt_lines (receipt_id, purchase_order_line_id, qty, unit_price,
                 location_id)
             VALUES (:receipt, :line, :qty, :unit_price, :place)",
        )?
        .insert(named_params! {
            ":receipt": new.receipt_rid, ":line": new.line_rid, ":qty": new.qty,
            ":unit_price": new.unit_price, ":place": new.place_rid,
        })?)
}

/// The order and the receipt that a line of a receipt belongs to.
pub(in crate::apps::inventory::orders) fn order_of_line(
    scope: &Scope<'_>,
    receipt_line_rid: i64,
) -> Result<(OrderId, ReceiptId)> {
    let found = scope
        .prepare_cached(
            "SELECT o.id, r.id FROM receipt_lines AS l
             JOIN receipts AS r ON r.rid = l.receipt_id
             JOIN purchase_orders AS o ON o.rid = r.purchase_order_id
             WHERE l.rid = :line",
        )?
        .query_row(named_params! { ":line": receipt_line_rid }, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    found.ok_or_else(|| Error::internal("a line of a receipt without its order"))
}

fn head(row: &Row<'_>) -> rusqlite::Result<KeptReceipt> {
    Ok(KeptReceipt {
        rid: row.get(0)?,
        id: row.get(1)?,
        delivery_reference: row.get(2)?,
        received_at: row.get(3)?,
        received_by: row.get(4)?,
        lines: Vec::new(),
    })
}

fn with_lines(scope: &Scope<'_>, receipt: KeptReceipt) -> Result<KeptReceipt> {
    let mut statement = scope.prepare_cached(LINES)?;
    let rows = statement.query_map(named_params! { ":receipt": receipt.rid }, line)?;
    let lines = rows.collect::<rusqlite::Result<_>>()?;
    Ok(KeptReceipt { lines, ..receipt })
}

fn line(row: &Row<'_>) -> rusqlite::Result<KeptReceiptLine> {
    Ok(KeptReceiptLine {
        line: row.get(0)?,
        line_rid: row.get(1)?,
        item: ItemName {
            id: row.get(2)?,
            item_number: row.get(3)?,
            name: row.get(4)?,
            unit: row.get(5)?,
        },
        place: PlaceName { id: row.get(6)?, code: row.get(7)?, name: row.get(8)? },
        qty: row.get(9)?,
        unit_price: row.get(10)?,
        value: row.get(11)?,
        movement: row.get(12)?,
        reversed_by: row.get(13)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::tests::{empty_file, walks};

    #[test]
    fn the_lines_of_a_receipt_are_read_by_their_indexes() {
        let (_folder, connection) = empty_file();
        walks(&connection, LINES, "receipt_lines_receipt");
        walks(&connection, LINES, "movements_receipt_line");
    }
}

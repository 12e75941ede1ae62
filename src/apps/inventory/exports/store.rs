//! The SQL of files out: rows as texts, in the order of their columns. It only reads.

use rusqlite::{Row, named_params};

use super::rules::Deliveries;
use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::imports::rules::items::join_codes;
use crate::apps::inventory::movements::rules::{MovementId, Totals};
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::Result;

/// A row and the number of its place in the file.
pub(super) type Numbered = (i64, Vec<String>);

/// Between codes that one column carries; no code has it.
const BETWEEN_CODES: char = '\u{1f}';

/// Items by when they were made.
pub(super) fn items(scope: &Scope<'_>, after: i64, limit: usize) -> Result<Vec<Numbered>> {
    let mut statement = scope.prepare_cached(
        "SELECT i.rid, i.item_number, i.name, i.unit, i.category, i.min_qty, i.max_qty,
             i.unit_cost, (
                 SELECT group_concat(b.code, char(31) ORDER BY b.position)
                 FROM item_barcodes AS b WHERE b.item_id = i.rid),
             s.name, l.sku, i.temp_zone, i.qty_step, i.notes
         FROM items AS i
         LEFT JOIN item_suppliers AS l ON l.item_id = i.rid AND l.position = 0
         LEFT JOIN suppliers AS s ON s.rid = l.supplier_id
         WHERE i.rid > :after AND i.deleted_at IS NULL
         ORDER BY i.rid LIMIT :limit",
    )?;
    let rows = statement.query_map(
        named_params! { ":after": after, ":limit": integer(limit) },
        |row| {
            let codes = text(row, 8)?;
            let cells = vec![
                text(row, 1)?,
                text(row, 2)?,
                text(row, 3)?,
                text(row, 4)?,
                qty(row, 5)?,
                qty(row, 6)?,
                money(row, 7)?,
                join_codes(codes.split(BETWEEN_CODES).filter(|code| !code.is_empty())),
                text(row, 9)?,
                text(row, 10)?,
                text(row, 11)?,
                qty(row, 12)?,
                text(row, 13)?,
            ];
            Ok((row.get(0)?, cells))
        },
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Places by when they were made.
pub(super) fn locations(scope: &Scope<'_>, after: i64, limit: usize) -> Result<Vec<Numbered>> {
    let mut statement = scope.prepare_cached(
        "SELECT l.rid, l.code, l.name, l.temp_zone, p.code, l.is_active
         FROM locations AS l LEFT JOIN locations AS p ON p.rid = l.parent_id
         WHERE l.rid > :after AND l.deleted_at IS NULL
         ORDER BY l.rid LIMIT :limit",
    )?;
    let rows = statement.query_map(
        named_params! { ":after": after, ":limit": integer(limit) },
        |row| {
            let is_active: bool = row.get(5)?;
            let cells = vec![
                text(row, 1)?,
                text(row, 2)?,
                text(row, 3)?,
                text(row, 4)?,
                is_active.to_string(),
            ];
            Ok((row.get(0)?, cells))
        },
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What is where, item by item; `limit` counts items. The price is the average over all places.
pub(super) fn stock(scope: &Scope<'_>, after: i64, limit: usize) -> Result<Vec<Numbered>> {
    let mut statement = scope.prepare_cached(
        "SELECT i.rid, i.item_number, l.code, s.qty, t.qty, t.value
         FROM (SELECT rid, item_number FROM items
               WHERE rid > :after AND deleted_at IS NULL ORDER BY rid LIMIT :limit) AS i
         CROSS JOIN item_totals AS t ON t.item_id = i.rid
         LEFT JOIN stocks AS s ON s.item_id = i.rid AND s.qty <> 0
         LEFT JOIN locations AS l ON l.rid = s.location_id
         ORDER BY i.rid, s.location_id",
    )?;
    let rows = statement.query_map(
        named_params! { ":after": after, ":limit": integer(limit) },
        |row| {
            let totals = Totals { qty: row.get(4)?, value: row.get(5)? };
            let average = totals.average().map(|average| average.to_string());
            // An item without stock only tells how far the reading is.
            let cells = match row.get::<_, Option<Qty>>(3)? {
                None => Vec::new(),
                Some(qty) => {
                    let average = average.unwrap_or_default();
                    vec![text(row, 1)?, text(row, 2)?, qty.to_string(), average]
                }
            };
            Ok((row.get(0)?, cells))
        },
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Lines of whole orders by when these were made, so that no order is read half before and half
/// after somebody changes it; `limit` counts orders.
pub(super) fn order_lines(scope: &Scope<'_>, after: i64, limit: usize) -> Result<Vec<Numbered>> {
    let mut statement = scope.prepare_cached(
        "SELECT o.rid, o.po_number, o.supplier_name, i.item_number, l.req_qty, l.unit_price, l.note
         FROM (SELECT rid, po_number, supplier_name FROM purchase_orders
               WHERE rid > :after ORDER BY rid LIMIT :limit) AS o
         LEFT JOIN purchase_order_lines AS l ON l.purchase_order_id = o.rid
         LEFT JOIN items AS i ON i.rid = l.item_id
         ORDER BY o.rid, l.position",
    )?;
    let rows = statement.query_map(
        named_params! { ":after": after, ":limit": integer(limit) },
        |row| {
            // An order without lines only tells how far the reading is.
            if row.get::<_, Option<Qty>>(4)?.is_none() {
                return Ok((row.get(0)?, Vec::new()));
            }
            let cells = vec![
                text(row, 1)?,
                text(row, 2)?,
                text(row, 3)?,
                qty(row, 4)?,
                money(row, 5)?,
                text(row, 6)?,
            ];
            Ok((row.get(0)?, cells))
        },
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The ledger in the order of posting.
pub(super) fn movements(
    scope: &Scope<'_>,
    after: i64,
    limit: usize,
    deliveries: Deliveries,
) -> Result<Vec<Numbered>> {
    let mut statement = scope.prepare_cached(
        "SELECT m.seq, m.id, m.type, i.item_number, i.name, i.unit, l.code, m.qty, m.unit_cost,
             m.value, m.effective_at, m.posted_at, m.note,
             CASE WHEN m.receipt_line_id IS NULL OR :tells THEN m.reference ELSE '' END,
             m.override_reason, o.id
         FROM movements AS m
         CROSS JOIN items AS i ON i.rid = m.item_id
         CROSS JOIN locations AS l ON l.rid = m.location_id
         LEFT JOIN movements AS o ON o.seq = m.reverses_seq
         WHERE m.seq > :after ORDER BY m.seq LIMIT :limit",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":after": after, ":limit": integer(limit), ":tells": deliveries == Deliveries::Told,
        },
        |row| {
            let seq: i64 = row.get(0)?;
            let moment = |column: usize| row.get::<_, Moment>(column).map(|at| at.to_string());
            let cells = vec![
                seq.to_string(),
                id(row, 1)?,
                text(row, 2)?,
                text(row, 3)?,
                text(row, 4)?,
                text(row, 5)?,
                text(row, 6)?,
                qty(row, 7)?,
                money(row, 8)?,
                money(row, 9)?,
                moment(10)?,
                moment(11)?,
                text(row, 12)?,
                text(row, 13)?,
                text(row, 14)?,
                id(row, 15)?,
            ];
            Ok((seq, cells))
        },
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    Ok(row.get::<_, Option<String>>(column)?.unwrap_or_default())
}

fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    let id: Option<MovementId> = row.get(column)?;
    Ok(id.map(|id| id.to_string()).unwrap_or_default())
}

fn qty(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    let qty: Option<Qty> = row.get(column)?;
    Ok(qty.map(|qty| qty.to_string()).unwrap_or_default())
}

fn money(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    let money: Option<Money> = row.get(column)?;
    Ok(money.map(|money| money.to_string()).unwrap_or_default())
}

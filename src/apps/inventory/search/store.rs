//! The SQL of the one search.

use rusqlite::{Row, named_params};

use super::rules::Query;
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::locations::rules::LocationId;
use crate::apps::inventory::movements::rules::{MovementId, TransferId};
use crate::apps::inventory::orders::rules::OrderId;
use crate::apps::inventory::suppliers::rules::SupplierId;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::search::rules::Fit;

/// Items that each index gives at most, before they are sorted.
const LOOKED_AT_MAX: i64 = 300;
/// The newest remarks among which those that are no order's are looked for.
const REMARKS_LOOKED_AT_MAX: i64 = 2_000;

pub(super) struct FoundItem {
    pub(super) id: ItemId,
    pub(super) name: String,
    pub(super) number: String,
    pub(super) fit: Fit,
}

const ITEMS: &str = "
    WITH hits (rid, tier) AS (
        SELECT item_id, 0 FROM item_barcodes WHERE code = :code AND is_active = 1
        UNION ALL
        SELECT rid, 0 FROM items WHERE item_number_key = :number_key AND deleted_at IS NULL
        UNION ALL
        SELECT rid, tier FROM (
            SELECT rowid AS rid, 1 AS tier FROM items_fts
            WHERE items_fts MATCH :words LIMIT :looked_at)
        UNION ALL
        SELECT rid, tier FROM (
            SELECT rowid AS rid, 2 AS tier FROM items_trigrams
            WHERE items_trigrams MATCH :parts LIMIT :looked_at)
    ), found (rid, tier) AS MATERIALIZED (
        SELECT rid, MIN(tier) FROM hits GROUP BY rid
    )
    SELECT i.id, i.name, i.item_number, f.tier FROM found AS f JOIN items AS i ON i.rid = f.rid
    WHERE i.deleted_at IS NULL ORDER BY f.tier, i.name_key, i.rid LIMIT :limit";

/// Items that fit, best first.
pub(super) fn items(scope: &Scope<'_>, query: &Query, limit: usize) -> Result<Vec<FoundItem>> {
    let mut statement = scope.prepare_cached(ITEMS)?;
    let rows = statement.query_map(
        named_params! {
            ":code": query.code, ":number_key": query.number_key, ":words": query.words,
            ":parts": query.parts, ":looked_at": LOOKED_AT_MAX,
            ":limit": integer(limit),
        },
        |row| {
            Ok(FoundItem {
                id: row.get(0)?,
                name: row.get(1)?,
                number: row.get(2)?,
                fit: match row.get(3)? {
                    0_i64 => Fit::Exact,
                    1 => Fit::Word,
                    _ => Fit::Part,
                },
            })
        },
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Places with their codes and names.
pub(super) fn locations(
    scope: &Scope<'_>,
    limit: usize,
) -> Result<Vec<(LocationId, String, String)>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, code, name FROM locations WHERE deleted_at IS NULL
         ORDER BY code_key LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows = statement.query_map(named_params! { ":limit": limit }, |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Suppliers with their names and addresses.
pub(super) fn suppliers(
    scope: &Scope<'_>,
    limit: usize,
) -> Result<Vec<(SupplierId, String, String)>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, name, email FROM suppliers WHERE deleted_at IS NULL
         ORDER BY name_key LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows = statement.query_map(named_params! { ":limit": limit }, |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The newest orders with their numbers and suppliers.
pub(super) fn orders(scope: &Scope<'_>, limit: usize) -> Result<Vec<(OrderId, String, String)>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, po_number, supplier_name FROM purchase_orders
         ORDER BY created_at DESC, rid DESC LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows = statement.query_map(named_params! { ":limit": limit }, |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What was written beside a movement.
pub(super) struct Remark {
    pub(super) id: MovementId,
    pub(super) reference: String,
    pub(super) note: String,
    pub(super) item: ItemId,
    pub(super) item_number: String,
    pub(super) item_name: String,
    pub(super) transfer: Option<TransferId>,
}

const REMARKS: &str = "
    SELECT m.id, m.reference, m.note, i.id, i.item_number, i.name, m.transfer_id
    FROM (SELECT rowid AS seq FROM movements_fts WHERE movements_fts MATCH :words
          ORDER BY rowid DESC LIMIT :limit) AS f
    CROSS JOIN movements AS m ON m.seq = f.seq
    CROSS JOIN items AS i ON i.rid = m.item_id
    ORDER BY f.seq DESC";

/// The same without what orders brought: all that stands beside it is the delivery's number.
const REMARKS_BESIDE_ORDERS: &str = "
    SELECT m.id, m.reference, m.note, i.id, i.item_number, i.name, m.transfer_id
    FROM (SELECT rowid AS seq FROM movements_fts WHERE movements_fts MATCH :words
          ORDER BY rowid DESC LIMIT :looked_at) AS f
    CROSS JOIN movements AS m ON m.seq = f.seq
    CROSS JOIN items AS i ON i.rid = m.item_id
    WHERE m.receipt_line_id IS NULL OR m.reverses_seq IS NOT NULL
    ORDER BY f.seq DESC LIMIT :limit";

/// Movements with these words beside them, newest first.
pub(super) fn remarks(scope: &Scope<'_>, words: &str, limit: usize) -> Result<Vec<Remark>> {
    let mut statement = scope.prepare_cached(REMARKS)?;
    let limit = integer(limit);
    let rows = statement.query_map(named_params! { ":words": words, ":limit": limit }, remark)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The same for who may not see orders, among the newest.
pub(super) fn remarks_beside_orders(
    scope: &Scope<'_>,
    words: &str,
    limit: usize,
) -> Result<Vec<Remark>> {
    let mut statement = scope.prepare_cached(REMARKS_BESIDE_ORDERS)?;
    let rows = statement.query_map(
        named_params! {
            ":words": words, ":looked_at": REMARKS_LOOKED_AT_MAX, ":limit": integer(limit),
        },
        remark,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn remark(row: &Row<'_>) -> rusqlite::Result<Remark> {
    Ok(Remark {
        id: row.get(0)?,
        reference: row.get(1)?,
        note: row.get(2)?,
        item: row.get(3)?,
        item_number: row.get(4)?,
        item_name: row.get(5)?,
        transfer: row.get(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::tests::{empty_file, plan};

    #[test]
    fn a_search_reads_no_whole_table() {
        let (_folder, connection) = empty_file();
        for sql in [ITEMS, REMARKS, REMARKS_BESIDE_ORDERS] {
            let plan = plan(&connection, sql);
            let tables = ["SCAN i", "SCAN m", "SCAN items", "SCAN movements"];
            let scanned = plan.iter().find(|step| tables.contains(&step.as_str()));
            assert_eq!(scanned, None, "{plan:#?}");
        }
    }
}

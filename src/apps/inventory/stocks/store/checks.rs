//! What the self-check compares, one range of items at a time.

use rusqlite::named_params;

use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::stocks::rules::{
    DIFFERENCES_MAX, Difference, ENTRIES_CHECKED_AT_ONCE, ItemRange,
};
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::Result;

const BOUNDS: &str = "
    SELECT COALESCE((SELECT MAX(rid) FROM items), 0), entries.count, entries.item FROM (
        SELECT COUNT(*) AS count, MAX(item_id) AS item FROM (
            SELECT item_id FROM movements WHERE item_id > :after
            ORDER BY item_id LIMIT :limit)) AS entries";
const SUMS: &str = "
    SELECT (SELECT COUNT(*) FROM stocks WHERE item_id > :after AND item_id <= :upto)
        + (SELECT COUNT(*) FROM item_totals WHERE item_id > :after AND item_id <= :upto)";
const WRONG_STOCKS: &str = "
    WITH ledger AS (
        SELECT item_id, location_id, lot_id, SUM(qty) AS qty, MAX(seq) AS last_seq
        FROM movements WHERE item_id > :after AND item_id <= :upto
        GROUP BY item_id, location_id, lot_id
    ), kept AS (
        SELECT item_id, location_id, lot_id, qty, last_seq FROM stocks
        WHERE item_id > :after AND item_id <= :upto
    ), compared AS (
        SELECT COALESCE(ledger.item_id, kept.item_id) AS item_id,
            COALESCE(ledger.location_id, kept.location_id) AS location_id,
            COALESCE(ledger.qty, 0) AS expected, COALESCE(kept.qty, 0) AS found
        FROM ledger FULL JOIN kept ON kept.item_id = ledger.item_id
            AND kept.location_id = ledger.location_id AND kept.lot_id = ledger.lot_id
        WHERE ledger.qty IS NOT kept.qty OR ledger.last_seq IS NOT kept.last_seq
    )
    SELECT i.id, l.id, expected, found FROM compared
    LEFT JOIN items AS i ON i.rid = compared.item_id
    LEFT JOIN locations AS l ON l.rid = compared.location_id LIMIT :limit";
const WRONG_TOTALS: &str = "
    WITH ledger AS (
        SELECT item_id, SUM(qty) AS qty, SUM(value) AS value FROM movements
        WHERE item_id > :after AND item_id <= :upto GROUP BY item_id
    )
    SELECT i.id, COALESCE(ledger.qty, 0), COALESCE(t.qty, 0), COALESCE(ledger.value, 0),
        COALESCE(t.value, 0)
    FROM items AS i
    LEFT JOIN item_totals AS t ON t.item_id = i.rid
    LEFT JOIN ledger ON ledger.item_id = i.rid
    WHERE i.rid > :after AND i.rid <= :upto
        AND (t.item_id IS NULL
            OR COALESCE(ledger.qty, 0) <> t.qty OR COALESCE(ledger.value, 0) <> t.value
            OR (t.qty = 0 AND t.value <> 0) OR t.min_qty IS NOT i.min_qty)
    LIMIT :limit";
/// Both legs are of one item, so a leg alone in its range is a difference as well.
const WRONG_TRANSFERS: &str = "
    SELECT i.id, transfers.qty FROM (
        SELECT MIN(item_id) AS item_id, SUM(qty) AS qty FROM movements
        WHERE item_id > :after AND item_id <= :upto AND transfer_id IS NOT NULL
        GROUP BY transfer_id
        HAVING SUM(qty) <> 0 OR SUM(value) <> 0 OR COUNT(*) <> 2
            OR MIN(item_id) <> MAX(item_id)
        LIMIT :limit) AS transfers
    JOIN items AS i ON i.rid = transfers.item_id";
const UNSEARCHABLE: &str = "
    SELECT i.id FROM items AS i
    WHERE i.rid > :after AND i.rid <= :upto
        AND (NOT EXISTS (SELECT 1 FROM items_fts_docsize WHERE id = i.rid)
            OR NOT EXISTS (SELECT 1 FROM items_trigrams_docsize WHERE id = i.rid))
    LIMIT :limit";

/// The last item, and behind `after` the one whose entries no longer fit into one read.
pub(in crate::apps::inventory::stocks) fn bounds(
    scope: &Scope<'_>,
    after: i64,
) -> Result<(i64, Option<i64>)> {
    let limit = integer(ENTRIES_CHECKED_AT_ONCE);
    let params = named_params! { ":after": after, ":limit": limit };
    Ok(scope.prepare_cached(BOUNDS)?.query_row(params, |row| {
        let (last, count, item): (i64, i64, Option<i64>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok((last, item.filter(|_| count == limit)))
    })?)
}

/// How many sums a range has.
pub(in crate::apps::inventory::stocks) fn sums(scope: &Scope<'_>, range: ItemRange) -> Result<i64> {
    let params = named_params! { ":after": range.after, ":upto": range.upto };
    Ok(scope.prepare_cached(SUMS)?.query_row(params, |row| row.get(0))?)
}

/// Stock that is not the sum of its ledger, and ledger without stock.
pub(in crate::apps::inventory::stocks) fn wrong_stocks(
    scope: &Scope<'_>,
    range: ItemRange,
) -> Result<Vec<Difference>> {
    let params = named_params! { ":after": range.after, ":upto": range.upto, ":limit": limit() };
    let mut statement = scope.prepare_cached(WRONG_STOCKS)?;
    let rows = statement.query_map(params, |row| {
        Ok(Difference {
            item: row.get(0)?,
            place: row.get(1)?,
            kind: "stock",
            expected: row.get::<_, Qty>(2)?.to_string(),
            found: row.get::<_, Qty>(3)?.to_string(),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Totals that are not the sum of their ledger, and worth without goods.
pub(in crate::apps::inventory::stocks) fn wrong_totals(
    scope: &Scope<'_>,
    range: ItemRange,
) -> Result<Vec<Difference>> {
    let params = named_params! { ":after": range.after, ":upto": range.upto, ":limit": limit() };
    let mut statement = scope.prepare_cached(WRONG_TOTALS)?;
    let mut rows = statement.query(params)?;
    let mut differences = Vec::new();
    while let Some(row) = rows.next()? {
        let (qty, found_qty): (Qty, Qty) = (row.get(1)?, row.get(2)?);
        let (value, found_value): (Money, Money) = (row.get(3)?, row.get(4)?);
        let (kind, expected, found) = if qty != found_qty {
            ("on-hand", qty.to_string(), found_qty.to_string())
        } else if value != found_value {
            ("value", value.to_string(), found_value.to_string())
        } else if found_qty.is_zero() && found_value != Money::ZERO {
            ("worth-of-nothing", Money::ZERO.to_string(), found_value.to_string())
        } else {
            ("minimum", "the item's minimum".to_owned(), "another".to_owned())
        };
        differences.push(Difference { item: row.get(0)?, place: None, kind, expected, found });
    }
    Ok(differences)
}

/// Transfers that made or lost something on the way.
pub(in crate::apps::inventory::stocks) fn wrong_transfers(
    scope: &Scope<'_>,
    range: ItemRange,
) -> Result<Vec<Difference>> {
    let params = named_params! { ":after": range.after, ":upto": range.upto, ":limit": limit() };
    let mut statement = scope.prepare_cached(WRONG_TRANSFERS)?;
    let rows = statement.query_map(params, |row| {
        Ok(Difference {
            item: row.get(0)?,
            place: None,
            kind: "transfer",
            expected: Qty::ZERO.to_string(),
            found: row.get::<_, Qty>(1)?.to_string(),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Items that the search does not know.
pub(in crate::apps::inventory::stocks) fn unsearchable(
    scope: &Scope<'_>,
    range: ItemRange,
) -> Result<Vec<Difference>> {
    let params = named_params! { ":after": range.after, ":upto": range.upto, ":limit": limit() };
    let mut statement = scope.prepare_cached(UNSEARCHABLE)?;
    let rows = statement.query_map(params, |row| {
        Ok(Difference {
            item: row.get(0)?,
            place: None,
            kind: "search",
            expected: "indexed".to_owned(),
            found: "missing".to_owned(),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn limit() -> i64 {
    integer(DIFFERENCES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::tests::{empty_file, walks};

    #[test]
    fn every_comparison_reads_its_range_alone_and_the_ledger_from_its_index() {
        let (_folder, connection) = empty_file();
        let ledger = "movements USING COVERING INDEX movements_item (item_id>?";
        for (sql, index) in [
            (BOUNDS, ledger),
            (SUMS, "stocks USING PRIMARY KEY (item_id>?"),
            (WRONG_STOCKS, ledger),
            (WRONG_STOCKS, "stocks USING PRIMARY KEY (item_id>?"),
            (WRONG_TOTALS, ledger),
            (WRONG_TRANSFERS, ledger),
            (UNSEARCHABLE, "i USING INTEGER PRIMARY KEY (rowid>?"),
        ] {
            walks(&connection, sql, index);
        }
    }
}

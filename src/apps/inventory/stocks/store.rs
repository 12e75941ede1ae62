//! The SQL of stock. It only reads: the ledger's trigger writes.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{DIFFERENCES_MAX, Difference, Stock, StockFilter, StockKey};
use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::movements::rules::{ItemName, PlaceName};
use crate::platform::ctx::Scope;
use crate::platform::error::Result;

macro_rules! columns {
    () => {
        "i.name_key, i.rid, l.rid, i.id, i.item_number, i.name, i.unit, l.id, l.code, l.name"
    };
}

macro_rules! narrowed {
    () => {
        " AND (:item IS NULL OR i.id = :item)
          AND (:place IS NULL OR l.id = :place)
          AND (i.name_key, i.rid, l.rid) > (:name_key, :item_rid, :place_rid)
          ORDER BY i.name_key, i.rid, l.rid LIMIT :limit"
    };
}

/// Stock by the item's name, then by place; what is zero is left out.
const OF_ALL: &str = concat!(
    "SELECT ",
    columns!(),
    ", s.qty FROM items AS i
     CROSS JOIN stocks AS s ON s.item_id = i.rid
     CROSS JOIN locations AS l ON l.rid = s.location_id
     WHERE i.deleted_at IS NULL AND s.qty <> 0 AND i.name_key >= :name_key",
    narrowed!()
);
const OF_ITEM: &str = concat!(
    "SELECT ",
    columns!(),
    ", s.qty FROM stocks AS s
     CROSS JOIN items AS i ON i.rid = s.item_id
     CROSS JOIN locations AS l ON l.rid = s.location_id
     WHERE s.item_id = (SELECT rid FROM items WHERE id = :item) AND s.qty <> 0",
    narrowed!()
);
const OF_PLACE: &str = concat!(
    "SELECT ",
    columns!(),
    ", s.qty FROM stocks AS s
     CROSS JOIN items AS i ON i.rid = s.item_id
     CROSS JOIN locations AS l ON l.rid = s.location_id
     WHERE s.location_id = (SELECT rid FROM locations WHERE id = :place) AND s.qty <> 0",
    narrowed!()
);
/// The same summed up from the ledger as far as a moment.
const AT_MOMENT: &str = concat!(
    "SELECT ",
    columns!(),
    ", s.qty FROM (
         SELECT m.item_id, m.location_id, SUM(m.qty) AS qty FROM movements AS m
         WHERE m.effective_at <= :at
           AND (:item IS NULL OR m.item_id = (SELECT rid FROM items WHERE id = :item))
         GROUP BY m.item_id, m.location_id) AS s
     JOIN items AS i ON i.rid = s.item_id
     JOIN locations AS l ON l.rid = s.location_id
     WHERE s.qty <> 0",
    narrowed!()
);
const OF_ITEM_AT_MOMENT: &str = concat!(
    "SELECT ",
    columns!(),
    ", s.qty FROM (
         SELECT m.item_id, m.location_id, SUM(m.qty) AS qty FROM movements AS m
         WHERE m.item_id = (SELECT rid FROM items WHERE id = :item) AND m.effective_at <= :at
         GROUP BY m.item_id, m.location_id) AS s
     JOIN items AS i ON i.rid = s.item_id
     JOIN locations AS l ON l.rid = s.location_id
     WHERE s.qty <> 0",
    narrowed!()
);

pub(super) fn list(
    scope: &Scope<'_>,
    filter: &StockFilter,
    after: &StockKey,
    limit: usize,
) -> Result<Vec<Stock>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    if let Some(at) = filter.at {
        let sql = if filter.item.is_some() { OF_ITEM_AT_MOMENT } else { AT_MOMENT };
        let mut statement = scope.prepare_cached(sql)?;
        let rows = statement.query_map(
            named_params! {
                ":item": filter.item, ":place": filter.place, ":at": at,
                ":name_key": after.name_key, ":item_rid": after.item_rid,
                ":place_rid": after.place_rid, ":limit": limit,
            },
            stock,
        )?;
        return Ok(rows.collect::<rusqlite::Result<_>>()?);
    }
    let mut statement = scope.prepare_cached(match (filter.item, filter.place) {
        (Some(_), _) => OF_ITEM,
        (None, Some(_)) => OF_PLACE,
        (None, None) => OF_ALL,
    })?;
    let rows = statement.query_map(
        named_params! {
            ":item": filter.item, ":place": filter.place, ":name_key": after.name_key,
            ":item_rid": after.item_rid, ":place_rid": after.place_rid, ":limit": limit,
        },
        stock,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn stock(row: &Row<'_>) -> rusqlite::Result<Stock> {
    Ok(Stock {
        key: StockKey { name_key: row.get(0)?, item_rid: row.get(1)?, place_rid: row.get(2)? },
        item: ItemName {
            id: row.get(3)?,
            item_number: row.get(4)?,
            name: row.get(5)?,
            unit: row.get(6)?,
        },
        place: PlaceName { id: row.get(7)?, code: row.get(8)?, name: row.get(9)? },
        qty: row.get(10)?,
    })
}

/// How much of an item is at a place; none when nothing was ever moved there.
pub(super) fn at(scope: &Scope<'_>, item_rid: i64, place_rid: i64) -> Result<Option<Qty>> {
    Ok(scope
        .prepare_cached(
            "SELECT qty FROM stocks
             WHERE item_id = :item AND location_id = :place AND lot_id = 0",
        )?
        .query_row(named_params! { ":item": item_rid, ":place": place_rid }, |row| row.get(0))
        .optional()?)
}

/// How many sums the self-check compares.
pub(super) fn sums(scope: &Scope<'_>) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "SELECT (SELECT COUNT(*) FROM stocks) + (SELECT COUNT(*) FROM item_totals)",
        )?
        .query_row([], |row| row.get(0))?)
}

/// Stock that is not the sum of its ledger, and ledger without stock.
pub(super) fn wrong_stocks(scope: &Scope<'_>) -> Result<Vec<Difference>> {
    let mut statement = scope.prepare_cached(
        "WITH ledger AS (
             SELECT item_id, location_id, lot_id, SUM(qty) AS qty, MAX(seq) AS last_seq
             FROM movements GROUP BY item_id, location_id, lot_id
         ), compared AS (
             SELECT COALESCE(m.item_id, s.item_id) AS item_id,
                 COALESCE(m.location_id, s.location_id) AS location_id,
                 COALESCE(m.qty, 0) AS expected, COALESCE(s.qty, 0) AS found
             FROM ledger AS m FULL JOIN stocks AS s ON s.item_id = m.item_id
                 AND s.location_id = m.location_id AND s.lot_id = m.lot_id
             WHERE m.qty IS NOT s.qty OR m.last_seq IS NOT s.last_seq
         )
         SELECT i.id, l.id, c.expected, c.found FROM compared AS c
         LEFT JOIN items AS i ON i.rid = c.item_id
         LEFT JOIN locations AS l ON l.rid = c.location_id LIMIT :limit",
    )?;
    let rows = statement.query_map(named_params! { ":limit": limit() }, |row| {
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
pub(super) fn wrong_totals(scope: &Scope<'_>) -> Result<Vec<Difference>> {
    let mut statement = scope.prepare_cached(
        "WITH ledger AS (
             SELECT item_id, SUM(qty) AS qty, SUM(value) AS value FROM movements GROUP BY item_id
         )
         SELECT i.id, COALESCE(m.qty, 0), COALESCE(t.qty, 0), COALESCE(m.value, 0),
             COALESCE(t.value, 0)
         FROM items AS i
         LEFT JOIN item_totals AS t ON t.item_id = i.rid
         LEFT JOIN ledger AS m ON m.item_id = i.rid
         WHERE t.item_id IS NULL
             OR COALESCE(m.qty, 0) <> t.qty OR COALESCE(m.value, 0) <> t.value
             OR (t.qty = 0 AND t.value <> 0) OR t.min_qty IS NOT i.min_qty
         LIMIT :limit",
    )?;
    let mut rows = statement.query(named_params! { ":limit": limit() })?;
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
pub(super) fn wrong_transfers(scope: &Scope<'_>) -> Result<Vec<Difference>> {
    let mut statement = scope.prepare_cached(
        "SELECT i.id, SUM(m.qty) FROM movements AS m JOIN items AS i ON i.rid = m.item_id
         WHERE m.transfer_id IS NOT NULL
         GROUP BY m.transfer_id
         HAVING SUM(m.qty) <> 0 OR SUM(m.value) <> 0 OR COUNT(*) <> 2
         LIMIT :limit",
    )?;
    let rows = statement.query_map(named_params! { ":limit": limit() }, |row| {
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
pub(super) fn unsearchable(scope: &Scope<'_>) -> Result<Vec<Difference>> {
    let mut statement = scope.prepare_cached(
        "SELECT i.id FROM items AS i
         WHERE i.rid NOT IN (SELECT id FROM items_fts_docsize)
            OR i.rid NOT IN (SELECT id FROM items_trigrams_docsize) LIMIT :limit",
    )?;
    let rows = statement.query_map(named_params! { ":limit": limit() }, |row| {
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
    i64::try_from(DIFFERENCES_MAX).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::tests::{empty_file, walks};

    #[test]
    fn every_list_of_stock_walks_an_index() {
        let (_folder, connection) = empty_file();
        for (sql, index) in [
            (OF_ALL, "items_name (name_key>?"),
            (OF_ITEM, "PRIMARY KEY (item_id=?"),
            (OF_PLACE, "stocks_location (location_id=?"),
            (OF_ITEM_AT_MOMENT, "movements_item (item_id=? AND effective_at<?"),
        ] {
            walks(&connection, sql, index);
        }
    }
}

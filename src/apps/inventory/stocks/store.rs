//! The SQL of stock. It only reads: the ledger's trigger writes.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Stock, StockFilter, StockKey};
use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::movements::rules::{ItemName, PlaceName};
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::Result;

mod checks;

pub(super) use checks::{bounds, sums, unsearchable, wrong_stocks, wrong_totals, wrong_transfers};

macro_rules! columns {
    () => {
        "i.name_key, i.rid, l.rid, i.id, i.item_number, i.name, i.unit, l.id, l.code, l.name"
    };
}

macro_rules! narrowed {
    () => {
        " AND (:item IS NULL OR i.id = :item)
          AND (:place IS NULL OR l.id = :place)
          AND (NOT :is_below_zero OR s.qty < 0)
          AND (i.name_key, i.rid, l.rid) > (:name_key, :item_rid, :place_rid)
          ORDER BY i.name_key, i.rid, l.rid LIMIT :limit"
    };
}

/// Stock as the ledger's trigger keeps it, from its own table on.
macro_rules! of_stocks {
    ($where:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", s.qty FROM stocks AS s
             CROSS JOIN items AS i ON i.rid = s.item_id
             CROSS JOIN locations AS l ON l.rid = s.location_id
             WHERE ",
            $where,
            narrowed!()
        )
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
/// There are few of them, and the table of stock is short beside its ledger: it is gone through.
const BELOW_ZERO: &str = of_stocks!("s.qty < 0");
const OF_ITEM: &str =
    of_stocks!("s.item_id = (SELECT rid FROM items WHERE id = :item) AND s.qty <> 0");
const OF_PLACE: &str =
    of_stocks!("s.location_id = (SELECT rid FROM locations WHERE id = :place) AND s.qty <> 0");
/// The same summed up from the ledger as far as a moment.
const AT_MOMENT: &str = concat!(
    "SELECT ",
    columns!(),
    ", s.qty FROM (
         SELECT m.item_id, m.location_id, SUM(m.qty) AS qty FROM movements AS m
         WHERE m.effective_at <= :at
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
const OF_PLACE_AT_MOMENT: &str = concat!(
    "SELECT ",
    columns!(),
    ", s.qty FROM (
         SELECT m.item_id, m.location_id, SUM(m.qty) AS qty FROM movements AS m
         WHERE m.location_id = (SELECT rid FROM locations WHERE id = :place)
           AND m.effective_at <= :at
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
    let limit = integer(limit);
    if let Some(at) = filter.at {
        let mut statement = scope.prepare_cached(match (filter.item, filter.place) {
            (Some(_), _) => OF_ITEM_AT_MOMENT,
            (None, Some(_)) => OF_PLACE_AT_MOMENT,
            (None, None) => AT_MOMENT,
        })?;
        let rows = statement.query_map(
            named_params! {
                ":item": filter.item, ":place": filter.place, ":at": at,
                ":is_below_zero": filter.is_below_zero,
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
        (None, None) if filter.is_below_zero => BELOW_ZERO,
        (None, None) => OF_ALL,
    })?;
    let rows = statement.query_map(
        named_params! {
            ":item": filter.item, ":place": filter.place,
            ":is_below_zero": filter.is_below_zero, ":name_key": after.name_key,
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
            (OF_PLACE_AT_MOMENT, "movements_location (location_id=? AND effective_at<?"),
        ] {
            walks(&connection, sql, index);
        }
    }
}

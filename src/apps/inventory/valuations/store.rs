//! The SQL of the worth of stock. It only reads.

use std::collections::HashMap;

use rusqlite::named_params;

use super::rules::{Holding, Holdings, Place, Sum, holdings};
use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::movements::rules::{ItemName, PlaceName, Totals};
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::error::{Error, Result};

/// What there is now: the sums that the ledger's triggers keep.
pub(super) fn holdings_now(scope: &Scope<'_>) -> Result<Holdings> {
    let mut statement = scope.prepare_cached(
        "SELECT item_id, qty, value FROM item_totals WHERE qty <> 0 OR value <> 0",
    )?;
    let rows = statement.query_map([], |row| {
        let totals = Totals { qty: row.get(1)?, value: row.get(2)? };
        Ok((row.get(0)?, Holding { totals, places: Vec::new() }))
    })?;
    let mut all = rows.collect::<rusqlite::Result<Holdings>>()?;
    let mut statement = scope.prepare_cached(
        "SELECT item_id, location_id, SUM(qty) FROM stocks WHERE qty <> 0
         GROUP BY item_id, location_id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (item, place, qty): (i64, i64, Qty) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if !qty.is_zero() {
            all.entry(item).or_default().places.push((place, qty));
        }
    }
    Ok(all)
}

/// What there was at the end of a moment. Reads the ledger once, in the order in which it lies on
/// the disk: an index would be followed back to the table for each value.
pub(super) fn holdings_at(scope: &Scope<'_>, at: Moment) -> Result<Holdings> {
    let mut statement = scope.prepare_cached(
        "SELECT item_id, location_id, qty, value FROM movements NOT INDEXED
         WHERE effective_at <= :at",
    )?;
    let mut rows = statement.query(named_params! { ":at": at })?;
    let mut sums: HashMap<(i64, i64), Sum> = HashMap::new();
    while let Some(row) = rows.next()? {
        let (qty, value): (i64, i64) = (row.get(2)?, row.get(3)?);
        let sum = sums.entry((row.get(0)?, row.get(1)?)).or_default();
        sum.qty += i128::from(qty);
        sum.value += i128::from(value);
    }
    holdings(sums)
}

/// The category of every item that has one, by its row.
pub(super) fn categories(scope: &Scope<'_>) -> Result<HashMap<i64, String>> {
    let mut statement =
        scope.prepare_cached("SELECT rid, category FROM items WHERE category IS NOT NULL")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Every place, by its row; deleted ones had stock once.
pub(super) fn places(scope: &Scope<'_>) -> Result<HashMap<i64, Place>> {
    let mut statement = scope.prepare_cached(
        "SELECT l.rid, l.id, l.code, l.name, p.id FROM locations AS l
         LEFT JOIN locations AS p ON p.rid = l.parent_id",
    )?;
    let rows = statement.query_map([], |row| {
        let name = PlaceName { id: row.get(1)?, code: row.get(2)?, name: row.get(3)? };
        Ok((row.get(0)?, Place { name, parent: row.get(4)? }))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The items of some rows, by row.
pub(super) fn items(scope: &Scope<'_>, rids: &[i64]) -> Result<HashMap<i64, ItemName>> {
    let mut statement = scope.prepare_cached(
        "SELECT rid, id, item_number, name, unit FROM items
         WHERE rid IN (SELECT value FROM json_each(:rids))",
    )?;
    let rids = serde_json::to_string(rids).map_err(Error::internal)?;
    let rows = statement.query_map(named_params! { ":rids": rids }, |row| {
        let item = ItemName {
            id: row.get(1)?,
            item_number: row.get(2)?,
            name: row.get(3)?,
            unit: row.get(4)?,
        };
        Ok((row.get(0)?, item))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

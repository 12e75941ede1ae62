//! The SQL of what was used. It only reads.

use std::collections::HashMap;

use rusqlite::{Rows, named_params};

use super::rules::{Facts, LedgerRow};
use crate::apps::inventory::items::rules::ItemId;
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::error::Result;

/// The order is the index's own, so nothing is sorted, and no row of the table is looked at.
const LEDGER: &str = "SELECT item_id, location_id, qty, value, effective_at, type = 'use'
     FROM movements WHERE effective_at <= :until
     ORDER BY item_id, effective_at, seq";
const LEDGER_OF_ITEM: &str = "SELECT item_id, location_id, qty, value, effective_at, type = 'use'
     FROM movements WHERE item_id = :item AND effective_at <= :until
     ORDER BY effective_at, seq";

/// Goes over the ledger up to a moment: by item, then by when it took effect.
pub(super) fn ledger(
    scope: &Scope<'_>,
    item: Option<i64>,
    until: Moment,
    take: &mut dyn FnMut(LedgerRow) -> Result<()>,
) -> Result<()> {
    match item {
        None => {
            let mut statement = scope.prepare_cached(LEDGER)?;
            each(statement.query(named_params! { ":until": until })?, take)
        }
        Some(item) => {
            let mut statement = scope.prepare_cached(LEDGER_OF_ITEM)?;
            each(statement.query(named_params! { ":item": item, ":until": until })?, take)
        }
    }
}

fn each(mut rows: Rows<'_>, take: &mut dyn FnMut(LedgerRow) -> Result<()>) -> Result<()> {
    while let Some(row) = rows.next()? {
        take(LedgerRow {
            item: row.get(0)?,
            place: row.get(1)?,
            qty: row.get(2)?,
            value: row.get(3)?,
            effective_at: row.get(4)?,
            is_use: row.get(5)?,
        })?;
    }
    Ok(())
}

/// What has to be known of the items, and the names that their facts number.
#[derive(Default)]
pub(super) struct Catalogue {
    pub(super) items: HashMap<i64, Facts>,
    pub(super) categories: Vec<String>,
    pub(super) units: Vec<String>,
}

/// All items, or one; deleted ones had stock once.
pub(super) fn catalogue(scope: &Scope<'_>, item: Option<i64>) -> Result<Catalogue> {
    let mut statement = scope.prepare_cached(
        "SELECT rid, category, unit FROM items WHERE :item IS NULL OR rid = :item",
    )?;
    let mut rows = statement.query(named_params! { ":item": item })?;
    let mut all = Catalogue::default();
    let (mut categories, mut units) = (HashMap::new(), HashMap::new());
    while let Some(row) = rows.next()? {
        let (rid, category, unit): (i64, Option<String>, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let category = category.map(|name| number(&mut categories, &mut all.categories, name));
        let unit = number(&mut units, &mut all.units, unit);
        all.items.insert(rid, Facts { category, unit });
    }
    Ok(all)
}

fn number(numbers: &mut HashMap<String, usize>, names: &mut Vec<String>, name: String) -> usize {
    *numbers.entry(name).or_insert_with_key(|name| {
        names.push(name.clone());
        names.len() - 1
    })
}

/// The row of an item, deleted or not.
pub(super) fn item(scope: &Scope<'_>, id: ItemId) -> Result<Option<i64>> {
    use rusqlite::OptionalExtension;
    Ok(scope
        .prepare_cached("SELECT rid FROM items WHERE id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get(0))
        .optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::tests::{empty_file, plan};

    #[test]
    fn a_period_is_read_from_the_index_in_its_own_order() {
        let (_folder, connection) = empty_file();
        let steps = plan(&connection, LEDGER);
        assert_eq!(steps, ["SCAN movements USING COVERING INDEX movements_item"]);
        let steps = plan(&connection, LEDGER_OF_ITEM);
        let [step] = steps.as_slice() else { panic!("{steps:?}") };
        assert!(step.starts_with("SEARCH movements USING COVERING INDEX movements_item"), "{step}");
    }
}

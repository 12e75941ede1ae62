//! The SQL of alerts over all places.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{LowItem, Standing};
use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::movements::rules::ItemName;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::Result;

/// An item and how it stands.
pub(super) struct Looked {
    pub(super) id: ItemId,
    pub(super) item_number: String,
    pub(super) standing: Standing,
}

const LOOK: &str = "
    SELECT i.id, i.item_number, t.qty, t.min_qty, i.deleted_at IS NOT NULL,
        a.since_at IS NOT NULL
    FROM items AS i
    JOIN item_totals AS t ON t.item_id = i.rid
    LEFT JOIN alert_states AS a ON a.item_id = i.rid AND a.location_id = 0 AND a.kind = 'low'
    WHERE i.rid = :rid";

/// How an item stands; none when there is no such row.
pub(super) fn look(scope: &Scope<'_>, rid: i64) -> Result<Option<Looked>> {
    Ok(scope
        .prepare_cached(LOOK)?
        .query_row(named_params! { ":rid": rid }, |row| {
            Ok(Looked {
                id: row.get(0)?,
                item_number: row.get(1)?,
                standing: Standing {
                    on_hand: row.get(2)?,
                    min: row.get(3)?,
                    is_deleted: row.get(4)?,
                    is_raised: row.get(5)?,
                },
            })
        })
        .optional()?)
}

/// Notes that an item is low from now on.
pub(super) fn raise(scope: &Scope<'_>, rid: i64) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO alert_states (item_id, location_id, kind, since_at)
             VALUES (:rid, 0, 'low', :now)",
        )?
        .execute(named_params! { ":rid": rid, ":now": scope.now() })?;
    Ok(())
}

/// Notes that an item is low no more.
pub(super) fn settle(scope: &Scope<'_>, rid: i64) -> Result<()> {
    scope
        .prepare_cached(
            "DELETE FROM alert_states
             WHERE item_id = :rid AND location_id = 0 AND kind = 'low'",
        )?
        .execute(named_params! { ":rid": rid })?;
    Ok(())
}

const UNTOLD: &str = "
    SELECT i.name FROM alert_states AS a
    JOIN items AS i ON i.rid = a.item_id
    WHERE a.notified_at IS NULL AND a.kind = 'low' AND a.location_id = 0
    ORDER BY a.since_at, a.item_id";

/// Notes that all that is low and was not told yet is told now; gives the names, first fallen
/// first.
pub(super) fn take_untold(scope: &Scope<'_>) -> Result<Vec<String>> {
    let mut statement = scope.prepare_cached(UNTOLD)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    let names = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    scope
        .prepare_cached(
            "UPDATE alert_states SET notified_at = :now
             WHERE notified_at IS NULL AND kind = 'low' AND location_id = 0",
        )?
        .execute(named_params! { ":now": scope.now() })?;
    Ok(names)
}

macro_rules! low_items {
    ($rest:literal) => {
        concat!(
            "SELECT i.rid, i.id, i.item_number, i.name, i.unit, i.name_key, i.category, t.qty,
                t.min_qty, i.max_qty, i.qty_step, a.since_at
             FROM item_totals AS t INDEXED BY item_totals_low
             JOIN items AS i ON i.rid = t.item_id
             LEFT JOIN alert_states AS a
                 ON a.item_id = i.rid AND a.location_id = 0 AND a.kind = 'low'
             WHERE t.qty < t.min_qty AND i.deleted_at IS NULL AND ",
            $rest,
            " LIMIT :limit"
        )
    };
}
const LIST: &str = low_items!("(i.name_key, i.rid) > (:name_key, :rid) ORDER BY i.name_key, i.rid");
const LIST_BY_ROW: &str = low_items!("i.rid > :rid ORDER BY i.rid");

/// Low items behind a name and a row, by name.
pub(super) fn list(scope: &Scope<'_>, after: (&str, i64), limit: usize) -> Result<Vec<LowItem>> {
    let mut statement = scope.prepare_cached(LIST)?;
    let parameters =
        named_params! { ":name_key": after.0, ":rid": after.1, ":limit": integer(limit) };
    let rows = statement.query_map(parameters, low_item)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Low items behind a row, by row.
pub(super) fn list_by_row(scope: &Scope<'_>, after: i64, limit: usize) -> Result<Vec<LowItem>> {
    let mut statement = scope.prepare_cached(LIST_BY_ROW)?;
    let parameters = named_params! { ":rid": after, ":limit": integer(limit) };
    let rows = statement.query_map(parameters, low_item)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn low_item(row: &Row<'_>) -> rusqlite::Result<LowItem> {
    Ok(LowItem {
        rid: row.get(0)?,
        item: ItemName {
            id: row.get(1)?,
            item_number: row.get(2)?,
            name: row.get(3)?,
            unit: row.get(4)?,
        },
        name_key: row.get(5)?,
        category: row.get(6)?,
        on_hand: row.get::<_, Qty>(7)?,
        min: row.get(8)?,
        max: row.get(9)?,
        step: row.get(10)?,
        since: row.get(11)?,
    })
}

const COUNT: &str = "
    SELECT COUNT(*) FROM (
        SELECT 1 FROM item_totals AS t INDEXED BY item_totals_low
        JOIN items AS i ON i.rid = t.item_id
        WHERE t.qty < t.min_qty AND i.deleted_at IS NULL LIMIT :count_max)";

/// How many items are low, counted to `count_max`.
pub(super) fn count(scope: &Scope<'_>, count_max: u64) -> Result<u64> {
    let count: i64 = scope
        .prepare_cached(COUNT)?
        .query_row(named_params! { ":count_max": integer(count_max) }, |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::tests::{empty_file, plan, walks};

    #[test]
    fn an_item_is_looked_at_by_its_row_and_lists_by_what_is_low() {
        let (_folder, connection) = empty_file();
        for step in plan(&connection, LOOK) {
            assert!(step.starts_with("SEARCH"), "{step}");
        }
        walks(&connection, UNTOLD, "alert_states_pending");
        for sql in [LIST, LIST_BY_ROW, COUNT] {
            walks(&connection, sql, "item_totals_low");
        }
    }
}

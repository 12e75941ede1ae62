//! Lines: what is to be counted, what was, and what the ledger says of it.

use rusqlite::{OptionalExtension, Row, named_params};

use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::counts::rules::evaluation::{Evaluated, KeyLedger, Moved};
use crate::apps::inventory::counts::rules::settling::Decision;
use crate::apps::inventory::counts::rules::{KeptLine, LineFilter, LineId, LineState};
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::items::rules::costing::ItemCost;
use crate::apps::inventory::movements::rules::{ItemName, PlaceName, Totals};
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};

/// Goods without a lot.
const NO_LOT: i64 = 0;

/// What a line counts: the rows of an item and of a place.
pub(in super::super) type LineKey = (i64, i64);

/// What is in stock within rows of places and items, `None` being all: item, place, quantity.
pub(in super::super) fn stocked(
    scope: &Scope<'_>,
    category: Option<&str>,
    places: Option<&[i64]>,
    items: Option<&[i64]>,
    limit: usize,
) -> Result<Vec<(i64, i64, Qty)>> {
    let json = |rids: Option<&[i64]>| -> Result<Option<String>> {
        rids.map(|rids| serde_json::to_string(rids).map_err(Error::internal)).transpose()
    };
    let mut statement = scope.prepare_cached(
        "SELECT s.item_id, s.location_id, s.qty
         FROM stocks AS s JOIN items AS i ON i.rid = s.item_id
         WHERE s.lot_id = :no_lot AND s.qty <> 0 AND i.deleted_at IS NULL
           AND (:category IS NULL OR i.category = :category)
           AND (:places IS NULL OR s.location_id IN (SELECT value FROM json_each(:places)))
           AND (:items IS NULL OR s.item_id IN (SELECT value FROM json_each(:items)))
         LIMIT :limit",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":no_lot": NO_LOT, ":category": category, ":places": json(places)?,
            ":items": json(items)?, ":limit": integer(limit),
        },
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The rows of items that are not deleted; `Err` holds the position of one that is not there.
pub(in super::super) fn item_rids(
    scope: &Scope<'_>,
    items: &[ItemId],
) -> Result<Result<Vec<i64>, usize>> {
    let mut statement =
        scope.prepare_cached("SELECT rid FROM items WHERE id = :id AND deleted_at IS NULL")?;
    let mut rids = Vec::with_capacity(items.len());
    for (position, id) in items.iter().enumerate() {
        let rid = statement.query_row(named_params! { ":id": id }, |row| row.get(0)).optional()?;
        match rid {
            Some(rid) => rids.push(rid),
            None => return Ok(Err(position)),
        }
    }
    Ok(Ok(rids))
}

/// What an entry has to know of an item that is not deleted.
pub(in super::super) struct ItemFacts {
    pub(in super::super) rid: i64,
    pub(in super::super) category: Option<String>,
    pub(in super::super) qty_step: Qty,
    pub(in super::super) cost: ItemCost,
    pub(in super::super) totals: Totals,
}

pub(in super::super) fn item_facts(scope: &Scope<'_>, id: ItemId) -> Result<Option<ItemFacts>> {
    Ok(scope
        .prepare_cached(
            "SELECT i.rid, i.category, i.qty_step, i.unit_cost, t.qty, t.value,
                 i.cost_method
             FROM items AS i JOIN item_totals AS t ON t.item_id = i.rid
             WHERE i.id = :id AND i.deleted_at IS NULL",
        )?
        .query_row(named_params! { ":id": id }, |row| {
            Ok(ItemFacts {
                rid: row.get(0)?,
                category: row.get(1)?,
                qty_step: row.get(2)?,
                cost: ItemCost { price: row.get(3)?, method: row.get(6)? },
                totals: Totals { qty: row.get(4)?, value: row.get(5)? },
            })
        })
        .optional()?)
}

/// What is there of an item at a place, and what was posted for it after an entry of the ledger.
pub(in super::super) fn moved_since(
    scope: &Scope<'_>,
    key: LineKey,
    seq: i64,
) -> Result<KeyLedger> {
    let balance: Option<Qty> = scope
        .prepare_cached(
            "SELECT qty FROM stocks
             WHERE item_id = :item AND location_id = :place AND lot_id = :no_lot",
        )?
        .query_row(named_params! { ":item": key.0, ":place": key.1, ":no_lot": NO_LOT }, |row| {
            row.get(0)
        })
        .optional()?;
    let mut statement = scope.prepare_cached(
        "SELECT seq, posted_at, qty FROM movements INDEXED BY movements_item
         WHERE item_id = :item AND location_id = :place AND lot_id = :no_lot AND seq > :seq
         ORDER BY seq",
    )?;
    let rows = statement.query_map(
        named_params! { ":item": key.0, ":place": key.1, ":no_lot": NO_LOT, ":seq": seq },
        |row| Ok(Moved { seq: row.get(0)?, posted_at: row.get(1)?, qty: row.get(2)? }),
    )?;
    let moved = rows.collect::<rusqlite::Result<_>>()?;
    Ok(KeyLedger { balance: balance.unwrap_or_default(), moved })
}

/// When an entry of the ledger was posted.
pub(in super::super) fn posted_at(scope: &Scope<'_>, seq: i64) -> Result<Option<Moment>> {
    Ok(scope
        .prepare_cached("SELECT posted_at FROM movements WHERE seq = :seq")?
        .query_row(named_params! { ":seq": seq }, |row| row.get(0))
        .optional()?)
}

/// A line that nobody counted yet.
pub(in super::super) struct NewLine {
    pub(in super::super) id: LineId,
    pub(in super::super) key: LineKey,
    pub(in super::super) expected: Qty,
    pub(in super::super) expected_seq: i64,
}

pub(in super::super) fn insert_line(scope: &Scope<'_>, count: i64, line: &NewLine) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO count_lines (id, count_session_id, item_id, location_id, lot_id,
                 expected_qty, expected_seq, state, updated_at, updated_by)
             VALUES (:id, :count, :item, :place, :no_lot, :expected, :seq, 'ok', :now, :user)",
        )?
        .execute(named_params! {
            ":id": line.id, ":count": count, ":item": line.key.0, ":place": line.key.1,
            ":no_lot": NO_LOT, ":expected": line.expected, ":seq": line.expected_seq,
            ":now": scope.now(), ":user": scope.user(),
        })?;
    Ok(())
}

/// What decides whether a line still takes entries, and from where on they count.
pub(in super::super) struct LineMarks {
    pub(in super::super) id: LineId,
    pub(in super::super) state: LineState,
    pub(in super::super) entries_after: i64,
}

pub(in super::super) fn mark(
    scope: &Scope<'_>,
    count: i64,
    key: LineKey,
) -> Result<Option<LineMarks>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, state, entries_after FROM count_lines
             WHERE count_session_id = :count AND item_id = :item AND location_id = :place
               AND lot_id = :no_lot",
        )?
        .query_row(
            named_params! {
                ":count": count, ":item": key.0, ":place": key.1, ":no_lot": NO_LOT,
            },
            |row| Ok(LineMarks { id: row.get(0)?, state: row.get(1)?, entries_after: row.get(2)? }),
        )
        .optional()?)
}

/// Writes what a line's entries come to.
pub(in super::super) fn save(
    scope: &Scope<'_>,
    id: LineId,
    found: &Evaluated,
    state: LineState,
) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE count_lines SET expected_qty = :expected, expected_seq = :seq,
                 counted_qty = :counted, state = :state, counters = :counters,
                 counted_by = :by, counted_at = :at, is_moved = :is_moved,
                 is_disputed = :is_disputed, decision = NULL, updated_at = :now,
                 updated_by = :user
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id, ":expected": found.expected, ":seq": found.expected_seq,
            ":counted": found.counted, ":state": state.name(), ":counters": found.counters,
            ":by": found.counted_by, ":at": found.counted_at, ":is_moved": found.is_moved,
            ":is_disputed": found.is_disputed, ":now": scope.now(), ":user": scope.user(),
        })?;
    Ok(())
}

/// Writes what was decided of a line for good.
pub(in super::super) fn settle(
    scope: &Scope<'_>,
    rid: i64,
    state: LineState,
    decision: Decision,
) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE count_lines SET state = :state, decision = :decision, updated_at = :now,
                 updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! {
            ":rid": rid, ":state": state.name(), ":decision": decision.name(),
            ":now": scope.now(), ":user": scope.user(),
        })?;
    Ok(())
}

/// Keeps what the books said a line was worth when it was approved.
pub(in super::super) fn keep_book_value(
    scope: &Scope<'_>,
    rid: i64,
    value: Option<Money>,
) -> Result<()> {
    scope
        .prepare_cached("UPDATE count_lines SET book_value = :value WHERE rid = :rid")?
        .execute(named_params! { ":rid": rid, ":value": value })?;
    Ok(())
}

/// Approves all lines that were counted as expected.
pub(in super::super) fn approve_as_expected(scope: &Scope<'_>, count: i64) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE count_lines SET state = 'approved', decision = 'keep_delta',
                 updated_at = :now, updated_by = :user
             WHERE count_session_id = :count AND state = 'ok' AND counted_qty IS NOT NULL",
        )?
        .execute(named_params! { ":count": count, ":now": scope.now(), ":user": scope.user() })?;
    Ok(())
}

/// Lets a line be counted anew: what was entered so far does not count any more.
pub(in super::super) fn recount(
    scope: &Scope<'_>,
    rid: i64,
    entries_after: i64,
    expected: Qty,
    expected_seq: i64,
) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE count_lines SET state = 'recount', decision = 'recount',
                 entries_after = :after, expected_qty = :expected, expected_seq = :seq,
                 counted_qty = NULL, counters = 0, counted_by = NULL, counted_at = NULL,
                 is_moved = 0, is_disputed = 0, updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! {
            ":rid": rid, ":after": entries_after, ":expected": expected, ":seq": expected_seq,
            ":now": scope.now(), ":user": scope.user(),
        })?;
    Ok(())
}

/// How many lines are in which state, counted and not.
pub(in super::super) fn summary(
    scope: &Scope<'_>,
    count: i64,
) -> Result<Vec<(LineState, bool, i64)>> {
    let mut statement = scope.prepare_cached(
        "SELECT state, counted_qty IS NOT NULL AS is_counted, COUNT(*) FROM count_lines
         WHERE count_session_id = :count GROUP BY state, is_counted",
    )?;
    let rows = statement.query_map(named_params! { ":count": count }, |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A count's lines by place and item number. A count has no more than can be read at once.
pub(in super::super) fn lines(
    scope: &Scope<'_>,
    count: i64,
    filter: LineFilter,
) -> Result<Vec<KeptLine>> {
    let mut statement = scope.prepare_cached(
        "SELECT c.rid, c.id, i.rid, i.id, i.item_number, i.name, i.unit, i.qty_step, i.unit_cost,
             t.qty, t.value, l.rid, l.id, l.code, l.name, c.expected_qty, c.expected_seq,
             c.counted_qty, c.state, c.entries_after, c.counters, c.counted_by, c.counted_at,
             c.is_moved, c.is_disputed, c.decision, m.qty, m.value, i.cost_method,
             c.state = 'recount' AND EXISTS (
                 SELECT 1 FROM count_entries AS e
                 WHERE e.count_session_id = c.count_session_id AND e.item_id = c.item_id
                   AND e.location_id = c.location_id AND e.lot_id = c.lot_id
                   AND e.rid > c.entries_after AND e.counted_by IS :user),
             l.code_key, i.item_number_key
         FROM count_lines AS c
         CROSS JOIN items AS i ON i.rid = c.item_id
         CROSS JOIN item_totals AS t ON t.item_id = c.item_id
         CROSS JOIN locations AS l ON l.rid = c.location_id
         LEFT JOIN movements AS m ON m.count_line_id = c.rid
         WHERE c.count_session_id = :count
           AND (:place IS NULL OR l.id = :place) AND (:item IS NULL OR i.id = :item)
           AND (:state IS NULL OR c.state = :state)
         ORDER BY l.code_key, l.rid, i.item_number_key, i.rid",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":count": count, ":place": filter.place, ":item": filter.item,
            ":state": filter.state.map(LineState::name), ":user": scope.user(),
        },
        line,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn line(row: &Row<'_>) -> rusqlite::Result<KeptLine> {
    let posted: Option<(Qty, Money)> = match row.get::<_, Option<Qty>>(26)? {
        Some(qty) => Some((qty, row.get(27)?)),
        None => None,
    };
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
        qty_step: row.get(7)?,
        cost: ItemCost { price: row.get(8)?, method: row.get(28)? },
        totals: Totals { qty: row.get(9)?, value: row.get(10)? },
        place_rid: row.get(11)?,
        place: PlaceName { id: row.get(12)?, code: row.get(13)?, name: row.get(14)? },
        expected: row.get(15)?,
        expected_seq: row.get(16)?,
        counted: row.get(17)?,
        state: row.get(18)?,
        entries_after: row.get(19)?,
        is_mine: row.get(29)?,
        place_key: row.get(30)?,
        item_key: row.get(31)?,
        counters: row.get(20)?,
        counted_by: row.get(21)?,
        counted_at: row.get(22)?,
        is_moved: row.get(23)?,
        is_disputed: row.get(24)?,
        decision: row.get(25)?,
        posted,
    })
}

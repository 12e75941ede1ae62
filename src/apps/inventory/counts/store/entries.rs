//! Entries: what people sent. They are inserted and read, never changed.

use rusqlite::{OptionalExtension, named_params};

use super::lines::LineKey;
use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::counts::rules::evaluation::{EntryFact, Timing};
use crate::apps::inventory::counts::rules::{ClientOpId, EntryFilter, ListedEntry, Mode};
use crate::apps::inventory::movements::rules::{ItemName, PlaceName};
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::identity::UserId;

/// Goods without a lot.
const NO_LOT: i64 = 0;

/// An operation that came in before.
pub(in super::super) struct KnownOp {
    pub(in super::super) rid: i64,
    pub(in super::super) sent_hash: Vec<u8>,
    pub(in super::super) entry: EntryRow,
}

/// What an entry says, as far as another one may take it back.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct EntryRow {
    pub(in super::super) count: Option<i64>,
    pub(in super::super) key: (Option<i64>, i64),
    pub(in super::super) by: Option<UserId>,
    pub(in super::super) mode: Mode,
    pub(in super::super) qty: Qty,
    pub(in super::super) is_undo: bool,
}

pub(in super::super) fn known_op(scope: &Scope<'_>, op: ClientOpId) -> Result<Option<KnownOp>> {
    Ok(scope
        .prepare_cached(
            "SELECT rid, sent_hash, count_session_id, item_id, location_id, counted_by, mode,
                 qty, undoes_id IS NOT NULL
             FROM count_entries WHERE client_op = :op",
        )?
        .query_row(named_params! { ":op": op }, |row| {
            Ok(KnownOp {
                rid: row.get(0)?,
                sent_hash: row.get::<_, Option<Vec<u8>>>(1)?.unwrap_or_default(),
                entry: EntryRow {
                    count: row.get(2)?,
                    key: (row.get(3)?, row.get(4)?),
                    by: row.get(5)?,
                    mode: row.get(6)?,
                    qty: row.get(7)?,
                    is_undo: row.get(8)?,
                },
            })
        })
        .optional()?)
}

/// Whether an entry was taken back.
pub(in super::super) fn is_undone(scope: &Scope<'_>, rid: i64) -> Result<bool> {
    Ok(scope
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM count_entries WHERE undoes_id = :rid)")?
        .query_row(named_params! { ":rid": rid }, |row| row.get(0))?)
}

/// An entry to insert.
pub(in super::super) struct NewEntry<'a> {
    pub(in super::super) op: ClientOpId,
    pub(in super::super) count: i64,
    pub(in super::super) key: LineKey,
    pub(in super::super) mode: Mode,
    pub(in super::super) qty: Qty,
    pub(in super::super) timing: Timing,
    pub(in super::super) undoes: Option<i64>,
    pub(in super::super) sent_hash: &'a [u8],
}

/// Inserts an entry and gives its row.
pub(in super::super) fn insert_entry(scope: &Scope<'_>, new: &NewEntry<'_>) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "INSERT INTO count_entries (client_op, count_session_id, item_id, location_id, lot_id,
                 qty, mode, seen_seq, counted_by, counted_at, received_at, received_seq,
                 undoes_id, sent_hash)
             VALUES (:op, :count, :item, :place, :no_lot, :qty, :mode, :seen_seq, :user,
                 :counted_at, :now, :received_seq, :undoes, :sent_hash)",
        )?
        .insert(named_params! {
            ":op": new.op, ":count": new.count, ":item": new.key.0, ":place": new.key.1,
            ":no_lot": NO_LOT, ":qty": new.qty, ":mode": new.mode.name(),
            ":seen_seq": new.timing.seen_seq, ":user": scope.user(),
            ":counted_at": new.timing.counted_at, ":now": scope.now(),
            ":received_seq": new.timing.received_seq, ":undoes": new.undoes,
            ":sent_hash": new.sent_hash,
        })?)
}

/// The entries of a line that count, in the order they came in.
pub(in super::super) fn entries_of(
    scope: &Scope<'_>,
    count: i64,
    key: LineKey,
    after: i64,
) -> Result<Vec<EntryFact>> {
    let mut statement = scope.prepare_cached(
        "SELECT e.rid, e.counted_by, e.mode, e.qty, e.seen_seq, e.received_seq, e.counted_at
         FROM count_entries AS e
         WHERE e.count_session_id = :count AND e.item_id = :item AND e.location_id = :place
           AND e.lot_id = :no_lot AND e.rid > :after AND e.undoes_id IS NULL
           AND NOT EXISTS (SELECT 1 FROM count_entries AS u WHERE u.undoes_id = e.rid)
         ORDER BY e.rid",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":count": count, ":item": key.0, ":place": key.1, ":no_lot": NO_LOT, ":after": after,
        },
        |row| {
            Ok(EntryFact {
                rid: row.get(0)?,
                by: row.get(1)?,
                mode: row.get(2)?,
                qty: row.get(3)?,
                seen_seq: row.get::<_, Option<i64>>(4)?.unwrap_or_default(),
                received_seq: row.get::<_, Option<i64>>(5)?.unwrap_or_default(),
                counted_at: row.get(6)?,
            })
        },
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The row of the newest entry of all counts.
pub(in super::super) fn last_entry(scope: &Scope<'_>) -> Result<i64> {
    Ok(scope
        .prepare_cached("SELECT coalesce(MAX(rid), 0) FROM count_entries")?
        .query_row([], |row| row.get(0))?)
}

/// Whether nobody but this person entered anything that counts of the lines not settled yet.
/// Somebody has: what nobody counted is nobody's own count.
pub(in super::super) fn is_sole_counter(
    scope: &Scope<'_>,
    count: i64,
    user: Option<UserId>,
) -> Result<bool> {
    Ok(scope
        .prepare_cached(
            "WITH counted (is_own) AS NOT MATERIALIZED (
                 SELECT e.counted_by IS :user
                 FROM count_lines AS c CROSS JOIN count_entries AS e
                     ON e.count_session_id = c.count_session_id AND e.item_id = c.item_id
                     AND e.location_id = c.location_id AND e.lot_id = c.lot_id
                     AND e.rid > c.entries_after
                 WHERE c.count_session_id = :count AND c.state NOT IN ('approved', 'rejected')
                   AND e.undoes_id IS NULL
                   AND NOT EXISTS (SELECT 1 FROM count_entries AS u WHERE u.undoes_id = e.rid))
             SELECT EXISTS (SELECT 1 FROM counted WHERE is_own)
                 AND NOT EXISTS (SELECT 1 FROM counted WHERE NOT is_own)",
        )?
        .query_row(named_params! { ":count": count, ":user": user }, |row| row.get(0))?)
}

/// Entries behind a row, newest first.
pub(in super::super) fn list_entries(
    scope: &Scope<'_>,
    count: i64,
    filter: EntryFilter,
    before: i64,
    limit: usize,
) -> Result<Vec<ListedEntry>> {
    let mut statement = scope.prepare_cached(
        "SELECT e.rid, e.client_op, i.id, i.item_number, i.name, i.unit, l.id, l.code, l.name,
             e.mode, e.qty, e.seen_seq, e.counted_at, e.received_at, e.counted_by, o.client_op,
             EXISTS (SELECT 1 FROM count_entries AS u WHERE u.undoes_id = e.rid)
         FROM count_entries AS e
         JOIN items AS i ON i.rid = e.item_id
         JOIN locations AS l ON l.rid = e.location_id
         LEFT JOIN count_entries AS o ON o.rid = e.undoes_id
         WHERE e.count_session_id = :count AND e.rid < :before
           AND (:by IS NULL OR e.counted_by = :by)
           AND (:item IS NULL OR i.id = :item) AND (:place IS NULL OR l.id = :place)
         ORDER BY e.rid DESC LIMIT :limit",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":count": count, ":before": before, ":by": filter.by, ":item": filter.item,
            ":place": filter.place, ":limit": integer(limit),
        },
        |row| {
            Ok(ListedEntry {
                rid: row.get(0)?,
                op: row.get(1)?,
                item: ItemName {
                    id: row.get(2)?,
                    item_number: row.get(3)?,
                    name: row.get(4)?,
                    unit: row.get(5)?,
                },
                place: PlaceName { id: row.get(6)?, code: row.get(7)?, name: row.get(8)? },
                mode: row.get(9)?,
                qty: row.get(10)?,
                seen_seq: row.get(11)?,
                counted_at: row.get(12)?,
                received_at: row.get(13)?,
                by: row.get(14)?,
                undoes: row.get(15)?,
                is_undone: row.get(16)?,
            })
        },
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

//! The SQL of the ledger. Rows are inserted and read, never changed.

mod journal;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{
    Facts, ItemName, KeptMovement, MovementId, MovementType, PlaceName, Remarks, Totals, TransferId,
};
use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::items::rules::costing::ItemCost;
use crate::apps::inventory::items::rules::{ItemId, TempZone};
use crate::apps::inventory::locations::rules::LocationId;
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::error::{Error, Result};

pub(super) use journal::{balance_before, count, list};

/// Goods without a lot.
const NO_LOT: i64 = 0;

/// An item, a place, and what of the one is at the other.
pub(super) struct Found {
    pub(super) item_rid: i64,
    pub(super) item: ItemName,
    pub(super) item_zone: Option<TempZone>,
    /// None when there is no such place.
    pub(super) place: Option<FoundPlace>,
    pub(super) qty_step: Qty,
    pub(super) cost: ItemCost,
    pub(super) totals: Totals,
    pub(super) has_minimum: bool,
    pub(super) on_hand: Qty,
}

pub(super) struct FoundPlace {
    pub(super) rid: i64,
    pub(super) name: PlaceName,
    pub(super) zone: Option<TempZone>,
    pub(super) is_active: bool,
}

impl Found {
    /// The facts with the lowest balance since the movement's moment.
    pub(super) fn facts(&self, lowest: Qty) -> Facts {
        Facts {
            qty_step: self.qty_step,
            cost: self.cost,
            totals: self.totals,
            on_hand: self.on_hand,
            lowest,
        }
    }
}

/// Everything a posting has to know, in one look. None when there is no such item.
pub(super) fn find(scope: &Scope<'_>, item: ItemId, place: LocationId) -> Result<Option<Found>> {
    Ok(scope
        .prepare_cached(
            "SELECT i.rid, i.item_number, i.name, i.unit, i.temp_zone, i.qty_step, i.unit_cost,
                 t.qty, t.value, l.rid, l.code, l.name, l.temp_zone, l.is_active, s.qty,
                 t.min_qty IS NOT NULL, i.cost_method
             FROM items AS i
             JOIN item_totals AS t ON t.item_id = i.rid
             LEFT JOIN locations AS l ON l.id = :place AND l.deleted_at IS NULL
             LEFT JOIN stocks AS s ON s.item_id = i.rid AND s.location_id = l.rid
                 AND s.lot_id = :no_lot
             WHERE i.id = :item AND i.deleted_at IS NULL",
        )?
        .query_row(named_params! { ":item": item, ":place": place, ":no_lot": NO_LOT }, |row| {
            Ok(Found {
                item_rid: row.get(0)?,
                item: ItemName {
                    id: item,
                    item_number: row.get(1)?,
                    name: row.get(2)?,
                    unit: row.get(3)?,
                },
                item_zone: row.get(4)?,
                place: found_place(row, place)?,
                qty_step: row.get(5)?,
                cost: ItemCost { price: row.get(6)?, method: row.get(16)? },
                totals: Totals { qty: row.get(7)?, value: row.get(8)? },
                on_hand: row.get::<_, Option<Qty>>(14)?.unwrap_or_default(),
                has_minimum: row.get(15)?,
            })
        })
        .optional()?)
}

fn found_place(row: &Row<'_>, id: LocationId) -> rusqlite::Result<Option<FoundPlace>> {
    let Some(rid) = row.get(9)? else { return Ok(None) };
    Ok(Some(FoundPlace {
        rid,
        name: PlaceName { id, code: row.get(10)?, name: row.get(11)? },
        zone: row.get(12)?,
        is_active: row.get(13)?,
    }))
}

/// What was moved at a place after a moment, newest first.
pub(super) fn moved_since(
    scope: &Scope<'_>,
    item_rid: i64,
    place_rid: i64,
    moment: Moment,
) -> Result<Vec<Qty>> {
    let mut statement = scope.prepare_cached(
        "SELECT qty FROM movements
         WHERE item_id = :item AND effective_at > :moment AND location_id = :place
           AND lot_id = :no_lot
         ORDER BY effective_at DESC, seq DESC",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":item": item_rid, ":place": place_rid, ":moment": moment, ":no_lot": NO_LOT,
        },
        |row| row.get(0),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A movement to insert.
pub(super) struct NewMovement<'a> {
    pub(super) id: MovementId,
    pub(super) kind: MovementType,
    pub(super) item_rid: i64,
    pub(super) place_rid: i64,
    pub(super) qty: Qty,
    pub(super) unit_cost: Option<Money>,
    pub(super) value: Money,
    pub(super) effective_at: Moment,
    pub(super) remarks: &'a Remarks,
    pub(super) reason_code: Option<&'static str>,
    /// Kept only when it was needed.
    pub(super) override_reason: Option<&'a str>,
    pub(super) transfer: Option<TransferId>,
    pub(super) reverses_seq: Option<i64>,
    pub(super) count_line_rid: Option<i64>,
    pub(super) receipt_line: Option<i64>,
}

/// Appends to the ledger and gives the entry's number. Its trigger brings the sums up to date.
pub(super) fn insert(scope: &Scope<'_>, new: &NewMovement<'_>) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "INSERT INTO movements (id, type, item_id, location_id, lot_id, qty, unit_cost, value,
                 effective_at, posted_at, posted_by, note, reference, reason_code,
                 override_reason, transfer_id, reverses_seq, count_line_id,
                 receipt_line_id)
             VALUES (:id, :type, :item, :place, :no_lot, :qty, :unit_cost, :value,
                 :effective_at, :now, :user, :note, :reference, :reason_code,
                 :override_reason, :transfer, :reverses, :count_line,
                 :receipt_line)",
        )?
        .insert(named_params! {
            ":id": new.id, ":type": new.kind.name(), ":item": new.item_rid,
            ":place": new.place_rid, ":no_lot": NO_LOT, ":qty": new.qty,
            ":unit_cost": new.unit_cost, ":value": new.value,
            ":effective_at": new.effective_at, ":now": scope.now(), ":user": scope.user(),
            ":note": new.remarks.note, ":reference": new.remarks.reference,
            ":reason_code": new.reason_code, ":override_reason": new.override_reason,
            ":transfer": new.transfer, ":reverses": new.reverses_seq,
            ":count_line": new.count_line_rid,
            ":receipt_line": new.receipt_line,
        })?)
}

/// What `movement` reads, of `movements AS m`, what it moved, and its reversals `o` and `r`.
macro_rules! columns {
    () => {
        "m.seq, m.id, m.type, i.id, i.item_number, i.name, i.unit, l.id, l.code, l.name, m.qty,
         m.unit_cost, m.value, m.note, m.reference, m.effective_at, m.posted_at, m.posted_by,
         m.transfer_id, o.id, r.id, m.override_reason, m.receipt_line_id"
    };
}
/// What those columns come from; `movements AS m` stands before it.
macro_rules! joins {
    () => {
        " CROSS JOIN items AS i ON i.rid = m.item_id
          CROSS JOIN locations AS l ON l.rid = m.location_id
          LEFT JOIN movements AS o ON o.seq = m.reverses_seq
          LEFT JOIN movements AS r ON r.reverses_seq = m.seq "
    };
}
use {columns, joins};

pub(super) fn get(scope: &Scope<'_>, id: MovementId) -> Result<KeptMovement> {
    let found = scope
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM movements AS m ",
            joins!(),
            " WHERE m.id = :id"
        ))?
        .query_row(named_params! { ":id": id }, movement)
        .optional()?;
    found.ok_or(Error::NotFound)
}

/// Both legs of a transfer, in the order they were posted.
pub(super) fn legs(scope: &Scope<'_>, transfer: TransferId) -> Result<Vec<KeptMovement>> {
    let mut statement = scope.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM movements AS m ",
        joins!(),
        " WHERE m.transfer_id = :transfer ORDER BY m.seq"
    ))?;
    let rows = statement.query_map(named_params! { ":transfer": transfer }, movement)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn movement(row: &Row<'_>) -> rusqlite::Result<KeptMovement> {
    Ok(KeptMovement {
        seq: row.get(0)?,
        id: row.get(1)?,
        kind: row.get(2)?,
        item: ItemName {
            id: row.get(3)?,
            item_number: row.get(4)?,
            name: row.get(5)?,
            unit: row.get(6)?,
        },
        place: PlaceName { id: row.get(7)?, code: row.get(8)?, name: row.get(9)? },
        qty: row.get(10)?,
        unit_cost: row.get(11)?,
        value: row.get(12)?,
        note: row.get(13)?,
        reference: row.get(14)?,
        effective_at: row.get(15)?,
        posted_at: row.get(16)?,
        posted_by: row.get(17)?,
        transfer: row.get(18)?,
        reverses: row.get(19)?,
        reversed_by: row.get(20)?,
        override_reason: row.get(21)?,
        receipt_line: row.get(22)?,
    })
}

impl FromSql for MovementType {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

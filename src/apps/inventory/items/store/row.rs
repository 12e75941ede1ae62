//! From rows of item × barcode to items.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Row, Rows};

use crate::apps::inventory::items::rules::costing::{CostMethod, ItemCost};
use crate::apps::inventory::items::rules::{Barcode, BarcodeKind, KeptItem, TempZone};
use crate::apps::inventory::movements::rules::Totals;
use crate::platform::error::Result;

/// What `items` reads, of `items AS i`, `item_totals AS t` and `item_barcodes AS b`.
macro_rules! columns {
    () => {
        "i.rid, i.id, i.version, i.item_number, i.name, i.unit, i.qty_step, i.category,
         i.min_qty, i.max_qty, i.unit_cost, i.temp_zone, i.notes, t.qty, t.value, i.created_at,
         i.updated_at, i.deleted_at, i.deleted_by, i.cost_method, b.code, b.kind, b.pack_qty"
    };
}
pub(super) use columns;

const BARCODE: usize = 20;

/// Joins the rows of an item, which stand one after the other.
pub(super) fn items(rows: &mut Rows<'_>) -> Result<Vec<KeptItem>> {
    joined(rows, item, |item| item)
}

/// As `items`, each with the column behind the others: how well it fits a search.
pub(super) fn items_with_tier(rows: &mut Rows<'_>) -> Result<Vec<(KeptItem, i64)>> {
    joined(rows, |row| Ok((item(row)?, row.get(BARCODE + 3)?)), |found| &mut found.0)
}

fn joined<T>(
    rows: &mut Rows<'_>,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    item_of: impl Fn(&mut T) -> &mut KeptItem,
) -> Result<Vec<T>> {
    let mut all: Vec<T> = Vec::new();
    while let Some(row) = rows.next()? {
        let rid: i64 = row.get(0)?;
        if all.last_mut().is_none_or(|last| item_of(last).rid != rid) {
            all.push(read(row)?);
        }
        let barcode = barcode(row)?;
        if let (Some(last), Some(barcode)) = (all.last_mut(), barcode) {
            item_of(last).barcodes.push(barcode);
        }
    }
    Ok(all)
}

fn item(row: &Row<'_>) -> rusqlite::Result<KeptItem> {
    Ok(KeptItem {
        rid: row.get(0)?,
        id: row.get(1)?,
        version: row.get(2)?,
        item_number: row.get(3)?,
        name: row.get(4)?,
        unit: row.get(5)?,
        qty_step: row.get(6)?,
        category: row.get(7)?,
        min_qty: row.get(8)?,
        max_qty: row.get(9)?,
        cost: ItemCost { price: row.get(10)?, method: row.get(19)? },
        temp_zone: row.get(11)?,
        notes: row.get(12)?,
        barcodes: Vec::new(),
        totals: Totals { qty: row.get(13)?, value: row.get(14)? },
        created_at: row.get(15)?,
        updated_at: row.get(16)?,
        deleted_at: row.get(17)?,
        deleted_by: row.get(18)?,
    })
}

fn barcode(row: &Row<'_>) -> rusqlite::Result<Option<Barcode>> {
    let Some(code) = row.get(BARCODE)? else { return Ok(None) };
    Ok(Some(Barcode { code, kind: row.get(BARCODE + 1)?, pack_qty: row.get(BARCODE + 2)? }))
}

impl FromSql for TempZone {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl FromSql for CostMethod {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl FromSql for BarcodeKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

//! The SQL of counting.

use crate::platform::ctx::Scope;
use crate::platform::error::Result;

pub(super) fn items(scope: &Scope<'_>) -> Result<i64> {
    Ok(scope
        .prepare_cached("SELECT count(*) FROM items WHERE deleted_at IS NULL")?
        .query_row([], |row| row.get(0))?)
}

pub(super) fn locations(scope: &Scope<'_>) -> Result<i64> {
    Ok(scope
        .prepare_cached("SELECT count(*) FROM locations WHERE deleted_at IS NULL")?
        .query_row([], |row| row.get(0))?)
}

/// Rows of the ledger are never deleted, so the last number is their count.
pub(super) fn movements(scope: &Scope<'_>) -> Result<i64> {
    Ok(scope
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM movements")?
        .query_row([], |row| row.get(0))?)
}

pub(super) fn has_amounts(scope: &Scope<'_>) -> Result<bool> {
    Ok(scope
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM movements WHERE unit_cost > 0)
                 OR EXISTS (SELECT 1 FROM purchase_order_lines WHERE unit_price > 0)",
        )?
        .query_row([], |row| row.get(0))?)
}

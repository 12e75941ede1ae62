//! The SQL of a recovery.

use rusqlite::named_params;

use crate::platform::ctx::Unit;
use crate::platform::error::Result;

/// Counts the recovery: the box that was lost is behind from now on.
/// Its epoch is higher than `other` then, too.
pub(super) fn begin_epoch(scope: &Unit<'_>, other: u64) -> Result<u64> {
    let other = i64::try_from(other).unwrap_or(i64::MAX - 1);
    let epoch: i64 = scope
        .prepare_cached(
            "UPDATE backup_state SET box_epoch = MAX(box_epoch, :other) + 1 WHERE one = 1
             RETURNING box_epoch",
        )?
        .query_row(named_params! { ":other": other }, |row| row.get(0))?;
    Ok(u64::try_from(epoch).unwrap_or_default())
}

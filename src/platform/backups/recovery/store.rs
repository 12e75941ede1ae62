//! The SQL of a recovery.

use crate::platform::ctx::Unit;
use crate::platform::error::Result;

/// Counts the recovery: the box that was lost is behind from now on.
pub(super) fn begin_epoch(scope: &Unit<'_>) -> Result<u64> {
    let epoch: i64 = scope
        .prepare_cached(
            "UPDATE backup_state SET box_epoch = box_epoch + 1 WHERE one = 1 RETURNING box_epoch",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(u64::try_from(epoch).unwrap_or_default())
}

//! The SQL of how long backups are kept.

use rusqlite::named_params;

use super::rules::Retention;
use crate::platform::ctx::Unit;
use crate::platform::error::Result;

pub(super) fn get(scope: &Unit<'_>) -> Result<Retention> {
    Ok(scope
        .prepare_cached(
            "SELECT daily, weekly, monthly, yearly, verified_min FROM backup_retention
             WHERE one = 1",
        )?
        .query_row([], |row| {
            Ok(Retention {
                daily: row.get(0)?,
                weekly: row.get(1)?,
                monthly: row.get(2)?,
                yearly: row.get(3)?,
                verified_min: row.get(4)?,
            })
        })?)
}

pub(super) fn put(scope: &Unit<'_>, retention: Retention) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE backup_retention SET daily = :daily, weekly = :weekly, monthly = :monthly,
                 yearly = :yearly, verified_min = :verified_min WHERE one = 1",
        )?
        .execute(named_params! {
            ":daily": retention.daily, ":weekly": retention.weekly,
            ":monthly": retention.monthly, ":yearly": retention.yearly,
            ":verified_min": retention.verified_min,
        })?;
    Ok(())
}

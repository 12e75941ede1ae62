//! The SQL of how long backups are kept.

use rusqlite::named_params;

use super::rules::Retention;
use crate::platform::clock::Moment;
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

/// When the clock jumped last, and what was said of it.
pub(super) fn jump(scope: &Unit<'_>) -> Result<Option<(Moment, String)>> {
    Ok(scope
        .prepare_cached("SELECT clock_jumped_at, clock_jump FROM backup_retention WHERE one = 1")?
        .query_row([], |row| {
            let (at, said): (Option<Moment>, Option<String>) = (row.get(0)?, row.get(1)?);
            Ok(at.zip(said))
        })?)
}

pub(super) fn note_jump(scope: &Unit<'_>, at: Moment, said: &str) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE backup_retention SET clock_jumped_at = :at, clock_jump = :said WHERE one = 1",
        )?
        .execute(named_params! { ":at": at, ":said": said })?;
    Ok(())
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

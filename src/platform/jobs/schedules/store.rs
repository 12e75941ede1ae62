//! The SQL of what operators decide about schedules.

use rusqlite::{Connection, named_params};

use super::rules::Setting;
use crate::platform::ctx::BoxScope;
use crate::platform::error::Result;

/// All that was decided, by kind.
pub(in crate::platform) fn all(connection: &Connection) -> Result<Vec<(String, Setting)>> {
    let mut statement =
        connection.prepare_cached("SELECT kind, cron, is_on, changed_at FROM job_settings")?;
    let rows = statement.query_map([], |row| {
        let (cron, is_on, changed_at) = (row.get(1)?, row.get(2)?, row.get(3)?);
        Ok((row.get(0)?, Setting { cron, is_on, changed_at }))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn put(scope: &BoxScope<'_>, kind: &str, setting: &Setting) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO job_settings (kind, cron, is_on, changed_at)
             VALUES (:kind, :cron, :is_on, :changed_at)
             ON CONFLICT (kind) DO UPDATE SET
                 cron = excluded.cron, is_on = excluded.is_on, changed_at = excluded.changed_at",
        )?
        .execute(named_params! {
            ":kind": kind, ":cron": setting.cron, ":is_on": setting.is_on,
            ":changed_at": setting.changed_at,
        })?;
    Ok(())
}

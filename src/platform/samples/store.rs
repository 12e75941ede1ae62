//! The SQL of how far the loading is.

use rusqlite::{OptionalExtension, named_params};

use crate::platform::app::SampleProgress;
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::Result;

/// What of an app's data is there, and the moment it is told at. None before the first part.
pub(super) fn get(scope: &Scope<'_>, app: &str) -> Result<Option<(SampleProgress, Moment)>> {
    Ok(scope
        .prepare_cached(
            "SELECT steps_done, steps_total, told_at FROM sample_loads WHERE app = :app",
        )?
        .query_row(named_params! { ":app": app }, |row| {
            let (done, total): (i64, i64) = (row.get(0)?, row.get(1)?);
            let [done, total] = [done, total].map(|steps| usize::try_from(steps).unwrap_or(0));
            Ok((SampleProgress { done, total }, row.get(2)?))
        })
        .optional()?)
}

pub(super) fn set(
    scope: &Scope<'_>,
    app: &str,
    progress: SampleProgress,
    told_at: Moment,
) -> Result<()> {
    let [done, total] = [progress.done, progress.total].map(integer);
    scope
        .prepare_cached(
            "INSERT INTO sample_loads (app, steps_done, steps_total, told_at)
             VALUES (:app, :done, :total, :told_at)
             ON CONFLICT (app) DO UPDATE SET steps_done = :done, steps_total = :total",
        )?
        .execute(named_params! {
            ":app": app, ":done": done, ":total": total, ":told_at": told_at,
        })?;
    Ok(())
}

//! How a workspace orders: one row, or the defaults.

use rusqlite::{OptionalExtension, named_params};

use crate::apps::inventory::orders::rules::receiving::Tolerance;
use crate::platform::ctx::Scope;
use crate::platform::error::Result;

pub(in crate::apps::inventory::orders) struct Settings {
    pub(in crate::apps::inventory::orders) tolerance: Tolerance,
    /// The last number that was given to an order that came without one.
    pub(in crate::apps::inventory::orders) last_number: i64,
    pub(in crate::apps::inventory::orders) version: i64,
}

pub(in crate::apps::inventory::orders) fn settings(scope: &Scope<'_>) -> Result<Settings> {
    let found = scope
        .prepare_cached("SELECT over_receipt, last_number, version FROM order_settings")?
        .query_row([], |row| {
            let tolerance = Tolerance::from_thousandths(row.get(0)?).unwrap_or_default();
            Ok(Settings { tolerance, last_number: row.get(1)?, version: row.get(2)? })
        })
        .optional()?;
    Ok(found.unwrap_or(Settings { tolerance: Tolerance::default(), last_number: 0, version: 1 }))
}

pub(in crate::apps::inventory::orders) fn set_tolerance(
    scope: &Scope<'_>,
    tolerance: Tolerance,
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO order_settings (rid, over_receipt, version) VALUES (1, :tolerance, 2)
             ON CONFLICT (rid) DO UPDATE SET over_receipt = :tolerance, version = version + 1",
        )?
        .execute(named_params! { ":tolerance": tolerance.thousandths() })?;
    Ok(())
}

/// Counts no change of the settings: people set nothing.
pub(in crate::apps::inventory::orders) fn set_last_number(
    scope: &Scope<'_>,
    last_number: i64,
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO order_settings (rid, last_number) VALUES (1, :last)
             ON CONFLICT (rid) DO UPDATE SET last_number = :last",
        )?
        .execute(named_params! { ":last": last_number })?;
    Ok(())
}

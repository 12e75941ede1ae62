//! The SQL of the doctor: it only reads.

use rusqlite::{OptionalExtension, named_params};

use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::error::Result;

/// Since when the box has an owner.
pub(super) fn owned_since(scope: &Unit<'_>) -> Result<Option<Moment>> {
    let found = scope
        .prepare_cached("SELECT claimed_at FROM box_settings WHERE id = 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(found.flatten())
}

/// The number of the newest migration of a set that a file has had.
pub(super) fn newest_migration(scope: &Unit<'_>, set: &str) -> Result<Option<i64>> {
    Ok(scope
        .prepare_cached("SELECT max(number) FROM applied_migrations WHERE set_name = :set")?
        .query_row(named_params! { ":set": set }, |row| row.get(0))?)
}

/// How many migrations of each set a file has had, and the newest of them.
pub(super) fn migrations(scope: &Unit<'_>) -> Result<Vec<(String, i64, i64)>> {
    let mut statement = scope.prepare_cached(
        "SELECT set_name, count(*), max(number) FROM applied_migrations GROUP BY set_name
         ORDER BY set_name",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Names of people, each once.
pub(super) fn people(scope: &Unit<'_>) -> Result<Vec<String>> {
    texts(
        scope,
        "SELECT name FROM users UNION SELECT name FROM people_elsewhere
         UNION SELECT name FROM registrations",
    )
}

/// Names that people gave to things, and where things outside the box are; each once.
pub(super) fn things(scope: &Unit<'_>) -> Result<Vec<String>> {
    texts(
        scope,
        "SELECT name FROM box_settings UNION SELECT name FROM workspaces
         UNION SELECT name FROM auth_families UNION SELECT name FROM passkeys
         UNION SELECT name FROM service_accounts UNION SELECT name FROM service_keys
         UNION SELECT name FROM custom_roles UNION SELECT name FROM webhooks
         UNION SELECT name FROM backup_kits UNION SELECT name FROM backup_targets
         UNION SELECT host FROM mail_settings UNION SELECT user_name FROM mail_settings
         UNION SELECT place.atom FROM backup_targets, json_tree(settings) AS place
             WHERE place.type = 'text'",
    )
}

fn texts(scope: &Unit<'_>, sql: &'static str) -> Result<Vec<String>> {
    let mut statement = scope.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| row.get::<_, Option<String>>(0))?;
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
}

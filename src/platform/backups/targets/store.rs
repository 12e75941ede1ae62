//! The SQL of targets.

use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, named_params};
use serde_json::{Value, json};

use super::rules::{Place, Target, TargetId, Tried};
use crate::platform::ctx::Unit;
use crate::platform::error::Result;

pub(super) fn insert(scope: &Unit<'_>, target: &Target) -> Result<()> {
    let Place::Folder { path } = &target.place;
    scope
        .prepare_cached(
            "INSERT INTO backup_targets (id, name, kind, settings, created_at)
             VALUES (:id, :name, :kind, :settings, :created_at)",
        )?
        .execute(named_params! {
            ":id": target.id, ":name": target.name, ":kind": target.place.kind(),
            ":settings": json!({ "path": path }).to_string(), ":created_at": target.created_at,
        })?;
    Ok(())
}

/// All targets, the oldest first.
pub(super) fn list(scope: &Unit<'_>) -> Result<Vec<Target>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, name, settings, created_at, last_at, last_is_ok, last_detail
         FROM backup_targets ORDER BY id",
    )?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn get(scope: &Unit<'_>, id: TargetId) -> Result<Option<Target>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, name, settings, created_at, last_at, last_is_ok, last_detail
             FROM backup_targets WHERE id = :id",
        )?
        .query_row(named_params! { ":id": id }, read)
        .optional()?)
}

pub(super) fn remove(scope: &Unit<'_>, id: TargetId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM backup_targets WHERE id = :id")?
        .execute(named_params! { ":id": id })?;
    Ok(())
}

/// Notes how a try to reach it ended.
pub(super) fn note(scope: &Unit<'_>, id: TargetId, tried: &Tried) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE backup_targets SET last_at = :at, last_is_ok = :is_ok, last_detail = :detail
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id, ":at": tried.at, ":is_ok": tried.is_ok, ":detail": tried.detail,
        })?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Target> {
    let settings: String = row.get(2)?;
    let settings: Value = serde_json::from_str(&settings)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(2, Type::Text, error.into()))?;
    let path = settings["path"].as_str().unwrap_or_default().into();
    let last = match row.get(4)? {
        Some(at) => Some(Tried { at, is_ok: row.get(5)?, detail: row.get(6)? }),
        None => None,
    };
    Ok(Target {
        id: row.get(0)?,
        name: row.get(1)?,
        place: Place::Folder { path },
        created_at: row.get(3)?,
        last,
    })
}

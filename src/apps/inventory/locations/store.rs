//! The SQL of places.

mod recycle;

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{KeptLocation, LocationDraft, LocationId, Parents, Shown};
use crate::apps::inventory::items::rules::TempZone;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};

pub(super) use recycle::{Forgettable, deleted, forget, forgettable};

/// What `location` reads, of `locations AS l` and its parent `p`.
macro_rules! columns {
    () => {
        "l.rid, l.id, l.version, l.code, l.name, l.temp_zone, p.id, l.is_active,
         (SELECT COUNT(DISTINCT s.item_id) FROM stocks AS s
          WHERE s.location_id = l.rid AND s.qty <> 0),
         l.created_at, l.updated_at, l.deleted_at, l.deleted_by"
    };
}

/// Places behind a code, by code.
pub(super) fn list(
    scope: &Scope<'_>,
    shown: Shown,
    after: (&str, i64),
    limit: usize,
) -> Result<Vec<KeptLocation>> {
    let mut statement = scope.prepare_cached(match shown {
        Shown::Living => concat!(
            "SELECT ",
            columns!(),
            " FROM locations AS l LEFT JOIN locations AS p ON p.rid = l.parent_id
             WHERE l.deleted_at IS NULL AND (l.code_key, l.rid) > (:code_key, :rid)
             ORDER BY l.code_key, l.rid LIMIT :limit"
        ),
        Shown::All => concat!(
            "SELECT ",
            columns!(),
            " FROM locations AS l LEFT JOIN locations AS p ON p.rid = l.parent_id
             WHERE (l.code_key, l.rid) > (:code_key, :rid)
             ORDER BY l.code_key, l.rid LIMIT :limit"
        ),
    })?;
    let rows = statement.query_map(
        named_params! {
            ":code_key": after.0, ":rid": after.1,
            ":limit": integer(limit),
        },
        location,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The place, deleted or not.
pub(super) fn get(scope: &Scope<'_>, id: LocationId) -> Result<KeptLocation> {
    let found = scope
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM locations AS l LEFT JOIN locations AS p ON p.rid = l.parent_id
             WHERE l.id = :id"
        ))?
        .query_row(named_params! { ":id": id }, location)
        .optional()?;
    found.ok_or(Error::NotFound)
}

/// The place with this code, if it is not deleted.
pub(super) fn by_code(scope: &Scope<'_>, key: &str) -> Result<Option<KeptLocation>> {
    Ok(scope
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM locations AS l LEFT JOIN locations AS p ON p.rid = l.parent_id
             WHERE l.code_key = :key AND l.deleted_at IS NULL"
        ))?
        .query_row(named_params! { ":key": key }, location)
        .optional()?)
}

/// The row of a place that is not deleted.
pub(super) fn rid(scope: &Scope<'_>, id: LocationId) -> Result<Option<i64>> {
    Ok(scope
        .prepare_cached("SELECT rid FROM locations WHERE id = :id AND deleted_at IS NULL")?
        .query_row(named_params! { ":id": id }, |row| row.get(0))
        .optional()?)
}

/// Whether another place has the code.
pub(super) fn is_code_taken(scope: &Scope<'_>, key: &str, but: Option<i64>) -> Result<bool> {
    let owner: Option<i64> = scope
        .prepare_cached("SELECT rid FROM locations WHERE code_key = :key AND deleted_at IS NULL")?
        .query_row(named_params! { ":key": key }, |row| row.get(0))
        .optional()?;
    Ok(owner.is_some_and(|owner| Some(owner) != but))
}

/// Who stands below whom.
pub(super) fn parents(scope: &Scope<'_>) -> Result<Parents<LocationId>> {
    let mut statement = scope.prepare_cached(
        "SELECT l.id, p.id FROM locations AS l JOIN locations AS p ON p.rid = l.parent_id
         WHERE l.deleted_at IS NULL",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many places there are.
pub(super) fn count(scope: &Scope<'_>) -> Result<usize> {
    let count: i64 = scope
        .prepare_cached("SELECT COUNT(*) FROM locations WHERE deleted_at IS NULL")?
        .query_row([], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

pub(super) fn insert(
    scope: &Scope<'_>,
    id: LocationId,
    draft: &LocationDraft,
    parent: Option<i64>,
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO locations (id, code, code_key, name, temp_zone, parent_id, is_active,
                 created_at, created_by, updated_at, updated_by)
             VALUES (:id, :code, :code_key, :name, :temp_zone, :parent, :is_active, :now, :user,
                 :now, :user)",
        )?
        .execute(named_params! {
            ":id": id, ":code": draft.code, ":code_key": draft.code_key(), ":name": draft.name,
            ":temp_zone": draft.temp_zone.map(TempZone::name), ":parent": parent,
            ":is_active": draft.is_active, ":now": scope.now(), ":user": scope.user(),
        })?;
    Ok(())
}

pub(super) fn update(
    scope: &Scope<'_>,
    rid: i64,
    draft: &LocationDraft,
    parent: Option<i64>,
) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE locations SET code = :code, code_key = :code_key, name = :name,
                 temp_zone = :temp_zone, parent_id = :parent, is_active = :is_active,
                 version = version + 1, updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! {
            ":rid": rid, ":code": draft.code, ":code_key": draft.code_key(),
            ":name": draft.name, ":temp_zone": draft.temp_zone.map(TempZone::name),
            ":parent": parent, ":is_active": draft.is_active, ":now": scope.now(),
            ":user": scope.user(),
        })?;
    Ok(())
}

/// Hides a place; its code is free from then on.
pub(super) fn delete(scope: &Scope<'_>, rid: i64) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE locations SET deleted_at = :now, deleted_by = :user, version = version + 1,
                 updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! { ":rid": rid, ":now": scope.now(), ":user": scope.user() })?;
    Ok(())
}

/// Brings a hidden place back.
pub(super) fn restore(scope: &Scope<'_>, rid: i64) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE locations SET deleted_at = NULL, deleted_by = NULL, version = version + 1,
                 updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! { ":rid": rid, ":now": scope.now(), ":user": scope.user() })?;
    Ok(())
}

/// Whether places stand below this one.
pub(super) fn has_places_below(scope: &Scope<'_>, rid: i64) -> Result<bool> {
    Ok(scope
        .prepare_cached(
            "SELECT EXISTS (
                 SELECT 1 FROM locations WHERE parent_id = :rid AND deleted_at IS NULL)",
        )?
        .query_row(named_params! { ":rid": rid }, |row| row.get(0))?)
}

fn location(row: &Row<'_>) -> rusqlite::Result<KeptLocation> {
    Ok(KeptLocation {
        rid: row.get(0)?,
        id: row.get(1)?,
        version: row.get(2)?,
        code: row.get(3)?,
        name: row.get(4)?,
        temp_zone: row.get(5)?,
        parent: row.get(6)?,
        is_active: row.get(7)?,
        stock_items: row.get(8)?,
        created_at: row.get(9)?,
        updated_at: row.get(10)?,
        deleted_at: row.get(11)?,
        deleted_by: row.get(12)?,
    })
}

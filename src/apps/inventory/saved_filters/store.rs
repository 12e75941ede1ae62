//! The SQL of saved filters. Every statement names the person: no row of another is reached.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{KeptSavedFilter, SavedFilterDraft, SavedFilterId};
use crate::apps::inventory::items::rules::listing::Sort;
use crate::platform::ctx::Scope;
use crate::platform::error::{Error, Result};
use crate::platform::identity::UserId;

/// What `saved_filter` reads.
macro_rules! columns {
    () => {
        "rid, id, version, name, search, category, location_uuid, is_low, sort,
         created_at, updated_at"
    };
}

/// A person's filters by name.
pub(super) fn list(scope: &Scope<'_>, person: UserId) -> Result<Vec<KeptSavedFilter>> {
    let mut statement = scope.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM saved_filters WHERE person_id = :person ORDER BY name_key"
    ))?;
    let rows = statement.query_map(named_params! { ":person": person }, saved_filter)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many filters a person has.
pub(super) fn count(scope: &Scope<'_>, person: UserId) -> Result<usize> {
    let count: i64 = scope
        .prepare_cached("SELECT COUNT(*) FROM saved_filters WHERE person_id = :person")?
        .query_row(named_params! { ":person": person }, |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

pub(super) fn get(scope: &Scope<'_>, person: UserId, id: SavedFilterId) -> Result<KeptSavedFilter> {
    let found = scope
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM saved_filters WHERE person_id = :person AND id = :id"
        ))?
        .query_row(named_params! { ":person": person, ":id": id }, saved_filter)
        .optional()?;
    found.ok_or(Error::NotFound)
}

/// The row of a person's filter with this name.
pub(super) fn rid_by_name(scope: &Scope<'_>, person: UserId, key: &str) -> Result<Option<i64>> {
    Ok(scope
        .prepare_cached(
            "SELECT rid FROM saved_filters WHERE person_id = :person AND name_key = :key",
        )?
        .query_row(named_params! { ":person": person, ":key": key }, |row| row.get(0))
        .optional()?)
}

pub(super) fn insert(
    scope: &Scope<'_>,
    person: UserId,
    id: SavedFilterId,
    draft: &SavedFilterDraft,
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO saved_filters (id, person_id, name, name_key, search, category,
                 location_uuid, is_low, sort, created_at, updated_at)
             VALUES (:id, :person, :name, :key, :search, :category,
                 :location, :is_low, :sort, :now, :now)",
        )?
        .execute(named_params! {
            ":id": id, ":person": person, ":name": draft.name, ":key": draft.name_key(),
            ":search": draft.search, ":category": draft.category, ":location": draft.location,
            ":is_low": draft.is_low, ":sort": draft.sort.map(Sort::written),
            ":now": scope.now(),
        })?;
    Ok(())
}

pub(super) fn update(
    scope: &Scope<'_>,
    person: UserId,
    id: SavedFilterId,
    draft: &SavedFilterDraft,
) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE saved_filters SET name = :name, name_key = :key, search = :search,
                 category = :category, location_uuid = :location, is_low = :is_low,
                 sort = :sort, version = version + 1, updated_at = :now
             WHERE person_id = :person AND id = :id",
        )?
        .execute(named_params! {
            ":id": id, ":person": person, ":name": draft.name, ":key": draft.name_key(),
            ":search": draft.search, ":category": draft.category, ":location": draft.location,
            ":is_low": draft.is_low, ":sort": draft.sort.map(Sort::written),
            ":now": scope.now(),
        })?;
    Ok(())
}

pub(super) fn delete(scope: &Scope<'_>, person: UserId, id: SavedFilterId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM saved_filters WHERE person_id = :person AND id = :id")?
        .execute(named_params! { ":person": person, ":id": id })?;
    Ok(())
}

fn saved_filter(row: &Row<'_>) -> rusqlite::Result<KeptSavedFilter> {
    let sort: Option<String> = row.get(8)?;
    Ok(KeptSavedFilter {
        rid: row.get(0)?,
        id: row.get(1)?,
        version: row.get(2)?,
        draft: SavedFilterDraft {
            name: row.get(3)?,
            search: row.get(4)?,
            category: row.get(5)?,
            location: row.get(6)?,
            is_low: row.get(7)?,
            // What only a later release sorts by is as good as nothing.
            sort: sort.as_deref().and_then(Sort::read),
        },
        created_at: row.get(9)?,
        updated_at: row.get(10)?,
    })
}

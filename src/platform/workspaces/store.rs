//! The SQL of workspaces and of a workspace file's own id.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::rules::{Apps, State, States, Workspace, WorkspaceId};
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxScope;
use crate::platform::db::integer;
use crate::platform::error::Result;

pub(super) fn insert(scope: &BoxScope<'_>, workspace: &Workspace) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO workspaces
                 (id, name, time_zone, currency, locale, week_start, apps, is_sample, version,
                  created_at, updated_at)
             VALUES (:id, :name, :time_zone, :currency, :locale, :week_start, :apps, :is_sample,
                 1, :now, :now)",
        )?
        .execute(named_params! {
            ":id": workspace.id, ":name": workspace.name, ":time_zone": workspace.time_zone,
            ":currency": workspace.currency, ":locale": workspace.locale,
            ":week_start": workspace.week_start, ":apps": workspace.apps.text(),
            ":is_sample": workspace.is_sample, ":now": scope.now(),
        })?;
    Ok(())
}

/// Writes all that can change and counts the version up.
pub(super) fn update(scope: &BoxScope<'_>, workspace: &Workspace) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE workspaces SET name = :name, time_zone = :time_zone, currency = :currency,
                 locale = :locale, week_start = :week_start, apps = :apps,
                 archived_at = :archived_at, deleted_at = :deleted_at, version = version + 1,
                 updated_at = :now
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": workspace.id, ":name": workspace.name, ":time_zone": workspace.time_zone,
            ":currency": workspace.currency, ":locale": workspace.locale,
            ":week_start": workspace.week_start, ":apps": workspace.apps.text(),
            ":archived_at": workspace.archived_at, ":deleted_at": workspace.deleted_at,
            ":now": scope.now(),
        })?;
    Ok(())
}

pub(super) fn get(scope: &BoxScope<'_>, id: WorkspaceId) -> Result<Option<Workspace>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, name, time_zone, currency, locale, week_start, apps, is_sample,
                 archived_at, deleted_at, version, created_at, updated_at
             FROM workspaces WHERE id = :id AND purged_at IS NULL",
        )?
        .query_row(named_params! { ":id": id }, workspace)
        .optional()?)
}

/// All that were not purged, deleted ones too, as a connection sees them.
pub(super) fn kept_ids(connection: &Connection) -> Result<Vec<WorkspaceId>> {
    let mut statement =
        connection.prepare("SELECT id FROM workspaces WHERE purged_at IS NULL ORDER BY id")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Deleted before `before` and not purged yet, the oldest first.
pub(super) fn due(scope: &BoxScope<'_>, before: Moment, limit: usize) -> Result<Vec<Workspace>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, name, time_zone, currency, locale, week_start, apps, is_sample,
             archived_at, deleted_at, version, created_at, updated_at
         FROM workspaces
         WHERE deleted_at IS NOT NULL AND deleted_at <= :before AND purged_at IS NULL
         ORDER BY deleted_at LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows =
        statement.query_map(named_params! { ":before": before, ":limit": limit }, workspace)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Those whose purge was begun.
pub(super) fn begun(scope: &BoxScope<'_>, limit: usize) -> Result<Vec<WorkspaceId>> {
    let mut statement = scope.prepare_cached(
        "SELECT id FROM workspaces
         WHERE deleted_at IS NOT NULL AND purged_at IS NOT NULL
         ORDER BY deleted_at LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows = statement.query_map(named_params! { ":limit": limit }, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// From here on there is no way back.
pub(super) fn begin_purge(scope: &BoxScope<'_>, id: WorkspaceId) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE workspaces SET deleted_at = coalesce(deleted_at, :now), purged_at = :now
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":now": scope.now() })?;
    Ok(())
}

/// Removes the rows of a workspace whose file is gone. Its invitations go with it.
pub(super) fn remove(scope: &BoxScope<'_>, id: WorkspaceId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM workspaces WHERE id = :id AND purged_at IS NOT NULL")?
        .execute(named_params! { ":id": id })?;
    Ok(())
}

/// All workspaces of the box in these states, oldest first; what follows `after`.
pub(super) fn list(
    scope: &BoxScope<'_>,
    states: States,
    after: Option<WorkspaceId>,
    limit: usize,
) -> Result<Vec<Workspace>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, name, time_zone, currency, locale, week_start, apps, is_sample,
             archived_at, deleted_at, version, created_at, updated_at
         FROM workspaces
         WHERE (:after IS NULL OR id > :after) AND purged_at IS NULL
             AND CASE WHEN deleted_at IS NOT NULL THEN :deleted
                 WHEN archived_at IS NOT NULL THEN :archived ELSE :active END
         ORDER BY id LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows = statement.query_map(
        named_params! {
            ":after": after, ":limit": limit, ":active": states.has(State::Active),
            ":archived": states.has(State::Archived), ":deleted": states.has(State::Deleted),
        },
        workspace,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Workspaces that are not deleted, the longest unseen first.
pub(super) fn by_last_look(scope: &BoxScope<'_>) -> Result<Vec<WorkspaceId>> {
    let mut statement = scope.prepare_cached(
        "SELECT id FROM workspaces WHERE deleted_at IS NULL ORDER BY checked_at NULLS FIRST, id",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Notes that files were looked through.
pub(super) fn note_look(scope: &BoxScope<'_>, ids: &[WorkspaceId], at: Moment) -> Result<()> {
    let mut statement =
        scope.prepare_cached("UPDATE workspaces SET checked_at = :at WHERE id = :id")?;
    for id in ids {
        statement.execute(named_params! { ":id": id, ":at": at })?;
    }
    Ok(())
}

pub(super) fn count(scope: &BoxScope<'_>) -> Result<i64> {
    Ok(scope
        .prepare_cached("SELECT count(*) FROM workspaces WHERE deleted_at IS NULL")?
        .query_row([], |row| row.get(0))?)
}

fn workspace(row: &Row<'_>) -> rusqlite::Result<Workspace> {
    Ok(Workspace {
        id: row.get(0)?,
        name: row.get(1)?,
        time_zone: row.get(2)?,
        currency: row.get(3)?,
        locale: row.get(4)?,
        week_start: row.get(5)?,
        apps: Apps::read(row.get::<_, Option<String>>(6)?.as_deref()),
        is_sample: row.get(7)?,
        archived_at: row.get(8)?,
        deleted_at: row.get(9)?,
        version: row.get(10)?,
        created_at: row.get(11)?,
        updated_at: row.get(12)?,
    })
}

/// Writes the file's own id; once per file.
pub(super) fn stamp_file(connection: &Connection, id: WorkspaceId, now: Moment) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO workspace_file (id, workspace_id, created_at) VALUES (1, :id, :now)",
        )?
        .execute(named_params! { ":id": id, ":now": now })?;
    Ok(())
}

/// Gives a file that was copied an id of its own.
pub(super) fn stamp_anew(connection: &Connection, id: WorkspaceId) -> Result<()> {
    connection
        .prepare_cached("UPDATE workspace_file SET workspace_id = :id WHERE id = 1")?
        .execute(named_params! { ":id": id })?;
    Ok(())
}

/// Whether anything ever happened in a file: what was made and never became a workspace has a log
/// without entries, or no log at all.
pub(super) fn is_unused(connection: &Connection) -> Result<bool> {
    let tables: i64 = connection
        .prepare_cached("SELECT count(*) FROM sqlite_schema WHERE name = 'audit_entries'")?
        .query_row([], |row| row.get(0))?;
    if tables == 0 {
        return Ok(true);
    }
    let entries: i64 = connection
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM audit_entries LIMIT 1)")?
        .query_row([], |row| row.get(0))?;
    Ok(entries == 0)
}

/// The ids of all rows, of deleted workspaces as well.
pub(super) fn all_ids(scope: &BoxScope<'_>) -> Result<HashSet<WorkspaceId>> {
    let mut statement = scope.prepare_cached("SELECT id FROM workspaces")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The id a file says it has.
pub(super) fn file_id(connection: &Connection) -> Result<Option<WorkspaceId>> {
    Ok(connection
        .prepare_cached("SELECT workspace_id FROM workspace_file WHERE id = 1")?
        .query_row([], |row| row.get(0))
        .optional()?)
}

//! The SQL of workspaces and of a workspace file's own id.

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::rules::{Workspace, WorkspaceId};
use crate::platform::access::Role;
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxScope;
use crate::platform::error::Result;
use crate::platform::identity::UserId;

pub(super) fn insert(scope: &BoxScope<'_>, workspace: &Workspace) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO workspaces
                 (id, name, time_zone, currency, locale, week_start, version, created_at,
                  updated_at)
             VALUES (:id, :name, :time_zone, :currency, :locale, :week_start, 1, :now, :now)",
        )?
        .execute(named_params! {
            ":id": workspace.id, ":name": workspace.name, ":time_zone": workspace.time_zone,
            ":currency": workspace.currency, ":locale": workspace.locale,
            ":week_start": workspace.week_start, ":now": scope.now(),
        })?;
    Ok(())
}

pub(super) fn insert_member(
    scope: &BoxScope<'_>,
    user: UserId,
    workspace: WorkspaceId,
    role: Role,
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO memberships (user_id, workspace_id, role, created_at)
             VALUES (:user, :workspace, :role, :now)",
        )?
        .execute(named_params! {
            ":user": user, ":workspace": workspace, ":role": role.name(), ":now": scope.now(),
        })?;
    Ok(())
}

pub(super) fn get(scope: &BoxScope<'_>, id: WorkspaceId) -> Result<Workspace> {
    Ok(scope
        .prepare_cached(
            "SELECT id, name, time_zone, currency, locale, week_start, version, created_at
             FROM workspaces WHERE id = :id",
        )?
        .query_row(named_params! { ":id": id }, workspace)?)
}

/// All workspaces of the box, oldest first; what follows `after`.
pub(super) fn list(
    scope: &BoxScope<'_>,
    after: Option<WorkspaceId>,
    limit: usize,
) -> Result<Vec<Workspace>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, name, time_zone, currency, locale, week_start, version, created_at
         FROM workspaces WHERE :after IS NULL OR id > :after ORDER BY id LIMIT :limit",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows =
        statement.query_map(named_params! { ":after": after, ":limit": limit }, workspace)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn count(scope: &BoxScope<'_>) -> Result<i64> {
    Ok(scope.prepare_cached("SELECT count(*) FROM workspaces")?.query_row([], |row| row.get(0))?)
}

pub(super) fn count_members(scope: &BoxScope<'_>, id: WorkspaceId) -> Result<i64> {
    Ok(scope
        .prepare_cached("SELECT count(*) FROM memberships WHERE workspace_id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get(0))?)
}

fn workspace(row: &Row<'_>) -> rusqlite::Result<Workspace> {
    Ok(Workspace {
        id: row.get(0)?,
        name: row.get(1)?,
        time_zone: row.get(2)?,
        currency: row.get(3)?,
        locale: row.get(4)?,
        week_start: row.get(5)?,
        version: row.get(6)?,
        created_at: row.get(7)?,
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

/// The id a file says it has.
pub(super) fn file_id(connection: &Connection) -> Result<Option<WorkspaceId>> {
    Ok(connection
        .prepare_cached("SELECT workspace_id FROM workspace_file WHERE id = 1")?
        .query_row([], |row| row.get(0))
        .optional()?)
}

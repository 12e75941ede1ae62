//! The SQL of damaged workspaces.

use rusqlite::{Connection, Row, named_params};

use super::rules::{Damage, Damaged};
use crate::platform::ctx::BoxScope;
use crate::platform::error::Result;
use crate::platform::workspaces::WorkspaceId;

/// All that are marked.
pub(in crate::platform) fn all(connection: &Connection) -> Result<Vec<(WorkspaceId, Damage)>> {
    let mut statement =
        connection.prepare("SELECT workspace_id, found_at, found FROM damaged_workspaces")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, damage(row, 1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Those that are marked and not deleted, the longest known first.
pub(super) fn list(scope: &BoxScope<'_>) -> Result<Vec<Damaged>> {
    let mut statement = scope.prepare_cached(
        "SELECT workspaces.id, workspaces.name, found_at, found
         FROM damaged_workspaces JOIN workspaces ON workspaces.id = workspace_id
         WHERE deleted_at IS NULL ORDER BY found_at, workspaces.id",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Damaged { workspace: row.get(0)?, name: row.get(1)?, damage: damage(row, 2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn damage(row: &Row<'_>, at: usize) -> rusqlite::Result<Damage> {
    Ok(Damage { found_at: row.get(at)?, found: row.get(at + 1)? })
}

/// Marks a workspace; false where it is marked already.
pub(super) fn insert(scope: &BoxScope<'_>, id: WorkspaceId, damage: &Damage) -> Result<bool> {
    let inserted = scope
        .prepare_cached(
            "INSERT OR IGNORE INTO damaged_workspaces (workspace_id, found_at, found)
             VALUES (:id, :found_at, :found)",
        )?
        .execute(named_params! {
            ":id": id, ":found_at": damage.found_at, ":found": damage.found,
        })?;
    Ok(inserted == 1)
}

/// Takes a mark away; false where there was none.
pub(super) fn remove(scope: &BoxScope<'_>, id: WorkspaceId) -> Result<bool> {
    let removed = scope
        .prepare_cached("DELETE FROM damaged_workspaces WHERE workspace_id = :id")?
        .execute(named_params! { ":id": id })?;
    Ok(removed == 1)
}

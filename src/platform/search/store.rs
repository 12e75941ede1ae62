//! The SQL of the search in the box's own file.

use rusqlite::named_params;

use crate::platform::ctx::BoxScope;
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::identity::UserId;
use crate::platform::workspaces::WorkspaceId;

/// Members of a workspace by name, with their addresses.
pub(super) fn members(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    limit: usize,
) -> Result<Vec<(UserId, String, String)>> {
    let mut statement = scope.prepare_cached(
        "SELECT u.id, u.name, u.email FROM memberships AS m JOIN users AS u ON u.id = m.user_id
         WHERE m.workspace_id = :workspace ORDER BY u.name, u.id LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows = statement
        .query_map(named_params! { ":workspace": workspace, ":limit": limit }, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

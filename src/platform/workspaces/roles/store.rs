//! The SQL of roles that workspaces made.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{CustomRole, name_key, name_taken};
use crate::platform::access::CustomRoleId;
use crate::platform::ctx::Unit;
use crate::platform::db::OnConstraint;
use crate::platform::error::{Error, Result};
use crate::platform::workspaces::WorkspaceId;

pub(super) fn insert(scope: &Unit<'_>, role: &CustomRole, needs_factor: bool) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO custom_roles (id, workspace_id, name, name_key, description, permissions,
                 needs_factor, version, created_at, updated_at)
             VALUES (:id, :workspace, :name, :name_key, :description, :permissions,
                 :needs_factor, 1, :now, :now)",
        )?
        .execute(named_params! {
            ":id": role.id, ":workspace": role.workspace, ":name": role.name,
            ":name_key": name_key(&role.name), ":description": role.description,
            ":permissions": json(&role.permissions)?, ":needs_factor": needs_factor,
            ":now": scope.now(),
        })
        .on_constraint("custom_roles.workspace_id", name_taken)?;
    Ok(())
}

/// Writes what can change and counts the version up.
pub(super) fn update(scope: &Unit<'_>, role: &CustomRole, needs_factor: bool) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE custom_roles SET name = :name, name_key = :name_key,
                 description = :description, permissions = :permissions,
                 needs_factor = :needs_factor, version = version + 1, updated_at = :now
             WHERE workspace_id = :workspace AND id = :id",
        )?
        .execute(named_params! {
            ":id": role.id, ":workspace": role.workspace, ":name": role.name,
            ":name_key": name_key(&role.name), ":description": role.description,
            ":permissions": json(&role.permissions)?, ":needs_factor": needs_factor,
            ":now": scope.now(),
        })
        .on_constraint("custom_roles.workspace_id", name_taken)?;
    Ok(())
}

pub(super) fn remove(scope: &Unit<'_>, workspace: WorkspaceId, id: CustomRoleId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM custom_roles WHERE workspace_id = :workspace AND id = :id")?
        .execute(named_params! { ":workspace": workspace, ":id": id })?;
    Ok(())
}

pub(super) fn get(
    scope: &Unit<'_>,
    workspace: WorkspaceId,
    id: CustomRoleId,
) -> Result<Option<CustomRole>> {
    let found = scope
        .prepare_cached(
            "SELECT id, workspace_id, name, description, version, permissions FROM custom_roles
             WHERE workspace_id = :workspace AND id = :id",
        )?
        .query_row(named_params! { ":workspace": workspace, ":id": id }, raw)
        .optional()?;
    found.map(role).transpose()
}

/// Roles of a workspace in the order they were made. There are few.
pub(super) fn list(scope: &Unit<'_>, workspace: WorkspaceId) -> Result<Vec<CustomRole>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, workspace_id, name, description, version, permissions FROM custom_roles
         WHERE workspace_id = :workspace ORDER BY id",
    )?;
    let rows = statement.query_map(named_params! { ":workspace": workspace }, raw)?;
    rows.map(|row| role(row?)).collect()
}

fn json(permissions: &BTreeSet<String>) -> Result<String> {
    serde_json::to_string(permissions).map_err(Error::internal)
}

/// A row whose permissions were not read yet.
type Raw = (CustomRole, String);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    let role = CustomRole {
        id: row.get(0)?,
        workspace: row.get(1)?,
        name: row.get(2)?,
        description: row.get(3)?,
        permissions: BTreeSet::new(),
        version: row.get(4)?,
    };
    Ok((role, row.get(5)?))
}

fn role((role, permissions): Raw) -> Result<CustomRole> {
    let permissions = serde_json::from_str(&permissions).map_err(Error::internal)?;
    Ok(CustomRole { permissions, ..role })
}

//! The SQL of memberships.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Member, already_member};
use crate::platform::access::{AnyRole, CustomRoleId, NamedRole, Role};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::{OnConstraint, integer};
use crate::platform::error::Result;
use crate::platform::identity::UserId;
use crate::platform::workspaces::WorkspaceId;

pub(super) fn insert(
    scope: &Unit<'_>,
    user: UserId,
    workspace: WorkspaceId,
    role: AnyRole,
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO memberships
                 (user_id, workspace_id, role, custom_role_id, created_at, role_since)
             VALUES (:user, :workspace, :role, :custom, :now, :now)",
        )?
        .execute(named_params! {
            ":user": user, ":workspace": workspace, ":role": role.base().name(),
            ":custom": role.custom(), ":now": scope.now(),
        })
        .on_constraint("memberships.user_id", already_member)?;
    Ok(())
}

pub(super) fn get(
    scope: &Unit<'_>,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Option<Member>> {
    let found = scope
        .prepare_cached(
            "SELECT u.id, u.name, u.email, m.role, m.version, m.created_at, u.disabled_at,
                 (SELECT max(last_seen_at) FROM auth_families WHERE user_id = u.id),
                 m.custom_role_id, coalesce(r.name, m.role)
             FROM memberships AS m JOIN users AS u ON u.id = m.user_id
             LEFT JOIN custom_roles AS r ON r.id = m.custom_role_id
             WHERE m.workspace_id = :workspace AND m.user_id = :user",
        )?
        .query_row(named_params! { ":workspace": workspace, ":user": user }, raw)
        .optional()?;
    found.map(member).transpose()
}

/// Members in the order their accounts were made; what follows `after`.
pub(super) fn list(
    scope: &Unit<'_>,
    workspace: WorkspaceId,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<Member>> {
    let mut statement = scope.prepare_cached(
        "SELECT u.id, u.name, u.email, m.role, m.version, m.created_at, u.disabled_at,
             (SELECT max(last_seen_at) FROM auth_families WHERE user_id = u.id),
             m.custom_role_id, coalesce(r.name, m.role)
         FROM memberships AS m JOIN users AS u ON u.id = m.user_id
         LEFT JOIN custom_roles AS r ON r.id = m.custom_role_id
         WHERE m.workspace_id = :workspace AND (:after IS NULL OR m.user_id > :after)
         ORDER BY m.user_id LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows = statement.query_map(
        named_params! { ":workspace": workspace, ":after": after, ":limit": limit },
        raw,
    )?;
    rows.map(|row| member(row?)).collect()
}

/// Workspaces a person belongs to, with their names, in the order they came in. Deleted ones are
/// left out.
pub(super) fn list_of(
    scope: &Unit<'_>,
    user: UserId,
) -> Result<Vec<(WorkspaceId, String, NamedRole)>> {
    let mut statement = scope.prepare_cached(
        "SELECT w.id, w.name, m.role, m.custom_role_id, coalesce(r.name, m.role)
         FROM memberships AS m JOIN workspaces AS w ON w.id = m.workspace_id
         LEFT JOIN custom_roles AS r ON r.id = m.custom_role_id
         WHERE m.user_id = :user AND w.deleted_at IS NULL ORDER BY m.created_at, w.id",
    )?;
    let rows = statement.query_map(named_params! { ":user": user }, |row| {
        let kept: (String, Option<CustomRoleId>) = (row.get(2)?, row.get(3)?);
        Ok((row.get(0)?, row.get(1)?, kept, row.get(4)?))
    })?;
    rows.map(|row| {
        let (id, workspace, (base, custom), name) = row?;
        Ok((id, workspace, NamedRole { role: AnyRole::read(&base, custom)?, name }))
    })
    .collect()
}

/// How many there are of each role that somebody has, by its name.
pub(super) fn count_by_role(
    scope: &Unit<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<(String, i64)>> {
    let mut statement = scope.prepare_cached(
        "SELECT coalesce(r.name, m.role) AS called, count(*)
         FROM memberships AS m LEFT JOIN custom_roles AS r ON r.id = m.custom_role_id
         WHERE m.workspace_id = :workspace GROUP BY called ORDER BY called",
    )?;
    let rows = statement.query_map(named_params! { ":workspace": workspace }, |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn count(scope: &Unit<'_>, workspace: WorkspaceId) -> Result<i64> {
    Ok(scope
        .prepare_cached("SELECT count(*) FROM memberships WHERE workspace_id = :id")?
        .query_row(named_params! { ":id": workspace }, |row| row.get(0))?)
}

/// Owners besides one person who can sign in.
pub(super) fn count_other_owners(
    scope: &Unit<'_>,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "SELECT count(*) FROM memberships AS m JOIN users AS u ON u.id = m.user_id
             WHERE m.workspace_id = :workspace AND m.user_id <> :user AND m.role = 'owner'
               AND u.disabled_at IS NULL",
        )?
        .query_row(named_params! { ":workspace": workspace, ":user": user }, |row| row.get(0))?)
}

/// Gives a member another role and their next version. `since` is set where the role changes
/// whether a second factor is needed.
pub(super) fn set_role(
    scope: &Unit<'_>,
    workspace: WorkspaceId,
    user: UserId,
    role: AnyRole,
    since: Option<Moment>,
) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE memberships SET role = :role, custom_role_id = :custom,
                 version = version + 1, role_since = coalesce(:since, role_since)
             WHERE workspace_id = :workspace AND user_id = :user",
        )?
        .execute(named_params! {
            ":workspace": workspace, ":user": user, ":role": role.base().name(),
            ":custom": role.custom(), ":since": since,
        })?;
    Ok(())
}

/// Counts the grace for a second factor from now on for all who have a role.
pub(super) fn need_factor_from_now(scope: &Unit<'_>, role: CustomRoleId) -> Result<()> {
    scope
        .prepare_cached("UPDATE memberships SET role_since = :now WHERE custom_role_id = :role")?
        .execute(named_params! { ":role": role, ":now": scope.now() })?;
    Ok(())
}

/// How many people have each role: a built-in one, or a custom one.
pub(super) fn count_holders(
    scope: &Unit<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<(AnyRole, i64)>> {
    let mut statement = scope.prepare_cached(
        "SELECT role, custom_role_id, count(*) FROM memberships
         WHERE workspace_id = :workspace GROUP BY role, custom_role_id",
    )?;
    let rows = statement.query_map(named_params! { ":workspace": workspace }, |row| {
        Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
    })?;
    rows.map(|row| {
        let (base, custom, count) = row?;
        Ok((AnyRole::read(&base, custom)?, count))
    })
    .collect()
}

pub(super) fn remove(scope: &Unit<'_>, workspace: WorkspaceId, user: UserId) -> Result<()> {
    scope
        .prepare_cached(
            "DELETE FROM memberships WHERE workspace_id = :workspace AND user_id = :user",
        )?
        .execute(named_params! { ":workspace": workspace, ":user": user })?;
    Ok(())
}

/// Forgets who belonged to a workspace that is gone for good.
pub(super) fn remove_all(scope: &Unit<'_>, workspace: WorkspaceId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM memberships WHERE workspace_id = :workspace")?
        .execute(named_params! { ":workspace": workspace })?;
    Ok(())
}

/// A row whose role was not read yet.
type Raw = (Member, String, Option<CustomRoleId>);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    let member = Member {
        user: row.get(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        role: Role::Viewer.into(),
        role_name: row.get(9)?,
        version: row.get(4)?,
        joined_at: row.get(5)?,
        is_disabled: row.get::<_, Option<i64>>(6)?.is_some(),
        last_seen_at: row.get(7)?,
    };
    Ok((member, row.get(3)?, row.get(8)?))
}

fn member((member, base, custom): Raw) -> Result<Member> {
    Ok(Member { role: AnyRole::read(&base, custom)?, ..member })
}

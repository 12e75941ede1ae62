//! The SQL of memberships.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Member, already_member};
use crate::platform::access::Role;
use crate::platform::ctx::Unit;
use crate::platform::db::OnConstraint;
use crate::platform::error::{Error, Result};
use crate::platform::identity::UserId;
use crate::platform::workspaces::WorkspaceId;

pub(super) fn insert(
    scope: &Unit<'_>,
    user: UserId,
    workspace: WorkspaceId,
    role: Role,
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO memberships (user_id, workspace_id, role, created_at, role_since)
             VALUES (:user, :workspace, :role, :now, :now)",
        )?
        .execute(named_params! {
            ":user": user, ":workspace": workspace, ":role": role.name(), ":now": scope.now(),
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
                 (SELECT max(last_seen_at) FROM auth_families WHERE user_id = u.id)
             FROM memberships AS m JOIN users AS u ON u.id = m.user_id
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
             (SELECT max(last_seen_at) FROM auth_families WHERE user_id = u.id)
         FROM memberships AS m JOIN users AS u ON u.id = m.user_id
         WHERE m.workspace_id = :workspace AND (:after IS NULL OR m.user_id > :after)
         ORDER BY m.user_id LIMIT :limit",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(
        named_params! { ":workspace": workspace, ":after": after, ":limit": limit },
        raw,
    )?;
    rows.map(|row| member(row?)).collect()
}

/// Workspaces a person belongs to, with their names, in the order they came in. Deleted ones are
/// left out.
pub(super) fn list_of(scope: &Unit<'_>, user: UserId) -> Result<Vec<(WorkspaceId, String, Role)>> {
    let mut statement = scope.prepare_cached(
        "SELECT w.id, w.name, m.role
         FROM memberships AS m JOIN workspaces AS w ON w.id = m.workspace_id
         WHERE m.user_id = :user AND w.deleted_at IS NULL ORDER BY m.created_at, w.id",
    )?;
    let rows = statement.query_map(named_params! { ":user": user }, |row| {
        Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))
    })?;
    rows.map(|row| {
        let (id, name, text) = row?;
        Ok((id, name, role(&text)?))
    })
    .collect()
}

/// How many there are of each role that somebody has.
pub(super) fn count_by_role(
    scope: &Unit<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<(String, i64)>> {
    let mut statement = scope.prepare_cached(
        "SELECT role, count(*) FROM memberships WHERE workspace_id = :workspace
         GROUP BY role ORDER BY role",
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

/// Gives a member another role and their next version. Between owner and admin the moment stays
/// from which a second factor is needed.
pub(super) fn set_role(
    scope: &Unit<'_>,
    workspace: WorkspaceId,
    user: UserId,
    role: Role,
) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE memberships SET role = :role, version = version + 1,
                 role_since = CASE
                     WHEN role IN ('owner', 'admin') AND :role IN ('owner', 'admin')
                     THEN role_since ELSE :now END
             WHERE workspace_id = :workspace AND user_id = :user",
        )?
        .execute(named_params! {
            ":workspace": workspace, ":user": user, ":role": role.name(), ":now": scope.now(),
        })?;
    Ok(())
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
type Raw = (Member, String);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    let member = Member {
        user: row.get(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        role: Role::Viewer,
        version: row.get(4)?,
        joined_at: row.get(5)?,
        is_disabled: row.get::<_, Option<i64>>(6)?.is_some(),
        last_seen_at: row.get(7)?,
    };
    Ok((member, row.get(3)?))
}

fn member((member, text): Raw) -> Result<Member> {
    Ok(Member { role: role(&text)?, ..member })
}

fn role(text: &str) -> Result<Role> {
    text.parse().map_err(|()| Error::internal(format!("unknown role {text}")))
}

//! The SQL of invitations.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Invitation, InvitationId};
use crate::platform::access::{AnyRole, CustomRoleId, Role};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::identity::UserId;
use crate::platform::workspaces::WorkspaceId;

/// Keeps an invitation. The one for the same address before it is gone.
pub(super) fn replace(
    scope: &Unit<'_>,
    invitation: &Invitation,
    token_hash: &[u8; 32],
) -> Result<()> {
    scope
        .prepare_cached(
            "DELETE FROM invitations
             WHERE workspace_id = :workspace AND email_key = :email_key",
        )?
        .execute(named_params! {
            ":workspace": invitation.workspace, ":email_key": invitation.email_key,
        })?;
    scope
        .prepare_cached(
            "INSERT INTO invitations (id, workspace_id, email, email_key, role, custom_role_id,
                 token_hash, invited_by, invited_by_service, created_at, expires_at)
             VALUES (:id, :workspace, :email, :email_key, :role, :custom,
                 :token_hash, :invited_by, :by_service, :created_at, :expires_at)",
        )?
        .execute(named_params! {
            ":id": invitation.id, ":workspace": invitation.workspace, ":email": invitation.email,
            ":email_key": invitation.email_key, ":role": invitation.role.base().name(),
            ":custom": invitation.role.custom(), ":token_hash": token_hash,
            ":invited_by": invitation.invited_by, ":by_service": invitation.by_service,
            ":created_at": invitation.created_at,
            ":expires_at": invitation.expires_at,
        })?;
    Ok(())
}

/// Gives an invitation another link.
pub(super) fn set_token(scope: &Unit<'_>, id: InvitationId, token_hash: &[u8; 32]) -> Result<()> {
    scope
        .prepare_cached("UPDATE invitations SET token_hash = :token_hash WHERE id = :id")?
        .execute(named_params! { ":id": id, ":token_hash": token_hash })?;
    Ok(())
}

pub(super) fn find(scope: &Unit<'_>, token_hash: &[u8; 32]) -> Result<Option<Invitation>> {
    let found = scope
        .prepare_cached(
            "SELECT i.id, i.workspace_id, i.email, i.email_key, i.invited_by, i.created_at,
                 i.expires_at, i.role, i.custom_role_id, coalesce(r.name, i.role),
                 i.invited_by_service
             FROM invitations AS i LEFT JOIN custom_roles AS r ON r.id = i.custom_role_id
             WHERE i.token_hash = :token_hash",
        )?
        .query_row(named_params! { ":token_hash": token_hash }, raw)
        .optional()?;
    found.map(invitation).transpose()
}

pub(super) fn get(
    scope: &Unit<'_>,
    workspace: WorkspaceId,
    id: InvitationId,
) -> Result<Option<Invitation>> {
    let found = scope
        .prepare_cached(
            "SELECT i.id, i.workspace_id, i.email, i.email_key, i.invited_by, i.created_at,
                 i.expires_at, i.role, i.custom_role_id, coalesce(r.name, i.role),
                 i.invited_by_service
             FROM invitations AS i LEFT JOIN custom_roles AS r ON r.id = i.custom_role_id
             WHERE i.workspace_id = :workspace AND i.id = :id",
        )?
        .query_row(named_params! { ":workspace": workspace, ":id": id }, raw)
        .optional()?;
    found.map(invitation).transpose()
}

/// Invitations of a workspace, newest first; what follows `before`.
pub(super) fn list(
    scope: &Unit<'_>,
    workspace: WorkspaceId,
    before: Option<InvitationId>,
    limit: usize,
) -> Result<Vec<Invitation>> {
    let mut statement = scope.prepare_cached(
        "SELECT i.id, i.workspace_id, i.email, i.email_key, i.invited_by, i.created_at,
             i.expires_at, i.role, i.custom_role_id, coalesce(r.name, i.role),
             i.invited_by_service
         FROM invitations AS i LEFT JOIN custom_roles AS r ON r.id = i.custom_role_id
         WHERE i.workspace_id = :workspace AND (:before IS NULL OR i.id < :before)
         ORDER BY i.id DESC LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows = statement.query_map(
        named_params! { ":workspace": workspace, ":before": before, ":limit": limit },
        raw,
    )?;
    rows.map(|row| invitation(row?)).collect()
}

pub(super) fn count(scope: &Unit<'_>, workspace: WorkspaceId) -> Result<i64> {
    Ok(scope
        .prepare_cached("SELECT count(*) FROM invitations WHERE workspace_id = :workspace")?
        .query_row(named_params! { ":workspace": workspace }, |row| row.get(0))?)
}

/// How many there are with a role, expired ones included.
pub(super) fn count_with(scope: &Unit<'_>, role: CustomRoleId) -> Result<i64> {
    Ok(scope
        .prepare_cached("SELECT count(*) FROM invitations WHERE custom_role_id = :role")?
        .query_row(named_params! { ":role": role }, |row| row.get(0))?)
}

/// False when there was none.
pub(super) fn remove(scope: &Unit<'_>, id: InvitationId) -> Result<bool> {
    let removed = scope
        .prepare_cached("DELETE FROM invitations WHERE id = :id")?
        .execute(named_params! { ":id": id })?;
    Ok(removed > 0)
}

/// Invitations that a person sent or that are for their address.
pub(super) fn around(scope: &Unit<'_>, user: UserId, email_key: &str) -> Result<Vec<Invitation>> {
    let mut statement = scope.prepare_cached(
        "SELECT i.id, i.workspace_id, i.email, i.email_key, i.invited_by, i.created_at,
             i.expires_at, i.role, i.custom_role_id, coalesce(r.name, i.role),
             i.invited_by_service
         FROM invitations AS i LEFT JOIN custom_roles AS r ON r.id = i.custom_role_id
         WHERE i.invited_by = :user OR i.email_key = :email_key",
    )?;
    let rows =
        statement.query_map(named_params! { ":user": user, ":email_key": email_key }, raw)?;
    rows.map(|row| invitation(row?)).collect()
}

/// Drops what expired before `before`, and says how many.
pub(super) fn drop_expired(scope: &Unit<'_>, before: Moment) -> Result<usize> {
    Ok(scope
        .prepare_cached("DELETE FROM invitations WHERE expires_at < :before")?
        .execute(named_params! { ":before": before })?)
}

/// A row whose role was not read yet.
type Raw = (Invitation, String, Option<CustomRoleId>);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    let invitation = Invitation {
        id: row.get(0)?,
        workspace: row.get(1)?,
        email: row.get(2)?,
        email_key: row.get(3)?,
        role: Role::Viewer.into(),
        role_name: row.get(9)?,
        invited_by: row.get(4)?,
        by_service: row.get(10)?,
        created_at: row.get(5)?,
        expires_at: row.get(6)?,
    };
    Ok((invitation, row.get(7)?, row.get(8)?))
}

fn invitation((invitation, base, custom): Raw) -> Result<Invitation> {
    Ok(Invitation { role: AnyRole::read(&base, custom)?, ..invitation })
}

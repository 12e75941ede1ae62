//! The SQL of credential families and their values.

pub(super) mod programs;

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{FamilyId, Kind, Known, Listed};
use crate::platform::access::CustomRoleId;
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::identity::UserId;
use crate::platform::workspaces::rules::{Apps, Standing, State, WorkspaceId};

/// Finds a presented value by its hash. Disabled people have no good values.
pub(super) fn find(scope: &Unit<'_>, token_hash: &[u8; 32]) -> Result<Option<Known>> {
    Ok(scope
        .prepare_cached(
            "SELECT f.id, f.user_id, f.kind, t.serial, t.minted_at, f.expires_at, f.last_seen_at,
                 f.revoked_at IS NOT NULL OR u.disabled_at IS NOT NULL,
                 f.presented_serial, f.presented_at, n.serial, n.minted_at
             FROM auth_tokens AS t
             JOIN auth_families AS f ON f.id = t.family_id
             JOIN users AS u ON u.id = f.user_id
             JOIN auth_tokens AS n ON n.family_id = f.id
             WHERE t.token_hash = :hash
             ORDER BY n.serial DESC LIMIT 1",
        )?
        .query_row(named_params! { ":hash": token_hash }, known)
        .optional()?)
}

/// The newest value of a family.
pub(super) fn find_newest(scope: &Unit<'_>, family: FamilyId) -> Result<Option<Known>> {
    Ok(scope
        .prepare_cached(
            "SELECT f.id, f.user_id, f.kind, t.serial, t.minted_at, f.expires_at, f.last_seen_at,
                 f.revoked_at IS NOT NULL OR u.disabled_at IS NOT NULL,
                 f.presented_serial, f.presented_at, t.serial, t.minted_at
             FROM auth_families AS f
             JOIN users AS u ON u.id = f.user_id
             JOIN auth_tokens AS t ON t.family_id = f.id
             WHERE f.id = :family
             ORDER BY t.serial DESC LIMIT 1",
        )?
        .query_row(named_params! { ":family": family }, known)
        .optional()?)
}

fn known(row: &Row<'_>) -> rusqlite::Result<Known> {
    let kind: String = row.get(2)?;
    Ok(Known {
        family: row.get(0)?,
        user: row.get(1)?,
        kind: Kind::of_family(&kind),
        serial: row.get(3)?,
        minted_at: row.get(4)?,
        expires_at: row.get(5)?,
        last_seen_at: row.get(6)?,
        is_revoked: row.get(7)?,
        presented_serial: row.get(8)?,
        presented_at: row.get(9)?,
        newest_serial: row.get(10)?,
        newest_minted_at: row.get(11)?,
    })
}

/// What a principal is made of.
pub(super) struct Person {
    pub name: String,
    pub is_operator: bool,
    pub elevated_until: Option<Moment>,
    /// Set when a personal token is narrowed.
    pub only_workspace: Option<WorkspaceId>,
    /// JSON list.
    pub only_permissions: Option<String>,
    pub memberships: Vec<Belonging>,
}

/// Where somebody belongs, and as what.
pub(super) struct Belonging {
    pub workspace: WorkspaceId,
    pub role: String,
    pub custom_role: Option<CustomRoleId>,
    /// JSON list of what the custom role may.
    pub permissions: Option<String>,
    pub standing: Standing,
}

pub(super) fn person(scope: &Unit<'_>, family: FamilyId) -> Result<Person> {
    let mut person = scope
        .prepare_cached(
            "SELECT u.name, u.is_operator, f.workspace_id, f.permissions, f.elevated_until
             FROM auth_families AS f JOIN users AS u ON u.id = f.user_id WHERE f.id = :family",
        )?
        .query_row(named_params! { ":family": family }, |row| {
            Ok(Person {
                name: row.get(0)?,
                is_operator: row.get(1)?,
                only_workspace: row.get(2)?,
                only_permissions: row.get(3)?,
                elevated_until: row.get(4)?,
                memberships: Vec::new(),
            })
        })?;
    let mut statement = scope.prepare_cached(
        "SELECT m.workspace_id, m.role, w.archived_at IS NOT NULL, w.deleted_at IS NOT NULL,
             w.apps, w.version, m.custom_role_id, r.permissions
         FROM auth_families AS f
         JOIN memberships AS m ON m.user_id = f.user_id
         JOIN workspaces AS w ON w.id = m.workspace_id AND w.purged_at IS NULL
         LEFT JOIN custom_roles AS r ON r.id = m.custom_role_id
         WHERE f.id = :family ORDER BY m.created_at, m.workspace_id",
    )?;
    let rows = statement.query_map(named_params! { ":family": family }, |row| {
        Ok(Belonging {
            workspace: row.get(0)?,
            role: row.get(1)?,
            custom_role: row.get(6)?,
            permissions: row.get(7)?,
            standing: standing(row)?,
        })
    })?;
    person.memberships = rows.collect::<rusqlite::Result<_>>()?;
    Ok(person)
}

fn standing(row: &Row<'_>) -> rusqlite::Result<Standing> {
    let apps: Option<String> = row.get(4)?;
    Ok(Standing {
        state: State::of(row.get(2)?, row.get(3)?),
        apps: Apps::read(apps.as_deref()),
        version: row.get(5)?,
    })
}

/// A new family and its first value.
pub(super) struct NewFamily<'a> {
    pub id: FamilyId,
    pub user: UserId,
    pub kind: Kind,
    pub name: &'a str,
    pub workspace: Option<WorkspaceId>,
    pub permissions: Option<String>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub expires_at: Moment,
    pub elevated_until: Option<Moment>,
    pub token_hash: [u8; 32],
}

pub(super) fn insert_family(scope: &Unit<'_>, family: &NewFamily<'_>) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO auth_families (id, user_id, kind, name, workspace_id, permissions,
                 address, user_agent, created_at, expires_at, last_seen_at, presented_at,
                 elevated_until)
             VALUES (:id, :user, :kind, :name, :workspace, :permissions, :address, :user_agent,
                 :now, :expires_at, :now, :now, :elevated_until)",
        )?
        .execute(named_params! {
            ":id": family.id, ":user": family.user, ":kind": family.kind.name(),
            ":name": family.name,
            ":workspace": family.workspace, ":permissions": family.permissions,
            ":address": family.address, ":user_agent": family.user_agent, ":now": scope.now(),
            ":expires_at": family.expires_at, ":elevated_until": family.elevated_until,
        })?;
    insert_token(scope, family.id, 1, &family.token_hash)
}

pub(super) fn insert_token(
    scope: &Unit<'_>,
    family: FamilyId,
    serial: i64,
    token_hash: &[u8; 32],
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO auth_tokens (token_hash, family_id, serial, minted_at)
             VALUES (:hash, :family, :serial, :now)",
        )?
        .execute(named_params! {
            ":hash": token_hash, ":family": family, ":serial": serial, ":now": scope.now(),
        })?;
    Ok(())
}

/// Drops successors up to `serial` that never came back. What did come back stays, to be
/// recognised when it is used again.
pub(super) fn drop_unpresented(scope: &Unit<'_>, family: FamilyId, serial: i64) -> Result<()> {
    scope
        .prepare_cached(
            "DELETE FROM auth_tokens
             WHERE family_id = :family AND serial <= :serial
               AND serial > (SELECT presented_serial FROM auth_families WHERE id = :family)",
        )?
        .execute(named_params! { ":family": family, ":serial": serial })?;
    Ok(())
}

/// Notes that a value was presented for the first time.
pub(super) fn present(scope: &Unit<'_>, family: FamilyId, serial: i64) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE auth_families
             SET presented_serial = :serial, presented_at = :now, last_seen_at = :now
             WHERE id = :family AND presented_serial < :serial",
        )?
        .execute(named_params! { ":family": family, ":serial": serial, ":now": scope.now() })?;
    Ok(())
}

pub(super) fn touch(scope: &Unit<'_>, family: FamilyId) -> Result<()> {
    scope
        .prepare_cached("UPDATE auth_families SET last_seen_at = :now WHERE id = :family")?
        .execute(named_params! { ":family": family, ":now": scope.now() })?;
    Ok(())
}

/// Lets a session do more up to a moment.
pub(super) fn elevate(scope: &Unit<'_>, family: FamilyId, until: Moment) -> Result<()> {
    scope
        .prepare_cached("UPDATE auth_families SET elevated_until = :until WHERE id = :family")?
        .execute(named_params! { ":family": family, ":until": until })?;
    Ok(())
}

/// Ends a family; false when it had ended before.
pub(super) fn revoke(scope: &Unit<'_>, family: FamilyId, reason: &str) -> Result<bool> {
    let changed = scope
        .prepare_cached(
            "UPDATE auth_families SET revoked_at = :now, revoked_reason = :reason
             WHERE id = :family AND revoked_at IS NULL",
        )?
        .execute(named_params! { ":family": family, ":now": scope.now(), ":reason": reason })?;
    Ok(changed > 0)
}

/// When a person last used any session or token.
pub(super) fn last_seen(scope: &Unit<'_>, user: UserId) -> Result<Option<Moment>> {
    Ok(scope
        .prepare_cached("SELECT max(last_seen_at) FROM auth_families WHERE user_id = :user")?
        .query_row(named_params! { ":user": user }, |row| row.get(0))?)
}

/// A person's sessions or tokens that can still be used, newest first.
pub(super) fn list(
    scope: &Unit<'_>,
    user: UserId,
    kind: Kind,
    idle_since: Moment,
) -> Result<Vec<Listed>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, name, workspace_id, permissions, address, user_agent, created_at, expires_at,
             last_seen_at
         FROM auth_families
         WHERE user_id = :user AND kind = :kind AND revoked_at IS NULL AND expires_at > :now
           AND (kind <> 'session' OR last_seen_at >= :idle_since)
         ORDER BY created_at DESC, id DESC",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":user": user, ":kind": kind.name(), ":now": scope.now(), ":idle_since": idle_since,
        },
        listed,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One session or token of a person, ended ones included.
pub(super) fn get(
    scope: &Unit<'_>,
    user: UserId,
    kind: Kind,
    family: FamilyId,
) -> Result<Option<Listed>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, name, workspace_id, permissions, address, user_agent, created_at,
                 expires_at, last_seen_at
             FROM auth_families WHERE id = :family AND user_id = :user AND kind = :kind",
        )?
        .query_row(named_params! { ":family": family, ":user": user, ":kind": kind.name() }, listed)
        .optional()?)
}

fn listed(row: &Row<'_>) -> rusqlite::Result<Listed> {
    Ok(Listed {
        id: row.get(0)?,
        name: row.get(1)?,
        workspace: row.get(2)?,
        permissions: row.get(3)?,
        address: row.get(4)?,
        user_agent: row.get(5)?,
        created_at: row.get(6)?,
        expires_at: row.get(7)?,
        last_seen_at: row.get(8)?,
    })
}

/// Ends all sessions of a person, those of programs too, and says which were still good.
pub(super) fn revoke_sessions(
    scope: &Unit<'_>,
    user: UserId,
    reason: &str,
) -> Result<Vec<FamilyId>> {
    let mut statement = scope.prepare_cached(
        "UPDATE auth_families SET revoked_at = :now, revoked_reason = :reason
         WHERE user_id = :user AND kind IN ('session', 'program') AND revoked_at IS NULL
         RETURNING id",
    )?;
    let rows = statement.query_map(
        named_params! { ":user": user, ":now": scope.now(), ":reason": reason },
        |row| row.get(0),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Ends all sessions of a person but one, those of programs too, and says which were still good.
pub(super) fn revoke_other_sessions(
    scope: &Unit<'_>,
    user: UserId,
    kept: FamilyId,
    reason: &str,
) -> Result<Vec<FamilyId>> {
    let mut statement = scope.prepare_cached(
        "UPDATE auth_families SET revoked_at = :now, revoked_reason = :reason
         WHERE user_id = :user AND kind IN ('session', 'program') AND id <> :kept
           AND revoked_at IS NULL
         RETURNING id",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":user": user, ":kept": kept, ":now": scope.now(), ":reason": reason,
        },
        |row| row.get(0),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Ends all personal tokens of a person, and says which were still good.
pub(super) fn revoke_tokens(scope: &Unit<'_>, user: UserId, reason: &str) -> Result<Vec<FamilyId>> {
    let mut statement = scope.prepare_cached(
        "UPDATE auth_families SET revoked_at = :now, revoked_reason = :reason
         WHERE user_id = :user AND kind = 'token' AND revoked_at IS NULL RETURNING id",
    )?;
    let rows = statement.query_map(
        named_params! { ":user": user, ":now": scope.now(), ":reason": reason },
        |row| row.get(0),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Ends a person's tokens that are good for one workspace alone.
pub(super) fn revoke_tokens_for(
    scope: &Unit<'_>,
    user: UserId,
    workspace: WorkspaceId,
    reason: &str,
) -> Result<Vec<FamilyId>> {
    let mut statement = scope.prepare_cached(
        "UPDATE auth_families SET revoked_at = :now, revoked_reason = :reason
         WHERE user_id = :user AND kind = 'token' AND workspace_id = :workspace
           AND revoked_at IS NULL RETURNING id",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":user": user, ":workspace": workspace, ":now": scope.now(), ":reason": reason,
        },
        |row| row.get(0),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Drops families that ended before `before`, with their values, at most so many.
pub(super) fn drop_all_ended(scope: &Unit<'_>, before: Moment, most: usize) -> Result<usize> {
    Ok(scope
        .prepare_cached(
            "DELETE FROM auth_families WHERE id IN (
                 SELECT id FROM auth_families
                 WHERE revoked_at < :before OR expires_at < :before LIMIT :most)",
        )?
        .execute(named_params! {
            ":before": before, ":most": integer(most),
        })?)
}

/// Drops a person's families that ended before `before`, with their values.
pub(super) fn drop_ended(scope: &Unit<'_>, user: UserId, before: Moment) -> Result<()> {
    scope
        .prepare_cached(
            "DELETE FROM auth_families
             WHERE user_id = :user AND (revoked_at < :before OR expires_at < :before)",
        )?
        .execute(named_params! { ":user": user, ":before": before })?;
    Ok(())
}

//! The SQL of registration.

use std::net::IpAddr;

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Place, Registration, RegistrationId, Settings};
use crate::platform::access::Role;
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};
use crate::platform::identity::UserId;
use crate::platform::identity::users::rules::email_key;
use crate::platform::workspaces::WorkspaceId;

pub(super) fn settings(scope: &Unit<'_>) -> Result<Settings> {
    let found = scope
        .prepare_cached(
            "SELECT mode, domains, workspace_id, role, chosen_by FROM registration_settings
             WHERE id = 1",
        )?
        .query_row([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, Option<WorkspaceId>>(2)?,
                row.get::<_, Option<String>>(3)?,
                row.get::<_, Option<UserId>>(4)?,
            ))
        })
        .optional()?;
    let Some((mode, domains, workspace, role, chosen_by)) = found else {
        return Ok(Settings::default());
    };
    let role = role.map(|role| role.parse::<Role>()).transpose();
    let role = role.map_err(|()| Error::internal("an unknown role"))?;
    let domains = domains.split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect();
    let place = workspace.zip(role).map(|(workspace, role)| Place { workspace, role });
    Ok(Settings { is_open: mode == "domains", domains, place, chosen_by })
}

pub(super) fn keep_settings(scope: &Unit<'_>, settings: &Settings) -> Result<()> {
    let mode = if settings.is_open { "domains" } else { "closed" };
    scope
        .prepare_cached(
            "INSERT INTO registration_settings
                 (id, mode, domains, workspace_id, role, chosen_by, updated_at)
             VALUES (1, :mode, :domains, :workspace, :role, :chosen_by, :now)
             ON CONFLICT (id) DO UPDATE SET mode = excluded.mode, domains = excluded.domains,
                 workspace_id = excluded.workspace_id, role = excluded.role,
                 chosen_by = excluded.chosen_by, updated_at = excluded.updated_at",
        )?
        .execute(named_params! {
            ":mode": mode, ":domains": settings.domains.join(" "),
            ":workspace": settings.place.map(|place| place.workspace),
            ":role": settings.place.map(|place| place.role.name()),
            ":chosen_by": settings.chosen_by, ":now": scope.now(),
        })?;
    Ok(())
}

/// Keeps a registration; an earlier one of the address dies.
pub(super) fn replace(
    scope: &Unit<'_>,
    registration: &Registration,
    token_hash: &[u8; 32],
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO registrations
                 (id, name, email, email_key, token_hash, network, created_at, expires_at)
             VALUES (:id, :name, :email, :email_key, :token_hash, :network, :created_at,
                 :expires_at)
             ON CONFLICT (email_key) DO UPDATE SET id = excluded.id, name = excluded.name,
                 email = excluded.email, token_hash = excluded.token_hash,
                 network = excluded.network, created_at = excluded.created_at,
                 expires_at = excluded.expires_at",
        )?
        .execute(named_params! {
            ":id": registration.id, ":name": registration.name, ":email": registration.email,
            ":email_key": email_key(&registration.email), ":token_hash": token_hash,
            ":network": registration.network.map(|one| one.to_string()),
            ":created_at": registration.created_at, ":expires_at": registration.expires_at,
        })?;
    Ok(())
}

/// A registration by its link.
pub(super) fn find(scope: &Unit<'_>, token_hash: &[u8; 32]) -> Result<Option<Registration>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, name, email, network, created_at, expires_at FROM registrations
             WHERE token_hash = :token_hash",
        )?
        .query_row(named_params! { ":token_hash": token_hash }, read)
        .optional()?)
}

/// The registration of an address, while its link is good.
pub(super) fn waiting(scope: &Unit<'_>, email_key: &str) -> Result<Option<Registration>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, name, email, network, created_at, expires_at FROM registrations
             WHERE email_key = :email_key AND expires_at > :now",
        )?
        .query_row(named_params! { ":email_key": email_key, ":now": scope.now() }, read)
        .optional()?)
}

/// Somebody who waits; nobody who has an account.
pub(super) fn get(scope: &Unit<'_>, id: RegistrationId) -> Result<Option<Registration>> {
    Ok(scope
        .prepare_cached(
            "SELECT r.id, r.name, r.email, r.network, r.created_at, r.expires_at
             FROM registrations AS r LEFT JOIN users AS u ON u.email_key = r.email_key
             WHERE r.id = :id AND u.id IS NULL",
        )?
        .query_row(named_params! { ":id": id }, read)
        .optional()?)
}

/// Those who wait and have no account, newest first; what follows `before`.
pub(super) fn list(
    scope: &Unit<'_>,
    before: Option<RegistrationId>,
    limit: usize,
) -> Result<Vec<Registration>> {
    let mut statement = scope.prepare_cached(
        "SELECT r.id, r.name, r.email, r.network, r.created_at, r.expires_at
         FROM registrations AS r LEFT JOIN users AS u ON u.email_key = r.email_key
         WHERE r.expires_at > :now AND (:before IS NULL OR r.id < :before) AND u.id IS NULL
         ORDER BY r.id DESC LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows = statement.query_map(
        named_params! { ":now": scope.now(), ":before": before, ":limit": limit },
        read,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Gives a registration another link.
pub(super) fn set_token(
    scope: &Unit<'_>,
    registration: &Registration,
    token_hash: &[u8; 32],
) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE registrations SET token_hash = :token_hash, expires_at = :expires_at
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": registration.id, ":token_hash": token_hash,
            ":expires_at": registration.expires_at,
        })?;
    Ok(())
}

pub(super) fn remove(scope: &Unit<'_>, id: RegistrationId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM registrations WHERE id = :id")?
        .execute(named_params! { ":id": id })?;
    Ok(())
}

/// How many wait, those with an account included: of a network, or in all.
pub(super) fn count(scope: &Unit<'_>, network: Option<IpAddr>) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "SELECT count(*) FROM registrations
             WHERE expires_at > :now AND (:network IS NULL OR network = :network)",
        )?
        .query_row(
            named_params! {
                ":now": scope.now(), ":network": network.map(|one| one.to_string()),
            },
            |row| row.get(0),
        )?)
}

/// Drops what nobody confirmed in time, and says how many.
pub(super) fn drop_expired(scope: &Unit<'_>) -> Result<usize> {
    Ok(scope
        .prepare_cached("DELETE FROM registrations WHERE expires_at <= :now")?
        .execute(named_params! { ":now": scope.now() })?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Registration> {
    Ok(Registration {
        id: row.get(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        network: row.get::<_, Option<String>>(3)?.and_then(|network| network.parse().ok()),
        created_at: row.get(4)?,
        expires_at: row.get(5)?,
    })
}

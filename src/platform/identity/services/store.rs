//! The SQL of service accounts.

use std::collections::BTreeSet;

use ipnet::IpNet;
use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Account, Key, KeyId, ServiceId};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};
use crate::platform::identity::sessions::rules::FamilyId;
use crate::platform::workspaces::WorkspaceId;

/// A row whose lists were not read yet.
struct Raw {
    account: Account,
    permissions: String,
    channels: String,
    networks: String,
}

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    let account = Account {
        id: row.get(0)?,
        name: row.get(1)?,
        workspace: row.get(2)?,
        permissions: BTreeSet::new(),
        channels: Vec::new(),
        networks: Vec::new(),
        has_secret: row.get(6)?,
        family: row.get(7)?,
        created_by: row.get(8)?,
        created_at: row.get(9)?,
        disabled_at: row.get(10)?,
        last_used_at: row.get(11)?,
        last_used_from: row.get(12)?,
    };
    Ok(Raw { account, permissions: row.get(3)?, channels: row.get(4)?, networks: row.get(5)? })
}

fn read(raw: Raw) -> Result<Account> {
    let Raw { account, permissions, channels, networks } = raw;
    let networks: Vec<String> = serde_json::from_str(&networks).map_err(Error::internal)?;
    let networks: Result<Vec<IpNet>, _> = networks.iter().map(|one| one.parse()).collect();
    Ok(Account {
        permissions: serde_json::from_str(&permissions).map_err(Error::internal)?,
        channels: serde_json::from_str(&channels).map_err(Error::internal)?,
        networks: networks.map_err(Error::internal)?,
        ..account
    })
}

fn json<T: serde::Serialize>(list: &T) -> Result<String> {
    serde_json::to_string(list).map_err(Error::internal)
}

fn written(networks: &[IpNet]) -> Result<String> {
    json(&networks.iter().map(ToString::to_string).collect::<Vec<_>>())
}

const COLUMNS: &str = "id, name, workspace_id, permissions, channels, allow_cidrs,
    secret_hash IS NOT NULL, family_id, created_by, created_at, disabled_at, last_used_at,
    last_used_from";

/// Accounts that were not deleted, the newest first, older than `before`.
pub(super) fn list(
    scope: &Unit<'_>,
    before: Option<ServiceId>,
    limit: usize,
) -> Result<Vec<Account>> {
    let mut statement = scope.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM service_accounts
         WHERE deleted_at IS NULL AND (:before IS NULL OR id < :before)
         ORDER BY id DESC LIMIT :limit"
    ))?;
    let limit = integer(limit);
    let rows = statement.query_map(named_params! { ":before": before, ":limit": limit }, raw)?;
    rows.map(|row| read(row?)).collect()
}

/// Those of one workspace.
pub(super) fn list_of(
    scope: &Unit<'_>,
    workspace: WorkspaceId,
    before: Option<ServiceId>,
    limit: usize,
) -> Result<Vec<Account>> {
    let mut statement = scope.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM service_accounts
         WHERE workspace_id = :workspace AND deleted_at IS NULL
             AND (:before IS NULL OR id < :before)
         ORDER BY id DESC LIMIT :limit"
    ))?;
    let limit = integer(limit);
    let rows = statement.query_map(
        named_params! { ":workspace": workspace, ":before": before, ":limit": limit },
        raw,
    )?;
    rows.map(|row| read(row?)).collect()
}

/// How many accounts a workspace has, or the box.
pub(super) fn count(scope: &Unit<'_>, workspace: Option<WorkspaceId>) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "SELECT count(*) FROM service_accounts
             WHERE workspace_id IS :workspace AND deleted_at IS NULL",
        )?
        .query_row(named_params! { ":workspace": workspace }, |row| row.get(0))?)
}

pub(super) fn get(scope: &Unit<'_>, id: ServiceId) -> Result<Option<Account>> {
    let found = scope
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM service_accounts WHERE id = :id AND deleted_at IS NULL"
        ))?
        .query_row(named_params! { ":id": id }, raw)
        .optional()?;
    found.map(read).transpose()
}

/// The account whose tokens name this family.
pub(super) fn of_family(scope: &Unit<'_>, family: FamilyId) -> Result<Option<Account>> {
    let found = scope
        .prepare_cached(&format!(
        "SELECT {COLUMNS} FROM service_accounts WHERE family_id = :family AND deleted_at IS NULL"
    ))?
        .query_row(named_params! { ":family": family }, raw)
        .optional()?;
    found.map(read).transpose()
}

pub(super) fn insert(
    scope: &Unit<'_>,
    account: &Account,
    secret_hash: Option<&[u8; 32]>,
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO service_accounts (id, name, workspace_id, permissions, channels,
                 allow_cidrs, secret_hash, family_id, created_by, created_at)
             VALUES (:id, :name, :workspace, :permissions, :channels, :networks, :secret,
                 :family, :created_by, :now)",
        )?
        .execute(named_params! {
            ":id": account.id, ":name": account.name, ":workspace": account.workspace,
            ":permissions": json(&account.permissions)?, ":channels": json(&account.channels)?,
            ":networks": written(&account.networks)?, ":secret": secret_hash,
            ":family": account.family, ":created_by": account.created_by,
            ":now": account.created_at,
        })?;
    Ok(())
}

pub(super) fn update(scope: &Unit<'_>, account: &Account) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE service_accounts SET name = :name, permissions = :permissions,
                 channels = :channels, allow_cidrs = :networks, disabled_at = :disabled_at
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": account.id, ":name": account.name,
            ":permissions": json(&account.permissions)?, ":channels": json(&account.channels)?,
            ":networks": written(&account.networks)?, ":disabled_at": account.disabled_at,
        })?;
    Ok(())
}

/// Forgets what an account could prove itself with; its name stays for whoever reads the log.
pub(super) fn delete(scope: &Unit<'_>, id: ServiceId) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE service_accounts SET deleted_at = :now, secret_hash = NULL,
                 last_used_from = NULL
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":now": scope.now() })?;
    scope
        .prepare_cached("DELETE FROM service_keys WHERE service_id = :id")?
        .execute(named_params! { ":id": id })?;
    Ok(())
}

pub(super) fn set_secret(scope: &Unit<'_>, id: ServiceId, hash: &[u8; 32]) -> Result<()> {
    scope
        .prepare_cached("UPDATE service_accounts SET secret_hash = :hash WHERE id = :id")?
        .execute(named_params! { ":id": id, ":hash": hash })?;
    Ok(())
}

/// Makes all tokens of a family worthless.
pub(super) fn replace_family(scope: &Unit<'_>, old: FamilyId, new: FamilyId) -> Result<()> {
    scope
        .prepare_cached("UPDATE service_accounts SET family_id = :new WHERE family_id = :old")?
        .execute(named_params! { ":old": old, ":new": new })?;
    Ok(())
}

pub(super) fn touch(scope: &Unit<'_>, id: ServiceId, from: Option<&str>) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE service_accounts SET last_used_at = :now, last_used_from = :from
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":now": scope.now(), ":from": from })?;
    Ok(())
}

pub(super) fn secret_hash(scope: &Unit<'_>, id: ServiceId) -> Result<Option<[u8; 32]>> {
    Ok(scope
        .prepare_cached("SELECT secret_hash FROM service_accounts WHERE id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get(0))
        .optional()?
        .flatten())
}

pub(super) fn keys(scope: &Unit<'_>, id: ServiceId) -> Result<Vec<Key>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, name, public_key, created_at FROM service_keys
         WHERE service_id = :id ORDER BY created_at, id",
    )?;
    let rows = statement.query_map(named_params! { ":id": id }, |row| {
        Ok(Key {
            id: row.get(0)?,
            name: row.get(1)?,
            public_key: row.get(2)?,
            created_at: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn insert_key(scope: &Unit<'_>, account: ServiceId, key: &Key) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO service_keys (id, service_id, name, public_key, created_at)
             VALUES (:id, :account, :name, :public_key, :now)",
        )?
        .execute(named_params! {
            ":id": key.id, ":account": account, ":name": key.name,
            ":public_key": key.public_key, ":now": key.created_at,
        })?;
    Ok(())
}

/// Removes a key; false when the account has none of that id.
pub(super) fn remove_key(scope: &Unit<'_>, account: ServiceId, key: KeyId) -> Result<bool> {
    let removed = scope
        .prepare_cached("DELETE FROM service_keys WHERE service_id = :account AND id = :key")?
        .execute(named_params! { ":account": account, ":key": key })?;
    Ok(removed > 0)
}

/// Remembers an assertion; false when it was used before.
pub(super) fn remember(
    scope: &Unit<'_>,
    account: ServiceId,
    jti_hash: &[u8; 32],
    until: Moment,
) -> Result<bool> {
    let added = scope
        .prepare_cached(
            "INSERT INTO used_assertions (service_id, jti_hash, expires_at)
             VALUES (:account, :jti, :until) ON CONFLICT DO NOTHING",
        )?
        .execute(named_params! { ":account": account, ":jti": jti_hash, ":until": until })?;
    Ok(added > 0)
}

/// Drops assertions that are over, at most so many.
pub(super) fn drop_used(scope: &Unit<'_>, most: usize) -> Result<usize> {
    Ok(scope
        .prepare_cached(
            "DELETE FROM used_assertions WHERE (service_id, jti_hash) IN (
                 SELECT service_id, jti_hash FROM used_assertions
                 WHERE expires_at <= :now LIMIT :most)",
        )?
        .execute(named_params! {
            ":now": scope.now(), ":most": integer(most),
        })?)
}

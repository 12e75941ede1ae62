//! The SQL of passkeys.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Passkey, PasskeyId};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::error::Result;
use crate::platform::identity::UserId;

fn read(row: &Row<'_>) -> rusqlite::Result<Passkey> {
    Ok(Passkey {
        id: row.get(0)?,
        name: row.get(1)?,
        created_at: row.get(2)?,
        last_used_at: row.get(3)?,
        stopped_at: row.get(4)?,
    })
}

/// A person's passkeys, oldest first; there are few.
pub(super) fn list(scope: &Unit<'_>, user: UserId) -> Result<Vec<Passkey>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, name, created_at, last_used_at, stopped_at FROM passkeys
         WHERE user_id = :user ORDER BY id",
    )?;
    let rows = statement.query_map(named_params! { ":user": user }, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn get(scope: &Unit<'_>, user: UserId, id: PasskeyId) -> Result<Option<Passkey>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, name, created_at, last_used_at, stopped_at FROM passkeys
             WHERE user_id = :user AND id = :id",
        )?
        .query_row(named_params! { ":user": user, ":id": id }, read)
        .optional()?)
}

/// What is kept to check a passkey's answers.
pub(super) struct Kept {
    pub id: PasskeyId,
    pub user: UserId,
    pub credential: Vec<u8>,
    pub sign_count: u32,
    pub stopped_at: Option<Moment>,
}

pub(super) fn find(scope: &Unit<'_>, credential_id: &[u8]) -> Result<Option<Kept>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, user_id, credential, sign_count, stopped_at FROM passkeys
             WHERE credential_id = :credential_id",
        )?
        .query_row(named_params! { ":credential_id": credential_id }, |row| {
            Ok(Kept {
                id: row.get(0)?,
                user: row.get(1)?,
                credential: row.get(2)?,
                sign_count: row.get(3)?,
                stopped_at: row.get(4)?,
            })
        })
        .optional()?)
}

/// A person's passkeys of one host that can be used, as they are kept.
pub(super) fn usable(scope: &Unit<'_>, user: UserId, rp_id: &str) -> Result<Vec<Vec<u8>>> {
    let mut statement = scope.prepare_cached(
        "SELECT credential FROM passkeys
         WHERE user_id = :user AND rp_id = :rp_id AND stopped_at IS NULL ORDER BY id",
    )?;
    let rows =
        statement.query_map(named_params! { ":user": user, ":rp_id": rp_id }, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A person's passkeys of one host, used or not: a device must not make a second one.
pub(super) fn credential_ids(scope: &Unit<'_>, user: UserId, rp_id: &str) -> Result<Vec<Vec<u8>>> {
    let mut statement = scope.prepare_cached(
        "SELECT credential_id FROM passkeys WHERE user_id = :user AND rp_id = :rp_id ORDER BY id",
    )?;
    let rows =
        statement.query_map(named_params! { ":user": user, ":rp_id": rp_id }, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A passkey that was made just now.
pub(super) struct New<'a> {
    pub id: PasskeyId,
    pub user: UserId,
    pub name: &'a str,
    pub rp_id: &'a str,
    pub credential_id: &'a [u8],
    pub credential: &'a [u8],
}

pub(super) fn insert(scope: &Unit<'_>, new: &New<'_>) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO passkeys
                 (id, user_id, name, rp_id, credential_id, credential, sign_count, created_at)
             VALUES (:id, :user, :name, :rp_id, :credential_id, :credential, 0, :now)",
        )?
        .execute(named_params! {
            ":id": new.id, ":user": new.user, ":name": new.name, ":rp_id": new.rp_id,
            ":credential_id": new.credential_id, ":credential": new.credential,
            ":now": scope.now(),
        })?;
    Ok(())
}

/// Notes a use.
pub(super) fn note_use(
    scope: &Unit<'_>,
    id: PasskeyId,
    credential: &[u8],
    sign_count: u32,
) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE passkeys SET credential = :credential, sign_count = :sign_count,
                 last_used_at = :now
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id, ":credential": credential, ":sign_count": sign_count, ":now": scope.now(),
        })?;
    Ok(())
}

/// False when it is not there, or was stopped before.
pub(super) fn stop(scope: &Unit<'_>, id: PasskeyId) -> Result<bool> {
    let changed = scope
        .prepare_cached(
            "UPDATE passkeys SET stopped_at = :now WHERE id = :id AND stopped_at IS NULL",
        )?
        .execute(named_params! { ":id": id, ":now": scope.now() })?;
    Ok(changed > 0)
}

/// False when the person has no such passkey.
pub(super) fn rename(scope: &Unit<'_>, user: UserId, id: PasskeyId, name: &str) -> Result<bool> {
    let changed = scope
        .prepare_cached("UPDATE passkeys SET name = :name WHERE user_id = :user AND id = :id")?
        .execute(named_params! { ":user": user, ":id": id, ":name": name })?;
    Ok(changed > 0)
}

/// False when the person has no such passkey.
pub(super) fn remove(scope: &Unit<'_>, user: UserId, id: PasskeyId) -> Result<bool> {
    let changed = scope
        .prepare_cached("DELETE FROM passkeys WHERE user_id = :user AND id = :id")?
        .execute(named_params! { ":user": user, ":id": id })?;
    Ok(changed > 0)
}

pub(super) fn remove_all(scope: &Unit<'_>, user: UserId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM passkeys WHERE user_id = :user")?
        .execute(named_params! { ":user": user })?;
    Ok(())
}

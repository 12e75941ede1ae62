//! The SQL of recovery kits.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{RecoveryKit, RecoveryKitId};
use crate::platform::ctx::Unit;
use crate::platform::error::Result;

pub(super) fn insert(scope: &Unit<'_>, kit: &RecoveryKit) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO backup_kits (id, name, recipient, created_at)
             VALUES (:id, :name, :recipient, :created_at)",
        )?
        .execute(named_params! {
            ":id": kit.id, ":name": kit.name, ":recipient": kit.recipient,
            ":created_at": kit.created_at,
        })?;
    Ok(())
}

/// All kits, the oldest first.
pub(super) fn list(scope: &Unit<'_>) -> Result<Vec<RecoveryKit>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, name, recipient, created_at, confirmed_at, retired_at
         FROM backup_kits ORDER BY id",
    )?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn get(scope: &Unit<'_>, id: RecoveryKitId) -> Result<Option<RecoveryKit>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, name, recipient, created_at, confirmed_at, retired_at
             FROM backup_kits WHERE id = :id",
        )?
        .query_row(named_params! { ":id": id }, read)
        .optional()?)
}

pub(super) fn set_challenge(scope: &Unit<'_>, id: RecoveryKitId, hash: &[u8; 32]) -> Result<()> {
    scope
        .prepare_cached("UPDATE backup_kits SET challenge_hash = :hash WHERE id = :id")?
        .execute(named_params! { ":id": id, ":hash": hash })?;
    Ok(())
}

pub(super) fn challenge(scope: &Unit<'_>, id: RecoveryKitId) -> Result<Option<[u8; 32]>> {
    let found: Option<Option<[u8; 32]>> = scope
        .prepare_cached("SELECT challenge_hash FROM backup_kits WHERE id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get(0))
        .optional()?;
    Ok(found.flatten())
}

/// Notes that somebody opened the challenge, which is good once.
pub(super) fn confirm(scope: &Unit<'_>, id: RecoveryKitId) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE backup_kits SET confirmed_at = :now, challenge_hash = NULL WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":now": scope.now() })?;
    Ok(())
}

pub(super) fn retire(scope: &Unit<'_>, id: RecoveryKitId) -> Result<()> {
    scope
        .prepare_cached("UPDATE backup_kits SET retired_at = :now WHERE id = :id")?
        .execute(named_params! { ":id": id, ":now": scope.now() })?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<RecoveryKit> {
    Ok(RecoveryKit {
        id: row.get(0)?,
        name: row.get(1)?,
        recipient: row.get(2)?,
        created_at: row.get(3)?,
        confirmed_at: row.get(4)?,
        retired_at: row.get(5)?,
    })
}

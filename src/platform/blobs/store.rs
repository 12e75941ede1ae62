//! The SQL of what refers to blobs.

use rusqlite::named_params;

use super::rules::{Blob, BlobHash, Owner, known_type};
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::error::Result;

/// Whether a row is there already, and the bytes of all of them.
pub(super) fn standing(scope: &Unit<'_>, hash: BlobHash) -> Result<(bool, u64)> {
    let is_there = scope
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM blobs WHERE sha256 = :hash)")?
        .query_row(named_params! { ":hash": hash.0 }, |row| row.get(0))?;
    Ok((is_there, kept_bytes(scope)?))
}

/// The bytes of all that something refers to.
pub(super) fn kept_bytes(scope: &Unit<'_>) -> Result<u64> {
    let bytes: i64 = scope
        .prepare_cached("SELECT COALESCE(SUM(size_bytes), 0) FROM blobs")?
        .query_row([], |row| row.get(0))?;
    Ok(u64::try_from(bytes).unwrap_or_default())
}

pub(super) fn insert(scope: &Unit<'_>, blob: &Blob) -> Result<()> {
    let size = integer(blob.size_bytes);
    scope
        .prepare_cached(
            "INSERT INTO blobs (sha256, size_bytes, media_type, created_at)
             VALUES (:hash, :size, :media_type, :now)",
        )?
        .execute(named_params! {
            ":hash": blob.hash.0, ":size": size, ":media_type": blob.media_type,
            ":now": scope.now(),
        })?;
    Ok(())
}

pub(super) fn refer(scope: &Unit<'_>, hash: BlobHash, owner: Owner) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO blob_refs (sha256, owner_kind, owner_id) VALUES (:hash, :kind, :id)
             ON CONFLICT DO NOTHING",
        )?
        .execute(named_params! { ":hash": hash.0, ":kind": owner.kind, ":id": owner.id })?;
    Ok(())
}

/// Takes a reference away, and the row when it was the last one.
pub(super) fn release(scope: &Unit<'_>, hash: BlobHash, owner: Owner) -> Result<()> {
    scope
        .prepare_cached(
            "DELETE FROM blob_refs
             WHERE sha256 = :hash AND owner_kind = :kind AND owner_id = :id",
        )?
        .execute(named_params! { ":hash": hash.0, ":kind": owner.kind, ":id": owner.id })?;
    scope
        .prepare_cached(
            "DELETE FROM blobs WHERE sha256 = :hash
               AND NOT EXISTS (SELECT 1 FROM blob_refs WHERE sha256 = :hash)",
        )?
        .execute(named_params! { ":hash": hash.0 })?;
    Ok(())
}

/// What something refers to, by hash.
pub(super) fn all(connection: &rusqlite::Connection) -> Result<Vec<Blob>> {
    let mut statement = connection
        .prepare_cached("SELECT sha256, size_bytes, media_type FROM blobs ORDER BY sha256")?;
    let rows = statement.query_map([], |row| {
        let (size, media_type): (i64, String) = (row.get(1)?, row.get(2)?);
        Ok(Blob {
            hash: BlobHash(row.get(0)?),
            size_bytes: u64::try_from(size).unwrap_or_default(),
            media_type: known_type(&media_type),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The same of a file whose schema may be of a release that knew no blobs.
pub(super) fn all_if_any(connection: &rusqlite::Connection) -> Result<Vec<Blob>> {
    let is_known: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'blobs')",
        )?
        .query_row([], |row| row.get(0))?;
    if is_known { all(connection) } else { Ok(Vec::new()) }
}

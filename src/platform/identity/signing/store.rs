//! The SQL of signing keys.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Kept, KeyId};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::error::Result;

/// Keys from the newest to the oldest.
pub(super) fn list(scope: &Unit<'_>) -> Result<Vec<Kept>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, public_key, sealed_seed, created_at, retired_at FROM signing_keys
         ORDER BY created_at DESC, id DESC",
    )?;
    let rows = statement.query_map([], kept)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        id: row.get(0)?,
        public_key: row.get(1)?,
        sealed_seed: row.get(2)?,
        created_at: row.get(3)?,
        retired_at: row.get(4)?,
    })
}

/// Lets the key that signs retire, and forgets its private half.
pub(super) fn retire(scope: &Unit<'_>) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE signing_keys SET retired_at = :now, sealed_seed = NULL
             WHERE retired_at IS NULL",
        )?
        .execute(named_params! { ":now": scope.now() })?;
    Ok(())
}

pub(super) fn insert(scope: &Unit<'_>, id: KeyId, public: &[u8], sealed: &[u8]) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO signing_keys (id, public_key, sealed_seed, created_at)
             VALUES (:id, :public, :sealed, :now)",
        )?
        .execute(named_params! {
            ":id": id, ":public": public, ":sealed": sealed, ":now": scope.now(),
        })?;
    Ok(())
}

/// The private half that signs, when another key than that of `prefix` sealed it.
pub(super) fn sealed_otherwise(
    scope: &Unit<'_>,
    prefix: &[u8],
) -> Result<Option<(KeyId, Vec<u8>)>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, sealed_seed FROM signing_keys
             WHERE sealed_seed IS NOT NULL AND substr(sealed_seed, 1, length(:prefix)) <> :prefix",
        )?
        .query_row(named_params! { ":prefix": prefix }, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

pub(super) fn put_sealed(scope: &Unit<'_>, id: KeyId, sealed: &[u8]) -> Result<()> {
    scope
        .prepare_cached("UPDATE signing_keys SET sealed_seed = :sealed WHERE id = :id")?
        .execute(named_params! { ":id": id, ":sealed": sealed })?;
    Ok(())
}

/// Drops keys that retired before a moment.
pub(super) fn drop_retired(scope: &Unit<'_>, before: Moment) -> Result<usize> {
    Ok(scope
        .prepare_cached("DELETE FROM signing_keys WHERE retired_at <= :before")?
        .execute(named_params! { ":before": before })?)
}

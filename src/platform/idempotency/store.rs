//! The SQL of remembered requests.

use rusqlite::{Connection, OptionalExtension, named_params};

use super::rules::{KEPT, Once, Remembered};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::id::ObjectId;

/// Old rows dropped with each new one, so that the table stays as small as a day's requests.
const DROPPED_AT_ONCE: i64 = 4;

pub(in crate::platform) fn find(
    connection: &Connection,
    principal: ObjectId,
    once: &Once,
    now: Moment,
) -> Result<Option<Remembered>> {
    Ok(connection
        .prepare_cached(
            "SELECT body_hash, object_id FROM idempotency_keys
             WHERE principal_id = :principal AND path = :path AND idempotency_key = :key
               AND created_at > :since",
        )?
        .query_row(
            named_params! {
                ":principal": principal, ":path": once.path, ":key": once.key,
                ":since": now.minus(KEPT),
            },
            |row| Ok(Remembered { body_hash: row.get(0)?, object_id: row.get(1)? }),
        )
        .optional()?)
}

/// Drops what nobody may repeat any more.
pub(in crate::platform) fn drop_expired_in(unit: &Unit<'_>, most: usize) -> Result<usize> {
    Ok(unit
        .prepare_cached(
            "DELETE FROM idempotency_keys WHERE (principal_id, path, idempotency_key) IN (
                 SELECT principal_id, path, idempotency_key FROM idempotency_keys
                 WHERE created_at <= :since LIMIT :most)",
        )?
        .execute(named_params! {
            ":since": unit.now().minus(KEPT), ":most": integer(most),
        })?)
}

pub(in crate::platform) fn remember(
    connection: &Connection,
    principal: ObjectId,
    once: &Once,
    object_id: ObjectId,
    now: Moment,
) -> Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM idempotency_keys WHERE (principal_id, path, idempotency_key) IN (
                 SELECT principal_id, path, idempotency_key FROM idempotency_keys
                 WHERE created_at <= :since ORDER BY created_at LIMIT :dropped)",
        )?
        .execute(named_params! { ":since": now.minus(KEPT), ":dropped": DROPPED_AT_ONCE })?;
    connection
        .prepare_cached(
            "INSERT INTO idempotency_keys
                 (principal_id, path, idempotency_key, body_hash, object_id, created_at)
             VALUES (:principal, :path, :key, :body_hash, :object_id, :now)
             ON CONFLICT (principal_id, path, idempotency_key) DO UPDATE
             SET body_hash = excluded.body_hash, object_id = excluded.object_id,
                 created_at = excluded.created_at",
        )?
        .execute(named_params! {
            ":principal": principal, ":path": once.path, ":key": once.key,
            ":body_hash": once.body_hash, ":object_id": object_id, ":now": now,
        })?;
    Ok(())
}

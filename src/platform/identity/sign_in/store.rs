//! The SQL of known devices.

use rusqlite::{OptionalExtension, named_params};

use crate::platform::ctx::Unit;
use crate::platform::error::Result;
use crate::platform::identity::UserId;

/// Devices remembered of one person; the one unused longest makes room.
const DEVICES_MAX: i64 = 20;

pub(super) fn is_known(scope: &Unit<'_>, user: UserId, device: &[u8; 32]) -> Result<bool> {
    let found = scope
        .prepare_cached(
            "SELECT 1 FROM known_devices WHERE user_id = :user AND device_hash = :device",
        )?
        .query_row(named_params! { ":user": user, ":device": device }, |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// Whether the person signed in anywhere before.
pub(super) fn has_any(scope: &Unit<'_>, user: UserId) -> Result<bool> {
    let found = scope
        .prepare_cached("SELECT 1 FROM known_devices WHERE user_id = :user")?
        .query_row(named_params! { ":user": user }, |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// Remembers that a person signed in on a device; true when it was not known before.
pub(super) fn remember(scope: &Unit<'_>, user: UserId, device: &[u8; 32]) -> Result<bool> {
    let is_new = !is_known(scope, user, device)?;
    scope
        .prepare_cached(
            "INSERT INTO known_devices (user_id, device_hash, used_at)
             VALUES (:user, :device, :now)
             ON CONFLICT (user_id, device_hash) DO UPDATE SET used_at = excluded.used_at",
        )?
        .execute(named_params! { ":user": user, ":device": device, ":now": scope.now() })?;
    scope
        .prepare_cached(
            "DELETE FROM known_devices WHERE user_id = :user AND device_hash NOT IN (
                 SELECT device_hash FROM known_devices WHERE user_id = :user
                 ORDER BY used_at DESC, device_hash LIMIT :max)",
        )?
        .execute(named_params! { ":user": user, ":max": DEVICES_MAX })?;
    Ok(is_new)
}

//! The SQL of sign-ins of programs.

use rusqlite::named_params;

use super::FamilyId;
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::error::Result;

/// Notes that a value was exchanged for its successor; the family lives on.
pub(in super::super) fn exchange(
    scope: &Unit<'_>,
    family: FamilyId,
    serial: i64,
    expires_at: Moment,
) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE auth_families SET presented_serial = :serial, presented_at = :now,
                 last_seen_at = :now, expires_at = :expires_at
             WHERE id = :family",
        )?
        .execute(named_params! {
            ":family": family, ":serial": serial, ":now": scope.now(), ":expires_at": expires_at,
        })?;
    Ok(())
}

/// Drops values that are too old to be good, whatever became of them.
pub(in super::super) fn drop_older(
    scope: &Unit<'_>,
    family: FamilyId,
    before: Moment,
) -> Result<()> {
    scope
        .prepare_cached(
            "DELETE FROM auth_tokens WHERE family_id = :family AND minted_at < :before",
        )?
        .execute(named_params! { ":family": family, ":before": before })?;
    Ok(())
}

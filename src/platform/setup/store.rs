//! The SQL of the box's own settings and of the set-up link.

use rusqlite::{OptionalExtension, named_params};

use super::rules::{BoxId, Claim, KeptLink};
use crate::platform::ctx::Unit;
use crate::platform::error::Result;

pub(super) fn claim(scope: &Unit<'_>) -> Result<Claim> {
    let name = scope
        .prepare_cached("SELECT name FROM box_settings WHERE id = 1 AND claimed_at IS NOT NULL")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(name.map_or(Claim::Unclaimed, Claim::Claimed))
}

/// Makes the box somebody's.
pub(super) fn insert_box(scope: &Unit<'_>, id: BoxId, name: &str) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO box_settings (id, box_id, name, claimed_at, created_at)
             VALUES (1, :id, :name, :now, :now)",
        )?
        .execute(named_params! { ":id": id, ":name": name, ":now": scope.now() })?;
    Ok(())
}

pub(super) fn link(scope: &Unit<'_>) -> Result<Option<KeptLink>> {
    Ok(scope
        .prepare_cached(
            "SELECT token_hash, expires_at, is_asked_for FROM setup_tokens WHERE id = 1",
        )?
        .query_row([], |row| {
            Ok(KeptLink {
                token_hash: row.get(0)?,
                expires_at: row.get(1)?,
                is_asked_for: row.get(2)?,
            })
        })
        .optional()?)
}

/// Keeps a link; the one before it dies.
pub(super) fn replace_link(scope: &Unit<'_>, link: &KeptLink) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO setup_tokens (id, token_hash, created_at, expires_at, is_asked_for)
             VALUES (1, :hash, :now, :expires_at, :is_asked_for)
             ON CONFLICT (id) DO UPDATE SET token_hash = excluded.token_hash,
                 created_at = excluded.created_at, expires_at = excluded.expires_at,
                 is_asked_for = excluded.is_asked_for",
        )?
        .execute(named_params! {
            ":hash": link.token_hash, ":now": scope.now(), ":expires_at": link.expires_at,
            ":is_asked_for": link.is_asked_for,
        })?;
    Ok(())
}

pub(super) fn drop_link(scope: &Unit<'_>) -> Result<()> {
    scope.prepare_cached("DELETE FROM setup_tokens")?.execute([])?;
    Ok(())
}

//! The SQL of reset links.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Reset, ResetId};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::error::Result;
use crate::platform::identity::UserId;

/// Keeps a link; the person's link before it dies.
pub(super) fn replace(scope: &Unit<'_>, reset: &Reset, token_hash: &[u8; 32]) -> Result<()> {
    remove_of(scope, reset.user)?;
    scope
        .prepare_cached(
            "INSERT INTO password_resets (id, user_id, token_hash, created_at, expires_at)
             VALUES (:id, :user, :token_hash, :created_at, :expires_at)",
        )?
        .execute(named_params! {
            ":id": reset.id, ":user": reset.user, ":token_hash": token_hash,
            ":created_at": reset.created_at, ":expires_at": reset.expires_at,
        })?;
    Ok(())
}

/// Gives a reset another link.
pub(super) fn set_token(scope: &Unit<'_>, id: ResetId, token_hash: &[u8; 32]) -> Result<()> {
    scope
        .prepare_cached("UPDATE password_resets SET token_hash = :token_hash WHERE id = :id")?
        .execute(named_params! { ":id": id, ":token_hash": token_hash })?;
    Ok(())
}

pub(super) fn find(scope: &Unit<'_>, token_hash: &[u8; 32]) -> Result<Option<Reset>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, user_id, created_at, expires_at FROM password_resets
             WHERE token_hash = :token_hash",
        )?
        .query_row(named_params! { ":token_hash": token_hash }, reset)
        .optional()?)
}

pub(super) fn get(scope: &Unit<'_>, id: ResetId) -> Result<Option<Reset>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, user_id, created_at, expires_at FROM password_resets WHERE id = :id",
        )?
        .query_row(named_params! { ":id": id }, reset)
        .optional()?)
}

pub(super) fn remove_of(scope: &Unit<'_>, user: UserId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM password_resets WHERE user_id = :user")?
        .execute(named_params! { ":user": user })?;
    Ok(())
}

/// Drops what expired before `before`, and says how many.
pub(super) fn drop_expired(scope: &Unit<'_>, before: Moment) -> Result<usize> {
    Ok(scope
        .prepare_cached("DELETE FROM password_resets WHERE expires_at < :before")?
        .execute(named_params! { ":before": before })?)
}

fn reset(row: &Row<'_>) -> rusqlite::Result<Reset> {
    Ok(Reset {
        id: row.get(0)?,
        user: row.get(1)?,
        created_at: row.get(2)?,
        expires_at: row.get(3)?,
    })
}

//! The SQL of the mail server's settings.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Last, Security, Server};
use crate::platform::ctx::Unit;
use crate::platform::error::{Error, Result};

/// The settings as they are kept.
pub(super) struct Kept {
    pub(super) server: Server,
    /// Sealed.
    pub(super) password: Option<Vec<u8>>,
    pub(super) last: Option<Last>,
}

pub(super) fn get(scope: &Unit<'_>) -> Result<Option<Kept>> {
    let found = scope
        .prepare_cached(
            "SELECT host, port, security, user_name, sender, password, last_at, last_is_ok,
                 last_detail
             FROM mail_settings WHERE id = 1",
        )?
        .query_row([], kept)
        .optional()?;
    let Some((security, kept)) = found else { return Ok(None) };
    let security = Security::from_name(&security);
    let security = security.ok_or_else(|| Error::internal("an unknown kind of connection"))?;
    Ok(Some(Kept { server: Server { security, ..kept.server }, ..kept }))
}

/// Whether mail leaves the box.
pub(super) fn is_on(scope: &Unit<'_>) -> Result<bool> {
    let found = scope
        .prepare_cached("SELECT 1 FROM mail_settings WHERE id = 1")?
        .query_row([], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// Keeps a server. What was heard of the one before is forgotten.
pub(super) fn put(scope: &Unit<'_>, server: &Server, password: Option<&[u8]>) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO mail_settings
                 (id, host, port, security, user_name, password, sender, updated_at)
             VALUES (1, :host, :port, :security, :user, :password, :sender, :now)
             ON CONFLICT (id) DO UPDATE SET host = excluded.host, port = excluded.port,
                 security = excluded.security, user_name = excluded.user_name,
                 password = excluded.password, sender = excluded.sender,
                 updated_at = excluded.updated_at, last_at = NULL, last_is_ok = NULL,
                 last_detail = NULL",
        )?
        .execute(named_params! {
            ":host": server.host, ":port": server.port, ":security": server.security.name(),
            ":user": server.user, ":password": password, ":sender": server.sender,
            ":now": scope.now(),
        })?;
    Ok(())
}

/// Keeps the same password in another form.
pub(super) fn set_password(scope: &Unit<'_>, password: &[u8]) -> Result<()> {
    scope
        .prepare_cached("UPDATE mail_settings SET password = :password WHERE id = 1")?
        .execute(named_params! { ":password": password })?;
    Ok(())
}

pub(super) fn remove(scope: &Unit<'_>) -> Result<()> {
    scope.prepare_cached("DELETE FROM mail_settings")?.execute([])?;
    Ok(())
}

/// Notes how the last attempt ended.
pub(super) fn note(scope: &Unit<'_>, last: &Last) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE mail_settings SET last_at = :at, last_is_ok = :is_ok, last_detail = :detail
             WHERE id = 1",
        )?
        .execute(named_params! {
            ":at": last.at, ":is_ok": last.is_ok, ":detail": last.detail,
        })?;
    Ok(())
}

fn kept(row: &Row<'_>) -> rusqlite::Result<(String, Kept)> {
    let server = Server {
        host: row.get(0)?,
        port: row.get(1)?,
        security: Security::None,
        user: row.get(3)?,
        sender: row.get(4)?,
    };
    let last = match row.get(6)? {
        Some(at) => Some(Last { at, is_ok: row.get(7)?, detail: row.get(8)? }),
        None => None,
    };
    Ok((row.get(2)?, Kept { server, password: row.get(5)?, last }))
}

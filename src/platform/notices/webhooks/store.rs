//! The SQL of receivers.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Webhook, WebhookId};
use crate::platform::ctx::Unit;
use crate::platform::error::Result;
use crate::platform::notices::mail::rules::Last;

pub(super) fn insert(scope: &Unit<'_>, webhook: &Webhook, secret: &[u8]) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO webhooks (id, name, url, kinds, workspace_id, may_be_private, is_enabled,
                 secret, created_at)
             VALUES (:id, :name, :url, :kinds, :workspace, :may_be_private, :is_enabled,
                 :secret, :created_at)",
        )?
        .execute(named_params! {
            ":id": webhook.id, ":name": webhook.name, ":url": webhook.url,
            ":kinds": webhook.kinds.join(" "), ":workspace": webhook.workspace,
            ":may_be_private": webhook.may_be_private, ":is_enabled": webhook.is_enabled,
            ":secret": secret, ":created_at": webhook.created_at,
        })?;
    Ok(())
}

pub(super) fn update(scope: &Unit<'_>, webhook: &Webhook) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE webhooks SET name = :name, url = :url, kinds = :kinds,
                 may_be_private = :may_be_private, is_enabled = :is_enabled
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": webhook.id, ":name": webhook.name, ":url": webhook.url,
            ":kinds": webhook.kinds.join(" "), ":may_be_private": webhook.may_be_private,
            ":is_enabled": webhook.is_enabled,
        })?;
    Ok(())
}

pub(super) fn set_secret(scope: &Unit<'_>, id: WebhookId, secret: &[u8]) -> Result<()> {
    scope
        .prepare_cached("UPDATE webhooks SET secret = :secret WHERE id = :id")?
        .execute(named_params! { ":id": id, ":secret": secret })?;
    Ok(())
}

pub(super) fn remove(scope: &Unit<'_>, id: WebhookId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM webhooks WHERE id = :id")?
        .execute(named_params! { ":id": id })?;
    Ok(())
}

pub(super) fn list(scope: &Unit<'_>) -> Result<Vec<Webhook>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, name, url, kinds, workspace_id, may_be_private, is_enabled, created_at,
             last_at, last_is_ok, last_detail
         FROM webhooks ORDER BY id",
    )?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn get(scope: &Unit<'_>, id: WebhookId) -> Result<Option<Webhook>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, name, url, kinds, workspace_id, may_be_private, is_enabled, created_at,
                 last_at, last_is_ok, last_detail
             FROM webhooks WHERE id = :id",
        )?
        .query_row(named_params! { ":id": id }, read)
        .optional()?)
}

/// What is kept of a receiver's secret, sealed.
pub(super) fn secret(scope: &Unit<'_>, id: WebhookId) -> Result<Option<Vec<u8>>> {
    Ok(scope
        .prepare_cached("SELECT secret FROM webhooks WHERE id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get(0))
        .optional()?)
}

pub(super) fn count(scope: &Unit<'_>) -> Result<i64> {
    Ok(scope.prepare_cached("SELECT count(*) FROM webhooks")?.query_row([], |row| row.get(0))?)
}

/// Notes how the last call ended.
pub(super) fn note(scope: &Unit<'_>, id: WebhookId, last: &Last) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE webhooks SET last_at = :at, last_is_ok = :is_ok, last_detail = :detail
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id, ":at": last.at, ":is_ok": last.is_ok, ":detail": last.detail,
        })?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Webhook> {
    let kinds: String = row.get(3)?;
    let last = match row.get(8)? {
        Some(at) => Some(Last { at, is_ok: row.get(9)?, detail: row.get(10)? }),
        None => None,
    };
    Ok(Webhook {
        id: row.get(0)?,
        name: row.get(1)?,
        url: row.get(2)?,
        kinds: kinds.split(' ').filter(|kind| !kind.is_empty()).map(str::to_owned).collect(),
        workspace: row.get(4)?,
        may_be_private: row.get(5)?,
        is_enabled: row.get(6)?,
        created_at: row.get(7)?,
        last,
    })
}

//! The SQL of requests for a way in without a factor.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Request, RequestId};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::error::Result;
use crate::platform::identity::UserId;

/// Keeps a request; the person's one before goes.
pub(super) fn replace(scope: &Unit<'_>, request: &Request) -> Result<()> {
    remove_of(scope, request.user)?;
    scope
        .prepare_cached(
            "INSERT INTO mfa_requests (id, user_id, address, asked_at, approved_at)
             VALUES (:id, :user, :address, :asked_at, :approved_at)",
        )?
        .execute(named_params! {
            ":id": request.id, ":user": request.user, ":address": request.address,
            ":asked_at": request.asked_at, ":approved_at": request.approved_at,
        })?;
    Ok(())
}

pub(super) fn get(scope: &Unit<'_>, id: RequestId) -> Result<Option<Request>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, user_id, address, asked_at, approved_at FROM mfa_requests WHERE id = :id",
        )?
        .query_row(named_params! { ":id": id }, read)
        .optional()?)
}

pub(super) fn find_of(scope: &Unit<'_>, user: UserId) -> Result<Option<Request>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, user_id, address, asked_at, approved_at FROM mfa_requests
             WHERE user_id = :user",
        )?
        .query_row(named_params! { ":user": user }, read)
        .optional()?)
}

/// Requests nobody decided about, newest first, at most so many.
pub(super) fn list_waiting(scope: &Unit<'_>, most: i64) -> Result<Vec<Request>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, user_id, address, asked_at, approved_at FROM mfa_requests
         WHERE approved_at IS NULL ORDER BY id DESC LIMIT :most",
    )?;
    let rows = statement.query_map(named_params! { ":most": most }, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn approve(scope: &Unit<'_>, id: RequestId) -> Result<()> {
    scope
        .prepare_cached("UPDATE mfa_requests SET approved_at = :now WHERE id = :id")?
        .execute(named_params! { ":id": id, ":now": scope.now() })?;
    Ok(())
}

pub(super) fn remove_of(scope: &Unit<'_>, user: UserId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM mfa_requests WHERE user_id = :user")?
        .execute(named_params! { ":user": user })?;
    Ok(())
}

/// Drops what was asked before one moment or approved before the other, and says how many.
pub(super) fn drop_old(scope: &Unit<'_>, asked: Moment, approved: Moment) -> Result<usize> {
    Ok(scope
        .prepare_cached(
            "DELETE FROM mfa_requests
             WHERE approved_at IS NULL AND asked_at < :asked OR approved_at < :approved",
        )?
        .execute(named_params! { ":asked": asked, ":approved": approved })?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Request> {
    Ok(Request {
        id: row.get(0)?,
        user: row.get(1)?,
        address: row.get(2)?,
        asked_at: row.get(3)?,
        approved_at: row.get(4)?,
    })
}

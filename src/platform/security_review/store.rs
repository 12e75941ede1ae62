//! The SQL of reviews, and what they count in the box's file.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Person, Programs, Review, ReviewId};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::error::Result;

/// Those who may sign in, by name.
pub(super) fn people(scope: &Unit<'_>) -> Result<Vec<Person>> {
    let mut statement = scope.prepare_cached(
        "SELECT u.name, u.is_operator,
             u.is_operator OR EXISTS (
                 SELECT 1 FROM memberships AS m
                 JOIN workspaces AS w ON w.id = m.workspace_id AND w.deleted_at IS NULL
                 LEFT JOIN custom_roles AS r ON r.id = m.custom_role_id
                 WHERE m.user_id = u.id
                   AND (m.role IN ('owner', 'admin') OR r.needs_factor = 1)),
             EXISTS (SELECT 1 FROM totp_secrets WHERE user_id = u.id)
                 OR EXISTS (SELECT 1 FROM passkeys
                            WHERE user_id = u.id AND stopped_at IS NULL),
             coalesce((SELECT max(last_seen_at) FROM auth_families
                       WHERE user_id = u.id AND kind = 'session'),
                 u.created_at)
         FROM users AS u WHERE u.disabled_at IS NULL ORDER BY u.name, u.id",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Person {
            name: row.get(0)?,
            is_operator: row.get(1)?,
            needs_factor: row.get(2)?,
            has_factor: row.get(3)?,
            seen_at: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What programs sign in with; idle is what nobody used since `idle_since`.
pub(super) fn programs(scope: &Unit<'_>, idle_since: Moment) -> Result<Programs> {
    let (tokens, tokens_idle) = scope
        .prepare_cached(
            "SELECT count(*), count(*) FILTER (WHERE f.last_seen_at < :idle_since)
             FROM auth_families AS f JOIN users AS u ON u.id = f.user_id
             WHERE f.kind IN ('token', 'program') AND f.revoked_at IS NULL AND f.expires_at > :now
               AND u.disabled_at IS NULL",
        )?
        .query_row(named_params! { ":idle_since": idle_since, ":now": scope.now() }, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(scope
        .prepare_cached(
            "SELECT count(*),
                 count(*) FILTER (WHERE coalesce(last_used_at, created_at) < :idle_since),
                 count(*) FILTER (WHERE allow_cidrs = '[]')
             FROM service_accounts WHERE deleted_at IS NULL AND disabled_at IS NULL",
        )?
        .query_row(named_params! { ":idle_since": idle_since }, |row| {
            Ok(Programs {
                tokens,
                tokens_idle,
                services: row.get(0)?,
                services_idle: row.get(1)?,
                services_from_anywhere: row.get(2)?,
            })
        })?)
}

pub(super) fn help_asked(scope: &Unit<'_>) -> Result<u32> {
    Ok(scope
        .prepare_cached("SELECT count(*) FROM mfa_requests WHERE approved_at IS NULL")?
        .query_row([], |row| row.get(0))?)
}

/// Domains whose people may register; none where nobody may.
pub(super) fn registration_open(scope: &Unit<'_>) -> Result<Option<String>> {
    Ok(scope
        .prepare_cached("SELECT domains FROM registration_settings WHERE mode = 'domains'")?
        .query_row([], |row| row.get(0))
        .optional()?)
}

/// Since when the key is in use that signs access tokens.
pub(super) fn signing_since(scope: &Unit<'_>) -> Result<Option<Moment>> {
    Ok(scope
        .prepare_cached("SELECT max(created_at) FROM signing_keys WHERE retired_at IS NULL")?
        .query_row([], |row| row.get(0))?)
}

/// When the box was made.
pub(super) fn box_since(scope: &Unit<'_>) -> Result<Moment> {
    Ok(scope
        .prepare_cached("SELECT created_at FROM audit_log WHERE id = 1")?
        .query_row([], |row| row.get(0))?)
}

pub(super) fn insert(scope: &Unit<'_>, review: &Review, routes: &str) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO security_reviews (id, reviewed_by, reviewed_at, note, points, routes,
                 good, look, bad)
             VALUES (:id, :reviewed_by, :reviewed_at, :note, :points, :routes, :good, :look,
                 :bad)",
        )?
        .execute(named_params! {
            ":id": review.id, ":reviewed_by": review.reviewed_by,
            ":reviewed_at": review.reviewed_at, ":note": review.note, ":points": review.points,
            ":routes": routes, ":good": review.good, ":look": review.look,
            ":bad": review.bad,
        })?;
    Ok(())
}

/// Forgets all but the newest `kept`.
pub(super) fn forget_old(scope: &Unit<'_>, kept: usize) -> Result<()> {
    scope
        .prepare_cached(
            "DELETE FROM security_reviews WHERE id NOT IN (
                 SELECT id FROM security_reviews ORDER BY id DESC LIMIT :kept)",
        )?
        .execute(named_params! { ":kept": integer(kept) })?;
    Ok(())
}

/// The newest first; those made before `before`.
pub(super) fn list(
    scope: &Unit<'_>,
    before: Option<ReviewId>,
    limit: usize,
) -> Result<Vec<Review>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, reviewed_by, reviewed_at, note, points, good, look, bad
         FROM security_reviews WHERE :before IS NULL OR id < :before
         ORDER BY id DESC LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows = statement.query_map(named_params! { ":before": before, ":limit": limit }, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn get(scope: &Unit<'_>, id: ReviewId) -> Result<Option<Review>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, reviewed_by, reviewed_at, note, points, good, look, bad
             FROM security_reviews WHERE id = :id",
        )?
        .query_row(named_params! { ":id": id }, read)
        .optional()?)
}

/// When the box was last reviewed.
pub(super) fn last_at(scope: &Unit<'_>) -> Result<Option<Moment>> {
    Ok(scope
        .prepare_cached("SELECT max(reviewed_at) FROM security_reviews")?
        .query_row([], |row| row.get(0))?)
}

/// Who could call which route at the last review.
pub(super) fn last_routes(scope: &Unit<'_>) -> Result<Option<BTreeSet<String>>> {
    let text: Option<String> = scope
        .prepare_cached("SELECT routes FROM security_reviews ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(text.map(|text| text.lines().map(ToOwned::to_owned).collect()))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Review> {
    Ok(Review {
        id: row.get(0)?,
        reviewed_by: row.get(1)?,
        reviewed_at: row.get(2)?,
        note: row.get(3)?,
        points: row.get(4)?,
        good: row.get(5)?,
        look: row.get(6)?,
        bad: row.get(7)?,
    })
}

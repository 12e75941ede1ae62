//! The SQL of failures.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Row, named_params};

use super::rules::{ErrorGroupId, Joined, Kind};
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxScope;
use crate::platform::db::integer;
use crate::platform::error::Result;

/// A kind of failure as it is kept.
pub struct KeptGroup {
    pub id: ErrorGroupId,
    pub kind: Kind,
    pub message: String,
    pub route: Option<String>,
    pub count: i64,
    pub first_at: Moment,
    pub last_at: Moment,
    pub last_request_id: Option<String>,
    pub version: String,
    pub sample: Option<String>,
    pub resolved_at: Option<Moment>,
}

/// Adds reports of one failure. One that was resolved and comes again is open again.
pub(super) fn add(scope: &BoxScope<'_>, joined: &Joined, version: &str) -> Result<()> {
    let report = &joined.newest;
    scope
        .prepare_cached(
            "INSERT INTO error_groups (id, fingerprint, kind, message, route, count, first_at,
                 last_at, last_request_id, version, sample)
             VALUES (:id, :fingerprint, :kind, :message, :route, :count, :first_at, :last_at,
                 :request_id, :version, :sample)
             ON CONFLICT (fingerprint) DO UPDATE SET
                 count = count + excluded.count, last_at = excluded.last_at,
                 message = excluded.message, version = excluded.version,
                 last_request_id = COALESCE(excluded.last_request_id, last_request_id),
                 sample = COALESCE(excluded.sample, sample), resolved_at = NULL",
        )?
        .execute(named_params! {
            ":id": scope.new_id::<()>(), ":fingerprint": report.fingerprint(),
            ":kind": report.kind.name(), ":message": report.message, ":route": report.route,
            ":count": joined.count, ":first_at": joined.first_at, ":last_at": report.at,
            ":request_id": report.request_id, ":version": version, ":sample": report.sample,
        })?;
    Ok(())
}

/// Drops what was not seen for longest, down to so many.
pub(super) fn keep_newest(scope: &BoxScope<'_>, groups_max: usize) -> Result<()> {
    scope
        .prepare_cached(
            "DELETE FROM error_groups WHERE id IN (
                 SELECT id FROM error_groups ORDER BY last_at DESC, id DESC
                 LIMIT -1 OFFSET :groups_max)",
        )?
        .execute(named_params! { ":groups_max": integer(groups_max) })?;
    Ok(())
}

/// Drops failures that were not seen since, at most so many at once. Says how many.
pub(super) fn drop_before(scope: &BoxScope<'_>, before: Moment, most: usize) -> Result<usize> {
    Ok(scope
        .prepare_cached(
            "DELETE FROM error_groups WHERE id IN (
                 SELECT id FROM error_groups WHERE last_at < :before LIMIT :most)",
        )?
        .execute(named_params! {
            ":before": before, ":most": integer(most),
        })?)
}

/// Failures behind a position, the one seen last first.
pub(super) fn list(
    scope: &BoxScope<'_>,
    kind: Option<Kind>,
    (last_at, id): (Moment, ErrorGroupId),
    limit: usize,
) -> Result<Vec<KeptGroup>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, kind, message, route, count, first_at, last_at, last_request_id, version,
             sample, resolved_at
         FROM error_groups
         WHERE (last_at, id) < (:last_at, :id) AND (:kind IS NULL OR kind = :kind)
         ORDER BY last_at DESC, id DESC LIMIT :limit",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":last_at": last_at, ":id": id, ":kind": kind.map(Kind::name),
            ":limit": integer(limit),
        },
        group,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Marks a failure as dealt with. False when there is none of this id.
pub(super) fn resolve(scope: &BoxScope<'_>, id: ErrorGroupId) -> Result<bool> {
    let changed = scope
        .prepare_cached(
            "UPDATE error_groups SET resolved_at = COALESCE(resolved_at, :now) WHERE id = :id",
        )?
        .execute(named_params! { ":now": scope.now(), ":id": id })?;
    Ok(changed > 0)
}

fn group(row: &Row<'_>) -> rusqlite::Result<KeptGroup> {
    Ok(KeptGroup {
        id: row.get(0)?,
        kind: row.get(1)?,
        message: row.get(2)?,
        route: row.get(3)?,
        count: row.get(4)?,
        first_at: row.get(5)?,
        last_at: row.get(6)?,
        last_request_id: row.get(7)?,
        version: row.get(8)?,
        sample: row.get(9)?,
        resolved_at: row.get(10)?,
    })
}

impl FromSql for Kind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

pub(super) fn count_open(scope: &BoxScope<'_>) -> Result<u64> {
    let count: i64 = scope
        .prepare_cached("SELECT count(*) FROM error_groups WHERE resolved_at IS NULL")?
        .query_row([], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

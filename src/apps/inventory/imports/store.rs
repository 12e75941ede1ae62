//! The SQL of files that were read and wait to be taken over.

use rusqlite::{OptionalExtension, named_params};

use super::rules::{ImportId, ImportKind};
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};

/// A waiting file.
pub(super) struct Job {
    pub(super) rid: i64,
    pub(super) kind: ImportKind,
    pub(super) is_committed: bool,
    pub(super) plan_hash: [u8; 32],
    pub(super) errors: i64,
    pub(super) report: String,
}

/// Drops what nobody took over in time, and the oldest when too many wait.
pub(super) fn make_room(scope: &Scope<'_>, waiting_max: usize) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM import_jobs WHERE expires_at <= :now")?
        .execute(named_params! { ":now": scope.now() })?;
    scope
        .prepare_cached(
            "DELETE FROM import_jobs WHERE state = 'previewed' AND rid NOT IN (
                 SELECT rid FROM import_jobs WHERE state = 'previewed'
                 ORDER BY rid DESC LIMIT :kept)",
        )?
        .execute(named_params! {
            ":kept": integer(waiting_max.saturating_sub(1)),
        })?;
    Ok(())
}

/// Drops what is past its time, at most so many.
pub(super) fn drop_expired(scope: &Scope<'_>, most: usize) -> Result<usize> {
    Ok(scope
        .prepare_cached(
            "DELETE FROM import_jobs WHERE rid IN (
                 SELECT rid FROM import_jobs WHERE expires_at <= :now LIMIT :most)",
        )?
        .execute(named_params! {
            ":now": scope.now(), ":most": integer(most),
        })?)
}

/// A file to keep.
pub(super) struct NewJob {
    pub(super) id: ImportId,
    pub(super) kind: ImportKind,
    pub(super) plan_hash: [u8; 32],
    pub(super) rows: usize,
    pub(super) errors: usize,
    pub(super) expires_at: Moment,
}

/// Keeps a file and gives its row.
pub(super) fn insert(scope: &Scope<'_>, new: &NewJob) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "INSERT INTO import_jobs (id, kind, plan_hash, row_count, error_count, created_at,
                 created_by, expires_at)
             VALUES (:id, :kind, :plan_hash, :rows, :errors, :now, :user, :expires_at)",
        )?
        .insert(named_params! {
            ":id": new.id, ":kind": new.kind.name(), ":plan_hash": new.plan_hash,
            ":rows": integer(new.rows),
            ":errors": integer(new.errors),
            ":now": scope.now(), ":user": scope.user(), ":expires_at": new.expires_at,
        })?)
}

pub(super) fn insert_row(scope: &Scope<'_>, rid: i64, line: u32, cells: &str) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO import_rows (import_job_id, line, cells_json)
             VALUES (:rid, :line, :cells)",
        )?
        .execute(named_params! { ":rid": rid, ":line": line, ":cells": cells })?;
    Ok(())
}

/// The file, if it did not expire.
pub(super) fn get(scope: &Scope<'_>, id: ImportId) -> Result<Job> {
    let found = scope
        .prepare_cached(
            "SELECT rid, kind, state, plan_hash, error_count, report_json FROM import_jobs
             WHERE id = :id AND expires_at > :now",
        )?
        .query_row(named_params! { ":id": id, ":now": scope.now() }, |row| {
            let (kind, state): (String, String) = (row.get(1)?, row.get(2)?);
            Ok((
                ImportKind::from_name(&kind),
                Job {
                    rid: row.get(0)?,
                    kind: ImportKind::Items,
                    is_committed: state == "committed",
                    plan_hash: row.get(3)?,
                    errors: row.get(4)?,
                    report: row.get(5)?,
                },
            ))
        })
        .optional()?;
    let (kind, job) = found.ok_or(Error::NotFound)?;
    Ok(Job { kind: kind.ok_or(Error::NotFound)?, ..job })
}

/// Its rows: line and cells.
pub(super) fn rows(scope: &Scope<'_>, rid: i64) -> Result<Vec<(u32, String)>> {
    let mut statement = scope.prepare_cached(
        "SELECT line, cells_json FROM import_rows WHERE import_job_id = :rid ORDER BY line",
    )?;
    let rows =
        statement.query_map(named_params! { ":rid": rid }, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Notes that a file was taken over; its rows are not needed any more.
pub(super) fn commit(scope: &Scope<'_>, rid: i64, report: &str) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM import_rows WHERE import_job_id = :rid")?
        .execute(named_params! { ":rid": rid })?;
    scope
        .prepare_cached(
            "UPDATE import_jobs SET state = 'committed', committed_at = :now,
                 report_json = :report
             WHERE rid = :rid",
        )?
        .execute(named_params! { ":rid": rid, ":now": scope.now(), ":report": report })?;
    Ok(())
}

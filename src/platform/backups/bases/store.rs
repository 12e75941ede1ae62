//! The SQL of backups.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Backup, BackupId, State};
use crate::platform::backups::targets::rules::TargetId;
use crate::platform::ctx::Unit;
use crate::platform::error::Result;
use crate::platform::jobs::JobId;

pub(super) fn insert(scope: &Unit<'_>, id: BackupId, job: JobId) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO backups (id, state, job_id, started_at)
             VALUES (:id, 'running', :job, :now)",
        )?
        .execute(named_params! { ":id": id, ":job": job, ":now": scope.now() })?;
    Ok(())
}

/// Ends those that a stop of the box interrupted.
pub(super) fn fail_running(scope: &Unit<'_>, detail: &str) -> Result<usize> {
    Ok(scope
        .prepare_cached(
            "UPDATE backups SET state = 'failed', finished_at = :now, detail = :detail
             WHERE state = 'running'",
        )?
        .execute(named_params! { ":now": scope.now(), ":detail": detail })?)
}

pub(super) fn update(scope: &Unit<'_>, backup: &Backup, hash: Option<&[u8; 32]>) -> Result<()> {
    let number = |value: Option<u64>| value.and_then(|value| i64::try_from(value).ok());
    scope
        .prepare_cached(
            "UPDATE backups SET sequence = :sequence, state = :state, taken_at = :taken_at,
                 finished_at = :finished_at, source_bytes = :source_bytes,
                 size_bytes = :size_bytes, workspaces = :workspaces, folder = :folder,
                 detail = :detail, commit_hash = COALESCE(:hash, commit_hash)
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": backup.id, ":sequence": number(backup.sequence),
            ":state": backup.state.name(), ":taken_at": backup.taken_at,
            ":finished_at": backup.finished_at, ":source_bytes": number(backup.source_bytes),
            ":size_bytes": number(backup.size_bytes), ":workspaces": number(backup.workspaces),
            ":folder": backup.folder, ":detail": backup.detail, ":hash": hash,
        })?;
    Ok(())
}

/// Notes how one target took a backup; none of `detail`: it lies there.
pub(super) fn note_copy(
    scope: &Unit<'_>,
    backup: BackupId,
    target: TargetId,
    detail: Option<&str>,
) -> Result<()> {
    let uploaded_at = detail.is_none().then(|| scope.now());
    scope
        .prepare_cached(
            "INSERT INTO backup_copies (backup_id, target_id, uploaded_at, detail)
             VALUES (:backup, :target, :uploaded_at, :detail)
             ON CONFLICT (backup_id, target_id) DO UPDATE SET
                 uploaded_at = excluded.uploaded_at, detail = excluded.detail",
        )?
        .execute(named_params! {
            ":backup": backup, ":target": target, ":uploaded_at": uploaded_at, ":detail": detail,
        })?;
    Ok(())
}

pub(super) fn get(scope: &Unit<'_>, id: BackupId) -> Result<Option<Backup>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, sequence, state, job_id, started_at, taken_at, finished_at, source_bytes,
                 size_bytes, workspaces, folder, detail
             FROM backups WHERE id = :id",
        )?
        .query_row(named_params! { ":id": id }, read)
        .optional()?)
}

/// What follows `before`, the newest first.
pub(super) fn list(
    scope: &Unit<'_>,
    before: Option<BackupId>,
    limit: usize,
) -> Result<Vec<Backup>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, sequence, state, job_id, started_at, taken_at, finished_at, source_bytes,
             size_bytes, workspaces, folder, detail
         FROM backups WHERE :before IS NULL OR id < :before ORDER BY id DESC LIMIT :limit",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(named_params! { ":before": before, ":limit": limit }, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The number and the hash of the newest one that was written; none before the first.
pub(super) fn newest(scope: &Unit<'_>) -> Result<Option<(u64, [u8; 32])>> {
    Ok(scope
        .prepare_cached(
            "SELECT sequence, commit_hash FROM backups
             WHERE sequence IS NOT NULL AND commit_hash IS NOT NULL
             ORDER BY sequence DESC LIMIT 1",
        )?
        .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
        .optional()?
        .map(|(sequence, hash)| (u64::try_from(sequence).unwrap_or_default(), hash)))
}

pub(super) fn box_epoch(scope: &Unit<'_>) -> Result<u64> {
    let epoch: i64 = scope
        .prepare_cached("SELECT box_epoch FROM backup_state WHERE one = 1")?
        .query_row([], |row| row.get(0))?;
    Ok(u64::try_from(epoch).unwrap_or(1))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Backup> {
    let number = |column: usize| -> rusqlite::Result<Option<u64>> {
        Ok(row.get::<_, Option<i64>>(column)?.and_then(|value| u64::try_from(value).ok()))
    };
    let state: String = row.get(2)?;
    Ok(Backup {
        id: row.get(0)?,
        sequence: number(1)?,
        state: State::from_name(&state).unwrap_or(State::Failed),
        job: row.get(3)?,
        started_at: row.get(4)?,
        taken_at: row.get(5)?,
        finished_at: row.get(6)?,
        source_bytes: number(7)?,
        size_bytes: number(8)?,
        workspaces: number(9)?,
        folder: row.get(10)?,
        detail: row.get(11)?,
    })
}

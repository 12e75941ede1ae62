//! The SQL of backups.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Backup, BackupId, Copy, CopyState, Reason, State};
use crate::platform::backups::targets::rules::TargetId;
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::jobs::JobId;

const COLUMNS: &str = "id, sequence, state, job_id, started_at, taken_at, finished_at,
    source_bytes, size_bytes, workspaces, folder, detail, reason, verified_at, drilled_at";

const COPY_COLUMNS: &str = "c.backup_id, c.target_id, t.name, c.state, c.uploaded_at,
    c.verified_at, c.checked_at, c.tries, c.next_try_at, c.detail";

pub(super) fn insert(scope: &Unit<'_>, id: BackupId, job: JobId, reason: Reason) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO backups (id, state, job_id, started_at, reason)
             VALUES (:id, 'running', :job, :now, :reason)",
        )?
        .execute(named_params! {
            ":id": id, ":job": job, ":now": scope.now(), ":reason": reason.name(),
        })?;
    Ok(())
}

/// Ends those that a stop of the box interrupted while they were being written.
pub(super) fn fail_unwritten(scope: &Unit<'_>, detail: &str) -> Result<usize> {
    Ok(scope
        .prepare_cached(
            "UPDATE backups SET state = 'failed', finished_at = :now, detail = :detail
             WHERE state = 'running' AND NOT EXISTS (
                 SELECT 1 FROM backup_copies AS c
                 WHERE c.backup_id = backups.id AND c.state = 'waiting')",
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
                 detail = :detail, verified_at = :verified_at, drilled_at = :drilled_at,
                 commit_hash = COALESCE(:hash, commit_hash)
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": backup.id, ":sequence": number(backup.sequence),
            ":state": backup.state.name(), ":taken_at": backup.taken_at,
            ":finished_at": backup.finished_at, ":source_bytes": number(backup.source_bytes),
            ":size_bytes": number(backup.size_bytes), ":workspaces": number(backup.workspaces),
            ":folder": backup.folder, ":detail": backup.detail, ":hash": hash,
            ":verified_at": backup.verified_at, ":drilled_at": backup.drilled_at,
        })?;
    Ok(())
}

pub(super) fn insert_copy(scope: &Unit<'_>, copy: &Copy) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO backup_copies (backup_id, target_id, state, next_try_at)
             VALUES (:backup, :target, :state, :next_try_at)",
        )?
        .execute(named_params! {
            ":backup": copy.backup, ":target": copy.target, ":state": copy.state.name(),
            ":next_try_at": copy.next_try_at,
        })?;
    Ok(())
}

/// Writes how a copy stands; nothing where its target was removed meanwhile.
pub(super) fn update_copy(scope: &Unit<'_>, copy: &Copy) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE backup_copies SET state = :state, uploaded_at = :uploaded_at,
                 verified_at = :verified_at, checked_at = :checked_at, tries = :tries,
                 next_try_at = :next_try_at, detail = :detail
             WHERE backup_id = :backup AND target_id = :target",
        )?
        .execute(named_params! {
            ":backup": copy.backup, ":target": copy.target, ":state": copy.state.name(),
            ":uploaded_at": copy.uploaded_at, ":verified_at": copy.verified_at,
            ":checked_at": copy.checked_at, ":tries": copy.tries,
            ":next_try_at": copy.next_try_at, ":detail": copy.detail,
        })?;
    Ok(())
}

/// Backups that were written and neither lie nor are to lie anywhere.
pub(super) fn forsaken(scope: &Unit<'_>) -> Result<Vec<BackupId>> {
    let mut statement = scope.prepare_cached(
        "SELECT id FROM backups
         WHERE state = 'running' AND sequence IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM backup_copies AS c
             WHERE c.backup_id = backups.id AND c.state IN ('waiting', 'there'))",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn copy(scope: &Unit<'_>, backup: BackupId, target: TargetId) -> Result<Option<Copy>> {
    Ok(scope
        .prepare_cached(&format!(
            "SELECT {COPY_COLUMNS} FROM backup_copies AS c
             JOIN backup_targets AS t ON t.id = c.target_id
             WHERE c.backup_id = :backup AND c.target_id = :target"
        ))?
        .query_row(named_params! { ":backup": backup, ":target": target }, read_copy)
        .optional()?)
}

/// Where a backup lies or is to lie, the oldest target first.
pub(super) fn copies(scope: &Unit<'_>, backup: BackupId) -> Result<Vec<Copy>> {
    let mut statement = scope.prepare_cached(&format!(
        "SELECT {COPY_COLUMNS} FROM backup_copies AS c
         JOIN backup_targets AS t ON t.id = c.target_id
         WHERE c.backup_id = :backup ORDER BY c.target_id"
    ))?;
    let rows = statement.query_map(named_params! { ":backup": backup }, read_copy)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Copies that something is still to be done for, the newest backup first.
pub(super) fn unfinished(scope: &Unit<'_>) -> Result<Vec<Copy>> {
    let mut statement = scope.prepare_cached(&format!(
        "SELECT {COPY_COLUMNS} FROM backup_copies AS c
         JOIN backup_targets AS t ON t.id = c.target_id
         WHERE c.next_try_at IS NOT NULL ORDER BY c.backup_id DESC, c.target_id"
    ))?;
    let rows = statement.query_map([], read_copy)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Copies that failed and that nobody has tidied up after.
pub(super) fn unswept(scope: &Unit<'_>) -> Result<Vec<Copy>> {
    let mut statement = scope.prepare_cached(&format!(
        "SELECT {COPY_COLUMNS} FROM backup_copies AS c
         JOIN backup_targets AS t ON t.id = c.target_id
         WHERE c.state = 'failed' AND c.next_try_at IS NULL AND c.swept_at IS NULL
         ORDER BY c.backup_id, c.target_id"
    ))?;
    let rows = statement.query_map([], read_copy)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn set_swept(scope: &Unit<'_>, copy: &Copy) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE backup_copies SET swept_at = :now
             WHERE backup_id = :backup AND target_id = :target",
        )?
        .execute(named_params! {
            ":now": scope.now(), ":backup": copy.backup, ":target": copy.target,
        })?;
    Ok(())
}

/// Backups whose files are needed in the spool: they are being written, or wait to be sent.
pub(super) fn in_spool(scope: &Unit<'_>) -> Result<Vec<BackupId>> {
    let mut statement = scope.prepare_cached(
        "SELECT id FROM backups WHERE state = 'running' AND sequence IS NULL
         UNION SELECT backup_id FROM backup_copies
         WHERE state = 'waiting' AND next_try_at IS NOT NULL",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Those of them that wait to be sent.
pub(super) fn waiting_in_spool(scope: &Unit<'_>) -> Result<Vec<BackupId>> {
    let mut statement = scope.prepare_cached(
        "SELECT DISTINCT backup_id FROM backup_copies
         WHERE state = 'waiting' AND next_try_at IS NOT NULL",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Copies that lie somewhere, those first that were not looked at for the longest.
pub(super) fn there(scope: &Unit<'_>) -> Result<Vec<Copy>> {
    let mut statement = scope.prepare_cached(&format!(
        "SELECT {COPY_COLUMNS} FROM backup_copies AS c
         JOIN backup_targets AS t ON t.id = c.target_id
         WHERE c.state = 'there'
         ORDER BY COALESCE(c.checked_at, c.verified_at, 0), c.backup_id, c.target_id"
    ))?;
    let rows = statement.query_map([], read_copy)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Gives up what waits to be sent of backups before this one.
pub(super) fn give_up_before(scope: &Unit<'_>, backup: BackupId, detail: &str) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE backup_copies SET detail = :detail, next_try_at = NULL,
                 state = CASE state WHEN 'waiting' THEN 'failed' ELSE state END
             WHERE backup_id < :backup AND next_try_at IS NOT NULL",
        )?
        .execute(named_params! { ":backup": backup, ":detail": detail })?;
    Ok(())
}

/// What the `COMMIT.json` of a backup hashes to.
pub(super) fn commit_hash(scope: &Unit<'_>, id: BackupId) -> Result<Option<[u8; 32]>> {
    let found: Option<Option<[u8; 32]>> = scope
        .prepare_cached("SELECT commit_hash FROM backups WHERE id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get(0))
        .optional()?;
    Ok(found.flatten())
}

/// The folders of all backups that were ever written.
pub(super) fn folders(scope: &Unit<'_>) -> Result<Vec<String>> {
    let mut statement =
        scope.prepare_cached("SELECT folder FROM backups WHERE folder IS NOT NULL")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Another box with this one's identity: its epoch and what is said of it.
pub(super) fn fence(scope: &Unit<'_>) -> Result<Option<(u64, String)>> {
    Ok(scope
        .prepare_cached("SELECT box_epoch, detail FROM backup_fence WHERE one = 1")?
        .query_row([], |row| {
            Ok((u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default(), row.get(1)?))
        })
        .optional()?)
}

pub(super) fn set_fence(scope: &Unit<'_>, box_epoch: u64, detail: &str) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO backup_fence (one, seen_at, box_epoch, detail)
             VALUES (1, :now, :epoch, :detail)
             ON CONFLICT (one) DO UPDATE SET
                 box_epoch = MAX(box_epoch, excluded.box_epoch), detail = excluded.detail",
        )?
        .execute(named_params! {
            ":now": scope.now(), ":epoch": integer(box_epoch),
            ":detail": detail,
        })?;
    Ok(())
}

pub(super) fn clear_fence(scope: &Unit<'_>) -> Result<()> {
    scope.prepare_cached("DELETE FROM backup_fence")?.execute([])?;
    Ok(())
}

/// When a backup was made last, and when one was proved and tried with a kit: moments of the cut,
/// of the proof and of the drill.
pub(super) fn latest(scope: &Unit<'_>) -> Result<[Option<Moment>; 3]> {
    Ok(scope
        .prepare_cached(
            "SELECT MAX(CASE WHEN state = 'uploaded' THEN taken_at END), MAX(verified_at),
                 MAX(drilled_at) FROM backups",
        )?
        .query_row([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?)
}

pub(super) fn get(scope: &Unit<'_>, id: BackupId) -> Result<Option<Backup>> {
    Ok(scope
        .prepare_cached(&format!("SELECT {COLUMNS} FROM backups WHERE id = :id"))?
        .query_row(named_params! { ":id": id }, read)
        .optional()?)
}

/// What follows `before`, the newest first.
pub(super) fn list(
    scope: &Unit<'_>,
    before: Option<BackupId>,
    limit: usize,
) -> Result<Vec<Backup>> {
    let mut statement = scope.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM backups
         WHERE :before IS NULL OR id < :before ORDER BY id DESC LIMIT :limit"
    ))?;
    let limit = integer(limit);
    let rows = statement.query_map(named_params! { ":before": before, ":limit": limit }, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The newest that was being written; of a file out of a backup: that backup.
pub(super) fn unwritten(scope: &Unit<'_>) -> Result<Option<Backup>> {
    Ok(scope
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM backups
             WHERE state = 'running' AND sequence IS NULL ORDER BY id DESC LIMIT 1"
        ))?
        .query_row([], read)
        .optional()?)
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
    let (state, reason): (String, String) = (row.get(2)?, row.get(12)?);
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
        reason: Reason::from_name(&reason).unwrap_or(Reason::Asked),
        verified_at: row.get(13)?,
        drilled_at: row.get(14)?,
    })
}

fn read_copy(row: &Row<'_>) -> rusqlite::Result<Copy> {
    let state: String = row.get(3)?;
    Ok(Copy {
        backup: row.get(0)?,
        target: row.get(1)?,
        target_name: row.get(2)?,
        state: CopyState::from_name(&state).unwrap_or(CopyState::Failed),
        uploaded_at: row.get(4)?,
        verified_at: row.get(5)?,
        checked_at: row.get(6)?,
        tries: row.get(7)?,
        next_try_at: row.get(8)?,
        detail: row.get(9)?,
    })
}

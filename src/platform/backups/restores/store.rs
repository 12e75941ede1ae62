//! The SQL of restores.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Mode, Restore, RestoreId, State};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::workspaces::WorkspaceId;

const COLUMNS: &str = "id, job_id, backup_id, workspace_id, mode, state, of_restore, asked_by,
    asked_at, finished_at, kept_until, detail, was_damaged";

pub(super) fn insert(scope: &Unit<'_>, restore: &Restore) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO restores (id, job_id, backup_id, workspace_id, mode, state, of_restore,
                 asked_by, asked_at)
             VALUES (:id, :job, :backup, :workspace, :mode, :state, :of, :asked_by, :asked_at)",
        )?
        .execute(named_params! {
            ":id": restore.id, ":job": restore.job, ":backup": restore.backup,
            ":workspace": restore.workspace, ":mode": restore.mode.name(),
            ":state": restore.state.name(), ":of": restore.of, ":asked_by": restore.asked_by,
            ":asked_at": restore.asked_at,
        })?;
    Ok(())
}

/// Writes what changes while it runs.
pub(super) fn update(scope: &Unit<'_>, restore: &Restore) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE restores SET workspace_id = :workspace, state = :state,
                 finished_at = :finished_at, kept_until = :kept_until,
                 was_damaged = :was_damaged, detail = :detail
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": restore.id, ":workspace": restore.workspace, ":state": restore.state.name(),
            ":finished_at": restore.finished_at, ":kept_until": restore.kept_until,
            ":was_damaged": restore.was_damaged, ":detail": restore.detail,
        })?;
    Ok(())
}

pub(super) fn set_found(scope: &Unit<'_>, id: RestoreId, found: &str) -> Result<()> {
    scope
        .prepare_cached("UPDATE restores SET found = :found WHERE id = :id")?
        .execute(named_params! { ":id": id, ":found": found })?;
    Ok(())
}

/// What a look found, JSON.
pub(super) fn found(scope: &Unit<'_>, id: RestoreId) -> Result<Option<String>> {
    Ok(scope
        .prepare_cached("SELECT found FROM restores WHERE id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get(0))?)
}

pub(super) fn get(scope: &Unit<'_>, id: RestoreId) -> Result<Option<Restore>> {
    Ok(scope
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM restores
         WHERE id = :id"
        ))?
        .query_row(named_params! { ":id": id }, read)
        .optional()?)
}

/// What follows `before`, the newest first.
pub(super) fn list(
    scope: &Unit<'_>,
    before: Option<RestoreId>,
    limit: usize,
) -> Result<Vec<Restore>> {
    let mut statement = scope.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM restores
         WHERE :before IS NULL OR id < :before ORDER BY id DESC LIMIT :limit"
    ))?;
    let limit = integer(limit);
    let rows = statement.query_map(named_params! { ":before": before, ":limit": limit }, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whose file of before was kept before a moment.
pub(super) fn kept_before(scope: &Unit<'_>, before: Moment) -> Result<Vec<Restore>> {
    let mut statement = scope.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM restores
         WHERE (kept_until IS NOT NULL OR was_damaged = 1) AND finished_at < :before ORDER BY id"
    ))?;
    let rows = statement.query_map(named_params! { ":before": before }, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Those that are said to run.
pub(super) fn running(scope: &Unit<'_>) -> Result<Vec<Restore>> {
    let mut statement = scope.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM restores
         WHERE state = 'running' ORDER BY id"
    ))?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Those whose file of before is still needed.
pub(super) fn kept(scope: &Unit<'_>, now: Moment) -> Result<Vec<RestoreId>> {
    let mut statement = scope.prepare_cached(
        "SELECT id FROM restores
         WHERE state = 'running' OR kept_until > :now OR was_damaged = 1",
    )?;
    let rows = statement.query_map(named_params! { ":now": now }, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether a file of before of a workspace is still needed.
pub(super) fn is_kept(scope: &Unit<'_>, workspace: WorkspaceId, now: Moment) -> Result<bool> {
    Ok(scope
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM restores WHERE workspace_id = :workspace
                 AND (state = 'running' OR kept_until > :now))",
        )?
        .query_row(named_params! { ":workspace": workspace, ":now": now }, |row| row.get(0))?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Restore> {
    let (mode, state): (String, String) = (row.get(4)?, row.get(5)?);
    Ok(Restore {
        id: row.get(0)?,
        job: row.get(1)?,
        backup: row.get(2)?,
        workspace: row.get(3)?,
        mode: Mode::from_name(&mode).unwrap_or(Mode::Look),
        state: State::from_name(&state).unwrap_or(State::Failed),
        of: row.get(6)?,
        asked_by: row.get(7)?,
        asked_at: row.get(8)?,
        finished_at: row.get(9)?,
        kept_until: row.get(10)?,
        detail: row.get(11)?,
        was_damaged: row.get(12)?,
    })
}

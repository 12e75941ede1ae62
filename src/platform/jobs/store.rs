//! The SQL of jobs, their schedules and their effects.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{BACK_OFF_MAX, Fault, Job, JobId, Progress, Requester, State, WAITING_ALL_MAX};
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxScope, Unit};
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;
use crate::platform::identity::UserId;
use crate::platform::workspaces::rules::WorkspaceId;

const COLUMNS: &str = "id, kind, workspace_id, state, is_heavy, attempts, attempts_max, input,
    result, problem_code, problem_detail, progress_done, progress_total, requested_by,
    requested_with, created_at, run_at, started_at, finished_at, cancel_asked_at, version";

/// The place of the box among the workspaces of `job_schedules`.
const BOX: WorkspaceId = Id::from_bytes([0; 16]);

pub(super) fn insert(scope: &BoxScope<'_>, job: &Job, subject: &str) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO jobs (id, kind, workspace_id, subject, state, is_heavy, attempts_max,
                 input, requested_by, requested_with, created_at, run_at)
             VALUES (:id, :kind, :workspace, :subject, 'waiting', :is_heavy, :attempts_max,
                 :input, :user, :family, :created_at, :run_at)",
        )?
        .execute(named_params! {
            ":id": job.id, ":kind": job.kind, ":workspace": job.workspace, ":subject": subject,
            ":is_heavy": job.is_heavy, ":attempts_max": job.attempts_max, ":input": job.input,
            ":user": job.requester.map(|one| one.user),
            ":family": job.requester.map(|one| one.family),
            ":created_at": job.created_at, ":run_at": job.run_at,
        })?;
    Ok(())
}

pub(super) fn get(scope: &BoxScope<'_>, id: JobId) -> Result<Option<Job>> {
    Ok(scope
        .prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE id = :id"))?
        .query_row(named_params! { ":id": id }, job)
        .optional()?)
}

/// A job of this kind about the same thing that has not ended.
pub(super) fn under_way(
    scope: &BoxScope<'_>,
    kind: &str,
    workspace: Option<WorkspaceId>,
    subject: &str,
) -> Result<Option<Job>> {
    Ok(scope
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM jobs
             WHERE state IN ('waiting', 'running') AND kind = :kind
               AND workspace_id IS :workspace AND subject = :subject LIMIT 1"
        ))?
        .query_row(
            named_params! { ":kind": kind, ":workspace": workspace, ":subject": subject },
            job,
        )
        .optional()?)
}

/// Whether a job of this kind about nothing in particular has not begun yet.
pub(super) fn is_waiting(scope: &BoxScope<'_>, kind: &str, workspace: WorkspaceId) -> Result<bool> {
    Ok(scope
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE kind = :kind AND workspace_id = :workspace
                 AND state = 'waiting' AND subject = '')",
        )?
        .query_row(named_params! { ":kind": kind, ":workspace": workspace }, |row| row.get(0))?)
}

/// Jobs that somebody asked for and that have not ended.
pub(super) fn under_way_of(scope: &BoxScope<'_>, user: UserId) -> Result<Vec<Job>> {
    let mut statement = scope.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM jobs
         WHERE state IN ('waiting', 'running') AND requested_by = :user ORDER BY id LIMIT :most"
    ))?;
    let rows = statement
        .query_map(named_params! { ":user": user, ":most": integer(WAITING_ALL_MAX) }, job)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The subject a job was asked for with.
pub(super) fn subject(scope: &BoxScope<'_>, id: JobId) -> Result<String> {
    Ok(scope
        .prepare_cached("SELECT subject FROM jobs WHERE id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get(0))?)
}

/// How many wait on the whole box, counted to the bound.
pub(super) fn count_waiting(scope: &BoxScope<'_>) -> Result<usize> {
    let count: i64 = scope
        .prepare_cached(
            "SELECT COUNT(*) FROM (SELECT 1 FROM jobs WHERE state = 'waiting' LIMIT :most)",
        )?
        .query_row(named_params! { ":most": integer(WAITING_ALL_MAX) }, |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// How many jobs of people wait in a workspace, or for the box itself.
pub(super) fn count_asked(scope: &BoxScope<'_>, workspace: Option<WorkspaceId>) -> Result<usize> {
    let count: i64 = scope
        .prepare_cached(
            "SELECT COUNT(*) FROM jobs
             WHERE state = 'waiting' AND requested_by IS NOT NULL
               AND workspace_id IS :workspace",
        )?
        .query_row(named_params! { ":workspace": workspace }, |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// All of the box when there is none.
    pub workspace: Option<WorkspaceId>,
    pub state: Option<State>,
    pub kind: Option<String>,
    /// What follows this one.
    pub before: Option<JobId>,
}

/// Newest first.
pub(super) fn list(scope: &BoxScope<'_>, filter: &Filter, limit: usize) -> Result<Vec<Job>> {
    let mut statement = scope.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM jobs
         WHERE (:workspace IS NULL OR workspace_id = :workspace)
           AND (:state IS NULL OR state = :state) AND (:kind IS NULL OR kind = :kind)
           AND (:before IS NULL OR id < :before)
         ORDER BY id DESC LIMIT :limit"
    ))?;
    let rows = statement.query_map(
        named_params! {
            ":workspace": filter.workspace, ":state": filter.state.map(State::name),
            ":kind": filter.kind, ":before": filter.before, ":limit": integer(limit),
        },
        job,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The newest job of a kind, in a workspace or anywhere.
pub(super) fn last_of(
    scope: &BoxScope<'_>,
    kind: &str,
    workspace: Option<WorkspaceId>,
) -> Result<Option<Job>> {
    let filter = Filter { workspace, kind: Some(kind.to_owned()), ..Filter::default() };
    Ok(list(scope, &filter, 1)?.pop())
}

/// The job that begins next, those of people first.
pub(super) fn next_due(scope: &BoxScope<'_>, may_be_heavy: bool) -> Result<Option<JobId>> {
    Ok(scope
        .prepare_cached(
            "SELECT id FROM jobs
             WHERE state = 'waiting' AND (run_at <= :now OR run_at > :far)
               AND (:may_be_heavy OR is_heavy = 0)
             ORDER BY requested_by IS NULL, run_at, id LIMIT 1",
        )?
        .query_row(
            named_params! {
                ":now": scope.now(), ":far": scope.now().plus(BACK_OFF_MAX),
                ":may_be_heavy": may_be_heavy,
            },
            |row| row.get(0),
        )
        .optional()?)
}

/// When the next waiting job is due.
pub(super) fn next_run_at(scope: &BoxScope<'_>) -> Result<Option<Moment>> {
    Ok(scope
        .prepare_cached("SELECT MIN(run_at) FROM jobs WHERE state = 'waiting'")?
        .query_row([], |row| row.get(0))?)
}

/// Jobs that the table says are running.
pub(super) fn running(scope: &BoxScope<'_>) -> Result<Vec<Job>> {
    let mut statement = scope.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM jobs WHERE state = 'running' ORDER BY id LIMIT :most"
    ))?;
    let rows = statement.query_map(named_params! { ":most": integer(WAITING_ALL_MAX) }, job)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Writes all of a job that changes while it lives.
pub(super) fn update(scope: &BoxScope<'_>, job: &Job) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE jobs SET state = :state, attempts = :attempts, result = :result,
                 problem_code = :code, problem_detail = :detail, progress_done = :done,
                 progress_total = :total, requested_by = :user, requested_with = :family,
                 run_at = :run_at, started_at = :started_at, finished_at = :finished_at,
                 cancel_asked_at = :cancel_asked_at, version = :version
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": job.id, ":state": job.state.name(), ":attempts": job.attempts,
            ":result": job.result, ":code": job.fault.as_ref().map(|fault| &fault.code),
            ":detail": job.fault.as_ref().map(|fault| &fault.detail),
            ":done": job.progress.map(|one| integer(one.done)),
            ":total": job.progress.map(|one| integer(one.total)),
            ":user": job.requester.map(|one| one.user),
            ":family": job.requester.map(|one| one.family),
            ":run_at": job.run_at, ":started_at": job.started_at,
            ":finished_at": job.finished_at, ":cancel_asked_at": job.cancel_asked_at,
            ":version": job.version,
        })?;
    Ok(())
}

/// Until when a schedule was looked after; none when never.
pub(super) fn done_until(
    scope: &BoxScope<'_>,
    kind: &str,
    workspace: Option<WorkspaceId>,
) -> Result<Option<Moment>> {
    Ok(scope
        .prepare_cached(
            "SELECT done_until FROM job_schedules
             WHERE kind = :kind AND workspace_id = :workspace",
        )?
        .query_row(named_params! { ":kind": kind, ":workspace": workspace.unwrap_or(BOX) }, |row| {
            row.get(0)
        })
        .optional()?)
}

pub(super) fn set_done_until(
    scope: &BoxScope<'_>,
    kind: &str,
    workspace: Option<WorkspaceId>,
    until: Moment,
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO job_schedules (kind, workspace_id, done_until)
             VALUES (:kind, :workspace, :until)
             ON CONFLICT (kind, workspace_id) DO UPDATE SET done_until = excluded.done_until",
        )?
        .execute(named_params! {
            ":kind": kind, ":workspace": workspace.unwrap_or(BOX), ":until": until,
        })?;
    Ok(())
}

/// What a step of a job answered when it was done in this file.
pub(super) fn effect(unit: &Unit<'_>, job: JobId, step: &str) -> Result<Option<String>> {
    Ok(unit
        .prepare_cached("SELECT result FROM job_effects WHERE job_id = :job AND step = :step")?
        .query_row(named_params! { ":job": job, ":step": step }, |row| row.get(0))
        .optional()?)
}

pub(super) fn insert_effect(unit: &Unit<'_>, job: JobId, step: &str, result: &str) -> Result<()> {
    unit.prepare_cached(
        "INSERT INTO job_effects (job_id, step, result, created_at)
         VALUES (:job, :step, :result, :now)",
    )?
    .execute(named_params! {
        ":job": job, ":step": step, ":result": result, ":now": unit.now(),
    })?;
    Ok(())
}

/// Drops jobs that ended before `before`.
pub(super) fn drop_before(scope: &BoxScope<'_>, before: Moment, most: usize) -> Result<usize> {
    Ok(scope
        .prepare_cached(
            "DELETE FROM jobs WHERE id IN (
                 SELECT id FROM jobs WHERE state IN ('done', 'failed', 'cancelled')
                   AND finished_at < :before LIMIT :most)",
        )?
        .execute(named_params! { ":before": before, ":most": integer(most) })?)
}

/// Drops ended jobs beyond the newest `kept`.
pub(super) fn drop_beyond(scope: &BoxScope<'_>, kept: usize, most: usize) -> Result<usize> {
    Ok(scope
        .prepare_cached(
            "DELETE FROM jobs WHERE id IN (
                 SELECT id FROM jobs WHERE state IN ('done', 'failed', 'cancelled')
                 ORDER BY id DESC LIMIT :most OFFSET :kept)",
        )?
        .execute(named_params! { ":kept": integer(kept), ":most": integer(most) })?)
}

/// Drops what is left of workspaces that are gone.
pub(super) fn drop_orphans(scope: &BoxScope<'_>, most: usize) -> Result<usize> {
    scope
        .prepare_cached(
            "DELETE FROM job_schedules WHERE workspace_id <> :box
               AND workspace_id NOT IN (SELECT id FROM workspaces)",
        )?
        .execute(named_params! { ":box": BOX })?;
    Ok(scope
        .prepare_cached(
            "DELETE FROM jobs WHERE id IN (
                 SELECT id FROM jobs WHERE workspace_id IS NOT NULL AND state <> 'running'
                   AND workspace_id NOT IN (SELECT id FROM workspaces) LIMIT :most)",
        )?
        .execute(named_params! { ":most": integer(most) })?)
}

/// Drops notes of effects older than any job that could run again.
pub(super) fn drop_effects(unit: &Unit<'_>, before: Moment, most: usize) -> Result<usize> {
    Ok(unit
        .prepare_cached(
            "DELETE FROM job_effects WHERE (job_id, step) IN (
                 SELECT job_id, step FROM job_effects WHERE created_at < :before LIMIT :most)",
        )?
        .execute(named_params! { ":before": before, ":most": integer(most) })?)
}

/// How jobs stand on the whole box.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    pub waiting: i64,
    pub running: i64,
    /// Failed and not done since, those that people asked for among them.
    pub failed: i64,
    /// When the job that waits longest was due.
    pub due_since: Option<Moment>,
}

/// Counts jobs; of the failed ones those that failed after `since`.
pub(super) fn figures(scope: &BoxScope<'_>, since: Moment) -> Result<Figures> {
    Ok(scope
        .prepare_cached(
            "SELECT (SELECT COUNT(*) FROM jobs WHERE state = 'waiting'),
                 (SELECT COUNT(*) FROM jobs WHERE state = 'running'),
                 (SELECT COUNT(*) FROM jobs AS f
                  WHERE f.state = 'failed' AND f.finished_at > :since AND NOT EXISTS (
                      SELECT 1 FROM jobs AS d WHERE d.kind = f.kind
                        AND d.workspace_id IS f.workspace_id AND d.subject = f.subject
                        AND d.state = 'done' AND d.finished_at >= f.finished_at)),
                 (SELECT MIN(run_at) FROM jobs WHERE state = 'waiting')",
        )?
        .query_row(named_params! { ":since": since }, |row| {
            Ok(Figures {
                waiting: row.get(0)?,
                running: row.get(1)?,
                failed: row.get(2)?,
                due_since: row.get(3)?,
            })
        })?)
}

/// Kinds of which a job failed after `since` and none was done later, of those that a schedule
/// asked for.
pub(super) fn failing(scope: &BoxScope<'_>, since: Moment) -> Result<Vec<(String, i64)>> {
    let mut statement = scope.prepare_cached(
        "SELECT f.kind, COUNT(*) FROM jobs AS f
         WHERE f.state = 'failed' AND f.finished_at > :since AND f.subject = '' AND NOT EXISTS (
             SELECT 1 FROM jobs AS d WHERE d.kind = f.kind
               AND d.workspace_id IS f.workspace_id AND d.subject = f.subject
               AND d.state = 'done' AND d.finished_at >= f.finished_at)
         GROUP BY f.kind",
    )?;
    let rows = statement
        .query_map(named_params! { ":since": since }, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let (state, code): (String, Option<String>) = (row.get(3)?, row.get(9)?);
    let detail: Option<String> = row.get(10)?;
    let (done, total): (Option<i64>, Option<i64>) = (row.get(11)?, row.get(12)?);
    let (user, family) = (row.get::<_, Option<_>>(13)?, row.get::<_, Option<_>>(14)?);
    let wide = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(Job {
        id: row.get(0)?,
        kind: row.get(1)?,
        workspace: row.get(2)?,
        state: State::from_name(&state).unwrap_or(State::Failed),
        is_heavy: row.get(4)?,
        attempts: row.get(5)?,
        attempts_max: row.get(6)?,
        input: row.get(7)?,
        result: row.get(8)?,
        fault: code.map(|code| Fault { code, detail: detail.unwrap_or_default() }),
        progress: done
            .zip(total)
            .map(|(done, total)| Progress { done: wide(done), total: wide(total) }),
        requester: user.zip(family).map(|(user, family)| Requester { user, family }),
        created_at: row.get(15)?,
        run_at: row.get(16)?,
        started_at: row.get(17)?,
        finished_at: row.get(18)?,
        cancel_asked_at: row.get(19)?,
        version: row.get(20)?,
    })
}

/// A row that the table's own checks should have refused.
pub(super) fn missing(id: JobId) -> Error {
    Error::internal(format!("job {id} is not in the table any more"))
}

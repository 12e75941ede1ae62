//! Asking for jobs, looking at them, ending them; and what the runner writes down.

pub(super) mod wishing;

use std::sync::Arc;

use serde_json::Value;

use super::rules::{
    self, Asker, Ending, FAILURES_TOLD, HISTORY_KEPT, HISTORY_ROWS_MAX, Job, JobId, Next, Progress,
    Requester, State, VALUE_SIZE_BYTES_MAX, WAITING_ALL_MAX, WAITING_MAX,
};
use super::state::{Jobs, Kind};
use super::store;
use super::work::Per;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause, Ctx, Unit};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::UserId;
use crate::platform::notices;
use crate::platform::workspaces::WorkspaceId;

pub use store::{Figures, Filter};

/// Audit and event kind.
pub const KIND: &str = "job";

/// A job to be asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub kind: &'static str,
    /// None for the box's own.
    pub workspace: Option<WorkspaceId>,
    /// What it is about: of jobs of a kind about the same thing one is under way at a time.
    pub subject: String,
    pub input: Value,
}

/// What happens when the same is under way already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnderWay {
    Refuse,
    /// Whoever asks gets the job that is there.
    Join,
}

/// Asks for a job. Whoever asks is remembered, and what they may do is checked again when it
/// begins.
pub async fn ask(ctx: &BoxCtx, wanted: Wanted, under_way: UnderWay) -> Result<Created<Job>> {
    let platform = std::sync::Arc::clone(&ctx.platform);
    let load = |scope: &BoxScope<'_>, id: JobId| store::get(scope, id)?.ok_or(Error::NotFound);
    let make = move |scope: &BoxScope<'_>| {
        let job = ask_in(scope, &platform.jobs, &wanted, under_way)?;
        Ok((job.id, job))
    };
    let asked = ctx.create(load, make).await?;
    ctx.platform.jobs.tell(&asked.value);
    ctx.platform.jobs.nudge();
    Ok(asked)
}

/// Asks inside the caller's transaction, which makes what the job is about. Nudge the runner
/// afterwards.
pub(in crate::platform) fn ask_in(
    scope: &BoxScope<'_>,
    jobs: &Jobs,
    wanted: &Wanted,
    under_way: UnderWay,
) -> Result<Job> {
    let Wanted { kind, workspace, subject, input } = wanted;
    let kind = jobs.kind(kind).ok_or_else(|| Error::internal(format!("no jobs of kind {kind}")))?;
    if let Some(there) = store::under_way(scope, kind.spec.kind, *workspace, subject)? {
        return match under_way {
            UnderWay::Join => join(scope, there),
            UnderWay::Refuse => refuse_under_way(),
        };
    }
    let is_full = store::count_asked(scope, *workspace)? >= WAITING_MAX
        || store::count_waiting(scope)? >= WAITING_ALL_MAX;
    if is_full {
        let limit = u64::try_from(WAITING_MAX).ok();
        return Err(Error::Throttled { code: "too-many-jobs", retry_after_s: 60, limit });
    }
    let input = written(input)?;
    let job = Job { input, ..new_job(scope, &kind, *workspace) };
    store::insert(scope, &job, subject)?;
    if scope.user().is_some() {
        scope.audit(entry("job.requested", &job))?;
    }
    Ok(job)
}

/// Somebody who asks again does not wait for the end of the pause after a failure.
fn join(scope: &BoxScope<'_>, there: Job) -> Result<Job> {
    if !there.is_paused(scope.now()) || matches!(scope.cause().actor, Actor::System) {
        return Ok(there);
    }
    let job = Job { run_at: scope.now(), version: there.version + 1, ..there };
    store::update(scope, &job)?;
    if scope.user().is_some() {
        scope.audit(entry("job.requested", &job))?;
    }
    Ok(job)
}

fn refuse_under_way<T>() -> Result<T> {
    let detail = "The same job is waiting or running already.";
    Err(Error::conflict("job-under-way", detail))
}

fn new_job(scope: &BoxScope<'_>, kind: &Kind, workspace: Option<WorkspaceId>) -> Job {
    Job {
        id: scope.new_id(),
        kind: kind.spec.kind.to_owned(),
        workspace,
        state: State::Waiting,
        is_heavy: kind.spec.is_heavy,
        attempts: 0,
        attempts_max: kind.spec.attempts_max,
        input: "null".to_owned(),
        result: None,
        fault: None,
        progress: None,
        requester: requester(scope.cause()),
        created_at: scope.now(),
        run_at: scope.now(),
        started_at: None,
        finished_at: None,
        cancel_asked_at: None,
        version: 1,
    }
}

fn requester(cause: &Cause) -> Option<Requester> {
    match &cause.actor {
        Actor::Principal(principal) => {
            Some(Requester { user: principal.user, family: principal.family })
        }
        Actor::System | Actor::Stranger | Actor::Newcomer(_) | Actor::CommandLine => None,
    }
}

fn entry(action: &'static str, job: &Job) -> Entry {
    let entry = Entry::new(action, KIND, job.id).version(job.version).set("kind", &job.kind);
    match job.workspace {
        Some(workspace) => entry.set("workspace", workspace.to_string()),
        None => entry,
    }
}

fn written(value: &Value) -> Result<String> {
    let text = value.to_string();
    if text.len() > VALUE_SIZE_BYTES_MAX {
        return Err(Error::internal("a job was given or answers more than it may"));
    }
    Ok(text)
}

/// Asks for a job of the workspace by its kind alone.
pub async fn ask_for(ctx: &Ctx, kind: &str) -> Result<Created<Job>> {
    let known = kinds_for(ctx);
    ask_for_one_of(ctx, known.into_iter(), kind, Some(ctx.workspace())).await
}

/// Asks for a job of the box by its kind alone.
pub async fn ask_for_on_box(ctx: &BoxCtx, kind: &str) -> Result<Created<Job>> {
    ask_for_one_of(ctx, ctx.platform.jobs.kinds_per(Per::Box), kind, None).await
}

async fn ask_for_one_of(
    ctx: &BoxCtx,
    mut kinds: impl Iterator<Item = Kind>,
    kind: &str,
    workspace: Option<WorkspaceId>,
) -> Result<Created<Job>> {
    let Some(known) = kinds.find(|one| one.spec.kind == kind && one.spec.can_be_asked) else {
        let detail = "There is no such kind of job here, or nobody can ask for it.";
        return Err(Error::invalid("kind", "job-kind", detail));
    };
    let kind = known.spec.kind;
    let wanted = Wanted { kind, workspace, subject: String::new(), input: Value::Null };
    ask(ctx, wanted, UnderWay::Refuse).await
}

/// The kinds of jobs there can be in the workspace.
pub(super) fn kinds_for(ctx: &Ctx) -> Vec<Kind> {
    let (on, known) = (&ctx.membership.standing.apps, ctx.platform.app_ids());
    let kinds = ctx.platform.jobs.kinds_per(Per::Workspace);
    kinds.filter(|kind| kind.is_for(on, &known)).collect()
}

/// Whose jobs somebody looks at.
#[derive(Debug, Clone, Copy)]
pub enum View {
    /// All of the box, by its operators.
    Box,
    /// All of a workspace.
    Workspace(WorkspaceId),
    /// Those of a workspace that somebody asked for.
    Own(WorkspaceId, Asker),
}

impl View {
    /// What a member sees of the workspace's jobs.
    pub fn of(ctx: &Ctx) -> Result<Self> {
        if ctx.may("jobs.read") {
            return Ok(Self::Workspace(ctx.workspace()));
        }
        Ok(Self::Own(ctx.workspace(), ctx.principal()?.as_ref().into()))
    }

    fn shows(self, job: &Job) -> bool {
        match self {
            Self::Box => true,
            Self::Workspace(workspace) => job.workspace == Some(workspace),
            Self::Own(workspace, asker) => job.workspace == Some(workspace) && job.is_of(asker),
        }
    }
}

/// Newest first.
pub async fn list(ctx: &BoxCtx, filter: Filter, limit: usize) -> Result<Vec<Job>> {
    let jobs = ctx.read(move |scope| store::list(scope, &filter, limit)).await?;
    Ok(jobs.into_iter().map(|job| with_progress(ctx, job)).collect())
}

pub async fn get(ctx: &BoxCtx, view: View, id: JobId) -> Result<Job> {
    let job = ctx.read(move |scope| get_in(scope, view, id)).await?;
    Ok(with_progress(ctx, job))
}

fn get_in(scope: &BoxScope<'_>, view: View, id: JobId) -> Result<Job> {
    store::get(scope, id)?.filter(|job| view.shows(job)).ok_or(Error::NotFound)
}

/// A job by its id, inside the caller's transaction.
pub(in crate::platform) fn find_in(scope: &BoxScope<'_>, id: JobId) -> Result<Job> {
    get_in(scope, View::Box, id)
}

/// A running job's progress is in memory only.
fn with_progress(ctx: &BoxCtx, job: Job) -> Job {
    let progress = ctx.platform.jobs.progress(job.id);
    Job { progress: progress.or(job.progress), ..job }
}

/// What the jobs of the box of this kind were given that wait or run, inside the caller's
/// transaction: JSON.
pub(in crate::platform) fn inputs_under_way_in(
    scope: &BoxScope<'_>,
    kind: &str,
) -> Result<Vec<String>> {
    let mut inputs = Vec::new();
    for state in [State::Waiting, State::Running] {
        let filter =
            Filter { state: Some(state), kind: Some(kind.to_owned()), ..Filter::default() };
        let jobs = store::list(scope, &filter, WAITING_ALL_MAX)?;
        inputs.extend(jobs.into_iter().map(|job| job.input));
    }
    Ok(inputs)
}

/// Whether a job still writes, or wrote, a file that is kept until then.
pub(in crate::platform) fn answers_for_in(
    scope: &BoxScope<'_>,
    id: JobId,
    until: &str,
) -> Result<bool> {
    let Some(job) = store::get(scope, id)? else { return Ok(false) };
    let told = job.result.as_deref().and_then(|json| serde_json::from_str::<Value>(json).ok());
    Ok(!job.state.has_ended() || told.is_some_and(|result| result["kept_until"] == until))
}

/// The job of the box of this kind that waits or runs, inside the caller's transaction.
pub(in crate::platform) fn under_way_in(scope: &BoxScope<'_>, kind: &str) -> Result<Option<JobId>> {
    Ok(store::under_way(scope, kind, None, "")?.map(|job| job.id))
}

/// Ends a job: a waiting one at once, a running one at its next step.
pub async fn cancel(ctx: &BoxCtx, view: View, id: JobId) -> Result<Job> {
    let cancelled = ctx.write(move |scope| {
        let mut job = get_in(scope, view, id)?;
        if job.state.has_ended() {
            let detail = format!("The job is {} already.", job.state.name());
            return Err(Error::conflict("job-ended", detail));
        }
        if job.cancel_asked_at.is_some() {
            return Ok(job);
        }
        mark_cancelled(scope, &mut job)?;
        Ok(job)
    });
    let job = cancelled.await?;
    ended(&ctx.platform.jobs, std::slice::from_ref(&job));
    Ok(with_progress(ctx, job))
}

/// Ends what waits or runs in somebody's name, inside the caller's transaction, and gives it; call
/// `ended` with it afterwards. What the box does as itself goes on, whoever asked for it.
pub(in crate::platform) fn cancel_of_in(
    scope: &BoxScope<'_>,
    jobs: &Jobs,
    user: UserId,
) -> Result<Vec<Job>> {
    let mut all = store::under_way_of(scope, user)?;
    all.retain(|job| jobs.kind(&job.kind).is_none_or(|kind| kind.spec.permission.is_some()));
    for job in all.iter_mut().filter(|job| job.cancel_asked_at.is_none()) {
        mark_cancelled(scope, job)?;
    }
    Ok(all)
}

/// Ends those that run at their next step, lets go of what the others were given, and tells
/// listeners.
pub(in crate::platform) fn ended(jobs: &Jobs, all: &[Job]) {
    for job in all {
        if job.state.has_ended() {
            jobs.let_go(job.id);
        }
        if let Some(running) = jobs.running(job.id) {
            running.cancel();
        }
        jobs.tell(job);
    }
}

/// Ends the box's job of a kind that was under way on a machine that is no more.
pub(in crate::platform) fn end_lost_in(
    scope: &BoxScope<'_>,
    kind: &str,
    detail: &str,
) -> Result<()> {
    let Some(job) = store::under_way(scope, kind, None, "")? else { return Ok(()) };
    let next = Next::Failed(rules::Fault::new("job-interrupted", detail));
    store::update(scope, &settled(scope, job, next, None))
}

fn mark_cancelled(scope: &BoxScope<'_>, job: &mut Job) -> Result<()> {
    job.version += 1;
    job.cancel_asked_at = Some(scope.now());
    if job.state == State::Waiting {
        job.state = State::Cancelled;
        job.finished_at = Some(scope.now());
    }
    store::update(scope, job)?;
    scope.audit(entry("job.cancelled", job))?;
    Ok(())
}

/// Lets a failed or cancelled job run again, for whoever retries it if they belong there.
pub async fn retry(ctx: &BoxCtx, view: View, id: JobId) -> Result<Job> {
    let retried = ctx.write(move |scope| {
        let job = get_in(scope, view, id)?;
        if !job.can_retry() {
            let detail = format!(
                "The job is {}; only a failed or cancelled one runs again.",
                job.state.name()
            );
            return Err(Error::conflict("job-cannot-retry", detail));
        }
        let subject = store::subject(scope, id)?;
        if store::under_way(scope, &job.kind, job.workspace, &subject)?.is_some() {
            return refuse_under_way();
        }
        let job = Job {
            state: State::Waiting,
            attempts: 0,
            result: None,
            fault: None,
            progress: None,
            requester: match view {
                // Operators belong to no workspace, so it stays the asker's.
                View::Box => job.requester,
                View::Workspace(_) | View::Own(..) => requester(scope.cause()),
            },
            run_at: scope.now(),
            started_at: None,
            finished_at: None,
            cancel_asked_at: None,
            version: job.version + 1,
            ..job
        };
        store::update(scope, &job)?;
        scope.audit(entry("job.retried", &job))?;
        Ok(job)
    });
    let job = retried.await?;
    ctx.platform.jobs.tell(&job);
    ctx.platform.jobs.nudge();
    Ok(job)
}

/// The job of a kind that began last, inside the caller's transaction.
pub(super) fn last_of_in(
    scope: &BoxScope<'_>,
    kind: &str,
    workspace: Option<WorkspaceId>,
) -> Result<Option<Job>> {
    store::last_of(scope, kind, workspace)
}

/// Does a job's step once: the answer of the first time is kept in the same transaction.
pub(super) fn once_in(
    unit: &Unit<'_>,
    job: JobId,
    step: &str,
    work: impl FnOnce() -> Result<Value>,
) -> Result<Value> {
    if let Some(done) = store::effect(unit, job, step)? {
        return serde_json::from_str(&done).map_err(Error::internal);
    }
    let result = work()?;
    store::insert_effect(unit, job, step, &written(&result)?)?;
    Ok(result)
}

/// What a job did to the workspace's file, if it did it already.
pub(super) async fn effect(ctx: &Ctx, job: JobId, step: &'static str) -> Result<Option<String>> {
    ctx.read(move |scope| store::effect(scope, job, step)).await
}

/// What a job did to the box's file.
pub(super) async fn effect_on_box(
    ctx: &BoxCtx,
    job: JobId,
    step: &'static str,
) -> Result<Option<String>> {
    ctx.read(move |scope| store::effect(scope, job, step)).await
}

/// Jobs that the table says are running.
pub(super) async fn left_running(ctx: &BoxCtx) -> Result<Vec<Job>> {
    ctx.read(store::running).await
}

/// Begins the job that is due next; none when nothing is.
pub(super) async fn begin(ctx: &BoxCtx, may_be_heavy: bool) -> Result<Option<Job>> {
    // Most looks find nothing, and a commit would make all remembered sessions stale.
    if ctx.read(move |scope| store::next_due(scope, may_be_heavy)).await?.is_none() {
        return Ok(None);
    }
    ctx.write(move |scope| {
        let Some(id) = store::next_due(scope, may_be_heavy)? else { return Ok(None) };
        let job = store::get(scope, id)?.ok_or_else(|| store::missing(id))?;
        let job = Job {
            state: State::Running,
            attempts: job.attempts + 1,
            started_at: Some(scope.now()),
            version: job.version + 1,
            ..job
        };
        store::update(scope, &job)?;
        Ok(Some(job))
    })
    .await
}

/// When the next waiting job is due.
pub(super) async fn next_run_at(ctx: &BoxCtx) -> Result<Option<Moment>> {
    ctx.read(store::next_run_at).await
}

/// Writes down how an attempt ended, and gives the job as it is then. A job that does not run
/// (any more) stays as it is.
pub(super) async fn settle(
    ctx: &BoxCtx,
    id: JobId,
    ending: Ending,
    progress: Option<Progress>,
) -> Result<Job> {
    let platform = Arc::clone(&ctx.platform);
    ctx.write(move |scope| {
        let job = store::get(scope, id)?.ok_or_else(|| store::missing(id))?;
        if job.state != State::Running {
            return Ok(job);
        }
        let next = rules::next(&job, ending);
        let job = settled(scope, job, next, progress);
        store::update(scope, &job)?;
        if job.state.has_ended() {
            // Before anybody can see that it has ended.
            platform.jobs.let_go(job.id);
        }
        if let Some(fault) = job.fault.as_ref().filter(|_| job.state == State::Failed) {
            scope.audit(entry("job.failed", &job).set("code", &fault.code))?;
            let asker = job.requester.map(|requester| requester.user);
            let (title, reason) = (platform.jobs.title(&job.kind), &fault.detail);
            notices::ops::job_failed_in(scope, job.workspace, asker, title, reason)?;
        }
        Ok(job)
    })
    .await
}

fn settled(scope: &BoxScope<'_>, job: Job, next: Next, progress: Option<Progress>) -> Job {
    let version = job.version + 1;
    let finished_at = Some(scope.now());
    let job = Job { progress, version, ..job };
    match next {
        Next::Done { result } => {
            Job { state: State::Done, result: Some(result), fault: None, finished_at, ..job }
        }
        Next::Failed(fault) => Job { state: State::Failed, fault: Some(fault), finished_at, ..job },
        Next::Cancelled => Job { state: State::Cancelled, fault: None, finished_at, ..job },
        Next::Again { fault, after } => Job {
            state: State::Waiting,
            fault,
            progress: None,
            run_at: scope.now().plus(after),
            ..job
        },
    }
}

/// Writes a job's answer the way the table keeps it.
pub(super) fn done(result: &Value) -> Result<Ending> {
    Ok(Ending::Done { result: written(result)? })
}

/// A schedule and the moment it is due for, or from which it goes on.
pub(super) struct DueKind {
    pub(super) kind: Kind,
    pub(super) workspace: Option<WorkspaceId>,
    pub(super) due: rules::Due,
}

/// Looks at one schedule. Where nothing is known yet it counts from `since`, or from now on.
pub(super) fn due_in(
    scope: &BoxScope<'_>,
    kind: &Kind,
    workspace: Option<WorkspaceId>,
    since: Option<Moment>,
) -> Result<rules::Due> {
    let Some(cron) = &kind.cron else { return Ok(rules::Due::Nothing) };
    let done_until = store::done_until(scope, kind.spec.kind, workspace)?;
    // What was due before somebody decided about it is not made up for.
    let done_until = done_until.or(since).max(kind.decided_at);
    Ok(match done_until {
        Some(done_until) => rules::due(cron, done_until, scope.now()),
        None => rules::Due::GoOnFrom(scope.now()),
    })
}

/// Puts the jobs of schedules into the queue; gives how many.
pub(super) fn queue_in(scope: &BoxScope<'_>, due: &[DueKind]) -> Result<usize> {
    let mut queued = 0;
    let mut room = WAITING_ALL_MAX.saturating_sub(store::count_waiting(scope)?);
    for one in due {
        let name = one.kind.spec.kind;
        let until = match one.due {
            rules::Due::Nothing => continue,
            rules::Due::GoOnFrom(moment) => moment,
            rules::Due::Run(moment) => {
                let there = store::under_way(scope, name, one.workspace, "")?;
                if there.is_none() && room == 0 {
                    // It stays due and is looked at again.
                    continue;
                }
                if there.is_none() {
                    store::insert(scope, &new_job(scope, &one.kind, one.workspace), "")?;
                    (queued, room) = (queued + 1, room - 1);
                }
                moment
            }
        };
        store::set_done_until(scope, name, one.workspace, until)?;
    }
    Ok(queued)
}

/// Forgets jobs past their time, beyond their number, and of workspaces that are gone; at most
/// so many at once.
pub fn drop_old_in(scope: &BoxScope<'_>, most: usize) -> Result<usize> {
    let old = store::drop_before(scope, scope.now().minus(HISTORY_KEPT), most)?;
    let many = store::drop_beyond(scope, HISTORY_ROWS_MAX, most.saturating_sub(old))?;
    Ok(old + many + store::drop_orphans(scope, most.saturating_sub(old + many))?)
}

/// Forgets notes of effects of jobs that are forgotten.
pub fn drop_effects_in(unit: &Unit<'_>, most: usize) -> Result<usize> {
    store::drop_effects(unit, unit.now().minus(HISTORY_KEPT), most)
}

/// How jobs stand on the whole box.
pub fn figures_in(scope: &BoxScope<'_>) -> Result<Figures> {
    store::figures(scope, scope.now().minus(FAILURES_TOLD))
}

/// Titles of the scheduled jobs that failed and were not done since, and how many did: what the box
/// is judged by. What a person asked for and was refused says nothing of it.
pub fn failing_in(scope: &BoxScope<'_>, jobs: &Jobs) -> Result<Vec<(&'static str, i64)>> {
    let failing = store::failing(scope, scope.now().minus(FAILURES_TOLD))?;
    let scheduled = failing.into_iter().filter_map(|(kind, count)| {
        let kind = jobs.kind(&kind).filter(|kind| kind.cron.is_some())?;
        Some((kind.spec.title, count))
    });
    Ok(scheduled.collect())
}

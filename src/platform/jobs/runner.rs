//! Takes jobs from the table and does them, a few at a time, until the box stops.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::ops::{self, DueKind};
use super::rules::{Due, Ending, Fault, Job, State, ending_of};
use super::state::{Kind, Planned, Running};
use super::work::{EFFECT, Per, Work, of_the_box};
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause, Ctx, Membership};
use crate::platform::error::{Error, Result};
use crate::platform::identity::sessions;
use crate::platform::workspaces::rules::States;
use crate::platform::workspaces::{self, State as Life, WorkspaceId};
use crate::platform::{Platform, tasks};

/// The longest time without a look at the clock, which may jump.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// The pause after the table could not be read or written.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(10);
/// Workspaces read at once while planning.
const WORKSPACES_AT_ONCE: usize = 500;
/// Schedules are for workspaces that are in use.
const ACTIVE: States = States::Only(Life::Active);

/// Starts the runner. What was left running by an earlier process is looked after first.
pub fn start(platform: &Arc<Platform>) {
    let tasks = platform.tasks.clone();
    let platform = Arc::clone(platform);
    tasks.start("jobs", |mut stop| async move {
        while !stop.is_requested() {
            let pause = match round(&platform).await {
                Ok(pause) => pause,
                Err(error) => {
                    error!("Jobs could not be looked at: {error}");
                    PAUSE_AFTER_FAILURE
                }
            };
            tokio::select! {
                () = stop.requested() => {}
                () = platform.jobs.nudged() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    });
}

/// Begins all that can begin now, each as a task of its own, and says when to look again.
async fn round(platform: &Arc<Platform>) -> Result<Duration> {
    prepare(platform).await?;
    while let Some(job) = begin(platform).await? {
        let running = platform.jobs.began(&job);
        let platform_of_job = Arc::clone(platform);
        platform
            .tasks
            .start("job", |_| async move { carry_out(&platform_of_job, job, running).await });
    }
    let now = platform.clock.now();
    let waiting = ops::next_run_at(&as_box(platform)).await?;
    let (running, _) = platform.jobs.load();
    // While all hands are full the end of a job wakes the runner.
    let waiting = waiting.filter(|_| running == 0);
    let next = waiting.into_iter().chain([platform.jobs.planned().next]).min();
    Ok(next.map_or(LOOK_EVERY, |next| next.since(now).min(LOOK_EVERY)))
}

/// Does all that is due, one after the other, and gives how many jobs ran. Tests run jobs with
/// it when their clock says so.
pub async fn run_due(platform: &Arc<Platform>) -> Result<usize> {
    prepare(platform).await?;
    let mut count = 0;
    while let Some(job) = begin(platform).await? {
        let running = platform.jobs.began(&job);
        carry_out(platform, job, running).await;
        count += 1;
    }
    Ok(count)
}

async fn prepare(platform: &Arc<Platform>) -> Result<()> {
    if !platform.jobs.has_recovered() {
        recover(platform).await?;
        platform.jobs.set_recovered();
    }
    grant(platform).await?;
    plan(platform).await
}

/// Queues what transactions asked for.
async fn grant(platform: &Arc<Platform>) -> Result<()> {
    let wishes = platform.jobs.take_wishes();
    if wishes.is_empty() {
        return Ok(());
    }
    let (queued, on_box) = (wishes.clone(), Arc::clone(platform));
    let queue = move |scope: &BoxScope<'_>| {
        queued.iter().try_for_each(|one| ops::wishing::grant_in(scope, &on_box.jobs, *one))
    };
    let outcome = as_box(platform).write(queue).await;
    if outcome.is_err() {
        platform.jobs.keep_wishes(wishes);
    }
    outcome
}

async fn begin(platform: &Arc<Platform>) -> Result<Option<Job>> {
    if platform.tasks.is_stopping() {
        return Ok(None);
    }
    let (running, has_heavy) = platform.jobs.load();
    if running >= platform.config.jobs.running_max {
        return Ok(None);
    }
    ops::begin(&as_box(platform), !has_heavy).await
}

fn as_box(platform: &Arc<Platform>) -> BoxCtx {
    BoxCtx::new(platform, Cause::of(Actor::System))
}

/// Looks after what an earlier process left running: what it did stands, the rest runs again.
async fn recover(platform: &Arc<Platform>) -> Result<()> {
    let ctx = as_box(platform);
    for job in ops::left_running(&ctx).await? {
        let ending = match done_before(&ctx, &job).await {
            Ok(Some(result)) => Ending::Done { result },
            Ok(None) => Ending::Interrupted,
            Err(error) => {
                warn!(job.id = %job.id, "What job {} did is not known: {error}", job.id);
                Ending::Interrupted
            }
        };
        let job = ops::settle(&ctx, job.id, ending, None).await?;
        tell(platform, &job);
    }
    Ok(())
}

/// The answer of a job that was done already.
async fn done_before(ctx: &BoxCtx, job: &Job) -> Result<Option<String>> {
    match job.workspace {
        None => ops::effect_on_box(ctx, job.id, EFFECT).await,
        Some(workspace) => {
            let ctx = Ctx::new(ctx.clone(), of_the_box(ctx, workspace));
            ops::effect(&ctx, job.id, EFFECT).await
        }
    }
}

/// Puts the jobs of schedules into the queue when their time has come.
async fn plan(platform: &Arc<Platform>) -> Result<()> {
    let (now, planned) = (platform.clock.now(), platform.jobs.planned());
    if now >= planned.at && now < planned.next {
        return Ok(());
    }
    let ctx = as_box(platform);
    let kinds: Vec<Kind> = platform
        .jobs
        .kinds()
        .into_iter()
        .filter(|kind| kind.cron.is_some() && kind.is_on)
        .collect();
    let next = kinds.iter().filter_map(|kind| kind.cron.as_ref()?.next(now)).min();
    let apps = platform.app_ids();
    let due = ctx.read(move |scope| all_due(scope, &kinds, &apps)).await?;
    if !due.is_empty() {
        let queued = ctx.write(move |scope| ops::queue_in(scope, &due)).await?;
        info!(jobs.queued = queued, "{queued} scheduled jobs are due");
    }
    let next = next.unwrap_or_else(|| now.plus(LOOK_EVERY));
    platform.jobs.set_planned(Planned { at: now, next });
    Ok(())
}

fn all_due(scope: &BoxScope<'_>, kinds: &[Kind], apps: &[&str]) -> Result<Vec<DueKind>> {
    let mut found = Vec::new();
    let mut look = |kind: &Kind, workspace, since| {
        let due = ops::due_in(scope, kind, workspace, since)?;
        if due != Due::Nothing {
            found.push(DueKind { kind: kind.clone(), workspace, due });
        }
        Ok::<_, Error>(())
    };
    for kind in kinds.iter().filter(|kind| kind.spec.per == Per::Box) {
        look(kind, None, None)?;
    }
    let mut after = None;
    loop {
        let some = workspaces::ops::list_in(scope, ACTIVE, after, WORKSPACES_AT_ONCE)?;
        for workspace in &some {
            for kind in kinds.iter().filter(|kind| kind.is_for(&workspace.apps, apps)) {
                look(kind, Some(workspace.id), Some(workspace.created_at))?;
            }
        }
        match some.last() {
            Some(last) => after = Some(last.id),
            None => return Ok(found),
        }
    }
}

/// Does one job from its begin to the note of how it ended.
async fn carry_out(platform: &Arc<Platform>, job: Job, running: Arc<Running>) {
    let started = Instant::now();
    tell(platform, &job);
    let (id, kind) = (job.id, job.kind.clone());
    let ending = ending(platform, job, &running).await;
    if matches!(ending, Ending::Broken(_) | Ending::Refused(_)) {
        metrics::counter!("holdfast_job_failures_total", "kind" => kind.clone()).increment(1);
        if platform.jobs.kind(&kind).is_some_and(|kind| kind.spec.is_backup) {
            metrics::counter!("holdfast_backup_failures_total").increment(1);
        }
    }
    // A thread that was left behind by a panic, or because it took too long, ends at its next step.
    running.cancel();
    let settled = settle(platform, id, ending, &running).await;
    if let Some(job) = &settled {
        let outcome = match job.state {
            State::Waiting => "again",
            state => state.name(),
        };
        metrics::counter!("holdfast_jobs_total", "kind" => kind.clone(), "outcome" => outcome)
            .increment(1);
        metrics::histogram!("holdfast_job_duration_seconds", "kind" => kind)
            .record(started.elapsed());
        tell(platform, job);
    }
    platform.jobs.ended(id);
}

async fn ending(platform: &Arc<Platform>, job: Job, running: &Arc<Running>) -> Ending {
    let id = job.id;
    let failure = match attempt(platform, job, running).await {
        Ok(ending) => return ending,
        Err(failure) => failure,
    };
    if running.is_cancelled() {
        return Ending::Cancelled;
    }
    if platform.tasks.is_stopping() {
        return Ending::Interrupted;
    }
    if let Error::Internal(_) | Error::StorageFailed(_) | Error::Damaged(_) = &failure {
        error!(job.id = %id, "Job {id} broke: {failure}");
    }
    ending_of(&failure)
}

async fn attempt(platform: &Arc<Platform>, job: Job, running: &Arc<Running>) -> Result<Ending> {
    let Some(kind) = platform.jobs.kind(&job.kind) else {
        let detail = "This release does not know such jobs.";
        return Ok(Ending::Refused(Fault::new("job-kind-unknown", detail)));
    };
    let on_box = as_box(platform);
    if let Some(workspace) = job.workspace
        && on_box.read(move |scope| is_gone(scope, workspace)).await?
    {
        return Ok(Ending::Cancelled);
    }
    if let Some(result) = done_before(&on_box, &job).await? {
        return Ok(Ending::Done { result });
    }
    let (on_box, membership) = authority(on_box, &kind, &job).await?;
    let work = Work { job: Arc::new(job), on_box, membership, running: Arc::clone(running) };
    let working = tasks::caught((kind.spec.run)(work));
    match tokio::time::timeout(kind.spec.time_max, working).await {
        Err(_) => Err(Error::TimedOut { retry_after_s: 0 }),
        Ok(Err(panic)) => Err(Error::internal(format!("it panicked: {panic}"))),
        Ok(Ok(result)) => ops::done(&result?),
    }
}

fn is_gone(scope: &BoxScope<'_>, workspace: WorkspaceId) -> Result<bool> {
    match workspaces::ops::get_in(scope, workspace) {
        Ok(workspace) => Ok(workspace.state() == Life::Deleted),
        Err(Error::NotFound) => Ok(true),
        Err(error) => Err(error),
    }
}

/// As whom a job is done: as the box, or as whoever asked for it, with what they may do now.
async fn authority(on_box: BoxCtx, kind: &Kind, job: &Job) -> Result<(BoxCtx, Option<Membership>)> {
    let (Some(permission), Some(requester)) = (kind.spec.permission, job.requester) else {
        let membership = job.workspace.map(|workspace| of_the_box(&on_box, workspace));
        return Ok((on_box, membership));
    };
    let principal = sessions::ops::principal_of(&on_box, requester.family).await;
    let principal = match principal {
        Err(Error::SignInNeeded(_)) => return Err(Error::Forbidden { needed: permission }),
        principal => principal?,
    };
    let membership = match job.workspace {
        Some(workspace) => {
            let membership = principal.membership(workspace).cloned();
            let allowed = membership.filter(|one| one.grant.allows(permission));
            let membership = allowed.ok_or(Error::Forbidden { needed: permission })?;
            if kind.spec.changes {
                membership.standing.check_change()?;
            }
            Some(membership)
        }
        None if principal.is_operator => None,
        None => return Err(Error::Forbidden { needed: permission }),
    };
    let cause = Cause::of(Actor::Principal(principal));
    Ok((BoxCtx::new(&on_box.platform, cause), membership))
}

/// Notes how an attempt ended, however long the table cannot be written. None when the box
/// stopped before: the next start finds out.
async fn settle(
    platform: &Arc<Platform>,
    id: super::JobId,
    ending: Ending,
    running: &Running,
) -> Option<Job> {
    let mut stop = platform.tasks.stop();
    loop {
        let noted = ops::settle(&as_box(platform), id, ending.clone(), running.progress()).await;
        match noted {
            Ok(job) => return Some(job),
            Err(error) => warn!(job.id = %id, "The end of job {id} could not be noted: {error}"),
        }
        tokio::select! {
            () = stop.requested() => return None,
            () = tokio::time::sleep(PAUSE_AFTER_FAILURE) => {}
        }
    }
}

/// Tells listeners and the log how a job stands.
fn tell(platform: &Platform, job: &Job) {
    platform.jobs.tell(job);
    let title = platform.jobs.title(&job.kind);
    let (id, state) = (job.id, job.state.name());
    match &job.fault {
        Some(fault) if job.state == State::Failed => {
            let code = &fault.code;
            warn!(job.id = %id, job.kind, "{title} failed ({code}): {}", fault.detail);
        }
        _ => info!(job.id = %id, job.kind, "{title} is {state}"),
    }
}

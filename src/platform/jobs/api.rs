//! Jobs over HTTP.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, Filter, View};
use super::rules::{Asker, Fault, Job, JobId, State};
use super::schedules::ops::{Scheduled, schedules, schedules_on_box};
use crate::http::answer::{Answer, accepted, ok};
use crate::http::extract::{Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::{BoxCtx, Ctx};
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;
use crate::platform::identity::UserId;
use crate::platform::identity::users;
use crate::platform::identity::users::api::PersonRef;

pub fn box_routes() -> Routes {
    Routes::new()
        .routes(routes!(list_box_jobs, ask_for_box_job))
        .routes(routes!(list_box_schedules))
        .routes(routes!(get_box_job))
        .routes(routes!(cancel_box_job))
        .routes(routes!(retry_box_job))
}

pub fn workspace_routes() -> Routes {
    Routes::new()
        .routes(routes!(list_jobs, ask_for_job))
        .routes(routes!(list_schedules))
        .routes(routes!(get_job))
        .routes(routes!(cancel_job))
        .routes(routes!(retry_job))
}

/// Which jobs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JobsQuery {
    /// `waiting`, `running`, `done`, `failed` or `cancelled`.
    state: Option<String>,
    /// E.g. `inventory.self-check`.
    kind: Option<String>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

impl JobsQuery {
    fn filter(&self) -> Result<Filter> {
        let state = self.state.as_deref().map(|name| {
            State::from_name(name).ok_or_else(|| {
                let detail = "Use waiting, running, done, failed or cancelled.";
                Error::invalid("state", "job-state", detail)
            })
        });
        Ok(Filter {
            workspace: None,
            state: state.transpose()?,
            kind: self.kind.clone(),
            before: page::read_cursor::<uuid::Uuid>(self.cursor.as_deref())?.map(Id::from_uuid),
        })
    }
}

/// What is to be done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskForJobRequest {
    /// A kind that the schedules list, e.g. `inventory.self-check`.
    kind: String,
}

/// How far a job is.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobProgressResponse {
    pub done: u64,
    pub total: u64,
}

/// Why a job was not done.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobProblemResponse {
    /// Explained at `/problems/{code}`.
    pub code: String,
    /// One sentence for a person.
    pub detail: String,
}

/// Work in the background.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobResponse {
    pub id: String,
    /// E.g. `inventory.self-check`.
    pub kind: String,
    pub title: String,
    /// Null for a job of the box itself.
    pub workspace_id: Option<String>,
    /// `waiting`, `running`, `done`, `failed` or `cancelled`.
    pub state: String,
    pub progress: Option<JobProgressResponse>,
    /// How often it began.
    pub attempts: u32,
    pub attempts_max: u32,
    pub created_at: String,
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
    /// Not before this time.
    pub run_at: String,
    /// Null when a schedule asked for it.
    pub requested_by: Option<PersonRef>,
    /// Whether you may cancel it now.
    pub can_cancel: bool,
    /// Whether you may let it run again now.
    pub can_retry: bool,
    /// What it answers, by its kind.
    #[schema(value_type = Option<Object>)]
    pub result: Option<Value>,
    /// Why it failed, or why it is tried again.
    pub problem: Option<JobProblemResponse>,
}

/// Work that is done by the clock.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobScheduleResponse {
    pub kind: String,
    pub title: String,
    /// Minute, hour, day of the month, month, day of the week.
    pub cron: String,
    /// As the program brings it.
    pub cron_default: String,
    /// Whether it runs by itself at all.
    pub is_on: bool,
    /// IANA name.
    pub time_zone: String,
    pub last: Option<JobResponse>,
    pub next_run_at: Option<String>,
}

/// All schedules.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobSchedulesResponse {
    pub items: Vec<JobScheduleResponse>,
}

/// Who looks at jobs, and what they may do with them.
struct Viewer<'a> {
    ctx: &'a BoxCtx,
    view: View,
    asker: Asker,
    may_run: bool,
    names: HashMap<UserId, String>,
}

impl<'a> Viewer<'a> {
    async fn of_box(ctx: &'a BoxCtx, jobs: impl IntoIterator<Item = &Job>) -> Result<Self> {
        Self::new(ctx, View::Box, true, jobs).await
    }

    async fn of(ctx: &'a Ctx, jobs: impl IntoIterator<Item = &Job>) -> Result<Self> {
        Self::new(ctx, View::of(ctx)?, ctx.may("jobs.run"), jobs).await
    }

    async fn new(
        ctx: &'a BoxCtx,
        view: View,
        may_run: bool,
        jobs: impl IntoIterator<Item = &Job>,
    ) -> Result<Self> {
        let askers = jobs.into_iter().filter_map(|job| job.requester.map(|one| one.user));
        let names = users::ops::names(ctx, askers.collect()).await?;
        let asker = ctx.principal()?.as_ref().into();
        Ok(Self { ctx, view, asker, may_run, names })
    }

    fn shown(&self, job: Job) -> JobResponse {
        // Operators run the box and see nothing of what workspaces hold.
        let is_open = job.workspace.is_none() || !matches!(self.view, View::Box);
        let asker = job.requester.map(|requester| requester.user);
        let asker = asker.and_then(|user| Some((user, self.names.get(&user)?.clone())));
        let moment = |at: Option<crate::platform::clock::Moment>| at.map(|at| at.to_string());
        JobResponse {
            title: self.ctx.platform.jobs.title(&job.kind).to_owned(),
            can_cancel: job.can_cancel() && (self.may_run || job.is_of(self.asker)),
            can_retry: job.can_retry() && self.may_run,
            id: job.id.to_string(),
            workspace_id: job.workspace.map(|workspace| workspace.to_string()),
            state: job.state.name().to_owned(),
            progress: job
                .progress
                .map(|one| JobProgressResponse { done: one.done, total: one.total }),
            attempts: job.attempts,
            attempts_max: job.attempts_max,
            created_at: job.created_at.to_string(),
            started_at: moment(job.started_at),
            finished_at: moment(job.finished_at),
            run_at: job.run_at.to_string(),
            requested_by: asker.map(Into::into),
            result: job
                .result
                .filter(|_| is_open)
                .and_then(|json| serde_json::from_str(&json).ok()),
            problem: job.fault.map(|fault| problem(fault, is_open)),
            kind: job.kind,
        }
    }
}

fn problem(fault: Fault, is_open: bool) -> JobProblemResponse {
    let detail =
        if is_open { fault.detail } else { "The workspace's own people see more.".to_owned() };
    JobProblemResponse { code: fault.code, detail }
}

fn page_of(viewer: &Viewer<'_>, jobs: Vec<Job>, limit: usize) -> Result<Page<JobResponse>> {
    let page = Page::of_one_more(jobs, limit, |last| last.id.uuid())?;
    Ok(page.map(|job| viewer.shown(job)))
}

fn schedules_of(viewer: &Viewer<'_>, found: Vec<Scheduled>) -> JobSchedulesResponse {
    JobSchedulesResponse { items: found.into_iter().map(|one| schedule_of(viewer, one)).collect() }
}

fn schedule_of(viewer: &Viewer<'_>, one: Scheduled) -> JobScheduleResponse {
    JobScheduleResponse {
        kind: one.kind.spec.kind.to_owned(),
        title: one.kind.spec.title.to_owned(),
        cron: one.kind.text,
        cron_default: one.kind.text_default,
        is_on: one.kind.is_on,
        time_zone: "UTC".to_owned(),
        last: one.last.map(|job| viewer.shown(job)),
        next_run_at: one.next_run_at.map(|at| at.to_string()),
    }
}

/// How a schedule is shown to an operator.
pub(super) async fn schedule_on_box(ctx: &BoxCtx, one: Scheduled) -> Result<JobScheduleResponse> {
    let viewer = Viewer::of_box(ctx, one.last.iter()).await?;
    Ok(schedule_of(&viewer, one))
}

/// How a job is shown to a member, for answers of other resources that ask for one.
pub async fn shown(ctx: &Ctx, job: Job) -> Result<JobResponse> {
    let viewer = Viewer::of(ctx, [&job]).await?;
    Ok(viewer.shown(job))
}

/// List the workspace's jobs, newest first.
#[utoipa::path(get, path = "/jobs", tag = "jobs", params(JobsQuery),
    security(("session" = ["jobs.read"])),
    responses((status = 200, body = Page<JobResponse>)))]
async fn list_jobs(ctx: Ctx, Query(query): Query<JobsQuery>) -> Answer<Page<JobResponse>> {
    let limit = page::limit(query.limit)?;
    let filter = Filter { workspace: Some(ctx.workspace()), ..query.filter()? };
    let jobs = ops::list(&ctx, filter, limit + 1).await?;
    Ok(ok(page_of(&Viewer::of(&ctx, &jobs).await?, jobs, limit)?))
}

/// Run one of the workspace's scheduled jobs now.
#[utoipa::path(post, path = "/jobs", tag = "jobs", request_body = AskForJobRequest,
    security(("session" = ["jobs.run"])), extensions(("x-makes-job" = json!(true))),
    responses((status = 202, body = JobResponse)))]
async fn ask_for_job(ctx: Ctx, Json(body): Json<AskForJobRequest>) -> Answer<JobResponse> {
    let asked = ops::ask_for(&ctx, &body.kind).await?;
    let viewer = Viewer::of(&ctx, [&asked.value]).await?;
    Ok(accepted(asked.map(|job| viewer.shown(job))))
}

/// List what the workspace's clock does, and when.
#[utoipa::path(get, path = "/jobs/schedules", tag = "jobs",
    security(("session" = ["jobs.read"])),
    responses((status = 200, body = JobSchedulesResponse)))]
async fn list_schedules(ctx: Ctx) -> Answer<JobSchedulesResponse> {
    let found = schedules(&ctx).await?;
    let viewer = Viewer::of(&ctx, found.iter().filter_map(|one| one.last.as_ref())).await?;
    Ok(ok(schedules_of(&viewer, found)))
}

/// Get a job: any with the permission to see jobs, one's own without.
#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs",
    security(("session" = ["workspace.read"])),
    responses((status = 200, body = JobResponse)))]
async fn get_job(ctx: Ctx, Path(id): Path<JobId>) -> Answer<JobResponse> {
    let job = ops::get(&ctx, View::of(&ctx)?, id).await?;
    Ok(ok(shown(&ctx, job).await?))
}

/// Cancel a job: any with the permission to run jobs, one's own without. A running one ends at
/// its next step.
#[utoipa::path(post, path = "/jobs/{id}/cancel", tag = "jobs",
    security(("session" = ["workspace.read"])),
    responses((status = 202, body = JobResponse)))]
async fn cancel_job(ctx: Ctx, Path(id): Path<JobId>) -> Answer<JobResponse> {
    let job = ops::get(&ctx, View::of(&ctx)?, id).await?;
    if !ctx.may("jobs.run") && !job.is_of(ctx.principal()?.as_ref().into()) {
        return Err(Error::Forbidden { needed: "jobs.run" });
    }
    let job = ops::cancel(&ctx, View::of(&ctx)?, id).await?;
    Ok(ok(shown(&ctx, job).await?).accepted())
}

/// Let a failed or cancelled job run again.
#[utoipa::path(post, path = "/jobs/{id}/retry", tag = "jobs",
    security(("session" = ["jobs.run"])),
    responses((status = 202, body = JobResponse)))]
async fn retry_job(ctx: Ctx, Path(id): Path<JobId>) -> Answer<JobResponse> {
    let job = ops::retry(&ctx, View::Workspace(ctx.workspace()), id).await?;
    Ok(ok(shown(&ctx, job).await?).accepted())
}

/// List all jobs of the box, newest first (operators). What workspaces hold is left out.
#[utoipa::path(get, path = "/jobs", tag = "jobs", params(JobsQuery),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = Page<JobResponse>)))]
async fn list_box_jobs(ctx: BoxCtx, Query(query): Query<JobsQuery>) -> Answer<Page<JobResponse>> {
    let limit = page::limit(query.limit)?;
    let jobs = ops::list(&ctx, query.filter()?, limit + 1).await?;
    Ok(ok(page_of(&Viewer::of_box(&ctx, &jobs).await?, jobs, limit)?))
}

/// Run one of the box's scheduled jobs now (operators).
#[utoipa::path(post, path = "/jobs", tag = "jobs", request_body = AskForJobRequest,
    security(("session" = ["box.operate"])), extensions(("x-makes-job" = json!(true))),
    responses((status = 202, body = JobResponse)))]
async fn ask_for_box_job(ctx: BoxCtx, Json(body): Json<AskForJobRequest>) -> Answer<JobResponse> {
    let asked = ops::ask_for_on_box(&ctx, &body.kind).await?;
    let viewer = Viewer::of_box(&ctx, [&asked.value]).await?;
    Ok(accepted(asked.map(|job| viewer.shown(job))))
}

/// List what the box's clock does, and when (operators).
#[utoipa::path(get, path = "/jobs/schedules", tag = "jobs",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = JobSchedulesResponse)))]
async fn list_box_schedules(ctx: BoxCtx) -> Answer<JobSchedulesResponse> {
    let found = schedules_on_box(&ctx).await?;
    let viewer = Viewer::of_box(&ctx, found.iter().filter_map(|one| one.last.as_ref())).await?;
    Ok(ok(schedules_of(&viewer, found)))
}

/// Get a job (operators).
#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = JobResponse)))]
async fn get_box_job(ctx: BoxCtx, Path(id): Path<JobId>) -> Answer<JobResponse> {
    let job = ops::get(&ctx, View::Box, id).await?;
    box_answer(&ctx, job).await
}

/// Cancel a job (operators). A running one ends at its next step.
#[utoipa::path(post, path = "/jobs/{id}/cancel", tag = "jobs",
    security(("session" = ["box.operate"])),
    responses((status = 202, body = JobResponse)))]
async fn cancel_box_job(ctx: BoxCtx, Path(id): Path<JobId>) -> Answer<JobResponse> {
    let job = ops::cancel(&ctx, View::Box, id).await?;
    Ok(box_answer(&ctx, job).await?.accepted())
}

/// Let a failed or cancelled job run again (operators).
#[utoipa::path(post, path = "/jobs/{id}/retry", tag = "jobs",
    security(("session" = ["box.operate"])),
    responses((status = 202, body = JobResponse)))]
async fn retry_box_job(ctx: BoxCtx, Path(id): Path<JobId>) -> Answer<JobResponse> {
    let job = ops::retry(&ctx, View::Box, id).await?;
    Ok(box_answer(&ctx, job).await?.accepted())
}

async fn box_answer(ctx: &BoxCtx, job: Job) -> Answer<JobResponse> {
    Ok(ok(shown_on_box(ctx, job).await?))
}

/// How a job is shown to an operator, for answers of other resources that ask for one.
pub async fn shown_on_box(ctx: &BoxCtx, job: Job) -> Result<JobResponse> {
    let viewer = Viewer::of_box(ctx, [&job]).await?;
    Ok(viewer.shown(job))
}

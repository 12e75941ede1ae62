//! What a kind of job is, and what one has in hand while it runs.

use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ops;
use super::rules::{Job, JobId};
use super::state::{Aside, Running};
use crate::platform::access::Role;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Ctx, Membership, Scope};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::workspaces::WorkspaceId;

/// A job on its way to its result, which is JSON.
pub type Working = Pin<Box<dyn Future<Output = Result<Value>> + Send>>;

/// Whether there is one for the box or one for each workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    Box,
    Workspace,
}

/// A kind of job.
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own of a kind")]
#[derive(Clone, Copy)]
pub struct JobSpec {
    /// `area.what`; the area is the app's id or the platform's.
    pub kind: &'static str,
    /// What people read.
    pub title: &'static str,
    pub per: Per,
    /// Five fields as cron writes them, in UTC.
    pub schedule: Option<&'static str>,
    /// Whether its kind is all that has to be said to ask for it.
    pub can_be_asked: bool,
    /// What whoever asks must be allowed, then and when it begins. None: it is the box's own
    /// work and is done as the box.
    pub permission: Option<&'static str>,
    /// Whether it changes the workspace: then an archived one refuses it.
    pub changes: bool,
    /// Of heavy ones one runs at a time.
    pub is_heavy: bool,
    /// Whether a run that fails is a backup that failed. What a person's own mistake can end, such
    /// as a drill with the wrong kit, is none.
    pub is_backup: bool,
    pub attempts_max: u32,
    pub time_max: Duration,
    pub run: fn(Work) -> Working,
}

/// What a running job has in hand.
#[derive(Clone)]
pub struct Work {
    pub(super) job: Arc<Job>,
    pub(super) on_box: BoxCtx,
    pub(super) membership: Option<Membership>,
    pub(super) running: Arc<Running>,
}

/// The box itself may do everything in a workspace.
pub(super) fn of_the_box(ctx: &BoxCtx, workspace: WorkspaceId) -> Membership {
    Membership::new(workspace, Role::Owner, ctx.platform.roles.grant(Role::Owner))
}

/// The step of a job that has only one.
pub(super) const EFFECT: &str = "effect";

impl Work {
    pub fn id(&self) -> JobId {
        self.job.id
    }

    /// Counts how often it began, from 1.
    pub fn attempt(&self) -> u32 {
        self.job.attempts
    }

    /// The box's file.
    pub fn on_box(&self) -> &BoxCtx {
        &self.on_box
    }

    /// The workspace's file.
    pub fn ctx(&self) -> Result<Ctx> {
        let membership = self.membership.clone();
        let membership = membership.ok_or_else(|| Error::internal("the job has no workspace"))?;
        Ok(Ctx::new(self.on_box.clone(), membership))
    }

    /// The file of any workspace, for jobs that are the box's own.
    pub fn inside(&self, workspace: WorkspaceId) -> Result<Ctx> {
        let is_of_the_box = self.job.workspace.is_none();
        if !is_of_the_box || !matches!(self.on_box.cause.actor, Actor::System) {
            return Err(Error::internal("only the box's own jobs go from workspace to workspace"));
        }
        Ok(Ctx::new(self.on_box.clone(), of_the_box(&self.on_box, workspace)))
    }

    /// What it was given when somebody asked for it.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.job.input).map_err(Error::internal)
    }

    /// What it was given that is written nowhere; none after a restart.
    pub fn handed<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.on_box.platform.jobs.handed(self.job.id)
    }

    /// Says how far it is. Costs nothing: it is kept in memory.
    pub fn progress(&self, done: u64, total: u64) {
        self.running.set_progress(done, total);
    }

    /// Takes nobody's place as long as what this gives is held: the job waits for another one.
    #[must_use]
    pub fn stand_aside(&self) -> Aside {
        let aside = Aside::of(&self.running);
        self.on_box.platform.jobs.nudge();
        aside
    }

    /// Ends the job here when somebody cancelled it or the box stops. Call it between steps.
    pub fn check(&self) -> Result<()> {
        if self.running.is_cancelled() || self.on_box.platform.tasks.is_stopping() {
            let refusal = Refusal::new("job-cancelled", "The job was asked to end.");
            return Err(Error::Conflict(refusal));
        }
        Ok(())
    }

    /// Does what the job is for, in one transaction of the workspace's file and exactly once:
    /// the transaction keeps the job's id and `work`'s answer, and the job's next run gets that
    /// answer without doing it again.
    pub async fn effect(
        &self,
        work: impl FnOnce(&Scope<'_>) -> Result<Value> + Send + 'static,
    ) -> Result<Value> {
        self.step(EFFECT, work).await
    }

    /// Like `effect` for one of several steps, each of which is done exactly once. The job's
    /// result is what it answers in the end, so its last step should be `effect`.
    pub async fn step(
        &self,
        step: &'static str,
        work: impl FnOnce(&Scope<'_>) -> Result<Value> + Send + 'static,
    ) -> Result<Value> {
        self.check()?;
        let job = self.job.id;
        let once = move |scope: &Scope<'_>| ops::once_in(scope, job, step, || work(scope));
        self.ctx()?.write(once).await
    }

    /// Notes in the box's file what the job has done, which is done already: a cancellation comes
    /// too late. The job's result is what it answers.
    pub async fn done_on_box(
        &self,
        work: impl FnOnce(&BoxScope<'_>) -> Result<Value> + Send + 'static,
    ) -> Result<Value> {
        let job = self.job.id;
        let once = move |scope: &BoxScope<'_>| ops::once_in(scope, job, EFFECT, || work(scope));
        self.on_box.write(once).await
    }

    /// Like `step` in the box's file.
    pub async fn step_on_box(
        &self,
        step: &'static str,
        work: impl FnOnce(&BoxScope<'_>) -> Result<Value> + Send + 'static,
    ) -> Result<Value> {
        self.check()?;
        let job = self.job.id;
        let once = move |scope: &BoxScope<'_>| ops::once_in(scope, job, step, || work(scope));
        self.on_box.write(once).await
    }
}

//! What the process knows of jobs beside the table: their kinds, those that run, who listens.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::{Notify, broadcast};

use super::in_hand::InHand;
use super::rules::{Cron, Job, JobId, Progress};
use super::schedules::rules::{Setting, settled};
use super::work::{JobSpec, Per};
use crate::platform::clock::Moment;
use crate::platform::error::Result;
use crate::platform::identity::UserId;
use crate::platform::setup::rules::BoxId;
use crate::platform::workspaces::WorkspaceId;
use crate::platform::workspaces::rules::Apps;

/// Changes that a slow listener may be behind before it is told to fetch anew.
const CHANGES_MAX: usize = 256;

/// A kind of job and its schedule, read.
#[derive(Clone)]
pub struct Kind {
    pub spec: JobSpec,
    /// None: it has no schedule at all.
    pub cron: Option<Cron>,
    /// The same as text,
    pub text: String,
    /// and as the program brings it.
    pub text_default: String,
    pub is_on: bool,
    /// When somebody decided about it.
    pub decided_at: Option<Moment>,
}

impl Kind {
    /// Whether it is for a workspace that has these apps switched on. `known` are all of the box.
    pub fn is_for(&self, on: &Apps, known: &[&str]) -> bool {
        let area = self.spec.kind.split('.').next().unwrap_or_default();
        self.spec.per == Per::Workspace && (on.has(area) || !known.contains(&area))
    }
}

/// A job began, ended, was asked for or put off.
#[derive(Debug, Clone)]
pub struct JobChange {
    pub id: JobId,
    pub version: i64,
    pub workspace: Option<WorkspaceId>,
    pub requested_by: Option<UserId>,
}

impl From<&Job> for JobChange {
    fn from(job: &Job) -> Self {
        Self {
            id: job.id,
            version: job.version,
            workspace: job.workspace,
            requested_by: job.requester.map(|requester| requester.user),
        }
    }
}

/// Jobs of this process.
pub struct Jobs {
    kinds: RwLock<Vec<Kind>>,
    running: Mutex<HashMap<JobId, Arc<Running>>>,
    in_hand: InHand,
    nudge: Notify,
    changes: broadcast::Sender<JobChange>,
    wishes: Mutex<Vec<Wished>>,
    /// What the runner knows of the clock.
    planned: Mutex<Planned>,
    has_recovered: AtomicBool,
}

/// A job that a transaction of a workspace asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wished {
    pub(super) workspace: WorkspaceId,
    pub(super) kind: &'static str,
    pub(super) run_at: Moment,
}

/// When the schedules were looked at, and when that is needed again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Planned {
    pub(super) at: Moment,
    pub(super) next: Moment,
}

impl Jobs {
    pub(in crate::platform) fn new(
        specs: impl IntoIterator<Item = JobSpec>,
        on_box: BoxId,
        decided: &[(String, Setting)],
    ) -> Result<Self> {
        let seed = on_box.uuid().as_u64_pair().1;
        let kind = |spec: JobSpec| {
            let text = spec.schedule.map_or_else(String::new, |cron| settled(cron, seed));
            let cron = spec.schedule.map(|_| text.parse()).transpose()?;
            let text_default = text.clone();
            Ok(Kind { spec, cron, text, text_default, is_on: true, decided_at: None })
        };
        let jobs = Self {
            kinds: RwLock::new(specs.into_iter().map(kind).collect::<Result<_>>()?),
            running: Mutex::default(),
            in_hand: InHand::default(),
            nudge: Notify::new(),
            changes: broadcast::Sender::new(CHANGES_MAX),
            wishes: Mutex::default(),
            planned: Mutex::default(),
            has_recovered: AtomicBool::new(false),
        };
        decided.iter().try_for_each(|(kind, setting)| jobs.decide(kind, setting))?;
        Ok(jobs)
    }

    pub fn kinds(&self) -> Vec<Kind> {
        self.kinds.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn kind(&self, name: &str) -> Option<Kind> {
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        kinds.iter().find(|kind| kind.spec.kind == name).cloned()
    }

    pub fn kinds_per(&self, per: Per) -> impl Iterator<Item = Kind> {
        self.kinds().into_iter().filter(move |kind| kind.spec.per == per)
    }

    /// What people read for a kind.
    pub fn title<'a>(&self, kind: &'a str) -> &'a str {
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        kinds.iter().find(|one| one.spec.kind == kind).map_or(kind, |one| one.spec.title)
    }

    /// Takes over what somebody decided about a schedule. Of a kind that is gone nothing is left.
    pub(in crate::platform) fn decide(&self, name: &str, setting: &Setting) -> Result<()> {
        let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
        let Some(kind) = kinds.iter_mut().find(|kind| kind.spec.kind == name) else {
            return Ok(());
        };
        if kind.cron.is_none() {
            return Ok(());
        }
        let text = setting.cron.clone().unwrap_or_else(|| kind.text_default.clone());
        kind.cron = Some(text.parse()?);
        kind.text = text;
        kind.is_on = setting.is_on;
        kind.decided_at = Some(setting.changed_at);
        drop(kinds);
        self.set_planned(Planned::default());
        Ok(())
    }

    /// Hears of every job from here on.
    pub fn changes(&self) -> broadcast::Receiver<JobChange> {
        self.changes.subscribe()
    }

    pub(in crate::platform) fn tell(&self, job: &Job) {
        // Without a listener nobody misses it.
        drop(self.changes.send(job.into()));
    }

    /// Asks for a job of a workspace, which the runner queues; the same is asked for once.
    pub(in crate::platform) fn wish(
        &self,
        workspace: WorkspaceId,
        kind: &'static str,
        run_at: Moment,
    ) {
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        if !wishes.iter().any(|one| one.workspace == workspace && one.kind == kind) {
            wishes.push(Wished { workspace, kind, run_at });
            drop(wishes);
            self.nudge();
        }
    }

    pub(super) fn take_wishes(&self) -> Vec<Wished> {
        std::mem::take(&mut self.wishes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts back what could not be queued, for the next round; that comes by itself.
    pub(super) fn keep_wishes(&self, kept: Vec<Wished>) {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner).extend(kept);
    }

    /// Makes the runner look for work.
    pub(in crate::platform) fn nudge(&self) {
        self.nudge.notify_one();
    }

    pub(super) async fn nudged(&self) {
        self.nudge.notified().await;
    }

    pub(super) fn planned(&self) -> Planned {
        *self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_planned(&self, planned: Planned) {
        *self.planned.lock().unwrap_or_else(PoisonError::into_inner) = planned;
    }

    pub(super) fn has_recovered(&self) -> bool {
        self.has_recovered.load(Ordering::SeqCst)
    }

    pub(super) fn set_recovered(&self) {
        self.has_recovered.store(true, Ordering::SeqCst);
    }

    pub(super) fn began(&self, job: &Job) -> Arc<Running> {
        let running = Arc::new(Running { is_heavy: job.is_heavy, ..Running::default() });
        let mut all = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(job.id, Arc::clone(&running));
        running
    }

    pub(super) fn ended(&self, id: JobId) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        self.nudge();
    }

    /// How far a job that runs says it is.
    pub fn progress(&self, id: JobId) -> Option<Progress> {
        self.running(id)?.progress()
    }

    pub(super) fn running(&self, id: JobId) -> Option<Arc<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Gives a job what is written nowhere, until it has ended. Call it in the transaction that
    /// asks for the job: it may begin right after the commit.
    pub fn hand(&self, to: JobId, what: impl Any + Send + Sync) {
        self.in_hand.put(to, what);
    }

    pub(super) fn handed<T: Any + Send + Sync>(&self, to: JobId) -> Option<Arc<T>> {
        self.in_hand.get(to)
    }

    /// Whether something is still kept in memory for a job.
    pub fn has_in_hand(&self, id: JobId) -> bool {
        self.in_hand.has(id)
    }

    /// Nobody does the job any more: what it was given goes.
    pub(super) fn let_go(&self, id: JobId) {
        self.in_hand.forget(id);
    }

    /// How many run, and whether a heavy one does. Those that stand aside count for neither.
    pub fn load(&self) -> (usize, bool) {
        let all = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let counting = || all.values().filter(|one| !one.is_aside.load(Ordering::SeqCst));
        (counting().count(), counting().any(|one| one.is_heavy))
    }
}

/// A job that runs.
#[derive(Debug, Default)]
pub(super) struct Running {
    is_heavy: bool,
    is_cancelled: AtomicBool,
    is_aside: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl Running {
    pub(super) fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::SeqCst)
    }

    pub(super) fn set_progress(&self, done: u64, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.done.store(done.min(total), Ordering::Relaxed);
    }

    /// None before the job said anything.
    pub(super) fn progress(&self) -> Option<Progress> {
        let total = self.total.load(Ordering::Relaxed);
        let done = self.done.load(Ordering::Relaxed).min(total);
        (total > 0).then_some(Progress { done, total })
    }
}

/// A job that waits for another one, until this is dropped.
pub struct Aside(Arc<Running>);

impl Aside {
    pub(super) fn of(running: &Arc<Running>) -> Self {
        running.is_aside.store(true, Ordering::SeqCst);
        Self(Arc::clone(running))
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.0.is_aside.store(false, Ordering::SeqCst);
    }
}

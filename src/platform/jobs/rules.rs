//! What a job is, when it runs, and what follows from how it ended.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::id::Id;
use crate::platform::identity::UserId;
use crate::platform::identity::sessions::rules::{FamilyId, Principal};
use crate::platform::workspaces::rules::WorkspaceId;

/// How long it takes until the first try again; each further one takes four times as long.
const BACK_OFF_FIRST: Duration = Duration::from_secs(30);
const BACK_OFF_FACTOR: u32 = 4;
pub const BACK_OFF_MAX: Duration = Duration::from_hours(1);
/// Bytes of what a job is given and of what it answers.
pub const VALUE_SIZE_BYTES_MAX: usize = 16 * 1024;
/// Characters of what went wrong.
const DETAIL_LENGTH_MAX: usize = 1_000;
/// A finished job is remembered for so long,
pub const HISTORY_KEPT: Duration = Duration::from_hours(90 * 24);
/// and no more of them than this.
pub const HISTORY_ROWS_MAX: usize = 10_000;
/// Jobs that people have waiting in one workspace.
pub const WAITING_MAX: usize = 50;
/// Jobs waiting on the whole box, those of schedules included.
pub const WAITING_ALL_MAX: usize = 20_000;
/// A job that was due for so long and did not begin is worth a look.
pub const LATE: Duration = Duration::from_hours(6);
/// Failures this old are history.
pub const FAILURES_TOLD: Duration = Duration::from_hours(7 * 24);

/// What a refusal carries that passes by itself: the job is tried again after it.
pub const PASSES: &str = "passes";

pub const CODES: &[Code] = &[
    code(
        "job-kind",
        "There is no such kind of job here, or nobody can ask for it.",
        "Use one of the kinds that the schedules list.",
    ),
    code(
        "job-state",
        "Jobs have no such state.",
        "Use waiting, running, done, failed or cancelled.",
    ),
    code(
        "job-under-way",
        "The same job is waiting or running already.",
        "Wait until it has ended, or cancel it first.",
    ),
    code("job-ended", "The job has ended, so there is nothing to cancel.", "Look at how it ended."),
    code("job-cannot-retry", "Only a failed or cancelled job runs again.", "Ask for a new one."),
    code("too-many-jobs", "Too many jobs are waiting.", "Try again when some are done."),
    code("job-cancelled", "Somebody cancelled the job.", "Retry it, or ask for a new one."),
    code(
        "job-interrupted",
        "The box stopped in the middle of the job too often.",
        "Look into the log of the box, then retry it.",
    ),
    code(
        "job-timed-out",
        "The job took longer than it may.",
        "Retry it when the box has less to do.",
    ),
    code(
        "job-not-permitted",
        "Whoever asked for the job may not do this any more.",
        "Somebody with the permission can retry it.",
    ),
    code(
        "job-kind-unknown",
        "The job is of a kind that this release does not know.",
        "Update the box, then retry it.",
    ),
    code(
        "job-broken",
        "The job could not be done because of a fault of the box.",
        "Retry it; if it fails again, look into the log of the box.",
    ),
];

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Waiting,
    Running,
    Done,
    Failed,
    Cancelled,
}

impl State {
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    pub fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// Why a job was not done, in words for whoever asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub code: String,
    pub detail: String,
}

impl Fault {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), detail: detail.into() }
    }
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    pub total: u64,
}

/// Who asked for a job, and with which session or token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requester {
    pub user: UserId,
    pub family: FamilyId,
}

/// Somebody who looks for what they asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    pub user: UserId,
    /// A narrowed token knows only what was asked for with it.
    pub only: Option<FamilyId>,
}

impl From<&Principal> for Asker {
    fn from(principal: &Principal) -> Self {
        let only = principal.is_narrowed.then_some(principal.family);
        Self { user: principal.user, only }
    }
}

/// A job as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: JobId,
    pub kind: String,
    /// None for a job of the box itself.
    pub workspace: Option<WorkspaceId>,
    pub state: State,
    pub is_heavy: bool,
    pub attempts: u32,
    pub attempts_max: u32,
    /// JSON.
    pub input: String,
    /// JSON.
    pub result: Option<String>,
    pub fault: Option<Fault>,
    pub progress: Option<Progress>,
    pub requester: Option<Requester>,
    pub created_at: Moment,
    pub run_at: Moment,
    pub started_at: Option<Moment>,
    pub finished_at: Option<Moment>,
    pub cancel_asked_at: Option<Moment>,
    pub version: i64,
}
pub type JobId = Id<Job>;

impl Job {
    pub fn can_cancel(&self) -> bool {
        !self.state.has_ended() && self.cancel_asked_at.is_none()
    }

    /// Whether it waits until it is tried again.
    pub fn is_paused(&self, now: Moment) -> bool {
        self.state == State::Waiting && self.run_at > now
    }

    pub fn can_retry(&self) -> bool {
        matches!(self.state, State::Failed | State::Cancelled)
    }

    pub fn is_of(&self, asker: Asker) -> bool {
        self.requester.is_some_and(|requester| {
            requester.user == asker.user
                && asker.only.is_none_or(|family| family == requester.family)
        })
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Done {
        /// JSON.
        result: String,
    },
    /// Trying again may help.
    Broken(Fault),
    /// Trying again would be refused again.
    Refused(Fault),
    Cancelled,
    /// The box stops or stopped in the middle of it.
    Interrupted,
}

/// What becomes of the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Done {
        result: String,
    },
    Failed(Fault),
    Cancelled,
    /// It runs again after a while.
    Again {
        fault: Option<Fault>,
        after: Duration,
    },
}

/// What becomes of a job after an attempt.
pub fn next(job: &Job, ending: Ending) -> Next {
    let is_last = job.attempts >= job.attempts_max;
    match ending {
        Ending::Done { result } => Next::Done { result },
        Ending::Refused(fault) => Next::Failed(fault),
        Ending::Cancelled => Next::Cancelled,
        // Somebody wants it to end, so it does not begin again.
        Ending::Broken(_) | Ending::Interrupted if job.cancel_asked_at.is_some() => Next::Cancelled,
        Ending::Broken(fault) if is_last => Next::Failed(fault),
        Ending::Broken(fault) => Next::Again { fault: Some(fault), after: back_off(job.attempts) },
        Ending::Interrupted if is_last => {
            let detail = "The box stopped in the middle of it each time.";
            Next::Failed(Fault::new("job-interrupted", detail))
        }
        Ending::Interrupted => Next::Again { fault: None, after: Duration::ZERO },
    }
}

/// The pause after so many attempts.
pub fn back_off(attempts: u32) -> Duration {
    let factor = BACK_OFF_FACTOR.saturating_pow(attempts.saturating_sub(1));
    BACK_OFF_FIRST.saturating_mul(factor).min(BACK_OFF_MAX)
}

/// Whether a waiting job begins now. One that would have to wait longer than any pause was put
/// off by a clock that went back since.
pub fn is_due(run_at: Moment, now: Moment) -> bool {
    run_at <= now || run_at > now.plus(BACK_OFF_MAX)
}

/// What an error means for the job that ended with it.
pub fn ending_of(error: &Error) -> Ending {
    let plain = |code, detail: &str| Fault::new(code, detail);
    match error {
        Error::Conflict(refusal) if refusal.extra.iter().any(|(name, _)| *name == PASSES) => {
            Ending::Broken(fault_of(refusal))
        }
        Error::SignInNeeded(refusal)
        | Error::Denied(refusal)
        | Error::Malformed(refusal)
        | Error::Rule(refusal)
        | Error::Conflict(refusal) => Ending::Refused(fault_of(refusal)),
        Error::Unavailable(refusal) => Ending::Broken(fault_of(refusal)),
        Error::Damaged(found) => {
            let detail = format!("A file is damaged: {found}.");
            Ending::Broken(plain("file-damaged", &shortened(&detail)))
        }
        Error::Invalid(fields) => {
            let detail = fields.first().map_or("", |field| field.detail.as_str());
            Ending::Refused(plain("invalid-fields", &shortened(detail)))
        }
        Error::NotFound | Error::VersionNeeded | Error::Stale { .. } => {
            Ending::Refused(plain("not-found", "What the job was about is not there any more."))
        }
        Error::Forbidden { .. } | Error::StepUpNeeded { .. } => {
            let detail = "Whoever asked for it may not do this any more.";
            Ending::Refused(plain("job-not-permitted", detail))
        }
        Error::TooLarge { .. } => {
            Ending::Refused(plain("too-large", "There is more of it than one job may take."))
        }
        Error::TimedOut { .. } => {
            Ending::Broken(plain("job-timed-out", "It took longer than a job may."))
        }
        Error::StorageFull => Ending::Broken(plain("storage-full", "The disk is full.")),
        Error::StorageFailed(_) => {
            Ending::Broken(plain("storage-failed", "The disk failed; see the log of the box."))
        }
        Error::Busy { .. } | Error::Throttled { .. } => {
            Ending::Broken(plain("busy", "The box had too much to do."))
        }
        Error::Internal(_) => {
            Ending::Broken(plain("job-broken", "A fault of the box; see its log."))
        }
    }
}

fn fault_of(refusal: &Refusal) -> Fault {
    Fault::new(refusal.code, shortened(&refusal.detail))
}

fn shortened(text: &str) -> String {
    text.chars().take(DETAIL_LENGTH_MAX).collect()
}

/// A schedule: five fields as cron writes them, in UTC.
#[derive(Debug, Clone)]
pub struct Cron(cron::Schedule);

impl FromStr for Cron {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        // The crate wants seconds in front.
        let schedule = cron::Schedule::from_str(&format!("0 {text}"));
        schedule.map(Self).map_err(|error| Error::internal(format!("{text} is no cron: {error}")))
    }
}

impl Cron {
    /// The last time at or before `now`.
    pub fn latest(&self, now: Moment) -> Option<Moment> {
        let edge = calendar(now.plus(Duration::from_secs(1)))?;
        self.0.after(&edge).rev().map(moment).find(|at| *at <= now)
    }

    /// The first time after `now`.
    pub fn next(&self, now: Moment) -> Option<Moment> {
        self.0.after(&calendar(now)?).map(moment).find(|at| *at > now)
    }
}

fn calendar(at: Moment) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(at.0)
}

fn moment(at: DateTime<Utc>) -> Moment {
    Moment(at.timestamp_millis())
}

/// What a schedule asks for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Nothing,
    /// It is time, or was while the box was off: run once, whatever was missed.
    Run(Moment),
    /// The clock went back behind the last run: go on from here.
    GoOnFrom(Moment),
}

/// Looks at a schedule that was looked after until `done_until`.
pub fn due(cron: &Cron, done_until: Moment, now: Moment) -> Due {
    match cron.latest(now) {
        Some(latest) if done_until > now => Due::GoOnFrom(latest),
        Some(latest) if latest > done_until => Due::Run(latest),
        Some(_) | None => Due::Nothing,
    }
}

#[cfg(test)]
mod tests;

//! The supervisor itself: what it holds, what it hears, and how it waits for something.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde::Serialize;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tracing::{error, info, warn};

use super::boot::{BootState, Installed, Kind, Phase};
use super::disk::{Disk, RealDisk};
use super::handing_on::Tried;
use super::ledger::Ledger;
use super::protocol::{Order, Outcome, Report, Wish};
use super::releases::{Releases, Verified};
use super::rules::Vouched;
use super::sockets::Listening;
use super::standing::{Alert, End, Protection, ProtectionState, Standing, UnderWay};
use super::steps::Step;
use super::switching::Baseline;
use super::vouching::Vouches;
use super::workers::{self, Enclosure, Event, Role, Worker};
use crate::platform::clock::Clock;
use crate::platform::footprint::Text;
use crate::platform::systemd::notify;
use crate::platform::tasks::Tasks;

/// Things heard that wait to be looked at.
const HEARD_MAX: usize = 1_024;
/// How often is looked at what nobody tells.
pub const TICK: Duration = Duration::from_secs(1);

/// What a supervisor is told at its start.
pub struct Settings {
    pub state: PathBuf,
    pub data: PathBuf,
    /// By what releases are started.
    pub enclose: Vec<String>,
    /// Arguments of a worker, and of every step before its own.
    pub worker: Vec<String>,
    /// The package's program, as it lies on the disk now.
    pub package: PathBuf,
    /// The program that this process is.
    pub own: PathBuf,
    pub version: String,
    /// What of this process is let go before each wait.
    pub text: Text,
    pub limits: Limits,
}

/// How long what may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the start of a new release to its word that it is ready.
    pub ready: Duration,
    /// The same for the release that is kept, as long as nothing shows that it gets on.
    pub standstill: Duration,
    /// What runs when a hold is asked for, where there is time.
    pub finish: Duration,
    /// The same where somebody waits for a release to be gone.
    pub finish_soon: Duration,
    /// Until the files are closed after that.
    pub close: Duration,
    /// A step that prints nothing in that time hangs.
    pub step_silence: Duration,
    /// A step that brings files back, as long as nothing shows that it gets on.
    pub restore_standstill: Duration,
    /// A worker that is replaced, until its last connection has ended.
    pub leave: Duration,
    /// Between two signs of life.
    pub life: Duration,
    pub probe_every: Duration,
    /// How long the program of a new package is watched.
    pub package_probation: Duration,
    /// How long the end of a worker is waited for when everything stops.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            ready: seconds(30),
            standstill: seconds(90),
            finish: seconds(62),
            finish_soon: seconds(2),
            close: seconds(15),
            step_silence: seconds(300),
            restore_standstill: seconds(300),
            leave: seconds(100),
            life: seconds(20),
            probe_every: seconds(2),
            package_probation: seconds(600),
            stop: seconds(320),
        }
    }
}

/// Why nothing goes on.
#[derive(Debug)]
pub enum Over {
    /// It was asked to stop.
    Stop,
    /// A worker ended in a way that starting it again does not mend.
    Exit(i32),
    /// Its own files cannot be worked with.
    Fault(io::Error),
}

impl From<io::Error> for Over {
    fn from(error: io::Error) -> Self {
        Self::Fault(error)
    }
}

/// A wish that is looked at when nothing else is done.
pub(super) struct Wanted {
    pub(super) worker: u64,
    pub(super) id: u64,
    pub(super) wish: Wish,
}

/// A supervisor at work.
#[expect(clippy::struct_excessive_bools, reason = "each is something that was heard or told")]
pub struct Supervisor {
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    pub(super) tasks: Tasks,
    pub(super) ledger: Ledger,
    pub(super) releases: Releases,
    pub(super) vouches: Arc<dyn Vouches>,
    pub(super) enclosure: Enclosure,
    pub(super) listening: Vec<Listening>,
    pub(super) packaged: Installed,
    pub(super) workers: Vec<Worker>,
    /// The worker that people reach.
    pub(super) current: Option<u64>,
    pub(super) numbers: u64,
    pub(super) step: Option<Step>,
    pub(super) tried: Option<Tried>,
    pub(super) wanted: VecDeque<Wanted>,
    pub(super) is_reload_owed: bool,
    /// A package brought another program, which is taken over when nothing else is done.
    pub(super) is_package_due: bool,
    pub(super) is_stop_asked: bool,
    /// A release that is given up, which could not be written down yet.
    pub(super) owed: Option<Alert>,
    pub(super) alerts: Vec<Alert>,
    pub(super) protection: Protection,
    pub(super) probation_ends_at: Option<i64>,
    pub(super) baseline: Baseline,
    /// The program that a switch starts, held open.
    pub(super) opened: Option<Arc<Verified>>,
    pub(super) ended_in_a_row: usize,
    pub(super) is_ready_told: bool,
    ticked_at: Instant,
    events: Receiver<Event>,
    pub(super) heard: Sender<Event>,
}

impl Supervisor {
    /// Reads what is kept. Blocks for as long as the own program is read.
    pub fn open(
        settings: Settings,
        clock: Clock,
        vouches: Arc<dyn Vouches>,
        listening: Vec<Listening>,
    ) -> io::Result<Self> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        disk.make_folder(&settings.state)?;
        disk.make_folder(&settings.data)?;
        let mut alerts = Vec::new();
        let packaged = packaged(&settings, vouches.as_ref(), &mut alerts)?;
        let releases = Releases::open(Arc::clone(&disk), &settings.state)?;
        let (state, data) = (&settings.state, &settings.data);
        let (ledger, alert) = Ledger::open(disk, state, data, &packaged, clock.clone())?;
        alerts.extend(alert);
        for alert in &alerts {
            warn!(code = alert.code, "{}", alert.detail);
        }
        let (heard, events) = channel(HEARD_MAX);
        let enclosure = Enclosure {
            program: settings.enclose.clone(),
            state: settings.state.clone(),
            data: settings.data.clone(),
        };
        Ok(Self {
            enclosure,
            settings,
            clock,
            tasks: Tasks::default(),
            ledger,
            releases,
            vouches,
            listening,
            packaged,
            workers: Vec::new(),
            current: None,
            numbers: 0,
            step: None,
            tried: None,
            wanted: VecDeque::new(),
            is_reload_owed: false,
            is_package_due: false,
            is_stop_asked: false,
            owed: None,
            alerts,
            protection: Protection {
                state: ProtectionState::Missing,
                detail: "No worker was started yet".to_owned(),
            },
            probation_ends_at: None,
            baseline: Baseline::default(),
            opened: None,
            ended_in_a_row: 0,
            is_ready_told: false,
            ticked_at: Instant::now(),
            events,
            heard,
        })
    }

    /// Waits until something is so, at most so long; false when it was not. Meanwhile whatever is
    /// heard is looked at.
    pub(super) async fn until(
        &mut self,
        patience: Duration,
        is_met: impl Fn(&Self) -> bool,
    ) -> Result<bool, Over> {
        let end = Instant::now() + patience;
        loop {
            if is_met(self) {
                return Ok(true);
            }
            if self.is_stop_asked {
                return Err(Over::Stop);
            }
            let now = Instant::now();
            if now >= end {
                return Ok(false);
            }
            if self.events.is_empty() {
                self.keep_small();
            }
            let next_tick = (self.ticked_at + TICK).max(now);
            let wake = tokio::time::Instant::from_std(next_tick.min(end));
            match tokio::time::timeout_at(wake, self.events.recv()).await {
                Ok(Some(event)) => self.take_in(event).await,
                // It holds a sender of its own, so there always is one.
                Ok(None) => return Err(Over::Stop),
                Err(_) => {}
            }
            if self.ticked_at.elapsed() >= TICK {
                self.ticked_at = Instant::now();
                self.tick();
            }
        }
    }

    /// Gives back what was needed since it last waited; waiting takes next to nothing.
    fn keep_small(&mut self) {
        if let Err(error) = self.settings.text.let_go() {
            warn!("A part of the memory cannot be given back: {error}");
        }
    }

    pub(super) fn worker(&self, id: u64) -> Option<&Worker> {
        self.workers.iter().find(|one| one.id == id)
    }

    pub(super) fn worker_mut(&mut self, id: u64) -> Option<&mut Worker> {
        self.workers.iter_mut().find(|one| one.id == id)
    }

    /// Whether a worker is there and lives.
    pub(super) fn lives(&self, id: u64) -> bool {
        self.worker(id).is_some_and(|one| one.exit.is_none())
    }

    async fn take_in(&mut self, event: Event) {
        match event {
            Event::Enclosed { worker, protection } => {
                self.protection = protection.clone();
                if let Some(worker) = self.worker_mut(worker) {
                    worker.protection = Some(protection);
                }
            }
            Event::Said { worker, report } => self.said(worker, report).await,
            Event::Silent { worker } => {
                if let Some(worker) = self.worker_mut(worker) {
                    worker.is_silent = true;
                }
            }
            Event::Child => self.reap(),
            Event::Printed { step, line } => {
                if let Some(step) = self.step.as_mut().filter(|one| one.id == step) {
                    step.printed(&line);
                }
            }
            Event::PrintedAll { step } => {
                if let Some(step) = self.step.as_mut().filter(|one| one.id == step) {
                    step.has_printed_all = true;
                }
            }
            Event::Stop => self.is_stop_asked = true,
            Event::Reload => self.is_reload_owed = true,
        }
    }

    async fn said(&mut self, id: u64, report: Report) {
        let is_current = self.current == Some(id);
        let Some(worker) = self.worker_mut(id) else { return };
        match report {
            Report::Status(status) => {
                worker.alive_at = Instant::now();
                worker.status.clone_from(&status);
                if is_current || self.current.is_none() {
                    notify::status(&status);
                }
            }
            Report::Ready { status } => {
                worker.alive_at = Instant::now();
                worker.is_ready = true;
                worker.status = status;
            }
            Report::Failed { code, detail } => worker.failed = Some(Alert::new(code, detail)),
            Report::Alive { answers, faults } => {
                worker.count(answers, faults);
                if is_current {
                    notify::alive();
                }
            }
            Report::Closed => worker.is_closed = true,
            Report::Ask { id: question, wish } => self.asked(id, question, wish).await,
        }
    }

    async fn asked(&mut self, worker: u64, id: u64, wish: Wish) {
        match wish {
            Wish::Standing => {
                let standing = self.standing();
                self.answer(worker, id, Ok(standing)).await;
            }
            Wish::Seen => {
                let seen = self.ledger.seen();
                let seen = seen.map_err(|error| super::wishes::not_written(&error));
                self.answer(worker, id, seen).await;
            }
            // Whoever sees that a release is bad need not wait until its probation is over.
            wish if self.is_free_for(&wish) => {
                self.wanted.push_back(Wanted { worker, id, wish });
            }
            _ => {
                let detail = "An update is under way; nothing else is done until its end";
                let refused = Alert::new(super::reasons::UNDER_WAY, detail);
                self.answer::<()>(worker, id, Err(refused)).await;
            }
        }
    }

    fn is_free_for(&self, wish: &Wish) -> bool {
        let is_watched = self.probation_ends_at.is_some();
        match self.ledger.pending() {
            None => self.owed.is_none(),
            Some(_) => is_watched && matches!(wish, Wish::Rollback { .. }),
        }
    }

    /// Answers a worker's question. One that is gone meanwhile needs none.
    pub(super) async fn answer<T: Serialize>(
        &mut self,
        worker: u64,
        id: u64,
        outcome: Result<T, Alert>,
    ) {
        let outcome = outcome.and_then(|value| {
            serde_json::to_value(value)
                .map_err(|error| Alert::new(super::reasons::STEP_FAILED, error.to_string()))
        });
        let outcome = match outcome {
            Ok(value) => Outcome::Done(value),
            Err(Alert { code, detail }) => {
                info!(code, "Refused what a worker asked for: {detail}");
                Outcome::Refused { code, detail }
            }
        };
        let Some(worker) = self.worker(worker) else { return };
        if let Err(error) = worker.order(&Order::Answer { id, outcome }, &[]).await {
            warn!("A worker could not be answered: {error}");
        }
    }

    pub(super) fn reap(&mut self) {
        for (pid, exit) in workers::reap() {
            if let Some(worker) = self.workers.iter_mut().find(|one| one.pid == pid) {
                info!("Release {} ended with {exit}", worker.release.version);
                worker.exit = Some(exit);
            } else if let Some(step) = self.step.as_mut().filter(|one| one.pid == pid) {
                step.exit = Some(exit);
            } else if let Some(tried) = self.tried.as_mut().filter(|one| one.pid == pid) {
                tried.exit = Some(exit);
            }
        }
        let current = self.current;
        let is_needed = |one: &Worker| one.role != Role::Leaving || Some(one.id) == current;
        for gone in self.workers.extract_if(.., |one| one.exit.is_some() && !is_needed(one)) {
            std::fs::remove_file(&gone.private).unwrap_or_default();
        }
    }

    /// What nobody tells: who takes too long, and whether the service manager has to hear of life.
    fn tick(&mut self) {
        let leave = self.settings.limits.leave;
        for worker in self.workers.iter().filter(|one| one.role == Role::Leaving) {
            if worker.since.elapsed() > leave {
                worker.kill(Signal::KILL);
            }
        }
        // Whatever is under way has a limit of its own.
        if self.current.is_none() || self.is_switching() {
            notify::alive();
            if !self.is_ready_told {
                notify::more_time();
            }
        }
    }

    fn is_switching(&self) -> bool {
        self.ledger.pending().is_some() && self.probation_ends_at.is_none()
    }

    /// How everything stands.
    pub fn standing(&self) -> Standing {
        let state = self.ledger.state();
        let running = self.current.and_then(|id| self.worker(id));
        Standing {
            running: running.map(|worker| worker.release.clone()),
            active: state.active.clone(),
            fallback: state.fallback.clone(),
            packaged: self.packaged.clone(),
            installed: self.releases.list().unwrap_or_default(),
            seq_floor: state.seq_floor,
            quarantine: state.quarantine.clone(),
            under_way: self.under_way(state),
            last: state.last.clone().filter(|last| !last.is_seen),
            protection: self.protection.clone(),
            alerts: self.alerts(),
            state: self.settings.state.clone(),
        }
    }

    /// What somebody has to look at; of a package that was given up, why.
    fn alerts(&self) -> Vec<Alert> {
        let last = self.ledger.state().last.as_ref();
        let failed = last.filter(|one| one.kind == Kind::Package && one.end != End::Committed);
        let why = failed.and_then(|one| Some((&one.to.version, one.why.as_ref()?)));
        let why = why.map(|(version, Alert { code, detail })| {
            let detail = format!("The package's release {version} was given up: {detail}");
            Alert::new(code.clone(), detail)
        });
        self.alerts.iter().cloned().chain(why).collect()
    }

    fn under_way(&self, state: &BootState) -> Option<UnderWay> {
        let pending = state.pending.as_ref().filter(|_| state.phase != Phase::Steady)?;
        Some(UnderWay {
            transaction: pending.transaction.clone(),
            kind: pending.kind,
            from: state.active.clone(),
            to: pending.release.clone(),
            states: pending.states.clone(),
            progress: self.step.as_ref().and_then(|step| step.progress),
            probation_ends_at: self.probation_ends_at,
        })
    }

    /// Tells whoever looks at the standing, once, and the log.
    pub(super) fn alert(&mut self, alert: Alert) {
        error!(code = alert.code, "{}", alert.detail);
        self.alerts.retain(|one| one.code != alert.code);
        self.alerts.push(alert);
    }

    pub(super) fn vouched(&self) -> Vec<Vouched> {
        self.vouches.vouched().unwrap_or_else(|alert| {
            warn!(code = alert.code, "The trusted metadata cannot be read: {}", alert.detail);
            Vec::new()
        })
    }
}

/// What the program of the package is, by its bytes.
fn packaged(
    settings: &Settings,
    vouches: &dyn Vouches,
    alerts: &mut Vec<Alert>,
) -> io::Result<Installed> {
    let sha256 = super::releases::hash(&mut std::fs::File::open(&settings.own)?)?;
    let known = vouches.vouched().unwrap_or_else(|alert| {
        alerts.push(alert);
        Vec::new()
    });
    let named = known.into_iter().find(|one| one.sha256 == sha256);
    Ok(Installed {
        seq: named.map_or(0, |one| one.seq),
        version: settings.version.clone(),
        sha256,
        folder: None,
        is_packaged: true,
    })
}

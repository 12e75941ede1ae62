//! From one release to another: the files change hands, then the people. Whatever goes wrong leads
//! back to the release before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use tracing::{info, warn};

use super::boot::{Kind, Pending, Phase};
use super::crash;
use super::probe;
use super::protocol::Order;
use super::reasons;
use super::releases::Verified;
use super::resident::{Over, Supervisor};
use super::rules::{self, Watched};
use super::standing::{Alert, State};
use super::starting::Patience;
use super::wishes::StepWork;
use super::workers::Role;

/// How the release before was, for comparison.
#[derive(Debug, Clone, Copy)]
pub(super) struct Baseline {
    /// Where health is asked for: one that was bad before says nothing of the new release.
    path: &'static str,
    memory_bytes: u64,
}

impl Default for Baseline {
    fn default() -> Self {
        Self { path: probe::READINESS, memory_bytes: 0 }
    }
}

impl Supervisor {
    /// Switches to a release that was armed. Whichever way it ends, a worker answers afterwards.
    pub(super) async fn switch(&mut self, program: Verified) -> Result<(), Over> {
        // What was looked at before the hold is what is started.
        self.opened = Some(Arc::new(program));
        let Some(before) = self.current else { return self.start_active().await };
        self.baseline = self.baseline_of(before).await;
        crash::point("baseline-known");
        self.ledger.enter(State::Hold);
        let is_update = self.ledger.pending().is_some_and(|one| one.kind != Kind::Rollback);
        let limits = self.settings.limits;
        let finish = if is_update { limits.finish } else { limits.finish_soon };
        if let Err(why) = self.hold(before, finish).await? {
            self.disarm(&why);
            return self.back_to_active(Some(before)).await;
        }
        if let Err(why) = self.snapshot().await? {
            self.disarm(&why);
            return self.back_to_active(Some(before)).await;
        }
        if let Err(error) = self.ledger.switched() {
            let detail = format!("The boot state cannot be written: {error}");
            self.disarm(&Alert::new(reasons::DISK_FULL, detail));
            return self.back_to_active(Some(before)).await;
        }
        match self.try_pending().await? {
            Ok(worker) => self.expose(worker, Some(before)).await,
            Err(why) => {
                self.undo(&why).await?;
                self.back_to_active(Some(before)).await
            }
        }
    }

    async fn baseline_of(&self, id: u64) -> Baseline {
        let Some(worker) = self.worker(id) else { return Baseline::default() };
        let is_well = probe::is_well(&worker.private, probe::HEALTH).await;
        let path = if is_well { probe::HEALTH } else { probe::READINESS };
        Baseline { path, memory_bytes: worker.memory_bytes() }
    }

    /// Has a worker let go of the files. What comes meanwhile waits with it.
    async fn hold(&mut self, id: u64, finish: Duration) -> Result<Result<(), Alert>, Over> {
        self.current = None;
        let finish_within_ms = u64::try_from(finish.as_millis()).unwrap_or(u64::MAX);
        if let Some(worker) = self.worker_mut(id) {
            worker.role = Role::Held;
        }
        if let Some(worker) = self.worker(id) {
            // One that does not read does not let go in time.
            worker.order(&Order::Hold { finish_within_ms }, &[]).await.unwrap_or_default();
        }
        crash::point("hold-asked");
        let is_settled = move |this: &Self| {
            this.worker(id).is_none_or(|one| one.is_closed || one.exit.is_some())
        };
        let is_in_time = self.until(finish + self.settings.limits.close, is_settled).await?;
        let is_closed = self.worker(id).is_some_and(|one| one.is_closed && one.exit.is_none());
        if is_closed {
            crash::point("hold-closed");
            return Ok(Ok(()));
        }
        let how = if is_in_time { "ended" } else { "did not let go of the files in time" };
        self.end(id).await?;
        Ok(Err(Alert::new(reasons::NOT_HELD, format!("The running release {how}"))))
    }

    /// Puts the files aside, where they are about to change.
    async fn snapshot(&mut self) -> Result<Result<(), Alert>, Over> {
        let Some(pending) = self.ledger.pending().cloned() else { return Ok(Ok(())) };
        if !pending.migrates {
            return Ok(Ok(()));
        }
        self.ledger.enter(State::Snapshot);
        crash::point("snapshot-begun");
        let into = self.ledger.snapshot(&pending.transaction);
        let (program, work) = (self.opened(&pending.release), StepWork::Snapshot { into });
        let outcome = self.run_step(program, &work, migration_limit(&pending)).await?;
        crash::point("snapshot-taken");
        Ok(outcome.map(|_| ()).map_err(|alert| Alert::new(reasons::SNAPSHOT_FAILED, alert.detail)))
    }

    /// Migrates and starts the pending release, as often as it may be.
    pub(super) async fn try_pending(&mut self) -> Result<Result<u64, Alert>, Over> {
        let mut why = Alert::new(reasons::CRASHED, "Every start of the new release was cut off");
        loop {
            let Some(pending) = self.ledger.pending().cloned() else { return Ok(Err(why)) };
            let program = match self.opened(&pending.release) {
                Ok(program) => program,
                Err(alert) => return Ok(Err(alert)),
            };
            crash::point("release-opened");
            match self.ledger.count_try() {
                Ok(true) => {}
                Ok(false) => return Ok(Err(why)),
                Err(error) => {
                    let detail = format!("The boot state cannot be written: {error}");
                    return Ok(Err(Alert::new(reasons::DISK_FULL, detail)));
                }
            }
            let is_migrated = self.ledger.state().phase != Phase::Switched || !pending.migrates;
            if !is_migrated && let Err(why) = self.migrate(&pending).await? {
                return Ok(Err(why));
            }
            self.ledger.enter(State::Trial);
            let patience = Patience::Fixed(self.settings.limits.ready);
            match self.bring_up(&program, patience).await? {
                Ok(worker) => return Ok(Ok(worker)),
                Err(not_up) => {
                    why = not_up.why;
                    warn!(code = why.code, "{}", why.detail);
                }
            }
        }
    }

    async fn migrate(&mut self, pending: &Pending) -> Result<Result<(), Alert>, Over> {
        crash::point("migration-begun");
        let program = self.opened(&pending.release);
        let outcome = self.run_step(program, &StepWork::Migrate, migration_limit(pending)).await?;
        Ok(match outcome {
            Ok(_) => {
                crash::point("migration-done");
                self.ledger.enter(State::Migrated);
                Ok(())
            }
            Err(alert) if alert.code == reasons::STEP_TIMED_OUT => {
                Err(Alert::new(reasons::MIGRATION_TIMED_OUT, alert.detail))
            }
            Err(alert) => Err(Alert::new(reasons::MIGRATION_FAILED, alert.detail)),
        })
    }

    /// Has people reach the new release; what waited with the one before goes to it as well.
    pub(super) async fn expose(&mut self, id: u64, before: Option<u64>) -> Result<(), Over> {
        if let Err(error) = self.ledger.exposed() {
            let detail = format!("The boot state cannot be written: {error}");
            self.end(id).await?;
            self.undo(&Alert::new(reasons::DISK_FULL, detail)).await?;
            return self.back_to_active(before).await;
        }
        self.accept(id).await?;
        self.forward(before, id).await;
        Ok(())
    }

    /// Has what waits with one worker, and what still comes to it, passed on to another.
    async fn forward(&mut self, from: Option<u64>, to: u64) {
        let Some(socket) = self.worker(to).map(|one| one.private.clone()) else { return };
        let Some(worker) = from.and_then(|id| self.worker_mut(id)) else { return };
        (worker.role, worker.since) = (Role::Leaving, Instant::now());
        if let Err(error) = worker.order(&Order::Forward { socket }, &[]).await {
            warn!("The release before cannot pass requests on: {error}");
            worker.kill(Signal::KILL);
        }
        crash::point("forwarded");
        self.reap();
    }

    /// Starts the release before again; what waits goes to it.
    async fn back_to_active(&mut self, held: Option<u64>) -> Result<(), Over> {
        self.start_active().await?;
        if let Some(current) = self.current {
            self.forward(held, current).await;
        }
        Ok(())
    }

    /// Gives the pending release up before people reached it, and brings the files back.
    pub(super) async fn undo(&mut self, why: &Alert) -> Result<(), Over> {
        let is_changed = self.ledger.state().phase == Phase::Switched
            && self.ledger.pending().is_some_and(|one| one.migrates);
        if is_changed {
            return self.restore(why).await;
        }
        self.give_up(why);
        Ok(())
    }

    /// Brings the files back, however often that takes: nothing may work on them before.
    pub(super) async fn restore(&mut self, why: &Alert) -> Result<(), Over> {
        if let Err(error) = self.ledger.restoring(why) {
            warn!("The boot state cannot be written: {error}");
        }
        let mut failed_in_a_row = 0;
        while let Some(pending) = self.ledger.pending().cloned() {
            match self.bring_back(&pending, failed_in_a_row).await? {
                Ok(_) => break,
                Err(alert) => self.alert(Alert::new(reasons::RESTORE_FAILED, alert.detail)),
            }
            failed_in_a_row += 1;
            self.until(rules::pause(failed_in_a_row), |_| false).await?;
        }
        crash::point("restore-done");
        self.alerts.retain(|alert| alert.code != reasons::RESTORE_FAILED);
        self.give_up(why);
        Ok(())
    }

    /// Tries to bring the files back: with the new release, which knows them, and where that fails
    /// with the one before and the package's in turn. Each goes on where another was cut off, and
    /// none is cut off that gets on: with much data on a slow disk it takes what it takes.
    async fn bring_back(
        &mut self,
        pending: &Pending,
        failed_in_a_row: usize,
    ) -> Result<Result<Value, Alert>, Over> {
        let releases = [&pending.release, &self.ledger.state().active, &self.packaged];
        let release = releases[failed_in_a_row % releases.len()];
        let program = self.whole(release);
        let from = self.ledger.snapshot(&pending.transaction);
        let work = StepWork::Restore { from, after: pending.release.version.clone() };
        let times = u32::try_from(failed_in_a_row).unwrap_or(u32::MAX).saturating_add(1);
        let standstill = self.settings.limits.restore_standstill.saturating_mul(times);
        self.run_step(program, &work, Patience::Standstill(standstill)).await
    }

    /// Watches the exposed release, and keeps it or goes back.
    pub(super) async fn probation(&mut self) -> Result<(), Over> {
        let (Some(pending), Some(id)) = (self.ledger.pending().cloned(), self.current) else {
            return Ok(());
        };
        self.ledger.enter(State::Probation);
        crash::point("probation-begun");
        let lasts = Duration::from_secs(pending.limits.probation_s);
        self.probation_ends_at = Some(self.clock.now().plus(lasts).0);
        let found = self.watch(id, lasts).await;
        self.probation_ends_at = None;
        match found? {
            None => {
                crash::point("probation-passed");
                self.commit(&pending).await
            }
            Some(why) => self.go_back(id, &why).await,
        }
    }

    /// Why the release cannot be kept; none after it was watched for so long.
    async fn watch(&mut self, id: u64, lasts: Duration) -> Result<Option<Alert>, Over> {
        let (began, mut failed) = (Instant::now(), 0);
        while began.elapsed() < lasts {
            let rest = lasts.saturating_sub(began.elapsed());
            let every = self.settings.limits.probe_every.min(rest);
            let is_off = move |this: &Self| !this.lives(id) || this.is_rollback_wanted();
            self.until(every, is_off).await?;
            if let Some(why) = self.answer_rollback().await {
                return Ok(Some(why));
            }
            let Some(worker) = self.worker(id) else { return Ok(None) };
            if let Some(exit) = worker.exit {
                let detail = format!("The new release ended with {exit}");
                return Ok(Some(Alert::new(reasons::DIED, detail)));
            }
            if worker.alive_at.elapsed() > self.settings.limits.life {
                let detail = "The new release gave no sign of life any more";
                return Ok(Some(Alert::new(reasons::NO_LIFE_SIGNS, detail)));
            }
            let (answers, faults) = worker.within_window();
            let memory_bytes = worker.memory_bytes();
            let is_well = probe::is_well(&worker.private, self.baseline.path).await;
            failed = if is_well { 0 } else { failed + 1 };
            let watched = Watched {
                probes_failed_in_a_row: failed,
                answers,
                faults,
                memory_bytes,
                memory_before_bytes: self.baseline.memory_bytes,
            };
            if let Some(why) = rules::judge(&watched) {
                return Ok(Some(why));
            }
        }
        Ok(None)
    }

    async fn commit(&mut self, pending: &Pending) -> Result<(), Over> {
        let mut failed_in_a_row = 0;
        while let Err(error) = self.ledger.committed() {
            warn!("The release cannot be kept yet, the boot state is not written: {error}");
            failed_in_a_row += 1;
            self.until(rules::pause(failed_in_a_row), |_| false).await?;
        }
        let version = &pending.release.version;
        info!("Release {version} is kept");
        let state = self.ledger.state();
        let kept: Vec<_> =
            [Some(&state.active), state.fallback.as_ref()].into_iter().flatten().collect();
        let cleaned = self.releases.clean_up(&kept);
        let cleaned = cleaned.and_then(|()| self.ledger.clean_up(&pending.transaction));
        if let Err(error) = cleaned {
            warn!("What earlier updates left is not removed: {error}");
        }
        crash::point("cleaned");
        Ok(())
    }

    /// Goes back from a release that people reach. What they wrote with it stays.
    async fn go_back(&mut self, id: u64, why: &Alert) -> Result<(), Over> {
        crash::point("going-back");
        self.give_up(why);
        let finish = self.settings.limits.finish_soon;
        let is_held = self.lives(id) && self.hold(id, finish).await?.is_ok();
        let held = is_held.then_some(id);
        if held.is_none() {
            self.end(id).await?;
        }
        self.back_to_active(held).await
    }

    /// Whether a rollback is asked for while a release is being watched.
    fn is_rollback_wanted(&self) -> bool {
        self.wanted.iter().any(super::resident::Wanted::is_rollback)
    }

    async fn answer_rollback(&mut self) -> Option<Alert> {
        let at = self.wanted.iter().position(super::resident::Wanted::is_rollback)?;
        let wanted = self.wanted.remove(at)?;
        self.answer(wanted.worker, wanted.id, Ok(())).await;
        Some(Alert::new(reasons::ASKED_BACK, "Somebody asked to go back."))
    }

    /// Arms a switch.
    pub(super) fn arm(&mut self, pending: Pending) -> Result<(), Alert> {
        self.ledger.arm(pending).map_err(|error| super::wishes::not_written(&error))
    }
}

fn migration_limit(pending: &Pending) -> Patience {
    Patience::Fixed(Duration::from_millis(pending.limits.migration_ms_max))
}

/// A switch on its way, before it is tried.
pub(super) fn pending(
    release: super::boot::Installed,
    kind: Kind,
    transaction: String,
    migrates: bool,
    limits: super::protocol::SwitchLimits,
) -> Pending {
    Pending {
        release,
        kind,
        transaction,
        migrates,
        limits,
        tries_left: 0,
        why: None,
        states: Vec::new(),
    }
}

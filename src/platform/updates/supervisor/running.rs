//! The life of the supervisor between two updates, and its end.

use std::time::Instant;

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

use super::boot::Phase;
use super::resident::{Over, Supervisor, TICK};
use super::rules;
use super::steps::Step;
use super::workers::{Event, Exit};
use crate::platform::systemd::notify;

impl Supervisor {
    /// Serves the box until it is asked to stop, or cannot go on.
    pub async fn run(mut self) -> Over {
        if let Err(error) = self.catch_signals() {
            return Over::Fault(error);
        }
        let over = match self.work().await {
            Err(over) => over,
            Ok(never) => match never {},
        };
        self.finish().await;
        over
    }

    async fn work(&mut self) -> Result<std::convert::Infallible, Over> {
        if self.current.is_none() {
            self.begin().await?;
        }
        self.look_at_package().await?;
        self.keep_a_copy();
        loop {
            if self.ledger.state().phase == Phase::Exposed && self.current.is_some() {
                self.probation().await?;
                self.keep_a_copy();
            }
            self.until(TICK, Self::has_work).await?;
            self.look_at_step().await;
            self.look_at_worker().await?;
            self.pay_owed();
            if std::mem::take(&mut self.is_reload_owed) {
                self.is_package_due = self.is_package_changed();
                self.reload();
                // What kept the package that is installed from taking over may be mended.
                if !self.is_package_due {
                    self.look_at_package().await?;
                }
            }
            // A rehearsal that runs is not cut off by a package.
            if self.is_package_due && self.step.is_none() && self.ledger.pending().is_none() {
                self.is_package_due = false;
                self.take_package_over().await?;
            }
            if let Some(wanted) = self.wanted.pop_front() {
                self.perform(wanted).await?;
            }
        }
    }

    fn has_work(&self) -> bool {
        let is_dead = self.current.is_none_or(|id| !self.lives(id));
        let is_step_over = self.step.as_ref().is_some_and(Step::is_over);
        is_dead || is_step_over || self.is_reload_owed || !self.wanted.is_empty()
    }

    /// Starts the worker anew where it ended, or hangs.
    pub(super) async fn look_at_worker(&mut self) -> Result<(), Over> {
        let Some(id) = self.current else { return self.start_active().await };
        let Some(worker) = self.worker(id) else { return self.start_active().await };
        let ran = worker.since.elapsed();
        match worker.exit {
            None if worker.alive_at.elapsed() <= self.settings.limits.life => return Ok(()),
            None => warn!("The box gives no sign of life any more; it is started anew"),
            Some(Exit::Code(code)) if rules::FINAL_EXITS.contains(&code) => {
                return Err(Over::Exit(code));
            }
            Some(exit) => warn!("The box ended with {exit}; it is started anew"),
        }
        self.end(id).await?;
        self.pause_after(ran).await?;
        self.start_active().await
    }

    /// Writes down what could not be written before.
    pub(super) fn pay_owed(&mut self) {
        let Some(why) = self.owed.clone() else { return };
        let written = match self.ledger.state().phase {
            Phase::Armed => self.ledger.disarmed(&why),
            _ => self.ledger.rolled_back(&why),
        };
        if written.is_ok() {
            self.owed = None;
            self.drop_disarmed();
        }
    }

    /// Becomes the program that a package brought, where that runs.
    async fn take_package_over(&mut self) -> Result<(), Over> {
        match self.try_package().await? {
            Ok(()) => {
                let error = self.hand_on().await;
                warn!("The package's new program cannot take over: {error}");
            }
            Err(alert) => self.alert(alert),
        }
        Ok(())
    }

    /// Has the worker read its settings again.
    fn reload(&self) {
        if let Some(worker) = self.current.and_then(|id| self.worker(id)) {
            worker.kill(Signal::HUP);
        }
    }

    fn catch_signals(&self) -> std::io::Result<()> {
        let watched = [
            (SignalKind::terminate(), "terminate"),
            (SignalKind::interrupt(), "interrupt"),
            (SignalKind::hangup(), "hang-up"),
            (SignalKind::child(), "child"),
        ];
        for (kind, name) in watched {
            let (mut caught, heard) = (signal(kind)?, self.heard.clone());
            self.tasks.start(name, move |_| async move {
                while caught.recv().await.is_some() {
                    let event = match name {
                        "child" => Event::Child,
                        "hang-up" => Event::Reload,
                        _ => Event::Stop,
                    };
                    if heard.send(event).await.is_err() {
                        return;
                    }
                }
            });
        }
        Ok(())
    }

    /// Ends all workers in order; at once where that is asked for a second time.
    async fn finish(&mut self) {
        info!("Stopping");
        notify::stopping("Stopping");
        self.is_stop_asked = false;
        self.kill_step();
        for worker in &self.workers {
            worker.kill(Signal::TERM);
        }
        let began = Instant::now();
        let is_over = |this: &Self| this.workers.iter().all(|one| one.exit.is_some());
        let ended = self.until(self.settings.limits.stop, is_over).await;
        if !matches!(ended, Ok(true)) {
            warn!("What did not end within {} s is ended", began.elapsed().as_secs());
            for worker in &self.workers {
                worker.kill(Signal::KILL);
            }
        }
        info!("Stopped");
    }
}

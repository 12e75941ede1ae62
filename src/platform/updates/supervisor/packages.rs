//! What a package brought: its program is tried out on a copy of the data by both releases, as any
//! update is, before it takes the place of the release that runs.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use tracing::{info, warn};

use super::boot::{Installed, Kind, Pending};
use super::ledger::UPDATES;
use super::protocol::SwitchLimits;
use super::reasons;
use super::resident::{Over, Supervisor, TICK};
use super::rules;
use super::standing::Alert;
use super::steps::Step;
use super::switching;
use super::wishes::StepWork;
use crate::platform::error::Error;
use crate::platform::updates::rehearsal::report::{Done, Report};
use crate::platform::updates::rehearsal::rules::{Judgement, WayBack, judge};

/// Characters of a hash that name the switch to a package's program.
const SHORT_HASH_LENGTH: usize = 12;
/// Below `<data>/update`: the copy that a package is tried out on.
pub(super) const COPY: &str = "package";

impl Supervisor {
    /// Takes over what a package brought. What cannot be brought along on a copy stays out, and
    /// nothing of the box was changed.
    pub(super) async fn look_at_package(&mut self) -> Result<(), Over> {
        let (state, packaged) = (self.ledger.state(), self.packaged.clone());
        if state.pending.is_some() || state.active.sha256 == packaged.sha256 {
            return Ok(());
        }
        if let Err(alert) = rules::check_package(state, &packaged) {
            self.alert(alert);
            return Ok(());
        }
        let judged = match self.try_out(&packaged).await? {
            Ok(judged) => judged,
            Err(why) => {
                let detail = format!("The package stays out. {}", why.detail);
                self.alert(Alert::new(why.code, detail));
                return Ok(());
            }
        };
        for why in &judged.reasons {
            warn!("Going back from the package would bring the files back as they were: {why}");
        }
        let limits = SwitchLimits {
            probation_s: self.settings.limits.package_probation.as_secs(),
            migration_ms_max: judged.migration_ms_max,
        };
        let short: String = packaged.sha256.chars().take(SHORT_HASH_LENGTH).collect();
        let transaction = format!("package-{short}-{}", self.clock.now().0);
        let armed = self.verified(&packaged).and_then(|program| {
            let kind = Kind::Package;
            let needs_restore = judged.migrates && judged.way_back == WayBack::NeedsRestore;
            let pending = switching::pending(packaged, kind, transaction, judged.migrates, limits);
            self.arm(Pending { needs_restore, ..pending })?;
            Ok(program)
        });
        match armed {
            Ok(program) => self.switch(program).await,
            Err(alert) => {
                self.alert(alert);
                Ok(())
            }
        }
    }

    /// Tries the package's program out on a copy of the data, and then the active release on what
    /// came of it.
    async fn try_out(&mut self, packaged: &Installed) -> Result<Result<Judgement, Alert>, Over> {
        let copy = self.settings.data.join(UPDATES).join(COPY);
        info!("Trying release {} of the package out on a copy of the data", packaged.version);
        // A process that was ended in the middle of it left its copy behind.
        if let Err(alert) = removed(&copy) {
            return Ok(Err(alert));
        }
        let judged = self.try_on(packaged, &copy).await;
        if let Err(alert) = removed(&copy) {
            warn!("{}", alert.detail);
        }
        judged
    }

    async fn try_on(
        &mut self,
        packaged: &Installed,
        copy: &Path,
    ) -> Result<Result<Judgement, Alert>, Over> {
        let work = StepWork::Copy { into: copy.to_owned() };
        let copied = match self.reported::<Done>(packaged, &work).await? {
            Ok(copied) => copied,
            Err(alert) => return Ok(Err(alert)),
        };
        if let Some(refused) = copied.refused {
            return Ok(Err(Alert::new(refused.code, refused.detail)));
        }
        let work = StepWork::Rehearse { folder: copy.to_owned() };
        let new = match self.reported::<Report>(packaged, &work).await? {
            Ok(new) => new,
            Err(alert) => return Ok(Err(alert)),
        };
        let measured = (copied.bytes, copied.took_ms);
        if let Err(error) = judge(&new, None, measured) {
            return Ok(Err(refused(error)));
        }
        let active = self.ledger.state().active.clone();
        let old = match self.reported::<Report>(&active, &work).await? {
            Ok(old) => Some(old),
            // It may be what the package is to mend.
            Err(alert) => {
                warn!(
                    "The release that runs was not tried on what the package makes: {}",
                    alert.detail
                );
                None
            }
        };
        Ok(judge(&new, old.as_ref(), measured).map_err(refused))
    }

    /// Has a release do a step, and gives what it printed last, however it ended. The box is looked
    /// after meanwhile.
    async fn reported<T: DeserializeOwned>(
        &mut self,
        release: &Installed,
        work: &StepWork,
    ) -> Result<Result<T, Alert>, Over> {
        let begun = match self.as_installed(release) {
            Ok(program) => self.begin_step(&program, work, None).await,
            Err(alert) => Err(alert),
        };
        if let Err(alert) = begun {
            return Ok(Err(alert));
        }
        let is_over = |this: &Self| this.step.as_ref().is_none_or(Step::is_over);
        while !self.until(TICK, is_over).await? {
            self.end_step_that_hangs();
            self.look_at_worker().await?;
            self.pay_owed();
        }
        let failed = |detail: String| Alert::new(reasons::STEP_FAILED, detail);
        let Some(step) = self.step.take() else {
            return Ok(Err(failed("The step is gone".to_owned())));
        };
        if let Some(why) = &step.gave_up {
            return Ok(Err(Alert::new(reasons::STEP_TIMED_OUT, why.clone())));
        }
        let outcome = step.outcome();
        let read = step.report.and_then(|report| serde_json::from_value(report).ok());
        let said = || outcome.err().unwrap_or_else(|| "It did not say what came of it".to_owned());
        Ok(read.ok_or_else(|| failed(said())))
    }
}

/// What a rehearsal refused, for the supervisor's list.
fn refused(error: Error) -> Alert {
    match error {
        Error::Conflict(refusal) => Alert::new(refusal.code, refusal.detail),
        other => Alert::new(reasons::STEP_FAILED, other.to_string()),
    }
}

/// Removes a copy, which may be gone already.
fn removed(copy: &PathBuf) -> Result<(), Alert> {
    match std::fs::remove_dir_all(copy) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            let detail = format!("{} cannot be removed: {error}", copy.display());
            Err(Alert::new(reasons::STEP_FAILED, detail))
        }
        _ => Ok(()),
    }
}

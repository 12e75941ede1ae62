//! What a worker asks for that only the supervisor may do.

use std::fs::File;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::boot::{Installed, Kind};
use super::crash;
use super::enclosing::Part;
use super::ledger::UPDATES;
use super::protocol::{Step as StepWish, SwitchLimits, Wish};
use super::reasons;
use super::releases::Verified;
use super::resident::{Over, Supervisor, Wanted};
use super::rules;
use super::standing::Alert;
use super::starting::{PRIVATE, Patience};
use super::steps::{self, Step};
use super::switching;
use crate::platform::updates::release::SUPERVISOR_PROTO;

/// Below `<data>/update`: what the worker fetched, in the layout of a feed.
pub(super) const INCOMING: &str = "incoming";
/// The longest name of a switch.
const TRANSACTION_LENGTH_MAX: usize = 64;
/// Rehearsals may take long, as long as they get on.
const REHEARSAL_LIMIT: Duration = Duration::from_hours(12);
/// Of a rollback that says nothing of it. What it goes back to has nothing to migrate.
const ROLLBACK_LIMITS: SwitchLimits = SwitchLimits { probation_s: 60, migration_ms_max: 60_000 };

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StepWork {
    /// Copies the databases, for a rehearsal.
    Copy {
        into: PathBuf,
    },
    Rehearse {
        folder: PathBuf,
    },
    Snapshot {
        into: PathBuf,
    },
    Migrate,
    /// `after` is the version of the new release, whichever release does it: by the name of what is
    /// kept of its files, one finds how far another came.
    Restore {
        from: PathBuf,
        after: String,
    },
}

impl StepWork {
    /// As the release is called for it.
    fn arguments(&self, data: &Path) -> Vec<String> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let words = match self {
            Self::Rehearse { folder } => vec!["rehearse".into(), "--data".into(), text(folder)],
            Self::Copy { into } => {
                vec!["copy".into(), "--data".into(), text(data), "--into".into(), text(into)]
            }
            Self::Snapshot { into } => {
                vec!["snapshot".into(), "--data".into(), text(data), "--into".into(), text(into)]
            }
            Self::Migrate => vec!["migrate".into(), "--data".into(), text(data)],
            Self::Restore { from, after } => {
                let (data, from) = (text(data), text(from));
                let words = ["restore", "--data", &data, "--from", &from, "--after", after];
                words.map(ToOwned::to_owned).into()
            }
        };
        std::iter::once("update-step".to_owned()).chain(words).collect()
    }
}

impl Wanted {
    pub(super) fn is_rollback(&self) -> bool {
        matches!(self.wish, Wish::Rollback { .. })
    }
}

/// The boot state could not be written.
pub(super) fn not_written(error: &std::io::Error) -> Alert {
    Alert::new(reasons::DISK_FULL, format!("The boot state cannot be written: {error}"))
}

impl Supervisor {
    /// Does what is asked, or refuses it.
    pub(super) async fn perform(&mut self, wanted: Wanted) -> Result<(), Over> {
        let Wanted { worker, id, wish } = wanted;
        match wish {
            Wish::Take { seq, accept_stale } => {
                let taken = self.take(seq, accept_stale).await;
                self.answer(worker, id, taken).await;
            }
            Wish::Run { seq, step: StepWish::Rehearse { folder } } => {
                if let Err(alert) = self.begin_rehearsal(seq, folder, (worker, id)).await {
                    self.answer::<Value>(worker, id, Err(alert)).await;
                }
            }
            Wish::Switch { seq, transaction, migrates, limits } => {
                let found = self.to_switch_to(seq, &transaction);
                let armed = found.and_then(|program| {
                    let release = program.release.clone();
                    let kind = Kind::Update;
                    self.arm(switching::pending(release, kind, transaction, migrates, limits))?;
                    Ok(program)
                });
                return self.answer_and_switch(armed, worker, id).await;
            }
            Wish::Rollback { transaction, probation_s } => {
                let found = self.to_go_back_to(&transaction);
                let armed = found.and_then(|program| {
                    let (release, kind) = (program.release.clone(), Kind::Rollback);
                    let probation_s = probation_s.unwrap_or(ROLLBACK_LIMITS.probation_s);
                    let limits = SwitchLimits { probation_s, ..ROLLBACK_LIMITS };
                    self.arm(switching::pending(release, kind, transaction, false, limits))?;
                    Ok(program)
                });
                return self.answer_and_switch(armed, worker, id).await;
            }
            Wish::Standing | Wish::Seen => {}
        }
        Ok(())
    }

    async fn answer_and_switch(
        &mut self,
        armed: Result<Verified, Alert>,
        worker: u64,
        id: u64,
    ) -> Result<(), Over> {
        match armed {
            Ok(program) => {
                self.answer(worker, id, Ok(json!({ "armed": true }))).await;
                self.switch(program).await
            }
            Err(alert) => {
                self.answer::<Value>(worker, id, Err(alert)).await;
                Ok(())
            }
        }
    }

    /// Trusts the metadata that lies there, and installs a release of it.
    async fn take(&mut self, seq: Option<u64>, accept_stale: bool) -> Result<Value, Alert> {
        crash::point("take-begun");
        let incoming = self.settings.data.join(UPDATES).join(INCOMING);
        self.vouches.take(&incoming, accept_stale).await?;
        self.name_package().map_err(|error| not_written(&error))?;
        let installed = match seq {
            Some(seq) => Some(self.install(seq, &incoming)?),
            None => None,
        };
        crash::point("take-done");
        Ok(json!({ "installed": installed }))
    }

    fn install(&self, seq: u64, incoming: &Path) -> Result<Installed, Alert> {
        let vouched = self.vouches.vouched()?;
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        let named = vouched.into_iter().find(|it| it.seq == seq && it.os == os && it.arch == arch);
        let Some(named) = named else {
            let detail = format!("The trusted metadata names no release {seq} for {os} on {arch}");
            return Err(Alert::new(reasons::RELEASE_UNVOUCHED, detail));
        };
        if named.supervisor_proto > SUPERVISOR_PROTO {
            let detail = format!("Release {} needs a newer package first", named.version);
            return Err(Alert::new(reasons::PACKAGE_NEEDED, detail));
        }
        self.releases.check_executable()?;
        let release = Installed {
            seq,
            version: named.version,
            sha256: named.sha256,
            folder: None,
            is_packaged: false,
        };
        rules::check_vouched(&release, &self.vouched())?;
        let name = format!("{}.{}", release.sha256, named.target);
        let mut program = open_plain(&incoming.join("targets").join(name))?;
        let size_bytes = program.metadata().map_or(0, |about| about.len());
        if size_bytes != named.size_bytes {
            let detail = format!("It has {size_bytes} bytes, {} were signed", named.size_bytes);
            return Err(Alert::new(reasons::RELEASE_CHANGED, detail));
        }
        self.releases.install(&mut program, &release)
    }

    /// The installed release of a number, opened and looked at, if it may be switched to.
    fn to_switch_to(&self, seq: u64, transaction: &str) -> Result<Verified, Alert> {
        check_transaction(transaction)?;
        self.check_no_step()?;
        let release = self.installed(seq)?;
        rules::check_switch(self.ledger.state(), &release)?;
        self.verified(&release)
    }

    fn to_go_back_to(&self, transaction: &str) -> Result<Verified, Alert> {
        check_transaction(transaction)?;
        self.check_no_step()?;
        let release = rules::check_rollback(self.ledger.state())?;
        self.known(&release)
    }

    fn installed(&self, seq: u64) -> Result<Installed, Alert> {
        let found = self.releases.list().unwrap_or_default();
        found.into_iter().find(|one| one.seq == seq).ok_or_else(|| {
            Alert::new(reasons::NOT_INSTALLED, format!("No release {seq} lies installed"))
        })
    }

    fn check_no_step(&self) -> Result<(), Alert> {
        match &self.step {
            Some(_) => Err(Alert::new(reasons::UNDER_WAY, "A step of an update runs")),
            None => Ok(()),
        }
    }

    async fn begin_rehearsal(
        &mut self,
        seq: u64,
        folder: PathBuf,
        asked: (u64, u64),
    ) -> Result<(), Alert> {
        self.check_no_step()?;
        let folder = self.below_updates(&folder)?;
        let running = self.current.and_then(|id| self.worker(id)).map(|one| one.release.clone());
        let program = match running {
            Some(running) if running.seq == seq => self.as_installed(&running)?,
            _ => self.verified(&self.installed(seq)?)?,
        };
        self.begin_step(&program, &StepWork::Rehearse { folder }, Some(asked)).await
    }

    /// A folder that steps of a worker may work on.
    fn below_updates(&self, folder: &Path) -> Result<PathBuf, Alert> {
        let is_plain = folder.components().all(|one| one != Component::ParentDir);
        let updates = self.settings.data.join(UPDATES).canonicalize();
        if let (Ok(found), Ok(updates), true) = (folder.canonicalize(), updates, is_plain)
            && found != updates
            && found.starts_with(&updates)
        {
            return Ok(found);
        }
        let detail = format!("{} is no folder below the one for updates", folder.display());
        Err(Alert::new(reasons::WRONG_FOLDER, detail))
    }

    pub(super) async fn begin_step(
        &mut self,
        program: &Verified,
        work: &StepWork,
        asked: Option<(u64, u64)>,
    ) -> Result<(), Alert> {
        let failed = |error: std::io::Error| {
            Alert::new(reasons::STEP_FAILED, format!("The step could not be started: {error}"))
        };
        self.numbers += 1;
        let id = self.numbers;
        let arguments = work.arguments(&self.settings.data);
        let spawned = self.enclosure.spawn(program, &arguments, Part::Step).await;
        let spawned = spawned.map_err(failed)?;
        let output = spawned.output.ok_or_else(|| failed(std::io::Error::other("no output")))?;
        steps::hear(&self.tasks, id, output, self.heard.clone()).map_err(failed)?;
        self.step = Some(Step {
            id,
            pid: spawned.pid,
            _channel: spawned.channel,
            exit: None,
            has_printed_all: false,
            progress: None,
            report: None,
            gave_up: None,
            began_at: Instant::now(),
            moved_at: Instant::now(),
            asked,
        });
        Ok(())
    }

    /// Runs a step of a release and waits for its end, as long as there is patience.
    pub(super) async fn run_step(
        &mut self,
        program: Result<Arc<Verified>, Alert>,
        work: &StepWork,
        patience: Patience,
    ) -> Result<Result<Value, Alert>, Over> {
        let begun = match program {
            Ok(program) => self.begin_step(&program, work, None).await,
            Err(alert) => Err(alert),
        };
        if let Err(alert) = begun {
            return Ok(Err(alert));
        }
        let is_over = |this: &Self| this.step.as_ref().is_none_or(Step::is_over);
        let is_in_time = match patience {
            Patience::Fixed(limit) => self.until(limit, is_over).await?,
            Patience::Standstill(limit) => {
                let seen = |this: &Self| this.step.as_ref().map(Step::work_done);
                self.until_it_stands_still(limit, is_over, seen).await?
            }
        };
        if !is_in_time {
            self.kill_step();
            self.until(STEP_END_PATIENCE, is_over).await?;
        }
        let Some(step) = self.step.take() else {
            return Ok(Err(Alert::new(reasons::STEP_FAILED, "The step is gone")));
        };
        if !is_in_time {
            let detail = match patience {
                Patience::Fixed(limit) => format!("It did not end within {} s", limit.as_secs()),
                Patience::Standstill(limit) => {
                    format!("Nothing showed for {} s that it gets on", limit.as_secs())
                }
            };
            return Ok(Err(Alert::new(reasons::STEP_TIMED_OUT, detail)));
        }
        Ok(step.outcome().map_err(|detail| Alert::new(reasons::STEP_FAILED, detail)))
    }

    /// Answers whoever waits for a step that is over; ends one that takes too long.
    pub(super) async fn look_at_step(&mut self) {
        let Some(step) = &self.step else { return };
        if !step.is_over() {
            self.end_step_that_hangs();
            return;
        }
        let Some(step) = self.step.take() else { return };
        let Some((worker, id)) = step.asked else { return };
        let outcome = match (&step.gave_up, &step.report) {
            (Some(why), _) => Err(Alert::new(reasons::STEP_TIMED_OUT, why.clone())),
            // A rehearsal that finds something says so in its report.
            (None, Some(report)) => Ok(report.clone()),
            (None, None) => {
                step.outcome().map_err(|detail| Alert::new(reasons::STEP_FAILED, detail))
            }
        };
        self.answer(worker, id, outcome).await;
    }

    /// Ends a step that takes too long.
    pub(super) fn end_step_that_hangs(&mut self) {
        let silence = self.settings.limits.step_silence;
        let Some(step) = &mut self.step else { return };
        step.gave_up = step.gave_up.take().or_else(|| too_long(step, silence));
        if step.gave_up.is_some() {
            self.kill_step();
        }
    }

    pub(super) fn kill_step(&self) {
        if let Some(step) = self.step.as_ref().filter(|step| step.exit.is_none()) {
            // It may have ended meanwhile.
            rustix::process::kill_process(step.pid, Signal::KILL).unwrap_or_default();
        }
    }
}

/// Why a step is not waited for any longer.
fn too_long(step: &Step, silence: Duration) -> Option<String> {
    if step.moved_at.elapsed() > silence {
        return Some(format!("It showed nothing new for {} s", silence.as_secs()));
    }
    let is_late = step.began_at.elapsed() > REHEARSAL_LIMIT;
    is_late.then(|| format!("It did not end within {} h", REHEARSAL_LIMIT.as_secs() / 3_600))
}

/// How long the end of a killed step is waited for.
const STEP_END_PATIENCE: Duration = Duration::from_secs(10);

/// The name of a switch is the name of a folder.
fn check_transaction(name: &str) -> Result<(), Alert> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_named = (1..=TRANSACTION_LENGTH_MAX).contains(&name.len());
    if is_named && name.bytes().all(is_plain) && name != INCOMING && name != PRIVATE {
        return Ok(());
    }
    Err(Alert::new(reasons::WRONG_FOLDER, "The name of the update cannot be one of a folder"))
}

/// Opens a plain file, never through a link.
fn open_plain(path: &Path) -> Result<File, Alert> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => Ok(File::from(file)),
        Err(error) => {
            let detail = format!("The program was not fetched: {error}");
            Err(Alert::new(reasons::NOT_INSTALLED, detail))
        }
    }
}

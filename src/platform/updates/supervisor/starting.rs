//! Starting a worker, and what a start of the supervisor does with what it finds.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tracing::{info, warn};

use super::boot::Installed;
use super::crash;
use super::enclosing::Part;
use super::protocol::{Order, SocketKind};
use super::reasons;
use super::releases::Verified;
use super::resident::{Over, Supervisor};
use super::rules::{self, AtStart, Candidate, RAN_WELL};
use super::sockets::{bind_unix, described};
use super::standing::{Alert, End};
use super::workers::{self, Exit, Role, Worker};
use crate::platform::systemd::notify;
use crate::platform::updates::release::SUPERVISOR_PROTO;

/// Below `<data>/update`: where workers are looked at and requests are passed on.
pub(super) const PRIVATE: &str = "run";

/// How long what a worker said before it ended is waited for; a program that it started may hold
/// the channel open.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What a box ends with that did not start and may be tried again.
const START_FAILED_EXIT: i32 = 1;

/// How long a start or a step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// So long, whatever it does.
    Fixed(Duration),
    /// So long without any work that can be seen.
    Standstill(Duration),
}

/// Why a release did not come up.
pub(super) struct NotUp {
    pub(super) why: Alert,
    pub(super) exit: Option<Exit>,
    /// The code that it gave itself.
    said: Option<String>,
}

impl Supervisor {
    /// Puts in order what the last process left, and has a worker answer people.
    pub(super) async fn begin(&mut self) -> Result<(), Over> {
        crash::point("start-begun");
        self.name_package()?;
        std::fs::remove_dir_all(self.private_folder()).unwrap_or_default();
        let doing = rules::at_start(self.ledger.state());
        if doing != AtStart::StartActive {
            warn!("An update was cut off: {doing:?}");
        }
        let interrupted = Alert::new(reasons::INTERRUPTED, "The box ended during the update");
        match doing {
            AtStart::StartActive => self.drop_disarmed(),
            AtStart::Disarm => self.disarm(&interrupted),
            AtStart::Migrate | AtStart::StartPending => return self.go_on().await,
            AtStart::Restore => {
                let why = self.ledger.pending().and_then(|one| one.why.clone());
                self.restore(&why.unwrap_or(interrupted)).await?;
            }
            AtStart::GoBack => {
                let why =
                    Alert::new(reasons::CRASHED, "Every start of the new release was cut off");
                self.leave(&why).await?;
            }
        }
        crash::point("start-recovered");
        self.start_active().await
    }

    /// Goes on with a release that is on its way, and back where it does not work out.
    async fn go_on(&mut self) -> Result<(), Over> {
        match self.try_pending().await? {
            Ok(worker) => self.expose(worker, None).await,
            Err(why) => {
                self.undo(&why).await?;
                self.start_active().await
            }
        }
    }

    /// Brings up to date what is known of the package's program, where that is what is kept. Of
    /// another one that came while the box stood still, the one before is gone on with: the new one
    /// takes its place as any release does.
    pub(super) fn name_package(&mut self) -> std::io::Result<()> {
        let vouched = self.vouched();
        let named = |sha256: &str| vouched.iter().find(|one| one.sha256 == sha256);
        self.packaged.seq = named(&self.packaged.sha256).map_or(0, |one| one.seq);
        let active = self.ledger.state().active.clone();
        if !active.is_packaged || active == self.packaged {
            return Ok(());
        }
        if active.folder.is_some() {
            let seq = named(&active.sha256).map_or(active.seq, |one| one.seq);
            let is_named = seq == active.seq;
            return if is_named {
                Ok(())
            } else {
                self.ledger.packaged(&Installed { seq, ..active })
            };
        }
        let is_same = active.sha256 == self.packaged.sha256;
        let before = if is_same { None } else { self.releases.kept(&active.sha256) };
        let before = before.filter(|kept| self.releases.verify(kept).is_ok());
        self.ledger.packaged(&before.unwrap_or_else(|| self.packaged.clone()))
    }

    fn private_folder(&self) -> std::path::PathBuf {
        self.settings.data.join(super::ledger::UPDATES).join(PRIVATE)
    }

    /// Opens a program that is new to the box, and looks at all of it.
    pub(super) fn verified(&self, release: &Installed) -> Result<Verified, Alert> {
        rules::check_vouched(release, &self.vouched())?;
        self.as_installed(release)
    }

    /// The same for the release before, which the boot state names with its hash.
    pub(super) fn known(&self, release: &Installed) -> Result<Verified, Alert> {
        rules::check_not_revoked(release, &self.vouched())?;
        self.as_installed(release)
    }

    /// Opens what is installed and looks at all of it, whatever is said of it now. The release that
    /// runs is asked for its part of a rehearsal also after its publisher took it back: that is
    /// when a box has to get away from it.
    pub(super) fn as_installed(&self, release: &Installed) -> Result<Verified, Alert> {
        if release.folder.is_some() {
            return self.releases.verify(release);
        }
        if release.sha256 != self.packaged.sha256
            && let Some(kept) = self.releases.kept(&release.sha256)
        {
            return self.releases.verify(&kept);
        }
        let unusable = |error: std::io::Error| {
            Alert::new(reasons::RELEASE_UNUSABLE, format!("The package's program: {error}"))
        };
        let program = std::fs::File::open(&self.settings.own).map_err(unusable)?;
        Ok(Verified { release: self.packaged.clone(), program: program.into() })
    }

    /// The same, once for all steps and starts of one switch.
    pub(super) fn opened(&mut self, release: &Installed) -> Result<Arc<Verified>, Alert> {
        if let Some(opened) = self.opened.as_ref().filter(|one| one.release == *release) {
            return Ok(Arc::clone(opened));
        }
        let is_before = self.ledger.state().fallback.as_ref() == Some(release);
        let found = if is_before { self.known(release) } else { self.verified(release) };
        let opened = Arc::new(found?);
        self.opened = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// A release that only puts files back: that it is whole is all that is asked of it.
    pub(super) fn whole(&self, release: &Installed) -> Result<Arc<Verified>, Alert> {
        match self.opened.as_ref().filter(|one| one.release == *release) {
            Some(opened) => Ok(Arc::clone(opened)),
            None => self.as_installed(release).map(Arc::new),
        }
    }

    /// Has the release that is kept answer people, or one that can be started at all. Tries until
    /// one does, or until that cannot help.
    pub(super) async fn start_active(&mut self) -> Result<(), Over> {
        self.opened = None;
        let mut passed = Vec::new();
        loop {
            let program = self.choose(&passed)?;
            let patience = Patience::Standstill(self.settings.limits.standstill);
            let began = Instant::now();
            let NotUp { why, exit, said } = match self.bring_up(&program, patience).await? {
                Ok(worker) => return self.accept(worker).await,
                Err(not_up) => not_up,
            };
            // What it said itself stands in the log already.
            if let Some(code) = &said {
                warn!(code, "The release refused to start ({code})");
            } else {
                warn!(code = why.code, "{}", why.detail);
            }
            if let Some(Exit::Code(code)) = exit
                && rules::FINAL_EXITS.contains(&code)
            {
                if !rules::may_another_start(code, said.as_deref()) {
                    return Err(Over::Exit(code));
                }
                passed.push((program.release.sha256, why));
                continue;
            }
            // Whoever waits for the first start learns that it failed, and tries again by itself.
            if !self.is_ready_told && notify::is_heard() {
                return Err(Over::Exit(START_FAILED_EXIT));
            }
            self.pause_after(began.elapsed()).await?;
        }
    }

    /// Waits the longer, the more often a worker ended soon.
    pub(super) async fn pause_after(&mut self, ran: Duration) -> Result<(), Over> {
        self.ended_in_a_row = if ran > RAN_WELL { 0 } else { self.ended_in_a_row + 1 };
        self.until(rules::pause(self.ended_in_a_row - usize::from(ran <= RAN_WELL)), |_| false)
            .await?;
        Ok(())
    }

    /// The best release whose program is whole, but for those that cannot open the data.
    fn choose(&mut self, passed: &[(String, Alert)]) -> Result<Verified, Over> {
        let (state, vouched) = (self.ledger.state(), self.vouched());
        let active = state.active.version.clone();
        // Why it is not the one to be kept: that stands first, unless it was taken back.
        let mut why = rules::check_not_revoked(&state.active, &vouched).err();
        for candidate in rules::candidates(state, &self.packaged, &vouched) {
            let failed = match self.as_installed(&candidate.release) {
                Ok(program) => {
                    let sha256 = &program.release.sha256;
                    match passed.iter().find(|(one, _)| one == sha256) {
                        None => {
                            self.tell_of_choice(&active, &candidate, why);
                            return Ok(program);
                        }
                        Some((_, failed)) => failed.clone(),
                    }
                }
                Err(failed) => failed,
            };
            why.get_or_insert(failed);
        }
        if !passed.is_empty() {
            return Err(Over::Exit(rules::NOT_OPENED_EXIT));
        }
        let detail = why.map_or_else(String::new, |why| why.detail);
        Err(Over::Fault(std::io::Error::other(detail)))
    }

    /// Says that another release is started than the one to be kept, or one that was taken back.
    fn tell_of_choice(&mut self, active: &str, chosen: &Candidate, why: Option<Alert>) {
        let version = &chosen.release.version;
        if let Some(revoked) = &chosen.revoked {
            let detail = format!("{}, and was started because nothing else can be", revoked.detail);
            self.alert(Alert::new(revoked.code.clone(), detail));
        } else if let Some(why) = why {
            let Alert { code, detail } = why;
            let detail =
                format!("Release {version} was started instead of {active}: {detail} ({code})");
            self.alert(Alert::new(reasons::LAST_RESORT, detail));
        }
    }

    /// Starts a release and waits until it is ready. Where it is not, says why.
    pub(super) async fn bring_up(
        &mut self,
        program: &Verified,
        patience: Patience,
    ) -> Result<Result<u64, NotUp>, Over> {
        let id = match self.spawn(program).await {
            Ok(id) => id,
            Err(error) => {
                let detail = format!("The release could not be started: {error}");
                let why = Alert::new(reasons::CRASHED, detail);
                return Ok(Err(NotUp { why, exit: None, said: None }));
            }
        };
        let is_settled =
            move |this: &Self| this.worker(id).is_none_or(|one| one.is_ready || one.exit.is_some());
        let is_in_time = match patience {
            Patience::Fixed(limit) => self.until(limit, is_settled).await?,
            Patience::Standstill(limit) => {
                let seen = move |this: &Self| this.worker(id).map(Worker::work_done);
                self.until_it_stands_still(limit, is_settled, seen).await?
            }
        };
        let Some(worker) = self.worker(id) else { return Err(Over::Stop) };
        if worker.is_ready && worker.exit.is_none() {
            crash::point("worker-ready");
            return Ok(Ok(id));
        }
        // That it ended may be known before what it last said was read.
        if worker.exit.is_some() {
            let is_read = move |this: &Self| this.worker(id).is_none_or(|one| one.is_silent);
            self.until(LAST_WORDS, is_read).await?;
        }
        let Some(worker) = self.worker(id) else { return Err(Over::Stop) };
        let version = program.release.version.clone();
        let (failed, exit) = (worker.failed.clone(), worker.exit);
        let said = failed.as_ref().map(|failed| failed.code.clone());
        let why = match (failed, exit, is_in_time) {
            (Some(said), _, _) if said.code == reasons::RELEASE_UNUSABLE => said,
            (Some(Alert { code, detail }), _, _) => {
                let detail = detail.strip_prefix(&format!("{code}: ")).unwrap_or(&detail);
                let detail = format!("Release {version} refused to start ({code}): {detail}");
                Alert::new(reasons::START_FAILED, detail)
            }
            (None, Some(exit), _) => {
                let detail = format!("Release {version} ended with {exit} before it was ready");
                Alert::new(reasons::CRASHED, detail)
            }
            (None, None, _) => {
                Alert::new(reasons::NOT_READY, format!("Release {version} was not ready in time"))
            }
        };
        self.end(id).await?;
        Ok(Err(NotUp { why, exit, said }))
    }

    /// Waits for something as long as it can be seen to get on.
    pub(super) async fn until_it_stands_still<Seen: PartialEq>(
        &mut self,
        limit: Duration,
        is_settled: impl Fn(&Self) -> bool + Copy,
        seen: impl Fn(&Self) -> Seen,
    ) -> Result<bool, Over> {
        let (mut before, mut moved_at) = (seen(self), Instant::now());
        loop {
            if self.until(WORK_LOOKED_AT.min(limit), is_settled).await? {
                return Ok(true);
            }
            let now = seen(self);
            if now != before {
                (before, moved_at) = (now, Instant::now());
            } else if moved_at.elapsed() > limit {
                return Ok(false);
            }
        }
    }

    async fn spawn(&mut self, program: &Verified) -> std::io::Result<u64> {
        self.numbers += 1;
        let id = self.numbers;
        let folder = self.private_folder();
        std::fs::create_dir_all(&folder)?;
        // A number of an earlier process may be in use by a worker that still forwards.
        let private = folder.join(format!("{}-{id}.sock", std::process::id()));
        let listener = bind_unix(&private)?;
        let arguments = &self.settings.worker;
        let spawned = self.enclosure.spawn(program, arguments, Part::Worker).await?;
        crash::point("worker-spawned");
        let channel = Arc::new(spawned.channel);
        workers::hear(&self.tasks, id, Arc::clone(&channel), true, self.heard.clone());
        let now = Instant::now();
        let worker = Worker {
            id,
            pid: spawned.pid,
            release: program.release.clone(),
            channel,
            private,
            role: Role::Starting,
            since: now,
            protection: None,
            is_ready: false,
            is_closed: false,
            is_silent: false,
            failed: None,
            exit: None,
            status: String::new(),
            alive_at: now,
            counted: std::collections::VecDeque::new(),
        };
        info!("Starting release {} ({})", worker.release.version, worker.release.seq);
        let (mut sockets, mut descriptors): (Vec<SocketKind>, Vec<BorrowedFd<'_>>) =
            described(&self.listening);
        sockets.push(SocketKind::Private);
        descriptors.push(listener.as_fd());
        let seq = program.release.seq;
        let start = Order::Start { proto: SUPERVISOR_PROTO, seq, sockets };
        // One that ended already is noticed by its end.
        worker.order(&start, &descriptors).await.unwrap_or_default();
        crash::point("worker-told");
        self.workers.push(worker);
        Ok(id)
    }

    /// Has a worker that is ready answer people.
    pub(super) async fn accept(&mut self, id: u64) -> Result<(), Over> {
        let Some(worker) = self.worker_mut(id) else { return Ok(()) };
        (worker.role, worker.since, worker.alive_at) =
            (Role::Serving, Instant::now(), Instant::now());
        let status = worker.status.clone();
        if let Some(worker) = self.worker(id) {
            // One that ended already is noticed by its end.
            worker.order(&Order::Accept, &[]).await.unwrap_or_default();
            let socket = worker.private.clone();
            for leaving in self.workers.iter().filter(|one| one.role == Role::Leaving) {
                let forward = Order::Forward { socket: socket.clone() };
                leaving.order(&forward, &[]).await.unwrap_or_default();
            }
        }
        self.current = Some(id);
        notify::ready(&status);
        self.is_ready_told = true;
        crash::point("accepted");
        Ok(())
    }

    /// Ends a worker at once and waits for that.
    pub(super) async fn end(&mut self, id: u64) -> Result<(), Over> {
        if let Some(worker) = self.worker(id) {
            worker.kill(Signal::KILL);
        }
        self.until(END_PATIENCE, |this| !this.lives(id)).await?;
        if self.current == Some(id) {
            self.current = None;
        }
        for gone in self.workers.extract_if(.., |one| one.id == id) {
            std::fs::remove_file(&gone.private).unwrap_or_default();
        }
        Ok(())
    }

    /// Gives an update up before anything was changed.
    pub(super) fn disarm(&mut self, why: &Alert) {
        warn!(code = why.code, "The update was given up: {}", why.detail);
        match self.ledger.disarmed(why) {
            Ok(()) => self.drop_disarmed(),
            Err(error) => self.owe(why, &error),
        }
    }

    /// Removes what was put aside for an update that was given up before anything was changed. Not
    /// before that is written down: as long as the disk may say that it goes on, it may be needed.
    pub(super) fn drop_disarmed(&self) {
        let last = self.ledger.state().last.as_ref();
        let Some(last) = last.filter(|last| last.end == End::Disarmed) else { return };
        if let Err(error) = self.ledger.drop_snapshot(&last.transaction) {
            warn!("Copies of an update that was given up are left: {error}");
        }
    }

    /// Gives the new release up for good.
    pub(super) fn give_up(&mut self, why: &Alert) {
        warn!(code = why.code, "The new release was given up: {}", why.detail);
        if let Err(error) = self.ledger.rolled_back(why) {
            self.owe(why, &error);
        }
    }

    fn owe(&mut self, why: &Alert, error: &std::io::Error) {
        warn!("The end of the update cannot be written down yet: {error}");
        self.owed = Some(why.clone());
    }
}

/// How often something is looked at whether it gets on.
const WORK_LOOKED_AT: Duration = Duration::from_secs(5);
/// How long the end of a killed process is waited for. One that hangs in the kernel takes longer.
const END_PATIENCE: Duration = Duration::from_secs(10);

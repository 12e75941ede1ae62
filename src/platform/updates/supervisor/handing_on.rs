//! A package brings a new program while the box runs: the supervisor becomes it without letting go
//! of a socket or a worker. What it holds waits in a pair of sockets, whose other end is the
//! standard input of what it becomes.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::boot::Installed;
use super::channel::{self, Channel};
use super::protocol::SocketKind;
use super::reasons;
use super::resident::{Over, Supervisor};
use super::sockets::{Listening, described};
use super::standing::{Alert, Protection};
use super::workers::{self, Exit, Role, Worker};

/// The option of `holdfast supervise` that takes over.
pub const TAKE_OVER: &str = "--take-over";

/// How long a program may take to say its version.
const TRIED_WITHIN: Duration = Duration::from_secs(10);

/// A program that was started once to see whether it runs at all.
pub(super) struct Tried {
    pub(super) pid: Pid,
    pub(super) exit: Option<Exit>,
}

/// What is handed on: the listening sockets come as descriptors, then the worker's channel.
#[derive(Debug, Serialize, Deserialize)]
pub struct HandedOn {
    sockets: Vec<SocketKind>,
    pid: i32,
    release: Installed,
    private: PathBuf,
    protection: Protection,
    status: String,
    numbers: u64,
}

/// What was handed on, received.
pub struct TakenOver {
    pub listening: Vec<Listening>,
    worker: HandedOn,
    channel: OwnedFd,
}

impl TakenOver {
    /// Takes over what waits at the standard input. Blocks shortly.
    pub fn receive() -> io::Result<Self> {
        let end = io::stdin().as_fd().try_clone_to_owned()?;
        let received = channel::receive_blocking::<HandedOn>(end.as_fd())?;
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let (worker, mut descriptors) = received.ok_or_else(invalid)?;
        let channel = descriptors.pop().ok_or_else(invalid)?;
        if descriptors.len() != worker.sockets.len() {
            return Err(invalid());
        }
        let kinds = worker.sockets.iter().copied();
        let listening = kinds.zip(descriptors);
        let listening = listening.map(|(kind, socket)| Listening { kind, socket }).collect();
        Ok(Self { listening, worker, channel })
    }
}

impl Supervisor {
    /// Goes on with the worker of the process before. Needs a tokio runtime.
    pub fn adopt(&mut self, taken: (HandedOn, OwnedFd)) -> io::Result<()> {
        let (handed, channel) = taken;
        let pid = Pid::from_raw(handed.pid).ok_or(io::ErrorKind::InvalidData)?;
        let channel = Arc::new(Channel::of(channel)?);
        self.numbers = handed.numbers + 1;
        let (id, now) = (self.numbers, Instant::now());
        workers::hear(&self.tasks, id, Arc::clone(&channel), false, self.heard.clone());
        self.protection = handed.protection.clone();
        self.workers.push(Worker {
            id,
            pid,
            release: handed.release,
            channel,
            private: handed.private,
            role: Role::Serving,
            since: now,
            protection: Some(handed.protection),
            is_ready: true,
            is_closed: false,
            is_silent: false,
            failed: None,
            exit: None,
            status: handed.status,
            alive_at: now,
            counted: VecDeque::new(),
        });
        self.current = Some(id);
        self.is_ready_told = true;
        Ok(())
    }

    /// Whether the package's program is another one than this process is.
    pub(super) fn is_package_changed(&self) -> bool {
        let identity = |path| std::fs::metadata(path).ok().map(|it| (it.dev(), it.ino()));
        let there = identity(&self.settings.package);
        there.is_some() && there != identity(&self.settings.own)
    }

    /// Refuses to become what does not even run here: nothing could bring the box back from that.
    pub(super) async fn try_package(&mut self) -> Result<Result<(), Alert>, Over> {
        let path = self.settings.package.display().to_string();
        let unusable = |why: String| {
            let detail = format!("The package's program {path} was not taken over: {why}");
            Err(Alert::new(reasons::RELEASE_UNUSABLE, detail))
        };
        let mut command = Command::new(&self.settings.package);
        command.arg("--version");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let spawned = command.spawn();
        let started = spawned.map(|child| i32::try_from(child.id()).ok().and_then(Pid::from_raw));
        let pid = match started {
            Ok(Some(pid)) => pid,
            Ok(None) => return Ok(unusable("its process has no number".to_owned())),
            Err(error) => return Ok(unusable(error.to_string())),
        };
        self.tried = Some(Tried { pid, exit: None });
        let is_over = |this: &Self| this.tried.as_ref().is_none_or(|one| one.exit.is_some());
        let is_in_time = self.until(TRIED_WITHIN, is_over).await?;
        if !is_in_time {
            // It may have ended meanwhile.
            kill_process(pid, Signal::KILL).unwrap_or_default();
        }
        Ok(match self.tried.take().and_then(|one| one.exit) {
            Some(Exit::Code(0)) => Ok(()),
            Some(exit) => unusable(format!("it ended with {exit}")),
            None => unusable("it did not say its version in time".to_owned()),
        })
    }

    /// Becomes the package's new program. Returns only with the reason why it could not.
    pub(super) async fn hand_on(&mut self) -> io::Error {
        match self.prepare_to_hand_on().await {
            Ok(end) => {
                let arguments: Vec<_> = std::env::args_os().skip(1).collect();
                let mut command = Command::new(&self.settings.package);
                command.arg0("holdfast").stdin(Stdio::from(end));
                command.args(arguments.iter().filter(|one| *one != TAKE_OVER)).arg(TAKE_OVER);
                command.exec()
            }
            Err(error) => error,
        }
    }

    async fn prepare_to_hand_on(&mut self) -> io::Result<OwnedFd> {
        self.keep_own_program()?;
        let worker = self.current.and_then(|id| self.worker(id));
        let worker = worker.ok_or_else(|| io::Error::other("no worker runs"))?;
        let (sockets, mut descriptors) = described(&self.listening);
        descriptors.push(worker.channel.as_fd());
        let handed = HandedOn {
            sockets,
            pid: worker.pid.as_raw_nonzero().get(),
            release: worker.release.clone(),
            private: worker.private.clone(),
            protection: self.protection.clone(),
            status: worker.status.clone(),
            numbers: self.numbers,
        };
        let (own, other) = channel::pair()?;
        own.send(&handed, &descriptors).await?;
        // What became of it reads until nobody is left to write.
        drop(own);
        Ok(other)
    }

    /// Puts this program among the releases, so that there is something to go back to: of the
    /// package, nothing but this process is left of it.
    fn keep_own_program(&mut self) -> io::Result<()> {
        if self.ledger.state().active.folder.is_some() {
            return Ok(());
        }
        let kept = self.kept_own_program()?;
        self.ledger.packaged(&kept)?;
        if let Some(worker) = self.current.and_then(|id| self.worker_mut(id)) {
            worker.release = kept;
        }
        Ok(())
    }

    fn kept_own_program(&self) -> io::Result<Installed> {
        let mut own = File::open(&self.settings.own)?;
        let kept = self.releases.install(&mut own, &self.packaged);
        kept.map_err(|alert| io::Error::other(alert.detail))
    }

    /// Keeps a copy of the package's program where that is what runs: another package may come
    /// while the box stands still, and nothing else is left of this one then.
    pub(super) fn keep_a_copy(&self) {
        let active = &self.ledger.state().active;
        let is_own = active.folder.is_none() && active.sha256 == self.packaged.sha256;
        let is_kept = self.releases.kept(&self.packaged.sha256).is_some();
        if !is_own || is_kept || self.releases.check_executable().is_err() {
            return;
        }
        if let Err(error) = self.kept_own_program() {
            warn!("There is no copy of the package's program to go back to: {error}");
        }
    }
}

impl TakenOver {
    /// The sockets, and what [`Supervisor::adopt`] needs.
    pub fn parts(self) -> (Vec<Listening>, (HandedOn, OwnedFd)) {
        (self.listening, (self.worker, self.channel))
    }
}

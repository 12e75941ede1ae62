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
use std::time::Instant;

use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use super::boot::Installed;
use super::channel::{self, Channel};
use super::protocol::SocketKind;
use super::resident::Supervisor;
use super::sockets::{Listening, described};
use super::standing::Protection;
use super::workers::{self, Role, Worker};

/// The option of `holdfast supervise` that takes over.
pub const TAKE_OVER: &str = "--take-over";

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
        let mut own = File::open(&self.settings.own)?;
        let kept = self.releases.install(&mut own, &self.packaged);
        let kept = kept.map_err(|alert| io::Error::other(alert.detail))?;
        self.ledger.packaged(&kept)?;
        if let Some(worker) = self.current.and_then(|id| self.worker_mut(id)) {
            worker.release = kept;
        }
        Ok(())
    }
}

impl TakenOver {
    /// The sockets, and what [`Supervisor::adopt`] needs.
    pub fn parts(self) -> (Vec<Listening>, (HandedOn, OwnedFd)) {
        (self.listening, (self.worker, self.channel))
    }
}

//! The processes that the supervisor starts, and what is known of each.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::Sender;

use super::boot::Installed;
use super::channel::{self, Channel};
use super::enclosing::{Enclosed, Enclosing, Part};
use super::protocol::{Order, Report};
use super::releases::Verified;
use super::rules::WINDOW;
use super::standing::{Alert, Protection};
use crate::platform::tasks::Tasks;

/// How long a worker may leave a message unread.
const SEND_PATIENCE: Duration = Duration::from_secs(5);
/// What is meant for the supervisor alone.
const OWN_VARIABLES: [&str; 6] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
];

/// What the supervisor hears.
#[derive(Debug)]
pub(super) enum Event {
    Enclosed {
        worker: u64,
        protection: Protection,
    },
    Said {
        worker: u64,
        report: Report,
    },
    /// The channel of a worker has ended.
    Silent {
        worker: u64,
    },
    /// Some process of the supervisor's has ended.
    Child,
    /// A line that a step printed.
    Printed {
        step: u64,
        line: String,
    },
    /// A step prints nothing any more.
    PrintedAll {
        step: u64,
    },
    Stop,
    Reload,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Code(i32),
    Signal(i32),
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// What a worker is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    /// Its files open, it tries itself out, or it answers the private socket alone.
    Starting,
    /// It answers people.
    Serving,
    /// It lets no request through.
    Held,
    /// It forwards what comes over connections that it still has.
    Leaving,
}

/// A process that holds the box's data, or did.
pub(super) struct Worker {
    pub(super) id: u64,
    pub(super) pid: Pid,
    pub(super) release: Installed,
    pub(super) channel: Arc<Channel>,
    pub(super) private: PathBuf,
    pub(super) role: Role,
    pub(super) since: Instant,
    pub(super) protection: Option<Protection>,
    pub(super) is_ready: bool,
    pub(super) is_closed: bool,
    pub(super) is_silent: bool,
    pub(super) failed: Option<Alert>,
    pub(super) exit: Option<Exit>,
    pub(super) status: String,
    /// When it gave a sign of life.
    pub(super) alive_at: Instant,
    /// What it counted, when it said so: answers and faults since it started.
    pub(super) counted: VecDeque<(Instant, u64, u64)>,
}

impl Worker {
    /// Sends an order. A worker that does not read is as good as gone.
    pub(super) async fn order(&self, order: &Order, with: &[BorrowedFd<'_>]) -> io::Result<()> {
        match tokio::time::timeout(SEND_PATIENCE, self.channel.send(order, with)).await {
            Ok(sent) => sent,
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
        }
    }

    pub(super) fn kill(&self, signal: Signal) {
        if self.exit.is_none() {
            // It may have ended meanwhile.
            kill_process(self.pid, signal).unwrap_or_default();
        }
    }

    /// Notes what it counted.
    pub(super) fn count(&mut self, answers: u64, faults: u64) {
        let now = Instant::now();
        self.alive_at = now;
        self.counted.push_back((now, answers, faults));
        // One from before the window is what the others are compared with.
        while self.counted.get(1).is_some_and(|(at, _, _)| now.duration_since(*at) > WINDOW) {
            self.counted.pop_front();
        }
    }

    /// Answers and faults within the window.
    pub(super) fn within_window(&self) -> (u64, u64) {
        let (Some(first), Some(last)) = (self.counted.front(), self.counted.back()) else {
            return (0, 0);
        };
        // What came before the first sign of life counts as well.
        let (answers, faults) = if self.counted.len() == 1 { (0, 0) } else { (first.1, first.2) };
        (last.1.saturating_sub(answers), last.2.saturating_sub(faults))
    }

    /// Memory that only this process takes up, in bytes; 0 where that is not known.
    pub(super) fn memory_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.pid.as_raw_nonzero());
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kibibytes = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok());
        kibibytes.unwrap_or(0_u64).saturating_mul(1024)
    }

    /// What changes while it gets on: its time on the processors, and what it reads and writes.
    pub(super) fn work_done(&self) -> (Vec<String>, Vec<String>) {
        crate::platform::systemd::notify::work_done_by(&self.pid.as_raw_nonzero().to_string())
    }
}

/// By what releases are started.
#[derive(Debug, Clone)]
pub(super) struct Enclosure {
    /// The program that encloses, and its arguments.
    pub(super) program: Vec<String>,
    pub(super) state: PathBuf,
    pub(super) data: PathBuf,
}

/// A process that was started, with this side of its channel.
pub(super) struct Spawned {
    pub(super) pid: Pid,
    pub(super) channel: Channel,
    /// What it prints, where that was asked for.
    pub(super) output: Option<OwnedFd>,
}

impl Enclosure {
    /// Starts a release. It says [`Enclosed`] first.
    pub(super) async fn spawn(
        &self,
        program: &Verified,
        arguments: &[String],
        part: Part,
    ) -> io::Result<Spawned> {
        let (channel, other) = channel::pair()?;
        let (name, rest) = self
            .program
            .split_first()
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let mut command = Command::new(name);
        command.args(rest).stdin(Stdio::from(other));
        if part == Part::Step {
            command.stdout(Stdio::piped());
        }
        for variable in OWN_VARIABLES {
            command.env_remove(variable);
        }
        let mut child = command.spawn()?;
        drop(command);
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("the process has no number"))?;
        let output = child.stdout.take().map(OwnedFd::from);
        let enclosing = Enclosing {
            arguments: arguments.to_vec(),
            state: self.state.clone(),
            data: self.data.clone(),
            part,
        };
        let with = [program.program.as_fd()];
        let sent = channel.send(&enclosing, &with);
        match tokio::time::timeout(SEND_PATIENCE, sent).await {
            // One that ended already is noticed by its end.
            Ok(_) => {}
            Err(_) => kill_process(pid, Signal::KILL).unwrap_or_default(),
        }
        Ok(Spawned { pid, channel, output })
    }
}

/// Has what a worker says heard.
pub(super) fn hear(
    tasks: &Tasks,
    worker: u64,
    channel: Arc<Channel>,
    is_new: bool,
    to: Sender<Event>,
) {
    tasks.start("worker", move |_| async move {
        if is_new && let Ok(Some((said, _))) = channel.receive::<Enclosed>().await {
            let heard = Event::Enclosed { worker, protection: said.protection };
            if to.send(heard).await.is_err() {
                return;
            }
        }
        while let Ok(Some((report, _))) = channel.receive::<Report>().await {
            if to.send(Event::Said { worker, report }).await.is_err() {
                return;
            }
        }
        // Nobody is left to hear of it when the supervisor ends.
        to.send(Event::Silent { worker }).await.unwrap_or_default();
    });
}

/// All processes that have ended since the last call.
pub(super) fn reap() -> Vec<(Pid, Exit)> {
    let mut ended = Vec::new();
    while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
        let exit = match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, Some(signal)) => Exit::Signal(signal),
            (None, None) => continue,
        };
        ended.push((pid, exit));
    }
    ended
}

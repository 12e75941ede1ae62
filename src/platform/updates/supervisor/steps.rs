//! One-shot work of a release on files: its progress line by line, its report in the last one.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::process::Pid;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::unix::pipe::Receiver;
use tokio::sync::mpsc::Sender;

use super::channel::Channel;
use super::standing::Progress;
use super::workers::{Event, Exit};
use crate::platform::systemd::notify::work_done_by;
use crate::platform::tasks::Tasks;

/// A longer line is cut: a report has to fit into one message, with room for what is around it.
const LINE_LENGTH_BYTES_MAX: u64 = 120 * 1024;

/// A step that was started.
pub(super) struct Step {
    pub(super) id: u64,
    pub(super) pid: Pid,
    /// Held until it ends.
    pub(super) _channel: Channel,
    pub(super) exit: Option<Exit>,
    pub(super) has_printed_all: bool,
    pub(super) progress: Option<Progress>,
    /// The last line that is no progress.
    pub(super) report: Option<Value>,
    /// Why it was ended, where it took too long.
    pub(super) gave_up: Option<String>,
    pub(super) began_at: Instant,
    /// When it last got on.
    pub(super) moved_at: Instant,
    /// The worker that waits for it, and the number of its question.
    pub(super) asked: Option<(u64, u64)>,
}

impl Step {
    pub(super) fn is_over(&self) -> bool {
        self.exit.is_some() && self.has_printed_all
    }

    /// What changes while it gets on: what it says of it, its time on the processors, and what it
    /// reads and writes.
    pub(super) fn work_done(&self) -> (Instant, (Vec<String>, Vec<String>)) {
        (self.moved_at, work_done_by(&self.pid.as_raw_nonzero().to_string()))
    }

    /// What it reported, or why it did not end well.
    pub(super) fn outcome(&self) -> Result<Value, String> {
        let report = self.report.clone().unwrap_or(Value::Null);
        match self.exit {
            Some(Exit::Code(0)) => Ok(report),
            Some(exit) if report.is_null() => Err(format!("It ended with {exit}")),
            Some(exit) => Err(format!("It ended with {exit}: {report}")),
            None => Err("It has not ended".to_owned()),
        }
    }

    /// Takes a line in.
    pub(super) fn printed(&mut self, line: &str) {
        self.moved_at = Instant::now();
        let Ok(value) = serde_json::from_str::<Value>(line) else { return };
        match progress(&value) {
            Some(progress) => self.progress = Some(progress),
            None => self.report = Some(value),
        }
    }
}

fn progress(value: &Value) -> Option<Progress> {
    let object = value.as_object().filter(|object| object.len() == 2)?;
    let number = |name| object.get(name).and_then(Value::as_u64);
    Some(Progress { done: number("done")?, total: number("total")? })
}

/// Has what a step prints heard.
pub(super) fn hear(tasks: &Tasks, step: u64, output: OwnedFd, to: Sender<Event>) -> io::Result<()> {
    let output = Receiver::from_owned_fd(output)?;
    tasks.start("step", move |_| async move {
        let mut output = BufReader::new(output);
        loop {
            let mut line = Vec::new();
            let read = (&mut output).take(LINE_LENGTH_BYTES_MAX).read_until(b'\n', &mut line).await;
            match read {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if to.send(Event::Printed { step, line }).await.is_err() {
                return;
            }
        }
        // Nobody is left to hear of it when the supervisor ends.
        to.send(Event::PrintedAll { step }).await.unwrap_or_default();
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Progress, progress};

    #[test]
    fn progress_is_told_from_a_report() {
        assert_eq!(
            progress(&json!({"done": 3, "total": 50})),
            Some(Progress { done: 3, total: 50 })
        );
        assert_eq!(progress(&json!({"done": 3, "total": 50, "files": []})), None);
        assert_eq!(progress(&json!({"done": "3", "total": 50})), None);
        assert_eq!(progress(&json!([3, 50])), None);
    }
}

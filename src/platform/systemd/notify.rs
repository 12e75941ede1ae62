//! What the service manager is told. Nobody hears it without `NOTIFY_SOCKET`.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use sd_notify::NotifyState;
use tracing::warn;

use crate::platform::tasks;

/// Set by whoever wants to hear.
const SOCKET: &str = "NOTIFY_SOCKET";
/// How often a long start asks for more time.
const ASKED_EVERY: Duration = Duration::from_secs(5);
/// How much it asks for. Longer than what SQLite may do without using the processor at all.
const ASKED_FOR: Duration = Duration::from_mins(1);

/// Whether anybody hears.
pub fn is_heard() -> bool {
    std::env::var_os(SOCKET).is_some()
}

/// The box answers.
pub fn ready(status: &str) {
    say(&[NotifyState::Ready, NotifyState::Status(&one_line(status))]);
}

/// What the box does, in one sentence.
pub fn status(status: &str) {
    say(&[NotifyState::Status(&one_line(status))]);
}

/// The box is alive.
pub fn alive() {
    say(&[NotifyState::Watchdog]);
}

/// The box looks at everything again; [`ready`] says that it is done.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => say(&[NotifyState::Reloading, now, NotifyState::Status("Reloading")]),
        Err(error) => warn!("The service manager was not told of a reload: {error}"),
    }
}

/// Asks for more time to start or to stop.
pub fn more_time() {
    let more = u32::try_from(ASKED_FOR.as_micros()).unwrap_or(u32::MAX);
    say(&[NotifyState::ExtendTimeoutUsec(more)]);
}

pub fn stopping(status: &str) {
    say(&[NotifyState::Stopping, NotifyState::Status(&one_line(status))]);
}

fn say(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!("The service manager could not be told anything: {error}");
    }
}

/// A second line would be another message.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// Asks for more time while a start takes long, for as long as it gets on: a start that hangs is
/// ended by the service manager at its usual time.
pub struct Starting {
    _over: Option<Sender<()>>,
}

impl Starting {
    pub fn begin() -> Self {
        if !is_heard() {
            return Self { _over: None };
        }
        let (over, is_over) = channel();
        let asking = move || ask_while_it_works(&is_over, ASKED_EVERY, work_done, more_time);
        match tasks::beside("starting", asking) {
            Ok(_) => Self { _over: Some(over) },
            Err(error) => {
                warn!("A long start would not be waited for: {error}");
                Self { _over: None }
            }
        }
    }
}

/// Asks at every look that finds the work further than the one before.
fn ask_while_it_works<T: PartialEq>(
    is_over: &Receiver<()>,
    every: Duration,
    mut work_done: impl FnMut() -> T,
    mut ask: impl FnMut(),
) {
    let mut before = work_done();
    while is_over.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        let now = work_done();
        if now != before {
            ask();
        }
        before = now;
    }
}

/// What changes while the process gets on: its time on the processors in ticks, and the bytes it
/// caused to be read from disks and written to them.
fn work_done() -> (Vec<String>, Vec<String>) {
    work_done_by("self")
}

/// The same of any process, by its name below `/proc`.
pub fn work_done_by(process: &str) -> (Vec<String>, Vec<String>) {
    let read = |name| std::fs::read_to_string(format!("/proc/{process}/{name}"));
    let stat = read("stat").unwrap_or_default();
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = rest.split_whitespace().skip(11).take(2).map(str::to_owned).collect();
    let io = read("io").unwrap_or_default();
    let lines = io.lines().filter(|line| line.contains("_bytes")).map(str::to_owned).collect();
    (ticks, lines)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::{ask_while_it_works, one_line, work_done};

    #[test]
    fn time_is_asked_for_while_the_work_gets_on_and_not_while_it_hangs() {
        let (over, is_over) = channel();
        let mut over = Some(over);
        let mut looks = [1, 2, 2, 2, 3].into_iter();
        let mut asked = 0;

        // The last look ends it.
        let work = || {
            let look = looks.next().expect("a look more than planned");
            if looks.len() == 0 {
                over.take();
            }
            look
        };
        ask_while_it_works(&is_over, Duration::from_millis(1), work, || asked += 1);

        assert_eq!(asked, 2);
    }

    #[test]
    fn a_status_is_one_line() {
        assert_eq!(one_line("Serving\nREADY=1"), "Serving READY=1");
    }

    #[test]
    fn work_is_seen_by_two_times_and_what_goes_to_disks() {
        let (ticks, io) = work_done();

        assert!(ticks.len() == 2 && ticks.iter().all(|one| one.parse::<u64>().is_ok()));
        assert!(io.is_empty() || io.iter().any(|line| line.starts_with("write_bytes: ")));
    }
}

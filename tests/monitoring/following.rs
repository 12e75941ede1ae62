//! `holdfast logs --follow` beside the real program.

use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::Signal;

use crate::served::Served;

/// What is waited for comes within seconds; on a machine that is busy, within some more.
const PATIENCE: Duration = Duration::from_mins(1);

/// A terminal that follows the log.
struct Following {
    process: Child,
    lines: Receiver<String>,
}

impl Following {
    fn start(served: &Served, arguments: &[&str]) -> Self {
        let mut process = served.begin(&[&["logs", "--follow"], arguments].concat());
        let stdout = BufReader::new(process.stdout.take().expect("a pipe"));
        let (to, lines) = channel();
        #[expect(clippy::disallowed_methods, reason = "the test waits for lines with a deadline")]
        // Nobody may listen any more.
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).for_each(|line| to.send(line).unwrap_or_default());
        });
        Self { process, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("another line in time")
    }

    /// What it says at its end, and the exit code.
    fn end(mut self) -> (String, Option<i32>) {
        let nothing = self.lines.recv_timeout(PATIENCE);
        assert!(nothing.is_err(), "{nothing:?}");
        let code = self.process.wait().expect("an end").code();
        let mut said = String::new();
        let mut stderr = self.process.stderr.take().expect("a pipe");
        stderr.read_to_string(&mut said).expect("text");
        (said, code)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        // It may have ended already.
        self.process.kill().unwrap_or_default();
        self.process.wait().unwrap_or_default();
    }
}

#[test]
fn what_is_written_after_it_began_is_printed_until_the_box_stops() {
    let mut served = Served::start(&[]);
    served.get("/api/v1/me?first");
    served.line("GET /api/v1/me 401");
    let following = Following::start(&served, &["--search", "api/v1/me", "-n", "5"]);
    let first = following.line();
    assert!(first.contains("GET /api/v1/me 401 "), "{first}");

    served.get("/api/v1/workspaces");
    served.get("/api/v1/me/tokens");

    let second = following.line();
    assert!(second.contains("GET /api/v1/me/tokens 401 "), "{second}");
    served.signal(Signal::TERM);
    let (said, code) = following.end();
    let wanted = "holdfast: The box has stopped. What it said last is in the journal: \
                  journalctl -u holdfast\n";
    assert_eq!((said.as_str(), code), (wanted, Some(1)));
}

#[test]
fn a_box_that_is_killed_ends_it_with_the_same_sentence() {
    let mut served = Served::start(&[]);
    served.get("/api/v1/me");
    served.line("GET /api/v1/me 401");
    let following = Following::start(&served, &["--search", "api/v1/me"]);
    following.line();

    served.signal(Signal::KILL);

    let (said, code) = following.end();
    assert!(said.starts_with("holdfast: The box has stopped."), "{said}");
    assert_eq!(code, Some(1));
}

//! `cargo bench -- restarts`: the load of `tests/system` over fifty restarts, and how long the box
//! takes until it tells its service manager that it is ready.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::report::{self, Figure, Unit};
use crate::under_load::{Outcome, restart};
use crate::{Problem, STARTS, server};

const RESTARTS: usize = 50;
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn measure() -> bool {
    let started = Instant::now();
    let Outcome { failures, ended_at_rest, streams, answers } = restart(RESTARTS, Signal::TERM);
    println!(
        "\n{RESTARTS} restarts in {} s with 4 writers and 32 readers over TLS: {answers} answers; \
         the stream of changes was begun {streams} times and missed nothing.",
        started.elapsed().as_secs()
    );
    failures.iter().take(5).for_each(|failure| println!("Failed: {failure}"));
    let figure = |name, value, unit, most| Figure { name, value, unit, most };
    let figures = [
        figure("requests that failed", failures.len() as u64, Unit::Count, 0),
        figure("connections ended at rest", ended_at_rest as u64, Unit::Count, RESTARTS as u64),
    ];
    println!();
    report::print(&[], &figures)
}

/// The middle time from the start of the process to `READY=1`, microseconds.
pub(crate) fn start_to_ready(folder: &Path, data: &Path) -> Result<u64, Problem> {
    let path = folder.join("notify");
    let notices = UnixDatagram::bind(&path)?;
    notices.set_read_timeout(Some(PATIENCE))?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let mut child = Command::new(server::BINARY)
            .args(["serve", "--https", "127.0.0.1:0", "--data"])
            .arg(data)
            .env_clear()
            .env("NOTIFY_SOCKET", &path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        let mut message = [0; 4_096];
        loop {
            let length = notices.recv(&mut message)?;
            if message[..length].starts_with(b"READY=1") {
                break;
            }
        }
        times.push(u64::try_from(started.elapsed().as_micros())?);
        Command::new("kill").arg(child.id().to_string()).status()?;
        child.wait()?;
        // What it said of its end.
        notices.set_nonblocking(true)?;
        while notices.recv(&mut message).is_ok() {}
        notices.set_nonblocking(false)?;
    }
    times.sort_unstable();
    Ok(times[STARTS / 2])
}

//! Named places at which a test kills the process, as a power cut or `kill -9` would. A release
//! build has none of it.

/// Names the place at which the process is killed: `HOLDFAST_CRASH_AT=name`, or `name:3` for the
/// third time.
pub const VARIABLE: &str = "HOLDFAST_CRASH_AT";
/// Names a file with a place on each line. The first process that comes by the first one takes the
/// line away and is killed, so it happens once, whatever is started afterwards. It has the file
/// locked until then.
pub const FILE_VARIABLE: &str = "HOLDFAST_CRASH_FILE";

/// Every place in the supervisor, in the order of an update.
pub const POINTS: [&str; 40] = [
    "start-begun",
    "start-recovered",
    "boot-writing",
    "boot-written",
    "boot-synced",
    "journal-appended",
    "journal-synced",
    "install-begun",
    "install-copying",
    "install-copied",
    "install-synced",
    "install-named",
    "take-begun",
    "take-done",
    "armed",
    "baseline-known",
    "release-opened",
    "hold-asked",
    "hold-closed",
    "snapshot-begun",
    "snapshot-taken",
    "switched",
    "try-counted",
    "migration-begun",
    "migration-done",
    "worker-spawned",
    "worker-told",
    "worker-ready",
    "exposing",
    "exposed",
    "accepted",
    "forwarded",
    "probation-begun",
    "probation-passed",
    "committed",
    "cleaned",
    "restore-begun",
    "restore-done",
    "going-back",
    "rolled-back",
];

/// Kills the process if it is to be killed here.
#[cfg(debug_assertions)]
pub fn point(name: &'static str) {
    debug_assert!(POINTS.contains(&name), "{name} is no place that tests know");
    at(name);
}

/// The same at a place that another list names.
#[cfg(debug_assertions)]
pub fn at(name: &'static str) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static SEEN: AtomicUsize = AtomicUsize::new(0);

    let is_meant = |wanted: String| {
        let (wanted, times) = wanted.split_once(':').unwrap_or((&wanted, "1"));
        wanted == name && SEEN.fetch_add(1, Ordering::Relaxed) + 1 == times.parse().unwrap_or(1)
    };
    if !std::env::var(VARIABLE).is_ok_and(is_meant) && !is_first_in_file(name) {
        return;
    }
    let own = rustix::process::getpid();
    if rustix::process::kill_process(own, rustix::process::Signal::KILL).is_err() {
        // Nothing may happen after this place.
        std::process::abort();
    }
}

/// Takes the first line of the file away where it is this place. The file stays locked until the
/// process is gone, so that whoever gets the lock knows that it is.
#[cfg(debug_assertions)]
fn is_first_in_file(name: &str) -> bool {
    use std::io::{Seek as _, Write as _};

    let Some(path) = std::env::var_os(FILE_VARIABLE) else { return false };
    let rest = || {
        let places = std::fs::read_to_string(&path).ok()?;
        let (first, rest) = places.split_once('\n').unwrap_or((&places, ""));
        (first == name).then(|| rest.to_owned())
    };
    let take = || {
        rest()?;
        let mut file = std::fs::OpenOptions::new().write(true).open(&path).ok()?;
        file.lock().ok()?;
        let rest = rest()?;
        file.set_len(0).ok()?;
        file.rewind().ok()?;
        file.write_all(rest.as_bytes()).ok()?;
        std::mem::forget(file);
        Some(())
    };
    take().is_some()
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub fn point(_name: &'static str) {}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub fn at(_name: &'static str) {}

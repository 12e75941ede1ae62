//! Named places at which a test kills the process, as a power cut or `kill -9` would. A release
//! build has none of it.

/// Names the process to be killed at: `HOLDFAST_CRASH_AT=name`, or `name:3` for the third time.
pub const VARIABLE: &str = "HOLDFAST_CRASH_AT";

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

    let Ok(wanted) = std::env::var(VARIABLE) else { return };
    let (wanted, times) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if wanted != name || SEEN.fetch_add(1, Ordering::Relaxed) + 1 != times.parse().unwrap_or(1) {
        return;
    }
    let own = rustix::process::getpid();
    if rustix::process::kill_process(own, rustix::process::Signal::KILL).is_err() {
        // Nothing may happen after this place.
        std::process::abort();
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub fn point(_name: &'static str) {}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub fn at(_name: &'static str) {}

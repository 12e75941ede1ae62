//! The places at which tests kill a step.

/// In the order in which they come.
pub const POINTS: [&str; 10] = [
    "snapshot-copied",
    "snapshot-named",
    "snapshot-whole",
    "file-migrated",
    "restore-copied",
    "restore-carried",
    "restore-kept",
    "restore-named",
    "restore-strays",
    "restore-whole",
];

/// Kills the process if it is to be killed here: `HOLDFAST_CRASH_AT=name`, or `name:3` for the
/// third time. A release build has none of it.
#[cfg(debug_assertions)]
pub(super) fn point(name: &'static str) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static SEEN: AtomicUsize = AtomicUsize::new(0);

    debug_assert!(POINTS.contains(&name), "{name} is no place that tests know");
    let Ok(wanted) = std::env::var("HOLDFAST_CRASH_AT") else { return };
    let (wanted, times) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if wanted != name || SEEN.fetch_add(1, Ordering::Relaxed) + 1 != times.parse().unwrap_or(1) {
        return;
    }
    let killed =
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    // Nothing may happen after this place, whether or not the signal could be sent.
    assert!(killed.is_ok(), "the signal could not be sent");
    std::process::abort();
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub(super) fn point(_name: &'static str) {}

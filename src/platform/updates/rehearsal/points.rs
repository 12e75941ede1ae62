//! The places at which tests kill a step.

use crate::platform::updates::supervisor::crash;

/// In the order in which they come.
pub const POINTS: [&str; 12] = [
    "snapshot-copied",
    "snapshot-named",
    "snapshot-whole",
    "migration-opened",
    "file-migrated",
    "migration-whole",
    "restore-copied",
    "restore-carried",
    "restore-kept",
    "restore-named",
    "restore-strays",
    "restore-whole",
];

/// Kills the process if it is to be killed here, as [`crash`] says.
pub(super) fn point(name: &'static str) {
    debug_assert!(POINTS.contains(&name), "{name} is no place that tests know");
    crash::at(name);
}

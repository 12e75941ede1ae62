//! The places at which tests kill a worker.

use crate::platform::updates::supervisor::crash;

/// In the order in which an update comes by, with the two of a bundle last.
pub const POINTS: [&str; 24] = [
    "feed-believed",
    "backup-proved",
    "metadata-laid",
    "part-written",
    "release-fetched",
    "handed-over",
    "copying",
    "copied",
    "rehearsed",
    "rehearsed-back",
    "planned",
    "confirmed",
    "wished",
    "holding",
    "closed",
    "trying-out",
    "tried-out",
    "let-in",
    "passing-on",
    "passed-on",
    "end-written",
    "end-seen",
    "bundle-unpacked",
    "bundle-offered",
];

/// Kills the process if it is to be killed here, as [`crash`] says.
pub fn point(name: &'static str) {
    debug_assert!(POINTS.contains(&name), "{name} is no place that tests know");
    crash::at(name);
}

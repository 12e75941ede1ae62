//! How much of the last day the box took requests. A small file in the data folder says when the
//! process was last seen alive, so that the time in which none ran is known as well.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::platform::clock::Moment;
use crate::platform::whole_file;

/// In the data folder.
const FILE: &str = "uptime.json";
const FILE_MODE: u32 = 0o600;
/// What lies further back does not count.
const LOOKED_BACK: Duration = Duration::from_hours(24);
/// A shorter pause is a look that came late, and no time off.
const PAUSE_MAX: Duration = Duration::from_mins(2);
/// Times off that are remembered; the oldest goes first.
const TIMES_OFF_MAX: usize = 256;

/// What the file holds: milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Uptime {
    /// When somebody first looked.
    since: Option<i64>,
    /// When somebody looked last.
    seen: i64,
    /// From when to when the box took no requests.
    off: Vec<(i64, i64)>,
}

impl Uptime {
    /// What was known when the last process ended. Without a file that can be read it begins anew.
    /// Blocks.
    pub(super) fn load(data: &Path) -> Self {
        let text = std::fs::read(data.join(FILE)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Blocks.
    pub(super) fn save(&self, data: &Path) {
        let text = serde_json::to_vec(self).unwrap_or_default();
        if let Err(error) = whole_file::write(&data.join(FILE), &text, FILE_MODE) {
            warn!("How long the box was up could not be written down: {error}");
        }
    }

    /// Notes a look. The time since the last one counts as time off where nobody looked for long
    /// or the box is not ready now.
    pub(super) fn look(&mut self, now: Moment, is_ready: bool) {
        let now = now.0;
        let seen = if self.since.is_some() { self.seen } else { now };
        self.since.get_or_insert(now);
        let pause = Moment(now).since(Moment(seen));
        if pause > PAUSE_MAX || !is_ready && now > seen {
            self.add_off(seen, now);
        }
        self.seen = now;
        let horizon = Moment(now).minus(LOOKED_BACK).0;
        self.off.retain(|(_, to)| *to > horizon);
    }

    fn add_off(&mut self, from: i64, to: i64) {
        match self.off.last_mut() {
            Some((_, last)) if *last == from => *last = to,
            _ => self.off.push((from, to)),
        }
        if self.off.len() > TIMES_OFF_MAX {
            self.off.remove(0);
        }
    }

    /// Of a hundred thousand parts of the last day those in which it took requests. None before
    /// anything was seen, and after a clock that went back.
    pub(super) fn up_of_100_000(&self, now: Moment) -> Option<u64> {
        let from = self.since?.max(now.minus(LOOKED_BACK).0);
        let whole = u64::try_from(now.0 - from).ok().filter(|whole| *whole > 0)?;
        let within = |(start, end): &(i64, i64)| (end.min(&now.0) - start.max(&from)).max(0);
        let off: i64 = self.off.iter().map(within).sum();
        let off = u64::try_from(off).unwrap_or(0).min(whole);
        Some((whole - off) * 100_000 / whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn minutes(count: u32) -> Moment {
        Moment(1_795_240_800_000).plus(MINUTE * count)
    }

    #[test]
    fn a_box_that_ran_all_the_time_was_up_all_the_time() {
        let mut uptime = Uptime::default();
        assert_eq!(uptime.up_of_100_000(minutes(0)), None);
        for minute in 0..=60 {
            uptime.look(minutes(minute), true);
        }
        assert_eq!(uptime.up_of_100_000(minutes(60)), Some(100_000));
    }

    #[test]
    fn the_time_in_which_no_process_ran_counts_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut uptime = Uptime::load(folder.path());
        for minute in 0..=30 {
            uptime.look(minutes(minute), true);
        }
        uptime.save(folder.path());

        let mut again = Uptime::load(folder.path());
        again.look(minutes(60), true);
        again.look(minutes(61), false);

        assert_eq!(again.off, [(minutes(30).0, minutes(61).0)]);
        assert_eq!(again.up_of_100_000(minutes(120)), Some(89 * 100_000 / 120));
        again.look(minutes(61 + 24 * 60 + 1), true);
        assert_eq!(again.up_of_100_000(minutes(61 + 24 * 60 + 1)), Some(0));
    }

    #[test]
    fn a_torn_file_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "{\"since\":1,\"se").unwrap();
        assert_eq!(Uptime::load(folder.path()), Uptime::default());
    }
}

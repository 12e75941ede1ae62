//! Which logs grew since their last checkpoint, and which checkpoints the box's log may not name
//! yet. Kept in memory: after a crash a log is looked at when its file is opened, and the night
//! opens all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::rules::checkpoints::Recorded;
use crate::platform::workspaces::WorkspaceId;

/// Entries after which a log does not wait for its turn.
const LONG_ENTRIES: u64 = 256;

/// One of the logs of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Log {
    Box,
    Workspace(WorkspaceId),
}

/// Entries by log since it was signed.
#[derive(Default)]
pub(in crate::platform) struct Growth {
    grown: Mutex<HashMap<Log, u64>>,
    /// Newest checkpoints of workspaces that the box's log may not name yet.
    unrecorded: Mutex<HashMap<WorkspaceId, Recorded>>,
    is_long: Notify,
}

/// What an entry is counted on.
#[derive(Clone)]
pub(in crate::platform) struct Growing {
    pub(in crate::platform) growth: Arc<Growth>,
    pub(in crate::platform) log: Log,
}

impl Growing {
    pub(in crate::platform) fn note(&self) {
        self.growth.note(self.log);
    }
}

/// Which logs are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::platform::audit) enum Due {
    All,
    /// Those that have grown by much.
    Long,
}

impl Growth {
    /// Counts an entry. It may still be rolled back; then signing finds nothing new.
    pub(in crate::platform) fn note(&self, log: Log) {
        let mut grown = self.grown.lock().unwrap_or_else(PoisonError::into_inner);
        let count = grown.entry(log).or_default();
        *count += 1;
        if *count == LONG_ENTRIES {
            self.is_long.notify_one();
        }
    }

    /// Keeps a workspace's newest checkpoint until the box's log names it.
    pub(in crate::platform) fn remember(&self, newest: Recorded) {
        let mut unrecorded = self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner);
        unrecorded.insert(newest.workspace, newest);
    }

    /// Takes what was remembered.
    pub(in crate::platform::audit) fn take_unrecorded(&self) -> Vec<Recorded> {
        let mut unrecorded = self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *unrecorded).into_values().collect()
    }

    /// Waits until some log has grown by much.
    pub(in crate::platform::audit) async fn long(&self) {
        self.is_long.notified().await;
    }

    /// Takes the logs that are due, workspaces first.
    pub(in crate::platform::audit) fn take(&self, due: Due) -> Vec<Log> {
        let mut grown = self.grown.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = |count: u64| due == Due::All || count >= LONG_ENTRIES;
        let mut logs: Vec<Log> =
            grown.iter().filter(|(_, count)| is_due(**count)).map(|(log, _)| *log).collect();
        grown.retain(|log, _| !logs.contains(log));
        logs.sort_unstable_by(|one, other| other.cmp(one));
        logs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::id::Id;

    #[test]
    fn a_log_is_due_once_for_all_its_entries_and_early_when_they_are_many() {
        let growth = Growth::default();
        let busy = Log::Workspace(Id::from_bytes([1; 16]));
        growth.note(Log::Box);
        for _ in 1..LONG_ENTRIES {
            growth.note(busy);
        }
        assert_eq!(growth.take(Due::Long), []);
        growth.note(busy);

        assert_eq!(growth.take(Due::Long), [busy]);
        assert_eq!(growth.take(Due::All), [Log::Box]);
        assert_eq!(growth.take(Due::All), []);
    }

    #[test]
    fn the_log_of_the_box_comes_last_because_it_names_the_others() {
        let growth = Growth::default();
        let logs = [Log::Box, Log::Workspace(Id::from_bytes([2; 16]))];
        for log in logs {
            growth.note(log);
        }

        assert_eq!(growth.take(Due::All), [logs[1], Log::Box]);
    }
}

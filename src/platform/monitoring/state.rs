//! What a running box remembers of how it does.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::score::Memory;
use crate::platform::audit::Log;
use crate::platform::db::FileMeters;
use crate::platform::tally::{Counted, Tally};

/// What is remembered from the start of the process on.
#[derive(Debug)]
pub struct Watching {
    pub traffic: Traffic,
    /// Times of the box's own file.
    pub on_system: Arc<FileMeters>,
    /// Times of the files of workspaces.
    pub on_workspaces: Arc<FileMeters>,
    /// What the stability score needs to remember.
    pub score: Memory,
    /// Audit logs whose last verification found something.
    broken_chains: Mutex<BTreeSet<String>>,
}

impl Default for Watching {
    fn default() -> Self {
        Self {
            traffic: Traffic::default(),
            on_system: Arc::new(FileMeters::new("system")),
            on_workspaces: Arc::new(FileMeters::new("workspace")),
            score: Memory::default(),
            broken_chains: Mutex::default(),
        }
    }
}

impl Watching {
    /// Notes how the verification of an audit log ended.
    pub(in crate::platform) fn note_chain(&self, log: Log, is_whole: bool) {
        let mut broken = self.broken_chains.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("{log:?}");
        if is_whole {
            broken.remove(&name);
        } else {
            broken.insert(name);
        }
    }

    /// Whether every log that was verified was whole.
    pub fn is_every_chain_whole(&self) -> bool {
        self.broken_chains.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// Requests, counted for the box as a whole.
#[derive(Debug, Default)]
pub struct Traffic {
    in_flight: AtomicU64,
    faults: AtomicU64,
    times: Tally,
}

impl Traffic {
    /// Counts a request as being worked on until what it gives is dropped.
    pub fn begin(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }

    /// Counts an answer. `took` is the time to its head, without what the sender took for the body.
    pub fn count(&self, is_fault: bool, took: Duration) {
        self.times.add(took);
        if is_fault {
            self.faults.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub fn counted(&self) -> Requests {
        Requests { times: self.times.counted(), faults: self.faults.load(Ordering::Relaxed) }
    }
}

/// A request that is worked on.
pub struct InFlight<'a>(&'a Traffic);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Requests by a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Requests {
    pub times: Counted,
    /// Those that the box failed.
    pub faults: u64,
}

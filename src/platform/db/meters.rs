//! How long statements and commits take, by kind of file.

use std::sync::Arc;
use std::time::Duration;

use crate::platform::tally::{Counted, Tally};

/// Times of all files of a kind.
#[derive(Debug)]
pub struct FileMeters {
    /// `system` or `workspace`.
    pub kind: &'static str,
    reads: Tally,
    writes: Tally,
    commits: Tally,
}

impl FileMeters {
    pub fn new(kind: &'static str) -> Self {
        let (reads, writes, commits) = (Tally::default(), Tally::default(), Tally::default());
        Self { kind, reads, writes, commits }
    }

    /// Statements by what they were for. The database tells their time in whole milliseconds, so
    /// a short one counts as none; on average the sums are right.
    pub fn statements(&self) -> [(&'static str, Counted); 2] {
        [("read", self.reads.counted()), ("write", self.writes.counted())]
    }

    /// Commits, until they were on the disk.
    pub fn commits(&self) -> Counted {
        self.commits.counted()
    }

    pub(super) fn committed(&self, took: Duration) {
        self.commits.add(took);
    }
}

/// What a connection's statements are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    Reading,
    Writing,
}

/// What is told of a connection's statements.
#[derive(Debug, Clone)]
pub(super) struct Timing {
    /// A statement that takes as long is named in the log.
    pub(super) slow: Duration,
    meters: Option<Arc<FileMeters>>,
}

impl Timing {
    pub(super) fn new(slow: Duration, meters: &Arc<FileMeters>) -> Self {
        Self { slow, meters: Some(Arc::clone(meters)) }
    }

    /// Of a connection that nobody waits for.
    pub(super) fn none() -> Self {
        Self { slow: Duration::MAX, meters: None }
    }

    pub(super) fn kind(&self) -> &'static str {
        self.meters.as_ref().map_or("other", |meters| meters.kind)
    }

    pub(super) fn count(&self, what: For, took: Duration) {
        let Some(meters) = &self.meters else { return };
        match what {
            For::Reading => meters.reads.add(took),
            For::Writing => meters.writes.add(took),
        }
    }
}

//! What a release found on a copy of the data, as it prints it for the one that started it.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::platform::error::Error;
use crate::platform::monitoring::ops::VERSION;

/// Files that failed and are named; the rest is counted.
pub const FAILED_NAMED_MAX: usize = 20;
/// Files whose time is told.
pub const SLOWEST_MAX: usize = 10;
/// Characters kept of what went wrong.
pub const WHAT_CHARS_MAX: usize = 500;

/// Of one look at all databases of a box.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The version of the release that looked.
    pub version: String,
    /// The highest format of a file, before and after.
    pub format_before: i64,
    pub format_after: i64,
    pub files: u64,
    pub bytes: u64,
    /// Migrations that were applied to any file, as `set/NNNN_what.sql`, in their order.
    pub applied: Vec<String>,
    /// Files that something was applied to, and what opening all files took.
    pub migrated_files: u64,
    pub migrate_ms: u64,
    /// What everything took, looking and trying out included.
    pub took_ms: u64,
    /// Those that took longest to open, slowest first, at most [`SLOWEST_MAX`].
    pub slowest: Vec<Timed>,
    /// Rows over all files of a kind, before and after; only tables that were there before.
    pub tables: Vec<Rows>,
    pub checks: Vec<Checked>,
    /// At most [`FAILED_NAMED_MAX`].
    pub failed: Vec<Failed>,
    pub failed_files: u64,
    /// Known workspaces without a file in the folder: their files are damaged and left out.
    pub missing: u64,
}

impl Report {
    /// Whether everything came out as it should.
    pub fn is_good(&self) -> bool {
        self.failed_files == 0 && self.checks.iter().all(|check| check.failed == 0)
    }

    /// Notes a file that cannot be brought along.
    pub fn fail(&mut self, failed: Failed) {
        self.failed_files += 1;
        if self.failed.len() < FAILED_NAMED_MAX {
            let what = failed.what.chars().take(WHAT_CHARS_MAX).collect();
            self.failed.push(Failed { what, ..failed });
        }
    }
}

/// How long a file took to open, migrations included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timed {
    pub file: String,
    pub ms: u64,
}

/// Rows of a table over all files of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    pub table: String,
    pub before: u64,
    /// None: no file has the table any more.
    pub after: Option<u64>,
}

/// A check over all files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// With its app: `inventory.items-read`.
    pub name: String,
    pub title: String,
    pub writes: bool,
    /// How often it was run, and how often that failed.
    pub ran: u64,
    pub failed: u64,
    /// The first failure: where, and why.
    pub detail: Option<String>,
}

/// A file that cannot be brought along, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Below the data folder.
    pub file: String,
    /// The workspace whose file it is, and what people call it.
    pub workspace: Option<String>,
    pub name: Option<String>,
    /// What was wrong: `migration`, `damaged`, `references` or `check`.
    pub kind: String,
    pub what: String,
}

/// What came of a step that works on the data itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The version of the release that did it.
    pub version: String,
    pub files: u64,
    /// Copied.
    pub bytes: u64,
    pub took_ms: u64,
    /// Of the copied files, those that share their blocks with what they were copied from.
    pub shared_files: u64,
    /// Files that are known to be damaged and were left as they are.
    pub skipped: u64,
    /// Migrations that were applied to any file, as `set/NNNN_what.sql`, and to how many files any.
    pub applied: Vec<String>,
    pub migrated_files: u64,
    /// Files that were put back now, not before an interruption; files that were made since and are
    /// kept aside; entries of logs that were taken along.
    pub restored_files: u64,
    pub set_aside_files: u64,
    pub carried_entries: u64,
    /// The file at which it ended early.
    pub failed: Option<Failed>,
    /// Why nothing was done.
    pub refused: Option<Refused>,
}

/// A step that was refused, by its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub code: String,
    pub detail: String,
}

impl Done {
    pub(super) fn after(self, started: Instant) -> Self {
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Self { version: VERSION.to_owned(), took_ms, ..self }
    }

    /// Whether all of it was done.
    pub fn is_good(&self) -> bool {
        self.failed.is_none() && self.refused.is_none()
    }
}

impl From<Error> for Done {
    /// A step that was not done.
    fn from(error: Error) -> Self {
        let refused = match error {
            Error::Conflict(refusal) | Error::Rule(refusal) => {
                Refused { code: refusal.code.to_owned(), detail: refusal.detail }
            }
            Error::StorageFull => {
                let detail = "The disk is full.".to_owned();
                Refused { code: "update-room".to_owned(), detail }
            }
            other => {
                let detail = other.to_string();
                Refused { code: "update-files-failed".to_owned(), detail }
            }
        };
        let refused = Some(refused);
        Self { version: VERSION.to_owned(), refused, ..Self::default() }
    }
}

//! How everything stands, as the supervisor tells a worker that asks.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::boot::{Installed, Kind, Quarantined};

/// The answer to [`Wish::Standing`](super::protocol::Wish::Standing).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The release that answers people. During a switch nobody may.
    pub running: Option<Installed>,
    /// The release that is kept.
    pub active: Installed,
    /// What a rollback leads to.
    pub fallback: Option<Installed>,
    /// The program of the package; the supervisor is this one.
    pub packaged: Installed,
    /// Every release that lies installed.
    pub installed: Vec<Installed>,
    pub seq_floor: u64,
    pub quarantine: Vec<Quarantined>,
    /// The switch under way.
    pub under_way: Option<UnderWay>,
    /// How the last one ended, until somebody has [seen](super::protocol::Wish::Seen) it.
    pub last: Option<Ended>,
    pub protection: Protection,
    /// What somebody has to look at.
    pub alerts: Vec<Alert>,
    /// Where releases, boot state and trusted metadata lie.
    pub state: PathBuf,
}

/// A switch that has not ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnderWay {
    pub transaction: String,
    pub kind: Kind,
    pub from: Installed,
    pub to: Installed,
    /// The last one is the present one.
    pub states: Vec<Entered>,
    /// Of the step that runs.
    pub progress: Option<Progress>,
    /// When it is kept if nothing goes wrong: milliseconds since 1970.
    pub probation_ends_at: Option<i64>,
}

/// What a step printed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub done: u64,
    pub total: u64,
}

/// A state of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is confirmed, and nothing is changed.
    Armed,
    /// The worker before lets no request through; they wait.
    Hold,
    Snapshot,
    Switched,
    Migrated,
    /// The new worker tries itself out.
    Trial,
    /// People reach it.
    Exposed,
    Probation,
    Committed,
    Cleaned,
    /// The files are brought back.
    Restore,
    RolledBack,
    /// The process ended before anything was changed.
    Disarmed,
}

/// When a state was entered: milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    pub state: State,
    pub at: i64,
}

/// How a switch ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub transaction: String,
    pub kind: Kind,
    pub from: Installed,
    pub to: Installed,
    pub end: End,
    /// Why it did not go well.
    pub why: Option<Alert>,
    /// The files were brought back to what they were before.
    pub is_restored: bool,
    pub states: Vec<Entered>,
    /// Milliseconds since 1970.
    pub ended_at: i64,
    pub is_seen: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Committed,
    RolledBack,
    /// Given up before anything was changed.
    Disarmed,
}

/// A reason, as a code and in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub code: String,
    pub detail: String,
}

impl Alert {
    pub fn new(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code: code.into(), detail: detail.into() }
    }
}

/// Whether the kernel keeps the worker from what decides what is started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    pub state: ProtectionState,
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtectionState {
    Full,
    /// Some of what was asked for is unknown to this kernel.
    Partial,
    /// The kernel has no Landlock, or one that is too old.
    Missing,
    /// The supervisor's folder lies where the worker has to write.
    SharedFolder,
}

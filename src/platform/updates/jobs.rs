//! The jobs of an update: looking at the feed, taking a bundle in, preparing, switching.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ops::{checking, preparing, switching, uploads};
use crate::platform::jobs::{JobSpec, Per};

/// What the job of an update is given.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Given {
    /// The update in the history.
    pub update: String,
    /// Whether the release lies in the bundle that was taken in, not at the feed.
    #[serde(default)]
    pub is_bundled: bool,
    /// Metadata past its time is taken, because a person said so.
    #[serde(default)]
    pub accept_stale: bool,
}

/// What the job that takes a bundle in is given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bundle {
    pub upload: String,
    pub accept_stale: bool,
}

/// Looks at the feed. The box asks for it each hour while a feed is set.
pub const CHECK: JobSpec = JobSpec {
    kind: "platform.update-check",
    title: "Look for updates",
    per: Per::Box,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: false,
    attempts_max: 1,
    time_max: Duration::from_mins(10),
    run: |work| Box::pin(async move { checking::scheduled(&work).await }),
};

pub const TAKE_BUNDLE: JobSpec = JobSpec {
    kind: "platform.update-bundle",
    title: "Check of a bundle with a release",
    per: Per::Box,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: false,
    attempts_max: 1,
    time_max: Duration::from_hours(1),
    run: |work| Box::pin(async move { uploads::take(&work).await }),
};

/// Changes nothing of the box, so it may begin anew after a restart.
pub const PREPARE: JobSpec = JobSpec {
    kind: "platform.update-prepare",
    title: "Rehearsal of an update",
    per: Per::Box,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: false,
    attempts_max: 3,
    time_max: Duration::from_hours(12),
    run: |work| Box::pin(async move { preparing::prepare(&work).await }),
};

/// The process that does it is replaced in the middle; the next one goes on with it.
pub const SWITCH: JobSpec = JobSpec {
    kind: "platform.update-switch",
    title: "Update",
    per: Per::Box,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: false,
    attempts_max: 50,
    time_max: Duration::from_hours(48),
    run: |work| Box::pin(async move { switching::switch(&work).await }),
};

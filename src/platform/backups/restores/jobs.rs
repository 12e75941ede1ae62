//! The job that brings a workspace back.

use std::time::Duration;

use super::ops;
use crate::platform::jobs::{JobSpec, Per};

/// Tried once: the key is in memory as long as the box runs, and whoever asked is there.
pub const RESTORE: JobSpec = JobSpec {
    kind: "platform.restore",
    title: "Restore",
    per: Per::Box,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: false,
    attempts_max: 1,
    time_max: Duration::from_hours(12),
    run: |work| Box::pin(async move { ops::carry_out(&work).await }),
};

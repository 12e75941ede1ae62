//! The job that makes a backup.

use std::time::Duration;

use super::ops;
use crate::platform::jobs::{JobSpec, Per};

pub const BACKUP: JobSpec = JobSpec {
    kind: "platform.backup",
    title: "Backup",
    per: Per::Box,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: true,
    is_heavy: true,
    attempts_max: 3,
    time_max: Duration::from_hours(12),
    run: |work| Box::pin(async move { ops::make(&work).await }),
};

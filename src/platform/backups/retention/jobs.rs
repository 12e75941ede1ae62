//! The job that removes old backups.

use std::time::Duration;

use super::ops;
use crate::platform::jobs::{JobSpec, Per};

pub const PRUNE: JobSpec = JobSpec {
    kind: "platform.backup-prune",
    title: "Removing old backups",
    per: Per::Box,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: true,
    attempts_max: 3,
    time_max: Duration::from_hours(6),
    run: |work| Box::pin(async move { ops::prune(&work).await }),
};

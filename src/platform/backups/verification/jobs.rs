//! The jobs that look at backups that lie somewhere.

use std::time::Duration;

use super::ops;
use crate::platform::jobs::{JobSpec, Per};

pub const CHECK: JobSpec = JobSpec {
    kind: "platform.backup-check",
    title: "Check of old backups",
    per: Per::Box,
    schedule: Some("10~50 4 * * SUN"),
    can_be_asked: true,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: true,
    attempts_max: 3,
    time_max: Duration::from_hours(24),
    run: |work| Box::pin(async move { ops::check(&work).await }),
};

pub const DRILL: JobSpec = JobSpec {
    kind: "platform.backup-drill",
    title: "Recovery drill",
    per: Per::Box,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: false,
    // The key is in memory alone and goes with the first try.
    attempts_max: 1,
    time_max: Duration::from_hours(24),
    run: |work| Box::pin(async move { ops::drill(&work).await }),
};

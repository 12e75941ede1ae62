//! The jobs that make backups and send them.

use std::time::Duration;

use super::ops;
use crate::platform::jobs::{JobSpec, Per};

pub const BACKUP: JobSpec = JobSpec {
    kind: "platform.backup",
    title: "Backup",
    per: Per::Box,
    // Each box takes a minute of its own, so that a shared target is not asked by all at once.
    schedule: Some("30~50 2 * * *"),
    can_be_asked: false,
    permission: None,
    changes: true,
    // It waits for a network most of the time, and steps back behind all others.
    is_heavy: false,
    is_backup: true,
    attempts_max: 3,
    time_max: Duration::from_hours(24),
    run: |work| Box::pin(async move { ops::make(&work).await }),
};

pub const SEND: JobSpec = JobSpec {
    kind: "platform.backup-send",
    title: "Sending backups",
    per: Per::Box,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: true,
    // A target may be away for weeks.
    attempts_max: 10_000,
    time_max: Duration::from_hours(24),
    run: |work| Box::pin(async move { ops::send(&work).await }),
};

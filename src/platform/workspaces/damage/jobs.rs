//! The job that looks through the files of the box by night.

use std::time::Duration;

use super::ops;
use crate::platform::jobs::{JobSpec, Per};

/// It rests between files, so that a box with a thousand workspaces may take the whole night and
/// nobody waits for it. What it does not come to is first the next time.
pub const CHECK_FILES: JobSpec = JobSpec {
    kind: "platform.check-files",
    title: "Checking files",
    per: Per::Box,
    schedule: Some("0~20 3 * * *"),
    can_be_asked: true,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: false,
    attempts_max: 3,
    time_max: Duration::from_hours(20),
    run: |work| Box::pin(async move { ops::check_files(&work).await }),
};

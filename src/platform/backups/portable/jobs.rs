//! The jobs that take a workspace out and bring one in.

use std::time::Duration;

use super::ops;
use crate::platform::access::rules::OPERATE;
use crate::platform::jobs::{JobSpec, Per};

/// Tried once: a passphrase is in memory as long as the box runs, and whoever asked is there.
pub const EXPORT: JobSpec = JobSpec {
    kind: "platform.workspace-export",
    title: "Export of the workspace",
    per: Per::Workspace,
    schedule: None,
    can_be_asked: false,
    permission: Some("workspace.export"),
    changes: false,
    is_heavy: true,
    is_backup: false,
    attempts_max: 1,
    time_max: Duration::from_hours(12),
    run: |work| Box::pin(async move { ops::export(&work).await }),
};

/// The same holds for its key.
pub const IMPORT: JobSpec = JobSpec {
    kind: "platform.workspace-import",
    title: "Import of a workspace",
    per: Per::Box,
    schedule: None,
    can_be_asked: false,
    permission: Some(OPERATE),
    changes: true,
    is_heavy: true,
    is_backup: false,
    attempts_max: 1,
    time_max: Duration::from_hours(12),
    run: |work| Box::pin(async move { ops::import(&work).await }),
};

//! The job that cleans up.

use std::time::Duration;

use serde_json::{Value, json};
use tracing::warn;

use super::ops::{self, Dropped};
use crate::platform::error::Result;
use crate::platform::jobs::{JobSpec, Per, Work};

pub const CLEAN_UP: JobSpec = JobSpec {
    kind: "platform.clean-up",
    title: "Clean-up",
    per: Per::Box,
    schedule: Some("45 1 * * *"),
    can_be_asked: true,
    permission: None,
    changes: true,
    is_heavy: true,
    is_backup: false,
    attempts_max: 3,
    time_max: Duration::from_hours(2),
    run: |work| Box::pin(clean_up(work)),
};

/// Whatever it drops is past its time however often it is begun, so its steps need no note of
/// having been done. A workspace that cannot be cleaned up does not keep the others from it.
async fn clean_up(work: Work) -> Result<Value> {
    let mut dropped = Dropped::default();
    ops::clean_box(&work, &mut dropped).await?;
    let workspaces = ops::workspaces(work.on_box()).await?;
    let mut failure = None;
    for (number, workspace) in workspaces.iter().enumerate() {
        work.check()?;
        work.progress(wide(number), wide(workspaces.len()));
        let ctx = work.inside(*workspace)?;
        if let Err(error) = ops::clean_workspace(&work, &ctx, &mut dropped).await {
            warn!(workspace.id = %workspace, "Workspace {workspace} was not cleaned up: {error}");
            failure = Some(error);
        }
    }
    work.progress(wide(workspaces.len()), wide(workspaces.len()));
    match failure {
        Some(failure) => Err(failure),
        None => Ok(json!({ "dropped": dropped })),
    }
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

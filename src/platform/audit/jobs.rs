//! The job that recomputes every log of the box by night.

use std::time::Duration;

use serde_json::{Value, json};
use tracing::warn;

use super::ops::{look, look_box};
use crate::platform::clean_up;
use crate::platform::error::{Error, Result};
use crate::platform::jobs::{JobSpec, Per, Work};

/// A log that was altered makes it fail, so that health says so until the log is whole again.
pub const CHECK_LOGS: JobSpec = JobSpec {
    kind: "platform.check-logs",
    title: "Checking audit logs",
    per: Per::Box,
    schedule: Some("20~40 3 * * *"),
    can_be_asked: true,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: false,
    attempts_max: 3,
    time_max: Duration::from_hours(6),
    run: |work| Box::pin(check_logs(work)),
};

/// A log that cannot be read does not keep the others from being looked at.
async fn check_logs(work: Work) -> Result<Value> {
    let mut altered = Vec::new();
    if look_box(work.on_box()).await?.bad.is_some() {
        altered.push("the box".to_owned());
    }
    let workspaces = clean_up::ops::workspaces(work.on_box()).await?;
    let (count, mut unseen) = (workspaces.len() as u64, 0);
    for (number, workspace) in (1..).zip(workspaces) {
        work.check()?;
        match look(&work.inside(workspace)?).await {
            Ok(verdict) if verdict.bad.is_some() => altered.push(workspace.to_string()),
            Ok(_) | Err(Error::NotFound) => {}
            Err(error) => {
                unseen += 1;
                warn!(workspace.id = %workspace, "A log was not looked through: {error}");
            }
        }
        work.progress(number, count);
    }
    if altered.is_empty() {
        return Ok(json!({ "looked_at": count + 1, "unseen": unseen }));
    }
    let detail = format!("Logs that were altered: {}.", altered.join(", "));
    Err(Error::conflict("audit-log-altered", detail))
}

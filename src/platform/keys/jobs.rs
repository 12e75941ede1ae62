//! The job that changes the master key.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::ops;
use crate::platform::error::Result;
use crate::platform::jobs::{JobSpec, Per, Work};

pub const ROTATE: JobSpec = JobSpec {
    kind: "platform.rotate-keys",
    title: "Change of the master key",
    per: Per::Box,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: false,
    attempts_max: 5,
    time_max: Duration::from_hours(1),
    run: |work| Box::pin(rotate(work)),
};

/// Stopped anywhere, its next run goes on: the first step remembers which key is taken in, what
/// is sealed with that is passed over, and the last step finds its files as they are to be.
async fn rotate(work: Work) -> Result<Value> {
    let secrets = Arc::clone(&work.on_box().platform.secrets);
    let begun = work.step_on_box("begin", move |scope| ops::begin_in(scope, &secrets)).await?;
    let count = ops::seal_all_anew(work.on_box(), || work.check()).await?;
    let secrets = Arc::clone(&work.on_box().platform.secrets);
    work.step_on_box("finish", move |scope| ops::finish_in(scope, &secrets, &begun, count)).await
}

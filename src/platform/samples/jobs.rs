//! Loading sample data in the background.

use std::time::Duration;

use serde_json::{Value, json};

use super::ops;
use crate::platform::app::SampleProgress;
use crate::platform::error::Result;
use crate::platform::jobs::{JobSpec, Per, Work};

pub const LOAD: JobSpec = JobSpec {
    kind: "workspace.sample-data",
    title: "Loading of sample data",
    per: Per::Workspace,
    schedule: None,
    // It is asked for together with its workspace.
    can_be_asked: false,
    permission: None,
    is_heavy: true,
    is_backup: false,
    changes: true,
    attempts_max: 5,
    time_max: Duration::from_mins(10),
    run: |work| Box::pin(load(work)),
};

async fn load(work: Work) -> Result<Value> {
    let note = |progress: SampleProgress| {
        let [done, total] =
            [progress.done, progress.total].map(|steps| u64::try_from(steps).unwrap_or(u64::MAX));
        work.progress(done, total);
        work.check()
    };
    let loaded = ops::load(&work.ctx()?, note).await?;
    Ok(json!({ "steps": loaded.total }))
}

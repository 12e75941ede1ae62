//! Large files in, taken over while nobody waits.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ops;
use super::rules::ImportId;
use crate::platform::error::{Error, Result};
use crate::platform::jobs::{JobSpec, Per, Work};

pub const IMPORT: JobSpec = JobSpec {
    kind: "inventory.import",
    title: "Import",
    per: Per::Workspace,
    schedule: None,
    can_be_asked: false,
    permission: Some("inventory.import"),
    changes: true,
    is_heavy: true,
    is_backup: false,
    attempts_max: 3,
    time_max: Duration::from_mins(5),
    run: |work| Box::pin(import(work)),
};

/// What the job is given.
#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    /// Id of the preview.
    pub import: String,
}

/// All of the file or nothing, in one transaction that notes the job.
async fn import(work: Work) -> Result<Value> {
    let input: Input = work.input()?;
    let id: ImportId = input.import.parse().map_err(|_| Error::NotFound)?;
    work.effect(move |scope| Ok(ops::report_json(ops::commit_in(scope, id)?))).await
}

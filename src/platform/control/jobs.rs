//! Work of the running box that the command line asks for and waits for.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::jobs::JobId;
use crate::platform::jobs::ops::{View, get};

/// A job and how far it is.
#[derive(Debug, Serialize, Deserialize)]
pub struct Running {
    pub job: String,
    pub state: String,
    /// Bytes that were read, and bytes there are.
    pub done: u64,
    pub total: u64,
    /// Why it failed.
    pub problem: Option<String>,
    /// What it answered when it was done.
    pub result: Option<Value>,
}

impl Running {
    pub fn has_ended(&self) -> bool {
        !matches!(self.state.as_str(), "waiting" | "running")
    }
}

pub(super) async fn standing(ctx: &BoxCtx, id: JobId) -> Result<Running> {
    let job = get(ctx, View::Box, id).await?;
    let (done, total) = job.progress.map_or((0, 0), |progress| (progress.done, progress.total));
    let problem = job.fault.map(|fault| fault.detail);
    let result = job.result.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let (job, state) = (id.to_string(), job.state.name().to_owned());
    Ok(Running { job, state, done, total, problem, result })
}

/// How a job stands that somebody waits for: nobody does it once the box has stopped.
pub(super) async fn watch(ctx: &BoxCtx, job: &str) -> Result<Running> {
    let standing = standing(ctx, job.parse().map_err(|_| Error::NotFound)?).await?;
    if !standing.has_ended() {
        let detail = "The box stopped. The job is tried again when it starts; one that needs a \
                      key has to be asked for anew.";
        check_running(ctx, detail)?;
    }
    Ok(standing)
}

/// Jobs are done by a box that serves, not by the command line that opens its files.
pub(super) fn check_runs(ctx: &BoxCtx) -> Result<()> {
    check_running(ctx, "The box does not run. Start it first.")
}

fn check_running(ctx: &BoxCtx, detail: &str) -> Result<()> {
    match ctx.platform.reach.get() {
        Some(_) => Ok(()),
        None => Err(Error::conflict("box-not-running", detail)),
    }
}

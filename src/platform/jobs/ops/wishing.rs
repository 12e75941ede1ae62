//! Jobs that transactions of workspaces asked for.

use super::new_job;
use crate::platform::ctx::BoxScope;
use crate::platform::error::{Error, Result};
use crate::platform::jobs::rules::Job;
use crate::platform::jobs::state::{Jobs, Wished};
use crate::platform::jobs::store;

/// Queues what a transaction of a workspace asked for, unless the same waits already. Of a
/// workspace that is gone by then the job ends at once.
pub(in crate::platform::jobs) fn grant_in(
    scope: &BoxScope<'_>,
    jobs: &Jobs,
    wished: Wished,
) -> Result<()> {
    let Wished { workspace, kind, run_at } = wished;
    let kind = jobs.kind(kind).ok_or_else(|| Error::internal(format!("no jobs of kind {kind}")))?;
    if store::is_waiting(scope, kind.spec.kind, workspace)? {
        return Ok(());
    }
    store::insert(scope, &Job { run_at, ..new_job(scope, &kind, Some(workspace)) }, "")
}

//! The nightly self-check: is all stock the sum of its ledger?

use std::time::Duration;

use serde_json::{Value, json};

use super::ops;
use super::rules::Progress;
use crate::platform::error::{Error, Result};
use crate::platform::jobs::{JobSpec, Per, Work};

pub const SELF_CHECK: JobSpec = JobSpec {
    kind: "inventory.self-check",
    title: "Stock self-check",
    per: Per::Workspace,
    schedule: Some("15 2 * * *"),
    can_be_asked: true,
    permission: None,
    changes: false,
    is_heavy: true,
    is_backup: false,
    attempts_max: 3,
    time_max: Duration::from_mins(10),
    run: |work| Box::pin(self_check(work)),
};

async fn self_check(work: Work) -> Result<Value> {
    let ctx = work.ctx()?;
    let tell = |progress: Progress| {
        work.progress(progress.done, progress.total);
        work.check()
    };
    let findings = ops::check_telling(&ctx, tell).await?;
    let (checked, wrong) = (findings.checked, findings.differences.len());
    if wrong > 0 {
        let detail = format!(
            "{wrong} of {checked} sums are not what the ledger says. Run the self-check in \
             Inventory to see which, and keep a copy of the data before anything is changed."
        );
        return Err(Error::conflict("stock-differs", detail));
    }
    Ok(json!({ "checked": checked }))
}

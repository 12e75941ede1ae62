//! The digest: what ran low, told once and at most every hour.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::ops::{Untold, take_untold_in};
use super::rules::ran_low;
use crate::apps::inventory::counts;
use crate::platform::access::Grant;
use crate::platform::error::{Error, Result};
use crate::platform::jobs::{JobSpec, Per, Work};
use crate::platform::notices;

/// It is asked for when an item runs low, and gathers for so long what follows.
pub const DIGEST_EVERY: Duration = Duration::from_hours(1);

pub const DIGEST: JobSpec = JobSpec {
    kind: "inventory.low-stock",
    title: "Low-stock digest",
    per: Per::Workspace,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: false,
    attempts_max: 3,
    time_max: Duration::from_mins(5),
    run: |work| Box::pin(digest(work)),
};

/// Two files are written, each once for the job: what is taken in the workspace's is told in the
/// box's, also when the box stops in between.
async fn digest(work: Work) -> Result<Value> {
    let workspace = work.ctx()?.workspace();
    let take = |scope: &crate::platform::ctx::Scope<'_>| {
        serde_json::to_value(take_untold_in(scope)?).map_err(Error::internal)
    };
    let taken = work.step("taken", take).await?;
    let Untold { names, count, is_kept_from_counters } =
        serde_json::from_value(taken).map_err(Error::internal)?;
    if count > 0 {
        // A blind count may have been opened since it was taken.
        let is_blind = work.ctx()?.read(counts::ops::is_blind_in).await?;
        let is_kept = is_kept_from_counters || is_blind;
        let platform = Arc::clone(&work.on_box().platform);
        let telling = ran_low(&names, count).link(format!("/w/{workspace}/inventory/low"));
        let tell = move |scope: &crate::platform::ctx::BoxScope<'_>| {
            let hears = |grant: &Grant| {
                grant.allows("inventory.read") && !(is_kept && counts::ops::only_counts(grant))
            };
            notices::ops::tell_members_in(scope, &platform, workspace, hears, telling)?;
            Ok(Value::Null)
        };
        work.step_on_box("told", tell).await?;
    }
    Ok(json!({ "items": count }))
}

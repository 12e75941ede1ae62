//! The job that asks a public authority for certificates.

use std::time::Duration;

use serde_json::{Value, json};

use super::acme;
use crate::platform::error::Result;
use crate::platform::jobs::{JobSpec, Per, Work};

/// Put into the queue whenever something is due: daily, after a failure, and when names change.
pub const RENEW: JobSpec = JobSpec {
    kind: "platform.renew-certificate",
    title: "Renewal of the certificate",
    per: Per::Box,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: false,
    // It waits longer each time, so that this is more than a day.
    attempts_max: 30,
    time_max: Duration::from_hours(1),
    run: |work| Box::pin(renew(work)),
};

async fn renew(work: Work) -> Result<Value> {
    let platform = &work.on_box().platform;
    let certificates = platform.reach.get().and_then(|reach| reach.certificates.clone());
    match certificates.as_ref().and_then(|one| one.acme()) {
        Some(acme) => {
            let outcome = acme::ops::run(&work, acme).await;
            super::ops::check_now(&work.on_box().platform).await?;
            outcome
        }
        // The mode was changed since it was asked for.
        None => Ok(json!({ "outcome": "off" })),
    }
}

//! Taking in reports, writing them together, showing them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use std::sync::Arc;

use super::rules::{BROWSER_REPORTS_PER_MIN, ErrorGroupId, GROUPS_MAX, Kind, Report, joined};
use super::store;
use crate::platform::Platform;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause};
use crate::platform::error::{Code, Error, Result, code};
use crate::platform::identity::UserId;
use crate::platform::monitoring::{ops::VERSION, panics};
use crate::platform::throttle::Buckets;

pub use store::KeptGroup;

/// Audit kind.
pub const KIND: &str = "error";
pub const CODES: &[Code] = &[
    code(
        "too-many-reports",
        "This browser reports more failures than are taken.",
        "Nothing has to be done: what it reported is known.",
    ),
    code(
        "error-kind-unknown",
        "There is no such kind of failure.",
        "Use server, panic or browser.",
    ),
];

/// Reports that wait to be written; more are counted and dropped.
const WAITING_MAX: usize = 256;
/// How often what waits is written.
const WRITE_EVERY: Duration = Duration::from_secs(5);

/// What waits to be written.
pub struct Errors {
    waiting: Mutex<Vec<Report>>,
    per_person: Buckets<UserId>,
}

impl Default for Errors {
    fn default() -> Self {
        let per_min = BROWSER_REPORTS_PER_MIN;
        let per_person = Buckets::new(per_min, per_min, "too-many-reports");
        Self { waiting: Mutex::default(), per_person }
    }
}

impl Errors {
    /// Takes a report. It never waits and never fails; what finds no room is counted.
    pub fn note(&self, report: Report) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING_MAX {
            waiting.push(report);
        } else {
            metrics::counter!("holdfast_error_reports_dropped_total").increment(1);
        }
    }

    fn take(&self) -> Vec<Report> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Takes what a browser reports of somebody.
pub fn note_of_browser(ctx: &BoxCtx, report: Report) -> Result<()> {
    let errors = &ctx.platform.errors;
    errors.per_person.take(ctx.principal()?.user, ctx.now())?;
    errors.note(report);
    Ok(())
}

/// Writes what waits from time to time, and once more at the end.
pub fn keep_writing(platform: &Arc<Platform>) {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    platform.tasks.start("errors", move |mut stop| async move {
        while !stop.is_requested() {
            let pause = tokio::time::timeout(WRITE_EVERY, stop.requested());
            // Either the time is over or the process stops: both write.
            pause.await.unwrap_or_default();
            if let Err(error) = write(&ctx).await {
                tracing::warn!("Failures could not be written down: {error}");
            }
        }
    });
}

/// Writes what waits, as one transaction.
pub async fn write(ctx: &BoxCtx) -> Result<()> {
    let mut reports = ctx.platform.errors.take();
    let now = ctx.now();
    reports.extend(panics::take_all().into_iter().map(|panic| panic.report(now)));
    if reports.is_empty() {
        return Ok(());
    }
    ctx.write(move |scope| {
        for one in joined(reports) {
            store::add(scope, &one, VERSION)?;
        }
        store::keep_newest(scope, GROUPS_MAX)
    })
    .await
}

/// Forgets failures that did not come again since, inside the caller's transaction. Says how many.
pub(in crate::platform) fn drop_before_in(
    scope: &BoxScope<'_>,
    before: Moment,
    most: usize,
) -> Result<usize> {
    store::drop_before(scope, before, most)
}

/// Failures, the one seen last first.
pub async fn list(
    ctx: &BoxCtx,
    kind: Option<Kind>,
    behind: (Moment, ErrorGroupId),
    limit: usize,
) -> Result<Vec<KeptGroup>> {
    write(ctx).await?;
    ctx.read(move |scope| store::list(scope, kind, behind, limit)).await
}

/// How many failures nobody has dealt with yet.
pub(in crate::platform) fn count_open_in(scope: &BoxScope<'_>) -> Result<u64> {
    store::count_open(scope)
}

/// Marks a failure as dealt with, until it comes again.
pub async fn resolve(ctx: &BoxCtx, id: ErrorGroupId) -> Result<()> {
    ctx.write(move |scope| {
        if !store::resolve(scope, id)? {
            return Err(Error::NotFound);
        }
        scope.audit(Entry::new("error.resolved", KIND, id))?;
        Ok(())
    })
    .await
}

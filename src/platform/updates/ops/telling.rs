//! What people are told of updates: before one begins by itself, and when one has ended.

use crate::platform::clock::Moment;
use crate::platform::ctx::BoxScope;
use crate::platform::error::Result;
use crate::platform::notices::ops::{keepers_in, tell_in};
use crate::platform::notices::{Telling, UPDATE_COMES, UPDATE_DONE, UPDATE_FAILED, UPDATE_WAITS};
use crate::platform::updates::rules::{Outcome, Update};

/// Where operators look.
const PAGE: &str = "/box/updates";

/// Tells operators how an update ended; a plan that nobody confirmed is no news.
pub(super) fn ended_in(scope: &BoxScope<'_>, update: &Update) -> Result<()> {
    let spec = match update.outcome {
        Some(Outcome::Committed) => &UPDATE_DONE,
        Some(Outcome::RolledBack | Outcome::Failed) => &UPDATE_FAILED,
        Some(Outcome::Discarded) | None => return Ok(()),
    };
    let reason = update.reason.as_ref().map_or("", |reason| reason.detail.as_str());
    let (before, after) = (&update.from.version, &update.to.version);
    let telling = Telling::new(spec).with("from", before.clone()).with("to", after.clone());
    let telling = telling.with("reason", reason);
    tell_in(scope, &keepers_in(scope, None)?, &telling.link(PAGE))
}

/// Tells operators that a plan waits for somebody to confirm it, or when it begins by itself.
pub(super) fn planned_in(
    scope: &BoxScope<'_>,
    update: &Update,
    (begins_at, hold_ms): (Option<Moment>, u64),
) -> Result<()> {
    let pause = format!("{}.{} s", hold_ms / 1_000, hold_ms % 1_000 / 100);
    let telling = match begins_at {
        Some(at) => Telling::new(&UPDATE_COMES).with("at", at.to_string()),
        None => Telling::new(&UPDATE_WAITS),
    };
    let telling = telling.with("to", update.to.version.clone()).with("pause", pause);
    tell_in(scope, &keepers_in(scope, None)?, &telling.link(PAGE))
}

//! Closing the books, and asking whether a moment is closed.

use super::rules::{self, KeptLock, Lock};
use super::store;
use crate::apps::inventory::items::rules::check_version;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::workspaces;

/// Audit and event kind.
pub const KIND: &str = "inventory.lock";

/// The day up to which the books are closed.
pub async fn get(ctx: &Ctx) -> Result<KeptLock> {
    ctx.read(store::get).await
}

/// Closes the books at the end of a day, moves the day, or opens them with none.
pub async fn set(ctx: &Ctx, version: i64, day: Option<&str>) -> Result<KeptLock> {
    let zone = workspaces::ops::get(ctx).await?.time_zone;
    let zone = jiff::tz::TimeZone::get(&zone).map_err(Error::internal)?;
    let lock = rules::check(day, &zone, ctx.now())?;
    ctx.write(move |scope| {
        let kept = store::get(scope)?;
        check_version(kept.version, version)?;
        if kept.lock == lock {
            return Ok(kept);
        }
        store::set(scope, lock)?;
        let day = |lock: Option<Lock>| lock.map(|lock| lock.day.to_string());
        let entry = Entry::about("inventory.lock.changed", KIND).version(kept.version + 1).changed(
            "locked_until",
            day(kept.lock),
            day(lock),
        );
        scope.audit(entry)?;
        store::get(scope)
    })
    .await
}

/// Refuses a moment that is closed, inside the caller's transaction.
pub fn check_open_in(scope: &Scope<'_>, effective_at: Moment) -> Result<()> {
    rules::check_open(store::get(scope)?.lock, effective_at)
}

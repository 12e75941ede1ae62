//! Changing schedules.

use super::rules::{Setting, check};
use super::store;
use crate::platform::audit::Entry;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::jobs::ops::{Scheduled, schedules_on_box};

/// Decides when jobs of a kind run, on the whole box; `cron` none: as the program brings it.
pub async fn change(
    ctx: &BoxCtx,
    kind: &str,
    cron: Option<&str>,
    is_on: bool,
) -> Result<Scheduled> {
    let known = ctx.platform.jobs.kind(kind).filter(|kind| kind.cron.is_some());
    let kind = known.ok_or(Error::NotFound)?.spec.kind;
    let cron = cron.map(|cron| check(cron, ctx.now())).transpose()?.map(|(text, _)| text);
    let written = ctx.write(move |scope| {
        let setting = Setting { cron, is_on, changed_at: scope.now() };
        store::put(scope, kind, &setting)?;
        let entry = Entry::about("job.schedule.changed", crate::platform::jobs::ops::KIND);
        scope.audit(
            entry
                .set("kind", kind)
                .set("cron", setting.cron.as_deref().unwrap_or("default"))
                .set("is_on", is_on.to_string()),
        )?;
        Ok(setting)
    });
    let setting = written.await?;
    ctx.platform.jobs.decide(kind, &setting)?;
    ctx.platform.jobs.nudge();
    let all = schedules_on_box(ctx).await?;
    all.into_iter().find(|one| one.kind.spec.kind == kind).ok_or(Error::NotFound)
}

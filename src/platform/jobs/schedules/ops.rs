//! Looking at schedules, and changing them.

use super::rules::{Setting, check};
use super::store;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, Ctx};
use crate::platform::error::{Error, Result};
use crate::platform::jobs::ops::{kinds_for, last_of_in};
use crate::platform::jobs::rules::Job;
use crate::platform::jobs::state::Kind;
use crate::platform::workspaces::WorkspaceId;

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

/// A kind that runs by itself.
pub struct Scheduled {
    pub kind: Kind,
    pub last: Option<Job>,
    pub next_run_at: Option<Moment>,
}

/// The schedules of the workspace.
pub async fn schedules(ctx: &Ctx) -> Result<Vec<Scheduled>> {
    scheduled(ctx, kinds_for(ctx), Some(ctx.workspace())).await
}

/// The schedules of the box and of all its workspaces.
pub async fn schedules_on_box(ctx: &BoxCtx) -> Result<Vec<Scheduled>> {
    scheduled(ctx, ctx.platform.jobs.kinds(), None).await
}

async fn scheduled(
    ctx: &BoxCtx,
    kinds: Vec<Kind>,
    workspace: Option<WorkspaceId>,
) -> Result<Vec<Scheduled>> {
    ctx.read(move |scope| {
        let mut found = Vec::new();
        for kind in kinds {
            let Some(cron) = &kind.cron else { continue };
            let next_run_at = cron.next(scope.now()).filter(|_| kind.is_on);
            let last = last_of_in(scope, kind.spec.kind, workspace)?;
            found.push(Scheduled { kind, last, next_run_at });
        }
        Ok(found)
    })
    .await
}

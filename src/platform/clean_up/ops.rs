//! What is past its time, file by file. Each step is a transaction of its own and takes only so
//! much at once, so that the writer is free for others in between.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::platform::app::CleanUpSpec;
use crate::platform::ctx::{BoxCtx, BoxScope, Ctx, Scope};
use crate::platform::error::Result;
use crate::platform::identity::{
    factors, invitations, mfa_requests, registration, resets, services, sessions, signing,
};
use crate::platform::jobs::{self, Work};
use crate::platform::workspaces::rules::States;
use crate::platform::workspaces::{self, WorkspaceId};
use crate::platform::{backups, blobs, errors, idempotency, notices, recycle_bin, spool, tasks};

/// Rows dropped in one transaction.
const AT_ONCE: usize = 500;
/// A day of failures' memory.
const DAY: Duration = Duration::from_hours(24);
/// Workspaces read at once.
const WORKSPACES_AT_ONCE: usize = 500;

/// How much was dropped, by what it was.
pub(super) type Dropped = BTreeMap<&'static str, usize>;

/// Drops at most so many rows of the box's file and says how many.
type Step = fn(&BoxScope<'_>, usize) -> Result<usize>;

const OF_THE_BOX: &[(&str, Step)] = &[
    ("sessions", sessions::ops::drop_all_ended_in),
    ("invitations", |scope, _| invitations::ops::drop_expired_in(scope)),
    ("registrations", |scope, _| registration::ops::drop_expired_in(scope)),
    ("reset_links", |scope, _| resets::ops::drop_expired_in(scope)),
    ("mfa_requests", |scope, _| mfa_requests::ops::drop_old_in(scope)),
    ("factor_secrets", |scope, _| factors::ops::drop_begun_in(scope)),
    ("used_assertions", services::ops::drop_used_in),
    ("signing_keys", |scope, _| signing::ops::drop_retired_in(scope)),
    ("idempotency_keys", |scope, most| idempotency::drop_expired_in(scope, most)),
    ("jobs", jobs::ops::drop_old_in),
    ("job_effects", |scope, most| jobs::ops::drop_effects_in(scope, most)),
    ("notices", notices::ops::drop_old_in),
    ("outbox", notices::outbox::ops::drop_old_in),
];

/// What every workspace's file has besides what its apps bring.
const OF_WORKSPACES: &[CleanUpSpec] = &[
    CleanUpSpec {
        what: "idempotency_keys",
        drop: |scope, most| idempotency::drop_expired_in(scope, most),
    },
    CleanUpSpec {
        what: "job_effects",
        drop: |scope, most| jobs::ops::drop_effects_in(scope, most),
    },
];

/// Cleans up the box's file and what stands beside it.
pub(super) async fn clean_box(work: &Work, dropped: &mut Dropped) -> Result<()> {
    let ctx = work.on_box();
    for (what, step) in OF_THE_BOX {
        loop {
            work.check()?;
            let count = ctx.write(move |scope| step(scope, AT_ONCE)).await?;
            *dropped.entry(what).or_default() += count;
            if count < AT_ONCE {
                break;
            }
        }
    }
    let before = ctx.now().minus(DAY * kept_days(ctx));
    loop {
        work.check()?;
        let step = move |scope: &BoxScope<'_>| errors::ops::drop_before_in(scope, before, AT_ONCE);
        let count = ctx.write(step).await?;
        *dropped.entry("error_groups").or_default() += count;
        if count < AT_ONCE {
            break;
        }
    }
    *dropped.entry("files").or_default() += clean_spool(ctx).await?;
    *dropped.entry("files").or_default() += backups::portable::ops::sweep(ctx).await?;
    *dropped.entry("replaced_files").or_default() += backups::restores::ops::sweep(ctx).await?;
    *dropped.entry("copies_before").or_default() += clean_before(ctx).await?;
    *dropped.entry("workspaces").or_default() += workspaces::ops::purge_due(ctx).await?;
    *dropped.entry("stray_files").or_default() += workspaces::ops::remove_strays(ctx).await?;
    *dropped.entry("stray_blobs").or_default() += blobs::ops::remove_strays(ctx).await?;
    Ok(())
}

/// Removes copies of files as they were before a release changed them, past their time.
async fn clean_before(ctx: &BoxCtx) -> Result<usize> {
    let (before, now) = (Arc::clone(&ctx.platform.before), ctx.now());
    tasks::blocking(move || before.drop_expired(now)).await
}

/// Days that failures are remembered.
fn kept_days(ctx: &BoxCtx) -> u32 {
    u32::try_from(ctx.platform.config.monitoring.errors_kept_days).unwrap_or(u32::MAX)
}

/// Removes files past their time, and those that no job answers for: a job that was interrupted
/// leaves what it had written, and writes anew.
async fn clean_spool(ctx: &BoxCtx) -> Result<usize> {
    let data = ctx.platform.config.data();
    let (uploads, now) = (spool::Spool::of_uploads(data), ctx.now());
    let mut count = tasks::blocking(move || uploads.drop_expired(now)).await?;
    for spool in [spool::Spool::of(&ctx.platform), spool::Spool::of_archives(data)] {
        count += clean_one_spool(ctx, spool).await?;
    }
    Ok(count)
}

async fn clean_one_spool(ctx: &BoxCtx, spool: spool::Spool) -> Result<usize> {
    let (place, now) = (spool.clone(), ctx.now());
    let expired = tasks::blocking(move || place.drop_expired(now)).await?;
    let place = spool.clone();
    let files = tasks::blocking(move || place.list()).await?;
    let stray = ctx.read(move |scope| {
        let mut stray = Vec::new();
        for kept in files {
            let until = kept.until.to_string();
            if !jobs::ops::answers_for_in(scope, kept.id.cast(), &until)? {
                stray.push(kept);
            }
        }
        Ok(stray)
    });
    let stray = stray.await?;
    let count = stray.len();
    tasks::blocking(move || {
        for kept in stray {
            spool.remove(kept);
        }
        Ok(())
    })
    .await?;
    Ok(expired + count)
}

/// The workspaces that can be used, archived ones included.
pub(in crate::platform) async fn workspaces(ctx: &BoxCtx) -> Result<Vec<WorkspaceId>> {
    let ids = ctx.read(|scope| {
        let mut ids: Vec<WorkspaceId> = Vec::new();
        loop {
            let after = ids.last().copied();
            let some = workspaces::ops::list_in(scope, States::Usable, after, WORKSPACES_AT_ONCE)?;
            if some.is_empty() {
                return Ok(ids);
            }
            ids.extend(some.iter().map(|workspace| workspace.id));
        }
    });
    let mut ids = ids.await?;
    ids.retain(|id| !ctx.platform.workspaces.is_damaged(*id));
    Ok(ids)
}

/// Cleans up one workspace's file.
pub(super) async fn clean_workspace(work: &Work, ctx: &Ctx, dropped: &mut Dropped) -> Result<()> {
    let of_apps = ctx.platform.apps.iter().flat_map(|app| app.clean_up);
    for spec in OF_WORKSPACES.iter().chain(of_apps).copied() {
        loop {
            work.check()?;
            let count = ctx.write(move |scope: &Scope<'_>| (spec.drop)(scope, AT_ONCE)).await?;
            *dropped.entry(spec.what).or_default() += count;
            if count < AT_ONCE {
                break;
            }
        }
    }
    *dropped.entry("deleted_objects").or_default() += recycle_bin::ops::empty(ctx).await?;
    // A file of before a restore can come back, and may refer to what the present one does not.
    if !backups::restores::ops::keeps_file_of(ctx).await? {
        *dropped.entry("blobs").or_default() += blobs::ops::sweep(ctx).await?;
    }
    Ok(())
}

//! How a restore ends, also one that a stop of the box cut off.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use tracing::warn;

use super::KIND;
use crate::platform::Platform;
use crate::platform::audit::Entry;
use crate::platform::backups::restores::rules::{KEPT, Mode, Restore, RestoreId, State};
use crate::platform::backups::restores::{kept, store};
use crate::platform::clock::Moment;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause, Ctx};
use crate::platform::error::{Error, Result};
use crate::platform::jobs::ops::find_in;
use crate::platform::jobs::rules::State as JobState;
use crate::platform::privacy::ops::again;
use crate::platform::tasks;
use crate::platform::workspaces::{self, WorkspaceId, damage};

const CUT_OFF: &str = "The box stopped before it was done. Nothing was changed.";

/// Notes in the box's file that a restore is done, and has erasures go on that it needs.
pub(super) fn done_in(
    scope: &BoxScope<'_>,
    platform: &Arc<Platform>,
    restore: Restore,
) -> Result<Restore> {
    let now = scope.now();
    let replaced = restore.workspace.filter(|_| restore.mode.replaces());
    let was_damaged = match replaced {
        Some(workspace) => damage::ops::clear_in(scope, workspace)?,
        None => false,
    };
    let done = Restore {
        state: State::Done,
        finished_at: Some(now),
        kept_until: replaced.filter(|_| !was_damaged).map(|_| now.plus(KEPT)),
        was_damaged,
        ..restore
    };
    store::update(scope, &done)?;
    if let Some(before) = done.of
        && let Some(before) = store::get(scope, before)?
    {
        store::update(scope, &Restore { state: State::Undone, ..before })?;
    }
    let entry = Entry::new("box.restore.done", KIND, done.id).set("mode", done.mode.name());
    scope.audit(match done.workspace {
        Some(workspace) => entry.set("workspace", workspace.to_string()),
        None => entry,
    })?;
    again::resume_in(scope, platform)?;
    Ok(done)
}

/// Ends a restore that did not come to its end. Where its file is in place already, it is done.
pub(super) async fn end(ctx: &BoxCtx, restore: Restore, detail: String) -> Result<()> {
    let is_done = is_in_place(ctx, &restore).await?;
    let scratch = kept::scratch_of(ctx.platform.config.data(), restore.id);
    tasks::blocking(move || kept::drop_folder(&scratch)).await?;
    let platform = Arc::clone(&ctx.platform);
    let replaced = restore.workspace.filter(|_| is_done && restore.mode.replaces());
    ctx.write(move |scope| {
        let still = store::get(scope, restore.id)?;
        let Some(restore) = still.filter(|one| one.state == State::Running) else {
            return Ok(());
        };
        if is_done {
            return done_in(scope, &platform, restore).map(drop);
        }
        let detail: String = detail.chars().take(1_000).collect();
        let failed = Restore {
            state: State::Failed,
            finished_at: Some(scope.now()),
            detail: Some(detail),
            ..restore
        };
        store::update(scope, &failed)?;
        scope.audit(Entry::new("box.restore.failed", KIND, failed.id))?;
        again::resume_in(scope, &platform)?;
        Ok(())
    })
    .await?;
    if let Some(workspace) = replaced {
        damage::ops::released(ctx, workspace).await;
    }
    Ok(())
}

async fn is_in_place(ctx: &BoxCtx, restore: &Restore) -> Result<bool> {
    let Some(workspace) = restore.workspace else { return Ok(false) };
    match restore.mode {
        Mode::Look => Ok(false),
        Mode::InPlace | Mode::Undo => {
            let (kept, path) = paths(ctx, restore.id, workspace);
            tasks::blocking(move || kept::was_put(&kept, &path)).await
        }
        Mode::AsNew => {
            let known = ctx.read(move |scope| workspaces::ops::get_in(scope, workspace)).await;
            match known {
                Ok(_) => Ok(true),
                Err(Error::NotFound) => {
                    // The file of a workspace that never came to be.
                    ctx.platform.workspaces.remove(workspace).await?;
                    Ok(false)
                }
                Err(error) => Err(error),
            }
        }
    }
}

fn paths(ctx: &BoxCtx, id: RestoreId, workspace: WorkspaceId) -> (PathBuf, PathBuf) {
    let data = ctx.platform.config.data();
    (kept::kept_at(data, id), ctx.platform.workspaces.path(workspace))
}

/// Ends restores whose jobs have ended without them.
pub(super) async fn settle(ctx: &BoxCtx) -> Result<()> {
    end_all(ctx, |state| state.is_none_or(JobState::has_ended)).await
}

async fn end_all(ctx: &BoxCtx, is_over: impl Fn(Option<JobState>) -> bool) -> Result<()> {
    let running = ctx.read(|scope| {
        let with_job = |restore: Restore| {
            let state = find_in(scope, restore.job).ok().map(|job| job.state);
            (restore, state)
        };
        Ok(store::running(scope)?.into_iter().map(with_job).collect::<Vec<_>>())
    });
    for (restore, state) in running.await? {
        if is_over(state) {
            end(ctx, restore, CUT_OFF.to_owned()).await?;
        }
    }
    Ok(())
}

/// Looks after what an earlier process left. Call it before jobs run.
pub async fn resume(platform: &Arc<Platform>) -> Result<()> {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    // Nothing of this process runs yet; what waits still finds out that its key is gone.
    end_all(&ctx, |state| state != Some(JobState::Waiting)).await?;
    let data = platform.config.data().to_owned();
    let swept = tasks::blocking(move || kept::sweep_scratch(&data, &HashSet::new())).await;
    if let Err(error) = swept {
        warn!("What earlier restores left could not be removed: {error}");
    }
    Ok(())
}

/// Removes files of before that are past their time. Gives how many.
pub(in crate::platform) async fn sweep(ctx: &BoxCtx) -> Result<usize> {
    settle(ctx).await?;
    let (needed, running) = ctx
        .read(|scope| {
            let needed: HashSet<RestoreId> = store::kept(scope, scope.now())?.into_iter().collect();
            let running = store::running(scope)?.into_iter().map(|one| one.id);
            Ok((needed, running.collect::<HashSet<_>>()))
        })
        .await?;
    let data = ctx.platform.config.data().to_owned();
    tasks::blocking(move || {
        kept::sweep_scratch(&data, &running)?;
        kept::sweep(&data, &needed)
    })
    .await
}

/// Whether a file of before of the workspace can still come back.
pub(in crate::platform) async fn keeps_file_of(ctx: &Ctx) -> Result<bool> {
    let workspace = ctx.workspace();
    (**ctx).read(move |scope| store::is_kept(scope, workspace, scope.now())).await
}

fn dropped_from(restore: &Restore) -> Restore {
    Restore { kept_until: None, was_damaged: false, ..restore.clone() }
}

/// Removes files of before that are older than a moment: they hold whom an erasure has to take out.
pub(in crate::platform) async fn drop_kept_before(ctx: &BoxCtx, before: Moment) -> Result<()> {
    let dropped = ctx.write(move |scope| {
        let old = store::kept_before(scope, before)?;
        for restore in &old {
            store::update(scope, &dropped_from(restore))?;
        }
        Ok(old)
    });
    let dropped = dropped.await?;
    let data = ctx.platform.config.data().to_owned();
    tasks::blocking(move || {
        dropped.iter().try_for_each(|one| kept::drop_kept(&kept::kept_at(&data, one.id)))
    })
    .await
}

//! Writes down what was read and signs logs that grew: every minute, earlier when there is much,
//! and when the box stops.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::growth::Due;
use super::ops::checkpoints as ops;
use super::{Log, reads};
use crate::platform::Platform;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::error::{Error, Result};

/// A log that grew is signed within this time.
const SIGN_EVERY: Duration = Duration::from_mins(1);
/// The box's log names the checkpoints of workspaces so often.
const RECORD_EVERY: Duration = Duration::from_hours(1);

/// Keeps signing until the box stops.
pub fn keep(platform: &Arc<Platform>) {
    let watched = Arc::clone(platform);
    platform.tasks.start("audit-checkpoints", |mut stop| async move {
        let mut minute = tokio::time::interval(SIGN_EVERY);
        loop {
            let due = tokio::select! {
                () = stop.requested() => return,
                _ = minute.tick() => Due::All,
                () = watched.audit.growth().long() => Due::Long,
                () = watched.reads.full() => {
                    reads::write_counted(&watched).await;
                    continue;
                }
            };
            if due == Due::All {
                reads::write_counted(&watched).await;
            }
            if let Err(error) = work(&watched, due).await {
                warn!("Audit checkpoints could not be signed: {error}");
            }
        }
    });
}

/// What the minute's turn does: signs every log that grew, and once an hour lets the box's log
/// name those of workspaces. Gives how many were signed.
pub async fn tick(platform: &Arc<Platform>) -> Result<usize> {
    work(platform, Due::All).await
}

/// The last checkpoints before the files are closed.
pub(in crate::platform) async fn finish(platform: &Arc<Platform>) {
    let ctx = system(platform);
    reads::write_counted(platform).await;
    let all = async {
        sign(&ctx, Due::All).await?;
        if ops::record(&ctx).await? > 0 {
            ops::sign_box(&ctx).await?;
        }
        Ok::<(), Error>(())
    };
    if let Err(error) = all.await {
        warn!("The last audit checkpoints could not be signed: {error}");
    }
}

async fn work(platform: &Arc<Platform>, due: Due) -> Result<usize> {
    let ctx = system(platform);
    let mut signed = sign(&ctx, due).await?;
    if due == Due::All && platform.audit.is_recording_due(ctx.now(), RECORD_EVERY) {
        ops::record(&ctx).await?;
        signed += usize::from(ops::sign_box(&ctx).await?.is_some());
    }
    Ok(signed)
}

fn system(platform: &Arc<Platform>) -> BoxCtx {
    BoxCtx::new(platform, Cause::of(Actor::System))
}

/// Signs what is due. A log that cannot be signed now keeps its turn and does not keep the others
/// from theirs; the first failure is told.
async fn sign(ctx: &BoxCtx, due: Due) -> Result<usize> {
    let (mut signed, mut failure) = (0, None);
    for log in ctx.platform.audit.growth().take(due) {
        let outcome = match log {
            Log::Box => ops::sign_box(ctx).await,
            Log::Workspace(workspace) => ops::sign_workspace(ctx, workspace).await,
        };
        match outcome {
            Ok(one) => signed += usize::from(one.is_some()),
            Err(_) if is_gone(ctx, log) => {}
            Err(error) => {
                ctx.platform.audit.growth().note(log);
                failure.get_or_insert(error);
            }
        }
    }
    failure.map_or(Ok(signed), Err)
}

/// Nothing is signed in a file that is not written to any more.
fn is_gone(ctx: &BoxCtx, log: Log) -> bool {
    let workspaces = &ctx.platform.workspaces;
    let is_gone = |id| workspaces.is_removed(id) || workspaces.is_damaged(id);
    matches!(log, Log::Workspace(id) if is_gone(id))
}

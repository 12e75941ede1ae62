//! Looks after the start of a worker whether a package brought it.

use std::sync::Arc;

use tracing::error;

use super::ops::packaged;
use crate::platform::Platform;
use crate::platform::ctx::{Actor, BoxCtx, Cause};

/// Starts the task, where there is a supervisor.
pub fn start(platform: &Arc<Platform>) {
    if platform.updates.is_none() {
        return;
    }
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    platform.tasks.start("packages", |mut stop| async move {
        let Some(link) = ctx.platform.updates.as_ref() else { return };
        tokio::select! {
            () = stop.requested() => {}
            noted = packaged::follow(&ctx, link) => if let Err(error) = noted {
                error!("What a package brought is not in the history: {error}");
            }
        }
    });
}

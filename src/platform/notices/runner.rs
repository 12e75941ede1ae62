//! The task of notices: it tells open windows what is new.

use std::sync::Arc;
use std::time::Duration;

use tracing::error;

use super::ops;
use crate::platform::Platform;
use crate::platform::error::Result;

/// Commits are looked at together, at most so often.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(250);
/// The pause after the box's file could not be read.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Starts the task.
pub fn start(platform: &Arc<Platform>) {
    let tasks = platform.tasks.clone();
    let platform = Arc::clone(platform);
    tasks.start("notices", |mut stop| async move {
        let mut commits = platform.system_commits.clone();
        commits.mark_changed();
        while !stop.is_requested() {
            tokio::select! {
                () = stop.requested() => break,
                changed = commits.changed() => if changed.is_err() { break },
            }
            let pause = match run_due(&platform).await {
                Ok(()) => LOOK_AT_MOST_EVERY,
                Err(error) => {
                    error!("Notices could not be looked at: {error}");
                    commits.mark_changed();
                    PAUSE_AFTER_FAILURE
                }
            };
            tokio::select! {
                () = stop.requested() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
    });
}

/// Does what there is to do now. Tests call it when their clock says so.
pub async fn run_due(platform: &Arc<Platform>) -> Result<()> {
    while ops::tell_windows(platform).await? > 0 {}
    Ok(())
}

//! The task of notices: it tells open windows what is new, makes the daily summaries and begins
//! to send what is due.

use std::sync::Arc;
use std::time::Duration;

use tracing::error;

use super::outbox::runner as outbox;
use super::{digest, ops};
use crate::platform::Platform;
use crate::platform::error::Result;

/// Commits are looked at together, at most so often.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(250);
/// The longest time without a look at the clock, which may jump.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// The pause after the box's file could not be read.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Starts the task.
pub fn start(platform: &Arc<Platform>) {
    let tasks = platform.tasks.clone();
    let platform = Arc::clone(platform);
    tasks.start("notices", |mut stop| async move {
        let mut commits = platform.system_commits.clone();
        let mut next = Duration::ZERO;
        while !stop.is_requested() {
            tokio::select! {
                () = stop.requested() => break,
                () = platform.sending.nudged() => {}
                () = tokio::time::sleep(next) => {}
                changed = commits.changed() => if changed.is_err() { break },
            }
            let mut pause = LOOK_AT_MOST_EVERY;
            next = round(&platform).await.unwrap_or_else(|error| {
                error!("Notices could not be looked at: {error}");
                pause = PAUSE_AFTER_FAILURE;
                Duration::ZERO
            });
            tokio::select! {
                () = stop.requested() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
    });
}

async fn round(platform: &Arc<Platform>) -> Result<Duration> {
    while ops::tell_windows(platform).await? > 0 {}
    digest::queue_due(platform).await?;
    let next = outbox::begin(platform).await?;
    let now = platform.clock.now();
    Ok(next.map_or(LOOK_EVERY, |next| next.since(now).min(LOOK_EVERY)))
}

/// Does all there is to do now, one thing after the other, and gives how many attempts to send
/// were made. Tests call it when their clock says so.
pub async fn run_due(platform: &Arc<Platform>) -> Result<usize> {
    while ops::tell_windows(platform).await? > 0 {}
    digest::queue_due(platform).await?;
    outbox::run_due(platform).await
}

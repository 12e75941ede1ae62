//! Kinds of jobs that only tests have.

use std::time::Duration;

use holdfast::platform::audit::Entry;
use holdfast::platform::error::{Error, Result};
use holdfast::platform::jobs::{JobSpec, Per, Work};
use serde_json::{Value, json};

const PLAIN: JobSpec = JobSpec {
    kind: "test.plain",
    title: "Plain",
    per: Per::Workspace,
    schedule: None,
    can_be_asked: true,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: false,
    attempts_max: 3,
    time_max: Duration::from_mins(1),
    run: |work| Box::pin(count(work)),
};

/// Notes in the workspace's log that it was done, once.
pub(crate) const COUNTS: JobSpec = JobSpec { kind: "test.counts", ..PLAIN };

/// Like `COUNTS`, but it never comes back to tell.
pub(crate) const COUNTS_AND_HANGS: JobSpec =
    JobSpec { kind: "test.hangs", run: |work| Box::pin(count_and_hang(work)), ..PLAIN };

/// Begins and does nothing, as a process that is killed early.
pub(crate) const HANGS: JobSpec =
    JobSpec { kind: "test.begins", run: |_| Box::pin(std::future::pending()), ..PLAIN };

/// Does two steps, of which the second waits for a cancelled or stopped box.
pub(crate) const STEPS: JobSpec =
    JobSpec { kind: "test.steps", run: |work| Box::pin(step_by_step(work)), ..PLAIN };

pub(crate) const BUSY: JobSpec = JobSpec {
    kind: "test.busy",
    run: |_| Box::pin(async { Err(Error::Busy { retry_after_s: 1 }) }),
    ..PLAIN
};

pub(crate) const PANICS: JobSpec = JobSpec {
    kind: "test.panics",
    run: |_| Box::pin(async { panic!("a secret of the program") }),
    attempts_max: 1,
    ..PLAIN
};

/// Takes longer than it may.
pub(crate) const SLOW: JobSpec = JobSpec {
    kind: "test.slow",
    run: |_| Box::pin(std::future::pending()),
    attempts_max: 1,
    time_max: Duration::ZERO,
    ..PLAIN
};

pub(crate) const TALKATIVE: JobSpec = JobSpec {
    kind: "test.talkative",
    run: |_| Box::pin(async { Ok(json!({ "text": "x".repeat(20_000) })) }),
    attempts_max: 1,
    ..PLAIN
};

/// Needs a permission of whoever asked.
pub(crate) const FOR_MANAGERS: JobSpec = JobSpec {
    kind: "test.managers",
    permission: Some("inventory.export"),
    run: |work| Box::pin(count(work)),
    ..PLAIN
};

pub(crate) const OF_THE_BOX: JobSpec = JobSpec {
    kind: "test.box",
    per: Per::Box,
    run: |work| {
        Box::pin(async move {
            let entry = || Entry::about("test.counted", "test");
            let count = move |scope: &holdfast::platform::ctx::BoxScope<'_>| {
                scope.audit(entry())?;
                Ok(json!({ "is": "done" }))
            };
            work.step_on_box("effect", count).await
        })
    },
    ..PLAIN
};

async fn count(work: Work) -> Result<Value> {
    let counted = work.effect(|scope| {
        scope.audit(Entry::about("test.counted", "test"))?;
        Ok(json!({ "counted": 1 }))
    });
    counted.await
}

async fn count_and_hang(work: Work) -> Result<Value> {
    count(work).await?;
    std::future::pending().await
}

async fn step_by_step(work: Work) -> Result<Value> {
    let first = work.step("first", |scope| {
        scope.audit(Entry::about("test.first", "test"))?;
        Ok(Value::Null)
    });
    first.await?;
    work.progress(1, 2);
    loop {
        work.check()?;
        tokio::task::yield_now().await;
    }
}

//! Gathering what the score is made of.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::rules::{Facts, Score, score};
use super::uptime::Uptime;
use crate::platform::backups::standing::ops::standing_in;
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::monitoring::host;
use crate::platform::monitoring::ops::{Readiness, readiness};
use crate::platform::monitoring::state::Requests;
use crate::platform::{Platform, jobs, tasks};

/// How far back the speed of answers counts.
const SPEED_OVER: Duration = Duration::from_mins(5);
/// The same for faults.
const FAULTS_OVER: Duration = Duration::from_hours(1);
/// One a minute, for the longest of them.
const SAMPLES_MAX: usize = 64;

/// What is remembered between looks.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    /// None before the first look.
    uptime: Option<Uptime>,
    /// Requests so far, from the oldest look on.
    samples: VecDeque<(Moment, Requests)>,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    /// What came since a time; all there was in a process that is younger.
    fn since(&self, from: Moment, now: Requests) -> Requests {
        let sample = self.samples.iter().rev().find(|(at, _)| *at <= from);
        let before = sample.map(|(_, requests)| *requests).unwrap_or_default();
        Requests {
            times: now.times.since(&before.times),
            faults: now.faults.saturating_sub(before.faults),
        }
    }
}

/// Remembers how it stands; once a minute.
pub async fn look(ctx: &BoxCtx) -> Result<()> {
    let is_ready = readiness(ctx).await == Readiness::Ready;
    let (now, platform) = (ctx.now(), Arc::clone(&ctx.platform));
    tasks::blocking(move || {
        let data = platform.config.data();
        let mut memory = platform.watching.score.lock();
        let mut uptime = memory.uptime.take().unwrap_or_else(|| Uptime::load(data));
        uptime.look(now, is_ready);
        let kept = uptime.clone();
        memory.uptime = Some(uptime);
        memory.samples.push_back((now, platform.watching.traffic.counted()));
        if memory.samples.len() > SAMPLES_MAX {
            memory.samples.pop_front();
        }
        drop(memory);
        kept.save(data);
        Ok(())
    })
    .await
}

/// The score now.
pub async fn current(ctx: &BoxCtx) -> Result<Score> {
    let now = ctx.now();
    let platform = Arc::clone(&ctx.platform);
    let kept = ctx.read(move |scope| {
        Ok((jobs::ops::failing_in(scope, &platform.jobs)?, standing_in(scope)?))
    });
    // A box whose file cannot be read is graded by the rest.
    let (failing, backups) = kept.await.ok().unzip();
    let platform = Arc::clone(&ctx.platform);
    tasks::blocking(move || {
        let backup_age = backups.and_then(|backups| {
            let since = backups.ready_since?;
            Some(now.since(backups.last_verified_at.unwrap_or(since).max(since)))
        });
        let jobs_failed = failing.map(|failing| {
            let count = failing.iter().map(|(_, count)| count).sum::<i64>();
            u64::try_from(count).unwrap_or(0)
        });
        Ok(score(&Facts { backup_age, jobs_failed, ..measured(&platform, now) }))
    })
    .await
}

fn measured(platform: &Platform, now: Moment) -> Facts {
    let requests = platform.watching.traffic.counted();
    let memory = platform.watching.score.lock();
    let lately = memory.since(now.minus(SPEED_OVER), requests);
    let hour = memory.since(now.minus(FAULTS_OVER), requests);
    let up_of_100_000 = memory.uptime.as_ref().and_then(|uptime| uptime.up_of_100_000(now));
    drop(memory);
    let queue = platform.system.waiting_commands().max(platform.workspaces.longest_queue());
    let disk = platform.room.of(platform.config.data()).ok();
    let used = |disk: crate::platform::room::Disk| {
        share(disk.size_bytes.saturating_sub(disk.free_bytes), disk.size_bytes)
    };
    Facts {
        up_of_100_000,
        faults_of_100_000: hour.faults.saturating_mul(100_000).checked_div(hour.times.total()),
        p95: lately.times.percentile(95),
        queue_percent: share(count(queue), count(platform.config.storage.queue_commands_max)),
        disk_percent: disk.and_then(used),
        memory_percent: host::memory().and_then(|one| share(one.used_bytes, one.limit_bytes)),
        backup_age: None,
        jobs_failed: None,
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// So many of a hundred.
fn share(part: u64, whole: u64) -> Option<u64> {
    part.saturating_mul(100).checked_div(whole)
}

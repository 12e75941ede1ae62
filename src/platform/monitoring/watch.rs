//! Looks at the health of the box by itself, and tells operators what is not well.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;
use tracing::warn;

use super::ops::health;
use super::rules::{Check, Status};
use super::score;
use crate::platform::Platform;
use crate::platform::backups::retention::rules::Reading;
use crate::platform::backups::{retention, standing};
use crate::platform::clock::Clock;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::error::Result;
use crate::platform::updates::ops::alarms::Alarms;
use crate::platform::{notices, security_review, updates};

const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Parts that were not well at the last look: what passes by itself is told to nobody.
#[derive(Debug, Default)]
pub struct Watch {
    unwell: BTreeSet<&'static str>,
    /// What the clock said then.
    clock: Option<Reading>,
    /// Since when it is compared with what goes on steadily.
    began: Option<Instant>,
    /// What the audit log has of the supervisor's.
    alarms: Alarms,
}

impl Watch {
    /// Looks once. Tells of every part that was not well the last time either, and gives how many
    /// those were that nobody had been told of for a day.
    pub async fn look(&mut self, platform: &Arc<Platform>) -> Result<usize> {
        let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
        if let Clock::System = platform.clock {
            let steady = self.began.get_or_insert_with(Instant::now).elapsed();
            let reading = Reading { wall: ctx.now(), steady };
            self.read_clock(&ctx, reading).await?;
        }
        standing::ops::remind_of_drill(&ctx).await?;
        security_review::ops::remind(&ctx).await?;
        score::look(&ctx).await?;
        updates::ops::checking::look_after(&ctx).await?;
        let checks = health(&ctx).await;
        let unwell: Vec<Check> =
            checks.into_iter().filter(|check| check.finding.status != Status::Ok).collect();
        let before = std::mem::take(&mut self.unwell);
        self.unwell = unwell.iter().map(|check| check.name).collect();
        let lasting = unwell.into_iter().filter(|check| before.contains(check.name));
        let mut told = 0;
        for Check { name, finding, .. } in lasting {
            let detail = finding.detail.unwrap_or_default();
            let written =
                ctx.write(move |scope| notices::ops::box_trouble_in(scope, name, &detail)).await;
            told += usize::from(written?);
        }
        // Last: a supervisor that does not answer keeps nobody from hearing the rest.
        self.alarms.look(&ctx).await?;
        Ok(told)
    }
}

impl Watch {
    /// Compares the clock with what it has to say by now, and tells of a jump.
    pub async fn read_clock(&mut self, ctx: &BoxCtx, reading: Reading) -> Result<()> {
        match self.clock.replace(reading).and_then(|before| reading.jump_since(before)) {
            Some(said) => {
                warn!("{said}");
                retention::ops::clock_jumped(ctx, said).await
            }
            None => Ok(()),
        }
    }
}

/// Keeps looking until the box stops.
pub fn keep_watching(platform: &Arc<Platform>) {
    let watched = Arc::clone(platform);
    let mut again = platform.tasks.again();
    platform.tasks.start("health-watch", move |mut stop| async move {
        let mut minute = tokio::time::interval(LOOK_EVERY);
        minute.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut watch = Watch::default();
        loop {
            tokio::select! {
                () = stop.requested() => return,
                () = again.requested() => {}
                _ = minute.tick() => {}
            }
            if let Err(error) = watch.look(&watched).await {
                warn!("Nobody could be told what is not well with the box: {error}");
            }
        }
    });
}

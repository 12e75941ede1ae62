//! Looking at backups as a whole.

use super::rules::{DRILLED_WITHIN, Standing};
use crate::platform::backups::bases;
use crate::platform::backups::bases::jobs::BACKUP;
use crate::platform::backups::bases::rules::Backup;
use crate::platform::backups::{kits, targets};
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::Result;
use crate::platform::jobs::{self, JobId};
use crate::platform::notices::{self, DRILL_DUE};
use crate::platform::workspaces::damage;

/// How it stands, when the next one is made, and which job makes one now.
pub struct Whole {
    pub standing: Standing,
    pub next_run_at: Option<Moment>,
    pub running: Option<JobId>,
}

pub async fn whole(ctx: &BoxCtx) -> Result<Whole> {
    let kind = ctx.platform.jobs.kind(BACKUP.kind);
    ctx.read(move |scope| {
        let now = scope.now();
        let kind = kind.filter(|kind| kind.is_on);
        let next_run_at = kind.and_then(|kind| kind.cron?.next(now));
        let running = jobs::ops::under_way_in(scope, BACKUP.kind)?;
        Ok(Whole { standing: standing_in(scope)?, next_run_at, running })
    })
    .await
}

/// Reminds operators once a month that somebody should open a backup with their kit.
pub(in crate::platform) async fn remind_of_drill(ctx: &BoxCtx) -> Result<()> {
    let is_due = ctx.read(|scope| Ok(standing_in(scope)?.is_drill_due(scope.now()))).await?;
    if !is_due {
        return Ok(());
    }
    notices::ops::remind(ctx, (&DRILL_DUE, "/box/backups"), DRILLED_WITHIN).await
}

/// How it stands, inside the caller's transaction.
pub(in crate::platform) fn standing_in(scope: &BoxScope<'_>) -> Result<Standing> {
    let kits = kits::ops::in_use_in(scope)?;
    let targets = targets::ops::list_in(scope)?;
    let [last_made_at, last_verified_at, last_drilled_at] = bases::ops::latest_in(scope)?;
    let kit_since = kits.iter().map(|kit| kit.created_at).min();
    let target_since = targets.iter().map(|target| target.created_at).min();
    Ok(Standing {
        kits: kits.len(),
        is_kit_confirmed: kits.iter().any(|kit| kit.confirmed_at.is_some()),
        targets: targets.len(),
        ready_since: kit_since.zip(target_since).map(|(kit, target)| kit.max(target)),
        last_made_at,
        last_verified_at,
        last_drilled_at,
        fence: bases::ops::fence_in(scope)?,
        newest: bases::ops::newest_in(scope)?,
        damaged: damage::ops::list_in(scope)?,
    })
}

/// Where the newest backup lies that was proved, with its targets: what somebody needs to bring
/// the box back elsewhere.
pub(in crate::platform) fn verified_places_in(scope: &BoxScope<'_>) -> Result<Vec<String>> {
    let there = bases::ops::there_in(scope)?;
    let verified = |backup: &Backup| backup.verified_at.is_some().then_some(backup.sequence?);
    let newest = there.iter().filter_map(|(backup, ..)| verified(backup)).max();
    let targets = targets::ops::list_in(scope)?;
    let mut places = Vec::new();
    for (backup, copy, _) in there.iter().filter(|(backup, ..)| verified(backup) == newest) {
        let target = targets.iter().find(|target| target.id == copy.target);
        if let (Some(target), Some(folder), Some(number)) = (target, &backup.folder, newest) {
            let (name, kind, place) = (&target.name, target.place.kind(), target.place.said());
            places.push(format!("number {number} at {name} ({kind}): {place}, in {folder}"));
        }
    }
    Ok(places)
}

//! Saying which backups go, and removing them.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::jobs::PRUNE;
use super::rules::{self, Kept, Retention, Why};
use super::store;
use crate::platform::audit::Entry;
use crate::platform::backups::archive::{COMMIT_FILE, pack_place};
use crate::platform::backups::bases::ops::KIND;
use crate::platform::backups::bases::rules::{Backup, Copy, box_folder};
use crate::platform::backups::bases::{self, leftovers, sending};
use crate::platform::backups::packs;
use crate::platform::backups::targets::{self, Fault, Remote, rules::Target};
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::jobs::ops::{UnderWay, Wanted, ask};
use crate::platform::jobs::{Job, Work};
use crate::platform::notices;
use crate::platform::workspaces::damage;

/// What notices about the clock are about.
const CLOCK: &str = "clock";

pub async fn settings(ctx: &BoxCtx) -> Result<Retention> {
    ctx.read(|scope| store::get(scope)).await
}

/// Decides how long backups are kept.
pub async fn change(ctx: &BoxCtx, retention: Retention) -> Result<Retention> {
    let retention = retention.check()?;
    ctx.write(move |scope| {
        store::put(scope, retention)?;
        let entry = Entry::about("box.backup.retention_changed", KIND);
        scope.audit(
            entry
                .set("daily", retention.daily.to_string())
                .set("weekly", retention.weekly.to_string())
                .set("monthly", retention.monthly.to_string())
                .set("yearly", retention.yearly.to_string())
                .set("verified_min", retention.verified_min.to_string()),
        )?;
        Ok(retention)
    })
    .await
}

/// What becomes of one backup.
pub struct Planned {
    pub backup: Backup,
    /// None: it goes.
    pub why: BTreeSet<Why>,
}

/// What becomes of all that lie somewhere, the newest first.
pub struct Plan {
    pub backups: Vec<Planned>,
    /// Why none of them goes now.
    pub paused: Option<String>,
}

pub async fn plan(ctx: &BoxCtx) -> Result<Plan> {
    ctx.read(plan_in).await
}

fn plan_in(scope: &BoxScope<'_>) -> Result<Plan> {
    let mut backups: Vec<Backup> = Vec::new();
    // Those of which a copy that was opened is still there.
    let mut proved = HashSet::new();
    for (backup, copy, _) in bases::ops::there_in(scope)? {
        if copy.verified_at.is_some() {
            proved.insert(backup.id);
        }
        if !backups.iter().any(|one| one.id == backup.id) {
            backups.push(backup);
        }
    }
    let kept = |backup: &Backup| {
        Some(Kept {
            id: backup.id,
            sequence: backup.sequence?,
            taken_at: backup.taken_at?,
            is_verified: proved.contains(&backup.id),
        })
    };
    let all: Vec<Kept> = backups.iter().filter_map(kept).collect();
    let damaged = damage::ops::list_in(scope)?.into_iter().next();
    let damaged = damaged.map(|one| format!("{} Until then no backup goes.", one.sentence()));
    let jump = store::jump(scope)?;
    let paused = damaged.or_else(|| rules::paused(&all, jump.as_ref(), scope.now()));
    let mut planned = Vec::new();
    for (kept, why) in rules::plan(&all, store::get(scope)?) {
        if let Some(at) = backups.iter().position(|one| one.id == kept.id) {
            planned.push(Planned { backup: backups.swap_remove(at), why });
        }
    }
    Ok(Plan { backups: planned, paused })
}

/// Has old backups removed after a new one, unless none may go now.
pub(in crate::platform::backups) async fn prune_after(ctx: &BoxCtx) -> Result<()> {
    if let Some(why) = plan(ctx).await?.paused {
        let detail = format!("{why} No backup is removed until a day has gone by in order.");
        return ctx
            .write(move |scope| {
                // Of a damaged workspace operators have heard.
                if damage::ops::list_in(scope)?.is_empty() {
                    notices::ops::box_trouble_in(scope, CLOCK, &detail)?;
                }
                Ok(())
            })
            .await;
    }
    ask_for_prune(ctx).await.map(drop)
}

/// Has what never became a backup removed after a try that gave none.
pub(in crate::platform::backups) async fn tidy_after(ctx: &BoxCtx) -> Result<()> {
    if ctx.read(leftovers::list_in).await?.is_empty() {
        return Ok(());
    }
    ask_for_prune(ctx).await.map(drop)
}

/// Notes that the clock of the box jumped: no backup goes for a day, and operators hear of it.
pub async fn clock_jumped(ctx: &BoxCtx, said: String) -> Result<()> {
    ctx.write(move |scope| {
        store::note_jump(scope, scope.now(), &said)?;
        scope.audit(Entry::about("box.clock.jumped", "box").set("detail", &said))?;
        let detail = format!("{said} No backup is removed until a day has gone by in order.");
        notices::ops::box_trouble_in(scope, CLOCK, &detail).map(drop)
    })
    .await
}

/// When the clock jumped last.
pub(in crate::platform) fn jumped_at_in(scope: &BoxScope<'_>) -> Result<Option<Moment>> {
    Ok(store::jump(scope)?.map(|(at, _)| at))
}

/// Asks for what the plan says.
pub async fn ask_for_prune(ctx: &BoxCtx) -> Result<Created<Job>> {
    let kind = PRUNE.kind;
    let wanted = Wanted { kind, workspace: None, subject: String::new(), input: Value::Null };
    ask(ctx, wanted, UnderWay::Join).await
}

/// Removes what the plan says and what never became a backup: the whole of the job. It asks again
/// before each backup, so what was decided meanwhile counts, and ends where one is being written:
/// that one will ask anew.
pub(super) async fn prune(work: &Work) -> Result<Value> {
    let ctx = work.on_box();
    let platform = Arc::clone(&ctx.platform);
    let _turn = sending::turn(work, &platform).await?;
    // The box that lives may need what lies there.
    if let Some(detail) = ctx.read(bases::ops::fence_in).await? {
        return Err(Error::conflict("backup-superseded", detail));
    }
    let mut kept_by_target = BTreeSet::new();
    let mut removed = tidy(work, &mut kept_by_target).await?;
    let (mut left, mut waits) = (BTreeSet::new(), false);
    'round: loop {
        work.check()?;
        let Plan { backups, paused } = plan(ctx).await?;
        if let Some(detail) = paused {
            return Err(Error::conflict("prune-paused", detail));
        }
        let next = backups
            .into_iter()
            .rev()
            .find(|one| one.why.is_empty() && !left.contains(&one.backup.id));
        let Some(Planned { backup, .. }) = next else { break };
        left.insert(backup.id);
        for (copy, target) in copies_of(work, &backup).await? {
            let remote = targets::ops::open(ctx, &target).await?;
            let name = copy.target_name.clone();
            let (id, at) = (backup.id, target.id);
            let give_up = move |scope: &BoxScope<'_>| {
                if sending::is_one_written_in(scope)? {
                    return Ok(None);
                }
                packs::ops::give_up_in(scope, id, at).map(Some)
            };
            let Some(unneeded) = ctx.write(give_up).await? else {
                waits = true;
                break 'round;
            };
            match remove(work, &remote, &backup, unneeded).await? {
                Ok(()) => {
                    ctx.write(move |scope| bases::ops::gone_in(scope, copy)).await?;
                    removed.push(format!("{} at {name}", backup.sequence.unwrap_or_default()));
                }
                Err(fault) => {
                    kept_by_target.insert(format!("{name}: {fault}"));
                }
            }
        }
    }
    // A step at a time, so that others write in between.
    while ctx.write(packs::ops::forget_in).await? {
        work.check()?;
    }
    Ok(json!({
        "removed": removed, "kept_by_target": kept_by_target, "waits_for_backup": waits,
    }))
}

/// Removes what was sent of copies that never became a backup, and says which. Without its
/// `COMMIT.json` nobody takes it for one.
async fn tidy(work: &Work, kept_by_target: &mut BTreeSet<String>) -> Result<Vec<String>> {
    let ctx = work.on_box();
    let left =
        |scope: &BoxScope<'_>| Ok((targets::ops::list_in(scope)?, leftovers::list_in(scope)?));
    let (known, left) = ctx.read(left).await?;
    let below = box_folder(ctx.platform.audit.box_id());
    let (mut removed, mut away) = (Vec::new(), HashSet::new());
    for (backup, copy) in left {
        work.check()?;
        let (Some(target), Some(folder)) =
            (known.iter().find(|target| target.id == copy.target), backup.folder.clone())
        else {
            continue;
        };
        if away.contains(&target.id) {
            continue;
        }
        let remote = targets::ops::open(ctx, target).await?;
        let commit = format!("{below}/{folder}/{COMMIT_FILE}");
        let listed = remote.list(&format!("{below}/{folder}")).await;
        let is_backup = listed.map(|files| files.iter().any(|file| file.name == commit));
        let outcome = match is_backup {
            Ok(true) => {
                ctx.write(move |scope| leftovers::kept_in(scope, &copy)).await?;
                continue;
            }
            Ok(false) => {
                let (id, at) = (backup.id, target.id);
                let own = move |scope: &BoxScope<'_>| {
                    if sending::is_one_written_in(scope)? {
                        return Ok(None);
                    }
                    packs::ops::give_up_own_in(scope, id, at, &folder).map(Some)
                };
                // That one will ask anew.
                let Some(own) = ctx.write(own).await? else { return Ok(removed) };
                remove(work, &remote, &backup, own).await?
            }
            Err(fault) => Err(fault),
        };
        match outcome {
            Ok(()) => {
                let (number, name) = (backup.sequence.unwrap_or_default(), &copy.target_name);
                removed.push(format!("{number} at {name}"));
                ctx.write(move |scope| leftovers::removed_in(scope, &copy)).await?;
            }
            Err(fault) => {
                away.insert(target.id);
                kept_by_target.insert(format!("{}: {fault}", copy.target_name));
            }
        }
    }
    Ok(removed)
}

async fn copies_of(work: &Work, backup: &Backup) -> Result<Vec<(Copy, Target)>> {
    let id = backup.id;
    work.on_box()
        .read(move |scope| {
            let known = targets::ops::list_in(scope)?;
            let there = bases::ops::there_in(scope)?.into_iter();
            let of_it = there.filter(|(backup, ..)| backup.id == id).filter_map(|(_, copy, _)| {
                let target = known.iter().find(|target| target.id == copy.target)?;
                Some((copy, target.clone()))
            });
            Ok(of_it.collect())
        })
        .await
}

/// Removes a copy, `COMMIT.json` first: what is left of it in between is no backup. A target that
/// lets nothing be removed keeps it whole.
async fn remove(
    work: &Work,
    remote: &Remote,
    backup: &Backup,
    packs: Vec<String>,
) -> Result<Result<(), Fault>> {
    let below = box_folder(work.on_box().platform.audit.box_id());
    let Some(folder) = &backup.folder else { return Ok(Ok(())) };
    let folder = format!("{below}/{folder}");
    if let Err(fault) = remote.delete(&format!("{folder}/{COMMIT_FILE}")).await {
        return Ok(Err(fault));
    }
    let files = match remote.list(&folder).await {
        Ok(files) => files,
        Err(fault) => return Ok(Err(fault)),
    };
    let packs = packs.iter().map(|pack| pack_place(&folder, pack));
    for name in files.into_iter().map(|file| file.name).chain(packs) {
        work.check()?;
        if let Err(fault) = remote.delete(&name).await {
            return Ok(Err(fault));
        }
    }
    Ok(Ok(()))
}

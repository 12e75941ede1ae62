//! Preparing an update: fetched, installed, backed up, rehearsed with both releases. Nothing of the
//! box changes by it.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};

use super::believed::{self, ask};
use super::feeding::{self, Look, Trouble};
use super::planning::{begins_at, described, end_in, enter_in, entry, link};
use super::switching::{of_job, standing};
use super::telling;
use crate::platform::backups::bases::ops as bases;
use crate::platform::backups::bases::rules::{BackupId, Level, Reason as Why, level};
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::jobs::ops::{View, get};
use crate::platform::jobs::rules::State as JobState;
use crate::platform::jobs::{JobId, Work};
use crate::platform::updates::jobs::Given;
use crate::platform::updates::metadata::{Feed, Staleness, Target};
use crate::platform::updates::rehearsal::copying::{Copied, copy, drop_copy};
use crate::platform::updates::rehearsal::preflight;
use crate::platform::updates::rehearsal::report::{Checked, Failed, Report};
use crate::platform::updates::rehearsal::rules::{Judgement, judge};
use crate::platform::updates::release::Release;
use crate::platform::updates::report::{UpdateCheck, UpdatePlan, UpdateRehearsal};
use crate::platform::updates::rules::{Outcome, Update};
use crate::platform::updates::store;
use crate::platform::updates::supervisor::protocol::{Step, Wish};
use crate::platform::updates::worker::points::point;

/// How often a backup is asked how far it is.
const ASKED_EVERY: Duration = Duration::from_millis(500);
/// A backup that is not proved by then is given up.
const PROVED_WITHIN: Duration = Duration::from_hours(2);

pub(in crate::platform::updates) async fn prepare(work: &Work) -> Result<Value> {
    let (ctx, update) = (work.on_box(), of_job(work).await?);
    if update.outcome.is_some() || update.plan.is_some() {
        return Ok(described(&update));
    }
    let folder = feeding::folder(&ctx.platform).join(update.id.to_string());
    // A process that was ended in the middle of it left its copy behind.
    drop_copy(&folder).await?;
    let came = steps(work, &update, &folder).await;
    drop_copy(&folder).await?;
    match came {
        Ok((signers, backup, plan)) => planned(ctx, update, signers, backup, plan).await,
        // The next process begins anew.
        Err(_) if ctx.platform.tasks.is_stopping() => work.check().map(|()| Value::Null),
        Err(trouble) => {
            let (reason, error) = trouble.told();
            ctx.write(move |scope: &BoxScope<'_>| {
                let ended = end_in(scope, update, Outcome::Failed, Some(reason))?;
                telling::ended_in(scope, &ended)
            })
            .await?;
            Err(error)
        }
    }
}

type Prepared = (Vec<String>, BackupId, UpdatePlan);

async fn steps(work: &Work, update: &Update, folder: &Path) -> Result<Prepared, Trouble> {
    let (ctx, given): (_, Given) = (work.on_box(), work.input()?);
    let staleness = if given.accept_stale { Staleness::Accepted } else { Staleness::Refused };
    enter(work, update, "fetching").await?;
    let feed =
        if given.is_bundled { feeding::of_bundle(ctx) } else { feeding::of_config(ctx).await? };
    let look = feeding::look(ctx, &feed, staleness).await?;
    let (target, release) = wanted(&look, update)?;
    point("feed-believed");
    let state = standing(link(ctx)?).await?.state;
    let backup = back_up(work, update).await?;
    point("backup-proved");
    preflight::check(ctx, target.size_bytes, &state).await?;
    enter(work, update, "fetching").await?;
    hand_over(work, update, &given, (&feed, &look, &target, &release)).await?;
    enter(work, update, "copying").await?;
    let copied = copy(ctx, folder, |done, total| {
        point("copying");
        work.progress(done, total);
        work.check()
    });
    let copied = copied.await?;
    point("copied");
    let found = rehearse(work, update, folder, &copied).await?;
    let facts = (&release, look.fresh.signers(), backup);
    Ok((look.fresh.signers().to_vec(), backup, plan(ctx, update, facts, found)))
}

fn wanted(look: &Look, update: &Update) -> Result<(Target, Release), Trouble> {
    let next = look.next.clone().filter(|(_, release)| release.seq == update.to.seq);
    next.ok_or_else(|| {
        let detail = "The release is not offered to this box any more. Look for updates again.";
        Trouble::Known("update-none", detail.to_owned())
    })
}

async fn enter(work: &Work, update: &Update, state: &'static str) -> Result<()> {
    work.check()?;
    let id = update.id;
    work.on_box().write(move |scope| enter_in(scope, id, state)).await
}

/// Makes a backup and waits until it is proved.
async fn back_up(work: &Work, update: &Update) -> Result<BackupId, Trouble> {
    enter(work, update, "backing-up").await?;
    let ctx = work.on_box();
    let job = bases::make_before(ctx, Why::Migration).await?.value.id;
    let aside = work.stand_aside();
    let mut turn = interval(ASKED_EVERY);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let begun = ctx.now();
    let backup = loop {
        turn.tick().await;
        work.check()?;
        if let Some(backup) = proved(work, job).await? {
            break backup;
        }
        if ctx.now().since(begun) > PROVED_WITHIN {
            return Err(unproved("It was not proved within two hours."));
        }
    };
    drop(aside);
    Ok(backup)
}

/// So many of the newest backups are looked through.
const LOOKED_THROUGH: usize = 20;

/// The backup of a job once it was fetched back and found whole; none while that goes on.
async fn proved(work: &Work, job: JobId) -> Result<Option<BackupId>, Trouble> {
    let ctx = work.on_box();
    let making = get(ctx, View::Box, job).await?;
    if matches!(making.state, JobState::Failed | JobState::Cancelled) {
        let why = making.fault.map_or_else(|| "It was cancelled.".to_owned(), |it| it.detail);
        return Err(unproved(&why));
    }
    if let Some(progress) = making.progress {
        work.progress(progress.done, progress.total);
    }
    let made = bases::list(ctx, None, LOOKED_THROUGH).await?;
    let made = made.into_iter().find(|one| one.backup.job == job);
    let made = made.filter(|one| level(&one.backup, &one.copies) >= Some(Level::Verified));
    Ok(made.map(|one| one.backup.id))
}

fn unproved(why: &str) -> Trouble {
    let detail = format!("The backup before the update did not come about. {why}");
    Trouble::Known("update-backup-failed", detail)
}

/// Lays the metadata and the release where the supervisor looks for them, and has them installed.
async fn hand_over(
    work: &Work,
    update: &Update,
    given: &Given,
    (feed, look, target, release): (&Feed, &Look, &Target, &Release),
) -> Result<(), Trouble> {
    let ctx = work.on_box();
    let incoming = link(ctx)?.incoming.acquire().await.map_err(Error::internal)?;
    let folder = believed::lay(ctx, look).await?;
    point("metadata-laid");
    feeding::fetch(work, feed, look, target, &folder).await?;
    point("release-fetched");
    enter(work, update, "installing").await?;
    let wish = Wish::Take { seq: Some(release.seq), accept_stale: given.accept_stale };
    ask(ctx, wish).await?;
    drop(incoming);
    point("handed-over");
    Ok(believed::note_left_out(ctx, look).await?)
}

/// What both releases found on the copy.
struct Found {
    judged: Judgement,
    shown: UpdateRehearsal,
}

async fn rehearse(
    work: &Work,
    update: &Update,
    folder: &Path,
    copied: &Copied,
) -> Result<Found, Trouble> {
    let ctx = work.on_box();
    let run = async |state: &'static str, seq: u64| -> Result<Report, Trouble> {
        enter(work, update, state).await?;
        let step = Step::Rehearse { folder: folder.to_owned() };
        let said = ask(ctx, Wish::Run { seq, step }).await?;
        Ok(serde_json::from_value(said).map_err(Error::internal)?)
    };
    let new = run("rehearsing", update.to.seq).await?;
    let measured = (copied.bytes, copied.took_ms);
    point("rehearsed");
    judge(&new, None, measured)?;
    let old = run("rehearsing-back", link(ctx)?.seq).await?;
    point("rehearsed-back");
    let judged = judge(&new, Some(&old), measured)?;
    Ok(Found { judged, shown: shown(&new, &old, copied) })
}

fn shown(new: &Report, old: &Report, copied: &Copied) -> UpdateRehearsal {
    let checks = |report: &Report| report.checks.iter().map(check).collect();
    let failed = new.failed.iter().chain(&old.failed).map(failure).collect();
    let left = |name: &String| UpdateCheck {
        name: name.clone(),
        is_ok: false,
        detail: Some("Its file is damaged.".to_owned()),
    };
    UpdateRehearsal {
        took_ms: copied.took_ms + new.took_ms + old.took_ms,
        files: new.files,
        rows: new.tables.iter().map(|one| one.after.unwrap_or_default()).sum(),
        migrations: u64::try_from(new.applied.len()).unwrap_or(u64::MAX),
        with_new: checks(new),
        with_old: checks(old),
        failed,
        skipped: copied.skipped.iter().map(left).collect(),
    }
}

fn check(one: &Checked) -> UpdateCheck {
    UpdateCheck { name: one.title.clone(), is_ok: one.failed == 0, detail: one.detail.clone() }
}

fn failure(one: &Failed) -> UpdateCheck {
    let name = one.name.clone().or_else(|| one.workspace.clone());
    let name = name.unwrap_or_else(|| one.file.clone());
    UpdateCheck { name, is_ok: false, detail: Some(one.what.clone()) }
}

fn plan(
    ctx: &BoxCtx,
    update: &Update,
    (release, signers, backup): (&Release, &[String], BackupId),
    found: Found,
) -> UpdatePlan {
    let Found { judged, shown } = found;
    UpdatePlan {
        id: update.id.to_string(),
        kind: update.kind.name().to_owned(),
        from: (&update.from).into(),
        to: (&update.to).into(),
        channel: update.channel.clone(),
        severity: update.severity.name().to_owned(),
        released_at: Some(release.released_at.clone()),
        notes: String::new(),
        signers: signers.to_vec(),
        rehearsal: Some(shown),
        rollback: judged.way_back.name().to_owned(),
        rollback_reasons: judged.reasons,
        migrates: judged.migrates,
        predicted_hold_ms: judged.hold_ms,
        migration_ms_max: judged.migration_ms_max,
        probation_s: ctx.platform.config.updates.probation_seconds,
        rows_lost: 0,
        audit_entries_lost: 0,
        backup_id: Some(backup.to_string()),
        planned_at: ctx.now().to_string(),
        digest: String::new(),
        expires_at: String::new(),
    }
}

async fn planned(
    ctx: &BoxCtx,
    update: Update,
    signers: Vec<String>,
    backup: BackupId,
    plan: UpdatePlan,
) -> Result<Value> {
    let (said, platform) = (described(&update), std::sync::Arc::clone(&ctx.platform));
    ctx.write(move |scope: &BoxScope<'_>| {
        let offer = store::feed(scope)?.and_then(|feed| feed.offer);
        let notes = offer.filter(|one| one.to.seq == update.to.seq).map(|one| one.notes);
        let plan = UpdatePlan { notes: notes.unwrap_or_default(), ..plan };
        let hold_ms = plan.predicted_hold_ms;
        let update = Update {
            signers,
            backup: Some(backup),
            plan: Some(serde_json::to_string(&plan).map_err(Error::internal)?),
            planned_at: Some(scope.now()),
            salt: Some(scope.random().bytes()),
            ..update
        };
        store::save(scope, &update)?;
        enter_in(scope, update.id, "ready")?;
        scope.audit(entry("update.planned", &update).set("rollback", plan.rollback))?;
        let begins_at = begins_at(&platform.config, &update, scope.now());
        telling::planned_in(scope, &update, (begins_at, hold_ms))
    })
    .await?;
    point("planned");
    Ok(said)
}

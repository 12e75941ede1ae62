//! Going back: from a release that is kept to the one before, or from one that is still watched.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::check_channel_in;
use super::planning::{
    begin_in, confirm_in, entry, link, make_room_in, new, running, shown, switch_in, told,
};
use super::switching::standing;
use super::who;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::jobs::ops::{find_in, under_way_in};
use crate::platform::jobs::{Job, JobId};
use crate::platform::tasks;
use crate::platform::updates::digest;
use crate::platform::updates::jobs::SWITCH;
use crate::platform::updates::rehearsal::restoring::losses;
use crate::platform::updates::rehearsal::rules::WayBack;
use crate::platform::updates::release::Severity;
use crate::platform::updates::report::{UpdatePlan, UpdateVersion};
use crate::platform::updates::rules::{self, Kind, Update, UpdateId, Version};
use crate::platform::updates::store;
use crate::platform::updates::supervisor::boot::{Installed, Kind as Switched};
use crate::platform::updates::supervisor::ledger::{SNAPSHOT, UPDATES};
use crate::platform::updates::supervisor::protocol::Wish;
use crate::platform::updates::supervisor::standing::Standing;

/// How long requests wait while one worker hands over to another that changes no file.
const HAND_OVER_MS: u64 = 400;
/// How long a release is watched at most that the box went back to: it ran here.
const WATCHED_S: u64 = 60;

/// What going back would do, with a digest for whoever looks at it now.
///
/// # Errors
/// `update-unsupervised`, `update-no-way-back`, `update-under-way` and
/// `update-channel-not-allowed`.
pub async fn plan_rollback(ctx: &BoxCtx) -> Result<UpdatePlan> {
    let Back { plan, salt, watched } = back(ctx).await?;
    let channel = ctx.platform.config.updates.channel.name();
    let rows_lost = match &watched {
        Some((id, WayBack::NeedsRestore)) => rows_lost(ctx, *id).await?,
        _ => 0,
    };
    ctx.read(move |scope| {
        check_channel_in(scope, channel)?;
        let text = serde_json::to_string(&plan).map_err(Error::internal)?;
        let plan = shown(&text, digest::issue(&salt, &text, scope.now()), scope.now())?;
        Ok(UpdatePlan { rows_lost, ..plan })
    })
    .await
}

/// Rows that going back would set aside, as of now. People go on writing, so that no digest has it.
async fn rows_lost(ctx: &BoxCtx, update: UpdateId) -> Result<u64> {
    let (data, snapshot) = (ctx.platform.config.data().to_owned(), snapshot_of(ctx, update));
    let lost = tasks::blocking(move || losses(&data, &snapshot)).await?;
    Ok(lost.iter().map(|one| one.now.saturating_sub(one.then)).sum())
}

/// Goes back as the plan with this digest says. An update that is still watched is taken back: it
/// ends by that, and its job is answered.
///
/// # Errors
/// What `plan_rollback` says, `update-plan-other` and `update-plan-old`.
pub async fn roll_back(ctx: &BoxCtx, given: String) -> Result<Created<Job>> {
    let Back { plan, salt, watched } = back(ctx).await?;
    let channel = ctx.platform.config.updates.channel.name();
    let platform = Arc::clone(&ctx.platform);
    let load = |scope: &BoxScope<'_>, id: JobId| find_in(scope, id);
    let asked = ctx.create(load, move |scope| {
        check_channel_in(scope, channel)?;
        let text = serde_json::to_string(&plan).map_err(Error::internal)?;
        if let Some((id, _)) = watched {
            digest::check(&given, &salt, &text, scope.now())?;
            let job = take_back_in(scope, id)?;
            return Ok((job.id, job));
        }
        make_room_in(scope)?;
        digest::check(&given, &salt, &text, scope.now())?;
        let version = |one: UpdateVersion| Version { seq: one.seq, version: one.version };
        let ends = (version(plan.from), version(plan.to));
        let update = new(scope, Kind::Rollback, ends, channel);
        begin_in(scope, &update, entry("update.requested", &update))?;
        let update = Update { plan: Some(text), planned_at: Some(scope.now()), ..update };
        let update = confirm_in(scope, update, given)?;
        let job = switch_in(scope, &platform, &update)?;
        Ok((job.id, job))
    });
    let asked = told(ctx, asked.await?);
    if let Some((id, _)) = watched.filter(|_| !asked.is_replay) {
        give_up(ctx, id).await?;
    }
    Ok(asked)
}

/// Notes who takes an update back; its job ends with it.
fn take_back_in(scope: &BoxScope<'_>, id: UpdateId) -> Result<Job> {
    let open = store::under_way(scope)?.filter(|one| one.id == id && one.taken_back.is_none());
    let open = open.ok_or_else(rules::under_way)?;
    let update = Update { taken_back: Some(who(scope.cause())), ..open };
    store::save(scope, &update)?;
    scope.audit(entry("update.taken_back", &update))?;
    let job = under_way_in(scope, SWITCH.kind)?.ok_or_else(rules::under_way)?;
    find_in(scope, job)
}

/// Has the supervisor leave the release that it watches. It goes by the update's own name, so
/// that the history has one of it.
async fn give_up(ctx: &BoxCtx, id: UpdateId) -> Result<()> {
    let wish = Wish::Rollback { transaction: id.to_string(), probation_s: None };
    let Err(refused) = link(ctx)?.ask::<Value>(wish).await? else { return Ok(()) };
    ctx.write(move |scope| {
        let open = store::under_way(scope)?.filter(|one| one.id == id);
        open.map_or(Ok(()), |open| store::save(scope, &Update { taken_back: None, ..open }))
    })
    .await?;
    Err(Error::conflict("update-refused", format!("{} ({})", refused.detail, refused.code)))
}

/// What going back is.
struct Back {
    plan: UpdatePlan,
    /// What its digests are made with: it changes with each update.
    salt: Vec<u8>,
    /// The update that is taken back, and how; none: the release of before is kept already.
    watched: Option<(UpdateId, WayBack)>,
}

async fn back(ctx: &BoxCtx) -> Result<Back> {
    let standing = standing(link(ctx)?).await?;
    let open = ctx.read(|scope| store::under_way(scope)).await?;
    let watched = watched(&standing, open)?;
    let (to, way_back) = if let Some(watched) = &watched {
        (watched.before.clone(), watched.way_back)
    } else {
        let kept = standing.fallback.ok_or_else(|| {
            let detail = "No earlier release is kept that the box could go back to.";
            Error::conflict("update-no-way-back", detail)
        })?;
        (kept, WayBack::ProvenWithoutRestore)
    };
    let last = ctx.read(|scope| Ok(store::list(scope, None, 1)?.into_iter().next())).await?;
    let id = last.map_or_else(String::new, |one| one.id.to_string());
    let salt = [id.as_bytes(), to.sha256.as_bytes()].concat();
    let watched_s = WATCHED_S.min(ctx.platform.config.updates.probation_seconds);
    let probation_s = if watched.is_some() { 0 } else { watched_s };
    if let (Some(one), WayBack::NeedsRestore) = (&watched, way_back) {
        check_snapshot(ctx, one.id)?;
    }
    let hold_ms = watched.as_ref().map_or(HAND_OVER_MS, |one| one.hold_ms);
    let watched = watched.map(|one| (one.id, way_back));
    let plan = UpdatePlan { predicted_hold_ms: hold_ms, probation_s, ..plan(ctx, to, way_back) };
    Ok(Back { plan, salt, watched })
}

/// Whoever is erased is taken out of the data of before as well: all of it goes.
fn check_snapshot(ctx: &BoxCtx, update: UpdateId) -> Result<()> {
    if snapshot_of(ctx, update).is_dir() {
        return Ok(());
    }
    let detail = "The data of before the update was erased, and the release before cannot run on \
                  the data as it is now.";
    Err(Error::conflict("update-no-way-back", detail))
}

fn snapshot_of(ctx: &BoxCtx, update: UpdateId) -> PathBuf {
    ctx.platform.config.data().join(UPDATES).join(update.to_string()).join(SNAPSHOT)
}

/// An update whose release is still watched.
struct Watched {
    id: UpdateId,
    /// The release before it.
    before: Installed,
    way_back: WayBack,
    /// How long requests are expected to wait, milliseconds: what is copied back is as much as was
    /// copied for the update.
    hold_ms: u64,
}

/// The update whose release is still watched. Any other that goes on has to end first.
fn watched(standing: &Standing, open: Option<Update>) -> Result<Option<Watched>> {
    let Some(under_way) = &standing.under_way else { return Ok(None) };
    let is_watched = under_way.kind == Switched::Update && under_way.probation_ends_at.is_some();
    let open = open.filter(|one| is_watched && one.id.to_string() == under_way.transaction);
    let open = open.ok_or_else(rules::under_way)?;
    let plan = open.plan.as_deref().unwrap_or_default();
    let plan: UpdatePlan = serde_json::from_str(plan).map_err(Error::internal)?;
    let way_back = WayBack::named(&plan.rollback, plan.migrates);
    let hold_ms = match way_back {
        WayBack::ProvenWithoutRestore => HAND_OVER_MS,
        WayBack::NeedsRestore => HAND_OVER_MS.max(plan.predicted_hold_ms),
    };
    Ok(Some(Watched { id: open.id, before: under_way.from.clone(), way_back, hold_ms }))
}

/// What going back does, but for how long it is felt.
fn plan(ctx: &BoxCtx, to: Installed, way_back: WayBack) -> UpdatePlan {
    let reason = match way_back {
        WayBack::ProvenWithoutRestore => "The data stays as it is; that release ran on it.",
        WayBack::NeedsRestore => {
            "That release cannot run on the data as it is now. The data of before the update is \
             brought back, and what was written since is set aside."
        }
    };
    UpdatePlan {
        id: String::new(),
        kind: Kind::Rollback.name().to_owned(),
        from: (&running(ctx)).into(),
        to: UpdateVersion { seq: to.seq, version: to.version },
        channel: ctx.platform.config.updates.channel.name().to_owned(),
        severity: Severity::Normal.name().to_owned(),
        released_at: None,
        notes: String::new(),
        signers: Vec::new(),
        rehearsal: None,
        rollback: way_back.name().to_owned(),
        rollback_reasons: vec![reason.to_owned()],
        migrates: way_back == WayBack::NeedsRestore,
        predicted_hold_ms: 0,
        migration_ms_max: 0,
        probation_s: 0,
        rows_lost: 0,
        audit_entries_lost: 0,
        backup_id: None,
        planned_at: String::new(),
        digest: String::new(),
        expires_at: String::new(),
    }
}

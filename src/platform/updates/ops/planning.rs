//! Wishing for an update, looking at its plan, confirming it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::believed::{gone_in, review_plan};
use super::switching::standing;
use super::{KIND, check_channel_in, who};
use crate::config::Config;
use crate::platform::Platform;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::jobs::ops::{UnderWay, Wanted, ask_in, find_in};
use crate::platform::jobs::{Job, JobId, JobSpec};
use crate::platform::monitoring::ops::VERSION;
use crate::platform::updates::digest;
use crate::platform::updates::jobs::{Given, PREPARE, SWITCH};
use crate::platform::updates::link::Link;
use crate::platform::updates::release::Severity;
use crate::platform::updates::report::UpdatePlan;
use crate::platform::updates::rules::{
    self, By, Candidate, DIGEST_HOLDS, KEPT_MAX, Kind, Outcome, PLAN_HOLDS, Reason, Stage, Update,
    UpdateId, Version, is_automatic, is_open, is_over,
};
use crate::platform::updates::store;

/// People are told so long before an update begins by itself.
pub const TOLD_BEFORE: Duration = Duration::from_mins(15);
const MINUTE: Duration = Duration::from_mins(1);

/// The way to the supervisor.
///
/// # Errors
/// `update-unsupervised` where the box runs alone.
pub(in crate::platform::updates) fn link(ctx: &BoxCtx) -> Result<&Arc<Link>> {
    ctx.platform.updates.as_ref().ok_or_else(rules::unsupervised)
}

/// What has to be there before any release can be believed.
///
/// # Errors
/// `update-unsupervised` and `update-no-root`.
pub(in crate::platform::updates) fn check_ready(ctx: &BoxCtx) -> Result<()> {
    link(ctx)?;
    if ctx.platform.config.updates.root.is_none() {
        let detail = "Set updates.root to the 1.root.json of whoever publishes the releases, and \
                      restart the box.";
        return Err(Error::conflict("update-no-root", detail));
    }
    Ok(())
}

/// Asks for the offered release to be fetched and rehearsed; its plan waits to be confirmed. A
/// plan that nobody confirmed makes room for it.
///
/// # Errors
/// What `check_ready` says, `update-needs-bundle`, `update-under-way`, `update-none`,
/// `update-quarantined` and `update-channel-not-allowed`.
pub async fn prepare(ctx: &BoxCtx, given: Given) -> Result<Created<Job>> {
    check_ready(ctx)?;
    if given.accept_stale && !given.is_bundled {
        let detail = "Metadata past its time is taken from a bundle alone, so with from_bundle.";
        return Err(Error::invalid("accept_stale", "update-needs-bundle", detail));
    }
    let from = running(ctx);
    let standing = standing(link(ctx)?).await?;
    let is_bad = move |seq: u64| standing.quarantine.iter().any(|one| one.seq == seq);
    // Without a feed only a bundle can have offered it.
    let is_bundled = given.is_bundled || ctx.platform.config.updates.feed.is_none();
    let given = Given { is_bundled, ..given };
    let channel = ctx.platform.config.updates.channel.name();
    let platform = Arc::clone(&ctx.platform);
    let load = |scope: &BoxScope<'_>, id: JobId| find_in(scope, id);
    let asked = ctx.create(load, move |scope| {
        check_channel_in(scope, channel)?;
        make_room_in(scope)?;
        let offer = store::feed(scope)?.and_then(|feed| feed.offer);
        let Some(offer) = offer.filter(|one| one.to.seq > from.seq) else {
            let detail = "The box has the newest release that it is offered.";
            return Err(Error::conflict("update-none", detail));
        };
        if is_bad(offer.to.seq) {
            return Err(rules::quarantined(&offer.to.version));
        }
        let update = Update {
            severity: offer.severity,
            ..new(scope, Kind::Update, (from, offer.to), channel)
        };
        let mut requested = entry("update.requested", &update);
        if given.accept_stale {
            requested = requested.set("accept_stale", "yes");
        }
        begin_in(scope, &update, requested)?;
        let job = ask_in(scope, &platform.jobs, &wanted(&PREPARE, update.id, &given)?, REFUSE)?;
        Ok((job.id, job))
    });
    Ok(told(ctx, asked.await?))
}

const REFUSE: UnderWay = UnderWay::Refuse;

pub(super) fn told(ctx: &BoxCtx, asked: Created<Job>) -> Created<Job> {
    ctx.platform.jobs.tell(&asked.value);
    ctx.platform.jobs.nudge();
    asked
}

fn wanted(spec: &JobSpec, id: UpdateId, given: &Given) -> Result<Wanted> {
    let given = Given { update: id.to_string(), ..given.clone() };
    let input = serde_json::to_value(given).map_err(Error::internal)?;
    Ok(Wanted { kind: spec.kind, workspace: None, subject: String::new(), input })
}

pub(super) fn new(
    scope: &BoxScope<'_>,
    kind: Kind,
    (from, to): (Version, Version),
    channel: &str,
) -> Update {
    Update {
        id: scope.new_id(),
        kind,
        requested: who(scope.cause()),
        requested_at: scope.now(),
        from,
        to,
        channel: channel.to_owned(),
        severity: Severity::Normal,
        signers: Vec::new(),
        plan: None,
        planned_at: None,
        salt: None,
        confirmed: None,
        confirmed_at: None,
        digest: None,
        backup: None,
        taken_back: None,
        outcome: None,
        reason: None,
        finished_at: None,
    }
}

/// Begins an update, with what the audit log says of the wish.
pub(super) fn begin_in(scope: &BoxScope<'_>, update: &Update, requested: Entry) -> Result<()> {
    store::insert(scope, update)?;
    store::forget_old(scope, KEPT_MAX)?;
    enter_in(scope, update.id, "requested")?;
    scope.audit(requested)?;
    Ok(())
}

/// An entry about an update.
pub(in crate::platform::updates) fn entry(action: &'static str, update: &Update) -> Entry {
    Entry::new(action, KIND, update.id)
        .set("kind", update.kind.name())
        .set("from", update.from.version.clone())
        .set("to", update.to.version.clone())
        .set("channel", update.channel.clone())
}

/// Notes that a part begins.
pub(in crate::platform::updates) fn enter_in(
    scope: &BoxScope<'_>,
    id: UpdateId,
    state: &str,
) -> Result<()> {
    store::enter(scope, id, &Stage { state: state.to_owned(), began_at: scope.now() })
}

/// Ends a plan that nobody confirmed; refuses while an update goes on.
pub(super) fn make_room_in(scope: &BoxScope<'_>) -> Result<()> {
    let Some(open) = store::under_way(scope)? else { return Ok(()) };
    if open.plan.is_none() || open.confirmed_at.is_some() {
        return Err(rules::under_way());
    }
    end_in(scope, open, Outcome::Discarded, None).map(drop)
}

/// Ends an update in the history.
pub(in crate::platform::updates) fn end_in(
    scope: &BoxScope<'_>,
    update: Update,
    outcome: Outcome,
    reason: Option<Reason>,
) -> Result<Update> {
    let finished_at = Some(scope.now());
    let update = Update { outcome: Some(outcome), reason, finished_at, ..update };
    store::save(scope, &update)?;
    scope.audit(ended(outcome, &update))?;
    Ok(update)
}

/// An entry about how an update ended, with the code of the reason where there is one.
pub(super) fn ended(outcome: Outcome, update: &Update) -> Entry {
    let action = match outcome {
        Outcome::Committed => "update.committed",
        Outcome::RolledBack => "update.rolled_back",
        Outcome::Failed => "update.failed",
        Outcome::Discarded => "update.discarded",
    };
    let entry = entry(action, update);
    match &update.reason {
        Some(reason) => entry.set("code", reason.code.clone()),
        None => entry,
    }
}

/// The plan that waits, with a digest for whoever looks at it now.
///
/// # Errors
/// `update-no-plan` where none waits.
pub async fn plan(ctx: &BoxCtx) -> Result<UpdatePlan> {
    ctx.read(|scope| {
        let (update, salt, plan) = waiting_in(scope)?;
        drop(update);
        shown(&plan, digest::issue(&salt, &plan, scope.now()), scope.now())
    })
    .await
}

pub(super) fn shown(plan: &str, digest: String, now: Moment) -> Result<UpdatePlan> {
    let plan: UpdatePlan = serde_json::from_str(plan).map_err(Error::internal)?;
    Ok(UpdatePlan { digest, expires_at: now.plus(DIGEST_HOLDS).to_string(), ..plan })
}

/// The update whose plan waits, its salt and its plan.
fn waiting_in(scope: &BoxScope<'_>) -> Result<(Update, [u8; 32], String)> {
    let none = || {
        let detail = "No plan waits to be confirmed. Ask for one: apply without a digest.";
        Error::conflict("update-no-plan", detail)
    };
    let open = store::under_way(scope)?.filter(|one| one.confirmed_at.is_none());
    let open = open.filter(|one| one.planned_at.is_some_and(|at| !is_over(at, scope.now())));
    let open = open.ok_or_else(none)?;
    let (salt, plan) = open.salt.zip(open.plan.clone()).ok_or_else(none)?;
    Ok((open, salt, plan))
}

/// Confirms the plan with this digest: from here on it is carried out.
///
/// # Errors
/// What `check_ready` says, `update-no-plan`, `update-offer-gone`, `update-plan-other`,
/// `update-plan-old` and `update-channel-not-allowed`.
pub async fn confirm(ctx: &BoxCtx, given: String) -> Result<Created<Job>> {
    check_ready(ctx)?;
    review_plan(ctx).await?;
    let platform = Arc::clone(&ctx.platform);
    let load = |scope: &BoxScope<'_>, id: JobId| find_in(scope, id);
    let asked = ctx.create(load, move |scope| {
        if store::under_way(scope)?.is_some_and(|one| one.confirmed_at.is_some()) {
            return Err(rules::under_way());
        }
        let (update, salt, plan) = match waiting_in(scope) {
            Ok(waiting) => waiting,
            Err(none) => return Err(gone_in(scope, &given)?.unwrap_or(none)),
        };
        check_channel_in(scope, &update.channel)?;
        digest::check(&given, &salt, &plan, scope.now())?;
        let update = confirm_in(scope, update, given)?;
        let job = switch_in(scope, &platform, &update)?;
        Ok((job.id, job))
    });
    Ok(told(ctx, asked.await?))
}

pub(super) fn switch_in(scope: &BoxScope<'_>, platform: &Platform, update: &Update) -> Result<Job> {
    let wanted = wanted(&SWITCH, update.id, &Given::default())?;
    ask_in(scope, &platform.jobs, &wanted, REFUSE)
}

pub(super) fn confirm_in(scope: &BoxScope<'_>, update: Update, digest: String) -> Result<Update> {
    let update = Update {
        confirmed: Some(who(scope.cause())),
        confirmed_at: Some(scope.now()),
        digest: Some(digest),
        ..update
    };
    store::save(scope, &update)?;
    enter_in(scope, update.id, "confirmed")?;
    let by = update.confirmed.map_or("", |who| who.by.name());
    scope.audit(entry("update.confirmed", &update).set("by", by))?;
    Ok(update)
}

/// Ends a plan that nobody confirmed in time.
pub(super) async fn end_overdue(ctx: &BoxCtx) -> Result<()> {
    // Most looks find nothing, and a commit would make all remembered sessions stale.
    let overdue = |scope: &BoxScope<'_>| {
        let open = store::under_way(scope)?.filter(|one| one.confirmed_at.is_none());
        Ok(open.filter(|one| one.planned_at.is_some_and(|at| is_over(at, scope.now()))))
    };
    if ctx.read(overdue).await?.is_none() {
        return Ok(());
    }
    ctx.write(move |scope| match overdue(scope)? {
        Some(open) => end_in(scope, open, Outcome::Discarded, None).map(drop),
        None => Ok(()),
    })
    .await
}

/// Confirms what begins by itself and is due.
pub(super) async fn confirm_due(ctx: &BoxCtx) -> Result<()> {
    let config = Arc::clone(&ctx.platform.config);
    let due = move |scope: &BoxScope<'_>| {
        let open = store::under_way(scope)?.filter(|one| one.confirmed_at.is_none());
        let now = scope.now();
        let is_open = opens_at(&config, now, Duration::ZERO).is_some();
        Ok(open.filter(|one| is_open && begins_at(&config, one, now).is_some_and(|at| at <= now)))
    };
    if ctx.read(due.clone()).await?.is_none() {
        return Ok(());
    }
    // What cannot be looked at is not begun; whoever watches the box goes on.
    if let Err(error) = review_plan(ctx).await {
        tracing::warn!("An update that is due is not begun: {error}");
        return Ok(());
    }
    let platform = Arc::clone(&ctx.platform);
    let job = ctx.write(move |scope| {
        let Some(open) = due(scope)? else { return Ok(None) };
        let (salt, plan) = (open.salt.unwrap_or_default(), open.plan.clone().unwrap_or_default());
        let digest = digest::issue(&salt, &plan, scope.now());
        let update = confirm_in(scope, open, digest)?;
        switch_in(scope, &platform, &update).map(Some)
    });
    if let Some(job) = job.await? {
        told(ctx, Created { value: job, is_replay: false });
    }
    Ok(())
}

/// The release that runs.
pub(super) fn running(ctx: &BoxCtx) -> Version {
    let seq = ctx.platform.updates.as_ref().map_or(0, |link| link.seq);
    Version { seq, version: VERSION.to_owned() }
}

/// When the update begins by itself: within the last minute, where it is due. None where somebody
/// has to confirm it, and where the plan is over before the window opens again.
pub(in crate::platform) fn begins_at(
    config: &Config,
    update: &Update,
    now: Moment,
) -> Option<Moment> {
    let planned_at = update.planned_at.filter(|_| update.confirmed_at.is_none())?;
    let plan: UpdatePlan = serde_json::from_str(update.plan.as_deref()?).ok()?;
    let candidate = Candidate {
        severity: update.severity,
        migrates: plan.migrates,
        needs_restore: plan.rollback != "proven-without-restore",
    };
    let is_wished = update.requested.by == By::Policy;
    if !is_wished || !is_automatic(config.updates.policy, candidate) {
        return None;
    }
    let first = planned_at.plus(TOLD_BEFORE);
    // Whole minutes, so that it is the same whenever it is looked at.
    let minutes = u32::try_from(now.since(first).as_secs() / MINUTE.as_secs()).unwrap_or(u32::MAX);
    let at = opens_at(config, first.plus(MINUTE * minutes), PLAN_HOLDS)?;
    (!is_over(planned_at, at)).then_some(at)
}

/// When the window is open first from a moment on, if that is within so long.
pub(super) fn opens_at(config: &Config, from: Moment, within: Duration) -> Option<Moment> {
    let zone = config.notices.time_zone.clone().unwrap_or(jiff::tz::TimeZone::UTC);
    let minutes = 0..=u32::try_from(within.as_secs() / MINUTE.as_secs()).unwrap_or(u32::MAX);
    let is_good = |at: &Moment| {
        local(*at, &zone).is_some_and(|(day, minute)| is_open(config.updates.window, day, minute))
    };
    minutes.map(|minute| from.plus(MINUTE * minute)).find(is_good)
}

/// The day of the week, from Monday, and the minute of the day.
fn local(at: Moment, zone: &jiff::tz::TimeZone) -> Option<(u8, u16)> {
    let here = jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(zone.clone());
    let day = u8::try_from(here.weekday().to_monday_zero_offset()).ok()?;
    let minute = i32::from(here.hour()) * 60 + i32::from(here.minute());
    Some((day, u16::try_from(minute).ok()?))
}

/// The box itself, for what no person asked for.
pub(in crate::platform::updates) fn as_box(ctx: &BoxCtx) -> BoxCtx {
    BoxCtx::new(&ctx.platform, Cause::of(Actor::System))
}

/// What the audit log and the history say of a wish that is carried out.
pub(in crate::platform::updates) fn described(update: &Update) -> serde_json::Value {
    json!({ "from": update.from.version, "to": update.to.version, "kind": update.kind.name() })
}

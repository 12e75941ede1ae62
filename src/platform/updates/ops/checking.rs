//! Looking for updates: by a person, by a program, each hour; and what begins by itself.

use std::time::Duration;

use serde_json::{Value, json};

use super::believed::{hand_on, review_plan_by};
use super::feeding::{self, Look, Trouble};
use super::planning::{as_box, check_ready, confirm_due, end_overdue, opens_at, prepare, running};
use super::{KIND, check_channel_in, status};
use crate::config::UpdatePolicy;
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::jobs;
use crate::platform::jobs::Work;
use crate::platform::jobs::ops::{UnderWay, Wanted};
use crate::platform::notices::ops::box_trouble_in;
use crate::platform::updates::jobs::{CHECK, Given};
use crate::platform::updates::metadata::{Feed, Staleness};
use crate::platform::updates::release::Severity;
use crate::platform::updates::report::UpdatesStatusResponse;
use crate::platform::updates::rules::{FeedState, Offer, Reason, Version, may_be_tried};
use crate::platform::updates::store;

/// The feed is asked as often.
const ASKED_EVERY: Duration = Duration::from_hours(1);
/// So long before the window opens the policy has an update rehearsed at the earliest: that may
/// take hours, and its plan holds a day.
const PREPARED_BEFORE: Duration = Duration::from_hours(12);
/// Ended updates that are looked through for one to the same release.
const LOOKED_THROUGH: usize = 20;

/// Asks the feed what there is.
///
/// # Errors
/// What `check_ready` says, `update-no-feed`, `update-channel-not-allowed`, and why the feed is
/// not believed.
pub async fn check(ctx: &BoxCtx) -> Result<UpdatesStatusResponse> {
    check_ready(ctx)?;
    let channel = ctx.platform.config.updates.channel.name();
    ctx.read(move |scope| check_channel_in(scope, channel)).await?;
    ask(ctx).await?;
    status::status(ctx).await
}

async fn ask(ctx: &BoxCtx) -> Result<()> {
    let feed = match feeding::of_config(ctx).await {
        Ok(feed) => feed,
        Err(trouble) => return Err(trouble.told().1),
    };
    match look_and_keep(ctx, (&feed, Source::Feed), Staleness::Refused).await {
        Ok(_) => Ok(()),
        Err(trouble) => {
            let (reason, error) = trouble.told();
            fail(ctx, reason).await?;
            Err(error)
        }
    }
}

/// Where an offer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Feed,
    Bundle,
}

/// Looks at a feed and keeps what it offers. The supervisor hears of what is new, and a plan ends
/// whose release is offered no more.
pub(super) async fn look_and_keep(
    ctx: &BoxCtx,
    (feed, source): (&Feed, Source),
    staleness: Staleness,
) -> Result<Look, Trouble> {
    let look = feeding::look(ctx, feed, staleness).await?;
    let offer = match &look.next {
        None => None,
        Some((target, release)) => Some(Offer {
            to: Version { seq: release.seq, version: release.version.clone() },
            severity: look.severity,
            size_bytes: target.size_bytes,
            released_at: release.released_at.clone(),
            notes: feeding::notes(ctx, feed, &look, release).await?,
            offered_at: ctx.now(),
            is_bundled: source == Source::Bundle,
            is_stale: look.fresh.expires_at() < ctx.now(),
        }),
    };
    let (expires_at, root_expires_at) = (look.fresh.expires_at(), look.fresh.root_expires_at());
    let from_seq = running(ctx).seq;
    ctx.write(move |scope: &BoxScope<'_>| {
        let before = store::feed(scope)?.unwrap_or_default();
        let seq = |state: &FeedState| state.offer.as_ref().map(|one| one.to.seq);
        let known = seq(&before);
        let after = FeedState {
            expires_at: Some(expires_at),
            root_expires_at: Some(root_expires_at),
            ..before.answered(offer, from_seq, scope.now())
        };
        store::save_feed(scope, &after)?;
        if let Some(offer) = after.offer.filter(|one| Some(one.to.seq) != known) {
            scope.audit(
                Entry::about("update.offered", KIND)
                    .set("version", offer.to.version)
                    .set("severity", offer.severity.name()),
            )?;
        }
        Ok(())
    })
    .await?;
    // What is past its time is handed over with its release alone, by whoever said so.
    if staleness == Staleness::Refused {
        hand_on(ctx, &look).await;
    }
    review_plan_by(&as_box(ctx), &look.fresh.targets()).await?;
    Ok(look)
}

/// Keeps why a feed was not believed; the audit log says it once for each reason.
async fn fail(ctx: &BoxCtx, reason: Reason) -> Result<()> {
    ctx.write(move |scope: &BoxScope<'_>| {
        let before = store::feed(scope)?.unwrap_or_default();
        let is_known = before.problem.as_ref().is_some_and(|one| one.code == reason.code);
        let code = reason.code.clone();
        store::save_feed(scope, &before.failed(reason, scope.now()))?;
        if !is_known {
            let entry = Entry::about("update.refused", KIND).refused();
            scope.audit(entry.set("asked", "check").set("code", code))?;
        }
        Ok(())
    })
    .await
}

/// The hourly look.
pub(in crate::platform::updates) async fn scheduled(work: &Work) -> Result<Value> {
    let ctx = work.on_box();
    check_ready(ctx)?;
    if let Err(error) = ask(ctx).await {
        // It stands in the state of the feed, which tells people when it lasts.
        tracing::warn!("The feed of updates was not believed: {error}");
        return Ok(json!({ "believed": false }));
    }
    begin_by_policy(ctx).await?;
    Ok(json!({ "believed": true }))
}

/// Has what is offered prepared, where the policy says so and it has not failed here too often.
async fn begin_by_policy(ctx: &BoxCtx) -> Result<()> {
    let least = match ctx.platform.config.updates.policy {
        UpdatePolicy::Manual => return Ok(()),
        UpdatePolicy::AutoPatch => Severity::Normal,
        UpdatePolicy::SecurityOnly => Severity::Security,
    };
    // A plan that is over before the window opens would be for nothing.
    if opens_at(&ctx.platform.config, ctx.now(), PREPARED_BEFORE).is_none() {
        return Ok(());
    }
    let is_wanted = ctx.read(move |scope| {
        let offer = store::feed(scope)?.and_then(|feed| feed.offer);
        let Some(offer) = offer.filter(|one| one.severity >= least) else { return Ok(false) };
        if store::under_way(scope)?.is_some() {
            return Ok(false);
        }
        let tried = store::list(scope, None, LOOKED_THROUGH)?;
        Ok(may_be_tried(&tried, offer.to.seq, scope.now()))
    });
    if !is_wanted.await? {
        return Ok(());
    }
    match prepare(&as_box(ctx), Given::default()).await {
        Ok(_) | Err(Error::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Looks after updates each minute: what begins by itself begins, what nobody confirmed ends, and
/// operators are told of what waits too long, once a day.
pub(in crate::platform) async fn look_after(ctx: &BoxCtx) -> Result<()> {
    end_overdue(&as_box(ctx)).await?;
    let is_time = is_time(ctx).await?;
    // What is due may have been taken back by its publisher while the box was off.
    if !is_time {
        confirm_due(&as_box(ctx)).await?;
    }
    if is_time {
        let (subject, input) = (String::new(), Value::Null);
        let wanted = Wanted { kind: CHECK.kind, workspace: None, subject, input };
        jobs::ops::ask(&as_box(ctx), wanted, UnderWay::Join).await?;
    }
    let Some(detail) = trouble(ctx).await? else { return Ok(()) };
    ctx.write(move |scope| box_trouble_in(scope, "updates", &detail).map(drop)).await
}

/// Whether the feed was not asked for an hour. A box without a feed or a supervisor asks nobody.
async fn is_time(ctx: &BoxCtx) -> Result<bool> {
    if check_ready(ctx).is_err() || ctx.platform.config.updates.feed.is_none() {
        return Ok(false);
    }
    ctx.read(|scope| {
        let last = store::feed(scope)?.map(|feed| feed.checked_at);
        Ok(last.is_none_or(|at| scope.now().since(at) >= ASKED_EVERY || at > scope.now()))
    })
    .await
}

/// Since when a critical release waits too long, and since when the feed is silent.
pub(in crate::platform) async fn trouble(ctx: &BoxCtx) -> Result<Option<String>> {
    let from_seq = running(ctx).seq;
    ctx.read(move |scope| {
        let Some(feed) = store::feed(scope)? else { return Ok(None) };
        let now = scope.now();
        // What was taken since the last look waits no more.
        let offer = feed.offer.as_ref().filter(|one| one.to.seq > from_seq);
        if let (Some(since), Some(offer)) = (feed.critical_since(now), offer) {
            let version = &offer.to.version;
            let said = "mends what is critical, and that has waited since";
            return Ok(Some(format!("The release {version} {said} {since}.")));
        }
        Ok(feed.stale_since(now).map(|since| {
            format!("The feed of updates has said nothing that can be believed since {since}.")
        }))
    })
    .await
}

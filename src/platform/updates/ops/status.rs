//! How updates of the box stand.

use super::history::{score_in, shown, with_stages};
use super::planning::{begins_at, running};
use super::switching::{stage, standing};
use crate::config::Updates;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::Result;
use crate::platform::jobs::ops::{View, get, under_way_in};
use crate::platform::updates::jobs::PREPARE;
use crate::platform::updates::report::{
    UpdateFeed, UpdateOffer, UpdateProgress, UpdateQuarantined, UpdateReason, UpdateSettings,
    UpdateSupervision, UpdateUnderWay, UpdateVersion, UpdatesStatusResponse,
};
use crate::platform::updates::rules::{FeedState, Offer, Outcome, Stage, Update, Version};
use crate::platform::updates::scorecard::Scorecard;
use crate::platform::updates::store;
use crate::platform::updates::supervisor::boot::{Installed, Quarantined};
use crate::platform::updates::supervisor::standing::{Alert, ProtectionState, Standing, UnderWay};

/// Updates that are looked through for the last one that was kept.
const LOOKED_THROUGH: usize = 50;

/// What the table tells.
struct Kept {
    feed: Option<FeedState>,
    open: Option<(Update, Vec<Stage>)>,
    last: Option<(Update, Vec<Stage>)>,
    /// When the present release was kept.
    since: Option<String>,
    /// What releases are called that were tried lately.
    versions: Vec<Version>,
    score: Scorecard,
}

impl Kept {
    fn read(scope: &BoxScope<'_>) -> Result<Self> {
        let newest = store::list(scope, None, LOOKED_THROUGH)?;
        let is_kept = |one: &&Update| one.outcome == Some(Outcome::Committed);
        let since = newest.iter().find(is_kept).and_then(|one| one.finished_at);
        let versions = newest.iter().flat_map(|one| [one.to.clone(), one.from.clone()]).collect();
        let last = newest.iter().find(|one| one.outcome.is_some()).cloned();
        let open = newest.into_iter().find(|one| one.outcome.is_none());
        Ok(Self {
            feed: store::feed(scope)?,
            open: open.map(|one| with_stages(scope, one)).transpose()?,
            last: last.map(|one| with_stages(scope, one)).transpose()?,
            since: since.map(|at| at.to_string()),
            versions,
            score: score_in(scope)?,
        })
    }
}

/// How updates of the box stand.
pub async fn status(ctx: &BoxCtx) -> Result<UpdatesStatusResponse> {
    let config = &ctx.platform.config;
    let stands = match &ctx.platform.updates {
        Some(link) => Some(standing(link).await?),
        None => None,
    };
    let kept = ctx.read(Kept::read).await?;
    let (feed, now) = (kept.feed.as_ref(), ctx.now());
    let current = running(ctx);
    let offer = feed.and_then(|one| one.offer.as_ref());
    // What was taken meanwhile is offered no more, and neither is what has failed since.
    let bad = quarantined(stands.as_ref(), &kept.versions);
    let is_good = |one: &&Offer| bad.iter().all(|failed| failed.seq != one.to.seq);
    let offer = offer.filter(|one| one.to.seq > current.seq).filter(is_good);
    let place = config.updates.feed.as_ref().map(ToString::to_string);
    let last = shown(ctx, kept.last.into_iter().collect()).await?.pop();
    let under_way = match kept.open {
        Some(open) => Some(under_way(ctx, open, stands.as_ref()).await?),
        None => None,
    };
    Ok(UpdatesStatusResponse {
        current: (&current).into(),
        since: kept.since,
        supervision: supervision(stands.as_ref(), bad),
        settings: settings(&config.updates, config.notices.time_zone.as_ref()),
        feed: UpdateFeed::new(place, feed, now),
        offer: offer
            .map(|one| UpdateOffer::new(one, feed.and_then(|state| state.critical_since(now)))),
        under_way,
        last,
        scorecard: (&kept.score).into(),
    })
}

fn version(installed: &Installed) -> UpdateVersion {
    UpdateVersion { seq: installed.seq, version: installed.version.clone() }
}

/// Who watches over the releases of this box.
pub async fn supervision_now(ctx: &BoxCtx) -> Result<UpdateSupervision> {
    let stands = match &ctx.platform.updates {
        Some(link) => Some(standing(link).await?),
        None => None,
    };
    let kept = ctx.read(Kept::read).await?;
    let bad = quarantined(stands.as_ref(), &kept.versions);
    Ok(supervision(stands.as_ref(), bad))
}

/// What failed here, with the names that the history has for it.
fn quarantined(standing: Option<&Standing>, versions: &[Version]) -> Vec<UpdateQuarantined> {
    let shown = |bad: &Quarantined| {
        let named = versions.iter().find(|one| one.seq == bad.seq);
        let version = named.map(|one| one.version.clone());
        UpdateQuarantined { seq: bad.seq, version, code: bad.code.clone() }
    };
    standing.map_or_else(Vec::new, |one| one.quarantine.iter().map(shown).collect())
}

fn supervision(
    standing: Option<&Standing>,
    quarantine: Vec<UpdateQuarantined>,
) -> UpdateSupervision {
    let alert = |one: &Alert| UpdateReason { code: one.code.clone(), detail: one.detail.clone() };
    UpdateSupervision {
        is_supervised: standing.is_some(),
        fallback: standing.and_then(|one| one.fallback.as_ref()).map(version),
        packaged: standing.map(|one| version(&one.packaged)),
        quarantine,
        protection: standing.map(|one| protection(one.protection.state).to_owned()),
        protection_detail: standing.map(|one| one.protection.detail.clone()),
        alerts: standing.map_or_else(Vec::new, |one| one.alerts.iter().map(alert).collect()),
    }
}

fn protection(state: ProtectionState) -> &'static str {
    match state {
        ProtectionState::Full => "full",
        ProtectionState::Partial => "partial",
        ProtectionState::Missing => "missing",
        ProtectionState::SharedFolder => "shared_folder",
    }
}

fn settings(updates: &Updates, zone: Option<&jiff::tz::TimeZone>) -> UpdateSettings {
    let zone = zone.and_then(|zone| zone.iana_name()).unwrap_or("UTC");
    UpdateSettings {
        channel: updates.channel.name().to_owned(),
        policy: updates.policy.name().to_owned(),
        window: updates.window.map(|window| window.to_string()),
        time_zone: zone.to_owned(),
        probation_s: updates.probation_seconds,
        has_root: updates.root.is_some(),
        bundle_size_bytes_max: updates.bundle_size_bytes_max,
    }
}

/// How far the rehearsal is.
async fn preparing(ctx: &BoxCtx) -> Result<Option<(u64, u64)>> {
    let Some(id) = ctx.read(|scope| under_way_in(scope, PREPARE.kind)).await? else {
        return Ok(None);
    };
    let job = get(ctx, View::Box, id).await?;
    Ok(job.progress.map(|one| (one.done, one.total)))
}

async fn under_way(
    ctx: &BoxCtx,
    (update, mut stages): (Update, Vec<Stage>),
    standing: Option<&Standing>,
) -> Result<UpdateUnderWay> {
    let transaction = update.id.to_string();
    let switch = standing.and_then(|one| one.under_way.as_ref());
    let switch = switch.filter(|one| one.transaction == transaction);
    // The process that begins a switch does not see its end, so its parts are asked for.
    stages.extend(switch.into_iter().flat_map(|one| one.states.iter().map(stage)));
    let begins_at = begins_at(&ctx.platform.config, &update, ctx.now());
    let probation_ends_at = switch.and_then(|one| one.probation_ends_at).map(Moment);
    let progress = match switch {
        Some(UnderWay { progress, .. }) => progress.map(|one| (one.done, one.total)),
        None => preparing(ctx).await?,
    };
    let state = stages.last().map_or("requested", |stage| stage.state.as_str()).to_owned();
    let is_planned = update.plan.is_some() && update.confirmed_at.is_none();
    Ok(UpdateUnderWay {
        state,
        progress: progress.map(|(done, total)| UpdateProgress { done, total }),
        is_planned,
        begins_at: begins_at.map(|at| at.to_string()),
        probation_ends_at: probation_ends_at.map(|at| at.to_string()),
        update: shown(ctx, vec![(update, stages)]).await?.remove(0),
    })
}

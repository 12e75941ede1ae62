//! How updates of the box stand.

use super::history::{score_in, shown, with_stages};
use crate::config::Updates;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::Result;
use crate::platform::monitoring::ops::VERSION;
use crate::platform::updates::report::{
    UpdateFeed, UpdateOffer, UpdateSettings, UpdateSupervision, UpdateUnderWay, UpdateVersion,
    UpdatesStatusResponse,
};
use crate::platform::updates::rules::{FeedState, Outcome, Stage, Update};
use crate::platform::updates::scorecard::Scorecard;
use crate::platform::updates::store;

/// Updates that are looked through for the last one that was kept.
const LOOKED_THROUGH: usize = 50;

/// What the table tells.
struct Kept {
    feed: Option<FeedState>,
    open: Option<(Update, Vec<Stage>)>,
    last: Option<(Update, Vec<Stage>)>,
    /// When the present release was kept.
    since: Option<String>,
    score: Scorecard,
}

impl Kept {
    fn read(scope: &BoxScope<'_>) -> Result<Self> {
        let newest = store::list(scope, None, LOOKED_THROUGH)?;
        let is_kept = |one: &&Update| one.outcome == Some(Outcome::Committed);
        let since = newest.iter().find(is_kept).and_then(|one| one.finished_at);
        let last = newest.iter().find(|one| one.outcome.is_some()).cloned();
        let open = newest.into_iter().find(|one| one.outcome.is_none());
        Ok(Self {
            feed: store::feed(scope)?,
            open: open.map(|one| with_stages(scope, one)).transpose()?,
            last: last.map(|one| with_stages(scope, one)).transpose()?,
            since: since.map(|at| at.to_string()),
            score: score_in(scope)?,
        })
    }
}

/// How updates of the box stand.
pub async fn status(ctx: &BoxCtx) -> Result<UpdatesStatusResponse> {
    let config = &ctx.platform.config;
    let kept = ctx.read(Kept::read).await?;
    let (feed, now) = (kept.feed.as_ref(), ctx.now());
    let offer = feed.and_then(|one| one.offer.as_ref());
    let place = config.updates.feed.as_ref().map(ToString::to_string);
    let last = shown(ctx, kept.last.into_iter().collect()).await?.pop();
    Ok(UpdatesStatusResponse {
        current: current(),
        since: kept.since,
        supervision: alone(),
        settings: settings(&config.updates, config.notices.time_zone.as_ref()),
        feed: UpdateFeed::new(place, feed, now),
        offer: offer
            .map(|one| UpdateOffer::new(one, feed.and_then(|state| state.critical_since(now)))),
        under_way: match kept.open {
            Some(open) => Some(under_way(ctx, open).await?),
            None => None,
        },
        last,
        scorecard: (&kept.score).into(),
    })
}

/// The release that runs.
fn current() -> UpdateVersion {
    UpdateVersion { seq: 0, version: VERSION.to_owned() }
}

fn alone() -> UpdateSupervision {
    UpdateSupervision {
        is_supervised: false,
        fallback: None,
        packaged: None,
        quarantine: Vec::new(),
        protection: None,
        protection_detail: None,
        alerts: Vec::new(),
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

async fn under_way(ctx: &BoxCtx, open: (Update, Vec<Stage>)) -> Result<UpdateUnderWay> {
    let state = open.1.last().map_or("requested", |stage| stage.state.as_str()).to_owned();
    let update = open.0.clone();
    Ok(UpdateUnderWay {
        state,
        progress: None,
        is_planned: update.plan.is_some() && update.confirmed_at.is_none(),
        begins_at: None,
        probation_ends_at: None,
        update: shown(ctx, vec![open]).await?.remove(0),
    })
}

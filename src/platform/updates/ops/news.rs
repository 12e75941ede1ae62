//! What everybody who is signed in is told: a change of the release that comes or goes on, and what
//! the release that runs brought.

use super::planning::{begins_at, running};
use super::switching::standing;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::updates::report::{
    UpdateChange, UpdateNewsResponse, UpdatePlan, UpdateWhatsNew,
};
use crate::platform::updates::rules::{Turn, Update, is_news};
use crate::platform::updates::store;

/// What a person is told now. It reveals nothing that the plan says of the box or its data.
pub async fn news(ctx: &BoxCtx) -> Result<UpdateNewsResponse> {
    let seq = running(ctx).seq;
    let read =
        move |scope: &BoxScope<'_>| Ok((store::under_way(scope)?, store::brought(scope, seq)?));
    let (open, brought) = ctx.read(read).await?;
    let change = match open {
        Some(open) => change(ctx, open).await?,
        None => None,
    };
    let whats_new = brought.map(|one| whats_new(one, ctx.now())).transpose()?.flatten();
    Ok(UpdateNewsResponse { change, whats_new })
}

/// What of an update that has not ended concerns everybody; none while operators only think.
async fn change(ctx: &BoxCtx, open: Update) -> Result<Option<UpdateChange>> {
    let begins_at = begins_at(&ctx.platform.config, &open, ctx.now());
    let watched_until = match open.confirmed_at {
        Some(_) => watched_until(ctx, &open).await,
        None => None,
    };
    let Some(turn) = Turn::of(open.confirmed_at, begins_at, watched_until) else { return Ok(None) };
    let Some(plan) = plan(&open)? else { return Ok(None) };
    Ok(Some(UpdateChange {
        kind: open.kind.name().to_owned(),
        from: (&open.from).into(),
        to: (&open.to).into(),
        state: turn.name().to_owned(),
        begins_at: begins_at.map(|at| at.to_string()),
        expected_pause_ms: plan.predicted_hold_ms,
        watched_until: watched_until.map(|at| at.to_string()),
    }))
}

/// Until when the release is watched; none before people reach it. A supervisor that does not
/// answer keeps nobody from hearing the rest.
async fn watched_until(ctx: &BoxCtx, open: &Update) -> Option<Moment> {
    let standing = standing(ctx.platform.updates.as_ref()?).await.ok()?;
    let under_way = standing.under_way.filter(|one| one.transaction == open.id.to_string())?;
    under_way.probation_ends_at.map(Moment)
}

fn whats_new(update: Update, now: Moment) -> Result<Option<UpdateWhatsNew>> {
    let Some(since) = update.finished_at.filter(|at| is_news(*at, now)) else { return Ok(None) };
    let notes = plan(&update)?.map(|plan| plan.notes).unwrap_or_default();
    let (seq, version) = (update.to.seq, update.to.version);
    let told = UpdateWhatsNew { seq, version, since: since.to_string(), notes };
    // A publisher who wrote nothing has nothing to tell.
    Ok((!told.notes.trim().is_empty()).then_some(told))
}

fn plan(update: &Update) -> Result<Option<UpdatePlan>> {
    update.plan.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)
}

//! The updates that were tried.

use std::collections::HashMap;
use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::id::{Id, ObjectId};
use crate::platform::identity::users;
use crate::platform::updates::report::UpdateEntry;
use crate::platform::updates::rules::{KEPT_MAX, Stage, Update, UpdateId, counted, durations};
use crate::platform::updates::scorecard::{Run, Scorecard, score};
use crate::platform::updates::store;

/// Parts of an update in which nobody waits for anything: it is only watched, or a person thinks.
const UNCOUNTED: [&str; 3] = ["ready", "probation", "committed"];

/// What follows `before`, the newest first.
pub async fn list(
    ctx: &BoxCtx,
    before: Option<UpdateId>,
    limit: usize,
) -> Result<Vec<UpdateEntry>> {
    let found = ctx.read(move |scope| {
        let updates = store::list(scope, before, limit)?;
        updates.into_iter().map(|one| with_stages(scope, one)).collect::<Result<Vec<_>>>()
    });
    shown(ctx, found.await?).await
}

/// One of them.
pub async fn get(ctx: &BoxCtx, id: UpdateId) -> Result<UpdateEntry> {
    let found =
        ctx.read(move |scope| with_stages(scope, store::get(scope, id)?.ok_or(Error::NotFound)?));
    let shown = shown(ctx, vec![found.await?]).await?;
    shown.into_iter().next().ok_or(Error::NotFound)
}

pub(super) fn with_stages(scope: &BoxScope<'_>, update: Update) -> Result<(Update, Vec<Stage>)> {
    let stages = store::stages(scope, update.id)?;
    Ok((update, stages))
}

pub(super) async fn shown(
    ctx: &BoxCtx,
    updates: Vec<(Update, Vec<Stage>)>,
) -> Result<Vec<UpdateEntry>> {
    let people = updates.iter().flat_map(|(one, _)| {
        let whom = [Some(one.requested), one.confirmed, one.taken_back];
        whom.into_iter().filter_map(|who| who?.id)
    });
    let names: HashMap<_, _> = users::ops::names(ctx, people.map(Id::cast).collect()).await?;
    let name = |id: ObjectId| names.get(&id.cast()).cloned();
    let now = ctx.now();
    Ok(updates.iter().map(|(one, stages)| UpdateEntry::new(one, stages, &name, now)).collect())
}

/// The figures of a year.
pub(super) fn score_in(scope: &BoxScope<'_>) -> Result<Scorecard> {
    let updates = store::list(scope, None, KEPT_MAX)?;
    let ended = updates.into_iter().filter(|one| one.finished_at.is_some());
    let runs = ended.map(|update| {
        let stages = store::stages(scope, update.id)?;
        let until = update.finished_at.unwrap_or(scope.now());
        Ok(Run { took: took(counted(&update, &stages), until), update })
    });
    Ok(score(&runs.collect::<Result<Vec<_>>>()?, scope.now()))
}

/// How long it took without the parts in which nobody waits.
pub(super) fn took(stages: &[Stage], until: Moment) -> Duration {
    let counted = durations(stages, until).into_iter();
    counted.filter(|(one, _)| !UNCOUNTED.contains(&one.state.as_str())).map(|(_, took)| took).sum()
}

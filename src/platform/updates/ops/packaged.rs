//! What the package manager began is the supervisor's alone; the worker that answers afterwards
//! writes it into the history.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::planning::{self, new};
use super::switching::{outcome_of, stage, standing};
use super::telling;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::Result;
use crate::platform::updates::link::Link;
use crate::platform::updates::rules::{By, Kind, Update, Version, Who};
use crate::platform::updates::store;
use crate::platform::updates::supervisor::boot::{Installed, Kind as Switched};
use crate::platform::updates::supervisor::protocol::Wish;
use crate::platform::updates::supervisor::standing::Ended;

/// How often the supervisor is asked while it watches what a package brought.
const ASKED_EVERY: Duration = Duration::from_secs(1);

/// Waits until nothing that a package began is under way, and notes what became of the last.
///
/// # Errors
/// The supervisor does not answer, or the box's file cannot be written.
pub(in crate::platform::updates) async fn follow(ctx: &BoxCtx, link: &Link) -> Result<()> {
    let mut turn = interval(ASKED_EVERY);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turn.tick().await;
        let standing = standing(link).await?;
        if standing.under_way.is_some_and(|one| one.kind == Switched::Package) {
            continue;
        }
        let is_new = |one: &Ended| one.kind == Switched::Package && !one.is_seen;
        let Some(ended) = standing.last.filter(is_new) else { return Ok(()) };
        note(ctx, ended).await?;
        if let Err(refused) = link.ask::<serde_json::Value>(Wish::Seen).await? {
            tracing::warn!("The supervisor keeps the end of the package: {}", refused.detail);
        }
        return Ok(());
    }
}

/// Writes it down, once: whoever was ended before the supervisor knew comes by again.
async fn note(ctx: &BoxCtx, ended: Ended) -> Result<()> {
    let finished_at = Moment(ended.ended_at);
    let channel = ctx.platform.config.updates.channel.name();
    ctx.write(move |scope: &BoxScope<'_>| {
        let newest = store::list(scope, None, 1)?.into_iter().next();
        if newest.is_some_and(|one| one.finished_at == Some(finished_at)) {
            return Ok(());
        }
        let versions = (version(&ended.from), version(&ended.to));
        let update = Update {
            requested: Who { by: By::Machine, id: None },
            requested_at: ended.states.first().map_or(finished_at, |one| Moment(one.at)),
            finished_at: Some(finished_at),
            ..new(scope, Kind::Update, versions, channel)
        };
        let (outcome, reason) = outcome_of(&update, &ended);
        let update = Update { outcome: Some(outcome), reason, ..update };
        store::insert(scope, &update)?;
        store::save(scope, &update)?;
        ended.states.iter().try_for_each(|one| store::enter(scope, update.id, &stage(one)))?;
        scope.audit(planning::ended(outcome, &update))?;
        telling::ended_in(scope, &update)
    })
    .await
}

fn version(release: &Installed) -> Version {
    Version { seq: release.seq, version: release.version.clone() }
}

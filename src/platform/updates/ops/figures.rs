//! What of updates is counted for whoever watches the box.

use super::history::took;
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxScope;
use crate::platform::error::Result;
use crate::platform::updates::release::Severity;
use crate::platform::updates::rules::{Outcome, Update};
use crate::platform::updates::store;

/// Updates that are looked through for the last one that was carried out.
const LOOKED_THROUGH: usize = 50;

/// How updates went, and what the feed said last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Ended updates by their outcome, each of them, also those of which there was none.
    pub ended: Vec<(&'static str, u64)>,
    /// What the last one that was confirmed took, without the parts in which nobody waits.
    pub last_took_s: Option<f64>,
    pub offered_seq: Option<u64>,
    /// Since when a critical release is offered.
    pub critical_since: Option<Moment>,
    /// When the feed last said something that could be believed.
    pub answered_at: Option<Moment>,
    /// When the first file of that runs out.
    pub expires_at: Option<Moment>,
    /// Whether the feed says nothing that can be believed, for too long.
    pub is_stale: bool,
}

/// When the first file of what the feed said last runs out, and when its root does.
pub fn trust_ends_in(scope: &BoxScope<'_>) -> Result<Option<(Moment, Moment)>> {
    Ok(store::feed(scope)?.and_then(|feed| feed.expires_at.zip(feed.root_expires_at)))
}

/// Looks them up. `active_seq` is the number of the release that runs.
pub fn figures_in(scope: &BoxScope<'_>, active_seq: u64) -> Result<Figures> {
    let counted = store::count_by_outcome(scope)?;
    let count = |outcome: Outcome| {
        let found = counted.iter().find(|(name, _)| name == outcome.name());
        (outcome.name(), found.map_or(0, |(_, count)| *count))
    };
    let all = [Outcome::Committed, Outcome::RolledBack, Outcome::Failed, Outcome::Discarded];
    let newest = store::list(scope, None, LOOKED_THROUGH)?;
    let is_done = |one: &&Update| one.confirmed_at.is_some() && one.finished_at.is_some();
    let last_took_s = match newest.iter().find(is_done) {
        None => None,
        Some(last) => {
            let until = last.finished_at.unwrap_or(scope.now());
            Some(took(&store::stages(scope, last.id)?, until).as_secs_f64())
        }
    };
    let feed = store::feed(scope)?.unwrap_or_default();
    let offer = feed.offer.as_ref().filter(|one| one.to.seq > active_seq);
    let critical = offer.filter(|one| one.severity == Severity::Critical);
    Ok(Figures {
        ended: all.map(count).to_vec(),
        last_took_s,
        offered_seq: offer.map(|one| one.to.seq),
        critical_since: critical.map(|one| one.offered_at),
        answered_at: feed.answered_at,
        expires_at: feed.expires_at,
        is_stale: feed.stale_since(scope.now()).is_some(),
    })
}

//! Who read what. Sensitive reads are entries of their own; ordinary ones are counted by session
//! and route and written once a minute, so that reading costs next to nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tracing::warn;

use super::{Entry, Log};
use crate::platform::Platform;
use crate::platform::access::Role;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Actor, BoxCtx, Cause, Ctx, Membership, Unit};
use crate::platform::error::Result;
use crate::platform::identity::sessions::rules::FamilyId;

/// The action of a read, and of many.
pub const READ: &str = "access.read";
const KIND: &str = "access";
/// Sessions counted at once, by log; more and they are written early.
const TALLIES_MAX: usize = 10_000;

/// What a route is called in entries, e.g. `GET inventory/items`.
pub type RouteName = Arc<str>;

/// Counts reads until they are written.
#[derive(Default)]
pub struct Reads {
    tallies: Mutex<HashMap<(Log, Option<FamilyId>), Tally>>,
    is_full: Notify,
}

/// What one session read in one log.
struct Tally {
    cause: Arc<Cause>,
    since: Moment,
    /// A session reads on few routes, so looking through them is cheap.
    counts: Vec<(RouteName, u64)>,
}

impl Tally {
    fn new(cause: Arc<Cause>, since: Moment) -> Self {
        Self { cause, since, counts: Vec::new() }
    }

    fn add(&mut self, route: &RouteName, count: u64) {
        match self.counts.iter_mut().find(|(known, _)| Arc::ptr_eq(known, route)) {
            Some((_, known)) => *known += count,
            None => self.counts.push((Arc::clone(route), count)),
        }
    }

    fn entry(&self, family: Option<FamilyId>) -> Entry {
        let mut counts: Vec<_> = self.counts.iter().collect();
        counts.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let routes: Vec<String> =
            counts.iter().map(|(route, count)| format!("{route} {count}")).collect();
        let all: u64 = counts.iter().map(|(_, count)| count).sum();
        let entry = Entry::about(READ, KIND)
            .set("count", all.to_string())
            .set("routes", routes.join(", "))
            .set("since", self.since.to_string());
        match family {
            Some(family) => entry.set("session", family.to_string()),
            None => entry,
        }
    }
}

impl Reads {
    /// Counts a read of whoever caused it.
    pub fn count(&self, log: Log, cause: &Arc<Cause>, route: &RouteName, now: Moment) {
        let Actor::Principal(principal) = &cause.actor else { return };
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (log, Some(principal.family));
        if let Some(tally) = tallies.get_mut(&key) {
            tally.add(route, 1);
            return;
        }
        // Too many at once are counted together until the early writing has made room.
        let (key, cause) = if tallies.len() < TALLIES_MAX {
            (key, Arc::clone(cause))
        } else {
            self.is_full.notify_one();
            ((log, None), Arc::new(Cause::of(Actor::System)))
        };
        tallies.entry(key).or_insert_with(|| Tally::new(cause, now)).add(route, 1);
    }

    /// Waits until so much is counted that it should be written early.
    pub(super) async fn full(&self) {
        self.is_full.notified().await;
    }

    fn take(&self) -> HashMap<Log, Vec<(Option<FamilyId>, Tally)>> {
        let all = std::mem::take(&mut *self.tallies.lock().unwrap_or_else(PoisonError::into_inner));
        let mut by_log: HashMap<Log, Vec<_>> = HashMap::new();
        for ((log, family), tally) in all {
            by_log.entry(log).or_default().push((family, tally));
        }
        by_log
    }

    fn put_back(&self, log: Log, tallies: &[(Option<FamilyId>, Tally)]) {
        let mut all = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        for (family, tally) in tallies {
            let new = || Tally::new(Arc::clone(&tally.cause), tally.since);
            let kept = all.entry((log, *family)).or_insert_with(new);
            kept.since = kept.since.min(tally.since);
            for (route, count) in &tally.counts {
                kept.add(route, *count);
            }
        }
    }
}

/// Writes what was counted: an entry for each session, in the log of what it read. What cannot be
/// written now is kept for the next time.
pub async fn write_counted(platform: &Arc<Platform>) {
    let on_box = BoxCtx::new(platform, Cause::of(Actor::System));
    for (log, mut tallies) in platform.reads.take() {
        tallies.sort_unstable_by_key(|(family, tally)| (tally.since, *family));
        let tallies = Arc::new(tallies);
        let given = Arc::clone(&tallies);
        let outcome = match log {
            Log::Box => on_box.write(move |scope| write_in(scope, &given)).await,
            Log::Workspace(id) => {
                let grant = platform.roles.grant(Role::Owner);
                let ctx = Ctx::new(on_box.clone(), Membership::new(id, Role::Owner, grant));
                ctx.write(move |scope| write_in(scope, &given)).await
            }
        };
        let is_gone = matches!(log, Log::Workspace(id) if platform.workspaces.is_removed(id));
        if let Err(error) = outcome
            && !is_gone
        {
            warn!("Reads could not be written to the audit log: {error}");
            platform.reads.put_back(log, &tallies);
        }
    }
}

fn write_in(unit: &Unit<'_>, tallies: &[(Option<FamilyId>, Tally)]) -> Result<()> {
    for (family, tally) in tallies {
        let cause = Cause { request_id: None, once: None, ..(*tally.cause).clone() };
        unit.caused_by(cause).audit(tally.entry(*family))?;
    }
    Ok(())
}

/// What is read on its own.
pub struct Sensitive<'a> {
    pub route: &'a str,
    /// With ids, and nothing that was typed.
    pub path: &'a str,
}

impl Sensitive<'_> {
    fn entry(&self) -> Entry {
        Entry::about(READ, KIND).set("routes", self.route).set("path", self.path)
    }
}

/// Writes a sensitive read before its answer is given. One that cannot be written is refused.
pub async fn note(on_box: &BoxCtx, inside: Option<&Ctx>, read: &Sensitive<'_>) -> Result<()> {
    let entry = read.entry();
    match inside {
        Some(ctx) => ctx.write(move |scope| scope.audit(entry)).await,
        None => on_box.write(move |scope| scope.audit(entry)).await,
    }?;
    Ok(())
}

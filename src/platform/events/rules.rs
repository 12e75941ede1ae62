//! Which entries become events, and who hears of them.

use crate::platform::access::Grant;
use crate::platform::app::{Audience, EventSpec};
use crate::platform::audit::rules::Record;
use crate::platform::id::Id;
use crate::platform::identity::UserId;

/// What an event says: kind, id and version, never a value. The listener fetches what it may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub seq: i64,
    pub kind: String,
    pub id: Option<String>,
    pub version: Option<i64>,
}

/// Who listens.
#[derive(Debug, Clone, Copy)]
pub struct Listener<'a> {
    pub grant: &'a Grant,
    /// What their role lets them do, whatever a token of theirs leaves of it.
    pub of_role: &'a Grant,
    /// None: nobody in particular.
    pub user: Option<UserId>,
}

/// The event of an entry, if this listener hears of such things.
pub fn event(record: &Record, specs: &[EventSpec], listener: Listener<'_>) -> Option<Event> {
    let spec = specs.iter().find(|spec| spec.kind == record.object_kind)?;
    if record.outcome != "ok" || !listener.grant.allows(spec.permission) {
        return None;
    }
    let hears = match spec.audience {
        Audience::All => true,
        Audience::AllBut(is_left_out) => !is_left_out(listener.of_role),
        Audience::WhoMadeIt => {
            record.actor_id.is_some() && record.actor_id == listener.user.map(Id::cast)
        }
    };
    if !hears {
        return None;
    }
    Some(Event {
        seq: record.seq,
        kind: record.object_kind.clone(),
        id: record.object_id.map(|id| id.to_string()),
        version: record.object_version,
    })
}

/// What a listener that was away gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// Everything after this entry.
    From(i64),
    /// Too much was missed: fetch anew, and go on after this entry.
    Reload(i64),
}

/// Entries told again after an interruption; beyond that fetching anew is cheaper.
pub const REPLAY_MAX: i64 = 1_000;

/// Where a stream starts. `last_event_id` is what the listener heard last.
pub fn resume(last_event_id: Option<i64>, head: i64) -> Resume {
    match last_event_id {
        None => Resume::From(head),
        Some(seen) if seen > head || head - seen > REPLAY_MAX => Resume::Reload(head),
        Some(seen) => Resume::From(seen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_listener_starts_at_the_end_and_one_that_was_away_where_it_left() {
        assert_eq!(resume(None, 90), Resume::From(90));
        assert_eq!(resume(Some(80), 90), Resume::From(80));
    }

    #[test]
    fn a_listener_that_missed_too_much_or_comes_from_another_log_starts_anew() {
        assert_eq!(resume(Some(1), 2_000), Resume::Reload(2_000));
        assert_eq!(resume(Some(91), 90), Resume::Reload(90));
    }
}

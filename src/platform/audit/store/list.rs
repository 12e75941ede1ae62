//! Pages of a log, newest first.
//!
//! Each page walks the narrowest index there is for its filter and looks at a bounded number of
//! entries: what is left of the filter is compared with those. A page may therefore hold less than
//! was asked for, and say where to go on.

use rusqlite::{Connection, named_params};

use super::{head, record};
use crate::platform::audit::rules::Record;
use crate::platform::clock::Moment;
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::id::ObjectId;

/// Entries that one page looks at.
const LOOKED_AT_MAX: i64 = 20_000;
/// Clocks of boxes go wrong by less. Entries stand in the order they were made, so a time is looked
/// for among them with this much room.
const CLOCK_ERROR_MS: i64 = 2 * 24 * 60 * 60 * 1_000;

/// Which entries to show. Times are inclusive.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub actor: Option<ObjectId>,
    /// An action or the beginning of one, e.g. `inventory.item`.
    pub action: Option<String>,
    pub object: Option<ObjectId>,
    /// The kind of the object, e.g. `inventory.item`.
    pub kind: Option<String>,
    pub is_refused: Option<bool>,
    pub from: Option<Moment>,
    pub to: Option<Moment>,
    /// Only entries before this one.
    pub before: Option<i64>,
}

/// A kept entry with its personal values, where they were not erased.
pub struct Shown {
    pub record: Record,
    /// JSON object of texts.
    pub personal_values: Option<String>,
}

/// A page, and the number before which to go on when there may be more.
pub struct Listed {
    pub shown: Vec<Shown>,
    pub next: Option<i64>,
}

/// A page of what a window shows.
macro_rules! page {
    ($window:literal) => {
        concat!(
            "SELECT e.seq, e.at, e.actor_kind, e.actor_id, e.action, e.object_kind, e.object_id,
                 e.object_version, e.outcome, e.request_id, e.changes, e.personal, e.prev_hash,
                 e.hash, p.personal_values
             FROM (",
            $window,
            ") AS w
             CROSS JOIN audit_entries AS e ON e.seq = w.seq
             LEFT JOIN audit_personal AS p ON p.seq = e.seq
             WHERE (:actor IS NULL OR e.actor_id = :actor)
               AND (:object IS NULL OR e.object_id = :object)
               AND (:kind IS NULL OR e.object_kind = :kind)
               AND (:outcome IS NULL OR e.outcome = :outcome)
               AND (:action IS NULL OR e.action = :action
                    OR substr(e.action, 1, length(:action) + 1) = :action || '.')
               AND e.at >= :from_at AND e.at <= :to_at
             ORDER BY e.seq DESC LIMIT :limit"
        )
    };
}

/// How long a window is, and where it ends.
macro_rules! extent {
    ($window:literal) => {
        concat!(
            "SELECT COUNT(*), MIN(w.seq) FROM (",
            $window,
            ") AS w WHERE (:actor IS NULL OR 1) AND (:object IS NULL OR 1)"
        )
    };
}

macro_rules! window {
    ($window:literal) => {
        Window { page: page!($window), extent: extent!($window) }
    };
}

/// The entries that a page looks at.
struct Window {
    page: &'static str,
    extent: &'static str,
}

const OF_OBJECT: Window = window!(
    "SELECT seq FROM audit_entries WHERE object_id = :object AND seq < :before AND seq >= :floor
     ORDER BY seq DESC LIMIT :looked_at"
);
const OF_ACTOR: Window = window!(
    "SELECT seq FROM audit_entries WHERE actor_id = :actor AND seq < :before AND seq >= :floor
     ORDER BY seq DESC LIMIT :looked_at"
);
const REFUSED: Window = window!(
    "SELECT seq FROM audit_entries
     WHERE outcome = 'refused' AND seq < :before AND seq >= :floor
     ORDER BY seq DESC LIMIT :looked_at"
);
const ALL: Window = window!(
    "SELECT seq FROM audit_entries WHERE seq < :before AND seq >= :floor
     ORDER BY seq DESC LIMIT :looked_at"
);

/// The newest of each action of a family; one action after the other is found in the index.
const OF_ACTIONS: &str = page!(
    "WITH RECURSIVE actions (action) AS (
         SELECT MIN(action) FROM audit_entries WHERE action >= :action AND action < :action_end
         UNION ALL
         SELECT (SELECT MIN(a.action) FROM audit_entries AS a
                 WHERE a.action > actions.action AND a.action < :action_end)
         FROM actions WHERE actions.action IS NOT NULL
     )
     SELECT n.seq FROM actions CROSS JOIN audit_entries AS n ON n.seq IN (
         SELECT m.seq FROM audit_entries AS m
         WHERE m.action = actions.action AND m.seq < :before AND m.seq >= :floor
           AND m.at >= :from_at AND m.at <= :to_at
         ORDER BY m.seq DESC LIMIT :limit)"
);

/// The narrowest window of a filter.
fn window_of(filter: &Filter) -> &'static Window {
    if filter.object.is_some() {
        &OF_OBJECT
    } else if filter.actor.is_some() {
        &OF_ACTOR
    } else if filter.is_refused == Some(true) {
        &REFUSED
    } else {
        &ALL
    }
}

/// Whether the index of actions answers the filter alone.
fn is_by_action(filter: &Filter) -> bool {
    let Filter { actor, action, object, kind, is_refused, .. } = filter;
    let is_more = actor.is_some() || object.is_some() || kind.is_some() || is_refused.is_some();
    action.is_some() && !is_more
}

/// A page, newest first.
pub(in crate::platform) fn list(
    connection: &Connection,
    filter: &Filter,
    limit: usize,
) -> Result<Listed> {
    let (before, floor) = range(connection, filter)?;
    let rows_max = integer(limit).saturating_add(1);
    let outcome = filter.is_refused.map(|is_refused| if is_refused { "refused" } else { "ok" });
    let (from_at, to_at) =
        (filter.from.map_or(i64::MIN, |at| at.0), filter.to.map_or(i64::MAX, |at| at.0));
    // What follows the last action of the family: a dot is followed by a slash.
    let action_end = filter.action.as_ref().map(|action| format!("{action}/"));
    let is_by_action = is_by_action(filter);
    let window = window_of(filter);
    let mut statement =
        connection.prepare_cached(if is_by_action { OF_ACTIONS } else { window.page })?;
    let common = named_params! {
        ":actor": filter.actor, ":object": filter.object, ":kind": filter.kind,
        ":outcome": outcome, ":action": filter.action, ":from_at": from_at, ":to_at": to_at,
        ":before": before, ":floor": floor, ":limit": rows_max,
    };
    let own: (&str, &dyn rusqlite::ToSql) =
        if is_by_action { (":action_end", &action_end) } else { (":looked_at", &LOOKED_AT_MAX) };
    let params: Vec<_> = common.iter().copied().chain([own]).collect();
    let rows = statement.query_map(params.as_slice(), |row| {
        Ok(Shown { record: record(row)?, personal_values: row.get(14)? })
    })?;
    let mut shown: Vec<Shown> = rows.collect::<rusqlite::Result<_>>()?;
    let has_more = shown.len() > limit;
    shown.truncate(limit);
    let next = match shown.last() {
        Some(last) if has_more => Some(last.record.seq),
        _ if is_by_action => None,
        _ => end_of(connection, filter, window, (before, floor))?,
    };
    Ok(Listed { shown, next })
}

/// Where a full window ends; none where nothing is left behind it.
fn end_of(
    connection: &Connection,
    filter: &Filter,
    window: &Window,
    (before, floor): (i64, i64),
) -> Result<Option<i64>> {
    let (length, end): (i64, Option<i64>) = connection.prepare_cached(window.extent)?.query_row(
        named_params! {
            ":actor": filter.actor, ":object": filter.object, ":before": before,
            ":floor": floor, ":looked_at": LOOKED_AT_MAX,
        },
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(end.filter(|end| length >= LOOKED_AT_MAX && *end > floor))
}

/// Between which entries a filter can find anything: before the first number and not before the
/// second.
fn range(connection: &Connection, filter: &Filter) -> Result<(i64, i64)> {
    let (last, _) = head(connection)?;
    let end = match filter.to {
        Some(to) => first_after(connection, last, to.0.saturating_add(CLOCK_ERROR_MS))?,
        None => last.saturating_add(1),
    };
    let floor = match filter.from {
        Some(from) => first_after(connection, last, from.0.saturating_sub(CLOCK_ERROR_MS))?,
        None => 1,
    };
    Ok((filter.before.unwrap_or(i64::MAX).min(end), floor))
}

/// The first entry after a time, found by halving: numbers have no gaps.
fn first_after(connection: &Connection, last: i64, at: i64) -> Result<i64> {
    let mut statement =
        connection.prepare_cached("SELECT at > :at FROM audit_entries WHERE seq = :seq")?;
    let (mut low, mut high) = (1, last.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        let is_after: bool =
            statement.query_row(named_params! { ":at": at, ":seq": middle }, |row| row.get(0))?;
        if is_after {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty_log() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test looks at plans on its own file")]
        let connection = Connection::open(folder.path().join("log.db")).unwrap();
        for sql in [
            include_str!("../../../../migrations/system/0002_audit.sql"),
            include_str!("../../../../migrations/system/0007_audit_search.sql"),
        ] {
            connection.execute_batch(sql).unwrap();
        }
        (folder, connection)
    }

    fn plan(connection: &Connection, sql: &str) -> Vec<String> {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut rows = statement.raw_query();
        let mut steps = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            steps.push(row.get("detail").unwrap());
        }
        steps
    }

    #[test]
    fn every_filter_walks_its_index_and_sorts_no_log() {
        let (_folder, connection) = empty_log();
        let id = Some(ObjectId::from_bytes([1; 16]));
        let refused = Filter { is_refused: Some(true), ..Filter::default() };
        for (filter, index) in [
            (Filter { object: id, actor: id, ..Filter::default() }, "audit_entries_object (object"),
            (Filter { actor: id, ..refused.clone() }, "audit_entries_actor (actor_id=?"),
            (refused, "audit_entries_refused (seq"),
            (
                Filter { kind: Some("x".to_owned()), ..Filter::default() },
                "INTEGER PRIMARY KEY (row",
            ),
        ] {
            let window = window_of(&filter);
            for sql in [window.page, window.extent] {
                let steps = plan(&connection, sql);
                assert!(steps.iter().any(|step| step.contains(index)), "{index}: {steps:#?}");
                let scanned = |step: &&String| {
                    step.starts_with("SCAN ") && (step.contains("audit_") || step.ends_with(" e"))
                };
                assert_eq!(steps.iter().find(scanned), None, "{steps:#?}");
            }
        }
    }

    #[test]
    fn a_family_of_actions_is_read_from_its_index_alone() {
        let (_folder, connection) = empty_log();

        let steps = plan(&connection, OF_ACTIONS);

        let scanned = |step: &&String| {
            ["SCAN e", "SCAN n", "SCAN m", "SCAN a", "SCAN audit_entries"].contains(&step.as_str())
        };
        assert_eq!(steps.iter().find(scanned), None, "{steps:#?}");
        assert!(is_by_action(&Filter { action: Some("a".to_owned()), ..Filter::default() }));
    }

    #[test]
    fn a_time_is_found_among_the_entries() {
        let (_folder, connection) = empty_log();
        for seq in 1..=20_i64 {
            connection
                .execute(
                    "INSERT INTO audit_entries (seq, at, actor_kind, action, object_kind, outcome,
                         changes, personal, prev_hash, hash)
                     VALUES (?1, ?2, 'system', 'a.b', 'a', 'ok', '{}', '{}', zeroblob(32),
                         zeroblob(32))",
                    (seq, seq * 10),
                )
                .unwrap();
        }
        assert_eq!(first_after(&connection, 20, 0).unwrap(), 1);
        assert_eq!(first_after(&connection, 20, 95).unwrap(), 10);
        assert_eq!(first_after(&connection, 20, 100).unwrap(), 11);
        assert_eq!(first_after(&connection, 20, 9_999).unwrap(), 21);
        assert_eq!(first_after(&connection, 0, 5).unwrap(), 1);
    }
}

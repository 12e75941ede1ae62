//! The values about people beside a log: found by whom the entries are by and about, and erased.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Connection, named_params};

use super::{list::Shown, record};
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::id::ObjectId;

/// The values beside an entry; none when they cannot be read.
pub(in crate::platform) type Values = Option<BTreeMap<String, String>>;

/// Entries by or about somebody after `seq`, oldest first, with the values beside them.
pub(in crate::platform) fn of(
    connection: &Connection,
    person: ObjectId,
    seq: i64,
    limit: usize,
) -> Result<Vec<Shown>> {
    let mut statement = connection.prepare_cached(
        "SELECT e.seq, e.at, e.actor_kind, e.actor_id, e.action, e.object_kind, e.object_id,
             e.object_version, e.outcome, e.request_id, e.changes, e.personal, e.prev_hash, e.hash,
             p.personal_values
         FROM (SELECT seq FROM (SELECT seq FROM audit_entries
                   WHERE actor_id = :person AND seq > :seq ORDER BY seq LIMIT :limit)
               UNION SELECT seq FROM (SELECT seq FROM audit_entries
                   WHERE object_id = :person AND seq > :seq ORDER BY seq LIMIT :limit)
               ORDER BY seq LIMIT :limit) AS w
         CROSS JOIN audit_entries AS e ON e.seq = w.seq
         LEFT JOIN audit_personal AS p ON p.seq = e.seq
         ORDER BY e.seq",
    )?;
    let limit = integer(limit);
    let rows = statement
        .query_map(named_params! { ":person": person, ":seq": seq, ":limit": limit }, |row| {
            Ok(Shown { record: record(row)?, personal_values: row.get(14)? })
        })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether somebody did anything here, or anything was done about them.
pub(in crate::platform) fn knows(connection: &Connection, person: ObjectId) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM audit_entries WHERE actor_id = :person)
                 OR EXISTS (SELECT 1 FROM audit_entries WHERE object_id = :person)",
        )?
        .query_row(named_params! { ":person": person }, |row| row.get(0))?)
}

/// Values after `seq`: their entry, who it is by, and what they say.
pub(in crate::platform) fn after(
    connection: &Connection,
    seq: i64,
    limit: usize,
) -> Result<Vec<(i64, String, Values)>> {
    let mut statement = connection.prepare_cached(
        "SELECT p.seq, e.actor_kind, p.personal_values
         FROM audit_personal AS p CROSS JOIN audit_entries AS e ON e.seq = p.seq
         WHERE p.seq > :seq ORDER BY p.seq LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows = statement.query_map(named_params! { ":seq": seq, ":limit": limit }, |row| {
        let values: String = row.get(2)?;
        Ok((row.get(0)?, row.get(1)?, serde_json::from_str(&values).ok()))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Entries that values stand beside.
pub(in crate::platform) fn all(connection: &Connection) -> Result<HashSet<i64>> {
    let mut statement = connection.prepare_cached("SELECT seq FROM audit_personal")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Erases the values beside an entry; false when there were none.
pub(in crate::platform) fn erase(connection: &Connection, seq: i64) -> Result<bool> {
    let erased = connection
        .prepare_cached("DELETE FROM audit_personal WHERE seq = :seq")?
        .execute(named_params! { ":seq": seq })?;
    Ok(erased > 0)
}

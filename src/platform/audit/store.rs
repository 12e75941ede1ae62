//! The SQL of the audit log.

pub(in crate::platform) mod carrying;
pub(in crate::platform) mod checkpoints;
mod list;
pub(in crate::platform) mod personal;
pub(in crate::platform) mod tree;

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::rules::{Hash, LogId, NO_HASH, Record};
use crate::platform::clock::Moment;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};
use crate::platform::id::ObjectId;

pub(in crate::platform) use list::list;
pub use list::{Filter, Listed, Shown};

/// Gives the log its id; once per file.
pub(in crate::platform) fn begin(connection: &Connection, log: LogId, now: Moment) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO audit_log (id, log_id, created_at) VALUES (1, :log, :now)
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute(named_params! { ":log": log, ":now": now })?;
    Ok(())
}

pub(in crate::platform) fn log_id(connection: &Connection) -> Result<LogId> {
    Ok(connection
        .prepare_cached("SELECT log_id FROM audit_log WHERE id = 1")?
        .query_row([], |row| row.get(0))?)
}

/// The last entry's number and hash; zero and no hash for an empty log.
pub(in crate::platform) fn head(connection: &Connection) -> Result<(i64, Hash)> {
    let head = connection
        .prepare_cached("SELECT seq, hash FROM audit_entries ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(head.unwrap_or((0, NO_HASH)))
}

/// When the last entry was written.
pub(in crate::platform) fn newest_at(connection: &Connection) -> Result<Option<Moment>> {
    Ok(connection
        .prepare_cached("SELECT at FROM audit_entries ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?)
}

pub(in crate::platform) fn insert(connection: &Connection, record: &Record) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO audit_entries (seq, at, actor_kind, actor_id, action, object_kind,
                 object_id, object_version, outcome, request_id, changes, personal, prev_hash,
                 hash)
             VALUES (:seq, :at, :actor_kind, :actor_id, :action, :object_kind,
                 :object_id, :object_version, :outcome, :request_id, :changes, :personal,
                 :prev_hash, :hash)",
        )?
        .execute(named_params! {
            ":seq": record.seq, ":at": record.at, ":actor_kind": record.actor_kind,
            ":actor_id": record.actor_id, ":action": record.action,
            ":object_kind": record.object_kind, ":object_id": record.object_id,
            ":object_version": record.object_version, ":outcome": record.outcome,
            ":request_id": record.request_id, ":changes": record.changes,
            ":personal": record.personal, ":prev_hash": record.prev_hash, ":hash": record.hash,
        })?;
    Ok(())
}

pub(in crate::platform) fn insert_personal(
    connection: &Connection,
    seq: i64,
    salt: &[u8; 32],
    values: &str,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO audit_personal (seq, salt, personal_values)
             VALUES (:seq, :salt, :personal_values)",
        )?
        .execute(named_params! { ":seq": seq, ":salt": salt, ":personal_values": values })?;
    Ok(())
}

/// An entry with its personal values, where they were not erased.
pub(in crate::platform) fn get(connection: &Connection, seq: i64) -> Result<Shown> {
    let found = connection
        .prepare_cached(
            "SELECT e.seq, at, actor_kind, actor_id, action, object_kind, object_id,
                 object_version, outcome, request_id, changes, personal, prev_hash, hash,
                 p.personal_values
             FROM audit_entries AS e LEFT JOIN audit_personal AS p ON p.seq = e.seq
             WHERE e.seq = :seq",
        )?
        .query_row(named_params! { ":seq": seq }, |row| {
            Ok(Shown { record: record(row)?, personal_values: row.get(14)? })
        })
        .optional()?;
    found.ok_or(Error::NotFound)
}

/// The newest entry of an action.
pub(in crate::platform) fn newest_of(
    connection: &Connection,
    action: &str,
) -> Result<Option<Record>> {
    Ok(connection
        .prepare_cached(
            "SELECT seq, at, actor_kind, actor_id, action, object_kind, object_id, object_version,
                 outcome, request_id, changes, personal, prev_hash, hash
             FROM audit_entries WHERE action = :action ORDER BY seq DESC LIMIT 1",
        )?
        .query_row(named_params! { ":action": action }, record)
        .optional()?)
}

/// The number of the last entry about an object.
pub(in crate::platform) fn last_about(connection: &Connection, object: ObjectId) -> Result<i64> {
    let last: Option<i64> = connection
        .prepare_cached("SELECT max(seq) FROM audit_entries WHERE object_id = :object")?
        .query_row(named_params! { ":object": object }, |row| row.get(0))?;
    Ok(last.unwrap_or(0))
}

/// Entries after `seq`, oldest first: what the event stream reads.
pub(in crate::platform) fn after(
    connection: &Connection,
    seq: i64,
    limit: usize,
) -> Result<Vec<Record>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at, actor_kind, actor_id, action, object_kind, object_id, object_version,
             outcome, request_id, changes, personal, prev_hash, hash
         FROM audit_entries WHERE seq > :seq ORDER BY seq LIMIT :limit",
    )?;
    let rows =
        statement.query_map(named_params! { ":seq": seq, ":limit": integer(limit) }, record)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// An entry with its salt and personal values, where they were not erased.
pub(in crate::platform) type Whole = (Record, Option<([u8; 32], String)>);

/// Entries after `seq`, oldest first, with all that lies beside them: what a verification reads.
pub(in crate::platform) fn whole_after(
    connection: &Connection,
    seq: i64,
    limit: usize,
) -> Result<Vec<Whole>> {
    let mut statement = connection.prepare_cached(
        "SELECT e.seq, at, actor_kind, actor_id, action, object_kind, object_id, object_version,
             outcome, request_id, changes, personal, prev_hash, hash, p.salt, p.personal_values
         FROM audit_entries AS e LEFT JOIN audit_personal AS p ON p.seq = e.seq
         WHERE e.seq > :seq ORDER BY e.seq LIMIT :limit",
    )?;
    let rows =
        statement.query_map(named_params! { ":seq": seq, ":limit": integer(limit) }, |row| {
            let salt: Option<[u8; 32]> = row.get(14)?;
            let values: Option<String> = row.get(15)?;
            Ok((record(row)?, salt.zip(values)))
        })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        seq: row.get(0)?,
        at: row.get(1)?,
        actor_kind: row.get(2)?,
        actor_id: row.get(3)?,
        action: row.get(4)?,
        object_kind: row.get(5)?,
        object_id: row.get(6)?,
        object_version: row.get(7)?,
        outcome: row.get(8)?,
        request_id: row.get(9)?,
        changes: row.get(10)?,
        personal: row.get(11)?,
        prev_hash: row.get(12)?,
        hash: row.get(13)?,
    })
}

//! The SQL of counts.

mod entries;
mod lines;

use std::collections::HashSet;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{OptionalExtension, Row, named_params};
use serde_json::{Value, json};

use super::rules::settling::Decision;
use super::rules::{
    CountId, CountInput, CountState, Deed, Extent, KeptCount, LineState, Mode, Settings, Threshold,
};
use crate::apps::inventory::items::rules::ItemId;
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};
use crate::platform::identity::UserId;

pub(super) use entries::{
    EntryRow, NewEntry, entries_of, insert_entry, is_sole_counter, is_undone, known_op, last_entry,
    list_entries,
};
pub(super) use lines::{
    ItemFacts, LineKey, NewLine, approve_as_expected, insert_line, item_facts, item_rids,
    keep_book_value, lines, mark, moved_since, posted_at, recount, save, settle, stocked, summary,
};

/// What `count` reads.
macro_rules! columns {
    () => {
        "rid, id, version, name, scope_json, is_blind, state, start_seq, entries, lines,
         counted_lines, created_at, created_by, updated_at, submitted_at, submitted_by,
         approved_at, approved_by, rejected_at, rejected_by, reject_reason"
    };
}

/// Counts behind a row, newest first.
pub(super) fn list(
    scope: &Scope<'_>,
    state: Option<CountState>,
    before: i64,
    limit: usize,
) -> Result<Vec<KeptCount>> {
    let mut statement = scope.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM count_sessions
         WHERE rid < :before AND (:state IS NULL OR state = :state)
         ORDER BY rid DESC LIMIT :limit"
    ))?;
    let rows = statement.query_map(
        named_params! {
            ":before": before, ":state": state.map(CountState::name), ":limit": integer(limit),
        },
        count,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many counts there are, counted to `max`.
pub(super) fn number(scope: &Scope<'_>, state: Option<CountState>, max: u64) -> Result<u64> {
    let counted: i64 = scope
        .prepare_cached(
            "SELECT COUNT(*) FROM (
                 SELECT 1 FROM count_sessions
                 WHERE :state IS NULL OR state = :state LIMIT :limit)",
        )?
        .query_row(
            named_params! { ":state": state.map(CountState::name), ":limit": integer(max) },
            |row| row.get(0),
        )?;
    Ok(u64::try_from(counted).unwrap_or_default())
}

pub(super) fn get(scope: &Scope<'_>, id: CountId) -> Result<KeptCount> {
    let found = scope
        .prepare_cached(concat!("SELECT ", columns!(), " FROM count_sessions WHERE id = :id"))?
        .query_row(named_params! { ":id": id }, count)
        .optional()?;
    found.ok_or(Error::NotFound)
}

const OPEN_BLIND: &str =
    "SELECT scope_json FROM count_sessions WHERE state = 'open' AND is_blind = 1";
const ITEMS_OF: &str = "SELECT id FROM items WHERE category = :category AND deleted_at IS NULL";

/// What the open blind counts are about.
pub(super) fn open_blind(scope: &Scope<'_>) -> Result<Vec<Extent>> {
    let mut statement = scope.prepare_cached(OPEN_BLIND)?;
    let rows = statement.query_map([], |row| extent(&row.get::<_, String>(0)?))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The items of a category that are not deleted.
pub(super) fn items_of(scope: &Scope<'_>, category: &str) -> Result<HashSet<ItemId>> {
    let mut statement = scope.prepare_cached(ITEMS_OF)?;
    let rows = statement.query_map(named_params! { ":category": category }, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The ledger's last entry.
pub(super) fn ledger_seq(scope: &Scope<'_>) -> Result<i64> {
    Ok(scope
        .prepare_cached("SELECT coalesce(MAX(seq), 0) FROM movements")?
        .query_row([], |row| row.get(0))?)
}

/// Inserts an open count and gives its row.
pub(super) fn insert(
    scope: &Scope<'_>,
    id: CountId,
    input: &CountInput,
    start_seq: i64,
) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "INSERT INTO count_sessions (id, name, scope_json, is_blind, start_seq, created_at,
                 created_by, updated_at, updated_by)
             VALUES (:id, :name, :scope, :is_blind, :start_seq, :now, :user, :now, :user)",
        )?
        .insert(named_params! {
            ":id": id, ":name": input.name, ":scope": extent_json(&input.extent).to_string(),
            ":is_blind": input.is_blind, ":start_seq": start_seq, ":now": scope.now(),
            ":user": scope.user(),
        })?)
}

/// Notes that a count changed, and how far it is.
pub(super) fn touch(scope: &Scope<'_>, rid: i64, entries_added: i64) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE count_sessions SET entries = entries + :added,
                 lines = (SELECT COUNT(*) FROM count_lines WHERE count_session_id = :rid),
                 counted_lines = (SELECT COUNT(counted_qty) FROM count_lines
                     WHERE count_session_id = :rid),
                 version = version + 1, updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! {
            ":rid": rid, ":added": entries_added, ":now": scope.now(), ":user": scope.user(),
        })?;
    Ok(())
}

/// Moves a count to another state, whoever asks being the one who did it.
pub(super) fn enter(scope: &Scope<'_>, rid: i64, state: CountState) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE count_sessions SET state = :state, version = version + 1,
                 submitted_at = CASE :state WHEN 'submitted' THEN :now ELSE submitted_at END,
                 submitted_by = CASE :state WHEN 'submitted' THEN :user ELSE submitted_by END,
                 approved_at = CASE :state WHEN 'applied' THEN :now ELSE approved_at END,
                 approved_by = CASE :state WHEN 'applied' THEN :user ELSE approved_by END,
                 updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! {
            ":rid": rid, ":state": state.name(), ":now": scope.now(), ":user": scope.user(),
        })?;
    Ok(())
}

/// Opens a count again, with the reason.
pub(super) fn reject(scope: &Scope<'_>, rid: i64, reason: &str) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE count_sessions SET state = 'open', version = version + 1,
                 rejected_at = :now, rejected_by = :user, reject_reason = :reason,
                 updated_at = :now, updated_by = :user
             WHERE rid = :rid",
        )?
        .execute(named_params! {
            ":rid": rid, ":reason": reason, ":now": scope.now(), ":user": scope.user(),
        })?;
    Ok(())
}

pub(super) fn settings(scope: &Scope<'_>) -> Result<Settings> {
    Ok(scope
        .prepare_cached(
            "SELECT second_count_percent, second_count_value, version
             FROM count_settings WHERE rid = 1",
        )?
        .query_row([], |row| {
            let threshold = Threshold { percent: row.get(0)?, value: row.get(1)? };
            Ok(Settings { threshold, version: row.get(2)? })
        })?)
}

pub(super) fn change_settings(scope: &Scope<'_>, threshold: Threshold) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE count_settings SET second_count_percent = :percent,
                 second_count_value = :value, version = version + 1, updated_at = :now,
                 updated_by = :user
             WHERE rid = 1",
        )?
        .execute(named_params! {
            ":percent": threshold.percent, ":value": threshold.value, ":now": scope.now(),
            ":user": scope.user(),
        })?;
    Ok(())
}

fn extent_json(extent: &Extent) -> Value {
    let mut members = serde_json::Map::new();
    if let Some(category) = &extent.category {
        members.insert("category".to_owned(), json!(category));
    }
    if let Some(items) = &extent.items {
        let ids: Vec<String> = items.iter().map(ToString::to_string).collect();
        members.insert("item_ids".to_owned(), json!(ids));
    }
    if let Some(place) = extent.place {
        members.insert("location_id".to_owned(), json!(place.to_string()));
    }
    Value::Object(members)
}

fn extent(text: &str) -> rusqlite::Result<Extent> {
    let odd = |error: serde_json::Error| FromSqlError::Other(Box::new(error));
    let json: Value = serde_json::from_str(text).map_err(odd)?;
    let member = |name: &str| json.get(name).and_then(Value::as_str);
    let items = json.get("item_ids").and_then(Value::as_array);
    let ids = |list: &Vec<Value>| -> Vec<ItemId> {
        list.iter().filter_map(|id| id.as_str()?.parse().ok()).collect()
    };
    Ok(Extent {
        place: member("location_id").and_then(|id| id.parse().ok()),
        category: member("category").map(str::to_owned),
        items: items.map(ids),
    })
}

fn count(row: &Row<'_>) -> rusqlite::Result<KeptCount> {
    let scope_json: String = row.get(4)?;
    let deed = |at: usize| -> rusqlite::Result<Option<Deed>> {
        let (moment, by): (Option<Moment>, Option<UserId>) = (row.get(at)?, row.get(at + 1)?);
        Ok(moment.map(|at| Deed { at, by }))
    };
    Ok(KeptCount {
        rid: row.get(0)?,
        id: row.get(1)?,
        version: row.get(2)?,
        name: row.get(3)?,
        extent: extent(&scope_json)?,
        is_blind: row.get(5)?,
        state: row.get(6)?,
        start_seq: row.get(7)?,
        entries: row.get(8)?,
        lines: row.get(9)?,
        counted_lines: row.get(10)?,
        created_at: row.get(11)?,
        created_by: row.get(12)?,
        updated_at: row.get(13)?,
        submitted: deed(14)?,
        approved: deed(16)?,
        rejected: deed(18)?,
        reject_reason: row.get(20)?,
    })
}

impl FromSql for CountState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl FromSql for LineState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl FromSql for Mode {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl FromSql for Decision {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::tests::{empty_file, walks};

    #[test]
    fn what_is_hidden_is_found_by_indexes() {
        let (_folder, connection) = empty_file();

        walks(&connection, OPEN_BLIND, "count_sessions_state (state=?");
        walks(&connection, ITEMS_OF, "items_category (category=?");
    }
}

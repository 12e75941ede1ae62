//! The SQL of erasures, and the rows that the marks of the columns name.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Row, named_params};
use serde_json::{Map, Value as Json};

use super::rules::{Counts, Erasure, ErasureId};
use crate::platform::app::{ColumnMarks, Whose};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::db::rows::{self, Table, Which};
use crate::platform::error::Result;
use crate::platform::id::ObjectId;
use crate::platform::identity::UserId;
use crate::platform::jobs::JobId;
use crate::platform::workspaces::WorkspaceId;

/// Notes who is to be erased. Somebody who came back with an old backup is erased again.
pub(super) fn insert(scope: &Unit<'_>, erasure: &Erasure, looked_for: &str) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO erasures (id, user_id, asked_by, asked_at, job_id, looked_for)
             VALUES (:id, :user, :asked_by, :asked_at, :job, :looked_for)",
        )?
        .execute(named_params! {
            ":id": erasure.id, ":user": erasure.user, ":asked_by": erasure.asked_by,
            ":asked_at": erasure.asked_at, ":job": erasure.job, ":looked_for": looked_for,
        })?;
    // Who belongs to a deleted workspace still does when it is restored.
    scope
        .prepare_cached(
            "INSERT INTO erasure_files (erasure_id, workspace_id, was_member)
             SELECT :id, w.id, EXISTS (SELECT 1 FROM memberships AS m
                 WHERE m.workspace_id = w.id AND m.user_id = :user)
             FROM workspaces AS w WHERE w.purged_at IS NULL",
        )?
        .execute(named_params! { ":id": erasure.id, ":user": erasure.user })?;
    Ok(())
}

/// Forgets an earlier erasure of somebody who came back with an old backup.
pub(super) fn forget(scope: &Unit<'_>, user: UserId) -> Result<()> {
    scope
        .prepare_cached(
            "DELETE FROM erasure_files
             WHERE erasure_id IN (SELECT id FROM erasures WHERE user_id = :user)",
        )?
        .execute(named_params! { ":user": user })?;
    scope
        .prepare_cached("DELETE FROM erasures WHERE user_id = :user")?
        .execute(named_params! { ":user": user })?;
    Ok(())
}

pub(super) fn set_job(scope: &Unit<'_>, id: ErasureId, job: JobId) -> Result<()> {
    scope
        .prepare_cached("UPDATE erasures SET job_id = :job WHERE id = :id")?
        .execute(named_params! { ":id": id, ":job": job })?;
    Ok(())
}

/// The erasure of a person.
pub(super) fn of(scope: &Unit<'_>, user: UserId) -> Result<Option<Erasure>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, user_id, asked_by, asked_at, job_id, row_count, text_count, entry_count,
                 closed_at, finished_at
             FROM erasures WHERE user_id = :user",
        )?
        .query_row(named_params! { ":user": user }, erasure)
        .optional()?)
}

/// Everybody whose erasure was ever begun.
pub(super) fn users(scope: &Unit<'_>) -> Result<Vec<UserId>> {
    let mut statement = scope.prepare_cached("SELECT user_id FROM erasures ORDER BY user_id")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether somebody belongs to a workspace.
pub(super) fn is_member(scope: &Unit<'_>, user: UserId, workspace: WorkspaceId) -> Result<bool> {
    Ok(scope
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM memberships
                 WHERE workspace_id = :workspace AND user_id = :user)",
        )?
        .query_row(named_params! { ":workspace": workspace, ":user": user }, |row| row.get(0))?)
}

/// Opens a finished erasure again for one workspace, whose file is an older one from now on.
pub(super) fn open_again(
    scope: &Unit<'_>,
    id: ErasureId,
    looked_for: &str,
    workspace: WorkspaceId,
    was_member: bool,
) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE erasures SET looked_for = :looked_for, closed_at = NULL, finished_at = NULL
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":looked_for": looked_for })?;
    scope
        .prepare_cached(
            "INSERT INTO erasure_files (erasure_id, workspace_id, was_member)
             VALUES (:id, :workspace, :was_member)
             ON CONFLICT (erasure_id, workspace_id) DO UPDATE SET
                 was_member = excluded.was_member, done_at = NULL",
        )?
        .execute(named_params! { ":id": id, ":workspace": workspace, ":was_member": was_member })?;
    Ok(())
}

/// Those that something may be left of.
pub(super) fn unfinished(scope: &Unit<'_>) -> Result<Vec<Erasure>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, user_id, asked_by, asked_at, job_id, row_count, text_count, entry_count,
             closed_at, finished_at
         FROM erasures WHERE finished_at IS NULL ORDER BY id",
    )?;
    let rows = statement.query_map([], erasure)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Erasures, newest first; what follows `before`.
pub(super) fn list(
    scope: &Unit<'_>,
    before: Option<ErasureId>,
    limit: usize,
) -> Result<Vec<Erasure>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, user_id, asked_by, asked_at, job_id, row_count, text_count, entry_count,
             closed_at, finished_at
         FROM erasures WHERE :before IS NULL OR id < :before ORDER BY id DESC LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows =
        statement.query_map(named_params! { ":before": before, ":limit": limit }, erasure)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What to look for, as long as something may be left.
pub(super) fn looked_for(scope: &Unit<'_>, id: ErasureId) -> Result<Option<String>> {
    Ok(scope
        .prepare_cached("SELECT looked_for FROM erasures WHERE id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get(0))?)
}

/// Workspaces that an erasure has not gone through yet, and whether the person belonged to them.
pub(super) fn files_left(scope: &Unit<'_>, id: ErasureId) -> Result<Vec<(WorkspaceId, bool)>> {
    let mut statement = scope.prepare_cached(
        "SELECT workspace_id, was_member FROM erasure_files
         WHERE erasure_id = :id AND done_at IS NULL ORDER BY workspace_id",
    )?;
    let rows =
        statement.query_map(named_params! { ":id": id }, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn count_files(scope: &Unit<'_>, id: ErasureId) -> Result<i64> {
    Ok(scope
        .prepare_cached("SELECT count(*) FROM erasure_files WHERE erasure_id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get(0))?)
}

pub(super) fn file_done(scope: &Unit<'_>, id: ErasureId, workspace: WorkspaceId) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE erasure_files SET done_at = :now
             WHERE erasure_id = :id AND workspace_id = :workspace",
        )?
        .execute(named_params! { ":id": id, ":workspace": workspace, ":now": scope.now() })?;
    Ok(())
}

/// Adds to what was taken away so far.
pub(super) fn count(scope: &Unit<'_>, id: ErasureId, more: Counts) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE erasures SET row_count = row_count + :rows, text_count = text_count + :texts,
                 entry_count = entry_count + :entries WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id, ":rows": more.rows, ":texts": more.texts, ":entries": more.entries,
        })?;
    Ok(())
}

/// Notes that nothing is left in tables, and forgets what was looked for.
pub(super) fn close(scope: &Unit<'_>, id: ErasureId) -> Result<()> {
    scope
        .prepare_cached("UPDATE erasures SET looked_for = NULL, closed_at = :now WHERE id = :id")?
        .execute(named_params! { ":id": id, ":now": scope.now() })?;
    Ok(())
}

pub(super) fn finish(scope: &Unit<'_>, id: ErasureId) -> Result<()> {
    scope
        .prepare_cached("UPDATE erasures SET finished_at = :now WHERE id = :id")?
        .execute(named_params! { ":id": id, ":now": scope.now() })?;
    Ok(())
}

fn erasure(row: &Row<'_>) -> rusqlite::Result<Erasure> {
    Ok(Erasure {
        id: row.get(0)?,
        user: row.get(1)?,
        asked_by: row.get(2)?,
        asked_at: row.get(3)?,
        job: row.get(4)?,
        counts: Counts { rows: row.get(5)?, texts: row.get(6)?, entries: row.get(7)? },
        closed_at: row.get(8)?,
        finished_at: row.get(9)?,
    })
}

/// The workspaces a person belongs to or ever belonged to, with their names.
pub(super) fn workspaces_of(scope: &Unit<'_>, user: UserId) -> Result<Vec<(WorkspaceId, String)>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, name FROM workspaces
         WHERE purged_at IS NULL AND (
             id IN (SELECT workspace_id FROM memberships WHERE user_id = :user)
             OR id IN (SELECT object_id FROM audit_entries
                 WHERE action = 'workspace.member.added' AND instr(changes, :text) > 0))
         ORDER BY id",
    )?;
    let rows = statement
        .query_map(named_params! { ":user": user, ":text": user.to_string() }, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Rows looked at in one read.
pub(super) const LOOKED_AT_ONCE: usize = 2_000;

/// Whose rows are looked for.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) user: UserId,
    /// As `email_key` writes them.
    pub(super) addresses: Vec<String>,
}

/// What of a table belongs to a person: one way of finding it for each address they have.
fn which(marks: &ColumnMarks, person: &Person) -> Vec<Which> {
    let id = || Value::Blob(person.user.as_bytes().to_vec());
    match marks.whose {
        Whose::Nobodys | Whose::Elsewhere(_) => Vec::new(),
        Whose::Theirs(column) | Whose::Written(column) => {
            vec![Which::With { column, value: id() }]
        }
        Whose::Addressed(column) => person
            .addresses
            .iter()
            .map(|address| Which::With { column, value: Value::Text(address.clone()) })
            .collect(),
        Whose::Through { column, table, key, person: owner } => {
            vec![Which::Through { column, table, key, owner, value: id() }]
        }
    }
}

/// A value of a key, of any kind.
pub(super) type Key = Vec<Value>;

/// How far the reading of a person's rows of a table has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Cursor {
    way: usize,
    after: Option<Key>,
}

/// A row of a person's, as it is given to them.
pub(super) type Shown = Map<String, Json>;

/// The next rows of a person's in a table; none of the cursor when that was all.
pub(super) fn page_of(
    unit: &Unit<'_>,
    marks: &ColumnMarks,
    person: &Person,
    cursor: &Cursor,
    limit: usize,
) -> Result<(Vec<Shown>, Option<Cursor>)> {
    let ways = which(marks, person);
    let Some(way) = ways.get(cursor.way) else { return Ok((Vec::new(), None)) };
    let table = Table::read(unit.connection(), marks.table)?;
    let rows = table.page(unit.connection(), way, cursor.after.as_deref(), limit)?;
    let next = match rows.last() {
        Some(last) if rows.len() == limit => {
            Cursor { way: cursor.way, after: Some(table.key_of(last)) }
        }
        _ => Cursor { way: cursor.way + 1, after: None },
    };
    let shown = rows.into_iter().filter_map(|row| shown(marks, &table, row)).collect();
    Ok((shown, Some(next).filter(|next| next.way < ways.len())))
}

/// What a person gets of a row; none when there is nothing of theirs in it.
fn shown(marks: &ColumnMarks, table: &Table, row: rows::Row) -> Option<Shown> {
    let is_written = matches!(marks.whose, Whose::Written(_));
    let has_text = table.columns.iter().zip(&row).any(|(column, value)| {
        let is_personal = marks.personal().any(|one| one == column.name);
        is_personal && matches!(value, Value::Text(text) if !text.is_empty())
    });
    if is_written && !has_text {
        return None;
    }
    let is_shown = |name: &str| {
        let is_own = !is_written || name == "id" || name.ends_with("_at");
        (is_own || marks.personal().any(|one| one == name)) && !marks.is_secret(name)
    };
    let named = table.columns.iter().map(|column| column.name.as_str()).zip(row);
    let shown = named.filter(|(name, _)| is_shown(name));
    Some(
        shown.filter_map(|(name, value)| Some((name.to_owned(), readable(name, value)?))).collect(),
    )
}

/// A value as people read it. Hashes and what is sealed say nothing.
fn readable(name: &str, value: Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Integer(at) if name.ends_with("_at") || name.ends_with("_until") => {
            Json::String(Moment(at).to_string())
        }
        Value::Integer(number) => number.into(),
        Value::Real(number) => number.into(),
        Value::Text(text) => Json::String(text),
        Value::Blob(bytes) => {
            let id: [u8; 16] = bytes.try_into().ok()?;
            Json::String(ObjectId::from_bytes(id).to_string())
        }
    })
}

/// Deletes some of the rows that go with a person; gives how many.
pub(super) fn delete_some(
    unit: &Unit<'_>,
    marks: &ColumnMarks,
    person: &Person,
    limit: usize,
) -> Result<usize> {
    let table = Table::read(unit.connection(), marks.table)?;
    let mut count = 0;
    for way in which(marks, person) {
        let rows = table.page(unit.connection(), &way, None, limit - count)?;
        for row in &rows {
            table.delete(unit.connection(), &table.key_of(row))?;
        }
        count += rows.len();
        if count == limit {
            break;
        }
    }
    Ok(count)
}

/// Looks at the next rows of a table and gives the keys of those of which `is_meant` says so, and
/// where to go on. `is_meant` gets the texts of the personal columns.
pub(super) fn look(
    unit: &Unit<'_>,
    marks: &ColumnMarks,
    of: Option<&Person>,
    after: Option<&Key>,
    is_meant: impl Fn(&str) -> bool,
) -> Result<(Vec<Key>, Option<Key>)> {
    let table = Table::read(unit.connection(), marks.table)?;
    let way = of.and_then(|person| which(marks, person).pop()).unwrap_or(Which::All);
    let after = after.map(Vec::as_slice);
    let rows = table.page(unit.connection(), &way, after, LOOKED_AT_ONCE)?;
    let places = places(marks, &table)?;
    let meant = rows.iter().filter(|row| {
        let texts = places.iter().filter_map(|place| text(&row[*place]));
        texts.into_iter().any(&is_meant)
    });
    let keys = meant.map(|row| table.key_of(row)).collect();
    let next = rows.last().filter(|_| rows.len() == LOOKED_AT_ONCE);
    Ok((keys, next.map(|last| table.key_of(last))))
}

/// What becomes of a text.
pub(super) enum Fate {
    Stays,
    Emptied,
    Becomes(String),
}

/// Changes the personal texts of some rows; gives how many texts.
pub(super) fn change(
    unit: &Unit<'_>,
    marks: &ColumnMarks,
    keys: &[Key],
    fate: impl Fn(&str) -> Fate,
) -> Result<usize> {
    let table = Table::read(unit.connection(), marks.table)?;
    let places = places(marks, &table)?;
    let mut count = 0;
    for key in keys {
        let Some(row) = table.get(unit.connection(), key)? else { continue };
        let mut changed = Vec::new();
        for place in &places {
            let Some(text) = text(&row[*place]).filter(|text| !text.is_empty()) else { continue };
            match fate(text) {
                Fate::Stays => {}
                Fate::Emptied => changed.push((*place, table.columns[*place].empty())),
                // Two names may become the same mark.
                Fate::Becomes(text) if table.columns[*place].is_unique => {
                    changed.push((*place, Value::Text(Table::told_apart(&text, key))));
                }
                Fate::Becomes(text) => changed.push((*place, Value::Text(text))),
            }
        }
        if !changed.is_empty() {
            table.set(unit.connection(), key, &changed)?;
            count += changed.len();
        }
    }
    Ok(count)
}

/// Deletes rows by their keys.
pub(super) fn delete(unit: &Unit<'_>, marks: &ColumnMarks, keys: &[Key]) -> Result<usize> {
    let table = Table::read(unit.connection(), marks.table)?;
    for key in keys {
        table.delete(unit.connection(), key)?;
    }
    Ok(keys.len())
}

fn places(marks: &ColumnMarks, table: &Table) -> Result<Vec<usize>> {
    marks.personal().map(|column| table.place(column)).collect()
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

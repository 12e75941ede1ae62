//! The SQL of people elsewhere, and that which looks at a file from elsewhere.

use std::collections::BTreeSet;

use rusqlite::{Connection, named_params};

use crate::platform::ctx::BoxScope;
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::identity::UserId;
use crate::platform::workspaces::WorkspaceId;

/// Somebody of the box that a workspace was brought from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonElsewhere {
    pub id: UserId,
    pub name: String,
    pub email: Option<String>,
    pub role: Option<String>,
}

pub(super) fn insert_person(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    person: &PersonElsewhere,
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO people_elsewhere (workspace_id, person_id, name, email, role)
             VALUES (:workspace, :person, :name, :email, :role)
             ON CONFLICT (workspace_id, person_id) DO NOTHING",
        )?
        .execute(named_params! {
            ":workspace": workspace, ":person": person.id, ":name": person.name,
            ":email": person.email, ":role": person.role,
        })?;
    Ok(())
}

/// Those of a workspace, by their ids; what follows `after`.
pub(super) fn people(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<PersonElsewhere>> {
    let mut statement = scope.prepare_cached(
        "SELECT person_id, name, email, role FROM people_elsewhere
         WHERE workspace_id = :workspace AND (:after IS NULL OR person_id > :after)
         ORDER BY person_id LIMIT :limit",
    )?;
    let limit = integer(limit);
    let bound = named_params! { ":workspace": workspace, ":after": after, ":limit": limit };
    let rows = statement.query_map(bound, |row| {
        Ok(PersonElsewhere {
            id: row.get(0)?,
            name: row.get(1)?,
            email: row.get(2)?,
            role: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether a workspace that can be used has this name.
pub(super) fn has_name(scope: &BoxScope<'_>, name: &str) -> Result<bool> {
    Ok(scope
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM workspaces
                 WHERE name = :name AND deleted_at IS NULL AND purged_at IS NULL)",
        )?
        .query_row(named_params! { ":name": name }, |row| row.get(0))?)
}

/// Who ever did something in a workspace, by its log.
pub(super) fn actors(connection: &Connection) -> Result<Vec<UserId>> {
    let mut statement = connection.prepare(
        "SELECT DISTINCT actor_id FROM audit_entries
         WHERE actor_id IS NOT NULL AND actor_kind IN ('user', 'token', 'service')",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One object of a schema: type, name, table, and the text that made it.
pub(super) type SchemaRow = (String, String, String, Option<String>);

/// How large a schema is: objects, and characters of their texts.
pub(super) fn schema_size(connection: &Connection) -> Result<(i64, i64)> {
    let sql = "SELECT count(*), coalesce(sum(length(sql)), 0) FROM sqlite_schema";
    Ok(connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// The schema of a file, which runs nothing of what stands in it.
pub(super) fn schema(connection: &Connection) -> Result<BTreeSet<SchemaRow>> {
    let mut statement =
        connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")?;
    let rows =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A migration that a file went through: its set, its number, its checksum.
pub(super) type Applied = (String, i64, String);

/// Only where the table is known to be one.
pub(super) fn applied(connection: &Connection, limit: usize) -> Result<Vec<Applied>> {
    let mut statement = connection.prepare(
        "SELECT set_name, number, sha256 FROM applied_migrations
         ORDER BY set_name, number LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows = statement.query_map(named_params! { ":limit": limit }, |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

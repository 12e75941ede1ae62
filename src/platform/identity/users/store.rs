//! The SQL of people.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{ERASED_NAME, Kept, User, UserId, email_key};
use crate::platform::ctx::Unit;
use crate::platform::db::{OnConstraint, integer};
use crate::platform::error::{Refusal, Result};

/// The name of a person, of a service account that acted in a person's place, or what is told of
/// somebody who was erased.
pub(super) fn name(scope: &Unit<'_>, user: UserId) -> Result<Option<String>> {
    Ok(scope
        .prepare_cached(
            "SELECT name FROM users WHERE id = :user
             UNION ALL SELECT name FROM service_accounts WHERE id = :user
             UNION ALL SELECT :erased FROM erasures WHERE user_id = :user
             UNION ALL SELECT name FROM people_elsewhere WHERE person_id = :user LIMIT 1",
        )?
        .query_row(named_params! { ":user": user, ":erased": ERASED_NAME }, |row| row.get(0))
        .optional()?)
}

pub(super) fn insert(scope: &Unit<'_>, user: &User, password_hash: &str) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO users (id, name, email, email_key, password_hash, password_changed_at,
                 is_operator, operator_since, language, theme, created_at, updated_at)
             VALUES (:id, :name, :email, :email_key, :password_hash, :now,
                 :is_operator, iif(:is_operator, :now, NULL), :language, :theme, :now, :now)",
        )?
        .execute(named_params! {
            ":id": user.id, ":name": user.name, ":email": user.email,
            ":email_key": email_key(&user.email), ":password_hash": password_hash,
            ":now": scope.now(), ":is_operator": user.is_operator, ":language": user.language,
            ":theme": user.theme,
        })
        .on_constraint("users.email_key", || {
            let detail = "Somebody on this box has this e-mail address already.";
            Refusal::new("email-taken", detail).field("email", "email-taken", detail).into()
        })?;
    Ok(())
}

pub(super) fn get(scope: &Unit<'_>, user: UserId) -> Result<User> {
    Ok(scope
        .prepare_cached(
            "SELECT id, name, email, language, theme, is_operator, disabled_at, version, created_at
             FROM users WHERE id = :user",
        )?
        .query_row(named_params! { ":user": user }, read)?)
}

/// A person by what makes their address the same address, with what is kept of the password.
pub(super) fn find(scope: &Unit<'_>, email_key: &str) -> Result<Option<Kept>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, name, email, language, theme, is_operator, disabled_at, version,
                 created_at, password_hash
             FROM users WHERE email_key = :email_key",
        )?
        .query_row(named_params! { ":email_key": email_key }, kept)
        .optional()?)
}

/// A person with what is kept of the password.
pub(super) fn kept_of(scope: &Unit<'_>, user: UserId) -> Result<Kept> {
    Ok(scope
        .prepare_cached(
            "SELECT id, name, email, language, theme, is_operator, disabled_at, version,
                 created_at, password_hash
             FROM users WHERE id = :user",
        )?
        .query_row(named_params! { ":user": user }, kept)?)
}

/// People in the order they came; what follows `after`.
pub(super) fn list(scope: &Unit<'_>, after: Option<UserId>, limit: usize) -> Result<Vec<User>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, name, email, language, theme, is_operator, disabled_at, version, created_at
         FROM users WHERE :after IS NULL OR id > :after ORDER BY id LIMIT :limit",
    )?;
    let limit = integer(limit);
    let rows = statement.query_map(named_params! { ":after": after, ":limit": limit }, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn count(scope: &Unit<'_>) -> Result<i64> {
    Ok(scope.prepare_cached("SELECT count(*) FROM users")?.query_row([], |row| row.get(0))?)
}

/// Writes what a person may change of themselves.
pub(super) fn update(scope: &Unit<'_>, user: &User) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE users SET name = :name, language = :language, theme = :theme,
                 version = :version, updated_at = :now WHERE id = :user",
        )?
        .execute(named_params! {
            ":user": user.id, ":name": user.name, ":language": user.language,
            ":theme": user.theme, ":version": user.version, ":now": scope.now(),
        })?;
    Ok(())
}

/// Writes what an operator may change of a person.
pub(super) fn update_account(scope: &Unit<'_>, user: &User) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE users SET name = :name, is_operator = :is_operator,
                 operator_since = CASE WHEN :is_operator THEN
                     iif(is_operator, coalesce(operator_since, created_at), :now) END,
                 disabled_at = :disabled_at, version = :version, updated_at = :now
             WHERE id = :user",
        )?
        .execute(named_params! {
            ":user": user.id, ":name": user.name, ":is_operator": user.is_operator,
            ":disabled_at": user.disabled_at, ":version": user.version, ":now": scope.now(),
        })?;
    Ok(())
}

/// Takes off a person what says who they are. Nobody can sign in as them any more.
pub(super) fn unname(scope: &Unit<'_>, user: UserId, name: &str, email: &str) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE users SET name = :name, email = :email, email_key = :email,
                 password_hash = '!', language = 'en', theme = 'system', is_operator = 0,
                 operator_since = NULL, disabled_at = coalesce(disabled_at, :now),
                 version = version + 1, updated_at = :now
             WHERE id = :user",
        )?
        .execute(named_params! {
            ":user": user, ":name": name, ":email": email, ":now": scope.now(),
        })?;
    Ok(())
}

pub(super) fn remove(scope: &Unit<'_>, user: UserId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM users WHERE id = :user")?
        .execute(named_params! { ":user": user })?;
    Ok(())
}

/// The oldest operator who can sign in.
pub(super) fn first_operator(scope: &Unit<'_>) -> Result<Option<UserId>> {
    Ok(scope
        .prepare_cached(
            "SELECT id FROM users WHERE is_operator = 1 AND disabled_at IS NULL
             ORDER BY id LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()?)
}

/// Operators besides one person who can sign in.
pub(super) fn count_other_operators(scope: &Unit<'_>, user: UserId) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "SELECT count(*) FROM users
             WHERE is_operator = 1 AND disabled_at IS NULL AND id <> :user",
        )?
        .query_row(named_params! { ":user": user }, |row| row.get(0))?)
}

/// Keeps the same password in another form; nothing changes for the person.
pub(super) fn keep_rehashed(scope: &Unit<'_>, user: UserId, password_hash: &str) -> Result<()> {
    scope
        .prepare_cached("UPDATE users SET password_hash = :hash WHERE id = :user")?
        .execute(named_params! { ":user": user, ":hash": password_hash })?;
    Ok(())
}

pub(super) fn set_password(scope: &Unit<'_>, user: UserId, password_hash: &str) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE users SET password_hash = :hash, password_changed_at = :now WHERE id = :user",
        )?
        .execute(named_params! { ":user": user, ":hash": password_hash, ":now": scope.now() })?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        language: row.get(3)?,
        theme: row.get(4)?,
        is_operator: row.get(5)?,
        disabled_at: row.get(6)?,
        version: row.get(7)?,
        created_at: row.get(8)?,
    })
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept { user: read(row)?, password_hash: row.get(9)? })
}

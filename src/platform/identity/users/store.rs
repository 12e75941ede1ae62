//! The SQL of people.

use rusqlite::{OptionalExtension, named_params};

use super::rules::{User, UserId, email_key};
use crate::platform::ctx::Unit;
use crate::platform::db::OnConstraint;
use crate::platform::error::{Refusal, Result};

pub(super) fn name(scope: &Unit<'_>, user: UserId) -> Result<Option<String>> {
    Ok(scope
        .prepare_cached("SELECT name FROM users WHERE id = :user")?
        .query_row(named_params! { ":user": user }, |row| row.get(0))
        .optional()?)
}

pub(super) fn insert(scope: &Unit<'_>, user: &User, password_hash: &str) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO users (id, name, email, email_key, password_hash, password_changed_at,
                 is_operator, language, theme, created_at, updated_at)
             VALUES (:id, :name, :email, :email_key, :password_hash, :now,
                 :is_operator, :language, :theme, :now, :now)",
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

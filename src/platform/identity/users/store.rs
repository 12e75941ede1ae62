//! The SQL of people.

use rusqlite::{OptionalExtension, named_params};

use super::rules::UserId;
use crate::platform::ctx::Unit;
use crate::platform::error::Result;

pub(super) fn name(scope: &Unit<'_>, user: UserId) -> Result<Option<String>> {
    Ok(scope
        .prepare_cached("SELECT name FROM users WHERE id = :user")?
        .query_row(named_params! { ":user": user }, |row| row.get(0))
        .optional()?)
}

//! The SQL of what the box says about itself.

use rusqlite::OptionalExtension;

use crate::platform::ctx::BoxScope;
use crate::platform::error::Result;

/// What the box is called; none before somebody owns it.
pub(super) fn box_name(scope: &BoxScope<'_>) -> Result<Option<String>> {
    Ok(scope
        .prepare_cached("SELECT name FROM box_settings WHERE id = 1")?
        .query_row([], |row| row.get(0))
        .optional()?)
}

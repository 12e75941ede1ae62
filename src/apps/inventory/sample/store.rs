//! A look at what is there already.

use crate::platform::ctx::Scope;
use crate::platform::error::Result;

/// Whether nobody has put anything in, not even something that is deleted now.
pub(super) fn is_empty(scope: &Scope<'_>) -> Result<bool> {
    Ok(scope
        .prepare_cached(
            "SELECT NOT EXISTS (SELECT 1 FROM items) AND NOT EXISTS (SELECT 1 FROM locations)",
        )?
        .query_row([], |row| row.get(0))?)
}

//! The SQL of suppliers.

use rusqlite::{OptionalExtension, named_params};

use super::rules::SupplierId;
use crate::platform::ctx::Scope;
use crate::platform::error::Result;

/// The row of the supplier with this name.
pub(super) fn rid_by_name(scope: &Scope<'_>, key: &str) -> Result<Option<i64>> {
    Ok(scope
        .prepare_cached("SELECT rid FROM suppliers WHERE name_key = :key AND deleted_at IS NULL")?
        .query_row(named_params! { ":key": key }, |row| row.get(0))
        .optional()?)
}

/// Inserts a supplier and gives its row.
pub(super) fn insert(scope: &Scope<'_>, id: SupplierId, name: &str, key: &str) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "INSERT INTO suppliers (id, name, name_key, created_at, created_by, updated_at,
                 updated_by)
             VALUES (:id, :name, :key, :now, :user, :now, :user)",
        )?
        .insert(named_params! {
            ":id": id, ":name": name, ":key": key, ":now": scope.now(), ":user": scope.user(),
        })?)
}

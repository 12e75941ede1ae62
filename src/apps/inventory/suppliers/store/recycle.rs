//! What was deleted, and what of it nothing refers to.

use rusqlite::named_params;

use crate::apps::inventory::suppliers::rules::SupplierId;
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::recycle_bin::rules::{Deleted, Stretch};

const DELETED: &str = "
    SELECT id, name, email, deleted_at, deleted_by FROM suppliers
    WHERE deleted_at IS NOT NULL AND (deleted_at, id) < (:at, :id) AND deleted_at >= :oldest
    ORDER BY deleted_at DESC, id DESC LIMIT :limit";

/// Deleted suppliers, newest deletion first.
pub(in crate::apps::inventory::suppliers) fn deleted(
    scope: &Scope<'_>,
    stretch: Stretch,
    limit: usize,
) -> Result<Vec<Deleted>> {
    let mut statement = scope.prepare_cached(DELETED)?;
    let rows = statement.query_map(
        named_params! {
            ":at": stretch.behind.deleted_at, ":id": stretch.behind.id,
            ":oldest": stretch.oldest, ":limit": integer(limit),
        },
        |row| {
            Ok(Deleted {
                id: row.get::<_, SupplierId>(0)?.cast(),
                title: row.get(1)?,
                subtitle: row.get(2)?,
                deleted_at: row.get(3)?,
                deleted_by: row.get(4)?,
            })
        },
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A deleted supplier that no item and no order names.
pub(in crate::apps::inventory::suppliers) struct Forgettable {
    pub(in crate::apps::inventory::suppliers) rid: i64,
    pub(in crate::apps::inventory::suppliers) id: SupplierId,
    pub(in crate::apps::inventory::suppliers) version: i64,
}

const FORGETTABLE: &str = "
    SELECT s.rid, s.id, s.version FROM suppliers AS s
    WHERE s.deleted_at IS NOT NULL AND s.deleted_at < :before
      AND NOT EXISTS (SELECT 1 FROM item_suppliers WHERE supplier_id = s.rid)
      AND NOT EXISTS (SELECT 1 FROM purchase_orders WHERE supplier_id = s.rid)
    ORDER BY s.deleted_at LIMIT :limit";

pub(in crate::apps::inventory::suppliers) fn forgettable(
    scope: &Scope<'_>,
    before: Moment,
    limit: usize,
) -> Result<Vec<Forgettable>> {
    let mut statement = scope.prepare_cached(FORGETTABLE)?;
    let limit = integer(limit);
    let rows = statement
        .query_map(named_params! { ":before": before, ":limit": limit }, |row| {
            Ok(Forgettable { rid: row.get(0)?, id: row.get(1)?, version: row.get(2)? })
        })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Removes the row.
pub(in crate::apps::inventory::suppliers) fn forget(scope: &Scope<'_>, rid: i64) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM suppliers WHERE rid = :rid")?
        .execute(named_params! { ":rid": rid })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::tests::walks;

    #[test]
    fn the_bin_is_read_by_its_index() {
        let (_folder, connection) = crate::apps::inventory::tests::empty_file();
        walks(&connection, DELETED, "suppliers_deleted (deleted_at");
        walks(&connection, FORGETTABLE, "suppliers_deleted (deleted_at");
    }
}

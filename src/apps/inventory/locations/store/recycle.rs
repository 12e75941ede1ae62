//! What was deleted, and what of it nothing refers to.

use rusqlite::named_params;

use crate::apps::inventory::locations::rules::LocationId;
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::recycle_bin::rules::{Deleted, Stretch};

const DELETED: &str = "
    SELECT id, name, code, deleted_at, deleted_by FROM locations
    WHERE deleted_at IS NOT NULL AND (deleted_at, id) < (:at, :id) AND deleted_at >= :oldest
    ORDER BY deleted_at DESC, id DESC LIMIT :limit";

/// Deleted places, newest deletion first.
pub(in crate::apps::inventory::locations) fn deleted(
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
                id: row.get::<_, LocationId>(0)?.cast(),
                title: row.get(1)?,
                subtitle: row.get(2)?,
                deleted_at: row.get(3)?,
                deleted_by: row.get(4)?,
            })
        },
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A deleted place that can be removed without a trace in the ledger, the counts or the tree.
pub(in crate::apps::inventory::locations) struct Forgettable {
    pub(in crate::apps::inventory::locations) rid: i64,
    pub(in crate::apps::inventory::locations) id: LocationId,
    pub(in crate::apps::inventory::locations) version: i64,
    pub(in crate::apps::inventory::locations) code: String,
}

const FORGETTABLE: &str = "
    SELECT l.rid, l.id, l.version, l.code FROM locations AS l
    WHERE l.deleted_at IS NOT NULL AND l.deleted_at < :before
      AND NOT EXISTS (SELECT 1 FROM movements WHERE location_id = l.rid)
      AND NOT EXISTS (SELECT 1 FROM receipt_lines WHERE location_id = l.rid)
      AND NOT EXISTS (SELECT 1 FROM count_entries WHERE location_id = l.rid)
      AND NOT EXISTS (SELECT 1 FROM count_lines WHERE location_id = l.rid)
      AND NOT EXISTS (SELECT 1 FROM locations WHERE parent_id = l.rid)
    ORDER BY l.deleted_at LIMIT :limit";

pub(in crate::apps::inventory::locations) fn forgettable(
    scope: &Scope<'_>,
    before: Moment,
    limit: usize,
) -> Result<Vec<Forgettable>> {
    let mut statement = scope.prepare_cached(FORGETTABLE)?;
    let limit = integer(limit);
    let rows =
        statement.query_map(named_params! { ":before": before, ":limit": limit }, |row| {
            Ok(Forgettable {
                rid: row.get(0)?,
                id: row.get(1)?,
                version: row.get(2)?,
                code: row.get(3)?,
            })
        })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Removes the row.
pub(in crate::apps::inventory::locations) fn forget(scope: &Scope<'_>, rid: i64) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM locations WHERE rid = :rid")?
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
        walks(&connection, DELETED, "locations_deleted (deleted_at");
        walks(&connection, FORGETTABLE, "locations_deleted (deleted_at");
    }
}

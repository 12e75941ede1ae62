//! Pages of the ledger, newest first. Each way to narrow it has the index made for it.

use rusqlite::named_params;

use super::{columns, joins, movement};
use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::movements::rules::journal::{Journal, JournalPosition};
use crate::apps::inventory::movements::rules::{KeptMovement, MovementType};
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};

macro_rules! matching {
    ($narrowed:literal) => {
        concat!(
            " WHERE ",
            $narrowed,
            " AND (m.effective_at, m.seq) < (:at, :seq) AND m.effective_at >= :from
               AND (:item IS NULL OR m.item_id = (SELECT rid FROM items WHERE id = :item))
               AND (:place IS NULL
                    OR m.location_id = (SELECT rid FROM locations WHERE id = :place))
               AND (:type IS NULL OR m.type = :type)"
        )
    };
}

/// The rows themselves, and their number up to the limit.
struct Statements {
    page: &'static str,
    count: &'static str,
}

macro_rules! statements {
    ($narrowed:literal) => {
        Statements {
            page: concat!(
                "SELECT ",
                columns!(),
                " FROM movements AS m ",
                joins!(),
                matching!($narrowed),
                " ORDER BY m.effective_at DESC, m.seq DESC LIMIT :limit"
            ),
            count: concat!(
                "SELECT count(*) FROM (SELECT 1 FROM movements AS m",
                matching!($narrowed),
                " LIMIT :limit)"
            ),
        }
    };
}

/// The statements that walk the narrowest index.
fn statements_of(journal: &Journal) -> Statements {
    if journal.item.is_some() {
        statements!("m.item_id = (SELECT rid FROM items WHERE id = :item)")
    } else if journal.place.is_some() {
        statements!("m.location_id = (SELECT rid FROM locations WHERE id = :place)")
    } else if journal.kind.is_some() {
        statements!("m.type = :type")
    } else {
        statements!("1 = 1")
    }
}

/// A page of the ledger behind `position`.
pub(in crate::apps::inventory::movements) fn list(
    scope: &Scope<'_>,
    journal: &Journal,
    position: JournalPosition,
    limit: usize,
) -> Result<Vec<KeptMovement>> {
    let mut statement = scope.prepare_cached(statements_of(journal).page)?;
    let rows = statement.query_map(
        named_params! {
            ":at": position.effective_at, ":seq": position.seq, ":from": journal.from,
            ":item": journal.item, ":place": journal.place,
            ":type": journal.kind.map(MovementType::name),
            ":limit": integer(limit),
        },
        movement,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many movements the journal shows, counted to `max`.
pub(in crate::apps::inventory::movements) fn count(
    scope: &Scope<'_>,
    journal: &Journal,
    max: u64,
) -> Result<u64> {
    let start = journal.start(None);
    let counted: i64 = scope.prepare_cached(statements_of(journal).count)?.query_row(
        named_params! {
            ":at": start.effective_at, ":seq": start.seq, ":from": journal.from,
            ":item": journal.item, ":place": journal.place,
            ":type": journal.kind.map(MovementType::name),
            ":limit": integer(max),
        },
        |row| row.get(0),
    )?;
    Ok(u64::try_from(counted).unwrap_or(0))
}

/// An item's balance over all places just before `position`: what is on hand now, less what was
/// moved from there on.
pub(in crate::apps::inventory::movements) fn balance_before(
    scope: &Scope<'_>,
    item: ItemId,
    position: JournalPosition,
) -> Result<Qty> {
    let thousandths: i64 = scope
        .prepare_cached(
            "SELECT t.qty - (
                 SELECT COALESCE(SUM(m.qty), 0) FROM movements AS m
                 WHERE m.item_id = t.item_id
                   AND (m.effective_at, m.seq) >= (:at, :seq))
             FROM item_totals AS t JOIN items AS i ON i.rid = t.item_id WHERE i.id = :item",
        )?
        .query_row(
            named_params! { ":item": item, ":at": position.effective_at, ":seq": position.seq },
            |row| row.get(0),
        )?;
    Qty::from_thousandths(thousandths).ok_or_else(|| Error::internal("a balance out of range"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::tests::{empty_file, plan, walks};
    use crate::platform::id::Id;

    #[test]
    fn every_journal_walks_its_index_and_sorts_nothing() {
        let (_folder, connection) = empty_file();
        let item = Some(Id::from_bytes([1; 16]));
        let place = Some(Id::from_bytes([2; 16]));
        let kind = Some(MovementType::Use);
        for (journal, index) in [
            (Journal { item, place, kind, ..Journal::ALL }, "movements_item (item_id=?"),
            (Journal { place, kind, ..Journal::ALL }, "movements_location (location_id=?"),
            (Journal { kind, ..Journal::ALL }, "movements_type (type=?"),
            (Journal::ALL, "movements_effective (effective_at"),
        ] {
            let Statements { page, count } = statements_of(&journal);
            walks(&connection, page, index);
            walks(&connection, count, index);
            let plan = plan(&connection, page);
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        }
    }
}

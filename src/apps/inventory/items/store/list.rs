//! Pages of items. Every order and filter that a list uses often has a statement of its own, so
//! that each walks the index made for it.

use rusqlite::named_params;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use super::row;
use crate::apps::inventory::items::rules::KeptItem;
use crate::apps::inventory::items::rules::listing::{Direction, Key, Listing, Position, SortKey};
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::Result;

/// A page in two steps: first which rows, read from an index, then what stands in them.
macro_rules! page {
    ($from:literal, $key:literal, $compare:literal, $order:literal, $filter:literal) => {
        concat!(
            "SELECT ",
            row::columns!(),
            " FROM (
                 SELECT i.rid AS rid, ",
            $key,
            " AS sort_key FROM ",
            $from,
            " WHERE i.deleted_at IS NULL ",
            $filter,
            " AND (",
            $key,
            ", i.rid) ",
            $compare,
            " (:key, :rid)
                   AND (:location IS NULL OR EXISTS (
                       SELECT 1 FROM stocks AS s WHERE s.item_id = i.rid AND s.qty <> 0
                         AND s.location_id = (SELECT rid FROM locations WHERE id = :location)))
                 ORDER BY ",
            $key,
            " ",
            $order,
            ", i.rid ",
            $order,
            " LIMIT :limit) AS p
             JOIN items AS i ON i.rid = p.rid
             JOIN item_totals AS t ON t.item_id = i.rid
             LEFT JOIN item_barcodes AS b ON b.item_id = i.rid
             ORDER BY p.sort_key ",
            $order,
            ", p.rid ",
            $order,
            ", b.position"
        )
    };
}

macro_rules! filtered {
    ($listing:expr, $from:literal, $key:literal, $compare:literal, $order:literal) => {
        match ($listing.category.is_some(), $listing.is_low) {
            (false, false) => page!($from, $key, $compare, $order, ""),
            (true, false) => {
                page!($from, $key, $compare, $order, "AND i.category = :category")
            }
            (false, true) => page!(
                "item_totals AS t INDEXED BY item_totals_low JOIN items AS i ON i.rid = t.item_id",
                $key,
                $compare,
                $order,
                "AND t.qty < t.min_qty"
            ),
            (true, true) => page!(
                "item_totals AS t INDEXED BY item_totals_low JOIN items AS i ON i.rid = t.item_id",
                $key,
                $compare,
                $order,
                "AND t.qty < t.min_qty AND i.category = :category"
            ),
        }
    };
}

macro_rules! sorted {
    ($listing:expr, $from:literal, $key:literal) => {
        match $listing.sort.direction {
            Direction::Ascending => filtered!($listing, $from, $key, ">", "ASC"),
            Direction::Descending => filtered!($listing, $from, $key, "<", "DESC"),
        }
    };
}

/// The statement of a list without search.
fn statement_of(listing: &Listing) -> &'static str {
    match listing.sort.key {
        SortKey::Name | SortKey::Fit => sorted!(listing, "items AS i", "i.name_key"),
        SortKey::ItemNumber => sorted!(listing, "items AS i", "i.item_number_key"),
        SortKey::UpdatedAt => sorted!(listing, "items AS i", "i.updated_at"),
        SortKey::OnHand => {
            sorted!(listing, "item_totals AS t JOIN items AS i ON i.rid = t.item_id", "t.qty")
        }
    }
}

/// A page of items behind `position`.
pub(in crate::apps::inventory::items) fn list(
    scope: &Scope<'_>,
    listing: &Listing,
    position: &Position,
    limit: usize,
) -> Result<Vec<KeptItem>> {
    let mut statement = scope.prepare_cached(statement_of(listing))?;
    let limit = integer(limit);
    let parameters: [(&str, &dyn ToSql); 5] = [
        (":key", &position.key),
        (":rid", &position.rid),
        (":location", &listing.location),
        (":limit", &limit),
        (":category", &listing.category),
    ];
    for (name, value) in parameters {
        if let Some(index) = statement.parameter_index(name)? {
            statement.raw_bind_parameter(index, value)?;
        }
    }
    row::items(&mut statement.raw_query())
}

/// How many items a list has, counted to `count_max`.
pub(in crate::apps::inventory::items) fn count(
    scope: &Scope<'_>,
    listing: &Listing,
    count_max: u64,
) -> Result<u64> {
    let mut statement = scope.prepare_cached(
        "SELECT COUNT(*) FROM (
             SELECT 1 FROM items AS i JOIN item_totals AS t ON t.item_id = i.rid
             WHERE i.deleted_at IS NULL
               AND (:category IS NULL OR i.category = :category)
               AND (:is_low = 0 OR t.qty < t.min_qty)
               AND (:location IS NULL OR EXISTS (
                   SELECT 1 FROM stocks AS s WHERE s.item_id = i.rid AND s.qty <> 0
                     AND s.location_id = (SELECT rid FROM locations WHERE id = :location)))
             LIMIT :count_max)",
    )?;
    let count: i64 = statement.query_row(
        named_params! {
            ":category": listing.category, ":is_low": listing.is_low,
            ":location": listing.location,
            ":count_max": integer(count_max),
        },
        |row| row.get(0),
    )?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Categories with how many items each has.
pub(in crate::apps::inventory::items) fn categories(
    scope: &Scope<'_>,
    limit: usize,
) -> Result<Vec<(String, i64)>> {
    let mut statement = scope.prepare_cached(
        "SELECT category, COUNT(*) FROM items
         WHERE deleted_at IS NULL AND category IS NOT NULL
         GROUP BY category ORDER BY category LIMIT :limit",
    )?;
    let rows = statement.query_map(named_params! { ":limit": integer(limit) }, |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

impl ToSql for Key {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Number(number) => ToSqlOutput::from(*number),
            // SQLite sorts every blob behind every text.
            Self::AfterTexts => ToSqlOutput::Borrowed(ValueRef::Blob(&[])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::items::rules::listing::Sort;
    use crate::apps::inventory::tests::{empty_file, plan, walks};

    fn listing(sort: &str, category: bool, is_low: bool) -> Listing {
        Listing {
            search: None,
            category: category.then(|| "Fish".to_owned()),
            location: None,
            is_low,
            sort: Sort::read(sort).unwrap(),
        }
    }

    #[test]
    fn every_list_walks_the_index_of_its_order_or_filter() {
        let (_folder, connection) = empty_file();
        for (sort, category, is_low, index) in [
            ("name", false, false, "items_name (name_key>?"),
            ("-name", false, false, "items_name (name_key<?"),
            ("name", true, false, "items_category (category=? AND name_key>?"),
            ("-name", true, false, "items_category (category=? AND name_key<?"),
            ("item_number", false, false, "items_item_number_key_unique (item_number_key>?"),
            ("on_hand", false, false, "item_totals_qty (qty>?"),
            ("-on_hand", false, false, "item_totals_qty (qty<?"),
            ("-on_hand", true, false, "items_category (category=?"),
            ("-updated_at", false, false, "items_updated (updated_at<?"),
            ("name", false, true, "item_totals_low"),
            ("-on_hand", true, true, "item_totals_low"),
        ] {
            walks(&connection, statement_of(&listing(sort, category, is_low)), index);
        }
    }

    #[test]
    fn a_page_is_cut_before_it_is_sorted() {
        let (_folder, connection) = empty_file();
        for (sort, category) in [("name", false), ("name", true), ("on_hand", false)] {
            let plan = plan(&connection, statement_of(&listing(sort, category, false)));
            let sorts = plan.iter().filter(|step| step.contains("TEMP B-TREE FOR ORDER BY"));
            assert!(sorts.count() <= 1, "only the finished page is sorted: {plan:#?}");
        }
    }
}

//! Pages of what a search finds. Few hits are looked up and sorted; of many, the order that is
//! asked for is walked until a page is full.

use rusqlite::named_params;
use rusqlite::types::ToSql;

use super::row;
use crate::apps::inventory::items::rules::KeptItem;
use crate::apps::inventory::items::rules::listing::{
    Direction, Key, Listing, Position, Sort, SortKey,
};
use crate::apps::inventory::search::rules::Query;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::Result;

/// From so many hits on, walking an order is quicker than sorting what was found.
const MANY: i64 = 400;

/// A page of what was found behind `position`, each with how well it fits.
pub(in crate::apps::inventory::items) fn search(
    scope: &Scope<'_>,
    listing: &Listing,
    query: &Query,
    position: &Position,
    limit: usize,
) -> Result<Vec<(KeptItem, i64)>> {
    if !finds_many(scope, query)? {
        return from_hits(scope, listing, query, position, limit);
    }
    if listing.sort.key == SortKey::Fit {
        return by_fit(scope, listing, query, position, limit);
    }
    let found = walk(scope, walk_of(listing), listing, query, position, limit)?;
    Ok(found.into_iter().map(|item| (item, 0)).collect())
}

fn finds_many(scope: &Scope<'_>, query: &Query) -> Result<bool> {
    let mut statement = scope.prepare_cached(
        "SELECT (SELECT COUNT(*) FROM (
                     SELECT 1 FROM items_fts WHERE items_fts MATCH :words LIMIT :many)) = :many
             OR (SELECT COUNT(*) FROM (
                     SELECT 1 FROM items_trigrams WHERE items_trigrams MATCH :parts
                     LIMIT :many)) = :many",
    )?;
    let parameters = named_params! { ":words": query.words, ":parts": query.parts, ":many": MANY };
    Ok(statement.query_row(parameters, |row| row.get(0))?)
}

macro_rules! exact {
    () => {
        "(i.item_number_key = :number_key
          OR i.rid IN (SELECT item_id FROM item_barcodes WHERE code = :code AND is_active = 1))"
    };
}
/// The plus keeps SQLite from looking all of them up instead of walking.
macro_rules! words {
    () => {
        "+i.rid IN (SELECT rowid FROM items_fts WHERE items_fts MATCH :words)"
    };
}
macro_rules! parts {
    () => {
        "+i.rid IN (SELECT rowid FROM items_trigrams WHERE items_trigrams MATCH :parts)"
    };
}
/// Each way to fit excludes the better ones, as every item is shown once.
macro_rules! words_only {
    () => {
        concat!(words!(), " AND NOT ", exact!())
    };
}
macro_rules! parts_only {
    () => {
        concat!(parts!(), " AND NOT ", words!(), " AND NOT ", exact!())
    };
}
macro_rules! any {
    () => {
        concat!("(", words!(), " OR ", parts!(), " OR ", exact!(), ")")
    };
}

/// Where what fits exactly is looked up: walking to so few would pass every item.
macro_rules! exact_ones {
    () => {
        "(SELECT rid FROM items WHERE item_number_key = :number_key AND deleted_at IS NULL
          UNION SELECT item_id FROM item_barcodes WHERE code = :code AND is_active = 1) AS e
         CROSS JOIN items AS i ON i.rid = e.rid"
    };
}
macro_rules! all_of_them {
    () => {
        "TRUE"
    };
}

/// A page in two steps: first which rows, from an index in the order asked for.
macro_rules! walk {
    ($from:expr, $key:literal, $compare:literal, $order:literal, $hits:ident) => {
        concat!(
            "SELECT ",
            row::columns!(),
            " FROM (
                 SELECT i.rid AS rid, ",
            $key,
            " AS sort_key FROM ",
            $from,
            " WHERE i.deleted_at IS NULL AND (",
            $key,
            ", i.rid) ",
            $compare,
            " (:key, :rid) AND ",
            $hits!(),
            " AND (:category IS NULL OR i.category = :category)
                   AND (:is_low = 0 OR EXISTS (
                       SELECT 1 FROM item_totals AS l
                       WHERE l.item_id = i.rid AND l.qty < l.min_qty))
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

macro_rules! walked {
    ($listing:expr, $from:literal, $key:literal) => {
        match $listing.sort.direction {
            Direction::Ascending => walk!($from, $key, ">", "ASC", any),
            Direction::Descending => walk!($from, $key, "<", "DESC", any),
        }
    };
}

/// The statement that walks the order of a list.
fn walk_of(listing: &Listing) -> &'static str {
    match listing.sort.key {
        SortKey::Name | SortKey::Fit => walked!(listing, "items AS i", "i.name_key"),
        SortKey::ItemNumber => walked!(listing, "items AS i", "i.item_number_key"),
        SortKey::UpdatedAt => walked!(listing, "items AS i", "i.updated_at"),
        SortKey::OnHand => {
            walked!(listing, "item_totals AS t CROSS JOIN items AS i ON i.rid = t.item_id", "t.qty")
        }
    }
}

/// The best ones by name, then the next best, until the page is full.
fn by_fit(
    scope: &Scope<'_>,
    listing: &Listing,
    query: &Query,
    position: &Position,
    limit: usize,
) -> Result<Vec<(KeptItem, i64)>> {
    let (tier, first) = in_tier(position);
    let mut found = Vec::new();
    for (fit, sql) in (0..).zip([
        walk!(exact_ones!(), "i.name_key", ">", "ASC", all_of_them),
        walk!("items AS i", "i.name_key", ">", "ASC", words_only),
        walk!("items AS i", "i.name_key", ">", "ASC", parts_only),
    ]) {
        let left = limit - found.len();
        if fit < tier || left == 0 {
            continue;
        }
        let from = if fit == tier { &first } else { &Position::start(Sort::BY_NAME) };
        let some = walk(scope, sql, listing, query, from, left)?;
        found.extend(some.into_iter().map(|item| (item, fit)));
    }
    Ok(found)
}

/// A key of fit is the tier's digit and the name's key.
fn in_tier(position: &Position) -> (i64, Position) {
    let Key::Text(text) = &position.key else { return (0, Position::start(Sort::BY_NAME)) };
    let tier = text.get(..1).and_then(|digit| digit.parse().ok()).unwrap_or(0);
    let name = text.get(1..).unwrap_or_default().to_owned();
    (tier, Position { key: Key::Text(name), rid: position.rid })
}

fn walk(
    scope: &Scope<'_>,
    sql: &'static str,
    listing: &Listing,
    query: &Query,
    position: &Position,
    limit: usize,
) -> Result<Vec<KeptItem>> {
    let mut statement = scope.prepare_cached(sql)?;
    let limit = integer(limit);
    let parameters: [(&str, &dyn ToSql); 10] = [
        (":key", &position.key),
        (":rid", &position.rid),
        (":code", &query.code),
        (":number_key", &query.number_key),
        (":words", &query.words),
        (":parts", &query.parts),
        (":category", &listing.category),
        (":is_low", &listing.is_low),
        (":location", &listing.location),
        (":limit", &limit),
    ];
    for (name, value) in parameters {
        if let Some(index) = statement.parameter_index(name)? {
            statement.raw_bind_parameter(index, value)?;
        }
    }
    row::items(&mut statement.raw_query())
}

/// What a search finds: exact codes and numbers (0), then words and their beginnings (1), then
/// parts of words (2).
macro_rules! found {
    () => {
        "WITH hits (rid, tier) AS (
             SELECT item_id, 0 FROM item_barcodes WHERE code = :code AND is_active = 1
             UNION ALL
             SELECT rid, 0 FROM items WHERE item_number_key = :number_key AND deleted_at IS NULL
             UNION ALL
             SELECT rowid, 1 FROM items_fts WHERE items_fts MATCH :words
             UNION ALL
             SELECT rowid, 2 FROM items_trigrams WHERE items_trigrams MATCH :parts
         ), found (rid, tier) AS MATERIALIZED (
             SELECT h.rid, MIN(h.tier) FROM hits AS h
             JOIN items AS i ON i.rid = h.rid
             JOIN item_totals AS t ON t.item_id = h.rid
             WHERE i.deleted_at IS NULL
               AND (:category IS NULL OR i.category = :category)
               AND (:is_low = 0 OR t.qty < t.min_qty)
               AND (:location IS NULL OR EXISTS (
                   SELECT 1 FROM stocks AS s WHERE s.item_id = i.rid AND s.qty <> 0
                     AND s.location_id = (SELECT rid FROM locations WHERE id = :location)))
             GROUP BY h.rid
         ) "
    };
}

macro_rules! search_page {
    ($compare:literal, $order:literal) => {
        concat!(
            found!(),
            ", keyed (rid, tier, sort_key) AS MATERIALIZED (
                 SELECT f.rid, f.tier, CASE :sort
                     WHEN 'name' THEN i.name_key
                     WHEN 'item_number' THEN i.item_number_key
                     WHEN 'on_hand' THEN t.qty
                     WHEN 'updated_at' THEN i.updated_at
                     ELSE f.tier || i.name_key END
                 FROM found AS f JOIN items AS i ON i.rid = f.rid
                 JOIN item_totals AS t ON t.item_id = f.rid
             )
             SELECT ",
            row::columns!(),
            ", p.tier FROM (
                 SELECT rid, tier, sort_key FROM keyed
                 WHERE (sort_key, rid) ",
            $compare,
            " (:key, :rid) ORDER BY sort_key ",
            $order,
            ", rid ",
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

/// A page by way of all hits: good for few.
fn from_hits(
    scope: &Scope<'_>,
    listing: &Listing,
    query: &Query,
    position: &Position,
    limit: usize,
) -> Result<Vec<(KeptItem, i64)>> {
    let mut statement = scope.prepare_cached(match listing.sort.direction {
        Direction::Ascending => search_page!(">", "ASC"),
        Direction::Descending => search_page!("<", "DESC"),
    })?;
    let mut rows = statement.query(named_params! {
        ":code": query.code, ":number_key": query.number_key, ":words": query.words,
        ":parts": query.parts, ":category": listing.category, ":is_low": listing.is_low,
        ":location": listing.location, ":sort": listing.sort.key.name(), ":key": position.key,
        ":rid": position.rid, ":limit": integer(limit),
    })?;
    row::items_with_tier(&mut rows)
}

/// How many items a search finds, counted to `count_max`.
pub(in crate::apps::inventory::items) fn count_found(
    scope: &Scope<'_>,
    listing: &Listing,
    query: &Query,
    count_max: u64,
) -> Result<u64> {
    let mut statement = scope.prepare_cached(concat!(
        found!(),
        "SELECT COUNT(*) FROM (SELECT 1 FROM found LIMIT :count_max)"
    ))?;
    let count: i64 = statement.query_row(
        named_params! {
            ":code": query.code, ":number_key": query.number_key, ":words": query.words,
            ":parts": query.parts, ":category": listing.category, ":is_low": listing.is_low,
            ":location": listing.location,
            ":count_max": integer(count_max),
        },
        |row| row.get(0),
    )?;
    Ok(u64::try_from(count).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::tests::{empty_file, plan};

    #[test]
    fn a_search_reads_no_whole_table() {
        let (_folder, connection) = empty_file();
        let plan = plan(&connection, search_page!(">", "ASC"));
        let is_table = |step: &&String| {
            ["SCAN i", "SCAN t", "SCAN b", "SCAN s", "SCAN items"].contains(&step.as_str())
        };
        assert_eq!(plan.iter().find(is_table), None, "{plan:#?}");
    }

    #[test]
    fn what_fits_exactly_is_looked_up_and_not_walked_to() {
        let (_folder, connection) = empty_file();
        let sql = walk!(exact_ones!(), "i.name_key", ">", "ASC", all_of_them);

        let plan = plan(&connection, sql);

        assert!(plan.iter().any(|step| step.contains("items_item_number_key_unique")), "{plan:#?}");
        assert!(!plan.iter().any(|step| step.contains("items_name (")), "{plan:#?}");
    }

    #[test]
    fn many_hits_are_walked_in_the_index_of_their_order() {
        let (_folder, connection) = empty_file();
        let listing = |sort: &str| Listing {
            search: None,
            category: None,
            location: None,
            is_low: false,
            sort: Sort::read(sort).unwrap(),
        };
        let fit = walk!("items AS i", "i.name_key", ">", "ASC", parts_only);
        for (sql, index) in [
            (fit, "items_name (name_key>?"),
            (walk_of(&listing("name")), "items_name (name_key>?"),
            (walk_of(&listing("-name")), "items_name (name_key<?"),
            (walk_of(&listing("item_number")), "items_item_number_key_unique (item_number_key>?"),
            (walk_of(&listing("-updated_at")), "items_updated (updated_at<?"),
            (walk_of(&listing("-on_hand")), "item_totals_qty (qty<?"),
        ] {
            let plan = plan(&connection, sql);
            assert!(plan.iter().any(|step| step.contains(index)), "{index}: {plan:#?}");
            let sorts = plan.iter().filter(|step| step.contains("TEMP B-TREE FOR ORDER BY"));
            assert!(sorts.count() <= 1, "only the finished page is sorted: {plan:#?}");
        }
    }
}

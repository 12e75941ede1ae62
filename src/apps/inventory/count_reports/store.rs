//! The SQL of what counts found. It only reads.

use rusqlite::named_params;

use super::rules::{AppliedCount, Line};
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::error::Result;

const COUNTS: &str = "SELECT rid, id, name, approved_at
     FROM count_sessions INDEXED BY count_sessions_applied
     WHERE state = 'applied' AND approved_at BETWEEN :from AND :until
     ORDER BY approved_at DESC, rid DESC";
const LINES: &str = "SELECT c.count_session_id, i.category, c.location_id, m.value, c.book_value
     FROM count_sessions AS s INDEXED BY count_sessions_applied
     CROSS JOIN count_lines AS c ON c.count_session_id = s.rid
     CROSS JOIN items AS i ON i.rid = c.item_id
     LEFT JOIN movements AS m ON m.count_line_id = c.rid
     WHERE s.state = 'applied' AND s.approved_at BETWEEN :from AND :until
         AND c.state = 'approved' AND c.counted_qty IS NOT NULL";

/// The counts that were applied between two moments, newest first.
pub(super) fn counts(
    scope: &Scope<'_>,
    (from, until): (Moment, Moment),
) -> Result<Vec<AppliedCount>> {
    let mut statement = scope.prepare_cached(COUNTS)?;
    let rows = statement.query_map(named_params! { ":from": from, ":until": until }, |row| {
        Ok(AppliedCount {
            rid: row.get(0)?,
            id: row.get(1)?,
            name: row.get(2)?,
            approved_at: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What a line belongs to: the rows of its count and its place, and its item's category.
pub(super) struct Of {
    pub(super) count: i64,
    pub(super) category: Option<String>,
    pub(super) place: i64,
}

/// Goes over their lines that were counted and approved.
pub(super) fn lines(
    scope: &Scope<'_>,
    (from, until): (Moment, Moment),
    mut take: impl FnMut(Of, Line),
) -> Result<()> {
    let mut statement = scope.prepare_cached(LINES)?;
    let mut rows = statement.query(named_params! { ":from": from, ":until": until })?;
    while let Some(row) = rows.next()? {
        let of = Of { count: row.get(0)?, category: row.get(1)?, place: row.get(2)? };
        take(of, Line { posted: row.get(3)?, book_value: row.get(4)? });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::tests::{empty_file, walks};

    #[test]
    fn a_period_is_found_by_when_counts_were_applied() {
        let (_folder, connection) = empty_file();
        let applied = "count_sessions_applied (approved_at>? AND approved_at<?)";
        walks(&connection, COUNTS, applied);
        for index in [applied, "count_lines", "movements_count_line_id_unique"] {
            walks(&connection, LINES, index);
        }
    }
}

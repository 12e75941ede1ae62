//! The SQL of comments.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{CommentId, KeptComment};
use crate::apps::inventory::subjects::rules::{About, Place};
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};
use crate::platform::identity::UserId;

macro_rules! columns {
    () => {
        "rid, id, text, version, created_at, created_by, edited_at"
    };
}

const OF_ITEM: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM comments WHERE item_id = :place AND rid < :before ORDER BY rid DESC LIMIT :limit"
);
const OF_ORDER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM comments WHERE purchase_order_id = :place AND rid < :before
     ORDER BY rid DESC LIMIT :limit"
);

/// Comments before a row, newest first.
pub(super) fn list(
    scope: &Scope<'_>,
    place: Place,
    before: i64,
    limit: usize,
) -> Result<Vec<KeptComment>> {
    let sql = if place.item().is_some() { OF_ITEM } else { OF_ORDER };
    let mut statement = scope.prepare_cached(sql)?;
    let rows = statement.query_map(
        named_params! { ":place": place.rid(), ":before": before, ":limit": integer(limit) },
        read,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

const COUNT_OF_ITEM: &str = "SELECT count(*) FROM comments WHERE item_id = :place";
const COUNT_OF_ORDER: &str = "SELECT count(*) FROM comments WHERE purchase_order_id = :place";

/// How many comments there are; never more than there may be.
pub(super) fn count(scope: &Scope<'_>, place: Place) -> Result<usize> {
    let sql = if place.item().is_some() { COUNT_OF_ITEM } else { COUNT_OF_ORDER };
    let count: i64 = scope
        .prepare_cached(sql)?
        .query_row(named_params! { ":place": place.rid() }, |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// A comment at its place; `Error::NotFound` when it is not there.
pub(super) fn get(scope: &Scope<'_>, place: Place, id: CommentId) -> Result<KeptComment> {
    let found = scope
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM comments
             WHERE id = :id AND item_id IS :item AND purchase_order_id IS :order"
        ))?
        .query_row(
            named_params! { ":id": id, ":item": place.item(), ":order": place.order() },
            read,
        )
        .optional()?;
    found.ok_or(Error::NotFound)
}

/// Keeps a comment and gives its row.
pub(super) fn insert(scope: &Scope<'_>, place: Place, id: CommentId, text: &str) -> Result<i64> {
    let rid = scope
        .prepare_cached(
            "INSERT INTO comments
                 (id, item_id, purchase_order_id, text, created_at, created_by)
             VALUES (:id, :item, :order, :text, :now, :user)",
        )?
        .insert(named_params! {
            ":id": id, ":item": place.item(), ":order": place.order(), ":text": text,
            ":now": scope.now(), ":user": scope.user(),
        })?;
    Ok(rid)
}

pub(super) fn update(scope: &Scope<'_>, rid: i64, text: &str) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE comments SET text = :text, version = version + 1, edited_at = :now
             WHERE rid = :rid",
        )?
        .execute(named_params! { ":rid": rid, ":text": text, ":now": scope.now() })?;
    Ok(())
}

/// Takes a comment away, and with it who was still to be told.
pub(super) fn remove(scope: &Scope<'_>, rid: i64) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM comment_mentions WHERE comment_id = :rid")?
        .execute(named_params! { ":rid": rid })?;
    scope
        .prepare_cached("DELETE FROM comments WHERE rid = :rid")?
        .execute(named_params! { ":rid": rid })?;
    Ok(())
}

/// Notes that somebody is to be told of a comment; false when they were noted before.
pub(super) fn mention(scope: &Scope<'_>, rid: i64, person: UserId) -> Result<bool> {
    let added = scope
        .prepare_cached(
            "INSERT INTO comment_mentions (comment_id, person_id) VALUES (:rid, :person)
             ON CONFLICT (comment_id, person_id) DO NOTHING",
        )?
        .execute(named_params! { ":rid": rid, ":person": person })?;
    Ok(added > 0)
}

/// Notes that somebody who was not told yet need not be.
pub(super) fn unmention(scope: &Scope<'_>, rid: i64, person: UserId) -> Result<()> {
    scope
        .prepare_cached(
            "DELETE FROM comment_mentions
             WHERE comment_id = :rid AND person_id = :person AND told_at IS NULL",
        )?
        .execute(named_params! { ":rid": rid, ":person": person })?;
    Ok(())
}

/// Somebody who was not told yet of a comment that mentions them.
pub(super) struct Untold {
    pub(super) comment: i64,
    pub(super) person: UserId,
    pub(super) author: Option<UserId>,
    pub(super) about: About,
}

const UNTOLD: &str = "
    SELECT c.rid, m.person_id, c.created_by, i.id, o.id
    FROM comment_mentions AS m INDEXED BY comment_mentions_pending
    JOIN comments AS c ON c.rid = m.comment_id
    LEFT JOIN items AS i ON i.rid = c.item_id
    LEFT JOIN purchase_orders AS o ON o.rid = c.purchase_order_id
    WHERE m.told_at IS NULL ORDER BY m.comment_id, m.person_id LIMIT :limit";

/// Who was not told yet, comment by comment.
pub(super) fn untold(scope: &Scope<'_>, limit: usize) -> Result<Vec<Untold>> {
    let mut statement = scope.prepare_cached(UNTOLD)?;
    let rows = statement.query_map(named_params! { ":limit": integer(limit) }, |row| {
        let (item, order): (Option<_>, Option<_>) = (row.get(3)?, row.get(4)?);
        let about = item.map(About::Item).or_else(|| order.map(About::Order));
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, about))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (comment, person, author, about) = row?;
        let about = about.ok_or_else(|| Error::internal("a comment on nothing"))?;
        found.push(Untold { comment, person, author, about });
    }
    Ok(found)
}

/// Notes that somebody is told.
pub(super) fn told(scope: &Scope<'_>, comment: i64, person: UserId) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE comment_mentions SET told_at = :now
             WHERE comment_id = :comment AND person_id = :person",
        )?
        .execute(named_params! { ":comment": comment, ":person": person, ":now": scope.now() })?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptComment> {
    Ok(KeptComment {
        rid: row.get(0)?,
        id: row.get(1)?,
        text: row.get(2)?,
        version: row.get(3)?,
        created_at: row.get::<_, Moment>(4)?,
        author: row.get(5)?,
        edited_at: row.get(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::tests::{empty_file, walks};

    #[test]
    fn comments_are_found_by_what_they_are_about_and_mentions_by_what_is_left() {
        let (_folder, connection) = empty_file();
        for sql in [OF_ITEM, COUNT_OF_ITEM] {
            walks(&connection, sql, "comments_item");
        }
        for sql in [OF_ORDER, COUNT_OF_ORDER] {
            walks(&connection, sql, "comments_purchase_order");
        }
        walks(&connection, UNTOLD, "comment_mentions_pending");
    }
}

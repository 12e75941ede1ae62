//! The SQL of files beside items and orders, which are kept in a table each.

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{FileId, KeptFile};
use crate::apps::inventory::subjects::rules::Place;
use crate::platform::blobs::rules::known_type;
use crate::platform::blobs::{Blob, BlobHash};
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};

/// A statement for each of the two tables, which are alike.
struct Both {
    items: &'static str,
    orders: &'static str,
}

impl Both {
    fn at(&self, place: Place) -> &'static str {
        match place {
            Place::Item(_) => self.items,
            Place::Order(_) => self.orders,
        }
    }
}

macro_rules! columns {
    () => {
        "id, name, created_at, sha256, size_bytes, media_type,
         thumbnail_sha256, thumbnail_size_bytes, thumbnail_media_type"
    };
}

const INSERT: Both = Both {
    items: "INSERT INTO item_files
                (id, item_id, sha256, name, media_type, size_bytes, thumbnail_sha256,
                 thumbnail_media_type, thumbnail_size_bytes, created_at, created_by)
            VALUES (:id, :place, :hash, :name, :media_type, :size, :small_hash,
                :small_media_type, :small_size, :now, :user)",
    orders: "INSERT INTO purchase_order_files
                (id, purchase_order_id, sha256, name, media_type, size_bytes, thumbnail_sha256,
                 thumbnail_media_type, thumbnail_size_bytes, created_at, created_by)
             VALUES (:id, :place, :hash, :name, :media_type, :size, :small_hash,
                :small_media_type, :small_size, :now, :user)",
};

pub(super) fn insert(
    scope: &Scope<'_>,
    place: Place,
    id: FileId,
    name: &str,
    blob: &Blob,
    thumbnail: Option<&Blob>,
) -> Result<()> {
    scope.prepare_cached(INSERT.at(place))?.execute(named_params! {
        ":id": id, ":place": place.rid(), ":hash": blob.hash.0, ":name": name,
        ":media_type": blob.media_type, ":size": integer(blob.size_bytes),
        ":small_hash": thumbnail.map(|it| it.hash.0),
        ":small_media_type": thumbnail.map(|it| it.media_type),
        ":small_size": thumbnail.map(|it| integer(it.size_bytes)),
        ":now": scope.now(), ":user": scope.user(),
    })?;
    Ok(())
}

const GET: Both = Both {
    items: concat!("SELECT ", columns!(), " FROM item_files WHERE id = :id AND item_id = :place"),
    orders: concat!(
        "SELECT ",
        columns!(),
        " FROM purchase_order_files WHERE id = :id AND purchase_order_id = :place"
    ),
};

/// A file at its place; `Error::NotFound` when it is not there.
pub(super) fn get(scope: &Scope<'_>, place: Place, id: FileId) -> Result<KeptFile> {
    scope
        .prepare_cached(GET.at(place))?
        .query_row(named_params! { ":id": id, ":place": place.rid() }, read)
        .optional()?
        .ok_or(Error::NotFound)
}

const LIST: Both = Both {
    items: concat!("SELECT ", columns!(), " FROM item_files WHERE item_id = :place ORDER BY rid"),
    orders: concat!(
        "SELECT ",
        columns!(),
        " FROM purchase_order_files WHERE purchase_order_id = :place ORDER BY rid"
    ),
};

/// The files at a place in the order they came; there are never more than may be.
pub(super) fn list(scope: &Scope<'_>, place: Place) -> Result<Vec<KeptFile>> {
    let mut statement = scope.prepare_cached(LIST.at(place))?;
    let rows = statement.query_map(named_params! { ":place": place.rid() }, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

const REMOVE: Both = Both {
    items: "DELETE FROM item_files WHERE id = :id",
    orders: "DELETE FROM purchase_order_files WHERE id = :id",
};

pub(super) fn remove(scope: &Scope<'_>, place: Place, id: FileId) -> Result<()> {
    scope.prepare_cached(REMOVE.at(place))?.execute(named_params! { ":id": id })?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptFile> {
    let has_thumbnail = row.get_ref(6)? != ValueRef::Null;
    Ok(KeptFile {
        id: row.get(0)?,
        name: row.get(1)?,
        created_at: row.get(2)?,
        blob: read_blob(row, 3)?,
        thumbnail: has_thumbnail.then(|| read_blob(row, 6)).transpose()?,
    })
}

/// A blob whose columns begin at a place.
fn read_blob(row: &Row<'_>, at: usize) -> rusqlite::Result<Blob> {
    let (size, media_type): (i64, String) = (row.get(at + 1)?, row.get(at + 2)?);
    Ok(Blob {
        hash: BlobHash(row.get(at)?),
        size_bytes: u64::try_from(size).unwrap_or_default(),
        media_type: known_type(&media_type),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::inventory::tests::{empty_file, walks};

    #[test]
    fn files_are_found_by_what_they_stand_beside() {
        let (_folder, connection) = empty_file();

        walks(&connection, LIST.items, "item_files_item");
        walks(&connection, LIST.orders, "purchase_order_files_purchase_order");
    }
}

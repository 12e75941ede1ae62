//! The SQL of files of items.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{FileId, KeptFile};
use crate::platform::blobs::rules::known_type;
use crate::platform::blobs::{Blob, BlobHash};
use crate::platform::ctx::Scope;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};

const COLUMNS: &str = "f.id, i.id, f.name, f.sha256, f.size_bytes, f.media_type, f.created_at";

pub(super) fn insert(
    scope: &Scope<'_>,
    item_rid: i64,
    id: FileId,
    name: &str,
    blob: &Blob,
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO item_files (id, item_id, sha256, name, media_type, size_bytes,
                 created_at, created_by)
             VALUES (:id, :item, :hash, :name, :media_type, :size, :now, :user)",
        )?
        .execute(named_params! {
            ":id": id, ":item": item_rid, ":hash": blob.hash.0, ":name": name,
            ":media_type": blob.media_type,
            ":size": integer(blob.size_bytes),
            ":now": scope.now(), ":user": scope.user(),
        })?;
    Ok(())
}

pub(super) fn get(scope: &Scope<'_>, id: FileId) -> Result<KeptFile> {
    scope
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM item_files AS f JOIN items AS i ON i.rid = f.item_id
             WHERE f.id = :id"
        ))?
        .query_row(named_params! { ":id": id }, read)
        .optional()?
        .ok_or(Error::NotFound)
}

/// The files of an item in the order they came; there are never more than may be.
pub(super) fn of_item(scope: &Scope<'_>, item_rid: i64) -> Result<Vec<KeptFile>> {
    let mut statement = scope.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM item_files AS f JOIN items AS i ON i.rid = f.item_id
         WHERE f.item_id = :item ORDER BY f.rid"
    ))?;
    let rows = statement.query_map(named_params! { ":item": item_rid }, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn remove(scope: &Scope<'_>, id: FileId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM item_files WHERE id = :id")?
        .execute(named_params! { ":id": id })?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptFile> {
    let (size, media_type): (i64, String) = (row.get(4)?, row.get(5)?);
    Ok(KeptFile {
        id: row.get(0)?,
        item: row.get(1)?,
        name: row.get(2)?,
        blob: Blob {
            hash: BlobHash(row.get(3)?),
            size_bytes: u64::try_from(size).unwrap_or_default(),
            media_type: known_type(&media_type),
        },
        created_at: row.get(6)?,
    })
}

//! What people do with files of items.

use std::fs::File;

use super::rules::{self, FILE_SIZE_BYTES_MAX, FileId, KeptFile};
use super::store;
use crate::apps::inventory::items;
use crate::apps::inventory::items::rules::{ItemId, KeptItem};
use crate::platform::audit::Entry;
use crate::platform::blobs;
use crate::platform::blobs::rules::Owner;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::tasks;

/// Audit and event kind.
pub const KIND: &str = "inventory.file";

fn owner(id: FileId) -> Owner {
    Owner { kind: KIND, id: id.cast() }
}

fn living(scope: &Scope<'_>, id: ItemId) -> Result<KeptItem> {
    let item = items::ops::get_in(scope, id)?;
    if item.deleted_at.is_some() { Err(Error::NotFound) } else { Ok(item) }
}

/// The files of an item in the order they came.
pub async fn list(ctx: &Ctx, item: ItemId) -> Result<Vec<KeptFile>> {
    ctx.read(move |scope| store::of_item(scope, living(scope, item)?.rid)).await
}

/// Puts a file beside an item. The bytes are on the disk before anything speaks of them.
pub async fn add(
    ctx: &Ctx,
    item: ItemId,
    name: &str,
    bytes: impl AsRef<[u8]> + Send + 'static,
) -> Result<Created<KeptFile>> {
    let name = rules::clean_name(name)?;
    let files = &ctx.platform.config.files;
    let (most, together) =
        (files.size_bytes_max.min(FILE_SIZE_BYTES_MAX), files.workspace_bytes_max);
    rules::check_size(bytes.as_ref().len() as u64, most)?;
    // A request that comes again after it filled the item is no refusal.
    let is_first = ctx.cause.once.is_none();
    let place = move |scope: &Scope<'_>, is_counted: bool| {
        let item = living(scope, item)?;
        if is_counted {
            rules::check_count(store::of_item(scope, item.rid)?.len())?;
        }
        Ok(item)
    };
    ctx.read(move |scope| place(scope, is_first).map(drop)).await?;
    let coming = blobs::ops::put(ctx, bytes, together).await?;
    let blob = coming.blob();
    let created = ctx.create(store::get, move |scope| {
        let item = place(scope, true)?;
        let id: FileId = scope.new_id();
        blobs::ops::refer_in(scope, &blob, owner(id), together)?;
        store::insert(scope, item.rid, id, &name, &blob)?;
        let entry = Entry::new("inventory.file.added", KIND, id)
            .set("item_number", item.item_number)
            .set("sha256", blob.hash.to_string())
            .set("size_bytes", blob.size_bytes.to_string())
            .set("media_type", blob.media_type);
        scope.audit(entry.personal("name", &name))?;
        Ok((id, store::get(scope, id)?))
    });
    coming.settled(ctx, created.await).await
}

/// A file of an item with its bytes, which were all compared with what was sent.
pub async fn open(ctx: &Ctx, item: ItemId, id: FileId) -> Result<(KeptFile, File)> {
    let file = ctx.read(move |scope| of_living(scope, item, id)).await?;
    let (place, workspace, hash) = (ctx.platform.blobs.clone(), ctx.workspace(), file.blob.hash);
    let bytes = tasks::blocking(move || place.fetch(workspace, hash)).await?;
    Ok((file, bytes))
}

fn of_living(scope: &Scope<'_>, item: ItemId, id: FileId) -> Result<KeptFile> {
    let file = store::get(scope, id)?;
    living(scope, item)?;
    if file.item == item { Ok(file) } else { Err(Error::NotFound) }
}

/// Takes a file away from an item for good.
pub async fn remove(ctx: &Ctx, item: ItemId, id: FileId) -> Result<()> {
    ctx.write(move |scope| {
        let file = of_living(scope, item, id)?;
        remove_in(scope, &file)
    })
    .await
}

/// Takes all files away from an item that is about to be forgotten.
pub fn remove_all_in(scope: &Scope<'_>, item_rid: i64) -> Result<()> {
    store::of_item(scope, item_rid)?.iter().try_for_each(|file| remove_in(scope, file))
}

fn remove_in(scope: &Scope<'_>, file: &KeptFile) -> Result<()> {
    store::remove(scope, file.id)?;
    blobs::ops::release_in(scope, file.blob.hash, owner(file.id))?;
    let item = items::ops::get_in(scope, file.item)?;
    let entry = Entry::new("inventory.file.removed", KIND, file.id)
        .set("item_number", item.item_number)
        .set("sha256", file.blob.hash.to_string());
    scope.audit(entry.personal("name", &file.name))?;
    Ok(())
}

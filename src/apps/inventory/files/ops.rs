//! What people do with files beside items and orders.

use std::fs::File;

use bytes::Bytes;

use super::rules::{self, FILE_SIZE_BYTES_MAX, FileId, KeptFile};
use super::store;
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::subjects::ops::Subject;
use crate::apps::inventory::subjects::rules::About;
use crate::apps::inventory::{items, subjects};
use crate::platform::audit::Entry;
use crate::platform::blobs::ops::Coming;
use crate::platform::blobs::rules::Owner;
use crate::platform::blobs::{self, Blob, BlobHash};
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::pictures::TakenIn;
use crate::platform::tasks;

/// Audit and event kind of files beside items.
pub const ITEM_KIND: &str = "inventory.file";
/// The same for those beside orders, which not everybody hears of.
pub const ORDER_KIND: &str = "inventory.order-file";

/// What refers to the small picture of a file, with the file's id. The schema lets go of it.
const THUMBNAIL_KIND: &str = "inventory.thumbnail";

/// What is needed to add and to remove files, beside what the route asks for.
const WRITE: &str = "inventory.write";

fn kind(about: About) -> &'static str {
    match about {
        About::Item(_) => ITEM_KIND,
        About::Order(_) => ORDER_KIND,
    }
}

fn owner(about: About, id: FileId) -> Owner {
    Owner { kind: kind(about), id: id.cast() }
}

/// What was done with a file.
#[derive(Debug, Clone, Copy)]
enum Done {
    Added,
    Removed,
}

/// In the order of `Done`.
const ITEM_ACTIONS: [&str; 2] = ["inventory.file.added", "inventory.file.removed"];
const ORDER_ACTIONS: [&str; 2] = ["inventory.order-file.added", "inventory.order-file.removed"];

fn entry(subject: &Subject, done: Done, file: &KeptFile) -> Entry {
    let actions = match subject.about {
        About::Item(_) => ITEM_ACTIONS,
        About::Order(_) => ORDER_ACTIONS,
    };
    let entry = Entry::new(actions[done as usize], kind(subject.about), file.id);
    let entry = subject.named_in(entry).set("sha256", file.blob.hash.to_string());
    entry.personal("name", &file.name)
}

/// The files beside something in the order they came.
pub async fn list(ctx: &Ctx, about: About) -> Result<Vec<KeptFile>> {
    ctx.read(move |scope| store::list(scope, subjects::ops::get_in(scope, about)?.place)).await
}

/// Puts a file beside something: of a picture what shows it, and a small one. The bytes are on the
/// disk before anything speaks of them.
pub async fn add(ctx: &Ctx, about: About, name: &str, bytes: Bytes) -> Result<Created<KeptFile>> {
    let name = rules::clean_name(name)?;
    let files = &ctx.platform.config.files;
    let (most, together) =
        (files.size_bytes_max.min(FILE_SIZE_BYTES_MAX), files.workspace_bytes_max);
    rules::check_size(bytes.len() as u64, most)?;
    // A request that comes again after it filled the place is no refusal.
    let is_first = ctx.cause.once.is_none();
    let place = move |scope: &Scope<'_>, is_counted: bool| {
        scope.need(WRITE)?;
        let subject = subjects::ops::get_in(scope, about)?;
        if is_counted {
            rules::check_count(store::list(scope, subject.place)?.len())?;
        }
        Ok(subject)
    };
    ctx.read(move |scope| place(scope, is_first).map(drop)).await?;
    let taken = ctx.platform.pictures.take_in(bytes).await?;
    let (coming, small) = put(ctx, taken, together).await?;
    let (blob, thumbnail) = (coming.blob(), small.as_ref().map(Coming::blob));
    let load = move |scope: &Scope<'_>, id| get_in(scope, about, id);
    let created = ctx.create(load, move |scope| {
        let subject = place(scope, true)?;
        let id: FileId = scope.new_id();
        blobs::ops::refer_in(scope, &blob, owner(about, id), together)?;
        if let Some(small) = &thumbnail {
            let owner = Owner { kind: THUMBNAIL_KIND, id: id.cast() };
            blobs::ops::refer_in(scope, small, owner, together)?;
        }
        store::insert(scope, subject.place, id, &name, &blob, thumbnail.as_ref())?;
        let file = store::get(scope, subject.place, id)?;
        let entry = entry(&subject, Done::Added, &file)
            .set("size_bytes", blob.size_bytes.to_string())
            .set("media_type", blob.media_type);
        scope.audit(entry)?;
        Ok((id, file))
    });
    let created = coming.settled(ctx, created.await).await;
    match small {
        Some(small) => small.settled(ctx, created).await,
        None => created,
    }
}

/// Takes in a file and its small picture, or neither.
async fn put(ctx: &Ctx, taken: TakenIn, together: u64) -> Result<(Coming, Option<Coming>)> {
    let coming = blobs::ops::put(ctx, taken.bytes, together).await?;
    let Some(small) = taken.thumbnail else { return Ok((coming, None)) };
    match blobs::ops::put(ctx, small, together).await {
        Ok(small) => Ok((coming, Some(small))),
        Err(error) => coming.settled(ctx, Err(error)).await,
    }
}

/// A file with its bytes, which were all compared with what was kept.
pub async fn open(ctx: &Ctx, about: About, id: FileId) -> Result<(KeptFile, File)> {
    let file = ctx.read(move |scope| get_in(scope, about, id)).await?;
    let bytes = fetch(ctx, file.blob.hash).await?;
    Ok((file, bytes))
}

/// The small picture of a file with its bytes.
pub async fn open_thumbnail(ctx: &Ctx, about: About, id: FileId) -> Result<(Blob, File)> {
    let file = ctx.read(move |scope| get_in(scope, about, id)).await?;
    let thumbnail = file.thumbnail.ok_or(Error::NotFound)?;
    let bytes = fetch(ctx, thumbnail.hash).await?;
    Ok((thumbnail, bytes))
}

async fn fetch(ctx: &Ctx, hash: BlobHash) -> Result<File> {
    let (place, workspace) = (ctx.platform.blobs.clone(), ctx.workspace());
    tasks::blocking(move || place.fetch(workspace, hash)).await
}

fn get_in(scope: &Scope<'_>, about: About, id: FileId) -> Result<KeptFile> {
    store::get(scope, subjects::ops::get_in(scope, about)?.place, id)
}

/// Takes a file away for good.
pub async fn remove(ctx: &Ctx, about: About, id: FileId) -> Result<()> {
    ctx.write(move |scope| {
        scope.need(WRITE)?;
        let subject = subjects::ops::get_in(scope, about)?;
        let file = store::get(scope, subject.place, id)?;
        remove_in(scope, &subject, &file)
    })
    .await
}

/// Takes all files away from an item that is about to be forgotten.
pub fn remove_all_in(scope: &Scope<'_>, item: ItemId) -> Result<()> {
    let subject = Subject::of_item(items::ops::get_in(scope, item)?);
    let all = store::list(scope, subject.place)?;
    all.iter().try_for_each(|file| remove_in(scope, &subject, file))
}

fn remove_in(scope: &Scope<'_>, subject: &Subject, file: &KeptFile) -> Result<()> {
    // Its small picture is let go of with the row.
    store::remove(scope, subject.place, file.id)?;
    blobs::ops::release_in(scope, file.blob.hash, owner(subject.about, file.id))?;
    scope.audit(entry(subject, Done::Removed, file))?;
    Ok(())
}

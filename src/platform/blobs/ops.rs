//! What refers to blobs, and what becomes of those that nothing refers to.

use std::collections::HashSet;
use std::sync::Arc;

use tracing::info;

use super::folder::Put;
use super::rules::{Blob, BlobHash, ORPHANS_KEPT, Owner, check_disk, check_lying, check_room};
use super::store;
use crate::platform::ctx::{BoxCtx, Ctx, Unit};
use crate::platform::db::{Held, Snapshot};
use crate::platform::error::{Error, Result};
use crate::platform::tasks;
use crate::platform::workspaces::{self, WorkspaceId};

/// Bytes on the disk that nothing refers to yet.
pub struct Coming(Put);

impl Coming {
    pub fn blob(&self) -> Blob {
        self.0.blob
    }

    /// Passes on the answer of the transaction that was to refer to it. Where that was refused the
    /// bytes do not stay.
    pub async fn settled<T>(self, ctx: &Ctx, outcome: Result<T>) -> Result<T> {
        let is_refused = matches!(
            outcome,
            Err(Error::NotFound | Error::Conflict(_) | Error::Rule(_) | Error::Invalid(_))
        );
        if is_refused {
            take_back(ctx, self.0).await?;
        }
        outcome
    }
}

/// Takes in bytes for something that is about to refer to them. The blobs of the workspace take at
/// most so many bytes together.
pub async fn put(
    ctx: &Ctx,
    bytes: impl AsRef<[u8]> + Send + 'static,
    bytes_max: u64,
) -> Result<Coming> {
    let (platform, workspace) = (Arc::clone(&ctx.platform), ctx.workspace());
    let (id, now) = (platform.random.id(), ctx.now());
    let received = tasks::blocking(move || {
        let size_bytes = bytes.as_ref().len() as u64;
        check_disk(platform.room.of(platform.config.data())?.free_bytes, size_bytes)?;
        check_lying(platform.blobs.lying_bytes(workspace)?, size_bytes, bytes_max)?;
        platform.blobs.receive(id, &mut bytes.as_ref(), size_bytes)
    })
    .await?;
    let blob = received.blob();
    // Refused here, it was never anything but bytes in a buffer of the system.
    ctx.read(move |scope| is_room_in(scope, &blob, bytes_max).map(drop)).await?;
    let place = ctx.platform.blobs.clone();
    tasks::blocking(move || place.put(workspace, &received, now)).await.map(Coming)
}

/// Removes what was put for something that was refused then, unless something else refers to it.
async fn take_back(ctx: &Ctx, put: Put) -> Result<()> {
    let hash = put.blob.hash;
    if ctx.read(move |scope| store::standing(scope, hash)).await?.0 {
        return Ok(());
    }
    let (place, workspace) = (ctx.platform.blobs.clone(), ctx.workspace());
    tasks::blocking(move || place.take_back(workspace, &put)).await
}

/// Whether a blob has a row already. One that has none must find room.
fn is_room_in(scope: &Unit<'_>, blob: &Blob, bytes_max: u64) -> Result<bool> {
    let (is_there, kept_bytes) = store::standing(scope, blob.hash)?;
    if !is_there {
        check_room(kept_bytes, blob.size_bytes, bytes_max)?;
    }
    Ok(is_there)
}

/// Says inside the caller's transaction that something refers to a blob, which was kept before.
/// The blobs of the workspace take at most so many bytes together.
pub fn refer_in(scope: &Unit<'_>, blob: &Blob, owner: Owner, bytes_max: u64) -> Result<()> {
    if !is_room_in(scope, blob, bytes_max)? {
        store::insert(scope, blob)?;
    }
    store::refer(scope, blob.hash, owner)
}

/// Says inside the caller's transaction that something refers to a blob no more. The bytes stay
/// until the sweep.
pub fn release_in(scope: &Unit<'_>, hash: BlobHash, owner: Owner) -> Result<()> {
    store::release(scope, hash, owner)
}

/// The bytes of all blobs that something of a workspace refers to, each counted once.
pub fn kept_bytes_in(scope: &Unit<'_>) -> Result<u64> {
    store::kept_bytes(scope)
}

/// The blobs that something of a workspace refers to.
pub async fn all(ctx: &Ctx) -> Result<Vec<Blob>> {
    ctx.read(|scope| store::all(scope.connection())).await
}

/// The blobs that a workspace's file names, wherever the file lies; none where it is of a release
/// that knew none. Blocks.
pub fn all_of(file: &Snapshot) -> Result<Vec<Blob>> {
    store::all_if_any(file.connection())
}

/// The same of a moment of a file that is in use. Blocks.
pub fn all_of_held(file: &Held) -> Result<Vec<Blob>> {
    store::all_if_any(file.connection())
}

/// Removes the bytes of a workspace that nothing refers to and that were put more than a day ago.
/// Gives how many.
pub async fn sweep(ctx: &Ctx) -> Result<usize> {
    let (blobs, workspace, now) = (ctx.platform.blobs.clone(), ctx.workspace(), ctx.now());
    let place = blobs.clone();
    let there = tasks::blocking(move || place.list(workspace)).await?;
    if there.is_empty() {
        return Ok(0);
    }
    // Read after the files: what was put since is too young, whether it is referred to or not.
    let referred: HashSet<BlobHash> = all(ctx).await?.into_iter().map(|blob| blob.hash).collect();
    let orphans: Vec<_> = there.into_iter().filter(|hash| !referred.contains(hash)).collect();
    tasks::blocking(move || blobs.remove_old(workspace, &orphans, now)).await
}

/// Removes the blobs of workspaces that the box does not know and that have no file. One that was
/// begun a short while ago may still become known. Gives how many workspaces.
pub async fn remove_strays(ctx: &BoxCtx) -> Result<usize> {
    let blobs = ctx.platform.blobs.clone();
    let place = blobs.clone();
    let there = tasks::blocking(move || place.workspaces()).await?;
    // Read after the folders: a row is never older than its blobs.
    let known = ctx.read(workspaces::ops::all_ids_in).await?;
    let youngest = ctx.now().minus(ORPHANS_KEPT);
    let is_stray = |id: &WorkspaceId| {
        !known.contains(id)
            && id.made_at().is_none_or(|made_at| made_at < youngest)
            && !ctx.platform.workspaces.path(*id).exists()
    };
    let strays: Vec<_> = there.into_iter().filter(is_stray).collect();
    for id in strays.iter().copied() {
        let place = blobs.clone();
        tasks::blocking(move || place.remove_all(id)).await?;
        info!(workspace.id = %id, "The files of {id}, which is no workspace, are gone");
    }
    Ok(strays.len())
}

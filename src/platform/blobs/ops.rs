//! What refers to blobs, and what becomes of those that nothing refers to.

use std::collections::HashSet;

use tracing::info;

use super::rules::{Blob, BlobHash, ORPHANS_KEPT, Owner, check_room};
use super::store;
use crate::platform::ctx::{BoxCtx, Ctx, Unit};
use crate::platform::db::{Held, Snapshot};
use crate::platform::error::Result;
use crate::platform::tasks;
use crate::platform::workspaces::{self, WorkspaceId};

/// Says inside the caller's transaction that something refers to a blob, which was kept before.
/// The blobs of the workspace take at most so many bytes together.
pub fn refer_in(scope: &Unit<'_>, blob: &Blob, owner: Owner, bytes_max: u64) -> Result<()> {
    let (is_there, kept_bytes) = store::standing(scope, blob.hash)?;
    if !is_there {
        check_room(kept_bytes, blob.size_bytes, bytes_max)?;
        store::insert(scope, blob)?;
    }
    store::refer(scope, blob.hash, owner)
}

/// Says inside the caller's transaction that something refers to a blob no more. The bytes stay
/// until the sweep.
pub fn release_in(scope: &Unit<'_>, hash: BlobHash, owner: Owner) -> Result<()> {
    store::release(scope, hash, owner)
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

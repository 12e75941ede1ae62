//! Looking whether a box has what an update needs, before anything of it begins.

use std::path::Path;
use std::sync::Arc;

use rustix::fs::StatVfsMountFlags;

use super::looking::files_of;
use super::rules::{Facts, obstacles};
use crate::platform::backups::bases;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::tasks;
use crate::platform::workspaces::damage;

/// Everything that stands in the way of an update by a binary of so many bytes; `releases` is a
/// folder that is there, on the disk that releases are started from.
pub async fn look(ctx: &BoxCtx, binary_bytes: u64, releases: &Path) -> Result<Vec<Refusal>> {
    let (platform, releases) = (Arc::clone(&ctx.platform), releases.to_owned());
    let (last_verified_at, damaged) = ctx
        .read(|scope| {
            let [_, verified, _] = bases::ops::latest_in(scope)?;
            Ok((verified, damage::ops::list_in(scope)?))
        })
        .await?;
    let damaged = damaged.into_iter().map(|one| one.name).collect();
    let facts = tasks::blocking(move || {
        let data = platform.config.data();
        let size = |file: &Path| std::fs::metadata(data.join(file)).map_or(0, |it| it.len());
        let flags = rustix::fs::statvfs(&releases).map_err(std::io::Error::from)?.f_flag;
        Ok(Facts {
            databases_bytes: files_of(data)?.iter().map(|file| size(file)).sum(),
            binary_bytes,
            free_bytes: platform.room.of(data)?.free_bytes,
            damaged,
            last_verified_at,
            is_executable: !flags.contains(StatVfsMountFlags::NOEXEC),
        })
    });
    Ok(obstacles(&facts.await?, ctx.now()))
}

/// Refuses with the first that stands in the way.
///
/// # Errors
/// One of the codes of [`obstacles`], as a conflict.
pub async fn check(ctx: &BoxCtx, binary_bytes: u64, releases: &Path) -> Result<()> {
    match look(ctx, binary_bytes, releases).await?.into_iter().next() {
        Some(refusal) => Err(Error::Conflict(refusal)),
        None => Ok(()),
    }
}

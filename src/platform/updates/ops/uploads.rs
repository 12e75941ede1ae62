//! Releases that come as a file: sent in pieces, unpacked, and looked at like a feed.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;

use serde_json::{Value, json};

use super::checking::{Source, look_and_keep};
use super::feeding::{self, BUNDLE, Trouble};
use super::planning::{check_ready, told};
use super::{KIND, check_channel_in};
use crate::platform::audit::Entry;
use crate::platform::backups::portable::ops as spool;
use crate::platform::backups::portable::ops::Upload;
use crate::platform::backups::portable::rules::UploadId;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::jobs::ops::{UnderWay, Wanted, ask_in, find_in};
use crate::platform::jobs::{Job, JobId, Work};
use crate::platform::tasks;
use crate::platform::updates::bundle::unpack;
use crate::platform::updates::jobs::{Bundle, TAKE_BUNDLE};
use crate::platform::updates::metadata::Staleness;
use crate::platform::updates::store;
use crate::platform::updates::worker::points::point;

/// Makes room for a bundle of this size.
///
/// # Errors
/// What `check_ready` says, `update-channel-not-allowed`, and that it is too large.
pub async fn begin(ctx: &BoxCtx, size_bytes: u64) -> Result<Created<Upload>> {
    check_ready(ctx)?;
    check_channel(ctx).await?;
    check_size(ctx, size_bytes)?;
    spool::begin_upload(ctx, size_bytes).await
}

fn check_size(ctx: &BoxCtx, size_bytes: u64) -> Result<()> {
    let limit_bytes = ctx.platform.config.updates.bundle_size_bytes_max;
    if size_bytes > limit_bytes {
        return Err(Error::TooLarge { limit_bytes });
    }
    Ok(())
}

async fn check_channel(ctx: &BoxCtx) -> Result<()> {
    let channel = ctx.platform.config.updates.channel.name();
    ctx.read(move |scope| check_channel_in(scope, channel)).await
}

/// Takes the next piece.
pub async fn piece(ctx: &BoxCtx, id: UploadId, offset: u64, piece: bytes::Bytes) -> Result<Upload> {
    check_size(ctx, offset.saturating_add(piece.len() as u64))?;
    spool::take_piece(ctx, id, offset, piece).await
}

/// Asks for a bundle that has arrived to be checked; what is good in it is offered then. Stale
/// metadata is taken only where a person said so, and never below what the box has seen.
///
/// # Errors
/// What `check_ready` says, `update-channel-not-allowed`, and that there is no such upload.
pub async fn ask_to_take(ctx: &BoxCtx, id: UploadId, accept_stale: bool) -> Result<Created<Job>> {
    check_ready(ctx)?;
    check_channel(ctx).await?;
    spool::find_upload(ctx, id).await?;
    if accept_stale && let Ok(principal) = ctx.principal() {
        principal.need_elevated(ctx.now())?;
    }
    let platform = std::sync::Arc::clone(&ctx.platform);
    let load = |scope: &BoxScope<'_>, id: JobId| find_in(scope, id);
    let asked = ctx.create(load, move |scope| {
        let given = Bundle { upload: id.to_string(), accept_stale };
        let wanted = Wanted {
            kind: TAKE_BUNDLE.kind,
            workspace: None,
            subject: String::new(),
            input: serde_json::to_value(given).map_err(Error::internal)?,
        };
        let job = ask_in(scope, &platform.jobs, &wanted, UnderWay::Refuse)?;
        let stale = if accept_stale { "yes" } else { "no" };
        scope.audit(Entry::about("update.bundle_sent", KIND).set("accept_stale", stale))?;
        Ok((job.id, job))
    });
    Ok(told(ctx, asked.await?))
}

/// The job: unpacks the bundle, looks at it, keeps what it offers.
pub(in crate::platform::updates) async fn take(work: &Work) -> Result<Value> {
    let (ctx, given): (_, Bundle) = (work.on_box(), work.input()?);
    let staleness = if given.accept_stale { Staleness::Accepted } else { Staleness::Refused };
    let id: UploadId = given.upload.parse().map_err(|_| Error::NotFound)?;
    let came = unpack_and_look(ctx, id, staleness).await;
    spool::discard_upload(ctx, id).await?;
    match came {
        Ok(version) => Ok(json!({ "offered": version })),
        Err(trouble) => {
            let (reason, error) = trouble.told();
            let entry = Entry::about("update.refused", KIND).refused().set("asked", "upload");
            let entry = entry.set("code", reason.code);
            ctx.write(move |scope: &BoxScope<'_>| scope.audit(entry)).await?;
            Err(error)
        }
    }
}

async fn unpack_and_look(
    ctx: &BoxCtx,
    id: UploadId,
    staleness: Staleness,
) -> Result<Option<String>, Trouble> {
    let is_busy =
        ctx.read(|scope| Ok(store::under_way(scope)?.is_some_and(|one| one.plan.is_none())));
    if is_busy.await? {
        return Err(super::super::rules::under_way().into());
    }
    let folder = feeding::folder(&ctx.platform);
    let into = folder.join(BUNDLE);
    let from = spool::open_upload(ctx, id).await?;
    let unpacked = tasks::blocking(move || {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        match std::fs::remove_dir_all(&into) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        Ok(unpack(from, &into))
    });
    unpacked.await??;
    point("bundle-unpacked");
    let look = look_and_keep(ctx, (&feeding::of_bundle(ctx), Source::Bundle), staleness).await?;
    if let Some((_, release)) = look.next {
        point("bundle-offered");
        return Ok(Some(release.version));
    }
    let detail = "The bundle is good, but holds no newer release for this box.";
    Err(Trouble::Known("update-none", detail.to_owned()))
}

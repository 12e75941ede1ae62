//! Archives that arrive in pieces: a connection that breaks costs one piece, and none is held in
//! memory as a whole. What was sent is kept for a day.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use super::{free_bytes, too_large};
use crate::platform::backups::portable::rules::{
    ARCHIVE_SIZE_BYTES_MAX, PIECE_SIZE_BYTES_MAX, UploadId, check_room,
};
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::spool::{KEPT, Kept, Spool};
use crate::platform::tasks;
use crate::platform::workspaces::WorkspaceId;

/// What stands for the workspace in the name of a file of which none is known yet.
const NO_WORKSPACE: [u8; 16] = [0; 16];

/// How much of an archive has arrived.
#[derive(Debug, Clone, Copy)]
pub struct Upload {
    pub id: UploadId,
    pub received_bytes: u64,
    pub kept_until: Moment,
}

/// Makes room for an archive of this size.
pub async fn begin_upload(ctx: &BoxCtx, size_bytes: u64) -> Result<Created<Upload>> {
    if size_bytes > ARCHIVE_SIZE_BYTES_MAX {
        return Err(too_large());
    }
    check_room(size_bytes, free_bytes(&ctx.platform).await?)?;
    let (spool, now) = (Spool::of_uploads(ctx.platform.config.data()), ctx.now());
    let kept = Kept {
        workspace: WorkspaceId::from_bytes(NO_WORKSPACE),
        id: ctx.platform.random.id(),
        until: now.plus(KEPT),
    };
    let place = spool.clone();
    tasks::blocking(move || spool.create(kept, now).map(drop)).await?;
    let load = move |_: &BoxScope<'_>, id: UploadId| find(&place, id, now);
    let upload = Upload { id: kept.id.cast(), received_bytes: 0, kept_until: kept.until };
    ctx.create(load, move |_| Ok((upload.id, upload))).await
}

/// How far an upload is.
pub async fn find_upload(ctx: &BoxCtx, id: UploadId) -> Result<Upload> {
    let (spool, now) = (Spool::of_uploads(ctx.platform.config.data()), ctx.now());
    tasks::blocking(move || find(&spool, id, now)).await
}

fn find(spool: &Spool, id: UploadId, now: Moment) -> Result<Upload> {
    let kept = kept_as(spool, id)?;
    let received_bytes = spool.open(kept, now)?.metadata()?.len();
    Ok(Upload { id, received_bytes, kept_until: kept.until })
}

fn kept_as(spool: &Spool, id: UploadId) -> Result<Kept> {
    spool.list()?.into_iter().find(|kept| kept.id == id.cast()).ok_or(Error::NotFound)
}

/// Opens what was sent, to be read.
pub(in crate::platform) async fn open_upload(ctx: &BoxCtx, id: UploadId) -> Result<File> {
    let (spool, now) = (Spool::of_uploads(ctx.platform.config.data()), ctx.now());
    tasks::blocking(move || spool.open(kept_as(&spool, id)?, now)).await
}

/// Takes the next piece. One that is there already in full is taken as sent twice.
pub async fn take_piece(
    ctx: &BoxCtx,
    id: UploadId,
    offset: u64,
    piece: bytes::Bytes,
) -> Result<Upload> {
    if piece.len() > PIECE_SIZE_BYTES_MAX {
        return Err(Error::TooLarge { limit_bytes: PIECE_SIZE_BYTES_MAX as u64 });
    }
    let free = free_bytes(&ctx.platform).await?;
    check_room(piece.len() as u64, free)?;
    let (spool, now) = (Spool::of_uploads(ctx.platform.config.data()), ctx.now());
    tasks::blocking(move || {
        let kept = kept_as(&spool, id)?;
        if kept.until <= now {
            return Err(Error::NotFound);
        }
        let mut file = File::options().write(true).open(spool.path(kept))?;
        if file.try_lock().is_err() {
            return Err(Error::Busy { retry_after_s: 1 });
        }
        let there = file.metadata()?.len();
        let end = offset.saturating_add(piece.len() as u64);
        if end > ARCHIVE_SIZE_BYTES_MAX {
            return Err(too_large());
        }
        let is_there = end == there && !piece.is_empty();
        if offset != there && !is_there {
            let detail = format!("{there} bytes are there; the next piece begins with that one.");
            let refusal = Refusal::new("import-offset", detail);
            return Err(Error::Conflict(refusal.with("received_bytes", there.to_string())));
        }
        if !is_there {
            file.seek(SeekFrom::Start(there))?;
            if let Err(error) = file.write_all(&piece) {
                // Half a piece would shift all that follow.
                file.set_len(there)?;
                return Err(error.into());
            }
        }
        Ok(Upload { id, received_bytes: end, kept_until: kept.until })
    })
    .await
}

/// Throws away what was sent.
pub async fn discard_upload(ctx: &BoxCtx, id: UploadId) -> Result<()> {
    let spool = Spool::of_uploads(ctx.platform.config.data());
    tasks::blocking(move || {
        let kept = kept_as(&spool, id)?;
        spool.remove(kept);
        Ok(())
    })
    .await
}

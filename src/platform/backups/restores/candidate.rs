//! A file on its way to a workspace's place: made ready beside it, put there last.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use crate::platform::audit::Entry;
use crate::platform::audit::ops::carrying;
use crate::platform::backups::contents::{self, ops::Contents};
use crate::platform::ctx::{BoxCtx, Unit};
use crate::platform::db::{self, DatabaseFile, Snapshot};
use crate::platform::error::{Error, Result};
use crate::platform::jobs::Work;
use crate::platform::tasks;
use crate::platform::workspaces::{Closed, WorkspaceId, Workspaces, damage};

/// Between two tries to have a file to itself: together more than readers' own deadline.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(2),
];

/// What is put where.
pub(super) struct Switch {
    pub(super) workspace: WorkspaceId,
    /// Brought from elsewhere and checked.
    pub(super) candidate: PathBuf,
    /// Where the file of before goes.
    pub(super) keep: PathBuf,
    /// What the workspace's log says of it.
    pub(super) entry: Entry,
}

/// What is in place now.
pub(super) struct Placed {
    pub(super) contents: Contents,
    /// Says how long the log is, when the end of it was lost with the file of before.
    pub(super) recorded: Option<Entry>,
}

/// Puts a file in the place of a workspace's. Entries of the present log go along, so that none is
/// lost. Until the very last step nothing of the workspace is changed.
pub(super) async fn put_in_place(work: &Work, ctx: &BoxCtx, switch: Switch) -> Result<Placed> {
    let workspaces = &ctx.platform.workspaces;
    let file = workspaces.open_apart(switch.workspace, switch.candidate.clone()).await?;
    let file = Arc::new(file);
    let placed = make_ready_and_put(work, ctx, &file, switch).await;
    if placed.is_err() {
        // Closing waits for a thread.
        close(&file).await?;
    }
    placed
}

async fn make_ready_and_put(
    work: &Work,
    ctx: &BoxCtx,
    file: &Arc<DatabaseFile>,
    switch: Switch,
) -> Result<Placed> {
    let Switch { workspace, candidate, keep, entry } = switch;
    let workspaces = &ctx.platform.workspaces;
    // One that cannot be opened any more is marked by that, so that what is left of it is kept.
    drop(damage::ops::open(ctx, workspace).await);
    // Most of it while everybody goes on; the rest while nobody can write.
    let is_damaged = workspaces.is_damaged(workspace);
    let carried = match carry(ctx, file, &workspaces.path(workspace)).await {
        // What a damaged log says of its past is no reason to do without its workspace.
        Err(Error::Conflict(_)) if is_damaged => false,
        carried => carried?,
    };
    let contents = counted(&candidate).await?;
    work.check()?;
    let closed = hold_closed(work, workspaces, workspace).await?;
    let is_carried = closed.is_whole && carry(ctx, file, &closed.path()).await?;
    if is_carried {
        set_beside(ctx, file, closed.path()).await?;
    } else if carried && let Err(error) = set_beside(ctx, file, closed.path()).await {
        warn!("What stands beside a damaged log was not taken along: {error}");
    }
    let end = ctx.write_apart(file, move |unit| {
        unit.audit(entry)?;
        carrying::end_in(unit)
    });
    let (entries, head) = end.await?;
    let recorded = if is_carried {
        None
    } else {
        let anew = move |unit: &Unit<'_>| carrying::recorded_anew_in(unit, workspace);
        Some(ctx.write_apart(file, anew).await?)
    };
    close(file).await?;
    let path = candidate.clone();
    tasks::blocking(move || db::fold(&path)).await?;
    closed.put(candidate, keep).await?;
    let audit = crate::platform::backups::archive::AuditHead {
        entries: u64::try_from(entries).unwrap_or_default(),
        head: crate::platform::secret::to_hex(&head),
    };
    Ok(Placed { contents: Contents { audit, ..contents }, recorded })
}

/// Has a file to itself. Readers are waited for between two tries, when others can open theirs.
async fn hold_closed<'a>(
    work: &Work,
    workspaces: &'a Workspaces,
    id: WorkspaceId,
) -> Result<Closed<'a>> {
    for pause in PAUSES {
        match workspaces.hold_closed(id).await {
            Err(Error::Busy { .. }) => tokio::time::sleep(pause).await,
            closed => return closed,
        }
        work.check()?;
    }
    workspaces.hold_closed(id).await.map_err(in_use)
}

async fn close(file: &Arc<DatabaseFile>) -> Result<()> {
    let file = Arc::clone(file);
    tasks::blocking(move || {
        file.close();
        Ok(())
    })
    .await
}

/// What a file holds, that is open for writing or not.
pub(super) async fn counted(path: &Path) -> Result<Contents> {
    let path = path.to_owned();
    tasks::blocking(move || contents::ops::of(&Snapshot::open(&path)?)).await
}

fn in_use(error: Error) -> Error {
    let Error::Busy { .. } = error else { return error };
    let detail = "The workspace's file is being read for long, perhaps by a backup that is being \
                  made. Ask again when that is done. Nothing was changed.";
    Error::conflict("restore-in-use", detail)
}

/// Takes along what the log has grown by. False where the present file cannot be read to its end.
async fn carry(ctx: &BoxCtx, file: &DatabaseFile, from: &Path) -> Result<bool> {
    loop {
        let end = ctx.write_apart(file, carrying::end_in).await?;
        let from = from.to_owned();
        let read = move || {
            let part = Snapshot::open(&from).and_then(|from| carrying::part_after(&from, end));
            Ok(part)
        };
        let part = match tasks::blocking(read).await? {
            Ok(part) => part,
            Err(
                Error::NotFound | Error::StorageFailed(_) | Error::Damaged(_) | Error::Internal(_),
            ) => return Ok(false),
            Err(error) => return Err(error),
        };
        if part.is_empty() {
            return Ok(true);
        }
        ctx.write_apart(file, move |unit| carrying::carry_in(unit, part)).await?;
    }
}

async fn set_beside(ctx: &BoxCtx, file: &DatabaseFile, from: PathBuf) -> Result<()> {
    let beside = tasks::blocking(move || carrying::beside(&Snapshot::open(&from)?)).await?;
    ctx.write_apart(file, move |unit| carrying::set_beside_in(unit, &beside)).await
}

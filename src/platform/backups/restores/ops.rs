//! Asking for restores, doing them, and undoing them.

mod doing;
mod ending;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::jobs::RESTORE;
use super::rules::{Mode, Restore, RestoreId, State, check_undoable, read_kit};
use super::{kept, store};
use crate::platform::audit::Entry;
use crate::platform::backups::archive::Identity;
use crate::platform::backups::bases;
use crate::platform::backups::bases::ops::Shown;
use crate::platform::backups::bases::rules::{BackupId, CopyState};
use crate::platform::backups::kits;
use crate::platform::backups::targets::Remote;
use crate::platform::backups::targets::rules::TargetId;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::jobs::ops::{UnderWay, Wanted, ask_in, find_in};
use crate::platform::jobs::{Job, JobId};
use crate::platform::secret::Secret;
use crate::platform::workspaces::rules::clean_name;
use crate::platform::workspaces::{self, State as Life, WorkspaceId};

pub(super) use doing::carry_out;
pub use ending::resume;
pub(in crate::platform) use ending::{drop_kept_before, keeps_file_of, sweep};

/// Audit kind.
pub const KIND: &str = "box.restore";

/// What somebody wants.
pub struct Wish {
    pub from: From,
    /// The kit, or the line of its key.
    pub identity: Secret,
    pub workspace: Option<WorkspaceId>,
    pub mode: Mode,
    /// What a new workspace is called.
    pub name: Option<String>,
}

/// Which backup.
#[derive(Clone)]
pub enum From {
    /// One of the list, from one of its targets or from whichever gives it.
    Backup { id: BackupId, target: Option<TargetId> },
    /// A folder that holds one.
    Folder(PathBuf),
    /// A folder at a place that is no target of the box. What opens it is kept in memory alone.
    Elsewhere { remote: Remote, folder: String },
}

/// What the job is given. Never a key.
#[derive(Debug, Serialize, Deserialize)]
struct Input {
    restore: String,
    target: Option<String>,
    folder: Option<PathBuf>,
    /// The workspace as it is called in the backup.
    workspace: Option<String>,
    name: Option<String>,
}

/// What the job is given that is written nowhere.
struct InHand {
    identity: Identity,
    /// A place that is no target of the box, and the folder of the backup there.
    elsewhere: Option<(Remote, String)>,
}

/// Asks for a restore. What can be refused now is refused now.
pub async fn ask(ctx: &BoxCtx, wish: Wish) -> Result<Created<Job>> {
    ending::settle(ctx).await?;
    let (box_id, _, signing_key) = kits::ops::identity(ctx).await?;
    let identity = read_kit(wish.identity.reveal(), &box_id, signing_key)?.identity;
    let name = wish.name.as_deref().map(|name| clean_name("name", name)).transpose()?;
    if wish.mode != Mode::Look && wish.workspace.is_none() {
        let detail = "Say which workspace of the backup.";
        return Err(Error::invalid("workspace_id", "restore-workspace", detail));
    }
    let platform = Arc::clone(&ctx.platform);
    let load = |scope: &BoxScope<'_>, id: JobId| find_in(scope, id);
    let asked = ctx.create(load, move |scope| {
        check_in(scope, &wish)?;
        let id: RestoreId = scope.new_id();
        let (mut backup, mut target, mut near, mut elsewhere) = (None, None, None, None);
        match wish.from.clone() {
            From::Backup { id, target: at } => (backup, target) = (Some(id), at),
            From::Folder(folder) => near = Some(folder),
            From::Elsewhere { remote, folder } => elsewhere = Some((remote, folder)),
        }
        let input = Input {
            restore: id.to_string(),
            target: target.map(|id| id.to_string()),
            folder: near,
            workspace: wish.workspace.map(|id| id.to_string()),
            name,
        };
        let is_new = wish.mode == Mode::AsNew;
        let restore = Restore {
            backup,
            workspace: wish.workspace.filter(|_| !is_new),
            mode: wish.mode,
            ..begun(scope, id)
        };
        let subject = wish.workspace.map(|id| id.to_string()).unwrap_or_default();
        let job = begin_in(scope, &platform, restore, subject, &input)?;
        // Before the job can begin: it does after this transaction's commit.
        platform.jobs.hand(job.id, InHand { identity, elsewhere });
        Ok((job.id, job))
    });
    let asked = asked.await;
    ctx.platform.jobs.nudge();
    asked
}

fn begun(scope: &BoxScope<'_>, id: RestoreId) -> Restore {
    Restore {
        id,
        job: id.cast(),
        backup: None,
        workspace: None,
        mode: Mode::Look,
        state: State::Running,
        of: None,
        asked_by: scope.user(),
        asked_at: scope.now(),
        finished_at: None,
        kept_until: None,
        was_damaged: false,
        detail: None,
    }
}

fn begin_in(
    scope: &BoxScope<'_>,
    platform: &Arc<crate::platform::Platform>,
    restore: Restore,
    subject: String,
    input: &Input,
) -> Result<Job> {
    let value = serde_json::to_value(input).map_err(Error::internal)?;
    let wanted = Wanted { kind: RESTORE.kind, workspace: None, subject, input: value };
    let job = ask_in(scope, &platform.jobs, &wanted, UnderWay::Refuse)?;
    let restore = Restore { job: job.id, ..restore };
    store::insert(scope, &restore)?;
    let entry = Entry::new("box.restore.requested", KIND, restore.id);
    let entry = entry.set("mode", restore.mode.name());
    let entry = match &input.workspace {
        Some(workspace) => entry.set("workspace", workspace),
        None => entry,
    };
    let entry = match restore.backup {
        Some(backup) => entry.set("backup", backup.to_string()),
        None => entry,
    };
    scope.audit(entry)?;
    Ok(job)
}

fn check_in(scope: &BoxScope<'_>, wish: &Wish) -> Result<()> {
    if let From::Backup { id, target } = &wish.from {
        let detail = "There is no such backup, or it lies at no target.";
        let none = || Error::invalid("backup_id", "restore-backup", detail);
        let copies = lies_at_in(scope, *id)?;
        if copies.is_empty() {
            return Err(none());
        }
        if target.is_some_and(|target| !copies.contains(&target)) {
            let detail = "The backup does not lie at this target.";
            return Err(Error::invalid("target_id", "restore-backup", detail));
        }
    }
    let Some(workspace) = wish.workspace.filter(|_| wish.mode == Mode::InPlace) else {
        return Ok(());
    };
    check_there_in(scope, workspace)
}

/// Targets that a backup lies at; none of one that nobody knows.
fn lies_at_in(scope: &BoxScope<'_>, backup: BackupId) -> Result<Vec<TargetId>> {
    match bases::ops::get_in(scope, backup) {
        Ok(Shown { copies, .. }) => {
            let there = copies.into_iter().filter(|copy| copy.state == CopyState::There);
            Ok(there.map(|copy| copy.target).collect())
        }
        Err(Error::NotFound) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn check_there_in(scope: &BoxScope<'_>, workspace: WorkspaceId) -> Result<()> {
    let because = |detail| Err(Error::invalid("workspace_id", "restore-workspace", detail));
    match workspaces::ops::get_in(scope, workspace) {
        Ok(there) if there.state() == Life::Deleted => {
            because("The workspace is deleted. Restore it from the deleted ones first.")
        }
        Ok(_) => Ok(()),
        Err(Error::NotFound) => {
            because("The box has no such workspace any more. Restore it as a new one.")
        }
        Err(error) => Err(error),
    }
}

/// Puts the file of before a restore back.
pub async fn undo(ctx: &BoxCtx, id: RestoreId) -> Result<Created<Job>> {
    ending::settle(ctx).await?;
    let platform = Arc::clone(&ctx.platform);
    let kept = kept::kept_at(ctx.platform.config.data(), id);
    let load = |scope: &BoxScope<'_>, id: JobId| find_in(scope, id);
    let asked = ctx.create(load, move |scope| {
        let restore = store::get(scope, id)?.ok_or(Error::NotFound)?;
        let workspace = check_undoable(&restore, scope.now())?;
        if !kept.is_file() {
            let detail = "The file of before is not there: there was none that could be kept.";
            return Err(Error::conflict("restore-not-undoable", detail));
        }
        check_there_in(scope, workspace)?;
        let undo: RestoreId = scope.new_id();
        let input = Input {
            restore: undo.to_string(),
            target: None,
            folder: None,
            workspace: Some(workspace.to_string()),
            name: None,
        };
        let undo = Restore {
            workspace: Some(workspace),
            mode: Mode::Undo,
            of: Some(id),
            ..begun(scope, undo)
        };
        let job = begin_in(scope, &platform, undo, workspace.to_string(), &input)?;
        Ok((job.id, job))
    });
    let asked = asked.await;
    ctx.platform.jobs.nudge();
    asked
}

/// What follows `before`, the newest first.
pub async fn list(ctx: &BoxCtx, before: Option<RestoreId>, limit: usize) -> Result<Vec<Restore>> {
    ctx.read(move |scope| store::list(scope, before, limit)).await
}

/// A restore, and what was found where one only looked: JSON.
pub async fn get(ctx: &BoxCtx, id: RestoreId) -> Result<(Restore, Option<String>)> {
    ctx.read(move |scope| {
        let restore = store::get(scope, id)?.ok_or(Error::NotFound)?;
        Ok((restore, store::found(scope, id)?))
    })
    .await
}

/// Where a backup of the list lies, the target named first.
async fn places(
    ctx: &BoxCtx,
    backup: BackupId,
    target: Option<TargetId>,
) -> Result<(bases::rules::Backup, Vec<TargetId>)> {
    let backup = bases::ops::get(ctx, backup).await?.backup;
    let id = backup.id;
    let mut copies = ctx.read(move |scope| lies_at_in(scope, id)).await?;
    copies.retain(|copy| target.is_none_or(|target| *copy == target));
    Ok((backup, copies))
}

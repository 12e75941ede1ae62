//! Archiving, deleting with a grace, restoring, and the end.

use std::time::Duration;

use tracing::{info, warn};

use super::{KIND, check_version, get_in};
use crate::platform::access::Role;
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, BoxScope, Ctx, Membership};
use crate::platform::db::Snapshot;
use crate::platform::error::{Error, Result};
use crate::platform::identity::{Principal, services};
use crate::platform::notices;
use crate::platform::tasks;
use crate::platform::workspaces::rules::{
    DELETED_KEPT, State, Workspace, WorkspaceId, check_sample,
};
use crate::platform::workspaces::{Workspaces, members, store};

/// A file without a row may be that of a workspace that is being made right now.
const STRAY_KEPT: Duration = Duration::from_hours(1);
/// Workspaces purged in one go at most; the next run takes the rest.
const PURGED_MAX: usize = 100;

/// Makes the workspace of the request read only. Doing it twice changes nothing.
pub async fn archive(ctx: &Ctx) -> Result<Workspace> {
    let id = ctx.workspace();
    (**ctx)
        .write(move |scope| {
            let before = get_in(scope, id)?;
            match before.state() {
                State::Archived => Ok(before),
                State::Deleted => Err(Error::NotFound),
                State::Active => {
                    let archived_at = Some(scope.now());
                    live_on(scope, &Workspace { archived_at, ..before }, "workspace.archived")
                }
            }
        })
        .await
}

/// Deletes the workspace of the request: nobody gets in any more, and what streams from it ends.
pub async fn delete(ctx: &Ctx, version: i64) -> Result<()> {
    let id = ctx.workspace();
    (**ctx)
        .write(move |scope| {
            let before = get_in(scope, id)?;
            if before.state() == State::Deleted {
                return Err(Error::NotFound);
            }
            check_version(&before, version)?;
            let deleted_at = Some(scope.now());
            notices::ops::workspace_deleted_in(scope, id, &before.name, DELETED_KEPT)?;
            live_on(scope, &Workspace { deleted_at, ..before }, "workspace.deleted").map(drop)
        })
        .await
}

/// Takes a workspace back from the archive, or from among the deleted ones: then it is what it
/// was before. Doing it twice changes nothing.
pub async fn restore(ctx: &BoxCtx, id: WorkspaceId) -> Result<Workspace> {
    let right = Right::of(ctx.principal()?, id);
    ctx.write(move |scope| {
        let before = get_in(scope, id)?;
        right.check(before.state())?;
        let after = match before.state() {
            State::Active => return Ok(before),
            State::Archived => Workspace { archived_at: None, ..before },
            State::Deleted => Workspace { deleted_at: None, ..before },
        };
        live_on(scope, &after, "workspace.restored")
    })
    .await
}

/// What somebody may restore.
struct Right {
    is_member: bool,
    from_archive: bool,
    from_deleted: bool,
}

impl Right {
    fn of(principal: &Principal, id: WorkspaceId) -> Self {
        let owns = |one: &Membership| {
            one.workspace == id && one.role == Role::Owner && one.grant.allows("workspace.delete")
        };
        let member = principal.membership(id);
        Self {
            is_member: member.is_some(),
            from_archive: member.is_some_and(|one| one.grant.allows("workspace.settings")),
            from_deleted: principal.is_operator || principal.deleted.iter().chain(member).any(owns),
        }
    }

    /// Who does not belong to a workspace that can be used may not know of it.
    fn check(&self, state: State) -> Result<()> {
        match state {
            State::Deleted if self.from_deleted => Ok(()),
            State::Active | State::Archived if self.from_archive => Ok(()),
            State::Active | State::Archived if self.is_member => {
                Err(Error::Forbidden { needed: "workspace.settings" })
            }
            State::Deleted | State::Active | State::Archived => Err(Error::NotFound),
        }
    }
}

fn live_on(scope: &BoxScope<'_>, after: &Workspace, action: &'static str) -> Result<Workspace> {
    store::update(scope, after)?;
    let entry = Entry::new(action, KIND, after.id).version(after.version + 1);
    scope.audit(entry.set("name", &after.name))?;
    get_in(scope, after.id)
}

/// Removes the sample workspace of the request at once and for good.
pub async fn wipe(ctx: &Ctx) -> Result<()> {
    let id = ctx.workspace();
    (**ctx)
        .write(move |scope| {
            let workspace = get_in(scope, id)?;
            check_sample(&workspace)?;
            store::begin_purge(scope, id)?;
            let entry = Entry::new("workspace.wiped", KIND, id).version(workspace.version);
            scope.audit(entry.set("name", &workspace.name))?;
            Ok(())
        })
        .await?;
    finish_purge(ctx, id).await
}

/// Removes what was deleted longer ago than `DELETED_KEPT`, and what an earlier run began to
/// remove. Gives how many workspaces are gone.
pub async fn purge_due(ctx: &BoxCtx) -> Result<usize> {
    let due = ctx.write(|scope| {
        for workspace in store::due(scope, scope.now().minus(DELETED_KEPT), PURGED_MAX)? {
            store::begin_purge(scope, workspace.id)?;
            let days = DELETED_KEPT.as_secs() / Duration::from_hours(24).as_secs();
            scope.audit(
                Entry::new("workspace.purged", KIND, workspace.id)
                    .version(workspace.version)
                    .set("name", &workspace.name)
                    .set("kept_days", days.to_string()),
            )?;
        }
        store::begun(scope, PURGED_MAX)
    });
    let due = due.await?;
    for id in &due {
        finish_purge(ctx, *id).await?;
    }
    Ok(due.len())
}

/// Removes files that were made for a workspace whose row never came, because the box stopped in
/// between. Gives how many. One in which anything ever happened is somebody's data, whatever the
/// box's own file says, and stays.
pub async fn remove_strays(ctx: &BoxCtx) -> Result<usize> {
    let folder = ctx.platform.workspaces.folder().to_owned();
    let files = tasks::blocking(move || Workspaces::file_ids(&folder)).await?;
    // Read after the files: a row is never older than its file.
    let known = ctx.read(store::all_ids).await?;
    let youngest = ctx.now().minus(STRAY_KEPT);
    let mut removed = 0;
    for id in files.into_iter().filter(|id| !known.contains(id)) {
        if id.made_at().is_none_or(|made_at| made_at > youngest) {
            continue;
        }
        let path = ctx.platform.workspaces.path(id);
        let looked = tasks::blocking(move || store::is_unused(Snapshot::open(&path)?.connection()));
        match looked.await {
            Ok(true) => {
                ctx.platform.workspaces.remove(id).await?;
                info!(workspace.id = %id, "The file of {id}, which became no workspace, is gone");
                removed += 1;
            }
            Ok(false) => warn!(
                workspace.id = %id,
                "The file of workspace {id} holds data, but the box knows no such workspace"
            ),
            Err(error) => warn!("The file of the unknown workspace {id} cannot be read: {error}"),
        }
    }
    Ok(removed)
}

/// The decision is on disk and nobody can get in. First the files go and then the row that
/// tells of it, so that a crash in between leaves something to go on with.
async fn finish_purge(ctx: &BoxCtx, id: WorkspaceId) -> Result<()> {
    ctx.platform.workspaces.remove(id).await?;
    let blobs = ctx.platform.blobs.clone();
    tasks::blocking(move || blobs.remove_all(id)).await?;
    ctx.write(move |scope| {
        members::ops::remove_all_in(scope, id)?;
        services::ops::delete_all_in(scope, id)?;
        store::remove(scope, id)
    })
    .await?;
    info!(workspace.id = %id, "Workspace {id} and its file are gone");
    Ok(())
}

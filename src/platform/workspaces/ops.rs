//! Making and finding workspaces.

use super::rules::{Draft, Workspace, WorkspaceId};
use super::store;
use crate::platform::access::Role;
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, BoxScope, Ctx, Membership};
use crate::platform::error::Result;
use crate::platform::identity::UserId;

/// Audit and event kind.
pub const KIND: &str = "workspace";

/// Makes the workspace's file. It becomes a workspace when `record_in` has committed; a file
/// that never did is not reachable.
pub async fn make_file(ctx: &BoxCtx, draft: Draft, field: &str) -> Result<Workspace> {
    let workspace = draft.check(ctx.platform.random.id(), field, ctx.now())?;
    ctx.platform.workspaces.make(workspace.id).await?;
    Ok(workspace)
}

/// Records a made workspace inside the caller's transaction. Add its owner in the same one.
pub fn record_in(scope: &BoxScope<'_>, workspace: &Workspace) -> Result<()> {
    store::insert(scope, workspace)?;
    scope.audit(
        Entry::new("workspace.created", KIND, workspace.id)
            .version(workspace.version)
            .set("name", &workspace.name),
    )?;
    Ok(())
}

/// Makes a person a member inside the caller's transaction.
pub fn add_member_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    user: UserId,
    role: Role,
) -> Result<()> {
    store::insert_member(scope, user, workspace, role)?;
    scope.audit(
        Entry::new("workspace.member.added", KIND, workspace)
            .set("user", user.to_string())
            .set("role", role.name()),
    )?;
    Ok(())
}

/// The workspace of the request.
pub async fn get(ctx: &Ctx) -> Result<Workspace> {
    let id = ctx.workspace();
    (**ctx).read(move |scope| store::get(scope, id)).await
}

/// The workspaces the caller belongs to.
pub async fn list_mine(ctx: &BoxCtx) -> Result<Vec<(Membership, Workspace)>> {
    let memberships = ctx.principal()?.memberships.clone();
    ctx.read(move |scope| {
        memberships
            .into_iter()
            .map(|one| store::get(scope, one.workspace).map(|workspace| (one, workspace)))
            .collect()
    })
    .await
}

/// All workspaces of the box, for its operators.
pub async fn list_all(
    ctx: &BoxCtx,
    after: Option<WorkspaceId>,
    limit: usize,
) -> Result<Vec<Workspace>> {
    ctx.read(move |scope| list_in(scope, after, limit)).await
}

/// All workspaces of the box, oldest first; what follows `after`.
pub fn list_in(
    scope: &BoxScope<'_>,
    after: Option<WorkspaceId>,
    limit: usize,
) -> Result<Vec<Workspace>> {
    store::list(scope, after, limit)
}

pub fn count_in(scope: &BoxScope<'_>) -> Result<i64> {
    store::count(scope)
}

/// How many people belong to a workspace.
pub fn count_members_in(scope: &BoxScope<'_>, id: WorkspaceId) -> Result<i64> {
    store::count_members(scope, id)
}

//! Adding, changing and removing members. The entries stand in the box's log with the workspace
//! as their object, because memberships are the box's.

use super::rules::{Member, check_change, check_heir, keep_all_owned, keep_owner};
use super::store;
use crate::platform::access::Role;
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxScope, Ctx};
use crate::platform::error::{Error, Result};
use crate::platform::identity::{UserId, sessions};
use crate::platform::notices;
use crate::platform::workspaces::WorkspaceId;
use crate::platform::workspaces::ops::KIND as WORKSPACE_KIND;

/// What the event stream calls a change among the members; their entries are the workspace's.
pub const KIND: &str = "workspace.member";

/// Makes a person a member inside the caller's transaction.
pub fn add_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    user: UserId,
    role: Role,
) -> Result<()> {
    store::insert(scope, user, workspace, role)?;
    scope.audit(
        Entry::new("workspace.member.added", WORKSPACE_KIND, workspace)
            .set("user", user.to_string())
            .set("role", role.name()),
    )?;
    Ok(())
}

/// Whether one of some people belongs to the caller's workspace.
pub(in crate::platform) async fn has_any(ctx: &Ctx, users: Vec<UserId>) -> Result<bool> {
    if users.is_empty() {
        return Ok(false);
    }
    let workspace = ctx.workspace();
    let read = (**ctx).read(move |scope| {
        for user in users {
            if store::get(scope, workspace, user)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    });
    read.await
}

/// How many people belong to a workspace.
pub fn count_in(scope: &BoxScope<'_>, workspace: WorkspaceId) -> Result<i64> {
    store::count(scope, workspace)
}

/// How many people have each role that somebody has.
pub fn count_by_role_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<(String, i64)>> {
    store::count_by_role(scope, workspace)
}

/// Somebody's membership; none when they do not belong there.
pub(in crate::platform) fn get_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Option<Member>> {
    store::get(scope, workspace, user)
}

/// The workspaces a person belongs to: id, name, role.
pub(in crate::platform) fn list_of_in(
    scope: &BoxScope<'_>,
    user: UserId,
) -> Result<Vec<(WorkspaceId, String, Role)>> {
    store::list_of(scope, user)
}

/// Refuses to take the last owner away from any workspace, inside the caller's transaction.
pub(in crate::platform) fn keep_owners_in(scope: &BoxScope<'_>, user: UserId) -> Result<()> {
    let mut left_alone = Vec::new();
    for (workspace, name, role) in store::list_of(scope, user)? {
        let others = store::count_other_owners(scope, workspace, user)?;
        if keep_owner(role, None, others).is_err() {
            left_alone.push(name);
        }
    }
    left_alone.sort();
    keep_all_owned(&left_alone)
}

/// Forgets everybody of a workspace that is gone for good, inside the caller's transaction. The
/// caller writes the entry.
pub fn remove_all_in(scope: &BoxScope<'_>, workspace: WorkspaceId) -> Result<()> {
    store::remove_all(scope, workspace)
}

/// Members of the workspace; what follows `after`.
pub async fn list(ctx: &Ctx, after: Option<UserId>, limit: usize) -> Result<Vec<Member>> {
    let workspace = ctx.workspace();
    (**ctx).read(move |scope| store::list(scope, workspace, after, limit)).await
}

/// Gives a member another role. The caller must have seen `version`.
pub async fn change_role(ctx: &Ctx, user: UserId, version: i64, role: Role) -> Result<Member> {
    let (workspace, caller) = (ctx.workspace(), ctx.principal()?.user);
    (**ctx)
        .write(move |scope| {
            let member = seen(scope, workspace, user, version)?;
            let own = own_role(scope, workspace, caller)?;
            check_change(own, member.role, Some(role))?;
            let others = store::count_other_owners(scope, workspace, user)?;
            keep_owner(member.role, Some(role), others)?;
            set_role(scope, workspace, &member, role)
        })
        .await
}

/// Removes a member. The caller must have seen `version`.
pub async fn remove(ctx: &Ctx, user: UserId, version: i64) -> Result<()> {
    let (workspace, caller) = (ctx.workspace(), ctx.principal()?.user);
    (**ctx)
        .write(move |scope| {
            let member = seen(scope, workspace, user, version)?;
            let own = own_role(scope, workspace, caller)?;
            check_change(own, member.role, None)?;
            take_out(scope, workspace, &member)
        })
        .await
}

/// Ends the caller's own membership.
pub async fn leave(ctx: &Ctx) -> Result<()> {
    let (workspace, caller) = (ctx.workspace(), ctx.principal()?.user);
    ctx.principal()?.need_whole()?;
    (**ctx)
        .write(move |scope| {
            let member = store::get(scope, workspace, caller)?.ok_or(Error::NotFound)?;
            take_out(scope, workspace, &member)
        })
        .await
}

/// Makes a member owner and the caller, who is one, an admin.
pub async fn transfer(ctx: &Ctx, heir: UserId) -> Result<Member> {
    let (workspace, caller) = (ctx.workspace(), ctx.principal()?.user);
    (**ctx)
        .write(move |scope| {
            let giver = store::get(scope, workspace, caller)?.ok_or(Error::NotFound)?;
            check_change(giver.role, Role::Owner, None)?;
            let found = store::get(scope, workspace, heir)?.filter(|one| one.user != caller);
            check_heir(found.as_ref())?;
            let found = found.ok_or(Error::NotFound)?;
            let member = set_role(scope, workspace, &found, Role::Owner)?;
            set_role(scope, workspace, &giver, Role::Admin)?;
            Ok(member)
        })
        .await
}

/// The member, as the caller must have seen it.
fn seen(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    user: UserId,
    version: i64,
) -> Result<Member> {
    let member = store::get(scope, workspace, user)?.ok_or(Error::NotFound)?;
    if member.version != version {
        return Err(Error::Stale { version: member.version });
    }
    Ok(member)
}

/// What the caller is by now: somebody may have changed that since the request was let in.
fn own_role(scope: &BoxScope<'_>, workspace: WorkspaceId, caller: UserId) -> Result<Role> {
    Ok(store::get(scope, workspace, caller)?.ok_or(Error::NotFound)?.role)
}

fn set_role(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    member: &Member,
    role: Role,
) -> Result<Member> {
    if member.role == role {
        return Ok(member.clone());
    }
    store::set_role(scope, workspace, member.user, role)?;
    let (from, to) = (member.role.name().to_owned(), role.name().to_owned());
    scope.audit(
        Entry::new("workspace.member.changed", WORKSPACE_KIND, workspace)
            .set("user", member.user.to_string())
            .changed("role", Some(from), Some(to)),
    )?;
    let (before, after) = (member.role.name(), role.name());
    notices::ops::role_changed_in(scope, workspace, member.user, before, after)?;
    Ok(Member { role, version: member.version + 1, ..member.clone() })
}

/// Ends a membership, and the personal tokens that were good for this workspace alone: they must
/// not come back to life when the person does.
fn take_out(scope: &BoxScope<'_>, workspace: WorkspaceId, member: &Member) -> Result<()> {
    let others = store::count_other_owners(scope, workspace, member.user)?;
    keep_owner(member.role, None, others)?;
    store::remove(scope, workspace, member.user)?;
    let is_own_wish = scope.user() == Some(member.user);
    let action = if is_own_wish { "workspace.member.left" } else { "workspace.member.removed" };
    scope.audit(
        Entry::new(action, WORKSPACE_KIND, workspace).set("user", member.user.to_string()).changed(
            "role",
            Some(member.role.name().to_owned()),
            None,
        ),
    )?;
    sessions::ops::end_tokens_for_in(scope, member.user, workspace, "left-workspace")
}

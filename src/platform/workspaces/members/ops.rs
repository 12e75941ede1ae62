//! Adding, changing and removing members. The entries stand in the box's log with the workspace
//! as their object, because memberships are the box's.

use std::sync::Arc;

use super::rules::{
    Giver, Member, check_change, check_heir, check_owner, check_touch, keep_all_owned, keep_owner,
};
use super::store;
use crate::platform::access::{AnyRole, CustomRoleId, NamedRole, Role, RoleTable};
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxScope, Ctx, Membership};
use crate::platform::error::{Error, Result};
use crate::platform::identity::users::rules::{email_key, needle};
use crate::platform::identity::{UserId, sessions};
use crate::platform::notices;
use crate::platform::workspaces::ops::KIND as WORKSPACE_KIND;
use crate::platform::workspaces::{WorkspaceId, roles};

/// What the event stream calls a change among the members; their entries are the workspace's.
pub const KIND: &str = "workspace.member";
/// What is needed to see who belongs to a workspace.
const SEE: &str = "people.read";
/// Members looked at at once.
const LOOKED_AT_ONCE: usize = 200;

/// Makes a person a member inside the caller's transaction.
pub fn add_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    user: UserId,
    role: impl Into<AnyRole>,
) -> Result<()> {
    let role = role.into();
    store::insert(scope, user, workspace, role)?;
    scope.audit(
        Entry::new("workspace.member.added", WORKSPACE_KIND, workspace)
            .set("user", user.to_string())
            .set("role", roles::ops::name_in(scope, workspace, role)?.name),
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

/// How many people have each role that somebody has.
pub(in crate::platform) fn count_holders_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<(AnyRole, i64)>> {
    store::count_holders(scope, workspace)
}

/// From now on whoever has a role needs a second factor, with the usual grace.
pub(in crate::platform) fn need_factor_from_now_in(
    scope: &BoxScope<'_>,
    role: CustomRoleId,
) -> Result<()> {
    store::need_factor_from_now(scope, role)
}

/// What the caller may do among the people of the workspace by now: somebody may have changed
/// that since the request was let in.
pub(in crate::platform) fn giver_in(
    scope: &BoxScope<'_>,
    table: &RoleTable,
    membership: &Membership,
) -> Result<Giver> {
    let Some(person) = scope.cause().person() else {
        // A service account has its permissions and no role.
        let held = membership.whole.clone();
        return Ok(Giver { to_give: held.clone(), held });
    };
    let role = store::get(scope, membership.workspace, person)?.ok_or(Error::NotFound)?.role;
    let held = roles::ops::grant_in(scope, table, membership.workspace, role)?;
    Ok(Giver { to_give: held.meet(&membership.whole), held })
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
) -> Result<Vec<(WorkspaceId, String, NamedRole)>> {
    store::list_of(scope, user)
}

/// Refuses to take the last owner away from any workspace, inside the caller's transaction.
pub(in crate::platform) fn keep_owners_in(scope: &BoxScope<'_>, user: UserId) -> Result<()> {
    let mut left_alone = Vec::new();
    for (workspace, name, role) in store::list_of(scope, user)? {
        let others = store::count_other_owners(scope, workspace, user)?;
        if keep_owner(role.role, None, others).is_err() {
            left_alone.push(name);
        }
    }
    left_alone.sort();
    keep_all_owned(&left_alone)
}

/// Takes a person out of every workspace they can use, inside the caller's transaction. Refused
/// where they are the last owner.
pub(in crate::platform) fn remove_everywhere_in(scope: &BoxScope<'_>, user: UserId) -> Result<()> {
    for (workspace, ..) in store::list_of(scope, user)? {
        if let Some(member) = store::get(scope, workspace, user)? {
            take_out(scope, workspace, &member)?;
        }
    }
    Ok(())
}

/// Forgets everybody of a workspace that is gone for good, inside the caller's transaction. The
/// caller writes the entry.
pub fn remove_all_in(scope: &BoxScope<'_>, workspace: WorkspaceId) -> Result<()> {
    store::remove_all(scope, workspace)
}

/// Members of the workspace; what follows `after`.
pub(in crate::platform) fn list_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<Member>> {
    store::list(scope, workspace, after, limit)
}

/// Members of the caller's workspace in the order their accounts were made; what follows `after`.
pub async fn list(ctx: &Ctx, after: Option<UserId>, limit: usize) -> Result<Vec<Member>> {
    let workspace = ctx.workspace();
    (**ctx).read(move |scope| store::list(scope, workspace, after, limit)).await
}

/// Members of the caller's workspace who can sign in and may do something, by name: those in whose
/// name a text stands, at most so many. Nobody for a caller who may not see who belongs to it.
pub async fn who_may(
    ctx: &Ctx,
    permission: &'static str,
    named: Option<String>,
    limit: usize,
) -> Result<Vec<Member>> {
    if !ctx.may(SEE) {
        return Ok(Vec::new());
    }
    let (workspace, table) = (ctx.workspace(), Arc::clone(&ctx.platform.roles));
    let needle = named.as_deref().and_then(needle).unwrap_or_default();
    let found = (**ctx).read(move |scope| {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let some = store::list(scope, workspace, after, LOOKED_AT_ONCE)?;
            let Some(last) = some.last() else { return Ok(found) };
            after = Some(last.user);
            for member in some.into_iter().filter(|one| email_key(&one.name).contains(&needle)) {
                if may(scope, &table, workspace, &member, permission)? {
                    found.push(member);
                }
            }
        }
    });
    let mut found = found.await?;
    found.sort_by_cached_key(|one| (email_key(&one.name), one.user));
    found.truncate(limit);
    Ok(found)
}

/// Those of some people whom `who_may` would not give.
pub async fn who_may_not(
    ctx: &Ctx,
    permission: &'static str,
    people: Vec<UserId>,
) -> Result<Vec<UserId>> {
    if people.is_empty() || !ctx.may(SEE) {
        return Ok(people);
    }
    let (workspace, table) = (ctx.workspace(), Arc::clone(&ctx.platform.roles));
    let found = (**ctx).read(move |scope| {
        let mut found = Vec::new();
        for user in people {
            if !may_in(scope, &table, workspace, user, permission)? {
                found.push(user);
            }
        }
        Ok(found)
    });
    found.await
}

/// Whether somebody belongs to a workspace, can sign in, and may do something there.
pub(in crate::platform) fn may_in(
    scope: &BoxScope<'_>,
    table: &RoleTable,
    workspace: WorkspaceId,
    user: UserId,
    permission: &str,
) -> Result<bool> {
    match store::get(scope, workspace, user)? {
        Some(member) => may(scope, table, workspace, &member, permission),
        None => Ok(false),
    }
}

fn may(
    scope: &BoxScope<'_>,
    table: &RoleTable,
    workspace: WorkspaceId,
    member: &Member,
    permission: &str,
) -> Result<bool> {
    let grant = roles::ops::grant_in(scope, table, workspace, member.role)?;
    Ok(!member.is_disabled && grant.allows(permission))
}

/// Gives a member another role. The caller must have seen `version`.
pub async fn change_role(ctx: &Ctx, user: UserId, version: i64, role: AnyRole) -> Result<Member> {
    let (workspace, membership) = (ctx.workspace(), ctx.membership.clone());
    let table = Arc::clone(&ctx.platform.roles);
    (**ctx)
        .write(move |scope| {
            let member = seen(scope, workspace, user, version)?;
            let giver = giver_in(scope, &table, &membership)?;
            let was = roles::ops::grant_in(scope, &table, workspace, member.role)?;
            let becomes = roles::ops::known_in(scope, &table, workspace, role)?;
            check_change(&giver, &was, &becomes)?;
            let others = store::count_other_owners(scope, workspace, user)?;
            keep_owner(member.role, Some(role), others)?;
            set_role(scope, &table, workspace, &member, role)
        })
        .await
}

/// Removes a member. The caller must have seen `version`.
pub async fn remove(ctx: &Ctx, user: UserId, version: i64) -> Result<()> {
    let (workspace, membership) = (ctx.workspace(), ctx.membership.clone());
    let table = Arc::clone(&ctx.platform.roles);
    (**ctx)
        .write(move |scope| {
            let member = seen(scope, workspace, user, version)?;
            let giver = giver_in(scope, &table, &membership)?;
            let was = roles::ops::grant_in(scope, &table, workspace, member.role)?;
            check_touch(&giver, &was)?;
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
    let table = Arc::clone(&ctx.platform.roles);
    (**ctx)
        .write(move |scope| {
            let giver = store::get(scope, workspace, caller)?.ok_or(Error::NotFound)?;
            check_owner(giver.role)?;
            let found = store::get(scope, workspace, heir)?.filter(|one| one.user != caller);
            check_heir(found.as_ref())?;
            let found = found.ok_or(Error::NotFound)?;
            let member = set_role(scope, &table, workspace, &found, Role::Owner.into())?;
            set_role(scope, &table, workspace, &giver, Role::Admin.into())?;
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

fn set_role(
    scope: &BoxScope<'_>,
    table: &RoleTable,
    workspace: WorkspaceId,
    member: &Member,
    role: AnyRole,
) -> Result<Member> {
    if member.role == role {
        return Ok(member.clone());
    }
    let needs_factor = |role| {
        let grant = roles::ops::grant_in(scope, table, workspace, role)?;
        Ok::<_, Error>(table.needs_factor(&grant))
    };
    // Between roles that need a second factor the moment stays from which it is needed.
    let stays = needs_factor(member.role)? && needs_factor(role)?;
    store::set_role(scope, workspace, member.user, role, (!stays).then(|| scope.now()))?;
    let role_name = roles::ops::name_in(scope, workspace, role)?.name;
    let (before, after) = (member.role_name.clone(), role_name.clone());
    scope.audit(
        Entry::new("workspace.member.changed", WORKSPACE_KIND, workspace)
            .set("user", member.user.to_string())
            .changed("role", Some(before), Some(after)),
    )?;
    notices::ops::role_changed_in(scope, workspace, member.user, &member.role_name, &role_name)?;
    Ok(Member { role, role_name, version: member.version + 1, ..member.clone() })
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
            Some(member.role_name.clone()),
            None,
        ),
    )?;
    sessions::ops::end_tokens_for_in(scope, member.user, workspace, "left-workspace")
}

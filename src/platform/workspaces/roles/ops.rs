//! Making, changing and looking up roles. Their entries stand in the box's log with the workspace
//! as their object, beside those of the members.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::rules::{CustomRole, Wish, check_room, check_unused};
use super::store;
use crate::platform::access::rules::{above_own, role_unknown};
use crate::platform::access::{AnyRole, CustomRoleId, Grant, NamedRole, Role, RoleTable};
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxScope, Ctx};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::invitations;
use crate::platform::workspaces::ops::KIND as WORKSPACE_KIND;
use crate::platform::workspaces::{WorkspaceId, members};

/// A role as it is shown.
pub struct Shown {
    pub role: AnyRole,
    pub name: String,
    pub description: String,
    pub grant: Grant,
    /// None of a built-in one.
    pub version: Option<i64>,
    pub members: i64,
    pub needs_factor: bool,
    /// Holds no more than whoever looks at it.
    pub may_give: bool,
}

fn shown(role: CustomRole, table: &RoleTable, members: i64, own: &Grant) -> Shown {
    let grant = role.grant(table);
    Shown {
        role: AnyRole::Custom(role.id),
        name: role.name,
        description: role.description,
        needs_factor: table.needs_factor(&grant),
        may_give: own.lacks(&grant).is_none(),
        grant,
        version: Some(role.version),
        members,
    }
}

fn built_in(role: Role, table: &RoleTable, members: i64, own: &Grant) -> Shown {
    let grant = table.grant(role);
    Shown {
        role: role.into(),
        name: role.name().to_owned(),
        description: String::new(),
        needs_factor: table.needs_factor(&grant),
        may_give: own.lacks(&grant).is_none(),
        grant,
        version: None,
        members,
    }
}

/// The built-in roles from most to least, then those of the workspace in the order they were made.
pub async fn list(ctx: &Ctx) -> Result<Vec<Shown>> {
    let (workspace, membership) = (ctx.workspace(), ctx.membership.clone());
    let table = Arc::clone(&ctx.platform.roles);
    (**ctx)
        .read(move |scope| {
            let giver = members::ops::giver_in(scope, &table, &membership)?.to_give;
            let holders = members::ops::count_holders_in(scope, workspace)?;
            let count = |role: AnyRole| {
                holders.iter().find(|(one, _)| *one == role).map_or(0, |(_, count)| *count)
            };
            let own = store::list(scope, workspace)?.into_iter().map(|one| {
                let members = count(AnyRole::Custom(one.id));
                shown(one, &table, members, &giver)
            });
            let built_in = Role::ALL.map(|role| built_in(role, &table, count(role.into()), &giver));
            Ok(built_in.into_iter().chain(own).collect())
        })
        .await
}

/// Makes a role of at most what the caller may.
pub async fn create(ctx: &Ctx, wish: Wish) -> Result<Created<Shown>> {
    let (workspace, membership) = (ctx.workspace(), ctx.membership.clone());
    let table = Arc::clone(&ctx.platform.roles);
    let (table_again, membership_again) = (Arc::clone(&table), membership.clone());
    let load = move |scope: &BoxScope<'_>, id: CustomRoleId| {
        let role = store::get(scope, workspace, id)?.ok_or(Error::NotFound)?;
        let members = holders(scope, &role)?;
        let own = members::ops::giver_in(scope, &table_again, &membership_again)?.to_give;
        Ok(shown(role, &table_again, members, &own))
    };
    let made = (**ctx).create(load, move |scope| {
        let own = members::ops::giver_in(scope, &table, &membership)?.to_give;
        let others = store::list(scope, workspace)?;
        check_room(others.len())?;
        let role = wish.apply(&blank_in(scope, workspace), &table, &own, &others)?;
        made_in(scope, &table, &role)?;
        Ok((role.id, shown(role, &table, 0, &own)))
    });
    made.await
}

/// Changes a role. What it may acts on the next request of whoever has it. The caller must have
/// seen `version`, and may neither before nor after do less than the role.
pub async fn change(ctx: &Ctx, id: CustomRoleId, version: i64, wish: Wish) -> Result<Shown> {
    let (workspace, membership) = (ctx.workspace(), ctx.membership.clone());
    let table = Arc::clone(&ctx.platform.roles);
    (**ctx)
        .write(move |scope| {
            let before = seen(scope, workspace, id, version)?;
            let own = members::ops::giver_in(scope, &table, &membership)?.to_give;
            above_own("permissions", &own, &before.grant(&table))?;
            let mut others = store::list(scope, workspace)?;
            others.retain(|one| one.id != id);
            let after = wish.apply(&before, &table, &own, &others)?;
            let members = holders(scope, &before)?;
            if after == before {
                return Ok(shown(after, &table, members, &own));
            }
            let needs_factor = table.needs_factor(&after.grant(&table));
            store::update(scope, &after, needs_factor)?;
            if needs_factor && !table.needs_factor(&before.grant(&table)) {
                members::ops::need_factor_from_now_in(scope, id)?;
            }
            scope.audit(changed(&before, &after))?;
            Ok(shown(CustomRole { version: version + 1, ..after }, &table, members, &own))
        })
        .await
}

fn changed(before: &CustomRole, after: &CustomRole) -> Entry {
    entry("workspace.role.changed", after)
        .set("name", &after.name)
        .changed("name", Some(before.name.clone()), Some(after.name.clone()))
        .changed("description", Some(before.description.clone()), Some(after.description.clone()))
        .changed("permissions", Some(words(before)), Some(words(after)))
}

/// Deletes a role that nobody has and nobody is invited to. The caller must have seen `version`.
pub async fn delete(ctx: &Ctx, id: CustomRoleId, version: i64) -> Result<()> {
    let (workspace, membership) = (ctx.workspace(), ctx.membership.clone());
    let table = Arc::clone(&ctx.platform.roles);
    (**ctx)
        .write(move |scope| {
            let role = seen(scope, workspace, id, version)?;
            let own = members::ops::giver_in(scope, &table, &membership)?.to_give;
            above_own("permissions", &own, &role.grant(&table))?;
            check_unused(holders(scope, &role)?, invitations::ops::count_with_in(scope, id)?)?;
            store::remove(scope, workspace, id)?;
            scope.audit(entry("workspace.role.deleted", &role).set("name", &role.name))?;
            Ok(())
        })
        .await
}

/// The role, as the caller must have seen it.
fn seen(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    id: CustomRoleId,
    version: i64,
) -> Result<CustomRole> {
    let role = store::get(scope, workspace, id)?.ok_or(Error::NotFound)?;
    if role.version != version {
        return Err(Error::Stale { version: role.version });
    }
    Ok(role)
}

fn holders(scope: &BoxScope<'_>, role: &CustomRole) -> Result<i64> {
    let all = members::ops::count_holders_in(scope, role.workspace)?;
    let held = all.into_iter().find(|(one, _)| *one == AnyRole::Custom(role.id));
    Ok(held.map_or(0, |(_, count)| count))
}

fn entry(action: &'static str, role: &CustomRole) -> Entry {
    Entry::new(action, WORKSPACE_KIND, role.workspace).set("role", role.id.to_string())
}

fn words(role: &CustomRole) -> String {
    role.permissions.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// The roles that a workspace made, in the order they were made.
pub(in crate::platform) fn list_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<CustomRole>> {
    store::list(scope, workspace)
}

/// Makes a role that came along with its workspace, of those permissions that there are here. One
/// that would hold none is left out.
pub(in crate::platform) fn bring_in(
    scope: &BoxScope<'_>,
    table: &RoleTable,
    workspace: WorkspaceId,
    wish: Wish,
) -> Result<()> {
    let can_have = |id: &String| {
        table.permissions().iter().any(|one| one.id == id.as_str() && !one.is_for_owners())
    };
    let permissions: Vec<String> =
        wish.permissions.into_iter().flatten().filter(can_have).collect();
    if permissions.is_empty() {
        return Ok(());
    }
    let others = store::list(scope, workspace)?;
    check_room(others.len())?;
    let wish = Wish { permissions: Some(permissions), ..wish };
    let role =
        wish.apply(&blank_in(scope, workspace), table, &table.grant(Role::Owner), &others)?;
    made_in(scope, table, &role)
}

fn blank_in(scope: &BoxScope<'_>, workspace: WorkspaceId) -> CustomRole {
    CustomRole {
        id: scope.new_id(),
        workspace,
        name: String::new(),
        description: String::new(),
        permissions: BTreeSet::new(),
        version: 1,
    }
}

fn made_in(scope: &BoxScope<'_>, table: &RoleTable, role: &CustomRole) -> Result<()> {
    store::insert(scope, role, table.needs_factor(&role.grant(table)))?;
    scope.audit(
        entry("workspace.role.created", role)
            .set("name", &role.name)
            .set("permissions", words(role)),
    )?;
    Ok(())
}

/// What people call a role that somebody has.
pub(in crate::platform) fn name_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    role: AnyRole,
) -> Result<NamedRole> {
    let name = match role {
        AnyRole::BuiltIn(role) => role.name().to_owned(),
        AnyRole::Custom(id) => store::get(scope, workspace, id)?.ok_or(Error::NotFound)?.name,
    };
    Ok(NamedRole { role, name })
}

/// What a role that somebody has lets them do. One that is gone lets them do nothing.
pub(in crate::platform) fn grant_in(
    scope: &BoxScope<'_>,
    table: &RoleTable,
    workspace: WorkspaceId,
    role: AnyRole,
) -> Result<Grant> {
    match role {
        AnyRole::BuiltIn(role) => Ok(table.grant(role)),
        AnyRole::Custom(id) => {
            let found = store::get(scope, workspace, id)?;
            Ok(found.map(|role| role.grant(table)).unwrap_or_default())
        }
    }
}

/// What a role holds that somebody asks for; refuses one that is none of the workspace's.
pub(in crate::platform) fn known_in(
    scope: &BoxScope<'_>,
    table: &RoleTable,
    workspace: WorkspaceId,
    role: AnyRole,
) -> Result<Grant> {
    match role {
        AnyRole::BuiltIn(role) => Ok(table.grant(role)),
        AnyRole::Custom(id) => {
            let found = store::get(scope, workspace, id)?.ok_or_else(|| role_unknown("role"))?;
            Ok(found.grant(table))
        }
    }
}

//! Making, finding and changing workspaces.

mod life;
mod usage;

pub use life::{archive, delete, purge_due, remove_strays, restore, wipe};
pub use usage::{Usage, usage};

use std::collections::HashSet;
use std::sync::Arc;

use super::rules::{Change, Draft, State, States, Workspace, WorkspaceId};
use super::{roles, store};
use crate::platform::access::{NamedRole, Role};
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, BoxScope, Ctx, Membership};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::{UserId, users};
use crate::platform::samples;

pub use super::members::ops::add_in as add_member_in;

/// Audit and event kind.
pub const KIND: &str = "workspace";

/// Makes the workspace's file. It becomes a workspace when `record_in` has committed; a file
/// that never did is not reachable.
pub async fn make_file(ctx: &BoxCtx, draft: Draft, field: &str) -> Result<Workspace> {
    let platform = &ctx.platform;
    let workspace = draft.check(platform.random.id(), field, &platform.app_ids(), ctx.now())?;
    ctx.platform.workspaces.make(workspace.id).await?;
    Ok(workspace)
}

/// Records a made workspace inside the caller's transaction. Add its owner in the same one.
pub fn record_in(scope: &BoxScope<'_>, workspace: &Workspace) -> Result<()> {
    store::insert(scope, workspace)?;
    scope.audit(
        Entry::new("workspace.created", KIND, workspace.id)
            .version(workspace.version)
            .set("name", &workspace.name)
            .set("is_sample", workspace.is_sample.to_string()),
    )?;
    Ok(())
}

/// Makes a workspace whose owner is the caller. Into one for samples they are loaded by a job.
pub async fn create(ctx: &BoxCtx, draft: Draft) -> Result<Created<Workspace>> {
    let user = ctx.principal()?.user;
    let workspace = make_file(ctx, draft, "").await?;
    let new = workspace.id;
    let platform = Arc::clone(&ctx.platform);
    let made = ctx.create(get_in, move |scope| {
        record_in(scope, &workspace)?;
        add_member_in(scope, new, user, Role::Owner)?;
        if workspace.is_sample {
            samples::ops::order_in(scope, &platform.jobs, new)?;
        }
        Ok((new, workspace))
    });
    let made = made.await;
    ctx.platform.jobs.nudge();
    // The request was sent before, so what it made then is the workspace. After a failure of the
    // disk the file stays: nobody knows whether the workspace was kept.
    if matches!(&made, Ok(Created { is_replay: true, .. }) | Err(Error::Rule(_))) {
        ctx.platform.workspaces.remove(new).await?;
    }
    made
}

/// Makes a workspace for a person, named by id or address. For the command line.
pub(in crate::platform) async fn create_for(
    ctx: &BoxCtx,
    who: String,
    draft: Draft,
) -> Result<(Workspace, UserId)> {
    let owner = ctx.read(move |scope| users::ops::named_in(scope, &who)).await?.id;
    let workspace = make_file(ctx, draft, "").await?;
    ctx.write(move |scope| {
        record_in(scope, &workspace)?;
        add_member_in(scope, workspace.id, owner, Role::Owner)?;
        Ok((workspace, owner))
    })
    .await
}

/// A workspace, deleted or not.
pub fn get_in(scope: &BoxScope<'_>, id: WorkspaceId) -> Result<Workspace> {
    store::get(scope, id)?.ok_or(Error::NotFound)
}

/// Changes settings of the workspace of the request.
pub async fn change(ctx: &Ctx, version: i64, change: Change) -> Result<Workspace> {
    let (id, known) = (ctx.workspace(), ctx.platform.app_ids());
    // The amounts stand in another file than the settings. Who posts the first one in this very
    // moment sees the currency they post in when they next look.
    let has_amounts = change.currency.is_some() && usage::has_amounts(ctx).await?;
    (**ctx)
        .write(move |scope| {
            let before = get_in(scope, id)?;
            check_version(&before, version)?;
            let after = change.check(&before, "", &known)?;
            if after == before {
                return Ok(before);
            }
            if has_amounts && after.currency != before.currency {
                let detail = "There are movements with prices in the present currency.";
                return Err(Error::conflict("currency-in-use", detail));
            }
            store::update(scope, &after)?;
            scope.audit(changed(&before, &after))?;
            get_in(scope, id)
        })
        .await
}

fn changed(before: &Workspace, after: &Workspace) -> Entry {
    let week_start = |one: &Workspace| Some(one.week_start.to_string());
    let apps = |one: &Workspace| Some(one.apps.text().unwrap_or_else(|| "all".to_owned()));
    Entry::new("workspace.changed", KIND, after.id)
        .version(before.version + 1)
        .changed("name", Some(before.name.clone()), Some(after.name.clone()))
        .changed("time_zone", Some(before.time_zone.clone()), Some(after.time_zone.clone()))
        .changed("currency", Some(before.currency.clone()), Some(after.currency.clone()))
        .changed("locale", Some(before.locale.clone()), Some(after.locale.clone()))
        .changed("week_start", week_start(before), week_start(after))
        .changed("apps", apps(before), apps(after))
}

fn check_version(workspace: &Workspace, version: i64) -> Result<()> {
    if workspace.version == version {
        return Ok(());
    }
    Err(Error::Stale { version: workspace.version })
}

/// The workspace of the request.
pub async fn get(ctx: &Ctx) -> Result<Workspace> {
    let id = ctx.workspace();
    (**ctx).read(move |scope| get_in(scope, id)).await
}

/// A workspace somebody belongs to.
pub struct Mine {
    pub membership: Membership,
    pub workspace: Workspace,
    pub role: NamedRole,
}

/// The workspaces the caller belongs to and can use, in the order they came to them.
pub async fn list_mine(ctx: &BoxCtx) -> Result<Vec<Mine>> {
    let memberships = ctx.principal()?.memberships.clone();
    ctx.read(move |scope| {
        let mine = memberships.into_iter().map(|one| {
            Ok(Mine {
                workspace: get_in(scope, one.workspace)?,
                role: roles::ops::name_in(scope, one.workspace, one.role)?,
                membership: one,
            })
        });
        mine.collect()
    })
    .await
}

/// What the caller may see: operators all of the box, others their own, of the deleted ones
/// those they own. Oldest first; what follows `after`.
pub async fn list(
    ctx: &BoxCtx,
    states: States,
    after: Option<WorkspaceId>,
    limit: usize,
) -> Result<Vec<Workspace>> {
    let principal = ctx.principal()?;
    if principal.is_operator {
        return ctx.read(move |scope| list_in(scope, states, after, limit)).await;
    }
    let owned = principal.deleted.iter().filter(|one| one.role == Role::Owner);
    let mut mine: Vec<WorkspaceId> = principal
        .memberships
        .iter()
        .chain(owned)
        .filter(|one| states.has(one.standing.state))
        .map(|one| one.workspace)
        .filter(|id| after.is_none_or(|after| *id > after))
        .collect();
    mine.sort_unstable();
    mine.truncate(limit);
    ctx.read(move |scope| mine.into_iter().map(|id| get_in(scope, id)).collect()).await
}

/// The box's own context in a workspace, for work that nobody in it asked for. A deleted one is
/// not found.
pub async fn enter(ctx: &BoxCtx, id: WorkspaceId) -> Result<Ctx> {
    let workspace = ctx.read(move |scope| get_in(scope, id)).await?;
    if workspace.state() == State::Deleted {
        return Err(Error::NotFound);
    }
    let platform = &ctx.platform;
    let standing = workspace.standing();
    let whole = platform.roles.grant(Role::Owner);
    let grant = standing.narrow(whole.clone(), &platform.app_ids());
    let role = Role::Owner.into();
    let of_role = whole.clone();
    let membership = Membership { workspace: id, role, grant, whole, of_role, standing };
    Ok(Ctx::new(ctx.clone(), membership))
}

/// All workspaces of the box in these states, oldest first; what follows `after`.
pub fn list_in(
    scope: &BoxScope<'_>,
    states: States,
    after: Option<WorkspaceId>,
    limit: usize,
) -> Result<Vec<Workspace>> {
    store::list(scope, states, after, limit)
}

/// Ids of all workspaces, deleted ones that can come back included.
pub(in crate::platform) fn all_ids_in(scope: &BoxScope<'_>) -> Result<HashSet<WorkspaceId>> {
    store::all_ids(scope)
}

/// Workspaces that are not deleted, those first whose files were not seen for the longest.
pub(super) fn by_last_look_in(scope: &BoxScope<'_>) -> Result<Vec<WorkspaceId>> {
    store::by_last_look(scope)
}

/// Notes that files were looked through.
pub(super) fn note_look_in(scope: &BoxScope<'_>, ids: &[WorkspaceId]) -> Result<()> {
    store::note_look(scope, ids, scope.now())
}

pub fn count_in(scope: &BoxScope<'_>) -> Result<i64> {
    store::count(scope)
}

pub use super::members::ops::count_in as count_members_in;

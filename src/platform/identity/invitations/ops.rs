//! Making, showing, withdrawing and accepting invitations.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::rules::{Fitness, Holder, Invitation, InvitationId, Inviter, LIFE, check_room, unknown};
use super::store;
use crate::platform::Platform;
use crate::platform::access::rules::may_give;
use crate::platform::access::{AnyRole, CustomRoleId, NamedRole, RoleTable};
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, BoxScope, Ctx};
use crate::platform::error::{Error, FieldError, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::links::{guarded, link, new_token};
use crate::platform::identity::passwords::Lane;
use crate::platform::identity::users::rules::{NewUser, clean_email, email_key};
use crate::platform::identity::{User, UserId, services, sessions, users};
use crate::platform::notices;
use crate::platform::notices::mail::ops::{LinkMail, queue_link_in};
use crate::platform::notices::mail::texts::params;
use crate::platform::secret::{Secret, token_hash};
use crate::platform::setup;
use crate::platform::setup::rules::Claim;
use crate::platform::workspaces::members;
use crate::platform::workspaces::members::rules::already_member;
use crate::platform::workspaces::ops::KIND;
use crate::platform::workspaces::rules::{Standing, clean_name};
use crate::platform::workspaces::{self, State, Workspace, WorkspaceId, roles};

/// Expired invitations are shown for so long before they are dropped.
const EXPIRED_KEPT: Duration = Duration::from_hours(30 * 24);
/// The page of the link.
const PAGE: &str = "invitation";

/// An invitation as people of the workspace see it.
pub struct Listed {
    pub invitation: Invitation,
    pub invited_by: Option<(UserId, String)>,
    pub fitness: Fitness,
    /// Right after it was made.
    pub link: Option<String>,
}

/// Invites somebody. An invitation of the same address before it ends, and its link with it. A
/// repeated request gets the same invitation with a new link, since the first one was lost.
pub async fn invite(ctx: &Ctx, email: &str, role: AnyRole) -> Result<Created<Listed>> {
    let (workspace, membership) = (ctx.workspace(), ctx.membership.clone());
    let email = clean_email("email", email)?;
    let token = new_token(&ctx.platform.random);
    let link = link(ctx, PAGE, &token);
    let hash = token_hash(token.reveal());
    let again = link.clone();
    let (platform, platform_again) = (Arc::clone(&ctx.platform), Arc::clone(&ctx.platform));
    let load = move |scope: &BoxScope<'_>, id: InvitationId| {
        let invitation = store::get(scope, workspace, id)?.ok_or(Error::NotFound)?;
        store::set_token(scope, id, &hash)?;
        mail_link(scope, &platform_again, &invitation, &again)?;
        scope.audit(entry("workspace.invitation.renewed", &invitation))?;
        Ok(Listed { link: Some(again), ..listed(scope, &platform_again.roles, invitation)? })
    };
    let made = (**ctx).create(load, move |scope| {
        let giver = members::ops::giver_in(scope, &platform.roles, &membership)?;
        may_give(&giver.to_give, &roles::ops::known_in(scope, &platform.roles, workspace, role)?)?;
        let role = roles::ops::name_in(scope, workspace, role)?;
        let invitation = draft(scope, workspace, email, role);
        refuse_members(scope, &invitation)?;
        check_room(store::count(scope, workspace)?)?;
        store::replace(scope, &invitation, &hash)?;
        scope.audit(
            entry("workspace.invitation.created", &invitation)
                .set("role", &invitation.role_name)
                .set("expires_at", invitation.expires_at.to_string())
                .personal("email", &invitation.email),
        )?;
        mail_link(scope, &platform, &invitation, &link)?;
        if let Some(kept) = users::ops::find_in(scope, &invitation.email_key)? {
            notices::ops::invited_in(scope, workspace, kept.user.id, &invitation.role_name)?;
        }
        let id = invitation.id;
        let shown = listed(scope, &platform.roles, invitation)?;
        Ok((id, Listed { link: Some(link), ..shown }))
    });
    made.await
}

/// Mails the link where mail leaves the box; whoever invites sees it in any case.
fn mail_link(
    scope: &BoxScope<'_>,
    platform: &Platform,
    invitation: &Invitation,
    link: &str,
) -> Result<()> {
    let known = users::ops::find_in(scope, &invitation.email_key)?.map(|kept| kept.user.id);
    let actor = match invitation.invited_by {
        Some(user) => users::ops::name_in(scope, user)?.unwrap_or_default(),
        None => String::new(),
    };
    let workspace = workspaces::ops::get_in(scope, invitation.workspace)?.name;
    let mail = LinkMail {
        kind: "people.invitation",
        text: |texts| texts.invitation,
        to: &invitation.email,
        user: known,
        values: params([("workspace", workspace.as_str()), ("actor", actor.as_str())]),
        url: link,
        good_until: invitation.expires_at,
    };
    queue_link_in(scope, platform, &mail)
}

fn draft(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    email: String,
    role: NamedRole,
) -> Invitation {
    Invitation {
        id: scope.new_id(),
        workspace,
        email_key: email_key(&email),
        email,
        role: role.role,
        role_name: role.name,
        invited_by: scope.cause().person(),
        by_service: scope.cause().service(),
        created_at: scope.now(),
        expires_at: scope.now().plus(LIFE),
    }
}

fn refuse_members(scope: &BoxScope<'_>, invitation: &Invitation) -> Result<()> {
    let Some(kept) = users::ops::find_in(scope, &invitation.email_key)? else { return Ok(()) };
    match members::ops::get_in(scope, invitation.workspace, kept.user.id)? {
        Some(_) => Err(already_member()),
        None => Ok(()),
    }
}

/// Entries about invitations stand beside those about members: with the workspace as their
/// object.
fn entry(action: &'static str, invitation: &Invitation) -> Entry {
    Entry::new(action, KIND, invitation.workspace).set("invitation", invitation.id.to_string())
}

fn listed(scope: &BoxScope<'_>, roles: &RoleTable, invitation: Invitation) -> Result<Listed> {
    let name = match invitation.invited_by {
        Some(user) => users::ops::name_in(scope, user)?,
        None => None,
    };
    Ok(Listed {
        fitness: invitation.fitness(scope.now(), &inviter(scope, roles, &invitation)?),
        invited_by: invitation.invited_by.zip(name),
        invitation,
        link: None,
    })
}

/// Invitations of the workspace that nobody accepted yet, newest first; what follows `before`.
pub async fn list(ctx: &Ctx, before: Option<InvitationId>, limit: usize) -> Result<Vec<Listed>> {
    let workspace = ctx.workspace();
    let roles = Arc::clone(&ctx.platform.roles);
    (**ctx)
        .read(move |scope| {
            let found = store::list(scope, workspace, before, limit)?;
            found.into_iter().map(|one| listed(scope, &roles, one)).collect()
        })
        .await
}

/// Withdraws an invitation; its link stops working.
pub async fn revoke(ctx: &Ctx, id: InvitationId) -> Result<()> {
    let workspace = ctx.workspace();
    (**ctx)
        .write(move |scope| {
            let invitation = store::get(scope, workspace, id)?.ok_or(Error::NotFound)?;
            store::remove(scope, id)?;
            scope.audit(
                entry("workspace.invitation.revoked", &invitation)
                    .personal("email", &invitation.email),
            )?;
            Ok(())
        })
        .await
}

/// How many invitations of a workspace wait, expired ones included.
pub fn count_in(scope: &BoxScope<'_>, workspace: WorkspaceId) -> Result<i64> {
    store::count(scope, workspace)
}

/// How many invitations to a role wait, expired ones included.
pub(in crate::platform) fn count_with_in(scope: &BoxScope<'_>, role: CustomRoleId) -> Result<i64> {
    store::count_with(scope, role)
}

/// Drops invitations that expired long ago, inside the caller's transaction. Says how many.
pub fn drop_expired_in(scope: &BoxScope<'_>) -> Result<usize> {
    store::drop_expired(scope, scope.now().minus(EXPIRED_KEPT))
}

/// What an invited person sees before they decide.
pub struct Preview {
    pub invitation: Invitation,
    pub workspace: Workspace,
    pub box_name: String,
    pub invited_by: Option<String>,
    /// Somebody on this box has the invited address.
    pub has_account: bool,
}

/// Shows an invitation to whoever holds its link.
pub async fn inspect(ctx: &BoxCtx, token: &Secret, network: Option<IpAddr>) -> Result<Preview> {
    let hash = token_hash(token.reveal());
    let roles = Arc::clone(&ctx.platform.roles);
    guarded(ctx, network, ctx.read(move |scope| preview(scope, &roles, &hash))).await
}

fn preview(scope: &BoxScope<'_>, roles: &RoleTable, hash: &[u8; 32]) -> Result<Preview> {
    let (invitation, workspace) = find(scope, hash)?;
    check_good(scope, roles, &invitation)?;
    let box_name = match setup::ops::claim_in(scope)? {
        Claim::Claimed(name) => name,
        Claim::Unclaimed => String::new(),
    };
    let invited_by = match invitation.invited_by {
        Some(user) => users::ops::name_in(scope, user)?,
        None => None,
    };
    let has_account = users::ops::find_in(scope, &invitation.email_key)?.is_some();
    Ok(Preview { invitation, workspace, box_name, invited_by, has_account })
}

/// Whether an invitation is fresh, and whoever made it could make it today.
fn check_good(scope: &BoxScope<'_>, table: &RoleTable, invitation: &Invitation) -> Result<()> {
    invitation.check_fresh(scope.now())?;
    invitation.check_inviter(&inviter(scope, table, invitation)?)
}

/// What whoever made an invitation may do in the workspace by now.
fn inviter(scope: &BoxScope<'_>, table: &RoleTable, invitation: &Invitation) -> Result<Inviter> {
    let member = match invitation.invited_by {
        Some(user) => members::ops::get_in(scope, invitation.workspace, user)?,
        None => None,
    };
    let grant = |role| roles::ops::grant_in(scope, table, invitation.workspace, role);
    let own = match (member.filter(|one| !one.is_disabled), invitation.by_service) {
        (Some(one), _) => Some(grant(one.role)?),
        (None, Some(service)) => {
            services::ops::grant_in(scope, table, service, invitation.workspace)?
        }
        (None, None) => None,
    };
    Ok(Inviter { own, given: grant(invitation.role)? })
}

/// The invitation of a link and its workspace.
fn find(scope: &BoxScope<'_>, hash: &[u8; 32]) -> Result<(Invitation, Workspace)> {
    let invitation = store::find(scope, hash)?.ok_or_else(unknown)?;
    match workspaces::ops::get_in(scope, invitation.workspace) {
        Ok(workspace) if workspace.state() != State::Deleted => Ok((invitation, workspace)),
        Ok(_) | Err(Error::NotFound) => Err(unknown()),
        Err(error) => Err(error),
    }
}

/// What somebody sends to accept. Name and password are those of a person who is new here.
#[derive(Debug)]
pub struct Acceptance {
    pub token: Secret,
    pub name: Option<String>,
    pub password: Option<Secret>,
    pub network: Option<IpAddr>,
}

/// Somebody who has just come in.
pub struct Accepted {
    pub user: User,
    pub workspace: Workspace,
    /// Set for a person who is new here.
    pub session: Option<Secret>,
}

/// Accepts an invitation as the person who is signed in, or as one who is new on this box.
pub async fn accept(ctx: &BoxCtx, acceptance: Acceptance) -> Result<Accepted> {
    let hash = token_hash(acceptance.token.reveal());
    if let Some(user) = ctx.cause.user() {
        ctx.principal()?.need_whole()?;
        let roles = Arc::clone(&ctx.platform.roles);
        let joined = ctx.write(move |scope| join(scope, &roles, &hash, user));
        return guarded(ctx, acceptance.network, joined).await;
    }
    let roles = Arc::clone(&ctx.platform.roles);
    let looked_at = ctx.read(move |scope| {
        let shown = preview(scope, &roles, &hash)?;
        shown.invitation.check_holder(Holder::Stranger { has_account: shown.has_account })?;
        check_open(&shown.workspace)?;
        Ok(shown)
    });
    let shown = guarded(ctx, acceptance.network, looked_at).await?;
    enrol(ctx, hash, &shown, acceptance).await
}

fn join(
    scope: &BoxScope<'_>,
    roles: &RoleTable,
    hash: &[u8; 32],
    user: UserId,
) -> Result<Accepted> {
    let (invitation, workspace) = find(scope, hash)?;
    check_good(scope, roles, &invitation)?;
    let user = users::ops::get_in(scope, user)?;
    let key = email_key(&user.email);
    invitation.check_holder(Holder::Person { email_key: &key })?;
    check_open(&workspace)?;
    admit(scope, &invitation, user.id)?;
    Ok(Accepted { user, workspace, session: None })
}

/// Whether anything can change in the workspace, such as its members.
fn check_open(workspace: &Workspace) -> Result<()> {
    Standing { state: workspace.state(), ..Standing::default() }.check_change()
}

/// Uses the invitation up and makes the person a member.
fn admit(scope: &BoxScope<'_>, invitation: &Invitation, user: UserId) -> Result<()> {
    store::remove(scope, invitation.id)?;
    scope
        .audit(entry("workspace.invitation.accepted", invitation).set("user", user.to_string()))?;
    let workspace = invitation.workspace;
    members::ops::add_in(scope, workspace, user, invitation.role)?;
    notices::ops::joined_in(scope, workspace, invitation.invited_by, user, &invitation.role_name)
}

/// Makes an account for a person who is new here, and signs them in.
async fn enrol(
    ctx: &BoxCtx,
    hash: [u8; 32],
    shown: &Preview,
    acceptance: Acceptance,
) -> Result<Accepted> {
    let (name, password) = check_fields(ctx, shown, acceptance).await?;
    let platform = &ctx.platform;
    let password_hash = platform.passwords.hash(&platform.random, password).await?;
    let (lifetimes, roles) = (sessions::ops::lifetimes(ctx), Arc::clone(&platform.roles));
    ctx.write(move |scope| {
        // Somebody else may have used the link while the password was hashed.
        let (invitation, workspace) = find(scope, &hash)?;
        check_good(scope, &roles, &invitation)?;
        let has_account = users::ops::find_in(scope, &invitation.email_key)?.is_some();
        invitation.check_holder(Holder::Stranger { has_account })?;
        check_open(&workspace)?;
        let email = invitation.email.clone();
        let new = NewUser { name, email, password_hash, is_operator: false };
        // What follows is the newcomer's own doing.
        let id = scope.new_id();
        let scope = &scope.by(id);
        let user = users::ops::insert_as_in(scope, id, &new)?;
        admit(scope, &invitation, id)?;
        let session = sessions::ops::begin_in(scope, scope.new_id(), user.id, lifetimes)?;
        Ok(Accepted { user, workspace, session: Some(session) })
    })
    .await
}

/// Checks every field, so that a person corrects them all at once.
async fn check_fields(
    ctx: &BoxCtx,
    shown: &Preview,
    acceptance: Acceptance,
) -> Result<(String, Secret)> {
    let missing = |field: &str| FieldError::new(field, "missing", "This field is needed.");
    let mut wrong: Vec<FieldError> = Vec::new();
    let name = acceptance.name.unwrap_or_default();
    match clean_name("name", &name) {
        Ok(_) => {}
        Err(Error::Invalid(fields)) => wrong.extend(fields),
        Err(other) => return Err(other),
    }
    let Some(password) = acceptance.password else {
        wrong.push(missing("password"));
        return Err(Error::Invalid(wrong));
    };
    let about = [&name, &shown.invitation.email, &shown.workspace.name, &shown.box_name];
    let context = about.map(Clone::clone).to_vec();
    let strength = ctx.platform.passwords.strength(Lane::Known, password.clone(), context).await?;
    if let Some(fault) = strength.fault {
        wrong.push(FieldError::new("password", fault.code, fault.detail));
    }
    if wrong.is_empty() { Ok((name, password)) } else { Err(Error::Invalid(wrong)) }
}

/// Withdraws what a person sent and what is for their address, inside the caller's transaction:
/// nobody stands behind these links any more.
pub(in crate::platform) fn withdraw_around_in(
    scope: &BoxScope<'_>,
    user: UserId,
    email_key: &str,
) -> Result<()> {
    for invitation in store::around(scope, user, email_key)? {
        store::remove(scope, invitation.id)?;
        scope.audit(entry("workspace.invitation.revoked", &invitation))?;
    }
    Ok(())
}

//! Opening registration, registering and confirming.

use std::net::IpAddr;
use std::sync::Arc;

use super::rules::{
    Change, LIFE, Place, Registration, RegistrationId, Settings, THROTTLED, TRIES_BURST,
    TRIES_PER_MIN, check_role, check_room, unknown,
};
use super::store;
use crate::platform::Platform;
use crate::platform::access::{Grant, RoleTable};
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, FieldError, Result};
use crate::platform::identity::links::{guarded, link, new_token, noted};
use crate::platform::identity::passwords::Lane;
use crate::platform::identity::users::rules::{NewUser, clean_email, email_key};
use crate::platform::identity::{UserId, users};
use crate::platform::notices::mail::ops::{LinkMail, is_on_in, queue_link_in};
use crate::platform::notices::rules::Params;
use crate::platform::secret::{Secret, token_hash};
use crate::platform::setup::ops::box_name_in;
use crate::platform::throttle::Buckets;
use crate::platform::workspaces::rules::clean_name;
use crate::platform::workspaces::{self, State, WorkspaceId, members, roles};

/// Audit kind.
pub const KIND: &str = "identity.registration";
/// The page of the link.
const PAGE: &str = "register";

/// Tries of networks, in memory: a restart forgives them.
pub struct Registrations {
    tries: Buckets<IpAddr>,
}

impl Default for Registrations {
    fn default() -> Self {
        Self { tries: Buckets::new(TRIES_BURST, TRIES_PER_MIN, THROTTLED) }
    }
}

/// Who may register.
pub async fn settings(ctx: &BoxCtx) -> Result<Settings> {
    ctx.read(|scope| store::settings(scope)).await
}

/// Changes who may register, and what they get.
pub async fn set(ctx: &BoxCtx, change: Change) -> Result<Settings> {
    let (user, table) = (ctx.principal()?.user, Arc::clone(&ctx.platform.roles));
    ctx.write(move |scope| {
        let before = store::settings(scope)?;
        let after = change.apply(&before)?;
        if after == before {
            return Ok(after);
        }
        let mut after = after;
        if let Some(place) = after.place_to_answer_for(&before) {
            check_place(scope, &table, place, user)?;
            after.chosen_by = Some(user);
        }
        store::keep_settings(scope, &after)?;
        let open = |settings: &Settings| Some(settings.is_open.to_string());
        let domains = |settings: &Settings| Some(settings.domains.join(" "));
        let role = after.place.map_or("", |place| place.role.name());
        let workspace = |settings: &Settings| settings.place.map(|one| one.workspace.to_string());
        scope.audit(
            Entry::about("box.registration.changed", KIND)
                .changed("is_open", open(&before), open(&after))
                .changed("domains", domains(&before), domains(&after))
                .changed("workspace", workspace(&before), workspace(&after))
                .set("role", role),
        )?;
        Ok(after)
    })
    .await
}

/// Refuses a place that is not there, or that this person could not give.
fn check_place(scope: &BoxScope<'_>, table: &RoleTable, place: Place, user: UserId) -> Result<()> {
    if !is_in_use(scope, place.workspace)? {
        let detail = "There is no such workspace in use.";
        return Err(Error::invalid("workspace_id", "workspace-unknown", detail));
    }
    let own = own_grant(scope, table, place.workspace, user)?;
    check_role(own.as_ref(), place.role, &table.grant(place.role))
}

fn is_in_use(scope: &BoxScope<'_>, workspace: WorkspaceId) -> Result<bool> {
    match workspaces::ops::get_in(scope, workspace) {
        Ok(workspace) => Ok(workspace.state() == State::Active),
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What somebody may do in a workspace; none when they are not in it or cannot sign in.
fn own_grant(
    scope: &BoxScope<'_>,
    table: &RoleTable,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Option<Grant>> {
    let member = members::ops::get_in(scope, workspace, user)?.filter(|one| !one.is_disabled);
    member.map(|one| roles::ops::grant_in(scope, table, workspace, one.role)).transpose()
}

/// What a confirmed person gets: nothing where the workspace is out of use, or whoever chose the
/// role could not give it any more. They have an account and can be invited.
fn place_given(
    scope: &BoxScope<'_>,
    table: &RoleTable,
    settings: &Settings,
) -> Result<Option<Place>> {
    let Some(place) = settings.place else { return Ok(None) };
    let own = match settings.chosen_by {
        Some(user) => own_grant(scope, table, place.workspace, user)?,
        None => None,
    };
    let may = check_role(own.as_ref(), place.role, &table.grant(place.role)).is_ok();
    Ok((may && is_in_use(scope, place.workspace)?).then_some(place))
}

/// What somebody sends to register.
pub struct Draft {
    pub name: String,
    pub email: String,
    pub network: Option<IpAddr>,
}

/// Refuses everybody while registration is closed.
pub async fn check_open(ctx: &BoxCtx) -> Result<Settings> {
    let settings = settings(ctx).await?;
    settings.check_open()?;
    Ok(settings)
}

/// Takes a registration, or says all that is wrong. The answer and the work are the same for an
/// address that has an account. Gives whether the link is mailed.
pub async fn register(ctx: &BoxCtx, draft: Draft) -> Result<bool> {
    let settings = check_open(ctx).await?;
    let platform = Arc::clone(&ctx.platform);
    if let Some(network) = draft.network {
        platform.registrations.tries.take(network, ctx.now())?;
    }
    let (name, email) = check_fields(&settings, &draft)?;
    let token = new_token(&platform.random);
    let (url, hash) = (link(ctx, PAGE, &token), token_hash(token.reveal()));
    ctx.write(move |scope| {
        store::settings(scope)?.check_open()?;
        let (key, is_mailed) = (email_key(&email), is_on_in(scope)?);
        match store::waiting(scope, &key)? {
            Some(earlier) if earlier.stays(scope.now(), is_mailed) => return Ok(is_mailed),
            Some(_) => {}
            None => check_room(store::count(scope, None)?, of_network(scope, draft.network)?)?,
        }
        // Kept for somebody who has an account, too: the time tells nobody who has one, and they
        // are written to as rarely as others.
        let is_known = users::ops::find_in(scope, &key)?.is_some();
        let (id, network) = (scope.new_id(), draft.network);
        let (created_at, expires_at) = (scope.now(), scope.now().plus(LIFE));
        let registration = Registration { id, name, email, network, created_at, expires_at };
        store::replace(scope, &registration, &hash)?;
        mail(scope, &platform, &registration, is_known, &url)?;
        scope.audit(
            Entry::about("identity.registration.asked", KIND)
                .personal("email", &registration.email),
        )?;
        Ok(is_mailed)
    })
    .await
}

/// How many of a network wait; nobody knows where a request without an address came from.
fn of_network(scope: &BoxScope<'_>, network: Option<IpAddr>) -> Result<i64> {
    network.map_or(Ok(0), |network| store::count(scope, Some(network)))
}

/// Checks every field, so that a person corrects them all at once.
fn check_fields(settings: &Settings, draft: &Draft) -> Result<(String, String)> {
    let mut wrong: Vec<FieldError> = Vec::new();
    let mut gather = |outcome: Result<String>| match outcome {
        Ok(clean) => Ok(clean),
        Err(Error::Invalid(fields)) => {
            wrong.extend(fields);
            Ok(String::new())
        }
        Err(other) => Err(other),
    };
    let name = gather(clean_name("name", &draft.name))?;
    let email = clean_email("email", &draft.email);
    let email = gather(email.and_then(|email| settings.check_email(&email).map(|()| email)))?;
    if wrong.is_empty() { Ok((name, email)) } else { Err(Error::Invalid(wrong)) }
}

fn mail(
    scope: &BoxScope<'_>,
    platform: &Platform,
    registration: &Registration,
    is_known: bool,
    url: &str,
) -> Result<()> {
    let sign_in = format!("{}/sign-in", platform.origin());
    let letter = LinkMail {
        kind: "identity.registration",
        text: if is_known { |texts| texts.registration_known } else { |texts| texts.registration },
        to: &registration.email,
        user: None,
        values: Params::new(),
        url: if is_known { &sign_in } else { url },
        good_until: registration.expires_at,
    };
    queue_link_in(scope, platform, &letter)
}

/// Makes the account that a link confirms. Only who has the link chooses the password: whoever
/// typed the address first may be a stranger.
pub async fn confirm(
    ctx: &BoxCtx,
    token: &Secret,
    password: Secret,
    network: Option<IpAddr>,
) -> Result<()> {
    let hash = token_hash(token.reveal());
    let looked_at = ctx.read(move |scope| {
        let (Registration { name, email, .. }, _) = find(scope, &hash)?;
        Ok(vec![name, email, box_name_in(scope)?])
    });
    let context = guarded(ctx, network, looked_at).await?;
    let platform = &ctx.platform;
    let strength = platform.passwords.strength(Lane::Known, password.clone(), context).await?;
    if let Some(fault) = strength.fault {
        return Err(Error::invalid("password", fault.code, fault.detail));
    }
    let password_hash = platform.passwords.hash(&platform.random, password).await?;
    let roles = Arc::clone(&platform.roles);
    let confirmed = ctx.write(move |scope| {
        // Somebody else may have used the link while the password was hashed.
        let (registration, settings) = find(scope, &hash)?;
        store::remove(scope, registration.id)?;
        let Registration { name, email, .. } = registration;
        let new = NewUser { name, email, password_hash, is_operator: false };
        let user = users::ops::insert_in(scope, &new)?;
        let place = place_given(scope, &roles, &settings)?;
        let mut entry =
            Entry::about("identity.registration.confirmed", KIND).set("user", user.id.to_string());
        if place.is_none() && settings.place.is_some() {
            entry = entry.set("membership", "lapsed");
        }
        scope.audit(entry)?;
        match place {
            Some(place) => members::ops::add_in(scope, place.workspace, user.id, place.role),
            None => Ok(()),
        }
    });
    noted(ctx, network, confirmed).await
}

/// What a link confirms, while it may be confirmed.
fn find(scope: &BoxScope<'_>, hash: &[u8; 32]) -> Result<(Registration, Settings)> {
    let registration = store::find(scope, hash)?.ok_or_else(unknown)?;
    let settings = store::settings(scope)?;
    let is_known = users::ops::find_in(scope, &email_key(&registration.email))?.is_some();
    let may_register = settings.is_open && settings.check_email(&registration.email).is_ok();
    if is_known || scope.now() >= registration.expires_at || !may_register {
        return Err(unknown());
    }
    Ok((registration, settings))
}

/// Registrations that wait, newest first; what follows `before`.
pub async fn list(
    ctx: &BoxCtx,
    before: Option<RegistrationId>,
    limit: usize,
) -> Result<Vec<Registration>> {
    ctx.read(move |scope| store::list(scope, before, limit)).await
}

/// Gives out a link for somebody who waits; the one before it dies.
pub async fn renew(ctx: &BoxCtx, id: RegistrationId) -> Result<(String, Registration)> {
    let token = new_token(&ctx.platform.random);
    let (url, hash) = (link(ctx, PAGE, &token), token_hash(token.reveal()));
    ctx.write(move |scope| {
        let kept = store::get(scope, id)?.ok_or(Error::NotFound)?;
        let registration = Registration { expires_at: scope.now().plus(LIFE), ..kept };
        store::set_token(scope, &registration, &hash)?;
        scope.audit(
            Entry::new("identity.registration.link_issued", KIND, id)
                .personal("email", &registration.email),
        )?;
        Ok((url, registration))
    })
    .await
}

/// Turns somebody down who waits.
pub async fn refuse(ctx: &BoxCtx, id: RegistrationId) -> Result<()> {
    ctx.write(move |scope| {
        let registration = store::get(scope, id)?.ok_or(Error::NotFound)?;
        store::remove(scope, id)?;
        scope.audit(
            Entry::new("identity.registration.refused", KIND, id)
                .personal("email", &registration.email),
        )?;
        Ok(())
    })
    .await
}

/// Drops what nobody confirmed in time, inside the caller's transaction. Says how many.
pub fn drop_expired_in(scope: &BoxScope<'_>) -> Result<usize> {
    store::drop_expired(scope)
}

//! From a presented value to a principal, at the price of a look into memory.

mod by_now;
pub mod programs;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tracing::warn;

pub use self::by_now::{Asker, by_now, refresh};
use super::rules::{
    Decision, ELEVATED_FOR, ENDED_KEPT, FamilyId, Kind, Known, Lifetimes, Listed, Principal,
    SESSIONS_MAX, SUCCESSORS_MAX, TOKEN_PREFIX, decide,
};
use super::store::{self, NewFamily};
use crate::platform::Platform;
use crate::platform::access::{AnyRole, Grant, RoleTable};
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause, Membership};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::identity::factors::{self, Standing};
use crate::platform::identity::programs::access;
use crate::platform::identity::sign_in::{Reason, count_failure};
use crate::platform::identity::signing::jwt;
use crate::platform::identity::{UserId, services, users};
use crate::platform::notices;
use crate::platform::random::Random;
use crate::platform::secret::{Secret, to_base64, token_hash};
use crate::platform::workspaces::{State, WorkspaceId};

/// Values held in memory; more than that and the memory starts anew.
const REMEMBERED_MAX: usize = 10_000;

/// What a request presented.
#[derive(Debug, Clone)]
pub enum Credential {
    Cookie(Secret),
    Bearer(Secret),
}

/// A checked credential.
pub struct Resolved {
    pub principal: Arc<Principal>,
    /// The value that replaces the presented cookie.
    pub successor: Option<Secret>,
}

struct Remembered {
    /// The commit of the box's file this was read after. Any later commit makes it stale.
    commit: u64,
    known: Known,
    principal: Arc<Principal>,
}

/// Checked values by their hash. Every commit of the box's file forgets them all, so whatever
/// changes in a person, a membership or a session acts on the next request.
#[derive(Default)]
pub struct Remembering(RwLock<HashMap<[u8; 32], Arc<Remembered>>>);

impl Remembering {
    fn find(&self, hash: &[u8; 32], commit: u64) -> Option<Arc<Remembered>> {
        let remembered = self.0.read().unwrap_or_else(PoisonError::into_inner);
        remembered.get(hash).filter(|one| one.commit == commit).map(Arc::clone)
    }

    fn keep(&self, hash: [u8; 32], one: Arc<Remembered>) {
        let mut remembered = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(hash, one);
    }
}

/// Checks a credential. `ctx` is the stranger's context of the request.
pub async fn resolve(ctx: &BoxCtx, credential: &Credential) -> Result<Resolved> {
    let (value, kind) = match credential {
        Credential::Cookie(value) => (value, Kind::Session),
        Credential::Bearer(value) if jwt::is_one(value.reveal()) => {
            let principal = access::check(ctx, value).await?;
            return Ok(Resolved { principal, successor: None });
        }
        Credential::Bearer(value) => (value, Kind::Token),
    };
    let outcome = by_value(ctx, value, kind).await;
    // What else comes as a bearer may be meant for the route, such as the monitoring token.
    let is_personal = kind == Kind::Token && value.reveal().starts_with(TOKEN_PREFIX);
    if is_personal && matches!(outcome, Err(Error::SignInNeeded(_))) {
        count_failure(Reason::Token);
    }
    outcome
}

async fn by_value(ctx: &BoxCtx, value: &Secret, kind: Kind) -> Result<Resolved> {
    let hash = token_hash(value.reveal());
    let remembered = remembered(ctx, hash).await?;
    if remembered.known.kind != kind {
        return Err(sign_in_needed());
    }
    let decision = decide(&remembered.known, lifetimes(ctx), ctx.now());
    let principal = Arc::clone(&remembered.principal);
    match decision {
        Decision::Use => Ok(Resolved { principal, successor: None }),
        Decision::Ended => Err(sign_in_needed()),
        Decision::Reused => {
            end_after_reuse(ctx, remembered.known.family, &principal).await?;
            let detail =
                "This session was ended because an old copy of it was used. Sign in again.";
            Err(Error::SignInNeeded(Refusal::new("session-ended", detail)))
        }
        Decision::Present => {
            let (family, serial) = (remembered.known.family, remembered.known.serial);
            ctx.write(move |scope| store::present(scope, family, serial)).await?;
            Ok(Resolved { principal, successor: None })
        }
        Decision::Touch => {
            let family = remembered.known.family;
            ctx.write(move |scope| store::touch(scope, family)).await?;
            Ok(Resolved { principal, successor: None })
        }
        Decision::Rotate => {
            let successor = rotate(ctx, hash).await?;
            Ok(Resolved { principal, successor })
        }
    }
}

async fn remembered(ctx: &BoxCtx, hash: [u8; 32]) -> Result<Arc<Remembered>> {
    let platform = &ctx.platform;
    let commit = *platform.system_commits.borrow();
    if let Some(one) = platform.sessions.find(&hash, commit) {
        return Ok(one);
    }
    let read = ctx.read(move |scope| {
        let Some(known) = store::find(scope, &hash)? else { return Err(sign_in_needed()) };
        let person = store::person(scope, known.family)?;
        let factors = factors::ops::standing_in(scope, known.user)?;
        Ok((known, person, factors))
    });
    let (known, person, factors) = read.await?;
    let principal = Arc::new(principal(&known, person, factors, platform)?);
    let one = Arc::new(Remembered { commit, known, principal });
    platform.sessions.keep(hash, Arc::clone(&one));
    Ok(one)
}

fn principal(
    known: &Known,
    person: store::Person,
    factors: Standing,
    platform: &Platform,
) -> Result<Principal> {
    let only: Option<BTreeSet<String>> = person
        .only_permissions
        .map(|json| serde_json::from_str(&json).map_err(Error::internal))
        .transpose()?;
    let apps = platform.app_ids();
    let (mut memberships, mut deleted) = (Vec::with_capacity(person.memberships.len()), Vec::new());
    for one in person.memberships {
        if person.only_workspace.is_some_and(|only| only != one.workspace) {
            continue;
        }
        let (role, of_role) = role_and_grant(&one, &platform.roles)?;
        let whole = only.as_ref().map_or_else(|| of_role.clone(), |only| of_role.narrowed(only));
        let store::Belonging { workspace, standing, .. } = one;
        let grant = standing.narrow(whole.clone(), &apps);
        let kept = match standing.state {
            State::Deleted => &mut deleted,
            State::Active | State::Archived => &mut memberships,
        };
        kept.push(Membership { workspace, role, grant, whole, of_role, standing });
    }
    let is_narrowed = only.is_some() || person.only_workspace.is_some();
    Ok(Principal {
        user: known.user,
        name: person.name.into(),
        family: known.family,
        kind: known.kind,
        good_until: None,
        is_narrowed,
        is_operator: person.is_operator && !is_narrowed,
        box_parts: Vec::new(),
        factors,
        elevated_until: person.elevated_until,
        memberships,
        deleted,
    })
}

fn role_and_grant(one: &store::Belonging, table: &RoleTable) -> Result<(AnyRole, Grant)> {
    let role = AnyRole::read(&one.role, one.custom_role)?;
    let grant = match (role, &one.permissions) {
        (AnyRole::BuiltIn(role), _) => table.grant(role),
        (AnyRole::Custom(_), permissions) => {
            let json = permissions.as_deref().unwrap_or("[]");
            table.grant_of(&serde_json::from_str(json).map_err(Error::internal)?)
        }
    };
    Ok((role, grant))
}

/// Who asked for something that is done only now, with what they may do by now. A session that
/// ended meanwhile still stands for its person; a token does not.
pub(in crate::platform) async fn principal_of(
    ctx: &BoxCtx,
    family: FamilyId,
) -> Result<Arc<Principal>> {
    let (platform, lifetimes) = (Arc::clone(&ctx.platform), lifetimes(ctx));
    ctx.read(move |scope| {
        let Some(known) = store::find_newest(scope, family)? else {
            let account = services::ops::standing_in(scope, family, None, &platform)?;
            return account.map(|it| Arc::new(it.principal)).ok_or_else(sign_in_needed);
        };
        let has_ended = decide(&known, lifetimes, scope.now()) == Decision::Ended;
        let is_disabled = users::ops::kept_in(scope, known.user)?.user.disabled_at.is_some();
        if is_disabled || has_ended && known.kind != Kind::Session {
            return Err(sign_in_needed());
        }
        let factors = factors::ops::standing_in(scope, known.user)?;
        let person = store::person(scope, family)?;
        Ok(Arc::new(principal(&known, person, factors, &platform)?))
    })
    .await
}

/// Mints a successor, unless another request did so meanwhile.
async fn rotate(ctx: &BoxCtx, hash: [u8; 32]) -> Result<Option<Secret>> {
    let lifetimes = lifetimes(ctx);
    ctx.write(move |scope| {
        let Some(known) = store::find(scope, &hash)? else { return Ok(None) };
        if decide(&known, lifetimes, scope.now()) != Decision::Rotate {
            return Ok(None);
        }
        mint(scope, &known).map(Some)
    })
    .await
}

/// Gives a family its next value.
fn mint(scope: &BoxScope<'_>, known: &Known) -> Result<Secret> {
    let successor = new_value(scope.random());
    let serial = known.newest_serial + 1;
    store::insert_token(scope, known.family, serial, &token_hash(successor.reveal()))?;
    let kept = i64::try_from(SUCCESSORS_MAX).unwrap_or(i64::MAX);
    store::drop_unpresented(scope, known.family, serial - kept)?;
    store::touch(scope, known.family)?;
    Ok(successor)
}

/// Lets a session do more for a while inside the caller's transaction, under a new value: a copy
/// of the old one must not profit for long.
pub(in crate::platform) fn elevate_in(
    scope: &BoxScope<'_>,
    family: FamilyId,
    by: &'static str,
) -> Result<(Moment, Secret)> {
    let known = store::find_newest(scope, family)?.filter(|known| !known.is_revoked);
    let known = known.ok_or_else(sign_in_needed)?;
    let until = scope.now().plus(ELEVATED_FOR);
    store::elevate(scope, family, until)?;
    scope.audit(
        Entry::new("identity.session.elevated", KIND, family)
            .set("by", by)
            .set("until", until.to_string()),
    )?;
    Ok((until, mint(scope, &known)?))
}

async fn end_after_reuse(ctx: &BoxCtx, family: FamilyId, principal: &Arc<Principal>) -> Result<()> {
    warn!(session.id = %family, "Session {family} was ended: an old copy of it was used");
    let cause = Cause { actor: Actor::Principal(Arc::clone(principal)), ..(*ctx.cause).clone() };
    let ctx = BoxCtx::new(&ctx.platform, cause);
    ctx.write(move |scope| {
        if store::revoke(scope, family, "reuse")? {
            scope.audit(Entry::new("identity.session.reused", KIND, family).refused())?;
            if let Some(user) = scope.user() {
                notices::ops::session_reused_in(scope, user)?;
            }
        }
        Ok(())
    })
    .await
}

/// Starts a browser session for a person inside the caller's transaction; gives the cookie. Of
/// more than `SESSIONS_MAX` sessions the oldest end.
pub fn begin_in(
    scope: &BoxScope<'_>,
    id: FamilyId,
    user: UserId,
    lifetimes: Lifetimes,
) -> Result<Secret> {
    let elevated_until = scope.now().plus(ELEVATED_FOR);
    begin_as_in(scope, id, user, lifetimes, Some(elevated_until))
}

/// Like `begin_in` for a session that may do more only up to then.
pub fn begin_as_in(
    scope: &BoxScope<'_>,
    id: FamilyId,
    user: UserId,
    lifetimes: Lifetimes,
    elevated_until: Option<Moment>,
) -> Result<Secret> {
    store::drop_ended(scope, user, scope.now().minus(ENDED_KEPT))?;
    let live = store::list(scope, user, Kind::Session, scope.now().minus(lifetimes.idle))?;
    for oldest in live.iter().skip(SESSIONS_MAX - 1) {
        end_in(scope, oldest.id, "too-many")?;
    }
    let value = new_value(scope.random());
    let family = NewFamily {
        id,
        user,
        kind: Kind::Session,
        name: "",
        workspace: None,
        permissions: None,
        address: scope.cause().address.map(|address| address.to_string()),
        user_agent: scope.cause().user_agent.as_deref().map(str::to_owned),
        expires_at: scope.now().plus(lifetimes.life),
        elevated_until,
        token_hash: token_hash(value.reveal()),
    };
    store::insert_family(scope, &family)?;
    scope.audit(Entry::new("identity.session.started", KIND, id).set("user", user.to_string()))?;
    Ok(value)
}

/// Forgets sessions and tokens of everybody that ended long ago, at most so many at once.
pub fn drop_all_ended_in(scope: &BoxScope<'_>, most: usize) -> Result<usize> {
    store::drop_all_ended(scope, scope.now().minus(ENDED_KEPT), most)
}

/// Ends a session inside the caller's transaction and notes it; false when it had ended before.
pub fn end_in(scope: &BoxScope<'_>, family: FamilyId, reason: &'static str) -> Result<bool> {
    let has_ended = store::revoke(scope, family, reason)?;
    if has_ended {
        scope.audit(Entry::new("identity.session.ended", KIND, family).set("reason", reason))?;
    }
    Ok(has_ended)
}

/// Ends all browser sessions of a person inside the caller's transaction.
pub fn end_all_in(scope: &BoxScope<'_>, user: UserId, reason: &'static str) -> Result<()> {
    for family in store::revoke_sessions(scope, user, reason)? {
        scope.audit(Entry::new("identity.session.ended", KIND, family).set("reason", reason))?;
    }
    Ok(())
}

/// Ends all sessions and personal tokens of a person inside the caller's transaction.
pub(in crate::platform) fn end_everything_in(
    scope: &BoxScope<'_>,
    user: UserId,
    reason: &'static str,
) -> Result<()> {
    end_all_in(scope, user, reason)?;
    for family in store::revoke_tokens(scope, user, reason)? {
        scope.audit(token_ended(family, reason))?;
    }
    Ok(())
}

fn token_ended(family: FamilyId, reason: &'static str) -> Entry {
    Entry::new("identity.token.revoked", TOKEN_KIND, family).set("reason", reason)
}

/// How many browsers a person is signed in with.
pub(in crate::platform) fn count_in(
    scope: &BoxScope<'_>,
    user: UserId,
    lifetimes: Lifetimes,
) -> Result<i64> {
    let live = store::list(scope, user, Kind::Session, scope.now().minus(lifetimes.idle))?;
    Ok(i64::try_from(live.len()).unwrap_or(i64::MAX))
}

/// Ends all of the caller's sessions but the one that asks.
pub async fn end_others(ctx: &BoxCtx) -> Result<()> {
    let principal = ctx.principal()?;
    principal.need_whole()?;
    let (user, own) = (principal.user, principal.family);
    ctx.write(move |scope| {
        for family in store::revoke_other_sessions(scope, user, own, "ended-by-owner")? {
            let ended = Entry::new("identity.session.ended", KIND, family);
            scope.audit(ended.set("reason", "ended-by-owner"))?;
        }
        Ok(())
    })
    .await
}

/// Ends the session a browser still holds a value of, because it begins another one.
pub(in crate::platform) fn replace_in(scope: &BoxScope<'_>, old: &Secret) -> Result<()> {
    match store::find(scope, &token_hash(old.reveal()))? {
        Some(known) if known.kind == Kind::Session => {
            end_in(scope, known.family, "replaced").map(drop)
        }
        _ => Ok(()),
    }
}

/// The caller's sessions that can still be used, those of programs too, newest first.
pub async fn list(ctx: &BoxCtx) -> Result<Vec<(Kind, Listed)>> {
    let (user, lifetimes) = (ctx.principal()?.user, lifetimes(ctx));
    ctx.read(move |scope| {
        let mut all = Vec::new();
        for kind in [Kind::Session, Kind::Program] {
            let some = store::list(scope, user, kind, scope.now().minus(lifetimes.idle))?;
            all.extend(some.into_iter().map(|one| (kind, one)));
        }
        all.sort_by_key(|(_, one)| Reverse((one.created_at, one.id)));
        Ok(all)
    })
    .await
}

/// Ends one of the caller's sessions.
pub async fn end(ctx: &BoxCtx, family: FamilyId) -> Result<()> {
    let principal = ctx.principal()?;
    principal.need_whole()?;
    let user = principal.user;
    ctx.write(move |scope| {
        let found = match store::get(scope, user, Kind::Session, family)? {
            Some(found) => Some(found),
            None => store::get(scope, user, Kind::Program, family)?,
        };
        found.ok_or(Error::NotFound)?;
        if end_in(scope, family, "ended-by-owner")? { Ok(()) } else { Err(Error::NotFound) }
    })
    .await
}

/// Ends the credential the caller is using, be it a session or a token.
pub async fn sign_out(ctx: &BoxCtx) -> Result<()> {
    let principal = ctx.principal()?;
    let (family, kind) = (principal.family, principal.kind);
    ctx.write(move |scope| match kind {
        Kind::Token => end_token_in(scope, family).map(drop),
        Kind::Service => services::ops::end_tokens_in(scope, family),
        Kind::Session | Kind::Program => end_in(scope, family, "signed-out").map(drop),
    })
    .await
}

/// When a person was last here, in a browser or by a token of theirs.
pub fn last_seen_in(scope: &BoxScope<'_>, user: UserId) -> Result<Option<Moment>> {
    store::last_seen(scope, user)
}

/// Audit kind of sessions.
pub const KIND: &str = "identity.session";
/// Audit kind of personal tokens.
pub const TOKEN_KIND: &str = "identity.token";

/// A person's tokens that can still be used, newest first.
pub(in crate::platform) fn tokens_in(scope: &BoxScope<'_>, user: UserId) -> Result<Vec<Listed>> {
    store::list(scope, user, Kind::Token, scope.now())
}

/// One token of a person, an ended one included.
pub(in crate::platform) fn token_in(
    scope: &BoxScope<'_>,
    user: UserId,
    family: FamilyId,
) -> Result<Listed> {
    store::get(scope, user, Kind::Token, family)?.ok_or(Error::NotFound)
}

/// Ends a token inside the caller's transaction; false when it had ended before.
pub(in crate::platform) fn end_token_in(scope: &BoxScope<'_>, family: FamilyId) -> Result<bool> {
    let has_ended = store::revoke(scope, family, "revoked")?;
    if has_ended {
        scope.audit(Entry::new("identity.token.revoked", TOKEN_KIND, family))?;
    }
    Ok(has_ended)
}

/// Ends the tokens of a person that were good for one workspace alone, inside the caller's
/// transaction.
pub(in crate::platform) fn end_tokens_for_in(
    scope: &BoxScope<'_>,
    user: UserId,
    workspace: WorkspaceId,
    reason: &'static str,
) -> Result<()> {
    for family in store::revoke_tokens_for(scope, user, workspace, reason)? {
        scope.audit(token_ended(family, reason))?;
    }
    Ok(())
}

/// A personal token to be made.
#[derive(Debug, Clone)]
pub struct TokenDraft {
    pub name: String,
    pub life: Duration,
    pub workspace: Option<WorkspaceId>,
    pub permissions: Option<BTreeSet<String>>,
}

/// Makes a personal token inside the caller's transaction; gives its id and the value.
pub fn make_token_in(
    scope: &BoxScope<'_>,
    user: UserId,
    draft: &TokenDraft,
) -> Result<(FamilyId, Secret)> {
    store::drop_ended(scope, user, scope.now().minus(ENDED_KEPT))?;
    let value = Secret::new(format!("{TOKEN_PREFIX}{}", new_value(scope.random()).reveal()));
    let permissions = match &draft.permissions {
        Some(permissions) => Some(serde_json::to_string(permissions).map_err(Error::internal)?),
        None => None,
    };
    let family = NewFamily {
        id: scope.new_id(),
        user,
        kind: Kind::Token,
        name: &draft.name,
        workspace: draft.workspace,
        permissions,
        address: None,
        user_agent: None,
        expires_at: scope.now().plus(draft.life),
        elevated_until: None,
        token_hash: token_hash(value.reveal()),
    };
    store::insert_family(scope, &family)?;
    let mut entry = Entry::new("identity.token.created", TOKEN_KIND, family.id)
        .set("user", user.to_string())
        .set("expires_at", family.expires_at.to_string());
    if let Some(workspace) = family.workspace {
        entry = entry.set("workspace", workspace.to_string());
    }
    if let Some(permissions) = &family.permissions {
        entry = entry.set("permissions", permissions);
    }
    scope.audit(entry)?;
    Ok((family.id, value))
}

/// How long sessions of this box live.
pub fn lifetimes(ctx: &BoxCtx) -> Lifetimes {
    let sessions = &ctx.platform.config.sessions;
    Lifetimes {
        idle: Duration::from_mins(sessions.idle_min),
        rotate: Duration::from_mins(sessions.rotate_min),
        life: Duration::from_hours(sessions.life_days * 24),
    }
}

/// 256 random bits.
fn new_value(random: &Random) -> Secret {
    Secret::new(to_base64(&random.bytes::<32>()))
}

fn sign_in_needed() -> Error {
    let detail = "You are not signed in, or your session has ended. Sign in again.";
    Error::SignInNeeded(Refusal::new("sign-in-needed", detail))
}

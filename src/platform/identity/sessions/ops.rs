//! From a presented value to a principal, at the price of a look into memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tracing::warn;

use super::rules::{Decision, FamilyId, Kind, Known, Lifetimes, Principal, TOKEN_PREFIX, decide};
use super::store::{self, NewFamily};
use crate::platform::access::{Role, RoleTable};
use crate::platform::audit::Entry;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause, Membership};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::identity::UserId;
use crate::platform::random::Random;
use crate::platform::secret::{Secret, to_base64, token_hash};
use crate::platform::workspaces::WorkspaceId;

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
        Credential::Bearer(value) => (value, Kind::Token),
    };
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
    let roles = Arc::clone(&platform.roles);
    let read = ctx.read(move |scope| {
        let Some(known) = store::find(scope, &hash)? else { return Err(sign_in_needed()) };
        let person = store::person(scope, known.family)?;
        Ok((known, person))
    });
    let (known, person) = read.await?;
    let principal = Arc::new(principal(&known, person, &roles)?);
    let one = Arc::new(Remembered { commit, known, principal });
    platform.sessions.keep(hash, Arc::clone(&one));
    Ok(one)
}

fn principal(known: &Known, person: store::Person, roles: &RoleTable) -> Result<Principal> {
    let only: Option<BTreeSet<String>> = person
        .only_permissions
        .map(|json| serde_json::from_str(&json).map_err(Error::internal))
        .transpose()?;
    let mut memberships = Vec::with_capacity(person.memberships.len());
    for (workspace, role) in person.memberships {
        if person.only_workspace.is_some_and(|only| only != workspace) {
            continue;
        }
        let role: Role =
            role.parse().map_err(|()| Error::internal(format!("unknown role {role}")))?;
        let grant = match &only {
            Some(only) => roles.grant(role).narrowed(only),
            None => roles.grant(role),
        };
        memberships.push(Membership { workspace, role, grant });
    }
    let is_narrowed = only.is_some() || person.only_workspace.is_some();
    Ok(Principal {
        user: known.user,
        name: person.name.into(),
        family: known.family,
        is_token: known.kind == Kind::Token,
        is_operator: person.is_operator && !is_narrowed,
        memberships,
    })
}

/// Who the caller of a long-lived stream is by now; an error when the session has ended.
pub async fn refresh(ctx: &BoxCtx) -> Result<Arc<Principal>> {
    let family = ctx.principal()?.family;
    let (roles, lifetimes) = (Arc::clone(&ctx.platform.roles), lifetimes(ctx));
    ctx.read(move |scope| {
        let Some(known) = store::find_newest(scope, family)? else {
            return Err(sign_in_needed());
        };
        if decide(&known, lifetimes, scope.now()) == Decision::Ended {
            return Err(sign_in_needed());
        }
        principal(&known, store::person(scope, family)?, &roles).map(Arc::new)
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
        let successor = new_value(scope.random());
        let serial = known.newest_serial + 1;
        store::insert_token(scope, known.family, serial, &token_hash(successor.reveal()))?;
        store::touch(scope, known.family)?;
        Ok(Some(successor))
    })
    .await
}

async fn end_after_reuse(ctx: &BoxCtx, family: FamilyId, principal: &Arc<Principal>) -> Result<()> {
    warn!(session.id = %family, "Session {family} was ended: an old copy of it was used");
    let cause = Cause { actor: Actor::Principal(Arc::clone(principal)), ..(*ctx.cause).clone() };
    let ctx = BoxCtx::new(&ctx.platform, cause);
    ctx.write(move |scope| {
        if store::revoke(scope, family, "reuse")? {
            scope.audit(
                Entry::new("identity.session.reused", "identity.session", family).refused(),
            )?;
        }
        Ok(())
    })
    .await
}

/// Starts a browser session for a person inside the caller's transaction; gives the cookie.
pub fn begin_in(scope: &BoxScope<'_>, user: UserId, life: Duration) -> Result<Secret> {
    let value = new_value(scope.random());
    let family = NewFamily {
        id: scope.new_id(),
        user,
        kind: Kind::Session,
        name: "",
        workspace: None,
        permissions: None,
        address: scope.cause().address.map(|address| address.to_string()),
        user_agent: scope.cause().user_agent.as_deref().map(str::to_owned),
        expires_at: scope.now().plus(life),
        token_hash: token_hash(value.reveal()),
    };
    store::insert_family(scope, &family)?;
    Ok(value)
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
        token_hash: token_hash(value.reveal()),
    };
    store::insert_family(scope, &family)?;
    Ok((family.id, value))
}

/// Ends a session or token inside the caller's transaction; false when it had ended before.
pub fn revoke_in(scope: &BoxScope<'_>, family: FamilyId, reason: &str) -> Result<bool> {
    store::revoke(scope, family, reason)
}

fn lifetimes(ctx: &BoxCtx) -> Lifetimes {
    let sessions = &ctx.platform.config.sessions;
    Lifetimes {
        idle: Duration::from_mins(sessions.idle_min),
        rotate: Duration::from_mins(sessions.rotate_min),
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

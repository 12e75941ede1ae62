//! From an access token to a principal. The signature is checked once for each token; who the
//! token stands for is looked up again after every change of the box's file.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use ipnet::IpNet;

use super::claims::{ACCESS_TOKEN, AUDIENCE, AccessClaims};
use super::rules::{check_access_times, no_access, scope_of};
use crate::platform::Platform;
use crate::platform::access::rules::OPERATE;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope, Cause};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::id::{Id, ObjectId};
use crate::platform::identity::services::ops::ServiceId;
use crate::platform::identity::services::rules::is_from;
use crate::platform::identity::sessions::Principal;
use crate::platform::identity::sessions::ops::programs;
use crate::platform::identity::sessions::rules::{FamilyId, Kind};
use crate::platform::identity::signing::jwt::{Flaw, Token};
use crate::platform::identity::{services, sign_in, signing};
use crate::platform::secret::{Secret, token_hash};
use crate::platform::throttle::network;

/// Tokens held in memory; more than that and the memory starts anew.
const REMEMBERED_MAX: usize = 10_000;

/// What a token says, once its signature was found right.
#[derive(Debug, Clone)]
struct Facts {
    family: FamilyId,
    service: Option<ServiceId>,
    /// All that a service account may by it.
    only: Option<Arc<BTreeSet<String>>>,
    not_before: Moment,
    expires_at: Moment,
}

/// Who a token stands for after a commit of the box's file.
struct Standing {
    commit: u64,
    principal: Arc<Principal>,
    last_used_at: Moment,
    /// Where a service account may be used from; everywhere when empty.
    networks: Vec<IpNet>,
}

/// A bounded memory by the hash of a token.
struct Memory<T>(RwLock<HashMap<[u8; 32], T>>);

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T: Clone> Memory<T> {
    fn find(&self, hash: &[u8; 32]) -> Option<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    fn keep(&self, hash: [u8; 32], one: T) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED_MAX {
            all.clear();
        }
        all.insert(hash, one);
    }
}

/// Access tokens that were checked lately.
#[derive(Default)]
pub struct Checked {
    facts: Memory<Facts>,
    standings: Memory<Arc<Standing>>,
}

/// Checks an access token. Every refusal has its own code and is noted.
pub async fn check(ctx: &BoxCtx, value: &Secret) -> Result<Arc<Principal>> {
    let hash = token_hash(value.reveal());
    let mut about = None;
    let outcome = principal(ctx, value, hash, &mut about).await;
    if let Err(Error::SignInNeeded(refusal) | Error::Denied(refusal)) = &outcome {
        let from = ctx.cause.address.map(network);
        sign_in::ops::report_program(ctx, from, refusal.code, about).await;
    }
    outcome
}

async fn principal(
    ctx: &BoxCtx,
    value: &Secret,
    hash: [u8; 32],
    about: &mut Option<ObjectId>,
) -> Result<Arc<Principal>> {
    let checked = &ctx.platform.checked;
    let facts = if let Some(facts) = checked.facts.find(&hash) {
        facts
    } else {
        let facts = facts(ctx, value).await?;
        checked.facts.keep(hash, facts.clone());
        facts
    };
    *about = facts.service.map(Id::cast);
    check_access_times(facts.not_before, facts.expires_at, ctx.now())?;
    let commit = *ctx.platform.system_commits.borrow();
    let held = checked.standings.find(&hash).filter(|one| one.commit == commit);
    let standing = if let Some(standing) = held {
        standing
    } else {
        let platform = Arc::clone(&ctx.platform);
        let facts = facts.clone();
        let read = ctx.read(move |scope| standing_in(scope, &facts, commit, &platform));
        let standing = Arc::new(read.await?);
        checked.standings.keep(hash, Arc::clone(&standing));
        standing
    };
    check_address(&ctx.cause, &standing.networks)?;
    if programs::is_to_be_touched(standing.last_used_at, ctx.now()) {
        ctx.write(move |scope| match facts.service {
            Some(service) => services::ops::touch_in(scope, service),
            None => programs::touch_in(scope, facts.family),
        })
        .await?;
    }
    Ok(Arc::clone(&standing.principal))
}

/// Who stands behind a token that was let in before and is good until then.
pub fn check_again_in(
    scope: &BoxScope<'_>,
    before: &Principal,
    until: Moment,
    platform: &Platform,
) -> Result<(Arc<Principal>, Moment)> {
    check_access_times(scope.now(), until, scope.now())?;
    let is_service = before.kind == Kind::Service;
    let facts = Facts {
        family: before.family,
        service: is_service.then(|| before.user.cast()),
        only: is_service.then(|| Arc::new(held(before))),
        not_before: scope.now(),
        expires_at: until,
    };
    let standing = standing_in(scope, &facts, 0, platform)?;
    check_address(scope.cause(), &standing.networks)?;
    Ok((standing.principal, until))
}

/// What a service account might when it was let in.
fn held(before: &Principal) -> BTreeSet<String> {
    let there = before.memberships.iter().flat_map(|one| one.whole.iter());
    let on_box = before.is_operator.then_some(OPERATE).into_iter();
    there.chain(on_box).chain(before.box_parts.iter().copied()).map(str::to_owned).collect()
}

fn standing_in(
    scope: &BoxScope<'_>,
    facts: &Facts,
    commit: u64,
    platform: &Platform,
) -> Result<Standing> {
    let ended = || {
        let detail = "The sign-in or the account behind this token was ended or disabled.";
        no_access("access-token-ended", detail)
    };
    let good_until = Some(facts.expires_at);
    if facts.service.is_some() {
        let found =
            services::ops::standing_in(scope, facts.family, facts.only.as_deref(), platform)?;
        let found = found.ok_or_else(ended)?;
        let principal = Arc::new(Principal { good_until, ..found.principal });
        let (last_used_at, networks) = (found.last_used_at, found.networks);
        return Ok(Standing { commit, principal, last_used_at, networks });
    }
    let found = programs::standing_in(scope, facts.family, platform)?;
    let (known, principal) = found.ok_or_else(ended)?;
    let principal = Arc::new(Principal { good_until, ..principal });
    Ok(Standing { commit, principal, last_used_at: known.last_seen_at, networks: Vec::new() })
}

fn check_address(cause: &Cause, networks: &[IpNet]) -> Result<()> {
    if is_from(networks, cause.address) {
        return Ok(());
    }
    let detail = "This service account may not be used from this address.";
    Err(Error::Denied(Refusal::new("address-not-allowed", detail)))
}

/// Believes a token, or says why not.
async fn facts(ctx: &BoxCtx, value: &Secret) -> Result<Facts> {
    let token = Token::read(value.reveal()).map_err(flawed)?;
    if token.kind.as_deref() != Some(ACCESS_TOKEN) {
        return Err(no_access("access-token-type", "This is no access token."));
    }
    let keys = signing::ops::keys(ctx).await?;
    let key = token.key.as_deref().and_then(|id| keys.public_key(id, ctx.now()));
    let Some(key) = key else {
        let detail = "This box has no key that signed this token. Ask it for a new one.";
        return Err(no_access("access-token-key", detail));
    };
    if !token.is_signed_by(key) {
        let detail = "This token was altered after it was signed.";
        return Err(no_access("access-token-signature", detail));
    }
    let claims: AccessClaims = token.claims().map_err(flawed)?;
    if claims.iss != keys.issuer {
        return Err(no_access("access-token-issuer", "This token was made by another box."));
    }
    if claims.aud != AUDIENCE {
        return Err(no_access("access-token-audience", "This token is meant for somebody else."));
    }
    let malformed = || flawed(Flaw::Malformed);
    let service = match &claims.client_id {
        Some(id) => Some(id.parse().map_err(|_| malformed())?),
        None => None,
    };
    Ok(Facts {
        family: claims.sid.parse().map_err(|_| malformed())?,
        only: service.and_then(|_| scope_of(claims.scope.as_deref())).map(Arc::new),
        service,
        not_before: moment(claims.nbf),
        expires_at: moment(claims.exp),
    })
}

fn flawed(flaw: Flaw) -> Error {
    match flaw {
        Flaw::Malformed => no_access("access-token-malformed", "This access token cannot be read."),
        Flaw::Algorithm => no_access(
            "access-token-algorithm",
            "This token is signed in another way than this box signs, or not at all.",
        ),
    }
}

/// A moment from a claim.
pub(super) fn moment(seconds: i64) -> Moment {
    Moment(seconds.saturating_mul(1_000))
}

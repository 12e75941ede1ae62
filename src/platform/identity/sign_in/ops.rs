//! Signing in: the same answer and the same work for whoever does not exist.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::attempts::{NOWHERE, Refused, Report, Target, Tried, counted};
use super::pending::Pending;
use super::rules::sign_in_again;
use super::store;
use crate::platform::Platform;
use crate::platform::audit::Entry;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::id::ObjectId;
use crate::platform::identity::factors::Standing;
use crate::platform::identity::factors::ops::{Origin, Proof};
use crate::platform::identity::passwords::Lane;
use crate::platform::identity::sessions::rules::{FamilyId, Kind};
use crate::platform::identity::users::rules::{Kept, User, email_key};
use crate::platform::identity::{Principal, factors, mfa_requests, passkeys, sessions, users};
use crate::platform::notices;
use crate::platform::secret::{Secret, to_base64, token_hash};

/// How often the number of refused sign-ins is looked at.
const REPORTS_CHECKED_EVERY: Duration = Duration::from_mins(1);

/// Somebody trying to sign in.
#[derive(Debug)]
pub struct Attempt {
    pub email: String,
    pub password: Secret,
    /// What marks the browser as one the person used before.
    pub device: Option<Secret>,
    /// The session the browser still holds.
    pub old_session: Option<Secret>,
    /// The network it comes from.
    pub network: Option<IpAddr>,
}

/// What a right password leads to.
pub enum Outcome {
    SignedIn(SignedIn),
    /// A second factor is awaited.
    Pending {
        /// Names the sign-in.
        cookie: Secret,
        methods: Vec<&'static str>,
        /// Where passkeys work, when one of them is awaited.
        passkeys_origin: Option<String>,
    },
}

/// Somebody who signed in.
pub struct SignedIn {
    pub user: User,
    pub session: Secret,
    pub device: Secret,
}

/// Checks e-mail address and password; begins a session, or waits for the second factor.
pub async fn sign_in(ctx: &BoxCtx, attempt: Attempt) -> Result<Outcome> {
    let right = check_password(ctx, attempt).await?;
    let id = right.user.id;
    let looked_at = ctx.read(move |scope| {
        let standing = factors::ops::standing_in(scope, id)?;
        Ok((standing, mfa_requests::ops::is_approved_in(scope, id)?))
    });
    let (standing, is_approved) = looked_at.await?;
    if !standing.is_enrolled() {
        return begin(ctx, right, Way::Password).await.map(Outcome::SignedIn);
    }
    if is_approved {
        return begin(ctx, right, Way::Approval).await.map(Outcome::SignedIn);
    }
    let cookie = Secret::new(to_base64(&ctx.platform.random.bytes::<32>()));
    ctx.platform.pending.add(token_hash(cookie.reveal()), right);
    let passkeys_origin = ctx.platform.passkeys.origin().filter(|_| standing.has_usable_passkey);
    Ok(Outcome::Pending { cookie, methods: standing.methods(), passkeys_origin })
}

/// Checks e-mail address and password, throttled as every sign-in is.
pub(in crate::platform) async fn check_password(ctx: &BoxCtx, attempt: Attempt) -> Result<Pending> {
    let key = email_key(&attempt.email);
    let account = token_hash(&key);
    let device_hash = attempt.device.as_ref().map(|device| token_hash(device.reveal()));
    let found = ctx.read(move |scope| {
        let Some(kept) = users::ops::find_in(scope, &key)? else { return Ok((None, false)) };
        let is_known = match &device_hash {
            Some(device) => store::is_known(scope, kept.user.id, device)?,
            None => false,
        };
        Ok((Some(kept), is_known))
    });
    let (kept, is_known) = found.await?;
    let target = Target { account, device: device_hash.filter(|_| is_known) };
    check(ctx, kept, attempt, target).await
}

/// Ends a waiting sign-in with a code of an app or from paper, and begins a session.
pub async fn with_code(
    ctx: &BoxCtx,
    cookie: Option<&Secret>,
    code: &Secret,
    network: Option<IpAddr>,
) -> Result<SignedIn> {
    let hash = cookie.map(|cookie| token_hash(cookie.reveal())).ok_or_else(sign_in_again)?;
    let pending = &ctx.platform.pending;
    let right = pending.take_try(&hash, ctx.now()).ok_or_else(sign_in_again)?;
    let origin = Origin::SignIn { network, device: right.known_device };
    factors::ops::with_code(ctx, right.user.id, code, origin, async |proof| {
        if !pending.end(&hash) {
            return Err(sign_in_again());
        }
        begin(ctx, right, Way::Factor(proof)).await
    })
    .await
}

/// Asks the device of somebody whose sign-in waits for a proof.
pub async fn ask_passkey(ctx: &BoxCtx, cookie: Option<&Secret>, host: &str) -> Result<Value> {
    let hash = cookie.map(|cookie| token_hash(cookie.reveal())).ok_or_else(sign_in_again)?;
    let right = ctx.platform.pending.look(&hash, ctx.now()).ok_or_else(sign_in_again)?;
    passkeys::ops::ask(ctx, right.user.id, hash, host).await
}

/// Ends a waiting sign-in with what a device answered, and begins a session.
pub async fn with_passkey(
    ctx: &BoxCtx,
    cookie: Option<&Secret>,
    answer: Value,
    network: Option<IpAddr>,
) -> Result<SignedIn> {
    let hash = cookie.map(|cookie| token_hash(cookie.reveal())).ok_or_else(sign_in_again)?;
    let pending = &ctx.platform.pending;
    let right = pending.take_try(&hash, ctx.now()).ok_or_else(sign_in_again)?;
    let origin = Origin::SignIn { network, device: right.known_device };
    factors::ops::with_passkey(ctx, right.user.id, (hash, answer), origin, async |proof| {
        if !pending.end(&hash) {
            return Err(sign_in_again());
        }
        begin(ctx, right, Way::Factor(proof)).await
    })
    .await
}

async fn check(
    ctx: &BoxCtx,
    kept: Option<Kept>,
    attempt: Attempt,
    target: Target,
) -> Result<Pending> {
    let platform = &ctx.platform;
    counted(platform.sign_ins.begin(attempt.network, target, ctx.now()))?;
    let hash = kept.as_ref().map(|kept| kept.password_hash.clone());
    let lane = if target.device.is_some() { Lane::Known } else { Lane::Stranger };
    let verdict = match platform.passwords.verify(lane, attempt.password.clone(), hash).await {
        Ok(verdict) => verdict,
        Err(error) => {
            platform.sign_ins.undone(attempt.network, target, ctx.now());
            return Err(error);
        }
    };
    let kept = kept.filter(|kept| kept.user.disabled_at.is_none());
    let Some(Kept { user, password_hash }) = kept.filter(|_| verdict.is_right) else {
        report_refused(ctx, &attempt).await;
        let detail = "E-mail address and password do not fit together.";
        return Err(Error::SignInNeeded(Refusal::new("sign-in-failed", detail)));
    };
    platform.sign_ins.succeeded(attempt.network, target, ctx.now());
    let mut rehashed = None;
    if verdict.is_outdated {
        // When there is no time for it now, the next sign-in will do.
        let password = attempt.password.clone();
        rehashed = platform.passwords.hash(&platform.random, password).await.ok();
    }
    Ok(Pending {
        user,
        password_hash,
        rehashed,
        device: attempt.device,
        known_device: target.device,
        old_session: attempt.old_session,
        began_at: ctx.now(),
        tries: 0,
    })
}

/// Asks for help for somebody who has the password and no factor any more.
pub async fn ask_for_help(ctx: &BoxCtx, cookie: Option<&Secret>) -> Result<()> {
    let hash = cookie.map(|cookie| token_hash(cookie.reveal())).ok_or_else(sign_in_again)?;
    let right = ctx.platform.pending.look(&hash, ctx.now()).ok_or_else(sign_in_again)?;
    mfa_requests::ops::ask(ctx, right.user.id).await
}

/// What opens the door beside the password.
enum Way {
    /// Nothing: the person has no factor.
    Password,
    Factor(Proof),
    /// Somebody vouched for the person.
    Approval,
}

async fn begin(ctx: &BoxCtx, right: Pending, way: Way) -> Result<SignedIn> {
    let Pending { user, password_hash, rehashed, .. } = right;
    let family = ctx.platform.random.id();
    let ctx = as_signed_in(ctx, &user, family, Kind::Session);
    let device =
        right.device.unwrap_or_else(|| Secret::new(to_base64(&ctx.platform.random.bytes::<16>())));
    let lifetimes = sessions::ops::lifetimes(&ctx);
    let (id, device_hash) = (user.id, token_hash(device.reveal()));
    let session = ctx.write(move |scope| {
        let kept = users::ops::kept_in(scope, id)?;
        if kept.user.disabled_at.is_some() || kept.password_hash != password_hash {
            return Err(sign_in_again());
        }
        match &way {
            Way::Password => {
                // They may have set one up meanwhile.
                if factors::ops::standing_in(scope, id)?.is_enrolled() {
                    return Err(sign_in_again());
                }
            }
            Way::Factor(proof) => proof.use_in(scope).map(drop)?,
            Way::Approval => {
                if !mfa_requests::ops::use_in(scope, id)? {
                    return Err(sign_in_again());
                }
            }
        }
        if let Some(hash) = rehashed {
            users::ops::keep_rehashed_in(scope, id, &hash)?;
        }
        if let Some(old) = &right.old_session {
            sessions::ops::replace_in(scope, old)?;
        }
        let is_first = !store::has_any(scope, id)?;
        if store::remember(scope, id, &device_hash)? && !is_first {
            notices::ops::new_device_in(scope, id)?;
        }
        sessions::ops::begin_in(scope, family, id, lifetimes)
    });
    Ok(SignedIn { user, session: session.await?, device })
}

/// From here on it is the person who acts, and no stranger.
pub(in crate::platform) fn as_signed_in(
    ctx: &BoxCtx,
    user: &User,
    family: FamilyId,
    kind: Kind,
) -> BoxCtx {
    let principal = Principal {
        user: user.id,
        name: user.name.as_str().into(),
        family,
        kind,
        good_until: None,
        is_narrowed: false,
        is_operator: user.is_operator,
        box_parts: Vec::new(),
        factors: Standing::default(),
        elevated_until: None,
        memberships: Vec::new(),
        deleted: Vec::new(),
    };
    let cause = Cause { actor: Actor::Principal(Arc::new(principal)), ..(*ctx.cause).clone() };
    BoxCtx::new(&ctx.platform, cause)
}

/// Notes a refused sign-in. The typed address may be anybody's, so it is a personal value.
async fn report_refused(ctx: &BoxCtx, attempt: &Attempt) {
    let network = attempt.network.unwrap_or(NOWHERE);
    let what = Refused { network, tried: Tried::SignIn, about: None };
    report(ctx, what).await;
}

/// Notes a refused credential of a program, and which account it was about where that is known.
pub(in crate::platform) async fn report_program(
    ctx: &BoxCtx,
    network: Option<IpAddr>,
    code: &'static str,
    about: Option<ObjectId>,
) {
    let network = network.unwrap_or(NOWHERE);
    report(ctx, Refused { network, tried: Tried::Program(code), about }).await;
}

/// Notes a one-time link that names nothing (any more).
pub(in crate::platform) async fn report_link(
    ctx: &BoxCtx,
    network: Option<IpAddr>,
    code: &'static str,
) {
    let network = network.unwrap_or(NOWHERE);
    report(ctx, Refused { network, tried: Tried::Link(code), about: None }).await;
}

async fn report(ctx: &BoxCtx, what: Refused) {
    let address = ctx.cause.address.unwrap_or(NOWHERE);
    let reports = ctx.platform.sign_ins.refused(what, address, ctx.now());
    write_reports(&ctx.platform, reports).await;
}

async fn write_reports(platform: &Arc<Platform>, reports: Vec<Report>) {
    for report in reports {
        let address = Some(report.address).filter(|address| *address != NOWHERE);
        let cause = Cause { address, ..Cause::of(Actor::Stranger) };
        let entry = match report.what.tried {
            Tried::SignIn => Entry::about("identity.sign_in.refused", sessions::ops::KIND),
            Tried::Link(code) => Entry::about("identity.link.refused", "link").set("code", code),
            Tried::Program(code) => Entry {
                object_id: report.what.about,
                ..Entry::about("identity.token.refused", sessions::ops::TOKEN_KIND)
            }
            .set("code", code),
        };
        let entry = entry.refused().set("count", report.count.to_string());
        let written = BoxCtx::new(platform, cause).write(move |scope| scope.audit(entry)).await;
        if let Err(error) = written {
            tracing::warn!("Refused sign-ins could not be written to the audit log: {error}");
        }
    }
}

/// Writes the numbers of refused sign-ins when their hour is over, and all when the box stops.
pub fn keep_reporting(platform: &Arc<Platform>) {
    let platform = Arc::clone(platform);
    let tasks = platform.tasks.clone();
    tasks.start("sign-in-reports", |mut stop| async move {
        loop {
            tokio::select! {
                () = stop.requested() => break,
                () = tokio::time::sleep(REPORTS_CHECKED_EVERY) => {
                    let ended = platform.sign_ins.ended(platform.clock.now());
                    write_reports(&platform, ended).await;
                }
            }
        }
        let left = platform.sign_ins.all();
        write_reports(&platform, left).await;
    });
}

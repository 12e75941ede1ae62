//! Issuing the one-time link and claiming the box with it.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::rules::{BoxId, Claim, KeptLink, LINK_LIFE, Offer, SETUP_THROTTLED, TOKEN_BYTES, link};
use super::store;
use crate::config::Limits;
use crate::platform::access::Role;
use crate::platform::audit::Entry;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope};
use crate::platform::error::{Error, FieldError, Result};
use crate::platform::identity::passwords::Lane;
use crate::platform::identity::sessions;
use crate::platform::identity::sign_in::{Reason, count_failure, counted};
use crate::platform::identity::users::rules::{NewUser, User, clean_email};
use crate::platform::identity::users::{self};
use crate::platform::samples;
use crate::platform::secret::{Secret, to_base64, token_hash};
use crate::platform::throttle::Buckets;
use crate::platform::workspaces::rules::{Draft, Workspace, clean_name};
use crate::platform::workspaces::{self};

/// Audit kind of the box itself.
pub const KIND: &str = "box";
const NAMELESS: &str = "Holdfast";
const SAMPLE_NAME: &str = "Sample kitchens";

/// What is remembered while nobody owns the box.
pub struct SetUp {
    wrong: Buckets<IpAddr>,
    /// Set-ups pass one after the other, so that the second finds the box claimed before it has
    /// made anything.
    turn: Mutex<()>,
}

impl SetUp {
    pub fn new(limits: &Limits) -> Self {
        let (burst, per_min) = (limits.sign_in_failures_burst, limits.sign_in_failures_per_min);
        let wrong = Buckets::new(burst, per_min, SETUP_THROTTLED);
        Self { wrong, turn: Mutex::default() }
    }
}

/// Whether the box belongs to somebody.
pub async fn claim(ctx: &BoxCtx) -> Result<Claim> {
    ctx.read(claim_in).await
}

pub fn claim_in(scope: &BoxScope<'_>) -> Result<Claim> {
    store::claim(scope)
}

/// What people, their apps and their devices call the box.
pub(in crate::platform) fn box_name_in(scope: &BoxScope<'_>) -> Result<String> {
    Ok(match claim_in(scope)? {
        Claim::Claimed(name) if !name.is_empty() => name,
        Claim::Claimed(_) | Claim::Unclaimed => NAMELESS.to_owned(),
    })
}

/// Refuses what only makes sense on a box that belongs to somebody.
pub(in crate::platform) async fn need_claimed(ctx: &BoxCtx) -> Result<()> {
    match claim(ctx).await? {
        Claim::Claimed(_) => Ok(()),
        Claim::Unclaimed => {
            let detail = "This box has no operator yet. Open the set-up link first.";
            Err(Error::conflict("setup-needed", detail))
        }
    }
}

/// Makes a new link and lets the old one die. `origin` is what it begins with, such as
/// `https://kitchen.local:8443`. A claimed box has none.
pub async fn issue_link(ctx: &BoxCtx, origin: &str) -> Result<String> {
    let token = new_token(ctx);
    let hash = token_hash(token.reveal());
    ctx.write(move |scope| {
        if store::claim(scope)? != Claim::Unclaimed {
            let detail = "This box has an operator already, so there is no set-up link.";
            return Err(Error::conflict("setup-done", detail));
        }
        issue_in(scope, hash)
    })
    .await?;
    Ok(link(origin, token.reveal()))
}

/// What a starting box has for the person who will own it: a new link, unless somebody holds
/// one they asked for.
pub async fn offer_link(ctx: &BoxCtx, origin: &str) -> Result<Offer> {
    let token = new_token(ctx);
    let hash = token_hash(token.reveal());
    let kept = ctx.write(move |scope| {
        if store::claim(scope)? != Claim::Unclaimed {
            return Ok(Some(Offer::Claimed));
        }
        let outlives = |link: KeptLink| link.outlives_restart(scope.now());
        if let Some(until) = store::link(scope)?.and_then(outlives) {
            return Ok(Some(Offer::Kept { until }));
        }
        issue_in(scope, hash).map(|()| None)
    });
    Ok(kept.await?.unwrap_or_else(|| Offer::New(link(origin, token.reveal()))))
}

fn new_token(ctx: &BoxCtx) -> Secret {
    Secret::new(to_base64(&ctx.platform.random.bytes::<TOKEN_BYTES>()))
}

fn issue_in(scope: &BoxScope<'_>, token_hash: [u8; 32]) -> Result<()> {
    let expires_at = scope.now().plus(LINK_LIFE);
    let is_asked_for = matches!(scope.cause().actor, Actor::CommandLine);
    store::replace_link(scope, &KeptLink { token_hash, expires_at, is_asked_for })?;
    let entry = Entry::about("box.setup_link.issued", KIND);
    scope.audit(entry.set("expires_at", expires_at.to_string()))?;
    Ok(())
}

/// Checks a token. A wrong one counts against the network it came from and leaves the link
/// alone.
pub async fn check_token(ctx: &BoxCtx, token: &Secret, network: Option<IpAddr>) -> Result<()> {
    let set_up = &ctx.platform.set_up;
    if let Some(network) = network {
        counted(set_up.wrong.take(network, ctx.now()))?;
    }
    let presented = token_hash(token.reveal());
    let checked = ctx.read(move |scope| {
        if store::claim(scope)? != Claim::Unclaimed {
            return Err(Error::NotFound);
        }
        KeptLink::check(store::link(scope)?, &presented, scope.now())
    });
    let outcome = checked.await;
    let is_guess = matches!(&outcome, Err(Error::Denied(_)));
    if is_guess {
        count_failure(Reason::Link);
    }
    if let (Some(network), false) = (network, is_guess) {
        set_up.wrong.put_back(network, ctx.now());
    }
    outcome
}

/// What the first operator says.
#[derive(Debug)]
pub struct Request {
    pub token: Secret,
    pub box_name: String,
    pub name: String,
    pub email: String,
    pub password: Secret,
    pub workspace: Draft,
    /// Makes a second workspace to play in.
    pub with_sample: bool,
}

/// A box that was just claimed.
pub struct Claimed {
    pub user: User,
    pub workspace: Workspace,
    pub session: Secret,
}

/// Makes the first operator, the box's name and the first workspace, all or nothing.
pub async fn set_up(ctx: &BoxCtx, request: Request, network: Option<IpAddr>) -> Result<Claimed> {
    check_token(ctx, &request.token, network).await?;
    let platform = &ctx.platform;
    let _turn = platform.set_up.turn.lock().await;
    check_token(ctx, &request.token, network).await?;
    let box_name = check_fields(ctx, &request).await?;
    let presented = token_hash(request.token.reveal());
    let password_hash = platform.passwords.hash(&platform.random, request.password).await?;
    let sample = request.with_sample.then(|| sample_of(&request.workspace));
    let workspace = workspaces::ops::make_file(ctx, request.workspace, "workspace.").await?;
    let sample = match sample {
        Some(draft) => Some(workspaces::ops::make_file(ctx, draft, "workspace.").await?),
        None => None,
    };
    let new =
        NewUser { name: request.name, email: request.email, password_hash, is_operator: true };
    let lifetimes = sessions::ops::lifetimes(ctx);
    let on_box = Arc::clone(platform);
    let claimed = ctx.write(move |scope| {
        // Whoever claims the box does so in their own name.
        let id = scope.new_id();
        let scope = &scope.by(id);
        take_box(scope, &presented, on_box.audit.box_id(), &box_name)?;
        let user = users::ops::insert_as_in(scope, id, &new)?;
        for one in [Some(&workspace), sample.as_ref()].into_iter().flatten() {
            workspaces::ops::record_in(scope, one)?;
            workspaces::ops::add_member_in(scope, one.id, user.id, Role::Owner)?;
        }
        if let Some(sample) = &sample {
            samples::ops::order_in(scope, &on_box.jobs, sample.id)?;
        }
        let session = sessions::ops::begin_in(scope, scope.new_id(), user.id, lifetimes)?;
        Ok(Claimed { user, workspace, session })
    });
    let claimed = claimed.await?;
    platform.jobs.nudge();
    Ok(claimed)
}

/// A workspace to play in, which counts days and money like the first one.
fn sample_of(first: &Draft) -> Draft {
    Draft { name: SAMPLE_NAME.to_owned(), is_sample: true, ..first.clone() }
}

fn take_box(scope: &BoxScope<'_>, presented: &[u8; 32], id: BoxId, name: &str) -> Result<()> {
    if store::claim(scope)? != Claim::Unclaimed {
        return Err(Error::NotFound);
    }
    KeptLink::check(store::link(scope)?, presented, scope.now())?;
    store::drop_link(scope)?;
    store::insert_box(scope, id, name)?;
    scope.audit(Entry::new("box.claimed", KIND, id).set("name", name))?;
    Ok(())
}

/// Checks every field, so that a person corrects them all at once. Gives the box's name.
async fn check_fields(ctx: &BoxCtx, request: &Request) -> Result<String> {
    let platform = &ctx.platform;
    let mut wrong: Vec<FieldError> = Vec::new();
    let box_name = noted(&mut wrong, clean_name("box_name", &request.box_name))?;
    noted(&mut wrong, clean_name("operator.name", &request.name))?;
    noted(&mut wrong, clean_email("operator.email", &request.email))?;
    let draft = request.workspace.clone();
    let name = draft.name.clone();
    noted(
        &mut wrong,
        draft.check(platform.random.id(), "workspace.", &platform.app_ids(), ctx.now()),
    )?;
    let context = vec![request.name.clone(), request.email.clone(), request.box_name.clone(), name];
    let strength =
        ctx.platform.passwords.strength(Lane::Known, request.password.clone(), context).await?;
    if let Some(fault) = strength.fault {
        wrong.push(FieldError::new("operator.password", fault.code, fault.detail));
    }
    match box_name {
        Some(box_name) if wrong.is_empty() => Ok(box_name),
        _ => Err(Error::Invalid(wrong)),
    }
}

/// Sets wrong fields aside; any other error goes on.
fn noted<T>(wrong: &mut Vec<FieldError>, checked: Result<T>) -> Result<Option<T>> {
    match checked {
        Ok(value) => Ok(Some(value)),
        Err(Error::Invalid(fields)) => {
            wrong.extend(fields);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

//! Giving out reset links and using them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::rules::{LIFE, Reset, ResetId, check_person, unknown};
use super::store;
use crate::platform::Platform;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::links::{guarded, link, new_token, noted};
use crate::platform::identity::passwords::Lane;
use crate::platform::identity::sign_in::Target;
use crate::platform::identity::users::rules::email_key;
use crate::platform::identity::{User, UserId, sessions, users};
use crate::platform::notices;
use crate::platform::notices::mail::ops::{LinkMail, queue_link_in};
use crate::platform::notices::rules::Params;
use crate::platform::secret::{Secret, token_hash};
use crate::platform::setup;
use crate::platform::setup::rules::Claim;
use crate::platform::workspaces::members;

/// Expired links are recognised for so long before they are dropped.
const EXPIRED_KEPT: Duration = Duration::from_hours(7 * 24);
/// The page of the link.
const PAGE: &str = "reset";

/// A link as it is given out.
#[derive(Debug, Clone)]
pub struct Issued {
    pub link: String,
    pub expires_at: Moment,
}

/// A link that is about to be kept.
pub(in crate::platform) struct NewLink {
    link: String,
    hash: [u8; 32],
    platform: Arc<Platform>,
}

impl NewLink {
    pub(in crate::platform) fn new(ctx: &BoxCtx) -> Self {
        let token = new_token(&ctx.platform.random);
        let (link, hash) = (link(ctx, PAGE, &token), token_hash(token.reveal()));
        Self { link, hash, platform: Arc::clone(&ctx.platform) }
    }

    /// Gives the link out, and mails it where mail leaves the box.
    fn issued_in(self, scope: &BoxScope<'_>, reset: &Reset) -> Result<Issued> {
        let user = users::ops::get_in(scope, reset.user)?;
        let is_first = reset.expires_at.since(reset.created_at) > LIFE;
        let mail = LinkMail {
            kind: if is_first { "identity.first-password" } else { "identity.reset" },
            text: if is_first { |texts| texts.first_password } else { |texts| texts.reset },
            to: &user.email,
            user: Some(user.id),
            values: Params::new(),
            url: &self.link,
            good_until: reset.expires_at,
        };
        queue_link_in(scope, &self.platform, &mail)?;
        Ok(Issued { link: self.link, expires_at: reset.expires_at })
    }
}

/// Gives out a link for a person inside the caller's transaction; the one before it dies.
pub(in crate::platform) fn issue_in(
    scope: &BoxScope<'_>,
    user: &User,
    life: Duration,
    new: NewLink,
) -> Result<(ResetId, Issued)> {
    check_person(user)?;
    let reset = Reset {
        id: scope.new_id(),
        user: user.id,
        created_at: scope.now(),
        expires_at: scope.now().plus(life),
    };
    store::replace(scope, &reset, &new.hash)?;
    scope.audit(
        Entry::new("identity.user.reset_link_issued", users::ops::KIND, user.id)
            .set("expires_at", reset.expires_at.to_string()),
    )?;
    Ok((reset.id, new.issued_in(scope, &reset)?))
}

/// Gives out a link for a person. A repeated request gets another one, since the first was lost.
pub async fn issue(ctx: &BoxCtx, user: UserId) -> Result<Created<Issued>> {
    let (first, again) = (NewLink::new(ctx), NewLink::new(ctx));
    let load = move |scope: &BoxScope<'_>, id: ResetId| {
        let reset = store::get(scope, id)?.ok_or(Error::NotFound)?;
        store::set_token(scope, id, &again.hash)?;
        again.issued_in(scope, &reset)
    };
    ctx.create(load, move |scope| {
        let user = users::ops::get_in(scope, user)?;
        issue_in(scope, &user, LIFE, first)
    })
    .await
}

/// Gives out a link for a person by name.
pub(in crate::platform) async fn issue_for(ctx: &BoxCtx, who: String) -> Result<(User, Issued)> {
    let link = NewLink::new(ctx);
    ctx.write(move |scope| {
        let user = users::ops::named_in(scope, &who)?;
        let (_, issued) = issue_in(scope, &user, LIFE, link)?;
        Ok((user, issued))
    })
    .await
}

/// Lets a person's link die inside the caller's transaction.
pub(in crate::platform) fn withdraw_in(scope: &BoxScope<'_>, user: UserId) -> Result<()> {
    store::remove_of(scope, user)
}

/// Drops links that expired long ago, inside the caller's transaction. Says how many.
pub fn drop_expired_in(scope: &BoxScope<'_>) -> Result<usize> {
    store::drop_expired(scope, scope.now().minus(EXPIRED_KEPT))
}

/// Whose password a link resets, and until when.
pub async fn inspect(
    ctx: &BoxCtx,
    token: &Secret,
    network: Option<IpAddr>,
) -> Result<(User, Reset)> {
    let hash = token_hash(token.reveal());
    guarded(ctx, network, ctx.read(move |scope| find(scope, &hash))).await
}

fn find(scope: &BoxScope<'_>, hash: &[u8; 32]) -> Result<(User, Reset)> {
    let reset = store::find(scope, hash)?.ok_or_else(unknown)?;
    reset.check_fresh(scope.now())?;
    Ok((users::ops::get_in(scope, reset.user)?, reset))
}

/// Gives the person of the link a new password, uses the link up and ends all their sessions.
pub async fn reset(
    ctx: &BoxCtx,
    token: &Secret,
    password: Secret,
    network: Option<IpAddr>,
) -> Result<()> {
    let hash = token_hash(token.reveal());
    let looked_at = ctx.read(move |scope| {
        let (user, _) = find(scope, &hash)?;
        context(scope, &user)
    });
    let context = guarded(ctx, network, looked_at).await?;
    let platform = &ctx.platform;
    let strength = platform.passwords.strength(Lane::Known, password.clone(), context).await?;
    if let Some(fault) = strength.fault {
        return Err(Error::invalid("password", fault.code, fault.detail));
    }
    let password_hash = platform.passwords.hash(&platform.random, password).await?;
    let done = ctx.write(move |scope| {
        // Somebody else may have used the link while the password was hashed.
        let (user, _) = find(scope, &hash)?;
        store::remove_of(scope, user.id)?;
        users::ops::set_password_in(scope, user.id, &password_hash)?;
        sessions::ops::end_all_in(scope, user.id, "password-reset")?;
        notices::ops::password_reset_in(scope, user.id)?;
        Ok(user)
    });
    let user = noted(ctx, network, done).await?;
    // Who forgot the password has tried a few: the right one need not wait for that.
    let account = token_hash(&email_key(&user.email));
    platform.sign_ins.forget(Target { account, device: None });
    Ok(())
}

/// What somebody who knows the person would try.
fn context(scope: &BoxScope<'_>, user: &User) -> Result<Vec<String>> {
    let mut context = vec![user.name.clone(), user.email.clone()];
    if let Claim::Claimed(name) = setup::ops::claim_in(scope)? {
        context.push(name);
    }
    let workspaces = members::ops::list_of_in(scope, user.id)?;
    context.extend(workspaces.into_iter().map(|(_, name, _)| name));
    Ok(context)
}

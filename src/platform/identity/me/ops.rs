//! Changing one's own password.

use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::identity::passwords::Lane;
use crate::platform::identity::sessions::rules::Kind;
use crate::platform::identity::sign_in::{Target, count_refused_proof};
use crate::platform::identity::{passwords, sessions, users};
use crate::platform::secret::{Secret, token_hash};
use crate::platform::{notices, workspaces};

/// Replaces the caller's password. All sessions end; a caller who holds one gets a new one.
pub async fn change_password(ctx: &BoxCtx, current: Secret, new: Secret) -> Result<Option<Secret>> {
    let principal = ctx.principal()?;
    principal.need_whole()?;
    let (user, is_browser) = (principal.user, principal.kind == Kind::Session);
    let elevated_until = principal.elevated_until;
    let kept = ctx.read(move |scope| users::ops::kept_in(scope, user)).await?;
    check_own(ctx, "current", current, kept.password_hash.clone()).await?;
    let context = context(ctx, &kept.user.name, &kept.user.email).await?;
    let platform = &ctx.platform;
    let strength = platform.passwords.strength(Lane::Known, new.clone(), context).await?;
    if let Some(fault) = strength.fault {
        return Err(Error::invalid("new", fault.code, fault.detail));
    }
    let hash = platform.passwords.hash(&platform.random, new).await?;
    let lifetimes = sessions::ops::lifetimes(ctx);
    ctx.write(move |scope| {
        if users::ops::kept_in(scope, user)?.password_hash != kept.password_hash {
            let detail = "The password was changed meanwhile. Sign in again.";
            return Err(Error::conflict("password-changed", detail));
        }
        users::ops::set_password_in(scope, user, &hash)?;
        sessions::ops::end_all_in(scope, user, "password-changed")?;
        notices::ops::password_changed_in(scope, user)?;
        if !is_browser {
            return Ok(None);
        }
        // A password is no second factor: the new session may do what the old one might.
        let new = scope.new_id();
        sessions::ops::begin_as_in(scope, new, user, lifetimes, elevated_until).map(Some)
    })
    .await
}

/// Refuses a password that is not the caller's, naming the field it came in.
pub(in crate::platform) async fn check_own_password(
    ctx: &BoxCtx,
    field: &str,
    password: Secret,
) -> Result<()> {
    let user = ctx.principal()?.user;
    let kept = ctx.read(move |scope| users::ops::kept_in(scope, user)).await?;
    check_own(ctx, field, password, kept.password_hash).await
}

/// Wrong tries wait like those of signing in, because a copied session must not find the
/// password. They are counted apart: strangers who guess at the sign-in delay nobody here, nor do
/// neighbours in the network.
async fn check_own(ctx: &BoxCtx, field: &str, current: Secret, kept: String) -> Result<()> {
    let account = token_hash(&format!("own password of {}", ctx.principal()?.user));
    let target = Target { account, device: None };
    let platform = &ctx.platform;
    platform.sign_ins.begin(None, target, ctx.now()).inspect_err(|_| count_refused_proof())?;
    match platform.passwords.verify(Lane::Known, current, Some(kept)).await {
        Ok(verdict) if verdict.is_right => {
            platform.sign_ins.succeeded(None, target, ctx.now());
            Ok(())
        }
        Ok(_) => {
            count_refused_proof();
            let detail = "This is not your present password.";
            Err(Error::invalid(field, passwords::rules::PASSWORD_WRONG, detail))
        }
        Err(error) => {
            platform.sign_ins.undone(None, target, ctx.now());
            Err(error)
        }
    }
}

/// What somebody who knows the person would try.
async fn context(ctx: &BoxCtx, name: &str, email: &str) -> Result<Vec<String>> {
    let mine = workspaces::ops::list_mine(ctx).await?;
    let workspaces = mine.into_iter().map(|one| one.workspace.name);
    Ok([name.to_owned(), email.to_owned()].into_iter().chain(workspaces).collect())
}

//! Making, listing and revoking personal tokens.

use super::rules::{Draft, check_room, life};
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::resets::rules::check_person;
use crate::platform::identity::sessions::ops::{
    Asker, TokenDraft, end_token_in, make_token_in, token_in, tokens_in,
};
use crate::platform::identity::sessions::rules::{FamilyId, Listed};
use crate::platform::identity::{User, UserId, users};
use crate::platform::secret::Secret;
use crate::platform::workspaces::rules::clean_name;

/// A token and, right after it was made, its value.
pub struct Token {
    pub listed: Listed,
    pub value: Option<Secret>,
}

/// Makes a token. A repeated request gets the same token without its value: that is shown once.
pub async fn create(ctx: &BoxCtx, draft: Draft) -> Result<Created<Token>> {
    let principal = ctx.principal()?;
    principal.need_whole()?;
    let (user, by_token) = (principal.user, principal.is_token().then_some(principal.family));
    let asker = Asker::of(ctx)?;
    let load = move |scope: &BoxScope<'_>, id: FamilyId| {
        Ok(Token { listed: token_in(scope, user, id)?, value: None })
    };
    ctx.create(load, move |scope| {
        let allowed = draft.check(&*asker.by_now_in(scope)?)?;
        let draft = TokenDraft {
            name: allowed.name,
            life: allowed.life,
            workspace: allowed.workspace,
            permissions: allowed.permissions,
        };
        if let Some(maker) = by_token {
            outlives_not(scope, user, maker, &draft)?;
        }
        check_room(tokens_in(scope, user)?.len())?;
        let (id, value) = make_token_in(scope, user, &draft)?;
        let listed = token_in(scope, user, id)?;
        Ok((id, Token { listed, value: Some(value) }))
    })
    .await
}

/// Makes a token for a person by name, good for all that they may.
pub(in crate::platform) async fn create_for(
    ctx: &BoxCtx,
    who: String,
    name: &str,
    days: i64,
) -> Result<(User, Token)> {
    let (name, life) = (clean_name("name", name)?, life(days)?);
    let draft = TokenDraft { name, life, workspace: None, permissions: None };
    ctx.write(move |scope| {
        let user = users::ops::named_in(scope, &who)?;
        check_person(&user)?;
        check_room(tokens_in(scope, user.id)?.len())?;
        let (id, value) = make_token_in(scope, user.id, &draft)?;
        let listed = token_in(scope, user.id, id)?;
        Ok((user, Token { listed, value: Some(value) }))
    })
    .await
}

/// A copied token must not be able to prolong itself.
fn outlives_not(
    scope: &BoxScope<'_>,
    user: UserId,
    maker: FamilyId,
    draft: &TokenDraft,
) -> Result<()> {
    if scope.now().plus(draft.life) <= token_in(scope, user, maker)?.expires_at {
        return Ok(());
    }
    let detail = "A token made with a token ends no later than that one. Sign in for more.";
    Err(Error::invalid("expires_in_days", "expiry-out-of-range", detail))
}

/// The caller's tokens, newest first.
pub async fn list(ctx: &BoxCtx) -> Result<Vec<Token>> {
    let user = ctx.principal()?.user;
    let listed = ctx.read(move |scope| tokens_in(scope, user)).await?;
    Ok(listed.into_iter().map(|listed| Token { listed, value: None }).collect())
}

/// Revokes one of the caller's tokens. Every token may revoke itself.
pub async fn revoke(ctx: &BoxCtx, token: FamilyId) -> Result<()> {
    let principal = ctx.principal()?;
    if principal.family != token {
        principal.need_whole()?;
    }
    let user = principal.user;
    ctx.write(move |scope| {
        token_in(scope, user, token)?;
        if end_token_in(scope, token)? { Ok(()) } else { Err(Error::NotFound) }
    })
    .await
}

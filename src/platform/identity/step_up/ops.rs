//! Proving once more who one is.

use serde_json::Value;

use crate::platform::clock::Moment;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::identity::factors::ops::{Origin, Proof};
use crate::platform::identity::factors::rules::need_browser;
use crate::platform::identity::sessions::rules::{FamilyId, Kind};
use crate::platform::identity::{factors, me, passkeys, sessions};
use crate::platform::secret::Secret;

/// A session with elevated rights.
pub struct Elevated {
    pub until: Moment,
    /// The value that replaces the session's cookie.
    pub session: Secret,
}

/// Elevates the caller's session by a code of an app or from paper.
pub async fn by_code(ctx: &BoxCtx, code: &Secret) -> Result<Elevated> {
    let principal = ctx.principal()?;
    need_browser(principal.kind != Kind::Session)?;
    factors::ops::with_code(ctx, principal.user, code, Origin::Session, async |proof| {
        elevate(ctx, principal.family, proof).await
    })
    .await
}

/// Asks the caller's device for a proof.
pub async fn ask_passkey(ctx: &BoxCtx, host: &str) -> Result<Value> {
    let principal = ctx.principal()?;
    need_browser(principal.kind != Kind::Session)?;
    let asker = passkeys::ops::elevator(principal.family);
    passkeys::ops::ask(ctx, principal.user, asker, host).await
}

/// Elevates the caller's session by what a device answered.
pub async fn by_passkey(ctx: &BoxCtx, answer: Value) -> Result<Elevated> {
    let principal = ctx.principal()?;
    need_browser(principal.kind != Kind::Session)?;
    let answered = (passkeys::ops::elevator(principal.family), answer);
    factors::ops::with_passkey(ctx, principal.user, answered, Origin::Session, async |proof| {
        elevate(ctx, principal.family, proof).await
    })
    .await
}

async fn elevate(ctx: &BoxCtx, family: FamilyId, proof: Proof) -> Result<Elevated> {
    let (until, session) = ctx
        .write(move |scope| {
            let by = proof.use_in(scope)?;
            sessions::ops::elevate_in(scope, family, by)
        })
        .await?;
    Ok(Elevated { until, session })
}

/// Elevates the caller's session by the password, which is enough for whoever has no factor.
pub async fn by_password(ctx: &BoxCtx, password: Secret) -> Result<Elevated> {
    let principal = ctx.principal()?;
    need_browser(principal.kind != Kind::Session)?;
    if principal.factors.is_enrolled() {
        let detail = "You have a second factor. Use a code of it.";
        return Err(Error::invalid("password", "factor-needed", detail));
    }
    me::ops::check_own_password(ctx, "password", password).await?;
    let family = principal.family;
    let (until, session) =
        ctx.write(move |scope| sessions::ops::elevate_in(scope, family, "password")).await?;
    Ok(Elevated { until, session })
}

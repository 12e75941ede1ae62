//! What follows from metadata that was believed, beside an offer: the supervisor takes it over, so
//! that what was revoked is not started again, and a plan ends whose release is offered no more.

use std::path::PathBuf;

use serde_json::Value;

use super::feeding::{self, Asks, INCOMING, Look, Trouble};
use super::planning::{as_box, end_in, link};
use super::switching::standing;
use super::{KIND, check_channel_in};
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::tasks;
use crate::platform::updates::digest;
use crate::platform::updates::metadata::rules::check;
use crate::platform::updates::metadata::{self, Target, Trusted};
use crate::platform::updates::rules::{Outcome, Reason, Update};
use crate::platform::updates::store;
use crate::platform::updates::supervisor::protocol::Wish;
use crate::platform::updates::supervisor::vouching;

/// Asks the supervisor and takes its refusal as the reason.
pub(super) async fn ask(ctx: &BoxCtx, wish: Wish) -> Result<Value, Trouble> {
    match link(ctx)?.ask::<Value>(wish).await? {
        Ok(value) => Ok(value),
        Err(refused) => Err(Trouble::Refused(Reason::new(refused.code, &refused.detail))),
    }
}

/// Lays the metadata where the supervisor looks for it, in place of what was there; gives the
/// folder. To be called by whoever holds `incoming` of the link.
pub(super) async fn lay(ctx: &BoxCtx, look: &Look) -> Result<PathBuf, Trouble> {
    let folder = feeding::folder(&ctx.platform).join(INCOMING);
    let (fresh, into) = (look.fresh.clone(), folder.clone());
    let laid = tasks::blocking(move || match std::fs::remove_dir_all(&into) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(fresh.write_feed(&into)),
    });
    laid.await??;
    Ok(folder)
}

/// Has the supervisor take over what was believed, where that is news to it. Where it cannot do so
/// now, the next look comes by again.
pub(super) async fn hand_on(ctx: &BoxCtx, look: &Look) {
    if let Err(trouble) = try_hand_on(ctx, look).await {
        let (reason, _) = trouble.told();
        tracing::warn!(
            code = reason.code,
            "The supervisor did not take the new metadata over: {}",
            reason.detail
        );
    }
}

async fn try_hand_on(ctx: &BoxCtx, look: &Look) -> Result<(), Trouble> {
    // Whoever prepares an update hands over the metadata as well. During a switch nothing is asked
    // of the supervisor but how it goes.
    let Ok(incoming) = link(ctx)?.incoming.try_acquire() else { return Ok(()) };
    if !look.is_news || standing(link(ctx)?).await?.under_way.is_some() {
        return Ok(());
    }
    lay(ctx, look).await?;
    ask(ctx, Wish::Take { seq: None, accept_stale: false }).await?;
    drop(incoming);
    Ok(note_left_out(ctx, look).await?)
}

/// Notes which releases are not for this box, and why. To be called when the supervisor has taken
/// over what they stand in: from then on they are no news.
pub(super) async fn note_left_out(ctx: &BoxCtx, look: &Look) -> Result<()> {
    if look.left_out.is_empty() {
        return Ok(());
    }
    let left_out = look.left_out.clone();
    let note = move |scope: &BoxScope<'_>| {
        left_out.iter().try_for_each(|one| {
            let entry = Entry::about("update.left_out", KIND).set("version", one.version.clone());
            scope.audit(entry.set("code", one.code)).map(drop)
        })
    };
    as_box(ctx).write(note).await
}

/// Ends the plan that waits where its release is not for this box any more by what the supervisor
/// trusts.
///
/// # Errors
/// `update-channel-not-allowed`, and that the trusted metadata cannot be read.
pub(super) async fn review_plan(ctx: &BoxCtx) -> Result<()> {
    let Some(plan) = ctx.read(waiting_in).await? else { return Ok(()) };
    ctx.read(move |scope| check_channel_in(scope, &plan.channel)).await?;
    let at = standing(link(ctx)?).await?.state.join(vouching::FOLDER);
    let trusted = tasks::blocking(move || Ok(Trusted::open(&at))).await??;
    let targets = trusted.map(|trusted| trusted.targets()).unwrap_or_default();
    // Before the first feed was taken over nothing says anything of any release.
    if targets.is_empty() { Ok(()) } else { review_plan_by(ctx, &targets).await }
}

/// The same by this list of releases.
pub(super) async fn review_plan_by(ctx: &BoxCtx, targets: &[Target]) -> Result<()> {
    let Some(plan) = ctx.read(waiting_in).await? else { return Ok(()) };
    let asks = Asks::of(ctx, &standing(link(ctx)?).await?).await?;
    let Err(reason) = still_offered(&plan, targets, &asks) else { return Ok(()) };
    let reason = Reason::new(reason.code, &reason.detail);
    ctx.write(move |scope: &BoxScope<'_>| {
        // Somebody may have confirmed it meanwhile.
        let Some(open) = waiting_in(scope)?.filter(|one| one.id == plan.id) else { return Ok(()) };
        end_in(scope, open, Outcome::Discarded, Some(reason)).map(drop)
    })
    .await
}

/// The update whose plan waits to be confirmed.
fn waiting_in(scope: &BoxScope<'_>) -> Result<Option<Update>> {
    let open = store::under_way(scope)?;
    Ok(open.filter(|one| one.plan.is_some() && one.confirmed_at.is_none()))
}

fn still_offered(plan: &Update, targets: &[Target], asks: &Asks) -> metadata::Result<()> {
    let asking = asks.asking();
    let is_it = |one: &&Target| {
        let release = one.release.as_ref();
        release
            .is_some_and(|it| it.seq == plan.to.seq && it.os == asking.os && it.arch == asking.arch)
    };
    if let Some(target) = targets.iter().find(is_it) {
        return check(target, &asking);
    }
    let said = format!("{} is not among the releases any more.", plan.to.version);
    Err(metadata::Reason::new("update-unknown-release", said))
}

/// The refusal of a digest of the last plan, where that was given up because its release is offered
/// no more.
pub(super) fn gone_in(scope: &BoxScope<'_>, given: &str) -> Result<Option<Error>> {
    let last = store::list(scope, None, 1)?.into_iter().next();
    let last = last.filter(|one| one.outcome == Some(Outcome::Discarded));
    let Some(Update { reason: Some(reason), salt: Some(salt), plan: Some(plan), .. }) = last else {
        return Ok(None);
    };
    if digest::check(given, &salt, &plan, scope.now()).is_err() {
        return Ok(None);
    }
    let detail = format!(
        "{} The plan was given up, and nothing was changed. Look for updates again.",
        reason.detail
    );
    Ok(Some(Error::conflict("update-offer-gone", detail)))
}

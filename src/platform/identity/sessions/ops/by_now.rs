//! Who a caller is by now: what was true when their request was let in may have changed.

use std::sync::Arc;

use super::{lifetimes, principal, sign_in_needed, store};
use crate::platform::Platform;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::Result;
use crate::platform::identity::factors;
use crate::platform::identity::factors::rules::enrolment_needed;
use crate::platform::identity::programs::access;
use crate::platform::identity::sessions::rules::{
    Decision, Lifetimes, Principal, decide, good_until,
};

/// Somebody who was let in, to be looked at again inside a transaction.
pub struct Asker {
    before: Arc<Principal>,
    platform: Arc<Platform>,
    lifetimes: Lifetimes,
}

impl Asker {
    pub fn of(ctx: &BoxCtx) -> Result<Self> {
        let before = Arc::clone(ctx.principal()?);
        Ok(Self { before, platform: Arc::clone(&ctx.platform), lifetimes: lifetimes(ctx) })
    }

    /// Who that is by now; an error when the session has ended.
    pub fn by_now_in(&self, scope: &BoxScope<'_>) -> Result<Arc<Principal>> {
        self.standing_in(scope).map(|(principal, _)| principal)
    }

    /// With the moment until when it holds if nothing happens.
    fn standing_in(&self, scope: &BoxScope<'_>) -> Result<(Arc<Principal>, Moment)> {
        let Self { before, platform, lifetimes } = self;
        if let Some(until) = before.good_until {
            return access::check_again_in(scope, before, until, platform);
        }
        let known = store::find_newest(scope, before.family)?.ok_or_else(sign_in_needed)?;
        if decide(&known, *lifetimes, scope.now()) == Decision::Ended {
            return Err(sign_in_needed());
        }
        let factors = factors::ops::standing_in(scope, known.user)?;
        let person = store::person(scope, before.family)?;
        let principal = principal(&known, person, factors, platform)?;
        Ok((Arc::new(principal), good_until(&known, *lifetimes)))
    }
}

/// Who the caller is by now, and until when that holds if nothing happens; an error when the
/// session has ended.
pub async fn by_now(ctx: &BoxCtx) -> Result<(Arc<Principal>, Moment)> {
    let asker = Asker::of(ctx)?;
    ctx.read(move |scope| asker.standing_in(scope)).await
}

/// The same for the caller of a long-lived stream, which ends when they have to enrol.
pub async fn refresh(ctx: &BoxCtx) -> Result<(Arc<Principal>, Moment)> {
    let (principal, good_until) = by_now(ctx).await?;
    if principal.must_enrol(ctx.now()) {
        return Err(enrolment_needed());
    }
    let enrol_by = principal.factors.enrol_by().filter(|_| !principal.is_token());
    Ok((principal, enrol_by.map_or(good_until, |by| by.min(good_until))))
}

//! One-time links that strangers open: invitations and password resets.

use std::net::IpAddr;

use crate::config::Limits;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Code, Error, Result, code};
use crate::platform::identity::sign_in;
use crate::platform::random::Random;
use crate::platform::secret::{Secret, to_base64};
use crate::platform::throttle::Buckets;

const LINK_THROTTLED: &str = "link-throttled";

pub const CODES: &[Code] = &[code(
    LINK_THROTTLED,
    "Too many wrong links were tried from this network.",
    "Wait as long as Retry-After says; a right link stays good meanwhile.",
)];

/// What is remembered of wrong links, in memory: a restart forgives them.
pub struct Links {
    wrong: Buckets<IpAddr>,
}

impl Links {
    pub fn new(limits: &Limits) -> Self {
        let (burst, per_min) = (limits.sign_in_failures_burst, limits.sign_in_failures_per_min);
        Self { wrong: Buckets::new(burst, per_min, LINK_THROTTLED) }
    }
}

/// Looks a presented link up by `work`. One that names nothing counts against the network it came
/// from, so that nobody can search for good ones.
pub async fn guarded<T>(
    ctx: &BoxCtx,
    network: Option<IpAddr>,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let wrong = &ctx.platform.links.wrong;
    let Some(network) = network else { return noted(ctx, None, work).await };
    sign_in::counted(wrong.take(network, ctx.now()))?;
    let outcome = noted(ctx, Some(network), work).await;
    if !matches!(outcome, Err(Error::Denied(_))) {
        wrong.put_back(network, ctx.now());
    }
    outcome
}

/// Notes in the audit log when a link names nothing (any more).
pub async fn noted<T>(
    ctx: &BoxCtx,
    network: Option<IpAddr>,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let outcome = work.await;
    if let Err(Error::Denied(refusal)) = &outcome {
        sign_in::ops::report_link(ctx, network, refusal.code).await;
    }
    outcome
}

/// 256 random bits.
pub fn new_token(random: &Random) -> Secret {
    Secret::new(to_base64(&random.bytes::<32>()))
}

/// The link people open. What follows `#` stays in the browser and reaches no log.
pub fn link(ctx: &BoxCtx, page: &str, token: &Secret) -> String {
    format!("{}/{page}#token={}", ctx.platform.origin(), token.reveal())
}

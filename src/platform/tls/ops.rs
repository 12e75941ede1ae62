//! What operators see of certificates and can do about them, and when they are told.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::MissedTickBehavior;
use tracing::warn;

use super::acme::{self, Acme, NameState, State};
use super::rules::Name;
use super::{CertificateKind, CertificateStatus, Certificates, jobs};
use crate::platform::Platform;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::error::{Error, Result};
use crate::platform::jobs::Job;
use crate::platform::jobs::ops::{UnderWay, Wanted, ask, under_way_in};
use crate::platform::{notices, tasks};

pub(super) const NOTHING_TO_RENEW: &str = "tls-nothing-to-renew";
/// How often it is looked at whether something is due.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How certificates stand.
pub struct Standing {
    /// None behind a proxy.
    pub certificate: Option<Arc<CertificateStatus>>,
    pub names: Vec<NameState>,
    /// Where a public authority signs.
    pub authority: Option<Authority>,
}

/// How it stands with a public authority.
pub struct Authority {
    pub directory: String,
    pub terms: Option<String>,
    pub is_agreed: bool,
    /// The account's address.
    pub account: Option<String>,
    /// Who signed the certificate in use.
    pub issuer: Option<String>,
    pub obtained_at: Option<Moment>,
    pub renewal_at: Option<Moment>,
    pub is_renewal_suggested: bool,
    pub tried_at: Option<Moment>,
    pub next_at: Option<Moment>,
    pub failures: u32,
    pub last_error: Option<String>,
}

/// How they stand now.
pub fn standing(platform: &Platform) -> Standing {
    let Some(certificates) = certificates(platform) else {
        return Standing { certificate: None, names: Vec::new(), authority: None };
    };
    let (status, now) = (certificates.status(), platform.clock.now());
    let acme = certificates.acme();
    let mut names = acme.map(|acme| acme.names(now)).unwrap_or_default();
    let state = match status.kind {
        CertificateKind::Own => State::Public,
        CertificateKind::LocalCa | CertificateKind::Acme => State::Local,
    };
    for name in status.names.iter().filter_map(|name| Name::parse(name)) {
        if !names.iter().any(|one| one.name == name) {
            names.push(NameState { name, state, detail: None });
        }
    }
    let authority = acme.map(|acme| authority(acme, now));
    Standing { certificate: Some(status), names, authority }
}

fn authority(acme: &Acme, now: Moment) -> Authority {
    let standing = acme.standing();
    let leaf = acme.leaf(now);
    let moment = |at: Option<i64>| at.map(Moment);
    Authority {
        terms: standing.terms,
        is_agreed: acme.settings().is_agreed,
        account: standing.account,
        issuer: leaf.as_ref().map(|leaf| leaf.issuer.clone()),
        obtained_at: moment(standing.obtained_at),
        renewal_at: moment(standing.renewal_at).filter(|_| leaf.is_some()),
        is_renewal_suggested: standing.is_renewal_suggested,
        tried_at: moment(standing.tried_at),
        next_at: moment(standing.next_at),
        failures: standing.failures,
        last_error: standing.trouble,
        directory: standing.directory,
    }
}

fn certificates(platform: &Platform) -> Option<Arc<Certificates>> {
    platform.reach.get()?.certificates.clone()
}

fn wanted() -> Wanted {
    let (kind, input) = (jobs::RENEW.kind, Value::Null);
    Wanted { kind, workspace: None, subject: String::new(), input }
}

/// Has a new certificate asked for. Answers with the job that does it.
pub async fn renew(ctx: &BoxCtx) -> Result<Job> {
    let certificates = certificates(&ctx.platform);
    let Some(acme) = certificates.as_ref().and_then(|one| one.acme()) else {
        let detail = "The box asks no authority for certificates; see tls.mode.";
        return Err(Error::conflict(NOTHING_TO_RENEW, detail));
    };
    acme::ops::want_now(acme, ctx.now())?;
    Ok(ask(ctx, wanted(), UnderWay::Join).await?.value)
}

/// Looks at the certificates at once, so that their standing is the newest.
pub(super) async fn check_now(platform: &Platform) -> Result<()> {
    let Some(certificates) = certificates(platform) else { return Ok(()) };
    tasks::blocking(move || {
        certificates.check();
        Ok(())
    })
    .await
}

/// Asks for the job when it is due, and tells operators of an end that comes near, until the box
/// stops.
pub fn keep(platform: &Arc<Platform>) {
    let kept = Arc::clone(platform);
    platform.tasks.start("certificate-renewal", |mut stop| async move {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = None;
        loop {
            tokio::select! {
                () = stop.requested() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = look(&kept, &mut told).await {
                warn!("Whether certificates are due could not be looked at: {error}");
            }
        }
    });
}

/// What was told last: which certificate, and how many days it had left.
pub type Told = Option<(String, u8)>;

/// Looks once.
pub async fn look(platform: &Arc<Platform>, told: &mut Told) -> Result<()> {
    let Some(certificates) = certificates(platform) else { return Ok(()) };
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    let is_due = certificates.acme().is_some_and(|acme| acme.is_due(ctx.now()));
    if is_due && ctx.read(|scope| under_way_in(scope, jobs::RENEW.kind)).await?.is_none() {
        ask(&ctx, wanted(), UnderWay::Join).await?;
    }
    tell(&ctx, &certificates.status(), told).await
}

/// Tells operators that a certificate ends soon: once for each of two times before its end.
async fn tell(ctx: &BoxCtx, status: &CertificateStatus, told: &mut Told) -> Result<()> {
    let is_renewed = status.kind != CertificateKind::Own;
    let Some(days) = acme::rules::to_tell(status.validity(), is_renewed, ctx.now()) else {
        return Ok(());
    };
    let this = Some((status.fingerprint.clone(), days));
    if *told == this {
        return Ok(());
    }
    let status = status.clone();
    let may_be_told = ctx.read(|scope| notices::ops::keepers_in(scope, None)).await?;
    if may_be_told.is_empty() {
        // Before the box is set up there is nobody to be told.
        return Ok(());
    }
    ctx.write(move |scope| notices::ops::certificate_ends_in(scope, &status, days)).await?;
    *told = this;
    Ok(())
}

//! What the audit log has of requests that were not let through.

use std::net::IpAddr;

use http::Method;

use super::{Incoming, TOO_MANY};
use crate::http::address::sender;
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, Ctx};
use crate::platform::error::Error;
use crate::platform::identity::{Principal, UserId};
use crate::platform::throttle::Buckets;

/// Refused requests of one person written to the audit log singly, per minute.
const OF_PERSON_PER_MIN: u64 = 60;
/// Of one address that nobody has signed in from: at once, and per minute from then on. Whoever
/// knocks at a box on the internet must not fill its log.
const OF_STRANGER_AT_ONCE: u64 = 3;
const OF_STRANGER_PER_MIN: u64 = 1;

/// How much was noted lately, and of whom.
pub(super) struct Refusals {
    people: Buckets<UserId>,
    strangers: Buckets<IpAddr>,
}

impl Refusals {
    pub(super) fn new() -> Self {
        Self {
            people: Buckets::new(OF_PERSON_PER_MIN, OF_PERSON_PER_MIN, TOO_MANY),
            strangers: Buckets::new(OF_STRANGER_AT_ONCE, OF_STRANGER_PER_MIN, TOO_MANY),
        }
    }

    /// Notes a refusal of a signed-in person in the log of the workspace, or of the box.
    pub(super) async fn note(
        &self,
        on_box: &BoxCtx,
        principal: &Principal,
        incoming: &Incoming<'_>,
        error: &Error,
    ) {
        let Error::Forbidden { needed } = error else { return };
        if self.people.take(principal.user, on_box.now()).is_err() {
            return not_noted();
        }
        let entry = entry(incoming).set("needed", *needed);
        let membership = incoming
            .workspace
            .and_then(|text| text.parse().ok())
            .and_then(|id| principal.membership(id));
        let written = match membership {
            Some(membership) => {
                let ctx = Ctx::new(on_box.clone(), membership.clone());
                ctx.write(move |scope| scope.audit(entry)).await
            }
            None => on_box.write(move |scope| scope.audit(entry)).await,
        };
        if let Err(error) = written {
            warn(&error);
        }
    }

    /// Notes in the box's log that somebody would have changed something who is not known, or whose
    /// browser was led to it by the page of another site.
    pub(super) async fn note_stranger(
        &self,
        on_box: &BoxCtx,
        incoming: &Incoming<'_>,
        error: &Error,
    ) {
        let (Error::Denied(refusal) | Error::SignInNeeded(refusal)) = error else { return };
        let Some(address) = on_box.cause.address else { return };
        if matches!(*incoming.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return;
        }
        if self.strangers.take(sender(address), on_box.now()).is_err() {
            return not_noted();
        }
        let entry = entry(incoming).set("code", refusal.code);
        if let Err(error) = on_box.write(move |scope| scope.audit(entry)).await {
            warn(&error);
        }
    }
}

fn entry(incoming: &Incoming<'_>) -> Entry {
    let entry = Entry::about("access.refused", "access").refused();
    let entry = entry.set("method", incoming.method.as_str());
    entry.set("route", incoming.template.unwrap_or_default())
}

fn not_noted() {
    metrics::counter!("holdfast_refusals_not_audited_total").increment(1);
}

fn warn(error: &Error) {
    tracing::warn!("A refusal could not be written to the audit log: {error}");
}

//! What the supervisor has somebody look at, a changed release that it did not start for one, and
//! whether the kernel keeps this process from releases, is known to it alone: the worker that hears
//! of it writes it into the audit log.

use super::KIND;
use super::switching::standing;
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::Result;
use crate::platform::updates::supervisor::boot::Kind;
use crate::platform::updates::supervisor::reasons;
use crate::platform::updates::supervisor::standing::{
    Alert, Protection, ProtectionState, Standing,
};

/// What the supervisor said at the last look. Each process begins anew, so the log says again at
/// each start what nobody has mended.
#[derive(Debug, Default)]
pub(in crate::platform) struct Alarms {
    alerts: Vec<Alert>,
    protection: Option<Protection>,
}

impl Alarms {
    /// Writes down what was not there at the last look.
    ///
    /// # Errors
    /// The supervisor does not answer, or the box's file cannot be written.
    pub(in crate::platform) async fn look(&mut self, ctx: &BoxCtx) -> Result<()> {
        let Some(link) = &ctx.platform.updates else { return Ok(()) };
        let Standing { mut alerts, last, protection, .. } = standing(link).await?;
        // What became of a package stands in the history, with an entry of its own.
        let told = last.filter(|one| one.kind == Kind::Package).and_then(|one| one.why);
        alerts.retain(|alert| told.as_ref().is_none_or(|why| why.code != alert.code));
        let mut fresh: Vec<Entry> =
            alerts.iter().filter(|one| !self.alerts.contains(one)).map(alarm).collect();
        if self.protection.as_ref() != Some(&protection) {
            fresh.push(kept_out(&protection));
        }
        if !fresh.is_empty() {
            let note = move |scope: &BoxScope<'_>| {
                fresh.into_iter().try_for_each(|entry| scope.audit(entry).map(drop))
            };
            ctx.write(note).await?;
        }
        *self = Self { alerts, protection: Some(protection) };
        Ok(())
    }
}

fn alarm(Alert { code, detail }: &Alert) -> Entry {
    let entry = Entry::about("update.alert", KIND).refused();
    entry.set("code", code.as_str()).set("detail", detail.as_str())
}

/// How far a worker is kept from where releases lie, which it tries before it begins.
fn kept_out(protection: &Protection) -> Entry {
    let entry = Entry::about("update.protection", KIND);
    let (entry, code) = match protection.state {
        ProtectionState::Full | ProtectionState::Partial => {
            (entry.refused(), reasons::WRITE_REFUSED)
        }
        ProtectionState::Missing | ProtectionState::SharedFolder => (entry, reasons::UNPROTECTED),
    };
    entry.set("code", code).set("detail", protection.detail.as_str())
}

//! What the supervisor has somebody look at, a changed release that it did not start for one, is
//! known to it alone: the worker that hears of it writes it into the audit log.

use super::KIND;
use super::switching::standing;
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::Result;
use crate::platform::updates::supervisor::boot::Kind;
use crate::platform::updates::supervisor::standing::{Alert, Standing};

/// What stood in the supervisor's alerts at the last look. Each process begins anew, so the log
/// says again at each start what nobody has mended.
#[derive(Debug, Default)]
pub(in crate::platform) struct Alarms(Vec<Alert>);

impl Alarms {
    /// Writes down what was not there at the last look.
    ///
    /// # Errors
    /// The supervisor does not answer, or the box's file cannot be written.
    pub(in crate::platform) async fn look(&mut self, ctx: &BoxCtx) -> Result<()> {
        let Some(link) = &ctx.platform.updates else { return Ok(()) };
        let Standing { mut alerts, last, .. } = standing(link).await?;
        // What became of a package stands in the history, with an entry of its own.
        let told = last.filter(|one| one.kind == Kind::Package).and_then(|one| one.why);
        alerts.retain(|alert| told.as_ref().is_none_or(|why| why.code != alert.code));
        let fresh: Vec<Alert> =
            alerts.iter().filter(|one| !self.0.contains(one)).cloned().collect();
        if !fresh.is_empty() {
            let note = move |scope: &BoxScope<'_>| {
                fresh.into_iter().try_for_each(|Alert { code, detail }| {
                    let entry = Entry::about("update.alert", KIND).refused();
                    scope.audit(entry.set("code", code).set("detail", detail)).map(drop)
                })
            };
            ctx.write(note).await?;
        }
        self.0 = alerts;
        Ok(())
    }
}

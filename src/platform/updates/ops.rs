//! How updates stand, what was tried, and asking for one.

pub(in crate::platform) mod alarms;
mod believed;
pub mod checking;
mod feeding;
pub mod figures;
pub mod going_back;
pub mod history;
pub mod news;
pub(super) mod packaged;
pub mod planning;
pub(super) mod preparing;
pub mod status;
pub(super) mod switching;
mod telling;
pub mod uploads;

use crate::platform::audit::Entry;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::id::Id;
use crate::platform::identity::services;

use super::rules::{By, Who};

/// Audit kind.
pub const KIND: &str = "box.update";

/// Who wants something, as the history keeps it.
pub(super) fn who(cause: &Cause) -> Who {
    let by = match &cause.actor {
        _ if cause.service().is_some() => By::Service,
        Actor::Principal(_) | Actor::Newcomer(_) => By::Person,
        Actor::CommandLine | Actor::Stranger => By::Machine,
        Actor::System => By::Policy,
    };
    Who { by, id: cause.user().map(Id::cast) }
}

/// Refuses a service account that may not serve the channel of this box. People who operate the
/// box serve every channel.
pub(super) fn check_channel_in(scope: &BoxScope<'_>, channel: &str) -> Result<()> {
    let Some(service) = scope.cause().service() else { return Ok(()) };
    let channels = services::ops::channels_in(scope, service)?;
    if channels.iter().any(|one| one == channel) {
        return Ok(());
    }
    let detail = format!("This account may not serve the channel {channel}, which the box is on.");
    Err(Error::Denied(Refusal::new("update-channel-not-allowed", detail)))
}

/// Passes on what came of a wish, and keeps a refusal in the audit log with its reason.
pub(in crate::platform) async fn kept<T>(
    ctx: &BoxCtx,
    asked: &'static str,
    came: Result<T>,
) -> Result<T> {
    let Err(error) = &came else { return came };
    let code = match error {
        Error::Denied(refusal)
        | Error::Rule(refusal)
        | Error::Conflict(refusal)
        | Error::Unavailable(refusal) => refusal.code,
        _ => return came,
    };
    let entry = Entry::about("update.refused", KIND).refused().set("asked", asked);
    let entry = entry.set("code", code);
    ctx.write(move |scope| scope.audit(entry).map(drop)).await?;
    came
}

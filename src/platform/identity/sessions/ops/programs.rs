//! The families of programs that people signed in with: an access token names its family, and a
//! one-time value keeps it alive.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{KIND, end_in, principal, store};
use crate::platform::Platform;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxScope, Unit};
use crate::platform::error::{Error, Result};
use crate::platform::identity::sessions::Principal;
use crate::platform::identity::sessions::rules::{
    ELEVATED_FOR, ENDED_KEPT, FamilyId, Kind, Known, LAST_SEEN_STEP,
};
use crate::platform::identity::{UserId, factors};
use crate::platform::notices;
use crate::platform::secret::token_hash;

/// Programs one person is signed in with at the same time; the oldest makes room.
const PROGRAMS_MAX: usize = 50;

/// A sign-in of a program to be begun.
pub struct ProgramDraft {
    pub id: FamilyId,
    pub user: UserId,
    pub name: String,
    /// All it may do; none for all that the person may.
    pub permissions: Option<BTreeSet<String>>,
    /// The first one-time value.
    pub value_hash: [u8; 32],
    pub life: Duration,
}

/// Begins a family inside the caller's transaction.
pub fn begin_in(scope: &BoxScope<'_>, draft: &ProgramDraft) -> Result<()> {
    store::drop_ended(scope, draft.user, scope.now().minus(ENDED_KEPT))?;
    let live = store::list(scope, draft.user, Kind::Program, scope.now())?;
    for oldest in live.iter().skip(PROGRAMS_MAX - 1) {
        end_in(scope, oldest.id, "too-many")?;
    }
    let permissions = match &draft.permissions {
        Some(permissions) => Some(serde_json::to_string(permissions).map_err(Error::internal)?),
        None => None,
    };
    let family = store::NewFamily {
        id: draft.id,
        user: draft.user,
        kind: Kind::Program,
        name: &draft.name,
        workspace: None,
        permissions,
        address: scope.cause().address.map(|address| address.to_string()),
        user_agent: scope.cause().user_agent.as_deref().map(str::to_owned),
        expires_at: scope.now().plus(draft.life),
        token_hash: draft.value_hash,
        // Signing in proves as much as in a browser, and for as long.
        elevated_until: Some(scope.now().plus(ELEVATED_FOR)),
    };
    store::insert_family(scope, &family)?;
    scope.audit(
        Entry::new("identity.program.signed_in", KIND, draft.id)
            .set("user", draft.user.to_string()),
    )?;
    Ok(())
}

/// The family of a one-time value.
pub fn find_in(scope: &Unit<'_>, value: &str) -> Result<Option<Known>> {
    let found = store::find(scope, &token_hash(value))?;
    Ok(found.filter(|known| known.kind == Kind::Program))
}

/// Replaces a family's newest value inside the caller's transaction; the family lives on for
/// `life` from now.
pub fn exchange_in(
    scope: &BoxScope<'_>,
    known: &Known,
    successor: &str,
    life: Duration,
) -> Result<()> {
    let now = scope.now();
    store::programs::drop_older(scope, known.family, now.minus(life))?;
    store::insert_token(scope, known.family, known.serial + 1, &token_hash(successor))?;
    store::programs::exchange(scope, known.family, known.serial, now.plus(life))?;
    scope.audit(Entry::new("identity.program.refreshed", KIND, known.family))?;
    Ok(())
}

/// Ends a family because a value that had been exchanged came back.
pub fn end_reused_in(scope: &BoxScope<'_>, known: &Known) -> Result<()> {
    if store::revoke(scope, known.family, "reuse")? {
        scope.audit(
            Entry::new("identity.program.reused", KIND, known.family)
                .refused()
                .set("user", known.user.to_string()),
        )?;
        notices::ops::session_reused_in(scope, known.user)?;
    }
    Ok(())
}

/// Who a family stands for by now, and what is known of it. None when it has ended.
pub fn standing_in(
    scope: &BoxScope<'_>,
    family: FamilyId,
    platform: &Platform,
) -> Result<Option<(Known, Principal)>> {
    let Some(known) = store::find_newest(scope, family)? else { return Ok(None) };
    if known.kind != Kind::Program || known.is_revoked || scope.now() >= known.expires_at {
        return Ok(None);
    }
    let factors = factors::ops::standing_in(scope, known.user)?;
    let principal = principal(&known, store::person(scope, family)?, factors, platform)?;
    Ok(Some((known, principal)))
}

/// Whether it is time to note that a family was used.
pub fn is_to_be_touched(last_seen_at: Moment, now: Moment) -> bool {
    now.since(last_seen_at) > LAST_SEEN_STEP
}

/// Notes that a family was used.
pub fn touch_in(scope: &BoxScope<'_>, family: FamilyId) -> Result<()> {
    store::touch(scope, family)
}

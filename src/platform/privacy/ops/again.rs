//! Erasing again whom an older file of a workspace may hold.

use std::sync::Arc;

use super::{LookedFor, known_in, wanted};
use crate::platform::Platform;
use crate::platform::clock::Clock;
use crate::platform::ctx::BoxScope;
use crate::platform::db::Snapshot;
use crate::platform::error::{Error, Result};
use crate::platform::identity::{UserId, users};
use crate::platform::jobs::ops::{UnderWay, ask_in, find_in};
use crate::platform::privacy::rules::Known;
use crate::platform::privacy::store;
use crate::platform::workspaces::WorkspaceId;

/// Somebody who was there at the moment of a backup and was erased since.
pub(in crate::platform) struct Returned {
    user: UserId,
    known: Known,
    was_member: bool,
}

/// Somebody whom a workspace from elsewhere names and who was erased from this box.
pub(in crate::platform) fn named_elsewhere(
    user: UserId,
    name: &str,
    email: Option<&str>,
    was_member: bool,
) -> Returned {
    let mut known = Known::default();
    known.add_name(name);
    if let Some(email) = email {
        known.add_email(email);
    }
    Returned { user, known, was_member }
}

/// Everybody whose erasure was ever begun.
pub(in crate::platform) fn erased_in(scope: &BoxScope<'_>) -> Result<Vec<UserId>> {
    store::users(scope)
}

/// Who of them an older file of a workspace may hold, and what they were called. `before` is the
/// box's file of that moment. Blocks.
pub(in crate::platform) fn returned(
    before: &Snapshot,
    clock: &Clock,
    erased: &[UserId],
    workspace: WorkspaceId,
) -> Result<Vec<Returned>> {
    let scope = BoxScope::looking_at(before, clock);
    let mut found = Vec::new();
    for user in erased {
        let person = match users::ops::get_in(&scope, *user) {
            Err(Error::NotFound) => continue,
            person => person?,
        };
        let was_member = store::is_member(&scope, *user, workspace)?;
        found.push(Returned { user: *user, known: known_in(&scope, &person)?, was_member });
    }
    Ok(found)
}

/// Notes that they are to be erased from a workspace's file once more. Gives how many.
pub(in crate::platform) fn note_in(
    scope: &BoxScope<'_>,
    returned: &[Returned],
    workspace: WorkspaceId,
) -> Result<usize> {
    for Returned { user, known, was_member } in returned {
        let erasure = store::of(scope, *user)?.ok_or(Error::NotFound)?;
        if erasure.finished_at.is_none() {
            let detail = "A person is being erased from this box. Ask again when that is done.";
            return Err(Error::conflict("erasure-under-way", detail));
        }
        let looked_for = LookedFor { names: known.names.clone(), emails: known.emails.clone() };
        let looked_for = serde_json::to_string(&looked_for).map_err(Error::internal)?;
        store::open_again(scope, erasure.id, &looked_for, workspace, *was_member)?;
    }
    Ok(returned.len())
}

/// Has erasures go on that are not finished and that no job works on. Nudge the runner afterwards.
pub(in crate::platform) fn resume_in(
    scope: &BoxScope<'_>,
    platform: &Arc<Platform>,
) -> Result<usize> {
    let mut count = 0;
    for erasure in store::unfinished(scope)? {
        if find_in(scope, erasure.job).is_ok_and(|job| !job.state.has_ended()) {
            continue;
        }
        let job = ask_in(scope, &platform.jobs, &wanted(erasure.user)?, UnderWay::Join)?;
        store::set_job(scope, erasure.id, job.id)?;
        count += 1;
    }
    Ok(count)
}

//! Asking for a way in, deciding about it, and using it.

use std::sync::Arc;

use super::rules::{
    APPROVAL_LIFE, Person, Request, RequestId, WAIT_LIFE, check_other, decided, looks_after,
    may_vouch,
};
use super::store;
use crate::platform::access::RoleTable;
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::identity::factors::rules::need_browser;
use crate::platform::identity::sessions::ops::Asker;
use crate::platform::identity::sessions::rules::Kind;
use crate::platform::identity::{User, UserId, factors, users};
use crate::platform::notices;
use crate::platform::workspaces::{members, roles};

/// Audit kind.
pub const KIND: &str = "identity.mfa_request";
/// Waiting requests looked at; there is one for each person at most.
const LISTED_MAX: i64 = 1_000;

/// Asks for a person whose password was right. Asking again changes nothing while it waits.
pub(in crate::platform) async fn ask(ctx: &BoxCtx, user: UserId) -> Result<()> {
    let platform = Arc::clone(&ctx.platform);
    ctx.write(move |scope| {
        let now = scope.now();
        let before = store::find_of(scope, user)?;
        if before.is_some_and(|one| one.is_waiting(now) || one.is_approved(now)) {
            return Ok(());
        }
        let request = new(scope, user);
        store::replace(scope, &request)?;
        scope.audit(entry("identity.mfa_request.made", &request))?;
        // Whoever asks knows the password and may be somebody else.
        let change = "Nothing was dropped yet, but somebody with your password said that it is \
                      lost and asked to be let in without it.";
        notices::ops::factor_changed_in(scope, user, change)?;
        let person = person_in(scope, &platform.roles, user)?;
        let may_help = |workspace, keeper| {
            let Some(keeper) = members::ops::get_in(scope, workspace, keeper)? else {
                return Ok(false);
            };
            let own = roles::ops::grant_in(scope, &platform.roles, workspace, keeper.role)?;
            Ok(looks_after(&own, workspace, &person))
        };
        notices::ops::help_asked_in(scope, user, may_help)
    })
    .await
}

fn new(scope: &BoxScope<'_>, user: UserId) -> Request {
    Request {
        id: scope.new_id(),
        user,
        address: scope.cause().address.map(|address| address.to_string()),
        asked_at: scope.now(),
        approved_at: None,
    }
}

fn entry(action: &'static str, request: &Request) -> Entry {
    Entry::new(action, KIND, request.id).set("user", request.user.to_string())
}

/// Requests the caller may decide about, newest first. Their own is not among them.
pub async fn list(ctx: &BoxCtx) -> Result<Vec<(Request, User)>> {
    let (caller, platform) = (Arc::clone(ctx.principal()?), Arc::clone(&ctx.platform));
    ctx.read(move |scope| {
        let mut seen = Vec::new();
        for request in store::list_waiting(scope, LISTED_MAX)? {
            let is_shown = request.is_waiting(scope.now()) && request.user != caller.user;
            if is_shown && may_vouch(&caller, &person_in(scope, &platform.roles, request.user)?) {
                let user = users::ops::get_in(scope, request.user)?;
                seen.push((request, user));
            }
        }
        Ok(seen)
    })
    .await
}

fn person_in(scope: &BoxScope<'_>, table: &RoleTable, user: UserId) -> Result<Person> {
    let mut grants = Vec::new();
    for (workspace, _, role) in members::ops::list_of_in(scope, user)? {
        grants.push((workspace, roles::ops::grant_in(scope, table, workspace, role.role)?));
    }
    Ok(Person { is_operator: users::ops::get_in(scope, user)?.is_operator, grants })
}

/// What somebody decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Approve,
    Refuse,
}

/// Decides about a request of somebody else.
pub async fn decide(ctx: &BoxCtx, id: RequestId, verdict: Verdict) -> Result<()> {
    need_browser(ctx.principal()?.kind != Kind::Session)?;
    let (asker, platform) = (Asker::of(ctx)?, Arc::clone(&ctx.platform));
    ctx.write(move |scope| {
        let caller = asker.by_now_in(scope)?;
        let request = store::get(scope, id)?.ok_or(Error::NotFound)?;
        check_other(&caller, &request)?;
        if !may_vouch(&caller, &person_in(scope, &platform.roles, request.user)?) {
            return Err(Error::NotFound);
        }
        if !request.is_waiting(scope.now()) {
            return Err(decided());
        }
        match verdict {
            Verdict::Approve => {
                store::approve(scope, id)?;
                scope.audit(entry("identity.mfa_request.approved", &request))?;
            }
            Verdict::Refuse => {
                store::remove_of(scope, request.user)?;
                scope.audit(entry("identity.mfa_request.refused", &request))?;
            }
        }
        Ok(())
    })
    .await
}

/// Lets a person in without a factor at their next sign-in, on the word of whoever owns the
/// machine. Does nothing for somebody who has none.
pub(in crate::platform) fn approve_for_in(scope: &BoxScope<'_>, user: UserId) -> Result<()> {
    if !factors::ops::standing_in(scope, user)?.is_enrolled() {
        return Ok(());
    }
    let request = Request { approved_at: Some(scope.now()), ..new(scope, user) };
    store::replace(scope, &request)?;
    scope.audit(entry("identity.mfa_request.approved", &request))?;
    Ok(())
}

/// Whether the next sign-in of a person needs no factor.
pub(in crate::platform) fn is_approved_in(scope: &BoxScope<'_>, user: UserId) -> Result<bool> {
    let now = scope.now();
    Ok(store::find_of(scope, user)?.is_some_and(|one| one.is_approved(now)))
}

/// Uses an approval up inside the caller's transaction: what the person had is gone, and they can
/// only enrol. False when there is none (any more).
pub(in crate::platform) fn use_in(scope: &BoxScope<'_>, user: UserId) -> Result<bool> {
    let now = scope.now();
    let Some(request) = store::find_of(scope, user)?.filter(|one| one.is_approved(now)) else {
        return Ok(false);
    };
    store::remove_of(scope, user)?;
    factors::ops::lose_all_in(scope, user)?;
    scope.audit(entry("identity.mfa_request.used", &request))?;
    Ok(true)
}

/// Drops requests that are over, inside the caller's transaction. Says how many.
pub fn drop_old_in(scope: &BoxScope<'_>) -> Result<usize> {
    store::drop_old(scope, scope.now().minus(WAIT_LIFE), scope.now().minus(APPROVAL_LIFE))
}

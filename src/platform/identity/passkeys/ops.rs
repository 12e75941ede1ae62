//! Making, using and dropping passkeys.

use std::sync::Arc;

use serde_json::Value;

use super::relying_party::{Adding, Asking, Proof, Proved, Registration, RelyingParty};
use super::rules::{
    Offer, Passkey, PasskeyId, challenge_over, check_room, cloned, is_cloned, is_next, known, name,
    none_here, of_another, stopped, unknown,
};
use super::store;
pub(in crate::platform) use super::waiting::Asker;
use super::waiting::Waiting;
use crate::config::WebOrigin;
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::factors::rules::{is_refused_code, need_browser};
use crate::platform::identity::sessions::rules::{FamilyId, Kind};
use crate::platform::identity::users::ops::KIND;
use crate::platform::identity::{UserId, factors, users};
use crate::platform::notices;
use crate::platform::secret::token_hash;
use crate::platform::setup;

/// Where passkeys work, and the questions that wait for answers.
pub struct Passkeys {
    /// None where the box has no name for it.
    party: Option<RelyingParty>,
    adding: Waiting<Adding>,
    asking: Waiting<Asking>,
}

impl Passkeys {
    pub fn new(public_url: Option<&WebOrigin>) -> Self {
        let party = public_url.and_then(RelyingParty::of);
        Self { party, adding: Waiting::default(), asking: Waiting::default() }
    }

    /// Where passkeys work, seen from a request for this host.
    pub fn offer(&self, host: &str) -> Offer {
        Offer {
            is_here: self.party.as_ref().is_some_and(|party| party.is_at(host)),
            origin: self.origin(),
        }
    }

    /// Where passkeys work; none where the box has no name for it.
    pub fn origin(&self) -> Option<String> {
        self.party.as_ref().map(|party| party.origin.clone())
    }

    fn party(&self) -> Result<&RelyingParty> {
        self.party.as_ref().ok_or_else(challenge_over)
    }
}

fn adder(family: FamilyId) -> Asker {
    token_hash(&format!("a new passkey in {family}"))
}

/// What a session is asked by that proves itself once more.
pub(in crate::platform) fn elevator(family: FamilyId) -> Asker {
    token_hash(&format!("a proof in {family}"))
}

/// The caller's passkeys, oldest first.
pub async fn list(ctx: &BoxCtx) -> Result<Vec<Passkey>> {
    let principal = ctx.principal()?;
    principal.need_whole()?;
    let user = principal.user;
    ctx.read(move |scope| store::list(scope, user)).await
}

/// Asks the caller's device for a new passkey. Gives what the browser hands on to it.
pub async fn begin_adding(ctx: &BoxCtx, host: &str) -> Result<Value> {
    let principal = ctx.principal()?;
    need_browser(principal.kind != Kind::Session)?;
    ctx.platform.passkeys.offer(host).need_here()?;
    let (user, asker) = (principal.user, adder(principal.family));
    let platform = Arc::clone(&ctx.platform);
    ctx.read(move |scope| {
        let party = platform.passkeys.party()?;
        check_room(store::list(scope, user)?.len())?;
        let known = store::credential_ids(scope, user, &party.id)?;
        let user = users::ops::get_in(scope, user)?;
        let box_name = setup::ops::box_name_in(scope)?;
        let (options, adding) = party.ask_for_new(&box_name, &user, known)?;
        platform.passkeys.adding.add(asker, adding, scope.now());
        Ok(options)
    })
    .await
}

/// A passkey that was set up.
pub struct Added {
    pub passkey: Passkey,
    /// When it is the first factor. A repeated request does not see them again.
    pub backup_codes: Option<Vec<String>>,
}

/// Sets up the passkey that the caller's device made.
pub async fn add(ctx: &BoxCtx, called: &str, answer: Value) -> Result<Created<Added>> {
    let principal = ctx.principal()?;
    need_browser(principal.kind != Kind::Session)?;
    let called = name(called)?;
    let (user, asker) = (principal.user, adder(principal.family));
    let platform = Arc::clone(&ctx.platform);
    let load = move |scope: &BoxScope<'_>, id: PasskeyId| {
        let passkey = store::get(scope, user, id)?.ok_or(Error::NotFound)?;
        Ok(Added { passkey, backup_codes: None })
    };
    let outcome = ctx.create(load, move |scope| {
        let passkeys = &platform.passkeys;
        let adding = passkeys.adding.take(&asker, scope.now()).ok_or_else(challenge_over)?;
        let party = passkeys.party()?;
        let registration = Registration::read(answer)?;
        // What the browser calls it, for a clear answer; what the device does counts.
        check_new(scope, user, registration.credential_id())?;
        let made = party.take_new(&adding, &registration)?;
        check_new(scope, user, &made.credential_id)?;
        check_room(store::list(scope, user)?.len())?;
        let is_first = !factors::ops::standing_in(scope, user)?.is_enrolled();
        let new = store::New {
            id: scope.new_id(),
            user,
            name: &called,
            rp_id: &party.id,
            credential_id: &made.credential_id,
            credential: &made.credential,
        };
        store::insert(scope, &new)?;
        scope.audit(entry("identity.factor.added", user, new.id))?;
        notices::ops::factor_changed_in(scope, user, "A passkey was added.")?;
        let codes = is_first.then(|| factors::ops::added_in(scope, &platform.secrets, user));
        let backup_codes = codes.transpose()?;
        let passkey = store::get(scope, user, new.id)?.ok_or(Error::NotFound)?;
        Ok((new.id, Added { passkey, backup_codes }))
    });
    let outcome = outcome.await;
    if let Err(error) = &outcome
        && is_refused_code(error)
    {
        factors::ops::report(ctx, user, error).await;
    }
    outcome
}

/// Refuses a passkey that is on somebody's list already.
fn check_new(scope: &BoxScope<'_>, user: UserId, credential_id: &[u8]) -> Result<()> {
    match store::find(scope, credential_id)? {
        None => Ok(()),
        Some(kept) if kept.user == user => Err(known()),
        Some(_) => Err(of_another()),
    }
}

fn entry(action: &'static str, user: UserId, id: PasskeyId) -> Entry {
    Entry::new(action, KIND, user).set("factor", "passkey").set("passkey", id.to_string())
}

/// Calls a passkey of the caller's otherwise.
pub async fn rename(ctx: &BoxCtx, id: PasskeyId, called: &str) -> Result<Passkey> {
    let principal = ctx.principal()?;
    need_browser(principal.kind != Kind::Session)?;
    let (user, called) = (principal.user, name(called)?);
    ctx.write(move |scope| {
        if !store::rename(scope, user, id, &called)? {
            return Err(Error::NotFound);
        }
        scope.audit(entry("identity.factor.renamed", user, id))?;
        store::get(scope, user, id)?.ok_or(Error::NotFound)
    })
    .await
}

/// Drops a passkey of the caller's; the backup codes go with the last factor.
pub async fn remove(ctx: &BoxCtx, id: PasskeyId) -> Result<()> {
    let principal = ctx.principal()?;
    need_browser(principal.kind != Kind::Session)?;
    let user = principal.user;
    ctx.write(move |scope| {
        if !store::remove(scope, user, id)? {
            return Err(Error::NotFound);
        }
        scope.audit(entry("identity.factor.removed", user, id))?;
        notices::ops::factor_changed_in(scope, user, "A passkey was removed.")?;
        factors::ops::removed_in(scope, user)
    })
    .await
}

/// Drops all passkeys of a person inside the caller's transaction.
pub(in crate::platform) fn remove_all_in(scope: &BoxScope<'_>, user: UserId) -> Result<()> {
    store::remove_all(scope, user)
}

/// Asks a person for a proof. Gives what the browser hands on to the device.
pub(in crate::platform) async fn ask(
    ctx: &BoxCtx,
    user: UserId,
    asker: Asker,
    host: &str,
) -> Result<Value> {
    ctx.platform.passkeys.offer(host).need_here()?;
    let platform = Arc::clone(&ctx.platform);
    ctx.read(move |scope| {
        let party = platform.passkeys.party()?;
        let usable = store::usable(scope, user, &party.id)?;
        if usable.is_empty() {
            return Err(none_here());
        }
        let (options, asking) = party.ask_for_proof(&usable)?;
        platform.passkeys.asking.add(asker, asking, scope.now());
        Ok(options)
    })
    .await
}

/// A proof that is right, until its count is compared once more.
pub(in crate::platform) struct Checked {
    pub(in crate::platform) id: PasskeyId,
    user: UserId,
    credential_id: Vec<u8>,
    proved: Proved,
}

/// Checks a device's answer to the question that waits; it waits no longer, however that ends.
pub(in crate::platform) async fn check(
    ctx: &BoxCtx,
    user: UserId,
    asker: Asker,
    answer: Value,
) -> Result<Checked> {
    let passkeys = &ctx.platform.passkeys;
    let asking = passkeys.asking.take(&asker, ctx.now()).ok_or_else(challenge_over)?;
    let proof = Proof::read(answer)?;
    proof.need_of(user)?;
    let credential_id = proof.credential_id().to_vec();
    let kept = ctx.read(move |scope| find(scope, user, &credential_id)).await?;
    let credential_id = proof.credential_id().to_vec();
    match passkeys.party()?.check(&asking, &proof, &kept.credential) {
        Ok(proved) => Ok(Checked { id: kept.id, user, credential_id, proved }),
        Err(error) => {
            if is_cloned(&error) {
                stop(ctx, user, kept.id).await;
            }
            Err(error)
        }
    }
}

/// The passkey of this person that a device calls so, if it may be used.
fn find(scope: &BoxScope<'_>, user: UserId, credential_id: &[u8]) -> Result<store::Kept> {
    let kept = store::find(scope, credential_id)?.ok_or_else(unknown)?;
    match kept.stopped_at {
        _ if kept.user != user => Err(of_another()),
        Some(_) => Err(stopped()),
        None => Ok(kept),
    }
}

impl Checked {
    /// Uses the proof inside the caller's transaction. Of two with the same count one gets
    /// through.
    pub(in crate::platform) fn use_in(&self, scope: &BoxScope<'_>) -> Result<()> {
        let kept = find(scope, self.user, &self.credential_id)?;
        if !is_next(self.proved.sign_count, kept.sign_count) {
            return Err(cloned());
        }
        store::note_use(scope, kept.id, &self.proved.credential, self.proved.sign_count)
    }
}

/// Takes a passkey out of use that there seems to be a copy of. It stays a factor: whoever copied
/// it must not open the door with the password alone.
pub(in crate::platform) async fn stop(ctx: &BoxCtx, user: UserId, id: PasskeyId) {
    let written = ctx.write(move |scope| {
        if store::stop(scope, id)? {
            scope.audit(entry("identity.factor.stopped", user, id))?;
            let change = "A passkey was stopped, because there seems to be a copy of it.";
            notices::ops::factor_changed_in(scope, user, change)?;
        }
        Ok(())
    });
    if let Err(error) = written.await {
        tracing::error!("A passkey with a copy could not be stopped: {error}");
    }
}

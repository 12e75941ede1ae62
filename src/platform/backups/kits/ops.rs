//! Making kits known, proving that somebody holds one, retiring them.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::rules::{KITS_MAX, RecoveryKit, RecoveryKitId, check_recipient};
use super::store;
use crate::platform::audit::Entry;
use crate::platform::backups::archive::{Recipient, encrypt};
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::setup::ops::box_name_in;
use crate::platform::workspaces::rules::clean_name;

/// Audit kind.
pub const KIND: &str = "box.recovery_kit";
const CHALLENGE_BYTES: usize = 32;

/// All kits, retired ones too, the oldest first.
pub async fn list(ctx: &BoxCtx) -> Result<Vec<RecoveryKit>> {
    ctx.read(|scope| store::list(scope)).await
}

/// Has new backups encrypted to a key, too.
pub async fn add(ctx: &BoxCtx, name: &str, recipient: &str) -> Result<Created<RecoveryKit>> {
    let name = clean_name("name", name)?;
    let recipient = check_recipient(recipient)?.to_string();
    let load = |scope: &BoxScope<'_>, id| store::get(scope, id)?.ok_or(Error::NotFound);
    ctx.create(load, move |scope| {
        let known = store::list(scope)?;
        if known.iter().any(|kit| kit.recipient == recipient) {
            let detail = "Backups are encrypted to this key already, or were once.";
            return Err(Error::conflict("kit-known", detail));
        }
        let in_use = known.iter().filter(|kit| kit.retired_at.is_none()).count();
        if i64::try_from(in_use).unwrap_or(i64::MAX) >= KITS_MAX {
            let detail = format!("A box has at most {KITS_MAX} recovery kits in use.");
            return Err(Error::conflict("kits-too-many", detail));
        }
        let (id, created_at) = (scope.new_id(), scope.now());
        let kit =
            RecoveryKit { id, name, recipient, created_at, confirmed_at: None, retired_at: None };
        store::insert(scope, &kit)?;
        scope.audit(entry("box.recovery_kit.added", &kit).set("recipient", &kit.recipient))?;
        Ok((id, kit))
    })
    .await
}

/// Something that only who holds the kit can read: age, armoured by nothing. The one before it is
/// worth nothing from then on.
pub async fn challenge(ctx: &BoxCtx, id: RecoveryKitId) -> Result<Vec<u8>> {
    let secret = ctx.platform.random.bytes::<CHALLENGE_BYTES>();
    ctx.write(move |scope| {
        let kit = store::get(scope, id)?.ok_or(Error::NotFound)?;
        let recipient: Recipient = kit.recipient.parse().map_err(Error::internal)?;
        store::set_challenge(scope, id, &Sha256::digest(secret).into())?;
        encrypt(&recipient, &secret)
    })
    .await
}

/// Notes that somebody holds the kit when `proof` is what the challenge held.
pub async fn confirm(ctx: &BoxCtx, id: RecoveryKitId, proof: &[u8]) -> Result<RecoveryKit> {
    let hash: [u8; 32] = Sha256::digest(proof).into();
    ctx.write(move |scope| {
        let kit = store::get(scope, id)?.ok_or(Error::NotFound)?;
        let is_right = store::challenge(scope, id)?.is_some_and(|kept| kept.ct_eq(&hash).into());
        if !is_right {
            let detail = "This is not what was encrypted for the kit. Ask for it again.";
            return Err(Error::Rule(Refusal::new("kit-proof", detail)));
        }
        store::confirm(scope, id)?;
        scope.audit(entry("box.recovery_kit.confirmed", &kit))?;
        store::get(scope, id)?.ok_or(Error::NotFound)
    })
    .await
}

/// Has no new backup encrypted to a kit. Those that were still open with it.
pub async fn retire(ctx: &BoxCtx, id: RecoveryKitId) -> Result<()> {
    ctx.write(move |scope| {
        let known = store::list(scope)?;
        let kit = known.iter().find(|kit| kit.id == id).ok_or(Error::NotFound)?;
        if kit.retired_at.is_some() {
            return Ok(());
        }
        if !known.iter().any(|kit| kit.id != id && kit.retired_at.is_none()) {
            let detail = "It is the only kit; new backups would be encrypted to nobody.";
            return Err(Error::conflict("kit-last", detail));
        }
        store::retire(scope, id)?;
        scope.audit(entry("box.recovery_kit.retired", kit))?;
        Ok(())
    })
    .await
}

/// The kits that new backups are encrypted to, inside the caller's transaction.
pub(in crate::platform::backups) fn in_use_in(scope: &BoxScope<'_>) -> Result<Vec<RecoveryKit>> {
    let known = store::list(scope)?.into_iter();
    Ok(known.filter(|kit| kit.retired_at.is_none()).collect())
}

/// Whom new backups are encrypted to, inside the caller's transaction.
pub(in crate::platform::backups) fn recipients_in(scope: &BoxScope<'_>) -> Result<Vec<Recipient>> {
    let in_use = store::list(scope)?.into_iter().filter(|kit| kit.retired_at.is_none());
    in_use.map(|kit| kit.recipient.parse().map_err(Error::internal)).collect()
}

fn entry(action: &'static str, kit: &RecoveryKit) -> Entry {
    Entry::new(action, KIND, kit.id).set("name", &kit.name)
}

/// What a kit of this box begins with: the box's id, its name, and the key it signs with.
pub async fn identity(ctx: &BoxCtx) -> Result<(String, String, [u8; 32])> {
    let signer = ctx.platform.audit.signer();
    let (on_box, key) = (signer.on_box(), signer.public_key());
    let name = ctx.read(box_name_in).await?;
    Ok((on_box.to_string(), name, key))
}

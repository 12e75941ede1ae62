//! What the rest of the backups asks of the catalogue of packs, inside its own transactions.

use std::collections::HashSet;

use super::packing::{Known, Packed, recipients_text};
use super::rules::{NOTED_AT_ONCE, Standing, UNUSED_KEPT};
use super::store;
use crate::platform::backups::archive::{PartEntry, Recipient, pack_prefix};
use crate::platform::backups::bases::rules::BackupId;
use crate::platform::backups::targets::rules::TargetId;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::Result;

/// The blobs that lie, proved, at every target in packs for just these recipients.
pub(in crate::platform::backups) fn known_in(
    scope: &BoxScope<'_>,
    recipients: &[Recipient],
) -> Result<Known> {
    store::known(scope, &recipients_text(recipients))
}

/// Notes what lies in the packs that were made with a base, in steps between which others write.
/// Nothing relies on them until they are proved, and what no base comes to need is forgotten.
pub(in crate::platform::backups) async fn note_made(ctx: &BoxCtx, packed: &Packed) -> Result<()> {
    let own: HashSet<&str> = packed.made.iter().map(|(name, _)| name.as_str()).collect();
    let is_own = |pack: &&PartEntry| own.contains(pack.name.as_str());
    let packs: Vec<PartEntry> = packed.needed.iter().filter(is_own).cloned().collect();
    let recipients = packed.recipients.clone();
    ctx.write(move |scope| store::begin_made(scope, &packs, &recipients)).await?;
    for some in packed.made.chunks(NOTED_AT_ONCE) {
        let some = some.to_vec();
        ctx.write(move |scope| store::note_made(scope, &some)).await?;
    }
    Ok(())
}

/// Notes all packs that a base needs.
pub(in crate::platform::backups) fn note_in(
    scope: &BoxScope<'_>,
    backup: BackupId,
    packed: &Packed,
) -> Result<()> {
    store::note(scope, backup, packed)
}

/// Notes the packs of a base that was made before the catalogue knew of it.
pub(in crate::platform::backups) fn adopt_in(
    scope: &BoxScope<'_>,
    backup: BackupId,
    packs: &[PartEntry],
    recipients: &[String],
) -> Result<()> {
    let mut recipients = recipients.to_vec();
    recipients.sort();
    let recipients = recipients.join("\n");
    packs.iter().try_for_each(|pack| store::note_use(scope, backup, pack, &recipients))
}

/// Notes how all packs of a base stand at a target.
pub(in crate::platform::backups) fn put_copies_in(
    scope: &BoxScope<'_>,
    backup: BackupId,
    target: TargetId,
    standing: Standing,
) -> Result<()> {
    store::put_copies(scope, backup, target, standing)
}

/// The packs that bases at targets need, those first that were not looked at for the longest; of
/// one base or of all.
pub(in crate::platform::backups) fn to_check_in(
    scope: &BoxScope<'_>,
    of: Option<BackupId>,
) -> Result<Vec<(TargetId, PartEntry)>> {
    store::to_check(scope, of)
}

/// Notes that a pack at a target is still what was written.
pub(in crate::platform::backups) fn checked_in(
    scope: &BoxScope<'_>,
    pack: &str,
    target: TargetId,
) -> Result<()> {
    store::checked(scope, pack, target)
}

/// The bases that need a pack.
pub(in crate::platform::backups) fn bases_with_in(
    scope: &BoxScope<'_>,
    pack: &str,
) -> Result<Vec<BackupId>> {
    store::bases_with(scope, pack)
}

/// Bytes of the packs that were made with a base, which has this folder.
pub(in crate::platform::backups) fn own_bytes_in(
    scope: &BoxScope<'_>,
    backup: BackupId,
    folder: &str,
) -> Result<u64> {
    store::bytes_of(scope, backup, &pack_prefix(folder))
}

/// The packs of a base that no other base at a target needs. They are not relied on from here on.
pub(in crate::platform::backups) fn give_up_in(
    scope: &BoxScope<'_>,
    backup: BackupId,
    target: TargetId,
) -> Result<Vec<String>> {
    let unneeded = store::unneeded(scope, backup, target)?;
    store::gone(scope, &unneeded, target)?;
    Ok(unneeded)
}

/// The same of those alone that were made with it; it has this folder.
pub(in crate::platform::backups) fn give_up_own_in(
    scope: &BoxScope<'_>,
    backup: BackupId,
    target: TargetId,
    folder: &str,
) -> Result<Vec<String>> {
    let prefix = pack_prefix(folder);
    let mut unneeded = store::unneeded(scope, backup, target)?;
    unneeded.retain(|pack| pack.starts_with(&prefix));
    store::gone(scope, &unneeded, target)?;
    Ok(unneeded)
}

/// Forgets some of what no base that lies anywhere needs. False: there is no more of it.
pub(in crate::platform::backups) fn forget_in(scope: &BoxScope<'_>) -> Result<bool> {
    let before = scope.now().minus(UNUSED_KEPT);
    Ok(store::forget_uses(scope)? + store::forget_packs(scope, before)? > 0)
}

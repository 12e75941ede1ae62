//! What becomes of a box that came back from one of its own backups: its catalogue, and which of
//! two boxes lives.

use serde_json::json;

use super::jobs::{BACKUP, SEND};
use super::ops::{KIND, check_ready_in};
use super::rules::{Backup, Reason, base_folder};
use super::sending::wait_for_targets_in;
use super::store;
use crate::platform::audit::Entry;
use crate::platform::backups::archive::PartEntry;
use crate::platform::backups::{packs, recovery};
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::jobs::Jobs;
use crate::platform::jobs::ops::{UnderWay, Wanted, ask_in, end_lost_in};

/// The backup that the box came back from.
pub(in crate::platform::backups) struct Came {
    pub(in crate::platform::backups) sequence: u64,
    pub(in crate::platform::backups) taken_at: Moment,
    pub(in crate::platform::backups) source_bytes: u64,
    pub(in crate::platform::backups) size_bytes: u64,
    pub(in crate::platform::backups) workspaces: u64,
    pub(in crate::platform::backups) commit_hash: [u8; 32],
    /// The packs it needs, and whom they are encrypted to.
    pub(in crate::platform::backups) packs: Vec<PartEntry>,
    pub(in crate::platform::backups) recipients: Vec<String>,
}

/// Takes the backup into the catalogue, which was copied while it was being written, and has a new
/// one made at the first start. False: nobody set up where it would go.
pub(in crate::platform::backups) fn came_back_in(
    scope: &BoxScope<'_>,
    jobs: &Jobs,
    came: &Came,
) -> Result<bool> {
    adopt_in(scope, came)?;
    let detail = "The machine was lost meanwhile, and the box came back from a backup.";
    for kind in [BACKUP.kind, SEND.kind] {
        end_lost_in(scope, kind, detail)?;
    }
    match check_ready_in(scope) {
        Ok(()) => {}
        Err(Error::Conflict(_)) => return Ok(false),
        Err(error) => return Err(error),
    }
    let input = json!({ "reason": Reason::Recovery.name() });
    let (kind, subject) = (BACKUP.kind, String::new());
    let wanted = Wanted { kind, workspace: None, subject, input };
    ask_in(scope, jobs, &wanted, UnderWay::Join)?;
    Ok(true)
}

/// The next backup follows this one, by its number and by the hash that it names.
fn adopt_in(scope: &BoxScope<'_>, came: &Came) -> Result<()> {
    let is_known = store::newest(scope)?.is_some_and(|(sequence, _)| sequence >= came.sequence);
    let Some(unwritten) = store::unwritten(scope)?.filter(|_| !is_known) else { return Ok(()) };
    let backup = Backup {
        sequence: Some(came.sequence),
        taken_at: Some(came.taken_at),
        source_bytes: Some(came.source_bytes),
        size_bytes: Some(came.size_bytes),
        workspaces: Some(came.workspaces),
        folder: Some(base_folder(came.sequence, came.taken_at)),
        ..unwritten
    };
    store::update(scope, &backup, Some(&came.commit_hash))?;
    packs::ops::adopt_in(scope, backup.id, &came.packs, &came.recipients)?;
    // At which of the targets it lies is looked up before the next one is sent.
    wait_for_targets_in(scope, backup.id)
}

/// Says that this box is the living one of two with one identity: it counts as recovered last from
/// now on, and the other one's backups are refused. Gives its epoch.
pub(in crate::platform) async fn settle(ctx: &BoxCtx) -> Result<u64> {
    ctx.write(|scope| {
        let Some((other, _)) = store::fence(scope)? else {
            let detail = "No other box with this one's identity was seen.";
            return Err(Error::conflict("backup-nothing-to-settle", detail));
        };
        let epoch = recovery::ops::begin_epoch_in(scope, other)?;
        store::clear_fence(scope)?;
        let entry = Entry::about("box.backup.living", KIND);
        scope.audit(entry.set("box_epoch", epoch.to_string()))?;
        Ok(epoch)
    })
    .await
}

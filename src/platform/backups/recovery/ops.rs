//! What a box that came back notes of where it came from.

use super::finding::Found;
use super::store;
use crate::platform::audit::Entry;
use crate::platform::backups::archive::Manifest;
use crate::platform::backups::bases;
use crate::platform::backups::bases::ops::KIND;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::Result;

/// What was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// Of all boxes with its id this one lives.
    pub box_epoch: u64,
    /// The box makes a backup when it is started.
    pub is_backup_asked: bool,
}

/// Notes in the box that came back where it came from, and has it make a backup at its first start:
/// until there is one of its own, the next loss would go back to the same moment.
pub async fn note(ctx: &BoxCtx, found: &Found, manifest: &Manifest) -> Result<Noted> {
    let came = bases::returning::Came {
        sequence: manifest.sequence,
        taken_at: manifest.taken_at.parse().unwrap_or_default(),
        source_bytes: manifest.files.iter().map(|file| file.pages * file.page_size_bytes).sum(),
        size_bytes: found.size_bytes(),
        workspaces: manifest.files.len() as u64 - 1,
        commit_hash: found.commit_hash,
        packs: found.commit.packs.clone(),
        recipients: found.commit.recipients.clone(),
    };
    let (sequence, taken_at) = (manifest.sequence.to_string(), manifest.taken_at.clone());
    let platform = std::sync::Arc::clone(&ctx.platform);
    ctx.write(move |scope| {
        let box_epoch = store::begin_epoch(scope, 0)?;
        scope.audit(
            Entry::about("box.recovered", KIND)
                .set("sequence", sequence)
                .set("taken_at", taken_at)
                .set("box_epoch", box_epoch.to_string()),
        )?;
        let is_backup_asked = bases::returning::came_back_in(scope, &platform.jobs, &came)?;
        Ok(Noted { box_epoch, is_backup_asked })
    })
    .await
}

/// Begins the epoch after the box's own and after that of another box.
pub(in crate::platform::backups) fn begin_epoch_in(
    scope: &BoxScope<'_>,
    other: u64,
) -> Result<u64> {
    store::begin_epoch(scope, other)
}

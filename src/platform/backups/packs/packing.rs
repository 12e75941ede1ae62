//! What of the blobs of a cut goes into new packs, and into which.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::platform::backups::archive::{BlobEntry, Packing, PartEntry, Recipient, blob_path};
use crate::platform::backups::bases::room;
use crate::platform::blobs::{Blob, BlobHash, Blobs};
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};
use crate::platform::jobs::Work;
use crate::platform::workspaces::WorkspaceId;

/// A blob of a workspace.
pub(in crate::platform::backups) type Key = (WorkspaceId, BlobHash);

/// What lies at the targets already.
#[derive(Clone, Default)]
pub(in crate::platform::backups) struct Known {
    pub(in crate::platform::backups) blobs: HashMap<Key, String>,
    pub(in crate::platform::backups) packs: HashMap<String, PartEntry>,
}

/// The packs of a base.
#[derive(Clone, Default)]
pub(in crate::platform::backups) struct Packed {
    /// All that it needs, by their names.
    pub(in crate::platform::backups) needed: Vec<PartEntry>,
    /// What lies in those that are new.
    pub(in crate::platform::backups) made: Vec<(String, Key)>,
    pub(in crate::platform::backups) recipients: String,
    /// Every blob of the cut with its pack.
    pub(in crate::platform::backups) blobs: Vec<BlobEntry>,
    /// Paths of blobs whose bytes are missing or damaged on the box's disk, or of another length.
    pub(in crate::platform::backups) missing: Vec<String>,
    /// Bytes of the new ones.
    pub(in crate::platform::backups) size_bytes: u64,
}

impl Known {
    /// Bytes of those blobs of a cut that lie nowhere yet.
    fn missing_bytes(&self, cut: &[(WorkspaceId, Blob)]) -> u64 {
        let missing = cut.iter().filter(|(of, blob)| !self.blobs.contains_key(&(*of, blob.hash)));
        missing.map(|(_, blob)| blob.size_bytes).fold(0, u64::saturating_add)
    }
}

/// Recipients as the catalogue compares them.
pub(in crate::platform::backups) fn recipients_text(recipients: &[Recipient]) -> String {
    let mut names: Vec<String> = recipients.iter().map(ToString::to_string).collect();
    names.sort();
    names.join("\n")
}

/// Where packs are written, and for whom.
pub(in crate::platform::backups) struct Order<'a> {
    pub(in crate::platform::backups) spool: &'a Path,
    /// The folder of the base.
    pub(in crate::platform::backups) base: &'a str,
    pub(in crate::platform::backups) kits: &'a [Recipient],
    pub(in crate::platform::backups) proof: &'a Recipient,
    pub(in crate::platform::backups) taken_at: Moment,
}

/// Writes the blobs that lie nowhere yet into new packs. Each is read to its end and compared with
/// its name first. Refused before the first byte when the disk cannot take all of it. Blocks.
pub(in crate::platform::backups) fn pack(
    work: &Work,
    place: &Blobs,
    cut: Vec<(WorkspaceId, Blob)>,
    known: &Known,
    order: &Order<'_>,
) -> Result<Packed> {
    let recipients = order.kits.iter().chain([order.proof]).collect();
    let mut packing = Packing::begin(order.spool, order.base, recipients, order.taken_at);
    let mut packed = Packed { recipients: recipients_text(order.kits), ..Packed::default() };
    let mut needed: BTreeMap<String, PartEntry> = BTreeMap::new();
    let mut left_bytes = known.missing_bytes(&cut);
    room::check(work, left_bytes)?;
    for (workspace, blob) in cut {
        work.check()?;
        let (key, path) = ((workspace, blob.hash), blob_path(&workspace.to_string(), blob.hash));
        let pack = if let Some(name) = known.blobs.get(&key) {
            needed.extend(known.packs.get(name).map(|pack| (name.clone(), pack.clone())));
            name.clone()
        } else {
            left_bytes = left_bytes.saturating_sub(blob.size_bytes);
            let file = match place.fetch(workspace, blob.hash) {
                Ok(file) => file,
                Err(Error::Conflict(_)) => {
                    packed.missing.push(path);
                    continue;
                }
                Err(error) => return Err(error),
            };
            // What the database says of its length is only what somebody once wrote there.
            if file.metadata()?.len() != blob.size_bytes {
                packed.missing.push(path);
                continue;
            }
            let name = packing.add(&path, blob.size_bytes, file)?;
            if packed.made.last().is_some_and(|(last, _)| *last != name) {
                // A pack is full. Others write to the disk as well.
                room::check(work, left_bytes)?;
            }
            packed.made.push((name.clone(), key));
            name
        };
        packed.blobs.push(BlobEntry { path, size_bytes: blob.size_bytes, pack });
    }
    let made = packing.finish()?;
    packed.size_bytes = made.iter().map(|pack| pack.size_bytes).sum();
    needed.extend(made.into_iter().map(|pack| (pack.name.clone(), pack)));
    packed.needed = needed.into_values().collect();
    Ok(packed)
}

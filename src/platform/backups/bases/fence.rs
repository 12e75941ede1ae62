//! Notices another box with this one's identity: one that was recovered elsewhere, or a copy of the
//! machine. Two that write as one would spoil each other's backups.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use crate::platform::backups::archive::{COMMIT_FILE, COMMIT_SIZE_BYTES_MAX, CommitHead};
use crate::platform::backups::targets::{Fault, Remote};

/// Backups of others that are read at one look.
const READ_MAX: usize = 100;

/// What the box knows of itself.
pub(super) struct Own {
    /// Its folder below a target.
    pub(super) below: String,
    /// The folders of all bases that it wrote.
    pub(super) folders: HashSet<String>,
    pub(super) box_epoch: u64,
    pub(super) signing_key: [u8; 32],
}

/// A backup that this box signed and did not write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Other {
    pub(super) box_epoch: u64,
    pub(super) code: &'static str,
    pub(super) detail: String,
}

/// Looks through what lies at a target for the newest sign of another box. `sent` is the folder of
/// the base that is being sent and what its `COMMIT.json` hashes to: a box that made one in the
/// same second calls it the same.
pub(super) async fn look(
    remote: &Remote,
    own: &Own,
    sent: (&str, [u8; 32]),
) -> Result<Option<Other>, Fault> {
    let listed = remote.list(&format!("{}/base", own.below)).await?;
    let prefix = format!("{}/", own.below);
    let ending = format!("/{COMMIT_FILE}");
    let mut unknown: Vec<&str> = listed
        .iter()
        .filter_map(|one| one.name.strip_prefix(&prefix)?.strip_suffix(&ending))
        .filter(|folder| *folder == sent.0 || !own.folders.contains(*folder))
        .collect();
    unknown.sort_unstable();
    let mut found: Option<CommitHead> = None;
    for folder in unknown.into_iter().rev().take(READ_MAX) {
        let name = format!("{prefix}{folder}{ending}");
        let Some(bytes) = remote.read(&name, COMMIT_SIZE_BYTES_MAX).await? else { continue };
        if <[u8; 32]>::from(Sha256::digest(&bytes)) == sent.1 {
            continue;
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some(commit) = CommitHead::read_signed(&text, &[own.signing_key]) else { continue };
        // Those of an earlier life of this box are no sign of another.
        let is_other = commit.box_epoch >= own.box_epoch;
        if is_other && found.as_ref().is_none_or(|one| one.box_epoch < commit.box_epoch) {
            found = Some(commit);
        }
    }
    Ok(found.map(|commit| said_of(&commit, own.box_epoch)))
}

fn said_of(commit: &CommitHead, own_epoch: u64) -> Other {
    let CommitHead { box_epoch, sequence, taken_at, .. } = commit;
    if *box_epoch > own_epoch {
        let detail = format!(
            "This box was recovered elsewhere: backup {sequence} there is of {taken_at}. This one \
             sends no backups any more."
        );
        return Other { box_epoch: *box_epoch, code: "backup-superseded", detail };
    }
    let detail = format!(
        "Another box with this one's identity writes there: its backup {sequence} of {taken_at} is \
         not this box's."
    );
    Other { box_epoch: *box_epoch, code: "backup-two-boxes", detail }
}

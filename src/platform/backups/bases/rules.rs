//! What a backup is called and how it stands.

use crate::platform::backups::archive::WORKSPACES;
use crate::platform::backups::targets::rules::TargetId;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Result, code};
use crate::platform::id::Id;
use crate::platform::jobs::JobId;
use crate::platform::setup::rules::BoxId;
use crate::platform::workspaces::WorkspaceId;

pub const CODES: &[Code] = &[
    code(
        "backup-no-kit",
        "There is no recovery kit, so nobody could open a backup.",
        "Make one: holdfast backup kit create --out FILE.",
    ),
    code("backup-no-target", "There is no place that backups go to.", "Name a target first."),
    code("box-not-running", "The box does not run, so it cannot make a backup.", "Start it first."),
    code(
        "backup-waiting",
        "The backup is made and not at every target yet.",
        "Look at what each target says and mend it; the box goes on trying by itself.",
    ),
    code(
        "backup-damaged",
        "What came back from a target is not what was sent there.",
        "Look at what the copy says. Make another backup, and look at that target's disk.",
    ),
    code(
        "backup-superseded",
        "This box was recovered elsewhere, so its backups are not taken any more.",
        "Switch this one off. If it is to live after all, say so: POST /api/v1/backups/living.",
    ),
    code(
        "backup-two-boxes",
        "Another box with this one's identity writes to the same place.",
        "Switch the copy off, then say on the living box: POST /api/v1/backups/living.",
    ),
    code(
        "backup-no-room",
        "The disk of the box is too full to make a backup on it.",
        "Make room on it: a tenth of the disk, 2 GB at least and 10 GB at most, has to be free.",
    ),
    code(
        "backup-too-many-files",
        "There are more pictures and documents than the list in one archive may name.",
        "Delete those that nobody needs, or move a workspace to a box of its own.",
    ),
    code(
        "backup-log-too-long",
        "So much was written meanwhile that the backup was given up.",
        "Run it when fewer people write, or look for what writes so much.",
    ),
    code(
        "backup-nothing-to-settle",
        "No other box was seen at a target.",
        "There is nothing to decide.",
    ),
];

/// The workspace whose file is called so within an archive.
pub fn workspace_of(path: &str) -> Option<WorkspaceId> {
    path.strip_prefix(WORKSPACES)?.strip_prefix('/')?.strip_suffix(".db")?.parse().ok()
}

/// Below this no backup is made.
const FREE_BYTES_MIN: u64 = 2_000_000_000;
/// A tenth of a large disk is far more than a spool takes.
const FREE_BYTES_ENOUGH: u64 = 10_000_000_000;

/// What has to stay free on a disk for a backup to be made on it.
pub fn free_bytes_needed(size_bytes: u64) -> u64 {
    (size_bytes / 10).clamp(FREE_BYTES_MIN, FREE_BYTES_ENOUGH)
}

/// Refuses what a backup is about to write where too little would stay free: half of what has to
/// be free when one begins.
pub fn check_room(free_bytes: u64, size_bytes: u64, bytes: u64) -> Result<()> {
    let needed = bytes.saturating_add(free_bytes_needed(size_bytes) / 2);
    if free_bytes >= needed {
        return Ok(());
    }
    let detail = format!(
        "Only {} MB are free on the disk of the box; with what it has still to write the backup \
         needs {} MB.",
        free_bytes / 1_000_000,
        needed.div_ceil(1_000_000)
    );
    Err(Error::conflict("backup-no-room", detail))
}

/// Backups that are listed at most.
pub const LISTED_MAX: usize = 500;

/// One base backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub id: BackupId,
    /// None until it is written.
    pub sequence: Option<u64>,
    pub state: State,
    pub reason: Reason,
    pub job: JobId,
    pub started_at: Moment,
    pub taken_at: Option<Moment>,
    pub finished_at: Option<Moment>,
    /// Bytes of the files that it holds, and of itself.
    pub source_bytes: Option<u64>,
    pub size_bytes: Option<u64>,
    pub workspaces: Option<u64>,
    pub folder: Option<String>,
    pub detail: Option<String>,
    /// A copy of it was fetched back, opened and found whole.
    pub verified_at: Option<Moment>,
    /// Somebody did the same with a recovery kit.
    pub drilled_at: Option<Moment>,
}
pub type BackupId = Id<Backup>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Running,
    /// It lies at one target at least.
    Uploaded,
    Failed,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Uploaded => "uploaded",
            Self::Failed => "failed",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Running, Self::Uploaded, Self::Failed].into_iter().find(|one| one.name() == name)
    }
}

/// Why a backup was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Asked,
    Schedule,
    /// The box came back from a backup.
    Recovery,
    /// Files are about to be changed.
    Migration,
}

impl Reason {
    const ALL: [Self; 4] = [Self::Asked, Self::Schedule, Self::Recovery, Self::Migration];

    pub fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Schedule => "schedule",
            Self::Recovery => "recovery",
            Self::Migration => "migration",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// A backup as it lies, or is to lie, at one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    pub backup: BackupId,
    pub target: TargetId,
    pub target_name: String,
    pub state: CopyState,
    pub uploaded_at: Option<Moment>,
    pub verified_at: Option<Moment>,
    pub checked_at: Option<Moment>,
    /// How often it was tried since something last worked.
    pub tries: u32,
    /// Something is still to be done for it, not before this time.
    pub next_try_at: Option<Moment>,
    /// What went wrong, in a sentence.
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyState {
    /// It is on its way.
    Waiting,
    There,
    /// It never got there, or is damaged.
    Failed,
    /// It was there and was removed.
    Gone,
}

impl CopyState {
    const ALL: [Self; 4] = [Self::Waiting, Self::There, Self::Failed, Self::Gone];

    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::There => "there",
            Self::Failed => "failed",
            Self::Gone => "gone",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// How far a backup is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It lies at a target.
    Uploaded,
    /// It was fetched back from there, opened and found whole.
    Verified,
    /// Somebody opened it with a kit that they hold.
    Drilled,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Verified => "verified",
            Self::Drilled => "drilled",
        }
    }
}

/// How far a backup is proved; none where no copy of it lies anywhere. What was proved at a target
/// that has it no more says nothing of the others.
pub fn level(backup: &Backup, copies: &[Copy]) -> Option<Level> {
    let there = copies.iter().filter(|copy| copy.state == CopyState::There);
    let is_proved = there.map(|copy| copy.verified_at.is_some()).max()?;
    Some(match backup.drilled_at {
        _ if !is_proved => Level::Uploaded,
        Some(_) => Level::Drilled,
        None => Level::Verified,
    })
}

/// The folder of a box below a target: eight digits are enough to tell boxes apart.
pub fn box_folder(on_box: BoxId) -> String {
    let id = on_box.to_string().replace('-', "");
    format!("box-{}", &id[id.len() - 8..])
}

/// The folder of a base below that: `base/000003-20261121T140307Z`.
pub fn base_folder(sequence: u64, taken_at: Moment) -> String {
    let time: String = taken_at.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    // Without the milliseconds.
    format!("base/{sequence:06}-{}Z", &time[..15])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_keeps_two_to_ten_gigabytes_free() {
        assert_eq!(free_bytes_needed(8_000_000_000), 2_000_000_000);
        assert_eq!(free_bytes_needed(50_000_000_000), 5_000_000_000);
        assert_eq!(free_bytes_needed(4_000_000_000_000), 10_000_000_000);
    }

    #[test]
    fn a_backup_under_way_leaves_half_of_what_had_to_be_free() {
        check_room(2_500_000_000, 50_000_000_000, 0).unwrap();
        check_room(62_500_000_000, 50_000_000_000, 60_000_000_000).unwrap();
        let full = check_room(2_499_999_999, 50_000_000_000, 0).unwrap_err();
        let too_much = check_room(60_000_000_000, 50_000_000_000, u64::MAX).unwrap_err();

        for refused in [full, too_much] {
            assert!(matches!(refused, Error::Conflict(it) if it.code == "backup-no-room"));
        }
    }
}

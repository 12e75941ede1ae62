//! What a backup is called and how it stands.

use crate::platform::clock::Moment;
use crate::platform::error::{Code, code};
use crate::platform::id::Id;
use crate::platform::jobs::JobId;
use crate::platform::setup::rules::BoxId;

pub const CODES: &[Code] = &[
    code(
        "backup-no-kit",
        "There is no recovery kit, so nobody could open a backup.",
        "Make one: holdfast backup kit create --out FILE.",
    ),
    code("backup-no-target", "There is no place that backups go to.", "Name a target first."),
    code("box-not-running", "The box does not run, so it cannot make a backup.", "Start it first."),
    code(
        "backup-failed",
        "No target took the backup.",
        "Look at what each target says, mend it, and run the backup again.",
    ),
];

/// Backups that are listed at most.
pub const LISTED_MAX: usize = 500;

/// One base backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub id: BackupId,
    /// None until it is written.
    pub sequence: Option<u64>,
    pub state: State,
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

/// The folder of a box below a target: eight digits are enough to tell boxes apart, and say no more.
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

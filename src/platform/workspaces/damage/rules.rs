//! What a damaged workspace is, and what is said of it.

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, code};
use crate::platform::workspaces::WorkspaceId;

/// The code of all that a damaged workspace cannot do.
pub const DAMAGED: &str = "workspace-damaged";
/// Characters kept of what was found.
const FOUND_LENGTH_MAX: usize = 500;

pub const CODES: &[Code] = &[code(
    "workspace-damaged",
    "The file of the workspace is damaged. It is not changed any more, and can only be read where \
     it is whole.",
    "Have an operator of the box restore the workspace from a backup. The damaged file is kept.",
)];

/// What was found of a workspace's file, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    pub found_at: Moment,
    /// In SQLite's words.
    pub found: String,
}

impl Damage {
    pub fn new(found_at: Moment, found: &str) -> Self {
        Self { found_at, found: found.chars().take(FOUND_LENGTH_MAX).collect() }
    }
}

/// What everybody is told who wants what is not possible.
pub fn refusal() -> Error {
    let detail = "The file of this workspace is damaged: nothing in it can be changed, and not all \
                  of it read. An operator of the box can restore it from a backup.";
    Error::Unavailable(Refusal::new(DAMAGED, detail))
}

/// A damaged workspace as operators hear of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    pub workspace: WorkspaceId,
    pub name: String,
    pub damage: Damage,
}

impl Damaged {
    /// One sentence for an operator.
    pub fn sentence(&self) -> String {
        format!(
            "The file of workspace {} is damaged, found at {}. It can only be read, and backups \
             made since leave it out: restore it from one made before.",
            self.name, self.damage.found_at
        )
    }
}

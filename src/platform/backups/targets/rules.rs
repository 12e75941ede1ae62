//! What a target is and what it may be called.

use std::path::{Path, PathBuf};

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, FieldError, Result, code};
use crate::platform::id::Id;
use crate::platform::workspaces::rules::clean_name;

pub const TARGETS_MAX: usize = 10;
/// Characters of a path.
const PATH_LENGTH_MAX: usize = 1_000;

pub const CODES: &[Code] = &[
    code(
        "target-kind",
        "Backups cannot go to a target of this kind.",
        "Use one of the kinds the description names.",
    ),
    code(
        "target-path",
        "This is no folder backups can go to.",
        "Write the whole path, outside the data folder of the box.",
    ),
    code("target-known", "Backups go there already.", "Name another place."),
    code("targets-too-many", "There are too many targets.", "Remove one first."),
];

/// A place that backups are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub id: TargetId,
    pub name: String,
    pub place: Place,
    pub created_at: Moment,
    pub last: Option<Tried>,
}
pub type TargetId = Id<Target>;

/// Which kind of place, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder of this machine: another disk, a stick, a mounted share.
    Folder { path: PathBuf },
}

impl Place {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "folder",
        }
    }
}

/// How the last try to reach a target ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    pub at: Moment,
    pub is_ok: bool,
    pub detail: String,
}

/// Checks what somebody wrote of a target. `data` is the box's own folder.
pub fn check(name: &str, place: Place, data: &Path) -> Result<(String, Place)> {
    let mut wrong = Vec::new();
    let name = match clean_name("name", name) {
        Ok(name) => name,
        Err(Error::Invalid(fields)) => {
            wrong.extend(fields);
            String::new()
        }
        Err(other) => return Err(other),
    };
    let Place::Folder { path } = &place;
    if let Some(detail) = path_fault(path, data) {
        wrong.push(FieldError::new("settings.path", "target-path", detail));
    }
    if wrong.is_empty() { Ok((name, place)) } else { Err(Error::Invalid(wrong)) }
}

fn path_fault(path: &Path, data: &Path) -> Option<&'static str> {
    let is_long = path.as_os_str().len() > PATH_LENGTH_MAX;
    let has_steps = path.components().any(|one| one.as_os_str() == "..");
    if !path.is_absolute() || is_long || has_steps {
        return Some("Write the whole path, beginning with /.");
    }
    if path.to_str().is_none_or(|text| text.contains('\0')) {
        return Some("The path has characters that no folder has.");
    }
    path.starts_with(data).then_some("A backup inside the data folder would burn with it.")
}

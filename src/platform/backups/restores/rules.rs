//! What can be asked of a restore, and how it stands.

use std::time::Duration;

use crate::platform::backups::archive::{Identity, Kit, NoKit};
use crate::platform::backups::bases::rules::BackupId;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Result, code};
use crate::platform::id::Id;
use crate::platform::identity::UserId;
use crate::platform::jobs::JobId;
use crate::platform::workspaces::WorkspaceId;

/// The file of before is kept for so long.
pub const KEPT: Duration = Duration::from_hours(7 * 24);
/// Room that has to be left on the disk when a restore has all it needs.
pub const ROOM_LEFT_BYTES: u64 = 64 * 1024 * 1024;

pub const CODES: &[Code] = &[
    code(
        "restore-kit",
        "What was given is no recovery kit.",
        "Give the whole text of the kit, or its line that begins with AGE-SECRET-KEY-1.",
    ),
    code(
        "restore-kit-other",
        "The kit is of another box.",
        "Take the kit whose line \"# box:\" is the id of this box.",
    ),
    code("restore-mode", "There is no such way to restore.", "Take look, in_place or as_new."),
    code(
        "restore-source",
        "It is not said which backup to take.",
        "Name a backup of the list and, if you like, one of its targets.",
    ),
    code(
        "restore-backup",
        "The backup does not lie at any target.",
        "Take one that is uploaded; the list of backups says which are.",
    ),
    code(
        "restore-workspace",
        "The workspace cannot be restored like that.",
        "Name one that is in the backup. One that the box has no more comes back as a new one.",
    ),
    code(
        "restore-refused",
        "The backup is not taken.",
        "The detail says what is wrong with it. Try another copy or an older backup.",
    ),
    code(
        "restore-unreachable",
        "The target did not give the backup out.",
        "Test the target, or take another one.",
    ),
    code(
        "restore-no-room",
        "There is not enough room on the disk to restore.",
        "Make as much room as the detail says and ask again.",
    ),
    code(
        "restore-key-gone",
        "The box stopped before the restore was done, and keeps no keys.",
        "Ask for it again with the kit. Nothing was changed.",
    ),
    code(
        "restore-other-history",
        "The workspace's log went another way since the backup.",
        "Restore it as a new workspace; the present one stays as it is.",
    ),
    code(
        "erasure-under-way",
        "A person is being erased from this box.",
        "Ask again when the erasure is done.",
    ),
    code(
        "restore-not-undoable",
        "This restore cannot be undone.",
        "Only one that replaced a workspace can, for seven days, and once.",
    ),
    code(
        "restore-in-use",
        "Somebody is reading the workspace's file for long, perhaps a backup that is being made.",
        "Ask again when that is done. Nothing was changed.",
    ),
];

/// What is done with a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Says what is in it.
    Look,
    InPlace,
    AsNew,
    /// Puts the file of before a restore back.
    Undo,
}

impl Mode {
    const ALL: [Self; 4] = [Self::Look, Self::InPlace, Self::AsNew, Self::Undo];

    pub fn name(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::InPlace => "in_place",
            Self::AsNew => "as_new",
            Self::Undo => "undo",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Whether it puts another file in the place of a workspace's.
    pub fn replaces(self) -> bool {
        matches!(self, Self::InPlace | Self::Undo)
    }

    /// What somebody can ask for by name.
    pub fn asked(name: &str) -> Result<Self> {
        let known = Self::from_name(name).filter(|mode| *mode != Self::Undo);
        let detail = "Say look, in_place or as_new.";
        known.ok_or_else(|| Error::invalid("mode", "restore-mode", detail))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Running,
    Done,
    Failed,
    /// The file of before is back.
    Undone,
}

impl State {
    const ALL: [Self; 4] = [Self::Running, Self::Done, Self::Failed, Self::Undone];

    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Undone => "undone",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// One restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    pub id: RestoreId,
    pub job: JobId,
    pub backup: Option<BackupId>,
    pub workspace: Option<WorkspaceId>,
    pub mode: Mode,
    pub state: State,
    pub of: Option<RestoreId>,
    pub asked_by: Option<UserId>,
    pub asked_at: Moment,
    pub finished_at: Option<Moment>,
    pub kept_until: Option<Moment>,
    /// What was there before is damaged. It is kept, and not put back.
    pub was_damaged: bool,
    pub detail: Option<String>,
}
pub type RestoreId = Id<Restore>;

/// Refuses to undo what replaced nothing, was undone, or is too long ago.
pub fn check_undoable(restore: &Restore, now: Moment) -> Result<WorkspaceId> {
    let because = |detail: &str| Err(Error::conflict("restore-not-undoable", detail));
    if restore.state == State::Undone {
        return because("It was undone already.");
    }
    if restore.was_damaged {
        return because(
            "What was there before is damaged. Its file is kept in the folder workspaces/kept \
             until somebody removes it.",
        );
    }
    let kept = restore.kept_until.filter(|_| restore.state == State::Done);
    let Some((kept_until, workspace)) = kept.zip(restore.workspace) else {
        return because("It replaced no workspace, so there is nothing to put back.");
    };
    if kept_until <= now {
        return because("The file of before was kept for seven days and is gone.");
    }
    Ok(workspace)
}

/// Reads what somebody gave as their kit: its text, or the line with the key. The rest of the kit
/// is what this box knows of itself.
pub fn read_kit(text: &str, box_id: &str, signing_key: [u8; 32]) -> Result<Kit> {
    let wrong = |code, detail: &str| Err(Error::invalid("identity", code, detail));
    match Kit::read(text) {
        Ok(kit) if kit.box_id != box_id || kit.signing_key != signing_key => {
            wrong("restore-kit-other", "This kit is of another box.")
        }
        Ok(kit) => Ok(kit),
        Err(NoKit::NoKey) => {
            wrong("restore-kit", "It has no line that begins with AGE-SECRET-KEY-1.")
        }
        Err(NoKit::NoBox | NoKit::NoSigningKey) => match Identity::read(text) {
            Some(identity) => Ok(Kit {
                identity,
                box_id: box_id.to_owned(),
                box_name: String::new(),
                signing_key,
                created_at: Moment::default(),
            }),
            None => wrong("restore-kit", "The key in it is damaged."),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kit() -> Kit {
        Kit {
            identity: Identity::generate(),
            box_id: "this".to_owned(),
            box_name: "Box".to_owned(),
            signing_key: [7; 32],
            created_at: Moment(0),
        }
    }

    #[test]
    fn a_kit_is_taken_whole_or_by_its_key_and_only_of_this_box() {
        let text = kit().text().reveal().to_owned();
        let key = text.lines().find(|line| line.starts_with("AGE-")).unwrap();
        let code = |text: &str, id: &str, key: u8| match read_kit(text, id, [key; 32]) {
            Err(Error::Invalid(fields)) => fields[0].code,
            Ok(_) => "taken",
            Err(_) => "another error",
        };

        assert_eq!(code(&text, "this", 7), "taken");
        assert_eq!(code(key, "this", 7), "taken");
        assert_eq!(code(&text, "other", 7), "restore-kit-other");
        assert_eq!(code(&text, "this", 8), "restore-kit-other");
        assert_eq!(code("AGE-SECRET-KEY-1NONSENSE", "this", 7), "restore-kit");
        assert_eq!(code("", "this", 7), "restore-kit");
    }

    #[test]
    fn only_what_replaced_something_is_undone_once_and_in_time() {
        let restore = Restore {
            id: Id::from_bytes([1; 16]),
            job: Id::from_bytes([2; 16]),
            backup: None,
            workspace: Some(Id::from_bytes([3; 16])),
            mode: Mode::InPlace,
            state: State::Done,
            of: None,
            asked_by: None,
            asked_at: Moment(0),
            finished_at: Some(Moment(0)),
            kept_until: Some(Moment(100)),
            was_damaged: false,
            detail: None,
        };
        let refused = |restore: Restore, now| check_undoable(&restore, Moment(now)).is_err();

        assert!(!refused(restore.clone(), 99));
        assert!(refused(restore.clone(), 100));
        assert!(refused(Restore { state: State::Undone, ..restore.clone() }, 1));
        assert!(refused(Restore { state: State::Failed, ..restore.clone() }, 1));
        assert!(refused(Restore { was_damaged: true, ..restore.clone() }, 1));
        assert!(refused(Restore { kept_until: None, ..restore }, 1));
    }
}

//! Why the supervisor refuses something, gives an update up, or wants somebody to look.

use crate::platform::error::{Code, code};

pub const RELEASE_CHANGED: &str = "update-release-changed";
pub const RELEASE_MISSING: &str = "update-release-missing";
pub const RELEASE_UNVOUCHED: &str = "update-release-unvouched";
pub const RELEASE_REVOKED: &str = "update-release-revoked";
pub const RELEASE_UNUSABLE: &str = "update-release-unusable";
pub const NOT_INSTALLED: &str = "update-not-installed";
pub const DISK_FULL: &str = "update-disk-full";
pub const STATE_NOEXEC: &str = "update-state-noexec";
pub const BOOT_STATE_DAMAGED: &str = "update-boot-state-damaged";
pub const UNDER_WAY: &str = "update-under-way";
pub const QUARANTINED: &str = "update-quarantined";
pub const NOTHING_TO_GO_BACK_TO: &str = "update-nothing-to-go-back-to";
pub const ALREADY_RUNS: &str = "update-already-runs";
pub const WRONG_FOLDER: &str = "update-wrong-folder";
pub const STEP_FAILED: &str = "update-step-failed";
pub const STEP_TIMED_OUT: &str = "update-step-timed-out";
pub const NOT_HELD: &str = "update-not-held";
pub const SNAPSHOT_FAILED: &str = "update-snapshot-failed";
pub const MIGRATION_FAILED: &str = "update-migration-failed";
pub const MIGRATION_TIMED_OUT: &str = "update-migration-timed-out";
pub const RESTORE_FAILED: &str = "update-restore-failed";
pub const CRASHED: &str = "update-crashed";
pub const NOT_READY: &str = "update-not-ready";
pub const START_FAILED: &str = "update-start-failed";
pub const UNHEALTHY: &str = "update-unhealthy";
pub const FAULTS: &str = "update-faults";
pub const MEMORY: &str = "update-memory";
pub const NO_LIFE_SIGNS: &str = "update-no-life-signs";
pub const DIED: &str = "update-died";
pub const INTERRUPTED: &str = "update-interrupted";
pub const PACKAGE_NEEDED: &str = "update-package-first";
pub const PACKAGE_OLDER: &str = "update-package-older";
pub const OLDER_RELEASE: &str = "update-older-release";
pub const ASKED_BACK: &str = "update-asked-back";
pub const LAST_RESORT: &str = "update-last-resort";
pub const WRITE_REFUSED: &str = "update-write-refused";
pub const UNPROTECTED: &str = "update-unprotected";

const TAKE_AGAIN: &str = "Fetch the update again. If it happens again, look at the disk.";
const SEE_DETAIL: &str = "The box went back by itself. The detail says what was found; wait for a \
                          newer release, and report it.";

/// The reasons, but for those that others have as well.
pub const CODES: &[Code] = &[
    code(RELEASE_CHANGED, "A program is not the one that was signed or installed.", TAKE_AGAIN),
    code(RELEASE_MISSING, "An installed release is gone or cannot be read.", TAKE_AGAIN),
    code(
        RELEASE_UNVOUCHED,
        "No metadata that the box trusts names this program.",
        "Check for updates, so that the box has the newest metadata.",
    ),
    code(
        RELEASE_REVOKED,
        "The publisher took this release back; it is not started any more.",
        "Update to a newer release.",
    ),
    code(RELEASE_UNUSABLE, "A program cannot be started on this machine.", SEE_DETAIL),
    code(NOT_INSTALLED, "No release of this number lies installed.", TAKE_AGAIN),
    code(
        STATE_NOEXEC,
        "The folder for releases is on a disk whose programs cannot be started.",
        "Mount it without noexec, or choose another with: holdfast supervise --state DIR.",
    ),
    code(
        BOOT_STATE_DAMAGED,
        "Both copies of what to start are damaged, so the program of the package was started.",
        "Look at the disk, then update again.",
    ),
    code(
        NOTHING_TO_GO_BACK_TO,
        "There is no release before this one to go back to.",
        "Install the package of the release that you want.",
    ),
    code(ALREADY_RUNS, "This release runs already.", "There is nothing to do."),
    code(
        WRONG_FOLDER,
        "A step works below the folder for updates and nowhere else.",
        "Give it a folder below <data>/update.",
    ),
    code(STEP_FAILED, "A step of the update did not end well.", "The detail says why."),
    code(STEP_TIMED_OUT, "A step of the update took too long and was ended.", SEE_DETAIL),
    code(
        NOT_HELD,
        "The running release did not let go of its files in time, so nothing was changed.",
        "Try again when less is going on.",
    ),
    code(
        SNAPSHOT_FAILED,
        "The files could not be put aside before the change, so nothing was changed.",
        "Make room, or look at the disk; then start the update again.",
    ),
    code(MIGRATION_FAILED, "The new release could not change the files.", SEE_DETAIL),
    code(MIGRATION_TIMED_OUT, "The new release took too long to change the files.", SEE_DETAIL),
    code(
        RESTORE_FAILED,
        "The files could not be brought back to what they were before the update.",
        "The copies lie below <data>/update. Make room or mend the disk, and start the box again: \
         it tries again.",
    ),
    code(CRASHED, "The new release ended before it was ready.", SEE_DETAIL),
    code(NOT_READY, "The new release was not ready in time.", SEE_DETAIL),
    code(START_FAILED, "The new release refused to start.", SEE_DETAIL),
    code(UNHEALTHY, "The new release said that it is not well, or did not answer.", SEE_DETAIL),
    code(FAULTS, "The new release answered too many requests with faults.", SEE_DETAIL),
    code(MEMORY, "The new release took far more memory than the one before.", SEE_DETAIL),
    code(NO_LIFE_SIGNS, "The new release gave no sign of life any more.", SEE_DETAIL),
    code(DIED, "The new release ended while it was being watched.", SEE_DETAIL),
    code(
        INTERRUPTED,
        "The box ended during the update before anything was changed.",
        "Start the update again.",
    ),
    code(
        PACKAGE_OLDER,
        "The installed package is older than the release that runs.",
        "Nothing needs to be done; the package's next upgrade brings it up to date.",
    ),
    code(
        OLDER_RELEASE,
        "This release is older than what the box runs or has run.",
        "Updates only go forward. To go back, roll the last update back.",
    ),
    code(
        ASKED_BACK,
        "Somebody rolled this release back, so it is not switched to again.",
        "Wait for a release with a higher number.",
    ),
    code(
        LAST_RESORT,
        "The release to be started cannot be, so another one was started.",
        "The detail says why. Update again.",
    ),
    code(
        WRITE_REFUSED,
        "The box tried to write where releases lie, and the kernel kept it out.",
        "Nothing is to be done: the box tries that itself whenever it starts.",
    ),
    code(
        UNPROTECTED,
        "Nothing keeps the box itself from writing where releases lie.",
        "See *update-unprotected* in the manual's part on troubleshooting.",
    ),
];

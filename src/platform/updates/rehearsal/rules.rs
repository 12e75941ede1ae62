//! What is asked of checks, what a box has to have for an update, and what a rehearsal proves.

use std::time::Duration;

use super::report::Report;
use crate::platform::app::{SmokeKind, SmokeSpec};
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::updates::supervisor::reasons;

/// Checks that an app gives at least.
pub const READS_MIN: usize = 3;
pub const WRITES_MIN: usize = 2;

/// So much of a disk stays free for the box's own work, bytes.
pub const FREE_BYTES_LEFT: u64 = 1_000_000_000;
/// A backup that was verified no longer ago.
const VERIFIED_WITHIN: Duration = Duration::from_hours(26);
/// What a hand-over takes besides bringing the data along, ms: closing, opening, the trial.
const HAND_OVER_MS: u64 = 400;
/// What copying takes where it was not measured, bytes each ms.
const COPIED_PER_MS: u64 = 100_000;
/// A migration may take so many times as long as it did in the rehearsal, and at least this, ms;
/// copying as many times what it took there.
const MIGRATION_FACTOR: u64 = 10;
const MIGRATION_MS_MIN: u64 = 60_000;

pub const CODES: &[Code] = &[
    code(
        "update-check-differs",
        "A check of a release found something else than it should.",
        "Look at the check that is named, and stay with the release that runs.",
    ),
    code(
        "update-trial-failed",
        "A release that was about to take over could not do what the box is for.",
        "The release before goes on. Look at the check that is named.",
    ),
    code(
        "update-rehearsal-failed",
        "The release was tried out on a copy of the data and cannot bring all of it along.",
        "Nothing was changed. Mend what is named, or wait for a release that can.",
    ),
    code(
        "update-not-a-copy",
        "A release is tried out on a copy of the data, and the folder is none.",
        "Name the folder of a copy.",
    ),
    code(
        "update-room",
        "There is too little room on the disk for an update: it needs a copy of the databases to \
         try out and another one to go back to.",
        "Make room, or give the box a larger disk, and look for updates again.",
    ),
    code(
        "update-copy-slow",
        "Copying the data to try a release out on took too long.",
        "Look at the disk of the box. Nothing was changed.",
    ),
    code(
        "update-data-damaged",
        "The file of a workspace is damaged, and an update would leave it behind.",
        "Restore the workspace from a backup, or remove it, and try again.",
    ),
    code(
        "update-backup-unverified",
        "No backup of the last day was verified, and an update begins with one.",
        "Set up a recovery kit and a target, make a backup, and wait until it is verified.",
    ),
    code(
        "update-snapshot-there",
        "There is a whole snapshot of the data already, which is never written over.",
        "Go back to it, or remove it with the update that it belongs to.",
    ),
    code(
        "update-snapshot-unfit",
        "A snapshot is not whole, or not what its manifest says. Nothing was changed.",
        "Bring the box back from a backup instead: holdfast recover.",
    ),
    code(
        "update-files-failed",
        "A step of an update could not be done.",
        "Look at the detail and at the disk. The update goes back by itself.",
    ),
];

/// What a check answers that found something else than it should.
pub fn differs(detail: impl Into<String>) -> Error {
    Error::conflict("update-check-differs", detail)
}

/// What a release answers that cannot take over: which check failed, and where.
pub fn trial_failed(title: &str, place: &str, why: &str) -> Error {
    Error::conflict("update-trial-failed", format!("{title} ({place}): {why}"))
}

/// What a step answers that was given a folder which is no copy.
pub fn not_a_copy(folder: &str) -> Error {
    let detail = format!("{folder} is no copy that was made to try a release out on.");
    Error::conflict("update-not-a-copy", detail)
}

/// What is answered where a whole snapshot lies already.
pub fn snapshot_there() -> Error {
    let detail = "There is a whole snapshot of the data in this folder.";
    Error::conflict("update-snapshot-there", detail)
}

/// What is answered where a snapshot cannot be gone back to.
pub fn snapshot_unfit(why: &str) -> Error {
    Error::conflict("update-snapshot-unfit", format!("The snapshot cannot be used: {why}."))
}

/// Refuses to take so many bytes more of a disk.
pub fn check_free(free_bytes: u64, more_bytes: u64) -> Result<()> {
    let needed = more_bytes.saturating_add(FREE_BYTES_LEFT);
    if free_bytes >= needed {
        return Ok(());
    }
    let (free, needed) = (free_bytes / 1_000_000, needed / 1_000_000);
    let detail = format!("{needed} MB have to be free, and {free} MB are. Nothing was changed.");
    Err(Error::Conflict(Refusal::new("update-room", detail)))
}

/// What is known of a box before an update.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub databases_bytes: u64,
    pub binary_bytes: u64,
    pub free_bytes: u64,
    /// What people call the workspaces whose files are damaged.
    pub damaged: Vec<String>,
    pub last_verified_at: Option<Moment>,
    /// Whether programs can be started from where releases lie.
    pub is_executable: bool,
}

/// Everything that stands in the way of an update, each with its own code.
pub fn obstacles(facts: &Facts, now: Moment) -> Vec<Refusal> {
    let mut found = Vec::new();
    let needed = facts.databases_bytes.saturating_mul(2);
    let needed = needed.saturating_add(facts.binary_bytes.saturating_mul(3));
    if let Err(Error::Conflict(refusal)) = check_free(facts.free_bytes, needed) {
        found.push(refusal);
    }
    if let Some(name) = facts.damaged.first() {
        let others = match facts.damaged.len() {
            1 => String::new(),
            count => format!(" and of {} more", count - 1),
        };
        let detail = format!("The file of {name}{others} is damaged.");
        found.push(Refusal::new("update-data-damaged", detail));
    }
    if facts.last_verified_at.is_none_or(|at| now.since(at) > VERIFIED_WITHIN) {
        let detail = match facts.last_verified_at {
            Some(at) => format!("The last backup that was verified is of {at}."),
            None => "No backup was ever verified.".to_owned(),
        };
        found.push(Refusal::new("update-backup-unverified", detail));
    }
    if !facts.is_executable {
        let detail = "The folder of releases is on a disk that programs are not started from.";
        found.push(Refusal::new(reasons::STATE_NOEXEC, detail));
    }
    found
}

/// How a box would go back to the release before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayBack {
    /// That release ran on the migrated copy: it only has to be started, and nothing is lost.
    ProvenWithoutRestore,
    /// The data would have to be put back as it was before, with what was entered since.
    NeedsRestore,
}

impl WayBack {
    pub fn name(self) -> &'static str {
        match self {
            Self::ProvenWithoutRestore => "proven-without-restore",
            Self::NeedsRestore => "needs-restore",
        }
    }
}

/// What a rehearsal proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    pub way_back: WayBack,
    /// Why a restore would be needed, in sentences.
    pub reasons: Vec<String>,
    /// Whether any file changes its schema.
    pub migrates: bool,
    /// For how long people wait, ms, as far as it was measured.
    pub hold_ms: u64,
    /// What bringing the data along may take before it is given up, or putting it aside, ms.
    pub migration_ms_max: u64,
}

/// Judges by what the next release found on the copy, and then the one before on the same copy.
/// None: it was not tried. `copied` is what was copied in how many ms.
///
/// # Errors
/// `update-rehearsal-failed` when the next release cannot bring all of the data along.
pub fn judge(new: &Report, old: Option<&Report>, copied: (u64, u64)) -> Result<Judgement> {
    if let Some(detail) = fault(new) {
        return Err(Error::conflict("update-rehearsal-failed", detail));
    }
    let mut reasons = Vec::new();
    match old {
        None => reasons.push("The release before was not tried on the new data.".to_owned()),
        Some(old) => {
            reasons.extend(fault(old).map(|why| format!("The release before: {why}")));
            if old.files != new.files {
                reasons.push(format!(
                    "The release before looked at {} files of {}.",
                    old.files, new.files
                ));
            }
        }
    }
    let lost = new.tables.iter().filter(|rows| rows.after.is_none_or(|after| after < rows.before));
    reasons.extend(lost.map(|rows| {
        let (table, before, after) = (&rows.table, rows.before, rows.after.unwrap_or(0));
        format!("Of {before} rows in {table} the release keeps {after}.")
    }));
    let migrates = new.migrated_files > 0;
    let is_proven = reasons.is_empty();
    let way_back = if is_proven { WayBack::ProvenWithoutRestore } else { WayBack::NeedsRestore };
    let copying_ms = copy_ms(new.bytes, copied);
    let bring_along = if migrates { new.migrate_ms + copying_ms } else { 0 };
    // Much data that a release changes little of still has to be put aside.
    let migration_ms_max = new.migrate_ms.saturating_mul(MIGRATION_FACTOR).max(MIGRATION_MS_MIN);
    let migration_ms_max =
        migration_ms_max.saturating_add(copying_ms.saturating_mul(MIGRATION_FACTOR));
    let hold_ms = HAND_OVER_MS + bring_along;
    Ok(Judgement { way_back, reasons, migrates, hold_ms, migration_ms_max })
}

/// What copying so many bytes takes, going by what was measured.
fn copy_ms(bytes: u64, (copied, took_ms): (u64, u64)) -> u64 {
    let each_ms = copied.checked_div(took_ms).unwrap_or(COPIED_PER_MS).max(1);
    bytes / each_ms
}

/// What a report says went wrong first.
fn fault(report: &Report) -> Option<String> {
    if let Some(first) = report.failed.first() {
        let of = match (&first.name, &first.workspace) {
            (Some(name), Some(id)) => format!("workspace {name} ({id})"),
            (None, Some(id)) => format!("workspace {id}"),
            _ => "the box".to_owned(),
        };
        let more = match report.failed_files {
            0 | 1 => String::new(),
            count => format!(" {} more files failed.", count - 1),
        };
        return Some(format!("The file of {of} cannot be brought along: {}.{more}", first.what));
    }
    let check = report.checks.iter().find(|check| check.failed > 0)?;
    let detail = check.detail.as_deref().unwrap_or("it failed");
    Some(format!("{} ({}) failed {} times: {detail}", check.title, check.name, check.failed))
}

/// Says what is wrong with the checks of an app.
///
/// # Errors
/// What is missing, as a person would read it.
pub fn check_checks(app: &str, checks: &[SmokeSpec]) -> Result<(), String> {
    let of = |kind| checks.iter().filter(|check| check.kind == kind).count();
    let (reads, writes) = (of(SmokeKind::Read), of(SmokeKind::Write));
    if reads < READS_MIN || writes < WRITES_MIN {
        return Err(format!(
            "{app} has {reads} checks that read and {writes} that write; at least {READS_MIN} and \
             {WRITES_MIN} are needed"
        ));
    }
    let twice = |(at, check): (usize, &SmokeSpec)| {
        checks.iter().take(at).any(|other| other.name == check.name)
    };
    match checks.iter().enumerate().find(|one| twice(*one)) {
        Some((_, check)) => Err(format!("{app} has two checks called {}", check.name)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::{Checked, Failed, Rows};
    use super::*;

    fn good() -> Report {
        let rows = Rows { table: "workspace.items".to_owned(), before: 7, after: Some(7) };
        let (migrated_files, migrate_ms) = (3, 9_000);
        let tables = vec![rows];
        Report {
            files: 3,
            bytes: 4_000_000,
            migrated_files,
            migrate_ms,
            tables,
            ..Report::default()
        }
    }

    fn failing() -> Report {
        let check = Checked {
            name: "inventory.items-read".to_owned(),
            title: "List items".to_owned(),
            writes: false,
            ran: 3,
            failed: 1,
            detail: Some("Harbour: no such column".to_owned()),
        };
        Report { checks: vec![check], ..good() }
    }

    #[test]
    fn a_release_whose_data_the_one_before_can_use_is_undone_without_a_restore() {
        let judged = judge(&good(), Some(&good()), (8_000_000, 100)).unwrap();

        assert_eq!((judged.way_back, judged.migrates), (WayBack::ProvenWithoutRestore, true));
        assert_eq!(judged.reasons, Vec::<String>::new());
        // 4 MB at 80 kB each ms.
        assert_eq!(judged.hold_ms, 400 + 9_000 + 50);
        assert_eq!(judged.migration_ms_max, 90_000 + 500);
    }

    #[test]
    fn one_that_changes_no_schema_holds_nobody_up() {
        let same = Report { migrated_files: 0, ..good() };

        let judged = judge(&same, Some(&same), (0, 0)).unwrap();

        assert_eq!((judged.migrates, judged.hold_ms), (false, 400));
        let quick = Report { migrate_ms: 5, ..good() };
        let judged = judge(&quick, Some(&quick), (0, 0)).unwrap();
        assert_eq!((judged.migration_ms_max, judged.hold_ms), (60_400, 400 + 5 + 40));
    }

    #[test]
    fn much_data_may_take_long_to_be_put_aside_however_little_of_it_changes() {
        let much = Report { bytes: 400_000_000_000, migrate_ms: 5, ..good() };

        // 50 kB each ms.
        let judged = judge(&much, Some(&much), (5_000_000, 100)).unwrap();

        assert_eq!(judged.migration_ms_max, 60_000 + 10 * 8_000_000);
    }

    #[test]
    fn a_restore_is_needed_when_the_release_before_fails_or_rows_are_gone() {
        let of = |old: Option<&Report>| judge(&good(), old, (0, 0)).unwrap();
        assert_eq!(of(None).way_back, WayBack::NeedsRestore);

        let failed = of(Some(&failing()));
        assert_eq!(failed.way_back, WayBack::NeedsRestore);
        assert!(failed.reasons[0].contains("no such column"), "{:?}", failed.reasons);

        let fewer = Report { files: 2, ..good() };
        assert_eq!(of(Some(&fewer)).way_back, WayBack::NeedsRestore);

        for after in [Some(6), None] {
            let rows = Rows { table: "workspace.items".to_owned(), before: 7, after };
            let lost = Report { tables: vec![rows], ..good() };
            let judged = judge(&lost, Some(&good()), (0, 0)).unwrap();
            assert_eq!(judged.way_back, WayBack::NeedsRestore);
            assert!(judged.reasons[0].contains("workspace.items"), "{:?}", judged.reasons);
        }
        let more = Rows { table: "workspace.items".to_owned(), before: 7, after: Some(8) };
        let grown = Report { tables: vec![more], ..good() };
        assert_eq!(judge(&grown, Some(&good()), (0, 0)).unwrap().reasons, Vec::<String>::new());
    }

    #[test]
    fn a_release_that_cannot_bring_a_file_along_is_refused_and_the_file_named() {
        let mut report = good();
        report.fail(Failed {
            file: "workspaces/1.db".to_owned(),
            workspace: Some("1".to_owned()),
            name: Some("Harbour".to_owned()),
            kind: "migration".to_owned(),
            what: "CHECK constraint failed".to_owned(),
        });

        let refused = judge(&report, Some(&good()), (0, 0)).unwrap_err();

        let Error::Conflict(refusal) = refused else { panic!("{refused}") };
        assert_eq!(refusal.code, "update-rehearsal-failed");
        assert!(refusal.detail.contains("Harbour (1)"), "{}", refusal.detail);
        assert!(refusal.detail.contains("CHECK constraint failed"), "{}", refusal.detail);
        assert!(judge(&failing(), Some(&good()), (0, 0)).is_err());
    }

    #[test]
    fn each_obstacle_has_its_own_code() {
        const NOW: Moment = Moment(1_000_000_000_000);
        let free_bytes = 2 * 100 + 3 * 10 + FREE_BYTES_LEFT;
        let ready = Facts {
            databases_bytes: 100,
            binary_bytes: 10,
            free_bytes,
            damaged: Vec::new(),
            last_verified_at: Some(NOW),
            is_executable: true,
        };
        let codes = |facts: &Facts| -> Vec<&str> {
            obstacles(facts, NOW).into_iter().map(|one| one.code).collect()
        };

        assert_eq!(codes(&ready), Vec::<&str>::new());
        let full = Facts { free_bytes: free_bytes - 1, ..ready.clone() };
        assert_eq!(codes(&full), ["update-room"]);
        let damaged = Facts { damaged: vec!["A".to_owned(), "B".to_owned()], ..ready.clone() };
        assert_eq!(codes(&damaged), ["update-data-damaged"]);
        let late = Moment(NOW.0 - 27 * 3_600_000);
        let stale = Facts { last_verified_at: Some(late), ..ready.clone() };
        assert_eq!(codes(&stale), ["update-backup-unverified"]);
        let never = Facts { last_verified_at: None, ..ready.clone() };
        assert_eq!(codes(&never), ["update-backup-unverified"]);
        let noexec = Facts { is_executable: false, ..ready };
        assert_eq!(codes(&noexec), [reasons::STATE_NOEXEC]);
        assert_eq!(codes(&Facts::default()).len(), 3);
    }

    const READ: SmokeSpec =
        SmokeSpec { name: "a", title: "A", kind: SmokeKind::Read, run: |_| Ok(()) };
    const fn named(name: &'static str, kind: SmokeKind) -> SmokeSpec {
        SmokeSpec { name, kind, ..READ }
    }

    #[test]
    fn an_app_with_too_few_checks_is_refused() {
        use SmokeKind::{Read, Write};
        let enough = [
            named("a", Read),
            named("b", Read),
            named("c", Read),
            named("d", Write),
            named("e", Write),
        ];

        assert_eq!(check_checks("shop", &enough), Ok(()));
        assert!(check_checks("shop", &enough[1..]).unwrap_err().contains("2 checks that read"));
        assert!(check_checks("shop", &enough[..4]).unwrap_err().contains("1 that write"));
        assert!(check_checks("shop", &[]).is_err());
    }

    #[test]
    fn two_checks_of_one_name_are_refused() {
        use SmokeKind::{Read, Write};
        let twice = [
            named("a", Read),
            named("b", Read),
            named("c", Read),
            named("d", Write),
            named("a", Write),
        ];

        assert!(check_checks("shop", &twice).unwrap_err().contains("two checks called a"));
    }
}

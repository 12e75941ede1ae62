//! What the supervisor decides.

use std::time::Duration;

use super::boot::{BootState, Installed, Phase};
use super::reasons;
use super::standing::Alert;
use crate::platform::BOX_DAMAGED;
use crate::platform::updates::release::Status;

/// What a start begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtStart {
    StartActive,
    /// Nothing was changed: the switch is over.
    Disarm,
    /// Goes on with the new release: migrates what is left to migrate, and starts it.
    Migrate,
    /// Starts the new release, whose files are as it wants them.
    StartPending,
    /// Brings the files back, then starts the release before.
    Restore,
    /// Starts the release before on the files as they are.
    GoBack,
}

/// What to do with the boot state that is found.
pub fn at_start(state: &BootState) -> AtStart {
    let Some(pending) = &state.pending else { return AtStart::StartActive };
    let is_left = pending.tries_left > 0;
    match state.phase {
        Phase::Steady => AtStart::StartActive,
        Phase::Armed => AtStart::Disarm,
        Phase::Switched if is_left && pending.migrates => AtStart::Migrate,
        Phase::Switched | Phase::Exposed if is_left => AtStart::StartPending,
        Phase::Switched if pending.migrates => AtStart::Restore,
        Phase::Switched | Phase::Exposed => AtStart::GoBack,
        Phase::Restoring => AtStart::Restore,
    }
}

/// What signed metadata says of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    pub seq: u64,
    pub version: String,
    pub sha256: String,
    pub size_bytes: u64,
    pub status: Status,
    pub os: String,
    pub arch: String,
    /// The name of the target.
    pub target: String,
    pub supervisor_proto: u32,
}

/// Refuses to install, or to switch to, what nobody vouches for (any more).
pub fn check_vouched(release: &Installed, vouched: &[Vouched]) -> Result<(), Alert> {
    if release.is_packaged || named(release, vouched).is_some() {
        return check_not_revoked(release, vouched);
    }
    let detail = format!("No trusted metadata names the program of release {}", release.version);
    Err(Alert::new(reasons::RELEASE_UNVOUCHED, detail))
}

/// Refuses what its publisher took back. That is all that is asked of a release which the boot
/// state names: it was vouched for when it was installed, and lists forget old releases.
pub fn check_not_revoked(release: &Installed, vouched: &[Vouched]) -> Result<(), Alert> {
    let found = named(release, vouched).filter(|one| one.status == Status::Revoked);
    if release.is_packaged || found.is_none() {
        return Ok(());
    }
    let detail = format!("Release {} was taken back by its publisher", release.version);
    Err(Alert::new(reasons::RELEASE_REVOKED, detail))
}

fn named<'a>(release: &Installed, vouched: &'a [Vouched]) -> Option<&'a Vouched> {
    vouched.iter().find(|one| one.sha256 == release.sha256 && one.seq == release.seq)
}

/// A release that may be started, and why that is better avoided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub release: Installed,
    /// Its publisher took it back.
    pub revoked: Option<Alert>,
}

/// What may answer people, the best first: the release that is kept, the one before it, the
/// package's, and at last what was taken back.
pub fn candidates(state: &BootState, packaged: &Installed, vouched: &[Vouched]) -> Vec<Candidate> {
    let all = [Some(&state.active), state.fallback.as_ref(), Some(packaged)];
    let candidate = |release: &Installed| Candidate {
        release: release.clone(),
        revoked: check_not_revoked(release, vouched).err(),
    };
    let mut all: Vec<Candidate> = all.into_iter().flatten().map(candidate).collect();
    all.sort_by_key(|one| one.revoked.is_some());
    all
}

/// Refuses a switch that must not be: while another one is under way, to a release that was given
/// up, and back in time but by a rollback.
pub fn check_switch(state: &BootState, to: &Installed) -> Result<(), Alert> {
    check_idle(state)?;
    check_not_quarantined(state, to)?;
    if to.sha256 == state.active.sha256 {
        let detail = format!("Release {} runs already", to.version);
        return Err(Alert::new(reasons::ALREADY_RUNS, detail));
    }
    if to.seq <= state.active.seq || to.seq < state.seq_floor {
        let floor = state.seq_floor.max(state.active.seq);
        let detail = format!("Release {} is {}, and the box has had {floor}", to.version, to.seq);
        return Err(Alert::new(reasons::OLDER_RELEASE, detail));
    }
    Ok(())
}

/// The release that a rollback leads to.
pub fn check_rollback(state: &BootState) -> Result<Installed, Alert> {
    check_idle(state)?;
    let Some(fallback) = &state.fallback else {
        let detail = "There is no release before this one".to_owned();
        return Err(Alert::new(reasons::NOTHING_TO_GO_BACK_TO, detail));
    };
    check_not_quarantined(state, fallback)?;
    Ok(fallback.clone())
}

/// Refuses to put the program of a package that was installed in the place of the active release:
/// one that was given up, and one that is older than what came over a feed.
pub fn check_package(state: &BootState, packaged: &Installed) -> Result<(), Alert> {
    let (there, active) = (&packaged.version, &state.active.version);
    if state.is_quarantined(packaged) {
        let detail = format!("The package's release {there} was given up, and {active} runs");
        return Err(Alert::new(reasons::QUARANTINED, detail));
    }
    // Packages are ordered by their manager, which somebody told to install this one.
    if state.active.is_packaged || packaged.seq > state.active.seq {
        return Ok(());
    }
    if packaged.seq == 0 {
        let detail = format!(
            "No trusted metadata names the package's release {there}, and {active}, which came \
             over a feed, runs. Take the newer one over the feed"
        );
        return Err(Alert::new(reasons::RELEASE_UNVOUCHED, detail));
    }
    let detail = format!("The package has release {there}, and {active} runs");
    Err(Alert::new(reasons::PACKAGE_OLDER, detail))
}

fn check_idle(state: &BootState) -> Result<(), Alert> {
    match &state.pending {
        Some(pending) => {
            let detail = format!("The update {} has not ended", pending.transaction);
            Err(Alert::new(reasons::UNDER_WAY, detail))
        }
        None => Ok(()),
    }
}

fn check_not_quarantined(state: &BootState, release: &Installed) -> Result<(), Alert> {
    if state.is_quarantined(release) {
        let detail = format!("Release {} was given up on this box", release.version);
        return Err(Alert::new(reasons::QUARANTINED, detail));
    }
    Ok(())
}

/// The pauses before a worker that ended is started again, by how often it ended in a row.
const PAUSES_S: [u64; 6] = [0, 1, 2, 5, 10, 30];
/// A worker that ran so long did not end in a row with the one before.
pub const RAN_WELL: Duration = Duration::from_mins(1);

/// How long to wait before the worker is started again.
pub fn pause(ended_in_a_row: usize) -> Duration {
    let longest = PAUSES_S[PAUSES_S.len() - 1];
    Duration::from_secs(PAUSES_S.get(ended_in_a_row).copied().unwrap_or(longest))
}

/// Exit codes after which a worker is not started again: wrong usage, the folder of another user, a
/// damaged box or the data of a newer version.
pub const FINAL_EXITS: [i32; 3] = [2, 4, NOT_OPENED_EXIT];
/// A damaged box or the data of a newer version.
pub const NOT_OPENED_EXIT: i32 = 5;

/// Whether another release may do what one could not that ended like this and gave this code as
/// its reason: data that is too new for one is not so for the next, damage is there for each.
pub fn may_another_start(exit: i32, said: Option<&str>) -> bool {
    exit == NOT_OPENED_EXIT && said != Some(BOX_DAMAGED)
}

/// Probes in a row that may go wrong.
pub const PROBES_FAILED_MAX: u32 = 3;
/// Faults within [`WINDOW`] that are looked at; fewer say nothing.
const FAULTS_MIN: u64 = 5;
/// In percent of the answers within the window.
const FAULTS_SHARE_MAX: u64 = 5;
/// Over how long faults are counted.
pub const WINDOW: Duration = Duration::from_secs(10);
/// A release may take so many times the memory of the one before, and so much more.
const MEMORY_TIMES_MAX: u64 = 3;
const MEMORY_MORE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What was seen of a release that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watched {
    pub probes_failed_in_a_row: u32,
    /// Within the last [`WINDOW`].
    pub answers: u64,
    pub faults: u64,
    pub memory_bytes: u64,
    /// Of the release before.
    pub memory_before_bytes: u64,
}

/// Why a watched release is given up. None: nothing is off.
pub fn judge(watched: &Watched) -> Option<Alert> {
    if watched.probes_failed_in_a_row >= PROBES_FAILED_MAX {
        let detail = format!("{PROBES_FAILED_MAX} looks at its health in a row failed");
        return Some(Alert::new(reasons::UNHEALTHY, detail));
    }
    let (answers, faults) = (watched.answers, watched.faults);
    if faults >= FAULTS_MIN && faults.saturating_mul(100) > answers.saturating_mul(FAULTS_SHARE_MAX)
    {
        let detail = format!("{faults} of {answers} answers in {} s were faults", WINDOW.as_secs());
        return Some(Alert::new(reasons::FAULTS, detail));
    }
    let before = watched.memory_before_bytes;
    let bound = before.saturating_mul(MEMORY_TIMES_MAX).saturating_add(MEMORY_MORE_BYTES_MAX);
    if before > 0 && watched.memory_bytes > bound {
        let (now, before) = (watched.memory_bytes >> 20, before >> 20);
        let detail = format!("It takes {now} MiB of memory; the release before took {before} MiB");
        return Some(Alert::new(reasons::MEMORY, detail));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::updates::supervisor::boot::Quarantined;

    fn release(seq: u64, sha256: &str, is_packaged: bool) -> Installed {
        let (version, sha256) = (format!("0.{seq}.0"), sha256.to_owned());
        Installed { seq, version, sha256, folder: None, is_packaged }
    }

    #[test]
    fn a_package_takes_over_from_packages_and_from_older_releases_of_a_feed() {
        let code = |active: &Installed, packaged: &Installed| {
            let state = BootState::of(active.clone());
            check_package(&state, packaged).err().map(|alert| alert.code)
        };
        let (fed, packaged) = (|seq| release(seq, "fed", false), |seq| release(seq, "new", true));

        assert_eq!(code(&release(3, "old", true), &packaged(1)), None);
        assert_eq!(code(&release(3, "old", true), &packaged(0)), None);
        assert_eq!(code(&fed(2), &packaged(3)), None);
        assert_eq!(code(&fed(2), &packaged(1)).as_deref(), Some(reasons::PACKAGE_OLDER));
        assert_eq!(code(&fed(2), &packaged(0)).as_deref(), Some(reasons::RELEASE_UNVOUCHED));
    }

    #[test]
    fn a_package_that_was_given_up_is_not_tried_again() {
        let packaged = release(0, "new", true);
        let mut state = BootState::of(release(0, "old", true));
        let (sha256, code) = (packaged.sha256.clone(), reasons::CRASHED.to_owned());
        state.quarantine.push(Quarantined { seq: 0, sha256, code });

        let refused = check_package(&state, &packaged).map_err(|alert| alert.code);

        assert_eq!(refused, Err(reasons::QUARANTINED.to_owned()));
    }

    fn listed(release: &Installed, status: Status) -> Vouched {
        Vouched {
            seq: release.seq,
            version: release.version.clone(),
            sha256: release.sha256.clone(),
            size_bytes: 1,
            status,
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            target: "holdfast".to_owned(),
            supervisor_proto: 1,
        }
    }

    #[test]
    fn what_no_list_names_any_more_is_started_and_what_was_taken_back_comes_last() {
        let (active, before) = (release(20, "active", false), release(3, "before", false));
        let packaged = release(1, "package", true);
        let fallback = Some(before.clone());
        let state = BootState { fallback, ..BootState::of(active.clone()) };
        let order = |vouched: &[Vouched]| -> Vec<(u64, bool)> {
            let found = candidates(&state, &packaged, vouched);
            found.iter().map(|one| (one.release.seq, one.revoked.is_some())).collect()
        };

        assert_eq!(order(&[]), [(20, false), (3, false), (1, false)]);
        let revoked = [listed(&active, Status::Revoked), listed(&before, Status::Withdrawn)];
        assert_eq!(order(&revoked), [(3, false), (1, false), (20, true)]);
        let both = [listed(&active, Status::Revoked), listed(&before, Status::Revoked)];
        assert_eq!(order(&both), [(1, false), (20, true), (3, true)]);
        let of_package = [listed(&packaged, Status::Revoked)];
        assert_eq!(order(&of_package), [(20, false), (3, false), (1, false)]);
    }

    #[test]
    fn a_new_release_has_to_be_listed_and_not_taken_back() {
        let new = release(20, "new", false);
        let refused = |vouched: &[Vouched]| check_vouched(&new, vouched).map_err(|it| it.code);

        assert_eq!(refused(&[]), Err(reasons::RELEASE_UNVOUCHED.to_owned()));
        let other = Vouched { seq: 19, ..listed(&new, Status::Active) };
        assert_eq!(refused(&[other]), Err(reasons::RELEASE_UNVOUCHED.to_owned()));
        let revoked = listed(&new, Status::Revoked);
        assert_eq!(refused(&[revoked]), Err(reasons::RELEASE_REVOKED.to_owned()));
        assert_eq!(refused(&[listed(&new, Status::Active)]), Ok(()));
    }

    #[test]
    fn another_release_is_tried_where_data_is_too_new_and_not_where_it_is_damaged() {
        assert!(may_another_start(5, Some("data-newer")));
        assert!(may_another_start(5, None), "it did not get to say so");
        assert!(!may_another_start(5, Some(BOX_DAMAGED)));
        assert!(!may_another_start(2, None) && !may_another_start(4, None));
    }

    #[test]
    fn a_worker_is_started_again_at_once_and_then_ever_later() {
        let pauses: Vec<u64> = (0..8).map(|nth| pause(nth).as_secs()).collect();

        assert_eq!(pauses, [0, 1, 2, 5, 10, 30, 30, 30]);
    }

    #[test]
    fn few_faults_say_nothing_and_a_share_of_many_does() {
        let watched = |answers, faults| judge(&Watched { answers, faults, ..Watched::default() });
        let code = |found: Option<Alert>| found.map(|alert| alert.code);

        assert_eq!(code(watched(4, 4)), None);
        assert_eq!(code(watched(5, 5)).as_deref(), Some(reasons::FAULTS));
        assert_eq!(code(watched(1_000, 50)), None);
        assert_eq!(code(watched(1_000, 51)).as_deref(), Some(reasons::FAULTS));
    }

    #[test]
    fn memory_is_compared_with_the_release_before() {
        const MIB: u64 = 1024 * 1024;
        let watched = |now: u64, before: u64| {
            let (memory_bytes, memory_before_bytes) = (now * MIB, before * MIB);
            judge(&Watched { memory_bytes, memory_before_bytes, ..Watched::default() }).is_some()
        };

        assert!(!watched(556, 100));
        assert!(watched(557, 100));
        assert!(!watched(10_000, 0), "nothing is known of the one before");
    }

    #[test]
    fn three_failed_looks_are_one_too_many() {
        let after = |probes_failed_in_a_row| {
            judge(&Watched { probes_failed_in_a_row, ..Watched::default() })
        };

        assert_eq!(after(2), None);
        assert_eq!(after(3).map(|alert| alert.code).as_deref(), Some(reasons::UNHEALTHY));
    }
}

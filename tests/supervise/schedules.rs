//! The power goes at any moment of an update, also while what the last cut left is put in order:
//! the box ends on one of both releases, whole, with the files that this release wants.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use holdfast::platform::clock::{Clock, Moment};
use holdfast::platform::secret::to_hex;
use holdfast::platform::updates::supervisor::boot::{Installed, Kind, Pending};
use holdfast::platform::updates::supervisor::disk::Disk;
use holdfast::platform::updates::supervisor::ledger::Ledger;
use holdfast::platform::updates::supervisor::protocol::SwitchLimits;
use holdfast::platform::updates::supervisor::releases::{self, Releases};
use holdfast::platform::updates::supervisor::rules::{AtStart, at_start};
use holdfast::platform::updates::supervisor::standing::{Alert, State};
use sha2::{Digest, Sha256};

use crate::forgetful::{Dice, Forgetful};

const SCHEDULES: u64 = 1_000;
/// Cuts of the power in one schedule at most.
const CUTS_MAX: usize = 4;
const STATE: &str = "/state";
const DATA: &str = "/data";

/// What the files of the box are like. Steps are somebody else's; they are cut off in the middle
/// as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Files {
    Old,
    Between,
    New,
}

/// One box, over all its power cuts.
struct Story {
    disk: Arc<Forgetful>,
    dice: Dice,
    files: Files,
    has_snapshot: bool,
    is_exposed: bool,
    migrates: bool,
    packaged: Installed,
    new: Installed,
    program: Vec<u8>,
}

fn power() -> io::Error {
    io::Error::other("the power goes during a step")
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let program: Vec<u8> = (0..5_000).map(|_| dice.below(256).to_le_bytes()[0]).collect();
        let release = |seq: u64, sha256: String| Installed {
            seq,
            version: format!("1.{seq}.0"),
            sha256,
            folder: None,
            is_packaged: seq == 1,
        };
        let new = release(2, to_hex(&Sha256::digest(&program)));
        let packaged = release(1, "0".repeat(64));
        let disk = Arc::new(Forgetful::new(seed));
        for folder in [STATE, DATA] {
            disk.make_folder(Path::new(folder)).expect("a folder");
        }
        disk.sync_folder(Path::new("/")).expect("power");
        let migrates = dice.toss();
        let (files, has_snapshot, is_exposed) = (Files::Old, false, false);
        Self { disk, dice, files, has_snapshot, is_exposed, migrates, packaged, new, program }
    }

    fn opened(&self) -> io::Result<(Ledger, Releases)> {
        let disk: Arc<dyn Disk> = Arc::<Forgetful>::clone(&self.disk);
        let releases = Releases::open(Arc::clone(&disk), Path::new(STATE))?;
        let clock = Clock::fixed(Moment(1));
        let opened = Ledger::open(disk, Path::new(STATE), Path::new(DATA), &self.packaged, clock)?;
        assert_eq!(opened.1, None, "one copy of the boot state is always whole");
        Ok((opened.0, releases))
    }

    /// A step on the files, which the power may go in.
    fn step(&mut self, from: Files, to: Files) -> io::Result<()> {
        assert!(self.files == from || self.files == Files::Between || self.files == to);
        if self.dice.below(12) == 0 {
            self.files = Files::Between;
            self.disk.cut_after(0);
            return Err(power());
        }
        self.files = to;
        Ok(())
    }

    /// The release of the package, or the one that was installed, is started.
    fn starts(&self, release: &Installed) {
        let wanted = if release.seq == 2 && self.migrates { Files::New } else { Files::Old };
        // What came before reads what its successor wrote, once people have used that.
        let is_read = self.files == wanted || (self.is_exposed && self.files == Files::New);
        assert!(is_read, "release {} on {:?} files", release.seq, self.files);
        let Some(folder) = &release.folder else { return };
        let path = Path::new(STATE).join("releases").join(folder).join(releases::PROGRAM);
        let bytes = self.disk.read(&path).expect("power").expect("the program of what is started");
        assert_eq!(to_hex(&Sha256::digest(bytes)), release.sha256, "it is not whole");
    }

    /// Up to the point where nothing is left but to start the new release.
    fn begin(&mut self, ledger: &mut Ledger, releases: &Releases) -> io::Result<()> {
        let mut file = tempfile();
        file.write_all(&self.program)?;
        let installed = releases.install(&mut file, &self.new);
        let release = installed.map_err(|alert| io::Error::other(alert.detail))?;
        let limits = SwitchLimits { probation_s: 1, migration_ms_max: 1 };
        ledger.arm(Pending {
            release,
            kind: Kind::Update,
            transaction: "one".to_owned(),
            migrates: self.migrates,
            needs_restore: false,
            limits,
            tries_left: 0,
            why: None,
            states: Vec::new(),
        })?;
        ledger.enter(State::Hold);
        if self.migrates {
            self.has_snapshot = true;
            ledger.enter(State::Snapshot);
        }
        ledger.switched()?;
        if self.migrates {
            assert!(ledger.count_try()?);
            self.step(Files::Old, Files::New)?;
            ledger.enter(State::Migrated);
        }
        Ok(())
    }

    /// Starts the new release as often as it may be; people reach it if it does well.
    fn go_on(&mut self, ledger: &mut Ledger) -> io::Result<()> {
        while ledger.count_try()? {
            let release = ledger.pending().expect("it is pending").release.clone();
            self.starts(&release);
            if self.dice.below(3) > 0 {
                self.is_exposed = true;
                ledger.exposed()?;
                ledger.enter(State::Probation);
                if self.dice.toss() {
                    return ledger.committed();
                }
                return ledger.rolled_back(&Alert::new("off", ""));
            }
        }
        if self.migrates && !self.is_exposed {
            ledger.restoring(&Alert::new("off", ""))?;
            return self.restore(ledger);
        }
        ledger.rolled_back(&Alert::new("off", ""))
    }

    fn restore(&mut self, ledger: &mut Ledger) -> io::Result<()> {
        assert!(self.has_snapshot, "nothing to bring back");
        self.step(Files::New, Files::Old)?;
        ledger.rolled_back(&Alert::new("off", ""))
    }

    /// What a start does with what it finds.
    fn put_in_order(&mut self) -> io::Result<Ledger> {
        let (mut ledger, releases) = self.opened()?;
        match at_start(ledger.state()) {
            AtStart::StartActive => {}
            AtStart::Disarm => ledger.disarmed(&Alert::new("off", ""))?,
            AtStart::Migrate => {
                assert!(ledger.count_try()?);
                self.step(Files::Old, Files::New)?;
                self.go_on(&mut ledger)?;
            }
            AtStart::StartPending => self.go_on(&mut ledger)?,
            AtStart::Restore => self.restore(&mut ledger)?,
            AtStart::GoBack => ledger.rolled_back(&Alert::new("off", ""))?,
        }
        let state = ledger.state();
        let kept = [Some(&state.active), state.fallback.as_ref()];
        releases.clean_up(&kept.into_iter().flatten().collect::<Vec<_>>())?;
        Ok(ledger)
    }
}

fn tempfile() -> File {
    tempfile::tempfile().expect("a temporary file")
}

#[test]
fn whatever_an_unsynced_disk_loses_the_box_ends_whole_on_one_of_both_releases() {
    let (mut ended_new, mut ended_old, mut in_the_middle) = (0, 0, 0);
    for seed in 1..=SCHEDULES {
        let mut story = Story::new(seed);
        let whole = {
            // How long it takes when nothing is cut off, so that cuts fall everywhere.
            let mut story = Story::new(seed);
            let (mut ledger, releases) = story.opened().unwrap();
            drop(story.begin(&mut ledger, &releases).and_then(|()| story.go_on(&mut ledger)));
            story.disk.done()
        };

        let operations = 1 + story.dice.below(whole + 5);
        story.disk.cut_after(operations);
        let outcome = story.opened().and_then(|(mut ledger, releases)| {
            story.begin(&mut ledger, &releases)?;
            story.go_on(&mut ledger)
        });
        in_the_middle += usize::from(outcome.is_err());
        let mut ledger = None;
        for cut in 0..=CUTS_MAX {
            story.disk.power_up();
            if cut < CUTS_MAX {
                let operations = 1 + story.dice.below(40);
                story.disk.cut_after(operations);
            }
            ledger = story.put_in_order().ok();
        }
        // A step may have cut the last one, too.
        while ledger.is_none() {
            story.disk.power_up();
            ledger = story.put_in_order().ok();
        }

        let ledger = ledger.expect("a box that is put in order");
        assert_eq!(at_start(ledger.state()), AtStart::StartActive, "seed {seed}");
        story.starts(&ledger.state().active);
        match ledger.state().active.seq {
            2 => ended_new += 1,
            _ => ended_old += 1,
        }
    }

    println!(
        "{in_the_middle} cut off, {ended_new} ended on the new release, {ended_old} on the old"
    );
    assert!(ended_new > 50 && ended_old > 50 && in_the_middle > 500);
}

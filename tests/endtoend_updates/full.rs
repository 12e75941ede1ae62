//! The disk is full at every state of an update: the update is refused or goes back with its
//! reason, and the box stays whole on the release before.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::boxed::{Machine, PATIENCE};
use crate::publisher::Publisher;

/// An update writes what to start next less often.
const WRITES_MAX: u32 = 20;
/// What says where there is no room.
const MODE: &str = "mode";

/// Where there is no room, from when on, and how the update ends then.
struct Full {
    /// The line of the journal behind which it is full; empty: from the beginning.
    after: &'static str,
    /// Paths with this in them are meant; a `*` in it stands for anything.
    place: &'static str,
    /// So many writes of a process find room.
    writes: u32,
    outcome: &'static str,
    codes: &'static [&'static str],
    /// What is said while the box waits for room; there is room again then.
    waits_for: Option<&'static str>,
}

const DISK: &[&str] = &["update-disk-full"];
const REHEARSED: &[&str] = &["update-rehearsal-failed"];
const FROM_THE_BEGINNING: Full =
    Full { after: "", place: "", writes: 0, outcome: "failed", codes: DISK, waits_for: None };

/// The states of an update, in order.
const STATES: [Full; 10] = [
    Full { place: "/incoming/metadata", ..FROM_THE_BEGINNING },
    Full { place: "/incoming/targets", ..FROM_THE_BEGINNING },
    Full { place: "/state/trust", ..FROM_THE_BEGINNING },
    Full { place: "/state/releases", ..FROM_THE_BEGINNING },
    // The copy for the rehearsal, in a folder that is called by the number of the update.
    Full { place: "/update/0", ..FROM_THE_BEGINNING },
    // What the rehearsal itself writes, beside the copy.
    Full { place: "/update/0*.db-", codes: REHEARSED, ..FROM_THE_BEGINNING },
    Full { place: "/state/boot", ..FROM_THE_BEGINNING },
    Full { place: "/snapshot/", codes: &["update-snapshot-failed"], ..FROM_THE_BEGINNING },
    Full {
        after: "switched",
        place: "/data/workspaces",
        outcome: "rolled-back",
        codes: &["update-migration-failed"],
        waits_for: Some("update-restore-failed"),
        ..FROM_THE_BEGINNING
    },
    // While the new release is watched: neither starts before there is room.
    Full {
        after: "exposed",
        place: "/data/",
        outcome: "rolled-back",
        codes: &["update-unhealthy", "update-faults", "update-crashed", "update-died"],
        waits_for: Some("storage-failed"),
        ..FROM_THE_BEGINNING
    },
];

/// A box on a disk that is full where and when a test says so.
struct Tight {
    publisher: Publisher,
    machine: Machine,
    number: u32,
    /// Whether the box said that it waits for room, at the last try.
    is_hit: bool,
}

impl Tight {
    fn new() -> Self {
        let publisher = Publisher::new();
        let mut machine = Machine::owned(&publisher, &publisher.address());
        machine.stop();
        let library = failing_disk(&machine.path("failing_disk.so"));
        let text = |path: &Path| path.to_str().expect("a plain path").to_owned();
        machine.variables.push(("LD_PRELOAD", text(&library)));
        machine.variables.push(("HOLDFAST_DISK_ROOT", text(&machine.path(""))));
        machine.variables.push(("HOLDFAST_DISK_MODE", text(&machine.path(MODE))));
        machine.start();
        let mut tight = Self { publisher, machine, number: 0, is_hit: false };
        tight.publish();
        tight
    }

    fn publish(&mut self) {
        self.number += 1;
        self.publisher.publish(self.number, "good");
        self.machine.said(&["update", "check"]);
    }

    fn set(&self, mode: &str) {
        // Renamed, so that nobody reads half of it.
        let beside = self.machine.path("mode.new");
        std::fs::write(&beside, mode).expect("room");
        std::fs::rename(beside, self.machine.path(MODE)).expect("its name");
    }

    /// Has an update tried while the disk is full in this place.
    fn try_update(&mut self, full: &Full) -> Value {
        let log_before = self.machine.log().len();
        let mode = format!("room {} {}", full.writes, full.place);
        if full.after.is_empty() {
            self.set(&mode);
        }
        let mut applying = self.applying();
        if !full.after.is_empty() {
            let state = format!("\"{}\"", full.after);
            let is_so = self.watch(&mut applying, |machine| journal(machine).contains(&state));
            assert!(is_so, "{}: it never was {state}", full.place);
            self.set(&mode);
        }
        if let Some(said) = full.waits_for {
            let is_said = |machine: &Machine| machine.log()[log_before..].contains(said);
            self.is_hit = self.watch(&mut applying, is_said);
            self.set("");
        }
        self.machine.by("the command ends", |_| applying.try_wait().expect("a child"));
        self.set("");
        self.machine.last_update()
    }

    fn applying(&self) -> Child {
        let mut command = self.machine.command(&["update", "apply", "--yes", "--json"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the package's program")
    }

    /// Waits until something is so; false: the command ended before.
    fn watch(&self, applying: &mut Child, is_so: impl Fn(&Machine) -> bool) -> bool {
        let end = Instant::now() + PATIENCE;
        while !is_so(&self.machine) {
            if applying.try_wait().expect("a child").is_some() {
                return is_so(&self.machine);
            }
            assert!(Instant::now() < end, "not in time:\n{}", self.machine.log());
            std::thread::park_timeout(Duration::from_millis(1));
        }
        true
    }
}

/// What the newest update has in its journal.
fn journal(machine: &Machine) -> String {
    let Ok(folders) = std::fs::read_dir(machine.path("data/update")) else { return String::new() };
    let folders = folders.filter_map(Result::ok).map(|folder| folder.path());
    let journals = folders.map(|folder| folder.join("journal")).filter(|path| path.exists());
    // They are called by numbers that only grow.
    let newest = journals.max().and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
    String::from_utf8_lossy(&newest).into_owned()
}

/// A disk that is full on demand, as the tests of durability have it.
fn failing_disk(library: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/durability/failing_disk.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-shared", "-fPIC", "-o"]).arg(library).arg(source).arg("-ldl");
    assert!(compiler.status().is_ok_and(|status| status.success()), "this needs a C compiler");
    library.to_owned()
}

#[test]
fn a_disk_that_is_full_at_any_state_leaves_the_box_whole_on_the_release_before() {
    let mut tight = Tight::new();
    let mut acknowledged = Vec::new();
    for full in &STATES {
        acknowledged.push(tight.machine.write(acknowledged.len()));

        let last = tight.try_update(full);

        let what = format!("{} after {} writes", full.place, full.writes);
        let code = last["reason"]["code"].as_str().unwrap_or_default();
        assert_eq!(last["outcome"], full.outcome, "{what}: {last}");
        assert!(full.codes.contains(&code), "{what}: {last}");
        let status = tight.machine.said(&["update", "status"]);
        assert_eq!(status["current"]["version"], env!("CARGO_PKG_VERSION"), "{what}");
        assert_eq!(status["under_way"], Value::Null, "{what}");
        acknowledged.push(tight.machine.write(acknowledged.len()));
        tight.machine.has_all(&acknowledged);
        if full.outcome == "rolled-back" {
            tight.publish();
        }
    }
    // With room it goes through.
    let taken = tight.machine.said(&["update", "apply", "--yes"]);
    assert_eq!(taken["outcome"], "committed", "{taken}");
    tight.machine.has_all(&acknowledged);
    let verdict = tight.machine.post("audit/verify", &Value::Null, 200);
    assert_eq!(verdict["ok"], true, "{verdict}");
}

#[test]
fn what_to_start_next_finds_room_later_and_the_box_stays_whole() {
    let mut tight = Tight::new();
    let (mut acknowledged, mut ends) = (Vec::new(), BTreeSet::new());
    for writes in 0..WRITES_MAX {
        acknowledged.push(tight.machine.write(acknowledged.len()));
        let before = tight.machine.said(&["update", "status"])["current"]["seq"].clone();
        let full = Full {
            place: "/state/boot",
            writes,
            waits_for: Some("boot state"),
            ..FROM_THE_BEGINNING
        };

        let last = tight.try_update(&full);

        let outcome = last["outcome"].as_str().expect("an end").to_owned();
        let now = tight.machine.said(&["update", "status"])["current"]["seq"].clone();
        let wanted = if outcome == "committed" { tight.number.into() } else { before };
        assert_eq!(now, wanted, "after {writes} writes: {last}");
        if outcome != "committed" {
            assert_eq!(last["reason"]["code"], "update-disk-full", "after {writes}: {last}");
        }
        acknowledged.push(tight.machine.write(acknowledged.len()));
        tight.machine.has_all(&acknowledged);
        println!("after {writes} writes: {outcome}");
        if !tight.is_hit {
            break;
        }
        if outcome != "failed" {
            tight.publish();
        }
        ends.insert(outcome);
    }
    assert!(!tight.is_hit, "it never came through");
    assert_eq!(Vec::from_iter(ends), ["committed", "failed", "rolled-back"]);
}

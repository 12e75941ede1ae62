//! Kills in the middle of recoveries and restores, and disks that fill up.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::moments::{Mark, Moment, Pace};
use crate::rig::{EMAIL, Scene, Served, err, program, said};

/// Kills of a recovery.
const RECOVERIES: usize = 20;
/// Kills of restores of each kind.
const RESTORES: usize = 10;

fn recovery(scene: &Scene, data: &str) -> Command {
    let mut command = program();
    let (from, kit, data) = (scene.text("target"), scene.text("kit.txt"), scene.text(data));
    command.args(["recover", "--json", "--from", &from, "--kit", &kit, "--data", &data]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Starts a recovery, and gives what shows from outside how far it is to `act`.
fn recovering(scene: &Scene, data: &str, act: impl FnOnce(&mut Child, &[Mark<'_>])) {
    let beside = scene.path(&format!("{data}.recovering"));
    let (system, opened, whole) = (beside.join("system.db"), beside.join("lock"), scene.path(data));
    let marks: [Mark<'_>; 4] =
        [&|| beside.is_dir(), &|| system.is_file(), &|| opened.exists(), &|| whole.is_dir()];
    let mut child = recovery(scene, data).spawn().expect("the program");
    act(&mut child, &marks);
}

fn backed_up() -> Scene {
    let scene = Scene::new(1, false);
    let served = Served::start(&scene.path("data"));
    said(&scene.on("data", &["backup", "run"]));
    drop(served);
    scene
}

#[test]
fn a_recovery_that_is_killed_left_all_or_nothing() {
    let scene = backed_up();
    let mut pace = Pace::default();
    recovering(&scene, "undisturbed", |child, marks| assert!(pace.watch(child, marks)));

    let mut whole = 0;
    for round in 0..RECOVERIES {
        let data = format!("data-{round}");
        recovering(&scene, &data, |child, marks| {
            pace.reach(child, marks, Moment::of(round, marks.len()));
            child.kill().expect("a kill");
            child.wait().expect("an end");
        });

        if scene.path(&data).is_dir() {
            whole += 1;
        } else {
            said(&scene.recover("target", "kit.txt", &data));
        }
        let verified = scene.on(&data, &["audit", "verify"]);
        assert!(verified.status.success(), "after kill {round}: {}", err(&verified));
        assert!(!scene.path(&format!("{data}.recovering")).exists(), "after kill {round}");
    }
    assert!(whole < RECOVERIES, "no kill came in the middle");
    assert!(whole > 0, "no kill came at the end");
}

/// A disk that is full on demand, as the tests of durability have it.
fn failing_disk(folder: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/durability/failing_disk.c");
    let library = folder.join("failing_disk.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-shared", "-fPIC", "-o"]).args([&library, &source]).arg("-ldl");
    assert!(compiler.status().is_ok_and(|status| status.success()), "this needs a C compiler");
    library
}

#[test]
fn a_disk_that_fills_up_is_said_and_nothing_is_left() {
    let scene = backed_up();
    let library = failing_disk(&scene.path(""));
    let mut refusals = 0;
    for writes in [0, 1, 2, 3, 5, 8, 13, 21, 34] {
        fs::write(scene.path("mode"), format!("room {writes} .recovering/")).expect("a mode");
        let mut command = recovery(&scene, "new");
        command.env("LD_PRELOAD", &library).env("HOLDFAST_DISK_ROOT", scene.path("new.recovering"));
        command.env("HOLDFAST_DISK_MODE", scene.path("mode")).stderr(Stdio::piped());

        let output = command.output().expect("the program");

        if output.status.success() {
            fs::remove_dir_all(scene.path("new")).expect("removed");
            continue;
        }
        refusals += 1;
        assert!(err(&output).contains("disk"), "after {writes} writes: {}", err(&output));
        assert!(scene.is_as_before("new"), "after {writes} writes");
    }
    assert!(refusals > 3, "the disk never was full");
}

/// A box that is restored into again and again.
struct Restored {
    scene: Scene,
    token: String,
    from: String,
}

impl Restored {
    fn new() -> Self {
        let scene = backed_up();
        let made = said(&scene.on("data", &["user", "token", EMAIL, "--name", "test"]));
        let token = made["token"].as_str().expect("a token");
        let (token, from) = (format!("Authorization: Bearer {token}\r\n"), scene.text("target"));
        Self { scene, token, from }
    }

    /// Items of the workspace, which the backup does not have.
    fn items(&self, served: &Served) -> usize {
        let path = format!("GET /api/v1/workspaces/{}/inventory/items", self.scene.workspaces[0]);
        let page = served.json(&path, &self.token, &Value::Null);
        page["items"].as_array().expect("a list").len()
    }

    fn add_item(&self, served: &Served, number: usize) {
        let path = format!("POST /api/v1/workspaces/{}/inventory/items", self.scene.workspaces[0]);
        let body = json!({ "item_number": number.to_string(), "name": "Salt", "unit": "kg" });
        served.json(&path, &self.token, &body);
    }

    /// Starts a restore, and gives what shows from outside how far it is to `act`.
    fn restoring(&self, more: &[&str], act: impl FnOnce(&mut Child, &[Mark<'_>])) {
        let data = |name: &str| self.scene.path("data").join(name);
        let (scratch, kept, files) =
            (data("spool/restores"), data("workspaces/kept"), data("workspaces"));
        let workspace = files.join(format!("{}.db", self.scene.workspaces[0]));
        let was = (names(&kept), databases(&files), inode(&workspace));
        let is_begun = || !names(&scratch).is_empty();
        let is_unpacked = || names(&scratch).iter().any(|one| has_files(&scratch.join(one)));
        // A copy keeps nothing, and adds a file.
        let is_ready = || names(&kept) != was.0 || databases(&files) != was.1;
        let is_put = || inode(&workspace) != was.2 || databases(&files) != was.1;
        let is_cleared = || names(&scratch).is_empty();
        let marks: [Mark<'_>; MARKS] = [&is_begun, &is_unpacked, &is_ready, &is_put, &is_cleared];

        let (kit, data) = (self.scene.text("kit.txt"), self.scene.text("data"));
        let mut command = program();
        command.args(["restore", "--from", &self.from, "--kit", &kit, "--data", &data, "--json"]);
        command.args(["--workspace", &self.scene.workspaces[0]]).args(more);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        act(&mut command.spawn().expect("the program"), &marks);
    }

    /// Restores and kills the box at a moment.
    fn kill_in_restore(&self, pace: &mut Pace, served: &mut Served, more: &[&str], moment: Moment) {
        self.restoring(more, |child, marks| {
            pace.reach(child, marks, moment);
            served.kill();
            child.wait().expect("an end");
        });
    }

    fn workspaces(&self) -> usize {
        let list = said(&self.scene.on("data", &["workspace", "list"]));
        list["items"].as_array().expect("a list").len()
    }

    /// The logs are whole, and nothing half-made lies about.
    fn is_healthy(&self, served: &Served, round: usize) {
        let verified = self.scene.on("data", &["audit", "verify"]);
        assert!(verified.status.success(), "after kill {round}: {}", err(&verified));
        let left = fs::read_dir(self.scene.path("data/spool/restores"));
        assert_eq!(left.map_or(0, Iterator::count), 0, "after kill {round}");
        let told = served.json("GET /api/v1/restores?limit=1", &self.token, &Value::Null);
        assert_ne!(told["items"][0]["state"], "running", "after kill {round}: {told}");
    }
}

/// What shows of a restore from outside.
const MARKS: usize = 5;
/// The mark from which on the workspace is the one of the backup.
const PUT: usize = 3;

pub fn names(folder: &Path) -> BTreeSet<OsString> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).collect()
}

pub fn databases(folder: &Path) -> usize {
    names(folder)
        .iter()
        .filter(|one| Path::new(one).extension().is_some_and(|it| it == "db"))
        .count()
}

fn has_files(scratch: &Path) -> bool {
    !names(&scratch.join("files")).is_empty()
}

fn inode(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|about| about.ino())
}

#[test]
fn a_workspace_is_old_or_new_when_the_box_is_killed_in_a_restore() {
    let restored = Restored::new();
    let mut served = Served::start(&restored.scene.path("data"));
    restored.add_item(&served, 0);
    let mut pace = Pace::default();
    restored.restoring(&[], |child, marks| assert!(pace.watch(child, marks)));
    assert_eq!(restored.items(&served), 0);

    let (mut old, mut new) = (0, 0);
    for round in 0..RESTORES {
        restored.add_item(&served, round * 2 + 1);
        restored.add_item(&served, round * 2 + 2);
        let before = restored.items(&served);
        assert!(before > 0, "before kill {round}");
        let moment = Moment::of(round, MARKS);
        restored.kill_in_restore(&mut pace, &mut served, &[], moment);
        served = Served::start(&restored.scene.path("data"));

        match restored.items(&served) {
            0 => new += 1,
            count if count == before => {
                assert!(moment.mark < PUT, "kill {round} came after the switch: {moment:?}");
                old += 1;
            }
            mixed => panic!("after kill {round}: {mixed} of {before} items"),
        }
        restored.is_healthy(&served, round);
    }
    assert!(old > 0, "no kill came before the switch: {old} old, {new} new");
    assert!(new > 0, "no kill came after the switch: {old} old, {new} new");
}

#[test]
fn a_copy_is_there_or_not_when_the_box_is_killed_in_a_restore() {
    let restored = Restored::new();
    let mut served = Served::start(&restored.scene.path("data"));
    let mut pace = Pace::default();
    let first = ["--as-new", "First"];
    restored.restoring(&first, |child, marks| assert!(pace.watch(child, marks)));
    let mut count = restored.workspaces();
    assert_eq!(count, 2);

    for round in 0..RESTORES {
        let moment = Moment::of(round, MARKS);
        restored.kill_in_restore(&mut pace, &mut served, &["--as-new", "Another"], moment);
        served = Served::start(&restored.scene.path("data"));

        let now = restored.workspaces();
        assert!(now == count || now == count + 1, "after kill {round}: {count}, then {now}");
        count = now;
        assert_eq!(databases(&restored.scene.path("data/workspaces")), count, "after kill {round}");
        restored.is_healthy(&served, round);
    }
    assert!(count < 2 + RESTORES, "no kill came before the copy was there");
    assert!(count > 2, "no kill came after the copy was there");
}

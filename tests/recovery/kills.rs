//! Kills in the middle of recoveries and restores, and disks that fill up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::rig::{EMAIL, Scene, Served, err, program, said};

/// Kills of a recovery.
const RECOVERIES: u32 = 20;
/// Kills of restores of each kind.
const RESTORES: u32 = 10;

fn wait(until: Instant) {
    while Instant::now() < until {
        std::thread::yield_now();
    }
}

fn recovery(scene: &Scene, data: &str) -> Command {
    let mut command = program();
    let (from, kit, data) = (scene.text("target"), scene.text("kit.txt"), scene.text(data));
    command.args(["recover", "--json", "--from", &from, "--kit", &kit, "--data", &data]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
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
    let begun = Instant::now();
    assert!(recovery(&scene, "undisturbed").status().expect("the program").success());
    let takes = begun.elapsed();

    let mut whole = 0;
    for round in 1..=RECOVERIES {
        let data = format!("data-{round}");
        let mut child = recovery(&scene, &data).spawn().expect("the program");
        wait(Instant::now() + takes * round / (RECOVERIES - 1));
        child.kill().expect("a kill");
        child.wait().expect("an end");

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

    fn add_item(&self, served: &Served, number: u32) {
        let path = format!("POST /api/v1/workspaces/{}/inventory/items", self.scene.workspaces[0]);
        let body = json!({ "item_number": number.to_string(), "name": "Salt", "unit": "kg" });
        served.json(&path, &self.token, &body);
    }

    /// Restores and kills the box after a while; gives how long it took where nobody killed it.
    fn restore(
        &self,
        served: &mut Served,
        more: &[&str],
        kill_after: Option<Duration>,
    ) -> Duration {
        let kit = self.scene.text("kit.txt");
        let data = self.scene.text("data");
        let mut command = program();
        command.args(["restore", "--from", &self.from, "--kit", &kit, "--data", &data, "--json"]);
        command.args(["--workspace", &self.scene.workspaces[0]]).args(more);
        let begun = Instant::now();
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program");
        let Some(after) = kill_after else {
            assert!(child.wait().expect("an end").success());
            return begun.elapsed();
        };
        wait(begun + after);
        served.kill();
        child.wait().expect("an end");
        after
    }

    fn workspaces(&self) -> usize {
        let list = said(&self.scene.on("data", &["workspace", "list"]));
        list["items"].as_array().expect("a list").len()
    }

    /// The logs are whole, and nothing half-made lies about.
    fn is_healthy(&self, round: u32) {
        let verified = self.scene.on("data", &["audit", "verify"]);
        assert!(verified.status.success(), "after kill {round}: {}", err(&verified));
        let left = fs::read_dir(self.scene.path("data/spool/restores"));
        assert_eq!(left.map_or(0, Iterator::count), 0, "after kill {round}");
    }
}

#[test]
fn a_workspace_is_old_or_new_when_the_box_is_killed_in_a_restore() {
    let restored = Restored::new();
    let mut served = Served::start(&restored.scene.path("data"));
    restored.add_item(&served, 0);
    let takes = restored.restore(&mut served, &[], None);
    assert_eq!(restored.items(&served), 0);

    let (mut old, mut new) = (0, 0);
    for round in 1..=RESTORES {
        restored.add_item(&served, round * 2);
        restored.add_item(&served, round * 2 + 1);
        let before = restored.items(&served);
        restored.restore(&mut served, &[], Some(takes * round / (RESTORES - 1)));
        served = Served::start(&restored.scene.path("data"));

        match restored.items(&served) {
            0 => new += 1,
            count if count == before => old += 1,
            mixed => panic!("after kill {round}: {mixed} of {before} items"),
        }
        restored.is_healthy(round);
    }
    assert!(old > 0, "no kill came before the switch: {old} old, {new} new");
}

#[test]
fn a_copy_is_there_or_not_when_the_box_is_killed_in_a_restore() {
    let restored = Restored::new();
    let mut served = Served::start(&restored.scene.path("data"));
    let takes = restored.restore(&mut served, &["--as-new", "First"], None);
    let mut count = restored.workspaces();
    assert_eq!(count, 2);

    for round in 1..=RESTORES {
        let after = Some(takes * round / (RESTORES - 1));
        restored.restore(&mut served, &["--as-new", "Another"], after);
        served = Served::start(&restored.scene.path("data"));

        let now = restored.workspaces();
        assert!(now == count || now == count + 1, "after kill {round}: {count}, then {now}");
        count = now;
        let files = fs::read_dir(restored.scene.path("data/workspaces")).expect("files").flatten();
        let files = files.filter(|one| one.path().extension().is_some_and(|it| it == "db"));
        assert_eq!(files.count(), count, "after kill {round}");
        restored.is_healthy(round);
    }
}

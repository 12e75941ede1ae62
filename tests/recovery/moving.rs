//! Kills while a workspace is taken out of a box or brought into one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::kills::{databases, names};
use crate::moments::{Mark, Moment, Pace};
use crate::rig::{EMAIL, Scene, Served, err, program, said, until};

/// What shows of an export from outside, and of an import.
const EXPORT_MARKS: usize = 4;
const IMPORT_MARKS: usize = 5;
/// Kills of each.
const KILLS: usize = 12;
/// Nobody is told to wait.
const UNHURRIED: [(&str, &str); 2] =
    [("HOLDFAST_LIMITS__REQUEST_BURST", "100000"), ("HOLDFAST_LIMITS__REQUESTS_PER_MIN", "100000")];
const EXPORT: &str = "platform.workspace-export";
const IMPORT: &str = "platform.workspace-import";
/// What lies beside an item.
pub const FILE: &str = "Best before June.\n";

/// Puts the file beside an item.
pub fn put_file(served: &Served, token: &str, items: &str, item: &Value) {
    let headers = format!("{token}Content-Type: application/octet-stream\r\n");
    let item = item["id"].as_str().expect("an item");
    let what = format!("POST {items}/{item}/files?name=note.txt");
    let (status, _, answer) = served.send_text(&what, &headers, FILE);
    assert_eq!(status, 201, "{answer}");
}

/// A box with a workspace that has items and a file beside one of them.
pub struct Moved {
    pub scene: Scene,
    pub token: String,
}

impl Moved {
    pub fn new() -> (Self, Served) {
        let scene = Scene::new(1, true);
        let served = Served::start_with(&scene.path("data"), &UNHURRIED);
        let made = said(&scene.on("data", &["user", "token", EMAIL, "--name", "test"]));
        let token = format!("Authorization: Bearer {}\r\n", made["token"].as_str().expect("one"));
        let moved = Self { scene, token };
        let items = format!("/api/v1/workspaces/{}/inventory/items", moved.workspace());
        let page = served.json(&format!("GET {items}"), &moved.token, &Value::Null);
        put_file(&served, &moved.token, &items, &page["items"][0]);
        (moved, served)
    }

    pub fn workspace(&self) -> &str {
        &self.scene.workspaces[0]
    }

    fn data(&self, name: &str) -> PathBuf {
        self.scene.path("data").join(name)
    }

    fn start(&self) -> Served {
        Served::start_with(&self.scene.path("data"), &UNHURRIED)
    }

    /// Kills the box under a command and starts it anew.
    fn kill_and_start(&self, served: &mut Served, command: &mut Child) {
        served.kill();
        command.wait().expect("an end");
        *served = self.start();
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = program();
        command.arg("workspace").args(arguments).args(["--data", &self.scene.text("data")]);
        command.arg("--json").stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the program")
    }

    fn exporting(&self, out: &Path, act: impl FnOnce(&mut Child, &[Mark<'_>])) {
        let spool = self.data("spool/archives");
        let size = |path: &Path| fs::metadata(path).map_or(0, |about| about.len());
        let marks: [Mark<'_>; EXPORT_MARKS] = [
            &|| !names(&spool).is_empty(),
            &|| names(&spool).iter().any(|one| size(&spool.join(one)) > 0),
            &|| size(out) > 0,
            &|| size(out) > 0 && names(&spool).is_empty(),
        ];
        let path = out.to_str().expect("a plain path");
        act(&mut self.spawn(&["export", self.workspace(), "--out", path]), &marks);
    }

    fn importing(&self, archive: &Path, act: impl FnOnce(&mut Child, &[Mark<'_>])) {
        let (scratch, files) = (self.data("spool/imports"), self.data("workspaces"));
        let (blobs, before) = (self.data("blobs"), databases(&files));
        let folders = names(&blobs).len();
        let is_unpacked = || {
            names(&scratch).iter().any(|one| !names(&scratch.join(one).join("files")).is_empty())
        };
        let marks: [Mark<'_>; IMPORT_MARKS] = [
            &|| !names(&scratch).is_empty(),
            &is_unpacked,
            &|| names(&blobs).len() > folders,
            &|| databases(&files) > before,
            &|| names(&scratch).is_empty(),
        ];
        let (path, kit) = (archive.to_str().expect("a plain path"), self.scene.text("kit.txt"));
        act(&mut self.spawn(&["import", path, "--kit", &kit]), &marks);
    }

    /// All that the archive holds fits together.
    fn is_whole(&self, archive: &Path) -> bool {
        let (path, kit) = (archive.to_str().expect("a plain path"), self.scene.text("kit.txt"));
        let looked =
            self.scene.on("data", &["workspace", "import", path, "--kit", &kit, "--dry-run"]);
        looked.status.success()
    }

    /// How the newest job of a kind ended. It is told of every one of them, also after a kill.
    fn ended(&self, served: &Served, kind: &str) -> String {
        let path = format!("GET /api/v1/jobs?kind={kind}&limit=1");
        until("the job has ended", || {
            let page = served.json(&path, &self.token, &Value::Null);
            let job = &page["items"][0];
            let state = job["state"].as_str().expect("a job");
            if state == "failed" {
                assert_eq!(job["problem"]["code"], "job-interrupted", "{job}");
            }
            (state != "running" && state != "waiting").then(|| state.to_owned())
        })
    }

    fn listed(&self) -> Vec<String> {
        let list = said(&self.scene.on("data", &["workspace", "list"]));
        let items = list["items"].as_array().expect("a list");
        items.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
    }

    /// What a workspace has on hand.
    pub fn items(&self, served: &Served, workspace: &str) -> Value {
        let path = format!("GET /api/v1/workspaces/{workspace}/inventory/items?limit=200");
        let page = served.json(&path, &self.token, &Value::Null);
        let of = |one: &Value| json!([one["item_number"], one["name"], one["on_hand"]]);
        page["items"].as_array().expect("a list").iter().map(of).collect()
    }

    fn is_healthy(&self, round: usize) {
        let verified = self.scene.on("data", &["audit", "verify"]);
        assert!(verified.status.success(), "after kill {round}: {}", err(&verified));
        let left = names(&self.data("spool/imports"));
        assert!(left.is_empty(), "after kill {round}: {left:?}");
        let incoming = names(&self.data("blobs/incoming"));
        assert!(incoming.is_empty(), "after kill {round}: {incoming:?}");
    }
}

#[test]
fn an_archive_is_whole_or_absent_when_the_box_is_killed_in_an_export() {
    let (moved, mut served) = Moved::new();
    let first = moved.scene.path("first.age");
    let mut pace = Pace::default();
    moved.exporting(&first, |child, marks| assert!(pace.watch(child, marks)));
    assert!(moved.is_whole(&first));

    let (mut cut_off, mut absent, mut whole) = (0, 0, 0);
    for round in 0..KILLS {
        let out = moved.scene.path(&format!("{round}.age"));
        let moment = Moment::of(round, EXPORT_MARKS);
        moved.exporting(&out, |child, marks| {
            pace.reach(child, marks, moment);
            moved.kill_and_start(&mut served, child);
        });

        let state = moved.ended(&served, EXPORT);
        let waiting = names(&moved.data("spool/archives"));
        if out.exists() {
            assert!(moved.is_whole(&out), "after kill {round}: {moment:?}");
            assert_eq!((state.as_str(), waiting.len()), ("done", 0), "after kill {round}");
            whole += 1;
        } else {
            // One that is whole waits for a day for whoever asked.
            let expected = usize::from(state == "done");
            assert_eq!(waiting.len(), expected, "after kill {round}: {state} {moment:?}");
            for one in waiting {
                let path = moved.data("spool/archives").join(one);
                assert!(moved.is_whole(&path), "after kill {round}: {moment:?}");
                fs::remove_file(path).expect("removed");
            }
            absent += 1;
            cut_off += usize::from(state == "failed");
        }
        moved.is_healthy(round);
    }
    assert!(cut_off > 0, "no kill came while it was written: {absent} absent, {whole} whole");
    assert!(whole > 0, "no kill came after the end: {absent} absent, {whole} whole");
}

#[test]
fn a_workspace_is_there_or_not_when_the_box_is_killed_in_an_import() {
    let (moved, mut served) = Moved::new();
    let archive = moved.scene.path("archive.age");
    let mut pace = Pace::default();
    moved.exporting(&archive, |child, marks| assert!(pace.watch(child, marks)));
    let expected = moved.items(&served, moved.workspace());
    assert!(expected.as_array().is_some_and(|items| !items.is_empty()));
    let mut pace = Pace::default();
    moved.importing(&archive, |child, marks| assert!(pace.watch(child, marks)));
    let mut known = moved.listed();
    assert_eq!(known.len(), 2);

    let (mut absent, mut there) = (0, 0);
    for round in 0..KILLS {
        let moment = Moment::of(round, IMPORT_MARKS);
        moved.importing(&archive, |child, marks| {
            pace.reach(child, marks, moment);
            moved.kill_and_start(&mut served, child);
        });

        let state = moved.ended(&served, IMPORT);
        let now = moved.listed();
        let new: Vec<_> = now.iter().filter(|one| !known.contains(one)).collect();
        match new[..] {
            [] => absent += 1,
            [new] => {
                assert_eq!(moved.items(&served, new), expected, "after kill {round}");
                there += 1;
            }
            _ => panic!("after kill {round}: {new:?}"),
        }
        let is_there = usize::from(state == "done");
        assert_eq!(new.len(), is_there, "after kill {round}: {state} {moment:?}");
        known = now;
        let files = databases(&moved.data("workspaces"));
        assert_eq!(files, known.len(), "after kill {round}: {moment:?}");
        let folders = names(&moved.data("blobs"));
        let strange = folders.iter().find(|one| !known.iter().any(|id| **one == **id));
        assert_eq!(strange.filter(|one| **one != *"incoming"), None, "after kill {round}");
        moved.is_healthy(round);
    }
    assert!(absent > 0, "no kill came before the end: {absent} absent, {there} there");
    assert!(there > 0, "no kill came after the end: {absent} absent, {there} there");
}

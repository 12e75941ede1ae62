//! From a kit to a box that came back on another machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::{Value, json as value};

use super::{Served, code, err, holdfast, make_box, out};

/// A box with a backup, and what is left when its machine burns.
struct Left {
    folder: tempfile::TempDir,
    root: Value,
}

impl Left {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("a plain path").to_owned()
    }

    fn part(&self) -> PathBuf {
        let mut folders = vec![self.path("target")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.ends_with("part-0000.tar.zst.age") {
                    return path;
                }
                if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        panic!("there is no part");
    }

    fn recover(&self, kit: &str, data: &str) -> Output {
        let (from, kit, data) = (self.text("target"), self.text(kit), self.text(data));
        holdfast(&["recover", "--from", &from, "--kit", &kit, "--data", &data, "--json"])
    }
}

fn on(data: &Path, arguments: &[&str]) -> Output {
    holdfast(&[arguments, &["--data", data.to_str().expect("a plain path")]].concat())
}

fn json(output: &Output) -> Value {
    assert_eq!(code(output), 0, "{}", err(output));
    serde_json::from_str(out(output)).expect("JSON")
}

fn backed_up() -> Left {
    let folder = tempfile::tempdir().expect("a folder");
    let left = Left { folder, root: Value::Null };
    let data = left.path("data");
    make_box(&data);
    fs::create_dir(left.path("target")).expect("a folder");
    let served = Served::start(&data);
    let (kit, target) = (left.text("kit.txt"), left.text("target"));
    json(&on(&data, &["backup", "kit", "create", "--out", &kit, "--json"]));
    json(&on(&data, &["backup", "kit", "confirm", "--kit", &kit, "--json"]));
    json(&on(&data, &["backup", "target", "add", "--name", "Disk", "--folder", &target, "--json"]));
    let made = json(&on(&data, &["backup", "run", "--json"]));
    let list = json(&on(&data, &["backup", "list", "--json"]));
    assert_eq!((&made["state"], &made["sequence"]), (&value!("uploaded"), &value!(1)));
    assert_eq!(made["level"], "verified", "{made}");
    assert_eq!(list["items"], value!([made]));
    let drilled = json(&on(&data, &["backup", "drill", "--kit", &kit, "--json"]));
    assert_eq!(drilled["files"], 2, "{drilled}");
    let checked = json(&on(&data, &["backup", "verify", "--backup", "1", "--json"]));
    assert_eq!(checked["checked"], 1, "{checked}");
    assert_eq!(code(&on(&data, &["backup", "verify", "--backup", "9"])), 3);
    let plan = json(&on(&data, &["backup", "plan", "--json"]));
    assert_eq!((&plan["items"][0]["keep"], &plan["paused"]), (&value!(true), &Value::Null));
    let pruned = json(&on(&data, &["backup", "prune", "--json"]));
    assert_eq!(pruned["removed"], value!([]));
    let status = json(&on(&data, &["status", "--json"]));
    assert!(status["backups"]["last_verified_at"].is_string(), "{status}");
    let root = json(&on(&data, &["ca", "show", "--json"]));
    drop(served);
    fs::rename(&data, left.path("burnt")).expect("moved");
    Left { root, ..left }
}

#[test]
fn a_box_comes_back_on_another_machine_as_it_was() {
    let left = backed_up();

    let report = json(&left.recover("kit.txt", "data"));

    assert_eq!((&report["sequence"], &report["workspaces"]), (&value!(1), &value!(1)));
    assert_eq!(report["box_epoch"], 2, "the box that burnt is behind");
    assert!(report["files"][0]["audit_entries"].as_u64().is_some_and(|count| count > 0));
    let data = left.path("data");
    assert_eq!(json(&on(&data, &["ca", "show", "--json"])), left.root);
    let people = |data: &Path| json(&on(data, &["user", "list", "--json"]));
    assert_eq!(people(&data), people(&left.path("burnt")));
    let served = Served::start(&data);
    assert!(served.get("/readyz").starts_with("HTTP/1.1 200 "));
    let [newest, before] = two_backups(&data);
    assert_eq!((&newest["sequence"], &newest["level"]), (&value!(2), &value!("verified")));
    assert_eq!(before["sequence"], 1, "{before}");
    // It was found at the target; the newer one of the same day may have taken its place since.
    let state = before["copies"][0]["state"].as_str();
    assert!(matches!(state, Some("there" | "gone")), "{before}");
    drop(served);
    assert_eq!(code(&on(&data, &["audit", "verify"])), 0);
    let old = Served::start(&left.path("burnt"));
    let refused = on(&left.path("burnt"), &["backup", "run"]);
    assert_eq!(code(&refused), 1, "the old machine sent a backup");
    assert!(err(&refused).contains("was recovered elsewhere"), "{}", err(&refused));
    drop(old);
    let again = left.recover("kit.txt", "data");
    assert_eq!(code(&again), 1);
    assert!(err(&again).contains("is not empty"), "{}", err(&again));
}

/// The backups of a box that came back, when the one that it makes by itself is proved.
fn two_backups(data: &Path) -> [Value; 2] {
    let begun = Instant::now();
    loop {
        let list = json(&on(data, &["backup", "list", "--json"]));
        let items = list["items"].as_array().expect("a list");
        if let [newest, before] = &items[..]
            && newest["level"] == "verified"
        {
            return [newest.clone(), before.clone()];
        }
        assert!(begun.elapsed() < Duration::from_mins(2), "{list:#}");
    }
}

#[test]
fn what_cannot_be_trusted_brings_nothing_back_and_says_why() {
    let left = backed_up();
    let kit = fs::read_to_string(left.path("kit.txt")).unwrap();
    let key = signing_key(&kit);
    let other_key = format!("{}A=", "B".repeat(42));
    fs::write(left.path("other-box.txt"), kit.replace(&key, &other_key)).unwrap();
    fs::write(left.path("no-kit.txt"), "nothing").unwrap();
    let refused = |kit: &str, why: &str| {
        let output = left.recover(kit, "data");
        assert_eq!(code(&output), 1, "{}", out(&output));
        assert!(err(&output).contains(why), "{}", err(&output));
        assert!(!left.path("data").exists() && !left.path("data.recovering").exists());
    };

    refused("no-kit.txt", "is no kit");
    refused("other-box.txt", "did not sign it");
    let part = left.part();
    let whole = fs::read(&part).unwrap();
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    fs::write(&part, &changed).unwrap();
    refused("kit.txt", "part-0000.tar.zst.age differs from what was written");
    fs::write(&part, &whole[..middle]).unwrap();
    refused("kit.txt", "part-0000.tar.zst.age is not as long as it was");
    fs::remove_file(part.with_file_name("COMMIT.json")).unwrap();
    refused("kit.txt", "never finished");
}

fn signing_key(kit: &str) -> String {
    let line = kit.lines().find_map(|line| line.strip_prefix("# signing-key: "));
    line.expect("the line").to_owned()
}

#[test]
fn a_kit_is_never_written_over_and_no_key_is_kept_without_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    make_box(&data);
    let kit = folder.path().join("kit.txt");
    fs::write(&kit, "mine").unwrap();
    let create = || on(&data, &["backup", "kit", "create", "--out", kit.to_str().unwrap()]);

    let refused = create();

    assert_eq!(code(&refused), 1);
    assert_eq!(fs::read_to_string(&kit).unwrap(), "mine");
    fs::remove_file(&kit).unwrap();
    assert_eq!(code(&create()), 0);
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&kit).unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "others may read the kit");
    let stopped = on(&data, &["backup", "run"]);
    assert_eq!(code(&stopped), 1);
    assert!(err(&stopped).contains("does not run"), "{}", err(&stopped));
}

#[test]
fn one_workspace_of_a_running_box_comes_back_by_one_command() {
    let left = backed_up();
    json(&left.recover("kit.txt", "data"));
    let data = left.path("data");
    let (from, kit) = (left.text("target"), left.text("kit.txt"));
    let restore = |more: &[&str]| {
        let asked = ["restore", "--from", &from, "--kit", &kit, "--json"];
        on(&data, &[&asked[..], more].concat())
    };
    let stopped = restore(&["--dry-run"]);
    assert_eq!(code(&stopped), 1);
    assert!(err(&stopped).contains("does not run"), "{}", err(&stopped));
    let served = Served::start(&data);

    let list = json(&restore(&["--list"]));
    let look = json(&restore(&["--dry-run"]));
    let files = look["files"].as_array().expect("files");
    let workspace = files.iter().find_map(|file| file["workspace_id"].as_str()).expect("one");
    let back = json(&restore(&["--workspace", workspace]));
    let new = json(&restore(&["--workspace", workspace, "--as-new", "Beside"]));

    assert_eq!(list["items"][0]["sequence"], 1);
    assert_eq!(back["workspace_id"], workspace);
    assert!(back["kept_until"].is_string(), "{back}");
    assert_eq!(new["name"], "Beside");
    assert_eq!(code(&restore(&[])), 1, "the whole box is another verb");
    drop(served);
    assert_eq!(code(&on(&data, &["audit", "verify"])), 0);
    let workspaces = json(&on(&data, &["workspace", "list", "--json"]));
    assert_eq!(workspaces["items"].as_array().expect("a list").len(), 2);
}

#[test]
fn what_a_kill_left_of_a_recovery_is_cleared_away_and_nothing_else() {
    let left = backed_up();
    let (beside, mark) = (left.path("data.recovering"), left.path("data.recovering.lock"));
    fs::create_dir(&beside).unwrap();
    fs::write(beside.join("system.db"), "half").unwrap();

    let stranger = left.recover("kit.txt", "data");
    assert_eq!(code(&stranger), 1);
    assert!(err(&stranger).contains("is in the way"), "{}", err(&stranger));
    fs::write(&mark, "").unwrap();
    json(&left.recover("kit.txt", "data"));

    assert!(left.path("data/system.db").is_file());
    assert!(!beside.exists() && !mark.exists());
}

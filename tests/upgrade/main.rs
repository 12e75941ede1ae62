//! A box of every released version is opened by this one and has all that it had.
//!
//! `tests/upgrade/VERSION.tar.zst` is the data folder of a box as that version left it. It is made
//! when the version is released: `HOLDFAST_UPGRADE=write cargo test --test upgrade`.

#[expect(dead_code, unreachable_pub, reason = "the tests of recovery use the rest")]
#[path = "../recovery/rig.rs"]
mod rig;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rig::{Scene, Served, holdfast};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What people entered, and what only grows. Opening a box adds to the log of the box itself.
const KEPT: [&str; 11] = [
    "users",
    "workspaces",
    "memberships",
    "items",
    "locations",
    "movements",
    "stocks",
    "suppliers",
    "purchase_orders",
    "count_sessions",
    "blobs",
];

fn archive(version: &str) -> PathBuf {
    Path::new(ROOT).join(format!("tests/upgrade/{version}.tar.zst"))
}

/// Versions that the changelog calls released.
fn released() -> Vec<String> {
    let changelog = fs::read_to_string(Path::new(ROOT).join("CHANGELOG.md")).expect("a changelog");
    let headings = changelog.lines().filter_map(|line| line.strip_prefix("## "));
    let versions = headings.filter_map(|heading| heading.split_whitespace().next());
    versions.filter(|version| *version != "Unreleased").map(ToOwned::to_owned).collect()
}

/// Rows of each table that is kept, by file and table.
#[expect(clippy::disallowed_methods, reason = "the box does not run and keeps no other handle")]
fn rows(data: &Path) -> BTreeMap<String, i64> {
    let mut files = vec![data.join("system.db")];
    let workspaces = fs::read_dir(data.join("workspaces")).expect("the workspaces");
    files.extend(workspaces.map(|entry| entry.expect("a file").path()));
    files.retain(|path| path.extension().is_some_and(|end| end == "db"));
    let mut found = BTreeMap::new();
    for file in files {
        let name = file.file_name().expect("a file").to_string_lossy().into_owned();
        let file = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let file = file.expect("a database");
        for table in KEPT {
            // Tables lie in one kind of file or the other, and older versions had fewer.
            let counted =
                file.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0));
            found.extend(counted.ok().map(|count: i64| (format!("{name} {table}"), count)));
        }
    }
    found
}

/// Packs a data folder that nobody uses.
fn pack(data: &Path, archive: &Path) {
    let file = fs::File::create(archive).expect("a new file");
    let packed = zstd::Encoder::new(file, 19).expect("zstd").auto_finish();
    let mut tar = tar::Builder::new(packed);
    for name in ["system.db", "master.key", "master.id"] {
        tar.append_path_with_name(data.join(name), name).expect("a packed file");
    }
    for name in ["workspaces", "tls"] {
        tar.append_dir_all(name, data.join(name)).expect("a packed folder");
    }
    tar.finish().expect("a whole archive");
}

fn unpack(archive: &Path, data: &Path) {
    let file = fs::File::open(archive).expect("the box of that version");
    tar::Archive::new(zstd::Decoder::new(file).expect("zstd")).unpack(data).expect("a box");
}

/// A box with sample data, put to rest: its logs are folded into its files.
fn box_at_rest() -> Scene {
    let scene = Scene::new(1, true);
    // Serving it makes its certificates.
    drop(Served::start(&scene.path("data")));
    for file in fs::read_dir(scene.path("data/workspaces")).expect("the workspaces") {
        fold(&file.expect("a file").path());
    }
    fold(&scene.path("data/system.db"));
    scene
}

#[expect(clippy::disallowed_methods, reason = "the box does not run and keeps no other handle")]
fn fold(file: &Path) {
    if file.extension().is_some_and(|end| end == "db") {
        let file = Connection::open(file).expect("a database");
        let fold = "PRAGMA wal_checkpoint(TRUNCATE)";
        let is_busy: i64 = file.query_row(fold, [], |row| row.get(0)).expect("an answer");
        assert_eq!(is_busy, 0, "somebody uses the box");
    }
}

/// Opens a box of some version with this one and looks for what it had.
fn is_opened_with_everything(archive: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    unpack(archive, &data);
    let before = rows(&data);
    assert!(before.values().sum::<i64>() > 100, "an empty box proves nothing: {before:?}");

    let served = Served::start(&data);
    let cookie = served.sign_in();
    let me = served.json("GET /api/v1/me", &cookie, &Value::Null);
    let workspaces = me["workspaces"].as_array().expect("workspaces");
    assert!(!workspaces.is_empty(), "{me}");
    for workspace in workspaces {
        let id = workspace["id"].as_str().expect("an id");
        let path = format!("GET /api/v1/workspaces/{id}/inventory/items");
        let items = served.json(&path, &cookie, &Value::Null);
        assert!(items["items"].as_array().is_some_and(|items| !items.is_empty()), "{items}");
        let path = format!("POST /api/v1/workspaces/{id}/inventory/integrity");
        let integrity = served.json(&path, &cookie, &Value::Null);
        assert_eq!(integrity["ok"], true, "{integrity}");
    }
    drop(served);

    assert_eq!(rows(&data), before);
    let verified = holdfast(&["audit", "verify", "--data", data.to_str().expect("a plain path")]);
    assert!(verified.status.success(), "{}", rig::err(&verified));
}

#[test]
fn a_box_of_every_release_is_opened_and_has_everything() {
    if std::env::var("HOLDFAST_UPGRADE").is_ok_and(|wish| wish == "write") {
        pack(&box_at_rest().path("data"), &archive(VERSION));
    }

    for version in released() {
        let archive = archive(&version);
        assert!(archive.exists(), "{version} is released and left no box in tests/upgrade");
        is_opened_with_everything(&archive);
    }
}

/// What is done with the boxes of releases works on one of today, as long as there is no other.
#[test]
fn a_box_that_was_packed_today_is_opened_and_has_everything() {
    let scene = box_at_rest();
    let archive = scene.path("today.tar.zst");
    pack(&scene.path("data"), &archive);

    is_opened_with_everything(&archive);
}

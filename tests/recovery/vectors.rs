//! The vectors of `docs/formats/workspace.md`: the archive that lies in `docs/formats/workspace` is
//! what the document says, for whoever has `age`, `zstd`, `tar`, `sha256sum` and `sqlite3` alone,
//! and is still taken in. `HOLDFAST_VECTORS=write` makes it anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::moving::{FILE, put_file};
use crate::rig::{EMAIL, Scene, Served, err, said};

/// What `docs/formats/workspace.md` tells people to type, with names in the place of words.
const UNPACK: &str = r#"age -d -i "$1" "$2" | zstd -dq | tar -x -C "$3"
cd "$3" && sha256sum --quiet -c SHA256SUMS"#;
const ITEMS: &str = "SELECT item_number, name, unit FROM items ORDER BY item_number";

fn vectors(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/workspace").join(name)
}

fn expected() -> Value {
    let text = fs::read_to_string(vectors("expected.json")).expect("expected.json");
    serde_json::from_str(&text).expect("JSON")
}

#[expect(clippy::print_stdout, reason = "a skipped test says why")]
fn has_tools() -> bool {
    let missing = ["age", "zstd", "tar", "sha256sum", "sqlite3"]
        .into_iter()
        .find(|tool| Command::new(tool).arg("--version").output().is_err());
    if let Some(tool) = missing {
        println!("SKIPPED: {tool} is not here; install it: sudo apt-get install {tool}");
    }
    missing.is_none()
}

/// What a tool that has to work prints.
fn tool(name: &str, arguments: &[&str]) -> String {
    let done = Command::new(name).args(arguments).output().expect("a tool");
    assert!(done.status.success(), "{name} {arguments:?}: {}", err(&done));
    String::from_utf8(done.stdout).expect("a text")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

fn unpack(into: &Path) {
    let (kit, archive) = (vectors("kit.txt"), vectors("archive.tar.zst.age"));
    tool("sh", &["-c", UNPACK, "sh", text(&kit), text(&archive), text(into)]);
}

/// The files below a folder with what `sha256sum` says of them.
fn sums(folder: &Path) -> Map<String, Value> {
    let found = tool("find", &[text(folder), "-type", "f", "-printf", "%P\n"]);
    let sum = |path: &str| {
        let line = tool("sha256sum", &[text(&folder.join(path))]);
        line.split(' ').next().unwrap_or_default().to_owned()
    };
    let mut paths: Vec<_> = found.lines().collect();
    paths.sort_unstable();
    paths.into_iter().map(|path| (path.to_owned(), sum(path).into())).collect()
}

fn sql(folder: &Path, workspace: &Value, sql: &str) -> String {
    let path = format!("workspaces/{}.db", workspace.as_str().expect("an id"));
    tool("sqlite3", &["-readonly", text(&folder.join(path)), sql])
}

/// A workspace with two items and a file beside one of them, taken out for the kit of its box.
fn write() {
    let (scene, out) = (Scene::new(1, false), tempfile::tempdir().expect("a folder"));
    let served = Served::start(&scene.path("data"));
    let made = said(&scene.on("data", &["user", "token", EMAIL, "--name", "test"]));
    let token = format!("Authorization: Bearer {}\r\n", made["token"].as_str().expect("one"));
    let items = format!("/api/v1/workspaces/{}/inventory/items", scene.workspaces[0]);
    for (number, name) in [("R-1", "Rye"), ("S-1", "Salt")] {
        let body = json!({ "item_number": number, "name": name, "unit": "kg" });
        let item = served.json(&format!("POST {items}"), &token, &body);
        if number == "S-1" {
            put_file(&served, &token, &items, &item);
        }
    }
    fs::create_dir_all(vectors("")).expect("a folder");
    let archive = vectors("archive.tar.zst.age");
    if archive.exists() {
        fs::remove_file(&archive).expect("no old one");
    }
    let export = ["workspace", "export", &scene.workspaces[0], "--out", text(&archive)];
    let made = said(&scene.on("data", &export));
    fs::copy(scene.path("kit.txt"), vectors("kit.txt")).expect("a kit");
    unpack(out.path());
    let members = sums(out.path());
    let told = json!({
        "format": 1, "workspace": made["workspace_id"], "taken_at": made["taken_at"],
        "fingerprint": made["fingerprint"], "rows": made["rows"],
        "audit_entries": made["audit_entries"], "archive_sha256": made["sha256"],
        "items": sql(out.path(), &made["workspace_id"], ITEMS).lines().collect::<Vec<_>>(),
        "members": members,
    });
    let told = serde_json::to_string_pretty(&told).expect("JSON") + "\n";
    fs::write(vectors("expected.json"), told).expect("written");
}

#[test]
fn the_archive_of_a_workspace_is_read_with_tools_alone() {
    if !has_tools() {
        return;
    }
    if std::env::var_os("HOLDFAST_VECTORS").is_some() {
        write();
    }
    let (expected, out) = (expected(), tempfile::tempdir().expect("a folder"));

    unpack(out.path());

    let folder = out.path();
    let archive = tool("sha256sum", &[text(&vectors("archive.tar.zst.age"))]);
    assert_eq!(archive.split(' ').next(), expected["archive_sha256"].as_str());
    assert_eq!(Value::Object(sums(folder)), expected["members"]);
    let read = |name: &str| -> Value {
        let text = fs::read_to_string(folder.join(name)).expect("a member");
        serde_json::from_str(&text).expect("JSON")
    };
    let (commit, manifest) = (read("COMMIT.json"), read("MANIFEST.json"));
    // The last word is the signature's, over the sum of the sums.
    assert_eq!(commit["commit"]["sums_sha256"], expected["members"]["SHA256SUMS"]);
    assert_eq!(commit["commit"]["taken_at"], expected["taken_at"]);
    let file = &manifest["files"][0];
    let path = file["path"].as_str().expect("a path");
    assert_eq!(file["sha256"], expected["members"][path]);
    let workspace = &expected["workspace"];
    assert_eq!(sql(folder, workspace, "PRAGMA integrity_check"), "ok\n");
    assert_eq!(sql(folder, workspace, "PRAGMA foreign_key_check"), "");
    let items: Vec<_> = expected["items"].as_array().expect("items").iter().collect();
    assert_eq!(sql(folder, workspace, ITEMS).lines().collect::<Vec<_>>(), items);
    let blob = sql(folder, workspace, "SELECT lower(hex(sha256)) FROM blobs");
    let blob = blob.trim();
    let of_blob = folder.join("blobs").join(&blob[..2]).join(blob);
    assert_eq!(tool("sha256sum", &[text(&of_blob)]).split(' ').next(), Some(blob));
    assert_eq!(fs::read_to_string(of_blob).expect("a blob"), FILE);
}

#[test]
fn the_archive_of_a_workspace_of_the_first_release_is_taken_in() {
    let (expected, scene) = (expected(), Scene::new(1, false));
    let served = Served::start(&scene.path("data"));
    let (kit, archive) = (vectors("kit.txt"), vectors("archive.tar.zst.age"));
    let import = ["workspace", "import", text(&archive), "--kit", text(&kit)];

    let looked = said(&scene.on("data", &[&import[..], &["--dry-run"]].concat()));
    let done = said(&scene.on("data", &import));

    for told in [&looked, &done] {
        for name in ["fingerprint", "taken_at", "audit_entries"] {
            assert_eq!(told[name], expected[name], "{told}");
        }
        assert_eq!(told["source_workspace_id"], expected["workspace"], "{told}");
    }
    assert_eq!(looked["rows"], expected["rows"], "{looked}");
    let made = said(&scene.on("data", &["user", "token", EMAIL, "--name", "test"]));
    let token = format!("Authorization: Bearer {}\r\n", made["token"].as_str().expect("one"));
    let id = done["workspace_id"].as_str().expect("an id");
    let path = format!("GET /api/v1/workspaces/{id}/inventory/items?sort=item_number");
    let page = served.json(&path, &token, &Value::Null);
    let line = |one: &Value| {
        let part = |name: &str| one[name].as_str().unwrap_or_default();
        format!("{}|{}|{}", part("item_number"), part("name"), part("unit"))
    };
    let items = page["items"].as_array().expect("a list").iter().map(line).collect::<Vec<_>>();
    assert_eq!(json!(items), expected["items"]);
}

//! Backups that lie on somebody else's server: the box and one workspace of it come back from its
//! address, by what stands in a file of credentials.

use std::fs;
use std::path::Path;
use std::process::Output;

use holdfast::platform::blobs::BlobHash;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::moving::{FILE, Moved};
use crate::rig::{Scene, Served, err, holdfast, said};
use crate::servers::{openssh, webdav};

/// A place that backups are sent to and brought from.
struct Place<'a> {
    /// How the target is added.
    added: &'a [&'a str],
    address: &'a str,
    /// The file that opens the address.
    credentials: &'a str,
}

fn from_place(scene: &Scene, verb: &str, address: &str, more: &[&str]) -> Output {
    let (kit, credentials) = (scene.text("kit.txt"), scene.text("credentials.toml"));
    let place = [verb, "--json", "--from", address, "--credentials", &credentials];
    // The newest is what the box may make by itself meanwhile.
    let which = ["--kit", &kit, "--backup", "1"];
    holdfast(&[&place[..], &which, more].concat())
}

/// Sends a backup there; brings a workspace back in place and beside itself, then the box.
fn comes_back_from(place: &Place<'_>) {
    let (moved, served) = Moved::new();
    let scene = &moved.scene;
    fs::write(scene.path("credentials.toml"), place.credentials).expect("a file");
    let add = ["backup", "target", "add", "--name", "Elsewhere"];
    said(&scene.on("data", &[&add[..], place.added].concat()));
    let made = said(&scene.on("data", &["backup", "run"]));
    assert_eq!((&made["sequence"], &made["level"]), (&json!(1), &json!("verified")), "{made}");
    let copies = made["copies"].as_array().expect("copies");
    assert!(copies.len() == 2 && copies.iter().all(|copy| copy["state"] == "there"), "{made}");
    // Whatever comes back now can only come from the server.
    fs::remove_dir_all(scene.path("target")).expect("no folder");

    one_workspace(&moved, &served, place);
    drop(served);
    the_box(&moved, place);
}

fn one_workspace(moved: &Moved, served: &Served, place: &Place<'_>) {
    let (scene, workspace) = (&moved.scene, moved.workspace());
    let before = moved.items(served, workspace);
    let path = format!("POST /api/v1/workspaces/{workspace}/inventory/items");
    let body = json!({ "item_number": "later", "name": "AAA", "unit": "kg" });
    served.json(&path, &moved.token, &body);
    assert!(moved.items(served, workspace) != before, "it is not on the first page");
    let data = scene.text("data");
    let restore = |more: &[&str]| {
        let asked = ["--data", &data, "--workspace", workspace];
        said(&from_place(scene, "restore", place.address, &[&asked[..], more].concat()))
    };

    let copy = restore(&["--as-new", "Beside"]);
    let back = restore(&[]);

    assert_eq!(back["workspace_id"], workspace, "{back}");
    assert!(moved.items(served, workspace) == before, "the workspace is not as it was");
    let copy = copy["workspace_id"].as_str().expect("an id");
    assert!(moved.items(served, copy) == before, "the copy is not as it was");
    let has_file = |data: &str, workspace: &str| {
        let hash = BlobHash(Sha256::digest(FILE).into()).to_string();
        let place = format!("{data}/blobs/{workspace}/{}/{hash}", &hash[..2]);
        fs::read_to_string(scene.path(&place)).is_ok_and(|text| text == FILE)
    };
    assert!(has_file("data", workspace) && has_file("data", copy));
}

fn the_box(moved: &Moved, place: &Place<'_>) {
    let scene = &moved.scene;
    let data = scene.text("new");

    let report = said(&from_place(scene, "recover", place.address, &["--data", &data]));

    assert_eq!((&report["sequence"], &report["workspaces"]), (&json!(1), &json!(1)), "{report}");
    let verified = scene.on("new", &["audit", "verify"]);
    assert!(verified.status.success(), "{}", err(&verified));
    let served = Served::start(&scene.path("new"));
    let items = moved.items(&served, moved.workspace());
    assert!(items.as_array().is_some_and(|items| !items.is_empty()), "{items}");
    drop(served);
    for (name, value) in wrong(place) {
        let lines = place.credentials.lines().map(|line| changed(line, name, &value));
        fs::write(scene.path("credentials.toml"), lines.collect::<String>()).expect("a file");
        let data = scene.text("never");
        let refused = from_place(scene, "recover", place.address, &["--data", &data]);
        let said = err(&refused);
        assert_eq!((refused.status.code(), said.lines().count()), (Some(1), 1), "{said}");
        assert!(!said.contains("another word"), "{said}");
        assert!(scene.is_as_before("never"));
    }
}

fn changed(line: &str, name: &str, value: &str) -> String {
    if line.starts_with(name) { format!("{name} = '{value}'\n") } else { format!("{line}\n") }
}

/// What does not open the place, one at a time.
fn wrong(place: &Place<'_>) -> Vec<(&'static str, String)> {
    let other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER";
    let all = [("password", "another word".to_owned()), ("host_key", other.to_owned())];
    all.into_iter().filter(|(name, _)| place.credentials.contains(name)).collect()
}

#[test]
fn a_box_and_a_workspace_come_back_from_sftp() {
    let Some(ssh) = openssh("") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("key");
    fs::write(&key, &ssh.private_key).expect("a key");
    let (port, path) = (ssh.server.port.to_string(), text(&ssh.path()));
    let (key, user) = (text(&key), &ssh.user);

    comes_back_from(&Place {
        added: &[
            "--kind",
            "sftp",
            "--host",
            "127.0.0.1",
            "--port",
            &port,
            "--user",
            user,
            "--path",
            &path,
            "--host-key",
            &ssh.host_key,
            "--private-key-file",
            &key,
        ],
        address: &format!("sftp://{user}@127.0.0.1:{port}{path}"),
        credentials: &format!("host_key = '{}'\nprivate_key_file = '{key}'\n", ssh.host_key),
    });
}

#[test]
fn a_box_and_a_workspace_come_back_from_webdav() {
    let Some(server) = webdav() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("secret");
    fs::write(&secret, "a word of it").expect("a secret");
    let url = format!("http://127.0.0.1:{}/box/kept", server.port);

    comes_back_from(&Place {
        added: &[
            "--kind",
            "webdav",
            "--url",
            &url,
            "--user",
            "box",
            "--secret-file",
            &text(&secret),
        ],
        address: &format!("webdav+{url}"),
        credentials: "user = 'box'\npassword = 'a word of it'\n",
    });
}

fn text(path: &Path) -> String {
    path.to_str().expect("a plain path").to_owned()
}

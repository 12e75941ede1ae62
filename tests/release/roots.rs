//! Keys that come, go, and are kept.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::json;

use crate::scene::{Scene, files};

fn change(scene: &Scene, verb: &str, role: &str, key: &str) {
    let key = format!("{key}.pub");
    scene.ok(&["root", verb, "--feed", "feed", "--role", role, "--key", &key]);
}

#[test]
fn a_key_is_written_for_its_owner_alone_and_opens_with_age() {
    let scene = Scene::new();
    scene.key("root-ana");

    let mode = scene.path("root-ana").metadata().expect("the key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let sealed = std::fs::read(scene.path("root-ana")).expect("the key");
    assert!(sealed.starts_with(b"age-encryption.org/v1\n-> scrypt "));
    let before = files(&scene.path(""));
    scene.refused(1, &["keygen", "--role", "root", "--out", "root-ana"]);
    assert_eq!(files(&scene.path("")), before, "a key is never written over");
}

#[test]
fn a_passphrase_comes_from_a_file_or_there_is_no_key() {
    let scene = Scene::new();
    scene.write("passphrase", b"another one altogether\n");
    let out = ["keygen", "--role", "root", "--out", "key", "--passphrase-file", "passphrase"];
    scene.ok(&out);

    let without = Command::new(env!("CARGO_BIN_EXE_holdfast"))
        .env_clear()
        .current_dir(scene.path(""))
        .args(["release", "keygen", "--role", "root", "--out", "other"])
        .output()
        .expect("the program");

    assert_eq!(without.status.code(), Some(1));
    assert!(!scene.path("other").exists());
    scene.write("passphrase", b"short\n");
    let out = ["keygen", "--role", "root", "--out", "third", "--passphrase-file", "passphrase"];
    scene.refused(1, &out);
    assert!(!scene.path("third").exists());
}

#[test]
fn a_root_for_another_year_needs_the_people_of_the_one_before() {
    let scene = Scene::published();
    scene.ok(&["root", "rotate", "--feed", "feed"]);

    let one = scene.ok(&["root", "sign", "--feed", "feed", "--key", "root-ana"]);
    let two = scene.ok(&["root", "sign", "--feed", "feed", "--key", "root-ivo"]);

    assert_eq!(one["published"], json!([]));
    assert_eq!(one["waiting"][0]["needs"].as_array().map(Vec::len), Some(2), "old and new");
    assert_eq!(two["published"], json!(["2.root.json"]));
    assert!(scene.has("1.root.json"), "the first root stays");
    scene.stamp();
}

#[test]
fn a_new_root_key_alone_does_not_make_the_next_root() {
    let scene = Scene::published();
    scene.key("root-eva");
    change(&scene, "add-key", "root", "root-eva");
    change(&scene, "remove-key", "root", "root-ivo");

    scene.ok(&["sign", "--feed", "feed", "--key", "root-eva"]);
    let enough_of_new = scene.ok(&["sign", "--feed", "feed", "--key", "root-ana"]);
    assert_eq!(enough_of_new["published"], json!([]), "only one of the keys before has signed");
    let both = scene.ok(&["sign", "--feed", "feed", "--key", "root-ivo"]);

    assert_eq!(both["published"], json!(["2.root.json"]));
}

#[test]
fn a_stolen_release_key_goes_with_a_list_that_others_have_signed() {
    let scene = Scene::published();
    scene.add("1.4.2", &[]);
    scene.publish();
    scene.key("release-eva");
    change(&scene, "add-key", "release", "release-eva");
    change(&scene, "remove-key", "release", "release-ivo");
    scene.ok(&["sign", "--feed", "feed", "--key", "root-ana"]);

    let signed = scene.ok(&["sign", "--feed", "feed", "--key", "root-ivo"]);
    assert_eq!(signed["published"], json!([]), "boxes could not verify the list");
    assert!(!scene.has("2.root.json"));
    scene.ok(&["sign", "--feed", "feed", "--key", "release-ana"]);
    let last = scene.ok(&["sign", "--feed", "feed", "--key", "release-eva"]);

    assert_eq!(last["published"], json!(["2.root.json", "3.targets.json"]));
    assert_eq!(last["waiting"], json!([]));
    let earlier = scene.metadata("2.targets.json")["signed"]["targets"].clone();
    assert_eq!(scene.metadata("3.targets.json")["signed"]["targets"], earlier);
    scene.stamp();
}

#[test]
fn a_new_timestamp_key_signs_at_once() {
    let scene = Scene::published();
    scene.key("timestamp-new");
    change(&scene, "add-key", "timestamp", "timestamp-new");
    change(&scene, "remove-key", "timestamp", "timestamp");
    for key in ["root-ana", "root-ivo"] {
        scene.ok(&["sign", "--feed", "feed", "--key", key]);
    }

    let old = scene.refused(1, &["timestamp", "--feed", "feed", "--key", "timestamp"]);
    scene.ok(&["timestamp", "--feed", "feed", "--key", "timestamp-new"]);

    assert!(old.contains("does not count as timestamp key"), "{old}");
}

#[test]
fn keys_and_threshold_go_together() {
    let scene = Scene::published();
    let remove = ["root", "remove-key", "--feed", "feed", "--role", "root"];
    let too_few = scene.refused(1, &[&remove[..], &["--key", "root-ivo.pub"]].concat());
    let other = scene.refused(1, &[&remove[..], &["--key", "release-ana.pub"]].concat());
    let add = ["root", "add-key", "--feed", "feed", "--role", "snapshot"];
    let twice = scene.refused(1, &[&add[..], &["--key", "timestamp.pub"]].concat());

    assert!(too_few.contains("root has 1 keys and needs 2"), "{too_few}");
    assert!(other.contains("no root key"), "{other}");
    assert!(twice.contains("one role"), "{twice}");
    assert!(!scene.path("feed/staged/root.json").exists());
}

//! From a binary to what boxes are told of it.

use std::fs;

use serde_json::{Value, json};

use crate::scene::{Scene, files};
use crate::small::binary;

/// What the newest list says of a version, and under which name.
fn listed(scene: &Scene, list: &str, version: &str) -> Option<(String, Value)> {
    let metadata = scene.metadata(list);
    let targets = metadata["signed"]["targets"].as_object().expect("targets").clone();
    targets.into_iter().find(|(_, target)| target["custom"]["version"] == version)
}

#[test]
fn two_people_and_a_machine_publish_a_release() {
    let scene = Scene::with_keys();
    scene.init(2);
    let waiting = scene.ok(&["sign", "--feed", "feed"]);
    assert_eq!(waiting["waiting"][0]["file"], "1.root.json");
    assert_eq!(waiting["waiting"][0]["needs"][0]["missing"].as_array().map(Vec::len), Some(2));

    let one = scene.ok(&["sign", "--feed", "feed", "--key", "root-ana"]);
    assert_eq!(one["published"], json!([]));
    let two = scene.ok(&["sign", "--feed", "feed", "--key", "root-ivo"]);
    assert_eq!(two["published"], json!(["1.root.json"]));
    scene.publish();
    scene.add("1.4.2", &["--severity", "security", "--percent", "20"]);
    assert!(!scene.has("2.targets.json"));
    scene.publish();

    let (name, target) = listed(&scene, "2.targets.json", "1.4.2").expect("the release");
    let sha256 = target["hashes"]["sha256"].as_str().expect("a hash");
    let bytes = fs::read(scene.path("feed/targets").join(format!("{sha256}.{name}")));
    assert_eq!(bytes.expect("the binary"), binary("1.4.2", "x86_64", 7));
    let release = &target["custom"];
    assert_eq!(release["seq"], 1);
    assert_eq!(release["channels"], json!(["staging"]));
    assert_eq!(release["severity"], "security");
    assert_eq!(release["rollout"], json!({ "percent": 20, "salt": "1" }));
    assert_eq!(release["schema"], json!({ "format": 1, "reads_max": 2 }));
    assert_eq!(release["notes"], "notes-1.4.2.md");
    let snapshot = scene.metadata("2.snapshot.json");
    assert_eq!(snapshot["signed"]["meta"]["targets.json"]["version"], 2);
    let timestamp = scene.metadata("timestamp.json");
    assert_eq!(timestamp["signed"]["meta"]["snapshot.json"]["version"], 2);
}

#[test]
fn nothing_is_published_below_the_threshold() {
    let scene = Scene::published();
    let before = files(&scene.path("feed/metadata"));
    scene.add("1.4.2", &[]);

    for _ in 0..2 {
        let said = scene.ok(&["sign", "--feed", "feed", "--key", "release-ana"]);
        assert_eq!(said["published"], json!([]));
        let need = &said["waiting"][0]["needs"][0];
        assert_eq!(need["signed"].as_array().map(Vec::len), Some(1), "one key counts once");
        assert_eq!(need["missing"].as_array().map(Vec::len), Some(1));
    }
    let refusal = scene.refused(1, &["sign", "--feed", "feed", "--key", "root-ana"]);

    assert!(refusal.contains("Nothing waits for a signature of the root key"), "{refusal}");
    assert_eq!(files(&scene.path("feed/metadata")), before);
}

#[test]
fn a_feed_that_nobody_signed_gets_no_timestamp() {
    let scene = Scene::with_keys();
    scene.init(2);
    scene.ok(&["sign", "--feed", "feed", "--key", "root-ana"]);

    let keys = ["--key", "timestamp", "--snapshot-key", "snapshot"];
    let refusal = scene.refused(1, &[&["timestamp", "--feed", "feed"][..], &keys].concat());

    assert!(refusal.contains("1 of 2 root signatures"), "{refusal}");
    assert!(refusal.contains("still to sign"), "{refusal}");
    assert!(!scene.has("timestamp.json"));
}

#[test]
fn whoever_signs_needs_the_bytes_that_they_sign() {
    let scene = Scene::published();
    let added = scene.add("1.4.2", &[]);
    let sha256 = added["releases"][0]["sha256"].as_str().expect("a hash");
    let path = scene.path("feed/targets").join(format!("{sha256}.holdfast-1.4.2-x86_64"));
    fs::write(&path, binary("1.4.2", "x86_64", 8)).expect("another file");

    let refusal = scene.refused(1, &["sign", "--feed", "feed", "--key", "release-ana"]);

    assert!(refusal.contains("is not what the metadata says"), "{refusal}");
}

#[test]
fn a_binary_that_is_something_else_is_refused() {
    let scene = Scene::published();
    scene.write("notes.md", b"# News\n");
    let mut other_machine = binary("1.4.2", "x86_64", 7);
    other_machine[18] = 183;
    let cases: [(&str, Vec<u8>, &str); 4] = [
        ("says another version", binary("1.4.1", "x86_64", 7), "The binary is 1.4.1, not 1.4.2."),
        ("says nothing", b"\x7fELF and more".to_vec(), "does not say what it is"),
        ("is no program", binary("1.4.2", "x86_64", 7)[4..].to_vec(), "no program for Linux"),
        ("is for another machine", other_machine, "another machine"),
    ];
    for (what, bytes, reason) in cases {
        scene.write("binary", &bytes);
        let arguments = ["add", "--feed", "feed", "--binary", "binary", "--version", "1.4.2"];

        let refusal = scene.refused(1, &[&arguments[..], &["--notes", "notes.md"]].concat());

        assert!(refusal.contains(reason), "{what}: {refusal}");
    }
    assert!(!scene.path("feed/staged/targets.json").exists());
}

#[test]
fn both_machines_of_a_version_share_its_number_and_the_next_has_its_own() {
    let scene = Scene::published();
    scene.add("1.4.2", &[]);
    scene.write("binary", &binary("1.4.2", "aarch64", 7));
    let arguments = ["add", "--feed", "feed", "--binary", "binary", "--version", "1.4.2"];
    let other = scene.ok(&[&arguments[..], &["--notes", "notes.md"]].concat());
    let again = scene.refused(1, &[&arguments[..], &["--notes", "notes.md"]].concat());
    let next = scene.add("1.4.3", &[]);

    assert_eq!(other["releases"][0]["release"]["seq"], 1);
    assert_eq!(next["releases"][0]["release"]["seq"], 2);
    assert!(again.contains("in the feed already"), "{again}");
}

#[test]
fn a_release_goes_on_when_boxes_have_had_it() {
    let scene = Scene::published();
    scene.add("1.4.2", &[]);
    let promote = ["promote", "--feed", "feed", "--version", "1.4.2"];
    let unseen = scene.refused(1, &promote);
    scene.publish();
    let early = scene.refused(1, &promote);

    let promoted = scene.ok(&[&promote[..], &["--healthy-hours", "0", "--percent", "10"]].concat());

    assert!(unseen.contains("No box has been offered it"), "{unseen}");
    assert!(early.contains("0 of 24 hours"), "{early}");
    let release = &promoted["releases"][0]["release"];
    assert_eq!(release["channels"], json!(["staging", "beta"]));
    assert_eq!(release["rollout"]["percent"], 10);
    let missing = ["promote", "--feed", "feed", "--version", "9.9.9"];
    assert!(scene.refused(3, &missing).contains("lists no 9.9.9"));
}

#[test]
fn a_release_is_withdrawn_and_another_one_revoked_for_good() {
    let scene = Scene::published();
    scene.add("1.4.2", &[]);
    scene.add("1.4.3", &[]);
    scene.publish();

    scene.ok(&["withdraw", "--feed", "feed", "--version", "1.4.2"]);
    scene.ok(&["revoke", "--feed", "feed", "--version", "1.4.3"]);
    scene.publish();

    let status = |version| {
        listed(&scene, "3.targets.json", version)
            .map(|(_, target)| target["custom"]["status"].clone())
    };
    assert_eq!(status("1.4.2"), Some(json!("withdrawn")));
    assert_eq!(status("1.4.3"), Some(json!("revoked")));
    let back = scene.refused(1, &["withdraw", "--feed", "feed", "--version", "1.4.3"]);
    assert!(back.contains("revoked for good"), "{back}");
    let on = ["promote", "--feed", "feed", "--version", "1.4.2", "--healthy-hours", "0"];
    assert!(scene.refused(1, &on).contains("not offered any more"));
}

#[test]
fn a_timestamp_alone_needs_no_other_key() {
    let scene = Scene::published();

    let said = scene.ok(&["timestamp", "--feed", "feed", "--key", "timestamp"]);
    scene.add("1.4.2", &[]);
    for key in ["release-ana", "release-ivo"] {
        scene.ok(&["sign", "--feed", "feed", "--key", key]);
    }
    let refusal = scene.refused(1, &["timestamp", "--feed", "feed", "--key", "timestamp"]);

    assert_eq!(said["published"], json!(["timestamp.json"]));
    assert_eq!(scene.metadata("timestamp.json")["signed"]["version"], 2);
    assert!(refusal.contains("--snapshot-key"), "{refusal}");
}

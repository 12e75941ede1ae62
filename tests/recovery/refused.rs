//! Backups that somebody changed: each is refused with its reason, and nothing is left behind.

use std::fs;
use std::path::Path;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdfast::platform::backups::archive::{COMMIT_FILE, Commit, FORMAT, Identity, Kit};

use serde_json::Value;

use crate::rig::{Scene, Served, copy, err, holdfast, said};

const PART: &str = "part-0000.tar.zst.age";

/// A box with two backups.
fn backed_up() -> Scene {
    let scene = Scene::new(1, false);
    let served = Served::start(&scene.path("data"));
    for _ in 0..2 {
        said(&scene.on("data", &["backup", "run"]));
    }
    drop(served);
    scene
}

fn refused(scene: &Scene, from: &str, kit: &str, sentence: &str) {
    let output = scene.recover(from, kit, "new");
    let said = err(&output);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{from}: {}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert!(said.contains(sentence), "{from} is not refused with “{sentence}”: {said}");
    assert!(scene.is_as_before("new"), "{from} left something");
}

fn kit(scene: &Scene) -> Kit {
    let text = fs::read_to_string(scene.path("kit.txt")).expect("a kit");
    Kit::read(&text).expect("a kit")
}

/// Says something else in a `COMMIT.json` and signs it with a key that a kit of its own names.
fn sign_anew(scene: &Scene, base: &Path, kit_name: &str, change: impl FnOnce(Commit) -> Commit) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).expect("a key");
    let of_box = kit(scene);
    let text = fs::read_to_string(base.join(COMMIT_FILE)).expect("a commit");
    let commit = Commit::read_signed(&text, &[of_box.signing_key]).expect("of the box");
    let sign = |text: &str| Ok(pair.sign(text.as_bytes()).as_ref().to_vec());
    fs::write(base.join(COMMIT_FILE), change(commit).to_file(sign).expect("signed")).expect("one");
    let key = pair.public_key().as_ref().try_into().expect("32 bytes");
    let own = Kit { signing_key: key, ..of_box };
    fs::write(scene.path(kit_name), own.text().reveal()).expect("a kit");
}

#[test]
fn what_somebody_changed_at_the_target_is_refused_with_its_reason() {
    let scene = backed_up();
    let with = |name: &str, change: &dyn Fn(&Path, &Path)| {
        scene.copy_target(name);
        let bases = scene.bases(name);
        change(&bases[0], &bases[1]);
    };

    with("swapped", &|first, second| {
        fs::rename(first.join(PART), first.join("aside")).unwrap();
        fs::rename(second.join(PART), first.join(PART)).unwrap();
        fs::rename(first.join("aside"), second.join(PART)).unwrap();
    });
    with("dropped", &|_, second| fs::remove_file(second.join(PART)).unwrap());
    with("longer", &|_, second| {
        let mut bytes = fs::read(second.join(PART)).unwrap();
        bytes.push(0);
        fs::write(second.join(PART), bytes).unwrap();
    });
    with("replayed", &|first, second| {
        fs::copy(first.join(COMMIT_FILE), second.join(COMMIT_FILE)).unwrap();
        fs::remove_dir_all(first).unwrap();
    });
    with("unsigned", &|first, second| {
        fs::remove_dir_all(first).unwrap();
        let text = fs::read_to_string(second.join(COMMIT_FILE)).unwrap();
        let (said, _) = text.split_once("\"signature\":\"").unwrap();
        fs::write(second.join(COMMIT_FILE), format!("{said}\"signature\":\"\"}}\n")).unwrap();
    });
    with("newer", &|first, second| {
        fs::remove_dir_all(first).unwrap();
        sign_anew(&scene, second, "newer.txt", |commit| Commit { format: FORMAT + 1, ..commit });
    });
    with("renumbered", &|first, second| {
        fs::remove_dir_all(first).unwrap();
        let at = second.with_file_name("copy");
        fs::rename(second, &at).unwrap();
        sign_anew(&scene, &at, "renumbered.txt", |commit| Commit { sequence: 7, ..commit });
    });

    refused(&scene, "swapped", "kit.txt", "part-0000.tar.zst.age");
    refused(&scene, "dropped", "kit.txt", "part-0000.tar.zst.age is missing");
    refused(&scene, "longer", "kit.txt", "is not as long as it was");
    refused(&scene, "replayed", "kit.txt", "that of another backup than its folder says");
    refused(&scene, "unsigned", "kit.txt", "did not sign it");
    refused(&scene, "newer", "newer.txt", "has format 2; this release reads up to 1");
    refused(&scene, "renumbered", "renumbered.txt", "speaks of another backup than COMMIT.json");
}

#[test]
fn an_older_backup_under_a_newer_name_is_not_taken_for_the_newest() {
    let scene = backed_up();
    let bases = scene.bases("target");
    let later = bases[0].with_file_name("000009-20991231T235959Z");
    copy(&bases[0], &later);

    let output = scene.recover("target", "kit.txt", "new");

    let report = said(&output);
    assert_eq!(report["sequence"], 2);
    assert!(err(&output).contains("000009-20991231T235959Z is not taken"), "{}", err(&output));
    let passed_over = report["passed_over"].as_array().unwrap();
    assert_eq!(passed_over.len(), 1, "{report}");
    let detail = passed_over[0]["detail"].as_str().unwrap();
    assert!(detail.contains("that of another backup than its folder says"), "{report}");
}

#[test]
fn the_report_says_which_newer_backups_were_of_no_use_and_why() {
    let scene = backed_up();
    let bases = scene.bases("target");
    let named = |name: &str| bases[1].with_file_name(name);
    let (damaged, cut_off) = (named("000003-20991230T120000Z"), named("000004-20991231T120000Z"));
    copy(&bases[1], &damaged);
    fs::write(damaged.join(COMMIT_FILE), "{").unwrap();
    copy(&bases[1], &cut_off);
    fs::remove_file(cut_off.join(COMMIT_FILE)).unwrap();
    // Older than what is taken: nothing is lost by it.
    fs::remove_file(bases[0].join(COMMIT_FILE)).unwrap();
    let place = |base: &Path| {
        let below = base.strip_prefix(scene.path("target")).unwrap();
        below.to_str().unwrap().to_owned()
    };
    let expected = [
        (place(&damaged), "COMMIT.json is damaged, or the box of this kit did not sign it."),
        (place(&cut_off), "It has no COMMIT.json: it was never finished."),
    ];

    let report = said(&scene.recover("target", "kit.txt", "new"));
    let (from, kit, data) = (scene.text("target"), scene.text("kit.txt"), scene.text("told"));
    let told = holdfast(&["recover", "--from", &from, "--kit", &kit, "--data", &data]);
    let newest = said(&scene.on("new", &["restore", "--list", "--from", &from, "--kit", &kit]));

    assert_eq!(report["sequence"], 2);
    let of = |report: &Value| {
        let one = |one: &Value| (text(&one["folder"]), text(&one["detail"]));
        report["passed_over"].as_array().unwrap().iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(of(&report), expected.clone().map(|(folder, why)| (folder, why.to_owned())));
    assert_eq!(of(&newest).len(), 3, "{newest}");
    let lines = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(lines.contains("Newer, and of no use:\n"), "{lines}");
    for (folder, why) in expected {
        assert!(lines.contains(&format!("  {folder} is not taken: {why}\n")), "{lines}");
    }
    fs::remove_dir_all(damaged).unwrap();
    fs::remove_dir_all(cut_off).unwrap();
    let report = said(&scene.recover("target", "kit.txt", "whole"));
    assert!(of(&report).is_empty(), "{report}");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn kits_and_backups_of_other_boxes_are_told_apart() {
    let (scene, other) = (backed_up(), backed_up());
    copy(&other.path("kit.txt"), &scene.path("others.txt"));
    let stranger = Kit { identity: Identity::generate(), ..kit(&scene) };
    fs::write(scene.path("stranger.txt"), stranger.text().reveal()).unwrap();
    let damaged =
        kit(&scene).text().reveal().replace(&STANDARD.encode(kit(&scene).signing_key), "x");
    fs::write(scene.path("damaged.txt"), damaged).unwrap();
    scene.copy_target("mixed");
    for (mine, theirs) in scene.bases("mixed").iter().zip(other.bases("target")) {
        fs::copy(theirs.join(COMMIT_FILE), mine.join(COMMIT_FILE)).unwrap();
    }

    refused(&scene, "target", "others.txt", "of another box than the kit's");
    refused(&scene, "target", "stranger.txt", "The kit does not open it");
    refused(&scene, "target", "damaged.txt", "the line signing-key is missing or damaged");
    refused(&scene, "mixed", "kit.txt", "of another box than the kit's");
}

//! What python-tuf, the reference of The Update Framework, says of the same feeds: it takes the
//! good ones and refuses what the framework refuses. What this product refuses beyond that is its
//! own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::attacks::{OLD, SIGNATURES};
use crate::forge::{Files, Forge, ROOT_KEYS, SEEN_NEXT, first_root, usual_root, write};
use crate::freshness;
use crate::world::{SEEN, World};

/// The reasons that are the framework's own.
const OF_THE_FRAMEWORK: &[&str] = &[
    "update-unsigned",
    "update-signatures-too-few",
    "update-key-unknown",
    "update-key-of-other-role",
    "update-signature-wrong",
    "update-root-not-by-old-keys",
    "update-root-not-by-new-keys",
    "update-root-gap",
    "update-root-expired",
    "update-older-timestamp",
    "update-older-snapshot",
    "update-older-targets",
    "update-metadata-expired",
    "update-mixed-metadata",
    "update-feed-missing",
];

fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/python/bin/python");
    let is_there = Command::new(&python).args(["-c", "import tuf.ngclient"]).output();
    is_there.is_ok_and(|output| output.status.success()).then_some(python)
}

/// Cases, numbered, each with a name and whether the framework refuses it.
struct Cases {
    folder: tempfile::TempDir,
    seen: Files,
    wanted: BTreeMap<String, (String, bool)>,
}

impl Cases {
    fn add(&mut self, name: &str, files: &Files, now: &str, is_refused: bool) {
        let number = format!("{:03}", self.wanted.len());
        let folder = self.folder.path().join(&number);
        write(&self.seen, &folder.join("seen"));
        write(files, &folder.join("feed"));
        std::fs::write(folder.join("root.json"), first_root()).unwrap();
        std::fs::write(folder.join("now"), now.replace('Z', "+00:00")).unwrap();
        self.wanted.insert(number, (name.to_owned(), is_refused));
    }
}

#[tokio::test]
async fn the_reference_of_the_framework_agrees() {
    let Some(python) = python() else {
        eprintln!("SKIPPED: python-tuf was not asked; .ci/python installs it");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let seen = Forge::good(0, SEEN).build();
    let mut cases = Cases { folder, seen, wanted: BTreeMap::new() };
    let mut world = World::begun();
    let now = world.now;
    let mut good = Forge::good(1, SEEN_NEXT);
    cases.add("a good feed", &good.build(), &now.to_string(), false);
    good.rotate(usual_root(2), &ROOT_KEYS[..2]);
    cases.add("a good feed with a new root", &good.build(), &now.to_string(), false);
    for (name, code, attack) in SIGNATURES.iter().chain(OLD) {
        let mut feed = Forge::good(1, SEEN_NEXT);
        attack(&mut feed);
        if OF_THE_FRAMEWORK.contains(code) {
            cases.add(name, &feed.build(), &now.to_string(), true);
        }
    }
    for (name, code, attack) in freshness::ATTACKS {
        let mut feed = Forge::good(1, SEEN_NEXT);
        attack(&mut feed, &mut world);
        if OF_THE_FRAMEWORK.contains(code) {
            cases.add(name, &feed.build(), &world.now.to_string(), true);
        }
        world.now = now;
    }
    assert!(cases.wanted.len() > 20, "{} cases", cases.wanted.len());

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/tuf_client.py");
    let output = Command::new(python).arg(script).arg(cases.folder.path()).output().unwrap();

    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(lines.len(), cases.wanted.len(), "{told}");
    for line in lines {
        let (name, is_refused) = &cases.wanted[line["case"].as_str().unwrap()];
        assert_eq!(!line["error"].is_null(), *is_refused, "{name}: {}", line["error"]);
    }
}

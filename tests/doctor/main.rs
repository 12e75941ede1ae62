//! The doctor against planted faults: the real program, real files. Each fault is found by its
//! code, its command is run where that can be, and then it is gone.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::print_stderr, reason = "says why something was skipped")]

mod authority;
mod backups;
mod bundle;
mod files;
mod http;
mod machine;
mod reach;
mod running;
mod scene;
mod state;
mod updates;

use std::collections::BTreeSet;
use std::path::Path;

use holdfast::platform::doctor::rules::CHECKS;

use scene::Scene;

/// Checks that find nothing, whatever the machine is like, each with the reason.
const FIND_NOTHING: [(&str, &str); 1] =
    [("update-channel", "it says where releases come from; what lasts is told to operators")];

/// Hints that depend on the machine a test runs on, not on the box.
const OF_MACHINE: [&str; 12] = [
    "backup-same-disk",
    "clock-unsynced",
    "disk-open",
    "disk-slow",
    "host-name-unresolved",
    "journal-volatile",
    "memory-limit",
    "memory-low",
    "oom-kills",
    "running-as-root",
    "swap-open",
    "time-zones-missing",
];

/// Codes of what is found, without what the machine is to blame for.
fn found(report: &serde_json::Value) -> Vec<String> {
    let is_found = |one: &&serde_json::Value| {
        let status = one["status"].as_str().expect("a status");
        ["hint", "warning", "failed"].contains(&status)
    };
    let all = report["findings"].as_array().expect("findings");
    let codes = all.iter().filter(is_found).map(|one| one["code"].as_str().expect("a code"));
    codes.filter(|code| !OF_MACHINE.contains(code)).map(str::to_owned).collect()
}

#[test]
fn nothing_is_found_on_a_clean_box_whether_it_runs_or_not() {
    let scene = Scene::new();
    let (_, at_rest) = scene.doctor(&[]);
    // Where the data lies is said by a flag.
    assert_eq!(found(&at_rest), ["config-elsewhere", "notices-nowhere"], "{at_rest:#}");

    let served = scene.serve();
    let (_, running) = scene.doctor(&[]);

    assert_eq!(running["running"], true);
    assert_eq!(found(&running), ["config-elsewhere", "notices-nowhere"], "{running:#}");
    assert!(running["findings"].as_array().is_some_and(|all| all.len() >= 30));
    drop(served);
}

#[test]
fn a_look_changes_nothing() {
    let scene = Scene::new();
    let all = || {
        let listed = std::process::Command::new("find")
            .arg(scene.path("data"))
            .args(["-type", "f", "-printf", "%P %s %m %T@\n"])
            .output()
            .expect("a list");
        let mut lines: Vec<String> =
            String::from_utf8_lossy(&listed.stdout).lines().map(str::to_owned).collect();
        // SQLite needs an index of the log to read, and begins an empty log.
        lines.retain(|line| !line.contains("-shm ") && !line.contains("-wal 0 "));
        lines.sort();
        lines
    };
    let before = all();

    scene.doctor(&[]);

    assert_eq!(all(), before);
}

#[test]
fn text_names_the_command_and_an_unknown_check_is_refused() {
    let scene = Scene::new();
    scene.config("[logs]\nlevl = \"info\"\n");

    let output = scene.holdfast(&["doctor", "--only", "config-invalid"]);
    let text = String::from_utf8_lossy(&output.stdout);

    assert_eq!(output.status.code(), Some(5));
    assert!(text.starts_with("failed   config-invalid: Configuration. "), "{text}");
    assert!(text.contains("> holdfast config check --config "), "{text}");
    let refused = scene.holdfast(&["doctor", "--only", "nonsense"]);
    assert_eq!(refused.status.code(), Some(3));
}

/// Codes of the faults that the tests beside this one look for.
fn planted() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor");
    let mut codes = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        let calls = text.split(concat!("scene.fi", "nds(")).skip(1);
        let code = |call: &str| {
            let (code, _) = call.trim_start().strip_prefix('"')?.split_once('"')?;
            Some(code.to_owned())
        };
        codes.extend(calls.filter_map(code));
    }
    codes
}

#[test]
fn every_check_of_the_catalogue_has_a_fault_that_it_finds() {
    let planted = planted();
    let all: BTreeSet<String> = CHECKS.iter().map(|check| check.code.to_owned()).collect();
    let excused: BTreeSet<String> = FIND_NOTHING.iter().map(|(code, _)| (*code).into()).collect();

    let missing: Vec<&String> =
        all.difference(&planted).filter(|one| !excused.contains(*one)).collect();
    assert!(missing.is_empty(), "no test plants a fault for {missing:?}");
    let unknown: Vec<&String> = planted.difference(&all).collect();
    assert!(unknown.is_empty(), "there is no check {unknown:?}");
    assert!(planted.is_disjoint(&excused), "what has a fault needs no excuse");
    let scene = Scene::new();
    for (code, why) in FIND_NOTHING {
        assert_eq!(scene.finding(code)["status"], "skipped", "{code}, as if {why}");
    }
}

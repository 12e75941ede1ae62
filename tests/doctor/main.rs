//! The doctor against planted faults: the real program, real files. Each fault is found by its
//! code, its command is run where that can be, and then it is gone.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::print_stderr, reason = "says why something was skipped")]

mod bundle;
mod files;
mod http;
mod machine;
mod reach;
mod scene;
mod state;

use scene::Scene;

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

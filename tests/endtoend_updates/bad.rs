//! Releases that do not behave: each is left again, with its reason, and nothing is lost.

use serde_json::Value;

use crate::boxed::Machine;
use crate::publisher::Publisher;

const PACKAGED: &str = env!("CARGO_PKG_VERSION");

/// None of them lasts so long, seconds.
const WATCHED_S: u64 = 60;
/// A release that goes well for as long, milliseconds, and is watched for longer than that.
const GOES_WELL_MS: u64 = 60_000;
const WATCHED_LONGER_S: u64 = 180;

/// A release, how it ends, why, and what the detail says of it.
struct Bad {
    conduct: &'static str,
    outcome: &'static str,
    code: &'static str,
    detail: &'static str,
}

const BAD: [Bad; 8] = [
    Bad { conduct: "exit", outcome: "rolled-back", code: "update-crashed", detail: "exit code 1" },
    Bad {
        conduct: "segfault",
        outcome: "rolled-back",
        code: "update-crashed",
        detail: "signal 11",
    },
    // Found in the rehearsal already, so nothing was switched.
    Bad {
        conduct: "migration-fails",
        outcome: "failed",
        code: "update-rehearsal-failed",
        detail: "Harbour Kitchen",
    },
    Bad {
        conduct: "migration-hangs",
        outcome: "failed",
        code: "update-step-timed-out",
        detail: "nothing new for",
    },
    // On the copy it did not.
    Bad {
        conduct: "switch-hangs",
        outcome: "rolled-back",
        code: "update-migration-timed-out",
        detail: "did not end within",
    },
    // From here on the files stay as the new release has them.
    Bad {
        conduct: "faults-after-ms=3000",
        outcome: "rolled-back",
        code: "update-unhealthy",
        detail: "in a row failed",
    },
    Bad { conduct: "hang", outcome: "rolled-back", code: "update-not-ready", detail: "in time" },
    Bad {
        conduct: "leak",
        outcome: "rolled-back",
        code: "update-memory",
        detail: "the release before took",
    },
];

#[test]
fn releases_that_misbehave_are_left_again_each_with_its_reason() {
    let publisher = Publisher::new();
    let machine = Machine::watching(&publisher, &publisher.address(), WATCHED_S);
    let (mut acknowledged, mut left) = (Vec::new(), Vec::new());
    for (number, bad) in (1..).zip(BAD) {
        let version = publisher.publish(number, bad.conduct);
        machine.said(&["update", "check"]);

        let writer = machine.writer();
        let came_to = machine.gave_up(&["update", "apply", "--yes"]);
        let (more, _) = writer.stop();

        acknowledged.extend(more);
        let Bad { conduct, outcome, code, detail } = bad;
        assert_eq!(came_to["outcome"], outcome, "{conduct}: {came_to}");
        assert_eq!(came_to["reason"]["code"], code, "{conduct}: {came_to}");
        let said = came_to["reason"]["detail"].as_str().unwrap_or_default();
        assert!(said.contains(detail), "{conduct}: {said}");
        assert_eq!(came_to["to"]["version"], version.as_str());
        if outcome == "rolled-back" {
            left.push(u64::from(number));
        }
        let status = machine.said(&["update", "status"]);
        assert_eq!(status["current"]["version"], PACKAGED, "{conduct}");
        let quarantine = status["supervision"]["quarantine"].as_array().expect("a list");
        let quarantined: Vec<_> = quarantine.iter().filter_map(|one| one["seq"].as_u64()).collect();
        assert_eq!(quarantined, left, "{conduct}");
        assert_eq!(status["under_way"], Value::Null, "{conduct}");
        machine.has_all(&acknowledged);
    }
    let code = |bad: &&Bad| bad.code.to_owned();
    let with = |outcome: &str| BAD.iter().filter(|bad| bad.outcome == outcome).collect::<Vec<_>>();
    // The newest entry comes first.
    let told: Vec<String> = with("rolled-back").iter().rev().map(code).collect();
    assert_eq!(machine.audit_codes("update.rolled_back"), told);
    let told: Vec<String> = with("failed").iter().rev().map(code).collect();
    assert_eq!(machine.audit_codes("update.failed"), told);
    let verdict = machine.post("audit/verify", &Value::Null, 200);
    assert_eq!(verdict["ok"], true, "{verdict}");
}

#[test]
fn a_release_that_fails_after_a_minute_is_left_again_with_all_that_was_written_under_it() {
    let publisher = Publisher::new();
    let mut machine = Machine::watching(&publisher, &publisher.address(), WATCHED_LONGER_S);
    publisher.publish(1, &format!("faults-after-ms={GOES_WELL_MS}"));
    machine.said(&["update", "check"]);
    let before = machine.write(1);

    let mut applying = machine.applies_and_watches();
    let current = machine.said(&["update", "status"])["current"]["version"].clone();
    let under_it = machine.write(2);

    let left = machine.last_update();
    assert!(!applying.wait().expect("a child").success(), "it was left");
    assert_ne!(current, PACKAGED);
    assert_eq!(left["outcome"], "rolled-back", "{left}");
    assert_eq!(left["reason"]["code"], "update-unhealthy", "{left}");
    let states = left["states"].as_array().expect("parts");
    let watched = states.iter().find(|one| one["state"] == "probation");
    let watched_ms = watched.and_then(|one| one["duration_ms"].as_u64()).expect("a time");
    // It starts a little before it is watched.
    assert!(watched_ms > GOES_WELL_MS / 2, "{left}");
    assert_eq!(machine.said(&["update", "status"])["current"]["version"], PACKAGED);
    machine.has_all(&[before, under_it]);
    assert_eq!(machine.audit_codes("update.rolled_back"), ["update-unhealthy"]);
}

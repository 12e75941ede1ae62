//! An update as people and programs see it: from a feed, from a file, and the way back.

use serde_json::{Value, json};

use crate::boxed::{Machine, PROBATION_S};
use crate::publisher::{NEXT, Publisher};

/// Every part of an update that changes the databases, in order.
const PARTS: [&str; 19] = [
    "requested",
    "fetching",
    "backing-up",
    "fetching",
    "installing",
    "copying",
    "rehearsing",
    "rehearsing-back",
    "ready",
    "confirmed",
    "armed",
    "hold",
    "snapshot",
    "switched",
    "migrated",
    "trial",
    "exposed",
    "probation",
    "committed",
];
/// What the package brings.
const PACKAGED: &str = env!("CARGO_PKG_VERSION");

fn parts(entry: &Value) -> Vec<&str> {
    let states = entry["states"].as_array().expect("parts");
    states.iter().map(|part| part["state"].as_str().expect("a name")).collect()
}

/// Signed by two, with a proof of what is planned, and each part with the time it took.
fn is_whole(entry: &Value) {
    assert_eq!(entry["signers"].as_array().map(Vec::len), Some(2), "{entry}");
    assert!(entry["backup_id"].is_string() && entry["plan_digest"].is_string(), "{entry}");
    assert!(entry["finished_at"].is_string() && entry["confirmed_at"].is_string(), "{entry}");
    for part in entry["states"].as_array().expect("parts") {
        assert!(part["duration_ms"].is_u64(), "{part}");
    }
    let watched = entry["states"].as_array().expect("parts").iter();
    let watched = watched.filter(|part| part["state"] == "probation");
    let watched_ms: u64 = watched.filter_map(|part| part["duration_ms"].as_u64()).sum();
    assert!(watched_ms >= PROBATION_S * 1_000, "{entry}");
}

#[test]
fn a_release_of_the_feed_is_taken_and_left_again_and_nothing_is_lost() {
    let publisher = Publisher::new();
    let machine = Machine::owned(&publisher, &publisher.address());
    let before = machine.said(&["update", "status"]);
    assert_eq!(before["current"]["version"], PACKAGED);
    assert_eq!(before["supervision"]["is_supervised"], true);
    assert_eq!(before["offer"], Value::Null);
    let version = publisher.publish(1, "good");

    let offered = machine.said(&["update", "check"]);
    assert_eq!(offered["offer"]["version"], version.as_str(), "{offered}");
    assert!(offered["offer"]["notes"].as_str().is_some_and(|it| it.contains("better")));
    let plan = machine.said(&["update", "plan"]);
    rehearsed_well(&plan, &version);
    let writer = machine.writer();
    let taken = machine.said(&["update", "apply", "--yes"]);
    let (mut acknowledged, failed) = writer.stop();

    assert_eq!((&taken["outcome"], &taken["reason"]), (&json!("committed"), &Value::Null));
    assert_eq!(failed, [""; 0], "no request fails");
    assert_eq!(parts(&taken), PARTS);
    is_whole(&taken);
    let status = machine.get("platform/updates/status");
    assert_eq!(status["current"], json!({ "seq": 1, "version": NEXT }));
    assert_eq!(status["supervision"]["fallback"]["version"], PACKAGED);
    machine.has_all(&acknowledged);

    let writer = machine.writer();
    let back = machine.said(&["update", "rollback", "--yes"]);
    let (more, failed) = writer.stop();

    assert_eq!((&back["kind"], &back["outcome"]), (&json!("rollback"), &json!("committed")));
    assert_eq!(failed, [""; 0], "no request fails");
    acknowledged.extend(more);
    machine.has_all(&acknowledged);
    let status = machine.said(&["update", "status"]);
    assert_eq!(status["current"]["version"], PACKAGED);
    let left = &status["supervision"]["quarantine"];
    assert_eq!(left[0]["seq"], 1, "nobody wants it any more: {left}");
    let history = machine.said(&["update", "history"]);
    let kinds: Vec<_> = history["items"].as_array().expect("a list").iter().collect();
    assert_eq!(kinds.iter().map(|one| &one["kind"]).collect::<Vec<_>>(), ["rollback", "update"]);
    assert_eq!(machine.get("platform/updates/history")["items"], history["items"]);
    for action in ["update.offered", "update.planned"] {
        assert_eq!(machine.audit_codes(action).len(), 1, "{action}");
    }
    for action in ["update.requested", "update.confirmed", "update.committed"] {
        assert_eq!(machine.audit_codes(action).len(), 2, "{action}");
    }
    verifies(&machine);
}

/// What a person reads before saying yes.
fn rehearsed_well(plan: &Value, version: &str) {
    assert_eq!((&plan["to"]["version"], &plan["migrates"]), (&json!(version), &json!(true)));
    assert_eq!(plan["rollback"], "proven-without-restore", "{plan}");
    assert_eq!(plan["signers"].as_array().map(Vec::len), Some(2));
    assert_eq!(plan["probation_s"], PROBATION_S);
    let found = &plan["rehearsal"];
    // The system's file and that of a workspace.
    assert_eq!(found["files"], 2, "{found}");
    assert!(found["migrations"].as_u64().is_some_and(|count| count > 0), "{found}");
    for checks in ["with_new", "with_old"] {
        let checks = found[checks].as_array().expect("checks");
        assert!(!checks.is_empty() && checks.iter().all(|one| one["is_ok"] == true), "{found}");
    }
    assert_eq!((&found["failed"], &found["skipped"]), (&json!([]), &json!([])));
}

/// The audit log of the box is one chain, whichever release wrote it.
fn verifies(machine: &Machine) {
    let verdict = machine.post("audit/verify", &Value::Null, 200);
    assert_eq!(verdict["ok"], true, "{verdict}");
}

#[test]
fn a_box_without_a_network_takes_the_same_from_a_file() {
    let publisher = Publisher::new();
    let mut machine = Machine::owned(&publisher, "");
    let version = publisher.publish(1, "good");
    let refused = machine.post("platform/updates/check", &json!({}), 409);
    assert_eq!(refused["code"], "update-no-feed");

    let id = machine.upload(&publisher.bundle());
    let path = format!("platform/updates/upload/{id}/take");
    machine.post(&path, &json!({}), 202);
    machine.by("it is offered", |machine| {
        let status = machine.get("platform/updates/status");
        (status["offer"]["version"] == version.as_str()).then_some(())
    });
    let wish = json!({ "from_bundle": true });
    machine.post("platform/updates/apply", &wish, 202);
    let plan = machine.by("it is planned", |machine| {
        let (status, plan) = machine.ask("GET", "platform/updates/plan", &Value::Null);
        let now = machine.get("platform/updates/status");
        assert!(now["under_way"].is_object(), "it failed: {}", now["last"]);
        (status == 200).then_some(plan)
    });
    rehearsed_well(&plan, &version);
    let writer = machine.writer();
    machine.post("platform/updates/apply", &json!({ "digest": plan["digest"] }), 202);
    let taken = machine.last_update();
    let (acknowledged, failed) = writer.stop();

    assert_eq!((&taken["outcome"], &taken["reason"]), (&json!("committed"), &Value::Null));
    assert_eq!(failed, [""; 0], "no request fails");
    assert_eq!(parts(&taken), PARTS);
    is_whole(&taken);
    machine.has_all(&acknowledged);
    let new = json!({ "seq": 1, "version": NEXT });
    assert_eq!(machine.said(&["update", "status"])["current"], new);
    machine.stop();
    machine.start();
    assert_eq!(machine.said(&["update", "status"])["current"], new, "also after a restart");
    machine.has_all(&acknowledged);
    verifies(&machine);
}

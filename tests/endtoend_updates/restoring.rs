//! A release whose files the one before cannot read: the plan says so, going back while it is
//! watched brings the data of before, and later there is no way back.

use std::fs;

use serde_json::{Value, json};

use crate::boxed::{Machine, code_of_answer};
use crate::publisher::Publisher;

const PACKAGED: &str = env!("CARGO_PKG_VERSION");
/// Long enough to look and go back, seconds.
const WATCHED_S: u64 = 120;

/// A box that is offered such a release, and the plan for it.
fn offered(machine: &Machine, publisher: &Publisher) -> String {
    let version = publisher.publish(1, "far");
    machine.said(&["update", "check"]);
    let plan = machine.said(&["update", "plan"]);
    assert_eq!(plan["rollback"], "needs-restore", "{plan}");
    let reasons = plan["rollback_reasons"].as_array().expect("reasons");
    let is_told = |one: &Value| one.as_str().is_some_and(|why| why.contains("The release before"));
    assert!(reasons.iter().any(is_told), "{plan}");
    version
}

#[test]
fn going_back_while_it_is_watched_brings_the_data_of_before() {
    let publisher = Publisher::new();
    let mut machine = Machine::watching(&publisher, &publisher.address(), WATCHED_S);
    let kept = machine.write(1);
    offered(&machine, &publisher);
    let mut applying = machine.applies_and_watches();
    let written = machine.write(2);

    let plan = machine.post("platform/updates/rollback", &json!({}), 200);
    let back = machine.cli(&["update", "rollback", "--yes"]);

    let left = machine.last_update();
    assert!(!applying.wait().expect("a child").success(), "it was left");
    let back = String::from_utf8_lossy(&back.stdout).into_owned();
    assert_eq!((&plan["kind"], &plan["rollback"]), (&json!("rollback"), &json!("needs-restore")));
    assert!(plan["rows_lost"].as_u64().is_some_and(|rows| rows > 0), "{plan}");
    assert_eq!(left["outcome"], "rolled-back", "{left}\n{back}");
    assert_eq!(left["reason"]["code"], "update-asked-back", "{left}");
    let states: Vec<_> = left["states"].as_array().expect("parts").iter().collect();
    assert_eq!(states.iter().filter(|one| one["state"] == "restore").count(), 1, "{left}");
    assert_eq!(machine.said(&["update", "status"])["current"]["version"], PACKAGED);
    machine.has_all(&[kept]);
    let path = format!("workspaces/{}/inventory/items/{written}", machine.workspace);
    assert_eq!(machine.ask("GET", &path, &Value::Null).0, 404);
    let id = left["id"].as_str().expect("an id");
    let folder = fs::read_dir(machine.path("data").join("update").join(id)).expect("a folder");
    let names = folder.map(|one| one.expect("an entry").file_name().into_string().expect("a name"));
    assert!(names.into_iter().any(|name| name.starts_with("after-")), "what was set aside");
    let verdict = machine.post("audit/verify", &Value::Null, 200);
    assert_eq!(verdict["ok"], true, "{verdict}");
}

#[test]
fn once_it_is_kept_there_is_no_way_back() {
    let publisher = Publisher::new();
    let machine = Machine::owned(&publisher, &publisher.address());
    let version = offered(&machine, &publisher);

    let taken = machine.said(&["update", "apply", "--yes"]);

    assert_eq!(
        (&taken["outcome"], &taken["to"]["version"]),
        (&json!("committed"), &json!(version))
    );
    let (status, refused) = machine.ask("POST", "platform/updates/rollback", &json!({}));
    assert_eq!((status, code_of_answer(&refused)), (409, "update-no-way-back"), "{refused}");
    let verdict = machine.post("audit/verify", &Value::Null, 200);
    assert_eq!(verdict["ok"], true, "{verdict}");
}

//! Reading the audit log: filters, pages, one entry as it was hashed, and how the log stands.

use std::time::Duration;

use holdfast::platform::secret::to_hex;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::inventory::{column, item, location, path, post};
use crate::support::{Client, TestServer};

async fn actions(client: &Client, query: &str) -> Vec<String> {
    column(&client.get(&format!("/audit?{query}")).await.is(200), "action")
}

#[tokio::test]
async fn every_filter_finds_its_entries_and_they_can_be_combined() {
    let server = TestServer::start().await;
    let user = server.user("manager").await;
    let (manager, admin) = (server.token_of(user).await, server.person("admin").await);
    let viewer = server.person("viewer").await;
    let salmon = item(&manager, "S").await;
    let shelf = location(&manager, "A").await;
    server.advance(Duration::from_hours(1));
    post(&admin, "receive", &salmon, &shelf, "2").await;
    viewer.post("/inventory/items", &json!({})).await.is_problem(403, "forbidden");
    let id = salmon["id"].as_str().expect("an id");

    let refused = ["access.refused"];
    let (created, place) = ("inventory.item.created", "inventory.location.created");
    assert_eq!(actions(&admin, "action=inventory.item").await, [created]);
    assert_eq!(actions(&admin, "action=inventory.ite").await, [""; 0]);
    let all = ["inventory.movement.recorded", place, created];
    assert_eq!(actions(&admin, "action=inventory").await, all);
    assert_eq!(actions(&admin, &format!("object={id}")).await, [created]);
    assert_eq!(actions(&admin, &format!("actor={user}")).await, [place, created]);
    assert_eq!(actions(&admin, &format!("actor={user}&object={id}")).await, [created]);
    assert_eq!(actions(&admin, "kind=inventory.location").await, [place]);
    assert_eq!(actions(&admin, "outcome=refused").await, refused);
    assert_eq!(actions(&admin, "outcome=refused&kind=inventory.item").await, [""; 0]);
    assert_eq!(actions(&admin, "to=2026-11-21T06:30:00Z").await, [place, created]);
    let late = "from=2026-11-21T06:30:00Z";
    assert_eq!(actions(&admin, &format!("{late}&action=inventory")).await, all[..1]);
    assert_eq!(actions(&admin, &format!("{late}&actor={user}")).await, [""; 0]);
    server.finish().await;
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_names_its_field() {
    let server = TestServer::start().await;
    let (admin, operator) = (server.person("admin").await, server.operator().await);

    for (field, value) in
        [("actor", "x"), ("object", "1"), ("from", "now"), ("outcome", "maybe"), ("log", "x")]
    {
        let reply = admin.get(&format!("/audit?{field}={value}")).await;
        reply.is_field_problem(field, "audit-filter-bad");
    }
    admin.get("/audit?cursor=x").await.is_problem(400, "cursor-bad");
    let people = operator.get("/api/v1/audit?log=people").await;
    people.is_field_problem("log", "audit-filter-bad");
    server.finish().await;
}

#[tokio::test]
async fn pages_of_a_family_of_actions_follow_each_other() {
    let server = TestServer::start().await;
    let (manager, admin) = (server.person("manager").await, server.person("admin").await);
    for number in 0..3 {
        item(&manager, &format!("N{number}")).await;
        location(&manager, &format!("P{number}")).await;
    }

    for filter in ["action=inventory", "outcome=ok&kind=inventory.item", "kind=inventory.location"]
    {
        let all = admin.get(&format!("/audit?{filter}")).await.is(200);
        let (mut seen, mut next) = (Vec::new(), String::new());
        loop {
            let page = admin.get(&format!("/audit?{filter}&limit=2{next}")).await.is(200);
            let entries = page["items"].as_array().expect("a list");
            assert!(entries.len() <= 2);
            seen.extend(entries.iter().map(|entry| entry["seq"].clone()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
        let expected: Vec<Value> =
            all["items"].as_array().expect("a list").iter().map(|one| one["seq"].clone()).collect();
        assert_eq!(seen, expected, "{filter}");
        assert!(seen.len() >= 3);
    }
    server.finish().await;
}

#[tokio::test]
async fn an_admin_reads_who_joined_the_workspace_in_the_log_of_the_box_and_nothing_else_of_it() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let elsewhere = server.second_workspace().await;
    server.person_in(elsewhere, "owner").await;

    let people = admin.get("/audit?log=people").await.is(200);

    let entries = people["items"].as_array().expect("a list");
    let here = server.workspace.to_string();
    assert!(!entries.is_empty());
    assert!(entries.iter().all(|entry| entry["object"]["id"] == here), "{people}");
    assert_eq!(entries[0]["action"], "workspace.member.added");
    let foreign = admin.get(&format!("/audit?log=people&object={elsewhere}")).await.is(200);
    assert_eq!(foreign["items"], json!([]));
    let own = entries[0]["seq"].as_i64().expect("a number");
    admin.get(&format!("/audit/{own}?log=people")).await.is(200);
    admin.get("/audit/2?log=people").await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn one_entry_is_shown_as_it_was_hashed() {
    let server = TestServer::start().await;
    let (manager, admin) = (server.person("manager").await, server.person("admin").await);
    let salmon = item(&manager, "S").await;
    manager.change(Method::DELETE, &path("items", &salmon), 1, &Value::Null).await;

    let raw = admin.get("/audit/2").await.is(200);

    let canonical = raw["canonical"].as_str().expect("a text");
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(canonical.as_bytes());
    assert_eq!(raw["hash"], to_hex(&hasher.finalize()));
    assert_eq!(raw["entry"]["action"], "inventory.item.deleted");
    assert_eq!(raw["prev_hash"], admin.get("/audit/1").await.is(200)["hash"]);
    let leaf: Value = serde_json::from_str(canonical).expect("JSON");
    assert_eq!((&leaf["seq"], &leaf["log"]), (&json!(2), &raw["log"]));
    for nothing in ["/audit/99", "/audit/0", "/audit/-1", "/audit/x", "/audit/99999999999999999999"]
    {
        admin.get(nothing).await.is_problem(404, "not-found");
    }
    manager.get("/audit/1").await.is_problem(403, "forbidden");
    server.finish().await;
}

#[tokio::test]
async fn the_state_of_a_log_says_when_it_was_verified_last() {
    let server = TestServer::start().await;
    let (manager, admin) = (server.person("manager").await, server.person("admin").await);
    let operator = server.operator().await;
    let empty = admin.get("/audit/state").await.is(200);
    item(&manager, "S").await;
    let before = admin.get("/audit/state").await.is(200);

    server.advance(Duration::from_mins(1));
    let verdict = admin.post("/audit/verify", &Value::Null).await.is(200);

    assert_eq!((&empty["size"], &empty["first_at"]), (&json!(0), &Value::Null));
    assert_eq!((&before["size"], &before["ok"]), (&json!(1), &Value::Null));
    assert_eq!(before["head"], verdict["head"]);
    assert_eq!(before["first_at"], "2026-11-21T06:00:00.000Z");
    let after = admin.get("/audit/state").await.is(200);
    assert_eq!((&after["size"], &after["ok"]), (&json!(2), &json!(true)));
    assert_eq!(after["last_verified_at"], "2026-11-21T06:01:00.000Z");
    assert_eq!(server.audit_actions().await, ["inventory.item.created", "audit.verified"]);
    operator.post("/api/v1/audit/verify", &Value::Null).await.is(200);
    assert_eq!(operator.get("/api/v1/audit/state").await.is(200)["ok"], true);
    let raw = operator.get("/api/v1/audit/1").await.is(200);
    assert_eq!(raw["entry"]["seq"], 1);
    server.finish().await;
}

//! The lock date: who sets it, and what it refuses at the one door to the ledger.

use std::time::Duration;

use serde_json::{Value, json};

use super::{item, location, movement, on_hand, path, post};
use crate::support::{Client, TestServer};

const LOCK: &str = "/inventory/lock-date";

async fn close(admin: &Client, version: i64, day: &str) -> Value {
    let body = json!({ "locked_until": day });
    admin.change(http::Method::PUT, LOCK, version, &body).await.is(200)
}

/// Posts as of a moment and gives the code of the refusal, or the status.
async fn post_at(client: &Client, body: &Value, moment: &str) -> String {
    let mut body = body.clone();
    body["effective_at"] = json!(moment);
    let reply = client.post("/inventory/movements", &body).await;
    match reply.json()["code"].as_str() {
        Some(code) => code.to_owned(),
        None => reply.status.as_u16().to_string(),
    }
}

#[tokio::test]
async fn a_closed_day_takes_no_movement_to_its_last_millisecond_where_the_workspace_is() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let version = owner.get("").await.is(200)["version"].as_i64().unwrap();
    let zone = json!({ "time_zone": "Europe/Berlin" });
    owner.change(http::Method::PATCH, "", version, &zone).await.is(200);
    let (salmon, shelf) = (item(&owner, "S").await, location(&owner, "A").await);
    let receive = movement("receive", &salmon, &shelf, "10");
    // The day on which clocks are set back ends at 23:00 in UTC, having begun at 22:00.
    let lock = close(&owner, 1, "2026-10-25").await;
    assert_eq!(lock["locked_until"], "2026-10-25");
    assert_eq!(lock["locked_until_moment"], "2026-10-25T22:59:59.999Z");

    let manager = server.person("manager").await;
    assert_eq!(post_at(&manager, &receive, "2026-10-25T22:59:59.999Z").await, "locked-period");
    assert_eq!(post_at(&manager, &receive, "2026-03-01T00:00:00Z").await, "locked-period");
    assert_eq!(on_hand(&manager, &salmon).await, "0.000", "nothing of it was posted");
    assert_eq!(post_at(&manager, &receive, "2026-10-25T23:00:00Z").await, "201");

    let mut late = receive.clone();
    late["effective_at"] = json!("2026-10-25T12:00:00Z");
    let refused = manager.post("/inventory/movements", &late).await;
    let problem = refused.is_problem(422, "locked-period");
    refused.is_field_problem("effective_at", "locked-period");
    assert_eq!(problem["locked_until"], "2026-10-25");
    assert!(problem["detail"].as_str().unwrap().contains("up to and including 2026-10-25"));
    // No role goes around it: admins move the day, and the log says so.
    assert_eq!(post_at(&owner, &receive, "2026-10-25T12:00:00Z").await, "locked-period");
    // What was there stays closed although the workspace moves to where that day ended earlier.
    let version = owner.get("").await.is(200)["version"].as_i64().unwrap();
    let zone = json!({ "time_zone": "Asia/Tokyo" });
    owner.change(http::Method::PATCH, "", version, &zone).await.is(200);
    assert_eq!(post_at(&manager, &receive, "2026-10-25T20:00:00Z").await, "locked-period");
    server.finish().await;
}

#[tokio::test]
async fn what_happens_now_is_posted_whatever_is_closed() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let (salmon, shelf) = (item(&admin, "S").await, location(&admin, "A").await);
    let store = location(&admin, "B").await;
    let old = post(&admin, "receive", &salmon, &shelf, "10").await;
    server.advance(Duration::from_hours(48));
    let admin = server.person("admin").await;
    close(&admin, 1, "2026-11-22").await;

    // A count, an opening stock and a transfer take effect now.
    let count = admin.post("/inventory/counts", &json!({ "name": "C", "blind": false })).await;
    let count = count.is(201);
    let counter = server.person("counter").await;
    let entry = json!({ "client_op": "00000000-0000-7000-8000-000000000001",
        "item_id": salmon["id"], "location_id": shelf["id"], "mode": "set", "qty": "9" });
    let below = |what: &str| format!("{}/{what}", path("counts", &count));
    counter.post(&below("entries"), &json!({ "entries": [entry] })).await.is(200);
    admin.post(&below("submit"), &json!({})).await.is(200);
    admin.post(&below("approve"), &json!({})).await.is(200);
    assert_eq!(on_hand(&admin, &salmon).await, "9.000");
    let transfer = json!({ "item_id": salmon["id"], "from_location_id": shelf["id"],
        "to_location_id": store["id"], "qty": "2" });
    admin.post("/inventory/transfers", &transfer).await.is(201);
    post(&admin, "receive", &salmon, &shelf, "1").await;
    // Taking back what lies in closed days posts its opposite today: those days stay as they are.
    let back = admin.post(&format!("{}/reverse", path("movements", &old)), &json!({})).await;
    back.is_problem(422, "stock-short");
    post(&admin, "receive", &salmon, &shelf, "2").await;
    let back = admin.post(&format!("{}/reverse", path("movements", &old)), &json!({})).await;
    let back = back.is(201);
    assert!(back["effective_at"].as_str().unwrap() > "2026-11-23T");
    assert_eq!(on_hand(&admin, &salmon).await, "2.000");
    server.finish().await;
}

#[tokio::test]
async fn a_movement_of_a_closed_day_leaves_nothing_of_its_transaction() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let (salmon, shelf) = (item(&admin, "S").await, location(&admin, "A").await);
    let receive = movement("receive", &salmon, &shelf, "10");
    assert_eq!(post_at(&admin, &receive, "2026-11-01T00:00:00Z").await, "201");
    close(&admin, 1, "2026-11-20").await;
    let mut late = movement("use", &salmon, &shelf, "1");
    late["effective_at"] = json!("2026-11-20T10:00:00Z");
    let before = server.audit_actions().await.len();

    let key = [("idempotency-key", "0b4e1a0e-7d3c-4b8e-9a54-0e6f1d2c3b4a")];
    let send = || admin.json(http::Method::POST, "/inventory/movements", &key, &late);
    send().await.is_problem(422, "locked-period");
    close(&admin, 2, "2026-11-19").await;
    // The refusal was not remembered as the answer: moved back, the same request goes through.
    let posted = send().await.is(201);

    assert_eq!(posted["effective_at"], "2026-11-20T10:00:00.000Z");
    assert_eq!(on_hand(&admin, &salmon).await, "9.000");
    let actions = server.audit_actions().await;
    let since = &actions[before..];
    assert_eq!(since, ["inventory.lock.changed", "inventory.movement.recorded"]);
    server.finish().await;
}

#[tokio::test]
async fn only_admins_close_and_open_days_and_the_log_says_who() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let manager = server.person("manager").await;
    let nothing = json!({ "version": 1, "locked_until": null, "locked_until_moment": null });
    assert_eq!(manager.get(LOCK).await.is(200), nothing);
    let body = json!({ "locked_until": "2026-03-31" });
    let put = http::Method::PUT;
    for role in ["manager", "counter", "viewer"] {
        let person = server.person(role).await;
        person.change(put.clone(), LOCK, 1, &body).await.is_problem(403, "forbidden");
        person.get(LOCK).await.is(200);
    }
    assert_eq!(admin.json(put.clone(), LOCK, &[], &body).await.status.as_u16(), 428);

    let closed = admin.change(put.clone(), LOCK, 1, &body).await;
    assert_eq!(closed.header("etag"), Some("\"2\""));
    assert_eq!(admin.change(put.clone(), LOCK, 1, &body).await.status.as_u16(), 412);
    // What is sent back unchanged changes nothing.
    let again = admin.change(put.clone(), LOCK, 2, &closed.json()).await.is(200);
    assert_eq!(again["version"], 2);
    let wrong = [
        ("2026-02-30", "lock-date"),
        ("31.03.2026", "lock-date"),
        ("1999-12-31", "lock-date"),
        // Today, where the workspace is.
        ("2026-11-21", "lock-date"),
        ("2999-01-01", "lock-date"),
    ];
    for (day, code) in wrong {
        let refused = admin.change(put.clone(), LOCK, 2, &json!({ "locked_until": day })).await;
        refused.is_field_problem("locked_until", code);
    }
    let open = json!({ "locked_until": null });
    let opened = admin.change(put, LOCK, 2, &open).await.is(200);
    assert_eq!((&opened["version"], &opened["locked_until"]), (&json!(3), &Value::Null));
    let told = server.audit_actions().await;
    let told: Vec<&str> =
        told.iter().filter(|one| one.contains("lock")).map(String::as_str).collect();
    assert_eq!(told, ["inventory.lock.changed", "inventory.lock.changed"]);
    server.finish().await;
}

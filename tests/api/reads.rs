//! Reading leaves a trace: sensitive reads singly, others counted by session and minute.

use std::time::Duration;

use holdfast::platform::audit::reads::write_counted;
use serde_json::{Value, json};

use crate::inventory::item;
use crate::support::{Client, TestServer, system};

/// Entries about reading in a log, oldest first.
async fn reads(server: &TestServer) -> Vec<Value> {
    let records = holdfast::platform::audit::ops::tail(&server.inside(), 0, 1_000).await;
    changes_of(records.expect("the log"))
}

async fn reads_on_box(server: &TestServer) -> Vec<Value> {
    let ctx = system(&server.platform);
    let records = holdfast::platform::audit::ops::tail_box(&ctx, 0, 1_000).await;
    changes_of(records.expect("the log"))
}

fn changes_of(records: Vec<holdfast::platform::audit::rules::Record>) -> Vec<Value> {
    let of_reads = records.into_iter().filter(|record| record.action == "access.read");
    of_reads.map(|record| serde_json::from_str(&record.changes).expect("JSON")).collect()
}

async fn look_around(client: &Client, thing: &Value) {
    for _ in 0..3 {
        client.get("/inventory/items").await.is(200);
    }
    client.get(&crate::inventory::path("items", thing)).await.is(200);
}

#[tokio::test]
async fn ordinary_reads_are_counted_for_each_session_and_written_once() {
    let server = TestServer::start().await;
    let (manager, viewer) = (server.person("manager").await, server.person("viewer").await);
    let salmon = item(&manager, "S").await;
    look_around(&manager, &salmon).await;
    server.advance(Duration::from_secs(10));
    look_around(&viewer, &salmon).await;
    viewer.get("/inventory/items").await.is(200);
    assert_eq!(reads(&server).await, [Value::Null; 0]);

    write_counted(&server.platform).await;
    write_counted(&server.platform).await;

    let found = reads(&server).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0]["routes"]["to"], "inventory/items 3, inventory/items/{id} 1");
    assert_eq!(found[0]["count"]["to"], "4");
    assert_eq!(found[0]["since"]["to"], "2026-11-21T06:00:00.000Z");
    assert_eq!(found[1]["routes"]["to"], "inventory/items 4, inventory/items/{id} 1");
    assert_eq!(found[1]["since"]["to"], "2026-11-21T06:00:10.000Z");
    assert_ne!(found[0]["session"], found[1]["session"]);
    server.finish().await;
}

#[tokio::test]
async fn what_was_refused_not_found_or_asked_by_strangers_was_not_read() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;

    viewer.get("/audit").await.is_problem(403, "forbidden");
    viewer
        .get("/inventory/items/00000000-0000-7000-8000-000000000001")
        .await
        .is_problem(404, "not-found");
    server.stranger().get("/api/v1/about").await;
    server.stranger().get("/inventory/items").await.is_problem(401, "sign-in-needed");
    write_counted(&server.platform).await;

    assert_eq!(reads(&server).await, [Value::Null; 0]);
    assert_eq!(reads_on_box(&server).await, [Value::Null; 0]);
    server.finish().await;
}

#[tokio::test]
async fn a_sensitive_read_is_an_entry_of_its_own_before_its_answer() {
    let server = TestServer::start().await;
    let (admin, operator) = (server.person("admin").await, server.operator().await);

    admin.get("/audit?action=inventory").await.is(200);
    operator.get("/api/v1/users?q=ada").await;
    operator.get("/api/v1/users").await.is(200);

    let path = format!("/api/v1/workspaces/{}/audit", server.workspace);
    let one = json!({ "routes": { "to": "audit" }, "path": { "to": path } });
    assert_eq!(reads(&server).await, [one]);
    let on_box = reads_on_box(&server).await;
    assert_eq!(on_box.last().expect("one")["path"]["to"], "/api/v1/users");
    // What was typed is not kept.
    assert!(!format!("{on_box:?}").contains("ada"));
    server.finish().await;
}

#[tokio::test]
async fn lists_that_show_other_people_are_sensitive_unless_they_are_empty() {
    let server = TestServer::start().await;
    let (admin, operator) = (server.person("admin").await, server.operator().await);
    let routes = |found: Vec<Value>| -> Vec<String> {
        let singly = found.into_iter().filter(|one| one.get("path").is_some());
        singly.map(|one| one["routes"]["to"].as_str().expect("a route").to_owned()).collect()
    };
    let of_box =
        ["/api/v1/mfa-requests", "/api/v1/box/registrations", "/api/v1/box/outbox"].as_slice();

    admin.get("/invitations").await.is(200);
    for path in of_box {
        operator.get(path).await.is(200);
    }
    assert_eq!(routes(reads(&server).await), [""; 0], "nobody was shown");
    assert_eq!(routes(reads_on_box(&server).await), [""; 0]);
    let invitation = json!({ "email": "iva@example.com", "role": "viewer" });
    admin.post("/invitations", &invitation).await.is(201);
    admin.get("/invitations").await.is(200);
    admin.get("/members").await.is(200);
    admin.get("/roles").await.is(200);

    assert_eq!(routes(reads(&server).await), ["invitations", "members"]);
    write_counted(&server.platform).await;
    let counted = format!("{:?}", reads_on_box(&server).await);
    for path in of_box {
        assert!(counted.contains(path.trim_start_matches("/api/v1/")), "{path} in {counted}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_request_for_help_is_read_sensitively_where_there_is_one() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let user = server.user("viewer").await;
    let sql = "INSERT INTO mfa_requests (id, user_id, asked_at) SELECT id, id, :now FROM users
               WHERE id = :user";
    server.change_user(user, sql).await;

    operator.get("/api/v1/mfa-requests").await.is(200);

    let on_box = reads_on_box(&server).await;
    assert_eq!(on_box.last().expect("one")["path"]["to"], "/api/v1/mfa-requests");
    server.finish().await;
}

#[tokio::test]
async fn a_box_that_stops_writes_the_reads_that_were_counted() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "S").await;
    look_around(&manager, &salmon).await;

    let server = server.restart().await;

    assert_eq!(reads(&server).await.len(), 1);
    server.finish().await;
}

//! What went wrong in the program is kept once per kind of failure, without values.

use std::time::Duration;

use holdfast::platform::errors::ops::write;
use holdfast::platform::errors::rules::{GROUPS_MAX, Kind, Report};
use serde_json::{Value, json};

use crate::inventory::column;
use crate::support::{Client, TestServer, nothing, system};

fn broken(message: &str) -> Value {
    json!({
        "message": message, "path": "/w/0193a5c4-1111-7abc-8def-0123456789ab/items?q=secret",
        "stack": "Error: x\n    at render (app.js:1:2)", "request_id": "0193-request",
    })
}

async fn errors(operator: &Client) -> Value {
    operator.get("/api/v1/errors").await.is(200)
}

#[tokio::test]
async fn what_breaks_in_browsers_is_joined_and_shown_to_operators() {
    let server = TestServer::start().await;
    let (viewer, operator) = (server.person("viewer").await, server.operator().await);

    for message in ["Row 1 of \"Salmon\" is undefined", "Row 22 of \"Cod\" is undefined"] {
        let reply = viewer.post("/api/v1/client-errors", &broken(message)).await;
        assert_eq!(reply.status, 204, "{}", reply.text());
        server.advance(Duration::from_secs(1));
    }

    let list = errors(&operator).await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
    let group = &list["items"][0];
    assert_eq!(group["kind"], "browser");
    assert_eq!(group["message"], "Row 22 of … is undefined");
    assert_eq!(group["route"], "/w/{id}/items");
    assert_eq!(group["count"], 2);
    assert_eq!(group["first_at"], "2026-11-21T06:00:00.000Z");
    assert_eq!(group["last_at"], "2026-11-21T06:00:01.000Z");
    assert_eq!(group["last_request_id"], "0193-request");
    assert_eq!(group["sample"], "Error: x\n    at render (app.js:1:2)");
    assert_eq!(group["version"], env!("CARGO_PKG_VERSION"));
    viewer.get("/api/v1/errors").await.is_problem(403, "forbidden");
    server.finish().await;
}

#[tokio::test]
async fn a_resolved_failure_is_open_again_when_it_comes_again() {
    let server = TestServer::start().await;
    let (viewer, operator) = (server.person("viewer").await, server.operator().await);
    viewer.post("/api/v1/client-errors", &broken("It broke")).await;
    let id = column(&errors(&operator).await, "id").remove(0);
    let resolve = format!("/api/v1/errors/{id}/resolve");

    assert_eq!(operator.post(&resolve, &Value::Null).await.status, 204);

    assert!(errors(&operator).await["items"][0]["resolved_at"].is_string());
    viewer.post("/api/v1/client-errors", &broken("It broke")).await;
    let group = errors(&operator).await["items"][0].clone();
    assert_eq!((&group["resolved_at"], &group["count"]), (&Value::Null, &json!(2)));
    let unknown = format!("/api/v1/errors/{}/resolve", nothing::<()>());
    operator.post(&unknown, &Value::Null).await.is_problem(404, "not-found");
    assert_eq!(server.box_counts().await["error.resolved"], 1);
    server.finish().await;
}

#[tokio::test]
async fn a_browser_reports_ten_failures_a_minute_and_long_ones_are_cut() {
    let server = TestServer::start().await;
    let (viewer, operator) = (server.person("viewer").await, server.operator().await);
    let long = "word ".repeat(2_000);
    let path = "/page".repeat(2_000);
    let body = json!({ "message": long, "path": path, "stack": long, "request_id": "a b" });

    for _ in 0..10 {
        let reply = viewer.post("/api/v1/client-errors", &body).await;
        assert_eq!(reply.status, 204, "{}", reply.text());
    }
    let refused = viewer.post("/api/v1/client-errors", &body).await;

    refused.is_problem(429, "too-many-reports");
    assert_eq!(refused.header("retry-after"), Some("6"));
    let group = errors(&operator).await["items"][0].clone();
    let length = |field: &str| group[field].as_str().map_or(0, str::len);
    assert_eq!((length("message"), length("route")), (500, 300));
    assert!((8_000..=8_192).contains(&length("sample")));
    assert_eq!(group["last_request_id"], Value::Null);
    let huge = json!({ "message": "x".repeat(70_000), "path": "/" });
    server.advance(Duration::from_mins(1));
    viewer.post("/api/v1/client-errors", &huge).await.is_problem(413, "too-large");
    let field = viewer.post("/api/v1/client-errors", &json!({ "message": 1, "path": "/" })).await;
    field.is_field_problem("message", "wrong-type");
    server.stranger().post("/api/v1/client-errors", &body).await.is_problem(401, "sign-in-needed");
    server.finish().await;
}

#[tokio::test]
async fn the_list_is_read_in_pages_by_kind_and_keeps_the_newest_five_hundred() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let ctx = system(&server.platform);
    for number in 0..=GROUPS_MAX {
        server.advance(Duration::from_millis(1));
        // Digits do not make another failure, letters do.
        let letter = |value: usize| char::from(b'a' + u8::try_from(value % 26).expect("small"));
        let name = [letter(number / 676), letter(number / 26), letter(number)];
        let message: String = name.into_iter().chain(" broke".chars()).collect();
        let report = Report::new(Kind::Server, &message, server.clock.now());
        server.platform.errors.note(report.route("GET /x"));
        write(&ctx).await.expect("written");
    }

    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = operator.get(&format!("/api/v1/errors?limit=200{next}")).await.is(200);
        seen.extend(column(&page, "message"));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }

    assert_eq!(seen.len(), GROUPS_MAX);
    assert!(!seen.contains(&"aaa broke".to_owned()), "the oldest is dropped");
    let browser = operator.get("/api/v1/errors?kind=browser").await.is(200);
    assert_eq!(browser["items"], json!([]));
    let unknown = operator.get("/api/v1/errors?kind=x").await;
    unknown.is_field_problem("kind", "error-kind-unknown");
    server.finish().await;
}

#[tokio::test]
async fn reports_that_find_no_room_are_dropped_and_hold_up_nobody() {
    let server = TestServer::start().await;
    let operator = server.operator().await;

    for _ in 0..1_000 {
        server.platform.errors.note(Report::new(Kind::Server, "flood", server.clock.now()));
    }

    assert_eq!(errors(&operator).await["items"][0]["count"], 256);
    server.finish().await;
}

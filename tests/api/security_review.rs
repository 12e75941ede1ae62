//! Going through the security of the box.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, TestServer, system};
use holdfast::platform::monitoring::watch::Watch;

const LOOK: &str = "/api/v1/security-review";
const REVIEWS: &str = "/api/v1/security-reviews";
const DAY: Duration = Duration::from_hours(24);

fn verdict(look: &Value, code: &str) -> String {
    let points = look["points"].as_array().expect("points");
    let point = points.iter().find(|point| point["code"] == code);
    point.expect(code)["verdict"].as_str().expect("a verdict").to_owned()
}

fn said(look: &Value, code: &str) -> String {
    let points = look["points"].as_array().expect("points");
    let point = points.iter().find(|point| point["code"] == code).expect(code);
    format!("{} {}", point["said"], point["people"])
}

async fn look(operator: &Client) -> Value {
    operator.get(LOOK).await.is(200)
}

#[tokio::test]
async fn a_fresh_box_is_told_what_is_missing_and_what_is_well() {
    let server = TestServer::start().await;
    let operator = server.operator().await;

    let found = look(&operator).await;

    for code in ["registration", "secrets", "cors", "sessions", "limits", "proxies", "routes"] {
        assert_eq!(verdict(&found, code), "good", "{code}: {found}");
    }
    assert_eq!(verdict(&found, "backups"), "bad");
    assert_eq!(verdict(&found, "factors-needed"), "bad");
    assert_eq!(found["last_reviewed_at"], Value::Null);
    let routes = found["routes"].as_array().unwrap();
    assert!(routes.iter().any(|line| line == "GET /livez public"), "{routes:?}");
    assert!(routes.iter().any(|line| line == "GET /api/v1/security-review box.operate"));
    server.finish().await;
}

#[tokio::test]
async fn settings_that_open_something_are_found() {
    let server = TestServer::start_with(&[
        ("server.cors_origins", "http://else.example.org"),
        ("server.trusted_proxies", "10.0.0.0/8"),
        ("monitoring.allowed", "127.0.0.1/0,192.0.2.0/24"),
        ("monitoring.token", "a-long-monitoring-token"),
        ("limits.sign_in_failures_burst", "500"),
        ("sessions.life_days", "365"),
    ])
    .await;
    let operator = server.operator().await;

    let found = look(&operator).await;

    for (code, wanted) in [
        ("cors", "bad"),
        ("proxies", "bad"),
        ("monitoring", "look"),
        ("limits", "look"),
        ("sessions", "look"),
        ("secrets", "bad"),
    ] {
        assert_eq!(verdict(&found, code), wanted, "{code}: {found}");
    }
    assert!(said(&found, "limits").contains("limits.sign_in_failures_burst = 500 (10)"));
    assert!(said(&found, "monitoring").contains("192.0.2.0/24"));
    assert!(said(&found, "monitoring").contains("0.0.0.0/0"), "{found}");
    assert!(!found.to_string().contains("a-long-monitoring-token"));
    server.finish().await;
}

#[tokio::test]
async fn people_and_programs_that_should_be_looked_at_are_named_and_not_kept() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let counter = server.account("ines@example.com", "counter").await;
    server.change_user(counter, "UPDATE users SET name = 'Ines Unseen' WHERE id = :user").await;
    server.advance(DAY * 91);
    let operator_again = server.operator().await;
    drop(operator);

    let found = look(&operator_again).await;
    let kept = operator_again.post(REVIEWS, &json!({ "note": " Agreed. " })).await.is(201);

    assert!(said(&found, "idle-people").contains("Ines Unseen"), "{found}");
    assert!(said(&found, "factors-of-others").contains("Ines Unseen"), "{found}");
    assert!(!kept.to_string().contains("Ines Unseen"), "{kept}");
    assert_eq!(kept["note"], "Agreed.");
    assert_eq!(kept["bad"], found["bad"]);
    server.finish().await;
}

#[tokio::test]
async fn a_kept_review_says_who_and_when_and_stays_as_it_was() {
    let server = TestServer::start().await;
    let operator = server.operator().await;

    let first = operator.post(REVIEWS, &json!({})).await.is(201);
    server.advance(DAY);
    let operator = server.operator().await;
    let second = operator.post(REVIEWS, &json!({ "note": "Second" })).await.is(201);
    let page = operator.get(&format!("{REVIEWS}?limit=1")).await.is(200);
    let cursor = page["next_cursor"].as_str().expect("another page");
    let rest = operator.get(&format!("{REVIEWS}?limit=1&cursor={cursor}")).await.is(200);
    let shown = operator.get(&format!("{REVIEWS}/{}", first["id"].as_str().unwrap())).await.is(200);

    assert_eq!(page["items"], json!([second]));
    assert_eq!(rest["items"], json!([first]));
    assert_eq!((&shown, &rest["next_cursor"]), (&first, &Value::Null));
    assert!(first["reviewed_by_name"].is_string(), "{first}");
    assert_eq!(look(&operator).await["last_reviewed_at"], second["reviewed_at"]);
    assert_eq!(server.box_counts().await["box.security_review.kept"], 2);
    server.finish().await;
}

#[tokio::test]
async fn a_route_that_asks_something_else_than_at_the_last_review_is_told() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    operator.post(REVIEWS, &json!({})).await.is(201);
    assert_eq!(verdict(&look(&operator).await, "routes"), "good");
    let forget = "UPDATE security_reviews SET routes =
        replace(routes, 'GET /api/v1/users box.operate', 'GET /api/v1/users signed in')";
    let ctx = system(&server.platform);
    let changed = ctx.write(move |scope| Ok(scope.prepare_cached(forget)?.execute([])?));
    assert_eq!(changed.await.expect("a change"), 1);

    let found = look(&operator).await;

    assert_eq!(verdict(&found, "routes"), "look");
    assert!(said(&found, "routes").contains("GET /api/v1/users box.operate"), "{found}");
    server.finish().await;
}

#[tokio::test]
async fn operators_are_reminded_of_it_once_a_month() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let mut watch = Watch::default();
    let told = async |server: &TestServer, watch: &mut Watch| {
        watch.look(&server.platform).await.expect("a look");
        let ctx = system(&server.platform);
        let sql = "SELECT count(*) FROM notices WHERE kind = 'box.review-due'";
        let count = ctx.read(|scope| {
            Ok(scope.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))?)
        });
        count.await.expect("a count")
    };
    assert_eq!(told(&server, &mut watch).await, 0, "the box is new");
    server.advance(DAY * 32);
    let reminded = told(&server, &mut watch).await;
    assert!(reminded > 0);
    let commit = *server.platform.system_commits.borrow();
    assert_eq!(told(&server, &mut watch).await, reminded, "not twice");
    assert_eq!(*server.platform.system_commits.borrow(), commit, "and nothing is written for it");

    drop(operator);
    let operator = server.operator().await;
    operator.post(REVIEWS, &json!({})).await.is(201);
    server.advance(DAY * 30);
    let after = told(&server, &mut watch).await;
    assert_eq!(after, reminded, "it was reviewed within a month");
    server.advance(DAY * 2);
    assert!(told(&server, &mut watch).await > reminded);
    server.finish().await;
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_with_its_field() {
    let server = TestServer::start().await;
    let operator = server.operator().await;

    let long = operator.post(REVIEWS, &json!({ "note": "ä".repeat(2001) })).await;
    let unknown = operator.post(REVIEWS, &json!({ "notes": "" })).await;
    let nothing = operator.get(&format!("{REVIEWS}/{}", uuid::Uuid::nil())).await;
    let owner = server.person("owner").await.get(LOOK).await;

    long.is_field_problem("note", "review-note-too-long");
    unknown.is_field_problem("notes", "unknown-field");
    nothing.is_problem(404, "not-found");
    owner.is_problem(403, "forbidden");
    assert!(operator.post(REVIEWS, &json!({ "note": "ä".repeat(2000) })).await.is(201).is_object());
    server.finish().await;
}

//! What everybody who is signed in is told of updates, and that they hear when it changes.

use std::time::Duration;

use axum::body::BodyDataStream;
use futures_util::StreamExt;
use holdfast::platform::ctx::BoxScope;
use http::Method;
use serde_json::{Value, json};

use super::at;
use super::confirming::{apply, box_of, digest, plant};
use super::supervisor::{Supervisor, ends, installed};
use crate::support::{Client, TestServer, system};

/// Nothing that is told takes so long.
const PATIENCE: Duration = Duration::from_secs(10);
const DAY: Duration = Duration::from_hours(24);

async fn news(person: &Client) -> Value {
    person.get(&at("news")).await.is(200)
}

/// Waits until the stream says that something about updates changed.
async fn hears_of_update(stream: &mut BodyDataStream) {
    let mut heard = String::new();
    while !heard.contains(r#""kind":"box.update""#) {
        let piece = tokio::time::timeout(PATIENCE, stream.next()).await;
        let piece = piece.unwrap_or_else(|_| panic!("only heard: {heard}"));
        heard
            .push_str(std::str::from_utf8(&piece.expect("more").expect("a stream")).expect("text"));
    }
}

async fn listen(person: &Client) -> BodyDataStream {
    person.answer(Method::GET, "/events", &[], "").await.into_body().into_data_stream()
}

/// How a switch stands that is as far as `state`.
fn under_way(server: &TestServer, transaction: &str, state: &str, until: Option<i64>) -> Value {
    json!({
        "transaction": transaction, "kind": "update", "from": installed(6, "1.4.1"),
        "to": installed(7, "1.4.2"), "progress": null, "probation_ends_at": until,
        "states": [{ "state": state, "at": server.clock.now().0 }],
    })
}

#[tokio::test]
async fn nothing_is_told_where_nothing_happens_and_strangers_are_told_nothing() {
    let server = TestServer::start().await;

    let told = news(&server.person("viewer").await).await;

    assert_eq!(told, json!({ "change": null, "whats_new": null }));
    server.stranger().get(&at("news")).await.is_problem(401, "sign-in-needed");
    server.finish().await;
}

#[tokio::test]
async fn a_plan_that_waits_for_an_operator_is_nobodys_news() {
    let (server, _supervisor) = box_of().await;
    plant(&server, "person").await;

    let told = news(&server.person("manager").await).await;

    assert_eq!(told["change"], Value::Null);
    server.finish().await;
}

#[tokio::test]
async fn whoever_is_signed_in_hears_of_an_update_from_its_confirmation_to_what_it_brought() {
    let (server, supervisor) = box_of().await;
    plant(&server, "person").await;
    let (operator, viewer) = (server.operator().await, server.person("viewer").await);
    let mut stream = listen(&viewer).await;

    apply(&operator, &digest(&operator).await).await.is(202);
    hears_of_update(&mut stream).await;
    let begun = news(&viewer).await;
    let change = &begun["change"];
    assert_eq!((&change["kind"], &change["state"]), (&json!("update"), &json!("under-way")));
    assert_eq!(change["from"], json!({ "seq": 6, "version": "1.4.1" }));
    assert_eq!(change["to"], json!({ "seq": 7, "version": "1.4.2" }));
    assert_eq!((&change["begins_at"], &change["watched_until"]), (&Value::Null, &Value::Null));
    assert_eq!(change["expected_pause_ms"], 400);
    assert_eq!(begun["whats_new"], Value::Null);
    let members: Vec<_> = change.as_object().unwrap().keys().map(String::as_str).collect();
    let revealed =
        ["begins_at", "expected_pause_ms", "from", "kind", "state", "to", "watched_until"];
    assert_eq!(members, revealed, "and nothing of the plan");

    let id = operator.get(&at("status")).await.is(200)["under_way"]["update"]["id"].clone();
    let until = server.clock.now().0 + 600_000;
    let watched = under_way(&server, id.as_str().unwrap(), "probation", Some(until));
    supervisor.set("under_way", watched);
    let change = news(&viewer).await["change"].clone();
    assert_eq!(change["state"], "watched");
    assert_eq!(change["watched_until"].as_str().unwrap().len(), "2026-11-22T10:00:00.000Z".len());

    supervisor.set("under_way", Value::Null);
    supervisor.set("ends", ends("committed", &Value::Null, server.clock.now().0));
    server.run_jobs().await;
    hears_of_update(&mut stream).await;
    assert_eq!(news(&viewer).await["change"], Value::Null);
    server.finish().await;
}

#[tokio::test]
async fn what_begins_by_itself_is_told_with_its_time_and_its_pause() {
    let (supervisor, link) = Supervisor::new();
    let set = [
        ("updates.root", "/etc/holdfast/1.root.json"),
        ("updates.policy", "auto-patch"),
        ("updates.window", "03:00-04:00"),
    ];
    let server = TestServer::start_under(&set, &[], Some(link)).await;
    plant(&server, "policy").await;
    change_plans(&server, r#""migrates":true"#, r#""migrates":false"#).await;

    let told = news(&server.person("counter").await).await;

    let change = &told["change"];
    assert_eq!((&change["state"], &change["expected_pause_ms"]), (&json!("coming"), &json!(400)));
    assert!(change["begins_at"].as_str().unwrap().contains("T03:"), "{change}");
    assert_eq!(supervisor.heard(), []);
    server.finish().await;
}

async fn change_plans(server: &TestServer, from: &'static str, to: &'static str) {
    let ctx = system(&server.platform);
    let changed = ctx.write(move |scope: &BoxScope<'_>| {
        let sql = "UPDATE updates SET plan = replace(plan, ?1, ?2)";
        Ok(scope.prepare_cached(sql)?.execute([from, to])?)
    });
    assert_eq!(changed.await.expect("a changed plan"), 1);
}

#[tokio::test]
async fn what_a_release_brought_is_told_while_it_runs_and_for_a_month() {
    let (server, supervisor) = box_of().await;
    plant(&server, "person").await;
    supervisor.set("ends", ends("committed", &Value::Null, server.clock.now().0));
    let (operator, viewer) = (server.operator().await, server.person("viewer").await);
    apply(&operator, &digest(&operator).await).await.is(202);
    server.run_jobs().await;
    assert_eq!(news(&viewer).await["whats_new"], Value::Null, "release 6 runs, 7 was brought");

    // The one that runs is the one that was brought.
    let ctx = system(&server.platform);
    let moved = ctx.write(|scope: &BoxScope<'_>| {
        Ok(scope
            .prepare_cached("UPDATE updates SET to_seq = 6, to_version = '1.4.1'")?
            .execute([])?)
    });
    assert_eq!(moved.await.unwrap(), 1);
    let told = news(&viewer).await["whats_new"].clone();
    assert_eq!((&told["seq"], &told["version"]), (&json!(6), &json!("1.4.1")));
    assert_eq!(told["notes"], "# New\n\nMore.");

    server.advance(DAY * 29);
    assert_eq!(news(&server.person("counter").await).await["whats_new"], told);
    server.advance(DAY + Duration::from_secs(1));
    assert_eq!(news(&server.person("counter").await).await["whats_new"], Value::Null);
    server.finish().await;
}

#[tokio::test]
async fn a_publisher_who_wrote_nothing_has_no_news() {
    let (server, supervisor) = box_of().await;
    plant(&server, "person").await;
    change_plans(&server, "# New\\n\\nMore.", " ").await;
    supervisor.set("ends", ends("committed", &Value::Null, server.clock.now().0));
    let operator = server.operator().await;
    apply(&operator, &digest(&operator).await).await.is(202);
    server.run_jobs().await;
    let ctx = system(&server.platform);
    let moved = ctx.write(|scope: &BoxScope<'_>| {
        Ok(scope.prepare_cached("UPDATE updates SET to_seq = 6")?.execute([])?)
    });
    assert_eq!(moved.await.unwrap(), 1);

    assert_eq!(news(&operator).await["whats_new"], Value::Null);
    server.finish().await;
}

//! The bell: who is told of what, and nobody else.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{NOTICES, SETTINGS, items, kinds};
use crate::jobs::ask;
use crate::jobs::kinds::PANICS;
use crate::support::{PASSWORD, TestServer, nothing};
use holdfast::platform::notices::runner;

const EMAIL: &str = "mira@example.com";

#[tokio::test]
async fn a_changed_role_is_told_to_the_person_and_to_nobody_else() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let mira = server.account(EMAIL, "viewer").await;
    let member = format!("/members/{mira}");

    owner.change(Method::PATCH, &member, 1, &json!({ "role": "manager" })).await.is(200);

    let client = server.token_of(mira).await;
    let bell = client.get(NOTICES).await.is(200);
    assert_eq!(bell["unread"], 1);
    let told = &bell["items"][0];
    assert_eq!(told["kind"], "people.role-changed");
    assert_eq!(told["title"], "You have another role in Harbour Kitchen");
    assert_eq!(told["detail"], "You were viewer and are manager now.");
    assert_eq!(told["workspace_id"], server.workspace.to_string());
    assert_eq!(told["link"], format!("/w/{}", server.workspace));
    assert_eq!(told["read_at"], Value::Null);
    assert_eq!(kinds(&owner).await, [] as [&str; 0]);
    server.finish().await;
}

#[tokio::test]
async fn people_read_notices_in_their_own_language() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let mira = server.account(EMAIL, "viewer").await;
    server.change_user(mira, "UPDATE users SET language = 'de-AT' WHERE id = :user").await;
    let body = json!({ "role": "manager" });
    owner.change(Method::PATCH, &format!("/members/{mira}"), 1, &body).await.is(200);

    let told = items(&server.token_of(mira).await.get(NOTICES).await);

    assert_eq!(told[0]["title"], "Sie haben eine andere Rolle in Harbour Kitchen");
    server.finish().await;
}

#[tokio::test]
async fn reading_a_notice_counts_once_and_only_ones_own() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "viewer").await;
    let change = json!({ "current": PASSWORD, "new": "copper lantern drizzle mosaic" });
    browser.put("/api/v1/me/password", &change).await.is(204);
    let stranger = server.person("owner").await;
    let bell = browser.get(NOTICES).await.is(200);
    let id = bell["items"][0]["id"].as_str().expect("an id").to_owned();
    let read = format!("{NOTICES}/{id}/read");

    stranger.post(&read, &Value::Null).await.is_problem(404, "not-found");
    let unknown = format!("{NOTICES}/{}/read", nothing::<()>());
    browser.post(&unknown, &Value::Null).await.is_problem(404, "not-found");
    browser.post(&read, &Value::Null).await.is(204);
    browser.post(&read, &Value::Null).await.is(204);

    let bell = browser.get(NOTICES).await.is(200);
    assert_eq!(
        (&bell["unread"], &bell["items"][0]["kind"]),
        (&json!(0), &json!("security.password-changed"))
    );
    assert!(bell["items"][0]["read_at"].is_string());
    assert_eq!(items(&browser.get(&format!("{NOTICES}?unread=true")).await).len(), 0);
    assert_eq!(server.box_counts().await["notices.read"], 1);
    server.finish().await;
}

#[tokio::test]
async fn the_bell_has_pages_and_all_of_it_is_read_at_once() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let mira = server.account(EMAIL, "viewer").await;
    for (version, role) in (1..).zip(["manager", "viewer", "manager", "viewer", "manager"]) {
        let member = format!("/members/{mira}");
        owner.change(Method::PATCH, &member, version, &json!({ "role": role })).await.is(200);
    }
    let client = server.token_of(mira).await;

    let first = client.get(&format!("{NOTICES}?limit=3")).await.is(200);
    let cursor = first["next_cursor"].as_str().expect("a second page");
    let second = client.get(&format!("{NOTICES}?limit=3&cursor={cursor}")).await.is(200);

    assert_eq!(first["items"].as_array().map(Vec::len), Some(3));
    assert_eq!(second["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(second["next_cursor"], Value::Null);
    assert_eq!(second["unread"], 5);
    client.post(&format!("{NOTICES}/read"), &Value::Null).await.is(204);
    assert_eq!(client.get(NOTICES).await.is(200)["unread"], 0);
    client.get(&format!("{NOTICES}?cursor=x")).await.is_problem(400, "cursor-bad");
    client.get(&format!("{NOTICES}?limit=0")).await.is_field_problem("limit", "limit-out-of-range");
    server.finish().await;
}

#[tokio::test]
async fn a_second_browser_is_told_of_and_the_first_is_not() {
    let server = TestServer::start().await;
    let first = server.signed_in(EMAIL, "viewer").await;
    assert_eq!(items(&first.get(NOTICES).await).len(), 0);

    server.browser().sign_in(EMAIL, PASSWORD).await.is(200);
    let told = items(&first.get(NOTICES).await);
    first.sign_in(EMAIL, PASSWORD).await.is(200);

    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["kind"], "security.new-device");
    assert_eq!(items(&first.get(NOTICES).await).len(), 1, "a known browser is no news");
    server.finish().await;
}

#[tokio::test]
async fn a_failed_job_is_told_to_whoever_asked_and_a_deleted_workspace_to_everybody() {
    let server = TestServer::start_with_jobs(&[], &[PANICS]).await;
    let (owner, admin) = (server.person("owner").await, server.person("admin").await);
    admin.post("/jobs", &ask("test.panics")).await.is(202);
    for _ in 0..3 {
        server.run_jobs().await;
        server.advance(Duration::from_hours(1));
    }

    assert_eq!(kinds(&admin).await, ["jobs.failed"]);
    assert_eq!(kinds(&owner).await, [] as [&str; 0]);

    let here = format!("/api/v1/workspaces/{}", server.workspace);
    let version = owner.get(&here).await.is(200)["version"].as_i64().expect("a version");
    owner.change(Method::DELETE, &here, version, &Value::Null).await.is(204);
    assert_eq!(kinds(&owner).await, ["workspace.deleted"]);
    assert_eq!(kinds(&admin).await, ["workspace.deleted", "jobs.failed"]);
    let told = items(&admin.get(NOTICES).await);
    assert!(told[0]["detail"].as_str().expect("a text").contains("2026-12-21"), "{}", told[0]);
    server.finish().await;
}

#[tokio::test]
async fn everybody_chooses_what_leaves_the_box_for_them() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;
    let before = viewer.get(SETTINGS).await.is(200);
    assert_eq!((&before["email"], &before["digest_at"]), (&json!("each"), &json!("07:30")));
    assert_eq!(before["kinds"]["people.joined"], false);

    let change = json!({ "email": "digest", "digest_at": "18:05",
        "kinds": { "people.joined": true, "jobs.failed": false } });
    let after = viewer.json(Method::PATCH, SETTINGS, &[], &change).await.is(200);

    assert_eq!((&after["email"], &after["digest_at"]), (&json!("digest"), &json!("18:05")));
    assert_eq!(after["kinds"]["people.joined"], true);
    assert_eq!(after["kinds"]["jobs.failed"], false);
    assert_eq!(after["kinds"]["people.role-changed"], true);
    assert_eq!(viewer.get(SETTINGS).await.is(200), after);
    assert_eq!(server.box_counts().await["notices.settings_changed"], 1);
    let bad = json!({ "digest_at": "25:00", "kinds": { "made.up": true } });
    let refused = viewer.json(Method::PATCH, SETTINGS, &[], &bad).await;
    refused.is_field_problem("digest_at", "digest-time");
    refused.is_field_problem("kinds.made.up", "notice-kind");
    let body = json!({ "email": "sometimes" });
    viewer.json(Method::PATCH, SETTINGS, &[], &body).await.is_field_problem("email", "wrong-type");
    server.finish().await;
}

#[tokio::test]
async fn what_was_told_long_ago_is_dropped() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "viewer").await;
    server.browser().sign_in(EMAIL, PASSWORD).await.is(200);
    assert_eq!(items(&browser.get(NOTICES).await).len(), 1);

    server.run_jobs().await;
    server.advance(Duration::from_hours(91 * 24));
    server.run_jobs().await;

    let again = server.browser();
    again.sign_in(EMAIL, PASSWORD).await.is(200);
    assert_eq!(items(&again.get(NOTICES).await).len(), 1, "only the newest sign-in");
    runner::run_due(&server.platform).await.expect("a look");
    server.finish().await;
}

//! How good a password must be, and how it is changed.

use serde_json::{Value, json};

use crate::support::{Browser, PASSWORD, TestServer};

const STRENGTH: &str = "/api/v1/auth/password-strength";
const CHANGE: &str = "/api/v1/me/password";
const NEW: &str = "velvet anchor sunrise pigeon";

#[tokio::test]
async fn a_stranger_is_told_how_good_a_password_is() {
    let server = TestServer::start().await;
    let stranger = server.stranger();
    let rate = async |password: &str| -> Value {
        let body = json!({ "password": password, "context": ["Harbour Kitchen"] });
        stranger.post(STRENGTH, &body).await.is(200)
    };

    let good = rate(PASSWORD).await;
    let short = rate("kR7!pQ2zW9x").await;
    let common = rate("Correct Horse Battery Staple").await;
    let known = rate("harbourkitchen").await;

    assert_eq!(good["code"], Value::Null);
    assert!(good["score"].as_u64().is_some_and(|score| score >= 3), "{good}");
    assert_eq!(short["code"], "password-too-short");
    assert_eq!(common["code"], "password-common");
    assert_eq!(known["code"], "password-weak");
    let many = json!({ "password": "x", "context": vec!["x"; 21] });
    let refused = stranger.post(STRENGTH, &many).await;
    refused.is_field_problem("context", "context-too-long");
    server.finish().await;
}

#[tokio::test]
async fn estimates_are_throttled_by_network() {
    let server = TestServer::start().await;
    let stranger = server.stranger().at("198.51.100.7");
    let body = json!({ "password": "x", "context": [] });
    for _ in 0..120 {
        stranger.post(STRENGTH, &body).await.is(200);
    }

    let refused = stranger.post(STRENGTH, &body).await;

    refused.is_problem(429, "too-many-requests");
    server.stranger().at("192.0.2.1").post(STRENGTH, &body).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions_and_renews_this_one() {
    let server = TestServer::start().await;
    let here = server.signed_in("mira@example.com", "manager").await;
    let there = server.browser();
    there.sign_in("mira@example.com", PASSWORD).await.is(200);
    let before = here.copy();

    let changed = here.put(CHANGE, &json!({ "current": PASSWORD, "new": NEW })).await;

    changed.is(204);
    assert_ne!(here.session(), before.session());
    here.get("/api/v1/me").await.is(200);
    there.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    before.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    server.browser().sign_in("mira@example.com", PASSWORD).await.is_problem(401, "sign-in-failed");
    server.browser().sign_in("mira@example.com", NEW).await.is(200);
    assert_eq!(server.box_counts().await["identity.user.password_changed"], 1);
    server.finish().await;
}

#[tokio::test]
async fn a_copied_session_cannot_find_the_password_by_trying() {
    let server = TestServer::start().await;
    server.account("mira@example.com", "manager").await;
    let browser = Browser::new(server.stranger().at("192.0.2.1"));
    browser.sign_in("mira@example.com", PASSWORD).await.is(200);

    for _ in 0..5 {
        let wrong = browser.put(CHANGE, &json!({ "current": "not this one", "new": NEW })).await;
        wrong.is_field_problem("current", "password-wrong");
    }
    let throttled = browser.put(CHANGE, &json!({ "current": PASSWORD, "new": NEW })).await;

    throttled.is_problem(429, "sign-in-throttled");
    assert_eq!(throttled.header("retry-after"), Some("1"));
    assert_eq!(server.box_counts().await.get("identity.user.password_changed"), None);
    server.finish().await;
}

#[tokio::test]
async fn a_new_password_must_be_good_for_this_person() {
    let server = TestServer::start().await;
    let browser = server.signed_in("mira@example.com", "manager").await;

    for (new, code) in [("short", "password-too-short"), ("miranovak1984", "password-weak")] {
        let refused = browser.put(CHANGE, &json!({ "current": PASSWORD, "new": new })).await;
        refused.is_field_problem("new", code);
    }

    browser.get("/api/v1/me").await.is(200);
    server.finish().await;
}

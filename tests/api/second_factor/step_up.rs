//! What needs a proof of who somebody is that is not older than ten minutes.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{WITH_TOTP, enrol, waiting};
use crate::support::{PASSWORD, TestServer};

const EMAIL: &str = "mira@example.com";
const STEP_UP: &str = "/api/v1/auth/step-up";
const TOKENS: &str = "/api/v1/me/tokens";

fn token() -> Value {
    json!({ "name": "Scale", "expires_in_days": 1 })
}

#[tokio::test]
async fn a_sign_in_is_a_proof_for_ten_minutes() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let me = browser.get("/api/v1/me").await.is(200);
    assert_eq!(me["elevated_until"], "2026-11-21T06:10:00.000Z");

    server.advance(Duration::from_secs(599));
    browser.post(TOKENS, &token()).await.is(201);
    server.advance(Duration::from_secs(1));
    let refused = browser.post(TOKENS, &token()).await;

    let problem = refused.is_problem(403, "step-up-needed");
    assert_eq!(problem["methods"], json!(["password"]));
    assert_eq!(browser.get("/api/v1/me").await.is(200)["elevated_until"], Value::Null);
    assert_eq!(server.box_counts().await["identity.token.created"], 1);
    server.finish().await;
}

#[tokio::test]
async fn the_password_proves_it_once_more_and_changes_the_cookie() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    server.advance(Duration::from_mins(11));
    let before = browser.copy();

    let wrong = browser.post(STEP_UP, &json!({ "password": "x" })).await;
    let elevated = browser.post(STEP_UP, &json!({ "password": PASSWORD })).await.is(200);

    wrong.is_field_problem("password", "password-wrong");
    assert_eq!(elevated["elevated_until"], "2026-11-21T06:21:00.000Z");
    assert_ne!(browser.session(), before.session());
    browser.post(TOKENS, &token()).await.is(201);
    assert_eq!(server.box_counts().await["identity.session.elevated"], 1);
    server.advance(Duration::from_mins(1));
    before.get("/api/v1/me").await.is_problem(401, "session-ended");
    server.finish().await;
}

#[tokio::test]
async fn a_program_needs_no_proof_and_can_give_none() {
    let server = TestServer::start().await;
    let user = server.account(EMAIL, "manager").await;
    let program = server.token_of(user).await;
    server.advance(Duration::from_hours(1));

    let made = program.post(TOKENS, &token()).await;
    let refused = program.post(STEP_UP, &json!({ "password": PASSWORD })).await;

    // The guard let it through; a token makes none that lives longer.
    made.is_field_problem("expires_in_days", "expiry-out-of-range");
    refused.is_problem(403, "browser-needed");
    server.finish().await;
}

#[tokio::test]
async fn a_changed_password_is_no_proof() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    server.advance(Duration::from_mins(11));
    let body = json!({ "current": PASSWORD, "new": "quiet harbour thistle kayak" });

    browser.put("/api/v1/me/password", &body).await.is(204);

    browser.post(TOKENS, &token()).await.is_problem(403, "step-up-needed");
    server.finish().await;
}

#[tokio::test]
async fn guessing_the_password_of_a_session_waits() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    server.advance(Duration::from_mins(11));
    for _ in 0..5 {
        let wrong = browser.post(STEP_UP, &json!({ "password": "x" })).await;
        wrong.is_field_problem("password", "password-wrong");
    }

    let waiting = browser.post(STEP_UP, &json!({ "password": PASSWORD })).await;

    waiting.is_problem(429, "sign-in-throttled");
    assert_eq!(waiting.header("retry-after"), Some("1"));
    server.finish().await;
}

#[tokio::test]
async fn a_role_and_a_person_change_only_after_a_fresh_proof() {
    let server = TestServer::start().await;
    let root = server.account(EMAIL, "owner").await;
    let sql = "UPDATE users SET is_operator = 1, operator_since = :now WHERE id = :user";
    server.change_user(root, sql).await;
    let other = server.user("manager").await;
    let browser = server.browser_of(root).await;
    server.advance(Duration::from_mins(10));
    let version = [("if-match", "\"1\"")];

    let member = format!("/api/v1/workspaces/{}/members/{other}", server.workspace);
    let person = format!("/api/v1/users/{other}");
    let role = json!({ "role": "admin" });
    let off = json!({ "disabled": true });

    let refused = browser.send(Method::PATCH, &member, &version, &role).await;
    refused.is_problem(403, "step-up-needed");
    let refused = browser.send(Method::PATCH, &person, &version, &off).await;
    refused.is_problem(403, "step-up-needed");
    let refused = browser.post(&format!("{person}/reset-link"), &Value::Null).await;
    refused.is_problem(403, "step-up-needed");
    browser.post(STEP_UP, &json!({ "password": PASSWORD })).await.is(200);
    browser.send(Method::PATCH, &member, &version, &role).await.is(200);
    browser.send(Method::PATCH, &person, &version, &off).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn strangers_with_the_password_neither_delay_a_proof_nor_are_forgiven_by_it() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let (app, _) = enrol(&server, &browser).await;
    server.advance(Duration::from_mins(11));
    let wrong = json!({ "code": "000000" });
    let stranger = waiting(&server).await;
    for _ in 0..5 {
        stranger.post(WITH_TOTP, &wrong).await.is_problem(422, "wrong-code");
    }

    let code = json!({ "code": app.code(server.clock.now()) });
    browser.post(STEP_UP, &code).await.is(200);

    let again = waiting(&server).await;
    again.post(WITH_TOTP, &wrong).await.is_problem(429, "sign-in-throttled");
    server.finish().await;
}

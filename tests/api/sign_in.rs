//! Signing in and out.

use std::time::Duration;

use argon2::{Argon2, Params, PasswordHasher};
use holdfast::platform::audit::ops::{Filter, list_box};
use holdfast::platform::identity::UserId;
use http::Method;
use serde_json::json;

use crate::support::{Browser, PASSWORD, SESSION, TestServer, system};

const LOGIN: &str = "/api/v1/auth/login";
const EMAIL: &str = "mira@example.com";

/// Changes a row behind the interface.
async fn set_user(server: &TestServer, sql: &'static str, user: UserId, value: String) {
    let ctx = system(&server.platform);
    let done = ctx.write(move |scope| {
        scope.prepare_cached(sql)?.execute((value, user))?;
        Ok(())
    });
    done.await.expect("a changed row");
}

async fn password_hash(server: &TestServer, user: UserId) -> String {
    let ctx = system(&server.platform);
    let read = ctx.read(move |scope| {
        let mut statement =
            scope.prepare_cached("SELECT password_hash FROM users WHERE id = ?1")?;
        Ok(statement.query_row((user,), |row| row.get(0))?)
    });
    read.await.expect("a row")
}

#[tokio::test]
async fn the_right_password_signs_in_and_signing_out_ends_it() {
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    let browser = server.browser();

    let answer = browser.sign_in("  MIRA@example.com ", PASSWORD).await.is(200);

    assert_eq!(answer["user"]["email"], EMAIL);
    let me = browser.get("/api/v1/me").await.is(200);
    assert_eq!(browser.get("/api/v1/auth/me").await.is(200), me);
    assert_eq!(me["workspaces"][0]["role"], "manager");
    let copy = browser.copy();
    browser.post("/api/v1/auth/logout", &json!({})).await.is(204);
    assert_eq!(browser.session(), None);
    copy.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    let counts = server.box_counts().await;
    assert_eq!(counts["identity.session.started"], 1);
    assert_eq!(counts["identity.session.ended"], 1);
    server.finish().await;
}

#[tokio::test]
async fn unknown_wrong_and_disabled_get_the_same_answer() {
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    let gone = server.account("gone@example.com", "manager").await;
    let disable = "UPDATE users SET disabled_at = CAST(?1 AS INTEGER) WHERE id = ?2";
    set_user(&server, disable, gone, "1".to_owned()).await;

    let tries =
        [(EMAIL, "wrong"), ("nobody@example.com", PASSWORD), ("gone@example.com", PASSWORD)];
    let mut answers = Vec::new();
    for (email, password) in tries {
        let reply = server.browser().sign_in(email, password).await;
        assert_eq!(reply.header("set-cookie"), None);
        let mut problem = reply.is_problem(401, "sign-in-failed");
        problem["instance"] = json!("");
        answers.push(problem);
    }

    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    server.finish().await;
}

#[tokio::test]
async fn a_disabled_person_is_out_at_once() {
    let server = TestServer::start().await;
    let user = server.account(EMAIL, "manager").await;
    let browser = server.browser();
    browser.sign_in(EMAIL, PASSWORD).await.is(200);
    let body = json!({ "name": "Scale", "expires_in_days": 1 });
    let token = browser.post("/api/v1/me/tokens", &body).await.is(201);
    let token = format!("Bearer {}", token["token"].as_str().unwrap());
    let bearer = [("authorization", token.as_str())];
    server.stranger().send(Method::GET, "/api/v1/me", &bearer, "").await.is(200);

    let disable = "UPDATE users SET disabled_at = CAST(?1 AS INTEGER) WHERE id = ?2";
    set_user(&server, disable, user, "1".to_owned()).await;

    browser.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    let refused = server.stranger().send(Method::GET, "/api/v1/me", &bearer, "").await;
    refused.is_problem(401, "sign-in-needed");
    server.finish().await;
}

#[tokio::test]
async fn a_value_from_before_the_sign_in_is_never_taken_over() {
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    let planted = format!("{SESSION}=planted-by-somebody-else");
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let browser = server.browser();

    let headers = [("cookie", planted.as_str()), ("sec-fetch-site", "same-origin")];
    let reply = server.stranger().json(Method::POST, LOGIN, &headers, &body).await;
    browser.take_in(&reply);

    assert!(browser.session().is_some_and(|value| value != "planted-by-somebody-else"));
    let refused = server.stranger().send(Method::GET, "/api/v1/me", &headers, "").await;
    refused.is_problem(401, "sign-in-needed");
    server.finish().await;
}

#[tokio::test]
async fn signing_in_again_replaces_the_session_of_this_browser_only() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let elsewhere = server.browser();
    elsewhere.sign_in(EMAIL, PASSWORD).await.is(200);
    let before = browser.copy();

    browser.sign_in(EMAIL, PASSWORD).await.is(200);

    before.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    elsewhere.get("/api/v1/me").await.is(200);
    browser.get("/api/v1/me").await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn an_old_hash_is_renewed_at_the_next_sign_in() {
    let server = TestServer::start().await;
    let user = server.account(EMAIL, "manager").await;
    let params = Params::new(8, 1, 1, Some(32)).unwrap();
    let old = Argon2::from(params).hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16]).unwrap();
    let update = "UPDATE users SET password_hash = ?1 WHERE id = ?2";
    set_user(&server, update, user, old.to_string()).await;

    server.browser().sign_in(EMAIL, PASSWORD).await.is(200);

    let renewed = password_hash(&server, user).await;
    assert!(renewed.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{renewed}");
    server.finish().await;
}

#[tokio::test]
async fn failures_from_one_network_are_throttled_and_successes_are_not() {
    let settings = [("limits.sign_in_failures_burst", "2")];
    let server = TestServer::start_with(&settings).await;
    server.account(EMAIL, "manager").await;
    let at = |address: &str| Browser::new(server.stranger().at(address));
    for _ in 0..3 {
        at("198.51.100.7").sign_in(EMAIL, PASSWORD).await.is(200);
    }

    for number in 0..2 {
        let email = format!("guess{number}@example.com");
        at("198.51.100.7").sign_in(&email, "x").await.is_problem(401, "sign-in-failed");
    }
    let throttled = at("198.51.100.200").sign_in(EMAIL, PASSWORD).await;
    let elsewhere = at("192.0.2.1").sign_in(EMAIL, PASSWORD).await;

    throttled.is_problem(429, "sign-in-throttled");
    assert_eq!(throttled.header("retry-after"), Some("12"));
    elsewhere.is(200);
    server.advance(Duration::from_secs(12));
    at("198.51.100.200").sign_in(EMAIL, PASSWORD).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn guessing_one_account_from_everywhere_does_not_delay_its_own_browser() {
    let server = TestServer::start().await;
    let owner = server.signed_in(EMAIL, "manager").await;
    owner.post("/api/v1/auth/logout", &json!({})).await.is(204);
    let at = |number: u8| Browser::new(server.stranger().at(&format!("198.51.{number}.7")));

    for number in 0..5 {
        at(number).sign_in(EMAIL, "x").await.is_problem(401, "sign-in-failed");
    }
    let sixth = at(5).sign_in(EMAIL, "x").await;
    let unknown_device = at(6).sign_in(EMAIL, PASSWORD).await;
    let own_browser = owner.sign_in(EMAIL, PASSWORD).await;

    sixth.is_problem(429, "sign-in-throttled");
    assert_eq!(sixth.header("retry-after"), Some("1"));
    unknown_device.is_problem(429, "sign-in-throttled");
    own_browser.is(200);
    server.advance(Duration::from_secs(1));
    at(7).sign_in(EMAIL, "x").await.is_problem(401, "sign-in-failed");
    let doubled = at(8).sign_in(EMAIL, "x").await;
    assert_eq!(doubled.header("retry-after"), Some("2"));
    server.finish().await;
}

#[tokio::test]
async fn an_unknown_account_is_throttled_like_a_known_one() {
    let server = TestServer::start().await;
    for _ in 0..5 {
        let reply = server.browser().sign_in("nobody@example.com", "x").await;
        reply.is_problem(401, "sign-in-failed");
    }

    let sixth = server.browser().sign_in("nobody@example.com", "x").await;

    sixth.is_problem(429, "sign-in-throttled");
    server.finish().await;
}

#[tokio::test]
async fn refused_sign_ins_are_one_entry_an_hour_and_name_nobody() {
    let server = TestServer::start().await;
    let at = |address: &str| Browser::new(server.stranger().at(address));
    for number in 0..4 {
        let email = format!("guess{number}@example.com");
        at("198.51.100.7").sign_in(&email, "x").await.is_problem(401, "sign-in-failed");
    }
    assert_eq!(server.box_counts().await["identity.sign_in.refused"], 1);

    server.advance(Duration::from_hours(1));
    at("192.0.2.1").sign_in("guess@example.com", "x").await.is_problem(401, "sign-in-failed");

    let filter = Filter { action: Some("identity.sign_in.refused".into()), ..Filter::default() };
    let entries = list_box(&system(&server.platform), filter, 10).await.expect("the log");
    let entries: Vec<_> = entries.into_iter().rev().collect();
    let counts: Vec<_> = entries.iter().map(|one| one.record.changes.as_str()).collect();
    let count = |count: u8| format!("{{\"count\":{{\"to\":\"{count}\"}}}}");
    assert_eq!(counts, [count(1), count(3), count(1)]);
    for entry in &entries {
        assert_eq!(entry.record.actor_kind, "stranger");
        assert_eq!(entry.record.outcome, "refused");
        let personal = entry.personal_values.as_deref().unwrap_or_default();
        assert!(personal.contains("address") && !personal.contains('@'), "{personal}");
    }
    server.finish().await;
}

#[tokio::test]
async fn nobody_can_register() {
    let server = TestServer::start().await;

    let refused = server.browser().post("/api/v1/auth/register", &json!({ "a": 1 })).await;

    refused.is_problem(403, "registration-closed");
    server.finish().await;
}

#[tokio::test]
async fn a_person_changes_their_name_language_and_theme() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "viewer").await;
    let me = browser.get("/api/v1/me").await;
    assert_eq!(me.header("etag"), Some("\"1\""));

    let unsaid = browser.send(Method::PATCH, "/api/v1/me", &[], &json!({})).await;
    let if_match = [("if-match", "\"1\"")];
    let body = json!({ "name": " דנה  כהן ", "language": "de", "theme": "dark" });
    let changed = browser.send(Method::PATCH, "/api/v1/me", &if_match, &body).await;
    let stale = browser.send(Method::PATCH, "/api/v1/me", &if_match, &body).await;

    unsaid.is_problem(428, "version-needed");
    let changed = changed.is(200);
    assert_eq!((&changed["name"], &changed["theme"]), (&json!("דנה כהן"), &json!("dark")));
    assert_eq!((&changed["language"], &changed["version"]), (&json!("de"), &json!(2)));
    assert_eq!(stale.is_problem(412, "stale")["version"], 2);
    let if_match = [("if-match", "\"2\"")];
    for (body, field, code) in [
        (json!({ "name": "\u{200b}" }), "name", "name-empty"),
        (json!({ "language": "?" }), "language", "language-bad"),
        (json!({ "theme": "pink" }), "theme", "wrong-type"),
        (json!({ "email": "a@b.example" }), "email", "unknown-field"),
    ] {
        let refused = browser.send(Method::PATCH, "/api/v1/me", &if_match, &body).await;
        refused.is_field_problem(field, code);
    }
    server.finish().await;
}

//! Personal tokens.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::support::{Browser, Reply, TestServer};

const TOKENS: &str = "/api/v1/me/tokens";

async fn make(browser: &Browser, body: &Value) -> (String, String) {
    let made = browser.post(TOKENS, body).await.is(201);
    let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
    assert!(text("token").starts_with("hfp_"), "{made}");
    (text("id"), text("token"))
}

async fn with(server: &TestServer, token: &str, method: Method, path: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {token}");
    server.stranger().json(method, path, &[("authorization", &bearer)], body).await
}

#[tokio::test]
async fn a_token_acts_for_its_person_until_it_is_revoked() {
    let server = TestServer::start().await;
    let browser = server.signed_in("mira@example.com", "manager").await;
    let (id, token) = make(&browser, &json!({ "name": "Scale", "expires_in_days": 90 })).await;

    let me = with(&server, &token, Method::GET, "/api/v1/me", &Value::Null).await.is(200);
    let listed = browser.get(TOKENS).await.is(200);

    assert_eq!(me["workspaces"][0]["role"], "manager");
    assert_eq!(listed["items"][0]["id"], id.as_str());
    assert_eq!(listed["items"][0].get("token"), None, "the value is shown once");
    browser.delete(&format!("{TOKENS}/{id}")).await.is(204);
    let refused = with(&server, &token, Method::GET, "/api/v1/me", &Value::Null).await;
    refused.is_problem(401, "sign-in-needed");
    browser.delete(&format!("{TOKENS}/{id}")).await.is_problem(404, "not-found");
    let counts = server.box_counts().await;
    assert_eq!(counts["identity.token.created"], 1);
    assert_eq!(counts["identity.token.revoked"], 1);
    server.finish().await;
}

#[tokio::test]
async fn a_repeated_request_gives_the_same_token_without_its_value() {
    let server = TestServer::start().await;
    let browser = server.signed_in("mira@example.com", "manager").await;
    let key = [("idempotency-key", "0192-scale")];
    let body = json!({ "name": "Scale", "expires_in_days": 1 });

    let first = browser.send(Method::POST, TOKENS, &key, &body).await.is(201);
    let again = browser.send(Method::POST, TOKENS, &key, &body).await;
    let other = json!({ "name": "Other", "expires_in_days": 1 });
    let mismatch = browser.send(Method::POST, TOKENS, &key, &other).await;

    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let again = again.is(201);
    assert_eq!(again["id"], first["id"]);
    assert_eq!(again.get("token"), None);
    mismatch.is_problem(422, "idempotency-mismatch");
    assert_eq!(browser.get(TOKENS).await.is(200)["items"].as_array().map(Vec::len), Some(1));
    server.finish().await;
}

#[tokio::test]
async fn a_token_expires() {
    let server = TestServer::start().await;
    let browser = server.signed_in("mira@example.com", "manager").await;
    let (_, token) = make(&browser, &json!({ "name": "Scale", "expires_in_days": 1 })).await;

    server.advance(Duration::from_hours(24) - Duration::from_millis(1));
    with(&server, &token, Method::GET, "/api/v1/me", &Value::Null).await.is(200);
    server.advance(Duration::from_millis(1));

    let refused = with(&server, &token, Method::GET, "/api/v1/me", &Value::Null).await;
    refused.is_problem(401, "sign-in-needed");
    server.finish().await;
}

#[tokio::test]
async fn a_narrowed_token_does_no_more_than_it_was_given_and_cannot_widen_itself() {
    let server = TestServer::start().await;
    let browser = server.signed_in("mira@example.com", "admin").await;
    let narrow = json!({
        "name": "Display", "expires_in_days": 30, "workspace_id": server.workspace.to_string(),
        "permissions": ["workspace.read"],
    });
    let (id, token) = make(&browser, &narrow).await;
    let there = format!("/api/v1/workspaces/{}", server.workspace);
    let send = async |method: Method, path: &str, body: &Value| {
        with(&server, &token, method, path, body).await
    };

    send(Method::GET, &there, &Value::Null).await.is(200);
    let audit = send(Method::GET, &format!("{there}/audit"), &Value::Null).await;
    let wider = json!({ "name": "Wider", "expires_in_days": 1 });
    let wider = send(Method::POST, TOKENS, &wider).await;
    let change = json!({ "current": "x", "new": "x" });
    let password = send(Method::PUT, "/api/v1/me/password", &change).await;

    audit.is_problem(403, "forbidden");
    wider.is_problem(403, "token-narrowed");
    password.is_problem(403, "token-narrowed");
    send(Method::DELETE, &format!("{TOKENS}/{id}"), &Value::Null).await.is(204);
    send(Method::GET, &there, &Value::Null).await.is_problem(401, "sign-in-needed");
    server.finish().await;
}

#[tokio::test]
async fn a_token_gets_only_what_its_person_has() {
    let server = TestServer::start().await;
    let elsewhere = server.second_workspace().await;
    let browser = server.signed_in("mira@example.com", "viewer").await;
    let draft = |change: Value| {
        let mut draft = json!({ "name": "Scale", "expires_in_days": 1 });
        draft.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        draft
    };

    for (change, field, code) in [
        (json!({ "permissions": ["audit.read"] }), "permissions[0]", "permission-not-held"),
        (json!({ "permissions": [] }), "permissions", "permissions-empty"),
        (json!({ "workspace_id": elsewhere.to_string() }), "workspace_id", "workspace-unknown"),
        (json!({ "expires_in_days": 366 }), "expires_in_days", "expiry-out-of-range"),
        (json!({ "expires_in_days": "1" }), "expires_in_days", "wrong-type"),
        (json!({ "name": "\u{0}" }), "name", "name-characters"),
    ] {
        browser.post(TOKENS, &draft(change)).await.is_field_problem(field, code);
    }

    assert_eq!(browser.get(TOKENS).await.is(200)["items"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn a_token_cannot_prolong_itself() {
    let server = TestServer::start().await;
    let browser = server.signed_in("mira@example.com", "manager").await;
    let (_, token) = make(&browser, &json!({ "name": "Scale", "expires_in_days": 2 })).await;

    let longer = json!({ "name": "Longer", "expires_in_days": 3 });
    let longer = with(&server, &token, Method::POST, TOKENS, &longer).await;
    let shorter = json!({ "name": "Shorter", "expires_in_days": 1 });
    let shorter = with(&server, &token, Method::POST, TOKENS, &shorter).await;

    longer.is_field_problem("expires_in_days", "expiry-out-of-range");
    shorter.is(201);
    server.finish().await;
}

#[tokio::test]
async fn the_fifty_first_token_is_refused_and_pages_hold_the_rest() {
    let server = TestServer::start().await;
    let browser = server.signed_in("mira@example.com", "manager").await;
    for _ in 0..50 {
        make(&browser, &json!({ "name": "Scale", "expires_in_days": 1 })).await;
    }

    let refused = browser.post(TOKENS, &json!({ "name": "x", "expires_in_days": 1 })).await;
    let first = browser.get(&format!("{TOKENS}?limit=30")).await.is(200);
    let next = first["next_cursor"].as_str().expect("a second page");
    let second = browser.get(&format!("{TOKENS}?limit=30&cursor={next}")).await.is(200);

    refused.is_problem(422, "too-many-tokens");
    assert_eq!(first["items"].as_array().map(Vec::len), Some(30));
    assert_eq!(second["items"].as_array().map(Vec::len), Some(20));
    assert_eq!(second["next_cursor"], Value::Null);
    server.finish().await;
}

#[tokio::test]
async fn somebody_elses_token_is_not_there() {
    let server = TestServer::start().await;
    let owner = server.signed_in("mira@example.com", "manager").await;
    let other = server.signed_in("ana@example.com", "owner").await;
    let (id, token) = make(&owner, &json!({ "name": "Scale", "expires_in_days": 1 })).await;

    let refused = other.delete(&format!("{TOKENS}/{id}")).await;

    refused.is_problem(404, "not-found");
    with(&server, &token, Method::GET, "/api/v1/me", &Value::Null).await.is(200);
    server.finish().await;
}

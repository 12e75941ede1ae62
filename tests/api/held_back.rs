//! Requests whose body is held back until whoever sends it may no more what they might before.

use std::future::Future;
use std::io;

use axum::body::Body;
use futures_util::stream;
use holdfast::platform::identity::UserId;
use http::Method;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::support::{Browser, Client, PASSWORD, Reply, TestServer};

const TOKENS: &str = "/api/v1/me/tokens";
const ACCOUNTS: &str = "/api/v1/service-accounts";

/// Sends a POST without its body, does something once the box waits for that, and then lets it
/// arrive.
async fn held_back(
    client: &Client,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
    meanwhile: impl Future<Output = ()>,
) -> Reply {
    let (waits, is_waiting) = oneshot::channel();
    let (release, is_released) = oneshot::channel::<()>();
    let text = body.to_string();
    let body = stream::once(async move {
        waits.send(()).expect("the test listens");
        is_released.await.map(|()| text).map_err(io::Error::other)
    });
    let mut headers = headers.to_vec();
    headers.push(("content-type", "application/json"));
    let request = client.send(Method::POST, path, &headers, Body::from_stream(body));
    let meanwhile = async {
        is_waiting.await.expect("the box reads the body");
        meanwhile.await;
        release.send(()).expect("the body is awaited");
    };
    tokio::join!(request, meanwhile).0
}

/// What a thief sends with a copy of somebody's cookies.
fn copy_of(browser: &Browser) -> Client {
    browser.bare().saying("sec-fetch-site", "same-origin")
}

fn token() -> Value {
    json!({ "name": "Scale", "expires_in_days": 30 })
}

fn account(server: &TestServer) -> Value {
    let workspace = server.workspace.to_string();
    json!({ "name": "Till", "workspace_id": workspace, "permissions": ["workspace.read"] })
}

async fn user_of(browser: &Browser) -> UserId {
    let me = browser.get("/api/v1/me").await.is(200);
    me["id"].as_str().expect("an id").parse().expect("an id")
}

#[tokio::test]
async fn a_session_that_ends_before_the_body_arrives_changes_nothing() {
    let server = TestServer::start().await;
    let browser = server.signed_in("mira@example.com", "owner").await;
    let headers: [&[(&str, &str)]; 2] = [&[], &[("idempotency-key", "a-copy")]];

    for (path, body) in [(TOKENS, token()), (ACCOUNTS, account(&server))] {
        for headers in headers {
            browser.sign_in("mira@example.com", PASSWORD).await.is(200);
            let thief = copy_of(&browser);
            let sign_out =
                async { browser.post("/api/v1/auth/logout", &Value::Null).await.is(204).take() };
            let late =
                held_back(&thief, path, headers, &body, async { drop(sign_out.await) }).await;
            late.is_problem(401, "sign-in-needed");
        }
    }

    browser.sign_in("mira@example.com", PASSWORD).await.is(200);
    for path in [TOKENS, ACCOUNTS] {
        assert_eq!(browser.get(path).await.is(200)["items"], json!([]), "{path}");
    }
    server.finish().await;
}

#[tokio::test]
async fn somebody_disabled_before_the_body_arrives_changes_nothing() {
    let server = TestServer::start().await;
    let browser = server.signed_in("mira@example.com", "owner").await;
    let user = user_of(&browser).await;
    let program = server.token_of(user).await;
    let disable =
        || server.change_user(user, "UPDATE users SET disabled_at = :now WHERE id = :user");
    let enable = "UPDATE users SET disabled_at = NULL WHERE id = :user";

    for client in [copy_of(&browser), program] {
        let late = held_back(&client, TOKENS, &[], &token(), disable()).await;
        late.is_problem(401, "sign-in-needed");
        server.change_user(user, enable).await;
    }

    let counts = server.box_counts().await;
    assert_eq!(counts["identity.token.created"], 1, "that of the test itself");
    server.finish().await;
}

#[tokio::test]
async fn a_role_taken_before_the_body_arrives_gives_nothing_any_more() {
    let server = TestServer::start().await;
    let browser = server.signed_in("mira@example.com", "admin").await;
    let user = user_of(&browser).await;
    let demote = "UPDATE memberships SET role = 'viewer' WHERE user_id = :user";
    let promote = "UPDATE memberships SET role = 'admin' WHERE user_id = :user";
    let item = json!({ "item_number": "A-1", "name": "Salt", "unit": "kg" });
    let place = format!("/api/v1/workspaces/{}/inventory/items", server.workspace);

    for (path, body) in [(ACCOUNTS, account(&server)), (&place, item)] {
        let thief = copy_of(&browser);
        let late = held_back(&thief, path, &[], &body, server.change_user(user, demote)).await;
        late.is_problem(403, "forbidden");
        server.change_user(user, promote).await;
        assert_eq!(browser.get(path).await.is(200)["items"], json!([]), "{path}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_body_that_takes_its_time_is_taken_while_others_change_things() {
    let server = TestServer::start().await;
    let browser = server.signed_in("mira@example.com", "owner").await;
    let other = async {
        server.user("viewer").await;
    };

    let made = held_back(&copy_of(&browser), TOKENS, &[], &token(), other).await;

    made.is(201);
    server.finish().await;
}

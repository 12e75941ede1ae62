//! Reset links: the person alone knows the new password.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, Reply, TestServer, nothing};

const RESET: &str = "/api/v1/auth/reset";
const INSPECT: &str = "/api/v1/auth/reset/inspect";
const EMAIL: &str = "iva@example.com";
const OTHER_PASSWORD: &str = "тихий фонарь у причала";

/// A link for the only person with the address, as an operator gets it.
async fn issue(operator: &Client) -> Value {
    let listed = operator.get(&format!("/api/v1/users?q={EMAIL}")).await.is(200);
    let id = listed["items"][0]["id"].as_str().expect("an id").to_owned();
    operator.post(&format!("/api/v1/users/{id}/reset-link"), &json!({})).await.is(201)
}

fn token(issued: &Value) -> String {
    let link = issued["link"].as_str().expect("a link");
    let token = link.split_once("/reset#token=").expect("a token in the fragment").1;
    assert_eq!(token.len(), 43, "256 bits");
    token.to_owned()
}

async fn reset(client: &Client, token: &str, password: &str) -> Reply {
    client.post(RESET, &json!({ "token": token, "password": password })).await
}

async fn inspect(client: &Client, token: &str) -> Reply {
    client.post(INSPECT, &json!({ "token": token })).await
}

#[tokio::test]
async fn a_link_changes_the_password_ends_all_sessions_and_works_once() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let browser = server.signed_in(EMAIL, "viewer").await;
    let issued = issue(&operator).await;
    assert_eq!(issued["expires_at"], "2026-11-21T06:30:00.000Z");
    let stranger = server.stranger();

    let shown = inspect(&stranger, &token(&issued)).await.is(200);
    browser.get("/api/v1/me").await.is(200);
    reset(&stranger, &token(&issued), OTHER_PASSWORD).await.is(204);

    assert_eq!((&shown["name"], &shown["email"]), (&json!("Mira Novak"), &json!(EMAIL)));
    browser.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    let again = server.browser();
    again.sign_in(EMAIL, PASSWORD).await.is_problem(401, "sign-in-failed");
    again.sign_in(EMAIL, OTHER_PASSWORD).await.is(200);
    reset(&stranger, &token(&issued), PASSWORD).await.is_problem(404, "reset-unknown");
    inspect(&stranger, &token(&issued)).await.is_problem(404, "reset-unknown");
    let counts = server.box_counts().await;
    assert_eq!(counts["identity.user.reset_link_issued"], 1);
    assert_eq!(counts["identity.user.password_changed"], 1);
    assert_eq!(counts["identity.link.refused"], 1, "the rest of the hour is a number");
    server.finish().await;
}

#[tokio::test]
async fn a_link_lives_half_an_hour_and_dies_with_the_next() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    server.account(EMAIL, "viewer").await;
    let (first, second) = (issue(&operator).await, issue(&operator).await);
    let stranger = server.stranger();

    reset(&stranger, &token(&first), PASSWORD).await.is_problem(404, "reset-unknown");
    server.advance(Duration::from_secs(30 * 60 - 1));
    inspect(&stranger, &token(&second)).await.is(200);
    server.advance(Duration::from_secs(1));

    inspect(&stranger, &token(&second)).await.is_problem(409, "reset-expired");
    reset(&stranger, &token(&second), PASSWORD).await.is_problem(409, "reset-expired");
    server.finish().await;
}

#[tokio::test]
async fn of_two_links_asked_for_at_once_one_works() {
    let server = TestServer::start().await;
    let user = server.account(EMAIL, "viewer").await;
    let (one, two) = (server.operator().await, server.operator().await);
    let path = format!("/api/v1/users/{user}/reset-link");
    let body = json!({});

    let (first, second) = tokio::join!(one.post(&path, &body), two.post(&path, &body));
    let (first, second) = (token(&first.is(201)), token(&second.is(201)));
    let stranger = server.stranger();
    let (first, second) = tokio::join!(
        reset(&stranger, &first, OTHER_PASSWORD),
        reset(&stranger, &second, OTHER_PASSWORD)
    );

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404]);
    assert_eq!(server.box_counts().await["identity.user.password_changed"], 1);
    server.browser().sign_in(EMAIL, OTHER_PASSWORD).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_bad_password_leaves_the_link_alone() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    server.account(EMAIL, "viewer").await;
    let link = token(&issue(&operator).await);
    let stranger = server.stranger();

    for (password, code) in [
        ("short", "password-too-short"),
        ("harbourkitchen", "password-weak"),
        ("passwordpassword", "password-common"),
    ] {
        reset(&stranger, &link, password).await.is_field_problem("password", code);
    }
    reset(&stranger, &link, OTHER_PASSWORD).await.is(204);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_use_a_link_at_once_one_chooses() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    server.account(EMAIL, "viewer").await;
    let link = token(&issue(&operator).await);
    let stranger = server.stranger();

    let tries = (0..4).map(|_| reset(&stranger, &link, OTHER_PASSWORD));
    let replies = futures_util::future::join_all(tries).await;

    assert_eq!(replies.iter().filter(|reply| reply.status == 204).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 204) {
        reply.is_problem(404, "reset-unknown");
    }
    server.finish().await;
}

#[tokio::test]
async fn guesses_are_throttled_by_network_together_with_those_at_invitations() {
    let server = TestServer::start().await;
    let guesser = server.stranger().at("198.51.100.7");
    for number in 0..5 {
        inspect(&guesser, &format!("guess-{number}")).await.is_problem(404, "reset-unknown");
        let guess = format!("guess-{number}");
        let path = "/api/v1/invitations/inspect";
        let reply = guesser.send(Method::GET, path, &[("invitation-token", &guess)], "").await;
        reply.is_problem(404, "invitation-unknown");
    }

    reset(&guesser, "guess-11", PASSWORD).await.is_problem(429, "link-throttled");

    inspect(&server.stranger().at("192.0.2.1"), "x").await.is_problem(404, "reset-unknown");
    server.finish().await;
}

#[tokio::test]
async fn whoever_tried_a_forgotten_password_need_not_wait_after_the_reset() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    server.account(EMAIL, "viewer").await;
    let browser = server.browser();
    for _ in 0..6 {
        browser.sign_in(EMAIL, "what was it again").await;
    }
    browser.sign_in(EMAIL, PASSWORD).await.is_problem(429, "sign-in-throttled");

    let link = token(&issue(&operator).await);
    reset(&server.stranger(), &link, OTHER_PASSWORD).await.is(204);

    browser.sign_in(EMAIL, OTHER_PASSWORD).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_repeated_request_gets_a_link_that_works() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let user = server.account(EMAIL, "viewer").await;
    let path = format!("/api/v1/users/{user}/reset-link");
    let key = [("idempotency-key", "k-1")];

    let first = operator.json(Method::POST, &path, &key, &json!({})).await.is(201);
    let again = operator.json(Method::POST, &path, &key, &json!({})).await;

    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let stranger = server.stranger();
    inspect(&stranger, &token(&again.is(201))).await.is(200);
    inspect(&stranger, &token(&first)).await.is_problem(404, "reset-unknown");
    let nobody = format!("/api/v1/users/{}/reset-link", nothing::<()>());
    operator.post(&nobody, &json!({})).await.is_problem(404, "not-found");
    server.finish().await;
}

//! Signed calls: who hears of what, and whom the box does not call.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::items;
use super::receivers::Server;
use crate::support::{Client, TestServer, nothing};
use holdfast::platform::notices::runner;
use holdfast::platform::notices::webhooks::rules::signature;

const WEBHOOKS: &str = "/api/v1/box/webhooks";
const OUTBOX: &str = "/api/v1/box/outbox";
const TAKEN: &str = "HTTP/1.1 204 No Content\r\n\r\n";

fn hook(port: u16) -> Value {
    json!({ "name": "Watch", "url": format!("http://127.0.0.1:{port}/hook?x=1"),
        "kinds": ["people.role-changed"], "allow_private": true })
}

async fn named(operator: &Client, body: &Value) -> Value {
    operator.post(WEBHOOKS, body).await.is(201)
}

async fn change_role(server: &TestServer) -> String {
    let owner = server.person("owner").await;
    let user = server.user("viewer").await;
    let path = format!("/members/{user}");
    owner.change(Method::PATCH, &path, 1, &json!({ "role": "manager" })).await.is(200);
    user.to_string()
}

async fn called(server: &TestServer, receiver: &Server, answer: &str) -> String {
    let (ran, asked) = tokio::join!(runner::run_due(&server.platform), receiver.call(answer));
    assert_eq!(ran.expect("a round"), 1);
    asked
}

fn header<'a>(asked: &'a str, name: &str) -> &'a str {
    let prefix = format!("{name}: ");
    asked.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_default()
}

#[tokio::test]
async fn a_receiver_hears_what_it_wants_signed_with_its_secret() {
    let server = TestServer::start().await;
    let (operator, receiver) = (server.operator().await, Server::start().await);
    let made = named(&operator, &hook(receiver.port())).await;
    let secret = made["secret"].as_str().expect("a secret").to_owned();
    let user = change_role(&server).await;

    let asked = called(&server, &receiver, TAKEN).await;

    let (head, body) = asked.split_once("\r\n\r\n").expect("a body");
    assert!(head.starts_with("POST /hook?x=1 HTTP/1.1"), "{head}");
    let said: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(said["type"], "people.role-changed");
    assert_eq!(said["data"]["workspace_id"], server.workspace.to_string());
    assert_eq!(said["data"]["user_ids"], json!([user]));
    let key = base64(secret.strip_prefix("whsec_").expect("the standard's prefix"));
    let (id, at) = (header(head, "webhook-id"), header(head, "webhook-timestamp"));
    let wanted = signature(&key, id, at.parse().expect("seconds"), body.as_bytes());
    assert_eq!(header(head, "webhook-signature"), wanted);
    let listed = items(&operator.get(WEBHOOKS).await);
    assert_eq!((&listed[0]["last"]["ok"], &listed[0]["secret"]), (&json!(true), &Value::Null));
    server.finish().await;
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

#[tokio::test]
async fn a_fault_or_a_redirect_is_tried_again_under_the_same_name_and_shown() {
    let server = TestServer::start().await;
    let (operator, receiver) = (server.operator().await, Server::start().await);
    named(&operator, &hook(receiver.port())).await;
    change_role(&server).await;
    let elsewhere = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{}/x\r\ncontent-length: 0\r\n\r\n",
        receiver.port()
    );

    let first =
        called(&server, &receiver, "HTTP/1.1 500 No\r\ncontent-length: 4\r\n\r\noops").await;
    let broken = items(&operator.get(OUTBOX).await);
    server.advance(Duration::from_mins(1));
    let second = called(&server, &receiver, &elsewhere).await;
    let moved = items(&operator.get(OUTBOX).await);
    server.advance(Duration::from_mins(2));
    let third = called(&server, &receiver, TAKEN).await;

    let error = |rows: &[Value]| rows[0]["last_error"].as_str().expect("an error").to_owned();
    assert!(error(&broken).contains("500") && error(&broken).contains("oops"), "{broken:?}");
    assert!(error(&moved).contains("302"), "{moved:?}");
    let ids = [&first, &second, &third].map(|asked| header(asked, "webhook-id"));
    assert!(!ids[0].is_empty() && ids[0] == ids[1] && ids[1] == ids[2], "{ids:?}");
    assert_eq!(items(&operator.get(OUTBOX).await)[0]["state"], "sent");
    server.finish().await;
}

#[tokio::test]
async fn nobody_is_called_in_the_own_network_unless_it_was_allowed() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let with = |url: &str| json!({ "name": "Watch", "url": url });

    for (url, code) in [
        ("https://127.0.0.1/x", "webhook-private"),
        ("https://localhost/x", "webhook-private"),
        ("https://[::1]/x", "webhook-private"),
        ("https://169.254.169.254/latest", "webhook-private"),
        ("http://example.com/x", "webhook-open"),
        ("https://user:word@example.com/", "webhook-url"),
        ("file:///etc/passwd", "webhook-url"),
    ] {
        operator.post(WEBHOOKS, &with(url)).await.is_field_problem("url", code);
    }
    // A name is looked at when it is called.
    let named = named(&operator, &with("https://localhost.localdomain:1/x")).await;
    let test = format!("{WEBHOOKS}/{}/test", named["id"].as_str().expect("an id"));
    assert_eq!(operator.post(&test, &Value::Null).await.is(200)["ok"], false);
    let body = json!({ "name": "W", "url": "https://a.example", "kinds": ["made.up"] });
    operator.post(WEBHOOKS, &body).await.is_field_problem("kinds", "notice-kind");
    let body = json!({ "name": "W", "url": "https://a.example",
        "workspace_id": nothing::<()>().to_string() });
    operator.post(WEBHOOKS, &body).await.is_field_problem("workspace_id", "workspace-unknown");
    server.finish().await;
}

#[tokio::test]
async fn a_receiver_of_one_workspace_hears_nothing_of_another() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let elsewhere = server.second_workspace().await;
    let mut body = hook(1);
    body["workspace_id"] = json!(elsewhere.to_string());
    named(&operator, &body).await;

    change_role(&server).await;

    assert_eq!(items(&operator.get(OUTBOX).await).len(), 0);
    server.finish().await;
}

#[tokio::test]
async fn a_receiver_is_tested_switched_off_and_removed_with_what_waits_for_it() {
    let server = TestServer::start().await;
    let (operator, receiver) = (server.operator().await, Server::start().await);
    let made = named(&operator, &hook(receiver.port())).await;
    let path = format!("{WEBHOOKS}/{}", made["id"].as_str().expect("an id"));
    let test = format!("{path}/test");

    let (answer, asked) = tokio::join!(operator.post(&test, &Value::Null), receiver.call(TAKEN));
    assert_eq!(answer.is(200)["ok"], true);
    assert!(asked.contains("\"type\":\"test\""), "{asked}");
    change_role(&server).await;
    assert_eq!(items(&operator.get(OUTBOX).await).len(), 1);
    let off = json!({ "enabled": false });
    let changed = operator.json(Method::PATCH, &path, &[], &off).await.is(200);
    assert_eq!(changed["enabled"], false);
    assert_eq!(runner::run_due(&server.platform).await.expect("a round"), 1);
    assert_eq!(items(&operator.get(OUTBOX).await)[0]["state"], "failed");
    let gone = operator.send(Method::DELETE, &path, &[], "").await;
    gone.is(204);
    assert_eq!(items(&operator.get(OUTBOX).await).len(), 0);
    operator.send(Method::DELETE, &path, &[], "").await.is_problem(404, "not-found");
    server.person("owner").await.get(WEBHOOKS).await.is_problem(403, "forbidden");
    server.finish().await;
}

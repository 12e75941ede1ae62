//! Registration: closed, or open to addresses of some domains.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestServer};

const SETTINGS: &str = "/api/v1/box/registration";
const WAITING: &str = "/api/v1/box/registrations";
const REGISTER: &str = "/api/v1/auth/register";
const CONFIRM: &str = "/api/v1/auth/register/confirm";

fn iva(email: &str) -> Value {
    json!({ "email": email, "name": "Iva" })
}

fn confirmed(token: &str) -> Value {
    json!({ "token": token, "password": PASSWORD })
}

async fn open(server: &TestServer, operator: &Client, role: &str) {
    let body = json!({ "mode": "domains", "domains": ["Example.com"], "role": role,
        "workspace_id": server.workspace.to_string() });
    operator.json(Method::PATCH, SETTINGS, &[], &body).await.is(200);
    assert_eq!(server.stranger().get(REGISTER).await.is(200), json!({ "is_open": true }));
}

async fn waiting(operator: &Client) -> Vec<Value> {
    operator.get(WAITING).await.is(200)["items"].as_array().expect("a list").clone()
}

/// The token an operator gets for the only one who waits.
async fn token(operator: &Client) -> String {
    let id = waiting(operator).await[0]["id"].as_str().expect("an id").to_owned();
    let made = operator.post(&format!("{WAITING}/{id}/link"), &Value::Null).await.is(200);
    let link = made["link"].as_str().expect("a link");
    link.split_once("/register#token=").expect("a token in the fragment").1.to_owned()
}

#[tokio::test]
async fn a_box_is_closed_until_an_operator_opens_it() {
    let server = TestServer::start().await;
    let (operator, owner) = (server.operator().await, server.person("owner").await);
    let stranger = server.stranger();

    assert_eq!(operator.get(SETTINGS).await.is(200)["mode"], "closed");
    assert_eq!(stranger.get(REGISTER).await.is(200), json!({ "is_open": false }));
    stranger.post(REGISTER, &iva("iva@example.com")).await.is_problem(403, "registration-closed");
    stranger.post(REGISTER, &Value::Null).await.is_problem(403, "registration-closed");
    owner.get(SETTINGS).await.is_problem(403, "forbidden");
    let open = json!({ "mode": "domains" });
    let refused = operator.json(Method::PATCH, SETTINGS, &[], &open).await;
    refused.is_field_problem("domains", "registration-settings");
    server.finish().await;
}

#[tokio::test]
async fn a_confirmed_person_gets_what_the_operator_chose() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    open(&server, &operator, "viewer").await;
    let stranger = server.stranger();

    let asked = stranger.post(REGISTER, &iva("Iva@Example.com")).await.is(202);
    let browser = server.browser();
    browser.sign_in("iva@example.com", PASSWORD).await.is_problem(401, "sign-in-failed");
    let token = token(&operator).await;
    stranger.post(CONFIRM, &confirmed(&token)).await.is(204);
    browser.sign_in("iva@example.com", PASSWORD).await.is(200);

    assert_eq!(asked, json!({ "is_mailed": false }));
    let me = browser.get("/api/v1/me").await.is(200);
    assert_eq!(me["workspaces"][0]["role"], "viewer");
    assert_eq!(me["workspaces"][0]["id"], server.workspace.to_string());
    stranger.post(CONFIRM, &confirmed(&token)).await.is_problem(404, "registration-unknown");
    assert_eq!(server.box_counts().await["identity.link.refused"], 1);
    assert_eq!(waiting(&operator).await, [] as [Value; 0]);
    server.finish().await;
}

#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    open(&server, &operator, "viewer").await;
    server.account("mira@example.com", "manager").await;
    let stranger = server.stranger();

    let known = stranger.post(REGISTER, &iva("MIRA@example.com")).await;
    let new = stranger.post(REGISTER, &iva("iva@example.com")).await;

    assert_eq!((known.status, &known.bytes), (new.status, &new.bytes));
    assert_eq!(waiting(&operator).await.len(), 1, "only the new one");
    server.browser().sign_in("mira@example.com", PASSWORD).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn whoever_has_the_link_chooses_the_password_and_no_stranger_before() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    open(&server, &operator, "viewer").await;
    let stranger = server.stranger();
    let planted =
        json!({ "email": "iva@example.com", "name": "Iva", "password": "chosen by a stranger" });

    stranger.post(REGISTER, &planted).await.is_field_problem("password", "unknown-field");
    stranger.post(REGISTER, &iva("iva@example.com")).await.is(202);
    let token = token(&operator).await;
    stranger
        .post(CONFIRM, &json!({ "token": token }))
        .await
        .is_field_problem("password", "missing");
    let weak = stranger.post(CONFIRM, &json!({ "token": token, "password": "iva" })).await;
    weak.is_field_problem("password", "password-too-short");
    let named = json!({ "token": token, "password": "iva@example.com" });
    stranger.post(CONFIRM, &named).await.is_field_problem("password", "password-weak");

    assert_eq!(waiting(&operator).await.len(), 1, "a refused password uses up no link");
    stranger.post(CONFIRM, &confirmed(&token)).await.is(204);
    server.browser().sign_in("iva@example.com", PASSWORD).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_link_confirmed_twice_at_once_makes_one_account() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    open(&server, &operator, "viewer").await;
    let stranger = server.stranger();
    stranger.post(REGISTER, &iva("iva@example.com")).await.is(202);
    let token = token(&operator).await;
    let other = json!({ "token": token, "password": "another lantern otter" });

    let body = confirmed(&token);
    let (one, two) = tokio::join!(stranger.post(CONFIRM, &body), stranger.post(CONFIRM, &other));

    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404]);
    server.finish().await;
}

#[tokio::test]
async fn other_domains_and_many_tries_are_refused() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    open(&server, &operator, "counter").await;
    let stranger = server.stranger().at("203.0.113.7");

    let weak = json!({ "email": "iva@evil.example", "name": " " });
    let refused = stranger.post(REGISTER, &weak).await;
    refused.is_field_problem("email", "registration-domain");
    assert_eq!(refused.json()["errors"].as_array().map(Vec::len), Some(2), "{}", refused.text());
    for _ in 0..4 {
        stranger.post(REGISTER, &weak).await;
    }
    stranger.post(REGISTER, &weak).await.is_problem(429, "registration-throttled");
    assert_eq!(waiting(&operator).await.len(), 0);
    server.finish().await;
}

#[tokio::test]
async fn an_operator_gives_no_more_than_viewer_or_counter_where_they_do_not_belong() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let body = |role: &str| {
        json!({ "mode": "domains", "domains": ["example.com"], "role": role,
            "workspace_id": server.workspace.to_string() })
    };
    let patch = async |client: &Client, role: &str| {
        client.json(Method::PATCH, SETTINGS, &[], &body(role)).await
    };

    patch(&operator, "manager").await.is_field_problem("role", "registration-role");
    let mira = server.user("admin").await;
    server.change_user(mira, "UPDATE users SET is_operator = 1 WHERE id = :user").await;
    let both = server.token_of(mira).await;
    patch(&both, "owner").await.is_field_problem("role", "role-above-own");
    assert_eq!(patch(&both, "manager").await.is(200)["role"], "manager");
    server.finish().await;
}

#[tokio::test]
async fn a_link_ends_by_time_by_a_newer_one_and_when_registration_closes() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    open(&server, &operator, "viewer").await;
    let stranger = server.stranger();
    stranger.post(REGISTER, &iva("iva@example.com")).await.is(202);
    let confirm = async |token: &str| stranger.post(CONFIRM, &confirmed(token)).await;

    let first = token(&operator).await;
    let second = token(&operator).await;
    confirm(&first).await.is_problem(404, "registration-unknown");
    let closed = json!({ "mode": "closed" });
    operator.json(Method::PATCH, SETTINGS, &[], &closed).await.is(200);
    confirm(&second).await.is_problem(404, "registration-unknown");
    open(&server, &operator, "viewer").await;
    server.advance(Duration::from_hours(25));
    confirm(&second).await.is_problem(404, "registration-unknown");
    server.finish().await;
}

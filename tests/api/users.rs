//! People as operators see and change them.

use std::time::Duration;

use holdfast::platform::access::Role;
use holdfast::platform::identity::UserId;
use holdfast::platform::workspaces::ops::add_member_in;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestServer, nothing, system};

const USERS: &str = "/api/v1/users";
const EMAIL: &str = "iva@example.com";

async fn people(operator: &Client, query: &str) -> Vec<Value> {
    let listed = operator.get(&format!("{USERS}{query}")).await.is(200);
    listed["items"].as_array().expect("a list").clone()
}

async fn one(operator: &Client, text: &str) -> Value {
    let found = people(operator, &format!("?q={text}")).await;
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn path(user: &Value) -> String {
    format!("{USERS}/{}", user["id"].as_str().expect("an id"))
}

async fn change(operator: &Client, user: &Value, body: Value) -> crate::support::Reply {
    let version = user["version"].as_i64().expect("a version");
    operator.change(Method::PATCH, &path(user), version, &body).await
}

fn token(link: &Value) -> String {
    let link = link.as_str().expect("a link");
    link.split_once("/reset#token=").expect("a token in the fragment").1.to_owned()
}

#[tokio::test]
async fn operators_list_people_with_where_they_belong_and_when_they_were_here() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let browser = server.signed_in(EMAIL, "counter").await;
    server.advance(Duration::from_mins(10));
    browser.get("/api/v1/me").await.is(200);

    let all = people(&operator, "").await;
    let iva = one(&operator, "IVA@").await;

    assert_eq!(all.len(), 2);
    assert_eq!((&iva["name"], &iva["email"]), (&json!("Mira Novak"), &json!(EMAIL)));
    assert_eq!((&iva["sessions"], &iva["is_operator"]), (&json!(1), &json!(false)));
    assert_eq!((&iva["is_disabled"], &iva["disabled_at"]), (&json!(false), &Value::Null));
    assert_eq!(iva["last_seen_at"], "2026-11-21T06:10:00.000Z");
    let belongs = json!([{ "id": server.workspace.to_string(), "name": "Harbour Kitchen",
        "role": "counter", "role_name": "counter" }]);
    assert_eq!(iva["workspaces"], belongs);
    assert_eq!(operator.get(&path(&iva)).await.is(200), iva);
    assert_eq!(people(&operator, "?q=nobody").await, Vec::<Value>::new());
    server.finish().await;
}

#[tokio::test]
async fn the_list_of_people_pages_and_searches_across_pages() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    for number in 0..5 {
        server.account(&format!("cook-{number}@example.com"), "viewer").await;
    }

    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = operator.get(&format!("{USERS}?q=COOK&limit=2{cursor}")).await.is(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|it| it["email"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }

    seen.sort_by_key(ToString::to_string);
    let expected: Vec<_> = (0..5).map(|it| json!(format!("cook-{it}@example.com"))).collect();
    assert_eq!(seen, expected);
    server.finish().await;
}

#[tokio::test]
async fn nobody_but_operators_sees_the_people_of_the_box() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let somebody = format!("{USERS}/{}", nothing::<()>());

    owner.get(USERS).await.is_problem(403, "forbidden");
    owner.get(&somebody).await.is_problem(403, "forbidden");
    owner.post(&format!("{somebody}/reset-link"), &json!({})).await.is_problem(403, "forbidden");
    server.stranger().get(USERS).await.is_problem(401, "sign-in-needed");
    let operator = server.operator().await;
    operator.get(&somebody).await.is_problem(404, "not-found");
    operator.get(&format!("{USERS}/x")).await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn a_new_person_chooses_the_password_themselves() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let body = json!({ "name": " إيفا  هورفات ", "email": EMAIL });

    let made = operator.post(USERS, &body).await.is(201);

    assert_eq!(made["user"]["name"], "إيفا هورفات");
    assert_eq!(made["user"]["is_operator"], false);
    assert_eq!(made["user"]["last_seen_at"], Value::Null);
    let browser = server.browser();
    for guess in ["!", "", "password"] {
        browser.sign_in(EMAIL, guess).await.is_problem(401, "sign-in-failed");
    }
    server.advance(Duration::from_hours(71));
    let reset = json!({ "token": token(&made["link"]), "password": PASSWORD });
    browser.post("/api/v1/auth/reset", &reset).await.is(204);
    browser.sign_in(EMAIL, PASSWORD).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_person_is_added_once_and_with_a_name_that_can_be_read() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let body = json!({ "name": "Iva", "email": EMAIL });
    let key = [("idempotency-key", "k-1")];

    let first = operator.json(Method::POST, USERS, &key, &body).await.is(201);
    let again = operator.json(Method::POST, USERS, &key, &body).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let again = again.is(201);
    assert_eq!(first["user"]["id"], again["user"]["id"]);
    let inspect = json!({ "token": token(&again["link"]) });
    operator.post("/api/v1/auth/reset/inspect", &inspect).await.is(200);

    operator.post(USERS, &body).await.is_field_problem("email", "email-taken");
    for (name, code) in [("x".repeat(300), "name-too-long"), (" \u{200b}".to_owned(), "name-empty")]
    {
        let body = json!({ "name": name, "email": "b@example.com" });
        operator.post(USERS, &body).await.is_field_problem("name", code);
    }
    server.finish().await;
}

#[tokio::test]
async fn whoever_is_disabled_is_out_at_once_and_comes_back_with_nothing_open() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let body = json!({ "name": "Scale", "expires_in_days": 9 });
    let made = browser.post("/api/v1/me/tokens", &body).await.is(201);
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let program = server.stranger().saying("authorization", &bearer);
    let iva = one(&operator, "iva").await;
    let link = operator.post(&format!("{}/reset-link", path(&iva)), &json!({})).await.is(201);

    let disabled = change(&operator, &iva, json!({ "disabled": true })).await.is(200);

    assert_eq!(disabled["is_disabled"], true);
    assert_eq!(disabled["disabled_at"], "2026-11-21T06:00:00.000Z");
    assert_eq!(disabled["sessions"], 0);
    browser.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    program.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    let reset = json!({ "token": token(&link["link"]), "password": PASSWORD });
    browser.post("/api/v1/auth/reset", &reset).await.is_problem(404, "reset-unknown");
    let refused = operator.post(&format!("{}/reset-link", path(&iva)), &json!({})).await;
    refused.is_problem(409, "user-disabled");
    browser.sign_in(EMAIL, PASSWORD).await.is_problem(401, "sign-in-failed");

    change(&operator, &disabled, json!({ "disabled": false })).await.is(200);
    browser.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    program.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    browser.sign_in(EMAIL, PASSWORD).await.is(200);
    let counts = server.box_counts().await;
    assert_eq!(counts["identity.user.disabled"], 1);
    assert_eq!(counts["identity.user.enabled"], 1);
    assert_eq!(counts["identity.token.revoked"], 1);
    server.finish().await;
}

#[tokio::test]
async fn the_last_operator_stays_and_can_sign_in() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let own = one(&operator, "example.com").await;

    for body in [json!({ "is_operator": false }), json!({ "disabled": true })] {
        change(&operator, &own, body).await.is_problem(409, "last-operator");
    }

    let body = json!({ "name": "Iva", "email": EMAIL, "is_operator": true });
    let second = operator.post(USERS, &body).await.is(201)["user"].clone();
    let disabled = change(&operator, &second, json!({ "disabled": true })).await.is(200);
    let refused = change(&operator, &own, json!({ "is_operator": false })).await;
    refused.is_problem(409, "last-operator");
    change(&operator, &disabled, json!({ "disabled": false })).await.is(200);
    change(&operator, &own, json!({ "is_operator": false })).await.is(200);
    operator.get(USERS).await.is_problem(403, "forbidden");
    server.finish().await;
}

#[tokio::test]
async fn of_two_operators_who_change_one_person_the_second_is_told() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    server.account(EMAIL, "viewer").await;
    let seen = one(&operator, "iva").await;

    let changed = change(&operator, &seen, json!({ "name": "Iva Horvat" })).await;
    change(&operator, &seen, json!({ "disabled": true })).await.is_problem(412, "stale");
    let bare = operator.json(Method::PATCH, &path(&seen), &[], &json!({ "name": "x" })).await;

    assert_eq!(changed.header("etag"), Some("\"2\""));
    bare.is_problem(428, "version-needed");
    let same = change(&operator, &changed.is(200), json!({ "disabled": false })).await.is(200);
    assert_eq!(same["version"], 2, "nothing changed");
    server.finish().await;
}

#[tokio::test]
async fn an_operator_signs_somebody_out_of_every_browser() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let here = server.signed_in(EMAIL, "viewer").await;
    let there = server.browser();
    there.sign_in(EMAIL, PASSWORD).await.is(200);
    let iva = one(&operator, "iva").await;
    assert_eq!(iva["sessions"], 2);

    operator.post(&format!("{}/sign-out", path(&iva)), &json!({})).await.is(204);

    for browser in [here, there] {
        browser.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    }
    assert_eq!(one(&operator, "iva").await["sessions"], 0);
    let nobody = format!("{USERS}/{}/sign-out", nothing::<()>());
    operator.post(&nobody, &json!({})).await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn the_last_owner_of_a_workspace_is_not_disabled_before_it_is_handed_over() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    server.account(EMAIL, "owner").await;
    let other = server.second_workspace().await;
    let iva = one(&operator, EMAIL).await;
    let id = iva["id"].as_str().expect("an id").to_owned();
    let user: UserId = id.parse().expect("an id");
    let ctx = system(&server.platform);
    let joined = ctx.write(move |scope| add_member_in(scope, other, user, Role::Owner));
    joined.await.expect("a member");

    let refused = change(&operator, &iva, json!({ "disabled": true })).await;
    let problem = refused.is_problem(409, "last-owner");

    let detail = problem["detail"].as_str().expect("a sentence");
    assert!(detail.contains("Harbour Kitchen, Other Client"), "{detail}");
    assert_eq!(one(&operator, EMAIL).await["is_disabled"], false);
    server.person("owner").await;
    let refused = change(&operator, &iva, json!({ "disabled": true })).await;
    assert_eq!(refused.is_problem(409, "last-owner")["workspaces"], "Other Client");
    // An owner who cannot sign in is none.
    let second = server.person_in(other, "owner").await;
    change(&operator, &iva, json!({ "disabled": true })).await.is(200);
    let me = second.get("/api/v1/me").await.is(200);
    let second = operator.get(&path(&me)).await.is(200);
    let refused = change(&operator, &second, json!({ "disabled": true })).await;
    assert_eq!(refused.is_problem(409, "last-owner")["workspaces"], "Other Client");
    server.finish().await;
}

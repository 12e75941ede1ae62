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

/// A box where strangers of a domain register for this role, and its operator.
async fn opened(role: &str) -> (TestServer, Client) {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    open(&server, &operator, role).await;
    (server, operator)
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
    let (server, operator) = opened("viewer").await;
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
    let (server, operator) = opened("viewer").await;
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
    let (server, operator) = opened("viewer").await;
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
    let (server, operator) = opened("viewer").await;
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
    let (server, operator) = opened("counter").await;
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
    let (server, operator) = opened("viewer").await;
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

#[tokio::test]
async fn whoever_opens_registration_answers_for_the_role_it_gives() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let mira = server.user("admin").await;
    server.change_user(mira, "UPDATE users SET is_operator = 1 WHERE id = :user").await;
    let patch =
        async |client: &Client, body: &Value| client.json(Method::PATCH, SETTINGS, &[], body).await;
    open(&server, &server.token_of(mira).await, "admin").await;

    let mine = json!({ "domains": ["mine.example"] });
    patch(&operator, &mine).await.is_field_problem("role", "registration-role");
    patch(&operator, &json!({ "mode": "closed" })).await.is(200);
    patch(&operator, &json!({ "mode": "domains" }))
        .await
        .is_field_problem("role", "registration-role");
    let harmless = json!({ "mode": "domains", "role": "counter", "domains": ["mine.example"] });
    assert_eq!(patch(&operator, &harmless).await.is(200)["domains"], json!(["mine.example"]));

    let entries = server.box_entries("box.registration.changed").await;
    assert_eq!(entries.len(), 3, "what was refused changed nothing");
    assert!(entries.iter().any(|one| one.changes.contains(&server.workspace.to_string())));
    server.finish().await;
}

#[tokio::test]
async fn a_role_lapses_with_whoever_chose_it() {
    for lost in [
        "UPDATE memberships SET role = 'manager' WHERE user_id = :user",
        "DELETE FROM memberships WHERE user_id = :user",
        "UPDATE users SET disabled_at = :now WHERE id = :user",
    ] {
        let server = TestServer::start().await;
        let operator = server.operator().await;
        let mira = server.user("admin").await;
        server.change_user(mira, "UPDATE users SET is_operator = 1 WHERE id = :user").await;
        open(&server, &server.token_of(mira).await, "admin").await;
        let stranger = server.stranger();
        stranger.post(REGISTER, &iva("iva@example.com")).await.is(202);
        let token = token(&operator).await;

        server.change_user(mira, lost).await;
        stranger.post(CONFIRM, &confirmed(&token)).await.is(204);

        let browser = server.browser();
        browser.sign_in("iva@example.com", PASSWORD).await.is(200);
        let me = browser.get("/api/v1/me").await.is(200);
        assert_eq!(me["workspaces"], json!([]), "{lost}");
        let entries = server.box_entries("identity.registration.confirmed").await;
        assert!(entries[0].changes.contains("lapsed"), "{:?}", entries[0]);
        server.finish().await;
    }
}

#[tokio::test]
async fn a_domain_that_was_taken_away_lets_nobody_in_who_waits() {
    let (server, operator) = opened("viewer").await;
    let stranger = server.stranger();
    stranger.post(REGISTER, &iva("iva@example.com")).await.is(202);
    let token = token(&operator).await;

    let other = json!({ "domains": ["example.org"] });
    operator.json(Method::PATCH, SETTINGS, &[], &other).await.is(200);

    let refused = stranger.post(CONFIRM, &confirmed(&token)).await;
    refused.is_problem(404, "registration-unknown");
    server.finish().await;
}

#[tokio::test]
async fn an_old_sign_in_neither_opens_registration_nor_invites() {
    let server = TestServer::start().await;
    let mira = server.account("mira@example.com", "admin").await;
    server.change_user(mira, "UPDATE users SET is_operator = 1 WHERE id = :user").await;
    let browser = server.browser_of(mira).await;
    server.advance(Duration::from_mins(11));

    let body = json!({ "mode": "domains", "domains": ["example.com"] });
    let opened = browser.send(Method::PATCH, SETTINGS, &[], &body).await;
    let guest = json!({ "email": "guest@example.com", "role": "admin" });
    let invited = browser.post("/invitations", &guest).await;

    opened.is_problem(403, "step-up-needed");
    invited.is_problem(403, "step-up-needed");
    assert!(!server.box_counts().await.contains_key("workspace.invitation.created"));
    server.finish().await;
}

/// Registers somebody from a network, where nobody tried before.
async fn register_from(server: &TestServer, network: usize, email: &str) -> crate::support::Reply {
    server.stranger().at(&format!("203.0.{network}.7")).post(REGISTER, &iva(email)).await
}

#[tokio::test]
async fn one_network_does_not_fill_the_places_of_others() {
    let (server, _) = opened("viewer").await;

    for number in 0..20 {
        server.advance(Duration::from_mins(1));
        register_from(&server, 1, &format!("i{number}@example.com")).await.is(202);
    }
    server.advance(Duration::from_mins(1));

    let full = register_from(&server, 1, "more@example.com").await;
    full.is_problem(429, "registration-throttled");
    register_from(&server, 2, "more@example.com").await.is(202);
    // What is over takes no place, before the night drops it, too.
    server.advance(Duration::from_hours(24));
    register_from(&server, 1, "later@example.com").await.is(202);
    server.finish().await;
}

#[tokio::test]
async fn a_thousand_who_wait_are_enough_and_those_whose_day_is_over_do_not_wait() {
    let (server, _) = opened("viewer").await;
    let fill = "INSERT INTO registrations
            (id, name, email, email_key, token_hash, created_at, expires_at)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
        SELECT randomblob(16), 'Iva', i || '@example.com', i || '@example.com', randomblob(32),
            :now, :now + 86400000 FROM n WHERE :user IS NOT NULL";
    let anybody = server.user("viewer").await;
    server.change_user(anybody, fill).await;

    register_from(&server, 1, "iva@example.com").await.is_problem(429, "registration-throttled");
    server.advance(Duration::from_hours(24));

    register_from(&server, 1, "iva@example.com").await.is(202);
    server.finish().await;
}

#[tokio::test]
async fn registering_again_kills_no_link_and_fills_no_mailbox() {
    let (server, operator) = opened("viewer").await;
    server.account("mira@example.com", "manager").await;
    let smtp = json!({ "smtp": { "host": "127.0.0.1", "port": 1, "security": "none",
        "from": "box@example.com" } });
    operator.json(Method::PATCH, "/api/v1/box/notify", &[], &smtp).await.is(200);
    let mails = async || {
        let outbox = operator.get("/api/v1/box/outbox?limit=200").await.is(200);
        let items = outbox["items"].as_array().expect("a list").clone();
        let of = |email: &str| items.iter().filter(|one| one["to"] == email).count();
        (of("iva@example.com"), of("mira@example.com"))
    };
    register_from(&server, 1, "iva@example.com").await.is(202);
    register_from(&server, 1, "mira@example.com").await.is(202);
    let token = token(&operator).await;

    for network in 2..60 {
        server.advance(Duration::from_mins(1));
        register_from(&server, network, "Iva@example.com").await.is(202);
        register_from(&server, network, "mira@example.com").await.is(202);
    }

    assert_eq!(mails().await, (1, 1), "the same for who has an account");
    server.advance(Duration::from_mins(3));
    register_from(&server, 60, "iva@example.com").await.is(202);
    register_from(&server, 60, "mira@example.com").await.is(202);
    assert_eq!(mails().await, (2, 2), "the letter may have been lost");
    server
        .stranger()
        .post(CONFIRM, &confirmed(&token))
        .await
        .is_problem(404, "registration-unknown");
    server.finish().await;
}

#[tokio::test]
async fn without_mail_the_link_that_an_operator_gave_out_stays_good() {
    let (server, operator) = opened("viewer").await;
    register_from(&server, 1, "iva@example.com").await.is(202);
    let token = token(&operator).await;

    server.advance(Duration::from_hours(23));
    register_from(&server, 2, "iva@example.com").await.is(202);

    server.stranger().post(CONFIRM, &confirmed(&token)).await.is(204);
    server.finish().await;
}

//! First run: the one-time link, one operator, and nothing afterwards.

use std::time::Duration;

use futures_util::future::join_all;
use holdfast::platform::audit::ops::{Filter, list_box};
use holdfast::platform::setup::ops::issue_link;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Browser, TestServer, system};

const SETUP: &str = "/api/v1/setup";
const CHECK: &str = "/api/v1/setup/check";
const ORIGIN: &str = "https://kitchen.local:8443";

async fn token(server: &TestServer) -> String {
    let link = issue_link(&system(&server.platform), ORIGIN).await.expect("a link");
    let token = link.strip_prefix("https://kitchen.local:8443/setup#token=").expect("a link");
    assert_eq!(token.len(), 22, "128 bits in URL-safe base64");
    token.to_owned()
}

fn request(token: &str) -> Value {
    json!({
        "token": token,
        "box_name": "Harbour Kitchen",
        "operator": {
            "name": "Ana Kovač",
            "email": "ana@example.com",
            "password": "lantern otter mosaic drizzle",
        },
        "workspace": { "name": "Kitchen", "currency": "EUR", "time_zone": "Europe/Zagreb" },
    })
}

async fn is_gone(browser: &Browser, token: &str) {
    browser.get(SETUP).await.is_problem(404, "not-found");
    browser.post(CHECK, &json!({ "token": token })).await.is_problem(404, "not-found");
    browser.post(SETUP, &request(token)).await.is_problem(404, "not-found");
    browser.post(SETUP, &json!({ "nonsense": 1 })).await.is_problem(404, "not-found");
}

#[tokio::test]
async fn whoever_holds_the_link_becomes_operator_and_owner_and_is_signed_in() {
    let server = TestServer::start().await;
    let token = token(&server).await;
    let browser = server.browser();

    let state = browser.get(SETUP).await.is(200);
    browser.post(CHECK, &json!({ "token": token })).await.is(204);
    let made = browser.post(SETUP, &request(&token)).await.is(201);

    assert_eq!(state["needs_setup"], true);
    assert_eq!(made["user"]["email"], "ana@example.com");
    assert_eq!(made["workspace"]["name"], "Kitchen");
    assert_eq!(made["workspace"]["time_zone"], "Europe/Zagreb");
    let me = browser.get("/api/v1/me").await.is(200);
    assert_eq!(me["is_operator"], true);
    assert_eq!(me["workspaces"][0]["id"], made["workspace"]["id"]);
    assert_eq!(me["workspaces"][0]["role"], "owner");
    let counts = server.box_counts().await;
    for action in [
        "box.setup_link.issued",
        "box.claimed",
        "identity.user.created",
        "workspace.member.added",
        "identity.session.started",
    ] {
        assert_eq!(counts.get(action), Some(&1), "{action}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_claimed_box_has_no_set_up_routes_even_after_a_restart() {
    let server = TestServer::start().await;
    let token = token(&server).await;
    let browser = server.browser();
    browser.post(SETUP, &request(&token)).await.is(201);
    is_gone(&browser, &token).await;
    drop(browser);

    let server = server.restart().await;

    is_gone(&server.browser(), &token).await;
    let refused = issue_link(&system(&server.platform), ORIGIN).await.unwrap_err();
    assert!(refused.to_string().starts_with("setup-done"), "{refused}");
    let again = server.browser().sign_in("ana@example.com", "lantern otter mosaic drizzle").await;
    assert_eq!(again.is(200)["user"]["is_operator"], true);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn simultaneous_set_ups_make_exactly_one_operator() {
    let server = TestServer::start().await;
    let token = token(&server).await;
    let browsers: Vec<Browser> = (0..6).map(|_| server.browser()).collect();

    let tries = browsers.iter().enumerate().map(|(number, browser)| {
        let mut request = request(&token);
        request["operator"]["email"] = json!(format!("ana{number}@example.com"));
        async move { browser.post(SETUP, &request).await }
    });
    let mut statuses: Vec<u16> =
        join_all(tries).await.into_iter().map(|reply| reply.status.as_u16()).collect();

    statuses.sort_unstable();
    assert_eq!(statuses, [201, 404, 404, 404, 404, 404]);
    let counts = server.box_counts().await;
    assert_eq!(counts["identity.user.created"], 1);
    assert_eq!(counts["box.claimed"], 1);
    let files = std::fs::read_dir(server.folder().join("workspaces")).unwrap();
    let databases =
        files.flatten().filter(|file| file.path().extension().is_some_and(|it| it == "db"));
    assert_eq!(databases.count(), 2, "the harness's workspace and the new one");
    server.finish().await;
}

#[tokio::test]
async fn wrong_tries_are_throttled_and_leave_the_link_alone() {
    let server = TestServer::start().await;
    let token = token(&server).await;
    let guesser = Browser::new(server.stranger().at("198.51.100.7"));
    let neighbour = Browser::new(server.stranger().at("198.51.100.99"));
    let owner = Browser::new(server.stranger().at("192.0.2.1"));

    for _ in 0..10 {
        let wrong = guesser.post(CHECK, &json!({ "token": "AAAAAAAAAAAAAAAAAAAAAA" })).await;
        wrong.is_problem(403, "setup-token-wrong");
    }
    let throttled = guesser.post(CHECK, &json!({ "token": token })).await;
    let same_network = neighbour.post(SETUP, &request(&token)).await;
    let good = owner.post(CHECK, &json!({ "token": token })).await;

    throttled.is_problem(429, "setup-throttled");
    assert_eq!(throttled.header("retry-after"), Some("12"));
    same_network.is_problem(429, "setup-throttled");
    good.is(204);
    server.advance(Duration::from_secs(12));
    neighbour.post(SETUP, &request(&token)).await.is(201);
    server.finish().await;
}

#[tokio::test]
async fn a_link_lives_a_day_and_dies_with_the_next() {
    let server = TestServer::start().await;
    let browser = server.browser();
    let first = token(&server).await;
    let second = token(&server).await;

    let replaced = browser.post(CHECK, &json!({ "token": first })).await;
    server.advance(Duration::from_hours(24));
    let expired = browser.post(SETUP, &request(&second)).await;

    replaced.is_problem(403, "setup-token-wrong");
    expired.is_problem(403, "setup-token-expired");
    assert_eq!(server.box_counts().await.get("identity.user.created"), None);
    browser.post(SETUP, &request(&token(&server).await)).await.is(201);
    server.finish().await;
}

#[tokio::test]
async fn every_wrong_field_is_named_and_nothing_is_made() {
    let server = TestServer::start().await;
    let token = token(&server).await;
    let browser = server.browser();
    let wrong = json!({
        "token": token,
        "box_name": "\u{200b}",
        "operator": { "name": "A\u{0}na", "email": "ana", "password": "kitchen" },
        "workspace": { "name": "", "currency": "euro" },
    });

    let refused = browser.post(SETUP, &wrong).await;

    refused.is_field_problem("box_name", "name-empty");
    refused.is_field_problem("operator.name", "name-characters");
    refused.is_field_problem("operator.email", "email-bad");
    refused.is_field_problem("operator.password", "password-too-short");
    refused.is_field_problem("workspace.name", "name-empty");
    let mut known = request(&token);
    known["operator"]["password"] = json!("Harbourkitchen1");
    let known = browser.post(SETUP, &known).await;
    known.is_field_problem("operator.password", "password-weak");
    assert_eq!(server.box_counts().await.get("identity.user.created"), None);
    browser.post(CHECK, &json!({ "token": token })).await.is(204);
    server.finish().await;
}

#[tokio::test]
async fn right_to_left_and_look_alike_names_are_kept_as_they_are() {
    let server = TestServer::start().await;
    let browser = server.browser();
    let mut request = request(&token(&server).await);
    request["operator"]["name"] = json!("דנה כהן");
    request["workspace"]["name"] = json!("مطبخ الميناء");
    request["load_sample_data"] = json!(false);

    let made = browser.post(SETUP, &request).await.is(201);

    assert_eq!(made["user"]["name"], "דנה כהן");
    assert_eq!(made["workspace"]["name"], "مطبخ الميناء");
    server.finish().await;
}

#[tokio::test]
async fn sample_data_comes_in_a_second_workspace_of_its_own() {
    let server = TestServer::start().await;
    let browser = server.browser();
    let mut request = request(&token(&server).await);
    request["load_sample_data"] = json!(true);

    let made = browser.post(SETUP, &request).await.is(201);
    server.run_jobs().await;

    assert_eq!(made["workspace"]["is_sample"], false);
    let me = browser.get("/api/v1/me").await.is(200);
    let mine = me["workspaces"].as_array().expect("a list");
    let items = async |sample: bool| {
        let one = mine.iter().find(|one| one["is_sample"] == sample).expect("a workspace");
        let id = one["id"].as_str().expect("an id");
        let path = format!("/api/v1/workspaces/{id}/inventory/items?limit=1&total=true");
        browser.get(&path).await.is(200)["total"].clone()
    };
    assert_eq!((mine.len(), items(false).await, items(true).await), (2, json!(0), json!(420)));
    server.finish().await;
}

#[tokio::test]
async fn a_foreign_page_cannot_set_up_the_box() {
    let server = TestServer::start().await;
    let token = token(&server).await;
    let browser = server.browser();

    let foreign = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let refused = browser.exchange(Method::POST, SETUP, &foreign, &request(&token)).await;

    refused.is_problem(403, "origin-foreign");
    browser.post(CHECK, &json!({ "token": token })).await.is(204);
    server.finish().await;
}

#[tokio::test]
async fn the_first_entries_are_the_operators_own() {
    let server = TestServer::start().await;
    let token = token(&server).await;

    let made = server.browser().post(SETUP, &request(&token)).await.is(201);

    let entries = list_box(&system(&server.platform), Filter::default(), 100).await;
    let user = made["user"]["id"].as_str().expect("an id");
    let of_claim = entries.expect("the log").into_iter().filter(|one| {
        let record = &one.record;
        let is_harness = record.actor_kind == "system";
        !is_harness && record.action != "box.setup_link.issued"
    });
    let actors: Vec<_> = of_claim
        .map(|one| {
            let actor = one.record.actor_id.map(|id| id.to_string()).unwrap_or_default();
            (one.record.action, one.record.actor_kind, actor)
        })
        .collect();
    assert!(actors.len() >= 5, "{actors:?}");
    for (action, kind, actor) in &actors {
        assert_eq!((kind.as_str(), actor.as_str()), ("user", user), "{action}");
    }
    server.finish().await;
}

//! How much and how often: bodies, rates, and whose address counts.

use std::time::Duration;

use axum::body::Body;
use futures_util::stream;
use http::Method;
use serde_json::json;

use crate::support::{Browser, Client, PASSWORD, Reply, TestServer};

/// Something anybody who is signed in may ask.
const ANY: &str = "/api/v1/workspaces";
const BODY_SIZE_BYTES_MAX: usize = 524_288;

/// What an answer says of the limit that was reached.
fn rates(reply: &Reply) -> [Option<&str>; 4] {
    ["retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"]
        .map(|name| reply.header(name))
}

#[tokio::test]
async fn six_hundred_requests_at_once_and_a_hundred_a_second_are_for_one_person() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await.at("192.0.2.7");
    for _ in 0..600 {
        viewer.get(ANY).await.is(200);
    }

    let throttled = viewer.get(ANY).await;
    server.advance(Duration::from_millis(10));

    throttled.is_problem(429, "too-many-requests");
    assert_eq!(rates(&throttled), ["1", "600", "0", "1"].map(Some));
    viewer.get(ANY).await.is(200);
    viewer.get(ANY).await.is_problem(429, "too-many-requests");
    server.stranger().at("192.0.2.7").get(ANY).await.is_problem(401, "sign-in-needed");
    server.finish().await;
}

#[tokio::test]
async fn who_is_signed_in_does_not_use_up_what_strangers_of_the_address_have() {
    let settings = [("limits.unauthenticated_burst", "1"), ("limits.request_burst", "3")];
    let server = TestServer::start_with(&settings).await;
    let viewer = server.person("viewer").await.at("192.0.2.7");
    let stranger = server.stranger().at("192.0.2.7");
    // A route that lets strangers in as well, and one that does not.
    let (open, wrong) = ("/api/v1/invitations/accept", json!({ "token": "nothing" }));

    viewer.post(open, &wrong).await.is_problem(404, "invitation-unknown");
    viewer.post(open, &wrong).await.is_problem(404, "invitation-unknown");
    viewer.get(ANY).await.is(200);
    viewer.post(open, &wrong).await.is_problem(429, "too-many-requests");

    stranger.post(open, &wrong).await.is_problem(404, "invitation-unknown");
    stranger.post(open, &wrong).await.is_problem(429, "too-many-requests");
    server.finish().await;
}

#[tokio::test]
async fn ten_wrong_sign_ins_at_once_and_five_a_minute_are_for_one_network() {
    let server = TestServer::start().await;
    server.account("mira@example.com", "viewer").await;
    let sign_in = async |email: &str, password: &str| {
        let browser = Browser::new(server.stranger().at("198.51.100.7"));
        browser.sign_in(email, password).await
    };
    for number in 0..10 {
        sign_in("mira@example.com", PASSWORD).await.is(200);
        let guess = sign_in(&format!("guess{number}@example.com"), "x").await;
        guess.is_problem(401, "sign-in-failed");
    }

    let throttled = sign_in("mira@example.com", PASSWORD).await;
    server.advance(Duration::from_secs(12));

    throttled.is_problem(429, "sign-in-throttled");
    assert_eq!(rates(&throttled), ["12", "10", "0", "12"].map(Some));
    sign_in("guess@example.com", "x").await.is_problem(401, "sign-in-failed");
    sign_in("mira@example.com", PASSWORD).await.is_problem(429, "sign-in-throttled");
    server.finish().await;
}

#[tokio::test]
async fn wrong_links_are_limited_like_wrong_passwords() {
    let server = TestServer::start_with(&[("limits.sign_in_failures_burst", "2")]).await;
    let stranger = server.stranger().at("198.51.100.7");
    let (reset, wrong) = ("/api/v1/auth/reset/inspect", json!({ "token": "nothing" }));

    for _ in 0..2 {
        stranger.post(reset, &wrong).await.is_problem(404, "reset-unknown");
    }

    stranger.post(reset, &wrong).await.is_problem(429, "link-throttled");
    server.finish().await;
}

#[tokio::test]
async fn one_person_is_throttled_and_told_when_to_come_back() {
    let settings = [("limits.request_burst", "3"), ("limits.requests_per_min", "60")];
    let server = TestServer::start_with(&settings).await;
    let user = server.user("viewer").await;
    // A browser and a program of one person are one principal.
    let (browser, program) = (server.browser_of(user).await, server.token_of(user).await);
    let browser = browser.bare().at("192.0.2.7");

    browser.get(ANY).await.is(200);
    program.get(ANY).await.is(200);
    browser.get(ANY).await.is(200);
    let throttled = program.get(ANY).await;

    throttled.is_problem(429, "too-many-requests");
    assert_eq!(rates(&throttled), ["1", "3", "0", "1"].map(Some));
    browser.get(ANY).await.is_problem(429, "too-many-requests");
    server.advance(Duration::from_secs(1));
    program.get(ANY).await.is(200);
    program.get(ANY).await.is_problem(429, "too-many-requests");
    server.finish().await;
}

#[tokio::test]
async fn two_people_at_one_address_do_not_share_a_limit() {
    let settings = [("limits.request_burst", "2"), ("limits.unauthenticated_burst", "2")];
    let server = TestServer::start_with(&settings).await;
    let first = server.person("viewer").await.at("192.0.2.7");
    let second = server.person("viewer").await.at("192.0.2.7");
    let stranger = server.stranger().at("192.0.2.7");

    for _ in 0..2 {
        first.get(ANY).await.is(200);
        stranger.get(ANY).await.is_problem(401, "sign-in-needed");
    }

    first.get(ANY).await.is_problem(429, "too-many-requests");
    stranger.get(ANY).await.is_problem(429, "too-many-requests");
    second.get(ANY).await.is(200);
    second.get(ANY).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_refusal_for_its_rate_changes_nothing_and_fills_no_log() {
    let server = TestServer::start_with(&[("limits.request_burst", "1")]).await;
    let viewer = server.person("viewer").await;

    viewer.get("/audit").await.is_problem(403, "forbidden");
    for _ in 0..20 {
        viewer.get("/audit").await.is_problem(429, "too-many-requests");
    }

    assert_eq!(server.audit_actions().await, ["access.refused"]);
    server.finish().await;
}

#[tokio::test]
async fn refusals_of_one_person_are_written_singly_up_to_a_bound() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;

    for _ in 0..100 {
        viewer.get("/audit").await.is_problem(403, "forbidden");
    }

    assert_eq!(server.audit_actions().await.len(), 60);
    server.finish().await;
}

/// Asks without a sign-in from behind proxies.
async fn forwarded(client: &Client, chain: &str) -> Reply {
    client.send(Method::GET, ANY, &[("x-forwarded-for", chain)], "").await
}

#[tokio::test]
async fn a_stranger_cannot_pretend_to_be_at_many_addresses() {
    let settings = [("limits.unauthenticated_burst", "2")];
    let server = TestServer::start_with(&settings).await;
    let liar = server.stranger().at("192.0.2.7");

    for number in 0..2 {
        let refusal = forwarded(&liar, &format!("198.51.100.{number}")).await;
        refusal.is_problem(401, "sign-in-needed");
    }

    forwarded(&liar, "198.51.100.9").await.is_problem(429, "too-many-requests");
    server.finish().await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_nearest_untrusted_address_counts() {
    let settings =
        [("limits.unauthenticated_burst", "2"), ("server.trusted_proxies", "127.0.0.0/8")];
    let server = TestServer::start_with(&settings).await;
    let proxied = server.stranger().at("127.0.0.1");

    forwarded(&proxied, "198.51.100.1").await.is_problem(401, "sign-in-needed");
    forwarded(&proxied, "6.6.6.6, 198.51.100.1").await.is_problem(401, "sign-in-needed");
    let throttled = forwarded(&proxied, "7.7.7.7, 198.51.100.1, 127.0.0.9").await;

    throttled.is_problem(429, "too-many-requests");
    forwarded(&proxied, "198.51.100.2").await.is_problem(401, "sign-in-needed");
    server.finish().await;
}

/// JSON that is not acceptable, of so many bytes.
fn padded(size: usize) -> String {
    let start = r#"{"code":"A","name":""#;
    format!("{start}{}\"}}", "x".repeat(size - start.len() - 2))
}

/// A body that does not say how long it is.
fn chunked(text: String) -> Body {
    Body::from_stream(stream::iter([Ok::<_, std::io::Error>(text)]))
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_by_the_limit_it_broke() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let json = ("content-type", "application/json");
    let once = ("idempotency-key", "k");
    let path = "/inventory/locations";

    for headers in [&[json][..], &[json, once]] {
        let fits = padded(BODY_SIZE_BYTES_MAX);
        manager.send(Method::POST, path, headers, fits).await.is_problem(422, "invalid-fields");
        let over = padded(BODY_SIZE_BYTES_MAX + 1);
        for body in [Body::from(over.clone()), chunked(over)] {
            let refusal = manager.send(Method::POST, path, headers, body).await;
            let problem = refusal.is_problem(413, "too-large");
            assert!(problem["detail"].as_str().unwrap().contains("524288"), "{problem}");
        }
    }
    assert_eq!(manager.get(path).await.is(200)["items"].as_array().map(Vec::len), Some(0));
    server.finish().await;
}

#[tokio::test]
async fn the_limit_of_bodies_can_be_set() {
    let server = TestServer::start_with(&[("server.body_size_bytes_max", "1024")]).await;
    let manager = server.person("manager").await;
    let json = [("content-type", "application/json")];

    let refusal = manager.send(Method::POST, "/inventory/locations", &json, padded(1025)).await;

    let problem = refusal.is_problem(413, "too-large");
    assert!(problem["detail"].as_str().unwrap().contains("1024"), "{problem}");
    server.finish().await;
}

#[tokio::test]
async fn a_stranger_is_refused_before_the_body_is_looked_at() {
    let server = TestServer::start().await;
    let json = [("content-type", "application/json")];
    let large = padded(BODY_SIZE_BYTES_MAX + 1);

    let refusal = server.stranger().send(Method::POST, "/inventory/locations", &json, large).await;

    refusal.is_problem(401, "sign-in-needed");
    server.finish().await;
}

#[tokio::test]
async fn a_route_with_a_larger_limit_keeps_it_when_the_request_is_repeatable() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let path = "/inventory/import/preview?kind=locations";
    let headers = [("content-type", "text/csv"), ("idempotency-key", "k")];
    let file = |rows: usize| {
        let rows = (0..rows).map(|row| format!("L{row},{}\n", "x".repeat(90)));
        format!("code,name\n{}", rows.collect::<String>())
    };

    let large = file(6_000);
    assert!(large.len() > BODY_SIZE_BYTES_MAX);
    let preview = manager.send(Method::POST, path, &headers, large).await.is(200);
    let too_large = " ".repeat(16 * 1024 * 1024 + 1);
    let refusal = manager.send(Method::POST, path, &headers, chunked(too_large)).await;

    assert_eq!(preview["create"], 1_000, "as many places as there may be: {preview}");
    let problem = refusal.is_problem(413, "too-large");
    assert!(problem["detail"].as_str().unwrap().contains("16777216"), "{problem}");
    server.finish().await;
}

#[tokio::test]
async fn verifying_a_log_costs_as_much_as_an_export() {
    let server = TestServer::start_with(&[("limits.heavy_per_min", "2")]).await;
    let (admin, operator) = (server.person("admin").await, server.operator().await);

    for (client, path) in [(&admin, "/audit/verify"), (&operator, "/api/v1/audit/verify")] {
        for _ in 0..2 {
            client.post(path, &serde_json::Value::Null).await.is(200);
        }
        let refused = client.post(path, &serde_json::Value::Null).await;
        refused.is_problem(429, "too-many-requests");
    }

    server.finish().await;
}

#[tokio::test]
async fn exports_have_a_smaller_limit_of_their_own_and_are_audited() {
    let server = TestServer::start_with(&[("limits.heavy_per_min", "2")]).await;
    let manager = server.person("manager").await;

    for _ in 0..2 {
        let file = manager.get("/inventory/export/items.csv").await;
        assert_eq!(file.status, 200);
    }

    let refusal = manager.get("/inventory/export/items.csv").await;
    refusal.is_problem(429, "too-many-requests");
    assert_eq!(rates(&refusal), ["30", "2", "0", "30"].map(Some));
    // What costs as much shares the limit; nothing else does, and nobody else.
    let job = json!({ "kind": "items" });
    manager.post("/inventory/exports", &job).await.is_problem(429, "too-many-requests");
    manager.post("/inventory/integrity", &job).await.is_problem(429, "too-many-requests");
    manager.get("/inventory/items").await.is(200);
    let colleague = server.person("manager").await;
    assert_eq!(colleague.get("/inventory/export/locations.csv").await.status, 200);
    assert_eq!(server.audit_actions().await, ["inventory.exported"; 3]);
    server.finish().await;
}

#[tokio::test]
async fn adding_up_the_stock_of_a_time_costs_as_much_as_an_export() {
    let server = TestServer::start_with(&[("limits.heavy_per_min", "2")]).await;
    let viewer = server.person("viewer").await;
    let then = "at=2026-11-01T00:00:00Z";
    for _ in 0..2 {
        viewer.get(&format!("/inventory/stock?{then}")).await.is(200);
    }

    let item = crate::support::nothing::<()>();
    for heavy in [then.to_owned(), format!("{then}&item_id="), format!("{then}&limit=1")] {
        let refused = viewer.get(&format!("/inventory/stock?{heavy}")).await;
        refused.is_problem(429, "too-many-requests");
    }
    for light in [String::new(), "at=".to_owned(), format!("{then}&item_id={item}")] {
        viewer.get(&format!("/inventory/stock?{light}")).await.is(200);
    }
    server.finish().await;
}

#[tokio::test]
async fn ten_exports_and_thirty_steps_of_imports_a_minute_are_for_one_person() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let preview = async || {
        let (path, csv) = ("/inventory/import/preview?kind=items", "item_number,name,unit");
        manager.send(Method::POST, path, &[("content-type", "text/csv")], csv).await
    };
    for _ in 0..10 {
        assert_eq!(manager.get("/inventory/export/items.csv").await.status, 200);
    }
    for _ in 0..30 {
        preview().await.is(200);
    }

    let (export, import) = (manager.get("/inventory/export/items.csv").await, preview().await);
    let commit = format!("/inventory/import/{}/commit", crate::support::nothing::<()>());
    let commit = manager.post(&commit, &serde_json::Value::Null).await;
    server.advance(Duration::from_secs(6));

    assert_eq!(rates(&export), ["6", "10", "0", "6"].map(Some));
    assert_eq!(rates(&import), ["2", "30", "0", "2"].map(Some));
    commit.is_problem(429, "too-many-requests");
    assert_eq!(manager.get("/inventory/export/items.csv").await.status, 200);
    preview().await.is(200);
    server.finish().await;
}

/// Operations that look like a limited one and need no limit of their own, with the reason.
const UNLIMITED: &[(&str, &str)] = &[
    (
        "GET /api/v1/workspaces/{workspace}/inventory/exports/{id}",
        "the file is there already; making it was counted",
    ),
    ("GET /api/v1/restores", "rows of a list; asking for a restore was counted"),
    ("GET /api/v1/restores/{id}", "a row of the list"),
];

#[tokio::test]
async fn whatever_exports_reports_or_imports_says_that_it_has_a_limit_of_its_own() {
    let server = TestServer::start().await;
    let document = server.stranger().get("/api/v1/openapi.json").await.is(200);
    let mut seen = 0;

    for (path, verbs) in document["paths"].as_object().expect("paths") {
        for (verb, operation) in verbs.as_object().expect("verbs") {
            let name = format!("{} {path}", verb.to_uppercase());
            let is_about = |words: &[&str]| path.split('/').any(|part| words.contains(&part));
            if UNLIMITED.iter().any(|(one, _)| *one == name) {
                continue;
            }
            let mark = if is_about(&["export", "exports", "report", "reports", "restores"]) {
                "x-heavy"
            } else if is_about(&["import"]) {
                "x-import"
            } else {
                continue;
            };
            assert_eq!(operation[mark], true, "{name} says nothing of {mark}");
            seen += 1;
        }
    }

    assert!(seen >= 4, "only {seen} were found");
    server.finish().await;
}

//! Which pages may ask what: the CSRF rule, CORS, and the names the box answers to.

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, HOST, Reply, TestServer};

const OWN: &str = "https://kitchen.local";
const PARTNER: &str = "https://partner.example";
const FOREIGN: &str = "https://evil.example";

fn shelf(code: &str) -> Value {
    json!({ "code": code, "name": "Shelf" })
}

/// Adds a place, saying where the request comes from.
async fn write(client: &Client, code: &str, origin: &[(&str, &str)]) -> Reply {
    client.json(Method::POST, "/inventory/locations", origin, &shelf(code)).await
}

/// A browser whose requests say only what the test says.
async fn silent_browser(server: &TestServer) -> Client {
    server.browser_of(server.user("manager").await).await.bare()
}

#[tokio::test]
async fn a_change_with_a_cookie_says_which_page_it_comes_from() {
    let server = TestServer::start().await;
    let browser = silent_browser(&server).await;

    for (code, origin) in [
        ("A", &[("sec-fetch-site", "same-origin")][..]),
        ("B", &[("sec-fetch-site", "same-origin"), ("origin", OWN)]),
        ("C", &[("origin", OWN)]),
        ("D", &[("origin", "HTTPS://KITCHEN.LOCAL")]),
    ] {
        let reply = write(&browser, code, origin).await;
        let is_own = origin[0].1 != "HTTPS://KITCHEN.LOCAL";
        assert_eq!(reply.status, if is_own { 201 } else { 403 }, "{origin:?}: {}", reply.text());
    }
    write(&browser, "E", &[]).await.is_problem(403, "origin-missing");
    server.finish().await;
}

/// A51 of the list of attacks on updates.
#[tokio::test]
async fn a_foreign_page_changes_nothing_with_somebodys_cookie() {
    let server = TestServer::start_with(&[("server.cors_origins", PARTNER)]).await;
    let browser = silent_browser(&server).await;

    for origin in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "")],
        &[("sec-fetch-site", "cross-site"), ("origin", OWN)],
        &[("origin", FOREIGN)],
        &[("origin", "null")],
        &[("origin", "")],
        &[("origin", HOST)],
        &[("origin", "http://kitchen.local")],
        &[("origin", "https://kitchen.local:444")],
        &[("origin", "https://kitchen.local.evil.example")],
        &[("origin", "https://evil.example/https://kitchen.local")],
        // Pages that may call the API may not use somebody's cookie.
        &[("origin", PARTNER)],
        &[("origin", PARTNER), ("sec-fetch-site", "cross-site")],
    ] {
        write(&browser, "A", origin).await.is_problem(403, "origin-foreign");
    }
    assert_eq!(browser.get("/inventory/locations").await.is(200)["items"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn every_verb_that_changes_something_is_held_to_it_and_reading_is_not() {
    let server = TestServer::start().await;
    let browser = silent_browser(&server).await;
    let made = write(&browser, "A", &[("origin", OWN)]).await.is(201);
    let path = format!("/inventory/locations/{}", made["id"].as_str().unwrap());
    let foreign = [("origin", FOREIGN), ("sec-fetch-site", "cross-site"), ("if-match", "\"1\"")];

    for method in [Method::PUT, Method::DELETE] {
        let reply = browser.json(method, &path, &foreign, &shelf("B")).await;
        reply.is_problem(403, "origin-foreign");
    }
    for method in [Method::GET, Method::HEAD] {
        let reply = browser.send(method, &path, &foreign, Body::empty()).await;
        assert_eq!(reply.status, 200);
    }
    server.finish().await;
}

#[tokio::test]
async fn a_token_needs_no_page() {
    let server = TestServer::start().await;
    let program = server.person("manager").await;

    write(&program, "A", &[]).await.is(201);
    write(&program, "B", &[("origin", FOREIGN), ("sec-fetch-site", "cross-site")]).await.is(201);

    server.finish().await;
}

#[tokio::test]
async fn the_public_url_is_the_boxs_own_page_behind_a_proxy_that_renames_it() {
    let settings = [("server.public_url", "https://stock.example.com")];
    let server = TestServer::start_with(&settings).await;
    let browser = silent_browser(&server).await;
    let renamed = |origin: &'static str| [("host", "127.0.0.1:8080"), ("origin", origin)];

    write(&browser, "A", &renamed("https://stock.example.com")).await.is(201);
    for origin in ["http://stock.example.com", "https://stock.example.com:8443", FOREIGN] {
        write(&browser, "B", &renamed(origin)).await.is_problem(403, "origin-foreign");
    }
    server.finish().await;
}

#[tokio::test]
async fn plain_http_is_an_own_page_on_the_same_machine_only() {
    let server = TestServer::start().await;
    let browser = silent_browser(&server).await;

    for (code, host) in [("A", "localhost:8080"), ("B", "127.0.0.1:8080"), ("C", "[::1]:8080")] {
        let origin = format!("http://{host}");
        let reply = write(&browser, code, &[("host", host), ("origin", &origin)]).await;
        let is_known = host != "localhost:8080";
        assert_eq!(reply.status, if is_known { 201 } else { 421 }, "{host}");
    }
    let lan = [("host", "192.168.1.5"), ("origin", "http://192.168.1.5")];
    write(&browser, "D", &lan).await.is_problem(403, "origin-foreign");
    server.finish().await;
}

async fn preflight(client: &Client, origin: &str) -> Reply {
    let headers = [("origin", origin), ("access-control-request-method", "POST")];
    client.send(Method::OPTIONS, "/inventory/locations", &headers, Body::empty()).await
}

#[tokio::test]
async fn no_other_origin_may_call_the_api_by_default() {
    let server = TestServer::start().await;
    let program = server.person("viewer").await;

    let asked = preflight(&server.stranger(), PARTNER).await;
    let called =
        program.send(Method::GET, "/inventory/locations", &[("origin", PARTNER)], "").await;

    assert_ne!(asked.status, 204);
    called.is(200);
    for reply in [asked, called] {
        let granted: Vec<_> = reply
            .headers
            .keys()
            .filter(|name| name.as_str().starts_with("access-control"))
            .collect();
        assert!(granted.is_empty(), "{granted:?}");
    }
    server.finish().await;
}

#[tokio::test]
async fn exactly_the_configured_origins_may_call_the_api_and_never_with_a_cookie() {
    let server = TestServer::start_with(&[("server.cors_origins", PARTNER)]).await;
    let program = server.person("manager").await;

    let asked = preflight(&server.stranger(), PARTNER).await;
    let called =
        write(&program, "A", &[("origin", PARTNER), ("sec-fetch-site", "cross-site")]).await;

    assert_eq!(asked.status, 204);
    assert!(asked.header("access-control-allow-methods").unwrap().contains("POST"));
    let allowed = asked.header("access-control-allow-headers").unwrap();
    for header in ["authorization", "content-type", "if-match", "idempotency-key"] {
        assert!(allowed.contains(header), "{header}");
    }
    called.is(201);
    for reply in [&asked, &called] {
        assert_eq!(reply.header("access-control-allow-origin"), Some(PARTNER));
        assert_eq!(reply.header("access-control-allow-credentials"), None);
        assert!(reply.headers.get_all("vary").iter().any(|value| value == "Origin"));
    }
    for origin in [
        FOREIGN,
        "null",
        "http://partner.example",
        "https://partner.example:8443",
        "https://partner.example.evil.example",
        "https://PARTNER.example",
        "https://partner.example/",
    ] {
        let asked = preflight(&server.stranger(), origin).await;
        assert_eq!(asked.header("access-control-allow-origin"), None, "{origin}");
        assert_ne!(asked.status, 204, "{origin}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_refusal_is_readable_for_an_origin_that_may_call() {
    let server = TestServer::start_with(&[("server.cors_origins", PARTNER)]).await;

    let refusal = server.stranger().send(Method::GET, "/audit", &[("origin", PARTNER)], "").await;

    refusal.is_problem(401, "sign-in-needed");
    assert_eq!(refusal.header("access-control-allow-origin"), Some(PARTNER));
    server.finish().await;
}

#[tokio::test]
async fn the_box_answers_to_its_names_and_to_addresses_only() {
    let server = TestServer::start_with(&[("server.cors_origins", PARTNER)]).await;
    let viewer = server.person("viewer").await;
    let any = "/api/v1/workspaces";

    for host in [HOST, "KITCHEN.local:8443", "kitchen.local.", "192.168.1.5", "[fe80::1]:8443"] {
        viewer.send(Method::GET, any, &[("host", host)], "").await.is(200);
    }
    for host in [
        "evil.example",
        "kitchen.local.evil.example",
        "kitchen.local:8443@evil.example",
        "kitchen.local@evil.example",
        "someone@kitchen.local",
        "kitchen.local:evil.example",
        "[kitchen.local]",
        "2130706433",
        "",
    ] {
        let reply = viewer.send(Method::GET, any, &[("host", host)], "").await;
        reply.is_problem(421, "host-unknown");
    }
    let both = [("host", HOST), ("host", "evil.example")];
    viewer.send(Method::GET, any, &both, "").await.is_problem(400, "malformed");
    server.finish().await;
}

#[tokio::test]
async fn the_authority_of_http2_counts_before_the_host_and_preflights_are_no_exception() {
    let server = TestServer::start_with(&[("server.cors_origins", PARTNER)]).await;
    let viewer = server.person("viewer").await;

    for authority in ["evil.example", "kitchen.local@evil.example", "x:y@kitchen.local"] {
        let url = format!("http://{authority}/api/v1/workspaces");
        let reply = viewer.send(Method::GET, &url, &[], "").await;
        reply.is_problem(421, "host-unknown");
        let asked = [("origin", PARTNER), ("access-control-request-method", "POST")];
        let reply = viewer.send(Method::OPTIONS, &url, &asked, "").await;
        reply.is_problem(421, "host-unknown");
    }
    let url = "http://kitchen.local:8443/api/v1/workspaces";
    viewer.send(Method::GET, url, &[("host", "evil.example")], "").await.is(200);
    server.finish().await;
}

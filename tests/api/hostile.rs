//! Requests that nobody sends by mistake.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use http::Method;
use serde_json::json;

use crate::support::{TestServer, nothing};

#[tokio::test]
async fn a_request_id_is_taken_over_only_when_it_is_harmless() {
    let server = TestServer::start().await;
    let stranger = server.stranger();

    let id = "0193-abcdef-from-a-proxy";
    let kept = stranger.send(Method::GET, "/livez", &[("x-request-id", id)], "").await;
    assert_eq!(kept.header("x-request-id"), Some(id));

    for sent in
        ["short", "with space-in-it", "a\tb-c-d-e-f", "<script>alert</script>", &"a".repeat(65)]
    {
        let reply = stranger.send(Method::GET, "/livez", &[("x-request-id", sent)], "").await;
        assert_eq!(reply.header("x-request-id").map(str::len), Some(36), "{sent}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_host_that_only_begins_like_ours_is_refused() {
    let server = TestServer::start().await;
    let stranger = server.stranger();

    for host in ["kitchen.local:x@evil.example", "evil.example#kitchen.local", "kitchen.local,evil"]
    {
        let reply = stranger.send(Method::GET, "/livez", &[("host", host)], "").await;
        reply.is_problem(421, "host-unknown");
    }
    let two = [("host", "kitchen.local"), ("host", "evil.example")];
    stranger.send(Method::GET, "/livez", &two, "").await.is_problem(400, "malformed");
    let absolute =
        stranger.send(Method::GET, "http://kitchen.local@evil.example/livez", &[], "").await;
    absolute.is_problem(421, "host-unknown");
    server.finish().await;
}

#[tokio::test]
async fn odd_paths_lead_nowhere() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let id = server.workspace;

    for path in [
        "/api".to_owned(),
        "/api/".to_owned(),
        "/api/v1".to_owned(),
        "/api/v1/".to_owned(),
        "/api/v1/workspaces/".to_owned(),
        "/api/v1//workspaces".to_owned(),
        format!("/api/v1/workspaces/{id}/"),
        format!("/api/v1/workspaces/{id}%00"),
        format!("/api/v1/workspaces/{id}%2faudit"),
        format!("/api/v1/workspaces/{id}/%2e%2e/audit"),
        "/api/v1/workspaces/%ff".to_owned(),
        "/api/v1/workspaces/..%2f..".to_owned(),
    ] {
        owner.get(&path).await.is_problem(404, "not-found");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_verb_the_address_does_not_have_is_named_and_the_others_are_listed() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;

    for method in [Method::OPTIONS, Method::TRACE, Method::PUT] {
        let reply = viewer.send(method, "/api/v1/version", &[], "").await;
        reply.is_problem(405, "method-not-allowed");
        assert_eq!(reply.header("allow"), Some("GET,HEAD"));
    }
    server.finish().await;
}

#[tokio::test]
async fn head_says_what_get_would_say_without_a_body() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;

    for path in ["/api/v1/version", "/api/v1/openapi.json", "/api/v1/nothing", "/problems/busy"] {
        let get = viewer.get(path).await;
        let head = viewer.send(Method::HEAD, path, &[], "").await;

        assert_eq!(head.status, get.status, "{path}");
        assert!(head.bytes.is_empty(), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        let length = get.bytes.len().to_string();
        assert_eq!(head.header("content-length"), Some(length.as_str()), "{path}");
        assert_eq!(head.header("vary"), get.header("vary"), "{path}");
    }
    server.finish().await;
}

#[tokio::test]
async fn whoever_is_not_signed_in_hears_how_to_be() {
    let server = TestServer::start().await;

    let reply = server.stranger().get("/api/v1/me").await;

    assert_eq!(reply.header("www-authenticate"), Some("Bearer realm=\"holdfast\""));
    reply.is_problem(401, "sign-in-needed");
    server.finish().await;
}

#[tokio::test]
async fn long_text_is_compressed_and_short_text_is_not() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;
    let accepts = [("accept-encoding", "gzip, br, zstd")];

    let long = viewer.send(Method::GET, "/api/v1/openapi.json", &accepts, "").await;
    let short = viewer.send(Method::GET, "/api/v1/version", &accepts, "").await;
    let plain = viewer.get("/api/v1/openapi.json").await;

    assert_eq!(long.header("content-encoding"), Some("zstd"));
    assert_eq!(long.header("vary"), Some("Accept-Encoding"));
    let unpacked = zstd::bulk::decompress(&long.bytes, plain.bytes.len()).expect("zstd");
    assert_eq!(unpacked, plain.bytes);
    assert_eq!(short.header("content-encoding"), None);
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.header("vary"), Some("Accept-Encoding"));
    server.finish().await;
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_whatever_it_says_of_itself() {
    let server = TestServer::start_with(&[("server.body_size_bytes_max", "2048")]).await;
    let manager = server.person("manager").await;
    let long = json!({ "name": "x".repeat(3_000) }).to_string();
    let keyed = [("content-type", "application/json"), ("idempotency-key", "one")];

    let chunks: Vec<Result<_, std::io::Error>> =
        long.as_bytes().chunks(500).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    let unsaid = Body::from_stream(stream::iter(chunks));
    let said = manager.send(Method::POST, "/inventory/items", &keyed[..1], long.clone()).await;
    let unsaid = manager.send(Method::POST, "/inventory/items", &keyed[..1], unsaid).await;
    let with_key = manager.send(Method::POST, "/inventory/items", &keyed, long).await;

    for reply in [said, unsaid, with_key] {
        let problem = reply.is_problem(413, "too-large");
        assert!(!problem["detail"].as_str().expect("a sentence").contains(" 0 bytes"), "{problem}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_body_that_ends_early_is_malformed() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;

    for about in [
        &[("content-type", "application/json")][..],
        &[("content-type", "application/json"), ("idempotency-key", "one")],
    ] {
        let cut = stream::iter([
            Ok(Bytes::from_static(b"{\"name\":")),
            Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof)),
        ]);
        let reply =
            manager.send(Method::POST, "/inventory/items", about, Body::from_stream(cut)).await;
        reply.is_problem(400, "malformed");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_request_that_never_ends_is_answered_in_time() {
    let server = TestServer::start_with(&[("server.request_timeout_s", "1")]).await;
    let manager = server.person("manager").await;
    let never = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    let json = [("content-type", "application/json")];

    let reply = manager.send(Method::POST, "/inventory/items", &json, never).await;

    reply.is_problem(503, "timed-out");
    assert_eq!(reply.header("retry-after"), Some("5"));
    server.finish().await;
}

/// A photo over a line that takes minutes for it.
#[tokio::test]
async fn what_comes_slowly_is_waited_for_as_long_as_it_comes() {
    let server = TestServer::start_with(&[("server.request_timeout_s", "1")]).await;
    let manager = server.person("manager").await;
    let slow = |pieces: usize, apart: Duration| {
        Body::from_stream(stream::unfold(pieces, move |left| async move {
            let rest = left.checked_sub(1)?;
            tokio::time::sleep(apart).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), rest))
        }))
    };
    let json = [("content-type", "application/json")];
    let path = "/inventory/items";

    let tenth = Duration::from_millis(100);
    let late = manager.send(Method::POST, path, &json, slow(15, tenth)).await;
    // All of it is there, and no item.
    late.is_problem(400, "malformed");
    let stalled = manager.send(Method::POST, path, &json, slow(2, Duration::from_mins(1))).await;
    stalled.is_problem(503, "timed-out");
    server.finish().await;
}

#[tokio::test]
async fn strangers_are_counted_by_their_network_and_the_ui_is_not_counted() {
    let limits = [("limits.unauthenticated_burst", "3"), ("limits.unauthenticated_per_min", "1")];
    let server = TestServer::start_with(&limits).await;
    let stranger = server.stranger();

    for host in 1..=3 {
        let one = stranger.at(&format!("2001:db8:1:2::{host}"));
        one.get("/api/v1/version").await.is_problem(401, "sign-in-needed");
    }
    let again = stranger.at("2001:db8:1:2:ffff::9");

    again.get("/api/v1/version").await.is_problem(429, "too-many-requests");
    assert_eq!(again.get("/").await.status, 200);
    again.get("http://kitchen.local/assets/none.js").await.is_problem(404, "not-found");
    stranger.at("2001:db8:1:3::1").get("/api/v1/version").await.is_problem(401, "sign-in-needed");
    server.finish().await;
}

#[tokio::test]
async fn only_named_origins_may_ask_across() {
    let server = TestServer::start_with(&[("server.cors_origins", "https://shop.example")]).await;
    let viewer = server.person("viewer").await;
    let path = format!("/api/v1/workspaces/{}", nothing::<()>());

    let named = [("origin", "https://shop.example")];
    let asked = viewer.send(Method::OPTIONS, "/api/v1/workspaces", &named, "").await;
    let answered = viewer.send(Method::GET, &path, &named, "").await;
    assert_eq!(asked.status, 204);
    for reply in [&asked, &answered] {
        assert_eq!(reply.header("access-control-allow-origin"), Some("https://shop.example"));
        assert_eq!(reply.header("access-control-allow-credentials"), None);
    }

    for origin in
        ["https://shop.example.evil", "http://shop.example", "null", "https://SHOP.example"]
    {
        let reply =
            viewer.send(Method::OPTIONS, "/api/v1/workspaces", &[("origin", origin)], "").await;
        reply.is_problem(405, "method-not-allowed");
        assert_eq!(reply.header("access-control-allow-origin"), None, "{origin}");
    }
    server.finish().await;
}

/// A name may change hands on a LAN, so a browser is bound to HTTPS only by an own certificate.
#[tokio::test]
async fn browsers_are_bound_to_https_only_by_an_own_certificate() {
    let own = [
        ("tls.mode", "own"),
        ("tls.certificate", "/nowhere/certificate.pem"),
        ("tls.key", "/nowhere/key.pem"),
    ];
    let server = TestServer::start_with(&own).await;
    let reply = server.stranger().get("/livez").await;
    assert_eq!(reply.header("strict-transport-security"), Some("max-age=31536000"));
    server.finish().await;

    let server = TestServer::start().await;
    let reply = server.stranger().get("/livez").await;
    assert_eq!(reply.header("strict-transport-security"), None);
    server.finish().await;
}

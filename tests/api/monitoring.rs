//! Looking at the box from outside.

use std::sync::Arc;

use holdfast::platform::tls::{Source, box_names};
use http::Method;
use serde_json::Value;

use crate::support::{START, TestServer};

const TOKEN: &str = "a-monitoring-token-of-a-test";

fn with_token() -> [(&'static str, &'static str); 1] {
    [("monitoring.token", TOKEN)]
}

#[tokio::test]
async fn a_running_box_is_alive_and_ready() {
    let server = TestServer::start().await;
    let stranger = server.stranger();

    let alive = stranger.get("/livez").await;
    let ready = stranger.get("/readyz").await;

    assert_eq!(alive.is(200)["status"], "ok");
    assert_eq!(ready.is(200)["status"], "ready");
    assert_eq!(ready.header("cache-control"), Some("no-store"));
    server.finish().await;
}

#[tokio::test]
async fn a_stopping_box_is_alive_and_not_ready() {
    let server = TestServer::start().await;
    let stranger = server.stranger();

    server.platform.tasks.begin_stop();

    assert_eq!(stranger.get("/readyz").await.is(503)["status"], "stopping");
    assert_eq!(stranger.get("/health").await.is(503)["status"], "failing");
    assert_eq!(stranger.get("/livez").await.is(200)["status"], "ok");
    server.finish().await;
}

#[tokio::test]
async fn a_stranger_learns_only_whether_the_box_is_well() {
    let server = TestServer::start_with(&with_token()).await;

    let health = server.stranger().get("/health").await.is(200);

    let expected = serde_json::json!({
        "status": "ok", "timestamp": START.to_string(), "version": env!("CARGO_PKG_VERSION"),
    });
    assert_eq!(health, expected);
    server.finish().await;
}

#[tokio::test]
async fn operators_near_addresses_and_the_token_see_every_check() {
    let server = TestServer::start_with(&with_token()).await;
    let stranger = server.stranger();
    let bearer = format!("Bearer {TOKEN}");

    let seen = [
        server.operator().await.get("/health").await,
        stranger.at("127.0.0.1").get("/health").await,
        stranger.send(Method::GET, "/health", &[("authorization", &bearer)], "").await,
    ];

    for health in seen {
        let health = health.is(200);
        for name in ["api", "database", "disk", "certificate"] {
            assert_eq!(health["checks"][name]["status"], "ok", "{health}");
            assert!(health["checks"][name]["ms"].is_u64(), "{health}");
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn counters_are_for_operators_near_addresses_and_the_token() {
    let server = TestServer::start_with(&with_token()).await;
    let stranger = server.stranger();
    let bearer = format!("Bearer {TOKEN}");
    let wrong = format!("Bearer {TOKEN}x");

    stranger.get("/metrics").await.is_problem(401, "sign-in-needed");
    stranger.at("192.0.2.9").get("/metrics").await.is_problem(401, "sign-in-needed");
    stranger
        .send(Method::GET, "/metrics", &[("authorization", &wrong)], "")
        .await
        .is_problem(401, "sign-in-needed");
    server.person("owner").await.get("/metrics").await.is_problem(403, "forbidden");

    for seen in [
        server.operator().await.get("/metrics").await,
        stranger.at("::1").get("/metrics").await,
        stranger.send(Method::GET, "/metrics", &[("authorization", &bearer)], "").await,
    ] {
        assert_eq!(seen.status, 200);
        assert_eq!(seen.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        is_prometheus(&seen.text());
    }
    server.finish().await;
}

/// A proxy on this machine makes every sender look near, unless it is trusted to name them.
#[tokio::test]
async fn whoever_comes_through_an_untrusted_proxy_is_not_near() {
    let server = TestServer::start().await;
    let proxy = server.stranger().at("127.0.0.1");

    for header in ["x-forwarded-for", "forwarded", "via", "x-real-ip"] {
        let reply = proxy.send(Method::GET, "/metrics", &[(header, "127.0.0.1")], "").await;
        reply.is_problem(401, "sign-in-needed");
    }
    server.finish().await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_named_sender_counts() {
    let server = TestServer::start_with(&[("server.trusted_proxies", "127.0.0.1/32")]).await;
    let proxy = server.stranger().at("127.0.0.1");

    let far = proxy.send(Method::GET, "/metrics", &[("x-forwarded-for", "192.0.2.9")], "").await;
    let near = proxy.send(Method::GET, "/metrics", &[("x-forwarded-for", "::1")], "").await;

    far.is_problem(401, "sign-in-needed");
    assert_eq!(near.status, 200);
    server.finish().await;
}

/// Reads the text form: every line is a comment or a name of ours with a number.
fn is_prometheus(text: &str) {
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        let is_ours = name.starts_with("holdfast_") || name.starts_with("process_");
        assert!(is_ours, "{line}");
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    for name in [
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
        "process_open_fds",
        "holdfast_disk_free_bytes",
        "holdfast_workspaces_open",
        "holdfast_event_streams_open",
        "holdfast_write_queue_commands",
        "holdfast_commits_total",
        "holdfast_http_request_duration_seconds_bucket{route=\"/metrics\",method=\"GET\",le=\"1\"}",
        "holdfast_http_requests_total{route=\"/metrics\",method=\"GET\",code=\"401\"}",
    ] {
        assert!(text.contains(&format!("\n{name}")), "{name} is missing in {text}");
    }
}

#[tokio::test]
async fn a_certificate_that_its_keeper_complains_of_degrades_the_box() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start().await;
    server.show(Source::LocalCa {
        directory: folder.path().to_owned(),
        label: "kitchen".to_owned(),
        names: Box::new(|| box_names(&["kitchen.local".to_owned()])),
        secrets: Arc::clone(&server.platform.secrets),
    });
    let operator = server.operator().await;

    let well = operator.get("/health").await.is(200);
    server.advance(std::time::Duration::from_hours(31 * 24));
    // The token of the operator ended meanwhile as well.
    let ended = server.stranger().at("127.0.0.1").get("/health").await.is(503);

    assert_eq!(well["checks"]["certificate"]["status"], "ok", "{well}");
    assert_eq!(ended["checks"]["certificate"]["status"], "failing", "{ended}");
    server.finish().await;
}

#[tokio::test]
async fn operators_see_what_the_box_is_and_no_secret() {
    let server = TestServer::start_with(&with_token()).await;

    let shown = server.operator().await.get("/api/v1/box").await;

    let body = shown.is(200);
    assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(body["started_at"], START.to_string());
    assert_eq!(body["certificate"]["kind"], "proxy");
    assert_eq!(body["root_fingerprint"], Value::Null);
    assert_eq!(body["public_url"], Value::Null);
    for size in ["data_dir_free_bytes", "data_dir_size_bytes", "database_bytes", "rss_bytes"] {
        assert!(body[size].as_u64().is_some_and(|bytes| bytes > 0), "{size}: {body}");
    }
    let settings = body["config"].as_array().expect("settings");
    let setting = |key: &str| settings.iter().find(|one| one["key"] == key).expect("a setting");
    assert_eq!(setting("monitoring.token")["value"], Value::Null);
    assert_eq!(setting("monitoring.token")["origin"], "env HOLDFAST_MONITORING__TOKEN");
    assert_eq!(setting("server.request_timeout_s")["value"], 30);
    assert!(!shown.text().contains(TOKEN));
    server.finish().await;
}

#[tokio::test]
async fn only_operators_see_what_the_box_is() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;

    owner.get("/api/v1/box").await.is_problem(403, "forbidden");
    server.stranger().get("/api/v1/box").await.is_problem(401, "sign-in-needed");
    server.stranger().get("/api/v1/version").await.is_problem(401, "sign-in-needed");
    assert_eq!(owner.get("/api/v1/version").await.is(200)["version"], env!("CARGO_PKG_VERSION"));
    server.finish().await;
}

#[tokio::test]
async fn whoever_is_signed_in_sees_what_runs_and_under_which_licences() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;

    let about = viewer.get("/api/v1/about").await;
    let tag = about.header("etag").expect("a validator").to_owned();
    let again = viewer.send(Method::GET, "/api/v1/about", &[("if-none-match", &tag)], "").await;
    let about = about.is(200);

    assert_eq!(about["version"], env!("CARGO_PKG_VERSION"));
    let licences = about["licences"].as_array().expect("a list");
    let react = licences.iter().find(|one| one["name"] == "react").expect("the UI's library");
    assert_eq!((&react["kind"], &react["licence"]), (&"web".into(), &"MIT".into()));
    assert!(licences.iter().any(|one| one["kind"] == "rust" && one["name"] == "tokio"));
    assert_eq!(again.status, 304);
    server.stranger().get("/api/v1/about").await.is_problem(401, "sign-in-needed");
    server.finish().await;
}

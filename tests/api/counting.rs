//! What counts as a fault of the box, as a refused sign-in and as time that an answer took.

use std::io;
use std::time::{Duration, Instant};

use axum::body::Body;
use futures_util::stream;
use holdfast::platform::secret::Secret;
use http::Method;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::second_factor::{EMAIL, STEP, STEP_UP, WITH_TOTP, enrolled, waiting};
use crate::support::{Browser, Client, Counters, PASSWORD, TestServer, sample};

const ME: &str = "/api/v1/me";
const TOKENS: &str = "/api/v1/me/tokens";
/// Passwords that are hashed while somebody sends a body: longer than any answer of these takes.
const HASHES: usize = 5;

/// Numbers as this machine reads them.
async fn scrape(server: &TestServer) -> String {
    let reply = server.stranger().at("127.0.0.1").get("/metrics").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.text()
}

async fn number(server: &TestServer, series: &str) -> u64 {
    let text = scrape(server).await;
    let value = sample(&text, series).unwrap_or_else(|| panic!("no {series} in {text}"));
    value.parse().expect("a whole number")
}

#[expect(clippy::disallowed_methods, reason = "behind the back of the box")]
fn alter(server: &TestServer, sql: &str) {
    let file = rusqlite::Connection::open(server.folder().join("system.db")).expect("a file");
    file.execute_batch(sql).expect("a change");
}

#[tokio::test]
async fn only_what_the_box_failed_is_a_fault() {
    let server = TestServer::start_with(&[("server.request_timeout_s", "1")]).await;
    let admin = server.person("admin").await;
    let faults = async || number(&server, "holdfast_http_faults_total").await;
    let answers = async || number(&server, "holdfast_http_answers_total").await;
    assert_eq!((answers().await, faults().await), (0, 0), "they are there before the first");

    admin.get("/jobs").await.is(200);
    server.stranger().get(ME).await.is_problem(401, "sign-in-needed");
    let never = Body::from_stream(stream::pending::<Result<&str, io::Error>>());
    let json = [("content-type", "application/json")];
    let late = admin.send(Method::POST, "/jobs", &json, never).await;
    late.is_problem(503, "timed-out");
    assert_eq!(faults().await, 0, "somebody who sends nothing is no fault of the box");
    alter(&server, "ALTER TABLE jobs RENAME TO jobs_away");
    admin.get("/jobs").await.is_problem(500, "internal");
    assert_eq!(faults().await, 1);
    alter(&server, "ALTER TABLE jobs_away RENAME TO jobs");
    let operator = server.operator().await;
    server.platform.tasks.begin_stop();
    assert_eq!(server.stranger().get("/readyz").await.status, 503);
    assert_eq!(server.stranger().get("/health").await.status, 503);

    assert_eq!(faults().await, 1, "a probe that says no is none");
    // One look at both, three at faults alone, and six of others.
    assert_eq!(answers().await, 2 + 3 + 6);
    let kept = operator.get("/api/v1/errors").await.is(200);
    assert_eq!(kept["items"].as_array().map(Vec::len), Some(1), "{kept}");
    server.finish().await;
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_left_out_instead_of_told_as_it_was() {
    let server = TestServer::start().await;
    let looked_up = [
        "holdfast_jobs_failed",
        "holdfast_jobs_waiting",
        "holdfast_backup_troubles",
        "holdfast_backup_set_up_timestamp_seconds",
        "holdfast_workspaces_damaged",
        "holdfast_stability_grade{part=\"jobs\"}",
    ];
    let readable = "holdfast_box_file_readable";
    let before = scrape(&server).await;

    alter(&server, "ALTER TABLE jobs RENAME TO jobs_away");
    let meanwhile = scrape(&server).await;
    alter(&server, "ALTER TABLE jobs_away RENAME TO jobs");
    let after = scrape(&server).await;

    for text in [&before, &after] {
        assert_eq!(sample(text, readable), Some("1"));
        let is_missing = |name: &&&str| sample(text, name).is_none();
        let missing: Vec<_> = looked_up.iter().filter(is_missing).collect();
        assert!(missing.is_empty(), "{missing:?} are not in {text}");
    }
    assert_eq!(sample(&meanwhile, readable), Some("0"));
    for name in looked_up {
        assert_eq!(sample(&meanwhile, name), None, "an old value of {name} is told");
    }
    assert!(sample(&meanwhile, "holdfast_stability_score").is_some());
    assert!(sample(&meanwhile, "process_open_fds").is_some());
    server.finish().await;
}

/// Sends a body only after much else was done, and gives how long that took.
async fn slowly(server: &TestServer, client: &Client, path: &str, body: &Value) -> Duration {
    let (waits, is_waiting) = oneshot::channel();
    let (release, is_released) = oneshot::channel::<()>();
    let text = body.to_string();
    let body = stream::once(async move {
        waits.send(()).expect("the test listens");
        is_released.await.map(|()| text).map_err(io::Error::other)
    });
    let json = [("content-type", "application/json")];
    let request = client.send(Method::POST, path, &json, Body::from_stream(body));
    let meanwhile = async {
        is_waiting.await.expect("the box reads the body");
        let began = Instant::now();
        let in_flight = server.platform.watching.traffic.in_flight();
        assert_eq!(in_flight, 1, "it is worked on while its body comes");
        let platform = &server.platform;
        for _ in 0..HASHES {
            let password = Secret::new(PASSWORD);
            platform.passwords.hash(&platform.random, password).await.expect("a hash");
        }
        let took = began.elapsed();
        release.send(()).expect("the body is awaited");
        took
    };
    let (reply, took) = tokio::join!(request, meanwhile);
    assert!(reply.status.is_success() || reply.status == 401, "{}", reply.text());
    took
}

#[tokio::test]
async fn the_time_in_which_somebody_sends_a_body_is_not_the_boxs() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let shelf = json!({ "code": "A", "name": "Shelf" });
    let code = json!({ "code": "000000" });
    let traffic = &server.platform.watching.traffic;

    for (client, path, body) in [
        (manager, "/inventory/locations", &shelf),
        // A stranger's body has other bounds.
        (server.stranger(), WITH_TOTP, &code),
    ] {
        let before = traffic.counted().times;
        let sending = slowly(&server, &client, path, body).await;
        let counted = traffic.counted().times.since(&before);

        assert_eq!(counted.total(), 1, "{path}");
        let told = Duration::from_micros(counted.sum_us);
        assert!(told < sending, "{path}: {told:?} of an answer, {sending:?} of sending");
        assert_eq!(traffic.in_flight(), 0, "{path}");
    }
    let in_flight = number(&server, "holdfast_http_requests_in_flight").await;
    assert_eq!(in_flight, 1, "the scrape itself");
    server.finish().await;
}

#[tokio::test]
async fn a_personal_token_that_is_not_good_any_more_is_a_refused_sign_in() {
    let counters = Counters::start();
    let server =
        TestServer::start_with(&[("monitoring.token", "the-token-of-the-monitoring")]).await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let _here = counters.listen();
    let make = async || {
        let wish = json!({ "name": "Scale", "expires_in_days": 1 });
        let made = browser.post(TOKENS, &wish).await.is(201);
        let text = |name: &str| made[name].as_str().expect("a text").to_owned();
        (text("id"), text("token"))
    };
    let with = async |token: &str, path: &str| {
        let bearer = format!("Bearer {token}");
        server.stranger().send(Method::GET, path, &[("authorization", &bearer)], "").await.status
    };
    let ((revoked_id, revoked), (_, ended)) = (make().await, make().await);

    assert_eq!(with(&revoked, ME).await, 200);
    assert_eq!(with("the-token-of-the-monitoring", "/metrics").await, 200);
    browser.post("/api/v1/auth/logout", &Value::Null).await.is(204);
    browser.get(ME).await.is_problem(401, "sign-in-needed");
    assert_eq!(counters.refused("token"), 0, "what is good, or no personal token, is none");
    browser.sign_in(EMAIL, PASSWORD).await.is(200);
    browser.delete(&format!("{TOKENS}/{revoked_id}")).await.is(204);
    assert_eq!(with(&revoked, ME).await, 401);
    assert_eq!(counters.refused("token"), 1);
    server.advance(Duration::from_hours(24));
    assert_eq!(with(&ended, ME).await, 401);
    assert_eq!(with("hfp_nothing", ME).await, 401);
    assert_eq!(with(&ended, "/health").await, 200);

    assert_eq!(counters.refused("token"), 4);
    for reason in ["password", "second-factor", "program", "link", "throttled"] {
        assert_eq!(counters.refused(reason), 0, "{reason}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_network_that_has_to_wait_is_a_refused_sign_in() {
    let counters = Counters::start();
    let server = TestServer::start_with(&[("limits.sign_in_failures_burst", "1")]).await;
    let _here = counters.listen();
    let neighbour = server.stranger().at("198.51.100.7");
    let refresh = json!({ "grant_type": "refresh_token", "refresh_token": "hfr_nothing" });
    let link = json!({ "token": "nothing" });
    let counts = |reasons: [&str; 2]| reasons.map(|reason| counters.refused(reason));

    Browser::new(neighbour.clone()).sign_in("a@example.com", "x").await.is(401);
    assert_eq!(counts(["password", "throttled"]), [1, 0]);
    Browser::new(neighbour.clone()).sign_in("b@example.com", "x").await.is(429);
    assert_eq!(counts(["password", "throttled"]), [1, 1]);
    neighbour.post("/api/v1/auth/reset/inspect", &link).await.is(404);
    assert_eq!(counts(["link", "throttled"]), [1, 1]);
    neighbour.post("/api/v1/auth/reset/inspect", &link).await.is(429);
    assert_eq!(counts(["link", "throttled"]), [1, 2]);
    neighbour.post("/api/v1/auth/token", &refresh).await.is(400);
    assert_eq!(counts(["program", "throttled"]), [1, 2]);
    neighbour.post("/api/v1/auth/token", &refresh).await.is(429);

    assert_eq!(counts(["program", "throttled"]), [1, 3]);
    assert_eq!(counts(["token", "second-factor"]), [0, 0]);
    server.finish().await;
}

#[tokio::test]
async fn a_wrong_proof_of_somebody_who_is_signed_in_is_no_refused_sign_in() {
    let counters = Counters::start();
    let server = TestServer::start().await;
    let (app, _) = enrolled(&server).await;
    let _here = counters.listen();
    let step_ups = || counters.of("holdfast_step_up_failures_total");
    let wrong = json!({ "code": "000000" });

    let browser = waiting(&server).await;
    browser.post(WITH_TOTP, &wrong).await.is(422);
    assert_eq!((counters.refused("second-factor"), step_ups()), (1, 0));
    let right = json!({ "code": app.code(server.clock.now()) });
    browser.post(WITH_TOTP, &right).await.is(200);
    server.advance(STEP);
    browser.post(STEP_UP, &wrong).await.is(422);
    assert_eq!((counters.refused("second-factor"), step_ups()), (1, 1));
    let change = json!({ "current": "x", "new": "quiet harbour thistle kayak" });
    browser.put("/api/v1/me/password", &change).await.is(422);

    assert_eq!(step_ups(), 2);
    for reason in ["password", "token", "program", "link", "throttled"] {
        assert_eq!(counters.refused(reason), 0, "{reason}");
    }
    server.finish().await;
}

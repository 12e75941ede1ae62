//! Signing in with a second factor.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use super::{EMAIL, LOGIN, STEP, WITH_BACKUP, WITH_TOTP, enrolled, waiting};
use crate::support::{Browser, PASSWORD, TestServer};

const PENDING: &str = "__Host-hf_pending";

#[tokio::test]
async fn the_password_alone_opens_nothing() {
    let server = TestServer::start().await;
    let (app, _) = enrolled(&server).await;
    let browser = server.browser();

    let reply = browser.sign_in(EMAIL, PASSWORD).await;

    let body = reply.is(200);
    assert_eq!(body, json!({ "mfa_required": true, "methods": ["totp", "backup"] }));
    let cookie = reply.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with(PENDING) && cookie.contains("Max-Age=300;"), "{cookie}");
    assert_eq!(browser.session(), None);
    browser.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    let code = json!({ "code": app.code(server.clock.now()) });
    let signed_in = browser.post(WITH_TOTP, &code).await.is(200);
    assert_eq!(signed_in["user"]["email"], EMAIL);
    browser.get("/api/v1/me").await.is(200);
    let again = browser.post(WITH_TOTP, &code).await;
    again.is_problem(401, "sign-in-again");
    server.finish().await;
}

#[tokio::test]
async fn a_wrong_password_says_nothing_of_a_factor() {
    let server = TestServer::start().await;
    enrolled(&server).await;
    let mut answers = Vec::new();

    for (email, password) in [(EMAIL, "wrong"), ("nobody@example.com", PASSWORD)] {
        let reply = server.browser().sign_in(email, password).await;
        assert_eq!(reply.header("set-cookie"), None);
        let mut problem = reply.is_problem(401, "sign-in-failed");
        problem["instance"] = json!("");
        answers.push(problem);
    }

    assert_eq!(answers[0], answers[1]);
    server.finish().await;
}

#[tokio::test]
async fn a_code_is_good_once_whatever_it_is_used_for() {
    let server = TestServer::start().await;
    let (app, _) = enrolled(&server).await;
    let code = json!({ "code": app.code(server.clock.now()) });
    let first = waiting(&server).await;
    let second = waiting(&server).await;

    first.post(WITH_TOTP, &code).await.is(200);

    second.post(WITH_TOTP, &code).await.is_field_problem("code", "code-used");
    first.post("/api/v1/auth/step-up", &code).await.is_problem(422, "code-used");
    server.advance(STEP);
    let next = json!({ "code": app.code(server.clock.now()) });
    second.post(WITH_TOTP, &next).await.is(200);
    assert_eq!(server.box_counts().await["identity.factor.refused"], 2);
    server.finish().await;
}

#[tokio::test]
async fn of_a_hundred_at_once_one_gets_in() {
    let server = TestServer::start().await;
    let (app, _) = enrolled(&server).await;
    let code = json!({ "code": app.code(server.clock.now()) });
    let browser = waiting(&server).await;
    let copies: Vec<Browser> = (0..100).map(|_| browser.copy()).collect();

    let replies = join_all(copies.iter().map(|one| one.post(WITH_TOTP, &code))).await;

    let statuses: Vec<u16> = replies.iter().map(|one| one.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|one| **one == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|one| [200, 401, 422, 429].contains(one)), "{statuses:?}");
    assert_eq!(server.box_counts().await["identity.session.started"], 2);
    server.finish().await;
}

#[tokio::test]
async fn of_a_hundred_sessions_that_prove_themselves_with_one_code_one_does() {
    let server = TestServer::start_with(&[("limits.sign_in_failures_burst", "1000")]).await;
    let (app, _) = enrolled(&server).await;
    let browser = waiting(&server).await;
    let code = json!({ "code": app.code(server.clock.now()) });
    browser.post(WITH_TOTP, &code).await.is(200);
    server.advance(STEP);
    let code = json!({ "code": app.code(server.clock.now()) });
    let copies: Vec<Browser> = (0..100).map(|_| browser.copy()).collect();

    let step_up = "/api/v1/auth/step-up";
    let replies = join_all(copies.iter().map(|one| one.post(step_up, &code))).await;

    let right = replies.iter().filter(|one| one.status == 200).count();
    assert_eq!(right, 1);
    assert_eq!(server.box_counts().await["identity.session.elevated"], 1);
    server.finish().await;
}

#[tokio::test]
async fn five_wrong_codes_end_the_sign_in() {
    let server = TestServer::start_with(&[("limits.sign_in_failures_burst", "1000")]).await;
    let (app, codes) = enrolled(&server).await;
    let browser = waiting(&server).await;
    for code in ["000000", "x", "12", "0-AAAA-AAAA-AAAA-AAAA", "999999"] {
        let refused = browser.post(WITH_TOTP, &json!({ "code": code })).await;
        refused.is_field_problem("code", "wrong-code");
    }

    let right = json!({ "code": app.code(server.clock.now()) });
    let refused = browser.post(WITH_TOTP, &right).await;
    let on_paper = browser.post(WITH_BACKUP, &json!({ "code": codes[0] })).await;

    refused.is_problem(401, "sign-in-again");
    on_paper.is_problem(401, "sign-in-again");
    let again = waiting(&server).await;
    let waits = again.post(WITH_TOTP, &right).await;
    waits.is_problem(429, "sign-in-throttled");
    assert_eq!(waits.header("retry-after"), Some("1"));
    server.advance(Duration::from_secs(1));
    again.post(WITH_TOTP, &right).await.is(200);
    assert_eq!(server.box_counts().await["identity.factor.refused"], 5);
    server.finish().await;
}

#[tokio::test]
async fn a_sign_in_waits_for_five_minutes() {
    let server = TestServer::start().await;
    let (app, _) = enrolled(&server).await;
    let in_time = waiting(&server).await;
    let too_late = waiting(&server).await;

    server.advance(Duration::from_secs(299));
    let code = json!({ "code": app.code(server.clock.now()) });
    in_time.post(WITH_TOTP, &code).await.is(200);
    server.advance(Duration::from_secs(1));

    let code = json!({ "code": app.code(server.clock.now().plus(STEP)) });
    too_late.post(WITH_TOTP, &code).await.is_problem(401, "sign-in-again");
    let nobody = server.browser().post(WITH_TOTP, &code).await;
    nobody.is_problem(401, "sign-in-again");
    server.finish().await;
}

#[tokio::test]
async fn a_backup_code_works_once_however_it_is_typed() {
    let server = TestServer::start().await;
    let (_, codes) = enrolled(&server).await;
    let typed = codes[7].to_lowercase().replace('-', " ");

    waiting(&server).await.post(WITH_BACKUP, &json!({ "code": typed })).await.is(200);
    let again = waiting(&server).await.post(WITH_BACKUP, &json!({ "code": codes[7] })).await;
    let exchanged = format!("6{}", &codes[7][1..]);
    let moved = waiting(&server).await.post(WITH_BACKUP, &json!({ "code": exchanged })).await;
    let other = waiting(&server).await;
    other.post(WITH_BACKUP, &json!({ "code": codes[0] })).await.is(200);

    again.is_field_problem("code", "code-used");
    moved.is_field_problem("code", "wrong-code");
    assert_eq!(other.get("/api/v1/me/mfa").await.is(200)["backup_codes_left"], 8);
    assert_eq!(server.box_counts().await["identity.factor.code_used"], 2);
    server.finish().await;
}

#[tokio::test]
async fn a_password_changed_meanwhile_ends_the_sign_in() {
    let server = TestServer::start().await;
    let (app, _) = enrolled(&server).await;
    let browser = waiting(&server).await;
    let other = waiting(&server).await;
    let code = json!({ "code": app.code(server.clock.now()) });
    other.post(WITH_TOTP, &code).await.is(200);
    let body = json!({ "current": PASSWORD, "new": "quiet harbour thistle kayak" });
    other.put("/api/v1/me/password", &body).await.is(204);

    server.advance(STEP);
    let code = json!({ "code": app.code(server.clock.now()) });
    let refused = browser.post(WITH_TOTP, &code).await;

    refused.is_problem(401, "sign-in-again");
    server.finish().await;
}

#[tokio::test]
async fn guessing_codes_delays_strangers_and_not_the_own_browser() {
    let server = TestServer::start_with(&[("limits.sign_in_failures_burst", "1000")]).await;
    let (app, _) = enrolled(&server).await;
    let own = waiting(&server).await;
    own.post(WITH_TOTP, &json!({ "code": app.code(server.clock.now()) })).await.is(200);
    own.post("/api/v1/auth/logout", &Value::Null).await.is(204);
    server.advance(STEP);
    let code = json!({ "code": app.code(server.clock.now()) });

    let thief = waiting(&server).await;
    for _ in 0..5 {
        let refused = thief.post(WITH_TOTP, &json!({ "code": "000000" })).await;
        refused.is_problem(422, "wrong-code");
    }
    let thief = waiting(&server).await;
    thief.post(WITH_TOTP, &code).await.is_problem(429, "sign-in-throttled");

    own.sign_in(EMAIL, PASSWORD).await.is(200);
    own.post(WITH_TOTP, &code).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_foreign_page_cannot_end_a_sign_in() {
    let server = TestServer::start().await;
    let (app, _) = enrolled(&server).await;
    let browser = waiting(&server).await;
    let code = json!({ "code": app.code(server.clock.now()) });

    let headers = [("sec-fetch-site", "cross-site")];
    let refused = browser.exchange(Method::POST, WITH_TOTP, &headers, &code).await;
    let planted = server.stranger().json(Method::POST, LOGIN, &headers, &json!({})).await;

    refused.is_problem(403, "origin-foreign");
    planted.is_problem(403, "origin-foreign");
    browser.post(WITH_TOTP, &code).await.is(200);
    server.finish().await;
}

//! Clocks that are an hour off: the box's own, and those of phones and programs.

use std::sync::atomic::Ordering;
use std::time::Duration;

use holdfast::platform::clock::Clock;
use serde_json::{Value, json};

use crate::programs::{
    ACCOUNTS, ME, Pair, by_assertion, draft, issuer, refresh, refused, sign_in, text, with,
};
use crate::second_factor::{EMAIL, WITH_TOTP, enrolled, waiting};
use crate::support::{PASSWORD, TestServer};

const HOUR: Duration = Duration::from_hours(1);

fn set_back(server: &TestServer, by: Duration) {
    let Clock::Fixed(at) = &server.clock else { panic!("the clock of tests stands still") };
    at.fetch_sub(i64::try_from(by.as_millis()).expect("a moment"), Ordering::SeqCst);
}

#[tokio::test]
async fn a_phone_an_hour_off_opens_nothing_and_locks_nobody_out() {
    let server = TestServer::start().await;
    let (app, _) = enrolled(&server).await;
    let now = server.clock.now();
    let browser = waiting(&server).await;

    for moment in [now.minus(HOUR), now.plus(HOUR)] {
        let code = json!({ "code": app.code(moment) });
        browser.post(WITH_TOTP, &code).await.is_problem(422, "wrong-code");
    }

    let code = json!({ "code": app.code(now) });
    browser.post(WITH_TOTP, &code).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn an_assertion_of_a_program_an_hour_off_is_refused_and_uses_nothing_up() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let pair = Pair::new();
    let made = admin
        .post(ACCOUNTS, &draft(&server, &json!({ "public_key": pair.public() })))
        .await
        .is(201);
    let (id, issuer) = (text(&made["id"]), issuer(&server).await);
    let client = server.stranger();
    let at = |earlier_s: i64| {
        let now = server.clock.now().0 / 1_000 - earlier_s;
        json!({ "jti": "always the same", "iat": now, "nbf": now, "exp": now + 120 })
    };

    for (earlier_s, code) in [(3_600, "assertion-expired"), (-3_600, "assertion-early")] {
        let assertion = pair.assertion(&server, &id, &issuer, &at(earlier_s));
        by_assertion(&client, &assertion).await.is_problem(401, code);
    }

    assert_eq!(refused(&server).await.len(), 2, "each is noted by its code");
    let good = pair.assertion(&server, &id, &issuer, &at(0));
    by_assertion(&client, &good).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_box_that_is_set_back_an_hour_keeps_people_and_programs() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let issued = sign_in(&server, EMAIL, PASSWORD).await.is(200);
    let client = server.stranger();
    let access = text(&issued["access_token"]);
    with(&client, &access, ME).await.is(200);

    set_back(&server, HOUR);
    let early = with(&client, &access, ME).await;
    browser.get(ME).await.is(200);
    let anew = refresh(&server, &text(&issued["refresh_token"])).await.is(200);

    early.is_problem(401, "access-token-early");
    with(&client, &text(&anew["access_token"]), ME).await.is(200);
    server.browser().sign_in(EMAIL, PASSWORD).await.is(200);
    server.browser().sign_in(EMAIL, "wrong").await.is_problem(401, "sign-in-failed");
    // Back where it was: what was given before is as good as ever.
    server.advance(HOUR);
    browser.get(ME).await.is(200);
    with(&client, &access, ME).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_box_that_is_set_on_an_hour_ends_only_what_is_short() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let issued = sign_in(&server, EMAIL, PASSWORD).await.is(200);
    let client = server.stranger();

    server.advance(HOUR);

    browser.get(ME).await.is(200);
    let over = with(&client, &text(&issued["access_token"]), ME).await;
    over.is_problem(401, "access-token-expired");
    let anew = refresh(&server, &text(&issued["refresh_token"])).await.is(200);
    with(&client, &text(&anew["access_token"]), ME).await.is(200);
    assert_ne!(anew["refresh_token"], Value::Null);
    server.finish().await;
}

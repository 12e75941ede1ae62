//! Signing in with a passkey, and what a loss does to it.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{ASK, EMAIL, FINISH, ORIGIN, add, count, named_box, options, waiting, with_passkey};
use crate::support::{Authenticator, PASSWORD};

#[tokio::test]
async fn a_passkey_ends_a_waiting_sign_in() {
    let server = named_box().await;
    let mut device = with_passkey(&server).await;
    let browser = server.browser();

    let answer = browser.sign_in(EMAIL, PASSWORD).await.is(200);
    let asked = options(&browser, ASK).await;
    let proof = device.get(&asked);
    let signed_in = browser.post(FINISH, &json!({ "credential": proof })).await.is(200);

    assert_eq!(
        answer,
        json!({
            "mfa_required": true, "methods": ["backup", "passkey"], "passkeys_origin": ORIGIN,
        })
    );
    assert_eq!((&asked["rpId"], &asked["timeout"]), (&json!("kitchen.local"), &json!(300_000)));
    assert_eq!(signed_in["user"]["email"], EMAIL);
    let factors = browser.get("/api/v1/me/mfa").await.is(200);
    assert_eq!(factors["passkeys"][0]["last_used_at"], "2026-11-21T06:00:00.000Z");
    assert_eq!(count(&server, "identity.factor.refused").await, 0);
    server.finish().await;
}

#[tokio::test]
async fn a_device_that_does_not_count_goes_on_working() {
    let server = named_box().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let mut device = Authenticator::new(ORIGIN);
    add(&browser, &mut device, "Synced").await;

    for _ in 0..3 {
        let browser = waiting(&server).await;
        let proof = device.get(&options(&browser, ASK).await);
        browser.post(FINISH, &json!({ "credential": proof })).await.is(200);
    }

    assert_eq!(device.count, 0);
    server.finish().await;
}

#[tokio::test]
async fn by_address_the_name_is_told_instead() {
    let server = named_box().await;
    with_passkey(&server).await;
    let browser = waiting(&server).await;
    let by_address = [("host", "192.168.1.5")];

    let refused = browser.send(Method::POST, ASK, &by_address, &Value::Null).await;

    assert_eq!(refused.is_problem(409, "passkeys-need-name")["passkeys_origin"], ORIGIN);
    server.finish().await;
}

#[tokio::test]
async fn nobody_is_asked_before_the_password_was_right() {
    let server = named_box().await;
    let mut device = with_passkey(&server).await;
    let stranger = server.browser();

    stranger.post(ASK, &Value::Null).await.is_problem(401, "sign-in-again");
    let browser = waiting(&server).await;
    let proof = json!({ "credential": device.get(&options(&browser, ASK).await) });
    stranger.post(FINISH, &proof).await.is_problem(401, "sign-in-again");

    browser.post(FINISH, &proof).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn whoever_has_no_passkey_is_not_asked_for_one() {
    let server = named_box().await;
    with_passkey(&server).await;
    let browser = server.signed_in("ivo@example.com", "manager").await;

    let refused = browser.post(super::ASK_STEP_UP, &Value::Null).await;

    refused.is_problem(409, "no-passkey");
    server.finish().await;
}

#[tokio::test]
async fn a_loss_drops_passkeys_as_well() {
    let server = named_box().await;
    let mut device = with_passkey(&server).await;
    let browser = waiting(&server).await;
    browser.post("/api/v1/auth/mfa/help", &Value::Null).await.is(202);
    let admin = server.browser_of(server.user("admin").await).await;
    let requests = admin.get("/api/v1/mfa-requests").await.is(200);
    let id = requests["items"][0]["id"].as_str().expect("a request").to_owned();
    admin.post(&format!("/api/v1/mfa-requests/{id}/approve"), &Value::Null).await.is(204);

    let browser = server.browser();
    let signed_in = browser.sign_in(EMAIL, PASSWORD).await.is(200);

    assert_eq!(signed_in["user"]["email"], EMAIL);
    let factors = browser.get("/api/v1/me/mfa").await.is(200);
    assert_eq!((&factors["passkeys"], &factors["must_enrol"]), (&json!([]), &json!(true)));
    add(&browser, &mut device, "The same phone").await;
    browser.get("/api/v1/workspaces").await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_passkey_elevates_only_the_session_that_was_asked() {
    let server = named_box().await;
    let mut device = with_passkey(&server).await;
    let mut browsers = Vec::new();
    for _ in 0..2 {
        let browser = waiting(&server).await;
        let proof = device.get(&options(&browser, ASK).await);
        browser.post(FINISH, &json!({ "credential": proof })).await.is(200);
        browsers.push(browser);
    }
    server.advance(Duration::from_mins(11));

    let proof = device.get(&options(&browsers[0], super::ASK_STEP_UP).await);
    let proof = json!({ "credential": proof });
    let refused = browsers[1].post(super::STEP_UP, &proof).await;
    let elevated = browsers[0].post(super::STEP_UP, &proof).await;

    refused.is_problem(422, "passkey-challenge-over");
    assert_eq!(elevated.is(200)["elevated_until"], "2026-11-21T06:21:00.000Z");
    assert_eq!(count(&server, "identity.session.elevated").await, 1);
    server.finish().await;
}

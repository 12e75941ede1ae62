//! Passkeys: setting them up, signing in and proving oneself with them, and every attack on them.

mod attacks;
mod enrolment;
mod signing_in;

use serde_json::{Value, json};

use crate::support::{Authenticator, Browser, PASSWORD, TestServer};

pub const EMAIL: &str = "mira@example.com";
pub const ORIGIN: &str = "https://kitchen.local";
pub const PASSKEYS: &str = "/api/v1/me/mfa/passkeys";
pub const ADDING: &str = "/api/v1/me/mfa/passkeys/start";
pub const ASK: &str = "/api/v1/auth/mfa/passkey/start";
pub const FINISH: &str = "/api/v1/auth/mfa/passkey";
pub const STEP_UP: &str = "/api/v1/auth/step-up";
pub const ASK_STEP_UP: &str = "/api/v1/auth/step-up/passkey/start";

/// A box that has a name for passkeys.
pub async fn named_box() -> TestServer {
    TestServer::start_with(&[
        ("server.public_url", ORIGIN),
        ("limits.sign_in_failures_burst", "1000"),
    ])
    .await
}

/// What a browser hands on to the device.
pub async fn options(browser: &Browser, path: &str) -> Value {
    browser.post(path, &Value::Null).await.is(200)["options"].clone()
}

/// Sets a passkey up and gives the answer.
pub async fn add(browser: &Browser, device: &mut Authenticator, name: &str) -> Value {
    let made = device.create(&options(browser, ADDING).await);
    browser.post(PASSKEYS, &json!({ "name": name, "credential": made })).await.is(201)
}

/// Somebody with a passkey that counts its uses, who is signed in nowhere.
pub async fn with_passkey(server: &TestServer) -> Authenticator {
    let browser = server.signed_in(EMAIL, "manager").await;
    let mut device = Authenticator::new(ORIGIN);
    device.count = 1;
    add(&browser, &mut device, "Phone").await;
    browser.post("/api/v1/auth/logout", &Value::Null).await.is(204);
    device
}

/// A browser whose password was right.
pub async fn waiting(server: &TestServer) -> Browser {
    let browser = server.browser();
    let answer = browser.sign_in(EMAIL, PASSWORD).await.is(200);
    assert_eq!(answer["mfa_required"], true);
    browser
}

/// What the box counted of an action.
pub async fn count(server: &TestServer, action: &str) -> usize {
    server.box_counts().await.get(action).copied().unwrap_or_default()
}

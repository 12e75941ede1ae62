//! The second factor: who needs one and when, how it is set up, signing in with it, and what a
//! fresh proof is needed for.

mod enrolment;
mod independent;
mod loss;
mod requirement;
mod signing_in;
mod step_up;

use std::time::Duration;

use holdfast::platform::clock::Moment;
use holdfast::platform::identity::factors::totp::{code_of, step_at};
use serde_json::{Value, json};

use crate::support::{Browser, PASSWORD, TestServer};

pub const EMAIL: &str = "mira@example.com";
pub const LOGIN: &str = "/api/v1/auth/login";
pub const TOTP: &str = "/api/v1/me/mfa/totp";
pub const CONFIRM: &str = "/api/v1/me/mfa/totp/confirm";
pub const STEP_UP: &str = "/api/v1/auth/step-up";
pub const WITH_TOTP: &str = "/api/v1/auth/mfa/totp";
pub const WITH_BACKUP: &str = "/api/v1/auth/mfa/backup";
pub const STEP: Duration = Duration::from_secs(30);

/// Somebody's phone.
#[derive(Clone)]
pub struct App(Vec<u8>);

impl App {
    /// Reads what is typed where no camera is.
    pub fn of(secret: &str) -> Self {
        let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
        for letter in secret.bytes() {
            let digit = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'2'..=b'7' => letter - b'2' + 26,
                other => panic!("{other} is no base32"),
            };
            held = held << 5 | u32::from(digit);
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push((held >> bits & 255).try_into().expect("a byte"));
            }
        }
        Self(bytes)
    }

    pub fn code(&self, now: Moment) -> String {
        code_of(&self.0, step_at(now))
    }
}

/// Sets up an authenticator app and gives it with the backup codes.
pub async fn enrol(server: &TestServer, browser: &Browser) -> (App, Vec<String>) {
    let begun = browser.post(TOTP, &Value::Null).await.is(201);
    let app = App::of(begun["secret"].as_str().expect("a secret"));
    let code = app.code(server.clock.now());
    let confirmed = browser.post(CONFIRM, &json!({ "code": code })).await.is(200);
    let codes = confirmed["backup_codes"].as_array().expect("codes").iter();
    (app, codes.map(|one| one.as_str().expect("a code").to_owned()).collect())
}

/// Somebody with an app, who is signed in nowhere; the code of now was not used.
pub async fn enrolled(server: &TestServer) -> (App, Vec<String>) {
    enrolled_as(server, "manager").await
}

pub async fn enrolled_as(server: &TestServer, role: &str) -> (App, Vec<String>) {
    let browser = server.signed_in(EMAIL, role).await;
    let (app, codes) = enrol(server, &browser).await;
    browser.post("/api/v1/auth/logout", &Value::Null).await.is(204);
    server.advance(STEP);
    (app, codes)
}

/// A browser whose password was right.
pub async fn waiting(server: &TestServer) -> Browser {
    let browser = server.browser();
    let answer = browser.sign_in(EMAIL, PASSWORD).await.is(200);
    assert_eq!(answer["mfa_required"], true);
    browser
}

//! Setting passkeys up, calling them otherwise and dropping them.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{
    ADDING, ASK_STEP_UP, EMAIL, ORIGIN, PASSKEYS, STEP_UP, add, count, named_box, options,
};
use crate::support::{Authenticator, PASSWORD, TestServer, nothing};

#[tokio::test]
async fn the_first_passkey_brings_backup_codes_and_is_a_factor() {
    let server = named_box().await;
    let browser = server.signed_in(EMAIL, "owner").await;

    let added = add(&browser, &mut Authenticator::new(ORIGIN), " My  phone ").await;
    server.advance(Duration::from_secs(1));
    let second = add(&browser, &mut Authenticator::new(ORIGIN), "Key").await;

    assert_eq!(added["name"], "My phone");
    assert_eq!(added["backup_codes"].as_array().map(Vec::len), Some(10));
    assert_eq!(second["backup_codes"], Value::Null);
    let factors = browser.get("/api/v1/me/mfa").await.is(200);
    let shown = |added: &Value, name: &str, second: u8| {
        json!({
            "id": added["id"], "name": name,
            "created_at": format!("2026-11-21T06:00:0{second}.000Z"),
            "last_used_at": null, "stopped_at": null,
        })
    };
    assert_eq!(
        factors,
        json!({
            "required": true, "enrolled": true, "enrol_by": null, "must_enrol": false,
            "totp": { "enabled": false, "since": null }, "backup_codes_left": 10,
            "passkeys": [shown(&added, "My phone", 0), shown(&second, "Key", 1)],
            "passkeys_offered": true, "passkeys_origin": ORIGIN,
        })
    );
    assert_eq!(count(&server, "identity.factor.added").await, 2);
    assert_eq!(count(&server, "identity.factor.codes_made").await, 1);
    let notices = browser.get("/api/v1/me/notices").await.is(200);
    assert_eq!(notices["unread"], 2);
    server.finish().await;
}

#[tokio::test]
async fn passkeys_are_offered_under_the_boxs_name_only() {
    let server = named_box().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let by_address = [("host", "192.168.1.5:8443")];

    let factors = browser.send(Method::GET, "/api/v1/me/mfa", &by_address, &Value::Null).await;
    let refused = browser.send(Method::POST, ADDING, &by_address, &Value::Null).await;

    let factors = factors.is(200);
    assert_eq!(factors["passkeys_offered"], false);
    assert_eq!(factors["passkeys_origin"], ORIGIN);
    let problem = refused.is_problem(409, "passkeys-need-name");
    assert_eq!(problem["passkeys_origin"], ORIGIN);
    server.finish().await;
}

#[tokio::test]
async fn a_box_without_a_name_offers_none() {
    for public_url in ["", "https://192.168.1.5:8443", "http://kitchen.local"] {
        let server = TestServer::start_with(&[("server.public_url", public_url)]).await;
        let browser = server.signed_in(EMAIL, "manager").await;

        let factors = browser.get("/api/v1/me/mfa").await.is(200);
        let refused = browser.post(ADDING, &Value::Null).await;

        assert_eq!(factors["passkeys_offered"], false, "{public_url}");
        assert_eq!(factors["passkeys_origin"], Value::Null);
        let problem = refused.is_problem(409, "passkeys-need-name");
        assert_eq!(problem.get("passkeys_origin"), None);
        server.finish().await;
    }
}

#[tokio::test]
async fn a_repeated_request_makes_one_passkey_and_shows_no_codes_again() {
    let server = named_box().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let made = Authenticator::new(ORIGIN).create(&options(&browser, ADDING).await);
    let body = json!({ "name": "Phone", "credential": made });
    let key = [("idempotency-key", "one")];

    let first = browser.send(Method::POST, PASSKEYS, &key, &body).await.is(201);
    let again = browser.send(Method::POST, PASSKEYS, &key, &body).await;

    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let again = again.is(201);
    assert_eq!((&again["id"], again.get("backup_codes")), (&first["id"], None));
    assert_eq!(count(&server, "identity.factor.added").await, 1);
    server.finish().await;
}

#[tokio::test]
async fn a_passkey_is_renamed_and_removed_by_its_owner_after_a_fresh_proof() {
    let server = named_box().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let mut device = Authenticator::new(ORIGIN);
    let id = add(&browser, &mut device, "Phone").await["id"].as_str().expect("an id").to_owned();
    let path = format!("{PASSKEYS}/{id}");
    let other = server.signed_in("ivo@example.com", "manager").await;
    let name = json!({ "name": "Old phone" });

    other.send(Method::PATCH, &path, &[], &name).await.is_problem(404, "not-found");
    other.delete(&path).await.is_problem(404, "not-found");
    server.advance(Duration::from_mins(10));
    let refused = browser.send(Method::PATCH, &path, &[], &name).await;
    let problem = refused.is_problem(403, "step-up-needed");
    assert_eq!(problem["methods"], json!(["backup", "passkey"]));
    browser.delete(&path).await.is_problem(403, "step-up-needed");
    browser.post(ADDING, &Value::Null).await.is_problem(403, "step-up-needed");
    let proof = device.get(&options(&browser, ASK_STEP_UP).await);
    let elevated = browser.post(STEP_UP, &json!({ "credential": proof })).await.is(200);
    assert_eq!(elevated["elevated_until"], "2026-11-21T06:20:00.000Z");

    let empty = browser.send(Method::PATCH, &path, &[], &json!({ "name": " " })).await;
    empty.is_field_problem("name", "name-empty");
    let renamed = browser.send(Method::PATCH, &path, &[], &name).await.is(200);
    assert_eq!(renamed["name"], "Old phone");
    assert_eq!(renamed["last_used_at"], "2026-11-21T06:10:00.000Z");
    browser.delete(&path).await.is(204);
    browser.delete(&path).await.is_problem(404, "not-found");
    let factors = browser.get("/api/v1/me/mfa").await.is(200);
    assert_eq!((&factors["enrolled"], &factors["backup_codes_left"]), (&json!(false), &json!(0)));
    let nothing = format!("{PASSKEYS}/{}", nothing::<()>());
    browser.delete(&nothing).await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn ten_passkeys_are_the_most() {
    let server = named_box().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let late = Authenticator::new(ORIGIN).create(&options(&browser, ADDING).await);
    let body = json!({ "name": "Late", "credential": late });
    let copy = browser.copy();
    for number in 0..10 {
        add(&copy, &mut Authenticator::new(ORIGIN), &format!("Key {number}")).await;
    }

    browser.post(ADDING, &Value::Null).await.is_problem(409, "passkeys-many");
    browser.post(PASSKEYS, &body).await.is_problem(422, "passkey-challenge-over");

    let factors = browser.get("/api/v1/me/mfa").await.is(200);
    assert_eq!(factors["passkeys"].as_array().map(Vec::len), Some(10));
    server.finish().await;
}

#[tokio::test]
async fn programs_touch_no_passkey() {
    let server = named_box().await;
    let program = server.person("owner").await;
    let path = format!("{PASSKEYS}/{}", nothing::<()>());

    for (method, path, body) in [
        (Method::POST, ADDING, json!({})),
        (Method::POST, PASSKEYS, json!({ "name": "x", "credential": {} })),
        (Method::PATCH, path.as_str(), json!({ "name": "x" })),
        (Method::DELETE, path.as_str(), json!({})),
        (Method::POST, ASK_STEP_UP, json!({})),
        (Method::POST, STEP_UP, json!({ "credential": {} })),
    ] {
        let refused = program.json(method, path, &[], &body).await;
        refused.is_problem(403, "browser-needed");
    }
    server.finish().await;
}

#[tokio::test]
async fn whoever_must_enrol_may_do_it_with_a_passkey() {
    let server =
        TestServer::start_with(&[("server.public_url", ORIGIN), ("sessions.idle_min", "43200")])
            .await;
    let browser = server.signed_in(EMAIL, "owner").await;
    server.advance(Duration::from_hours(8 * 24));
    browser.get("/api/v1/workspaces").await.is_problem(403, "mfa-enrolment-needed");

    let password = json!({ "password": PASSWORD });
    browser.post(STEP_UP, &password).await.is(200);
    add(&browser, &mut Authenticator::new(ORIGIN), "Phone").await;

    browser.get("/api/v1/workspaces").await.is(200);
    server.finish().await;
}

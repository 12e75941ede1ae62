//! Setting a factor up and dropping it.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{App, CONFIRM, EMAIL, STEP, STEP_UP, TOTP, enrol, enrolled};
use crate::support::{PASSWORD, TestServer};

#[tokio::test]
async fn an_app_counts_from_its_first_code_on() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "owner").await;

    let begun = browser.post(TOTP, &Value::Null).await.is(201);
    let before = browser.get("/api/v1/me/mfa").await.is(200);
    let secret = begun["secret"].as_str().expect("a secret");
    let code = App::of(secret).code(server.clock.now());
    let spaced = format!(" {} {}", &code[..3], &code[3..]);
    let confirmed = browser.post(CONFIRM, &json!({ "code": spaced })).await.is(200);

    assert_eq!(secret.len(), 32, "160 bits");
    let uri = begun["uri"].as_str().expect("an address");
    let end = format!("mira%40example.com?secret={secret}&issuer=");
    assert!(uri.starts_with("otpauth://totp/") && uri.contains(&end), "{uri}");
    assert!(begun["qr_svg"].as_str().expect("a picture").starts_with("<svg"));
    assert_eq!((&before["enrolled"], &before["totp"]["enabled"]), (&json!(false), &json!(false)));
    let codes: BTreeSet<_> =
        confirmed["backup_codes"].as_array().expect("codes").iter().map(Value::to_string).collect();
    assert_eq!(codes.len(), 10);
    let after = browser.get("/api/v1/me/mfa").await.is(200);
    assert_eq!(
        after,
        json!({
            "required": true, "enrolled": true, "enrol_by": null, "must_enrol": false,
            "totp": { "enabled": true, "since": "2026-11-21T06:00:00.000Z" },
            "backup_codes_left": 10,
            "passkeys": [], "passkeys_offered": false, "passkeys_origin": null,
        })
    );
    let counts = server.box_counts().await;
    assert_eq!((counts["identity.factor.added"], counts["identity.factor.codes_made"]), (1, 1));
    server.finish().await;
}

#[tokio::test]
async fn whoever_is_late_can_still_enrol_and_then_goes_on() {
    let server = TestServer::start_with(&[("sessions.idle_min", "43200")]).await;
    let owner = server.signed_in(EMAIL, "owner").await;
    server.advance(Duration::from_hours(8 * 24));
    owner.get("/api/v1/workspaces").await.is_problem(403, "mfa-enrolment-needed");

    owner.post(STEP_UP, &json!({ "password": PASSWORD })).await.is(200);
    enrol(&server, &owner).await;

    owner.get("/api/v1/workspaces").await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_copied_session_sets_no_factor_up_without_the_password() {
    let server = TestServer::start().await;
    let owner = server.signed_in(EMAIL, "owner").await;
    server.advance(Duration::from_mins(11));
    let (key, begin) = ("/api/v1/me/mfa/passkeys", "/api/v1/me/mfa/passkeys/start");
    let thief = owner.copy();

    for path in [TOTP, CONFIRM, begin, key] {
        let body = match path {
            CONFIRM => json!({ "code": "123456" }),
            _ if path == key => json!({ "name": "Phone", "credential": {} }),
            _ => Value::Null,
        };
        let problem = thief.post(path, &body).await.is_problem(403, "step-up-needed");
        assert_eq!(problem["methods"], json!(["password"]), "{path}");
    }

    assert_eq!(owner.get("/api/v1/me/mfa").await.is(200)["enrolled"], false);
    owner.post(STEP_UP, &json!({ "password": PASSWORD })).await.is(200);
    enrol(&server, &owner).await;
    server.finish().await;
}

#[tokio::test]
async fn a_wrong_first_code_and_a_late_one_set_nothing_up() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let unbegun = browser.post(CONFIRM, &json!({ "code": "123456" })).await;
    unbegun.is_problem(409, "totp-not-begun");
    let begun = browser.post(TOTP, &Value::Null).await.is(201);
    let app = App::of(begun["secret"].as_str().expect("a secret"));
    let two_steps_ago = app.code(server.clock.now().minus(STEP * 2));

    for code in [two_steps_ago.as_str(), "", "12345", "abcdef", "0-ABCD-EFGH-IJKL-MNOP"] {
        let refused = browser.post(CONFIRM, &json!({ "code": code })).await;
        refused.is_field_problem("code", "wrong-code");
        refused.is_problem(422, "wrong-code");
    }
    server.advance(Duration::from_hours(1));
    browser.post(STEP_UP, &json!({ "password": PASSWORD })).await.is(200);
    let late = browser.post(CONFIRM, &json!({ "code": app.code(server.clock.now()) })).await;

    late.is_problem(409, "totp-not-begun");
    assert_eq!(browser.get("/api/v1/me").await.is(200)["mfa"]["enrolled"], false);
    server.finish().await;
}

#[tokio::test]
async fn a_repeated_beginning_shows_the_same_secret_and_a_new_one_replaces_it() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let key = [("idempotency-key", "one")];

    let first = browser.send(Method::POST, TOTP, &key, &Value::Null).await.is(201);
    let again = browser.send(Method::POST, TOTP, &key, &Value::Null).await;
    let other = browser.post(TOTP, &Value::Null).await.is(201);
    let gone = browser.send(Method::POST, TOTP, &key, &Value::Null).await;

    assert_eq!(again.is(201), first);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_ne!(other["secret"], first["secret"]);
    gone.is_problem(409, "totp-not-begun");
    server.finish().await;
}

#[tokio::test]
async fn changing_a_factor_needs_a_fresh_proof() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let (app, codes) = enrol(&server, &browser).await;
    server.advance(Duration::from_mins(30));

    for (method, path) in [
        (Method::POST, TOTP),
        (Method::POST, CONFIRM),
        (Method::DELETE, TOTP),
        (Method::POST, "/api/v1/me/mfa/backup-codes"),
    ] {
        let refused = browser.send(method, path, &[], &json!({ "code": "123456" })).await;
        let problem = refused.is_problem(403, "step-up-needed");
        assert_eq!(problem["methods"], json!(["totp", "backup"]));
    }
    let code = json!({ "code": app.code(server.clock.now()) });
    browser.post(STEP_UP, &code).await.is(200);
    let fresh = browser.post("/api/v1/me/mfa/backup-codes", &Value::Null).await.is(200);

    assert_eq!(fresh["backup_codes"].as_array().map(Vec::len), Some(10));
    assert_ne!(fresh["backup_codes"][0], codes[0].as_str());
    let old = browser.post(STEP_UP, &json!({ "code": codes[3] })).await;
    old.is_problem(422, "wrong-code");
    browser.delete(TOTP).await.is(204);
    browser.delete(TOTP).await.is_problem(404, "not-found");
    let after = browser.get("/api/v1/me/mfa").await.is(200);
    assert_eq!((&after["enrolled"], &after["backup_codes_left"]), (&json!(false), &json!(0)));
    let none = browser.post("/api/v1/me/mfa/backup-codes", &Value::Null).await;
    none.is_problem(409, "no-factor");
    server.finish().await;
}

#[tokio::test]
async fn a_password_is_no_proof_of_somebody_who_has_a_factor() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    enrol(&server, &browser).await;
    server.advance(Duration::from_mins(11));

    let body = json!({ "password": PASSWORD });
    let refused = browser.post(STEP_UP, &body).await;

    refused.is_field_problem("password", "factor-needed");
    server.finish().await;
}

#[tokio::test]
async fn programs_touch_no_factor() {
    let server = TestServer::start().await;
    let program = server.person("owner").await;

    for (method, path) in [
        (Method::POST, TOTP),
        (Method::POST, CONFIRM),
        (Method::DELETE, TOTP),
        (Method::POST, "/api/v1/me/mfa/backup-codes"),
    ] {
        let refused = program.json(method, path, &[], &json!({ "code": "123456" })).await;
        refused.is_problem(403, "browser-needed");
    }
    assert_eq!(program.get("/api/v1/me/mfa").await.is(200)["enrolled"], false);
    server.finish().await;
}

#[tokio::test]
async fn neither_secret_nor_codes_stand_readable_in_a_file() {
    let server = TestServer::start().await;
    let (app, codes) = enrolled(&server).await;
    let folder = server.folder().to_path_buf();

    let mut looked_at = 0;
    for file in std::fs::read_dir(&folder).expect("a folder").flatten() {
        if !file.path().is_file() {
            continue;
        }
        let bytes = std::fs::read(file.path()).expect("a file");
        looked_at += bytes.len();
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|one| one == needle);
        assert!(!holds(&app.0), "the secret stands in {:?}", file.path());
        for code in &codes {
            let bare = code.replace('-', "");
            let hash = holdfast::platform::secret::token_hash(&bare);
            assert!(!holds(code.as_bytes()) && !holds(bare.as_bytes()) && !holds(&hash));
        }
    }

    assert!(looked_at > 100_000, "the files were not read");
    server.finish().await;
}

#[tokio::test]
async fn app_and_codes_go_on_under_another_master_key() {
    let server = TestServer::start().await;
    let (app, codes) = enrolled(&server).await;
    let before = server.platform.secrets.key_id();

    let ctx = crate::support::system(&server.platform);
    holdfast::platform::keys::ops::rotate_offline(&ctx).await.expect("another key");

    assert_ne!(server.platform.secrets.key_id(), before);
    let server = server.restart().await;
    let browser = super::waiting(&server).await;
    let code = json!({ "code": app.code(server.clock.now()) });
    browser.post(super::WITH_TOTP, &code).await.is(200);
    let browser = super::waiting(&server).await;
    browser.post(super::WITH_BACKUP, &json!({ "code": codes[9] })).await.is(200);
    server.finish().await;
}

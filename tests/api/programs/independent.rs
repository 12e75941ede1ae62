//! Tokens as other people's programs read and make them: those of `PyJWT`.

use std::sync::atomic::Ordering;
use std::time::Duration;

use holdfast::platform::clock::Clock;
use serde_json::{Value, json};

use super::{ACCOUNTS, EMAIL, ME, by_assertion, draft, issuer, parts, sign_in, text, with};
use crate::support::python::{answer, python_with};
use crate::support::{PASSWORD, TestServer};

const JWKS: &str = "/.well-known/jwks.json";

/// Sets the box's clock to the time that other programs see, so much earlier.
fn set_clock(server: &TestServer, earlier: Duration) {
    let Clock::Fixed(at) = &server.clock else { panic!("the clock of tests stands still") };
    at.store(Clock::System.now().minus(earlier).0, Ordering::SeqCst);
}

/// The token with one of its parts altered.
fn altered(token: &str, part: usize) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let last = parts[part].pop().expect("a letter");
    // The last letter may carry unused bits, the one before never does.
    let before = parts[part].pop().expect("a letter");
    parts[part].push(if before == 'A' { 'B' } else { 'A' });
    parts[part].push(last);
    parts.join(".")
}

#[tokio::test]
async fn pyjwt_reads_a_token_by_the_published_key_and_refuses_what_was_altered() {
    let Some(python) = python_with("jwt") else { return };
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    set_clock(&server, Duration::from_hours(1));
    let old = text(&sign_in(&server, EMAIL, PASSWORD).await.is(200)["access_token"]);
    set_clock(&server, Duration::ZERO);
    let token = text(&sign_in(&server, EMAIL, PASSWORD).await.is(200)["access_token"]);
    let jwks = server.stranger().get(JWKS).await.is(200);
    let consume = |issuer: &str, audience: &str| {
        let tokens = json!({ "good": token, "old": old, "head": altered(&token, 0),
            "claims": altered(&token, 1), "signature": altered(&token, 2) });
        let asked = json!({ "jwks": jwks, "issuer": issuer, "audience": audience,
            "tokens": tokens });
        answer(&python, "token_consumer.py", &asked)
    };
    let issuer = issuer(&server).await;

    let read = consume(&issuer, "holdfast");

    assert_eq!(read["good"]["claims"], parts(&token).1);
    assert_eq!(read["good"]["typ"], "at+jwt");
    assert_eq!(read["old"]["error"], "ExpiredSignatureError");
    for part in ["head", "claims", "signature"] {
        let error = text(&read[part]["error"]);
        let known = ["DecodeError", "InvalidSignatureError", "KeyError"];
        assert!(known.contains(&error.as_str()), "{part}: {error}");
    }
    assert_eq!(read["signature"]["error"], "InvalidSignatureError");
    assert_eq!(consume(&issuer, "others")["good"]["error"], "InvalidAudienceError");
    assert_eq!(consume("urn:other", "holdfast")["good"]["error"], "InvalidIssuerError");
    server.finish().await;
}

#[tokio::test]
async fn an_assertion_of_pyjwt_is_taken_once_and_its_forgeries_never() {
    let Some(python) = python_with("jwt") else { return };
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    let token = text(&sign_in(&server, EMAIL, PASSWORD).await.is(200)["access_token"]);
    let jwks = server.stranger().get(JWKS).await.is(200);
    let admin = server.person("admin").await;
    let account = admin.post(ACCOUNTS, &draft(&server, &json!({}))).await.is(201);
    let (id, now) = (text(&account["id"]), server.clock.now().0 / 1_000);
    let claims = |audience: &str, exp: i64| {
        json!({ "iss": id, "sub": id, "aud": audience, "jti": format!("{audience}{exp}"),
            "iat": now, "exp": exp })
    };
    let issuer = issuer(&server).await;
    let asked = json!({ "jwk": jwks["keys"][0], "forged": parts(&token).1, "claims": {
        "good": claims(&issuer, now + 120), "other": claims("urn:other", now + 120),
        "late": claims(&issuer, now - 3_600) } });
    let made = answer(&python, "token_maker.py", &asked);
    let key = json!({ "name": "PyJWT", "public_key": made["public"] });
    admin.post(&format!("{ACCOUNTS}/{id}/keys"), &key).await.is(201);
    let client = server.stranger();
    let assertion = |name: &str| text(&made["assertions"][name]);

    for name in ["other", "late"] {
        assert_eq!(by_assertion(&client, &assertion(name)).await.status, 401, "{name}");
    }
    let granted = by_assertion(&client, &assertion("good")).await.is(200);
    let again = by_assertion(&client, &assertion("good")).await;

    let there = format!("/api/v1/workspaces/{}", server.workspace);
    with(&client, &text(&granted["access_token"]), &there).await.is(200);
    assert_eq!(again.status, 401, "{}", again.text());
    with(&client, &token, ME).await.is(200);
    for (name, forged) in made["forged"].as_object().expect("forgeries") {
        let refused = with(&client, &text(forged), ME).await;
        assert_eq!(refused.status, 401, "{name}: {}", refused.text());
        assert_ne!(refused.json()["code"], Value::Null);
    }
    server.finish().await;
}

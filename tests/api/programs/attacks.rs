//! Attacks on tokens: every one is refused by a code of its own, noted, and changes nothing.

use holdfast::platform::identity::signing;
use holdfast::platform::secret::to_base64;
use serde_json::{Value, json};

use super::{
    ACCOUNTS, EMAIL, ME, Pair, by_assertion, draft, issuer, new_actions, parts, refresh, refused,
    sign_in, signed_by_box, text, with,
};
use crate::support::{Client, PASSWORD, Reply, TestServer, system};

/// A box with somebody signed in by a program, and the token.
async fn with_token() -> (TestServer, String, String) {
    let server = TestServer::start().await;
    server.account(EMAIL, "owner").await;
    let answer = sign_in(&server, EMAIL, PASSWORD).await.is(200);
    let (token, refresh) = (text(&answer["access_token"]), text(&answer["refresh_token"]));
    with(&server.stranger(), &token, ME).await.is(200);
    (server, token, refresh)
}

fn joined(head: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |json: &Value| to_base64(json.to_string().as_bytes());
    format!("{}.{}.{}", part(head), part(claims), to_base64(signature))
}

async fn is_refused(server: &TestServer, token: &str, code: &str) {
    let before = refused(server).await.get(code).copied().unwrap_or(0);
    with(&server.stranger(), token, ME).await.is_problem(401, code);
    assert_eq!(refused(server).await.get(code).copied().unwrap_or(0), before + 1, "{code}");
}

#[tokio::test]
async fn the_head_of_a_token_cannot_choose_how_it_is_checked() {
    let (server, token, _) = with_token().await;
    let (head, claims) = parts(&token);
    let keys = signing::ops::keys(&system(&server.platform)).await.expect("keys");
    let public = keys.believed(server.clock.now()).next().expect("a key").public_key;
    let changed = |name: &str, value: Value| {
        let mut head = head.clone();
        head[name] = value;
        head
    };

    let none = joined(&changed("alg", json!("none")), &claims, &[]);
    is_refused(&server, &none, "access-token-algorithm").await;
    // The classic: the public key as the secret of an HMAC.
    let hmac_head = changed("alg", json!("HS256"));
    let signed = joined(&hmac_head, &claims, &[]);
    let signed = signed.trim_end_matches('.');
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &public);
    let tag = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
    let confused = format!("{signed}.{}", to_base64(tag.as_ref()));
    with(&server.stranger(), &confused, ME).await.is_problem(401, "access-token-algorithm");

    let unknown = joined(&changed("kid", json!(system_id())), &claims, &[0; 64]);
    is_refused(&server, &unknown, "access-token-key").await;
    let plain = signed_by_box(&server, "JWT", &claims).await;
    is_refused(&server, &plain, "access-token-type").await;
    let mut without = head.clone();
    without.as_object_mut().expect("an object").remove("typ");
    is_refused_again(&server, &joined(&without, &claims, &[0; 64]), "access-token-type").await;
    with(&server.stranger(), &token, ME).await.is(200);
    server.finish().await;
}

/// Of a code that was noted before: the rest of the hour is a number.
async fn is_refused_again(server: &TestServer, token: &str, code: &str) {
    with(&server.stranger(), token, ME).await.is_problem(401, code);
}

fn system_id() -> String {
    crate::support::nothing::<()>().to_string()
}

#[tokio::test]
async fn an_altered_token_is_refused_wherever_it_was_altered() {
    let (server, token, _) = with_token().await;
    let (head, mut claims) = parts(&token);
    let signature = token.rsplit('.').next().expect("a signature");

    claims["scope"] = json!("box.operate");
    let part = |json: &Value| to_base64(json.to_string().as_bytes());
    let tampered = format!("{}.{}.{signature}", part(&head), part(&claims));
    is_refused(&server, &tampered, "access-token-signature").await;

    // One altered character in every tenth place of the whole token: never let through.
    for at in (0..token.len()).step_by(10) {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(bytes).expect("text");
        let reply = with(&server.stranger(), &altered, ME).await;
        assert_eq!(reply.status.as_u16(), 401, "altered at {at}: {}", reply.text());
    }
    for broken in ["a.b.c", "..", &format!("{token}x"), &token.replacen('.', "..", 1)] {
        let reply = with(&server.stranger(), broken, ME).await;
        assert_eq!(reply.status.as_u16(), 401, "{broken}: {}", reply.text());
    }
    server.finish().await;
}

/// A48 of the list of attacks on updates.
#[tokio::test]
async fn wrong_claims_under_the_right_signature_are_refused() {
    let (server, token, _) = with_token().await;
    let (_, claims) = parts(&token);
    let now = server.clock.now().0 / 1_000;
    let hour = 3_600;
    let cases = [
        (json!({ "iss": "urn:holdfast:another" }), "access-token-issuer"),
        (json!({ "aud": "kitchen" }), "access-token-audience"),
        (json!({ "exp": now - hour }), "access-token-expired"),
        (json!({ "nbf": now + hour, "exp": now + 2 * hour }), "access-token-early"),
        (json!({ "sid": system_id() }), "access-token-ended"),
        (json!({ "client_id": system_id(), "sid": system_id() }), "access-token-ended"),
        (json!({ "exp": "soon" }), "access-token-malformed"),
    ];
    for (change, code) in cases {
        let mut wrong = claims.clone();
        for (name, value) in change.as_object().expect("an object") {
            wrong[name] = value.clone();
        }
        let wrong = signed_by_box(&server, "at+jwt", &wrong).await;
        with(&server.stranger(), &wrong, ME).await.is_problem(401, code);
    }
    let noted = refused(&server).await;
    for code in ["issuer", "audience", "expired", "early", "malformed"] {
        assert_eq!(noted.get(&format!("access-token-{code}")), Some(&1), "{code}");
    }
    // Of a person and of an account: two accounts, two notes.
    assert_eq!(noted["access-token-ended"], 2);
    server.finish().await;
}

#[tokio::test]
async fn a_token_of_another_box_is_nobody_here() {
    let (here, _, _) = with_token().await;
    let (there, foreign, _) = with_token().await;

    is_refused(&here, &foreign, "access-token-key").await;

    with(&there.stranger(), &foreign, ME).await.is(200);
    here.finish().await;
    there.finish().await;
}

#[tokio::test]
async fn the_two_values_of_a_program_do_not_stand_for_each_other() {
    let (server, token, value) = with_token().await;
    let client = server.stranger();

    with(&client, &value, ME).await.is_problem(401, "sign-in-needed");
    refresh(&server, &token).await.is_problem(400, "refresh-token-unknown");
    let cookie = format!("__Host-hf_session={value}");
    let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
    let by_cookie = client.send(http::Method::GET, ME, &headers, "").await;
    by_cookie.is_problem(401, "sign-in-needed");

    with(&client, &token, ME).await.is(200);
    refresh(&server, &value).await.is(200);
    server.finish().await;
}

struct Account {
    id: String,
    pair: Pair,
}

async fn account(server: &TestServer, admin: &Client) -> Account {
    let pair = Pair::new();
    let body = draft(server, &json!({ "public_key": pair.public() }));
    let made = admin.post(ACCOUNTS, &body).await.is(201);
    Account { id: text(&made["id"]), pair }
}

#[tokio::test]
async fn a_bad_assertion_is_refused_by_its_own_code_and_gives_nothing() {
    let server = TestServer::start_with(&[("limits.sign_in_failures_burst", "100")]).await;
    let admin = server.person("admin").await;
    let (mine, other) = (account(&server, &admin).await, account(&server, &admin).await);
    let issuer = issuer(&server).await;
    let now = server.clock.now().0 / 1_000;
    let hour = 3_600;
    let before = server.box_actions().await.len();
    for (change, code) in [
        (json!({ "aud": "urn:holdfast:another" }), "assertion-audience"),
        (json!({ "aud": ["a", "b"] }), "assertion-audience"),
        (json!({ "exp": now - hour }), "assertion-expired"),
        (json!({ "nbf": now + hour, "exp": now + hour + 60 }), "assertion-early"),
        (json!({ "exp": now + hour }), "assertion-too-long"),
        (json!({ "iat": now - hour, "exp": now + 60 }), "assertion-too-long"),
        (json!({ "jti": null }), "assertion-malformed"),
        (json!({ "jti": "" }), "assertion-malformed"),
        (json!({ "exp": null }), "assertion-malformed"),
        (json!({ "iss": other.id }), "assertion-client"),
        (json!({ "iss": other.id, "sub": other.id }), "client-refused"),
        (json!({ "iss": "nobody", "sub": "nobody" }), "client-refused"),
    ] {
        let assertion = mine.pair.assertion(&server, &mine.id, &issuer, &change);
        let reply = by_assertion(&server.stranger(), &assertion).await;
        let problem = reply.is_problem(401, code);
        assert_eq!(problem["error"], "invalid_client", "{change}");
    }

    let new = new_actions(&server, before).await;
    assert!(new.iter().all(|action| action == "identity.token.refused"), "{new:?}");
    let good = mine.pair.assertion(&server, &mine.id, &issuer, &json!({ "aud": [issuer] }));
    by_assertion(&server.stranger(), &good).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn the_head_of_an_assertion_cannot_choose_how_it_is_checked() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let mine = account(&server, &admin).await;
    let issuer = issuer(&server).await;
    let good = mine.pair.assertion(&server, &mine.id, &issuer, &json!({}));
    let (_, claims) = parts(&good);
    let ask =
        async |assertion: String| -> Reply { by_assertion(&server.stranger(), &assertion).await };

    let none = joined(&json!({ "alg": "none", "typ": "JWT" }), &claims, &[]);
    ask(none).await.is_problem(401, "assertion-algorithm");
    let other = mine.pair.sign(&json!({ "alg": "EdDSA", "typ": "at+jwt" }), &claims);
    ask(other).await.is_problem(401, "assertion-type");
    ask("x".to_owned()).await.is_problem(401, "assertion-malformed");
    // The box's own access token is no assertion, and an assertion is no access token.
    let token = text(&ask(good.clone()).await.is(200)["access_token"]);
    ask(token).await.is_problem(401, "assertion-type");
    with(&server.stranger(), &good, ME).await.is_problem(401, "access-token-type");
    let embedded = json!({ "alg": "EdDSA", "jwk": { "kty": "OKP", "x": Pair::new().public() } });
    let thief = Pair::new();
    ask(thief.sign(&embedded, &claims)).await.is_problem(401, "client-refused");
    server.finish().await;
}

#[tokio::test]
async fn many_wrong_secrets_cost_their_network_and_not_the_account() {
    let server = TestServer::start_with(&[("limits.sign_in_failures_burst", "3")]).await;
    let admin = server.person("admin").await;
    let made = admin.post(ACCOUNTS, &draft(&server, &json!({}))).await.is(201);
    let (id, secret) = (text(&made["id"]), text(&made["client_secret"]));
    let at = |address: &str| server.stranger().at(address);
    for wrong in ["x", "hfs_x", &format!("{secret}0")] {
        let refused = super::by_secret(&at("198.51.100.7"), &id, wrong).await;
        refused.is_problem(401, "client-refused");
    }

    let fourth = super::by_secret(&at("198.51.100.7"), &id, &secret).await;
    let elsewhere = super::by_secret(&at("192.0.2.7"), &id, &secret).await;

    fourth.is_problem(429, "sign-in-throttled");
    elsewhere.is(200);
    server.finish().await;
}

#[tokio::test]
async fn the_issuer_is_the_same_before_somebody_claims_the_box() {
    let server = TestServer::start().await;
    let on_box = format!("urn:holdfast:{}", server.platform.audit.box_id());

    server.stranger().get("/.well-known/jwks.json").await.is(200);

    assert_eq!(super::issuer(&server).await, on_box);
    server.finish().await;
}

//! Programs that people sign in with.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{EMAIL, ME, TOKEN, ask, parts, refresh, refused, sign_in, text, with};
use crate::notices::kinds;
use crate::support::{PASSWORD, TestServer};

const SESSIONS: &str = "/api/v1/me/sessions";
const JWKS: &str = "/.well-known/jwks.json";

async fn signed_in(server: &TestServer) -> (String, String) {
    let answer = sign_in(server, EMAIL, PASSWORD).await.is(200);
    (text(&answer["access_token"]), text(&answer["refresh_token"]))
}

#[tokio::test]
async fn a_password_gives_a_short_token_and_a_long_one() {
    let server = TestServer::start().await;
    let user = server.account(EMAIL, "manager").await;

    let reply = sign_in(&server, EMAIL, PASSWORD).await;

    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("set-cookie"), None);
    let answer = reply.is(200);
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert!(text(&answer["refresh_token"]).starts_with("hfr_"));
    let token = text(&answer["access_token"]);
    let (head, claims) = parts(&token);
    assert_eq!((&head["alg"], &head["typ"]), (&json!("EdDSA"), &json!("at+jwt")));
    assert_eq!((&claims["aud"], &claims["sub"]), (&json!("holdfast"), &json!(user.to_string())));
    assert!(text(&claims["iss"]).starts_with("urn:holdfast:"));
    let second = |name: &str| claims[name].as_i64().unwrap();
    assert_eq!(second("exp") - second("iat"), 900);
    assert_eq!(second("nbf"), server.clock.now().0 / 1_000);
    let me = with(&server.stranger(), &token, ME).await.is(200);
    assert_eq!(me["email"], EMAIL);
    assert_eq!(server.box_counts().await["identity.program.signed_in"], 1);
    server.finish().await;
}

#[tokio::test]
async fn json_is_taken_like_a_form() {
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;

    let body = json!({ "grant_type": "password", "username": EMAIL, "password": PASSWORD });
    let answer = server.stranger().post(TOKEN, &body).await.is(200);

    with(&server.stranger(), &text(&answer["access_token"]), ME).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn an_access_token_ends_after_a_quarter_of_an_hour() {
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    let (token, _) = signed_in(&server).await;

    server.advance(Duration::from_secs(899));
    with(&server.stranger(), &token, ME).await.is(200);
    server.advance(Duration::from_secs(1));
    with(&server.stranger(), &token, ME).await.is_problem(401, "access-token-expired");

    assert_eq!(refused(&server).await["access-token-expired"], 1);
    server.finish().await;
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_copy_ends_the_sign_in() {
    let server = TestServer::start().await;
    let mira = server.account(EMAIL, "manager").await;
    let (_, first) = signed_in(&server).await;
    let second = refresh(&server, &first).await.is(200);
    let (token, second) = (text(&second["access_token"]), text(&second["refresh_token"]));
    with(&server.stranger(), &token, ME).await.is(200);

    server.advance(Duration::from_secs(11));
    let copy = refresh(&server, &first).await.is_problem(400, "refresh-token-reused");

    assert_eq!(copy["error"], "invalid_grant");
    assert_eq!(copy["error_description"], copy["detail"]);
    with(&server.stranger(), &token, ME).await.is_problem(401, "access-token-ended");
    refresh(&server, &second).await.is_problem(400, "refresh-token-unknown");
    assert_eq!(server.box_counts().await["identity.program.reused"], 1);
    let told = kinds(&server.token_of(mira).await).await;
    assert!(told.iter().any(|one| one == "security.session-reused"), "{told:?}");
    let refused = refused(&server).await;
    assert_eq!((refused["refresh-token-reused"], refused["refresh-token-unknown"]), (1, 1));
    server.finish().await;
}

#[tokio::test]
async fn a_lost_answer_is_given_again_for_ten_seconds_and_is_the_same() {
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    let (_, first) = signed_in(&server).await;
    let lost = refresh(&server, &first).await.is(200);

    server.advance(Duration::from_secs(10));
    let again = refresh(&server, &first).await.is(200);

    assert_eq!(again["refresh_token"], lost["refresh_token"]);
    with(&server.stranger(), &text(&again["access_token"]), ME).await.is(200);
    refresh(&server, &text(&again["refresh_token"])).await.is(200);
    assert_eq!(server.box_counts().await.get("identity.program.reused"), None);
    server.finish().await;
}

#[tokio::test]
async fn a_hundred_exchanges_of_one_value_at_once_give_one_successor() {
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    let (_, first) = signed_in(&server).await;

    let all = futures_util::future::join_all((0..100).map(|_| refresh(&server, &first))).await;

    let successors: std::collections::BTreeSet<String> =
        all.iter().map(|reply| text(&reply.is(200)["refresh_token"])).collect();
    assert_eq!(successors.len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn a_refresh_token_lives_ninety_days_from_its_making() {
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    let (_, first) = signed_in(&server).await;
    let day = Duration::from_hours(24);

    server.advance(day * 89);
    let second = text(&refresh(&server, &first).await.is(200)["refresh_token"]);
    server.advance(day * 90);

    refresh(&server, &second).await.is_problem(400, "refresh-token-unknown");
    server.finish().await;
}

#[tokio::test]
async fn programs_stand_beside_browsers_and_are_ended_like_them() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let grant = [
        ("grant_type", "password"),
        ("username", EMAIL),
        ("password", PASSWORD),
        ("client_id", "Stock scanner"),
    ];
    let answer = ask(&server.stranger(), &grant).await.is(200);
    let token = text(&answer["access_token"]);

    let listed = browser.get(SESSIONS).await.is(200)["items"].clone();
    let find = |kind: &str| {
        let all = listed.as_array().unwrap();
        all.iter().find(|one| one["kind"] == kind).cloned().unwrap()
    };
    assert_eq!(find("program")["name"], "Stock scanner");
    assert_eq!(find("browser")["is_current"], true);
    let path = format!("{SESSIONS}/{}", text(&find("program")["id"]));
    browser.send(Method::DELETE, &path, &[], &Value::Null).await.is(204);

    with(&server.stranger(), &token, ME).await.is_problem(401, "access-token-ended");
    let value = text(&answer["refresh_token"]);
    refresh(&server, &value).await.is_problem(400, "refresh-token-unknown");
    browser.get(ME).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_role_a_disabled_person_and_a_sign_out_act_on_the_next_request() {
    let server = TestServer::start().await;
    let user = server.account(EMAIL, "manager").await;
    let (token, _) = signed_in(&server).await;
    let people = format!("/api/v1/workspaces/{}/members", server.workspace);
    let client = server.stranger();
    with(&client, &token, &people).await.is(200);

    server.change_user(user, "UPDATE memberships SET role = 'viewer' WHERE user_id = :user").await;
    with(&client, &token, &people).await.is_problem(403, "forbidden");
    let (other, _) = signed_in(&server).await;
    let bearer = format!("Bearer {other}");
    let headers = [("authorization", bearer.as_str())];
    client.send(Method::POST, "/api/v1/auth/logout", &headers, "").await.is(204);
    with(&client, &other, ME).await.is_problem(401, "access-token-ended");
    server.change_user(user, "UPDATE users SET disabled_at = 1 WHERE id = :user").await;
    with(&client, &token, ME).await.is_problem(401, "access-token-ended");
    server.finish().await;
}

#[tokio::test]
async fn a_scope_narrows_a_program_and_cannot_widen_it() {
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    let with_scope = async |scope: &str| {
        let grant = [
            ("grant_type", "password"),
            ("username", EMAIL),
            ("password", PASSWORD),
            ("scope", scope),
        ];
        ask(&server.stranger(), &grant).await
    };

    let narrow = with_scope("workspace.read").await.is(200);
    let wide = with_scope("workspace.read audit.read").await;

    assert_eq!(wide.is_problem(400, "scope-not-held")["error"], "invalid_scope");
    assert_eq!(narrow["scope"], "workspace.read");
    let there = format!("/api/v1/workspaces/{}", server.workspace);
    for answer in [narrow.clone(), refresh(&server, &text(&narrow["refresh_token"])).await.is(200)]
    {
        let token = text(&answer["access_token"]);
        with(&server.stranger(), &token, &there).await.is(200);
        let members = with(&server.stranger(), &token, &format!("{there}/members")).await;
        members.is_problem(403, "forbidden");
    }
    server.finish().await;
}

#[tokio::test]
async fn wrong_passwords_are_counted_with_those_of_browsers() {
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    for _ in 0..3 {
        let wrong = sign_in(&server, EMAIL, "x").await.is_problem(400, "sign-in-failed");
        assert_eq!(wrong["error"], "invalid_grant");
    }
    for _ in 0..2 {
        server.browser().sign_in(EMAIL, "x").await.is_problem(401, "sign-in-failed");
    }

    let sixth = sign_in(&server, EMAIL, PASSWORD).await;

    sixth.is_problem(429, "sign-in-throttled");
    assert_eq!(sixth.header("retry-after"), Some("1"));
    server.finish().await;
}

#[tokio::test]
async fn a_request_that_is_not_oauth_says_what_is_missing() {
    let server = TestServer::start().await;
    let client = server.stranger();
    let password =
        |more: &[(&'static str, &'static str)]| [&[("grant_type", "password")], more].concat();
    for (parameters, code, error) in [
        (vec![("grant_type", "implicit")], "grant-unsupported", "unsupported_grant_type"),
        (password(&[]), "token-request-incomplete", "invalid_request"),
        (password(&[("username", "a")]), "token-request-incomplete", "invalid_request"),
        (
            vec![("grant_type", "refresh_token"), ("grant_type", "password")],
            "token-request-incomplete",
            "invalid_request",
        ),
        (vec![("grant_type", "client_credentials")], "token-request-incomplete", "invalid_request"),
    ] {
        let refused = ask(&client, &parameters).await.is_problem(400, code);
        assert_eq!(refused["error"], error, "{parameters:?}");
    }
    let unknown = ask(&client, &password(&[("colour", "red")])).await;
    unknown.is_field_problem("colour", "unknown-field");
    let plain = [("content-type", "text/plain")];
    let plain = client.send(Method::POST, TOKEN, &plain, "grant_type=password").await;
    plain.is_problem(415, "unsupported-media-type");
    server.finish().await;
}

#[tokio::test]
async fn signing_keys_change_every_ninety_days_and_overlap() {
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    let keys = async || server.stranger().get(JWKS).await.is(200)["keys"].clone();
    let count = |keys: &Value| keys.as_array().map_or(0, Vec::len);
    let first = keys().await;
    assert_eq!((&first[0]["kty"], &first[0]["crv"]), (&json!("OKP"), &json!("Ed25519")));
    server.advance(Duration::from_hours(90 * 24) - Duration::from_mins(1));
    let (old, _) = signed_in(&server).await;
    assert_eq!(parts(&old).0["kid"], first[0]["kid"]);

    server.advance(Duration::from_mins(1));
    let (new, _) = signed_in(&server).await;
    let both = keys().await;

    assert_eq!(count(&both), 2);
    assert_eq!((&both[0]["kid"], &both[1]["kid"]), (&parts(&new).0["kid"], &first[0]["kid"]));
    with(&server.stranger(), &old, ME).await.is(200);
    server.advance(Duration::from_hours(1));
    assert_eq!(count(&keys().await), 1);
    assert_eq!(server.box_counts().await["identity.signing_key.made"], 2);
    server.finish().await;
}

#[tokio::test]
async fn a_restart_forgets_no_key() {
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    let (token, value) = signed_in(&server).await;
    let lost = refresh(&server, &value).await.is(200);

    let server = server.restart().await;

    with(&server.stranger(), &token, ME).await.is(200);
    let again = refresh(&server, &value).await.is(200);
    assert_eq!(again["refresh_token"], lost["refresh_token"]);
    server.finish().await;
}

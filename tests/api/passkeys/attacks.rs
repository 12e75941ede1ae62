//! What is refused: each attack by its own code, with an entry in the audit log, and nothing else.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    ADDING, ASK, EMAIL, FINISH, ORIGIN, PASSKEYS, add, count, named_box, options, waiting,
    with_passkey,
};
use crate::support::{Authenticator, Browser, PASSWORD, Reply, TestServer};

/// Answers the question of a waiting sign-in.
async fn finish(browser: &Browser, device: &mut Authenticator) -> Reply {
    let proof = device.get(&options(browser, ASK).await);
    browser.post(FINISH, &json!({ "credential": proof })).await
}

/// Asserts that a proof was refused and nothing came of it.
async fn is_refused(server: &TestServer, browser: &Browser, reply: &Reply, code: &str) {
    reply.is_problem(422, code);
    reply.is_field_problem("credential", code);
    assert_eq!(browser.session(), None);
    let entries = server.box_entries("identity.factor.refused").await;
    let last = entries.last().expect("an entry");
    assert_eq!(last.outcome, "refused");
    assert!(last.changes.contains(&format!("\"{code}\"")), "{}", last.changes);
    assert_eq!(count(server, "identity.session.started").await, 1, "only the one that enrolled");
}

#[tokio::test]
async fn a_proof_from_a_page_of_another_site_opens_nothing() {
    let server = named_box().await;
    let mut device = with_passkey(&server).await;

    for origin in [
        "https://kitchen.local.evil.example",
        "https://evil.example",
        "http://kitchen.local",
        "https://kitchen.local:8443",
        "https://a.kitchen.local",
    ] {
        let browser = waiting(&server).await;
        origin.clone_into(&mut device.origin);
        let reply = finish(&browser, &mut device).await;
        is_refused(&server, &browser, &reply, "passkey-wrong-origin").await;
    }
    server.finish().await;
}

#[tokio::test]
async fn a_proof_from_within_a_foreign_page_opens_nothing() {
    let server = named_box().await;
    let mut device = with_passkey(&server).await;
    device.is_embedded = true;
    let browser = waiting(&server).await;

    let reply = finish(&browser, &mut device).await;

    is_refused(&server, &browser, &reply, "passkey-wrong-origin").await;
    server.finish().await;
}

#[tokio::test]
async fn a_passkey_of_another_site_opens_nothing() {
    let server = named_box().await;
    let mut device = with_passkey(&server).await;
    "evil.example".clone_into(&mut device.rp_id);
    let browser = waiting(&server).await;

    let reply = finish(&browser, &mut device).await;

    is_refused(&server, &browser, &reply, "passkey-foreign").await;
    server.finish().await;
}

#[tokio::test]
async fn a_device_that_checks_nobody_is_not_enough() {
    let server = named_box().await;
    let mut device = with_passkey(&server).await;
    device.is_verified = false;
    let browser = waiting(&server).await;

    let reply = finish(&browser, &mut device).await;

    is_refused(&server, &browser, &reply, "passkey-not-verified").await;
    server.finish().await;
}

#[tokio::test]
async fn a_proof_is_good_once_and_for_its_question_only() {
    let server = named_box().await;
    let mut device = with_passkey(&server).await;
    let browser = waiting(&server).await;
    let held_back = json!({ "credential": device.get(&options(&browser, ASK).await) });
    let thief = waiting(&server).await;

    let unasked = thief.post(FINISH, &held_back).await;
    is_refused(&server, &thief, &unasked, "passkey-challenge-over").await;
    options(&thief, ASK).await;
    let replayed = thief.post(FINISH, &held_back).await;
    is_refused(&server, &thief, &replayed, "passkey-replayed").await;
    let again = thief.post(FINISH, &held_back).await;
    is_refused(&server, &thief, &again, "passkey-challenge-over").await;

    browser.post(FINISH, &held_back).await.is(200);
    browser.post(FINISH, &held_back).await.is_problem(401, "sign-in-again");
    assert_eq!(count(&server, "identity.session.started").await, 2);
    server.finish().await;
}

#[tokio::test]
async fn of_a_hundred_at_once_one_gets_in() {
    let server = named_box().await;
    let mut device = with_passkey(&server).await;
    let browser = waiting(&server).await;
    let proof = json!({ "credential": device.get(&options(&browser, ASK).await) });
    let copies: Vec<Browser> = (0..100).map(|_| browser.copy()).collect();

    let replies = join_all(copies.iter().map(|one| one.post(FINISH, &proof))).await;

    let statuses: Vec<u16> = replies.iter().map(|one| one.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|one| **one == 200).count(), 1, "{statuses:?}");
    assert_eq!(count(&server, "identity.session.started").await, 2);
    server.finish().await;
}

#[tokio::test]
async fn a_question_waits_for_five_minutes() {
    let server = named_box().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let mut device = Authenticator::new(ORIGIN);
    let late = device.create(&options(&browser, ADDING).await);
    server.advance(Duration::from_mins(5));

    let body = json!({ "name": "Phone", "credential": late });
    let refused = browser.post(PASSKEYS, &body).await;

    refused.is_problem(422, "passkey-challenge-over");
    let factors = browser.get("/api/v1/me/mfa").await.is(200);
    assert_eq!((&factors["passkeys"], &factors["enrolled"]), (&json!([]), &json!(false)));
    assert_eq!(count(&server, "identity.factor.refused").await, 1);
    server.finish().await;
}

#[tokio::test]
async fn a_copy_whose_count_went_back_is_refused_and_stops_the_passkey() {
    let server = named_box().await;
    let mut device = with_passkey(&server).await;
    let first = waiting(&server).await;
    finish(&first, &mut device).await.is(200);
    let at_the_copying = device.count;
    let second = waiting(&server).await;
    finish(&second, &mut device).await.is(200);
    device.count = at_the_copying - 1;
    let thief = waiting(&server).await;

    let refused = finish(&thief, &mut device).await;

    refused.is_problem(422, "passkey-cloned");
    assert_eq!(thief.session(), None);
    assert_eq!(count(&server, "identity.factor.stopped").await, 1);
    let factors = second.get("/api/v1/me/mfa").await.is(200);
    assert_eq!(factors["passkeys"][0]["stopped_at"], "2026-11-21T06:00:00.000Z");
    assert_eq!(factors["enrolled"], true, "the password alone must not be enough now");
    let notices = second.get("/api/v1/me/notices").await.is(200);
    assert!(notices.to_string().contains("there seems to be a copy"), "{notices}");
    let next = server.browser().sign_in(EMAIL, PASSWORD).await.is(200);
    assert_eq!(next, json!({ "mfa_required": true, "methods": ["backup"] }));
    thief.post(ASK, &Value::Null).await.is_problem(409, "no-passkey");
    server.finish().await;
}

#[tokio::test]
async fn two_uses_with_one_count_are_a_copy_even_when_asked_at_the_same_time() {
    let server = named_box().await;
    let mut device = with_passkey(&server).await;
    let (one, other) = (waiting(&server).await, waiting(&server).await);
    let (asked, also) = (options(&one, ASK).await, options(&other, ASK).await);
    let proof = json!({ "credential": device.get(&asked) });
    device.count -= 1;
    let copied = json!({ "credential": device.get(&also) });

    one.post(FINISH, &proof).await.is(200);
    let refused = other.post(FINISH, &copied).await;

    refused.is_problem(422, "passkey-cloned");
    assert_eq!(other.session(), None);
    assert_eq!(count(&server, "identity.factor.stopped").await, 1);
    assert_eq!(count(&server, "identity.session.started").await, 2);
    server.finish().await;
}

#[tokio::test]
async fn a_stopped_passkey_is_refused_by_its_own_code() {
    let server = named_box().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let (mut copied, mut other) = (Authenticator::new(ORIGIN), Authenticator::new(ORIGIN));
    copied.count = 5;
    add(&browser, &mut copied, "Copied").await;
    add(&browser, &mut other, "Other").await;
    copied.count = 2;
    let thief = waiting(&server).await;
    finish(&thief, &mut copied).await.is_problem(422, "passkey-cloned");

    copied.count = 50;
    let refused = finish(&thief, &mut copied).await;
    refused.is_problem(422, "passkey-stopped");
    let owner = waiting(&server).await;
    finish(&owner, &mut other).await.is(200);

    assert_eq!(thief.session(), None);
    assert_eq!(count(&server, "identity.factor.stopped").await, 1);
    server.finish().await;
}

#[tokio::test]
async fn unknown_passkeys_and_those_of_others_open_nothing() {
    let server = named_box().await;
    with_passkey(&server).await;
    let other = server.signed_in("ivo@example.com", "manager").await;
    let mut of_other = Authenticator::new(ORIGIN);
    add(&other, &mut of_other, "Phone").await;
    other.post("/api/v1/auth/logout", &Value::Null).await.is(204);
    let mut unknown = Authenticator::new(ORIGIN);

    for (device, handle, code) in
        [(&mut unknown, None, "passkey-unknown"), (&mut of_other, None, "passkey-of-another")]
    {
        let browser = waiting(&server).await;
        device.handle = handle;
        let reply = finish(&browser, device).await;
        reply.is_problem(422, code);
        assert_eq!(browser.session(), None);
    }
    let mut own_but_of_other = Authenticator::new(ORIGIN);
    own_but_of_other.handle = Some(vec![7; 16]);
    let browser = waiting(&server).await;
    let reply = finish(&browser, &mut own_but_of_other).await;

    reply.is_problem(422, "passkey-of-another");
    assert_eq!(count(&server, "identity.factor.refused").await, 3);
    assert_eq!(count(&server, "identity.session.started").await, 2);
    server.finish().await;
}

#[tokio::test]
async fn a_spoiled_signature_opens_nothing() {
    let server = named_box().await;
    let mut device = with_passkey(&server).await;
    let mut stranger = Authenticator::new(ORIGIN);
    stranger.id.clone_from(&device.id);
    stranger.count = 100;
    let browser = waiting(&server).await;

    let by_another_key = finish(&browser, &mut stranger).await;
    is_refused(&server, &browser, &by_another_key, "passkey-wrong").await;
    let mut proof = device.get(&options(&browser, ASK).await);
    proof["response"]["signature"] = json!("AAAA");
    let spoiled = browser.post(FINISH, &json!({ "credential": proof })).await;
    is_refused(&server, &browser, &spoiled, "passkey-wrong").await;
    server.finish().await;
}

#[tokio::test]
async fn five_wrong_proofs_end_the_sign_in() {
    let server = named_box().await;
    let mut device = with_passkey(&server).await;
    let browser = waiting(&server).await;
    for _ in 0..5 {
        let refused = browser.post(FINISH, &json!({ "credential": {} })).await;
        refused.is_problem(422, "passkey-challenge-over");
    }

    browser.post(ASK, &Value::Null).await.is_problem(401, "sign-in-again");
    let again = waiting(&server).await;
    let proof = json!({ "credential": device.get(&options(&again, ASK).await) });
    let waits = again.post(FINISH, &proof).await;

    waits.is_problem(429, "sign-in-throttled");
    assert_eq!(waits.header("retry-after"), Some("1"));
    server.finish().await;
}

#[tokio::test]
async fn what_is_no_passkey_is_refused() {
    let server = named_box().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let good = Authenticator::new(ORIGIN).create(&options(&browser, ADDING).await);
    let without = |field: &str| {
        let mut spoiled = good.clone();
        spoiled["response"][field] = json!("!");
        spoiled
    };
    let mut cut = good.clone();
    cut["response"]["attestationObject"] = json!("o2NmbXRkbm9uZQ");

    for (credential, code) in [
        (json!({}), "passkey-unreadable"),
        (json!("x"), "passkey-unreadable"),
        (json!([]), "passkey-unreadable"),
        (without("attestationObject"), "passkey-unreadable"),
        (without("clientDataJSON"), "passkey-unreadable"),
        (cut, "passkey-wrong"),
    ] {
        options(&browser, ADDING).await;
        let body = json!({ "name": "Phone", "credential": credential });
        let refused = browser.post(PASSKEYS, &body).await;
        refused.is_problem(422, code);
        refused.is_field_problem("credential", code);
    }

    assert_eq!(count(&server, "identity.factor.refused").await, 6);
    assert_eq!(count(&server, "identity.factor.added").await, 0);
    server.finish().await;
}

#[tokio::test]
async fn an_oversized_passkey_is_refused() {
    let server = named_box().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let mut padded = Authenticator::new(ORIGIN);
    padded.padding = 17_000;
    let mut long_named = Authenticator::new(ORIGIN);
    long_named.id = vec![1; 1024];
    let mut hidden = Authenticator::new(ORIGIN);
    hidden.id = vec![2; 2000];

    for (mut device, is_hidden) in [(padded, false), (long_named, false), (hidden, true)] {
        let mut made = device.create(&options(&browser, ADDING).await);
        if is_hidden {
            made["rawId"] = json!("AAAA");
        }
        let body = json!({ "name": "Phone", "credential": made });
        browser.post(PASSKEYS, &body).await.is_problem(422, "passkey-too-large");
    }
    let huge = json!({ "name": "Phone", "credential": { "id": "A".repeat(65_536) } });
    browser.post(PASSKEYS, &huge).await.is_problem(413, "too-large");

    assert_eq!(count(&server, "identity.factor.refused").await, 3);
    assert_eq!(count(&server, "identity.factor.added").await, 0);
    server.finish().await;
}

#[tokio::test]
async fn a_passkey_is_set_up_once_and_by_one_person() {
    let server = named_box().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let other = server.signed_in("ivo@example.com", "manager").await;
    let mut device = Authenticator::new(ORIGIN);
    add(&browser, &mut device, "Phone").await;

    let again = device.create(&options(&browser, ADDING).await);
    let again = browser.post(PASSKEYS, &json!({ "name": "Again", "credential": again })).await;
    let taken = device.create(&options(&other, ADDING).await);
    let taken = other.post(PASSKEYS, &json!({ "name": "Mine", "credential": taken })).await;

    again.is_problem(422, "passkey-known");
    taken.is_problem(422, "passkey-of-another");
    assert_eq!(count(&server, "identity.factor.added").await, 1);
    server.finish().await;
}

#[tokio::test]
async fn a_new_passkey_is_bound_to_site_question_and_session() {
    let server = named_box().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let other = server.signed_in("ivo@example.com", "manager").await;
    let mut device = Authenticator::new(ORIGIN);
    let body = |made: Value| json!({ "name": "Phone", "credential": made });

    let made = device.create(&options(&browser, ADDING).await);
    let elsewhere = other.post(PASSKEYS, &body(made.clone())).await;
    elsewhere.is_problem(422, "passkey-challenge-over");
    options(&browser, ADDING).await;
    browser.post(PASSKEYS, &body(made)).await.is_problem(422, "passkey-replayed");
    device.is_verified = false;
    let made = device.create(&options(&browser, ADDING).await);
    browser.post(PASSKEYS, &body(made)).await.is_problem(422, "passkey-not-verified");
    device.is_verified = true;
    "https://evil.example".clone_into(&mut device.origin);
    let made = device.create(&options(&browser, ADDING).await);
    browser.post(PASSKEYS, &body(made)).await.is_problem(422, "passkey-wrong-origin");
    ORIGIN.clone_into(&mut device.origin);
    "evil.example".clone_into(&mut device.rp_id);
    let made = device.create(&options(&browser, ADDING).await);
    browser.post(PASSKEYS, &body(made)).await.is_problem(422, "passkey-foreign");

    assert_eq!(count(&server, "identity.factor.added").await, 0);
    assert_eq!(count(&server, "identity.factor.refused").await, 5);
    server.finish().await;
}

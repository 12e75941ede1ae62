//! Browser sessions: rotation, theft, tabs, lost answers, the list.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Browser, PASSWORD, Reply, TestServer};

const ME: &str = "/api/v1/me";
const EMAIL: &str = "mira@example.com";
const QUARTER: Duration = Duration::from_mins(16);

async fn ask(browser: &Browser) -> u16 {
    browser.send_and_lose(Method::GET, ME, &Value::Null).await.status.as_u16()
}

#[tokio::test]
async fn a_session_gets_a_new_value_after_a_quarter_of_an_hour() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let before = browser.session();

    browser.get(ME).await.is(200);
    assert_eq!(browser.session(), before, "too early for a new one");
    server.advance(QUARTER);
    browser.get(ME).await.is(200);

    assert_ne!(browser.session(), before);
    browser.get(ME).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn the_old_value_is_good_until_the_new_one_was_presented_and_half_a_minute_after() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let old_tab = browser.copy();
    server.advance(QUARTER);
    browser.get(ME).await.is(200);

    server.advance(Duration::from_mins(10));
    assert_eq!(ask(&old_tab).await, 200, "the new value was not presented yet");
    browser.get(ME).await.is(200);
    server.advance(Duration::from_secs(30));
    assert_eq!(ask(&old_tab).await, 200, "requests of other tabs are still on their way");
    server.advance(Duration::from_secs(1));

    let reused = old_tab.get(ME).await;

    reused.is_problem(401, "session-ended");
    browser.get(ME).await.is_problem(401, "sign-in-needed");
    assert_eq!(server.box_counts().await["identity.session.reused"], 1);
    server.finish().await;
}

#[tokio::test]
async fn a_theft_ends_one_session_and_not_the_others_of_the_person() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let elsewhere = server.browser();
    elsewhere.sign_in(EMAIL, PASSWORD).await.is(200);
    let thief = browser.copy();
    server.advance(QUARTER);
    browser.get(ME).await.is(200);
    browser.get(ME).await.is(200);
    server.advance(Duration::from_secs(31));

    thief.get(ME).await.is_problem(401, "session-ended");

    elsewhere.get(ME).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_thief_who_uses_the_copy_first_is_thrown_out_when_the_owner_comes_back() {
    let server = TestServer::start().await;
    let owner = server.signed_in(EMAIL, "manager").await;
    let thief = owner.copy();
    server.advance(QUARTER);
    thief.get(ME).await.is(200);
    thief.get(ME).await.is(200);
    server.advance(Duration::from_secs(31));

    owner.get(ME).await.is_problem(401, "session-ended");

    thief.get(ME).await.is_problem(401, "sign-in-needed");
    assert_eq!(server.box_counts().await["identity.session.reused"], 1);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_tabs_whose_answers_are_all_lost_none_is_signed_out() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;

    for _ in 0..4 {
        server.advance(QUARTER);
        let lost = (0..50).map(|_| browser.send_and_lose(Method::GET, ME, &Value::Null));
        let replies = join_all(lost).await;
        assert!(replies.iter().all(|reply| reply.status == 200));
        let given = |reply: &&Reply| reply.headers.contains_key("set-cookie");
        assert_eq!(replies.iter().filter(given).count(), 1, "one successor was on its way");
    }
    browser.get(ME).await.is(200);
    browser.get(ME).await.is(200);

    assert_eq!(server.box_counts().await.get("identity.session.reused"), None);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_tabs_at_once_raise_no_alarm() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    for _ in 0..3 {
        server.advance(QUARTER);
        let tabs = (0..50).map(|_| browser.send_and_lose(Method::GET, ME, &Value::Null));
        let replies = join_all(tabs).await;

        let successors =
            replies.iter().filter(|reply| reply.headers.contains_key("set-cookie")).count();
        assert!(replies.iter().all(|reply| reply.status == 200));
        assert_eq!(successors, 1, "one successor for all tabs");
        for reply in &replies {
            browser.take_in(reply);
        }
        // Tabs go on with whichever value they had when they started.
        let late = (0..50).map(|_| browser.send_and_lose(Method::GET, ME, &Value::Null));
        assert!(join_all(late).await.iter().all(|reply| reply.status == 200));
    }

    assert_eq!(server.box_counts().await.get("identity.session.reused"), None);
    server.finish().await;
}

#[tokio::test]
async fn a_lost_answer_signs_nobody_out() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    server.advance(QUARTER);
    let lost = browser.send_and_lose(Method::GET, ME, &Value::Null).await;
    assert!(lost.headers.contains_key("set-cookie"), "the successor was on its way");

    for _ in 0..5 {
        server.advance(Duration::from_hours(1));
        assert_eq!(ask(&browser).await, 200);
    }
    browser.get(ME).await.is(200);
    browser.get(ME).await.is(200);

    assert_eq!(server.box_counts().await.get("identity.session.reused"), None);
    server.finish().await;
}

#[tokio::test]
async fn a_session_ends_when_it_idles_and_when_it_is_old() {
    let server = TestServer::start().await;
    let idle = server.signed_in(EMAIL, "manager").await;
    server.advance(Duration::from_hours(8) + Duration::from_secs(1));
    idle.get(ME).await.is_problem(401, "sign-in-needed");

    let busy = server.browser();
    busy.sign_in(EMAIL, PASSWORD).await.is(200);
    for _ in 0..(30 * 4) {
        server.advance(Duration::from_hours(6) - Duration::from_secs(1));
        busy.get(ME).await.is(200);
    }
    server.advance(Duration::from_mins(2));

    busy.get(ME).await.is_problem(401, "sign-in-needed");
    server.finish().await;
}

#[tokio::test]
async fn a_person_sees_and_ends_their_sessions() {
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    let here = Browser::new(server.stranger().at("192.0.2.1"));
    here.sign_in(EMAIL, PASSWORD).await.is(200);
    server.advance(Duration::from_secs(1));
    let there = Browser::new(server.stranger().at("198.51.100.7"));
    there.sign_in(EMAIL, PASSWORD).await.is(200);
    let stranger = server.signed_in("ana@example.com", "owner").await;

    let listed = here.get("/api/v1/me/sessions").await.is(200);

    let items = listed["items"].as_array().expect("a list");
    let current: Vec<_> = items.iter().map(|one| one["is_current"].clone()).collect();
    assert_eq!(current, [json!(false), json!(true)]);
    assert_eq!(items[0]["ip"], "198.51.100.7");
    let path = format!("/api/v1/me/sessions/{}", items[0]["id"].as_str().unwrap());
    stranger.delete(&path).await.is_problem(404, "not-found");
    here.delete(&path).await.is(204);
    there.get(ME).await.is_problem(401, "sign-in-needed");
    here.delete(&path).await.is_problem(404, "not-found");
    let own = format!("/api/v1/me/sessions/{}", items[1]["id"].as_str().unwrap());
    here.delete(&own).await.is(204);
    assert_eq!(here.session(), None);
    server.finish().await;
}

#[tokio::test]
async fn signing_out_everywhere_else_keeps_this_browser_and_the_programs() {
    let server = TestServer::start().await;
    let here = server.signed_in(EMAIL, "manager").await;
    let body = json!({ "name": "Scale", "expires_in_days": 9 });
    here.post("/api/v1/me/tokens", &body).await.is(201);
    let there = server.browser();
    there.sign_in(EMAIL, PASSWORD).await.is(200);
    let stranger = server.signed_in("ana@example.com", "owner").await;

    here.delete("/api/v1/me/sessions").await.is(204);

    there.get(ME).await.is_problem(401, "sign-in-needed");
    here.get(ME).await.is(200);
    stranger.get(ME).await.is(200);
    let left = here.get("/api/v1/me/sessions").await.is(200);
    assert_eq!(left["items"].as_array().map(Vec::len), Some(1));
    let tokens = here.get("/api/v1/me/tokens").await.is(200);
    assert_eq!(tokens["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(server.box_counts().await["identity.session.ended"], 1);
    server.finish().await;
}

#[tokio::test]
async fn the_twenty_first_session_ends_the_oldest() {
    let server = TestServer::start().await;
    let first = server.signed_in(EMAIL, "manager").await;
    server.advance(Duration::from_secs(1));
    let second = server.browser();
    second.sign_in(EMAIL, PASSWORD).await.is(200);
    for _ in 0..19 {
        server.advance(Duration::from_secs(1));
        server.browser().sign_in(EMAIL, PASSWORD).await.is(200);
    }

    first.get(ME).await.is_problem(401, "sign-in-needed");
    second.get(ME).await.is(200);
    server.finish().await;
}

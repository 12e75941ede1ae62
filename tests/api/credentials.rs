//! What a credential is worth: only as itself, only as long as its person is who they were, and
//! nothing when it was guessed.

use std::time::Duration;

use axum::body::Body;
use holdfast::platform::identity::sessions::rules::SUCCESSORS_MAX;
use holdfast::platform::secret::{Secret, to_base64};
use http::{Method, header};
use http_body_util::BodyExt;
use serde_json::json;
use tokio::time::timeout;

use crate::support::{Browser, Client, SESSION, TestServer, system};

const MINUTE: Duration = Duration::from_mins(1);
const SECOND: Duration = Duration::from_secs(1);
/// Something anybody who is signed in may ask.
const ANY: &str = "/api/v1/workspaces";
/// How fast a change must act.
const AT_ONCE: Duration = Duration::from_secs(1);

/// How many values the database holds.
async fn values(server: &TestServer) -> i64 {
    let ctx = system(&server.platform);
    let counted = ctx.read(|scope| {
        let mut count = scope.prepare_cached("SELECT count(*) FROM auth_tokens")?;
        Ok(count.query_row([], |row| row.get(0))?)
    });
    counted.await.expect("a count")
}

async fn browser(server: &TestServer) -> Browser {
    server.browser_of(server.user("manager").await).await
}

#[tokio::test]
async fn a_program_that_forgets_its_cookies_does_not_fill_the_disk() {
    let server = TestServer::start().await;
    let browser = browser(&server).await;

    for _ in 0..3 * SUCCESSORS_MAX {
        server.advance(16 * MINUTE);
        browser.copy().get(ANY).await.is(200);
    }

    assert_eq!(values(&server).await, 1 + i64::try_from(SUCCESSORS_MAX).unwrap());
    server.advance(16 * MINUTE);
    browser.get(ANY).await.is(200);
    browser.get(ANY).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_cookie_is_no_token_and_a_token_no_cookie() {
    let server = TestServer::start().await;
    let user = server.user("manager").await;
    let (browser, program) = (server.browser_of(user).await, server.token_of(user).await);
    let session = browser.session().expect("a session");
    let stranger = server.stranger();
    let bearer = |value: &str| format!("Bearer {value}");
    let cookie = |value: &str| format!("{SESSION}={value}");

    for (name, value, status) in [
        ("authorization", bearer(program.token()), 200),
        ("authorization", bearer(&session), 401),
        ("authorization", format!("Basic {}", program.token()), 401),
        ("authorization", program.token().to_owned(), 401),
        ("authorization", bearer(""), 401),
        ("cookie", cookie(&session), 200),
        ("cookie", format!("a=b; {}; c=d", cookie(&session)), 200),
        ("cookie", cookie(program.token()), 401),
        ("cookie", format!("hf_session={session}"), 401),
        ("cookie", cookie(""), 401),
    ] {
        let reply = stranger.send(Method::GET, ANY, &[(name, &value)], Body::empty()).await;
        assert_eq!(reply.status, status, "{name}: {value}");
    }
    server.finish().await;
}

#[tokio::test]
async fn guessed_values_open_nothing_and_cost_little() {
    let server = TestServer::start().await;
    let random = server.platform.random.clone();
    let browser = browser(&server).await;

    let started = std::time::Instant::now();
    for number in 0..10_000 {
        let guess = to_base64(&random.bytes::<32>());
        let (name, value) = match number % 2 {
            0 => ("cookie", format!("{SESSION}={guess}")),
            _ => ("authorization", format!("Bearer hfp_{guess}")),
        };
        let reply =
            server.stranger().answer(Method::GET, ANY, &[(name, &value)], Body::empty()).await;
        assert_eq!(reply.status(), 401);
    }

    assert!(started.elapsed() < Duration::from_mins(1), "{:?}", started.elapsed());
    browser.get(ANY).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn guesses_from_one_address_are_throttled_and_nobody_else_is() {
    let server = TestServer::start_with(&[("limits.unauthenticated_burst", "5")]).await;
    let browser = browser(&server).await.bare().at("192.0.2.7");
    let guesser = Browser::with_session(server.stranger(), "guess").bare().at("192.0.2.7");

    for _ in 0..5 {
        guesser.get(ANY).await.is_problem(401, "sign-in-needed");
    }
    let throttled = guesser.get(ANY).await;

    throttled.is_problem(429, "too-many-requests");
    assert_eq!(throttled.header("retry-after"), Some("1"));
    browser.get(ANY).await.is(200);
    guesser.at("192.0.2.8").get(ANY).await.is_problem(401, "sign-in-needed");
    server.advance(SECOND);
    guesser.get(ANY).await.is_problem(401, "sign-in-needed");
    server.finish().await;
}

#[tokio::test]
async fn what_changes_in_a_person_acts_on_the_next_request() {
    let server = TestServer::start().await;
    let here = format!("/api/v1/workspaces/{}", server.workspace);
    let user = server.user("manager").await;
    let browser = server.browser_of(user).await.bare().saying("sec-fetch-site", "same-origin");
    let program = server.token_of(user).await;
    let body = json!({ "code": "A", "name": "Shelf" });
    for client in [&browser, &program] {
        client.get(&here).await.is(200);
    }

    browser.post("/inventory/locations", &body).await.is(201);
    server.change_user(user, "UPDATE memberships SET role = 'viewer' WHERE user_id = :user").await;
    for client in [&browser, &program] {
        client.post("/inventory/locations", &body).await.is_problem(403, "forbidden");
        client.get(&here).await.is(200);
    }
    server.change_user(user, "DELETE FROM memberships WHERE user_id = :user").await;
    for client in [&browser, &program] {
        client.get(&here).await.is_problem(404, "not-found");
        client.get(ANY).await.is(200);
    }
    server.change_user(user, "UPDATE users SET disabled_at = :now WHERE id = :user").await;
    for client in [&browser, &program] {
        client.get(ANY).await.is_problem(401, "sign-in-needed");
    }
    server.finish().await;
}

/// Opens a stream and waits until it follows: what happens after that is heard.
async fn follow(client: &Client) -> Body {
    follow_at(client, "/events").await
}

async fn follow_at(client: &Client, path: &str) -> Body {
    let response = client.answer(Method::GET, path, &[], Body::empty()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut stream = response.into_body();
    let first = next(&mut stream).await.expect("where the stream begins");
    assert!(!first.contains("data:"), "{first}");
    stream
}

/// The next message within a second; none when the stream ended within it.
async fn next(stream: &mut Body) -> Option<String> {
    let frame = timeout(AT_ONCE, stream.frame()).await.expect("the stream neither spoke nor ended");
    let data = frame?.expect("a frame").into_data().expect("data");
    Some(String::from_utf8(data.to_vec()).expect("text"))
}

#[tokio::test]
async fn what_ends_a_sign_in_ends_its_streams_within_a_second() {
    for end in [
        "UPDATE users SET disabled_at = :now WHERE id = :user",
        "UPDATE auth_families SET revoked_at = :now WHERE user_id = :user",
        "DELETE FROM memberships WHERE user_id = :user",
    ] {
        let server = TestServer::start().await;
        let writer = server.person("manager").await;
        let user = server.user("viewer").await;
        let mut of_browser = follow(&server.browser_of(user).await.bare()).await;
        let mut of_program = follow(&server.token_of(user).await).await;
        let mut of_writer = follow(&writer).await;
        let body = json!({ "code": "A", "name": "Shelf" });
        writer.post("/inventory/locations", &body).await.is(201);
        for stream in [&mut of_browser, &mut of_program, &mut of_writer] {
            let heard = next(stream).await.expect("a message");
            assert!(heard.contains("inventory.location"), "{heard}");
        }

        server.change_user(user, end).await;

        assert_eq!(next(&mut of_browser).await, None, "{end}");
        assert_eq!(next(&mut of_program).await, None, "{end}");
        let body = json!({ "code": "B", "name": "Shelf" });
        writer.post("/inventory/locations", &body).await.is(201);
        assert!(next(&mut of_writer).await.is_some(), "others go on");
        server.finish().await;
    }
}

#[tokio::test]
async fn who_is_no_operator_any_more_hears_nothing_of_the_box() {
    const BOX: &str = "/api/v1/events";
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let mut stream = follow_at(&operator, BOX).await;
    let newcomer = server.user("viewer").await;
    let heard = next(&mut stream).await.expect("a message");
    assert!(heard.contains("identity.user"), "{heard}");
    drop(stream);
    let mut stream = follow_at(&operator, BOX).await;

    let dismiss = "UPDATE users SET is_operator = 0 WHERE id <> :user";
    server.change_user(newcomer, dismiss).await;

    assert_eq!(next(&mut stream).await, None);
    operator.get(BOX).await.is_problem(403, "forbidden");
    server.finish().await;
}

#[tokio::test]
async fn a_stream_does_not_outlive_its_session() {
    let server = TestServer::start().await;
    let writer = server.person("manager").await;
    let mut stream = follow(&browser(&server).await.bare()).await;
    let shelf = |code: &str| json!({ "code": code, "name": "Shelf" });
    writer.post("/inventory/locations", &shelf("A")).await.is(201);
    assert!(next(&mut stream).await.is_some());

    server.advance(9 * 60 * MINUTE);
    writer.post("/inventory/locations", &shelf("B")).await.is(201);

    assert_eq!(next(&mut stream).await, None, "the session has idled out");
    server.finish().await;
}

#[tokio::test]
async fn no_secret_is_kept_in_the_clear() {
    let server = TestServer::start().await;
    let user = server.user("manager").await;
    let (browser, program) = (server.browser_of(user).await, server.token_of(user).await);
    browser.get(ANY).await.is(200);
    program.get(ANY).await.is(200);
    let session = browser.session().expect("a session");
    let secrets = [session, program.token().trim_start_matches("hfp_").to_owned()];
    let folder = server.folder().to_owned();

    for name in ["system.db", "system.db-wal"] {
        let bytes = std::fs::read(folder.join(name)).unwrap_or_default();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a secret stands in {name}");
        }
    }
    assert_eq!(format!("{:?}", Secret::new(secrets[0].clone())), "Secret(…)");
    server.finish().await;
}

//! Guesses by the thousand: most of them cost nothing, nobody is kept out by them, and nobody
//! learns from them who has an account.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::{Browser, PASSWORD, TestServer};

const LOGIN: &str = "/api/v1/auth/login";
const EMAIL: &str = "mira@example.com";
const PROXY: [(&str, &str); 1] = [("server.trusted_proxies", "127.0.0.1")];
const GUESSES: u32 = 10_000;
const ADDRESSES: u32 = 1_000;
const GUESSERS: u32 = 8;
/// All guesses together take an hour of the box's clock.
const BETWEEN: Duration = Duration::from_millis(360);
/// Guesses at one account that may be compared in an hour: five are free, then each waits twice
/// as long, up to a quarter of an hour.
const COMPARED_MAX: u64 = 25;
const SIGN_IN_MAX: Duration = Duration::from_secs(2);

/// An address in a network of its own, as the proxy in front names it.
fn behind_proxy(server: &TestServer, number: u32) -> Browser {
    let address = Ipv4Addr::from(0x0a00_0007 + (number << 8));
    let client = server.stranger().at("127.0.0.1");
    Browser::new(client.saying("x-forwarded-for", &address.to_string()))
}

/// Guesses a share of all; gives how often each answer came.
async fn guess(
    server: Arc<TestServer>,
    first: u32,
    done: watch::Sender<u32>,
) -> BTreeMap<(u16, String), u32> {
    let mut answers = BTreeMap::new();
    for number in (first..GUESSES).step_by(GUESSERS as usize) {
        server.advance(BETWEEN);
        let from = behind_proxy(&server, number % ADDRESSES);
        let reply = from.sign_in(EMAIL, &format!("guess number {number}")).await;
        let waits = reply.header("retry-after").is_some_and(|after| after != "0");
        assert_eq!(waits, reply.status == 429, "{}", reply.text());
        let code = reply.json()["code"].as_str().unwrap_or_default().to_owned();
        *answers.entry((reply.status.as_u16(), code)).or_insert(0) += 1;
        done.send_modify(|done| *done += 1);
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_guesses_from_a_thousand_addresses_do_not_delay_the_owners_browser() {
    let server = Arc::new(TestServer::start_with(&PROXY).await);
    server.account(EMAIL, "owner").await;
    let own = behind_proxy(&server, ADDRESSES);
    own.sign_in(EMAIL, PASSWORD).await.is(200);
    let hashes = || server.platform.passwords.meter().hashes();
    let before = hashes();
    let (done, mut progress) = watch::channel(0);

    let mut guessers = JoinSet::new();
    for first in 0..GUESSERS {
        guessers.spawn(guess(Arc::clone(&server), first, done.clone()));
    }
    // Others keep the strangers' queue busy at that moment, at accounts that nobody has.
    let mut others = JoinSet::new();
    let mut took = Vec::new();
    for part in 1..=3 {
        progress.wait_for(|done| *done >= GUESSES / 5 * part).await.expect("guessers");
        for number in 0..2 {
            let from = behind_proxy(&server, 2 * ADDRESSES + 10 * part + number);
            let email = format!("nobody{part}{number}@example.com");
            others.spawn(async move { from.sign_in(&email, "x").await.status });
        }
        let began = Instant::now();
        own.sign_in(EMAIL, PASSWORD).await.is(200);
        took.push(began.elapsed());
        assert!(*progress.borrow() < GUESSES, "the guesses were over before");
    }
    let mut answers = BTreeMap::new();
    for (answer, count) in guessers.join_all().await.into_iter().flatten() {
        *answers.entry(answer).or_insert(0) += count;
    }
    let others = others.join_all().await.len() as u64;

    let compared = u64::from(answers.remove(&(401, "sign-in-failed".to_owned())).unwrap_or(0));
    let refused = answers.remove(&(429, "sign-in-throttled".to_owned())).unwrap_or(0);
    assert_eq!(answers, BTreeMap::new(), "other answers");
    assert_eq!(compared + u64::from(refused), u64::from(GUESSES));
    assert!((5..=COMPARED_MAX).contains(&compared), "{compared} guesses were compared");
    assert_eq!(hashes() - before, compared + others + 3, "the rest cost no argon2");
    assert!(server.platform.passwords.meter().at_once_max() <= 2);
    // The middle one, so that one hiccup of a busy machine is not taken for a delay.
    took.sort_unstable();
    assert!(took[1] < SIGN_IN_MAX, "{took:?}");
    // Not locked out: an unknown browser only waits.
    server.advance(Duration::from_mins(15));
    behind_proxy(&server, ADDRESSES + 1).sign_in(EMAIL, PASSWORD).await.is(200);
    let entries = server.box_counts().await["identity.sign_in.refused"] as u64;
    assert!(entries <= compared + others, "{entries} entries");
    Arc::into_inner(server).expect("no guesser is left").finish().await;
}

/// What a stranger can tell an answer by.
async fn seen(server: &TestServer, path: &str, body: &Value) -> (u16, Vec<String>, Value, u64) {
    let before = server.platform.passwords.meter().hashes();
    let headers = [("sec-fetch-site", "same-origin")];
    let reply = server.stranger().json(Method::POST, path, &headers, body).await;
    let mut names: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
    names.sort_unstable();
    let mut problem = reply.json();
    if problem.get("instance").is_some() {
        problem["instance"] = Value::Null;
    }
    let hashes = server.platform.passwords.meter().hashes() - before;
    (reply.status.as_u16(), names, problem, hashes)
}

#[tokio::test]
async fn a_known_and_an_unknown_account_cost_the_same_and_get_the_same_answer() {
    let server = TestServer::start().await;
    server.account(EMAIL, "manager").await;
    let gone = server.account("gone@example.com", "manager").await;
    server.change_user(gone, "UPDATE users SET disabled_at = :now WHERE id = :user").await;
    let new = server.account("new@example.com", "manager").await;
    server.change_user(new, "UPDATE users SET password_hash = '!' WHERE id = :user").await;
    let long = "x".repeat(300);

    let tries = [
        (EMAIL, "wrong"),
        (EMAIL, long.as_str()),
        ("nobody@example.com", PASSWORD),
        ("nobody@example.com", long.as_str()),
        ("gone@example.com", PASSWORD),
        ("new@example.com", "!"),
    ];
    let (mut sign_ins, mut grants) = (Vec::new(), Vec::new());
    for (email, password) in tries {
        let body = json!({ "email": email, "password": password });
        sign_ins.push(seen(&server, LOGIN, &body).await);
        let body = json!({ "grant_type": "password", "username": email, "password": password });
        grants.push(seen(&server, "/api/v1/auth/token", &body).await);
    }

    for answers in [sign_ins, grants] {
        let (status, _, problem, hashes) = &answers[0];
        assert!([400, 401].contains(status), "{problem}");
        assert_eq!(*hashes, 1, "every try costs one run of argon2");
        for (one, (email, _)) in answers.iter().zip(tries) {
            assert_eq!(*one, answers[0], "{email}");
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn registering_a_known_and_an_unknown_address_is_the_same() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let open = json!({ "mode": "domains", "domains": ["example.com"] });
    operator.json(Method::PATCH, "/api/v1/box/registration", &[], &open).await.is(200);
    server.account(EMAIL, "manager").await;

    let register = async |email: &str| {
        let body = json!({ "email": email, "name": "Mira Novak" });
        seen(&server, "/api/v1/auth/register", &body).await
    };
    let (known, unknown) = (register(EMAIL).await, register("nobody@example.com").await);

    assert_eq!(known, unknown);
    assert_eq!((known.0, known.3), (202, 0));
    let counts = server.box_counts().await;
    assert_eq!(counts["identity.registration.asked"], 2, "the same is written for both");
    server.finish().await;
}

#[tokio::test]
async fn a_neighbour_who_guesses_stops_no_known_browser_no_session_and_no_program() {
    let settings = [("limits.sign_in_failures_burst", "3")];
    let server = TestServer::start_with(&settings).await;
    server.account(EMAIL, "owner").await;
    let (owner, neighbour) = (server.stranger().at("192.0.2.7"), server.stranger().at("192.0.2.8"));
    let own = Browser::new(owner.clone());
    own.sign_in(EMAIL, PASSWORD).await.is(200);
    let account = json!({ "name": "Till", "workspace_id": server.workspace.to_string(),
        "permissions": ["workspace.read"] });
    let account = own.post("/api/v1/service-accounts", &account).await.is(201);
    let service = json!({ "grant_type": "client_credentials", "client_id": account["client_id"],
        "client_secret": account["client_secret"] });
    let program = json!({ "grant_type": "password", "username": EMAIL, "password": PASSWORD });
    let program = owner.post("/api/v1/auth/token", &program).await.is(200);
    let refresh =
        json!({ "grant_type": "refresh_token", "refresh_token": program["refresh_token"] });

    for number in 0..3 {
        let guesser = Browser::new(neighbour.clone());
        let email = format!("nobody{number}@example.com");
        guesser.sign_in(&email, "x").await.is_problem(401, "sign-in-failed");
    }

    let unknown = Browser::new(owner.clone());
    unknown.sign_in(EMAIL, PASSWORD).await.is_problem(429, "sign-in-throttled");
    own.post("/api/v1/auth/step-up", &json!({ "password": PASSWORD })).await.is(200);
    own.sign_in(EMAIL, PASSWORD).await.is(200);
    owner.post("/api/v1/auth/token", &service).await.is(200);
    owner.post("/api/v1/auth/token", &refresh).await.is(200);
    server.finish().await;
}

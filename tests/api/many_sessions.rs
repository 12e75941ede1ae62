//! A hundred thousand sessions: everything stays as quick as with a few, and the clean-up takes
//! them in small bites.

use std::time::{Duration, Instant};

use holdfast::platform::identity::UserId;
use holdfast::platform::identity::sessions::ops::drop_all_ended_in;
use rusqlite::named_params;

use crate::support::{Browser, TestServer, system};

const PEOPLE: i64 = 5_000;
const SESSIONS_EACH: i64 = 20;
/// As the nightly clean-up takes them.
const AT_ONCE: usize = 500;
/// Looked at for one measurement, of which the quickest of three counts.
const ASKED: usize = 60;
/// How much slower a box full of sessions may be, and what the machine's hiccups add.
const FACTOR_MAX: u32 = 4;
const HICCUP: Duration = Duration::from_micros(500);

/// Adds people with sessions that nobody uses any more, half of which are over.
async fn fill(server: &TestServer) {
    let ctx = system(&server.platform);
    let filled = ctx.write(|scope| {
        let (now, day) = (scope.now().0, 86_400_000_i64);
        let people = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
                          WHERE i < :people)
                      INSERT INTO users (id, name, email, email_key, password_hash,
                          password_changed_at, is_operator, created_at, updated_at)
                      SELECT randomblob(16), 'Person ' || i, 'many' || i || '@example.com',
                          'many' || i || '@example.com', '!', :now, 0, :now, :now FROM n";
        scope.prepare_cached(people)?.execute(named_params! { ":people": PEOPLE, ":now": now })?;
        let families = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
                            WHERE i < :each)
                        INSERT INTO auth_families (id, user_id, kind, address, user_agent,
                            created_at, expires_at, last_seen_at, presented_at)
                        SELECT randomblob(16), users.id, 'session', '192.0.2.7', 'Firefox',
                            :now - n.i, iif(n.i % 2, :now - 400 * :day, :now + 30 * :day),
                            :now, :now
                        FROM users, n WHERE users.email LIKE 'many%'";
        scope
            .prepare_cached(families)?
            .execute(named_params! { ":each": SESSIONS_EACH, ":now": now, ":day": day })?;
        let values = "INSERT INTO auth_tokens (token_hash, family_id, serial, minted_at)
                      SELECT randomblob(32), id, 1, created_at FROM auth_families
                      WHERE NOT EXISTS (SELECT 1 FROM auth_tokens WHERE family_id = id)";
        Ok(scope.prepare_cached(values)?.execute([])?)
    });
    let filled = i64::try_from(filled.await.expect("sessions"));
    assert_eq!(filled, Ok(PEOPLE * SESSIONS_EACH));
}

/// What each of several things takes; of three rounds the quickest.
async fn quickest(mut round: impl AsyncFnMut()) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        round().await;
        best = best.min(began.elapsed() / u32::try_from(ASKED).expect("a number"));
    }
    best
}

/// How long a look at a session, the beginning of one, and a look for ended ones take.
async fn measured(server: &TestServer, browsers: &[Browser], user: UserId) -> [Duration; 3] {
    let checked = quickest(async || {
        // A commit: from here on nothing is remembered.
        server.browser_of(user).await;
        for browser in browsers {
            browser.get("/api/v1/me").await.is(200);
        }
    });
    let checked = checked.await;
    let begun = quickest(async || {
        for _ in 0..ASKED {
            server.browser_of(user).await;
        }
    });
    let begun = begun.await;
    let nothing_to_drop = quickest(async || {
        for _ in 0..ASKED {
            let ctx = system(&server.platform);
            let dropped = ctx.write(|scope| drop_all_ended_in(scope, AT_ONCE)).await;
            assert_eq!(dropped.expect("a look"), 0);
        }
    });
    [checked, begun, nothing_to_drop.await]
}

#[tokio::test]
async fn a_hundred_thousand_sessions_slow_nothing_down_and_are_dropped_in_bites() {
    let server = TestServer::start().await;
    let user = server.user("viewer").await;
    let mut browsers = Vec::new();
    for _ in 0..ASKED {
        browsers.push(server.browser_of(server.user("viewer").await).await);
    }
    let few = measured(&server, &browsers, user).await;

    fill(&server).await;
    let (mut dropped, mut longest) = (0, Duration::ZERO);
    loop {
        let began = Instant::now();
        let ctx = system(&server.platform);
        let some = ctx.write(|scope| drop_all_ended_in(scope, AT_ONCE)).await.expect("a bite");
        longest = longest.max(began.elapsed());
        dropped += some;
        if some < AT_ONCE {
            break;
        }
        if dropped == AT_ONCE {
            // Whoever comes in between is served.
            browsers[0].get("/api/v1/me").await.is(200);
        }
    }
    let many = measured(&server, &browsers, user).await;

    let half = PEOPLE * SESSIONS_EACH / 2;
    assert_eq!(i64::try_from(dropped), Ok(half), "those that are over, and no other");
    assert!(longest < Duration::from_secs(2), "one bite took {longest:?}");
    for (what, (few, many)) in ["check", "beginning", "clean-up"].iter().zip(few.iter().zip(many)) {
        let most = *few * FACTOR_MAX + HICCUP;
        assert!(many < most, "{what}: {many:?} with many sessions, {few:?} with few");
    }
    server.finish().await;
}

//! What it costs to know who asks, on a box with a hundred thousand sessions.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use holdfast::config::{Config, Sources};
use holdfast::platform::Platform;
use holdfast::platform::clock::{Clock, Moment};
use holdfast::platform::ctx::{Actor, BoxCtx, Cause};
use holdfast::platform::identity::sessions::ops::{
    Credential, begin_in, drop_all_ended_in, lifetimes, resolve,
};
use holdfast::platform::identity::users::ops::insert_in;
use holdfast::platform::identity::users::rules::NewUser;
use holdfast::platform::random::Random;
use holdfast::platform::secret::Secret;
use holdfast::wiring;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::Problem;
use crate::report::{self, Figure, Unit};
use crate::server::cpu_us_of;

const PEOPLE: usize = 5_000;
const SESSIONS_EACH: usize = 20;
/// Made in one transaction.
const PEOPLE_AT_ONCE: usize = 100;
/// Sessions that ask again and again.
const BUSY: usize = 1_000;
const CHECKS: usize = 300_000;
/// Sessions that ask once, each after nobody remembers it.
const SEEN_ONCE: usize = 8_000;
const TOKENS: usize = 200;
const SIGN_INS: usize = 10;
const HOST: &str = "kitchen.local";
const PASSWORD: &str = "lantern otter mosaic drizzle";
/// As the nightly clean-up takes them.
const DROPPED_AT_ONCE: usize = 500;

/// Measures and prints; false when something was missed.
pub(crate) fn measure(folder: &Path) -> Result<bool, Problem> {
    let runtime = tokio::runtime::Runtime::new()?;
    let figures = runtime.block_on(figures(&folder.join("identity")))?;
    Ok(report::print(&[], &figures))
}

async fn figures(data: &Path) -> Result<Vec<Figure>, Problem> {
    // The clock of the box is moved at the end, so that sessions are over.
    let clock = Clock::fixed(Moment(1_795_240_800_000));
    let platform = open(data, &clock)?;
    let ctx = BoxCtx::new(&platform, Cause::of(Actor::Stranger));
    let router = wiring::application(&platform, vec![HOST.to_owned()])?;
    let mut figures = Vec::new();
    let mut figure = |name, value, most| {
        figures.push(Figure { name, value, unit: Unit::Nanos, most });
    };
    let alone = signing_in(&platform, &router).await?;
    figure("sign in, CPU", alone, 350_000_000);
    let sessions = seed(&platform).await?;
    let among = signing_in(&platform, &router).await?;
    figure("sign in among 100,000 sessions, CPU", among, 350_000_000);
    let busy = &sessions[..BUSY];
    figure("check a session, CPU", checking(&ctx, busy, CHECKS).await?, 20_000);
    // As after a change: nothing is remembered.
    let once = &sessions[BUSY..BUSY + SEEN_ONCE];
    let cost = checking(&ctx, once, SEEN_ONCE).await?;
    figure("check a session that is not remembered, CPU", cost, 200_000);
    let tokens = tokens(&router).await?;
    let cost = checking(&ctx, &tokens, TOKENS).await?;
    figure("check an access token for the first time, CPU", cost, 400_000);
    figure("check an access token, CPU", checking(&ctx, &tokens, CHECKS).await?, 20_000);
    let Clock::Fixed(at) = &clock else { return Err("the clock goes by itself".into()) };
    at.fetch_add(1_000 * 3_600 * 24 * 365, std::sync::atomic::Ordering::SeqCst);
    let (cost, longest) = cleaning_up(&platform).await?;
    figure("clean up an ended session, CPU", cost, 100_000);
    figure("longest transaction of the clean-up, CPU", longest, 100_000_000);
    platform.close().await;
    Ok(figures)
}

fn open(data: &Path, clock: &Clock) -> Result<Arc<Platform>, Problem> {
    let flags = vec![("storage.data", data.display().to_string())];
    let config = Config::load(&Sources { flags, ..Sources::default() });
    let config = config.map_err(|errors| format!("{errors:?}"))?;
    Ok(wiring::open_with(config, clock.clone(), wiring::parts())?)
}

fn own_cpu_us() -> Result<u64, Problem> {
    cpu_us_of("self")
}

fn each_ns(before_us: u64, count: usize) -> Result<u64, Problem> {
    Ok((own_cpu_us()? - before_us) * 1_000 / u64::try_from(count)?)
}

async fn ask(router: &Router, path: &str, body: &Value) -> Result<Value, Problem> {
    let request = Request::post(path)
        .header(header::HOST, HOST)
        .header(header::CONTENT_TYPE, "application/json")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body.to_string()))?;
    let response = router.clone().oneshot(request).await?;
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await?;
    if status != StatusCode::OK {
        return Err(format!("{path}: {status} {}", String::from_utf8_lossy(&bytes)).into());
    }
    Ok(serde_json::from_slice(&bytes)?)
}

/// Nanoseconds for each sign-in, from the request to the answer.
async fn signing_in(platform: &Arc<Platform>, router: &Router) -> Result<u64, Problem> {
    let random = Random::new(Clock::System);
    let password_hash = platform.passwords.hash(&random, Secret::new(PASSWORD)).await?;
    let name = format!("mira{}@example.com", random.uuid().simple());
    let new = NewUser {
        name: "Mira Novak".to_owned(),
        email: name.clone(),
        password_hash,
        is_operator: false,
    };
    let system = BoxCtx::new(platform, Cause::of(Actor::System));
    system.write(move |scope| insert_in(scope, &new).map(drop)).await?;
    let body = json!({ "email": name, "password": PASSWORD });
    let before = own_cpu_us()?;
    for _ in 0..SIGN_INS {
        ask(router, "/api/v1/auth/login", &body).await?;
    }
    each_ns(before, SIGN_INS)
}

/// Makes people with sessions; the first can sign in by a program.
async fn seed(platform: &Arc<Platform>) -> Result<Vec<Credential>, Problem> {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    let lifetimes = lifetimes(&ctx);
    let random = Random::new(Clock::System);
    let known = platform.passwords.hash(&random, Secret::new(PASSWORD)).await?;
    let mut sessions = Vec::with_capacity(PEOPLE * SESSIONS_EACH);
    for first in (0..PEOPLE).step_by(PEOPLE_AT_ONCE) {
        let known = known.clone();
        let made = ctx.write(move |scope| {
            let mut values = Vec::with_capacity(PEOPLE_AT_ONCE * SESSIONS_EACH);
            for number in first..first + PEOPLE_AT_ONCE {
                let new = NewUser {
                    name: format!("Person {number}"),
                    email: format!("person{number}@example.com"),
                    password_hash: if number == 0 { known.clone() } else { "!".to_owned() },
                    is_operator: false,
                };
                let user = insert_in(scope, &new)?.id;
                for _ in 0..SESSIONS_EACH {
                    values.push(begin_in(scope, scope.new_id(), user, lifetimes)?);
                }
            }
            Ok(values)
        });
        sessions.extend(made.await?.into_iter().map(Credential::Cookie));
    }
    Ok(sessions)
}

/// Nanoseconds for each check of these, one after the other and over again.
async fn checking(ctx: &BoxCtx, some: &[Credential], count: usize) -> Result<u64, Problem> {
    let before = own_cpu_us()?;
    for credential in some.iter().cycle().take(count) {
        resolve(ctx, credential).await?;
    }
    each_ns(before, count)
}

async fn tokens(router: &Router) -> Result<Vec<Credential>, Problem> {
    let mut tokens = Vec::new();
    // A refresh costs no argon2, and each gives another access token.
    let body = json!({ "grant_type": "password", "username": "person0@example.com",
        "password": PASSWORD });
    let mut answer = ask(router, "/api/v1/auth/token", &body).await?;
    while tokens.len() < TOKENS {
        let body = json!({ "grant_type": "refresh_token",
            "refresh_token": answer["refresh_token"] });
        answer = ask(router, "/api/v1/auth/token", &body).await?;
        let token = answer["access_token"].as_str().ok_or("no token")?;
        tokens.push(Credential::Bearer(Secret::new(token)));
    }
    Ok(tokens)
}

/// Nanoseconds for each session that was over, and those of the longest transaction.
async fn cleaning_up(platform: &Arc<Platform>) -> Result<(u64, u64), Problem> {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    let (mut count, mut longest, began) = (0, 0, own_cpu_us()?);
    loop {
        let before = own_cpu_us()?;
        let some = ctx.write(|scope| drop_all_ended_in(scope, DROPPED_AT_ONCE)).await?;
        longest = longest.max(own_cpu_us()? - before);
        count += some;
        if some < DROPPED_AT_ONCE {
            break;
        }
    }
    if count < PEOPLE * SESSIONS_EACH {
        return Err(format!("only {count} sessions were over").into());
    }
    Ok((each_ns(began, count)?, longest * 1_000))
}

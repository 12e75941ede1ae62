//! A fuzzer that reads the OpenAPI document the box serves and asks for everything in it, as
//! everybody, rightly and wrongly.
//!
//! `HOLDFAST_FUZZ_SEED` and `HOLDFAST_FUZZ_ROUNDS` choose the run; the seed is printed.

mod accepted;
mod breakage;
pub(crate) mod chance;
pub(crate) mod description;
pub(crate) mod draft;
mod planted;
pub(crate) mod seen;
pub(crate) mod sent;
mod verdict;
mod week;
pub(crate) mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::{Duration, Instant};

use axum::body::Body;
use futures_util::FutureExt;
use holdfast::wiring;
use http::Method;
use http_body_util::BodyExt;
use serde_json::Value;

use self::breakage::Breaker;
use self::chance::Chance;
use self::description::{Description, Operation};
use self::draft::Drafter;
use self::seen::{BOX, Seen};
use self::sent::Sent;
use self::verdict::Judge;
use self::world::{Caller, World};
use crate::support::{Client, Reply, TestServer};

const SEED: u64 = 20_261_121;
const ROUNDS: u64 = 2;
/// Requests to each operation in a round: what changes something has more to go wrong.
const READS: usize = 8;
const WRITES: usize = 16;
/// Nothing more is asked after this, so that a slow machine does not wait for it.
const TIME_MAX: Duration = Duration::from_secs(30);
/// A body is read to here; streams have no end.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
const FINDINGS_MAX: usize = 60;
/// What people could not do without; a run that was only ever refused there shows nothing.
const MUST_BE_ACCEPTED: &[&str] = &[
    "POST /api/v1/setup",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/reset",
    "POST /api/v1/invitations/accept",
    "POST /api/v1/jobs",
    "POST /api/v1/jobs/{id}/retry",
    "POST /api/v1/tls/renew",
    "POST /api/v1/workspaces/{workspace}/jobs",
    "POST /api/v1/workspaces/{workspace}/jobs/{id}/retry",
    "POST /api/v1/workspaces/{workspace}/inventory/transfers",
    "POST /api/v1/workspaces/{workspace}/transfer-ownership",
    "POST /api/v1/workspaces/{workspace}/wipe",
];

/// Looks at answers and keeps what was wrong and what was reached.
pub(crate) struct Fuzzer {
    description: Description,
    codes: BTreeSet<String>,
    chance: Chance,
    seen: Seen,
    /// How often an operation answered a status.
    tally: BTreeMap<String, BTreeMap<u16, usize>>,
    /// By what is wrong, so that one fault is told once: the request that shows it.
    findings: BTreeMap<String, String>,
    begun: Instant,
}

impl Fuzzer {
    fn new(document: Value, seed: u64) -> Self {
        Self {
            description: Description::new(document),
            codes: wiring::codes().iter().map(|code| code.id.to_owned()).collect(),
            chance: Chance::new(seed),
            seen: Seen::default(),
            tally: BTreeMap::new(),
            findings: BTreeMap::new(),
            begun: Instant::now(),
        }
    }

    /// A request to an operation, by a caller who means home or elsewhere.
    fn invent(&mut self, operation: &Operation, home: &str, elsewhere: &str) -> Sent {
        let Self { description, chance, seen, .. } = self;
        let mut drafter = Drafter { description, seen, chance, home, elsewhere, mark: None };
        let mut sent = drafter.request(operation);
        let mut breaker = Breaker { description, chance, elsewhere };
        for _ in 0..[0, 0, 1, 1, 2][breaker.chance.below(5)] {
            breaker.spoil(operation, &mut sent);
        }
        sent
    }

    /// Sends a request, looks at the answer and learns from it.
    async fn ask(
        &mut self,
        operation: &Operation,
        client: &Client,
        by: &str,
        sent: &Sent,
    ) -> Reply {
        let reply = exchange(client, sent).await;
        let judge = Judge { description: &self.description, codes: &self.codes };
        let faults = judge.faults(operation, sent, &reply);
        for fault in faults {
            self.find(operation, &fault, by, sent);
        }
        let statuses = self.tally.entry(operation.name()).or_default();
        *statuses.entry(reply.status.as_u16()).or_default() += 1;
        if reply.status.is_success() {
            let home = home_of(operation, &sent.path);
            if let Ok(body) = serde_json::from_slice(&reply.bytes) {
                self.seen.learn(&home, operation, &body);
                if let Some(tag) = reply.header("etag") {
                    self.seen.note(&sent.path, tag, body);
                }
            }
        }
        reply
    }

    fn find(&mut self, operation: &Operation, fault: &str, by: &str, sent: &Sent) {
        // What was sent and which row it was in tell faults apart no further.
        let unquoted: String = fault.split('"').step_by(2).collect();
        let key: String = unquoted.chars().filter(|one| !one.is_ascii_digit()).take(60).collect();
        let told = format!("{fault}\n      {by}: {sent}");
        self.findings.entry(format!("{}: {key}", operation.name())).or_insert(told);
    }

    /// What must hold after a request was accepted.
    async fn ask_again(
        &mut self,
        operation: &Operation,
        caller: &Caller,
        sent: &Sent,
        first: &Reply,
    ) {
        let is_keyed =
            sent.header("idempotency-key").is_some() && operation.takes("Idempotency-Key");
        if is_keyed && first.status == 201 && operation.method == Method::POST {
            let again = self.ask(operation, &caller.client, caller.name, sent).await;
            let is_replay = again.header("idempotency-replayed") == Some("true");
            if again.status != 201 || !is_replay || id_of(&again) != id_of(first) {
                let fault =
                    format!("{} to a repeated Idempotency-Key: {}", again.status, again.text());
                self.find(operation, &fault, caller.name, sent);
            }
        }
        let old = sent.header("if-match").map(str::to_owned);
        if operation.takes("If-Match")
            && first.status == 200
            && first.header("etag") != old.as_deref()
        {
            let again = self.ask(operation, &caller.client, caller.name, sent).await;
            if again.status.is_success() {
                self.find(operation, "an old version was changed", caller.name, sent);
            }
        }
    }

    /// Asks each operation several times.
    async fn round(&mut self, mut world: World) -> World {
        let mut operations = self.description.operations.clone();
        self.chance.shuffle(&mut operations);
        for operation in &operations {
            if self.is_late() {
                break;
            }
            let requests = if operation.method == Method::GET { READS } else { WRITES };
            let mut has_changed = false;
            for _ in 0..requests {
                let caller = self.caller_index(&world);
                let caller = &world.callers[caller];
                // Most mean their own workspace.
                let home = if self.chance.percent(92) { caller.home } else { 1 - caller.home };
                let (home, elsewhere) = (&world.homes[home], &world.homes[1 - home]);
                let sent = self.invent(operation, home, elsewhere);
                self.freshen(caller, operation, &sent).await;
                let sent = self.with_fresh_tag(operation, sent);
                let reply = self.ask(operation, &caller.client, caller.name, &sent).await;
                if reply.status.is_success() && operation.method != Method::GET {
                    self.ask_again(operation, caller, &sent, &reply).await;
                    has_changed = true;
                }
                world.server.advance(Duration::from_millis(self.chance.number() % 2_000));
            }
            if has_changed && !world.mend().await {
                world.server.finish().await;
                world = World::make().await;
                self.seen = Seen::default();
                self.look_around(&world).await;
            }
        }
        world
    }

    /// Whoever says how many rounds gets them all.
    fn is_late(&self) -> bool {
        self.begun.elapsed() > TIME_MAX && std::env::var("HOLDFAST_FUZZ_ROUNDS").is_err()
    }

    /// Those who may do much get further, so they ask more often.
    fn caller_index(&mut self, world: &World) -> usize {
        if self.chance.percent(50) {
            let far = ["root", "root elsewhere", "browser", "owner", "manager"];
            let name = *self.chance.pick(&far);
            return world.callers.iter().position(|one| one.name == name).expect("a caller");
        }
        self.chance.below(world.callers.len())
    }

    /// Reads what is about to be changed, so that its version is known.
    async fn freshen(&mut self, caller: &Caller, operation: &Operation, sent: &Sent) {
        if !operation.takes("If-Match") || !self.chance.percent(70) {
            return;
        }
        let reader = self.description.operations.iter();
        let mut reader = reader.filter(|one| one.path == operation.path);
        let Some(reader) = reader.find(|one| one.method == Method::GET).cloned() else { return };
        let mut get = sent.clone();
        get.method = Method::GET;
        get.query.clear();
        get.headers.clear();
        get.body.clear();
        get.breaks = None;
        self.ask(&reader, &caller.client, caller.name, &get).await;
    }

    fn with_fresh_tag(&self, operation: &Operation, mut sent: Sent) -> Sent {
        let is_usual = sent.header("if-match").is_some_and(|tag| tag != "*");
        if let (true, true, Some(tag)) =
            (operation.takes("If-Match"), is_usual, self.seen.tag(&sent.path))
            && sent.breaks.is_none()
        {
            sent.set_header("if-match", &tag.clone());
        }
        sent
    }

    /// Reads every list once as those who may, so that ids are known.
    async fn look_around(&mut self, world: &World) {
        let lists = self.description.operations.clone();
        let is_list = |one: &&Operation| {
            one.method == Method::GET && !one.path.replace("{workspace}", "").contains('{')
        };
        for operation in lists.iter().filter(is_list) {
            for caller in world.callers.iter().filter(|one| one.name.starts_with("root")) {
                let path = operation.path.replace("{workspace}", &world.homes[caller.home]);
                let sent = Sent {
                    method: Method::GET,
                    path,
                    query: Vec::new(),
                    headers: Vec::new(),
                    body: Vec::new(),
                    breaks: None,
                };
                self.ask(operation, &caller.client, caller.name, &sent).await;
            }
        }
    }

    fn report(&self) -> String {
        let mut out = String::new();
        for (index, (what, told)) in self.findings.iter().take(FINDINGS_MAX).enumerate() {
            write!(out, "\n{:3} {what}\n      {told}", index + 1).expect("a String takes all");
        }
        out
    }

    fn table(&self) -> String {
        let mut out = String::new();
        for (operation, statuses) in &self.tally {
            let all: Vec<String> =
                statuses.iter().map(|(status, count)| format!("{status}×{count}")).collect();
            writeln!(out, "{operation}: {}", all.join(" ")).expect("a String takes all");
        }
        out
    }

    /// Operations that never accepted anything.
    fn never_reached(&self) -> Vec<String> {
        let names = self.description.operations.iter().map(Operation::name);
        let is_reached = |name: &String| {
            let statuses = self.tally.get(name);
            statuses.is_some_and(|all| all.keys().any(|status| (200..300).contains(status)))
        };
        names.filter(|name| !is_reached(name)).collect()
    }
}

/// The workspace a path is below, or none.
fn home_of(operation: &Operation, path: &str) -> String {
    let mut parts = operation.path.split('/').zip(path.split('/'));
    let home = parts.find(|(template, _)| *template == "{workspace}");
    home.map_or_else(|| BOX.to_owned(), |(_, id)| id.to_owned())
}

fn id_of(reply: &Reply) -> Option<Value> {
    let body: Value = serde_json::from_slice(&reply.bytes).ok()?;
    body.get("id").cloned()
}

pub(crate) async fn exchange(client: &Client, sent: &Sent) -> Reply {
    let headers: Vec<(&str, &str)> =
        sent.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let body = Body::from(sent.body.clone());
    let response = client.answer(sent.method.clone(), &sent.uri(), &headers, body).await;
    let (parts, mut body) = response.into_parts();
    let kind = parts.headers.get("content-type").and_then(|value| value.to_str().ok());
    let is_stream = kind.is_some_and(|kind| kind.starts_with("text/event-stream"));
    let bytes = if is_stream {
        // What is there already; the rest comes when something changes.
        let mut all = Vec::new();
        while let Some(Some(Ok(frame))) = body.frame().now_or_never() {
            all.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        }
        all.into()
    } else {
        axum::body::to_bytes(body, BODY_BYTES_MAX).await.expect("a body")
    };
    Reply { status: parts.status, headers: parts.headers, bytes }
}

fn number_from(variable: &str, default: u64) -> u64 {
    let Ok(text) = std::env::var(variable) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}"))
}

pub(crate) async fn served_document(server: &TestServer) -> Value {
    server.stranger().get("/api/v1/openapi.json").await.is(200)
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "the seed repeats the run")]
async fn whatever_is_asked_is_answered_as_described() {
    let seed = number_from("HOLDFAST_FUZZ_SEED", SEED);
    let rounds = number_from("HOLDFAST_FUZZ_ROUNDS", ROUNDS);
    println!("HOLDFAST_FUZZ_SEED={seed} HOLDFAST_FUZZ_ROUNDS={rounds}");
    let mut world = World::make().await;
    let mut fuzzer = Fuzzer::new(served_document(&world.server).await, seed);

    let lived = World::make().await;
    fuzzer.live(&lived).await;
    lived.server.finish().await;
    fuzzer.seen = Seen::default();
    fuzzer.look_around(&world).await;
    for _ in 0..rounds {
        world = fuzzer.round(world).await;
    }

    println!("{}never accepted: {:#?}", fuzzer.table(), fuzzer.never_reached());
    assert!(fuzzer.findings.is_empty(), "{} faults:{}", fuzzer.findings.len(), fuzzer.report());
    let (all, never) = (fuzzer.description.operations.len(), fuzzer.never_reached().len());
    let refused = fuzzer.never_reached();
    for name in MUST_BE_ACCEPTED {
        assert!(!refused.iter().any(|one| one == name), "{name} was never accepted");
    }
    assert!(
        never * 8 < all || fuzzer.is_late(),
        "only {} of {all} operations accepted anything",
        all - never
    );
    world.server.finish().await;
}

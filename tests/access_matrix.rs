//! Who gets through to which route: every route × every kind of caller, as a committed table.
//!
//! The table is made from the guard's own list of routes, so a new route is a difference to be
//! read and accepted (`INSTA_UPDATE=always cargo test --test access_matrix`). "Let through" means
//! that the guard did: what the handler then says to an empty request does not count, except that
//! it is never a fault of ours.
#![expect(unreachable_pub, reason = "the harness is shared with the API tests")]

#[path = "access_matrix/callers.rs"]
mod callers;
#[expect(dead_code, unused_imports, reason = "the harness offers more than this test needs")]
#[path = "api/support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use callers::{CUSTOM, Caller, NARROWED, People, SERVICE};
use holdfast::http::guard::{Access, Asked, Guard, Incoming, LetThrough, SESSION_COOKIE, StepUp};
use holdfast::platform::access::{AnyRole, CustomRoleId, Role};
use holdfast::platform::clock::Moment;
use holdfast::platform::ctx::{Actor, BoxScope, Cause};
use holdfast::platform::error::Result;
use holdfast::platform::identity::UserId;
use holdfast::platform::identity::sessions::ops::programs::{self, ProgramDraft};
use holdfast::platform::identity::sessions::ops::{
    TokenDraft, begin_as_in, begin_in, lifetimes, make_token_in,
};
use holdfast::platform::identity::sessions::rules::FamilyId;
use holdfast::platform::identity::signing;
use holdfast::platform::identity::signing::ops::KeySet;
use holdfast::platform::identity::users::ops::insert_in;
use holdfast::platform::identity::users::rules::NewUser;
use holdfast::platform::workspaces::{self, WorkspaceId};
use holdfast::wiring;
use http::{Method, Request, header};
use rusqlite::named_params;
use serde_json::{Value, json};
use support::{HOST, TestServer, nothing, system};
use tower::ServiceExt;

/// The one short list of what anybody may ask, signed in or not.
const PUBLIC: &[&str] = &[
    "GET /.well-known/jwks.json",
    "GET /api/docs",
    "GET /api/v1/auth/register",
    "GET /api/v1/invitations/inspect",
    "GET /api/v1/openapi.json",
    "GET /api/v1/setup",
    "GET /health",
    "GET /livez",
    "GET /metrics",
    "GET /problems",
    "GET /problems/{code}",
    "GET /readyz",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/mfa/backup",
    "POST /api/v1/auth/mfa/help",
    "POST /api/v1/auth/mfa/passkey",
    "POST /api/v1/auth/mfa/passkey/start",
    "POST /api/v1/auth/mfa/totp",
    "POST /api/v1/auth/password-strength",
    "POST /api/v1/auth/register",
    "POST /api/v1/auth/register/confirm",
    "POST /api/v1/auth/reset",
    "POST /api/v1/auth/reset/inspect",
    "POST /api/v1/auth/token",
    "POST /api/v1/invitations/accept",
    "POST /api/v1/setup",
    "POST /api/v1/setup/check",
];

/// What a caller got from a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    LetThrough,
    Refused(u16),
}

/// Fills the template's parameters: the workspace of the box, and else ids of nothing.
fn address(template: &str, workspace: WorkspaceId) -> String {
    let mut address = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').expect("a closed brace");
        address.push_str(before);
        match name {
            "workspace" => address.push_str(&workspace.to_string()),
            _ => address.push_str(&nothing::<()>().to_string()),
        }
        rest = after;
    }
    address + rest
}

async fn probe(
    server: &TestServer,
    method: &Method,
    template: &str,
    caller: Caller,
    credential: Option<&str>,
) -> Outcome {
    let uri = address(template, server.workspace);
    let mut request = Request::builder().method(method).uri(uri).header(header::HOST, HOST);
    if let Some(value) = credential {
        request = match caller {
            Caller::Fresh | Caller::Stale | Caller::Late => request
                .header(header::COOKIE, format!("{SESSION_COOKIE}={value}"))
                .header("sec-fetch-site", "same-origin"),
            _ => request.header(header::AUTHORIZATION, format!("Bearer {value}")),
        };
    }
    if let Some(address) = caller.address() {
        request = request.extension(ConnectInfo(SocketAddr::new(address, 50_000)));
    }
    let request = request.body(Body::empty()).expect("a request");
    // The body is not read: that of an event stream has no end.
    let response = server.router.clone().oneshot(request).await.expect("an answer");
    let status = response.status();
    let asked = format!("{method} {template}");
    assert!(!status.is_server_error(), "{asked} answered an empty request with {status}");
    if response.extensions().get::<LetThrough>().is_some() {
        return Outcome::LetThrough;
    }
    Outcome::Refused(status.as_u16())
}

struct Row {
    route: String,
    asked: Asked,
    outcomes: Vec<(Caller, Outcome)>,
}

async fn rows(server: &TestServer) -> Vec<Row> {
    let people = People::invite(server).await;
    let mut rows = Vec::new();
    for asked in wiring::access_table(&server.platform).expect("the routes") {
        let (path, method) = (&asked.path, &asked.method);
        let mut outcomes = Vec::new();
        for (caller, credential) in people.credentials(server).await {
            let outcome = probe(server, method, path, caller, credential.as_deref()).await;
            outcomes.push((caller, outcome));
        }
        // What one route did to the workspace must not decide about the next.
        let ctx = system(&server.platform);
        let revived = ctx.write(|scope| {
            let sql = "UPDATE workspaces SET archived_at = NULL, deleted_at = NULL";
            Ok(scope.prepare_cached(sql)?.execute([])?)
        });
        revived.await.expect("the workspaces");
        rows.push(Row { route: format!("{method} {path}"), asked, outcomes });
    }
    rows
}

/// The columns of the callers come first and have a fixed width: a new route is one new line.
fn table(rows: &[Row]) -> String {
    let mut out = String::new();
    for caller in Caller::all() {
        write!(out, "{}  ", caller.name()).expect("a String takes all");
    }
    out.push_str("route · what it asks");
    for row in rows {
        out.push('\n');
        for (caller, outcome) in &row.outcomes {
            let outcome = match outcome {
                Outcome::LetThrough => "yes".to_owned(),
                Outcome::Refused(status) => status.to_string(),
            };
            let width = caller.name().len();
            write!(out, "{outcome:width$}  ").expect("a String takes all");
        }
        let proof = match row.asked.step_up {
            StepUp::No => "",
            StepUp::Needed => " · fresh proof",
        };
        write!(out, "{} · {}{proof}", row.route, row.asked.access).expect("a String takes all");
    }
    out
}

#[tokio::test]
async fn every_route_lets_through_exactly_whom_it_should() {
    let server = TestServer::start_with(&[
        ("limits.request_burst", "100000"),
        ("limits.unauthenticated_burst", "100000"),
        ("limits.heavy_per_min", "100000"),
    ])
    .await;

    let rows = rows(&server).await;

    for row in &rows {
        for (caller, outcome) in &row.outcomes {
            let expected = expected(&server, &row.asked, *caller);
            assert_eq!(*outcome, expected, "{} as {}", row.route, caller.name());
        }
    }
    insta::assert_snapshot!("access_matrix", table(&rows));
    server.finish().await;
}

fn is_public(access: &Access) -> bool {
    matches!(access, Access::Public | Access::Anybody)
}

/// What the role table says, worked out without the guard.
fn expected(server: &TestServer, asked: &Asked, caller: Caller) -> Outcome {
    let access = &asked.access;
    // Where anybody may ask, a credential that may not be used here is none the less refused.
    let is_refused = *access == Access::Anybody && caller == Caller::OffList;
    // Whoever has to enrol first is told so before they change something.
    let is_late = *access == Access::Anybody && caller == Caller::Late && !asked.is_for_enrolling;
    if is_public(access) && !is_refused {
        let is_told = is_late && !asked.method.is_safe();
        return if is_told { Outcome::Refused(403) } else { Outcome::LetThrough };
    }
    if caller == Caller::OffList {
        return Outcome::Refused(403);
    }
    if !caller.is_somebody() {
        return Outcome::Refused(401);
    }
    if caller == Caller::Late && !asked.is_for_enrolling {
        return Outcome::Refused(403);
    }
    if caller == Caller::Stale && asked.step_up == StepUp::Needed {
        return Outcome::Refused(403);
    }
    if caller == Caller::Service && is_of_people(&asked.path) {
        return Outcome::Refused(403);
    }
    let one_of = |held: &[&str], permission: &str| {
        if held.contains(&permission) { Outcome::LetThrough } else { Outcome::Refused(403) }
    };
    let in_workspace = |permission: &str| match caller {
        Caller::Member(role) => {
            let permissions = server.platform.roles.permissions();
            let spec = permissions.iter().find(|one| one.id == permission);
            let is_allowed = spec.expect("a known permission").roles.contains(&role);
            if is_allowed { Outcome::LetThrough } else { Outcome::Refused(403) }
        }
        Caller::Fresh | Caller::Stale | Caller::Program => Outcome::LetThrough,
        Caller::Narrowed | Caller::Scoped => one_of(&[NARROWED], permission),
        Caller::Custom => one_of(CUSTOM, permission),
        Caller::Service => one_of(SERVICE, permission),
        _ => Outcome::Refused(404),
    };
    match access {
        Access::Permission(permission) => in_workspace(permission),
        Access::Operator | Access::OnBox(_) if caller != Caller::Operator => Outcome::Refused(403),
        _ => Outcome::LetThrough,
    }
}

/// What only people have: a profile, sessions, factors.
fn is_of_people(path: &str) -> bool {
    path == "/api/v1/me"
        || path.starts_with("/api/v1/me/")
        || path == "/api/v1/auth/me"
        || path.starts_with("/api/v1/auth/step-up")
}

#[tokio::test]
async fn only_the_routes_of_the_short_list_are_public() {
    let server = TestServer::start().await;

    let table = wiring::access_table(&server.platform).expect("the routes");

    let public: BTreeSet<String> = table
        .iter()
        .filter(|one| is_public(&one.access))
        .map(|one| format!("{} {}", one.method, one.path))
        .collect();
    assert_eq!(public, PUBLIC.iter().map(|one| (*one).to_owned()).collect());
    server.finish().await;
}

#[tokio::test]
async fn a_route_without_a_known_permission_stops_the_start() {
    let server = TestServer::start().await;
    let start = |path: &str, security: Value| {
        let declared = [(path, json!({ "get": { "security": security } }))];
        let guard = Guard::new(declared, &server.platform, &server.platform.config, Vec::new());
        guard.err().map(|error| error.to_string())
    };
    let below = "/api/v1/workspaces/{workspace}/things";

    assert_eq!(start(below, json!([{ "session": ["workspace.read"] }])), None);
    assert_eq!(start("/api/v1/things", json!([{}])), None);
    for (path, security, complaint) in [
        (below, Value::Null, "declares no permission"),
        (below, json!([]), "unknown security"),
        (below, json!([{ "session": ["workspace.reed"] }]), "unknown permission workspace.reed"),
        (below, json!([{ "other": ["workspace.read"] }]), "unknown security"),
        (below, json!([{ "session": ["audit.read", "events.read"] }]), "one permission"),
        ("/api/v1/things", json!([{ "session": ["audit.read"] }]), "needs a workspace"),
    ] {
        let found = start(path, security.clone()).unwrap_or_default();
        assert!(found.contains(complaint), "{path} {security}: {found:?}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_route_that_is_not_in_the_description_is_no_open_door() {
    let server = TestServer::start().await;
    let declared = [("/known", json!({ "get": { "security": [{}] } }))];
    let guard = Guard::new(declared, &server.platform, &server.platform.config, Vec::new());
    let guard = guard.expect("a guard");
    let admit = async |method: Method, template: Option<&str>| {
        let incoming = Incoming {
            method: &method,
            uri: &http::Uri::from_static("/any"),
            headers: &http::HeaderMap::new(),
            template,
            workspace: None,
            who: &OnceLock::new(),
        };
        guard.admit(&server.platform, &incoming, Cause::of(Actor::Stranger)).await
    };

    let declared = admit(Method::GET, Some("/known")).await.expect("a public route");
    let other_verb = admit(Method::POST, Some("/known")).await.expect("left to the router");
    let no_route = admit(Method::GET, None).await.expect("left to the files of the UI");
    let hidden = admit(Method::GET, Some("/hidden")).await;

    assert!(declared.on_box.is_some());
    assert!(other_verb.on_box.is_none(), "a verb nobody declared must reach nothing");
    assert!(no_route.on_box.is_none());
    assert!(hidden.is_err());
    server.finish().await;
}

#[tokio::test]
async fn somebody_who_is_refused_is_known_all_the_same() {
    let server = TestServer::start().await;
    let path = "/api/v1/things";
    let declared = [(path, json!({ "get": { "security": [{ "session": ["box.operate"] }] } }))];
    let guard = Guard::new(declared, &server.platform, &server.platform.config, Vec::new());
    let guard = guard.expect("a guard");
    let counter = server.person("counter").await;
    let mut headers = http::HeaderMap::new();
    let value = format!("Bearer {}", counter.token());
    headers.insert(header::AUTHORIZATION, value.parse().expect("a header"));
    let who = OnceLock::new();
    let incoming = Incoming {
        method: &Method::GET,
        uri: &http::Uri::from_static(path),
        headers: &headers,
        template: Some(path),
        workspace: None,
        who: &who,
    };

    let admitted = guard.admit(&server.platform, &incoming, Cause::of(Actor::Stranger)).await;

    assert!(admitted.is_err());
    assert_eq!(who.get(), Some(&"token"));
    server.finish().await;
}

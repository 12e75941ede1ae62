//! Who gets through to which route: every route × every kind of caller, as a committed table.
//!
//! The table is made from the guard's own list of routes, so a new route is a difference to be
//! read and accepted (`INSTA_UPDATE=always cargo test --test access_matrix`). "Let through" means
//! that the guard did: what the handler then says to an empty request does not count, except that
//! it is never a fault of ours.
#![expect(unreachable_pub, reason = "the harness is shared with the API tests")]

#[expect(dead_code, unused_imports, reason = "the harness offers more than this test needs")]
#[path = "api/support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
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

/// What the narrowed token may do.
const NARROWED: &str = "workspace.read";

/// What the workspace's own role may do.
const CUSTOM: &[&str] = &["audit.read", "events.read", "people.read", "workspace.read"];
/// What the service accounts may do.
const SERVICE: &[&str] = &["people.manage", "workspace.read"];
/// Where the service accounts may be used from, an address there, and one that is not.
const NETWORK: &str = "192.0.2.0/24";
const IN_NETWORK: [u8; 4] = [192, 0, 2, 7];
const OFF_NETWORK: [u8; 4] = [198, 51, 100, 7];

/// A kind of caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Anonymous,
    Member(Role),
    /// Has a role that the workspace made.
    Custom,
    /// Runs the box and belongs to no workspace.
    Operator,
    /// Owns another workspace.
    Outsider,
    /// An owner's token that may only do `NARROWED`.
    Narrowed,
    /// Was an owner's token until it was revoked.
    Revoked,
    /// Was an owner's token until it expired.
    Expired,
    /// The token of an owner who was disabled.
    Disabled,
    /// An owner's browser, right after signing in.
    Fresh,
    /// An owner's browser whose last proof is too old.
    Stale,
    /// The browser of an owner who should have had a second factor by now.
    Late,
    /// A program that an owner signed in with (an access token).
    Program,
    /// An owner's program whose scope is `NARROWED`.
    Scoped,
    /// An owner's program with an access token that is over.
    LapsedProgram,
    /// An owner's program that was signed out.
    RevokedProgram,
    /// A service account of the workspace.
    Service,
    /// The same, from an address off its list.
    OffList,
    /// A service account that was disabled.
    EndedService,
}

impl Caller {
    fn all() -> Vec<Self> {
        let others = [
            Self::Operator,
            Self::Outsider,
            Self::Narrowed,
            Self::Revoked,
            Self::Expired,
            Self::Disabled,
            Self::Fresh,
            Self::Stale,
            Self::Late,
            Self::Program,
            Self::Scoped,
            Self::LapsedProgram,
            Self::RevokedProgram,
            Self::Service,
            Self::OffList,
            Self::EndedService,
        ];
        let members = Role::ALL.map(Self::Member).into_iter().chain([Self::Custom]);
        [Self::Anonymous].into_iter().chain(members).chain(others).collect()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Member(role) => role.name(),
            Self::Custom => "custom",
            Self::Operator => "operator",
            Self::Outsider => "outsider",
            Self::Narrowed => "narrowed",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Late => "late",
            Self::Program => "program",
            Self::Scoped => "scoped",
            Self::LapsedProgram => "lapsed-program",
            Self::RevokedProgram => "revoked-program",
            Self::Service => "service",
            Self::OffList => "off-list",
            Self::EndedService => "ended-service",
        }
    }

    /// Whether the credential is worth anything at all.
    fn is_somebody(self) -> bool {
        !matches!(
            self,
            Self::Anonymous
                | Self::Revoked
                | Self::Expired
                | Self::Disabled
                | Self::LapsedProgram
                | Self::RevokedProgram
                | Self::EndedService
        )
    }

    fn is_service(self) -> bool {
        matches!(self, Self::Service | Self::OffList | Self::EndedService)
    }

    fn is_program(self) -> bool {
        matches!(self, Self::Program | Self::Scoped | Self::LapsedProgram | Self::RevokedProgram)
    }

    /// Whoever owns the workspace, however they come in.
    fn is_owner(self) -> bool {
        matches!(
            self,
            Self::Narrowed
                | Self::Revoked
                | Self::Expired
                | Self::Disabled
                | Self::Fresh
                | Self::Stale
                | Self::Late
        ) || self.is_program()
    }

    fn address(self) -> Option<IpAddr> {
        match self {
            Self::Service | Self::EndedService => Some(IN_NETWORK.into()),
            Self::OffList => Some(OFF_NETWORK.into()),
            _ => None,
        }
    }
}

/// One person for each kind of caller.
struct People {
    everybody: Vec<(Caller, UserId)>,
}

impl People {
    async fn invite(server: &TestServer) -> Self {
        let elsewhere = server.second_workspace().await;
        let here = server.workspace;
        let ctx = system(&server.platform);
        let invited = ctx.write(move |scope| {
            let callers = Caller::all().into_iter().filter(|one| *one != Caller::Anonymous);
            callers.map(|one| Ok((one, invite(scope, one, here, elsewhere)?))).collect()
        });
        Self { everybody: invited.await.expect("people") }
    }

    /// A fresh credential of each, so that no probe can spoil the next one's. Whoever left comes
    /// back.
    async fn credentials(&self, server: &TestServer) -> Vec<(Caller, Option<String>)> {
        let (everybody, here) = (self.everybody.clone(), server.workspace);
        let ctx = system(&server.platform);
        let lifetimes = lifetimes(&ctx);
        let keys = signing::ops::keys(&ctx).await.expect("keys");
        let made = ctx.write(move |scope| {
            for (caller, user) in &everybody {
                bring_back(scope, *caller, *user, here)?;
            }
            let made = everybody.into_iter().map(|(caller, user)| {
                let value = match caller {
                    Caller::Stale => begin_as_in(scope, scope.new_id(), user, lifetimes, None)?,
                    Caller::Fresh | Caller::Late => {
                        begin_in(scope, scope.new_id(), user, lifetimes)?
                    }
                    _ if caller.is_service() || caller.is_program() => {
                        return Ok((caller, Some(access_token(scope, &keys, caller, user)?)));
                    }
                    _ => return Ok((caller, Some(token(scope, caller, user)?))),
                };
                Ok((caller, Some(value.reveal().to_owned())))
            });
            made.collect()
        });
        let made: Vec<_> = made.await.expect("credentials");
        [(Caller::Anonymous, None)].into_iter().chain(made).collect()
    }
}

fn invite(
    scope: &BoxScope<'_>,
    caller: Caller,
    here: WorkspaceId,
    elsewhere: WorkspaceId,
) -> Result<UserId> {
    if caller.is_service() {
        return service(scope, caller, here);
    }
    let new = NewUser {
        name: caller.name().to_owned(),
        email: format!("{}@example.com", caller.name()),
        password_hash: "!".to_owned(),
        is_operator: caller == Caller::Operator,
    };
    let user = insert_in(scope, &new)?.id;
    match caller {
        Caller::Member(role) => workspaces::ops::add_member_in(scope, here, user, role)?,
        Caller::Outsider => {
            workspaces::ops::add_member_in(scope, elsewhere, user, Role::Owner)?;
        }
        Caller::Custom => {
            let role = AnyRole::Custom(custom_role(scope, here)?);
            workspaces::ops::add_member_in(scope, here, user, role)?;
        }
        _ if caller.is_owner() => {
            workspaces::ops::add_member_in(scope, here, user, Role::Owner)?;
        }
        _ => {}
    }
    if caller == Caller::Disabled {
        scope
            .prepare_cached("UPDATE users SET disabled_at = :now WHERE id = :user")?
            .execute(named_params! { ":now": scope.now(), ":user": user })?;
    }
    Ok(user)
}

fn custom_role(scope: &BoxScope<'_>, here: WorkspaceId) -> Result<CustomRoleId> {
    scope
        .prepare_cached(
            "INSERT OR IGNORE INTO custom_roles (id, workspace_id, name, name_key, description,
                 permissions, needs_factor, created_at, updated_at)
             VALUES (:id, :here, 'Auditor', 'auditor', '', :permissions, 1, :now, :now)",
        )?
        .execute(named_params! {
            ":id": scope.new_id::<()>(), ":here": here, ":permissions": json!(CUSTOM).to_string(),
            ":now": scope.now(),
        })?;
    Ok(scope
        .prepare_cached("SELECT id FROM custom_roles WHERE workspace_id = :here")?
        .query_row(named_params! { ":here": here }, |row| row.get(0))?)
}

/// A service account; its id stands for that of a person.
fn service(scope: &BoxScope<'_>, caller: Caller, here: WorkspaceId) -> Result<UserId> {
    let id = scope.new_id();
    let disabled_at = (caller == Caller::EndedService).then(|| scope.now());
    scope
        .prepare_cached(
            "INSERT INTO service_accounts (id, name, workspace_id, permissions, channels,
                 allow_cidrs, family_id, created_at, disabled_at)
             VALUES (:id, :name, :here, :permissions, '[]', :networks, :family, :now, :disabled)",
        )?
        .execute(named_params! {
            ":id": id, ":name": caller.name(), ":here": here, ":family": scope.new_id::<()>(),
            ":permissions": json!(SERVICE).to_string(), ":disabled": disabled_at,
            ":networks": json!([NETWORK]).to_string(), ":now": scope.now(),
        })?;
    Ok(id)
}

/// An access token as the box signs it.
fn access_token(
    scope: &BoxScope<'_>,
    keys: &Arc<KeySet>,
    caller: Caller,
    user: UserId,
) -> Result<String> {
    let now = scope.now().0 / 1_000;
    let family: FamilyId = if caller.is_service() {
        let sql = "SELECT family_id FROM service_accounts WHERE id = :user";
        let mut family = scope.prepare_cached(sql)?;
        family.query_row(named_params! { ":user": user }, |row| row.get(0))?
    } else {
        program(scope, caller, user)?
    };
    let until = if caller == Caller::LapsedProgram { now - 3_600 } else { now + 900 };
    let mut claims = json!({
        "iss": keys.issuer, "aud": "holdfast", "sub": user.to_string(), "sid": family.to_string(),
        "jti": scope.new_id::<()>().to_string(), "iat": now - 7_200, "nbf": now - 7_200,
        "exp": until,
    });
    if caller.is_service() {
        claims["client_id"] = json!(user.to_string());
    }
    Ok(keys.signer.sign("at+jwt", &claims)?.reveal().to_owned())
}

/// A sign-in of a program.
fn program(scope: &BoxScope<'_>, caller: Caller, user: UserId) -> Result<FamilyId> {
    let id: FamilyId = scope.new_id();
    let permissions = (caller == Caller::Scoped).then(|| BTreeSet::from([NARROWED.to_owned()]));
    let draft = ProgramDraft {
        id,
        user,
        name: "probe".to_owned(),
        permissions,
        value_hash: scope.random().bytes::<32>(),
        life: Duration::from_hours(1),
    };
    programs::begin_in(scope, &draft)?;
    if caller == Caller::RevokedProgram {
        scope
            .prepare_cached("UPDATE auth_families SET revoked_at = :now WHERE id = :family")?
            .execute(named_params! { ":now": scope.now(), ":family": id })?;
    }
    Ok(id)
}

fn bring_back(scope: &BoxScope<'_>, caller: Caller, user: UserId, here: WorkspaceId) -> Result<()> {
    let role = match caller {
        Caller::Member(role) => role.into(),
        Caller::Custom => AnyRole::Custom(custom_role(scope, here)?),
        _ if caller.is_owner() && caller.is_somebody() => Role::Owner.into(),
        _ => return Ok(()),
    };
    scope
        .prepare_cached(
            "INSERT INTO memberships (user_id, workspace_id, role, custom_role_id, created_at)
             VALUES (:user, :here, :role, :custom, :now)
             ON CONFLICT DO UPDATE SET role_since = :now",
        )?
        .execute(named_params! {
            ":user": user, ":here": here, ":role": role.base().name(),
            ":custom": role.custom(), ":now": since(scope, caller),
        })?;
    Ok(())
}

/// Since when somebody has their role.
fn since(scope: &BoxScope<'_>, caller: Caller) -> Moment {
    match caller {
        Caller::Late => scope.now().minus(Duration::from_hours(8 * 24)),
        _ => scope.now(),
    }
}

fn token(scope: &BoxScope<'_>, caller: Caller, user: UserId) -> Result<String> {
    let life = if caller == Caller::Expired { Duration::ZERO } else { Duration::from_hours(1) };
    let permissions = (caller == Caller::Narrowed).then(|| BTreeSet::from([NARROWED.to_owned()]));
    let draft = TokenDraft { name: "probe".to_owned(), life, workspace: None, permissions };
    let (family, value) = make_token_in(scope, user, &draft)?;
    if caller == Caller::Revoked {
        scope
            .prepare_cached("UPDATE auth_families SET revoked_at = :now WHERE id = :family")?
            .execute(named_params! { ":now": scope.now(), ":family": family })?;
    }
    Ok(value.reveal().to_owned())
}

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
        Access::Operator if caller != Caller::Operator => Outcome::Refused(403),
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

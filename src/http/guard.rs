//! Lets a request through to its handler only after checking what its route declares: the
//! permission stands in the handler's OpenAPI annotation, once.

mod asked;
mod incoming;
mod limits;
mod refusals;

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, Method, header};
use serde_json::{Map, Value};

pub use self::asked::{Asked, StepUp};
pub use self::incoming::Incoming;
use self::limits::{AlsoLimited, Limit};
use self::refusals::Refusals;
pub use super::cookies::{DEVICE_COOKIE, PENDING_COOKIE, SESSION_COOKIE, cookie, session_cookie};
use super::reading::{Kept, Reading, SENSITIVE};
use super::{address, openapi};
use crate::config::Config;
use crate::platform::Platform;
use crate::platform::access::rules::{OPERATE, box_part};
use crate::platform::ctx::{Actor, BoxCtx, Cause, Ctx};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::identity::factors::rules::enrolment_needed;
use crate::platform::identity::services::rules::check_person;
use crate::platform::identity::sessions::Resolved;
use crate::platform::identity::sessions::ops::{by_now, resolve};
use crate::platform::identity::{Credential, Principal, UserId};
use crate::platform::secret::Secret;
use crate::platform::throttle::Buckets;
use crate::platform::workspaces::WorkspaceId;

/// The code of a caller who asks too often.
const TOO_MANY: &str = "too-many-requests";

/// What a route asks of its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    Public,
    /// Nothing; whoever presents a good credential is known.
    Anybody,
    SignedIn,
    Operator,
    /// A part of running the box that a service account can be given alone.
    OnBox(&'static str),
    /// A permission in the workspace of the path.
    Permission(&'static str),
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Anybody => "anybody",
            Self::SignedIn => "signed in",
            Self::Operator => OPERATE,
            Self::OnBox(permission) | Self::Permission(permission) => permission,
        })
    }
}

/// Stands in the extensions of an answer when the guard let the request through, whatever the
/// handler said then. Tests tell a refusal of the guard by it.
#[derive(Debug, Clone, Copy)]
pub struct LetThrough;

/// One verb of a path.
struct Route {
    method: Method,
    access: Access,
    /// It answers 201, so a repeated request may ask for what the first one made.
    creates: bool,
    /// Where it differs from the usual.
    body_size_bytes_max: Option<usize>,
    /// What it counts against beside the usual limit.
    also_limited: AlsoLimited,
    /// It changes nothing that an archived workspace keeps.
    is_for_archived: bool,
    step_up: StepUp,
    /// Whoever may only set up a second factor may call it.
    is_for_enrolling: bool,
    /// How reading on it is kept; none where nothing is read.
    kept: Option<Kept>,
}

/// The member of an operation that needs a fresh proof.
pub const STEP_UP: &str = "x-step-up";

/// The member of an operation that goes on for people who may only set up a second factor.
pub const WHILE_ENROLLING: &str = "x-while-enrolling";

/// The member of an operation that goes on in an archived workspace though its verb is one of
/// changing: it only looks something over, or it concerns the archiving itself.
pub const WHILE_ARCHIVED: &str = "x-while-archived";

/// The member of an operation that says how large its body may be, where that differs from
/// `server.body_size_bytes_max`.
pub const BODY_SIZE: &str = "x-body-size-bytes-max";

impl Route {
    /// Reads what an operation of the description says of itself.
    fn read(
        method: &Method,
        path: &str,
        operation: &Value,
        platform: &Platform,
    ) -> Result<Self, String> {
        let step_up = match &operation[STEP_UP] {
            Value::Null | Value::Bool(false) => StepUp::No,
            Value::Bool(true) => StepUp::Needed,
            other => return Err(format!("{STEP_UP} cannot be {other}")),
        };
        let is_sensitive = operation[SENSITIVE] == true;
        let access = access(path, operation, platform)?;
        let is_of_somebody = !matches!(access, Access::Public | Access::Anybody);
        Ok(Self {
            method: method.clone(),
            access,
            kept: Kept::of(method, path, is_sensitive).filter(|_| is_of_somebody),
            creates: openapi::creates(&method.as_str().to_ascii_lowercase(), operation),
            body_size_bytes_max: own_body_size(operation),
            also_limited: AlsoLimited::read(operation)?,
            is_for_archived: method.is_safe() || operation[WHILE_ARCHIVED] == true,
            step_up,
            is_for_enrolling: operation[WHILE_ENROLLING] == true,
        })
    }

    fn asked(&self, path: &str) -> Asked {
        Asked {
            path: path.to_owned(),
            method: self.method.clone(),
            access: self.access.clone(),
            step_up: self.step_up,
            is_for_enrolling: self.is_for_enrolling,
        }
    }
}

/// The routes and what each asks.
pub struct Guard {
    /// By path template.
    routes: HashMap<String, Vec<Route>>,
    own_names: Vec<String>,
    per_principal: Buckets<UserId>,
    heavy: Buckets<UserId>,
    imports: Buckets<UserId>,
    per_address: Buckets<IpAddr>,
    refusals: Refusals,
}

/// What a request that may go on takes along.
pub struct Admitted {
    /// None where no route is declared: files of the UI, and verbs that an address does not
    /// have.
    pub on_box: Option<BoxCtx>,
    pub workspace: Option<Ctx>,
    /// Whether the route makes an object.
    pub creates: bool,
    /// A new value for the session cookie.
    pub successor: Option<Secret>,
}

impl Guard {
    /// Reads the permissions out of what routes declare, by their paths. A route that declares
    /// none, or one that no role can have, stops the start.
    pub fn new<'a>(
        declared: impl IntoIterator<Item = (&'a str, Value)>,
        platform: &Platform,
        config: &Config,
        own_names: Vec<String>,
    ) -> Result<Self> {
        let mut routes: HashMap<String, Vec<Route>> = HashMap::new();
        for (path, operations) in declared {
            for (verb, operation) in operations.as_object().into_iter().flatten() {
                let Ok(method) = Method::from_bytes(verb.to_ascii_uppercase().as_bytes()) else {
                    continue;
                };
                if !operation.is_object() {
                    continue;
                }
                let route = Route::read(&method, path, operation, platform)
                    .map_err(|problem| Error::internal(format!("{method} {path}: {problem}")))?;
                routes.entry(path.to_owned()).or_default().push(route);
            }
        }
        let limits = &config.limits;
        Ok(Self {
            routes,
            own_names,
            per_principal: Buckets::new(limits.request_burst, limits.requests_per_min, TOO_MANY),
            heavy: Buckets::new(limits.heavy_per_min, limits.heavy_per_min, TOO_MANY),
            imports: Buckets::new(limits.imports_per_min, limits.imports_per_min, TOO_MANY),
            per_address: Buckets::new(
                limits.unauthenticated_burst,
                limits.unauthenticated_per_min,
                TOO_MANY,
            ),
            refusals: Refusals::new(),
        })
    }

    /// All routes in a stable order, for the access matrix.
    pub fn routes(&self) -> Vec<Asked> {
        let mut routes: Vec<_> = self
            .routes
            .iter()
            .flat_map(|(path, verbs)| verbs.iter().map(move |one| one.asked(path)))
            .collect();
        routes.sort_by_key(|one| (one.path.clone(), one.method.as_str().to_owned()));
        routes
    }

    /// Refuses names the box does not have: a foreign page could have pointed its own name here.
    pub fn check_host(&self, uri: &http::Uri, headers: &HeaderMap) -> Result<()> {
        if headers.get_all(header::HOST).iter().count() > 1 {
            let detail = "Name one host.";
            return Err(Error::Malformed(Refusal::new("malformed", detail)));
        }
        let host = address::host(uri, headers).unwrap_or_default();
        if address::is_own_name(host, &self.own_names) {
            return Ok(());
        }
        let detail = "The box is not called by this name. Use a known one, or add it to \
                      server.names.";
        Err(Error::Denied(Refusal::new("host-unknown", detail)))
    }

    /// Checks everything a route asks. `stranger` is the cause before anybody is known.
    pub async fn admit(
        &self,
        platform: &Arc<Platform>,
        incoming: &Incoming<'_>,
        stranger: Cause,
    ) -> Result<Admitted> {
        let address = stranger.address;
        let on_box = BoxCtx::new(platform, stranger);
        let Some(route) = self.route(incoming)? else {
            if !is_of_the_ui(incoming) {
                self.count_stranger(address, &on_box)?;
            }
            return Ok(Admitted { on_box: None, workspace: None, creates: false, successor: None });
        };
        let (access, creates) = (&route.access, route.creates);
        if *access == Access::Public {
            self.count_stranger(address, &on_box)?;
            check_origin(incoming, &on_box.platform.config, OriginRule::IfSaid)?;
            return Ok(Admitted {
                on_box: Some(on_box),
                workspace: None,
                creates,
                successor: None,
            });
        }
        if *access == Access::Anybody {
            let (on_box, successor) = self.admit_anybody(route, incoming, on_box).await?;
            return Ok(Admitted { on_box: Some(on_box), workspace: None, creates, successor });
        }
        let Some(credential) = credential(incoming.headers) else {
            self.count_stranger(address, &on_box)?;
            let detail = "Sign in first, or send a personal token.";
            let error = Error::SignInNeeded(Refusal::new("sign-in-needed", detail));
            self.refusals.note_stranger(&on_box, incoming, &error).await;
            return Err(error);
        };
        if matches!(credential, Credential::Cookie(_))
            && let Err(error) = check_origin(incoming, &on_box.platform.config, OriginRule::Needed)
        {
            self.refusals.note_stranger(&on_box, incoming, &error).await;
            return Err(error);
        }
        let resolved = match resolve(&on_box, &credential).await {
            Ok(resolved) => resolved,
            Err(error) => {
                self.count_stranger(address, &on_box)?;
                return Err(error);
            }
        };
        incoming.is_by(&resolved.principal);
        let also = route.also_limited.of(incoming.uri);
        self.count_known(resolved.principal.user, also, &on_box)?;
        let on_box = signed_in(&on_box, &resolved.principal);
        let workspace = self.check_asked(&on_box, &resolved.principal, route, incoming).await?;
        Ok(Admitted { on_box: Some(on_box), workspace, creates, successor: resolved.successor })
    }

    /// Decides anew about somebody who was let in before their body had arrived: whoever holds
    /// it back must not be served by what they might when they began. Counts nothing.
    pub async fn admit_again(&self, incoming: &Incoming<'_>, before: Admitted) -> Result<Admitted> {
        let (Some(on_box), Some(route)) = (&before.on_box, self.route(incoming)?) else {
            return Ok(before);
        };
        let (principal, _) = by_now(on_box).await?;
        let on_box = signed_in(on_box, &principal);
        let workspace = self.check_asked(&on_box, &principal, route, incoming).await?;
        Ok(Admitted { on_box: Some(on_box), workspace, ..before })
    }

    /// Checks everything a route asks of somebody known.
    async fn check_asked(
        &self,
        on_box: &BoxCtx,
        principal: &Principal,
        route: &Route,
        incoming: &Incoming<'_>,
    ) -> Result<Option<Ctx>> {
        if !route.is_for_enrolling && principal.must_enrol(on_box.now()) {
            return Err(enrolment_needed());
        }
        check_person(principal, incoming.template.unwrap_or_default())?;
        let workspace = match authorize(on_box, principal, route, incoming) {
            Ok(workspace) => workspace,
            Err(error) => {
                self.refusals.note(on_box, principal, incoming, &error).await;
                return Err(error);
            }
        };
        if route.step_up == StepUp::Needed {
            principal.need_elevated(on_box.now())?;
        }
        Ok(workspace)
    }

    /// Lets everybody through; a credential that is not good (any more) makes a stranger. Whoever
    /// has to enrol first sees what strangers see, and is told so when they would change something.
    async fn admit_anybody(
        &self,
        route: &Route,
        incoming: &Incoming<'_>,
        on_box: BoxCtx,
    ) -> Result<(BoxCtx, Option<Secret>)> {
        let as_stranger = || self.count_stranger(on_box.cause.address, &on_box);
        check_origin(incoming, &on_box.platform.config, OriginRule::IfSaid)?;
        let Some(credential) = credential(incoming.headers) else {
            as_stranger()?;
            return Ok((on_box, None));
        };
        match resolve(&on_box, &credential).await {
            Ok(Resolved { principal, successor }) => {
                incoming.is_by(&principal);
                self.count_known(principal.user, None, &on_box)?;
                if !route.is_for_enrolling && principal.must_enrol(on_box.now()) {
                    let as_stranger = incoming.method.is_safe().then_some((on_box, None));
                    return as_stranger.ok_or_else(enrolment_needed);
                }
                if matches!(credential, Credential::Cookie(_)) {
                    check_origin(incoming, &on_box.platform.config, OriginRule::Needed)?;
                }
                Ok((signed_in(&on_box, &principal), successor))
            }
            Err(Error::SignInNeeded(_)) => {
                as_stranger()?;
                Ok((on_box, None))
            }
            Err(error) => Err(error),
        }
    }

    /// The route of a request; none where no path or no verb matches. What is not described here
    /// is not served, or it would be open to everybody.
    fn route(&self, incoming: &Incoming<'_>) -> Result<Option<&Route>> {
        let Some(template) = incoming.template else { return Ok(None) };
        let Some(verbs) = self.routes.get(template) else {
            return Err(Error::internal(format!("{template} is not in the API description")));
        };
        let asked = if *incoming.method == Method::HEAD { &Method::GET } else { incoming.method };
        Ok(verbs.iter().find(|one| one.method == *asked))
    }

    /// What an admitted request reads, if it goes well.
    pub fn reading(
        &self,
        incoming: &Incoming<'_>,
        on_box: &BoxCtx,
        workspace: Option<&Ctx>,
    ) -> Option<Reading> {
        let kept = self.route(incoming).ok().flatten()?.kept.as_ref()?;
        Some(Reading::of(kept, incoming, on_box, workspace))
    }

    /// How large the body may be where a route says so itself.
    pub fn body_size_bytes_max(&self, incoming: &Incoming<'_>) -> Option<usize> {
        self.route(incoming).ok().flatten()?.body_size_bytes_max
    }

    /// Counts a request of somebody known against each limit of its route.
    fn count_known(&self, user: UserId, also: Option<Limit>, ctx: &BoxCtx) -> Result<()> {
        self.per_principal.take(user, ctx.now())?;
        match also {
            None => Ok(()),
            Some(Limit::Heavy) => self.heavy.take(user, ctx.now()),
            Some(Limit::Import) => self.imports.take(user, ctx.now()),
        }
    }

    fn count_stranger(&self, address: Option<IpAddr>, ctx: &BoxCtx) -> Result<()> {
        match address {
            Some(address) => self.per_address.take(address::sender(address), ctx.now()),
            None => Ok(()),
        }
    }
}

/// Whether a file of the web UI is asked for: those cost next to nothing, and a page takes many.
fn is_of_the_ui(incoming: &Incoming<'_>) -> bool {
    incoming.template.is_none()
        && matches!(*incoming.method, Method::GET | Method::HEAD)
        && !incoming.uri.path().starts_with("/api")
}

/// Checks what a route asks of a known caller.
fn authorize(
    on_box: &BoxCtx,
    principal: &Principal,
    route: &Route,
    incoming: &Incoming<'_>,
) -> Result<Option<Ctx>> {
    match &route.access {
        Access::Public | Access::Anybody | Access::SignedIn => Ok(None),
        Access::Operator if principal.is_operator => Ok(None),
        Access::Operator => Err(Error::Forbidden { needed: OPERATE }),
        Access::OnBox(part) if principal.may_on_box(part) => Ok(None),
        Access::OnBox(part) => Err(Error::Forbidden { needed: part }),
        Access::Permission(permission) => {
            let id: WorkspaceId =
                incoming.workspace.and_then(|text| text.parse().ok()).ok_or(Error::NotFound)?;
            let membership = principal.membership(id).ok_or(Error::NotFound)?;
            let apps = on_box.platform.app_ids();
            if !membership.standing.serves(area(incoming), &apps) {
                return Err(Error::NotFound);
            }
            if !membership.grant.allows(permission) {
                return Err(Error::Forbidden { needed: permission });
            }
            if !route.is_for_archived {
                membership.standing.check_change()?;
            }
            Ok(Some(Ctx::new(on_box.clone(), membership.clone())))
        }
    }
}

/// What a route of a workspace belongs to: the first part of its path there.
fn area<'a>(incoming: &Incoming<'a>) -> &'a str {
    let template = incoming.template.unwrap_or_default();
    let (_, below) = template.split_once("{workspace}/").unwrap_or_default();
    below.split('/').next().unwrap_or_default()
}

fn signed_in(stranger: &BoxCtx, principal: &Arc<Principal>) -> BoxCtx {
    let cause =
        Cause { actor: Actor::Principal(Arc::clone(principal)), ..(*stranger.cause).clone() };
    BoxCtx { platform: Arc::clone(&stranger.platform), cause: Arc::new(cause) }
}

/// Reads what a route asks from its `security`: `[{}]` is public, `[{}, {"session": []}]` is for
/// anybody, `[{"session": []}]` needs a sign-in, `[{"session": ["inventory.move"]}]` a permission.
fn access(path: &str, operation: &Value, platform: &Platform) -> Result<Access, String> {
    let Some(security) = operation["security"].as_array() else {
        return Err("the route declares no permission".to_owned());
    };
    let is_public = security.iter().any(|one| one.as_object().is_some_and(Map::is_empty));
    let Some(scopes) = security.iter().find_map(|one| one.get("session")) else {
        return if is_public { Ok(Access::Public) } else { Err("unknown security".to_owned()) };
    };
    let scopes: Vec<&str> =
        scopes.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match scopes.as_slice() {
        [] if is_public => Ok(Access::Anybody),
        _ if is_public => Err("a permission and no sign-in exclude each other".to_owned()),
        [] => Ok(Access::SignedIn),
        [OPERATE] => Ok(Access::Operator),
        [permission] => {
            if let Some(part) = box_part(permission) {
                return Ok(Access::OnBox(part));
            }
            if !path.contains("{workspace}") {
                return Err("a permission needs a workspace in the path".to_owned());
            }
            let known = platform.roles.permission(permission);
            known.map(Access::Permission).ok_or_else(|| format!("unknown permission {permission}"))
        }
        _ => Err("a route declares one permission".to_owned()),
    }
}

fn own_body_size(operation: &Value) -> Option<usize> {
    usize::try_from(operation[BODY_SIZE].as_u64()?).ok()
}

fn credential(headers: &HeaderMap) -> Option<Credential> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let value = value.to_str().unwrap_or_default();
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(Credential::Bearer(Secret::new(token.trim())));
        }
    }
    session_cookie(headers).map(Credential::Cookie)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OriginRule {
    /// The cookie is what makes the request count: it must say where it comes from.
    Needed,
    /// Nothing is taken from a cookie, but a foreign page is refused all the same.
    IfSaid,
}

/// Refuses changes that a page of another site started (CSRF).
fn check_origin(incoming: &Incoming<'_>, config: &Config, rule: OriginRule) -> Result<()> {
    if matches!(*incoming.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let text = |name: &str| incoming.headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let (site, origin) = (text("sec-fetch-site"), text("origin"));
    let is_allowed = match (site, origin, rule) {
        (Some("same-origin"), _, _) | (None | Some("none"), None, OriginRule::IfSaid) => true,
        (_, Some(origin), OriginRule::IfSaid) if is_allowed(origin, config) => true,
        (None, Some(origin), _) => is_own(origin, incoming, config, rule),
        (None, None, OriginRule::Needed) => {
            let detail = "A change that relies on a cookie must say which page it comes from.";
            return Err(Error::Denied(Refusal::new("origin-missing", detail)));
        }
        (Some(_), _, _) => false,
    };
    if is_allowed {
        return Ok(());
    }
    let detail = "The request came from a page of another site.";
    Err(Error::Denied(Refusal::new("origin-foreign", detail)))
}

/// Whether an origin may call from a browser. It never brings a cookie along.
fn is_allowed(origin: &str, config: &Config) -> bool {
    config.server.cors_origins.iter().any(|allowed| allowed.as_str() == origin)
}

/// Whether an origin is the box itself under the name of this request.
fn is_own(origin: &str, incoming: &Incoming<'_>, config: &Config, rule: OriginRule) -> bool {
    if config.server.public_url.as_ref().is_some_and(|url| url.as_str() == origin) {
        return true;
    }
    let Some(host) = address::host(incoming.uri, incoming.headers) else { return false };
    let Some((scheme, from)) = origin.split_once("://") else { return false };
    // Whoever is in between can put a page under the box's name on plain HTTP.
    let is_safe = scheme == "https" || rule == OriginRule::IfSaid || address::is_loopback(from);
    is_safe && from.eq_ignore_ascii_case(host)
}

//! The context of a piece of work: who asks, from where, on which file. Reads and writes go
//! through it, and so does every audit entry.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{CachedStatement, Connection};

use super::Platform;
use super::access::{AnyRole, Grant};
use super::audit::{self, Entry};
use super::audit::{Growing, Log};
use super::clock::{Clock, Moment};
use super::db::{DatabaseFile, Snapshot};
use super::error::{Error, Result};
use super::id::{Id, ObjectId};
use super::idempotency;
use super::idempotency::rules::{Created, Once, replayed};
use super::identity::services::rules::ServiceId;
use super::identity::sessions::rules::Kind;
use super::identity::{Principal, UserId};
use super::random::Random;
use super::workspaces::{Standing, WorkspaceId, damage};

/// Who does something.
#[derive(Debug, Clone)]
pub enum Actor {
    Principal(Arc<Principal>),
    /// The box itself: schedules, clean-up.
    System,
    /// Somebody who is not signed in.
    Stranger,
    /// Somebody who has just come in and is not signed in yet.
    Newcomer(UserId),
    /// Somebody at the box's command line.
    CommandLine,
}

/// Why a piece of work happens: who asked, from where, in which request.
#[derive(Debug, Clone)]
pub struct Cause {
    pub actor: Actor,
    pub address: Option<IpAddr>,
    pub user_agent: Option<Arc<str>>,
    pub request_id: Option<Arc<str>>,
    /// Set when the sender made the request repeatable.
    pub once: Option<Once>,
}

impl Cause {
    /// Work that nobody asked for over HTTP.
    pub fn of(actor: Actor) -> Self {
        Self { actor, address: None, user_agent: None, request_id: None, once: None }
    }

    pub fn user(&self) -> Option<UserId> {
        match &self.actor {
            Actor::Principal(principal) => Some(principal.user),
            Actor::Newcomer(user) => Some(*user),
            Actor::System | Actor::Stranger | Actor::CommandLine => None,
        }
    }

    /// The person behind it, where it is one and no service account.
    pub fn person(&self) -> Option<UserId> {
        match &self.actor {
            Actor::Principal(principal) if principal.kind == Kind::Service => None,
            _ => self.user(),
        }
    }

    /// The service account behind it, where it is one.
    pub fn service(&self) -> Option<ServiceId> {
        match &self.actor {
            Actor::Principal(principal) if principal.kind == Kind::Service => {
                Some(principal.user.cast())
            }
            _ => None,
        }
    }

    fn audit_kind(&self) -> &'static str {
        match &self.actor {
            Actor::Principal(principal) => match principal.kind {
                Kind::Session => "user",
                Kind::Token | Kind::Program => "token",
                Kind::Service => "service",
            },
            Actor::Newcomer(_) => "user",
            Actor::System => "system",
            Actor::Stranger => "stranger",
            Actor::CommandLine => "cli",
        }
    }
}

/// What the caller may do in the workspace of the request.
#[derive(Debug, Clone)]
pub struct Membership {
    pub workspace: WorkspaceId,
    pub role: AnyRole,
    pub grant: Grant,
    /// What the role gives where all apps are on, too.
    pub whole: Grant,
    /// What the role gives, also what the credential does not let through.
    pub of_role: Grant,
    /// How the workspace stood when the membership was checked.
    pub standing: Standing,
}

impl Membership {
    /// A membership in a workspace that is in use, with all apps.
    pub fn new(workspace: WorkspaceId, role: impl Into<AnyRole>, grant: Grant) -> Self {
        let (whole, of_role) = (grant.clone(), grant.clone());
        let standing = Standing::default();
        Self { workspace, role: role.into(), grant, whole, of_role, standing }
    }
}

/// Work on the box's own file.
#[derive(Clone)]
pub struct BoxCtx {
    pub platform: Arc<Platform>,
    pub cause: Arc<Cause>,
}

impl BoxCtx {
    pub fn new(platform: &Arc<Platform>, cause: Cause) -> Self {
        Self { platform: Arc::clone(platform), cause: Arc::new(cause) }
    }

    pub fn now(&self) -> Moment {
        self.platform.clock.now()
    }

    /// The signed-in caller.
    pub fn principal(&self) -> Result<&Arc<Principal>> {
        match &self.cause.actor {
            Actor::Principal(principal) => Ok(principal),
            Actor::System | Actor::Stranger | Actor::Newcomer(_) | Actor::CommandLine => {
                Err(Error::internal("a route for signed-in callers was reached without one"))
            }
        }
    }

    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&BoxScope<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let scope = Seed::new(self);
        self.platform.system.read(move |connection| work(&BoxScope(scope.on(connection)))).await
    }

    /// Runs `work` as one transaction; the answer comes after its commit.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&BoxScope<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let scope = Seed::writing(self, Log::Box);
        self.platform.system.write(move |connection| work(&BoxScope(scope.on(connection)))).await
    }

    /// Runs `work` in a transaction that is taken back, whatever comes of it: no row stays, no
    /// entry, and no number is used up.
    pub(in crate::platform) async fn try_out<T: Send + 'static>(
        &self,
        work: impl FnOnce(&BoxScope<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let seed = Seed::new(self);
        self.platform.system.try_out(move |connection| work(&BoxScope(seed.on(connection)))).await
    }

    /// Runs `work` as one transaction of a file that is no workspace's yet.
    pub(in crate::platform) async fn write_apart<T: Send + 'static>(
        &self,
        file: &DatabaseFile,
        work: impl FnOnce(&Unit<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let seed = Seed::new(self);
        file.write(move |connection| work(&seed.on(connection))).await
    }

    /// Like `write` for a request that makes an object: a repeated one gets the object of the
    /// first by `load`.
    pub async fn create<T: Send + 'static, K: 'static>(
        &self,
        load: impl FnOnce(&BoxScope<'_>, Id<K>) -> Result<T> + Send + 'static,
        make: impl FnOnce(&BoxScope<'_>) -> Result<(Id<K>, T)> + Send + 'static,
    ) -> Result<Created<T>> {
        self.write(move |scope| create_once(scope, |id| load(scope, id), || make(scope))).await
    }
}

/// Work on one workspace's file by somebody who belongs to it.
#[derive(Clone)]
pub struct Ctx {
    on_box: BoxCtx,
    pub membership: Membership,
}

impl Deref for Ctx {
    type Target = BoxCtx;

    fn deref(&self) -> &BoxCtx {
        &self.on_box
    }
}

impl Ctx {
    /// Only the guard and the box's own jobs make one, after checking the membership.
    pub fn new(on_box: BoxCtx, membership: Membership) -> Self {
        Self { on_box, membership }
    }

    pub fn workspace(&self) -> WorkspaceId {
        self.membership.workspace
    }

    pub fn may(&self, permission: &str) -> bool {
        self.membership.grant.allows(permission)
    }

    /// The workspace's open file.
    pub async fn file(&self) -> Result<Arc<DatabaseFile>> {
        damage::ops::open(self, self.workspace()).await
    }

    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Scope<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (seed, membership) = (Seed::new(self), self.membership.clone());
        let file = self.file().await?;
        let work = move |connection: &_| work(&Scope::new(seed.on(connection), membership));
        let outcome = file.read(work).await;
        damage::ops::settled(self, self.workspace(), &file, outcome).await
    }

    /// Runs `work` as one transaction; the answer comes after its commit.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Scope<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let log = Log::Workspace(self.workspace());
        let (seed, membership) = (Seed::writing(self, log), self.membership.clone());
        self.platform.workspaces.check_whole(self.workspace())?;
        let file = self.file().await?;
        let work = move |connection: &_| Scope::new(seed.on(connection), membership).whole(work);
        let outcome = file.write(work).await;
        let settled = damage::ops::settled(self, self.workspace(), &file, outcome).await;
        let (value, wishes) = settled?;
        for Wish { kind, wait } in wishes {
            self.platform.jobs.wish(self.workspace(), kind, self.now().plus(wait));
        }
        Ok(value)
    }

    /// Runs `work` in a transaction that is taken back, whatever comes of it: no row stays, no
    /// entry, and no number is used up.
    pub(in crate::platform) async fn try_out<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Scope<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (seed, membership) = (Seed::new(self), self.membership.clone());
        self.platform.workspaces.check_whole(self.workspace())?;
        let file = self.file().await?;
        let work = move |connection: &_| Scope::new(seed.on(connection), membership).whole(work);
        let outcome = file.try_out(work).await;
        let settled = damage::ops::settled(self, self.workspace(), &file, outcome).await;
        settled.map(|(value, _)| value)
    }

    /// Like `write` for a request that makes an object: a repeated one gets the object of the
    /// first by `load`.
    pub async fn create<T: Send + 'static, K: 'static>(
        &self,
        load: impl FnOnce(&Scope<'_>, Id<K>) -> Result<T> + Send + 'static,
        make: impl FnOnce(&Scope<'_>) -> Result<(Id<K>, T)> + Send + 'static,
    ) -> Result<Created<T>> {
        self.write(move |scope| create_once(scope, |id| load(scope, id), || make(scope))).await
    }
}

fn create_once<T, K>(
    unit: &Unit<'_>,
    load: impl FnOnce(Id<K>) -> Result<T>,
    make: impl FnOnce() -> Result<(Id<K>, T)>,
) -> Result<Created<T>> {
    let Some(once) = &unit.cause.once else {
        return make().map(|(_, value)| Created { value, is_replay: false });
    };
    // Strangers share one name: a key of theirs is only as private as they make it.
    let principal = unit.cause.user().map_or(ObjectId::from_bytes([0; 16]), Id::cast);
    if let Some(remembered) = idempotency::find(unit.connection, principal, once, unit.now)? {
        let value = load(replayed(once, &remembered)?.cast())?;
        return Ok(Created { value, is_replay: true });
    }
    let (id, value) = make()?;
    idempotency::remember(unit.connection, principal, once, id.cast(), unit.now)?;
    Ok(Created { value, is_replay: false })
}

/// What a scope takes along to the thread that works on the file.
struct Seed {
    cause: Arc<Cause>,
    random: Random,
    now: Moment,
    /// None where nothing is written.
    growing: Option<Growing>,
}

impl Seed {
    fn new(ctx: &BoxCtx) -> Self {
        Self {
            cause: Arc::clone(&ctx.cause),
            random: ctx.platform.random.clone(),
            now: ctx.platform.clock.now(),
            growing: None,
        }
    }

    fn writing(ctx: &BoxCtx, log: Log) -> Self {
        Self { growing: Some(ctx.platform.audit.growing(log)), ..Self::new(ctx) }
    }

    fn on(self, connection: &Connection) -> Unit<'_> {
        let Self { cause, random, now, growing } = self;
        Unit { connection, cause, random, now, growing }
    }
}

/// What all scopes can do: prepare statements, say the time, make ids, write the audit log.
pub struct Unit<'a> {
    connection: &'a Connection,
    cause: Arc<Cause>,
    random: Random,
    now: Moment,
    growing: Option<Growing>,
}

impl<'a> Unit<'a> {
    /// Work of the box itself on a file that no box has open.
    pub(in crate::platform) fn apart(connection: &'a Connection, clock: &Clock) -> Self {
        let cause = Arc::new(Cause::of(Actor::System));
        let (random, now) = (Random::new(clock.clone()), clock.now());
        Self { connection, cause, random, now, growing: None }
    }

    /// Prepares a statement or takes it from the connection's cache. Stores only.
    pub fn prepare_cached(&self, sql: &str) -> rusqlite::Result<CachedStatement<'a>> {
        self.connection.prepare_cached(sql)
    }

    /// The time of this transaction.
    pub fn now(&self) -> Moment {
        self.now
    }

    pub fn random(&self) -> &Random {
        &self.random
    }

    pub fn new_id<T>(&self) -> Id<T> {
        self.random.id()
    }

    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The signed-in person, when a person asked.
    pub fn user(&self) -> Option<UserId> {
        self.cause.user()
    }

    /// Writes an audit entry into this transaction and gives its number.
    pub fn audit(&self, entry: Entry) -> Result<i64> {
        let seq = audit::ops::append_in(self, entry)?;
        if let Some(growing) = &self.growing {
            growing.note();
        }
        Ok(seq)
    }

    /// The same transaction, for an entry about what somebody else did.
    pub(in crate::platform) fn caused_by(&self, cause: Cause) -> Self {
        let (random, growing) = (self.random.clone(), self.growing.clone());
        Self { connection: self.connection, cause: Arc::new(cause), random, now: self.now, growing }
    }

    pub(in crate::platform) fn connection(&self) -> &'a Connection {
        self.connection
    }

    pub(in crate::platform) fn audit_actor(&self) -> (&'static str, Option<ObjectId>) {
        (self.cause.audit_kind(), self.cause.user().map(Id::cast))
    }
}

/// A transaction on the box's own file.
pub struct BoxScope<'a>(Unit<'a>);

impl<'a> BoxScope<'a> {
    /// The same transaction in the name of somebody who comes in by it.
    pub(in crate::platform) fn by(&self, user: UserId) -> Self {
        let cause = Cause { actor: Actor::Newcomer(user), ..(*self.0.cause).clone() };
        Self(self.0.caused_by(cause))
    }

    /// The box's own file, where no box has it open.
    pub(in crate::platform) fn apart(unit: Unit<'a>) -> Self {
        Self(unit)
    }

    /// The command line, looking at a file that it does not own.
    pub(in crate::platform) fn looking_at(file: &'a Snapshot, clock: &Clock) -> Self {
        let cause = Arc::new(Cause::of(Actor::CommandLine));
        let (random, now) = (Random::new(clock.clone()), clock.now());
        Self(Unit { connection: file.connection(), cause, random, now, growing: None })
    }
}

impl<'a> Deref for BoxScope<'a> {
    type Target = Unit<'a>;

    fn deref(&self) -> &Unit<'a> {
        &self.0
    }
}

/// A transaction on one workspace's file, made from a checked membership and from nothing else.
pub struct Scope<'a> {
    unit: Unit<'a>,
    membership: Membership,
    /// What is left to be done before the transaction ends, by its name.
    closing: RefCell<BTreeMap<&'static str, (Closing, BTreeSet<i64>)>>,
    /// Jobs that are asked for once the transaction is committed.
    wishes: RefCell<Vec<Wish>>,
}

/// A job of the workspace's own that a transaction makes necessary.
#[derive(Debug, Clone, Copy)]
struct Wish {
    kind: &'static str,
    /// From the commit to the job.
    wait: Duration,
}

/// What is done about a row once all of a transaction's work is done.
pub type Closing = fn(&Scope<'_>, i64) -> Result<()>;

impl<'a> Deref for Scope<'a> {
    type Target = Unit<'a>;

    fn deref(&self) -> &Unit<'a> {
        &self.unit
    }
}

impl<'a> Scope<'a> {
    /// A workspace's file, where no box has it open.
    pub(in crate::platform) fn apart(unit: Unit<'a>, membership: Membership) -> Self {
        Self::new(unit, membership)
    }

    fn new(unit: Unit<'a>, membership: Membership) -> Self {
        Self { unit, membership, closing: RefCell::default(), wishes: RefCell::default() }
    }

    /// Runs a transaction's work and then what it left for its end.
    pub(in crate::platform) fn tried<T>(
        self,
        work: impl FnOnce(&Scope<'_>) -> Result<T>,
    ) -> Result<T> {
        self.whole(work).map(|(value, _)| value)
    }

    /// The same, with the jobs to be asked for after the commit.
    fn whole<T>(self, work: impl FnOnce(&Scope<'_>) -> Result<T>) -> Result<(T, Vec<Wish>)> {
        let value = work(&self)?;
        for (step, rows) in self.closing.take().into_values() {
            for row in rows {
                step(&self, row)?;
            }
        }
        if !self.closing.borrow().is_empty() {
            return Err(Error::internal("what ends a transaction left something for its end"));
        }
        Ok((value, self.wishes.take()))
    }
}

impl Scope<'_> {
    /// Asks for a job of the workspace's own, so long after the commit; one that waits already
    /// will do. Should the box stop right after the commit, nobody asks: what the job is for has
    /// to be found by the next one.
    pub fn wish_job(&self, kind: &'static str, wait: Duration) {
        self.wishes.borrow_mut().push(Wish { kind, wait });
    }

    /// Has a step done about a row when all of the transaction's work is done, once however often
    /// it is asked for: what many changes of one transaction lead to together is looked at when
    /// the last of them is made. Steps go by their names. Reads have no end.
    pub fn at_end(&self, name: &'static str, step: Closing, row: i64) {
        let mut closing = self.closing.borrow_mut();
        closing.entry(name).or_insert_with(|| (step, BTreeSet::new())).1.insert(row);
    }

    pub fn workspace(&self) -> WorkspaceId {
        self.membership.workspace
    }

    pub fn may(&self, permission: &str) -> bool {
        self.membership.grant.allows(permission)
    }

    /// Whether the caller's role may do something, also where their credential does not let it
    /// through: what is kept from somebody is kept from their tokens, too.
    pub fn role_may(&self, permission: &str) -> bool {
        self.membership.of_role.allows(permission)
    }

    /// Refuses when the caller lacks a permission that depends on what is asked, not only on
    /// the route.
    pub fn need(&self, permission: &'static str) -> Result<()> {
        if self.may(permission) { Ok(()) } else { Err(Error::Forbidden { needed: permission }) }
    }
}

//! A box of its own for each test: own folder, fixed clock, no sockets. People are made by role
//! and speak through typed clients. When a test ends, the audit chains are verified.

mod authenticator;
mod browser;
mod client;
mod counters;
pub mod python;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use holdfast::config::{Config, Sources};
use holdfast::platform::Platform;
use holdfast::platform::access::Role;
use holdfast::platform::audit::reads::READ;
use holdfast::platform::audit::rules::Record;
use holdfast::platform::clock::{Clock, Moment};
use holdfast::platform::ctx::{Actor, BoxCtx, Cause, Ctx, Membership};
use holdfast::platform::id::Id;
use holdfast::platform::identity::Passwords;
use holdfast::platform::identity::UserId;
use holdfast::platform::identity::sessions::ops::{TokenDraft, begin_in, lifetimes, make_token_in};
use holdfast::platform::identity::users::ops::insert_in;
use holdfast::platform::identity::users::rules::NewUser;
use holdfast::platform::jobs::{JobSpec, runner};
use holdfast::platform::random::Random;
use holdfast::platform::reach::Reach;
use holdfast::platform::secret::Secret;
use holdfast::platform::tls::{Certificates, Source};
use holdfast::platform::updates::link::Link;
use holdfast::platform::workspaces::rules::Draft;
use holdfast::platform::workspaces::{self, WorkspaceId};
use holdfast::wiring;
use rusqlite::{Connection, named_params};

pub use authenticator::Authenticator;
pub use browser::{Browser, SESSION};
pub use client::{Client, Reply};
pub use counters::{Counters, sample};

/// 2026-11-21T06:00:00Z: a Saturday, six in the morning.
pub const START: Moment = Moment(1_795_240_800_000);
/// What accounts of tests sign in with.
pub const PASSWORD: &str = "lantern otter mosaic drizzle";
/// The name every request uses.
pub const HOST: &str = "kitchen.local";

pub struct TestServer {
    pub platform: Arc<Platform>,
    pub router: Router,
    pub clock: Clock,
    pub workspace: WorkspaceId,
    folder: tempfile::TempDir,
    jobs: Vec<JobSpec>,
}

impl TestServer {
    /// A box with one workspace and nobody in it.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Like `start`, with settings given as keys and values.
    pub async fn start_with(settings: &[(&'static str, &str)]) -> Self {
        Self::start_with_jobs(settings, &[]).await
    }

    /// Like `start_with`, with kinds of jobs that only a test has.
    pub async fn start_with_jobs(settings: &[(&'static str, &str)], jobs: &[JobSpec]) -> Self {
        Self::start_under(settings, jobs, None).await
    }

    /// The same under a supervisor, where there is one.
    pub async fn start_under(
        settings: &[(&'static str, &str)],
        jobs: &[JobSpec],
        supervisor: Option<Arc<Link>>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = Clock::fixed(START);
        let platform = open_under(folder.path(), &clock, settings, jobs, supervisor);
        let router = wiring::application(&platform, vec![HOST.to_owned()]).expect("the wiring");
        let ctx = system(&platform);
        let draft = Draft { name: "Harbour Kitchen".to_owned(), ..Draft::default() };
        let made = workspaces::ops::make_file(&ctx, draft, "").await.expect("a file");
        let workspace = made.id;
        ctx.write(move |scope| workspaces::ops::record_in(scope, &made))
            .await
            .expect("a workspace");
        Self { platform, router, clock, workspace, folder, jobs: jobs.to_vec() }
    }

    /// Somebody with a role in the workspace, signed in by a personal token.
    pub async fn person(&self, role: &str) -> Client {
        self.person_in(self.workspace, role).await
    }

    /// Somebody with a role in a workspace.
    pub async fn person_in(&self, workspace: WorkspaceId, role: &str) -> Client {
        let role: Role = role.parse().expect("a role");
        let user = self.add_user(false, Some((workspace, role))).await;
        self.token_of(user).await.in_workspace(workspace)
    }

    /// Somebody who runs the box and belongs to no workspace.
    pub async fn operator(&self) -> Client {
        let user = self.add_user(true, None).await;
        self.token_of(user).await
    }

    /// Somebody with a role in the workspace, not signed in and without a password.
    pub async fn user(&self, role: &str) -> UserId {
        self.add_user(false, Some((self.workspace, role.parse().expect("a role")))).await
    }

    /// A program of somebody, with a new personal token.
    pub async fn token_of(&self, user: UserId) -> Client {
        self.program_of(user, None).await
    }

    /// A program of somebody that may do only this.
    pub async fn narrowed(&self, user: UserId, permissions: &[&str]) -> Client {
        self.program_of(user, Some(permissions)).await
    }

    async fn program_of(&self, user: UserId, permissions: Option<&[&str]>) -> Client {
        let draft = TokenDraft {
            name: "test".to_owned(),
            life: Duration::from_hours(24),
            workspace: permissions.map(|_| self.workspace),
            permissions: permissions.map(|these| these.iter().map(ToString::to_string).collect()),
        };
        let ctx = system(&self.platform);
        let made = ctx.write(move |scope| make_token_in(scope, user, &draft)).await;
        let token = made.expect("a token").1.reveal().to_owned();
        Client::new(self.router.clone(), Some(token), self.workspace)
    }

    /// A browser of somebody, with a new session.
    pub async fn browser_of(&self, user: UserId) -> Browser {
        let ctx = system(&self.platform);
        let lifetimes = lifetimes(&ctx);
        let begun = ctx.write(move |scope| begin_in(scope, scope.new_id(), user, lifetimes)).await;
        Browser::with_session(self.stranger(), begun.expect("a session").reveal())
    }

    /// Changes the box's file behind the interface: what names `:user` and maybe `:now`.
    pub async fn change_user(&self, user: UserId, sql: &'static str) {
        let ctx = system(&self.platform);
        let changed = ctx.write(move |scope| {
            let mut statement = scope.prepare_cached(sql)?;
            let now = scope.now();
            Ok(match statement.parameter_index(":now")? {
                Some(_) => statement.execute(named_params! { ":user": user, ":now": now })?,
                None => statement.execute(named_params! { ":user": user })?,
            })
        });
        assert!(changed.await.expect("a change") > 0, "nothing was changed");
    }

    /// Somebody with a role in the workspace who can sign in with `PASSWORD`.
    pub async fn account(&self, email: &str, role: &str) -> UserId {
        let (workspace, role) = (self.workspace, role.parse::<Role>().expect("a role"));
        let new = NewUser {
            name: "Mira Novak".to_owned(),
            email: email.to_owned(),
            password_hash: hash_of_password().await,
            is_operator: false,
        };
        let ctx = system(&self.platform);
        let made = ctx.write(move |scope| {
            let user = insert_in(scope, &new)?.id;
            workspaces::ops::add_member_in(scope, workspace, user, role)?;
            Ok(user)
        });
        made.await.expect("a person")
    }

    /// A browser without any cookie.
    pub fn browser(&self) -> Browser {
        Browser::new(self.stranger())
    }

    /// A browser somebody with a role signed in with.
    pub async fn signed_in(&self, email: &str, role: &str) -> Browser {
        self.account(email, role).await;
        let browser = self.browser();
        browser.sign_in(email, PASSWORD).await.is(200);
        browser
    }

    /// Closes the box and opens it anew over the same files.
    pub async fn restart(self) -> Self {
        self.restart_after(|| {}).await
    }

    /// The same; something happens while it is off.
    pub async fn restart_after(self, meanwhile: impl FnOnce()) -> Self {
        let Self { platform, router, clock, workspace, folder, jobs } = self;
        platform.close().await;
        drop((platform, router));
        meanwhile();
        let platform = open(folder.path(), &clock, &[], &jobs);
        let router = wiring::application(&platform, vec![HOST.to_owned()]).expect("the wiring");
        Self { platform, router, clock, workspace, folder, jobs }
    }

    /// Has the box show the certificates of a source, as if it listened.
    pub fn show(&self, source: Source) -> Arc<Certificates> {
        let certificates = Certificates::open(source, self.clock.clone()).expect("a certificate");
        let reach = Reach {
            origin: self.platform.origin(),
            set_up: self.platform.set_up_at(),
            names: vec![HOST.to_owned()],
            addresses: Vec::new(),
            certificates: Some(Arc::clone(&certificates)),
        };
        assert!(self.platform.reach.set(reach).is_ok(), "it shows some already");
        certificates
    }

    /// Does all jobs that are due and gives how many ran.
    pub async fn run_jobs(&self) -> usize {
        runner::run_due(&self.platform).await.expect("a table of jobs")
    }

    /// Actions of the box's own log, oldest first.
    pub async fn box_actions(&self) -> Vec<String> {
        let ctx = system(&self.platform);
        let records = holdfast::platform::audit::ops::tail_box(&ctx, 0, 1_000).await;
        changes(records.expect("the log"))
    }

    /// Entries of one action in the box's own log, oldest first.
    pub async fn box_entries(&self, action: &str) -> Vec<Record> {
        let ctx = system(&self.platform);
        let records = holdfast::platform::audit::ops::tail_box(&ctx, 0, 1_000).await;
        let records = records.expect("the log").into_iter();
        records.filter(|record| record.action == action).collect()
    }

    /// How often each action stands in the box's own log.
    pub async fn box_counts(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for action in self.box_actions().await {
            *counts.entry(action).or_insert(0) += 1;
        }
        counts
    }

    /// Nobody.
    pub fn stranger(&self) -> Client {
        Client::new(self.router.clone(), None, self.workspace)
    }

    /// Another workspace on the same box.
    pub async fn second_workspace(&self) -> WorkspaceId {
        let ctx = system(&self.platform);
        let draft = Draft { name: "Other Client".to_owned(), ..Draft::default() };
        let made = workspaces::ops::make_file(&ctx, draft, "").await.expect("a file");
        let id = made.id;
        ctx.write(move |scope| workspaces::ops::record_in(scope, &made))
            .await
            .expect("a workspace");
        id
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The workspace's file.
    pub fn live(&self) -> PathBuf {
        self.folder().join(format!("workspaces/{}.db", self.workspace))
    }

    /// Files of before a restore.
    pub fn kept(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder().join("workspaces/kept"));
        let files = entries.into_iter().flatten().flatten().map(|entry| entry.path());
        files.filter(|path| path.extension().is_some_and(|it| it == "db")).collect()
    }

    /// The box's own context on the workspace, for looking behind the interface.
    pub fn inside(&self) -> Ctx {
        let grant = self.platform.roles.grant(Role::Owner);
        let membership = Membership::new(self.workspace, Role::Owner, grant);
        Ctx::new(system(&self.platform), membership)
    }

    /// Actions of the workspace's audit log, oldest first.
    pub async fn audit_actions(&self) -> Vec<String> {
        let records = holdfast::platform::audit::ops::tail(&self.inside(), 0, 1_000).await;
        changes(records.expect("the log"))
    }

    /// Verifies both chains and closes the box. Call it at the end of every test.
    pub async fn finish(self) {
        let verdict = holdfast::platform::audit::ops::verify(&self.inside()).await;
        assert_eq!(verdict.expect("the workspace's log").bad, None);
        let verdict = holdfast::platform::audit::ops::verify_box(&system(&self.platform)).await;
        assert_eq!(verdict.expect("the box's log").bad, None);
        self.platform.close().await;
    }

    async fn add_user(&self, is_operator: bool, of: Option<(WorkspaceId, Role)>) -> UserId {
        let ctx = system(&self.platform);
        let number = self.platform.random.uuid().simple().to_string();
        let new = NewUser {
            name: format!("Person {}", &number[26..]),
            email: format!("{number}@example.com"),
            password_hash: "!".to_owned(),
            is_operator,
        };
        let added = ctx.write(move |scope| {
            let user = insert_in(scope, &new)?.id;
            if let Some((workspace, role)) = of {
                workspaces::ops::add_member_in(scope, workspace, user, role)?;
            }
            Ok(user)
        });
        added.await.expect("a person")
    }
}

/// Actions of entries, those about reading left out: tests read much to see what happened.
fn changes(records: Vec<Record>) -> Vec<String> {
    let actions = records.into_iter().map(|record| record.action);
    actions.filter(|action| action != READ).collect()
}

/// The hash of `PASSWORD`, made once: it is slow on purpose.
async fn hash_of_password() -> String {
    static HASH: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    let make = || async {
        let random = Random::new(Clock::System);
        Passwords::default().hash(&random, Secret::new(PASSWORD)).await.expect("a hash")
    };
    HASH.get_or_init(make).await.clone()
}

pub fn system(platform: &Arc<Platform>) -> BoxCtx {
    BoxCtx::new(platform, Cause::of(Actor::System))
}

/// Free on the disk of every box, however full that of this machine is.
pub const ROOM_BYTES: u64 = 50_000_000_000;

/// Opens a box over a folder, as a restart does.
pub fn open(
    folder: &Path,
    clock: &Clock,
    settings: &[(&'static str, &str)],
    jobs: &[JobSpec],
) -> Arc<Platform> {
    open_under(folder, clock, settings, jobs, None)
}

/// The same under a supervisor.
fn open_under(
    folder: &Path,
    clock: &Clock,
    settings: &[(&'static str, &str)],
    jobs: &[JobSpec],
    supervisor: Option<Arc<Link>>,
) -> Arc<Platform> {
    let variable = |key: &str| format!("HOLDFAST_{}", key.to_uppercase().replace('.', "__"));
    let mut variables = vec![
        ("HOLDFAST_STORAGE__DATA".to_owned(), folder.display().to_string()),
        ("HOLDFAST_LOGS__ACCESS".to_owned(), "false".to_owned()),
    ];
    variables.extend(settings.iter().map(|(key, value)| (variable(key), (*value).to_owned())));
    let sources = Sources { file: None, variables, flags: Vec::new() };
    let config = Config::load(&sources).unwrap_or_else(|errors| panic!("{errors:?}"));
    let mut parts = wiring::parts();
    parts.jobs.extend(jobs);
    parts.updates = supervisor;
    let platform = wiring::open_with(config, clock.clone(), parts).expect("a box");
    platform.room.pretend(Some(ROOM_BYTES));
    platform
}

/// Somebody who reads a file from before it is written to: as long as they do, its log is not
/// folded in.
#[expect(clippy::disallowed_methods, reason = "behind the back of the box")]
pub fn reading(path: &Path) -> Connection {
    let reader = Connection::open(path).expect("a file");
    reader.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema").expect("a moment");
    reader
}

/// An id that names nothing.
pub fn nothing<T>() -> Id<T> {
    Id::from_bytes([0xee; 16])
}

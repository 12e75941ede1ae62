//! What every app stands on. Knows no app.

pub mod about;
pub mod access;
pub mod app;
pub mod audit;
pub mod backups;
pub mod blobs;
pub mod clean_up;
pub mod clock;
pub mod columns;
pub mod control;
pub mod ctx;
pub mod db;
pub mod doctor;
pub mod error;
pub mod errors;
pub mod events;
pub mod footprint;
pub mod id;
pub mod idempotency;
pub mod identity;
pub mod jobs;
pub mod keys;
pub mod mdns;
pub mod monitoring;
pub mod notices;
pub mod offline;
pub mod pictures;
pub mod privacy;
pub mod qr;
pub mod random;
pub mod reach;
pub mod recycle_bin;
pub mod room;
pub mod samples;
pub mod search;
pub mod secret;
pub mod secrets;
pub mod security_review;
pub mod setup;
pub mod spool;
pub(crate) mod steady;
pub mod systemd;
pub mod tally;
pub mod tasks;
pub mod throttle;
pub mod tls;
pub mod updates;
mod whole_file;
pub mod workspaces;

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;

use self::access::RoleTable;
use self::app::{AppSpec, EventSpec};
use self::blobs::Blobs;
use self::clock::{Clock, Moment};
use self::db::{Before, DatabaseFile, FileMeters, FileOptions, MigrationSet, Synchronous};
use self::error::{Code, Error, Result, code};
use self::identity::passkeys::Passkeys;
use self::identity::programs::access::Checked;
use self::identity::registration::ops::Registrations;
use self::identity::sessions::ops::Remembering;
use self::identity::sign_in::Pendings;
use self::identity::signing::Keys;
use self::identity::{Links, Passwords, SignIns};
use self::jobs::{JobSpec, Jobs};
use self::notices::{NoticeSpec, Notices, Sending};
use self::pictures::Pictures;
use self::random::Random;
use self::reach::Reach;
use self::room::Room;
use self::secrets::Secrets;
use self::setup::SetUp;
use self::tasks::Tasks;
use self::updates::link::Link;
use self::workspaces::damage::rules::Damage;
use self::workspaces::{WorkspaceId, Workspaces};
use crate::config::Config;

pub const CODES: &[Code] = &[
    code(
        "data-in-use",
        "Another process works on the data of this box.",
        "Stop it first, or ask the running box.",
    ),
    code(
        "box-damaged",
        "The box's own file is damaged or gone, so the box does not start. Nothing was changed.",
        "Keep the folder as it is, and bring the box back into another one: holdfast recover.",
    ),
    code(
        "data-newer",
        "A file was written by a version of Holdfast that this one cannot follow.",
        "Install the newer version again, or bring the box back from a backup that this one made.",
    ),
];

const SYSTEM_SET: MigrationSet = crate::migration_set!(
    "system",
    "0001_start.sql",
    "0002_audit.sql",
    "0003_people.sql",
    "0004_workspace_life.sql",
    "0005_jobs.sql",
    "0006_errors.sql",
    "0007_audit_search.sql",
    "0008_mfa.sql",
    "0009_passkeys.sql",
    "0010_programs.sql",
    "0011_service_accounts.sql",
    "0012_audit_tree.sql",
    "0013_notices.sql",
    "0015_custom_roles.sql",
    "0016_registration.sql",
    "0017_privacy.sql",
    "0018_session_ends.sql",
    "0019_backups.sql",
    "0020_vouched.sql",
    "0021_backup_proofs.sql",
    "0022_schedules_and_retention.sql",
    "0023_restores.sql",
    "0025_backup_targets.sql",
    "0026_backup_packs.sql",
    "0027_people_elsewhere.sql",
    "0028_damage_and_clock.sql",
    "0029_backup_upkeep.sql",
    "0030_security_reviews.sql",
    "0031_notice_kinds.sql",
    "0032_updates.sql",
    "0033_updates_told.sql",
);
const WORKSPACE_SET: MigrationSet = crate::migration_set!(
    "workspace",
    "0001_start.sql",
    "0002_job_effects.sql",
    "0003_sample_loads.sql",
    "0004_audit_search.sql",
    "0005_audit_tree.sql",
    "0006_blobs.sql",
);

/// The code of a data folder that another process owns.
pub const DATA_IN_USE: &str = "data-in-use";
/// The code of a box whose own file cannot be used.
pub const BOX_DAMAGED: &str = "box-damaged";
/// The code of a file that only newer versions read.
pub const DATA_NEWER: &str = "data-newer";

/// The running box: its files, its time, its people. Parts only; what is done with them stands
/// in the resources.
pub struct Platform {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub random: Random,
    pub secrets: Arc<Secrets>,
    pub tasks: Tasks,
    pub roles: Arc<RoleTable>,
    pub apps: &'static [AppSpec],
    /// Kinds of objects that event streams tell of, and who may hear it.
    pub events: Vec<EventSpec>,
    pub system: DatabaseFile,
    /// Counts commits of `system`.
    pub system_commits: watch::Receiver<u64>,
    pub workspaces: Workspaces,
    /// Files that lie beside the databases.
    pub blobs: Blobs,
    /// Makes pictures fit to be kept, and small ones of them.
    pub pictures: Pictures,
    /// How far the audit logs are signed.
    pub audit: audit::Keeping,
    /// Who read what, until it is written.
    pub reads: audit::reads::Reads,
    pub sessions: Remembering,
    /// Access tokens of programs that were checked lately.
    pub checked: Checked,
    /// The keys access tokens are signed with.
    pub signing: Keys,
    pub passwords: Passwords,
    pub sign_ins: SignIns,
    /// Sign-ins that wait for their second factor.
    pub pending: Pendings,
    /// Where passkeys work, and the questions that wait for answers of devices.
    pub passkeys: Passkeys,
    pub links: Links,
    pub registrations: Registrations,
    pub set_up: SetUp,
    /// Set once, when the listeners are bound.
    pub reach: OnceLock<Reach>,
    /// What each route asks of its caller, a line each; set once, with the routes.
    pub asked: OnceLock<BTreeSet<String>>,
    pub streams: events::Streams,
    pub jobs: Jobs,
    /// One-time keys of backups, until what was sent is proved.
    pub backup_keys: backups::keys_in_hand::KeysInHand,
    /// Whoever sends backups holds it: one at a time.
    pub backup_lane: tokio::sync::Mutex<()>,
    /// Copies of files as they were before this release changed them.
    pub before: Arc<Before>,
    /// How much room there is on disks.
    pub room: Arc<Room>,
    /// Sign-ins to backup targets that are under way.
    pub target_sign_ins: backups::targets::SignIns,
    pub microsoft: backups::targets::Microsoft,
    pub notices: Notices,
    /// What is leaving the box now.
    pub sending: Sending,
    /// What is remembered of how the box does.
    pub watching: monitoring::Watching,
    /// Failures of the program that wait to be written down.
    pub errors: errors::ops::Errors,
    /// Who passes requests on without being trusted.
    pub forwarded: doctor::Forwarded,
    /// The way to the supervisor, where the box has one.
    pub updates: Option<Arc<Link>>,
    pub started_at: Moment,
    /// Held as long as this process owns the data folder.
    lock: File,
}

/// What the apps bring along.
pub struct Parts {
    pub roles: RoleTable,
    pub events: Vec<EventSpec>,
    /// In the order of their migrations.
    pub apps: &'static [AppSpec],
    /// Kinds of jobs.
    pub jobs: Vec<JobSpec>,
    /// Kinds of notices.
    pub notices: Vec<&'static NoticeSpec>,
    /// The way to the supervisor of this process; none for a box that runs without one.
    pub updates: Option<Arc<Link>>,
}

impl Platform {
    /// Takes the data folder and opens the box's file. Blocks; call it before serving.
    pub fn open(config: Config, clock: Clock, parts: Parts) -> Result<Arc<Self>> {
        db::self_test()?;
        let (data, watching) = (config.storage.data.clone(), monitoring::Watching::default());
        make_private_folder(&data.join(workspaces::FOLDER))?;
        let lock = take_lock(&data)?;
        let (now, random, room) = (clock.now(), Random::new(clock.clone()), Arc::<Room>::default());
        let before = Arc::new(Before::new(&data, Arc::clone(&room)));
        let options = file_options(&config, &before, &watching.on_system);
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        let secrets = Secrets::open(&data, credentials.as_deref(), &random)?;
        let own = Own::open(&data, &secrets, &random, now, &options)?;
        let Own { system, signer, decided, damaged } = own;
        let sets = [WORKSPACE_SET].into_iter().chain(parts.apps.iter().map(|app| app.migrations));
        let workspaces = Workspaces::new(
            data.join(workspaces::FOLDER),
            sets.collect(),
            FileOptions { meters: Arc::clone(&watching.on_workspaces), ..options },
            config.storage.workspaces_open_max,
            &random,
            &clock,
            damaged,
        );
        // What happened before a crash may not be signed yet.
        workspaces.growth().note(audit::Log::Box);
        Ok(Arc::new(Self {
            jobs: Jobs::new(parts.jobs, signer.on_box(), &decided)?,
            reads: audit::reads::Reads::default(),
            audit: audit::Keeping::new(signer, workspaces.growth(), now),
            clock,
            random,
            secrets: Arc::new(secrets),
            tasks: Tasks::default(),
            roles: Arc::new(parts.roles),
            apps: parts.apps,
            events: parts.events,
            system_commits: system.commits(),
            system,
            workspaces,
            blobs: Blobs::open(&data)?,
            pictures: Pictures::default(),
            sessions: Remembering::default(),
            checked: Checked::default(),
            signing: Keys::default(),
            passwords: Passwords::default(),
            sign_ins: SignIns::new(&config.limits),
            pending: Pendings::default(),
            passkeys: Passkeys::new(config.server.public_url.as_ref()),
            links: Links::new(&config.limits),
            backup_keys: backups::keys_in_hand::KeysInHand::default(),
            backup_lane: tokio::sync::Mutex::default(),
            before,
            room,
            target_sign_ins: backups::targets::SignIns::default(),
            microsoft: backups::targets::Microsoft::default(),
            registrations: Registrations::default(),
            set_up: SetUp::new(&config.limits),
            reach: OnceLock::new(),
            asked: OnceLock::new(),
            streams: events::Streams::new(&config.limits),
            notices: Notices::new(parts.notices),
            sending: Sending::default(),
            watching,
            errors: errors::ops::Errors::default(),
            forwarded: doctor::Forwarded::default(),
            updates: parts.updates,
            started_at: now,
            config: Arc::new(config),
            lock,
        }))
    }

    /// The ids of the apps this box has.
    pub fn app_ids(&self) -> Vec<&'static str> {
        self.apps.iter().map(|app| app.id).collect()
    }

    /// What links of this box begin with, whether it serves or not.
    pub fn origin(&self) -> String {
        match self.reach.get() {
            Some(reach) => reach.origin.clone(),
            None => reach::origin(&self.config, &reach::planned_addresses(&self.config)),
        }
    }

    /// Where the set-up link leads, whether it serves or not.
    pub fn set_up_at(&self) -> reach::SetUpAt {
        let planned = || reach::SetUpAt::of(&self.config, &reach::planned_addresses(&self.config));
        self.reach.get().map_or_else(planned, |reach| reach.set_up.clone())
    }

    /// Stops the tasks, finishes the queues, closes the files and gives the data folder free.
    pub async fn close(self: &Arc<Self>) {
        self.tasks.stop_all(Duration::from_secs(5)).await;
        audit::runner::finish(self).await;
        self.workspaces.close_all().await;
        let platform = Arc::clone(self);
        let closed = tasks::blocking(move || {
            platform.system.close();
            platform.lock.unlock()?;
            Ok(())
        });
        if let Err(error) = closed.await {
            tracing::error!("The box's file could not be closed: {error}");
        }
    }
}

fn file_options(config: &Config, before: &Arc<Before>, meters: &Arc<FileMeters>) -> FileOptions {
    FileOptions {
        queue_commands_max: config.storage.queue_commands_max,
        readers_max: config.storage.readers_per_file,
        read_deadline: Duration::from_millis(config.storage.read_deadline_ms),
        checkpoint_bytes: config.storage.checkpoint_bytes,
        slow_statement: Duration::from_millis(config.logs.slow_statement_ms),
        meters: Arc::clone(meters),
        synchronous: Synchronous::from_test_environment(),
        is_always_checked: false,
        before: Some(Arc::clone(before)),
        gate: Arc::default(),
    }
}

/// The box's own file, and what is read of it before anything else.
struct Own {
    system: DatabaseFile,
    signer: audit::Signer,
    decided: Vec<(String, jobs::schedules::rules::Setting)>,
    damaged: Vec<(WorkspaceId, Damage)>,
}

impl Own {
    /// Looks through the file each time: without it nothing of the box can be relied on. Blocks.
    fn open(
        data: &Path,
        secrets: &Secrets,
        random: &Random,
        now: Moment,
        options: &FileOptions,
    ) -> Result<Self> {
        let (path, log) = (data.join("system.db"), random.id());
        let (mut signer, mut decided, mut damaged) = (None, Vec::new(), Vec::new());
        let begin = |connection: &_| {
            audit::store::begin(connection, log, now)?;
            let keys = audit::store::checkpoints::Keys(connection);
            signer = Some(audit::Signer::open_in(keys, secrets, random, now)?);
            decided = jobs::schedules::store::all(connection)?;
            damaged = workspaces::damage::store::all(connection)?;
            audit::ops::tree::catch_up_in(audit::store::tree::Tree(connection))
        };
        check_own_file(data, &path)?;
        let options = FileOptions { is_always_checked: true, ..options.clone() };
        let system = DatabaseFile::open(&path, &[SYSTEM_SET], now, &options, begin)
            .map_err(|error| own_file_fault(error, &path))?;
        let signer = signer.ok_or_else(|| Error::internal("the box's file was not begun"))?;
        Ok(Self { system, signer, decided, damaged })
    }
}

/// Refuses to begin a new box where there was one. Blocks.
fn check_own_file(data: &Path, path: &Path) -> Result<()> {
    let is_there = std::fs::metadata(path).is_ok_and(|about| about.len() > 0);
    if is_there || Workspaces::file_ids(&data.join(workspaces::FOLDER))?.is_empty() {
        return Ok(());
    }
    let gone = Error::Damaged("it is gone or empty, and there are workspaces".to_owned());
    Err(own_file_fault(gone, path))
}

/// Says what to do about a damaged file of the box.
fn own_file_fault(error: Error, path: &Path) -> Error {
    let Error::Damaged(found) = error else { return error };
    let detail = format!(
        "The box's own file {} is damaged: {found}. Nothing was changed. Keep this folder as it \
         is, and bring the box back from a backup into another one: holdfast recover --from \
         URL|DIR --kit FILE --data NEW_DIR",
        path.display()
    );
    Error::conflict(BOX_DAMAGED, detail)
}

/// Brings the schema of a box's own file that came from elsewhere up to this release. Blocks.
pub(in crate::platform) fn bring_up_to_date(path: &Path, now: Moment) -> Result<()> {
    let begin = |_: &_| Ok(db::Begun::Wholly);
    DatabaseFile::open(path, &[SYSTEM_SET], now, &FileOptions::default(), begin)?.close();
    Ok(())
}

/// Makes a folder that only the service's user can enter.
fn make_private_folder(path: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if path.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
        Error::StorageFailed(format!("{} cannot be made: {error}", path.display()))
    })
}

/// Opens the file of the lock itself, never what a link of that name leads to: whoever may write
/// the folder must not have root open another file.
fn open_lock(data: &Path) -> std::io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    use std::os::unix::fs::MetadataExt;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let lock = rustix::fs::open(data.join("lock"), flags, Mode::RUSR | Mode::WUSR)?;
    let lock = File::from(lock);
    let (folder, about) = (std::fs::metadata(data)?, lock.metadata()?);
    let is_plain = about.is_file() && about.nlink() == 1;
    if is_plain && about.uid() != folder.uid() && rustix::process::geteuid().is_root() {
        // Left by root, it would keep the box from starting.
        std::os::unix::fs::fchown(&lock, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(lock)
}

/// Waits until no process owns the data, at most so long.
pub async fn wait_until_free(data: &Path, patience: Duration) -> Result<()> {
    if let Ok(lock) = take_lock(data) {
        return Ok(lock.unlock()?);
    }
    let lock = open_lock(data)?;
    let free = tasks::blocking(move || Ok(lock.lock()?));
    match tokio::time::timeout(patience, free).await {
        Ok(freed) => freed,
        Err(_) => take_lock(data).map(|_| ()),
    }
}

/// Makes sure that one process owns the data.
fn take_lock(data: &Path) -> Result<File> {
    let lock = open_lock(data).map_err(|error| match error.kind() {
        ErrorKind::StorageFull => Error::StorageFull,
        _ => Error::internal(format!("{} cannot be written: {error}", data.display())),
    })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            let detail = format!("Another process is using {}; stop it first.", data.display());
            Err(Error::conflict(DATA_IN_USE, detail))
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

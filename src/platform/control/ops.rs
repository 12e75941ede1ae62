//! What each verb of the command line does, in the running box or in a process of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::jobs::watch;
use super::protocol::Verb;
use super::{backups, logs, people, restores, security, tenants, updates};
use crate::platform::Platform;
use crate::platform::audit;
use crate::platform::backups::standing::ops::{standing_in, verified_places_in};
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause};
use crate::platform::error::{Error, Result};
use crate::platform::identity::users;
use crate::platform::jobs::ops::View;
use crate::platform::monitoring::ops::VERSION;
use crate::platform::setup::rules::Claim;
use crate::platform::tls::Certificates;
use crate::platform::{doctor, jobs, keys, monitoring, setup, tasks, workspaces};

/// The command line gives up only after this.
const ROTATION_WAITED_FOR: Duration = Duration::from_secs(8);

/// Does what the command line asked for, in the process that owns the files.
pub async fn perform(platform: &Arc<Platform>, verb: Verb) -> Result<Value> {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::CommandLine));
    match verb {
        Verb::Status => to_value(&status(&ctx).await?),
        Verb::User(verb) => people::perform(&ctx, verb).await,
        Verb::CreateWorkspace(new) => to_value(&tenants::create(&ctx, new).await?),
        Verb::ExportWorkspace(wish) => tenants::begin_export(&ctx, wish).await,
        Verb::ImportWorkspace(wish) => tenants::begin_import(&ctx, wish).await,
        Verb::Backup(verb) => backups::perform(&ctx, verb).await,
        Verb::Restore(wish) => restores::begin(&ctx, wish).await,
        Verb::SecurityReview { note } => to_value(&security::review(&ctx, note.as_deref()).await?),
        Verb::Watch { job } => to_value(&watch(&ctx, &job).await?),
        Verb::Logs(wish) => logs::perform(&wish, platform.started_at, platform.tasks.stop()).await,
        Verb::RotateKeys => to_value(&rotate_keys(&ctx).await?),
        Verb::Doctor(verb) => doctor::ops::perform(&ctx, verb).await,
        Verb::Update(verb) => updates::perform(&ctx, verb).await,
        Verb::SetupLink => to_value(&setup_link(&ctx).await?),
    }
}

/// A box that serves has its runner do it; one that does not is worked on here.
async fn rotate_keys(ctx: &BoxCtx) -> Result<KeyRotation> {
    if ctx.platform.reach.get().is_none() {
        keys::ops::rotate_offline(ctx).await?;
    } else {
        let mut changes = ctx.platform.jobs.changes();
        let job = keys::ops::rotate(ctx).await?.id;
        let ended = async {
            while !jobs::ops::get(ctx, View::Box, job).await?.state.has_ended() {
                // However many changes were missed, the job itself is looked at.
                drop(changes.recv().await);
            }
            Ok::<(), Error>(())
        };
        // Whoever asks is told how it stands by then.
        if let Ok(outcome) = tokio::time::timeout(ROTATION_WAITED_FOR, ended).await {
            outcome?;
        }
        let job = jobs::ops::get(ctx, View::Box, job).await?;
        if let Some(fault) = job.fault {
            return Err(Error::internal(fault.detail));
        }
    }
    let state = keys::ops::state(&ctx.platform);
    Ok(KeyRotation { key_id: state.id, is_done: !state.is_rotating })
}

async fn setup_link(ctx: &BoxCtx) -> Result<SetupLink> {
    let at = ctx.platform.set_up_at();
    let link = setup::ops::issue_link(ctx, &at.origin).await?;
    let local_link = at.on_local_network(&link);
    Ok(SetupLink { link, local_link })
}

pub(super) fn to_value(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(Error::internal)
}

/// How a change of the master key went.
#[derive(Serialize, Deserialize)]
pub struct KeyRotation {
    /// The key in use from now on. 16 hexadecimal digits, no secret.
    pub key_id: String,
    /// False while the box still seals its fields anew.
    pub is_done: bool,
}

/// The link for the first operator. It is a secret.
#[derive(Serialize, Deserialize)]
pub struct SetupLink {
    pub link: String,
    /// The same by the name on the local network, where the box announces one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_link: Option<String>,
}

/// How the box is.
#[derive(Debug, Serialize, Deserialize)]
pub struct Status {
    pub running: bool,
    pub version: String,
    #[serde(flatten)]
    pub figures: Figures,
    /// None while the box does not run.
    #[serde(flatten)]
    pub process: Option<Process>,
}

/// What the files tell.
#[derive(Debug, Serialize, Deserialize)]
pub struct Figures {
    /// The box's id; backups lie in a folder named after its last eight digits.
    pub id: String,
    /// Whether the box has an operator.
    pub claimed: bool,
    /// What the box is called once it is claimed.
    pub name: Option<String>,
    pub people: i64,
    pub workspaces: i64,
    pub jobs: JobFigures,
    pub backups: BackupFigures,
}

/// How it stands with backups.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct BackupFigures {
    /// When the last one was fetched back and found whole.
    pub last_verified_at: Option<String>,
    /// Where the newest of those lies.
    pub verified_places: Vec<String>,
    /// What is wrong, the worst first.
    pub trouble: Vec<String>,
}

/// How the work in the background is.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct JobFigures {
    pub waiting: i64,
    pub running: i64,
    /// Failed within a week and not done since.
    pub failed: i64,
}

/// How the running process is.
#[derive(Debug, Serialize, Deserialize)]
pub struct Process {
    pub started_at: String,
    pub uptime_s: u64,
    pub addresses: Vec<Address>,
    /// None where a reverse proxy speaks TLS.
    pub certificate: Option<Certificate>,
    /// Files of workspaces held open.
    pub workspaces_open: usize,
    /// Files and connections the process holds open.
    pub open_files: Option<usize>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    /// `https`, `http` or `behind_proxy`.
    pub listener: String,
    pub address: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Certificate {
    pub kind: String,
    pub names: Vec<String>,
    pub not_after: String,
    /// SHA-256 as `AB:12:…`.
    pub fingerprint: String,
    pub root_fingerprint: Option<String>,
    /// What is wrong with it, in a sentence.
    pub trouble: Option<String>,
}

impl Status {
    /// Of a box that does not run.
    pub fn at_rest(figures: Figures) -> Self {
        Self { running: false, version: VERSION.to_owned(), figures, process: None }
    }
}

/// Counts what is in the box's own file.
pub fn figures_in(scope: &BoxScope<'_>) -> Result<Figures> {
    let name = match setup::ops::claim_in(scope)? {
        Claim::Unclaimed => None,
        Claim::Claimed(name) => Some(name),
    };
    Ok(Figures {
        id: audit::ops::checkpoints::box_id_in(scope)?.to_string(),
        claimed: name.is_some(),
        name,
        people: users::ops::count_in(scope)?,
        workspaces: workspaces::ops::count_in(scope)?,
        jobs: job_figures_in(scope)?,
        backups: backup_figures_in(scope)?,
    })
}

fn backup_figures_in(scope: &BoxScope<'_>) -> Result<BackupFigures> {
    let standing = standing_in(scope)?;
    let trouble = standing.trouble(scope.now()).into_iter().map(|one| one.detail).collect();
    let last_verified_at = standing.last_verified_at.map(|at| at.to_string());
    let verified_places = verified_places_in(scope)?;
    Ok(BackupFigures { last_verified_at, verified_places, trouble })
}

fn job_figures_in(scope: &BoxScope<'_>) -> Result<JobFigures> {
    let figures = jobs::ops::figures_in(scope)?;
    let jobs::ops::Figures { waiting, running, failed, .. } = figures;
    Ok(JobFigures { waiting, running, failed })
}

async fn status(ctx: &BoxCtx) -> Result<Status> {
    let platform = &ctx.platform;
    let figures = ctx.read(figures_in).await?;
    let Some(reach) = platform.reach.get() else { return Ok(Status::at_rest(figures)) };
    let process = Process {
        started_at: platform.started_at.to_string(),
        uptime_s: ctx.now().since(platform.started_at).as_secs(),
        addresses: reach.addresses.iter().map(Address::of).collect(),
        certificate: reach.certificates.as_deref().map(Certificate::of),
        workspaces_open: platform.workspaces.open_count(),
        open_files: tasks::blocking(|| Ok(monitoring::open_files())).await?,
    };
    let version = VERSION.to_owned();
    Ok(Status { running: true, version, figures, process: Some(process) })
}

impl Address {
    fn of((listener, address): &(&'static str, SocketAddr)) -> Self {
        Self { listener: (*listener).to_owned(), address: address.to_string() }
    }
}

impl Certificate {
    fn of(certificates: &Certificates) -> Self {
        let status = certificates.status();
        Self {
            kind: status.kind.as_str().to_owned(),
            names: status.names.clone(),
            not_after: status.not_after.to_string(),
            fingerprint: status.fingerprint.clone(),
            root_fingerprint: status.root_fingerprint.clone(),
            trouble: status.trouble.clone(),
        }
    }
}

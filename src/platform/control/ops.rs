//! What each verb of the command line does, in the running box or in a process of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::protocol::Verb;
use crate::platform::Platform;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause};
use crate::platform::error::{Error, Result};
use crate::platform::identity::users;
use crate::platform::setup::rules::Claim;
use crate::platform::tls::Certificates;
use crate::platform::{setup, tasks, workspaces};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a serving process knows beside its files.
pub struct Surroundings {
    pub started_at: Moment,
    /// The bound addresses by listener.
    pub addresses: Vec<(&'static str, SocketAddr)>,
    /// None where a reverse proxy speaks TLS.
    pub certificates: Option<Arc<Certificates>>,
}

/// Does what the command line asked for.
pub async fn perform(
    platform: &Arc<Platform>,
    verb: Verb,
    surroundings: Option<&Surroundings>,
) -> Result<Value> {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::CommandLine));
    match verb {
        Verb::Status => to_value(&status(&ctx, surroundings).await?),
    }
}

fn to_value(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(Error::internal)
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
    /// Whether the box has an operator.
    pub claimed: bool,
    /// What the box is called once it is claimed.
    pub name: Option<String>,
    pub people: i64,
    pub workspaces: i64,
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
    pub open_files: usize,
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
        claimed: name.is_some(),
        name,
        people: users::ops::count_in(scope)?,
        workspaces: workspaces::ops::count_in(scope)?,
    })
}

async fn status(ctx: &BoxCtx, surroundings: Option<&Surroundings>) -> Result<Status> {
    let figures = ctx.read(figures_in).await?;
    let Some(surroundings) = surroundings else { return Ok(Status::at_rest(figures)) };
    let process = Process {
        started_at: surroundings.started_at.to_string(),
        uptime_s: ctx.now().since(surroundings.started_at).as_secs(),
        addresses: surroundings.addresses.iter().map(Address::of).collect(),
        certificate: surroundings.certificates.as_deref().map(Certificate::of),
        workspaces_open: ctx.platform.workspaces.open_count(),
        open_files: tasks::blocking(open_files).await?,
    };
    let version = VERSION.to_owned();
    Ok(Status { running: true, version, figures, process: Some(process) })
}

fn open_files() -> Result<usize> {
    Ok(std::fs::read_dir("/proc/self/fd")?.count())
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

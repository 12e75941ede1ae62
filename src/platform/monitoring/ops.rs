//! Looking at the box: its health, its counters, what it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::figures::system_log_bytes;
use super::rules::{self, Check, Finding, Status};
use super::{host, process, store};
use crate::platform::backups::retention;
use crate::platform::backups::standing::ops::standing_in;
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::notices::mail;
use crate::platform::tls::CertificateStatus;
use crate::platform::workspaces::damage;
use crate::platform::{Platform, audit, jobs, tasks};

/// What runs.
pub const VERSION: &str = if cfg!(feature = "fixture") {
    concat!(env!("CARGO_PKG_VERSION"), "-next")
} else {
    env!("CARGO_PKG_VERSION")
};
/// Folders inside folders that are looked into while adding up sizes.
const FOLDER_DEPTH_MAX: usize = 16;

/// Whether the box takes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    Stopping,
    /// The storage refuses changes.
    StorageFailed,
}

/// Says whether requests should be sent here. Costs nothing while all is well: only after a
/// failed commit the storage is tried.
pub async fn readiness(ctx: &BoxCtx) -> Readiness {
    let platform = &ctx.platform;
    if platform.tasks.is_stopping() {
        return Readiness::Stopping;
    }
    if platform.system.is_refusing_writes() && ctx.write(|_| Ok(())).await.is_err() {
        return Readiness::StorageFailed;
    }
    Readiness::Ready
}

/// Checks every part of the box.
pub async fn health(ctx: &BoxCtx) -> Vec<Check> {
    let mut checks = vec![
        timed("api", api(ctx)).await,
        timed("database", database(ctx)).await,
        timed("disk", disk(&ctx.platform)).await,
        timed("jobs", jobs(ctx)).await,
        timed("backups", backups(ctx)).await,
        timed("workspaces", workspaces(ctx)).await,
        timed("memory", memory()).await,
        timed("queue", async { queue(&ctx.platform) }).await,
        timed("notices", notices(ctx)).await,
        timed("clock", clock(ctx)).await,
    ];
    checks.push(timed("certificate", async { certificate(ctx) }).await);
    checks
}

async fn timed(name: &'static str, check: impl Future<Output = Finding>) -> Check {
    let started = Instant::now();
    let finding = check.await;
    Check { name, finding, took: started.elapsed() }
}

async fn api(ctx: &BoxCtx) -> Finding {
    let started = Instant::now();
    tokio::task::yield_now().await;
    rules::api(ctx.platform.tasks.is_stopping(), started.elapsed())
}

async fn database(ctx: &BoxCtx) -> Finding {
    if let Err(error) = audit::ops::last_seq_box(ctx).await {
        return Finding::new(Status::Failing, format!("It could not be read: {error}."));
    }
    let platform = Arc::clone(&ctx.platform);
    let judged = tasks::blocking(move || {
        let wished = platform.config.storage.checkpoint_bytes;
        let log = system_log_bytes(&platform);
        Ok(rules::database(platform.system.is_refusing_writes(), log, wished))
    });
    judged.await.unwrap_or_else(|error| Finding::new(Status::Failing, error.to_string()))
}

async fn disk(platform: &Arc<Platform>) -> Finding {
    match free_bytes(platform).await {
        Ok(free) => rules::disk(free),
        Err(error) => Finding::new(Status::Failing, format!("It cannot be looked at: {error}.")),
    }
}

async fn jobs(ctx: &BoxCtx) -> Finding {
    let platform = Arc::clone(&ctx.platform);
    let read = ctx.read(move |scope| {
        Ok((jobs::ops::failing_in(scope, &platform.jobs)?, jobs::ops::figures_in(scope)?))
    });
    match read.await {
        Ok((failing, figures)) => rules::jobs(&failing, figures.due_since, ctx.now()),
        Err(error) => Finding::new(Status::Failing, format!("They could not be read: {error}.")),
    }
}

async fn backups(ctx: &BoxCtx) -> Finding {
    let (now, standing) = (ctx.now(), ctx.read(standing_in).await);
    match standing {
        Ok(standing) => {
            let trouble = standing.trouble(now);
            let trouble = trouble.first().map(|one| one.detail.as_str());
            rules::backups(standing.ready_since.is_some(), trouble, standing.last_verified_at)
        }
        Err(error) => Finding::new(Status::Failing, format!("They could not be read: {error}.")),
    }
}

async fn workspaces(ctx: &BoxCtx) -> Finding {
    match ctx.read(damage::ops::list_in).await {
        Ok(damaged) if damaged.is_empty() => open_workspaces(&ctx.platform).await,
        Ok(damaged) => rules::workspaces(&damaged),
        Err(error) => Finding::new(Status::Failing, format!("They could not be read: {error}.")),
    }
}

async fn open_workspaces(platform: &Arc<Platform>) -> Finding {
    let platform = Arc::clone(platform);
    let judged = tasks::blocking(move || {
        let workspaces = &platform.workspaces;
        let (open, refusing) = (workspaces.open_count(), workspaces.refusing_count());
        Ok(rules::open_workspaces(open, refusing, workspaces.log_bytes()))
    });
    judged.await.unwrap_or_else(|error| Finding::new(Status::Failing, error.to_string()))
}

async fn memory() -> Finding {
    let judged = tasks::blocking(|| Ok(rules::memory(host::memory())));
    judged.await.unwrap_or_else(|error| Finding::new(Status::Failing, error.to_string()))
}

fn queue(platform: &Platform) -> Finding {
    let waiting = platform.system.waiting_commands().max(platform.workspaces.longest_queue());
    rules::queue(waiting, platform.config.storage.queue_commands_max)
}

async fn notices(ctx: &BoxCtx) -> Finding {
    match mail::ops::settings(ctx).await {
        Ok(shown) => {
            let last = shown.as_ref().and_then(|shown| shown.last.as_ref());
            let last = last.map(|last| {
                let said = last.detail.as_deref().unwrap_or("nobody said why");
                (last.at, (!last.is_ok).then_some(said))
            });
            rules::notices(shown.is_some(), last)
        }
        Err(error) => Finding::new(Status::Failing, format!("They could not be read: {error}.")),
    }
}

async fn clock(ctx: &BoxCtx) -> Finding {
    match ctx.read(retention::ops::jumped_at_in).await {
        Ok(jumped_at) => rules::clock(jumped_at, ctx.now()),
        Err(error) => Finding::new(Status::Failing, format!("It could not be read: {error}.")),
    }
}

fn certificate(ctx: &BoxCtx) -> Finding {
    match certificate_status(&ctx.platform) {
        Some(status) => rules::certificate(status.trouble.as_deref(), status.not_after, ctx.now()),
        None => rules::proxy(!ctx.platform.config.server.trusted_proxies.is_empty()),
    }
}

/// The certificate this process shows; none behind a proxy.
pub fn certificate_status(platform: &Platform) -> Option<Arc<CertificateStatus>> {
    let certificates = platform.reach.get()?.certificates.as_ref()?;
    Some(certificates.status())
}

/// Room on the disk of the data, bytes that the service may use.
pub async fn free_bytes(platform: &Arc<Platform>) -> Result<u64> {
    let folder = platform.config.data().to_owned();
    tasks::blocking(move || free_bytes_of(&folder)).await
}

/// The same of the disk that a folder is on. Blocks.
pub fn free_bytes_of(folder: &Path) -> Result<u64> {
    let about = rustix::fs::statvfs(folder).map_err(std::io::Error::from)?;
    Ok(about.f_bavail.saturating_mul(about.f_frsize))
}

/// What the box is, for its operators.
pub struct BoxFacts {
    pub name: String,
    pub started_at: Moment,
    pub data_free_bytes: u64,
    pub data_size_bytes: u64,
    pub database_bytes: u64,
    pub resident_bytes: u64,
    pub names: Vec<String>,
    pub certificate: Option<Arc<CertificateStatus>>,
}

pub async fn facts(ctx: &BoxCtx) -> Result<BoxFacts> {
    let platform = Arc::clone(&ctx.platform);
    let name = ctx.read(store::box_name).await?.unwrap_or_default();
    let data_free_bytes = free_bytes(&platform).await?;
    let folder = platform.config.data().to_owned();
    let (sizes, resident) =
        tasks::blocking(move || Ok((sizes(folder), process::resident_bytes()))).await?;
    Ok(BoxFacts {
        name,
        started_at: platform.started_at,
        data_free_bytes,
        data_size_bytes: sizes.all,
        database_bytes: sizes.databases,
        resident_bytes: resident.unwrap_or(0),
        names: platform.reach.get().map(|reach| reach.names.clone()).unwrap_or_default(),
        certificate: certificate_status(&platform),
    })
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Sizes {
    all: u64,
    databases: u64,
}

/// Adds up the files below a folder. What vanishes meanwhile is left out; links are not followed.
fn sizes(folder: PathBuf) -> Sizes {
    let mut sizes = Sizes::default();
    let mut folders = vec![(folder, 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(about) = entry.metadata() else { continue };
            if about.is_dir() && depth < FOLDER_DEPTH_MAX {
                folders.push((entry.path(), depth + 1));
            } else if about.is_file() {
                sizes.all += about.len();
                let path = entry.path();
                let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
                if matches!(kind, "db" | "db-wal" | "db-shm") {
                    sizes.databases += about.len();
                }
            }
        }
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_added_up_below_folders_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("workspaces")).unwrap();
        fs::write(folder.path().join("system.db"), [0; 10]).unwrap();
        fs::write(folder.path().join("workspaces/a.db-wal"), [0; 5]).unwrap();
        fs::write(folder.path().join("lock"), [0; 1]).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();

        let sizes = sizes(folder.path().to_owned());

        assert_eq!(sizes, Sizes { all: 16, databases: 15 });
    }
}

//! Looking at a feed, or at a bundle that was unpacked: what it says, verified beside what the
//! supervisor trusts, and which release of it is for this box.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::KIND;
use super::planning::link;
use super::switching::standing;
use crate::config::FeedPlace;
use crate::platform::Platform;
use crate::platform::about::time_of_build;
use crate::platform::audit::Entry;
use crate::platform::audit::ops::checkpoints::box_id_in;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::jobs::Work;
use crate::platform::tasks;
use crate::platform::updates::metadata::fetch::{self, Base};
use crate::platform::updates::metadata::rules::{Asking, Choice, choose, severity_of_way};
use crate::platform::updates::metadata::web::{Bounds, Web};
use crate::platform::updates::metadata::{self, Check, Feed, Fresh, Staleness, Target, Trusted};
use crate::platform::updates::release::{Channel, Release, SUPERVISOR_PROTO, Severity};
use crate::platform::updates::rules::Reason;
use crate::platform::updates::supervisor::standing::Standing;
use crate::platform::updates::worker::points::point;

/// The program that runs, whatever became of its file.
const OWN_PROGRAM: &str = "/proc/self/exe";
/// Longer notes are left out.
const NOTES_SIZE_BYTES_MAX: u64 = 64 * 1024;
/// Of more releases that are left out at once the log says nothing.
const LEFT_OUT_MAX: usize = 100;
/// Below the data folder: what updates need on the disk.
pub(super) const FOLDER: &str = "update";
/// Below that: what was fetched for the supervisor.
pub(super) const INCOMING: &str = "incoming";
/// Below that: the bundle that was taken in.
pub(super) const BUNDLE: &str = "bundle";

/// Why something of an update did not come about.
pub(super) enum Trouble {
    /// By a rule of this box or of the metadata.
    Known(&'static str, String),
    /// By the supervisor.
    Refused(Reason),
    Fault(Error),
}

impl Trouble {
    /// The reason that is kept, and the error that says it.
    pub(super) fn told(self) -> (Reason, Error) {
        match self {
            Self::Known(code, detail) => {
                (Reason::new(code, &detail), Error::conflict(code, detail))
            }
            Self::Refused(reason) => {
                let detail = format!("{} ({})", reason.detail, reason.code);
                (reason, Error::conflict("update-refused", detail))
            }
            Self::Fault(error) => {
                let detail = "A fault of the box; see its log.";
                (Reason::new("update-broken", detail), error)
            }
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Conflict(refusal) | Error::Rule(refusal) | Error::Unavailable(refusal) => {
                Self::Known(refusal.code, refusal.detail)
            }
            Error::StorageFull => metadata::Reason::from(error).into(),
            other => Self::Fault(other),
        }
    }
}

impl From<metadata::Reason> for Trouble {
    fn from(reason: metadata::Reason) -> Self {
        Self::Known(reason.code, reason.detail)
    }
}

/// What a feed says, and the release of it that is the next step of this box.
pub(super) struct Look {
    pub(super) fresh: Fresh,
    /// Whether it says anything that the supervisor does not trust yet.
    pub(super) is_news: bool,
    pub(super) next: Option<(Target, Release)>,
    /// How much it matters to take it, and what it leads to.
    pub(super) severity: Severity,
    /// What is new among the releases that are not offered, the newest first.
    pub(super) left_out: Vec<LeftOut>,
}

/// A release that is not offered to this box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Its version, or the name of its file where nothing else can be read.
    pub(super) version: String,
    /// The code of the reason.
    pub(super) code: &'static str,
}

/// Where updates keep files.
pub(super) fn folder(platform: &Platform) -> PathBuf {
    platform.config.data().join(FOLDER)
}

/// The feed that is set.
///
/// # Errors
/// `update-no-feed`.
pub(super) async fn of_config(ctx: &BoxCtx) -> Result<Feed, Trouble> {
    match ctx.platform.config.updates.feed.clone() {
        None => {
            let detail = "No feed is set. Set updates.feed, or send the release as a file.";
            Err(Error::conflict("update-no-feed", detail).into())
        }
        Some(FeedPlace::Folder(path)) => Ok(Feed::Folder(path)),
        Some(FeedPlace::Web(address)) => {
            let web = tasks::blocking(move || Ok(Web::new(&address, Bounds::USUAL)));
            Ok(Feed::Web(web.await??))
        }
    }
}

/// The bundle that was taken in.
pub(super) fn of_bundle(ctx: &BoxCtx) -> Feed {
    Feed::Folder(folder(&ctx.platform).join(BUNDLE))
}

/// Looks at a feed. Nothing changes by it.
pub(super) async fn look(ctx: &BoxCtx, feed: &Feed, staleness: Staleness) -> Result<Look, Trouble> {
    let link = link(ctx)?;
    let standing = standing(link).await?;
    let trusted = trusted(ctx, &standing.state).await?;
    let scratch = folder(&ctx.platform).join(format!("look-{}", ctx.platform.random.uuid()));
    let built_at = time_of_build().unwrap_or(Moment(0));
    let check = Check { now: ctx.now(), built_at, staleness, scratch: &scratch };
    let fresh = trusted.refresh(feed, &check).await?;
    let is_news = fresh.is_news(&trusted);
    let asks = Asks::of(ctx, &standing).await?;
    let (targets, asking) = (fresh.targets(), asks.asking());
    let choice = choose(&targets, &asking);
    let severity = severity_of_way(&targets, &asking, &choice);
    let next = choice.steps.first().and_then(|it| Some(((*it).clone(), it.release.clone()?)));
    let known = left_out(&choose(&trusted.targets(), &asking));
    let mut left_out = left_out(&choice);
    left_out.retain(|one| !known.contains(one));
    left_out.truncate(LEFT_OUT_MAX);
    Ok(Look { fresh, is_news, next, severity, left_out })
}

fn left_out(choice: &Choice<'_>) -> Vec<LeftOut> {
    let said = |(target, reason): &(&Target, metadata::Reason)| LeftOut {
        version: target.release.as_ref().map_or(&target.name, |it| &it.version).clone(),
        code: reason.code,
    };
    let mut all: Vec<LeftOut> = choice.not_offered.iter().map(said).collect();
    all.dedup();
    all
}

/// What this box asks a list of releases by.
pub(super) struct Asks {
    channel: Channel,
    from_seq: u64,
    box_id: String,
    quarantined: Vec<u64>,
}

impl Asks {
    pub(super) async fn of(ctx: &BoxCtx, standing: &Standing) -> Result<Self> {
        Ok(Self {
            channel: ctx.platform.config.updates.channel,
            from_seq: link(ctx)?.seq,
            box_id: ctx.read(|scope| Ok(box_id_in(scope)?.to_string())).await?,
            quarantined: standing.quarantine.iter().map(|one| one.seq).collect(),
        })
    }

    pub(super) fn asking(&self) -> Asking<'_> {
        Asking {
            channel: self.channel,
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
            from_seq: self.from_seq,
            box_id: &self.box_id,
            supervisor_proto: SUPERVISOR_PROTO,
            quarantined: &self.quarantined,
        }
    }
}

/// What the supervisor trusts; before it trusts anything, the root that is set.
async fn trusted(ctx: &BoxCtx, state: &Path) -> Result<Trusted, Trouble> {
    let (at, platform) = (state.join("trust"), Arc::clone(&ctx.platform));
    let opened = tasks::blocking(move || Ok(open(&platform, &at)));
    Ok(opened.await??)
}

fn open(platform: &Platform, at: &Path) -> metadata::Result<Trusted> {
    if let Some(trusted) = Trusted::open(at)? {
        return Ok(trusted);
    }
    let root = platform.config.updates.root.as_deref().unwrap_or(Path::new(""));
    let first = std::fs::read(root).map_err(|error| {
        let said = format!("The root {} cannot be read: {error}", root.display());
        metadata::Reason::new("update-no-root", said)
    })?;
    Trusted::beginning(at, &first)
}

/// Brings a release, by a difference from the running one where there is one.
pub(super) async fn fetch(
    work: &Work,
    feed: &Feed,
    look: &Look,
    target: &Target,
    incoming: &Path,
) -> Result<(), Trouble> {
    let (folder, path) = (incoming.join("targets"), incoming.join(target.path()));
    let into = tasks::blocking(move || {
        DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
        let mut options = File::options();
        Ok(options.read(true).write(true).create(true).truncate(true).open(path)?)
    });
    let (into, targets) = (into.await?, look.fresh.targets());
    let running = standing(link(work.on_box())?).await?.running;
    let base =
        running.as_ref().map(|one| Base { path: Path::new(OWN_PROGRAM), sha256: &one.sha256 });
    let tell = |done: u64| {
        point("part-written");
        work.progress(done, target.size_bytes);
    };
    let fetched = fetch::release(feed, &targets, target, base, &into, &tell).await?;
    for reason in &fetched.told {
        tracing::info!(code = reason.code, "The whole release was fetched: {}", reason.detail);
    }
    if fetched.told.is_empty() {
        return Ok(());
    }
    let version = target.release.as_ref().map_or_else(String::new, |it| it.version.clone());
    let told = fetched.told;
    let note = move |scope: &BoxScope<'_>| {
        told.iter().try_for_each(|reason| {
            let entry = Entry::about("update.delta_refused", KIND).refused();
            scope.audit(entry.set("version", version.clone()).set("code", reason.code)).map(drop)
        })
    };
    Ok(work.on_box().write(note).await?)
}

/// The notes of a release; empty where they are not there or too long.
pub(super) async fn notes(
    ctx: &BoxCtx,
    feed: &Feed,
    look: &Look,
    release: &Release,
) -> Result<String> {
    let targets = look.fresh.targets();
    let named = targets.iter().find(|one| one.name == release.notes);
    let Some(target) = named.filter(|one| one.size_bytes <= NOTES_SIZE_BYTES_MAX) else {
        return Ok(String::new());
    };
    let path = folder(&ctx.platform).join(format!("notes-{}", ctx.platform.random.uuid()));
    let into = path.clone();
    let file = tasks::blocking(move || {
        let mut options = File::options();
        Ok(options.read(true).write(true).create_new(true).open(into)?)
    })
    .await?;
    let came = fetch::file(feed, target, &file, &|_| ()).await;
    tasks::blocking(move || {
        let text = std::fs::read(&path);
        std::fs::remove_file(&path)?;
        Ok(came.ok().and_then(|_| String::from_utf8(text.ok()?).ok()).unwrap_or_default())
    })
    .await
}

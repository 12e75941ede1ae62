//! Looking at a feed as a box does, with the same code, and making a copy of one.

use std::fs;
use std::path::{Path, PathBuf};

use super::folder::{Folder, Sum};
use crate::platform::clock::Moment;
use crate::platform::error::Error;
use crate::platform::random::Random;
use crate::platform::updates::metadata::rules::{Asking, choose};
use crate::platform::updates::metadata::{
    Check, Feed, Fresh, Reason, Result, Staleness, Target, Trusted, fetch,
};
use crate::platform::updates::release::{Channel, Release, SUPERVISOR_PROTO};
use crate::platform::whole_file;

const FILE_MODE: u32 = 0o644;

/// What a feed says to a box that knows no more than a root.
#[derive(Debug)]
pub struct Verified {
    /// When the first of its files runs out.
    pub expires_at: Moment,
    /// The ids of the keys that vouch for the list, in hexadecimal.
    pub signers: Vec<String>,
    pub targets: usize,
    /// What boxes of each kind would end on.
    pub offers: Vec<Offer>,
    /// Files that are listed and missing, or are others. Looked at in a folder alone.
    pub broken: Vec<Reason>,
}

/// What a box without any release would end on, were it among the first.
#[derive(Debug, Clone)]
pub struct Offer {
    pub channel: Channel,
    pub os: String,
    pub arch: String,
    /// None: nothing is offered.
    pub release: Option<Release>,
}

/// Reads a feed as a box does that trusts this root. Needs a tokio runtime.
pub async fn verify(feed: &Feed, root: &[u8], now: Moment, random: &Random) -> Result<Verified> {
    let scratch = Scratch::new(random)?;
    let fresh = fresh(feed, root, now, &scratch).await?;
    let targets = fresh.targets();
    let broken = match feed {
        Feed::Folder(folder) => broken_in(folder, &targets)?,
        Feed::Web(_) => Vec::new(),
    };
    Ok(Verified {
        expires_at: fresh.expires_at(),
        signers: fresh.signers().to_vec(),
        targets: targets.len(),
        offers: offers(&targets),
        broken,
    })
}

async fn fresh(feed: &Feed, root: &[u8], now: Moment, scratch: &Scratch) -> Result<Fresh> {
    let trusted = Trusted::begin(&scratch.0.join("trust"), root)?;
    let check = Check {
        now,
        built_at: Moment::default(),
        staleness: Staleness::Refused,
        scratch: &scratch.0.join("scratch"),
    };
    trusted.refresh(feed, &check).await
}

fn broken_in(folder: &Path, targets: &[Target]) -> Result<Vec<Reason>> {
    let folder = Folder::open(folder)?;
    let mut broken = Vec::new();
    for target in targets {
        let sum = Sum { size_bytes: target.size_bytes, sha256: target.sha256.clone() };
        match folder.check(&target.name, &sum) {
            Ok(()) => {}
            Err(Error::Rule(refusal)) => {
                broken.push(Reason { code: refusal.code, detail: refusal.detail });
            }
            Err(other) => return Err(other.into()),
        }
        broken.extend(target.unread.clone());
    }
    Ok(broken)
}

/// What is offered in each channel to each kind of machine that the list knows.
fn offers(targets: &[Target]) -> Vec<Offer> {
    let mut first = targets.to_vec();
    let all = first.iter_mut().filter_map(|target| target.release.as_mut());
    all.for_each(|release| release.rollout.percent = 100);
    let releases = first.iter().filter_map(|target| target.release.as_ref());
    let mut machines: Vec<(&str, &str)> =
        releases.map(|release| (release.os.as_str(), release.arch.as_str())).collect();
    machines.sort_unstable();
    machines.dedup();
    let mut offers = Vec::new();
    for channel in Channel::ALL {
        for (os, arch) in &machines {
            let asking = Asking {
                channel,
                os,
                arch,
                from_seq: 0,
                box_id: "",
                supervisor_proto: SUPERVISOR_PROTO,
                quarantined: &[],
            };
            let last = choose(&first, &asking).steps.last().map(|target| target.name.as_str());
            let told = targets.iter().find(|target| Some(target.name.as_str()) == last);
            let release = told.and_then(|target| target.release.clone());
            offers.push(Offer { channel, os: (*os).to_owned(), arch: (*arch).to_owned(), release });
        }
    }
    offers
}

/// What a copy holds.
#[derive(Debug)]
pub struct Mirrored {
    pub metadata: Vec<String>,
    /// Targets that were fetched; those that were there already are not.
    pub fetched: Vec<String>,
    pub expires_at: Moment,
}

/// Copies what a feed says now into a folder that a web server may serve: only what verifies, in
/// an order in which every state in between can be read. Needs a tokio runtime.
pub async fn mirror(
    feed: &Feed,
    root: &[u8],
    to: &Path,
    now: Moment,
    random: &Random,
) -> Result<Mirrored> {
    let scratch = Scratch::new(random)?;
    let fresh = fresh(feed, root, now, &scratch).await?;
    for folder in [to.join("metadata"), to.join("targets")] {
        fs::create_dir_all(folder)?;
    }
    let mut fetched = Vec::new();
    for target in fresh.targets() {
        if fetch_new(feed, &target, to).await? {
            fetched.push(target.name);
        }
    }
    let copy = scratch.0.join("copy");
    fresh.write_feed(&copy)?;
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(copy.join("metadata"))? {
        names.extend(entry?.file_name().into_string().ok());
    }
    names.sort_by_key(|name| (order(name), name.clone()));
    for name in &names {
        let bytes = fs::read(copy.join("metadata").join(name))?;
        whole_file::write(&to.join("metadata").join(name), &bytes, FILE_MODE)?;
    }
    keep_root(root, to)?;
    Ok(Mirrored { metadata: names, fetched, expires_at: fresh.expires_at() })
}

/// The root that the copy was verified with, which the feed's metadata follows.
fn keep_root(root: &[u8], to: &Path) -> Result<()> {
    let version = serde_json::from_slice::<tough::schema::Signed<tough::schema::Root>>(root)
        .map(|root| root.signed.version.get());
    let Ok(version) = version else { return Ok(()) };
    let path = to.join("metadata").join(format!("{version}.root.json"));
    Ok(whole_file::write(&path, root, FILE_MODE)?)
}

/// What is written first: nothing names a file that is not there yet.
fn order(name: &str) -> u8 {
    match name {
        "timestamp.json" => 3,
        name if name.ends_with(".snapshot.json") => 2,
        name if name.ends_with(".targets.json") => 1,
        _ => 0,
    }
}

/// Fetches a target unless it is there.
async fn fetch_new(feed: &Feed, target: &Target, to: &Path) -> Result<bool> {
    let path = to.join(target.path());
    let sum = Sum { size_bytes: target.size_bytes, sha256: target.sha256.clone() };
    if Folder::open(to)?.check(&target.name, &sum).is_ok() {
        return Ok(false);
    }
    let temporary = path.with_extension("new");
    let file =
        fs::File::options().create(true).truncate(true).read(true).write(true).open(&temporary)?;
    fetch::file(feed, target, &file, &|_| {}).await?;
    fs::rename(&temporary, &path)?;
    whole_file::sync_folder_of(&path)?;
    Ok(true)
}

/// A folder that is gone when this is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(random: &Random) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("holdfast-release-{}", random.uuid()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays there is nobody's any more, and the system clears such folders.
        fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

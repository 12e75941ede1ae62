//! `holdfast release`: what the publisher does.

mod passphrase;
mod reading;
mod told;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use self::passphrase::Source;
use super::Common;
use super::output::{self, Answer, Failure};
use crate::platform::clock::Clock;
use crate::platform::error::{Error, Result};
use crate::platform::random::Random;
use crate::platform::secret::to_hex;
use crate::platform::updates::publisher::keys::{
    self, PrivateKey, read_private, read_public, write_pair,
};
use crate::platform::updates::publisher::{
    self, Folder, NewFeed, NewRelease, RootChange, bundles, deltas,
};
use crate::platform::updates::release::{Channel, Severity, Status};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Makes a key: the private half behind a passphrase, the public half beside it (FILE.pub).
    Keygen {
        /// What the key is to sign.
        #[arg(long)]
        role: KeyRole,
        /// The file of the private half, which must not be there yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        passphrase: Source,
    },
    /// Makes the folder of a new feed from public keys. Its root and its list of releases wait for
    /// signatures then.
    Init(Init),
    /// Changes which keys count.
    #[command(subcommand)]
    Root(RootVerb),
    /// Adds a binary to the list of releases. The list waits for signatures then.
    Add(Add),
    /// Adds one signature to what waits for it, and publishes what has enough of them. Without a
    /// key it says what waits, and whose signatures are missing.
    Sign(Sign),
    /// Makes the timestamp anew, so that boxes see what was published, and that the feed is alive.
    /// To be called once a week at least.
    Timestamp(Timestamp),
    /// Makes a delta from an earlier version to the newest release, which spares boxes most of the
    /// download. The list waits for signatures then.
    Delta {
        /// The folder of the feed.
        #[arg(long, value_name = "DIR")]
        feed: PathBuf,
        /// The version that boxes have.
        #[arg(long, value_name = "V")]
        from: String,
    },
    /// Puts a release into the channel after the one it is in: staging, beta, stable.
    Promote {
        #[command(flatten)]
        which: Which,
        /// Hours that boxes must have been offered it in the channel before; 0 goes on at once.
        #[arg(long, default_value_t = 24, value_name = "N")]
        healthy_hours: u32,
        /// The part of all boxes that is offered it, from 0 to 100.
        #[arg(long, default_value_t = 100, value_name = "N")]
        percent: u8,
    },
    /// Offers a release to another part of all boxes.
    Rollout {
        #[command(flatten)]
        which: Which,
        /// The part of all boxes that is offered it, from 0 to 100.
        #[arg(long, value_name = "N")]
        percent: u8,
    },
    /// Offers a release to nobody any more. Boxes that have it may go on with it.
    Withdraw(Which),
    /// Has no box start a release any more, unless it has nothing else. This stays.
    Revoke(Which),
    /// Writes the newest release of a channel and all that proves it into one file, for boxes
    /// without the internet.
    Bundle {
        /// The folder of the feed.
        #[arg(long, value_name = "DIR")]
        feed: PathBuf,
        /// The file, which is replaced.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// The channel of the boxes that it is for.
        #[arg(long, default_value = "stable")]
        channel: OfChannel,
    },
    /// Reads a feed as a box does and says what boxes would get. Ends with 5 when they would refuse
    /// it, or when files are missing.
    Verify {
        /// The feed: a folder, or an address.
        #[arg(long, value_name = "DIR|URL")]
        feed: String,
        /// The root that the box trusts: `metadata/1.root.json` as it came with the package.
        #[arg(long, value_name = "FILE")]
        root: PathBuf,
    },
    /// Copies a feed into a folder that a web server may serve. Only what verifies is taken.
    Mirror {
        /// The feed: a folder, or an address.
        #[arg(long, value_name = "DIR|URL")]
        from: String,
        /// The folder of the copy.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// The root that is trusted: `metadata/1.root.json` as it came with the package.
        #[arg(long, value_name = "FILE")]
        root: PathBuf,
    },
}

#[derive(Debug, Clone, Args)]
pub(super) struct Init {
    /// The folder of the feed.
    #[arg(long, value_name = "DIR")]
    feed: PathBuf,
    /// A public key that may sign roots; as often as there are keys.
    #[arg(long, value_name = "FILE", required = true)]
    root_key: Vec<PathBuf>,
    /// A public key that may sign the list of releases; as often as there are keys.
    #[arg(long, value_name = "FILE", required = true)]
    release_key: Vec<PathBuf>,
    /// The public key that signs snapshots.
    #[arg(long, value_name = "FILE", required = true)]
    snapshot_key: Vec<PathBuf>,
    /// The public key that signs timestamps.
    #[arg(long, value_name = "FILE", required = true)]
    timestamp_key: Vec<PathBuf>,
    /// So many root keys, and so many release keys, have to sign.
    #[arg(long, default_value_t = 2, value_name = "N")]
    threshold: u64,
}

#[derive(Debug, Subcommand)]
pub(super) enum RootVerb {
    /// Makes the next root with the same keys, for another year.
    Rotate {
        /// The folder of the feed.
        #[arg(long, value_name = "DIR")]
        feed: PathBuf,
    },
    /// Makes the next root with a key more.
    AddKey(KeyOfRole),
    /// Makes the next root with a key less: one that was lost or stolen.
    RemoveKey(KeyOfRole),
    /// Adds one signature to the root that waits; the same as `holdfast release sign`.
    Sign(Sign),
}

#[derive(Debug, Clone, Args)]
pub(super) struct KeyOfRole {
    /// The folder of the feed.
    #[arg(long, value_name = "DIR")]
    feed: PathBuf,
    /// What the key signs.
    #[arg(long)]
    role: KeyRole,
    /// The public key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Add {
    /// The folder of the feed.
    #[arg(long, value_name = "DIR")]
    feed: PathBuf,
    /// The binary. What it is for is read out of it; it is not run.
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
    /// The version that it has to be.
    #[arg(long, value_name = "V")]
    version: String,
    /// Who is to get it first.
    #[arg(long, default_value = "staging")]
    channel: OfChannel,
    /// The release notes, as Markdown.
    #[arg(long, value_name = "FILE")]
    notes: PathBuf,
    /// How much it matters.
    #[arg(long, default_value = "normal")]
    severity: OfSeverity,
    /// The part of all boxes that is offered it, from 0 to 100.
    #[arg(long, default_value_t = 100, value_name = "N")]
    percent: u8,
    /// Boxes on a release with a lower number take another one in between.
    #[arg(long, default_value_t = 0, value_name = "N")]
    min_from_seq: u64,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Sign {
    /// The folder of the feed.
    #[arg(long, value_name = "DIR")]
    feed: PathBuf,
    /// The private key.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: Source,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Timestamp {
    /// The folder of the feed.
    #[arg(long, value_name = "DIR")]
    feed: PathBuf,
    /// The private key of timestamps.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The private key of snapshots, needed where the list or the keys changed, and where the
    /// snapshot ends before long. It has the same passphrase.
    #[arg(long, value_name = "FILE")]
    snapshot_key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: Source,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Which {
    /// The folder of the feed.
    #[arg(long, value_name = "DIR")]
    feed: PathBuf,
    /// The version of the release.
    #[arg(long, value_name = "V")]
    version: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum KeyRole {
    /// Which keys count. Keep these offline, apart from each other.
    Root,
    /// Which releases there are. Keep these offline, apart from each other.
    Release,
    /// Which metadata belongs together. Kept where the feed is published from.
    Snapshot,
    /// That the feed is alive. Kept where the feed is published from.
    Timestamp,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum OfChannel {
    /// The publisher's own boxes.
    Staging,
    /// Boxes whose people like to try.
    Beta,
    /// All others.
    Stable,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum OfSeverity {
    /// An ordinary release.
    Normal,
    /// It mends a weakness.
    Security,
    /// It mends a weakness that is being used, or a loss of data.
    Critical,
}

impl From<KeyRole> for keys::Role {
    fn from(role: KeyRole) -> Self {
        match role {
            KeyRole::Root => Self::Root,
            KeyRole::Release => Self::Release,
            KeyRole::Snapshot => Self::Snapshot,
            KeyRole::Timestamp => Self::Timestamp,
        }
    }
}

impl From<OfChannel> for Channel {
    fn from(channel: OfChannel) -> Self {
        match channel {
            OfChannel::Staging => Self::Staging,
            OfChannel::Beta => Self::Beta,
            OfChannel::Stable => Self::Stable,
        }
    }
}

impl From<OfSeverity> for Severity {
    fn from(severity: OfSeverity) -> Self {
        match severity {
            OfSeverity::Normal => Self::Normal,
            OfSeverity::Security => Self::Security,
            OfSeverity::Critical => Self::Critical,
        }
    }
}

pub(super) fn run(common: &Common, verb: Verb) -> Answer {
    match verb {
        Verb::Keygen { role, out, passphrase } => keygen(common, role.into(), &out, &passphrase),
        Verb::Init(options) => init(common, &options),
        Verb::Root(RootVerb::Rotate { feed }) => change_root(common, &feed, &RootChange::Rotate),
        Verb::Root(RootVerb::AddKey(of)) => {
            let key = done(read_public(&of.key))?;
            change_root(common, &of.feed, &RootChange::Add { role: of.role.into(), key })
        }
        Verb::Root(RootVerb::RemoveKey(of)) => {
            let key = done(read_public(&of.key))?;
            change_root(common, &of.feed, &RootChange::Remove { role: of.role.into(), key })
        }
        Verb::Sign(options) | Verb::Root(RootVerb::Sign(options)) => sign(common, &options),
        Verb::Add(options) => add(common, options),
        Verb::Timestamp(options) => stamp(common, &options),
        Verb::Promote { which, healthy_hours, percent } => {
            let healthy = Duration::from_secs(u64::from(healthy_hours) * 60 * 60);
            let now = Clock::System.now();
            changed(common, &which, |feed| {
                publisher::promote(feed, &which.version, healthy, percent, now)
            })
        }
        Verb::Rollout { which, percent } => changed(common, &which, |feed| {
            publisher::roll_out(feed, &which.version, percent, Clock::System.now())
        }),
        Verb::Withdraw(which) => take_back(common, &which, Status::Withdrawn),
        Verb::Revoke(which) => take_back(common, &which, Status::Revoked),
        Verb::Delta { feed, from } => delta(common, &feed, &from),
        Verb::Bundle { feed, out, channel } => bundle(common, &feed, &out, channel.into()),
        Verb::Verify { feed, root } => reading::verify(common, &feed, &root),
        Verb::Mirror { from, to, root } => reading::mirror(common, &from, &to, &root),
    }
}

/// What a refusal of the publisher's is to a shell.
fn done<T>(outcome: Result<T>) -> Answer<T> {
    outcome.map_err(|error| match error {
        Error::Rule(refusal) if refusal.code == "release-unknown" => {
            Failure::NotFound(refusal.detail)
        }
        other => Failure::of(other),
    })
}

fn keygen(common: &Common, role: keys::Role, out: &Path, passphrase: &Source) -> Answer {
    if out.exists() {
        return Err(Failure::Failed(format!("{} is there already.", out.display())));
    }
    let passphrase = passphrase.new_one(out)?;
    let key = done(PrivateKey::generate(role, &Random::new(Clock::System)))?;
    let public = done(write_pair(&key, &passphrase, out))?;
    let id = to_hex(&done(key.id())?);
    if common.json {
        return output::print_json(&json!({
            "role": role.name(), "key_id": id, "private": out, "public": public,
        }));
    }
    output::print(&format!(
        "{} key {id}\nprivate: {} (keep it and its passphrase apart)\npublic:  {}\n",
        role.name(),
        out.display(),
        public.display()
    ))
}

fn init(common: &Common, options: &Init) -> Answer {
    let of_roles = [
        (keys::Role::Root, &options.root_key),
        (keys::Role::Release, &options.release_key),
        (keys::Role::Snapshot, &options.snapshot_key),
        (keys::Role::Timestamp, &options.timestamp_key),
    ];
    let mut keys = Vec::new();
    for (role, paths) in of_roles {
        for path in paths {
            keys.push((role, done(read_public(path))?));
        }
    }
    let new = NewFeed { keys, threshold: options.threshold };
    let feed = done(publisher::init(&options.feed, &new, Clock::System.now()))?;
    told::outcome(common, &done(publisher::publish(&feed))?)
}

fn change_root(common: &Common, feed: &Path, change: &RootChange) -> Answer {
    let feed = done(Folder::change(feed))?;
    done(publisher::change_root(&feed, change, Clock::System.now()))?;
    told::outcome(common, &done(publisher::publish(&feed))?)
}

fn sign(common: &Common, options: &Sign) -> Answer {
    let Some(key) = &options.key else {
        let feed = done(Folder::open(&options.feed))?;
        return told::waiting(common, &done(publisher::look(&feed))?);
    };
    let feed = done(Folder::change(&options.feed))?;
    let key = private(key, &options.passphrase)?;
    told::outcome(common, &done(publisher::sign(&feed, &key))?)
}

/// Opens a key. What it is called is said where it does not open.
fn private(path: &Path, passphrase: &Source) -> Answer<PrivateKey> {
    let passphrase = passphrase.of(path)?;
    done(read_private(path, &passphrase))
}

fn add(common: &Common, options: Add) -> Answer {
    let feed = done(Folder::change(&options.feed))?;
    let new = NewRelease {
        binary: options.binary,
        version: options.version,
        channel: options.channel.into(),
        notes: options.notes,
        severity: options.severity.into(),
        percent: options.percent,
        min_from_seq: options.min_from_seq,
    };
    let added = done(publisher::add(&feed, &new, Clock::System.now()))?;
    told::releases(common, &[added], &done(publisher::look(&feed))?)
}

fn take_back(common: &Common, which: &Which, status: Status) -> Answer {
    let now = Clock::System.now();
    changed(common, which, |feed| publisher::take_back(feed, &which.version, status, now))
}

fn changed(
    common: &Common,
    which: &Which,
    change: impl FnOnce(&Folder) -> Result<Vec<publisher::Listed>>,
) -> Answer {
    let feed = done(Folder::change(&which.feed))?;
    let changed = done(change(&feed))?;
    told::releases(common, &changed, &done(publisher::look(&feed))?)
}

fn delta(common: &Common, feed: &Path, from: &str) -> Answer {
    let feed = done(Folder::change(feed))?;
    let made = done(deltas::make(&feed, from, Clock::System.now()))?;
    told::deltas(common, &made, &done(publisher::look(&feed))?)
}

fn bundle(common: &Common, feed: &Path, out: &Path, channel: Channel) -> Answer {
    let feed = done(Folder::open(feed))?;
    told::bundled(common, out, &done(bundles::write(&feed, out, channel))?)
}

fn stamp(common: &Common, options: &Timestamp) -> Answer {
    let feed = done(Folder::change(&options.feed))?;
    let key = private(&options.key, &options.passphrase)?;
    let snapshot = options.snapshot_key.as_deref();
    let snapshot = snapshot.map(|path| private(path, &options.passphrase)).transpose()?;
    let now = Clock::System.now();
    let stamped = done(publisher::stamp(&feed, &key, snapshot.as_ref(), now))?;
    told::stamped(common, &stamped)
}

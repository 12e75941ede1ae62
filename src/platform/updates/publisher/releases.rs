//! The list of releases: adding one, and saying who is to get it. Each change is staged and waits
//! for signatures; what was signed of the list that waits is to be signed again.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tough::TargetName;
use tough::schema::{Hashes, Snapshot, Target, Targets};

use super::folder::{Folder, Sum};
use super::publishing::release_in;
use super::roots::{end, made_at, next};
use super::rules::{
    NOTES_SIZE_BYTES_MAX, RELEASES_LIFE, binary_name, check_percent, check_proven, check_version,
    kept, notes_name, promotion, seq_of,
};
use super::signing::unsigned;
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result, refuse};
use crate::platform::secret::to_hex;
use crate::platform::updates::facts::read_facts;
use crate::platform::updates::metadata::documents::SIGNED_AT;
use crate::platform::updates::release::{Channel, PRODUCT, Release, Rollout, Severity, Status};

/// A release to be added.
#[derive(Debug, Clone)]
pub struct NewRelease {
    pub binary: PathBuf,
    pub version: String,
    pub channel: Channel,
    /// A file of Markdown.
    pub notes: PathBuf,
    pub severity: Severity,
    /// The part of all boxes that is offered it, from 0 to 100.
    pub percent: u8,
    /// Boxes on a release with a lower number take another one in between.
    pub min_from_seq: u64,
}

/// A release of the list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The name of its target.
    pub name: String,
    pub sum: Sum,
    pub release: Release,
}

/// Adds a binary and its notes to the list.
///
/// # Errors
/// `release-binary`, `release-version`: it is not what it is said to be. `release-exists`: it is
/// listed already. `release-notes`, `release-percent`: as their meanings say.
pub fn add(feed: &Folder, new: &NewRelease, now: Moment) -> Result<Listed> {
    check_version(&new.version)?;
    check_percent(new.percent)?;
    let facts = read_facts(&new.binary)?;
    if facts.version != new.version {
        let detail = format!("The binary is {}, not {}.", facts.version, new.version);
        return refuse("release-version", detail);
    }
    let mut list = opened(feed, now)?;
    let listed = releases(&list);
    let numbers = listed.iter().map(|one| &one.release);
    let seq = seq_of(&new.version, (&facts.os, &facts.arch), numbers)?;
    let notes = add_notes(feed, &mut list, new)?;
    let name = binary_name(&new.version, &facts.arch);
    let sum = feed.add(&name, &mut File::open(&new.binary)?)?;
    let release = Release {
        product: PRODUCT.to_owned(),
        seq,
        version: facts.version,
        channels: vec![new.channel],
        os: facts.os,
        arch: facts.arch,
        min_from_seq: new.min_from_seq,
        schema: facts.schema,
        supervisor_proto: facts.supervisor_proto,
        status: Status::Active,
        // Another part of the boxes goes first each time.
        rollout: Rollout { percent: new.percent, salt: seq.to_string() },
        severity: new.severity,
        notes,
        released_at: end(now, Duration::ZERO)?.to_string(),
        deltas: Vec::new(),
    };
    put(&mut list, &name, &sum, Some(&release))?;
    drop_old(&mut list);
    feed.stage(&unsigned(list))?;
    Ok(Listed { name, sum, release })
}

fn add_notes(feed: &Folder, list: &mut Targets, new: &NewRelease) -> Result<String> {
    let mut text = String::new();
    let path = new.notes.display();
    let read = File::open(&new.notes)
        .and_then(|file| file.take(NOTES_SIZE_BYTES_MAX + 1).read_to_string(&mut text));
    if let Err(error) = read {
        return refuse("release-notes", format!("{path} cannot be read: {error}."));
    }
    if text.trim().is_empty() || text.len() as u64 > NOTES_SIZE_BYTES_MAX {
        return refuse("release-notes", format!("{path} is empty or over 64 KiB."));
    }
    let name = notes_name(&new.version);
    let sum = feed.add(&name, &mut text.as_bytes())?;
    let earlier = list.targets.get(&target_name(&name)?);
    if earlier.is_some_and(|earlier| to_hex(&earlier.hashes.sha256) != sum.sha256) {
        let detail = format!("{} has other notes for another machine.", new.version);
        return refuse("release-notes", detail);
    }
    put(list, &name, &sum, None)?;
    Ok(name)
}

/// Puts a release into the channel after the one it is in.
///
/// # Errors
/// `release-not-proven`: no box has had it there for so long. `release-channel`: there is no
/// further one, or it is not offered any more. `release-unknown`: it is not listed.
pub fn promote(
    feed: &Folder,
    version: &str,
    healthy: Duration,
    percent: u8,
    now: Moment,
) -> Result<Vec<Listed>> {
    check_percent(percent)?;
    change(feed, version, now, |release| {
        let (from, to) = promotion(release)?;
        let since = seen_since(feed, release, from)?;
        check_proven(since, now, from, healthy)?;
        release.channels.push(to);
        release.rollout.percent = percent;
        Ok(())
    })
}

/// Says which part of all boxes is offered a release.
pub fn roll_out(feed: &Folder, version: &str, percent: u8, now: Moment) -> Result<Vec<Listed>> {
    check_percent(percent)?;
    change(feed, version, now, |release| {
        release.rollout.percent = percent;
        Ok(())
    })
}

/// Takes a release back: it is offered to nobody any more, or nobody may even start it.
///
/// # Errors
/// `release-channel`: it was revoked, which stays. `release-unknown`: it is not listed.
pub fn take_back(feed: &Folder, version: &str, status: Status, now: Moment) -> Result<Vec<Listed>> {
    change(feed, version, now, |release| {
        if release.status == Status::Revoked {
            return refuse("release-channel", format!("{version} is revoked for good."));
        }
        release.status = status;
        Ok(())
    })
}

/// Changes a release for all machines.
pub(super) fn change(
    feed: &Folder,
    version: &str,
    now: Moment,
    mut edit: impl FnMut(&mut Release) -> Result<()>,
) -> Result<Vec<Listed>> {
    let mut list = opened(feed, now)?;
    let mut changed = of_version(&list, version)?;
    for one in &mut changed {
        edit(&mut one.release)?;
        put(&mut list, &one.name, &one.sum, Some(&one.release))?;
    }
    feed.stage(&unsigned(list))?;
    Ok(changed)
}

/// The releases of one version, of which there is at least one.
///
/// # Errors
/// `release-unknown`: there is none.
pub(super) fn of_version(list: &Targets, version: &str) -> Result<Vec<Listed>> {
    let mut found = releases(list);
    found.retain(|one| one.release.version == version);
    if found.is_empty() {
        return refuse("release-unknown", format!("The feed lists no {version}."));
    }
    Ok(found)
}

/// The releases of a list, the newest first.
pub fn releases(list: &Targets) -> Vec<Listed> {
    let mut found: Vec<Listed> = Vec::new();
    for (name, target) in &list.targets {
        if let Some(release) = release_in(target) {
            let sum = Sum { size_bytes: target.length, sha256: to_hex(&target.hashes.sha256) };
            found.push(Listed { name: name.raw().to_owned(), sum, release });
        }
    }
    found.sort_by(|one, other| {
        (other.release.seq, &one.release.arch).cmp(&(one.release.seq, &other.release.arch))
    });
    found
}

/// The list to change: the one that waits, or the one after that which counts.
pub(super) fn opened(feed: &Folder, now: Moment) -> Result<Targets> {
    let mut list = match (feed.waiting::<Targets>()?, feed.newest::<Targets>()?) {
        (Some(waiting), _) => waiting.signed,
        (None, Some(counting)) => {
            let mut list = counting.signed;
            list.version = next(list.version)?;
            list
        }
        (None, None) => return refuse("release-feed", "The feed has no list of releases."),
    };
    list.expires = end(now, RELEASES_LIFE)?;
    list._extra = made_at(now)?;
    Ok(list)
}

/// Puts a target into the list, in the place of an earlier one of the same name.
pub(super) fn put(
    list: &mut Targets,
    name: &str,
    sum: &Sum,
    release: Option<&Release>,
) -> Result<()> {
    let custom = match release.map(serde_json::to_value).transpose().map_err(Error::internal)? {
        Some(Value::Object(custom)) => custom.into_iter().collect(),
        _ => HashMap::new(),
    };
    let sha256 = sum.sha256.parse().map_err(Error::internal)?;
    let target = Target {
        length: sum.size_bytes,
        hashes: Hashes { sha256, _extra: HashMap::new() },
        custom,
        _extra: HashMap::new(),
    };
    list.targets.insert(target_name(name)?, target);
    Ok(())
}

fn target_name(name: &str) -> Result<TargetName> {
    TargetName::new(name).map_err(Error::internal)
}

/// Drops what is too old from the list, with its notes and deltas. The files stay.
fn drop_old(list: &mut Targets) {
    let listed = releases(list);
    let all: Vec<&Release> = listed.iter().map(|one| &one.release).collect();
    let kept = kept(&all);
    let mut names: Vec<&str> = Vec::new();
    for one in listed.iter().filter(|one| kept.contains(&one.release.seq)) {
        names.extend([one.name.as_str(), one.release.notes.as_str()]);
        names.extend(one.release.deltas.iter().map(|delta| delta.target.as_str()));
    }
    list.targets.retain(|name, _| names.contains(&name.raw()));
}

/// Since when boxes are offered a release in a channel: when the snapshot was made that first
/// names a list with it. Lists and snapshots stay in the feed, so they tell.
fn seen_since(feed: &Folder, release: &Release, channel: Channel) -> Result<Option<Moment>> {
    let is_in = |one: &Listed| {
        let other = &one.release;
        other.seq == release.seq && other.arch == release.arch && other.channels.contains(&channel)
    };
    let mut first = None;
    for version in feed.versions::<Targets>()?.into_iter().rev() {
        let Some(list) = feed.version::<Targets>(version)? else { continue };
        if !releases(&list.signed).iter().any(is_in) {
            break;
        }
        first = Some(version);
    }
    let Some(first) = first else { return Ok(None) };
    for version in feed.versions::<Snapshot>()? {
        let Some(snapshot) = feed.version::<Snapshot>(version)? else { continue };
        let names = snapshot.signed.meta.get("targets.json").map(|meta| meta.version.get());
        if names.is_some_and(|names| names >= first) {
            let made = snapshot.signed._extra.get(SIGNED_AT).and_then(Value::as_str);
            return Ok(made.and_then(|made| made.parse().ok()));
        }
    }
    Ok(None)
}

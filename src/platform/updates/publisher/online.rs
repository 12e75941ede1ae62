//! What is signed again and again where the feed is published from: the snapshot, which says what
//! belongs together, and the timestamp, which says that the feed is alive.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use tough::schema::{Hashes, Metafile, Root, Signed, Snapshot, Targets, Timestamp};

use super::folder::Folder;
use super::keys::{PrivateKey, Role};
use super::publishing;
use super::roots::{count, end, made_at, next};
use super::rules::ONLINE_LIFE;
use super::signing::{self, Need, counts, unsigned};
use crate::platform::clock::Moment;
use crate::platform::error::{Result, refuse};
use crate::platform::updates::metadata::documents::{SPEC_VERSION, canonical};

/// What became of it.
#[derive(Debug)]
pub struct Stamped {
    pub published: Vec<String>,
    /// Until when boxes take the feed for alive.
    pub until: Moment,
    /// When the snapshot ends, where that is before long and no key for it was at hand.
    pub snapshot_ends: Option<Moment>,
}

/// Makes the timestamp anew, and the snapshot where the list or the keys changed, or it ends before
/// long. Whatever has enough signatures is published before.
///
/// # Errors
/// `release-unsigned`: there is no list yet that enough people signed. `release-key`: a key does
/// not count, or that of the snapshot is needed.
pub fn stamp(
    feed: &Folder,
    timestamp_key: &PrivateKey,
    snapshot_key: Option<&PrivateKey>,
    now: Moment,
) -> Result<Stamped> {
    let waiting = publishing::publish(feed)?.waiting;
    let (Some(root), Some(list)) = (feed.root()?, feed.newest::<Targets>()?) else {
        let needs = waiting.iter().flat_map(|one| &one.needs).map(Need::told);
        return refuse("release-unsigned", needs.collect::<Vec<_>>().join(" "));
    };
    let list_need = Need::of(&root.signed, Role::Release, &list)?;
    if !list_need.is_met() {
        return refuse("release-unsigned", list_need.told());
    }
    for (key, role) in [(Some(timestamp_key), Role::Timestamp), (snapshot_key, Role::Snapshot)] {
        let Some(key) = key else { continue };
        if !counts(&root.signed, role, &key.id()?) {
            let detail = format!("The key does not count as {} key.", role.name());
            return refuse("release-key", detail);
        }
    }
    let mut published = Vec::new();
    let (snapshot, snapshot_ends) = match standing(feed, &root, &list, now)? {
        Some(standing) if snapshot_key.is_none() || !is_soon(&standing, now) => {
            let ends = Some(ends_at(&standing)).filter(|_| is_soon(&standing, now));
            (standing, ends)
        }
        _ => {
            let Some(key) = snapshot_key else {
                let detail = "The snapshot has to be made anew: name its key with --snapshot-key.";
                return refuse("release-key", detail);
            };
            let made = snapshot_of(feed, &list, key, now)?;
            published.push(feed.place(&made)?);
            (made, None)
        }
    };
    let timestamp = timestamp_of(feed, &snapshot, timestamp_key, now)?;
    published.push(feed.place(&timestamp)?);
    let ends = timestamp.signed.expires.min(snapshot.signed.expires).as_millisecond();
    Ok(Stamped { published, until: Moment(ends), snapshot_ends })
}

/// The snapshot in the feed, where it still counts and is of this list.
fn standing(
    feed: &Folder,
    root: &Signed<Root>,
    list: &Signed<Targets>,
    now: Moment,
) -> Result<Option<Signed<Snapshot>>> {
    let Some(newest) = feed.newest::<Snapshot>()? else { return Ok(None) };
    let stands = names(&newest, list)
        && ends_at(&newest) > now
        && Need::of(&root.signed, Role::Snapshot, &newest)?.is_met();
    Ok(Some(newest).filter(|_| stands))
}

fn ends_at(snapshot: &Signed<Snapshot>) -> Moment {
    Moment(snapshot.signed.expires.as_millisecond())
}

/// Whether it ends within half of its life.
fn is_soon(snapshot: &Signed<Snapshot>, now: Moment) -> bool {
    ends_at(snapshot).since(now) < ONLINE_LIFE / 2
}

fn names(snapshot: &Signed<Snapshot>, list: &Signed<Targets>) -> bool {
    let named = snapshot.signed.meta.get("targets.json");
    named.is_some_and(|named| named.version == list.signed.version)
}

fn snapshot_of(
    feed: &Folder,
    list: &Signed<Targets>,
    key: &PrivateKey,
    now: Moment,
) -> Result<Signed<Snapshot>> {
    let earlier = feed.newest::<Snapshot>()?;
    let version = earlier.map_or(count(1), |earlier| next(earlier.signed.version))?;
    let mut snapshot = Snapshot::new(SPEC_VERSION.to_owned(), version, end(now, ONLINE_LIFE)?);
    snapshot._extra = made_at(now)?;
    snapshot.meta.insert("targets.json".to_owned(), described(list)?);
    let mut snapshot = unsigned(snapshot);
    signing::sign(&mut snapshot, key)?;
    Ok(snapshot)
}

fn timestamp_of(
    feed: &Folder,
    snapshot: &Signed<Snapshot>,
    key: &PrivateKey,
    now: Moment,
) -> Result<Signed<Timestamp>> {
    let earlier = feed.unnumbered::<Timestamp>()?;
    let version = earlier.map_or(count(1), |earlier| next(earlier.signed.version))?;
    let mut timestamp = Timestamp::new(SPEC_VERSION.to_owned(), version, end(now, ONLINE_LIFE)?);
    timestamp._extra = made_at(now)?;
    timestamp.meta.insert("snapshot.json".to_owned(), described(snapshot)?);
    let mut timestamp = unsigned(timestamp);
    signing::sign(&mut timestamp, key)?;
    Ok(timestamp)
}

/// What metadata says of other metadata.
fn described<T: tough::schema::Role>(signed: &Signed<T>) -> Result<Metafile> {
    let bytes = canonical(signed)?;
    let sha256 = Sha256::digest(&bytes).to_vec().into();
    Ok(Metafile {
        length: Some(bytes.len() as u64),
        hashes: Some(Hashes { sha256, _extra: HashMap::new() }),
        version: signed.signed.version(),
        _extra: HashMap::new(),
    })
}

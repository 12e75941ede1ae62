//! The root: which keys count for what. A new feed gets its first one; each later one is the next
//! number, signed by enough of the keys before and after it.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tough::schema::key::Key;
use tough::schema::{RoleKeys, Root, Signed, Targets};

use super::folder::Folder;
use super::keys::{KeyId, Role, id_of};
use super::rules::{RELEASES_LIFE, ROOT_LIFE};
use super::signing::unsigned;
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result, refuse};
use crate::platform::updates::metadata::documents::{SIGNED_AT, SPEC_VERSION};

/// What a new feed is to be like.
#[derive(Debug, Clone)]
pub struct NewFeed {
    /// The public keys of each role.
    pub keys: Vec<(Role, Key)>,
    /// So many root keys, and so many release keys, have to sign.
    pub threshold: u64,
}

/// A change of the root.
#[derive(Debug, Clone)]
pub enum RootChange {
    /// The same keys for another year.
    Rotate,
    Add {
        role: Role,
        key: Key,
    },
    Remove {
        role: Role,
        key: Key,
    },
}

/// Makes the folder of a feed with a first root and an empty list of releases, both of which wait
/// for signatures.
///
/// # Errors
/// `release-keys`: a key comes twice, a role has none, or fewer than the threshold. `release-feed`:
/// there is a feed already.
pub fn init(path: &Path, new: &NewFeed, now: Moment) -> Result<Folder> {
    let mut keys = HashMap::new();
    let mut ids: Vec<(Role, KeyId)> = Vec::new();
    for (role, key) in &new.keys {
        let id = id_of(key)?;
        if keys.insert(id.clone(), key.clone()).is_some() {
            return refuse("release-keys", "A key was given twice; each counts for one role.");
        }
        ids.push((*role, id));
    }
    let mut roles = HashMap::new();
    for role in Role::ALL {
        let own = ids.iter().filter(|(of, _)| *of == role).map(|(_, id)| id.clone()).collect();
        let threshold = match role {
            Role::Root | Role::Release => new.threshold,
            Role::Snapshot | Role::Timestamp => 1,
        };
        roles.insert(
            role.kind(),
            RoleKeys { keyids: own, threshold: count(threshold)?, _extra: HashMap::new() },
        );
    }
    let root = Root {
        spec_version: SPEC_VERSION.to_owned(),
        consistent_snapshot: true,
        version: count(1)?,
        expires: end(now, ROOT_LIFE)?,
        keys,
        roles,
        _extra: made_at(now)?,
    };
    check_thresholds(&root)?;
    let feed = Folder::create(path)?;
    feed.stage(&unsigned(root))?;
    feed.stage(&unsigned(empty_list(now)?))?;
    Ok(feed)
}

/// Stages the next root with a change; a root that waits already is changed further, and what was
/// signed of it is to be signed again.
///
/// # Errors
/// `release-keys`: the key is there already or is not, or too few would be left.
pub fn change(feed: &Folder, change: &RootChange, now: Moment) -> Result<()> {
    let mut root = match (feed.waiting::<Root>()?, feed.root()?) {
        (Some(waiting), _) => waiting.signed,
        (None, Some(counting)) => following(counting)?,
        (None, None) => return refuse("release-feed", "The feed has no root."),
    };
    root.expires = end(now, ROOT_LIFE)?;
    root._extra = made_at(now)?;
    match change {
        RootChange::Rotate => {}
        RootChange::Add { role, key } => add_key(&mut root, *role, key)?,
        RootChange::Remove { role, key } => remove_key(&mut root, *role, key)?,
    }
    check_thresholds(&root)?;
    feed.stage(&unsigned(root))
}

fn following(counting: Signed<Root>) -> Result<Root> {
    let mut root = counting.signed;
    root.version = next(root.version)?;
    Ok(root)
}

fn add_key(root: &mut Root, role: Role, key: &Key) -> Result<()> {
    let id = id_of(key)?;
    if root.keys.insert(id.clone(), key.clone()).is_some() {
        return refuse("release-keys", "The key counts already; each counts for one role.");
    }
    if let Some(keys) = root.roles.get_mut(&role.kind()) {
        keys.keyids.push(id);
    }
    Ok(())
}

fn remove_key(root: &mut Root, role: Role, key: &Key) -> Result<()> {
    let id = id_of(key)?;
    let Some(keys) = root.roles.get_mut(&role.kind()) else {
        return refuse("release-feed", "The root lacks a role.");
    };
    let before = keys.keyids.len();
    keys.keyids.retain(|one| *one != id);
    if keys.keyids.len() == before {
        return refuse("release-keys", format!("The key is no {} key.", role.name()));
    }
    root.keys.remove(&id);
    Ok(())
}

fn check_thresholds(root: &Root) -> Result<()> {
    for role in Role::ALL {
        let keys = root.roles.get(&role.kind());
        let (have, needed) =
            keys.map_or((0, 1), |keys| (keys.keyids.len() as u64, keys.threshold.get()));
        if have < needed {
            let name = role.name();
            let detail = format!("{name} has {have} keys and needs {needed} to sign.");
            return refuse("release-keys", detail);
        }
    }
    Ok(())
}

/// A list of no releases.
fn empty_list(now: Moment) -> Result<Targets> {
    let mut list = Targets::new(SPEC_VERSION.to_owned(), count(1)?, end(now, RELEASES_LIFE)?);
    list.delegations = None;
    list._extra = made_at(now)?;
    Ok(list)
}

/// When something that is made now ends to count, to the second.
pub(super) fn end(now: Moment, life: Duration) -> Result<jiff::Timestamp> {
    jiff::Timestamp::from_second(now.plus(life).0 / 1_000).map_err(Error::internal)
}

/// What says in each role when it was made. Boxes take nothing older any more.
pub(super) fn made_at(now: Moment) -> Result<HashMap<String, Value>> {
    let at = end(now, Duration::ZERO)?.to_string();
    Ok(HashMap::from([(SIGNED_AT.to_owned(), Value::String(at))]))
}

pub(super) fn count(number: u64) -> Result<NonZeroU64> {
    match NonZeroU64::new(number) {
        Some(number) => Ok(number),
        None => refuse("release-keys", "At least one signature has to be asked for."),
    }
}

/// The version after this one.
pub(super) fn next(version: NonZeroU64) -> Result<NonZeroU64> {
    version.checked_add(1).ok_or_else(|| Error::internal("the versions are used up"))
}

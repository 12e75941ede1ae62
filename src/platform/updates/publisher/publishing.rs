//! What waits for signatures, and how it gets into the feed once enough people have signed: each
//! signs on a machine of their own, and none of the steps undoes another one's.

use std::collections::BTreeMap;

use tough::schema::{Root, Signed, Targets};

use super::folder::{Folder, Sum};
use super::keys::{KeyId, PrivateKey, Role};
use super::signing::{self, Need, counts, short};
use crate::platform::error::{Error, Result, refuse};
use crate::platform::secret::to_hex;
use crate::platform::updates::release::Release;

/// What a signature, or a look, led to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What the key signed.
    pub signed: Vec<String>,
    /// What came into the feed.
    pub published: Vec<String>,
    pub waiting: Vec<Waiting>,
}

/// Something that still needs signatures.
#[derive(Debug)]
pub struct Waiting {
    /// What it will be called.
    pub file: String,
    /// What it changes, a line each.
    pub changes: Vec<String>,
    pub needs: Vec<Need>,
}

/// What waits for signatures, without signing anything.
pub fn look(feed: &Folder) -> Result<Vec<Waiting>> {
    Staged::read(feed)?.waiting(feed)
}

/// Adds one signature to all that waits for it, and puts into the feed what has enough of them.
///
/// # Errors
/// `release-key`: nothing waits for this key. `release-feed`: the bytes of a release are missing
/// or are others than those to be signed.
pub fn sign(feed: &Folder, key: &PrivateKey) -> Result<Outcome> {
    let mut staged = Staged::read(feed)?;
    let mut signed = Vec::new();
    let id = key.id()?;
    let roots: Vec<Root> = [&staged.counting, &staged.root]
        .into_iter()
        .flatten()
        .map(|root| root.signed.clone())
        .collect();
    let may = |role| roots.iter().any(|root| counts(root, role, &id));
    if let Some(root) = staged.root.as_mut().filter(|_| may(Role::Root)) {
        signing::sign(root, key)?;
        feed.stage(root)?;
        signed.push(file_name(root));
    }
    if let Some(list) = staged.list.as_mut().filter(|_| may(Role::Release)) {
        check_bytes(feed, list, staged.listed.as_ref())?;
        signing::sign(list, key)?;
        feed.stage(list)?;
        signed.push(file_name(list));
    }
    if signed.is_empty() {
        let (name, role) = (short(&id), key.role.name());
        let detail = format!("Nothing waits for a signature of the {role} key {name}.");
        return refuse("release-key", detail);
    }
    let mut outcome = publish(feed)?;
    outcome.signed = signed;
    Ok(outcome)
}

/// Puts into the feed what has enough signatures: the root first, then the list.
pub fn publish(feed: &Folder) -> Result<Outcome> {
    let mut published = Vec::new();
    let staged = Staged::read(feed)?;
    if let Some(root) = staged.ready_root()? {
        // A root that does not know who signed the list would leave every box without releases.
        let placed = staged.listed.as_ref();
        let stands = placed.map_or(Ok(true), |list| is_met(&root.signed, list))?;
        let follows = match &staged.list {
            Some(list) => is_met(&root.signed, list)?,
            None => false,
        };
        if !stands && !follows {
            if let (None, Some(placed)) = (&staged.list, placed) {
                feed.stage(&again(placed)?)?;
            }
            return Ok(Outcome { published, waiting: look(feed)?, ..Outcome::default() });
        }
        published.push(feed.place(root)?);
        feed.unstage::<Root>()?;
    }
    let staged = Staged::read(feed)?;
    if let (Some(list), Some(root)) = (&staged.list, &staged.counting)
        && is_met(&root.signed, list)?
    {
        published.push(feed.place(list)?);
        feed.unstage::<Targets>()?;
    }
    Ok(Outcome { published, waiting: look(feed)?, ..Outcome::default() })
}

fn is_met(root: &Root, list: &Signed<Targets>) -> Result<bool> {
    Ok(Need::of(root, Role::Release, list)?.is_met())
}

/// The same list once more, for other people to sign.
fn again(list: &Signed<Targets>) -> Result<Signed<Targets>> {
    let mut list = list.signed.clone();
    list.version = list.version.checked_add(1).ok_or_else(|| Error::internal("too many"))?;
    Ok(signing::unsigned(list))
}

/// All that counts and all that waits.
struct Staged {
    counting: Option<Signed<Root>>,
    root: Option<Signed<Root>>,
    listed: Option<Signed<Targets>>,
    list: Option<Signed<Targets>>,
}

impl Staged {
    fn read(feed: &Folder) -> Result<Self> {
        Ok(Self {
            counting: feed.root()?,
            root: feed.waiting()?,
            listed: feed.newest()?,
            list: feed.waiting()?,
        })
    }

    /// What the root that waits needs: the signatures of the one before, and its own.
    fn root_needs(&self) -> Result<Vec<Need>> {
        let Some(root) = &self.root else { return Ok(Vec::new()) };
        let mut needs = Vec::new();
        if let Some(counting) = &self.counting {
            needs.push(Need::of(&counting.signed, Role::Root, root)?);
        }
        needs.push(Need::of(&root.signed, Role::Root, root)?);
        Ok(needs)
    }

    /// The root that waits, when it has all its signatures.
    fn ready_root(&self) -> Result<Option<&Signed<Root>>> {
        let is_ready = self.root_needs()?.iter().all(Need::is_met);
        Ok(self.root.as_ref().filter(|_| is_ready))
    }

    fn waiting(&self, feed: &Folder) -> Result<Vec<Waiting>> {
        let mut waiting = Vec::new();
        if let Some(root) = &self.root {
            let changes = root_changes(self.counting.as_ref(), root);
            waiting.push(Waiting { file: file_name(root), changes, needs: self.root_needs()? });
        }
        if let Some(list) = &self.list {
            let ready = self.ready_root()?;
            let asking = ready.or(self.counting.as_ref()).or(self.root.as_ref());
            let Some(root) = asking else {
                let detail = format!("{} has no root.", feed.path().display());
                return refuse("release-feed", detail);
            };
            let needs = vec![Need::of(&root.signed, Role::Release, list)?];
            let changes = list_changes(self.listed.as_ref(), list);
            waiting.push(Waiting { file: file_name(list), changes, needs });
        }
        Ok(waiting)
    }
}

fn file_name<T: tough::schema::Role>(signed: &Signed<T>) -> String {
    signed.signed.filename(true)
}

/// Whoever signs vouches for bytes, so these have to be there.
fn check_bytes(
    feed: &Folder,
    list: &Signed<Targets>,
    before: Option<&Signed<Targets>>,
) -> Result<()> {
    for (name, target) in &list.signed.targets {
        let is_known = before.is_some_and(|before| {
            let known = before.signed.targets.get(name);
            known.is_some_and(|known| known.hashes == target.hashes)
        });
        if !is_known {
            let sha256 = to_hex(&target.hashes.sha256);
            feed.check(name.raw(), &Sum { size_bytes: target.length, sha256 })?;
        }
    }
    Ok(())
}

/// What people are told of a new list before they sign it.
fn list_changes(before: Option<&Signed<Targets>>, list: &Signed<Targets>) -> Vec<String> {
    let told = |list: &Signed<Targets>| -> BTreeMap<String, String> {
        let targets = list.signed.targets.iter();
        targets.map(|(name, target)| (name.raw().to_owned(), target_told(target))).collect()
    };
    let before = before.map(told).unwrap_or_default();
    let now = told(list);
    let mut lines = Vec::new();
    for (name, text) in &now {
        match before.get(name) {
            None => lines.push(format!("+ {name} {text}")),
            Some(earlier) if earlier != text => lines.push(format!("~ {name} {text}")),
            Some(_) => {}
        }
    }
    lines.extend(
        before.keys().filter(|name| !now.contains_key(*name)).map(|name| format!("- {name}")),
    );
    lines
}

fn target_told(target: &tough::schema::Target) -> String {
    let (size, sha256) = (target.length, to_hex(&target.hashes.sha256));
    let file = format!("({size} bytes, SHA-256 {sha256})");
    let Some(release) = release_in(target) else { return file };
    let channels: Vec<&str> = release.channels.iter().map(|channel| channel.name()).collect();
    format!(
        "number {}, {}, {}, {} %, from number {}, {} deltas {file}",
        release.seq,
        channels.join(" "),
        release.status.name(),
        release.rollout.percent,
        release.min_from_seq,
        release.deltas.len(),
    )
}

/// What a target says of itself, where it is a release.
pub(super) fn release_in(target: &tough::schema::Target) -> Option<Release> {
    let custom = target.custom.clone().into_iter().collect();
    serde_json::from_value(serde_json::Value::Object(custom)).ok()
}

/// What people are told of a new root before they sign it.
fn root_changes(before: Option<&Signed<Root>>, root: &Signed<Root>) -> Vec<String> {
    let keys = |root: &Root, role: Role| -> Vec<KeyId> {
        let keys = root.roles.get(&role.kind());
        keys.map(|keys| keys.keyids.clone()).unwrap_or_default()
    };
    let mut lines = Vec::new();
    for role in Role::ALL {
        let now = keys(&root.signed, role);
        let earlier = before.map(|before| keys(&before.signed, role)).unwrap_or_default();
        let new = now.iter().filter(|id| !earlier.contains(id));
        lines.extend(new.map(|id| format!("+ {} key {}", role.name(), short(id))));
        let gone = earlier.iter().filter(|id| !now.contains(id));
        lines.extend(gone.map(|id| format!("- {} key {}", role.name(), short(id))));
        let threshold = root.signed.roles.get(&role.kind()).map(|keys| keys.threshold.get());
        lines.extend(threshold.map(|of| format!("  {}: {of} of {}", role.name(), now.len())));
    }
    lines.push(format!("  counts until {}", root.signed.expires));
    lines
}

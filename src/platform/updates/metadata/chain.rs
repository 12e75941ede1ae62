//! How one file of metadata vouches for the next, from a trusted root to the list of targets.

use sha2::{Digest, Sha256};
use tough::schema::{Role, RoleType, Root, Snapshot, Targets, Timestamp};

use super::documents::Document;
use super::signatures::{self, keys_are_usable};
use super::{Reason, Result};
use crate::platform::clock::Moment;
use crate::platform::secret::to_hex;

/// What stands below a root: each file vouches for the next.
#[derive(Debug, Clone)]
pub(super) struct Below {
    pub(super) timestamp: Document<Timestamp>,
    pub(super) snapshot: Document<Snapshot>,
    pub(super) targets: Document<Targets>,
    /// The ids of the keys that vouch for the list of targets, in hexadecimal.
    pub(super) signers: Vec<String>,
}

impl Below {
    /// When the first of its files runs out.
    pub(super) fn expires_at(&self) -> Moment {
        let (one, two) = (self.timestamp.expires_at(), self.snapshot.expires_at());
        one.min(two).min(self.targets.expires_at())
    }

    /// When the newest of its files was signed, or its newest release added.
    pub(super) fn published_at(&self) -> Option<Moment> {
        let releases = super::targets::listed(&self.targets);
        let added = releases.iter().filter_map(|it| it.release.as_ref()?.released_at.parse().ok());
        let signed = [self.timestamp.signed_at, self.snapshot.signed_at, self.targets.signed_at];
        added.chain(signed.into_iter().flatten()).max()
    }
}

/// Reads a root that is trusted because of where it comes from. It has to be signed by its own
/// keys.
pub(super) fn first_root(bytes: Vec<u8>) -> Result<Document<Root>> {
    let root = Document::<Root>::read(bytes)?;
    keys_are_usable(&root.file.signed)?;
    signatures::check(&root.file.signed, &root)?;
    Ok(root)
}

/// Reads the root after a trusted one: signed by the keys of both.
pub(super) fn next_root(trusted: &Document<Root>, bytes: Vec<u8>) -> Result<Document<Root>> {
    let root = Document::<Root>::read(bytes)?;
    keys_are_usable(&root.file.signed)?;
    let by = |keys: &Root, code: &'static str| match signatures::check(keys, &root) {
        // Of a root, keys that one of the two does not know are usual: only the count matters.
        Err(reason) if is_of_counting(reason.code) => Err(Reason { code, ..reason }),
        outcome => outcome.map(drop),
    };
    by(&trusted.file.signed, "update-root-not-by-old-keys")?;
    by(&root.file.signed, "update-root-not-by-new-keys")?;
    if root.version() != trusted.version() + 1 {
        let said = format!("Root {} follows root {}.", root.version(), trusted.version());
        return Err(Reason::new("update-root-gap", said));
    }
    Ok(root)
}

fn is_of_counting(code: &str) -> bool {
    ["update-key-unknown", "update-key-of-other-role", "update-signatures-too-few"].contains(&code)
}

/// Reads the newest timestamp. `before` is what was trusted.
pub(super) fn timestamp(
    root: &Root,
    before: Option<&Below>,
    bytes: Vec<u8>,
) -> Result<Document<Timestamp>> {
    let timestamp = Document::<Timestamp>::read(bytes)?;
    signatures::check(root, &timestamp)?;
    if let Some(before) = before {
        not_older("timestamp", "update-older-timestamp", before.timestamp.version(), &timestamp)?;
        let (old, new) = (listed_in(&before.timestamp)?.version, listed_in(&timestamp)?.version);
        if new < old {
            return Err(older("update-older-snapshot", "snapshot", old.get(), new.get()));
        }
    }
    Ok(timestamp)
}

/// Reads the snapshot that a timestamp names.
pub(super) fn snapshot(
    root: &Root,
    timestamp: &Document<Timestamp>,
    before: Option<&Below>,
    bytes: Vec<u8>,
) -> Result<Document<Snapshot>> {
    let named = listed_in(timestamp)?;
    is_named("snapshot", named, &bytes)?;
    let snapshot = Document::<Snapshot>::read(bytes)?;
    signatures::check(root, &snapshot)?;
    has_version(&snapshot, named.version.get())?;
    if let Some(before) = before {
        not_older("snapshot", "update-older-snapshot", before.snapshot.version(), &snapshot)?;
        let old = listed_targets(&before.snapshot)?.version;
        let new = listed_targets(&snapshot)?.version;
        if new < old {
            return Err(older("update-older-targets", "targets", old.get(), new.get()));
        }
    }
    Ok(snapshot)
}

/// Reads the list of targets that a snapshot names. `before` is the list that was trusted; it
/// counts as long as its keys are still enough.
pub(super) fn targets(
    root: &Root,
    snapshot: &Document<Snapshot>,
    before: Option<&Document<Targets>>,
    bytes: Vec<u8>,
) -> Result<(Document<Targets>, Vec<String>)> {
    let named = listed_targets(snapshot)?;
    is_named("targets", named, &bytes)?;
    let targets = Document::<Targets>::read(bytes)?;
    let signers = signatures::check(root, &targets)?;
    has_version(&targets, named.version.get())?;
    if let Some(before) = before.filter(|it| signatures::check(root, it).is_ok()) {
        not_older("targets", "update-older-targets", before.version(), &targets)?;
    }
    Ok((targets, signers))
}

/// The name of the file that a timestamp names.
pub(super) fn snapshot_name(timestamp: &Document<Timestamp>) -> Result<String> {
    Ok(format!("{}.snapshot.json", listed_in(timestamp)?.version))
}

/// The name of the file that a snapshot names.
pub(super) fn targets_name(snapshot: &Document<Snapshot>) -> Result<String> {
    Ok(format!("{}.targets.json", listed_targets(snapshot)?.version))
}

/// Whether a role's keys are the same in both roots.
pub(super) fn has_same_keys(one: &Document<Root>, other: &Document<Root>, role: RoleType) -> bool {
    one.key_ids(role) == other.key_ids(role)
}

/// Whether too few of the old keys of the targets are left for anything that they signed to count.
pub(super) fn targets_keys_are_new(old: &Document<Root>, new: &Document<Root>) -> bool {
    let before = old.key_ids(RoleType::Targets);
    let kept = new.key_ids(RoleType::Targets).into_iter().filter(|id| before.contains(id)).count();
    let needed = new.file.signed.roles.get(&RoleType::Targets).map(|keys| keys.threshold.get());
    needed.is_some_and(|needed| (kept as u64) < needed)
}

fn listed_in(timestamp: &Document<Timestamp>) -> Result<&tough::schema::Metafile> {
    named_in("timestamp", timestamp.file.signed.meta.get("snapshot.json"))
}

fn listed_targets(snapshot: &Document<Snapshot>) -> Result<&tough::schema::Metafile> {
    named_in("snapshot", snapshot.file.signed.meta.get("targets.json"))
}

fn named_in<'a>(
    by: &str,
    file: Option<&'a tough::schema::Metafile>,
) -> Result<&'a tough::schema::Metafile> {
    file.ok_or_else(|| super::strict::malformed(&format!("{by}.json does not name the next file.")))
}

/// Whether these are the bytes of the file that was named.
fn is_named(role: &str, named: &tough::schema::Metafile, bytes: &[u8]) -> Result<()> {
    let is_length = named.length == Some(bytes.len() as u64);
    let hash = named.hashes.as_ref().map(|hashes| to_hex(&hashes.sha256));
    if is_length && hash == Some(to_hex(&Sha256::digest(bytes))) {
        return Ok(());
    }
    let said = format!("{role}.json is not the file that the one before it names.");
    Err(Reason::new("update-mixed-metadata", said))
}

fn has_version<T: Role>(document: &Document<T>, named: u64) -> Result<()> {
    if document.version() == named {
        return Ok(());
    }
    let (role, version) = (T::TYPE, document.version());
    let said = format!("{role}.json has version {version}, and {named} was named.");
    Err(Reason::new("update-mixed-metadata", said))
}

fn not_older<T: Role>(
    role: &str,
    code: &'static str,
    before: u64,
    document: &Document<T>,
) -> Result<()> {
    if document.version() < before {
        return Err(older(code, role, before, document.version()));
    }
    Ok(())
}

fn older(code: &'static str, role: &str, before: u64, now: u64) -> Reason {
    let said = format!("{role}.json has version {now}; this box has seen version {before}.");
    Reason::new(code, said)
}

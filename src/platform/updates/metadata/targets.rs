//! What the metadata lists.

use std::collections::BTreeMap;

use serde_json::Value;
use tough::schema::Targets;

use super::documents::{Document, is_lower_hex, is_target_name};
use super::{Reason, Result};
use crate::platform::clock::Moment;
use crate::platform::secret::to_hex;
use crate::platform::updates::release::Release;

/// Digits of a SHA-256.
const HASH_DIGITS: usize = 64;

/// A file that the signed metadata vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub name: String,
    /// In lower-case hexadecimal.
    pub sha256: String,
    pub size_bytes: u64,
    /// What it is, where it is a release; notes and differences are none.
    pub release: Option<Release>,
    /// Why what is said of it cannot be read. Such a target is offered to nobody.
    pub unread: Option<Reason>,
}

impl Target {
    /// Where it lies in a feed.
    pub fn path(&self) -> String {
        format!("targets/{}.{}", self.sha256, self.name)
    }
}

/// The targets of a file, sorted by name.
pub(super) fn listed(document: &Document<Targets>) -> Vec<Target> {
    let all = document.file.signed.targets.iter();
    let mut targets: Vec<Target> = all
        .map(|(name, target)| {
            let custom = (!target.custom.is_empty()).then(|| release_of(&target.custom));
            let (release, unread) = match custom {
                None => (None, None),
                Some(Ok(release)) => (Some(release), None),
                Some(Err(reason)) => (None, Some(reason)),
            };
            Target {
                name: name.raw().to_owned(),
                sha256: to_hex(&target.hashes.sha256),
                size_bytes: target.length,
                release,
                unread,
            }
        })
        .collect();
    targets.sort_by(|one, other| one.name.cmp(&other.name));
    targets
}

fn release_of<'a>(custom: impl IntoIterator<Item = (&'a String, &'a Value)>) -> Result<Release> {
    let unread = |said: String| Reason::new("update-release-unreadable", said);
    let custom = custom.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let release: Release = serde_json::from_value(Value::Object(custom))
        .map_err(|error| unread(format!("What is said of the release cannot be read: {error}.")))?;
    match fault_of(&release) {
        None => Ok(release),
        Some(fault) => Err(unread(format!("What is said of the release is odd: {fault}."))),
    }
}

/// What a release says that none may say.
pub fn fault_of(release: &Release) -> Option<&'static str> {
    let is_hash = |text: &str| text.len() == HASH_DIGITS && is_lower_hex(text);
    let deltas_fit =
        release.deltas.iter().all(|it| is_hash(&it.from_sha256) && is_target_name(&it.target));
    let faults = [
        (release.seq == 0, "its number is 0"),
        (!is_target_name(&release.version), "its version is no name"),
        (release.rollout.percent > 100, "more than 100 percent are to have it"),
        (release.min_from_seq >= release.seq.max(1), "nothing can lead to it"),
        (!is_target_name(&release.notes), "its notes are no target"),
        (release.released_at.parse::<Moment>().is_err(), "its time is none"),
        (!deltas_fit, "a difference is no target"),
    ];
    faults.into_iter().find_map(|(is_odd, fault)| is_odd.then_some(fault))
}

/// A release is known by its number and the kind of machine.
type Known<'a> = BTreeMap<(u64, &'a str, &'a str), &'a str>;

/// Whether each number means one file, in this list and in the one before.
pub(super) fn numbers_are_kept(before: &[Target], now: &[Target]) -> Result<()> {
    let mut known = Known::new();
    for target in before.iter().chain(now) {
        let Some(release) = &target.release else { continue };
        let key = (release.seq, release.os.as_str(), release.arch.as_str());
        let hash = known.entry(key).or_insert(&target.sha256);
        if *hash != target.sha256 {
            let said = format!(
                "Release {} for {} {} has other content than it had.",
                release.seq, release.os, release.arch
            );
            return Err(Reason::new("update-seq-other-hash", said));
        }
    }
    Ok(())
}

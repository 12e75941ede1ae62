//! Which release is for this box, and why the others are not.

use sha2::{Digest, Sha256};

use super::{Reason, Target};
use crate::platform::updates::release::{Channel, PRODUCT, Release, Severity, Status};

/// A way to a release is not longer.
const STEPS_MAX: usize = 64;
/// A rollout counts in hundredths.
const PERCENT: u32 = 100;

/// A box that asks what is for it.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    pub channel: Channel,
    /// As `std::env::consts::OS` and `ARCH` say it.
    pub os: &'a str,
    pub arch: &'a str,
    /// The number of the release that runs; 0 where no metadata names it.
    pub from_seq: u64,
    pub box_id: &'a str,
    /// What the package's supervisor speaks.
    pub supervisor_proto: u32,
    /// The numbers of releases that failed here.
    pub quarantined: &'a [u64],
}

/// What is for a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The way to the newest release that is for the box, the next step first. Empty: it is up to
    /// date.
    pub steps: Vec<&'a Target>,
    /// Newer releases that are not on this way, each with its reason, the newest first.
    pub not_offered: Vec<(&'a Target, Reason)>,
}

/// Chooses among what the metadata lists.
pub fn choose<'a>(targets: &'a [Target], asking: &Asking<'_>) -> Choice<'a> {
    let mut newer: Vec<(&Target, &Release)> =
        targets.iter().filter_map(|it| Some((it, it.release.as_ref()?))).collect();
    newer.retain(|(_, release)| release.seq > asking.from_seq);
    newer.sort_by_key(|(_, release)| std::cmp::Reverse(release.seq));

    let good = |release: &Release| refusal(release, asking).is_none();
    let good: Vec<_> = newer.iter().filter(|(_, release)| good(release)).copied().collect();
    let mut steps: Vec<&Target> = Vec::new();
    let mut at = asking.from_seq;
    // Each step goes as far as it can, so nothing in between is taken that need not be.
    while let Some((target, release)) =
        good.iter().find(|(_, it)| it.seq > at && it.min_from_seq <= at)
        && steps.len() < STEPS_MAX
    {
        steps.push(target);
        at = release.seq;
    }
    let left = newer.iter().filter(|(target, _)| !steps.iter().any(|step| step == target));
    let mut not_offered: Vec<_> = left
        .filter_map(|(target, release)| {
            let reason = refusal(release, asking).or_else(|| out_of_reach(release, at));
            Some((*target, reason?))
        })
        .collect();
    let unread = targets.iter().filter_map(|it| Some((it, it.unread.clone()?)));
    not_offered.extend(unread);
    Choice { steps, not_offered }
}

/// How much it matters to take the way that was chosen: the highest severity of the releases of the
/// box's channel that lie above the one that runs and not above the end of the way. What a release
/// mends is mended in the later ones as well, whatever they say of themselves.
pub fn severity_of_way(targets: &[Target], asking: &Asking<'_>, choice: &Choice<'_>) -> Severity {
    let end = choice.steps.last().and_then(|it| it.release.as_ref()).map_or(0, |it| it.seq);
    let counts = |release: &&Release| {
        release.seq > asking.from_seq
            && release.seq <= end
            && release.status == Status::Active
            && release.channels.contains(&asking.channel)
            && of_other(release, asking.os, asking.arch).is_none()
    };
    let releases = targets.iter().filter_map(|it| it.release.as_ref()).filter(counts);
    releases.map(|release| release.severity).max().unwrap_or(Severity::Normal)
}

/// Whether this release is for this box as its next step, whichever others there are.
pub fn check(target: &Target, asking: &Asking<'_>) -> Result<(), Reason> {
    let Some(release) = &target.release else {
        let none = || Reason::new("update-unknown-release", "This file is no release.");
        return Err(target.unread.clone().unwrap_or_else(none));
    };
    if let Some(reason) = refusal(release, asking) {
        return Err(reason);
    }
    if release.seq <= asking.from_seq {
        let (seq, from) = (release.seq, asking.from_seq);
        let said = format!("Release {seq} is not newer than {from}, which runs.");
        return Err(Reason::new("update-not-newer", said));
    }
    out_of_reach(release, asking.from_seq).map_or(Ok(()), Err)
}

/// Whether a release may be started at all on this machine, whoever asks and wherever from: what
/// the supervisor looks at before a start.
pub fn may_start(
    release: &Release,
    os: &str,
    arch: &str,
    supervisor_proto: u32,
) -> Result<(), Reason> {
    let refused = of_other(release, os, arch).or_else(|| needs_package(release, supervisor_proto));
    let revoked = || (release.status == Status::Revoked).then(|| revoked(release));
    refused.or_else(revoked).map_or(Ok(()), Err)
}

/// Why a release is not for a box, apart from where it comes from.
fn refusal(release: &Release, asking: &Asking<'_>) -> Option<Reason> {
    let refused = |code, said: String| Some(Reason::new(code, said));
    if let Some(reason) = of_other(release, asking.os, asking.arch) {
        return Some(reason);
    }
    let version = &release.version;
    if !release.channels.contains(&asking.channel) {
        let channel = asking.channel.name();
        return refused("update-other-channel", format!("{version} is not in {channel}."));
    }
    match release.status {
        Status::Revoked => return Some(revoked(release)),
        Status::Withdrawn => {
            return refused("update-withdrawn", format!("{version} was withdrawn."));
        }
        Status::Active => {}
    }
    if let Some(reason) = needs_package(release, asking.supervisor_proto) {
        return Some(reason);
    }
    if asking.quarantined.contains(&release.seq) {
        return refused("update-quarantined", format!("{version} has failed on this box."));
    }
    if !is_rolled_out(release, asking.box_id) {
        let percent = release.rollout.percent;
        let said = format!("{version} is for {percent} % of all boxes so far, not for this one.");
        return refused("update-not-yet-rolled-out", said);
    }
    None
}

fn of_other(release: &Release, os: &str, arch: &str) -> Option<Reason> {
    if release.product != PRODUCT {
        let said = format!("It is a release of “{}”.", release.product);
        return Some(Reason::new("update-other-product", said));
    }
    if release.os != os || release.arch != arch {
        let said = format!("It is for {} on {}.", release.os, release.arch);
        return Some(Reason::new("update-other-machine", said));
    }
    None
}

fn revoked(release: &Release) -> Reason {
    Reason::new("update-revoked", format!("{} was revoked.", release.version))
}

fn needs_package(release: &Release, supervisor_proto: u32) -> Option<Reason> {
    (release.supervisor_proto > supervisor_proto).then(|| {
        let version = &release.version;
        Reason::new("update-package-first", format!("{version} needs a newer package first."))
    })
}

fn out_of_reach(release: &Release, from_seq: u64) -> Option<Reason> {
    (release.min_from_seq > from_seq).then(|| {
        let (version, needed) = (&release.version, release.min_from_seq);
        let said = format!("{version} is reached from release {needed} on.");
        Reason::new("update-step-first", said)
    })
}

/// The box's number below a hundred, for this salt: SHA-256 over its id and the salt, as one big
/// number, highest byte first, modulo 100.
pub fn rollout_number(box_id: &str, salt: &str) -> u32 {
    let mut hasher = Sha256::new();
    hasher.update(box_id.as_bytes());
    hasher.update(salt.as_bytes());
    let hash = hasher.finalize();
    hash.iter().fold(0, |number, byte| (number * 256 + u32::from(*byte)) % PERCENT)
}

fn is_rolled_out(release: &Release, box_id: &str) -> bool {
    rollout_number(box_id, &release.rollout.salt) < u32::from(release.rollout.percent)
}

//! What a publisher may do: names, numbers, how long things count, what stays listed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Result, code, refuse};
use crate::platform::updates::release::{Channel, Release, Status};

pub const CODES: &[Code] = &[
    code(
        "release-key",
        "The file is no key, does not open, or does not count here.",
        "Name a key that the feed's root lists, and its passphrase.",
    ),
    code(
        "release-keys",
        "The keys and the threshold do not go together.",
        "Give each role its own keys, and a threshold that they can reach.",
    ),
    code(
        "release-binary",
        "The file is no release of this product.",
        "Name a binary that was built for Linux, whole and unchanged.",
    ),
    code(
        "release-version",
        "The version is not written as it has to be, or the binary says another one.",
        "Write a version like 1.4.2, the one that the binary was built as.",
    ),
    code("release-notes", "The release notes cannot be used.", "Write up to 64 KiB of Markdown."),
    code(
        "release-exists",
        "The feed lists this version for this machine already.",
        "Give the build a version of its own.",
    ),
    code(
        "release-unknown",
        "The feed lists no such release.",
        "Name a version that was added and is still listed.",
    ),
    code(
        "release-channel",
        "The release cannot go to a further channel.",
        "Look at its channels and status.",
    ),
    code(
        "release-not-proven",
        "The release was not long enough in the channel before.",
        "Wait, or name fewer hours with --healthy-hours.",
    ),
    code("release-percent", "A part of all boxes is from 0 to 100 percent.", "Write it so."),
    code(
        "release-feed",
        "The folder is not what a feed has to be.",
        "Name the folder of a feed, and look at what is missing in it.",
    ),
    code(
        "release-unsigned",
        "Signatures are missing, so nothing can be published.",
        "Have the people sign whose keys are named.",
    ),
    code(
        "release-delta",
        "No delta can be made between these releases.",
        "Name an earlier version whose binary still lies in the feed.",
    ),
];

const DAY: Duration = Duration::from_hours(24);
/// So long a root counts.
pub const ROOT_LIFE: Duration = DAY.saturating_mul(365);
/// So long a list of releases counts.
pub const RELEASES_LIFE: Duration = DAY.saturating_mul(182);
/// So long a snapshot and a timestamp count; half of it before the end they are to be made anew.
pub const ONLINE_LIFE: Duration = DAY.saturating_mul(14);
/// Releases that stay listed however old they are, so that a box on one of them can verify it.
pub const RELEASES_KEPT: usize = 16;
/// Names of targets are short enough for a plain tar header with their hash: 35 characters.
pub const VERSION_LENGTH_MAX: usize = 18;
pub const NOTES_SIZE_BYTES_MAX: u64 = 64 * 1024;

/// Accepts what names a version in files and addresses: `1.4.2`, `1.5.0-beta.1`.
pub fn check_version(version: &str) -> Result<()> {
    let (numbers, rest) = version.split_once('-').unwrap_or((version, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|one| one.is_ascii_digit());
    let is_rest = |one: u8| one.is_ascii_alphanumeric() || one == b'.';
    let is_good = version.len() <= VERSION_LENGTH_MAX
        && numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && !rest.is_empty()
        && rest.bytes().all(is_rest);
    if is_good {
        return Ok(());
    }
    refuse("release-version", format!("{version} is no version like 1.4.2 or 1.5.0-beta.1."))
}

/// What the target of a binary is called. There are none but for Linux.
pub fn binary_name(version: &str, arch: &str) -> String {
    format!("holdfast-{version}-{arch}")
}

/// What the target of release notes is called.
pub fn notes_name(version: &str) -> String {
    format!("notes-{version}.md")
}

/// What the target of a delta between two binaries is called.
pub fn delta_name(from_sha256: &str, to_sha256: &str) -> String {
    let short = |sha256: &str| sha256.chars().take(12).collect::<String>();
    format!("delta-{}-{}", short(from_sha256), short(to_sha256))
}

/// The newest release for each kind of machine.
pub fn lead<T>(all: Vec<T>, release: impl Fn(&T) -> &Release) -> Vec<T> {
    let machine = |one: &T| (release(one).os.clone(), release(one).arch.clone());
    let mut highest = BTreeMap::new();
    for one in &all {
        let seq: &mut u64 = highest.entry(machine(one)).or_default();
        *seq = release(one).seq.max(*seq);
    }
    let is_highest = |one: &T| highest.get(&machine(one)) == Some(&release(one).seq);
    all.into_iter().filter(is_highest).collect()
}

/// The number of a new release: one of its own, or that of the same version for other machines.
pub fn seq_of<'a>(
    version: &str,
    (os, arch): (&str, &str),
    listed: impl Iterator<Item = &'a Release> + Clone,
) -> Result<u64> {
    let is_listed =
        listed.clone().any(|one| one.version == version && one.os == os && one.arch == arch);
    if is_listed {
        let detail = format!("{version} for {os} {arch} is in the feed already.");
        return refuse("release-exists", detail);
    }
    let same = listed.clone().find(|one| one.version == version).map(|one| one.seq);
    let highest = listed.map(|one| one.seq).max().unwrap_or_default();
    Ok(same.unwrap_or(highest.saturating_add(1)))
}

/// The channel that a release is in last, and the one after it.
pub fn promotion(release: &Release) -> Result<(Channel, Channel)> {
    if release.status != Status::Active {
        let detail = format!("{} is not offered any more.", release.version);
        return refuse("release-channel", detail);
    }
    match release.channels.iter().max() {
        Some(Channel::Staging) => Ok((Channel::Staging, Channel::Beta)),
        Some(Channel::Beta) => Ok((Channel::Beta, Channel::Stable)),
        Some(Channel::Stable) => {
            refuse("release-channel", format!("{} is in stable already.", release.version))
        }
        None => refuse("release-channel", format!("{} is in no channel.", release.version)),
    }
}

/// Accepts that a release goes on from a channel where boxes have seen it since then.
pub fn check_proven(
    seen_since: Option<Moment>,
    now: Moment,
    from: Channel,
    healthy: Duration,
) -> Result<()> {
    if healthy.is_zero() {
        return Ok(());
    }
    let name = from.name();
    let hours = healthy.as_secs() / 3600;
    let Some(since) = seen_since else {
        let detail = format!("No box has been offered it in {name}: sign and timestamp it first.");
        return refuse("release-not-proven", detail);
    };
    let had = now.since(since);
    if had >= healthy {
        return Ok(());
    }
    let had = had.as_secs() / 3600;
    refuse("release-not-proven", format!("It was in {name} for {had} of {hours} hours."))
}

pub fn check_percent(percent: u8) -> Result<()> {
    if percent > 100 {
        return refuse("release-percent", format!("{percent} percent are more than all boxes."));
    }
    Ok(())
}

/// The numbers of the releases that stay listed: the newest ones, the newest of each channel, and
/// those that a box far behind has to take in between.
pub fn kept(listed: &[&Release]) -> BTreeSet<u64> {
    let all: BTreeSet<u64> = listed.iter().map(|one| one.seq).collect();
    let mut kept: BTreeSet<u64> = all.iter().rev().take(RELEASES_KEPT).copied().collect();
    for channel in Channel::ALL {
        let of_channel = listed.iter().filter(|one| is_offered(one, channel));
        kept.extend(of_channel.map(|one| one.seq).max());
    }
    // Each step taken in may need one before it.
    while let Some(step) = missing_step(listed, &kept) {
        kept.insert(step);
    }
    kept
}

fn is_offered(release: &Release, channel: Channel) -> bool {
    release.status == Status::Active && release.channels.contains(&channel)
}

/// The newest release that leads to a kept one and would not be kept.
fn missing_step(listed: &[&Release], kept: &BTreeSet<u64>) -> Option<u64> {
    let needing = listed.iter().filter(|one| kept.contains(&one.seq) && one.min_from_seq > 0);
    needing.into_iter().find_map(|needing| {
        let leads = |one: &&&Release| {
            (needing.min_from_seq..needing.seq).contains(&one.seq)
                && needing.channels.iter().any(|channel| is_offered(one, *channel))
                && one.min_from_seq < needing.min_from_seq
        };
        let steps: Vec<u64> = listed.iter().filter(leads).map(|one| one.seq).collect();
        let has_one = steps.iter().any(|seq| kept.contains(seq));
        steps.into_iter().max().filter(|_| !has_one)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::updates::release::{PRODUCT, Rollout, Schema, Severity};

    fn release(seq: u64, channels: &[Channel]) -> Release {
        Release {
            product: PRODUCT.to_owned(),
            seq,
            version: format!("1.0.{seq}"),
            channels: channels.to_vec(),
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            min_from_seq: 0,
            schema: Schema { format: 1, reads_max: 2 },
            supervisor_proto: 1,
            status: Status::Active,
            rollout: Rollout { percent: 100, salt: seq.to_string() },
            severity: Severity::Normal,
            notes: "notes.md".to_owned(),
            released_at: "2026-11-22T10:00:00Z".to_owned(),
            deltas: Vec::new(),
        }
    }

    #[test]
    fn versions_are_three_numbers_and_perhaps_a_word() {
        for good in ["0.1.0", "12.0.3", "1.5.0-beta.1", "1.0.0-rc2"] {
            assert!(check_version(good).is_ok(), "{good}");
        }
        for bad in ["", "1.0", "1.0.0.0", "1..0", "1.0.x", "1.0.0-", "1.0.0-a/b", "v1.0.0"] {
            assert!(check_version(bad).is_err(), "{bad}");
        }
        assert!(check_version(&format!("1.0.0-{}", "a".repeat(40))).is_err());
    }

    #[test]
    fn the_same_version_for_another_machine_shares_its_number() {
        let listed = [release(3, &[]), release(7, &[])];
        let machine = |arch| ("linux", arch);
        let seq = |version, arch| seq_of(version, machine(arch), listed.iter());

        assert_eq!(seq("2.0.0", "x86_64").unwrap(), 8);
        assert_eq!(seq("1.0.3", "aarch64").unwrap(), 3);
        assert!(seq("1.0.3", "x86_64").is_err());
        assert_eq!(seq_of("1.0.0", machine("x86_64"), [].iter()).unwrap(), 1);
    }

    #[test]
    fn a_release_goes_from_staging_over_beta_to_stable() {
        let mut one = release(1, &[Channel::Staging]);

        assert_eq!(promotion(&one).unwrap().1, Channel::Beta);
        one.channels.push(Channel::Beta);
        assert_eq!(promotion(&one).unwrap(), (Channel::Beta, Channel::Stable));
        one.channels.push(Channel::Stable);
        assert!(promotion(&one).is_err());
        one.channels.pop();
        one.status = Status::Withdrawn;
        assert!(promotion(&one).is_err());
    }

    #[test]
    fn a_release_waits_in_its_channel() {
        let day = DAY;
        let check = |since, healthy| {
            let now = Moment(1_000_000_000_000);
            check_proven(since, now, Channel::Staging, healthy).is_ok()
        };
        let now = Moment(1_000_000_000_000);

        assert!(check(Some(now.minus(day)), day));
        assert!(!check(Some(now.minus(day).plus(Duration::from_secs(1))), day));
        assert!(!check(None, day), "nobody has seen it");
        assert!(check(None, Duration::ZERO), "it was said so");
    }

    #[test]
    fn the_last_ones_and_every_step_to_them_stay_listed() {
        let mut all: Vec<Release> = (1..=60).map(|seq| release(seq, &[Channel::Staging])).collect();
        all[1].channels.push(Channel::Stable);
        all[59].min_from_seq = 20;
        all[29].min_from_seq = 10;
        let listed: Vec<&Release> = all.iter().collect();

        let kept = kept(&listed);

        assert!((45..=60).all(|seq| kept.contains(&seq)), "the newest sixteen");
        assert!(kept.contains(&2), "the newest of stable");
        assert!(!kept.contains(&3), "one that nobody needs");
        assert_eq!(kept.len(), 17, "the newest ones lead to each other: {kept:?}");
    }

    #[test]
    fn steps_in_between_stay_however_old() {
        let mut all: Vec<Release> = (1..=60).map(|seq| release(seq, &[Channel::Stable])).collect();
        all[40..].iter_mut().for_each(|one| one.min_from_seq = 30);
        all[29..40].iter_mut().for_each(|one| one.min_from_seq = 10);
        let listed: Vec<&Release> = all.iter().collect();

        let kept = kept(&listed);

        assert!(kept.contains(&40), "the way to the newest: {kept:?}");
        assert!(kept.contains(&29), "the way to that one: {kept:?}");
        assert_eq!(kept.len(), RELEASES_KEPT + 2);
    }
}

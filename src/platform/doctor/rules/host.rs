//! Decisions about the machine.

use std::time::Duration;

use super::Verdict;
use super::words::{bytes, day, listed, percent, quoted, span};
use crate::platform::clock::Moment;

/// A clock behind what it wrote itself is off from here on; less is what steering does.
const BEHIND_MAX: Duration = Duration::from_mins(5);
/// Nobody runs a program so much older than it is.
const AGE_MAX: Duration = Duration::from_hours(20 * 365 * 24);
const MIB: u64 = 1024 * 1024;
/// Less than this for all programs together is low.
const MEMORY_WANTED_BYTES: u64 = 96 * MIB;
/// Of a limit, percent.
const LIMIT_USED_MAX: u64 = 90;
/// A file for each connection and three for each open workspace.
const OPEN_FILES_WANTED: u64 = 4_096;
/// The oldest that Debian still mends.
const KERNEL_WANTED: (u64, u64) = (5, 10);
const LIBC_WANTED: (u64, u64) = (2, 31);
const ENTROPY_WANTED_BITS: u64 = 128;

/// Compares the clock with what was written: `newest` is of files and the audit log.
pub fn clock(now: Moment, oldest_possible: Moment, newest: Option<(Moment, &str)>) -> Verdict {
    let set = |verdict: Verdict| {
        verdict.fix("timedatectl set-ntp true").fix("systemctl restart systemd-timesyncd")
    };
    if now < oldest_possible {
        let (now, than) = (day(now), day(oldest_possible));
        return set(Verdict::failed(format!("It says {now}; this program is of {than} or later.")));
    }
    if now.since(oldest_possible) > AGE_MAX {
        let (now, than) = (day(now), day(oldest_possible));
        return set(Verdict::failed(format!("It says {now}; this program is of {than}.")));
    }
    match newest {
        Some((at, what)) if at.since(now) > BEHIND_MAX => {
            let behind = span(at.since(now));
            set(Verdict::failed(format!("It says {now}, {behind} before {what} ({at}).")))
        }
        _ => Verdict::ok(format!("It says {now}, and nothing that was written says otherwise.")),
    }
}

/// What keeps the time says of itself: none where nobody knows.
pub fn clock_sync(is_synchronised: Option<bool>) -> Verdict {
    match is_synchronised {
        Some(true) => Verdict::ok("The clock is set from the network."),
        Some(false) => Verdict::warning("systemd-timesyncd runs and has reached no server.")
            .fix("timedatectl timesync-status")
            .fix("systemctl restart systemd-timesyncd"),
        None => Verdict::skipped("This machine does not say whether its clock is set."),
    }
}

pub fn time_zones(has_data: bool, set: Option<&str>) -> Verdict {
    if has_data {
        return Verdict::ok("The zones of the world are known.");
    }
    let cause = "There is no time zone data on this machine, so every zone counts as UTC.";
    let verdict = match set {
        Some(zone) => Verdict::warning(format!("{cause} The box is set to {zone}.")),
        None => Verdict::hint(cause),
    };
    verdict.fix("apt-get install tzdata")
}

pub fn memory(available: Option<u64>) -> Verdict {
    match available {
        None => Verdict::skipped("The kernel does not say how much memory is free."),
        Some(free) if free < MEMORY_WANTED_BYTES => {
            Verdict::warning(format!("{} are free for all programs together.", bytes(free)))
                .fix("ps -eo rss,comm --sort=-rss | head")
        }
        Some(free) => Verdict::ok(format!("{} are free.", bytes(free))),
    }
}

/// Of the group of processes that the box is in.
pub fn memory_limit(used_and_limit: Option<(u64, u64)>) -> Verdict {
    let Some((used, limit)) = used_and_limit else {
        return Verdict::ok("There is no limit of its own.");
    };
    let said = format!("{} of {} are used.", bytes(used), bytes(limit));
    if percent(used, limit) < LIMIT_USED_MAX {
        return Verdict::ok(said);
    }
    Verdict::warning(said)
        .fix("systemctl set-property holdfast.service MemoryMax=1G")
        .fix("systemctl restart holdfast.service")
}

/// Processes ended for want of memory: of the box's own group, and on the whole machine.
pub fn oom_kills(in_group: Option<u64>, on_machine: Option<u64>) -> Verdict {
    let look = "journalctl -k --grep='Out of memory|oom-kill'";
    match (in_group, on_machine) {
        (None, None) => Verdict::skipped("The kernel does not count them."),
        (Some(1..), _) => {
            let count = in_group.unwrap_or(0);
            Verdict::warning(format!(
                "Processes of the box's group that the kernel ended: {count}."
            ))
            .fix(look)
            .fix("systemctl set-property holdfast.service MemoryMax=1G")
        }
        (_, Some(count @ 1..)) => Verdict::hint(format!(
            "Processes that the kernel ended since the machine started, none in the box's \
             group: {count}."
        ))
        .fix(look),
        _ => Verdict::ok("None since the machine started."),
    }
}

pub fn open_files(limit: Option<u64>, used: Option<u64>, is_running: bool) -> Verdict {
    let whose = if is_running { "The box" } else { "A box started from here" };
    match limit {
        None => Verdict::ok("There is no limit."),
        Some(limit) if limit < OPEN_FILES_WANTED => {
            let cause =
                format!("{whose} may hold {limit} files open; it wants {OPEN_FILES_WANTED}.");
            Verdict::warning(cause)
                .fix("systemctl edit holdfast.service  # [Service] LimitNOFILE=65536")
                .fix("systemctl restart holdfast.service")
        }
        Some(limit) => match used.filter(|used| percent(*used, limit) >= LIMIT_USED_MAX) {
            Some(used) => Verdict::warning(format!("The box holds {used} of {limit} files open."))
                .fix("systemctl edit holdfast.service  # [Service] LimitNOFILE=65536"),
            None => Verdict::ok(format!("{whose} may hold {limit} files open.")),
        },
    }
}

/// A version in front of anything else, as in `6.1.0-18-amd64`.
pub fn version(text: &str) -> Option<(u64, u64)> {
    let mut numbers = text.split(|one: char| !one.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

pub fn kernel(release: &str) -> Verdict {
    old_version("Kernel", release, KERNEL_WANTED)
}

pub fn libc(said: Option<&str>) -> Verdict {
    match said {
        None => Verdict::skipped("It does not say its version."),
        Some(said) => old_version("The C library", said, LIBC_WANTED),
    }
}

fn old_version(what: &str, said: &str, wanted: (u64, u64)) -> Verdict {
    match version(said) {
        None => Verdict::skipped(format!("{what} {said:?} is no version.")),
        Some(found) if found < wanted => {
            let (major, minor) = wanted;
            Verdict::warning(format!("{what} is {said}; {major}.{minor} is the least."))
                .fix("apt-get update && apt-get full-upgrade")
        }
        Some(_) => Verdict::ok(format!("{what} is {said}.")),
    }
}

pub fn entropy(bits: Option<u64>) -> Verdict {
    match bits {
        None => Verdict::skipped("The kernel does not say."),
        Some(bits) if bits < ENTROPY_WANTED_BITS => {
            Verdict::warning(format!("The kernel has gathered {bits} bits."))
                .fix("apt-get install rng-tools5")
        }
        Some(bits) => Verdict::ok(format!("The kernel has gathered {bits} bits.")),
    }
}

/// Areas of swap, each with whether it is encrypted.
pub fn swap(areas: &[(String, bool)]) -> Verdict {
    let open: Vec<&str> =
        areas.iter().filter(|(_, is_sealed)| !is_sealed).map(|(name, _)| name.as_str()).collect();
    if areas.is_empty() {
        return Verdict::ok("There is none.");
    }
    let Some(first) = open.first() else { return Verdict::ok("It is encrypted.") };
    Verdict::hint(format!("Not encrypted: {}.", listed(&open)))
        .fix(format!("swapoff {}", quoted(first)))
}

/// None where the machine does not say what the data lies on.
pub fn disk_encryption(is_sealed: Option<bool>) -> Verdict {
    match is_sealed {
        Some(true) => Verdict::ok("The disk of the data is encrypted."),
        Some(false) => Verdict::hint(
            "The disk of the data is not encrypted by this machine; its owner may do it beneath.",
        )
        .fix("lsblk -o NAME,TYPE,MOUNTPOINTS"),
        None => Verdict::skipped("What the data lies on is not to be seen from here."),
    }
}

pub fn user(uid: Option<u32>) -> Verdict {
    match uid {
        Some(0) => Verdict::hint("The box runs as root.")
            .fix("useradd --system --home-dir /var/lib/holdfast holdfast"),
        Some(uid) => Verdict::ok(format!("The box runs as user {uid}.")),
        None => Verdict::skipped("No box runs."),
    }
}

/// `is_kept`: none where no journal runs.
pub fn journal(is_kept: Option<bool>) -> Verdict {
    match is_kept {
        None => Verdict::skipped("There is no systemd on this machine."),
        Some(true) => Verdict::ok("It is kept over restarts."),
        Some(false) => Verdict::hint("It lies in memory alone.")
            .fix("mkdir -p /var/log/journal")
            .fix("systemctl restart systemd-journald"),
    }
}

/// Where the lines of the running box go; none when no box runs.
pub fn logs(to: Option<&str>) -> Verdict {
    match to {
        None => Verdict::skipped("No box runs."),
        Some("/dev/null") => Verdict::warning("Its lines go to /dev/null.")
            .fix("systemctl edit holdfast.service  # [Service] StandardOutput=journal")
            .fix("systemctl restart holdfast.service"),
        Some(to) => Verdict::ok(format!("Its lines go to {to}.")),
    }
}

/// Files that change the packaged unit; none where there is no such unit.
pub fn unit(is_there: bool, changes: &[String]) -> Verdict {
    if !is_there {
        return Verdict::skipped("The service is not installed on this machine.");
    }
    if changes.is_empty() {
        return Verdict::ok("It is as the package brought it.");
    }
    Verdict::hint(format!("It is changed by {}.", listed(changes)))
        .fix("systemctl cat holdfast.service")
        .fix("systemctl revert holdfast.service")
}

/// Units of ours that were masked.
pub fn masked(units: &[String]) -> Verdict {
    if units.is_empty() {
        return Verdict::ok("Nothing keeps it from starting.");
    }
    let verdict = Verdict::failed(format!("Masked: {}.", units.join(", ")));
    units.iter().fold(verdict, |verdict, unit| verdict.fix(format!("systemctl unmask {unit}")))
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    const NOW: Moment = Moment(1_795_240_800_000);
    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn a_clock_is_off_when_it_is_behind_what_was_written() {
        let status = |now, newest| clock(now, NOW.minus(DAY), newest).status;

        assert_eq!(status(NOW, None), Status::Ok);
        assert_eq!(status(NOW, Some((NOW.plus(BEHIND_MAX), "x"))), Status::Ok);
        assert_eq!(status(NOW, Some((NOW.plus(BEHIND_MAX * 2), "x"))), Status::Failed);
        assert_eq!(status(NOW.minus(DAY * 365), None), Status::Failed);
        assert_eq!(status(NOW.plus(DAY * 365 * 21), None), Status::Failed);
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert_eq!(version("6.1.0-18-amd64"), Some((6, 1)));
        assert_eq!(kernel("4.19.0-26-amd64").status, Status::Warning);
        assert_eq!(kernel("5.10.0-1").status, Status::Ok);
        assert_eq!(kernel("10.0").status, Status::Ok);
        assert_eq!(kernel("x").status, Status::Skipped);
        assert_eq!(libc(Some("2.28")).status, Status::Warning);
    }

    #[test]
    fn a_limit_is_near_at_nine_tenths() {
        assert_eq!(memory_limit(Some((89, 100))).status, Status::Ok);
        assert_eq!(memory_limit(Some((90, 100))).status, Status::Warning);
        assert_eq!(open_files(Some(1_024), None, true).status, Status::Warning);
        assert_eq!(open_files(Some(65_536), Some(60_000), true).status, Status::Warning);
        assert_eq!(open_files(None, Some(60_000), true).status, Status::Ok);
    }

    #[test]
    fn ends_for_want_of_memory_are_worse_in_the_boxs_own_group() {
        assert_eq!(oom_kills(Some(1), Some(1)).status, Status::Warning);
        assert_eq!(oom_kills(Some(0), Some(1)).status, Status::Hint);
        assert_eq!(oom_kills(None, Some(0)).status, Status::Ok);
        assert_eq!(oom_kills(None, None).status, Status::Skipped);
    }
}

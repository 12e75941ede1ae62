//! The kernel, the memory, the clock, the service manager.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::UNIX_EPOCH;

use super::super::host::{Host, named_number};
use super::disk::{databases, mount};
use crate::platform::clock::Moment;

const UNITS: [&str; 2] = ["holdfast.service", "holdfast.socket"];
const UNIT_FOLDERS: [&str; 2] = ["/usr/lib/systemd/system", "/lib/systemd/system"];
/// What stands in front of the version in the C library itself.
const LIBC_MARK: &[u8] = b"GNU C Library (";
/// No limit is written as a number near the end of all numbers.
const NO_LIMIT: u64 = 1 << 60;

/// The newest moment that any of the box's files was changed, and which.
pub(in crate::platform::doctor) fn newest_file(data: &Path) -> Option<(Moment, String)> {
    let named = ["master.id", "lock"].map(|name| data.join(name));
    let all = databases(data).into_iter().chain(named);
    let changed = |path: &Path| {
        let since = fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Moment(i64::try_from(since.as_millis()).ok()?))
    };
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    all.filter_map(|path| Some((changed(&path)?, name(&path)?))).max()
}

/// Whether something keeps the clock; none where that cannot be seen.
pub(in crate::platform::doctor) fn clock_sync(host: &Host) -> Option<bool> {
    let folder = "/run/systemd/timesync";
    host.exists(folder).then(|| host.exists(&format!("{folder}/synchronized")))
}

pub(in crate::platform::doctor) fn has_time_zones(host: &Host) -> bool {
    const ZONE: &str = "Europe/Berlin";
    if !host.is_planted() {
        return jiff::tz::db().get(ZONE).is_ok();
    }
    let planted = jiff::tz::TimeZoneDatabase::from_dir(host.path("/usr/share/zoneinfo"));
    planted.is_ok_and(|zones| zones.get(ZONE).is_ok())
}

pub(in crate::platform::doctor) fn memory_available(host: &Host) -> Option<u64> {
    Some(named_number(&host.read("/proc/meminfo")?, "MemAvailable")? * 1_024)
}

/// The memory of a group of processes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::platform::doctor) struct Group {
    /// In use without what can be given back at once, and the limit.
    pub(in crate::platform::doctor) used_and_limit: Option<(u64, u64)>,
    pub(in crate::platform::doctor) oom_kills: Option<u64>,
}

/// Of the group a process is in, of either kind of control groups.
pub(in crate::platform::doctor) fn group(host: &Host, process: Option<u32>) -> Group {
    let whose = process.map_or_else(|| "self".to_owned(), |id| id.to_string());
    let said = host.read(&format!("/proc/{whose}/cgroup")).unwrap_or_default();
    let old = said.lines().find_map(|line| line.split_once(":memory:").map(|(_, path)| path));
    if let Some(path) = old {
        let at = format!("/sys/fs/cgroup/memory{path}");
        let of = |name: &str| host.number(&format!("{at}/{name}"));
        let text = |name: &str| host.read(&format!("{at}/{name}")).unwrap_or_default();
        let spare = named_number(&text("memory.stat"), "total_inactive_file").unwrap_or(0);
        let used = of("memory.usage_in_bytes").map(|used| used.saturating_sub(spare));
        let limit = of("memory.limit_in_bytes").filter(|limit| *limit < NO_LIMIT);
        let oom_kills = named_number(&text("memory.oom_control"), "oom_kill");
        return Group { used_and_limit: used.zip(limit), oom_kills };
    }
    let Some(path) = said.lines().find_map(|line| line.strip_prefix("0::")) else {
        return Group::default();
    };
    let at = format!("/sys/fs/cgroup{}", path.trim_end_matches('/'));
    let of = |name: &str| host.number(&format!("{at}/{name}"));
    let text = |name: &str| host.read(&format!("{at}/{name}")).unwrap_or_default();
    let spare = named_number(&text("memory.stat"), "inactive_file").unwrap_or(0);
    let used = of("memory.current").map(|used| used.saturating_sub(spare));
    Group {
        used_and_limit: used.zip(of("memory.max")),
        oom_kills: named_number(&text("memory.events"), "oom_kill"),
    }
}

pub(in crate::platform::doctor) fn oom_kills(host: &Host) -> Option<u64> {
    named_number(&host.read("/proc/vmstat")?, "oom_kill")
}

pub(in crate::platform::doctor) fn kernel(host: &Host) -> String {
    host.read("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

/// The version that the C library of this process says of itself.
pub(in crate::platform::doctor) fn libc(host: &Host) -> Option<String> {
    let maps = host.read("/proc/self/maps")?;
    let path = maps.lines().filter_map(|line| line.split_whitespace().nth(5)).find(|path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.starts_with("libc.so") || name.starts_with("libc-2")
    })?;
    let bytes = fs::read(host.path(path)).ok()?;
    let at = bytes.windows(LIBC_MARK.len()).position(|window| window == LIBC_MARK)?;
    let rest = bytes.get(at..bytes.len().min(at + 160))?;
    let text = String::from_utf8_lossy(rest).into_owned();
    let (_, version) = text.split_once(" version ")?;
    let end = version.find(|one: char| !one.is_ascii_digit() && one != '.');
    Some(version[..end.unwrap_or(version.len())].trim_end_matches('.').to_owned())
}

pub(in crate::platform::doctor) fn entropy(host: &Host) -> Option<u64> {
    host.number("/proc/sys/kernel/random/entropy_avail")
}

/// Areas of swap, each with whether it is encrypted or lies in memory.
pub(in crate::platform::doctor) fn swap(host: &Host) -> Vec<(String, bool)> {
    let table = host.read("/proc/swaps").unwrap_or_default();
    let names = table.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    let is_sealed = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.starts_with("zram") || is_crypt(host, &format!("/sys/block/{name}"))
    };
    names.map(|path| (path.to_owned(), is_sealed(path))).collect()
}

fn is_crypt(host: &Host, device: &str) -> bool {
    host.read(&format!("{device}/dm/uuid")).is_some_and(|id| id.starts_with("CRYPT-"))
}

/// Whether the disk below a folder, or one below that, is encrypted.
pub(in crate::platform::doctor) fn disk_encryption(host: &Host, folder: &Path) -> Option<bool> {
    let device = format!("/sys/dev/block/{}", mount(host, folder)?.device);
    if !host.exists(&device) {
        return None;
    }
    let below = host.names(&format!("{device}/slaves"));
    let is_below = |name: &String| is_crypt(host, &format!("/sys/block/{name}"));
    Some(is_crypt(host, &device) || below.iter().any(is_below))
}

/// Whether the journal is kept over restarts; none where there is no journal.
pub(in crate::platform::doctor) fn journal(host: &Host) -> Option<bool> {
    host.exists("/run/systemd/system").then(|| host.exists("/var/log/journal"))
}

/// Whether the service is installed.
pub(in crate::platform::doctor) fn has_unit(host: &Host) -> bool {
    UNIT_FOLDERS.iter().any(|folder| host.exists(&format!("{folder}/{}", UNITS[0])))
}

/// Files that change the packaged units.
pub(in crate::platform::doctor) fn unit_changes(host: &Host) -> Vec<String> {
    let mut changes = Vec::new();
    for unit in UNITS {
        let own = format!("/etc/systemd/system/{unit}");
        if host.exists(&own) && host.link(&own).is_none() {
            changes.push(own.clone());
        }
        for folder in ["/etc/systemd/system", "/run/systemd/system"] {
            let at = format!("{folder}/{unit}.d");
            let names = host.names(&at).into_iter().filter(|name| is_drop_in(name));
            changes.extend(names.map(|name| format!("{at}/{name}")));
        }
    }
    changes.extend(package_changes(host));
    changes
}

fn is_drop_in(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|kind| kind == "conf")
}

/// Files of the package that are not as it brought them, where dpkg says so; not settings, which
/// are there to be changed.
fn package_changes(host: &Host) -> Vec<String> {
    let dpkg = "/usr/bin/dpkg";
    if host.is_planted() || !host.exists("/var/lib/dpkg/info/holdfast.list") || !host.exists(dpkg) {
        return Vec::new();
    }
    let said = Command::new(dpkg)
        .args(["--verify", "holdfast"])
        .env_clear()
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let text = said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
    changed_files(&text.unwrap_or_default())
}

/// Reads lines such as `??5??????   /usr/lib/…`; those of settings have a `c` in front.
fn changed_files(text: &str) -> Vec<String> {
    let path = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next().filter(|field| field.starts_with('/')).map(str::to_owned)
    };
    text.lines().filter_map(path).collect()
}

/// Units of ours that lead to nothing.
pub(in crate::platform::doctor) fn masked(host: &Host) -> Vec<String> {
    let is_masked = |unit: &&&str| {
        let to = host.link(&format!("/etc/systemd/system/{unit}"));
        to.is_some_and(|to| to == Path::new("/dev/null"))
    };
    UNITS.iter().filter(is_masked).map(|unit| (*unit).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_says_what_it_is() {
        let host = Host::default();
        assert!(super::super::super::rules::host::version(&kernel(&host)).is_some());
        assert!(libc(&host).is_some_and(|said| said.starts_with("2.")));
        assert!(memory_available(&host).is_some());
    }

    #[test]
    fn settings_that_were_changed_are_no_drift() {
        let text = "??5?????? c /etc/holdfast/holdfast.toml\n??5??????   /usr/lib/x.service\n";
        assert_eq!(changed_files(text), ["/usr/lib/x.service"]);
    }
}

//! What the machine has left for the box: memory within whatever limit the box runs under, and how
//! much work waited for the processor, memory and the disk.

use std::fs;
use std::path::{Path, PathBuf};

/// Memory that the box may use, and what of it is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    pub used_bytes: u64,
    pub limit_bytes: u64,
    /// The limit is that of a control group, so only the box counts; else it is the machine's.
    pub is_limited: bool,
}

/// As the kernel says it now. None where it does not.
pub fn memory() -> Option<Memory> {
    memory_below(Path::new("/"))
}

fn memory_below(root: &Path) -> Option<Memory> {
    let about = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let total = kibibytes(&about, "MemTotal:")?;
    let available = kibibytes(&about, "MemAvailable:")?;
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let limits = Group::all(root, &groups).into_iter().filter_map(|group| group.memory());
    let tightest = limits.filter(|one| one.limit_bytes < total).min_by_key(|one| one.limit_bytes);
    let of_machine = Memory {
        used_bytes: total.saturating_sub(available),
        limit_bytes: total,
        is_limited: false,
    };
    Some(tightest.unwrap_or(of_machine))
}

fn kibibytes(about: &str, name: &str) -> Option<u64> {
    let line = about.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// A control group, or one above it.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    folder: PathBuf,
    files: &'static Files,
}

/// How the two generations call the same.
#[derive(Debug, PartialEq, Eq)]
struct Files {
    limit: &'static str,
    used: &'static str,
    /// File pages that nobody misses: given back before anything fails.
    spare: &'static str,
}

const SECOND: Files =
    Files { limit: "memory.max", used: "memory.current", spare: "inactive_file " };
const FIRST: Files = Files {
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    spare: "total_inactive_file ",
};

impl Group {
    /// The groups that a process is in, each with those above: any of them may have a limit.
    fn all(root: &Path, listed: &str) -> Vec<Self> {
        let mounts = root.join("sys/fs/cgroup");
        let mut all = Vec::new();
        for line in listed.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
            let (mount, files) = match controllers {
                "" => (mounts.clone(), &SECOND),
                names if names.split(',').any(|one| one == "memory") => {
                    (mounts.join("memory"), &FIRST)
                }
                _ => continue,
            };
            let below = Path::new(path.trim_start_matches('/'));
            let folders = below.ancestors().map(|folder| mount.join(folder));
            all.extend(folders.map(|folder| Self { folder, files }));
        }
        all
    }

    /// None without a limit.
    fn memory(&self) -> Option<Memory> {
        let read = |name| fs::read_to_string(self.folder.join(name)).ok();
        let limit_bytes = read(self.files.limit)?.trim().parse().ok()?;
        let used: u64 = read(self.files.used)?.trim().parse().ok()?;
        let about = read("memory.stat").unwrap_or_default();
        let spare = about.lines().find_map(|line| line.strip_prefix(self.files.spare));
        let spare: u64 = spare.and_then(|bytes| bytes.trim().parse().ok()).unwrap_or(0);
        Some(Memory { used_bytes: used.saturating_sub(spare), limit_bytes, is_limited: true })
    }
}

/// How long work waited for something it could not have at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pressure {
    /// `cpu`, `memory` or `io`.
    pub resource: &'static str,
    /// Some of the work waited.
    pub some_us: u64,
    /// All of it waited.
    pub full_us: u64,
}

/// Since the start of the machine. Empty where the kernel does not count it.
pub fn pressure() -> Vec<Pressure> {
    ["cpu", "memory", "io"]
        .into_iter()
        .filter_map(|resource| {
            let about = fs::read_to_string(Path::new("/proc/pressure").join(resource)).ok()?;
            pressure_of(resource, &about)
        })
        .collect()
}

fn pressure_of(resource: &'static str, about: &str) -> Option<Pressure> {
    let total = |share: &str| {
        let line = about.lines().find(|line| line.starts_with(share))?;
        line.rsplit_once("total=")?.1.trim().parse().ok()
    };
    Some(Pressure { resource, some_us: total("some ")?, full_us: total("full ").unwrap_or(0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn root(groups: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        put(&root, "proc/meminfo", "MemTotal: 4096 kB\nMemFree: 1 kB\nMemAvailable: 1024 kB\n");
        put(&root, "proc/self/cgroup", groups);
        root
    }

    fn put(root: &tempfile::TempDir, name: &str, text: &str) {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn without_a_limit_the_memory_is_the_machines() {
        let root = root("0::/\n");
        put(&root, "sys/fs/cgroup/memory.max", "max\n");
        put(&root, "sys/fs/cgroup/memory.current", "1000\n");

        let memory = memory_below(root.path()).unwrap();

        let whole = Memory { used_bytes: 3 * MIB, limit_bytes: 4 * MIB, is_limited: false };
        assert_eq!(memory, whole);
    }

    #[test]
    fn the_tightest_limit_above_the_box_counts_and_spare_pages_do_not() {
        let root = root("0::/system.slice/holdfast.service\n");
        let service = "sys/fs/cgroup/system.slice/holdfast.service";
        put(&root, &format!("{service}/memory.max"), "max\n");
        put(&root, "sys/fs/cgroup/system.slice/memory.max", &(2 * MIB).to_string());
        put(&root, "sys/fs/cgroup/system.slice/memory.current", "1500000\n");
        let about = "anon 5\ninactive_file 400000\n";
        put(&root, "sys/fs/cgroup/system.slice/memory.stat", about);

        let memory = memory_below(root.path()).unwrap();

        let limited = Memory { used_bytes: 1_100_000, limit_bytes: 2 * MIB, is_limited: true };
        assert_eq!(memory, limited);
    }

    #[test]
    fn the_first_generation_of_groups_is_read_as_well() {
        let root = root("7:cpu,cpuacct:/a\n4:memory:/box\n");
        let folder = "sys/fs/cgroup/memory/box";
        put(&root, &format!("{folder}/memory.limit_in_bytes"), &MIB.to_string());
        put(&root, &format!("{folder}/memory.usage_in_bytes"), "900000\n");
        put(&root, &format!("{folder}/memory.stat"), "total_inactive_file 100000\n");
        put(&root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        put(&root, "sys/fs/cgroup/memory/memory.usage_in_bytes", "900000\n");

        let memory = memory_below(root.path()).unwrap();

        assert_eq!(memory, Memory { used_bytes: 800_000, limit_bytes: MIB, is_limited: true });
    }

    #[test]
    fn pressure_is_read_with_and_without_its_full_line() {
        let both = "some avg10=0.00 avg60=0.00 avg300=0.00 total=12\nfull avg10=0.00 total=5\n";
        let read = pressure_of("io", both);
        assert_eq!(read, Some(Pressure { resource: "io", some_us: 12, full_us: 5 }));
        assert_eq!(pressure_of("cpu", "some total=1\n").map(|one| one.full_us), Some(0));
        assert_eq!(pressure_of("cpu", "nothing"), None);
    }
}

//! What this process uses, as the kernel counts it.

use std::fs;
use std::time::Duration;

/// The kernel tells processor time to user programs in hundredths of a second, whatever its own
/// clock does.
const TICKS_PER_SECOND: u64 = 100;

/// What the process takes of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) resident_bytes: u64,
    pub(super) virtual_bytes: u64,
    pub(super) threads: u64,
}

/// None where the kernel does not say.
pub(super) fn memory() -> Option<Memory> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let number = |name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    Some(Memory {
        resident_bytes: number("VmRSS:")? * 1024,
        virtual_bytes: number("VmSize:")? * 1024,
        threads: number("Threads:")?,
    })
}

/// Bytes of memory in use. None where the kernel does not say.
pub(super) fn resident_bytes() -> Option<u64> {
    memory().map(|memory| memory.resident_bytes)
}

/// Processor time used so far by all threads, in the program and for it in the kernel.
pub(super) fn cpu_time() -> Option<Duration> {
    cpu_time_of(&fs::read_to_string("/proc/self/stat").ok()?)
}

fn cpu_time_of(stat: &str) -> Option<Duration> {
    // The name in parentheses may hold anything, so count from behind it: 11 fields later stand
    // the ticks in the program, then those in the kernel.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

/// Files and sockets held open.
pub fn open_files() -> Option<usize> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count())
}

/// Files and sockets that may be open; none without a bound.
pub(super) fn open_files_max() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_time_is_read_behind_any_name() {
        let stat = "42 (a b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20";
        assert_eq!(cpu_time_of(stat), Some(Duration::from_secs(2)));
        assert_eq!(cpu_time_of("nonsense"), None);
    }

    #[test]
    fn a_running_process_uses_something() {
        assert!(resident_bytes().is_some_and(|bytes| bytes > 100_000));
        assert!(memory().is_some_and(|one| one.threads > 0 && one.virtual_bytes > 100_000));
        assert!(cpu_time().is_some());
        assert!(open_files_max().is_none_or(|files| files > 2));
        assert!(open_files().is_some_and(|files| files > 2));
    }
}

//! What the figures were measured on; without it they say nothing.

use std::fs::{File, read_to_string};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use crate::Problem;

const SYNCS: u64 = 200;

pub(crate) fn describe(folder: &Path) -> Result<String, Problem> {
    let processors = std::thread::available_parallelism()?;
    let cpu = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = cpu.lines().find(|line| line.starts_with("model name"));
    let model = named.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown processor");
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let memory = read_to_string("/proc/meminfo").unwrap_or_default();
    let memory_kib = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
    let syncs = syncs_per_s(folder)?;
    Ok(format!(
        "{processors} × {model}, {} GiB, Linux {}, disk with {syncs} syncs/s (4 KiB, fdatasync)",
        memory_kib.unwrap_or_default() / 1_048_576,
        kernel.trim(),
    ))
}

/// How often the disk can promise that 4 KiB are kept.
fn syncs_per_s(folder: &Path) -> Result<u64, Problem> {
    let path = folder.join("syncs");
    let mut file = File::create(&path)?;
    let started = Instant::now();
    for _ in 0..SYNCS {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
    }
    let took_us = u64::try_from(started.elapsed().as_micros())?;
    std::fs::remove_file(&path)?;
    Ok(SYNCS * 1_000_000 / took_us.max(1))
}

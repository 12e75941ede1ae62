//! Disks, and the files of the box on them.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::super::host::Host;
use super::super::rules::disk::{Disk, Looked};
use crate::platform::db::{self, Held};
use crate::platform::error::{Error, Result};
use crate::platform::workspaces;

/// Pages written to learn how long one takes.
const WRITES: usize = 5;
const PAGE_BYTES: usize = 4_096;
/// Files looked through at most.
const LOOKED_MAX: usize = 24;
/// How long looking through may take in all.
const LOOKED_FOR: Duration = Duration::from_secs(6);
/// What a left-over file was not touched for.
const LEFT_ALONE: Duration = Duration::from_hours(1);
/// The end of a file that was not finished; see `whole_file`.
const UNFINISHED: &str = "new";
/// The beginning of our own small files.
const PROBE: &str = ".doctor-";
/// Folders whose files may be left over.
const FOLDERS: [&str; 4] = ["", "tls", "before", "workspaces"];

/// What the disk of a folder says of itself.
pub(in crate::platform::doctor) fn disk(host: &Host, folder: &Path) -> Result<Disk> {
    if let Some(planted) = host.read("/statvfs").filter(|_| host.is_planted()) {
        let numbers: Vec<u64> = planted.split_whitespace().flat_map(str::parse).collect();
        if let [free_bytes, size_bytes, free_files, files, read_only] = numbers[..] {
            let is_read_only = read_only != 0;
            return Ok(Disk { free_bytes, size_bytes, free_files, files, is_read_only });
        }
    }
    let about = rustix::fs::statvfs(folder).map_err(std::io::Error::from)?;
    Ok(Disk {
        free_bytes: about.f_bavail.saturating_mul(about.f_frsize),
        size_bytes: about.f_blocks.saturating_mul(about.f_frsize),
        free_files: about.f_favail,
        files: about.f_files,
        is_read_only: about.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
    })
}

/// The mount that a folder lies on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::platform::doctor) struct Mount {
    pub(in crate::platform::doctor) at: String,
    pub(in crate::platform::doctor) kind: String,
    pub(in crate::platform::doctor) device: String,
}

pub(in crate::platform::doctor) fn mount(host: &Host, folder: &Path) -> Option<Mount> {
    let folder = fs::canonicalize(folder).ok()?;
    let table = host.read("/proc/self/mountinfo")?;
    let mounts = table.lines().filter_map(mount_of);
    // Of two at one place the later one covers the earlier.
    mounts.filter(|one| folder.starts_with(&one.at)).max_by_key(|one| one.at.len())
}

/// Reads a line: numbers, device, root, place, options, `-`, kind, source.
fn mount_of(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut fields = before.split(' ');
    let device = fields.nth(2)?.to_owned();
    let at = fields.nth(1)?.replace("\\040", " ");
    Some(Mount { at, kind: after.split(' ').next()?.to_owned(), device })
}

/// What came of writing small files.
#[derive(Debug, Clone, Default)]
pub(in crate::platform::doctor) struct Probe {
    pub(in crate::platform::doctor) median: Option<Duration>,
    pub(in crate::platform::doctor) refused: Option<String>,
}

impl Probe {
    /// Writes a file of a few pages, each brought to the disk, and removes it. Blocks.
    pub(in crate::platform::doctor) fn make(folder: &Path) -> Self {
        let path = folder.join(format!("{PROBE}{}", std::process::id()));
        let written = write(&path);
        let removed = fs::remove_file(&path);
        match written.and_then(|times| removed.map(|()| times)) {
            Ok(mut times) => {
                times.sort_unstable();
                Self { median: times.get(times.len() / 2).copied(), refused: None }
            }
            Err(error) => Self { median: None, refused: Some(error.to_string()) },
        }
    }
}

fn write(path: &Path) -> std::io::Result<Vec<Duration>> {
    let mut options = File::options();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    let page = [0x5a; PAGE_BYTES];
    (0..WRITES)
        .map(|_| {
            let started = Instant::now();
            file.write_all(&page)?;
            file.sync_all()?;
            Ok(started.elapsed())
        })
        .collect()
}

/// The box's own file, then those of workspaces, the one that changed last first.
pub(in crate::platform::doctor) fn databases(data: &Path) -> Vec<PathBuf> {
    let changed = |path: &PathBuf| fs::metadata(path).and_then(|about| about.modified()).ok();
    let is_database = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "db");
    let mut all: Vec<PathBuf> = files_in(&data.join(workspaces::FOLDER));
    all.retain(is_database);
    all.sort_by_key(|path| std::cmp::Reverse(changed(path)));
    let own = data.join("system.db");
    all.splice(0..0, Some(own).filter(|own| own.is_file()));
    all
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

/// Looks through the box's files as far as time allows; only reads. Blocks.
pub(in crate::platform::doctor) fn look_through(data: &Path, is_running: bool) -> Looked {
    let all = databases(data);
    let until = Instant::now() + LOOKED_FOR;
    let mut found = Looked { all: all.len(), ..Looked::default() };
    for path in all.iter().take(LOOKED_MAX) {
        if Instant::now() >= until {
            found.unread += 1;
            continue;
        }
        match look_at(path, is_running, until) {
            Ok(()) => found.looked += 1,
            Err(Error::Damaged(what)) => {
                found.looked += 1;
                found.damaged.push((relative(path, data), what));
            }
            Err(error) => match db::fault_behind(path, &error) {
                Some(what) => {
                    found.looked += 1;
                    found.damaged.push((relative(path, data), what));
                }
                None => found.unread += 1,
            },
        }
    }
    found
}

fn look_at(path: &Path, is_running: bool, until: Instant) -> Result<()> {
    let mut held = if is_running { Held::ready(path)? } else { Held::of_closed(path)? };
    held.end_when(move || Instant::now() >= until)?;
    held.hold()?;
    held.check_quickly()
}

/// Logs beside the databases that are longer than `most`, the longest first.
pub(in crate::platform::doctor) fn long_logs(data: &Path, most: u64) -> Vec<(PathBuf, u64)> {
    let too_long = |path: &PathBuf| {
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        let size = fs::metadata(&name).ok()?.len();
        (size > most).then_some((path.clone(), size))
    };
    let mut long: Vec<_> = databases(data).iter().filter_map(too_long).collect();
    long.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    long
}

/// Files that an interrupted run left behind, with their sizes.
pub(in crate::platform::doctor) fn leftovers(data: &Path) -> Vec<(PathBuf, u64)> {
    let is_old = |about: &fs::Metadata| {
        let changed = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        changed.elapsed().is_ok_and(|since| since > LEFT_ALONE)
    };
    let is_left =
        |path: &Path| is_probe(path) || path.extension().is_some_and(|kind| kind == UNFINISHED);
    let mut found = Vec::new();
    for folder in FOLDERS {
        for path in files_in(&data.join(folder)) {
            let Ok(about) = fs::symlink_metadata(&path) else { continue };
            if about.is_file() && is_left(&path) && is_old(&about) {
                found.push((path, about.len()));
            }
        }
    }
    found.sort();
    found
}

/// Whether the doctor itself wrote it, to learn how fast the disk is.
pub(in crate::platform::doctor) fn is_probe(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(PROBE))
}

/// A path as it reads from the data folder.
pub(in crate::platform::doctor) fn relative(path: &Path, data: &Path) -> String {
    path.strip_prefix(data).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_of_a_folder_is_the_deepest_one() {
        let line = "36 35 98:0 / /mnt/a\\040b rw,noatime master:1 - ext4 /dev/root rw";
        let mount = mount_of(line).unwrap();
        assert_eq!((mount.at.as_str(), mount.kind.as_str()), ("/mnt/a b", "ext4"));
        assert_eq!(mount.device, "98:0");
        assert!(self::mount(&Host::default(), Path::new("/proc")).unwrap().kind == "proc");
    }

    #[test]
    fn small_files_are_written_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let probe = Probe::make(folder.path());
        assert!(probe.median.is_some() && probe.refused.is_none());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(Probe::make(&folder.path().join("gone")).refused.is_some());
    }
}

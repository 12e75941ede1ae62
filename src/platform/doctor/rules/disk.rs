//! Decisions about disks and the files on them.

use std::path::Path;
use std::time::Duration;

use super::Verdict;
use super::words::{bytes, listed, percent, quoted, sentence, span};

/// Workspaces whose commands are told.
const RESTORED_MAX: usize = 6;

/// Below this the next larger change may find no room.
const FREE_NEEDED_BYTES: u64 = 100_000_000;
/// Below this somebody should look.
const FREE_WANTED_BYTES: u64 = 1_000_000_000;
/// Of all files a disk can hold, percent free.
const INODES_WANTED: u64 = 5;
const INODES_NEEDED: u64 = 1;
/// A write of a page that takes longer is felt; a much longer one stops people.
const SYNC_FELT: Duration = Duration::from_millis(100);
const SYNC_MAX: Duration = Duration::from_millis(400);
/// File systems that promise less than a disk.
const OVER_A_NETWORK: [&str; 8] =
    ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs", "fuse.sshfs"];
const IN_MEMORY: [&str; 3] = ["tmpfs", "ramfs", "devtmpfs"];

/// What a disk says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Disk {
    pub free_bytes: u64,
    pub size_bytes: u64,
    pub free_files: u64,
    /// 0 where it has no bound.
    pub files: u64,
    pub is_read_only: bool,
}

pub fn room(disk: &Disk, data: &str) -> Verdict {
    let said = format!("{} of {} are free.", bytes(disk.free_bytes), bytes(disk.size_bytes));
    let verdict = match disk.free_bytes {
        ..FREE_NEEDED_BYTES => Verdict::failed(said),
        FREE_NEEDED_BYTES..FREE_WANTED_BYTES => Verdict::warning(said),
        FREE_WANTED_BYTES.. => return Verdict::ok(said),
    };
    verdict
        .fix("journalctl --vacuum-size=200M")
        .fix(format!("du -xh --max-depth=2 {}", quoted(data)))
}

pub fn inodes(disk: &Disk, data: &str) -> Verdict {
    if disk.files == 0 {
        return Verdict::ok("This file system has no bound.");
    }
    let said = format!("{} of {} are left.", disk.free_files, disk.files);
    let left = percent(disk.free_files, disk.files);
    let verdict = match left {
        ..INODES_NEEDED => Verdict::failed(said),
        INODES_NEEDED..INODES_WANTED => Verdict::warning(said),
        INODES_WANTED.. => return Verdict::ok(said),
    };
    verdict.fix(format!("du --inodes -xd2 {} | sort -n | tail", quoted(data)))
}

/// `kind` as the kernel calls it; none when it is not known.
pub fn file_system(kind: Option<&str>, data: &str) -> Verdict {
    let Some(kind) = kind else {
        return Verdict::skipped("The kernel does not say what the folder lies on.");
    };
    let moved = |verdict: Verdict| {
        verdict
            .fix("systemctl stop holdfast.socket holdfast.service")
            .fix(format!("cp -a {} /var/lib/holdfast", quoted(data)))
    };
    if IN_MEMORY.contains(&kind) {
        return moved(Verdict::failed(format!(
            "{kind}: everything is gone with the next restart."
        )));
    }
    if OVER_A_NETWORK.contains(&kind) || kind == "fuse" || kind.starts_with("fuse.") {
        let cause = format!("{kind}: SQLite's locks and the order of writes are not sure on it.");
        return moved(Verdict::warning(cause));
    }
    Verdict::ok(format!("{kind}."))
}

/// `refused`: what the system said to a small file.
pub fn writable(disk: &Disk, refused: Option<&str>, mount: &str) -> Verdict {
    let verdict = match (disk.is_read_only, refused) {
        (true, _) => Verdict::failed("The disk is mounted to be read only."),
        (false, Some(why)) => Verdict::failed(format!("A small file could not be written: {why}.")),
        (false, None) => return Verdict::ok("A small file was written and removed."),
    };
    verdict
        .fix("dmesg --level=err,warn | tail")
        .fix(format!("mount -o remount,rw {}", quoted(mount)))
}

/// The time a page takes to the disk, the middle one of several.
pub fn sync(median: Option<Duration>) -> Verdict {
    let Some(median) = median else {
        return Verdict::skipped("No small file could be written.");
    };
    let said = format!("A page of 4 KiB takes {}.", span(median));
    if median < SYNC_FELT {
        return Verdict::ok(said);
    }
    let verdict = if median < SYNC_MAX { Verdict::hint(said) } else { Verdict::warning(said) };
    verdict.fix("smartctl -a /dev/sda").fix("iostat -x 5 3")
}

/// What a look through files found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    pub looked: usize,
    pub all: usize,
    /// Name and finding.
    pub damaged: Vec<(String, String)>,
    /// Files for which there was no time.
    pub unread: usize,
}

/// What brings a workspace back: from a folder that is a target, where there is one.
fn restored(from: Option<&str>, workspace: &str) -> String {
    let from = from.map_or_else(|| "URL|DIR".to_owned(), quoted);
    format!("holdfast restore --from {from} --kit FILE --workspace {workspace}")
}

/// `from` is a folder with backups.
pub fn databases(found: &Looked, from: Option<&str>) -> Verdict {
    let Looked { looked, all, damaged, unread } = found;
    if let Some((name, what)) = damaged.first() {
        let names: Vec<&str> = damaged.iter().map(|(name, _)| name.as_str()).collect();
        let verdict = Verdict::failed(format!("Damaged: {}. {name}: {what}", listed(&names)));
        if names.contains(&"system.db") {
            let from = from.map_or_else(|| "URL|DIR".to_owned(), quoted);
            return verdict
                .fix(format!("holdfast recover --from {from} --kit FILE --data NEW_DIR"));
        }
        let id = |name: &&str| Path::new(name).file_stem()?.to_str().map(str::to_owned);
        let ids = names.iter().filter_map(id).take(RESTORED_MAX);
        return ids.fold(verdict, |verdict, id| verdict.fix(restored(from, &id)));
    }
    let rest = all.saturating_sub(*looked);
    let mut said = format!("{looked} of {all} were looked through");
    if *unread > 0 {
        said = format!("{said}, there was no time for {unread} more");
    } else if rest > 0 {
        said = format!("{said}, those that changed last");
    }
    if *looked == 0 {
        Verdict::skipped(format!("{said}."))
    } else {
        Verdict::ok(format!("{said}."))
    }
}

/// Logs that are longer than they should be, with their sizes.
pub fn logs(long: &[(String, u64)], most: u64, fix: String) -> Verdict {
    let Some((name, size)) = long.first() else {
        return Verdict::ok(format!("None is above {}.", bytes(most)));
    };
    let cause = format!("{} logs are above {}; {name}: {}.", long.len(), bytes(most), bytes(*size));
    Verdict::warning(cause).fix(fix).fixable()
}

/// Files that an interrupted run left, relative to the data folder.
pub fn leftovers(files: &[String], size_bytes: u64, fix: String) -> Verdict {
    if files.is_empty() {
        return Verdict::ok("There are none.");
    }
    let cause = format!("{}: {}.", bytes(size_bytes), listed(files));
    Verdict::hint(cause).fix(fix).fixable()
}

/// Workspaces that the box marked as damaged: ids, each with a sentence. `from` is a folder with
/// backups.
pub fn workspaces(damaged: &[(String, String)], from: Option<&str>) -> Verdict {
    let Some((_, first)) = damaged.first() else { return Verdict::ok("None is known.") };
    let more = match damaged.len() {
        1 => String::new(),
        count => format!(" {} more are damaged.", count - 1),
    };
    let ids = damaged.iter().map(|(id, _)| id).take(RESTORED_MAX);
    let verdict = Verdict::failed(format!("{}{more}", sentence(first)));
    ids.fold(verdict, |verdict, id| verdict.fix(restored(from, id)))
}

/// The newest migration of a file that this release does not know.
pub fn newer(found: Option<&str>) -> Verdict {
    match found {
        None => Verdict::ok("This release knows everything in it."),
        Some(what) => Verdict::warning(format!("A newer release worked on it: {what}."))
            .fix("holdfast --version")
            .fix("apt-get install --only-upgrade holdfast"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    fn disk(free_bytes: u64, free_files: u64) -> Disk {
        let (size_bytes, files) = (100_000_000_000, 1_000);
        Disk { free_bytes, size_bytes, free_files, files, is_read_only: false }
    }

    #[test]
    fn a_disk_warns_before_it_fails() {
        let of = |free| room(&disk(free, 0), "/d").status;
        assert_eq!(of(FREE_WANTED_BYTES), Status::Ok);
        assert_eq!(of(FREE_WANTED_BYTES - 1), Status::Warning);
        assert_eq!(of(FREE_NEEDED_BYTES - 1), Status::Failed);
        let of = |free| inodes(&disk(0, free), "/d").status;
        assert_eq!([of(50), of(49), of(9)], [Status::Ok, Status::Warning, Status::Failed]);
        assert_eq!(inodes(&Disk::default(), "/d").status, Status::Ok);
    }

    #[test]
    fn what_is_no_disk_is_told_apart() {
        let of = |kind| file_system(Some(kind), "/d").status;
        assert_eq!(of("ext4"), Status::Ok);
        assert_eq!(of("overlay"), Status::Ok);
        assert_eq!(of("tmpfs"), Status::Failed);
        assert_eq!([of("nfs4"), of("fuse.sshfs"), of("fuse")], [Status::Warning; 3]);
    }

    #[test]
    fn a_slow_disk_is_a_hint_first() {
        let of = |ms| sync(Some(Duration::from_millis(ms))).status;
        assert_eq!(
            [of(5), of(99), of(100), of(400)],
            [Status::Ok, Status::Ok, Status::Hint, Status::Warning]
        );
    }

    #[test]
    fn damage_is_named_and_a_sample_says_that_it_is_one() {
        let some = Looked { looked: 8, all: 40, ..Looked::default() };
        assert_eq!(
            databases(&some, None).cause,
            "8 of 40 were looked through, those that changed last."
        );
        let damaged = vec![("system.db".to_owned(), "row 3".to_owned())];
        let verdict = databases(&Looked { damaged, ..some.clone() }, None);
        assert_eq!(verdict.status, Status::Failed);
        assert_eq!(verdict.fix, ["holdfast recover --from URL|DIR --kit FILE --data NEW_DIR"]);
        let damaged = vec![("workspaces/0193-a.db".to_owned(), "row 3".to_owned())];
        let fix = databases(&Looked { damaged, ..some }, Some("/mnt/a b")).fix;
        assert_eq!(fix, ["holdfast restore --from '/mnt/a b' --kit FILE --workspace 0193-a"]);
    }
}

//! A branch of the machine's control groups for each guest: two guests in one branch would end each
//! other's services.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Where a guest's processes are counted, in each hierarchy that systemd uses. It is gone with the
/// value.
pub(crate) struct Cell {
    folders: Vec<PathBuf>,
}

/// Puts the shell that reads it into the cell, and becomes the program that follows.
pub(crate) const ENTER: &str = "for folder in $CELL; do echo $$ >\"$folder/cgroup.procs\"; done
     unset CELL; exec \"$@\"";

impl Cell {
    pub(crate) fn new() -> Result<Self, String> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("holdfast-guest-{}-{number}", std::process::id());
        let own = fs::read_to_string("/proc/self/cgroup").map_err(|why| why.to_string())?;
        let mut cell = Self { folders: Vec::new() };
        for folder in own.lines().filter_map(hierarchy) {
            let folder = folder.join(&name);
            fs::create_dir(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
            cell.folders.push(folder);
        }
        Ok(cell)
    }

    /// The folders, for `$CELL` of [`ENTER`].
    pub(crate) fn names(&self) -> String {
        let names = self.folders.iter().map(|folder| folder.display().to_string());
        names.collect::<Vec<_>>().join(" ")
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        self.folders.iter().for_each(|folder| remove(folder));
    }
}

/// Where a line of `/proc/self/cgroup` lies, when systemd puts units there.
fn hierarchy(line: &str) -> Option<PathBuf> {
    let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
    let root = match controllers {
        "name=systemd" => Path::new("/sys/fs/cgroup/systemd"),
        "" => [Path::new("/sys/fs/cgroup/unified"), Path::new("/sys/fs/cgroup")]
            .into_iter()
            .find(|root| root.join("cgroup.controllers").exists())?,
        _ => return None,
    };
    Some(root.join(path.trim_start_matches('/')))
}

/// A branch can be removed from its ends only, and only when no process is left in it.
fn remove(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path());
        }
    }
    if let Err(why) = fs::remove_dir(folder) {
        crate::tell(&format!("{} stays: {why}", folder.display()));
    }
}

#[test]
fn only_the_hierarchies_of_systemd_are_entered() {
    assert_eq!(hierarchy("9:name=systemd:/"), Some(PathBuf::from("/sys/fs/cgroup/systemd/")));
    assert_eq!(hierarchy("4:memory:/process"), None);
}

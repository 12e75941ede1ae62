//! Root at work on a box that does not run: what it leaves is the box's own.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::rig::{BINARY, Home};
use crate::{is_root, skip};

const SOMEBODY: u32 = 65_534;

/// The folder and everything in it.
fn all_in(path: &Path) -> Vec<PathBuf> {
    let mut all = vec![path.to_owned()];
    if path.is_dir() {
        let inside = std::fs::read_dir(path).expect("a folder");
        all.extend(inside.flat_map(|entry| all_in(&entry.expect("an entry").path())));
    }
    all
}

fn owner(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).expect("it is there").uid()
}

/// A box of somebody else, without a lock.
fn of_somebody() -> Option<Home> {
    if !is_root() {
        skip("root did not work in a folder of another user", "the test does not run as root");
        return None;
    }
    let home = Home::new();
    let above = home.data().parent().expect("a folder").to_owned();
    std::fs::set_permissions(above, std::fs::Permissions::from_mode(0o755)).expect("root may");
    std::fs::remove_file(home.data().join("lock")).expect("it was locked");
    let give = |path: &PathBuf| chown(path, Some(SOMEBODY), Some(SOMEBODY)).expect("root may");
    all_in(&home.data()).iter().for_each(give);
    Some(home)
}

fn verb(home: &Home, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(BINARY);
    command.env_clear().args(arguments).arg("--data").arg(home.data());
    let output = command.output().expect("the program was built for this test");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_root_changes_in_a_stopped_box_belongs_to_the_boxs_user() {
    let Some(home) = of_somebody() else { return };

    for arguments in [&["setup-link"][..], &["workspace", "list"], &["status"]] {
        let (code, said) = verb(&home, arguments);
        assert_eq!(code, Some(0), "{said}");
    }

    let all = all_in(&home.data());
    assert!(all.contains(&home.data().join("lock")));
    let foreign: Vec<&PathBuf> = all.iter().filter(|path| owner(path) != SOMEBODY).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn a_lock_that_leads_elsewhere_is_not_followed() {
    let home = Home::new();
    let (lock, elsewhere) = (home.data().join("lock"), home.path("elsewhere"));
    std::fs::remove_file(&lock).expect("it was locked");
    symlink(&elsewhere, &lock).expect("a link");

    let (code, said) = verb(&home, &["setup-link"]);

    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("symbolic link"), "{said}");
    assert!(!elsewhere.exists(), "a file was made where the link leads");
}

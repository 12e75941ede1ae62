//! Faults of backups: what lies at a target, who else writes there, where the target is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scene::Scene;

/// The parts of all bases below a folder.
fn parts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let below = |path: PathBuf| if path.is_dir() { parts(&path) } else { vec![path] };
    let mut all: Vec<PathBuf> = entries.flat_map(below).collect();
    all.retain(|path| path.to_string_lossy().contains("part"));
    all
}

/// Changes a bit of every part of every backup at the target, as a bad disk does.
pub(crate) fn damage_backups(scene: &Scene) {
    let damaged = parts(&scene.path("target"));
    assert!(!damaged.is_empty(), "nothing lies at the target");
    for part in &damaged {
        let mut bytes = fs::read(part).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(part, bytes).unwrap();
    }
}

#[test]
fn backup_damaged() {
    let scene = Scene::new();
    damage_backups(&scene);
    scene.is_well("backup-damaged");
    let _served = scene.serve();

    scene.said(&["backup", "verify"]);

    let fix = format!("holdfast backup run --data {}", scene.text("data"));
    scene.finds("backup-damaged", "warning", "Disk: ", &fix);
    scene.runs_fix("backup-damaged");
}

#[test]
fn backup_superseded() {
    let scene = Scene::new();
    let mut copy = Command::new("cp");
    let copied = copy.arg("-a").arg(scene.path("data")).arg(scene.path("other")).status();
    assert!(copied.unwrap().success());
    let other = scene.serve_on("other");
    let made = scene.command_on("other", &["backup", "run", "--json"]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    drop(other);
    let _served = scene.serve();
    scene.is_well("backup-superseded");

    let refused = scene.holdfast(&["backup", "run"]);

    assert!(!refused.status.success());
    let cause = "Another box with this one's identity writes there";
    let living = format!("holdfast backup living --data {}", scene.text("data"));
    scene.finds("backup-superseded", "warning", cause, &living);
    let off = "systemctl disable --now holdfast.socket holdfast.service  # if the other one lives";
    scene.finds("backup-superseded", "warning", cause, off);
    scene.runs(&living);
    scene.is_well("backup-superseded");
    assert_eq!(scene.said(&["backup", "run"])["level"], "verified");
}

#[test]
fn backup_same_disk() {
    let scene = Scene::new();
    let fix = "holdfast backup target add --name Elsewhere --folder /media/DISK";
    scene.finds("backup-same-disk", "hint", "On the disk of the data: Disk.", fix);
    let memory = Path::new("/dev/shm");
    if !memory.is_dir() {
        eprintln!("SKIPPED: the end of backup_same_disk, because there is no /dev/shm");
        return;
    }
    let elsewhere = tempfile::tempdir_in(memory).unwrap();
    let folder = elsewhere.path().to_str().unwrap();
    scene.said(&["backup", "target", "add", "--name", "Elsewhere", "--folder", folder]);
    scene.is_well("backup-same-disk");
}

//! Faults of the files of a box.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rusqlite::params;

use crate::scene::{Scene, open};

pub(crate) fn workspace_file(scene: &Scene) -> PathBuf {
    let entries = fs::read_dir(scene.path("data/workspaces")).expect("a folder").flatten();
    let mut files = entries.map(|entry| entry.path());
    files.find(|path| path.extension().is_some_and(|kind| kind == "db")).expect("a workspace")
}

#[test]
fn data_missing() {
    let scene = Scene::new();
    fs::rename(scene.path("data"), scene.path("moved")).unwrap();
    scene.finds("data-missing", "failed", "is no folder", "ls -ld ");
    fs::create_dir(scene.path("data")).unwrap();
    scene.finds("data-missing", "failed", "There is no box", "holdfast serve --data");
    fs::remove_dir(scene.path("data")).unwrap();
    fs::rename(scene.path("moved"), scene.path("data")).unwrap();
    scene.is_well("data-missing");
}

#[test]
fn config_invalid() {
    let scene = Scene::new();
    scene.config("[logs]\nlevl = \"info\"\n");
    scene.finds("config-invalid", "failed", "did you mean logs.level?", "holdfast config check");
    // What is right of the file counts all the same.
    scene.is_well("data-missing");
    scene.config("[logs]\nlevel = \"info\"\n");
    scene.is_well("config-invalid");
}

#[test]
fn config_elsewhere_and_variables_ignored() {
    let mut scene = Scene::new();
    scene.variable("HOLDFAST_LOGS__LEVEL", "warn");
    scene.variable("HOLDFAST_PORT", "443");
    scene.finds(
        "config-elsewhere",
        "hint",
        "logs.level (env HOLDFAST_LOGS__LEVEL)",
        "show --origin",
    );
    scene.finds(
        "variables-ignored",
        "warning",
        "HOLDFAST_PORT is no setting",
        "unset HOLDFAST_PORT",
    );
    scene.without("HOLDFAST_LOGS__LEVEL");
    scene.without("HOLDFAST_PORT");
    scene.is_well("variables-ignored");
}

#[test]
fn config_open() {
    let scene = Scene::new();
    scene.mode("holdfast.toml", 0o666);
    scene.finds("config-open", "failed", "has mode 666", "chmod go-w ");
    scene.mends("config-open");
    assert_eq!(fs::metadata(scene.path("holdfast.toml")).unwrap().mode() & 0o777, 0o644);
    scene.config("[monitoring]\ntoken = \"a-planted-token-of-monitoring\"\n");
    scene.mode("holdfast.toml", 0o644);
    scene.finds("config-open", "warning", "holds a secret", "chmod o= ");
    scene.runs_fix("config-open");
}

#[test]
fn modes_open() {
    let scene = Scene::new();
    let file = workspace_file(&scene);
    let name = file.strip_prefix(scene.path("")).unwrap().to_str().unwrap().to_owned();
    scene.mode(&name, 0o644);
    scene.mode("data/tls", 0o755);
    scene.finds(
        "modes-open",
        "warning",
        "Others may at",
        "holdfast doctor --fix --only modes-open",
    );
    scene.runs_fix("modes-open");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn modes_open_of_a_running_box_are_mended_by_the_box_and_written_down() {
    let scene = Scene::new();
    let served = scene.serve();
    scene.mode("data/tls", 0o755);
    let done = scene.mends("modes-open");
    assert_eq!(done, ["Set tls from 755 to 700."]);
    drop(served);
    let file = open(&scene.path("data/system.db"));
    let count: i64 = file
        .query_row(
            "SELECT count(*) FROM audit_entries WHERE action = 'box.doctor.fixed'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(count, 1);
}

#[test]
fn owner_wrong() {
    let scene = Scene::new();
    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: owner_wrong, because only root gives files away");
        return;
    }
    std::os::unix::fs::chown(scene.path("data/tls/leaf.pem"), Some(12_345), None).unwrap();
    scene.finds("owner-wrong", "failed", "tls/leaf.pem", "chown -R --reference=");
    scene.runs_fix("owner-wrong");
    std::os::unix::fs::chown(scene.path("data/system.db"), Some(12_345), None).unwrap();
    scene.mends("owner-wrong");
}

#[test]
fn master_key_missing() {
    let scene = Scene::new();
    fs::rename(scene.path("data/master.key"), scene.path("copy")).unwrap();
    scene.finds("master-key-missing", "failed", "there is no master.key", "install -m 600 COPY/");
    fs::rename(scene.path("copy"), scene.path("data/master.key")).unwrap();
    scene.is_well("master-key-missing");
}

#[test]
fn master_key_readable() {
    let scene = Scene::new();
    scene.mode("data/master.key", 0o644);
    scene.finds("master-key-readable", "failed", "has mode 644", "chmod 600 ");
    scene.mends("master-key-readable");
    scene.is_well("master-key-another");
}

#[test]
fn master_key_another() {
    let scene = Scene::new();
    let right = fs::read(scene.path("data/master.key")).unwrap();
    fs::write(scene.path("data/master.key"), "ab".repeat(32)).unwrap();
    scene.finds("master-key-another", "failed", "not the one", "install -m 600 COPY/");
    fs::write(scene.path("data/master.key"), "half").unwrap();
    scene.finds("master-key-another", "failed", "it holds no key", "install -m 600 COPY/");
    fs::write(scene.path("data/master.key"), right).unwrap();
    scene.is_well("master-key-another");
}

#[test]
fn databases_damaged() {
    let scene = Scene::new();
    let file = workspace_file(&scene);
    let whole = fs::read(&file).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2 / 4_096 * 4_096;
    damaged[middle..middle + 4_096].fill(0x5a);
    fs::write(&file, &damaged).unwrap();
    scene.finds("databases-damaged", "failed", "Damaged: workspaces/", "holdfast restore --from");
    fs::write(&file, whole).unwrap();
    scene.is_well("databases-damaged");
}

#[test]
fn log_too_large() {
    let scene = Scene::new();
    scene.config("[storage]\ncheckpoint_bytes = 65536\n");
    scene.sql("CREATE TABLE planted (text TEXT); INSERT INTO planted VALUES (zeroblob(3000000));");
    let log = scene.path("data/system.db-wal");
    assert!(fs::metadata(&log).unwrap().len() > 1_048_576);
    scene.finds("log-too-large", "warning", "system.db", "holdfast doctor --fix --only log-too");
    scene.runs_fix("log-too-large");
    assert_eq!(fs::metadata(&log).map_or(0, |about| about.len()), 0);
    let file = open(&scene.path("data/system.db"));
    let kept: i64 = file.query_row("SELECT count(*) FROM planted", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 1, "the log was folded in, not cut off");
}

#[test]
fn data_newer() {
    let scene = Scene::new();
    scene.sql("INSERT INTO applied_migrations VALUES ('system', 9999, 'x', 0)");
    scene.finds("data-newer", "warning", "step 9999", "apt-get install --only-upgrade holdfast");
    scene.sql("DELETE FROM applied_migrations WHERE number = 9999");
    scene.is_well("data-newer");
}

#[test]
fn audit_broken() {
    let scene = Scene::new();
    let file = open(&scene.path("data/system.db"));
    let last: (i64, String) = file
        .query_row("SELECT seq, changes FROM audit_entries ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let set = "UPDATE audit_entries SET changes = ? WHERE seq = ?";
    file.execute(set, params!["{\"altered\":\"1\"}", last.0]).unwrap();
    scene.finds("audit-broken", "failed", "it was altered", "holdfast audit verify");
    file.execute(set, params![last.1, last.0]).unwrap();
    scene.is_well("audit-broken");
}

#[test]
fn leftovers() {
    let scene = Scene::new();
    let left = scene.path("data/tls/leaf.new");
    fs::write(&left, "half").unwrap();
    scene.is_well("leftovers");
    #[expect(clippy::disallowed_methods, reason = "the clock of files is the system's")]
    let old = SystemTime::now() - Duration::from_hours(2);
    File::options().write(true).open(&left).unwrap().set_modified(old).unwrap();
    scene.finds("leftovers", "hint", "tls/leaf.new", "holdfast doctor --fix --only leftovers");
    let done = scene.mends("leftovers");
    assert_eq!(done, ["Removed tls/leaf.new, 4 bytes."]);
    assert!(!left.exists());
}

#[test]
fn socket_stale() {
    let scene = Scene::new();
    let path = scene.path("data/control.sock");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let socket = rustix::fs::FileType::Socket;
    rustix::fs::mknodat(rustix::fs::CWD, &path, socket, mode, 0).unwrap();
    scene.finds("socket-stale", "hint", "of a process that is gone", "rm ");
    scene.mends("socket-stale");
    assert!(!path.exists());
}

#[test]
fn disk_low_inodes_low_and_read_only() {
    let mut scene = Scene::new();
    scene.host("/statvfs", "50000000 100000000000 9 1000 1");
    scene.finds("disk-low", "failed", "50.0 MB of 100.0 GB", "journalctl --vacuum-size");
    scene.finds("inodes-low", "failed", "9 of 1000", "du --inodes");
    scene.finds("data-read-only", "failed", "read only", "mount -o remount,rw ");
    scene.host("/statvfs", "50000000000 100000000000 900 1000 0");
    for code in ["disk-low", "inodes-low", "data-read-only"] {
        scene.is_well(code);
    }
}

#[test]
fn file_system() {
    let scene = Scene::new();
    let memory = std::path::Path::new("/dev/shm");
    if !memory.is_dir() {
        eprintln!("SKIPPED: file_system, because there is no /dev/shm");
        return;
    }
    let there = tempfile::tempdir_in(memory).unwrap();
    let data = there.path().join("data");
    let mut copy = std::process::Command::new("cp");
    let copied = copy.arg("-a").arg(scene.path("data")).arg(&data).status();
    assert!(copied.unwrap().success());
    fs::rename(scene.path("data"), scene.path("moved")).unwrap();
    std::os::unix::fs::symlink(&data, scene.path("data")).unwrap();
    scene.finds("file-system", "failed", "tmpfs", "cp -a ");
    fs::remove_file(scene.path("data")).unwrap();
    fs::rename(scene.path("moved"), scene.path("data")).unwrap();
    scene.is_well("file-system");
}

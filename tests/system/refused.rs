//! What keeps a box from starting: one clear line, an exit code, and no damage.

use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use holdfast::platform::clock::Clock;

use crate::rig::{BINARY, Home, Manager, handed, listener};
use crate::{is_root, skip};

const YEAR: Duration = Duration::from_hours(24 * 365);
/// Where SQLite keeps what a program calls its version of a file.
const USER_VERSION_AT: u64 = 60;

fn serve(data: &Path, more: &[&str]) -> Output {
    Command::new(BINARY)
        .env_clear()
        .env("HOLDFAST_SERVER__HTTPS", "127.0.0.1:0")
        .args(["serve", "--data"])
        .arg(data)
        .args(more)
        .stdin(Stdio::null())
        .output()
        .expect("the program was built for this test")
}

/// The one line on standard error, and the exit code.
fn refused(output: &Output) -> (i32, String) {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.lines().count(), 1, "not one line: {said}");
    (output.status.code().expect("it ended by itself"), said)
}

/// It starts as if nothing had been.
fn still_starts(home: &Home) {
    let (socket, _) = listener();
    Manager::new(home).serve(vec![handed(&socket)], "https").stop();
}

#[test]
fn a_port_that_is_taken() {
    let home = Home::new();
    let (_taken, address) = listener();

    let output = serve(&home.data(), &["--https", &address.to_string()]);

    let (code, said) = refused(&output);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(&format!("{address} cannot be listened on")), "{said}");
    still_starts(&home);
}

#[test]
fn a_second_box_on_the_same_data() {
    let home = Home::new();
    let manager = Manager::new(&home);
    let (socket, _) = listener();
    let running = manager.serve(vec![handed(&socket)], "https");

    let (code, said) = refused(&serve(&home.data(), &[]));

    assert_eq!(code, 1, "{said}");
    assert!(said.contains("Another process is using"), "{said}");
    running.stop();
}

#[test]
fn data_of_another_user() {
    if !is_root() {
        return skip("no folder was given to another user", "the test does not run as root");
    }
    let home = Home::new();
    chown(home.data(), Some(65_534), None).expect("root may");

    let (code, said) = refused(&serve(&home.data(), &[]));

    assert_eq!(code, 4, "{said}");
    assert!(said.contains("belongs to user 65534"), "{said}");
    chown(home.data(), Some(0), None).expect("root may");
    still_starts(&home);
}

#[test]
fn data_of_a_version_that_this_one_cannot_follow() {
    let home = Home::new();
    let path = home.data().join("system.db");
    let write = |version: u32| {
        let mut file = std::fs::File::options().write(true).open(&path).expect("a file");
        file.seek(SeekFrom::Start(USER_VERSION_AT)).expect("a place");
        file.write_all(&version.to_be_bytes()).expect("it is written");
    };
    write(99);

    let (code, said) = refused(&serve(&home.data(), &[]));

    assert_eq!(code, 5, "{said}");
    assert!(said.contains("written by a newer version"), "{said}");
    // The release before runs on the files of this one.
    write(2);
    still_starts(&home);
}

#[test]
fn settings_that_nobody_knows() {
    let home = Home::new();
    let file = home.path("holdfast.toml");
    std::fs::write(&file, "[server]\nhttsp = \"[::]:443\"\n").expect("a file");

    let output = serve(&home.data(), &["--config", file.to_str().expect("a path")]);

    let (code, said) = refused(&output);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("server.httsp is not a setting"), "{said}");
    assert!(said.contains("holdfast.toml:2"), "{said}");
    still_starts(&home);
}

/// Runs a script where mounts are its own; `$1` is the program, `$2` a folder.
fn apart(script: &str, folder: &Path) -> Option<Output> {
    let output = Command::new("unshare")
        .args(["-m", "sh", "-ec", script, "sh", BINARY])
        .arg(folder)
        .stdin(Stdio::null())
        .output();
    // Whether mounts are allowed here at all.
    let may = Command::new("unshare").args(["-m", "mount", "-t", "tmpfs", "x", "/mnt"]).output();
    output.ok().filter(|_| may.is_ok_and(|may| may.status.success()))
}

#[test]
fn a_folder_that_cannot_be_written() {
    let home = Home::new();
    let script = r#"mount --bind "$2" "$2"; mount -o remount,bind,ro "$2"
        exec "$1" serve --https 127.0.0.1:0 --data "$2""#;

    let Some(output) = apart(script, &home.data()) else {
        return skip("no folder was made read-only", "mounts are not allowed here");
    };

    let (code, said) = refused(&output);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("cannot be written"), "{said}");
    assert!(said.contains(home.data().to_str().expect("a path")), "{said}");
    still_starts(&home);
}

#[test]
fn a_disk_that_is_full() {
    let folder = tempfile::tempdir().expect("a folder");
    // The first start fails; with room the second one goes on with what the first one left.
    let script = r#"mount -t tmpfs -o size=128k tmpfs "$2"
        status=0; "$1" serve --https 127.0.0.1:0 --data "$2/data" >/dev/null || status=$?
        mount -o remount,size=200m "$2"; : >"$2/log"
        "$1" serve --https 127.0.0.1:0 --data "$2/data" >"$2/log" & box=$!
        while ! grep -q ' ready' "$2/log"; do kill -0 $box; done
        kill $box; wait $box
        exit $status"#;

    let Some(output) = apart(script, folder.path()) else {
        return skip("no disk was filled", "mounts are not allowed here");
    };

    let (code, said) = refused(&output);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("full"), "{said}");
}

#[test]
fn a_clock_that_is_a_year_off_is_told_and_the_box_starts() {
    let now = Clock::System.now();
    for (then, said) in [(now.plus(YEAR), "which is later"), (now.minus(YEAR), "365 days after")] {
        let home = Home::at(&Clock::fixed(then));
        let manager = Manager::new(&home);
        let (socket, _) = listener();

        let running = manager.serve(vec![handed(&socket)], "https");

        running.stop();
        let log = home.log();
        let lines: Vec<&str> = log.lines().filter(|line| line.contains("The clock says")).collect();
        assert_eq!(lines.len(), 1, "{log}");
        assert!(lines[0].contains(said) && lines[0].contains("WARN"), "{lines:?}");
    }
}

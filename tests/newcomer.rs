//! Somebody clones the repository and types `make run`, nothing else.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Kills `make` with everything it started, also when the test fails.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
        assert!(killed.is_ok(), "the box could not be ended");
        self.0.wait().expect("make ended");
    }
}

#[test]
fn make_run_alone_in_an_empty_clone_starts_a_box_and_prints_the_link() {
    let root = env!("CARGO_MANIFEST_DIR");
    if let Some(missing) = ["git", "make", "npm", "curl"].iter().find(|tool| !is_there(tool)) {
        #[expect(clippy::print_stderr, reason = "a skipped test says why")]
        {
            eprintln!("SKIPPED: {missing} is not installed, so nobody could type make run");
        }
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clone = folder.path().join("clone");
    let cloned = Command::new("git")
        .args(["clone", "--quiet", "--depth", "1", &format!("file://{root}")])
        .arg(&clone)
        .status();
    assert!(cloned.is_ok_and(|status| status.success()), "the repository cannot be cloned");

    let (group, printed) = make_run(&clone);

    let address = printed.iter().find_map(|line| address_in(line)).expect("where it listens");
    assert!(
        printed.iter().any(|line| line.contains("/setup#token=")),
        "no set-up link was printed: {printed:#?}"
    );
    let page = Command::new("curl")
        .args(["--silent", "--insecure", &format!("https://{address}/setup")])
        .output()
        .expect("an answer");
    let page = String::from_utf8_lossy(&page.stdout).into_owned();
    assert!(page.contains("<script"), "the web UI was not built: {page}");
    drop(group);
}

/// A target folder of its own, so that the program under test stays what it is. The libraries
/// that cargo has built already are linked in; they are the same for everybody.
fn target_folder() -> PathBuf {
    let built = Path::new(env!("CARGO_BIN_EXE_holdfast")).parent().expect("a profile's folder");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("newcomer");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("the folder of an earlier run");
    }
    let debug = folder.join("debug");
    std::fs::create_dir_all(&debug).expect("a target folder");
    for part in ["deps", "build", ".fingerprint"] {
        let linked = Command::new("cp").arg("-al").arg(built.join(part)).arg(&debug).status();
        assert!(linked.is_ok_and(|status| status.success()), "{part} cannot be linked");
    }
    folder
}

/// Types `make run` and reads what it prints until the box is ready.
fn make_run(clone: &Path) -> (Group, Vec<String>) {
    let mut child = Command::new("make")
        .args(["run", "HTTPS=127.0.0.1:0"])
        .current_dir(clone)
        .env("CARGO_TARGET_DIR", target_folder())
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .process_group(0)
        .spawn()
        .expect("make starts");
    let output = child.stdout.take().expect("piped");
    let group = Group(child);
    let mut printed = Vec::new();
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let is_ready = line.contains(" ready ");
        printed.push(line);
        if is_ready {
            return (group, printed);
        }
    }
    panic!("make run ended without a box: {printed:#?}");
}

/// The address in the line that says `ready`.
fn address_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(" ready ")?;
    let (_, rest) = rest.split_once("https=")?;
    Some(rest.split_whitespace().next()?.trim_matches('"').to_owned())
}

fn is_there(tool: &str) -> bool {
    Command::new(tool).arg("--version").stdout(Stdio::null()).status().is_ok()
}

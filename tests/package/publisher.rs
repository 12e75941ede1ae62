//! Whoever publishes releases, with one key for each role, and the feed that boxes read.

use std::path::{Path, PathBuf};
use std::process::Command;

const PASSPHRASE: &str = "lantern otter mosaic";
const ROLES: [&str; 4] = ["root", "release", "snapshot", "timestamp"];

/// A publisher at work. What was published is gone with the value.
pub(crate) struct Publisher {
    folder: tempfile::TempDir,
}

/// A release as it is handed in.
pub(crate) struct New<'a> {
    pub(crate) program: &'a Path,
    pub(crate) version: &'a str,
    pub(crate) channel: &'a str,
}

impl Publisher {
    /// One whose feed holds these releases, the oldest first.
    pub(crate) fn of(releases: &[New<'_>]) -> Self {
        let publisher = Self { folder: tempfile::tempdir().expect("a folder") };
        for role in ROLES {
            publisher.does(&["keygen", "--role", role, "--out", role]);
        }
        let keys = ROLES.map(|role| [format!("--{role}-key"), format!("{role}.pub")]).concat();
        let mut init = vec!["init", "--feed", "feed", "--threshold", "1"];
        init.extend(keys.iter().map(String::as_str));
        publisher.does(&init);
        publisher.does(&["sign", "--feed", "feed", "--key", "root"]);
        publisher.publishes();
        let notes = publisher.folder.path().join("notes.md");
        std::fs::write(notes, "It is better.\n").expect("a written file");
        for one in releases {
            publisher.adds(one);
        }
        publisher
    }

    /// Publishes one more.
    pub(crate) fn adds(&self, New { program, version, channel }: &New<'_>) {
        let program = program.to_str().expect("a plain path");
        let about = ["--binary", program, "--version", version, "--channel", channel];
        let add = ["add", "--feed", "feed", "--notes", "notes.md"];
        self.does(&[&add[..], &about].concat());
        self.publishes();
    }

    /// Writes what boxes in the stable channel get into one file.
    pub(crate) fn writes_bundle(&self, to: &Path) {
        let to = to.to_str().expect("a plain path");
        self.does(&["bundle", "--feed", "feed", "--out", to]);
    }

    /// Signs what waits, and says that it is the newest.
    fn publishes(&self) {
        self.does(&["sign", "--feed", "feed", "--key", "release"]);
        let keys = ["--key", "timestamp", "--snapshot-key", "snapshot"];
        self.does(&[&["timestamp", "--feed", "feed"][..], &keys].concat());
    }

    /// What boxes read.
    pub(crate) fn feed(&self) -> PathBuf {
        self.folder.path().join("feed")
    }

    fn does(&self, arguments: &[&str]) {
        let output = Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .env_clear()
            .env("HOLDFAST_RELEASE_PASSPHRASE", PASSPHRASE)
            .current_dir(self.folder.path())
            .arg("release")
            .args(arguments)
            .output()
            .expect("the program was built for this test");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }
}

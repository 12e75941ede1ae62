//! A feed and the people who publish it, each with a key in a folder of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;

use crate::small::binary;

const PASSPHRASE: &str = "lantern otter mosaic";

/// The folder of one test.
pub struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A scene with the keys of all roles: two people with a root key and a release key each, and
    /// the machine that publishes with a snapshot key and a timestamp key.
    pub fn with_keys() -> Self {
        static KEYS: LazyLock<Scene> = LazyLock::new(|| {
            let scene = Scene::new();
            let names = ["root-ana", "root-ivo", "release-ana", "release-ivo"];
            names.into_iter().chain(["snapshot", "timestamp"]).for_each(|name| scene.key(name));
            scene
        });
        KEYS.again()
    }

    /// A scene with a feed that was signed by both people and can be read, without releases.
    pub fn published() -> Self {
        static FEED: LazyLock<Scene> = LazyLock::new(|| {
            let scene = Scene::with_keys();
            scene.init(2);
            for key in ["root-ana", "root-ivo", "release-ana", "release-ivo"] {
                scene.ok(&["sign", "--feed", "feed", "--key", key]);
            }
            scene.stamp();
            scene
        });
        FEED.again()
    }

    /// The same once more, since a passphrase takes its time to open a key.
    fn again(&self) -> Self {
        let scene = Self::new();
        for (name, bytes) in files(self.folder.path()) {
            let path = scene.path("").join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, bytes).expect("a file");
        }
        scene
    }

    /// Makes a key whose role is the first word of its name.
    pub fn key(&self, name: &str) {
        let role = name.split('-').next().expect("a role");
        self.ok(&["keygen", "--role", role, "--out", name]);
    }

    pub fn init(&self, threshold: u64) {
        let threshold = threshold.to_string();
        let public = |name: &str| format!("{name}.pub");
        let keys = [
            ("--root-key", "root-ana"),
            ("--root-key", "root-ivo"),
            ("--release-key", "release-ana"),
            ("--release-key", "release-ivo"),
            ("--snapshot-key", "snapshot"),
            ("--timestamp-key", "timestamp"),
        ];
        let keys = keys.map(|(option, name)| [option.to_owned(), public(name)]).concat();
        let mut arguments = vec!["init", "--feed", "feed", "--threshold", &threshold];
        arguments.extend(keys.iter().map(String::as_str));
        self.ok(&arguments);
    }

    /// Has the machine that publishes sign.
    pub fn stamp(&self) -> Value {
        let keys = ["--key", "timestamp", "--snapshot-key", "snapshot"];
        self.ok(&[&["timestamp", "--feed", "feed"][..], &keys].concat())
    }

    /// Has both people sign, and publishes.
    pub fn publish(&self) {
        for key in ["release-ana", "release-ivo"] {
            self.ok(&["sign", "--feed", "feed", "--key", key]);
        }
        self.stamp();
    }

    /// Adds a small binary of a version, with notes.
    pub fn add(&self, version: &str, more: &[&str]) -> Value {
        self.write("binary", &binary(version, "x86_64", 7));
        self.write("notes.md", format!("# {version}\n\nIt is better.\n").as_bytes());
        let arguments = ["add", "--feed", "feed", "--binary", "binary", "--version", version];
        self.ok(&[&arguments[..], &["--notes", "notes.md"], more].concat())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("a file");
    }

    /// What a file of metadata says.
    pub fn metadata(&self, name: &str) -> Value {
        let path = self.path("feed/metadata").join(name);
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        serde_json::from_slice(&bytes).expect("JSON")
    }

    pub fn has(&self, name: &str) -> bool {
        self.path("feed/metadata").join(name).exists()
    }

    /// Calls `holdfast release` in the folder of the scene.
    pub fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .env_clear()
            .env("HOLDFAST_RELEASE_PASSPHRASE", PASSPHRASE)
            .current_dir(self.folder.path())
            .arg("release")
            .args(arguments)
            .arg("--json")
            .output()
            .expect("the program was built for this test")
    }

    /// The same, which has to go well; what it says.
    pub fn ok(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// The same, which has to fail with this code; what it says on standard error.
    pub fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }
}

/// Every file below a folder, with what is in it.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut next = vec![folder.to_owned()];
    while let Some(at) = next.pop() {
        for entry in fs::read_dir(&at).expect("a folder").map_while(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                next.push(path);
            } else {
                let bytes = fs::read(&path).expect("a file");
                found.push((path.strip_prefix(folder).expect("below").to_owned(), bytes));
            }
        }
    }
    found.sort();
    found
}

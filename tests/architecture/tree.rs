//! The files of the repository, or planted ones, as the rules see them.

use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

use crate::rust::Scan;

/// Folders that hold code of ours. Everything else is not looked at.
const ROOTS: [&str; 5] = ["src", "tests", "benches", "migrations", "web/src"];
const KINDS: [&str; 5] = ["rs", "sql", "ts", "tsx", "css"];

pub(crate) struct File {
    /// Relative to the repository, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
    scan: OnceLock<Scan>,
}

impl File {
    fn new(path: String, text: String) -> Self {
        Self { path, text, scan: OnceLock::new() }
    }

    /// What a Rust file says; read once for all rules.
    pub(crate) fn scan(&self) -> &Scan {
        self.scan.get_or_init(|| Scan::of(self))
    }

    /// The name without folders and without what follows the first point.
    pub(crate) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.split('.').next().unwrap_or_default()
    }

    pub(crate) fn has_extension(&self, kinds: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, kind)| kinds.contains(&kind))
    }

    /// Whether it only holds tests.
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.stem() == "tests"
            || self.path.ends_with(".test.ts")
            || self.path.ends_with(".test.tsx")
    }

    pub(crate) fn folders(&self) -> impl Iterator<Item = &str> {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        folder.split('/')
    }
}

#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
}

impl Tree {
    pub(crate) fn of_repository() -> &'static Self {
        static TREE: OnceLock<Tree> = OnceLock::new();
        TREE.get_or_init(|| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let mut tree = Self::default();
            for folder in ROOTS {
                tree.read(root, &root.join(folder));
            }
            assert!(!tree.files.is_empty(), "no file of ours was found");
            tree
        })
    }

    /// A tree in memory, to plant violations in.
    pub(crate) fn planted(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File::new((*path).to_owned(), (*text).to_owned());
        Self { files: files.iter().map(file).collect() }
    }

    fn read(&mut self, root: &Path, folder: &Path) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                if path.file_name().is_none_or(|name| name != "node_modules") {
                    self.read(root, &path);
                }
                continue;
            }
            let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
            let is_released = path.file_name().is_some_and(|name| name == "RELEASED");
            if !KINDS.contains(&kind) && !is_released {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("source files are text");
            let path = path.strip_prefix(root).expect("it was found below the root");
            self.files.push(File::new(path.display().to_string(), text));
        }
    }

    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.has_extension(&["rs"]))
    }

    pub(crate) fn web(&self) -> impl Iterator<Item = &File> {
        let is_web = |file: &&File| {
            file.path.starts_with("web/src/") && file.has_extension(&["ts", "tsx", "css"])
        };
        self.files.iter().filter(is_web)
    }
}

/// A rule that does not hold, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    pub(crate) path: String,
    /// Counted from 1; 0 means the whole file.
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl Violation {
    pub(crate) fn new(file: &File, line: usize, what: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

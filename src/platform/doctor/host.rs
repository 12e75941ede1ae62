//! The machine's own files. Tests of development builds lay planted ones over them.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the machine describes itself: `/proc`, `/sys`, `/etc`, `/run`.
#[derive(Debug, Clone, Default)]
pub struct Host {
    planted: Option<PathBuf>,
}

impl Host {
    /// The machine as it is; development builds take what a test planted instead.
    pub fn of_machine() -> Self {
        #[cfg(debug_assertions)]
        if let Some(folder) = std::env::var_os("HOLDFAST_TEST_HOST") {
            return Self { planted: Some(folder.into()) };
        }
        Self::default()
    }

    /// A file of the machine by its absolute path. A planted `.wh.NAME` says that there is none,
    /// as in the layers of containers.
    pub fn path(&self, at: &str) -> PathBuf {
        let Some(root) = &self.planted else { return at.into() };
        let planted = root.join(at.trim_start_matches('/'));
        let name = planted.file_name().unwrap_or_default().to_string_lossy();
        let is_there = |path: &Path| fs::symlink_metadata(path).is_ok();
        let is_hidden = is_there(&planted.with_file_name(format!(".wh.{name}")));
        if is_hidden || is_there(&planted) { planted } else { at.into() }
    }

    pub fn exists(&self, at: &str) -> bool {
        fs::symlink_metadata(self.path(at)).is_ok()
    }

    /// The text of a file; none when it cannot be read.
    pub fn read(&self, at: &str) -> Option<String> {
        let bytes = fs::read(self.path(at)).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A whole number that is all of a file.
    pub fn number(&self, at: &str) -> Option<u64> {
        self.read(at)?.trim().parse().ok()
    }

    /// Names in a folder; none when it cannot be read.
    pub fn names(&self, at: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(at)).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// Where a link of the machine leads.
    pub fn link(&self, at: &str) -> Option<PathBuf> {
        fs::read_link(self.path(at)).ok()
    }

    /// Whether a test decides what the machine says.
    pub fn is_planted(&self) -> bool {
        self.planted.is_some()
    }
}

/// The number behind a name in lines such as `oom_kill 3` or `MemAvailable:  12 kB`.
pub fn named_number(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let rest = line.strip_prefix(name)?.trim_start_matches(':');
        if !rest.starts_with(char::is_whitespace) {
            return None;
        }
        rest.split_whitespace().next()?.parse().ok()
    })
}

/// A path as text for messages.
pub fn text_of(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_by_its_whole_name() {
        let text = "low 1\noom_kill 3\noom_kill_all 4\nMemAvailable:   12 kB\n";
        assert_eq!(named_number(text, "oom_kill"), Some(3));
        assert_eq!(named_number(text, "MemAvailable"), Some(12));
        assert_eq!(named_number(text, "Mem"), None);
    }

    #[test]
    fn what_is_planted_lies_over_the_machine() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("proc/sys/kernel")).unwrap();
        fs::write(folder.path().join("proc/sys/kernel/osrelease"), "1.2.3\n").unwrap();
        let host = Host { planted: Some(folder.path().to_owned()) };

        assert_eq!(host.read("/proc/sys/kernel/osrelease").as_deref(), Some("1.2.3\n"));
        assert!(host.read("/proc/meminfo").is_some(), "the rest is the machine's");
        fs::write(folder.path().join("proc/.wh.meminfo"), "").unwrap();
        assert!(!host.exists("/proc/meminfo"), "what is hidden is not there");
    }
}

//! Backups of a box that is killed again and again.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use holdfast::platform::backups::archive::{COMMIT_FILE, Kit, unpack};
use serde_json::Value;

/// Where a box sends its backups, and the kit that opens them.
pub struct Backups {
    folder: PathBuf,
    data: PathBuf,
    /// Opened and found whole; nothing changes them.
    whole: Mutex<BTreeSet<PathBuf>>,
}

impl Backups {
    /// Has a box, which does not run, send its backups to a folder below `folder`.
    pub fn of(data: &Path, folder: PathBuf) -> Self {
        let backups = Self { folder, data: data.to_owned(), whole: Mutex::default() };
        fs::create_dir_all(backups.target()).expect("a folder");
        let path = |path: PathBuf| path.to_str().expect("a plain path").to_owned();
        let (kit, target) = (path(backups.kit()), path(backups.target()));
        for arguments in [
            vec!["kit", "create", "--out", &kit],
            vec!["target", "add", "--name", "Disk", "--folder", &target],
        ] {
            let done = backups.perform(&arguments);
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
        backups
    }

    fn kit(&self) -> PathBuf {
        self.folder.join("kit.txt")
    }

    fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    fn perform(&self, arguments: &[&str]) -> Output {
        self.command(arguments).arg("--json").output().expect("the command line")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
        command.arg("backup").args(arguments).arg("--data").arg(&self.data).stdin(Stdio::null());
        command
    }

    /// Asks the box for a backup until it is at its target (true) or something kept it from there.
    pub fn run_until_trouble(&self) -> bool {
        let mut command = self.command(&["run"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command line");
        let notes = BufReader::new(child.stderr.take().expect("piped")).lines();
        let trouble = notes.map_while(Result::ok).find(|line| line.contains("tried again"));
        if trouble.is_some() {
            child.kill().expect("the command line can be ended");
        }
        let done = child.wait_with_output().expect("the command line ended");
        trouble.is_none() && String::from_utf8_lossy(&done.stdout).contains("verified")
    }

    /// Asks the box for a backup and waits for it; None when the box ended meanwhile.
    pub fn run(&self) -> Option<Value> {
        let done = self.perform(&["run"]);
        let said = done.status.success().then_some(done.stdout);
        said.and_then(|said| serde_json::from_slice(&said).ok())
    }

    /// Opens everything that calls itself a backup, and compares with what the box says of it.
    pub fn find_false(&self) -> Result<usize, String> {
        let text = fs::read_to_string(self.kit()).map_err(|error| error.to_string())?;
        let kit = Kit::read(&text).map_err(|why| why.to_string())?;
        let mut whole = self.whole.lock().expect("no panic");
        let boxes = folders_in(&self.target());
        let bases: Vec<PathBuf> =
            boxes.iter().flat_map(|one| folders_in(&one.join("base"))).collect();
        whole.retain(|base| bases.contains(base));
        for base in &bases {
            if whole.contains(base) || !base.join(COMMIT_FILE).is_file() {
                continue;
            }
            let into = tempfile::tempdir().map_err(|error| error.to_string())?;
            unpack(base, &kit, into.path(), |_| {})
                .map_err(|why| format!("{} is no backup: {why}", base.display()))?;
            whole.insert(base.clone());
        }
        let listed = self.perform(&["list"]);
        let listed: Value = serde_json::from_slice(&listed.stdout)
            .map_err(|_| String::from_utf8_lossy(&listed.stderr).into_owned())?;
        for backup in listed["items"].as_array().ok_or("no list")? {
            let folder = backup["folder"].as_str().unwrap_or_default();
            let mut copies = backup["copies"].as_array().into_iter().flatten();
            let is_said = copies.any(|copy| copy["state"] == "there");
            if is_said && !whole.iter().any(|one| one.ends_with(folder)) {
                return Err(format!("{backup} is said to be at the target"));
            }
        }
        Ok(whole.len())
    }

    /// What is left on the box of backups on their way.
    pub fn left_over(&self) -> Vec<PathBuf> {
        folders_in(&self.data.join("spool/backups"))
    }
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

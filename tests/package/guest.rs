//! A Debian of its own for a test, booted by `systemd-nspawn`: its own processes, its own network
//! and no way out of it. What a test writes lies over a folder that is made once and kept.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::packing::is_here;

const SUITE: &str = "bookworm";
const PACKAGES: &str = "systemd,systemd-sysv,dbus,ca-certificates";
/// A guest that starts takes some seconds; one that does not will not.
const BOOT_WITHIN: Duration = Duration::from_secs(90);
/// The longest time one command may take, in seconds.
const COMMAND_TIMEOUT_S: &str = "120";
/// What `systemd-nspawn --keep-unit` ends with when the guest wants to be started again.
const AGAIN: i32 = 133;

/// A machine with systemd. It is gone with the value.
pub(crate) struct Guest {
    folder: tempfile::TempDir,
    nspawn: Child,
    /// The guest's first process, as this machine numbers it.
    leader: i32,
}

/// Why no guest can be started here.
pub(crate) fn impossible() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("this is not root, who alone may boot a guest".to_owned());
    }
    let needed = ["systemd-nspawn", "debootstrap", "nsenter", "setpriv", "curl"];
    let missing = needed.iter().find(|tool| !is_here(tool))?;
    Some(format!("there is no {missing}: apt-get install systemd-container debootstrap curl"))
}

/// The folder with a fresh Debian, made when it is not there; or why it could not be made.
fn debian() -> Result<PathBuf, String> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = cache.or_else(home).unwrap_or_else(std::env::temp_dir).join("holdfast-test");
    let ready = cache.join(SUITE);
    if ready.join("usr").is_dir() {
        return Ok(ready);
    }
    fs::create_dir_all(&cache).map_err(|why| why.to_string())?;
    // One makes it; whoever waited for that finds it made.
    let lock = fs::File::create(cache.join("making.lock")).map_err(|why| why.to_string())?;
    lock.lock().map_err(|why| why.to_string())?;
    if ready.join("usr").is_dir() {
        return Ok(ready);
    }
    let fresh = tempfile::Builder::new().prefix("making-").tempdir_in(&cache);
    let fresh = fresh.map_err(|why| why.to_string())?;
    crate::tell(&format!("Making a Debian to test in, once, in {}.", ready.display()));
    let output = Command::new("timeout")
        .args(["600", "debootstrap", "--variant=minbase", &format!("--include={PACKAGES}"), SUITE])
        .arg(fresh.path())
        .output()
        .expect("coreutils");
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let last = said.lines().last().unwrap_or("it says nothing").to_owned();
        return Err(format!("debootstrap made no Debian (offline?): {last}"));
    }
    fs::rename(fresh.keep(), &ready).map_err(|why| why.to_string())?;
    Ok(ready)
}

impl Guest {
    /// Boots a fresh machine; or says why there is none to be had.
    pub(crate) fn boot() -> Result<Self, String> {
        let debian = debian()?;
        let folder = tempfile::tempdir().expect("a folder");
        let [root, upper, work] = ["root", "upper", "work"].map(|name| folder.path().join(name));
        for one in [&root, &upper, &work] {
            fs::create_dir(one).expect("a folder");
        }
        let layers = format!(
            "lowerdir={},upperdir={},workdir={}",
            debian.display(),
            upper.display(),
            work.display()
        );
        let mounted = Command::new("mount")
            .args(["-t", "overlay", "overlay", "-o", &layers])
            .arg(&root)
            .output()
            .expect("util-linux");
        if !mounted.status.success() {
            // A file system that cannot lie under an overlay: a copy takes longer and does as well.
            let mut copy = Command::new("cp");
            copy.args(["-a", "--reflink=auto", "-T"]).arg(&debian).arg(&root);
            assert!(copy.status().expect("coreutils").success(), "no copy of the guest");
        }
        fs::write(root.join("etc/hostname"), "guest\n").expect("a written name");
        let nspawn = start(&root, folder.path())?;
        let mut guest = Self { folder, nspawn, leader: 0 };
        guest.await_boot(0);
        Ok(guest)
    }

    /// The guest's root, as this machine sees it.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// All that it takes is here: a guest that does not boot is a fault.
    fn await_boot(&mut self, before: i32) {
        let began = Instant::now();
        while began.elapsed() < BOOT_WITHIN {
            if let Some(ended) = self.nspawn.try_wait().expect("a child") {
                let is_wanted_again = ended.code() == Some(AGAIN);
                assert!(is_wanted_again, "systemd-nspawn ended: {}", self.console());
                self.nspawn = start(&self.root(), self.folder.path()).expect("systemd-nspawn");
            }
            self.leader = first_child(self.nspawn.id()).filter(|pid| *pid != before).unwrap_or(0);
            if self.leader != 0 && self.is_up() {
                return;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("the guest did not boot within {BOOT_WITHIN:?}: {}", self.console());
    }

    fn is_up(&self) -> bool {
        let state = self.command(&["systemctl", "is-system-running"]).output().expect("util-linux");
        matches!(String::from_utf8_lossy(&state.stdout).trim(), "running" | "degraded")
    }

    /// What the guest wrote to its console last.
    fn console(&self) -> String {
        let text = fs::read(self.folder.path().join("console")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        text.lines()
            .rev()
            .take(15)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Restarts the machine and waits until it is up again.
    pub(crate) fn reboot(&mut self) {
        let before = self.leader;
        self.sh("systemctl reboot");
        self.await_boot(before);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command
            .args(["--kill-after=5", COMMAND_TIMEOUT_S, "nsenter", "-a", "-t"])
            .arg(self.leader.to_string())
            .args(["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"])
            .args(["DEBIAN_FRONTEND=noninteractive"])
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Runs a script in the guest, whatever comes of it.
    pub(crate) fn try_sh(&self, script: &str) -> Output {
        self.command(&["sh", "-euc", script]).output().expect("util-linux")
    }

    /// Runs a script in the guest that has to work and gives what it printed, errors included.
    pub(crate) fn sh(&self, script: &str) -> String {
        let output = self.try_sh(script);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(
            output.status.success(),
            "`{script}` ended with {}:\n{said}\n{}",
            output.status,
            self.journal()
        );
        said
    }

    /// What the box logged last.
    pub(crate) fn journal(&self) -> String {
        let output =
            self.try_sh("journalctl -u holdfast -u holdfast.socket --no-pager -n 40 -o cat");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until a script ends well.
    pub(crate) fn until(&self, within: Duration, script: &str) -> Duration {
        let began = Instant::now();
        while !self.try_sh(script).status.success() {
            let waited = began.elapsed();
            assert!(waited < within, "after {waited:?} still not: {script}\n{}", self.journal());
            std::thread::sleep(Duration::from_millis(100));
        }
        began.elapsed()
    }

    /// Asks the guest's network for something with this machine's `curl`; gives status and body.
    pub(crate) fn curl(&self, arguments: &[&str]) -> (String, String) {
        let output = Command::new("timeout")
            .args(["60", "nsenter", "-n", "-t"])
            .arg(self.leader.to_string())
            .args(["curl", "--silent", "--show-error", "--insecure", "--max-time", "30"])
            .args(["--write-out", "\n%{http_code}"])
            .args(arguments)
            .output()
            .expect("util-linux");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = said.rsplit_once('\n').unwrap_or(("", &said));
        (status.to_owned(), format!("{body}{}", String::from_utf8_lossy(&output.stderr)))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // Told to end, it has the guest shut down.
        let pid = i32::try_from(self.nspawn.id()).ok().and_then(Pid::from_raw);
        if let (Some(pid), Ok(None)) = (pid, self.nspawn.try_wait()) {
            kill_process(pid, Signal::TERM).unwrap_or_default();
        }
        let began = Instant::now();
        while matches!(self.nspawn.try_wait(), Ok(None)) {
            if began.elapsed() > Duration::from_secs(20) {
                self.nspawn.kill().unwrap_or_default();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        // Nothing is mounted there where the guest is a copy.
        Command::new("umount").arg(self.root()).output().expect("util-linux");
    }
}

fn start(root: &Path, folder: &Path) -> Result<Child, String> {
    let console = fs::OpenOptions::new().create(true).append(true).open(folder.join("console"));
    let console = console.map_err(|why| why.to_string())?;
    let errors = console.try_clone().map_err(|why| why.to_string())?;
    let name = format!("holdfast-{}", std::process::id());
    // It ends with this process, however that ends.
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "systemd-nspawn", "--quiet", "--boot", "--register=no"])
        .args(["--keep-unit", "--private-network", "--machine", &name, "--directory"])
        .arg(root)
        .stdin(Stdio::null())
        .stdout(console)
        .stderr(errors)
        .process_group(0)
        .spawn()
        .map_err(|why| why.to_string())
}

fn first_child(parent: u32) -> Option<i32> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    children.split_whitespace().last()?.parse().ok()
}

//! A Debian of its own for a test, booted by `systemd-nspawn`: its own processes, its own network
//! and no way out of it. What a test writes lies over a folder that is made once and kept.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::cell::{Cell, ENTER};
use crate::packing::is_here;

const SUITE: &str = "bookworm";
/// The kept folder's name changes with what is put into it.
const KEPT: &str = "bookworm-3";
const PACKAGES: &str = "systemd,systemd-sysv,dbus,ca-certificates,sudo";
/// What pages of the manual install besides: fetched with the Debian, since no guest has a network.
const OFFERED: [&str; 7] =
    ["unattended-upgrades", "ufw", "nginx", "caddy", "apache2", "bind9", "bind9-dnsutils"];
/// A guest that starts takes a second; one that does not will not.
const BOOT_WITHIN: Duration = Duration::from_secs(90);
const SHUT_DOWN_WITHIN: Duration = Duration::from_secs(20);
/// The longest time one command may take, in seconds.
const COMMAND_TIMEOUT_S: &str = "120";
/// A change that leaves no line in the journal is seen after this time.
const LOOKED_AGAIN_AFTER: Duration = Duration::from_millis(250);
/// What `systemd-nspawn --keep-unit` ends with when the guest wants to be started again.
const AGAIN: i32 = 133;
/// What a machine of one's own may do and a container may not: the box is locked out of the folder
/// that decides what is started next.
const LANDLOCK: &str = "--system-call-filter=landlock_create_ruleset landlock_add_rule \
     landlock_restrict_self";
/// Of root, who sits at the guest.
const ENVIRONMENT: [&str; 4] = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LC_ALL=C.UTF-8",
    "DEBIAN_FRONTEND=noninteractive",
];

/// A machine with systemd. It is gone with the value.
pub(crate) struct Guest {
    folder: tempfile::TempDir,
    nspawn: Nspawn,
    /// The guest's first process, as this machine numbers it.
    leader: i32,
    /// Removed last, when nothing is in it any more.
    cell: Cell,
}

/// Why no guest can be started here.
pub(crate) fn impossible() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("this is not root, who alone may boot a guest".to_owned());
    }
    let needed = ["systemd-nspawn", "debootstrap", "nsenter", "setpriv", "chroot", "curl"];
    let missing = needed.iter().find(|tool| !is_here(tool))?;
    Some(format!("there is no {missing}: apt-get install systemd-container debootstrap curl"))
}

/// The folder with a fresh Debian, made when it is not there; or why it could not be made.
pub(crate) fn debian() -> Result<PathBuf, String> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = cache.or_else(home).unwrap_or_else(std::env::temp_dir).join("holdfast-test");
    let ready = cache.join(KEPT);
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
    let include = format!("--include={PACKAGES}");
    made("debootstrap", &["--variant=minbase", &include, SUITE], fresh.path(), &[])?;
    let fetch = ["apt-get", "install", "-q", "-y", "--download-only"];
    made("chroot", &[], fresh.path(), &[&fetch[..], &OFFERED].concat())?;
    fs::write(fresh.path().join("etc/hosts"), "127.0.0.1 localhost\n127.0.1.1 guest\n")
        .and_then(|()| fs::write(fresh.path().join("etc/hostname"), "guest\n"))
        // What a guest installs is gone with it, so its disk need not be waited for.
        .and_then(|()| {
            fs::write(fresh.path().join("etc/dpkg/dpkg.cfg.d/fast"), "force-unsafe-io\n")
        })
        .map_err(|why| why.to_string())?;
    fs::rename(fresh.keep(), &ready).map_err(|why| why.to_string())?;
    Ok(ready)
}

/// Runs a step of making it.
fn made(program: &str, before: &[&str], root: &Path, after: &[&str]) -> Result<(), String> {
    let output = Command::new("timeout")
        .args(["600", program])
        .args(before)
        .arg(root)
        .args(after)
        .output()
        .expect("coreutils");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let last = said.lines().last().unwrap_or("it says nothing");
    let is_made = output.status.success();
    if is_made { Ok(()) } else { Err(format!("{program} made no Debian (offline?): {last}")) }
}

impl Guest {
    /// Boots a fresh machine; or says why there is none to be had.
    pub(crate) fn boot() -> Result<Self, String> {
        let debian = debian()?;
        let cell = Cell::new()?;
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
        let nspawn = Nspawn::start(folder.path(), &cell)?;
        let mut guest = Self { folder, nspawn, leader: 0, cell };
        guest.await_boot();
        Ok(guest)
    }

    /// The guest's root, as this machine sees it.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// All that it takes is here: a guest that does not boot is a fault.
    fn await_boot(&mut self) {
        self.leader = self.nspawn.leader_when_ready().unwrap_or_else(|why| {
            panic!("the guest did not boot: {why}: {}", self.console());
        });
        let state = self.command(&["systemctl", "is-system-running", "--wait"]).output();
        let state = state.expect("util-linux").stdout;
        let state = String::from_utf8_lossy(&state);
        let is_up = matches!(state.trim(), "running" | "degraded");
        assert!(is_up, "the guest is {state}: {}", self.console());
    }

    /// What the guest wrote to its console last.
    fn console(&self) -> String {
        let text = fs::read(self.folder.path().join("console")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// Restarts the machine and waits until it is up again.
    pub(crate) fn reboot(&mut self) {
        self.sh("systemctl reboot");
        let ended = self.nspawn.end_within(BOOT_WITHIN).expect("the guest did not end");
        assert_eq!(ended.code(), Some(AGAIN), "{}", self.console());
        self.nspawn = Nspawn::start(self.folder.path(), &self.cell).expect("systemd-nspawn");
        self.await_boot();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command
            .args(["--kill-after=5", COMMAND_TIMEOUT_S, "nsenter", "-a", "-t"])
            .arg(self.leader.to_string())
            .args(["env", "-i"])
            .args(ENVIRONMENT)
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

    /// Runs lines as root types them into bash, in root's own folder, until one of them fails;
    /// gives the exit status and what stood on the terminal.
    pub(crate) fn types(&self, lines: &str) -> (Option<i32>, String) {
        let script = format!("exec 2>&1; set -eu -o pipefail; cd\n{lines}");
        let output = self.command(&["bash", "-c", &script]).output().expect("util-linux");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What the box logged last.
    pub(crate) fn journal(&self) -> String {
        let output = self
            .try_sh("journalctl -u holdfast -u holdfast.socket -u typed --no-pager -n 40 -o cat");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until a script ends well: looks whenever the machine notes something.
    pub(crate) fn until(&self, within: Duration, script: &str) -> Duration {
        let began = Instant::now();
        let mut follow = self.command(&["journalctl", "--follow", "--lines=0", "--output=cat"]);
        let notes = Notes::of(follow.stdout(Stdio::piped()).stderr(Stdio::null()));
        while !self.try_sh(script).status.success() {
            let waited = began.elapsed();
            assert!(waited < within, "after {waited:?} still not: {script}\n{}", self.journal());
            notes.next_within(LOOKED_AGAIN_AFTER);
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
        self.nspawn.end();
        // Nothing is mounted there where the guest is a copy.
        Command::new("umount").arg(self.root()).output().expect("util-linux");
    }
}

/// The process that holds the guest, and what it tells.
struct Nspawn {
    pid: Option<Pid>,
    notices: UnixDatagram,
    /// Whoever calls from several threads shares the guest.
    end: Mutex<Receiver<ExitStatus>>,
}

impl Nspawn {
    fn start(folder: &Path, cell: &Cell) -> Result<Self, String> {
        let told = folder.join("notices");
        fs::remove_file(&told).unwrap_or_default();
        let notices = UnixDatagram::bind(&told).map_err(|why| why.to_string())?;
        let console = fs::OpenOptions::new().create(true).append(true).open(folder.join("console"));
        let console = console.map_err(|why| why.to_string())?;
        let errors = console.try_clone().map_err(|why| why.to_string())?;
        // It ends with this process, however that ends.
        let mut child = Command::new("sh")
            .args(["-euc", ENTER, "sh", "setpriv", "--pdeathsig", "KILL", "systemd-nspawn"])
            .args(["--quiet", "--boot", "--register=no", "--keep-unit", "--private-network"])
            .args(["--notify-ready=yes", "--machine=guest", LANDLOCK, "--directory"])
            .arg(folder.join("root"))
            .env("CELL", cell.names())
            .env("NOTIFY_SOCKET", told)
            .stdin(Stdio::null())
            .stdout(console)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(|why| why.to_string())?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let (ended, end) = mpsc::channel();
        #[expect(clippy::disallowed_methods, reason = "its end is waited for with a deadline")]
        std::thread::spawn(move || {
            if let Ok(status) = child.wait() {
                ended.send(status).unwrap_or_default();
            }
        });
        Ok(Self { pid, notices, end: Mutex::new(end) })
    }

    /// Waits until the guest's systemd says that it is ready; gives its first process.
    fn leader_when_ready(&self) -> Result<i32, String> {
        let (began, mut leader) = (Instant::now(), None);
        self.notices.set_read_timeout(Some(LOOKED_AGAIN_AFTER)).map_err(|why| why.to_string())?;
        while began.elapsed() < BOOT_WITHIN {
            if let Ok(ended) = self.end_within(Duration::ZERO) {
                return Err(format!("systemd-nspawn ended with {ended}"));
            }
            let mut notice = [0; 4096];
            let Ok(length) = self.notices.recv(&mut notice) else { continue };
            let notice = String::from_utf8_lossy(&notice[..length]).into_owned();
            let named = notice.lines().find_map(|line| line.strip_prefix("X_NSPAWN_LEADER_PID="));
            leader = named.and_then(|pid| pid.parse().ok()).or(leader);
            if notice.lines().any(|line| line == "READY=1") {
                return leader.ok_or_else(|| "its first process was not named".to_owned());
            }
        }
        Err(format!("it was not ready within {BOOT_WITHIN:?}"))
    }

    fn end_within(&self, within: Duration) -> Result<ExitStatus, RecvTimeoutError> {
        self.end.lock().expect("nobody panics with it").recv_timeout(within)
    }

    /// Told to end, it has the guest shut down.
    fn end(&self) {
        for signal in [Signal::TERM, Signal::KILL] {
            if self.end_within(Duration::ZERO) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            if let Some(pid) = self.pid {
                kill_process(pid, signal).unwrap_or_default();
            }
            if self.end_within(SHUT_DOWN_WITHIN).is_ok() {
                return;
            }
        }
    }
}

/// The lines of a process as they come, until the value goes.
struct Notes {
    process: Child,
    lines: Receiver<String>,
}

impl Notes {
    fn of(command: &mut Command) -> Self {
        let mut process = command.spawn().expect("util-linux");
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let (sender, receiver) = mpsc::channel();
        #[expect(clippy::disallowed_methods, reason = "reads what a process of this test says")]
        std::thread::spawn(move || {
            let mut lines = lines.map_while(Result::ok);
            lines.all(|line| sender.send(line).is_ok())
        });
        Self { process, lines: receiver }
    }

    /// Waits for the next line, at most so long.
    fn next_within(&self, within: Duration) {
        drop(self.lines.recv_timeout(within));
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        // `timeout` hands it on to what it runs.
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            kill_process(pid, Signal::TERM).unwrap_or_default();
        }
        self.process.wait().expect("an end");
    }
}

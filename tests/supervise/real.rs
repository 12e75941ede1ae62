//! The real program as supervisor and as worker, under a service manager that the test plays.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use holdfast::platform::updates::supervisor::boot::{Boot, BootState, Found, Kind, Phase};
use holdfast::platform::updates::supervisor::disk::RealDisk;
use rustix::process::{Pid, Signal, kill_process};

const BINARY: &str = env!("CARGO_BIN_EXE_holdfast");
/// A loaded machine may take long to start a debug build, and longer to copy it.
const PATIENCE: Duration = Duration::from_mins(2);

struct Served {
    folder: tempfile::TempDir,
    notices: UnixDatagram,
    address: SocketAddr,
    child: Child,
}

impl Served {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let package = folder.path().join("holdfast");
        if std::fs::hard_link(BINARY, &package).is_err() {
            std::fs::copy(BINARY, &package).expect("room");
        }
        let notify = folder.path().join("notify");
        let notices = UnixDatagram::bind(&notify).expect("a socket");
        let port = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = port.local_addr().expect("an address");
        drop(port);
        let log = File::create(folder.path().join("log")).expect("a log");
        let mut command = Command::new(&package);
        let (data, state) = (folder.path().join("data"), folder.path().join("state"));
        command.arg("supervise").arg("--data").arg(data).arg("--state").arg(state);
        command.args(["--https", "", "--behind-proxy", &address.to_string()]);
        command.env("NOTIFY_SOCKET", notify).env("WATCHDOG_USEC", "30000000");
        command.stdin(Stdio::null()).stderr(log.try_clone().expect("a log")).stdout(log);
        let child = command.spawn().expect("a process");
        Self { folder, notices, address, child }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// What the service manager is told next, within so long. A manager that does not listen would
    /// hold the supervisor up.
    fn notice(&self, patience: Duration) -> Option<String> {
        let mut message = [0; 4096];
        self.notices.set_read_timeout(Some(patience)).expect("a patience");
        let length = self.notices.recv(&mut message).ok()?;
        Some(String::from_utf8_lossy(&message[..length]).into_owned())
    }

    /// Waits until the service manager hears of something.
    fn hear(&mut self, what: &str) {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if self.notice(Duration::from_millis(100)).is_some_and(|told| told.contains(what)) {
                return;
            }
            let ended = self.child.try_wait().expect("a child");
            assert!(ended.is_none(), "it ended: {ended:?}\n{}", self.log());
        }
        panic!("{what} was not told\n{}", self.log());
    }

    fn by<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(Instant::now() < end, "not in time: {what}\n{}", self.log());
            self.notice(Duration::from_millis(10));
        }
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("an id");
        kill_process(id, signal).expect("a process");
    }

    fn end(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(ended) = self.child.try_wait().expect("a child") {
                return ended;
            }
            self.notice(Duration::from_millis(10));
        }
        panic!("it does not end\n{}", self.log());
    }

    /// The programs of the workers that run.
    fn workers(&self) -> Vec<PathBuf> {
        let id = self.child.id();
        let path = format!("/proc/{id}/task/{id}/children");
        let children = std::fs::read_to_string(path).unwrap_or_default();
        let program = |child: &str| std::fs::read_link(format!("/proc/{child}/exe")).ok();
        children.split_whitespace().filter_map(program).collect()
    }

    fn boot_state(&self) -> BootState {
        let boot = Boot::open(Arc::new(RealDisk), &self.path("state")).expect("a boot state");
        match boot.read().expect("a readable one") {
            Found::State(state) => *state,
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().map(|_| ()).unwrap_or_default();
    }
}

/// One request over a connection of its own, never repeated: its status.
fn ask(address: SocketAddr, path: &str) -> io::Result<u16> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, answer))
}

#[test]
fn a_box_is_served_by_a_worker_whose_life_the_service_manager_hears_of() {
    let mut served = Served::start();
    served.hear("READY=1");
    served.hear("WATCHDOG=1");

    assert_eq!(ask(served.address, "/readyz").expect("an answer"), 200);
    assert_eq!(served.workers().len(), 1);
    let mut status = Command::new(BINARY);
    let said = status.arg("status").arg("--data").arg(served.path("data")).output();
    let said = said.expect("the command line");
    assert!(said.status.success(), "{said:?}");

    assert!(served.end().success(), "{}", served.log());
    assert!(ask(served.address, "/readyz").is_err(), "nobody is left");
}

#[test]
fn a_supervisor_that_waits_has_let_go_of_what_it_was_read_in_with() {
    let mut served = Served::start();
    served.hear("READY=1");

    served.by("little of its program is in memory", || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", served.child.id()));
        let status = status.expect("a process");
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a size");
            line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number")
        };
        (kib("RssFile:") < kib("VmHWM:") / 3).then_some(())
    });
}

#[test]
fn a_new_package_takes_over_in_the_same_process_and_no_request_fails() {
    let mut served = Served::start();
    served.hear("READY=1");
    let (is_over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (stop, count, address) = (Arc::clone(&is_over), Arc::clone(&answered), served.address);
    #[expect(clippy::disallowed_methods, reason = "a client beside the test")]
    let client = std::thread::spawn(move || {
        while !stop.load(Ordering::SeqCst) {
            // One that comes too often is told so, which is an answer.
            let status = ask(address, "/livez").expect("every request is answered");
            assert!(status < 500, "{status}");
            count.fetch_add(1, Ordering::SeqCst);
        }
    });

    // As dpkg does: beside, then renamed over.
    let (package, beside) = (served.path("holdfast"), served.path("holdfast.dpkg-new"));
    std::fs::copy(&package, &beside).expect("room");
    File::options().append(true).open(&beside).expect("it").write_all(b"newer").expect("room");
    std::fs::rename(&beside, &package).expect("its name");
    served.signal(Signal::HUP);
    served.by("the new program", || {
        let workers = served.workers();
        (!workers.is_empty() && workers.iter().all(|program| *program == package)).then_some(())
    });
    let state = served.by("it is watched", || {
        let state = served.boot_state();
        (state.phase == Phase::Exposed).then_some(state)
    });
    is_over.store(true, Ordering::SeqCst);
    client.join().expect("no request failed");

    let own = std::fs::read_link(format!("/proc/{}/exe", served.child.id())).expect("a process");
    assert_eq!(own, Path::new(&package), "the same process is the new program");
    assert_eq!(state.pending.expect("it is on its way").kind, Kind::Package);
    assert!(state.active.folder.is_some(), "the program before is kept");
    assert!(served.log().contains("of the package out on a copy of the data"), "it was not tried");
    assert!(answered.load(Ordering::SeqCst) > 0);
    assert!(served.end().success(), "{}", served.log());
}

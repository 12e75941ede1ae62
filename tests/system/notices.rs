//! What the service manager is told, and when it is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::process::Signal;

use crate::client::Tls;
use crate::rig::{Home, Manager, PATIENCE, Running, handed, listener};
use crate::{is_root, skip};

/// How often a life sign is expected, and how often it comes.
const EXPECTED_US: &str = "400000";
const EVERY: Duration = Duration::from_millis(200);

#[test]
fn a_life_is_told_from_ready_to_stopping() {
    let home = Home::new();
    let manager = Manager::new(&home).with("WATCHDOG_USEC", EXPECTED_US);
    let (https, at) = listener();

    let mut running = manager.start(vec![handed(&https)], "https");
    let ready = manager.hear_of(&mut running, "READY=1");
    let status = format!("STATUS=Serving 1 workspace on {at}\n");
    assert!(ready.contains(&status), "{ready}");
    let mut visitor = Tls::open(at, &home.trust()).expect("a connection");
    let live = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(visitor.ask(live).expect("an answer").status, 200);
    for _ in 0..3 {
        manager.hear_of(&mut running, "WATCHDOG=1");
    }
    running.signal(Signal::TERM);
    let stopping = manager.hear_of(&mut running, "STOPPING=1");
    assert!(stopping.contains("STATUS=Stopping: no request in flight"), "{stopping}");
    assert!(running.wait().success());

    // No life sign after the stop, and nothing twice.
    let rest = manager.hear_all();
    assert!(rest.iter().all(|one| one.starts_with("STATUS=Stopping")), "{rest:?}");
}

/// Waits until somebody reads a pipe, and keeps it open for writing.
fn being_read(pipe: &Path) -> fs::File {
    use std::os::unix::fs::OpenOptionsExt;
    let no_wait = i32::try_from(OFlags::NONBLOCK.bits()).expect("a flag");
    let until = Instant::now() + PATIENCE;
    loop {
        match fs::File::options().write(true).custom_flags(no_wait).open(pipe) {
            Ok(file) => return file,
            Err(error) => assert!(Instant::now() < until, "nobody reads: {error}"),
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_start_that_is_busy_hears_that_it_shall_stop() {
    let home = Home::new();
    let pipe = home.path("certificate");
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, &pipe, FileType::Fifo, mode, 0).expect("a pipe");
    let path = pipe.to_str().expect("a plain path");
    let manager = Manager::new(&home)
        .with("HOLDFAST_TLS__MODE", "own")
        .with("HOLDFAST_TLS__CERTIFICATE", path)
        .with("HOLDFAST_TLS__KEY", path);
    let (https, _) = listener();
    let mut running = manager.start(vec![handed(&https)], "https");

    // The certificate never comes.
    let writing = being_read(&pipe);
    running.signal(Signal::TERM);

    let status = running.ended().unwrap_or_else(|| panic!("it goes on:\n{}", home.log()));
    assert!(status.success(), "{status}\n{}", home.log());
    let told = manager.hear_all();
    assert!(told.iter().any(|one| one.contains("STOPPING=1")), "{told:?}");
    assert!(told.iter().all(|one| !one.contains("READY=1")), "{told:?}");
    drop(writing);
    // It let go of everything.
    Manager::new(&home).serve(vec![handed(&https)], "https").stop();
}

#[test]
fn a_reload_is_told_and_what_needs_a_restart_is_named() {
    let home = Home::new();
    let file = home.path("holdfast.toml");
    fs::write(&file, "[logs]\nlevel = \"info\"\n").expect("a file");
    let manager = Manager::new(&home).with("HOLDFAST_CONFIG", file.to_str().expect("a path"));
    let (https, _) = listener();
    let mut running = manager.serve(vec![handed(&https)], "https");

    let text = "[logs]\nlevel = \"warn\"\n[server]\nconnections_max = 77\n";
    fs::write(&file, text).expect("a file");
    running.signal(Signal::HUP);
    let reloading = manager.hear_of(&mut running, "RELOADING=1");
    let ready = manager.hear_of(&mut running, "READY=1");

    let now = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
    assert!(now.is_some_and(|now| now.parse::<u64>().is_ok()), "{reloading}");
    assert!(ready.contains("STATUS=Serving 1 workspace"), "{ready}");
    fs::write(&file, "[logs]\nlevle = \"info\"\n").expect("a file");
    running.signal(Signal::HUP);
    manager.hear_of(&mut running, "RELOADING=1");
    manager.hear_of(&mut running, "READY=1");
    running.stop();
    let log = home.log();
    assert!(log.contains("need a restart to take effect: server.connections_max"), "{log}");
    assert!(log.contains("logs.levle is not a setting"), "{log}");
    assert!(!log.contains("Stopping: requests"), "the level was not taken over: {log}");
}

#[test]
fn without_anybody_who_listens_nothing_is_told() {
    let home = Home::new();
    let (free, own) = listener();
    drop(free);
    let mut manager = Manager::new(&home).with("HOLDFAST_SERVER__HTTPS", &own.to_string());
    manager.variables.retain(|(name, _)| *name != "NOTIFY_SOCKET");

    let running = manager.start(Vec::new(), "");
    let until = std::time::Instant::now() + crate::rig::PATIENCE;
    while !home.log().contains(" ready") && std::time::Instant::now() < until {
        std::thread::yield_now();
    }

    running.stop();
    assert!(!home.log().contains("service manager"), "{}", home.log());
    assert_eq!(manager.hear_all(), Vec::<String>::new());
}

/// Threads of a process in a group of their own, which can be stopped while the others go on.
struct Frozen(PathBuf);

impl Frozen {
    fn threads(running: &Running, name: &str) -> Option<Self> {
        let group = PathBuf::from(format!("/sys/fs/cgroup/freezer/holdfast-{}", running.id()));
        fs::create_dir(&group).ok()?;
        let frozen = Self(group);
        let tasks = fs::read_dir(format!("/proc/{}/task", running.id())).ok()?;
        let mut count = 0;
        for task in tasks.flatten() {
            let comm = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            if comm.trim() == name {
                let id = task.file_name().to_string_lossy().into_owned();
                fs::write(frozen.0.join("tasks"), id).ok()?;
                count += 1;
            }
        }
        assert!(count > 0, "no thread is called {name}");
        Some(frozen)
    }

    fn set(&self, state: &str) {
        fs::write(self.0.join("freezer.state"), state).expect("a state");
        while fs::read_to_string(self.0.join("freezer.state")).expect("a state").trim() != state {
            std::thread::yield_now();
        }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        fs::write(self.0.join("freezer.state"), "THAWED").unwrap_or_default();
        let tasks = fs::read_to_string(self.0.join("tasks")).unwrap_or_default();
        for task in tasks.lines() {
            fs::write("/sys/fs/cgroup/freezer/tasks", task).unwrap_or_default();
        }
        fs::remove_dir(&self.0).unwrap_or_default();
    }
}

#[test]
fn a_box_whose_async_threads_hang_gives_no_sign_of_life() {
    let home = Home::new();
    let manager = Manager::new(&home).with("WATCHDOG_USEC", EXPECTED_US);
    let (https, _) = listener();
    let mut running = manager.serve(vec![handed(&https)], "https");
    manager.hear_of(&mut running, "WATCHDOG=1");
    let Some(frozen) = Frozen::threads(&running, "holdfast-async").filter(|_| is_root()) else {
        return skip("no thread was made to hang", "there is no freezer that takes threads");
    };

    frozen.set("FROZEN");
    manager.hear_all();
    let heard = manager.hear(EVERY * 10);
    frozen.set("THAWED");

    assert_eq!(heard, None, "a thread beside says that the box is alive");
    manager.hear_of(&mut running, "WATCHDOG=1");
    drop(frozen);
    running.stop();
}

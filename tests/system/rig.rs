//! A box as a service manager starts it: with sockets that the test holds, and a socket on which
//! the test hears what is told.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use holdfast::config::{Config, Sources};
use holdfast::platform::clock::Clock;
use holdfast::platform::tls::kept_roots;
use holdfast::platform::workspaces::WorkspaceId;
use holdfast::wiring;
use rustix::process::{Pid, Signal, kill_process};
use rustls::ClientConfig;

use crate::client::{self, Tls};
use crate::seeded::workspace;

/// A loaded machine may take long to start a debug build.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_holdfast");

/// Puts the sockets it is started with where a service manager puts them, and becomes the program.
const HAND_OVER: &str = r#"
exec 3<&0 4<&1 5<&2 </dev/null >>"$LOG" 2>&1
export LISTEN_PID=$$
exec "$@""#;

/// Who may write, and where.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    pub(crate) workspace: WorkspaceId,
    pub(crate) token: String,
}

impl Home {
    /// A box with a workspace and its manager.
    pub(crate) fn new() -> Self {
        Self::at(&Clock::System)
    }

    pub(crate) fn at(clock: &Clock) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let data = folder.path().join("data");
        let prepared = runtime.expect("a runtime").block_on(prepare(&data, clock));
        Self { folder, workspace: prepared.0, token: prepared.1 }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the box logged, in all its runs.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Trusts the box's own root, which is there once it ran.
    pub(crate) fn trust(&self) -> Arc<ClientConfig> {
        let roots = kept_roots(&self.data().join("tls"), &Clock::System).expect("readable roots");
        client::trust(&roots.first().expect("a root").pem)
    }

    /// A request of the manager, below the workspace's inventory.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> String {
        format!(
            "{method} /api/v1/workspaces/{}/inventory/{path} HTTP/1.1\r\nHost: localhost\r\n\
             Authorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             \r\n{body}",
            self.workspace,
            self.token,
            body.len()
        )
    }

    /// Makes something and gives its id.
    pub(crate) fn make(&self, address: SocketAddr, path: &str, body: &str) -> String {
        let mut connection = Tls::open(address, &self.trust()).expect("a connection");
        let answer = connection.ask(&self.request("POST", path, body)).expect("an answer");
        let made: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert_eq!(answer.status, 201, "{made}");
        made["id"].as_str().expect("an id").to_owned()
    }
}

async fn prepare(data: &Path, clock: &Clock) -> (WorkspaceId, String) {
    let flags = vec![("storage.data", data.to_str().expect("a plain path").to_owned())];
    let config = Config::load(&Sources { file: None, variables: Vec::new(), flags });
    let platform = wiring::open(config.expect("a configuration"), clock.clone()).expect("a box");
    let seeded = workspace(&platform, Duration::from_hours(24 * 800)).await;
    platform.close().await;
    seeded
}

/// The service manager: holds sockets, starts the box, hears what it says.
pub(crate) struct Manager<'a> {
    pub(crate) home: &'a Home,
    notices: UnixDatagram,
    pub(crate) variables: Vec<(&'static str, String)>,
}

/// A box that was started.
pub(crate) struct Running {
    child: Child,
}

impl<'a> Manager<'a> {
    pub(crate) fn new(home: &'a Home) -> Self {
        let path = home.path("notify");
        std::fs::remove_file(&path).unwrap_or_default();
        let notices = UnixDatagram::bind(&path).expect("a socket");
        let path = path.to_str().expect("a plain path").to_owned();
        let variables = vec![
            ("NOTIFY_SOCKET", path),
            ("LOG", home.path("log").to_str().expect("a plain path").to_owned()),
            ("HOLDFAST_STORAGE__DATA", home.data().to_str().expect("a plain path").to_owned()),
            ("HOLDFAST_LOGS__ACCESS", "false".to_owned()),
            ("HOLDFAST_LIMITS__REQUEST_BURST", "1000000".to_owned()),
            ("HOLDFAST_LIMITS__REQUESTS_PER_MIN", "10000000".to_owned()),
        ];
        Self { home, notices, variables }
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Starts the box with these sockets, at most three, and their names.
    pub(crate) fn start(&self, sockets: Vec<OwnedFd>, names: &str) -> Running {
        let count = sockets.len();
        let mut sockets = sockets.into_iter().map(Stdio::from);
        let mut next = || sockets.next().unwrap_or_else(Stdio::null);
        let mut command = Command::new("sh");
        command.args(["-c", HAND_OVER, "sh", BINARY, "serve"]).env_clear();
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.env("LISTEN_FDS", count.to_string()).env("LISTEN_FDNAMES", names);
        command.stdin(next()).stdout(next()).stderr(next());
        Running { child: command.spawn().expect("a shell") }
    }

    /// The same, and waits until it answers.
    pub(crate) fn serve(&self, sockets: Vec<OwnedFd>, names: &str) -> Running {
        let mut running = self.start(sockets, names);
        self.hear_of(&mut running, "READY=1");
        running
    }

    /// Waits for a message with this in it.
    pub(crate) fn hear_of(&self, running: &mut Running, what: &str) -> String {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            match self.hear(Duration::from_millis(100)) {
                Some(message) if message.contains(what) => return message,
                Some(_) => {}
                None => {
                    let ended = running.child.try_wait().expect("a child");
                    assert!(ended.is_none(), "the box ended: {ended:?}\n{}", self.home.log());
                }
            }
        }
        panic!("{what} was not told in time:\n{}", self.home.log());
    }

    /// The next message, if one comes in time.
    pub(crate) fn hear(&self, patience: Duration) -> Option<String> {
        let mut message = [0; 4096];
        self.notices.set_read_timeout(Some(patience)).expect("a patience");
        let length = self.notices.recv(&mut message).ok()?;
        Some(String::from_utf8_lossy(&message[..length]).into_owned())
    }

    /// Everything that waits to be heard.
    pub(crate) fn hear_all(&self) -> Vec<String> {
        std::iter::from_fn(|| self.hear(Duration::from_millis(1))).collect()
    }
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("an id");
        kill_process(Pid::from_raw(id).expect("an id"), signal).expect("a signal");
    }

    /// How it ended, if it does in time.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return Some(status);
            }
            std::thread::yield_now();
        }
        None
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("it ended")
    }

    /// Stops it in order.
    pub(crate) fn stop(mut self) {
        self.signal(Signal::TERM);
        let status = self.wait();
        assert!(status.success(), "the box ended with {status}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) && self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

/// A socket that listens on loop-back, which outlives the box.
pub(crate) fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// The same socket for a box.
pub(crate) fn handed(listener: &TcpListener) -> OwnedFd {
    listener.try_clone().expect("a descriptor").into()
}

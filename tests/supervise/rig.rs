//! A box of the smallest releases that there can be, under a real supervisor.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use holdfast::platform::secret::to_hex;
use holdfast::platform::updates::supervisor::crash;
use holdfast::platform::updates::supervisor::standing::Standing;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::process::{NAME, Named, Told, VARIABLE, VOUCHED};

/// A loaded machine may take long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How long a look lasts until the next.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What a release does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conduct<'a> {
    pub(crate) seq: u64,
    pub(crate) mode: &'a str,
    pub(crate) migrates: bool,
}

pub(crate) const GOOD: Conduct<'static> = Conduct { seq: 2, mode: "good", migrates: false };

pub(crate) struct Rig {
    folder: tempfile::TempDir,
    told: Told,
    address: SocketAddr,
    child: Option<Child>,
    pub(crate) probation_s: u64,
    pub(crate) migration_ms_max: u64,
}

/// Builds the program with the C compiler that SQLite needs as well.
fn built() -> &'static [u8] {
    static BUILT: OnceLock<Vec<u8>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/supervise/release.c");
        let name = format!("supervise-release-{}", std::process::id());
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-Wall", "-Wextra", "-Werror", "-o"]).args([&program, &source]);
        assert!(compiler.status().expect("a C compiler").success());
        let bytes = std::fs::read(&program).expect("what was built");
        std::fs::remove_file(program).expect("it is not needed any more");
        bytes
    })
}

/// A program that behaves like that.
pub(crate) fn program(conduct: Conduct<'_>) -> Vec<u8> {
    let mut bytes = built().to_vec();
    let schema = if conduct.migrates { "new" } else { "old" };
    let Conduct { seq, mode, .. } = conduct;
    bytes.extend(format!("\nVERSION:{seq}\nSCHEMA:{schema}\nMODE:{mode}\n").into_bytes());
    bytes
}

impl Rig {
    pub(crate) fn new(mode: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let own = folder.path().join("package");
        std::fs::write(&own, program(Conduct { seq: 1, mode, migrates: false })).expect("room");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&own, mode).expect("its rights");
        let port = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = port.local_addr().expect("an address");
        let told = Told {
            state: folder.path().join("state"),
            data: folder.path().join("data"),
            own,
            address: address.to_string(),
            ready_ms: 10_000,
            restore_standstill_ms: 10_000,
        };
        std::fs::create_dir_all(told.data.join("update/incoming/targets")).expect("a folder");
        Self { folder, told, address, child: None, probation_s: 1, migration_ms_max: 5_000 }
    }

    /// New releases get so long to be ready.
    #[must_use]
    pub(crate) fn ready_within(mut self, patience: Duration) -> Self {
        self.told.ready_ms = u64::try_from(patience.as_millis()).expect("a short time");
        self
    }

    /// Bringing files back may stand still for so long.
    #[must_use]
    pub(crate) fn restored_within(mut self, patience: Duration) -> Self {
        let patience_ms = u64::try_from(patience.as_millis()).expect("a short time");
        self.told.restore_standstill_ms = patience_ms;
        self
    }

    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.told.data.join(name)
    }

    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.told.state.join(name)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Starts the supervisor; it is killed where that is said.
    pub(crate) fn start(&mut self, crash_at: Option<&str>) {
        let mut options = std::fs::File::options();
        let options = options.create(true).append(true);
        let log = options.open(self.folder.path().join("log")).expect("a log");
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args([NAME, "--exact", "--nocapture", "--test-threads=1"]);
        command.env(VARIABLE, serde_json::to_string(&self.told).expect("text"));
        command.env("HOLDFAST_TEST_FORBIDDEN", self.told.state.join("boot/forbidden"));
        command.env_remove(crash::VARIABLE).env_remove("NOTIFY_SOCKET");
        if let Some(point) = crash_at {
            command.env(crash::VARIABLE, point);
        }
        command.stdin(Stdio::null()).stderr(log.try_clone().expect("a log")).stdout(log);
        self.child = Some(command.spawn().expect("a process"));
    }

    /// Starts a box that answers with its first release.
    pub(crate) fn started(mode: &str) -> Self {
        let mut rig = Self::new(mode);
        rig.start(None);
        rig.answers();
        rig
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().expect("a process").id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("an id"), signal).expect("a process");
    }

    /// The same, where it may have ended already.
    pub(crate) fn signal_if_there(&mut self, signal: Signal) {
        if self.ended().is_none() {
            self.signal(signal);
        }
    }

    /// How the supervisor ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().expect("a process").try_wait().expect("a child")
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.by("the supervisor ends", Self::ended)
    }

    /// Looks again and again until there is something to see.
    pub(crate) fn by<T>(&mut self, what: &str, mut look: impl FnMut(&mut Self) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(Instant::now() < end, "not in time: {what}\n{}", self.log());
            std::thread::park_timeout(LOOK_EVERY);
        }
    }

    /// One request over a connection of its own, never repeated: status and body.
    pub(crate) fn request(&self, head: &str, body: &str) -> io::Result<(u16, String)> {
        request(self.address, head, body)
    }

    /// The same of somebody who does not wait long.
    pub(crate) fn impatient(&self, head: &str, body: &str) -> io::Result<(u16, String)> {
        request_within(Duration::from_secs(2), self.address, head, body)
    }

    /// What the box says of itself, once it answers.
    pub(crate) fn answers(&mut self) -> String {
        self.by("the box answers", |rig| {
            let ended = rig.ended();
            assert!(ended.is_none(), "the supervisor ended: {ended:?}\n{}", rig.log());
            rig.request("GET / HTTP/1.1", "").ok().map(|(_, body)| body)
        })
    }

    /// The version that answers.
    pub(crate) fn version(&mut self) -> u64 {
        let said = self.answers();
        let version = said.split(' ').nth(1).and_then(|one| one.parse().ok());
        version.unwrap_or_else(|| panic!("{said}"))
    }

    /// Asks the supervisor through the worker that runs.
    pub(crate) fn ask(&mut self, wish: &Value) -> Result<Value, (String, String)> {
        let (_, body) = self.request("POST /ask HTTP/1.1", &wish.to_string()).expect("an answer");
        let answer: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}"));
        let outcome = &answer["answer"]["outcome"];
        match outcome.get("refused") {
            None => Ok(outcome["done"].clone()),
            Some(refused) => {
                let text = |name| refused[name].as_str().unwrap_or_default().to_owned();
                Err((text("code"), text("detail")))
            }
        }
    }

    pub(crate) fn standing(&mut self) -> Standing {
        self.by("the supervisor says how it stands", |rig| {
            let (_, body) = rig.request("POST /ask HTTP/1.1", "\"standing\"").ok()?;
            let answer: Value = serde_json::from_str(&body).ok()?;
            serde_json::from_value(answer["answer"]["outcome"]["done"].clone()).ok()
        })
    }

    /// Waits for the end of a switch.
    pub(crate) fn ended_switch(&mut self) -> Standing {
        self.by("the switch ends", |rig| {
            let standing = rig.standing();
            (standing.under_way.is_none() && standing.last.is_some()).then_some(standing)
        })
    }

    /// Lays a release where a worker would have fetched it to.
    pub(crate) fn offer(&self, seq: u64, program: &[u8]) {
        let sha256 = to_hex(&Sha256::digest(program));
        let incoming = self.data("update/incoming");
        std::fs::write(incoming.join("targets").join(format!("{sha256}.holdfast")), program)
            .expect("room");
        let size_bytes = program.len() as u64;
        self.vouch("holdfast", &Named { seq, sha256, size_bytes, is_revoked: false });
    }

    pub(crate) fn vouch(&self, target: &str, named: &Named) {
        let all = BTreeMap::from([(target, named)]);
        let text = serde_json::to_vec(&all).expect("text");
        std::fs::write(self.data("update/incoming").join(VOUCHED), text).expect("room");
    }

    /// Has a list believed in which this release alone stands.
    pub(crate) fn believe(&mut self, named: &Named) {
        self.vouch("holdfast", named);
        self.ask(&json!({ "take": { "seq": null, "accept_stale": false } })).expect("it is taken");
    }

    /// Stops the supervisor in order and starts it again.
    pub(crate) fn restart(&mut self) {
        self.signal(Signal::TERM);
        self.wait();
        self.start(None);
    }

    /// Offers a release and has it installed.
    pub(crate) fn install(&mut self, conduct: Conduct<'_>) {
        self.offer(conduct.seq, &program(conduct));
        self.take(conduct.seq).expect("it is installed");
    }

    pub(crate) fn take(&mut self, seq: u64) -> Result<Value, (String, String)> {
        self.ask(&json!({ "take": { "seq": seq, "accept_stale": false } }))
    }

    pub(crate) fn switch(&mut self, seq: u64, migrates: bool) -> Result<Value, (String, String)> {
        let wish = self.wish_to_switch(seq, migrates);
        self.ask(&wish)
    }

    pub(crate) fn wish_to_switch(&self, seq: u64, migrates: bool) -> Value {
        let limits = json!({
            "probation_s": self.probation_s, "migration_ms_max": self.migration_ms_max,
        });
        let transaction = format!("to-{seq}");
        let switch = json!({
            "seq": seq, "transaction": transaction, "migrates": migrates, "limits": limits,
        });
        json!({ "switch": switch })
    }

    /// Installs a release, switches to it, and waits for the end of that.
    pub(crate) fn update(&mut self, conduct: Conduct<'_>) -> Standing {
        self.install(conduct);
        self.switch(conduct.seq, conduct.migrates).expect("it begins");
        self.ended_switch()
    }

    /// The schema of the files.
    pub(crate) fn schema(&self) -> String {
        std::fs::read_to_string(self.data("schema")).expect("a schema")
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Its workers see that it is gone.
            child.kill().unwrap_or_default();
            child.wait().map(|_| ()).unwrap_or_default();
        }
    }
}

pub(crate) fn request(to: SocketAddr, head: &str, body: &str) -> io::Result<(u16, String)> {
    request_within(PATIENCE, to, head, body)
}

fn request_within(
    patience: Duration,
    to: SocketAddr,
    head: &str,
    body: &str,
) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(patience))?;
    let length = body.len();
    write!(stream, "{head}\r\nHost: box\r\nContent-Length: {length}\r\n\r\n{body}")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, format!("no answer: {answer:?}"));
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let (_, body) = answer.split_once("\r\n\r\n").ok_or_else(invalid)?;
    Ok((status.ok_or_else(invalid)?, body.to_owned()))
}

impl Rig {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

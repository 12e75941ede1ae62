//! A box that is loaded, killed and looked into, again and again on the same data.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use holdfast::config::{Config, Sources};
use holdfast::platform::access::Role;
use holdfast::platform::clock::Clock;
use holdfast::platform::ctx::{Actor, BoxCtx, Cause, Ctx, Membership};
use holdfast::platform::workspaces::WorkspaceId;
use holdfast::platform::{Platform, audit};
use holdfast::wiring;
use serde_json::{Value, json};

use crate::backups::Backups;
use crate::seeded;

/// Clients that write at the same time.
const CLIENTS: usize = 8;
/// Acknowledged writes of a round at most; the kill comes after a random number of them.
const WRITES_PER_ROUND_MAX: u64 = 120;

/// So many more with backups, which take longer than a write.
const WRITES_WITH_BACKUPS: u64 = 12;

/// What lies under the data; the library is preloaded into the box.
#[derive(Clone)]
pub enum Disk {
    Plain,
    /// Keeps only what was synced.
    Forgetful(PathBuf),
    /// Is full or broken when told so.
    Failing(PathBuf),
}

impl Disk {
    pub fn forgetful() -> Self {
        Self::Forgetful(build("power_cut"))
    }

    pub fn failing() -> Self {
        Self::Failing(build("failing_disk"))
    }
}

/// Builds a library to preload with the C compiler that SQLite needs as well.
fn build(name: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/durability/{name}.c"));
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.so"));
    let thread = std::thread::current().id();
    let building = library.with_extension(format!("{}-{thread:?}", std::process::id()));
    let built = Command::new("cc")
        .args(["-O2", "-shared", "-fPIC", "-o"])
        .args([&building, &source])
        .arg("-ldl")
        .status();
    assert!(built.is_ok_and(|status| status.success()), "{name} needs a C compiler");
    std::fs::rename(&building, &library).expect("a place for the library");
    library
}

/// What the load needs to know.
#[derive(Clone)]
struct Target {
    token: String,
    workspace: WorkspaceId,
    item: String,
    location: String,
}

pub struct Rig {
    folder: tempfile::TempDir,
    disk: Disk,
    is_synced: bool,
    target: Target,
    random: u64,
    /// References of all writes that were acknowledged.
    acknowledged: BTreeSet<String>,
    rounds: usize,
    backups: Option<Backups>,
}

impl Rig {
    pub fn new(disk: Disk, seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        let target = runtime().block_on(prepare(&data));
        let acknowledged = BTreeSet::new();
        Self {
            folder,
            disk,
            is_synced: true,
            target,
            random: seed,
            acknowledged,
            rounds: 0,
            backups: None,
        }
    }

    #[must_use]
    pub fn without_syncs(mut self) -> Self {
        self.is_synced = false;
        self
    }

    /// Has backups made all the time while the box is loaded.
    #[must_use]
    pub fn with_backups(mut self) -> Self {
        self.backups = Some(Backups::of(&self.data(), self.folder.path().join("backups")));
        self
    }

    pub fn backups(&self) -> &Backups {
        self.backups.as_ref().expect("a rig with backups")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Writes over the workspace's file, as a broken disk does; its log stays.
    pub fn damage_workspace(&self) {
        let path = self.data().join(format!("workspaces/{}.db", self.target.workspace));
        let mut bytes = std::fs::read(&path).expect("a file");
        bytes.fill(0x5a);
        std::fs::write(path, bytes).expect("it is written");
    }

    fn shadow(&self) -> PathBuf {
        self.folder.path().join("shadow")
    }

    /// Starts the box, loads it, kills it after a random number of acknowledged writes; on the
    /// forgetful disk the unsynced is lost.
    pub fn run_and_kill(&mut self) {
        self.rounds += 1;
        let most = WRITES_PER_ROUND_MAX * self.backups.as_ref().map_or(1, |_| WRITES_WITH_BACKUPS);
        let wanted = usize::try_from(self.next_random() % most).expect("small");
        let mut child = self.start();
        let address = ready_address(&mut child);
        let count = Arc::new(AtomicUsize::new(0));
        let over = Arc::new(AtomicBool::new(false));
        let found = Arc::new(Mutex::new(BTreeSet::new()));
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let prefix = format!("{}-{client}", self.rounds);
                let (target, address) = (&self.target, &address);
                let (count, over, found) = (&count, &over, &found);
                scope.spawn(move || {
                    let post = |reference: &str| {
                        found.lock().expect("no panic").insert(reference.to_owned());
                        count.fetch_add(1, Ordering::SeqCst);
                    };
                    write_until_killed(address, target, &prefix, over, post);
                    over.store(true, Ordering::SeqCst);
                });
            }
            if let Some(backups) = &self.backups {
                let over = &over;
                scope.spawn(
                    move || while !over.load(Ordering::SeqCst) && backups.run().is_some() {},
                );
            }
            while count.load(Ordering::SeqCst) <= wanted && !over.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            assert!(count.load(Ordering::SeqCst) > wanted, "the box stopped answering");
            child.kill().expect("the box can be killed");
            child.wait().expect("the box ended");
        });
        self.acknowledged.append(&mut found.lock().expect("no panic"));
        self.forget();
    }

    /// What was not synced is gone with the power.
    fn forget(&self) {
        if matches!(self.disk, Disk::Forgetful(_)) {
            std::fs::remove_dir_all(self.data()).expect("the data");
            std::fs::rename(self.shadow(), self.data()).expect("the shadow");
        }
    }

    fn start(&self) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
        command
            .args(["serve", "--https", "", "--behind-proxy", "127.0.0.1:0", "--data"])
            .arg(self.data())
            .env("HOLDFAST_LOGS__FORMAT", "json")
            .env("HOLDFAST_LOGS__ACCESS", "false")
            .env("HOLDFAST_LIMITS__REQUEST_BURST", "1000000")
            .env("HOLDFAST_LIMITS__REQUESTS_PER_MIN", "10000000")
            // Small, so that checkpoints happen within a round.
            .env("HOLDFAST_STORAGE__CHECKPOINT_BYTES", "65536")
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        if !self.is_synced {
            command.env("HOLDFAST_TEST_SYNCHRONOUS_OFF", "1");
        }
        match &self.disk {
            Disk::Plain => {}
            Disk::Forgetful(library) => {
                copy_folder(&self.data(), &self.shadow());
                command
                    .env("LD_PRELOAD", library)
                    .env("HOLDFAST_CUT_ROOT", self.data())
                    .env("HOLDFAST_CUT_SHADOW", self.shadow());
            }
            Disk::Failing(library) => {
                command
                    .env("LD_PRELOAD", library)
                    .env("HOLDFAST_DISK_ROOT", self.folder.path())
                    .env("HOLDFAST_DISK_MODE", self.mode());
            }
        }
        command.spawn().expect("the box starts")
    }

    /// Runs the box while `story` speaks to it, and kills it then.
    pub fn run(&mut self, story: impl FnOnce(&mut Story<'_>)) {
        let mut child = self.start();
        let address = ready_address(&mut child);
        let connection = Connection::open(&address, &self.target).expect("a connection");
        let mode = self.mode();
        let backups = self.backups.as_ref();
        let left = Vec::new();
        let mut told = Story { connection, address, left, target: &self.target, mode, backups };
        story(&mut told);
        child.kill().expect("the box can be killed");
        child.wait().expect("the box ended");
        self.forget();
    }

    fn mode(&self) -> PathBuf {
        self.folder.path().join("mode")
    }

    /// Opens the data as a restart does and looks for every acknowledged write.
    pub fn find_losses(&self) -> Result<(), String> {
        let data = self.data();
        let outcome = std::panic::catch_unwind(|| {
            runtime().block_on(look_into(&data, &self.target, &self.acknowledged))
        });
        outcome.unwrap_or_else(|_| Err("the data could not be opened".to_owned()))
    }

    pub fn say(&self, what: &str) {
        let (rounds, writes) = (self.rounds, self.acknowledged.len());
        #[expect(clippy::print_stderr, reason = "`make torture` shows what it did")]
        {
            eprintln!("{rounds} {what}: {writes} acknowledged writes, none lost");
        }
    }

    /// How many entries of the ledger have this reference.
    pub fn entries_of(&self, reference: &str) -> usize {
        let path = self.data().join(format!("workspaces/{}.db", self.target.workspace));
        let kept = references(&path).expect("a ledger");
        kept.iter().filter(|one| *one == reference).count()
    }

    /// xorshift64: the same moments in every run.
    pub fn next_random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}

/// What a test does to a box on the failing disk.
pub struct Story<'a> {
    connection: Connection,
    address: String,
    /// What waits for an answer that nobody reads.
    left: Vec<Connection>,
    target: &'a Target,
    mode: PathBuf,
    backups: Option<&'a Backups>,
}

impl Story<'_> {
    /// `full`, `room N PART` (N more writes to paths that contain PART), `broken` or `well`.
    pub fn disk_is(&self, mode: &str) {
        std::fs::write(&self.mode, mode).expect("the mode");
    }

    /// Where the box sends its backups.
    pub fn backups(&self) -> &Backups {
        self.backups.expect("a rig with backups")
    }

    /// Asks for something below the app and gives status and body.
    pub fn ask(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.connection.send(method, path, body).expect("an answer")
    }

    /// Asks for something and waits for no answer.
    pub fn leave(&mut self, method: &str, path: &str, body: &Value) {
        let mut connection = Connection::open(&self.address, self.target).expect("a connection");
        connection.write(method, path, body).expect("it is sent");
        self.left.push(connection);
    }

    /// Receives one unit; gives status and body.
    pub fn receive(&mut self, reference: &str) -> (u16, Value) {
        let body = self.target.movement(reference);
        self.connection.send("POST", "movements", &body).expect("an answer")
    }

    /// Reads the ledger; gives status and references, newest first.
    pub fn references(&mut self) -> (u16, Vec<String>) {
        let answer = self.connection.send("GET", "movements", &Value::Null);
        let (status, body) = answer.expect("an answer");
        let items = body["items"].as_array().cloned().unwrap_or_default();
        let text = |one: &Value| one["reference"].as_str().unwrap_or_default().to_owned();
        (status, items.iter().map(text).collect())
    }
}

impl Target {
    fn movement(&self, reference: &str) -> Value {
        json!({
            "type": "receive", "item_id": self.item, "location_id": self.location,
            "qty": "1", "reference": reference,
        })
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

fn open(data: &Path) -> Arc<Platform> {
    let data = data.to_str().expect("a plain path").to_owned();
    let flags = vec![("storage.data", data)];
    let config = Config::load(&Sources { file: None, variables: Vec::new(), flags });
    wiring::open(config.expect("a configuration"), Clock::System).expect("a box")
}

fn inside(platform: &Arc<Platform>, workspace: WorkspaceId) -> Ctx {
    let grant = platform.roles.grant(Role::Owner);
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    Ctx::new(ctx, Membership::new(workspace, Role::Owner, grant))
}

/// A workspace with an item, a location and somebody who may write.
async fn prepare(data: &Path) -> Target {
    let platform = open(data);
    let (workspace, token) = seeded::workspace(&platform, Duration::from_hours(24)).await;
    platform.close().await;
    drop(platform);
    let mut target = Target { token, workspace, item: String::new(), location: String::new() };
    add_item_and_location(data, &mut target);
    target
}

/// Through the interface, as everybody does.
fn add_item_and_location(data: &Path, target: &mut Target) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_holdfast"))
        .args(["serve", "--https", "", "--behind-proxy", "127.0.0.1:0", "--data"])
        .arg(data)
        .env("HOLDFAST_LOGS__FORMAT", "json")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the box starts");
    let address = ready_address(&mut child);
    let mut connection = Connection::open(&address, target).expect("a connection");
    let item = json!({ "item_number": "T-1", "name": "Salt", "unit": "kg" });
    let (status, made) = connection.send("POST", "items", &item).expect("an item");
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().expect("an id").clone_into(&mut target.item);
    let place = json!({ "code": "dry-1", "name": "Dry store" });
    let (status, made) = connection.send("POST", "locations", &place).expect("a location");
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().expect("an id").clone_into(&mut target.location);
    child.kill().expect("the box can be killed");
    child.wait().expect("the box ended");
}

/// Waits for the line that says where the box listens, and keeps its output flowing.
fn ready_address(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let event: Value = serde_json::from_str(&line).ok()?;
        let address = event["behind_proxy"].as_str()?;
        (event["message"] == "ready").then(|| address.to_owned())
    });
    #[expect(clippy::disallowed_methods, reason = "the box must never wait for its reader")]
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    address.expect("the box says where it listens")
}

/// Receives one unit after the other until the connection breaks.
fn write_until_killed(
    address: &str,
    target: &Target,
    prefix: &str,
    over: &AtomicBool,
    mut acknowledged: impl FnMut(&str),
) {
    let Ok(mut connection) = Connection::open(address, target) else { return };
    for number in 0.. {
        if over.load(Ordering::SeqCst) {
            return;
        }
        let reference = format!("{prefix}-{number}");
        match connection.send("POST", "movements", &target.movement(&reference)) {
            Ok((201, _)) => acknowledged(&reference),
            Ok((status, body)) => panic!("{status}: {body}"),
            Err(_) => return,
        }
    }
}

/// One keep-alive connection.
struct Connection {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Connection {
    fn open(address: &str, target: &Target) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let head = format!(
            "Host: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
            target.token
        );
        let base = format!("/api/v1/workspaces/{}/inventory", target.workspace);
        Ok(Self { stream: BufReader::new(stream), head: format!("{base}\n{head}") })
    }

    fn write(&mut self, method: &str, path: &str, body: &Value) -> std::io::Result<()> {
        let (base, head) = self.head.split_once('\n').expect("made so");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let length = body.len();
        let request = format!(
            "{method} {base}/{path} HTTP/1.1\r\n{head}Content-Length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes())
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> std::io::Result<(u16, Value)> {
        self.write(method, path, body)?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }
}

async fn look_into(
    data: &Path,
    target: &Target,
    acknowledged: &BTreeSet<String>,
) -> Result<(), String> {
    let platform = open(data);
    let ctx = inside(&platform, target.workspace);
    let verdict = audit::ops::verify(&ctx).await.map_err(|error| error.to_string())?;
    let integrity = holdfast::apps::inventory::stocks::ops::check(&ctx).await;
    let integrity = integrity.map_err(|error| error.to_string())?;
    platform.close().await;
    if let Some(bad) = verdict.bad {
        return Err(format!("the audit log is broken: {}", bad.detail));
    }
    if !integrity.differences.is_empty() {
        return Err("stock is not the sum of its ledger".to_owned());
    }
    let path = platform.workspaces.path(target.workspace);
    let kept = references(&path).map_err(|error| error.to_string())?;
    let kept: BTreeSet<String> = kept.into_iter().collect();
    match acknowledged.difference(&kept).next() {
        Some(lost) => Err(format!("{lost} was acknowledged and is gone")),
        None => Ok(()),
    }
}

#[expect(clippy::disallowed_methods, reason = "looks at the closed file from outside")]
fn references(path: &Path) -> rusqlite::Result<Vec<String>> {
    let connection = rusqlite::Connection::open(path)?;
    let mut statement = connection.prepare("SELECT reference FROM movements")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            copy_folder(&entry.path(), &target);
        } else if kind.is_file() {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

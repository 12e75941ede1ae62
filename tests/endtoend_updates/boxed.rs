//! A box under its supervisor: what a person and programs see of it.

use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use holdfast::platform::clock::Clock;
use holdfast::platform::tasks::beside;
use holdfast::platform::tls::kept_roots;
use rustix::process::{Pid, Signal, kill_process};
use rustls::ClientConfig;
use serde_json::{Value, json};

use crate::client::{self, Line, Tls};
use crate::publisher::{Publisher, this_release};

pub(crate) const EMAIL: &str = "ana@example.com";
const PASSWORD: &str = "lantern otter mosaic drizzle";
/// How long a new release is watched, seconds: the least that can be set.
pub(crate) const PROBATION_S: u64 = 5;
/// A loaded machine takes long to start a debug build, and longer to rehearse with two.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);
/// How long a look lasts until the next.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A machine with a box, its package, its state and a disk for backups.
pub(crate) struct Machine {
    folder: tempfile::TempDir,
    supervisor: Option<Child>,
    address: Option<SocketAddr>,
    trust: Option<Arc<ClientConfig>>,
    pub(crate) token: String,
    pub(crate) workspace: String,
    /// What the supervisor is told by variables.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Machine {
    /// A machine on which nothing runs yet. With an address of a feed, or without one.
    fn new(publisher: &Publisher, feed: &str, probation_s: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let machine = Self {
            folder,
            supervisor: None,
            address: None,
            trust: None,
            token: String::new(),
            workspace: String::new(),
            variables: Vec::new(),
        };
        fs::create_dir(machine.path("backups")).expect("a folder");
        fs::copy(publisher.root(), machine.path("1.root.json")).expect("a root");
        let package = machine.path("holdfast");
        fs::write(&package, this_release()).expect("room");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&package, mode).expect("its rights");
        let root = machine.text("1.root.json");
        let config = format!(
            "[server]\nnames = [\"localhost\"]\n[logs]\nformat = \"json\"\naccess = false\n\
             [limits]\nrequest_burst = 1000000\nrequests_per_min = 10000000\n\
             event_streams_per_caller_max = 100\n\
             [updates]\nfeed = \"{feed}\"\nroot = \"{root}\"\nprobation_seconds = {probation_s}\n\
             rehearsal_silence_seconds = 10\n"
        );
        fs::write(machine.path("holdfast.toml"), config).expect("a configuration");
        machine
    }

    /// A box that serves, belongs to somebody, and sends its backups to a disk.
    pub(crate) fn owned(publisher: &Publisher, feed: &str) -> Self {
        Self::watching(publisher, feed, PROBATION_S)
    }

    /// The same, which watches new releases for so many seconds.
    pub(crate) fn watching(publisher: &Publisher, feed: &str, probation_s: u64) -> Self {
        let mut machine = Self::new(publisher, feed, probation_s);
        machine.start();
        machine.claim();
        let (kit, disk) = (machine.text("kit.txt"), machine.text("backups"));
        machine.said(&["backup", "kit", "create", "--out", &kit]);
        machine.said(&["backup", "target", "add", "--name", "Disk", "--folder", &disk]);
        machine
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("a plain path").to_owned()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Starts the supervisor, as a service manager does, and waits until the box serves.
    pub(crate) fn start(&mut self) {
        let begins_at = self.log().len();
        self.spawn();
        let address = self.by("the box is ready", |machine| {
            let ended = machine.ended();
            assert!(ended.is_none(), "the supervisor ended: {ended:?}\n{}", machine.log());
            ready_at(&machine.log()[begins_at..])
        });
        self.address = Some(address);
        let roots = kept_roots(&self.path("data").join("tls"), &Clock::System).expect("roots");
        self.trust = Some(client::trust(&roots.first().expect("a root").pem));
    }

    /// Starts the supervisor.
    pub(crate) fn spawn(&mut self) {
        let mut options = File::options();
        let log = options.create(true).append(true).open(self.path("log")).expect("a log");
        let mut command = self.command(&["supervise"]);
        command.arg("--state").arg(self.path("state")).args(["--https", "127.0.0.1:0"]);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stderr(log.try_clone().expect("a log")).stdout(log);
        self.supervisor = Some(command.spawn().expect("the package's program"));
    }

    /// How the supervisor ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.supervisor.as_mut()?.try_wait().expect("a child")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let child = self.supervisor.as_ref().expect("a supervisor");
        kill_process(Pid::from_child(child), signal).expect("a process");
    }

    /// Stops the box in order.
    pub(crate) fn stop(&mut self) {
        self.signal(Signal::TERM);
        let status = self.supervisor.take().expect("a supervisor").wait().expect("a child");
        assert!(status.success(), "{status}\n{}", self.log());
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

    /// The package's program, told where its box is.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path("holdfast"));
        command.env_clear().args(arguments).stdin(Stdio::null());
        command.arg("--config").arg(self.path("holdfast.toml"));
        command.arg("--data").arg(self.path("data"));
        command
    }

    /// Types a command; its answer is JSON.
    pub(crate) fn cli(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).arg("--json").output();
        output.expect("the package's program")
    }

    /// The same, which has to go well; what it says.
    pub(crate) fn said(&self, arguments: &[&str]) -> Value {
        let output = self.cli(arguments);
        self.read(arguments, &output, 0)
    }

    /// The same, which has to end with 5; what it says.
    pub(crate) fn gave_up(&self, arguments: &[&str]) -> Value {
        let output = self.cli(arguments);
        self.read(arguments, &output, 5)
    }

    fn read(&self, arguments: &[&str], output: &Output, code: i32) -> Value {
        let (said, complained) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
        let said_text = String::from_utf8_lossy(said);
        let log = || self.log();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {complained}{said_text}\n{}",
            log()
        );
        serde_json::from_slice(said).expect("JSON")
    }

    /// Makes the box somebody's, by the link that only the machine gives.
    fn claim(&mut self) {
        let link = self.said(&["setup-link"])["link"].as_str().expect("a link").to_owned();
        let (_, token) = link.split_once("#token=").expect("a token");
        let claim = json!({
            "token": token, "box_name": "Harbour",
            "operator": { "name": "Ana Ruiz", "email": EMAIL, "password": PASSWORD },
            "workspace": { "name": "Harbour Kitchen" }, "load_sample_data": false,
        });
        let (status, claimed) = self.ask("POST", "setup", &claim);
        assert_eq!(status, 201, "{claimed}");
        claimed["workspace"]["id"].as_str().expect("an id").clone_into(&mut self.workspace);
        let token = self.said(&["user", "token", EMAIL, "--name", "Tests", "--days", "1"]);
        token["token"].as_str().expect("a token").clone_into(&mut self.token);
    }

    /// Where it serves, and what it is trusted by.
    pub(crate) fn at(&self) -> (SocketAddr, &Arc<ClientConfig>) {
        (self.address.expect("it ran"), self.trust.as_ref().expect("it ran"))
    }

    /// The process of the supervisor.
    pub(crate) fn supervisor_id(&self) -> u32 {
        self.supervisor.as_ref().expect("a supervisor").id()
    }

    fn connection(&self) -> io::Result<Tls> {
        let (address, trust) = self.at();
        Tls::open(address, trust)
    }

    /// A request below `/api/v1` over a connection of its own, never repeated.
    pub(crate) fn try_ask(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> io::Result<(u16, Value)> {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.connection()?.ask(&request(method, path, &self.token, &text))?;
        Ok((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
    }

    /// The same as somebody else, with headers, each with its line's end.
    pub(crate) fn ask_as(
        &self,
        token: &str,
        headers: &str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!("{headers}{}Content-Type: application/json\r\n", bearer(token));
        let head = head_of(method, path, &head, text.len());
        let answer = self.connection().and_then(|mut it| it.ask(&(head + &text)));
        let answer = answer.expect("an answer");
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// Makes a service account; gives its name and its secret.
    pub(crate) fn account(&self, draft: &Value) -> (String, String) {
        let mut draft = draft.clone();
        draft["name"] = json!("Fleet");
        if draft["channels"].is_null() {
            draft["channels"] = json!(["stable"]);
        }
        let made = self.post("service-accounts", &draft, 201);
        let text = |name: &str| made[name].as_str().expect(name).to_owned();
        (text("client_id"), text("client_secret"))
    }

    /// Asks for a token of a service account, saying that the request comes from an address of
    /// 192.0.2.0/24. Gives the token, or the status and the code of the refusal.
    pub(crate) fn token_of(&self, (id, secret): &(String, String)) -> (u16, String) {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let headers = "Content-Type: application/x-www-form-urlencoded\r\n\
                       X-Forwarded-For: 192.0.2.7\r\nForwarded: for=192.0.2.7\r\n";
        let head = head_of("POST", "auth/token", headers, form.len());
        let answer = self.connection().and_then(|mut it| it.ask(&(head + &form)));
        let answer = answer.expect("an answer");
        let said: Value = serde_json::from_slice(&answer.body).expect("JSON");
        match said["access_token"].as_str() {
            Some(token) => (answer.status, token.to_owned()),
            None => (answer.status, code_of_answer(&said).to_owned()),
        }
    }

    /// Signs in as a browser does; gives its cookies.
    pub(crate) fn browser(&self) -> String {
        let body = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
        let mut connection = self.connection().expect("a connection");
        connection.send(&request("POST", "auth/login", "", &body)).expect("it is taken");
        let head = connection.head().expect("an answer");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let set = head.lines().filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("set-cookie").then(|| value.split(';').next())?
        });
        set.collect::<Vec<_>>().join("; ")
    }

    /// The same, which has to be answered.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.try_ask(method, path, body);
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.log()))
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask("GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Posts what has to be answered with this.
    pub(crate) fn post(&self, path: &str, body: &Value, wanted: u16) -> Value {
        let (status, said) = self.ask("POST", path, body);
        assert_eq!(status, wanted, "{path}: {said}\n{}", self.log());
        said
    }

    /// Sends a file in pieces as a bundle; gives the id of the upload.
    pub(crate) fn upload(&self, file: &Path) -> String {
        let bytes = fs::read(file).expect("a file");
        let begun =
            self.post("platform/updates/upload", &json!({ "size_bytes": bytes.len() }), 201);
        let id = begun["id"].as_str().expect("an id").to_owned();
        let piece_bytes = begun["piece_size_bytes_max"].as_u64().expect("a size");
        let piece_bytes = usize::try_from(piece_bytes).expect("a size");
        let mut connection = self.connection().expect("a connection");
        for (nth, piece) in bytes.chunks(piece_bytes).enumerate() {
            let path = format!("platform/updates/upload/{id}/pieces?offset={}", nth * piece_bytes);
            let headers = bearer(&self.token) + "Content-Type: application/octet-stream\r\n";
            let head = head_of("POST", &path, &headers, piece.len());
            let answer = connection.ask(&[head.as_bytes(), piece].concat()).expect("an answer");
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        }
        id
    }

    /// Waits until no update is under way, and gives what became of the last one.
    pub(crate) fn last_update(&mut self) -> Value {
        self.by("no update is under way", |machine| {
            let asked = machine.try_ask("GET", "platform/updates/status", &Value::Null).ok();
            let (_, status) = asked.filter(|(status, _)| *status == 200)?;
            let is_over = status["under_way"].is_null() && status["last"].is_object();
            is_over.then(|| status["last"].clone())
        })
    }

    /// Begins an update, and waits until the new release is watched.
    pub(crate) fn applies_and_watches(&mut self) -> Child {
        let mut applying = self.command(&["update", "apply", "--yes", "--json"]);
        let applying = applying.stdout(Stdio::null()).spawn().expect("the package's program");
        self.by("it is watched", |machine| {
            let asked = machine.try_ask("GET", "platform/updates/status", &Value::Null).ok();
            let (_, shown) = asked.filter(|(status, _)| *status == 200)?;
            (shown["under_way"]["state"] == "probation").then_some(())
        });
        applying
    }

    /// The codes of all entries of the box's log of this action.
    pub(crate) fn audit_codes(&self, action: &str) -> Vec<String> {
        let listed = self.get(&format!("audit?action={action}&limit=200"));
        let items = listed["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|one| code_of(one).unwrap_or_default()).collect()
    }

    /// Writes something, which has to be acknowledged; gives its id.
    pub(crate) fn write(&self, number: usize) -> String {
        let item = json!({ "item_number": format!("W-{number}"), "name": "Salt", "unit": "kg" });
        let path = format!("workspaces/{}/inventory/items", self.workspace);
        self.post(&path, &item, 201)["id"].as_str().expect("an id").to_owned()
    }

    /// Somebody who writes without a break from now on.
    pub(crate) fn writer(&self) -> Writer {
        let (address, trust) = self.at();
        let (line, kept) = (Line::new(address, trust), Arc::new(Written::default()));
        let path = format!("workspaces/{}/inventory/items", self.workspace);
        let (token, written) = (self.token.clone(), Arc::clone(&kept));
        let work = move || written.write(line, &path, &token);
        Writer { kept, thread: beside("writer", work).expect("a thread") }
    }

    /// Everything that was acknowledged is there.
    pub(crate) fn has_all(&self, ids: &[String]) {
        assert!(!ids.is_empty(), "nothing was written");
        for id in ids {
            let item = self.get(&format!("workspaces/{}/inventory/items/{id}", self.workspace));
            assert_eq!(item["id"], id.as_str());
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(mut child) = self.supervisor.take() {
            // Its workers see that it is gone.
            child.kill().unwrap_or_default();
            child.wait().map(drop).unwrap_or_default();
        }
    }
}

/// Where the box says that it serves.
fn ready_at(log: &str) -> Option<SocketAddr> {
    let ready = log.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ready = ready.into_iter().find(|line| line["message"] == "ready")?;
    ready["https"].as_str()?.parse().ok()
}

/// What an entry of the audit log says under `code`.
fn code_of(entry: &Value) -> Option<String> {
    Some(entry["changes"]["code"]["to"].as_str()?.to_owned())
}

/// The code of a problem.
pub(crate) fn code_of_answer(answer: &Value) -> &str {
    answer["code"].as_str().unwrap_or_default()
}

fn bearer(token: &str) -> String {
    if token.is_empty() {
        return String::new();
    }
    format!("Authorization: Bearer {token}\r\n")
}

fn head_of(method: &str, path: &str, headers: &str, length: usize) -> String {
    format!(
        "{method} /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\n{headers}\
         Content-Length: {length}\r\n\r\n"
    )
}

/// A request of an own page, or of a program.
fn request(method: &str, path: &str, token: &str, body: &str) -> String {
    let headers = "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n";
    head_of(method, path, &(bearer(token) + headers), body.len()) + body
}

/// What somebody wrote.
#[derive(Default)]
pub(crate) struct Written {
    is_over: AtomicBool,
    acknowledged: Mutex<Vec<String>>,
    failed: Mutex<Vec<String>>,
}

/// Somebody who writes over one connection as long as it lasts, and never repeats anything.
pub(crate) struct Writer {
    kept: Arc<Written>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// Stops, and gives what was acknowledged and what failed.
    pub(crate) fn stop(self) -> (Vec<String>, Vec<String>) {
        self.kept.is_over.store(true, Ordering::SeqCst);
        self.thread.join().expect("it does not panic");
        let acknowledged = std::mem::take(&mut *self.kept.acknowledged.lock().expect("no panic"));
        let failed = std::mem::take(&mut *self.kept.failed.lock().expect("no panic"));
        (acknowledged, failed)
    }
}

/// Between two writes. Nothing is waited for by it.
const WRITE_EVERY: Duration = Duration::from_millis(50);

impl Written {
    fn write(&self, mut line: Line, path: &str, token: &str) {
        // Each writer has numbers of its own.
        static WRITERS: AtomicUsize = AtomicUsize::new(0);
        let writer = WRITERS.fetch_add(1, Ordering::SeqCst);
        let mut number = 0;
        while !self.is_over.load(Ordering::SeqCst) {
            number += 1;
            let item = json!({
                "item_number": format!("N-{writer}-{number}"), "name": "Salt", "unit": "kg",
            });
            let asked = request("POST", path, token, &item.to_string());
            match line.ask(&asked) {
                Ok(answer) if answer.status == 201 => {
                    let made: Value = serde_json::from_slice(&answer.body).expect("JSON");
                    let id = made["id"].as_str().expect("an id").to_owned();
                    self.acknowledged.lock().expect("no panic").push(id);
                }
                Ok(answer) => {
                    let said = String::from_utf8_lossy(&answer.body).into_owned();
                    let said = format!("{number}: {} {said}", answer.status);
                    self.failed.lock().expect("no panic").push(said);
                }
                Err(error) => {
                    self.failed.lock().expect("no panic").push(format!("{number}: {error}"));
                }
            }
            std::thread::park_timeout(WRITE_EVERY);
        }
    }
}

//! A box in good order, copied for every fault that is planted into it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use holdfast::config::{Config, Sources};
use holdfast::platform::clock::Clock;
use holdfast::platform::ctx::{Actor, BoxCtx, Cause};
use holdfast::platform::secret::Secret;
use holdfast::platform::setup;
use holdfast::platform::workspaces::rules::Draft;
use holdfast::wiring;
use holdfast::wiring::serving;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use serde_json::Value;

/// Everything that a bundle must not hold, each a word of its own.
pub(crate) const BOX_NAME: &str = "Plantedboxname";
pub(crate) const PERSON: &str = "Plantedperson Novak";
pub(crate) const EMAIL: &str = "planted.person@plantedmail.example";
pub(crate) const PASSWORD: &str = "lantern otter mosaic drizzle";
pub(crate) const WORKSPACE: &str = "Plantedkitchen";

/// What is waited for comes within seconds; on a machine that is busy, within some more.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// A folder with `data`, `target`, `kit.txt`, `holdfast.toml` and, once planted, `host`.
pub(crate) struct Scene {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
    /// What a shell does before it becomes the program.
    before: Option<String>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        static TEMPLATE: OnceLock<tempfile::TempDir> = OnceLock::new();
        let template = TEMPLATE.get_or_init(make_template);
        let folder = new_folder();
        let from = format!("{}/.", template.path().display());
        let copied = Command::new("cp").args(["-a", &from]).arg(folder.path()).status();
        assert!(copied.is_ok_and(|status| status.success()), "the box is not copied");
        let scene = Self { folder, variables: Vec::new(), before: None };
        // The target of the template is not this one's.
        let target = scene.text("target");
        let set = format!("UPDATE backup_targets SET settings = '{{\"path\":\"{target}\"}}'");
        scene.sql(&set);
        scene.config("");
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("a plain path").to_owned()
    }

    /// The configuration file, with more lines.
    pub(crate) fn config(&self, more: &str) {
        let text = if more.contains("[server]") {
            more.to_owned()
        } else {
            format!("[server]\nhttps = \"127.0.0.1:0\"\n{more}")
        };
        fs::write(self.path("holdfast.toml"), text).expect("a file");
        self.mode("holdfast.toml", 0o600);
    }

    /// The same for a box behind a proxy, which answers in the plain.
    pub(crate) fn behind_proxy(&self, trusted: &str) {
        self.config(&format!(
            "[server]\nhttps = \"127.0.0.1:0\"\nbehind_proxy = \"127.0.0.1:0\"\n\
             trusted_proxies = [{trusted}]\n"
        ));
    }

    pub(crate) fn mode(&self, name: &str, mode: u32) {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(self.path(name), mode).expect("a file");
    }

    /// Hides what the machine has there.
    pub(crate) fn hide(&mut self, at: &str) {
        let (folder, name) = at.rsplit_once('/').expect("a path from the root");
        self.host(&format!("{folder}/.wh.{name}"), "");
    }

    /// Lays a file over one of the machine.
    pub(crate) fn host(&mut self, at: &str, text: &str) {
        let path = self.path("host").join(at.trim_start_matches('/'));
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
        let host = self.text("host");
        self.variable("HOLDFAST_TEST_HOST", &host);
    }

    pub(crate) fn variable(&mut self, name: &str, value: &str) {
        self.variables.retain(|(one, _)| one != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Has a shell do something before it becomes the program.
    pub(crate) fn first(&mut self, shell: &str) {
        self.before = Some(format!("{shell}; exec \"$0\" \"$@\""));
    }

    /// Puts a library of the tests between the program and the system.
    pub(crate) fn preload(&mut self, source: &str) {
        let library = self.path("preloaded.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl");
        let built = compiler.status().expect("the C compiler that SQLite needs as well");
        assert!(built.success());
        self.variable("LD_PRELOAD", library.to_str().expect("a plain path"));
    }

    pub(crate) fn without(&mut self, name: &str) {
        self.variables.retain(|(one, _)| one != name);
    }

    /// Changes the box's own file as nobody may: its triggers sleep.
    pub(crate) fn sql(&self, sql: &str) {
        let connection = open(&self.path("data/system.db"));
        connection.execute_batch(sql).expect("the statement");
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_on("data", arguments)
    }

    /// About the box in another folder of the scene.
    pub(crate) fn command_on(&self, data: &str, arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_holdfast");
        let mut command = match &self.before {
            Some(shell) => {
                let mut command = Command::new("/bin/sh");
                command.args(["-c", shell, program]);
                command
            }
            None => Command::new(program),
        };
        command.env_clear().stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.args(arguments).args(["--config", &self.text("holdfast.toml")]);
        command.args(["--data", &self.text(data)]);
        command
    }

    pub(crate) fn holdfast(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program was built for this test")
    }

    /// A verb that has to work.
    pub(crate) fn said(&self, arguments: &[&str]) -> Value {
        let output = self.holdfast(&[arguments, &["--json"]].concat());
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {complaint}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// The whole report with the exit code.
    pub(crate) fn doctor(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.holdfast(&[&["doctor", "--json"], arguments].concat());
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        let report =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{complaint}"));
        (output.status.code().expect("an end"), report)
    }

    /// What one check says.
    pub(crate) fn finding(&self, code: &str) -> Value {
        let (exit, report) = self.doctor(&["--only", code]);
        let finding = report["findings"][0].clone();
        assert_eq!(finding["code"], code, "{report}");
        let is_bad = ["warning", "failed"].contains(&finding["status"].as_str().expect("a status"));
        assert_eq!(exit, if is_bad { 5 } else { 0 }, "{finding}");
        finding
    }

    /// The fault is there, with a command that mends it.
    pub(crate) fn finds(&self, code: &str, status: &str, cause: &str, fix: &str) {
        let finding = self.finding(code);
        assert_eq!(finding["status"], status, "{finding}");
        let said = finding["cause"].as_str().expect("a cause");
        assert!(said.contains(cause), "{code}: {said}");
        let all = finding["fix"].as_array().expect("commands");
        let has = all.iter().any(|one| one.as_str().is_some_and(|one| one.contains(fix)));
        assert!(has, "{code}: {finding}");
        assert!(finding["effect"].is_string(), "{finding}");
    }

    /// The fault is not there, or no longer.
    pub(crate) fn is_well(&self, code: &str) {
        let finding = self.finding(code);
        let status = finding["status"].as_str().expect("a status");
        assert!(["ok", "skipped"].contains(&status), "{finding}");
    }

    /// The doctor mends it by itself and says what it did.
    pub(crate) fn mends(&self, code: &str) -> Vec<String> {
        assert_eq!(self.finding(code)["fixable"], true, "{code}");
        let (exit, report) = self.doctor(&["--fix", "--only", code]);
        assert_eq!(exit, 0, "{report}");
        let done = report["done"][code].as_array().expect("what was done").clone();
        assert!(!done.is_empty(), "{report}");
        self.is_well(code);
        done.iter().map(|one| one.as_str().expect("a sentence").to_owned()).collect()
    }

    /// The commands beside a finding, run by a shell that finds the program.
    pub(crate) fn runs_fix(&self, code: &str) {
        self.runs_fix_with(code, &[]);
    }

    /// The same with something in the place of words that stand for what only a person has.
    pub(crate) fn runs_fix_with(&self, code: &str, words: &[(&str, &str)]) {
        let finding = self.finding(code);
        for command in finding["fix"].as_array().expect("commands") {
            let command = command.as_str().expect("a command").to_owned();
            let filled = |text: String, (word, with): &(&str, &str)| text.replace(word, with);
            self.runs(&words.iter().fold(command, filled));
        }
        self.is_well(code);
    }

    /// A line of a shell that finds the program.
    pub(crate) fn runs(&self, line: &str) {
        let program = Path::new(env!("CARGO_BIN_EXE_holdfast")).parent().expect("a folder");
        let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", program.display());
        let mut shell = Command::new("/bin/sh");
        shell.env_clear().env("PATH", path).env("HOLDFAST_CONFIG", self.text("holdfast.toml"));
        let status = shell.arg("-c").arg(line).stdout(Stdio::null()).status().expect("a shell");
        assert!(status.success(), "{line}");
    }

    /// A token of the operator.
    pub(crate) fn token(&self) -> String {
        let made = self.said(&["user", "token", EMAIL, "--name", "Doctor"]);
        made["token"].as_str().expect("a token").to_owned()
    }

    pub(crate) fn serve(&self) -> Served {
        self.serve_on("data")
    }

    pub(crate) fn serve_on(&self, data: &str) -> Served {
        let mut command = self.command_on(data, &["serve"]);
        command.env("HOLDFAST_LOGS__FORMAT", "json");
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the program");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let ready = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let line: Value = serde_json::from_str(&line).ok()?;
            (line["message"] == "ready").then_some(line)
        });
        let (to, lines_said) = channel();
        #[expect(clippy::disallowed_methods, reason = "the box must never wait for its reader")]
        // Nobody may listen any more.
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| to.send(line).unwrap_or_default());
        });
        let ready = ready.expect("a line `ready`");
        let plain = ready["behind_proxy"].as_str().unwrap_or_default().to_owned();
        Served { process, plain, lines: lines_said }
    }

    /// Serves with its log thrown away; the service manager is told when it is there.
    pub(crate) fn serve_silently(&self) -> Served {
        let manager = self.path("notify.sock");
        let socket = UnixDatagram::bind(&manager).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        let mut command = self.command(&["serve"]);
        command.env("NOTIFY_SOCKET", manager).stdout(Stdio::null());
        let process = command.spawn().expect("the program");
        let mut told = [0; 4_096];
        loop {
            let length = socket.recv(&mut told).expect("the box says that it is ready");
            if String::from_utf8_lossy(&told[..length]).lines().any(|line| line == "READY=1") {
                break;
            }
        }
        Served { process, plain: String::new(), lines: channel().1 }
    }
}

/// A box that is being served, ended with the test.
pub(crate) struct Served {
    process: Child,
    /// Where it answers in the plain, behind a proxy.
    pub plain: String,
    lines: Receiver<String>,
}

impl Served {
    /// Waits until the box says something that holds these words.
    pub(crate) fn says(&self, wanted: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let line = self.lines.recv_timeout(until.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|_| panic!("the box never says {wanted:?}"));
            if line.contains(wanted) {
                return;
            }
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        self.process.kill().unwrap_or_default();
        self.process.wait().expect("an end");
    }
}

pub(crate) fn open(path: &Path) -> Connection {
    #[expect(clippy::disallowed_methods, reason = "a fault is planted past the program")]
    let connection = Connection::open(path).expect("a database");
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
    ] {
        connection.set_db_config(setting, on).expect("a setting");
    }
    connection.pragma_update(None, "wal_autocheckpoint", 0).unwrap_or_default();
    connection
}

/// On an ordinary disk, where the data of a box belongs.
fn new_folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}

/// A box with an owner, a confirmed kit, a target and a proved backup.
fn make_template() -> tempfile::TempDir {
    let folder = new_folder();
    let scene = Scene { folder, variables: Vec::new(), before: None };
    fs::create_dir(scene.path("target")).expect("a folder");
    scene.config("");
    // As the program does before it opens a box.
    serving::keep_files_private();
    // The program's own runtime would be inside that of a test.
    let data = scene.path("data");
    std::thread::scope(|scope| {
        let made = scope.spawn(|| {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(make_box(&data));
        });
        made.join().expect("a box");
    });
    let (kit, target) = (scene.text("kit.txt"), scene.text("target"));
    scene.said(&["backup", "kit", "create", "--out", &kit]);
    scene.said(&["backup", "kit", "confirm", "--kit", &kit]);
    scene.said(&["backup", "target", "add", "--name", "Disk", "--folder", &target]);
    let served = scene.serve();
    let made = scene.said(&["backup", "run"]);
    assert_eq!(made["level"], "verified", "{made}");
    drop(served);
    let (exit, _) = scene.doctor(&["--fix", "--only", "socket-stale"]);
    assert_eq!(exit, 0);
    scene.folder
}

async fn make_box(data: &Path) {
    let flags = vec![("storage.data", data.to_str().expect("a plain path").to_owned())];
    let config = Config::load(&Sources { flags, ..Sources::default() }).expect("a configuration");
    let platform = wiring::open(config, Clock::System).expect("a box");
    let ctx = BoxCtx::new(&platform, Cause::of(Actor::System));
    let link = setup::ops::issue_link(&ctx, "https://localhost").await.expect("a link");
    let (_, token) = link.split_once("#token=").expect("a token");
    let request = setup::ops::Request {
        token: Secret::new(token),
        box_name: BOX_NAME.to_owned(),
        name: PERSON.to_owned(),
        email: EMAIL.to_owned(),
        password: Secret::new(PASSWORD),
        workspace: Draft { name: WORKSPACE.to_owned(), ..Draft::default() },
        with_sample: false,
    };
    setup::ops::set_up(&ctx, request, None).await.expect("an operator");
    platform.close().await;
}

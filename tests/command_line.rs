//! The program as a shell sees it: arguments in, text and exit code out.

#[path = "command_line/backups.rs"]
mod backups;
#[path = "command_line/control.rs"]
mod control;
#[path = "command_line/damage.rs"]
mod damage;

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use holdfast::config::{Config, Sources};
use holdfast::platform::access::Role;
use holdfast::platform::clock::Clock;
use holdfast::platform::ctx::{Actor, BoxCtx, Cause};
use holdfast::platform::identity::users::ops::insert_in;
use holdfast::platform::identity::users::rules::NewUser;
use holdfast::platform::workspaces;
use holdfast::platform::workspaces::rules::Draft;
use holdfast::wiring;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const SECRET: &str = "correct-horse-battery-staple";

/// Runs the program with no environment but what a test gives it.
fn holdfast(arguments: &[&str]) -> Output {
    with_variables(arguments, &[])
}

fn with_variables(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_holdfast"))
        .env_clear()
        .envs(variables.iter().copied())
        .args(arguments)
        .output()
        .expect("the program was built for this test")
}

fn config_file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("holdfast.toml");
    std::fs::write(&path, text).expect("a written file");
    let path = path.to_str().expect("a plain path").to_owned();
    (folder, path)
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("the program ended by itself")
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("plain text")
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("plain text")
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for arguments in [&[][..], &["serv"], &["config"], &["config", "check", "--nonsense"]] {
        let output = holdfast(arguments);

        assert_eq!(code(&output), 2, "{arguments:?}");
        assert_eq!(out(&output), "", "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_exit_code_0() {
    assert_eq!(code(&holdfast(&["--help"])), 0);
    let version = holdfast(&["--version"]);
    assert_eq!(code(&version), 0);
    assert_eq!(out(&version).trim(), format!("holdfast {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn config_check_accepts_a_right_file() {
    let (_folder, path) = config_file("[server]\nhttps = \"127.0.0.1:0\"\n");

    let output = holdfast(&["config", "check", "--config", &path]);

    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).contains(&path));
}

#[test]
fn config_check_names_everything_that_is_wrong() {
    let (_folder, path) = config_file("[server]\nhtpps = \"\"\nconnections_max = \"many\"\n");

    let output = holdfast(&["config", "check", "--config", &path]);

    assert_eq!(code(&output), 5);
    assert_eq!(out(&output), "");
    assert!(err(&output).contains(&format!("{path}:2: server.htpps is not a setting")));
    assert!(err(&output).contains(&format!("{path}:3: server.connections_max must be")));
}

#[test]
fn config_check_answers_in_json() {
    let variables = [("HOLDFAST_LOGS__LEVEL", "loud")];

    let output = with_variables(&["config", "check", "--json"], &variables);

    assert_eq!(code(&output), 5);
    let answer: Value = serde_json::from_str(out(&output)).unwrap();
    assert_eq!(answer["ok"], false);
    assert_eq!(answer["errors"][0]["key"], "logs.level");
    assert_eq!(answer["errors"][0]["origin"], "env HOLDFAST_LOGS__LEVEL");
}

#[test]
fn a_missing_file_is_exit_code_3() {
    let output = holdfast(&["config", "check", "--config", "/nowhere/holdfast.toml"]);

    assert_eq!(code(&output), 3);
    assert_eq!(err(&output), "holdfast: /nowhere/holdfast.toml does not exist\n");
}

#[test]
fn config_show_prints_a_file_that_means_the_same() {
    let (_folder, path) = config_file("[server]\nnames = [\"box.lan\"]\n[logs]\naccess = false\n");

    let shown = holdfast(&["config", "show", "--config", &path]);

    let (_folder, copy) = config_file(out(&shown));
    let again = holdfast(&["config", "show", "--config", &copy]);
    assert_eq!(code(&again), 0, "{}", err(&again));
    assert_eq!(out(&again), out(&shown));
    assert!(out(&shown).contains("names = [\"box.lan\"]\n"));
}

#[test]
fn config_show_says_who_set_a_value() {
    let (_folder, path) = config_file("[logs]\naccess = false\n");
    let variables = [("HOLDFAST_CONFIG", path.as_str()), ("HOLDFAST_LOGS__FORMAT", "json")];
    let arguments = ["config", "show", "--origin", "--data", "/srv/box"];

    let output = with_variables(&arguments, &variables);

    let origin_of = |key: &str| {
        let line = out(&output).lines().find(|line| line.starts_with(key)).expect(key);
        line.rsplit("# ").next().unwrap().to_owned()
    };
    assert_eq!(origin_of("access"), format!("{path}:2"));
    assert_eq!(origin_of("format"), "env HOLDFAST_LOGS__FORMAT");
    assert_eq!(origin_of("data"), "flag --data");
    assert_eq!(origin_of("level"), "default");
}

#[test]
fn no_verb_prints_a_secret() {
    let (_folder, path) = config_file(&format!("[monitoring]\ntoken = \"{SECRET}\"\n"));
    let verbs: [&[&str]; 4] = [
        &["config", "show"],
        &["config", "show", "--origin"],
        &["config", "show", "--json"],
        &["config", "check", "--json"],
    ];
    for verb in verbs {
        let output = holdfast(&[verb, &["--config", &path]].concat());

        assert_eq!(code(&output), 0, "{}", err(&output));
        assert!(!out(&output).contains(SECRET) && !err(&output).contains(SECRET), "{verb:?}");
    }
    let short = with_variables(&["config", "check"], &[("HOLDFAST_MONITORING__TOKEN", "tooshort")]);
    assert_eq!(code(&short), 5);
    assert!(!err(&short).contains("tooshort"));
}

#[test]
fn completions_and_manual_pages_are_written() {
    for shell in ["bash", "zsh", "fish"] {
        let output = holdfast(&["completions", shell]);
        assert_eq!(code(&output), 0, "{shell}");
        assert!(out(&output).contains("holdfast"), "{shell}");
    }
    assert!(out(&holdfast(&["man"])).starts_with(".ie"));
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man");
    let output = holdfast(&["man", "--out", pages.to_str().unwrap()]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(Path::new(&pages).join("holdfast-config-show.1").exists());
}

#[test]
fn the_reference_verb_prints_the_committed_page() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/configuration.md");
    let output = holdfast(&["config", "reference"]);
    assert!(out(&output) == std::fs::read_to_string(path).unwrap(), "run `make generate`");
}

/// A box that is being served, ended with the test.
struct Served {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    addresses: Value,
    /// What was logged up to the line `ready`.
    messages: Vec<String>,
}

impl Served {
    /// Starts a box on ports the system chooses and reads its log up to the line `ready`.
    fn start(data: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .env_clear()
            .env("HOLDFAST_LOGS__FORMAT", "json")
            .args(["serve", "--https", "127.0.0.1:0", "--behind-proxy", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program was built for this test");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let mut messages = Vec::new();
        let addresses = loop {
            let line = lines.next().expect("a line `ready`").expect("text");
            let line: Value = serde_json::from_str(&line).expect("a log line in JSON");
            if line["message"] == "ready" {
                break line;
            }
            messages.push(line["message"].as_str().unwrap_or_default().to_owned());
        };
        Self { process, lines, addresses, messages }
    }

    fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path}"), "")
    }

    fn post(&self, path: &str, body: &Value) -> String {
        self.send(&format!("POST {path}"), &body.to_string())
    }

    fn send(&self, what: &str, body: &str) -> String {
        let address = self.addresses["behind_proxy"].as_str().expect("an address");
        let mut stream = TcpStream::connect(address).expect("a listener");
        let length = body.len();
        let request = format!(
            "{what} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("a listener that reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("a text");
        answer
    }

    /// Sends a signal and gives the exit code and the messages logged since.
    fn end(mut self, signal: Signal) -> (Option<i32>, Vec<String>) {
        kill_process(Pid::from_child(&self.process), signal).expect("a running process");
        let code = self.process.wait().expect("an end").code();
        let message = |line: std::io::Result<String>| {
            let line: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
            line["message"].as_str().unwrap_or_default().to_owned()
        };
        (code, self.lines.by_ref().map(message).collect())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.process.kill().is_ok() {
            self.process.wait().expect("an end");
        }
    }
}

#[test]
fn a_box_is_served_until_it_is_told_to_stop() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let served = Served::start(&folder.path().join("data"));

        let answer = served.get("/api/v1/workspaces");

        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(answer.contains("\"code\":\"sign-in-needed\""), "{answer}");
        let (code, messages) = served.end(signal);
        assert_eq!(code, Some(0), "{messages:?}");
        assert_eq!(messages.last().map(String::as_str), Some("Stopped"));
    }
}

#[test]
fn a_data_folder_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path());
    let data = folder.path().to_str().unwrap();

    let second = holdfast(&["serve", "--data", data, "--https", "127.0.0.1:0"]);

    assert_eq!(code(&second), 1);
    assert!(err(&second).contains("Another process is using"), "{}", err(&second));
    assert!(served.get("/").starts_with("HTTP/1.1 200 "));
}

#[test]
fn an_address_in_use_is_said_and_leaves_the_data_free() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();

    let refused = holdfast(&["serve", "--data", data, "--https", &address]);

    assert_eq!(code(&refused), 1);
    assert!(err(&refused).contains(&format!("{address} cannot be listened on")));
    assert!(Served::start(folder.path()).get("/").starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_bad_setting_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");

    let refused = holdfast(&["serve", "--data", data.to_str().unwrap(), "--https", "8443"]);

    assert_eq!(code(&refused), 1);
    assert!(err(&refused).contains("flag --https: server.https must be"), "{}", err(&refused));
    assert!(!data.exists());
}

#[test]
fn openapi_prints_the_served_document() {
    let printed = holdfast(&["openapi"]);

    let document: Value = serde_json::from_str(out(&printed)).unwrap();
    assert!(document["paths"]["/api/v1/workspaces"]["get"].is_object());
}

/// Makes a box with one workspace and one person, closes it, and gives the workspace's id.
fn make_box(data: &Path) -> String {
    let flags = vec![("storage.data", data.to_str().expect("a plain path").to_owned())];
    let sources = Sources { flags, ..Sources::default() };
    let config = Config::load(&sources).expect("a right configuration");
    let platform = wiring::open(config, Clock::System).expect("a box");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let ctx = BoxCtx::new(&platform, Cause::of(Actor::System));
        let draft = Draft { name: "Harbour Kitchen".to_owned(), ..Draft::default() };
        let workspace = workspaces::ops::make_file(&ctx, draft, "").await.expect("a file");
        let id = workspace.id.to_string();
        let person = NewUser {
            name: "Ada".to_owned(),
            email: "ada@example.com".to_owned(),
            password_hash: "!".to_owned(),
            is_operator: true,
        };
        let made = ctx.write(move |scope| {
            workspaces::ops::record_in(scope, &workspace)?;
            let person = insert_in(scope, &person)?;
            workspaces::ops::add_member_in(scope, workspace.id, person.id, Role::Owner)
        });
        made.await.expect("a workspace and a person");
        platform.close().await;
        id
    })
}

/// Changes a file behind the program's back.
#[expect(clippy::disallowed_methods, reason = "a tamperer does not go through platform::db")]
fn tamper(data: &Path, sql: &str) {
    let file = rusqlite::Connection::open(data.join("system.db")).expect("a file");
    let script = format!(
        "DROP TRIGGER audit_entries_are_not_changed; DROP TRIGGER audit_entries_are_not_deleted;
         {sql}"
    );
    file.execute_batch(&script).expect("a change");
}

#[test]
fn audit_verify_accepts_untouched_logs() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = make_box(folder.path());
    let data = folder.path().to_str().unwrap();

    let text = holdfast(&["audit", "verify", "--data", data]);
    let json = holdfast(&["audit", "verify", "--data", data, "--json"]);

    assert_eq!(code(&text), 0, "{}{}", out(&text), err(&text));
    assert!(
        out(&text).contains("ok   box  the box: 3 entries, 1 checkpoints, head "),
        "{}",
        out(&text)
    );
    let answer: Value = serde_json::from_str(out(&json)).unwrap();
    assert_eq!(answer["ok"], true);
    assert_eq!(answer["logs"][0]["checked"], 3);
    assert_eq!(answer["logs"][1]["log"], workspace);
    assert_eq!(answer["logs"][1]["ok"], true);
}

#[test]
fn audit_verify_works_beside_a_running_box() {
    let folder = tempfile::tempdir().unwrap();
    make_box(folder.path());
    let served = Served::start(folder.path());

    let output = holdfast(&["audit", "verify", "--data", folder.path().to_str().unwrap()]);

    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(served.get("/").starts_with("HTTP/1.1 200 "));
}

#[test]
fn audit_verify_names_the_first_bad_entry() {
    for (sql, wanted) in [
        ("UPDATE audit_entries SET action = 'x' WHERE seq = 2", "entry 2 was altered"),
        ("UPDATE audit_entries SET at = at + 1 WHERE seq = 1", "entry 1 was altered"),
        ("DELETE FROM audit_entries WHERE seq = 1", "entry 1 is missing"),
        (
            "UPDATE audit_entries SET hash = zeroblob(32) WHERE seq = 1;
             UPDATE audit_entries SET prev_hash = zeroblob(32) WHERE seq = 2",
            "entry 1 was altered",
        ),
        (
            "UPDATE audit_personal SET personal_values = '{\"name\":\"Eve\"}'",
            "the personal values beside entry 2 were altered",
        ),
        (
            "UPDATE audit_personal SET personal_values = 'nonsense'",
            "the personal values beside entry 2 were altered",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        make_box(folder.path());
        tamper(folder.path(), sql);

        let output = holdfast(&["audit", "verify", "--data", folder.path().to_str().unwrap()]);

        assert_eq!(code(&output), 5, "{sql}");
        assert!(out(&output).contains(&format!("BAD  box  the box: {wanted}")), "{}", out(&output));
    }
}

#[test]
fn audit_verify_finds_what_was_done_to_the_tree_and_to_checkpoints() {
    let end = "DELETE FROM audit_entries WHERE seq > 1; DELETE FROM audit_personal WHERE seq > 1;";
    let nodes = "DROP TRIGGER audit_nodes_are_not_deleted; DELETE FROM audit_nodes;";
    let signed = "DROP TRIGGER audit_checkpoints_are_not_changed;";
    for (sql, wanted) in [
        (
            "DROP TRIGGER audit_nodes_are_not_changed; UPDATE audit_nodes SET hash = zeroblob(32)"
                .to_owned(),
            "the tree over entry 2 was altered",
        ),
        (nodes.to_owned(), "the tree over entry 2 was altered"),
        (end.to_owned(), "entry 2 is missing: there were 3"),
        (format!("{end}{nodes}"), "entry 2 is missing: there were 3"),
        (
            format!("{signed} UPDATE audit_checkpoints SET root = zeroblob(32)"),
            "the checkpoint of 3 entries is not ours",
        ),
        (
            format!("{signed} UPDATE audit_checkpoints SET size = 2"),
            "the checkpoint of 2 entries is not ours",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        make_box(folder.path());
        tamper(folder.path(), &sql);

        let output = holdfast(&["audit", "verify", "--data", folder.path().to_str().unwrap()]);

        assert_eq!(code(&output), 5, "{sql}");
        assert!(out(&output).contains(&format!("BAD  box  the box: {wanted}")), "{}", out(&output));
    }
}

#[test]
fn a_log_that_was_written_without_a_tree_gets_one_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    make_box(folder.path());
    let data = folder.path().to_str().unwrap();
    let triggers = "CREATE TRIGGER audit_entries_are_not_changed BEFORE UPDATE ON audit_entries
        BEGIN SELECT RAISE(ABORT, 'x'); END;";
    let dropped = "DROP TRIGGER audit_nodes_are_not_deleted; DELETE FROM audit_nodes;";
    tamper(folder.path(), &format!("{dropped}{triggers}"));
    assert_eq!(code(&holdfast(&["audit", "verify", "--data", data])), 5);

    let flags = vec![("storage.data", data.to_owned())];
    let config = Config::load(&Sources { flags, ..Sources::default() }).expect("a configuration");
    let platform = wiring::open(config, Clock::System).expect("a box");
    tokio::runtime::Runtime::new().expect("a runtime").block_on(platform.close());

    let output = holdfast(&["audit", "verify", "--data", data]);
    assert_eq!(code(&output), 0, "{}", out(&output));
}

#[test]
fn erased_personal_values_leave_the_log_good() {
    let folder = tempfile::tempdir().unwrap();
    make_box(folder.path());
    tamper(folder.path(), "DELETE FROM audit_personal");

    let output = holdfast(&["audit", "verify", "--data", folder.path().to_str().unwrap()]);

    assert_eq!(code(&output), 0, "{}", out(&output));
}

#[test]
fn audit_verify_tells_missing_and_exchanged_files() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = make_box(folder.path());
    let data = folder.path().to_str().unwrap();
    let file = folder.path().join("workspaces").join(format!("{workspace}.db"));
    let other = tempfile::tempdir().unwrap();
    let stranger = make_box(other.path());
    let other_file = other.path().join("workspaces").join(format!("{stranger}.db"));

    std::fs::copy(other_file, &file).unwrap();
    let exchanged = holdfast(&["audit", "verify", "--data", data]);
    std::fs::remove_file(&file).unwrap();
    let missing = holdfast(&["audit", "verify", "--data", data, "--json"]);

    assert_eq!(code(&exchanged), 5);
    assert!(out(&exchanged).contains("belongs to another workspace"), "{}", out(&exchanged));
    assert_eq!(code(&missing), 5);
    let answer: Value = serde_json::from_str(out(&missing)).unwrap();
    assert_eq!(answer["logs"][0]["ok"], true);
    assert_eq!(answer["logs"][1]["detail"], "the file is missing");
}

#[test]
fn reporting_verbs_make_nothing_where_no_box_is() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for verb in [
        &["audit", "verify"][..],
        &["workspace", "list"],
        &["ca", "show"],
        &["status"],
        &["user", "list"],
        &["setup-link"],
    ] {
        let output = holdfast(&[verb, &["--data", data.to_str().unwrap()]].concat());

        assert_eq!(code(&output), 3, "{verb:?} {}", err(&output));
        assert!(err(&output).contains("There is no "), "{}", err(&output));
        assert!(!data.exists());
    }
}

#[test]
fn workspaces_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = make_box(folder.path());
    let data = folder.path().to_str().unwrap();

    let text = holdfast(&["workspace", "list", "--data", data]);
    let json = holdfast(&["workspace", "list", "--data", data, "--json"]);

    let start = format!("{workspace}  Harbour Kitchen  members: 1, ");
    assert!(out(&text).starts_with(&start), "{}", out(&text));
    let answer: Value = serde_json::from_str(out(&json)).unwrap();
    assert_eq!(answer["items"][0]["id"], workspace);
    assert_eq!(answer["items"][0]["members"], 1);
    let file = folder.path().join("workspaces").join(format!("{workspace}.db"));
    let size = std::fs::metadata(file).unwrap().len();
    assert_eq!(answer["items"][0]["size_bytes"], size);
    assert_eq!(answer["next_cursor"], Value::Null);
}

#[test]
fn the_root_of_a_served_box_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path());
    let data = folder.path().to_str().unwrap();

    let text = holdfast(&["ca", "show", "--data", data]);
    let pem = holdfast(&["ca", "show", "--pem", "--data", data]);
    let json = holdfast(&["ca", "show", "--json", "--data", data]);

    let answer: Value = serde_json::from_str(out(&json)).unwrap();
    let fingerprint = answer["items"][0]["fingerprint"].as_str().unwrap();
    assert_eq!(fingerprint.len(), 95);
    assert!(out(&text).starts_with(fingerprint));
    assert!(out(&pem).starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(!out(&json).contains("PRIVATE KEY"));
    drop(served);
}

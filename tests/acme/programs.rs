//! The program itself and an authority: what a client gets on the port, before and after a restart,
//! a renewal and an outage.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use holdfast::config::{Config, Sources};
use holdfast::platform::clock::Clock;
use holdfast::platform::ctx::{Actor, BoxCtx, Cause};
use holdfast::platform::identity::sessions::ops::{TokenDraft, make_token_in};
use holdfast::platform::identity::users::ops::insert_in;
use holdfast::platform::identity::users::rules::NewUser;
use holdfast::wiring;
use rustix::process::{Pid, Signal, kill_process};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;

use crate::boxes::{Ports, Shown, of_anybody, of_whom_trusts};
use crate::pebble::{Pebble, is_there};

/// A debug build on a loaded machine needs some seconds for each step.
const PATIENCE: Duration = Duration::from_mins(2);
const NAME: &str = "a.example.com";
const OBTAINED: &str = "A public certificate for a.example.com is in use";
/// Requests over a kept connection after the certificate was exchanged.
const REQUESTS_AFTER: usize = 20;

/// A running `holdfast serve`, and what it logs.
struct Program {
    child: Child,
    said: mpsc::Receiver<String>,
}

impl Program {
    fn start(config: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
        command.env_clear().args(["serve", "--config"]).arg(config);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program was built for this test");
        let said = messages(child.stdout.take().expect("a pipe"));
        let program = Self { child, said };
        program.says("ready");
        program
    }

    /// Waits until it logs something that begins so.
    fn says(&self, what: &str) {
        let until = Instant::now() + PATIENCE;
        let mut before = Vec::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.said.recv_timeout(left) {
                Ok(message) if message.starts_with(what) => return,
                Ok(message) => before.push(message),
                Err(why) => panic!("it never said {what:?} ({why}), but {before:#?}"),
            }
        }
    }

    fn stop(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("a running process");
        assert!(self.child.wait().expect("an end").success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) && self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "reads what a process of this test says")]
fn messages(output: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, said) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let line: Value = serde_json::from_str(&line).expect("a log line in JSON");
            // Read to its end also when nobody listens any more: a full pipe would stop the box.
            sender.send(line["message"].as_str().unwrap_or_default().to_owned()).ok();
        }
    });
    said
}

/// A client with one connection that it keeps.
struct Visitor {
    stream: StreamOwned<ClientConnection, TcpStream>,
    received: Vec<u8>,
}

impl Visitor {
    fn open(port: u16, name: &str, config: ClientConfig) -> io::Result<Self> {
        let server = ServerName::try_from(name.to_owned()).expect("a name");
        let client = ClientConnection::new(Arc::new(config), server).map_err(io::Error::other)?;
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut stream = StreamOwned::new(client, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self { stream, received: Vec::new() })
    }

    fn shown(&self) -> Shown {
        Shown(self.stream.conn.peer_certificates().expect("a certificate").to_vec())
    }

    /// Sends a request and reads all of its answer.
    fn ask(&mut self, what: &str, token: &str) -> io::Result<(u16, Vec<u8>)> {
        let request = format!(
            "{what} HTTP/1.1\r\nHost: {NAME}\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: 0\r\n\r\n"
        );
        self.stream.write_all(request.as_bytes())?;
        let end = loop {
            if let Some(at) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.receive()?;
        };
        let head: Vec<u8> = self.received.drain(..end).collect();
        let head = String::from_utf8(head).map_err(io::Error::other)?.to_ascii_lowercase();
        let number = |text: Option<&str>| text.and_then(|text| text.trim().parse::<usize>().ok());
        let status = number(head.split(' ').nth(1)).expect("a status");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length = number(length).unwrap_or_default();
        while self.received.len() < length {
            self.receive()?;
        }
        let status = u16::try_from(status).map_err(io::Error::other)?;
        Ok((status, self.received.drain(..length).collect()))
    }

    fn receive(&mut self) -> io::Result<()> {
        let mut piece = [0; 16 * 1024];
        match self.stream.read(&mut piece)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.received.extend_from_slice(&piece[..count]);
                Ok(())
            }
        }
    }
}

/// An authority, and a box with an operator that is set to it.
struct Scene {
    ports: Ports,
    pebble: Pebble,
    config: PathBuf,
    token: String,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new(challenge: &str) -> Self {
        let (folder, ports) = (tempfile::tempdir().expect("a folder"), Ports::free());
        let pebble = Pebble::start(folder.path(), ports);
        let (data, config) = (folder.path().join("data"), folder.path().join("holdfast.toml"));
        let http = match challenge {
            "http-01" => format!("127.0.0.1:{}", ports.http),
            _ => String::new(),
        };
        let text = format!(
            "[storage]\ndata = \"{data}\"\n\
             [server]\nhttps = \"127.0.0.1:{https}\"\nhttp = \"{http}\"\nnames = [\"{NAME}\"]\n\
             [tls]\nmode = \"acme\"\nacme_directory = \"{directory}\"\nacme_root = \"{root}\"\n\
             acme_terms_agreed = true\nacme_challenge = \"{challenge}\"\n\
             [logs]\nformat = \"json\"\naccess = false\n\
             [limits]\nrequest_burst = 1000000\nrequests_per_min = 1000000\n",
            data = data.display(),
            https = ports.https,
            directory = pebble.directory(),
            root = pebble.server_root(),
        );
        std::fs::write(&config, text).expect("a file");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let token = runtime.expect("a runtime").block_on(operator(&config));
        Self { ports, pebble, config, token, _folder: folder }
    }

    fn start(&self) -> Program {
        Program::start(&self.config)
    }

    fn visitor(&self, name: &str) -> Visitor {
        Visitor::open(self.ports.https, name, of_anybody()).expect("a connection")
    }

    /// What somebody gets who asks for the name.
    fn shown(&self) -> Shown {
        self.visitor(NAME).shown()
    }

    /// Whether somebody who trusts the authority alone gets in.
    fn is_trusted(&self) -> bool {
        let config = of_whom_trusts(&self.pebble.root());
        let visitor = Visitor::open(self.ports.https, NAME, config);
        visitor.is_ok_and(|mut it| it.ask("GET /livez", "").is_ok_and(|(status, _)| status == 200))
    }

    fn ask(&self, what: &str, status: u16) -> Value {
        let (answered, body) = self.visitor(NAME).ask(what, &self.token).expect("an answer");
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(answered, status, "{what}: {body}");
        body
    }

    /// Asks until the answer is as it should be; each answer takes its time.
    fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let answer = self.ask(what, 200);
            if holds(&answer) {
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: {answer}");
        }
    }

    /// How certificates stand, once the box rests and nothing is wrong.
    fn standing(&self) -> Value {
        self.until("GET /api/v1/tls", |it| {
            !it["authority"]["next_attempt_at"].is_null() && it["trouble"].is_null()
        })
    }

    fn renewals(&self) -> usize {
        let jobs = self.ask("GET /api/v1/jobs?limit=100", 200);
        let jobs = jobs["items"].as_array().expect("a list").iter();
        jobs.filter(|one| one["kind"] == "platform.renew-certificate").count()
    }
}

/// Makes the box with somebody who runs it; gives their token.
async fn operator(config: &Path) -> String {
    let sources =
        Sources { file: Some(config.to_owned()), variables: Vec::new(), flags: Vec::new() };
    let config = Config::load(&sources).expect("a configuration");
    let platform = wiring::open(config, Clock::System).expect("a box");
    let ctx = BoxCtx::new(&platform, Cause::of(Actor::System));
    let token = ctx.write(move |scope| {
        let new = NewUser {
            name: "Mira".to_owned(),
            email: "mira@example.com".to_owned(),
            password_hash: "!".to_owned(),
            is_operator: true,
        };
        let user = insert_in(scope, &new)?.id;
        let draft = TokenDraft {
            name: "test".to_owned(),
            life: Duration::from_hours(24),
            workspace: None,
            permissions: None,
        };
        make_token_in(scope, user, &draft)
    });
    let token = token.await.expect("a person").1.reveal().to_owned();
    platform.close().await;
    token
}

#[test]
fn a_client_gets_what_the_authority_signed_and_a_restart_orders_nothing() {
    if !is_there("the program and an authority") {
        return;
    }
    for challenge in ["http-01", "tls-alpn-01"] {
        let scene = Scene::new(challenge);
        let program = scene.start();
        program.says(OBTAINED);

        let first = scene.shown();
        assert!(first.issuer().contains("Pebble"), "{challenge}: {}", first.issuer());
        assert!(scene.is_trusted(), "{challenge}");
        assert!(scene.visitor("localhost").shown().is_of_the_box());
        let before = scene.standing();
        assert_eq!(before["mode"], "acme", "{before}");
        assert_eq!(before["names"][0]["state"], "public", "{before}");
        assert_eq!(scene.renewals(), 1);
        program.stop();

        let program = scene.start();
        assert_eq!(scene.shown(), first, "{challenge}");
        assert!(scene.is_trusted(), "{challenge}");
        let after = scene.standing();
        for value in ["account", "obtained_at", "last_attempt_at", "next_attempt_at", "failures"] {
            assert_eq!(after["authority"][value], before["authority"][value], "{value}");
        }
        assert_eq!(scene.renewals(), 1, "{challenge}: the restart asked for another one");
        program.stop();
    }
}

#[test]
fn a_renewal_fails_no_request_and_an_authority_that_is_down_leaves_the_certificate_in_use() {
    if !is_there("the program and a renewal") {
        return;
    }
    let mut scene = Scene::new("http-01");
    let program = scene.start();
    program.says(OBTAINED);
    scene.standing();
    let first = scene.shown();

    let is_renewed = AtomicBool::new(false);
    let mut kept = scene.visitor(NAME);
    let (second, job) = std::thread::scope(|scope| {
        let (scene, is_renewed) = (&scene, &is_renewed);
        let asking = scope.spawn(move || {
            let (mut before, mut after) = (0, 0);
            let begun = Instant::now();
            while after < REQUESTS_AFTER {
                assert!(begun.elapsed() < 2 * PATIENCE, "it was never renewed");
                let (status, _) = kept.ask("GET /api/v1/tls", &scene.token)?;
                assert_eq!(status, 200);
                let count =
                    if is_renewed.load(Ordering::SeqCst) { &mut after } else { &mut before };
                *count += 1;
            }
            io::Result::Ok((before, kept.shown()))
        });
        let job = scene.ask("POST /api/v1/tls/renew", 202);
        program.says(OBTAINED);
        let shown = scene.shown();
        is_renewed.store(true, Ordering::SeqCst);
        let (before, seen) = asking.join().expect("no panic").expect("no request failed");
        assert!(before > 0, "nothing was asked while the certificate was exchanged");
        assert_eq!(seen, first);
        (shown, job)
    });
    assert_eq!(job["kind"], "platform.renew-certificate");
    assert_ne!(second, first);
    assert!(scene.is_trusted());
    let job = format!("GET /api/v1/jobs/{}", job["id"].as_str().expect("an id"));
    let done = scene.until(&job, |it| it["state"] == "done");
    assert_eq!(done["result"]["outcome"], "obtained", "{done}");

    scene.pebble.stop();
    scene.ask("POST /api/v1/tls/renew", 202);
    program.says("There is no new public certificate");
    let told = scene.until("GET /api/v1/tls", |it| !it["trouble"].is_null());
    let reason = told["authority"]["last_error"].as_str().expect("a reason");
    assert!(reason.contains("cannot be reached") && reason.contains("tries again at"), "{told}");
    assert_eq!((&told["trouble"], &told["authority"]["failures"]), (&reason.into(), &1.into()));
    assert_eq!(told["names"][0]["state"], "public", "{told}");
    assert_eq!(scene.shown(), second);
    program.stop();

    let program = scene.start();
    assert_eq!(scene.shown(), second, "a start without the authority");
    let told = scene.ask("GET /api/v1/tls", 200);
    assert!(told["trouble"].as_str().is_some_and(|it| it.contains("cannot be reached")), "{told}");
    program.stop();
}

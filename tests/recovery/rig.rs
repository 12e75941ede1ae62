//! A box to be lost, and what is left of it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use holdfast::config::{Config, Sources};
use holdfast::platform::access::Role;
use holdfast::platform::clock::Clock;
use holdfast::platform::ctx::{Actor, BoxCtx, Cause, Ctx, Membership};
use holdfast::platform::secret::Secret;
use holdfast::platform::workspaces::rules::Draft;
use holdfast::platform::{samples, setup, workspaces};
use holdfast::wiring;
use serde_json::{Value, json};

pub const EMAIL: &str = "mira@example.com";
pub const PASSWORD: &str = "lantern otter mosaic drizzle";

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command.env_clear().stdin(Stdio::null());
    command
}

pub fn holdfast(arguments: &[&str]) -> Output {
    program().args(arguments).output().expect("the program was built for this test")
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a verb that has to work answers.
pub fn said(output: &Output) -> Value {
    assert!(output.status.success(), "{}", err(output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A folder with a box in `data`, its backups in `target` and its kit in `kit.txt`.
pub struct Scene {
    folder: tempfile::TempDir,
    /// Ids of its workspaces.
    pub workspaces: Vec<String>,
}

impl Scene {
    /// A box with so many workspaces, with or without sample data, and an operator.
    pub fn new(count: usize, is_sample: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        fs::create_dir(folder.path().join("target")).expect("a folder");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let workspaces = runtime.block_on(make_box(&data, count, is_sample));
        let scene = Self { folder, workspaces };
        let (kit, target) = (scene.text("kit.txt"), scene.text("target"));
        said(&scene.on("data", &["backup", "kit", "create", "--out", &kit]));
        let add = ["backup", "target", "add", "--name", "Disk", "--folder", &target];
        said(&scene.on("data", &add));
        scene
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("a plain path").to_owned()
    }

    /// Does something with the box in a folder of the scene; the answer is JSON.
    pub fn on(&self, data: &str, arguments: &[&str]) -> Output {
        holdfast(&[arguments, &["--json", "--data", &self.text(data)]].concat())
    }

    pub fn recover(&self, from: &str, kit: &str, data: &str) -> Output {
        let (from, kit, data) = (self.text(from), self.text(kit), self.text(data));
        holdfast(&["recover", "--from", &from, "--kit", &kit, "--data", &data, "--json"])
    }

    /// The folders of all bases below a target, in order.
    pub fn bases(&self, target: &str) -> Vec<PathBuf> {
        let folders = |of: &Path| -> Vec<PathBuf> {
            let entries = fs::read_dir(of).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
        };
        let boxes = folders(&self.path(target));
        let mut bases: Vec<_> = boxes.iter().flat_map(|one| folders(&one.join("base"))).collect();
        bases.sort();
        bases
    }

    /// Another target with all that lies at the first.
    pub fn copy_target(&self, name: &str) {
        copy(&self.path("target"), &self.path(name));
    }

    /// Nothing of a recovery is left.
    pub fn is_as_before(&self, data: &str) -> bool {
        [data.to_owned(), format!("{data}.recovering"), format!("{data}.recovering.lock")]
            .iter()
            .all(|name| !self.path(name).exists())
    }
}

pub fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()), "{} is not copied", from.display());
}

async fn make_box(data: &Path, count: usize, is_sample: bool) -> Vec<String> {
    let flags = vec![("storage.data", data.to_str().expect("a plain path").to_owned())];
    let config = Config::load(&Sources { flags, ..Sources::default() }).expect("a configuration");
    let platform = wiring::open(config, Clock::System).expect("a box");
    let ctx = BoxCtx::new(&platform, Cause::of(Actor::System));
    let link = setup::ops::issue_link(&ctx, "https://localhost").await.expect("a link");
    let (_, token) = link.split_once("#token=").expect("a token");
    let draft = |number| Draft { name: format!("Kitchen {number}"), is_sample, ..Draft::default() };
    let request = setup::ops::Request {
        token: Secret::new(token),
        box_name: "Harbour".to_owned(),
        name: "Mira Novak".to_owned(),
        email: EMAIL.to_owned(),
        password: Secret::new(PASSWORD),
        workspace: draft(1),
        with_sample: false,
    };
    let claimed = setup::ops::set_up(&ctx, request, None).await.expect("an operator");
    let (user, mut all) = (claimed.user.id, vec![claimed.workspace.id]);
    for number in 2..=count {
        let workspace = workspaces::ops::make_file(&ctx, draft(number), "").await.expect("a file");
        all.push(workspace.id);
        let written = ctx.write(move |scope| {
            workspaces::ops::record_in(scope, &workspace)?;
            workspaces::ops::add_member_in(scope, workspace.id, user, Role::Owner)
        });
        written.await.expect("a workspace");
    }
    for id in all.iter().filter(|_| is_sample) {
        let grant = platform.roles.grant(Role::Owner);
        let inside = Ctx::new(ctx.clone(), Membership::new(*id, Role::Owner, grant));
        samples::ops::load(&inside, |_| Ok(())).await.expect("sample data");
    }
    platform.close().await;
    all.iter().map(ToString::to_string).collect()
}

/// A box that is being served, ended with the test.
pub struct Served {
    process: Child,
    pub plain: String,
    pub https: String,
}

impl Served {
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    pub fn start_with(data: &Path, variables: &[(&str, &str)]) -> Self {
        let mut process = program()
            .env("HOLDFAST_LOGS__FORMAT", "json")
            .envs(variables.iter().copied())
            .args(["serve", "--https", "127.0.0.1:0", "--behind-proxy", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program was built for this test");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let ready = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let line: Value = serde_json::from_str(&line).ok()?;
            (line["message"] == "ready").then_some(line)
        });
        let ready = ready.expect("a line `ready`");
        #[expect(clippy::disallowed_methods, reason = "the box must never wait for its reader")]
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let address = |name: &str| ready[name].as_str().expect("an address").to_owned();
        Self { process, plain: address("behind_proxy"), https: address("https") }
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn kill(&mut self) {
        self.process.kill().expect("a running process");
        self.process.wait().expect("an end");
    }

    /// Sends a request with headers, each with its line's end; gives the status, the head and the
    /// body.
    pub fn send(&self, what: &str, headers: &str, body: &Value) -> (u16, String, String) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send_text(what, &format!("Content-Type: application/json\r\n{headers}"), &body)
    }

    /// The same with a body of any kind, which the headers name.
    pub fn send_text(&self, what: &str, headers: &str, body: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.plain).expect("a listener");
        let length = body.len();
        let request = format!(
            "{what} HTTP/1.0\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n\
             {headers}Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("a listener that reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("a text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        (status.expect("a status"), head.to_owned(), body.to_owned())
    }

    pub fn json(&self, what: &str, headers: &str, body: &Value) -> Value {
        let (status, _, answer) = self.send(what, headers, body);
        assert!(status < 300, "{what}: {status} {answer}");
        serde_json::from_str(&answer).unwrap_or_default()
    }

    /// Types the password; gives the header with the cookies.
    pub fn sign_in(&self) -> String {
        let body = json!({ "email": EMAIL, "password": PASSWORD });
        let (status, head, answer) = self.send("POST /api/v1/auth/login", "", &body);
        assert_eq!(status, 200, "{answer}");
        cookies(&head)
    }
}

/// What a browser sends back.
pub fn cookies(head: &str) -> String {
    let set = head.lines().filter_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let pair = value.split(';').next()?;
        name.eq_ignore_ascii_case("set-cookie").then_some(pair)
    });
    format!("Cookie: {}\r\n", set.collect::<Vec<_>>().join("; "))
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.process.kill().is_ok() {
            self.process.wait().expect("an end");
        }
    }
}

/// Looks again and again until something is so.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_mins(3), "never: {what}");
        std::thread::yield_now();
    }
}

//! A small machine for one page: a folder with a box in it, where the page's paths lead into that
//! folder and the page's names lead to that box.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::{page, small};

pub const EMAIL: &str = "ana@example.com";
pub const PASSWORD: &str = "lantern otter mosaic drizzle";
/// The name under which pages call the box.
const NAME: &str = "kitchen.local";
/// Folders of a real machine that pages name, and what they are called here.
const PLACES: &[&str] = &["/var/lib/holdfast", "/etc/holdfast", "/mnt/backup", "/srv/holdfast"];

/// A running box.
struct Running {
    process: Child,
    /// Where it says that it is ready, and then all the rest, read so that it never waits.
    addresses: Value,
    link: Option<String>,
}

impl Running {
    #[expect(clippy::disallowed_methods, reason = "reads what a process of this test says")]
    fn start(mut command: Command) -> Self {
        let mut process = command
            .env("HOLDFAST_LOGS__FORMAT", "json")
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program was built for this test");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let mut offered = None;
        let addresses = loop {
            let line = lines.next().expect("a line `ready`").expect("text");
            let line: Value = serde_json::from_str(&line).expect("a log line in JSON");
            let message = line["message"].as_str().unwrap_or_default();
            if let Some((_, token)) = message.split_once("#token=") {
                offered = Some(token.split_whitespace().next().unwrap_or_default().to_owned());
            }
            if message == "ready" {
                break line;
            }
        };
        std::thread::spawn(move || read_to_the_end(lines));
        Self { process, addresses, link: offered }
    }

    fn stop(&mut self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).expect("a running process");
        self.process.wait().expect("an end");
    }
}

fn read_to_the_end(lines: std::io::Lines<BufReader<ChildStdout>>) {
    lines.for_each(drop);
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            self.process.kill().expect("an end");
            self.process.wait().expect("an end");
        }
    }
}

/// The machine of one page.
pub struct Scene {
    folder: tempfile::TempDir,
    running: Option<Running>,
    workspace: String,
    /// Variables that blocks of a page hand on to later ones.
    variables: PathBuf,
}

impl Scene {
    /// A machine with a box that nobody owns yet.
    pub fn new() -> Self {
        Self::with(&format!(
            "[server]\nhttps = \"127.0.0.1:0\"\nbehind_proxy = \"127.0.0.1:0\"\n\
             names = [\"{NAME}\"]\n"
        ))
    }

    fn with(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["home", "work", "bin"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        for place in ["/var/lib", "/srv", "/etc/holdfast", "/mnt/backup"] {
            fs::create_dir_all(inside(folder.path(), place)).expect("a folder");
        }
        // Where pages have a box that somebody ran by hand.
        let by_hand = inside(folder.path(), "/srv/holdfast");
        std::os::unix::fs::symlink("../var/lib/holdfast", by_hand).expect("a link");
        let program = folder.path().join("bin/holdfast");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_holdfast"), program).expect("a link");
        // On this machine whoever runs the test may do all that the page does as root.
        write_program(&folder.path().join("bin/sudo"), "#!/bin/sh\nexec \"$@\"\n");
        let config = format!(
            "[storage]\ndata = \"{}\"\n{settings}",
            inside(folder.path(), "/var/lib/holdfast").display()
        );
        let place = inside(folder.path(), "/etc/holdfast").join("holdfast.toml");
        fs::write(place, config).expect("a configuration");
        let verifier = page::repository().join("packaging/audit/verify_audit.py");
        fs::copy(verifier, folder.path().join("work/verify_audit.py")).expect("a program");
        for version in ["1.4.2", "1.4.3"] {
            let release = folder.path().join(format!("work/holdfast-{version}"));
            fs::write(release, small::binary(version, "x86_64", 7)).expect("a file");
        }
        let variables = folder.path().join("variables");
        let mut scene = Self { folder, running: None, workspace: String::new(), variables };
        scene.start();
        scene
    }

    /// A machine with a box that has an operator, another person and a workspace.
    pub fn owned() -> Self {
        Self::new().claimed()
    }

    /// The same with settings of its own.
    pub fn owned_with(settings: &str) -> Self {
        Self::with(settings).claimed()
    }

    fn claimed(mut self) -> Self {
        let scene = &mut self;
        let token = scene.running.as_ref().and_then(|running| running.link.clone());
        let claim = json!({
            "token": token.expect("a link"),
            "box_name": "Harbour",
            "operator": { "name": "Ana Ruiz", "email": EMAIL, "password": PASSWORD },
            "workspace": { "name": "Harbour Kitchen" },
            "load_sample_data": false,
        });
        fs::write(scene.path("claim.json"), claim.to_string()).expect("a file");
        scene.prepare(&format!(
            "curl -fsS -o claimed.json -H 'Content-Type: application/json' \
             -d @{} https://{NAME}:8443/api/v1/setup",
            scene.path("claim.json").display()
        ));
        let claimed = fs::read(scene.path("work/claimed.json")).expect("an answer");
        let claimed: Value = serde_json::from_slice(&claimed).expect("JSON");
        fs::remove_file(scene.path("work/claimed.json")).expect("a file");
        let id = claimed["workspace"]["id"].as_str().expect("an id");
        id.clone_into(&mut scene.workspace);
        scene.prepare("holdfast user create --name 'Ivo Kos' --email ivo@example.com");
        scene.prepare(&format!(
            "WORKSPACE={id}; PASSWORD='{PASSWORD}'; \
             TOKEN=$(holdfast user token {EMAIL} --name Manual --days 1 --json | \
             sed -n 's/.*\"token\": *\"\\([^\"]*\\)\".*/\\1/p')"
        ));
        self
    }

    /// The id of the operator's workspace.
    pub fn workspace(&self) -> &str {
        &self.workspace
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// The address that a reverse proxy asks.
    pub fn behind_proxy(&self) -> &str {
        let running = self.running.as_ref().expect("a running box");
        running.addresses["behind_proxy"].as_str().expect("an address")
    }

    pub fn start(&mut self) {
        let running = Running::start(self.command(env!("CARGO_BIN_EXE_holdfast")));
        let address = running.addresses["https"].as_str().expect("an address");
        let root = self.path("root.pem");
        let mut shown = self.command(env!("CARGO_BIN_EXE_holdfast"));
        let shown = shown.args(["ca", "show", "--pem"]).output().expect("a root");
        fs::write(&root, shown.stdout).expect("a file");
        // Whatever name and port a page asks, this box answers.
        let curl = format!("cacert = \"{}\"\nconnect-to = \"::{address}\"\n", root.display());
        fs::write(self.path("home/.curlrc"), curl).expect("a file");
        self.running = Some(running);
    }

    pub fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.stop();
        }
    }

    /// Sees to it that there are a kit, a target and a backup.
    pub fn back_up(&self) {
        if self.path("work/kit.txt").exists() {
            return;
        }
        self.prepare(
            "holdfast backup kit create --out kit.txt
            holdfast backup kit confirm --kit kit.txt
            holdfast backup target add --name Disk --folder /mnt/backup
            holdfast backup run",
        );
    }

    /// Saves what *Security* saves: somebody who has just signed in may.
    pub fn save_bundle(&self) {
        let sign_in = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
        self.prepare(&format!(
            "ask() {{ curl -fsS -b jar -c jar -H 'Origin: https://{NAME}:8443' \"$@\"; }}
            ask -o /dev/null -H 'Content-Type: application/json' -d '{sign_in}' \
                https://{NAME}:8443/api/v1/auth/login
            log=https://{NAME}:8443/api/v1/workspaces/$WORKSPACE/audit
            ask -X POST -o signed.json $log/checkpoints
            ask -o audit.jsonl $log/export
            python3 -c 'import json; print(json.load(open(\"signed.json\"))[\"note\"], end=\"\")' \
                >checkpoint.txt"
        ));
    }

    /// Runs a block as the page has it, but for the places it names.
    pub fn run(&self, block: &str) -> Output {
        self.run_in("root", block)
    }

    /// The same on a machine that has no box, and sees the same backups.
    pub fn run_elsewhere(&self, block: &str) -> Output {
        let (here, there) = (self.path("root/mnt"), self.path("elsewhere/mnt"));
        if !there.exists() {
            fs::create_dir_all(self.path("elsewhere/etc/holdfast")).expect("a folder");
            std::os::unix::fs::symlink(here, there).expect("a link");
            let data = self.path("elsewhere/var/lib/holdfast");
            let config = format!("[storage]\ndata = \"{}\"\n", data.display());
            let place = self.path("elsewhere/etc/holdfast/holdfast.toml");
            fs::write(place, config).expect("a file");
            fs::create_dir_all(self.path("elsewhere/var/lib")).expect("a folder");
        }
        self.run_in("elsewhere", block)
    }

    fn run_in(&self, root: &str, block: &str) -> Output {
        let path = self.path("block.sh");
        let script = format!(
            "set -eu -o pipefail -a\n[ ! -f {0} ] || . {0}\n{1}\nexport -n HOLDFAST_CONFIG\n\
             export -p >{0}\n",
            self.variables.display(),
            self.here(root, block)
        );
        let mut file = fs::File::create(&path).expect("a file");
        file.write_all(script.as_bytes()).expect("a script");
        self.command_in(root, "timeout").args(["120", "bash"]).arg(&path).output().expect("bash")
    }

    /// Does what a page takes for granted.
    pub fn prepare(&self, script: &str) {
        let output = self.run(script);
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    }

    /// A text with the places of a page replaced by those of this scene.
    fn here(&self, root: &str, text: &str) -> String {
        PLACES.iter().fold(text.to_owned(), |text, place| {
            let here = self.path(root).join(place.trim_start_matches('/'));
            text.replace(place, here.to_str().expect("a plain path"))
        })
    }

    fn command(&self, program: &str) -> Command {
        self.command_in("root", program)
    }

    fn command_in(&self, root: &str, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.path("bin").display());
        let config = self.path(root).join("etc/holdfast/holdfast.toml");
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path("home"))
            .env("LANG", "C.UTF-8")
            .env("HOLDFAST_CONFIG", config)
            .current_dir(self.path("work"))
            .stdin(Stdio::null());
        command
    }
}

fn inside(folder: &Path, place: &str) -> PathBuf {
    folder.join("root").join(place.trim_start_matches('/'))
}

fn write_program(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;

    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a program");
}

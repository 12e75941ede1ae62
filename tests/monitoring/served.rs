//! The real program over a data folder of its own.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

pub(crate) struct Served {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    address: String,
    data: tempfile::TempDir,
    /// What follows `#token=` in the set-up link.
    pub(crate) link: String,
}

impl Served {
    /// Starts a new box on ports that the system chooses, with settings given as variables.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let mut process = Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .env_clear()
            .env("HOLDFAST_LOGS__FORMAT", "json")
            .envs(settings.iter().copied())
            .args(["serve", "--https", "127.0.0.1:0", "--behind-proxy", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program was built for this test");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let mut link = String::new();
        let ready = loop {
            let printed = lines.next().expect("a line `ready`").expect("text");
            let record: Value = serde_json::from_str(&printed).expect("a log line in JSON");
            let message = record["message"].as_str().unwrap_or_default();
            if let Some((_, token)) = message.split_once("#token=") {
                token.clone_into(&mut link);
            }
            if message == "ready" {
                break record;
            }
        };
        let address = ready["behind_proxy"].as_str().expect("an address").to_owned();
        Self { process, lines, address, data, link }
    }

    /// The body of an answer, whatever its status.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("a listener");
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("a listener that reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(!head.to_lowercase().contains("transfer-encoding"), "{head}");
        body.to_owned()
    }

    /// What the program prints when it is run beside the box.
    pub(crate) fn holdfast(&self, arguments: &[&str]) -> String {
        let output = Self::holdfast_in(self.data.path(), arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        String::from_utf8(output.stdout).expect("text")
    }

    pub(crate) fn holdfast_in(data: &Path, arguments: &[&str]) -> Output {
        let output = command_in(data, arguments).output();
        output.expect("the program was built for this test")
    }

    /// Begins a verb beside the box; what it prints can be read.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Child {
        let mut command = command_in(self.data.path(), arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program was built for this test")
    }

    /// Sends a signal to the box.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("an id"), signal).expect("a process");
    }

    /// The next line of the log that says so.
    pub(crate) fn line(&mut self, wanted: &str) -> Value {
        loop {
            let line = self.lines.next().expect("another line").expect("text");
            let line: Value = serde_json::from_str(&line).expect("a log line in JSON");
            if line["message"].as_str().is_some_and(|message| message.contains(wanted)) {
                return line;
            }
        }
    }
}

fn command_in(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command.env_clear().args(arguments).arg("--data").arg(data);
    command
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.process.kill().is_ok() {
            self.process.wait().expect("an end");
        }
    }
}

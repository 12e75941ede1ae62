//! Other people's programs in Python. `make test` installs them into a folder of their own.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tokio::sync::mpsc;

/// The Python that has a module; none, and why, where it was not installed.
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
pub fn python_with(module: &str) -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/python/bin/python");
    let found = Command::new(&python).args(["-c", &format!("import {module}")]).output();
    let is_there = found.is_ok_and(|output| output.status.success());
    if !is_there {
        println!("SKIPPED: {module} is not here; .ci/python installs it");
    }
    is_there.then_some(python)
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(name)
}

/// Gives a script something to read, and gives what it answers.
pub fn answer(python: &Path, name: &str, asked: &Value) -> Value {
    let mut child = Command::new(python)
        .arg(script(name))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python");
    let mut input = child.stdin.take().expect("an input");
    input.write_all(asked.to_string().as_bytes()).expect("a reader");
    drop(input);
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{name} failed");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A script that runs until the test is over and says things line by line.
pub struct Running {
    child: Child,
    lines: mpsc::UnboundedReceiver<Value>,
}

impl Running {
    #[expect(clippy::disallowed_methods, reason = "reads what a process of this test says")]
    pub fn start(python: &Path, name: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(python)
            .arg(script(name))
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python");
        let output = BufReader::new(child.stdout.take().expect("an output"));
        let (sender, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("JSON");
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// The next thing it says.
    pub async fn said(&mut self) -> Value {
        self.lines.recv().await.expect("a running program")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

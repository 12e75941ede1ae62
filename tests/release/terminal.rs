//! The passphrase of a key, asked for on a terminal. `script` plays the terminal.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use crate::scene::Scene;

const PASSPHRASE: &str = "walnut harbour lantern";

/// A call in a terminal of its own, and all that it has shown.
struct Terminal {
    child: Child,
    shown: String,
}

impl Terminal {
    #[expect(clippy::print_stdout, reason = "a skipped test says why")]
    fn open(scene: &Scene, arguments: &str) -> Option<Self> {
        let call = format!("{} release {arguments}", env!("CARGO_BIN_EXE_holdfast"));
        let begun = Command::new("script")
            .args(["-qec", &call, "/dev/null"])
            .env_remove("HOLDFAST_RELEASE_PASSPHRASE")
            .current_dir(scene.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(child) = begun else {
            println!("SKIPPED: there is no `script` here to play a terminal");
            return None;
        };
        Some(Self { child, shown: String::new() })
    }

    /// Reads until it asks this, and types the answer.
    fn answer(&mut self, question: &str, line: &str) {
        let output = self.child.stdout.as_mut().expect("an output");
        let mut byte = [0];
        while !self.shown.ends_with(question) {
            assert_eq!(output.read(&mut byte).expect("a byte"), 1, "it ended: {}", self.shown);
            self.shown.push(char::from(byte[0]));
        }
        let input = self.child.stdin.as_mut().expect("an input");
        input.write_all(format!("{line}\n").as_bytes()).expect("a reader");
    }

    /// The exit code and all that was shown.
    fn end(mut self) -> (Option<i32>, String) {
        let output = self.child.stdout.as_mut().expect("an output");
        let mut rest = Vec::new();
        output.read_to_end(&mut rest).expect("the rest");
        self.shown.push_str(&String::from_utf8_lossy(&rest));
        (self.child.wait().expect("an end").code(), self.shown)
    }
}

#[test]
fn a_terminal_asks_twice_and_shows_nothing_of_it() {
    let scene = Scene::new();
    let keygen = "keygen --role root --out key";
    let Some(mut terminal) = Terminal::open(&scene, keygen) else { return };
    terminal.answer("New passphrase of key: ", PASSPHRASE);
    terminal.answer("Once more: ", PASSPHRASE);
    let (code, shown) = terminal.end();

    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("walnut"), "{shown}");
    assert!(scene.path("key").exists() && scene.path("key.pub").exists());
}

#[test]
fn two_passphrases_make_no_key() {
    let scene = Scene::new();
    let keygen = "keygen --role root --out key";
    let Some(mut terminal) = Terminal::open(&scene, keygen) else { return };
    terminal.answer("New passphrase of key: ", PASSPHRASE);
    terminal.answer("Once more: ", "another one");
    let (code, shown) = terminal.end();

    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("These are two passphrases"), "{shown}");
    assert!(!scene.path("key").exists());
}

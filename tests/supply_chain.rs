//! What `make check` says of the parts that others wrote and of secrets: each check finds what was
//! planted, passes what is clean, and says so where it cannot look.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn check(name: &str) -> Command {
    let mut command = Command::new(repository().join(".ci").join(name));
    command.current_dir(repository());
    command
}

fn printed(output: &Output) -> String {
    let parts = [&output.stdout[..], &output.stderr];
    parts.map(|part| String::from_utf8_lossy(part).into_owned()).concat()
}

/// What the check printed; none where it did not run, which is said.
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn ran(output: &Output) -> Option<String> {
    let printed = printed(output);
    if printed.contains("SKIPPED") {
        eprintln!("{}", printed.trim());
        return None;
    }
    Some(printed)
}

/// Words that are no secret here, put together so that this file holds none.
fn planted() -> Vec<(&'static str, String)> {
    let letters = "Xq7Lr2Vw9Zt4Kp8Nc3Yb6Hd5Gf1Ms0Ja";
    vec![
        ("a forge's token", format!("access = \"ghp_{letters}a1B2\"")),
        ("a box's token", format!("curl -H 'Authorization: Bearer hfp_{letters}'")),
        ("a set-up link", format!("https://box.local/setup#token={letters}{letters}")),
        ("a kit", format!("AGE-SECRET-KEY-1{}", "QPZRY9X8GF2TVDW0S3JN54KHCE6MU".repeat(2))),
        ("a private key", format!("-----BEGIN {} KEY-----\n{letters}\n", "PRIVATE")),
    ]
}

#[test]
fn a_planted_secret_is_found_and_plain_text_is_none() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("notes.txt");
    for (what, text) in planted() {
        std::fs::write(&file, text.clone() + "\n").expect("a file");
        let output = check("secrets").arg(folder.path()).output().expect("bash");
        let Some(found) = ran(&output) else { return };

        let is_refused = output.status.code() == Some(1);
        assert!(is_refused && found.contains("notes.txt"), "{what} was not found: {found}");
    }

    std::fs::write(&file, "password = \"correct-horse-battery-staple\"\n").expect("a file");
    let output = check("secrets").arg(folder.path()).output().expect("bash");

    assert!(output.status.success(), "{}", printed(&output));
}

/// A list of vulnerabilities as it is published: a git repository with a file for each.
fn list_of_advisories(crates: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(["-C", folder.path().to_str().expect("a plain path")])
            .args(["-c", "user.name=List", "-c", "user.email=list@example.com"])
            .args(arguments)
            .output()
            .expect("git");
        assert!(output.status.success(), "{}", printed(&output));
    };
    git(&["init", "--quiet", "--initial-branch", "main"]);
    std::fs::write(folder.path().join("README.md"), "A list.\n").expect("a file");
    for (number, name) in crates.iter().enumerate() {
        let place = folder.path().join("crates").join(name);
        std::fs::create_dir_all(&place).expect("a folder");
        let id = format!("RUSTSEC-2026-{:04}", 9000 + number);
        let text = format!(
            "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{name}\"\ndate = \"2026-01-01\"\n\
             [versions]\npatched = []\n```\n\n# Planted\n\nIt was planted by a test.\n"
        );
        std::fs::write(place.join(format!("{id}.md")), text).expect("a file");
    }
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "A list"]);
    folder
}

fn compare_with(list: &str) -> Output {
    check("advisories").env("HOLDFAST_ADVISORIES", list).output().expect("bash")
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn a_crate_with_a_known_vulnerability_is_named() {
    if !repository().join("target/tools/bin/cargo-deny").is_file() {
        eprintln!("SKIPPED: no vulnerability was planted, because `make check` has not run yet");
        return;
    }
    let (clean, planted) = (list_of_advisories(&["left-pad"]), list_of_advisories(&["tokio"]));
    let address = |list: &TempDir| format!("file://{}", list.path().display());

    let passed = compare_with(&address(&clean));
    let refused = compare_with(&address(&planted));

    assert!(passed.status.success(), "{}", printed(&passed));
    assert!(!printed(&passed).contains("SKIPPED"), "{}", printed(&passed));
    let said = printed(&refused);
    assert!(!refused.status.success(), "nothing was found: {said}");
    assert!(said.contains("RUSTSEC-2026-9000") && said.contains("tokio"), "{said}");
}

#[test]
fn without_the_list_of_vulnerabilities_the_check_says_so() {
    let output = compare_with("file:///nowhere/at-all");

    assert!(output.status.success(), "{}", printed(&output));
    assert!(printed(&output).starts_with("SKIPPED: crates were not compared"));
}

/// A registry on this machine that answers one question.
struct Registry(String);

impl Registry {
    #[expect(clippy::disallowed_methods, reason = "a server of this test")]
    fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}/", listener.local_addr().expect("an address"));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                serve(stream, answer);
            }
        });
        Self(address)
    }

    fn ask(&self) -> Output {
        check("npm").env("npm_config_registry", &self.0).output().expect("bash")
    }
}

/// Answers one request and closes.
fn serve(mut stream: TcpStream, answer: &str) {
    let mut asked = Vec::new();
    let mut piece = [0_u8; 4096];
    let length = loop {
        let Ok(count @ 1..) = stream.read(&mut piece) else { return };
        asked.extend_from_slice(&piece[..count]);
        if let Some(end) = asked.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&asked[..end]).to_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap_or("0");
            let length = length.lines().next().and_then(|line| line.trim().parse().ok());
            break end + 4 + length.unwrap_or(0);
        }
    };
    while asked.len() < length {
        let Ok(count @ 1..) = stream.read(&mut piece) else { return };
        asked.extend_from_slice(&piece[..count]);
    }
    let is_the_question = asked.starts_with(b"POST /-/npm/v1/security/advisories/bulk");
    let (status, body) = if is_the_question { ("200 OK", answer) } else { ("404 Not Found", "{}") };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    let _gone = stream.write_all(format!("{head}{body}").as_bytes());
}

#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn has_npm() -> bool {
    let there = |name: &PathBuf| name.join("npm").is_file();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|folder| there(&folder));
    if !is_there {
        eprintln!("SKIPPED: no package of the pages was looked at, because there is no npm");
    }
    is_there
}

#[test]
fn a_package_of_the_pages_with_a_known_vulnerability_is_named() {
    if !has_npm() {
        return;
    }
    let planted = r#"{"react": [{"id": 1, "url": "", "title": "Planted by a test",
        "severity": "high", "vulnerable_versions": "<99.0.0", "cwe": [],
        "cvss": {"score": 9, "vectorString": null}}]}"#;

    let refused = Registry::start(planted).ask();
    let passed = Registry::start("{}").ask();
    let silent = Registry::start("no answer").ask();

    let said = printed(&refused);
    assert!(!refused.status.success(), "nothing was found: {said}");
    assert!(said.contains("react") && said.contains("Planted by a test"), "{said}");
    assert!(passed.status.success(), "{}", printed(&passed));
    let said = printed(&passed);
    assert!(!said.contains("known vulnerabilities"), "{said}");
    assert!(said.contains("SKIPPED: the signatures"), "{said}");
    let said = printed(&silent);
    assert!(silent.status.success() && said.contains("SKIPPED: the pages' packages"), "{said}");
}

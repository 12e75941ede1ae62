//! The whole story: three workspaces, a second factor, a token, an authority that browsers trust, a
//! checkpoint on paper and somebody who was erased; then the machine is gone.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use holdfast::platform::clock::Clock;
use holdfast::platform::identity::factors::totp::{code_of, step_at};
use holdfast::platform::secret::to_hex;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::places::seaweed;
use crate::rig::{Scene, Served, cookies, err, holdfast, program, said, until};

const ERASED: &str = "gone.for.good@example.com";
/// Pictures and documents in all workspaces, and how many an item has.
const FILES: usize = 2_000;
const FILES_PER_ITEM: usize = 50;
const CLIENTS: usize = 4;
/// Nobody is told to wait.
const UNHURRIED: [(&str, &str); 2] =
    [("HOLDFAST_LIMITS__REQUEST_BURST", "100000"), ("HOLDFAST_LIMITS__REQUESTS_PER_MIN", "100000")];
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/audit/verify_audit.py");

/// What people have in their hands when the machine burns.
struct Hands {
    /// The secret in somebody's phone.
    app: Vec<u8>,
    token: String,
    /// What their browsers trust.
    root: String,
    /// Paper.
    checkpoint: String,
    stock: Vec<Value>,
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let digit = if letter.is_ascii_digit() { letter - b'2' + 26 } else { letter - b'A' };
        held = held << 5 | u32::from(digit);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 255).try_into().expect("a byte"));
        }
    }
    bytes
}

/// The code that the app shows when the one of now was used.
fn next_code(app: &[u8]) -> String {
    code_of(app, step_at(Clock::System.now()) + 1)
}

fn live(scene: &Scene, served: &Served) -> Hands {
    let session = served.sign_in();
    let begun = served.json("POST /api/v1/me/mfa/totp", &session, &Value::Null);
    let app = base32(begun["secret"].as_str().expect("a secret"));
    let code = code_of(&app, step_at(Clock::System.now()));
    served.json("POST /api/v1/me/mfa/totp/confirm", &session, &json!({ "code": code }));
    let wanted = json!({ "name": "till", "expires_in_days": 30 });
    let token = served.json("POST /api/v1/me/tokens", &session, &wanted);
    let token = format!("Authorization: Bearer {}\r\n", token["token"].as_str().expect("one"));
    said(&scene.on("data", &["user", "create", "--name", "Gone", "--email", ERASED]));
    said(&scene.on("data", &["user", "erase", ERASED, "--yes"]));
    let first = &scene.workspaces[0];
    let paths = format!("POST /api/v1/workspaces/{first}/audit/checkpoints");
    let checkpoint = served.json(&paths, &session, &Value::Null);
    let checkpoint = checkpoint["note"].as_str().expect("a note").to_owned();
    let pem = holdfast(&["ca", "show", "--pem", "--data", &scene.text("data")]);
    let root = String::from_utf8(pem.stdout).expect("text");
    let stock = stocks(scene, served, &token);
    Hands { app, token, root, checkpoint, stock }
}

fn stocks(scene: &Scene, served: &Served, token: &str) -> Vec<Value> {
    let of = |id: &String| {
        let path = format!("GET /api/v1/workspaces/{id}/inventory/stock?limit=200");
        served.json(&path, token, &Value::Null)
    };
    scene.workspaces.iter().map(of).collect()
}

/// Puts files beside items of every workspace, each with bytes of its own.
fn put_files(scene: &Scene, served: &Served, token: &str) {
    let headers = format!("{token}Content-Type: application/octet-stream\r\n");
    let mut all = Vec::new();
    for workspace in &scene.workspaces {
        let base = format!("/api/v1/workspaces/{workspace}/inventory/items");
        let items = served.json(&format!("GET {base}?limit=200"), token, &Value::Null);
        let items = items["items"].as_array().expect("items");
        let ids = items.iter().filter_map(|item| item["id"].as_str());
        all.extend(ids.map(|id| format!("{base}/{id}")));
    }
    let each = |number: usize| &all[number % all.len()];
    assert!(all.len() * FILES_PER_ITEM > FILES, "{} items", all.len());
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (headers, each) = (&headers, &each);
            scope.spawn(move || {
                for number in (client..FILES).step_by(CLIENTS) {
                    let what = format!("POST {}/files?name=note-{number}.txt", each(number));
                    let text = format!("what stands on note {number}");
                    let (status, _, answer) = served.send_text(&what, headers, &text);
                    assert_eq!(status, 201, "{answer}");
                }
            });
        }
    });
}

/// The files beside the databases by their paths, with what their bytes hash to.
fn files_of_items(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(below) = open.pop() {
        for entry in fs::read_dir(&below).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let sum = to_hex(&Sha256::digest(fs::read(&path).expect("a file")));
            assert!(path.ends_with(&sum), "{} holds something else", path.display());
            found.insert(path.strip_prefix(folder).expect("below it").to_owned(), sum);
        }
    }
    found
}

/// One of them comes back by itself, by its hash.
fn one_file_alone(scene: &Scene, files: &BTreeMap<PathBuf, String>) {
    let (path, hash) = files.iter().next().expect("a file");
    let out = scene.text("alone");
    let (from, kit) = (scene.text("target"), scene.text("kit.txt"));
    let place = ["restore", "--from", &from, "--kit", &kit];
    said(&scene.on("burnt", &[&place[..], &["--blob", hash, "--out", &out]].concat()));
    let there = fs::read(scene.path("burnt/blobs").join(path)).expect("a file");
    assert_eq!(fs::read(out).expect("a file"), there);
}

/// Numbers and heads of every audit log of a box that does not run.
fn heads(scene: &Scene, data: &str) -> Value {
    said(&scene.on(data, &["audit", "verify"]))
}

/// Says something over TLS to a box whose authority is trusted and nobody else's.
fn over_tls(served: &Served, root: &str) -> String {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(root.as_bytes()) {
        roots.add(certificate.expect("a certificate")).expect("a root");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
    let stream = TcpStream::connect(&served.https).expect("a listener");
    let mut stream = StreamOwned::new(connection, stream);
    stream.write_all(b"GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("a trusted box");
    let mut answer = Vec::new();
    // What ends without a farewell was answered all the same.
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

fn contains(folder: &Path, needle: &[u8]) -> bool {
    fs::read_dir(folder).expect("a folder").flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return contains(&path, needle);
        }
        let bytes = fs::read(&path).unwrap_or_default();
        bytes.windows(needle.len()).any(|part| part == needle)
    })
}

/// Everything people had works on the box in `data`, and what must not be there is not.
fn all_goes_on(scene: &Scene, data: &str, hands: &Hands) {
    assert!(!contains(&scene.path(data), ERASED.as_bytes()), "somebody erased is back");
    let served = Served::start(&scene.path(data));
    let half = served.sign_in();
    let body = json!({ "code": next_code(&hands.app) });
    let (status, head, answer) = served.send("POST /api/v1/auth/mfa/totp", &half, &body);
    assert_eq!(status, 200, "the second factor: {answer}");
    let session = cookies(&head);
    assert_eq!(stocks(scene, &served, &hands.token), hands.stock);
    let answer = over_tls(&served, &hands.root);
    assert!(answer.lines().next().is_some_and(|line| line.contains(" 200 ")), "TLS: {answer}");
    verify_checkpoint(scene, &served, &session, hands);
    // It makes a backup by itself, after the one that it came from.
    let newest = until("a backup of its own", || {
        let list = said(&scene.on(data, &["backup", "list"]));
        let newest = list["items"][0].clone();
        (newest["level"] == "verified").then_some(newest)
    });
    assert!(newest["sequence"].as_u64().is_some_and(|number| number > 1), "{newest}");
}

/// The paper of before against the log of now, by both verifiers.
fn verify_checkpoint(scene: &Scene, served: &Served, session: &str, hands: &Hands) {
    let path = format!("GET /api/v1/workspaces/{}/audit/export", scene.workspaces[0]);
    let (status, _, bundle) = served.send(&path, session, &Value::Null);
    assert_eq!(status, 200, "{bundle}");
    let (at, paper) = (scene.text("bundle"), scene.text("checkpoint"));
    fs::write(&at, bundle).expect("a bundle");
    fs::write(&paper, &hands.checkpoint).expect("a checkpoint");
    let verified = holdfast(&["audit", "verify", "--bundle", &at, "--checkpoint", &paper]);
    assert!(verified.status.success(), "{}", err(&verified));
    let python = Command::new("python3").args([SCRIPT, &at, "--checkpoint", &paper]).output();
    if let Ok(verified) = python {
        assert!(verified.status.success(), "{}", err(&verified));
    }
}

#[test]
fn a_lost_machine_is_one_command_away_from_going_on() {
    let scene = Scene::new(3, true);
    let served = Served::start_with(&scene.path("data"), &UNHURRIED);
    let hands = live(&scene, &served);
    put_files(&scene, &served, &hands.token);
    let store = seaweed();
    if let Some(store) = &store {
        let secret = scene.text("secret");
        fs::write(&secret, "boxsecret").expect("a secret");
        let add = ["backup", "target", "add", "--name", "Store", "--kind", "s3", "--bucket", "box"];
        let more = ["--endpoint", &store.endpoint, "--region", "us-east-1"];
        let key = ["--access-key", "boxkey", "--secret-file", &secret];
        said(&scene.on("data", &[&add[..], &more, &key].concat()));
    }
    let made = said(&scene.on("data", &["backup", "run"]));
    assert_eq!(made["level"], "verified", "{made}");
    drop(served);
    let before = heads(&scene, "data");
    fs::rename(scene.path("data"), scene.path("burnt")).expect("a fire");

    let report = said(&scene.recover("target", "kit.txt", "data"));

    assert_eq!((&report["sequence"], &report["workspaces"]), (&json!(1), &json!(3)));
    assert_eq!((&report["box_epoch"], &report["missing"]), (&json!(2), &json!([])));
    for log in before["logs"].as_array().expect("logs") {
        let Some(id) = log["log"].as_str().filter(|log| *log != "box") else { continue };
        let files = report["files"].as_array().expect("files");
        let file = files.iter().find(|file| file["path"] == format!("workspaces/{id}.db"));
        let file = file.expect("the file of a workspace");
        assert_eq!(file["audit_head"], log["head"], "{file}");
        assert!(file["rows"]["movements"].as_u64().is_some_and(|rows| rows > 100), "{file}");
    }
    let files = files_of_items(&scene.path("burnt/blobs"));
    assert_eq!(files.len(), FILES);
    assert_eq!(files_of_items(&scene.path("data/blobs")), files);
    one_file_alone(&scene, &files);
    all_goes_on(&scene, "data", &hands);
    let old = Served::start(&scene.path("burnt"));
    let refused = scene.on("burnt", &["backup", "run"]);
    assert!(err(&refused).contains("was recovered elsewhere"), "{}", err(&refused));
    drop(old);

    let Some(store) = store else { return };
    let mut command = program();
    command.args(["recover", "--json", "--from", "s3://box", "--backup", "1"]);
    command.args(["--kit", &scene.text("kit.txt"), "--data", &scene.text("again")]);
    command
        .env("HOLDFAST_TARGET_ENDPOINT", &store.endpoint)
        .env("HOLDFAST_TARGET_REGION", "us-east-1");
    command.env("HOLDFAST_TARGET_ACCESS_KEY", "boxkey");
    let again = said(&command.env("HOLDFAST_TARGET_SECRET_KEY", "boxsecret").output().unwrap());
    assert_eq!(again["files"], report["files"]);
    assert_eq!(files_of_items(&scene.path("again/blobs")), files);
    assert!(heads(&scene, "again")["ok"].as_bool().is_some_and(|ok| ok));
}

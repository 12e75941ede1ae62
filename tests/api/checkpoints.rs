//! Signed checkpoints of the audit logs, and what is proven with them.

use std::io::Cursor;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdfast::platform::audit::ops::{bundle, tail_box};
use holdfast::platform::audit::rules::checkpoints::{Note, read_verifier_key};
use holdfast::platform::audit::rules::tree::{is_consistent, root_of_inclusion};
use holdfast::platform::audit::runner;
use holdfast::wiring;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::inventory::item;
use crate::support::{Client, HOST, TestServer, open, system};

/// Proofs of a log that fits on a box are never larger.
const PROOF_SIZE_BYTES_MAX: usize = 2_000;

fn hash(text: &str) -> [u8; 32] {
    STANDARD.decode(text).expect("base64").try_into().expect("a hash")
}

/// The note of a checkpoint, whose signature is checked with the key beside it.
fn believed(checkpoint: &Value) -> Note {
    let note = Note::read(checkpoint["note"].as_str().expect("a note")).expect("a checkpoint");
    let (name, key) =
        read_verifier_key(checkpoint["key"].as_str().expect("a key")).expect("a verifier's key");
    assert_eq!(name, note.statement.origin);
    assert!(note.is_signed_by(&key));
    assert_eq!(note.statement.size, checkpoint["size"].as_u64().expect("a size"));
    assert_eq!(note.statement.root, hash(checkpoint["root"].as_str().expect("a root")));
    note
}

async fn listed(client: &Client) -> Vec<Value> {
    let page = client.get("/audit/checkpoints").await.is(200);
    page["items"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_log_that_grew_is_signed_once_and_anew_when_it_grows_again() {
    let server = TestServer::start().await;
    let (manager, admin) = (server.person("manager").await, server.person("admin").await);
    item(&manager, "S").await;

    assert_eq!(listed(&admin).await, [Value::Null; 0]);
    assert_eq!(runner::tick(&server.platform).await.expect("checkpoints"), 2);
    assert_eq!(runner::tick(&server.platform).await.expect("checkpoints"), 0);
    server.advance(Duration::from_mins(1));
    item(&manager, "T").await;
    assert_eq!(runner::tick(&server.platform).await.expect("checkpoints"), 1);

    let checkpoints = listed(&admin).await;
    let sizes: Vec<u64> = checkpoints.iter().map(|one| believed(one).statement.size).collect();
    assert_eq!(sizes, [2, 1]);
    assert_eq!(checkpoints[0]["at"], "2026-11-21T06:01:00.000Z");
    let state = admin.get("/audit/state").await.is(200);
    assert_eq!(state["checkpoint"]["size"], 2);
    assert_eq!(state["checkpoint"]["root"], checkpoints[0]["root"]);
    let verdict = admin.post("/audit/verify", &Value::Null).await.is(200);
    assert_eq!((&verdict["ok"], &verdict["checkpoints"]), (&json!(true), &json!(2)));
    assert_eq!(verdict["root"], checkpoints[0]["root"]);
    server.finish().await;
}

#[tokio::test]
async fn every_log_is_signed_in_its_own_name_with_the_key_of_the_box() {
    let server = TestServer::start().await;
    let (manager, admin) = (server.person("manager").await, server.person("admin").await);
    let operator = server.operator().await;
    item(&manager, "S").await;

    let here = admin.post("/audit/checkpoints", &Value::Null).await.is(200);
    let on_box = operator.post("/api/v1/audit/checkpoints", &Value::Null).await.is(200);

    let (here, on_box) = (believed(&here), believed(&on_box));
    let on = format!("holdfast/{}/", server.platform.audit.box_id());
    assert!(here.statement.origin.starts_with(&on), "{}", here.statement.origin);
    assert!(on_box.statement.origin.starts_with(&on));
    assert_ne!(here.statement.origin, on_box.statement.origin);
    let raw = admin.get("/audit/1").await.is(200);
    assert_eq!(here.statement.origin, format!("{on}{}", raw["log"].as_str().expect("an id")));
    // The wish stands in the log that is signed.
    assert_eq!(here.statement.size, 2);
    assert_eq!(server.audit_actions().await, ["inventory.item.created", "audit.checkpoint.signed"]);
    server.finish().await;
}

#[tokio::test]
async fn the_newest_checkpoint_is_shown_as_a_picture_and_missing_until_there_is_one() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;

    admin.get("/audit/checkpoints/latest").await.is_problem(409, "audit-not-signed");
    admin.post("/audit/checkpoints", &Value::Null).await.is(200);
    let latest = admin.get("/audit/checkpoints/latest").await.is(200);

    believed(&latest);
    assert!(latest["qr_svg"].as_str().expect("a picture").starts_with("<svg xmlns="));
    server.finish().await;
}

/// Index, hashes and checkpoint of a proof file.
fn read_proof(text: &str) -> (u64, Vec<[u8; 32]>, Note) {
    let rest = text.strip_prefix("c2sp.org/tlog-proof@v1\nindex ").expect("a proof");
    let (proof, note) = rest.split_once("\n\n").expect("a checkpoint");
    let mut lines = proof.lines();
    let index = lines.next().expect("an index").parse().expect("a number");
    (index, lines.map(hash).collect(), Note::read(note).expect("a note"))
}

#[tokio::test]
async fn an_entry_is_proven_by_a_file_that_needs_no_box() {
    let server = TestServer::start().await;
    let (manager, admin) = (server.person("manager").await, server.person("admin").await);
    for number in 0..9 {
        item(&manager, &format!("N{number}")).await;
    }
    let first = admin.post("/audit/checkpoints", &Value::Null).await.is(200);
    item(&manager, "M").await;
    let second = admin.post("/audit/checkpoints", &Value::Null).await.is(200);

    for (checkpoint, size) in [(&first, 10_u64), (&second, 12)] {
        for seq in 1..=size {
            let file = admin.get(&format!("/audit/proof/{seq}?size={size}")).await;
            assert_eq!(file.header("content-type"), Some("text/plain; charset=utf-8"));
            assert!(file.bytes.len() <= PROOF_SIZE_BYTES_MAX);
            let (index, hashes, note) = read_proof(&file.text());
            assert_eq!((index, &note), (seq - 1, &believed(checkpoint)));
            let raw = admin.get(&format!("/audit/{seq}")).await.is(200);
            let canonical = raw["canonical"].as_str().expect("a text");
            let leaf = Sha256::digest([b"\0", canonical.as_bytes()].concat()).into();
            let root = root_of_inclusion(index, size, &leaf, &hashes);
            assert_eq!(root, Some(note.statement.root), "entry {seq} of {size}");
        }
    }
    let newest = admin.get("/audit/proof/1").await.text();
    assert!(newest.contains("\n12\n"));
    server.finish().await;
}

#[tokio::test]
async fn what_cannot_be_proven_is_refused_with_its_reason() {
    let server = TestServer::start().await;
    let (manager, admin) = (server.person("manager").await, server.person("admin").await);
    item(&manager, "S").await;

    admin.get("/audit/proof/1").await.is_problem(409, "audit-not-signed");
    admin.post("/audit/checkpoints", &Value::Null).await.is(200);
    item(&manager, "T").await;

    admin.get("/audit/proof/3").await.is_problem(409, "audit-not-signed");
    admin.get("/audit/proof/3?size=2").await.is_problem(409, "audit-not-signed");
    admin.get("/audit/proof/1?size=1").await.is_field_problem("size", "checkpoint-unknown");
    for nothing in ["0", "-1", "x", "4", "99999999999999999999"] {
        admin.get(&format!("/audit/proof/{nothing}")).await.is_problem(404, "not-found");
    }
    admin.get("/audit/consistency?from=0&to=1").await.is_field_problem("from", "audit-range");
    admin.get("/audit/consistency?from=2&to=1").await.is_field_problem("from", "audit-range");
    admin.get("/audit/consistency?from=1&to=4").await.is_field_problem("to", "audit-range");
    manager.get("/audit/checkpoints").await.is_problem(403, "forbidden");
    manager.post("/audit/checkpoints", &Value::Null).await.is_problem(403, "forbidden");
    server.finish().await;
}

#[tokio::test]
async fn two_checkpoints_are_proven_to_be_of_one_log() {
    let server = TestServer::start().await;
    let (manager, admin) = (server.person("manager").await, server.person("admin").await);
    let mut checkpoints = Vec::new();
    for number in 0..6 {
        item(&manager, &format!("N{number}")).await;
        let one = admin.post("/audit/checkpoints", &Value::Null).await.is(200);
        checkpoints.push(believed(&one).statement);
    }

    for (at, from) in checkpoints.iter().enumerate() {
        for to in &checkpoints[at..] {
            let path = format!("/audit/consistency?from={}&to={}", from.size, to.size);
            let proof = admin.get(&path).await.is(200);
            let hashes = proof["hashes"].as_array().expect("hashes").iter();
            let hashes: Vec<_> = hashes.map(|one| hash(one.as_str().expect("a hash"))).collect();
            assert!(is_consistent((from.size, &from.root), (to.size, &to.root), &hashes));
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn pages_of_checkpoints_follow_each_other() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    for _ in 0..5 {
        admin.post("/audit/checkpoints", &Value::Null).await.is(200);
    }

    let (mut sizes, mut next) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("/audit/checkpoints?limit=2{next}")).await.is(200);
        let items = page["items"].as_array().expect("a list");
        sizes.extend(items.iter().map(|one| one["size"].as_u64().expect("a size")));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }

    assert_eq!(sizes, [5, 4, 3, 2, 1]);
    server.finish().await;
}

#[tokio::test]
async fn the_log_of_the_box_names_the_checkpoints_of_workspaces_that_changed_once_an_hour() {
    const RECORDED: &str = "audit.checkpoint.recorded";
    let server = TestServer::start().await;
    let (manager, operator) = (server.person("manager").await, server.operator().await);
    let recorded = || async { server.box_counts().await.get(RECORDED).copied().unwrap_or(0) };
    item(&manager, "S").await;
    runner::tick(&server.platform).await.expect("checkpoints");
    assert_eq!(recorded().await, 0);

    server.advance(Duration::from_hours(1));
    runner::tick(&server.platform).await.expect("checkpoints");
    server.advance(Duration::from_hours(1));
    runner::tick(&server.platform).await.expect("checkpoints");

    assert_eq!(recorded().await, 1);
    // The entry itself is signed in the same turn.
    let state = operator.get("/api/v1/audit/state").await.is(200);
    assert_eq!(state["checkpoint"]["size"], state["size"]);
    let list = operator.get(&format!("/api/v1/audit?action={RECORDED}")).await.is(200);
    let changes = &list["items"][0]["changes"];
    assert_eq!(changes["workspace"]["to"], server.workspace.to_string());
    assert_eq!(changes["size"]["to"], "1");
    server.finish().await;
}

#[tokio::test]
async fn a_box_that_stops_signs_what_was_left() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    item(&manager, "S").await;
    let before = server.platform.audit.box_id();

    let server = server.restart().await;

    assert_eq!(server.platform.audit.box_id(), before);
    let admin = server.person("admin").await;
    let checkpoints = listed(&admin).await;
    assert_eq!(checkpoints.len(), 1);
    assert_eq!(believed(&checkpoints[0]).statement.size, 1);
    assert_eq!(server.box_counts().await.get("audit.checkpoint.recorded"), Some(&1));
    server.finish().await;
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let (path, to) = entry.map(|one| (one.path(), to.join(one.file_name()))).expect("an entry");
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).expect("a copy");
        }
    }
}

#[tokio::test]
async fn a_checkpoint_signed_before_a_kill_is_named_once_the_file_is_opened_again() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    item(&manager, "S").await;
    runner::tick(&server.platform).await.expect("checkpoints");
    // What a kill leaves: the files, and nothing of what was in memory.
    let left = tempfile::tempdir().expect("a folder");
    copy(server.folder(), left.path());

    let again = open(left.path(), &server.clock, &[], &[]);
    let router = wiring::application(&again, vec![HOST.to_owned()]).expect("the wiring");
    let client = Client::new(router, Some(manager.token().to_owned()), server.workspace);
    client.get("/inventory/items").await.is(200);
    for _ in 0..2 {
        server.advance(Duration::from_hours(1));
        runner::tick(&again).await.expect("checkpoints");
    }

    let log = tail_box(&system(&again), 0, 1_000).await.expect("the log");
    let named: Vec<&str> = log
        .iter()
        .filter(|one| one.action == "audit.checkpoint.recorded")
        .map(|one| one.changes.as_str())
        .collect();
    assert_eq!(named.len(), 1, "{named:?}");
    assert!(named[0].contains("\"size\":{\"to\":\"1\"}"), "{named:?}");
    again.close().await;
    server.finish().await;
}

#[tokio::test]
async fn an_exported_log_is_verified_without_the_box_and_shows_people_only_when_asked() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await.at("192.0.2.7");
    let admin = server.person("admin").await;
    item(&manager, "S").await;
    let trusted = believed(&admin.post("/audit/checkpoints", &Value::Null).await.is(200));
    item(&manager, "T").await;

    let plain = admin.get("/audit/export").await;
    let whole = admin.get("/audit/export?personal=true").await;

    assert_eq!(plain.header("content-type"), Some("application/x-ndjson"));
    assert!(plain.header("content-disposition").expect("a name").ends_with("-4.jsonl\""));
    assert!(!plain.text().contains("192.0.2.7"));
    assert!(whole.text().contains("192.0.2.7"));
    for (export, size) in [(&plain, 4), (&whole, 5)] {
        let verdict = bundle::verify(Cursor::new(&export.bytes), &trusted).expect("a bundle");
        // The last checkpoint is of all entries, that of the export included.
        assert_eq!((verdict.bad, verdict.checked), (None, size));
        assert!(verdict.checkpoints >= 2);
    }
    let altered = [
        (plain.text().replacen("item.created", "item.deleted", 1), 1),
        (whole.text().replacen("192.0.2.7", "192.0.2.8", 1), 1),
        (whole.text().replacen("\"end\":5", "\"end\":4", 1), 6),
    ];
    for (text, first_bad) in altered {
        let verdict = bundle::verify(Cursor::new(text), &trusted).expect("a bundle");
        assert_eq!(verdict.bad.map(|bad| bad.seq), Some(first_bad));
    }
    assert_eq!(
        server.audit_actions().await[3..],
        ["audit.exported".to_owned(), "audit.exported".to_owned()]
    );
    manager.get("/audit/export").await.is_problem(403, "forbidden");
    server.finish().await;
}

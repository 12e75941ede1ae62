//! Files that are not what was written to them: the workspace can still be read, the others go on,
//! and a restore brings it back.

use std::fs;
use std::path::Path;
use std::time::Duration;

use holdfast::config::{Config, Sources};
use holdfast::platform::BOX_DAMAGED;
use holdfast::platform::backups::archive::Identity;
use holdfast::platform::clock::Clock;
use holdfast::platform::error::Error;
use holdfast::wiring;
use serde_json::{Value, json};

use crate::backups::Ready;
use crate::inventory::item;
use crate::support::{Client, START, TestServer, reading};

const PAGE: usize = 4096;
const DAMAGED: &str = "workspace-damaged";
/// Enough for tables and indexes of several pages.
const ITEMS: usize = 60;

/// A way to damage a file, by its bytes.
type Harm = (&'static str, fn(&Path));

fn change(path: &Path, how: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("a file");
    how(&mut bytes);
    // In place, as a broken disk does: whoever has it open sees it.
    let file = fs::OpenOptions::new().write(true).open(path).expect("a file");
    file.set_len(bytes.len() as u64).expect("a length");
    std::os::unix::fs::FileExt::write_all_at(&file, &bytes, 0).expect("it is written");
}

/// Fills pages that begin with a byte: what kind of page it is.
fn fill_pages(path: &Path, kind: u8) {
    change(path, |bytes| {
        let pages = bytes.chunks_mut(PAGE).skip(1).filter(|page| page[0] == kind);
        pages.step_by(2).for_each(|page| page.fill(0x5a));
    });
}

const HARMS: &[Harm] = &[
    ("the header", |path| change(path, |bytes| bytes[..100].fill(0))),
    ("the root page", |path| change(path, |bytes| bytes[100..PAGE].fill(0x5a))),
    ("leaves of tables", |path| fill_pages(path, 0x0d)),
    ("leaves of indexes", |path| fill_pages(path, 0x0a)),
    ("the list of free pages", |path| {
        change(path, |bytes| bytes[32..40].copy_from_slice(&[0, 0xff, 0xff, 0xff, 0, 0, 0, 9]));
    }),
    ("half of it cut off", |path| change(path, |bytes| bytes.truncate(bytes.len() / 2))),
    ("zeros", |path| change(path, |bytes| bytes.fill(0))),
    ("nothing in it", |path| change(path, Vec::clear)),
    ("no file", |path| fs::remove_file(path).expect("a file")),
];

#[expect(clippy::disallowed_methods, reason = "behind the back of the box")]
fn open(path: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(path).expect("a file")
}

async fn count(client: &Client) -> usize {
    let items = client.get("/inventory/items?limit=200").await.is(200);
    items["items"].as_array().expect("a list").len()
}

/// Makes the log of a file grow while somebody reads it.
fn write_much(path: &Path) -> rusqlite::Connection {
    let (reader, writer) = (reading(path), open(path));
    let sql = "CREATE TABLE filler (body BLOB) STRICT;
         INSERT INTO filler VALUES (randomblob(9000000))";
    writer.execute_batch(sql).expect("a change");
    reader
}

/// A box whose workspace holds something and is backed up.
async fn filled() -> (Ready, Value) {
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    for number in 0..ITEMS {
        item(&owner, &format!("A-{number}")).await;
    }
    let backup = ready.back_up().await;
    (ready, backup)
}

async fn job(ready: &Ready, path: &str, body: &Value) -> Value {
    ready.server.advance(Duration::from_secs(1));
    let asked = ready.operator.post(path, body).await.is(202);
    ready.server.run_jobs().await;
    ready
        .operator
        .get(&format!("/api/v1/jobs/{}", asked["id"].as_str().unwrap_or_default()))
        .await
        .is(200)
}

async fn look_through(ready: &Ready) -> Value {
    let done = job(ready, "/api/v1/jobs", &json!({ "kind": "platform.check-files" })).await;
    assert_eq!(done["state"], "done", "{done}");
    done["result"].clone()
}

/// Works on a damaged workspace until it is known, and sees what everybody sees from then on.
async fn find_out(ready: &Ready, neighbour: &Client, what: &str) {
    let owner = ready.server.person("owner").await;
    let new = json!({ "item_number": "NEW", "name": "New", "unit": "kg" });
    let read = owner.get("/inventory/items?limit=200").await;
    if read.status != 200 {
        read.is_problem(503, DAMAGED);
    }
    let written = owner.post("/inventory/items", &new).await;
    if written.status != 201 {
        written.is_problem(503, DAMAGED);
    }

    look_through(ready).await;

    let shown = owner.get("").await.is(200);
    assert!(shown["damaged_at"].is_string(), "{what}: {shown}");
    let refusal = owner.post("/inventory/items", &new).await.is_problem(503, DAMAGED);
    assert!(
        refusal["detail"].as_str().unwrap_or_default().contains("restore it"),
        "{what}: {refusal}"
    );
    let read = owner.get("/inventory/items?limit=200").await;
    if read.status != 200 {
        read.is_problem(503, DAMAGED);
    }
    for path in ["/audit", "/members", "/search?q=thing", "/inventory/stock", "/jobs", "/deleted"] {
        let read = owner.get(path).await;
        assert!([200, 503].contains(&read.status.as_u16()), "{what}, {path}: {}", read.text());
    }
    let (number, _) = (what.replace(' ', "-"), item(neighbour, &what.replace(' ', "-")).await);
    let there = neighbour.get(&format!("/inventory/items?q={number}")).await.is(200);
    assert!(there["items"][0].is_object(), "others go on: {there}");
    let plan = ready.operator.get("/api/v1/backups/plan").await.is(200);
    assert!(
        plan["paused"].as_str().unwrap_or_default().contains("Harbour Kitchen"),
        "{what}: {plan}"
    );
}

async fn restore(ready: &Ready, backup: &Value) {
    let wish = json!({
        "backup_id": backup["id"], "identity": ready.kit.text().reveal(),
        "workspace_id": ready.server.workspace.to_string(), "mode": "in_place",
    });
    let done = job(ready, "/api/v1/restores", &wish).await;
    assert_eq!(done["state"], "done", "{done}");
}

async fn is_whole(ready: &Ready, what: &str) {
    let owner = ready.server.person("owner").await;
    assert_eq!(owner.get("").await.is(200)["damaged_at"], Value::Null, "{what}");
    assert_eq!(count(&owner).await, ITEMS, "{what}");
    let gone = item(&owner, "AFTER").await;
    assert_eq!(count(&owner).await, ITEMS + 1, "{what}");
    assert!(gone["id"].is_string());
    let verdict = owner.post("/audit/verify", &Value::Null).await.is(200);
    assert_eq!(verdict["ok"], true, "{what}: {verdict}");
    let plan = ready.operator.get("/api/v1/backups/plan").await.is(200);
    assert_eq!(plan["paused"], Value::Null, "{what}");
}

#[tokio::test]
async fn a_file_damaged_while_the_box_was_off_is_read_as_far_as_it_goes_and_restored() {
    let (mut ready, backup) = filled().await;
    let other = ready.server.second_workspace().await;
    for (number, (what, harm)) in (1..).zip(HARMS) {
        let path = ready.server.live();
        ready = ready.restart_after(|| harm(&path)).await;
        let neighbour = ready.server.person_in(other, "owner").await;

        find_out(&ready, &neighbour, what).await;
        let found = ready.restart().await;
        let owner = found.server.person("owner").await;
        assert!(owner.get("").await.is(200)["damaged_at"].is_string(), "{what}: still known");
        restore(&found, &backup).await;

        is_whole(&found, what).await;
        let counts = found.server.box_counts().await;
        let marks = (counts["workspace.damaged"], counts["workspace.whole_again"]);
        assert_eq!(marks, (number, number), "{what}");
        ready = found;
    }
    assert_eq!(ready.server.kept().len(), HARMS.len() - 1, "all but the one that was gone");
    ready.server.finish().await;
}

#[tokio::test]
async fn a_file_damaged_while_it_is_used_is_read_as_far_as_it_goes_and_restored() {
    let (ready, backup) = filled().await;
    let other = ready.server.second_workspace().await;
    let neighbour = ready.server.person_in(other, "owner").await;
    for (what, harm) in HARMS {
        let owner = ready.server.person("owner").await;
        // What is still in the log would be put over the damage.
        ready.server.platform.workspaces.close_all().await;
        assert!(count(&owner).await >= ITEMS);

        harm(&ready.server.live());
        find_out(&ready, &neighbour, what).await;
        restore(&ready, &backup).await;

        is_whole(&ready, what).await;
    }
    ready.server.finish().await;
}

/// A box that was killed while a log held much, and whose disk changed a byte in the middle of
/// that. Gives the log as well.
async fn with_a_damaged_log() -> (Ready, Value, Vec<u8>) {
    let (ready, backup) = filled().await;
    let path = ready.server.live();
    let log = path.with_extension("db-wal");
    let owner = ready.server.person("owner").await;
    ready.server.platform.workspaces.close_all().await;
    let reader = reading(&path);
    for number in 0..8 {
        item(&owner, &format!("B-{number}")).await;
    }
    // What a kill in this moment leaves.
    let (file, mut left) = (fs::read(&path).expect("a file"), fs::read(&log).expect("a log"));
    assert!(left.len() > 8 * PAGE, "the log was folded in already");
    let at = left.len() / 2;
    left[at] ^= 1;
    let put = || {
        drop(reader);
        fs::write(&path, &file).expect("a file");
        fs::write(&log, &left).expect("a log");
    };
    let ready = ready.restart_after(put).await;
    (ready, backup, left)
}

fn log_of(server: &TestServer) -> Vec<u8> {
    fs::read(server.live().with_extension("db-wal")).expect("a log")
}

#[tokio::test]
async fn a_log_damaged_before_its_end_is_not_read_past_without_a_word() {
    let (ready, backup, left) = with_a_damaged_log().await;

    let owner = ready.server.person("owner").await;
    let new = json!({ "item_number": "NEW", "name": "New", "unit": "kg" });
    owner.post("/inventory/items", &new).await.is_problem(503, DAMAGED);
    assert!(count(&owner).await >= ITEMS, "what is whole is read");
    let counts = ready.server.box_entries("workspace.damaged").await;
    assert!(counts[0].changes.contains("of the log beside it is damaged"), "{:?}", counts[0]);
    assert_eq!(log_of(&ready.server), left, "nothing of it was changed");
    restore(&ready, &backup).await;
    is_whole(&ready, "the log").await;
    let [file] = &ready.server.kept()[..] else { panic!("one file is kept") };
    assert_eq!(fs::read(file.with_extension("db-wal")).unwrap(), left);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_damaged_log_is_seen_by_whoever_looks_however_often() {
    let (ready, backup, left) = with_a_damaged_log().await;
    let id = ready.server.workspace.to_string();

    for _ in 0..2 {
        assert_eq!(look_through(&ready).await["damaged"], json!([id]));
        let owner = ready.server.person("owner").await;
        assert!(owner.get("").await.is(200)["damaged_at"].is_string());
        count(&owner).await;
    }

    let counts = ready.server.box_counts().await;
    assert_eq!((counts["workspace.damaged"], counts.get("workspace.whole_again")), (1, None));
    assert_eq!(log_of(&ready.server), left, "nothing of it was changed");
    restore(&ready, &backup).await;
    is_whole(&ready, "the log").await;
    ready.server.finish().await;
}

#[tokio::test]
async fn a_backup_before_anybody_opens_it_leaves_a_workspace_with_a_damaged_log_out() {
    let (ready, backup, left) = with_a_damaged_log().await;

    let made = ready.back_up().await;

    assert_eq!(made["workspaces"], 0, "{made}");
    assert!(made["detail"].as_str().unwrap().contains("Harbour Kitchen"), "{made}");
    let found = ready.server.box_entries("workspace.damaged").await;
    assert!(found[0].changes.contains("of the log beside it is damaged"), "{:?}", found[0]);
    assert_eq!(log_of(&ready.server), left, "nothing of it was changed");
    restore(&ready, &backup).await;
    is_whole(&ready, "the log").await;
    ready.server.finish().await;
}

#[tokio::test]
async fn a_restore_before_anybody_opens_it_keeps_a_damaged_log_for_good() {
    let (ready, backup, left) = with_a_damaged_log().await;

    restore(&ready, &backup).await;

    is_whole(&ready, "the log").await;
    let [file] = &ready.server.kept()[..] else { panic!("one file is kept") };
    assert_eq!(fs::read(file.with_extension("db-wal")).unwrap(), left);
    let restores = ready.operator.get("/api/v1/restores").await.is(200);
    let done = &restores["items"][0];
    assert_eq!((&done["was_damaged"], &done["kept_until"]), (&json!(true), &Value::Null));
    ready.server.finish().await;
}

#[tokio::test]
async fn backups_leave_a_damaged_workspace_out_say_so_and_keep_the_good_ones() {
    let (ready, good) = filled().await;
    let other = ready.server.second_workspace().await;
    let neighbour = ready.server.person_in(other, "owner").await;
    item(&neighbour, "C-1").await;
    ready.server.platform.workspaces.close_all().await;
    fill_pages(&ready.server.live(), 0x0d);

    let backup = ready.back_up().await;

    let said = backup["detail"].as_str().expect("what is left out");
    assert!(said.contains("Harbour Kitchen") && said.contains("made before"), "{said}");
    assert_eq!((&backup["level"], &backup["workspaces"]), (&json!("verified"), &json!(1)));
    let state = ready.operator.get("/api/v1/backup-state").await.is(200);
    assert_eq!(state["trouble"][0]["code"], DAMAGED, "{state}");
    let notices = ready.operator.get("/api/v1/me/notices").await.is(200);
    let kinds: Vec<_> = notices["items"].as_array().unwrap().iter().map(|it| &it["kind"]).collect();
    assert!(kinds.contains(&&json!("workspace.damaged")), "{kinds:?}");
    let health = ready.operator.get("/health").await.is(200);
    assert_eq!(health["checks"]["workspaces"]["status"], "degraded", "{health}");
    let prune = job(&ready, "/api/v1/backups/prune", &Value::Null).await;
    assert_eq!(prune["problem"]["code"], "prune-paused", "{prune}");
    let undo = json!({ "backup_id": backup["id"], "identity": ready.kit.text().reveal(),
        "workspace_id": ready.server.workspace.to_string(), "mode": "in_place" });
    let lost = job(&ready, "/api/v1/restores", &undo).await;
    assert_eq!(lost["problem"]["code"], "restore-workspace", "{lost}");
    restore(&ready, &good).await;
    is_whole(&ready, "restored").await;
    let restores = ready.operator.get("/api/v1/restores").await.is(200);
    let done = &restores["items"][0];
    assert_eq!((&done["was_damaged"], &done["kept_until"]), (&json!(true), &Value::Null));
    let undo = format!("/api/v1/restores/{}/undo", done["id"].as_str().unwrap());
    let refused = ready.operator.post(&undo, &Value::Null).await;
    let refused = refused.is_problem(409, "restore-not-undoable");
    assert!(refused["detail"].as_str().unwrap().contains("workspaces/kept"), "{refused}");
    ready.server.advance(Duration::from_hours(300 * 24));
    let operator = ready.server.operator().await;
    let ready = Ready { operator, ..ready };
    let cleaned = job(&ready, "/api/v1/jobs", &json!({ "kind": "platform.clean-up" })).await;
    assert_eq!(cleaned["state"], "done", "{cleaned}");
    assert_eq!(ready.server.kept().len(), 1, "a damaged file is not thrown away");
    ready.server.finish().await;
}

#[tokio::test]
async fn a_file_that_is_gone_or_empty_keeps_no_other_out_of_a_backup() {
    let (ready, good) = filled().await;
    let other = ready.server.second_workspace().await;
    let neighbour = ready.server.person_in(other, "owner").await;
    item(&neighbour, "C-1").await;
    let lost: &[Harm] = &[
        ("removed while it is open", |path| fs::remove_file(path).expect("a file")),
        ("emptied while it is closed", |path| change(path, Vec::clear)),
    ];
    for (what, harm) in lost {
        let owner = ready.server.person("owner").await;
        ready.server.platform.workspaces.close_all().await;
        if what.ends_with("open") {
            count(&owner).await;
        }
        harm(&ready.server.live());

        let backup = ready.back_up().await;

        assert_eq!((&backup["level"], &backup["workspaces"]), (&json!("verified"), &json!(1)));
        assert!(backup["detail"].as_str().unwrap().contains("Harbour Kitchen"), "{what}: {backup}");
        assert!(owner.get("").await.is(200)["damaged_at"].is_string(), "{what}");
        restore(&ready, &good).await;
        is_whole(&ready, what).await;
    }
    ready.server.finish().await;
}

#[tokio::test]
async fn a_file_that_the_disk_does_not_give_is_found_by_the_check_and_whole_when_it_does() {
    let (ready, _) = filled().await;
    let (path, id) = (ready.server.live(), ready.server.workspace.to_string());
    let aside = path.with_extension("aside");
    ready.server.platform.workspaces.close_all().await;
    fs::rename(&path, &aside).unwrap();
    // It can be opened, and every reading of it fails.
    fs::create_dir(&path).unwrap();

    let looked = look_through(&ready).await;

    assert_eq!((&looked["damaged"], &looked["unseen"]), (&json!([id]), &json!(0)), "{looked}");
    let owner = ready.server.person("owner").await;
    assert!(owner.get("").await.is(200)["damaged_at"].is_string());
    let found = ready.server.box_entries("workspace.damaged").await;
    assert!(found[0].changes.contains("cannot be read"), "{:?}", found[0]);
    fs::remove_dir(&path).unwrap();
    fs::rename(&aside, &path).unwrap();
    assert_eq!(look_through(&ready).await["damaged"], json!([]));
    is_whole(&ready, "the disk is back").await;
    ready.server.finish().await;
}

#[tokio::test]
async fn an_export_of_a_file_that_was_emptied_says_that_it_is_damaged() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    item(&owner, "A-1").await;
    let identity = Identity::generate();
    let to = json!({ "recipient": identity.recipient().to_string() });
    let asked = owner.post("/exports", &to).await.is(202);
    change(&server.live(), Vec::clear);

    server.run_jobs().await;

    let job = owner.get(&format!("/jobs/{}", asked["id"].as_str().unwrap())).await.is(200);
    assert_eq!(job["problem"]["code"], DAMAGED, "{job}");
    assert!(owner.get("").await.is(200)["damaged_at"].is_string());
    server.platform.close().await;
}

/// A job that looks through the files of a box, as it ended.
async fn looked(server: &TestServer, operator: &Client) -> Value {
    server.advance(Duration::from_secs(1));
    let kind = json!({ "kind": "platform.check-files" });
    let asked = operator.post("/api/v1/jobs", &kind).await.is(202);
    server.run_jobs().await;
    let path = format!("/api/v1/jobs/{}", asked["id"].as_str().expect("an id"));
    operator.get(&path).await.is(200)["result"].clone()
}

const BOUND: [(&str, &str); 1] = [("storage.backup_log_bytes_max", "8000000")];

#[tokio::test]
async fn a_look_that_lets_a_log_grow_too_long_ends_and_says_nothing_of_the_file() {
    let server = TestServer::start_with(&BOUND).await;
    let (operator, owner) = (server.operator().await, server.person("owner").await);
    server.platform.workspaces.close_all().await;
    let reader = write_much(&server.live());
    count(&owner).await;

    let first = looked(&server, &operator).await;

    assert_eq!((&first["unseen"], &first["damaged"]), (&json!(1), &json!([])), "{first}");
    drop(reader);
    server.platform.workspaces.close_all().await;
    assert_eq!(looked(&server, &operator).await["unseen"], 0);
    server.finish().await;
}

#[tokio::test]
async fn an_own_file_that_is_not_looked_through_is_not_called_damaged_and_the_others_are_seen() {
    let server = TestServer::start_with(&BOUND).await;
    let (operator, owner) = (server.operator().await, server.person("owner").await);
    for number in 0..ITEMS {
        item(&owner, &format!("A-{number}")).await;
    }
    server.platform.workspaces.close_all().await;
    fill_pages(&server.live(), 0x0d);
    let reader = write_much(&server.folder().join("system.db"));

    let seen = looked(&server, &operator).await;

    let id = server.workspace.to_string();
    assert_eq!((&seen["unseen"], &seen["damaged"]), (&json!(1), &json!([id])), "{seen}");
    assert!(!server.box_actions().await.contains(&"box.trouble.told".to_owned()), "nobody is told");
    drop(reader);
    server.platform.close().await;
}

#[tokio::test]
async fn a_backup_that_carries_damage_is_not_proved_and_made_again_without_it() {
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    item(&owner, "PROOF-7").await;
    let path = ready.server.live();
    let ready = ready
        .restart_after(|| {
            // It can be counted and read: only whoever goes through all of it notices.
            let sql = "PRAGMA writable_schema = ON;
                 UPDATE sqlite_schema SET rootpage =
                     (SELECT min(rootpage) FROM sqlite_schema
                      WHERE type = 'index' AND tbl_name = 'items')
                 WHERE name = (SELECT min(name) FROM sqlite_schema
                      WHERE type = 'index' AND tbl_name = 'locations')";
            open(&path).execute_batch(sql).expect("a change");
        })
        .await;

    let asked = ready.operator.post("/api/v1/backups", &Value::Null).await.is(202);
    ready.server.run_jobs().await;
    ready.server.advance(Duration::from_hours(1));
    ready.server.run_jobs().await;

    let id = asked["id"].as_str().unwrap();
    let job = ready.operator.get(&format!("/api/v1/jobs/{id}")).await.is(200);
    assert_eq!(job["state"], "done", "{job}");
    let list = ready.operator.get("/api/v1/backups").await.is(200);
    assert_eq!(list["items"][0]["level"], "verified", "{list}");
    assert!(list["items"][0]["detail"].as_str().unwrap().contains("Harbour Kitchen"), "{list}");
    let said = list["items"][1]["detail"].as_str().unwrap();
    assert!(said.contains("is damaged"), "{said}");
    let owner = ready.server.person("owner").await;
    assert!(owner.get("").await.is(200)["damaged_at"].is_string());
    assert_eq!(count(&owner).await, 1, "it is still read");
    ready.server.platform.close().await;
}

#[tokio::test]
async fn a_box_whose_own_file_is_damaged_does_not_start_and_says_what_to_do() {
    let server = TestServer::start().await;
    let platform = std::sync::Arc::clone(&server.platform);
    let path = server.folder().join("system.db");
    platform.close().await;
    let whole = fs::read(&path).unwrap();
    let data = server.folder().display().to_string();
    let start = || {
        let variables = vec![("HOLDFAST_STORAGE__DATA".to_owned(), data.clone())];
        let sources = Sources { file: None, variables, flags: Vec::new() };
        let config = Config::load(&sources).unwrap_or_else(|errors| panic!("{errors:?}"));
        wiring::open(config, Clock::fixed(START))
    };

    for (what, harm) in HARMS {
        fs::write(&path, &whole).unwrap();
        harm(&path);
        let harmed = fs::read(&path).ok();
        let Err(Error::Conflict(refusal)) = start() else { panic!("{what}: it opened") };
        assert_eq!(refusal.code, BOX_DAMAGED, "{what}");
        assert!(refusal.detail.contains("holdfast recover"), "{what}: {}", refusal.detail);
        assert_eq!(fs::read(&path).ok(), harmed, "{what}: it was written to");
    }
    fs::write(&path, &whole).unwrap();
    start().expect("a whole one opens").close().await;
}

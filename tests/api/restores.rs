//! One workspace comes back from a backup while the box lives.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use holdfast::platform::audit::runner;
use holdfast::platform::backups::archive::Identity;
use holdfast::platform::backups::restores::ops::resume;
use serde_json::{Value, json};

use crate::backups::Ready;
use crate::inventory::{item, location, movement};
use crate::privacy::holders;
use crate::privacy::planting::{email, plant};
use crate::support::{Client, ROOM_BYTES, TestServer};

mod newer;
mod overlaps;

const MINE: &str = "quetzalfinch";

/// What a restore is asked for with.
fn wish(ready: &Ready, backup: &Value, mode: &str) -> Value {
    json!({
        "backup_id": backup["id"], "identity": ready.kit.text().reveal(),
        "workspace_id": ready.server.workspace.to_string(), "mode": mode,
    })
}

async fn job(ready: &Ready, asked: &Value) -> Value {
    ready.server.run_jobs().await;
    let id = asked["id"].as_str().expect("an id");
    ready.operator.get(&format!("/api/v1/jobs/{id}")).await.is(200)
}

async fn restore(ready: &Ready, wish: &Value) -> Value {
    let asked = ready.operator.post("/api/v1/restores", wish).await.is(202);
    let job = job(ready, &asked).await;
    assert_eq!(job["state"], "done", "{job}");
    job["result"].clone()
}

/// Why a restore was not done; what is there is as it was.
async fn refused(ready: &Ready, wish: &Value, code: &str) -> String {
    let before = names(&ready.server.person("owner").await).await;
    ready.server.advance(Duration::from_secs(1));
    let asked = ready.operator.post("/api/v1/restores", wish).await.is(202);
    let job = job(ready, &asked).await;
    assert_eq!(job["state"], "failed", "{job}");
    assert_eq!(job["problem"]["code"], code, "{job}");
    let listed = ready.operator.get("/api/v1/restores").await.is(200);
    assert_eq!(listed["items"][0]["state"], "failed");
    assert_eq!(names(&ready.server.person("owner").await).await, before);
    assert_eq!(left_in_scratch(&ready.server), 0);
    listed["items"][0]["detail"].as_str().expect("a sentence").to_owned()
}

async fn names(client: &Client) -> Vec<String> {
    let items = client.get("/inventory/items?limit=200").await.is(200);
    let items = items["items"].as_array().expect("a list").iter();
    items.map(|item| item["item_number"].as_str().expect("a number").to_owned()).collect()
}

fn left_in_scratch(server: &TestServer) -> usize {
    fs::read_dir(server.folder().join("spool/restores")).map_or(0, Iterator::count)
}

/// A box with a backup that holds A. Since then there is B.
async fn begun() -> (Ready, Client, Value) {
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    item(&owner, "A").await;
    let backup = ready.back_up().await;
    item(&owner, "B").await;
    (ready, owner, backup)
}

#[tokio::test]
async fn a_workspace_is_what_it_was_and_its_log_tells_all_that_happened_since() {
    let (ready, owner, backup) = begun().await;
    runner::tick(&ready.server.platform).await.expect("a checkpoint");
    let before = ready.server.audit_actions().await;
    let signed = owner.get("/audit/checkpoints").await.is(200);

    let result = restore(&ready, &wish(&ready, &backup, "in_place")).await;

    assert_eq!(names(&owner).await, ["A"]);
    let after = ready.server.audit_actions().await;
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(after[before.len()..], ["workspace.brought_back"]);
    assert_eq!(result["audit_entries"], after.len());
    assert_eq!(owner.get("/audit/checkpoints").await.is(200)["items"], signed["items"]);
    let verdict = owner.post("/audit/verify", &Value::Null).await.is(200);
    assert_eq!(verdict["ok"], true, "{verdict}");
    item(&owner, "C").await;
    let counts = ready.server.box_counts().await;
    assert_eq!((counts["box.restore.requested"], counts["workspace.brought_back"]), (1, 1));
    assert_eq!(left_in_scratch(&ready.server), 0);
    ready.server.finish().await;
}

#[tokio::test]
async fn the_file_of_before_can_be_put_back_for_seven_days_and_goes_then() {
    let (ready, owner, backup) = begun().await;
    let result = restore(&ready, &wish(&ready, &backup, "in_place")).await;
    let undo = format!("/api/v1/restores/{}/undo", result["restore_id"].as_str().unwrap());
    item(&owner, "C").await;
    ready.server.advance(Duration::from_secs(1));

    let asked = ready.operator.post(&undo, &Value::Null).await.is(202);
    assert_eq!(job(&ready, &asked).await["state"], "done");

    assert_eq!(names(&owner).await, ["A", "B"]);
    ready.operator.post(&undo, &Value::Null).await.is_problem(409, "restore-not-undoable");
    let listed = ready.operator.get("/api/v1/restores").await.is(200);
    let states: Vec<_> = [0, 1].iter().map(|at| &listed["items"][*at]["state"]).collect();
    assert_eq!(states, ["done", "undone"]);
    assert_eq!(ready.server.kept().len(), 2);
    ready.server.advance(Duration::from_hours(8 * 24));
    let clean = json!({ "kind": "platform.clean-up" });
    let operator = ready.server.operator().await;
    let asked = operator.post("/api/v1/jobs", &clean).await.is(202);
    let ready = Ready { operator, ..ready };
    let cleaned = job(&ready, &asked).await;
    assert_eq!(cleaned["state"], "done", "{cleaned}");
    assert_eq!(ready.server.kept(), [] as [PathBuf; 0]);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_workspace_comes_back_beside_the_one_there_is() {
    let (ready, owner, backup) = begun().await;
    let mut wish = wish(&ready, &backup, "as_new");
    wish["name"] = json!("  Kitchen of November ");

    let result = restore(&ready, &wish).await;

    assert_eq!(result["name"], "Kitchen of November");
    let new: String = result["workspace_id"].as_str().unwrap().to_owned();
    assert_ne!(new, ready.server.workspace.to_string());
    assert_eq!(names(&owner).await, ["A", "B"], "what is there is not touched");
    let beside = ready.operator.in_workspace(new.parse().unwrap());
    assert_eq!(names(&beside).await, ["A"], "its owner is who asked");
    item(&beside, "D").await;
    let log = beside.get("/audit").await.is(200);
    let first = log["items"].as_array().unwrap().last().unwrap();
    assert_eq!(first["action"], "workspace.copied");
    assert_eq!(first["changes"]["source_workspace"]["to"], ready.server.workspace.to_string());
    let verdict = beside.post("/audit/verify", &Value::Null).await.is(200);
    assert_eq!(verdict["ok"], true, "{verdict}");
    let backup = ready.back_up().await;
    assert_eq!(backup["workspaces"], 2);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_look_says_what_there_was_and_what_there_is_and_changes_nothing() {
    let (ready, _, backup) = begun().await;
    let before = ready.server.audit_actions().await;
    let mut wish = wish(&ready, &backup, "look");
    wish.as_object_mut().unwrap().remove("workspace_id");

    let result = restore(&ready, &wish).await;

    let id = format!("/api/v1/restores/{}", result["restore_id"].as_str().unwrap());
    assert_eq!(ready.operator.get(&id).await.is(200)["found"], result);
    let files = result["files"].as_array().unwrap();
    assert_eq!(files.len(), 2);
    let file = files.iter().find(|file| file["workspace_id"].is_string()).unwrap();
    assert_eq!(file["name"], "Harbour Kitchen");
    assert_eq!((&file["rows"]["items"], &file["rows_now"]["items"]), (&json!(1), &json!(2)));
    assert_eq!(file["audit_entries_now"], before.len());
    assert_eq!(ready.server.audit_actions().await, before);
    assert_eq!(ready.server.kept(), [] as [PathBuf; 0]);
    ready.server.finish().await;
}

#[tokio::test]
async fn what_cannot_be_restored_is_refused_before_anything_begins() {
    let ready = Ready::start().await;
    let backup = ready.back_up().await;
    let good = wish(&ready, &backup, "in_place");
    let with = |field: &str, value: Value| {
        let mut wish = good.clone();
        wish[field] = value;
        wish
    };
    let mut other_box = ready.kit.clone();
    other_box.box_id = "another".to_owned();
    let other_box = other_box.text().reveal().to_owned();
    let gone = "0193a2b4-0000-7000-8000-000000000000";

    for (body, field, code) in [
        (with("identity", json!("no kit")), "identity", "restore-kit"),
        (with("identity", json!(other_box)), "identity", "restore-kit-other"),
        (with("mode", json!("undo")), "mode", "restore-mode"),
        (with("backup_id", json!(gone)), "backup_id", "restore-backup"),
        (with("backup_id", json!("x")), "backup_id", "restore-source"),
        (with("target_id", json!(gone)), "target_id", "restore-backup"),
        (with("workspace_id", json!(gone)), "workspace_id", "restore-workspace"),
        (with("workspace_id", Value::Null), "workspace_id", "restore-workspace"),
        (with("name", json!("\u{202e}x")), "name", "name-characters"),
    ] {
        let answer = ready.operator.post("/api/v1/restores", &body).await;
        answer.is_field_problem(field, code);
    }
    let owner = ready.server.person("owner").await;
    owner.post("/api/v1/restores", &good).await.is_problem(403, "forbidden");
    assert_eq!(ready.server.run_jobs().await, 0);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_backup_that_is_not_whole_is_named_and_nothing_is_changed() {
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    item(&owner, "A").await;
    let (first, second) = (ready.back_up().await, ready.back_up().await);
    item(&owner, "B").await;
    let good = wish(&ready, &second, "in_place");
    let base = ready.base(&second);
    let part = base.join("part-0000.tar.zst.age");
    let whole = fs::read(&part).unwrap();
    let mut stranger = good.clone();
    stranger["identity"] = json!(key_of(&Identity::generate()));
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;

    let said = refused(&ready, &stranger, "restore-refused").await;
    assert!(said.contains("The kit does not open it"), "{said}");
    fs::write(&part, flipped).unwrap();
    let said = refused(&ready, &good, "restore-refused").await;
    assert!(said.contains("part-0000.tar.zst.age differs"), "{said}");
    fs::write(&part, &whole[..whole.len() - 1]).unwrap();
    let said = refused(&ready, &good, "restore-refused").await;
    assert!(said.contains("is not as long as it was"), "{said}");
    fs::remove_file(&part).unwrap();
    let said = refused(&ready, &good, "restore-unreachable").await;
    assert!(said.contains("part-0000.tar.zst.age"), "{said}");
    // An older backup in its place is a whole one, but not the one that was asked for.
    for name in ["part-0000.tar.zst.age", "COMMIT.json"] {
        fs::copy(ready.base(&first).join(name), base.join(name)).unwrap();
    }
    let said = refused(&ready, &good, "restore-refused").await;
    assert!(said.contains("another backup"), "{said}");
    fs::remove_file(base.join("COMMIT.json")).unwrap();
    let said = refused(&ready, &good, "restore-refused").await;
    assert!(said.contains("never finished"), "{said}");
    assert_eq!(names(&owner).await, ["A", "B"]);
    ready.server.finish().await;
}

fn key_of(identity: &Identity) -> String {
    identity.line().reveal().to_owned()
}

#[tokio::test]
async fn the_key_is_in_memory_alone_and_gone_with_the_box() {
    let ready = Ready::start().await;
    let backup = ready.back_up().await;
    let good = wish(&ready, &backup, "in_place");
    let key = key_of(&ready.kit.identity);
    restore(&ready, &good).await;
    assert_eq!(holders(ready.server.folder(), &key), [] as [String; 0]);
    let operator = ready.server.operator().await;
    let asked = operator.post("/api/v1/restores", &good).await.is(202);
    assert_eq!(holders(ready.server.folder(), &key), [] as [String; 0]);

    let ready = ready.restart().await;

    let job = job(&ready, &asked).await;
    assert_eq!(job["problem"]["code"], "restore-key-gone", "{job}");
    ready.server.finish().await;
}

#[tokio::test]
async fn a_damaged_file_is_replaced_and_the_box_says_what_was_lost() {
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    let second = ready.server.second_workspace().await;
    let neighbour = ready.server.person_in(second, "owner").await;
    item(&owner, "A").await;
    let backup = ready.back_up().await;
    item(&owner, "B").await;
    runner::tick(&ready.server.platform).await.expect("a checkpoint");
    let ready = ready.restart().await;
    let path = ready.server.live();
    let size = fs::metadata(&path).unwrap().len();
    fs::write(&path, vec![0x5a; usize::try_from(size).unwrap()]).unwrap();
    assert_ne!(owner_of(&ready).await.get("/inventory/items").await.status, 200);

    restore(&ready, &wish(&ready, &backup, "in_place")).await;

    assert_eq!(names(&owner_of(&ready).await).await, ["A"]);
    assert_eq!(fs::read(&ready.server.kept()[0]).unwrap().len(), usize::try_from(size).unwrap());
    drop(neighbour);
    ready.server.finish().await;
}

async fn owner_of(ready: &Ready) -> Client {
    ready.server.person("owner").await
}

#[tokio::test]
async fn who_was_erased_since_the_backup_is_erased_from_what_comes_back() {
    let ready = Ready::start().await;
    let planted = plant(&ready.server, MINE).await;
    let owner = ready.server.person("owner").await;
    let (thing, shelf) = (item(&owner, "X").await, location(&owner, "X").await);
    let mut receipt = movement("receive", &thing, &shelf, "2");
    receipt["note"] = json!(format!("write to {}", email(MINE)));
    owner.post("/inventory/movements", &receipt).await.is(201);
    // A made-up kit, to which nothing can be encrypted.
    let sql = "UPDATE backup_kits SET retired_at = :now
         WHERE length(recipient) < 50 AND :user IS NOT NULL";
    ready.server.change_user(planted.user, sql).await;
    let backup = ready.back_up().await;
    let erase = format!("/api/v1/users/{}/erase", planted.user);
    let confirm = json!({ "confirm": email(MINE) });
    ready.operator.post(&erase, &confirm).await.is(202);
    ready.server.run_jobs().await;
    assert_eq!(holders(ready.server.folder(), MINE), [] as [String; 0]);

    restore(&ready, &wish(&ready, &backup, "in_place")).await;
    ready.server.run_jobs().await;

    assert_eq!(holders(ready.server.folder(), MINE), [] as [String; 0]);
    let erasures = ready.operator.get("/api/v1/erasures").await.is(200);
    assert_eq!(erasures["items"][0]["state"], "done");
    assert_eq!(ready.server.kept().len(), 1, "the file of before holds nobody who was erased");
    ready.server.finish().await;
}

#[tokio::test]
async fn a_kill_at_any_moment_leaves_the_workspace_as_it_was_or_brings_it_back() {
    let (mut killed, mut done) = (0, 0);
    for polls in (1..60).step_by(3) {
        let ready = Ready::start().await;
        item(&owner_of(&ready).await, "A").await;
        let backup = ready.back_up().await;
        item(&owner_of(&ready).await, "B").await;
        let before = ready.server.audit_actions().await;
        let body = wish(&ready, &backup, "in_place");
        ready.operator.post("/api/v1/restores", &body).await.is(202);
        killed += usize::from(run_for(&ready.server, polls).await);

        let ready = ready.restart().await;
        resume(&ready.server.platform).await.expect("it is looked after");
        ready.server.run_jobs().await;

        let listed = ready.operator.get("/api/v1/restores").await.is(200);
        let found = names(&owner_of(&ready).await).await;
        match listed["items"][0]["state"].as_str().unwrap() {
            "done" => {
                done += 1;
                assert_eq!(found, ["A"], "after {polls} polls");
                assert_eq!(ready.server.kept().len(), 1);
            }
            "failed" => {
                assert_eq!(found, ["A", "B"], "after {polls} polls");
                assert_eq!(ready.server.kept(), [] as [PathBuf; 0]);
            }
            state => panic!("it is {state} after {polls} polls"),
        }
        let after = ready.server.audit_actions().await;
        assert_eq!(after[..before.len()], before[..], "an entry is lost after {polls} polls");
        assert_eq!(left_in_scratch(&ready.server), 0);
        ready.server.finish().await;
    }
    assert!(killed >= 8 && done >= 2, "{killed} kills, {done} done: too early or too late");
}

/// Runs jobs for so many polls, then lets go of them. True when they were not done.
async fn run_for(server: &TestServer, mut polls: usize) -> bool {
    let mut running = Box::pin(server.run_jobs());
    std::future::poll_fn(|context| {
        polls -= 1;
        match running.as_mut().poll(context) {
            std::task::Poll::Pending if polls > 0 => std::task::Poll::Pending,
            ended => std::task::Poll::Ready(ended.is_pending()),
        }
    })
    .await
}

#[tokio::test]
async fn a_restore_without_room_is_refused_before_it_takes_any() {
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    item(&owner, "A").await;
    let backup = ready.back_up().await;

    ready.server.platform.room.pretend(Some(1_000_000));
    let said = refused(&ready, &wish(&ready, &backup, "in_place"), "restore-no-room").await;

    assert!(said.contains("there are 1 MB"), "{said}");
    ready.server.platform.room.pretend(Some(ROOM_BYTES));
    restore(&ready, &wish(&ready, &backup, "in_place")).await;
    ready.server.finish().await;
}

//! What lies at a target is fetched back and looked through before it counts.

use std::fs;
use std::path::Path;
use std::time::Duration;

use holdfast::platform::id::Id;
use serde_json::{Value, json};

use super::Ready;
use crate::support::{Counters, ROOM_BYTES, system};

impl Ready {
    /// Another target, whose folder is not there yet.
    pub(super) async fn second_target(&self) -> tempfile::TempDir {
        let around = tempfile::tempdir().expect("a folder");
        let place = json!({ "name": "Away", "kind": "folder",
            "settings": { "path": around.path().join("share") } });
        self.operator.post("/api/v1/backup-targets", &place).await.is(201);
        around
    }

    pub(super) async fn newest(&self) -> Value {
        let list = self.operator.get("/api/v1/backups").await.is(200);
        list["items"][0].clone()
    }

    /// The copy of the newest backup at the target of this name.
    pub(super) async fn copy(&self, target: &str) -> Value {
        let newest = self.newest().await;
        let copies = newest["copies"].as_array().expect("a list");
        copies.iter().find(|one| one["target_name"] == target).expect("a copy").clone()
    }

    pub(super) async fn run_later(&self) {
        self.server.clock.advance(Duration::from_hours(1));
        self.server.run_jobs().await;
    }

    fn has_key(&self, backup: &Value) -> bool {
        let id: Id<()> = backup["id"].as_str().expect("a text").parse().expect("an id");
        self.server.platform.backup_keys.get(id.uuid()).is_some()
    }

    pub(super) async fn set(&self, sql: &'static str) {
        let ctx = system(&self.server.platform);
        let changed = ctx.write(move |scope| Ok(scope.prepare_cached(sql)?.execute([])?)).await;
        changed.expect("a change");
    }

    /// Asks for a backup and gives the job as it ended.
    pub(super) async fn try_backup(&self) -> Value {
        self.server.clock.advance(Duration::from_mins(1));
        let job = self.operator.post("/api/v1/backups", &Value::Null).await.is(202);
        self.server.run_jobs().await;
        self.operator
            .get(&format!("/api/v1/jobs/{}", job["id"].as_str().expect("a text")))
            .await
            .is(200)
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("it is there");
    for entry in fs::read_dir(from).expect("it is there").flatten() {
        let (path, into) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_folder(&path, &into);
        } else {
            fs::copy(path, into).expect("it is there");
        }
    }
}

#[tokio::test]
async fn a_backup_counts_when_it_was_fetched_back_and_looked_through() {
    let ready = Ready::start().await;

    let backup = ready.back_up().await;

    assert_eq!((&backup["level"], &backup["reason"]), (&json!("verified"), &json!("asked")));
    let copy = &backup["copies"][0];
    assert_eq!((&copy["state"], &copy["target_name"]), (&json!("there"), &json!("Stick")));
    assert!(copy["verified_at"].is_string() && copy["next_try_at"].is_null(), "{copy}");
    assert!(!ready.has_key(&backup), "the one-time key is kept");
    assert!(!ready.server.folder().join("spool/scratch").exists(), "something plain is left");
    assert_eq!(ready.server.box_counts().await["box.backup.verified"], 1);
    let one = format!("/api/v1/backups/{}", backup["id"].as_str().unwrap());
    assert_eq!(ready.operator.get(&one).await.is(200), backup);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_copy_that_changed_on_its_way_is_named_and_the_other_one_counts() {
    let ready = Ready::start().await;
    let around = ready.second_target().await;
    let backup = ready.back_up().await;
    assert_eq!(ready.copy("Away").await["state"], "waiting");
    let share = around.path().join("share");
    copy_folder(ready.target.path(), &share);
    let beside = ready.beside();
    let base = share.join(beside.file_name().unwrap()).join(backup["folder"].as_str().unwrap());
    let part = base.join("part-0000.tar.zst.age");
    let mut bytes = fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&part, bytes).unwrap();
    let counters = Counters::start();
    let _here = counters.listen();

    ready.run_later().await;

    assert_eq!(counters.of("holdfast_backup_copies_damaged_total"), 1);

    let copy = ready.copy("Away").await;
    assert_eq!(copy["state"], "failed");
    assert_eq!(copy["detail"], "part-0000.tar.zst.age differs from what was written.");
    assert_eq!(ready.copy("Stick").await["state"], "there");
    assert_eq!(ready.newest().await["level"], "verified");
    let notices = ready.operator.get("/api/v1/me/notices").await.is(200);
    assert!(notices.to_string().contains("Away: part-0000"), "{notices}");
    ready.server.finish().await;
}

#[tokio::test]
async fn what_waits_for_a_target_gets_there_when_it_is_back() {
    let ready = Ready::start().await;
    let around = ready.second_target().await;
    let backup = ready.back_up().await;
    let waiting = ready.copy("Away").await;
    assert!(waiting["next_try_at"].is_string(), "{waiting}");
    assert!(ready.has_key(&backup), "the key that is to prove the second copy");
    let share = around.path().join("share");
    fs::create_dir(&share).unwrap();

    ready.run_later().await;

    let copy = ready.copy("Away").await;
    assert!(copy["verified_at"].is_string(), "{copy}");
    assert!(!ready.has_key(&backup));
    assert_eq!(fs::read_dir(ready.server.folder().join("spool/backups")).unwrap().count(), 0);
    ready.server.finish().await;
}

#[tokio::test]
async fn only_the_newest_backup_waits_for_a_target() {
    let ready = Ready::start().await;
    let _around = ready.second_target().await;
    let first = ready.back_up().await;

    ready.back_up().await;

    let path = format!("/api/v1/backups/{}", first["id"].as_str().unwrap());
    let first = ready.operator.get(&path).await.is(200);
    let away = first["copies"].as_array().unwrap().iter().find(|it| it["target_name"] == "Away");
    let away = away.unwrap();
    assert_eq!(away["state"], "failed");
    assert!(away["detail"].as_str().unwrap().contains("newer"), "{away}");
    assert_eq!(ready.copy("Away").await["state"], "waiting");
    assert_eq!(fs::read_dir(ready.server.folder().join("spool/backups")).unwrap().count(), 1);
    assert!(!ready.has_key(&first));
    ready.server.finish().await;
}

#[tokio::test]
async fn sending_leaves_the_backup_that_is_being_written_its_folder() {
    let ready = Ready::start().await;
    let _around = ready.second_target().await;
    ready.back_up().await;
    ready
        .set(
            "INSERT INTO backups (id, state, job_id, started_at, reason)
             SELECT x'0199aaaaaaaa7aaa8aaaaaaaaaaaaaaa', 'running', job_id, started_at, 'asked'
             FROM backups",
        )
        .await;
    let spool = ready.server.folder().join("spool/backups");
    let written = spool.join("0199aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa");
    let left = spool.join("000007");
    for folder in [&written, &left] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("part-0000.tar.zst.age"), "half").unwrap();
    }

    ready.run_later().await;

    assert_eq!(ready.copy("Away").await["state"], "waiting");
    assert!(written.join("part-0000.tar.zst.age").is_file(), "its folder is gone");
    assert!(!left.exists(), "what nobody needs is left");
    // The next one finds out that this one was never finished.
    ready.back_up().await;
    assert!(!written.exists(), "what was never finished is left");
    ready.server.finish().await;
}

#[tokio::test]
async fn after_a_restart_what_cannot_be_proved_any_more_is_made_anew() {
    let ready = Ready::start().await;
    let moved = ready.target.path().with_extension("away");
    fs::rename(ready.target.path(), &moved).unwrap();
    assert_eq!(ready.try_backup().await["problem"]["code"], "backup-waiting");
    let ready = ready.restart().await;
    fs::rename(&moved, ready.target.path()).unwrap();

    ready.run_later().await;

    let list = ready.operator.get("/api/v1/backups").await.is(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{list}");
    assert_eq!(items[0]["level"], "verified", "{list}");
    assert_eq!(items[1]["verified_at"], Value::Null, "{list}");
    ready.server.finish().await;
}

#[tokio::test]
async fn without_room_nothing_is_begun_and_no_proof_is_claimed() {
    let ready = Ready::start().await;
    let around = ready.second_target().await;
    ready.server.platform.room.pretend(Some(1_000_000));
    let refused = ready.try_backup().await;
    assert_eq!(refused["problem"]["code"], "backup-no-room", "{refused}");
    assert_eq!(ready.operator.get("/api/v1/backups").await.is(200)["items"], json!([]));
    ready.server.platform.room.pretend(Some(ROOM_BYTES));
    ready.back_up().await;
    fs::create_dir(around.path().join("share")).unwrap();

    ready.server.platform.room.pretend(Some(1_000_000));
    ready.run_later().await;
    let copy = ready.copy("Away").await;
    assert_eq!((&copy["state"], &copy["verified_at"]), (&json!("there"), &Value::Null));
    assert!(copy["detail"].as_str().unwrap().contains("no room"), "{copy}");
    ready.server.platform.room.pretend(Some(ROOM_BYTES));
    ready.run_later().await;

    assert!(ready.copy("Away").await["verified_at"].is_string());
    ready.server.finish().await;
}

#[tokio::test]
async fn a_box_that_was_recovered_elsewhere_sends_nothing_until_somebody_decides() {
    let ready = Ready::start().await;
    ready.back_up().await;
    // What the recovered box wrote, and this one does not know.
    ready.set("UPDATE backup_state SET box_epoch = 5").await;
    ready.back_up().await;
    ready.set("DELETE FROM backups WHERE sequence = 2").await;
    ready.set("UPDATE backup_state SET box_epoch = 1").await;

    let refused = ready.try_backup().await;

    let newest = ready.newest().await;
    assert_eq!(newest["state"], "failed", "{refused}");
    let detail = newest["copies"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("This box was recovered elsewhere: backup 2 there"), "{detail}");
    let targets = ready.operator.get("/api/v1/backup-targets").await.is(200);
    assert!(targets.to_string().contains("recovered elsewhere"), "{targets}");
    ready.operator.post("/api/v1/backups", &Value::Null).await.is_problem(409, "backup-superseded");
    let living = ready.operator.post("/api/v1/backups/living", &Value::Null).await.is(200);
    assert_eq!(living["box_epoch"], 6);
    assert_eq!(ready.back_up().await["level"], "verified");
    let again = ready.operator.post("/api/v1/backups/living", &Value::Null).await;
    again.is_problem(409, "backup-nothing-to-settle");
    ready.server.finish().await;
}

#[tokio::test]
async fn two_boxes_with_one_identity_do_not_write_to_one_place() {
    let ready = Ready::start().await;
    ready.back_up().await;
    ready.back_up().await;
    ready.set("DELETE FROM backups WHERE sequence = 2").await;

    ready.try_backup().await;

    let detail = ready.copy("Stick").await["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("Another box with this one's identity writes there"), "{detail}");
    ready.server.finish().await;
}

#[tokio::test]
async fn files_on_their_way_to_people_and_backups_lie_side_by_side() {
    let ready = Ready::start().await;
    let _around = ready.second_target().await;
    ready.back_up().await;

    let asked = json!({ "kind": "platform.clean-up" });
    let job = ready.operator.post("/api/v1/jobs", &asked).await.is(202);
    ready.server.run_jobs().await;

    let job = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(ready.operator.get(&job).await.is(200)["state"], "done");
    assert_eq!(fs::read_dir(ready.server.folder().join("spool/backups")).unwrap().count(), 1);
    ready.server.finish().await;
}

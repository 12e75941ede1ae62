//! What jobs about backups leave each other, and what becomes of it when a target goes.

use std::fs;
use std::time::Duration;

use holdfast::platform::jobs;
use serde_json::{Value, json};

use super::Ready;
use crate::support::system;

/// Looks at jobs before a test goes on without what it waited for.
const LOOKS_MAX: usize = 5_000;

impl Ready {
    async fn job_state(&self, id: &str) -> Value {
        self.operator.get(&format!("/api/v1/jobs/{id}")).await.is(200)["state"].clone()
    }

    async fn has_begun(&self, id: &str) -> bool {
        let (ctx, id) = (system(&self.server.platform), id.parse().expect("an id"));
        let job = jobs::ops::get(&ctx, jobs::ops::View::Box, id).await.expect("a job");
        job.started_at.is_some()
    }

    async fn ask(&self, path: &str, body: &Value) -> String {
        self.server.clock.advance(Duration::from_secs(1));
        let job = self.operator.post(path, body).await.is(202);
        job["id"].as_str().expect("a text").to_owned()
    }

    async fn only(&self, backup: &Value) -> Value {
        let path = format!("/api/v1/backups/{}", backup["id"].as_str().expect("a text"));
        self.operator.get(&path).await.is(200)
    }

    async fn remove_target(&self, name: &str) {
        let all = self.operator.get("/api/v1/backup-targets").await.is(200);
        let items = all["items"].as_array().expect("a list");
        let target = items.iter().find(|one| one["name"] == name).expect("a target");
        let path = format!("/api/v1/backup-targets/{}", target["id"].as_str().expect("a text"));
        self.operator.send(http::Method::DELETE, &path, &[], "").await.is(204);
    }

    /// How many private keys the box has in memory.
    fn keys_in_hand(&self) -> usize {
        self.server.platform.backup_keys.ids().len()
    }
}

#[tokio::test]
async fn who_waits_for_a_long_sending_takes_no_other_jobs_place() {
    let ready = Ready::start().await;
    ready.back_up().await;
    let lane = ready.server.platform.backup_lane.lock().await;
    let check = ready.ask("/api/v1/jobs", &json!({ "kind": "platform.backup-check" })).await;
    let prune = ready.ask("/api/v1/backups/prune", &Value::Null).await;

    let waiting = async { tokio::join!(ready.server.run_jobs(), ready.server.run_jobs()) };
    let other = async {
        // Both have begun, and neither counts as long as the lane is taken.
        for _ in 0..LOOKS_MAX {
            let has_begun = ready.has_begun(&check).await && ready.has_begun(&prune).await;
            if has_begun && ready.server.platform.jobs.load().0 == 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
        let clean_up = ready.ask("/api/v1/jobs", &json!({ "kind": "platform.clean-up" })).await;
        let ran = ready.server.run_jobs().await;
        drop(lane);
        (ran, clean_up)
    };
    let (_, (ran, clean_up)) = tokio::join!(waiting, other);

    assert_eq!(ran, 1, "nobody else could begin");
    for job in [clean_up, check, prune] {
        assert_eq!(ready.job_state(&job).await, "done");
    }
    ready.server.finish().await;
}

#[tokio::test]
async fn what_was_proved_counts_as_long_as_a_proved_copy_is_there() {
    let ready = Ready::start().await;
    let around = ready.second_target().await;
    let backup = ready.back_up().await;
    assert_eq!(backup["level"], "verified");
    let ready = ready.restart().await;
    fs::create_dir(around.path().join("share")).unwrap();
    ready.run_later().await;
    let away = ready.copy("Away").await;
    assert_eq!((&away["state"], &away["verified_at"]), (&json!("there"), &Value::Null));
    ready.set("UPDATE backup_copies SET state = 'failed' WHERE verified_at IS NOT NULL").await;

    assert_eq!(ready.only(&backup).await["level"], "uploaded");

    // Its bytes are those that were opened elsewhere, and that is what counts.
    let path = format!("/api/v1/backups/{}/verify", backup["id"].as_str().unwrap());
    ready.ask(&path, &Value::Null).await;
    ready.server.run_jobs().await;
    assert_eq!(ready.only(&backup).await["level"], "verified");
    ready.server.finish().await;
}

#[tokio::test]
async fn a_target_that_is_removed_leaves_nothing_that_waits_for_it() {
    let ready = Ready::start().await;
    let _around = ready.second_target().await;
    let moved = ready.target.path().with_extension("away");
    fs::rename(ready.target.path(), &moved).unwrap();
    assert_eq!(ready.try_backup().await["problem"]["code"], "backup-waiting");
    assert_eq!(ready.keys_in_hand(), 1);
    ready.remove_target("Stick").await;
    ready.remove_target("Away").await;

    ready.run_later().await;

    let newest = ready.newest().await;
    assert_eq!((&newest["state"], &newest["copies"]), (&json!("failed"), &json!([])), "{newest}");
    assert_eq!(newest["detail"], "The target that it was to go to was removed.");
    assert_eq!(ready.keys_in_hand(), 0, "the one-time key is kept");
    assert_eq!(fs::read_dir(ready.server.folder().join("spool/backups")).unwrap().count(), 0);
    fs::rename(&moved, ready.target.path()).unwrap();
    ready.server.finish().await;
}

#[tokio::test]
async fn a_drill_or_a_restore_that_is_cancelled_before_it_begins_leaves_no_key() {
    let ready = Ready::start().await;
    let backup = ready.back_up().await;
    let drill = format!("/api/v1/backups/{}/drill", backup["id"].as_str().unwrap());
    let text = ready.kit.text();
    let look = json!({ "backup_id": backup["id"], "identity": text.reveal(), "mode": "look" });
    let asked = [
        ready.ask(&drill, &json!({ "identity": text.reveal() })).await,
        ready.ask("/api/v1/restores", &look).await,
    ];
    let is_in_hand =
        |job: &String| ready.server.platform.jobs.has_in_hand(job.parse().expect("an id"));
    assert!(asked.iter().all(is_in_hand));

    for job in &asked {
        ready.operator.post(&format!("/api/v1/jobs/{job}/cancel"), &Value::Null).await.is(202);
    }

    assert!(!asked.iter().any(is_in_hand), "a key of a kit is kept");
    // One that begins hands it back when it has ended, too.
    let begun = ready.ask("/api/v1/restores", &look).await;
    ready.server.run_jobs().await;
    assert!(!is_in_hand(&begun), "a key of a kit is kept");
    ready.server.finish().await;
}

#[tokio::test]
async fn a_box_that_is_behind_removes_nothing_that_another_may_need() {
    let ready = Ready::start().await;
    ready.back_up().await;
    let fence = "INSERT INTO backup_fence (one, seen_at, box_epoch, detail)
         VALUES (1, 0, 5, 'This box was recovered elsewhere.')";
    ready.set(fence).await;

    let prune = ready.ask("/api/v1/backups/prune", &Value::Null).await;
    ready.server.run_jobs().await;

    let job = ready.operator.get(&format!("/api/v1/jobs/{prune}")).await.is(200);
    assert_eq!(job["problem"]["code"], "backup-superseded", "{job}");
    ready.server.finish().await;
}

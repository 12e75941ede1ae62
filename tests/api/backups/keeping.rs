//! Backups over time: by the clock, looked at again, opened with a kit, removed when they are old.

use std::fs;
use std::sync::atomic::Ordering;
use std::time::Duration;

use holdfast::platform::backups::archive::Identity;
use holdfast::platform::backups::retention::ops::clock_jumped;
use holdfast::platform::backups::retention::rules::Reading;
use holdfast::platform::clock::Clock;
use holdfast::platform::monitoring::watch::Watch;
use http::Method;
use serde_json::{Value, json};

use super::Ready;
use crate::support::{Counters, reading, system};

const DAY: Duration = Duration::from_hours(24);

impl Ready {
    /// Lets time go by; a token of a test lives for a day.
    async fn wait(&mut self, time: Duration) {
        self.server.clock.advance(time);
        self.operator = self.server.operator().await;
    }

    async fn state(&self) -> Value {
        self.operator.get("/api/v1/backup-state").await.is(200)
    }

    async fn count(&self) -> usize {
        let list = self.operator.get("/api/v1/backups?limit=200").await.is(200);
        list["items"].as_array().expect("a list").len()
    }

    /// Asks for a job and gives it as it ended.
    async fn job(&self, path: &str, body: &Value) -> Value {
        let job = self.operator.post(path, body).await.is(202);
        self.server.run_jobs().await;
        self.operator
            .get(&format!("/api/v1/jobs/{}", job["id"].as_str().expect("a text")))
            .await
            .is(200)
    }

    async fn schedule(&self) -> Value {
        let list = self.operator.get("/api/v1/jobs/schedules").await.is(200);
        let items = list["items"].as_array().expect("a list");
        items.iter().find(|one| one["kind"] == "platform.backup").expect("a schedule").clone()
    }

    async fn decide(&self, body: &Value) -> crate::support::Reply {
        let path = "/api/v1/jobs/schedules/platform.backup";
        self.operator.json(Method::PATCH, path, &[], body).await
    }

    fn part(&self, backup: &Value) -> std::path::PathBuf {
        self.base(backup).join("part-0000.tar.zst.age")
    }
}

fn path_of(backup: &Value, what: &str) -> String {
    format!("/api/v1/backups/{}/{what}", backup["id"].as_str().expect("a text"))
}

#[tokio::test]
async fn a_backup_is_made_every_night_once_whatever_the_clock_does() {
    let mut ready = Ready::start().await;
    ready.server.run_jobs().await;
    let schedule = ready.schedule().await;
    let minute: u32 =
        schedule["cron"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((30..=50).contains(&minute), "{schedule}");
    assert_eq!(schedule["cron"], schedule["cron_default"]);
    assert_eq!(ready.state().await["next_run_at"], schedule["next_run_at"]);

    ready.wait(DAY).await;
    ready.server.run_jobs().await;
    assert_eq!(ready.count().await, 1);
    let newest = ready.operator.get("/api/v1/backups").await.is(200)["items"][0].clone();
    assert_eq!((&newest["reason"], &newest["level"]), (&json!("schedule"), &json!("verified")));
    ready.server.run_jobs().await;
    assert_eq!(ready.count().await, 1, "twice in one night");
    let mut ready = ready.restart().await;
    ready.wait(5 * DAY).await;
    ready.server.run_jobs().await;
    assert_eq!(ready.count().await, 2, "what was missed is made up for once");
    ready.server.finish().await;
}

#[tokio::test]
async fn a_box_that_nobody_set_up_makes_no_backups_and_complains_of_nothing() {
    let server = crate::support::TestServer::start().await;
    server.run_jobs().await;
    server.clock.advance(3 * DAY);
    server.run_jobs().await;
    let operator = server.operator().await;

    assert_eq!(operator.get("/api/v1/backups").await.is(200)["items"], json!([]));
    let state = operator.get("/api/v1/backup-state").await.is(200);
    assert_eq!((&state["trouble"], &state["kits"]), (&json!([]), &json!(0)));
    assert_eq!(operator.get("/health").await.is(200)["checks"]["backups"]["status"], "ok");
    server.finish().await;
}

#[tokio::test]
async fn operators_decide_when_it_runs_and_whether_at_all() {
    let ready = Ready::start().await;
    ready.server.run_jobs().await;
    for wrong in ["", "often", "0 0 31 2 *", "99 2 * * *"] {
        let refused = ready.decide(&json!({ "cron": wrong, "is_on": true })).await;
        refused.is_field_problem("cron", "job-cron");
    }
    let changed = ready.decide(&json!({ "cron": "15 5 * * *", "is_on": true })).await.is(200);
    assert_eq!(changed["cron"], "15 5 * * *");
    assert_eq!(changed["next_run_at"], "2026-11-22T05:15:00.000Z");

    let mut ready = ready.restart().await;
    ready.server.run_jobs().await;
    assert_eq!(ready.schedule().await["cron"], "15 5 * * *", "forgotten");
    assert_eq!(ready.count().await, 0, "what was due before is not made up for");
    ready.wait(DAY).await;
    ready.server.run_jobs().await;
    assert_eq!(ready.count().await, 1);
    let off = ready.decide(&json!({ "cron": null, "is_on": false })).await.is(200);
    assert_eq!((&off["cron"], &off["next_run_at"]), (&off["cron_default"], &Value::Null));
    ready.wait(2 * DAY).await;
    ready.server.run_jobs().await;
    assert_eq!(ready.count().await, 1);
    assert_eq!(ready.server.box_counts().await["job.schedule.changed"], 2);
    let path = "/api/v1/jobs/schedules/nothing";
    let body = json!({ "cron": null, "is_on": true });
    ready.operator.json(Method::PATCH, path, &[], &body).await.is_problem(404, "not-found");
    ready.server.finish().await;
}

#[tokio::test]
async fn what_is_wrong_with_backups_is_said_until_it_is_mended() {
    let mut ready = Ready::start().await;
    let codes = async |ready: &Ready| -> Vec<String> {
        let state = ready.state().await;
        let trouble = state["trouble"].as_array().unwrap();
        trouble.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes(&ready).await, ["kit-unconfirmed"]);
    ready.wait(Duration::from_hours(27)).await;
    assert_eq!(codes(&ready).await, ["backup-late", "kit-unconfirmed"]);
    let health = ready.operator.get("/health").await.is(200);
    assert_eq!(health["checks"]["backups"]["status"], "degraded", "{health}");

    let backup = ready.back_up().await;

    assert_eq!(codes(&ready).await, ["kit-unconfirmed"]);
    let state = ready.state().await;
    assert_eq!(state["last_verified_at"], backup["verified_at"]);
    assert_eq!((&state["kits"], &state["targets"]), (&json!(1), &json!(1)));
    let moved = ready.target.path().with_extension("away");
    ready.server.clock.advance(Duration::from_mins(1));
    fs::rename(ready.target.path(), &moved).unwrap();
    ready.operator.post("/api/v1/backups", &Value::Null).await.is(202);
    ready.server.run_jobs().await;
    ready.server.clock.advance(Duration::from_hours(2));
    assert_eq!(codes(&ready).await, ["target-away", "kit-unconfirmed"]);
    fs::rename(&moved, ready.target.path()).unwrap();
    ready.server.run_jobs().await;
    assert_eq!(codes(&ready).await, ["kit-unconfirmed"]);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_wrong_kit_is_no_failed_backup_and_a_backup_without_room_is_one() {
    let counters = Counters::start();
    let ready = Ready::start().await;
    let backup = ready.back_up().await;
    let mut other = ready.kit.clone();
    other.identity = Identity::generate();
    let _here = counters.listen();
    let failed = || counters.of("holdfast_backup_failures_total");

    let drill = json!({ "identity": other.text().reveal() });
    let wrong = ready.job(&path_of(&backup, "drill"), &drill).await;
    assert_eq!(wrong["problem"]["code"], "drill-wrong-kit", "{wrong}");
    assert_eq!(failed(), 0, "somebody took the wrong kit");
    ready.server.platform.room.pretend(Some(1_000_000));
    let refused = ready.try_backup().await;

    assert_eq!(refused["problem"]["code"], "backup-no-room", "{refused}");
    assert_eq!(failed(), 1);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_damaged_copy_is_counted_whoever_finds_it() {
    let counters = Counters::start();
    let ready = Ready::start().await;
    let (first, second) = (ready.back_up().await, ready.back_up().await);
    for backup in [&first, &second] {
        let part = ready.part(backup);
        let mut bytes = fs::read(&part).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&part, bytes).unwrap();
    }
    let _here = counters.listen();
    let damaged = || counters.of("holdfast_backup_copies_damaged_total");

    let checked = ready.job(&path_of(&first, "verify"), &Value::Null).await;
    assert_eq!((&checked["state"], damaged()), (&json!("done"), 1), "{checked}");
    let drill = json!({ "identity": ready.kit.text().reveal() });
    let drilled = ready.job(&path_of(&second, "drill"), &drill).await;

    assert_eq!(drilled["problem"]["code"], "backup-damaged", "{drilled}");
    assert_eq!(damaged(), 2);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_drill_opens_a_backup_with_a_kit_and_keeps_nothing_of_it() {
    let ready = Ready::start().await;
    let backup = ready.back_up().await;
    let drill = path_of(&backup, "drill");
    let nonsense = json!({ "identity": "AGE-SECRET-KEY-1NONSENSE" });
    ready.operator.post(&drill, &nonsense).await.is_field_problem("identity", "drill-identity");
    let mut other = ready.kit.clone();
    other.identity = Identity::generate();
    let wrong = ready.job(&drill, &json!({ "identity": other.text().reveal() })).await;
    assert_eq!(wrong["problem"]["code"], "drill-wrong-kit", "{wrong}");
    assert_eq!(ready.state().await["last_drilled_at"], Value::Null);

    let text = ready.kit.text();
    let done = ready.job(&drill, &json!({ "identity": text.reveal() })).await;

    assert_eq!((&done["state"], &done["result"]["files"]), (&json!("done"), &json!(2)), "{done}");
    let shown = ready.operator.get(path_of(&backup, "").trim_end_matches('/')).await.is(200);
    assert_eq!(shown["level"], "drilled");
    assert_eq!(ready.server.box_counts().await["box.backup.drilled"], 1);
    let id = done["id"].as_str().unwrap().parse::<holdfast::platform::jobs::JobId>().unwrap();
    assert!(ready.server.platform.backup_keys.get(id.uuid()).is_none());
    assert!(!ready.server.folder().join("spool/scratch").exists());
    let key = text.reveal().lines().find(|line| line.starts_with("AGE-SECRET")).unwrap().to_owned();
    for name in ["system.db", "system.db-wal"] {
        let bytes = fs::read(ready.server.folder().join(name)).unwrap_or_default();
        let held = bytes.windows(key.len()).any(|part| part == key.as_bytes());
        assert!(!held, "{name} holds the key");
    }
    ready.server.finish().await;
}

#[tokio::test]
async fn old_copies_are_compared_with_what_was_written() {
    let ready = Ready::start().await;
    let first = ready.back_up().await;
    let second = ready.back_up().await;
    let done = ready.job(&path_of(&first, "verify"), &Value::Null).await;
    assert_eq!(done["result"], json!({ "checked": 1, "packs": 0, "damaged": [] }), "{done}");
    let faults: [(&str, &dyn Fn()); 4] = [
        ("differs from what was written", &|| {
            let mut bytes = fs::read(ready.part(&first)).unwrap();
            bytes[7] ^= 1;
            fs::write(ready.part(&first), bytes).unwrap();
        }),
        ("is not as long as it was", &|| fs::write(ready.part(&first), "short").unwrap()),
        ("is missing", &|| fs::remove_file(ready.part(&first)).unwrap()),
        ("COMMIT.json differs from what was written", &|| {
            let (from, to) = (ready.base(&second), ready.base(&first));
            fs::copy(from.join("COMMIT.json"), to.join("COMMIT.json")).unwrap();
        }),
    ];
    for (said, damage) in faults {
        ready.set("UPDATE backup_copies SET state = 'there', detail = NULL").await;
        ready.set("UPDATE backups SET state = 'uploaded'").await;
        damage();
        ready.server.clock.advance(Duration::from_mins(1));

        let asked = json!({ "kind": "platform.backup-check" });
        let done = ready.job("/api/v1/jobs", &asked).await;

        assert_eq!(done["result"]["checked"], 1, "{done}");
        let damaged = done["result"]["damaged"][0].as_str().unwrap();
        assert!(damaged.contains(said), "{damaged}");
        let shown = ready.operator.get(path_of(&first, "").trim_end_matches('/')).await.is(200);
        assert_eq!(
            (&shown["level"], &shown["copies"][0]["state"]),
            (&Value::Null, &json!("failed"))
        );
    }
    ready
        .operator
        .post(&path_of(&first, "verify"), &Value::Null)
        .await
        .is_problem(409, "backup-nowhere");
    ready.server.finish().await;
}

#[tokio::test]
async fn old_backups_go_when_newer_ones_were_verified() {
    let mut ready = Ready::start().await;
    let settings = "/api/v1/backup-settings";
    let retention = |daily: u32, verified_min: u32| {
        let (weekly, monthly, yearly) = (0, 0, 0);
        json!({ "retention": { "daily": daily, "weekly": weekly, "monthly": monthly,
            "yearly": yearly, "verified_min": verified_min } })
    };
    let before = ready.operator.get(settings).await.is(200);
    assert_eq!(before["retention"]["monthly"], 12);
    let wrong = ready.operator.json(Method::PATCH, settings, &[], &retention(1, 0)).await;
    wrong.is_field_problem("retention.verified_min", "retention-count");
    let mut made = Vec::new();
    for _ in 0..4 {
        ready.wait(DAY).await;
        made.push(ready.back_up().await);
    }
    assert!(made.iter().all(|one| ready.part(one).is_file()), "seven days are kept");

    ready.operator.json(Method::PATCH, settings, &[], &retention(2, 1)).await.is(200);
    let plan = ready.operator.get("/api/v1/backups/plan").await.is(200);
    let goes = |plan: &Value| {
        let items = plan["items"].as_array().unwrap();
        items.iter().filter(|one| one["keep"] == false).count()
    };
    let first = plan["items"][0].clone();
    assert_eq!(first["why"], json!(["newest", "verified", "daily"]), "{plan}");
    let going = goes(&plan);
    assert!(going >= 2, "{plan}");
    let done = ready.job("/api/v1/backups/prune", &Value::Null).await;

    assert_eq!(done["result"]["removed"].as_array().unwrap().len(), going, "{done}");
    assert!(!ready.base(&made[0]).exists() && ready.part(&made[3]).is_file());
    let shown = ready.operator.get(path_of(&made[0], "").trim_end_matches('/')).await.is(200);
    assert_eq!((&shown["level"], &shown["copies"][0]["state"]), (&Value::Null, &json!("gone")));
    assert_eq!(goes(&ready.operator.get("/api/v1/backups/plan").await.is(200)), 0);
    ready.set("UPDATE backups SET taken_at = taken_at + 90000000 WHERE sequence = 4").await;
    let plan = ready.operator.get("/api/v1/backups/plan").await.is(200);
    assert!(plan["paused"].as_str().unwrap().contains("went back"), "{plan}");
    let refused = ready.job("/api/v1/backups/prune", &Value::Null).await;
    assert_eq!(refused["problem"]["code"], "prune-paused", "{refused}");
    ready.server.finish().await;
}

fn set_back(ready: &Ready, by: Duration) {
    let Clock::Fixed(at) = &ready.server.clock else { panic!("the clock of tests stands still") };
    at.fetch_sub(i64::try_from(by.as_millis()).expect("a moment"), Ordering::SeqCst);
}

async fn scheduled(ready: &Ready) -> usize {
    ready.server.run_jobs().await;
    let operator = ready.server.operator().await;
    let list = operator.get("/api/v1/backups").await.is(200);
    let items = list["items"].as_array().into_iter().flatten();
    items.filter(|one| one["reason"] == "schedule").count()
}

#[tokio::test]
async fn the_schedule_makes_no_two_within_an_hour_whatever_the_clock_does() {
    const HOUR: Duration = Duration::from_hours(1);
    let ready = Ready::start().await;
    assert_eq!(scheduled(&ready).await, 0);
    // From six in the morning until the last minute it may be.
    ready.server.advance(HOUR * 20 + Duration::from_mins(50));
    assert_eq!(scheduled(&ready).await, 1);

    set_back(&ready, HOUR);
    assert_eq!(scheduled(&ready).await, 1, "an hour back, as where summer ends");
    ready.server.advance(Duration::from_mins(59));
    assert_eq!(scheduled(&ready).await, 1, "that minute comes once more within the hour");
    set_back(&ready, HOUR * 2);
    assert_eq!(scheduled(&ready).await, 1);
    ready.server.advance(HOUR * 74);
    assert_eq!(scheduled(&ready).await, 2, "three days ahead: once, not three times");
    let ctx = system(&ready.server.platform);
    set_back(&ready, HOUR * 24 * 3 + Duration::from_mins(40));
    clock_jumped(&ctx, "It went back.".to_owned()).await.expect("it is noted");
    for _ in 0..3 {
        ready.server.advance(Duration::from_mins(14));
        assert_eq!(scheduled(&ready).await, 2, "the one ahead may have been made just now");
    }
    ready.server.advance(HOUR * 30);
    assert_eq!(scheduled(&ready).await, 3);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_clock_that_jumps_keeps_backups_for_a_day_and_operators_hear_of_it() {
    let ready = Ready::start().await;
    ready.back_up().await;
    let ctx = system(&ready.server.platform);
    let mut watch = Watch::default();
    let before = Reading { wall: ready.server.clock.now(), steady: Duration::ZERO };
    watch.read_clock(&ctx, before).await.expect("a first look");
    let plan = ready.operator.get("/api/v1/backups/plan").await.is(200);
    assert_eq!(plan["paused"], Value::Null);

    ready.server.advance(DAY * 3);
    let steady = before.steady + Duration::from_mins(1);
    let ahead = Reading { wall: ready.server.clock.now(), steady };
    watch.read_clock(&ctx, ahead).await.expect("it is noted");

    let operator = ready.server.operator().await;
    let plan = operator.get("/api/v1/backups/plan").await.is(200);
    assert!(plan["paused"].as_str().unwrap().contains("ahead by 71 h 59 min"), "{plan}");
    let notices = ready.server.box_entries("box.trouble.told").await;
    assert!(notices.iter().any(|one| one.changes.contains("ahead by 71 h")), "{notices:?}");
    ready.server.advance(DAY + Duration::from_mins(1));
    let operator = ready.server.operator().await;
    let plan = operator.get("/api/v1/backups/plan").await.is(200);
    assert_eq!(plan["paused"], Value::Null, "by itself");
    assert_eq!(ready.server.box_counts().await["box.clock.jumped"], 1);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_drill_is_asked_for_once_a_month() {
    let ready = Ready::start().await;
    let mut watch = Watch::default();
    let told = async |ready: &Ready, watch: &mut Watch| {
        watch.look(&ready.server.platform).await.expect("a look");
        let ctx = system(&ready.server.platform);
        let count = ctx.read(|scope| {
            let sql = "SELECT count(*) FROM notices WHERE kind = 'backup.drill-due'";
            Ok(scope.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))?)
        });
        count.await.expect("a count")
    };
    assert_eq!(told(&ready, &mut watch).await, 0);

    ready.server.advance(DAY * 32);
    assert_eq!(told(&ready, &mut watch).await, 1);
    ready.server.advance(DAY * 30);
    assert_eq!(told(&ready, &mut watch).await, 1, "not before another month");
    ready.server.advance(DAY * 2);
    assert_eq!(told(&ready, &mut watch).await, 2);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_target_that_lets_nothing_be_removed_keeps_it_and_the_job_says_so() {
    let mut ready = Ready::start().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        ready.wait(DAY).await;
        made.push(ready.back_up().await);
    }
    // What cannot be removed as a file.
    let commit = ready.base(&made[0]).join("COMMIT.json");
    fs::remove_file(&commit).unwrap();
    fs::create_dir_all(commit.join("held")).unwrap();
    let none = json!({ "retention": { "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0,
        "verified_min": 1 } });
    let settings = "/api/v1/backup-settings";
    ready.operator.json(Method::PATCH, settings, &[], &none).await.is(200);

    let done = ready.job("/api/v1/backups/prune", &Value::Null).await;

    assert_eq!(done["state"], "done", "{done}");
    let kept = done["result"]["kept_by_target"].to_string();
    assert!(kept.contains("Stick"), "{done}");
    assert!(ready.part(&made[0]).is_file(), "nothing of it is removed");
    assert!(!ready.base(&made[1]).exists(), "the others go");
    let shown = ready.operator.get(path_of(&made[0], "").trim_end_matches('/')).await.is(200);
    assert_eq!(shown["copies"][0]["state"], "there");
    ready.server.finish().await;
}

#[tokio::test]
async fn a_log_that_grows_too_long_ends_the_backup_with_its_sentence() {
    let ready = Ready::start_with(&[("storage.backup_log_bytes_max", "65536")]).await;
    let owner = ready.server.person("owner").await;
    let reader = reading(&ready.server.live());
    for number in 0..30 {
        crate::inventory::item(&owner, &format!("L-{number}")).await;
    }

    let refused = ready.job("/api/v1/backups", &Value::Null).await;

    assert_eq!(refused["problem"]["code"], "backup-log-too-long", "{refused}");
    let list = ready.operator.get("/api/v1/backups").await.is(200);
    assert_eq!(list["items"][0]["state"], "failed", "{list}");
    let said = list["items"][0]["detail"].as_str().unwrap();
    assert!(said.contains("So much was written meanwhile"), "{said}");
    assert_eq!(fs::read_dir(ready.target.path()).unwrap().count(), 0, "nothing was sent");
    drop(reader);
    ready.server.finish().await;
}

//! What the clock does: every night once, also when the box was off or the clock jumped.

use std::sync::atomic::Ordering;
use std::time::Duration;

use holdfast::platform::clock::{Clock, Moment};
use serde_json::Value;

use super::{SELF_CHECK, ask, break_stock, jobs, path};
use crate::inventory::{item, location, post};
use crate::support::{START, TestServer};

const DAY: Duration = Duration::from_hours(24);

fn set(clock: &Clock, at: Moment) {
    let Clock::Fixed(millis) = clock else { panic!("the clock of a test stands still") };
    millis.store(at.0, Ordering::SeqCst);
}

/// How many self-checks ran so far.
async fn checks(server: &TestServer) -> usize {
    server.run_jobs().await;
    let sql = "SELECT COUNT(*) FROM jobs WHERE kind = 'inventory.self-check'";
    let ctx = crate::support::system(&server.platform);
    let count = ctx.read(move |scope| {
        Ok(scope.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))?)
    });
    usize::try_from(count.await.expect("a count")).expect("a count")
}

#[tokio::test]
async fn every_workspace_is_checked_every_night() {
    let server = TestServer::start().await;
    server.second_workspace().await;

    assert_eq!(checks(&server).await, 0);
    server.advance(Duration::from_hours(20));
    assert_eq!(checks(&server).await, 0);
    server.advance(Duration::from_mins(15));
    assert_eq!(checks(&server).await, 2);
    assert_eq!(checks(&server).await, 2);
    server.advance(DAY);
    assert_eq!(checks(&server).await, 4);
    server.finish().await;
}

#[tokio::test]
async fn nights_that_were_missed_are_made_up_for_once() {
    let server = TestServer::start().await;
    assert_eq!(checks(&server).await, 0);
    server.clock.advance(9 * DAY);

    let server = server.restart().await;

    assert_eq!(checks(&server).await, 1);
    assert_eq!(checks(&server).await, 1);
    let server = server.restart().await;
    assert_eq!(checks(&server).await, 1);
    server.finish().await;
}

#[tokio::test]
async fn a_clock_that_jumps_a_day_either_way_runs_nothing_twice_and_stops_nothing() {
    let server = TestServer::start().await;
    server.advance(DAY);
    assert_eq!(checks(&server).await, 1);

    set(&server.clock, START.plus(2 * DAY));
    assert_eq!(checks(&server).await, 2, "a day forward is a night");
    set(&server.clock, START.plus(DAY));
    assert_eq!(checks(&server).await, 2, "a day back is none");
    server.advance(DAY);
    assert_eq!(checks(&server).await, 3, "and the next night comes as always");
    server.finish().await;
}

#[tokio::test]
async fn a_job_that_somebody_asked_for_does_not_wait_for_a_clock_that_went_back() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    admin.post("/jobs", &ask(SELF_CHECK)).await.is(202);

    set(&server.clock, START.minus(DAY));

    assert_eq!(server.run_jobs().await, 1);
    set(&server.clock, START);
    assert_eq!(jobs(&admin).await[0]["state"], "done");
    server.finish().await;
}

#[tokio::test]
async fn a_deleted_or_archived_workspace_and_a_switched_off_app_have_no_nights() {
    let server = TestServer::start().await;
    let mut places = Vec::new();
    for _ in 0..3 {
        places.push(server.second_workspace().await);
    }
    let ctx = crate::support::system(&server.platform);
    let changed = ctx.write(move |scope| {
        let changes = [
            "UPDATE workspaces SET archived_at = created_at WHERE id = :id",
            "UPDATE workspaces SET deleted_at = created_at WHERE id = :id",
            "UPDATE workspaces SET apps = '' WHERE id = :id",
        ];
        for (sql, id) in changes.into_iter().zip(places) {
            scope.prepare_cached(sql)?.execute(rusqlite::named_params! { ":id": id })?;
        }
        Ok(())
    });
    changed.await.expect("a change");

    server.advance(DAY);

    assert_eq!(checks(&server).await, 1);
    server.finish().await;
}

#[tokio::test]
async fn schedules_say_what_ran_last_and_what_is_next() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let of_manager = async || manager.get("/jobs/schedules").await.is(200)["items"][0].clone();

    let before = of_manager().await;
    server.advance(Duration::from_hours(21));
    server.run_jobs().await;
    let after = of_manager().await;

    assert_eq!(before["kind"], SELF_CHECK);
    assert_eq!(before["cron"], "15 2 * * *");
    assert_eq!(before["time_zone"], "UTC");
    assert_eq!(before["last"], Value::Null);
    assert_eq!(before["next_run_at"], "2026-11-22T02:15:00.000Z");
    assert_eq!(after["last"]["state"], "done");
    assert_eq!(after["last"]["result"]["checked"], 0);
    assert_eq!(after["last"]["requested_by"], Value::Null);
    assert_eq!(after["next_run_at"], "2026-11-23T02:15:00.000Z");
    let operator = server.operator().await;
    let of_box = operator.get("/api/v1/jobs/schedules").await.is(200);
    let kinds: Vec<_> = of_box["items"].as_array().expect("a list").iter().collect();
    let check = kinds.iter().find(|one| one["kind"] == SELF_CHECK).expect("the self-check");
    assert_eq!(check["last"]["state"], "done");
    assert_eq!(check["last"]["result"], Value::Null, "operators see no data of workspaces");
    server.finish().await;
}

#[tokio::test]
async fn stock_that_differs_fails_the_job_in_clear_words() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let (salmon, place) = (item(&admin, "S").await, location(&admin, "A").await);
    post(&admin, "receive", &salmon, &place, "3").await;
    break_stock(&server).await;

    let asked = admin.post("/jobs", &ask(SELF_CHECK)).await.is(202);
    server.run_jobs().await;

    let failed = admin.get(&path(&asked)).await.is(200);
    assert_eq!(failed["state"], "failed", "{failed}");
    assert_eq!(failed["problem"]["code"], "stock-differs");
    assert_eq!(failed["can_retry"], true);
    assert_eq!(failed["attempts"], 1, "asking again would find the same");
    assert_eq!(server.box_counts().await["job.failed"], 1);
    let operator = server.operator().await;
    let seen = operator.get(&format!("/api/v1{}", path(&asked))).await.is(200);
    assert_eq!(seen["problem"]["code"], "stock-differs");
    assert!(!seen["problem"]["detail"].as_str().expect("a text").contains("sums"));
    server.finish().await;
}

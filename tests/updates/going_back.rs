//! Going back from an update that is still watched, and what is left for good by that.

use holdfast::platform::ctx::BoxScope;
use holdfast::platform::updates::supervisor::protocol::Wish;
use rusqlite::named_params;
use serde_json::{Value, json};

use super::at;
use super::confirming::{apply, box_of, digest, plant};
use super::supervisor::{Supervisor, ends, installed};
use crate::support::{Client, TestServer, system};

/// An update that was confirmed and is as far as `until` says; its job has not begun to follow.
async fn confirmed(
    server: &TestServer,
    supervisor: &Supervisor,
    operator: &Client,
    until: Option<i64>,
) -> String {
    plant(server, "person").await;
    apply(operator, &digest(operator).await).await.is(202);
    let status = operator.get(&at("status")).await.is(200);
    let id = status["under_way"]["update"]["id"].as_str().expect("an id").to_owned();
    let under_way = json!({
        "transaction": id, "kind": "update", "from": installed(6, "1.4.1"),
        "to": installed(7, "1.4.2"), "progress": null, "probation_ends_at": until,
        "states": [{ "state": "exposed", "at": server.clock.now().0 }],
    });
    supervisor.set("under_way", under_way);
    id
}

/// Offers a release, as a look at a feed or a bundle does.
async fn offer(server: &TestServer, seq: i64, is_stale: bool) {
    let ctx = system(&server.platform);
    let planted = ctx.write(move |scope: &BoxScope<'_>| {
        scope
            .prepare_cached(
                "INSERT INTO update_feed (id, checked_at, answered_at, offered_seq,
                     offered_version, offered_severity, offered_size_bytes, released_at, notes,
                     offered_at, offered_bundled, offered_stale)
                 VALUES (1, :now, :now, :seq, '1.4.2', 'critical', 9, '2026-11-22T10:00:00Z', '',
                     :now, 1, :stale)",
            )?
            .execute(named_params! { ":now": scope.now(), ":seq": seq, ":stale": is_stale })?;
        Ok(())
    });
    planted.await.expect("an offer");
}

#[tokio::test]
async fn an_update_that_is_watched_is_taken_back_under_its_own_name() {
    let (server, supervisor) = box_of().await;
    let operator = server.operator().await;
    let until = server.clock.now().0 + 600_000;
    let id = confirmed(&server, &supervisor, &operator, Some(until)).await;
    let why = json!({ "code": "update-asked-back", "detail": "Somebody asked to go back." });
    supervisor.set("ends", ends("rolled_back", &why, server.clock.now().0));

    let plan = operator.post(&at("rollback"), &json!({})).await.is(200);
    let given = json!({ "digest": plan["digest"] });
    let job = operator.post(&at("rollback"), &given).await.is(202);
    operator.post(&at("rollback"), &given).await.is_problem(409, "update-under-way");
    supervisor.set("under_way", Value::Null);
    server.run_jobs().await;

    assert_eq!(plan["to"], json!({ "seq": 6, "version": "1.4.1" }));
    assert_eq!(job["kind"], "platform.update-switch");
    let heard = supervisor.heard();
    let [Wish::Rollback { transaction, .. }, Wish::Seen] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(transaction, &id);
    let history = operator.get(&at("history")).await.is(200)["items"].clone();
    assert_eq!(history.as_array().map(Vec::len), Some(1), "{history}");
    let last = &history[0];
    assert_eq!((&last["outcome"], &last["reason"]), (&json!("rolled-back"), &why));
    let me = operator.get("/api/v1/me").await.is(200);
    assert_eq!((&last["taken_back_as"], &last["taken_back_by"]), (&json!("person"), &me["id"]));
    assert_eq!(last["taken_back_by_name"], me["name"]);
    assert_eq!(server.box_counts().await["update.taken_back"], 1);
    server.finish().await;
}

#[tokio::test]
async fn a_way_back_that_brings_the_data_back_takes_as_long_as_the_update() {
    let (server, supervisor) = box_of().await;
    let operator = server.operator().await;
    let until = server.clock.now().0 + 600_000;
    let id = confirmed(&server, &supervisor, &operator, Some(until)).await;
    let snapshot = server.platform.config.data().join("update").join(&id).join("snapshot");
    std::fs::create_dir_all(&snapshot).expect("a folder");
    // A snapshot of a box that had nothing yet.
    let manifest = json!({ "format": 1, "version": "1.4.1", "taken_at": "2026-11-22T10:00:00Z",
        "files": [] });
    std::fs::write(snapshot.join("manifest.json"), manifest.to_string()).expect("room");
    let ctx = system(&server.platform);
    let changed = ctx.write(|scope| {
        let sql = "UPDATE updates SET plan = json_set(plan, '$.rollback', 'needs-restore',
                       '$.predicted_hold_ms', 9000)";
        Ok(scope.prepare_cached(sql)?.execute([])?)
    });
    assert_eq!(changed.await.expect("a plan"), 1);

    let plan = operator.post(&at("rollback"), &json!({})).await.is(200);

    assert_eq!(plan["rollback"], "needs-restore");
    assert_eq!((&plan["predicted_hold_ms"], &plan["probation_s"]), (&json!(9_000), &json!(0)));
    assert!(plan["rows_lost"].as_u64() > Some(0), "{plan}");
    server.finish().await;
}

#[tokio::test]
async fn an_update_that_nobody_reaches_yet_is_not_taken_back() {
    let (server, supervisor) = box_of().await;
    let operator = server.operator().await;
    confirmed(&server, &supervisor, &operator, None).await;

    operator.post(&at("rollback"), &json!({})).await.is_problem(409, "update-under-way");

    assert_eq!(supervisor.heard(), []);
    server.finish().await;
}

#[tokio::test]
async fn whom_the_supervisor_refused_has_taken_nothing_back() {
    let (server, supervisor) = box_of().await;
    let operator = server.operator().await;
    let until = server.clock.now().0 + 600_000;
    confirmed(&server, &supervisor, &operator, Some(until)).await;
    let plan = operator.post(&at("rollback"), &json!({})).await.is(200);
    supervisor.refuse("update-nothing-to-go-back-to", "There is nothing.");

    let refused = operator.post(&at("rollback"), &json!({ "digest": plan["digest"] })).await;

    refused.is_problem(409, "update-refused");
    let open = operator.get(&at("status")).await.is(200)["under_way"]["update"].clone();
    assert_eq!(open["taken_back_as"], Value::Null);
    server.finish().await;
}

#[tokio::test]
async fn what_failed_here_is_left_at_once_and_not_asked_for_again() {
    let (server, supervisor) = box_of().await;
    let operator = server.operator().await;
    offer(&server, 7, false).await;
    assert_eq!(operator.get(&at("status")).await.is(200)["offer"]["seq"], 7);

    let bad = json!([{ "seq": 7, "sha256": "ab", "code": "update-unhealthy" }]);
    supervisor.set("quarantine", bad);
    let status = operator.get(&at("status")).await.is(200);

    assert_eq!(status["offer"], Value::Null);
    let left = &status["supervision"]["quarantine"];
    assert_eq!(left, &json!([{ "seq": 7, "version": null, "code": "update-unhealthy" }]));
    operator.post(&at("apply"), &json!({})).await.is_problem(409, "update-quarantined");
    assert_eq!(operator.get(&at("history")).await.is(200)["items"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn an_offer_says_where_it_lies_and_whether_it_was_past_its_time() {
    let (server, _supervisor) = box_of().await;
    offer(&server, 7, true).await;

    let offered = server.operator().await.get(&at("status")).await.is(200)["offer"].clone();

    assert_eq!((&offered["is_bundled"], &offered["is_stale"]), (&json!(true), &json!(true)));
    server.finish().await;
}

//! Plans are confirmed by their digests, once, soon, and by whoever may.

use std::time::Duration;

use holdfast::platform::ctx::BoxScope;
use holdfast::platform::updates::supervisor::protocol::Wish;
use rusqlite::named_params;
use serde_json::{Value, json};

use super::access::program;
use super::at;
use super::supervisor::{Supervisor, ends, installed};
use crate::support::{Client, TestServer, system};

const ROOT: (&str, &str) = ("updates.root", "/etc/holdfast/1.root.json");

/// A box under a supervisor.
pub(super) async fn box_of() -> (TestServer, Supervisor) {
    let (supervisor, link) = Supervisor::new();
    (TestServer::start_under(&[ROOT], &[], Some(link)).await, supervisor)
}

pub(super) fn plan() -> Value {
    json!({
        "id": "", "kind": "update", "from": { "seq": 6, "version": "1.4.1" },
        "to": { "seq": 7, "version": "1.4.2" }, "channel": "stable", "severity": "normal",
        "released_at": null, "notes": "# New\n\nMore.", "signers": ["ab", "cd"],
        "rehearsal": null, "rollback": "proven-without-restore", "rollback_reasons": [],
        "migrates": true, "predicted_hold_ms": 400, "migration_ms_max": 60_000,
        "probation_s": 600, "rows_lost": 0, "audit_entries_lost": 0, "backup_id": null,
        "planned_at": "2026-11-22T10:00:00Z",
    })
}

/// Writes an update whose plan waits.
pub(super) async fn plant(server: &TestServer, by: &'static str) {
    let ctx = system(&server.platform);
    let planted = ctx.write(move |scope: &BoxScope<'_>| {
        scope
            .prepare_cached(
                "INSERT INTO updates (id, kind, requested_as, requested_at, from_seq,
                     from_version, to_seq, to_version, channel, severity, signers, plan,
                     planned_at, salt)
                 VALUES (:id, 'update', :by, :now, 6, '1.4.1', 7, '1.4.2', 'stable', 'normal',
                     '[\"ab\",\"cd\"]', :plan, :now, zeroblob(32))",
            )?
            .execute(named_params! {
                ":id": scope.new_id::<()>(), ":now": scope.now(), ":by": by,
                ":plan": plan().to_string(),
            })?;
        Ok(())
    });
    planted.await.expect("an update");
}

pub(super) async fn digest(operator: &Client) -> String {
    operator.get(&at("plan")).await.is(200)["digest"].as_str().expect("a digest").to_owned()
}

pub(super) async fn apply(who: &Client, digest: &str) -> crate::support::Reply {
    who.post(&at("apply"), &json!({ "digest": digest })).await
}

#[tokio::test]
async fn what_a_box_lacks_is_said_before_anything_else() {
    let alone = TestServer::start_with(&[ROOT]).await;
    let operator = alone.operator().await;
    for path in ["check", "apply", "rollback"] {
        let refused = operator.post(&at(path), &json!({})).await;
        refused.is_problem(409, "update-unsupervised");
    }
    let refused = operator.post(&at("upload"), &json!({ "size_bytes": 9 })).await;
    refused.is_problem(409, "update-unsupervised");
    let kept = alone.box_entries("update.refused").await;
    assert_eq!(kept.len(), 4, "{kept:?}");
    assert!(kept.iter().all(|one| one.changes.contains("update-unsupervised")), "{kept:?}");
    alone.finish().await;

    let (_, link) = Supervisor::new();
    let rootless = TestServer::start_under(&[], &[], Some(link)).await;
    let operator = rootless.operator().await;
    operator.post(&at("check"), &json!({})).await.is_problem(409, "update-no-root");
    rootless.finish().await;

    let (feedless, _supervisor) = box_of().await;
    let operator = feedless.operator().await;
    operator.post(&at("check"), &json!({})).await.is_problem(409, "update-no-feed");
    operator.post(&at("apply"), &json!({})).await.is_problem(409, "update-none");
    operator.post(&at("rollback"), &json!({})).await.is_problem(409, "update-no-way-back");
    operator.get(&at("plan")).await.is_problem(409, "update-no-plan");
    feedless.finish().await;
}

#[tokio::test]
async fn a_confirmed_plan_is_carried_out_and_the_history_has_every_part() {
    let (server, supervisor) = box_of().await;
    plant(&server, "person").await;
    let operator = server.operator().await;
    supervisor.set("ends", ends("committed", &Value::Null, server.clock.now().0));

    let shown = operator.get(&at("plan")).await.is(200);
    let job = apply(&operator, shown["digest"].as_str().unwrap()).await.is(202);
    server.run_jobs().await;

    assert_eq!(job["kind"], "platform.update-switch");
    assert_eq!(shown["signers"], json!(["ab", "cd"]));
    let heard = supervisor.heard();
    let [Wish::Switch { seq: 7, needs_restore: false, limits, transaction, .. }, Wish::Seen] =
        &heard[..]
    else {
        panic!("{heard:?}")
    };
    assert_eq!((limits.probation_s, limits.migration_ms_max), (600, 60_000));
    let status = operator.get(&at("status")).await.is(200);
    assert_eq!(status["under_way"], Value::Null);
    let last = &status["last"];
    assert_eq!((&last["id"], &last["outcome"]), (&json!(transaction), &json!("committed")));
    assert_eq!(last["confirmed_as"], "person");
    let parts: Vec<&str> = last["states"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].as_str().unwrap())
        .collect();
    assert_eq!(parts, ["confirmed", "armed", "hold", "exposed", "probation", "committed"]);
    assert_eq!(last["states"][2]["duration_ms"], 300);
    let counts = server.box_counts().await;
    assert_eq!((counts["update.confirmed"], counts["update.committed"]), (1, 1));
    server.finish().await;
}

#[tokio::test]
async fn an_update_that_went_back_says_why() {
    let (server, supervisor) = box_of().await;
    plant(&server, "person").await;
    let operator = server.operator().await;
    let why = json!({ "code": "update-not-healthy", "detail": "It answered 500." });
    supervisor.set("ends", ends("rolled_back", &why, server.clock.now().0));

    apply(&operator, &digest(&operator).await).await.is(202);
    server.run_jobs().await;

    let last = operator.get(&at("status")).await.is(200)["last"].clone();
    assert_eq!((&last["outcome"], &last["reason"]), (&json!("rolled-back"), &why));
    let told = operator.get("/api/v1/me/notices").await.is(200);
    assert!(told.to_string().contains("It answered 500."), "{told}");
    server.finish().await;
}

#[tokio::test]
async fn a_supervisor_that_refuses_ends_the_update_with_its_reason() {
    let (server, supervisor) = box_of().await;
    plant(&server, "person").await;
    let operator = server.operator().await;
    supervisor.refuse("update-quarantined", "It failed here before.");

    apply(&operator, &digest(&operator).await).await.is(202);
    server.run_jobs().await;

    let last = operator.get(&at("status")).await.is(200)["last"].clone();
    assert_eq!(last["outcome"], "failed");
    assert_eq!(last["reason"]["code"], "update-quarantined");
    server.finish().await;
}

/// A46, A50.
#[tokio::test]
async fn a_digest_of_another_plan_an_old_one_and_a_used_one_are_refused() {
    let (server, supervisor) = box_of().await;
    plant(&server, "person").await;
    let operator = server.operator().await;
    supervisor.set("ends", ends("committed", &Value::Null, server.clock.now().0));
    let first = digest(&operator).await;

    let other = "19a8f0b2c00-0000000000000000000000000000000000000000000000000000000000000000";
    apply(&operator, other).await.is_problem(409, "update-plan-other");
    server.advance(Duration::from_mins(10) + Duration::from_millis(1));
    apply(&operator, &first).await.is_problem(409, "update-plan-old");
    let second = digest(&operator).await;
    apply(&operator, &second).await.is(202);
    apply(&operator, &second).await.is_problem(409, "update-under-way");
    operator.post(&at("apply"), &json!({})).await.is_problem(409, "update-under-way");
    server.run_jobs().await;
    apply(&operator, &second).await.is_problem(409, "update-no-plan");

    assert_eq!(supervisor.heard().len(), 2, "one switch and that its end was seen");
    let kept = server.box_entries("update.refused").await;
    let codes = [
        "update-plan-other",
        "update-plan-old",
        "update-under-way",
        "update-under-way",
        "update-no-plan",
    ];
    assert_eq!(kept.len(), codes.len(), "{kept:?}");
    for (entry, code) in kept.iter().zip(codes) {
        assert!(entry.changes.contains(code), "{code}: {entry:?}");
    }
    server.finish().await;
}

#[tokio::test]
async fn going_back_shows_what_would_go_before_it_does() {
    let (server, supervisor) = box_of().await;
    supervisor.set("fallback", installed(5, "1.4.0"));
    supervisor.set("ends", ends("committed", &Value::Null, server.clock.now().0));
    let operator = server.operator().await;

    let plan = operator.post(&at("rollback"), &json!({})).await.is(200);
    let digest = plan["digest"].as_str().unwrap();
    assert_eq!(plan["to"], json!({ "seq": 5, "version": "1.4.0" }));
    assert_eq!((&plan["rows_lost"], &plan["audit_entries_lost"]), (&json!(0), &json!(0)));
    assert_eq!(operator.get(&at("history")).await.is(200)["items"], json!([]), "only looked at");
    operator.post(&at("rollback"), &json!({ "digest": digest })).await.is(202);
    server.run_jobs().await;

    let watched_s = plan["probation_s"].as_u64();
    assert_eq!(watched_s, Some(60));
    let heard = supervisor.heard();
    let [Wish::Rollback { probation_s, .. }, Wish::Seen] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(*probation_s, watched_s);
    let last = operator.get(&at("status")).await.is(200)["last"].clone();
    assert_eq!((&last["kind"], &last["outcome"]), (&json!("rollback"), &json!("committed")));
    let again = operator.post(&at("rollback"), &json!({ "digest": digest })).await;
    again.is_problem(409, "update-plan-other");
    server.finish().await;
}

#[tokio::test]
async fn a_program_does_its_part_on_its_channels_alone() {
    let (server, supervisor) = box_of().await;
    plant(&server, "person").await;
    supervisor.set("ends", ends("committed", &Value::Null, server.clock.now().0));
    let looks = program(&server, &["updates.check"], &["stable"]).await;
    let elsewhere = program(&server, &["updates.check", "updates.apply"], &["beta"]).await;
    let rolls = program(&server, &["updates.check", "updates.apply"], &["stable"]).await;

    let shown = digest(&looks).await;
    apply(&looks, &shown).await.is_problem(403, "forbidden");
    apply(&elsewhere, &shown).await.is_problem(403, "update-channel-not-allowed");
    looks.post(&at("upload"), &json!({ "size_bytes": 9 })).await.is_problem(403, "forbidden");
    apply(&rolls, &shown).await.is(202);
    rolls.post(&at("rollback"), &json!({})).await.is_problem(403, "forbidden");
    server.run_jobs().await;

    let last = looks.get(&at("status")).await.is(200)["last"].clone();
    assert_eq!(
        (&last["confirmed_as"], &last["confirmed_by_name"]),
        (&json!("service"), &json!("Fleet"))
    );
    server.finish().await;
}

#[tokio::test]
async fn a_browser_proves_once_more_who_it_is() {
    let (server, _supervisor) = box_of().await;
    plant(&server, "person").await;
    let operator = server.operator().await;
    let shown = digest(&operator).await;
    let me = operator.get("/api/v1/me").await.is(200)["id"].as_str().unwrap().to_owned();
    let browser = server.browser_of(me.parse().unwrap()).await;
    // Whoever has just signed in has proved it.
    server.advance(Duration::from_mins(11));

    let refused = browser.post(&at("apply"), &json!({ "digest": shown })).await;

    refused.is_problem(403, "step-up-needed");
    server.finish().await;
}

#[tokio::test]
async fn a_policy_begins_its_plan_by_itself_in_the_window_and_people_are_told() {
    let (supervisor, link) = Supervisor::new();
    let window = ("updates.window", "03:00-04:00");
    let policy = ("updates.policy", "auto-patch");
    let server = TestServer::start_under(&[ROOT, policy, window], &[], Some(link)).await;
    supervisor.set("ends", ends("committed", &Value::Null, server.clock.now().0));
    let operator = server.operator().await;
    plant(&server, "policy").await;
    // It changes databases, so somebody has to confirm it.
    let status = operator.get(&at("status")).await.is(200);
    assert_eq!(status["under_way"]["begins_at"], Value::Null);
    let ctx = system(&server.platform);
    let harmless = ctx.write(|scope: &BoxScope<'_>| {
        let sql =
            "UPDATE updates SET plan = replace(plan, '\"migrates\":true', '\"migrates\":false')";
        Ok(scope.prepare_cached(sql)?.execute([])?)
    });
    assert_eq!(harmless.await.unwrap(), 1);

    let status = operator.get(&at("status")).await.is(200);
    let begins = status["under_way"]["begins_at"].as_str().expect("a time").to_owned();
    assert!(begins.contains("T03:"), "{begins}");
    let mut watch = holdfast::platform::monitoring::watch::Watch::default();
    watch.look(&server.platform).await.unwrap();
    assert_eq!(supervisor.heard(), [], "before its time");
    let begins: holdfast::platform::clock::Moment = begins.parse().unwrap();
    server.advance(begins.since(server.clock.now()));
    watch.look(&server.platform).await.unwrap();
    server.run_jobs().await;

    let last = operator.get(&at("status")).await.is(200)["last"].clone();
    assert_eq!((&last["confirmed_as"], &last["outcome"]), (&json!("policy"), &json!("committed")));
    server.finish().await;
}

#[tokio::test]
async fn a_plan_that_nobody_confirms_ends_after_a_day() {
    let (server, supervisor) = box_of().await;
    plant(&server, "person").await;
    server.advance(Duration::from_hours(24) + Duration::from_mins(1));
    let operator = server.operator().await;

    let mut watch = holdfast::platform::monitoring::watch::Watch::default();
    watch.look(&server.platform).await.unwrap();

    let status = operator.get(&at("status")).await.is(200);
    assert_eq!(
        (&status["under_way"], &status["last"]["outcome"]),
        (&Value::Null, &json!("discarded"))
    );
    assert_eq!(supervisor.heard(), []);
    server.finish().await;
}

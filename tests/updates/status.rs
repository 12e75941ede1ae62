//! How updates stand on a box that runs alone, and what its history shows.

use std::time::Duration;

use holdfast::platform::ctx::BoxScope;
use rusqlite::named_params;
use serde_json::{Value, json};

use super::at;
use crate::support::{TestServer, system};

const HOUR_MS: i64 = 3_600_000;

/// Writes an update that ended so many hours ago, with what it took in milliseconds.
async fn plant(server: &TestServer, kind: &'static str, outcome: &'static str, hours: i64) {
    let ctx = system(&server.platform);
    let planted = ctx.write(move |scope: &BoxScope<'_>| {
        let (id, end) = (scope.new_id::<()>(), scope.now().0 - hours * HOUR_MS);
        scope
            .prepare_cached(
                "INSERT INTO updates (id, kind, requested_as, requested_at, from_seq,
                     from_version, to_seq, to_version, channel, severity, signers, confirmed_as,
                     confirmed_at, outcome, reason_code, reason, finished_at)
                 VALUES (:id, :kind, 'machine', :end - 90000, 6, '1.4.1', 7, '1.4.2', 'stable',
                     'security', '[\"ab\",\"cd\"]', 'machine', :end - 60000, :outcome,
                     iif(:outcome = 'committed', NULL, 'update-trial-failed'),
                     iif(:outcome = 'committed', NULL, 'It did not answer.'), :end)",
            )?
            .execute(
                named_params! { ":id": id, ":kind": kind, ":outcome": outcome, ":end": end },
            )?;
        let stages = [("rehearsing", 90_000), ("ready", 80_000), ("hold", 60_000)];
        for (number, (state, before)) in (0_i64..).zip(stages) {
            scope
                .prepare_cached(
                    "INSERT INTO update_states (update_id, number, state, began_at)
                     VALUES (:id, :number, :state, :end - :before)",
                )?
                .execute(named_params! {
                    ":id": id, ":number": number, ":state": state, ":end": end, ":before": before,
                })?;
        }
        Ok(())
    });
    planted.await.expect("an update");
    // The next one is newer.
    server.advance(Duration::from_millis(1));
}

#[tokio::test]
async fn a_box_that_runs_alone_says_so_and_what_it_would_take() {
    let server = TestServer::start_with(&[
        ("updates.feed", "https://updates.example.com/holdfast"),
        ("updates.channel", "beta"),
        ("updates.policy", "security-only"),
        ("updates.window", "Sat,Sun 02:00-04:00"),
        ("notices.time_zone", "Europe/Berlin"),
    ])
    .await;

    let status = server.operator().await.get(&at("status")).await.is(200);

    assert_eq!(status["current"], json!({ "seq": 0, "version": env!("CARGO_PKG_VERSION") }));
    assert_eq!(status["supervision"]["is_supervised"], false);
    assert_eq!(status["feed"]["place"], "https://updates.example.com/holdfast");
    assert_eq!(status["feed"]["checked_at"], Value::Null);
    let settings = &status["settings"];
    assert_eq!(
        (&settings["channel"], &settings["policy"]),
        (&json!("beta"), &json!("security-only"))
    );
    assert_eq!(settings["window"], "Sat,Sun 02:00-04:00");
    assert_eq!(
        (&settings["time_zone"], &settings["has_root"]),
        (&json!("Europe/Berlin"), &json!(false))
    );
    for nothing in ["offer", "under_way", "last", "since"] {
        assert_eq!(status[nothing], Value::Null, "{nothing}");
    }
    assert_eq!(status["scorecard"]["updates"], 0);
    assert_eq!(status["scorecard"]["is_success_met"], true);
    server.finish().await;
}

#[tokio::test]
async fn the_history_shows_each_part_and_the_scorecard_adds_it_up() {
    let server = TestServer::start().await;
    plant(&server, "update", "committed", 3).await;
    plant(&server, "update", "rolled-back", 2).await;
    plant(&server, "rollback", "committed", 1).await;
    let operator = server.operator().await;

    let first = operator.get(&at("history?limit=2")).await.is(200);
    let cursor = first["next_cursor"].as_str().expect("more");
    let second = operator.get(&at(&format!("history?limit=2&cursor={cursor}"))).await.is(200);
    let status = operator.get(&at("status")).await.is(200);

    let kinds = [&first["items"][0], &first["items"][1], &second["items"][0]];
    let kinds = kinds.map(|one| (one["kind"].as_str().unwrap(), one["outcome"].as_str().unwrap()));
    let wanted = [("rollback", "committed"), ("update", "rolled-back"), ("update", "committed")];
    assert_eq!(kinds, wanted);
    assert_eq!(second["next_cursor"], Value::Null);
    let back = &first["items"][1];
    assert_eq!(
        back["reason"],
        json!({ "code": "update-trial-failed", "detail": "It did not answer." })
    );
    assert_eq!(back["signers"], json!(["ab", "cd"]));
    let parts = back["states"].as_array().unwrap().iter();
    let parts: Vec<_> =
        parts.map(|one| (one["state"].clone(), one["duration_ms"].clone())).collect();
    let part = |state: &str, took: u64| (json!(state), json!(took));
    let wanted = [part("rehearsing", 10_000), part("ready", 20_000), part("hold", 60_000)];
    assert_eq!(parts, wanted);

    let card = &status["scorecard"];
    assert_eq!((&card["updates"], &card["succeeded"]), (&json!(2), &json!(1)));
    assert_eq!((&card["success_percent"], &card["is_success_met"]), (&json!(50), &json!(false)));
    // Nobody waits while a plan lies ready.
    assert_eq!(card["longest_update_ms"], 70_000);
    assert_eq!((&card["rollbacks"], &card["rolled_back"]), (&json!(1), &json!(1)));
    assert_eq!(status["last"]["kind"], "rollback");
    assert_eq!(status["since"], first["items"][0]["finished_at"]);
    let id = back["id"].as_str().unwrap();
    let one = operator.get(&at(&format!("history/{id}"))).await.is(200);
    assert_eq!(one["id"], back["id"]);
    server.finish().await;
}

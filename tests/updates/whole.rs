//! Updates from what a feed says to what people are told in the end, with a supervisor that says
//! how the release comes out.

use std::time::Duration;

use holdfast::platform::clock::Moment;
use holdfast::platform::monitoring::watch::Watch;
use holdfast::platform::updates::rehearsal::report::Report;
use holdfast::platform::updates::supervisor::protocol::Wish;
use serde_json::{Value, json};

use super::at;
use super::confirming::{apply, digest};
use super::feeds::Fed;
use super::supervisor::ends;
use crate::support::Client;

/// The release that the feed offers, and its number; the box runs the one before.
const NEW: (u64, &str) = (7, "1.7.0");
/// Somebody who is to be told that an update begins has so long.
const TOLD_BEFORE: Duration = Duration::from_mins(15);

/// What each release finds on a copy of the box where nothing is wrong with it.
fn good() -> Value {
    let found = Report { version: NEW.1.to_owned(), files: 2, took_ms: 40, ..Report::default() };
    serde_json::to_value(found).expect("a report")
}

async fn fed(settings: &[(&'static str, &str)]) -> Fed {
    let box_ = Fed::ready(settings).await;
    box_.supervisor.rehearse(good());
    box_.supervisor.set("ends", ends("committed", &Value::Null, box_.server.clock.now().0));
    box_.publish(0, NEW.0, |_| ());
    box_
}

fn switches(box_: &Fed) -> usize {
    let heard = box_.supervisor.heard();
    heard.iter().filter(|wish| matches!(wish, Wish::Switch { seq: 7, .. })).count()
}

/// The kinds of notices that an operator has of updates, with all that they say.
async fn told(operator: &Client) -> (Vec<String>, String) {
    let notices = operator.get("/api/v1/me/notices").await.is(200);
    let items = notices["items"].as_array().expect("a list");
    let kinds = items.iter().filter_map(|one| one["kind"].as_str().map(str::to_owned));
    (kinds.filter(|kind| kind.starts_with("updates.")).collect(), notices.to_string())
}

#[tokio::test]
async fn operators_are_told_of_a_plan_that_waits_and_of_what_came_of_it() {
    let box_ = fed(&[]).await;
    let operator = box_.operator().await;
    let mut watch = Watch::default();
    box_.check().await;
    watch.look(&box_.server.platform).await.expect("a look");
    box_.server.run_jobs().await;
    assert_eq!(box_.stands().await["under_way"], Value::Null, "nobody wished for it");
    operator.post(&at("apply"), &json!({})).await.is(202);

    let planned = box_.prepared().await;

    let under_way = &planned["under_way"];
    assert_eq!((&under_way["is_planned"], &under_way["begins_at"]), (&json!(true), &Value::Null));
    let (kinds, text) = told(&operator).await;
    assert_eq!(kinds, ["updates.waits"]);
    assert!(text.contains("The update to 1.7.0 is rehearsed"), "{text}");
    assert_eq!(switches(&box_), 0, "it waits");

    apply(&operator, &digest(&operator).await).await.is(202);
    box_.server.run_jobs().await;

    let (kinds, text) = told(&operator).await;
    assert!(kinds.contains(&"updates.done".to_owned()), "{kinds:?}");
    assert!(text.contains("The box runs 1.7.0 now"), "{text}");
    assert_eq!(switches(&box_), 1);
    let last = &box_.stands().await["last"];
    assert_eq!((&last["outcome"], &last["confirmed_as"]), (&json!("committed"), &json!("person")));
    box_.server.finish().await;
}

#[tokio::test]
async fn a_policy_brings_a_release_from_the_feed_to_the_box_and_says_so_before_and_after() {
    // It is six in the morning.
    let settings = [("updates.policy", "auto-patch"), ("updates.window", "07:00-08:00")];
    let box_ = fed(&settings).await;
    let operator = box_.operator().await;
    let mut watch = Watch::default();
    let mut look = async || {
        watch.look(&box_.server.platform).await.expect("a look");
        box_.prepared().await
    };

    let planned = look().await;

    let begins = planned["under_way"]["begins_at"].as_str().expect("a time").to_owned();
    assert!(begins.contains("T07:00"), "{begins}");
    let (kinds, text) = told(&operator).await;
    assert_eq!(kinds, ["updates.comes"]);
    assert!(text.contains(&format!("The update to 1.7.0 begins at {begins}")), "{text}");
    let begins: Moment = begins.parse().expect("a moment");
    let left = begins.since(box_.server.clock.now());
    assert!(left >= TOLD_BEFORE, "{left:?}");

    let minute = Duration::from_mins(1);
    box_.server.advance(left.saturating_sub(minute));
    look().await;
    assert_eq!(switches(&box_), 0, "before its time");
    box_.server.advance(minute);
    look().await;
    look().await;

    assert_eq!(switches(&box_), 1);
    let last = &box_.stands().await["last"];
    assert_eq!((&last["outcome"], &last["confirmed_as"]), (&json!("committed"), &json!("policy")));
    let (kinds, text) = told(&operator).await;
    assert!(kinds.contains(&"updates.done".to_owned()), "{kinds:?}");
    assert!(text.contains("The box runs 1.7.0 now"), "{text}");
    box_.server.finish().await;
}

/// What a policy makes of a release that matters so much.
#[tokio::test]
async fn a_policy_takes_only_what_matters_enough_and_changes_no_data() {
    let migrating = Report { migrated_files: 1, ..serde_json::from_value(good()).expect("one") };
    let migrating = serde_json::to_value(migrating).expect("a report");
    for (policy, severity, report, is_wished, is_begun) in [
        ("manual", "critical", good(), false, false),
        ("security-only", "normal", good(), false, false),
        ("security-only", "security", good(), true, true),
        ("security-only", "critical", good(), true, true),
        ("auto-patch", "normal", migrating, true, false),
    ] {
        let box_ = fed(&[("updates.policy", policy)]).await;
        box_.supervisor.rehearse(report);
        box_.publish(1, NEW.0, |forge| forge.custom_mut(NEW.0)["severity"] = json!(severity));
        box_.watch().await;
        let stands = box_.prepared().await;

        let (name, under_way) = (format!("{policy}, {severity}"), &stands["under_way"]);
        assert_eq!(under_way["is_planned"] == true, is_wished, "{name}: {stands}");
        assert_eq!(under_way["begins_at"].is_string(), is_begun, "{name}: {stands}");
        box_.server.advance(Duration::from_mins(16));
        box_.watch().await;
        box_.prepared().await;
        assert_eq!(switches(&box_), usize::from(is_begun), "{name}");
        box_.server.finish().await;
    }
}

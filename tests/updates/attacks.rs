//! What the audit log has of attacks, each with its own reason, and that nothing came of them: the
//! list of attacks wants both. What the log has of files and bundles is read in `transport.rs`, and
//! of whoever may not ask at all, A46 to A52, where that is tried.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use holdfast::platform::clock::Moment;
use holdfast::platform::updates::supervisor::protocol::Wish;
use serde_json::{Value, json};

use super::at;
use super::feeds::Fed;
use super::forge::{Forge, content, hash, release_name};
use super::forged::{OLD, SIGNATURES};
use super::supervisor::{Supervisor, installed};
use crate::support::TestServer;

/// The releases of a feed that the box has believed before.
const SEEN: u64 = 3;
/// The release that the feed offers; the box runs release 6.
const NEW: u64 = 8;

/// A1 to A8, A10 to A18, A21, A22 and A32, as far as the box's own clock is right for them.
#[tokio::test]
async fn each_attack_on_the_metadata_is_kept_in_the_log_and_changes_nothing() {
    let box_ = Fed::new(&[]).await;
    let now: Moment = "2026-11-22T10:00:00Z".parse().expect("a moment");
    box_.server.advance(now.since(box_.server.clock.now()));
    box_.publish(0, SEEN, |_| ());
    box_.check().await;
    let (trusted, taken) = (trusted(&box_), box_.taken());

    let mut wrong = Vec::new();
    for (name, code, attack) in SIGNATURES.iter().chain(OLD) {
        let before = refusals(&box_.server).await.len();
        let mut feed = Forge::good(1, SEEN + 1);
        attack(&mut feed);
        box_.lay(&feed.build());
        let asked = box_.operator().await.post(&at("check"), &json!({})).await;
        assert_eq!(asked.json()["code"], *code, "{name}");
        let after = refusals(&box_.server).await;
        let fresh = &after[before..];
        if fresh.is_empty() || !fresh.iter().all(|one| one.contains(code)) {
            wrong.push((name, fresh.to_vec()));
        }
        // Of a feed that is asked by itself the same reason is kept once, until one is believed.
        box_.publish(0, SEEN, |_| ());
        box_.check().await;
    }

    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(self::trusted(&box_), trusted, "what is trusted has changed");
    assert_eq!(box_.taken(), taken, "the supervisor was asked to take nothing over");
    box_.server.finish().await;
}

/// All that the supervisor trusts, byte for byte.
fn trusted(box_: &Fed) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(box_.path("state/trust")).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.map(|path| (path.clone(), std::fs::read(path).expect("a file"))).collect()
}

/// What the log has of feeds that were refused, the oldest first.
async fn refusals(server: &TestServer) -> Vec<String> {
    let kept = server.box_entries("update.refused").await;
    kept.into_iter().map(|one| one.changes).collect()
}

/// What is said of a release, and the code that the log has.
type Case = (&'static str, &'static str, fn(&mut Value));

const NOT_FOR_US: &[Case] = &[
    ("A33", "update-other-product", |it| it["product"] = json!("other")),
    ("A34", "update-other-machine", |it| it["os"] = json!("macos")),
    ("A35", "update-other-channel", |it| it["channels"] = json!(["staging", "beta"])),
    ("A36", "update-step-first", |it| it["min_from_seq"] = json!(NEW - 1)),
    ("A37", "update-revoked", |it| it["status"] = json!("revoked")),
    ("A38", "update-package-first", |it| it["supervisor_proto"] = json!(2)),
];

/// A33, A34, A35, A36, A37, A38.
#[tokio::test]
async fn each_release_that_is_not_for_the_box_is_kept_in_the_log_and_not_offered() {
    for (name, code, change) in NOT_FOR_US {
        let box_ = Fed::new(&[]).await;
        box_.publish(0, NEW, |forge| {
            let targets = forge.targets.signed["targets"].as_object_mut().expect("releases");
            targets.remove(&release_name(NEW - 1));
            change(forge.custom_mut(NEW));
        });

        let stands = box_.check().await;

        assert_eq!(stands["offer"], Value::Null, "{name}: {stands}");
        let kept = box_.server.box_entries("update.left_out").await;
        let told = kept.iter().filter(|one| one.changes.contains("1.8.0")).count();
        assert!(told == 1 && kept[0].changes.contains(code), "{name}: {kept:?}");
        box_.server.finish().await;
    }
}

/// What a feed has in place of the difference from the binary that runs, and the code that the log
/// has.
type Difference = (&'static str, &'static str, fn() -> Vec<u8>);

const DIFFERENCES: &[Difference] = &[
    ("A29", "update-delta-too-large", || packed(&[], &[0; 1 << 20])),
    ("A30", "update-delta-wrong", || packed(&[], &content(NEW - 1))),
    ("A31", "update-delta-wrong", || packed(&content(NEW - 1), &content(NEW))),
];

/// A difference as publishers make it.
fn packed(base: &[u8], to: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::with_ref_prefix(Vec::new(), 19, base).expect("a level");
    encoder.write_all(to).expect("room");
    encoder.finish().expect("room")
}

/// A29, A30, A31.
#[tokio::test]
async fn each_forged_difference_is_kept_in_the_log_and_the_whole_release_is_fetched() {
    let box_ = Fed::ready(&[]).await;
    let own = hash(&std::fs::read("/proc/self/exe").expect("the program that runs"));
    let mut running = installed(6, "1.4.1");
    running["sha256"] = json!(own);
    box_.supervisor.set("running", running);
    box_.supervisor.refuse("update-other", "It goes no further here.");

    for (step, (name, code, forged)) in (0..).zip(DIFFERENCES) {
        let difference = forged();
        box_.publish(step, NEW, |forge| {
            forge.add("difference", &difference, None);
            forge.custom_mut(NEW)["deltas"] = json!([{
                "from_sha256": own, "target": "difference", "size_bytes": difference.len(),
            }]);
        });
        box_.check().await;
        let before = box_.server.box_entries("update.delta_refused").await.len();

        box_.operator().await.post(&at("apply"), &json!({})).await.is(202);
        let stands = box_.prepared().await;

        let kept = box_.server.box_entries("update.delta_refused").await;
        assert_eq!(kept.len(), before + 1, "{name}: {kept:?}");
        let entry = &kept[before];
        assert!(entry.changes.contains(code) && entry.changes.contains("1.8.0"), "{name}");
        assert_eq!(entry.outcome, "refused", "{name}");
        // It came as far as the rehearsal, which is where this test ends it.
        assert_eq!(stands["last"]["reason"]["code"], "update-other", "{name}: {stands}");
        let heard = box_.supervisor.heard();
        let is_take = |wish: &Wish| matches!(wish, Wish::Take { seq: Some(NEW), .. });
        let taken = heard.iter().filter(|wish| is_take(wish)).count();
        assert_eq!(taken, before + 1, "{name}: the whole release was handed over");
        let laid = box_.server.platform.config.data().join("update/incoming/targets");
        let mut laid = std::fs::read_dir(laid).expect("a folder");
        let is_whole = laid.any(|one| {
            std::fs::read(one.expect("an entry").path()).expect("a file") == content(NEW)
        });
        assert!(is_whole, "{name}: it is not what was signed");
    }
    box_.server.finish().await;
}

/// A42, A43, A44: the supervisor tells of them, and a worker writes it down.
#[tokio::test]
async fn what_the_supervisor_refuses_to_start_is_kept_in_the_log_once() {
    let (supervisor, link) = Supervisor::new();
    let server = TestServer::start_under(&[], &[], Some(link)).await;
    let mut watch = holdfast::platform::monitoring::watch::Watch::default();
    watch.look(&server.platform).await.expect("a look");
    assert_eq!(server.box_entries("update.alert").await.len(), 0);

    let changed = json!({ "code": "update-last-resort", "detail": "Release 1.4.2 has changed." });
    let damaged = json!({ "code": "update-boot-state-damaged", "detail": "Both are damaged." });
    supervisor.set("alerts", json!([changed]));
    watch.look(&server.platform).await.expect("a look");
    watch.look(&server.platform).await.expect("a look");
    supervisor.set("alerts", json!([changed, damaged]));
    watch.look(&server.platform).await.expect("a look");

    let kept = server.box_entries("update.alert").await;
    let has = |at: usize, text: &str| kept[at].changes.contains(text);
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(has(0, "update-last-resort") && has(0, "Release 1.4.2 has changed."), "{kept:?}");
    assert!(has(1, "update-boot-state-damaged"), "{kept:?}");
    assert!(kept.iter().all(|one| one.outcome == "refused"), "{kept:?}");
    server.finish().await;
}

/// A45. Whoever broke into the box tells nobody what it tries, so each worker tries it before it
/// begins.
#[tokio::test]
async fn the_log_has_of_each_worker_whether_it_can_write_where_releases_lie() {
    for (state, code, outcome) in [
        ("full", "update-write-refused", "refused"),
        ("partial", "update-write-refused", "refused"),
        ("shared_folder", "update-unprotected", "ok"),
        ("missing", "update-unprotected", "ok"),
    ] {
        let (supervisor, link) = Supervisor::new();
        supervisor.set("protection", json!({ "state": state, "detail": "As it was tried." }));
        let server = TestServer::start_under(&[], &[], Some(link)).await;
        let mut watch = holdfast::platform::monitoring::watch::Watch::default();

        watch.look(&server.platform).await.expect("a look");
        watch.look(&server.platform).await.expect("a look");

        let kept = server.box_entries("update.protection").await;
        assert_eq!(kept.len(), 1, "{state}: {kept:?}");
        assert_eq!(kept[0].outcome, outcome, "{state}");
        let has = |text: &str| kept[0].changes.contains(text);
        assert!(has(code) && has("As it was tried."), "{state}: {kept:?}");
        server.finish().await;
    }
}

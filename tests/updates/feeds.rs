//! What a box does with what a feed says: signed metadata, and a supervisor that takes it over.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use holdfast::platform::backups::archive::Identity;
use holdfast::platform::monitoring::watch::Watch;
use holdfast::platform::updates::metadata::Trusted;
use holdfast::platform::updates::release::Status;
use holdfast::platform::updates::supervisor::protocol::Wish;
use serde_json::{Value, json};

use super::at;
use super::confirming::{apply, digest, plant};
use super::forge::{self, Files, Forge};
use super::supervisor::Supervisor;
use crate::support::{Client, TestServer};

/// The release that the feed offers; the box runs the one before.
const NEW: u64 = 7;

/// A box, its supervisor, and the feed that it asks.
pub(super) struct Fed {
    pub(super) server: TestServer,
    pub(super) supervisor: Supervisor,
    folder: tempfile::TempDir,
}

impl Fed {
    /// One that looks for its feed in a folder, if no other place is set.
    pub(super) async fn new(settings: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let feed = folder.path().join("feed");
        let (supervisor, link) = Supervisor::new();
        let (root, feed) = ("/etc/holdfast/1.root.json", feed.to_str().expect("a plain path"));
        let settings = [&[("updates.root", root), ("updates.feed", feed)], settings].concat();
        let server = TestServer::start_under(&settings, &[], Some(link)).await;
        let state = folder.path().join("state");
        std::fs::create_dir(&state).expect("a folder");
        Trusted::begin(&state.join("trust"), &forge::first_root()).expect("a root");
        let incoming = server.platform.config.data().join("update/incoming");
        supervisor.trust(state, incoming, server.clock.clone());
        Self { server, supervisor, folder }
    }

    /// One that can be backed up, and so updated.
    pub(super) async fn ready(settings: &[(&'static str, &str)]) -> Self {
        let box_ = Self::new(settings).await;
        let operator = box_.operator().await;
        let recipient = Identity::generate().recipient().to_string();
        let kit = json!({ "name": "Safe", "recipient": recipient });
        operator.post("/api/v1/backup-kits", &kit).await.is(201);
        let target = box_.path("stick");
        std::fs::create_dir(&target).expect("a folder");
        let place = json!({ "name": "Stick", "kind": "folder", "settings": { "path": target } });
        operator.post("/api/v1/backup-targets", &place).await.is(201);
        box_
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Publishes a feed of releases for this machine up to a number, with something changed.
    /// `step` counts the feeds.
    pub(super) fn publish(&self, step: u64, newest: u64, change: impl Fn(&mut Forge)) {
        self.lay(&of_this_machine(step, newest, change));
    }

    /// Lays these files where the box looks for its feed.
    pub(super) fn lay(&self, files: &Files) {
        forge::write(files, &self.path("feed"));
    }

    /// Somebody who operates the box; nobody's token lasts as long as these tests.
    pub(super) async fn operator(&self) -> Client {
        self.server.operator().await
    }

    /// Asks the feed; gives how updates stand then.
    pub(super) async fn check(&self) -> Value {
        self.operator().await.post(&at("check"), &json!({})).await.is(200)
    }

    /// Does all that is wished for; gives how updates stand then.
    pub(super) async fn prepared(&self) -> Value {
        let is_done = Cell::new(false);
        let work = async {
            while self.server.run_jobs().await > 0 {}
            is_done.set(true);
        };
        // What prepares an update waits for its backup, which somebody else has to make.
        let back_up = async {
            while !is_done.get() {
                if self.has_backup_to_make().await {
                    self.server.run_jobs().await;
                }
            }
        };
        tokio::join!(work, back_up);
        self.stands().await
    }

    async fn has_backup_to_make(&self) -> bool {
        let ctx = crate::support::system(&self.server.platform);
        let waits = ctx.read(|scope| {
            let sql = "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'waiting'
                           AND kind IN ('platform.backup', 'platform.backup-send'))";
            Ok(scope.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        });
        waits.await.expect("a table of jobs")
    }

    pub(super) async fn stands(&self) -> Value {
        self.operator().await.get(&at("status")).await.is(200)
    }

    /// What somebody is told by the look of a minute.
    pub(super) async fn told(&self) -> String {
        let operator = self.operator().await;
        self.watch().await;
        operator.get("/api/v1/me/notices").await.is(200).to_string()
    }

    /// What the supervisor trusts of a release.
    fn trusted_status(&self, seq: u64) -> Option<Status> {
        let trusted = Trusted::open(&self.path("state/trust")).expect("it reads");
        let targets = trusted.expect("a root").targets();
        let mut releases = targets.into_iter().filter_map(|one| one.release);
        releases.find(|one| one.seq == seq).map(|one| one.status)
    }

    /// How often the supervisor was asked to take metadata over.
    pub(super) fn taken(&self) -> usize {
        let is_take = |wish: &&Wish| matches!(wish, Wish::Take { seq: None, accept_stale: false });
        self.supervisor.heard().iter().filter(is_take).count()
    }

    /// How many updates were wished for after so many hours more.
    async fn wished_after(&self, hours: u64) -> usize {
        self.server.advance(Duration::from_hours(hours));
        self.watch().await;
        self.server.run_jobs().await;
        self.server.box_entries("update.requested").await.len()
    }

    pub(super) async fn watch(&self) {
        Watch::default().look(&self.server.platform).await.expect("a look");
    }
}

/// The files of a feed of releases for this machine, with something changed.
pub(super) fn of_this_machine(step: u64, newest: u64, change: impl Fn(&mut Forge)) -> Files {
    let mut forge = Forge::good(step, newest);
    for seq in 1..=newest {
        forge.custom_mut(seq)["arch"] = json!(std::env::consts::ARCH);
    }
    change(&mut forge);
    forge.build()
}

fn revoked(forge: &mut Forge) {
    forge.custom_mut(NEW)["status"] = json!("revoked");
}

#[tokio::test]
async fn the_supervisor_hears_of_each_change_of_the_feed_and_only_then() {
    let box_ = Fed::new(&[]).await;
    box_.publish(0, NEW, |_| ());

    assert_eq!(box_.check().await["offer"]["seq"], NEW);
    box_.check().await;
    assert_eq!((box_.taken(), box_.trusted_status(NEW)), (1, Some(Status::Active)));

    box_.publish(1, NEW, revoked);
    assert_eq!(box_.check().await["offer"], Value::Null);

    assert_eq!((box_.taken(), box_.trusted_status(NEW)), (2, Some(Status::Revoked)));
    box_.server.finish().await;
}

#[tokio::test]
async fn while_the_box_changes_its_release_the_supervisor_is_asked_for_nothing_else() {
    let box_ = Fed::new(&[]).await;
    box_.publish(0, NEW, |_| ());
    let release = super::supervisor::installed(6, "1.4.1");
    let under_way = json!({
        "transaction": "one", "kind": "update", "from": release, "to": release, "states": [],
        "progress": null, "probation_ends_at": null,
    });
    box_.supervisor.set("under_way", under_way);

    box_.check().await;
    assert_eq!(box_.taken(), 0);
    box_.supervisor.set("under_way", Value::Null);
    box_.check().await;

    assert_eq!(box_.taken(), 1, "the next look comes by again");
    box_.server.finish().await;
}

#[tokio::test]
async fn a_plan_ends_when_its_release_is_taken_back() {
    for (status, code) in [("revoked", "update-revoked"), ("withdrawn", "update-withdrawn")] {
        let box_ = Fed::new(&[]).await;
        box_.publish(0, NEW, |_| ());
        box_.check().await;
        plant(&box_.server, "person").await;
        let shown = digest(&box_.operator().await).await;
        box_.check().await;
        assert_eq!(digest(&box_.operator().await).await, shown, "nothing changed");

        box_.publish(1, NEW, |forge| forge.custom_mut(NEW)["status"] = json!(status));
        let stands = box_.check().await;
        let refused = apply(&box_.operator().await, &shown).await;

        refused.is_problem(409, "update-offer-gone");
        assert_eq!(stands["under_way"], Value::Null);
        let last = &stands["last"];
        assert_eq!(
            (&last["outcome"], &last["reason"]["code"]),
            (&json!("discarded"), &json!(code))
        );
        let kept = box_.server.box_entries("update.discarded").await;
        assert!(kept.len() == 1 && kept[0].changes.contains(code), "{kept:?}");
        assert_eq!(box_.supervisor.heard().len(), box_.taken(), "nothing is switched");
        let other = format!("{shown}0");
        apply(&box_.operator().await, &other).await.is_problem(409, "update-no-plan");
        box_.server.finish().await;
    }
}

/// The look that would have ended the plan did not come to it.
#[tokio::test]
async fn neither_a_person_nor_a_policy_confirms_what_is_offered_no_more() {
    let box_ = Fed::new(&[("updates.policy", "auto-patch")]).await;
    box_.publish(0, NEW, revoked);
    box_.check().await;

    plant(&box_.server, "person").await;
    let shown = digest(&box_.operator().await).await;
    apply(&box_.operator().await, &shown).await.is_problem(409, "update-offer-gone");
    planned_by_policy(&box_).await;
    box_.server.advance(Duration::from_mins(16));
    box_.watch().await;

    let stands = box_.stands().await;
    assert_eq!(stands["under_way"], Value::Null, "{stands}");
    assert_eq!(stands["last"]["reason"]["code"], "update-revoked");
    assert_eq!(box_.supervisor.heard().len(), box_.taken(), "nothing is switched");
    box_.server.finish().await;
}

#[tokio::test]
async fn a_policy_begins_only_after_a_look_at_the_feed() {
    let box_ = Fed::new(&[("updates.policy", "auto-patch")]).await;
    box_.publish(0, NEW, |_| ());
    box_.check().await;
    planned_by_policy(&box_).await;
    box_.publish(1, NEW, revoked);
    // It was off for a while.
    box_.server.advance(Duration::from_hours(3));

    box_.watch().await;
    assert_eq!(box_.server.box_entries("update.confirmed").await.len(), 0);
    box_.server.run_jobs().await;

    let stands = box_.stands().await;
    assert_eq!(stands["last"]["reason"]["code"], "update-revoked", "{stands}");
    box_.server.finish().await;
}

/// What the feed says of releases, and how much the offer matters by that.
type Case = (&'static str, fn(&mut Forge), u64, &'static str);

const SEVERITIES: &[Case] = &[
    ("a normal one after a critical one", |_| (), 9, "critical"),
    (
        "the critical one is withdrawn",
        |it| it.custom_mut(8)["status"] = json!("withdrawn"),
        9,
        "normal",
    ),
    (
        "it is not for this channel",
        |it| it.custom_mut(8)["channels"] = json!(["beta"]),
        9,
        "normal",
    ),
    ("it is for other machines", |it| it.custom_mut(8)["os"] = json!("macos"), 9, "normal"),
    (
        "it is not for all boxes yet",
        |it| it.custom_mut(8)["rollout"]["percent"] = json!(0),
        9,
        "critical",
    ),
    (
        "the newest is withdrawn",
        |it| it.custom_mut(9)["status"] = json!("withdrawn"),
        8,
        "critical",
    ),
    (
        "it is reached over a normal one",
        |it| {
            it.custom_mut(8)["min_from_seq"] = json!(7);
            it.custom_mut(9)["min_from_seq"] = json!(8);
        },
        7,
        "critical",
    ),
];

#[tokio::test]
async fn an_offer_matters_as_much_as_the_worst_that_it_mends() {
    let box_ = Fed::new(&[]).await;
    let mut wrong = Vec::new();
    for (step, (name, change, seq, severity)) in (0..).zip(SEVERITIES) {
        box_.publish(step, 9, |forge| {
            forge.custom_mut(8)["severity"] = json!("critical");
            change(forge);
        });

        let offer = box_.check().await["offer"].clone();

        if (&offer["seq"], &offer["severity"]) != (&json!(seq), &json!(severity)) {
            wrong.push(format!("{name}: {} {}", offer["seq"], offer["severity"]));
        }
    }
    assert_eq!(wrong, [""; 0]);
    box_.server.finish().await;
}

#[tokio::test]
async fn operators_are_told_of_what_is_critical_though_a_normal_release_came_after() {
    let box_ = Fed::new(&[]).await;
    let critical = |forge: &mut Forge| forge.custom_mut(NEW)["severity"] = json!("critical");
    box_.publish(0, NEW, critical);
    box_.check().await;
    box_.server.advance(Duration::from_hours(23));
    box_.publish(1, NEW + 1, critical);
    box_.check().await;
    let told = box_.told().await;
    assert!(!told.contains("critical"), "{told}");

    box_.server.advance(Duration::from_mins(59));
    box_.check().await;
    box_.server.advance(Duration::from_mins(1));

    let told = box_.told().await;
    assert!(told.contains("1.8.0") && told.contains("critical"), "{told}");
    let stands = box_.stands().await;
    assert!(stands["offer"]["critical_since"].is_string(), "{stands}");
    box_.server.finish().await;
}

/// How an update stands that the policy wished for, whose plan waits.
async fn planned_by_policy(box_: &Fed) -> Value {
    plant(&box_.server, "policy").await;
    let ctx = crate::support::system(&box_.server.platform);
    let changed = ctx.write(|scope| {
        let sql =
            "UPDATE updates SET plan = replace(plan, '\"migrates\":true', '\"migrates\":false')
                   WHERE outcome IS NULL";
        Ok(scope.prepare_cached(sql)?.execute([])?)
    });
    assert_eq!(changed.await.expect("a plan"), 1);
    box_.stands().await["under_way"].clone()
}

#[tokio::test]
async fn a_box_that_was_off_in_the_window_does_not_begin_outside_of_it() {
    let settings = [("updates.policy", "auto-patch"), ("updates.window", "07:00-08:00")];
    let box_ = Fed::new(&settings).await;
    box_.publish(0, NEW, |_| ());
    box_.check().await;
    // It is six in the morning.
    let under_way = planned_by_policy(&box_).await;
    assert!(under_way["begins_at"].as_str().is_some_and(|at| at.contains("T07:00")));

    // After the window the plan would be over before the next one.
    box_.server.advance(Duration::from_mins(121));
    box_.check().await;
    box_.watch().await;
    let stands = box_.stands().await;
    assert_eq!(stands["under_way"]["begins_at"], Value::Null, "{stands}");
    assert_eq!(box_.server.box_entries("update.confirmed").await.len(), 0);

    // The box was off until the plan was over, in the middle of a window.
    box_.server.advance(Duration::from_mins(23 * 60 + 29));
    box_.check().await;
    box_.watch().await;

    let stands = box_.stands().await;
    assert_eq!(
        (&stands["under_way"], &stands["last"]["outcome"]),
        (&Value::Null, &json!("discarded"))
    );
    assert_eq!(box_.supervisor.heard().len(), box_.taken(), "nothing is switched");
    box_.server.finish().await;
}

#[tokio::test]
async fn a_policy_has_a_release_rehearsed_for_the_window_that_comes() {
    let settings = [("updates.policy", "auto-patch"), ("updates.window", "Sun 19:00-20:00")];
    let box_ = Fed::new(&settings).await;
    box_.publish(0, NEW, |_| ());
    let wished = async || box_.wished_after(1).await;

    // Saturday at seven, and Sunday from seven on.
    assert_eq!(wished().await, 0);
    box_.server.advance(Duration::from_hours(22));
    assert_eq!(wished().await, 0, "at six");
    assert_eq!(wished().await, 1, "at seven");

    box_.server.finish().await;
}

#[tokio::test]
async fn metadata_past_its_time_is_taken_from_a_bundle_alone_and_the_log_says_so() {
    let box_ = Fed::new(&[]).await;
    box_.publish(0, NEW, |_| ());
    box_.check().await;
    let asked = async |wish: Value| box_.operator().await.post(&at("apply"), &wish).await;

    let refused = asked(json!({ "accept_stale": true })).await;
    refused.is_field_problem("accept_stale", "update-needs-bundle");
    assert_eq!(box_.server.box_entries("update.requested").await.len(), 0);
    asked(json!({ "accept_stale": true, "from_bundle": true })).await.is(202);

    let kept = box_.server.box_entries("update.requested").await;
    assert!(kept.len() == 1 && kept[0].changes.contains("accept_stale"), "{kept:?}");
    box_.server.finish().await;
}

#[tokio::test]
async fn the_log_says_once_which_releases_are_not_for_this_box_and_why() {
    let box_ = Fed::new(&[]).await;
    let left_out = |forge: &mut Forge| {
        forge.custom_mut(NEW + 1)["channels"] = json!(["beta"]);
        forge.custom_mut(NEW + 2)["supervisor_proto"] = json!(2);
    };
    box_.publish(0, NEW + 2, left_out);
    box_.check().await;
    box_.check().await;
    box_.publish(1, NEW + 2, |forge| {
        left_out(forge);
        forge.custom_mut(NEW + 1)["status"] = json!("revoked");
        forge.custom_mut(NEW + 1)["channels"] = json!(["stable"]);
    });
    box_.check().await;

    let kept = box_.server.box_entries("update.left_out").await;

    let has = |at: usize, version: &str, code: &str| {
        kept[at].changes.contains(version) && kept[at].changes.contains(code)
    };
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert!(has(0, "1.9.0", "update-package-first"), "{kept:?}");
    assert!(has(1, "1.8.0", "update-other-channel"), "{kept:?}");
    assert!(has(2, "1.8.0", "update-revoked"), "{kept:?}");
    box_.server.finish().await;
}

#[tokio::test]
async fn nobody_is_told_that_what_was_taken_still_waits() {
    let box_ = Fed::new(&[]).await;
    box_.publish(0, NEW, |forge| forge.custom_mut(NEW)["severity"] = json!("critical"));
    box_.check().await;
    let ctx = crate::support::system(&box_.server.platform);
    let taken = ctx.write(|scope| {
        let sql = "UPDATE update_feed SET offered_seq = 6";
        Ok(scope.prepare_cached(sql)?.execute([])?)
    });
    assert_eq!(taken.await.expect("an offer"), 1);

    box_.server.advance(Duration::from_hours(25));

    let told = box_.told().await;
    assert!(!told.contains("critical"), "{told}");
    box_.server.finish().await;
}

#[tokio::test]
async fn a_policy_tries_again_what_failed_before_anything_was_switched() {
    let box_ = Fed::new(&[("updates.policy", "auto-patch")]).await;
    box_.publish(0, NEW, |_| ());
    let mut wished = Vec::new();

    // No backup comes about: there is no recovery kit.
    for _ in 0..12 {
        wished.push(box_.wished_after(4).await);
    }

    assert_eq!(wished, [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3]);
    let stands = box_.stands().await;
    assert_eq!(stands["last"]["outcome"], "failed", "{stands}");
    assert_eq!(stands["last"]["reason"]["code"], "backup-no-kit", "{stands}");
    box_.server.finish().await;
}

#[tokio::test]
async fn operators_are_told_once_a_day_of_a_feed_that_is_held_back() {
    let box_ = Fed::new(&[]).await;
    box_.publish(0, NEW, |_| ());
    box_.check().await;
    assert!(!box_.told().await.contains("can be believed"));

    // Its timestamp holds until the 4th of December.
    box_.server.advance(Duration::from_hours(13 * 24));
    let refused = box_.operator().await.post(&at("check"), &json!({})).await;
    refused.is_problem(409, "update-metadata-expired");
    let told = box_.told().await;

    assert!(told.contains("can be believed since 2026-12-04"), "{told}");
    assert!(!box_.told().await.contains("can be believed"), "once a day");
    box_.server.advance(Duration::from_hours(25));
    assert!(box_.told().await.contains("can be believed"));
    box_.server.finish().await;
}

//! Which release is for a box.

use holdfast::platform::updates::metadata::Target;
use holdfast::platform::updates::metadata::rules::{
    Asking, check, choose, may_start, rollout_number,
};
use holdfast::platform::updates::release::{Channel, Release};
use serde_json::{Value, json};

use crate::forge::{Forge, SEEN_NEXT, content, custom, hash, release_name};
use crate::world::World;

const ASKING: Asking<'_> = Asking {
    channel: Channel::Stable,
    os: "linux",
    arch: "x86_64",
    from_seq: 3,
    box_id: "box",
    supervisor_proto: 1,
    quarantined: &[5],
};

fn target(seq: u64, change: impl Fn(&mut Value)) -> Target {
    let mut said = custom(seq);
    change(&mut said);
    let bytes = content(seq);
    Target {
        name: release_name(seq),
        sha256: hash(&bytes),
        size_bytes: bytes.len() as u64,
        release: Some(serde_json::from_value::<Release>(said).unwrap()),
        unread: None,
    }
}

/// What is said of release 4, and the code it is not offered with.
type Case = (&'static str, &'static str, fn(&mut Value));

const CASES: &[Case] = &[
    ("A33", "update-other-product", |it| it["product"] = json!("other")),
    ("A34", "update-other-machine", |it| it["arch"] = json!("aarch64")),
    ("A34", "update-other-machine", |it| it["os"] = json!("macos")),
    ("A35", "update-other-channel", |it| it["channels"] = json!(["staging", "beta"])),
    ("A36", "update-step-first", |it| it["min_from_seq"] = json!(4)),
    ("A37", "update-revoked", |it| it["status"] = json!("revoked")),
    ("withdrawn", "update-withdrawn", |it| it["status"] = json!("withdrawn")),
    ("A38", "update-package-first", |it| it["supervisor_proto"] = json!(2)),
    ("failed here", "update-quarantined", |it| it["seq"] = json!(5)),
    ("for nobody yet", "update-not-yet-rolled-out", |it| it["rollout"]["percent"] = json!(0)),
];

#[test]
fn each_release_that_is_not_for_a_box_says_why() {
    for (name, code, change) in CASES {
        let targets = [target(4, change)];

        let choice = choose(&targets, &ASKING);
        let refused = check(&targets[0], &ASKING).unwrap_err();

        assert!(choice.steps.is_empty(), "{name} is offered");
        let codes: Vec<_> = choice.not_offered.iter().map(|(_, reason)| reason.code).collect();
        assert_eq!(codes, [*code], "{name}");
        assert_eq!(refused.code, *code, "{name}");
    }
}

#[test]
fn what_runs_and_what_is_older_is_no_update() {
    for seq in [1, 2, 3] {
        let targets = [target(seq, |_| ())];

        let choice = choose(&targets, &ASKING);

        assert!(choice.steps.is_empty() && choice.not_offered.is_empty());
        assert_eq!(check(&targets[0], &ASKING).unwrap_err().code, "update-not-newer");
    }
}

/// A36. The way goes as far as it can with each step.
#[test]
fn a_box_far_behind_goes_step_by_step() {
    let targets: Vec<Target> =
        (1..=40).map(|seq| target(seq, |it| it["min_from_seq"] = json!(seq / 10 * 10))).collect();
    let asking = Asking { from_seq: 4, quarantined: &[], ..ASKING };

    let choice = choose(&targets, &asking);

    // To 10 nothing but 10 to 19 leads from below 10: those need 10 themselves.
    assert!(choice.steps.iter().map(|it| it.release.as_ref().unwrap().seq).eq([9]));
    let reachable: Vec<Target> = (1..=40)
        .map(|seq| target(seq, |it| it["min_from_seq"] = json!((seq - 1) / 10 * 10)))
        .collect();
    let choice = choose(&reachable, &asking);
    let steps: Vec<u64> = choice.steps.iter().map(|it| it.release.as_ref().unwrap().seq).collect();
    assert_eq!(steps, [10, 20, 30, 40]);
    assert!(choice.not_offered.is_empty(), "what lies between is reached by going past it");
}

#[test]
fn a_failed_release_is_passed_by_for_the_next() {
    let targets = [target(4, |_| ()), target(5, |_| ()), target(6, |_| ())];

    let choice = choose(&targets, &ASKING);
    let without_newer = choose(&targets[..2], &ASKING);

    assert_eq!(choice.steps, [&targets[2]]);
    assert_eq!(without_newer.steps, [&targets[0]]);
    assert_eq!(without_newer.not_offered[0].1.code, "update-quarantined");
}

const ROLLOUT_VECTORS: [(&str, &str, u32); 3] =
    [("box", "s", 47), ("0193a0c5-7b7a-7c3e-9a49-3f1f6f7d2b10", "2026-11", 56), ("", "", 49)];

/// The vectors of the format: SHA-256 of the id and the salt, as one number, modulo 100.
#[test]
fn a_rollout_reaches_the_part_of_all_boxes_that_it_names() {
    for (id, salt, number) in ROLLOUT_VECTORS {
        assert_eq!(rollout_number(id, salt), number, "{id} {salt}");
    }
    let reached = (0..10_000).filter(|at| rollout_number(&format!("box-{at}"), "s") < 20).count();
    assert!((1_800..2_200).contains(&reached), "{reached} of 10,000");
    let at_edge = |percent: u32| {
        let number = rollout_number("box", "s");
        let targets = [target(4, |it| it["rollout"]["percent"] = json!(number + percent))];
        choose(&targets, &ASKING).steps.len()
    };
    assert_eq!((at_edge(0), at_edge(1)), (0, 1));
}

/// A37, A38 for what would be started, wherever it comes from.
#[test]
fn what_must_not_run_is_not_started() {
    let start = |change: fn(&mut Value)| {
        let target = target(4, change);
        may_start(target.release.as_ref().unwrap(), "linux", "x86_64", 1)
    };

    assert_eq!(start(|_| ()), Ok(()));
    assert_eq!(start(|it| it["status"] = json!("withdrawn")), Ok(()));
    assert_eq!(start(|it| it["status"] = json!("revoked")).unwrap_err().code, "update-revoked");
    let too_new = start(|it| it["supervisor_proto"] = json!(2));
    assert_eq!(too_new.unwrap_err().code, "update-package-first");
    let other = start(|it| it["arch"] = json!("riscv64"));
    assert_eq!(other.unwrap_err().code, "update-other-machine");
}

/// What a later publisher says in a way that this release does not know is offered to nobody, and
/// does not keep the box from the rest.
#[tokio::test]
async fn a_release_that_is_not_understood_is_not_offered() {
    let odd: &[fn(&mut Value)] = &[
        |it| it["surprise"] = json!(1),
        |it| it["status"] = json!("resting"),
        |it| it["seq"] = json!(0),
        |it| it["version"] = json!("../1.0"),
        |it| it["rollout"]["percent"] = json!(101),
        |it| it["min_from_seq"] = json!(4),
        |it| it["released_at"] = json!("yesterday"),
        |it| it["notes"] = json!("a/b"),
        |it| drop(it.as_object_mut().unwrap().remove("schema")),
    ];
    for change in odd {
        let world = World::settled().await;
        let mut feed = Forge::good(1, SEEN_NEXT);
        change(feed.custom_mut(4));

        let targets = world.take(&feed.build()).await.unwrap().targets();
        let choice = choose(&targets, &Asking { from_seq: 2, ..ASKING });

        assert_eq!(choice.steps.len(), 1, "release 3 is offered all the same");
        let codes: Vec<_> = choice.not_offered.iter().map(|(_, reason)| reason.code).collect();
        assert_eq!(codes, ["update-release-unreadable"]);
        let refused = check(choice.not_offered[0].0, &ASKING).unwrap_err();
        assert_eq!(refused.code, "update-release-unreadable");
    }
}

//! Old metadata, and clocks that are wrong.

use holdfast::platform::updates::metadata::{Staleness, Trusted};
use serde_json::json;

use crate::attacks::OLD;
use crate::forge::{
    Forge, Key, ROOT_KEYS, SEEN_NEXT, SNAPSHOT_KEY, TARGETS_KEYS, TIMESTAMP_KEY, content,
    first_root, release_name, root_of, usual_root,
};
use crate::world::World;

/// The same of attacks for which the box's clock or what a person says has to be another.
pub(crate) type Attack = (&'static str, &'static str, fn(&mut Forge, &mut World));

pub(crate) const ATTACKS: &[Attack] = &[
    ("A9 a root that has run out, and no newer one", "update-root-expired", |feed, world| {
        world.at("2027-06-02T00:00:00Z");
        for role in [&mut feed.timestamp, &mut feed.snapshot, &mut feed.targets] {
            role.set("/expires", json!("2027-12-04T00:00:00Z"));
        }
    }),
    ("A18 a clock before the build", "update-clock-behind", |_, world| {
        world.at("2026-10-31T00:00:00Z");
    }),
    ("A18 a clock before what was taken over", "update-clock-behind", |_, world| {
        world.at("2026-11-20T08:59:00Z");
    }),
    ("A19 a clock far ahead", "update-root-expired", |_, world| {
        world.at("2036-11-22T10:00:00Z");
    }),
    ("A41 an override below the time that was seen", "update-below-floor", |feed, world| {
        world.staleness = Staleness::Accepted;
        for role in [&mut feed.timestamp, &mut feed.snapshot, &mut feed.targets] {
            role.set("/signed_at", json!("2026-11-19T00:00:00Z"));
        }
    }),
    ("A41 an override below the number that was seen", "update-seq-below-floor", |feed, world| {
        world.staleness = Staleness::Accepted;
        feed.targets.signed["targets"].as_object_mut().unwrap().remove(&release_name(4));
        feed.targets.signed["targets"].as_object_mut().unwrap().remove(&release_name(3));
    }),
    ("A41 an override below the version that was seen", "update-older-timestamp", |feed, world| {
        world.staleness = Staleness::Accepted;
        feed.timestamp.set("/version", json!(1));
    }),
];

/// A9, A14, A15, A16, A17, A18, A19, A21, A22, A32, A41.
#[tokio::test]
async fn each_attack_by_old_metadata_is_refused_with_its_own_reason() {
    let mut world = World::settled().await;
    let now = world.now;

    let mut wrong = Vec::new();
    for (name, code, attack) in OLD {
        let mut feed = Forge::good(1, SEEN_NEXT);
        attack(&mut feed);
        wrong.extend(world.not_refused(name, code, &feed.build()).await);
    }
    for (name, code, attack) in ATTACKS {
        let mut feed = Forge::good(1, SEEN_NEXT);
        attack(&mut feed, &mut world);
        wrong.extend(world.not_refused(name, code, &feed.build()).await);
        (world.now, world.staleness) = (now, Staleness::Refused);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    // A19: with the clock put right, everything goes on.
    world.take(&Forge::good(1, SEEN_NEXT).build()).await.unwrap();
}

#[tokio::test]
async fn small_steps_of_the_clock_do_no_harm() {
    let mut world = World::settled().await;

    world.at("2026-11-20T09:30:00Z");
    world.look(&Forge::good(1, SEEN_NEXT).build()).await.unwrap();
    world.at("2026-11-23T09:30:00Z");
    world.look(&Forge::good(1, SEEN_NEXT).build()).await.unwrap();
    world.at("2026-11-21T09:30:00Z");
    world.look(&Forge::good(1, SEEN_NEXT).build()).await.unwrap();
}

/// A40.
#[tokio::test]
async fn what_has_run_out_is_taken_only_where_a_person_says_so() {
    let mut world = World::settled().await;
    world.at("2028-01-01T00:00:00Z");
    let files = Forge::good(1, SEEN_NEXT).build();

    assert_eq!(world.refused(&files).await.code, "update-root-expired");
    world.staleness = Staleness::Accepted;
    let trusted = world.take(&files).await.unwrap();

    assert_eq!(trusted.seq_floor(), SEEN_NEXT);
}

/// A start looks at no clock: a box starts after a year in a cupboard.
#[tokio::test]
async fn what_is_trusted_can_be_opened_whatever_has_run_out() {
    let world = World::settled().await;

    let trusted = world.trusted();

    let expires_at = trusted.expires_at().unwrap();
    assert_eq!(expires_at, "2026-12-04T00:00:00Z".parse().unwrap());
    let names: Vec<_> = trusted.targets().into_iter().map(|it| it.name).collect();
    assert_eq!(names, [release_name(1), release_name(2), release_name(3)]);
    assert_eq!(trusted.published_at(), Some("2026-11-20T10:00:00Z".parse().unwrap()));
}

/// A20. Whoever has the online keys counts as far as numbers go; new online keys end that.
#[tokio::test]
async fn a_feed_that_was_counted_up_recovers_with_new_online_keys() {
    let world = World::settled().await;
    let mut stolen = Forge::good(1, SEEN_NEXT);
    stolen.timestamp.set("/version", json!(u64::MAX));
    stolen.snapshot.set("/version", json!(u64::MAX - 1));
    world.take(&stolen.build()).await.unwrap();

    let held = Forge::good(2, SEEN_NEXT).build();
    assert_eq!(world.refused(&held).await.code, "update-older-timestamp");

    let (snapshot, timestamp) = (Key(22), Key(32));
    let mut mended = Forge::good(3, SEEN_NEXT);
    let root = root_of(2, &ROOT_KEYS, &TARGETS_KEYS, snapshot, timestamp);
    mended.rotate(root, &ROOT_KEYS[..2]);
    mended.snapshot.keys = vec![snapshot];
    mended.timestamp.keys = vec![timestamp];
    let trusted = world.take(&mended.build()).await.unwrap();

    assert_eq!(trusted.root_version(), 2);
}

/// The Update Framework forgets what it has seen when online keys change. The floors do not.
#[tokio::test]
async fn new_online_keys_do_not_bring_old_releases_back() {
    let world = World::settled().await;
    world.take(&Forge::good(1, SEEN_NEXT).build()).await.unwrap();

    let (snapshot, timestamp) = (Key(22), Key(32));
    let with_new_keys = |step: u64, newest: u64| {
        let mut feed = Forge::good(step, newest);
        let root = root_of(2, &ROOT_KEYS, &TARGETS_KEYS, snapshot, timestamp);
        feed.rotate(root, &ROOT_KEYS[..2]);
        feed.snapshot.keys = vec![snapshot];
        feed.timestamp.keys = vec![timestamp];
        feed
    };

    let replayed = with_new_keys(0, 3).build();
    assert_eq!(world.refused(&replayed).await.code, "update-older-targets");
    let fewer = with_new_keys(2, 3).build();
    assert_eq!(world.refused(&fewer).await.code, "update-seq-below-floor");
    world.take(&with_new_keys(2, SEEN_NEXT).build()).await.unwrap();
}

/// Whoever had the keys of the targets may have used up the numbers. New ones begin anew.
#[tokio::test]
async fn new_keys_for_the_targets_begin_the_numbers_anew() {
    let world = World::settled().await;
    let mut stolen = Forge::good(1, SEEN_NEXT);
    let mut said = stolen.custom_mut(4).clone();
    said["seq"] = json!(u64::MAX);
    stolen.add("holdfast-far", &content(9), Some(said));
    world.take(&stolen.build()).await.unwrap();
    assert_eq!(world.trusted().seq_floor(), u64::MAX);

    let keys = [Key(14), Key(15), TARGETS_KEYS[2]];
    let mut mended = Forge::good(2, SEEN_NEXT);
    let root = root_of(2, &ROOT_KEYS, &keys, SNAPSHOT_KEY, TIMESTAMP_KEY);
    mended.rotate(root, &ROOT_KEYS[..2]);
    mended.targets.keys = keys[..2].to_vec();
    let trusted = world.take(&mended.build()).await.unwrap();

    assert_eq!(trusted.seq_floor(), SEEN_NEXT);
}

/// With one of three keys exchanged, what the other two signed still counts, and so does the floor.
#[tokio::test]
async fn a_single_new_key_does_not_begin_the_numbers_anew() {
    let world = World::settled().await;
    let keys = [TARGETS_KEYS[0], TARGETS_KEYS[1], Key(14)];
    let mut feed = Forge::good(1, 2);
    let root = root_of(2, &ROOT_KEYS, &keys, SNAPSHOT_KEY, TIMESTAMP_KEY);
    feed.rotate(root, &ROOT_KEYS[..2]);

    assert_eq!(world.refused(&feed.build()).await.code, "update-seq-below-floor");
}

#[tokio::test]
async fn a_trusted_folder_that_was_changed_is_not_opened() {
    let world = World::settled().await;
    let folder = world.path("trust");

    for (name, bytes) in world.snapshot() {
        let mut spoiled = bytes.clone();
        let at = spoiled.len() / 2;
        spoiled[at] ^= 1;
        std::fs::write(&name, &spoiled).unwrap();
        if !name.ends_with("floors.json") {
            let reason = Trusted::open(&folder).unwrap_err();
            assert_eq!(reason.code, "update-trust-damaged", "{}", name.display());
        }
        std::fs::remove_file(&name).unwrap();
        let without = Trusted::open(&folder);
        let is_root = name.ends_with("root.json");
        let code = if is_root { "update-trust-root-lost" } else { "update-trust-damaged" };
        assert_eq!(without.unwrap_err().code, code, "{}", name.display());
        std::fs::write(&name, bytes).unwrap();
    }
    assert_eq!(world.trusted().targets().len(), 3);
}

/// A power failure while what is trusted is exchanged leaves the old or the new one; what lies
/// beside it is of no matter.
#[tokio::test]
async fn what_a_crash_left_beside_the_folder_is_of_no_matter() {
    let world = World::settled().await;
    let beside = world.path("trust.new");
    std::fs::create_dir(&beside).unwrap();
    std::fs::write(beside.join("root.json"), "half").unwrap();

    assert_eq!(world.trusted().targets().len(), 3);
    world.take(&Forge::good(1, SEEN_NEXT).build()).await.unwrap();

    assert_eq!(world.trusted().targets().len(), 4);
    assert!(!beside.exists());
}

/// The root lies in the package as well; what the box has seen lies nowhere else.
#[tokio::test]
async fn a_lost_root_is_brought_back_and_nothing_that_was_seen_is_forgotten() {
    let world = World::settled().await;
    let (folder, before) = (world.path("trust"), world.trusted());
    std::fs::remove_file(folder.join("root.json")).unwrap();

    let again = Trusted::begin_again(&folder, &first_root()).unwrap();

    assert_eq!(again.seq_floor(), before.seq_floor());
    assert_eq!(again.published_at(), before.published_at());
    assert_eq!(again.targets(), before.targets());
    assert_eq!(world.trusted().root_version(), 1);
}

/// Another root would vouch for other things, so the floors would stand alone.
#[tokio::test]
async fn a_lost_root_whose_keys_have_changed_since_is_not_replaced_by_the_first() {
    let world = World::settled().await;
    let (snapshot, timestamp) = (Key(22), Key(32));
    let mut feed = Forge::good(1, SEEN_NEXT);
    let root = root_of(2, &ROOT_KEYS, &TARGETS_KEYS, snapshot, timestamp);
    feed.rotate(root, &ROOT_KEYS[..2]);
    feed.snapshot.keys = vec![snapshot];
    feed.timestamp.keys = vec![timestamp];
    world.take(&feed.build()).await.unwrap();
    let folder = world.path("trust");
    std::fs::remove_file(folder.join("root.json")).unwrap();
    let left = world.snapshot();

    let refused = Trusted::begin_again(&folder, &first_root()).unwrap_err();

    assert_eq!(refused.code, "update-trust-root-lost");
    assert_eq!(world.snapshot(), left, "what was seen is kept");
}

#[tokio::test]
async fn a_root_can_be_renewed_before_anything_else_was_seen() {
    let world = World::begun();
    let mut feed = Forge::good(0, 1);
    feed.rotate(usual_root(2), &ROOT_KEYS[..2]);

    let trusted = world.take(&feed.build()).await.unwrap();

    assert_eq!((trusted.root_version(), trusted.seq_floor()), (2, 1));
}

//! A box that was switched off for three years.

use serde_json::json;

use crate::forge::{
    Forge, Key, SNAPSHOT_KEY, TARGETS_KEYS, TIMESTAMP_KEY, custom, release_name, root_of,
};
use crate::world::World;

const RENEWALS: u8 = 36;

/// All keys are others each month, and the box sees it all at once.
#[tokio::test]
async fn a_box_follows_three_years_of_new_keys_in_one_run() {
    let mut world = World::settled().await;
    world.at("2029-11-22T10:00:00Z");
    let root_keys = |age: u8| [0, 1, 2].map(|at| Key(1 + age * 4 + at));
    let online = |age: u8, usual: Key| Key(usual.0 + age * 2 + 100);
    let targets_keys = |age: u8| if age == 0 { TARGETS_KEYS } else { [160, 161, 162].map(Key) };
    let mut feed = Forge::good(40, 40);

    for age in 1..=RENEWALS {
        let (snapshot, timestamp) = (online(age, SNAPSHOT_KEY), online(age, TIMESTAMP_KEY));
        let keys = root_keys(age);
        let mut root = root_of(u64::from(age) + 1, &keys, &targets_keys(age), snapshot, timestamp);
        root["expires"] = json!("2029-12-01T00:00:00Z");
        let before = root_keys(age - 1);
        feed.rotate(root, &[before[0], before[1], keys[0], keys[1]]);
        feed.snapshot.keys = vec![snapshot];
        feed.timestamp.keys = vec![timestamp];
    }
    feed.targets.keys = targets_keys(RENEWALS)[..2].to_vec();
    for role in [&mut feed.timestamp, &mut feed.snapshot, &mut feed.targets] {
        role.set("/expires", json!("2029-12-01T00:00:00Z"));
        role.set("/signed_at", json!("2029-11-22T09:00:00Z"));
    }
    *feed.custom_mut(40) = custom(40);
    let trusted = world.take(&feed.build()).await.unwrap();

    assert_eq!(trusted.root_version(), u64::from(RENEWALS) + 1);
    assert_eq!(trusted.seq_floor(), 40);
    assert!(trusted.targets().iter().any(|it| it.name == release_name(40)));
}

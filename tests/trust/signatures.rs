//! Who has signed, and what.

use crate::attacks::SIGNATURES;
use crate::forge::{
    Forge, ROOT_KEYS, SEEN_NEXT, SNAPSHOT_KEY, STRANGER, TARGETS_KEYS, first_root, usual_root,
};
use crate::world::World;

/// A1, A2, A3, A4, A5, A6, A7, A8, A10, A11, A12, A13.
#[tokio::test]
async fn each_attack_on_signatures_is_refused_with_its_own_reason() {
    let world = World::settled().await;

    let mut wrong = Vec::new();
    for (name, code, attack) in SIGNATURES {
        let mut feed = Forge::good(1, SEEN_NEXT);
        attack(&mut feed);
        wrong.extend(world.not_refused(name, code, &feed.build()).await);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    let trusted = world.take(&Forge::good(1, SEEN_NEXT).build()).await.unwrap();
    assert_eq!(trusted.targets().len(), 4, "a good feed is taken after all that");
}

#[tokio::test]
async fn more_signatures_than_needed_do_no_harm() {
    let world = World::settled().await;
    let mut feed = Forge::good(1, SEEN_NEXT);
    feed.targets.keys = vec![STRANGER, TARGETS_KEYS[2], SNAPSHOT_KEY, TARGETS_KEYS[0]];

    let trusted = world.take(&feed.build()).await.unwrap();

    assert_eq!(trusted.signers(), [TARGETS_KEYS[2].id(), TARGETS_KEYS[0].id()]);
}

#[tokio::test]
async fn sixty_four_new_roots_are_followed_at_once() {
    let world = World::settled().await;
    let mut feed = Forge::good(1, SEEN_NEXT);
    for version in 2..=65 {
        feed.rotate(usual_root(version), &ROOT_KEYS[..2]);
    }

    let trusted = world.take(&feed.build()).await.unwrap();

    assert_eq!(trusted.root_version(), 65);
}

/// Nobody begins with a root that its own keys do not vouch for.
#[test]
fn the_first_root_is_signed_by_its_own_keys() {
    let folder = tempfile::tempdir().unwrap();
    let begin = |bytes: &[u8]| {
        holdfast::platform::updates::metadata::Trusted::begin(&folder.path().join("t"), bytes)
    };
    let text = String::from_utf8(first_root()).unwrap();

    let other = text.replacen("2027-06-01", "2037-06-01", 1);

    assert_eq!(begin(other.as_bytes()).unwrap_err().code, "update-signature-wrong");
    assert!(!folder.path().join("t").exists(), "nothing was begun");
    begin(text.as_bytes()).unwrap();
}

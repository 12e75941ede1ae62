//! Bundles, which anybody may have packed.

use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};

use holdfast::platform::updates::bundle::unpack;
use holdfast::platform::updates::metadata::{Feed, Result, Staleness, fetch};
use tar::Header;

use crate::forge::{Forge, SEEN_NEXT, content, hash, release_name};
use crate::packing::{CASES, packed};
use crate::world::World;

/// Unpacks into a new folder beside a canary, and looks that nothing else was written.
fn unpacked(bundle: &[u8]) -> (tempfile::TempDir, Result<()>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("canary"), "sings").unwrap();
    let outcome = unpack(bundle, &folder.path().join("in"));
    let names: BTreeSet<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, BTreeSet::from(["canary".to_owned(), "in".to_owned()]));
    assert_eq!(std::fs::read(folder.path().join("canary")).unwrap(), b"sings");
    (folder, outcome)
}

/// A39.
#[test]
fn each_bundle_that_reaches_out_is_refused_with_its_own_reason() {
    let files = Forge::good(1, SEEN_NEXT).build();
    for (name, code, spoil) in CASES {
        let mut bundle = packed(&files);
        spoil(&mut bundle);

        let (_folder, outcome) = unpacked(&bundle.into_inner().unwrap());

        let reason = outcome.unwrap_err();
        assert_eq!(reason.code, *code, "{name}: {}", reason.detail);
    }
}

/// A file that says it is larger than any bundle is refused before it is read.
#[test]
fn a_bundle_that_says_it_is_huge_is_not_read() {
    let mut bundle = Vec::new();
    let mut header = Header::new_gnu();
    header.set_path(format!("targets/{}.big", hash(b"x"))).unwrap();
    header.set_size(3 * 1024 * 1024 * 1024);
    header.set_cksum();
    bundle.extend(header.as_bytes());

    let (_folder, outcome) = unpacked(&bundle);

    assert_eq!(outcome.unwrap_err().code, "update-bundle-too-large");
}

#[tokio::test]
async fn a_bundle_is_read_as_a_feed() {
    let mut world = World::settled().await;
    let files = Forge::good(1, SEEN_NEXT).build();
    let (folder, outcome) = unpacked(&packed(&files).into_inner().unwrap());
    outcome.unwrap();
    let feed = Feed::Folder(folder.path().join("in"));

    let fresh = world.look_at(&feed).await.unwrap();
    // A40, A41: an old bundle needs a word, and the word has its limits.
    world.at("2026-12-22T10:00:00Z");
    let stale = world.look_at(&feed).await.unwrap_err();
    world.staleness = Staleness::Accepted;
    let accepted = world.look_at(&feed).await.unwrap();
    world.take(&Forge::good(2, 5).build()).await.unwrap();
    let below = world.look_at(&feed).await.unwrap_err();

    assert_eq!(fresh.targets(), accepted.targets());
    assert_eq!((stale.code, below.code), ("update-metadata-expired", "update-older-timestamp"));
}

#[test]
fn a_bundle_of_any_length_does_not_reach_out() {
    let mut forge = Forge::good(1, 0);
    forge.add("notes", b"short", None);
    let files = forge.build();
    let good = packed(&files).into_inner().unwrap();
    let content: usize = files.values().map(Vec::len).sum();

    for length in (0..good.len()).step_by(61) {
        let (_folder, outcome) = unpacked(&good[..length]);
        match outcome {
            Ok(()) => assert!(length > content, "{length} bytes"),
            Err(reason) => assert_eq!(reason.code, "update-bundle-broken", "{length} bytes"),
        }
    }
}

#[tokio::test]
async fn a_bundle_with_any_bit_changed_is_refused_or_says_the_same() {
    let world = World::settled().await;
    let good = packed(&Forge::good(1, SEEN_NEXT).build()).into_inner().unwrap();
    let bits = good.len() * 8;
    let (mut tried, mut refused) = (0, 0);

    for bit in (0..bits).step_by(bits / 2_000) {
        let mut spoiled = good.clone();
        spoiled[bit / 8] ^= 1 << (bit % 8);
        tried += 1;
        let (folder, outcome) = unpacked(&spoiled);
        let feed = Feed::Folder(folder.path().join("in"));
        let Ok(fresh) = (match outcome {
            Ok(()) => world.look_at(&feed).await,
            Err(reason) => Err(reason),
        }) else {
            refused += 1;
            continue;
        };
        // What is believed of it is what was signed, and a release counts by its hash alone.
        let name = release_name(SEEN_NEXT);
        let target = fresh.targets().into_iter().find(|one| one.name == name).unwrap();
        assert_eq!(target.sha256, hash(&content(SEEN_NEXT)), "bit {bit}");
        let mut into = tempfile::tempfile().unwrap();
        if fetch::file(&feed, &target, &into, &|_| ()).await.is_err() {
            refused += 1;
            continue;
        }
        let mut bytes = Vec::new();
        into.seek(SeekFrom::Start(0)).unwrap();
        into.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, content(SEEN_NEXT), "bit {bit}");
    }

    assert!(tried >= 2_000, "{tried}");
    assert!(refused > tried / 8, "only {refused} of {tried} were noticed");
}

#[test]
fn what_is_no_archive_is_refused() {
    for bytes in [&b""[..], b"PK\x03\x04", &[0; 4096], &[7; 4096]] {
        let (_folder, outcome) = unpacked(bytes);
        assert_eq!(outcome.unwrap_err().code, "update-bundle-broken");
    }
}

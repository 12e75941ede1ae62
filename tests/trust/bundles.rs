//! Bundles, which anybody may have packed.

use std::collections::BTreeSet;

use holdfast::platform::updates::bundle::{MEMBERS_MAX, unpack};
use holdfast::platform::updates::metadata::{Feed, Result, Staleness};
use tar::{Builder, EntryType, Header};

use crate::forge::{Files, Forge, SEEN_NEXT, hash};
use crate::world::World;

fn member(bundle: &mut Builder<Vec<u8>>, name: &[u8], kind: EntryType, bytes: &[u8]) {
    let mut header = Header::new_ustar();
    // Written past the library, which writes no such names.
    let place = &mut header.as_old_mut().name;
    place[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    if matches!(kind, EntryType::Symlink | EntryType::Link) {
        header.as_old_mut().linkname[..11].copy_from_slice(b"/etc/passwd");
    }
    header.set_cksum();
    bundle.append(&header, bytes).unwrap();
}

fn packed(files: &Files) -> Builder<Vec<u8>> {
    let mut bundle = Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_path(path).unwrap();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        bundle.append(&header, &bytes[..]).unwrap();
    }
    bundle
}

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

type Case = (&'static str, &'static str, fn(&mut Builder<Vec<u8>>));

/// A39.
const CASES: &[Case] = &[
    ("a step upwards", "update-bundle-path", |it| plain(it, b"../canary")),
    ("a step upwards further on", "update-bundle-path", |it| plain(it, b"metadata/../../canary")),
    ("from the top", "update-bundle-path", |it| plain(it, b"/tmp/canary")),
    ("another folder", "update-bundle-path", |it| plain(it, b"other/timestamp.json")),
    ("no folder", "update-bundle-path", |it| plain(it, b"timestamp.json")),
    ("a step on the spot", "update-bundle-path", |it| plain(it, b"./metadata/timestamp.json")),
    ("no number", "update-bundle-path", |it| plain(it, b"metadata/.root.json")),
    ("a zero in front", "update-bundle-path", |it| plain(it, b"metadata/01.root.json")),
    ("a target without its hash", "update-bundle-path", |it| plain(it, b"targets/holdfast")),
    ("a target below a folder", "update-bundle-path", |it| {
        plain(it, format!("targets/{}.a/b", hash(b"x")).as_bytes());
    }),
    ("no text", "update-bundle-path", |it| plain(it, b"metadata/\xff.root.json")),
    ("a folder", "update-bundle-kind", |it| {
        member(it, b"metadata/", EntryType::Directory, b"");
    }),
    ("a symbolic link", "update-bundle-kind", |it| {
        member(it, b"metadata/9.root.json", EntryType::Symlink, b"");
    }),
    ("a hard link", "update-bundle-kind", |it| {
        member(it, b"metadata/9.root.json", EntryType::Link, b"");
    }),
    ("a device", "update-bundle-kind", |it| {
        member(it, b"metadata/9.root.json", EntryType::Char, b"");
    }),
    ("a pipe", "update-bundle-kind", |it| {
        member(it, b"metadata/9.root.json", EntryType::Fifo, b"");
    }),
    ("a long name", "update-bundle-kind", |it| {
        member(it, b"././@LongLink", EntryType::GNULongName, &[b'x'; 5000]);
    }),
    ("an extension", "update-bundle-kind", |it| {
        member(it, b"x", EntryType::XHeader, b"30 path=metadata/timestamp.json\n");
    }),
    ("a file twice", "update-bundle-twice", |it| plain(it, b"metadata/timestamp.json")),
    ("too many files", "update-bundle-too-many", |it| {
        for at in 0..=MEMBERS_MAX {
            plain(it, format!("metadata/{}.root.json", at + 100).as_bytes());
        }
    }),
    ("metadata that is too large", "update-bundle-too-large", |it| {
        member(it, b"metadata/9.root.json", EntryType::Regular, &vec![b' '; 10 * 1024 * 1024 + 1]);
    }),
];

fn plain(bundle: &mut Builder<Vec<u8>>, name: &[u8]) {
    member(bundle, name, EntryType::Regular, b"{}");
}

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
fn a_bundle_of_any_length_and_with_any_bit_does_not_reach_out() {
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
    let bits = good.len() * 8;
    for bit in (0..bits).step_by(bits / 2_000) {
        let mut spoiled = good.clone();
        spoiled[bit / 8] ^= 1 << (bit % 8);
        // Contents are not looked at here; what matters is that nothing lies elsewhere.
        let (_folder, _outcome) = unpacked(&spoiled);
    }
}

#[test]
fn what_is_no_archive_is_refused() {
    for bytes in [&b""[..], b"PK\x03\x04", &[0; 4096], &[7; 4096]] {
        let (_folder, outcome) = unpacked(bytes);
        assert_eq!(outcome.unwrap_err().code, "update-bundle-broken");
    }
}

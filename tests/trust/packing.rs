//! Bundles as anybody may pack them, good ones and such as reach out.

use holdfast::platform::updates::bundle::MEMBERS_MAX;
use tar::{Builder, EntryType, Header};

use crate::forge::{Files, hash};

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

/// A bundle of a feed.
pub(crate) fn packed(files: &Files) -> Builder<Vec<u8>> {
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

/// What is packed besides, the code, and how.
pub(crate) type Case = (&'static str, &'static str, fn(&mut Builder<Vec<u8>>));

/// A39.
pub(crate) const CASES: &[Case] = &[
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

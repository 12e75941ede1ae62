use std::fs;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use proptest::prelude::*;
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::manifest::{AuditHead, FileEntry, Manifest};
use super::*;
use crate::platform::blobs::BlobHash;
use crate::platform::clock::Moment;
use crate::platform::db::Pages;
use crate::platform::error::Error;
use crate::platform::secret::to_hex;

const BOX: &str = "01a1fe40-8792-7619-be1c-dac6a0ebada9";
const AT: Moment = Moment(1_795_000_000_000);

/// A base of one small database in parts of 20 KB, and the kit that opens it.
struct Sample {
    folder: tempfile::TempDir,
    kit: Kit,
    pair: Ed25519KeyPair,
}

impl Sample {
    fn base(&self) -> PathBuf {
        self.folder.path().join("base")
    }

    fn parts(&self) -> Vec<PathBuf> {
        let mut parts: Vec<_> = fs::read_dir(self.base())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "age"))
            .collect();
        parts.sort();
        parts
    }

    fn unpack(&self, kit: &Kit) -> Result<Unpacked, Refused> {
        let into = tempfile::tempdir_in(self.folder.path()).unwrap();
        unpack(&self.base(), kit, into.path(), |_| {})
    }

    fn refusal(&self) -> Refused {
        self.unpack(&self.kit).expect_err("it is refused")
    }

    fn write_commit(&self, commit: &Commit) {
        let sign = |text: &str| Ok(self.pair.sign(text.as_bytes()).as_ref().to_vec());
        fs::write(self.base().join(COMMIT_FILE), commit.to_file(sign).unwrap()).unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
fn database(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA cache_size = -100;
             CREATE TABLE things (n INTEGER PRIMARY KEY, noise BLOB NOT NULL) STRICT;
             WITH RECURSIVE counting (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counting
                 WHERE n < 300)
             INSERT INTO things SELECT n, randomblob(500) FROM counting;",
        )
        .unwrap();
    connection
}

fn sample() -> Sample {
    sample_without(Vec::new())
}

/// One whose list names blobs that were missing.
fn sample_without(missing_blobs: Vec<String>) -> Sample {
    let folder = tempfile::tempdir().unwrap();
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let kit = Kit {
        identity: Identity::generate(),
        box_id: BOX.to_owned(),
        box_name: "The box\nof Ana".to_owned(),
        signing_key: pair.public_key().as_ref().try_into().unwrap(),
        created_at: AT,
    };
    let sample = Sample { folder, kit, pair };
    fs::create_dir(sample.base()).unwrap();
    let live = database(&sample.folder.path().join("live.db"));
    live.execute_batch("BEGIN; SELECT count(*) FROM things").unwrap();
    let recipient = sample.kit.identity.recipient();
    let parts = Parts::begin(&sample.base(), 20_000);
    let mut archive = Archive::begin(parts, std::iter::once(&recipient), AT).unwrap();
    let pages = Pages::of(&live).unwrap();
    let (page_size_bytes, count, size) =
        (pages.page_size_bytes(), pages.page_count(), pages.size_bytes());
    let sha256 = archive.add(SYSTEM, size, pages).unwrap();
    archive.add_bytes("keys/master.key", b"not a key").unwrap();
    let file = FileEntry {
        path: SYSTEM.to_owned(),
        page_size_bytes,
        pages: count,
        sha256,
        rows: [("things".to_owned(), 300)].into(),
        audit: AuditHead { entries: 0, head: String::new() },
    };
    let manifest = Manifest {
        format: FORMAT,
        version: "0.1.0".to_owned(),
        sqlite_version: rusqlite::version().to_owned(),
        box_id: BOX.to_owned(),
        box_epoch: 1,
        sequence: 3,
        taken_at: AT.to_string(),
        files: vec![file],
        missing: Vec::new(),
        blobs: Vec::new(),
        missing_blobs,
    };
    let parts = archive.finish(&manifest).unwrap();
    sample.write_commit(&Commit {
        format: FORMAT,
        box_id: BOX.to_owned(),
        box_epoch: 1,
        sequence: 3,
        taken_at: AT.to_string(),
        previous: None,
        recipients: vec![recipient.to_string()],
        unpacked_bytes: Some(4_096),
        parts: parts.into_iter().map(Into::into).collect(),
        packs: Vec::new(),
    });
    sample
}

#[test]
fn a_list_of_hundreds_of_thousands_of_files_is_read_again() {
    // As long as that of half a million pictures.
    let names = "blobs/".repeat(100 * 1024 * 1024 / 6);
    let sample = sample_without(vec![names.clone()]);

    let unpacked = sample.unpack(&sample.kit).expect("it is whole");

    assert_eq!(unpacked.manifest.missing_blobs, [names]);
}

#[test]
fn no_list_is_written_that_nobody_could_read() {
    let bound = super::reader::TEXT_SIZE_BYTES_MAX;

    super::writer::check_size(bound).unwrap();
    let refused = super::writer::check_size(bound + 1).unwrap_err();

    assert!(matches!(refused, Error::Conflict(it) if it.code == "backup-too-many-files"));
}

#[test]
fn what_was_written_is_what_is_read() {
    let sample = sample();
    let into = sample.folder.path().join("out");
    fs::create_dir(&into).unwrap();

    let unpacked = unpack(&sample.base(), &sample.kit, &into, |_| {}).unwrap();

    assert!(sample.parts().len() > 3, "the stream is cut");
    assert_eq!(unpacked.manifest.files[0].rows["things"], 300);
    let restored = database_at(&into.join(SYSTEM));
    let count = |sql: &str| restored.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM things"), 300);
    assert_eq!(fs::read(into.join("keys/master.key")).unwrap(), b"not a key");
}

#[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
fn database_at(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    crate::platform::db::quick_check(&connection).unwrap();
    connection
}

#[test]
fn a_kit_is_read_as_it_was_written_and_as_somebody_types_it() {
    let kit = sample().kit;
    let text = kit.text().reveal().to_owned();

    let typed = text.replace('\n', "  \r\n\r\n");
    for text in [&text, &typed] {
        let read = Kit::read(text).unwrap();
        assert_eq!(read.identity.recipient(), kit.identity.recipient());
        assert_eq!((&read.box_id, read.signing_key), (&kit.box_id, kit.signing_key));
        assert_eq!(read.created_at, kit.created_at);
        assert_eq!(read.box_name, "The boxof Ana", "a name makes no line of its own");
    }
    assert_eq!(Kit::read("# box: x\n").err(), Some(kit::NoKit::NoKey));
    let without = text.replace("# signing-key:", "#");
    assert_eq!(Kit::read(&without).err(), Some(kit::NoKit::NoSigningKey));
    assert_eq!(Kit::signer_in(&text), Ok(Some(kit.signing_key)));
    assert_eq!(Kit::signer_in(&without), Err(kit::NoKit::NoSigningKey));
    let key = kit.identity.line();
    assert_eq!(Kit::signer_in(key.reveal()), Ok(None));
    let of_age = format!("# created: 2026-11-21\n# public key: age1x\n{}\n", key.reveal());
    assert_eq!(Kit::signer_in(&of_age), Ok(None));
}

#[test]
fn other_keys_other_boxes_and_newer_formats_are_refused_by_name() {
    let sample = sample();
    let commit = read_commit(&sample.base(), &sample.kit).unwrap();
    let stranger = Kit { identity: Identity::generate(), ..sample.kit.clone() };
    let of_another = Kit { box_id: "another".to_owned(), ..sample.kit.clone() };
    let signed_by_another = Kit { signing_key: [1; 32], ..sample.kit.clone() };

    assert_eq!(sample.unpack(&stranger).err(), Some(Refused::WrongKit));
    assert_eq!(sample.unpack(&of_another).err(), Some(Refused::AnotherBox));
    assert_eq!(sample.unpack(&signed_by_another).err(), Some(Refused::NotSigned));
    sample.write_commit(&Commit { format: FORMAT + 1, ..commit.clone() });
    assert_eq!(sample.refusal(), Refused::Newer { format: FORMAT + 1 });
    sample.write_commit(&Commit { sequence: 4, ..commit });
    assert!(matches!(sample.refusal(), Refused::Inside { path, .. } if path == MANIFEST));
    fs::remove_file(sample.base().join(COMMIT_FILE)).unwrap();
    assert_eq!(sample.refusal(), Refused::Unfinished);
}

#[test]
fn parts_that_are_missing_swapped_cut_or_longer_are_named() {
    let sample = sample();
    let parts = sample.parts();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let part = |path: &Path, fault| Refused::Part { name: name(path), fault };
    let second = fs::read(&parts[1]).unwrap();

    fs::rename(&parts[1], sample.folder.path().join("away")).unwrap();
    assert_eq!(sample.refusal(), part(&parts[1], "is missing"));
    fs::write(&parts[1], &second[..second.len() - 1]).unwrap();
    assert_eq!(sample.refusal(), part(&parts[1], "is not as long as it was"));
    fs::write(&parts[1], [&second[..], b"x"].concat()).unwrap();
    assert_eq!(sample.refusal(), part(&parts[1], "is not as long as it was"));
    fs::copy(&parts[2], &parts[1]).unwrap();
    assert_eq!(sample.refusal(), part(&parts[1], "differs from what was written"));
}

#[test]
fn what_ends_a_backup_is_refused_without_its_last_byte() {
    let sample = sample();
    let path = sample.base().join(COMMIT_FILE);
    let whole = fs::read(&path).unwrap();

    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(sample.refusal(), Refused::NotSigned);
    fs::write(&path, &whole).unwrap();
    sample.unpack(&sample.kit).map(drop).unwrap();
}

#[derive(Debug, Clone)]
enum Mutation {
    Flip { part: usize, at: usize, bit: u8 },
    Cut { part: usize, at: usize },
    Drop { part: usize },
    Swap { one: usize, other: usize },
    Replay { from: usize, to: usize },
}

fn mutations() -> impl Strategy<Value = Mutation> {
    let any = any::<usize>;
    prop_oneof![
        (any(), any(), 0..8u8).prop_map(|(part, at, bit)| Mutation::Flip { part, at, bit }),
        (any(), any()).prop_map(|(part, at)| Mutation::Cut { part, at }),
        any().prop_map(|part| Mutation::Drop { part }),
        (any(), any()).prop_map(|(one, other)| Mutation::Swap { one, other }),
        (any(), any()).prop_map(|(from, to)| Mutation::Replay { from, to }),
    ]
}

/// Changes the files and gives what has to be put back; none where nothing changed. What is
/// replayed is one of them or of the `older` ones.
fn mutate(
    files: &[PathBuf],
    older: &[PathBuf],
    mutation: &Mutation,
) -> Option<Vec<(PathBuf, Vec<u8>)>> {
    let file = |index: usize| files[index % files.len()].clone();
    let kept = |paths: &[PathBuf]| {
        paths.iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect::<Vec<_>>()
    };
    let before = match *mutation {
        Mutation::Flip { part, at, bit } => {
            let before = kept(&[file(part)]);
            let mut bytes = before[0].1.clone();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            fs::write(&before[0].0, bytes).unwrap();
            before
        }
        Mutation::Cut { part, at } => {
            let before = kept(&[file(part)]);
            let at = at % before[0].1.len();
            fs::write(&before[0].0, &before[0].1[..at]).unwrap();
            before
        }
        Mutation::Drop { part } => {
            let before = kept(&[file(part)]);
            fs::remove_file(&before[0].0).unwrap();
            before
        }
        Mutation::Swap { one, other } => {
            let before = kept(&[file(one), file(other)]);
            fs::write(&before[0].0, &before[1].1).unwrap();
            fs::write(&before[1].0, &before[0].1).unwrap();
            before
        }
        Mutation::Replay { from, to } => {
            let before = kept(&[file(to)]);
            let from = files.iter().chain(older).cycle().nth(from % (files.len() + older.len()));
            let again = fs::read(from.unwrap()).unwrap();
            fs::write(&before[0].0, again).unwrap();
            before
        }
    };
    let is_same = before.iter().all(|(path, bytes)| fs::read(path).is_ok_and(|now| now == *bytes));
    (!is_same).then_some(before)
}

/// Changes the files in 2,000 ways. Each is refused, for something in one of the changed files.
fn try_mutations(files: &[PathBuf], older: &[PathBuf], read: impl Fn() -> Result<(), Refused>) {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(2_000));
    runner
        .run(&mutations(), |mutation| {
            let Some(before) = mutate(files, older, &mutation) else { return Ok(()) };
            let outcome = read();
            let is_named = before.iter().any(|(path, _)| names(&outcome, path));
            for (path, bytes) in before {
                fs::write(path, bytes).unwrap();
            }
            prop_assert!(is_named, "{outcome:?} in spite of {mutation:?}");
            Ok(())
        })
        .unwrap();
    read().expect("as it was it is taken");
}

/// Whether this is the reason for which a changed file is refused.
fn names(outcome: &Result<(), Refused>, path: &Path) -> bool {
    let is_commit = path.ends_with(COMMIT_FILE);
    match outcome {
        Err(Refused::Unfinished | Refused::NotSigned | Refused::AnotherBox) => is_commit,
        Err(Refused::Part { name, .. }) => path.ends_with(name),
        _ => false,
    }
}

#[test]
fn no_change_to_a_backup_goes_unnoticed() {
    let sample = sample();
    let mut files = sample.parts();
    files.push(sample.base().join(COMMIT_FILE));

    try_mutations(&files, &[], || sample.unpack(&sample.kit).map(drop));
}

const WORKSPACE: &str = "01a1fe40-9d2b-70c4-8a51-5f2ed14b0c77";
/// The base of the sample and two before it, each of which brought a pack.
const BASES: [&str; 3] = [
    "base/000001-20261119T023000Z",
    "base/000002-20261120T023000Z",
    "base/000003-20261121T023000Z",
];

/// Three packs of four blobs each, less than 100 KB together.
fn packs(sample: &Sample, into: &Path) -> (Vec<PartEntry>, Vec<BlobEntry>) {
    fs::create_dir(into).unwrap();
    let recipient = sample.kit.identity.recipient();
    let (mut packs, mut blobs) = (Vec::new(), Vec::new());
    for (number, base) in BASES.iter().enumerate() {
        let mut packing = Packing::begin(into, base, vec![&recipient], AT);
        for blob in 0..4 {
            let bytes = format!("{base} {blob}\n").repeat(20 + 120 * blob * number).into_bytes();
            let path = blob_path(WORKSPACE, BlobHash(Sha256::digest(&bytes).into()));
            let size_bytes = bytes.len() as u64;
            let pack = packing.add(&path, size_bytes, &bytes[..]).unwrap();
            blobs.push(BlobEntry { path, size_bytes, pack });
        }
        packs.extend(packing.finish().unwrap());
    }
    (packs, blobs)
}

/// Every file below has the hash that it is called by.
fn are_whole(folder: &Path) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count += are_whole(&path);
            continue;
        }
        let hash = to_hex(&Sha256::digest(fs::read(&path).unwrap()));
        assert!(path.ends_with(&hash), "{} holds something else", path.display());
        count += 1;
    }
    count
}

#[test]
fn no_change_to_a_pack_goes_unnoticed() {
    let sample = sample();
    let beside = |name: &str| sample.folder.path().join(name);
    let (entries, blobs) = packs(&sample, &beside("packs"));
    // The same blobs as they were packed another time: none of the bytes are the same.
    packs(&sample, &beside("older"));
    let paths = |folder: &str| -> Vec<PathBuf> {
        entries.iter().map(|pack| beside(folder).join(&pack.name)).collect()
    };
    let into = beside("out");
    fs::create_dir(&into).unwrap();
    let Unpacked { commit, manifest } = sample.unpack(&sample.kit).unwrap();
    let sequence = commit.sequence;
    sample.write_commit(&Commit { packs: entries.clone(), ..commit });
    let manifest = Manifest { blobs, ..manifest };
    let read = || {
        fs::remove_dir_all(&into).unwrap();
        fs::create_dir(&into).unwrap();
        let commit = read_commit(&sample.base(), &sample.kit)?;
        assert_eq!(commit.sequence, sequence);
        let open = |pack: &PartEntry| match fs::File::open(beside("packs").join(&pack.name)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        };
        let key = &sample.kit.identity;
        let outcome = unpack_blobs(&commit, &manifest, key, open, |_| true, &into);
        let count = are_whole(&into);
        assert_eq!(outcome.is_ok(), count == manifest.blobs.len());
        outcome
    };
    let mut files = paths("packs");
    assert_eq!(files.len(), BASES.len());
    files.push(sample.base().join(COMMIT_FILE));

    try_mutations(&files, &paths("older"), read);
}

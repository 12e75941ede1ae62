//! The vectors of `docs/formats/release.md`: a feed that lies in `tests/release/vectors`, and files
//! that replace some of it, each set with one fault. This program and python-tuf accept the one and
//! refuse the others. `HOLDFAST_VECTORS=write` makes them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use holdfast::platform::clock::{Clock, Moment};
use holdfast::platform::random::Random;
use holdfast::platform::updates::metadata::documents::canonical;
use holdfast::platform::updates::metadata::{Check, Feed, Staleness, Trusted};
use holdfast::platform::updates::publisher::keys::{PrivateKey, Role};
use holdfast::platform::updates::publisher::{
    self, Folder, NewFeed, NewRelease, RootChange, checking,
};
use holdfast::platform::updates::release::{Channel, Severity};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::scene::files;
use crate::small::binary;

/// 22 November 2026, noon.
const MADE_AT: Moment = Moment(1_795_348_800_000);
const HOUR_MS: i64 = 3_600_000;
const BINARY_BYTES: usize = 6_000;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/release/vectors")
}

fn hours_later(hours: i64) -> Moment {
    Moment(MADE_AT.0 + hours * HOUR_MS)
}

/// The key of a number, as the page says.
fn key(number: u8) -> PrivateKey {
    let role = match number {
        1 | 2 => Role::Root,
        3 | 4 => Role::Release,
        5 => Role::Snapshot,
        _ => Role::Timestamp,
    };
    PrivateKey::of_seed(role, Zeroizing::new([number; 32])).expect("a key")
}

/// Has these keys sign what waits, and publishes it.
fn sign(feed: &Folder, numbers: &[u8], at: Moment) {
    for number in numbers {
        publisher::sign(feed, &key(*number)).expect("a signature");
    }
    publisher::stamp(feed, &key(6), Some(&key(5)), at).expect("a timestamp");
}

fn add(feed: &Folder, scratch: &Path, version: &str, at: Moment) {
    // The later one differs from the earlier in its version and a few bytes.
    let mut bytes = binary(version, "x86_64", 7);
    bytes.truncate(BINARY_BYTES);
    let middle = bytes.len() / 2;
    bytes[middle..middle + 5].copy_from_slice(version.as_bytes());
    fs::write(scratch.join("binary"), bytes).expect("a file");
    fs::write(scratch.join("notes.md"), format!("# {version}\n\nBetter.\n")).expect("a file");
    let new = NewRelease {
        binary: scratch.join("binary"),
        version: version.to_owned(),
        channel: Channel::Stable,
        notes: scratch.join("notes.md"),
        severity: Severity::Normal,
        percent: 100,
        min_from_seq: 0,
    };
    publisher::add(feed, &new, at).expect("a release");
}

/// Makes the feed of the page, always the same, and gives how it looked an hour before its end.
fn make(at: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let scratch = tempfile::tempdir().expect("a folder");
    let roles = [1, 2, 3, 4, 5, 6].map(|number| (key(number).role, key(number).public()));
    let new = NewFeed { keys: roles.to_vec(), threshold: 2 };
    let feed = publisher::init(at, &new, MADE_AT).expect("a feed");
    sign(&feed, &[1, 2, 3, 4], MADE_AT);
    add(&feed, scratch.path(), "1.4.2", hours_later(1));
    sign(&feed, &[3, 4], hours_later(1));
    publisher::change_root(&feed, &RootChange::Rotate, hours_later(2)).expect("a root");
    sign(&feed, &[1, 2], hours_later(2));
    let before = files(&at.join("metadata"));
    add(&feed, scratch.path(), "1.4.3", hours_later(3));
    publisher::deltas::make(&feed, "1.4.2", hours_later(3)).expect("a delta");
    sign(&feed, &[3, 4], hours_later(3));
    drop(feed);
    fs::remove_dir_all(at.join("staged")).expect("nothing waits");
    before
}

/// A forged set: what it replaces, why this program refuses it, and what python-tuf says.
struct Forged {
    name: &'static str,
    files: BTreeMap<String, Vec<u8>>,
    code: &'static str,
    python: &'static str,
    /// When it is read; the others are read an hour after the feed was made.
    hours: i64,
}

/// Changes what is signed in a file and signs it anew with these keys.
fn spoiled(file: &[u8], numbers: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(file).expect("JSON");
    change(&mut document["signed"]);
    let message = canonical(&document["signed"]).expect("a form");
    let sign = |number: &u8| {
        let key = key(*number);
        let id = key.id().expect("an id");
        json!({ "keyid": hex(&id), "sig": hex(&key.sign(&message)) })
    };
    document["signatures"] = numbers.iter().map(sign).collect();
    canonical(&document).expect("a form")
}

fn hex(bytes: &[u8]) -> String {
    holdfast::platform::secret::to_hex(bytes)
}

fn described(bytes: &[u8], version: u64) -> Value {
    use sha2::Digest as _;
    let hash = hex(&sha2::Sha256::digest(bytes));
    json!({ "hashes": { "sha256": hash }, "length": bytes.len(), "version": version })
}

/// The newest metadata of a feed, and how it was before the last release.
struct Forge {
    list: Vec<u8>,
    snapshot: Vec<u8>,
    timestamp: Vec<u8>,
    root: Vec<u8>,
    before: Vec<(PathBuf, Vec<u8>)>,
}

impl Forge {
    fn of(feed: &Path, before: Vec<(PathBuf, Vec<u8>)>) -> Self {
        let now = |name: &str| fs::read(feed.join("metadata").join(name)).expect("metadata");
        Self {
            list: now("3.targets.json"),
            snapshot: now("3.snapshot.json"),
            timestamp: now("timestamp.json"),
            root: now("2.root.json"),
            before,
        }
    }

    fn earlier(&self, name: &str) -> Vec<u8> {
        let found = self.before.iter().find(|(path, _)| path == Path::new(name));
        found.expect("metadata").1.clone()
    }

    /// A later timestamp that names this snapshot.
    fn timestamp_of(&self, snapshot: &[u8], version: u64) -> Vec<u8> {
        spoiled(&self.timestamp, &[6], |signed| {
            signed["version"] = json!(9);
            signed["meta"]["snapshot.json"] = described(snapshot, version);
        })
    }

    /// A later snapshot that names this list.
    fn snapshot_of(&self, list: &[u8], version: u64) -> Vec<u8> {
        spoiled(&self.snapshot, &[5], |signed| {
            signed["version"] = json!(4);
            signed["meta"]["targets.json"] = described(list, version);
        })
    }

    /// The fourth list as these bytes, and what leads to it.
    fn with_list(&self, list: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
        let snapshot = self.snapshot_of(&list, 4);
        let timestamp = self.timestamp_of(&snapshot, 4);
        BTreeMap::from([
            ("4.targets.json".to_owned(), list),
            ("4.snapshot.json".to_owned(), snapshot),
            ("timestamp.json".to_owned(), timestamp),
        ])
    }

    fn fourth_list(&self, numbers: &[u8]) -> Vec<u8> {
        spoiled(&self.list, numbers, |signed| signed["version"] = json!(4))
    }

    /// Sets that nobody with the keys made.
    fn signatures(&self) -> Vec<Forged> {
        let signed_by = |name, numbers: &[u8], code| {
            let files = self.with_list(self.fourth_list(numbers));
            Forged { name, files, code, python: "UnsignedMetadataError", hours: 4 }
        };
        let other = String::from_utf8(self.fourth_list(&[3, 4])).expect("text");
        let next_root = spoiled(&self.root, &[1], |signed| signed["version"] = json!(3));
        vec![
            signed_by("unsigned", &[], "update-unsigned"),
            signed_by("one-of-two-signatures", &[3], "update-signatures-too-few"),
            signed_by("key-of-another-role", &[3, 1], "update-key-of-other-role"),
            signed_by("unknown-key", &[3, 9], "update-key-unknown"),
            Forged {
                files: self.with_list(other.replace("1.4.3", "1.4.9").into_bytes()),
                ..signed_by("signature-of-other-bytes", &[], "update-signature-wrong")
            },
            Forged {
                files: BTreeMap::from([("3.root.json".to_owned(), next_root)]),
                ..signed_by("root-by-one-key", &[], "update-root-not-by-old-keys")
            },
        ]
    }

    /// Sets that are well signed and not what is true now.
    fn freshness(&self) -> Vec<Forged> {
        let older_snapshot = self.timestamp_of(&self.earlier("2.snapshot.json"), 2);
        let snapshot = self.snapshot_of(&self.earlier("2.targets.json"), 2);
        let naming_older_list = self.timestamp_of(&snapshot, 4);
        let stale = |name, files, code| Forged {
            name,
            files,
            code,
            python: "BadVersionNumberError",
            hours: 4,
        };
        let timestamp = |bytes| BTreeMap::from([("timestamp.json".to_owned(), bytes)]);
        let mut older_list = timestamp(naming_older_list);
        older_list.insert("4.snapshot.json".to_owned(), snapshot);
        vec![
            stale(
                "older-timestamp",
                timestamp(self.earlier("timestamp.json")),
                "update-older-timestamp",
            ),
            stale("older-snapshot", timestamp(older_snapshot), "update-older-snapshot"),
            stale("older-list", older_list, "update-older-targets"),
            Forged {
                python: "ExpiredMetadataError",
                hours: 24 * 15,
                ..stale("expired", BTreeMap::new(), "update-metadata-expired")
            },
        ]
    }
}

fn write() {
    if vectors().exists() {
        fs::remove_dir_all(vectors()).expect("no old vectors");
    }
    let feed = vectors().join("feed");
    let before = make(&feed);
    let forge = Forge::of(&feed, before);
    let mut expected = Vec::new();
    for one in forge.signatures().into_iter().chain(forge.freshness()) {
        let folder = vectors().join("forged").join(one.name);
        fs::create_dir_all(&folder).expect("a folder");
        for (name, bytes) in &one.files {
            fs::write(folder.join(name), bytes).expect("a file");
        }
        expected.push(json!({
            "name": one.name, "code": one.code, "python_tuf": one.python,
            "now": hours_later(one.hours).to_string(),
            "files": one.files.keys().collect::<Vec<_>>(),
        }));
    }
    let expected = json!({
        "good": { "now": hours_later(4).to_string() },
        "forged": expected,
    });
    let text = format!("{expected:#}\n");
    fs::write(vectors().join("expected.json"), text).expect("expected.json");
}

fn expected() -> Value {
    let text = fs::read_to_string(vectors().join("expected.json")).expect("expected.json");
    serde_json::from_str(&text).expect("JSON")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}"))
}

/// The feed with the files of a forged set in their places.
fn with_forged(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let lay = |from: PathBuf, below: &str| {
        for (path, bytes) in files(&from) {
            let path = folder.path().join(below).join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, bytes).expect("a file");
        }
    };
    lay(vectors().join("feed"), "");
    let forged = vectors().join("forged").join(name);
    if forged.is_dir() {
        lay(forged, "metadata");
    }
    folder
}

fn first_root() -> Vec<u8> {
    fs::read(vectors().join("feed/metadata/1.root.json")).expect("the root")
}

#[test]
fn the_vectors_are_what_the_program_makes() {
    if std::env::var("HOLDFAST_VECTORS").is_ok_and(|how| how == "write") {
        write();
    }
    let made = tempfile::tempdir().expect("a folder");

    make(&made.path().join("feed"));

    let of = |folder: PathBuf| -> Vec<(PathBuf, String)> {
        let sum =
            |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_else(|other| hex(other.as_bytes()));
        files(&folder).into_iter().map(|(path, bytes)| (path, sum(bytes))).collect()
    };
    assert_eq!(of(made.path().join("feed")), of(vectors().join("feed")));
}

#[tokio::test]
async fn this_program_accepts_the_feed_and_refuses_what_is_forged() {
    let good = expected();
    let now = text(&good["good"], "now").parse().expect("a time");
    let random = Random::new(Clock::System);
    let feed = Feed::Folder(vectors().join("feed"));

    let verified = checking::verify(&feed, &first_root(), now, &random).await.expect("a good feed");

    assert_eq!(verified.broken, []);
    let stable = verified.offers.iter().find(|offer| offer.channel == Channel::Stable);
    let offered = stable.and_then(|offer| offer.release.as_ref()).expect("a release");
    assert_eq!((offered.version.as_str(), offered.seq), ("1.4.3", 2));
    for one in good["forged"].as_array().expect("forged sets") {
        let folder = tempfile::tempdir().expect("a folder");
        let trusted = Trusted::begin(&folder.path().join("trust"), &first_root()).expect("a root");
        let scratch = folder.path().join("scratch");
        let check = |now| Check {
            now,
            built_at: MADE_AT,
            staleness: Staleness::Refused,
            scratch: &scratch,
        };
        let fresh = trusted.refresh(&feed, &check(now)).await.expect("a good feed");
        let trusted = trusted.promote(fresh).expect("trust");
        let forged = with_forged(text(one, "name"));
        let later = text(one, "now").parse().expect("a time");

        let feed = Feed::Folder(forged.path().to_owned());
        let refused = trusted.refresh(&feed, &check(later)).await.map(|_| "accepted");

        let code = refused.map_err(|reason| reason.code).expect_err(text(one, "name"));
        assert_eq!(code, text(one, "code"), "{}", text(one, "name"));
    }
}

/// The Python that has python-tuf; none, and why, where it was not installed.
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/python/bin/python");
    let found = Command::new(&python).args(["-c", "import tuf"]).output();
    let is_there = found.is_ok_and(|output| output.status.success());
    if !is_there {
        println!("SKIPPED: python-tuf is not here; .ci/python installs it");
    }
    is_there.then_some(python)
}

#[test]
fn python_tuf_accepts_the_feed_and_refuses_what_is_forged() {
    let Some(python) = python() else { return };
    let expected = expected();
    let cases = tempfile::tempdir().expect("a folder");
    let mut errors = BTreeMap::from([("good".to_owned(), Value::Null)]);
    let lay = |name: &str, now: &str| {
        let case = cases.path().join(name);
        let (seen, feed) = (vectors().join("feed"), case.join("feed"));
        fs::create_dir(&case).expect("a folder");
        fs::write(case.join("root.json"), first_root()).expect("a root");
        fs::write(case.join("now"), now.replace('Z', "+00:00")).expect("a time");
        std::os::unix::fs::symlink(seen, case.join("seen")).expect("a link");
        fs::rename(with_forged(name).keep(), feed).expect("a folder");
    };
    lay("good", text(&expected["good"], "now"));
    for one in expected["forged"].as_array().expect("forged sets") {
        lay(text(one, "name"), text(one, "now"));
        errors.insert(text(one, "name").to_owned(), one["python_tuf"].clone());
    }

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/tuf_client.py");
    let output = Command::new(python).arg(script).arg(cases.path()).output().expect("Python");

    let said = String::from_utf8_lossy(&output.stdout);
    let lines = said.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let found: BTreeMap<String, Value> =
        lines.map(|line| (text(&line, "case").to_owned(), line["error"].clone())).collect();
    assert_eq!(found, errors, "{}", String::from_utf8_lossy(&output.stderr));
}

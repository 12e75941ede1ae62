//! The vectors of `docs/formats/backup.md`: the backup that lies in `docs/formats/backup` is what
//! the document says, and so are the reasons for which its damaged brothers are refused.
//! `HOLDFAST_VECTORS=write` makes them anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use holdfast::platform::backups::archive::{
    Archive, AuditHead, BlobEntry, COMMIT_FILE, Commit, FORMAT, FileEntry, Identity, Kit, Manifest,
    PACKS, Packing, PartEntry, Parts, Recipient, Refused, SYSTEM, Unpacked, blob_path, pack_path,
    unpack, unpack_blobs,
};
use holdfast::platform::blobs::BlobHash;
use holdfast::platform::clock::Moment;
use holdfast::platform::secret::to_hex;
use rusqlite::Connection;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const BOX: &str = "01a1fe40-8792-7619-be1c-dac6a0ebada9";
const WORKSPACE: &str = "workspaces/01a1fe40-9d2b-70c4-8a51-5f2ed14b0c77.db";
const WORKSPACE_ID: &str = "01a1fe40-9d2b-70c4-8a51-5f2ed14b0c77";
const BASE: &str = "base/000003-20261121T143000Z";
const BLOB: &[u8] = b"%PDF-1.7 a delivery note\n";
const TAKEN_AT: Moment = Moment(1_795_271_400_000);
/// So small that there are several.
const PART_SIZE_BYTES: u64 = 500;
const SEED: [u8; 32] = [7; 32];

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/backup")
}

fn base() -> PathBuf {
    vectors().join("base")
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&SEED).expect("a key")
}

fn kit() -> Kit {
    let text = fs::read_to_string(vectors().join("kit.txt")).expect("the kit");
    Kit::read(&text).expect("a kit")
}

fn expected() -> Value {
    let text = fs::read_to_string(vectors().join("expected.json")).expect("expected.json");
    serde_json::from_str(&text).expect("JSON")
}

fn sum(path: &Path) -> String {
    to_hex(&Sha256::digest(fs::read(path).expect("a member")))
}

#[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
fn database(path: &Path, name: &str) -> Vec<u8> {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let file = Connection::open(path).expect("a database");
    let sql = format!(
        "PRAGMA page_size = 1024; CREATE TABLE things (name TEXT NOT NULL) STRICT;
         INSERT INTO things VALUES ('{name}'), ('Barley');"
    );
    file.execute_batch(&sql).expect("a table");
    drop(file);
    fs::read(path).expect("a file")
}

/// A pack with one blob beside the parts.
fn write_pack(recipient: &Recipient) -> (Vec<PartEntry>, BlobEntry) {
    fs::create_dir(base().join(PACKS)).expect("a folder");
    let (size_bytes, to) = (BLOB.len() as u64, vec![recipient]);
    let mut packing = Packing::begin(&base().join(PACKS), BASE, to, TAKEN_AT);
    let path = blob_path(WORKSPACE_ID, BlobHash(Sha256::digest(BLOB).into()));
    let pack = packing.add(&path, size_bytes, BLOB).expect("a member");
    (packing.finish().expect("a pack"), BlobEntry { path, size_bytes, pack })
}

/// Makes the vectors. The private key and the nonces are new each time, so the parts differ.
fn write() {
    let scratch = tempfile::tempdir().expect("a folder");
    let kit = Kit {
        identity: Identity::generate(),
        box_id: BOX.to_owned(),
        box_name: "Harbour Kitchen".to_owned(),
        signing_key: pair().public_key().as_ref().try_into().expect("32 bytes"),
        created_at: TAKEN_AT,
    };
    if base().exists() {
        fs::remove_dir_all(base()).expect("no old base");
    }
    fs::create_dir_all(base()).expect("a folder");
    fs::write(vectors().join("kit.txt"), kit.text().reveal()).expect("the kit");
    let recipient = kit.identity.recipient();
    let parts = Parts::begin(&base(), PART_SIZE_BYTES);
    let mut archive =
        Archive::begin(parts, std::iter::once(&recipient), TAKEN_AT).expect("an archive");
    let mut files = Vec::new();
    for (path, name) in [(SYSTEM, "Salmon"), (WORKSPACE, "Rye")] {
        let bytes = database(&scratch.path().join(path), name);
        let sha256 = archive.add_bytes(path, &bytes).expect("a member");
        files.push(FileEntry {
            path: path.to_owned(),
            page_size_bytes: 1_024,
            pages: bytes.len() as u64 / 1_024,
            sha256,
            rows: [("things".to_owned(), 2)].into(),
            audit: AuditHead { entries: 0, head: String::new() },
        });
    }
    archive.add_bytes("keys/master.key", b"not a key\n").expect("a member");
    let (packs, blob) = write_pack(&recipient);
    let path = blob.path.clone();
    let manifest = Manifest {
        format: FORMAT,
        version: "0.1.0".to_owned(),
        sqlite_version: "3.54.1".to_owned(),
        box_id: BOX.to_owned(),
        box_epoch: 1,
        sequence: 3,
        taken_at: TAKEN_AT.to_string(),
        files,
        missing: Vec::new(),
        blobs: vec![blob],
        missing_blobs: Vec::new(),
    };
    let parts = archive.finish(&manifest).expect("parts");
    let commit = Commit {
        format: FORMAT,
        box_id: BOX.to_owned(),
        box_epoch: 1,
        sequence: 3,
        taken_at: TAKEN_AT.to_string(),
        previous: Some(to_hex(&Sha256::digest(b"the one before"))),
        recipients: vec![recipient.to_string()],
        unpacked_bytes: None,
        parts: parts.into_iter().map(Into::into).collect(),
        packs,
    };
    let sign = |text: &str| Ok(pair().sign(text.as_bytes()).as_ref().to_vec());
    fs::write(base().join(COMMIT_FILE), commit.to_file(sign).expect("signed")).expect("written");
    write_expected(&kit, &scratch.path().join("out"), &path);
}

/// Notes what the vectors hold, as it comes out of them.
fn write_expected(kit: &Kit, into: &Path, path: &str) {
    fs::create_dir(into).expect("a folder");
    let unpacked = unpack(&base(), kit, into, |_| {}).expect("a whole backup");
    unpack_packs(&unpacked, kit, into).expect("a whole pack");
    let members = [SYSTEM, WORKSPACE, "keys/master.key", "MANIFEST.json", "SHA256SUMS", path]
        .map(|path| (path.to_owned(), Value::from(sum(&into.join(path)))));
    let told = json!({
        "format": FORMAT, "box_id": BOX, "sequence": 3, "taken_at": TAKEN_AT.to_string(),
        "commit_sha256": sum(&base().join(COMMIT_FILE)),
        "members": members.into_iter().collect::<serde_json::Map<_, _>>(),
    });
    let text = serde_json::to_string_pretty(&told).expect("JSON") + "\n";
    fs::write(vectors().join("expected.json"), text).expect("written");
}

/// Brings the blobs of the vectors from a folder of packs.
fn unpack_packs(unpacked: &Unpacked, kit: &Kit, into: &Path) -> Result<(), Refused> {
    let open = |pack: &PartEntry| match fs::File::open(pack_path(&base(), &pack.name)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    };
    let (commit, manifest, key) = (&unpacked.commit, &unpacked.manifest, &kit.identity);
    unpack_blobs(commit, manifest, key, open, |_| true, into)
}

#[test]
fn the_vectors_hold_what_the_document_says() {
    if std::env::var_os("HOLDFAST_VECTORS").is_some() {
        write();
    }
    let (expected, out) = (expected(), tempfile::tempdir().expect("a folder"));

    let unpacked = unpack(&base(), &kit(), out.path(), |_| {}).expect("a whole backup");

    assert_eq!(expected["format"], unpacked.commit.format);
    assert_eq!(expected["sequence"], unpacked.manifest.sequence);
    assert_eq!(expected["box_id"], unpacked.commit.box_id);
    assert_eq!(expected["taken_at"], unpacked.manifest.taken_at);
    assert_eq!(expected["commit_sha256"], sum(&base().join(COMMIT_FILE)));
    assert!(unpacked.commit.parts.len() > 2, "several parts");
    unpack_packs(&unpacked, &kit(), out.path()).expect("a whole pack");
    for (path, hash) in expected["members"].as_object().expect("members") {
        assert_eq!(hash, &sum(&out.path().join(path)), "{path}");
    }
}

#[test]
fn the_document_names_every_member_and_every_field() {
    let document = fs::read_to_string(vectors().with_extension("md")).expect("the document");
    let out = tempfile::tempdir().expect("a folder");
    unpack(&base(), &kit(), out.path(), |_| {}).expect("a whole backup");
    let manifest = fs::read_to_string(out.path().join("MANIFEST.json")).expect("the manifest");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    let commit = fs::read_to_string(base().join(COMMIT_FILE)).expect("COMMIT.json");
    let commit: Value = serde_json::from_str(&commit).expect("JSON");
    let names = |value: &Value| -> Vec<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    let all = [
        names(&manifest),
        names(&manifest["files"][0]),
        names(&manifest["files"][0]["audit"]),
        names(&commit),
        names(&commit["commit"]),
        names(&commit["commit"]["parts"][0]),
        names(&commit["commit"]["packs"][0]),
        names(&manifest["blobs"][0]),
    ];
    for name in all.concat() {
        let is_told =
            document.contains(&format!("`{name}`")) || document.contains(&format!("\"{name}\""));
        assert!(is_told, "{name} is in the format and not in docs/formats/backup.md");
    }
}

/// A copy of the base in which something is wrong.
struct Spoiled(tempfile::TempDir);

impl Spoiled {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for entry in fs::read_dir(base()).expect("the base") {
            let entry = entry.expect("a file");
            if entry.path().is_dir() {
                continue;
            }
            fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("a copy");
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn refusal(&self, kit: &Kit) -> Refused {
        let into = tempfile::tempdir().expect("a folder");
        unpack(self.0.path(), kit, into.path(), |_| {}).expect_err("it is refused")
    }
}

#[test]
fn damage_is_refused_for_the_reason_that_the_document_gives() {
    let first = "part-0000.tar.zst.age";
    let part = |fault| Refused::Part { name: first.to_owned(), fault };

    let spoiled = Spoiled::new();
    fs::remove_file(spoiled.path(COMMIT_FILE)).expect("removed");
    assert_eq!(spoiled.refusal(&kit()), Refused::Unfinished);

    let spoiled = Spoiled::new();
    let mut bytes = fs::read(spoiled.path(first)).expect("a part");
    // Behind the header, whose length differs from file to file.
    bytes[499] ^= 1;
    fs::write(spoiled.path(first), &bytes).expect("written");
    assert_eq!(spoiled.refusal(&kit()), part("differs from what was written"));

    let spoiled = Spoiled::new();
    fs::remove_file(spoiled.path(first)).expect("removed");
    assert_eq!(spoiled.refusal(&kit()), part("is missing"));

    let spoiled = Spoiled::new();
    let text = fs::read_to_string(spoiled.path(COMMIT_FILE)).expect("COMMIT.json");
    let newer = text.replace("\"sequence\":3", "\"sequence\":4");
    fs::write(spoiled.path(COMMIT_FILE), newer).expect("written");
    assert_eq!(spoiled.refusal(&kit()), Refused::NotSigned);

    let stranger = Kit { identity: Identity::generate(), ..kit() };
    assert_eq!(Spoiled::new().refusal(&stranger), Refused::WrongKit);
    let other = Kit { box_id: BOX.replace("01a1", "01a2"), ..kit() };
    assert_eq!(Spoiled::new().refusal(&other), Refused::AnotherBox);
}

#[test]
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
fn the_script_beside_a_backup_brings_the_vectors_back() {
    for tool in ["age", "zstd", "sqlite3"] {
        let found = Command::new(tool).arg("--version").output();
        if found.is_err() {
            println!("SKIPPED: {tool} is not here; install it: sudo apt-get install {tool}");
            return;
        }
    }
    let out = tempfile::tempdir().expect("a folder");
    let into = out.path().join("out");
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/platform/backups/bases/restore.sh");
    let done = Command::new("sh")
        .arg(script)
        .args([base(), vectors().join("kit.txt"), into.clone()])
        .output()
        .expect("a shell");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    for (path, hash) in expected()["members"].as_object().expect("members") {
        assert_eq!(hash, &sum(&into.join(path)), "{path}");
    }
}

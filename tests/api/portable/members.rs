//! Archives taken apart and put together, as a stranger could who has the key.

use std::io::{Cursor, Read, Write};
use std::path::Path;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdfast::platform::backups::archive::{Archive, Key, Lock, Recipient, to_signed, unlock};
use holdfast::platform::clock::Moment;
use holdfast::platform::secret::to_hex;
use rusqlite::Connection;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const SIGNED_AS: &str = "holdfast workspace v1\n";

/// The members of an archive, by their paths and in their order.
#[derive(Clone)]
pub(super) struct Members(pub(super) Vec<(String, Vec<u8>)>);

impl Members {
    pub(super) fn of(archive: &[u8], key: &Key) -> Self {
        let opened = unlock(Cursor::new(archive), key).expect("the key");
        let mut tar = tar::Archive::new(zstd::Decoder::new(opened).expect("zstd"));
        let mut members = Vec::new();
        for entry in tar.entries().expect("a tar") {
            let mut entry = entry.expect("a member");
            let path = entry.path().expect("a path").to_str().expect("a text").to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("all of it");
            members.push((path, bytes));
        }
        Self(members)
    }

    pub(super) fn get(&self, path: &str) -> &[u8] {
        &self.0.iter().find(|(one, _)| one == path).expect("a member").1
    }

    pub(super) fn set(&mut self, path: &str, bytes: Vec<u8>) {
        self.0.iter_mut().find(|(one, _)| one == path).expect("a member").1 = bytes;
    }

    pub(super) fn json(&self, path: &str) -> Value {
        serde_json::from_slice(self.get(path)).expect("JSON")
    }

    pub(super) fn database(&self) -> String {
        let found = self.0.iter().find(|(path, _)| path.starts_with("workspaces/"));
        found.expect("a database").0.clone()
    }

    /// Changes the database with SQL and has everything else say so.
    #[expect(clippy::disallowed_methods, reason = "a file of a stranger")]
    pub(super) fn alter(&mut self, sql: &str) {
        let (path, folder) = (self.database(), tempfile::tempdir().expect("a folder"));
        let place = folder.path().join("a.db");
        std::fs::write(&place, self.get(&path)).expect("a file");
        let file = Connection::open(&place).expect("a database");
        file.execute_batch(sql).expect("what was written");
        file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("a fold");
        drop(file);
        self.set(&path, std::fs::read(&place).expect("a file"));
        self.describe(&place);
    }

    /// Has the manifest describe the database as it is now.
    #[expect(clippy::disallowed_methods, reason = "a file of a stranger")]
    fn describe(&mut self, place: &Path) {
        let (path, mut manifest) = (self.database(), self.json("MANIFEST.json"));
        let file = Connection::open(place).expect("a database");
        let number = |sql: &str| file.query_row(sql, [], |row| row.get::<_, i64>(0));
        let entry = &mut manifest["files"][0];
        entry["sha256"] = json!(to_hex(&Sha256::digest(self.get(&path))));
        entry["pages"] = json!(number("PRAGMA page_count").expect("a number"));
        let tables: Vec<String> =
            entry["rows"].as_object().expect("counts").keys().cloned().collect();
        for table in tables {
            if let Ok(count) = number(&format!("SELECT count(*) FROM \"{table}\"")) {
                entry["rows"][&table] = json!(count);
            }
        }
        let head = "SELECT lower(hex(hash)) FROM audit_entries ORDER BY seq DESC LIMIT 1";
        if let Ok(head) = file.query_row(head, [], |row| row.get::<_, String>(0)) {
            entry["audit"]["head"] = json!(head);
        }
        self.set("MANIFEST.json", manifest.to_string().into_bytes());
    }

    /// Names all members and signs with a key of one's own.
    pub(super) fn sign(&mut self) {
        self.0.retain(|(path, _)| path != "SHA256SUMS" && path != "COMMIT.json");
        let line = |(path, bytes): &(String, Vec<u8>)| {
            format!("{}  {path}\n", to_hex(&Sha256::digest(bytes)))
        };
        let sums: String = self.0.iter().map(line).collect();
        self.sign_sums(sums);
    }

    /// Signs what is said of the members.
    pub(super) fn sign_sums(&mut self, sums: String) {
        self.0.retain(|(path, _)| path != "SHA256SUMS" && path != "COMMIT.json");
        let (pair, manifest) = (
            Ed25519KeyPair::from_seed_unchecked(&[9; 32]).expect("a key"),
            self.json("MANIFEST.json"),
        );
        let seal = json!({
            "format": manifest["format"], "kind": "workspace", "box_id": manifest["box_id"],
            "taken_at": manifest["taken_at"],
            "sums_sha256": to_hex(&Sha256::digest(sums.as_bytes())),
            "signing_key": STANDARD.encode(pair.public_key().as_ref()),
        });
        let sign = |text: &str| Ok(pair.sign(text.as_bytes()).as_ref().to_vec());
        let commit = to_signed(&seal, SIGNED_AS, sign).expect("a text");
        self.0.push(("SHA256SUMS".to_owned(), sums.into_bytes()));
        self.0.push(("COMMIT.json".to_owned(), commit.into_bytes()));
    }

    /// Packs the members as they are.
    pub(super) fn pack(&self, to: &Recipient) -> Vec<u8> {
        let mut archive = begin(to);
        for (path, bytes) in &self.0 {
            archive.add_bytes(path, bytes).expect("a member");
        }
        archive.into_inner().expect("an archive")
    }

    /// Packs them behind a tar member that is made by hand.
    pub(super) fn pack_behind(&self, first: &tar::Header, to: &Recipient) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        tar.append(first, std::io::empty()).expect("a member");
        for (path, bytes) in &self.0 {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o600);
            header.set_entry_type(tar::EntryType::Regular);
            tar.append_data(&mut header, path, bytes.as_slice()).expect("a member");
        }
        lock(&tar.into_inner().expect("a tar"), to)
    }
}

fn begin(to: &Recipient) -> Archive<Vec<u8>> {
    Archive::begin_locked(Vec::new(), &Lock::Recipients(vec![to.clone()]), Moment(0))
        .expect("an archive")
}

/// Any bytes as a zstd stream in an age file.
pub(super) fn lock(bytes: &[u8], to: &Recipient) -> Vec<u8> {
    let packed = zstd::encode_all(bytes, 1).expect("zstd");
    let recipient: age::x25519::Recipient = to.to_string().parse().expect("a recipient");
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).expect("age");
    let mut out = encryptor.wrap_output(Vec::new()).expect("age");
    out.write_all(&packed).expect("memory");
    out.finish().expect("age")
}

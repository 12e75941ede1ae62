//! Makes a feed as a publisher does, and spoils it as an attacker would. What is signed is written
//! here without the product's own code, so that both have to mean the same.

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use holdfast::platform::secret::to_hex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Files of a feed by their path in it.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A key, known by a number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) u8);

impl Key {
    fn pair(self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[self.0; 32]).unwrap()
    }

    pub(crate) fn described(self) -> Value {
        json!({
            "keytype": "ed25519",
            "scheme": "ed25519",
            "keyval": { "public": to_hex(self.pair().public_key().as_ref()) },
        })
    }

    pub(crate) fn id(self) -> String {
        id_of(&self.described())
    }

    pub(crate) fn sign(self, signed: &Value) -> Value {
        let signature = self.pair().sign(&canonical(signed));
        json!({ "keyid": self.id(), "sig": to_hex(signature.as_ref()) })
    }
}

pub(crate) fn id_of(key: &Value) -> String {
    to_hex(&Sha256::digest(canonical(key)))
}

/// Of texts that are printable ASCII, sorted and without spaces is canonical.
fn canonical(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

pub(crate) const ROOT_KEYS: [Key; 3] = [Key(1), Key(2), Key(3)];
pub(crate) const TARGETS_KEYS: [Key; 3] = [Key(11), Key(12), Key(13)];
pub(crate) const SNAPSHOT_KEY: Key = Key(21);
pub(crate) const TIMESTAMP_KEY: Key = Key(31);
/// The newest release of the feed after the first.
pub(crate) const SEEN_NEXT: u64 = 4;
/// A key that nobody trusts.
pub(crate) const STRANGER: Key = Key(99);

/// A change to what is signed, or to the file around it.
type Change = Box<dyn Fn(&mut Value)>;
/// A change to the text of a file.
type Rewrite = Box<dyn Fn(String) -> String>;
/// A change to the files of a feed.
type Rearrangement = Box<dyn Fn(&mut Files)>;

/// One file of metadata before it is written.
pub(crate) struct Role {
    pub(crate) signed: Value,
    /// Who signs it.
    pub(crate) keys: Vec<Key>,
    /// What becomes of it after it was signed, before the next file names its hash.
    pub(crate) after: Option<Change>,
    pub(crate) rewrite: Option<Rewrite>,
}

impl Role {
    fn new(signed: Value, keys: &[Key]) -> Self {
        Self { signed, keys: keys.to_vec(), after: None, rewrite: None }
    }

    pub(crate) fn set(&mut self, pointer: &str, value: Value) {
        let (above, name) = pointer.rsplit_once('/').unwrap();
        self.signed.pointer_mut(above).unwrap()[name] = value;
    }

    fn file(&self) -> Vec<u8> {
        let signatures: Vec<Value> = self.keys.iter().map(|key| key.sign(&self.signed)).collect();
        let mut file = json!({ "signed": self.signed, "signatures": signatures });
        if let Some(after) = &self.after {
            after(&mut file);
        }
        let text = String::from_utf8(canonical(&file)).unwrap();
        self.rewrite.as_ref().map_or(text.clone(), |rewrite| rewrite(text)).into_bytes()
    }
}

/// A feed.
pub(crate) struct Forge {
    /// The newer roots by their file's number, the first excepted.
    pub(crate) roots: BTreeMap<u64, Role>,
    pub(crate) timestamp: Role,
    pub(crate) snapshot: Role,
    pub(crate) targets: Role,
    /// Target files by their path, and what else lies there.
    pub(crate) files: Files,
    /// What happens to the files at last.
    pub(crate) at_last: Vec<Rearrangement>,
}

/// The content of a release.
pub(crate) fn content(seq: u64) -> Vec<u8> {
    (0..40_000_u64).map(|at| u8::try_from((at * at / 7 + at * seq) % 251).unwrap()).collect()
}

pub(crate) fn hash(bytes: &[u8]) -> String {
    to_hex(&Sha256::digest(bytes))
}

/// What is said of a release.
pub(crate) fn custom(seq: u64) -> Value {
    json!({
        "product": "holdfast", "seq": seq, "version": format!("1.{seq}.0"),
        "channels": ["staging", "beta", "stable"], "os": "linux", "arch": "x86_64",
        "min_from_seq": 0, "schema": { "format": 1, "reads_max": 1 }, "supervisor_proto": 1,
        "status": "active", "rollout": { "percent": 100, "salt": "s" }, "severity": "normal",
        "notes": format!("notes-{seq}.md"), "released_at": "2026-11-10T10:00:00Z",
    })
}

pub(crate) fn release_name(seq: u64) -> String {
    format!("holdfast-{seq}-linux-x86_64")
}

pub(crate) fn target(bytes: &[u8], custom: Option<Value>) -> Value {
    let mut target = json!({ "length": bytes.len(), "hashes": { "sha256": hash(bytes) } });
    if let Some(custom) = custom {
        target["custom"] = custom;
    }
    target
}

impl Forge {
    /// A good feed with releases 1 to `newest`. `step` counts its files: later feeds have higher
    /// numbers.
    pub(crate) fn good(step: u64, newest: u64) -> Self {
        let usual = |role: &str, version: u64, expires: &str| {
            json!({ "_type": role, "spec_version": "1.0.0", "version": version,
                "expires": expires, "signed_at": "2026-11-20T10:00:00Z" })
        };
        let mut targets = usual("targets", 5 + step, "2027-05-01T00:00:00Z");
        targets["targets"] = json!({});
        let snapshot = usual("snapshot", 10 + step, "2026-12-04T00:00:00Z");
        let timestamp = usual("timestamp", 10 + step, "2026-12-04T00:00:00Z");
        let mut forge = Self {
            roots: BTreeMap::new(),
            timestamp: Role::new(timestamp, &[TIMESTAMP_KEY]),
            snapshot: Role::new(snapshot, &[SNAPSHOT_KEY]),
            targets: Role::new(targets, &TARGETS_KEYS[..2]),
            files: Files::new(),
            at_last: Vec::new(),
        };
        for seq in 1..=newest {
            forge.add(&release_name(seq), &content(seq), Some(custom(seq)));
        }
        forge
    }

    pub(crate) fn add(&mut self, name: &str, bytes: &[u8], custom: Option<Value>) {
        self.targets.signed["targets"][name] = target(bytes, custom);
        self.files.insert(format!("targets/{}.{name}", hash(bytes)), bytes.to_vec());
    }

    /// What is said of a release.
    pub(crate) fn custom_mut(&mut self, seq: u64) -> &mut Value {
        &mut self.targets.signed["targets"][release_name(seq)]["custom"]
    }

    /// The next root, signed by the keys of both.
    pub(crate) fn rotate(&mut self, root: Value, keys: &[Key]) -> &mut Role {
        let number = root["version"].as_u64().unwrap();
        self.roots.entry(number).or_insert(Role::new(root, keys))
    }

    /// Signs all of it, each file naming the one before.
    pub(crate) fn build(&mut self) -> Files {
        let mut files = self.files.clone();
        let targets = self.targets.file();
        name_next(&mut self.snapshot.signed, "targets.json", &self.targets.signed, &targets);
        let snapshot = self.snapshot.file();
        name_next(&mut self.timestamp.signed, "snapshot.json", &self.snapshot.signed, &snapshot);
        let numbered =
            |role: &Role, name: &str| format!("metadata/{}.{name}.json", role.signed["version"]);
        files.insert(numbered(&self.targets, "targets"), targets);
        files.insert(numbered(&self.snapshot, "snapshot"), snapshot);
        files.insert("metadata/timestamp.json".to_owned(), self.timestamp.file());
        for (number, root) in &self.roots {
            files.insert(format!("metadata/{number}.root.json"), root.file());
        }
        for change in &self.at_last {
            change(&mut files);
        }
        files
    }
}

/// Says in a file which the next one is, but for what a case says of it already.
fn name_next(signed: &mut Value, name: &str, next: &Value, bytes: &[u8]) {
    let mut named = json!({ "version": next["version"], "length": bytes.len(),
        "hashes": { "sha256": hash(bytes) } });
    if let Some(Value::Object(said)) = signed.pointer(&format!("/meta/{name}")) {
        for (member, value) in said {
            named[member] = value.clone();
        }
    }
    if signed.get("meta").is_none() {
        signed["meta"] = json!({});
    }
    signed["meta"][name] = named;
}

/// A root with these keys, each role with its own and so many needed.
pub(crate) fn root_of(
    version: u64,
    root: &[Key],
    targets: &[Key],
    snapshot: Key,
    timestamp: Key,
) -> Value {
    let all = [root, targets, &[snapshot, timestamp]].concat();
    let keys: BTreeMap<String, Value> = all.iter().map(|key| (key.id(), key.described())).collect();
    let role = |keys: &[Key], threshold: u64| {
        let ids: Vec<String> = keys.iter().map(|key| key.id()).collect();
        json!({ "keyids": ids, "threshold": threshold })
    };
    json!({
        "_type": "root", "spec_version": "1.0.0", "version": version,
        "expires": "2027-06-01T00:00:00Z", "consistent_snapshot": true,
        "signed_at": "2026-06-01T00:00:00Z", "keys": keys,
        "roles": {
            "root": role(root, 2), "targets": role(targets, 2),
            "snapshot": role(&[snapshot], 1), "timestamp": role(&[timestamp], 1),
        },
    })
}

/// The usual root.
pub(crate) fn usual_root(version: u64) -> Value {
    root_of(version, &ROOT_KEYS, &TARGETS_KEYS, SNAPSHOT_KEY, TIMESTAMP_KEY)
}

/// The root that comes with the package.
pub(crate) fn first_root() -> Vec<u8> {
    Role::new(usual_root(1), &ROOT_KEYS[..2]).file()
}

/// Writes a feed into a folder, in place of what was there.
pub(crate) fn write(files: &Files, folder: &Path) {
    if folder.exists() {
        std::fs::remove_dir_all(folder).unwrap();
    }
    for (path, bytes) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

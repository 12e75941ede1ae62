//! Entries, their canonical form and the chain. The format is `docs/formats/audit.md`.

pub mod checkpoints;
pub mod tree;
pub mod verification;

use std::collections::BTreeMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::platform::clock::Moment;
use crate::platform::id::{Id, ObjectId};
use crate::platform::secret::to_hex;

/// Version of the leaf format.
pub const FORMAT_VERSION: u8 = 1;
/// In front of a leaf when it is hashed (RFC 6962 §2.1), so that a tree can be laid over the
/// same hashes.
const LEAF_PREFIX: u8 = 0;

pub type Hash = [u8; 32];
/// What the first entry of a log chains from.
pub const NO_HASH: Hash = [0; 32];

/// One audit log.
pub enum Log {}
pub type LogId = Id<Log>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    Refused,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
        }
    }
}

/// What a caller of `scope.audit` says: what happened to which object, and what changed.
#[derive(Debug, Clone)]
pub struct Entry {
    pub action: &'static str,
    pub object_kind: &'static str,
    pub object_id: Option<ObjectId>,
    pub object_version: Option<i64>,
    pub outcome: Outcome,
    pub changes: Changes,
    /// Values about people, kept beside the chain so that they can be erased.
    pub personal: BTreeMap<&'static str, String>,
}

impl Entry {
    pub fn new<T>(action: &'static str, object_kind: &'static str, id: Id<T>) -> Self {
        Self { object_id: Some(id.cast()), ..Self::about(action, object_kind) }
    }

    /// An entry about something that has no id of its own.
    pub fn about(action: &'static str, object_kind: &'static str) -> Self {
        Self {
            action,
            object_kind,
            object_id: None,
            object_version: None,
            outcome: Outcome::Ok,
            changes: Changes::default(),
            personal: BTreeMap::new(),
        }
    }

    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.object_version = Some(version);
        self
    }

    #[must_use]
    pub fn refused(mut self) -> Self {
        self.outcome = Outcome::Refused;
        self
    }

    /// Says the value a field has from now on.
    #[must_use]
    pub fn set(mut self, field: &'static str, to: impl Into<String>) -> Self {
        self.changes.0.insert(field, Change { from: None, to: Some(to.into()) });
        self
    }

    /// Says what a field was and is; equal values are left out.
    #[must_use]
    pub fn changed(
        mut self,
        field: &'static str,
        from: Option<String>,
        to: Option<String>,
    ) -> Self {
        if from != to {
            self.changes.0.insert(field, Change { from, to });
        }
        self
    }

    /// Says a value about a person, which can be erased later.
    #[must_use]
    pub fn personal(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.personal.insert(name, value.into());
        self
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub from: Option<String>,
    pub to: Option<String>,
}

/// Changed fields by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(pub BTreeMap<&'static str, Change>);

impl Changes {
    /// Canonical JSON: `{"name":{"from":"Salmon","to":"Salmon fillet"}}`.
    pub fn canonical(&self) -> String {
        let mut json = String::from("{");
        for (field, change) in &self.0 {
            separate(&mut json);
            push_text(&mut json, field);
            json.push_str(":{");
            if let Some(from) = &change.from {
                json.push_str("\"from\":");
                push_text(&mut json, from);
            }
            if let Some(to) = &change.to {
                separate(&mut json);
                json.push_str("\"to\":");
                push_text(&mut json, to);
            }
            json.push('}');
        }
        json.push('}');
        json
    }
}

/// An entry as it is kept: all that goes into its leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub seq: i64,
    pub at: Moment,
    pub actor_kind: String,
    pub actor_id: Option<ObjectId>,
    pub action: String,
    pub object_kind: String,
    pub object_id: Option<ObjectId>,
    pub object_version: Option<i64>,
    pub outcome: String,
    pub request_id: Option<String>,
    /// Canonical JSON object.
    pub changes: String,
    /// Canonical JSON object of commitments in hexadecimal.
    pub personal: String,
    pub prev_hash: Hash,
    pub hash: Hash,
}

impl Record {
    /// The leaf: canonical JSON (RFC 8785) with sorted keys, all values strings or integers.
    pub fn leaf(&self, log: LogId) -> String {
        let mut json = String::with_capacity(512 + self.changes.len());
        json.push_str("{\"action\":");
        push_text(&mut json, &self.action);
        json.push_str(",\"actor\":{");
        if let Some(id) = self.actor_id {
            push_format(&mut json, format_args!("\"id\":\"{id}\","));
        }
        json.push_str("\"kind\":");
        push_text(&mut json, &self.actor_kind);
        push_format(&mut json, format_args!("}},\"at\":{},\"changes\":", self.at.0));
        json.push_str(&self.changes);
        push_format(&mut json, format_args!(",\"log\":\"{log}\",\"object\":{{"));
        if let Some(id) = self.object_id {
            push_format(&mut json, format_args!("\"id\":\"{id}\","));
        }
        json.push_str("\"kind\":");
        push_text(&mut json, &self.object_kind);
        if let Some(version) = self.object_version {
            push_format(&mut json, format_args!(",\"version\":{version}"));
        }
        json.push_str("},\"outcome\":");
        push_text(&mut json, &self.outcome);
        json.push_str(",\"personal\":");
        json.push_str(&self.personal);
        push_format(&mut json, format_args!(",\"prev\":\"{}\"", to_hex(&self.prev_hash)));
        if let Some(request) = &self.request_id {
            json.push_str(",\"request\":");
            push_text(&mut json, request);
        }
        push_format(&mut json, format_args!(",\"seq\":{},\"v\":{FORMAT_VERSION}}}", self.seq));
        json
    }

    /// The leaf's hash: SHA-256 over a zero byte and the leaf.
    pub fn leaf_hash(&self, log: LogId) -> Hash {
        hash_of(&self.leaf(log))
    }
}

/// The hash of a leaf.
pub fn hash_of(leaf: &str) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([LEAF_PREFIX]);
    hasher.update(leaf.as_bytes());
    hasher.finalize().into()
}

/// Reads a hash or a salt from 64 lower-case hexadecimal digits.
pub fn from_hex(text: &str) -> Option<Hash> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut hash = NO_HASH;
    if text.len() != hash.len() * 2 {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(hash)
}

/// Commits to a personal value: SHA-256 over the entry's salt, the value's name, a zero byte and
/// the value. The salt is 32 random bytes and goes with the value when that is erased.
pub fn commitment(salt: &[u8; 32], name: &str, value: &str) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(salt);
    hasher.update(name.as_bytes());
    hasher.update([0]);
    hasher.update(value.as_bytes());
    hasher.finalize().into()
}

/// The personal values beside an entry, as long as nobody erased them.
#[derive(Debug, Clone)]
pub struct Kept {
    pub salt: [u8; 32],
    /// None when they cannot even be read.
    pub values: Option<BTreeMap<String, String>>,
}

impl Kept {
    /// Whether these are the values of these commitments.
    pub fn fits(&self, personal: &str) -> bool {
        let Some(values) = &self.values else { return false };
        let commit = |(name, value): (&String, &String)| {
            (name.clone(), to_hex(&commitment(&self.salt, name, value)))
        };
        let hashes: Vec<_> = values.iter().map(commit).collect();
        let pairs = hashes.iter().map(|(name, hash)| (name.as_str(), hash.as_str()));
        canonical_texts(pairs) == personal
    }
}

/// Canonical JSON object of texts, keys sorted.
pub fn canonical_texts<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut json = String::from("{");
    for (name, value) in pairs {
        separate(&mut json);
        push_text(&mut json, name);
        json.push(':');
        push_text(&mut json, value);
    }
    json.push('}');
    json
}

/// Walks a log from its first entry and stops at the first that does not fit.
#[derive(Debug, Clone)]
pub struct ChainCheck {
    log: LogId,
    pub checked: u64,
    pub head: Hash,
    next_seq: i64,
}

/// Why an entry does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadEntry {
    pub seq: i64,
    pub detail: String,
}

/// What an entry comes to, whatever stands before it. Entries can be computed side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computed {
    /// The hash of its leaf.
    pub hash: Hash,
    /// Whether the personal values beside it, if any, are those it commits to.
    pub is_kept: bool,
}

impl Computed {
    pub fn of(log: LogId, record: &Record, kept: Option<&Kept>) -> Self {
        let is_kept = kept.is_none_or(|kept| kept.fits(&record.personal));
        Self { hash: record.leaf_hash(log), is_kept }
    }
}

impl ChainCheck {
    pub fn new(log: LogId) -> Self {
        Self { log, checked: 0, head: NO_HASH, next_seq: 1 }
    }

    pub fn log(&self) -> LogId {
        self.log
    }

    /// Takes the next entry and the personal values beside it.
    pub fn next(&mut self, record: &Record, kept: Option<&Kept>) -> Result<(), BadEntry> {
        let computed = Computed::of(self.log, record, kept);
        self.link(record.seq, &record.prev_hash, &record.hash, &computed)
    }

    /// Takes the next entry by what it says of itself and what it comes to.
    pub fn link(
        &mut self,
        seq: i64,
        prev: &Hash,
        hash: &Hash,
        computed: &Computed,
    ) -> Result<(), BadEntry> {
        let bad = |detail: String| Err(BadEntry { seq: self.next_seq, detail });
        if seq < self.next_seq {
            return bad(format!("entry {seq} stands twice"));
        }
        if seq > self.next_seq {
            return bad(format!("entry {} is missing", self.next_seq));
        }
        if *prev != self.head {
            return bad(format!("entry {seq} does not follow the one before it"));
        }
        if computed.hash != *hash {
            return bad(format!("entry {seq} was altered"));
        }
        if !computed.is_kept {
            return bad(format!("the personal values beside entry {seq} were altered"));
        }
        self.head = *hash;
        self.checked += 1;
        self.next_seq += 1;
        Ok(())
    }
}

fn separate(json: &mut String) {
    if !json.ends_with('{') {
        json.push(',');
    }
}

fn push_format(json: &mut String, arguments: std::fmt::Arguments<'_>) {
    json.write_fmt(arguments).expect("writing to a String cannot fail");
}

/// Writes a JSON string as RFC 8785 does: the short escapes, `\u00xx` in lower case for other
/// control characters, everything else as it is.
fn push_text(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\u{8}' => json.push_str("\\b"),
            '\t' => json.push_str("\\t"),
            '\n' => json.push_str("\\n"),
            '\u{c}' => json.push_str("\\f"),
            '\r' => json.push_str("\\r"),
            control if control < ' ' => {
                push_format(json, format_args!("\\u{:04x}", u32::from(control)));
            }
            other => json.push(other),
        }
    }
    json.push('"');
}

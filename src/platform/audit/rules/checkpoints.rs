//! The text of a checkpoint (C2SP tlog-checkpoint) and of a signed note (C2SP signed-note).

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::platform::audit::rules::verification::Expected;
use crate::platform::audit::rules::{Hash, LogId};
use crate::platform::clock::Moment;
use crate::platform::secret::to_hex;
use crate::platform::setup::rules::BoxId;
use crate::platform::workspaces::WorkspaceId;

/// The kind of signature in a signed note.
const ED25519_TYPE: u8 = 1;
const KEY_ID_BYTES: usize = 4;
/// Longer texts are no checkpoints. Sixteen signatures must fit, also of new kinds.
pub const NOTE_SIZE_BYTES_MAX: usize = 100_000;
/// In front of a signature.
const DASH: &str = "\u{2014} ";

pub type PublicKey = [u8; 32];
pub type Signature = [u8; 64];

/// The name of a log everywhere; also the name of the key it is signed with.
pub fn origin(on_box: BoxId, log: LogId) -> String {
    format!("holdfast/{on_box}/{log}")
}

/// What is signed: so many entries have this root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

impl Statement {
    /// The signed text, with its last newline.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, to_base64(&self.root))
    }

    /// Reads the first three lines. Further ones say nothing that is relied on.
    fn read(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let is_plain =
            size.bytes().all(|one| one.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
        if origin.is_empty() || !is_plain || lines.any(str::is_empty) {
            return None;
        }
        let root = STANDARD.decode(root).ok()?.try_into().ok()?;
        Some(Self { origin: origin.to_owned(), size: size.parse().ok()?, root })
    }
}

/// A signed statement as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub size: u64,
    pub at: Moment,
    pub root: Hash,
    pub public_key: PublicKey,
    pub signature: Signature,
}

impl Checkpoint {
    pub fn statement(&self, origin: &str) -> Statement {
        Statement { origin: origin.to_owned(), size: self.size, root: self.root }
    }

    /// The signed note.
    pub fn note(&self, origin: &str) -> String {
        let signed = self.signed_with(origin);
        format!("{}\n{DASH}{origin} {signed}\n", self.statement(origin).text())
    }

    /// The signature as it stands in the note: the key's id in front.
    pub fn signed_with(&self, origin: &str) -> String {
        to_base64(&[&key_id(origin, &self.public_key)[..], &self.signature].concat())
    }

    pub fn is_signed(&self, origin: &str) -> bool {
        is_signed(&self.statement(origin).text(), &self.public_key, &self.signature)
    }
}

/// Whether a text was signed with a key.
pub fn is_signed(text: &str, public_key: &PublicKey, signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key).verify(text.as_bytes(), signature).is_ok()
}

/// The id of a key under a name.
pub fn key_id(name: &str, public_key: &PublicKey) -> [u8; KEY_ID_BYTES] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', ED25519_TYPE]);
    hasher.update(public_key);
    let hash: Hash = hasher.finalize().into();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// A key as verifiers of signed notes take it: `<name>+<id>+<key>`.
pub fn verifier_key(name: &str, public_key: &PublicKey) -> String {
    let encoded = to_base64(&[&[ED25519_TYPE], &public_key[..]].concat());
    format!("{name}+{}+{encoded}", to_hex(&key_id(name, public_key)))
}

/// Reads a key for verifiers: its name and the key itself.
pub fn read_verifier_key(text: &str) -> Option<(String, PublicKey)> {
    let (name, rest) = text.split_once('+')?;
    let (id, encoded) = rest.split_once('+')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (kind, key) = bytes.split_first()?;
    let key: PublicKey = key.try_into().ok()?;
    let is_whole = *kind == ED25519_TYPE && to_hex(&key_id(name, &key)) == id;
    is_whole.then(|| (name.to_owned(), key))
}

/// A signed note, read but not believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub statement: Statement,
    /// The signed text.
    text: String,
    /// Name, key id and signature.
    signatures: Vec<(String, [u8; KEY_ID_BYTES], Vec<u8>)>,
}

impl Note {
    /// None when the text is no checkpoint.
    pub fn read(note: &str) -> Option<Self> {
        if note.len() > NOTE_SIZE_BYTES_MAX || note.chars().any(|one| one < ' ' && one != '\n') {
            return None;
        }
        let end = note.rfind("\n\n")?;
        let (text, signed) = (&note[..=end], &note[end + 2..]);
        let lines = signed.strip_suffix('\n')?.split('\n');
        let signatures: Option<Vec<_>> = lines.map(read_signature).collect();
        let statement = Statement::read(text)?;
        Some(Self { statement, text: text.to_owned(), signatures: signatures? })
    }

    /// Whether the key signed it in the name of the log. Signatures of others are left aside.
    pub fn is_signed_by(&self, public_key: &PublicKey) -> bool {
        let name = &self.statement.origin;
        let id = key_id(name, public_key);
        let mut own = self.signatures.iter().filter(|one| one.0 == *name && one.1 == id).peekable();
        own.peek().is_some() && own.all(|one| is_signed(&self.text, public_key, &one.2))
    }
}

fn read_signature(line: &str) -> Option<(String, [u8; KEY_ID_BYTES], Vec<u8>)> {
    let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (id, signature) = bytes.split_first_chunk::<KEY_ID_BYTES>()?;
    let is_named = !name.is_empty() && !name.contains('+');
    (is_named && !signature.is_empty()).then(|| (name.to_owned(), *id, signature.to_vec()))
}

/// What the box's log says of a workspace's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub log: LogId,
    pub workspace: WorkspaceId,
    pub size: u64,
    pub root: Hash,
}

impl Recorded {
    /// The fields of its entry.
    pub fn fields(&self) -> [(&'static str, String); 3] {
        [
            ("workspace", self.workspace.to_string()),
            ("size", self.size.to_string()),
            ("root", to_base64(&self.root)),
        ]
    }

    /// Reads an entry's fields back.
    pub fn read(log: LogId, field: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let root = STANDARD.decode(field("root")?).ok()?.try_into().ok()?;
        let (workspace, size) = (field("workspace")?.parse().ok()?, field("size")?.parse().ok()?);
        Some(Self { log, workspace, size, root })
    }

    pub fn expected(&self) -> Expected {
        Expected { size: self.size, root: self.root, source: "the box's log" }
    }
}

/// A file that proves one entry (C2SP tlog-proof).
pub fn proof_file(index: u64, hashes: &[Hash], note: &str) -> String {
    let mut text = format!("c2sp.org/tlog-proof@v1\nindex {index}\n");
    for hash in hashes {
        text.push_str(&to_base64(hash));
        text.push('\n');
    }
    text.push('\n');
    text.push_str(note);
    text
}

/// Standard base64, as signed notes have it.
pub fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::id::Id;

    /// The example of the specification of signed notes, whose key is known from its test.
    const SPECIFIED: &str = "example.com/behind-the-sofa\n20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        \u{2014} example.com/behind-the-sofa \
        Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+\
        zyWE+xeMcTOAYQ8=\n";

    #[test]
    fn the_checkpoint_of_the_specification_is_read() {
        let note = Note::read(SPECIFIED).expect("a checkpoint");

        assert_eq!(note.statement.origin, "example.com/behind-the-sofa");
        assert_eq!(note.statement.size, 20_852_163);
        assert_eq!(SPECIFIED.strip_prefix(&note.statement.text()).map(|rest| &rest[..4]), {
            Some("\n\u{2014}")
        });
        assert_eq!(note.signatures[0].1, [0x03, 0x3d, 0xe0, 0xae]);
        assert_eq!(note.signatures[0].2.len(), 64);
        assert!(!note.is_signed_by(&[7; 32]));
    }

    #[test]
    fn what_is_no_checkpoint_is_not_read() {
        let good = SPECIFIED;
        for (from, to) in [
            ("20852163", "020852163"),
            ("20852163", "+2"),
            ("20852163", ""),
            ("example.com/behind-the-sofa\n20852163", "\n20852163"),
            ("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", "CsUYapGGPo4dkMgI"),
            ("\n\n", "\n"),
            ("\u{2014} example", "- example"),
            ("YQ8=\n", "YQ8="),
            ("\n\n", "\r\n\n"),
        ] {
            assert_ne!(good.replacen(from, to, 1), good);
            assert_eq!(Note::read(&good.replacen(from, to, 1)), None, "{from:?} {to:?}");
        }
    }

    #[test]
    fn a_verifier_key_is_read_back_and_none_that_was_altered() {
        let name = origin(Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
        let text = verifier_key(&name, &[9; 32]);

        assert_eq!(read_verifier_key(&text), Some((name.clone(), [9; 32])));
        assert_eq!(read_verifier_key(&text.replace("holdfast", "holdfest")), None);
        assert_eq!(read_verifier_key(&name), None);
    }
}

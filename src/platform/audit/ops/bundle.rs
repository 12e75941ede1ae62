//! A log as one file that needs no box to be verified: a line of JSON for each entry, with its
//! checkpoints between them. The format is `docs/formats/audit.md`.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::platform::audit::parallel::{Enough, in_order};
use crate::platform::audit::rules::checkpoints::{Note, PublicKey, read_verifier_key};
use crate::platform::audit::rules::verification::{Expected, LogCheck, Verdict};
use crate::platform::audit::rules::{BadEntry, Computed, Hash, Kept, LogId, from_hex, hash_of};
use crate::platform::error::{Refusal, Result};

/// What the first line says of the format.
pub const FORMAT: &str = "holdfast-audit-bundle/1";
/// Bytes of lines that a thread takes at once.
const PIECE_SIZE_BYTES: usize = 256 * 1024;
/// A longer line is none of ours: a request that changes something is never so large.
const LINE_SIZE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The first line.
#[derive(Debug, Clone, Deserialize)]
pub struct Header {
    pub format: String,
    pub origin: String,
    pub log: String,
    pub size: u64,
    /// The key that signs, as verifiers of signed notes take it.
    pub key: String,
}

/// Any other line.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    leaf: Option<&'a RawValue>,
    hash: Option<&'a str>,
    personal: Option<PersonalLine>,
    checkpoint: Option<String>,
    end: Option<u64>,
}

#[derive(Deserialize)]
struct PersonalLine {
    salt: String,
    values: BTreeMap<String, String>,
}

/// What is read of a leaf; all of it is hashed.
#[derive(Deserialize)]
struct Leaf<'a> {
    seq: i64,
    prev: &'a str,
    log: &'a str,
    #[serde(borrow)]
    personal: &'a RawValue,
}

/// A line as a thread understood it.
enum Found {
    Entry { seq: i64, prev: Hash, hash: Hash, computed: Computed },
    Checkpoint(Box<Note>),
    End(u64),
    Unreadable(&'static str),
}

/// Verifies a bundle against a checkpoint that somebody trusts. An error says that the two do not
/// belong together, or that this is no bundle. Blocks.
pub fn verify(mut file: impl BufRead, trusted: &Note) -> Result<Verdict> {
    let header = read_header(&mut file)?;
    let key = key_of(&header, trusted)?;
    let Header { origin, log, size, .. } = header;
    let id: LogId = log.parse().map_err(|_| unfit("The bundle names no log."))?;
    let expected = Expected {
        size: trusted.statement.size,
        root: trusted.statement.root,
        source: "the trusted checkpoint",
    };
    let mut walk = Walk {
        check: LogCheck::new(id, origin, vec![key], vec![expected]),
        has_ended: false,
        bad: None,
    };
    let work = |piece: Vec<u8>| -> Vec<Found> {
        let lines = piece.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| understand(&log, line)).collect()
    };
    in_order(|| next_piece(&mut file), work, |found| Ok(walk.take(&found)))?;
    Ok(walk.finish(size))
}

fn read_header(file: &mut impl BufRead) -> Result<Header> {
    let mut line = Vec::new();
    file.take(LINE_SIZE_BYTES_MAX).read_until(b'\n', &mut line)?;
    let header: Option<Header> = serde_json::from_slice(&line).ok();
    let header = header.filter(|header| header.format == FORMAT);
    header.ok_or_else(|| unfit("This is no bundle of an audit log, or one of a newer release."))
}

/// The key that signed the trusted checkpoint: checkpoints of the bundle must be signed with it.
fn key_of(header: &Header, trusted: &Note) -> Result<PublicKey> {
    let origin = &header.origin;
    let named = read_verifier_key(&header.key).filter(|(name, _)| name == origin);
    let Some((_, key)) = named else { return Err(unfit("The bundle names no good key.")) };
    if trusted.statement.origin != *origin {
        let of = &trusted.statement.origin;
        return Err(unfit(format!("The checkpoint is of {of}, and the bundle of {origin}.")));
    }
    if !origin.ends_with(&format!("/{}", header.log)) {
        return Err(unfit("The bundle holds another log than it is named for."));
    }
    if !trusted.is_signed_by(&key) {
        return Err(unfit("The checkpoint is not signed with the key of the bundle."));
    }
    Ok(key)
}

fn unfit(detail: impl Into<String>) -> crate::platform::error::Error {
    Refusal::new("audit-bundle-unfit", detail).into()
}

/// So many whole lines.
fn next_piece(file: &mut impl BufRead) -> Result<Option<Vec<u8>>> {
    let mut piece = Vec::with_capacity(PIECE_SIZE_BYTES + PIECE_SIZE_BYTES / 4);
    while piece.len() < PIECE_SIZE_BYTES {
        let read = file.take(LINE_SIZE_BYTES_MAX).read_until(b'\n', &mut piece)?;
        if read == 0 {
            break;
        }
    }
    Ok(Some(piece).filter(|piece| !piece.is_empty()))
}

fn understand(log: &str, line: &[u8]) -> Found {
    let Ok(line) = serde_json::from_slice::<Line<'_>>(line) else {
        return Found::Unreadable("cannot be read");
    };
    match line {
        Line { leaf: Some(leaf), hash: Some(hash), personal, checkpoint: None, end: None } => {
            entry(log, leaf.get(), hash, personal).unwrap_or(Found::Unreadable("is no entry"))
        }
        Line { leaf: None, hash: None, checkpoint: Some(note), end: None, .. } => {
            let note = Note::read(&note).map(|note| Found::Checkpoint(Box::new(note)));
            note.unwrap_or(Found::Unreadable("is no checkpoint"))
        }
        Line { leaf: None, hash: None, checkpoint: None, end: Some(end), .. } => Found::End(end),
        _ => Found::Unreadable("is of no known kind"),
    }
}

fn entry(log: &str, text: &str, hash: &str, personal: Option<PersonalLine>) -> Option<Found> {
    let leaf: Leaf<'_> = serde_json::from_str(text).ok()?;
    if leaf.log != log {
        return Some(Found::Unreadable("belongs to another log"));
    }
    let kept = match personal {
        Some(PersonalLine { salt, values }) => {
            Some(Kept { salt: from_hex(&salt)?, values: Some(values) })
        }
        None => None,
    };
    let is_kept = kept.is_none_or(|kept| kept.fits(leaf.personal.get()));
    let computed = Computed { hash: hash_of(text), is_kept };
    let (prev, hash) = (from_hex(leaf.prev)?, from_hex(hash)?);
    Some(Found::Entry { seq: leaf.seq, prev, hash, computed })
}

/// The walk over a bundle.
struct Walk {
    check: LogCheck,
    has_ended: bool,
    bad: Option<BadEntry>,
}

impl Walk {
    fn take(&mut self, found: &[Found]) -> Enough {
        for one in found {
            if let Err(bad) = self.take_one(one) {
                self.bad = Some(bad);
                return Enough::Yes;
            }
        }
        Enough::No
    }

    fn take_one(&mut self, one: &Found) -> Result<(), BadEntry> {
        match one {
            _ if self.has_ended => Err(self.here("something stands behind the end")),
            Found::Entry { seq, prev, hash, computed } => {
                self.check.next_alone((*seq, prev, hash), computed)
            }
            Found::Checkpoint(note) => self.check.note(note),
            Found::End(size) if *size == self.check.size() => {
                self.has_ended = true;
                Ok(())
            }
            Found::End(size) => Err(self.here(&format!("the end names {size} entries"))),
            Found::Unreadable(why) => Err(self.here(&format!("the next line {why}"))),
        }
    }

    fn here(&self, what: &str) -> BadEntry {
        let next = self.check.size() + 1;
        let seq = i64::try_from(next).unwrap_or(i64::MAX);
        BadEntry { seq, detail: format!("after entry {}: {what}", next - 1) }
    }

    fn finish(self, size: u64) -> Verdict {
        match self.bad {
            Some(bad) => self.check.verdict(Some(bad)),
            None if !self.has_ended && self.check.size() >= size => {
                let bad = self.here("the end of the bundle is missing");
                self.check.verdict(Some(bad))
            }
            None => self.check.finish(Some(size)),
        }
    }
}

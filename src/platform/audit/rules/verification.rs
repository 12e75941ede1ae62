//! A walk over a log from its first entry that stops at the first that does not fit.

use std::collections::VecDeque;

use crate::platform::audit::rules::checkpoints::{Checkpoint, Note, PublicKey};
use crate::platform::audit::rules::tree::{Edge, Node};
use crate::platform::audit::rules::{BadEntry, ChainCheck, Computed, Hash, LogId, Record};

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub checked: u64,
    /// Hash of the last entry that fits.
    pub head: Hash,
    /// Root of the tree over the entries that fit.
    pub root: Hash,
    /// Signed statements that fit.
    pub checkpoints: u64,
    pub bad: Option<BadEntry>,
}

/// What is known of a log from elsewhere: after so many entries its root was this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub size: u64,
    pub root: Hash,
    /// Who says so, as in "… do not fit what the box's log says".
    pub source: &'static str,
}

/// The walk.
#[derive(Debug, Clone)]
pub struct LogCheck {
    chain: ChainCheck,
    edge: Edge,
    /// Name and keys that statements must be signed with.
    origin: String,
    keys: Vec<PublicKey>,
    /// Smallest first.
    expected: VecDeque<Expected>,
    checkpoints: u64,
    /// Entries up to here were said to be right.
    vouched: u64,
}

impl LogCheck {
    pub fn new(log: LogId, origin: String, keys: Vec<PublicKey>, expected: Vec<Expected>) -> Self {
        let mut expected = expected;
        expected.sort_by_key(|one| one.size);
        Self {
            chain: ChainCheck::new(log),
            edge: Edge::default(),
            origin,
            keys,
            expected: expected.into(),
            checkpoints: 0,
            vouched: 0,
        }
    }

    pub fn log(&self) -> LogId {
        self.chain.log()
    }

    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    pub fn root(&self) -> Hash {
        self.edge.root()
    }

    /// Takes the next entry. `node` gives what is kept of the nodes that it completes.
    pub fn next(
        &mut self,
        record: &Record,
        computed: &Computed,
        node: impl Fn(Node) -> Option<Hash>,
    ) -> Result<(), BadEntry> {
        self.link(record.seq, &record.prev_hash, &record.hash, computed)?;
        let mut is_kept = true;
        self.edge.push(record.hash, |at, hash| is_kept &= node(at) == Some(*hash));
        if !is_kept {
            return Err(bad(record.seq, format!("the tree over entry {} was altered", record.seq)));
        }
        self.expected_here()
    }

    /// Takes the next entry of a log whose tree is not kept.
    pub fn next_alone(
        &mut self,
        (seq, prev, hash): (i64, &Hash, &Hash),
        computed: &Computed,
    ) -> Result<(), BadEntry> {
        self.link(seq, prev, hash, computed)?;
        self.edge.push(*hash, |_, _| {});
        self.expected_here()
    }

    fn link(
        &mut self,
        seq: i64,
        prev: &Hash,
        hash: &Hash,
        computed: &Computed,
    ) -> Result<(), BadEntry> {
        self.chain.link(seq, prev, hash, computed)
    }

    /// Compares the root with what is known of this size.
    fn expected_here(&mut self) -> Result<(), BadEntry> {
        while let Some(one) = self.expected.pop_front_if(|one| one.size <= self.edge.size()) {
            if one.root != self.edge.root() {
                return Err(self.unlike(one.size, one.source));
            }
            self.vouched = self.vouched.max(one.size);
        }
        Ok(())
    }

    /// Takes a statement about the entries so far.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), BadEntry> {
        let size = checkpoint.size;
        let is_known = self.keys.contains(&checkpoint.public_key);
        if !is_known || !checkpoint.is_signed(&self.origin) {
            return Err(bad(signed(size), format!("the checkpoint of {size} entries is not ours")));
        }
        self.stated(size, &checkpoint.root)
    }

    /// The same of a note, as it stands in a bundle.
    pub fn note(&mut self, note: &Note) -> Result<(), BadEntry> {
        let size = note.statement.size;
        let is_signed = self.keys.iter().any(|key| note.is_signed_by(key));
        if note.statement.origin != self.origin || !is_signed {
            return Err(bad(signed(size), format!("the checkpoint of {size} entries is not ours")));
        }
        self.stated(size, &note.statement.root)
    }

    fn stated(&mut self, size: u64, root: &Hash) -> Result<(), BadEntry> {
        if size != self.edge.size() || *root != self.edge.root() {
            return Err(self.unlike(size, "a signed checkpoint"));
        }
        self.checkpoints += 1;
        self.vouched = self.vouched.max(size);
        Ok(())
    }

    /// The chain fits and the root does not: somebody wrote entries anew, from somewhere on.
    fn unlike(&self, size: u64, source: &str) -> BadEntry {
        let first = self.vouched + 1;
        bad(
            signed(first),
            format!(
                "entries between {first} and {size} are not those of {source}: \
                 they were written anew"
            ),
        )
    }

    /// Says what was found when there are no more entries.
    pub fn finish(self, promised: Option<u64>) -> Verdict {
        let size = self.edge.size();
        let promised = self.expected.iter().map(|one| one.size).chain(promised).max();
        let missing = promised.filter(|promised| *promised > size);
        let missing = missing.map(|promised| {
            let first = size + 1;
            let detail = format!("entry {first} is missing: there were {promised}");
            bad(signed(first), detail)
        });
        self.verdict(missing)
    }

    /// Says what was found up to a bad entry.
    pub fn verdict(self, bad: Option<BadEntry>) -> Verdict {
        Verdict {
            checked: self.chain.checked,
            head: self.chain.head,
            root: self.edge.root(),
            checkpoints: self.checkpoints,
            bad,
        }
    }
}

fn bad(seq: i64, detail: String) -> BadEntry {
    BadEntry { seq, detail }
}

fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

//! Shapes and hashes of the tree. The leaves are the hashes of the entries; the tree over `n` of
//! them is RFC 6962's, and so are the proofs.

use sha2::{Digest, Sha256};

use super::Hash;

/// In front of two hashes when they become one.
const NODE_PREFIX: u8 = 1;
/// Levels that a log can ever have; numbers of entries are positive 64-bit integers.
pub const LEVELS_MAX: u8 = 63;

/// The hash of an inner node.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([NODE_PREFIX]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// The root of a tree without leaves.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// A complete subtree: the `2^level` leaves from `position * 2^level` on. Level 0 is a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    pub level: u8,
    pub position: u64,
}

impl Node {
    pub fn leaf(index: u64) -> Self {
        Self { level: 0, position: index }
    }

    #[must_use]
    pub fn parent(self) -> Self {
        Self { level: self.level + 1, position: self.position >> 1 }
    }

    /// Leaves up to the end of this subtree.
    pub fn end(self) -> u64 {
        (self.position + 1) << self.level
    }

    /// Whether it is the right one of two children.
    pub fn is_right(self) -> bool {
        self.position & 1 == 1
    }

    /// The left one of the two children, of which this is the right one.
    #[must_use]
    pub fn left_sibling(self) -> Self {
        Self { position: self.position & !1, ..self }
    }
}

/// The complete subtrees of the leaves from `begin` to before `end`, largest first. `begin` is
/// where a subtree of that size can begin.
pub fn subtrees(begin: u64, end: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut at = begin;
    while at < end {
        // At most 63: sizes are positive 64-bit integers.
        let level = u8::try_from((end - at).ilog2()).unwrap_or(LEVELS_MAX);
        nodes.push(Node { level, position: at >> level });
        at += 1 << level;
    }
    nodes
}

/// The hash over neighbouring subtrees, largest first, as `subtrees` gives them.
pub fn fold(hashes: &[Hash]) -> Hash {
    let Some((last, rest)) = hashes.split_last() else { return empty_root() };
    rest.iter().rev().fold(*last, |right, left| node_hash(left, &right))
}

/// The largest power of two below `size`, which is above 1.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// What each hash of a proof is folded from.
pub type Plan = Vec<Vec<Node>>;

/// Which subtrees prove that a leaf is in the tree of `size`, from the leaf's sibling up.
pub fn inclusion_plan(index: u64, size: u64) -> Plan {
    let (mut begin, mut end) = (0, size);
    let mut plan = Vec::new();
    while end - begin > 1 {
        let middle = begin + split(end - begin);
        if index < middle {
            plan.push(subtrees(middle, end));
            end = middle;
        } else {
            plan.push(subtrees(begin, middle));
            begin = middle;
        }
    }
    plan.reverse();
    plan
}

/// Which subtrees prove that the tree of `from` leaves is the beginning of the tree of `to`.
pub fn consistency_plan(from: u64, to: u64) -> Plan {
    let (mut begin, mut end) = (0, to);
    let mut plan = Vec::new();
    if from == 0 || from >= to {
        return plan;
    }
    // Whoever checks the proof has the root of `from` already, if that is a subtree of its own.
    let mut is_known = true;
    while from != end {
        let middle = begin + split(end - begin);
        if from <= middle {
            plan.push(subtrees(middle, end));
            end = middle;
        } else {
            plan.push(subtrees(begin, middle));
            begin = middle;
            is_known = false;
        }
    }
    if !is_known {
        plan.push(subtrees(begin, end));
    }
    plan.reverse();
    plan
}

/// The root that an inclusion proof leads to (RFC 9162 §2.1.3.2); none when it does not have the
/// shape of one.
pub fn root_of_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut at, mut last) = (index, size - 1);
    let mut root = *leaf;
    for hash in proof {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            root = node_hash(hash, &root);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            root = node_hash(&root, hash);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    (last == 0).then_some(root)
}

/// Whether a proof leads from one tree to a longer one (RFC 9162 §2.1.4.2).
pub fn is_consistent(from: (u64, &Hash), to: (u64, &Hash), proof: &[Hash]) -> bool {
    let ((first, first_root), (second, second_root)) = (from, to);
    if first == 0 || first >= second {
        let is_same = first == second && first_root == second_root;
        return proof.is_empty() && (is_same || first == 0 && *first_root == empty_root());
    }
    let mut hashes: Vec<Hash> = Vec::with_capacity(proof.len() + 1);
    if first.is_power_of_two() {
        hashes.push(*first_root);
    }
    hashes.extend_from_slice(proof);
    let Some((start, rest)) = hashes.split_first() else { return false };
    let (mut at, mut last) = (first - 1, second - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let (mut old, mut new) = (*start, *start);
    for hash in rest {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            old = node_hash(hash, &old);
            new = node_hash(hash, &new);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            new = node_hash(&new, hash);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && old == *first_root && new == *second_root
}

/// The right edge of a growing tree: enough to say its root at any time.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    size: u64,
    /// Hashes of the complete subtrees, largest first.
    hashes: Vec<Hash>,
}

impl Edge {
    /// The edge of a tree whose complete subtrees are known, largest first.
    pub fn of(size: u64, hashes: Vec<Hash>) -> Self {
        Self { size, hashes }
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn root(&self) -> Hash {
        fold(&self.hashes)
    }

    /// Takes the next leaf and tells of every inner node that it completes.
    pub fn push(&mut self, leaf: Hash, mut completed: impl FnMut(Node, &Hash)) {
        let (mut node, mut hash) = (Node::leaf(self.size), leaf);
        while node.is_right() {
            let Some(left) = self.hashes.pop() else { break };
            hash = node_hash(&left, &hash);
            node = node.parent();
            completed(node, &hash);
        }
        self.hashes.push(hash);
        self.size += 1;
    }
}

#[cfg(test)]
mod tests;

//! Growing the tree with its log, and asking it for roots and proofs.

use std::collections::HashMap;

use crate::platform::audit::rules::Hash;
use crate::platform::audit::rules::tree::{
    Edge, LEVELS_MAX, Node, Plan, consistency_plan, fold, inclusion_plan, node_hash, subtrees,
};
use crate::platform::audit::store::tree::Tree;
use crate::platform::db::Begun;
use crate::platform::error::Result;

/// Entries whose nodes are made up for in one transaction.
const CATCH_UP_AT_ONCE: u64 = 20_000;

/// Writes the nodes that an entry completes. `before` is the hash of the entry before it.
pub(in crate::platform) fn append_in(
    tree: Tree<'_>,
    seq: i64,
    before: &Hash,
    hash: &Hash,
) -> Result<()> {
    let mut node = Node::leaf(u64::try_from(seq - 1).unwrap_or(0));
    let (mut left, mut hash) = (*before, *hash);
    while node.is_right() {
        if node.level > 0 {
            left = tree.hash(node.left_sibling())?;
        }
        hash = node_hash(&left, &hash);
        node = node.parent();
        tree.insert(node, &hash)?;
    }
    Ok(())
}

/// Makes up for entries that were written without a tree: by a release that had none. One step.
pub(in crate::platform) fn catch_up_in(tree: Tree<'_>) -> Result<Begun> {
    let (done, size) = (tree.size()?, tree.log_size()?);
    if size - size % 2 <= done {
        return Ok(Begun::Wholly);
    }
    let mut edge = edge_in(tree, done)?;
    let mut completed = Vec::new();
    for leaf in tree.leaves_after(done, CATCH_UP_AT_ONCE)? {
        edge.push(leaf, |node, hash| completed.push((node, *hash)));
    }
    for (node, hash) in completed {
        tree.insert(node, &hash)?;
    }
    Ok(if edge.size() < size { Begun::Partly } else { Begun::Wholly })
}

/// The right edge of the tree over the first `size` entries.
fn edge_in(tree: Tree<'_>, size: u64) -> Result<Edge> {
    Ok(Edge::of(size, hashes_in(tree, &subtrees(0, size))?))
}

fn hashes_in(tree: Tree<'_>, nodes: &[Node]) -> Result<Vec<Hash>> {
    nodes.iter().map(|node| tree.hash(*node)).collect()
}

/// Entries that the nodes in the tree stand for.
pub(in crate::platform) fn size_in(tree: Tree<'_>) -> Result<u64> {
    tree.size()
}

/// The nodes that the entries after the first `from`, up to `to`, complete.
pub(in crate::platform) fn nodes_in(
    tree: Tree<'_>,
    from: u64,
    to: u64,
) -> Result<HashMap<Node, Hash>> {
    let mut nodes = HashMap::new();
    for level in 1..=LEVELS_MAX {
        if to >> level == 0 {
            break;
        }
        let found = tree.level(level, from >> level, to >> level)?;
        nodes.extend(found.into_iter().map(|(position, hash)| (Node { level, position }, hash)));
    }
    Ok(nodes)
}

/// The root over the first `size` entries.
pub(in crate::platform) fn root_in(tree: Tree<'_>, size: u64) -> Result<Hash> {
    Ok(edge_in(tree, size)?.root())
}

/// The hashes that prove an entry, counted from 0, to be in the tree over the first `size`.
pub(in crate::platform) fn inclusion_in(
    tree: Tree<'_>,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>> {
    carried_out(tree, &inclusion_plan(index, size))
}

/// The hashes that prove the first `from` entries to be the beginning of the first `to`.
pub(in crate::platform) fn consistency_in(tree: Tree<'_>, from: u64, to: u64) -> Result<Vec<Hash>> {
    carried_out(tree, &consistency_plan(from, to))
}

fn carried_out(tree: Tree<'_>, plan: &Plan) -> Result<Vec<Hash>> {
    plan.iter().map(|nodes| Ok(fold(&hashes_in(tree, nodes)?))).collect()
}

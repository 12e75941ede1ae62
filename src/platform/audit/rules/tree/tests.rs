use super::*;
use crate::platform::secret::to_hex;

/// The leaves that Certificate Transparency's implementations test with, and their roots.
const INPUTS: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn leaves() -> Vec<Hash> {
    let bytes = |hex: &str| -> Vec<u8> {
        let pair = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("digits");
        (0..hex.len()).step_by(2).map(pair).collect()
    };
    INPUTS.iter().map(|hex| Sha256::digest([&[0], bytes(hex).as_slice()].concat()).into()).collect()
}

fn many(count: u64) -> Vec<Hash> {
    (0..count).map(|number| Sha256::digest(number.to_be_bytes()).into()).collect()
}

/// The root as RFC 6962 defines it, word for word.
fn defined(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        many => {
            let mut k = 1;
            while k * 2 < many.len() {
                k *= 2;
            }
            node_hash(&defined(&many[..k]), &defined(&many[k..]))
        }
    }
}

fn of_range(leaves: &[Hash], node: Node) -> Hash {
    let begin = usize::try_from(node.position << node.level).expect("a short log");
    defined(&leaves[begin..begin + (1 << node.level)])
}

fn carried_out(leaves: &[Hash], plan: &Plan) -> Vec<Hash> {
    let hash = |nodes: &Vec<Node>| {
        fold(&nodes.iter().map(|node| of_range(leaves, *node)).collect::<Vec<_>>())
    };
    plan.iter().map(hash).collect()
}

#[test]
fn roots_are_those_of_certificate_transparency() {
    let leaves = leaves();
    let mut edge = Edge::default();
    assert_eq!(
        to_hex(&edge.root()),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    for (leaf, root) in leaves.iter().zip(ROOTS) {
        edge.push(*leaf, |_, _| {});
        assert_eq!(to_hex(&edge.root()), root);
    }
}

/// From the same tests.
#[test]
fn proofs_are_those_of_certificate_transparency() {
    let leaves = leaves();
    let hex = |proof: Vec<Hash>| proof.iter().map(|hash| to_hex(hash)).collect::<Vec<_>>();
    assert_eq!(
        hex(carried_out(&leaves, &inclusion_plan(5, 8))),
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
    assert_eq!(
        hex(carried_out(&leaves, &consistency_plan(6, 8))),
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
}

#[test]
fn every_leaf_of_every_small_tree_is_proven_and_no_other() {
    let leaves = many(40);
    for size in 1..=40 {
        let root = defined(&leaves[..usize::try_from(size).expect("small")]);
        for index in 0..size {
            let proof = carried_out(&leaves, &inclusion_plan(index, size));
            let leaf = leaves[usize::try_from(index).expect("small")];
            assert_eq!(root_of_inclusion(index, size, &leaf, &proof), Some(root));
            for other in (0..size).filter(|other| *other != index) {
                assert_ne!(root_of_inclusion(other, size, &leaf, &proof), Some(root));
            }
            let mut longer = proof.clone();
            longer.push(root);
            assert_ne!(root_of_inclusion(index, size, &leaf, &longer), Some(root));
            if let Some((_, shorter)) = proof.split_last() {
                assert_ne!(root_of_inclusion(index, size, &leaf, shorter), Some(root));
            }
        }
    }
}

#[test]
fn every_small_tree_is_proven_to_be_the_beginning_of_every_larger_one() {
    let leaves = many(33);
    let root = |size: u64| defined(&leaves[..usize::try_from(size).expect("small")]);
    for to in 1..=33 {
        for from in 0..=to {
            let proof = carried_out(&leaves, &consistency_plan(from, to));
            let (old, new) = (root(from), root(to));
            assert!(is_consistent((from, &old), (to, &new), &proof), "{from} {to}");
            let other = node_hash(&old, &new);
            assert!(!is_consistent((from, &other), (to, &new), &proof), "{from} {to}");
            if from > 0 {
                assert!(!is_consistent((from, &old), (to, &other), &proof), "{from} {to}");
            }
        }
    }
}

#[test]
fn the_edge_tells_of_every_complete_subtree_once() {
    let leaves = many(37);
    let mut edge = Edge::default();
    let mut told = Vec::new();
    for leaf in &leaves {
        edge.push(*leaf, |node, hash| told.push((node, *hash)));
    }
    assert_eq!(edge.root(), defined(&leaves));
    for (node, hash) in &told {
        assert_eq!(*hash, of_range(&leaves, *node), "{node:?}");
    }
    // 37 leaves hold 18 pairs, 9 fours, 4 eights, 2 sixteens and 1 thirty-two.
    assert_eq!(told.len(), 18 + 9 + 4 + 2 + 1);
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), 34);
}

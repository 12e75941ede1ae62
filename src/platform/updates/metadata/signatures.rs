//! Who has signed a file. `tough` counts once more in [`super::judge`]; here each way to sign
//! wrongly is told apart from the others.

use std::collections::BTreeSet;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use tough::schema::key::Key;
use tough::schema::{Role, RoleType, Root};

use super::documents::Document;
use super::{Reason, Result};
use crate::platform::secret::to_hex;

/// The order of the group that Ed25519 counts in, lowest byte first: a signature's second half is
/// below it, or it could be written in several ways.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
/// The prime of its field, lowest byte first: a point's coordinate is below it.
const PRIME: [u8; 32] = [
    0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
];
/// The coordinates of the points of low order that are below the prime, lowest byte first. For
/// such a key anybody can make signatures.
const LOW_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
];

/// Whether enough keys of its role have signed a file, as this root names them. The ids of those
/// that have, in hexadecimal.
pub(super) fn check<T: Role>(root: &Root, document: &Document<T>) -> Result<Vec<String>> {
    let role = T::TYPE;
    let refused = |code, said: &str| Err(Reason::new(code, format!("{role}.json: {said}")));
    let Some(keys) = root.roles.get(&role) else {
        return refused("update-keys-unusable", "The root names no keys for it.");
    };
    let signatures = &document.file.signatures;
    if signatures.is_empty() {
        return refused("update-unsigned", "It carries no signature.");
    }
    let (mut seen, mut good, mut faults) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
    for signature in signatures {
        if !seen.insert(signature.keyid.to_vec()) {
            let said = format!("Key {} has signed it twice.", short(&signature.keyid));
            return refused("update-signature-twice", &said);
        }
        let Some(key) = root.keys.get(&signature.keyid) else {
            faults.insert(Fault::Unknown);
            continue;
        };
        match look(key, &document.signed_bytes, &signature.sig) {
            Some(fault) => drop(faults.insert(fault)),
            None if keys.keyids.contains(&signature.keyid) => good.push(to_hex(&signature.keyid)),
            None => drop(faults.insert(Fault::OtherRole)),
        }
    }
    if good.len() as u64 >= keys.threshold.get() {
        return Ok(good);
    }
    let counted = format!("{} of {} needed keys have signed it", good.len(), keys.threshold);
    let (code, more) = match faults.first() {
        Some(Fault::Malformed) => ("update-signature-malformed", "a signature has a second form"),
        Some(Fault::Wrong) => ("update-signature-wrong", "a signature is of something else"),
        Some(Fault::OtherRole) => ("update-key-of-other-role", "a key of another role has"),
        Some(Fault::Unknown) => ("update-key-unknown", "a key has that the root does not name"),
        None => ("update-signatures-too-few", "more are needed"),
    };
    refused(code, &format!("{counted}; {more}."))
}

/// What is wrong with a signature, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Malformed,
    Wrong,
    OtherRole,
    Unknown,
}

fn look(key: &Key, signed: &[u8], signature: &[u8]) -> Option<Fault> {
    let Some((point, number)) = signature.split_first_chunk::<32>() else {
        return Some(Fault::Malformed);
    };
    if is_weak(point) || number.len() != ORDER.len() || !is_below(number, &ORDER) {
        return Some(Fault::Malformed);
    }
    let is_good = public_of(key).is_some_and(|public| {
        UnparsedPublicKey::new(&ED25519, public).verify(signed, signature).is_ok()
    });
    (!is_good).then_some(Fault::Wrong)
}

fn public_of(key: &Key) -> Option<&[u8]> {
    match key {
        Key::Ed25519 { keyval, .. } => Some(&keyval.public),
        _ => None,
    }
}

/// Whether a root can be worked with: Ed25519 alone, each key once, each role with enough keys.
pub(super) fn keys_are_usable(root: &Root) -> Result<()> {
    let unusable = |said: &str| Err(Reason::new("update-keys-unusable", said));
    let mut publics = BTreeSet::new();
    for (id, key) in &root.keys {
        let Some(public) = public_of(key) else {
            return unusable("The root names a key that is not of Ed25519.");
        };
        if is_weak(public) {
            let said = format!("With key {} anybody could sign.", short(id));
            return Err(Reason::new("update-key-weak", said));
        }
        if !publics.insert(public) {
            let said = format!("Key {} stands in the root under two ids.", short(id));
            return Err(Reason::new("update-key-twice", said));
        }
    }
    for role in [RoleType::Root, RoleType::Snapshot, RoleType::Targets, RoleType::Timestamp] {
        let Some(keys) = root.roles.get(&role) else {
            return unusable(&format!("The root names no keys for {role}.json."));
        };
        let ids: BTreeSet<&[u8]> = keys.keyids.iter().map(|id| &**id).collect();
        if ids.len() != keys.keyids.len() {
            let said = format!("The root names a key twice for {role}.json.");
            return Err(Reason::new("update-key-twice", said));
        }
        if (ids.len() as u64) < keys.threshold.get() {
            return unusable(&format!("{role}.json needs more signatures than it has keys."));
        }
        if !keys.keyids.iter().all(|id| root.keys.contains_key(id)) {
            return unusable(&format!("The root lacks a key of {role}.json."));
        }
    }
    if !root.consistent_snapshot {
        return unusable("The feed does not number its files.");
    }
    Ok(())
}

/// The first digits of a key's id.
fn short(id: &[u8]) -> String {
    to_hex(id.get(..6).unwrap_or(id))
}

/// Whether a point is of low order, or not written in its one form.
fn is_weak(point: &[u8]) -> bool {
    let mut coordinate = point.to_vec();
    let Some(last) = coordinate.last_mut() else { return true };
    *last &= 0x7f;
    let is_one_form = coordinate.len() == PRIME.len() && is_below(&coordinate, &PRIME);
    !is_one_form || LOW_ORDER.iter().any(|low| low[..] == coordinate)
}

/// Compares numbers of the same length, lowest byte first.
fn is_below(number: &[u8], bound: &[u8; 32]) -> bool {
    number.iter().rev().lt(bound.iter().rev())
}

#[cfg(test)]
mod tests {
    use super::{LOW_ORDER, ORDER, PRIME, is_below, is_weak};

    #[test]
    fn points_of_low_order_and_second_forms_are_weak() {
        for low in LOW_ORDER {
            let mut other_sign = low;
            other_sign[31] |= 0x80;
            assert!(is_weak(&low) && is_weak(&other_sign), "{low:?}");
        }
        let mut above = PRIME;
        assert!(is_weak(&above), "zero in another form");
        above[0] += 1;
        assert!(is_weak(&above), "one in another form");
        let mut base = [0x66; 32];
        base[0] = 0x58;
        assert!(!is_weak(&base), "the base point is none");
        assert!(is_weak(&[]) && is_weak(&[7; 31]));
    }

    #[test]
    fn numbers_are_compared_from_their_highest_byte() {
        let mut below = ORDER;
        below[0] -= 1;
        let mut above = ORDER;
        above[31] += 1;
        above[0] = 0;

        assert!(is_below(&below, &ORDER));
        assert!(!is_below(&ORDER, &ORDER));
        assert!(!is_below(&above, &ORDER));
    }
}

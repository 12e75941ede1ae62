//! The format of the audit log: the document says what the code does, and every alteration of a
//! log is found.

#[path = "audit_format/bundle.rs"]
mod bundle;

use std::collections::BTreeMap;

use holdfast::platform::audit::rules::checkpoints::{proof_file, verifier_key};
use holdfast::platform::audit::rules::tree::{Edge, root_of_inclusion};
use holdfast::platform::audit::rules::{
    ChainCheck, Entry, Kept, LogId, NO_HASH, Record, canonical_texts, commitment,
};
use holdfast::platform::clock::Moment;
use holdfast::platform::id::{Id, ObjectId};
use holdfast::platform::secret::to_hex;
use proptest::prelude::*;
use serde_json::{Value, json};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/formats/audit.md");
const SALT: [u8; 32] = [7; 32];

fn log() -> LogId {
    Id::from_bytes([0x10; 16])
}

fn id(byte: u8) -> ObjectId {
    Id::from_bytes([byte; 16])
}

/// Puts an entry behind the others.
fn append(chain: &mut Vec<Record>, mut record: Record) {
    record.seq = i64::try_from(chain.len()).expect("a short log") + 1;
    record.prev_hash = chain.last().map_or(NO_HASH, |last| last.hash);
    record.hash = record.leaf_hash(log());
    chain.push(record);
}

fn plain(action: &str) -> Record {
    Record {
        seq: 0,
        at: Moment(1_795_240_800_000),
        actor_kind: "system".to_owned(),
        actor_id: None,
        action: action.to_owned(),
        object_kind: "box".to_owned(),
        object_id: None,
        object_version: None,
        outcome: "ok".to_owned(),
        request_id: None,
        changes: "{}".to_owned(),
        personal: "{}".to_owned(),
        prev_hash: NO_HASH,
        hash: NO_HASH,
    }
}

fn personal_values() -> BTreeMap<String, String> {
    let values = [("address", "192.0.2.7"), ("user_agent", "Firefox")];
    values.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn vectors() -> Vec<Record> {
    let values = personal_values();
    let hashes: Vec<(&str, String)> = values
        .iter()
        .map(|(name, value)| (name.as_str(), to_hex(&commitment(&SALT, name, value))))
        .collect();
    let commitments = canonical_texts(hashes.iter().map(|(name, hash)| (*name, hash.as_str())));
    let refused = Entry::about("access.refused", "access").set("needed", "box.operate").changed(
        "note",
        Some("\"\\\u{8}\t\n\u{c}\r\u{1f}\u{7f}/".to_owned()),
        Some("Ä😀\u{2028}".to_owned()),
    );
    let renamed = Entry::about("inventory.item.updated", "inventory.item").changed(
        "name",
        Some("Salmon".to_owned()),
        Some("Salmon fillet".to_owned()),
    );
    let mut chain = Vec::new();
    append(
        &mut chain,
        Record {
            actor_kind: "stranger".to_owned(),
            object_kind: "access".to_owned(),
            outcome: "refused".to_owned(),
            changes: refused.changes.canonical(),
            ..plain("access.refused")
        },
    );
    append(
        &mut chain,
        Record {
            actor_kind: "user".to_owned(),
            actor_id: Some(id(0x20)),
            object_kind: "inventory.item".to_owned(),
            object_id: Some(id(0x30)),
            object_version: Some(2),
            request_id: Some("0193a5c0-0000-7000-8000-000000000001".to_owned()),
            changes: renamed.changes.canonical(),
            personal: commitments,
            ..plain("inventory.item.updated")
        },
    );
    append(&mut chain, plain("box.started"));
    chain
}

fn shown(record: &Record) -> Value {
    let text = |id: Option<ObjectId>| id.map(|id| id.to_string());
    let has_personal = record.personal != "{}";
    json!({
        "seq": record.seq, "at": record.at.0,
        "actor_kind": record.actor_kind, "actor_id": text(record.actor_id),
        "action": record.action, "object_kind": record.object_kind,
        "object_id": text(record.object_id), "object_version": record.object_version,
        "outcome": record.outcome, "request_id": record.request_id,
        "changes": record.changes, "personal": record.personal,
        "salt": has_personal.then(|| to_hex(&SALT)),
        "values": has_personal.then(personal_values),
        "prev_hash": to_hex(&record.prev_hash),
        "leaf": record.leaf(log()), "hash": to_hex(&record.hash),
    })
}

/// What is said of the three entries together.
fn tree() -> Value {
    let chain = vectors();
    let mut edge = Edge::default();
    let roots: Vec<_> = chain
        .iter()
        .map(|record| {
            edge.push(record.hash, |_, _| {});
            edge.root()
        })
        .collect();
    let checkpoint = bundle::signed_by(0x42, 3, roots[2]);
    let note = checkpoint.note(&bundle::name());
    // The second entry is proven by its two neighbours in the tree: the first, and the third.
    let proof = proof_file(1, &[chain[0].hash, chain[2].hash], &note);
    assert_eq!(
        root_of_inclusion(1, 3, &chain[1].hash, &[chain[0].hash, chain[2].hash]),
        Some(roots[2])
    );
    json!({
        "roots": roots.iter().map(|root| to_hex(root)).collect::<Vec<_>>(),
        "origin": bundle::name(), "seed": to_hex(&[0x42; 32]),
        "key": verifier_key(&bundle::name(), &checkpoint.public_key),
        "checkpoint": note, "proof": proof,
    })
}

/// The second entry in a bundle, before and after its personal values were erased.
fn lines() -> Value {
    let record = &vectors()[1];
    let (hash, leaf) = (to_hex(&record.hash), record.leaf(log()));
    let values = personal_values();
    let values =
        canonical_texts(values.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let erased = format!("{{\"hash\":\"{hash}\",\"leaf\":{leaf}}}");
    let salt = to_hex(&SALT);
    let kept = format!(
        "{},\"personal\":{{\"salt\":\"{salt}\",\"values\":{values}}}}}",
        &erased[..erased.len() - 1]
    );
    json!({ "kept": kept, "erased": erased })
}

#[test]
fn an_entry_whose_personal_values_were_erased_proves_as_much() {
    let chain = vectors();
    let kept = Kept { salt: SALT, values: Some(personal_values()) };
    let altered = Kept { salt: [8; 32], values: Some(personal_values()) };
    let ends = |beside: Option<&Kept>| {
        let mut check = ChainCheck::new(log());
        check.next(&chain[0], None).expect("the first entry");
        check.next(&chain[1], beside).map(|()| check.head)
    };

    assert_eq!(ends(Some(&kept)), Ok(chain[1].hash));
    assert_eq!(ends(None), Ok(chain[1].hash), "erased");
    assert_eq!(ends(Some(&altered)).unwrap_err().seq, 2);
}

#[test]
fn the_vectors_in_the_document_are_those_of_the_code() {
    let entries: Vec<Value> = vectors().iter().map(shown).collect();
    let vectors = json!({ "log_id": log().to_string(), "entries": entries, "tree": tree(),
        "lines": lines() });
    let vectors = format!("{vectors:#}\n");

    let document = std::fs::read_to_string(DOCUMENT).expect("the document");
    let (_, after) = document.split_once("```json\n").expect("a block of vectors");
    let (written, _) = after.split_once("```").expect("its end");

    assert!(written == vectors, "put these vectors into docs/formats/audit.md:\n{vectors}");
}

/// Computed from the document by another program, so that the code does not only agree with
/// itself.
#[test]
fn the_last_vector_has_the_hash_that_other_programs_give_it() {
    let last = vectors().pop().expect("an entry");
    let leaf = format!(
        "{{\"action\":\"box.started\",\"actor\":{{\"kind\":\"system\"}},\"at\":1795240800000,\
         \"changes\":{{}},\"log\":\"10101010-1010-1010-1010-101010101010\",\
         \"object\":{{\"kind\":\"box\"}},\"outcome\":\"ok\",\"personal\":{{}},\"prev\":\"{}\",\
         \"seq\":3,\"v\":1}}",
        to_hex(&last.prev_hash)
    );
    assert_eq!(last.leaf(log()), leaf);
    assert_eq!(to_hex(&last.hash), LAST_HASH);
}

const LAST_HASH: &str = "784a7b7db4c082e71afa2cbec9fa240369db87ea36fbe3c7c1472f5064dea6bb";

/// Runs a log through the check; gives the first bad entry.
fn first_bad(chain: &[Record]) -> Option<i64> {
    first_bad_from(ChainCheck::new(log()), chain)
}

fn first_bad_from(mut check: ChainCheck, chain: &[Record]) -> Option<i64> {
    chain.iter().find_map(|record| check.next(record, None).err().map(|bad| bad.seq))
}

/// A log of various entries.
fn long_log(entries: u16) -> Vec<Record> {
    let mut chain = Vec::new();
    for number in 0..entries {
        let byte = u8::try_from(number % 250).expect("a byte");
        let changed = Entry::about("x", "y").set("qty", format!("{number}.000"));
        append(
            &mut chain,
            Record {
                at: Moment(1_795_240_800_000 + i64::from(number)),
                actor_kind: ["user", "token", "system", "stranger"][usize::from(number % 4)]
                    .to_owned(),
                actor_id: (number % 4 < 2).then(|| id(byte)),
                object_id: (number % 3 > 0).then(|| id(byte + 1)),
                object_version: Some(i64::from(number)).filter(|_| number % 5 > 0),
                outcome: ["ok", "refused"][usize::from(number % 7 == 0)].to_owned(),
                request_id: Some(format!("request-{number}")).filter(|_| number % 2 == 0),
                changes: changed.changes.canonical(),
                personal: format!("{{\"address\":\"{}\"}}", to_hex(&[byte; 32])),
                ..plain(["item.created", "item.updated"][usize::from(number % 2)])
            },
        );
    }
    chain
}

/// Every way to alter one value of an entry, its hash left alone.
fn altered(record: &Record) -> Vec<Record> {
    let one = |change: &dyn Fn(&mut Record)| {
        let mut altered = record.clone();
        change(&mut altered);
        altered
    };
    let flip = |known: Option<ObjectId>| if known.is_some() { None } else { Some(id(0xff)) };
    vec![
        one(&|it| it.at = Moment(it.at.0 + 1)),
        one(&|it| "cli".clone_into(&mut it.actor_kind)),
        one(&|it| it.actor_id = flip(it.actor_id)),
        one(&|it| it.action.push('x')),
        one(&|it| it.object_kind.push('x')),
        one(&|it| it.object_id = flip(it.object_id)),
        one(&|it| {
            it.object_version = it.object_version.map_or(Some(1), |version| Some(version + 1));
        }),
        one(&|it| it.outcome = it.outcome.replace("ok", "refuse") + "d"),
        one(&|it| it.request_id = it.request_id.take().map_or(Some(String::new()), |_| None)),
        one(&|it| it.changes = it.changes.replace(".000", ".001")),
        one(&|it| "{}".clone_into(&mut it.changes)),
        one(&|it| "{}".clone_into(&mut it.personal)),
        one(&|it| it.prev_hash[31] ^= 1),
        one(&|it| it.hash[0] ^= 1),
        // The whole entry made anew: the next one does not follow it.
        one(&|it| {
            it.action.push('x');
            it.hash = it.leaf_hash(log());
        }),
    ]
}

#[test]
fn every_alteration_of_one_entry_is_found_and_named() {
    let chain = long_log(300);
    assert_eq!(first_bad(&chain), None);
    let mut check = ChainCheck::new(log());

    for (at, record) in chain.iter().enumerate() {
        for (which, altered) in altered(record).into_iter().enumerate() {
            let mut rest = chain[at..].iter().take(2).cloned().collect::<Vec<_>>();
            let is_made_anew = altered.leaf_hash(log()) == altered.hash;
            rest[0] = altered;

            let found = first_bad_from(check.clone(), &rest);

            let is_last = at + 1 == chain.len();
            let expected = match (is_made_anew, is_last) {
                (false, _) => Some(record.seq),
                (true, false) => Some(record.seq + 1),
                // Nothing follows the last entry: only a copy of its hash can show this.
                (true, true) => None,
            };
            assert_eq!(found, expected, "alteration {which} of entry {}", record.seq);
        }
        check.next(record, None).expect("a good entry");
    }
}

#[test]
fn every_deletion_swap_and_duplicate_is_found_and_named() {
    let chain = long_log(300);

    for at in 0..chain.len() {
        let seq = chain[at].seq;
        let mut deleted = chain.clone();
        deleted.remove(at);
        let is_last = at + 1 == chain.len();
        assert_eq!(first_bad(&deleted), Some(seq).filter(|_| !is_last), "deletion of {seq}");

        let mut doubled = chain.clone();
        doubled.insert(at, chain[at].clone());
        assert_eq!(first_bad(&doubled), Some(seq + 1), "duplicate of {seq}");

        if !is_last {
            let mut swapped = chain.clone();
            swapped.swap(at, at + 1);
            assert_eq!(first_bad(&swapped), Some(seq), "swap of {seq}");
            // The same with the numbers put right.
            (swapped[at].seq, swapped[at + 1].seq) = (seq, seq + 1);
            assert_eq!(first_bad(&swapped), Some(seq), "renumbered swap of {seq}");
        }
    }
}

#[test]
fn an_entry_of_another_log_does_not_fit() {
    let chain = long_log(3);
    let other: LogId = Id::from_bytes([0x11; 16]);
    let mut check = ChainCheck::new(other);

    let bad = check.next(&chain[0], None).expect_err("another log");

    assert_eq!(bad.seq, 1);
}

/// Said in the document: a chain alone does not show it.
#[test]
fn a_log_cut_off_at_its_end_is_a_shorter_good_log() {
    let chain = long_log(20);
    for length in 0..chain.len() {
        assert_eq!(first_bad(&chain[..length]), None);
    }
}

#[test]
fn personal_values_fit_until_they_are_altered() {
    let chain = vectors();
    let verdict = |kept: &Kept| {
        let mut check = ChainCheck::new(log());
        check.next(&chain[0], None).expect("the first entry");
        check.next(&chain[1], Some(kept)).map_err(|bad| bad.seq)
    };
    let kept = Kept { salt: SALT, values: Some(personal_values()) };

    assert_eq!(verdict(&kept), Ok(()));
    assert_eq!(verdict(&Kept { salt: [8; 32], ..kept.clone() }), Err(2));
    assert_eq!(verdict(&Kept { values: None, ..kept.clone() }), Err(2));
    for name in ["address", "user_agent"] {
        let mut values = personal_values();
        values.insert(name.to_owned(), "other".to_owned());
        assert_eq!(verdict(&Kept { values: Some(values.clone()), ..kept.clone() }), Err(2));
        values.remove(name);
        assert_eq!(verdict(&Kept { values: Some(values), ..kept.clone() }), Err(2));
    }
}

proptest! {
    #[test]
    fn a_leaf_is_canonical_json_whatever_was_typed(
        from in any::<String>(), to in any::<String>(), action in any::<String>(),
        request in proptest::option::of(any::<String>()), at in 0..i64::pow(2, 53),
    ) {
        let entry = Entry::about("x", "y").changed("name", Some(from), Some(to));
        let record = Record {
            at: Moment(at), action, request_id: request, changes: entry.changes.canonical(),
            ..plain("x")
        };

        let leaf = record.leaf(log());

        let read: Value = serde_json::from_str(&leaf).expect("JSON");
        prop_assert_eq!(read.to_string(), leaf, "members sorted, no needless escapes");
    }

    /// Values cannot be moved from one member to another.
    #[test]
    fn different_entries_have_different_leaves(
        one in ("[a-z\"{},:\\\\]{0,6}", "[a-z\"{},:\\\\]{0,6}", "[a-z\"{},:\\\\]{0,6}"),
        other in ("[a-z\"{},:\\\\]{0,6}", "[a-z\"{},:\\\\]{0,6}", "[a-z\"{},:\\\\]{0,6}"),
    ) {
        let leaf = |(action, object_kind, value): &(String, String, String)| {
            let entry = Entry::about("x", "y").set("name", value);
            let changes = entry.changes.canonical();
            let object_kind = object_kind.clone();
            Record { object_kind, changes, ..plain(action) }.leaf(log())
        };
        prop_assert_eq!(one == other, leaf(&one) == leaf(&other));
    }
}

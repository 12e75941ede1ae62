//! Attacks on the metadata of a feed, for all who have to refuse them.

use holdfast::platform::secret::to_hex;
use serde_json::{Value, json};

use crate::forge::{
    Forge, Key, ROOT_KEYS, SEEN_NEXT, SNAPSHOT_KEY, STRANGER, TARGETS_KEYS, TIMESTAMP_KEY, id_of,
    release_name, root_of, target, usual_root,
};

/// An attack: what is done to a good feed, and the code it is refused with.
pub(crate) type Attack = (&'static str, &'static str, fn(&mut Forge));

/// Who has signed, and what.
pub(crate) const SIGNATURES: &[Attack] = &[
    ("A1 no signature on the targets", "update-unsigned", |feed| feed.targets.keys.clear()),
    ("A1 no signature on the timestamp", "update-unsigned", |feed| feed.timestamp.keys.clear()),
    ("A2 one of two needed", "update-signatures-too-few", |feed| feed.targets.keys.truncate(1)),
    ("A3 one signature twice", "update-signature-twice", |feed| {
        feed.targets.keys = vec![TARGETS_KEYS[0], TARGETS_KEYS[0]];
    }),
    ("A3 a key under two ids", "update-key-twice", |feed| {
        let mut root = usual_root(2);
        let mut key = TARGETS_KEYS[0].described();
        let public = key["keyval"]["public"].as_str().unwrap().to_uppercase();
        key["keyval"]["public"] = json!(public);
        let id = id_of(&key);
        root["keys"][&id] = key;
        root["roles"]["targets"]["keyids"].as_array_mut().unwrap().push(json!(id));
        feed.rotate(root, &ROOT_KEYS[..2]);
    }),
    ("A3 an id twice in a role", "update-key-twice", |feed| {
        let mut root = usual_root(2);
        let ids = root["roles"]["targets"]["keyids"].as_array_mut().unwrap();
        ids.push(ids[0].clone());
        feed.rotate(root, &ROOT_KEYS[..2]);
    }),
    ("A4 an unknown key", "update-key-unknown", |feed| {
        feed.targets.keys = vec![TARGETS_KEYS[0], STRANGER];
    }),
    ("A5 a key of another role", "update-key-of-other-role", |feed| {
        feed.targets.keys = vec![TARGETS_KEYS[0], SNAPSHOT_KEY];
    }),
    ("A5 the timestamp signed by the snapshot's key", "update-key-of-other-role", |feed| {
        feed.timestamp.keys = vec![SNAPSHOT_KEY];
    }),
    ("A6 signatures over other bytes", "update-signature-wrong", |feed| {
        feed.targets.after = Some(Box::new(|file| file["signed"]["version"] = json!(7)));
        feed.snapshot.signed["meta"] = json!({ "targets.json": { "version": 7 } });
        feed.at_last.push(Box::new(|files| {
            let targets = files.remove("metadata/6.targets.json").unwrap();
            files.insert("metadata/7.targets.json".to_owned(), targets);
        }));
    }),
    ("A7 a name twice", "update-metadata-key-twice", |feed| {
        feed.targets.rewrite =
            Some(Box::new(|text| text.replacen("\"_type\":", "\"_type\":\"root\",\"_type\":", 1)));
    }),
    ("A7 a name twice among the signatures", "update-metadata-key-twice", |feed| {
        feed.timestamp.rewrite =
            Some(Box::new(|text| text.replacen("\"keyid\":", "\"keyid\":\"\",\"keyid\":", 1)));
    }),
    ("A7 a moment in another form", "update-metadata-malformed", |feed| {
        feed.timestamp.set("/expires", json!("2026-12-04T00:00:00.000Z"));
    }),
    ("A7 a number in another form", "update-metadata-malformed", |feed| {
        feed.timestamp.rewrite =
            Some(Box::new(|text| text.replace("\"version\":11}", "\"version\":11e0}")));
    }),
    ("A7 text that two readers may normalise in two ways", "update-metadata-malformed", |feed| {
        feed.custom_mut(1)["rollout"]["salt"] = json!("e\u{301}");
    }),
    ("A7 an unknown member", "update-metadata-malformed", |feed| {
        feed.timestamp.signed["surprise"] = json!(1);
    }),
    ("A7 an unknown member outside of what is signed", "update-metadata-malformed", |feed| {
        feed.timestamp.after = Some(Box::new(|file| file["surprise"] = json!(1)));
    }),
    ("A7 upper-case digits", "update-metadata-malformed", |feed| {
        feed.timestamp.after = Some(Box::new(|file| {
            let signature = &mut file["signatures"][0]["sig"];
            *signature = json!(signature.as_str().unwrap().to_uppercase());
        }));
    }),
    ("A8 a signature in its second form", "update-signature-malformed", |feed| {
        feed.timestamp.after = Some(Box::new(|file| second_form(&mut file["signatures"][0])));
    }),
    ("A8 a key with which anybody could sign", "update-key-weak", |feed| {
        let mut root = usual_root(2);
        let mut key = STRANGER.described();
        key["keyval"]["public"] = json!(format!("01{}", "0".repeat(62)));
        let id = id_of(&key);
        root["keys"][&id] = key;
        root["roles"]["targets"]["keyids"].as_array_mut().unwrap().push(json!(id));
        feed.rotate(root, &ROOT_KEYS[..2]);
    }),
    ("A10 a root signed only by its new keys", "update-root-not-by-old-keys", |feed| {
        feed.rotate(with_new_root_keys(2), &NEW_ROOT_KEYS[..2]);
    }),
    ("A10 and by one of the old ones", "update-root-not-by-old-keys", |feed| {
        let signers = [NEW_ROOT_KEYS[0], NEW_ROOT_KEYS[1], ROOT_KEYS[0]];
        feed.rotate(with_new_root_keys(2), &signers);
    }),
    ("A11 a root signed only by the old keys", "update-root-not-by-new-keys", |feed| {
        feed.rotate(with_new_root_keys(2), &ROOT_KEYS[..2]);
    }),
    ("A12 a root left out", "update-root-gap", |feed| {
        feed.rotate(usual_root(3), &ROOT_KEYS[..2]);
        let root = feed.roots.remove(&3).unwrap();
        feed.roots.insert(2, root);
    }),
    ("A12 the same root again", "update-root-gap", |feed| {
        let role = feed.rotate(usual_root(2), &ROOT_KEYS[..2]);
        role.signed["version"] = json!(1);
    }),
    ("A13 a chain without an end", "update-root-chain-too-long", |feed| {
        for version in 2..=66 {
            feed.rotate(usual_root(version), &ROOT_KEYS[..2]);
        }
    }),
    ("trust passed on", "update-delegation", |feed| {
        let key = STRANGER;
        feed.targets.signed["delegations"] = json!({
            "keys": { key.id(): key.described() },
            "roles": [{ "name": "other", "keyids": [key.id()], "threshold": 1,
                "paths": ["*"], "terminating": false }],
        });
    }),
    ("a role that needs more signatures than it has keys", "update-keys-unusable", |feed| {
        let mut root = usual_root(2);
        root["roles"]["snapshot"]["threshold"] = json!(2);
        feed.rotate(root, &ROOT_KEYS[..2]);
    }),
    ("files without numbers", "update-keys-unusable", |feed| {
        let mut root = usual_root(2);
        root["consistent_snapshot"] = json!(false);
        feed.rotate(root, &ROOT_KEYS[..2]);
    }),
    ("a snapshot in place of the timestamp", "update-metadata-malformed", |feed| {
        feed.timestamp.set("/_type", json!("snapshot"));
    }),
    ("a target that leads elsewhere", "update-metadata-malformed", |feed| {
        feed.add("../../root.json", b"x", None);
    }),
    ("a file of metadata without its hash", "update-metadata-malformed", |feed| {
        feed.timestamp.rewrite = Some(Box::new(|text| {
            let mut file: Value = serde_json::from_str(&text).unwrap();
            file["signed"]["meta"]["snapshot.json"].as_object_mut().unwrap().remove("hashes");
            file["signatures"] = json!([TIMESTAMP_KEY.sign(&file["signed"])]);
            file.to_string()
        }));
    }),
    ("metadata that goes on", "update-metadata-too-large", |feed| {
        feed.at_last.push(Box::new(|files| {
            let file = files.get_mut("metadata/timestamp.json").unwrap();
            file.resize(1024 * 1024 + 1, b' ');
        }));
    }),
];

/// Metadata that is old, or of two feeds.
pub(crate) const OLD: &[Attack] = &[
    ("A14 an older timestamp", "update-older-timestamp", |feed| {
        feed.timestamp.set("/version", json!(9));
    }),
    ("A15 an older snapshot", "update-older-snapshot", |feed| {
        feed.snapshot.set("/version", json!(9));
    }),
    ("A16 older targets", "update-older-targets", |feed| {
        feed.targets.set("/version", json!(4));
    }),
    ("A17 a timestamp that has run out", "update-metadata-expired", |feed| {
        feed.timestamp.set("/expires", json!("2026-11-22T09:59:59Z"));
    }),
    ("A17 a snapshot that has run out", "update-metadata-expired", |feed| {
        feed.snapshot.set("/expires", json!("2026-11-22T09:59:59Z"));
    }),
    ("A17 targets that have run out", "update-metadata-expired", |feed| {
        feed.targets.set("/expires", json!("2026-11-22T09:59:59Z"));
    }),
    ("A18 a clock before what is to be taken over", "update-clock-behind", |feed| {
        feed.timestamp.set("/signed_at", json!("2026-11-22T11:30:00Z"));
    }),
    ("A21 a newest release below the floor", "update-seq-below-floor", |feed| {
        for seq in 3..=SEEN_NEXT {
            let targets = feed.targets.signed["targets"].as_object_mut().unwrap();
            targets.remove(&release_name(seq));
        }
    }),
    ("A22 the newest release with other content", "update-seq-other-hash", |feed| {
        let other = target(b"other", Some(feed.custom_mut(3).clone()));
        feed.targets.signed["targets"][release_name(3)] = other;
    }),
    ("A22 an earlier release with other content", "update-seq-other-hash", |feed| {
        let other = target(b"other", Some(feed.custom_mut(1).clone()));
        feed.targets.signed["targets"][release_name(1)] = other;
    }),
    ("A22 one number, two files", "update-seq-other-hash", |feed| {
        let said = feed.custom_mut(4).clone();
        feed.add("another", b"other", Some(said));
    }),
    ("A32 the snapshot of another feed", "update-mixed-metadata", |feed| {
        let mut other = Forge::good(1, 5);
        other.targets.set("/version", json!(7));
        let other = other.build();
        feed.at_last.push(Box::new(move |files| {
            let snapshot = other["metadata/11.snapshot.json"].clone();
            files.insert("metadata/11.snapshot.json".to_owned(), snapshot);
        }));
    }),
    ("A32 the targets of another feed", "update-mixed-metadata", |feed| {
        let other = Forge::good(1, 5).build();
        feed.at_last.push(Box::new(move |files| {
            let targets = other["metadata/6.targets.json"].clone();
            files.insert("metadata/6.targets.json".to_owned(), targets);
        }));
    }),
    ("A32 another version than is named", "update-mixed-metadata", |feed| {
        feed.timestamp.signed["meta"] = json!({ "snapshot.json": { "version": 12 } });
        feed.at_last.push(Box::new(|files| {
            let snapshot = files.remove("metadata/11.snapshot.json").unwrap();
            files.insert("metadata/12.snapshot.json".to_owned(), snapshot);
        }));
    }),
    ("a file that is missing", "update-feed-missing", |feed| {
        feed.at_last.push(Box::new(|files| {
            files.remove("metadata/6.targets.json").unwrap();
        }));
    }),
];

const NEW_ROOT_KEYS: [Key; 3] = [Key(4), Key(5), Key(6)];

fn with_new_root_keys(version: u64) -> Value {
    root_of(version, &NEW_ROOT_KEYS, &TARGETS_KEYS, SNAPSHOT_KEY, TIMESTAMP_KEY)
}

/// Adds the order of the group to the second half of a signature: it says the same.
fn second_form(signature: &mut Value) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let text = signature["sig"].as_str().unwrap().to_owned();
    let (point, number) = text.split_at(64);
    let (mut carry, mut sum) = (0, Vec::new());
    for (at, of_order) in ORDER.into_iter().enumerate() {
        let byte = u16::from_str_radix(&number[at * 2..at * 2 + 2], 16).unwrap();
        let added = byte + u16::from(of_order) + carry;
        carry = added >> 8;
        sum.push(added.to_le_bytes()[0]);
    }
    signature["sig"] = json!(format!("{point}{}", to_hex(&sum)));
}

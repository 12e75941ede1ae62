//! Whatever people add and take away between backups: a backup has every picture and document that
//! its workspaces name at its moment, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use http::Method;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use super::Ready;
use super::packs::put;
use crate::inventory::item;
use crate::support::Client;

const DAY: Duration = Duration::from_hours(25);
const ROUNDS: usize = 6;
/// Few enough that the same bytes come again: beside another item, in another workspace, after
/// nobody needed them any more.
const CONTENTS: usize = 7;

/// Numbers that are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("a small number")
    }
}

fn content(number: usize) -> Vec<u8> {
    format!("picture {number} ").repeat(1 + number * 40).into_bytes()
}

/// A workspace, what it has, and who works in it today.
struct Place {
    id: String,
    items: Vec<Value>,
    /// The path of each file, and what it hashes to.
    files: Vec<(String, String)>,
    owner: Client,
}

impl Place {
    async fn change(&mut self, chance: &mut Chance) {
        if chance.below(5) < 3 || self.files.is_empty() {
            let item = &self.items[chance.below(self.items.len())];
            let file = put(&self.owner, item, &content(chance.below(CONTENTS))).await;
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            let path =
                format!("/inventory/items/{}/files/{}", text(&item["id"]), text(&file["id"]));
            self.files.push((path, text(&file["sha256"])));
        } else {
            let (path, _) = self.files.swap_remove(chance.below(self.files.len()));
            let gone = self.owner.send(Method::DELETE, &path, &[], Body::empty()).await;
            assert_eq!(gone.status.as_u16(), 204);
        }
    }

    fn hashes(&self) -> BTreeSet<String> {
        self.files.iter().map(|(_, hash)| hash.clone()).collect()
    }
}

/// What a workspace's file names, by hash with the size.
#[expect(clippy::disallowed_methods, reason = "a file that no box has open")]
fn named(path: &Path) -> BTreeMap<String, u64> {
    let file =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).expect("a file");
    let mut rows = file.prepare("SELECT lower(hex(sha256)), size_bytes FROM blobs").expect("one");
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?))).expect("rows");
    let sized = rows.map(|row| row.map(|(hash, size): (String, _)| (hash, size.unsigned_abs())));
    sized.collect::<Result<_, _>>().expect("rows")
}

/// Opens a backup and compares what its databases name with its manifest and its packs.
fn check(ready: &Ready, backup: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let out = tempfile::tempdir().expect("a folder");
    let unpacked = ready.unpack(backup, out.path());
    let packs: BTreeSet<&str> = unpacked.commit.packs.iter().map(|one| one.name.as_str()).collect();
    let mut said: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for blob in &unpacked.manifest.blobs {
        let [_, workspace, _, hash] = blob.path.split('/').collect::<Vec<_>>()[..] else {
            panic!("{} is no place of a blob", blob.path)
        };
        assert!(packs.contains(blob.pack.as_str()), "{} names no pack of the base", blob.path);
        let before = said.entry(workspace.into()).or_default().insert(hash.into(), blob.size_bytes);
        assert_eq!(before, None, "{} is there twice", blob.path);
    }
    assert_eq!(unpacked.manifest.missing_blobs, [] as [String; 0]);
    let mut found = BTreeMap::new();
    for file in &unpacked.manifest.files {
        let Some(id) = file.path.strip_prefix("workspaces/").and_then(|it| it.strip_suffix(".db"))
        else {
            continue;
        };
        let named = named(&out.path().join(&file.path));
        assert_eq!(said.remove(id).unwrap_or_default(), named, "the manifest of {}", file.path);
        found.insert(id.to_owned(), named.into_keys().collect());
    }
    assert!(said.is_empty(), "blobs of no workspace: {said:?}");
    drop(out);
    // All of them come out of the packs, whose bytes are compared with their names there.
    let out = tempfile::tempdir().expect("a folder");
    ready.bring(backup, out.path()).expect("whole packs");
    for blob in &unpacked.manifest.blobs {
        let brought = std::fs::metadata(out.path().join(&blob.path)).expect("it came along");
        assert_eq!(brought.len(), blob.size_bytes, "{}", blob.path);
    }
    found
}

async fn changed_at_random(seed: u64) {
    let mut ready = Ready::start().await;
    let mut chance = Chance(seed);
    let few = json!({ "retention":
        { "daily": 2, "weekly": 0, "monthly": 0, "yearly": 0, "verified_min": 2 } });
    ready.operator.json(Method::PATCH, "/api/v1/backup-settings", &[], &few).await.is(200);
    let mut places = Vec::new();
    for id in [ready.server.workspace, ready.server.second_workspace().await] {
        let owner = ready.server.person_in(id, "owner").await;
        let items = vec![item(&owner, "A").await, item(&owner, "B").await];
        places.push(Place { id: id.to_string(), items, files: Vec::new(), owner });
    }
    let mut were: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for round in 0..ROUNDS {
        for place in &mut places {
            place.owner = ready.server.person_in(place.id.parse().expect("an id"), "owner").await;
            for _ in 0..chance.below(8) {
                place.change(&mut chance).await;
            }
        }
        if chance.below(3) == 0 {
            let clean = json!({ "kind": "platform.clean-up" });
            ready.operator.post("/api/v1/jobs", &clean).await.is(202);
            ready.server.run_jobs().await;
        }

        let backup = ready.back_up().await;

        assert_eq!(backup["level"], "verified", "seed {seed:x}, round {round}: {backup}");
        let now: BTreeMap<_, _> =
            places.iter().map(|place| (place.id.clone(), place.hashes())).collect();
        assert_eq!(check(&ready, &backup), now, "seed {seed:x}, round {round}");
        were.insert(backup["id"].as_str().expect("a text").to_owned(), now);
        ready.server.clock.advance(DAY);
        ready.operator = ready.server.operator().await;
        ready.server.run_jobs().await;
    }
    // Those that are still kept have what they had, whatever was pruned and swept since.
    let all = ready.operator.get("/api/v1/backups").await.is(200);
    let kept = all["items"].as_array().expect("a list").iter();
    let kept: Vec<_> = kept.filter(|one| one["copies"][0]["state"] == "there").collect();
    assert!((2..ROUNDS).contains(&kept.len()), "{} are kept", kept.len());
    for backup in kept {
        let found = check(&ready, backup);
        let were = were.get(backup["id"].as_str().expect("a text"));
        // The schedule made some as well, in between.
        assert!(were.is_none_or(|were| *were == found), "seed {seed:x}: {backup}");
    }
    ready.server.finish().await;
}

#[tokio::test]
async fn a_backup_has_every_file_that_its_workspaces_name_and_no_other() {
    for seed in [0x2545_f491_4f6c_dd1d, 0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03] {
        changed_at_random(seed).await;
    }
}

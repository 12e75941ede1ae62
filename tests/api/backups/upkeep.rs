//! What the box does with old packs: it looks at them again, and lets go of what nobody needs.

use std::fs;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::Ready;
use crate::inventory::item;
use crate::support::system;

impl Ready {
    async fn add_file(&self, bytes: &[u8]) {
        let owner = self.server.person("owner").await;
        let items = owner.get("/inventory/items?limit=1").await.is(200);
        let salmon = match items["items"].get(0) {
            Some(salmon) => salmon.clone(),
            None => item(&owner, "SAL").await,
        };
        let id = salmon["id"].as_str().expect("an id");
        let path = format!("/inventory/items/{id}/files?name=a.bin");
        let kind = [("content-type", "application/octet-stream")];
        owner.send(Method::POST, &path, &kind, bytes.to_vec()).await.is(201);
    }

    async fn remove_files(&self) {
        let owner = self.server.person("owner").await;
        let items = owner.get("/inventory/items?limit=1").await.is(200);
        let id = items["items"][0]["id"].as_str().expect("an id").to_owned();
        let files = owner.get(&format!("/inventory/items/{id}/files")).await.is(200);
        for file in files["items"].as_array().expect("a list") {
            let file = file["id"].as_str().expect("an id");
            let path = format!("/inventory/items/{id}/files/{file}");
            let gone = owner.send(Method::DELETE, &path, &[], axum::body::Body::empty()).await;
            assert_eq!(gone.status, 204);
        }
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let read = move |scope: &holdfast::platform::ctx::BoxScope<'_>| {
            Ok(scope.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        };
        system(&self.server.platform).read(read).await.expect("a number")
    }

    /// Runs the check of a week.
    async fn check(&mut self) -> Value {
        self.server.clock.advance(Duration::from_hours(7 * 24));
        self.operator = self.server.operator().await;
        let wish = json!({ "kind": "platform.backup-check" });
        let asked = self.operator.post("/api/v1/jobs", &wish).await.is(202);
        self.server.run_jobs().await;
        let job = format!("/api/v1/jobs/{}", asked["id"].as_str().expect("an id"));
        let job = self.operator.get(&job).await.is(200);
        assert_eq!(job["state"], "done", "{job}");
        job["result"].clone()
    }

    fn pack_names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.beside().join("blobs")).into_iter().flatten().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().into_string().expect("a name")).collect();
        names.sort();
        names
    }
}

/// A box that backed a picture up, and then another.
async fn with_two_packs() -> Ready {
    let ready = Ready::start().await;
    for picture in [b"the first".as_slice(), b"the second"] {
        ready.add_file(picture).await;
        ready.back_up().await;
    }
    ready
}

#[tokio::test]
async fn packs_are_checked_in_turn_within_the_bytes_of_a_week() {
    let mut ready = with_two_packs().await;
    let second = ready.pack_names()[1].clone();
    // As much as a week may take of packs, and damaged.
    let large = "UPDATE backup_packs SET size_bytes = 10000000000 WHERE name LIKE 'pack-000002%'";
    ready.set(large).await;
    let path = ready.beside().join("blobs").join(&second);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();

    let first_week = ready.check().await;
    let second_week = ready.check().await;

    assert_eq!(first_week, json!({ "checked": 2, "packs": 1, "damaged": [] }));
    let damaged = second_week["damaged"].as_array().expect("a list");
    assert_eq!(damaged.len(), 1, "{second_week}");
    assert!(damaged[0].as_str().expect("a text").contains(&second), "{second_week}");
    let list = ready.operator.get("/api/v1/backups").await.is(200);
    let state = |sequence: u64| {
        let items = list["items"].as_array().expect("a list");
        let it = items.iter().find(|one| one["sequence"] == sequence).expect("a backup");
        it["copies"][0]["state"].clone()
    };
    assert_eq!((state(1), state(2)), (json!("there"), json!("failed")), "{list}");
    ready.server.finish().await;
}

#[tokio::test]
async fn what_never_became_a_backup_is_removed_from_its_target() {
    let ready = Ready::start().await;
    ready.add_file(b"the first").await;
    let damaged = ready.back_up().await;
    let whole = ready.back_up().await;
    ready.add_file(b"the second").await;
    let cut_off = ready.back_up().await;
    // As if the target had been away before its last file came.
    fs::remove_file(ready.base(&cut_off).join("COMMIT.json")).unwrap();
    ready
        .set(
            "UPDATE backup_copies SET state = 'failed', verified_at = NULL WHERE backup_id IN
                 (SELECT id FROM backups WHERE sequence IN (1, 3))",
        )
        .await;
    ready.set("DELETE FROM backup_pack_copies WHERE pack LIKE 'pack-000003%'").await;

    let next = ready.back_up().await;
    ready.server.run_jobs().await;

    assert_eq!(next["level"], "verified", "{next}");
    assert!(!ready.base(&cut_off).exists(), "its parts lie there");
    assert!(ready.base(&damaged).join("COMMIT.json").is_file(), "somebody may open it after all");
    assert!(ready.base(&whole).join("COMMIT.json").is_file());
    let packs = ready.pack_names();
    let starts: Vec<&str> = packs.iter().map(|name| &name[..11]).collect();
    assert_eq!(starts, ["pack-000001", "pack-000004"], "those that something needs");
    let removed = ready.server.box_entries("box.backup.pruned").await;
    assert_eq!(removed.len(), 1);
    ready.server.finish().await;
}

#[tokio::test]
async fn the_catalogue_forgets_packs_that_no_backup_needs() {
    let mut ready = with_two_packs().await;
    assert_eq!(ready.number("SELECT COUNT(*) FROM backup_pack_uses").await, 3);
    ready.remove_files().await;
    let fewest = json!({ "retention":
        { "daily": 1, "weekly": 0, "monthly": 0, "yearly": 0, "verified_min": 1 } });
    ready.operator.json(Method::PATCH, "/api/v1/backup-settings", &[], &fewest).await.is(200);

    for _ in 0..4 {
        ready.server.clock.advance(Duration::from_hours(25));
        ready.operator = ready.server.operator().await;
        ready.back_up().await;
        ready.server.run_jobs().await;
    }

    assert_eq!(ready.pack_names(), [] as [String; 0]);
    for table in [
        "SELECT COUNT(*) FROM backup_pack_uses",
        "SELECT COUNT(*) FROM backup_pack_blobs",
        "SELECT COUNT(*) FROM backup_pack_copies",
        "SELECT COUNT(*) FROM backup_packs",
    ] {
        assert_eq!(ready.number(table).await, 0, "{table}");
    }
    ready.server.finish().await;
}

//! What the box does with old packs: it looks at them again, and lets go of what nobody needs.

use std::fs;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::Ready;
use crate::inventory::item;

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

#[tokio::test]
async fn packs_are_checked_in_turn_within_the_bytes_of_a_week() {
    let mut ready = Ready::start().await;
    ready.add_file(b"the first").await;
    ready.back_up().await;
    ready.add_file(b"the second").await;
    ready.back_up().await;
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

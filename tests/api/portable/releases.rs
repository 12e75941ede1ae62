//! Archives of older and newer releases, and of boxes that allow a workspace more than this one.

use std::fs;

use serde_json::{Value, json};

use super::members::Members;
use super::{Sent, export, files, import, key_of, new_workspace, read, refused, upload, wish};
use crate::inventory::comments::order;
use crate::inventory::order_files::{files_of, send};
use crate::inventory::{item, location, on_hand, post};
use crate::support::{Client, TestServer};

/// What the newest migration of the Inventory made, and what it is noted by.
const WITHOUT_THE_LAST: &str = "DROP TABLE purchase_order_files;
     DELETE FROM applied_migrations WHERE set_name = 'inventory' AND number = 23";

async fn add_file(client: &Client, item: &Value, bytes: &[u8]) -> Value {
    let id = item["id"].as_str().expect("an id");
    let path = format!("/inventory/items/{id}/files?name=a.bin");
    let headers = [("content-type", "application/octet-stream")];
    client.send(http::Method::POST, &path, &headers, bytes.to_vec()).await.is(201)
}

/// A box, and an archive of its workspace, taken apart.
async fn taken_apart() -> (TestServer, Client, Value, Sent, Members) {
    let here = TestServer::start().await;
    let owner = here.person("owner").await;
    let (salmon, cellar) = (item(&owner, "A").await, location(&owner, "C").await);
    post(&owner, "receive", &salmon, &cellar, "7.5").await;
    let sent = export(&here, &owner).await;
    let members = Members::of(&sent.bytes, &key_of(&sent));
    (here, owner, salmon, sent, members)
}

#[tokio::test]
async fn a_workspace_of_an_older_release_is_brought_up_to_date() {
    let (here, owner, salmon, sent, mut members) = taken_apart().await;
    members.alter(WITHOUT_THE_LAST);
    let mut manifest = members.json("MANIFEST.json");
    let counted = manifest["files"][0]["rows"].as_object_mut().expect("counts");
    let is_there = counted.remove("purchase_order_files").is_some();
    assert!(is_there, "the newest migration is another one now");
    members.set("MANIFEST.json", manifest.to_string().into_bytes());
    members.sign();
    let bytes = members.pack(&sent.identity.recipient());
    let older = Sent { bytes, identity: sent.identity.clone(), result: Value::Null };
    let there = TestServer::start().await;
    let operator = there.operator().await;

    let id = upload(&operator, &older.bytes).await;
    let look = read(&there, &operator, &id, &wish("look", &older.key())).await;
    let result = import(&there, &operator, &older).await;

    assert_eq!(look["state"], "done", "{look}");
    let mine = operator.in_workspace(new_workspace(&result));
    assert_eq!(on_hand(&mine, &salmon).await, on_hand(&owner, &salmon).await);
    // What the last migration brought is there, and works.
    let at = files_of(&order(&mine).await);
    let note = send(&mine, &at, "note.pdf", b"%PDF-1.7").await.is(201);
    assert_eq!(mine.get(&at).await.is(200)["items"], json!([note]));
    let verdict = mine.post("/audit/verify", &Value::Null).await.is(200);
    assert_eq!(verdict["ok"], true, "{verdict}");
    // It goes on like any other.
    export(&there, &mine).await;
    here.finish().await;
    there.finish().await;
}

#[tokio::test]
async fn a_workspace_of_a_newer_release_is_refused_as_such_and_leaves_nothing() {
    let (here, _, _, sent, members) = taken_apart().await;
    let there = TestServer::start().await;
    let operator = there.operator().await;
    let before = files(&there);

    for (sql, word) in [
        (
            "CREATE TABLE hues (id INTEGER PRIMARY KEY) STRICT;
             INSERT INTO applied_migrations (set_name, number, sha256, applied_at)
             VALUES ('inventory', 24, 'x', 0)",
            "it knows step 24 of inventory, this one 23",
        ),
        (
            "ALTER TABLE workspace_file ADD COLUMN hue TEXT;
             INSERT INTO applied_migrations (set_name, number, sha256, applied_at)
             VALUES ('workspace', 7, 'x', 0)",
            "it knows step 7 of workspace, this one 6",
        ),
    ] {
        let mut newer = members.clone();
        newer.alter(sql);
        newer.sign();
        let bytes = newer.pack(&sent.identity.recipient());
        let (code, detail) = refused(&there, &operator, &bytes, &sent.key()).await;
        assert_eq!(code, "import-newer", "{detail}");
        assert!(detail.contains(word) && detail.ends_with("Nothing was changed."), "{detail}");
    }

    assert_eq!(files(&there), before);
    let spaces = operator.get("/api/v1/workspaces").await.is(200);
    assert!(!spaces.to_string().contains("imported"), "{spaces}");
    assert_eq!(there.box_counts().await.get("workspace.imported"), None);
    here.finish().await;
    there.finish().await;
}

#[tokio::test]
async fn files_of_an_import_take_no_more_than_those_of_a_workspace_may() {
    let here = TestServer::start().await;
    let there = TestServer::start_with(&[("files.workspace_bytes_max", "4096")]).await;
    let (owner, operator) = (here.person("owner").await, there.operator().await);
    let salmon = item(&owner, "A").await;
    add_file(&owner, &salmon, &[1; 2_048]).await;
    add_file(&owner, &salmon, &[2; 2_048]).await;
    let fits = export(&here, &owner).await;
    add_file(&owner, &salmon, &[3]).await;
    let too_much = export(&here, &owner).await;

    for mode in ["look", "import"] {
        there.advance(std::time::Duration::from_secs(13));
        let id = upload(&operator, &too_much.bytes).await;
        let before = files(&there);
        let job = read(&there, &operator, &id, &wish(mode, &too_much.key())).await;
        assert_eq!(job["problem"]["code"], "blobs-full", "{mode}: {job}");
        let detail = job["problem"]["detail"].as_str().expect("a text");
        assert!(detail.contains("4096 bytes") && detail.contains("files.workspace_bytes_max"));
        assert_eq!(files(&there), before, "{mode}");
        // The upload can be read again where there is more room.
        operator.get(&format!("/api/v1/workspaces/imports/{id}")).await.is(200);
    }
    let blobs = fs::read_dir(there.folder().join("blobs")).into_iter().flatten().flatten();
    let left: Vec<_> = blobs.filter(|one| one.path().is_dir()).map(|one| one.path()).collect();
    assert!(left.iter().all(|path| fs::read_dir(path).is_ok_and(|it| it.count() == 0)), "{left:?}");
    there.advance(std::time::Duration::from_secs(13));
    let result = import(&there, &operator, &fits).await;

    let mine = operator.in_workspace(new_workspace(&result));
    let path = format!("/inventory/items/{}/files", salmon["id"].as_str().expect("an id"));
    assert_eq!(mine.get(&path).await.is(200)["items"].as_array().expect("a list").len(), 2);
    here.finish().await;
    there.finish().await;
}

//! What an export takes on its way: the disk, the log, and how long it holds them.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use holdfast::platform::backups::archive::Identity;
use holdfast::platform::backups::portable::rules::ROOM_LEFT_BYTES;
use http::Method;
use serde_json::{Value, json};

use super::job;
use crate::inventory::{item, path};
use crate::support::{Client, TestServer};

fn to_a_key() -> Value {
    json!({ "recipient": Identity::generate().recipient().to_string() })
}

async fn add_file(client: &Client, item: &Value, bytes: Vec<u8>) -> Value {
    let path = format!("{}/files?name=photo.bin", path("items", item));
    let headers = [("content-type", "application/octet-stream")];
    client.send(Method::POST, &path, &headers, bytes).await.is(201)
}

/// Where the bytes of a workspace's only file lie.
fn only_blob(server: &TestServer) -> PathBuf {
    let mut at = server.folder().join(format!("blobs/{}", server.workspace));
    while at.is_dir() {
        let mut entries = fs::read_dir(&at).expect("a folder");
        at = entries.next().expect("an entry").expect("an entry").path();
    }
    at
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a reader that keeps the log from being folded in")]
async fn a_log_that_grows_too_long_ends_the_export_with_its_sentence() {
    let server = TestServer::start_with(&[("storage.backup_log_bytes_max", "65536")]).await;
    let owner = server.person("owner").await;
    let database = server.folder().join(format!("workspaces/{}.db", server.workspace));
    let reader = rusqlite::Connection::open(database).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema").unwrap();
    for number in 0..30 {
        item(&owner, &format!("L-{number}")).await;
    }

    let asked = owner.post("/exports", &to_a_key()).await.is(202);
    let ended = job(&server, &asked, &owner, "").await;

    assert_eq!(ended["problem"]["code"], "archive-log-too-long", "{ended}");
    let left = fs::read_dir(server.folder().join("spool/archives")).unwrap().count();
    assert_eq!(left, 0, "what was written of it is gone");
    drop(reader);
    server.finish().await;
}

/// As long as a moment is held its log grows. Files can be many gigabytes, and need none.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a checkpoint fails as long as a moment is held")]
async fn no_log_grows_while_an_export_reads_files() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let salmon = item(&owner, "A").await;
    add_file(&owner, &salmon, vec![7; 1_000]).await;
    // Whoever reads it waits until somebody writes into it.
    let blob = only_blob(&server);
    fs::remove_file(&blob).unwrap();
    let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600));
    rustix::fs::mknodat(rustix::fs::CWD, &blob, kind, mode, 0).unwrap();
    let database = server.folder().join(format!("workspaces/{}.db", server.workspace));
    let asked = owner.post("/exports", &to_a_key()).await.is(202);

    let pipe = blob.clone();
    let look = tokio::task::spawn_blocking(move || {
        let mut pipe = File::options().write(true).open(pipe).unwrap();
        let file = rusqlite::Connection::open(database).unwrap();
        let busy = "PRAGMA wal_checkpoint(TRUNCATE)";
        let is_busy: bool = file.query_row(busy, [], |row| row.get(0)).unwrap();
        pipe.write_all(b"not what was sent").ok();
        is_busy
    });
    let ended = job(&server, &asked, &owner, "").await;
    // Lets go of the thread above should nobody have read.
    let _reader = File::options().read(true).write(true).open(&blob).unwrap();

    assert!(!look.await.unwrap(), "the moment is still held");
    assert_eq!(ended["problem"]["code"], "blob-damaged", "{ended}");
    server.finish().await;
}

#[tokio::test]
async fn an_export_needs_room_for_the_files_too() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let salmon = item(&owner, "A").await;
    add_file(&owner, &salmon, vec![7; 8_000_000]).await;
    // For the database there is room.
    server.platform.room.pretend(Some(ROOM_LEFT_BYTES + 7_000_000));

    let asked = owner.post("/exports", &to_a_key()).await.is(202);
    let refused = job(&server, &asked, &owner, "").await;
    server.platform.room.pretend(Some(ROOM_LEFT_BYTES + 16_000_000));
    let asked = owner.post("/exports", &to_a_key()).await.is(202);
    let done = job(&server, &asked, &owner, "").await;

    assert_eq!(refused["problem"]["code"], "archive-no-room", "{refused}");
    assert_eq!(done["state"], "done", "{done}");
    server.platform.room.pretend(None);
    server.finish().await;
}

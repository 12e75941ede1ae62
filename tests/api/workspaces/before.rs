//! What is kept of a file before a release changes it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use holdfast::platform::workspaces::WorkspaceId;
use serde_json::json;

use crate::jobs::clean_up::clean_up;
use crate::support::{Client, TestServer};
use crate::workspaces::life::{delete, purge};

const DAY: Duration = Duration::from_hours(24);

/// Takes the newest change of a workspace's file back, as a file of the release before has it.
#[expect(clippy::disallowed_methods, reason = "an older release did it")]
pub(crate) fn make_older(path: &Path) {
    let file = rusqlite::Connection::open(path).expect("a file");
    let sql = "DROP TABLE item_files;
               DELETE FROM applied_migrations WHERE set_name = 'inventory' AND number IN (15, 22);";
    file.execute_batch(sql).expect("an older file");
}

fn copies(server: &TestServer) -> Vec<PathBuf> {
    let entries = fs::read_dir(server.folder().join("before"));
    let entries = entries.map_or(Vec::new(), Iterator::collect);
    let paths =
        entries.into_iter().map(|one: std::io::Result<fs::DirEntry>| one.expect("an entry").path());
    // Whoever looks into a copy leaves files beside it.
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "db")).collect()
}

async fn add_item(client: &Client) {
    let item = json!({ "item_number": "S-1", "name": "Salt", "unit": "kg" });
    client.post("/inventory/items", &item).await.is(201);
}

/// A box that was started with a newer release, which used one workspace since.
async fn updated(server: TestServer, workspace: WorkspaceId) -> TestServer {
    add_item(&server.person_in(workspace, "manager").await).await;
    let path = server.platform.workspaces.path(workspace);
    let server = server.restart_after(|| make_older(&path)).await;
    server.person_in(workspace, "manager").await.get("/inventory/items").await.is(200);
    server
}

async fn updated_in_its_own() -> TestServer {
    let server = TestServer::start().await;
    let workspace = server.workspace;
    updated(server, workspace).await
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "nobody else reads a copy")]
async fn a_file_is_kept_as_it_was_before_a_release_changes_it() {
    let server = updated_in_its_own().await;

    let kept = copies(&server);
    let [copy] = kept.as_slice() else { panic!("one file was changed: {kept:?}") };
    let name = copy.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with(&format!("{}_", server.workspace)), "{name}");
    let file = rusqlite::Connection::open(copy).unwrap();
    let count = |sql: &str| file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT COUNT(*) FROM items WHERE item_number = 'S-1'"), 1);
    assert_eq!(count("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'item_files'"), 0);
    drop(file);

    let server = server.restart().await;
    server.person("manager").await.get("/inventory/items").await.is(200);
    assert_eq!(copies(&server), kept, "nothing was changed again");
    server.finish().await;
}

#[tokio::test]
async fn a_copy_of_before_is_kept_for_a_week() {
    let server = updated_in_its_own().await;

    server.advance(DAY * 7);
    assert_eq!(clean_up(&server).await["copies_before"], 0);
    server.advance(Duration::from_secs(1));
    assert_eq!(clean_up(&server).await["copies_before"], 1);

    assert_eq!(copies(&server), Vec::<PathBuf>::new());
    server.finish().await;
}

#[tokio::test]
async fn a_purge_takes_the_copies_of_before_along() {
    let server = TestServer::start().await;
    let id = server.second_workspace().await;
    let server = updated(server, id).await;
    delete(&server.person_in(id, "owner").await).await;
    let aside = copies(&server)[0].with_file_name("system_27_2026-11-21T06:00:00.000Z.db");
    fs::write(&aside, "of another file").expect("a file");

    server.advance(DAY * 30);
    assert_eq!(purge(&server).await, 1);

    assert_eq!(copies(&server), [aside]);
    server.finish().await;
}

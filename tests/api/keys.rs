//! The master key is changed while the box works.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Row};
use serde_json::{Value, json};

use crate::support::TestServer;

/// Every file below the data folder and every value of the box's file that holds `needle`. In the
/// databases themselves what was overwritten may still lie in free pages.
fn holders(server: &TestServer, needle: &[u8]) -> Vec<String> {
    fn look_at(path: &Path, needle: &[u8], found: &mut Vec<String>) {
        for entry in fs::read_dir(path).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.display().to_string();
            if path.is_dir() {
                look_at(&path, needle, found);
            } else if !name.contains(".db") && holds(&fs::read(&path).expect("a file"), needle) {
                found.push(name);
            }
        }
    }
    let mut found = Vec::new();
    look_at(server.folder(), needle, &mut found);
    found.extend(in_tables(&server.folder().join("system.db"), needle));
    found
}

#[expect(clippy::disallowed_methods, reason = "looks at the values from outside the box")]
fn in_tables(path: &Path, needle: &[u8]) -> Vec<String> {
    let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a file");
    let sql = "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
               WHERE t.type = 'table' AND c.type = 'BLOB'";
    let mut tables = file.prepare(sql).expect("the columns");
    let named = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let columns = tables.query_map([], named).expect("rows").map(|row| row.expect("a row"));
    let held = columns.filter(|(table, column)| {
        let sql = format!("SELECT count(*) FROM {table} WHERE instr({column}, ?1) > 0");
        file.query_row(&sql, [needle], |row| row.get::<_, i64>(0)).expect("a count") > 0
    });
    held.map(|(table, column)| format!("{table}.{column}")).collect()
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|part| part == needle)
}

fn bytes_of(id: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&id[at..at + 2], 16).expect("hexadecimal digits");
    (0..id.len()).step_by(2).map(digit).collect()
}

async fn key(server: &TestServer) -> Value {
    server.operator().await.get("/api/v1/keys").await.is(200)
}

#[tokio::test]
async fn nothing_is_left_that_the_old_key_sealed() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let before = key(&server).await;
    assert_eq!((&before["source"], &before["is_rotating"]), (&json!("file"), &json!(false)));

    let job = operator.post("/api/v1/keys/rotate", &Value::Null).await.is(202);
    server.run_jobs().await;

    let job = operator.get(&format!("/api/v1/jobs/{}", job["id"].as_str().unwrap())).await.is(200);
    assert_eq!(job["state"], "done", "{job}");
    let after = key(&server).await;
    assert_eq!(after["id"], job["result"]["key_id"]);
    assert_ne!(after["id"], before["id"]);
    assert_eq!(after["is_rotating"], false);
    let old = bytes_of(before["id"].as_str().unwrap());
    assert_eq!(holders(&server, &old), Vec::<String>::new());
    let counts = server.box_counts().await;
    assert_eq!((counts["keys.rotation.begun"], counts["keys.rotated"]), (1, 1));
    server.finish().await;
}

#[tokio::test]
async fn a_kill_after_any_step_lets_the_change_go_on() {
    for commits_until_the_kill in 1..=4 {
        let server = TestServer::start().await;
        let operator = server.operator().await;
        let before = key(&server).await;
        operator.post("/api/v1/keys/rotate", &Value::Null).await.is(202);
        let mut commits = server.platform.system_commits.clone();
        commits.mark_unchanged();
        tokio::select! {
            biased;
            () = async {
                for _ in 0..commits_until_the_kill {
                    commits.changed().await.expect("an open box");
                }
            } => {}
            _ = server.run_jobs() => {}
        }

        let server = server.restart().await;
        server.run_jobs().await;

        let after = key(&server).await;
        assert_ne!(after["id"], before["id"]);
        assert_eq!(after["is_rotating"], false, "killed after {commits_until_the_kill}");
        let counts = server.box_counts().await;
        assert_eq!((counts["keys.rotation.begun"], counts["keys.rotated"]), (1, 1));
        server.finish().await;
    }
}

#[tokio::test]
async fn a_change_under_way_is_joined() {
    let server = TestServer::start().await;
    let operator = server.operator().await;

    let first = operator.post("/api/v1/keys/rotate", &Value::Null).await.is(202);
    let second = operator.post("/api/v1/keys/rotate", &Value::Null).await.is(202);

    assert_eq!(first["id"], second["id"]);
    server.finish().await;
}

#[tokio::test]
async fn only_operators_change_the_key() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;

    owner.post("/api/v1/keys/rotate", &Value::Null).await.is_problem(403, "forbidden");
    owner.get("/api/v1/keys").await.is_problem(403, "forbidden");

    assert!(!server.box_actions().await.contains(&"keys.rotation.begun".to_owned()));
    server.finish().await;
}

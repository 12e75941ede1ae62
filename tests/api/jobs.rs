//! Work in the background: by the clock, on demand, once.

pub(crate) mod clean_up;
mod files;
mod in_hand;
pub(crate) mod kinds;
mod once;
mod people;
mod schedules;

use serde_json::{Value, json};

use crate::support::{Client, TestServer};

pub(crate) const SELF_CHECK: &str = "inventory.self-check";

/// The workspace's jobs, newest first.
pub(crate) async fn jobs(client: &Client) -> Vec<Value> {
    let list = client.get("/jobs").await.is(200);
    list["items"].as_array().expect("a list").clone()
}

pub(crate) fn ask(kind: &str) -> Value {
    json!({ "kind": kind })
}

pub(crate) fn path(job: &Value) -> String {
    format!("/jobs/{}", job["id"].as_str().expect("an id"))
}

/// Makes the stock differ from its ledger, as a broken disk would.
pub(crate) async fn break_stock(server: &TestServer) {
    break_stock_behind(server, 0).await;
}

/// The same for items behind one of them only.
#[expect(clippy::disallowed_methods, reason = "the damage is done behind the box's back")]
pub(crate) async fn break_stock_behind(server: &TestServer, item_rid: i64) {
    let path = server.platform.workspaces.path(server.workspace);
    server.platform.workspaces.close_all().await;
    let connection = rusqlite::Connection::open(path).expect("a file");
    let guard = "SELECT sql FROM sqlite_schema WHERE name = 'stocks_follow_a_movement'";
    let guard: String = connection.query_row(guard, [], |row| row.get(0)).expect("a trigger");
    connection.execute_batch("DROP TRIGGER stocks_follow_a_movement").expect("no trigger");
    let sql = "UPDATE stocks SET qty = qty + 1000 WHERE item_id > ?1";
    let changed = connection.execute(sql, [item_rid]);
    assert!(changed.expect("a change") > 0, "there is no stock to break");
    connection.execute_batch(&guard).expect("the trigger again");
}

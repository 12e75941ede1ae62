//! The schema's own promises: whatever a statement tries, the ledger only grows and stock is its
//! sum.

use serde_json::Value;

use super::{item, location, on_hand, post};
use crate::support::TestServer;

/// Runs a statement past all rules and gives SQLite's complaint.
async fn force(server: &TestServer, sql: &'static str) -> String {
    let inside = server.inside();
    let outcome = inside.write(move |scope| Ok(scope.prepare_cached(sql)?.execute([])?)).await;
    outcome.err().map(|error| error.to_string()).unwrap_or_default()
}

const COPY: &str = "INSERT OR REPLACE INTO movements (seq, id, type, item_id, location_id, qty,
     value, effective_at, posted_at)
     SELECT seq, id, type, item_id, location_id, 1000, 0, 0, 0 FROM movements WHERE seq = 1";
const SAME_ID: &str = "INSERT OR REPLACE INTO movements (id, type, item_id, location_id, qty,
     value, effective_at, posted_at)
     SELECT id, type, item_id, location_id, 1000, 0, 0, 0 FROM movements WHERE seq = 1";

#[tokio::test]
async fn no_statement_changes_the_ledger_or_its_sums() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    post(&manager, "receive", &salmon, &shelf, "3").await;
    post(&manager, "use", &salmon, &shelf, "1").await;
    for (sql, complaint) in [
        ("UPDATE movements SET qty = qty + 1000", "movements are not changed"),
        ("UPDATE movements SET note = 'x' WHERE seq = 1", "movements are not changed"),
        ("DELETE FROM movements", "movements are not deleted"),
        (COPY, "movements are not replaced"),
        (SAME_ID, "movements are not replaced"),
        ("UPDATE stocks SET qty = 99000", "stocks are written by movements"),
        ("UPDATE stocks SET qty = qty - 1000, last_seq = 2", "stocks are written by movements"),
        ("UPDATE stocks SET last_seq = 3", "stocks are written by movements"),
        ("UPDATE OR REPLACE stocks SET lot_id = 0, qty = 1", "stocks are written by movements"),
        ("DELETE FROM stocks", "stocks are written by movements"),
        (
            "INSERT OR REPLACE INTO stocks SELECT item_id, location_id, 0, 3000, 1 FROM stocks",
            "stocks are written by movements",
        ),
        ("UPDATE item_totals SET qty = 0, value = 0", "item totals are written by movements"),
        ("UPDATE item_totals SET value = 1, last_seq = 9", "item totals are written by movements"),
        ("UPDATE item_totals SET min_qty = 5", "item totals copy the minimum of the item"),
        ("DELETE FROM item_totals", "item totals are written by movements"),
        (
            "INSERT OR REPLACE INTO item_totals VALUES (1, 0, 0, 0, NULL)",
            "item totals are written by movements",
        ),
        ("DELETE FROM items", "items are hidden by deleted_at"),
        ("DELETE FROM locations", "locations are hidden by deleted_at"),
        ("DROP TRIGGER movements_are_not_changed", "not authorized"),
        ("PRAGMA writable_schema = 1", "not authorized"),
    ] {
        let said = force(&server, sql).await;
        assert!(said.contains(complaint), "{sql} was answered by {said:?}");
    }

    assert_eq!(on_hand(&manager, &salmon).await, "2.000");
    let findings = manager.post("/inventory/integrity", &Value::Null).await.is(200);
    assert_eq!(findings["ok"], true);
    server.finish().await;
}

#[tokio::test]
async fn the_ledger_takes_nothing_that_contradicts_itself() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    post(&manager, "receive", &salmon, &shelf, "3").await;

    for sql in [
        // A receipt below zero, a use above it, a movement of nothing.
        "INSERT INTO movements (id, type, item_id, location_id, qty, value, effective_at, posted_at)
         VALUES (randomblob(16), 'receive', 1, 1, -1, 0, 0, 0)",
        "INSERT INTO movements (id, type, item_id, location_id, qty, value, effective_at, posted_at)
         VALUES (randomblob(16), 'use', 1, 1, 1, 0, 0, 0)",
        "INSERT INTO movements (id, type, item_id, location_id, qty, value, effective_at, posted_at)
         VALUES (randomblob(16), 'adjust', 1, 1, 0, 0, 0, 0)",
        // A leg without a transfer, an unknown type, fractions, an unknown item.
        "INSERT INTO movements (id, type, item_id, location_id, qty, value, effective_at, posted_at)
         VALUES (randomblob(16), 'transfer', 1, 1, 1, 0, 0, 0)",
        "INSERT INTO movements (id, type, item_id, location_id, qty, value, effective_at, posted_at)
         VALUES (randomblob(16), 'gift', 1, 1, 1, 0, 0, 0)",
        "INSERT INTO movements (id, type, item_id, location_id, qty, value, effective_at, posted_at)
         VALUES (randomblob(16), 'adjust', 1, 1, 0.5, 0, 0, 0)",
        "INSERT INTO movements (id, type, item_id, location_id, qty, value, effective_at, posted_at)
         VALUES (randomblob(16), 'adjust', 99, 1, 1, 0, 0, 0)",
        // More than the range of amounts, in one and in sum.
        "INSERT INTO movements (id, type, item_id, location_id, qty, value, effective_at, posted_at)
         VALUES (randomblob(16), 'adjust', 1, 1, 100000000000000, 0, 0, 0)",
        "INSERT INTO movements (id, type, item_id, location_id, qty, value, effective_at, posted_at)
         VALUES (randomblob(16), 'adjust', 1, 1, 99999999999999, 0, 0, 0)",
        // A second item with the number.
        "INSERT INTO items (id, item_number, item_number_key, name, name_key, unit, created_at,
             updated_at) VALUES (randomblob(16), 's', 's', 'S', 's', 'kg', 0, 0)",
        "UPDATE items SET min_qty = 2000, max_qty = 1000",
        "UPDATE locations SET parent_id = rid",
    ] {
        let said = force(&server, sql).await;
        assert!(said.contains("constraint") || said.contains("cannot store"), "{sql}: {said:?}");
    }
    assert_eq!(on_hand(&manager, &salmon).await, "3.000");
    server.finish().await;
}

#[tokio::test]
async fn twenty_people_at_once_lose_nothing_and_double_nothing() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    post(&manager, "receive", &salmon, &shelf, "10").await;

    let uses = (0..20).map(|_| {
        let body = super::movement("use", &salmon, &shelf, "1");
        let manager = manager.clone();
        async move { manager.post("/inventory/movements", &body).await.status.as_u16() }
    });
    let mut statuses = futures_util::future::join_all(uses).await;
    statuses.sort_unstable();

    assert_eq!(statuses, [[201; 10], [422; 10]].concat());
    assert_eq!(on_hand(&manager, &salmon).await, "0.000");
    server.finish().await;
}

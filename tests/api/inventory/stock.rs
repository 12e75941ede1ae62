//! What is where, and that it is the sum of its ledger.

use std::time::Duration;

use serde_json::{Value, json};

use holdfast::apps::inventory::stocks::ops;
use holdfast::apps::inventory::stocks::rules::ITEMS_CHECKED_AT_ONCE;
use holdfast::platform::error::Error;

use super::{column, item, location, movement, path, post, text};
use crate::jobs::{SELF_CHECK, ask, break_stock_behind, jobs};
use crate::support::{START, TestServer, nothing};

#[tokio::test]
async fn stock_is_listed_by_item_and_place_now_and_at_a_time() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, cod) = (item(&manager, "S").await, item(&manager, "C").await);
    let (a, b) = (location(&manager, "A").await, location(&manager, "B").await);
    post(&manager, "receive", &salmon, &a, "1").await;
    post(&manager, "receive", &cod, &a, "2").await;
    server.advance(Duration::from_hours(1));
    post(&manager, "receive", &salmon, &b, "3").await;
    post(&manager, "use", &cod, &a, "2").await;
    let id = |of: &Value| of["id"].as_str().unwrap().to_owned();
    let listed = async |query: &str| {
        let list = manager.get(&format!("/inventory/stock?{query}")).await.is(200);
        let (items, qty) = (column(&list, "item_number"), column(&list, "qty"));
        let places = column(&list, "location_code");
        let rows = items.iter().zip(places).zip(qty);
        rows.map(|((item, place), qty)| format!("{item}@{place}={qty}")).collect::<Vec<_>>()
    };

    assert_eq!(listed("").await, ["S@A=1.000", "S@B=3.000"]);
    assert_eq!(listed(&format!("location_id={}", id(&b))).await, ["S@B=3.000"]);
    let item_id = format!("item_id={}", id(&salmon));
    assert_eq!(listed(&item_id).await, ["S@A=1.000", "S@B=3.000"]);
    assert_eq!(listed(&format!("{item_id}&location_id={}", id(&a))).await, ["S@A=1.000"]);
    let then = START.plus(Duration::from_mins(1));
    assert_eq!(listed(&format!("at={then}")).await, ["C@A=2.000", "S@A=1.000"]);
    assert_eq!(listed(&format!("at={then}&{item_id}")).await, ["S@A=1.000"]);
    assert_eq!(listed(&format!("at={then}&location_id={}", id(&b))).await, [""; 0]);
    let before = START.minus(Duration::from_hours(1));
    assert_eq!(listed(&format!("at={before}")).await, [""; 0]);
    let first = manager.get("/inventory/stock?limit=1").await.is(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(listed(&format!("limit=1&cursor={cursor}")).await, ["S@B=3.000"]);
    let of_item = manager.get(&format!("{}/stock", path("items", &salmon))).await.is(200);
    assert_eq!(column(&of_item, "location_id"), [id(&a), id(&b)]);
    let missing = format!("/inventory/items/{}/stock", nothing::<()>());
    manager.get(&missing).await.is_problem(404, "not-found");
    manager.get("/inventory/stock?at=noon").await.is_field_problem("at", "moment-bad");
    server.finish().await;
}

#[tokio::test]
async fn the_self_check_compares_every_sum() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "S").await;
    let (a, b) = (location(&manager, "A").await, location(&manager, "B").await);
    post(&manager, "receive", &salmon, &a, "3").await;
    let body = json!({
        "item_id": salmon["id"], "from_location_id": a["id"], "to_location_id": b["id"],
        "qty": "1",
    });
    manager.post("/inventory/transfers", &body).await.is(201);

    let findings = manager.post("/inventory/integrity", &Value::Null).await.is(200);

    assert_eq!(findings, json!({ "ok": true, "checked": 3, "differences": [] }));
    server.finish().await;
}

/// Numbers of items go on far behind this one, in another range of the self-check.
const FAR: i64 = 4 * ITEMS_CHECKED_AT_ONCE;

async fn leave_a_gap(server: &TestServer) {
    let inside = server.inside();
    let written = inside.write(|scope| {
        scope
            .prepare_cached(
                "INSERT INTO items (rid, id, item_number, item_number_key, name, name_key, unit,
                     created_at, updated_at)
                 VALUES (:rid, randomblob(16), 'GAP', 'gap', 'Gap', 'gap', 'kg', 0, 0)",
            )?
            .execute(rusqlite::named_params! { ":rid": FAR })?;
        Ok(())
    });
    written.await.expect("an item");
}

#[tokio::test]
async fn the_self_check_goes_range_by_range_and_finds_what_is_wrong_in_the_last() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let (first, shelf) = (item(&admin, "A").await, location(&admin, "A").await);
    post(&admin, "receive", &first, &shelf, "3").await;
    leave_a_gap(&server).await;
    let last = item(&admin, "Z").await;
    post(&admin, "receive", &last, &shelf, "4").await;
    break_stock_behind(&server, FAR).await;

    let findings = admin.post("/inventory/integrity", &Value::Null).await.is(200);
    admin.post("/jobs", &ask(SELF_CHECK)).await.is(202);
    server.run_jobs().await;

    let difference = json!({
        "item_id": last["id"], "location_id": shelf["id"], "kind": "stock",
        "expected": "4.000", "found": "5.000",
    });
    assert_eq!(findings, json!({ "ok": false, "checked": 5, "differences": [difference] }));
    let job = &jobs(&admin).await[0];
    assert_eq!(
        (&job["state"], &job["problem"]["code"]),
        (&json!("failed"), &json!("stock-differs"))
    );
    assert_eq!(job["progress"], json!({ "done": FAR + 1, "total": FAR + 1 }));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_self_check_is_right_while_stock_moves_and_can_be_ended() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (first, shelf) = (item(&manager, "A").await, location(&manager, "A").await);
    leave_a_gap(&server).await;
    let last = item(&manager, "Z").await;
    let ctx = server.inside();
    let now = tokio::runtime::Handle::current();
    let mut ranges = 0;

    let findings = ops::check_telling(&ctx, |_| {
        ranges += 1;
        tokio::task::block_in_place(|| {
            now.block_on(post(&manager, "receive", &first, &shelf, "1"));
            now.block_on(post(&manager, "receive", &last, &shelf, "1"));
        });
        Ok(())
    });
    let findings = findings.await.unwrap();
    let ended = ops::check_telling(&ctx, |_| Err(Error::NotFound)).await;

    assert_eq!(ranges, 5);
    assert_eq!(findings.differences, []);
    assert!(matches!(ended, Err(Error::NotFound)), "{ended:?}");
    server.finish().await;
}

/// What an admin let through below zero is listed until it is settled, and told to nobody who
/// counts blind.
#[tokio::test]
async fn what_is_below_zero_is_listed_until_it_is_settled() {
    let server = TestServer::start().await;
    let (admin, counter) = (server.person("admin").await, server.person("counter").await);
    let (salmon, cod) = (item(&admin, "S").await, item(&admin, "C").await);
    let (freezer, cellar) = (location(&admin, "F").await, location(&admin, "G").await);
    post(&admin, "receive", &salmon, &cellar, "5").await;
    post(&admin, "receive", &cod, &freezer, "1").await;
    let mut short = movement("use", &salmon, &freezer, "2");
    short["override_reason"] = json!("The van is late");
    admin.post("/inventory/movements", &short).await.is(201);

    let below = admin.get("/inventory/stock?below_zero=true").await.is(200);
    assert_eq!(column(&below, "qty"), ["-2.000"]);
    assert_eq!(column(&below, "location_code"), ["F"]);
    let at_cellar = format!("/inventory/stock?below_zero=true&location_id={}", text(&cellar["id"]));
    assert_eq!(admin.get(&at_cellar).await.is(200)["items"], json!([]));
    counter.get("/inventory/stock?below_zero=true").await.is(200);
    let blind = json!({ "name": "Night", "blind": true });
    admin.post("/inventory/counts", &blind).await.is(201);
    let hidden = counter.get("/inventory/stock?below_zero=true").await;
    hidden.is_problem(409, "quantities-hidden");

    post(&admin, "receive", &salmon, &freezer, "2").await;
    let settled = admin.get("/inventory/stock?below_zero=true").await.is(200);
    assert_eq!(settled["items"], json!([]));
    server.finish().await;
}

//! What is where, and that it is the sum of its ledger.

use std::time::Duration;

use serde_json::{Value, json};

use super::{column, item, location, path, post};
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

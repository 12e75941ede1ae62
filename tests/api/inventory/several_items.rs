//! Changing several items at once.

use serde_json::{Value, json};

use super::{item, path};
use crate::support::{Client, TestServer};

const BULK: &str = "/inventory/items/bulk";

fn change(item: &Value, fields: &Value) -> Value {
    let mut change = json!({ "id": item["id"], "version": item["version"] });
    let all = change.as_object_mut().expect("an object");
    all.extend(fields.as_object().expect("an object").clone());
    change
}

fn changes(items: &[Value], fields: &Value) -> Value {
    let all: Vec<_> = items.iter().map(|item| change(item, fields)).collect();
    json!({ "changes": all })
}

async fn three(client: &Client) -> Vec<Value> {
    vec![item(client, "A").await, item(client, "B").await, item(client, "C").await]
}

async fn kept(client: &Client, items: &[Value]) -> Vec<Value> {
    let mut kept = Vec::new();
    for item in items {
        kept.push(client.get(&path("items", item)).await.is(200));
    }
    kept
}

#[tokio::test]
async fn what_is_sent_changes_and_the_rest_stays() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let items = three(&manager).await;

    let fields = json!({ "category": "Fish", "min_qty": "2.5", "temp_zone": "freezer" });
    let changed = manager.post(BULK, &changes(&items, &fields)).await.is(200);

    let now = kept(&manager, &items).await;
    assert_eq!(changed["items"], json!(now));
    for (before, after) in items.iter().zip(&now) {
        assert_eq!(after["version"], 2);
        assert_eq!(after["category"], "Fish");
        assert_eq!(after["min_qty"], "2.500");
        assert_eq!(after["temp_zone"], "freezer");
        for same in ["item_number", "name", "unit", "max_qty", "unit_cost", "barcodes", "notes"] {
            assert_eq!(after[same], before[same], "{same}");
        }
    }
    let audit = manager_log(&server).await;
    assert_eq!(audit.len(), 3);
    assert!(audit.iter().all(|entry| entry["changes"]["category"]["to"] == "Fish"), "{audit:?}");
    server.finish().await;
}

async fn manager_log(server: &TestServer) -> Vec<Value> {
    let admin = server.person("admin").await;
    let audit = admin.get("/audit?action=inventory.item.changed").await.is(200);
    audit["items"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn each_item_has_its_own_change_so_that_all_can_be_taken_back() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let items = three(&manager).await;
    let own = [
        change(&items[0], &json!({ "category": "Fish" })),
        change(&items[1], &json!({ "category": "Meat", "max_qty": 8 })),
    ];
    let first = manager.post(BULK, &json!({ "changes": own })).await.is(200);
    let first = first["items"].as_array().expect("a list");

    manager.post(BULK, &changes(first, &json!({ "category": "Cold" }))).await.is(200);
    let seen = kept(&manager, &items).await;
    let back = [
        change(&seen[0], &json!({ "category": "Fish" })),
        change(&seen[1], &json!({ "category": "Meat" })),
    ];
    manager.post(BULK, &json!({ "changes": back })).await.is(200);
    let clear = changes(&kept(&manager, &items[1..2]).await, &json!({ "max_qty": null }));
    manager.post(BULK, &clear).await.is(200);

    let now = kept(&manager, &items).await;
    let categories: Vec<_> = now.iter().map(|item| item["category"].clone()).collect();
    assert_eq!(categories, [json!("Fish"), json!("Meat"), Value::Null]);
    assert_eq!(now[1]["max_qty"], Value::Null);
    assert_eq!(now[2]["version"], 1);
    server.finish().await;
}

#[tokio::test]
async fn one_that_somebody_else_changed_stops_them_all() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let items = three(&manager).await;
    let other = json!({ "changes": [change(&items[1], &json!({ "category": "Meat" }))] });
    manager.post(BULK, &other).await.is(200);

    let all = changes(&items, &json!({ "category": "Fish" }));
    let refusal = manager.post(BULK, &all).await;

    let problem = refusal.is_problem(409, "items-changed");
    assert_eq!(problem["errors"][0]["field"], "changes[1].version");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains('B')), "{problem}");
    let now = kept(&manager, &items).await;
    let categories: Vec<_> = now.iter().map(|item| item["category"].clone()).collect();
    assert_eq!(categories, [Value::Null, json!("Meat"), Value::Null]);
    server.finish().await;
}

#[tokio::test]
async fn a_change_that_is_sent_twice_is_made_once() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let items = three(&manager).await;
    let all = changes(&items, &json!({ "category": "Fish", "min_qty": "1" }));

    let first = manager.post(BULK, &all).await.is(200);
    let again = manager.post(BULK, &all).await.is(200);

    assert_eq!(again, first);
    assert_eq!(manager_log(&server).await.len(), 3);
    server.finish().await;
}

#[tokio::test]
async fn every_wrong_part_is_named_and_nothing_changes() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let items = three(&manager).await;
    let limits = json!({ "changes": [change(&items[2], &json!({ "max_qty": "5" }))] });
    let limited = manager.post(BULK, &limits).await.is(200)["items"][0].clone();
    let gone = item(&manager, "D").await;
    manager.change(http::Method::DELETE, &path("items", &gone), 1, &Value::Null).await.is(204);

    let wrong = json!({ "changes": [
        change(&items[0], &json!({ "category": "x".repeat(101), "min_qty": "1.2345" })),
        change(&items[0], &json!({ "temp_zone": "hot" })),
        { "id": "nothing", "version": 1 },
    ] });
    let before = kept(&manager, &items).await;
    let ids = manager.post(BULK, &wrong).await.is_problem(422, "invalid-fields");
    assert_eq!(fields(&ids), ["changes[2].id"]);
    let wrong = json!({ "changes": wrong["changes"].as_array().expect("a list")[..2] });
    let parts = manager.post(BULK, &wrong).await.is_problem(422, "invalid-fields");
    let named =
        ["changes[0].min_qty", "changes[0].category", "changes[1].id", "changes[1].temp_zone"];
    assert_eq!(fields(&parts), named);

    let against = json!({ "changes": [
        change(&items[0], &json!({ "min_qty": "6" })),
        change(&limited, &json!({ "min_qty": "6" })),
        change(&gone, &json!({ "min_qty": "6" })),
    ] });
    let found = manager.post(BULK, &against).await.is_problem(422, "invalid-fields");
    assert_eq!(fields(&found), ["changes[1].max_qty", "changes[2].id"]);
    assert!(found["errors"][0]["detail"].as_str().is_some_and(|text| text.contains('C')));

    manager.post(BULK, &json!({ "changes": [] })).await.is_problem(422, "invalid-fields");
    let many = vec![change(&items[0], &json!({})); 501];
    manager.post(BULK, &json!({ "changes": many })).await.is_problem(422, "invalid-fields");
    let price = json!({ "changes": [change(&items[0], &json!({ "unit_cost": "1" }))] });
    assert!(manager.post(BULK, &price).await.status.is_client_error());
    assert_eq!(kept(&manager, &items).await, before);
    server.finish().await;
}

fn fields(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().expect("a list");
    errors.iter().map(|error| error["field"].as_str().expect("a text")).collect()
}

#[tokio::test]
async fn five_hundred_are_changed_at_once_and_what_is_low_is_told() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let mut items = Vec::new();
    for number in 0..500 {
        items.push(item(&manager, &format!("N{number}")).await);
    }

    manager.post(BULK, &changes(&items, &json!({ "min_qty": "1" }))).await.is(200);

    let low = manager.get("/inventory/items?low=true&total=true&limit=1").await.is(200);
    assert_eq!(low["total"], 500);
    server.finish().await;
}

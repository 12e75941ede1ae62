//! Places.

use http::Method;
use serde_json::{Value, json};

use super::{column, item, location, path, post};
use crate::support::{TestServer, nothing};

#[tokio::test]
async fn places_are_a_tree_listed_by_code() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let cold = location(&manager, "COLD").await;
    let body = json!({
        "code": "COLD-1", "name": "Shelf 1", "temp_zone": "cooler", "parent_id": cold["id"],
    });
    let shelf = manager.post("/inventory/locations", &body).await;
    location(&manager, "BAR").await;

    assert_eq!(shelf.header("etag"), Some("\"1\""));
    let shelf = shelf.is(201);
    assert_eq!(shelf["parent_id"], cold["id"]);
    assert_eq!(shelf["active"], true);
    let list = manager.get("/inventory/locations").await.is(200);
    assert_eq!(column(&list, "code"), ["BAR", "COLD", "COLD-1"]);
    assert_eq!(list["next_cursor"], Value::Null);
    let first = manager.get("/inventory/locations?limit=2").await.is(200);
    let next = first["next_cursor"].as_str().unwrap();
    let rest = manager.get(&format!("/inventory/locations?limit=2&cursor={next}")).await.is(200);
    assert_eq!(column(&rest, "code"), ["COLD-1"]);
    assert_eq!(manager.get(&path("locations", &shelf)).await.is(200), shelf);
    server.finish().await;
}

#[tokio::test]
async fn a_code_belongs_to_one_place_and_wrong_fields_are_named() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    location(&manager, "A").await;
    let with = |code: &str, field: &str, value: Value| {
        let mut body = json!({ "code": code, "name": "Place" });
        body[field] = value;
        body
    };

    let taken = manager.post("/inventory/locations", &with(" a ", "name", json!("X"))).await;
    taken.is_problem(422, "location-code-taken");
    for (field, value, code) in [
        ("temp_zone", json!("warm"), "temp-zone"),
        ("parent_id", json!(nothing::<()>().to_string()), "unknown-location"),
        ("parent_id", json!("x"), "unknown-location"),
        ("code", json!("x".repeat(33)), "text-too-long"),
        ("colour", json!("red"), "unknown-field"),
    ] {
        let refused = manager.post("/inventory/locations", &with("B", field, value)).await;
        refused.is_field_problem(field, code);
    }
    assert_eq!(server.audit_actions().await, ["inventory.location.created"]);
    server.finish().await;
}

#[tokio::test]
async fn the_tree_has_no_cycle_and_ten_levels() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let mut places = vec![location(&manager, "L1").await];
    for level in 2..=10 {
        let parent = places.last().unwrap()["id"].clone();
        let body = json!({ "code": format!("L{level}"), "name": "Level", "parent_id": parent });
        places.push(manager.post("/inventory/locations", &body).await.is(201));
    }

    let body = json!({ "code": "L11", "name": "Level", "parent_id": places[9]["id"] });
    manager.post("/inventory/locations", &body).await.is_problem(422, "location-too-deep");
    let mut top = places[0].clone();
    top["parent_id"] = places[9]["id"].clone();
    let cycle = manager.change(Method::PUT, &path("locations", &places[0]), 1, &top).await;

    cycle.is_problem(422, "location-cycle");
    cycle.is_field_problem("parent_id", "location-cycle");
    server.finish().await;
}

#[tokio::test]
async fn a_place_with_stock_or_places_below_stays_open() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (room, salmon) = (location(&manager, "ROOM").await, item(&manager, "S").await);
    let body = json!({ "code": "SHELF", "name": "Shelf", "parent_id": room["id"] });
    let shelf = manager.post("/inventory/locations", &body).await.is(201);
    post(&manager, "receive", &salmon, &shelf, "1").await;
    let mut closed = shelf.clone();
    closed["active"] = json!(false);
    let (room_path, shelf_path) = (path("locations", &room), path("locations", &shelf));

    let close = manager.change(Method::PUT, &shelf_path, 1, &closed).await;
    let delete = manager.change(Method::DELETE, &shelf_path, 1, &Value::Null).await;
    let above = manager.change(Method::DELETE, &room_path, 1, &Value::Null).await;

    for refused in [close, delete, above] {
        refused.is_problem(409, "location-in-use");
    }
    assert_eq!(manager.get(&shelf_path).await.is(200)["stock_items"], 1);
    post(&manager, "use", &salmon, &shelf, "1").await;
    manager.change(Method::PUT, &shelf_path, 1, &closed).await.is(200);
    let body = super::movement("receive", &salmon, &shelf, "1");
    let refused = manager.post("/inventory/movements", &body).await;
    refused.is_problem(422, "location-inactive");
    server.finish().await;
}

#[tokio::test]
async fn a_deleted_place_is_hidden_and_comes_back() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let bar = location(&manager, "BAR").await;
    let path = path("locations", &bar);

    manager.change(Method::DELETE, &path, 9, &Value::Null).await.is_problem(412, "stale");
    assert_eq!(manager.change(Method::DELETE, &path, 1, &Value::Null).await.status, 204);
    manager.get(&path).await.is_problem(404, "not-found");
    assert_eq!(manager.get("/inventory/locations").await.is(200)["items"], json!([]));
    let all = manager.get("/inventory/locations?deleted=true").await.is(200);
    assert_eq!(column(&all, "code"), ["BAR"]);
    let restored = manager.post(&format!("{path}/restore"), &Value::Null).await.is(200);

    assert_eq!(restored["version"], 3);
    assert_eq!(restored["deleted_at"], Value::Null);
    let actions =
        ["created", "deleted", "restored"].map(|what| format!("inventory.location.{what}"));
    assert_eq!(server.audit_actions().await, actions);
    server.finish().await;
}

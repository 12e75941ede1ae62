//! Suppliers, and what they call and ask for what they deliver.

use http::Method;
use serde_json::{Value, json};

use super::{column, item, path};
use crate::support::{Client, TestServer, nothing};

pub(crate) async fn supplier(client: &Client, name: &str) -> Value {
    client.post("/inventory/suppliers", &json!({ "name": name })).await.is(201)
}

/// Says what a supplier asks for an item; gives the supplier after it.
pub(crate) async fn deliver(
    client: &Client,
    supplier: &Value,
    item: &Value,
    terms: &Value,
) -> Value {
    let of = path("suppliers", supplier);
    let version = client.get(&of).await.is(200)["version"].as_i64().expect("a version");
    let to = format!("{of}/items/{}", item["id"].as_str().expect("an id"));
    client.change(Method::PUT, &to, version, terms).await.is(200)
}

#[tokio::test]
async fn a_supplier_is_kept_listed_changed_deleted_and_restored() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let body = json!({ "name": " Nordsee  Fisch ", "email": "orders@nordsee.example",
        "phone": "+49 40 1", "lead_days": 2, "notes": "Back door" });

    let made = manager.post("/inventory/suppliers", &body).await;
    assert_eq!(made.header("etag"), Some("\"1\""));
    let fish = made.is(201);
    supplier(&manager, "Ackermann").await;

    assert_eq!(fish["name"], "Nordsee Fisch");
    let list = manager.get("/inventory/suppliers").await.is(200);
    assert_eq!(column(&list, "name"), ["Ackermann", "Nordsee Fisch"]);
    let first = manager.get("/inventory/suppliers?limit=1").await.is(200);
    let next = first["next_cursor"].as_str().unwrap();
    let rest = manager.get(&format!("/inventory/suppliers?limit=1&cursor={next}")).await.is(200);
    assert_eq!(column(&rest, "name"), ["Nordsee Fisch"]);
    let at = path("suppliers", &fish);
    let mut changed = fish.clone();
    changed["phone"] = json!("");
    manager.change(Method::PUT, &at, 9, &changed).await.is_problem(412, "stale");
    let fish = manager.change(Method::PUT, &at, 1, &changed).await.is(200);
    assert_eq!([&fish["version"], &fish["phone"]], [&json!(2), &json!("")]);
    assert_eq!(manager.change(Method::DELETE, &at, 2, &Value::Null).await.status, 204);
    manager.get(&at).await.is_problem(404, "not-found");
    let bin = manager.get("/deleted?kind=inventory.supplier").await.is(200);
    assert_eq!(column(&bin, "title"), ["Nordsee Fisch"]);
    let back = manager.post(&format!("{at}/restore"), &Value::Null).await.is(200);
    assert_eq!(back["deleted_at"], Value::Null);
    let told = ["created", "created", "changed", "deleted", "restored"];
    let told = told.map(|what| format!("inventory.supplier.{what}"));
    assert_eq!(server.audit_actions().await, told);
    server.finish().await;
}

#[tokio::test]
async fn a_name_belongs_to_one_supplier_and_wrong_fields_are_named() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let first = supplier(&manager, "Ackermann").await;
    for (field, value, code) in [
        ("name", json!(" "), "text-empty"),
        ("email", json!("orders at home"), "supplier-email"),
        ("lead_days", json!(1_000), "lead-days"),
        ("lead_days", json!(-1), "lead-days"),
        ("colour", json!("red"), "unknown-field"),
    ] {
        let mut body = json!({ "name": "B" });
        body[field] = value;
        manager.post("/inventory/suppliers", &body).await.is_field_problem(field, code);
    }

    let taken = manager.post("/inventory/suppliers", &json!({ "name": "ACKERMANN" })).await;

    taken.is_problem(422, "supplier-name-taken");
    let at = path("suppliers", &first);
    assert_eq!(manager.change(Method::DELETE, &at, 1, &Value::Null).await.status, 204);
    supplier(&manager, "Ackermann").await;
    let refused = manager.post(&format!("{at}/restore"), &Value::Null).await;
    refused.is_problem(409, "supplier-name-taken");
    server.finish().await;
}

#[tokio::test]
async fn what_a_supplier_delivers_has_a_code_a_pack_and_a_price() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, cod) = (item(&manager, "S").await, item(&manager, "C").await);
    let (one, two) = (supplier(&manager, "One").await, supplier(&manager, "Two").await);
    let terms = json!({ "sku": "LAX-5", "pack_qty": "5", "last_price": "18.25" });

    let after = deliver(&manager, &one, &salmon, &terms).await;
    deliver(&manager, &one, &cod, &json!({})).await;
    deliver(&manager, &two, &salmon, &json!({ "sku": "77", "preferred": true })).await;

    assert_eq!([&after["version"], &after["items"]], [2, 1]);
    let at = format!("{}/items", path("suppliers", &one));
    let items = manager.get(&at).await.is(200);
    assert_eq!(column(&items, "item_number"), ["S", "C"]);
    assert_eq!(column(&items, "sku"), ["LAX-5", ""]);
    assert_eq!(column(&items, "pack_qty"), ["5.000", "1.000"]);
    assert_eq!(column(&items, "last_price"), ["18.2500", ""]);
    let preferred = |list: &Value| list["items"][0]["preferred"].clone();
    assert_eq!(preferred(&items), false);
    let other = manager.get(&format!("{}/items", path("suppliers", &two))).await.is(200);
    assert_eq!(preferred(&other), true);
    // The search finds the item by what a supplier calls it.
    let found = manager.get("/inventory/items?q=LAX-5").await.is(200);
    assert_eq!(column(&found, "item_number"), ["S"]);
    let one_item = format!("{at}/{}", salmon["id"].as_str().unwrap());
    manager.change(Method::PUT, &one_item, 1, &terms).await.is_problem(412, "stale");
    let zero = json!({ "pack_qty": "0" });
    let refused = manager.change(Method::PUT, &one_item, 3, &zero).await;
    refused.is_field_problem("pack_qty", "amount-zero");
    let unknown = format!("{at}/{}", nothing::<()>());
    let refused = manager.change(Method::PUT, &unknown, 3, &terms).await;
    refused.is_field_problem("item_id", "unknown-item");
    let removed = manager.change(Method::DELETE, &one_item, 3, &Value::Null).await;
    assert_eq!(removed.status, 204);
    assert_eq!(column(&manager.get(&at).await.is(200), "item_number"), ["C"]);
    manager.change(Method::DELETE, &one_item, 4, &Value::Null).await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn who_sees_no_prices_sees_no_supplier() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "S").await;
    let fish = supplier(&manager, "Nordsee").await;
    let at = path("suppliers", &fish);
    for role in ["viewer", "counter"] {
        let person = server.person(role).await;
        let one = format!("{at}/items/{}", salmon["id"].as_str().unwrap());
        for asked in ["/inventory/suppliers", &at, &format!("{at}/items")] {
            person.get(asked).await.is_problem(403, "forbidden");
        }
        let body = json!({ "name": "X" });
        person.post("/inventory/suppliers", &body).await.is_problem(403, "forbidden");
        person.change(Method::PUT, &at, 1, &body).await.is_problem(403, "forbidden");
        person.change(Method::DELETE, &at, 1, &Value::Null).await.is_problem(403, "forbidden");
        person.change(Method::PUT, &one, 1, &json!({})).await.is_problem(403, "forbidden");
        let found = person.get("/search?q=Nordsee").await.is(200);
        assert_eq!(found["items"], json!([]), "{role}");
    }
    assert_eq!(manager.get(&at).await.is(200)["version"], 1);
    server.finish().await;
}

//! An item that is valued at its own price, whatever was paid, worked by hand.

use http::Method;
use serde_json::{Value, json};

use super::{item, location, movement, path, text};
use crate::support::{Client, TestServer};

async fn standard(client: &Client, number: &str, cost: &str) -> Value {
    let body = json!({
        "item_number": number, "name": format!("Thing {number}"), "unit": "kg",
        "unit_cost": cost, "cost_method": "standard",
    });
    client.post("/inventory/items", &body).await.is(201)
}

async fn receive(client: &Client, item: &Value, place: &Value, qty: &str, paid: &str) -> Value {
    let mut body = movement("receive", item, place, qty);
    body["unit_cost"] = json!(paid);
    client.post("/inventory/movements", &body).await.is(201)
}

async fn worth(client: &Client, item: &Value) -> String {
    let item = client.get(&path("items", item)).await.is(200);
    text(&item["stock_value"]).to_owned()
}

async fn change(client: &Client, item: &Value, fields: &Value) -> (u16, Value) {
    let mut body = client.get(&path("items", item)).await.is(200);
    let version = body["version"].as_i64().expect("a version");
    let all = body.as_object_mut().expect("an object");
    all.extend(fields.as_object().expect("an object").clone());
    let reply = client.change(Method::PUT, &path("items", item), version, &body).await;
    (reply.status.as_u16(), reply.json())
}

#[tokio::test]
async fn what_comes_in_is_worth_the_standard_and_what_goes_takes_its_share() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let flour = standard(&manager, "F", "2.5").await;
    let place = location(&manager, "A").await;

    // 10 at 2.50, though 3.00 were paid: 25.
    let came = receive(&manager, &flour, &place, "10", "3").await;
    assert_eq!((text(&came["unit_cost"]), text(&came["value"])), ("2.5000", "25.0000"));
    // 4 go: 10. 6 stay: 15.
    let used = manager.post("/inventory/movements", &movement("use", &flour, &place, "4")).await;
    assert_eq!(text(&used.is(201)["value"]), "-10.0000");
    // 1 more is found: 2.50. 7 for 17.50.
    let found = movement("adjust", &flour, &place, "1");
    assert_eq!(
        text(&manager.post("/inventory/movements", &found).await.is(201)["value"]),
        "2.5000"
    );
    assert_eq!(worth(&manager, &flour).await, "17.5000");

    // Another standard counts for what comes in from then on: 7 for 17.50 and 1 for 4.
    assert_eq!(change(&manager, &flour, &json!({ "unit_cost": "4" })).await.0, 200);
    assert_eq!(worth(&manager, &flour).await, "17.5000");
    receive(&manager, &flour, &place, "1", "9").await;
    assert_eq!(worth(&manager, &flour).await, "21.5000");
    // The last unit takes what is left.
    manager.post("/inventory/movements", &movement("use", &flour, &place, "8")).await.is(201);
    assert_eq!(worth(&manager, &flour).await, "0.0000");

    // At the average again, what was paid counts.
    assert_eq!(change(&manager, &flour, &json!({ "cost_method": "average" })).await.0, 200);
    receive(&manager, &flour, &place, "2", "3").await;
    assert_eq!(worth(&manager, &flour).await, "6.0000");
    server.finish().await;
}

#[tokio::test]
async fn a_delivery_comes_in_at_the_standard_and_the_order_keeps_its_price() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let flour = standard(&manager, "F", "2.5").await;
    let place = location(&manager, "A").await;
    let supplier = manager.post("/inventory/suppliers", &json!({ "name": "Mill" })).await.is(201);
    let order = json!({
        "supplier_id": supplier["id"],
        "lines": [{ "item_id": flour["id"], "req_qty": "4", "unit_price": "3" }],
    });
    let order = manager.post("/inventory/purchase-orders", &order).await.is(201);
    let at = path("purchase-orders", &order);
    let sent = manager.post(&format!("{at}/submit"), &Value::Null).await.is(200);
    let line = json!({
        "line_id": sent["lines"][0]["id"], "location_id": place["id"], "qty": "4",
    });
    let receipt = json!({ "client_op": "00000000-0000-7000-8000-000000000001", "lines": [line] });
    let reply = manager.post(&format!("{at}/receive"), &receipt).await;
    assert!(reply.status.is_success(), "{}", reply.text());

    assert_eq!(worth(&manager, &flour).await, "10.0000");
    assert_eq!(manager.get(&at).await.is(200)["total_cost"], "12.0000");
    server.finish().await;
}

#[tokio::test]
async fn a_standard_has_to_be_said_and_only_by_who_sees_prices() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let without = json!({
        "item_number": "F", "name": "Flour", "unit": "kg", "cost_method": "standard",
    });
    let refusal = manager.post("/inventory/items", &without).await;
    let problem = refusal.is_problem(422, "standard-cost-missing");
    assert_eq!(problem["errors"][0]["field"], "unit_cost");
    let mut odd = without.clone();
    odd["cost_method"] = json!("newest");
    let odd = manager.post("/inventory/items", &odd).await;
    odd.is_field_problem("cost_method", "cost-method");

    let flour = standard(&manager, "F", "2.5").await;
    assert_eq!(flour["cost_method"], "standard");
    let (status, problem) = change(&manager, &flour, &json!({ "unit_cost": null })).await;
    assert_eq!((status, text(&problem["code"])), (422, "standard-cost-missing"));
    let plain = item(&manager, "P").await;
    assert_eq!(plain["cost_method"], "average");
    let viewer = server.person("viewer").await;
    let seen = viewer.get(&path("items", &flour)).await.is(200);
    assert!(seen.get("cost_method").is_none() && seen.get("unit_cost").is_none(), "{seen}");
    server.finish().await;
}

#[tokio::test]
async fn who_writes_without_seeing_prices_changes_neither() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let body = json!({ "name": "Writer", "permissions": ["inventory.read", "inventory.write"] });
    let role = owner.post("/roles", &body).await.is(201);
    let user = server.user("viewer").await;
    let given = json!({ "role": role["id"] });
    owner.change(Method::PATCH, &format!("/members/{user}"), 1, &given).await.is(200);
    let writer = server.token_of(user).await;
    let flour = standard(&owner, "F", "2.5").await;

    let (status, problem) = change(&writer, &flour, &json!({ "cost_method": "average" })).await;
    assert_eq!(status, 403, "{problem}");
    let (status, _) = change(&writer, &flour, &json!({ "name": "Flour, fine" })).await;
    assert_eq!(status, 200);
    let fields = json!({ "id": flour["id"], "version": 2, "category": "Dry" });
    let several = json!({ "changes": [fields] });
    writer.post("/inventory/items/bulk", &several).await.is(200);

    let kept = owner.get(&path("items", &flour)).await.is(200);
    assert_eq!((text(&kept["cost_method"]), text(&kept["unit_cost"])), ("standard", "2.5000"));
    assert_eq!(text(&kept["category"]), "Dry");
    server.finish().await;
}

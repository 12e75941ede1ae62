//! Low stock: told once when an item falls below its minimum, over all places, and listed with what
//! brings it back.

use http::Method;
use serde_json::{Value, json};

use super::suppliers::{deliver, supplier};
use super::{column, item, location, movement, path, post};
use crate::support::{Client, TestServer};

const LOW: &str = "/inventory/stock/low";
const RAISED: &str = "inventory.low-stock.raised";

/// An item that should never be less than five.
async fn kept(client: &Client, number: &str) -> Value {
    let body = json!({ "item_number": number, "name": format!("Thing {number}"), "unit": "kg",
        "min_qty": "5", "max_qty": "20" });
    client.post("/inventory/items", &body).await.is(201)
}

/// How often it was told that something is low.
async fn alerts(server: &TestServer) -> usize {
    server.audit_actions().await.iter().filter(|action| *action == RAISED).count()
}

async fn low(client: &Client) -> Vec<String> {
    column(&client.get(LOW).await.is(200), "item_number")
}

#[tokio::test]
async fn a_fall_below_the_minimum_is_told_once_and_again_after_a_rise() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (kept(&manager, "S").await, location(&manager, "SHELF").await);
    assert_eq!(alerts(&server).await, 0, "what was never there fell nowhere");

    post(&manager, "receive", &salmon, &shelf, "6").await;
    post(&manager, "use", &salmon, &shelf, "1").await;
    assert_eq!((alerts(&server).await, low(&manager).await.len()), (0, 0), "five are enough");
    post(&manager, "use", &salmon, &shelf, "0.001").await;
    assert_eq!((alerts(&server).await, low(&manager).await), (1, vec!["S".to_owned()]));
    post(&manager, "use", &salmon, &shelf, "1").await;
    post(&manager, "receive", &salmon, &shelf, "0.5").await;
    assert_eq!(alerts(&server).await, 1, "it was low all the time");
    post(&manager, "receive", &salmon, &shelf, "0.501").await;
    assert_eq!((alerts(&server).await, low(&manager).await.len()), (1, 0));
    post(&manager, "use", &salmon, &shelf, "2").await;

    assert_eq!((alerts(&server).await, low(&manager).await), (2, vec!["S".to_owned()]));
    server.finish().await;
}

#[tokio::test]
async fn what_lies_elsewhere_counts_and_a_transfer_is_no_fall() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = kept(&manager, "S").await;
    let (cooler, dry) = (location(&manager, "COOL").await, location(&manager, "DRY").await);
    post(&manager, "receive", &salmon, &cooler, "6").await;

    let body = json!({ "item_id": salmon["id"], "from_location_id": cooler["id"],
        "to_location_id": dry["id"], "qty": "6" });
    let moved = manager.post("/inventory/transfers", &body).await.is(201);
    let back = format!("{}/reverse", path("movements", &moved["movements"][0]));
    manager.post(&back, &json!({})).await.is(201);

    assert_eq!((alerts(&server).await, low(&manager).await.len()), (0, 0));
    let used = post(&manager, "use", &salmon, &cooler, "3").await;
    assert_eq!(alerts(&server).await, 1);
    manager.post(&format!("{}/reverse", path("movements", &used)), &json!({})).await.is(201);
    assert_eq!((alerts(&server).await, low(&manager).await.len()), (1, 0), "taken back");
    server.finish().await;
}

#[tokio::test]
async fn another_minimum_and_a_deleted_item_count_as_well() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "SHELF").await);
    post(&manager, "receive", &salmon, &shelf, "4").await;
    let at = path("items", &salmon);
    let with = async |min: Value| {
        let mut body = manager.get(&at).await.is(200);
        let version = body["version"].as_i64().expect("a version");
        body["min_qty"] = min;
        manager.change(Method::PUT, &at, version, &body).await.is(200)
    };

    with(json!("4")).await;
    assert_eq!((alerts(&server).await, low(&manager).await.len()), (0, 0));
    with(json!("5")).await;
    assert_eq!((alerts(&server).await, low(&manager).await.len()), (1, 1));
    with(json!("6")).await;
    assert_eq!(alerts(&server).await, 1, "it stays low");
    with(Value::Null).await;
    assert_eq!(low(&manager).await.len(), 0, "without a minimum nothing is low");
    let changed = with(json!("5")).await;
    assert_eq!(alerts(&server).await, 2);
    post(&manager, "use", &salmon, &shelf, "4").await;

    let version = changed["version"].as_i64().expect("a version");
    let gone = manager.change(Method::DELETE, &at, version, &Value::Null).await;
    assert_eq!(gone.status, 204);
    assert_eq!((alerts(&server).await, low(&manager).await.len()), (2, 0));
    manager.post(&format!("{at}/restore"), &Value::Null).await.is(200);
    assert_eq!((alerts(&server).await, low(&manager).await.len()), (3, 1), "it is back and low");
    server.finish().await;
}

#[tokio::test]
async fn a_count_is_looked_at_as_a_whole_and_told_once_for_each_item() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (cooler, dry) = (location(&manager, "COOL").await, location(&manager, "DRY").await);
    let (salmon, cod) = (kept(&manager, "S").await, kept(&manager, "C").await);
    for goods in [&salmon, &cod] {
        post(&manager, "receive", goods, &cooler, "4").await;
        post(&manager, "receive", goods, &dry, "4").await;
    }
    assert_eq!(alerts(&server).await, 2, "the first four were too few");
    let count = manager.post("/inventory/counts", &json!({ "name": "Friday" })).await.is(201);
    let entry = |number: u32, item: &Value, place: &Value, qty: &str| {
        json!({ "client_op": format!("00000000-0000-7000-8000-{number:012}"), "mode": "set",
            "item_id": item["id"], "location_id": place["id"], "qty": qty })
    };
    // Of the salmon four less and three more are seven; of the cod three are left.
    let entries = [
        entry(1, &salmon, &cooler, "0"),
        entry(2, &salmon, &dry, "7"),
        entry(3, &cod, &cooler, "2"),
        entry(4, &cod, &dry, "1"),
    ];
    let at = path("counts", &count);
    let body = json!({ "entries": entries });
    manager.post(&format!("{at}/entries"), &body).await.is(200);
    manager.post(&format!("{at}/submit"), &json!({})).await.is(200);
    manager.post(&format!("{at}/approve"), &json!({ "decisions": [] })).await.is(200);

    assert_eq!((alerts(&server).await, low(&manager).await), (3, vec!["C".to_owned()]));
    server.finish().await;
}

#[tokio::test]
async fn goods_that_are_received_end_it_and_orders_say_what_is_coming() {
    let server = TestServer::start().await;
    let (manager, viewer) = (server.person("manager").await, server.person("viewer").await);
    let (salmon, shelf) = (kept(&manager, "S").await, location(&manager, "SHELF").await);
    let fish = supplier(&manager, "Nordsee").await;
    let terms = json!({ "sku": "LAX", "pack_qty": "6", "last_price": "18.25" });
    deliver(&manager, &fish, &salmon, &terms).await;
    post(&manager, "receive", &salmon, &shelf, "6").await;
    post(&manager, "use", &salmon, &shelf, "3").await;

    let row = manager.get(LOW).await.is(200)["items"][0].clone();
    let told = ["on_hand", "min_qty", "max_qty", "on_order", "to_order"].map(|name| &row[name]);
    assert_eq!(told, ["3.000", "5.000", "20.000", "0.000", "18.000"]);
    assert!(row["since"].is_string(), "{row}");
    let only = json!({ "item_ids": [salmon["id"]] });
    let low_stock = "/inventory/purchase-orders/from-low-stock";
    manager.post(low_stock, &only).await.is(200);
    let row = manager.get(LOW).await.is(200)["items"][0].clone();
    assert_eq!([&row["on_order"], &row["to_order"]], ["18.000", "0.000"]);

    let seen = viewer.get(&format!("{LOW}?total=true")).await.is(200);
    assert_eq!([&seen["total"], &seen["items"][0]["on_hand"]], [&json!(1), &json!("3.000")]);
    for hidden in ["on_order", "to_order", "18.", "price", "supplier"] {
        assert!(!seen.to_string().contains(hidden), "{hidden}: {seen}");
    }
    post(&manager, "receive", &salmon, &shelf, "18").await;
    assert_eq!(low(&viewer).await.len(), 0);
    server.finish().await;
}

#[tokio::test]
async fn the_list_has_pages_by_name_and_a_number() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    for number in ["C", "A", "B"] {
        kept(&manager, number).await;
    }

    let first = manager.get(&format!("{LOW}?limit=2&total=true")).await.is(200);
    let next = first["next_cursor"].as_str().expect("another page");
    let rest = manager.get(&format!("{LOW}?limit=2&cursor={next}")).await.is(200);

    assert_eq!((column(&first, "item_number"), &first["total"]), (list(["A", "B"]), &json!(3)));
    assert_eq!((column(&rest, "item_number"), &rest["next_cursor"]), (list(["C"]), &Value::Null));
    assert_eq!(first["items"][0]["since"], Value::Null, "it was never above");
    manager.get(&format!("{LOW}?limit=0")).await.is_field_problem("limit", "limit-out-of-range");
    manager.get(&format!("{LOW}?cursor=x")).await.is_problem(400, "cursor-bad");
    server.finish().await;
}

fn list<const N: usize>(numbers: [&str; N]) -> Vec<String> {
    numbers.map(str::to_owned).to_vec()
}

/// A thousand rows of opening stock are one transaction: what is low after it is told once each.
#[tokio::test]
async fn a_file_of_many_rows_tells_each_low_item_once() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    location(&manager, "A").await;
    location(&manager, "B").await;
    for number in ["S", "C"] {
        kept(&manager, number).await;
    }
    let file = "item_number,location_code,qty,unit_cost\nS,A,3,1\nS,B,3,1\nC,A,1,1\nC,B,1,1\n";
    let at = "/inventory/import/preview?kind=opening_stock";
    let headers = [("content-type", "text/csv")];
    let plan = manager.send(Method::POST, at, &headers, file.as_bytes().to_vec()).await.is(200);
    let commit = format!("/inventory/import/{}/commit", plan["id"].as_str().expect("an id"));
    manager.post(&commit, &Value::Null).await.is(200);

    assert_eq!((alerts(&server).await, low(&manager).await), (1, list(["C"])));
    server.finish().await;
}

#[tokio::test]
async fn a_refused_movement_tells_nothing() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (kept(&manager, "S").await, location(&manager, "SHELF").await);
    post(&manager, "receive", &salmon, &shelf, "6").await;

    let refused = movement("use", &salmon, &shelf, "7");
    assert_eq!(manager.post("/inventory/movements", &refused).await.status, 422);

    assert_eq!((alerts(&server).await, low(&manager).await.len()), (0, 0));
    server.finish().await;
}

#[tokio::test]
async fn the_list_is_a_file_without_orders_for_whoever_sees_none() {
    let server = TestServer::start().await;
    let user = server.user("manager").await;
    let manager = server.token_of(user).await;
    let (salmon, shelf) = (kept(&manager, "S").await, location(&manager, "A").await);
    post(&manager, "receive", &salmon, &shelf, "2").await;
    kept(&manager, "=C").await;
    let line = json!({ "item_id": salmon["id"], "req_qty": "1", "unit_price": "1" });
    manager.post("/inventory/purchase-orders", &json!({ "lines": [line] })).await.is(201);

    let file = "/inventory/export/low_stock.csv";
    let rows = |csv: &str| csv.split("\r\n").map(ToOwned::to_owned).collect::<Vec<_>>();
    let whole = rows(&manager.get(file).await.text());
    let held = ["workspace.read", "inventory.read", "inventory.export"];
    let bare = rows(&server.narrowed(user, &held).await.get(file).await.text());

    let columns = "item_number,item_name,unit,category,on_hand,min_qty,max_qty,since";
    assert_eq!(whole[0], format!("{columns},on_order,to_order"));
    let listed = manager.get(LOW).await.is(200);
    let since = listed["items"][1]["since"].as_str().expect("since when");
    let of_salmon = format!("S,Thing S,kg,,2.000,5.000,20.000,{since}");
    assert_eq!(whole[1], format!("{of_salmon},1.000,17.000"));
    assert_eq!(whole[2], "'=C,Thing =C,kg,,0.000,5.000,20.000,,0.000,20.000");
    assert_eq!((&*bare[0], &*bare[1]), (columns, &*of_salmon));
    assert_eq!(whole.len(), 4, "{whole:?}");
    server.finish().await;
}

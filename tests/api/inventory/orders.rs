//! Purchase orders: what is ordered, what arrives of it, and what it costs to the last digit.

mod receiving;

use http::Method;
use serde_json::{Value, json};

use super::suppliers::{deliver, supplier};
use super::{column, item, location, movement, on_hand, path, post};
use crate::support::{Client, Reply, TestServer, nothing};

/// The sender's operation of a number.
fn op(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn line(item: &Value, qty: &str, price: &str) -> Value {
    json!({ "item_id": item["id"], "req_qty": qty, "unit_price": price })
}

async fn draft(client: &Client, lines: &[Value]) -> Value {
    client.post("/inventory/purchase-orders", &json!({ "lines": lines })).await.is(201)
}

async fn act(client: &Client, order: &Value, what: &str) -> Reply {
    client.post(&format!("{}/{what}", path("purchase-orders", order)), &Value::Null).await
}

/// An order that is on its way.
async fn sent(client: &Client, lines: &[Value]) -> Value {
    let order = draft(client, lines).await;
    act(client, &order, "submit").await.is(200)
}

/// What came of lines, by their places in the order.
fn came(number: u32, order: &Value, place: &Value, lines: &[(usize, &str)]) -> Value {
    let line = |(line, qty): &(usize, &str)| {
        let id = &order["lines"][*line]["id"];
        json!({ "line_id": id, "qty": qty, "location_id": place["id"] })
    };
    json!({ "client_op": op(number), "lines": lines.iter().map(line).collect::<Vec<_>>() })
}

async fn receive(client: &Client, order: &Value, body: &Value) -> Reply {
    client.post(&format!("{}/receive", path("purchase-orders", order)), body).await
}

async fn now(client: &Client, order: &Value) -> Value {
    client.get(&path("purchase-orders", order)).await.is(200)
}

/// One field of every line.
fn lines(order: &Value, field: &str) -> Vec<String> {
    column(&json!({ "items": order["lines"] }), field)
}

/// What stands of each item: `number qty average worth`, and the worth of all.
async fn stock(client: &Client) -> (Vec<String>, String) {
    let report = client.get("/inventory/reports/valuation?group=item&limit=100").await.is(200);
    let row = |row: &Value| {
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        [text("code"), text("qty"), text("unit_value"), text("value")].join(" ")
    };
    let mut rows: Vec<_> = report["items"].as_array().expect("rows").iter().map(row).collect();
    rows.sort();
    (rows, report["total"]["value"].as_str().expect("a worth").to_owned())
}

/// Monday's order: quantity, price, and what that comes to, rounded once.
const MONDAY: [(&str, &str, &str); 12] = [
    ("4.5", "18.25", "82.1250"),
    ("10", "3.3333", "33.3330"),
    // 4.0126167
    ("0.333", "12.0499", "4.0126"),
    ("6", "2.5", "15.0000"),
    ("24", "0.4166", "9.9984"),
    // Given away.
    ("12", "0", "0.0000"),
    // 17.499825
    ("2.25", "7.7777", "17.4998"),
    ("1", "99.9999", "99.9999"),
    // 3.8578125
    ("3.125", "1.2345", "3.8578"),
    ("8", "5.05", "40.4000"),
    ("5", "11.1", "55.5000"),
    ("20", "0.125", "2.5000"),
];

/// The scenario of a Monday: two vans, one line short, one broken case.
#[tokio::test]
async fn a_monday_delivery_comes_out_to_the_last_digit() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (cooler, dry) = (location(&manager, "COOL").await, location(&manager, "DRY").await);
    let mut items = Vec::new();
    for number in 1..=MONDAY.len() {
        items.push(item(&manager, &format!("M{number:02}")).await);
    }
    let mut opening = movement("receive", &items[0], &cooler, "2");
    opening["unit_cost"] = json!("16");
    manager.post("/inventory/movements", &opening).await.is(201);
    let wanted: Vec<_> =
        items.iter().zip(MONDAY).map(|(item, (q, p, _))| line(item, q, p)).collect();
    let order = sent(&manager, &wanted).await;
    assert_eq!(order["total_cost"], "364.2265");
    assert_eq!(lines(&order, "value"), MONDAY.map(|(_, _, value)| value));

    let first = [(0, "4.5"), (1, "10"), (2, "0.333"), (3, "6"), (4, "24"), (5, "12")];
    let van = receive(&manager, &order, &came(1, &order, &cooler, &first)).await.is(201);
    assert_eq!(van["order"]["receipt_state"], "partial");
    // Of the tenth line three are missing.
    let second = [(6, "2.25"), (7, "1"), (8, "3.125"), (9, "5"), (10, "5"), (11, "20")];
    receive(&manager, &order, &came(2, &order, &dry, &second)).await.is(201);
    // A case of six of the fifth is broken: what was received is taken back, the whole ones stay.
    let receipt =
        format!("{}/receipts/{}", path("purchase-orders", &order), van["id"].as_str().unwrap());
    let broken = &van["lines"][4]["movement_id"];
    let body = json!({ "movement_ids": [broken], "note": "A case is broken" });
    let back = manager.post(&format!("{receipt}/reverse"), &body).await.is(200);
    assert_eq!(back["order"]["lines"][4]["received_qty"], "0.000");
    assert_ne!(back["lines"][4]["reversed_by"], Value::Null);
    assert_eq!(back["lines"][3]["reversed_by"], Value::Null);
    receive(&manager, &order, &came(3, &order, &cooler, &[(4, "18")])).await.is(201);
    let closed = act(&manager, &order, "close").await.is(200);

    let told = [&closed["status"], &closed["receipt_state"], &closed["total_cost"]];
    assert_eq!(told, ["received", "partial", "364.2265"]);
    assert_eq!(closed["short"], true);
    let remaining: Vec<_> = lines(&closed, "remaining_qty");
    assert_eq!([&*remaining[4], &*remaining[9]], ["6.000", "3.000"]);
    assert_eq!(remaining.iter().filter(|left| *left != "0.000").count(), 2);
    let (rows, worth) = stock(&manager).await;
    let expected = [
        // 2 at 16 and 4.5 at 18.25: 6.5 for 114.125, which is 17.55769 each.
        "M01 6.500 17.5577 114.1250",
        "M02 10.000 3.3333 33.3330",
        // 4.0126 for 0.333 is 12.04985 each.
        "M03 0.333 12.0498 4.0126",
        "M04 6.000 2.5000 15.0000",
        "M05 18.000 0.4166 7.4988",
        "M06 12.000 0.0000 0.0000",
        // 17.4998 for 2.25 is 7.77769 each.
        "M07 2.250 7.7777 17.4998",
        "M08 1.000 99.9999 99.9999",
        // 3.8578 for 3.125 is 1.234496 each.
        "M09 3.125 1.2345 3.8578",
        "M10 5.000 5.0500 25.2500",
        "M11 5.000 11.1000 55.5000",
        "M12 20.000 0.1250 2.5000",
    ];
    assert_eq!(rows, expected);
    // 32 before, 364.2265 ordered, less 6 × 0.4166 = 2.4996 and 3 × 5.05 = 15.15.
    assert_eq!(worth, "378.5769");
    let receipts = format!("{}/receipts", path("purchase-orders", &order));
    let receipts = manager.get(&receipts).await.is(200);
    assert_eq!(receipts["items"].as_array().unwrap().len(), 3);
    let check = manager.post("/inventory/integrity", &json!({})).await;
    assert!(check.status.is_success(), "{}", check.text());
    server.finish().await;
}

#[tokio::test]
async fn a_draft_is_written_changed_and_numbered() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, cod) = (item(&manager, "S").await, item(&manager, "C").await);
    let fish = supplier(&manager, "Nordsee").await;
    let terms = json!({ "sku": "LAX", "pack_qty": "5", "last_price": "18.25" });
    deliver(&manager, &fish, &salmon, &terms).await;
    let body = json!({ "supplier_id": fish["id"], "expected_on": "2026-11-30", "notes": "Ring",
        "lines": [{ "item_id": salmon["id"], "req_qty": "10" }] });

    let made = manager.post("/inventory/purchase-orders", &body).await;

    assert_eq!(made.header("etag"), Some("\"1\""));
    let order = made.is(201);
    let told = ["po_number", "supplier_name", "status", "receipt_state", "total_cost"];
    let told = told.map(|field| order[field].as_str().unwrap());
    assert_eq!(told, ["PO-0001", "Nordsee", "draft", "none", "182.5000"]);
    let only = &order["lines"][0];
    let told = ["supplier_sku", "pack_qty", "unit_price"].map(|name| only[name].as_str().unwrap());
    assert_eq!(told, ["LAX", "5.000", "18.2500"]);
    // An answer is sent back changed.
    let mut changed = order.clone();
    changed["lines"] = json!([order["lines"][0], line(&cod, "1", "0.5")]);
    changed["expected_on"] = Value::Null;
    let at = path("purchase-orders", &order);
    manager.change(Method::PUT, &at, 7, &changed).await.is_problem(412, "stale");
    manager
        .send(Method::PUT, &at, &[], changed.to_string())
        .await
        .is_problem(428, "version-needed");
    let order = manager.change(Method::PUT, &at, 1, &changed).await.is(200);
    assert_eq!([&order["total_cost"], &order["po_number"]], ["183.0000", "PO-0001"]);
    assert_eq!([&order["version"], &order["line_count"]], [2, 2]);
    let named = json!({ "po_number": "po-0002", "lines": [] });
    manager.post("/inventory/purchase-orders", &named).await.is(201);
    let taken = json!({ "po_number": "PO-0001", "lines": [] });
    let refused = manager.post("/inventory/purchase-orders", &taken).await;
    refused.is_problem(422, "order-number-taken");
    // A number that somebody took is passed over.
    assert_eq!(draft(&manager, &[]).await["po_number"], "PO-0003");
    server.finish().await;
}

#[tokio::test]
async fn wrong_fields_of_an_order_are_named() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let body = json!({ "item_number": "EA", "name": "Egg", "unit": "ea", "qty_step": "1" });
    let egg = manager.post("/inventory/items", &body).await.is(201);
    let gone = nothing::<()>().to_string();
    for (change, field, code) in [
        (json!({ "item_id": gone }), "lines[0].item_id", "unknown-item"),
        (json!({ "req_qty": "0" }), "lines[0].req_qty", "amount-zero"),
        (json!({ "req_qty": "-1" }), "lines[0].req_qty", "amount-zero"),
        (json!({ "req_qty": "1e3" }), "lines[0].req_qty", "amount-exponent"),
        (json!({ "req_qty": "1.5" }), "lines[0].req_qty", "qty-step"),
        (json!({ "unit_price": "-1" }), "lines[0].unit_price", "amount-negative"),
        (json!({ "unit_price": "3 EUR" }), "lines[0].unit_price", "amount-blank"),
    ] {
        let mut one = line(&egg, "1", "1");
        for (name, value) in change.as_object().unwrap() {
            one[name] = value.clone();
        }
        let refused = manager.post("/inventory/purchase-orders", &json!({ "lines": [one] })).await;
        refused.is_field_problem(field, code);
    }
    for (field, value, code) in [
        ("supplier_id", json!(gone), "unknown-supplier"),
        ("expected_on", json!("30.11.2026"), "order-day"),
        ("po_number", json!("x".repeat(65)), "text-too-long"),
        ("colour", json!("red"), "unknown-field"),
    ] {
        let mut body = json!({ "lines": [] });
        body[field] = value;
        let refused = manager.post("/inventory/purchase-orders", &body).await;
        refused.is_field_problem(field, code);
    }
    let many = vec![line(&egg, "1", "1"); 1_001];
    let refused = manager.post("/inventory/purchase-orders", &json!({ "lines": many })).await;
    refused.is_field_problem("lines", "order-lines-too-many");
    let huge = vec![line(&egg, "99999999999", "9999999999")];
    let refused = manager.post("/inventory/purchase-orders", &json!({ "lines": huge })).await;
    refused.is_problem(422, "order-total-too-large");
    let list = manager.get("/inventory/purchase-orders").await.is(200);
    assert_eq!(list["items"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn an_order_goes_from_draft_to_its_end_and_not_back() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    let empty = draft(&manager, &[]).await;
    act(&manager, &empty, "submit").await.is_problem(422, "order-empty");
    let order = draft(&manager, &[line(&salmon, "10", "2")]).await;
    let one = came(1, &order, &shelf, &[(0, "1")]);
    receive(&manager, &order, &one).await.is_problem(409, "order-not-open");
    act(&manager, &order, "close").await.is_problem(409, "order-not-open");

    let order = act(&manager, &order, "submit").await.is(200);

    act(&manager, &order, "submit").await.is_problem(409, "order-not-draft");
    let changed = manager.change(Method::PUT, &path("purchase-orders", &order), 2, &order).await;
    changed.is_problem(409, "order-not-draft");
    act(&manager, &order, "close").await.is_problem(409, "order-nothing-received");
    receive(&manager, &order, &one).await.is(201);
    act(&manager, &order, "cancel").await.is_problem(409, "order-has-receipts");
    let closed = act(&manager, &order, "close").await.is(200);
    assert_eq!([&closed["status"], &closed["receipt_state"]], ["received", "partial"]);
    let two = came(2, &order, &shelf, &[(0, "1")]);
    receive(&manager, &order, &two).await.is_problem(409, "order-not-open");
    act(&manager, &order, "cancel").await.is_problem(409, "order-not-open");
    let copy = act(&manager, &order, "duplicate").await.is(201);
    assert_eq!([&copy["status"], &copy["total_cost"]], ["draft", "20.0000"]);
    assert_eq!(copy["lines"][0]["received_qty"], "0.000");
    assert_ne!(copy["po_number"], order["po_number"]);
    let canceled = act(&manager, &copy, "cancel").await.is(200);
    assert_eq!(canceled["status"], "canceled");
    let three = came(3, &copy, &shelf, &[(0, "1")]);
    receive(&manager, &copy, &three).await.is_problem(409, "order-not-open");
    assert_eq!(on_hand(&manager, &salmon).await, "1.000");
    for (status, count) in [("draft", 1), ("submitted", 0), ("received", 1), ("canceled", 1)] {
        let list = manager.get(&format!("/inventory/purchase-orders?status={status}")).await;
        assert_eq!(list.is(200)["items"].as_array().unwrap().len(), count, "{status}");
    }
    let refused = manager.get("/inventory/purchase-orders?status=lost").await;
    refused.is_field_problem("status", "order-status");
    server.finish().await;
}

#[tokio::test]
async fn an_item_on_an_open_order_and_its_supplier_stay() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "S").await;
    let fish = supplier(&manager, "Nordsee").await;
    let body = json!({ "supplier_id": fish["id"], "lines": [line(&salmon, "1", "1")] });
    let order = manager.post("/inventory/purchase-orders", &body).await.is(201);
    draft(&manager, &[line(&salmon, "2", "1")]).await;

    let refused = manager.change(Method::DELETE, &path("items", &salmon), 1, &Value::Null).await;
    let supplier = manager.change(Method::DELETE, &path("suppliers", &fish), 1, &Value::Null).await;

    assert_eq!(refused.is_problem(409, "item-in-use")["orders"], "PO-0001, PO-0002");
    assert_eq!(supplier.is_problem(409, "supplier-in-use")["orders"], "PO-0001");
    act(&manager, &order, "cancel").await.is(200);
    let deleted = manager.change(Method::DELETE, &path("suppliers", &fish), 1, &Value::Null).await;
    assert_eq!(deleted.status, 204);
    // The order still says who it was for.
    assert_eq!(now(&manager, &order).await["supplier_name"], "Nordsee");
    server.finish().await;
}

/// The scenario of low stock: one click, whole packs, up to the maximum.
#[tokio::test]
async fn low_stock_is_drafted_by_supplier_in_whole_packs_up_to_the_maximum() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let shelf = location(&manager, "A").await;
    let fish = supplier(&manager, "Nordsee").await;
    let kept = async |number: &str, min: &str, max: Value, there: &str| {
        let body = json!({ "item_number": number, "name": number, "unit": "kg", "min_qty": min,
            "max_qty": max, "unit_cost": "3" });
        let made = manager.post("/inventory/items", &body).await.is(201);
        if there != "0" {
            post(&manager, "receive", &made, &shelf, there).await;
        }
        made
    };
    let salmon = kept("A-salmon", "5", json!("20"), "3").await;
    let cod = kept("B-cod", "5", json!("20"), "4.5").await;
    let salt = kept("C-salt", "2", Value::Null, "0").await;
    kept("D-enough", "2", json!("9"), "2").await;
    let terms = json!({ "pack_qty": "6", "last_price": "18.25" });
    deliver(&manager, &fish, &salmon, &terms).await;
    deliver(&manager, &fish, &cod, &json!({ "pack_qty": "2.5" })).await;
    // Six of the cod come anyhow: 10.5 are there and coming, more than the minimum.
    sent(&manager, &[line(&cod, "6", "1")]).await;

    let made = manager.post("/inventory/purchase-orders/from-low-stock", &json!({})).await.is(200);

    assert_eq!(column(&made, "supplier_name"), ["Nordsee", ""]);
    let [by_fish, by_nobody] = [&made["items"][0], &made["items"][1]];
    // 17 are missing to 20: three packs of six.
    assert_eq!(lines(by_fish, "item_number"), ["A-salmon"]);
    assert_eq!(lines(by_fish, "req_qty"), ["18.000"]);
    assert_eq!([&by_fish["total_cost"], &by_fish["status"]], ["328.5000", "draft"]);
    // Without a maximum up to the minimum, at the item's own price.
    assert_eq!(lines(by_nobody, "item_number"), ["C-salt"]);
    assert_eq!([lines(by_nobody, "req_qty"), lines(by_nobody, "value")], [["2.000"], ["6.0000"]]);
    let again = manager.post("/inventory/purchase-orders/from-low-stock", &json!({})).await;
    assert_eq!(again.is(200)["items"], json!([]));
    act(&manager, by_nobody, "cancel").await.is(200);
    let only = json!({ "item_ids": [salmon["id"]] });
    let none = manager.post("/inventory/purchase-orders/from-low-stock", &only).await;
    assert_eq!(none.is(200)["items"], json!([]));
    let only = json!({ "item_ids": [salt["id"]] });
    let one = manager.post("/inventory/purchase-orders/from-low-stock", &only).await.is(200);
    assert_eq!(lines(&one["items"][0], "req_qty"), ["2.000"]);
    server.finish().await;
}

#[tokio::test]
async fn an_order_is_a_file_and_is_found_by_its_number() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let body = json!({ "item_number": "=1+1", "name": "Salmon, wild", "unit": "kg" });
    let salmon = manager.post("/inventory/items", &body).await.is(201);
    let order = draft(&manager, &[line(&salmon, "0.333", "12.0499")]).await;

    let file = manager.get(&format!("{}/lines.csv", path("purchase-orders", &order))).await;

    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let name = Some("attachment; filename=\"order-PO-0001.csv\"");
    assert_eq!(file.header("content-disposition"), name);
    let head = "po_number,supplier,item_number,req_qty,unit_price,item_name,unit,supplier_sku,\
                received_qty,value,note";
    let row = "PO-0001,,'=1+1,0.333,12.0499,\"Salmon, wild\",kg,,0.000,4.0126,";
    let text = file.text().replace("\r\n", "\n");
    assert_eq!(text, format!("{head}\n{row}\n"));
    let found = manager.get("/search?q=PO-0001").await.is(200);
    assert_eq!(column(&found, "title"), ["PO-0001"]);
    assert_eq!(column(&found, "kind"), ["inventory.order"]);
    server.finish().await;
}

#[tokio::test]
async fn a_place_of_another_temperature_is_a_warning() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let body = json!({ "item_number": "I", "name": "Ice", "unit": "kg", "temp_zone": "freezer" });
    let ice = manager.post("/inventory/items", &body).await.is(201);
    let body = json!({ "code": "DRY", "name": "Dry", "temp_zone": "dry" });
    let dry = manager.post("/inventory/locations", &body).await.is(201);
    let order = sent(&manager, &[line(&ice, "1", "1")]).await;
    let receipt = receive(&manager, &order, &came(1, &order, &dry, &[(0, "1")])).await.is(201);
    assert_eq!(receipt["warnings"], json!(["wrong-zone"]));
    server.finish().await;
}

#[tokio::test]
async fn who_sees_no_prices_sees_no_order_and_changes_none() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    let order = sent(&manager, &[line(&salmon, "10", "2")]).await;
    let mut delivery = came(1, &order, &shelf, &[(0, "1")]);
    delivery["delivery_reference"] = json!("Note 4711");
    let receipt = receive(&manager, &order, &delivery).await.is(201);
    let at = path("purchase-orders", &order);
    let receipt = format!("{at}/receipts/{}/reverse", receipt["id"].as_str().unwrap());
    for role in ["viewer", "counter"] {
        let person = server.person(role).await;
        for asked in [
            "/inventory/purchase-orders",
            &at,
            &format!("{at}/receipts"),
            &format!("{at}/lines.csv"),
            "/inventory/purchase-orders/settings",
        ] {
            person.get(asked).await.is_problem(403, "forbidden");
        }
        for what in ["submit", "close", "cancel", "duplicate"] {
            act(&person, &order, what).await.is_problem(403, "forbidden");
        }
        person.post(&receipt, &Value::Null).await.is_problem(403, "forbidden");
        let body = came(2, &order, &shelf, &[(0, "1")]);
        receive(&person, &order, &body).await.is_problem(403, "forbidden");
        let low = "/inventory/purchase-orders/from-low-stock";
        person.post(low, &json!({})).await.is_problem(403, "forbidden");
        let made = person.post("/inventory/purchase-orders", &json!({ "lines": [] })).await;
        made.is_problem(403, "forbidden");
        let found = person.get("/search?q=PO-0001").await.is(200);
        assert_eq!(found["items"], json!([]), "{role}");
        // The movement is there for everybody, with nothing of the order about it.
        let movements = person.get("/inventory/movements").await.is(200);
        let told = movements["items"][0].to_string();
        assert_eq!(movements["items"][0]["qty"], "1.000");
        for hidden in ["PO-0001", "order", "unit_cost", "value", "4711"] {
            assert!(!told.contains(hidden), "{hidden}: {told}");
        }
    }
    assert_eq!(on_hand(&manager, &salmon).await, "1.000");
    server.finish().await;
}

#[tokio::test]
async fn what_is_overdue_due_or_not_sent_is_counted_however_much_it_is() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "S").await;
    let days =
        [Some("2026-11-18"), Some("2026-11-19"), Some("2026-11-20"), Some("2026-11-21"), None];
    for (number, day) in days.iter().enumerate() {
        let body = json!({ "expected_on": day, "lines": [line(&salmon, "1", "1")] });
        let order = manager.post("/inventory/purchase-orders", &body).await.is(201);
        if number != 1 {
            act(&manager, &order, "submit").await.is(200);
        }
    }
    let counted = async |query: &str| {
        let asked = format!("/inventory/purchase-orders?limit=1&total=true&{query}");
        manager.get(&asked).await.is(200)["total"].as_i64()
    };

    assert_eq!(counted("").await, Some(5));
    assert_eq!(counted("status=draft").await, Some(1));
    assert_eq!(counted("status=submitted").await, Some(4));
    assert_eq!(counted("status=submitted&expected_to=2026-11-19").await, Some(1));
    let today = "status=submitted&expected_from=2026-11-20&expected_to=2026-11-20";
    assert_eq!(counted(today).await, Some(1));
    assert_eq!(counted("expected_from=2026-11-19").await, Some(3));
    let late = "/inventory/purchase-orders?status=submitted&expected_to=2026-11-20";
    let late = manager.get(late).await.is(200);
    assert_eq!(column(&late, "expected_on"), ["2026-11-20", "2026-11-18"]);
    assert!(late.get("total").is_none());
    let wrong = manager.get("/inventory/purchase-orders?expected_to=2026-11-31").await;
    wrong.is_field_problem("expected_to", "order-day");
    server.finish().await;
}

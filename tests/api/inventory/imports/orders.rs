//! Files of purchase orders, in and out.

use http::Method;
use serde_json::{Value, json};

use super::{commit, errors, export, import, preview, send};
use crate::inventory::suppliers::{deliver, supplier};
use crate::inventory::{column, item, location, path};
use crate::support::{Client, TestServer};

/// Two orders, whose rows do not stand together.
const FILE: &str = "\
po_number;supplier;item_number;req_qty;unit_price;note;colour
PO-100;Harbour Fish;SAL;20;18.4;\"whole; sides\";pink
PO-101;;FLR;50;;;
po-100;harbour  fish;FLR;2.5;0;;
PO-100;;SAL;1;18.4;;
";

/// Salmon and flour, which has a price of its own and, with one supplier, another.
async fn goods(client: &Client) -> (Value, Value) {
    let salmon = item(client, "SAL").await;
    let body = json!({ "item_number": "FLR", "name": "Flour", "unit": "kg", "qty_step": "0.5",
        "unit_cost": "0.85" });
    let flour = client.post("/inventory/items", &body).await.is(201);
    (salmon, flour)
}

async fn order(client: &Client, number: &str) -> Value {
    let list = client.get("/inventory/purchase-orders").await.is(200);
    let rows = list["items"].as_array().expect("a list");
    let found = rows.iter().find(|one| one["po_number"] == number);
    let found = found.unwrap_or_else(|| panic!("there is no order {number}: {list}"));
    client.get(&path("purchase-orders", found)).await.is(200)
}

/// What each line says: item, quantity, price and note.
fn lines(order: &Value) -> Vec<String> {
    let line = |line: &Value| {
        let texts = [&line["item_number"], &line["req_qty"], &line["unit_price"]];
        let texts = texts.map(|text| text.as_str().unwrap_or_default());
        format!("{} {}", texts.join(" "), line["note"].as_str().unwrap_or_default())
    };
    order["lines"].as_array().expect("lines").iter().map(line).collect()
}

#[tokio::test]
async fn rows_of_one_number_are_one_draft() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    goods(&manager).await;

    let shown = preview(&manager, "purchase_orders", FILE).await;
    assert_eq!(shown["errors"], json!([]), "{shown}");
    assert_eq!([&shown["create"], &shown["rows"]], [&json!(4), &json!(4)]);
    assert_eq!(shown["unused_columns"], json!(["colour"]));
    let done = commit(&manager, &shown).await.is(200);

    assert_eq!(done, json!({ "created": 4, "updated": 0, "skipped": 0 }));
    let fish = order(&manager, "PO-100").await;
    assert_eq!([&fish["status"], &fish["supplier_name"]], ["draft", "Harbour Fish"]);
    let expected = ["SAL 20.000 18.4000 whole; sides", "FLR 2.500 0.0000 ", "SAL 1.000 18.4000 "];
    assert_eq!(lines(&fish), expected);
    assert_eq!(fish["total_cost"], "386.4000");
    let mill = order(&manager, "PO-101").await;
    assert_eq!(lines(&mill), ["FLR 50.000 0.8500 "], "the price of the item");
    let actions = server.audit_actions().await;
    let count = |action: &str| actions.iter().filter(|one| *one == action).count();
    assert_eq!(count("inventory.order.created"), 2);
    assert_eq!(count("inventory.supplier.created"), 1);
    // Asked again it tells what it did, and makes nothing twice.
    assert_eq!(commit(&manager, &shown).await.is(200), done);
    server.finish().await;
}

#[tokio::test]
async fn a_draft_gets_the_lines_of_the_file_and_keeps_what_it_does_not_say() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, flour) = goods(&manager).await;
    let mill = supplier(&manager, "Mill").await;
    deliver(&manager, &mill, &flour, &json!({ "pack_qty": "5", "last_price": "0.7" })).await;
    let body = json!({ "po_number": "A-1", "supplier_id": mill["id"], "expected_on": "2026-12-01",
        "notes": "Ring twice", "lines": [
            { "item_id": flour["id"], "req_qty": "5", "unit_price": "0.66", "note": "type 550" },
            { "item_id": salmon["id"], "req_qty": "1", "unit_price": "20" }] });
    manager.post("/inventory/purchase-orders", &body).await.is(201);

    let csv = "po_number,item_number,req_qty\nA-1,FLR,10\nA-1,FLR,20\n";
    let done = import(&manager, "purchase_orders", csv).await;

    assert_eq!(done, json!({ "created": 0, "updated": 2, "skipped": 0 }));
    let kept = order(&manager, "A-1").await;
    assert_eq!(lines(&kept), ["FLR 10.000 0.6600 type 550", "FLR 20.000 0.7000 "]);
    assert_eq!(kept["supplier_name"], "Mill");
    assert_eq!([&kept["expected_on"], &kept["notes"]], ["2026-12-01", "Ring twice"]);
    assert_eq!(kept["version"], 2);
    let again = import(&manager, "purchase_orders", csv).await;
    assert_eq!(again, json!({ "created": 0, "updated": 0, "skipped": 2 }));
    server.finish().await;
}

#[tokio::test]
async fn what_the_file_does_not_say_stays_with_its_item_wherever_it_stands() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, flour) = goods(&manager).await;
    let line = |item: &Value, qty: &str, price: &str, note: &str| {
        json!({ "item_id": item["id"],
        "req_qty": qty, "unit_price": price, "note": note })
    };
    let body = json!({ "po_number": "A-1", "lines": [line(&salmon, "1", "20", "whole"),
        line(&flour, "5", "0.66", "type 550"), line(&salmon, "2", "19", "sides")] });
    manager.post("/inventory/purchase-orders", &body).await.is(201);

    let csv = "po_number,item_number,req_qty\n\
        A-1,FLR,6\nA-1,SAL,1\nA-1,SAL,2\nA-1,FLR,1\n";
    import(&manager, "purchase_orders", csv).await;

    let expected = [
        "FLR 6.000 0.6600 type 550",
        "SAL 1.000 20.0000 whole",
        "SAL 2.000 19.0000 sides",
        "FLR 1.000 0.8500 ",
    ];
    assert_eq!(lines(&order(&manager, "A-1").await), expected);
    server.finish().await;
}

#[tokio::test]
async fn an_order_stays_with_its_supplier_who_is_called_otherwise_now() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    goods(&manager).await;
    let fish = supplier(&manager, "Harbour Fish").await;
    let csv = "po_number,supplier,item_number,req_qty,unit_price\nA-1,Harbour Fish,SAL,1,20\n";
    import(&manager, "purchase_orders", csv).await;
    let renamed = json!({ "name": "Harbour Ltd" });
    manager.change(Method::PUT, &path("suppliers", &fish), 1, &renamed).await.is(200);

    let done = import(&manager, "purchase_orders", &csv.replace("SAL,1", "SAL,2")).await;

    assert_eq!(done, json!({ "created": 0, "updated": 1, "skipped": 0 }));
    let kept = order(&manager, "A-1").await;
    assert_eq!(lines(&kept), ["SAL 2.000 20.0000 "]);
    assert_eq!(kept["supplier_id"], fish["id"]);
    assert_eq!(kept["supplier_name"], "Harbour Ltd");
    let suppliers = manager.get("/inventory/suppliers").await.is(200);
    assert_eq!(column(&suppliers, "name"), ["Harbour Ltd"], "nobody was made for the old name");
    server.finish().await;
}

#[tokio::test]
async fn a_price_that_changed_since_the_preview_asks_for_another_look() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (_, flour) = goods(&manager).await;
    let csv = "po_number,item_number,req_qty\nA-1,FLR,10\n";
    let shown = preview(&manager, "purchase_orders", csv).await;
    let dearer = json!({ "item_number": "FLR", "name": "Flour", "unit": "kg", "qty_step": "0.5",
        "unit_cost": "0.95" });
    manager.change(Method::PUT, &path("items", &flour), 1, &dearer).await.is(200);

    commit(&manager, &shown).await.is_problem(409, "import-stale");

    import(&manager, "purchase_orders", csv).await;
    assert_eq!(lines(&order(&manager, "A-1").await), ["FLR 10.000 0.9500 "]);
    server.finish().await;
}

#[tokio::test]
async fn every_wrong_cell_of_an_order_is_named() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, _) = goods(&manager).await;
    let body = json!({ "po_number": "SENT", "lines": [
        { "item_id": salmon["id"], "req_qty": "2", "unit_price": "20" }] });
    let sent = manager.post("/inventory/purchase-orders", &body).await.is(201);
    let submit = format!("{}/submit", path("purchase-orders", &sent));
    manager.post(&submit, &Value::Null).await.is(200);

    let csv = "po_number,supplier,item_number,req_qty,unit_price\n\
        ,Mill,SAL,1,1\n\
        N-1,Mill,NONE,0,\"1,5\"\n\
        N-1,Moll,SAL,1,EUR 3\n\
        N-2,,FLR,0.7,1\n\
        SENT,,SAL,3,20\n\
        N-3,,SAL,99999999999,999999999\n";
    let shown = preview(&manager, "purchase_orders", csv).await;

    let expected = [
        (2, "po_number", "text-empty"),
        (3, "item_number", "unknown-item"),
        (3, "req_qty", "amount-zero"),
        (3, "unit_price", "amount-comma"),
        (4, "supplier", "supplier-differs"),
        (4, "unit_price", "amount-blank"),
        (5, "req_qty", "qty-step"),
        (6, "po_number", "order-not-draft"),
        (7, "po_number", "order-total-too-large"),
    ];
    let expected = expected.map(|(line, column, code)| (line, column.to_owned(), code.to_owned()));
    assert_eq!(errors(&shown), expected);
    commit(&manager, &shown).await.is_problem(409, "import-has-errors");
    let list = manager.get("/inventory/purchase-orders").await.is(200);
    assert_eq!(column(&list, "po_number"), ["SENT"]);
    server.finish().await;
}

#[tokio::test]
async fn an_order_of_too_many_lines_is_refused_at_the_first_that_is_too_much() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    item(&manager, "SAL").await;
    let csv = format!("po_number,item_number,req_qty\n{}", "L-1,SAL,1\n".repeat(1_001));
    let shown = preview(&manager, "purchase_orders", &csv).await;
    let expected = (1_002, "po_number".to_owned(), "order-lines-too-many".to_owned());
    assert_eq!(errors(&shown), [expected]);
    server.finish().await;
}

#[tokio::test]
async fn our_own_file_of_orders_changes_nothing_whatever_became_of_them() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, _) = goods(&manager).await;
    let place = location(&manager, "A").await;
    import(&manager, "purchase_orders", FILE).await;
    let body = json!({ "po_number": "OLD", "lines": [
        { "item_id": salmon["id"], "req_qty": "2", "unit_price": "20", "note": "=1+1" }] });
    let old = manager.post("/inventory/purchase-orders", &body).await.is(201);
    let act = async |what: &str, order: &Value| {
        let to = format!("{}/{what}", path("purchase-orders", order));
        manager.post(&to, &Value::Null).await.is(200)
    };
    act("cancel", &old).await;
    let mill = order(&manager, "PO-101").await;
    act("submit", &mill).await;
    let all = json!({ "client_op": "00000000-0000-4000-8000-000000000001",
        "remaining_to": place["id"] });
    let receive = format!("{}/receive", path("purchase-orders", &mill));
    manager.post(&receive, &all).await.is(201);
    let fish = order(&manager, "PO-100").await;
    act("cancel", &fish).await;
    let version = manager.get(&path("items", &salmon)).await.is(200)["version"].as_i64();
    let version = version.expect("a version");
    let gone = manager.change(Method::DELETE, &path("items", &salmon), version, &Value::Null).await;
    assert_eq!(gone.status, 204, "{}", gone.text());

    // Another item has its number by now.
    item(&manager, "SAL").await;

    let csv = export(&manager, "purchase_orders").await;
    assert!(csv.contains("OLD,,SAL,2.000,20.0000,'=1+1\r\n"), "formulas are defused: {csv}");
    let done = import(&manager, "purchase_orders", &csv).await;

    assert_eq!(done, json!({ "created": 0, "updated": 0, "skipped": 5 }), "{csv}");
    assert_eq!(export(&manager, "purchase_orders").await, csv);
    // Nor does the file of one order.
    let one = format!("{}/lines.csv", path("purchase-orders", &fish));
    let one = manager.get(&one).await.text();
    let done = import(&manager, "purchase_orders", &one).await;
    assert_eq!(done, json!({ "created": 0, "updated": 0, "skipped": 3 }), "{one}");
    server.finish().await;
}

#[tokio::test]
async fn orders_pass_by_file_only_through_hands_that_see_prices() {
    let server = TestServer::start().await;
    let user = server.user("manager").await;
    let manager = server.token_of(user).await;
    goods(&manager).await;
    let shown = preview(&manager, "purchase_orders", FILE).await;

    let held = ["workspace.read", "inventory.read", "inventory.import", "inventory.export"];
    let sees_nothing = server.narrowed(user, &held).await;
    let only_sees = server.narrowed(user, &[&held[..], &["inventory.prices"]].concat()).await;
    for (client, needed) in [(&sees_nothing, "inventory.prices"), (&only_sees, "inventory.write")] {
        let refused = send(client, "kind=purchase_orders", FILE.as_bytes()).await;
        assert_eq!(refused.is_problem(403, "forbidden")["needed"], needed);
        // Nor does what somebody else previewed go through.
        let refused = commit(client, &shown).await.is_problem(403, "forbidden");
        assert_eq!(refused["needed"], needed);
    }
    commit(&manager, &shown).await.is(200);
    let file = "/inventory/export/purchase_orders.csv";
    let refused = sees_nothing.get(file).await.is_problem(403, "forbidden");
    assert_eq!(refused["needed"], "inventory.prices");
    assert_eq!(only_sees.get(file).await.status, 200);
    let wish = json!({ "kind": "purchase_orders" });
    sees_nothing.post("/inventory/exports", &wish).await.is_problem(403, "forbidden");

    // Whoever loses the right while the job waits gets no file.
    let job = manager.post("/inventory/exports", &wish).await.is(202)["job"].clone();
    server.change_user(user, "UPDATE memberships SET role = 'viewer' WHERE user_id = :user").await;
    server.run_jobs().await;
    let spool = std::fs::read_dir(server.folder().join("spool")).map_or(0, Iterator::count);
    assert_eq!(spool, 0, "a file was written for {job}");
    server.finish().await;
}

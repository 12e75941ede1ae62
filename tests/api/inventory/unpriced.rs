//! Who may not see prices finds out by no way round who delivers, under which code, for how much,
//! and on which delivery note.

use http::Method;
use serde_json::{Value, json};

use super::suppliers::{deliver, supplier};
use super::{column, item, location, movement, path, text};
use crate::support::{Client, Reply, TestServer};

const CSV: [(&str, &str); 1] = [("content-type", "text/csv")];

/// Somebody who may do everything with stock but see prices.
async fn storekeeper(server: &TestServer) -> Client {
    let owner = server.person("owner").await;
    let permissions = ["read", "write", "move", "import", "export"];
    let permissions = permissions.map(|one| format!("inventory.{one}"));
    let body = json!({ "name": "Storekeeper", "permissions": permissions });
    let role = owner.post("/roles", &body).await.is(201);
    let user = server.user("viewer").await;
    let given = json!({ "role": role["id"] });
    owner.change(Method::PATCH, &format!("/members/{user}"), 1, &given).await.is(200);
    server.token_of(user).await
}

async fn preview(client: &Client, kind: &str, csv: &str) -> Reply {
    let address = format!("/inventory/import/preview?kind={kind}");
    client.send(Method::POST, &address, &CSV, csv.to_owned()).await
}

/// Which items a search in the list and the one search find.
async fn found(client: &Client, typed: &str) -> [Vec<String>; 2] {
    let list = client.get(&format!("/inventory/items?q={typed}&total=true")).await.is(200);
    let numbers = column(&list, "item_number");
    assert_eq!(list["total"], numbers.len());
    let all = client.get(&format!("/search?q={typed}")).await.is(200);
    [numbers, column(&all, "subtitle")]
}

#[tokio::test]
async fn suppliers_codes_are_not_searched_for_who_may_not_see_prices() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let salmon = item(&manager, "S").await;
    let fish = supplier(&manager, "Nordsee").await;
    deliver(&manager, &fish, &salmon, &json!({ "sku": "QZ-4711" })).await;

    for typed in ["Q", "QZ", "QZ-47", "4711", "QZ-4711", "Thing%20QZ-4711"] {
        let told = found(&manager, typed).await;
        assert_eq!(told, [["S"], ["S"]], "{typed}");
        assert_eq!(found(&counter, typed).await, [[""; 0], [""; 0]], "{typed}");
    }
    assert_eq!(found(&counter, "Thing").await, [["S"], ["S"]]);
    assert_eq!(found(&counter, "Th%20S").await, [["S"], ["S"]]);
    for sort in ["name", "-updated_at"] {
        let list = format!("/inventory/items?q=QZ&sort={sort}");
        let list = counter.get(&list).await.is(200);
        assert_eq!(list["items"], json!([]));
    }
    server.finish().await;
}

#[tokio::test]
async fn files_without_prices_name_no_suppliers_and_change_none() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let csv = "item_number,name,unit,unit_cost,supplier,supplier_sku\nS,Salmon,kg,7,Nordsee,QZ\n";
    let made = preview(&manager, "items", csv).await.is(200);
    let commit = format!("/inventory/import/{}/commit", text(&made["id"]));
    manager.post(&commit, &Value::Null).await.is(200);
    let keeper = storekeeper(&server).await;

    let file = keeper.get("/inventory/export/items.csv").await;
    assert_eq!(file.status, 200);
    for hidden in ["supplier", "Nordsee", "QZ", "unit_cost", "7.0000"] {
        assert!(!file.text().contains(hidden), "{hidden}: {}", file.text());
    }
    assert!(manager.get("/inventory/export/items.csv").await.text().contains(",Nordsee,QZ,"));
    // The keeper's own file can be read again, and changes nothing.
    let again = preview(&keeper, "items", &file.text()).await.is(200);
    assert_eq!([&again["skip"], &again["update"], &again["create"]], [1, 0, 0]);
    let commit = format!("/inventory/import/{}/commit", text(&again["id"]));
    keeper.post(&commit, &Value::Null).await.is(200);
    for guess in [
        "unit_cost\nS,Salmon,kg,7",
        "unit_cost\nS,Salmon,kg,8",
        "supplier\nS,Salmon,kg,",
        "supplier_sku\nS,Salmon,kg,QZ",
    ] {
        let csv = format!("item_number,name,unit,{guess}\n");
        preview(&keeper, "items", &csv).await.is_problem(403, "forbidden");
    }
    let opening = "item_number,location_code,qty,unit_cost\nS,A,1,7\n";
    preview(&keeper, "opening_stock", opening).await.is_problem(403, "forbidden");
    // What somebody else looked over is not taken over either.
    let dearer = "item_number,name,unit,unit_cost\nS,Salmon,kg,8\n";
    let dearer = preview(&manager, "items", dearer).await.is(200);
    let commit = format!("/inventory/import/{}/commit", text(&dearer["id"]));
    keeper.post(&commit, &Value::Null).await.is_problem(403, "forbidden");
    let list = manager.get("/inventory/items").await.is(200);
    assert_eq!(column(&list, "unit_cost"), ["7.0000"]);
    server.finish().await;
}

#[tokio::test]
async fn the_number_of_an_orders_delivery_is_told_by_no_movement() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    let line = json!({ "item_id": salmon["id"], "req_qty": "5", "unit_price": "2" });
    let order = manager.post("/inventory/purchase-orders", &json!({ "lines": [line] })).await;
    let order = order.is(201);
    let at = path("purchase-orders", &order);
    manager.post(&format!("{at}/submit"), &Value::Null).await.is(200);
    let came = json!({ "client_op": "00000000-0000-4000-8000-000000000001",
        "delivery_reference": "Nordsee 4711",
        "lines": [{ "line_id": order["lines"][0]["id"], "qty": "5",
            "location_id": shelf["id"] }] });
    manager.post(&format!("{at}/receive"), &came).await.is(201);
    let mut own = movement("use", &salmon, &shelf, "1");
    own["reference"] = json!("Nordsee table 3");
    manager.post("/inventory/movements", &own).await.is(201);
    let keeper = storekeeper(&server).await;

    let journals =
        ["/inventory/movements".to_owned(), format!("{}/movements", path("items", &salmon))];
    for (client, told) in
        [(&manager, "Nordsee 4711"), (&keeper, ""), (&server.person("viewer").await, "")]
    {
        for journal in &journals {
            let list = client.get(journal).await.is(200);
            assert_eq!(column(&list, "reference"), ["Nordsee table 3", told], "{journal}");
        }
        let is_told = !told.is_empty();
        for typed in ["4711", "471", "Nordsee%204711"] {
            let hits = client.get(&format!("/search?q={typed}")).await;
            assert_eq!(hits.text().contains("Nordsee 4711"), is_told, "{typed}");
        }
        let hits = client.get("/search?q=Nordsee").await.is(200);
        assert_eq!(column(&hits, "title").len(), if is_told { 2 } else { 1 });
    }
    let file = "/inventory/export/movements.csv";
    assert!(manager.get(file).await.text().contains("Nordsee 4711"));
    let file = keeper.get(file).await;
    assert!(file.text().contains("Nordsee table 3") && !file.text().contains("4711"));
    // Taken back by who sees no prices, it says no more.
    let list = keeper.get(&journals[0]).await.is(200);
    let receipt = format!("/inventory/movements/{}/reverse", text(&list["items"][1]["id"]));
    manager.post("/inventory/movements", &movement("adjust", &salmon, &shelf, "1")).await.is(201);
    let back = keeper.post(&receipt, &json!({ "note": "Spoiled" })).await;
    assert!(!back.text().contains("4711"), "{}", back.text());
    let hits = keeper.get("/search?q=Spoiled").await.is(200);
    assert_eq!(column(&hits, "title"), ["Spoiled"]);
    server.finish().await;
}

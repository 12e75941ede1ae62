//! Scenario 1: a new café takes over its list of 420 items, seven rows of which are wrong.

use std::fmt::Write as _;

use http::Method;
use serde_json::{Value, json};

use super::{column, text};
use crate::fuzz::world::SETTINGS;
use crate::support::{Client, TestServer};

const ROWS: usize = 420;
/// What is wrong, as the list came from the last place: the row, its column, what stands there and
/// should, and what is said of it.
const WRONG: [(usize, &str, &str, &str, &str); 7] = [
    (12, "unit_cost", "€4.50", "4.50", "amount-malformed"),
    (57, "unit_cost", "12.50 EUR", "12.50", "amount-blank"),
    (103, "name", "", "Thing 103", "text-empty"),
    (160, "item_number", "ck-020", "CK-160", "row-twice"),
    (222, "max_qty", "1", "20", "max-below-min"),
    (300, "barcodes", "SHELF-299", "SHELF-300", "row-twice"),
    (415, "temp_zone", "warm", "cooler", "temp-zone"),
];
const COLUMNS: [&str; 9] = [
    "item_number",
    "name",
    "unit",
    "category",
    "min_qty",
    "max_qty",
    "unit_cost",
    "barcodes",
    "temp_zone",
];

/// A row as it should be, by column.
fn cell(row: usize, column: &str) -> String {
    match column {
        "item_number" => format!("CK-{row:03}"),
        "name" => format!("Thing {row}"),
        "unit" => ["kg", "l", "ea"][row % 3].to_owned(),
        "category" => ["Dry", "Drinks", "Dairy", "Bakery"][row % 4].to_owned(),
        "min_qty" => "2".to_owned(),
        "max_qty" => "20".to_owned(),
        "unit_cost" => if row == 12 { "4.50" } else { "12.50" }.to_owned(),
        "barcodes" => format!("SHELF-{row:03}"),
        "temp_zone" => ["dry", "cooler", "freezer"][usize::from(row == 415)].to_owned(),
        other => panic!("no column {other}"),
    }
}

/// The list, with these texts in the cells that are wrong.
fn list(texts: [&str; 7]) -> String {
    let mut file = COLUMNS.join(",") + "\r\n";
    for row in 1..=ROWS {
        let cells = COLUMNS.map(|column| {
            let wrong = WRONG.iter().position(|wrong| (wrong.0, wrong.1) == (row, column));
            wrong.map_or_else(|| cell(row, column), |wrong| texts[wrong].to_owned())
        });
        writeln!(file, "{}\r", cells.join(",")).expect("room");
    }
    file
}

async fn preview(client: &Client, kind: &str, file: String) -> Value {
    let address = format!("/inventory/import/preview?kind={kind}");
    client.send(Method::POST, &address, &[("content-type", "text/csv")], file).await.is(200)
}

async fn commit(client: &Client, preview: &Value) -> crate::support::Reply {
    let address = format!("/inventory/import/{}/commit", text(&preview["id"]));
    client.post(&address, &Value::Null).await
}

/// All items that somebody sees.
async fn items(client: &Client) -> Vec<String> {
    super::oracle::kitchen::all(client, "/inventory/items?sort=item_number")
        .await
        .iter()
        .map(|item| text(&item["item_number"]).to_owned())
        .collect()
}

#[tokio::test]
async fn a_new_cafe_takes_over_420_items_once_the_seven_wrong_rows_are_right() {
    let server = TestServer::start_with(SETTINGS).await;
    let manager = server.person("manager").await;

    // Each wrong row is named by its line, its column and what stands there, and nothing is done.
    let shown = preview(&manager, "items", list(WRONG.map(|(_, _, wrong, ..)| wrong))).await;
    assert_eq!((&shown["rows"], &shown["create"]), (&json!(ROWS), &json!(ROWS - WRONG.len())));
    let told = shown["errors"].as_array().expect("errors").iter().map(|error| {
        let texts = ["column", "value", "code"].map(|name| text(&error[name]).to_owned());
        (error["line"].as_u64().expect("a line"), texts)
    });
    let told: Vec<_> = told.collect();
    let expected = WRONG.map(|(row, column, value, _, code)| {
        (row as u64 + 1, [column, value, code].map(str::to_owned))
    });
    assert_eq!(told, expected);
    commit(&manager, &shown).await.is_problem(409, "import-has-errors");
    assert_eq!(items(&manager).await.len(), 0, "not one row is taken over alone");

    // The seven are mended and the list is shown again; pressed twice it is taken over once.
    let shown = preview(&manager, "items", list(WRONG.map(|(_, _, _, right, _)| right))).await;
    assert_eq!((&shown["create"], &shown["errors"]), (&json!(ROWS), &json!([])));
    let (one, other) = tokio::join!(commit(&manager, &shown), commit(&manager, &shown));
    assert_eq!(one.is(200), json!({ "created": ROWS, "updated": 0, "skipped": 0 }));
    assert_eq!(other.is(200), one.is(200));
    let numbers: Vec<String> = (1..=ROWS).map(|row| cell(row, "item_number")).collect();
    assert_eq!(items(&manager).await, numbers);
    let scanned = manager.get("/inventory/items?q=SHELF-300").await.is(200);
    assert_eq!(column(&scanned, "name"), ["Thing 300"]);

    the_first_evening(&server, &manager).await;

    // The café's own list, taken out and in again, changes nothing.
    let file = manager.get("/inventory/export/items.csv").await.text();
    let shown = preview(&manager, "items", file).await;
    assert_eq!((&shown["skip"], &shown["errors"]), (&json!(ROWS), &json!([])));
    let findings = manager.post("/inventory/integrity", &Value::Null).await.is(200);
    assert_eq!(findings["ok"], true);
    server.finish().await;
}

/// Shelves and what stands on them; what that is worth is added up by hand.
async fn the_first_evening(server: &TestServer, manager: &Client) {
    let places = "code,name,temp_zone,parent_code\r\nBAR,Bar,,\r\nBAR-1,Shelf,dry,BAR\r\n";
    let shown = preview(manager, "locations", places.to_owned()).await;
    commit(manager, &shown).await.is(200);
    let mut file = "item_number,location_code,qty,unit_cost\r\n".to_owned();
    let mut worth = 0;
    for row in 1..=ROWS {
        // Of every third there is none yet, and every fifth was a gift.
        let qty = if row % 3 == 0 { 0 } else { row * 7 % 90 + 1 };
        let price = if row % 5 == 0 { 0 } else { row * 1_013 };
        let cost = format!("{}.{:04}", price / 10_000, price % 10_000);
        writeln!(file, "CK-{row:03},BAR-1,{qty},{cost}\r").expect("room");
        worth += qty * price;
    }

    let shown = preview(manager, "opening_stock", file).await;
    assert_eq!(shown["errors"], json!([]));
    let done = commit(manager, &shown).await.is(200);

    assert_eq!(done["created"], ROWS - ROWS / 3);
    let report = manager.get("/inventory/reports/valuation").await.is(200);
    let told = format!("{}.{:04}", worth / 10_000, worth % 10_000);
    assert_eq!(report["total"]["value"], told);
    // Whoever works at the bar sees what is there and no price.
    let counter = server.person("counter").await;
    let seen = counter.get("/inventory/items?q=CK-001").await.is(200);
    assert_eq!(column(&seen, "on_hand"), ["8.000"]);
    assert_eq!(seen["items"][0].get("unit_cost"), None);
}

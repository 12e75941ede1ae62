//! The Inventory app over HTTP.

mod bounds;
pub(crate) mod comments;
mod counts;
mod files;
mod finding_much;
mod forbidden;
mod imports;
mod items;
mod ledger;
mod locations;
mod locks;
mod low_stock;
mod matrix;
mod movements;
mod new_cafe;
mod oracle;
pub(crate) mod order_files;
mod orders;
pub(crate) mod pictures;
mod recycle_bin;
mod reports_accuracy;
mod reports_story;
mod reports_usage;
mod saved_filters;
mod search;
mod several_items;
mod standard_cost;
mod stock;
pub(crate) mod suppliers;
mod ten_people;
mod unpriced;
mod valuation;

use serde_json::{Value, json};

use crate::support::Client;

/// An item with the least it needs.
pub(crate) async fn item(client: &Client, number: &str) -> Value {
    let body = json!({ "item_number": number, "name": format!("Thing {number}"), "unit": "kg" });
    client.post("/inventory/items", &body).await.is(201)
}

pub(crate) async fn location(client: &Client, code: &str) -> Value {
    let body = json!({ "code": code, "name": format!("Place {code}") });
    client.post("/inventory/locations", &body).await.is(201)
}

/// A movement's body.
pub(crate) fn movement(kind: &str, item: &Value, place: &Value, qty: &str) -> Value {
    json!({ "type": kind, "item_id": item["id"], "location_id": place["id"], "qty": qty })
}

/// Posts a movement that is fine.
pub(crate) async fn post(
    client: &Client,
    kind: &str,
    item: &Value,
    place: &Value,
    qty: &str,
) -> Value {
    client.post("/inventory/movements", &movement(kind, item, place, qty)).await.is(201)
}

pub(crate) async fn on_hand(client: &Client, item: &Value) -> String {
    let item = client.get(&path("items", item)).await.is(200);
    text(&item["on_hand"]).to_owned()
}

/// The path of something below `/inventory`.
pub(crate) fn path(of: &str, thing: &Value) -> String {
    format!("/inventory/{of}/{}", text(&thing["id"]))
}

/// One field of every row of a list.
pub(crate) fn column(list: &Value, field: &str) -> Vec<String> {
    let rows = list["items"].as_array().expect("a list");
    rows.iter().map(|row| row[field].as_str().unwrap_or_default().to_owned()).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

//! What stock is worth, now and at the end of a day, worked by hand.

use std::time::Duration;

use serde_json::{Value, json};

use super::{item, location, movement, path, post};
use crate::support::{Client, TestServer, nothing};

/// Reports have a limit of their own, which is not what is tried here.
const SETTINGS: &[(&str, &str)] = &[("limits.heavy_per_min", "1000")];

/// Receives at a price.
async fn receive(client: &Client, item: &Value, place: &Value, qty: &str, price: &str) {
    let mut body = movement("receive", item, place, qty);
    body["unit_cost"] = json!(price);
    client.post("/inventory/movements", &body).await.is(201);
}

async fn item_of(client: &Client, number: &str, category: &str) -> Value {
    let body = json!({ "item_number": number, "name": format!("Thing {number}"), "unit": "kg",
        "category": category });
    client.post("/inventory/items", &body).await.is(201)
}

/// The rows as `name=value/items`, and the total behind them.
async fn rows(client: &Client, query: &str) -> Vec<String> {
    let report = client.get(&format!("/inventory/reports/valuation?{query}")).await.is(200);
    let row = |row: &Value, name: &Value| {
        let name = name.as_str().unwrap_or("-");
        format!("{name}={}/{}", row["value"].as_str().expect("a worth"), row["items"])
    };
    let list = report["items"].as_array().expect("rows");
    let by = if report["group"] == "category" { "name" } else { "code" };
    let mut rows: Vec<String> = list.iter().map(|one| row(one, &one[by])).collect();
    rows.push(row(&report["total"], &json!("all")));
    rows
}

#[tokio::test]
async fn worth_is_told_by_category_place_and_item_and_each_adds_up() {
    let server = TestServer::start_with(SETTINGS).await;
    let manager = server.person("manager").await;
    let salmon = item_of(&manager, "S", "Fish").await;
    let cod = item_of(&manager, "C", "Fish").await;
    let salt = item(&manager, "X").await;
    let (a, b) = (location(&manager, "A").await, location(&manager, "B").await);
    // 10 at 1 and 5 at 2: 15 for 20, of which 1 goes for 1.3333: 14 for 18.6667.
    receive(&manager, &salmon, &a, "10", "1").await;
    receive(&manager, &salmon, &b, "5", "2").await;
    post(&manager, "use", &salmon, &a, "1").await;
    receive(&manager, &cod, &b, "2", "30.5").await;
    receive(&manager, &salt, &a, "4", "0.25").await;

    assert_eq!(rows(&manager, "").await, ["Fish=79.6667/2", "-=1.0000/1", "all=80.6667/3"]);
    // Of 18.6667 for 14, 9 lie at A: 12.0000; 5 at B: 6.6667.
    let by_place = ["B=67.6667/2", "A=13.0000/2", "all=80.6667/3"];
    assert_eq!(rows(&manager, "group=location").await, by_place);
    let by_item = ["C=61.0000/1", "S=18.6667/1", "X=1.0000/1", "all=80.6667/3"];
    assert_eq!(rows(&manager, "group=item").await, by_item);
    let fish = ["C=61.0000/1", "S=18.6667/1", "all=79.6667/2"];
    assert_eq!(rows(&manager, "group=item&category=Fish").await, fish);
    assert_eq!(rows(&manager, "group=item&category=").await, ["X=1.0000/1", "all=1.0000/1"]);
    let at_a = format!("location_id={}", a["id"].as_str().unwrap());
    let items_at_a = ["S=12.0000/1", "X=1.0000/1", "all=13.0000/2"];
    assert_eq!(rows(&manager, &format!("group=item&{at_a}")).await, items_at_a);
    assert_eq!(rows(&manager, &at_a).await, ["Fish=12.0000/1", "-=1.0000/1", "all=13.0000/2"]);

    let page = manager.get("/inventory/reports/valuation?group=item&limit=2").await.is(200);
    let (cod, cursor) = (&page["items"][0], page["next_cursor"].as_str().unwrap());
    let told = json!({ "qty": cod["qty"], "unit": cod["unit"], "each": cod["unit_value"] });
    assert_eq!(told, json!({ "qty": "2.000", "unit": "kg", "each": "30.5000" }));
    let rest = format!("group=item&limit=2&cursor={cursor}");
    assert_eq!(rows(&manager, &rest).await, ["X=1.0000/1", "all=80.6667/3"]);
    server.finish().await;
}

#[tokio::test]
async fn the_worth_of_a_day_is_what_had_taken_effect_when_it_ended() {
    let server = TestServer::start_with(SETTINGS).await;
    let owner = server.person("owner").await;
    let manager = server.person("manager").await;
    let at_home = owner.get("").await.is(200);
    let version = at_home["version"].as_i64().unwrap();
    let zone = json!({ "time_zone": "Pacific/Auckland" });
    owner.change(http::Method::PATCH, "", version, &zone).await.is(200);
    let salmon = item_of(&manager, "S", "Fish").await;
    let shelf = location(&manager, "A").await;
    let at = |text: &str| format!("at={text}");
    // 21 November 2026, 14:00 in UTC, is 03:00 of the next day there.
    server.advance(Duration::from_hours(8));
    let manager = server.person("manager").await;
    receive(&manager, &salmon, &shelf, "10", "2").await;
    server.advance(Duration::from_hours(30));
    let manager = server.person("manager").await;
    post(&manager, "use", &salmon, &shelf, "4").await;
    let mut earlier = movement("use", &salmon, &shelf, "1");
    earlier["effective_at"] = json!("2026-11-22T09:00:00Z");
    manager.post("/inventory/movements", &earlier).await.is(201);

    assert_eq!(rows(&manager, &at("2026-11-21")).await, ["all=0.0000/0"]);
    assert_eq!(rows(&manager, &at("2026-11-22")).await, ["Fish=18.0000/1", "all=18.0000/1"]);
    assert_eq!(rows(&manager, &at("2026-11-23")).await, ["Fish=10.0000/1", "all=10.0000/1"]);
    assert_eq!(rows(&manager, "").await, ["Fish=10.0000/1", "all=10.0000/1"]);
    let report = manager.get("/inventory/reports/valuation?at=2026-11-22").await.is(200);
    assert_eq!(report["at"], "2026-11-22T10:59:59.999Z");
    server.finish().await;
}

#[tokio::test]
async fn the_file_has_every_row_and_is_told_to_the_log() {
    let server = TestServer::start_with(SETTINGS).await;
    let manager = server.person("manager").await;
    let body = json!({ "item_number": "=1+1", "name": "Thing, odd", "unit": "kg" });
    let odd = manager.post("/inventory/items", &body).await.is(201);
    let shelf = location(&manager, "A").await;
    receive(&manager, &odd, &shelf, "3", "2").await;

    let file = manager.get("/inventory/reports/valuation.csv?group=item").await;

    let columns = "item_number,item_name,unit,qty,unit_value,value\r\n";
    assert_eq!(file.text(), format!("{columns}'=1+1,\"Thing, odd\",kg,3.000,2.0000,6.0000\r\n"));
    let name = file.header("content-disposition").unwrap();
    assert!(name.contains("valuation-item-2026-11-21.csv"), "{name}");
    assert!(server.audit_actions().await.contains(&"inventory.exported".to_owned()));
    let places = manager.get("/inventory/reports/valuation.csv?group=location").await.text();
    assert_eq!(places, "location_code,location_name,items,value\r\nA,Place A,1,6.0000\r\n");
    server.finish().await;
}

#[tokio::test]
async fn what_cannot_be_reported_is_refused_with_its_field() {
    let server = TestServer::start_with(SETTINGS).await;
    let manager = server.person("manager").await;
    let wrong = [
        ("at=2026-02-30", "at", "report-day"),
        ("at=noon", "at", "report-day"),
        ("at=2999-01-01", "at", "report-day"),
        ("at=-009999-01-01", "at", "report-day"),
        ("at=9999-12-31", "at", "report-day"),
        ("group=supplier", "group", "report-group"),
        ("location_id=shelf", "location_id", "unknown-location"),
        ("limit=2001", "limit", "limit-out-of-range"),
        ("colour=red", "colour", "unknown-field"),
    ];
    for (query, field, code) in wrong {
        let reply = manager.get(&format!("/inventory/reports/valuation?{query}")).await;
        reply.is_field_problem(field, code);
    }
    let nowhere = format!("/inventory/reports/valuation?location_id={}", nothing::<()>());
    manager.get(&nowhere).await.is_field_problem("location_id", "unknown-location");
    let paged = manager.get("/inventory/reports/valuation.csv?limit=5").await;
    paged.is_field_problem("limit", "unknown-field");
    for role in ["counter", "viewer", "analyst", "member"] {
        let person = server.person(role).await;
        for file in ["valuation", "valuation.csv"] {
            let refused = person.get(&format!("/inventory/reports/{file}")).await;
            refused.is_problem(403, "forbidden");
        }
    }
    assert_eq!(rows(&manager, "at=2001-01-01").await, ["all=0.0000/0"], "before all there was");
    server.finish().await;
}

#[tokio::test]
async fn deleted_items_and_places_stay_in_the_worth_of_their_days() {
    let server = TestServer::start_with(SETTINGS).await;
    let admin = server.person("admin").await;
    let (salmon, shelf) = (item_of(&admin, "S", "Fish").await, location(&admin, "A").await);
    receive(&admin, &salmon, &shelf, "3", "2").await;
    server.advance(Duration::from_hours(48));
    let admin = server.person("admin").await;
    post(&admin, "use", &salmon, &shelf, "3").await;
    for (of, thing) in [("items", &salmon), ("locations", &shelf)] {
        let at = path(of, thing);
        let version = admin.get(&at).await.is(200)["version"].as_i64().unwrap();
        admin.change(http::Method::DELETE, &at, version, &Value::Null).await.is(204);
    }

    assert_eq!(rows(&admin, "group=location").await, ["all=0.0000/0"]);
    let then = rows(&admin, "group=location&at=2026-11-21").await;
    assert_eq!(then, ["A=6.0000/1", "all=6.0000/1"]);
    let then = rows(&admin, "group=item&at=2026-11-21").await;
    assert_eq!(then, ["S=6.0000/1", "all=6.0000/1"]);
    server.finish().await;
}

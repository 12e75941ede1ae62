//! What was used over a period and how often stock was turned over, worked by hand.

use std::time::Duration;

use serde_json::{Value, json};

use super::{item, location, movement, path, post};
use crate::support::{Client, TestServer, nothing};

/// Reports have a limit of their own, which is not what is tried here.
const SETTINGS: &[(&str, &str)] = &[("limits.heavy_per_min", "1000")];
const REPORT: &str = "/inventory/reports/usage";

async fn item_of(client: &Client, number: &str, category: &str, unit: &str) -> Value {
    let body = json!({ "item_number": number, "name": format!("Thing {number}"), "unit": unit,
        "category": category });
    client.post("/inventory/items", &body).await.is(201)
}

/// Posts as of a moment.
async fn at(client: &Client, moment: &str, mut body: Value, price: Option<&str>) -> Value {
    body["effective_at"] = json!(moment);
    if let Some(price) = price {
        body["unit_cost"] = json!(price);
    }
    client.post("/inventory/movements", &body).await.is(201)
}

async fn report(client: &Client, query: &str) -> Value {
    client.get(&format!("{REPORT}?{query}")).await.is(200)
}

/// Figures as `used qty unit, used value, average, turnover, days`.
fn told(figures: &Value) -> String {
    let text = |field: &str| figures[field].as_str().unwrap_or("-").to_owned();
    let names = ["used_qty", "unit", "used_value", "average_value", "turnover", "days_of_stock"];
    names.map(text).join(" ")
}

fn rows(report: &Value) -> Vec<String> {
    let list = report["items"].as_array().expect("rows");
    let name = |row: &Value| {
        let name = row["code"].as_str().or(row["name"].as_str());
        name.unwrap_or("none").to_owned()
    };
    list.iter().map(|row| format!("{}: {}", name(row), told(row))).collect()
}

/// Ten kilograms of salmon at 1.00 lie at A before November. On the 2nd four are used at A, on the
/// 3rd ten bottles of oil at 2.00 come to B, of which five are used on the 4th.
async fn kitchen(manager: &Client) -> [Value; 4] {
    let salmon = item_of(manager, "S", "Fish", "kg").await;
    let oil = item_of(manager, "O", "Dry", "l").await;
    let (a, b) = (location(manager, "A").await, location(manager, "B").await);
    let receive = movement("receive", &salmon, &a, "10");
    at(manager, "2026-10-20T12:00:00Z", receive, Some("1")).await;
    at(manager, "2026-11-02T12:00:00Z", movement("use", &salmon, &a, "4"), None).await;
    let receive = movement("receive", &oil, &b, "10");
    at(manager, "2026-11-03T12:00:00Z", receive, Some("2")).await;
    at(manager, "2026-11-04T12:00:00Z", movement("use", &oil, &b, "5"), None).await;
    [salmon, oil, a, b]
}

const FOUR_DAYS: &str = "from=2026-11-01&to=2026-11-04";

#[tokio::test]
async fn what_was_used_is_told_in_all_by_category_place_and_item() {
    let server = TestServer::start_with(SETTINGS).await;
    let manager = server.person("manager").await;
    let [salmon, _, a, _] = kitchen(&manager).await;

    // Evenings: salmon 10, 6, 6, 6: 7 on average; 4 ÷ 7 = 0.5714 turns, 7 days. Oil 0, 0, 20, 10:
    // 7.50 on average; 10 ÷ 7.50 = 1.3333 turns, 3 days. In all 14 ÷ 14.50 and 4 × 14.50 ÷ 14.
    let all = report(&manager, FOUR_DAYS).await;
    let [fish, dry] = ["4.000 kg 4.0000 7.0000 0.5714 7.0", "5.000 l 10.0000 7.5000 1.3333 3.0"];
    assert_eq!(told(&all["total"]), "- - 14.0000 14.5000 0.9655 4.1");
    assert_eq!(rows(&all), [format!("Dry: {dry}"), format!("Fish: {fish}")]);
    assert_eq!(
        (&all["days"], &all["step"], &all["total"]["items"]),
        (&json!(4), &json!("day"), &json!(2))
    );
    assert_eq!(all["total"]["opening_value"], "10.0000");
    assert_eq!(all["total"]["closing_value"], "16.0000");
    assert_eq!(all["from_moment"], "2026-11-01T00:00:00.000Z");
    assert_eq!(all["to_moment"], "2026-11-04T23:59:59.999Z");
    let by_item = report(&manager, &format!("{FOUR_DAYS}&group=item")).await;
    assert_eq!(rows(&by_item), [format!("O: {dry}"), format!("S: {fish}")]);
    let by_place = report(&manager, &format!("{FOUR_DAYS}&group=location")).await;
    assert_eq!(rows(&by_place), [format!("B: {dry}"), format!("A: {fish}")]);

    // Each way to ask for the salmon says the same of it.
    let id = |thing: &Value| thing["id"].as_str().unwrap().to_owned();
    for narrowed in [
        "category=Fish".to_owned(),
        format!("location_id={}", id(&a)),
        format!("item_id={}", id(&salmon)),
    ] {
        let one = report(&manager, &format!("{FOUR_DAYS}&group=item&{narrowed}")).await;
        assert_eq!(rows(&one), [format!("S: {fish}")], "{narrowed}");
        assert_eq!(told(&one["total"]), fish);
    }
    let none = report(&manager, &format!("{FOUR_DAYS}&category=")).await;
    assert_eq!(told(&none["total"]), "0.000 - 0.0000 0.0000 - -");
    server.finish().await;
}

#[tokio::test]
async fn steps_cover_the_period_and_a_use_that_is_taken_back_counts_where_it_comes_back() {
    let server = TestServer::start_with(SETTINGS).await;
    let manager = server.person("manager").await;
    let (salmon, a) = (item_of(&manager, "S", "Fish", "kg").await, location(&manager, "A").await);
    let receive = movement("receive", &salmon, &a, "10");
    at(&manager, "2026-11-16T12:00:00Z", receive, Some("1")).await;
    let used = movement("use", &salmon, &a, "4");
    let used = at(&manager, "2026-11-18T12:00:00Z", used, None).await;
    // Today, the 21st.
    let back = format!("{}/reverse", path("movements", &used));
    manager.post(&back, &json!({})).await.is(201);

    let days = report(&manager, "from=2026-11-16&to=2026-11-21&step=day").await;
    let steps: Vec<String> = days["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| format!("{} {}", step["from"].as_str().unwrap(), step["used_value"]))
        .collect();
    let expected = [
        "2026-11-16 \"0.0000\"",
        "2026-11-17 \"0.0000\"",
        "2026-11-18 \"4.0000\"",
        "2026-11-19 \"0.0000\"",
        "2026-11-20 \"0.0000\"",
        "2026-11-21 \"-4.0000\"",
    ];
    assert_eq!(steps, expected);
    // Evenings 10, 10, 6, 6, 6, 10; nothing was used in all.
    assert_eq!(told(&days["total"]), "0.000 kg 0.0000 8.0000 0.0000 -");
    // The 16th of November is a Monday.
    let weeks = report(&manager, "from=2026-11-09&to=2026-11-21&step=week").await;
    let list = weeks["steps"].as_array().expect("steps");
    let span = |step: &Value| format!("{}..{}", step["from"], step["to"]).replace('"', "");
    let spans: Vec<String> = list.iter().map(span).collect();
    assert_eq!(spans, ["2026-11-09..2026-11-15", "2026-11-16..2026-11-21"]);
    assert_eq!(list[1]["opening_value"], "0.0000");
    assert_eq!(list[1]["closing_value"], "10.0000");
    server.finish().await;
}

#[tokio::test]
async fn days_end_where_the_workspace_is_on_days_of_23_and_25_hours_too() {
    let server = TestServer::start_with(SETTINGS).await;
    let owner = server.person("owner").await;
    let version = owner.get("").await.is(200)["version"].as_i64().unwrap();
    let zone = json!({ "time_zone": "Europe/Berlin" });
    owner.change(http::Method::PATCH, "", version, &zone).await.is(200);
    let (salmon, a) = (item_of(&owner, "S", "Fish", "kg").await, location(&owner, "A").await);
    let receive = movement("receive", &salmon, &a, "10");
    at(&owner, "2026-03-01T12:00:00Z", receive, Some("1")).await;
    let used = |qty| movement("use", &salmon, &a, qty);
    // The 29th of March has 23 hours and ends at 22:00 in UTC, the 25th of October has 25 and ends
    // at 23:00.
    at(&owner, "2026-03-29T21:59:59.999Z", used("1"), None).await;
    at(&owner, "2026-03-29T22:00:00Z", used("2"), None).await;
    at(&owner, "2026-10-25T22:59:59.999Z", used("3"), None).await;
    at(&owner, "2026-10-25T23:00:00Z", used("4"), None).await;

    for (day, value) in [
        ("2026-03-28", "0.0000"),
        ("2026-03-29", "1.0000"),
        ("2026-03-30", "2.0000"),
        ("2026-10-24", "0.0000"),
        ("2026-10-25", "3.0000"),
        ("2026-10-26", "4.0000"),
    ] {
        let one = report(&owner, &format!("from={day}&to={day}")).await;
        assert_eq!(one["total"]["used_value"], value, "{day}");
        // The worth of the evening is what the report of the worth says of that day.
        let worth = owner.get(&format!("/inventory/reports/valuation?at={day}")).await.is(200);
        assert_eq!(one["total"]["average_value"], worth["total"]["value"], "{day}");
    }
    server.finish().await;
}

#[tokio::test]
async fn the_file_says_what_the_report_says_and_is_told_to_the_log() {
    let server = TestServer::start_with(SETTINGS).await;
    let manager = server.person("manager").await;
    kitchen(&manager).await;
    let figures = [
        "used_qty",
        "unit",
        "used_value",
        "opening_value",
        "closing_value",
        "average_value",
        "turnover",
        "days_of_stock",
    ];
    let cells = |row: &Value, names: &[&str]| {
        let cell = |name: &&str| match &row[*name] {
            Value::Number(number) => number.to_string(),
            value => value.as_str().unwrap_or_default().to_owned(),
        };
        names.iter().map(cell).collect::<Vec<_>>().join(",")
    };

    for (query, list, head, names) in [
        ("group=category", "items", "category,items", vec!["name", "items"]),
        (
            "group=location",
            "items",
            "location_code,location_name,items",
            vec!["code", "name", "items"],
        ),
        ("group=item", "items", "item_number,item_name", vec!["code", "name"]),
        ("rows=steps", "steps", "from,to", vec!["from", "to"]),
    ] {
        let file = manager.get(&format!("{REPORT}.csv?{FOUR_DAYS}&{query}")).await;
        let asked = query.replace("rows=steps", "group=category");
        let json = report(&manager, &format!("{FOUR_DAYS}&{asked}")).await;
        let mut lines = vec![format!("{head},{}", figures.join(","))];
        let names = [&names[..], &figures[..]].concat();
        lines.extend(json[list].as_array().expect("rows").iter().map(|row| cells(row, &names)));
        assert_eq!(file.text(), lines.join("\r\n") + "\r\n");
    }
    let file = manager.get(&format!("{REPORT}.csv?{FOUR_DAYS}&group=item")).await;
    let name = file.header("content-disposition").unwrap();
    assert!(name.contains("usage-item-2026-11-01-2026-11-04.csv"), "{name}");
    assert!(server.audit_actions().await.contains(&"inventory.exported".to_owned()));
    server.finish().await;
}

#[tokio::test]
async fn items_come_in_pages_and_stock_that_nobody_uses_comes_last() {
    let server = TestServer::start_with(SETTINGS).await;
    let manager = server.person("manager").await;
    kitchen(&manager).await;
    let (salt, a) = (item(&manager, "X").await, location(&manager, "C").await);
    let mut receive = movement("receive", &salt, &a, "4");
    receive["unit_cost"] = json!("0.25");
    manager.post("/inventory/movements", &receive).await.is(201);

    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let query = format!("from=2026-11-01&to=2026-11-21&group=item&limit=1{cursor}");
        let page = report(&manager, &query).await;
        found.extend(page["items"].as_array().unwrap().iter().map(|row| row["code"].clone()));
        assert_eq!(page["total"]["items"], 3, "the total is that of all pages");
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }

    assert_eq!(found, ["O", "S", "X"]);
    let last = report(&manager, "from=2026-11-21&to=2026-11-21&group=item&category=").await;
    assert_eq!(rows(&last), ["X: 0.000 kg 0.0000 1.0000 0.0000 -"]);
    server.finish().await;
}

#[tokio::test]
async fn what_cannot_be_reported_is_refused_with_its_field() {
    let server = TestServer::start_with(SETTINGS).await;
    let manager = server.person("manager").await;
    let wrong = [
        ("from=2026-02-30", "from", "report-day"),
        ("to=noon", "to", "report-day"),
        ("to=2026-11-22", "to", "report-day"),
        ("from=2026-11-02&to=2026-11-01", "from", "report-range"),
        ("from=2020-01-01", "from", "report-range"),
        ("from=-009999-01-01", "from", "report-day"),
        ("from=2024-11-21&step=day", "step", "report-step"),
        ("step=hour", "step", "report-step"),
        ("group=supplier", "group", "report-group"),
        ("location_id=shelf", "location_id", "unknown-location"),
        ("item_id=salmon", "item_id", "unknown-item"),
        ("limit=2001", "limit", "limit-out-of-range"),
        ("at=2026-11-01", "at", "unknown-field"),
    ];
    for (query, field, code) in wrong {
        manager.get(&format!("{REPORT}?{query}")).await.is_field_problem(field, code);
    }
    for (field, code) in [("location_id", "unknown-location"), ("item_id", "unknown-item")] {
        let nobody = manager.get(&format!("{REPORT}?{field}={}", nothing::<()>())).await;
        nobody.is_field_problem(field, code);
    }
    let by_colour = manager.get(&format!("{REPORT}.csv?rows=colours")).await;
    by_colour.is_field_problem("rows", "report-group");
    let empty = report(&manager, "").await;
    assert_eq!((&empty["from"], &empty["to"]), (&json!("2026-10-23"), &json!("2026-11-21")));
    assert_eq!(told(&empty["total"]), "0.000 - 0.0000 0.0000 - -");
    assert_eq!(empty["items"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn who_sees_no_prices_learns_nothing_of_what_was_used() {
    let server = TestServer::start_with(SETTINGS).await;
    for role in ["counter", "viewer", "analyst", "member"] {
        let person = server.person(role).await;
        for file in ["usage", "usage.csv", "count-accuracy", "count-accuracy.csv"] {
            let refused = person.get(&format!("/inventory/reports/{file}")).await;
            refused.is_problem(403, "forbidden");
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn deleted_items_and_places_stay_in_the_use_of_their_days() {
    let server = TestServer::start_with(SETTINGS).await;
    let admin = server.person("admin").await;
    let (salmon, a) = (item_of(&admin, "S", "Fish", "kg").await, location(&admin, "A").await);
    let mut receive = movement("receive", &salmon, &a, "3");
    receive["unit_cost"] = json!("2");
    admin.post("/inventory/movements", &receive).await.is(201);
    post(&admin, "use", &salmon, &a, "3").await;
    server.advance(Duration::from_hours(24));
    let admin = server.person("admin").await;
    for (of, thing) in [("items", &salmon), ("locations", &a)] {
        let at = path(of, thing);
        let version = admin.get(&at).await.is(200)["version"].as_i64().unwrap();
        admin.change(http::Method::DELETE, &at, version, &Value::Null).await.is(204);
    }

    for (group, name) in [("item", "S"), ("location", "A"), ("category", "Fish")] {
        let found = report(&admin, &format!("group={group}")).await;
        assert_eq!(rows(&found), [format!("{name}: 3.000 kg 6.0000 0.0000 - 0.0")]);
    }
    server.finish().await;
}

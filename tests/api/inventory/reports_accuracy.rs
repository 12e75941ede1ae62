//! How well the books agreed with what was counted, worked by hand.

use std::time::Duration;

use serde_json::{Value, json};

use super::{item, location, movement, path, post, text};
use crate::support::{Client, TestServer};

/// Reports have a limit of their own, which is not what is tried here.
const SETTINGS: &[(&str, &str)] = &[("limits.heavy_per_min", "1000")];
const REPORT: &str = "/inventory/reports/count-accuracy";

async fn stocked(client: &Client, number: &str, category: &str, at: (&Value, &str, &str)) -> Value {
    let (place, qty, price) = at;
    let body = json!({ "item_number": number, "name": format!("Thing {number}"), "unit": "kg",
        "category": category });
    let item = client.post("/inventory/items", &body).await.is(201);
    let mut receive = movement("receive", &item, place, qty);
    receive["unit_cost"] = json!(price);
    client.post("/inventory/movements", &receive).await.is(201);
    item
}

async fn open(manager: &Client, name: &str) -> Value {
    let body = json!({ "name": name, "blind": false });
    manager.post("/inventory/counts", &body).await.is(201)
}

fn below(count: &Value, what: &str) -> String {
    format!("{}/{what}", path("counts", count))
}

/// Enters what was counted: item, place, quantity.
async fn enter(counter: &Client, count: &Value, found: &[(&Value, &Value, &str)]) {
    let entry = |(number, (item, place, qty)): (usize, &(&Value, &Value, &str))| {
        let count = &text(&count["id"])[24..];
        json!({ "client_op": format!("00000000-0000-7000-{:04}-{count}", number + 8000),
            "item_id": item["id"], "location_id": place["id"], "mode": "set", "qty": qty })
    };
    let entries: Vec<Value> = found.iter().enumerate().map(entry).collect();
    let answer = counter.post(&below(count, "entries"), &json!({ "entries": entries })).await;
    let taken = answer.is(200);
    let outcomes = taken["entries"].as_array().expect("answers");
    assert!(outcomes.iter().all(|one| one["outcome"] == "accepted"), "{taken}");
}

/// Hands a count in and approves it with what is decided of some items.
async fn apply(manager: &Client, count: &Value, decisions: &[(&Value, &str)]) {
    manager.post(&below(count, "submit"), &json!({})).await.is(200);
    let mut decided = Vec::new();
    for (item, decision) in decisions {
        let query = format!("{}?item_id={}", below(count, "lines"), text(&item["id"]));
        let lines = manager.get(&query).await.is(200);
        decided.push(json!({ "line_id": lines["items"][0]["id"], "decision": decision }));
    }
    let body = json!({ "decisions": decided });
    let done = manager.post(&below(count, "approve"), &body).await.is(200);
    assert_eq!(done["state"], "applied");
}

/// Figures as `agreed/lines accuracy, difference (net) of expected, accuracy`.
fn told(figures: &Value) -> String {
    let text = |field: &str| figures[field].as_str().unwrap_or("-").to_owned();
    let [lines, agreed] = ["lines", "agreed_lines"].map(|field| figures[field].to_string());
    let [by_line, by_value] = ["line_accuracy", "value_accuracy"].map(text);
    let [off, net, of] = ["difference_value", "net_value", "expected_value"].map(text);
    format!("{agreed}/{lines} {by_line}, {off} ({net}) of {of}, {by_value}")
}

async fn report(client: &Client, query: &str) -> (String, Vec<String>) {
    let report = client.get(&format!("{REPORT}?{query}")).await.is(200);
    let list = report["items"].as_array().expect("rows");
    let name = |row: &Value| {
        let name = row["code"].as_str().or(row["name"].as_str());
        name.unwrap_or("none").to_owned()
    };
    let rows = list.iter().map(|row| format!("{}: {}", name(row), told(row))).collect();
    (told(&report["total"]), rows)
}

#[tokio::test]
async fn accuracy_is_told_in_all_by_count_category_and_place() {
    let server = TestServer::start_with(SETTINGS).await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let (a, b) = (location(&manager, "A").await, location(&manager, "B").await);
    let salmon = stocked(&manager, "S", "Fish", (&a, "10", "3")).await;
    let cod = stocked(&manager, "C", "Fish", (&b, "5", "2")).await;
    let salt = stocked(&manager, "X", "Dry", (&b, "4", "1")).await;
    stocked(&manager, "N", "Dry", (&b, "9", "9")).await;

    // A kilogram of salmon for 3.00 is missing, the cod agrees, two of salt for 1.00 each are
    // found; nobody counts the last one, which so is no line of the report.
    let monday = open(&manager, "Monday").await;
    enter(&counter, &monday, &[(&salmon, &a, "9"), (&cod, &b, "5"), (&salt, &b, "6")]).await;
    apply(&manager, &monday, &[]).await;

    // 5.00 off of 30 + 10 + 4: 39 ÷ 44.
    let all = "1/3 0.3333, 5.0000 (-1.0000) of 44.0000, 0.8864";
    let by_count = report(&manager, "").await;
    assert_eq!(by_count, (all.to_owned(), vec![format!("Monday: {all}")]));
    let fish = "Fish: 1/2 0.5000, 3.0000 (-3.0000) of 40.0000, 0.9250";
    let dry = "Dry: 0/1 0.0000, 2.0000 (2.0000) of 4.0000, 0.5000";
    let by_category = vec![fish.to_owned(), dry.to_owned()];
    assert_eq!(report(&manager, "group=category").await, (all.to_owned(), by_category));
    let at_a = "A: 0/1 0.0000, 3.0000 (-3.0000) of 30.0000, 0.9000";
    let at_b = "B: 1/2 0.5000, 2.0000 (2.0000) of 14.0000, 0.8571";
    let by_place = vec![at_a.to_owned(), at_b.to_owned()];
    assert_eq!(report(&manager, "group=location").await, (all.to_owned(), by_place));

    // What happens to the stock afterwards changes nothing of it.
    post(&manager, "use", &salmon, &a, "9").await;
    let mut dearer = movement("receive", &cod, &b, "5");
    dearer["unit_cost"] = json!("100");
    manager.post("/inventory/movements", &dearer).await.is(201);
    assert_eq!(report(&manager, "").await.0, all);
    server.finish().await;
}

#[tokio::test]
async fn what_was_rejected_does_not_count_and_count_now_is_against_the_books_of_that_moment() {
    let server = TestServer::start_with(SETTINGS).await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let a = location(&manager, "A").await;
    let salmon = stocked(&manager, "S", "Fish", (&a, "10", "1")).await;
    let cod = stocked(&manager, "C", "Fish", (&a, "10", "1")).await;
    let count = open(&manager, "Tuesday").await;
    enter(&counter, &count, &[(&salmon, &a, "9"), (&cod, &a, "2")]).await;
    post(&manager, "use", &salmon, &a, "2").await;

    // The books say eight when the nine that were counted are made the stock; the cod was counted
    // wrongly and is left as it is.
    apply(&manager, &count, &[(&salmon, "count_now"), (&cod, "reject")]).await;

    let (total, _) = report(&manager, "").await;
    assert_eq!(total, "0/1 0.0000, 1.0000 (1.0000) of 8.0000, 0.8750");
    server.finish().await;
}

#[tokio::test]
async fn nothing_expected_has_no_accuracy_by_worth_and_no_count_none_at_all() {
    let server = TestServer::start_with(SETTINGS).await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let none = "0/0 -, 0.0000 (0.0000) of 0.0000, -";
    assert_eq!(report(&manager, "").await, (none.to_owned(), vec![]));
    let a = location(&manager, "A").await;
    let body = json!({ "item_number": "F", "name": "Found", "unit": "kg", "unit_cost": "7" });
    let found = manager.post("/inventory/items", &body).await.is(201);
    let body = json!({ "name": "Found", "blind": false,
        "scope": { "location_id": a["id"], "item_ids": [found["id"]] } });
    let count = manager.post("/inventory/counts", &body).await.is(201);
    enter(&counter, &count, &[(&found, &a, "2")]).await;
    apply(&manager, &count, &[]).await;

    let (total, _) = report(&manager, "").await;

    assert_eq!(total, "0/1 0.0000, 14.0000 (14.0000) of 0.0000, -");
    server.finish().await;
}

#[tokio::test]
async fn a_period_has_the_counts_that_were_applied_in_it_newest_first_and_in_pages() {
    let server = TestServer::start_with(SETTINGS).await;
    let manager = server.person("manager").await;
    let a = location(&manager, "A").await;
    let salmon = stocked(&manager, "S", "Fish", (&a, "10", "1")).await;
    for (name, qty) in [("First", "10"), ("Second", "9"), ("Third", "9")] {
        let (manager, counter) = (server.person("manager").await, server.person("counter").await);
        let count = open(&manager, name).await;
        enter(&counter, &count, &[(&salmon, &a, qty)]).await;
        apply(&manager, &count, &[]).await;
        // One that is canceled, and one that is open, are none of it.
        let canceled = open(&manager, "Never").await;
        enter(&counter, &canceled, &[(&salmon, &a, "1")]).await;
        manager.post(&below(&canceled, "cancel"), &json!({})).await.is(200);
        server.advance(Duration::from_hours(24));
    }
    let manager = server.person("manager").await;

    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = manager.get(&format!("{REPORT}?limit=2{cursor}")).await.is(200);
        assert_eq!(page["counts"], 3);
        let rows = page["items"].as_array().expect("rows");
        found.extend(rows.iter().map(|row| text(&row["name"]).to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, ["Third", "Second", "First"]);
    let (total, rows) = report(&manager, "from=2026-11-22&to=2026-11-22").await;
    assert_eq!(total, "0/1 0.0000, 1.0000 (-1.0000) of 10.0000, 0.9000");
    assert_eq!(rows, [format!("Second: {total}")]);
    server.finish().await;
}

#[tokio::test]
async fn the_file_says_what_the_report_says() {
    let server = TestServer::start_with(SETTINGS).await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let a = location(&manager, "A").await;
    let salmon = stocked(&manager, "S", "Fish", (&a, "10", "1.5")).await;
    let count = open(&manager, "=1+1").await;
    enter(&counter, &count, &[(&salmon, &a, "9")]).await;
    apply(&manager, &count, &[]).await;

    let file = |group: &'static str| {
        let manager = &manager;
        async move { manager.get(&format!("{REPORT}.csv?group={group}")).await }
    };
    let columns = "lines,agreed_lines,line_accuracy,expected_value,difference_value,net_value,\
                   value_accuracy";
    let figures = "1,0,0.0000,15.0000,1.5000,-1.5000,0.9000";
    let by_count = manager.get(REPORT).await.is(200);
    let at = text(&by_count["items"][0]["approved_at"]);
    let expected = format!("count,approved_at,{columns}\r\n'=1+1,{at},{figures}\r\n");
    assert_eq!(file("count").await.text(), expected);
    let expected = format!("category,{columns}\r\nFish,{figures}\r\n");
    assert_eq!(file("category").await.text(), expected);
    let expected = format!("location_code,location_name,{columns}\r\nA,Place A,{figures}\r\n");
    let reply = file("location").await;
    assert_eq!(reply.text(), expected);
    let name = reply.header("content-disposition").unwrap();
    assert!(name.contains("count-accuracy-location-2026-10-23-2026-11-21.csv"), "{name}");
    assert!(server.audit_actions().await.contains(&"inventory.exported".to_owned()));
    server.finish().await;
}

#[tokio::test]
async fn what_cannot_be_reported_is_refused_with_its_field() {
    let server = TestServer::start_with(SETTINGS).await;
    let manager = server.person("manager").await;
    item(&manager, "S").await;
    let wrong = [
        ("from=2026-02-30", "from", "report-day"),
        ("to=2026-11-22", "to", "report-day"),
        ("from=2026-11-02&to=2026-11-01", "from", "report-range"),
        ("group=item", "group", "report-group"),
        ("limit=0", "limit", "limit-out-of-range"),
        ("step=day", "step", "unknown-field"),
    ];
    for (query, field, code) in wrong {
        manager.get(&format!("{REPORT}?{query}")).await.is_field_problem(field, code);
    }
    server.finish().await;
}

//! Movements, transfers and reversals.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{column, item, location, movement, on_hand, path, post};
use crate::support::{Client, START, TestServer, nothing};

async fn refused(client: &Client, body: &Value, code: &str) -> Value {
    client.post("/inventory/movements", body).await.is_problem(422, code)
}

#[tokio::test]
async fn a_receipt_a_use_and_an_adjustment_change_what_is_on_hand() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);

    let mut body = movement("receive", &salmon, &shelf, "12.5");
    body["unit_cost"] = json!("3.25");
    body["reference"] = json!("DN 4711");
    let received = manager.post("/inventory/movements", &body).await.is(201);
    let used = post(&manager, "use", &salmon, &shelf, "2.5").await;
    let adjusted = post(&manager, "adjust", &salmon, &shelf, "-0.001").await;

    for (field, value) in [
        ("type", "receive"),
        ("qty", "12.500"),
        ("unit_cost", "3.2500"),
        ("value", "40.6250"),
        ("reference", "DN 4711"),
        ("item_number", "S"),
        ("location_code", "A"),
        ("effective_at", "2026-11-21T06:00:00.000Z"),
    ] {
        assert_eq!(received[field], value, "{field}");
    }
    assert!(received["posted_by"]["name"].as_str().unwrap().starts_with("Person"));
    assert_eq!((&used["qty"], &used["value"]), (&json!("-2.500"), &json!("-8.1250")));
    assert_eq!(adjusted["value"], "-0.0033");
    assert_eq!(on_hand(&manager, &salmon).await, "9.999");
    let item = manager.get(&path("items", &salmon)).await.is(200);
    assert_eq!(item["stock_value"], "32.4967");
    assert_eq!(item["version"], 1, "stock is no change of the item");
    server.finish().await;
}

#[tokio::test]
async fn what_cannot_be_posted_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    post(&manager, "receive", &salmon, &shelf, "4").await;
    let good = movement("use", &salmon, &shelf, "1");
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };

    let short = refused(&manager, &with("qty", json!("5")), "stock-short").await;
    assert_eq!(short["on_hand"], "4.000");
    assert_eq!(short["detail"], "Only 4.000 on hand, 5.000 requested.");
    refused(&manager, &with("qty", json!("0")), "movement-empty").await;
    refused(&manager, &with("qty", json!("-1")), "movement-sign").await;
    let unknown = json!(nothing::<()>().to_string());
    for (field, value, code) in [
        ("qty", json!("1e3"), "amount-exponent"),
        ("qty", json!("1,5"), "amount-comma"),
        ("qty", json!("0.0005"), "amount-decimals"),
        ("qty", json!("-0"), "amount-negative-zero"),
        ("qty", json!("123456789012345"), "amount-too-large"),
        ("qty", json!(""), "amount-empty"),
        ("qty", json!(" "), "amount-blank"),
        ("qty", json!("Infinity"), "amount-not-a-number"),
        ("qty", json!(0.1), "wrong-type"),
        ("item_id", unknown.clone(), "unknown-item"),
        ("item_id", json!("x"), "unknown-item"),
        ("location_id", unknown, "unknown-location"),
        ("type", json!("transfer"), "wrong-type"),
        ("unit_cost", json!("1"), "unit-cost-unexpected"),
        ("effective_at", json!("yesterday"), "moment-bad"),
        ("effective_at", json!("2027-01-01T00:00:00Z"), "effective-in-future"),
        ("note", json!("x".repeat(501)), "text-too-long"),
        ("colour", json!("red"), "unknown-field"),
    ] {
        let body = with(field, value.clone());
        let refused = manager.post("/inventory/movements", &body).await;
        refused.is_field_problem(field, code);
    }
    let none = manager.send(Method::POST, "/inventory/movements", &[], "{}").await;
    none.is_problem(415, "unsupported-media-type");
    let bad = [("content-type", "application/json")];
    let bad = manager.send(Method::POST, "/inventory/movements", &bad, "{\"qty\":").await;
    bad.is_problem(400, "malformed");

    assert_eq!(on_hand(&manager, &salmon).await, "4.000");
    let recorded = server.audit_actions().await;
    assert_eq!(recorded.iter().filter(|one| one.ends_with("recorded")).count(), 1);
    server.finish().await;
}

#[tokio::test]
async fn only_an_admin_lets_stock_fall_below_zero_and_says_why() {
    let server = TestServer::start().await;
    let (manager, admin) = (server.person("manager").await, server.person("admin").await);
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    let mut body = movement("use", &salmon, &shelf, "3");

    refused(&admin, &body, "stock-short").await;
    body["override_reason"] = json!("Delivery is booked tomorrow");
    let forbidden = manager.post("/inventory/movements", &body).await;
    let allowed = admin.post("/inventory/movements", &body).await.is(201);

    assert_eq!(forbidden.is_problem(403, "forbidden")["needed"], "inventory.override");
    assert_eq!(allowed["override_reason"], "Delivery is booked tomorrow");
    assert_eq!(on_hand(&manager, &salmon).await, "-3.000");
    let audit = admin.get("/audit?action=inventory.movement").await.is(200);
    let reason = &audit["items"][0]["changes"]["override_reason"]["to"];
    assert_eq!(reason, "Delivery is booked tomorrow");
    server.finish().await;
}

#[tokio::test]
async fn a_back_dated_use_needs_stock_at_every_moment_since() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    post(&manager, "receive", &salmon, &shelf, "5").await;
    server.advance(Duration::from_hours(1));
    post(&manager, "use", &salmon, &shelf, "4").await;
    server.advance(Duration::from_hours(1));
    post(&manager, "receive", &salmon, &shelf, "10").await;
    let at = |minutes: u64, qty: &str| {
        let mut body = movement("use", &salmon, &shelf, qty);
        let moment = START.plus(Duration::from_mins(minutes));
        body["effective_at"] = json!(moment.to_string());
        body
    };

    let short = refused(&manager, &at(30, "2"), "stock-short").await;
    assert_eq!((&short["on_hand"], &short["available"]), (&json!("11.000"), &json!("1.000")));
    manager.post("/inventory/movements", &at(30, "1")).await.is(201);
    manager.post("/inventory/movements", &at(125, "5")).await.is(201);

    assert_eq!(on_hand(&manager, &salmon).await, "5.000");
    server.finish().await;
}

#[tokio::test]
async fn a_transfer_moves_goods_and_worth_and_makes_neither() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "S").await;
    let (from, to) = (location(&manager, "A").await, location(&manager, "B").await);
    let mut body = movement("receive", &salmon, &from, "3");
    body["unit_cost"] = json!("3.3333");
    manager.post("/inventory/movements", &body).await.is(201);
    let transfer = |from: &Value, to: &Value, qty: &str| {
        json!({
            "item_id": salmon["id"], "from_location_id": from["id"],
            "to_location_id": to["id"], "qty": qty, "note": "For lunch",
        })
    };

    let made = manager.post("/inventory/transfers", &transfer(&from, &to, "2")).await.is(201);
    let same = manager.post("/inventory/transfers", &transfer(&to, &to, "1")).await;
    let short = manager.post("/inventory/transfers", &transfer(&from, &to, "2")).await;
    let unknown = transfer(&from, &json!({ "id": nothing::<()>().to_string() }), "1");
    let unknown = manager.post("/inventory/transfers", &unknown).await;

    let legs = made["movements"].as_array().unwrap();
    assert_eq!(legs.len(), 2);
    assert_eq!((&legs[0]["qty"], &legs[0]["value"]), (&json!("-2.000"), &json!("-6.6666")));
    assert_eq!((&legs[1]["qty"], &legs[1]["value"]), (&json!("2.000"), &json!("6.6666")));
    assert!(legs.iter().all(|leg| leg["transfer_id"] == made["id"] && leg["type"] == "transfer"));
    same.is_problem(422, "transfer-same-place");
    short.is_problem(422, "stock-short");
    unknown.is_field_problem("to_location_id", "unknown-location");
    let item = manager.get(&path("items", &salmon)).await.is(200);
    assert_eq!((&item["on_hand"], &item["stock_value"]), (&json!("3.000"), &json!("9.9999")));
    let stock = manager.get("/inventory/stock").await.is(200);
    assert_eq!(column(&stock, "location_code"), ["A", "B"]);
    assert_eq!(column(&stock, "qty"), ["1.000", "2.000"]);
    server.finish().await;
}

#[tokio::test]
async fn a_movement_is_taken_back_once_by_its_opposite() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    let mut body = movement("receive", &salmon, &shelf, "2");
    body["unit_cost"] = json!("7");
    let received = manager.post("/inventory/movements", &body).await.is(201);
    post(&manager, "receive", &salmon, &shelf, "2").await;
    let reverse = format!("{}/reverse", path("movements", &received));

    let reversal = manager.post(&reverse, &json!({ "note": "Wrong item" })).await.is(201);
    let again = manager.post(&reverse, &json!({})).await;
    let back = format!("{}/reverse", path("movements", &reversal));
    let back = manager.post(&back, &json!({})).await;

    assert_eq!((&reversal["type"], &reversal["qty"]), (&json!("receive"), &json!("-2.000")));
    assert_eq!(reversal["value"], "-14.0000");
    assert_eq!(reversal["reverses"], received["id"]);
    again.is_problem(409, "already-reversed");
    back.is_problem(422, "reversal-of-reversal");
    let list = manager.get("/inventory/movements").await.is(200);
    assert_eq!(list["items"][2]["reversed_by"], reversal["id"]);
    assert_eq!(on_hand(&manager, &salmon).await, "2.000");
    server.finish().await;
}

#[tokio::test]
async fn taking_back_a_transfer_takes_back_both_legs_or_none() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "S").await;
    let (from, to) = (location(&manager, "A").await, location(&manager, "B").await);
    post(&manager, "receive", &salmon, &from, "5").await;
    let body = json!({
        "item_id": salmon["id"], "from_location_id": from["id"], "to_location_id": to["id"],
        "qty": "3",
    });
    let made = manager.post("/inventory/transfers", &body).await.is(201);
    let leg = &made["movements"][1];
    let reverse = format!("{}/reverse", path("movements", leg));

    post(&manager, "use", &salmon, &to, "1").await;
    manager.post(&reverse, &json!({})).await.is_problem(422, "stock-short");
    let stock = manager.get("/inventory/stock").await.is(200);
    assert_eq!(column(&stock, "qty"), ["2.000", "2.000"], "no leg was taken back alone");
    post(&manager, "receive", &salmon, &to, "1").await;
    let reversal = manager.send(Method::POST, &reverse, &[], "").await.is(201);

    assert_eq!(reversal["reverses"], leg["id"]);
    assert_eq!(reversal["qty"], "-3.000");
    let stock = manager.get("/inventory/stock").await.is(200);
    assert_eq!(column(&stock, "qty"), ["5.000"]);
    manager.post(&reverse, &json!({})).await.is_problem(409, "already-reversed");
    server.finish().await;
}

#[tokio::test]
async fn a_history_runs_backwards_with_the_balance_after_each_movement() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    for qty in ["5", "1", "2"] {
        post(&manager, "receive", &salmon, &shelf, qty).await;
        server.advance(Duration::from_hours(1));
    }
    let mut body = movement("use", &salmon, &shelf, "0.5");
    body["effective_at"] = json!(START.plus(Duration::from_mins(90)).to_string());
    manager.post("/inventory/movements", &body).await.is(201);
    let history = format!("{}/movements?limit=2", path("items", &salmon));

    let first = manager.get(&history).await.is(200);
    let next = first["next_cursor"].as_str().unwrap();
    let second = manager.get(&format!("{history}&cursor={next}")).await.is(200);

    assert_eq!(column(&first, "qty"), ["2.000", "-0.500"]);
    assert_eq!(column(&first, "balance"), ["7.500", "5.500"]);
    assert_eq!(column(&second, "qty"), ["1.000", "5.000"]);
    assert_eq!(column(&second, "balance"), ["6.000", "5.000"]);
    assert_eq!(second["next_cursor"], Value::Null);
    let missing = format!("/inventory/items/{}/movements", nothing::<()>());
    manager.get(&missing).await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn the_journal_is_narrowed_by_item_place_type_and_time() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, cod) = (item(&manager, "S").await, item(&manager, "C").await);
    let (a, b) = (location(&manager, "A").await, location(&manager, "B").await);
    for (kind, item, place, qty) in [
        ("receive", &salmon, &a, "1"),
        ("receive", &cod, &a, "2"),
        ("receive", &salmon, &b, "3"),
        ("use", &salmon, &b, "3"),
    ] {
        post(&manager, kind, item, place, qty).await;
        server.advance(Duration::from_hours(1));
    }
    let id = |of: &Value| of["id"].as_str().unwrap().to_owned();
    let listed = async |query: String| {
        let list = manager.get(&format!("/inventory/movements?{query}")).await.is(200);
        column(&list, "qty").join(" ")
    };

    assert_eq!(listed(String::new()).await, "-3.000 3.000 2.000 1.000");
    assert_eq!(listed(format!("item_id={}", id(&salmon))).await, "-3.000 3.000 1.000");
    assert_eq!(listed(format!("location_id={}", id(&a))).await, "2.000 1.000");
    assert_eq!(listed("type=use".to_owned()).await, "-3.000");
    let both = format!("item_id={}&location_id={}&type=receive", id(&salmon), id(&b));
    assert_eq!(listed(both).await, "3.000");
    let hours = |hours: u64| START.plus(Duration::from_hours(hours));
    assert_eq!(listed(format!("from={}", hours(2))).await, "-3.000 3.000");
    assert_eq!(listed(format!("to={}", hours(1))).await, "2.000 1.000");
    assert_eq!(listed(format!("from={}&to={}", hours(1), hours(2))).await, "3.000 2.000");
    let counted = manager.get("/inventory/movements?type=receive&limit=1&total=true").await;
    assert_eq!(counted.is(200)["total"], 3);
    for (query, field) in [("type=gift", "type"), ("from=x", "from"), ("item_id=x", "item_id")] {
        let bad = manager.get(&format!("/inventory/movements?{query}")).await;
        assert_eq!(bad.is(422)["errors"][0]["field"], field);
    }
    server.finish().await;
}

#[tokio::test]
async fn goods_at_the_wrong_temperature_are_taken_with_a_warning() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let body = json!({ "item_number": "I", "name": "Ice", "unit": "kg", "temp_zone": "freezer" });
    let ice = manager.post("/inventory/items", &body).await.is(201);
    let body = json!({ "code": "DRY", "name": "Dry store", "temp_zone": "dry" });
    let dry = manager.post("/inventory/locations", &body).await.is(201);
    let anywhere = location(&manager, "ANY").await;

    let warned = post(&manager, "receive", &ice, &dry, "1").await;
    let taken = post(&manager, "use", &ice, &dry, "1").await;
    let fine = post(&manager, "receive", &ice, &anywhere, "1").await;

    assert_eq!(warned["warnings"], json!(["wrong-zone"]));
    assert_eq!(taken["warnings"], json!([]));
    assert_eq!(fine["warnings"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn a_repeated_posting_moves_once() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    let body = movement("receive", &salmon, &shelf, "1");
    let key = [("idempotency-key", "double-click")];
    let other = location(&manager, "B").await;
    let transfer = json!({
        "item_id": salmon["id"], "from_location_id": shelf["id"],
        "to_location_id": other["id"], "qty": "1",
    });

    let first = manager.json(Method::POST, "/inventory/movements", &key, &body).await.is(201);
    let again = manager.json(Method::POST, "/inventory/movements", &key, &body).await;
    let key = [("idempotency-key", "double-click")];
    let moved = manager.json(Method::POST, "/inventory/transfers", &key, &transfer).await.is(201);
    let same = manager.json(Method::POST, "/inventory/transfers", &key, &transfer).await.is(201);

    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.is(201)["id"], first["id"]);
    assert_eq!(moved, same);
    assert_eq!(on_hand(&manager, &salmon).await, "1.000");
    server.finish().await;
}

#[tokio::test]
async fn only_those_who_may_move_post() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    let received = post(&manager, "receive", &salmon, &shelf, "1").await;

    for role in ["counter", "analyst", "member", "viewer"] {
        let person = server.person(role).await;
        let body = movement("use", &salmon, &shelf, "1");
        person.post("/inventory/movements", &body).await.is_problem(403, "forbidden");
        person.post("/inventory/transfers", &json!({})).await.is_problem(403, "forbidden");
        let reverse = format!("{}/reverse", path("movements", &received));
        person.post(&reverse, &json!({})).await.is_problem(403, "forbidden");
    }
    assert_eq!(on_hand(&manager, &salmon).await, "1.000");
    server.finish().await;
}

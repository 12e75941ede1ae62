//! What two people do to the same thing at once, and what changes under somebody's hands.

use http::Method;
use serde_json::{Value, json};

use super::counts::{act, enter, entry, open};
use super::{column, item, location, movement, on_hand, path, post};
use crate::fuzz::world::SETTINGS;
use crate::support::{Client, TestServer};

fn below(of: &str, thing: &Value, what: &str) -> String {
    format!("{}/{what}", path(of, thing))
}

/// An order of ten that is on its way, and what would receive all of it.
async fn order(client: &Client, item: &Value, place: &Value) -> (Value, Value) {
    let lines = json!([{ "item_id": item["id"], "req_qty": "10", "unit_price": "2" }]);
    let order = client.post("/inventory/purchase-orders", &json!({ "lines": lines })).await;
    let order = order.is(201);
    client.post(&below("purchase-orders", &order, "submit"), &Value::Null).await.is(200);
    let receipt = json!({ "client_op": "00000000-0000-4000-8000-000000000001",
        "remaining_to": place["id"] });
    (order, receipt)
}

#[tokio::test]
async fn nothing_is_received_on_an_order_that_was_canceled() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    let (order, receipt) = order(&manager, &salmon, &shelf).await;
    manager.post(&below("purchase-orders", &order, "cancel"), &Value::Null).await.is(200);

    let refused = manager.post(&below("purchase-orders", &order, "receive"), &receipt).await;

    refused.is_problem(409, "order-not-open");
    let told = manager.get(&path("purchase-orders", &order)).await.is(200);
    assert_eq!([&told["status"], &told["receipt_state"]], ["canceled", "none"]);
    let journal = manager.get("/inventory/movements").await.is(200);
    assert_eq!(journal["items"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn of_a_receipt_and_a_cancellation_at_once_one_happens() {
    let server = TestServer::start().await;
    let (one, two) = (server.person("manager").await, server.person("manager").await);
    let (salmon, shelf) = (item(&one, "S").await, location(&one, "A").await);
    let (order, receipt) = order(&one, &salmon, &shelf).await;
    let (receive, cancel) =
        (below("purchase-orders", &order, "receive"), below("purchase-orders", &order, "cancel"));

    let (received, canceled) =
        tokio::join!(one.post(&receive, &receipt), two.post(&cancel, &Value::Null));

    let told = one.get(&path("purchase-orders", &order)).await.is(200);
    if received.status == 201 {
        assert_eq!(canceled.status, 409, "{}", canceled.text());
        assert_eq!(told["status"], "received");
        assert_eq!(on_hand(&one, &salmon).await, "10.000");
    } else {
        received.is_problem(409, "order-not-open");
        canceled.is(200);
        assert_eq!(told["status"], "canceled");
        assert_eq!(on_hand(&one, &salmon).await, "0.000");
    }
    server.finish().await;
}

#[tokio::test]
async fn of_two_managers_who_approve_and_cancel_at_once_one_has_their_way() {
    let server = TestServer::start().await;
    let (one, two) = (server.person("manager").await, server.person("manager").await);
    let counter = server.person("counter").await;
    let (salmon, shelf) = (item(&one, "S").await, location(&one, "A").await);
    post(&one, "receive", &salmon, &shelf, "10").await;
    let count = open(&one, false).await;
    enter(&counter, &count, &[entry(1, &salmon, &shelf, "set", "7")]).await;
    act(&counter, &count, "submit", json!({})).await;
    let (approve, cancel) = (below("counts", &count, "approve"), below("counts", &count, "cancel"));

    let nothing = json!({});
    let (approved, canceled) =
        tokio::join!(one.post(&approve, &nothing), two.post(&cancel, &nothing));

    let mut statuses = [approved.status.as_u16(), canceled.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", approved.text(), canceled.text());
    let told = one.get(&path("counts", &count)).await.is(200);
    let (state, left) = match approved.status.as_u16() {
        200 => ("applied", "7.000"),
        _ => ("canceled", "10.000"),
    };
    assert_eq!(told["state"], state);
    assert_eq!(on_hand(&one, &salmon).await, left);
    server.finish().await;
}

#[tokio::test]
async fn a_place_that_is_closed_while_it_is_counted_takes_nothing_until_it_is_open() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    let drawer = location(&manager, "B").await;
    post(&manager, "receive", &salmon, &shelf, "10").await;
    let count = open(&manager, false).await;
    let found = [entry(1, &salmon, &shelf, "set", "9"), entry(2, &salmon, &drawer, "set", "2")];
    assert_eq!(enter(&counter, &count, &found).await, ["accepted", "accepted"]);
    // What is in stock stays, counted or not; an empty drawer may be closed.
    let delete = manager.change(Method::DELETE, &path("items", &salmon), 1, &Value::Null).await;
    delete.is_problem(409, "item-in-use");
    let mut closed = drawer.clone();
    closed["active"] = json!(false);
    manager.change(Method::PUT, &path("locations", &drawer), 1, &closed).await.is(200);

    let late = enter(&counter, &count, &[entry(3, &salmon, &drawer, "set", "3")]).await;
    assert_eq!(late, ["location-inactive"]);
    act(&counter, &count, "submit", json!({})).await;
    let approve = below("counts", &count, "approve");
    let refused = manager.post(&approve, &json!({})).await;

    refused.is_problem(422, "location-inactive");
    assert_eq!(on_hand(&manager, &salmon).await, "10.000", "nothing of it was posted");
    closed["active"] = json!(true);
    manager.change(Method::PUT, &path("locations", &drawer), 2, &closed).await.is(200);
    manager.post(&approve, &json!({})).await.is(200);
    assert_eq!(on_hand(&manager, &salmon).await, "11.000");
    server.finish().await;
}

#[tokio::test]
async fn a_manager_who_is_made_a_counter_before_approving_approves_nothing() {
    let server = TestServer::start().await;
    let (owner, counter) = (server.person("owner").await, server.person("counter").await);
    let user = server.user("manager").await;
    let manager = server.token_of(user).await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    post(&manager, "receive", &salmon, &shelf, "10").await;
    let count = open(&manager, true).await;
    enter(&counter, &count, &[entry(1, &salmon, &shelf, "set", "7")]).await;
    act(&counter, &count, "submit", json!({})).await;
    let lower = json!({ "role": "counter" });
    owner.change(Method::PATCH, &format!("/members/{user}"), 1, &lower).await.is(200);

    for (what, body) in [("approve", json!({})), ("reject", json!({ "reason": "No" }))] {
        let refused = manager.post(&below("counts", &count, what), &body).await;
        refused.is_problem(403, "forbidden");
    }

    assert_eq!(on_hand(&owner, &salmon).await, "10.000");
    act(&owner, &count, "approve", json!({})).await;
    assert_eq!(on_hand(&owner, &salmon).await, "7.000");
    server.finish().await;
}

#[tokio::test]
async fn numbers_that_are_written_alike_are_one_and_those_that_only_look_alike_are_not() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    // Composed, and with an accent of its own.
    item(&manager, "CR\u{c8}ME").await;
    let made = |number: &str, name: &str| {
        json!({ "item_number": number, "name": name,
        "unit": "kg" })
    };

    for number in ["CRE\u{300}ME", "cr\u{e8}me", "\u{a0}CR\u{c8}ME "] {
        let refused = manager.post("/inventory/items", &made(number, "Again")).await;
        refused.is_field_problem("item_number", "item-number-taken");
    }
    for (number, name) in [("S0", "Zero"), ("SO", "Letter"), ("🐟", "🍣 salmon"), ("RTL", "סלמון")]
    {
        let item = manager.post("/inventory/items", &made(number, name)).await.is(201);
        assert_eq!([&item["item_number"], &item["name"]], [number, name]);
    }

    let list = manager.get("/inventory/items?q=S0").await.is(200);
    assert_eq!(column(&list, "name"), ["Zero"]);
    server.finish().await;
}

#[tokio::test]
async fn a_price_in_words_is_refused_wherever_it_is_written() {
    let server = TestServer::start_with(SETTINGS).await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    let prices = ["€7.25", "7.25 EUR", "$7", "7.25€", "EUR 7", "seven", "7.-", "£1,000.00"];

    for price in prices {
        let mut receipt = movement("receive", &salmon, &shelf, "1");
        receipt["unit_cost"] = json!(price);
        let posted = manager.post("/inventory/movements", &receipt).await;
        assert_eq!(posted.status, 422, "{price}: {}", posted.text());
        assert_eq!(posted.json()["errors"][0]["field"], "unit_cost");
        let line = json!({ "item_id": salmon["id"], "req_qty": "1", "unit_price": price });
        let ordered = json!({ "lines": [line] });
        let ordered = manager.post("/inventory/purchase-orders", &ordered).await;
        assert_eq!(ordered.json()["errors"][0]["field"], "lines[0].unit_price", "{price}");
        for (kind, columns, row) in [
            ("items", "item_number,name,unit,unit_cost", "T,Trout,kg,"),
            ("opening_stock", "item_number,location_code,qty,unit_cost", "S,A,1,"),
        ] {
            let file = format!("{columns}\n{row}\"{price}\"\n");
            let address = format!("/inventory/import/preview?kind={kind}");
            let kind = [("content-type", "text/csv")];
            let shown = manager.send(Method::POST, &address, &kind, file).await.is(200);
            let error = &shown["errors"][0];
            let told = [&error["line"], &error["column"], &error["value"]];
            assert_eq!(told, [&json!(2), &json!("unit_cost"), &json!(price)], "{shown}");
            let commit = format!("/inventory/import/{}/commit", super::text(&shown["id"]));
            let refused = manager.post(&commit, &Value::Null).await;
            refused.is_problem(409, "import-has-errors");
        }
    }

    assert_eq!(on_hand(&manager, &salmon).await, "0.000");
    let list = manager.get("/inventory/items").await.is(200);
    assert_eq!(column(&list, "item_number"), ["S"]);
    server.finish().await;
}

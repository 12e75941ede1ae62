//! What arrives of an order: exactly the rest, too much, twice, by two people, and taken back.

use super::*;

#[tokio::test]
async fn exactly_the_rest_is_taken_and_a_thousandth_more_is_not() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    let order = sent(&manager, &[line(&salmon, "4.2", "2")]).await;
    receive(&manager, &order, &came(1, &order, &shelf, &[(0, "2.1")])).await.is(201);

    let over = receive(&manager, &order, &came(2, &order, &shelf, &[(0, "2.101")])).await;
    let rest = receive(&manager, &order, &came(3, &order, &shelf, &[(0, "2.1")])).await;

    let told = over.is_problem(422, "over-receipt");
    assert_eq!(told["remaining"], "2.100");
    over.is_field_problem("lines[0].qty", "over-receipt");
    let order = rest.is(201)["order"].clone();
    assert_eq!([&order["status"], &order["receipt_state"]], ["received", "complete"]);
    assert_eq!(order["short"], false);
    assert_eq!(on_hand(&manager, &salmon).await, "4.200");
    server.finish().await;
}

#[tokio::test]
async fn a_tolerance_lets_so_much_more_in_and_no_more() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let at = "/inventory/purchase-orders/settings";
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    let order = sent(&manager, &[line(&salmon, "10", "2")]).await;
    assert_eq!(manager.get(at).await.is(200)["over_receipt"], "0.000");
    let percent = |text: &str| json!({ "over_receipt": text });
    for wrong in ["100.001", "-1"] {
        let refused = manager.change(Method::PUT, at, 1, &percent(wrong)).await;
        refused.is_field_problem("over_receipt", "over-receipt-percent");
    }

    let set = manager.change(Method::PUT, at, 1, &percent("5")).await.is(200);

    assert_eq!([&set["over_receipt"], &set["version"]], [&json!("5.000"), &json!(2)]);
    manager.change(Method::PUT, at, 1, &percent("6")).await.is_problem(412, "stale");
    let over = receive(&manager, &order, &came(1, &order, &shelf, &[(0, "10.501")])).await;
    over.is_problem(422, "over-receipt");
    let whole = receive(&manager, &order, &came(2, &order, &shelf, &[(0, "10.5")])).await.is(201);
    assert_eq!(whole["order"]["status"], "received");
    assert_eq!(whole["order"]["lines"][0]["remaining_qty"], "0.000");
    let viewer = server.person("viewer").await;
    viewer.get(at).await.is_problem(403, "forbidden");
    server.finish().await;
}

#[tokio::test]
async fn a_double_click_is_one_receipt_and_other_words_are_refused() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    let order = sent(&manager, &[line(&salmon, "10", "2")]).await;
    let body = came(1, &order, &shelf, &[(0, "4")]);

    let (first, again) =
        tokio::join!(receive(&manager, &order, &body), receive(&manager, &order, &body));

    assert_eq!(first.is(201)["id"], again.is(201)["id"]);
    let replays = [&first, &again].map(|one| one.header("idempotency-replayed").is_some());
    assert_eq!(replays.iter().filter(|replayed| **replayed).count(), 1);
    assert_eq!(on_hand(&manager, &salmon).await, "4.000");
    let other = receive(&manager, &order, &came(1, &order, &shelf, &[(0, "5")])).await;
    other.is_problem(409, "receipt-op-mismatch");
    let other_order = sent(&manager, &[line(&salmon, "10", "2")]).await;
    let same_op = came(1, &other_order, &shelf, &[(0, "4")]);
    let elsewhere = receive(&manager, &other_order, &same_op);
    elsewhere.await.is_problem(409, "receipt-op-mismatch");
    // It is the same receipt even when the order is at its end by now.
    receive(&manager, &order, &came(2, &order, &shelf, &[(0, "6")])).await.is(201);
    receive(&manager, &order, &body).await.is(201);
    assert_eq!(on_hand(&manager, &salmon).await, "10.000");
    server.finish().await;
}

#[tokio::test]
async fn of_two_people_who_receive_the_rest_one_does() {
    let server = TestServer::start().await;
    let (one, two) = (server.person("manager").await, server.person("manager").await);
    let (salmon, shelf) = (item(&one, "S").await, location(&one, "A").await);
    let order = sent(&one, &[line(&salmon, "10", "2")]).await;
    let (first, second) =
        (came(1, &order, &shelf, &[(0, "7")]), came(2, &order, &shelf, &[(0, "7")]));

    let (first, second) =
        tokio::join!(receive(&one, &order, &first), receive(&two, &order, &second));

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422]);
    let refused = if first.status == 422 { &first } else { &second };
    assert_eq!(refused.is_problem(422, "over-receipt")["remaining"], "3.000");
    assert_eq!(on_hand(&one, &salmon).await, "7.000");
    server.finish().await;
}

#[tokio::test]
async fn all_that_is_left_comes_to_one_place() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, cod) = (item(&manager, "S").await, item(&manager, "C").await);
    let (a, b) = (location(&manager, "A").await, location(&manager, "B").await);
    let order = sent(&manager, &[line(&salmon, "10", "2"), line(&cod, "3", "1")]).await;
    receive(&manager, &order, &came(1, &order, &a, &[(0, "4")])).await.is(201);
    let rest = |number: u32| {
        json!({ "client_op": op(number), "remaining_to": b["id"],
        "delivery_reference": "DN-7" })
    };

    let receipt = receive(&manager, &order, &rest(2)).await.is(201);

    assert_eq!(column(&json!({ "items": receipt["lines"] }), "qty"), ["6.000", "3.000"]);
    assert_eq!(receipt["order"]["status"], "received");
    let at_b = manager.get("/inventory/movements?type=receive").await.is(200);
    assert_eq!(column(&at_b, "reference"), ["DN-7", "DN-7", ""]);
    receive(&manager, &order, &rest(3)).await.is_problem(409, "order-not-open");
    let open = sent(&manager, &[line(&cod, "1", "1")]).await;
    let gone = json!({ "client_op": op(4), "remaining_to": nothing::<()>().to_string() });
    receive(&manager, &open, &gone).await.is_field_problem("location_id", "unknown-location");
    let both = json!({ "client_op": op(5), "remaining_to": b["id"],
        "lines": [{ "line_id": open["lines"][0]["id"], "qty": "1", "location_id": b["id"] }] });
    for body in [both, json!({ "client_op": op(6) }), json!({ "client_op": op(6), "lines": [] })] {
        let refused = receive(&manager, &open, &body).await;
        refused.is_field_problem("lines", "order-lines-or-place");
    }
    for (body, field, code) in [
        (json!({ "client_op": "x", "remaining_to": b["id"] }), "client_op", "client-op-bad"),
        (came(7, &order, &b, &[(0, "1")]), "lines[0].line_id", "unknown-order-line"),
        (came(8, &open, &b, &[(0, "0")]), "lines[0].qty", "amount-zero"),
        (came(9, &open, &cod, &[(0, "1")]), "lines[0].location_id", "unknown-location"),
    ] {
        receive(&manager, &open, &body).await.is_field_problem(field, code);
    }
    assert_eq!(now(&manager, &open).await["receipt_state"], "none");
    server.finish().await;
}

#[tokio::test]
async fn a_receipt_that_is_taken_back_opens_its_order_again() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    let order = sent(&manager, &[line(&salmon, "10", "2")]).await;
    let all = receive(&manager, &order, &came(1, &order, &shelf, &[(0, "10")])).await.is(201);
    let receipts = format!("{}/receipts", path("purchase-orders", &order));
    let reverse = format!("{receipts}/{}/reverse", all["id"].as_str().unwrap());
    let foreign = json!({ "movement_ids": [nothing::<()>().to_string()] });
    let refused = manager.post(&reverse, &foreign).await;
    refused.is_field_problem("movement_ids[0]", "unknown-receipt-line");

    let back = manager.post(&reverse, &json!({})).await.is(200);

    let order = &back["order"];
    assert_eq!([&order["status"], &order["receipt_state"]], ["submitted", "none"]);
    assert_eq!(order["closed_at"], Value::Null);
    assert_eq!(on_hand(&manager, &salmon).await, "0.000");
    manager.post(&reverse, &json!({})).await.is_problem(409, "already-reversed");
    // The journal can take it back as well, and the order hears of it.
    let again = receive(&manager, order, &came(2, order, &shelf, &[(0, "10")])).await.is(201);
    let movement = again["lines"][0]["movement_id"].as_str().unwrap();
    let at = format!("/inventory/movements/{movement}/reverse");
    manager.post(&at, &json!({})).await.is(201);
    let order = now(&manager, order).await;
    assert_eq!([&order["status"], &order["receipt_state"]], ["submitted", "none"]);
    // What was used since cannot go back to the supplier.
    let used = receive(&manager, &order, &came(3, &order, &shelf, &[(0, "10")])).await.is(201);
    post(&manager, "use", &salmon, &shelf, "1").await;
    let reverse = format!("{receipts}/{}/reverse", used["id"].as_str().unwrap());
    manager.post(&reverse, &json!({})).await.is_problem(422, "stock-short");
    assert_eq!(now(&manager, &order).await["status"], "received");
    let shown = manager.get(&receipts).await.is(200);
    assert_eq!(shown["items"].as_array().unwrap().len(), 3);
    let actions = server.audit_actions().await;
    let back = actions.iter().filter(|one| *one == "inventory.order.receipt-reversed").count();
    assert_eq!(back, 2);
    server.finish().await;
}

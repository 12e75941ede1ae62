//! Two counters count the freezer while the kitchen goes on using items.

use std::time::Duration;

use super::*;

/// Five kinds of goods in the freezer, and a blind count of it.
async fn freezer(manager: &Client) -> (Vec<Value>, Value, Value) {
    let freezer = location(manager, "F").await;
    let mut goods = Vec::new();
    for (number, qty) in [("A", "10"), ("B", "20"), ("C", "30"), ("D", "40"), ("E", "50")] {
        let one = item(manager, number).await;
        post(manager, "receive", &one, &freezer, qty).await;
        goods.push(one);
    }
    let body = json!({ "name": "Freezer", "scope": { "location_id": freezer["id"] },
        "blind": true });
    let count = manager.post("/inventory/counts", &body).await.is(201);
    (goods, freezer, count)
}

#[tokio::test]
async fn nothing_the_kitchen_used_meanwhile_is_lost() {
    let server = TestServer::start().await;
    let (manager, kitchen) = (server.person("manager").await, server.person("manager").await);
    let (ann, ben) = (server.person("counter").await, server.person("counter").await);
    let (goods, freezer, count) = freezer(&manager).await;
    let [a, b, c, d, _] = goods.as_slice() else { panic!("five items") };
    let seen = ann.get(&path("counts", &count)).await.is(200)["ledger_seq"].clone();
    let offline = |number, item, qty| {
        let mut one = entry(number, item, &freezer, "set", qty);
        one["seen_seq"] = seen.clone();
        one
    };

    // Ann counts A before the kitchen takes of it, and B after: she is not to know of either.
    assert_eq!(enter(&ann, &count, &[offline(1, a, "9")]).await, ["accepted"]);
    server.advance(Duration::from_mins(1));
    post(&kitchen, "use", a, &freezer, "2").await;
    post(&kitchen, "use", b, &freezer, "5").await;
    server.advance(Duration::from_mins(1));
    assert_eq!(enter(&ann, &count, &[offline(2, b, "15")]).await, ["accepted"]);
    // Both count C and disagree; each counts a part of D; nobody counts E.
    assert_eq!(enter(&ann, &count, &[entry(3, c, &freezer, "set", "29")]).await, ["accepted"]);
    assert_eq!(enter(&ben, &count, &[entry(4, c, &freezer, "set", "28")]).await, ["accepted"]);
    let part = |number, qty| entry(number, d, &freezer, "add", qty);
    assert_eq!(enter(&ann, &count, &[part(5, "15")]).await, ["accepted"]);
    assert_eq!(enter(&ben, &count, &[part(6, "25")]).await, ["accepted"]);
    post(&kitchen, "use", d, &freezer, "10").await;
    act(&ben, &count, "submit", json!({})).await;

    let mut review = lines(&manager, &count, "order=variance").await;
    review[..2].sort();
    let conflicts = ["B@F conflict 15/20", "C@F conflict 28/30"];
    let rest = ["A@F variance 9/10", "E@F uncounted -/50", "D@F ok 40/40"];
    assert_eq!(review, [&conflicts[..], &rest[..]].concat());
    let undecided = manager.post(&below(&count, "approve"), &json!({})).await;
    let problem = undecided.is_problem(422, "count-undecided");
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(2));

    // Of B the count is right, since Ann counted after the kitchen; C is counted again.
    let decisions = [
        decision(&manager, &count, b, "count_now").await,
        decision(&manager, &count, c, "recount").await,
    ];
    let again = act(&manager, &count, "approve", json!({ "decisions": decisions })).await;
    assert_eq!(again["state"], "open");
    assert_eq!(lines(&manager, &count, "state=recount").await, ["C@F recount -/30"]);
    // A: 10, used 2, counted one less than there was before: 7. D: 40 as counted, used 10.
    holds(&manager, &goods, ["7.000", "15.000", "30.000", "30.000", "50.000"]).await;

    assert_eq!(enter(&ben, &count, &[offline(7, a, "1")]).await, ["count-line-settled"]);
    assert_eq!(enter(&ben, &count, &[entry(8, c, &freezer, "set", "28.5")]).await, ["accepted"]);
    act(&ben, &count, "submit", json!({})).await;
    let applied = act(&manager, &count, "approve", json!({})).await;

    assert_eq!(applied["state"], "applied");
    assert_eq!(applied["summary"], json!({ "approved": 4, "uncounted": 1 }));
    holds(&manager, &goods, ["7.000", "15.000", "28.500", "30.000", "50.000"]).await;
    server.finish().await;
}

/// Asserts what is there of each of the goods, and that the ledger adds up to it.
async fn holds(manager: &Client, goods: &[Value], stock: [&str; 5]) {
    for (item, left) in goods.iter().zip(stock) {
        assert_eq!(on_hand(manager, item).await, left, "{}", item["item_number"]);
    }
    let found = manager.post("/inventory/integrity", &json!({})).await.is(200);
    assert_eq!(found["ok"], true);
}

#[tokio::test]
async fn what_the_stock_no_longer_holds_is_refused_with_its_line_and_nothing_is_posted() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let (salmon, cod) = (item(&manager, "S").await, item(&manager, "C").await);
    let freezer = location(&manager, "F").await;
    post(&manager, "receive", &salmon, &freezer, "10").await;
    post(&manager, "receive", &cod, &freezer, "10").await;
    let count = open(&manager, false).await;
    let entries = [entry(1, &cod, &freezer, "set", "11"), entry(2, &salmon, &freezer, "set", "4")];
    enter(&counter, &count, &entries).await;
    act(&counter, &count, "submit", json!({})).await;
    server.advance(Duration::from_mins(1));
    post(&manager, "use", &salmon, &freezer, "8").await;

    // 6 too few, but only 2 are left.
    let short = manager.post(&below(&count, "approve"), &json!({})).await;

    let problem = short.is_problem(422, "stock-short");
    assert_eq!(problem["on_hand"], "2.000");
    let line = decision(&manager, &count, &salmon, "reject").await;
    let named = format!("lines.{}", text(&line["line_id"]));
    assert_eq!(problem["errors"][0]["field"], named.as_str());
    assert_eq!(on_hand(&manager, &cod).await, "10.000");
    let decisions = json!({ "decisions": [line] });
    act(&manager, &count, "approve", decisions).await;
    assert_eq!(on_hand(&manager, &cod).await, "11.000");
    assert_eq!(on_hand(&manager, &salmon).await, "2.000");
    server.finish().await;
}

#[tokio::test]
async fn a_large_difference_asks_for_a_second_counter() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    post(&manager, "receive", &salmon, &freezer, "10").await;
    let settings = "/inventory/count-settings";
    let kept = manager.get(settings).await.is(200);
    assert_eq!((&kept["version"], &kept["second_count_percent"]), (&json!(1), &Value::Null));
    let tenth = json!({ "second_count_percent": 10, "second_count_value": "200" });
    let put = http::Method::PUT;
    let changed = manager.change(put.clone(), settings, 1, &tenth).await.is(200);
    assert_eq!(changed["second_count_value"], "200.0000");
    assert_eq!(manager.change(put.clone(), settings, 1, &tenth).await.status.as_u16(), 412);
    let wrong = json!({ "second_count_percent": 0 });
    let wrong = manager.change(put, settings, 2, &wrong).await;
    wrong.is_field_problem("second_count_percent", "count-percent");

    let count = open(&manager, false).await;
    enter(&counter, &count, &[entry(1, &salmon, &freezer, "set", "8")]).await;
    assert_eq!(lines(&manager, &count, "").await, ["S@F recount 8/10"]);
    act(&counter, &count, "submit", json!({})).await;
    let alone = manager.post(&below(&count, "approve"), &json!({})).await;
    alone.is_problem(422, "count-undecided");
    act(&manager, &count, "reject", json!({ "reason": "Somebody else, please" })).await;
    let second = server.person("counter").await;
    enter(&second, &count, &[entry(2, &salmon, &freezer, "set", "8")]).await;
    assert_eq!(lines(&manager, &count, "").await, ["S@F variance 8/10"]);
    act(&second, &count, "submit", json!({})).await;
    act(&manager, &count, "approve", json!({})).await;

    assert_eq!(on_hand(&manager, &salmon).await, "8.000");
    server.finish().await;
}

//! Asking for a second counter tells the first one neither what is expected nor what it is worth.

use http::Method;

use super::*;

/// Asks for a second counter from these differences on.
async fn ask(manager: &Client, threshold: Value) {
    manager.change(Method::PUT, "/inventory/count-settings", 1, &threshold).await.is(200);
}

async fn summary(client: &Client, count: &Value) -> Value {
    client.get(&path("counts", count)).await.is(200)["summary"].clone()
}

#[tokio::test]
async fn nothing_tells_who_counts_blind_from_which_quantity_on_a_line_wants_a_second_counter() {
    let server = TestServer::start().await;
    let (manager, ann) = (server.person("manager").await, server.person("counter").await);
    let ben = server.person("counter").await;
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    post(&manager, "receive", &salmon, &freezer, "10").await;
    ask(&manager, json!({ "second_count_percent": 10 })).await;
    let count = open(&manager, true).await;

    for (number, qty) in [(1, "9"), (2, "8.999"), (3, "11"), (4, "11.001")] {
        enter(&ann, &count, &[entry(number, &salmon, &freezer, "set", qty)]).await;
        let is_far = number % 2 == 0;
        let own = format!("S@F counted {qty}/-");
        assert_eq!(lines(&ann, &count, "").await, [own.as_str()]);
        assert_eq!(lines(&ann, &count, "state=counted").await, [own.as_str()]);
        assert_eq!(lines(&ann, &count, "state=recount").await, Vec::<String>::new());
        assert_eq!(summary(&ann, &count).await, json!({ "counted": 1 }));
        let state = if is_far { "recount" } else { "variance" };
        assert_eq!(summary(&manager, &count).await, json!({ state: 1 }));
        let others = if is_far { "recount" } else { "counted" };
        assert_eq!(lines(&ben, &count, "").await, [format!("S@F {others} -/-")]);
        assert_eq!(lines(&ben, &count, "state=recount").await.len(), usize::from(is_far));
        assert_eq!(summary(&ben, &count).await, json!({ others: 1 }));
    }

    act(&ann, &count, "submit", json!({})).await;
    let again = decision(&manager, &count, &salmon, "recount").await;
    act(&manager, &count, "approve", json!({ "decisions": [again] })).await;
    assert_eq!(lines(&ann, &count, "state=recount").await, ["S@F recount -/-"]);
    enter(&ann, &count, &[entry(5, &salmon, &freezer, "set", "3")]).await;
    assert_eq!(lines(&ann, &count, "").await, ["S@F counted 3/-"]);
    server.finish().await;
}

#[tokio::test]
async fn nothing_tells_who_may_not_see_prices_from_which_worth_on_a_line_wants_a_second_counter() {
    let server = TestServer::start().await;
    let (manager, ann) = (server.person("manager").await, server.person("counter").await);
    let ben = server.person("counter").await;
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    let mut priced = movement("receive", &salmon, &freezer, "10");
    priced["unit_cost"] = json!("7");
    manager.post("/inventory/movements", &priced).await.is(201);
    ask(&manager, json!({ "second_count_percent": 50, "second_count_value": "14" })).await;
    let count = open(&manager, false).await;

    for (number, qty) in [(1, "8"), (2, "7.999"), (3, "6")] {
        enter(&ann, &count, &[entry(number, &salmon, &freezer, "set", qty)]).await;
        let own = format!("S@F variance {qty}/10");
        assert_eq!(lines(&ann, &count, "order=variance").await, [own.as_str()]);
        assert_eq!(lines(&ann, &count, "state=recount").await, Vec::<String>::new());
        assert_eq!(summary(&ann, &count).await, json!({ "variance": 1 }));
    }
    assert_eq!(lines(&ben, &count, "").await, ["S@F recount 6/10"]);
    assert_eq!(summary(&manager, &count).await, json!({ "recount": 1 }));

    // The share tells nothing that who sees what is expected does not know.
    enter(&ann, &count, &[entry(4, &salmon, &freezer, "set", "4")]).await;
    assert_eq!(lines(&ann, &count, "").await, ["S@F recount 4/10"]);
    server.finish().await;
}

#[tokio::test]
async fn what_is_left_beside_the_steps_is_taken_only_from_who_sees_that_it_is_there() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let body = json!({ "item_number": "S", "name": "Salmon", "unit": "kg" });
    let salmon = manager.post("/inventory/items", &body).await.is(201);
    let freezer = location(&manager, "F").await;
    post(&manager, "receive", &salmon, &freezer, "2.4").await;
    let mut halves = manager.get(&path("items", &salmon)).await.is(200);
    halves["qty_step"] = json!("0.5");
    let version = halves["version"].as_i64().expect("a version");
    manager.change(Method::PUT, &path("items", &salmon), version, &halves).await.is(200);
    let plain = open(&manager, false).await;
    let seen = entry(1, &salmon, &freezer, "set", "2.4");
    assert_eq!(enter(&counter, &plain, std::slice::from_ref(&seen)).await, ["accepted"]);

    let count = open(&manager, true).await;

    let guesses =
        [entry(2, &salmon, &freezer, "set", "2.3"), entry(3, &salmon, &freezer, "set", "2.4")];
    assert_eq!(enter(&counter, &count, &guesses).await, ["qty-step", "qty-step"]);
    // What was entered before can still be taken back.
    let mut undo = entry(4, &salmon, &freezer, "set", "2.4");
    undo["undoes"] = seen["client_op"].clone();
    assert_eq!(enter(&counter, &plain, &[undo]).await, ["accepted"]);
    server.finish().await;
}

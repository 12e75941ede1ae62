//! Batches of entries: each has its own answer, and none counts twice.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn a_replay_counts_once_and_an_id_is_used_for_one_thing() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    post(&manager, "receive", &salmon, &freezer, "10").await;
    let count = open(&manager, false).await;
    let first = entry(1, &salmon, &freezer, "add", "3");
    let batch = [first.clone(), first.clone(), entry(2, &salmon, &freezer, "add", "4")];

    assert_eq!(enter(&counter, &count, &batch).await, ["accepted", "replayed", "accepted"]);
    assert_eq!(enter(&counter, &count, &batch).await, ["replayed"; 3]);
    let other = entry(1, &salmon, &freezer, "add", "3.0");
    assert_eq!(enter(&counter, &count, &[other]).await, ["client-op-reused"]);
    assert_eq!(enter(&manager, &count, std::slice::from_ref(&first)).await, ["client-op-reused"]);
    let mut nameless = first.clone();
    nameless["client_op"] = json!("one");
    assert_eq!(enter(&counter, &count, &[nameless]).await, ["client-op-bad"]);

    assert_eq!(lines(&manager, &count, "").await, ["S@F variance 7/10"]);
    act(&counter, &count, "submit", json!({})).await;
    assert_eq!(enter(&counter, &count, &[first]).await, ["replayed"]);
    server.finish().await;
}

#[tokio::test]
async fn two_phones_that_send_the_same_queue_at_once_count_it_once() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    post(&manager, "receive", &salmon, &freezer, "10").await;
    let count = open(&manager, false).await;
    let queue: Vec<Value> =
        (1..=20).map(|number| entry(number, &salmon, &freezer, "add", "0.5")).collect();

    let (mut one, other) =
        tokio::join!(enter(&counter, &count, &queue), enter(&counter, &count, &queue));

    one.extend(other);
    one.sort();
    let (accepted, replayed) = one.split_at(20);
    assert_eq!(accepted, ["accepted"; 20]);
    assert_eq!(replayed, ["replayed"; 20]);
    assert_eq!(lines(&manager, &count, "").await, ["S@F ok 10/10"]);
    server.finish().await;
}

#[tokio::test]
async fn an_entry_is_taken_back_by_its_own_counter_and_the_line_is_as_before() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    post(&manager, "receive", &salmon, &freezer, "10").await;
    let count = open(&manager, false).await;
    enter(&counter, &count, &[entry(1, &salmon, &freezer, "set", "7")]).await;
    let undo = |number| {
        let mut undo = entry(number, &salmon, &freezer, "set", "7");
        undo["undoes"] = json!(op(1));
        undo
    };

    assert_eq!(enter(&manager, &count, &[undo(2)]).await, ["count-undo"]);
    let mut odd = undo(3);
    odd["qty"] = json!("8");
    assert_eq!(enter(&counter, &count, &[odd]).await, ["count-undo"]);
    assert_eq!(enter(&counter, &count, &[undo(4)]).await, ["accepted"]);
    assert_eq!(enter(&counter, &count, &[undo(4), undo(5)]).await, ["replayed", "count-undo"]);

    assert_eq!(lines(&manager, &count, "").await, ["S@F uncounted -/10"]);
    counter.post(&below(&count, "submit"), &json!({})).await.is_problem(422, "count-empty");
    let page = manager.get(&below(&count, "entries")).await.is(200);
    let told: Vec<_> = page["items"].as_array().expect("entries").iter().collect();
    assert_eq!((&told[0]["undoes"], &told[1]["undone"]), (&json!(op(1)), &json!(true)));
    server.finish().await;
}

#[tokio::test]
async fn every_bad_entry_is_refused_alone_and_the_good_ones_count() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let (salmon, cod) = (item(&manager, "S").await, item(&manager, "C").await);
    let (freezer, shelf) = (location(&manager, "F").await, location(&manager, "G").await);
    let body = json!({ "code": "F-1", "name": "Drawer", "parent_id": freezer["id"] });
    let drawer = manager.post("/inventory/locations", &body).await.is(201);
    let body = json!({ "code": "F-2", "name": "Old", "parent_id": freezer["id"], "active": false });
    let closed = manager.post("/inventory/locations", &body).await.is(201);
    post(&manager, "receive", &salmon, &drawer, "10").await;
    post(&manager, "receive", &cod, &shelf, "10").await;
    let body = json!({ "name": "Freezer", "scope":
        { "location_id": freezer["id"], "item_ids": [salmon["id"]] } });
    let count = manager.post("/inventory/counts", &body).await.is(201);
    assert_eq!(lines(&manager, &count, "").await, ["S@F-1 uncounted -/10"]);
    let nowhere = json!({ "id": crate::support::nothing::<()>().to_string() });
    let cases = [
        (entry(1, &salmon, &drawer, "set", "1e3"), "amount-exponent"),
        (entry(2, &salmon, &drawer, "set", "١٢"), "amount-digits"),
        (entry(3, &salmon, &drawer, "set", "1,5"), "amount-comma"),
        (entry(4, &salmon, &drawer, "set", ""), "amount-empty"),
        (entry(5, &salmon, &drawer, "set", "-0"), "amount-negative-zero"),
        (entry(6, &salmon, &drawer, "set", "0.0005"), "amount-decimals"),
        (entry(7, &salmon, &drawer, "set", "100000000000000"), "amount-too-large"),
        (entry(8, &salmon, &drawer, "set", "+Infinity"), "amount-not-a-number"),
        (entry(9, &salmon, &drawer, "set", "-1"), "amount-negative"),
        (entry(10, &salmon, &drawer, "add", "0"), "amount-zero"),
        (entry(11, &salmon, &drawer, "add", "-1"), "count-below-zero"),
        (entry(12, &nowhere, &drawer, "set", "1"), "unknown-item"),
        (entry(13, &salmon, &nowhere, "set", "1"), "unknown-location"),
        (entry(14, &cod, &drawer, "set", "1"), "count-out-of-scope"),
        (entry(15, &salmon, &shelf, "set", "1"), "count-out-of-scope"),
        (entry(16, &salmon, &closed, "set", "1"), "location-inactive"),
        (entry(17, &salmon, &freezer, "set", "2"), "accepted"),
        (entry(18, &salmon, &drawer, "set", "0"), "accepted"),
    ];
    let (batch, wanted): (Vec<_>, Vec<_>) = cases.into_iter().unzip();

    assert_eq!(enter(&counter, &count, &batch).await, wanted);

    let found = ["S@F variance 2/0", "S@F-1 variance 0/10"];
    assert_eq!(lines(&manager, &count, "").await, found);
    let mut ahead = entry(19, &salmon, &drawer, "set", "1");
    ahead["seen_seq"] = json!(3);
    assert_eq!(enter(&counter, &count, &[ahead]).await, ["seen-seq-bad"]);
    let mut odd = entry(20, &salmon, &drawer, "set", "1");
    odd["counted_at"] = json!("noon");
    assert_eq!(enter(&counter, &count, &[odd.clone()]).await, ["moment-bad"]);
    odd["qty"] = json!(0.1);
    let answer = counter.post(&below(&count, "entries"), &json!({ "entries": [odd] })).await;
    answer.is_field_problem("entries[0].qty", "wrong-type");
    let none = counter.post(&below(&count, "entries"), &json!({ "entries": [] })).await;
    none.is_field_problem("entries", "count-batch");
    server.finish().await;
}

#[tokio::test]
async fn an_item_that_is_deleted_while_it_is_counted_takes_no_entries_and_posts_nothing() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    let body = json!({ "name": "Listed", "scope":
        { "location_id": freezer["id"], "item_ids": [salmon["id"]] } });
    let count = manager.post("/inventory/counts", &body).await.is(201);
    enter(&counter, &count, &[entry(1, &salmon, &freezer, "set", "2")]).await;
    let gone = manager.change(http::Method::DELETE, &path("items", &salmon), 1, &json!({})).await;
    assert_eq!(gone.status.as_u16(), 204);

    let late = enter(&counter, &count, &[entry(2, &salmon, &freezer, "set", "3")]).await;
    assert_eq!(late, ["unknown-item"]);
    act(&counter, &count, "submit", json!({})).await;
    let refused = manager.post(&below(&count, "approve"), &json!({})).await;
    refused.is_problem(422, "unknown-item");
    let decisions = [decision(&manager, &count, &salmon, "reject").await];
    let applied = act(&manager, &count, "approve", json!({ "decisions": decisions })).await;

    assert_eq!(applied["state"], "applied");
    let page = manager.get("/inventory/movements").await.is(200);
    assert_eq!(column(&page, "qty"), Vec::<String>::new());
    server.finish().await;
}

#[tokio::test]
async fn a_phone_whose_clock_is_days_off_hides_no_conflict() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    post(&manager, "receive", &salmon, &freezer, "10").await;
    let count = open(&manager, false).await;
    let mut slow = entry(1, &salmon, &freezer, "set", "8");
    slow["seen_seq"] = count["ledger_seq"].clone();
    slow["counted_at"] = json!("2026-11-18T14:00:00Z");
    server.advance(Duration::from_mins(5));
    post(&manager, "use", &salmon, &freezer, "2").await;
    server.advance(Duration::from_mins(5));

    assert_eq!(enter(&counter, &count, &[slow]).await, ["accepted"]);

    assert_eq!(lines(&manager, &count, "").await, ["S@F conflict 8/10"]);
    let line = &manager.get(&below(&count, "lines")).await.is(200)["items"][0];
    assert_eq!(line["conflicts"], json!(["moved"]));
    server.finish().await;
}

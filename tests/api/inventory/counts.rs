//! Counting: what is entered, what it comes to, and what approving it does to the stock.

mod access;
mod entering;
mod freezer;
mod hidden;
mod many;
mod second;

use serde_json::{Value, json};

use super::{column, item, location, movement, on_hand, path, post, text};
use crate::support::{Client, TestServer};

/// Opens a count of everything that is in stock.
pub(super) async fn open(manager: &Client, blind: bool) -> Value {
    let body = json!({ "name": "Friday", "blind": blind });
    manager.post("/inventory/counts", &body).await.is(201)
}

/// The path of something below a count.
fn below(count: &Value, what: &str) -> String {
    format!("{}/{what}", path("counts", count))
}

/// An id that no other operation of the test has.
fn op(number: u32) -> String {
    format!("00000000-0000-7000-8000-{number:012}")
}

pub(super) fn entry(number: u32, item: &Value, place: &Value, mode: &str, qty: &str) -> Value {
    json!({ "client_op": op(number), "item_id": item["id"], "location_id": place["id"],
        "mode": mode, "qty": qty })
}

/// Sends entries and tells what became of each: its outcome or the code of its refusal.
pub(super) async fn enter(client: &Client, count: &Value, entries: &[Value]) -> Vec<String> {
    let body = json!({ "entries": entries });
    let answer = client.post(&below(count, "entries"), &body).await.is(200);
    let told = answer["entries"].as_array().expect("answers");
    let one = |answer: &Value| match answer["outcome"].as_str() {
        Some("refused") => text(&answer["code"]).to_owned(),
        outcome => outcome.expect("an outcome").to_owned(),
    };
    told.iter().map(one).collect()
}

/// The lines as `item@place state counted-expected`.
async fn lines(client: &Client, count: &Value, query: &str) -> Vec<String> {
    let page = client.get(&format!("{}?{query}", below(count, "lines"))).await.is(200);
    let short = |value: &Value| value.as_str().unwrap_or("-").trim_end_matches(".000").to_owned();
    let line = |line: &Value| {
        let [number, place, state] =
            ["item_number", "location_code", "state"].map(|name| text(&line[name]).to_owned());
        let (counted, expected) = (short(&line["counted"]), short(&line["expected"]));
        format!("{number}@{place} {state} {counted}/{expected}")
    };
    page["items"].as_array().expect("lines").iter().map(line).collect()
}

pub(super) async fn act(client: &Client, count: &Value, what: &str, body: Value) -> Value {
    client.post(&below(count, what), &body).await.is(200)
}

/// The decision about the line of an item.
async fn decision(client: &Client, count: &Value, item: &Value, decision: &str) -> Value {
    let query = format!("{}?item_id={}", below(count, "lines"), text(&item["id"]));
    let page = client.get(&query).await.is(200);
    json!({ "line_id": page["items"][0]["id"], "decision": decision })
}

#[tokio::test]
async fn a_count_becomes_stock_when_a_manager_approves_it_and_only_then() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let (salmon, cod) = (item(&manager, "S").await, item(&manager, "C").await);
    let freezer = location(&manager, "F").await;
    let mut priced = movement("receive", &salmon, &freezer, "10");
    priced["unit_cost"] = json!("3");
    manager.post("/inventory/movements", &priced).await.is(201);
    post(&manager, "receive", &cod, &freezer, "5").await;

    let count = open(&manager, false).await;
    assert_eq!((&count["state"], &count["lines"]), (&json!("open"), &json!(2)));
    let entries = [entry(1, &salmon, &freezer, "set", "8.5")];
    assert_eq!(enter(&counter, &count, &entries).await, ["accepted"]);
    assert_eq!(lines(&manager, &count, "").await, ["C@F uncounted -/5", "S@F variance 8.500/10"]);
    assert_eq!(on_hand(&manager, &salmon).await, "10.000");
    let handed_in = act(&counter, &count, "submit", json!({})).await;
    assert_eq!(handed_in["state"], "submitted");
    assert_eq!(handed_in["submitted"]["by"]["id"], handed_in["submitted"]["by"]["id"]);
    assert_eq!(handed_in.get("variance_value"), None);
    // 1.5 less at 3 each.
    let review = manager.get(&path("counts", &count)).await.is(200);
    assert_eq!(review["variance_value"], "-4.5000");
    assert_eq!(review["summary"], json!({ "uncounted": 1, "variance": 1 }));

    let applied = act(&manager, &count, "approve", json!({})).await;

    assert_eq!(
        (&applied["state"], &applied["variance_value"]),
        (&json!("applied"), &json!("-4.5000"))
    );
    assert_eq!(on_hand(&manager, &salmon).await, "8.500");
    assert_eq!(on_hand(&manager, &cod).await, "5.000");
    let page = manager.get("/inventory/movements?type=adjust").await.is(200);
    assert_eq!(column(&page, "qty"), ["-1.500"]);
    assert_eq!(column(&page, "reference"), ["Friday"]);
    assert_eq!(column(&page, "value"), ["-4.5000"]);
    let line = &manager.get(&below(&count, "lines?state=approved")).await.is(200)["items"][0];
    assert_eq!((&line["posted"], &line["decision"]), (&json!("-1.500"), &json!("keep_delta")));
    let told = server.audit_actions().await;
    let of_counts: Vec<_> = told.iter().filter(|one| one.starts_with("inventory.count")).collect();
    let deeds = ["opened", "entered", "submitted", "approved"];
    assert_eq!(of_counts, deeds.map(|deed| format!("inventory.count.{deed}")).each_ref());
    server.finish().await;
}

#[tokio::test]
async fn approving_twice_or_by_two_managers_posts_once() {
    let server = TestServer::start().await;
    let (manager, other) = (server.person("manager").await, server.person("manager").await);
    let counter = server.person("counter").await;
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    post(&manager, "receive", &salmon, &freezer, "10").await;
    let count = open(&manager, false).await;
    enter(&counter, &count, &[entry(1, &salmon, &freezer, "set", "7")]).await;
    let early = manager.post(&below(&count, "approve"), &json!({})).await;
    early.is_problem(409, "count-not-submitted");
    act(&counter, &count, "submit", json!({})).await;
    act(&counter, &count, "submit", json!({})).await;

    let (address, empty) = (below(&count, "approve"), json!({}));
    let both = tokio::join!(manager.post(&address, &empty), other.post(&address, &empty));

    let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let first = if both.0.status.as_u16() == 200 { &manager } else { &other };
    act(first, &count, "approve", json!({})).await;
    assert_eq!(on_hand(&manager, &salmon).await, "7.000");
    let page = manager.get("/inventory/movements?type=adjust").await.is(200);
    assert_eq!(column(&page, "qty"), ["-3.000"]);
    for what in ["reject", "cancel"] {
        let body = if what == "reject" { json!({ "reason": "No" }) } else { json!({}) };
        assert_eq!(manager.post(&below(&count, what), &body).await.status.as_u16(), 409, "{what}");
    }
    server.finish().await;
}

#[tokio::test]
async fn whoever_counted_all_of_it_does_not_approve_it_where_somebody_else_can() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    post(&manager, "receive", &salmon, &freezer, "10").await;
    let count = open(&manager, false).await;
    enter(&manager, &count, &[entry(1, &salmon, &freezer, "set", "9")]).await;
    act(&manager, &count, "submit", json!({})).await;
    let owner = server.person("owner").await;

    let own = manager.post(&below(&count, "approve"), &json!({})).await;
    own.is_problem(422, "count-own");
    assert_eq!(on_hand(&manager, &salmon).await, "10.000");
    act(&owner, &count, "approve", json!({})).await;
    assert_eq!(on_hand(&manager, &salmon).await, "9.000");
    server.finish().await;
}

#[tokio::test]
async fn a_manager_who_is_alone_approves_their_own_count() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    post(&manager, "receive", &salmon, &freezer, "10").await;
    let count = open(&manager, false).await;
    enter(&manager, &count, &[entry(1, &salmon, &freezer, "set", "9")]).await;
    act(&manager, &count, "submit", json!({})).await;

    act(&manager, &count, "approve", json!({})).await;

    assert_eq!(on_hand(&manager, &salmon).await, "9.000");
    server.finish().await;
}

#[tokio::test]
async fn a_count_is_given_back_with_a_reason_and_ends_when_it_is_canceled() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    post(&manager, "receive", &salmon, &freezer, "10").await;
    let count = open(&manager, false).await;
    counter.post(&below(&count, "submit"), &json!({})).await.is_problem(422, "count-empty");
    enter(&counter, &count, &[entry(1, &salmon, &freezer, "set", "7")]).await;
    let seen = act(&counter, &count, "submit", json!({})).await;
    let late = enter(&counter, &count, &[entry(2, &salmon, &freezer, "set", "8")]).await;
    assert_eq!(late, ["count-not-open"]);
    let unsaid = manager.post(&below(&count, "reject"), &json!({ "reason": " " })).await;
    unsaid.is_field_problem("reason", "text-empty");

    let back = act(&manager, &count, "reject", json!({ "reason": "The top shelf, too" })).await;
    assert_eq!(
        (&back["state"], &back["reject_reason"]),
        (&json!("open"), &json!("The top shelf, too"))
    );
    enter(&counter, &count, &[entry(2, &salmon, &freezer, "set", "8")]).await;
    act(&counter, &count, "submit", json!({})).await;
    let stale = json!({ "version": seen["version"] });
    let stale = manager.post(&below(&count, "approve"), &stale).await;
    assert_eq!(stale.status.as_u16(), 412);
    let over = act(&manager, &count, "cancel", json!({})).await;
    assert_eq!(act(&manager, &count, "cancel", json!({})).await["version"], over["version"]);

    assert_eq!(over["state"], "canceled");
    assert_eq!(on_hand(&manager, &salmon).await, "10.000");
    let open = manager.get("/inventory/counts?state=open").await.is(200);
    assert_eq!(column(&open, "id"), Vec::<String>::new());
    let canceled = manager.get("/inventory/counts?state=canceled").await.is(200);
    assert_eq!(column(&canceled, "name"), ["Friday"]);
    server.finish().await;
}

#[tokio::test]
async fn what_waits_to_be_decided_is_counted_however_much_it_is() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    post(&manager, "receive", &salmon, &freezer, "10").await;
    for number in 1..=3 {
        let count = open(&manager, false).await;
        enter(&manager, &count, &[entry(number, &salmon, &freezer, "set", "9")]).await;
        if number > 1 {
            act(&manager, &count, "submit", json!({})).await;
        }
    }
    let counted = async |query: &str| {
        let page = manager.get(&format!("/inventory/counts?limit=1&{query}")).await.is(200);
        page["total"].as_i64()
    };

    assert_eq!(counted("state=submitted&total=true").await, Some(2));
    assert_eq!(counted("total=true").await, Some(3));
    assert_eq!(counted("state=submitted").await, None);
    server.finish().await;
}

#[tokio::test]
async fn what_is_counted_again_by_one_person_alone_is_approved_by_another() {
    let server = TestServer::start().await;
    let (manager, owner) = (server.person("manager").await, server.person("owner").await);
    let counter = server.person("counter").await;
    let (salmon, cod) = (item(&manager, "S").await, item(&manager, "C").await);
    let freezer = location(&manager, "F").await;
    post(&manager, "receive", &salmon, &freezer, "10").await;
    post(&manager, "receive", &cod, &freezer, "5").await;
    let count = open(&manager, false).await;
    let found = [entry(1, &salmon, &freezer, "set", "9"), entry(2, &cod, &freezer, "set", "5")];
    enter(&counter, &count, &found).await;
    act(&counter, &count, "submit", json!({})).await;
    let again = decision(&manager, &count, &salmon, "recount").await;
    act(&manager, &count, "approve", json!({ "decisions": [again] })).await;
    enter(&manager, &count, &[entry(3, &salmon, &freezer, "set", "1")]).await;
    act(&manager, &count, "submit", json!({})).await;

    // What others counted of it before, and of lines that are settled, counts no more.
    let own = manager.post(&below(&count, "approve"), &json!({})).await;
    own.is_problem(422, "count-own");
    assert_eq!(on_hand(&manager, &salmon).await, "10.000");
    act(&owner, &count, "approve", json!({})).await;
    assert_eq!(on_hand(&manager, &salmon).await, "1.000");
    server.finish().await;
}

#[tokio::test]
async fn a_line_that_nobody_counted_again_can_be_left_as_it_is() {
    let server = TestServer::start().await;
    let (manager, _owner) = (server.person("manager").await, server.person("owner").await);
    let counter = server.person("counter").await;
    let (salmon, cod) = (item(&manager, "S").await, item(&manager, "C").await);
    let freezer = location(&manager, "F").await;
    post(&manager, "receive", &salmon, &freezer, "10").await;
    post(&manager, "receive", &cod, &freezer, "5").await;
    let count = open(&manager, false).await;
    let found = [entry(1, &salmon, &freezer, "set", "9"), entry(2, &cod, &freezer, "set", "5")];
    enter(&counter, &count, &found).await;
    act(&counter, &count, "submit", json!({})).await;
    let again = decision(&manager, &count, &salmon, "recount").await;
    act(&manager, &count, "approve", json!({ "decisions": [again] })).await;
    act(&manager, &count, "submit", json!({})).await;

    let left = decision(&manager, &count, &salmon, "reject").await;
    let done = act(&manager, &count, "approve", json!({ "decisions": [left] })).await;

    assert_eq!(done["state"], "applied");
    assert_eq!(on_hand(&manager, &salmon).await, "10.000");
    server.finish().await;
}

#[tokio::test]
async fn a_page_goes_on_behind_a_line_that_is_counted_meanwhile() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let freezer = location(&manager, "F").await;
    let mut items = Vec::new();
    for number in ["A", "B", "C", "D", "E"] {
        let made = item(&manager, number).await;
        post(&manager, "receive", &made, &freezer, "10").await;
        items.push(made);
    }
    let count = open(&manager, false).await;
    let page = async |query: &str| {
        let page = counter.get(&format!("{}?{query}", below(&count, "lines"))).await.is(200);
        (column(&page, "item_number"), page["next_cursor"].as_str().unwrap_or("").to_owned())
    };

    let (first, cursor) = page("state=uncounted&limit=2").await;
    enter(&counter, &count, &[entry(1, &items[1], &freezer, "set", "9")]).await;
    let (second, _) = page(&format!("state=uncounted&limit=2&cursor={cursor}")).await;
    assert_eq!((first, second), (vec!["A".into(), "B".into()], vec!["C".into(), "D".into()]));

    let far =
        [entry(2, &items[2], &freezer, "set", "2"), entry(3, &items[3], &freezer, "set", "4")];
    enter(&counter, &count, &far).await;
    let (first, cursor) = page("order=variance&limit=2").await;
    enter(&counter, &count, &[entry(4, &items[3], &freezer, "set", "10")]).await;
    let (second, _) = page(&format!("order=variance&limit=2&cursor={cursor}")).await;
    assert_eq!((first, second), (vec!["C".into(), "D".into()], vec!["B".into(), "A".into()]));
    server.finish().await;
}

//! While somebody may count blind, nothing tells them what the book says of what is counted.

use std::collections::BTreeSet;
use std::time::Duration;

use holdfast::platform::identity::sessions::ops::{TokenDraft, make_token_in};
use http::Method;

use super::*;
use crate::support::{Reply, system};

/// What is in the freezer, what is at the bar, and both.
const FIGURES: [&str; 3] = ["771.125", "33.5", "804.625"];
const HIDDEN: &[&str] = &["on_hand", "low", "stock_value", "qty", "balance", "value"];

struct Kitchen {
    server: TestServer,
    manager: Client,
    counter: Client,
    salmon: Value,
    cod: Value,
    freezer: Value,
    shelf: Value,
    bar: Value,
}

impl Kitchen {
    /// Salmon on a shelf of the freezer and at the bar, some of it brought there; cod at the bar.
    async fn open() -> Self {
        let server = TestServer::start().await;
        let (manager, counter) = (server.person("manager").await, server.person("counter").await);
        let fish = json!({ "item_number": "S", "name": "Salmon", "unit": "kg", "min_qty": "9000",
            "category": "Fish" });
        let salmon = manager.post("/inventory/items", &fish).await.is(201);
        let cod = item(&manager, "C").await;
        let freezer = location(&manager, "F").await;
        let below = json!({ "code": "F-1", "name": "Shelf", "parent_id": freezer["id"] });
        let shelf = manager.post("/inventory/locations", &below).await.is(201);
        let bar = location(&manager, "B").await;
        post(&manager, "receive", &salmon, &shelf, "771.125").await;
        post(&manager, "receive", &salmon, &bar, "33.5").await;
        post(&manager, "receive", &cod, &bar, "12.75").await;
        Self { server, manager, counter, salmon, cod, freezer, shelf, bar }
    }

    async fn count(&self, scope: Value) -> Value {
        let body = json!({ "name": "Friday", "blind": true, "scope": scope });
        self.manager.post("/inventory/counts", &body).await.is(201)
    }

    /// All that tells quantities of salmon.
    fn questions(&self) -> Vec<String> {
        let salmon = path("items", &self.salmon);
        let id = text(&self.salmon["id"]);
        vec![
            "/inventory/items".to_owned(),
            "/inventory/items?q=salmon".to_owned(),
            salmon.clone(),
            format!("{salmon}/stock"),
            format!("{salmon}/movements"),
            "/inventory/stock".to_owned(),
            format!("/inventory/stock?item_id={id}&at=2026-11-21T06:00:00Z"),
            format!("/inventory/stock?location_id={}", text(&self.shelf["id"])),
            "/inventory/movements".to_owned(),
            format!("/inventory/movements?item_id={id}"),
            "/search?q=salmon".to_owned(),
        ]
    }
}

/// The rows of a list, or the one thing.
fn rows(reply: &Reply) -> Vec<Value> {
    let body = reply.json();
    body["items"].as_array().cloned().unwrap_or_else(|| vec![body])
}

fn hides_all(row: &Value) -> bool {
    HIDDEN.iter().all(|name| row.get(name).is_none())
}

/// `item@place qty` of every row of stock.
async fn stock(client: &Client) -> Vec<String> {
    let reply = client.get("/inventory/stock").await;
    reply.is(200);
    let row = |row: &Value| {
        let qty = row.get("qty").map_or("hidden", text);
        format!("{}@{} {qty}", text(&row["item_number"]), text(&row["location_code"]))
    };
    rows(&reply).iter().map(row).collect()
}

#[tokio::test]
async fn a_blind_count_of_all_hides_every_quantity_until_it_is_handed_in() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, manager, counter, .. } = &kitchen;
    let viewer = server.person("viewer").await;
    for question in kitchen.questions() {
        let told = counter.get(&question).await;
        let tells = FIGURES.iter().any(|figure| told.text().contains(figure));
        assert_eq!(tells, !question.starts_with("/search"), "{question}: {}", told.text());
    }

    let count = kitchen.count(json!({})).await;

    for question in kitchen.questions() {
        let reply = counter.get(&question).await;
        reply.is(200);
        let text = reply.text();
        assert!(!FIGURES.iter().any(|figure| text.contains(figure)), "{question}: {text}");
        assert!(rows(&reply).iter().all(hides_all), "{question}: {text}");
        for client in [manager, &viewer] {
            let told = client.get(&question).await.text();
            let tells = FIGURES.iter().any(|figure| told.contains(figure));
            assert_eq!(tells, !question.starts_with("/search"), "{question}: {told}");
        }
    }
    for question in ["items?low=true", "items?sort=on_hand", "items?q=salmon&sort=-on_hand"] {
        let question = format!("/inventory/{question}");
        counter.get(&question).await.is_problem(409, "quantities-hidden");
        manager.get(&question).await.is(200);
        viewer.get(&question).await.is(200);
    }

    enter(counter, &count, &[entry(1, &kitchen.salmon, &kitchen.shelf, "set", "770")]).await;
    act(counter, &count, "submit", json!({})).await;
    assert_eq!(on_hand(counter, &kitchen.salmon).await, "804.625");
    act(manager, &count, "reject", json!({ "reason": "The bar is missing" })).await;
    let hidden = counter.get(&path("items", &kitchen.salmon)).await.is(200);
    assert!(hides_all(&hidden), "{hidden}");
    act(manager, &count, "cancel", json!({})).await;
    assert_eq!(on_hand(counter, &kitchen.salmon).await, "804.625");
    counter.get("/inventory/items?low=true").await.is(200);
    kitchen.server.finish().await;
}

#[tokio::test]
async fn a_blind_count_of_a_place_hides_what_is_below_it_and_all_totals() {
    let kitchen = Kitchen::open().await;
    let Kitchen { manager, counter, salmon, shelf, bar, .. } = &kitchen;
    let transfer = json!({ "item_id": salmon["id"], "from_location_id": bar["id"],
        "to_location_id": shelf["id"], "qty": "0.375" });
    manager.post("/inventory/transfers", &transfer).await.is(201);

    kitchen.count(json!({ "location_id": kitchen.freezer["id"] })).await;

    let seen = ["S@F-1 hidden", "S@B 33.125", "C@B 12.750"];
    let mut told = stock(counter).await;
    told.sort_by_key(|row| seen.iter().position(|one| one == row));
    assert_eq!(told, seen);
    // What the bar gave would tell what the freezer got.
    let page = counter.get("/inventory/movements").await.is(200);
    assert_eq!(column(&page, "qty"), ["", "", "12.750", "33.500", ""]);
    assert_eq!(column(&page, "type")[..2], ["transfer", "transfer"]);
    let history = counter.get(&format!("{}/movements", path("items", salmon))).await.is(200);
    assert_eq!(column(&history, "balance"), [""; 4]);
    for one in [salmon, &kitchen.cod] {
        let one = counter.get(&path("items", one)).await.is(200);
        assert!(hides_all(&one), "{one}");
    }
    kitchen.server.finish().await;
}

#[tokio::test]
async fn a_blind_count_of_items_or_a_category_hides_these_alone() {
    for of_category in [true, false] {
        let kitchen = Kitchen::open().await;
        let scope = if of_category {
            json!({ "category": "Fish" })
        } else {
            json!({ "item_ids": [kitchen.salmon["id"]] })
        };

        kitchen.count(scope).await;

        let mut told = stock(&kitchen.counter).await;
        told.sort();
        assert_eq!(told, ["C@B 12.750", "S@B hidden", "S@F-1 hidden"]);
        assert_eq!(on_hand(&kitchen.counter, &kitchen.cod).await, "12.750");
        let salmon = kitchen.counter.get(&path("items", &kitchen.salmon)).await.is(200);
        assert!(hides_all(&salmon), "{salmon}");
        kitchen.server.finish().await;
    }
}

#[tokio::test]
async fn a_count_that_is_not_blind_hides_nothing_unless_another_one_is() {
    let kitchen = Kitchen::open().await;
    let Kitchen { manager, counter, .. } = &kitchen;
    let plain = open(manager, false).await;
    assert_eq!(on_hand(counter, &kitchen.salmon).await, "804.625");
    assert_eq!(lines(counter, &plain, "").await[2], "S@F-1 uncounted -/771.125");

    kitchen.count(json!({})).await;

    assert_eq!(lines(counter, &plain, "").await[2], "S@F-1 uncounted -/-");
    let listed = counter.get("/inventory/counts").await.text();
    assert!(!listed.contains("variance_value"), "{listed}");
    kitchen.server.finish().await;
}

#[tokio::test]
async fn a_token_that_may_less_is_told_no_more_than_its_owner() {
    let kitchen = Kitchen::open().await;
    let server = &kitchen.server;
    kitchen.count(json!({})).await;
    let mut told = Vec::new();
    for role in ["counter", "manager"] {
        let draft = TokenDraft {
            name: "reads".to_owned(),
            life: Duration::from_hours(1),
            workspace: Some(server.workspace),
            permissions: Some(BTreeSet::from(["inventory.read".to_owned()])),
        };
        let (ctx, user) = (system(&server.platform), server.user(role).await);
        let made = ctx.write(move |scope| make_token_in(scope, user, &draft)).await;
        let token = made.expect("a token").1.reveal().to_owned();
        let client = Client::new(server.router.clone(), Some(token), server.workspace);
        let salmon = client.get(&path("items", &kitchen.salmon)).await.is(200);
        told.push(salmon.get("on_hand").is_some());
    }
    assert_eq!(told, [false, true]);
    kitchen.server.finish().await;
}

#[tokio::test]
async fn a_role_of_its_own_that_counts_and_does_not_decide_gets_no_figures_by_other_ways() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, salmon, shelf, .. } = &kitchen;
    let owner = server.person("owner").await;
    let permissions = ["read", "write", "move", "count", "import", "export", "prices"];
    let permissions = permissions.map(|one| format!("inventory.{one}"));
    let body = json!({ "name": "Buyer", "permissions": permissions });
    let role = owner.post("/roles", &body).await.is(201);
    let user = server.user("viewer").await;
    let given = json!({ "role": role["id"] });
    owner.change(Method::PATCH, &format!("/members/{user}"), 1, &given).await.is(200);
    let buyer = server.token_of(user).await;
    let asked = buyer.post("/inventory/exports", &json!({ "kind": "movements" })).await.is(202);
    server.run_jobs().await;
    let file = format!("/inventory/exports/{}", text(&asked["job"]["id"]));
    assert!(buyer.get(&file).await.text().contains("771.125"));

    kitchen.count(json!({})).await;

    for question in [
        "export/opening_stock.csv",
        "export/movements.csv",
        "export/low_stock.csv",
        "reports/valuation",
        "reports/valuation.csv",
        "reports/usage",
        "reports/usage.csv",
        "reports/count-accuracy",
        "reports/count-accuracy.csv",
    ] {
        let refusal = buyer.get(&format!("/inventory/{question}")).await;
        refusal.is_problem(409, "quantities-hidden");
    }
    // Nothing was taken with what was refused.
    let taken = owner.get("/audit?action=inventory.exported").await.is(200);
    assert_eq!(taken["items"].as_array().map(Vec::len), Some(1), "{taken}");
    // So many at once are more than a minute allows of what is heavy.
    server.advance(std::time::Duration::from_mins(1));
    buyer.get(&file).await.is_problem(409, "quantities-hidden");
    assert_eq!(buyer.get("/inventory/export/items.csv").await.status, 200);
    let kind = json!({ "kind": "movements" });
    buyer.post("/inventory/exports", &kind).await.is_problem(409, "quantities-hidden");
    let csv = "item_number,location_code,qty\nS,F-1,5\n";
    let kind = [("content-type", "text/csv")];
    let preview = "/inventory/import/preview?kind=opening_stock";
    let refusal = buyer.send(Method::POST, preview, &kind, csv).await;
    refusal.is_problem(409, "quantities-hidden");
    let low = buyer.post("/inventory/purchase-orders/from-low-stock", &json!({})).await;
    low.is_problem(409, "quantities-hidden");
    let too_much = movement("use", salmon, shelf, "9000");
    let short = buyer.post("/inventory/movements", &too_much).await;
    short.is_problem(422, "stock-short");
    assert!(!short.text().contains("771") && !short.text().contains("on_hand"), "{}", short.text());
    let posted = buyer.post("/inventory/movements", &movement("use", salmon, shelf, "1")).await;
    assert!(hides_all(&posted.is(201)), "{}", posted.text());
    kitchen.server.finish().await;
}

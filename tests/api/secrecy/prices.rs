//! Prices are absent, not null, for whoever may not see them, wherever they could stand.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use holdfast::platform::access::Role;
use holdfast::platform::identity::sessions::ops::{TokenDraft, make_token_in};
use http::Method;
use serde_json::{Value, json};

use super::crawl::{Crawler, told};
use crate::fuzz::exchange;
use crate::fuzz::world::SETTINGS;
use crate::inventory::suppliers::{deliver, supplier};
use crate::inventory::{location, movement, path};
use crate::support::{Client, TestServer, system};

const MAY_SEE: &str = "inventory.prices";
/// Members of an answer that hold money.
const MONEY: &[&str] = &[
    "unit_cost",
    "unit_price",
    "last_price",
    "total_cost",
    "price",
    "cost",
    "average_cost",
    "stock_value",
    "value",
    "worth",
];
/// The price of everything, and what three of it are worth, as they are written and as they are
/// kept. Nothing else looks like them.
const FIGURES: &[&str] = &["90817.26", "9081726", "272451.7", "2724517"];
const PRICE: &str = "90817.2635";

/// Items with a price, of which some came in, went out, were taken back and were deleted.
async fn furnish(owner: &Client) -> (Value, Value) {
    let shelf = location(owner, "A").await;
    let priced = |number: &str| {
        json!({ "item_number": number, "name": format!("Saffron {number}"), "unit": "g",
            "category": "Spices", "unit_cost": PRICE, "min_qty": "10" })
    };
    let kept = owner.post("/inventory/items", &priced("S-1")).await.is(201);
    let deleted = owner.post("/inventory/items", &priced("S-2")).await.is(201);
    let mut receipt = movement("receive", &kept, &shelf, "3");
    receipt["unit_cost"] = json!(PRICE);
    owner.post("/inventory/movements", &receipt).await.is(201);
    let used = movement("use", &kept, &shelf, "1");
    let used = owner.post("/inventory/movements", &used).await.is(201);
    let reverse = format!("{}/reverse", path("movements", &used));
    owner.post(&reverse, &json!({})).await.is(201);
    let fish = supplier(owner, "Nordsee").await;
    deliver(owner, &fish, &kept, &json!({ "last_price": PRICE })).await;
    let lines = json!({ "supplier_id": fish["id"],
        "lines": [{ "item_id": kept["id"], "req_qty": "2", "unit_price": PRICE }] });
    let order = owner.post("/inventory/purchase-orders", &lines).await.is(201);
    owner.post(&format!("{}/submit", path("purchase-orders", &order)), &Value::Null).await.is(200);
    let gone = path("items", &deleted);
    owner.change(Method::DELETE, &gone, 1, &Value::Null).await.is(204);
    (kept, shelf)
}

/// Everybody of the workspace who may not see prices: roles, and an owner's token that may do all
/// but this.
async fn blind(server: &TestServer) -> Vec<(String, Client)> {
    let permissions = server.platform.roles.permissions();
    let prices = permissions.iter().find(|one| one.id == MAY_SEE).expect("the permission");
    let mut found = Vec::new();
    for role in Role::ALL.into_iter().filter(|role| !prices.roles.contains(role)) {
        found.push((role.name().to_owned(), server.person(role.name()).await));
    }
    let rest = permissions.iter().map(|one| one.id);
    // The log holds what was written; whoever reads it sees all of it.
    let rest = rest.filter(|id| ![MAY_SEE, "audit.read", "box.operate"].contains(id));
    let draft = TokenDraft {
        name: "all but prices".to_owned(),
        life: Duration::from_hours(1),
        workspace: Some(server.workspace),
        permissions: Some(rest.map(str::to_owned).collect::<BTreeSet<_>>()),
    };
    let (ctx, user) = (system(&server.platform), server.user("owner").await);
    let made = ctx.write(move |scope| make_token_in(scope, user, &draft)).await;
    let token = made.expect("a token").1.reveal().to_owned();
    let narrowed = Client::new(server.router.clone(), Some(token), server.workspace);
    found.push(("all but prices".to_owned(), narrowed));
    found
}

/// Where a price stands in an answer.
fn prices_in(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let inside = format!("{at}/{name}");
                if MONEY.contains(&name.as_str()) {
                    found.push(inside);
                } else {
                    prices_in(member, &inside, found);
                }
            }
        }
        Value::Array(all) => {
            for (index, one) in all.iter().enumerate() {
                prices_in(one, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn shows_a_figure(text: &str) -> bool {
    FIGURES.iter().any(|figure| text.contains(figure))
}

#[tokio::test]
async fn no_answer_shows_a_price_to_whoever_may_not_see_it() {
    let server = TestServer::start_with(SETTINGS).await;
    let (owner, home) = (server.person("owner").await, server.workspace.to_string());
    furnish(&owner).await;
    let mut crawler = Crawler::of(&server).await;
    crawler.explore(&owner, &home).await;
    let questions = crawler.questions(&home, &home, &["saffron", "Spices", "90817"]);

    // Where the owner sees prices, so that it is known where they could stand.
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for question in &questions {
        let reply = exchange(&owner, &question.sent).await;
        if shows_a_figure(&reply.text()) {
            *shown.entry(&question.operation).or_default() += 1;
        }
    }
    for place in [
        "/inventory/items",
        "/inventory/items/{id}",
        "/inventory/movements",
        "/inventory/items/{id}/movements",
        "/inventory/export/{file}",
        "/inventory/purchase-orders/{id}",
        "/inventory/purchase-orders/{id}/lines.csv",
        "/inventory/suppliers/{id}/items",
        "/inventory/reports/valuation",
        "/audit",
    ] {
        let name = format!("GET /api/v1/workspaces/{{workspace}}{place}");
        assert!(shown.contains_key(name.as_str()), "{name} was not looked at: {shown:#?}");
    }

    for (who, client) in blind(&server).await {
        let mut read = 0;
        for question in &questions {
            let reply = exchange(&client, &question.sent).await;
            let asked = format!("{} as {who}", question.sent.uri());
            assert!(!shows_a_figure(&told(&reply)), "{asked}: {}", reply.text());
            read += usize::from(reply.status.is_success());
            if let (true, Ok(body)) = (
                question.sent.path.contains("/workspaces/"),
                serde_json::from_slice::<Value>(&reply.bytes),
            ) {
                let mut found = Vec::new();
                prices_in(&body, "", &mut found);
                assert!(found.is_empty(), "{asked}: {found:?}");
            }
        }
        assert!(read > 30, "{who} could read only {read} of {}", questions.len());
    }
    server.finish().await;
}

#[tokio::test]
async fn what_somebody_writes_without_seeing_prices_is_answered_without_them() {
    let server = TestServer::start_with(SETTINGS).await;
    let owner = server.person("owner").await;
    let (item, shelf) = furnish(&owner).await;
    let (_, writer) = blind(&server).await.pop().expect("the token");
    let cold = location(&writer, "B").await;
    let at = path("items", &item);
    let kept = writer.get(&at).await.is(200);
    let version = kept["version"].as_i64().expect("a version");

    let transfer = json!({ "item_id": item["id"], "from_location_id": shelf["id"],
        "to_location_id": cold["id"], "qty": "1" });
    let priced =
        json!({ "item_number": "S-9", "name": "Saffron", "unit": "g", "unit_cost": PRICE });
    let mut answers = vec![
        writer.change(Method::PUT, &at, version, &kept).await,
        writer.post("/inventory/movements", &movement("receive", &item, &shelf, "1")).await,
        writer.post("/inventory/transfers", &transfer).await,
    ];
    let used = writer.post("/inventory/movements", &movement("use", &item, &shelf, "1")).await;
    let reverse = format!("{}/reverse", path("movements", &used.json()));
    answers.push(used);
    answers.push(writer.post(&reverse, &json!({})).await);
    let setting = writer.post("/inventory/items", &priced).await;

    for reply in &answers {
        assert!(reply.status.is_success(), "{}", reply.text());
        let mut found = Vec::new();
        prices_in(&reply.json(), "", &mut found);
        assert!(found.is_empty() && !shows_a_figure(&told(reply)), "{found:?}: {}", reply.text());
    }
    assert!(setting.status.is_client_error(), "a price was set: {}", setting.text());
    // What was written without seeing it is still there.
    assert_eq!(owner.get(&at).await.is(200)["unit_cost"], PRICE);
    server.finish().await;
}

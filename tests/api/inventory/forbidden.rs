//! Scenario 5: a viewer and a counter try every forbidden thing, prices in files among it.

use http::Method;
use serde_json::{Value, json};

use super::counts::{act, enter, entry, open};
use super::suppliers::{deliver, supplier};
use super::{column, item, location, movement, on_hand, path, post, text};
use crate::events::Listener;
use crate::fuzz::world::SETTINGS;
use crate::support::{Client, TestServer};

/// The price of salmon, and what all of it is worth.
const FIGURES: [&str; 2] = ["90817.26", "454086.3"];

/// A kitchen with five of a dear salmon, an order of it and a supplier.
struct Kitchen {
    server: TestServer,
    manager: Client,
    salmon: Value,
    shelf: Value,
    order: Value,
    fish: Value,
}

impl Kitchen {
    async fn open() -> Self {
        let server = TestServer::start_with(SETTINGS).await;
        let manager = server.person("manager").await;
        let salmon = item(&manager, "S").await;
        let shelf = location(&manager, "A").await;
        let mut receipt = movement("receive", &salmon, &shelf, "5");
        receipt["unit_cost"] = json!("90817.2635");
        manager.post("/inventory/movements", &receipt).await.is(201);
        let fish = supplier(&manager, "Nordsee").await;
        let fish = deliver(&manager, &fish, &salmon, &json!({ "last_price": "90817.2635" })).await;
        let lines = json!({ "supplier_id": fish["id"], "lines": [{ "item_id": salmon["id"],
            "req_qty": "2", "unit_price": "90817.2635" }] });
        let order = manager.post("/inventory/purchase-orders", &lines).await.is(201);
        Self { server, manager, salmon, shelf, order, fish }
    }

    /// What may be read by everybody.
    fn open_questions(&self) -> Vec<String> {
        let salmon = path("items", &self.salmon);
        vec![
            "/inventory/items".to_owned(),
            "/inventory/items?q=90817".to_owned(),
            salmon.clone(),
            format!("{salmon}/stock"),
            format!("{salmon}/movements"),
            "/inventory/stock".to_owned(),
            "/inventory/movements".to_owned(),
            "/inventory/counts".to_owned(),
            "/search?q=nordsee".to_owned(),
            "/search?q=PO-0001".to_owned(),
            "/search?q=salmon".to_owned(),
        ]
    }

    /// What may not.
    fn closed_questions(&self) -> Vec<String> {
        let (order, fish) = (path("purchase-orders", &self.order), path("suppliers", &self.fish));
        vec![
            "/inventory/export/items.csv".to_owned(),
            "/inventory/export/opening_stock.csv".to_owned(),
            "/inventory/export/movements.csv".to_owned(),
            "/inventory/purchase-orders".to_owned(),
            "/inventory/purchase-orders/settings".to_owned(),
            order.clone(),
            format!("{order}/lines.csv"),
            format!("{order}/receipts"),
            format!("{order}/files"),
            "/inventory/suppliers".to_owned(),
            fish.clone(),
            format!("{fish}/items"),
            "/inventory/reports/valuation".to_owned(),
            "/inventory/reports/valuation.csv".to_owned(),
            "/inventory/reports/usage".to_owned(),
            "/inventory/reports/usage.csv".to_owned(),
            "/inventory/reports/count-accuracy".to_owned(),
            "/inventory/reports/count-accuracy.csv".to_owned(),
            "/inventory/count-settings".to_owned(),
            "/deleted".to_owned(),
            "/deleted?kind=inventory.supplier".to_owned(),
            "/audit".to_owned(),
            "/jobs".to_owned(),
            "/members".to_owned(),
            "/api/v1/box/webhooks".to_owned(),
        ]
    }

    /// What changes something and is not theirs to do.
    fn deeds(&self) -> Vec<(Method, String, Value)> {
        let (salmon, place) = (&self.salmon, &self.shelf);
        let (order, fish) = (path("purchase-orders", &self.order), path("suppliers", &self.fish));
        let transfer = json!({ "item_id": salmon["id"], "from_location_id": place["id"],
            "to_location_id": place["id"], "qty": "1" });
        let mut dear = salmon.clone();
        dear["unit_cost"] = json!("1");
        let post = |path: &str, body: Value| (Method::POST, path.to_owned(), body);
        vec![
            post("/inventory/items", json!({ "item_number": "X", "name": "X", "unit": "kg" })),
            (Method::PUT, path("items", salmon), dear),
            (Method::DELETE, path("items", salmon), Value::Null),
            post("/inventory/locations", json!({ "code": "X", "name": "X" })),
            (Method::DELETE, path("locations", place), Value::Null),
            post("/inventory/movements", movement("adjust", salmon, place, "-1")),
            post("/inventory/transfers", transfer),
            post("/inventory/counts", json!({ "name": "Mine" })),
            post("/inventory/exports", json!({ "kind": "items" })),
            post("/inventory/purchase-orders", json!({ "lines": [] })),
            post("/inventory/purchase-orders/from-low-stock", json!({})),
            post(&format!("{order}/submit"), Value::Null),
            post(&format!("{order}/cancel"), Value::Null),
            post("/inventory/suppliers", json!({ "name": "Mine" })),
            (Method::DELETE, fish, Value::Null),
            post("/inventory/integrity", Value::Null),
            post("/invitations", json!({ "email": "a@example.com", "role": "owner" })),
        ]
    }
}

#[tokio::test]
async fn a_viewer_and_a_counter_try_every_forbidden_thing() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, manager, .. } = &kitchen;
    let before = manager.get("/inventory/reports/valuation").await.is(200)["total"].clone();
    for role in ["viewer", "counter"] {
        let client = server.person(role).await;

        for question in kitchen.open_questions() {
            let reply = client.get(&question).await;
            reply.is(200);
            let told = reply.text();
            let shows = |figure: &&str| told.contains(*figure);
            assert!(!FIGURES.iter().any(&shows), "{role} {question}: {told}");
            let names = ["unit_cost", "\"value\"", "stock_value", "price"];
            assert!(!names.iter().any(&shows), "{role} {question}: {told}");
            let orders = ["PO-0001\"", "Nordsee"];
            assert!(!orders.iter().any(&shows), "{role} {question}: {told}");
        }
        for question in kitchen.closed_questions() {
            let refusal = client.get(&question).await;
            refusal.is_problem(403, "forbidden");
            let told = refusal.text();
            assert!(!FIGURES.iter().any(|figure| told.contains(figure)), "{question}: {told}");
        }
        for (method, address, body) in kitchen.deeds() {
            let refusal = client.change(method.clone(), &address, 1, &body).await;
            assert_eq!(refusal.status, 403, "{role} {method} {address}: {}", refusal.text());
        }
    }
    let after = manager.get("/inventory/reports/valuation").await.is(200)["total"].clone();
    assert_eq!(after, before);
    let items = manager.get("/inventory/items").await.is(200);
    assert_eq!(column(&items, "item_number"), ["S"]);
    let order = manager.get(&path("purchase-orders", &kitchen.order)).await.is(200);
    assert_eq!(order["status"], "draft");
    kitchen.server.finish().await;
}

#[tokio::test]
async fn a_viewer_and_a_counter_hear_of_no_order_and_no_price() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, manager, salmon, shelf, .. } = &kitchen;
    let mut listeners = Vec::new();
    for role in ["viewer", "counter"] {
        listeners.push(Listener::start(&server.person(role).await, None).await);
    }

    let submit = format!("{}/submit", path("purchase-orders", &kitchen.order));
    manager.post(&submit, &Value::Null).await.is(200);
    supplier(manager, "Ackermann").await;
    let posted = post(manager, "receive", salmon, shelf, "1").await;

    for listener in &mut listeners {
        let heard = listener.next().await.expect("a change").data;
        assert_eq!(heard["kind"], "inventory.movement", "{heard}");
        assert_eq!(heard["id"], posted["id"]);
        let mut members: Vec<_> = heard.as_object().expect("members").keys().collect();
        members.sort();
        assert_eq!(members, ["id", "kind", "version"]);
    }
    kitchen.server.finish().await;
}

#[tokio::test]
async fn a_counter_who_is_made_a_viewer_before_handing_in_leaves_what_was_counted_to_others() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, manager, salmon, shelf, .. } = &kitchen;
    let (owner, other) = (server.person("owner").await, server.person("counter").await);
    let user = server.user("counter").await;
    let lowered = server.token_of(user).await;
    let count = open(manager, true).await;
    let counted = [entry(1, salmon, shelf, "set", "4")];
    assert_eq!(enter(&lowered, &count, &counted).await, ["accepted"]);
    let viewer = json!({ "role": "viewer" });
    owner.change(Method::PATCH, &format!("/members/{user}"), 1, &viewer).await.is(200);

    let submit = format!("{}/submit", path("counts", &count));
    let entries = format!("{}/entries", path("counts", &count));
    lowered.post(&submit, &json!({})).await.is_problem(403, "forbidden");
    let more = json!({ "entries": [entry(2, salmon, shelf, "set", "1")] });
    lowered.post(&entries, &more).await.is_problem(403, "forbidden");
    // Nor by sending again what was taken before.
    let again = json!({ "entries": counted });
    lowered.post(&entries, &again).await.is_problem(403, "forbidden");

    act(&other, &count, "submit", json!({})).await;
    let applied = act(manager, &count, "approve", json!({})).await;
    assert_eq!(applied["state"], "applied");
    assert_eq!(on_hand(manager, salmon).await, "4.000");
    let kept = manager.get(&entries).await.is(200);
    assert_eq!(column(&kept, "qty"), ["4.000"]);
    assert_eq!(text(&kept["items"][0]["counted_by"]["id"]), user.to_string());
    kitchen.server.finish().await;
}

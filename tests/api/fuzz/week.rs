//! A week in the stores: what chance does not come to, because a count, an order or a file must be
//! there before. Each request is asked spoiled and then rightly.

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};

use super::Fuzzer;
use super::accepted::{HOME, Step, text};
use super::world::World;
use crate::inventory::comments::say;
use crate::inventory::order_files::send;
use crate::inventory::pictures::photo;
use crate::inventory::suppliers::supplier;
use crate::inventory::{item, location, movement, path};
use crate::support::Client;

const ORDER: &str = "inventory/purchase-orders/{id}";

/// What is counted, bought and talked about.
struct Goods {
    item: Value,
    place: Value,
}

impl Fuzzer {
    /// Counts, buys, talks and passes files on.
    pub(super) async fn work_a_week(&mut self, world: &World) {
        let owner = world.client("owner");
        let goods = Goods { item: item(owner, "W-1").await, place: location(owner, "WEEK").await };
        let receipt = movement("receive", &goods.item, &goods.place, "25");
        owner.post("/inventory/movements", &receipt).await.is(201);
        self.count(world, &goods).await;
        self.buy(world, &goods).await;
        self.buy_again(world, &goods).await;
        self.look_for_it_again(world).await;
        self.ask_for_less(world, &goods).await;
        for of in ["items", "purchase-orders"] {
            self.talk(world, &goods, of).await;
            self.attach(world, &goods, of).await;
        }
        self.pass_files(world, &goods).await;
    }

    async fn count(&mut self, world: &World, goods: &Goods) {
        let (owner, counter) = (world.client("owner"), world.client("counter"));
        for (number, end) in (1_u32..).zip(["approve", "reject"]) {
            let of = json!({ "item_ids": [goods.item["id"]] });
            let body = json!({ "name": format!("Count {number}"), "scope": of });
            let count = owner.post("/inventory/counts", &body).await.is(201);
            let entry = json!({ "client_op": op(number), "item_id": goods.item["id"],
                "location_id": goods.place["id"], "mode": "set", "qty": "24" });
            let body = json!({ "entries": [entry] });
            // A batch answers for each entry by itself: spoiled, it is taken and counts nothing.
            counter.post(&format!("{}/entries", path("counts", &count)), &body).await.is(200);
            for what in ["", "/entries", "/lines"] {
                let name = format!("GET {HOME}/inventory/counts/{{id}}{what}");
                self.step(world, Step::new(owner, &name, Value::Null).of(text(&count, "/id")))
                    .await;
            }
            let reason = json!({ "reason": "Counted the wrong shelf" });
            let end_with = if end == "reject" { reason } else { json!({}) };
            for (verb, body) in [("submit", Value::Null), (end, end_with)] {
                let name = format!("POST {HOME}/inventory/counts/{{id}}/{verb}");
                self.step(world, Step::new(owner, &name, body).of(text(&count, "/id"))).await;
            }
        }
    }

    async fn buy(&mut self, world: &World, goods: &Goods) {
        let owner = world.client("owner");
        let order = sent(owner, goods).await;
        let id = text(&order, "/id");
        let line = json!({ "line_id": order["lines"][0]["id"], "qty": "2",
            "location_id": goods.place["id"] });
        let van = json!({ "client_op": op(11), "lines": [line] });
        let name = format!("POST {HOME}/{ORDER}/receive");
        self.step(world, Step::new(owner, &name, van.clone()).of(id)).await;
        // Spoiled, it may have taken in something else.
        let van = json!({ "client_op": op(12), "lines": van["lines"] });
        owner.post(&format!("{}/receive", path("purchase-orders", &order)), &van).await;
        let at = format!("{}/receipts", path("purchase-orders", &order));
        let receipts = owner.get(&at).await.is(200);
        let name = format!("POST {HOME}/{ORDER}/receipts/{{receipt_id}}/reverse");
        let reverse = Step::new(owner, &name, json!({ "note": "Back to the van" })).of(id);
        let receipt = text(&receipts, "/items/0/id");
        self.step(world, reverse.and(receipt)).await;
        for what in ["GET receipts", "GET lines.csv", "POST close"] {
            let (verb, what) = what.split_once(' ').expect("two words");
            let name = format!("{verb} {HOME}/{ORDER}/{what}");
            self.step(world, Step::new(owner, &name, Value::Null).of(id)).await;
        }
    }

    /// What was ordered once is ordered again, by hand or not at all.
    async fn buy_again(&mut self, world: &World, goods: &Goods) {
        let owner = world.client("owner");
        let order = sent(owner, goods).await;
        let name = format!("POST {HOME}/{ORDER}/duplicate");
        let again = Step::new(owner, &name, Value::Null).of(text(&order, "/id"));
        let draft = self.step(world, again).await.json();
        for verb in ["submit", "cancel"] {
            let name = format!("POST {HOME}/{ORDER}/{verb}");
            self.step(world, Step::new(owner, &name, Value::Null).of(text(&draft, "/id"))).await;
        }
    }

    /// A supplier with terms for one item, until both are forgotten.
    async fn ask_for_less(&mut self, world: &World, goods: &Goods) {
        let owner = world.client("owner");
        let fish = supplier(owner, "Weekly fish").await;
        let item = text(&goods.item, "/id");
        let mut tag = "\"1\"".to_owned();
        for (name, body) in [
            ("GET {id}", Value::Null),
            ("PUT {id}", json!({ "name": "Weekly fish and more" })),
            ("PUT {id}/items/{item_id}", json!({ "pack_qty": "6" })),
            ("GET {id}/items", Value::Null),
            ("DELETE {id}/items/{item_id}", Value::Null),
            // What was forgotten has no version to tell.
            ("GET {id}", Value::Null),
            ("DELETE {id}", Value::Null),
            ("POST {id}/restore", Value::Null),
        ] {
            let (verb, what) = name.split_once(' ').expect("two words");
            let name = format!("{verb} {HOME}/inventory/suppliers/{what}");
            let step = Step::new(owner, &name, body).of(text(&fish, "/id")).and(item);
            self.change(world, step, &mut tag).await;
        }
    }

    async fn look_for_it_again(&mut self, world: &World) {
        let owner = world.client("owner");
        let kept = json!({ "name": "Weekly" });
        let kept = owner.post("/inventory/saved-filters", &kept).await.is(201);
        let mut tag = "\"1\"".to_owned();
        for (verb, body) in [
            ("GET", Value::Null),
            ("PUT", json!({ "name": "Every week" })),
            ("DELETE", Value::Null),
        ] {
            let name = format!("{verb} {HOME}/inventory/saved-filters/{{id}}");
            let step = Step::new(owner, &name, body).of(text(&kept, "/id"));
            self.change(world, step, &mut tag).await;
        }
    }

    /// A step that says which version it is about, where that is asked, and learns the next.
    async fn change(&mut self, world: &World, step: Step<'_>, tag: &mut String) {
        let headers = [("if-match", tag.as_str())];
        let asks = self.operation(step.name()).takes("If-Match");
        let step = step.saying(if asks { &headers } else { &[] });
        let reply = self.step(world, step).await;
        if let Some(newer) = reply.header("etag") {
            newer.clone_into(tag);
        }
    }

    async fn talk(&mut self, world: &World, goods: &Goods, of: &str) {
        let owner = world.client("owner");
        let subject = subject(owner, goods, of).await;
        let said = say(owner, &format!("{}/comments", path(of, &subject)), "of the cod").await;
        let (id, other) = (text(&subject, "/id"), text(&said, "/id"));
        let mut tag = "\"1\"".to_owned();
        for (name, body) in [
            ("GET comments", Value::Null),
            ("POST comments", json!({ "text": "of the rice" })),
            ("GET comments/people", Value::Null),
            ("GET comments/{comment}", Value::Null),
            ("PUT comments/{comment}", json!({ "text": "of the salmon" })),
            ("DELETE comments/{comment}", Value::Null),
        ] {
            let (verb, what) = name.split_once(' ').expect("two words");
            let name = format!("{verb} {HOME}/inventory/{of}/{{id}}/{what}");
            let is_one = what.ends_with('}');
            let (mut other_tag, of_it) = (String::new(), Step::new(owner, &name, body).of(id));
            let newest = if is_one { &mut tag } else { &mut other_tag };
            self.change(world, of_it.and(other), newest).await;
        }
    }

    async fn attach(&mut self, world: &World, goods: &Goods, of: &str) {
        let owner = world.client("owner");
        let subject = subject(owner, goods, of).await;
        let at = format!("{}/files", path(of, &subject));
        let file = send(owner, &at, "shelf.jpg", &photo("the cold store")).await.is(201);
        let id = text(&subject, "/id");
        for (verb, what) in [
            ("GET", ""),
            ("GET", "/{file}/content"),
            ("GET", "/{file}/thumbnail"),
            ("DELETE", "/{file}"),
        ] {
            let name = format!("{verb} {HOME}/inventory/{of}/{{id}}/files{what}");
            let step = Step::new(owner, &name, Value::Null).of(id);
            self.step(world, step.and(text(&file, "/id"))).await;
        }
    }

    async fn pass_files(&mut self, world: &World, goods: &Goods) {
        let owner = world.client("owner");
        let now = owner.get(&path("items", &goods.item)).await.is(200);
        let change = json!({ "id": now["id"], "version": now["version"], "category": "Fish" });
        let name = format!("POST {HOME}/inventory/items/bulk");
        let several = json!({ "changes": [change] });
        self.step(world, Step::new(owner, &name, several)).await;
        let csv = "item_number,name,unit\nW-2,Weekly cod,kg\n";
        let kind = [("content-type", "text/csv")];
        let at = "/inventory/import/preview?kind=items";
        let shown = owner.send(Method::POST, at, &kind, Body::from(csv)).await.is(200);
        let name = format!("POST {HOME}/inventory/import/{{id}}/commit");
        self.step(world, Step::new(owner, &name, Value::Null).of(text(&shown, "/id"))).await;
        let wish = json!({ "kind": "items" });
        let asked = owner.post("/inventory/exports", &wish).await.is(202);
        world.server.run_jobs().await;
        let name = format!("GET {HOME}/inventory/exports/{{id}}");
        let job = text(&asked, "/job/id");
        self.step(world, Step::new(owner, &name, Value::Null).of(job)).await;
    }
}

/// What is talked about, or what a file is put beside.
async fn subject(client: &Client, goods: &Goods, of: &str) -> Value {
    if of == "items" { goods.item.clone() } else { sent(client, goods).await }
}

/// An order of ten that the supplier has.
async fn sent(client: &Client, goods: &Goods) -> Value {
    let line = json!({ "item_id": goods.item["id"], "req_qty": "10", "unit_price": "2" });
    let fish = supplier(client, &format!("Fish {}", uuid::Uuid::now_v7())).await;
    let body = json!({ "supplier_id": fish["id"], "lines": [line] });
    let order = client.post("/inventory/purchase-orders", &body).await.is(201);
    let at = format!("{}/submit", path("purchase-orders", &order));
    client.post(&at, &Value::Null).await.is(200)
}

/// An id that no other operation has.
fn op(number: u32) -> String {
    format!("00000000-0000-7000-8000-{number:012}")
}

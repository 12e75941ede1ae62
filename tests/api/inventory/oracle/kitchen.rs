//! Does each step on the box and in the books, and compares what the box answers.

use std::collections::BTreeMap;
use std::time::Duration;

use holdfast::platform::clock::Moment;
use holdfast::platform::identity::UserId;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::books::{Books, Goods, Kind, Move, Refused};
use super::orders::{Arrival, Order, OrderLine, State};
use super::steps::{ITEMS, PLACES, Step, Van};
use crate::fuzz::world::SETTINGS;
use crate::inventory::{location, path, text};
use crate::support::{Client, Reply, TestServer};

const REASON: &str = "Booked tomorrow";

pub struct Kitchen {
    pub server: TestServer,
    pub admin: Client,
    pub items: Vec<Value>,
    pub places: Vec<Value>,
    pub books: Books,
    /// What the box calls the entries and orders of the books.
    pub ids: Vec<String>,
    pub orders: Vec<Value>,
    receipts: Vec<Receipt>,
    people: [UserId; 2],
    counter: Client,
    ops: u32,
    /// How often each kind of step was accepted.
    pub accepted: BTreeMap<&'static str, usize>,
}

struct Receipt {
    order: usize,
    id: String,
    entries: Vec<usize>,
}

/// Thousandths or ten-thousandths of a decimal text.
pub fn units(decimal: &Value) -> i128 {
    text(decimal).replace('.', "").parse().expect("a decimal")
}

/// Thousandths as they are written.
pub fn qty_text(qty: i128) -> String {
    let sign = if qty < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", qty.abs() / 1_000, qty.abs() % 1_000)
}

fn price_text(price: i128) -> String {
    format!("{}.{:04}", price / 10_000, price % 10_000)
}

fn price_json(price: Option<i128>) -> Value {
    price.map_or(Value::Null, |price| json!(price_text(price)))
}

impl Kitchen {
    /// Three items: without a price, with one, and one that comes in halves only.
    pub async fn open() -> Self {
        let server = TestServer::start_with(SETTINGS).await;
        let people = [server.user("admin").await, server.user("counter").await];
        let (admin, counter) = (server.token_of(people[0]).await, server.token_of(people[1]).await);
        let (mut items, mut places, mut books) = (Vec::new(), Vec::new(), Books::default());
        let goods = [
            (None, 1, "Fish", "average"),
            (Some(25_000), 1, "Fish", "average"),
            (Some(70_001), 500, "Dry", "average"),
            (Some(33_333), 1, "Dry", "standard"),
        ];
        for (number, (price, step, category, method)) in goods.into_iter().enumerate() {
            let body = json!({ "item_number": format!("I{number}"), "name": "Thing", "unit": "kg",
                "qty_step": qty_text(step), "category": category, "unit_cost": price_json(price),
                "cost_method": method });
            items.push(admin.post("/inventory/items", &body).await.is(201));
            let is_standard = method == "standard";
            books.goods.push(Goods { is_standard, ..Goods::new(price, step) });
        }
        for number in 0..PLACES {
            places.push(location(&admin, &format!("P{number}")).await);
        }
        assert_eq!(items.len(), ITEMS);
        Self {
            server,
            admin,
            items,
            places,
            books,
            ids: Vec::new(),
            orders: Vec::new(),
            receipts: Vec::new(),
            people,
            counter,
            ops: 0,
            accepted: BTreeMap::new(),
        }
    }

    pub fn now(&self) -> Moment {
        self.server.clock.now()
    }

    /// So much as whole steps of the item, at least one of them.
    fn whole(&self, item: usize, qty: u32) -> i128 {
        let (qty, step) = (i128::from(qty).max(1), self.books.goods[item].step);
        (qty + step - 1) / step * step
    }

    fn op(&mut self) -> String {
        self.ops += 1;
        format!("00000000-0000-7000-8000-{:012}", self.ops)
    }

    pub async fn play(&mut self, step: &Step) {
        let is_done = match step {
            Step::Receive { item, place, qty, price, back } => {
                let wish = self.wish(Kind::Receive, *item, *place, self.whole(*item, *qty));
                let price = price.map(i128::from);
                self.post(Move { price, at: self.before(*back), ..wish }).await
            }
            Step::Use { item, place, qty, back, overrides } => {
                let wish = self.wish(Kind::Use, *item, *place, -self.whole(*item, *qty));
                self.post(Move { at: self.before(*back), overrides: *overrides, ..wish }).await
            }
            Step::UseRest { item, place } => {
                let rest = self.books.balance(*item, *place);
                rest > 0 && self.post(self.wish(Kind::Use, *item, *place, -rest)).await
            }
            Step::Adjust { item, place, qty, back, overrides } => {
                let whole = self.whole(*item, qty.unsigned_abs());
                let qty = if *qty < 0 { -whole } else { whole };
                let wish = self.wish(Kind::Adjust, *item, *place, qty);
                self.post(Move { at: self.before(*back), overrides: *overrides, ..wish }).await
            }
            Step::Transfer { item, from, to, qty, overrides } => {
                let wish = self.wish(Kind::Transfer, *item, *from, -self.whole(*item, *qty));
                self.transfer(Move { overrides: *overrides, ..wish }, *to).await
            }
            Step::TransferRest { item, from, to } => {
                let rest = self.books.balance(*item, *from);
                let wish = self.wish(Kind::Transfer, *item, *from, -rest);
                rest > 0 && self.transfer(wish, *to).await
            }
            Step::Reverse { which, overrides } => self.reverse(which, *overrides).await,
            Step::Order { lines } => self.order(lines).await,
            Step::Deliver { order, vans } => self.deliver(order, vans).await,
            Step::DeliverRest { order, place } => self.deliver_rest(order, *place).await,
            Step::TakeBack { receipt } => self.take_back(receipt).await,
            Step::Close { order } => self.close(order).await,
            Step::Count { found, used } => self.count(found, *used).await,
            Step::Delete { item } => self.delete(*item).await,
            Step::Restore { item } => self.restore(*item).await,
            Step::Reprice { item, price } => self.reprice(*item, *price).await,
            Step::Wait { minutes } => self.wait(*minutes).await,
        };
        if is_done {
            *self.accepted.entry(step.name()).or_default() += 1;
        }
    }

    /// The entry that the box made is the one that the books expect.
    fn agree(&mut self, entry: usize, told: &Value) {
        let expected = &self.books.entries[entry];
        assert_eq!(units(&told["qty"]), expected.qty, "entry {entry}: {told}");
        assert_eq!(units(&told["value"]), expected.value, "entry {entry}: {told}");
        assert_eq!(entry, self.ids.len(), "entries are written in order");
        self.ids.push(text(&told["id"]).to_owned());
    }

    /// Something that takes effect now and leaves nothing below zero.
    fn wish(&self, kind: Kind, item: usize, place: usize, qty: i128) -> Move {
        Move { kind, item, place, qty, price: None, at: self.now().0, overrides: false }
    }

    fn before(&self, minutes: u32) -> i64 {
        self.now().minus(Duration::from_mins(u64::from(minutes))).0
    }

    async fn post(&mut self, wish: Move) -> bool {
        let asked = if wish.kind == Kind::Use { -wish.qty } else { wish.qty };
        let mut body = json!({
            "type": wish.kind.name(), "item_id": self.items[wish.item]["id"],
            "location_id": self.places[wish.place]["id"], "qty": qty_text(asked),
            "effective_at": Moment(wish.at).to_string(),
            "override_reason": wish.overrides.then_some(REASON),
        });
        if wish.price.is_some() {
            body["unit_cost"] = price_json(wish.price);
        }
        let reply = self.admin.post("/inventory/movements", &body).await;
        let Some(entry) = settle(&reply, 201, self.books.post(&wish)) else { return false };
        self.agree(entry, &reply.json());
        true
    }

    async fn transfer(&mut self, out: Move, to: usize) -> bool {
        let to = if out.place == to { (to + 1) % PLACES } else { to };
        let body = json!({
            "item_id": self.items[out.item]["id"],
            "from_location_id": self.places[out.place]["id"],
            "to_location_id": self.places[to]["id"], "qty": qty_text(-out.qty),
            "override_reason": out.overrides.then_some(REASON),
        });
        let reply = self.admin.post("/inventory/transfers", &body).await;
        let Some(legs) = settle(&reply, 201, self.books.transfer(&out, to)) else { return false };
        let told = reply.json();
        for (number, leg) in legs.into_iter().enumerate() {
            self.agree(leg, &told["movements"][number]);
        }
        true
    }

    async fn reverse(&mut self, which: &Index, overrides: bool) -> bool {
        if self.ids.is_empty() {
            return false;
        }
        let which = which.index(self.ids.len());
        let at = format!("/inventory/movements/{}/reverse", self.ids[which]);
        let body = json!({ "override_reason": overrides.then_some(REASON) });
        let reply = self.admin.post(&at, &body).await;
        let now = self.now().0;
        let Some(written) = settle(&reply, 201, self.books.reverse(which, now, overrides)) else {
            return false;
        };
        for entry in written {
            let original = self.books.entries[entry].reverses;
            let told = if original == Some(which) {
                reply.json()
            } else {
                self.entry_that_reverses(original).await
            };
            self.agree(entry, &told);
        }
        true
    }

    async fn entry_that_reverses(&self, which: Option<usize>) -> Value {
        let original = &self.ids[which.expect("a reversal")];
        let journal = self.journal().await;
        let found = journal.into_iter().find(|entry| entry["reverses"] == **original);
        found.unwrap_or_else(|| panic!("nothing reverses {original}"))
    }

    /// All entries of the ledger in the order in which they were posted.
    pub async fn journal(&self) -> Vec<Value> {
        let mut rows = all(&self.admin, "/inventory/movements?").await;
        rows.sort_by_key(|row| row["seq"].as_i64());
        rows
    }

    async fn order(&mut self, wanted: &[(usize, u32, u32)]) -> bool {
        let line = |&(item, qty, price): &(usize, u32, u32)| OrderLine {
            item,
            ordered: self.whole(item, qty),
            price: i128::from(price),
            received: 0,
        };
        let lines: Vec<OrderLine> = wanted.iter().map(line).collect();
        let body = |line: &OrderLine| {
            json!({ "item_id": self.items[line.item]["id"], "req_qty": qty_text(line.ordered),
                "unit_price": price_text(line.price) })
        };
        let body = json!({ "lines": lines.iter().map(body).collect::<Vec<_>>() });
        let reply = self.admin.post("/inventory/purchase-orders", &body).await;
        if lines.iter().any(|line| self.books.goods[line.item].is_deleted) {
            refused(&reply, &["unknown-item"]);
            return false;
        }
        let order = reply.is(201);
        let worth = |line: &OrderLine| super::books::rounded(line.ordered * line.price, 1_000);
        assert_eq!(units(&order["total_cost"]), lines.iter().map(worth).sum(), "{order}");
        let submit = format!("{}/submit", path("purchase-orders", &order));
        self.orders.push(self.admin.post(&submit, &Value::Null).await.is(200));
        self.books.orders.push(Order { state: State::Open, lines });
        true
    }

    async fn deliver(&mut self, order: &Index, vans: &[Van]) -> bool {
        if self.orders.is_empty() {
            return false;
        }
        let order = order.index(self.orders.len());
        let kept = self.books.orders[order].clone();
        let arrival = |van: &Van| {
            let line = van.line.index(kept.lines.len());
            let part = kept.left(line) * i128::from(van.percent) / 100;
            let qty = self.whole(kept.lines[line].item, u32::try_from(part).unwrap_or(0));
            Arrival { line, qty, place: van.place, price: van.price.map(i128::from) }
        };
        let arrivals: Vec<Arrival> = vans.iter().map(arrival).collect();
        let line = |arrival: &Arrival| {
            json!({ "line_id": self.orders[order]["lines"][arrival.line]["id"],
                "qty": qty_text(arrival.qty), "location_id": self.places[arrival.place]["id"],
                "unit_price": price_json(arrival.price) })
        };
        let lines: Vec<Value> = arrivals.iter().map(line).collect();
        let body = json!({ "client_op": self.op(), "lines": lines });
        self.receive(order, &arrivals, &body).await
    }

    async fn deliver_rest(&mut self, order: &Index, place: usize) -> bool {
        if self.orders.is_empty() {
            return false;
        }
        let order = order.index(self.orders.len());
        let kept = &self.books.orders[order];
        let lines = (0..kept.lines.len()).filter(|line| kept.left(*line) > 0);
        let rest = lines.map(|line| Arrival { line, qty: kept.left(line), place, price: None });
        let rest: Vec<Arrival> = rest.collect();
        let body = json!({ "client_op": self.op(), "remaining_to": self.places[place]["id"] });
        self.receive(order, &rest, &body).await
    }

    async fn receive(&mut self, order: usize, arrivals: &[Arrival], body: &Value) -> bool {
        let at = format!("{}/receive", path("purchase-orders", &self.orders[order]));
        let reply = self.admin.post(&at, body).await;
        let now = self.now().0;
        let Some(entries) = settle(&reply, 201, self.books.deliver(order, arrivals, now)) else {
            return false;
        };
        let receipt = reply.json();
        let lines = receipt["lines"].as_array().expect("lines");
        assert_eq!(lines.len(), entries.len(), "{receipt}");
        for (entry, line) in entries.iter().zip(lines) {
            let mut told = line.clone();
            told["id"] = line["movement_id"].clone();
            self.agree(*entry, &told);
        }
        let id = text(&receipt["id"]).to_owned();
        self.receipts.push(Receipt { order, id, entries });
        true
    }

    async fn take_back(&mut self, receipt: &Index) -> bool {
        if self.receipts.is_empty() {
            return false;
        }
        let Receipt { order, id, entries } = receipt.get(&self.receipts);
        let order = path("purchase-orders", &self.orders[*order]);
        let at = format!("{order}/receipts/{id}/reverse");
        let reply = self.admin.post(&at, &json!({})).await;
        let expected = self.books.take_back(entries, self.server.clock.now().0);
        let Some(written) = settle(&reply, 200, expected) else { return false };
        for entry in written {
            let told = self.entry_that_reverses(self.books.entries[entry].reverses).await;
            self.agree(entry, &told);
        }
        true
    }

    async fn close(&mut self, order: &Index) -> bool {
        if self.orders.is_empty() {
            return false;
        }
        let order = order.index(self.orders.len());
        let at = format!("{}/close", path("purchase-orders", &self.orders[order]));
        let reply = self.admin.post(&at, &Value::Null).await;
        settle(&reply, 200, self.books.close(order)).is_some()
    }

    /// Uses up what is there and drops the item.
    async fn delete(&mut self, item: usize) -> bool {
        if self.books.goods[item].is_deleted {
            return false;
        }
        for place in 0..PLACES {
            let rest = self.books.balance(item, place);
            if rest > 0 {
                self.post(self.wish(Kind::Use, item, place, -rest)).await;
            }
        }
        let at = path("items", &self.items[item]);
        let version = self.admin.get(&at).await.is(200)["version"].as_i64().expect("a version");
        let reply = self.admin.change(http::Method::DELETE, &at, version, &Value::Null).await;
        settle(&reply, 204, self.books.delete(item, PLACES)).is_some()
    }

    pub async fn restore(&mut self, item: usize) -> bool {
        if !self.books.goods[item].is_deleted {
            return false;
        }
        let at = format!("{}/restore", path("items", &self.items[item]));
        self.admin.post(&at, &Value::Null).await.is(200);
        self.books.goods[item].is_deleted = false;
        true
    }

    async fn reprice(&mut self, item: usize, price: u32) -> bool {
        if self.books.goods[item].is_deleted {
            return false;
        }
        let at = path("items", &self.items[item]);
        let (mut kept, price) = (self.admin.get(&at).await.is(200), Some(i128::from(price)));
        let version = kept["version"].as_i64().expect("a version");
        kept["unit_cost"] = price_json(price);
        self.admin.change(http::Method::PUT, &at, version, &kept).await.is(200);
        self.books.goods[item].price = price;
        true
    }

    async fn wait(&mut self, minutes: u32) -> bool {
        self.server.advance(Duration::from_mins(u64::from(minutes)));
        self.admin = self.server.token_of(self.people[0]).await;
        self.counter = self.server.token_of(self.people[1]).await;
        true
    }

    /// A count of which the books know the differences, while the kitchen goes on.
    async fn count(
        &mut self,
        found: &[(usize, usize, u32)],
        used: Option<(usize, usize, u32)>,
    ) -> bool {
        // Whoever counts a place twice means the second time.
        let mut whole = BTreeMap::new();
        for (item, place, qty) in found.iter().copied() {
            let Goods { step, is_deleted, .. } = self.books.goods[item];
            if !is_deleted {
                whole.insert((item, place), i128::from(qty) / step * step);
            }
        }
        let found = whole;
        if found.is_empty() {
            return false;
        }
        let mut entries = Vec::new();
        for ((item, place), qty) in &found {
            entries.push(json!({ "client_op": self.op(), "item_id": self.items[*item]["id"],
                "location_id": self.places[*place]["id"], "mode": "set",
                "qty": qty_text(*qty) }));
        }
        let name = format!("Count {}", self.ops);
        let count = self.admin.post("/inventory/counts", &json!({ "name": name })).await.is(201);
        let below = |what: &str| format!("{}/{what}", path("counts", &count));
        let batch = json!({ "entries": entries });
        let taken = self.counter.post(&below("entries"), &batch).await.is(200);
        for answer in taken["entries"].as_array().expect("answers") {
            assert_eq!(answer["outcome"], "accepted", "{answer}");
        }
        let delta = |((item, place), qty): (&(usize, usize), &i128)| {
            ((*item, *place), qty - self.books.balance(*item, *place))
        };
        let mut deltas: BTreeMap<(usize, usize), i128> = found.iter().map(delta).collect();
        deltas.retain(|_, delta| *delta != 0);
        if let Some((item, place, qty)) = used {
            self.post(self.wish(Kind::Use, item, place, -self.whole(item, qty))).await;
        }
        self.counter.post(&below("submit"), &json!({})).await.is(200);
        let reply = self.admin.post(&below("approve"), &json!({})).await;
        let short = |((item, place), delta): (&(usize, usize), &i128)| {
            *delta < 0 && self.books.balance(*item, *place) + delta < 0
        };
        if deltas.iter().any(short) {
            reply.is_problem(422, "stock-short");
            self.admin.post(&below("cancel"), &json!({})).await.is(200);
            return false;
        }
        assert_eq!(reply.is(200)["state"], "applied");
        self.take_over(&name, deltas).await;
        true
    }

    /// The differences of a count stand in the ledger, each once, in whatever order.
    async fn take_over(&mut self, name: &str, mut deltas: BTreeMap<(usize, usize), i128>) {
        let journal = self.journal().await;
        for told in journal.iter().filter(|row| row["reference"] == name) {
            let item = index(&self.items, &told["item_id"]);
            let place = index(&self.places, &told["location_id"]);
            let qty = deltas.remove(&(item, place)).unwrap_or_else(|| panic!("one more: {told}"));
            let wish = self.wish(Kind::Adjust, item, place, qty);
            let entry = self.books.post(&wish).expect("it was posted");
            self.agree(entry, told);
        }
        assert!(deltas.is_empty(), "not posted: {deltas:?}");
    }
}

/// Where something with this id stands.
pub fn index(things: &[Value], id: &Value) -> usize {
    things.iter().position(|thing| thing["id"] == *id).expect("one of these")
}

/// All rows of a list that comes in pages.
pub async fn all(client: &Client, list: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{list}&limit=200{cursor}")).await.is(200);
        rows.extend(page["items"].as_array().expect("a list").iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return rows };
        cursor = format!("&cursor={next}");
    }
}

/// The box accepts what the books accept, and refuses what they refuse with the same reason.
#[track_caller]
fn settle<T>(reply: &Reply, status: u16, expected: Result<T, Refused>) -> Option<T> {
    match expected {
        Ok(written) => {
            reply.is(status);
            Some(written)
        }
        Err(Refused { codes, on_hand }) => {
            let problem = refused(reply, codes);
            if let Some(on_hand) = on_hand {
                assert_eq!(units(&problem["on_hand"]), on_hand, "{problem}");
            }
            None
        }
    }
}

/// Refused with one of these codes, as such or of a field.
#[track_caller]
fn refused(reply: &Reply, codes: &[&str]) -> Value {
    assert!(reply.status.is_client_error(), "not {codes:?} but {}", reply.text());
    let problem = reply.json();
    let of_fields = problem["errors"].as_array().into_iter().flatten();
    let told: Vec<&Value> = of_fields.chain([&problem]).map(|one| &one["code"]).collect();
    let is_one = |code: &&str| told.iter().any(|told| *told == code);
    assert!(codes.iter().any(is_one), "not {codes:?} but {problem}");
    problem
}

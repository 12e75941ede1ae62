//! Scenario 9: ten people post five thousand movements at once, on lines so bad that much is sent
//! again, often before the first answer is there. Nothing is lost and nothing is there twice.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use holdfast::platform::clock::Moment;
use serde_json::{Value, json};

use super::oracle::books::{Books, Goods, Kind, Move};
use super::oracle::kitchen::{all, index, qty_text, units};
use super::{item, location, path, text};
use crate::fuzz::chance::Chance;
use crate::fuzz::world::SETTINGS;
use crate::support::{Client, START, TestServer};

const PEOPLE: usize = 10;
/// Rows of the ledger that each of them makes.
const ROWS_EACH: usize = 500;
const ITEMS: usize = 4;
const PLACES: usize = 2;
/// Opening stock, in thousandths: nobody is short of anything.
const OPENING: i128 = 50_000_000;
const SEED: u64 = 20_261_121;

/// What somebody posts, and where a transfer goes.
#[derive(Clone, Copy)]
struct Wish {
    wish: Move,
    to: Option<usize>,
}

/// What became of what a person sent.
struct Sent {
    /// By the id of the row or the transfer that was answered.
    answered: HashMap<String, Wish>,
    /// How often something was sent again, and how often the answer said so.
    again: usize,
    replayed: usize,
}

struct Person {
    client: Client,
    chance: Chance,
    items: Vec<Value>,
    places: Vec<Value>,
}

impl Person {
    async fn work(mut self) -> Sent {
        let mut sent = Sent { answered: HashMap::new(), again: 0, replayed: 0 };
        let mut earlier: Vec<(String, Wish)> = Vec::new();
        let mut rows = 0;
        while rows < ROWS_EACH {
            // Everybody uses the same keys: they are each person's own.
            let key = format!("key {rows}");
            let wish = self.wish(ROWS_EACH - rows > 1);
            rows += if wish.to.is_some() { 2 } else { 1 };
            let id = if self.chance.percent(20) {
                // A double click: both are on their way before either is answered.
                let (one, other) = tokio::join!(self.send(&key, wish), self.send(&key, wish));
                assert_eq!(one.0, other.0);
                assert_ne!(one.1, other.1, "one is the first");
                sent.again += 1;
                sent.replayed += 1;
                one.0
            } else {
                let (id, is_replay) = self.send(&key, wish).await;
                assert!(!is_replay, "{key} was not sent before");
                id
            };
            if !earlier.is_empty() && self.chance.percent(15) {
                // An answer that never arrived: it is asked for again, later and out of order.
                let (key, wish) = self.chance.pick(&earlier).clone();
                let (id, is_replay) = self.send(&key, wish).await;
                assert!(sent.answered.contains_key(&id), "{key} made a second one");
                sent.again += 1;
                sent.replayed += usize::from(is_replay);
            }
            assert!(sent.answered.insert(id, wish).is_none(), "two requests made one");
            earlier.push((key, wish));
        }
        sent
    }

    fn wish(&mut self, may_transfer: bool) -> Wish {
        let chance = &mut self.chance;
        let amount = |most: usize, chance: &mut Chance| {
            i128::try_from(chance.below(most)).expect("small") + 1
        };
        let kind = match chance.below(10) {
            0..=4 => Kind::Receive,
            5..=6 => Kind::Use,
            7 if may_transfer => Kind::Transfer,
            _ => Kind::Adjust,
        };
        let place = chance.below(PLACES);
        let mut qty = amount(9_000, chance);
        if matches!(kind, Kind::Use | Kind::Transfer) || kind == Kind::Adjust && chance.percent(50)
        {
            qty = -qty;
        }
        let price = (kind == Kind::Receive).then(|| amount(300_000, chance));
        let is_late = kind != Kind::Transfer && chance.percent(20);
        let back = if is_late { chance.below(20 * 24 * 60) } else { 0 };
        let at = START.minus(Duration::from_mins(u64::try_from(back).expect("small"))).0;
        let wish =
            Move { kind, item: chance.below(ITEMS), place, qty, price, at, overrides: false };
        Wish { wish, to: (kind == Kind::Transfer).then_some(1 - place) }
    }

    /// Where it is sent to, and as what.
    fn request(&self, Wish { wish, to }: Wish) -> (&'static str, Value) {
        let (item, place) = (&self.items[wish.item]["id"], &self.places[wish.place]["id"]);
        if let Some(to) = to {
            let body = json!({ "item_id": item, "from_location_id": place,
                "to_location_id": self.places[to]["id"], "qty": qty_text(-wish.qty) });
            return ("/inventory/transfers", body);
        }
        let qty = if wish.kind == Kind::Use { -wish.qty } else { wish.qty };
        let price = wish.price.map(|price| format!("{}.{:04}", price / 10_000, price % 10_000));
        let body = json!({ "type": wish.kind.name(), "item_id": item, "location_id": place,
            "qty": qty_text(qty), "unit_cost": price,
            "effective_at": Moment(wish.at).to_string() });
        ("/inventory/movements", body)
    }

    /// Sends it and gives the id of what it made, and whether that had been made before.
    async fn send(&self, key: &str, wish: Wish) -> (String, bool) {
        let (address, body) = self.request(wish);
        let headers = [("idempotency-key", key)];
        let reply = self.client.json(http::Method::POST, address, &headers, &body).await;
        let is_replay = reply.header("idempotency-replayed") == Some("true");
        (text(&reply.is(201)["id"]).to_owned(), is_replay)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_people_who_send_much_again_lose_nothing_and_double_nothing() {
    let server = TestServer::start_with(SETTINGS).await;
    let admin = server.person("admin").await;
    let (mut items, mut places) = (Vec::new(), Vec::new());
    for number in 0..ITEMS {
        items.push(item(&admin, &format!("I{number}")).await);
    }
    for number in 0..PLACES {
        places.push(location(&admin, &format!("P{number}")).await);
    }
    let mut books = Books { goods: vec![Goods::new(None, 1); ITEMS], ..Books::default() };
    open_books(&admin, &mut books, &items, &places).await;

    let mut people = tokio::task::JoinSet::new();
    for number in 0..PEOPLE {
        let client = server.person("manager").await;
        let chance = Chance::new(SEED + number as u64);
        let (items, places) = (items.clone(), places.clone());
        people.spawn(Person { client, chance, items, places }.work());
    }
    let all_sent = people.join_all().await;

    let again: usize = all_sent.iter().map(|sent| sent.again).sum();
    assert_eq!(all_sent.iter().map(|sent| sent.replayed).sum::<usize>(), again);
    assert!(again > PEOPLE * ROWS_EACH / 4, "only {again} were sent again");
    let mut wishes: HashMap<String, Wish> = HashMap::new();
    for (id, wish) in all_sent.into_iter().flat_map(|sent| sent.answered) {
        assert!(wishes.insert(id, wish).is_none(), "one was told to two people");
    }
    let mut journal = all(&admin, "/inventory/movements?").await;
    journal.sort_by_key(|row| row["seq"].as_i64());
    assert_eq!(journal.len(), ITEMS * PLACES + PEOPLE * ROWS_EACH);
    replay(&mut books, &journal[ITEMS * PLACES..], &mut wishes);
    assert_eq!(wishes.len(), 0, "answered, and not there");
    compare(&admin, &books, &items, &places).await;
    server.finish().await;
}

/// Enough of everything, a month ago.
async fn open_books(admin: &Client, books: &mut Books, items: &[Value], places: &[Value]) {
    let then = START.minus(Duration::from_hours(30 * 24));
    for (item, goods) in items.iter().enumerate() {
        for (place, shelf) in places.iter().enumerate() {
            let body = json!({ "type": "receive", "item_id": goods["id"],
                "location_id": shelf["id"], "qty": qty_text(OPENING), "unit_cost": "3.3333",
                "effective_at": then.to_string() });
            admin.post("/inventory/movements", &body).await.is(201);
            let (kind, qty, price) = (Kind::Receive, OPENING, Some(33_333));
            let wish = Move { kind, item, place, qty, price, at: then.0, overrides: false };
            books.post(&wish).expect("it was posted");
        }
    }
}

/// Writes what was asked for into the books in the order in which the box took it, and compares
/// row by row.
fn replay(books: &mut Books, journal: &[Value], wishes: &mut HashMap<String, Wish>) {
    let mut rows = journal.iter();
    while let Some(row) = rows.next() {
        let id = if row["transfer_id"].is_null() { &row["id"] } else { &row["transfer_id"] };
        let Wish { wish, to } =
            wishes.remove(text(id)).unwrap_or_else(|| panic!("nobody was told of {row}"));
        let Some(to) = to else {
            let entry = books.post(&wish).expect("there is enough");
            agree(books, entry, row);
            continue;
        };
        let [leaving, arriving] = books.transfer(&wish, to).expect("there is enough");
        agree(books, leaving, row);
        let other = rows.next().expect("the other leg");
        assert_eq!(other["transfer_id"], row["transfer_id"], "nothing comes between two legs");
        agree(books, arriving, other);
    }
}

#[track_caller]
fn agree(books: &Books, entry: usize, told: &Value) {
    let entry = &books.entries[entry];
    assert_eq!(told["type"], entry.kind.name(), "{told}");
    assert_eq!((units(&told["qty"]), units(&told["value"])), (entry.qty, entry.value), "{told}");
}

/// What is where and what it is worth is what the books say.
async fn compare(admin: &Client, books: &Books, items: &[Value], places: &[Value]) {
    for (number, item) in items.iter().enumerate() {
        let told = admin.get(&path("items", item)).await.is(200);
        let goods = &books.goods[number];
        let figures = (units(&told["on_hand"]), units(&told["stock_value"]));
        assert_eq!(figures, (goods.qty, goods.value), "{told}");
    }
    let stock = all(admin, "/inventory/stock?").await;
    let row = |row: &Value| {
        let key = (index(items, &row["item_id"]), index(places, &row["location_id"]));
        (key, units(&row["qty"]))
    };
    let told: BTreeMap<_, _> = stock.iter().map(row).collect();
    let keys = (0..ITEMS).flat_map(|item| (0..PLACES).map(move |place| (item, place)));
    let expected = keys.map(|key| (key, books.balance(key.0, key.1)));
    assert_eq!(told, expected.collect());
    let findings = admin.post("/inventory/integrity", &Value::Null).await.is(200);
    assert_eq!((&findings["ok"], &findings["differences"]), (&json!(true), &json!([])));
}
